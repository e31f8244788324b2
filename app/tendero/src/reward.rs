//! A reward that is handed over.

use std::sync::Arc;

use kit::{Button, ButtonLink, IntoLight, Look, ProductPicture, Size, UiError, json, locale, t};
use leptos::prelude::*;
use scanner::{Cue, play};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    Country, format,
    loyalty::{Delivery, DeliveryPreview, counter::Incident},
};

use crate::scan::{Counter, Stage, State, next, refuse};

/// The parameter of both functions.
#[derive(Serialize)]
struct Coded<'a> {
    code: &'a str,
}

async fn ask<T: DeserializeOwned>(path: &str, code: &str) -> Result<T, UiError> {
    kit::ask(path, &json::written(&Coded { code })).await
}

/// What the code stands for, in the place of the basket.
pub(crate) fn read(state: State, counter: StoredValue<Counter>, code: String) {
    leptos::task::spawn_local(async move {
        match ask::<DeliveryPreview>("/fn/tendero/look_at_reward", &code).await {
            Ok(preview) => {
                play(Cue::CardRead);
                state.stage.set(Stage::Panel(Arc::new(move || {
                    view! { <HandOver state counter code=code.clone() preview=preview.clone() /> }.into_light()
                })));
            }
            Err(error) => refuse(state, locale::shop_text(error.code())),
        }
    });
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
                Ok(told) => state.stage.set(Stage::Panel(Arc::new(move || none_here(state, told.clone())))),
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

fn none_here(state: State, told: Incident) -> AnyView {
    view! {
        <section class="stack" role="alert" data-missing>
            <h2>{t::tendero_deliver_none_title()}</h2>
            <p class="strong">{told.reward_name}</p>
            <p>{t::tendero_deliver_none_text()}</p>
            <Button wide=true look=Look::Key size=Size::Tall on:click=move |_| next(state)>{t::tendero_result_next()}</Button>
        </section>
    }
    .into_light()
}

fn delivered(state: State, counter: StoredValue<Counter>, done: Delivery) -> AnyView {
    let next = view! { <Button wide=true look=Look::Key size=Size::Tall on:click=move |_| next(state)>{t::tendero_result_next()}</Button> };
    handed_over(done, counter.with_value(|counter| counter.country), next.into_light())
}

/// What was handed over, and what its brand owes now. `next` leads on.
pub(crate) fn handed_over(done: Delivery, country: Country, next: AnyView) -> AnyView {
    let owed = format::money(done.owed_total_minor, done.currency, country);
    view! {
        <section class="stack" role="alert" data-delivered>
            <h2>{t::tendero_deliver_done_title()}</h2>
            <p class="strong">{done.reward_name}</p>
            <p>{t::tendero_deliver_done_text(&owed, &done.brand_name)}</p>
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
