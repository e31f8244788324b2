//! The card: the code of now, and what it has brought.

use kit::{Ask, Avatar, ButtonLink, Empty, ErrorState, IntoLight, Kept, Look, PhoneHead, PhoneShell, QrCard, QrFull, Ring, SectionHead, SeenAt, Shown, Skeleton, SkeletonKind, StampGrid, UiError, icon::path, kept, net, t};
use leptos::prelude::*;
use shared::{
    Country, Timestamp, format,
    loyalty::{Balance, CardView, campaign::Unit, card_code::{PublicCode, STEP_MS, step_at}},
    time::{HOUR_MS, MINUTE_MS},
};

use crate::{bar::Bar, key};

/// A card that has not met the server for so long says so.
const CONTACT_MS_MAX: i64 = 72 * HOUR_MS;
/// A clock that runs so far behind the last contact was moved.
const CLOCK_BACK_MS: i64 = 4 * MINUTE_MS;

/// What the plate shows now, whoever made it.
#[derive(Clone, Copy)]
struct Plate {
    code: RwSignal<String>,
    left_ms: RwSignal<i64>,
}

/// `/c/`
#[component]
pub(crate) fn CardPage() -> impl IntoView {
    let again = RwSignal::new(0_u32);
    let card = kept(Ask { name: "consumer.card", path: "/fn/consumer/read_card", form: String::new() }, again, read_card);
    let plate = Plate { code: RwSignal::new(String::new()), left_ms: RwSignal::new(STEP_MS) };
    live(again);
    rotate(plate, card, again);
    view! {
        <noscript><meta http-equiv="refresh" content="25" /></noscript>
        <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code /> }>
            {move || match card.get() {
                Some(Shown::Fresh(card)) => view! { <ShownCard card plate seen_at_ms=None /> }.into_light(),
                Some(Shown::Old(card, at)) => view! { <ShownCard card plate seen_at_ms=Some(at) /> }.into_light(),
                Some(Shown::Failed(error)) => view! {
                    <PhoneShell head=view! { <PhoneHead title=t::consumer_home_hello_nobody() mark=true /> }.into_light()>
                        <ErrorState code=error.code().to_owned() href="/c/" />
                    </PhoneShell>
                }.into_light(),
                None => view! {
                    <PhoneShell
                        head=view! { <PhoneHead title=t::consumer_home_hello_nobody() mark=true /> }.into_light()
                        bar=view! { <Bar current="/c/" /> }.into_light()
                    >
                        <Skeleton kind=SkeletonKind::Code />
                    </PhoneShell>
                }.into_light(),
            }}
        </kit::Await>
    }
}

