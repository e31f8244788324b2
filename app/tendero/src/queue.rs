//! The phone's queue at work: a sale is numbered, chained, signed and written before anything is sent, and what waits is
//! sent oldest first whenever there is a network.

use kit::json;
use leptos::prelude::*;
use shared::{
    DeviceId,
    loyalty::queue::{self, ChainEnd, Entry, Gain, ItemAnswer, KnownCaptures, Room, Viewer},
};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;

use crate::{
    capture,
    later::{Work, later},
};

/// While something waits it is tried this often, beside every sign of a network.
const RETRY_MS: u64 = 15_000;

/// Where the sending stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sending {
    /// Nothing is under way.
    #[default]
    Rest,
    /// So many of so many.
    Under(usize, usize),
    /// All of them, just now.
    Done(usize),
    /// The server does not know this phone's signature any more: somebody must register it again.
    Unknown,
}

/// Called with a sale's id and what became of it, once the list shows it.
pub(crate) type Listener = std::sync::Arc<dyn Fn(Uuid, ItemAnswer) + Send + Sync>;

/// The queue as the pages see it. Nothing on the server.
#[derive(Clone, Copy)]
pub(crate) struct Queue {
    /// Newest first.
    pub entries: RwSignal<Vec<Entry>>,
    pub sending: RwSignal<Sending>,
    /// Hears each answer, when a page waits for one.
    pub listener: StoredValue<Option<Listener>>,
    /// The store answered: what is shown is what is there.
    pub loaded: RwSignal<bool>,
    /// The store refuses: the phone is full, or the browser keeps nothing.
    pub broken: RwSignal<bool>,
    /// The browser promises not to clear the store; until somebody asked, nothing is said.
    pub promised: RwSignal<bool>,
    /// Numbers that this phone made and nobody has.
    pub lost: RwSignal<Vec<i64>>,
    /// Whose sales are shown; the others' are counted.
    pub viewer: RwSignal<Viewer>,
}

pub(crate) const LOST: &str = "tendero.lost";
/// Outlives the store of the entries where a browser clears one and not the other.
pub(crate) const NUMBERED: &str = "tendero.numbered.";
/// What the server knew of this phone when it last answered.
pub(crate) const KNOWN: &str = "tendero.known.";

impl Queue {
    pub(crate) fn waiting(&self) -> usize {
        self.entries.with(|entries| entries.iter().filter(|entry| entry.waits()).count())
    }
    /// Of the viewer's own.
    pub(crate) fn needing_eye(&self) -> usize {
        self.count(true, Entry::needs_eye)
    }
    /// The viewer's own, or the other people's on this phone.
    pub(crate) fn count(&self, own: bool, wanted: fn(&Entry) -> bool) -> usize {
        let viewer = self.viewer.get();
        self.entries.with(|entries| entries.iter().filter(|entry| wanted(entry) && viewer.sees(entry, entries) == own).count())
    }
    pub(crate) fn room(&self) -> Room {
        self.entries.with(|entries| queue::room(entries, kit::net::device_ms()))
    }
}

/// The page's queue: made once, filled and sent when the page is alive.
pub(crate) fn queue() -> Queue {
    if let Some(queue) = use_context::<Queue>() {
        return queue;
    }
    let net = kit::net::net();
    let queue = Queue {
        entries: RwSignal::default(),
        sending: RwSignal::default(),
        listener: StoredValue::new(None),
        loaded: RwSignal::new(false),
        broken: RwSignal::new(false),
        promised: RwSignal::new(true),
        lost: RwSignal::default(),
        viewer: RwSignal::new(Viewer::Unknown),
    };
    provide_context(queue);
    kit::effect(move |first| {
        // Whenever the network comes back.
        let online = net.online.get();
        if first {
            queue.lost.set(kit::kept::setting(LOST).unwrap_or_default());
            let look = move || leptos::task::spawn_local(send(queue));
            set_interval(
                move || {
                    if queue.entries.try_with_untracked(|entries| entries.iter().any(Entry::waits)).unwrap_or(false) {
                        look()
                    }
                },
                std::time::Duration::from_millis(RETRY_MS),
            );
            window_event_listener_untyped("visibilitychange", move |_| look());
            leptos::task::spawn_local(async move {
                queue.viewer.set(viewer().await);
                reload(queue).await;
                send(queue).await;
            });
        } else if online {
            leptos::task::spawn_local(send(queue));
        }
    });
    queue
}

