//! The counter: card, products, preview, confirmation, result; and rewards that are handed over.

use std::sync::Arc;

use kit::{
    Ask, Button, IconButton, IntoLight, Kept, Look, ProductPicture, Shown, Size, Skeleton, SkeletonKind, Stepper, UiError, icon::path,
    json, kept, live, net::device_ms, request, t,
};
use leptos::prelude::*;
use scanner::{Cue, DecoderUrls, FrameState, Read, Viewfinder, play, unlock};
use serde::{Deserialize, Deserializer, Serialize};
use shared::{
    Country, Currency, DeviceId, Gtin, MemberId, Problem, ShopId, Timestamp,
    catalogue::Product,
    format,
    loyalty::{
        Capture, CardCode,
        capture::{CAPTURE_VERSION, CaptureLine},
        card_code::{OFFLINE_WINDOW, step_at},
        queue::{ChainEnd, Gain},
        ticket::{TicketKey, is_ticket},
    },
    time::MINUTE_MS,
};

use crate::{
    basket::{Basket, Line, typed_price},
    later::{Later, arrived, here, later},
    queue::{self, NotKept, Queue, Sale, queue},
};

/// A sale whose answer has not come by then goes on by itself: the tendero never waits.
const ANSWER_MS: u64 = 1_200;
/// A basket that was left comes back within this time.
const DRAFT_MS_MAX: i64 = 15 * MINUTE_MS;
/// What a consumer dictates when her QR cannot be read.
const DIGITS: usize = 6;
const DRAFT: &str = "tendero.draft";

/// What the page needs before it can sell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Counter {
    pub(crate) shop: ShopId,
    pub(crate) member: MemberId,
    pub(crate) device: Option<DeviceId>,
    pub(crate) country: Country,
    pub(crate) currency: Currency,
    pub(crate) products: Vec<Product>,
    /// Rules in force here, for an estimate without network: the JSON of a list of `ShopCampaign`, which only
    /// [`crate::estimate`] understands. Empty where a build before this one kept the list itself.
    #[serde(deserialize_with = "text_or_nothing")]
    pub(crate) campaigns: String,
    /// With which a phone without network checks a reward's ticket; none where a build before this one kept the counter.
    #[serde(default)]
    pub(crate) ticket_keys: Vec<TicketKey>,
    /// The server's clock when it answered.
    pub(crate) now: Timestamp,
}

fn text_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    struct Text;
    impl<'de> serde::de::Visitor<'de> for Text {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
            while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(String::new())
        }
    }
    from.deserialize_any(Text)
}

/// `/t/scan`
#[component]
pub(crate) fn ScanPage() -> impl IntoView {
    let counter =
        kept(Ask { name: "tendero.counter", path: "/fn/tendero/read_counter", form: String::new() }, RwSignal::new(0), read_counter);
    view! {
        <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
            {
                // A newer counter must not take the basket away: the page is built once, and told of it.
                let kind = Memo::new(move |_| counter.get().map(|shown| shown.value().is_some()));
                move || match kind.get().and_then(|_| counter.get_untracked()) {
                    Some(Shown::Fresh(first) | Shown::Old(first, _)) => view! { <Selling first counter /> }.into_light(),
                    Some(Shown::Failed(error)) => {
                        let later = arrived().0;
                        (move || later.get().map(|later| (later.failed)(error.code().to_owned()))).into_light()
                    }
                    None => view! { <Skeleton kind=SkeletonKind::Cards /> }.into_light(),
                }
            }
        </kit::Await>
    }
}

/// True when the page may be loaded anew: no sale is in progress and nothing waits to be sent.
pub(crate) async fn idle() -> bool {
    let draft = open_draft().await.is_some();
    // Whichever tab it is in: all of them are loaded anew.
    !draft && queue::idle().await
}

