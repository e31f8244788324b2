//! Disputes with what explains them, and corrections with their second person.

#![allow(clippy::too_many_arguments, reason = "a server function has the fields of its form")]

use kit::{
    Button, ButtonLink, Chip, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind,
    StatTile, Table, Tiles, Tone, UiError, icon::path, payback, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    AdjustmentId, Country, Currency, format,
    loyalty::{
        PurchaseStatus,
        correction::{
            Adjustment, AdjustmentState, Claim, Dispute, DisputeCase, DisputeQueue, DisputeState, DisputedLine, DisputedPurchase, Subject,
        },
        evaluation::{NoAwardReason, Trace},
    },
};

use crate::frame::Desk;

/// What waits, and what was corrected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cases {
    queue: DisputeQueue,
    /// When each of them was opened, and until when it should be closed.
    times: Vec<(String, String, bool)>,
    adjustments: Vec<(Adjustment, String)>,
    country: Country,
    operates: bool,
}

fn about(dispute: &Dispute) -> &'static str {
    match (dispute.claim, dispute.subject) {
        (Claim::NotCounted, _) => t::backoffice_disputes_not_counted(),
        (Claim::Wrong, Subject::StatementLine(_)) => t::backoffice_disputes_line(),
        (Claim::Wrong, Subject::Movement(_)) => t::backoffice_disputes_movement(),
        (Claim::Wrong, Subject::Purchase(_)) => t::backoffice_disputes_purchase(),
    }
}

/// `/o/disputes`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_disputes());
    view! {
        <Desk current="/o/disputes" told=true>
            <DeskHead title=t::backoffice_disputes_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(cases) => list(cases),
                    Err(error) => refused(&error, "/o/disputes"),
                })}
            </Suspense>
        </Desk>
    }
}

fn list(cases: Cases) -> AnyView {
    let Cases { queue, times, adjustments, country, operates } = cases;
    let (open, late) = (format::integer(queue.open, country), format::integer(queue.late, country));
    // Nobody waits no time at all.
    let median = if queue.open > 0 { format::span(queue.median_age_ms) } else { "–".to_owned() };
    let late_tone = if queue.late > 0 { Tone::Danger } else { Tone::Plain };
    let waiting = if queue.items.is_empty() {
        view! { <Empty title=t::backoffice_disputes_empty_title() text=t::backoffice_disputes_empty_text() icon=path::SEAL_CHECK /> }
            .into_light()
    } else {
        let rows = queue
            .items
            .iter()
            .zip(times)
            .map(|(one, (opened, due, late))| {
                let who = if one.by_shop { t::backoffice_disputes_by_shop() } else { t::backoffice_disputes_by_consumer() };
                let tone = if late { Tone::Danger } else { Tone::Plain };
                view! {
                    <tr data-dispute=one.id.to_string()>
                        <th scope="row"><a class="link" href=["/o/dispute?id=", &one.id.to_string()].concat()>{about(one)}</a></th>
                        <td data-label=t::backoffice_disputes_who()>{who}</td>
                        <td data-label=t::backoffice_shops_name()>{one.shop_name.clone()}</td>
                        <td data-label=t::backoffice_disputes_opened() class="nowrap">{opened}</td>
                        <td data-label=t::backoffice_disputes_due() class="nowrap"><Chip tone table=true>{due}</Chip></td>
                    </tr>
                }
            })
            .collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::backoffice_disputes_what()),
            Column::text(t::backoffice_disputes_who()),
            Column::text(t::backoffice_shops_name()),
            Column::text(t::backoffice_disputes_opened()),
            Column::text(t::backoffice_disputes_due()),
        ];
        view! { <Table caption=t::backoffice_disputes_title() cards=true columns>{rows}</Table> }.into_light()
    };
    view! {
        <Tiles>
            <StatTile label=t::backoffice_disputes_open() figure=open />
            <StatTile label=t::backoffice_disputes_late() figure=late tone=late_tone />
            <StatTile label=t::backoffice_disputes_median() figure=median />
        </Tiles>
        <section class="card card--flush">{waiting}</section>
        <section class="card card--flush" aria-labelledby="corrections">
            <div class="panel__head"><h2 id="corrections">{t::backoffice_corrections_title()}</h2></div>
            {corrections(adjustments, country, operates)}
        </section>
    }
    .into_light()
}