/// Under which key the person signs who is signed in here. Its name keeps it when what pages kept is forgotten.
const SIGNER: &str = "signer.tendero";

async fn viewer() -> Viewer {
    match kit::kept::noted::<Option<DeviceId>>(SIGNER).await {
        None => Viewer::Unknown,
        Some(None) => Viewer::Nobody,
        Some(Some(device)) => Viewer::Person(device),
    }
}

/// Somebody signed in, or nobody is.
pub(crate) async fn signs(device: Option<DeviceId>) {
    kit::kept::note(SIGNER, &device).await;
}

/// True when a new build may take this page's place: nothing waits.
pub(crate) async fn idle() -> bool {
    load().await.is_ok_and(|entries| !entries.iter().any(Entry::waits))
}

/// Is a sale in the store already?
pub(crate) async fn holds(id: Uuid) -> bool {
    load().await.is_ok_and(|entries| entries.iter().any(|entry| entry.id == id))
}

pub(crate) async fn load() -> Result<Vec<Entry>, JsValue> {
    let rows: js_sys::Array = capture::load_entries().await?.into();
    let mut entries: Vec<Entry> = rows.iter().filter_map(|row| json::read(&row.as_string()?)).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.captured_at_ms, entry.counter)));
    Ok(entries)
}

/// Reads what is in the store.
pub(crate) async fn reload(queue: Queue) {
    match load().await {
        Ok(entries) => {
            // A row that did not change stays as it is, with what is open in it.
            if queue.entries.with_untracked(|before| *before != entries) {
                queue.entries.set(entries);
            }
            queue.broken.set(false);
        }
        Err(_) => queue.broken.set(true),
    }
    queue.loaded.set(true);
}

/// A sale as the page knows it, before it has a number; or a reward that is handed over.
pub(crate) struct Sale {
    pub id: Uuid,
    pub device: DeviceId,
    pub label: String,
    pub total_minor: i64,
    pub units: i64,
    pub estimate: Option<Gain>,
    pub captured_at_ms: i64,
    /// No sale, but the reward of this code.
    pub reward: Option<String>,
    /// The bytes to sign, at this place of the chain.
    pub capture: Box<dyn Fn(ChainEnd) -> Vec<u8>>,
}

/// Why a sale was not written. Nothing is kept of it, and the basket is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// Fifty wait already.
    Full,
    /// This phone has no key for this person.
    NoKey,
    /// The store refuses.
    Store,
    /// Another sale was written under this id.
    Taken,
}

/// Numbers, chains, signs and writes a sale. When this returns it is on the disk.
pub(crate) async fn keep(queue: Queue, sale: Sale) -> Result<(), NotKept> {
    if queue.room() == Room::Full {
        return Err(NotKept::Full);
    }
    let outcome = std::rc::Rc::new(std::cell::Cell::new(Err(NotKept::Store)));
    let told = outcome.clone();
    locked("mostrador-capture", true, Box::pin(async move { told.set(write(sale).await) })).await;
    let kept = outcome.get();
    queue.broken.set(kept == Err(NotKept::Store));
    queue.viewer.set(viewer().await);
    reload(queue).await;
    if kept == Err(NotKept::Store) {
        queue.broken.set(true);
    }
    kept
}

