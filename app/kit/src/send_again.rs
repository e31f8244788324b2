//! Asking for another code, after a wait that is shown.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use crate::button::{Button, Look};
use crate::light::Content;
use crate::{net, t};

/// A form that sends another code to the same telephone. The address of its page carries `at`, the server's instant of the
/// code that is on its way; without scripts the button can be pressed at any time, and who presses too early is told.
#[component]
pub fn SendAgain(
    /// Where it posts: `/fn/…`.
    action: &'static str,
    /// What the form before carried.
    sealed: String,
    /// What else the form carries, hidden.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    let first = seconds_left();
    let left = RwSignal::new(first);
    let counted = RwSignal::new(false);
    let node = NodeRef::<html::Form>::new();
    crate::effect(move |first| {
        let Some(form) = node.get().filter(|_| first) else { return };
        // The server's reckoning stands in the document: this phone's clock may be wrong.
        let told = form.get_attribute("data-wait").and_then(|told| told.parse().ok()).unwrap_or(0_i64);
        let began_ms = net::device_ms();
        let tick = move || left.set((told - (net::device_ms() - began_ms) / 1_000).max(0));
        tick();
        counted.set(true);
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    view! {
        <form node_ref=node method="post" action=action class="stack stack--8" data-wait=first.to_string()>
            <input type="hidden" name="sealed" value=sealed />
            {children.map(Content::view)}
            <p class="small muted">
                {move || match left.get() {
                    0 => t::code_again_ready().to_owned(),
                    seconds => t::code_again_wait(seconds),
                }}
            </p>
            <Button submit=true wide=true look=Look::Secondary disabled=Signal::derive(move || counted.get() && left.get() > 0)>
                {t::code_again_action()}
            </Button>
        </form>
    }
}

/// Until another code is sent, by the server's clock. A browser reads it from the document.
fn seconds_left() -> i64 {
    #[cfg(feature = "ssr")]
    {
        use identity::challenge::AGAIN_MS;
        let sent = crate::request::query("at").and_then(|at| at.parse::<i64>().ok());
        let now = use_context::<crate::request::RequestContext>().map(|context| context.app.clock.now());
        match (sent, now) {
            (Some(sent), Some(now)) => (sent.saturating_add(AGAIN_MS).saturating_sub(now.0).clamp(0, AGAIN_MS) + 999) / 1_000,
            _ => 0,
        }
    }
    #[cfg(not(feature = "ssr"))]
    {
        0
    }
}
