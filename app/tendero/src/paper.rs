//! A reward of somebody whose card is on paper: the card, the reward, the code from her telephone, and what the brand owes.
//!
//! Each step is an address, and each form posts plainly: all of it works without scripts.

use std::time::Duration;

use kit::{
    Await, Button, ButtonLink, Card, CodeField, Empty, ErrorState, Field, Form, IntoLight, ListRow, Look, PhoneHead, PhoneShell, QrPlate,
    SectionHead, Sending, Size, Skeleton, SkeletonKind, UiError, address, icon::path, locale, net::device_ms, once, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, Timestamp,
    loyalty::{
        CardCode, Delivery,
        paper::{PaperCard, PaperReward},
    },
};

#[cfg(feature = "ssr")]
use crate::scan::count_failure;
use crate::{bar::Bar, reward::handed_over};

const PAGE: &str = "/t/paper";
/// Characters of a card's code.
const CODE_MAX: u16 = 60;

/// What waits for the card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Paper {
    card: PaperCard,
    /// Where her own telephone makes the card hers.
    claim: String,
    /// The server's clock when it answered.
    now: Timestamp,
}

/// What was handed over, in the shop's money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandedOver {
    done: Delivery,
    country: Country,
}

/// The way from the counter, when the card that was read there is on paper.
pub(crate) fn way(code: &str) -> Option<AnyView> {
    matches!(code.parse::<CardCode>(), Ok(CardCode::Printed { .. })).then(|| {
        let href = address(PAGE, &[("card", code)]);
        view! { <a class="btn btn--soft btn--wide" href=href data-paper>{t::tendero_paper_title()}</a> }.into_light()
    })
}

/// `/t/paper`, `?card=<code>`, `&reward=<id>`, `&hint=<end of the number>&until=<ms>`; then `?done=<id>`.
#[component]
pub(crate) fn PaperPage() -> impl IntoView {
    let asked = |name| request::query(name).unwrap_or_default();
    let (card, done) = (asked("card"), asked("done"));
    let back = if asked("reward").is_empty() { "/t/more".to_owned() } else { address(PAGE, &[("card", &card)]) };
    let content = if !done.is_empty() {
        let told = once(move || read_paper_delivery(done.clone()));
        view! {
            <Await fallback=|| view! { <Skeleton kind=SkeletonKind::Cards count=1 /> }>
                {move || told.get().map(|told| match told {
                    Ok(HandedOver { done, country }) => handed_over(done, country, onward()),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href=PAGE /> }.into_light(),
                })}
            </Await>
        }
        .into_light()
    } else if card.trim().is_empty() {
        ask(String::new(), None)
    } else {
        let asked = card.clone();
        let paper = once(move || read_paper(asked.clone()));
        view! {
            <Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || paper.get().map(|paper| match paper {
                    Ok(paper) => shown(card.clone(), paper),
                    Err(error) if error.0.status < 500 => ask(card.clone(), Some(locale::shop_text(error.code()).to_owned())),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href=PAGE /> }.into_light(),
                })}
            </Await>
        }
        .into_light()
    };
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_paper_title() back /> }.into_light()
            bar=view! { <Bar current="/t/more" /> }.into_light()
        >
            {content}
        </PhoneShell>
    }
}

/// Which card: typed here, or read at the counter.
fn ask(card: String, wrong: Option<String>) -> AnyView {
    view! {
        <form method="get" action=PAGE class="stack">
            <p>{t::tendero_paper_lead()}</p>
            <Field id="card" label=t::tendero_paper_card() help=t::tendero_paper_card_help() initial=card required=true maxlength=CODE_MAX error=Signal::stored(wrong) />
            <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::tendero_paper_look()}</Button>
        </form>
        <ButtonLink href="/t/scan" look=Look::Secondary wide=true icon=path::CAMERA>{t::tendero_paper_camera()}</ButtonLink>
    }
    .into_light()
}

