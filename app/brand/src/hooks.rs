//! Where the organisation hears of its events: subscriptions, what was sent last, and sending it again.

use kit::{
    Banner, Button, Chip, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, Table, Tone,
    UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::frame::Desk;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhooks {
    subscriptions: Vec<Hook>,
    /// Of all of them, newest first.
    sent: Vec<Sent>,
    /// The secret that was just made: shown this once.
    made: Option<String>,
    /// May change them.
    administers: bool,
}

/// A subscription with its dates as words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    id: String,
    url: String,
    events: Vec<String>,
    waiting: i64,
    failing: Option<String>,
    disabled: Option<String>,
}

/// An event that was sent, or waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    id: String,
    event: String,
    status: String,
    at: String,
    tries: usize,
    last: String,
}

/// Deliveries that the page shows of each subscription.
#[cfg(feature = "ssr")]
const SENT_MAX: i64 = 10;

fn event_words(event: &str) -> &'static str {
    match event {
        "loyalty.purchase_registered" => t::brand_webhooks_purchase(),
        "loyalty.purchase_returned" => t::brand_webhooks_return(),
        "loyalty.reward_issued" => t::brand_webhooks_reward(),
        "loyalty.reward_delivered" => t::brand_webhooks_delivered(),
        "loyalty.delivery_undone" => t::brand_webhooks_undone(),
        _ => t::brand_webhooks_expired(),
    }
}

/// `/b/webhooks`, with `?made=<sealed>` a secret.
#[component]
pub(crate) fn WebhooksPage() -> impl IntoView {
    let made = request::query("made").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_webhooks(made.clone()));
    view! {
        <Desk current="/b/webhooks">
            <DeskHead title=t::brand_webhooks_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(webhooks) => shown(webhooks),
                    Err(error) => refused(&error, "/b/webhooks"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(webhooks: Webhooks) -> AnyView {
    let Webhooks { subscriptions, sent, made, administers } = webhooks;
    let broken = subscriptions.iter().any(|hook| hook.disabled.as_deref().is_some_and(|why| why != "asked"));
    let alert = broken.then(|| view! { <Banner tone=Tone::Danger icon=path::WARNING_CIRCLE_FILL>{t::brand_webhooks_broken()}</Banner> });
    let secret = made.map(|secret| {
        view! {
            <section class="card stack">
                <Banner note=true tone=Tone::Success icon=path::KEY>{t::brand_webhooks_once()}</Banner>
                <p class="secret" data-secret tabindex="0">{secret}</p>
            </section>
        }
    });
    let list = if subscriptions.is_empty() {
        view! { <Empty title=t::brand_webhooks_empty_title() text=t::brand_webhooks_empty_text() icon=path::SHARE_NETWORK /> }.into_light()
    } else {
        let rows = subscriptions.into_iter().map(|hook| hook_row(hook, administers)).collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::brand_webhooks_url()),
            Column::text(t::brand_webhooks_events()),
            Column::text(t::brand_webhooks_state()),
            Column::hidden(t::brand_webhooks_change()),
        ];
        view! { <Table caption=t::brand_webhooks_title() cards=true columns>{rows}</Table> }.into_light()
    };
    let new = administers.then(|| view! { <NewHook /> });
    view! {
        {alert}
        {secret}
        <section class="card card--flush" aria-labelledby="hooks">
            <div class="panel__head"><h2 id="hooks">{t::brand_webhooks_subscriptions()}</h2><a class="link" href="/api/docs/">{t::brand_keys_docs()}</a></div>
            <div class="stack key-form">{list}{new}</div>
        </section>
        <section class="card card--flush" aria-labelledby="sent">
            <div class="panel__head"><h2 id="sent">{t::brand_webhooks_sent()}</h2></div>
            {sent_table(sent, administers)}
        </section>
    }
    .into_light()
}

#[component]
fn NewHook() -> impl IntoView {
    let sending = Sending::other();
    let boxes = shared::webhook::EVENT_TYPES
        .into_iter()
        .map(|event| {
            view! { <label class="row row--12"><input class="check" type="checkbox" name="events[]" value=event checked=true /> <span>{event_words(event)} " " <code class="small muted">{event}</code></span></label> }
        })
        .collect::<Vec<_>>();
    view! {
        <details>
            <summary class="btn btn--secondary btn--dense">{t::brand_webhooks_new()}</summary>
            <Form action="/fn/brand/create_webhook" sending fields=&["url"]>
                <Field id="url" label=t::brand_webhooks_url() maxlength=500 required=true help=t::brand_webhooks_url_help() error=sending.error("url") />
                <fieldset class="stack"><legend class="field__label">{t::brand_webhooks_events()}</legend>{boxes}</fieldset>
                <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::brand_webhooks_new()}</Button></div>
            </Form>
        </details>
    }
}

