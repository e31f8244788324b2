//! The first page: what there is, what waits for somebody, and the jobs that gave up.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{
    Button, Column, DeskHead, Disc, Empty, IntoLight, ListRow, Look, Size, Skeleton, SkeletonKind, StatTile, Table, Tiles, Tone, UiError,
    icon::path, refused, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format};

use crate::frame::Desk;

/// Everything of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    country: Country,
    as_of: String,
    shops: i64,
    new_shops: i64,
    consumers: i64,
    users: i64,
    products: i64,
    held: i64,
    /// When the longest waiting purchase arrived, as the operator's clock says it.
    held_since: Option<String>,
    proposals: i64,
    alerts: i64,
    disputes: i64,
    requests: i64,
    dead: Vec<DeadRow>,
    operates: bool,
}

/// A job that gave up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DeadRow {
    kind: String,
    error: String,
    when: String,
}

/// `/o/`
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_overview());
    view! {
        <Desk current="/o/" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(overview) => shown(overview),
                    Err(error) => view! { <DeskHead title=t::backoffice_overview_title() /> {refused(&error, "/o/")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(overview: Overview) -> AnyView {
    let country = overview.country;
    let tile = move |href: &'static str, label: &'static str, count: i64, note: Option<String>| {
        let note = note.map(|note| view! { <span class="tile__unit">{note}</span> });
        view! { <a class="tile" href=href><span class="tile__label">{label}</span><span class="tile__figure">{format::integer(count, country)}</span>{note}</a> }
    };
    let grown = (overview.new_shops > 0).then(|| t::backoffice_overview_new(&format::integer(overview.new_shops, country)));
    view! {
        <DeskHead title=t::backoffice_overview_title() as_of=overview.as_of.clone() />
        <Tiles>
            {tile("/o/shops", t::backoffice_nav_shops(), overview.shops, grown)}
            {tile("/o/products", t::backoffice_nav_products(), overview.products, None)}
            {tile("/o/users", t::backoffice_nav_people(), overview.users, None)}
            <StatTile label=t::backoffice_overview_consumers() figure=format::integer(overview.consumers, country) />
        </Tiles>
        <div class="panels panels--2 panels--top">
            <section class="card" aria-labelledby="waits">
                <div class="panel__head"><h2 id="waits">{t::backoffice_overview_waits()}</h2></div>
                {waits(&overview)}
            </section>
            <section class="card card--flush">
                <div class="panel__head"><h2>{t::backoffice_dead_title()}</h2></div>
                {dead(overview.dead, overview.operates)}
            </section>
        </div>
    }
    .into_light()
}

/// Every queue of the rail that holds something, and only those.
fn waits(overview: &Overview) -> AnyView {
    let held_since = overview.held_since.as_ref().map(|when| t::backoffice_overview_held_since(when)).unwrap_or_default();
    let text = str::to_owned;
    let rows = [
        (overview.proposals, path::SPARKLE, t::backoffice_proposals_title(), text(t::backoffice_overview_proposals_text()), "/o/proposals"),
        (overview.held, path::HOURGLASS, t::backoffice_overview_held(), held_since, "/o/reviews"),
        (
            overview.disputes,
            path::CHAT_CIRCLE_DOTS,
            t::backoffice_nav_disputes(),
            text(t::backoffice_overview_disputes_text()),
            "/o/disputes",
        ),
        (overview.alerts, path::WARNING, t::backoffice_alerts_title(), text(t::backoffice_overview_alerts_text()), "/o/alerts"),
        (overview.requests, path::SHIELD_CHECK, t::backoffice_privacy_title(), text(t::backoffice_overview_requests_text()), "/o/privacy"),
    ];
    let rows = rows
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, icon, title, text, href)| {
            let lead = view! { <Disc icon tone=Tone::Warning /> }.into_light();
            view! { <li><ListRow title text lead figure=format::integer(count, overview.country) href /></li> }
        })
        .collect::<Vec<_>>();
    if rows.is_empty() {
        return view! { <p class="muted">{t::backoffice_overview_nothing()}</p> }.into_light();
    }
    view! { <ul class="list">{rows}</ul> }.into_light()
}

fn dead(rows: Vec<DeadRow>, operates: bool) -> AnyView {
    if rows.is_empty() {
        return view! { <Empty title=t::backoffice_dead_empty_title() text=t::backoffice_dead_empty_text() icon=path::SEAL_CHECK /> }
            .into_light();
    }
    let count = rows.len() as i64;
    let rows = rows
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row"><code class="code">{row.kind}</code></th>
                    <td data-label=t::backoffice_dead_error()>{row.error}</td>
                    <td data-label=t::backoffice_audit_when() class="nowrap">{row.when}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns =
        vec![Column::text(t::backoffice_dead_kind()), Column::text(t::backoffice_dead_error()), Column::text(t::backoffice_audit_when())];
    view! {
        <Table caption=t::backoffice_dead_title() cards=true columns>{rows}</Table>
        {operates.then(|| view! {
            <form method="post" action="/fn/backoffice/retry_dead_jobs" class="table-foot">
                <Button submit=true look=Look::Secondary size=Size::Dense icon=path::ARROWS_CLOCKWISE>{t::backoffice_dead_retry(count).to_string()}</Button>
            </form>
        })}
    }
    .into_light()
}

/// The day's numbers.
#[server(prefix = "/fn", endpoint = "backoffice/read_overview")]
pub async fn read_overview() -> Result<Overview, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let when = |at| kit::when(country.time_zone(), now, at);
    let counts = reports::platform(&mut tx, &actor, now.plus_ms(-7 * shared::time::DAY_MS)).await?;
    let proposals = catalogue::proposal::count_open(&mut tx, &actor).await?;
    let alerts = loyalty::alert::waiting(&mut tx, &actor).await?.len() as i64;
    let disputes = loyalty::dispute::queue(&mut tx, &actor, now).await?.open;
    let requests = identity::rights::waiting(&mut tx, &actor).await?.len() as i64;
    let dead = identity::dead_letter::list(&mut tx, &actor).await?;
    let dead = dead.into_iter().map(|job| DeadRow { kind: job.kind, error: job.last_error, when: when(job.died_at) }).collect();
    Ok(Overview {
        country,
        as_of: when(now),
        shops: counts.shops,
        new_shops: counts.new_shops,
        consumers: counts.consumers,
        users: counts.users,
        products: counts.products,
        held: counts.held,
        held_since: counts.held_since.map(when),
        proposals,
        alerts,
        disputes,
        requests,
        dead,
        operates: actor.operates().is_ok(),
    })
}

/// Gives every job that gave up another life.
#[server(prefix = "/fn", endpoint = "backoffice/retry_dead_jobs")]
pub async fn retry_dead_jobs() -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    identity::dead_letter::retry(&mut tx, &actor, now).await?;
    tx.commit().await?;
    request::go("/o/");
    Ok(())
}
