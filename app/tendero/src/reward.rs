//! A reward that is handed over: by its code with the network, by its ticket without.

use std::sync::Arc;

use kit::{Button, ButtonLink, IntoLight, Look, ProductPicture, Size, UiError, json, locale, t};
use leptos::prelude::*;
use scanner::{Cue, play};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    Country, Timestamp, format,
    loyalty::{
        Delivery, DeliveryPreview,
        counter::Incident,
        queue::ChainEnd,
        ticket::{DELIVERY_VERSION, SignedTicket, Ticket, TicketDelivery},
    },
};

use crate::{
    capture,
    queue::{self, Sale},
    scan::{Counter, Stage, State, new_id, next, not_kept, refuse, refuse_for},
};

/// The parameter of both functions.
#[derive(Serialize)]
struct Coded<'a> {
    code: &'a str,
}

async fn ask<T: DeserializeOwned>(path: &str, code: &str) -> Result<T, UiError> {
    kit::ask(path, &json::written(&Coded { code })).await
}

/// What the code stands for, in the place of the basket. Without network a ticket says it, as far as this phone can tell.
pub(crate) fn read(state: State, counter: StoredValue<Counter>, text: String) {
    leptos::task::spawn_local(async move {
        let signed = text.parse::<SignedTicket>().ok();
        let asked = if state.online.get_untracked() || signed.is_none() {
            Some(ask::<DeliveryPreview>("/fn/tendero/look_at_reward", &text).await)
        } else {
            None
        };
        match (asked, signed) {
            (Some(Ok(preview)), _) => {
                play(Cue::CardRead);
                state.stage.set(Stage::Panel(Arc::new(move || {
                    view! { <HandOver state counter code=text.clone() preview=preview.clone() /> }.into_light()
                })));
            }
            (Some(Err(error)), Some(signed)) if error.code() == "network" => look_without(state, counter, signed, text).await,
            (None, Some(signed)) => look_without(state, counter, signed, text).await,
            (Some(Err(error)), None) if error.code() == "network" => refuse(state, t::tendero_ticket_needed()),
            (Some(Err(error)), _) => refuse(state, locale::shop_text(error.code())),
            (None, None) => {}
        }
    });
}

/// A ticket where nobody can be asked.
async fn look_without(state: State, counter: StoredValue<Counter>, signed: SignedTicket, text: String) {
    match checked(state, counter, &signed).await {
        Ok(()) => {
            play(Cue::CardRead);
            let id = new_id();
            state.stage.set(Stage::Panel(Arc::new(move || without_network(state, counter, id, signed.ticket.clone(), text.clone()))));
        }
        Err(code) => refuse_for(state, code),
    }
}

/// Is it signed by the platform, for this shop, not over, and not handed over by this phone? Otherwise the refusal's code.
async fn checked(state: State, counter: StoredValue<Counter>, signed: &SignedTicket) -> Result<(), &'static str> {
    let SignedTicket { ticket, signature } = signed;
    let (shop, keys) = counter.with_value(|counter| (counter.shop, counter.ticket_keys.clone()));
    let key = keys.into_iter().find(|key| key.number == ticket.key).ok_or("TICKET_UNREAD")?;
    let good = capture::signed_by(&key.point, &ticket.message(), signature).await.is_ok_and(|good| good.is_truthy());
    if !good {
        return Err("BAD_TICKET");
    }
    // Where the store does not answer nothing is kept either, and says so then.
    let entries = queue::load().await.unwrap_or_else(|_| state.queue.entries.get_untracked());
    let at = Timestamp(kit::net::device_ms() + state.skew_ms.get_untracked());
    let before = |code: &str| entries.iter().any(|entry| entry.reward.as_deref() == Some(code));
    ticket.good_at(shop, at, before).map_err(|why| why.code())
}

/// The reward of a good ticket, in the place of the basket.
fn without_network(state: State, counter: StoredValue<Counter>, id: uuid::Uuid, ticket: Ticket, text: String) -> AnyView {
    let name = ticket.name.clone();
    let deliver = move |_| {
        if state.busy.get_untracked() {
            return;
        }
        let Some(device) = counter.with_value(|counter| counter.device) else {
            return refuse(state, t::tendero_home_no_device());
        };
        let (shop, member) = counter.with_value(|counter| (counter.shop, counter.member));
        let (captured_at_ms, skew_ms) = (kit::net::device_ms(), state.skew_ms.get_untracked());
        let (name, text) = (ticket.name.clone(), text.clone());
        let capture = move |end: ChainEnd| {
            let told = TicketDelivery {
                captured_at_ms,
                counter: end.counter,
                delivery_id: id,
                device_id: device,
                member_id: member,
                previous_sha256: end.sha256,
                shop_id: shop,
                skew_ms,
                ticket: text.clone(),
                version: DELIVERY_VERSION,
            };
            told.canonical_bytes()
        };
        let sale = Sale {
            id,
            device,
            label: name.clone(),
            total_minor: 0,
            units: 0,
            estimate: None,
            captured_at_ms,
            reward: Some(ticket.reward_code()),
            capture: Box::new(capture),
        };
        state.busy.set(true);
        leptos::task::spawn_local(async move {
            let kept = queue::keep(state.queue, sale).await;
            state.busy.set(false);
            match kept {
                Ok(()) => {
                    play(Cue::Reward);
                    state.stage.set(Stage::Panel(Arc::new(move || {
                        ended(state, "kept", t::tendero_deliver_done_title(), name.clone(), t::tendero_ticket_kept())
                    })));
                    queue::send(state.queue).await;
                }
                Err(why) => {
                    state.stage.set(Stage::Basket);
                    refuse(state, not_kept(why));
                }
            }
        });
    };
    view! {
        <section class="stack" data-ticket>
            <h2>{t::tendero_deliver_title()}</h2>
            <p class="figure">{name}</p>
            <p>{t::tendero_ticket_good()}</p>
            <Button wide=true look=Look::Key size=Size::Tall busy=state.busy on:click=deliver>{t::tendero_deliver_action()}</Button>
            <Button wide=true look=Look::Secondary on:click=move |_| next(state)>{t::common_back()}</Button>
        </section>
    }
    .into_light()
}

