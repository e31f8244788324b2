//! The tendero's scanner: registration of shop and phone, capture, delivery of rewards, own day, what brands owe.
//!
//! No router and no `ActionForm`: links are plain links and forms post plainly. The capture itself needs the phone's key
//! and camera, so it needs the code that runs in the browser, and the page says so while it loads.
//!
//! Arrows: tendero → scanner, kit, shared; with `ssr` also loyalty, catalogue and identity.

// The scanner's page is one deep view type: computing its layout goes beyond the default.
#![recursion_limit = "256"]

mod bar;
mod basket;
mod capture;
mod device;
mod home;
mod more;
mod result;
mod scan;
mod start;

use kit::IntoLight;
use leptos::prelude::*;

kit::pages! {
    "/t/scan" => tendero_scan,
    _ => tendero_other,
}

/// The scanner's page, for an entry of its own.
pub fn tendero_scan(_path: String) -> AnyView {
    view! { <scan::ScanPage /> }.into_light()
}

fn tendero_other(path: String) -> AnyView {
    match path.trim_end_matches('/') {
        "/t" => view! { <home::HomePage /> }.into_light(),
        "/t/start" => view! { <start::PhonePage /> }.into_light(),
        "/t/start/code" => view! { <start::CodePage /> }.into_light(),
        "/t/start/shop" => view! { <start::ShopPage /> }.into_light(),
        "/t/start/device" => view! { <device::DevicePage /> }.into_light(),
        "/t/today" => view! { <home::TodayPage /> }.into_light(),
        "/t/owed" => view! { <home::OwedPage /> }.into_light(),
        "/t/card" => view! { <more::CardPage /> }.into_light(),
        _ => view! { <more::MorePage /> }.into_light(),
    }
}
