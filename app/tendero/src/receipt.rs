//! The receipt for whoever bought: a QR for her camera, a message of ours to her telephone, and a link for one of the shop's.

use kit::{
    Banner, Button, ButtonLink, Empty, ErrorState, IntoLight, Look, PhoneHead, PhoneShell, QrPlate, Size, Skeleton, SkeletonKind, Tone,
    UiError, escaped, icon::path, request, t,
};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use shared::PurchaseId;

/// `/t/receipt?id=<id>`
#[component]
pub(crate) fn ReceiptPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let back = ["/t/sale?id=", &id].concat();
    let told = request::query("sent");
    let asked = id.clone();
    let address = kit::once(move || read_receipt(asked.clone()));
    let foot = view! { <ButtonLink href="/t/scan" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_result_next()}</ButtonLink> }.into_light();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_result_receipt() back /> }.into_light() foot paper=true>
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code count=1 /> }>
                {move || address.get().map(|address| match address {
                    Ok(address) => shown(address, &id, told.as_deref()),
                    Err(error) if error.0.status == 404 => view! { <Empty title=t::receipt_unknown() text=t::receipt_unknown_text() icon=path::PROHIBIT /> }.into_light(),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn shown(address: String, id: &str, told: Option<&str>) -> AnyView {
    let message = ["https://wa.me/?text=", &escaped(&t::receipt_message(&address))].concat();
    let by_us = match told {
        Some("yes") => view! { <Banner tone=Tone::Success note=true icon=path::CHECK>{t::receipt_sent()}</Banner> }.into_light(),
        Some(_) => view! { <Banner tone=Tone::Warning note=true icon=path::INFO>{t::receipt_not_sent()}</Banner> }.into_light(),
        None => view! {
            <form method="post" action="/fn/tendero/send_receipt">
                <input type="hidden" name="purchase" value=id.to_owned() />
                <Button submit=true wide=true>{t::receipt_send()}</Button>
            </form>
        }
        .into_light(),
    };
    view! {
        <p class="center">{t::receipt_show()}</p>
        <div class="center" data-receipt=address.clone()><QrPlate text=Signal::stored(address.clone()) label=t::receipt_title() full=true /></div>
        {by_us}
        <a class="btn btn--secondary btn--wide" href=message target="_blank" rel="noopener">{t::receipt_send_own()}</a>
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

/// The receipt of one of the shop's sales goes to the telephone of whoever bought, which the shop never sees.
#[server(prefix = "/fn", endpoint = "tendero/send_receipt")]
pub async fn send_receipt(purchase: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.member()?;
    let id: PurchaseId = purchase.parse().map_err(|_| shared::Problem::not_found())?;
    let loyalty = request::state::<loyalty::Loyalty>()?;
    let public_url = request::state::<request::RequestContext>()?.app.public_url;
    let told = loyalty::receipt::send(&mut tx, &loyalty, &actor, now, id, public_url.trim_end_matches('/')).await?;
    tx.commit().await?;
    request::go(&format!("/t/receipt?id={id}&sent={}", if told.sent { "yes" } else { "no" }));
    Ok(())
}
