//! Her data are hers: a copy of them, what she asks of the operator, and the way out.

use kit::{
    Banner, Button, ButtonLink, Card, Check, Choice, CodeField, Empty, ErrorState, Field, IntoLight, ListRow, Look, PhoneHead, PhoneShell,
    SendAgain, Size, Skeleton, SkeletonKind, Tone, UiError, icon::path, locale, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bar::Bar;

/// A right that she used, in her words and the law's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    title: String,
    text: String,
    answer: Option<String>,
}

/// What the last try was refused for.
fn refused(field: &'static str) -> Signal<Option<String>> {
    let refusal = request::refusal().filter(|refusal| refusal.is_about(field));
    Signal::stored(refusal.map(|refusal| refusal.text(locale::consumer_text)))
}

/// What was refused about nothing that has a field.
fn told() -> Option<AnyView> {
    let refusal = request::refusal()?;
    let shown = matches!(refusal.field.as_deref(), Some("code" | "text"));
    (!shown).then(|| {
        view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refusal.text(locale::consumer_text)}</Banner> }
            .into_light()
    })
}

/// `/c/privacy`
#[component]
pub(crate) fn PrivacyPage() -> impl IntoView {
    let asked = kit::once(read_rights);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::rights_title() back="/c/you" /> }.into_light()
            bar=view! { <Bar current="/c/you" /> }.into_light()
        >
            {told()}
            <h2>{t::rights_copy_title()}</h2>
            <Card>
                <p class="small">{t::rights_copy_text()}</p>
                <form method="post" action="/api/v1/me/export">
                    <Button submit=true wide=true look=Look::Secondary icon=path::DOWNLOAD_SIMPLE>{t::rights_copy_action()}</Button>
                </form>
            </Card>
            <h2>{t::rights_ask_title()}</h2>
            <Card>
                <form method="post" action="/fn/consumer/ask_rights" class="stack">
                    <Choice id="kind" label=t::rights_ask_kind() options=kinds() />
                    <Field id="text" label=t::rights_ask_text() help=t::rights_ask_help() required=true error=refused("text")>
                        <textarea id="text" name="text" class="field__input" rows="3" maxlength="1000" required aria-describedby="text-help">{request::typed("text").unwrap_or_default()}</textarea>
                    </Field>
                    <Button submit=true wide=true look=Look::Secondary>{t::rights_ask_action()}</Button>
                </form>
            </Card>
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || asked.get().map(|asked| match asked {
                    Ok(asked) => list(asked),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/privacy" /> }.into_light(),
                })}
            </kit::Await>
            <h2>{t::rights_leave_title()}</h2>
            <Card>
                <p class="small">{t::rights_leave_text()}</p>
                <ButtonLink href="/c/leave" look=Look::Secondary wide=true>{t::rights_leave_action()}</ButtonLink>
            </Card>
        </PhoneShell>
    }
}

fn kinds() -> Vec<(String, String)> {
    [
        ("correction", t::rights_kind_correction()),
        ("objection", t::rights_kind_objection()),
        ("blocking", t::rights_kind_blocking()),
        ("access", t::rights_kind_access()),
    ]
    .map(|(name, words)| (name.to_owned(), words.to_owned()))
    .into()
}

fn list(asked: Vec<Asked>) -> AnyView {
    if asked.is_empty() {
        return ().into_light();
    }
    let rows = asked
        .into_iter()
        .map(|asked| view! { <li class="stack stack--4"><ListRow title=asked.title text=asked.text />{asked.answer.map(|answer| view! { <p class="small">{answer}</p> })}</li> })
        .collect::<Vec<_>>();
    view! { <h2>{t::rights_asked_title()}</h2> <ul class="card">{rows}</ul> }.into_light()
}

/// `/c/leave`: what is lost, before anything is sent.
#[component]
pub(crate) fn LeavePage() -> impl IntoView {
    let lost = kit::once(read_leaving);
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::leave_title() back="/c/privacy" /> }.into_light() paper=true>
            {told()}
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || lost.get().map(|lost| match lost {
                    Ok(lost) => leaving(lost),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/leave" /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn leaving(lost: Vec<(String, String)>) -> AnyView {
    let has = !lost.is_empty();
    let rows = lost.into_iter().map(|(brand, has)| view! { <li><ListRow title=brand text=has /></li> }).collect::<Vec<_>>();
    view! {
        <p>{t::leave_lead()}</p>
        <ul class="stack stack--8">
            <li>{t::leave_goes()}</li>
            <li>{t::leave_stops()}</li>
            <li>{t::leave_stays()}</li>
        </ul>
        {has.then(|| view! { <h2>{t::leave_lost()}</h2> <ul class="card">{rows}</ul> })}
        <form method="post" action="/fn/consumer/start_leaving" class="stack">
            <Button submit=true wide=true look=Look::Danger size=Size::Tall>{t::leave_next()}</Button>
        </form>
        <p class="center"><a class="link" href="/c/you">{t::leave_stay()}</a></p>
    }
    .into_light()
}

/// `/c/leave/code?v=<sealed>&p=<hint>&at=<ms>`, or `?phone=none` without a code for a card that knows no phone.
#[component]
pub(crate) fn LeaveCodePage() -> impl IntoView {
    if request::query("phone").as_deref() != Some("none") {
        request::needs("v", "/c/leave");
    }
    let value = RwSignal::new(String::new());
    let sure = RwSignal::new(false);
    let sealed = request::query("v").unwrap_or_default();
    let hint = request::query("p").unwrap_or_default();
    let with_code = !sealed.is_empty();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::leave_title() back="/c/leave" /> }.into_light() paper=true>
            {told()}
            <form method="post" action="/fn/consumer/leave" class="stack">
                <input type="hidden" name="sealed" value=sealed.clone() />
                {with_code.then(|| view! {
                    <p class="muted">{t::leave_code_sent(&hint)}</p>
                    <CodeField id="code" label=t::join_code_label() value error=refused("code") />
                })}
                <Check name="confirmed" on=sure>{t::leave_sure()}</Check>
                <Button submit=true wide=true look=Look::Danger size=Size::Tall>{t::leave_action()}</Button>
            </form>
            {with_code.then(|| view! { <SendAgain action="/fn/consumer/start_leaving" sealed /> })}
            <p class="center"><a class="link" href="/c/you">{t::leave_stay()}</a></p>
        </PhoneShell>
    }
}

