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
    kit::log_in(&email, &password).await
}

/// The second step.
#[server(prefix = "/fn", endpoint = "brand/log_in_with_totp")]
pub async fn log_in_with_totp(note: String, totp: String) -> Result<(), UiError> {
    kit::log_in_with_totp(&note, &totp).await
}

/// Ends the session.
#[server(prefix = "/fn", endpoint = "brand/log_out")]
pub async fn log_out() -> Result<(), UiError> {
    kit::log_out().await
}
