//! The rail around every page of the console.

use kit::{Banner, ButtonLink, ConsoleShell, Content, Empty, Icon, IntoLight, Look, RailGroup, RailItem, Size, TenantBadge, Tone, UiError, icon::path, request, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::identity::UserRole;

/// Who is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    organisation: String,
    person: String,
    role: UserRole,
}

fn groups() -> Vec<RailGroup> {
    let item = |href, words, icon, icon_on| RailItem { href, words, icon, icon_on, count: None };
    vec![
        RailGroup { title: None, items: vec![item("/o/", t::backoffice_nav_overview(), path::HOUSE, path::HOUSE_FILL)] },
        RailGroup {
            title: Some(t::backoffice_nav_data()),
            items: vec![
                item("/o/organisations", t::backoffice_nav_brands(), path::TAG, path::TAG_FILL),
                item("/o/shops", t::backoffice_nav_shops(), path::STOREFRONT, path::STOREFRONT_FILL),
                item("/o/products", t::backoffice_nav_products(), path::BARCODE, path::BARCODE_FILL),
                item("/o/proposals", t::backoffice_nav_proposals(), path::SPARKLE, path::SPARKLE_FILL),
                item("/o/users", t::backoffice_nav_people(), path::USERS, path::USERS_FILL),
            ],
        },
        RailGroup {
            title: Some(t::backoffice_nav_control()),
            items: vec![
                item("/o/audit", t::backoffice_nav_audit(), path::LIST_MAGNIFYING_GLASS, path::LIST_MAGNIFYING_GLASS_FILL),
                item("/o/account", t::backoffice_nav_account(), path::GEAR_SIX, path::GEAR_SIX_FILL),
            ],
        },
    ]
}

/// A page inside the rail. Nobody's visit leads to the log-in.
///
/// With `told` a refusal in the address stands above the page; a page whose form shows it itself leaves it out.
#[component]
pub(crate) fn Desk(
    /// Path of its place in the rail.
    current: &'static str,
    /// Show a refusal of the address above the page.
    #[prop(optional)]
    told: bool,
    /// Head and panels.
    children: Content,
) -> impl IntoView {
    let frame = Resource::new(|| (), |()| read_frame());
    let refusal = request::refusal().filter(|_| told);
    let tenant = view! {
        <Suspense>
            {move || frame.get().and_then(Result::ok).map(|frame| view! { <TenantBadge name=frame.organisation kind=t::backoffice_tenant_kind() /> })}
        </Suspense>
    };
    let person = view! {
        <Suspense>
            {move || frame.get().and_then(Result::ok).map(|frame| {
                let initials: String = frame.person.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
                view! {
                    <span class="person" aria-hidden="true">{initials}</span>
                    <span class="rail__who"><b>{frame.person}</b><br /><span class="small muted">{kit::role_name(frame.role)}</span></span>
                }
            })}
        </Suspense>
        <form method="post" action="/fn/backoffice/log_out" class="menu">
            <button type="submit" class="btn btn--icon btn--ghost" aria-label=t::common_sign_out() title=t::common_sign_out()><Icon path=path::SIGN_OUT size=20 /></button>
        </form>
    };
    view! {
        <ConsoleShell home="/o/" tenant=tenant.into_light() groups=groups() current=Signal::stored(current.to_owned()) person=person.into_light()>
            <main id="main" class="desk__main">
                {refusal.map(|refusal| view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refusal.message()}</Banner> })}
                {children.view()}
            </main>
        </ConsoleShell>
    }
}

/// Nothing is at this address of the console.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! {
        <Desk current="">
            <h1 class="sr-only">{t::common_not_found_title()}</h1>
            <Empty page=true title=t::common_not_found_title() text=t::common_not_found_text()>
                <ButtonLink href="/o/" look=Look::Secondary size=Size::Dense>{t::common_not_found_action()}</ButtonLink>
            </Empty>
        </Desk>
    }
}

/// Who is logged in; leads to the log-in when nobody is.
#[server(prefix = "/fn", endpoint = "backoffice/read_frame")]
pub async fn read_frame() -> Result<Frame, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/o/login");
    }
    actor.operator()?;
    let person = identity::user::own(&mut tx, &actor).await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    Ok(Frame { organisation: organisation.name, person: person.name, role: person.role })
}
