//! Rewards of the organisation: what is left of each, how many one person may have, and when and where it is handed over.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{
    ButtonLink, Chip, Column, DeskHead, Empty, IntoLight, Look, Size, Skeleton, SkeletonKind, Table, Tone, UiError, icon::path, refused, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate, Country, format,
    loyalty::{Reward, RewardAvailability},
};

use crate::frame::Desk;

/// Address of the list.
pub(crate) const HERE: &str = "/b/rewards";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rewards {
    /// Each with the name of its brand, newest first.
    rewards: Vec<(String, Reward)>,
    /// More than one brand has rewards here.
    brands: bool,
    /// There may be more than are listed.
    cut: bool,
    today: CivilDate,
    country: Country,
}

/// `/b/rewards`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_rewards());
    view! {
        <Desk current="/b/rewards" told=true>
            <DeskHead title=t::brand_rewards_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(rewards) => shown(rewards),
                    Err(error) => refused(&error, HERE),
                })}
            </Suspense>
        </Desk>
    }
}

/// From when until when, in words.
pub(crate) fn days(availability: &RewardAvailability) -> String {
    match (availability.from, availability.until) {
        (None, None) => t::brand_rewards_always().to_owned(),
        (Some(from), None) => t::brand_rewards_from(&format::date(from)).to_string(),
        (None, Some(until)) => t::brand_rewards_until(&format::date(until)).to_string(),
        (Some(from), Some(until)) => t::brand_rewards_between(&format::date(from), &format::date(until)).to_string(),
    }
}

/// Where, in words.
pub(crate) fn places(availability: &RewardAvailability) -> String {
    match availability.shops.len() {
        0 => t::brand_rewards_everywhere().to_owned(),
        some => t::brand_rewards_shops(some as i64).to_string(),
    }
}

/// Whether it is handed over today, when that is not plain.
fn state(availability: &RewardAvailability, today: CivilDate) -> AnyView {
    if availability.until.is_some_and(|until| until < today) {
        view! { <Chip table=true>{t::brand_rewards_over()}</Chip> }.into_light()
    } else if availability.from.is_some_and(|from| today < from) {
        view! { <Chip tone=Tone::Warning table=true>{t::brand_rewards_soon()}</Chip> }.into_light()
    } else {
        ().into_light()
    }
}

fn shown(page: Rewards) -> AnyView {
    let Rewards { rewards, brands, cut, today, country } = page;
    if rewards.is_empty() {
        return view! {
            <section class="card">
                <Empty title=t::brand_rewards_empty_title() text=t::brand_rewards_empty_text() icon=path::GIFT>
                    <ButtonLink href="/b/campaigns/new" look=Look::Key size=Size::Dense icon=path::PLUS>{t::brand_campaigns_new()}</ButtonLink>
                </Empty>
            </section>
        }
        .into_light();
    }
    let number = |value: Option<i64>| value.map_or_else(|| t::brand_rewards_no_limit().to_owned(), |value| format::integer(value, country));
    let rows = rewards
        .into_iter()
        .map(|(brand, reward)| {
            let href = ["/b/reward?id=", &reward.id.to_string()].concat();
            let of = brands.then(|| view! { <br /><span class="small muted">{brand}</span> });
            let none = (reward.stock_left == Some(0))
                .then(|| view! { " " <Chip tone=Tone::Danger table=true>{t::brand_rewards_none_left()}</Chip> });
            let state = state(&reward.availability, today);
            view! {
                <tr>
                    <th scope="row"><a class="link" href=href>{reward.name}</a>{of}</th>
                    <td data-label=t::brand_rewards_left() class="table__num">{number(reward.stock_left)}{none}</td>
                    <td data-label=t::brand_rewards_per_person() class="table__num">{number(reward.max_per_consumer)}</td>
                    <td data-label=t::brand_rewards_days()>{days(&reward.availability)} " " {state}</td>
                    <td data-label=t::brand_rewards_where()>{places(&reward.availability)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_counter_reward()),
        Column::number(t::brand_rewards_left()),
        Column::number(t::brand_rewards_per_person()),
        Column::text(t::brand_rewards_days()),
        Column::text(t::brand_rewards_where()),
    ];
    let more = cut.then(|| view! { <p class="small muted key-form">{t::brand_rewards_cut()}</p> });
    view! {
        <p class="muted">{t::brand_rewards_lead()}</p>
        <section class="card card--flush"><Table caption=t::brand_rewards_title() cards=true columns>{rows}</Table>{more}</section>
    }
    .into_light()
}

/// Rewards of the actor's organisation.
#[server(prefix = "/fn", endpoint = "brand/read_rewards")]
pub async fn read_rewards() -> Result<Rewards, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let rewards = loyalty::reward::list(&mut tx, &actor, now).await?;
    let name =
        |reward: &Reward| brands.iter().find(|brand| brand.id == reward.brand_id).map(|brand| brand.name.clone()).unwrap_or_default();
    Ok(Rewards {
        cut: rewards.len() >= loyalty::reward::LISTED_MAX,
        rewards: rewards.into_iter().map(|reward| (name(&reward), reward)).collect(),
        brands: brands.len() > 1,
        today: identity::shop::local_date(organisation.country.time_zone(), now),
        country: organisation.country,
    })
}
