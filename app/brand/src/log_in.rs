//! The way in and out.

use kit::{LogInPage, UiError, t};
use leptos::prelude::*;

/// `/b/login`
#[component]
pub(crate) fn Page() -> impl IntoView {
    view! { <LogInPage title=t::login_title_brand() action="/fn/brand/log_in" totp_action="/fn/brand/log_in_with_totp" /> }
}

/// Checks the password; on to the code when the account has a second factor.
#[server(prefix = "/fn", endpoint = "brand/log_in")]
pub async fn log_in(email: String, password: String) -> Result<(), UiError> {
    let app = kit::request::state::<kit::request::RequestContext>()?.app;
    match identity::user::log_in(&app.db, &app.keys, app.clock.now(), identity::Persona::Brand, &email, &password).await? {
        identity::user::LogIn::Open(opened) => {
            kit::request::session_cookie(&opened);
            kit::request::go("/b/");
        }
        identity::user::LogIn::NeedsTotp(note) => kit::request::go(&format!("/b/login?v={note}")),
    }
    Ok(())
}

/// The second step.
#[server(prefix = "/fn", endpoint = "brand/log_in_with_totp")]
pub async fn log_in_with_totp(note: String, totp: String) -> Result<(), UiError> {
    let app = kit::request::state::<kit::request::RequestContext>()?.app;
    let opened = identity::user::log_in_with_totp(&app.db, &app.keys, app.clock.now(), identity::Persona::Brand, &note, &totp).await?;
    kit::request::session_cookie(&opened);
    kit::request::go("/b/");
    Ok(())
}

/// Ends the session.
#[server(prefix = "/fn", endpoint = "brand/log_out")]
pub async fn log_out() -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    identity::session::close(&mut tx, now, &actor).await?;
    tx.commit().await?;
    kit::request::sign_out_cookie(identity::Persona::Brand);
    kit::request::go("/b/login");
    Ok(())
}
