//! The way in and out.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{LogInPage, UiError, t};
use leptos::prelude::*;

/// `/o/login`
#[component]
pub(crate) fn Page() -> impl IntoView {
    view! { <LogInPage title=t::login_title_backoffice() action="/fn/backoffice/log_in" totp_action="/fn/backoffice/log_in_with_totp" /> }
}

/// Checks the password; on to the code when the account has a second factor.
#[server(prefix = "/fn", endpoint = "backoffice/log_in")]
pub async fn log_in(email: String, password: String) -> Result<(), UiError> {
    let app = request::state::<request::RequestContext>()?.app;
    match identity::user::log_in(&app.db, &app.keys, app.clock.now(), identity::Persona::Backoffice, &email, &password).await? {
        identity::user::LogIn::Open(opened) => {
            request::session_cookie(&opened);
            request::go("/o/");
        }
        identity::user::LogIn::NeedsTotp(note) => request::go(&format!("/o/login?v={note}")),
    }
    Ok(())
}

/// The second step.
#[server(prefix = "/fn", endpoint = "backoffice/log_in_with_totp")]
pub async fn log_in_with_totp(note: String, totp: String) -> Result<(), UiError> {
    let app = request::state::<request::RequestContext>()?.app;
    let opened = identity::user::log_in_with_totp(&app.db, &app.keys, app.clock.now(), identity::Persona::Backoffice, &note, &totp).await?;
    request::session_cookie(&opened);
    request::go("/o/");
    Ok(())
}

/// Ends the session.
#[server(prefix = "/fn", endpoint = "backoffice/log_out")]
pub async fn log_out() -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    identity::session::close(&mut tx, now, &actor).await?;
    tx.commit().await?;
    request::sign_out_cookie(identity::Persona::Backoffice);
    request::go("/o/login");
    Ok(())
}
