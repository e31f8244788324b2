//! Setting up the second factor: a secret to film, and the first six digits as proof that it arrived.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::icon::path;
use crate::light::IntoLight;
use crate::{Banner, Button, Chip, Field, Form, Look, QrPlate, Sending, Size, Tone, t};

/// How far somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorState {
    /// It is asked at every log-in.
    pub on: bool,
    /// Begun and not proven yet.
    pub pending: Option<PendingSecret>,
}

/// A secret on its way into somebody's application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSecret {
    /// Base 32, for typing.
    pub secret: String,
    /// For the QR.
    pub otpauth_url: String,
}

/// The card of an account page.
#[component]
pub fn SecondFactor(
    /// How far.
    state: SecondFactorState,
    /// Where a form posts that asks for a secret.
    begin: &'static str,
    /// Where a form posts the first digits.
    confirm: &'static str,
) -> impl IntoView {
    let body = match (state.on, state.pending) {
        (true, _) => view! { <p>{t::account_totp_on()}</p> }.into_light(),
        (false, None) => view! {
            <p>{t::account_totp_text()}</p>
            <form method="post" action=begin><Button submit=true look=Look::Secondary size=Size::Dense icon=path::SHIELD_CHECK>{t::account_totp_begin()}</Button></form>
        }
        .into_light(),
        (false, Some(pending)) => {
            let sending = Sending::new();
            let grouped = pending.secret.as_bytes().chunks(4).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect::<Vec<_>>().join(" ");
            view! {
                <Banner note=true tone=Tone::Info icon=path::INFO_FILL>{t::account_totp_film()}</Banner>
                <div class="totp">
                    <QrPlate text=Signal::stored(pending.otpauth_url) label=t::account_totp_qr() />
                    <p class="secret" data-secret>{grouped}</p>
                </div>
                <Form action=confirm sending fields=&["totp"]>
                    <Field id="totp" label=t::login_totp() inputmode="numeric" autocomplete="one-time-code" maxlength=7 required=true help=t::login_totp_help() error=sending.error("totp") />
                    <Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::account_totp_confirm()}</Button>
                </Form>
            }
            .into_light()
        }
    };
    view! {
        <section class="card stack" aria-labelledby="second-factor">
            <div class="panel__head">
                <h2 id="second-factor">{t::account_totp_title()}</h2>
                {if state.on { view! { <Chip tone=Tone::Success icon=path::CHECK>{t::account_totp_is_on()}</Chip> } } else { view! { <Chip tone=Tone::Warning icon=path::WARNING>{t::account_totp_is_off()}</Chip> } }}
            </div>
            {body}
        </section>
    }
}

/// How far the actor is.
#[cfg(feature = "ssr")]
pub async fn second_factor(tx: &mut db::Tx, actor: &identity::Actor) -> Result<SecondFactorState, crate::UiError> {
    let keys = crate::request::state::<crate::request::RequestContext>()?.app.keys;
    let on = identity::user::own(tx, actor).await?.totp;
    let pending = identity::user::pending_totp(tx, &keys, actor).await?.map(|pending| PendingSecret { secret: pending.secret, otpauth_url: pending.otpauth_url });
    Ok(SecondFactorState { on, pending })
}

/// Makes the actor's secret and leads back to the account page at `back`.
#[cfg(feature = "ssr")]
pub async fn begin_second_factor(back: &str) -> Result<(), crate::UiError> {
    let (mut tx, actor, _) = crate::request::begin().await?;
    let keys = crate::request::state::<crate::request::RequestContext>()?.app.keys;
    identity::user::begin_totp(&mut tx, &keys, &actor).await?;
    tx.commit().await?;
    crate::request::go(back);
    Ok(())
}

/// Checks the first digits and leads back.
#[cfg(feature = "ssr")]
pub async fn confirm_second_factor(digits: &str, back: &str) -> Result<(), crate::UiError> {
    let (mut tx, actor, now) = crate::request::begin().await?;
    let keys = crate::request::state::<crate::request::RequestContext>()?.app.keys;
    identity::user::confirm_totp(&mut tx, &keys, &actor, now, &digits.replace(' ', "")).await?;
    tx.commit().await?;
    crate::request::go(back);
    Ok(())
}
