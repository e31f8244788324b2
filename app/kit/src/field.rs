//! Fields. Every one has a visible label, a keyboard that fits, and an error that replaces the help.

use leptos::html;
use leptos::prelude::*;

use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{Text, class_of, t};

/// A labelled input; children replace the `<input>` (a select, a textarea), which then take `id=id`,
/// `class="field__input"` and `aria-describedby="{id}-help"` themselves.
///
/// `on:input`, `on:change` and `on:blur` given to the component hear the input, because they bubble (`focusout` instead
/// of `blur`). What somebody typed before the page came alive is kept: it goes into `value` instead of being replaced.
#[component]
pub fn Field(
    /// Of the input, unique on the page.
    id: &'static str,
    /// Above the box.
    #[prop(into)]
    label: Text,
    /// In a form; the id when absent.
    #[prop(optional)]
    name: Option<&'static str>,
    /// `text`, `tel`, `email`, `password`, `number`, `date`, `time`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// `numeric`, `decimal`, `tel`, `email`, `search`.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Its text, both ways.
    #[prop(optional)]
    value: Option<RwSignal<String>>,
    /// Its text at first, when no signal follows it.
    #[prop(optional, into)]
    initial: Text,
    /// Below the box.
    #[prop(optional, into)]
    help: Option<Text>,
    /// What is wrong, instead of the help.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// An example, never the label.
    #[prop(optional, into)]
    placeholder: Option<Text>,
    /// Before the text: `+57`, `$`.
    #[prop(optional, into)]
    prefix: Option<Text>,
    /// After the text: a unit, *sugerido*.
    #[prop(optional, into)]
    suffix: Option<Text>,
    /// The form is not sent without it.
    #[prop(optional)]
    required: bool,
    /// Says so after the label.
    #[prop(optional)]
    optional: bool,
    /// Figures of one width, bold.
    #[prop(optional)]
    money: bool,
    /// Larger letters.
    #[prop(optional)]
    big: bool,
    /// Characters at most.
    #[prop(optional)]
    maxlength: Option<u16>,
    /// Replaces the input.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    let help_id = [id, "-help"].concat();
    let class = class_of("field", &[if money { "--money" } else { "" }, if big { "--big" } else { "" }]);
    let control = match children {
        Some(children) => children.view(),
        None => {
            let node = NodeRef::<html::Input>::new();
            follow(node, value);
            let first = crate::request::typed(name.unwrap_or(id))
                .filter(|_| kind != "password")
                .unwrap_or_else(|| value.map_or_else(|| initial.into_owned(), |value| value.get_untracked()));
            view! {
                <input
                    node_ref=node
                    class="field__input"
                    id=id
                    name=name.unwrap_or(id)
                    type=kind
                    inputmode=inputmode
                    autocomplete=autocomplete
                    placeholder=placeholder
                    maxlength=maxlength
                    required=required
                    autofocus=error.with_untracked(Option::is_some)
                    value=first
                    aria-describedby=help_id.clone()
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    on:input=move |event| {
                        if let Some(value) = value {
                            value.set(event_target_value(&event));
                        }
                    }
                />
            }
            .into_light()
        }
    };
    view! {
        <div class=class class:field--invalid=move || error.with(Option::is_some)>
            <label class="field__label" for=id>
                {label}
                {optional.then(|| view! { " " <span class="field__optional">"(" {t::common_optional()} ")"</span> })}
            </label>
            <div class="field__box">
                {prefix.map(|prefix| view! { <span class="field__prefix">{prefix}</span> })}
                {control}
                {suffix.map(|suffix| view! { <span class="field__suffix">{suffix}</span> })}
            </div>
            <Help id=help_id help error />
        </div>
    }
}

/// Help, or the error in its place; the element is there from load, so that a reader hears the change.
#[component]
fn Help(id: String, help: Option<Text>, error: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div id=id aria-live="polite">
            {move || match error.get() {
                Some(error) => view! {
                    <span class="field__error"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> {error}</span>
                }
                .into_light(),
                None => help.clone().map(|help| view! { <span class="field__help">{help}</span> }).into_light(),
            }}
        </div>
    }
}

/// Ties a signal to an input without touching what was typed before hydration.
fn follow(node: NodeRef<html::Input>, value: Option<RwSignal<String>>) {
    let Some(value) = value else { return };
    crate::effect(move |first| {
        let Some(input) = node.get() else { return };
        let wanted = value.get();
        let shown = input.value();
        if shown == wanted {
            return;
        }
        if first && !shown.is_empty() {
            value.set(shown);
        } else {
            input.set_value(&wanted);
        }
    });
}

