//! The sales on this phone: what waits, what became of the rest, and what somebody must look at.

use kit::{Bar as Progress, BarTone, Banner, Button, ButtonLink, Disc, Empty, IconButton, IntoLight, Look, PhoneHead, PhoneShell, Size, Tabs, Tone, icon::path, locale, net, t};
use leptos::prelude::*;
use shared::{
    loyalty::queue::{Entry, QUEUE_AGE_MAX_MS, QUEUE_MAX, Room, Verdict},
    time::HOUR_MS,
};

use crate::{
    queue::{Queue, Sending, mark_seen, queue, send, tell_losses, untold_losses},
    saved::gain_text,
};

/// What the network does with the queue: one line under the head of every page, gone when there is nothing to say.
#[component]
pub(crate) fn SyncBanner() -> impl IntoView {
    let queue = queue();
    let online = net::net().online;
    move || {
        let waiting = queue.waiting();
        let link = (waiting > 0).then(|| view! { <a class="link" href="/t/queue">{waiting}</a> }.into_light());
        if queue.broken.get() {
            return Some(view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING>{t::tendero_queue_broken()}</Banner> }.into_light());
        }
        if !untold_losses(queue).is_empty() {
            let end = view! { <a class="link" href="/t/queue">{t::tendero_queue_look()}</a> }.into_light();
            return Some(view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING end=end>{t::tendero_queue_lost_short()}</Banner> }.into_light());
        }
        Some(match queue.sending.get() {
            Sending::Unknown => {
                let end = view! { <a class="link" href="/t/start">{t::tendero_queue_register()}</a> }.into_light();
                view! { <Banner tone=Tone::Danger edge=true icon=path::KEY end=end>{t::tendero_queue_unknown(waiting as i64)}</Banner> }.into_light()
            }
            Sending::Under(done, total) => {
                let bar = view! { <Progress permille=Signal::stored(u32::try_from(done * 1_000 / total.max(1)).unwrap_or(0)) tone=BarTone::Info /> }.into_light();
                view! { <Banner tone=Tone::Info edge=true icon=path::CLOUD_ARROW_UP end=bar>{t::tendero_queue_sending(&done.to_string(), &total.to_string())}</Banner> }.into_light()
            }
            Sending::Done(_) if queue.needing_eye() > 0 => {
                let end = view! { <a class="link" href="/t/queue">{t::tendero_queue_look()}</a> }.into_light();
                view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING end=end>{t::tendero_queue_need_you(queue.needing_eye() as i64)}</Banner> }.into_light()
            }
            Sending::Done(_) => view! { <Banner tone=Tone::Success edge=true icon=path::CLOUD_CHECK>{t::tendero_queue_all_sent()}</Banner> }.into_light(),
            Sending::Rest if queue.room() != Room::Free => {
                let words = if queue.room() == Room::Full { t::tendero_queue_full() } else { t::tendero_queue_soon() };
                let end = link.unwrap_or_else(|| ().into_light());
                view! { <Banner tone=Tone::Warning edge=true icon=path::WARNING end=end>{words}</Banner> }.into_light()
            }
            Sending::Rest if !online.get() => {
                let end = link.unwrap_or_else(|| ().into_light());
                view! { <Banner offline=true edge=true icon=path::WIFI_SLASH end=end>{t::tendero_queue_offline()}</Banner> }.into_light()
            }
            Sending::Rest if waiting > 0 => {
                let end = link.unwrap_or_else(|| ().into_light());
                view! { <Banner tone=Tone::Info edge=true icon=path::CLOUD_ARROW_UP end=end>{t::tendero_queue_to_send(waiting as i64)}</Banner> }.into_light()
            }
            Sending::Rest => return None,
        })
    }
}

/// The same, for a page that has it from later.
pub(crate) fn banner() -> AnyView {
    view! { <SyncBanner /> }.into_light()
}

