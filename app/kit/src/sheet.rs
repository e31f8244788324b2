//! The bottom sheet of a phone, which a console shows as a dialog.

use leptos::html;
use leptos::prelude::*;

use crate::light::Content;
use crate::{Text, class_of, t};

/// How far down, in CSS pixels, a drag on the grip closes it.
const DRAG_CLOSES: i32 = 48;

/// Opens and closes a native dialog with a signal. The browser traps the focus and gives it back.
pub(crate) fn follow(dialog: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    crate::effect(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                // Fails only when it left the page meanwhile: then nothing is there to open.
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
}

/// A question with one or two buttons, the main one first. Esc, a press outside, a drag on the grip and the close
/// button all close it.
#[component]
pub fn Sheet(
    /// Of the title, unique on the page.
    id: &'static str,
    /// Open or not.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Text,
    /// 720 px in a console.
    #[prop(optional)]
    wide: bool,
    /// Text in `sheet__text`, buttons in `sheet__acts`.
    children: Content,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    let from = StoredValue::new(None::<i32>);
    view! {
        <dialog
            class=class_of("sheet", &[if wide { "--wide" } else { "" }])
            node_ref=dialog
            aria-labelledby=id
            on:close=move |_| open.set(false)
            on:click=move |event| {
                // The backdrop belongs to the dialog itself, everything else to a child of it.
                let outside = dialog.get_untracked().is_some_and(|dialog| {
                    let bounds = dialog.get_bounding_client_rect();
                    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
                    event.target() == Some(dialog.clone().into())
                        && (y < bounds.top() || y > bounds.bottom() || x < bounds.left() || x > bounds.right())
                });
                if outside {
                    open.set(false);
                }
            }
        >
            <button
                type="button"
                class="sheet__grip"
                aria-label=t::common_close()
                on:pointerdown=move |event| from.set_value(Some(event.client_y()))
                on:pointermove=move |event| {
                    if from.get_value().is_some_and(|from| event.client_y() - from > DRAG_CLOSES) {
                        from.set_value(None);
                        open.set(false);
                    }
                }
                on:pointerup=move |_| from.set_value(None)
                on:pointercancel=move |_| from.set_value(None)
                on:click=move |_| open.set(false)
            ></button>
            <h2 class="sheet__title" id=id>{title}</h2>
            {children.view()}
        </dialog>
    }
}
