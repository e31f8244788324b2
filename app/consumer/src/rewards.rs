//! Rewards: those that wait with their code, those that points can buy, and those that were.

use kit::{
    Ask, Avatar, BarTone, Button, ButtonLink, Chip, Empty, Form, IntoLight, ListRow, Look, PhoneHead, PhoneShell, QrCard, SectionHead,
    Sending, SkeletonKind, UiError, icon::path, kept, kept_view, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, LocalTime, RewardId, RewardInstanceId, Timestamp, format,
    loyalty::{CatalogueReward, RewardInstance, RewardStatus},
    time::MINUTE_MS,
};

use crate::bar::Bar;

/// Hers, oldest first, and what she can choose.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rewards {
    mine: Vec<RewardInstance>,
    offers: Vec<CatalogueReward>,
    country: Country,
    #[serde(default)]
    goals: Vec<Goal>,
    /// Of her tickets, by their shops' walls.
    #[serde(default)]
    bound: Vec<Bound>,
    /// The server's clock when it answered.
    #[serde(default)]
    now: Timestamp,
}

/// Until when a ticket is good, and until when it binds its reward, by the shop's wall.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Bound {
    reward: RewardInstanceId,
    until: LocalTime,
    bound_until: LocalTime,
}

/// `mié 11 mar 10:02`
fn moment(at: LocalTime) -> String {
    [&format::weekday_date(at.date()), " ", &format::time(at)].concat()
}

/// By the phone's clock as the server corrected it; by the server's own where the page is made.
fn now_on(read_at: Timestamp) -> Timestamp {
    match kit::net::device_ms() {
        0 => read_at,
        device_ms => Timestamp(device_ms + kit::net::net().skew_ms.get_untracked()),
    }
}

/// A goal that she and her neighbours are reaching, in words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Goal {
    reward: String,
    text: String,
    permille: u32,
    note: String,
}

fn asked() -> kit::Kept<Rewards> {
    kept(Ask { name: "consumer.rewards", path: "/fn/consumer/read_rewards", form: String::new() }, RwSignal::new(0), read_rewards)
}

/// `/c/rewards`
#[component]
pub(crate) fn RewardsPage() -> impl IntoView {
    let rewards = asked();
    let sending = Sending::new();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_rewards_title() /> }.into_light()
            bar=view! { <Bar current="/c/rewards" /> }.into_light()
        >
            {kept_view(rewards, "/c/rewards", SkeletonKind::Rows, move |rewards| list(rewards, sending))}
        </PhoneShell>
    }
}

fn list(rewards: Rewards, sending: Sending) -> AnyView {
    if rewards.mine.is_empty() && rewards.offers.is_empty() && rewards.goals.is_empty() {
        return view! {
            <Empty title=t::consumer_rewards_empty_title() text=t::consumer_rewards_empty_text() icon=path::GIFT>
                <ButtonLink href="/c/" look=Look::Key>{t::consumer_rewards_empty_action()}</ButtonLink>
            </Empty>
        }
        .into_light();
    }
    let country = rewards.country;
    let goals = (!rewards.goals.is_empty()).then(|| {
        let each = rewards.goals.into_iter().map(|goal| {
            view! {
                <li class="stack" data-goal=goal.permille>
                    <ListRow title=goal.reward text=goal.text />
                    <kit::Bar permille=goal.permille tone=BarTone::Primary />
                    <p class="small muted">{goal.note}</p>
                </li>
            }
        });
        view! { <SectionHead title=t::consumer_goals() /> <ul class="card">{each.collect::<Vec<_>>()}</ul> }
    });
    let (waiting, done): (Vec<_>, Vec<_>) = rewards.mine.into_iter().rev().partition(waits);
    let bound = rewards.bound;
    let (reachable, soon): (Vec<_>, Vec<_>) = rewards.offers.into_iter().partition(|offer| offer.have >= offer.cost && !offer.in_debt);
    let mine = |title: &'static str, rewards: Vec<RewardInstance>| {
        (!rewards.is_empty())
            .then(|| view! { <SectionHead title=title /> <ul class="card">{alike(rewards, &bound).into_iter().map(row).collect::<Vec<_>>()}</ul> })
    };
    let offers = |title: &'static str, offers: Vec<CatalogueReward>| {
        (!offers.is_empty()).then(|| view! { <SectionHead title=title /> <ul class="card">{offers.into_iter().map(|offer| offered(offer, country, sending)).collect::<Vec<_>>()}</ul> })
    };
    view! {
        {mine(t::consumer_rewards_ready(), waiting)}
        {goals}
        {offers(t::consumer_rewards_reachable(), reachable)}
        {offers(t::consumer_rewards_soon(), soon)}
        {mine(t::consumer_rewards_done(), done)}
    }
    .into_light()
}