#[component]
fn HandOver(state: State, counter: StoredValue<Counter>, code: String, preview: DeliveryPreview) -> impl IntoView {
    let country = counter.with_value(|counter| counter.country);
    let missing = code.clone();
    let deliver = move |_| {
        let code = code.clone();
        state.busy.set(true);
        leptos::task::spawn_local(async move {
            let done = ask::<Delivery>("/fn/tendero/deliver_reward", &code).await;
            state.busy.set(false);
            match done {
                Ok(done) => {
                    play(Cue::Reward);
                    state.stage.set(Stage::Panel(Arc::new(move || delivered(state, counter, done.clone()))));
                }
                Err(error) => {
                    state.stage.set(Stage::Basket);
                    refuse(state, locale::shop_text(error.code()));
                }
            }
        });
    };
    let none = move |_| {
        let code = missing.clone();
        state.busy.set(true);
        leptos::task::spawn_local(async move {
            let told = ask::<Incident>("/fn/tendero/report_none", &code).await;
            state.busy.set(false);
            match told {
                Ok(told) => state.stage.set(Stage::Panel(Arc::new(move || {
                    ended(state, "missing", t::tendero_deliver_none_title(), told.reward_name.clone(), t::tendero_deliver_none_text())
                }))),
                Err(error) => {
                    state.stage.set(Stage::Basket);
                    refuse(state, locale::shop_text(error.code()));
                }
            }
        });
    };
    view! {
        <section class="stack" data-reward>
            <h2>{t::tendero_deliver_title()}</h2>
            <ProductPicture category=preview.category.clone() />
            <p class="strong">{preview.reward_name}</p>
            <p>{t::tendero_deliver_for(&preview.consumer_label)}</p>
            <p class="figure">{t::tendero_deliver_pays(&format::money(preview.owed_minor, preview.currency, country))}</p>
            <Button wide=true look=Look::Key size=Size::Tall busy=state.busy on:click=deliver>{t::tendero_deliver_action()}</Button>
            <Button wide=true look=Look::Secondary busy=state.busy on:click=none>{t::tendero_deliver_none()}</Button>
            <Button wide=true look=Look::Secondary on:click=move |_| next(state)>{t::common_back()}</Button>
            <ButtonLink wide=true look=Look::Link href="/t/paper">{t::tendero_paper_link()}</ButtonLink>
        </section>
    }
}

/// How it ended, in the place of the basket: the next person follows.
fn ended(state: State, how: &'static str, title: &str, name: String, text: &str) -> AnyView {
    let next = view! { <Button wide=true look=Look::Key size=Size::Tall on:click=move |_| next(state)>{t::tendero_result_next()}</Button> };
    told(how, title, name, text, next.into_light())
}

fn delivered(state: State, counter: StoredValue<Counter>, done: Delivery) -> AnyView {
    let text = owed(&done, counter.with_value(|counter| counter.country));
    ended(state, "owed", t::tendero_deliver_done_title(), done.reward_name, &text)
}

/// What was handed over, and what its brand owes now. `next` leads on.
pub(crate) fn handed_over(done: Delivery, country: Country, next: AnyView) -> AnyView {
    let text = owed(&done, country);
    told("owed", t::tendero_deliver_done_title(), done.reward_name, &text, next)
}

fn owed(done: &Delivery, country: Country) -> String {
    t::tendero_deliver_done_text(&format::money(done.owed_total_minor, done.currency, country), &done.brand_name)
}

/// One sight for every end, since each that differs weighs on the phone.
fn told(how: &'static str, title: &str, name: String, text: &str, next: AnyView) -> AnyView {
    view! {
        <section class="stack" role="alert" data-ended=how>
            <h2>{title.to_owned()}</h2>
            <p class="strong">{name}</p>
            <p>{text.to_owned()}</p>
            {next}
        </section>
    }
    .into_light()
}

/// The shop has none of it: the brand is told.
#[server(prefix = "/fn", endpoint = "tendero/report_none", input = server_fn::codec::Json)]
pub async fn report_none(code: String) -> Result<Incident, UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let told = loyalty::shop_units::report_none(&mut tx, &actor, now, &shared::loyalty::counter::NewIncident { code }).await?;
    tx.commit().await?;
    Ok(told)
}
