//! Help: one press opens WhatsApp with the code and the page already written.

use kit::{Icon, IntoLight, escaped, icon::path, request, t};
use leptos::prelude::*;

/// The page that somebody is on, for the help beside a failure.
#[derive(Clone)]
struct Here(String);

/// From now on every failure of this page shows the way to whoever helps.
pub(crate) fn offer(path: &str) {
    provide_context(Here(path.to_owned()));
    provide_context(kit::HelpWith(|code| link(&use_context::<Here>().map_or_else(String::new, |here| here.0), code)));
}

/// The button; an empty `code` for help without a failure. An installation without a number says whom to ask instead.
pub(crate) fn link(page: &str, code: &str) -> AnyView {
    let code = if code.is_empty() { t::tendero_help_no_code().to_owned() } else { code.to_owned() };
    let number = request::help_whatsapp();
    if number.is_empty() {
        return view! {
            <details class="card card--pad" data-help=code.clone()>
                <summary class="link">{t::tendero_help_ask()}</summary>
                <p>{t::tendero_help_whom()}</p>
                <p class="code">{t::tendero_help_code(&code, page)}</p>
            </details>
        }
        .into_light();
    }
    let href = ["https://wa.me/", &number, "?text=", &escaped(&t::tendero_help_message(&code, page))].concat();
    view! {
        <a class="btn btn--soft btn--wide" href=href target="_blank" rel="noopener" data-help=code>
            <Icon path=path::WHATSAPP_LOGO size=20 /> {t::tendero_help_ask()}
        </a>
    }
    .into_light()
}
