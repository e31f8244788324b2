//! A barcode that nobody knows: the sale goes on with a name, and the platform hears of it.

use std::sync::Arc;

use kit::{Button, Field, IntoLight, Look, Size, json, t};
use leptos::prelude::*;
use serde::Serialize;
use shared::Gtin;

use crate::{
    basket::{Line, typed_price},
    scan::{Counter, Stage, State},
};

/// The form in the place of the basket.
pub(crate) fn ask(state: State, counter: StoredValue<Counter>, gtin: Gtin) {
    state.stage.set(Stage::Panel(Arc::new(move || view! { <Unknown state counter gtin /> }.into_light())));
}

/// The parameters of `propose_product`.
#[derive(Serialize)]
struct Proposed<'a> {
    gtin: Gtin,
    name: &'a str,
    price_minor: Option<i64>,
}

#[component]
fn Unknown(state: State, counter: StoredValue<Counter>, gtin: Gtin) -> impl IntoView {
    let (name, price) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let currency = counter.with_value(|counter| counter.currency);
    let wrong = RwSignal::new(None::<String>);
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = name.get_untracked().trim().to_owned();
        if typed.is_empty() {
            wrong.set(Some(t::tendero_unknown_name_missing().to_owned()));
            return;
        }
        let price_minor = typed_price(&price.get_untracked(), currency);
        let line = Line { gtin, name: typed.clone(), category: String::new(), quantity: 1, price_minor, unknown: true };
        state.basket.update(|basket| basket.add_line(line));
        state.stage.set(Stage::Basket);
        leptos::task::spawn_local(async move {
            // The sale does not wait for it; a proposal that is lost is made again with the next sale.
            let body = json::written(&Proposed { gtin, name: &typed, price_minor });
            let _ = kit::ask::<()>("/fn/tendero/propose_product", &body).await;
        });
    };
    view! {
        <form class="stack" on:submit=add>
            <h2>{t::tendero_unknown_title()}</h2>
            <p class="muted">{t::tendero_unknown_code(&gtin.short())}</p>
            <Field id="name" label=t::tendero_unknown_name() value=name error=wrong maxlength=120 />
            <Field id="price" label=t::tendero_unknown_price() value=price inputmode="decimal" prefix="$" />
            <p class="banner banner--info">{t::tendero_unknown_note_nobody()}</p>
            <div class="row">
                <Button look=Look::Secondary size=Size::Tall on:click=move |_| state.stage.set(Stage::Basket)>{t::tendero_unknown_skip()}</Button>
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::tendero_unknown_action()}</Button>
            </div>
        </form>
    }
}
