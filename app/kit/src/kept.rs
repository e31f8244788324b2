//! What a page shows of the server: fresh, or as this phone saw it last.
//!
//! A page that works without network is rendered once for nobody (its *shell*, which the service worker keeps) and
//! fills itself when it is alive: first with what was seen last and kept on the phone, then with what the server says.
//! Rendered for somebody with a session it comes filled, and what it shows is kept for the next time.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use shared::Problem;

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
pub fn kept_view<T>(
    kept: Kept<T>,
    href: &'static str,
    skeleton: SkeletonKind,
    view: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView
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
    move || {
        (!online.get())
            .then(|| view! { <Banner note=true icon=path::CLOUD_SLASH>{t::common_offline_seen(&crate::net::wall_moment(at_ms))}</Banner> })
    }
}

fn shown<T>(read: Option<Option<Result<T, UiError>>>, old: Option<(T, i64)>) -> Option<Shown<T>> {
    let old = old.map(|(value, at)| Shown::Old(value, at));
    match read {
        Some(Some(Ok(value))) => Some(Shown::Fresh(value)),
        // No answer, or none of use: what was seen last is better than an error.
        Some(Some(Err(error))) if error.0.status == 429 || error.0.status >= 500 => Some(old.unwrap_or(Shown::Failed(error))),
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

/// Where a browser asks for what a page shows: the server function's address, and its parameters as a form.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Under which it is kept on this phone, unique in the product: `tendero.home`. A part of another read is called
    /// `consumer.history:used`: while nothing was kept under that name, the whole is shown, of which the page takes its part.
    pub name: &'static str,
    /// `/fn/tendero/read_home`
    pub path: &'static str,
    /// `cursor=…`; empty for none.
    pub form: String,
}

/// Reads with the page, again whenever `again` counts up, and keeps what was read on this phone.
///
/// `read` is the server function, which the server calls itself. A browser asks at its address and keeps the very text of
/// the answer: neither the function's own client nor a writer of JSON for every type reaches a phone. What is kept belongs
/// to whoever is signed in; see [`forget`].
pub fn kept<T, F>(ask: Ask, again: RwSignal<u32>, read: impl Fn() -> F + Clone + Send + Sync + 'static) -> Kept<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, UiError>> + Send + 'static,
{
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    {
        let _ = read;
        browser::kept(ask, again)
    }
    #[cfg(not(all(feature = "hydrate", not(feature = "ssr"))))]
    {
        let _ = ask;
        let read = crate::again(again, move || {
            let read = read.clone();
            async move {
                // The shell is nobody's: it is filled where it is opened.
                if crate::request::is_shell() { None } else { Some(read().await) }
            }
        });
        Kept { read, old: RwSignal::new(None) }
    }
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod browser {
    use leptos::prelude::*;
    use serde::de::DeserializeOwned;

    use super::{Ask, Kept, answered, store, understood};
    use crate::{Loaded, UiError};

    /// `Option<Result<T, UiError>>` in the document: `{"Ok":…}`, `{"Err":…}` or `null`.
    pub fn kept<T: DeserializeOwned + Clone + Send + Sync + 'static>(ask: Ask, again: RwSignal<u32>) -> Kept<T> {
        let carried = Owner::current_shared_context().and_then(|context| context.read_data(&context.next_id()));
        let first: Option<Option<Result<T, UiError>>> = carried.as_deref().and_then(crate::json::read);
        let kept = Kept { read: Loaded::of(first), old: RwSignal::new(None) };
        crate::effect(move |first| {
            let asked = again.get();
            let Ask { name, path, form } = ask.clone();
            if first {
                leptos::task::spawn_local(recall_into(kept, name));
            }
            let now = kept.read.get_untracked();
            if first && matches!(now, Some(Some(_))) {
                if let (Some(text), Some(Some(Ok(value)))) = (&carried, now) {
                    keep(name, text);
                    kept.old.set(Some((value, crate::net::device_ms())));
                }
                return;
            }
            leptos::task::spawn_local(async move {
                let text = answered(path, &form).await;
                if again.try_get_untracked() != Some(asked) {
                    return;
                }
                crate::net::heard(!matches!(&text, Err(error) if error.code() == "network"));
                let answer = text.as_ref().map_err(UiError::clone).and_then(|text| understood::<T>(text));
                if let (Ok(value), Ok(text)) = (&answer, &text) {
                    keep(name, &["{\"Ok\":", text, "}"].concat());
                    kept.old.set(Some((value.clone(), crate::net::device_ms())));
                }
                kept.read.set(Some(Some(answer)));
            });
        });
        kept
    }

    /// What was seen last, unless the server was faster.
    async fn recall_into<T: DeserializeOwned + Clone + Send + Sync + 'static>(kept: Kept<T>, name: &'static str) {
        let mut found = store::get(name).await.ok().and_then(|text| text.as_string());
        if let (None, Some((whole, _))) = (&found, name.split_once(':')) {
            found = store::get(whole).await.ok().and_then(|text| text.as_string());
        }
        let Some(text) = found else {
            return;
        };
        let Some((at_ms, text)) = text.split_once(' ') else {
            return;
        };
        let value: Option<Option<Result<T, UiError>>> = crate::json::read(text);
        if let (Ok(at_ms), Some(Some(Ok(value)))) = (at_ms.parse(), value)
            && kept.old.try_get_untracked().is_some_and(|old| old.is_none())
        {
            kept.old.set(Some((value, at_ms)));
        }
    }

    fn keep(name: &'static str, text: &str) {
        let note = [&crate::net::device_ms().to_string(), " ", text].concat();
        leptos::task::spawn_local(async move {
            let _ = store::put(name, &note).await;
        });
    }
}

/// Asks a server function at its address, with its parameters as a form or (where it takes that) as a JSON object: what
/// its own client does, without the weight of one for each function.
///
/// On the server it fails: nothing asks there.
pub async fn ask<T: DeserializeOwned>(path: &str, body: &str) -> Result<T, UiError> {
    understood(&answered(path, body).await?)
}

fn understood<T: DeserializeOwned>(text: &str) -> Result<T, UiError> {
    crate::json::read(text).ok_or_else(unread)
}

/// No answer, or one that is not ours: a network in between, or none.
fn unread() -> UiError {
    UiError(Problem::new(503, "network", ""))
}

/// The text of the answer; goes elsewhere when the server says so.
async fn answered(path: &str, body: &str) -> Result<String, UiError> {
    #[cfg(target_arch = "wasm32")]
    {
        let answered = store::ask(path, body).await.ok().map(wasm_bindgen::JsCast::unchecked_into::<js_sys::Array>);
        let part = |i| answered.as_ref().and_then(|parts| parts.get(i).as_string());
        let (status, text) = (part(0).unwrap_or_default(), part(2).unwrap_or_default());
        if let Some(to) = part(1) {
            let _ = window().location().set_href(&to);
        }
        if status == "200" { Ok(text) } else { Err(crate::json::read(&text).unwrap_or_else(unread)) }
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = (path, body);
        Err(unread())
    }
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
        let note: Note<T> = crate::json::read(&text)?;
        Some((note.value, note.at_ms))
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = name;
        None
    }
}

