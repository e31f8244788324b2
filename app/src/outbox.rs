//! What the sandbox would have sent: codes appear here instead of on a telephone.

use kit::t;
use leptos::prelude::*;

/// A message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// `whatsapp`, `sms` or `email`.
    pub channel: String,
    /// Telephone or address.
    pub recipient: String,
    /// For e-mail.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The list, newest first.
#[component]
pub fn Outbox(letters: Vec<Letter>) -> impl IntoView {
    let rows = letters
        .into_iter()
        .map(|letter| {
            view! {
                <li class="list-row">
                    <div class="list-row__body">
                        <span class="micro faint">{letter.channel}" · "<time datetime=letter.at.clone()>{letter.at.clone()}</time></span>
                        <span class="strong" data-recipient>{letter.recipient}</span>
                        {(!letter.subject.is_empty()).then(|| view! { <span class="small">{letter.subject}</span> })}
                        <p data-body>{letter.body}</p>
                    </div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let empty = rows.is_empty();
    view! {
        <a class="skip" href="#main">{t::common_skip_main()}</a>
        <div class="phone phone--paper">
            <main id="main" class="phone__main">
                <h1>{t::sandbox_outbox_title()}</h1>
                <p class="muted">{t::sandbox_outbox_text()}</p>
                {if empty { view! { <p>{t::sandbox_outbox_empty()}</p> }.into_any() } else { view! { <ul class="card">{rows}</ul> }.into_any() }}
            </main>
        </div>
    }
}
