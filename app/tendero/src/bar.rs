//! The places of the front, with the key between them.

use kit::{BarItem, PhoneBar, icon::path, t};
use leptos::prelude::*;

/// The bar, with one place current.
#[component]
pub(crate) fn Bar(current: &'static str) -> impl IntoView {
    let item = |href, words, icon, icon_on, key| BarItem { href, words, icon, icon_on, key };
    let items = vec![
        item("/t/", t::tendero_bar_home(), path::HOUSE, path::HOUSE_FILL, false),
        item("/t/today", t::tendero_home_today(), path::CLOCK, path::CLOCK, false),
        item("/t/scan", t::tendero_bar_scan(), path::SCAN, path::SCAN_FILL, true),
        item("/t/owed", t::tendero_bar_accounts(), path::RECEIPT, path::RECEIPT_FILL, false),
        item("/t/more", t::tendero_bar_more(), path::LIST, path::LIST_FILL, false),
    ];
    view! { <PhoneBar items current /> }
}
