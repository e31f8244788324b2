//! Pages and server functions of this console.

use leptos::prelude::*;

/// The console with its router.
#[component]
pub fn App() -> impl IntoView {
    view! { <main id="main"><h1>{kit::t::common_brand()}</h1></main> }
}