fn hook_row(hook: Hook, administers: bool) -> AnyView {
    let state = match (hook.disabled.as_deref(), hook.failing) {
        (Some("asked"), _) => view! { <Chip table=true>{t::brand_webhooks_stopped()}</Chip> }.into_light(),
        (Some(_), _) => view! { <Chip tone=Tone::Danger table=true>{t::brand_webhooks_disabled()}</Chip> }.into_light(),
        (None, Some(since)) => {
            view! { <Chip tone=Tone::Warning table=true>{t::brand_webhooks_failing(&since).to_string()}</Chip> }.into_light()
        }
        (None, None) => view! { <Chip tone=Tone::Success table=true>{t::brand_webhooks_well()}</Chip> }.into_light(),
    };
    let waiting = (hook.waiting > 0)
        .then(|| view! { " " <span class="small muted">{t::brand_webhooks_waiting(&hook.waiting.to_string()).to_string()}</span> });
    let off = hook.disabled.is_some();
    let button = |action: &'static str, words: &'static str| {
        let id = hook.id.clone();
        view! {
            <form method="post" action=action class="row">
                <input type="hidden" name="subscription" value=id />
                <Button submit=true look=Look::Secondary size=Size::Dense>{words}</Button>
            </form>
        }
    };
    let change = administers.then(|| {
        let switch = if off {
            button("/fn/brand/enable_webhook", t::brand_webhooks_enable())
        } else {
            button("/fn/brand/disable_webhook", t::brand_webhooks_disable())
        };
        view! { <div class="row row--8">{switch}{button("/fn/brand/rotate_webhook", t::brand_webhooks_rotate())}</div> }
    });
    let events = hook.events.iter().map(|event| event_words(event)).collect::<Vec<_>>().join(", ");
    view! {
        <tr>
            <th scope="row"><code>{hook.url}</code></th>
            <td data-label=t::brand_webhooks_events()>{events}</td>
            <td data-label=t::brand_webhooks_state()>{state}{waiting}</td>
            <td>{change}</td>
        </tr>
    }
    .into_light()
}

