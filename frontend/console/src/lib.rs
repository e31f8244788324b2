//! The WASM entry of both consoles: which of them is decided by the address.

use leptos::{mount::hydrate_body, prelude::*};
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the document once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    let path = window().location().pathname().unwrap_or_default();
    if path.starts_with("/o") {
        hydrate_body(move || view! { <backoffice::App path /> });
    } else {
        hydrate_body(move || view! { <brand::App path /> });
    }
}