/// A list to choose from, in a labelled field.
#[component]
pub fn Choice(
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
    let chosen = crate::request::typed(id).unwrap_or(chosen);
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
            <select
                id=id
                name=id
                class="field__input"
                aria-describedby=described
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                autofocus=error.with_untracked(Option::is_some)
            >
                {options}
            </select>
            <Icon path=path::CARET_DOWN size=16 />
        </Field>
    }
}

/// Six boxes that are one input: paste works, and so does the code that the phone offers from the message.
#[component]
pub fn CodeField(
    /// Of the input.
    id: &'static str,
    /// In a form.
    #[prop(default = "code")]
    name: &'static str,
    /// Above the boxes.
    #[prop(into)]
    label: Text,
    /// Only its digits.
    value: RwSignal<String>,
    /// The sixth digit was typed.
    #[prop(optional)]
    on_complete: Option<Callback<String>>,
    /// Below the boxes.
    #[prop(optional, into)]
    help: Option<Text>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    const DIGITS: usize = 6;
    let help_id = [id, "-help"].concat();
    let node = NodeRef::<html::Input>::new();
    follow(node, Some(value));
    view! {
        <div class="field" class:field--invalid=move || error.with(Option::is_some)>
            <label class="field__label" for=id>{label}</label>
            <div class="code-field">
                <div class="code-field__boxes" aria-hidden="true">
                    <span></span><span></span><span></span><span></span><span></span><span></span>
                </div>
                <input
                    node_ref=node
                    class="code-field__input"
                    id=id
                    name=name
                    type="text"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    pattern="[0-9 ]*"
                    value=value.get_untracked()
                    required
                    autofocus=error.with_untracked(Option::is_some)
                    aria-describedby=help_id.clone()
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    on:input=move |event| {
                        let digits: String = event_target_value(&event).chars().filter(char::is_ascii_digit).take(DIGITS).collect();
                        event_target::<web_sys::HtmlInputElement>(&event).set_value(&digits);
                        let complete = digits.len() == DIGITS;
                        value.set(digits.clone());
                        if let Some(done) = on_complete.filter(|_| complete) {
                            done.run(digits);
                        }
                    }
                />
            </div>
            <Help id=help_id help error />
        </div>
    }
}

/// Acts at once; for something that waits for a button use [`Check`]. The whole row is the target.
#[component]
pub fn Switch(
    /// In a form, where it is sent as `on`.
    name: &'static str,
    /// What it turns on.
    #[prop(into)]
    title: Text,
    /// What that means.
    #[prop(optional, into)]
    help: Option<Text>,
    /// On or off.
    on: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <label class="option">
            <span class="option__text">
                <span class="option__title">{title}</span>
                {help.map(|help| view! { <span class="option__help">{help}</span> })}
            </span>
            <input
                class="switch"
                type="checkbox"
                role="switch"
                name=name
                checked=move || on.get()
                prop:checked=move || on.get()
                on:change=move |event| on.set(event_target_checked(&event))
            />
        </label>
    }
}

/// A box to tick, with its words.
#[component]
pub fn Check(
    /// In a form.
    name: &'static str,
    /// Sent when ticked.
    #[prop(default = "on")]
    value: &'static str,
    /// Ticked.
    on: RwSignal<bool>,
    /// Its words.
    children: Content,
) -> impl IntoView {
    view! {
        <label class="row row--12">
            <input
                class="check"
                type="checkbox"
                name=name
                value=value
                checked=move || on.get()
                prop:checked=move || on.get()
                on:change=move |event| on.set(event_target_checked(&event))
            />
            <span>{children.view()}</span>
        </label>
    }
}

/// One of several answers, as a card that is wholly the target.
#[component]
pub fn Radio(
    /// Of the group.
    name: &'static str,
    /// This answer.
    #[prop(into)]
    value: String,
    /// Its words.
    #[prop(into)]
    title: Text,
    /// What it means.
    #[prop(optional, into)]
    help: Option<Text>,
    /// The answer chosen in the group.
    chosen: RwSignal<String>,
) -> impl IntoView {
    let is = StoredValue::new(value.clone());
    let checked = move || is.with_value(|value| chosen.with(|chosen| chosen == value));
    view! {
        <label class="choice">
            <input
                class="radio"
                type="radio"
                name=name
                value=value
                checked=checked
                prop:checked=checked
                on:change=move |_| chosen.set(is.get_value())
            />
            <span class="option__text">
                <span class="option__title">{title}</span>
                {help.map(|help| view! { <span class="option__help">{help}</span> })}
            </span>
        </label>
    }
}
