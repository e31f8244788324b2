//! Speaking to a screen reader through the two live regions that every shell has from load on.
//!
//! `#said` is polite (reads, quantities, sync), `#alarm` assertive (refusals, a lost camera). At most one sentence
//! per region and [`QUIET_MS`]: a later one replaces the one that waits.

#[cfg(feature = "hydrate")]
pub use news::follow;

/// Milliseconds between two sentences of one region.
pub const QUIET_MS: i32 = 800;

/// Says it when the reader is free. On the server it does nothing.
pub fn say(text: &str) {
    speak("said", text);
}

/// Says it at once.
pub fn alarm(text: &str) {
    speak("alarm", text);
}

#[cfg(not(all(feature = "hydrate", target_arch = "wasm32")))]
fn speak(_region: &'static str, _text: &str) {}

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
fn speak(region: &'static str, text: &str) {
    browser::speak(region, text);
}

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
mod browser {
    use std::cell::RefCell;
    use std::time::Duration;

    use leptos::prelude::{document, set_timeout};

    /// Per region: is it inside its quiet time, and what waits for the end of it.
    #[derive(Default)]
    struct Region {
        busy: bool,
        waiting: Option<String>,
    }

    thread_local! {
        static SAID: RefCell<Region> = RefCell::default();
        static ALARM: RefCell<Region> = RefCell::default();
    }

    fn with<R>(region: &str, act: impl FnOnce(&mut Region) -> R) -> R {
        if region == "alarm" { ALARM.with_borrow_mut(act) } else { SAID.with_borrow_mut(act) }
    }

    pub fn speak(region: &'static str, text: &str) {
        let now = with(region, |state| {
            let now = !state.busy;
            state.busy = true;
            if !now {
                state.waiting = Some(text.to_owned());
            }
            now
        });
        if now {
            write(region, text);
        }
    }

    fn write(region: &'static str, text: &str) {
        let Some(element) = document().get_element_by_id(region) else {
            return;
        };
        // An equal sentence would not be read again; a no-break space makes it another one.
        if element.text_content().as_deref() == Some(text) {
            element.set_text_content(Some(&[text, "\u{a0}"].concat()));
        } else {
            element.set_text_content(Some(text));
        }
        set_timeout(move || next(region), Duration::from_millis(super::QUIET_MS as u64));
    }

    fn next(region: &'static str) {
        let waiting = with(region, |state| {
            state.busy = state.waiting.is_some();
            state.waiting.take()
        });
        if let Some(text) = waiting {
            write(region, &text);
        }
    }
}

/// News of the server for an open page.
#[cfg(feature = "hydrate")]
mod news {
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast, closure::Closure};

    /// Counts `again` up whenever the stream at `address` tells of a change, when its line is up again (whatever
    /// happened meanwhile is seen then), and when the person looks at the page again.
    pub fn follow(address: &str, again: RwSignal<u32>) {
        let look = move || again.update(|n| *n += 1);
        if let Ok(source) = web_sys::EventSource::new(address) {
            let on_news = Closure::<dyn Fn()>::new(look);
            let _ = source.add_event_listener_with_callback("changed", on_news.as_ref().unchecked_ref());
            let _ = source.add_event_listener_with_callback("open", on_news.as_ref().unchecked_ref());
            on_news.forget();
        }
        let on_return = Closure::<dyn Fn()>::new(move || {
            if !document().hidden() {
                look();
            }
        });
        let _ = document().add_event_listener_with_callback("visibilitychange", on_return.as_ref().unchecked_ref());
        on_return.forget();
    }
}