async fn write(sale: Sale) -> Result<(), NotKept> {
    if let Some(known) = load().await.unwrap_or_default().into_iter().find(|entry| entry.id == sale.id) {
        // Confirmed before by a page that did not live to say so, or another basket of another tab.
        let same = (known.label, known.total_minor, known.units) == (sale.label, sale.total_minor, sale.units);
        return if same { Ok(()) } else { Err(NotKept::Taken) };
    }
    let store = |_: JsValue| NotKept::Store;
    let device = sale.device.to_string();
    let known = capture::load_chain(&device).await.map_err(store)?.as_string();
    let numbered = [NUMBERED, &device].concat();
    let remembered: i64 = kit::kept::setting(&numbered).unwrap_or(0);
    let end = known.and_then(|text| json::read::<ChainEnd>(&text)).unwrap_or_else(|| {
        let told = kit::kept::setting([KNOWN, &device].concat().as_str());
        ChainEnd::after(&told.unwrap_or_else(|| KnownCaptures { last_sha256: "0".repeat(64), ..Default::default() }), remembered)
    });
    let counter = end.counter + 1;
    let bytes = (sale.capture)(ChainEnd { counter, sha256: end.sha256 });
    let text = String::from_utf8(bytes).map_err(|_| NotKept::Store)?;
    let signature = capture::sign(&device, &text).await.map_err(|_| NotKept::NoKey)?.as_string().unwrap_or_default();
    let sha256 = capture::sha256(&text).await.map_err(store)?.as_string().unwrap_or_default();
    let entry = Entry {
        id: sale.id,
        device_id: sale.device,
        counter,
        capture: text,
        signature,
        captured_at_ms: sale.captured_at_ms,
        label: sale.label,
        total_minor: sale.total_minor,
        units: sale.units,
        estimate: sale.estimate,
        reward: sale.reward,
        settled: None,
    };
    capture::write(rows([&entry]), js_sys::Array::new(), &device, Some(json::written(&ChainEnd { counter, sha256 })))
        .await
        .map_err(store)?;
    kit::kept::set_setting(&numbered, &counter);
    signs(Some(sale.device)).await;
    Ok(())
}

pub(crate) fn rows<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> js_sys::Array {
    entries.into_iter().map(|entry| js_sys::Array::of2(&entry.id.to_string().into(), &json::written(entry).into())).collect()
}

/// Sends what waits, oldest first, until nothing does or nobody answers. One tab at a time; another one rests.
pub(crate) async fn send(queue: Queue) {
    if let Some(later) = later().await {
        locked("mostrador-sync", false, (later.send_all)(queue)).await;
    }
    // Another tab may have changed the store meanwhile.
    reload(queue).await;
}

/// Does it while no other tab does the same; with `wait` false not at all when one does.
async fn locked(name: &str, wait: bool, work: Work) {
    let work = Closure::once(move || {
        future_to_promise(async move {
            work.await;
            Ok(JsValue::NULL)
        })
    });
    let _ = capture::locked(name, wait, work.as_ref().unchecked_ref()).await;
}

/// Which of the lost numbers the person has been told of.
const LOST_TOLD: &str = "tendero.lost_told";

/// The numbers that are lost and that the person has not put away.
pub(crate) fn untold_losses(queue: Queue) -> Vec<i64> {
    let told: Vec<i64> = kit::kept::setting(LOST_TOLD).unwrap_or_default();
    queue.lost.get().into_iter().filter(|number| !told.contains(number)).collect()
}

/// The person has written them down again.
pub(crate) fn tell_losses(queue: Queue) {
    kit::kept::set_setting(LOST_TOLD, &queue.lost.get_untracked());
    queue.lost.update(|_| ());
}

/// The person has looked at what was held or refused.
pub(crate) async fn mark_seen(queue: Queue, id: Uuid) {
    let Ok(mut entries) = load().await else {
        return;
    };
    let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) else {
        return;
    };
    let Some(settled) = &mut entry.settled else {
        return;
    };
    settled.seen = true;
    let _ = capture::write(rows([&*entry]), js_sys::Array::new(), "", None).await;
    queue.entries.set(entries);
}
