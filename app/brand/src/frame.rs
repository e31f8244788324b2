//! The rail around every page of the console.

use kit::{Content, RailGroup, RailItem, UiError, Who, icon::path, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::identity::Brand;

/// Who is here, and for which brands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    who: Who,
    /// Of the tenant, oldest first.
    pub(crate) brands: Vec<Brand>,
}

/// Where reviews wait for a second person.
const CAMPAIGNS: &str = "/b/campaigns";

fn groups() -> Vec<RailGroup> {
    let item = |href, words, icon, icon_on| RailItem { href, words, icon, icon_on, waits: href == CAMPAIGNS };
    vec![
        RailGroup {
            title: None,
            items: vec![
                item("/b/", t::brand_nav_summary(), path::HOUSE, path::HOUSE_FILL),
                item("/b/reports", t::brand_nav_reports(), path::CHART_LINE_UP, path::CHART_LINE_UP_FILL),
                item(CAMPAIGNS, t::brand_nav_campaigns(), path::MEGAPHONE_SIMPLE, path::MEGAPHONE_SIMPLE_FILL),
                item("/b/rewards", t::brand_nav_rewards(), path::SEAL_CHECK, path::SEAL_CHECK_FILL),
                item("/b/audiences", t::brand_nav_audiences(), path::USERS, path::USERS_FILL),
                item("/b/products", t::brand_nav_products(), path::BARCODE, path::BARCODE_FILL),
            ],
        },
        RailGroup {
            title: Some(t::brand_nav_account()),
            items: vec![
                item("/b/payouts", t::brand_nav_payouts(), path::HAND_COINS, path::HAND_COINS_FILL),
                item("/b/counter", t::brand_nav_counter(), path::GIFT, path::GIFT_FILL),
                item("/b/webhooks", t::brand_nav_webhooks(), path::SHARE_NETWORK, path::SHARE_NETWORK),
                item("/b/account", t::brand_nav_settings(), path::GEAR_SIX, path::GEAR_SIX_FILL),
            ],
        },
    ]
}

/// Reads [`Frame`] for a page that needs its brands, too.
pub(crate) fn frame() -> Resource<Result<Frame, UiError>> {
    Resource::new(|| (), |()| read_frame())
}

/// A page inside the rail. Nobody's visit leads to the log-in.
#[component]
pub(crate) fn Desk(
    /// Path of its place in the rail.
    current: &'static str,
    /// Who is here, when the page has asked already.
    #[prop(default = frame())]
    frame: Resource<Result<Frame, UiError>>,
    /// Show a refusal of the address above the page.
    #[prop(optional)]
    told: bool,
    /// Head and panels.
    children: Content,
) -> impl IntoView {
    let who = move || frame.get().and_then(Result::ok).map(|frame| frame.who);
    view! { <kit::Desk home="/b/" groups=groups() current who log_out="/fn/brand/log_out" told>{children.view()}</kit::Desk> }
}

/// Nothing is at this address of the console.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! { <Desk current=""><kit::Missing home="/b/" /></Desk> }
}

/// Who is logged in; leads to the log-in when nobody is.
#[server(prefix = "/fn", endpoint = "brand/read_frame")]
pub async fn read_frame() -> Result<Frame, UiError> {
    let (mut tx, actor, _) = kit::entered().await?;
    let person = identity::user::own(&mut tx, &actor).await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let kind = t::brand_tenant_kind(organisation.country.name()).to_string();
    let waits = vec![(CAMPAIGNS.to_owned(), loyalty::reviews_waiting(&mut tx, &actor).await?)];
    let colour = brands.first().map(|brand| brand.colour.clone()).unwrap_or_default();
    Ok(Frame { who: Who { organisation: organisation.name, kind, colour, person: person.name, role: person.role, waits }, brands })
}
