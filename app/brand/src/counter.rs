//! At the counter: what campaigns pay shops, units of rewards that shops hold, and where rewards were missing.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{
    Button, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, Table, UiError,
    icon::path, refused, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, format,
    loyalty::counter::{Incentive, IncidentCount, ShopUnits},
};

use crate::frame::Desk;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtCounter {
    incentives: Vec<Incentive>,
    campaigns: Vec<(String, String)>,
    units: Vec<ShopUnits>,
    rewards: Vec<(String, String)>,
    shops: Vec<(String, String)>,
    /// With when the last one was.
    incidents: Vec<(IncidentCount, String)>,
    country: Country,
    manages: bool,
}

/// `/b/counter`
#[component]
pub(crate) fn CounterPage() -> impl IntoView {
    let (sending, other) = (Sending::new(), Sending::other());
    let page = Resource::new(|| (), |()| read_counter());
    view! {
        <Desk current="/b/counter">
            <DeskHead title=t::brand_counter_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => shown(page, sending, other),
                    Err(error) => refused(&error, "/b/counter"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(page: AtCounter, sending: Sending, other: Sending) -> AnyView {
    let AtCounter { incentives, campaigns, units, rewards, shops, incidents, country, manages } = page;
    let pays = pays(incentives, country);
    let set = (manages && !campaigns.is_empty()).then(|| {
        let currency = country.currency().code();
        view! {
            <details class="card--pad">
                <summary class="btn btn--secondary btn--dense">{t::brand_counter_pay_set()}</summary>
                <Form action="/fn/brand/set_incentive" sending fields=&["per_unit", "per_new", "day_max"]>
                    <Choice id="campaign" label=t::brand_counter_campaign() options=campaigns />
                    <div class="fields">
                        <Field id="per_unit" label=t::brand_counter_per_unit() inputmode="decimal" money=true required=true maxlength=12 suffix=currency error=sending.error("per_unit") />
                        <Field id="per_new" label=t::brand_counter_per_new() inputmode="decimal" money=true required=true maxlength=12 suffix=currency error=sending.error("per_new") />
                        <Field id="day_max" label=t::brand_counter_day_max() inputmode="decimal" money=true required=true maxlength=12 suffix=currency error=sending.error("day_max") />
                    </div>
                    <p class="small muted">{t::brand_counter_pay_help()}</p>
                    <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::brand_counter_save()}</Button></div>
                </Form>
            </details>
        }
    });
    let give = (manages && !rewards.is_empty() && !shops.is_empty()).then(|| {
        view! {
            <details class="card--pad">
                <summary class="btn btn--secondary btn--dense">{t::brand_counter_units_give()}</summary>
                <Form action="/fn/brand/give_units" sending=other fields=&["units"]>
                    <div class="fields">
                        <Choice id="reward" label=t::brand_counter_reward() options=rewards />
                        <Choice id="shop" label=t::payback_shop() options=shops />
                        <Field id="units" label=t::brand_counter_units() help=t::brand_counter_units_help() inputmode="text" required=true maxlength=8 error=other.error("units") />
                    </div>
                    <div><Button submit=true look=Look::Key size=Size::Dense busy=other.busy()>{t::brand_counter_save()}</Button></div>
                </Form>
            </details>
        }
    });
    view! {
        <section class="card card--flush" aria-labelledby="missing">
            <div class="panel__head"><h2 id="missing">{t::brand_counter_missing()}</h2></div>
            {missing(incidents, country)}
        </section>
        <section class="card card--flush" aria-labelledby="units-at">
            <div class="panel__head"><h2 id="units-at">{t::brand_counter_units_title()}</h2></div>
            {at_shops(units, country)}
            {give}
        </section>
        <section class="card card--flush" aria-labelledby="pay">
            <div class="panel__head"><h2 id="pay">{t::brand_counter_pay()}</h2></div>
            {pays}
            {set}
        </section>
    }
    .into_light()
}

fn missing(incidents: Vec<(IncidentCount, String)>, country: Country) -> AnyView {
    if incidents.is_empty() {
        return view! { <Empty title=t::brand_counter_missing_none() text=t::brand_counter_missing_none_text() icon=path::SEAL_CHECK /> }
            .into_light();
    }
    let rows = incidents
        .into_iter()
        .map(|(one, when)| {
            view! {
                <tr data-incident=one.shop_id.to_string()>
                    <th scope="row">{one.reward_name}</th>
                    <td data-label=t::payback_shop()>{one.shop_name}</td>
                    <td data-label=t::brand_counter_days() class="table__num">{format::integer(one.days, country)}</td>
                    <td data-label=t::brand_counter_last() class="nowrap">{when}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_counter_reward()),
        Column::text(t::payback_shop()),
        Column::number(t::brand_counter_days()),
        Column::text(t::brand_counter_last()),
    ];
    view! { <Table caption=t::brand_counter_missing() cards=true columns>{rows}</Table> }.into_light()
}

fn at_shops(units: Vec<ShopUnits>, country: Country) -> AnyView {
    if units.is_empty() {
        return view! { <Empty title=t::brand_counter_units_none() text=t::brand_counter_units_none_text() icon=path::PACKAGE /> }
            .into_light();
    }
    let rows = units
        .into_iter()
        .map(|one| {
            view! {
                <tr>
                    <th scope="row">{one.reward_name}</th>
                    <td data-label=t::payback_shop()>{one.shop_name}</td>
                    <td data-label=t::brand_counter_left() class="table__num">{format::integer(one.units_left, country)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![Column::text(t::brand_counter_reward()), Column::text(t::payback_shop()), Column::number(t::brand_counter_left())];
    view! { <Table caption=t::brand_counter_units_title() cards=true columns>{rows}</Table> }.into_light()
}

fn pays(incentives: Vec<Incentive>, country: Country) -> AnyView {
    if incentives.is_empty() {
        return view! { <Empty title=t::brand_counter_pay_none() text=t::brand_counter_pay_none_text() icon=path::HAND_COINS /> }
            .into_light();
    }
    let rows = incentives
        .into_iter()
        .map(|one| {
            let money = |minor| format::money(minor, one.currency, country);
            view! {
                <tr>
                    <th scope="row">{one.campaign_name}</th>
                    <td data-label=t::brand_counter_per_unit() class="table__num">{money(one.per_unit_minor)}</td>
                    <td data-label=t::brand_counter_per_new() class="table__num">{money(one.per_new_consumer_minor)}</td>
                    <td data-label=t::brand_counter_day_max() class="table__num">{money(one.day_max_minor)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_counter_campaign()),
        Column::number(t::brand_counter_per_unit()),
        Column::number(t::brand_counter_per_new()),
        Column::number(t::brand_counter_day_max()),
    ];
    view! { <Table caption=t::brand_counter_pay() cards=true columns>{rows}</Table> }.into_light()
}

/// What the organisation gives and pays at the counter.
#[server(prefix = "/fn", endpoint = "brand/read_counter")]
pub async fn read_counter() -> Result<AtCounter, UiError> {
    const CAMPAIGNS: i64 = 100;
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let zone = organisation.country.time_zone();
    let incentives = loyalty::payback::incentive::of_tenant(&mut tx, &actor, organisation.id).await?;
    let campaigns = loyalty::campaign::list(&mut tx, &actor, now, None, CAMPAIGNS).await?.items;
    let units = loyalty::shop_units::of_tenant(&mut tx, &actor, organisation.id).await?;
    let rewards = loyalty::reward::list(&mut tx, &actor, now).await?;
    let incidents = loyalty::shop_units::incidents(&mut tx, &actor, organisation.id, now).await?;
    // Shops that handed something over or sold for the organisation: a brand knows no others.
    let mut shops: Vec<(String, String)> = loyalty::payback::owed::of_tenant(&mut tx, &actor, organisation.id, now)
        .await?
        .into_iter()
        .map(|owed| (owed.shop_id.to_string(), owed.shop_name))
        .collect();
    shops.extend(incidents.iter().map(|one| (one.shop_id.to_string(), one.shop_name.clone())));
    shops.sort_by(|left, right| left.1.cmp(&right.1).then_with(|| left.0.cmp(&right.0)));
    shops.dedup();
    Ok(AtCounter {
        incentives,
        campaigns: campaigns
            .into_iter()
            .filter(|campaign| campaign.version > 0)
            .map(|campaign| (campaign.id.to_string(), campaign.name))
            .collect(),
        units,
        rewards: rewards.into_iter().map(|reward| (reward.id.to_string(), reward.name)).collect(),
        shops,
        incidents: incidents
            .into_iter()
            .map(|one| {
                let when = kit::when(zone, now, one.last_at);
                (one, when)
            })
            .collect(),
        country: organisation.country,
        manages: actor.manages(organisation.id).is_ok(),
    })
}

/// Sets what a campaign pays shops.
#[server(prefix = "/fn", endpoint = "brand/set_incentive")]
pub async fn set_incentive(campaign: String, per_unit: String, per_new: String, day_max: String) -> Result<(), UiError> {
    use shared::{Problem, loyalty::counter::NewIncentive};
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let currency = identity::organisation::own(&mut tx, &actor).await?.country.currency();
    let id = campaign.parse().map_err(|_| Problem::not_found())?;
    let money = |text: &str, field: &'static str| {
        format::typed_money(text, currency).ok_or_else(|| UiError::from(Problem::field(field, "bad_field", "an amount")))
    };
    let new = NewIncentive {
        currency,
        per_unit_minor: money(&per_unit, "per_unit")?,
        per_new_consumer_minor: money(&per_new, "per_new")?,
        day_max_minor: money(&day_max, "day_max")?,
    };
    loyalty::payback::incentive::set(&mut tx, &actor, now, id, &new).await?;
    tx.commit().await?;
    request::go("/b/counter");
    Ok(())
}

/// Gives a shop units of a reward.
#[server(prefix = "/fn", endpoint = "brand/give_units")]
pub async fn give_units(reward: String, shop: String, units: String) -> Result<(), UiError> {
    use shared::{Problem, loyalty::counter::NewShopUnits};
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let reward = reward.parse().map_err(|_| Problem::not_found())?;
    let shop_id = shop.parse().map_err(|_| Problem::not_found())?;
    let units = units.trim().replace('−', "-").parse().map_err(|_| Problem::field("units", "bad_field", "a whole number"))?;
    loyalty::shop_units::give(&mut tx, &actor, now, reward, &NewShopUnits { shop_id, units }).await?;
    tx.commit().await?;
    request::go("/b/counter");
    Ok(())
}
