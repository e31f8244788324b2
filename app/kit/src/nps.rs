//! The one question: would you recommend it? Big thumbs, a sentence for whoever wants, and a way past it.
//!
//! It is asked only on a phone whose code runs, never twice within [`NPS_EVERY_DAYS`], and an answer without network waits
//! on the phone for the next visit.

use leptos::prelude::*;
use shared::{
    reports::nps::{NPS_EVERY_DAYS, NPS_SENTENCE_MAX, NpsQuestion},
    time::DAY_MS,
};

use crate::light::IntoLight;
use crate::{Button, Kept, Look, Size, ask, escaped, live, net, t};

/// What the question of this page is about right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is shown.
    Rest,
    Asked,
    Thanked,
    /// Answered, and it waits for a network.
    Waits,
}

/// Settings of this phone for one persona: not before that instant, and the answer that waits.
fn settings(action: &str) -> (String, String) {
    (["nps.not_before", action].concat(), ["nps.waiting", action].concat())
}

/// The question of one front: the component `Nps` for its pages, and its two doors, from the name under which a phone keeps
/// it and the endpoints of both.
///
/// The doors call the crate `reports`, which the front has with `ssr`.
#[macro_export]
macro_rules! nps {
    ($name:tt, $read:tt, $answer:tt) => {
        /// The question, when there is one.
        #[::leptos::component]
        pub(crate) fn Nps() -> impl ::leptos::IntoView {
            let ask = $crate::Ask { name: $name, path: concat!("/fn/", $read), form: String::new() };
            $crate::nps_card($crate::kept(ask, ::leptos::prelude::RwSignal::new(0), read_nps), concat!("/fn/", $answer))
        }

        /// What the asker is asked now.
        #[::leptos::server(prefix = "/fn", endpoint = $read)]
        pub async fn read_nps() -> Result<Option<::shared::reports::nps::NpsQuestion>, $crate::UiError> {
            let (mut tx, actor, now) = $crate::request::read().await?;
            Ok(::reports::nps::question(&mut tx, &actor, now).await?)
        }

        /// Her answer, and the sentence of whoever wants.
        #[::leptos::server(prefix = "/fn", endpoint = $answer)]
        pub async fn answer_nps(
            brand: ::shared::BrandId,
            wave: String,
            score: i64,
            #[server(default)] sentence: String,
        ) -> Result<(), $crate::UiError> {
            let (mut tx, actor, now) = $crate::request::begin().await?;
            let answer = ::shared::reports::NpsAnswer { brand_id: brand, wave, score, sentence: Some(sentence) };
            ::reports::nps::answer(&mut tx, &actor, now, &answer).await?;
            tx.commit().await?;
            Ok(())
        }
    };
}

/// The question, when there is one and nobody answered or passed it here. Answers go to `action`: `/fn/tendero/answer_nps`.
pub fn nps_card(question: Kept<Option<NpsQuestion>>, action: &'static str) -> impl IntoView {
    let phase = RwSignal::new(Phase::Rest);
    crate::effect(move |first| {
        let asked = question.get().and_then(|shown| shown.value().cloned().flatten()).is_some();
        let (not_before, waiting) = settings(action);
        if first && let Some(body) = crate::kept::setting::<String>(&waiting).filter(|body| !body.is_empty()) {
            send(action, body, phase, false);
        }
        let rested = crate::kept::setting::<i64>(&not_before).unwrap_or(0) < net::device_ms();
        if asked && rested && phase.get_untracked() == Phase::Rest {
            phase.set(Phase::Asked);
        }
    });
    move || match phase.get() {
        Phase::Rest => ().into_light(),
        Phase::Thanked => {
            view! { <p class="banner banner--success banner--note" role="status" data-nps="thanked">{t::nps_thanks()}</p> }.into_light()
        }
        Phase::Waits => {
            view! { <p class="banner banner--info banner--note" role="status" data-nps="waits">{t::nps_waits()}</p> }.into_light()
        }
        Phase::Asked => match question.get_untracked().and_then(|shown| shown.value().cloned().flatten()) {
            Some(question) => asked(question, action, phase),
            None => ().into_light(),
        },
    }
}

fn asked(question: NpsQuestion, action: &'static str, phase: RwSignal<Phase>) -> AnyView {
    let score = RwSignal::new(None::<i64>);
    let sentence = RwSignal::new(String::new());
    let keys = (0..=10_i64)
        .map(|value| {
            view! {
                <label class="nps__key">
                    <input class="sr-only" type="radio" name="nps" value=value.to_string() on:change=move |_| score.set(Some(value)) />
                    <span>{value.to_string()}</span>
                </label>
            }
        })
        .collect::<Vec<_>>();
    let NpsQuestion { brand_id, brand_name, wave } = question;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(score) = score.get_untracked() {
            let fields = [
                ("brand", brand_id.to_string()),
                ("wave", wave.clone()),
                ("score", score.to_string()),
                ("sentence", sentence.get_untracked()),
            ];
            let body = fields.map(|(name, value)| [name, "=", &escaped(&value)].concat()).join("&");
            rest(action);
            send(action, body, phase, true);
        }
    };
    let skip = move |_| {
        rest(action);
        phase.set(Phase::Rest);
    };
    view! {
        <form class="card card--pad stack nps" data-nps="asked" on:submit=submit>
            <fieldset class="stack">
                <legend class="strong">{t::nps_question(&brand_name)}</legend>
                <div class="nps__ends small" aria-hidden="true"><span>"👎 "{t::nps_never()}</span> <span>{t::nps_surely()}" 👍"</span></div>
                <div class="nps__keys">{keys}</div>
            </fieldset>
            {move || score.get().map(|_| view! {
                <label class="stack stack--4">
                    <span class="small">{t::nps_sentence()}</span>
                    <textarea class="field__input" rows="2" maxlength=NPS_SENTENCE_MAX.to_string() on:input=move |event| sentence.set(event_target_value(&event))></textarea>
                </label>
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::nps_send()}</Button>
            })}
            <Button wide=true look=Look::Link on:click=skip>{t::nps_skip()}</Button>
        </form>
    }
    .into_light()
}

/// Nobody is asked here again for a while.
fn rest(action: &str) {
    crate::kept::set_setting(&settings(action).0, &(net::device_ms() + NPS_EVERY_DAYS * DAY_MS));
}

fn send(action: &'static str, body: String, phase: RwSignal<Phase>, shown: bool) {
    let waiting = settings(action).1;
    leptos::task::spawn_local(async move {
        let answer = ask::<()>(action, &body).await;
        let lost = matches!(&answer, Err(error) if error.0.status == 429 || error.0.status >= 500);
        crate::kept::set_setting(&waiting, &if lost { body } else { String::new() });
        if shown {
            let _ = phase.try_set(if lost { Phase::Waits } else { Phase::Thanked });
            live::say(if lost { t::nps_waits() } else { t::nps_thanks() });
        }
    });
}
