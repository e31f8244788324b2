//! What the browser does for the queue: keys, signatures, and a store that survives the phone being switched off.
//!
//! The key is P-256, made by WebCrypto, not extractable, one for each person on this phone. Entries, the end of the
//! chain and the key live in IndexedDB; a write has reached the disk when it is answered (`durability: 'strict'`), and
//! one tab at a time makes or sends sales (Web Locks). What an entry means is decided in `shared::loyalty::queue`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
const open = () => new Promise((done, fail) => {
  const request = indexedDB.open('mostrador-tendero', 2);
  request.onupgradeneeded = () => {
    for (const name of ['key', 'chain']) {
      if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name);
    }
    if (!request.result.objectStoreNames.contains('capture')) request.result.createObjectStore('capture', { keyPath: 'id' });
  };
  // Another tab with an older build holds the store: it lets go when it is asked.
  request.onblocked = () => fail(new Error('blocked'));
  request.onsuccess = () => { request.result.onversionchange = () => request.result.close(); done(request.result); };
  request.onerror = () => fail(request.error);
});
const ask = (stores, mode, work) => open().then((db) => new Promise((done, fail) => {
  const transaction = db.transaction(stores, mode, { durability: 'strict' });
  const request = work(transaction);
  transaction.oncomplete = () => { db.close(); done(request && request.result); };
  transaction.onerror = transaction.onabort = () => { db.close(); fail(transaction.error); };
}));
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const bytesOf = (text) => new TextEncoder().encode(text);
const get = (store, name) => ask(store, 'readonly', (t) => t.objectStore(store).get(name));

export async function make_key(member) {
  let pair = await get('key', member);
  if (!pair) {
    pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    await ask('key', 'readwrite', (t) => t.objectStore('key').put(pair, member));
  }
  const point = await crypto.subtle.exportKey('raw', pair.publicKey);
  return [base64(point), base64(await crypto.subtle.sign(signing, pair.privateKey, point))];
}
export async function name_key(member, device) {
  const pair = await get('key', member);
  await ask('key', 'readwrite', (t) => t.objectStore('key').put(pair, device));
}
export async function sign(device, text) {
  // 'device' is where a build before this one kept its only key.
  const pair = (await get('key', device)) || (await get('key', 'device'));
  if (!pair) throw new Error('no key');
  return base64(await crypto.subtle.sign(signing, pair.privateKey, bytesOf(text)));
}
export async function signed_by(point, message, signature) {
  const bytes = Uint8Array.from(atob(point.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify']);
  return crypto.subtle.verify(signing, key, signature, message);
}
export async function sha256(text) { return hex(await crypto.subtle.digest('SHA-256', bytesOf(text))); }

export async function load_entries() {
  const rows = await ask('capture', 'readonly', (t) => t.objectStore('capture').getAll());
  // Rows of a build before this one hold the signed bytes themselves.
  return rows.map((row) => row.json || JSON.stringify({
    id: row.id, device_id: row.device, counter: row.counter, signature: row.signature,
    capture: new TextDecoder().decode(row.bytes), captured_at_ms: JSON.parse(new TextDecoder().decode(row.bytes)).captured_at_ms,
  }));
}
export const load_chain = (device) => get('chain', device).then((end) => (end ? JSON.stringify(end) : null));
export async function write(rows, gone, device, end) {
  await ask(['chain', 'capture'], 'readwrite', (t) => {
    for (const [id, json] of rows) t.objectStore('capture').put({ id, json });
    for (const id of gone) t.objectStore('capture').delete(id);
    if (end) t.objectStore('chain').put(JSON.parse(end), device);
  });
}
export async function locked(name, wait, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(name, wait ? {} : { ifAvailable: true }, (lock) => (lock ? work() : null));
}
export async function post(path, body, device, signature, ms) {
  const answer = await fetch(path, {
    method: 'POST', credentials: 'same-origin', body, signal: AbortSignal.timeout(ms),
    headers: { 'content-type': 'application/json', 'mostrador-device': device, 'mostrador-signature': signature },
  });
  return [String(answer.status), await answer.text()];
}
"#)]
extern "C" {
    /// The public point of a person's key and the proof of its private half, base64url; makes the key on the first call.
    #[wasm_bindgen(catch)]
    pub async fn make_key(member: &str) -> Result<JsValue, JsValue>;
    /// From now on the key is also found under the device's id.
    #[wasm_bindgen(catch)]
    pub async fn name_key(member: &str, device: &str) -> Result<JsValue, JsValue>;
    /// 64 bytes r‖s over the text's UTF-8, base64url.
    #[wasm_bindgen(catch)]
    pub async fn sign(device: &str, text: &str) -> Result<JsValue, JsValue>;
    /// True when whoever has the private half of the point (base64url) signed the message with r‖s.
    #[wasm_bindgen(catch)]
    pub async fn signed_by(point: &str, message: &[u8], signature: &[u8]) -> Result<JsValue, JsValue>;
    /// Hexadecimal.
    #[wasm_bindgen(catch)]
    pub async fn sha256(text: &str) -> Result<JsValue, JsValue>;
    /// Every entry of every person on this phone, as JSON texts.
    #[wasm_bindgen(catch)]
    pub async fn load_entries() -> Result<JsValue, JsValue>;
    /// The end of a device's chain as JSON, or null.
    #[wasm_bindgen(catch)]
    pub async fn load_chain(device: &str) -> Result<JsValue, JsValue>;
    /// Puts `[id, json]` rows, deletes ids and, with an end, moves the chain: all of it or nothing, on the disk when it returns.
    #[wasm_bindgen(catch)]
    pub async fn write(rows: js_sys::Array, gone: js_sys::Array, device: &str, end: Option<String>) -> Result<JsValue, JsValue>;
    /// Runs `work` while no other tab holds the name; with `wait` false it gives up at once (null) when one does.
    #[wasm_bindgen(catch)]
    pub async fn locked(name: &str, wait: bool, work: &js_sys::Function) -> Result<JsValue, JsValue>;
    /// Status and body; an error when there was no answer within so many milliseconds.
    #[wasm_bindgen(catch)]
    pub async fn post(path: &str, body: &str, device: &str, signature: &str, ms: f64) -> Result<JsValue, JsValue>;
}
