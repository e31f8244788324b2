//! "This phone signs your sales": the key is made here and its public half registered.

use kit::{Button, IntoLight, Look, PhoneHead, PhoneShell, Size, UiError, t};
use leptos::prelude::*;
use shared::{DeviceId, MemberId};

/// `/t/start/device`
#[component]
pub(crate) fn DevicePage() -> impl IntoView {
    let failed = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    let make = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            match enrol().await {
                Ok(()) => {
                    let _ = window().location().set_href("/t/");
                }
                Err(text) => {
                    failed.set(Some(text));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        <PhoneShell head=view! { <PhoneHead title=t::tendero_device_title() mark=true /> }.into_light() paper=true>
            <p>{t::tendero_device_text()}</p>
            <noscript><p class="field__error">{t::tendero_needs_script()}</p></noscript>
            <p role="alert">{move || failed.get()}</p>
            <div data-ready=move || ready.get().to_string()>
                <Button wide=true look=Look::Key size=Size::Tall busy on:click=make>{t::tendero_device_action()}</Button>
            </div>
        </PhoneShell>
    }
}

async fn enrol() -> Result<(), String> {
    let refused = |_| t::tendero_device_failed().to_owned();
    let said = |error: UiError| error.message().to_owned();
    // One key for each person: two who share a phone sign apart.
    let member = read_member().await.map_err(said)?.to_string();
    let pair: js_sys::Array = crate::capture::make_key(&member).await.map_err(refused)?.into();
    let part = |i| pair.get(i).as_string().unwrap_or_default();
    let name = window().navigator().user_agent().unwrap_or_default();
    let device = enrol_device(part(0), part(1), name).await.map_err(said)?;
    crate::capture::name_key(&member, &device.to_string()).await.map_err(refused)?;
    crate::queue::signs(Some(device)).await;
    // The queue must outlive a phone that runs short of room; where the browser does not promise it, the queue says so.
    let _ = kit::worker::persist().await;
    Ok(())
}

/// Who is signed in at this phone.
#[server(prefix = "/fn", endpoint = "tendero/read_member")]
pub async fn read_member() -> Result<MemberId, UiError> {
    let (_, actor, _) = kit::request::read().await?;
    Ok(actor.member()?.0)
}

/// Registers the phone's public key; both texts are base64url.
#[server(prefix = "/fn", endpoint = "tendero/enrol_device")]
pub async fn enrol_device(public_key: String, proof: String, name: String) -> Result<DeviceId, UiError> {
    let bytes = |text: &str| data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| identity::Error::BadPublicKey);
    let (mut tx, actor, now) = kit::request::begin().await?;
    let device = identity::device::enrol(&mut tx, &actor, now, &bytes(&public_key)?, &bytes(&proof)?, &name).await?;
    tx.commit().await?;
    Ok(device)
}
