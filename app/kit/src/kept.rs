//! What a page shows of the server: fresh, or as this phone saw it last.
//!
//! A page that works without network is rendered once for nobody (its *shell*, which the service worker keeps) and
//! fills itself when it is alive: first with what was seen last and kept on the phone, then with what the server says.
//! Rendered for somebody with a session it comes filled, and what it shows is kept for the next time.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Banner, ErrorState, IntoLight, Skeleton, SkeletonKind, UiError, icon::path, t};

/// What there is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<T> {
    /// As the server says.
    Fresh(T),
    /// As it was at that instant of this phone's clock, milliseconds since 1970: there is no network.
    Old(T, i64),
    /// Neither: the server refuses, or there is no network and nothing was kept.
    Failed(UiError),
}

impl<T> Shown<T> {
    /// The thing itself, whatever its age.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Fresh(value) | Self::Old(value, _) => Some(value),
            Self::Failed(_) => None,
        }
    }
    /// When it was seen, when it is not fresh.
    pub fn seen_at_ms(&self) -> Option<i64> {
        if let Self::Old(_, at) = self { Some(*at) } else { None }
    }
}

/// The answer of a read that goes with a page, and what was kept of it. Cheap to copy.
pub struct Kept<T: Send + Sync + 'static> {
    read: crate::Loaded<Option<Result<T, UiError>>>,
    old: RwSignal<Option<(T, i64)>>,
}

impl<T: Send + Sync + 'static> Clone for Kept<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Kept<T> {}

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    /// What there is now; `None` while nothing is known. Read it inside [`crate::Await`].
    pub fn get(&self) -> Option<Shown<T>> {
        shown(self.read.get(), self.old.get())
    }

    /// The same without being told of changes.
    pub fn get_untracked(&self) -> Option<Shown<T>> {
        shown(self.read.get_untracked(), self.old.get_untracked())
    }
}

