//! The own account: the way in and out, who one is, and the second factor, which is a secret to film and the first six digits
//! as proof that it arrived.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::identity::{User, UserRole};

use crate::icon::path;
use crate::light::IntoLight;
use crate::{Banner, Button, Chip, Field, Form, Look, QrPlate, Sending, Size, Tone, t};
#[cfg(feature = "ssr")]
use crate::{UiError, request};

/// What a role is called.
pub fn role_name(role: UserRole) -> &'static str {
    match role {
        UserRole::Admin => t::account_role_admin(),
        UserRole::Manager => t::account_role_manager(),
        UserRole::Analyst => t::account_role_analyst(),
    }
}

/// Who somebody is and how far with the second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccountState {
    /// The person.
    pub person: User,
    /// A second factor that was begun and not proven yet.
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

/// The cards of an account page.
#[component]
pub fn OwnAccount(
    /// Who, and how far.
    state: OwnAccountState,
    /// Where a form posts that asks for a secret.
    begin: &'static str,
    /// Where a form posts the first digits.
    confirm: &'static str,
) -> impl IntoView {
    let OwnAccountState { person, pending } = state;
    let on = person.totp;
    let body = match (on, pending) {
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
        <section class="card" aria-label=t::account_person()>
            <dl class="facts">
                <dt>{t::common_name()}</dt><dd>{person.name}</dd>
                <dt>{t::login_email()}</dt><dd>{person.email}</dd>
                <dt>{t::account_role()}</dt><dd>{role_name(person.role)}</dd>
            </dl>
        </section>
        <section class="card stack" aria-labelledby="second-factor">
            <div class="panel__head">
                <h2 id="second-factor">{t::account_totp_title()}</h2>
                {if on { view! { <Chip tone=Tone::Success icon=path::CHECK>{t::account_totp_is_on()}</Chip> } } else { view! { <Chip tone=Tone::Warning icon=path::WARNING>{t::account_totp_is_off()}</Chip> } }}
            </div>
            {body}
        </section>
    }
}

/// The actor's own.
#[cfg(feature = "ssr")]
pub async fn own_account(tx: &mut db::Tx, actor: &identity::Actor) -> Result<OwnAccountState, UiError> {
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let person = identity::user::own(tx, actor).await?;
    let pending = identity::user::pending_totp(tx, &keys, actor)
        .await?
        .map(|pending| PendingSecret { secret: pending.secret, otpauth_url: pending.otpauth_url });
    Ok(OwnAccountState { person, pending })
}

/// Where the account page of the console is whose server function this is.
#[cfg(feature = "ssr")]
fn account_page() -> String {
    [request::persona().map_or("/", identity::Persona::home), "account"].concat()
}

/// Makes the actor's secret and leads back to the account page.
#[cfg(feature = "ssr")]
pub async fn begin_second_factor() -> Result<(), UiError> {
    let (mut tx, actor, _) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    identity::user::begin_totp(&mut tx, &keys, &actor).await?;
    tx.commit().await?;
    request::go(&account_page());
    Ok(())
}

/// Checks the first digits and leads back.
#[cfg(feature = "ssr")]
pub async fn confirm_second_factor(digits: &str) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    identity::user::confirm_totp(&mut tx, &keys, &actor, now, &digits.replace(' ', "")).await?;
    tx.commit().await?;
    request::go(&account_page());
    Ok(())
}

/// Whose console this is, and the server's state.
#[cfg(feature = "ssr")]
fn console() -> Result<(request::AppHandle, identity::Persona), UiError> {
    let request::RequestContext { app, persona, .. } = request::state()?;
    Ok((app, persona.ok_or_else(shared::Problem::not_found)?))
}

/// Checks the password; on to the code when the account has a second factor.
#[cfg(feature = "ssr")]
pub async fn log_in(email: &str, password: &str) -> Result<(), UiError> {
    let (app, persona) = console()?;
    match identity::user::log_in(&app.db, &app.keys, app.clock.now(), persona, email, password).await? {
        identity::user::LogIn::Open(opened) => {
            request::session_cookie(&opened);
            request::go(persona.home());
        }
        identity::user::LogIn::NeedsTotp(note) => request::go(&[persona.door(), "?v=", &note].concat()),
    }
    Ok(())
}

/// The second step.
#[cfg(feature = "ssr")]
pub async fn log_in_with_totp(note: &str, digits: &str) -> Result<(), UiError> {
    let (app, persona) = console()?;
    let opened = identity::user::log_in_with_totp(&app.db, &app.keys, app.clock.now(), persona, note, digits).await?;
    request::session_cookie(&opened);
    request::go(persona.home());
    Ok(())
}

/// Ends the session of this front; again changes nothing.
#[cfg(feature = "ssr")]
pub async fn log_out() -> Result<(), UiError> {
    let (_, persona) = console()?;
    let (mut tx, actor, now) = request::begin().await?;
    identity::session::close(&mut tx, now, &actor).await?;
    tx.commit().await?;
    request::sign_out_cookie(persona);
    request::go(persona.door());
    Ok(())
}

/// A read for somebody who is logged in; nobody is led to the log-in.
#[cfg(feature = "ssr")]
pub async fn entered() -> Result<(db::Tx, identity::Actor, shared::Timestamp), UiError> {
    let (tx, actor, now) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go(console()?.1.door());
    }
    Ok((tx, actor, now))
}
