//! Sign-up in three screens: phone, code, consent; and the two ways back to a card that exists: by its phone, or by a
//! code that the browser shows where it is open. All of it works without scripts.
//!
//! What a person typed travels in her own forms: the phone only sealed, so nothing personal is stored before she consents.

use kit::{
    Banner, Button, ButtonLink, Chip, CodeField, Empty, ErrorState, Field, IntoLight, ListRow, Look, PhoneHead, PhoneShell, Segmented,
    SendAgain, Size, Skeleton, SkeletonKind, StepsBar, Switch, Tone, UiError, icon::path, locale, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::Country;

fn head(step: u32) -> AnyView {
    view! {
        <header class="phone__head">
            {(step > 1).then(|| view! { <kit::IconButton icon=path::ARROW_LEFT label=t::common_back() href="/c/join" /> })}
            <StepsBar step steps=3 />
        </header>
    }
    .into_light()
}

/// What the last try was refused for, about this field.
fn refused(field: &'static str) -> Signal<Option<String>> {
    let refusal = request::refusal().filter(|refusal| refusal.is_about(field) || (refusal.field.is_none() && field == "phone"));
    Signal::stored(refusal.map(|refusal| refusal.text(locale::consumer_text)))
}

/// What a code's page was refused for that is about no field of it: too many codes, too soon.
pub(crate) fn told() -> Option<AnyView> {
    let refusal = request::refusal().filter(|refusal| refusal.field.is_none())?;
    Some(
        view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refusal.text(locale::consumer_text)}</Banner> }
            .into_light(),
    )
}

/// `/c/join?s=<shop>`
#[component]
pub(crate) fn PhonePage() -> impl IntoView {
    let shop = request::query("s").unwrap_or_default();
    let chosen =
        request::typed("country").or_else(|| request::query("country")).and_then(|code| Country::from_code(&code)).unwrap_or(Country::Co);
    let options = Country::ALL.map(
        |country| view! { <option value=country.code() selected=country == chosen>{country.name()}" "{country.calling_code()}</option> },
    );
    view! {
        <PhoneShell head=head(1) paper=true>
            <form method="post" action="/fn/consumer/start_code" class="stack">
                <h1>{t::join_phone_title()}</h1>
                <p class="muted">{t::join_phone_lead()}</p>
                <input type="hidden" name="shop" value=shop />
                <input type="hidden" name="card" value=request::query("card").unwrap_or_default() />
                <Field id="country" label=t::join_phone_country()>
                    <select id="country" name="country" class="field__input" autocomplete="country">{options.collect_view()}</select>
                </Field>
                <Field id="phone" label=t::join_phone_label() kind="tel" inputmode="tel" autocomplete="tel-national" required=true big=true maxlength=40 help=t::join_phone_help() error=refused("phone") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_phone_action()}</Button>
                <p class="small muted">{t::join_phone_existing()}</p>
                <p><a class="link" href="/c/join/move">{t::join_phone_move()}</a></p>
            </form>
        </PhoneShell>
    }
}

/// `/c/join/code?v=<sealed>&p=<phone>&at=<ms>&s=<shop>`
#[component]
pub(crate) fn CodePage() -> impl IntoView {
    request::needs("v", "/c/join");
    let asked = |name| request::query(name).unwrap_or_default();
    let (sealed, shop, card) = (asked("v"), asked("s"), asked("card"));
    let value = RwSignal::new(String::new());
    let phone = request::query("p").unwrap_or_default();
    view! {
        <PhoneShell head=head(2) paper=true>
            <form method="post" action="/fn/consumer/verify_code" class="stack">
                <h1>{t::join_code_title()}</h1>
                <p class="muted">{t::join_code_sent(&phone)}</p>
                {told()}
                <input type="hidden" name="sealed" value=sealed.clone() />
                <input type="hidden" name="shop" value=shop.clone() />
                <input type="hidden" name="card" value=card.clone() />
                <CodeField id="code" label=t::join_code_label() value error=refused("code") />
                <Field id="name" label=t::join_code_name() help=t::join_code_name_help() autocomplete="given-name" maxlength=40 />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_code_action()}</Button>
            </form>
            <SendAgain action="/fn/consumer/code_again" sealed>
                <input type="hidden" name="shop" value=shop />
                <input type="hidden" name="card" value=card />
            </SendAgain>
            <p><a class="link" href="/c/join">{t::join_code_change()}</a></p>
        </PhoneShell>
    }
}

