//! The link to the decoder in its worker: pictures out, texts back, one picture at a time.

use std::cell::Cell;

use js_sys::{Array, ArrayBuffer};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::{
    js,
    read::{Format, Read},
};

/// Where the decoder's three files are; the build hashes the names of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderUrls {
    /// The worker's script, below the address of the front: else its service worker would not serve what the worker loads.
    pub worker: String,
    /// The glue that wasm-bindgen wrote for the target `web`.
    pub js: String,
    /// The module itself.
    pub wasm: String,
}

/// What comes back for a picture.
pub(crate) enum Answer {
    /// The module is loaded.
    Ready,
    /// The module cannot be loaded.
    Failed,
    /// The module trapped on a picture; another worker must be started.
    Broken,
    /// The texts found, and how long the decoding took.
    Reads(Vec<Read>, f64),
}

/// A running worker. Dropping it ends the worker.
pub(crate) struct Decoder {
    worker: Worker,
    sent_at_ms: Cell<Option<f64>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl Decoder {
    /// Starts the worker and lets it load the module; `answered` hears everything that comes back.
    pub(crate) fn start(urls: &DecoderUrls, answered: impl Fn(Answer) + Clone + 'static) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&urls.worker, &options).ok()?;
        let heard = answered.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| heard(answer(&event.data())));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // The script itself did not arrive or does not parse.
        let on_error = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| answered(Answer::Failed));
        js::set(&worker, "onerror", on_error.as_ref());
        let init = js::object(&[("js", absolute(&urls.js)), ("wasm", absolute(&urls.wasm))]);
        worker.post_message(&js::object(&[("init", init)])).ok()?;
        Some(Self { worker, sent_at_ms: Cell::new(None), _on_message: on_message, _on_error: on_error })
    }

    /// Gives a picture away (the buffer moves, nothing is copied).
    pub(crate) fn send(&self, rgba: &ArrayBuffer, width: u32, height: u32, thorough: bool, now_ms: f64) {
        let message = js::object(&[
            ("id", now_ms.into()),
            ("buffer", rgba.into()),
            ("width", width.into()),
            ("height", height.into()),
            ("format", "rgba".into()),
            ("thorough", thorough.into()),
        ]);
        if self.worker.post_message_with_transfer(&message, &Array::of1(rgba)).is_ok() {
            self.sent_at_ms.set(Some(now_ms));
        }
    }

    /// The answer has come: the next picture may go.
    pub(crate) fn is_free(&self) -> bool {
        self.sent_at_ms.get().is_none()
    }

    /// Milliseconds since the picture that is still unanswered went.
    pub(crate) fn waiting_ms(&self, now_ms: f64) -> f64 {
        self.sent_at_ms.get().map_or(0.0, |sent| now_ms - sent)
    }

    pub(crate) fn free(&self) {
        self.sent_at_ms.set(None);
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        js::set(&self.worker, "onerror", &JsValue::NULL);
        self.worker.terminate();
    }
}

/// A worker resolves names against its own address, the page against the document's: make them one.
fn absolute(url: &str) -> JsValue {
    let base = leptos::prelude::document().base_uri().ok().flatten().unwrap_or_default();
    js::method(&js_sys::global(), "URL")
        .and_then(|class| js_sys::Reflect::construct(&class, &Array::of2(&url.into(), &base.into())).ok())
        .map_or_else(|| url.into(), |whole| js::get(&whole, "href"))
}

fn answer(data: &JsValue) -> Answer {
    if js::get(data, "ready").is_truthy() {
        return Answer::Ready;
    }
    if js::get(data, "failed").is_truthy() {
        return Answer::Failed;
    }
    if js::get(data, "broken").is_truthy() {
        return Answer::Broken;
    }
    let reads = js::get(data, "reads").dyn_into::<Array>().unwrap_or_default();
    Answer::Reads(reads.iter().filter_map(|read| read_of(&read)).collect(), js::get(data, "ms").as_f64().unwrap_or_default())
}

fn read_of(read: &JsValue) -> Option<Read> {
    Some(Read {
        format: Format::from_name(&js::get(read, "format").as_string()?)?,
        text: js::get(read, "text").as_string()?,
        quality: js::get(read, "quality").as_f64()? as u8,
    })
}