/// A kind of the ledger in words; one that this page does not know yet is told as it is.
fn movement_words(kind: &str) -> String {
    let words = match kind {
        "EARN" => t::backoffice_movement_earn(),
        "ACTIVATE" => t::backoffice_movement_activate(),
        "EXPIRE" => t::backoffice_movement_expire(),
        "REVERSE" => t::backoffice_movement_reverse(),
        "DEBT" => t::backoffice_movement_debt(),
        "DEBT_REPAY" => t::consumer_history_repaid(),
        "WAIVE" => t::backoffice_movement_waive(),
        "REWARD_ISSUE" => t::backoffice_movement_issue(),
        "REWARD_CANCEL" => t::backoffice_movement_cancel(),
        "RESERVE" => t::backoffice_movement_reserve(),
        "RELEASE" => t::backoffice_movement_release(),
        "SPEND" => t::backoffice_movement_spend(),
        "REFUND" => t::backoffice_movement_refund(),
        "TRANSFER_IN" | "TRANSFER_OUT" | "RESERVED_IN" | "RESERVED_OUT" | "DEBT_IN" | "DEBT_OUT" => t::backoffice_movement_transfer(),
        other => other,
    };
    words.to_owned()
}

/// Points, stamps or money, with its sign.
fn amount(unit: &str, amount: i64, country: Country) -> String {
    let sign = if amount > 0 { "+" } else { "" };
    let currency = [Currency::Cop, Currency::Clp, Currency::Mxn, Currency::Usd].into_iter().find(|currency| currency.code() == unit);
    match (unit, currency) {
        (_, Some(currency)) => [sign, &format::money(amount, currency, country)].concat(),
        ("stamps", _) => signed(amount, &t::common_stamps(amount.abs()), country),
        _ => signed(amount, &t::common_points(amount.abs()), country),
    }
}

/// So many of something, with its sign.
fn signed(amount: i64, unit: &str, country: Country) -> String {
    let sign = if amount > 0 { "+" } else { "" };
    [sign, &format::integer(amount, country), " ", unit].concat()
}

fn corrections(adjustments: Vec<(Adjustment, String)>, country: Country, operates: bool) -> AnyView {
    if adjustments.is_empty() {
        return view! { <Empty title=t::backoffice_corrections_empty_title() text=t::backoffice_corrections_empty_text() icon=path::PLUS_MINUS /> }.into_light();
    }
    let rows = adjustments
        .into_iter()
        .map(|(one, when)| {
            let (state, tone) = match one.state {
                AdjustmentState::Waiting => (t::backoffice_corrections_waiting(), Tone::Warning),
                AdjustmentState::Posted => (t::backoffice_corrections_posted(), Tone::Success),
                AdjustmentState::Refused => (t::backoffice_corrections_refused(), Tone::Plain),
            };
            let waiting = one.state == AdjustmentState::Waiting;
            let deciding = (waiting && operates && !one.own).then(|| decision(one.id));
            let own = (waiting && one.own).then(|| view! { <span class="small muted">{t::backoffice_corrections_other()}</span> });
            view! {
                <tr>
                    <th scope="row">{one.about}</th>
                    <td data-label=t::payback_brand()>{one.brand_name}</td>
                    <td data-label=t::payback_amount() class="table__num">{amount(&one.unit, one.amount, country)}</td>
                    <td data-label=t::backoffice_proposals_why()>{one.reason}</td>
                    <td data-label=t::backoffice_settlements_who()>{one.proposed_by} " · " {when}</td>
                    <td data-label=t::payback_state()><Chip tone table=true>{state}</Chip></td>
                    <td>{deciding} {own}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_corrections_about()),
        Column::text(t::payback_brand()),
        Column::number(t::payback_amount()),
        Column::text(t::backoffice_proposals_why()),
        Column::text(t::backoffice_settlements_who()),
        Column::text(t::payback_state()),
        Column::hidden(t::backoffice_reviews_decide()),
    ];
    view! { <Table caption=t::backoffice_corrections_title() cards=true tall=true columns>{rows}</Table> }.into_light()
}

fn decision(id: AdjustmentId) -> AnyView {
    view! {
        <details class="confirm">
            <summary class="link">{t::backoffice_reviews_decide()}</summary>
            <form method="post" action="/fn/backoffice/decide_adjustment" class="confirm__card stack stack--8">
                <input type="hidden" name="adjustment" value=id.to_string() />
                <label class="field"><span class="field__label">{t::backoffice_proposals_why()}</span><input class="field__input" name="why" required maxlength="200" /></label>
                <div class="row row--12">
                    <button class="btn btn--key btn--dense" name="decision" value="approve">{t::backoffice_corrections_approve()}</button>
                    <button class="btn btn--secondary btn--dense" name="decision" value="refuse">{t::backoffice_corrections_refuse()}</button>
                </div>
            </form>
        </details>
    }
    .into_light()
}

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    case: DisputeCase,
    opened: String,
    due: String,
    country: Country,
    operates: bool,
    /// Names the correction that this page may propose.
    adjustment: AdjustmentId,
}

