//! The card's key on this phone: it makes the code of each half minute, with network and without.
//!
//! The server makes the key and sends it once; the browser keeps it so that no script can read it back (WebCrypto,
//! not extractable, in IndexedDB). One session is one key. The card's page names the key that the server knows of this
//! session: when another phone took its place, this one says so instead of showing codes that no shop accepts.

use data_encoding::BASE64URL_NOPAD;
use kit::UiError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CardId, CardKeyId, Timestamp,
    loyalty::{
        CardView,
        card_code::{PublicCode, rotating_message, with_mac},
    },
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
const ask = (mode, work) => new Promise((done, fail) => {
  const opening = indexedDB.open('mostrador-consumer', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('key');
  opening.onerror = () => fail(opening.error);
  opening.onsuccess = () => {
    const db = opening.result;
    const transaction = db.transaction('key', mode, { durability: 'strict' });
    const request = work(transaction.objectStore('key'));
    transaction.oncomplete = () => { db.close(); done(request.result); };
    transaction.onerror = transaction.onabort = () => { db.close(); fail(transaction.error); };
  };
});
export async function keep_key(card, note, secret) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  await ask('readwrite', (store) => store.put({ card, key, note }, 'card'));
}
export async function key_card() { const kept = await ask('readonly', (store) => store.get('card')); return kept ? [kept.card, kept.note || ''] : null; }
export async function mac(message) {
  const kept = await ask('readonly', (store) => store.get('card'));
  return new Uint8Array(await crypto.subtle.sign('HMAC', kept.key, new TextEncoder().encode(message)));
}
export const turn = () => new Promise((mine) => {
  if (!navigator.locks) return mine(() => {});
  // Whoever waits for a dead network holds up nobody for ever.
  let late = false;
  setTimeout(() => { late = true; mine(() => {}); }, 10_000);
  navigator.locks.request('mostrador-card-key', () => late || new Promise((end) => mine(end))).catch(() => mine(() => {}));
});
export async function drop_key() { await ask('readwrite', (store) => store.delete('card')); }
"#)]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn keep_key(card: &str, note: &str, secret: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn key_card() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn mac(message: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn drop_key() -> Result<JsValue, JsValue>;
    /// Waits until nobody else, in any tab, is at the key; whoever called ends their turn by calling the answer.
    async fn turn() -> JsValue;
}

/// A key on its way to this phone; sent once.
#[derive(Clone, Serialize, Deserialize)]
pub struct CardKey {
    id: CardKeyId,
    /// Whose.
    of: CardId,
    /// When the server made it.
    at: Timestamp,
    /// The card, 16 base-32 characters.
    card: String,
    /// 32 bytes, base64url.
    secret: String,
}

/// What makes the codes on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// Nothing: the server draws each code.
    Nothing,
    /// A key of this card.
    Key(PublicCode),
    /// A key whose place another phone took: no shop accepts its codes.
    Elsewhere,
}

/// The key of this phone, after what the card's page says of it; fetches one when this session had none.
pub(crate) async fn own(view: &CardView) -> Own {
    in_turn(looked_up(view)).await
}

/// Takes the place of another phone.
pub(crate) async fn use_here() -> Option<Own> {
    in_turn(take()).await
}

/// One after the other, in all tabs: a session has one key, and a second fetch beside the first would end the first's.
async fn in_turn<T>(work: impl Future<Output = T>) -> T {
    let end: js_sys::Function = turn().await.unchecked_into();
    let done = work.await;
    let _ = end.call0(&JsValue::UNDEFINED);
    done
}

async fn looked_up(view: &CardView) -> Own {
    let kept = key_card().await.ok().map(JsValue::unchecked_into::<js_sys::Array>);
    let part = |i| kept.as_ref().filter(|kept| kept.is_object()).and_then(|kept| kept.get(i).as_string());
    let (card, note) = (part(0).and_then(|card| card.parse().ok()), part(1).unwrap_or_default());
    let mut words = note.split(' ');
    let (id, of, at) = (words.next(), words.next(), words.next().and_then(|at| at.parse().ok()).unwrap_or(0_i64));
    match card {
        None => take().await.unwrap_or(Own::Nothing),
        // Of a build before this one, which did not write down which key it is.
        Some(card) if note.is_empty() => take().await.unwrap_or(Own::Key(card)),
        // Somebody else signed in here.
        Some(_) if of != Some(view.card_id.to_string().as_str()) => {
            forget().await;
            take().await.unwrap_or(Own::Nothing)
        }
        // Made after what the page says.
        Some(card) if view.code_at.0 <= at || view.key.is_some_and(|key| id == Some(key.to_string().as_str())) => Own::Key(card),
        Some(_) if view.key.is_none() => Own::Elsewhere,
        // Another tab fetched one at the same time.
        Some(_) => take().await.unwrap_or(Own::Nothing),
    }
}

/// Fetches a key; `None` without network or without a session.
async fn take() -> Option<Own> {
    let new: CardKey = kit::ask("/fn/consumer/take_card_key", "").await.ok()?;
    let secret = BASE64URL_NOPAD.decode(new.secret.as_bytes()).ok()?;
    let note = [new.id.to_string(), new.of.to_string(), new.at.0.to_string()].join(" ");
    keep_key(&new.card, &note, &secret).await.ok()?;
    // The card must open after a week without a visit, too. Some browsers ask her first, and she may never answer.
    leptos::task::spawn_local(async {
        let _ = kit::worker::persist().await;
    });
    new.card.parse().ok().map(Own::Key)
}

/// The code of a half minute.
pub(crate) async fn code(card: PublicCode, step: i64) -> Option<String> {
    let message = rotating_message(card, step);
    let mac: js_sys::Uint8Array = mac(&message).await.ok()?.dyn_into().ok()?;
    Some(with_mac(message, &mac.to_vec()))
}

/// This phone shows the card no more; everything that was kept of it goes too.
pub(crate) async fn forget() {
    let _ = drop_key().await;
    kit::kept::forget("consumer.").await;
}

/// A new key of the asker's card for this phone; beyond three phones the oldest one's stops working.
#[server(prefix = "/fn", endpoint = "consumer/take_card_key")]
pub async fn take_card_key() -> Result<CardKey, UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let loyalty = kit::request::state::<loyalty::Loyalty>()?;
    let key = loyalty::card::new_key(&mut tx, &loyalty, &actor, now).await?;
    let (of, card) = loyalty::card::public_code(&mut tx, &actor).await?;
    tx.commit().await?;
    Ok(CardKey { id: key.id, of, at: now, card: card.to_string(), secret: BASE64URL_NOPAD.encode(&key.secret) })
}
