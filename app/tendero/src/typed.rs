//! A code that is typed: where the camera fails.

use kit::{Button, ButtonLink, Field, IntoLight, Look, t};
use leptos::prelude::*;
use scanner::Read;

pub(crate) fn form(on_read: Callback<Read>) -> AnyView {
    let value = RwSignal::new(String::new());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = value.get_untracked();
        if !text.trim().is_empty() {
            value.set(String::new());
            on_read.run(Read::typed(&text.trim().to_uppercase()));
        }
    };
    view! {
        <form class="stack" on:submit=submit>
            <Field id="typed" label=t::tendero_scan_typed_label() help=t::tendero_scan_typed_help() value maxlength=256 />
            <Button submit=true wide=true look=Look::Secondary>{t::tendero_scan_typed_action()}</Button>
            <ButtonLink wide=true look=Look::Link href="/t/paper">{t::tendero_paper_link()}</ButtonLink>
        </form>
    }
    .into_light()
}