/// `/c/left`
#[component]
pub(crate) fn LeftPage() -> impl IntoView {
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::consumer_home_hello_nobody() mark=true /> }.into_light() paper=true>
            <Empty title=t::left_title() text=t::left_text() icon=path::CHECK_CIRCLE page=true>
                <ButtonLink href="/c/join" look=Look::Secondary>{t::left_again()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}

/// What she asked before, newest first.
#[server(prefix = "/fn", endpoint = "consumer/read_rights")]
pub async fn read_rights() -> Result<Vec<Asked>, UiError> {
    use shared::{
        format,
        rights::{RequestKind, RequestStatus},
    };
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/c/join");
    }
    let asked = identity::rights::mine(&mut tx, &actor).await?;
    Ok(asked
        .into_iter()
        .map(|asked| {
            let zone = asked.country.time_zone();
            let day = |at| format::date(identity::shop::local_date(zone, at));
            let title = match asked.kind {
                RequestKind::Access => t::rights_kind_access(),
                RequestKind::Correction => t::rights_kind_correction(),
                RequestKind::Deletion => t::rights_kind_deletion(),
                RequestKind::Objection => t::rights_kind_objection(),
                RequestKind::Blocking => t::rights_kind_blocking(),
            };
            let text = match (asked.status, asked.decided_at) {
                (RequestStatus::Done, Some(at)) => t::rights_done(&day(at)),
                (RequestStatus::Refused, Some(at)) => t::rights_refused(&day(at)),
                _ => t::rights_open(&day(asked.asked_at), &format::date(asked.due_date)),
            };
            Asked { title: title.to_owned(), text, answer: asked.answer }
        })
        .collect())
}

/// Asks the operator for something.
#[server(prefix = "/fn", endpoint = "consumer/ask_rights")]
pub async fn ask_rights(kind: String, text: String) -> Result<(), UiError> {
    use shared::rights::{NewPrivacyRequest, RequestKind};
    let (mut tx, actor, now) = request::begin().await?;
    actor.consumer()?;
    let kind = RequestKind::from_name(&kind).ok_or_else(|| shared::Problem::field("kind", "bad_field", "no such kind"))?;
    identity::rights::ask(&mut tx, &actor, now, &NewPrivacyRequest { kind, text }).await?;
    tx.commit().await?;
    request::go("/c/privacy");
    Ok(())
}

/// What is in her wallets, and goes with her.
#[server(prefix = "/fn", endpoint = "consumer/read_leaving")]
pub async fn read_leaving() -> Result<Vec<(String, String)>, UiError> {
    use shared::{format, loyalty::campaign::Unit};
    let (mut tx, actor, _) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    let country = identity::consumer::country(&mut tx, consumer).await?;
    let balances = loyalty::card::balances(&mut tx, &actor, consumer).await?;
    let has = |balance: &shared::loyalty::Balance| {
        let unit = if balance.unit == Unit::Points { t::consumer_points_unit() } else { t::consumer_stamps_unit() };
        [&format::integer(balance.available + balance.pending + balance.reserved, country), " ", unit].concat()
    };
    Ok(balances
        .iter()
        .filter(|balance| balance.available + balance.pending + balance.reserved > 0)
        .map(|balance| (balance.brand_name.clone(), has(balance)))
        .collect())
}

/// Sends a code to her phone, or another one with what the first form carried; who has no phone goes on without.
#[server(prefix = "/fn", endpoint = "consumer/start_leaving")]
pub async fn start_leaving(#[server(default)] sealed: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.consumer()?;
    let rules = request::state::<loyalty::Loyalty>()?;
    if !sealed.is_empty() {
        let keys = request::state::<request::RequestContext>()?.app.keys;
        identity::challenge::must_wait(&mut tx, &keys, now, &sealed).await?;
    }
    let code = loyalty::rights::start_deletion(&mut tx, &rules, &actor, now).await?;
    tx.commit().await?;
    match code {
        Some(code) => {
            let at = now.0.to_string();
            request::go(&crate::join::address("/c/leave/code", &[("v", &code.sealed), ("p", &code.phone_hint), ("at", &at)]));
        }
        None => request::go("/c/leave/code?phone=none"),
    }
    Ok(())
}

/// Erases who she is.
#[server(prefix = "/fn", endpoint = "consumer/leave")]
pub async fn leave(#[server(default)] sealed: String, #[server(default)] code: String, confirmed: Option<String>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let wanted = shared::rights::Deletion { sealed: given(sealed), code: given(code), confirmed: confirmed.is_some() };
    let left = loyalty::rights::delete(&mut tx, &rules, &actor, now, &wanted).await;
    // A wrong code is counted.
    tx.commit().await?;
    left?;
    request::sign_out_cookie(identity::Persona::Consumer);
    request::go("/c/left");
    Ok(())
}