/// `/c/join/consent?v=<sealed>&n=<name>&s=<shop>&c=<country>`
#[component]
pub(crate) fn ConsentPage() -> impl IntoView {
    request::needs("v", "/c/join");
    let adult = RwSignal::new(request::ticked("adult").unwrap_or_default());
    let notices = RwSignal::new(request::ticked("notices").is_some());
    let country = request::query("c").and_then(|code| Country::from_code(&code)).unwrap_or(Country::Co);
    let missing = refused("adult");
    view! {
        <PhoneShell head=head(3) paper=true>
            <form method="post" action="/fn/consumer/sign_up" class="stack">
                <h1>{t::join_consent_title()}</h1>
                <p class="muted">{t::join_consent_lead()}</p>
                <input type="hidden" name="sealed" value=request::query("v").unwrap_or_default() />
                <input type="hidden" name="name" value=request::query("n").unwrap_or_default() />
                <input type="hidden" name="shop" value=request::query("s").unwrap_or_default() />
                <input type="hidden" name="card" value=request::query("card").unwrap_or_default() />
                <Segmented
                    name="adult"
                    legend=t::join_consent_age()
                    options=vec![("yes", t::join_consent_age_yes().into()), ("no", t::join_consent_age_no().into())]
                    value=adult
                />
                {move || missing.get().map(|_| view! { <p class="field__error" role="alert">{t::join_consent_age_missing()}</p> })}
                <div class="option">
                    <span class="option__text">
                        <span class="option__title">{t::join_consent_required_title()}</span>
                        <span class="option__help">{t::join_consent_required_text()}</span>
                    </span>
                    <Chip tone=Tone::Success icon=path::LOCK_SIMPLE>{t::join_consent_required_tag()}</Chip>
                </div>
                <Switch name="notices" title=t::join_consent_notices_title() help=t::join_consent_notices_text() on=notices />
                <details>
                    <summary class="link">{t::join_consent_full_text()}</summary>
                    <p class="small">{full_text(country)}</p>
                </details>
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_consent_action()}</Button>
                <p class="small center muted">{t::join_consent_change_later()}</p>
            </form>
        </PhoneShell>
    }
}

/// The card that a proven phone found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recovery {
    /// `••42`.
    label: String,
    /// Brand and what it has there, the most urgent first.
    balances: Vec<(String, String)>,
}

/// Brands that the summary of a found card names, at most.
#[cfg(feature = "ssr")]
const BALANCES_SHOWN: usize = 4;

/// `/c/join/recover?v=<sealed>`
#[component]
pub(crate) fn RecoverPage() -> impl IntoView {
    request::needs("v", "/c/join");
    let sealed = request::query("v").unwrap_or_default();
    let asked = sealed.clone();
    let card = Resource::new(move || asked.clone(), read_recovery);
    view! {
        <PhoneShell head=head(3) paper=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || card.get().map(|card| match card {
                    Ok(card) => found(card, sealed.clone()),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/join" /> }.into_light(),
                })}
            </Suspense>
        </PhoneShell>
    }
}

fn found(card: Recovery, sealed: String) -> AnyView {
    let nothing = card.balances.is_empty();
    let rows = card.balances.into_iter().map(|(brand, has)| view! { <li><ListRow title=brand text=has /></li> }).collect::<Vec<_>>();
    view! {
        <form method="post" action="/fn/consumer/recover" class="stack">
            <h1>{t::join_recover_title(&card.label)}</h1>
            <p class="muted">{if nothing { t::join_recover_empty() } else { t::join_recover_lead() }}</p>
            {(!nothing).then(|| view! { <ul class="card">{rows}</ul> })}
            <input type="hidden" name="sealed" value=sealed />
            <p>{t::join_recover_stops()}</p>
            <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_recover_action()}</Button>
            <p><a class="link" href="/c/join">{t::join_code_change()}</a></p>
        </form>
    }
    .into_light()
}

/// `/c/join/move`
#[component]
pub(crate) fn MovePage() -> impl IntoView {
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::join_move_title() back="/c/join" /> }.into_light() paper=true>
            <form method="post" action="/fn/consumer/move_card" class="stack">
                <p class="muted">{t::join_move_lead()}</p>
                <Field id="code" label=t::join_move_label() help=t::join_move_help() required=true big=true maxlength=12 error=refused("code") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_move_action()}</Button>
                <p><a class="link" href="/c/join">{t::join_move_phone()}</a></p>
            </form>
        </PhoneShell>
    }
}

