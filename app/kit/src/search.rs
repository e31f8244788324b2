//! Lists that live in the page's address: what was looked for, and where the next rows begin.

use leptos::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::icon::path;
use crate::light::Content;
use crate::{Button, Field, Look, t};

/// What an address need not escape (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Looks for words by address, so that a search can be kept and shared.
#[component]
pub fn Search(
    /// The page.
    action: &'static str,
    /// What is looked through.
    label: &'static str,
    /// What was looked for.
    words: String,
    /// Further fields of the same form.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    let cleared = (!words.is_empty()).then(|| view! { <a class="link" href=action>{t::common_clear()}</a> });
    view! {
        <form method="get" action=action class="filters" role="search">
            {children.map(Content::view)}
            <Field id="q" label kind="search" inputmode="search" initial=words maxlength=80 />
            <Button submit=true look=Look::Plain icon=path::MAGNIFYING_GLASS>{t::common_search()}</Button>
            {cleared}
        </form>
    }
}

/// The way to the following rows, when there are some. `query` begins the address and ends before `after=`.
#[component]
pub fn More(
    /// `/o/shops?q=luis&`
    query: String,
    /// Where the next rows begin.
    cursor: Option<String>,
) -> impl IntoView {
    cursor.map(|cursor| view! { <div class="table-foot"><a class="link" href=[query.as_str(), "after=", &cursor].concat()>{t::common_load_more()}</a></div> })
}

/// `/o/shops` with what was looked for, ready for `after=`.
pub fn address(page: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = String::from(page);
    out.push('?');
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(name);
        out.push('=');
        out.push_str(&escaped(value));
        out.push('&');
    }
    out
}

/// A text as a part of an address.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_words_as_they_were_typed() {
        assert_eq!(address("/o/shops", &[("q", "Ñandú & co"), ("area", "")]), "/o/shops?q=%C3%91and%C3%BA%20%26%20co&");
    }
}