/// A sale in progress, as it is kept in case the page goes.
#[derive(Clone, Serialize, Deserialize)]
struct Draft {
    /// Under which the sale will be written: a basket whose sale is in the queue is not offered again.
    id: uuid::Uuid,
    basket: Basket,
    customer: Option<Customer>,
}

/// The card that was read.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub code: String,
    /// By the device's clock.
    pub scanned_at_ms: i64,
    pub label: String,
}

#[derive(Clone)]
pub(crate) enum Stage {
    Basket,
    /// Something in the basket's place.
    Panel(Draw),
    /// A screen of its own after a sale; `waits`: its answer may still come.
    Screen {
        draw: Draw,
        waits: bool,
    },
}

/// Draws what comes later.
pub(crate) type Draw = Arc<dyn Fn() -> AnyView + Send + Sync>;

/// Where codes and a finished sale go: to the server and the queue at the counter, nowhere while somebody practises.
pub(crate) struct Doors {
    /// A card's code was read.
    pub card: fn(State, String),
    /// Six digits were typed.
    pub digits: fn(State, String),
    /// A reward's code or its ticket was read.
    pub reward: fn(State, StoredValue<Counter>, String),
    /// A barcode that this phone does not know.
    pub unknown: fn(State, StoredValue<Counter>, Gtin),
    /// The basket is confirmed.
    pub confirm: fn(State, StoredValue<Counter>),
}

static COUNTER: Doors = Doors {
    card: card_read,
    digits: digits_read,
    reward: |state, counter, code| with_later(state, move |later| (later.reward)(state, counter, code)),
    unknown: unknown_read,
    confirm,
};

/// Everything that the page's parts share.
#[derive(Clone, Copy)]
pub(crate) struct State {
    doors: &'static Doors,
    pub basket: RwSignal<Basket>,
    pub customer: RwSignal<Option<Customer>>,
    pub stage: RwSignal<Stage>,
    pub frame: RwSignal<FrameState>,
    pub pill: RwSignal<String>,
    alarm: RwSignal<Option<String>>,
    /// The code of what was refused last, for whoever helps.
    code: RwSignal<String>,
    pub estimate: RwSignal<Option<Gain>>,
    pub busy: RwSignal<bool>,
    /// The id of the sale in progress.
    pub sale: RwSignal<uuid::Uuid>,
    /// The sale that was confirmed last: its answer belongs on this screen.
    pub mine: RwSignal<Option<uuid::Uuid>>,
    pub queue: Queue,
    pub online: RwSignal<bool>,
    epoch: RwSignal<u32>,
    /// Counts cards that were read: an answer about another one comes too late.
    turn: RwSignal<u32>,
    typing: RwSignal<bool>,
    /// Server clock − device clock.
    pub skew_ms: RwSignal<i64>,
    /// What comes later, once it is here.
    pub later: RwSignal<Option<&'static Later>>,
}

impl State {
    /// Nothing read, nothing sold.
    pub(crate) fn new(doors: &'static Doors) -> Self {
        let net = kit::net::net();
        Self {
            doors,
            basket: RwSignal::new(Basket::default()),
            customer: RwSignal::new(None),
            stage: RwSignal::new(Stage::Basket),
            frame: RwSignal::new(FrameState::default()),
            pill: RwSignal::new(String::new()),
            alarm: RwSignal::new(None),
            code: RwSignal::new(String::new()),
            estimate: RwSignal::new(None),
            busy: RwSignal::new(false),
            sale: RwSignal::new(uuid::Uuid::nil()),
            mine: RwSignal::new(None),
            queue: queue(),
            online: net.online,
            epoch: RwSignal::new(0),
            turn: RwSignal::new(0),
            typing: RwSignal::new(false),
            skew_ms: net.skew_ms,
            later: arrived().0,
        }
    }
}

