//! Small doors to what web-sys has no stable name for. Everything here runs in a browser only.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

/// `object[key]`, `undefined` when there is none.
pub(crate) fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

/// `object[key] = value`.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    // Fails on frozen objects and proxies alone; ours are fresh.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

/// `{key: value, …}`.
pub(crate) fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = JsValue::from(Object::new());
    for (key, value) in entries {
        set(&object, key, value);
    }
    object
}

/// The method, when the browser has it.
pub(crate) fn method(object: &JsValue, name: &str) -> Option<Function> {
    get(object, name).dyn_into().ok()
}

/// Milliseconds of a steady clock; zero where there is none.
pub(crate) fn now_ms() -> f64 {
    leptos::prelude::window().performance().map_or(0.0, |clock| clock.now())
}

/// The phone's own settings; `None` when storage is refused.
pub(crate) fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}
