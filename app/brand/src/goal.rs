//! What neighbours reach together: the goal of a campaign, and levels of the brand's consumers.

#[cfg(feature = "ssr")]
use kit::request;
use kit::{Button, Choice, Column, Field, IntoLight, Look, Size, Table, UiError, icon::path, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format};

/// The goal of a campaign, and what it could give.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GoalOf {
    /// In words; absent: it has none.
    says: Option<String>,
    reached: i64,
    /// Name, units unless they are of few people, and whether it got there.
    shops: Vec<(String, Option<i64>, bool)>,
    target: i64,
    /// Rewards with an end, while the goal can still be set.
    rewards: Vec<(String, String)>,
}

/// The goal as a card of the campaign's page. `sets`: it can still change.
pub(crate) fn goal_card(campaign: &str, goal: GoalOf, sets: bool) -> Option<AnyView> {
    let GoalOf { says, reached, shops, target, rewards } = goal;
    if says.is_none() && !sets {
        return None;
    }
    let id = campaign.to_owned();
    let has = says.is_some();
    let rows = shops
        .into_iter()
        .map(|(name, units, there)| {
            let units = units.map_or_else(|| t::brand_summary_few().to_owned(), |units| format!("{units} / {target}"));
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td data-label=t::brand_goal_units()>{units}</td>
                    <td data-label=t::brand_goal_there()>{if there { t::brand_goal_yes() } else { t::brand_goal_not_yet() }}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let table = (!rows.is_empty()).then(|| {
        let columns = vec![Column::text(t::brand_goal_shop()), Column::text(t::brand_goal_units()), Column::text(t::brand_goal_there())];
        view! {
            <p>{t::brand_goal_reached(reached, &reached.to_string())}</p>
            <Table caption=t::brand_goal_title() cards=true columns>{rows}</Table>
        }
    });
    let form = (sets && !rewards.is_empty()).then(|| {
        let id = id.clone();
        view! {
            <details>
                <summary class="btn btn--secondary btn--dense">{if has { t::brand_goal_change() } else { t::brand_goal_set() }}</summary>
                <form method="post" action="/fn/brand/set_goal" class="stack">
                    <input type="hidden" name="campaign" value=id />
                    <Field id="target_units" label=t::brand_goal_target() inputmode="numeric" maxlength=7 required=true initial="100" />
                    <Field id="consumers_min" label=t::brand_goal_people() inputmode="numeric" maxlength=6 required=true initial="10" />
                    <Field id="per_consumer_max" label=t::brand_goal_each() inputmode="numeric" maxlength=6 required=true initial="20" help=t::brand_goal_each_help() />
                    <Choice id="goal_reward" label=t::brand_goal_reward() options=rewards />
                    <div class="row"><Button submit=true look=Look::Secondary size=Size::Dense icon=path::CHECK>{t::brand_counter_save()}</Button></div>
                </form>
            </details>
        }
    });
    let clear = (sets && has).then(|| {
        view! {
            <form method="post" action="/fn/brand/clear_goal">
                <input type="hidden" name="campaign" value=id />
                <Button submit=true look=Look::Link size=Size::Dense>{t::brand_goal_clear()}</Button>
            </form>
        }
    });
    Some(
        view! {
            <section class="card stack" aria-labelledby="goal" data-goal=if has { "set" } else { "none" }>
                <h2 id="goal">{t::brand_goal_title()}</h2>
                <p>{says.unwrap_or_else(|| t::brand_goal_none().to_owned())}</p>
                {table}
                {form}
                {clear}
            </section>
        }
        .into_light(),
    )
}

/// The goal of a campaign that the actor may read.
#[cfg(feature = "ssr")]
pub(crate) async fn goal_of(
    tx: &mut db::Tx,
    actor: &identity::Actor,
    now: shared::Timestamp,
    campaign: &shared::loyalty::Campaign,
    country: Country,
) -> Result<GoalOf, UiError> {
    let mut of = GoalOf::default();
    match loyalty::goal::progress(tx, actor, now, campaign.id).await {
        Ok(progress) => {
            let whole = |n: i64| format::integer(n, country);
            let goal = progress.goal;
            of.says = Some(t::brand_goal_says(
                &whole(goal.per_consumer_max),
                &whole(goal.consumers_min),
                &progress.reward_name,
                &whole(goal.target_units),
            ));
            of.reached = progress.reached;
            of.target = goal.target_units;
            of.shops = progress.shops.into_iter().take(20).map(|shop| (shop.shop_name, shop.units, shop.reached)).collect();
        }
        Err(loyalty::Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    if campaign.version == 0 {
        let rewards = loyalty::reward::list(tx, actor, now).await?;
        let fits =
            rewards.into_iter().filter(|reward| reward.brand_id == campaign.brand_id && reward.stock_left.is_some_and(|left| left > 0));
        of.rewards = fits.map(|reward| (reward.id.to_string(), reward.name)).collect();
    }
    Ok(of)
}

#[cfg(feature = "ssr")]
fn number(text: &str, field: &'static str) -> Result<i64, shared::Problem> {
    text.trim().replace('.', "").parse().map_err(|_| shared::Problem::field(field, "out_of_range", ""))
}

/// Sets the goal of a draft.
#[server(prefix = "/fn", endpoint = "brand/set_goal")]
pub async fn set_goal(
    campaign: String,
    target_units: String,
    consumers_min: String,
    per_consumer_max: String,
    goal_reward: String,
) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let goal = shared::loyalty::ShopGoal {
        target_units: number(&target_units, "target_units")?,
        consumers_min: number(&consumers_min, "consumers_min")?,
        per_consumer_max: number(&per_consumer_max, "per_consumer_max")?,
        reward_id: goal_reward.parse().map_err(|_| shared::Problem::not_found())?,
    };
    loyalty::goal::set(&mut tx, &actor, now, id, &goal).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Takes the goal of a draft away.
#[server(prefix = "/fn", endpoint = "brand/clear_goal")]
pub async fn clear_goal(campaign: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::goal::clear(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// A brand's levels for its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelsOf {
    brand: String,
    name: String,
    /// Points of the second and the third level; absent: it has none.
    levels: Option<(i64, i64)>,
}

/// Levels of each brand, and the switch.
pub(crate) fn levels_card(brands: Vec<LevelsOf>, manages: bool, country: Country) -> AnyView {
    let whole = move |n: i64| format::integer(n, country);
    let lines = brands
        .iter()
        .map(|of| {
            let says = match of.levels {
                Some((second, third)) => t::brand_levels_says(&whole(second), &whole(third)),
                None => t::brand_levels_off().to_owned(),
            };
            let off = (manages && of.levels.is_some()).then(|| {
                let brand = of.brand.clone();
                view! {
                    <form method="post" action="/fn/brand/clear_levels">
                        <input type="hidden" name="brand" value=brand />
                        <Button submit=true look=Look::Link size=Size::Dense>{t::brand_levels_clear()}</Button>
                    </form>
                }
            });
            let on = if of.levels.is_some() { "on" } else { "off" };
            view! { <li class="row row--wrap row--between" data-levels=on><span><b>{of.name.clone()}</b> " · " {says}</span> {off}</li> }
        })
        .collect::<Vec<_>>();
    let options: Vec<(String, String)> = brands.iter().map(|of| (of.brand.clone(), of.name.clone())).collect();
    let form = (manages && !options.is_empty()).then(|| {
        view! {
            <details>
                <summary class="btn btn--secondary btn--dense">{t::brand_levels_set()}</summary>
                <form method="post" action="/fn/brand/set_levels" class="stack">
                    <Choice id="levels_brand" label=t::brand_levels_brand() options=options />
                    <div class="fields">
                        <Field id="second_points" label=t::brand_levels_second() inputmode="numeric" maxlength=10 required=true initial="500" />
                        <Field id="third_points" label=t::brand_levels_third() inputmode="numeric" maxlength=10 required=true initial="2000" />
                    </div>
                    <div class="row"><Button submit=true look=Look::Key size=Size::Dense>{t::brand_counter_save()}</Button></div>
                </form>
            </details>
        }
    });
    view! {
        <section class="card stack" aria-labelledby="levels">
            <h2 id="levels">{t::brand_levels_title()}</h2>
            <p class="muted">{t::brand_levels_text()}</p>
            <ul class="stack stack--8">{lines}</ul>
            {form}
        </section>
    }
    .into_light()
}

/// The levels of every brand of the actor's organisation.
#[cfg(feature = "ssr")]
pub(crate) async fn levels_of(tx: &mut db::Tx, actor: &identity::Actor) -> Result<Vec<LevelsOf>, UiError> {
    let mut all = Vec::new();
    for brand in identity::organisation::brands(tx, actor).await? {
        let levels = loyalty::level::of_brand(tx, actor, brand.id).await?;
        all.push(LevelsOf {
            brand: brand.id.to_string(),
            name: brand.name,
            levels: levels.map(|levels| (levels.second_points, levels.third_points)),
        });
    }
    Ok(all)
}

/// Switches a brand's levels on.
#[server(prefix = "/fn", endpoint = "brand/set_levels")]
pub async fn set_levels(levels_brand: String, second_points: String, third_points: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let brand = levels_brand.parse().map_err(|_| shared::Problem::not_found())?;
    let levels = shared::loyalty::BrandLevels {
        second_points: number(&second_points, "second_points")?,
        third_points: number(&third_points, "third_points")?,
    };
    loyalty::level::set(&mut tx, &actor, now, brand, &levels).await?;
    tx.commit().await?;
    request::go("/b/account");
    Ok(())
}

/// Switches them off.
#[server(prefix = "/fn", endpoint = "brand/clear_levels")]
pub async fn clear_levels(brand: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    loyalty::level::clear(&mut tx, &actor, now, brand.parse().map_err(|_| shared::Problem::not_found())?).await?;
    tx.commit().await?;
    request::go("/b/account");
    Ok(())
}
