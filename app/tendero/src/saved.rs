//! The screen after a sale that could not be sent yet: it is safe here, and what it earns is an estimate.

use kit::{Button, Icon, IntoLight, Look, Size, icon::path, t};
use leptos::prelude::*;
use shared::loyalty::queue::{Gain, QUEUE_AGE_MAX_MS};

/// `+7 puntos y 1 sello`; empty when there is nothing.
pub(crate) fn gain_text(gain: Gain) -> String {
    let points = || t::common_points_count(gain.points, &gain.points.to_string()).to_string();
    let stamps = || t::common_stamps_count(gain.stamps).to_string();
    match (gain.points, gain.stamps) {
        (0, 0) => String::new(),
        (0, _) => ["+", &stamps()].concat(),
        (_, 0) => ["+", &points()].concat(),
        _ => ["+", &points(), " ", t::tendero_scan_and(), " ", &stamps()].concat(),
    }
}

/// The screen flashes once where the phone cannot vibrate.
pub(crate) fn flash() -> &'static str {
    if scanner::can_vibrate() { "" } else { " result--flash" }
}

/// What the basket would earn, under its lines.
pub(crate) fn estimate(gain: Gain) -> AnyView {
    let text = match gain_text(gain) {
        none if none.is_empty() => t::tendero_scan_would_earn_nothing().to_owned(),
        some => [t::tendero_scan_would_earn(), " ", &some].concat(),
    };
    view! { <p class="estimate" data-estimate>{text} <span class="micro">{t::tendero_scan_estimated()}</span></p> }.into_light()
}

/// The whole screen after a confirmation without an answer.
#[component]
pub(crate) fn SavedScreen(
    /// `Ana · ••42`.
    label: String,
    /// What the phone expects.
    estimate: Option<Gain>,
    /// When it was kept, by the phone's clock.
    at_ms: i64,
    on_next: Callback<()>,
) -> impl IntoView {
    let figure = estimate
        .filter(|gain| *gain != Gain::default())
        .map(|gain| ["+", &(if gain.points > 0 { gain.points } else { gain.stamps }).to_string()].concat());
    let gain = estimate.map(gain_text).filter(|text| !text.is_empty());
    let until = kit::net::wall_moment(at_ms + QUEUE_AGE_MAX_MS);
    view! {
        <div class=["result result--saved", flash()].concat() data-result="Saved">
            <header class="result__top"><span class="result__who"><Icon path=path::USER_CIRCLE size=22 /> {label}</span></header>
            <main id="main" class="result__hero" role="alert">
                <span class="result__check"><Icon path=path::CLOUD_SLASH size=36 /></span>
                {figure.map(|figure| view! { <p class="result__figure" aria-hidden="true">{figure}</p> })}
                <h1 class="result__unit">{t::tendero_saved_title()}</h1>
                {gain.map(|gain| view! { <p class="strong" data-estimate>{t::tendero_saved_estimate(&gain)}</p> })}
                <p>{t::tendero_saved_until(&until)}</p>
            </main>
            <div class="result__foot">
                <Button wide=true look=Look::Key size=Size::Tall icon=path::SCAN on:click=move |_| on_next.run(())>{t::tendero_result_next()}</Button>
            </div>
        </div>
    }
}