fn shown(card: String, paper: Paper) -> AnyView {
    let Paper { card: PaperCard { label, rewards, has_phone }, claim, now } = paper;
    let chosen = request::query("reward").filter(|reward| !reward.is_empty());
    let body = match chosen {
        None if rewards.is_empty() => {
            view! { <Empty title=t::tendero_paper_none_title() text=t::tendero_paper_none_text() icon=path::GIFT /> }.into_light()
        }
        None => view! { {waiting(&card, rewards, has_phone)} {(!has_phone).then(|| no_phone(claim))} }.into_light(),
        Some(_) if !has_phone => no_phone(claim),
        Some(id) => match rewards.into_iter().find(|reward| reward.id.to_string() == id) {
            Some(reward) => opened(card.clone(), reward, now),
            None => view! { <Empty title=t::tendero_paper_gone_title() text=t::tendero_paper_gone_text() icon=path::GIFT /> }.into_light(),
        },
    };
    view! {
        <p class="strong" data-label>{label}</p>
        {body}
        <ButtonLink href=PAGE look=Look::Link wide=true>{t::tendero_paper_other()}</ButtonLink>
    }
    .into_light()
}

/// The rewards to choose from; nothing to choose before a code can be sent.
fn waiting(card: &str, rewards: Vec<PaperReward>, has_phone: bool) -> AnyView {
    let rows = rewards
        .into_iter()
        .map(|reward| {
            let href = address(PAGE, &[("card", card), ("reward", &reward.id.to_string())]);
            let row = if has_phone {
                view! { <ListRow title=reward.name text=reward.brand_name href /> }.into_light()
            } else {
                view! { <ListRow title=reward.name text=reward.brand_name /> }.into_light()
            };
            view! { <li data-waiting>{row}</li> }
        })
        .collect::<Vec<_>>();
    view! {
        <SectionHead title=t::tendero_paper_waiting() />
        {has_phone.then(|| view! { <p class="muted">{t::tendero_paper_waiting_text()}</p> })}
        <ul class="card">{rows}</ul>
    }
    .into_light()
}

/// Nobody verified a telephone: how the card becomes hers.
fn no_phone(claim: String) -> AnyView {
    view! {
        <Card>
            <h2>{t::tendero_paper_no_phone_title()}</h2>
            <p data-no-phone>{t::tendero_paper_no_phone_text()}</p>
            <p>{t::tendero_card_hers_text()}</p>
            <QrPlate text=Signal::stored(claim.clone()) label=t::tendero_card_hers() />
            <p class="small mono center">{claim}</p>
        </Card>
    }
    .into_light()
}

/// One reward: its code is sent, then typed.
fn opened(card: String, reward: PaperReward, now: Timestamp) -> AnyView {
    let id = reward.id.to_string();
    let until = request::query("until").and_then(|until| until.parse().ok()).map(Timestamp);
    let form = match until {
        None => {
            let sending = Sending::new().told_by(locale::shop_text);
            view! {
                <p>{t::tendero_paper_ask()}</p>
                {send(sending, card, id, Look::Key, t::tendero_paper_send())}
            }
            .into_light()
        }
        Some(until) => typed(card, id, until, now),
    };
    view! {
        <Card>
            <h2>{reward.name}</h2>
            <p class="muted">{reward.brand_name}</p>
        </Card>
        {form}
    }
    .into_light()
}

fn send(sending: Sending, card: String, reward: String, look: Look, words: &'static str) -> AnyView {
    view! {
        <Form action="/fn/tendero/send_paper_code" sending>
            <input type="hidden" name="card" value=card />
            <input type="hidden" name="reward" value=reward />
            <Button submit=true wide=true look size=Size::Tall busy=sending.busy()>{words}</Button>
        </Form>
    }
    .into_light()
}

fn typed(card: String, reward: String, until: Timestamp, now: Timestamp) -> AnyView {
    let sending = Sending::new().told_by(locale::shop_text);
    let again = Sending::other().told_by(locale::shop_text);
    let value = RwSignal::new(String::new());
    let hint = request::query("hint").unwrap_or_default();
    let (same_card, same_reward) = (card.clone(), reward.clone());
    view! {
        <p data-sent>{t::tendero_paper_sent(&hint)}</p>
        <Countdown left_ms=until.since(now) />
        <Form action="/fn/tendero/deliver_on_paper" sending fields=&["code"]>
            <input type="hidden" name="card" value=card />
            <input type="hidden" name="reward" value=reward />
            <CodeField id="code" label=t::tendero_deliver_code() value error=sending.error("code") />
            <Button submit=true wide=true look=Look::Key size=Size::Tall busy=sending.busy()>{t::tendero_deliver_action()}</Button>
        </Form>
        {send(again, same_card, same_reward, Look::Secondary, t::tendero_paper_again())}
    }
    .into_light()
}

