//! The first page: what was sold in a period, to how many, where, and what it costs.

use kit::{
    Bar, BarTone, ButtonLink, Change, Column, DeskHead, Empty, IntoLight, Look, SegLinks, Size, Skeleton, SkeletonKind, StatTile, Table,
    Tiles, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, Country, format,
    identity::Brand,
    loyalty::Payable,
    reports::{Count, Summary},
};

use crate::{
    campaigns,
    chart::{DayChart, Line},
    frame::Desk,
};

/// Periods that one tap chooses, in days.
const PERIODS: [i64; 3] = [7, 28, 90];

/// Everything of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    summary: Summary,
    chart: DayChart,
    /// Newest first, five at most.
    campaigns: Vec<campaigns::Row>,
    /// Largest first, five at most.
    payables: Vec<Payable>,
    country: Country,
    /// Of the organisation.
    brands: Vec<Brand>,
    /// The one that is counted.
    brand: BrandId,
    manages: bool,
    /// Of the newest purchase, at the organisation.
    data_until: Option<String>,
}

/// `/b/?days=28&brand=<id>`
#[component]
pub(crate) fn SummaryPage() -> impl IntoView {
    let days = request::query("days").and_then(|days| days.parse().ok()).filter(|days| (1..=366).contains(days)).unwrap_or(28_i64);
    let brand = request::query("brand").unwrap_or_default();
    let again = RwSignal::new(0_u32);
    let asked = brand.clone();
    let page = Resource::new(move || again.get(), move |_| read_overview(asked.clone(), days));
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            kit::live::follow("/api/v1/events/brand", again);
        }
    });
    view! {
        <Desk current="/b/">
            <Transition fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(overview) => shown(overview, days),
                    Err(error) => view! { <DeskHead title=t::brand_summary_title() /> {refused(&error, "/b/")} }.into_light(),
                })}
            </Transition>
        </Desk>
    }
}

fn shown(overview: Overview, days: i64) -> AnyView {
    let Overview { summary, chart, campaigns, payables, country, brands, brand, manages, data_until } = overview;
    let address = |days: i64, brand: BrandId| ["/b/?days=", &days.to_string(), "&brand=", &brand.to_string()].concat().into();
    let several =
        (brands.len() > 1).then(|| brands.into_iter().map(|one| (address(days, one.id), one.name.into(), one.id == brand)).collect());
    let periods = PERIODS.map(|period| (address(period, brand), t::common_days_count(period).to_string().into(), period == days)).to_vec();
    let as_of = data_until.map(|when| t::brand_summary_as_of(&when).to_string()).unwrap_or_default();
    let empty = summary.units == 0 && summary.units_before == 0;
    let body = if empty {
        view! {
            <Empty title=t::brand_summary_empty_title() text=t::brand_summary_empty_text() icon=path::CHART_LINE_UP>
                {manages.then(|| view! { <ButtonLink href="/b/campaigns/new" look=Look::Secondary>{t::brand_campaigns_new()}</ButtonLink> })}
            </Empty>
        }
        .into_light()
    } else {
        view! {
            {tiles(&summary, days, country)}
            <div class="panels panels--main">
                <section class="card" aria-labelledby="by-day">
                    <div class="panel__head">
                        <h2 id="by-day">{t::brand_chart_title()}</h2>
                        <span class="panel__unit">{[format::date(summary.from), " – ".into(), format::date(summary.to)].concat()}</span>
                    </div>
                    <div class="chart-scroll" tabindex="0" role="region" aria-label=t::brand_chart_title()><Line chart /></div>
                    {as_table(&summary, country)}
                </section>
                <section class="card" aria-labelledby="by-product">
                    <div class="panel__head"><h2 id="by-product">{t::brand_summary_products()}</h2><span class="panel__unit">{t::brand_summary_products_unit()}</span></div>
                    {products(&summary, country)}
                </section>
            </div>
        }
        .into_light()
    };
    view! {
        <DeskHead title=t::brand_summary_title() as_of>
            {several.map(|links| view! { <SegLinks label=t::brand_summary_brand() links /> })}
            <SegLinks label=t::brand_summary_period() links=periods />
            {manages.then(|| view! { <ButtonLink href="/b/campaigns/new" look=Look::Key size=Size::Dense icon=path::PLUS>{t::brand_campaigns_new()}</ButtonLink> })}
        </DeskHead>
        {body}
        <div class="panels panels--main">
            <section class="card card--flush" aria-labelledby="running">
                <div class="panel__head"><h2 id="running">{t::brand_summary_campaigns()}</h2><a class="link" href="/b/campaigns">{t::common_see_all()}</a></div>
                {campaigns::table(campaigns, manages)}
            </section>
            <section class="card" aria-labelledby="owed">
                <div class="panel__head"><h2 id="owed">{t::brand_payouts_title()}</h2><a class="link" href="/b/payouts">{t::common_see_all()}</a></div>
                {owed(payables, country)}
            </section>
        </div>
    }
    .into_light()
}

