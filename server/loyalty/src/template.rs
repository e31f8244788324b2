//! Campaigns made from a template: a few answers become rules, a reward and a draft.

use db::{Tx, sql};
use identity::Actor;
use shared::{
    BrandId, CampaignId, CivilDate, OrganisationId, ProductId, RewardId, Timestamp,
    loyalty::{
        Campaign, CampaignRules, NewCampaign, NewReward, Rule, RuleKind, Template,
        campaign::{Basis, Cap, CapScope, Combine, Multiplier, MultiplierWhen, OnExceed, ShopGroup, ShopScope, Threshold, Unit},
        factor::Factor,
    },
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Error, campaign, gate, reward, terms::Prize};

/// The name of the factor that doubles some days.
const DAYS_FACTOR: &str = "days";

/// The answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The campaign that they change; absent: a new one.
    pub campaign: Option<CampaignId>,
    /// Who gives.
    pub brand_id: BrandId,
    /// 1 to 80 characters.
    pub name: String,
    /// First local day, included.
    pub starts: CivilDate,
    /// Last local day, included.
    pub ends: CivilDate,
    /// What takes part.
    pub products: Vec<ProductId>,
    /// How one earns.
    pub mechanic: Mechanic,
    /// What few campaigns need.
    pub extras: Extras,
}

/// What stands behind a disclosure: where it counts, how much it may give, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Only shops of these zones and distributors; empty: no such limit.
    pub places: ShopGroup,
    /// Units that the whole campaign gives at most.
    pub budget: Option<i64>,
    /// Only for adults.
    pub adults_only: bool,
}

/// A template with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Mechanic {
    /// Stamps for groups of units; a full card gives the reward by itself.
    StampCard {
        /// In a group.
        units: i64,
        /// For a group.
        stamps: i64,
        /// Of a full card.
        need: i64,
        /// What it gives.
        reward: ChosenReward,
    },
    /// Points for groups of units.
    PointsPerUnit {
        /// In a group.
        units: i64,
        /// For a group.
        points: i64,
    },
    /// A stamp for each visit; a full card gives the reward by itself.
    VisitCard {
        /// Least value of what takes part, minor units; 0: none.
        least_minor: i64,
        /// Of a full card.
        need: i64,
        /// What it gives.
        reward: ChosenReward,
    },
    /// Points for groups of units, twice as many on some days of the week.
    DoubleDays {
        /// In a group.
        units: i64,
        /// For a group, on a usual day.
        points: i64,
        /// Days of the week, Monday 1 to Sunday 7.
        days: Vec<u8>,
    },
    /// Points for money.
    PointsPerValue {
        /// Minor units.
        step_minor: i64,
        /// For each step.
        points: i64,
    },
}

/// The reward of a stamp card.
#[derive(Debug, Clone, PartialEq)]
pub enum ChosenReward {
    /// One that the brand offers already.
    Existing(RewardId),
    /// One more.
    New(NewReward),
}

impl Answers {
    /// As rules. What no template asks (enrolment, other limits and so on) stays as it was.
    fn rules(&self, before: Option<&CampaignRules>, reward: Option<RewardId>) -> CampaignRules {
        let (unit, kind, need) = match &self.mechanic {
            Mechanic::StampCard { units, stamps, need, .. } => {
                (Unit::Stamps, RuleKind::PerUnit { units: *units, points: *stamps }, Some(*need))
            }
            Mechanic::VisitCard { need, .. } => (Unit::Stamps, RuleKind::PerPurchase { points: 1 }, Some(*need)),
            Mechanic::PointsPerUnit { units, points } | Mechanic::DoubleDays { units, points, .. } => {
                (Unit::Points, RuleKind::PerUnit { units: *units, points: *points }, None)
            }
            Mechanic::PointsPerValue { step_minor, points } => {
                (Unit::Points, RuleKind::PerAmount { step_minor: *step_minor, points: *points, basis: Basis::Purchase }, None)
            }
        };
        let min_amount_minor = match self.mechanic {
            Mechanic::VisitCard { least_minor, .. } if least_minor > 0 => Some(least_minor),
            _ => None,
        };
        let new = || CampaignRules::new(unit, self.starts, self.ends, Vec::new(), Vec::new());
        let mut rules = before.cloned().unwrap_or_else(new);
        (rules.unit, rules.starts, rules.ends) = (unit, self.starts, self.ends);
        rules.products.clone_from(&self.products);
        rules.rules = vec![Rule { kind, min_amount_minor, min_units: None }];
        rules.combine = Combine::Sum;
        rules.threshold = need.zip(reward).map(|(need, reward_id)| Threshold { need, reward_id });
        if let Mechanic::DoubleDays { days, .. } = &self.mechanic {
            rules.multipliers = vec![twice(days.clone())];
        }
        self.limit(&mut rules);
        rules
    }