/// A shop can hand it over.
fn waits(reward: &RewardInstance) -> bool {
    matches!(reward.status, RewardStatus::Issued | RewardStatus::Reserved)
}

/// Rewards that read alike are one row with how many they are, where the first of them stands. It leads to the last: the
/// oldest is handed over first.
fn alike(rewards: Vec<RewardInstance>, bound: &[Bound]) -> Vec<(RewardInstance, String, usize)> {
    let mut rows: Vec<(RewardInstance, String, usize)> = Vec::new();
    for reward in rewards {
        let text = state(&reward, bound);
        let same = |(known, told, _): &&mut (RewardInstance, String, usize)| {
            (&known.name, &known.brand_name, known.goal_id, waits(known), told.as_str())
                == (&reward.name, &reward.brand_name, reward.goal_id, waits(&reward), text.as_str())
        };
        match rows.iter_mut().find(same) {
            Some(known) => *known = (reward, text, known.2 + 1),
            None => rows.push((reward, text, 1)),
        }
    }
    rows
}

/// How it stands, in words.
fn state(reward: &RewardInstance, bound: &[Bound]) -> String {
    let bound = bound.iter().find(|bound| bound.reward == reward.id);
    let fetched = reward.ticket.as_ref().zip(bound).map(|(ticket, bound)| t::consumer_ticket_for(&ticket.shop_name, &moment(bound.until)));
    match (reward.status, reward.reserved_until) {
        (RewardStatus::Issued | RewardStatus::Reserved, _) if fetched.is_some() => fetched.unwrap_or_default(),
        (RewardStatus::Reserved, Some(until)) => t::consumer_rewards_held(&clock(until)),
        (RewardStatus::Issued | RewardStatus::Reserved, _) => t::consumer_rewards_ready_one().to_owned(),
        (RewardStatus::Delivered, _) => match reward.delivered_at {
            Some(at) => t::consumer_rewards_received(&format::date(kit::net::on_the_wall(at).date())),
            None => t::consumer_reward_done_title().to_owned(),
        },
        (RewardStatus::Lapsed, _) => t::consumer_rewards_lapsed().to_owned(),
        (RewardStatus::Cancelled, _) => t::consumer_rewards_cancelled().to_owned(),
    }
}

fn row((reward, text, count): (RewardInstance, String, usize)) -> AnyView {
    let href = waits(&reward).then(|| ["/c/reward/", &reward.id.to_string()].concat());
    let lead = view! { <Avatar name=reward.brand_name.clone() colour=reward.brand_colour.clone() /> }.into_light();
    let text = [&reward.brand_name, " · ", &text].concat();
    let several = (count > 1).then(|| view! { <Chip>{t::consumer_rewards_several(&count.to_string())}</Chip> }.into_light());
    match href {
        Some(href) => view! { <li><ListRow title=reward.name text lead href>{several}</ListRow></li> }.into_light(),
        None => view! { <li><ListRow title=reward.name text lead>{several}</ListRow></li> }.into_light(),
    }
}

/// A reward of the catalogue: how far her points go, and the button when they go far enough.
fn offered(offer: CatalogueReward, country: Country, sending: Sending) -> AnyView {
    let figure = |points: i64| format::integer(points, country);
    let reached = offer.have >= offer.cost && !offer.in_debt;
    let permille = u32::try_from(offer.have.saturating_mul(1000) / offer.cost.max(1)).unwrap_or(1000);
    let missing = offer.cost - offer.have;
    let note = if offer.in_debt {
        t::consumer_rewards_in_debt().to_owned()
    } else if reached {
        offer.stock_left.map(t::consumer_rewards_stock).unwrap_or_default()
    } else {
        t::consumer_rewards_missing(missing, &figure(missing))
    };
    let lead = view! { <Avatar name=offer.brand_name.clone() colour=offer.brand_colour.clone() /> }.into_light();
    let price = if reached {
        t::consumer_rewards_cost(&figure(offer.cost), &figure(offer.have))
    } else {
        t::consumer_rewards_progress(&figure(offer.have), &figure(offer.cost))
    };
    let choose = reached.then(|| {
        view! {
            <Form action="/fn/consumer/reserve" sending class="">
                <input type="hidden" name="reward" value=offer.reward_id.to_string() />
                <Button submit=true wide=true look=Look::Key busy=sending.busy()>{t::consumer_rewards_choose()}</Button>
            </Form>
        }
    });
    view! {
        <li class="stack">
            <ListRow title=offer.name text=[&offer.brand_name, " · ", &price].concat() lead />
            {(!reached).then(|| view! { <kit::Bar permille=permille tone=BarTone::Primary /> })}
            {(!note.is_empty()).then(|| view! { <p class="small muted">{note}</p> })}
            {choose}
        </li>
    }
    .into_light()
}