/// `/t/queue`
#[component]
pub(crate) fn QueuePage() -> impl IntoView {
    let queue = queue();
    let tab = RwSignal::new("all");
    let again = move |_| leptos::task::spawn_local(send(queue));
    let foot = view! {
        <div class="row">
            <IconButton icon=path::ARROWS_CLOCKWISE label=t::tendero_queue_send_now() on:click=again />
            <ButtonLink href="/t/scan" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_queue_go_on()}</ButtonLink>
        </div>
    }
    .into_light();
    let rows = move || {
        let wanted = |entry: &Entry| match tab.get() {
            "waiting" => entry.waits(),
            "look" => entry.needs_eye(),
            _ => true,
        };
        let entries: Vec<Entry> = queue.entries.get().into_iter().filter(wanted).collect();
        if !queue.loaded.get() {
            return ().into_light();
        }
        if entries.is_empty() {
            return view! { <Empty title=t::tendero_queue_empty_title() text=t::tendero_queue_empty_text() icon=path::CLOUD_CHECK /> }.into_light();
        }
        let rows = entries.into_iter().map(|entry| row(queue, entry)).collect::<Vec<_>>();
        view! { <ul class="queue" data-queue>{rows}</ul> }.into_light()
    };
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            leptos::task::spawn_local(async move { queue.promised.set(kit::worker::persist().await) });
        }
    });
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_queue_title() back="/t/" /> <SyncBanner /> }.into_light()
            foot=foot
        >
            {move || losses(queue)}
            {move || summary(queue)}
            <Tabs
                label=t::tendero_queue_title()
                tabs=vec![("all", t::tendero_queue_all().into()), ("waiting", t::tendero_queue_waiting().into()), ("look", t::tendero_queue_look_at().into())]
                selected=tab
                panel="queue"
            />
            <div id="queue" role="tabpanel">{rows}</div>
        </PhoneShell>
    }
}

/// How many wait, how old the oldest is, and how much room is left.
fn summary(queue: Queue) -> AnyView {
    let waiting = queue.waiting();
    let oldest = queue.entries.with(|entries| entries.iter().filter(|entry| entry.waits()).map(|entry| entry.captured_at_ms).min());
    let age = oldest.map(|at| t::tendero_queue_oldest(&((net::device_ms() - at).max(0) / HOUR_MS).to_string(), &(QUEUE_AGE_MAX_MS / HOUR_MS).to_string()).to_string());
    let until = oldest.map(|at| t::tendero_queue_until(&net::wall_moment(at + QUEUE_AGE_MAX_MS)).to_string());
    let room = queue.room();
    let permille = Signal::stored(u32::try_from(waiting * 1_000 / QUEUE_MAX).unwrap_or(1_000));
    view! {
        <section class="card card--pad stack" data-waiting=waiting>
            <div class="row">
                <span class="queue__count">{waiting}</span>
                <div class="grow">
                    <h2 class="strong">{t::tendero_queue_unsent(waiting as i64)}</h2>
                    <p class="small muted">{t::tendero_queue_by_itself()}</p>
                </div>
            </div>
            <Progress permille tone=BarTone::Info tall=true />
            <p class="row small muted"><span class="grow">{t::tendero_queue_of(&waiting.to_string(), &QUEUE_MAX.to_string())}</span> <span>{age}</span></p>
            {until.map(|until| view! { <p class="small">{until}</p> })}
            {(waiting > 0 && !queue.promised.get()).then(|| view! { <p class="small muted">{t::tendero_queue_not_promised()}</p> })}
            {(room == Room::Soon).then(|| view! { <p class="banner banner--warning banner--note">{t::tendero_queue_soon()}</p> })}
            {(room == Room::Full).then(|| view! { <p class="banner banner--danger banner--note">{t::tendero_queue_full()}</p> })}
        </section>
    }
    .into_light()
}

