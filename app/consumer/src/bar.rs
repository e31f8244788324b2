//! The four places of the front.

use kit::{BarItem, PhoneBar, icon::path, t};
use leptos::prelude::*;

/// The bar, with one place current.
#[component]
pub(crate) fn Bar(current: &'static str) -> impl IntoView {
    let item = |href, words, icon, icon_on| BarItem { href, words, icon, icon_on, key: false };
    let items = vec![
        item("/c/", t::consumer_bar_card(), path::QR_CODE, path::QR_CODE_FILL),
        item("/c/rewards", t::consumer_bar_rewards(), path::GIFT, path::GIFT_FILL),
        item("/c/history", t::consumer_bar_history(), path::CLOCK_COUNTER_CLOCKWISE, path::CLOCK_COUNTER_CLOCKWISE_FILL),
        item("/c/you", t::consumer_bar_you(), path::USER_CIRCLE, path::USER_CIRCLE_FILL),
    ];
    view! { <PhoneBar items current /> }
}