fn sent_table(sent: Vec<Sent>, administers: bool) -> AnyView {
    if sent.is_empty() {
        return view! { <Empty title=t::brand_webhooks_nothing_title() text=t::brand_webhooks_nothing_text() icon=path::CLOCK /> }
            .into_light();
    }
    let rows = sent
        .into_iter()
        .map(|sent| {
            let (tone, words) = match sent.status.as_str() {
                "delivered" => (Tone::Success, t::brand_webhooks_arrived()),
                "waiting" => (Tone::Warning, t::brand_webhooks_again_later()),
                _ => (Tone::Danger, t::brand_webhooks_given_up()),
            };
            let again = administers.then(|| {
                view! {
                    <form method="post" action="/fn/brand/resend_webhook" class="row">
                        <input type="hidden" name="delivery" value=sent.id.clone() />
                        <Button submit=true look=Look::Secondary size=Size::Dense>{t::brand_webhooks_resend()}</Button>
                    </form>
                }
            });
            view! {
                <tr>
                    <th scope="row">{event_words(&sent.event)}<br /><code class="small muted">{sent.id.clone()}</code></th>
                    <td data-label=t::brand_webhooks_when() class="nowrap">{sent.at}</td>
                    <td data-label=t::brand_webhooks_state()><Chip tone table=true>{words}</Chip></td>
                    <td data-label=t::brand_webhooks_tries() class="table__num">{sent.tries.to_string()}</td>
                    <td data-label=t::brand_webhooks_last()><code class="small">{sent.last}</code></td>
                    <td>{again}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_webhooks_event()),
        Column::text(t::brand_webhooks_when()),
        Column::text(t::brand_webhooks_state()),
        Column::number(t::brand_webhooks_tries()),
        Column::text(t::brand_webhooks_last()),
        Column::hidden(t::brand_webhooks_resend()),
    ];
    view! { <Table caption=t::brand_webhooks_sent() cards=true columns>{rows}</Table> }.into_light()
}

/// The organisation's subscriptions and what they were sent last.
#[server(prefix = "/fn", endpoint = "brand/read_webhooks")]
pub async fn read_webhooks(#[server(default)] made: String) -> Result<Webhooks, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let zone = organisation.country.time_zone();
    let known = webhooks::list(&mut tx, &actor).await?;
    let mut sent = Vec::new();
    for subscription in &known {
        for delivery in webhooks::list_of(&mut tx, &actor, subscription.id, None, SENT_MAX).await?.items {
            let last = delivery
                .attempts
                .last()
                .map(|attempt| attempt.status.map_or_else(|| attempt.error.clone().unwrap_or_default(), |status| status.to_string()));
            let row = Sent {
                id: delivery.id.to_string(),
                event: delivery.event_type,
                status: delivery.status,
                at: kit::when(zone, now, delivery.occurred_at),
                tries: delivery.attempts.len(),
                last: last.unwrap_or_default(),
            };
            sent.push((delivery.occurred_at, row));
        }
    }
    sent.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let hook = |subscription: shared::webhook::Subscription| Hook {
        id: subscription.id.to_string(),
        url: subscription.url,
        events: subscription.event_types,
        waiting: subscription.waiting,
        failing: subscription.failing_since.map(|since| kit::when(zone, now, since)),
        disabled: subscription.disabled_at.and(subscription.disabled_why),
    };
    let keeper = request::state::<request::RequestContext>()?.app.keys;
    Ok(Webhooks {
        subscriptions: known.into_iter().map(hook).collect(),
        sent: sent.into_iter().map(|(_, row)| row).take(usize::try_from(SENT_MAX * 2).unwrap_or_default()).collect(),
        made: identity::flash::open(&keeper, &actor, now, &made),
        administers: actor.administers(organisation.id).is_ok(),
    })
}

/// Makes a subscription; its secret is on the page that follows, once.
#[server(prefix = "/fn", endpoint = "brand/create_webhook")]
pub async fn create_webhook(url: String, #[server(default)] events: Vec<String>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    let app = request::state::<request::RequestContext>()?.app;
    let new = shared::webhook::NewSubscription { url, event_types: events };
    let made = webhooks::create(&mut tx, &app.keys, &actor, now, &new, app.sandbox).await?;
    let word = identity::flash::seal(&app.keys, &actor, now, &made.secret)?;
    tx.commit().await?;
    request::go(&format!("/b/webhooks?made={word}"));
    Ok(())
}

#[cfg(feature = "ssr")]
fn named(subscription: &str) -> Result<shared::WebhookSubscriptionId, UiError> {
    Ok(subscription.parse().map_err(|_| shared::Problem::not_found())?)
}

/// A new secret; the one before signs, too, for a day.
#[server(prefix = "/fn", endpoint = "brand/rotate_webhook")]
pub async fn rotate_webhook(subscription: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    let app = request::state::<request::RequestContext>()?.app;
    let made = webhooks::rotate(&mut tx, &app.keys, &actor, now, named(&subscription)?).await?;
    let word = identity::flash::seal(&app.keys, &actor, now, &made.secret)?;
    tx.commit().await?;
    request::go(&format!("/b/webhooks?made={word}"));
    Ok(())
}

/// Nothing is sent any more.
#[server(prefix = "/fn", endpoint = "brand/disable_webhook")]
pub async fn disable_webhook(subscription: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    webhooks::disable(&mut tx, &actor, now, named(&subscription)?).await?;
    tx.commit().await?;
    request::go("/b/webhooks");
    Ok(())
}

/// It is sent again.
#[server(prefix = "/fn", endpoint = "brand/enable_webhook")]
pub async fn enable_webhook(subscription: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    webhooks::enable(&mut tx, &actor, now, named(&subscription)?).await?;
    tx.commit().await?;
    request::go("/b/webhooks");
    Ok(())
}

/// Sends one event again, with the same number.
#[server(prefix = "/fn", endpoint = "brand/resend_webhook")]
pub async fn resend_webhook(delivery: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    webhooks::send_again(&mut tx, &actor, now, delivery.parse().map_err(|_| shared::Problem::not_found())?).await?;
    tx.commit().await?;
    request::go("/b/webhooks");
    Ok(())
}
