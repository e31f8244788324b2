//! Permissions, campaigns to join, and the way out.

use kit::{
    Button, Card, Chip, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, Skeleton, SkeletonKind, Tone, UiError,
    icon::path, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::CampaignId;
#[cfg(feature = "ssr")]
use shared::format;

use crate::bar::Bar;

/// A campaign that runs today.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    id: CampaignId,
    title: String,
    terms: String,
    joinable: bool,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct You {
    offers: Vec<Offer>,
    /// Every purpose, given or not.
    permissions: Vec<Permission>,
}

/// One purpose of one controller.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Permission {
    title: String,
    /// Since when, and which text.
    text: String,
    purpose: String,
    controller: String,
    granted: bool,
}

/// `/c/you`
#[component]
pub(crate) fn YouPage() -> impl IntoView {
    let you = kit::once(read_you);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_you_title() /> }.into_light()
            bar=view! { <Bar current="/c/you" /> }.into_light()
        >
            <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || you.get().map(|you| match you {
                    Ok(you) => shown(you),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/you" /> }.into_light(),
                })}
            </kit::Await>
            <Moving />
            <form method="post" action="/fn/consumer/log_out">
                <Button submit=true wide=true look=Look::Secondary icon=path::SIGN_OUT>{t::consumer_you_sign_out()}</Button>
            </form>
        </PhoneShell>
    }
}

/// The way into the installed app, whose cookies are its own: a code, shown once.
#[component]
fn Moving() -> impl IntoView {
    let made = kit::request::query("move").unwrap_or_default();
    let code = Resource::new(move || made.clone(), read_move);
    view! {
        <h2>{t::consumer_you_move_title()}</h2>
        <Card>
            <Suspense>
                {move || code.get().and_then(Result::ok).flatten().map(|code| {
                    let told = code.clone();
                    view! {
                        <div role="status">
                            <p>{t::consumer_you_move_type()}</p>
                            <p class="figure" data-move-code=told>{code}</p>
                            <p class="small muted">{t::consumer_you_move_life()}</p>
                        </div>
                    }
                })}
            </Suspense>
            <p class="small">{t::consumer_you_move_text()}</p>
            <form method="post" action="/fn/consumer/offer_move">
                <Button submit=true wide=true look=Look::Secondary icon=path::DEVICE_MOBILE>{t::consumer_you_move_action()}</Button>
            </form>
        </Card>
    }
}

fn shown(you: You) -> AnyView {
    let offers = you
        .offers
        .into_iter()
        .map(|offer| {
            let id = offer.id.to_string();
            let join = offer.joinable.then(|| {
                view! {
                    <form method="post" action="/fn/consumer/enrol">
                        <input type="hidden" name="campaign" value=id />
                        <Button submit=true wide=true look=Look::Key>{t::consumer_enrol_action()}</Button>
                    </form>
                }
            });
            view! {
                <Card>
                    <h3 class="strong">{offer.title}</h3>
                    <details><summary class="link">{t::consumer_enrol_terms()}</summary> <p class="small terms">{offer.terms}</p></details>
                    {join}
                </Card>
            }
        })
        .collect::<Vec<_>>();
    let none = offers.is_empty();
    let permissions = you.permissions.into_iter().map(permission).collect::<Vec<_>>();
    view! {
        <h2>{t::consumer_home_campaigns()}</h2>
        {none.then(|| view! { <Empty title=t::consumer_home_empty_title() text=t::consumer_home_no_campaigns() icon=path::MEGAPHONE_SIMPLE /> })}
        {offers}
        <h2>{t::consumer_you_permissions()}</h2>
        <ul class="card">{permissions}</ul>
        <p class="small muted">{t::consumer_you_permissions_free()}</p>
        <ul class="card">
            <li><ListRow title=t::rights_title() text=t::consumer_you_data_text() href="/c/privacy" /></li>
            <li><ListRow title=t::claim_title() text=t::claim_row() href="/c/claim" /></li>
            <li><ListRow title=t::unite_title() text=t::unite_row() href="/c/unite" /></li>
        </ul>
    }
    .into_light()
}