/// `/o/dispute?id=<id>`
#[component]
pub(crate) fn CasePage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let (sending, other) = (Sending::new(), Sending::other());
    let page = Resource::new(|| (), move |()| read_dispute(id.clone()));
    view! {
        <Desk current="/o/disputes">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Lines count=6 /> }>
                {move || page.get().map(|page| match page {
                    Ok(case) => one(case, sending, other),
                    Err(error) => view! { <DeskHead title=t::backoffice_disputes_title() /> {refused(&error, "/o/disputes")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn one(page: Case, sending: Sending, other: Sending) -> AnyView {
    let Case { case, opened, due, country, operates, adjustment } = page;
    let DisputeCase { dispute, purchase, movement, line, adjustments } = case;
    let who = if dispute.by_shop { t::backoffice_disputes_by_shop() } else { t::backoffice_disputes_by_consumer() };
    let state = match dispute.state {
        DisputeState::Open => t::backoffice_disputes_state_open(),
        DisputeState::Upheld => t::backoffice_disputes_state_upheld(),
        DisputeState::Refused => t::backoffice_disputes_state_refused(),
    };
    let reason = dispute.reason.clone().map(|reason| view! { <dt>{t::backoffice_proposals_why()}</dt><dd>{reason}</dd> });
    let movement = movement.map(|movement| {
        let units = signed(movement.amount, &kit::locale::unit(movement.unit, movement.amount), country);
        view! { <dt>{t::backoffice_disputes_movement_of()}</dt><dd>{movement_words(&movement.kind)} " " {units} " · " {movement.campaign_name}</dd> }
    });
    let open = dispute.state == DisputeState::Open && operates;
    let id = dispute.id.to_string();
    let putting = open.then(|| right(&id, purchase.as_ref(), line.as_ref(), adjustment, sending)).flatten();
    let closing = open.then(|| {
        let id = id.clone();
        let chosen = RwSignal::new(request::ticked("decision").unwrap_or_else(|| "refuse".to_owned()));
        view! {
            <section class="card stack" aria-labelledby="answer">
                <h2 id="answer" class="h3">{t::backoffice_disputes_answer()}</h2>
                <Form action="/fn/backoffice/resolve_dispute" sending=other fields=&["why"]>
                    <input type="hidden" name="dispute" value=id />
                    <Field id="why" label=t::backoffice_proposals_why() help=t::backoffice_disputes_why_help() required=true maxlength=200 error=other.error("why") />
                    <fieldset class="stack stack--8">
                        <legend class="sr-only">{t::backoffice_disputes_answer()}</legend>
                        <kit::Radio name="decision" value="refuse" title=t::backoffice_disputes_refuse() chosen />
                        <kit::Radio name="decision" value="uphold" title=t::backoffice_disputes_uphold() chosen />
                    </fieldset>
                    <div class="row row--end"><Button submit=true look=Look::Secondary busy=other.busy()>{t::backoffice_reviews_save()}</Button></div>
                </Form>
            </section>
        }
    });
    let traced = purchase.map(|purchase| trace(purchase, country));
    let line = line.map(|line| {
        let currency = line.currency;
        view! { <section class="card card--flush"><div class="panel__head"><h2>{line.brand_name}</h2></div>{payback::line_table(vec![line.line], currency, country)}</section> }
    });
    let proposed = (!adjustments.is_empty()).then(|| {
        let adjustments = adjustments.into_iter().map(|one| { let by = one.proposed_by.clone(); (one, by) }).collect();
        view! { <section class="card card--flush"><div class="panel__head"><h2>{t::backoffice_corrections_title()}</h2></div>{corrections(adjustments, country, operates)}</section> }
    });
    view! {
        <DeskHead title=about(&dispute) crumbs=vec![(t::backoffice_disputes_title().into(), "/o/disputes".into())] />
        <div class="panels panels--main panels--top">
            <div class="stack">
                <section class="card">
                    <dl class="facts">
                        <dt>{t::backoffice_disputes_who()}</dt><dd>{who}</dd>
                        <dt>{t::backoffice_shops_name()}</dt><dd>{dispute.shop_name.clone()}</dd>
                        <dt>{t::backoffice_disputes_opened()}</dt><dd>{opened}</dd>
                        <dt>{t::backoffice_disputes_due()}</dt><dd>{due}</dd>
                        <dt>{t::payback_state()}</dt><dd><Chip>{state}</Chip></dd>
                        {movement}
                        {reason}
                    </dl>
                </section>
                {traced}
                {line}
                {proposed}
            </div>
            <div class="stack">
                {putting}
                {closing}
            </div>
        </div>
    }
    .into_light()
}

/// How an award came about, step by step.
fn steps(trace: &Trace, currency: Currency, country: Country) -> Vec<String> {
    let number = |value| format::integer(value, country);
    let mut steps =
        vec![t::backoffice_trace_counted(&format::money(trace.amount_minor, currency, country), &number(trace.units)).to_string()];
    steps.extend(
        trace.rules.iter().enumerate().map(|(place, gave)| t::backoffice_trace_rule(&number(*gave), &number(place as i64 + 1)).to_string()),
    );
    steps.extend(trace.factors.iter().map(|factor| t::backoffice_trace_factor(&factor.factor.to_string(), &factor.id).to_string()));
    steps.extend(trace.bonuses.iter().map(|bonus| t::backoffice_trace_bonus(&bonus.id, &number(bonus.points)).to_string()));
    steps.extend(trace.caps.iter().map(|cap| t::backoffice_trace_cap(&number(cap.left), &number(cap.room)).to_string()));
    steps.push(t::backoffice_trace_award(&number(trace.award)).to_string());
    steps
}

/// Why a campaign gave nothing.
fn why_nothing(reason: NoAwardReason) -> &'static str {
    match reason {
        NoAwardReason::OutOfDates => t::backoffice_nothing_dates(),
        NoAwardReason::PdvNotInCampaign => t::backoffice_nothing_shop(),
        NoAwardReason::Paused => t::backoffice_nothing_paused(),
        NoAwardReason::NoPli => t::backoffice_nothing_products(),
        NoAwardReason::Holdout => t::backoffice_nothing_control(),
        NoAwardReason::SelfPdv => t::backoffice_nothing_own_shop(),
        NoAwardReason::AgeGate => t::backoffice_nothing_age(),
        NoAwardReason::NotEnrolled => t::backoffice_nothing_enrolment(),
        NoAwardReason::ExcludedByGroup => t::backoffice_nothing_group(),
        NoAwardReason::Settled => t::backoffice_nothing_settled(),
    }
}

/// What the capture was, and what each campaign said about it.
fn trace(purchase: DisputedPurchase, country: Country) -> AnyView {
    let DisputedPurchase { answer, local, .. } = purchase;
    let moment = [format::weekday_date(local.date()), format::time(local)].join(" ");
    let status = match answer.status {
        PurchaseStatus::Accepted => t::backoffice_reviews_counted(),
        PurchaseStatus::Held => t::backoffice_reviews_held(),
        PurchaseStatus::Rejected => t::backoffice_reviews_rejected(),
    };
    let lines = answer
        .lines
        .iter()
        .map(|line| {
            let part = if line.participates { t::backoffice_disputes_takes_part() } else { t::backoffice_disputes_takes_no_part() };
            view! { <li class="row"><span class="grow">{format!("{} × {}", line.quantity, line.name)}</span><Chip>{part}</Chip><span class="num">{format::money(line.amount_minor, answer.currency, country)}</span></li> }
        })
        .collect::<Vec<_>>();
    let awards = answer
        .awards
        .iter()
        .map(|award| {
            let unit = kit::locale::unit(award.unit, award.amount);
            let steps = steps(&award.trace, answer.currency, country).into_iter().map(|step| view! { <li>{step}</li> }).collect::<Vec<_>>();
            view! {
                <li class="stack stack--4">
                    <span class="row"><span class="grow">{award.campaign_name.clone()}</span><span class="num strong">"+"{format::integer(award.amount, country)}" "{unit}</span></span>
                    <details><summary class="link small">{t::backoffice_disputes_trace()}</summary><ul class="small">{steps}</ul></details>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let total = format::money(answer.total_minor, answer.currency, country);
    let silent = answer
        .no_award
        .into_iter()
        .map(|none| view! { <li class="row"><span class="grow">{none.campaign_name}</span><Chip tone=Tone::Warning>{why_nothing(none.reason)}</Chip></li> })
        .collect::<Vec<_>>();
    view! {
        <section class="card stack stack--8">
            <h2 class="h3">{t::backoffice_disputes_capture()}</h2>
            <p class="small">{moment} " · " {status} " · " {total}</p>
            <ul class="stack stack--4">{lines}</ul>
            <h3 class="h3">{t::backoffice_disputes_campaigns()}</h3>
            <ul class="stack stack--8">{awards} {silent}</ul>
        </section>
    }
    .into_light()
}

/// The form that puts it right: a wallet of a campaign, or the debt to the shop.
fn right(
    id: &str,
    purchase: Option<&DisputedPurchase>,
    line: Option<&DisputedLine>,
    adjustment: AdjustmentId,
    sending: Sending,
) -> Option<AnyView> {
    let (target, help) = match (purchase, line) {
        (Some(purchase), _) => {
            let options: Vec<(String, String)> =
                purchase.campaigns.iter().map(|campaign| (campaign.id.to_string(), campaign.name.clone())).collect();
            if options.is_empty() {
                return None;
            }
            let purchase = purchase.answer.purchase_id.to_string();
            let choose = view! {
                <input type="hidden" name="purchase" value=purchase />
                <Choice id="campaign" label=t::backoffice_disputes_campaign() options error=sending.error("campaign") />
            };
            (choose.into_light(), t::backoffice_corrections_units_help())
        }
        (None, Some(line)) => {
            let hidden = view! { <input type="hidden" name="shop" value=line.shop_id.to_string() /> <input type="hidden" name="brand" value=line.brand_id.to_string() /> };
            (hidden.into_light(), t::backoffice_corrections_money_help())
        }
        (None, None) => return None,
    };
    let (id, adjustment) = (id.to_owned(), adjustment.to_string());
    let form = view! {
        <section class="card stack" aria-labelledby="right">
            <h2 id="right" class="h3">{t::backoffice_disputes_right()}</h2>
            <p class="small muted">{t::backoffice_corrections_four_eyes()}</p>
            <Form action="/fn/backoffice/adjust" sending fields=&["amount", "reason", "campaign"]>
                <input type="hidden" name="dispute" value=id />
                <input type="hidden" name="adjustment" value=adjustment />
                {target}
                <Field id="amount" label=t::payback_amount() help inputmode="text" required=true maxlength=12 error=sending.error("amount") />
                <Field id="reason" label=t::backoffice_proposals_why() help=t::backoffice_disputes_why_help() required=true maxlength=200 error=sending.error("reason") />
                <div class="row row--end"><Button submit=true look=Look::Key busy=sending.busy() icon=path::CHECK>{t::backoffice_disputes_right_save()}</Button></div>
            </Form>
            <ButtonLink href="/o/disputes" look=Look::Plain size=Size::Dense>{t::common_back()}</ButtonLink>
        </section>
    };
    Some(form.into_light())
}

/// What waits, and what was corrected.
#[server(prefix = "/fn", endpoint = "backoffice/read_disputes")]
pub async fn read_disputes() -> Result<Cases, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let zone = country.time_zone();
    let queue = loyalty::dispute::queue(&mut tx, &actor, now).await?;
    let times =
        queue.items.iter().map(|one| (kit::when(zone, now, one.opened_at), kit::when(zone, now, one.due_at), one.due_at < now)).collect();
    let adjustments = loyalty::adjustment::list(&mut tx, &actor).await?;
    let adjustments = adjustments
        .into_iter()
        .map(|one| {
            let when = kit::when(zone, now, one.proposed_at);
            (one, when)
        })
        .collect();
    Ok(Cases { queue, times, adjustments, country, operates: actor.operates().is_ok() })
}

/// One case with what explains it.
#[server(prefix = "/fn", endpoint = "backoffice/read_dispute")]
pub async fn read_dispute(dispute: String) -> Result<Case, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let id = dispute.parse().map_err(|_| shared::Problem::not_found())?;
    let case = loyalty::dispute::look(&mut tx, &actor, id).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let (opened, due) =
        (kit::when(country.time_zone(), now, case.dispute.opened_at), kit::when(country.time_zone(), now, case.dispute.due_at));
    Ok(Case { case, opened, due, country, operates: actor.operates().is_ok(), adjustment: tx.new_id() })
}

/// Closes a case with a reason.
#[server(prefix = "/fn", endpoint = "backoffice/resolve_dispute")]
pub async fn resolve_dispute(dispute: String, decision: String, why: String) -> Result<(), UiError> {
    use shared::{Problem, loyalty::correction::NewResolution};
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = dispute.parse().map_err(|_| Problem::not_found())?;
    let closed = loyalty::dispute::resolve(&mut tx, &actor, now, id, &NewResolution { upheld: decision == "uphold", reason: why }).await;
    closed.map_err(|error| match error {
        loyalty::Error::Field("reason") => UiError::from(Problem::field("why", "required", "a reason")),
        other => other.into(),
    })?;
    tx.commit().await?;
    request::go("/o/disputes");
    Ok(())
}

/// Proposes what puts a case right.
#[server(prefix = "/fn", endpoint = "backoffice/adjust")]
pub async fn adjust(
    dispute: String,
    adjustment: String,
    #[server(default)] purchase: String,
    #[server(default)] campaign: String,
    #[server(default)] shop: String,
    #[server(default)] brand: String,
    amount: String,
    reason: String,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        loyalty::correction::{AdjustmentTarget, NewAdjustment},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let unknown = || UiError::from(Problem::not_found());
    let wrong = || UiError::from(Problem::field("amount", "bad_field", "a whole number, with a minus to take away"));
    let typed = amount.trim().trim_start_matches('+');
    let (target, amount) = if purchase.is_empty() {
        let shop_id = shop.parse().map_err(|_| unknown())?;
        let currency = identity::shop::get(&mut tx, shop_id).await?.currency;
        let (sign, digits) = typed.strip_prefix(['-', '−']).map_or((1, typed), |rest| (-1, rest));
        let minor = format::typed_money(digits, currency).ok_or_else(wrong)?;
        (AdjustmentTarget::Shop { shop_id, brand_id: brand.parse().map_err(|_| unknown())? }, sign * minor)
    } else {
        let campaign_id = campaign.parse().map_err(|_| UiError::from(Problem::field("campaign", "bad_field", "a campaign")))?;
        (
            AdjustmentTarget::Wallet { purchase_id: purchase.parse().map_err(|_| unknown())?, campaign_id },
            typed.replace('−', "-").parse().map_err(|_| wrong())?,
        )
    };
    let new = NewAdjustment {
        adjustment_id: Some(adjustment.parse().map_err(|_| unknown())?),
        target,
        amount,
        reason,
        dispute_id: Some(dispute.parse().map_err(|_| unknown())?),
    };
    let rules = request::state::<loyalty::Loyalty>()?;
    loyalty::adjustment::propose(&mut tx, &rules, &actor, now, &new).await?;
    tx.commit().await?;
    request::go("/o/disputes");
    Ok(())
}

/// A second person agrees, or does not.
#[server(prefix = "/fn", endpoint = "backoffice/decide_adjustment")]
pub async fn decide_adjustment(adjustment: String, decision: String, why: String) -> Result<(), UiError> {
    use shared::{Problem, loyalty::correction::NewDecision};
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = adjustment.parse().map_err(|_| Problem::not_found())?;
    let approve = match decision.as_str() {
        "approve" => true,
        "refuse" => false,
        _ => return Err(Problem::field("decision", "bad_field", "approve or refuse").into()),
    };
    let rules = request::state::<loyalty::Loyalty>()?;
    loyalty::adjustment::decide(&mut tx, &rules, &actor, now, id, &NewDecision { approve, reason: why }).await?;
    tx.commit().await?;
    request::go("/o/disputes");
    Ok(())
}