fn tiles(summary: &Summary, days: i64, country: Country) -> AnyView {
    let against = t::brand_summary_versus_days(&days.to_string()).to_string();
    let change = |now: i64, before: i64| {
        (before > 0).then(|| {
            let points = now.saturating_sub(before).saturating_mul(10_000) / before;
            let sign = if points < 0 { "" } else { "+" };
            Change {
                amount: [sign, &format::percent(points, 1, country)].concat().into(),
                against: against.clone().into(),
                down: points < 0,
            }
        })
    };
    let tile = |label: &'static str, figure: String, unit: Option<String>, change: Option<Change>| match (unit, change) {
        (Some(unit), Some(change)) => view! { <StatTile label figure unit change /> }.into_light(),
        (Some(unit), None) => view! { <StatTile label figure unit /> }.into_light(),
        (None, Some(change)) => view! { <StatTile label figure change /> }.into_light(),
        (None, None) => view! { <StatTile label figure /> }.into_light(),
    };
    let (buyers, few) = match summary.buyers {
        Count::Known(n) => (format::integer(n, country), None),
        Count::TooFew => ("<10".to_owned(), Some(t::brand_summary_few().to_owned())),
    };
    let of_shops = t::brand_summary_shops_of(&format::integer(summary.eligible_shops, country)).to_string();
    let money = |minor| format::money(minor, summary.currency, country);
    let tiles = [
        tile(
            t::brand_summary_sales(),
            money(summary.net_amount_minor),
            None,
            change(summary.net_amount_minor, summary.net_amount_before_minor),
        ),
        tile(t::brand_summary_units(), format::integer(summary.units, country), None, change(summary.units, summary.units_before)),
        tile(t::brand_summary_shops(), format::integer(summary.active_shops, country), Some(of_shops), None),
        tile(t::brand_summary_buyers(), buyers, few, None),
        tile(t::brand_summary_rewards(), format::integer(summary.rewards_delivered, country), None, None),
        tile(t::brand_summary_owed(), money(summary.owed_minor), None, None),
    ];
    view! {
        <Tiles>{tiles.into_iter().collect::<Vec<_>>()}</Tiles>
        <details class="how">
            <summary class="link">{t::brand_summary_how()}</summary>
            <dl class="card how__list">
                <dt>{t::brand_summary_sales()}</dt><dd>{t::brand_how_sales()}</dd>
                <dt>{t::brand_summary_units()}</dt><dd>{t::brand_how_units()}</dd>
                <dt>{t::brand_summary_shops()}</dt><dd>{t::brand_how_shops()}</dd>
                <dt>{t::brand_summary_buyers()}</dt><dd>{t::brand_how_buyers()}</dd>
                <dt>{t::brand_summary_rewards()}</dt><dd>{t::brand_how_rewards()}</dd>
                <dt>{t::brand_summary_owed()}</dt><dd>{t::brand_how_owed()}</dd>
            </dl>
        </details>
    }
    .into_light()
}

/// The same numbers as the line, for whoever distrusts it or cannot see it.
fn as_table(summary: &Summary, country: Country) -> AnyView {
    let rows = summary
        .days
        .iter()
        .rev()
        .map(|day| view! { <tr><th scope="row">{format::weekday_date(day.date)}</th><td class="table__num">{format::integer(day.units, country)}</td></tr> })
        .collect::<Vec<_>>();
    let columns = vec![Column::text(t::brand_chart_day()), Column::number(t::brand_summary_units())];
    view! {
        <details class="chart-card__foot">
            <summary class="link">{t::brand_chart_as_table()}</summary>
            <Table caption=t::brand_chart_title() columns>{rows}</Table>
        </details>
    }
    .into_light()
}

fn products(summary: &Summary, country: Country) -> AnyView {
    let most = summary.products.iter().map(|product| product.units).max().unwrap_or(1).max(1);
    let bars = summary
        .products
        .iter()
        .take(6)
        .map(|product| {
            let permille = u32::try_from(product.units.max(0).saturating_mul(1_000) / most).unwrap_or(0);
            view! {
                <li class="hbar">
                    <span>{product.name.clone()}</span>
                    <b>{format::integer(product.units, country)}</b>
                    <Bar permille=Signal::stored(permille) tone=BarTone::Quantity tall=true />
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! { <ul class="hbars">{bars}</ul> }.into_light()
}

fn owed(payables: Vec<Payable>, country: Country) -> AnyView {
    if payables.is_empty() {
        return view! { <p class="muted">{t::brand_payouts_empty_title()}</p> }.into_light();
    }
    let rows = payables
        .into_iter()
        .map(|payable| {
            view! {
                <li class="hbar" data-payable=payable.shop_id.to_string()>
                    <span>{payable.shop_name} " " <span class="small muted">{t::common_rewards_count(payable.rewards, &format::integer(payable.rewards, country)).to_string()}</span></span>
                    <b>{format::money(payable.amount_minor, payable.currency, country)}</b>
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! { <ul class="hbars">{rows}</ul> }.into_light()
}

/// The numbers of one brand of the actor's organisation; without an id, of its first.
#[server(prefix = "/fn", endpoint = "brand/read_overview")]
pub async fn read_overview(#[server(default)] brand: String, #[server(default)] days: i64) -> Result<Overview, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let chosen = brand.parse().ok().or_else(|| brands.first().map(|brand| brand.id)).ok_or_else(shared::Problem::not_found)?;
    let zone = organisation.country.time_zone();
    let to = identity::shop::local_date(zone, now);
    let from = to.plus_days(1 - days.clamp(1, 366)).unwrap_or(to);
    let summary = reports::summary(&mut tx, &actor, now, chosen, from, to).await?;
    let page = loyalty::campaign::list(&mut tx, &actor, now, None, 5).await?;
    let campaigns = page.items.into_iter().map(campaigns::Row::of).collect();
    let mut payables = loyalty::shop::payables_of_tenant(&mut tx, &actor, organisation.id, now).await?;
    payables.truncate(5);
    let chart = DayChart::of(&summary.days, organisation.country);
    let data_until = summary.data_until.map(|at| {
        let local = identity::shop::local(zone, at);
        let day = if local.date() == to { t::common_today().to_lowercase() } else { format::day_month(local.date()) };
        [&day, " ", &format::time(local)].concat()
    });
    let manages = actor.manages(organisation.id).is_ok();
    Ok(Overview { summary, chart, campaigns, payables, country: organisation.country, brands, brand: chosen, manages, data_until })
}
