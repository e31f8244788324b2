//! The card: the code of now, and what it has brought.

use kit::{
    Ask, Avatar, Button, ButtonLink, Empty, ErrorState, IntoLight, Kept, Look, PhoneHead, PhoneShell, QrCard, QrFull, Ring, SectionHead,
    SeenAt, Shown, Skeleton, SkeletonKind, StampGrid, UiError, icon::path, kept, net, t,
};
use leptos::prelude::*;
use shared::{
    Country, Timestamp, format,
    loyalty::{
        Balance, CardView,
        campaign::Unit,
        card_code::{STEP_MS, step_at},
    },
    time::{HOUR_MS, MINUTE_MS},
};

use crate::{
    bar::Bar,
    key::{self, Own},
};

/// A card that has not met the server for so long says so.
const CONTACT_MS_MAX: i64 = 72 * HOUR_MS;
/// A clock that is further off says so; one that runs so far behind the last contact was moved.
const CLOCK_OFF_MS: i64 = 4 * MINUTE_MS;
/// The server's clock when this phone last heard of sales without network.
const SEEN: &str = "consumer.seen";

/// What the plate shows now, whoever made it.
#[derive(Clone, Copy)]
struct Plate {
    code: RwSignal<String>,
    left_ms: RwSignal<i64>,
    own: RwSignal<Own>,
    /// What sales without network brought since the last visit.
    away: RwSignal<Vec<String>>,
}

/// Why a phone's code is worth nothing, or may be.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    /// Another phone took this one's place.
    Elsewhere,
    /// The clock was set back since the last contact, by so much at least: nobody knows what time it is.
    SetBack(i64),
    /// The clock is off by so much (the server's minus its own); codes are made by the right time all the same.
    Off(i64),
}