#[component]
fn Selling(first: Counter, counter: Kept<Counter>) -> impl IntoView {
    let net = kit::net::net();
    let state = State::new(&COUNTER);
    let kept = counter;
    let counter = StoredValue::new(first);
    let ready = RwSignal::new(false);
    kit::effect(move |first| {
        if let Some(Shown::Fresh(fresh)) = kept.get() {
            // An answer that was kept on the way to this page says nothing about the clock of now.
            if !first || net.skew_ms.get_untracked() == 0 {
                kit::net::clock_heard(fresh.now.0);
            }
            counter.set_value(fresh);
        }
        if first {
            leptos::task::spawn_local(async move {
                if !restore(state).await {
                    state.sale.set(new_id());
                }
                ready.set(true);
            });
        }
    });
    remember(state);
    kit::effect(move |_| {
        if let Some(later) = state.later.get() {
            (later.counter)(state, counter);
        }
    });
    let banner = (move || state.later.get().map(|later| (later.banner)())).into_light();
    counter_view(state, counter, ready, banner)
}

/// Camera, basket and result. `above` stands between camera and basket.
pub(crate) fn counter_view(state: State, counter: StoredValue<Counter>, ready: RwSignal<bool>, above: AnyView) -> AnyView {
    kit::stay_awake();
    let on_read = Callback::new(move |read: Read| heard(state, counter, read));
    scanner::listen_to_reader(on_read);
    let (js, wasm) = request::decoder_urls();
    let decoder = DecoderUrls { worker: "/t/decoder-worker.js".into(), js, wasm };
    let lead = view! {
        <IconButton icon=path::ARROW_LEFT label=t::common_back() href="/t/" />
        <span class="viewfinder__who" data-customer>{move || state.customer.get().map_or_else(|| t::tendero_scan_card_missing().to_owned(), |customer| customer.label)}</span>
    }
    .into_light();
    let trail = view! { <IconButton icon=path::KEYBOARD label=t::tendero_scan_keyboard() on:click=move |_| state.typing.update(|on| *on = !*on) /> }.into_light();
    let paused = Signal::derive(move || !matches!(state.stage.get(), Stage::Basket));
    let viewfinder = view! {
        <Viewfinder on_read state=state.frame decoder label=state.pill paused epoch=state.epoch lead trail />
    }
    .into_light();
    let shows_result = move || matches!(state.stage.get(), Stage::Screen { .. });
    view! {
        <kit::LiveRegions />
        <div class="scan" hidden=shows_result data-ready=move || ready.get().to_string() on:click=|_| unlock()>
            <h1 class="sr-only">{t::tendero_scan_title()}</h1>
            <noscript><p class="field__error">{t::tendero_needs_script()}</p></noscript>
            {viewfinder}
            {above}
            <main id="main" class="scan__panel">
                {move || state.alarm.get().map(|text| view! { <p class="banner banner--danger" role="alert" data-alarm>{text}</p> })}
                {move || state.later.get().filter(|_| state.alarm.with(Option::is_some)).map(|later| (later.help)(state.code.get()))}
                {move || state.later.get().filter(|_| state.typing.get()).map(|later| (later.typed)(on_read))}
                {move || state.customer.get().zip(state.later.get()).and_then(|(customer, later)| (later.paper)(&customer.code))}
                {move || match state.stage.get() {
                    Stage::Panel(draw) => draw(),
                    Stage::Basket | Stage::Screen { .. } => view! { <BasketPart state counter /> }.into_light(),
                }}
            </main>
        </div>
        {move || if let Stage::Screen { draw, .. } = state.stage.get() { Some(draw()) } else { None }}
    }
    .into_light()
}

/// The sale that was left in progress, when it can still be gone on with.
async fn open_draft() -> Option<Draft> {
    let (draft, at) = kit::kept::recall::<Draft>(DRAFT).await?;
    // An empty basket has no sale yet: its id may be another tab's next one. One that is in the queue is done, whether or
    // not its page lived to say so.
    let open = !draft.basket.lines.is_empty() && device_ms() - at < DRAFT_MS_MAX && !queue::holds(draft.id).await;
    open.then_some(draft)
}

