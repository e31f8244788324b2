//! The page of nobody in particular: which front?

use kit::{Wordmark, t};
use leptos::prelude::*;

/// Four ways in.
#[component]
pub fn Landing() -> impl IntoView {
    let ways = [
        ("/c/", t::landing_consumer(), t::landing_consumer_text()),
        ("/t/", t::landing_tendero(), t::landing_tendero_text()),
        ("/b/", t::landing_brand(), t::landing_brand_text()),
        ("/o/", t::landing_backoffice(), t::landing_backoffice_text()),
    ];
    let ways = ways.map(|(href, title, text)| {
        view! {
            <li>
                <a class="list-row" href=href>
                    <span class="list-row__body">
                        <span class="strong">{title}</span>
                        <span class="small muted">{text}</span>
                    </span>
                </a>
            </li>
        }
    });
    view! {
        <a class="skip" href="#main">{t::common_skip_main()}</a>
        <div class="phone phone--paper">
            <header class="phone__head"><Wordmark /></header>
            <main id="main" class="phone__main">
                <h1>{t::landing_title()}</h1>
                <p class="muted">{t::landing_lead()}</p>
                <ul class="card">{ways.collect_view()}</ul>
            </main>
        </div>
    }
}

/// For people who followed an old or mistyped link.
#[component]
pub fn Missing() -> impl IntoView {
    view! {
        <div class="phone phone--paper">
            <header class="phone__head"><Wordmark /></header>
            <main id="main" class="phone__main">
                <h1>{t::common_not_found_title()}</h1>
                <p><a class="link" href="/">{t::common_back()}</a></p>
            </main>
        </div>
    }
}
