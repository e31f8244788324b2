//! The WASM entry of the tendero front: starts hydration and nothing more, because every byte here is paid by a cheap phone.

use leptos::mount::hydrate_body;
use wasm_bindgen::prelude::wasm_bindgen;

fn path() -> String {
    leptos::prelude::window().location().pathname().unwrap_or_default()
}

/// Called by the document once the module is loaded.
#[cfg(not(feature = "split"))]
#[wasm_bindgen]
pub fn hydrate() {
    hydrate_body(|| leptos::view! { <tendero::App path=path() /> });
}

/// Called by the document once the module is loaded; hydrates when the page's own piece is there, too.
#[cfg(feature = "split")]
#[wasm_bindgen]
pub async fn hydrate() {
    let page = tendero::load(&path()).await;
    hydrate_body(move || page(path()));
}
