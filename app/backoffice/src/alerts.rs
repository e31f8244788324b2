//! What looks like fraud, each with what explains it and a decision with its reason.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{
    Button, ButtonLink, DeskHead, Empty, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, UiError, icon::path, refused, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, format,
    loyalty::alert::{Alert, AlertFacts, ShopHold},
};

use crate::frame::Desk;

/// What waits for a judgement, and what was held before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    /// With the words for first and last seen.
    waiting: Vec<(Alert, String)>,
    /// With since when.
    holds: Vec<(ShopHold, String)>,
    country: Country,
    operates: bool,
}

/// What was seen: a title and a sentence with its numbers.
fn told(facts: &AlertFacts, country: Country) -> (&'static str, String) {
    let figure = |number: i64| format::integer(number, country);
    match facts {
        AlertFacts::CardShare { card, points, of_points, purchases } => {
            (t::backoffice_alerts_card(), t::backoffice_alerts_card_seen(&figure(*of_points), card, &figure(*points), &figure(*purchases)))
        }
        AlertFacts::FastCaptures { fast, captures } => {
            (t::backoffice_alerts_fast(), t::backoffice_alerts_fast_seen(&figure(*captures), &figure(*fast)))
        }
        AlertFacts::AboveSellIn { product, opening, bought, sold } => (
            t::backoffice_alerts_sell_in(),
            t::backoffice_alerts_sell_in_seen(&figure(*bought), &figure(*opening), product, &figure(*sold)),
        ),
        AlertFacts::DeclaredPrice { out_of_range, lines } => {
            (t::backoffice_alerts_price(), t::backoffice_alerts_price_seen(&figure(*lines), &figure(*out_of_range)))
        }
    }
}

/// `/o/alerts`
#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_alerts());
    view! {
        <Desk current="/o/alerts" told=true>
            <DeskHead title=t::backoffice_alerts_title()>
                <ButtonLink href="/o/sell-in" look=Look::Plain size=Size::Dense icon=path::UPLOAD_SIMPLE>{t::backoffice_sell_in_title()}</ButtonLink>
            </DeskHead>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(alerts) => shown(alerts),
                    Err(error) => refused(&error, "/o/alerts"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(alerts: Alerts) -> AnyView {
    let Alerts { waiting, holds, country, operates } = alerts;
    let none = waiting.is_empty();
    let cards = waiting.into_iter().map(|(alert, seen)| card(alert, seen, country, operates)).collect::<Vec<_>>();
    let held = holds.into_iter().map(|(hold, since)| held(hold, &since, operates)).collect::<Vec<_>>();
    view! {
        {none.then(|| view! { <section class="card"><Empty title=t::backoffice_alerts_empty_title() text=t::backoffice_alerts_empty_text() icon=path::SEAL_CHECK /></section> })}
        {cards}
        {(!held.is_empty()).then(|| view! { <h2>{t::backoffice_alerts_holds()}</h2> <section class="card"><ul class="stack">{held}</ul></section> })}
    }
    .into_light()
}

fn card(alert: Alert, seen: String, country: Country, operates: bool) -> AnyView {
    let (title, sentence) = told(&alert.facts, country);
    let id = alert.id.to_string();
    let shop = ["/o/shop?id=", &alert.shop_id.to_string()].concat();
    let place = alert.brand_name.map_or_else(|| alert.shop_name.clone(), |brand| [&alert.shop_name, " · ", &brand].concat());
    let can_hold = alert.brand_id.is_some();
    let decide = operates.then(|| {
        let hold = can_hold.then(|| deciding("/fn/backoffice/hold_alert", "alert", id.clone(), t::backoffice_alerts_hold(), Look::DangerOutline));
        view! { <div class="row row--wrap row--12">{deciding("/fn/backoffice/dismiss_alert", "alert", id, t::backoffice_alerts_dismiss(), Look::Secondary)} {hold}</div> }
    });
    view! {
        <section class="card stack stack--8">
            <h2 class="h3">{title}</h2>
            <p class="strong">{place}</p>
            <p>{sentence}</p>
            <p class="small muted">{seen}</p>
            <p><ButtonLink href=shop look=Look::Plain size=Size::Dense>{t::backoffice_alerts_shop()}</ButtonLink></p>
            {decide}
        </section>
    }
    .into_light()
}

/// A reason and what follows from it, folded away until somebody means it.
fn deciding(action: &'static str, name: &'static str, id: String, words: &'static str, look: Look) -> AnyView {
    let sending = Sending::other();
    view! {
        <details>
            <summary class="btn btn--dense">{words}</summary>
            <Form action sending fields=&["why"]>
                <input type="hidden" name=name value=id />
                <label class="stack stack--4">
                    <span class="field__label">{t::backoffice_alerts_why()}</span>
                    <input type="text" name="why" class="mend__text" required maxlength="200" autocomplete="off" />
                </label>
                <Button submit=true look size=Size::Dense busy=sending.busy()>{words}</Button>
            </Form>
        </details>
    }
    .into_light()
}

fn held(hold: ShopHold, since: &str, operates: bool) -> AnyView {
    let id = hold.id.to_string();
    let words = t::backoffice_alerts_held(&hold.brand_name, since, &hold.why);
    let lift = operates.then(|| deciding("/fn/backoffice/lift_hold", "hold", id, t::backoffice_alerts_lift(), Look::Secondary));
    view! { <li class="stack stack--8"><p class="strong">{hold.shop_name}</p><p>{words}</p>{lift}</li> }.into_light()
}

/// What waits and what is held.
#[server(prefix = "/fn", endpoint = "backoffice/read_alerts")]
pub async fn read_alerts() -> Result<Alerts, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let waiting = loyalty::alert::waiting(&mut tx, &actor).await?;
    let holds = loyalty::alert::holds(&mut tx, &actor).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let when = |at| kit::when(country.time_zone(), now, at);
    Ok(Alerts {
        waiting: waiting
            .into_iter()
            .map(|alert| {
                let seen = t::backoffice_alerts_since(&when(alert.first_seen_at), &when(alert.last_seen_at));
                (alert, seen)
            })
            .collect(),
        holds: holds
            .into_iter()
            .map(|hold| {
                let since = when(hold.held_at);
                (hold, since)
            })
            .collect(),
        country,
        operates: actor.operates().is_ok(),
    })
}

/// Nothing is wrong there.
#[server(prefix = "/fn", endpoint = "backoffice/dismiss_alert")]
pub async fn dismiss_alert(alert: String, why: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = alert.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::alert::dismiss(&mut tx, &actor, now, id, &why).await?;
    tx.commit().await?;
    request::go("/o/alerts");
    Ok(())
}

/// What the shop sells of the brand waits from now on.
#[server(prefix = "/fn", endpoint = "backoffice/hold_alert")]
pub async fn hold_alert(alert: String, why: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = alert.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::alert::hold(&mut tx, &actor, now, id, &why).await?;
    tx.commit().await?;
    request::go("/o/alerts");
    Ok(())
}

/// Sales of the shop count again.
#[server(prefix = "/fn", endpoint = "backoffice/lift_hold")]
pub async fn lift_hold(hold: String, why: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = hold.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::alert::lift(&mut tx, &actor, now, id, &why).await?;
    tx.commit().await?;
    request::go("/o/alerts");
    Ok(())
}
