//! Every movement with its reason.

use kit::{
    Ask, Banner, Chip, Disc, Empty, IntoLight, ListRow, PhoneHead, PhoneShell, SegLinks, SkeletonKind, Tone, UiError, icon::path, kept,
    kept_view, locale, t,
};
use leptos::prelude::*;
use shared::{
    CivilDate, Country, Page, format,
    loyalty::{
        Coming, Movement,
        campaign::CapScope,
        correction::{DisputeState, UnrewardedPurchase},
    },
};

use crate::bar::Bar;

/// `/c/history`
#[component]
pub(crate) fn HistoryPage() -> impl IntoView {
    let show = kit::request::query("show").unwrap_or_default();
    let cursor = kit::request::query("cursor");
    let disputed = kit::request::query("disputed").is_some();
    let first = cursor.is_none() && show.is_empty();
    let name = match (&cursor, show.as_str()) {
        (Some(_), _) => "consumer.history.older",
        (None, "earned") => "consumer.history:earned",
        (None, "used") => "consumer.history:used",
        (None, _) => "consumer.history",
    };
    let mut form = ["show=", if show == "earned" || show == "used" { &show } else { "" }].concat();
    if let Some(cursor) = &cursor {
        form = [&form, "&cursor=", cursor].concat();
    }
    let wanted = show.clone();
    let page =
        kept(Ask { name, path: "/fn/consumer/movements", form }, RwSignal::new(0), move || movements(cursor.clone(), wanted.clone()));
    let links = [("", t::consumer_history_all()), ("earned", t::consumer_history_earned()), ("used", t::consumer_history_used())]
        .into_iter()
        .map(|(value, words)| (["/c/history?show=", value].concat().into(), words.into(), value == show))
        .collect::<Vec<_>>();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_history_title() /> }.into_light()
            bar=view! { <Bar current="/c/history" /> }.into_light()
        >
            {first.then(|| view! { <Ahead /> })}
            <SegLinks label=t::consumer_history_title() links />
            {disputed.then(|| view! { <Banner note=true tone=Tone::Success icon=path::CHECK>{t::dispute_opened()}</Banner> })}
            {kept_view(page, "/c/history", SkeletonKind::Rows, move |page| view! { <Days page show=show.clone() /> }.into_light())}
            {first.then(|| view! { <Silent /> })}
            {first.then(|| view! { <crate::nps::Nps /> })}
        </PhoneShell>
    }
}

/// Dates that are seen without a touch.
const NEXT_DATES: usize = 3;

/// What time will do: every date, not only the next one. Nothing when there is none.
#[component]
fn Ahead() -> impl IntoView {
    let coming =
        kept(Ask { name: "consumer.coming", path: "/fn/consumer/read_coming", form: String::new() }, RwSignal::new(0), read_coming);
    view! {
        <kit::Await fallback=|| ()>
            {move || coming.get().and_then(|shown| shown.value().cloned()).filter(|coming| !coming.is_empty()).map(|coming| {
                let rows = coming
                    .into_iter()
                    .map(|next| {
                        let date = format::weekday_date(next.date);
                        let text = if next.activates { t::consumer_history_coming_activates(&date) } else { t::consumer_history_coming_expires(&date) };
                        let unit = locale::unit(next.unit, next.amount);
                        let (icon, tone) = if next.activates { (path::CLOCK, Tone::Info) } else { (path::HOURGLASS, Tone::Warning) };
                        let lead = view! { <Disc icon tone /> }.into_light();
                        let title = next.campaign_name.unwrap_or(next.brand_name);
                        view! { <li><ListRow title text lead figure=format::integer(next.amount, Country::Co) unit /></li> }
                    })
                    .collect::<Vec<_>>();
                let mut rows = rows;
                let later = rows.split_off(rows.len().min(NEXT_DATES));
                let later = (!later.is_empty()).then(|| view! {
                    <details class="card"><summary class="link">{t::consumer_history_coming_more(later.len() as i64)}</summary> <ul>{later}</ul></details>
                });
                view! { <h2 class="list-head">{t::consumer_history_expiry_title()}</h2> <ul class="card" data-coming>{rows}</ul> {later} }
            })}
        </kit::Await>
    }
}