    /// Where it counts, how much it gives at most, and to whom. A list of shops that another program named stays.
    fn limit(&self, rules: &mut CampaignRules) {
        let Extras { places, budget, adults_only } = &self.extras;
        rules.adults_only = *adults_only;
        if !places.zones.is_empty() || !places.distributors.is_empty() {
            rules.shops = ShopScope::Where(places.clone());
        } else if matches!(rules.shops, ShopScope::Where(_)) {
            rules.shops = ShopScope::All;
        }
        let before = rules.caps.iter().find(|cap| cap.scope == CapScope::Campaign).map_or(OnExceed::Truncate, |cap| cap.on_exceed);
        rules.caps.retain(|cap| cap.scope != CapScope::Campaign);
        rules.caps.extend(budget.map(|max| Cap { scope: CapScope::Campaign, max, on_exceed: before }));
    }

    fn new_campaign(&self, before: Option<&Campaign>, reward: Option<RewardId>) -> NewCampaign {
        let template = match self.mechanic {
            Mechanic::StampCard { .. } => Template::StampCard,
            Mechanic::VisitCard { .. } => Template::VisitCard,
            Mechanic::PointsPerUnit { .. } => Template::PointsPerUnit,
            Mechanic::DoubleDays { .. } => Template::DoubleDays,
            Mechanic::PointsPerValue { .. } => Template::PointsPerValue,
        };
        NewCampaign {
            brand_id: self.brand_id,
            name: self.name.trim().to_owned(),
            template,
            rules: self.rules(before.map(|before| &before.rules), reward),
        }
    }
    fn reward(&self) -> Option<&ChosenReward> {
        match &self.mechanic {
            Mechanic::StampCard { reward, .. } | Mechanic::VisitCard { reward, .. } => Some(reward),
            Mechanic::PointsPerUnit { .. } | Mechanic::DoubleDays { .. } | Mechanic::PointsPerValue { .. } => None,
        }
    }
}

/// What the answers would become.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Without the threshold while its reward does not exist.
    pub rules: CampaignRules,
    /// For the consumer.
    pub terms: String,
}

/// Checks the answers and writes nothing. What only a published campaign refuses, [`save`] tells.
pub async fn preview(tx: &mut Tx, actor: &Actor, now: Timestamp, answers: &Answers) -> Result<Preview, Error> {
    let brand = reward::owned_brand(tx, actor, answers.brand_id).await?;
    let before = before(tx, actor, now, answers).await?;
    let existing;
    let (id, prize) = match answers.reward() {
        Some(ChosenReward::Existing(id)) => {
            existing = reward::get(tx, actor, *id).await?;
            (Some(*id), Some(Prize::of(&existing)))
        }
        Some(ChosenReward::New(new)) => {
            reward::check(new)?;
            (None, Some(Prize { name: new.name.trim(), stock: new.stock, max_per_consumer: new.max_per_consumer, availability: None }))
        }
        None => (None, None),
    };
    let new = answers.new_campaign(before.as_ref(), id);
    gate::check(tx, &new).await?;
    // The sentence about the reward needs its threshold, whose number is checked here for a reward still to come.
    let told = answers.rules(before.as_ref().map(|before| &before.rules), prize.map(|_| id.unwrap_or(RewardId(Uuid::nil()))));
    told.check()?;
    let owner = gate::owner(tx, brand.organisation_id, answers.brand_id).await?;
    Ok(Preview { terms: gate::terms_of(tx, before.as_ref(), &new.name, &told, prize, &owner).await?, rules: new.rules })
}

/// Makes or changes the draft, and the reward when it is new. The same answers twice make one campaign and one reward.
pub async fn save(tx: &mut Tx, actor: &Actor, now: Timestamp, answers: &Answers) -> Result<Campaign, Error> {
    let brand = reward::owned_brand(tx, actor, answers.brand_id).await?;
    // Two equal posts at once must find each other's work.
    tx.lock(brand.organisation_id.lock_key()).await?;
    let before = before(tx, actor, now, answers).await?;
    let reward = match answers.reward() {
        Some(ChosenReward::Existing(id)) => Some(*id),
        Some(ChosenReward::New(new)) => match same_reward(tx, brand.organisation_id, new).await? {
            Some(id) => Some(id),
            None => Some(reward::create(tx, actor, now, new).await?.id),
        },
        None => None,
    };
    let new = answers.new_campaign(before.as_ref(), reward);
    match before {
        Some(before) if before.name == new.name && before.template == new.template && before.rules == new.rules => Ok(before),
        Some(before) => campaign::update_draft(tx, actor, now, before.id, &new).await,
        None => match same_draft(tx, brand.organisation_id, &new).await? {
            Some(id) => campaign::get(tx, actor, now, id).await,
            None => campaign::create(tx, actor, now, &new).await,
        },
    }
}

