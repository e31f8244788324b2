//! The door of a console: e-mail and password, and on a second page the code of the person's application.

use leptos::prelude::*;

use crate::icon::{Wordmark, path};
use crate::light::IntoLight;
use crate::{Banner, Button, Field, LiveRegions, Look, Size, Text, Tone, request, t};

/// Both pages of the door. Their forms are plain, so that they work before any script has arrived.
///
/// `action` gets `email` and `password`; when the account has a second factor it leads back here with `?v=<note>`, and
/// `totp_action` then gets `note` and `totp`.
#[component]
pub fn LogInPage(
    /// Whose console it is.
    #[prop(into)]
    title: Text,
    /// Takes the password.
    action: &'static str,
    /// Takes the code.
    totp_action: &'static str,
) -> impl IntoView {
    let refusal = request::refusal();
    let about = |field: &str| {
        let message = refusal.as_ref().filter(|refusal| refusal.is_about(field)).map(request::Refusal::message);
        Signal::stored(message)
    };
    let general = refusal
        .as_ref()
        .filter(|refusal| !["email", "password", "totp"].iter().any(|field| refusal.is_about(field)))
        .map(crate::request::Refusal::message);
    let general = general.map(|message| view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{message}</Banner> });
    let form = match request::query("v") {
        None => view! {
            <form method="post" action=action class="stack">
                <Field id="email" label=t::login_email() kind="email" inputmode="email" autocomplete="username" required=true big=true maxlength=200 error=about("email") />
                <Field id="password" label=t::login_password() kind="password" autocomplete="current-password" required=true big=true maxlength=200 error=about("password") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::login_action()}</Button>
            </form>
        }
        .into_light(),
        Some(note) => view! {
            <form method="post" action=totp_action class="stack">
                <input type="hidden" name="note" value=note />
                <Field id="totp" label=t::login_totp() help=t::login_totp_help() inputmode="numeric" autocomplete="one-time-code" required=true big=true maxlength=6 error=about("totp") />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::login_action()}</Button>
                <a class="link" href="?">{t::login_again()}</a>
            </form>
        }
        .into_light(),
    };
    view! {
        <LiveRegions />
        <main id="main" class="login">
            <div class="login__card">
                <a href="/" aria-label=t::common_brand()><Wordmark size=28 /></a>
                <h1>{title}</h1>
                {general}
                {form}
            </div>
        </main>
    }
}
