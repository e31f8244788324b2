//! The consumer's card: sign-up in three screens, the rotating code, balances, stamps, history, rewards.
//!
//! No router and no `ActionForm`: every page is rendered by the server, links are plain links, and forms post to the
//! server functions at the end of the page's file, so everything but the live update works before the code arrives.
//!
//! Arrows: consumer → kit, shared; with `ssr` also loyalty, reports and identity.

mod bar;
mod card;
mod claim;
mod dictation;
mod history;
mod join;
mod key;
mod nps;
mod receipt;
mod rewards;
mod rights;
mod ticket;
mod you;

pub use receipt::ReceiptPage;

use kit::IntoLight;
use leptos::prelude::*;

/// The pages that open without network, as a service worker keeps them; `*` stands for every address below.
pub const OFFLINE: &[&str] = &["/c/", "/c/history", "/c/rewards", "/c/reward/*", "/c/offline"];

kit::pages! {
    "/c" => consumer_card,
    _ => consumer_other,
}

/// The card's page, for an entry of its own.
pub fn consumer_card(_path: String) -> AnyView {
    alive();
    view! { <card::CardPage /> }.into_light()
}

fn consumer_other(path: String) -> AnyView {
    alive();
    signing_in(&path);
    match path.trim_end_matches('/') {
        "/c/join" => view! { <join::PhonePage /> }.into_light(),
        "/c/join/code" => view! { <join::CodePage /> }.into_light(),
        "/c/join/consent" => view! { <join::ConsentPage /> }.into_light(),
        "/c/join/recover" => view! { <join::RecoverPage /> }.into_light(),
        "/c/join/elsewhere" => view! { <join::ElsewherePage /> }.into_light(),
        "/c/join/move" => view! { <join::MovePage /> }.into_light(),
        "/c/code" => view! { <dictation::DictationPage /> }.into_light(),
        "/c/history" => view! { <history::HistoryPage /> }.into_light(),
        "/c/offline" => view! { <rewards::OfflinePage /> }.into_light(),
        "/c/rewards" => view! { <rewards::RewardsPage /> }.into_light(),
        "/c/claim" => view! { <claim::ClaimPage /> }.into_light(),
        "/c/unite" => view! { <claim::UnitePage /> }.into_light(),
        "/c/privacy" => view! { <rights::PrivacyPage /> }.into_light(),
        "/c/leave" => view! { <rights::LeavePage /> }.into_light(),
        "/c/leave/code" => view! { <rights::LeaveCodePage /> }.into_light(),
        "/c/left" => view! { <rights::LeftPage /> }.into_light(),
        "/c/you" => view! { <you::YouPage /> }.into_light(),
        place if place.starts_with("/c/ticket/") => view! { <ticket::TicketPage path=place.to_owned() /> }.into_light(),
        _ => view! { <rewards::RewardCodePage path /> }.into_light(),
    }
}

/// A read of the asker's wallets, with everything that time has done to them; without a session the sign-up follows.
#[cfg(feature = "ssr")]
async fn read_settled() -> Result<(db::Tx, identity::Actor, shared::Timestamp), kit::UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    let Ok(consumer) = actor.consumer() else {
        kit::request::go(if kit::request::ended_elsewhere(&mut tx).await? { "/c/join/elsewhere" } else { "/c/join" });
        return Ok((tx, actor, now));
    };
    drop(tx);
    let (db, rules) = (kit::request::db()?, kit::request::state::<loyalty::Loyalty>()?);
    loyalty::settle::consumer(&db, &rules, consumer, now).await?;
    kit::request::read().await
}

/// What every page does once it is alive: listen to the network, and keep the front for when there is none.
fn alive() {
    kit::net::net();
    kit::worker::register("/c/", || std::future::ready(true));
}

/// Whoever signs in here is nobody yet: what this phone kept of somebody's card goes. Not while she is still signed in:
/// a shop's poster leads here, too.
fn signing_in(path: &str) {
    if path.starts_with("/c/join") || path.starts_with("/c/left") {
        Effect::new(|before: Option<()>| {
            if before.is_none() {
                leptos::task::spawn_local(async {
                    if let Ok(false) = join::is_signed_in().await {
                        key::forget().await;
                    }
                });
            }
        });
    }
}
