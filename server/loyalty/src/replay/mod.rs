//! What a campaign would have given: its rules over the brand's own past, with the very evaluation that purchases use.
//!
//! [`simulate`] replays a draft over the last weeks and forecasts its own dates; [`as_it_ran`] replays a campaign over its
//! own dates, to show that both say the same. Sales are read day by day and given to [`engine::Run`] in the order in
//! which they were worked out when they were live; what is held in memory are consumers, not sales. Where a brand sold more
//! than [`LINES_MAX`] lines, one consumer in so many stands for all, and the answer says so.

mod engine;
mod forecast;
#[cfg(test)]
mod histories;
pub(crate) mod read;

use std::collections::BTreeMap;

use db::{Tx, sql};
use identity::Actor;
use shared::{
    CampaignId, CivilDate, Currency, PurchaseId, Timestamp,
    loyalty::{
        Campaign, CampaignRules, ConsumersWith, Reward, SimulatedWeek, Simulation,
        campaign::{CapScope, Enrolment, ShopScope},
        evaluation::Trace,
        simulation::hide_small,
    },
};

use sqlx::types::Json;

use crate::{Error, campaign, goal, reward};
use engine::{Linked, Run, Version};
pub use forecast::{DayOf, Plan, predict};
use read::Past;

/// Weeks that can be replayed.
pub const WEEKS_MAX: i64 = 26;
/// Weeks of sales that a forecast looks at.
const HISTORY_WEEKS: i64 = 26;
/// Windows before the last one in which full cards are counted.
const EARLIER_MAX: i64 = 3;
/// Longest campaign that is forecast, in days.
const FORECAST_DAYS_MAX: i64 = 366;
/// Lines of sales that are replayed whole; above, a sample of consumers is.
pub const LINES_MAX: i64 = 400_000;
/// Campaigns replayed as they ran: sales at most.
const TRACES_MAX: usize = 100_000;
/// Basis points of a whole.
const WHOLE_BP: i128 = 10_000;

/// What a point costs, as the brand says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointCost {
    /// Of a thousand points, minor units.
    pub thousand_points_minor: i64,
    /// Share of points that are used, basis points.
    pub expected_redemption_bp: i64,
}

impl PointCost {
    fn of(self, points: i64) -> i64 {
        let minor =
            i128::from(points) * i128::from(self.thousand_points_minor) * i128::from(self.expected_redemption_bp) / (1_000 * WHOLE_BP);
        i64::try_from(minor).unwrap_or(i64::MAX)
    }
}

