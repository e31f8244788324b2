//! The operator's console: what waits today, shops, products with their import, proposals, organisations, people and
//! the audit.
//!
//! No router and no `ActionForm`: links are plain links, forms post plainly, and what a page shows is in its address, so
//! every page works before its code has arrived. A file is uploaded by the browser itself and kept by the server, which
//! is why its preview is an address too.
//!
//! Arrows: backoffice → kit, shared; with `ssr` also identity, catalogue and reports.

// A console page is one deep view type: computing its layout goes beyond the default.
#![recursion_limit = "256"]

mod account;
mod alerts;
mod audit;
mod disputes;
mod frame;
mod import;
mod log_in;
mod organisations;
mod overview;
mod privacy;
mod products;
mod proposals;
mod reviews;
mod sandboxes;
mod sell_in;
mod settlements;
mod shop_import;
mod shops;
mod tills;
mod upload;
mod users;

use kit::IntoLight;
use leptos::prelude::*;

/// Rows of a list's page.
#[cfg(feature = "ssr")]
const ROWS: i64 = 50;

/// A text for a cell; nothing at all when it is empty, so that a phone's card leaves the cell out.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

kit::pages! {
    "/o" | "/o/login" => backoffice_first,
    _ => backoffice_other,
}

fn backoffice_first(path: String) -> AnyView {
    match path.trim_end_matches('/') {
        "/o/login" => view! { <log_in::Page /> }.into_light(),
        _ => view! { <overview::OverviewPage /> }.into_light(),
    }
}

fn backoffice_other(path: String) -> AnyView {
    match path.trim_end_matches('/') {
        "/o/shops" => view! { <shops::ListPage /> }.into_light(),
        "/o/shops/import" => view! { <shop_import::ImportPage /> }.into_light(),
        "/o/shop" => view! { <shops::ShopPage /> }.into_light(),
        "/o/products" => view! { <products::ListPage /> }.into_light(),
        "/o/product" => view! { <products::ProductPage /> }.into_light(),
        "/o/import" => view! { <import::ImportPage /> }.into_light(),
        "/o/proposals" => view! { <proposals::ListPage /> }.into_light(),
        "/o/proposal" => view! { <proposals::ProposalPage /> }.into_light(),
        "/o/reviews" => view! { <reviews::ListPage /> }.into_light(),
        "/o/review" => view! { <reviews::ReviewPage /> }.into_light(),
        "/o/disputes" => view! { <disputes::ListPage /> }.into_light(),
        "/o/dispute" => view! { <disputes::CasePage /> }.into_light(),
        "/o/settlements" => view! { <settlements::ListPage /> }.into_light(),
        "/o/settlement" => view! { <settlements::RunPage /> }.into_light(),
        "/o/statement" => view! { <settlements::StatementPage /> }.into_light(),
        "/o/alerts" => view! { <alerts::AlertsPage /> }.into_light(),
        "/o/privacy" => view! { <privacy::ListPage /> }.into_light(),
        "/o/request" => view! { <privacy::RequestPage /> }.into_light(),
        "/o/organisations" => view! { <organisations::ListPage /> }.into_light(),
        "/o/sell-in" => view! { <sell_in::SellInPage /> }.into_light(),
        "/o/sandboxes" => view! { <sandboxes::ListPage /> }.into_light(),
        "/o/tills" => view! { <tills::TillsPage /> }.into_light(),
        "/o/users" => view! { <users::ListPage /> }.into_light(),
        "/o/user" => view! { <users::UserPage /> }.into_light(),
        "/o/account" => view! { <account::AccountPage /> }.into_light(),
        "/o/audit" => view! { <audit::AuditPage /> }.into_light(),
        _ => view! { <frame::Missing /> }.into_light(),
    }
}
