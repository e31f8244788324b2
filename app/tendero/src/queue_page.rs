//! The sales on this phone: what waits, what became of the rest, and what somebody must look at.

use kit::{
    Banner, Bar as Progress, BarTone, Button, ButtonLink, Disc, Empty, IconButton, IntoLight, Look, PhoneHead, PhoneShell, Size, Tabs,
    Tone, icon::path, locale, net, t,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    Country, Currency, Gtin, format,
    loyalty::{
        Capture,
        queue::{Entry, QUEUE_AGE_MAX_MS, QUEUE_MAX, Room, Settled, Verdict},
    },
    time::{HOUR_MS, MINUTE_MS},
};
use uuid::Uuid;

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
            return Some(
                view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING>{t::tendero_queue_broken()}</Banner> }.into_light(),
            );
        }
        if !untold_losses(queue).is_empty() {
            let end = view! { <a class="link" href="/t/queue">{t::tendero_queue_look()}</a> }.into_light();
            return Some(
                view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING end=end>{t::tendero_queue_lost_short()}</Banner> }
                    .into_light(),
            );
        }
        Some(match queue.sending.get() {
            Sending::Unknown => {
                let end = view! { <a class="link" href="/t/start">{t::tendero_queue_register()}</a> }.into_light();
                view! { <Banner tone=Tone::Danger edge=true icon=path::KEY end=end>{t::tendero_queue_unknown(waiting as i64)}</Banner> }
                    .into_light()
            }
            Sending::Under(done, total) => {
                let bar = view! { <Progress permille=Signal::stored(u32::try_from(done * 1_000 / total.max(1)).unwrap_or(0)) tone=BarTone::Info /> }.into_light();
                view! { <Banner tone=Tone::Info edge=true icon=path::CLOUD_ARROW_UP end=bar>{t::tendero_queue_sending(&done.to_string(), &total.to_string())}</Banner> }.into_light()
            }
            Sending::Done(_) if queue.needing_eye() > 0 => {
                let end = view! { <a class="link" href="/t/queue">{t::tendero_queue_look()}</a> }.into_light();
                view! { <Banner tone=Tone::Danger edge=true icon=path::WARNING end=end>{t::tendero_queue_need_you(queue.needing_eye() as i64)}</Banner> }.into_light()
            }
            Sending::Done(_) => {
                view! { <Banner tone=Tone::Success edge=true icon=path::CLOUD_CHECK>{t::tendero_queue_all_sent()}</Banner> }.into_light()
            }
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

/// The names and the money of the counter that this phone saw last.
#[derive(Clone, Deserialize)]
struct Counter {
    country: Country,
    currency: Currency,
    products: Vec<Named>,
}

#[derive(Clone, Deserialize)]
struct Named {
    gtin: Gtin,
    name: String,
}

/// What a row needs beside its sale.
#[derive(Clone, Copy)]
struct Around {
    queue: Queue,
    counter: RwSignal<Option<Counter>>,
    /// What an action beside a sale answered; outlives its row, which is drawn anew with every news of the queue.
    said: RwSignal<Option<(Uuid, String)>>,
}

/// `/t/queue`
#[component]
pub(crate) fn QueuePage() -> impl IntoView {
    let queue = queue();
    let around = Around { queue, counter: RwSignal::new(None), said: RwSignal::new(None) };
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
        let entries: Vec<Entry> = own(queue).into_iter().filter(wanted).collect();
        if !queue.loaded.get() {
            return ().into_light();
        }
        if entries.is_empty() {
            return view! { <Empty title=t::tendero_queue_empty_title() text=t::tendero_queue_empty_text() icon=path::CLOUD_CHECK /> }
                .into_light();
        }
        let rows = entries.into_iter().map(|entry| row(around, entry)).collect::<Vec<_>>();
        view! { <ul class="queue" data-queue>{rows}</ul> }.into_light()
    };
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            leptos::task::spawn_local(async move {
                around.counter.set(kit::kept::last_answer("tendero.counter").await);
                queue.promised.set(kit::worker::persist().await);
            });
        }
    });
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_queue_title() back="/t/" /> <SyncBanner /> }.into_light()
            foot=foot
        >
            {move || losses(queue)}
            {move || summary(queue)}
            {move || others(queue)}
            {move || (queue.room() == Room::Full).then(|| paper(around))}
            <Tabs
                label=t::tendero_queue_title()
                tabs=vec![("all", t::tendero_queue_all().into()), ("waiting", t::tendero_queue_waiting().into()), ("look", t::tendero_queue_look_at().into())]
                counts=vec![
                    ("waiting", Signal::derive(move || queue.count(true, Entry::waits)), false),
                    ("look", Signal::derive(move || queue.needing_eye()), true),
                ]
                selected=tab
                panel="queue"
            />
            <div id="queue" role="tabpanel">{rows}</div>
        </PhoneShell>
    }
}