/// Replays the draft over the last `weeks` complete weeks of days, and forecasts its own dates from what was sold before them.
///
/// The forecast rests on what could be known when the last of those days was over, the day before the eve of the campaign at
/// the latest: asked again while it runs or when it is over, it says the same. Later sales and returns, people who joined and
/// rewards that were given since do not count. Counts of fewer than ten consumers are hidden. Writes nothing: the caller may give a read-only transaction.
pub async fn simulate(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: CampaignId,
    weeks: i64,
    points: Option<PointCost>,
) -> Result<Simulation, Error> {
    let campaign = campaign::get(tx, actor, now, id).await?;
    if !(1..=WEEKS_MAX).contains(&weeks) {
        return Err(Error::Field("weeks"));
    }
    let rules = &campaign.rules;
    let (zone, currency) = home(tx, &campaign).await?;
    let today = identity::shop::local_date(zone, now);
    let linked = match campaign::linked_reward(rules) {
        Some(id) => Some(reward::get_at(tx, actor, now, id).await?),
        None => None,
    };
    let day = |date: CivilDate, days: i64| date.plus_days(days).ok_or(Error::Field("weeks"));
    let (from, to) = (day(today, -7 * weeks)?, day(today, -1)?);
    // The forecast knows nothing of the campaign's own days, and of its eve no more than whoever asks on that day.
    let known_until = to.min(day(rules.starts, -2)?);
    let cutoff = identity::shop::start_of_day(zone, day(known_until, 1)?);
    let length = rules.ends.days_since(rules.starts).clamp(0, FORECAST_DAYS_MAX - 1) + 1;
    let window = day(known_until, 1 - (length + 6) / 7 * 7)?.max(day(known_until, 1 - 7 * HISTORY_WEEKS)?);
    let history = day(known_until, 1 - 7 * HISTORY_WEEKS)?.max(day(today, -7 * 2 * HISTORY_WEEKS)?);
    let past = Past::open(tx, &campaign, &[rules], from.min(history), to).await?;
    let scale = past.one_in;
    let stock = match linked.as_ref().and_then(|reward| reward.stock_left.map(|left| (reward.id, left))) {
        Some((reward, left)) => {
            let (since,): (i64,) = tx.query(ISSUED_SINCE).bind(reward).bind(campaign.organisation_id).bind(cutoff).bind(now).one().await?;
            Some(left + since)
        }
        None => None,
    };
    let of_card = |stock| linked.as_ref().map(|reward| Linked::of(reward, stock, scale));
    let mut replayed = Run::new(between(rules, from, to), of_card(stock), scale).opening(rules.starts);
    let unbounded = CampaignRules {
        caps: rules.caps.iter().filter(|cap| cap.scope != CapScope::Campaign).copied().collect(),
        ..between(rules, window, known_until)
    };
    let mut earlier = Vec::new();
    if linked.is_some() {
        let span = known_until.days_since(window) + 1;
        for back in 1..=EARLIER_MAX {
            let (starts, ends) = (day(window, -span * back)?, day(window, -span * (back - 1) - 1)?);
            if starts >= history {
                let rules = CampaignRules { starts, ends, ..unbounded.clone() };
                earlier.push(Run::new(rules, of_card(None), scale).opening(campaign.rules.starts).known(cutoff));
            }
        }
    }
    let mut trial = Run::new(unbounded, of_card(None), scale).opening(rules.starts).known(cutoff);
    let potential_rules = CampaignRules { caps: Vec::new(), bonuses: Vec::new(), ..between(rules, history, known_until) };
    let mut potential = Run::new(potential_rules, None, scale).opening(rules.starts).known(cutoff);
    past.play(tx, &mut |event, context| {
        for run in [&mut replayed, &mut trial, &mut potential].into_iter().chain(&mut earlier) {
            run.take(event, context);
        }
    })
    .await?;
    let cost = |awarded: i64, rewards: i64| match &linked {
        Some(reward) => Some(rewards.saturating_mul(reward.unit_cost_minor + reward.handling_fee_minor)),
        None => points.map(|cost| cost.of(awarded)),
    };
    let days = |run: &Run| -> BTreeMap<CivilDate, DayOf> {
        run.days.iter().map(|(date, day)| (*date, DayOf { awarded: day.awarded, rewards: day.rewards, purchases: day.purchases })).collect()
    };
    let budget = rules.caps.iter().filter(|cap| cap.scope == CapScope::Campaign).map(|cap| cap.max).min();
    let planned = forecast::Plan {
        from: rules.starts,
        to: rules.ends,
        window,
        known_until,
        history,
        budget: budget.map(|budget| budget / scale),
        stock: stock.map(|stock| stock / scale),
        earlier: DayOf {
            awarded: earlier.iter().map(Run::awarded).sum(),
            rewards: earlier.iter().map(Run::rewards).sum(),
            purchases: earlier.iter().map(Run::purchases).sum(),
        },
    };
    let forecast = predict(&planned, &days(&potential), &days(&trial)).map(|mut told| {
        told.awarded = told.awarded.saturating_mul(scale);
        told.rewards = told.rewards.saturating_mul(scale);
        told.cost_minor = cost(told.awarded, told.rewards);
        told
    });
    let awarded = replayed.awarded().saturating_mul(scale);
    let rewards = replayed.rewards().saturating_mul(scale);
    let worst_case_minor = worst_case(tx, actor, now, &campaign, linked.as_ref(), budget, points).await?;
    // Who was looked at is hidden, not who that stands for.
    let mut distribution = replayed.distribution();
    hide_small(&mut distribution);
    for cell in &mut distribution {
        cell.consumers = cell.consumers.map(|n| n.saturating_mul(scale));
    }
    Ok(Simulation {
        from,
        to,
        unit: rules.unit,
        purchases: replayed.purchases().saturating_mul(scale),
        awarded,
        rewards,
        cost_minor: cost(awarded, rewards),
        currency,
        exhausted_on: budget.and_then(|budget| replayed.reached(budget / scale)),
        weeks: weeks_of(&replayed, from, weeks, scale),
        distribution,
        one_in: scale,
        assumptions: assumptions(rules, &past, from, linked.is_some()),
        forecast,
        worst_case_minor,
    })
}