/// Brings back the basket of a page that went: a reload, a call, a new build.
async fn restore(state: State) -> bool {
    let Some(draft) = open_draft().await else {
        return false;
    };
    state.sale.set(draft.id);
    state.basket.set(draft.basket);
    state.customer.set(draft.customer);
    true
}

/// Keeps the basket after each change.
fn remember(state: State) {
    kit::effect(move |first| {
        let draft = Draft { id: state.sale.get(), basket: state.basket.get(), customer: state.customer.get() };
        if !first {
            kit::kept::save(DRAFT, &draft);
        }
    });
}

/// The sale is on the disk, and nobody has answered it yet.
pub(crate) fn saved(state: State) {
    state.busy.set(false);
    play(Cue::SavedOffline);
    live::say(t::tendero_queue_offline());
    match state.later.get_untracked() {
        Some(later) => (later.saved)(state),
        // The screen for it never reached this phone.
        None => {
            next(state);
            state.pill.set(t::tendero_saved_title().to_owned());
        }
    }
}

pub(crate) fn next(state: State) {
    state.mine.set(None);
    state.turn.update(|turn| *turn += 1);
    state.sale.set(new_id());
    state.basket.set(Basket::default());
    state.customer.set(None);
    state.estimate.set(None);
    state.alarm.set(None);
    state.frame.set(FrameState::default());
    state.pill.set(String::new());
    state.stage.set(Stage::Basket);
    state.epoch.update(|n| *n += 1);
}

/// What a code is decides what happens: a card, a reward, a product, or nothing of ours.
fn heard(state: State, counter: StoredValue<Counter>, read: Read) {
    if !matches!(state.stage.get_untracked(), Stage::Basket) {
        return;
    }
    state.alarm.set(None);
    match read.text.parse::<CardCode>() {
        Ok(CardCode::Reward(_)) => return (state.doors.reward)(state, counter, read.text),
        Ok(_) => return (state.doors.card)(state, read.text),
        Err(_) if is_ticket(&read.text) => return (state.doors.reward)(state, counter, read.text),
        Err(_) => {}
    }
    match read.gtin() {
        Some(Ok(gtin)) => product_read(state, counter, gtin),
        Some(Err(_)) => refuse(state, t::tendero_scan_check_digit()),
        None if read.text.len() == DIGITS && read.text.bytes().all(|digit| digit.is_ascii_digit()) => {
            (state.doors.digits)(state, read.text)
        }
        None => refuse(state, t::tendero_scan_typed_wrong()),
    }
}

/// Six digits that the consumer reads aloud: the server knows whose card they stand for.
fn digits_read(state: State, digits: String) {
    leptos::task::spawn_local(async move {
        match kit::ask::<String>("/fn/tendero/take_digits", &json::written(&Dictated { digits: &digits })).await {
            Ok(code) => card_read(state, code),
            Err(error) => refuse_for(state, error.code()),
        }
    });
}

/// The parameters of [`take_digits`].
#[derive(Serialize)]
struct Dictated<'a> {
    digits: &'a str,
}

/// Refuses with the sentence of a code, which whoever helps is told.
pub(crate) fn refuse_for(state: State, code: &str) {
    refuse(state, reason(state, code));
    state.code.set(code.to_owned());
}

pub(crate) fn refuse(state: State, text: &str) {
    play(Cue::Refused);
    state.code.set(String::new());
    state.frame.set(FrameState::Refused);
    state.alarm.set(Some(text.to_owned()));
    live::alarm(text);
}

/// What a code means, or the general sentence as long as the others are not here.
fn reason(state: State, code: &str) -> &'static str {
    match state.later.get_untracked() {
        Some(later) => (later.reason)(code),
        None => t::problem_internal(),
    }
}

