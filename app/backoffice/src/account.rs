//! The person's own account: the second factor.

use kit::{DeskHead, IntoLight, OwnAccount, OwnAccountState, Skeleton, SkeletonKind, UiError, refused, t};
use leptos::prelude::*;

use crate::frame::Desk;

/// `/o/account`
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_account());
    view! {
        <Desk current="/o/account">
            <DeskHead title=t::backoffice_nav_account() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(state) => view! { <div class="narrow stack"><OwnAccount state begin="/fn/backoffice/begin_totp" confirm="/fn/backoffice/confirm_totp" /></div> }.into_light(),
                    Err(error) => refused(&error, "/o/account"),
                })}
            </Suspense>
        </Desk>
    }
}

/// Who is logged in, and how far with the second factor.
#[server(prefix = "/fn", endpoint = "backoffice/read_account")]
pub async fn read_account() -> Result<OwnAccountState, UiError> {
    let (mut tx, actor, _) = kit::request::read().await?;
    kit::own_account(&mut tx, &actor).await
}

/// Begins the second factor.
#[server(prefix = "/fn", endpoint = "backoffice/begin_totp")]
pub async fn begin_totp() -> Result<(), UiError> {
    kit::begin_second_factor().await
}

/// Proves that it works.
#[server(prefix = "/fn", endpoint = "backoffice/confirm_totp")]
pub async fn confirm_totp(totp: String) -> Result<(), UiError> {
    kit::confirm_second_factor(&totp).await
}
