//! The rail around every page of the console.

use kit::{Content, RailGroup, RailItem, UiError, Who, icon::path, t};
use leptos::prelude::*;

/// Places at which things wait for somebody.
const WAITS: [&str; 5] = ["/o/proposals", "/o/reviews", "/o/disputes", "/o/alerts", "/o/privacy"];

fn groups() -> Vec<RailGroup> {
    let item = |href, words, icon, icon_on| RailItem { href, words, icon, icon_on, waits: WAITS.contains(&href) };
    vec![
        RailGroup { title: None, items: vec![item("/o/", t::backoffice_nav_overview(), path::HOUSE, path::HOUSE_FILL)] },
        RailGroup {
            title: Some(t::backoffice_nav_data()),
            items: vec![
                item("/o/organisations", t::backoffice_nav_brands(), path::TAG, path::TAG_FILL),
                item("/o/shops", t::backoffice_nav_shops(), path::STOREFRONT, path::STOREFRONT_FILL),
                item("/o/products", t::backoffice_nav_products(), path::BARCODE, path::BARCODE_FILL),
                item("/o/proposals", t::backoffice_nav_proposals(), path::SPARKLE, path::SPARKLE_FILL),
                item("/o/tills", t::backoffice_nav_tills(), path::RECEIPT, path::RECEIPT_FILL),
                item("/o/sandboxes", t::backoffice_nav_sandboxes(), path::ARROW_COUNTER_CLOCKWISE, path::ARROW_COUNTER_CLOCKWISE),
                item("/o/users", t::backoffice_nav_people(), path::USERS, path::USERS_FILL),
            ],
        },
        RailGroup {
            title: Some(t::backoffice_nav_control()),
            items: vec![
                item("/o/reviews", t::backoffice_nav_reviews(), path::SHIELD_WARNING, path::SHIELD_WARNING_FILL),
                item("/o/disputes", t::backoffice_nav_disputes(), path::CHAT_CIRCLE_DOTS, path::CHAT_CIRCLE_DOTS_FILL),
                item("/o/settlements", t::backoffice_nav_settlements(), path::HAND_COINS, path::HAND_COINS_FILL),
                item("/o/alerts", t::backoffice_nav_alerts(), path::WARNING, path::WARNING_FILL),
                item("/o/privacy", t::backoffice_nav_privacy(), path::SHIELD_CHECK, path::SHIELD_CHECK_FILL),
                item("/o/audit", t::backoffice_nav_audit(), path::LIST_MAGNIFYING_GLASS, path::LIST_MAGNIFYING_GLASS_FILL),
                item("/o/account", t::backoffice_nav_account(), path::GEAR_SIX, path::GEAR_SIX_FILL),
            ],
        },
    ]
}

/// A page inside the rail. Nobody's visit leads to the log-in.
#[component]
pub(crate) fn Desk(
    /// Path of its place in the rail.
    current: &'static str,
    /// Show a refusal of the address above the page.
    #[prop(optional)]
    told: bool,
    /// Head and panels.
    children: Content,
) -> impl IntoView {
    let frame = Resource::new(|| (), |()| read_frame());
    let who = move || frame.get().and_then(Result::ok);
    view! { <kit::Desk home="/o/" groups=groups() current who log_out="/fn/backoffice/log_out" told>{children.view()}</kit::Desk> }
}

/// Nothing is at this address of the console.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! { <Desk current=""><kit::Missing home="/o/" /></Desk> }
}

/// Who is logged in; leads to the log-in when nobody is.
#[server(prefix = "/fn", endpoint = "backoffice/read_frame")]
pub async fn read_frame() -> Result<Who, UiError> {
    let (mut tx, actor, _) = kit::entered().await?;
    actor.operator()?;
    let person = identity::user::own(&mut tx, &actor).await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let loyalty::Waiting { held, disputes, alerts } = loyalty::waiting(&mut tx, &actor).await?;
    let proposals = catalogue::proposal::count_open(&mut tx, &actor).await?;
    let requests = identity::rights::waiting(&mut tx, &actor).await?.len() as i64;
    let waits = WAITS.iter().zip([proposals, held, disputes, alerts, requests]);
    Ok(Who {
        organisation: organisation.name,
        kind: t::backoffice_tenant_kind().to_owned(),
        colour: String::new(),
        person: person.name,
        role: person.role,
        waits: waits.map(|(place, count)| ((*place).to_owned(), count)).collect(),
    })
}
