//! Pages and server functions of this persona's front.

use leptos::prelude::*;

/// The page at a path, without its query. There is no router: links are plain links.
#[component]
pub fn App(path: String) -> impl IntoView {
    view! { <main id="main"><h1>{kit::t::common_brand()}</h1><p hidden>{path}</p></main> }
}