/// Every purchase of a published campaign with what the evaluation says of it now, played again over its own dates, each by
/// the version that was in force when it happened: what was given live. In the order in which they were worked out. For the owner's auditors; at most 100 000.
pub async fn as_it_ran(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Vec<(PurchaseId, Trace)>, Error> {
    let campaign = campaign::get(tx, actor, now, id).await?;
    let rows: Vec<(Timestamp, Option<Timestamp>, Json<CampaignRules>)> =
        tx.query(VERSIONS).bind(id).bind(campaign.organisation_id).all().await?;
    let version = |(from, until, rules): (Timestamp, Option<Timestamp>, Json<CampaignRules>)| Version {
        from,
        until: until.unwrap_or(Timestamp(i64::MAX)),
        rules: rules.0,
    };
    let versions: Vec<Version> = rows.into_iter().map(version).collect();
    let each: Vec<&CampaignRules> = versions.iter().map(|version| &version.rules).collect();
    let from = each.iter().map(|rules| rules.starts).min().ok_or(Error::NotFound)?;
    let to = each.iter().map(|rules| rules.ends).max().ok_or(Error::NotFound)?;
    let mut past = Past::open(tx, &campaign, &each, from, to).await?;
    past.one_in = 1;
    let mut run = Run::of_versions(versions, None, 1);
    let mut traces = Vec::new();
    past.play(tx, &mut |event, context| {
        if let Some(trace) = run.take(event, context)
            && traces.len() < TRACES_MAX
        {
            traces.push(trace);
        }
    })
    .await?;
    Ok(traces)
}

/// The same rules on other dates: everything else is what is asked.
fn between(rules: &CampaignRules, starts: CivilDate, ends: CivilDate) -> CampaignRules {
    CampaignRules { starts, ends, ..rules.clone() }
}

async fn home(tx: &mut Tx, campaign: &Campaign) -> Result<(&'static str, Currency), Error> {
    let (country,): (shared::Country,) = tx.query(COUNTRY).bind(campaign.organisation_id).one().await?;
    Ok((country.time_zone(), country.currency()))
}

fn weeks_of(run: &Run, from: CivilDate, weeks: i64, scale: i64) -> Vec<SimulatedWeek> {
    let mut told = Vec::new();
    for week in 0..weeks {
        let Some(starts) = from.plus_days(7 * week) else {
            break;
        };
        let mine = run.days.iter().filter(|(date, _)| (0..7).contains(&date.days_since(starts))).map(|(_, day)| day);
        let mut one = SimulatedWeek { starts, purchases: 0, awarded: 0, rewards: 0 };
        for day in mine {
            one.purchases += day.purchases * scale;
            one.awarded += day.awarded * scale;
            one.rewards += day.rewards * scale;
        }
        told.push(one);
    }
    told
}

fn assumptions(rules: &CampaignRules, past: &Past, from: CivilDate, rewarded: bool) -> Vec<String> {
    let each = [
        (rules.enrolment == Enrolment::Required && (past.everybody_joins || from < rules.starts), "everybody_joins"),
        (rules.exclusive_group.is_some(), "group_alone"),
        (past.one_in > 1, "sample"),
        (rewarded, "rewards_are_handed_over"),
        (matches!(rules.shops, ShopScope::Where(_)), "shops_of_today"),
    ];
    each.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word.to_owned()).collect()
}

