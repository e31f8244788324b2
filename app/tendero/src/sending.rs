//! Sending what waits: batches to the server, and what its answers mean for the list.

use kit::json;
use leptos::prelude::*;
use shared::{
    DeviceId,
    loyalty::queue::{self, BATCH_VERSION, Batch, BatchAnswer, BatchItem, Entry, KnownCaptures},
};
use uuid::Uuid;
use wasm_bindgen::JsValue;

use crate::{
    capture,
    queue::{KNOWN, LOST, NUMBERED, Queue, Sending, load, rows},
};

/// How long an answer may take before the batch counts as lost; it is sent again.
const ANSWER_MS_MAX: f64 = 15_000.0;

pub(crate) async fn send_all(queue: Queue) {
    let Ok(entries) = load().await else { return };
    let total = entries.iter().filter(|entry| entry.waits()).count();
    let mut done = 0;
    let mut silent: Vec<DeviceId> = Vec::new();
    loop {
        let Ok(mut entries) = load().await else { break };
        // A person whose key is refused holds nobody else's sales back.
        let Some(device) = entries
            .iter()
            .filter(|entry| entry.waits() && !silent.contains(&entry.device_id))
            .min_by_key(|entry| (entry.captured_at_ms, entry.counter))
            .map(|entry| entry.device_id)
        else {
            break;
        };
        queue.sending.set(Sending::Under(done, total.max(done)));
        let sent: Vec<Entry> = queue::next_batch(&entries, device).into_iter().cloned().collect();
        let Some(answer) = ask(queue, device, &sent).await else {
            silent.push(device);
            continue;
        };
        let ids: Vec<Uuid> = sent.iter().map(|entry| entry.id).collect();
        let changed = queue::settle(&mut entries, &ids, &answer, kit::net::device_ms());
        let settled: Vec<&Entry> = entries.iter().filter(|entry| changed.contains(&entry.id)).collect();
        let gone: js_sys::Array = queue::outlived(&entries, kit::net::device_ms()).iter().map(|id| JsValue::from(id.to_string())).collect();
        if capture::write(rows(settled.iter().copied()), gone, "", None).await.is_err() {
            queue.broken.set(true);
            break;
        }
        name_the_lost(queue, device, &entries, &answer.known);
        kit::kept::set_setting(&[KNOWN, &device.to_string()].concat(), &answer.known);
        done += changed.len();
        // First the list, then the answers: whoever hears one finds the sale as it now is.
        queue.entries.set(load().await.unwrap_or(entries));
        if let Some(hears) = queue.listener.get_value() {
            for (id, told) in ids.iter().zip(answer.items) {
                hears(*id, told);
            }
        }
        if changed.len() < sent.len() {
            // The server had to stop: it is asked again later.
            break;
        }
    }
    let unknown = queue.sending.get_untracked() == Sending::Unknown;
    if !unknown {
        queue.sending.set(if done > 0 && done == total { Sending::Done(done) } else { Sending::Rest });
    }
    if done > 0 {
        set_timeout(
            move || {
                if let Some(Sending::Done(_)) = queue.sending.try_get_untracked() {
                    queue.sending.set(Sending::Rest)
                }
            },
            std::time::Duration::from_secs(4),
        );
    }
}

/// One batch to the server and its answer; `None` when there is none to trust.
async fn ask(queue: Queue, device: DeviceId, sent: &[Entry]) -> Option<BatchAnswer> {
    let items = sent.iter().map(|entry| BatchItem { capture: entry.capture.clone(), signature: entry.signature.clone() }).collect();
    let body = json::written(&Batch { device_id: device, items, sent_at_ms: kit::net::device_ms(), version: BATCH_VERSION });
    let name = device.to_string();
    let signature = capture::sign(&name, &body).await.ok()?.as_string()?;
    let answered = capture::post("/api/v1/purchases/batch", &body, &name, &signature, ANSWER_MS_MAX).await;
    kit::net::heard(answered.is_ok());
    let pair: js_sys::Array = answered.ok()?.into();
    let (status, text) = (pair.get(0).as_string()?, pair.get(1).as_string()?);
    if status == "401" {
        queue.sending.set(Sending::Unknown);
    }
    let answer: BatchAnswer = if status == "200" {
        json::read(&text)?
    } else {
        return None;
    };
    kit::net::clock_heard(answer.now.0);
    Some(answer)
}

/// Numbers that the server misses and this phone has not either are lost: the person is told which, and nothing is hidden.
fn name_the_lost(queue: Queue, device: DeviceId, entries: &[Entry], known: &KnownCaptures) {
    let numbered: i64 = kit::kept::setting(&[NUMBERED, &device.to_string()].concat()).unwrap_or(0);
    let here = |counter: &i64| entries.iter().any(|entry| entry.device_id == device && entry.counter == *counter);
    let tail = known.last_counter.saturating_add(1)..=numbered;
    let lost: Vec<i64> = known.missing.iter().copied().chain(tail.take(queue::QUEUE_MAX)).filter(|counter| !here(counter)).collect();
    if queue.lost.with_untracked(|before| *before != lost) {
        kit::kept::set_setting(LOST, &lost);
        queue.lost.set(lost);
    }
}
