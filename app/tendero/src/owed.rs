//! What brands owe the shop, since when, and its statements. Only its owner sees them.

use kit::{
    Ask, Avatar, Await, Banner, Button, Chip, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, SectionHead, Skeleton,
    SkeletonKind, Tone, UiError, icon::path, kept, kept_view, once, payback, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, Page, format,
    loyalty::{
        correction::{Dispute, DisputeState},
        payback::{Ageing, Owed, Statement, StatementDetail, StatementLine},
    },
};

use crate::{bar::Bar, queue_page::SyncBanner};

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accounts {
    owner: bool,
    country: Country,
    /// Largest first; empty for a cashier.
    owed: Vec<Owed>,
    /// Newest first; empty for a cashier.
    statements: Vec<Statement>,
    /// What the shop said is wrong; empty for a cashier.
    disputes: Vec<Dispute>,
    /// The month's account comes to her telephone.
    #[serde(default)]
    monthly: bool,
}

/// `/t/owed`
#[component]
pub(crate) fn OwedPage() -> impl IntoView {
    let accounts = kept(Ask { name: "tendero.owed", path: "/fn/tendero/read_owed", form: String::new() }, RwSignal::new(0), read_owed);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_accounts_title() /> <SyncBanner /> }.into_light()
            bar=view! { <Bar current="/t/owed" /> }.into_light()
        >
            {kept_view(accounts, "/t/owed", SkeletonKind::Rows, shown)}
        </PhoneShell>
    }
}

fn shown(accounts: Accounts) -> AnyView {
    let Accounts { owner, country, owed, statements, disputes, monthly } = accounts;
    if !owner {
        return view! { <Empty title=t::tendero_accounts_title() text=t::tendero_accounts_cashier() icon=path::LOCK_SIMPLE /> }
            .into_light();
    }
    if owed.is_empty() {
        return view! { <Empty title=t::tendero_accounts_empty_title() text=t::tendero_accounts_empty_text() icon=path::HAND_COINS /> }
            .into_light();
    }
    let own = country.currency();
    let total: i64 = owed.iter().filter(|owed| owed.currency == own).map(Owed::owed_minor).sum();
    let since = owed.iter().filter_map(|owed| owed.ageing.oldest).min();
    let brands = owed.into_iter().map(|owed| brand(owed, country)).collect::<Vec<_>>();
    let none = statements.is_empty();
    let statements = statements.into_iter().map(|statement| row(statement, country)).collect::<Vec<_>>();
    view! {
        <section class="card card--pad card--deep owed">
            <span class="owed__label">{t::tendero_accounts_total()}</span>
            <span class="owed__figure" data-owed=total>{format::money(total, own, country)}</span>
            {since.map(|date| view! { <span class="owed__note">{t::tendero_accounts_since(&format::date(date))}</span> })}
        </section>
        {brands}
        <SectionHead title=t::tendero_accounts_statements() />
        {none.then(|| view! { <p class="muted">{t::tendero_accounts_no_statements()}</p> })}
        <ul class="card">{statements}</ul>
        {cases(disputes)}
        {by_phone(monthly)}
    }
    .into_light()
}

/// Whether the month's account comes to her telephone: she decides, and as easily again.
fn by_phone(monthly: bool) -> AnyView {
    let (text, words, look) = if monthly {
        (t::tendero_monthly_on(), t::tendero_monthly_end(), Look::Secondary)
    } else {
        (t::tendero_monthly_text(), t::tendero_monthly_ask(), Look::Secondary)
    };
    view! {
        <SectionHead title=t::tendero_monthly_title() />
        <form method="post" action="/fn/tendero/decide_monthly" class="card card--pad stack">
            <input type="hidden" name="granted" value=(!monthly).to_string() />
            <p>{text}</p>
            <Button submit=true look>{words}</Button>
        </form>
    }
    .into_light()
}

/// What the shop said is wrong, and what became of it.
fn cases(disputes: Vec<Dispute>) -> Option<AnyView> {
    let rows: Vec<_> = disputes
        .into_iter()
        .map(|one| {
            let title = match one.state {
                DisputeState::Open => t::dispute_state_open(),
                DisputeState::Upheld => t::dispute_state_upheld(),
                DisputeState::Refused => t::dispute_state_refused(),
            };
            view! { <li><ListRow title text=one.reason.unwrap_or_default() /></li> }
        })
        .collect();
    (!rows.is_empty()).then(|| view! { <SectionHead title=t::dispute_yours() /> <ul class="card">{rows}</ul> }.into_light())
}

