//! A form that posts plainly, and keeps what was typed when scripts run.
//!
//! Without scripts the browser posts, and a refusal comes back in the page's address. With scripts the same request is
//! made beside the page: a refusal is shown at its field, everything typed stays, and the answer's address is opened.
//! The form knows no server function, so a page pays for this once.

use leptos::prelude::*;

use crate::icon::path;
use crate::light::Content;
use crate::request::Refusal;
use crate::{Banner, Tone, error, request};

/// What became of a form that was sent.
#[derive(Clone, Copy)]
pub struct Sending {
    refused: RwSignal<Option<Refusal>>,
    busy: RwSignal<bool>,
    words: Words,
}

/// The sentence of a problem's code.
type Words = fn(&str) -> &'static str;

impl Sending {
    /// For the form that a refusal in the page's address is about.
    pub fn new() -> Self {
        Self::with(request::refusal())
    }
    /// For a further form of the page.
    pub fn other() -> Self {
        Self::with(None)
    }
    fn with(refused: Option<Refusal>) -> Self {
        Self { refused: RwSignal::new(refused), busy: RwSignal::new(false), words: error::message }
    }
    /// In the words of one persona: [`crate::locale::shop_text`].
    #[must_use]
    pub fn told_by(self, words: fn(&str) -> &'static str) -> Self {
        Self { words, ..self }
    }
    /// It is under way.
    pub fn busy(self) -> Signal<bool> {
        self.busy.into()
    }
    /// What is wrong with a field, by its name in the form.
    pub fn error(self, field: &'static str) -> Signal<Option<String>> {
        let Self { refused, words, .. } = self;
        Signal::derive(move || {
            refused.with(|refused| refused.as_ref().filter(|refused| refused.is_about(field)).map(|refused| refused.text(words)))
        })
    }
}

impl Default for Sending {
    fn default() -> Self {
        Self::new()
    }
}

/// The form. Fields show their own errors through [`Sending::error`]; a refusal about none of `fields` stands above.
#[component]
pub fn Form(
    /// Where it posts: `/fn/…`.
    action: &'static str,
    /// What becomes of it.
    sending: Sending,
    /// Names of the fields that show their own error.
    #[prop(optional)]
    fields: &'static [&'static str],
    /// Layout.
    #[prop(default = "stack")]
    class: &'static str,
    /// Fields and the button.
    children: Content,
) -> impl IntoView {
    let Sending { refused, words, .. } = sending;
    let general = move || {
        let refused = refused.get()?;
        let own = refused.field.as_deref().is_some_and(|field| fields.contains(&field));
        (!own).then(|| view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refused.text(words)}</Banner> })
    };
    view! {
        <form method="post" action=action class=class on:submit=move |event| submit(&event, sending)>
            {general}
            {children.view()}
        </form>
    }
}

#[cfg(not(all(feature = "hydrate", target_arch = "wasm32")))]
fn submit(_event: &web_sys::SubmitEvent, _sending: Sending) {}

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
fn submit(event: &web_sys::SubmitEvent, sending: Sending) {
    use wasm_bindgen::JsCast;
    let form = event.current_target().and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
    let Some(request) = form.as_ref().and_then(browser::request_of) else {
        return;
    };
    event.prevent_default();
    if sending.busy.get_untracked() {
        return;
    }
    sending.busy.set(true);
    leptos::task::spawn_local(async move {
        let refused = browser::send(request).await;
        // After a success the page goes away; until then another press must not send twice.
        sending.busy.set(refused.is_none());
        if let Some(refused) = &refused {
            crate::live::alarm(&refused.text(sending.words));
            browser::focus(refused.field.as_deref());
        }
        sending.refused.set(refused);
    });
}

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
mod browser {
    use leptos::prelude::{document, window};
    use shared::Problem;
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{FormData, HtmlElement, HtmlFormElement, Request, RequestInit, Response, UrlSearchParams};

    use crate::request::Refusal;

    /// What the browser itself would post, asking for an answer to a program. `None`: let the browser do it.
    pub fn request_of(form: &HtmlFormElement) -> Option<Request> {
        let data = FormData::new_with_form(form).ok()?;
        let body = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(&body);
        let request = Request::new_with_str_and_init(&form.get_attribute("action")?, &init).ok()?;
        request.headers().set("accept", "application/json").ok()?;
        Some(request)
    }

    /// Opens what the answer leads to, or tells why there is nothing to open.
    pub async fn send(request: Request) -> Option<Refusal> {
        let lost = || Some(Refusal { code: "network".to_owned(), field: None, tries_left: None });
        let answer = JsFuture::from(window().fetch_with_request(&request)).await;
        let Some(answer) = answer.ok().and_then(|answer| answer.dyn_into::<Response>().ok()) else {
            return lost();
        };
        if answer.ok() {
            let place = window().location();
            let moved = match answer.headers().get("location").ok().flatten() {
                Some(to) => place.set_href(&to),
                None => place.reload(),
            };
            return if moved.is_ok() { None } else { lost() };
        }
        let Ok(text) = answer.text() else {
            return lost();
        };
        let text = JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default();
        match serde_json::from_slice::<Problem>(text.as_bytes()) {
            Ok(problem) => Some(Refusal {
                field: problem.fields.first().map(|field| field.field.clone()),
                code: problem.code,
                tries_left: problem.tries_left,
            }),
            Err(_) => lost(),
        }
    }

    /// The wrong field, so that it is corrected without looking for it.
    pub fn focus(field: Option<&str>) {
        if let Some(input) =
            field.and_then(|field| document().get_element_by_id(field)).and_then(|input| input.dyn_into::<HtmlElement>().ok())
        {
            let _ = input.focus();
        }
    }
}
