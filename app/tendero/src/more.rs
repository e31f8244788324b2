//! Phones, people, cards on paper, the poster, and the way out.

use kit::{
    Button, ButtonLink, Card, Disc, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, QrPlate, Skeleton, SkeletonKind,
    Switch, Tone, UiError, icon::path, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    DeviceId,
    identity::{Device, Member},
};

use crate::{bar::Bar, queue::queue};

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct More {
    shop: String,
    poster: String,
    members: Vec<Member>,
    /// Empty for a cashier.
    devices: Vec<Device>,
    owner: bool,
}

/// `/t/more?invitation=<code>`
#[component]
pub(crate) fn MorePage() -> impl IntoView {
    let more = kit::once(read_more);
    let invitation = request::query("invitation");
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_more_title() /> }.into_light()
            bar=view! { <Bar current="/t/more" /> }.into_light()
        >
            {invitation.map(|code| view! {
                <Card><p>{t::tendero_more_invite_text()}</p><p class="figure" data-invitation>{code}</p></Card>
            })}
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || more.get().map(|more| match more {
                    Ok(more) => shown(more),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/t/more" /> }.into_light(),
                })}
            </kit::Await>
            <ul class="card">
                <li><ListRow title=t::tendero_training_title() text=t::tendero_training_row() lead=view! { <Disc icon=path::SPEAKER_HIGH tone=Tone::Info /> }.into_light() href="/t/training" /></li>
                <li><ListRow title=t::tendero_practice_title() text=t::tendero_practice_row() lead=view! { <Disc icon=path::SCAN tone=Tone::Warning /> }.into_light() href="/t/practice" /></li>
            </ul>
            {crate::help::link("/t/more", "")}
            <Switches />
            <form method="post" action="/fn/tendero/log_out">
                <Button submit=true wide=true look=Look::Secondary icon=path::SIGN_OUT>{t::tendero_more_sign_out()}</Button>
            </form>
        </PhoneShell>
    }
}

/// What this phone sounds, feels and says: its own settings, nobody else's.
#[component]
fn Switches() -> impl IntoView {
    let (sound, vibration, speech) = (RwSignal::new(true), RwSignal::new(true), RwSignal::new(false));
    let (vibrates, speaks, waiting) = (RwSignal::new(false), RwSignal::new(None), queue());
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            sound.set(scanner::sound());
            vibration.set(scanner::vibration());
            speech.set(crate::speech::on());
            vibrates.set(scanner::can_vibrate());
            speaks.set(Some(crate::speech::can_speak()));
        }
    });
    Effect::new(move |before: Option<()>| {
        let (sound, vibration, speech) = (sound.get(), vibration.get(), speech.get());
        if before.is_some() {
            scanner::set_sound(sound);
            scanner::set_vibration(vibration);
            crate::speech::set(speech);
        }
    });
    view! {
        <Card>
            <h2>{t::tendero_more_phone()}</h2>
            <Switch name="sound" title=t::tendero_more_sound() on=sound />
            {move || vibrates.get().then(|| view! { <Switch name="vibration" title=t::tendero_more_vibration() on=vibration /> })}
            {move || speaks.get().map(|speaks| {
                // Without a Spanish voice the result is counted in tones and pulses.
                let help = if speaks { t::tendero_more_speech_help() } else { t::tendero_more_counted_help() };
                view! { <Switch name="speech" title=t::tendero_more_speech() help on=speech /> }
            })}
            <ul><li><ListRow title=t::tendero_queue_title() text=t::tendero_more_queue_text() href="/t/queue" /></li></ul>
            {move || (waiting.waiting() > 0).then(|| view! { <p class="banner banner--warning banner--note">{t::tendero_more_do_not_remove(waiting.waiting() as i64)}</p> })}
        </Card>
    }
}

fn shown(more: More) -> AnyView {
    let members = more.members.into_iter().map(|member| view! { <li><ListRow title=member.name /></li> }).collect::<Vec<_>>();
    let devices = more
        .devices
        .into_iter()
        .map(|device| {
            let id = device.id.to_string();
            let revoke = device.revoked_at.is_none().then(|| {
                view! {
                    <details>
                        <summary class="link">{t::tendero_more_revoke()}</summary>
                        <p class="small">{t::tendero_more_revoke_text()}</p>
                        <form method="post" action="/fn/tendero/revoke_device">
                            <input type="hidden" name="device" value=id />
                            <Button submit=true look=Look::Danger>{t::tendero_more_revoke()}</Button>
                        </form>
                    </details>
                }
            });
            let state = if device.revoked_at.is_some() { t::tendero_device_revoked() } else { t::tendero_device_live() };
            let title = kit::phone_name(&device.name);
            view! { <li class="stack"><ListRow title text=[&device.member_name, " · ", state].concat() /> {revoke}</li> }
        })
        .collect::<Vec<_>>();
    let owner = more.owner;
    view! {
        <Card>
            <h2>{t::tendero_more_poster()}</h2>
            <p>{t::tendero_poster_title(&more.shop)}</p>
            <QrPlate text=Signal::stored(more.poster.clone()) label=t::tendero_more_poster() />
            <p class="small">{t::tendero_more_poster_without(&plain_address(&more.poster))}</p>
        </Card>
        <form method="post" action="/fn/tendero/print_card">
            <Button submit=true wide=true look=Look::Secondary icon=path::PRINTER>{t::tendero_card_give()}</Button>
        </form>
        <ul class="card">
            <li><ListRow title=t::tendero_paper_title() text=t::tendero_paper_row() lead=view! { <Disc icon=path::GIFT tone=Tone::Info /> }.into_light() href="/t/paper" /></li>
        </ul>
        <h2>{t::tendero_more_people()}</h2>
        <ul class="card">{members}</ul>
        {owner.then(|| view! {
            <form method="post" action="/fn/tendero/invite">
                <Button submit=true wide=true look=Look::Secondary icon=path::USER_PLUS>{t::tendero_more_invite()}</Button>
            </form>
            {(!devices.is_empty()).then(|| view! {
                <h2>{t::tendero_more_devices()}</h2>
                <ul class="card">{devices}</ul>
            })}
        })}
    }
    .into_light()
}

