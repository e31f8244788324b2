//! Five cards that teach the counter: a big picture and one sentence each, aloud where the phone has a voice.
//!
//! The row of cards scrolls and snaps, and its buttons are links to the next card: swiping, pressing and the keyboard work
//! before any code arrives.

use kit::{Button, ButtonLink, IntoLight, Look, PhoneHead, PhoneShell, Size, icon::path, t};
use leptos::prelude::*;

use crate::speech;

/// Picture and sentence of each card.
const CARDS: [(&str, kit::Words); 5] = [
    ("/lessons/card.svg", t::tendero_training_card),
    ("/lessons/products.svg", t::tendero_training_products),
    ("/lessons/confirm.svg", t::tendero_training_confirm),
    ("/lessons/offline.svg", t::tendero_training_offline),
    ("/lessons/reward.svg", t::tendero_training_reward),
];

/// `/t/training`
#[component]
pub(crate) fn TrainingPage() -> impl IntoView {
    let speaks = RwSignal::new(false);
    kit::effect(move |first| {
        if first {
            // Voices come a moment after they were first asked for.
            set_timeout(move || speaks.set(speech::can_speak()), std::time::Duration::from_millis(300));
        }
    });
    let cards = CARDS
        .iter()
        .enumerate()
        .map(|(place, (picture, words))| card(place, picture, words(), CARDS.get(place + 1).map(|(_, words)| words()), speaks))
        .collect::<Vec<_>>();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_training_title() back="/t/more" /> }.into_light() paper=true flush=true>
            <ol class="lessons" tabindex="0" aria-label=t::tendero_training_title()>{cards}</ol>
        </PhoneShell>
    }
}

fn card(place: usize, picture: &'static str, words: &'static str, next: Option<&'static str>, speaks: RwSignal<bool>) -> AnyView {
    let (number, of) = (place + 1, CARDS.len());
    let name = |number: usize| ["lesson-", &number.to_string()].concat();
    let to = |number: usize| ["#", &name(number)].concat();
    let back = (place > 0).then(|| {
        view! { <ButtonLink href=to(number - 1) look=Look::Secondary size=Size::Tall icon=path::ARROW_LEFT>{t::common_back()}</ButtonLink> }
    });
    let on = match next {
        Some(next) => view! {
            <span class="grow" on:click=move |_| if speaks.get_untracked() { speech::aloud(next) }>
                <ButtonLink href=to(number + 1) look=Look::Key size=Size::Tall wide=true icon=path::ARROW_RIGHT>{t::tendero_training_next()}</ButtonLink>
            </span>
        }
        .into_light(),
        None => view! {
            <span class="grow"><ButtonLink href="/t/practice" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_practice_title()}</ButtonLink></span>
        }
        .into_light(),
    };
    let listen = move || {
        speaks.get().then(|| {
            view! { <Button look=Look::Soft icon=path::SPEAKER_HIGH on:click=move |_| speech::aloud(words)>{t::tendero_result_listen()}</Button> }
        })
    };
    view! {
        <li class="lesson" id=name(number) data-lesson=number>
            <p class="small muted">{t::tendero_training_of(&number.to_string(), &of.to_string())}</p>
            <img class="lesson__picture" src=picture alt="" width="320" height="220" />
            <h2 class="lesson__words">{words}</h2>
            {listen}
            <div class="row lesson__keys">{back}{on}</div>
        </li>
    }
    .into_light()
}
