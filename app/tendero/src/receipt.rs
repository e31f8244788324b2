//! The receipt for whoever bought: a QR for her camera, a message of ours to her telephone, and a link for one of the shop's.

use kit::{
    Banner, Button, ButtonLink, Empty, ErrorState, Form, IntoLight, Look, PhoneHead, PhoneShell, QrPlate, Sending, Size, Skeleton,
    SkeletonKind, Tone, UiError, escaped, icon::path, locale, request, t,
};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use shared::PurchaseId;

/// `/t/receipt?id=<id>`
#[component]
pub(crate) fn ReceiptPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let back = ["/t/sale?id=", &id].concat();
    let asked = id.clone();
    let address = kit::once(move || read_receipt(asked.clone()));
    let foot = view! { <ButtonLink href="/t/scan" look=Look::Key size=Size::Tall wide=true icon=path::SCAN>{t::tendero_result_next()}</ButtonLink> }.into_light();
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_result_receipt() back /> }.into_light() foot paper=true>
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Code count=1 /> }>
                {move || address.get().map(|address| match address {
                    Ok(address) => shown(address, &id),
                    Err(error) if error.0.status == 404 => view! { <Empty title=t::receipt_unknown() text=t::receipt_unknown_text() icon=path::PROHIBIT /> }.into_light(),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() /> }.into_light(),
                })}
            </kit::Await>
        </PhoneShell>
    }
}

fn shown(address: String, id: &str) -> AnyView {
    let own = ["https://wa.me/?text=", &escaped(&t::receipt_message(&address))].concat();
    view! {
        <p class="center">{t::receipt_show()}</p>
        <div class="center" data-receipt=address.clone()><QrPlate text=Signal::stored(address.clone()) label=t::receipt_title() full=true /></div>
        {ours(id)}
        <a class="btn btn--secondary btn--wide" href=own target="_blank" rel="noopener">{t::receipt_send_own()}</a>
        <p class="center"><a class="link" href=address>{t::receipt_open()}</a></p>
    }
    .into_light()
}

/// A message of ours, and what became of it when it was asked for.
fn ours(id: &str) -> AnyView {
    let sending = Sending::new().told_by(locale::shop_text);
    let (tone, icon, words, again) = match request::query("told").as_deref() {
        Some("sent") => (Tone::Success, path::CHECK, t::receipt_sent(), false),
        Some("closed") => (Tone::Warning, path::INFO, t::receipt_closed(), false),
        Some("unreachable") => (Tone::Warning, path::INFO, t::receipt_unreachable(), true),
        _ => (Tone::Plain, path::INFO, "", true),
    };
    let purchase = id.to_owned();
    let form = again.then(|| {
        view! {
            <Form action="/fn/tendero/send_receipt" sending>
                <input type="hidden" name="purchase" value=purchase />
                <Button submit=true wide=true busy=sending.busy()>{t::receipt_send()}</Button>
            </Form>
        }
    });
    view! {
        {(!words.is_empty()).then(|| view! { <Banner tone note=true icon>{words}</Banner> })}
        {form}
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
    let app = request::state::<request::RequestContext>()?.app;
    let way = loyalty::receipt::Way { public_url: &app.public_url, approved: &app.approved };
    let answer = loyalty::receipt::send(&mut tx, &loyalty, &actor, now, id, way).await?;
    tx.commit().await?;
    request::go(&format!("/t/receipt?id={id}&told={}", answer.told.name()));
    Ok(())
}