/// An address as people copy it from a wall: without its scheme and without what only a code carries.
fn plain_address(link: &str) -> String {
    let bare = link.split_once("://").map_or(link, |(_, bare)| bare);
    bare.split('?').next().unwrap_or_default().to_owned()
}

/// No page has this address.
#[component]
pub(crate) fn MissingPage() -> impl IntoView {
    request::missing();
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::common_not_found_title() back="/t/" /> }.into_light()
            bar=view! { <Bar current="" /> }.into_light()
        >
            <Empty title=t::common_not_found_title() text=t::common_not_found_text() page=true>
                <ButtonLink href="/t/" look=Look::Secondary>{t::common_not_found_action()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}

/// `/t/card?code=<code>&label=<label>`: a card on paper, to print or photograph.
#[component]
pub(crate) fn CardPage() -> impl IntoView {
    request::needs("code", "/t/more");
    let code = request::query("code").unwrap_or_default();
    // Her own phone asks for her consent there; until then this card knows nobody.
    let link = [&request::query("at").unwrap_or_default(), "/c/claim?card=", &code].concat();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_card_printed_title() back="/t/more" /> }.into_light() paper=true>
            <p>{t::tendero_card_printed_text()}</p>
            <div class="center" data-code=code.clone()><QrPlate text=Signal::stored(code.clone()) label=t::consumer_home_code_label() full=true /></div>
            <p class="small mono center">{code.clone()}</p>
            <h2>{t::tendero_card_hers()}</h2>
            <p>{t::tendero_card_hers_text()}</p>
            <div class="center"><QrPlate text=Signal::stored(link.clone()) label=t::tendero_card_hers() /></div>
            <p class="small mono center">{link}</p>
            <ButtonLink href="/t/scan" look=Look::Key wide=true>{t::tendero_bar_scan()}</ButtonLink>
        </PhoneShell>
    }
}

/// People, phones and the poster's address.
#[server(prefix = "/fn", endpoint = "tendero/read_more")]
pub async fn read_more() -> Result<More, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (_, shop, role): (_, shared::ShopId, _) = actor.member()?;
    let owner = role == shared::identity::MemberRole::Owner;
    let name = identity::shop::get(&mut tx, shop).await?.name;
    let members = identity::shop::members(&mut tx, &actor).await?;
    let devices = if owner { identity::device::list(&mut tx, &actor).await? } else { Vec::new() };
    let public_url = request::state::<request::RequestContext>()?.app.public_url;
    Ok(More { shop: name, poster: format!("{public_url}/c/join?s={shop}"), members, devices, owner })
}

/// Makes an invitation and shows it once.
#[server(prefix = "/fn", endpoint = "tendero/invite")]
pub async fn invite() -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let code = identity::shop::invite(&mut tx, &keys, &actor, now).await?;
    tx.commit().await?;
    request::go(&format!("/t/more?invitation={code}"));
    Ok(())
}

/// Takes a phone's right away.
#[server(prefix = "/fn", endpoint = "tendero/revoke_device")]
pub async fn revoke_device(device: DeviceId) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    identity::device::revoke(&mut tx, &actor, now, device).await?;
    tx.commit().await?;
    request::go("/t/more");
    Ok(())
}

/// Makes a card that knows nobody.
#[server(prefix = "/fn", endpoint = "tendero/print_card")]
pub async fn print_card() -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let printed = loyalty::card::print(&mut tx, &loyalty, &actor, now).await?;
    tx.commit().await?;
    let public_url = request::state::<request::RequestContext>()?.app.public_url;
    request::go(&format!("/t/card?code={}&at={public_url}", printed.code));
    Ok(())
}

/// Ends the session. Nothing of the browser's storage is touched: unsent captures live there.
#[server(prefix = "/fn", endpoint = "tendero/log_out")]
pub async fn log_out() -> Result<(), UiError> {
    kit::log_out().await
}