fn card_read(state: State, code: String) {
    let scanned_at_ms = device_ms();
    let at = Timestamp(scanned_at_ms + state.skew_ms.get_untracked());
    let online = state.online.get_untracked();
    state.turn.update(|turn| *turn += 1);
    let mine = state.turn.get_untracked();
    // A card that was read later, or the next customer, makes this answer nobody's.
    let current = move || state.turn.try_get_untracked() == Some(mine);
    let shown = RwSignal::new(false);
    let show = move |code: String, label: String| {
        if !shown.get_untracked() {
            play(Cue::CardRead);
            state.frame.set(FrameState::Read);
            live::say(&t::tendero_scan_read_card(&label));
        }
        shown.set(true);
        state.pill.set(label.clone());
        state.customer.set(Some(Customer { code, scanned_at_ms, label }));
    };
    if online {
        let slow = code.clone();
        set_timeout(
            move || {
                if current()
                    && !shown.get_untracked()
                    && let Some(label) = label_of(&slow, at)
                {
                    show(slow, label);
                }
            },
            std::time::Duration::from_millis(ANSWER_MS),
        );
    }
    leptos::task::spawn_local(async move {
        let known = if online { ask_card(&code, at).await } else { Err(no_network()) };
        if online {
            kit::net::heard(!matches!(&known, Err(error) if error.code() == "network"));
        }
        if !current() {
            return;
        }
        let label = match known {
            Ok(label) => Ok(label),
            // Without the server: what the code itself says, and whether it is of this hour.
            Err(error) if error.code() == "too_many_requests" || error.0.status >= 500 => label_of(&code, at).ok_or("QR_STALE".to_owned()),
            Err(error) => Err(error.code().to_owned()),
        };
        match label {
            Ok(label) => show(code, label),
            Err(why) => {
                state.customer.set(None);
                refuse_for(state, &why);
            }
        }
    });
}

/// The parameters of [`identify`].
#[derive(Serialize)]
struct Identified<'a> {
    code: &'a str,
    read_at: Timestamp,
}

/// Whose card it is, as the server says.
async fn ask_card(code: &str, read_at: Timestamp) -> Result<String, UiError> {
    kit::ask("/fn/tendero/identify", &json::written(&Identified { code, read_at })).await
}

fn no_network() -> UiError {
    Problem::new(503, "network", "").into()
}

/// `Tarjeta · ••42` of a code that may be of this time; `None` when its half minute is long over.
fn label_of(code: &str, at: Timestamp) -> Option<String> {
    let card = match code.parse().ok()? {
        CardCode::Rotating { card, step, .. } if OFFLINE_WINDOW.contains(&step.saturating_sub(step_at(at))) => card,
        CardCode::Printed { card, .. } => card,
        CardCode::Rotating { .. } | CardCode::Reward(_) => return None,
    };
    Some([t::tendero_queue_card(), " · ", &card.digits()].concat())
}