/// The most that the campaign can ever cost: what its budget or the stock of its reward lets through.
async fn worst_case(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    campaign: &Campaign,
    linked: Option<&Reward>,
    budget: Option<i64>,
    points: Option<PointCost>,
) -> Result<Option<i64>, Error> {
    // What neighbours may reach together comes on top, unless it is of the same stock.
    let goal = match goal::of_campaign(tx, campaign.organisation_id, campaign.id).await? {
        Some((goal, _)) => Some(reward::get_at(tx, actor, now, goal.reward_id).await?),
        None => None,
    };
    let whole = |reward: &Reward, given: i64| reward.stock_left.map(|left| left + given);
    let cost = |reward: &Reward, many: i64| many.saturating_mul(reward.unit_cost_minor + reward.handling_fee_minor);
    let shared = match &goal {
        Some(reward) => whole(reward, given(tx, campaign, reward).await?).map(|many| cost(reward, many)),
        None => Some(0),
    };
    if let (Some(reward), Some(threshold)) = (linked, campaign.rules.threshold) {
        if goal.as_ref().is_some_and(|goal| goal.id == reward.id) {
            return Ok(shared);
        }
        let by_budget = budget.map(|units| units / threshold.need);
        // What was given is owed, or will be, and what is left can still be given.
        let most = match (by_budget, whole(reward, given(tx, campaign, reward).await?)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        return Ok(most.zip(shared).map(|(rewards, shared)| cost(reward, rewards).saturating_add(shared)));
    }
    let Some(budget) = budget else {
        return Ok(None);
    };
    // Every point is used for what costs the brand most for one point.
    let offers: Vec<(i64, i64)> = tx.query(OFFERS).bind(campaign.brand_id).bind(campaign.organisation_id).all().await?;
    let dearest = offers
        .into_iter()
        .filter(|(cost, _)| *cost > 0)
        .map(|(cost, pays)| i64::try_from((i128::from(budget) * i128::from(pays)).div_euclid(i128::from(cost)) + 1).unwrap_or(i64::MAX))
        .max();
    let said = points.map(|cost| PointCost { expected_redemption_bp: WHOLE_BP as i64, ..cost }.of(budget));
    Ok(dearest.max(said).zip(shared).map(|(points, shared)| points.saturating_add(shared)))
}

/// Rewards of that kind that the campaign gave and that were not taken back.
async fn given(tx: &mut Tx, campaign: &Campaign, reward: &Reward) -> Result<i64, Error> {
    let (given,): (i64,) = tx.query(GIVEN).bind(reward.id).bind(campaign.organisation_id).bind(campaign.id).one().await?;
    Ok(given)
}

/// The distribution's cells: 0, 1, 2, 3–5, 6–10, 11–20 and so on, as far as somebody got.
pub(crate) fn cells(most: i64) -> Vec<ConsumersWith> {
    const CELLS_MAX: usize = 12;
    let mut cells = vec![ConsumersWith { from: 0, to: 0, consumers: Some(0) }];
    let (mut low, mut high, mut step) = (1_i64, 1_i64, 0);
    while low <= most && cells.len() < CELLS_MAX {
        let last = cells.len() == CELLS_MAX - 1;
        cells.push(ConsumersWith { from: low, to: if last { most.max(high) } else { high }, consumers: Some(0) });
        // 1, 2, 5, 10, 20, 50 …
        high = [2, 5, 10][step % 3] * 10_i64.pow(u32::try_from(step / 3).unwrap_or(0));
        step += 1;
        low = cells.last().map_or(low, |cell| cell.to + 1);
    }
    cells
}

sql! {
    COUNTRY: "SELECT country FROM organisation WHERE id = $1";

    /// Units that left the stock since then and did not come back.
    ISSUED_SINCE: "SELECT COUNT(*) FROM reward_instance
                   WHERE reward_id = $1 AND tenant_id = $2 AND issued_at >= $3 AND status NOT IN ('lapsed', 'cancelled') AND NOT unit_passed_on
                     AND NOT (status = 'reserved' AND reserved_until <= $4)";

    GIVEN: "SELECT COUNT(*) FROM reward_instance WHERE reward_id = $1 AND tenant_id = $2 AND campaign_id = $3 AND status NOT IN ('lapsed', 'cancelled')";

    VERSIONS: "SELECT valid_from, valid_until, rules FROM campaign_version WHERE campaign_id = $1 AND tenant_id = $2 ORDER BY number";

    OFFERS: "SELECT cost, unit_cost_minor + handling_fee_minor FROM reward WHERE brand_id = $1 AND tenant_id = $2 AND cost IS NOT NULL ORDER BY id LIMIT 200";
}
