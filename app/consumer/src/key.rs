//! The card's key on this phone: it makes the code of each half minute, with network and without.
//!
//! The server makes the key and sends it once; the browser keeps it so that no script can read it back (WebCrypto,
//! not extractable, in IndexedDB). One phone is one key; a key that the server no longer knows makes codes that no shop
//! accepts.

use data_encoding::BASE64URL_NOPAD;
use kit::UiError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::loyalty::card_code::{PublicCode, rotating_message, with_mac};
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
export async function keep_key(card, secret) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  await ask('readwrite', (store) => store.put({ card, key }, 'card'));
}
export async function key_card() { const kept = await ask('readonly', (store) => store.get('card')); return kept ? kept.card : null; }
export async function mac(message) {
  const kept = await ask('readonly', (store) => store.get('card'));
  return new Uint8Array(await crypto.subtle.sign('HMAC', kept.key, new TextEncoder().encode(message)));
}
export async function drop_key() { await ask('readwrite', (store) => store.delete('card')); }
"#)]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn keep_key(card: &str, secret: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn key_card() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn mac(message: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn drop_key() -> Result<JsValue, JsValue>;
}

/// A key on its way to this phone; sent once.
#[derive(Clone, Serialize, Deserialize)]
pub struct CardKey {
    /// The card, 16 base-32 characters.
    card: String,
    /// 32 bytes, base64url.
    secret: String,
}

/// The card whose key is on this phone.
pub(crate) async fn card() -> Option<PublicCode> {
    key_card().await.ok()?.as_string()?.parse().ok()
}

/// Fetches a key when there is none here; `None` without network or without a session.
pub(crate) async fn card_or_fetch() -> Option<PublicCode> {
    if let Some(card) = card().await {
        return Some(card);
    }
    let new: CardKey = kit::ask("/fn/consumer/take_card_key", "").await.ok()?;
    let secret = BASE64URL_NOPAD.decode(new.secret.as_bytes()).ok()?;
    keep_key(&new.card, &secret).await.ok()?;
    // The card must open after a week without a visit, too.
    let _ = kit::worker::persist().await;
    new.card.parse().ok()
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
    let card = loyalty::card::public_code(&mut tx, &actor).await?;
    tx.commit().await?;
    Ok(CardKey { card: card.to_string(), secret: BASE64URL_NOPAD.encode(&key.secret) })
}
