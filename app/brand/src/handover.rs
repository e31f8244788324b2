//! When and where a reward is handed over.

use kit::{Banner, Button, ButtonLink, DeskHead, Field, IntoLight, Look, Skeleton, SkeletonKind, UiError, icon::path, refused, request, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::frame::Desk;

/// A reward with the shops that could hand it over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    reward: String,
    name: String,
    from: String,
    until: String,
    /// Id, name, and whether it is chosen.
    shops: Vec<(String, String, bool)>,
    manages: bool,
}

/// `/b/reward?id=<id>&campaign=<id>`
#[component]
pub(crate) fn HandoverPage() -> impl IntoView {
    let (id, campaign) = (request::query("id").unwrap_or_default(), request::query("campaign").unwrap_or_default());
    let saved = request::query("saved").is_some();
    let page = Resource::new(|| (), move |()| read_handover(id.clone()));
    view! {
        <Desk current="/b/campaigns" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(handover) => shown(handover, &campaign, saved),
                    Err(error) => view! { <DeskHead title=t::brand_handover_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(handover: Handover, campaign: &str, saved: bool) -> AnyView {
    let Handover { reward, name, from, until, shops, manages } = handover;
    let back = if campaign.is_empty() { "/b/campaigns".to_owned() } else { ["/b/campaign?id=", campaign].concat() };
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into()), (name.into(), back.clone().into())];
    let picks = shops
        .into_iter()
        .map(|(id, name, on)| {
            view! {
                <label class="pick">
                    <input class="check" type="checkbox" name="shops[]" value=id checked=on />
                    <span class="pick__text"><b>{name}</b></span>
                </label>
            }
        })
        .collect::<Vec<_>>();
    let list = if picks.is_empty() {
        view! { <p class="muted">{t::brand_handover_shops_none()}</p> }.into_light()
    } else {
        view! {
            <fieldset class="stack">
                <legend><b>{t::brand_handover_shops()}</b></legend>
                <p class="small muted">{t::brand_handover_shops_help()}</p>
                <div class="picks">{picks}</div>
            </fieldset>
        }
        .into_light()
    };
    let campaign = campaign.to_owned();
    view! {
        <DeskHead title=t::brand_handover_title() crumbs><ButtonLink href=back look=Look::Link>{t::brand_campaign_back()}</ButtonLink></DeskHead>
        {saved.then(|| view! { <Banner icon=path::CHECK>{t::brand_handover_saved()}</Banner> })}
        <form method="post" action="/fn/brand/save_handover" class="card stack">
            <p class="muted">{t::brand_handover_lead()}</p>
            <input type="hidden" name="reward" value=reward />
            <input type="hidden" name="campaign" value=campaign />
            <div class="fields">
                <Field id="from" kind="date" label=t::brand_handover_from() initial=from optional=true />
                <Field id="until" kind="date" label=t::brand_handover_until() initial=until optional=true />
            </div>
            {list}
            {manages.then(|| view! { <div class="row"><Button submit=true look=Look::Key icon=path::CHECK>{t::brand_counter_save()}</Button></div> })}
        </form>
    }
    .into_light()
}

/// A reward of the actor's organisation with the shops of its brand.
#[server(prefix = "/fn", endpoint = "brand/read_handover")]
pub async fn read_handover(reward: String) -> Result<Handover, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let reward = loyalty::reward::get(&mut tx, &actor, id).await?;
    let shops = identity::participation::list(&mut tx, &actor, reward.brand_id).await?;
    let chosen = &reward.availability.shops;
    let mut listed: Vec<(String, String, bool)> =
        shops.iter().map(|shop| (shop.shop_id.to_string(), shop.name.clone(), chosen.contains(&shop.shop_id))).collect();
    // One that hands it over and takes part no more stays until somebody takes it off.
    for shop in chosen.iter().filter(|shop| !shops.iter().any(|one| one.shop_id == **shop)) {
        listed.push((shop.to_string(), identity::shop::get(&mut tx, *shop).await?.name, true));
    }
    let text = |date: Option<shared::CivilDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    Ok(Handover {
        reward: reward.id.to_string(),
        from: text(reward.availability.from),
        until: text(reward.availability.until),
        name: reward.name,
        shops: listed,
        manages: actor.manages(organisation.id).is_ok(),
    })
}

/// Says on which days and at which shops it is handed over.
#[server(prefix = "/fn", endpoint = "brand/save_handover")]
pub async fn save_handover(
    #[server(default)] reward: String,
    #[server(default)] campaign: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] shops: Vec<String>,
) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let date = |text: &str, field: &'static str| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| shared::Problem::field(field, "bad_date", "")),
    };
    let shops = shops.iter().map(|shop| shop.parse().map_err(|_| shared::Problem::field("shops", "bad_field", "")));
    let availability = shared::loyalty::RewardAvailability {
        from: date(&from, "from")?,
        until: date(&until, "until")?,
        shops: shops.collect::<Result<_, _>>()?,
    };
    loyalty::reward::set_availability(&mut tx, &actor, now, id, &availability).await?;
    tx.commit().await?;
    request::go(&["/b/reward?id=", &reward, "&campaign=", &campaign, "&saved=1"].concat());
    Ok(())
}
