//! The short receipt: a public page without scripts, opened by its link or its QR.

use kit::{
    Banner, Button, Chip, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, Skeleton, SkeletonKind, Tone, UiError,
    icon::path, t,
};
use leptos::prelude::*;
use shared::{
    Country, format,
    loyalty::{
        PurchaseStatus,
        correction::DisputeState,
        receipt::{OwnReceipt, Receipt},
    },
};

/// `/r/<token>`
#[component]
pub fn ReceiptPage(
    /// As it stands in the address.
    token: String,
) -> impl IntoView {
    let receipt = kit::once(move || read_receipt(token.clone()));
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::receipt_title() mark=true /> }.into_light() paper=true>
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Lines /> }>
                {move || receipt.get().map(|receipt| match receipt {
                    Ok(receipt) => shown(receipt),
                    Err(error) if error.code() == "too_many_requests" => view! { <Empty title=t::receipt_wait() text=error.message() icon=path::CLOCK /> }.into_light(),
                    Err(error) if error.0.status != 404 => view! { <ErrorState code=error.code().to_owned() /> }.into_light(),
                    Err(_) => view! { <Empty title=t::receipt_unknown() text=t::receipt_unknown_text() icon=path::PROHIBIT /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn shown(receipt: Receipt) -> AnyView {
    let place = if receipt.city.is_empty() { receipt.shop_name } else { [&receipt.shop_name, " · ", &receipt.city].concat() };
    let when = [&format::weekday_date(receipt.local.date()), " ", &format::time(receipt.local)].concat();
    let gains = receipt
        .gains
        .into_iter()
        .map(|gain| {
            let unit = kit::locale::unit(gain.unit, gain.amount);
            let up = gain.amount > 0;
            let sign = if up { "+" } else { "" };
            let figure = [sign, &format::integer(gain.amount, Country::Co)].concat();
            view! { <li data-gain><ListRow title=gain.brand_name figure unit gain=up /></li> }
        })
        .collect::<Vec<_>>();
    let nothing = gains.is_empty();
    let state = match receipt.status {
        PurchaseStatus::Accepted if nothing => Some(t::receipt_nothing()),
        PurchaseStatus::Accepted => None,
        PurchaseStatus::Held => Some(t::tendero_result_held_title()),
        PurchaseStatus::Rejected => Some(t::tendero_result_rejected_title()),
    };
    let back = (receipt.returned_units > 0).then(|| view! { <p class="small">{t::receipt_returned(receipt.returned_units)}</p> });
    view! {
        <Banner tone=Tone::Success note=true icon=path::SEAL_CHECK>{t::receipt_true()}</Banner>
        <ul class="card"><li><ListRow title=place text=when figure=receipt.units.to_string() unit=t::receipt_units(receipt.units) /></li></ul>
        {back}
        {state.map(|state| view! { <p class="strong">{state}</p> })}
        {(!nothing).then(|| view! { <h2 class="list-head">{t::receipt_gave()}</h2> <ul class="card">{gains}</ul> })}
        {wrong(receipt.mine)}
    }
    .into_light()
}

/// One tap says that it is wrong; somebody else is told how the buyer can.
fn wrong(mine: Option<OwnReceipt>) -> AnyView {
    match mine {
        None => view! { <p class="small muted">{t::receipt_yours()}" "<a class="link" href="/c/history">{t::receipt_my_card()}</a></p> }
            .into_light(),
        Some(OwnReceipt { dispute: Some(state), .. }) => {
            let words = match state {
                DisputeState::Open => t::dispute_state_open(),
                DisputeState::Upheld => t::dispute_state_upheld(),
                DisputeState::Refused => t::dispute_state_refused(),
            };
            view! { <p><Chip>{words}</Chip></p> }.into_light()
        }
        Some(OwnReceipt { purchase_id, dispute: None }) => view! {
            <form method="post" action="/fn/consumer/dispute">
                <input type="hidden" name="purchase" value=purchase_id.to_string() />
                <Button submit=true wide=true look=Look::Secondary>{t::consumer_dispute_not_counted()}</Button>
            </form>
        }
        .into_light(),
    }
}

/// What a receipt's token stands for. Public on purpose: the token is the proof.
#[server(prefix = "/fn", endpoint = "consumer/read_receipt")]
pub async fn read_receipt(token: String) -> Result<Receipt, UiError> {
    let (mut tx, actor, _) = kit::request::read().await?;
    let loyalty = kit::request::state::<loyalty::Loyalty>()?;
    let told = loyalty::receipt::read(&mut tx, &loyalty, &actor, &token).await;
    if matches!(told, Err(loyalty::Error::NotFound)) {
        kit::request::missing();
    }
    Ok(told?)
}
