//! The phone's key, its chain of captures, and their way to the server.
//!
//! The key is P-256, made by WebCrypto, not extractable, kept in IndexedDB. A capture is numbered, chained, signed and
//! written with strict durability before it is sent, and forgotten when it was answered; one tab at a time does it
//! (Web Locks). What could not be sent is sent again, with the same bytes, whenever the page comes alive.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
const open = () => new Promise((done, fail) => {
  const request = indexedDB.open('mostrador-tendero', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('key');
    request.result.createObjectStore('chain');
    request.result.createObjectStore('capture', { keyPath: 'id' });
  };
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});
const ask = (store, mode, work) => open().then((db) => new Promise((done, fail) => {
  const transaction = db.transaction(store, mode, { durability: 'strict' });
  const request = work(transaction);
  transaction.oncomplete = () => { db.close(); done(request && request.result); };
  transaction.onerror = transaction.onabort = () => { db.close(); fail(transaction.error); };
}));
const key = () => ask('key', 'readonly', (t) => t.objectStore('key').get('device'));
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

export async function device_key() {
  let pair = await key();
  if (!pair) {
    pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    await ask('key', 'readwrite', (t) => t.objectStore('key').put(pair, 'device'));
  }
  const point = await crypto.subtle.exportKey('raw', pair.publicKey);
  const proof = await crypto.subtle.sign(signing, pair.privateKey, point);
  return [text(point), text(proof)];
}

export async function keep_capture(device, id, build) {
  return navigator.locks.request('mostrador-capture', async () => {
    const pair = await key();
    if (!pair) throw new Error('no key');
    const last = (await ask('chain', 'readonly', (t) => t.objectStore('chain').get(device))) || { counter: 0, sha256: '0'.repeat(64) };
    const bytes = build(last.counter + 1, last.sha256);
    const signature = text(await crypto.subtle.sign(signing, pair.privateKey, bytes));
    const sha256 = hex(await crypto.subtle.digest('SHA-256', bytes));
    await ask(['chain', 'capture'], 'readwrite', (t) => {
      t.objectStore('chain').put({ counter: last.counter + 1, sha256 }, device);
      t.objectStore('capture').put({ id, device, bytes, signature, counter: last.counter + 1 });
    });
  });
}

async function post(kept) {
  const answer = await fetch('/api/v1/purchases', {
    method: 'POST', credentials: 'same-origin', body: kept.bytes,
    headers: { 'content-type': 'application/json', 'mostrador-device': kept.device, 'mostrador-signature': kept.signature, 'idempotency-key': kept.id },
  });
  const body = await answer.text();
  // 429 and 5xx say "later": the capture stays.
  if (answer.status !== 429 && answer.status < 500) await ask('capture', 'readwrite', (t) => t.objectStore('capture').delete(kept.id));
  return [String(answer.status), body];
}

export async function send_capture(id) {
  return post(await ask('capture', 'readonly', (t) => t.objectStore('capture').get(id)));
}

export async function send_kept() {
  const all = await ask('capture', 'readonly', (t) => t.objectStore('capture').getAll());
  all.sort((a, b) => a.counter - b.counter);
  for (const kept of all) await post(kept);
  return all.length;
}
"#)]
extern "C" {
    /// The public point and the proof of its private half, base64url; makes the key on the first call.
    #[wasm_bindgen(catch)]
    pub async fn device_key() -> Result<JsValue, JsValue>;
    /// Numbers, chains, signs and keeps what `build(counter, previous_sha256)` gives.
    #[wasm_bindgen(catch)]
    pub async fn keep_capture(device: &str, id: &str, build: &js_sys::Function) -> Result<JsValue, JsValue>;
    /// Posts a kept capture: status and body.
    #[wasm_bindgen(catch)]
    pub async fn send_capture(id: &str) -> Result<JsValue, JsValue>;
    /// Posts whatever is left from before, in order.
    #[wasm_bindgen(catch)]
    pub async fn send_kept() -> Result<JsValue, JsValue>;
}
