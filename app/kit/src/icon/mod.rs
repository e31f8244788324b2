//! Icons, the mark and the wordmark, as inline SVG that takes the colour of the text around it.

#[rustfmt::skip]
pub mod path;

use leptos::prelude::*;

/// One icon of [`path`]. Decorative: the word beside it, or the control's label, speaks.
#[component]
pub fn Icon(
    /// A constant of [`path`].
    path: &'static str,
    /// CSS pixels; 16 in a console, 24 on a phone, 26 to 36 on a key.
    #[prop(default = 24)]
    size: u16,
) -> impl IntoView {
    view! {
        <svg class="icon" width=size height=size viewBox="0 0 256 256" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

/// The mark: a counter slab over two arches that read as an *m*.
#[component]
pub fn Mark(
    /// CSS pixels of its side.
    #[prop(default = 28)]
    size: u16,
    /// In the colour of the text instead of the brand's two.
    #[prop(optional)]
    one_colour: bool,
) -> impl IntoView {
    view! {
        <svg class=if one_colour { "mark mark--one" } else { "mark" } width=size height=size viewBox="0 0 28 28" aria-hidden="true">
            <path class="mark__arch" d=MARK_ARCHES></path>
            <path class="mark__slab" d=MARK_SLAB></path>
        </svg>
    }
}

/// Two arches on one wall, cut out with the even-odd outline already resolved.
const MARK_ARCHES: &str = "M2.5 11H25.5V23.3A1.7 1.7 0 0 1 23.8 25H21.7A1.7 1.7 0 0 1 20 23.3V19A1.75 1.75 0 0 0 16.5 19V23.3A1.7 1.7 0 0 1 14.8 25H13.2A1.7 1.7 0 0 1 11.5 23.3V19A1.75 1.75 0 0 0 8 19V23.3A1.7 1.7 0 0 1 6.3 25H4.2A1.7 1.7 0 0 1 2.5 23.3Z";
const MARK_SLAB: &str = "M2.5 3H25.5A2.5 2.5 0 0 1 28 5.5V9A2.5 2.5 0 0 1 25.5 11.5H2.5A2.5 2.5 0 0 1 0 9V5.5A2.5 2.5 0 0 1 2.5 3Z";

/// Mark and name.
#[component]
pub fn Wordmark(
    /// CSS pixels of the mark.
    #[prop(default = 28)]
    size: u16,
) -> impl IntoView {
    view! {
        <span class="wordmark">
            <Mark size />
            <span class="wordmark__text">{crate::t::common_brand()}</span>
        </span>
    }
}