/// Content that comes from [`kept()`]: a skeleton while nothing is known, what was seen last with its date, or what is so now.
///
/// Without network and without anything kept it says that, with the way to try again.
pub fn kept_view<T>(kept: Kept<T>, href: &'static str, skeleton: SkeletonKind, view: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
{
    view! {
        <crate::Await fallback=move || view! { <Skeleton kind=skeleton /> }>
            {
                let view = view.clone();
                move || match kept.get() {
                    None => view! { <Skeleton kind=skeleton /> }.into_light(),
                    Some(Shown::Failed(error)) => view! { <ErrorState code=error.code().to_owned() href=href /> }.into_light(),
                    Some(Shown::Fresh(value)) => view(value),
                    Some(Shown::Old(value, at)) => {
                        let shown = view(value);
                        view! { <SeenAt at_ms=at /> {shown} }.into_light()
                    }
                }
            }
        </crate::Await>
    }
}

/// `Ves lo guardado hoy a las 7:40`, while there is no network.
#[component]
pub fn SeenAt(
    /// By this phone's clock.
    at_ms: i64,
) -> impl IntoView {
    let online = crate::net::net().online;
    move || (!online.get()).then(|| view! { <Banner note=true icon=path::CLOUD_SLASH>{t::common_offline_seen(&crate::net::wall_moment(at_ms))}</Banner> })
}

fn shown<T>(read: Option<Option<Result<T, UiError>>>, old: Option<(T, i64)>) -> Option<Shown<T>> {
    let old = old.map(|(value, at)| Shown::Old(value, at));
    match read {
        Some(Some(Ok(value))) => Some(Shown::Fresh(value)),
        Some(Some(Err(error))) if error.code() == "network" => Some(old.unwrap_or(Shown::Failed(error))),
        Some(Some(Err(error))) => Some(Shown::Failed(error)),
        Some(None) | None => old,
    }
}

#[cfg(target_arch = "wasm32")]
#[derive(Serialize, serde::Deserialize)]
struct Note<T> {
    at_ms: i64,
    value: T,
}

/// Reads with the page, again whenever `again` counts up, and keeps what was read under `name` on this phone.
///
/// `name` is unique in the product: `tendero.home`. What is kept belongs to whoever is signed in; see [`forget`].
pub fn kept<T, F>(name: &'static str, again: RwSignal<u32>, read: impl Fn() -> F + Clone + Send + Sync + 'static) -> Kept<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, UiError>> + Send + 'static,
{
    let read = crate::again(again, move || {
        let read = read.clone();
        async move {
            // The shell is nobody's: it is filled where it is opened.
            if crate::request::is_shell() { None } else { Some(read().await) }
        }
    });
    let kept = Kept { read, old: RwSignal::new(None) };
    Effect::new(move |before: Option<()>| {
        let now = kept.read.get();
        if before.is_none() {
            leptos::task::spawn_local(async move {
                let before = recall(name).await;
                // The server may have been faster.
                if before.is_some() && kept.old.try_get_untracked().is_some_and(|old| old.is_none()) {
                    kept.old.set(before);
                }
            });
            // A shell came alive: now somebody is there to read for.
            if matches!(now, Some(None)) {
                again.update(|n| *n += 1);
            }
        }
        match now {
            Some(Some(Ok(value))) => {
                crate::net::heard(true);
                save(name, &value);
                kept.old.set(Some((value, crate::net::device_ms())));
            }
            Some(Some(Err(error))) => crate::net::heard(error.code() != "network"),
            Some(None) | None => {}
        }
    });
    kept
}

/// Keeps a value under a name. A store that is full or refused keeps nothing: what is kept is a convenience, a shop's
/// sales are elsewhere.
pub fn save<T: Serialize>(name: &'static str, value: &T) {
    #[cfg(target_arch = "wasm32")]
    if let Ok(text) = serde_json::to_string(&Note { at_ms: crate::net::device_ms(), value }) {
        leptos::task::spawn_local(async move {
            let _ = store::put(name, &text).await;
        });
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (name, value);
}

/// What was kept under a name, and when; nothing when another build wrote it in another shape.
pub async fn recall<T: DeserializeOwned>(name: &'static str) -> Option<(T, i64)> {
    #[cfg(target_arch = "wasm32")]
    {
        let text = store::get(name).await.ok()?.as_string()?;
        let note: Note<T> = serde_json::from_str(&text).ok()?;
        Some((note.value, note.at_ms))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = name;
        None
    }
}

/// Everything that was kept under names that begin with `prefix` (`consumer.`) goes: it belonged to whoever signed out.
pub async fn forget(prefix: &'static str) {
    #[cfg(target_arch = "wasm32")]
    let _ = store::drop_all(prefix).await;
    #[cfg(not(target_arch = "wasm32"))]
    let _ = prefix;
}

#[cfg(target_arch = "wasm32")]
mod store {
    use wasm_bindgen::prelude::*;

    // Not `localStorage`: what is written there is lost when the phone is switched off within seconds.
    #[wasm_bindgen(inline_js = r#"
const ask = (mode, work) => new Promise((done, fail) => {
  const opening = indexedDB.open('mostrador-kept', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('kept');
  opening.onerror = () => fail(opening.error);
  opening.onsuccess = () => {
    const db = opening.result;
    const transaction = db.transaction('kept', mode);
    const request = work(transaction.objectStore('kept'));
    transaction.oncomplete = () => { db.close(); done(request.result); };
    transaction.onerror = transaction.onabort = () => { db.close(); fail(transaction.error); };
  };
});
export const get = (name) => ask('readonly', (store) => store.get(name));
export const put = (name, text) => ask('readwrite', (store) => store.put(text, name));
export const drop_all = (prefix) => ask('readwrite', (store) => store.delete(IDBKeyRange.bound(prefix, prefix + '\uffff')));
"#)]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub async fn get(name: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn put(name: &str, text: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn drop_all(prefix: &str) -> Result<JsValue, JsValue>;
    }
}

/// A setting of this phone alone, read at once; absent when nobody chose.
pub fn setting<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_str(&storage()?.get_item(&[PREFIX, name].concat()).ok().flatten()?).ok()
}

/// Changes a setting of this phone.
pub fn set_setting<T: Serialize>(name: &str, value: &T) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(value)) {
        let _ = storage.set_item(&[PREFIX, name].concat(), &text);
    }
}

/// Every setting of ours in the browser's storage begins so.
const PREFIX: &str = "mostrador.";

/// The phone's own; the server has none.
fn storage() -> Option<web_sys::Storage> {
    #[cfg(target_arch = "wasm32")]
    {
        web_sys::window()?.local_storage().ok().flatten()
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        None
    }
}