/// `/c/join/elsewhere`: the card was taken onto another phone, and this one's session ended with that.
#[component]
pub(crate) fn ElsewherePage() -> impl IntoView {
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::consumer_home_hello_nobody() mark=true /> }.into_light() paper=true>
            <Empty title=t::recover_elsewhere() text=t::recover_elsewhere_text() icon=path::DEVICE_MOBILE page=true>
                <ButtonLink href="/c/join" look=Look::Key>{t::recover_action()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}

/// Is a card open in this browser?
#[server(prefix = "/fn", endpoint = "consumer/is_signed_in")]
pub async fn is_signed_in() -> Result<bool, UiError> {
    Ok(request::actor().await? != identity::Actor::Anonymous)
}

/// The text that is agreed to, from the country's table: the server's, so that proof and screen cannot differ.
fn full_text(country: Country) -> String {
    #[cfg(feature = "ssr")]
    {
        identity::consent::text(country).body.to_owned()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = country;
        String::new()
    }
}

/// A page with what its form carries.
#[cfg(feature = "ssr")]
pub(crate) fn address(page: &str, parts: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                query.push(char::from(byte));
            } else {
                query.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    [page, &query].concat()
}

/// Sends a code to a phone.
#[server(prefix = "/fn", endpoint = "consumer/start_code")]
pub async fn start_code(
    country: String,
    phone: String,
    #[server(default)] shop: String,
    #[server(default)] card: String,
) -> Result<(), UiError> {
    let country = Country::from_code(&country).unwrap_or(Country::Co);
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::start(&mut tx, &keys, now, country, &phone).await?;
    tx.commit().await?;
    sent(&started, now, &shop, &card);
    Ok(())
}

/// Where the code is typed.
#[cfg(feature = "ssr")]
fn sent(started: &identity::challenge::Started, now: shared::Timestamp, shop: &str, card: &str) {
    let at = now.0.to_string();
    let parts = [("v", started.sealed.as_str()), ("p", &started.phone_shown), ("at", &at), ("s", shop), ("card", card)];
    request::go(&address("/c/join/code", &parts));
}

/// Sends another code to the same phone.
#[server(prefix = "/fn", endpoint = "consumer/code_again")]
pub async fn code_again(sealed: String, #[server(default)] shop: String, #[server(default)] card: String) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::again(&mut tx, &keys, now, &sealed).await?;
    tx.commit().await?;
    sent(&started, now, &shop, &card);
    Ok(())
}

/// Compares the code: on to the consent, or to a card that exists already.
#[server(prefix = "/fn", endpoint = "consumer/verify_code")]
pub async fn verify_code(
    sealed: String,
    code: String,
    #[server(default)] name: String,
    #[server(default)] shop: String,
    #[server(default)] card: String,
) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let verified = match identity::challenge::verify(&mut tx, &keys, now, &sealed, &code).await {
        Ok(verified) => verified,
        Err(error) => {
            // A wrong try is counted.
            tx.commit().await?;
            return Err(error.into());
        }
    };
    tx.commit().await?;
    if verified.existing.consumer.is_some() {
        request::go(&address("/c/join/recover", &[("v", &verified.sealed)]));
        return Ok(());
    }
    request::go(&address("/c/join/consent", &[("v", &verified.sealed), ("n", name.trim()), ("s", &shop), ("card", &card)]));
    Ok(())
}