/// `16:05` on this phone's wall.
fn clock(at: Timestamp) -> String {
    format::time(kit::net::on_the_wall(at))
}

/// `/c/reward/<id>`, and the answer for every other address of the front.
#[component]
pub(crate) fn RewardCodePage(
    /// The address.
    path: String,
) -> impl IntoView {
    let Some(id) = path.strip_prefix("/c/reward/").map(str::to_owned) else {
        return nowhere();
    };
    let rewards = asked();
    let sending = Sending::new();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_reward_code_title() back="/c/rewards" /> }.into_light()
            bar=view! { <Bar current="/c/rewards" /> }.into_light()
        >
            {kept_view(rewards, "/c/rewards", SkeletonKind::Cards, move |rewards| {
                let (bound, now) = (rewards.bound, now_on(rewards.now));
                match rewards.mine.into_iter().find(|reward| id == reward.id.to_string()) {
                    Some(reward) => one(reward, &bound, now, sending),
                    None => {
                        kit::request::missing();
                        view! { <Empty title=t::common_not_found_title() text=t::consumer_rewards_empty_text() page=true /> }.into_light()
                    }
                }
            })}
        </PhoneShell>
    }
    .into_light()
}

/// No page has this address.
fn nowhere() -> AnyView {
    kit::request::missing();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::common_not_found_title() back="/c/" /> }.into_light()
            bar=view! { <Bar current="" /> }.into_light()
        >
            <Empty title=t::common_not_found_title() text=t::common_not_found_text() page=true>
                <ButtonLink href="/c/" look=Look::Key>{t::consumer_rewards_empty_action()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
    .into_light()
}

fn one(reward: RewardInstance, bound: &[Bound], now: Timestamp, sending: Sending) -> AnyView {
    let (id, until) = (reward.id, reward.reserved_until);
    let bound = bound.iter().find(|bound| bound.reward == id);
    match (reward.code, reward.ticket.zip(bound)) {
        (Some(code), Some((ticket, bound))) => {
            let good = now < ticket.until;
            let words = if good {
                t::consumer_ticket_for(&ticket.shop_name, &moment(bound.until))
            } else {
                t::consumer_ticket_over(&ticket.shop_name, &moment(bound.bound_until))
            };
            let text = if good { ticket.text } else { code.clone() };
            let shown = text.clone();
            view! {
                <div data-code=code.clone() data-ticket=good.to_string() data-text=shown>
                    <QrCard text=Signal::stored(text) label=t::consumer_reward_code_label() full=good>
                        <div class="qr-card__foot">
                            <div>
                                <p class="qr-card__name">{reward.name}</p>
                                <p class="small">{words}</p>
                            </div>
                        </div>
                    </QrCard>
                </div>
                {good.then(|| view! { <p class="center strong">{t::consumer_ticket_works()}</p> })}
                <p class="small center mono">{code}</p>
            }
            .into_light()
        }
        (Some(code), None) => view! {
            <div data-code=code.clone()>
                <QrCard text=Signal::stored(code.clone()) label=t::consumer_reward_code_label()>
                    <div class="qr-card__foot">
                        <div>
                            <p class="qr-card__name">{reward.name}</p>
                            <p class="small muted">{reward.brand_name}" · "{until.map_or_else(|| t::consumer_reward_code_no_limit().to_owned(), |until| t::consumer_rewards_held(&clock(until)))}</p>
                        </div>
                    </div>
                </QrCard>
            </div>
            <p class="small center mono">{code}</p>
            {until.map(|until| view! { <Countdown until /> })}
            {reward.goal_id.is_none().then(|| view! {
                <ButtonLink href=["/c/ticket/", &id.to_string()].concat() look=Look::Secondary wide=true icon=path::WIFI_SLASH>{t::consumer_ticket_link()}</ButtonLink>
            })}
            {until.map(|_| view! {
                <Form action="/fn/consumer/release" sending>
                    <input type="hidden" name="reservation" value=id.to_string() />
                    <Button submit=true wide=true look=Look::Soft busy=sending.busy()>{t::consumer_rewards_release()}</Button>
                </Form>
            })}
        }
        .into_light(),
        (None, _) => view! { <Empty title=t::consumer_reward_done_title() text=reward.name icon=path::GIFT page=true /> }.into_light(),
    }
}