/// What is left of a code's time, by the server's clock when the page was made. Not announced: it would never be silent.
#[component]
fn Countdown(left_ms: i64) -> impl IntoView {
    let left = RwSignal::new(left_ms);
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            let began_ms = device_ms();
            let tick = move || left.set(left_ms - (device_ms() - began_ms));
            let handle = set_interval_with_handle(tick, Duration::from_secs(1));
            on_cleanup(move || {
                if let Ok(handle) = handle {
                    handle.clear();
                }
            });
        }
    });
    view! {
        <p class="strong" role="timer" data-countdown>
            {move || match left.get() / 1_000 {
                seconds @ 1.. => t::tendero_paper_left(&clock(seconds)),
                _ => t::tendero_paper_over().to_owned(),
            }}
        </p>
    }
}

/// `9:05`.
fn clock(seconds: i64) -> String {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    [minutes.to_string().as_str(), if seconds < 10 { ":0" } else { ":" }, &seconds.to_string()].concat()
}

fn onward() -> AnyView {
    view! { <ButtonLink href="/t/scan" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_result_next()}</ButtonLink> }
        .into_light()
}

/// What waits for a card on paper.
#[server(prefix = "/fn", endpoint = "tendero/read_paper")]
pub async fn read_paper(card: String) -> Result<Paper, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    actor.member()?;
    let code = as_printed(&card)?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let told = loyalty::paper::look(&mut tx, &rules, &actor, now, &code).await;
    drop(tx);
    count_failure(&told, Some(&code)).await?;
    let public_url = request::state::<request::RequestContext>()?.app.public_url;
    Ok(Paper { card: told?, claim: [&*public_url, "/c/claim?card=", &code].concat(), now })
}

/// What the asker's shop handed over.
#[server(prefix = "/fn", endpoint = "tendero/read_paper_delivery")]
pub async fn read_paper_delivery(reward: String) -> Result<HandedOver, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (_, shop, _) = actor.member()?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let done = loyalty::reward::delivered(&mut tx, &actor, id).await?;
    Ok(HandedOver { done, country: identity::shop::get(&mut tx, shop).await?.country })
}

/// Sends the code to the telephone that was verified for the card.
#[server(prefix = "/fn", endpoint = "tendero/send_paper_code")]
pub async fn send_paper_code(card: String, reward: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.member()?;
    let code = as_printed(&card)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let told = loyalty::paper::send_code(&mut tx, &rules, &actor, now, &code, id).await;
    ended(tx, &told, &code).await?;
    let sent = told?;
    let until = sent.expires_at.0.to_string();
    request::go(&address(PAGE, &[("card", &code), ("reward", &reward), ("hint", &sent.hint), ("until", &until)]));
    Ok(())
}

/// Hands the reward over when the code is right.
#[server(prefix = "/fn", endpoint = "tendero/deliver_on_paper")]
pub async fn deliver_on_paper(card: String, reward: String, code: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.member()?;
    let on_paper = as_printed(&card)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let told = loyalty::paper::deliver(&mut tx, &rules, &actor, now, &on_paper, id, &code).await;
    ended(tx, &told, &on_paper).await?;
    let done = told?;
    request::go(&address(PAGE, &[("done", &done.reward_instance_id.to_string())]));
    Ok(())
}

/// The code as its QR says it, however it was typed. 422 for what is longer than any.
#[cfg(feature = "ssr")]
fn as_printed(typed: &str) -> Result<String, UiError> {
    if typed.chars().count() > usize::from(CODE_MAX) {
        return Err(loyalty::Error::UnknownCard.into());
    }
    Ok(typed.split_whitespace().collect::<String>().to_uppercase())
}

/// Keeps what was done, and a try that was paid; a card's code that no card answers to is counted apart.
#[cfg(feature = "ssr")]
async fn ended<T>(tx: db::Tx, told: &Result<T, loyalty::Error>, card: &str) -> Result<(), UiError> {
    if matches!(told, Ok(_) | Err(loyalty::Error::Identity(identity::Error::WrongCode(_)))) {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    count_failure(told, Some(card)).await
}
