//! What every page of a console stands in: the rail with who is here, and the states of a page without its thing.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::identity::UserRole;

use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{
    Banner, ButtonLink, ConsoleShell, Empty, ErrorState, Look, RailGroup, Size, TenantBadge, Tone, UiError, request, role_name, t,
};

/// Who is here, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Whose console it is.
    pub organisation: String,
    /// *Marca · Colombia*.
    pub kind: String,
    /// `#rrggbb`, or nothing.
    pub colour: String,
    /// Name on screens.
    pub person: String,
    /// What she may do.
    pub role: UserRole,
    /// Addresses of the rail at which things wait for somebody, and how many.
    #[serde(default)]
    pub waits: Vec<(String, i64)>,
}

/// A page inside the rail.
///
/// With `told` a refusal in the address stands above the page; a page whose form shows it itself leaves it out.
#[component]
pub fn Desk<W>(
    /// First page of the console.
    home: &'static str,
    /// What the rail holds.
    groups: Vec<RailGroup>,
    /// Path of its place in the rail.
    current: &'static str,
    /// Who is here; read inside a suspense.
    who: W,
    /// Where the form posts that ends the session.
    log_out: &'static str,
    /// Show a refusal of the address above the page.
    #[prop(optional)]
    told: bool,
    /// Head and panels.
    children: Content,
) -> impl IntoView
where
    W: Fn() -> Option<Who> + Copy + Send + Sync + 'static,
{
    let refusal = request::refusal().filter(|_| told);
    let waiting = Callback::new(move |href: &'static str| {
        who().and_then(|who| who.waits.iter().find(|(place, _)| place == href).map(|(_, count)| *count))
    });
    let tenant = view! {
        <Suspense>{move || who().map(|who| view! { <TenantBadge name=who.organisation kind=who.kind colour=who.colour /> })}</Suspense>
    };
    let person = view! {
        <Suspense>
            {move || who().map(|who| {
                let initials: String = who.person.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
                view! {
                    <span class="person" aria-hidden="true">{initials}</span>
                    <span class="rail__who"><b>{who.person}</b><br /><span class="small muted">{role_name(who.role)}</span></span>
                }
            })}
        </Suspense>
        <form method="post" action=log_out class="menu">
            <button type="submit" class="btn btn--icon btn--ghost" aria-label=t::common_sign_out() title=t::common_sign_out()><Icon path=path::SIGN_OUT size=20 /></button>
        </form>
    };
    view! {
        <ConsoleShell home tenant=tenant.into_light() groups current=Signal::stored(current.to_owned()) waiting person=person.into_light()>
            <main id="main" class="desk__main">
                {refusal.map(|refusal| view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{refusal.message()}</Banner> })}
                {children.view()}
            </main>
        </ConsoleShell>
    }
}

/// Nothing is at this address of the console.
#[component]
pub fn Missing(
    /// First page of the console.
    home: &'static str,
) -> impl IntoView {
    request::missing();
    view! {
        <h1 class="sr-only">{t::common_not_found_title()}</h1>
        <Empty page=true title=t::common_not_found_title() text=t::common_not_found_text()>
            <ButtonLink href=home look=Look::Secondary size=Size::Dense>{t::common_not_found_action()}</ButtonLink>
        </Empty>
    }
}

/// A page without what it is about: not there, not for this role, or not loaded. `href` tries again, or goes back.
pub fn refused(error: &UiError, href: &'static str) -> AnyView {
    let (title, icon) = match error.code() {
        "forbidden" => (t::common_forbidden_title(), path::LOCK_SIMPLE),
        "not_found" => {
            request::missing();
            (t::common_not_found_title(), path::MAGNIFYING_GLASS)
        }
        code => return view! { <section class="card"><ErrorState code=code.to_owned() href /></section> }.into_light(),
    };
    view! {
        <section class="card">
            <Empty title text=error.message() icon>
                <ButtonLink href look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
            </Empty>
        </section>
    }
    .into_light()
}

/// A wall clock, as people say it: `hoy 09:40`, `ayer 18:02`, `3 mar 2026 09:40`.
#[cfg(feature = "ssr")]
pub fn when(zone: &str, now: shared::Timestamp, at: shared::Timestamp) -> String {
    use shared::format;
    let local = identity::shop::local(zone, at);
    let (day, today) = (local.date(), identity::shop::local_date(zone, now));
    let day = if day == today {
        t::common_today().to_lowercase()
    } else if today.plus_days(-1) == Some(day) {
        t::common_yesterday().to_lowercase()
    } else {
        format::date(day)
    };
    [&day, " ", &format::time(local)].concat()
}
