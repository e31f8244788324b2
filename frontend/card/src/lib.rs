//! The WASM entry of the card's page alone, the one that a phone opens many times a day. The other pages have the entry
//! of the whole front; an entry of its own is lighter here than a piece of a split module.

use leptos::mount::hydrate_body;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the document once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    hydrate_body(|| consumer::consumer_card(String::new()));
}
