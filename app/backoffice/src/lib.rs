//! Pages and server functions of this console.

use leptos::prelude::*;

/// The page of a path.
#[component]
pub fn App(path: String) -> impl IntoView {
    let _ = path;
    view! { <main id="main"><h1>{kit::t::common_brand()}</h1></main> }
}
