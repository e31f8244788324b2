//! What a purchase brought, and why not: one figure, then one line each.

use std::sync::Arc;

use kit::{Button, Icon, IntoLight, Look, Size, StampGrid, icon::path, t};
use leptos::prelude::*;
use scanner::{Cue, play};
use shared::loyalty::{
    PurchaseAnswer, PurchaseStatus,
    campaign::Unit,
    queue::{Gain, ItemAnswer},
};

use crate::{
    queue,
    saved::SavedScreen,
    scan::{self, Stage, State, new_id, next, refuse_for},
    speech,
};

/// Reasons shown one by one; the rest is a number.
const REASONS_MAX: usize = 3;

/// The answer of the sale on this screen, whenever it comes: at once, or while the person still reads that it is safe.
pub(crate) fn answers(state: State) {
    state.queue.listener.set_value(Some(Arc::new(move |id, answer| {
        let shown = state.busy.get_untracked() || matches!(state.stage.get_untracked(), Stage::Screen { waits: true, .. });
        if state.mine.get_untracked() == Some(id) && shown {
            settle(state, id, answer);
        }
    })));
}

fn settle(state: State, id: uuid::Uuid, answer: ItemAnswer) {
    state.busy.set(false);
    match (answer.purchase, answer.problem) {
        (Some(purchase), _) => show(state, purchase, speech::on()),
        (None, Some(problem)) if answer.status != 429 && answer.status < 500 => {
            state.stage.set(Stage::Basket);
            // The same basket once more is another sale.
            state.sale.set(new_id());
            refuse_for(state, &problem.code);
            leptos::task::spawn_local(queue::mark_seen(state.queue, id));
        }
        // The server is busy: the sale is safe and goes again by itself.
        _ => scan::saved(state),
    }
}

/// Its screen, its sound and, `aloud`, its words.
pub(crate) fn show(state: State, purchase: PurchaseAnswer, aloud: bool) {
    play(if purchase.rewards.is_empty() { Cue::Confirmed } else { Cue::Reward });
    if aloud {
        speech::tell(Gain::of(&purchase));
    }
    let draw = move || view! { <ResultScreen answer=purchase.clone() on_next=Callback::new(move |()| next(state)) /> }.into_light();
    state.stage.set(Stage::Screen { draw: Arc::new(draw), waits: false });
}

/// The sale is safe here; its screen says so until the answer comes or the person goes on.
pub(crate) fn saved(state: State) {
    let label = state.customer.with_untracked(|customer| customer.as_ref().map(|customer| customer.label.clone())).unwrap_or_default();
    let (estimate, at_ms) = (state.estimate.get_untracked(), kit::net::device_ms());
    let draw =
        move || view! { <SavedScreen label=label.clone() estimate at_ms on_next=Callback::new(move |()| next(state)) /> }.into_light();
    state.stage.set(Stage::Screen { draw: Arc::new(draw), waits: true });
}

/// The whole screen after a confirmation.
#[component]
pub(crate) fn ResultScreen(answer: PurchaseAnswer, on_next: Callback<()>) -> impl IntoView {
    let held = answer.status != PurchaseStatus::Accepted;
    let verdict = match answer.status {
        PurchaseStatus::Accepted => "Accepted",
        PurchaseStatus::Held => "Held",
        PurchaseStatus::Rejected => "Rejected",
    };
    let points: i64 = answer.awards.iter().filter(|award| award.unit == Unit::Points).map(|award| award.amount).sum();
    let stamps: i64 = answer.awards.iter().filter(|award| award.unit == Unit::Stamps).map(|award| award.amount).sum();
    let (figure, unit) = match (held, points, stamps) {
        (true, ..) => (String::new(), t::tendero_result_held_title().to_owned()),
        (_, 0, 0) => (String::new(), t::tendero_result_nothing().to_owned()),
        (_, 0, n) => (["+", &n.to_string()].concat(), t::common_stamps(n)),
        (_, n, _) => (["+", &n.to_string()].concat(), t::common_points(n)),
    };
    let cards = answer
        .awards
        .iter()
        .filter(|award| award.unit == Unit::Stamps)
        .map(|award| {
            let need = award.need.unwrap_or(1).max(1);
            view! {
                <section class="card card--pad row">
                    <div class="grow">
                        <h2 class="strong">{award.brand_name.clone()}</h2>
                        <StampGrid done=u32::try_from(award.balance).unwrap_or(0) goal=u32::try_from(need).unwrap_or(1) small=true fresh=u32::try_from(award.amount).unwrap_or(0) />
                    </div>
                    <span class="result__owed">"+"{award.amount}" "{t::common_stamps(award.amount)}</span>
                </section>
            }
        })
        .collect::<Vec<_>>();
    let rewards = answer.rewards.iter().map(|reward| view! { <section class="card card--pad"><h2 class="strong">{t::tendero_result_reward_won(&reward.name)}</h2><p class="small">{t::tendero_result_reward_text()}</p></section> }).collect::<Vec<_>>();
    let mut reasons: Vec<String> =
        answer.lines.iter().filter(|line| !line.participates).map(|line| t::tendero_result_not_taking_part(&line.name)).collect();
    reasons.extend(
        answer
            .no_award
            .iter()
            .map(|none| [none.campaign_name.as_str(), ": ", t::reason_shop(none.reason.code()).unwrap_or_default()].concat()),
    );
    let more = reasons.len().saturating_sub(REASONS_MAX);
    let reasons = reasons
        .into_iter()
        .take(REASONS_MAX)
        .map(|reason| view! { <p><Icon path=path::INFO size=18 /> <span>{reason}</span></p> })
        .collect::<Vec<_>>();
    // A practised sale has none.
    let receipt = (!answer.purchase_id.0.is_nil()).then(|| {
        let href = ["/t/receipt?id=", &answer.purchase_id.to_string()].concat();
        view! { <a class="btn btn--outline btn--wide" href=href data-receipt>{t::tendero_result_receipt()}</a> }
    });
    view! {
        <div class=["result", if held { " result--held" } else { "" }, crate::saved::flash()].concat() data-result=verdict>
            <header class="result__top"><span class="result__who"><Icon path=path::USER_CIRCLE size=22 /> {answer.consumer_label.clone()}</span></header>
            <main id="main" class="result__hero" role="alert">
                <span class="result__check"><Icon path=if held { path::CLOCK } else { path::CHECK_FAT_FILL } size=36 /></span>
                <h1 class="result__unit"><span class="result__figure" data-figure>{figure}</span>" "{unit}</h1>
                {held.then(|| view! { <p>{t::tendero_result_held_text()}</p> })}
            </main>
            <div class="result__list">{cards}{rewards}</div>
            <div class="result__why">{reasons}{(more > 0).then(|| view! { <p>{t::tendero_result_more_reasons(more as i64)}</p> })}</div>
            <div class="result__foot">
                {receipt}
                <Button wide=true look=Look::Key size=Size::Tall icon=path::SCAN on:click=move |_| on_next.run(())>{t::tendero_result_next()}</Button>
            </div>
        </div>
    }
    .into_light()
}
