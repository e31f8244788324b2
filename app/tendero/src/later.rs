//! What a page needs only once it is alive: sending, estimates, and every screen of the counter but the basket.
//!
//! A release build makes a piece of its own of it (feature `later`), which arrives while the page rests and is among the
//! files that the service worker keeps. Nothing outside of this table may name what is in it, or it is no piece any more.

use std::{pin::Pin, time::Duration};

use kit::{ErrorState, IntoLight, PhoneHead, PhoneShell, t};
use leptos::prelude::*;
use scanner::Read;
use shared::{
    Gtin,
    loyalty::{PurchaseAnswer, queue::Gain},
};

use crate::{
    estimate, help, paper,
    queue::Queue,
    queue_page, result, reward, saved,
    scan::{Counter, State},
    sending, typed, unknown,
};

/// Something to do, of whatever type.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()>>>;

/// The way to what comes later.
pub(crate) struct Later {
    /// See [`sending::send_all`].
    pub send_all: fn(Queue) -> Work,
    /// What the network does with the queue.
    pub banner: fn() -> AnyView,
    /// The counter is alive: estimates follow its basket, and answers come to its screen.
    pub counter: fn(State, StoredValue<Counter>),
    /// A code that is typed.
    pub typed: fn(Callback<Read>) -> AnyView,
    /// The way to the rewards of whoever's card was read, when it is on paper.
    pub paper: fn(&str) -> Option<AnyView>,
    /// A barcode that nobody knows.
    pub unknown: fn(State, StoredValue<Counter>, Gtin),
    /// A reward's code or its ticket was read.
    pub reward: fn(State, StoredValue<Counter>, String),
    /// The sale is kept here and waits.
    pub saved: fn(State),
    /// What a purchase brought, on a screen of its own; aloud whatever this phone is set to.
    pub result: fn(State, PurchaseAnswer, bool),
    /// The way to whoever helps with a code.
    pub help: fn(String) -> AnyView,
    /// What the basket would earn.
    pub estimate: fn(Gain) -> AnyView,
    /// What a code means for the shop.
    pub reason: fn(&str) -> &'static str,
    /// The counter could not be read.
    pub failed: fn(String) -> AnyView,
}

#[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
static LATER: Later = Later {
    send_all: |queue| Box::pin(sending::send_all(queue)),
    banner: queue_page::banner,
    counter: |state, counter| {
        estimate::follows(state, counter);
        result::answers(state);
    },
    typed: typed::form,
    paper: paper::way,
    unknown: unknown::ask,
    reward: reward::read,
    saved: result::saved,
    result: result::show,
    help: |code| help::link("/t/scan", &code),
    estimate: saved::estimate,
    reason: kit::locale::shop_text,
    failed: |code| {
        view! {
            <PhoneShell head=view! { <PhoneHead title=t::tendero_scan_title() back="/t/" /> }.into_light()>
                <ErrorState code=code.clone() href="/t/scan" />
                {help::link("/t/scan", &code)}
            </PhoneShell>
        }
        .into_light()
    },
};

/// Loads it, once; `None` when it is not here and there is no network.
pub(crate) async fn later() -> Option<&'static Later> {
    #[cfg(feature = "later")]
    {
        piece::tendero_later().await.ok()
    }
    #[cfg(not(feature = "later"))]
    {
        Some(&LATER)
    }
}

#[cfg(feature = "later")]
#[allow(unsafe_code, missing_docs)]
mod piece {
    use leptos::wasm_split::{self, SplitLoaderError, wasm_split};

    use super::{LATER, Later};

    #[wasm_split(tendero_later, wasm_split_path = wasm_split, fallible)]
    pub fn tendero_later() -> Result<&'static Later, SplitLoaderError> {
        Ok(&LATER)
    }
}

/// A page is alive before anything here is asked for.
pub(crate) const REST: Duration = Duration::from_millis(200);

/// What comes later, as the page sees it: nothing before the page rests. Nothing on the server.
#[derive(Clone, Copy)]
pub(crate) struct Arrived(pub RwSignal<Option<&'static Later>>);

/// The page's own; made once, and loaded when the page rests.
pub(crate) fn arrived() -> Arrived {
    if let Some(arrived) = use_context::<Arrived>() {
        return arrived;
    }
    let arrived = Arrived(RwSignal::new(None));
    provide_context(arrived);
    let online = kit::net::net().online;
    kit::effect(move |first| {
        // Without network from what the service worker kept; where it kept nothing yet, once more when the network is back.
        let online = online.get();
        if (first || online) && arrived.0.get_untracked().is_none() {
            set_timeout(
                move || {
                    leptos::task::spawn_local(async move {
                        if let Some(later) = later().await {
                            here(arrived.0, later);
                        }
                    });
                },
                REST,
            );
        }
    });
    arrived
}

/// It is here. Told once, also when somebody could not wait for the page to rest: what listens is built anew each time.
pub(crate) fn here(arrived: RwSignal<Option<&'static Later>>, later: &'static Later) {
    if let Some(None) = arrived.try_get_untracked() {
        arrived.set(Some(later));
    }
}