/// The viewer's own, newest first.
fn own(queue: Queue) -> Vec<Entry> {
    let viewer = queue.viewer.get();
    queue.entries.with(|entries| entries.iter().filter(|entry| viewer.sees(entry, entries)).cloned().collect())
}

/// Sales of whoever else signs on this phone are counted: they are hers to see, and nothing is hidden.
fn others(queue: Queue) -> Option<AnyView> {
    let (waiting, look) = (queue.count(false, Entry::waits), queue.count(false, Entry::needs_eye));
    let waits = (waiting > 0)
        .then(|| view! { <p class="banner banner--info banner--note" data-others=waiting>{t::tendero_queue_others(waiting as i64)}</p> });
    let looks = (look > 0).then(
        || view! { <p class="banner banner--warning banner--note" data-others-look=look>{t::tendero_queue_others_look(look as i64)}</p> },
    );
    (waiting + look > 0).then(|| view! { {waits} {looks} }.into_light())
}

/// How many wait, how old the oldest is, and how much room is left.
fn summary(queue: Queue) -> AnyView {
    let (mine, waiting) = (queue.count(true, Entry::waits), queue.waiting());
    let oldest = queue.entries.with(|entries| entries.iter().filter(|entry| entry.waits()).map(|entry| entry.captured_at_ms).min());
    let age = oldest.map(|at| {
        t::tendero_queue_oldest(&((net::device_ms() - at).max(0) / HOUR_MS).to_string(), &(QUEUE_AGE_MAX_MS / HOUR_MS).to_string())
            .to_string()
    });
    let until = oldest.map(|at| t::tendero_queue_until(&net::wall_moment(at + QUEUE_AGE_MAX_MS)).to_string());
    let room = queue.room();
    let permille = Signal::stored(u32::try_from(waiting * 1_000 / QUEUE_MAX).unwrap_or(1_000));
    view! {
        <section class="card card--pad stack" data-waiting=waiting>
            <div class="row">
                <span class="queue__count">{mine}</span>
                <div class="grow">
                    <h2 class="strong">{t::tendero_queue_unsent(mine as i64)}</h2>
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

/// Blank lines on the printed list, for what the phone does not take any more.
const BLANK_LINES: usize = 20;

/// The list for paper, when the phone is full: what it holds, and room for what comes.
fn paper(around: Around) -> AnyView {
    let waiting: Vec<Entry> = own(around.queue).into_iter().rev().filter(Entry::waits).collect();
    let said = RwSignal::new(false);
    let lines: Vec<String> = waiting.iter().map(|entry| told(around, entry)).collect();
    let text = lines.join("\n");
    let copy = move |_| {
        let text = text.clone();
        leptos::task::spawn_local(async move { said.set(crate::hand_out::copied(&text).await) });
    };
    let held = lines.len();
    let blank = (0..BLANK_LINES).map(|_| view! { <li class="paper__blank"></li> }).collect::<Vec<_>>();
    view! {
        <section class="card card--pad stack" data-paper=held>
            <h2>{t::tendero_queue_paper_title()}</h2>
            <p class="small">{t::tendero_queue_paper_text()}</p>
            <div class="row">
                <Button look=Look::Secondary icon=path::PRINTER on:click=|_| crate::hand_out::print_page()>{t::tendero_queue_paper_print()}</Button>
                <Button look=Look::Secondary icon=path::COPY on:click=copy>{t::tendero_queue_paper_copy()}</Button>
            </div>
            <p class="small" role="status">{move || said.get().then(t::tendero_queue_copied)}</p>
            <div class="paper" aria-hidden="true">
                <p class="strong">{t::tendero_queue_title()}</p>
                <ol>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect::<Vec<_>>()}</ol>
                <p class="strong">{t::tendero_queue_paper_new()}</p>
                <ol>{blank}</ol>
            </div>
        </section>
    }
    .into_light()
}

/// A sale in one line: number, when, whose, how much, and why it is looked at.
fn told(around: Around, entry: &Entry) -> String {
    let total =
        around.counter.with(|counter| counter.as_ref().map(|counter| format::money(entry.total_minor, counter.currency, counter.country)));
    let when =
        [&net::wall_date(entry.captured_at_ms).map(format::weekday_date).unwrap_or_default(), " ", &net::wall_time(entry.captured_at_ms)]
            .concat();
    let code = entry.settled.as_ref().and_then(|settled| settled.code.clone());
    let number = t::tendero_queue_number(&entry.counter.to_string());
    let (label, units) = match entry.reward {
        Some(_) => (t::tendero_queue_reward(&entry.label), None),
        None => (entry.label.clone(), Some(t::tendero_queue_units(entry.units))),
    };
    [Some(number), Some(when), Some(label), units, total, code]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What was sold, from the text that was signed.
fn lines(around: Around, entry: &Entry) -> AnyView {
    let capture: Option<Capture> = serde_json::from_slice(entry.capture.as_bytes()).ok();
    let rows = capture.map(|capture| capture.lines).unwrap_or_default().into_iter().map(|line| {
        let (name, price) = around.counter.with(|counter| match counter {
            Some(counter) => (
                counter.products.iter().find(|product| product.gtin == line.gtin).map(|product| product.name.clone()),
                line.unit_price_minor.map(|minor| format::money(minor, counter.currency, counter.country)),
            ),
            None => (None, None),
        });
        let what = [&line.quantity.to_string(), " × ", &name.unwrap_or_else(|| line.gtin.short().to_string())].concat();
        view! { <li class="row small"><span class="grow">{what}</span> <span>{price}</span></li> }
    });
    view! { <details><summary class="link">{t::tendero_queue_see_sale()}</summary><ul>{rows.collect::<Vec<_>>()}</ul></details> }
        .into_light()
}

/// What can be done about a sale that was held or refused, as far as it can be done here.
fn actions(around: Around, entry: &Entry) -> AnyView {
    let (queue, said, id) = (around.queue, around.said, entry.id);
    let code = entry.settled.as_ref().and_then(|settled| settled.code.clone()).unwrap_or_default();
    let text = told(around, entry);
    let tell = move |words: &'static str| {
        let text = text.clone();
        let act = move |_| {
            let text = text.clone();
            leptos::task::spawn_local(async move {
                if crate::hand_out::tell(&text).await {
                    said.set(Some((id, t::tendero_queue_copied().to_owned())));
                }
            });
        };
        view! { <Button look=Look::Secondary on:click=act>{words}</Button> }.into_light()
    };
    let own_way = match code.as_str() {
        "CHAIN_GAP" => {
            let search = move |_| {
                leptos::task::spawn_local(async move {
                    send(queue).await;
                    let lost = queue.lost.get_untracked();
                    let numbers = lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    said.set(Some((
                        id,
                        if lost.is_empty() { t::tendero_queue_found_all().to_owned() } else { t::tendero_queue_found_not(&numbers) },
                    )));
                });
            };
            view! { <Button look=Look::Secondary on:click=search>{t::tendero_queue_search()}</Button> {tell(t::tendero_queue_tell())} }
                .into_light()
        }
        "CLOCK_SUSPECT" => {
            let skew = net::net().skew_ms;
            let off = move || {
                Some(skew.get()).filter(|skew| skew.abs() > MINUTE_MS).map(|skew| {
                    if skew > 0 {
                        t::tendero_queue_clock_slow(&format::span(skew))
                    } else {
                        t::tendero_queue_clock_fast(&format::span(skew))
                    }
                })
            };
            view! { <details><summary class="link">{t::tendero_queue_clock_fix()}</summary><p class="small">{off} " " {t::consumer_home_clock_how()}</p></details> }.into_light()
        }
        "DEVICE_REVOKED" => tell(t::tendero_queue_tell_owner()),
        // Nothing was sold, and the consumer is the one to be asked.
        _ if entry.reward.is_some() => tell(t::tendero_queue_help()),
        "TOO_OLD" => view! { {lines(around, entry)} {tell(t::tendero_queue_help())} }.into_light(),
        _ => view! { {lines(around, entry)} {tell(t::tendero_queue_tell())} }.into_light(),
    };
    let done = if code == "CODE_USED_ELSEWHERE" { t::tendero_queue_fine() } else { t::tendero_queue_understood() };
    view! {
        <div class="queue__acts">
            {own_way}
            <Button look=Look::Secondary on:click=move |_| leptos::task::spawn_local(mark_seen(queue, id))>{done}</Button>
        </div>
        <p class="small" role="status">{move || said.get().filter(|(of, _)| *of == id).map(|(_, words)| words)}</p>
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

/// What became of a reward that was handed over.
fn became_of_reward(around: Around, entry: &Entry, settled: Option<&Settled>) -> String {
    let owed = || {
        around.counter.with(|counter| counter.as_ref().map(|counter| format::money(entry.total_minor, counter.currency, counter.country)))
    };
    match settled {
        None => t::tendero_queue_reward_waits().to_owned(),
        Some(Settled { verdict: Verdict::Accepted, .. }) => match owed() {
            Some(owed) => t::tendero_queue_reward_owed(&owed),
            None => t::tendero_queue_reward_done().to_owned(),
        },
        Some(Settled { code, .. }) => [t::tendero_queue_reward_refused(), " ", code.as_deref().map_or("", reward_text)].concat(),
    }
}

/// Why a reward that was handed over is not paid.
fn reward_text(code: &str) -> &'static str {
    match code {
        // The words for a sale speak of points.
        "TOO_OLD" => t::tendero_queue_reward_late(),
        code => locale::shop_text(code),
    }
}

fn row(around: Around, entry: Entry) -> AnyView {
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
        settled if entry.reward.is_some() => became_of_reward(around, &entry, settled.as_ref()),
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
            // Its text says so itself.
            (Verdict::Refused, Some(code @ "TOO_OLD")) => locale::shop_text(code).to_owned(),
            (Verdict::Refused, code) => [t::tendero_queue_refused(), " ", code.map_or("", locale::shop_text)].concat(),
        },
    };
    let label = if entry.reward.is_some() {
        t::tendero_queue_reward(&entry.label)
    } else if entry.label.is_empty() {
        t::tendero_queue_card().to_owned()
    } else {
        entry.label.clone()
    };
    let code = entry.settled.as_ref().and_then(|settled| settled.code.clone());
    let reason = code.clone();
    let acts = entry.needs_eye().then(|| actions(around, &entry));
    view! {
        <li class="list-row" data-entry=id.to_string() data-state=state data-counter=entry.counter data-reason=reason>
            <Disc icon tone />
            <div class="list-row__body">
                <span class="row"><span class="strong grow">{label}</span> <span class="small muted">{net::wall_moment(entry.captured_at_ms)}</span></span>
                <span class=if matches!(state, "refused") { "small queue__bad" } else { "small muted" }>{became}</span>
                {code.map(|code| view! { <span class="micro faint">{code}</span> })}
                {acts}
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
