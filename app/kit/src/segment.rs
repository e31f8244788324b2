//! Two to four short options: a value (radios), a view inside the page (tabs), or pages (links).

use leptos::prelude::*;

use crate::Text;

/// Chooses a value. Plain radios of one `name`, so a form sends it without WASM.
#[component]
pub fn Segmented(
    /// Of the form field.
    name: &'static str,
    /// The question.
    #[prop(into)]
    legend: Text,
    /// Hide the question, when a heading asks it.
    #[prop(optional)]
    quiet: bool,
    /// Value and words of each.
    options: Vec<(&'static str, Text)>,
    /// The chosen value; empty: none yet.
    value: RwSignal<String>,
) -> impl IntoView {
    let items = options
        .into_iter()
        .map(|(option, words)| {
            view! {
                <label class="seg__item">
                    <input
                        type="radio"
                        name=name
                        value=option
                        checked=move || value.with(|value| value == option)
                        prop:checked=move || value.with(|value| value == option)
                        on:change=move |_| value.set(option.to_owned())
                    />
                    {words}
                </label>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <fieldset class="field">
            <legend class=if quiet { "sr-only" } else { "field__label field__label--big" }>{legend}</legend>
            <div class="seg">{items}</div>
        </fieldset>
    }
}

/// Switches what a page shows. `selected` holds the key of one of the `tabs`; the panel it controls has the id given
/// as `panel`.
#[component]
pub fn Tabs(
    /// What is switched.
    #[prop(into)]
    label: Text,
    /// Key and words of each.
    tabs: Vec<(&'static str, Text)>,
    /// The key that shows.
    selected: RwSignal<&'static str>,
    /// Id of what it controls.
    panel: &'static str,
    /// As wide as its words.
    #[prop(optional)]
    fit: bool,
    /// How many are behind a tab, by its key; nothing while there are none. True: somebody has to look at them.
    #[prop(optional)]
    counts: Vec<(&'static str, Signal<usize>, bool)>,
) -> impl IntoView {
    let class = if fit {
        "seg seg--fit"
    } else if counts.is_empty() {
        "seg"
    } else {
        "seg seg--counts"
    };
    let keys: Vec<&'static str> = tabs.iter().map(|(key, _)| *key).collect();
    let items = tabs
        .into_iter()
        .map(|(key, words)| {
            let count = counts.iter().find(|(of, ..)| *of == key).map(|(_, count, loud)| {
                let (count, class) = (*count, if *loud { "badge" } else { "badge badge--quiet" });
                move || Some(count.get()).filter(|count| *count > 0).map(|count| view! { " " <span class=class>{count}</span> })
            });
            view! {
                <button
                    type="button"
                    class="seg__item"
                    role="tab"
                    id=["tab-", key].concat()
                    aria-controls=panel
                    aria-selected=move || if selected.get() == key { "true" } else { "false" }
                    tabindex=move || if selected.get() == key { "0" } else { "-1" }
                    on:click=move |_| selected.set(key)
                >
                    {words}
                    {count}
                </button>
            }
        })
        .collect::<Vec<_>>();
    let turn = move |event: web_sys::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => keys.len() - 1,
            _ => return,
        };
        let now = keys.iter().position(|key| *key == selected.get_untracked()).unwrap_or(0);
        let next = keys[(now + step) % keys.len()];
        selected.set(next);
        event.prevent_default();
        if let Some(tab) = document().get_element_by_id(&["tab-", next].concat()) {
            let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(tab).focus();
        }
    };
    view! { <div class=class role="tablist" aria-label=label on:keydown=turn>{items}</div> }
}

/// Pages side by side: address, words, and whether it is this one.
#[component]
pub fn SegLinks(
    /// What they choose between.
    #[prop(into)]
    label: Text,
    /// Address, words, current.
    links: Vec<(Text, Text, bool)>,
) -> impl IntoView {
    let items = links
        .into_iter()
        .map(|(href, words, current)| {
            view! { <a class="seg__item" href=href aria-current=current.then_some("page")>{words}</a> }
        })
        .collect::<Vec<_>>();
    view! { <nav class="seg" aria-label=label>{items}</nav> }
}
