//! A card on paper becomes hers, and two of her telephones become one card.

use kit::{Button, Choice, CodeField, Field, IntoLight, Look, PhoneHead, PhoneShell, SendAgain, Size, UiError, locale, request, t};
use leptos::prelude::*;
use shared::Country;

/// What the last try was refused for.
fn refused(field: &'static str) -> Signal<Option<String>> {
    let refusal =
        request::refusal().filter(|refusal| refusal.is_about(field) || (refusal.field.is_none() && request::query("v").is_none()));
    let words = |code: &str| match code {
        // Her own card is known: the code that she typed is not.
        "loyalty.unknown_card" => t::claim_unknown(),
        code => locale::consumer_text(code),
    };
    Signal::stored(refusal.map(|refusal| refusal.text(words)))
}

/// `/c/claim?card=<code>`: who has no card yet signs up first, and the card on paper waits for her.
#[component]
pub(crate) fn ClaimPage() -> impl IntoView {
    let card = request::query("card").unwrap_or_default();
    let asked = card.clone();
    let known = Resource::new(move || asked.clone(), read_claim);
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::claim_title() back="/c/you" /> }.into_light() paper=true>
            <Suspense>{move || known.get().map(|_| ())}</Suspense>
            <form method="post" action="/fn/consumer/claim_card" class="stack">
                <p class="muted">{t::claim_lead()}</p>
                <Field id="code" label=t::claim_label() initial=card help=t::claim_help() required=true maxlength=60 error=refused("code") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::claim_action()}</Button>
            </form>
        </PhoneShell>
    }
}

/// `/c/unite`, then `/c/unite?v=<sealed>&p=<phone>&at=<ms>`.
#[component]
pub(crate) fn UnitePage() -> impl IntoView {
    let sealed = request::query("v").unwrap_or_default();
    let phone = request::query("p").unwrap_or_default();
    let value = RwSignal::new(String::new());
    let form = if sealed.is_empty() {
        let countries = Country::ALL.map(|country| (country.code().to_owned(), country.name().to_owned())).into();
        view! {
            <form method="post" action="/fn/consumer/start_uniting" class="stack">
                <p>{t::unite_lead()}</p>
                <Choice id="country" label=t::join_phone_country() options=countries chosen="CO" />
                <Field id="phone" label=t::unite_phone() kind="tel" inputmode="tel" required=true big=true maxlength=40 error=refused("phone") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_phone_action()}</Button>
            </form>
        }
        .into_light()
    } else {
        view! {
            <form method="post" action="/fn/consumer/unite" class="stack">
                <p class="muted">{t::join_code_sent(&phone)}</p>
                {crate::join::told()}
                <input type="hidden" name="sealed" value=sealed.clone() />
                <CodeField id="code" label=t::join_code_label() value error=refused("code") />
                <p class="small">{t::unite_after()}</p>
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::unite_action()}</Button>
            </form>
            <SendAgain action="/fn/consumer/unite_again" sealed />
        }
        .into_light()
    };
    view! { <PhoneShell head=view! { <PhoneHead title=t::unite_title() back="/c/you" /> }.into_light() paper=true>{form}</PhoneShell> }
}

/// Leads who has no card yet to the sign-up, with the card on paper in hand.
#[server(prefix = "/fn", endpoint = "consumer/read_claim")]
pub async fn read_claim(card: String) -> Result<(), UiError> {
    let (_, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go(&crate::join::address("/c/join", &[("card", &card)]));
    }
    Ok(())
}

/// Makes the card on paper hers.
#[server(prefix = "/fn", endpoint = "consumer/claim_card")]
pub async fn claim_card(code: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let rules = request::state::<loyalty::Loyalty>()?;
    loyalty::claim::by_code(&mut tx, &rules, &actor, now, &code).await?;
    tx.commit().await?;
    request::go("/c/");
    Ok(())
}

/// Sends a code to her other telephone.
#[server(prefix = "/fn", endpoint = "consumer/start_uniting")]
pub async fn start_uniting(country: String, phone: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.consumer()?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::start(&mut tx, &keys, now, Country::from_code(&country).unwrap_or(Country::Co), &phone).await?;
    tx.commit().await?;
    sent(&started, now);
    Ok(())
}

/// Where the code is typed.
#[cfg(feature = "ssr")]
fn sent(started: &identity::challenge::Started, now: shared::Timestamp) {
    let at = now.0.to_string();
    request::go(&crate::join::address("/c/unite", &[("v", &started.sealed), ("p", &started.phone_shown), ("at", &at)]));
}

/// Sends another code to her other telephone.
#[server(prefix = "/fn", endpoint = "consumer/unite_again")]
pub async fn unite_again(sealed: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.consumer()?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::again(&mut tx, &keys, now, &sealed).await?;
    tx.commit().await?;
    sent(&started, now);
    Ok(())
}

/// Makes one person of two.
#[server(prefix = "/fn", endpoint = "consumer/unite")]
pub async fn unite(sealed: String, code: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.consumer()?;
    let rules = request::state::<loyalty::Loyalty>()?;
    if let Err(error) = loyalty::claim::join_phones(&mut tx, &rules, &actor, now, &sealed, &code).await {
        // A wrong code is counted; nothing else of a refusal stays.
        if matches!(error, loyalty::Error::Identity(identity::Error::WrongCode(_))) {
            tx.commit().await?;
        }
        return Err(error.into());
    }
    tx.commit().await?;
    request::go("/c/");
    Ok(())
}
