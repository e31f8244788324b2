//! Campaigns made from a template: a few answers become rules, a reward and a draft.

use db::{Tx, sql};
use identity::Actor;
use shared::{
    BrandId, CampaignId, CivilDate, OrganisationId, ProductId, RewardId, Timestamp,
    loyalty::{Campaign, CampaignRules, NewCampaign, NewReward, Rule, RuleKind, Template, campaign::{Basis, Combine, Enrolment, ShopScope, Threshold, Unit}},
};
use sqlx::types::Json;

use crate::{Error, campaign, reward};

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

/// Makes or changes the draft, and the reward when it is new. The same answers twice make one campaign and one reward.
pub async fn save(tx: &mut Tx, actor: &Actor, now: Timestamp, answers: &Answers) -> Result<Campaign, Error> {
    let brand = reward::owned_brand(tx, actor, answers.brand_id).await?;
    // Two equal posts at once must find each other's work.
    tx.lock(brand.organisation_id.lock_key()).await?;
    let before = match answers.campaign {
        Some(id) => Some(campaign::get(tx, actor, id).await?),
        None => None,
    };
    let (unit, kind, template, threshold) = match &answers.mechanic {
        Mechanic::StampCard { units, stamps, need, reward } => {
            let reward_id = match reward {
                ChosenReward::Existing(id) => *id,
                ChosenReward::New(new) => match same_reward(tx, brand.organisation_id, new).await? {
                    Some(id) => id,
                    None => reward::create(tx, actor, now, new).await?.id,
                },
            };
            (Unit::Stamps, RuleKind::PerUnit { units: *units, points: *stamps }, Template::StampCard, Some(Threshold { need: *need, reward_id }))
        }
        Mechanic::PointsPerUnit { units, points } => (Unit::Points, RuleKind::PerUnit { units: *units, points: *points }, Template::PointsPerUnit, None),
        Mechanic::PointsPerValue { step_minor, points } => {
            (Unit::Points, RuleKind::PerAmount { step_minor: *step_minor, points: *points, basis: Basis::Purchase }, Template::PointsPerValue, None)
        }
    };
    let Answers { starts, ends, products, .. } = answers.clone();
    let asked = CampaignRules {
        unit,
        starts,
        ends,
        shops: ShopScope::All,
        products,
        enrolment: Enrolment::Auto,
        priority: 100,
        rules: vec![Rule { kind, min_amount_minor: None, min_units: None }],
        combine: Combine::Sum,
        threshold,
        adults_only: false,
    };
    // What no template asks stays as it was.
    let rules = match &before {
        Some(Campaign { rules, .. }) => CampaignRules { shops: rules.shops.clone(), enrolment: rules.enrolment, priority: rules.priority, adults_only: rules.adults_only, ..asked },
        None => asked,
    };
    let new = NewCampaign { brand_id: answers.brand_id, name: answers.name.trim().to_owned(), template, rules };
    match before {
        Some(before) if before.name == new.name && before.template == new.template && before.rules == new.rules => Ok(before),
        Some(before) => campaign::update_draft(tx, actor, now, before.id, &new).await,
        None => match same_draft(tx, brand.organisation_id, &new).await? {
            Some(id) => campaign::get(tx, actor, id).await,
            None => campaign::create(tx, actor, now, &new).await,
        },
    }
}

async fn same_reward(tx: &mut Tx, tenant: OrganisationId, new: &NewReward) -> Result<Option<RewardId>, Error> {
    let found = tx.query(SAME_REWARD).bind(tenant).bind(new.brand_id).bind(new.name.trim()).bind(new.unit_cost_minor).bind(new.handling_fee_minor).bind(new.currency);
    let found: Vec<(RewardId, Option<i64>)> = found.all().await?;
    Ok(found.into_iter().find(|(_, left)| *left == new.stock).map(|(id, _)| id))
}

async fn same_draft(tx: &mut Tx, tenant: OrganisationId, new: &NewCampaign) -> Result<Option<CampaignId>, Error> {
    let found: Vec<(CampaignId, Json<CampaignRules>)> = tx.query(SAME_DRAFT).bind(tenant).bind(new.brand_id).bind(&new.name).bind(new.template).all().await?;
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