/// `/c/`
#[component]
pub(crate) fn CardPage() -> impl IntoView {
    let again = RwSignal::new(0_u32);
    let card = kept(Ask { name: "consumer.card", path: "/fn/consumer/read_card", form: String::new() }, again, read_card);
    let plate = Plate {
        code: RwSignal::new(String::new()),
        left_ms: RwSignal::new(STEP_MS),
        own: RwSignal::new(Own::Nothing),
        away: RwSignal::default(),
    };
    live(again);
    rotate(plate, card, again);
    view! {
        <noscript><meta http-equiv="refresh" content="25" /></noscript>
        <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code /> }>
            {move || match card.get() {
                Some(Shown::Fresh(card)) => view! { <ShownCard card plate again seen_at_ms=None /> }.into_light(),
                Some(Shown::Old(card, at)) => view! { <ShownCard card plate again seen_at_ms=Some(at) /> }.into_light(),
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
    let (net, step) = (net::net(), StoredValue::new(0_i64));
    kit::effect(move |first| {
        let shown = card.get();
        match &shown {
            Some(Shown::Fresh(fresh)) => {
                // Until this phone has made one itself.
                if plate.own.get_untracked() == Own::Nothing {
                    plate.code.set(fresh.code.clone());
                }
                if !first || net.skew_ms.get_untracked() == 0 {
                    net::clock_heard(fresh.code_at.0);
                }
                came_back(plate, fresh);
            }
            // The session is over: its key is no good here.
            Some(Shown::Failed(error)) if error.code() == "unauthorized" => leptos::task::spawn_local(key::forget()),
            _ => {}
        }
        if let Some(Shown::Fresh(view) | Shown::Old(view, _)) = shown {
            leptos::task::spawn_local(async move {
                let own = key::own(&view).await;
                let _ = plate.own.try_set(own);
                // The code of this half minute is made again, by the key that may have come.
                if let Own::Key(_) = own {
                    step.try_update_value(|step| *step = 0);
                }
            });
        }
    });
    // Apart from what the card says: news of it must not stop the clock.
    kit::effect(move |first| {
        if !first {
            return;
        }
        let handle = set_interval_with_handle(
            move || {
                let now_ms = net::device_ms() + net.skew_ms.get_untracked();
                plate.left_ms.set(STEP_MS - now_ms.rem_euclid(STEP_MS));
                make(plate, step, step_at(Timestamp(now_ms)), again);
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

/// What sales brought that a shop made without network, since this phone was last here.
fn came_back(plate: Plate, card: &CardView) {
    let seen: i64 = kit::kept::setting(SEEN).unwrap_or(card.code_at.0);
    let news = card.late.iter().filter(|gain| gain.received_at.0 > seen);
    let told = news.map(|gain| {
        let many = match gain.unit {
            Unit::Points => t::common_points_count(gain.amount, &gain.amount.to_string()),
            Unit::Stamps => t::common_stamps_count(gain.amount),
        };
        t::consumer_home_while_away(&many, &gain.shop_name)
    });
    plate.away.update(|away| away.extend(told));
    kit::kept::set_setting(SEEN, &card.code_at.0.max(seen));
}

fn make(plate: Plate, made: StoredValue<i64>, step: i64, again: RwSignal<u32>) {
    if made.get_value() == step {
        return;
    }
    match plate.own.get_untracked() {
        Own::Key(card) => {
            made.set_value(step);
            leptos::task::spawn_local(async move {
                let code = key::code(card, step).await;
                if let Some(code) = code.filter(|code| plate.code.try_get_untracked().as_ref() != Some(code)) {
                    let _ = plate.code.try_set(code);
                }
            });
        }
        Own::Nothing => {
            if made.get_value() != 0 {
                again.update(|n| *n += 1);
            }
            made.set_value(step);
        }
        Own::Elsewhere => {}
    }
}

/// Takes the place of another phone.
fn use_here(plate: Plate, again: RwSignal<u32>) {
    leptos::task::spawn_local(async move {
        if let Some(own) = key::use_here().await {
            let _ = plate.own.try_set(own);
            again.update(|n| *n += 1);
        }
    });
}

/// What stands in the code's place when there is trouble, and the ways out.
fn trouble_plate(trouble: Trouble, plate: Plate, again: RwSignal<u32>, open: RwSignal<bool>) -> AnyView {
    let dictate = || view! { <ButtonLink href="/c/code" look=Look::Key wide=true>{t::consumer_home_dictate()}</ButtonLink> }.into_light();
    let (name, title, text, ways) = match trouble {
        Trouble::Elsewhere => {
            let here = view! { <Button look=Look::Key wide=true on:click=move |_| use_here(plate, again)>{t::recover_action()}</Button> }
                .into_light();
            ("elsewhere", t::recover_elsewhere(), t::consumer_home_elsewhere_text().to_owned(), here)
        }
        Trouble::SetBack(ms) => ("clock", t::consumer_home_clock_title(), t::consumer_home_clock_set_back(&format::span(ms)), dictate()),
        Trouble::Off(ms) => {
            let off = format::span(ms);
            let text = if ms > 0 { t::consumer_home_clock_slow(&off) } else { t::consumer_home_clock_fast(&off) };
            let show = view! { {dictate()} <Button look=Look::Secondary wide=true on:click=move |_| open.set(true)>{t::consumer_home_show_code()}</Button> }.into_light();
            ("clock", t::consumer_home_clock_title(), text, show)
        }
    };
    view! {
        <section class="card card--pad stack" data-plate=name>
            <h2>{title}</h2>
            <p>{text}</p>
            {ways}
            {(name == "clock").then(|| view! { <details><summary class="link">{t::consumer_home_clock_fix()}</summary><p class="small">{t::consumer_home_clock_how()}</p></details> })}
        </section>
    }
    .into_light()
}

#[component]
fn ShownCard(card: CardView, plate: Plate, again: RwSignal<u32>, seen_at_ms: Option<i64>) -> impl IntoView {
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
    let skew_ms = net::net().skew_ms;
    let trouble = Memo::new(move |_| match (plate.own.get(), age_ms, skew_ms.get()) {
        (Own::Elsewhere, ..) => Some(Trouble::Elsewhere),
        (_, Some(age), _) if age < -CLOCK_OFF_MS => Some(Trouble::SetBack(-age)),
        (.., skew) if skew.abs() > CLOCK_OFF_MS => Some(Trouble::Off(skew)),
        _ => None,
    });
    view! {
        <PhoneShell
            head=view! { <PhoneHead title mark=true /> }.into_light()
            bar=view! { <Bar current="/c/" /> }.into_light()
        >
            {seen_at_ms.map(|at_ms| view! { <SeenAt at_ms /> })}
            {age_ms.is_some_and(|age| age > CONTACT_MS_MAX).then(|| view! { <p class="banner banner--warning banner--note">{t::consumer_home_connect_soon()}</p> })}
            {move || plate.away.get().into_iter().map(|told| view! { <p class="banner banner--success banner--note" role="status" data-away>{told}</p> }).collect::<Vec<_>>()}
            {move || trouble.get().map(|trouble| trouble_plate(trouble, plate, again, open))}
            <div data-code=data_code hidden=move || trouble.get().is_some()>
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
            <p class="center small" hidden=move || trouble.get().is_some()><a class="link" href="/c/code">{t::consumer_home_dictate_instead()}</a></p>
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
                {balance.level.map(|level| view! { <span class="chip" data-level=level>{t::consumer_level(&level.to_string())}</span> })}
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
