//! The rail around every page of the console.

use kit::{Button, Content, ConsoleShell, Empty, Icon, IntoLight, Look, RailGroup, RailItem, Size, TenantBadge, UiError, icon::path, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{CivilDate, Country, identity::{Brand, UserRole}};

/// Who is here, and for whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub(crate) organisation: String,
    pub(crate) country: Country,
    /// Of the tenant, oldest first.
    pub(crate) brands: Vec<Brand>,
    pub(crate) person: String,
    pub(crate) role: UserRole,
    /// The date at the organisation.
    pub(crate) today: CivilDate,
}

fn groups() -> Vec<RailGroup> {
    let item = |href, words, icon, icon_on| RailItem { href, words, icon, icon_on, count: None };
    vec![
        RailGroup {
            title: None,
            items: vec![
                item("/b/", t::brand_nav_summary(), path::HOUSE, path::HOUSE_FILL),
                item("/b/campaigns", t::brand_nav_campaigns(), path::MEGAPHONE_SIMPLE, path::MEGAPHONE_SIMPLE_FILL),
                item("/b/products", t::brand_nav_products(), path::BARCODE, path::BARCODE_FILL),
            ],
        },
        RailGroup {
            title: Some(t::brand_nav_account()),
            items: vec![
                item("/b/payouts", t::brand_nav_payouts(), path::HAND_COINS, path::HAND_COINS_FILL),
                item("/b/account", t::brand_nav_settings(), path::GEAR_SIX, path::GEAR_SIX_FILL),
            ],
        },
    ]
}

/// A page inside the rail. Nobody's visit leads to the log-in.
#[component]
pub(crate) fn Desk(
    /// Path of its place in the rail.
    current: &'static str,
    /// Head and panels.
    children: Content,
) -> impl IntoView {
    let frame = Resource::new(|| (), |()| read_frame());
    let tenant = view! {
        <Suspense>
            {move || frame.get().and_then(Result::ok).map(|frame| {
                let colour = frame.brands.first().map(|brand| brand.colour.clone()).unwrap_or_default();
                view! { <TenantBadge name=frame.organisation kind=t::brand_tenant_kind(frame.country.name()) colour /> }
            })}
        </Suspense>
    };
    let person = view! {
        <Suspense>
            {move || frame.get().and_then(Result::ok).map(|frame| {
                let initials: String = frame.person.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
                let role = kit::role_name(frame.role);
                view! {
                    <span class="person" aria-hidden="true">{initials}</span>
                    <span class="rail__who"><b>{frame.person}</b><br /><span class="small muted">{role}</span></span>
                }
            })}
        </Suspense>
        <form method="post" action="/fn/brand/log_out" class="menu">
            <button type="submit" class="btn btn--icon btn--ghost" aria-label=t::common_sign_out() title=t::common_sign_out()><Icon path=path::SIGN_OUT size=20 /></button>
        </form>
    };
    view! {
        <ConsoleShell home="/b/" tenant=tenant.into_light() groups=groups() current=Signal::stored(current.to_owned()) person=person.into_light()>
            <main id="main" class="desk__main">{children.view()}</main>
        </ConsoleShell>
    }
}

/// Nothing is at this address of the console.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! {
        <Desk current="">
            <Empty page=true title=t::common_not_found_title() text=t::common_not_found_text()>
                <form action="/b/"><Button submit=true look=Look::Secondary size=Size::Dense>{t::common_not_found_action()}</Button></form>
            </Empty>
        </Desk>
    }
}

/// A read for somebody who is logged in; nobody is led to the log-in.
#[cfg(feature = "ssr")]
pub(crate) async fn entered() -> Result<(db::Tx, identity::Actor, shared::Timestamp), UiError> {
    let (tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/b/login");
    }
    Ok((tx, actor, now))
}

/// Who is logged in; leads to the log-in when nobody is.
#[server(prefix = "/fn", endpoint = "brand/read_frame")]
pub async fn read_frame() -> Result<Frame, UiError> {
    let (mut tx, actor, now) = entered().await?;
    let person = identity::user::own(&mut tx, &actor).await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let today = identity::shop::local_date(organisation.country.time_zone(), now);
    Ok(Frame { organisation: organisation.name, country: organisation.country, brands, person: person.name, role: person.role, today })
}
