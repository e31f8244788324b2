//! The card: the code of now, and what it has brought.

use kit::{Avatar, ButtonLink, Empty, ErrorState, IntoLight, Look, PhoneHead, PhoneShell, QrCard, QrFull, Ring, SectionHead, Skeleton, SkeletonKind, StampGrid, UiError, icon::path, t};
use leptos::prelude::*;
use shared::{Country, format, loyalty::{Balance, CardView, campaign::Unit, card_code::STEP_MS}};

use crate::bar::Bar;

/// `/c/`
#[component]
pub(crate) fn CardPage() -> impl IntoView {
    let again = RwSignal::new(0_u32);
    let card = kit::again(again, read_card);
    live(again);
    view! {
        <noscript><meta http-equiv="refresh" content="25" /></noscript>
        <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code /> }>
            {move || {
                card.get().map(|card| match card {
                    Ok(card) => view! { <Shown card again /> }.into_light(),
                    Err(error) => view! {
                        <PhoneShell head=view! { <PhoneHead title=t::consumer_home_hello_nobody() mark=true /> }.into_light()>
                            <ErrorState code=error.code().to_owned() href="/c/" />
                        </PhoneShell>
                    }.into_light(),
                })
            }}
        </kit::Await>
    }
}

/// A new code is fetched at the end of each half minute; news of the server and a returning eye fetch at once.
fn live(again: RwSignal<u32>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            kit::live::follow("/api/v1/events/card", again);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = again;
}

#[component]
fn Shown(card: CardView, again: RwSignal<u32>) -> impl IntoView {
    let title = card.name.as_deref().map_or_else(|| t::consumer_home_hello_nobody().to_owned(), t::consumer_home_hello);
    let who = format_who(&card);
    let on_card = who.clone();
    let code = RwSignal::new(card.code.clone());
    let open = RwSignal::new(false);
    let made_at = card.code_at.0;
    let left_ms = RwSignal::new(STEP_MS - made_at.rem_euclid(STEP_MS));
    tick(left_ms, again);
    let seconds = Signal::derive(move || ((left_ms.get() + 999) / 1_000).clamp(0, 30));
    let permille = Signal::derive(move || u32::try_from(seconds.get() * 1_000 / 30).unwrap_or(0));
    let text = Signal::derive(move || seconds.get().to_string());
    let country = card.country;
    let (stamps, points): (Vec<Balance>, Vec<Balance>) = card.balances.into_iter().partition(|balance| balance.unit == Unit::Stamps);
    let nothing = stamps.is_empty() && points.is_empty();
    let ready = card.rewards.into_iter().find(|reward| reward.code.is_some());
    view! {
        <PhoneShell
            head=view! { <PhoneHead title mark=true /> }.into_light()
            bar=view! { <Bar current="/c/" /> }.into_light()
        >
            <div data-code=move || code.get()>
                <QrCard text=code label=t::consumer_home_code_label() on_open=Callback::new(move |()| open.set(true))>
                    <div class="qr-card__foot">
                        <div>
                            <p class="qr-card__name">{on_card}</p>
                            <p class="small muted">{t::consumer_home_tap()}</p>
                        </div>
                        <span class="qr-card__next">{t::consumer_home_new_in()}</span>
                        <Ring permille text />
                    </div>
                </QrCard>
            </div>
            <QrFull open text=code label=t::consumer_home_code_label() who=who />
            {ready.map(|reward| view! {
                <section class="card card--pad stack">
                    <h2>{t::consumer_home_reward_ready()}</h2>
                    <p>{t::consumer_home_reward_ready_text(&reward.name)}</p>
                    <ButtonLink href=["/c/reward/", &reward.id.to_string()].concat() look=Look::Key wide=true icon=path::GIFT>{t::consumer_home_reward_show()}</ButtonLink>
                </section>
            })}
            {(!stamps.is_empty()).then(|| view! { <SectionHead title=t::consumer_home_near() /> })}
            {stamps.into_iter().map(|balance| view! { <StampCard balance /> }).collect::<Vec<_>>()}
            {(!points.is_empty()).then(|| view! { <SectionHead title=t::consumer_home_balances() /> })}
            {points.into_iter().map(|balance| view! { <Points balance country /> }).collect::<Vec<_>>()}
            {nothing.then(|| view! { <Empty title=t::consumer_home_empty_title() text=t::consumer_home_empty_text() icon=path::STAMP /> })}
        </PhoneShell>
    }
}

fn format_who(card: &CardView) -> String {
    ["Tarjeta ", &card.label].concat()
}

/// One second less each second; at the end the next code is asked for.
fn tick(left_ms: RwSignal<i64>, again: RwSignal<u32>) {
    Effect::new(move |before: Option<()>| {
        if before.is_some() {
            return;
        }
        let handle = set_interval_with_handle(
            move || {
                left_ms.update(|left| *left -= 1_000);
                if left_ms.get_untracked() <= 0 {
                    left_ms.set(STEP_MS);
                    again.update(|n| *n += 1);
                }
            },
            std::time::Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(handle) = handle {
                handle.clear();
            }
        });
    });
}

#[component]
fn StampCard(balance: Balance) -> impl IntoView {
    let need = balance.need.unwrap_or(0).max(1);
    let missing = (need - balance.available).max(0);
    let for_what = balance.reward_name.map(|reward| t::consumer_home_stamps_for(&reward));
    view! {
        <section class="card card--pad stack" data-wallet=balance.campaign_id.map(|id| id.to_string())>
            <div class="row">
                <Avatar name=balance.brand_name.clone() colour=balance.brand_colour />
                <div class="grow">
                    <h3 class="strong">{balance.brand_name}</h3>
                    <p class="small muted">{t::consumer_home_stamps_missing(missing, &missing.to_string())}{for_what}</p>
                </div>
                <span class="figure" data-available=balance.available>{balance.available}"/"{need}</span>
            </div>
            <StampGrid done=u32::try_from(balance.available).unwrap_or(0) goal=u32::try_from(need).unwrap_or(1) />
        </section>
    }
}

#[component]
fn Points(balance: Balance, country: Country) -> impl IntoView {
    view! {
        <section class="card card--pad" data-wallet=balance.brand_id.to_string()>
            <div class="row">
                <Avatar name=balance.brand_name.clone() colour=balance.brand_colour />
                <h3 class="strong grow">{balance.brand_name}</h3>
                <span class="figure" data-available=balance.available>{format::integer(balance.available, country)}</span>
                <span class="small muted">{t::consumer_points_unit()}</span>
            </div>
        </section>
    }
}

/// The card of whoever asks; without a session the sign-up follows.
#[server(prefix = "/fn", endpoint = "consumer/read_card")]
pub async fn read_card() -> Result<CardView, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/c/join");
    }
    let loyalty = kit::request::state::<loyalty::Loyalty>()?;
    Ok(loyalty::card::view(&mut tx, &loyalty, &actor, now).await?)
}
