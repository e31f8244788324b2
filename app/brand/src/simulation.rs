//! What a campaign would have given in the last weeks, and what it will probably give.

use kit::{
    Banner, Bar, Button, Chip, Choice, Column, DeskHead, IntoLight, Look, Size, Skeleton, SkeletonKind, StatTile, Table, Tiles, UiError,
    icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, format,
    loyalty::{Simulation, campaign::Unit},
};

use crate::frame::Desk;

/// A simulation with whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    id: String,
    name: String,
    weeks: i64,
    country: Country,
    told: Simulation,
}

/// Weeks that are offered.
const WEEKS: [i64; 5] = [4, 8, 13, 20, 26];

/// `/b/campaign/simulation?id=<id>&weeks=8`
#[component]
pub(crate) fn SimulationPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let weeks = request::query("weeks").and_then(|weeks| weeks.parse().ok()).unwrap_or(8);
    let page = Resource::new(|| (), move |()| simulate(id.clone(), weeks));
    view! {
        <Desk current="/b/campaigns">
            <Suspense fallback=|| view! { <Banner note=true icon=path::HOURGLASS>{t::brand_simulation_working()}</Banner> <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(simulated) => shown(simulated),
                    Err(error) => view! { <DeskHead title=t::brand_campaigns_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// Bars with their words and figures: the list is the table behind the picture.
fn bars(rows: Vec<(String, Option<i64>, String)>) -> AnyView {
    let most = rows.iter().filter_map(|(_, n, _)| *n).max().unwrap_or(0).max(1);
    let items = rows
        .into_iter()
        .map(|(name, n, words)| {
            let share = u32::try_from(n.unwrap_or(0).max(0).saturating_mul(1_000) / most).unwrap_or(1_000);
            view! {
                <li class="bars__row">
                    <span class="bars__name">{name}</span>
                    <Bar permille=share tall=true />
                    <span class="bars__figure">{words}</span>
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! { <ul class="bars">{items}</ul> }.into_light()
}

fn shown(simulated: Simulated) -> AnyView {
    let Simulated { id, name, weeks, country, told } = simulated;
    let back = ["/b/campaign?id=", &id].concat();
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into()), (name.clone().into(), back.into())];
    let (currency, what) = (told.currency, told.unit);
    let number = move |n: i64| format::integer(n, country);
    let money = move |minor: i64| format::money(minor, currency, country);
    let unit = move |n: i64| {
        if what == Unit::Stamps { t::common_stamps(n) } else { t::common_points(n) }
    };
    let cost = move |minor: Option<i64>| minor.map_or_else(|| t::brand_simulation_no_cost().to_owned(), money);
    let options = WEEKS.iter().map(|n| (n.to_string(), t::brand_simulation_weeks(&n.to_string()))).collect::<Vec<_>>();
    let worst = told.worst_case_minor.map_or_else(|| t::brand_simulation_no_end().to_owned(), money);
    let forecast = match told.forecast.clone() {
        Some(forecast) => {
            let end = match forecast.exhausted_on {
                Some(date) => t::brand_simulation_exhausted(&format::date(date)).to_string(),
                None => t::brand_simulation_not_exhausted().to_owned(),
            };
            view! {
                <section class="card stack" aria-labelledby="forecast" data-forecast=forecast.awarded.to_string()>
                    <div class="panel__head"><h2 id="forecast">{t::brand_simulation_forecast()}</h2><Chip table=true>{format::date(forecast.from)} " – " {format::date(forecast.to)}</Chip></div>
                    <Tiles>
                        <StatTile label=t::brand_simulation_awarded() figure=number(forecast.awarded) unit=unit(forecast.awarded).to_string() />
                        <StatTile label=t::brand_simulation_rewards() figure=number(forecast.rewards) unit=String::new() />
                        <StatTile label=t::brand_simulation_cost() figure=cost(forecast.cost_minor) unit=String::new() />
                        <StatTile label=t::brand_simulation_worst() figure=worst unit=String::new() />
                    </Tiles>
                    <p>{end}</p>
                    <p class="small muted">{t::brand_simulation_method(&format::integer(forecast.weeks, country))}</p>
                </section>
            }
            .into_light()
        }
        None => view! { <Banner note=true icon=path::INFO>{t::brand_simulation_no_forecast()}</Banner> }.into_light(),
    };
    let by_week = told
        .weeks
        .iter()
        .map(|week| (format::day_month(week.starts), Some(week.awarded), [number(week.awarded), unit(week.awarded)].join(" ")))
        .collect();
    let by_consumer = told
        .distribution
        .iter()
        .map(|cell| {
            let range = if cell.from == cell.to { number(cell.from) } else { [number(cell.from), number(cell.to)].join("–") };
            let name = [range, unit(cell.to)].join(" ");
            let people = |count| [number(count), t::brand_simulation_people(count)].join(" ");
            (name, cell.consumers, cell.consumers.map_or_else(|| t::brand_simulation_hidden().to_owned(), people))
        })
        .collect();
    let rows = told
        .weeks
        .iter()
        .map(|week| {
            view! {
                <tr>
                    <th scope="row">{format::date(week.starts)}</th>
                    <td class="table__num" data-label=t::brand_simulation_purchases()>{number(week.purchases)}</td>
                    <td class="table__num" data-label=t::brand_simulation_awarded()>{number(week.awarded)}</td>
                    <td class="table__num" data-label=t::brand_simulation_rewards()>{number(week.rewards)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_simulation_week()),
        Column::number(t::brand_simulation_purchases()),
        Column::number(t::brand_simulation_awarded()),
        Column::number(t::brand_simulation_rewards()),
    ];
    let notes = told
        .assumptions
        .iter()
        .filter_map(|word| match word.as_str() {
            "everybody_joins" => Some(t::brand_simulation_everybody_joins().to_owned()),
            "group_alone" => Some(t::brand_simulation_group_alone().to_owned()),
            "sample" => Some(t::brand_simulation_sample(&number(told.one_in)).to_string()),
            "rewards_are_handed_over" => Some(t::brand_simulation_handed_over().to_owned()),
            "shops_of_today" => Some(t::brand_simulation_shops_of_today().to_owned()),
            _ => None,
        })
        .map(|note| view! { <li>{note}</li> })
        .collect::<Vec<_>>();
    view! {
        <DeskHead title=t::brand_simulation_title().to_owned() crumbs>
            <form method="get" action="/b/campaign/simulation" class="row">
                <input type="hidden" name="id" value=id />
                <Choice id="weeks" label=t::brand_simulation_look_back() options chosen=weeks.to_string() />
                <Button submit=true look=Look::Secondary size=Size::Dense>{t::brand_simulation_again()}</Button>
            </form>
        </DeskHead>
        {forecast}
        <section class="stack" aria-labelledby="replay">
            <h2 id="replay">{t::brand_simulation_replay()} " · " {format::date(told.from)} " – " {format::date(told.to)}</h2>
            <Tiles>
                <StatTile label=t::brand_simulation_purchases() figure=number(told.purchases) unit=String::new() />
                <StatTile label=t::brand_simulation_awarded() figure=number(told.awarded) unit=unit(told.awarded).to_string() />
                <StatTile label=t::brand_simulation_rewards() figure=number(told.rewards) unit=String::new() />
                <StatTile label=t::brand_simulation_cost() figure=cost(told.cost_minor) unit=String::new() />
            </Tiles>
            {told.exhausted_on.map(|date| view! { <p>{t::brand_simulation_exhausted_then(&format::date(date))}</p> })}
        </section>
        <div class="panels panels--main">
            <section class="card stack" aria-labelledby="by-week">
                <h2 id="by-week">{t::brand_simulation_by_week()}</h2>
                {bars(by_week)}
            </section>
            <section class="card stack" aria-labelledby="by-consumer">
                <h2 id="by-consumer">{t::brand_simulation_by_consumer()}</h2>
                {bars(by_consumer)}
                <p class="small muted">{t::brand_simulation_small()}</p>
            </section>
        </div>
        <section class="card card--flush"><Table caption=t::brand_simulation_by_week() cards=true columns>{rows}</Table></section>
        {(!notes.is_empty()).then(|| view! { <section class="card" aria-labelledby="notes"><h2 id="notes">{t::brand_simulation_notes()}</h2><ul class="missing">{notes}</ul></section> })}
    }
    .into_light()
}

/// Plays the draft over the last weeks and forecasts its own dates. Writes nothing.
#[server(prefix = "/fn", endpoint = "brand/simulate")]
pub async fn simulate(campaign: String, #[server(default)] weeks: i64) -> Result<Simulated, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let campaign = loyalty::campaign::get(&mut tx, &actor, now, id).await?;
    let points = reports::point_cost(&mut tx, &actor, campaign.brand_id, campaign.rules.starts).await?;
    let points = points.map(|(thousand_points_minor, expected_redemption_bp)| loyalty::replay::PointCost {
        thousand_points_minor,
        expected_redemption_bp,
    });
    let weeks = weeks.clamp(1, loyalty::replay::WEEKS_MAX);
    let told = loyalty::replay::simulate(&mut tx, &actor, now, id, weeks, points).await?;
    Ok(Simulated { id: campaign.id.to_string(), name: campaign.name, weeks, country: organisation.country, told })
}
