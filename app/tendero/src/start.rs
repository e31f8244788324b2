//! First run: phone, code, shop. All of it works without scripts; only the phone's key does not.

use kit::{
    Banner, Button, Card, CodeField, Field, IntoLight, Look, PhoneHead, PhoneShell, SendAgain, Size, Tone, UiError, icon::path, locale,
    request, t,
};
use leptos::prelude::*;
use shared::Country;

fn refused(field: &'static str) -> Signal<Option<String>> {
    let refusal = request::refusal().filter(|refusal| refusal.is_about(field) || (refusal.field.is_none() && field == "phone"));
    Signal::stored(refusal.map(|refusal| refusal.text(locale::shop_text)))
}

/// What a page was refused for that is about none of its fields.
fn told() -> Option<AnyView> {
    let refusal = request::refusal().filter(|refusal| refusal.field.is_none())?;
    Some(
        view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refusal.text(locale::shop_text)}</Banner> }
            .into_light(),
    )
}

/// `/t/start`
#[component]
pub(crate) fn PhonePage() -> impl IntoView {
    let chosen = request::typed("country").and_then(|code| Country::from_code(&code)).unwrap_or(Country::Co);
    let options = Country::ALL.map(
        |country| view! { <option value=country.code() selected=country == chosen>{country.name()}" "{country.calling_code()}</option> },
    );
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_start_title() mark=true /> }.into_light() paper=true>
            <form method="post" action="/fn/tendero/start_code" class="stack">
                <p class="muted">{t::tendero_start_lead()}</p>
                <Field id="country" label=t::join_phone_country()>
                    <select id="country" name="country" class="field__input">{options.collect_view()}</select>
                </Field>
                <Field id="phone" label=t::join_phone_label() kind="tel" inputmode="tel" autocomplete="tel-national" required=true big=true maxlength=40 help=t::join_phone_help() error=refused("phone") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_phone_action()}</Button>
            </form>
        </PhoneShell>
    }
}

/// `/t/start/code?v=<sealed>&p=<phone>&c=<country>&at=<ms>`
#[component]
pub(crate) fn CodePage() -> impl IntoView {
    request::needs("v", "/t/start");
    let sealed = request::query("v").unwrap_or_default();
    let country = request::query("c").unwrap_or_default();
    let value = RwSignal::new(String::new());
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::join_code_title() back="/t/start" /> }.into_light() paper=true>
            <form method="post" action="/fn/tendero/verify_code" class="stack">
                <p class="muted">{t::join_code_sent(&request::query("p").unwrap_or_default())}</p>
                {told()}
                <input type="hidden" name="sealed" value=sealed.clone() />
                <input type="hidden" name="country" value=country.clone() />
                <CodeField id="code" label=t::join_code_label() value error=refused("code") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::join_code_action()}</Button>
            </form>
            <SendAgain action="/fn/tendero/code_again" sealed>
                <input type="hidden" name="country" value=country />
            </SendAgain>
            <p><a class="link" href="/t/start">{t::join_code_change()}</a></p>
        </PhoneShell>
    }
}

/// `/t/start/shop?v=<sealed>&c=<country>`: a new shop, or one that somebody invites to.
#[component]
pub(crate) fn ShopPage() -> impl IntoView {
    request::needs("v", "/t/start");
    let sealed = request::query("v").unwrap_or_default();
    let country = request::query("c").unwrap_or_default();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_start_shop_title() back="/t/start" /> }.into_light() paper=true>
            <form method="post" action="/fn/tendero/register_shop" class="stack">
                {told()}
                <h2>{t::tendero_start_shop_new()}</h2>
                <input type="hidden" name="sealed" value=sealed.clone() />
                <input type="hidden" name="country" value=country />
                <Field id="shop" label=t::tendero_start_shop_name() required=true maxlength=80 error=refused("shop") />
                <Field id="city" label=t::tendero_start_shop_city() required=true maxlength=80 autocomplete="address-level2" error=refused("city") />
                <Field id="owner" label=t::join_code_name() required=true maxlength=40 autocomplete="given-name" error=refused("owner") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::tendero_start_shop_action()}</Button>
            </form>
            <Card>
                <form method="post" action="/fn/tendero/join_shop" class="stack">
                    <h2>{t::tendero_start_join_title()}</h2>
                    <input type="hidden" name="sealed" value=sealed />
                    <Field id="invitation" label=t::tendero_start_join_code() maxlength=12 error=refused("code") />
                    <Field id="person" label=t::join_code_name() maxlength=40 error=refused("person") />
                    <Button submit=true wide=true look=Look::Secondary>{t::tendero_start_join_action()}</Button>
                </form>
            </Card>
        </PhoneShell>
    }
}

