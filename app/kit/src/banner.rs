//! Banners, and the toast with its undo.

use leptos::prelude::*;

use crate::icon::Icon;
use crate::light::Content;
use crate::{Tone, class_of, t};

/// One line that says what changed. `offline` is ink, never red.
#[component]
pub fn Banner(
    /// Its tint.
    #[prop(optional)]
    tone: Tone,
    /// The state without internet.
    #[prop(optional)]
    offline: bool,
    /// From edge to edge under the head.
    #[prop(optional)]
    edge: bool,
    /// A note inside a page: softer, several lines.
    #[prop(optional)]
    note: bool,
    /// Says the same without colour.
    icon: &'static str,
    /// At the end: a number, a link, a code.
    #[prop(optional)]
    end: Option<AnyView>,
    /// The sentence.
    children: Content,
) -> impl IntoView {
    let tone = if offline { "--offline" } else { tone.suffix() };
    let class = class_of("banner", &[tone, if edge { "--edge" } else { "" }, if note { "--note" } else { "" }]);
    view! {
        <div class=class role="status">
            <Icon path=icon size=20 />
            <span class="banner__text">{children.view()}</span>
            {end.map(|end| view! { <span class="banner__end">{end}</span> })}
        </div>
    }
}

/// What a toast says, and what its undo does. The same undo stays in the list for ten minutes.
#[derive(Clone)]
pub struct Notice {
    /// One line: *Quitaste Galletas Lucero*.
    pub text: String,
    /// Undoes it.
    pub undo: Option<Callback<()>>,
}

/// The place of the toast: at most one, six seconds, which wait while it is touched, hovered or focused.
#[component]
pub fn Toast(
    /// What to show; becomes `None` when its time is over.
    notice: RwSignal<Option<Notice>>,
) -> impl IntoView {
    view! {
        <div class="toast-zone" role="status">
            {move || {
                notice
                    .get()
                    .map(|Notice { text, undo }| {
                        view! {
                            <div class="toast">
                                <span class="toast__text">{text}</span>
                                {undo
                                    .map(|undo| {
                                        view! {
                                            <button
                                                type="button"
                                                class="toast__undo"
                                                on:click=move |_| {
                                                    notice.set(None);
                                                    undo.run(());
                                                }
                                            >
                                                {t::common_undo()}
                                            </button>
                                        }
                                    })}
                                <span class="toast__time" on:animationend=move |_| notice.set(None)></span>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
