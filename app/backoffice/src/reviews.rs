//! Purchases that are held: why, what explains it, and a decision with its reason.

use kit::{
    Button, ButtonLink, Chip, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Radio, Sending, Skeleton, SkeletonKind, StatTile,
    Table, Tiles, Tone, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, format,
    loyalty::{HeldPurchase, PurchaseStatus, ReviewCase, suspicion::Evidence},
};

use crate::frame::Desk;

/// What waits, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// With since when it waits, by the operator's clock.
    items: Vec<(HeldPurchase, String)>,
    waiting: i64,
    median_age_ms: i64,
    country: Country,
}

/// Why a purchase is held, for a person.
fn why(reason: &str) -> &'static str {
    match reason {
        "SUSPECTED_DUPLICATE" => t::backoffice_reviews_duplicate(),
        "CLOCK_SUSPECT" => t::backoffice_reviews_clock(),
        "CHAIN_GAP" => t::backoffice_reviews_gap(),
        "DEVICE_REVOKED" => t::backoffice_reviews_revoked(),
        "VELOCITY_CARD" => t::backoffice_reviews_fast_card(),
        "VELOCITY_CASHIER" => t::backoffice_reviews_fast_cashier(),
        "VELOCITY_DEVICE" => t::backoffice_reviews_fast_device(),
        "VELOCITY_SHOP" => t::backoffice_reviews_fast_shop(),
        "IMPOSSIBLE_MOVEMENT" => t::backoffice_reviews_movement(),
        "SHOP_ON_HOLD" => t::backoffice_reviews_on_hold(),
        "CODE_USED_ELSEWHERE" => t::backoffice_reviews_elsewhere(),
        _ => t::backoffice_reviews_other(),
    }
}

/// What was seen, in a sentence.
fn seen(evidence: &Evidence, country: Country) -> String {
    let figure = |number: i64| format::integer(number, country);
    match evidence {
        Evidence::Velocity { count, limit, window_minutes, .. } => {
            t::backoffice_reviews_seen_fast(&figure(*count), &figure(*limit), &figure(window_minutes / 60))
        }
        Evidence::Movement { shop_name, distance_meters, seconds, kmh, .. } => {
            t::backoffice_reviews_seen_movement(&figure(distance_meters / 1_000), &figure(*kmh), &figure(seconds / 60), shop_name)
        }
        Evidence::OnHold { why } => t::backoffice_reviews_seen_hold(why),
    }
}

/// `/o/reviews`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_reviews());
    view! {
        <Desk current="/o/reviews">
            <DeskHead title=t::backoffice_reviews_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(waiting) => table(waiting),
                    Err(error) => refused(&error, "/o/reviews"),
                })}
            </Suspense>
        </Desk>
    }
}

fn table(waiting: Waiting) -> AnyView {
    let Waiting { items, waiting, median_age_ms, country } = waiting;
    if items.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_reviews_empty_title() text=t::backoffice_reviews_empty_text() icon=path::SEAL_CHECK /></section> }.into_light();
    }
    let rows = items
        .into_iter()
        .map(|(held, since)| {
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/review?id=", &held.id.to_string()].concat()>{why(&held.reason)}</a></th>
                    <td data-label=t::backoffice_shops_name()>{held.shop_name}</td>
                    <td data-label=t::backoffice_reviews_consumer()>{held.consumer_label}</td>
                    <td data-label=t::backoffice_reviews_total() class="table__num">{format::money(held.total_minor, held.currency, country)}</td>
                    <td data-label=t::backoffice_reviews_since() class="nowrap">{since}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_reviews_why()),
        Column::text(t::backoffice_shops_name()),
        Column::text(t::backoffice_reviews_consumer()),
        Column::number(t::backoffice_reviews_total()),
        Column::text(t::backoffice_reviews_since()),
    ];
    view! {
        <Tiles>
            <StatTile label=t::backoffice_reviews_waiting() figure=format::integer(waiting, country) />
            <StatTile label=t::backoffice_disputes_median() figure=format::span(median_age_ms) />
        </Tiles>
        <section class="card card--flush">
            <Table caption=t::backoffice_reviews_title() cards=true columns>{rows}</Table>
        </section>
    }
    .into_light()
}

/// One of them, ready to be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    case: ReviewCase,
    country: Country,
    operates: bool,
}