fn brand(owed: Owed, country: Country) -> AnyView {
    let money = |minor| format::money(minor, owed.currency, country);
    let text = match owed.ageing.oldest {
        Some(oldest) => [&t::tendero_owed_rewards(owed.rewards), " · ", &t::tendero_accounts_since(&format::date(oldest))].concat(),
        None => t::tendero_accounts_settled().to_owned(),
    };
    let lead = view! { <Avatar name=owed.brand_name.clone() colour=owed.brand_colour.clone() /> }.into_light();
    let facts = [
        (t::tendero_accounts_open(), owed.open_minor),
        (t::tendero_accounts_in_statement(), owed.in_statement_minor),
        (t::tendero_accounts_paid(), owed.paid_minor),
    ];
    let facts = facts
        .into_iter()
        .map(|(words, minor)| view! { <li class="row"><span class="grow">{words}</span><span class="num">{money(minor)}</span></li> })
        .collect::<Vec<_>>();
    let figure = money(owed.owed_minor());
    let ages = ages(owed.ageing, money);
    view! {
        <section class="card" data-brand=owed.brand_id.to_string()>
            <ListRow title=owed.brand_name text lead figure />
            <ul class="stack stack--4 card--pad small">{facts}</ul>
            {ages}
        </section>
    }
    .into_light()
}

/// Nothing while all of it is young: then the date says enough.
fn ages(ageing: Ageing, money: impl Fn(i64) -> String) -> Option<AnyView> {
    let words = [t::tendero_accounts_age_30(), t::tendero_accounts_age_60(), t::tendero_accounts_age_90(), t::tendero_accounts_age_more()];
    let old = ageing.minor[1..].iter().any(|minor| *minor > 0);
    old.then(|| {
        let rows = words.into_iter().zip(ageing.minor).filter(|(_, minor)| *minor > 0).map(|(words, minor)| view! { <li class="row"><span class="grow">{words}</span><span class="num">{money(minor)}</span></li> }).collect::<Vec<_>>();
        view! {
            <details class="card--pad small"><summary class="link">{t::tendero_accounts_by_age()}</summary><ul class="stack stack--4">{rows}</ul></details>
        }
        .into_light()
    })
}

fn row(statement: Statement, country: Country) -> AnyView {
    let (state, tone) = payback::statement_state(statement.state);
    let figure = format::money(statement.amount_minor, statement.currency, country);
    let text = payback::statement_period(&statement);
    let lead = view! { <Avatar name=statement.brand_name.clone() colour=statement.brand_colour.clone() /> }.into_light();
    let href = ["/t/statement?id=", &statement.id.to_string()].concat();
    view! { <li><ListRow title=statement.brand_name text lead figure href><Chip tone>{state}</Chip></ListRow></li> }.into_light()
}

/// One statement with its lines.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    detail: StatementDetail,
    lines: Page<StatementLine>,
    country: Country,
}

/// `/t/statement?id=<id>&after=<cursor>`
#[component]
pub(crate) fn StatementPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let disputed = request::query("disputed").is_some();
    let statement = once(move || read_statement(id.clone(), after.clone()));
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::payback_statement() back="/t/owed" /> }.into_light()
            bar=view! { <Bar current="/t/owed" /> }.into_light()
        >
            {disputed.then(|| view! { <Banner tone=Tone::Success note=true icon=path::CHECK>{t::dispute_opened()}</Banner> })}
            <Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || statement.get().map(|statement| match statement {
                    Ok(shown) => one(shown),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/t/owed" /> }.into_light(),
                })}
            </Await>
        </PhoneShell>
    }
}