/// Minutes that are left, told anew as they go.
#[component]
fn Countdown(until: Timestamp) -> impl IntoView {
    let now_ms = || kit::net::device_ms() + kit::net::net().skew_ms.get_untracked();
    let left_ms = RwSignal::new(None::<i64>);
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            left_ms.set(Some(until.0 - now_ms()));
            let handle = set_interval_with_handle(move || left_ms.set(Some(until.0 - now_ms())), std::time::Duration::from_secs(5));
            on_cleanup(move || {
                if let Ok(handle) = handle {
                    handle.clear();
                }
            });
        }
    });
    view! {
        <p class="center strong" role="timer" data-countdown>
            {move || left_ms.get().map(|left| if left > 0 { t::consumer_rewards_left_minutes((left + MINUTE_MS - 1) / MINUTE_MS) } else { t::consumer_rewards_over().to_owned() })}
        </p>
    }
}

/// The asker's rewards, oldest first, and what her points can buy.
#[server(prefix = "/fn", endpoint = "consumer/read_rewards")]
pub async fn read_rewards() -> Result<Rewards, UiError> {
    let (mut tx, actor, now) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    let mut mine = loyalty::reward::of_consumer(&mut tx, &actor, consumer).await?;
    let mut bound = Vec::new();
    for reward in &mut mine {
        reward.ticket = reward.ticket.take().filter(|ticket| now < ticket.bound_until);
        if let Some(ticket) = &reward.ticket {
            let zone = identity::shop::get(&mut tx, ticket.shop_id).await?.time_zone;
            let on_the_wall = |at| identity::shop::local(&zone, at);
            bound.push(Bound { reward: reward.id, until: on_the_wall(ticket.until), bound_until: on_the_wall(ticket.bound_until) });
        }
    }
    Ok(Rewards {
        mine,
        bound,
        now,
        offers: loyalty::catalogue::offers(&mut tx, &actor, now).await?,
        country: identity::consumer::country(&mut tx, consumer).await?,
        goals: loyalty::goal::of_consumer(&mut tx, &actor).await?.into_iter().map(told).collect(),
    })
}

#[cfg(feature = "ssr")]
fn told(goal: shared::loyalty::NeighbourGoal) -> Goal {
    let people = goal
        .consumers
        .filter(|people| *people < goal.consumers_min)
        .map(|people| t::consumer_goals_people(&goal.consumers_min.to_string(), &people.to_string()));
    // Of few neighbours nothing is told but what she brought herself.
    let known = if goal.reached { Some(goal.target_units) } else { goal.units };
    let units = known.map_or_else(|| "–".to_owned(), |units| units.to_string());
    Goal {
        text: t::consumer_goals_line(&goal.mine.to_string(), &goal.shop_name, &goal.target_units.to_string(), &units),
        permille: u32::try_from(known.unwrap_or(goal.mine) * 1000 / goal.target_units.max(1)).unwrap_or(0),
        note: match people {
            _ if goal.reached => t::consumer_goals_reached().to_owned(),
            _ if known.is_none() => t::brand_summary_few().to_owned(),
            Some(people) => people,
            None => goal.campaign_name,
        },
        reward: goal.reward_name,
    }
}

/// Has a reward held, and shows its code.
#[server(prefix = "/fn", endpoint = "consumer/reserve")]
pub async fn reserve(reward: RewardId) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let rules = kit::request::state::<loyalty::Loyalty>()?;
    let held = loyalty::catalogue::reserve(
        &mut tx,
        &rules,
        &actor,
        now,
        &shared::loyalty::NewReservation { reward_id: reward, consumer_id: None },
    )
    .await?;
    tx.commit().await?;
    kit::request::go(&["/c/reward/", &held.id.to_string()].concat());
    Ok(())
}

/// Lets a held reward go.
#[server(prefix = "/fn", endpoint = "consumer/release")]
pub async fn release(reservation: RewardInstanceId) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let rules = kit::request::state::<loyalty::Loyalty>()?;
    loyalty::catalogue::release(&mut tx, &rules, &actor, now, reservation).await?;
    tx.commit().await?;
    kit::request::go("/c/rewards");
    Ok(())
}

/// `/c/offline`: for the pages that need the server.
#[component]
pub(crate) fn OfflinePage() -> impl IntoView {
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::common_offline_now() back="/c/" /> }.into_light()
            bar=view! { <Bar current="" /> }.into_light()
        >
            <Empty title=t::common_offline_page_title() text=t::consumer_offline_page_text() icon=path::WIFI_SLASH page=true>
                <ButtonLink href="/c/" look=Look::Key>{t::consumer_rewards_empty_action()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}
