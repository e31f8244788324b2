//! The WASM entry of the tendero front: starts hydration and nothing more, because every byte here is paid by a cheap phone.

use leptos::mount::hydrate_body;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the document once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    let path = leptos::prelude::window().location().pathname().unwrap_or_default();
    hydrate_body(move || leptos::view! { <tendero::App path /> });
}