/// `/o/review?id=<id>`
#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_review(id.clone()));
    view! {
        <Desk current="/o/reviews">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Lines count=6 /> }>
                {move || page.get().map(|page| match page {
                    Ok(case) => shown(case, sending),
                    Err(error) if matches!(error.code(), "not_found" | "loyalty.not_held") => decided(),
                    Err(error) => view! { <DeskHead title=t::backoffice_reviews_title() /> {refused(&error, "/o/reviews")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// Somebody was faster, or it never was there.
fn decided() -> AnyView {
    view! {
        <DeskHead title=t::backoffice_reviews_title() />
        <section class="card">
            <Empty title=t::backoffice_proposals_decided_title() text=t::backoffice_reviews_decided_text() icon=path::SEAL_CHECK>
                <ButtonLink href="/o/reviews" look=Look::Secondary>{t::backoffice_proposals_next()}</ButtonLink>
            </Empty>
        </section>
    }
    .into_light()
}

fn shown(case: Case, sending: Sending) -> AnyView {
    let Case { case, country, operates } = case;
    let held = case.purchase;
    let seen = case.evidence.as_ref().map(|evidence| seen(evidence, country));
    let moment = [format::weekday_date(held.local.date()), format::time(held.local)].join(" ");
    let facts = [
        (t::backoffice_shops_name(), held.shop_name.clone()),
        (t::backoffice_reviews_consumer(), held.consumer_label.clone()),
        (t::backoffice_reviews_when(), moment),
        (t::backoffice_reviews_total(), format::money(held.total_minor, held.currency, country)),
        (
            t::backoffice_reviews_network(),
            (if held.offline { t::backoffice_reviews_without_network() } else { t::backoffice_reviews_with_network() }).to_owned(),
        ),
    ];
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect::<Vec<_>>();
    let lines = case
        .lines
        .into_iter()
        .map(|line| view! { <li class="row"><span class="grow">{format!("{} × {}", line.quantity, line.name)}</span><span class="num">{format::money(line.amount_minor, held.currency, country)}</span></li> })
        .collect::<Vec<_>>();
    let nothing = case.would_award.iter().all(|award| award.amount == 0);
    let awards = case
        .would_award
        .into_iter()
        .filter(|award| award.amount > 0)
        .map(|award| {
            let unit = kit::locale::unit(award.unit, award.amount);
            view! { <li class="row"><span class="grow">{award.campaign_name}</span><span class="num strong">"+"{format::integer(award.amount, country)}" "{unit}</span></li> }
        })
        .collect::<Vec<_>>();
    let alone = case.nearby.is_empty();
    let nearby = case
        .nearby
        .into_iter()
        .map(|other| {
            let status = match other.status {
                PurchaseStatus::Accepted => t::backoffice_reviews_counted(),
                PurchaseStatus::Held => t::backoffice_reviews_held(),
                PurchaseStatus::Rejected => t::backoffice_reviews_rejected(),
            };
            view! {
                <li class="row">
                    <span class="grow">{format::time(other.local)}" · "{other.shop_name}" · "{format::money(other.total_minor, other.currency, country)}</span>
                    {other.same_basket.then(|| view! { <Chip tone=Tone::Warning>{t::backoffice_reviews_same()}</Chip> })}
                    <Chip>{status}</Chip>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let id = held.id.to_string();
    // Nothing is chosen for her: points are given or kept by it.
    let chosen = RwSignal::new(String::new());
    let two = (case.takes_two || case.first.is_some()).then(|| {
        let words = match &case.first {
            Some(first) if first.own => t::backoffice_reviews_first_own().to_owned(),
            Some(first) => t::backoffice_reviews_first_other(&first.by, &first.reason).to_string(),
            None => t::backoffice_reviews_takes_two().to_owned(),
        };
        view! { <kit::Banner tone=Tone::Info note=true icon=path::USERS>{words}</kit::Banner> }
    });
    let deciding = operates.then(|| {
        view! {
            <section class="card stack" aria-labelledby="decide">
                <h2 id="decide" class="h3">{t::backoffice_reviews_decide()}</h2>
                <Form action="/fn/backoffice/decide_review" sending fields=&["why"]>
                    <input type="hidden" name="purchase" value=id />
                    <Field id="why" label=t::backoffice_proposals_why() help=t::backoffice_reviews_why_help() required=true maxlength=200 error=sending.error("why") />
                    <fieldset class="stack stack--8">
                        <legend class="sr-only">{t::backoffice_reviews_decide()}</legend>
                        <Radio name="decision" value="approve" title=t::backoffice_reviews_approve() chosen />
                        <Radio name="decision" value="reject" title=t::backoffice_reviews_reject() chosen />
                    </fieldset>
                    <div class="row row--end"><Button submit=true look=Look::Key busy=sending.busy() icon=path::CHECK>{t::backoffice_reviews_save()}</Button></div>
                </Form>
            </section>
        }
    });
    view! {
        <DeskHead title=why(&held.reason) crumbs=vec![(t::backoffice_reviews_title().into(), "/o/reviews".into())] />
        <div class="panels panels--main panels--top">
            <div class="stack">
                {seen.map(|seen| view! { <section class="card"><p class="strong">{seen}</p></section> })}
                <section class="card"><dl class="facts">{facts}</dl></section>
                <section class="card stack stack--8" aria-labelledby="lines"><h2 id="lines" class="h3">{t::backoffice_reviews_lines()}</h2><ul class="stack stack--4">{lines}</ul></section>
                <section class="card stack stack--8" aria-labelledby="nearby">
                    <h2 id="nearby" class="h3">{t::backoffice_reviews_nearby()}</h2>
                    {alone.then(|| view! { <p class="muted">{t::backoffice_reviews_alone()}</p> })}
                    <ul class="stack stack--4">{nearby}</ul>
                </section>
            </div>
            <div class="stack">
                <section class="card stack stack--8" aria-labelledby="would">
                    <h2 id="would" class="h3">{t::backoffice_reviews_would()}</h2>
                    {nothing.then(|| view! { <p class="muted">{t::backoffice_reviews_nothing()}</p> })}
                    <ul class="stack stack--4">{awards}</ul>
                </section>
                {two}
                {deciding}
            </div>
        </div>
    }
    .into_light()
}

/// What is held and nobody decided, oldest first.
#[server(prefix = "/fn", endpoint = "backoffice/read_reviews")]
pub async fn read_reviews() -> Result<Waiting, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let queue = loyalty::purchase::queue(&mut tx, &actor, now).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    Ok(Waiting {
        items: queue.items.into_iter().map(|held| (held.clone(), kit::when(country.time_zone(), now, held.received_at))).collect(),
        waiting: queue.waiting,
        median_age_ms: queue.median_age_ms,
        country,
    })
}

/// One of them, with what explains it.
#[server(prefix = "/fn", endpoint = "backoffice/read_review")]
pub async fn read_review(purchase: String) -> Result<Case, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let id: shared::PurchaseId = purchase.parse().map_err(|_| shared::Problem::not_found())?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let case = loyalty::purchase::look(&mut tx, &rules, &actor, now, id).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    Ok(Case { case, country, operates: actor.operates().is_ok() })
}

/// Decides, with a reason; the next one follows.
#[server(prefix = "/fn", endpoint = "backoffice/decide_review")]
pub async fn decide_review(purchase: String, #[server(default)] decision: String, #[server(default)] why: String) -> Result<(), UiError> {
    use shared::{
        Problem,
        loyalty::{NewReview, ReviewDecision},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id: shared::PurchaseId = purchase.parse().map_err(|_| Problem::not_found())?;
    let decision = match decision.as_str() {
        "approve" => ReviewDecision::Approve,
        "reject" => ReviewDecision::Reject,
        _ => return Err(Problem::field("decision", "decision_missing", "approve or reject").into()),
    };
    let why = why.trim().to_owned();
    if why.is_empty() {
        return Err(Problem::field("why", "required", "a decision has a reason").into());
    }
    let rules = request::state::<loyalty::Loyalty>()?;
    let told = loyalty::purchase::decide(&mut tx, &rules, &actor, now, id, &NewReview { decision, reason: Some(why) }).await?;
    tx.commit().await?;
    // The first of two sees that the second one is awaited.
    if told.status == PurchaseStatus::Held {
        request::go(&format!("/o/review?id={id}"));
    } else {
        request::go("/o/reviews");
    }
    Ok(())
}
