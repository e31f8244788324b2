//! What several pages are made of: search, paging, choices, and the operator's clock.

use kit::{Button, ButtonLink, Content, Empty, ErrorState, Field, Icon, IntoLight, Look, Size, UiError, icon::path, t};
use leptos::prelude::*;

/// Rows of a page.
#[cfg(feature = "ssr")]
pub(crate) const ROWS: i64 = 50;

/// Looks for words by address, so that a search can be kept and shared.
#[component]
pub(crate) fn Search(
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
pub(crate) fn More(
    /// `/o/shops?q=luis&`
    query: String,
    /// Where the next rows begin.
    cursor: Option<String>,
) -> impl IntoView {
    cursor.map(|cursor| view! { <div class="table-foot"><a class="link" href=[query.as_str(), "after=", &cursor].concat()>{t::common_load_more()}</a></div> })
}

/// `/o/shops` with what was looked for, ready for `after=`.
pub(crate) fn address(page: &str, pairs: &[(&str, &str)]) -> String {
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
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)].into());
            out.push(HEX[usize::from(byte & 15)].into());
        }
    }
    out
}

/// A page without what it is about: not there, not for this role, or not loaded. `href` tries again, or goes back.
pub(crate) fn refused(error: &UiError, href: &'static str) -> AnyView {
    let (title, icon, href) = match error.code() {
        "forbidden" => (t::backoffice_forbidden_title(), path::LOCK_SIMPLE, "/o/"),
        "not_found" => (t::common_not_found_title(), path::MAGNIFYING_GLASS, href),
        code => return view! { <section class="card"><ErrorState code=code.to_owned() href /></section> }.into_light(),
    };
    view! {
        <section class="card">
            <Empty title text=error.message() icon>
                <ButtonLink href look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
            </Empty>
        </section>
    }
    .into_light()
}

/// A text for a cell; nothing at all when it is empty, so that a phone's card leaves the cell out.
pub(crate) fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list to choose from, in a labelled field.
#[component]
pub(crate) fn Choice(
    /// Of the field and of its value in the form.
    id: &'static str,
    /// Above it.
    label: &'static str,
    /// Value and words of each.
    options: Vec<(String, String)>,
    /// The chosen one.
    #[prop(optional, into)]
    chosen: String,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect::<Vec<_>>();
    let described = [id, "-help"].concat();
    view! {
        <Field id label error>
            <select id=id name=id class="field__input" aria-describedby=described>{options}</select>
            <Icon path=path::CARET_DOWN size=16 />
        </Field>
    }
}

/// The operator's wall clock: `hoy 09:40`, `ayer 18:02`, `3 mar 2026 09:40`.
#[cfg(feature = "ssr")]
pub(crate) fn when(zone: &str, now: shared::Timestamp, at: shared::Timestamp) -> String {
    use shared::format;
    let local = identity::shop::local(zone, at);
    let (day, today) = (local.date(), identity::shop::local_date(zone, now));
    let day = if day == today {
        t::common_today().to_lowercase()
    } else if today.plus_days(-1) == Some(day) {
        t::common_yesterday().to_lowercase()
    } else {
        format::date(day)
    };
    [&day, " ", &format::time(local)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_words_as_they_were_typed() {
        assert_eq!(address("/o/shops", &[("q", "Ñandú & co"), ("area", "")]), "/o/shops?q=%C3%91and%C3%BA%20%26%20co&");
    }
}