/// The one for the card ends with the card; every other is one tap away from its opposite.
fn permission(permission: Permission) -> AnyView {
    let Permission { title, text, purpose, controller, granted } = permission;
    let change = if purpose == "card" {
        view! { <Chip tone=Tone::Success icon=path::LOCK_SIMPLE>{t::join_consent_required_tag()}</Chip> }.into_light()
    } else {
        let words = if granted { t::consumer_you_permission_withdraw() } else { t::consumer_you_permission_give() };
        let about = title.clone();
        view! {
            <form method="post" action="/fn/consumer/decide_consent">
                <input type="hidden" name="purpose" value=purpose />
                <input type="hidden" name="controller" value=controller />
                <input type="hidden" name="granted" value=(!granted).to_string() />
                <Button submit=true look=Look::Secondary>{words}<span class="sr-only">": "{about}</span></Button>
            </form>
        }
        .into_light()
    };
    view! { <li class="stack stack--8"><ListRow title text />{change}</li> }.into_light()
}

/// Campaigns of today and the asker's consents.
#[server(prefix = "/fn", endpoint = "consumer/read_you")]
pub async fn read_you() -> Result<You, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/c/join");
    }
    let zone = identity::consumer::country(&mut tx, actor.consumer()?).await?.time_zone();
    let offers = loyalty::campaign::open_for(&mut tx, &actor, now, identity::shop::local_date(zone, now)).await?;
    let consents = identity::consent::states(&mut tx, &actor).await?;
    Ok(You {
        offers: offers
            .into_iter()
            .map(|offer| Offer {
                id: offer.id,
                title: format!("{} · {}", offer.brand_name, offer.name),
                terms: offer.terms,
                joinable: offer.joinable,
            })
            .collect(),
        permissions: consents
            .into_iter()
            .map(|state| {
                let title = match identity::consent::Purpose::from_name(&state.purpose) {
                    Some(identity::consent::Purpose::Notices) => t::join_consent_notices_title().to_owned(),
                    Some(identity::consent::Purpose::Promotions) => t::join_consent_brand_title(&state.controller_name),
                    _ => t::join_consent_required_title().to_owned(),
                };
                let version = state.text_version.unwrap_or_default();
                let text = match (state.decided_at.map(|at| format::date(identity::shop::local_date(zone, at))), state.granted) {
                    (Some(date), true) => t::consumer_you_permission_since(&date, &version),
                    (Some(date), false) => t::consumer_you_permission_withdrawn(&date, &version),
                    (None, _) => t::consumer_you_permission_never().to_owned(),
                };
                Permission { title, text, purpose: state.purpose, controller: state.controller, granted: state.granted }
            })
            .collect(),
    })
}

/// Gives or withdraws one consent: the same tap for both.
#[server(prefix = "/fn", endpoint = "consumer/decide_consent")]
pub async fn decide_consent(purpose: String, controller: String, granted: bool) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let wanted = shared::rights::ConsentDecision { purpose, controller, granted };
    identity::consent::set(&mut tx, &actor, now, &wanted, "web", &crate::join::user_agent()).await?;
    tx.commit().await?;
    kit::request::go("/c/you");
    Ok(())
}

/// Joins a campaign.
#[server(prefix = "/fn", endpoint = "consumer/enrol")]
pub async fn enrol(campaign: CampaignId) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    loyalty::campaign::enrol(&mut tx, &actor, now, campaign).await?;
    tx.commit().await?;
    kit::request::go("/c/you");
    Ok(())
}

/// Makes a code that opens the card in the installed app; the page that follows shows it, to this session only.
#[server(prefix = "/fn", endpoint = "consumer/offer_move")]
pub async fn offer_move() -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let keys = kit::request::state::<kit::request::RequestContext>()?.app.keys;
    let code = identity::card_move::offer(&mut tx, &keys, &actor, now).await?;
    let word = identity::flash::seal(&keys, &actor, now, &code)?;
    tx.commit().await?;
    kit::request::go(&["/c/you?move=", &word].concat());
    Ok(())
}

/// The code that [`offer_move`] made; nothing for another session, or after ten minutes.
#[server(prefix = "/fn", endpoint = "consumer/read_move")]
pub async fn read_move(made: String) -> Result<Option<String>, UiError> {
    let (_, actor, now) = kit::request::read().await?;
    actor.consumer()?;
    let keys = kit::request::state::<kit::request::RequestContext>()?.app.keys;
    Ok(identity::flash::open(&keys, &actor, now, &made))
}

/// Ends the session in this browser.
#[server(prefix = "/fn", endpoint = "consumer/log_out")]
pub async fn log_out() -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    loyalty::card::leave(&mut tx, &actor, now).await?;
    tx.commit().await?;
    kit::log_out().await
}