/// Sales that this phone numbered and nobody has.
fn losses(queue: Queue) -> Option<AnyView> {
    let lost = untold_losses(queue);
    if lost.is_empty() {
        return None;
    }
    let numbers = lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(
        view! {
            <section class="card card--pad stack" role="alert" data-lost=numbers.clone()>
                <h2>{t::tendero_queue_lost_title(lost.len() as i64)}</h2>
                <p>{t::tendero_queue_lost_text(&numbers)}</p>
                <Button wide=true look=Look::Secondary on:click=move |_| tell_losses(queue)>{t::tendero_queue_understood()}</Button>
            </section>
        }
        .into_light(),
    )
}

fn row(queue: Queue, entry: Entry) -> AnyView {
    let id = entry.id;
    let (icon, tone, state) = match &entry.settled {
        None => (path::CLOCK, Tone::Info, "waiting"),
        Some(settled) => match settled.verdict {
            Verdict::Accepted => (path::CHECK, Tone::Success, "accepted"),
            Verdict::Held => (path::HOURGLASS, Tone::Warning, "held"),
            Verdict::Refused => (path::WARNING, Tone::Danger, "refused"),
        },
    };
    let expected = entry.estimate.map(gain_text).filter(|text| !text.is_empty());
    let became = match &entry.settled {
        None => match expected {
            Some(gain) => [&t::tendero_queue_units(entry.units).to_string(), " · ", &t::tendero_queue_estimate(&gain).to_string()].concat(),
            None => t::tendero_queue_units(entry.units).to_string(),
        },
        Some(settled) => match (settled.verdict, settled.code.as_deref()) {
            (Verdict::Accepted, _) => {
                let got = Some(gain_text(settled.gain)).filter(|text| !text.is_empty());
                match (got, entry.estimate.is_some_and(|estimate| estimate != settled.gain), expected) {
                    (Some(got), true, Some(expected)) => t::tendero_queue_got_other(&expected, &got).to_string(),
                    (Some(got), ..) => t::tendero_queue_got(&got).to_string(),
                    (None, ..) => t::tendero_queue_got_nothing().to_owned(),
                }
            }
            (Verdict::Held, code) => code.map_or_else(t::tendero_result_held_text, locale::shop_text).to_owned(),
            (Verdict::Refused, code) => [t::tendero_queue_refused(), " ", code.map_or("", locale::shop_text)].concat(),
        },
    };
    let label = if entry.label.is_empty() { t::tendero_queue_card().to_owned() } else { entry.label.clone() };
    let code = entry.settled.as_ref().and_then(|settled| settled.code.clone());
    let reason = code.clone();
    let seen = entry.needs_eye().then(|| {
        view! { <Button look=Look::Secondary on:click=move |_| leptos::task::spawn_local(mark_seen(queue, id))>{t::tendero_queue_understood()}</Button> }
    });
    view! {
        <li class="list-row" data-entry=id.to_string() data-state=state data-counter=entry.counter data-reason=reason>
            <Disc icon tone />
            <div class="list-row__body">
                <span class="row"><span class="strong grow">{label}</span> <span class="small muted">{net::wall_moment(entry.captured_at_ms)}</span></span>
                <span class=if matches!(state, "refused") { "small queue__bad" } else { "small muted" }>{became}</span>
                {code.map(|code| view! { <span class="micro faint">{code}</span> })}
                {seen}
            </div>
        </li>
    }
    .into_light()
}

/// `/t/offline`: for the pages that need the server.
#[component]
pub(crate) fn OfflinePage() -> impl IntoView {
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::common_offline_now() back="/t/" /> }.into_light()
            bar=view! { <crate::bar::Bar current="" /> }.into_light()
        >
            <Empty title=t::common_offline_page_title() text=t::tendero_offline_page_text() icon=path::WIFI_SLASH page=true>
                <ButtonLink href="/t/scan" look=Look::Key icon=path::SCAN>{t::tendero_queue_go_on()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}
