//! Effects of one type, so that what runs them is compiled once.

use leptos::prelude::Effect;

/// Runs in the browser when the page is alive, and again whenever a signal changes that it read; it is told whether this
/// is the first time. Nothing on the server.
pub fn effect(act: impl FnMut(bool) + 'static) {
    boxed(Box::new(act));
}

fn boxed(mut act: Box<dyn FnMut(bool)>) {
    Effect::new(move |before: Option<()>| act(before.is_none()));
}
