//! A hardware reader that types what it reads, whatever has the focus.
//!
//! It differs from fingers by its speed: nobody types fifteen characters 35 ms apart.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, KeyboardEvent};

use crate::read::Read;

/// Characters of one burst are at most this far apart, in milliseconds.
const APART_MS: f64 = 35.0;
/// A reader without a suffix has finished when this long nothing came, in milliseconds.
const PAUSE_MS: f64 = 100.0;
/// Fewer characters are a key that bounced: the shortest code is a reward's six digits.
const CHARACTERS_MIN: usize = 6;
/// More is not a code that we know.
const CHARACTERS_MAX: usize = 512;

/// Tells a reader's burst from a person's typing.
#[derive(Default)]
pub struct Burst {
    text: String,
    last_ms: f64,
}

impl Burst {
    /// Takes one key as the browser names it (`a`, `7`, `Enter`, `Shift`); the whole text when this key ends a burst.
    pub fn key(&mut self, key: &str, at_ms: f64) -> Option<String> {
        let in_time = at_ms - self.last_ms <= APART_MS;
        match key {
            "Enter" | "Tab" if in_time => self.finish(),
            // Readers send capitals as Shift and letter.
            "Shift" | "CapsLock" => None,
            _ if key.chars().count() == 1 => {
                if !in_time || self.text.len() >= CHARACTERS_MAX {
                    self.text.clear();
                }
                self.text.push_str(key);
                self.last_ms = at_ms;
                None
            }
            _ => {
                self.text.clear();
                None
            }
        }
    }

    /// The text of a burst that ended without a suffix, when 100 ms have passed since its last key.
    pub fn pause(&mut self, at_ms: f64) -> Option<String> {
        if at_ms - self.last_ms < PAUSE_MS { None } else { self.finish() }
    }

    fn finish(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        (text.chars().count() >= CHARACTERS_MIN).then_some(text)
    }
}

/// Listens to the whole page until the owner of this call goes, and gives what a reader types.
///
/// When a field had the focus the burst is taken out of it again, and its closing Enter neither sends a form nor
/// presses a button. On the server it does nothing.
pub fn listen_to_reader(on_read: Callback<Read>) {
    kit::effect(move |_| {
        let burst = Rc::new(RefCell::new(Burst::default()));
        let deliver = move |text: String| {
            take_out_of_field(&text);
            on_read.run(Read::typed(&text));
        };
        let keys = window_event_listener_untyped("keydown", move |event| {
            let Ok(event) = event.dyn_into::<KeyboardEvent>() else {
                return;
            };
            if event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing() {
                return;
            }
            if let Some(text) = burst.borrow_mut().key(&event.key(), event.time_stamp()) {
                event.prevent_default();
                deliver(text);
                return;
            }
            let (burst, asked_ms) = (burst.clone(), event.time_stamp());
            set_timeout(
                move || {
                    let ended = burst.borrow_mut().pause(asked_ms + PAUSE_MS);
                    if let Some(text) = ended {
                        deliver(text);
                    }
                },
                std::time::Duration::from_millis(PAUSE_MS as u64 + 10),
            );
        });
        on_cleanup(move || keys.remove());
    });
}

fn take_out_of_field(text: &str) {
    let Some(field) = document().active_element().and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) else {
        return;
    };
    if let Some(before) = field.value().strip_suffix(text) {
        field.set_value(before);
        if let Ok(event) = web_sys::Event::new("input") {
            // Whoever mirrors the field sees it change back.
            let _ = field.dispatch_event(&event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_all(burst: &mut Burst, text: &str, apart_ms: f64, from_ms: f64) -> f64 {
        let mut at = from_ms;
        for c in text.chars() {
            at += apart_ms;
            assert_eq!(burst.key(&c.to_string(), at), None);
        }
        at
    }

    #[test]
    fn a_fast_burst_that_ends_with_enter_or_tab_is_a_scan() {
        for suffix in ["Enter", "Tab"] {
            let mut burst = Burst::default();
            let at = type_all(&mut burst, "7801234567894", 8.0, 5_000.0);

            assert_eq!(burst.key(suffix, at + 8.0).as_deref(), Some("7801234567894"));
            assert_eq!(burst.key(suffix, at + 16.0), None, "once");
        }
    }

    #[test]
    fn a_reader_without_a_suffix_is_understood_by_its_pause() {
        let mut burst = Burst::default();
        let at = type_all(&mut burst, "96385074", 10.0, 5_000.0);

        assert_eq!(burst.pause(at + 40.0), None);
        assert_eq!(burst.pause(at + 100.0).as_deref(), Some("96385074"));
        assert_eq!(burst.pause(at + 300.0), None);
    }

    #[test]
    fn fingers_are_no_reader() {
        let mut burst = Burst::default();
        let at = type_all(&mut burst, "7801234567894", 90.0, 5_000.0);

        assert_eq!(burst.key("Enter", at + 20.0), None);
    }

    #[test]
    fn a_late_enter_belongs_to_the_person() {
        let mut burst = Burst::default();
        let at = type_all(&mut burst, "7801234567894", 8.0, 5_000.0);

        assert_eq!(burst.key("Enter", at + 400.0), None);
    }

    #[test]
    fn capitals_come_with_shift_and_short_texts_are_bounces() {
        let mut burst = Burst::default();
        let mut at = 5_000.0;
        for c in "M1K7Q2".chars() {
            at += 5.0;
            assert_eq!(burst.key("Shift", at), None);
            at += 5.0;
            assert_eq!(burst.key(&c.to_string(), at), None);
        }
        assert_eq!(burst.key("Enter", at + 5.0).as_deref(), Some("M1K7Q2"));

        let at = type_all(&mut burst, "12345", 5.0, at + 1_000.0);
        assert_eq!(burst.key("Enter", at + 5.0), None);
    }

    #[test]
    fn an_arrow_key_or_an_endless_burst_starts_anew() {
        let mut burst = Burst::default();
        let at = type_all(&mut burst, "780123", 5.0, 5_000.0);
        burst.key("ArrowLeft", at + 5.0);
        let at = type_all(&mut burst, "4567", 5.0, at + 5.0);
        assert_eq!(burst.key("Enter", at + 5.0), None);

        let at = type_all(&mut burst, &"7".repeat(10_000), 1.0, at + 1_000.0);
        assert!(burst.text.len() <= CHARACTERS_MAX);
        assert!(burst.pause(at + 200.0).is_some_and(|text| text.len() <= CHARACTERS_MAX));
    }
}