/// Creates the consumer with consents and card: the first moment at which anything personal is stored.
///
/// Who is under age gets a card without data instead.
#[server(prefix = "/fn", endpoint = "consumer/sign_up")]
pub async fn sign_up(
    sealed: String,
    #[server(default)] adult: String,
    #[server(default)] name: String,
    #[server(default)] shop: String,
    #[server(default)] card: String,
    notices: Option<String>,
) -> Result<(), UiError> {
    use identity::{
        consent::{self, Decision, Purpose},
        consumer::NewConsumer,
        session::{self, Subject},
    };
    if adult != "yes" && adult != "no" {
        return Err(shared::Problem::field("adult", "bad_field", "Say whether you are of age.").into());
    }
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let shop: Option<shared::ShopId> = shop.parse().ok();
    let phone = identity::challenge::consume(&mut tx, &keys, now, &sealed).await?;
    let country = phone.phone.country;
    let consumer = if adult == "no" {
        let consumer = identity::consumer::anonymous(&mut tx, now, country, shop).await?;
        loyalty::card::create(&mut tx, &loyalty, now, consumer, "digital").await?;
        consumer
    } else {
        let decision = |purpose, granted| Decision {
            purpose,
            controller: "platform".into(),
            granted,
            text_version: consent::text(country).version.into(),
            channel: "web".into(),
            device: user_agent(),
        };
        let consents = vec![decision(Purpose::Card, true), decision(Purpose::Notices, notices.is_some())];
        let new = NewConsumer { name: Some(name).filter(|name| !name.trim().is_empty()), adult: true, shop, consents };
        loyalty::card::sign_up(&mut tx, &loyalty, now, &phone, &new).await?.0
    };
    let opened = session::open(&mut tx, now, Subject::Consumer(consumer)).await?;
    tx.commit().await?;
    request::session_cookie(&opened);
    // She has her card in any case: a paper that is no card does not take it away.
    let claimed = if card.is_empty() { Ok(()) } else { claim(consumer, &card).await };
    match claimed {
        Ok(()) => request::go("/c/"),
        Err(error) => request::go(&request::refused_at(&address("/c/claim", &[("card", &card)]), &error.0)),
    }
    Ok(())
}

/// The card on paper that she was handed becomes hers, now that she agreed on her own phone.
#[cfg(feature = "ssr")]
async fn claim(consumer: shared::ConsumerId, card: &str) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let herself = identity::Actor::Consumer { consumer, session: shared::SessionId::fixed(0) };
    loyalty::claim::by_code(&mut tx, &rules, &herself, now, card).await?;
    tx.commit().await?;
    Ok(())
}

/// The card of a phone that was proven a moment ago. Nothing changes: the old phone goes on until somebody says so.
#[server(prefix = "/fn", endpoint = "consumer/read_recovery")]
pub async fn read_recovery(sealed: String) -> Result<Recovery, UiError> {
    use shared::{format, loyalty::campaign::Unit};
    let (mut tx, _, now) = request::read().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let found = loyalty::card::find_again(&mut tx, &loyalty, now, &sealed).await?;
    let has = |balance: &shared::loyalty::Balance| match balance.unit {
        Unit::Points => [&format::integer(balance.available, found.country), " ", t::consumer_points_unit()].concat(),
        Unit::Stamps => t::join_recover_stamps(&balance.available.to_string(), &balance.need.unwrap_or(balance.available).to_string()),
    };
    let balances = found.balances.iter().take(BALANCES_SHOWN).map(|balance| (balance.brand_name.clone(), has(balance))).collect();
    Ok(Recovery { label: found.label, balances })
}

/// Takes the card onto this phone: every other one stops.
#[server(prefix = "/fn", endpoint = "consumer/recover")]
pub async fn recover(sealed: String) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let consumer = loyalty::card::recover(&mut tx, &loyalty, now, &sealed).await?;
    let opened = identity::session::open(&mut tx, now, identity::session::Subject::Consumer(consumer)).await?;
    tx.commit().await?;
    request::session_cookie(&opened);
    request::go("/c/");
    Ok(())
}

/// Opens the card in this browser with the code that another one shows; there it stays open.
#[server(prefix = "/fn", endpoint = "consumer/move_card")]
pub async fn move_card(code: String) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let consumer = match identity::card_move::take(&mut tx, &keys, now, &code).await {
        Ok(consumer) => consumer,
        Err(error) => {
            // A wrong try is counted.
            tx.commit().await?;
            return Err(error.into());
        }
    };
    let opened = identity::session::open(&mut tx, now, identity::session::Subject::Consumer(consumer)).await?;
    tx.commit().await?;
    request::session_cookie(&opened);
    request::go("/c/");
    Ok(())
}

/// What the browser calls itself: part of the proof of a consent.
#[cfg(feature = "ssr")]
pub(crate) fn user_agent() -> String {
    let parts = use_context::<http::request::Parts>();
    parts.and_then(|parts| Some(parts.headers.get(http::header::USER_AGENT)?.to_str().ok()?.to_owned())).unwrap_or_default()
}