/// Purchases that gave nothing: one tap says so.
#[component]
fn Silent() -> impl IntoView {
    let silent = kit::once(read_unrewarded);
    view! {
        <kit::Await fallback=|| ()>
            {move || silent.get().and_then(Result::ok).filter(|silent| !silent.is_empty()).map(|silent| {
                let rows = silent
                    .into_iter()
                    .map(|purchase| {
                        let mut text = [&format::weekday_date(purchase.local.date()), " ", &format::time(purchase.local)].concat();
                        if let Some(scope) = purchase.limit {
                            text = [&text, " · ", limit(scope)].concat();
                        }
                        let figure = format::money(purchase.total_minor, purchase.currency, Country::Co);
                        let case = match purchase.dispute {
                            Some(state) => view! { <Chip>{dispute_state(state)}</Chip> }.into_light(),
                            None => say("purchase", purchase.id.to_string(), t::consumer_dispute_not_counted()),
                        };
                        view! { <li class="stack stack--4"><ListRow title=purchase.shop_name text figure /> <div class="list-row__case">{case}</div></li> }
                    })
                    .collect::<Vec<_>>();
                view! { <h2 class="list-head">{t::consumer_dispute_silent()}</h2> <ul class="card" data-silent>{rows}</ul> }
            })}
        </kit::Await>
    }
}

/// What became of a case.
fn dispute_state(state: DisputeState) -> &'static str {
    match state {
        DisputeState::Open => t::dispute_state_open(),
        DisputeState::Upheld => t::dispute_state_upheld(),
        DisputeState::Refused => t::dispute_state_refused(),
    }
}

/// One tap opens a case.
fn say(subject: &'static str, id: String, words: &'static str) -> AnyView {
    view! {
        <form method="post" action="/fn/consumer/dispute">
            <input type="hidden" name=subject value=id />
            <button class="link small">{words}</button>
        </form>
    }
    .into_light()
}

#[component]
fn Days(page: Page<Movement>, show: String) -> impl IntoView {
    // The server was asked for these alone; what this phone kept for when there is no network may be all of them.
    let wanted = |movement: &Movement| match show.as_str() {
        "earned" => movement.amount > 0,
        "used" => movement.amount < 0,
        _ => true,
    };
    let mut days: Vec<(CivilDate, Vec<AnyView>)> = Vec::new();
    for movement in page.items.into_iter().filter(wanted) {
        let date = movement.local.date();
        let row = view! { <Row movement /> }.into_light();
        match days.last_mut() {
            Some((day, rows)) if *day == date => rows.push(row),
            _ => days.push((date, vec![row])),
        }
    }
    if days.is_empty() && page.next_cursor.is_none() {
        let (title, text) = match show.as_str() {
            "earned" => (t::consumer_history_none_earned(), t::consumer_history_empty_text()),
            "used" => (t::consumer_history_none_used(), t::consumer_history_none_used_text()),
            _ => (t::consumer_history_empty_title(), t::consumer_history_empty_text()),
        };
        return view! { <Empty title text icon=path::CLOCK_COUNTER_CLOCKWISE /> }.into_light();
    }
    let days = days
        .into_iter()
        .map(|(date, rows)| view! { <h2 class="list-head">{format::weekday_date(date)}</h2> <ul class="card">{rows}</ul> })
        .collect::<Vec<_>>();
    let more = page.next_cursor.map(|cursor| view! { <a class="btn btn--soft btn--wide" href=["/c/history?show=", &show, "&cursor=", &cursor].concat()>{t::consumer_history_more()}</a> });
    view! { {days} {more} }.into_light()
}

