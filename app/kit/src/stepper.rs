//! How many: − n +, with keys of 48 px.

use std::time::Duration;

use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::icon::{Icon, path};
use crate::{Text, t};

/// How long a key is held before it repeats, and then how often (8 a second).
const HOLD: Duration = Duration::from_millis(400);
const REPEAT: Duration = Duration::from_millis(125);

/// A quantity from 1 to `max`. With `on_remove` the minus of 1 is a bin.
#[component]
pub fn Stepper(
    /// Of what, for the labels.
    #[prop(into)]
    of: Text,
    /// How many now.
    #[prop(into)]
    value: Signal<i64>,
    /// At most.
    #[prop(default = 9_999)]
    max: i64,
    /// The person wants another number, already within bounds.
    on_change: Callback<i64>,
    /// The person wants none.
    #[prop(optional)]
    on_remove: Option<Callback<()>>,
) -> impl IntoView {
    let step = move |by: i64| {
        let now = value.get_untracked();
        let next = now + by;
        if next < 1 {
            if let Some(remove) = on_remove {
                remove.run(());
            }
        } else if next <= max {
            on_change.run(next);
        }
    };
    let held = StoredValue::new(Held::default());
    // Holding never removes: it stops at one, and the bin needs a press of its own.
    let press = move |by: i64| {
        let Ok(first) = set_timeout_with_handle(
            move || {
                held.update_value(|held| held.repeated = true);
                let tick = move || {
                    if value.get_untracked() + by >= 1 {
                        step(by);
                    }
                };
                if let Ok(handle) = set_interval_with_handle(tick, REPEAT) {
                    held.update_value(|held| held.interval = Some(handle));
                }
            },
            HOLD,
        ) else {
            return;
        };
        held.update_value(|held| {
            held.stop();
            held.repeated = false;
            held.timeout = Some(first);
        });
    };
    let release = move || held.update_value(Held::stop);
    let click = move |by: i64| {
        let was_held = held.with_value(|held| held.repeated);
        held.update_value(|held| held.repeated = false);
        if !was_held {
            step(by);
        }
    };
    on_cleanup(move || {
        let _ = held.try_update_value(Held::stop);
    });

    let at_one = move || value.get() <= 1;
    let less_label = {
        let of = of.clone();
        move || {
            if at_one() && on_remove.is_some() { t::common_quantity_remove(&of) } else { t::common_quantity_less(&of) }
        }
    };
    let select = |event: web_sys::FocusEvent| event_target::<HtmlInputElement>(&event).select();
    let turn = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "ArrowUp" => click(1),
        "ArrowDown" if value.get_untracked() > 1 => click(-1),
        _ => {}
    };
    let typed = move |event: web_sys::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        match input.value().trim().parse::<i64>() {
            Ok(number) => on_change.run(number.clamp(1, max)),
            Err(_) => input.set_value(&value.get_untracked().to_string()),
        }
    };
    let width = move || {
        if value.get() > 99 { "stepper__n stepper__n--wide" } else { "stepper__n" }
    };
    let full = move || value.get() >= max;
    view! {
        <div class="stepper" role="group" aria-label=t::common_quantity_of(&of)>
            <button
                type="button"
                class="stepper__key"
                aria-label=less_label
                disabled=move || at_one() && on_remove.is_none()
                on:click=move |_| click(-1)
                on:pointerdown=move |_| press(-1)
                on:pointerup=move |_| release()
                on:pointerleave=move |_| release()
                on:pointercancel=move |_| release()
            >
                {move || {
                    let path = if at_one() && on_remove.is_some() { path::TRASH } else { path::MINUS };
                    view! { <Icon path size=20 /> }
                }}
            </button>
            <input
                class=width
                type="text"
                inputmode="numeric"
                autocomplete="off"
                role="spinbutton"
                aria-label=t::common_quantity_of(&of)
                aria-valuemin="1"
                aria-valuemax=max.to_string()
                aria-valuenow=move || value.get().to_string()
                value=move || value.get().to_string()
                prop:value=move || value.get().to_string()
                on:focus=select
                on:keydown=turn
                on:change=typed
            />
            <button
                type="button"
                class="stepper__key"
                aria-label=t::common_quantity_more(&of)
                disabled=full
                on:click=move |_| click(1)
                on:pointerdown=move |_| press(1)
                on:pointerup=move |_| release()
                on:pointerleave=move |_| release()
                on:pointercancel=move |_| release()
            >
                <Icon path=path::PLUS size=20 />
            </button>
        </div>
    }
}

/// A key that is being held down.
#[derive(Default)]
struct Held {
    timeout: Option<leptos::leptos_dom::helpers::TimeoutHandle>,
    interval: Option<leptos::leptos_dom::helpers::IntervalHandle>,
    /// It repeated, so the click that follows the release is not one more.
    repeated: bool,
}

impl Held {
    fn stop(&mut self) {
        if let Some(timeout) = self.timeout.take() {
            timeout.clear();
        }
        if let Some(interval) = self.interval.take() {
            interval.clear();
        }
    }
}