fn one(shown: Shown) -> AnyView {
    let Shown { detail: StatementDetail { statement, payments }, lines, country } = shown;
    let money = |minor| format::money(minor, statement.currency, country);
    let (state, tone) = payback::statement_state(statement.state);
    let paid = payments
        .into_iter()
        .map(|payment| {
            let text = [payment.reference.as_str(), &format::date(payment.paid_date)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ");
            view! { <li><ListRow title=payback::payment_kind(payment.kind) text figure=money(payment.amount_minor) /></li> }
        })
        .collect::<Vec<_>>();
    let unpaid = paid.is_empty();
    let rows = lines
        .items
        .into_iter()
        .map(|line| {
            let text =
                [payback::line_kind(&line.kind), " · ", &format::weekday_date(line.local.date()), " ", &format::time(line.local)].concat();
            let (entry, back) = (line.entry_id.to_string(), statement.id.to_string());
            view! {
                <li class="stack stack--4">
                    <ListRow title=line.what text figure=money(line.amount_minor) />
                    <form method="post" action="/fn/tendero/dispute" class="card--pad">
                        <input type="hidden" name="line" value=entry />
                        <input type="hidden" name="statement" value=back />
                        <button class="link small">{t::dispute_shop()}</button>
                    </form>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let more = lines.next_cursor.map(|cursor| {
        let href = ["/t/statement?id=", &statement.id.to_string(), "&after=", &cursor].concat();
        view! { <a class="btn btn--soft btn--wide" href=href>{t::tendero_statement_more()}</a> }
    });
    let amount = money(statement.amount_minor);
    let left = statement.left_minor();
    view! {
        <section class="card card--pad card--deep owed">
            <span class="owed__label">{t::tendero_statement_left()}</span>
            <span class="owed__figure" data-left=left>{money(left)}</span>
            <span class="owed__note">{statement.brand_name.clone()}" · "{payback::statement_period(&statement)}</span>
            <Chip tone>{state}</Chip>
        </section>
        <ul class="card"><li><ListRow title=t::payback_amount() text=t::payback_lines() figure=amount unit=format::integer(statement.lines, country) /></li></ul>
        <SectionHead title=t::payback_payments() />
        {unpaid.then(|| view! { <p class="muted">{t::payback_payments_none()}</p> })}
        <ul class="card" data-payments>{paid}</ul>
        <SectionHead title=t::payback_lines_title() />
        <ul class="card" data-lines>{rows}</ul>
        {more}
    }
    .into_light()
}

/// What brands owe the asker's shop; nothing for a cashier but that she is one.
#[server(prefix = "/fn", endpoint = "tendero/read_owed")]
pub async fn read_owed() -> Result<Accounts, UiError> {
    use loyalty::payback::{
        owed,
        statement::{self, Of},
    };
    const STATEMENTS: i64 = 50;
    let (mut tx, actor, now) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (_, shop, role) = actor.member()?;
    let country = identity::shop::get(&mut tx, shop).await?.country;
    if role != shared::identity::MemberRole::Owner {
        return Ok(Accounts { owner: false, country, owed: Vec::new(), statements: Vec::new(), disputes: Vec::new(), monthly: false });
    }
    let owed = owed::of_own_shop(&mut tx, &actor, now).await?;
    let statements = statement::list(&mut tx, &actor, Of::OwnShop, None, STATEMENTS).await?.items;
    let disputes = loyalty::dispute::own(&mut tx, &actor).await?;
    let monthly = loyalty::payback::monthly::wanted(&mut tx, &actor).await?;
    Ok(Accounts { owner: true, country, owed, statements, disputes, monthly })
}

/// The owner wants the month's account on her telephone, or no more.
#[server(prefix = "/fn", endpoint = "tendero/decide_monthly")]
pub async fn decide_monthly(granted: bool) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let parts = use_context::<http::request::Parts>();
    let device = parts.and_then(|parts| Some(parts.headers.get(http::header::USER_AGENT)?.to_str().ok()?.to_owned())).unwrap_or_default();
    loyalty::payback::monthly::decide(&mut tx, &actor, now, granted, &device).await?;
    tx.commit().await?;
    request::go("/t/owed");
    Ok(())
}

/// One statement of the asker's shop. Its owner only.
#[server(prefix = "/fn", endpoint = "tendero/read_statement")]
pub async fn read_statement(statement: String, #[server(default)] after: String) -> Result<Shown, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (_, shop) = actor.owner()?;
    let id = statement.parse().map_err(|_| shared::Problem::not_found())?;
    let detail = loyalty::payback::statement::get(&mut tx, &actor, id).await?;
    let lines = loyalty::payback::statement::lines(&mut tx, &actor, id, Some(after.as_str()).filter(|after| !after.is_empty()), 50).await?;
    let country = identity::shop::get(&mut tx, shop).await?.country;
    Ok(Shown { detail, lines, country })
}

/// Says that a capture that is held or was rejected, or a line of a statement, is not right.
#[server(prefix = "/fn", endpoint = "tendero/dispute")]
pub async fn open_dispute(
    #[server(default)] purchase: String,
    #[server(default)] line: String,
    #[server(default)] statement: String,
) -> Result<(), UiError> {
    use shared::{
        Problem, PurchaseId, StatementId,
        loyalty::correction::{Claim, NewDispute, Subject},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.member()?;
    let (subject, back) = match (purchase.parse::<PurchaseId>(), line.parse(), statement.parse::<StatementId>()) {
        (Ok(purchase), ..) => (Subject::Purchase(purchase), format!("/t/sale?id={purchase}&disputed=1")),
        (_, Ok(line), Ok(statement)) => (Subject::StatementLine(line), format!("/t/statement?id={statement}&disputed=1")),
        _ => return Err(Problem::not_found().into()),
    };
    loyalty::dispute::open(&mut tx, &actor, now, &NewDispute { subject, claim: Claim::Wrong }).await?;
    tx.commit().await?;
    request::go(&back);
    Ok(())
}