/// News of the server and a returning eye fetch at once.
fn live(again: RwSignal<u32>) {
    #[cfg(feature = "hydrate")]
    kit::effect(move |first| {
        if first {
            kit::live::follow("/api/v1/events/card", again);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = again;
}

/// Makes the code of each half minute on this phone; a phone without a key yet asks the server for one code after the other.
fn rotate(plate: Plate, card: Kept<CardView>, again: RwSignal<u32>) {
    let (net, own, step) = (net::net(), RwSignal::new(None::<PublicCode>), StoredValue::new(0_i64));
    kit::effect(move |first| {
        match card.get() {
            Some(Shown::Fresh(fresh)) => {
                // Until this phone has made one itself.
                if own.get_untracked().is_none() {
                    plate.code.set(fresh.code.clone());
                }
                if !first || net.skew_ms.get_untracked() == 0 {
                    net::clock_heard(fresh.code_at.0);
                }
            }
            // The session is over, or the card moved to another phone: its key is no good here.
            Some(Shown::Failed(error)) if error.code() == "unauthorized" => leptos::task::spawn_local(key::forget()),
            _ => {}
        }
        if !first {
            return;
        }
        leptos::task::spawn_local(async move { own.set(key::card_or_fetch().await) });
        let handle = set_interval_with_handle(
            move || {
                let now_ms = net::device_ms() + net.skew_ms.get_untracked();
                plate.left_ms.set(STEP_MS - now_ms.rem_euclid(STEP_MS));
                make(plate, own, step, step_at(Timestamp(now_ms)), again);
            },
            std::time::Duration::from_millis(500),
        );
        on_cleanup(move || {
            if let Ok(handle) = handle {
                handle.clear();
            }
        });
    });
}

fn make(plate: Plate, own: RwSignal<Option<PublicCode>>, made: StoredValue<i64>, step: i64, again: RwSignal<u32>) {
    if made.get_value() == step {
        return;
    }
    match own.get_untracked() {
        Some(card) => {
            made.set_value(step);
            leptos::task::spawn_local(async move {
                if let Some(code) = key::code(card, step).await {
                    let _ = plate.code.try_set(code);
                }
            });
        }
        None => {
            if made.get_value() != 0 {
                again.update(|n| *n += 1);
            }
            made.set_value(step);
        }
    }
}

#[component]
fn ShownCard(card: CardView, plate: Plate, seen_at_ms: Option<i64>) -> impl IntoView {
    let title = card.name.as_deref().map_or_else(|| t::consumer_home_hello_nobody().to_owned(), t::consumer_home_hello);
    let who = format_who(&card);
    let on_card = who.clone();
    // The server's own HTML shows the code that it made: it is there before any script.
    if cfg!(feature = "ssr") {
        plate.code.set(card.code.clone());
        plate.left_ms.set(STEP_MS - card.code_at.0.rem_euclid(STEP_MS));
    }
    let code = plate.code;
    let shown_code = card.code.clone();
    let data_code = move || Some(code.get()).filter(|code| !code.is_empty()).unwrap_or_else(|| shown_code.clone());
    let text = Signal::derive(data_code.clone());
    let open = RwSignal::new(false);
    let seconds = Signal::derive(move || ((plate.left_ms.get() + 999) / 1_000).clamp(0, 30));
    let permille = Signal::derive(move || u32::try_from(seconds.get() * 1_000 / 30).unwrap_or(0));
    let ring = Signal::derive(move || seconds.get().to_string());
    let country = card.country;
    let (stamps, points): (Vec<Balance>, Vec<Balance>) = card.balances.into_iter().partition(|balance| balance.unit == Unit::Stamps);
    let nothing = stamps.is_empty() && points.is_empty();
    let ready = card.rewards.into_iter().find(|reward| reward.code.is_some());
    let age_ms = seen_at_ms.map(|at| net::device_ms() - at);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title mark=true /> }.into_light()
            bar=view! { <Bar current="/c/" /> }.into_light()
        >
            {seen_at_ms.map(|at_ms| view! { <SeenAt at_ms /> })}
            {age_ms.is_some_and(|age| age > CONTACT_MS_MAX).then(|| view! { <p class="banner banner--warning banner--note">{t::consumer_home_connect_soon()}</p> })}
            {age_ms.is_some_and(|age| age < -CLOCK_BACK_MS).then(|| view! { <p class="banner banner--warning banner--note">{t::consumer_home_clock_moved()}</p> })}
            <div data-code=data_code>
                <QrCard text=text label=t::consumer_home_code_label() on_open=Callback::new(move |()| open.set(true))>
                    <div class="qr-card__foot">
                        <div>
                            <p class="qr-card__name">{on_card}</p>
                            <p class="small muted">{t::consumer_home_tap()}</p>
                        </div>
                        <span class="qr-card__next">{t::consumer_home_new_in()}</span>
                        <Ring permille text=ring />
                    </div>
                </QrCard>
            </div>
            <QrFull open text=text label=t::consumer_home_code_label() who=who />
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
    let (mut tx, actor, now) = crate::read_settled().await?;
    let loyalty = kit::request::state::<loyalty::Loyalty>()?;
    Ok(loyalty::card::view(&mut tx, &loyalty, &actor, now).await?)
}
