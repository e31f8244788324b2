//! The pages of a front, and which of them share a piece of its code.

use leptos::prelude::AnyView;

/// Draws the page at a path, without its query.
pub type Page = fn(String) -> AnyView;

/// The front's `App`, from the groups of its pages: `"/b" => brand_first`, where `brand_first` is a [`Page`].
///
/// Links are plain and there is no router, so no page needs the code of another: `piece` names the code that a path
/// needs, so that the document can ask for it. That is an entry of its own, or a piece of a split module: with the
/// feature `split` the browser's `load` gets it first. Without either the whole front draws any page at once. Names of
/// groups are unique among all fronts.
#[macro_export]
macro_rules! pages {
    ($($path:pat => $page:ident),+ $(,)?) => {
        /// The page at a path, without its query. There is no router: links are plain links.
        #[::leptos::component]
        pub fn App(
            /// As the browser shows it.
            path: String,
        ) -> impl ::leptos::IntoView {
            match path.trim_end_matches('/') {
                $($path => $page(path),)+
            }
        }

        /// The name of the code that holds the page at a path.
        pub fn piece(path: &str) -> &'static str {
            match path.trim_end_matches('/') {
                $($path => stringify!($page),)+
            }
        }

        /// Loads the piece that holds the page at a path.
        #[cfg(feature = "split")]
        pub async fn load(path: &str) -> $crate::Page {
            match path.trim_end_matches('/') {
                $($path => pieces::$page().await,)+
            }
        }

        #[cfg(feature = "split")]
        #[allow(unsafe_code, missing_docs)]
        mod pieces {
            $(
                #[::leptos::wasm_split::wasm_split($page, wasm_split_path = ::leptos::wasm_split)]
                pub fn $page() -> $crate::Page {
                    super::$page
                }
            )+
        }
    };
}