/// Sends a code.
#[server(prefix = "/fn", endpoint = "tendero/start_code")]
pub async fn start_code(country: String, phone: String) -> Result<(), UiError> {
    let place = Country::from_code(&country).unwrap_or(Country::Co);
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::start(&mut tx, &keys, now, place, &phone).await?;
    tx.commit().await?;
    sent(&started, now, place);
    Ok(())
}

/// Where the code is typed.
#[cfg(feature = "ssr")]
fn sent(started: &identity::challenge::Started, now: shared::Timestamp, country: Country) {
    let shown = started.phone_shown.replace(' ', "%20");
    request::go(&format!("/t/start/code?v={}&p={shown}&c={}&at={}", started.sealed, country.code(), now.0));
}

/// Sends another code to the same phone.
#[server(prefix = "/fn", endpoint = "tendero/code_again")]
pub async fn code_again(sealed: String, #[server(default)] country: String) -> Result<(), UiError> {
    let place = Country::from_code(&country).unwrap_or(Country::Co);
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let started = identity::challenge::again(&mut tx, &keys, now, &sealed).await?;
    tx.commit().await?;
    sent(&started, now, place);
    Ok(())
}

/// Compares the code: on to the shop that the person belongs to, or to the choice of one.
#[server(prefix = "/fn", endpoint = "tendero/verify_code")]
pub async fn verify_code(sealed: String, code: String, #[server(default)] country: String) -> Result<(), UiError> {
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
    if let Some(member) = verified.existing.members.first() {
        identity::challenge::consume(&mut tx, &keys, now, &verified.sealed).await?;
        let opened = identity::session::open(&mut tx, now, identity::session::Subject::Member(member.member_id, member.shop_id)).await?;
        tx.commit().await?;
        request::session_cookie(&opened);
        request::go("/t/start/device");
        return Ok(());
    }
    tx.commit().await?;
    let country = Country::from_code(&country).unwrap_or(Country::Co);
    request::go(&format!("/t/start/shop?v={}&c={}", verified.sealed, country.code()));
    Ok(())
}

/// Registers a shop; the person is its owner.
#[server(prefix = "/fn", endpoint = "tendero/register_shop")]
pub async fn register_shop(
    sealed: String,
    #[server(default)] country: String,
    shop: String,
    #[server(default)] city: String,
    owner: String,
) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let phone = identity::challenge::consume(&mut tx, &keys, now, &sealed).await?;
    let country = Country::from_code(&country).unwrap_or(phone.phone.country);
    let new = shared::identity::NewShop { name: shop, country, time_zone: None, city, zone: String::new(), distributor_code: None };
    let (shop, member) = identity::shop::register(&mut tx, now, &phone, &new, &owner).await.map_err(as_typed)?;
    let opened = identity::session::open(&mut tx, now, identity::session::Subject::Member(member, shop)).await?;
    tx.commit().await?;
    request::session_cookie(&opened);
    request::go("/t/start/device");
    Ok(())
}

/// A shop's name and its owner's are called otherwise on this page, where two people may be named.
#[cfg(feature = "ssr")]
fn as_typed(error: identity::Error) -> UiError {
    match error {
        identity::Error::Field("name") => identity::Error::Field("shop").into(),
        identity::Error::Field("person") => identity::Error::Field("owner").into(),
        other => other.into(),
    }
}

/// Joins a shop with the code that its owner showed.
#[server(prefix = "/fn", endpoint = "tendero/join_shop")]
pub async fn join_shop(sealed: String, invitation: String, person: String) -> Result<(), UiError> {
    let (mut tx, _, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let phone = identity::challenge::consume(&mut tx, &keys, now, &sealed).await?;
    let (shop, member) = identity::shop::join(&mut tx, &keys, now, &invitation, &phone, &person).await?;
    let opened = identity::session::open(&mut tx, now, identity::session::Subject::Member(member, shop)).await?;
    tx.commit().await?;
    request::session_cookie(&opened);
    request::go("/t/start/device");
    Ok(())
}
