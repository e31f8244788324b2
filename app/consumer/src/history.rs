//! Every movement with its reason.

use kit::{Ask, Chip, Disc, Empty, IntoLight, ListRow, PhoneHead, PhoneShell, SegLinks, SkeletonKind, Tone, UiError, icon::path, kept, kept_view, t};
use leptos::prelude::*;
use shared::{CivilDate, Country, Page, format, loyalty::{Movement, campaign::Unit}};

use crate::bar::Bar;

/// `/c/history`
#[component]
pub(crate) fn HistoryPage() -> impl IntoView {
    let show = kit::request::query("show").unwrap_or_default();
    let cursor = kit::request::query("cursor");
    let name = if cursor.is_some() { "consumer.history.older" } else { "consumer.history" };
    let page = kept(Ask { name, path: "/fn/consumer/movements", form: cursor.as_ref().map(|cursor| ["cursor=", cursor].concat()).unwrap_or_default() }, RwSignal::new(0), move || movements(cursor.clone()));
    let links = [("", t::consumer_history_all()), ("earned", t::consumer_history_earned()), ("used", t::consumer_history_used())]
        .into_iter()
        .map(|(value, words)| (["/c/history?show=", value].concat().into(), words.into(), value == show))
        .collect::<Vec<_>>();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_history_title() /> }.into_light()
            bar=view! { <Bar current="/c/history" /> }.into_light()
        >
            <SegLinks label=t::consumer_history_title() links />
            {kept_view(page, "/c/history", SkeletonKind::Rows, move |page| view! { <Days page show=show.clone() /> }.into_light())}
        </PhoneShell>
    }
}

#[component]
fn Days(page: Page<Movement>, show: String) -> impl IntoView {
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
    if days.is_empty() {
        return view! { <Empty title=t::consumer_history_empty_title() text=t::consumer_history_empty_text() icon=path::CLOCK_COUNTER_CLOCKWISE /> }.into_light();
    }
    let days = days.into_iter().map(|(date, rows)| view! { <h2 class="list-head">{format::weekday_date(date)}</h2> <ul class="card">{rows}</ul> }).collect::<Vec<_>>();
    let more = page.next_cursor.map(|cursor| view! { <a class="btn btn--soft btn--wide" href=["/c/history?cursor=", &cursor].concat()>{t::consumer_history_more()}</a> });
    view! { {days} {more} }.into_light()
}

#[component]
fn Row(movement: Movement) -> impl IntoView {
    let gain = movement.amount > 0;
    let country = Country::Co;
    let figure = if gain { ["+", &format::integer(movement.amount, country)].concat() } else { format::integer(movement.amount, country) };
    let unit = if movement.unit == Unit::Points { t::consumer_points_unit() } else { t::consumer_stamps_unit() };
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
        "REVERSE" => t::consumer_history_return().to_owned(),
        "DEBT_REPAY" => t::consumer_history_repaid().to_owned(),
        "TRANSFER_IN" | "TRANSFER_OUT" => t::consumer_history_transferred().to_owned(),
        _ => movement.because.join(", "),
    };
    view! {
        <li>
            <ListRow title text=why lead=view! { <Disc icon tone /> }.into_light() figure unit gain>
                <Chip>{movement.brand_name}" · "{movement.campaign_name}</Chip>
                <span class="micro faint">{format::time(movement.local)}</span>
            </ListRow>
        </li>
    }
}

/// A page of the asker's movements.
#[server(prefix = "/fn", endpoint = "consumer/movements")]
pub async fn movements(cursor: Option<String>) -> Result<Page<Movement>, UiError> {
    let (mut tx, actor, _) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    Ok(loyalty::history::movements(&mut tx, &actor, consumer, cursor.as_deref(), 50).await?)
}
