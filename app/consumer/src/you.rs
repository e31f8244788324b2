//! Permissions, campaigns to join, and the way out.

use kit::{Button, Card, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, Skeleton, SkeletonKind, UiError, icon::path, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{CampaignId, CivilDate, format};

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
    /// Given purposes with their date.
    consents: Vec<(String, CivilDate)>,
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
            let join = offer.joinable.then(|| view! {
                <form method="post" action="/fn/consumer/enrol">
                    <input type="hidden" name="campaign" value=id />
                    <Button submit=true wide=true look=Look::Key>{t::consumer_enrol_action()}</Button>
                </form>
            });
            view! {
                <Card>
                    <h3 class="strong">{offer.title}</h3>
                    <p class="small">{offer.terms}</p>
                    {join}
                </Card>
            }
        })
        .collect::<Vec<_>>();
    let none = offers.is_empty();
    let consents = you
        .consents
        .into_iter()
        .map(|(purpose, date)| view! { <li><ListRow title=purpose text=t::consumer_you_permission_given(&format::date(date)) /></li> })
        .collect::<Vec<_>>();
    view! {
        <h2>{t::consumer_home_campaigns()}</h2>
        {none.then(|| view! { <Empty title=t::consumer_home_empty_title() text=t::consumer_home_no_campaigns() icon=path::MEGAPHONE_SIMPLE /> })}
        {offers}
        <h2>{t::consumer_you_permissions()}</h2>
        <ul class="card">{consents}</ul>
    }
    .into_light()
}

/// Campaigns of today and the asker's consents.
#[server(prefix = "/fn", endpoint = "consumer/read_you")]
pub async fn read_you() -> Result<You, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/c/join");
    }
    let today = identity::shop::local_date("America/Bogota", now);
    let offers = loyalty::campaign::open_for(&mut tx, &actor, today).await?;
    let consents = identity::consent::list(&mut tx, &actor).await?;
    Ok(You {
        offers: offers
            .into_iter()
            .map(|offer| Offer { id: offer.id, title: format!("{} · {}", offer.brand_name, offer.name), terms: offer.terms, joinable: offer.joinable })
            .collect(),
        consents: consents
            .into_iter()
            .filter(|consent| consent.granted)
            .map(|consent| {
                let purpose = match consent.purpose {
                    identity::consent::Purpose::Card => t::join_consent_required_title().to_owned(),
                    identity::consent::Purpose::Notices => t::join_consent_notices_title().to_owned(),
                    identity::consent::Purpose::Promotions => t::join_consent_brand_title(&consent.controller),
                };
                (purpose, identity::shop::local_date("America/Bogota", consent.decided_at))
            })
            .collect(),
    })
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
