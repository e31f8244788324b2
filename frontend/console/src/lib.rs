//! The WASM entry of both consoles: which of them is decided by the address.

use leptos::mount::hydrate_body;
use wasm_bindgen::prelude::wasm_bindgen;

fn path() -> String {
    leptos::prelude::window().location().pathname().unwrap_or_default()
}

/// Called by the document once the module is loaded.
#[cfg(not(feature = "split"))]
#[wasm_bindgen]
pub fn hydrate() {
    if path().starts_with("/o") {
        hydrate_body(|| leptos::view! { <backoffice::App path=path() /> });
    } else {
        hydrate_body(|| leptos::view! { <brand::App path=path() /> });
    }
}

/// Called by the document once the module is loaded; hydrates when the page's own piece is there, too.
#[cfg(feature = "split")]
#[wasm_bindgen]
pub async fn hydrate() {
    let path = path();
    let page = if path.starts_with("/o") { backoffice::load(&path).await } else { brand::load(&path).await };
    hydrate_body(move || page(path));
}