/// The campaign that the answers change. Rules that no template writes are refused: answers would lose part of them.
async fn before(tx: &mut Tx, actor: &Actor, now: Timestamp, answers: &Answers) -> Result<Option<Campaign>, Error> {
    let Some(id) = answers.campaign else {
        return Ok(None);
    };
    let before = campaign::get(tx, actor, now, id).await?;
    if written_by_a_template(&before) { Ok(Some(before)) } else { Err(Error::CustomRules) }
}

/// Twice as many on those days.
fn twice(days: Vec<u8>) -> Multiplier {
    Multiplier { id: DAYS_FACTOR.into(), factor: Factor::TWO, when: MultiplierWhen { dow: Some(days), ..MultiplierWhen::default() } }
}

/// The days on which a campaign of double days gives twice as many; nothing where it does something else.
pub fn double_days(rules: &CampaignRules) -> Option<&[u8]> {
    let [factor] = rules.multipliers.as_slice() else {
        return None;
    };
    let days = factor.when.dow.as_deref()?;
    (*factor == twice(days.to_vec())).then_some(days)
}

fn written_by_a_template(campaign: &Campaign) -> bool {
    let CampaignRules { unit, rules, combine, threshold, .. } = &campaign.rules;
    let [Rule { kind, min_amount_minor, min_units: None }] = rules.as_slice() else {
        return false;
    };
    let mechanic = match (campaign.template, kind) {
        (Template::StampCard, RuleKind::PerUnit { .. }) | (Template::VisitCard, RuleKind::PerPurchase { points: 1 }) => {
            (Unit::Stamps, true)
        }
        (Template::PointsPerUnit, RuleKind::PerUnit { .. })
        | (Template::PointsPerValue, RuleKind::PerAmount { basis: Basis::Purchase, .. }) => (Unit::Points, false),
        (Template::DoubleDays, RuleKind::PerUnit { .. }) if double_days(&campaign.rules).is_some() => (Unit::Points, false),
        _ => return false,
    };
    let least = min_amount_minor.is_none() || campaign.template == Template::VisitCard;
    least && *combine == Combine::Sum && mechanic == (*unit, threshold.is_some())
}

async fn same_reward(tx: &mut Tx, tenant: OrganisationId, new: &NewReward) -> Result<Option<RewardId>, Error> {
    let found = tx
        .query(SAME_REWARD)
        .bind(tenant)
        .bind(new.brand_id)
        .bind(new.name.trim())
        .bind(new.unit_cost_minor)
        .bind(new.handling_fee_minor)
        .bind(new.currency);
    let found: Vec<(RewardId, Option<i64>)> = found.all().await?;
    Ok(found.into_iter().find(|(_, left)| *left == new.stock).map(|(id, _)| id))
}

async fn same_draft(tx: &mut Tx, tenant: OrganisationId, new: &NewCampaign) -> Result<Option<CampaignId>, Error> {
    let found: Vec<(CampaignId, Json<CampaignRules>)> =
        tx.query(SAME_DRAFT).bind(tenant).bind(new.brand_id).bind(&new.name).bind(new.template).all().await?;
    Ok(found.into_iter().find(|(_, rules)| rules.0 == new.rules).map(|(id, _)| id))
}

sql! {
    SAME_REWARD: "SELECT r.id, s.units_left FROM reward r LEFT JOIN reward_stock s ON s.reward_id = r.id
                  WHERE r.tenant_id = $1 AND r.brand_id = $2 AND r.name = $3 AND r.unit_cost_minor = $4 AND r.handling_fee_minor = $5 AND r.currency = $6
                  ORDER BY r.created_at DESC, r.id DESC LIMIT 20";

    SAME_DRAFT: "SELECT id, draft_rules FROM campaign
                 WHERE tenant_id = $1 AND brand_id = $2 AND name = $3 AND template = $4 AND state = 'draft'
                 ORDER BY created_at DESC, id DESC LIMIT 20";
}