/// What [`kept()`] read last under a name, or a part of it: `T` may leave fields out.
pub async fn last_answer<T: DeserializeOwned>(name: &'static str) -> Option<T> {
    #[cfg(target_arch = "wasm32")]
    {
        let text = store::get(name).await.ok()?.as_string()?;
        let (_, answer) = text.split_once(' ')?;
        serde_json::from_slice::<Result<T, UiError>>(answer.as_bytes()).ok()?.ok()
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

/// What this phone noted under a name, on its disk as soon as it was written; absent on the server.
pub async fn noted<T: DeserializeOwned>(name: &str) -> Option<T> {
    #[cfg(target_arch = "wasm32")]
    return crate::json::read(&store::get(name).await.ok()?.as_string()?);
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = name;
        None
    }
}

/// Notes it. A setting would be lost with a phone that dies within seconds.
pub async fn note<T: Serialize>(name: &str, value: &T) {
    #[cfg(target_arch = "wasm32")]
    if let Ok(text) = serde_json::to_string(value) {
        let _ = store::put(name, &text).await;
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (name, value);
}

#[cfg(target_arch = "wasm32")]
mod store {
    use wasm_bindgen::prelude::*;

    // Not `localStorage`: what is written there is lost when the phone is switched off within seconds.
    #[wasm_bindgen(inline_js = r#"
const within = (mode, work) => new Promise((done, fail) => {
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
export const get = (name) => within('readonly', (store) => store.get(name));
export const put = (name, text) => within('readwrite', (store) => store.put(text, name));
export async function ask(path, body) {
  const answer = await fetch(path, { method: 'POST', credentials: 'same-origin', body,
    headers: { accept: 'application/json', 'content-type': body[0] === '{' ? 'application/json' : 'application/x-www-form-urlencoded' } });
  return [String(answer.status), answer.headers.has('serverfnredirect') ? answer.headers.get('location') : null, await answer.text()];
}
export const drop_all = (prefix) => within('readwrite', (store) => store.delete(IDBKeyRange.bound(prefix, prefix + '\uffff')));
"#)]
    extern "C" {
        #[wasm_bindgen(catch)]
        pub async fn get(name: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn put(name: &str, text: &str) -> Result<JsValue, JsValue>;
        /// Status, where to go instead, and text.
        #[wasm_bindgen(catch)]
        pub async fn ask(path: &str, body: &str) -> Result<JsValue, JsValue>;
        #[wasm_bindgen(catch)]
        pub async fn drop_all(prefix: &str) -> Result<JsValue, JsValue>;
    }
}

/// A setting of this phone alone, read at once; absent when nobody chose.
pub fn setting<T: DeserializeOwned>(name: &str) -> Option<T> {
    crate::json::read(&storage()?.get_item(&[PREFIX, name].concat()).ok().flatten()?)
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
