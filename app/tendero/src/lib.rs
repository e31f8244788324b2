//! The tendero's scanner: registration of shop and phone, capture, delivery of rewards, own day, what brands owe.
//!
//! No router and no `ActionForm`: links are plain links and forms post plainly. The capture itself needs the phone's key
//! and camera, so it needs the code that runs in the browser, and the page says so while it loads.
//!
//! Arrows: tendero → scanner, kit, shared; with `ssr` also loyalty, catalogue, reports and identity.

// The scanner's page is one deep view type: computing its layout goes beyond the default.
#![recursion_limit = "256"]

mod bar;
mod basket;
mod capture;
mod device;
mod estimate;
mod hand_out;
mod help;
mod home;
mod later;
mod more;
mod nps;
mod owed;
mod paper;
mod practice;
mod queue;
mod queue_page;
mod receipt;
mod result;
mod reward;
mod sale;
mod saved;
mod scan;
mod sending;
mod speech;
mod start;
mod training;
mod typed;
mod unknown;

use kit::IntoLight;
use leptos::prelude::*;

/// The pages that open without network, as a service worker keeps them; `*` stands for every address below.
pub const OFFLINE: &[&str] = &["/t/", "/t/scan", "/t/practice", "/t/training", "/t/queue", "/t/today", "/t/owed", "/t/offline"];

kit::pages! {
    "/t/scan" => tendero_scan,
    _ => tendero_other,
}

/// What every page does once it is alive: listen to the network, send what waits, and keep the front for when there is none.
fn alive() {
    kit::net::net();
    later::arrived();
    queue::queue();
    kit::worker::register("/t/", scan::idle);
}

/// The scanner's page, for an entry of its own.
pub fn tendero_scan(_path: String) -> AnyView {
    alive();
    view! { <scan::ScanPage /> }.into_light()
}

fn tendero_other(path: String) -> AnyView {
    alive();
    help::offer(&path);
    signing_in(&path);
    match path.trim_end_matches('/') {
        "/t" => view! { <home::HomePage /> }.into_light(),
        "/t/start" => view! { <start::PhonePage /> }.into_light(),
        "/t/start/code" => view! { <start::CodePage /> }.into_light(),
        "/t/start/shop" => view! { <start::ShopPage /> }.into_light(),
        "/t/start/device" => view! { <device::DevicePage /> }.into_light(),
        "/t/practice" => view! { <practice::PracticePage /> }.into_light(),
        "/t/training" => view! { <training::TrainingPage /> }.into_light(),
        "/t/queue" => view! { <queue_page::QueuePage /> }.into_light(),
        "/t/offline" => view! { <queue_page::OfflinePage /> }.into_light(),
        "/t/today" => view! { <home::TodayPage /> }.into_light(),
        "/t/receipt" => view! { <receipt::ReceiptPage /> }.into_light(),
        "/t/sale" => view! { <sale::SalePage /> }.into_light(),
        "/t/owed" => view! { <owed::OwedPage /> }.into_light(),
        "/t/statement" => view! { <owed::StatementPage /> }.into_light(),
        "/t/paper" => view! { <paper::PaperPage /> }.into_light(),
        "/t/card" => view! { <more::CardPage /> }.into_light(),
        "/t/more" => view! { <more::MorePage /> }.into_light(),
        _ => view! { <more::MissingPage /> }.into_light(),
    }
}

/// Whoever signs in here is nobody yet: figures, baskets and the counter of the one before go. The sales stay.
fn signing_in(path: &str) {
    if path.starts_with("/t/start") {
        Effect::new(|before: Option<()>| {
            if before.is_none() {
                leptos::task::spawn_local(async {
                    queue::signs(None).await;
                    kit::kept::forget("tendero.").await;
                });
            }
        });
    }
}
