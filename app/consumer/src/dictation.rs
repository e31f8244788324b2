//! Six digits to read aloud when the shop's camera cannot read the card: they open one sale within a minute.

use kit::{ButtonLink, ErrorState, IntoLight, Look, PhoneHead, PhoneShell, Ring, Size, Skeleton, SkeletonKind, UiError, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::time::SECOND_MS;

use crate::bar::Bar;

/// How long the digits live.
const LIFE_S: i64 = 60;

/// Digits, and how long they can still be typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dictated {
    /// Six of them.
    digits: String,
    left_ms: i64,
}

/// `/c/code`: each visit makes new ones, so that the way to them is one tap.
#[component]
pub(crate) fn DictationPage() -> impl IntoView {
    let told = kit::once(dictate);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_home_dictate() back="/c/" /> }.into_light()
            bar=view! { <Bar current="/c/" /> }.into_light()
        >
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code /> }>
                {move || told.get().map(|told| match told {
                    Ok(told) => digits(told),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/code" /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn digits(told: Dictated) -> AnyView {
    let left = RwSignal::new((told.left_ms / SECOND_MS).min(LIFE_S));
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            let until = kit::net::device_ms() + told.left_ms;
            let handle = set_interval_with_handle(
                move || left.set(((until - kit::net::device_ms()) / SECOND_MS).clamp(0, LIFE_S)),
                std::time::Duration::from_millis(500),
            );
            on_cleanup(move || {
                if let Ok(handle) = handle {
                    handle.clear();
                }
            });
        }
    });
    let over = move || left.get() == 0;
    let permille = Signal::derive(move || u32::try_from(left.get() * 1_000 / LIFE_S).unwrap_or(0));
    let (first, last) = told.digits.split_at(told.digits.len() / 2);
    let shown = [first, " ", last].concat();
    // Digit by digit, for whoever hears the screen.
    let spoken = told.digits.chars().map(String::from).collect::<Vec<_>>().join(" ");
    view! {
        <section class="card card--pad stack center">
            <p>{t::consumer_dictate_lead()}</p>
            <p class="qr-card__digits" role="img" aria-label=spoken data-digits=told.digits hidden=over>{shown}</p>
            <div class="ring-row" hidden=over><Ring permille text=Signal::derive(move || left.get().to_string()) big=true /></div>
            <p class="strong" role="status">{move || over().then(t::consumer_dictate_over)}</p>
            <p class="small muted">{t::consumer_dictate_life()}</p>
        </section>
        <ButtonLink href="/c/code" look=Look::Secondary size=Size::Tall wide=true>{t::consumer_dictate_again()}</ButtonLink>
    }
    .into_light()
}

/// New digits for the asker's card.
#[server(prefix = "/fn", endpoint = "consumer/dictate")]
pub async fn dictate() -> Result<Dictated, UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/c/join");
    }
    let loyalty = kit::request::state::<loyalty::Loyalty>()?;
    let told = loyalty::dictation::dictate(&mut tx, &loyalty, &actor, now).await?;
    tx.commit().await?;
    Ok(Dictated { digits: told.digits, left_ms: told.until.since(now) })
}
