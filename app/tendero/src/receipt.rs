//! The receipt for whoever bought: a QR for her camera, and a link for a message.

use kit::{
    ButtonLink, Empty, ErrorState, IntoLight, Look, PhoneHead, PhoneShell, QrPlate, Size, Skeleton, SkeletonKind, UiError, escaped,
    icon::path, request, t,
};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use shared::PurchaseId;

/// `/t/receipt?id=<id>`
#[component]
pub(crate) fn ReceiptPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let back = ["/t/sale?id=", &id].concat();
    let address = kit::once(move || read_receipt(id.clone()));
    let foot = view! { <ButtonLink href="/t/scan" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_result_next()}</ButtonLink> }.into_light();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_result_receipt() back /> }.into_light() foot paper=true>
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code count=1 /> }>
                {move || address.get().map(|address| match address {
                    Ok(address) => shown(address),
                    Err(error) if error.0.status == 404 => view! { <Empty title=t::receipt_unknown() text=t::receipt_unknown_text() icon=path::PROHIBIT /> }.into_light(),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn shown(address: String) -> AnyView {
    let message = ["https://wa.me/?text=", &escaped(&t::receipt_message(&address))].concat();
    view! {
        <p class="center">{t::receipt_show()}</p>
        <div class="center" data-receipt=address.clone()><QrPlate text=Signal::stored(address.clone()) label=t::receipt_title() full=true /></div>
        <a class="btn btn--secondary btn--wide" href=message target="_blank" rel="noopener">{t::receipt_send()}</a>
        <p class="center"><a class="link" href=address>{t::receipt_open()}</a></p>
    }
    .into_light()
}

/// The address of the receipt of one of the shop's sales.
#[server(prefix = "/fn", endpoint = "tendero/read_receipt")]
pub async fn read_receipt(purchase: String) -> Result<String, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    actor.member()?;
    let id: PurchaseId = purchase.parse().map_err(|_| shared::Problem::not_found())?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let link = loyalty::receipt::link(&mut tx, &loyalty, &actor, id).await?;
    let public_url = request::state::<request::RequestContext>()?.app.public_url;
    Ok([&*public_url, &link.path].concat())
}