/// Does what needs the code that comes later. Whoever already holds a code before the camera when the page opens is quicker
/// than that code, which then comes at once; where it cannot come, nothing can be done about this code.
pub(crate) fn with_later(state: State, act: impl FnOnce(&'static Later) + 'static) {
    match state.later.get_untracked() {
        Some(later) => act(later),
        None => wait_for_later(state, Box::new(act)),
    }
}

fn wait_for_later(state: State, act: Box<dyn FnOnce(&'static Later)>) {
    let customer = state.epoch.get_untracked();
    leptos::task::spawn_local(async move {
        let later = later().await;
        // The page may have gone, the next customer may stand here, or a panel in the basket's place.
        if state.epoch.try_get_untracked() != Some(customer) || !matches!(state.stage.get_untracked(), Stage::Basket) {
            return;
        }
        match later {
            Some(later) => {
                here(state.later, later);
                act(later);
            }
            None => refuse(state, t::problem_network()),
        }
    });
}

fn product_read(state: State, counter: StoredValue<Counter>, gtin: Gtin) {
    let known = counter.with_value(|counter| counter.products.iter().find(|product| product.gtin == gtin).cloned());
    match known {
        Some(product) => put_in(state, &product),
        None => (state.doors.unknown)(state, counter, gtin),
    }
}

/// One more of a product that is known.
pub(crate) fn put_in(state: State, product: &Product) {
    play(Cue::ProductRead);
    state.basket.update(|basket| basket.add(product));
    let quantity =
        state.basket.with_untracked(|basket| basket.lines.iter().find(|line| line.gtin == product.gtin).map_or(1, |line| line.quantity));
    live::say(&t::tendero_scan_read(&product.name, quantity));
    state.frame.set(FrameState::Read);
    state.pill.set(product.name.clone());
}

fn unknown_read(state: State, counter: StoredValue<Counter>, gtin: Gtin) {
    play(Cue::Unknown);
    state.frame.set(FrameState::Unknown);
    state.pill.set(t::tendero_unknown_pill().to_owned());
    with_later(state, move |later| (later.unknown)(state, counter, gtin));
}

#[component]
fn BasketPart(state: State, counter: StoredValue<Counter>) -> impl IntoView {
    let (country, currency) = counter.with_value(|counter| (counter.country, counter.currency));
    let money = move |minor: i64| format::money(minor, currency, country);
    let confirm = move |_| (state.doors.confirm)(state, counter);
    let lines = move || {
        state
            .basket
            .with(|basket| basket.lines.clone())
            .into_iter()
            .map(|line| view! { <BasketLine state line country currency /> }.into_light())
            .collect::<Vec<_>>()
    };
    let estimate = move || state.estimate.get().and_then(|gain| Some((state.later.get()?.estimate)(gain)));
    let can = move || state.customer.with(Option::is_some) && state.basket.with(|basket| !basket.lines.is_empty());
    view! {
        <h2 class="scan__title">{move || t::tendero_scan_basket(state.basket.with(Basket::count))}</h2>
        {move || state.basket.with(|basket| basket.lines.is_empty()).then(|| view! { <p class="muted">{t::tendero_scan_empty()}</p> })}
        <ul class="basket">{lines}</ul>
        {estimate}
        <p class="small muted">{move || (!can()).then(|| if state.customer.with(Option::is_none) { t::tendero_scan_confirm_need_card() } else { t::tendero_scan_confirm_need_lines() })}</p>
        <div id="action" class="scan__foot">
            <Button wide=true look=Look::Key size=Size::Tall busy=state.busy disabled=Signal::derive(move || !can()) on:click=confirm>
                <span data-confirm>{move || t::tendero_scan_confirm(&money(state.basket.with(Basket::total_minor)))}</span>
            </Button>
        </div>
    }
}

#[component]
fn BasketLine(state: State, line: Line, country: Country, currency: Currency) -> impl IntoView {
    let gtin = line.gtin;
    let change = move |edit: &dyn Fn(&mut Line)| {
        state.basket.update(|basket| {
            if let Some(line) = basket.lines.iter_mut().find(|line| line.gtin == gtin) {
                edit(line);
            }
        });
    };
    let price = move |event: leptos::ev::Event| {
        if let Some(minor) = typed_price(&event_target_value(&event), currency) {
            change(&|line| line.price_minor = Some(minor));
        }
    };
    let shown = line.price_minor.map(|minor| format::money(minor, currency, country)).unwrap_or_default();
    let label = t::tendero_scan_price_of(&line.name);
    view! {
        <li class="basket-line" data-gtin=gtin.to_string()>
            <ProductPicture category=line.category.clone() />
            <div class="basket-line__body">
                <span class="basket-line__name">{line.name.clone()}</span>
                <input class="basket-line__price field__input" inputmode="decimal" aria-label=label placeholder=t::tendero_scan_price_missing() value=shown on:change=price />
                {line.unknown.then(|| view! { <span class="basket-line__note">{t::tendero_scan_to_approve()}</span> })}
            </div>
            <Stepper
                of=line.name
                value=Signal::stored(line.quantity)
                on_change=Callback::new(move |quantity| change(&|line| line.quantity = quantity))
                on_remove=Callback::new(move |()| state.basket.update(|basket| basket.lines.retain(|line| line.gtin != gtin)))
            />
        </li>
    }
}

/// Keeps the sale, then sends it; without an answer in time the screen goes on and the queue goes on by itself.
fn confirm(state: State, counter: StoredValue<Counter>) {
    let (Some(customer), false) = (state.customer.get_untracked(), state.busy.get_untracked()) else {
        return;
    };
    let Some(device) = counter.with_value(|counter| counter.device) else {
        return refuse(state, t::tendero_home_no_device());
    };
    state.busy.set(true);
    let (shop, member) = counter.with_value(|counter| (counter.shop, counter.member));
    let lines: Vec<CaptureLine> = state.basket.with_untracked(|basket| {
        basket
            .lines
            .iter()
            .map(|line| CaptureLine { discount_minor: 0, gtin: line.gtin, quantity: line.quantity, unit_price_minor: line.price_minor })
            .collect()
    });
    let id = state.sale.get_untracked();
    let (skew_ms, offline, captured_at_ms) = (state.skew_ms.get_untracked(), !state.online.get_untracked(), device_ms());
    let label = customer.label.clone();
    let capture = move |end: ChainEnd| {
        let capture = Capture {
            captured_at_ms,
            card_code: customer.code.clone(),
            client_purchase_id: id,
            counter: end.counter,
            device_id: device,
            lines: lines.clone(),
            member_id: member,
            offline,
            previous_sha256: end.sha256,
            scanned_at_ms: customer.scanned_at_ms,
            shop_id: shop,
            skew_ms,
            version: CAPTURE_VERSION,
        };
        capture.canonical_bytes()
    };
    let (total_minor, units) = state.basket.with_untracked(|basket| (basket.total_minor(), basket.count()));
    let sale = Sale {
        id,
        device,
        label,
        total_minor,
        units,
        estimate: state.estimate.get_untracked(),
        captured_at_ms,
        reward: None,
        capture: Box::new(capture),
    };
    state.mine.set(Some(id));
    leptos::task::spawn_local(async move {
        if let Err(why) = queue::keep(state.queue, sale).await {
            state.busy.set(false);
            if why == NotKept::Taken {
                // Another tab sold something else under this id: the basket here is a sale of its own.
                state.sale.set(new_id());
                return confirm(state, counter);
            }
            return refuse(state, not_kept(why));
        }
        if offline {
            saved(state);
        } else {
            set_timeout(
                move || {
                    if state.mine.try_get_untracked() == Some(Some(id)) && state.busy.get_untracked() {
                        saved(state);
                    }
                },
                std::time::Duration::from_millis(ANSWER_MS),
            );
        }
        queue::send(state.queue).await;
        // Nobody answered, and said so at once.
        let waits =
            state.queue.entries.try_with_untracked(|entries| entries.iter().any(|entry| entry.id == id && entry.waits())).unwrap_or(false);
        if waits && state.mine.try_get_untracked() == Some(Some(id)) && state.busy.get_untracked() {
            saved(state);
        }
    });
}

/// Why the phone did not write it down.
pub(crate) fn not_kept(why: NotKept) -> &'static str {
    match why {
        NotKept::Full => t::tendero_queue_full(),
        NotKept::NoKey => t::tendero_home_no_device(),
        NotKept::Store | NotKept::Taken => t::tendero_queue_broken(),
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the edge where the phone makes ids")]
pub(crate) fn new_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

/// Shop, person, phone and the products that the phone looks up by itself.
#[server(prefix = "/fn", endpoint = "tendero/read_counter")]
pub async fn read_counter() -> Result<Counter, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (member, shop, _) = actor.member()?;
    let shop = identity::shop::get(&mut tx, shop).await?;
    let mut products = catalogue::product::for_shop(&mut tx, &actor).await?;
    let usual = loyalty::price::usual(&mut tx, &actor, now).await?;
    for product in &mut products {
        // The suggested price says the same.
        product.usual_price_minor = usual.get(&product.id).copied().filter(|price| Some(*price) != product.suggested_price_minor);
    }
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let campaigns = json::written(&loyalty::campaign::of_shop(&mut tx, &loyalty, &actor, now).await?);
    let ticket_keys = loyalty::ticket::keys(&mut tx).await?;
    let device = if let identity::Actor::Member { device, .. } = actor { device } else { None };
    Ok(Counter { shop: shop.id, member, device, country: shop.country, currency: shop.currency, products, campaigns, ticket_keys, now })
}

/// Whose card it is, in two words.
#[server(prefix = "/fn", endpoint = "tendero/identify", input = server_fn::codec::Json)]
pub async fn identify(code: String, read_at: Timestamp) -> Result<String, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let told = loyalty::card::identify(&mut tx, &loyalty, &actor, now, &code, read_at).await;
    drop(tx);
    count_failure(&told, Some(&code)).await?;
    Ok(told?)
}

/// A code that no card answered to is counted, in a transaction that writes.
#[cfg(feature = "ssr")]
pub(crate) async fn count_failure<T>(told: &Result<T, loyalty::Error>, code: Option<&str>) -> Result<(), UiError> {
    if let (Err(loyalty::Error::UnknownCard), Some(code)) = (told, code) {
        let (mut tx, actor, now) = request::begin().await?;
        loyalty::failed_code::note(&mut tx, now, actor.member()?.1, code).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The code of the card whose six digits a consumer read aloud.
#[server(prefix = "/fn", endpoint = "tendero/take_digits", input = server_fn::codec::Json)]
pub async fn take_digits(digits: String) -> Result<String, UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let code = loyalty::dictation::take(&mut tx, &loyalty, &actor, now, &digits).await;
    // A wrong guess is counted.
    tx.commit().await?;
    Ok(code?)
}

/// What the basket would earn.
#[server(prefix = "/fn", endpoint = "tendero/preview", input = server_fn::codec::Json)]
pub async fn preview(basket: shared::loyalty::PreviewPurchase) -> Result<shared::loyalty::PurchaseAnswer, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let (_, shop, _) = actor.member()?;
    let told = loyalty::purchase::preview(&mut tx, &loyalty, &actor, now, shop, &basket).await;
    drop(tx);
    count_failure(&told, basket.card_code.as_deref()).await?;
    Ok(told?)
}

/// What a reward's code stands for.
#[server(prefix = "/fn", endpoint = "tendero/look_at_reward", input = server_fn::codec::Json)]
pub async fn look_at_reward(code: String) -> Result<shared::loyalty::DeliveryPreview, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    Ok(loyalty::reward::preview_delivery(&mut tx, &actor, now, &code).await?)
}

/// Hands a reward over.
#[server(prefix = "/fn", endpoint = "tendero/deliver_reward", input = server_fn::codec::Json)]
pub async fn deliver_reward(code: String) -> Result<shared::loyalty::Delivery, UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let rules = request::state::<loyalty::Loyalty>()?;
    let done = loyalty::reward::deliver(&mut tx, &rules, &actor, now, &shared::loyalty::NewDelivery { code, shop_id: None }).await?;
    tx.commit().await?;
    Ok(done)
}

/// Tells the platform of a barcode that nobody knows.
#[server(prefix = "/fn", endpoint = "tendero/propose_product", input = server_fn::codec::Json)]
pub async fn propose_product(gtin: Gtin, name: String, price_minor: Option<i64>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    catalogue::proposal::propose(&mut tx, &actor, now, &catalogue::proposal::NewProposal { gtin, name, price_minor, photo: None }).await?;
    tx.commit().await?;
    Ok(())
}