#[component]
fn Row(movement: Movement) -> impl IntoView {
    let gain = movement.amount > 0;
    let country = Country::Co;
    let figure = if gain { ["+", &format::integer(movement.amount, country)].concat() } else { format::integer(movement.amount, country) };
    let unit = locale::unit(movement.unit, movement.amount);
    let (icon, tone) = if gain { (path::PLUS, Tone::Success) } else { (path::GIFT, Tone::Primary) };
    let title = movement.shop_name.unwrap_or_else(|| movement.campaign_name.clone());
    let reward = movement.reward_name.unwrap_or_default();
    let why = match movement.kind.as_str() {
        "REWARD_ISSUE" => t::consumer_history_reward_issued(&reward),
        "RESERVE" => t::consumer_history_reserved(&reward),
        "RELEASE" => t::consumer_history_released(&reward),
        "REFUND" | "REWARD_CANCEL" => t::consumer_history_refunded(&reward),
        "ACTIVATE" => t::consumer_history_activated().to_owned(),
        "EXPIRE" => t::consumer_history_expired().to_owned(),
        "REVERSE" if movement.because.is_empty() => t::consumer_history_return().to_owned(),
        "DEBT_REPAY" => t::consumer_history_repaid().to_owned(),
        _ => earned(&movement.because, movement.amount, movement.limit),
    };
    let case = match (movement.dispute, movement.id) {
        (Some(state), _) => view! { <Chip>{dispute_state(state)}</Chip> }.into_light(),
        (None, Some(id)) => say("movement", id.to_string(), t::consumer_dispute_wrong()),
        (None, None) => ().into_light(),
    };
    view! {
        <li class="stack stack--4">
            <ListRow title text=why lead=view! { <Disc icon tone /> }.into_light() figure unit gain>
                <Chip>{movement.brand_name}" · "{movement.campaign_name}</Chip>
                <span class="micro faint">{format::time(movement.local)}</span>
            </ListRow>
            <div class="list-row__case">{case}</div>
        </li>
    }
}

/// What it was for, what it came to, and which limit took something of it: `2 × Cola = 10, límite del día`.
fn earned(because: &[String], amount: i64, limited: Option<CapScope>) -> String {
    let lines = because.join(" + ");
    match limited {
        Some(scope) => [&lines, " = ", &format::integer(amount, Country::Co), ", ", limit(scope)].concat(),
        None => lines,
    }
}

fn limit(scope: CapScope) -> &'static str {
    match scope {
        CapScope::Purchase => t::limit_purchase(),
        CapScope::ConsumerPdvDay => t::limit_consumer_pdv_day(),
        CapScope::ConsumerDay => t::limit_consumer_day(),
        CapScope::ConsumerWeek => t::limit_consumer_week(),
        CapScope::ConsumerMonth => t::limit_consumer_month(),
        CapScope::ConsumerCampaign => t::limit_consumer_campaign(),
        CapScope::PdvDay => t::limit_pdv_day(),
        CapScope::Campaign => t::limit_campaign(),
    }
}

/// Purchases of the asker that gave nothing.
#[server(prefix = "/fn", endpoint = "consumer/read_unrewarded")]
pub async fn read_unrewarded() -> Result<Vec<UnrewardedPurchase>, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    Ok(loyalty::dispute::unrewarded(&mut tx, &actor, now).await?)
}

/// Says that a movement is not correct, or that a purchase gave nothing.
#[server(prefix = "/fn", endpoint = "consumer/dispute")]
pub async fn open_dispute(#[server(default)] movement: String, #[server(default)] purchase: String) -> Result<(), UiError> {
    use shared::{
        Problem,
        loyalty::correction::{Claim, NewDispute, Subject},
    };
    let (mut tx, actor, now) = kit::request::begin().await?;
    actor.consumer()?;
    let new = match (movement.parse(), purchase.parse()) {
        (Ok(entry), _) => NewDispute { subject: Subject::Movement(entry), claim: Claim::Wrong },
        (_, Ok(purchase)) => NewDispute { subject: Subject::Purchase(purchase), claim: Claim::NotCounted },
        _ => return Err(Problem::not_found().into()),
    };
    loyalty::dispute::open(&mut tx, &actor, now, &new).await?;
    tx.commit().await?;
    kit::request::go("/c/history?disputed=1");
    Ok(())
}

/// A page of the asker's movements: all, or what she `earned` or `used`.
#[server(prefix = "/fn", endpoint = "consumer/movements")]
pub async fn movements(cursor: Option<String>, #[server(default)] show: String) -> Result<Page<Movement>, UiError> {
    use loyalty::history::{self, Which};
    let (mut tx, actor, _) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    let which = match show.as_str() {
        "earned" => Which::Earned,
        "used" => Which::Used,
        _ => Which::All,
    };
    Ok(history::movements(&mut tx, &actor, consumer, which, cursor.as_deref(), 50).await?)
}

/// The dates that concern the asker's points, soonest first.
#[server(prefix = "/fn", endpoint = "consumer/read_coming")]
pub async fn read_coming() -> Result<Vec<Coming>, UiError> {
    let (mut tx, actor, now) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    Ok(loyalty::history::coming(&mut tx, &actor, now, consumer).await?)
}
