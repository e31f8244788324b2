//! The brand's console: what was sold, campaigns, products, what shops are owed, and the account.
//!
//! No router and no `ActionForm`: links are plain links, forms post plainly, and what a page shows is in its address.
//! A draft of a campaign is a query string, so that it can be shared, bookmarked and corrected without being stored.
//!
//! Arrows: brand → kit, shared; with `ssr` also identity, catalogue, loyalty and reports.

// A console page is one deep view type: computing its layout goes beyond the default.
#![recursion_limit = "256"]

mod account;
mod audiences;
mod builder;
mod campaigns;
mod chart;
mod counter;
mod draft;
mod frame;
mod goal;
mod handover;
mod hooks;
mod log_in;
mod mailing;
mod panels;
mod payouts;
mod products;
mod review;
mod rewards;
mod rows;
mod simulation;
mod statement;
mod summary;

use kit::IntoLight;
use leptos::prelude::*;
use shared::reports::panel::Family;

kit::pages! {
    "/b" | "/b/login" => brand_first,
    _ => brand_other,
}

fn brand_first(path: String) -> AnyView {
    match path.trim_end_matches('/') {
        "/b/login" => view! { <log_in::Page /> }.into_light(),
        _ => view! { <summary::SummaryPage /> }.into_light(),
    }
}

fn brand_other(path: String) -> AnyView {
    if let Some(family) = path.trim_end_matches('/').strip_prefix(panels::HOME).and_then(Family::of) {
        return view! { <panels::ReportsPage family /> }.into_light();
    }
    match path.trim_end_matches('/') {
        "/b/campaigns" => view! { <campaigns::ListPage /> }.into_light(),
        "/b/campaigns/new" => view! { <builder::TemplatePage /> }.into_light(),
        "/b/campaigns/edit" => view! { <builder::BuilderPage /> }.into_light(),
        "/b/campaign" => view! { <campaigns::CampaignPage /> }.into_light(),
        "/b/campaign/simulation" => view! { <simulation::SimulationPage /> }.into_light(),
        "/b/rewards" => view! { <rewards::ListPage /> }.into_light(),
        "/b/reward" => view! { <handover::HandoverPage /> }.into_light(),
        "/b/reward/review" => view! { <handover::ReviewPage /> }.into_light(),
        "/b/campaign/review" => view! { <review::ReviewPage /> }.into_light(),
        "/b/reports/rows" => view! { <rows::RowsPage /> }.into_light(),
        "/b/reports/schedule" => view! { <mailing::MailingPage /> }.into_light(),
        "/b/reports/leave" => view! { <mailing::LeavePage /> }.into_light(),
        "/b/audiences" => view! { <audiences::ListPage /> }.into_light(),
        "/b/audience" => view! { <audiences::OnePage /> }.into_light(),
        "/b/products" => view! { <products::ListPage /> }.into_light(),
        "/b/payouts" => view! { <payouts::PayoutsPage /> }.into_light(),
        "/b/statement" => view! { <statement::StatementPage /> }.into_light(),
        "/b/counter" => view! { <counter::CounterPage /> }.into_light(),
        "/b/webhooks" => view! { <hooks::WebhooksPage /> }.into_light(),
        "/b/account" => view! { <account::AccountPage /> }.into_light(),
        _ => view! { <frame::Missing /> }.into_light(),
    }
}
