//! What a brand says: the rules of one version of a campaign.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CivilDate, ProductId, RewardId, ShopId};

/// What a campaign gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Unit {
    /// Points of the brand: one wallet for all its campaigns.
    Points,
    /// Stamps of this campaign's card alone.
    Stamps,
}

/// Whether a consumer must join before she earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Enrolment {
    /// Everybody with a card earns.
    #[default]
    Auto,
    /// Purchases before joining earn nothing.
    Required,
}

/// How the results of several rules become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Combine {
    /// Added up.
    #[default]
    Sum,
    /// Only the largest counts.
    Max,
}

/// Over what `per_amount` takes its floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Basis {
    /// All eligible lines together.
    #[default]
    Purchase,
    /// Each eligible line alone.
    Line,
}

/// The arithmetic of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RuleKind {
    /// floor(amount ÷ `step_minor`) × `points`.
    PerAmount {
        /// Minor units; 1 at least.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000000000_i64))]
        step_minor: i64,
        /// Given for each step.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
        points: i64,
        /// Purchase or line.
        #[serde(default)]
        basis: Basis,
    },
    /// floor(units ÷ `units`) × `points`.
    PerUnit {
        /// 1 at least.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
        units: i64,
        /// Given for each group of units.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
        points: i64,
    },
    /// Σ points of the product × quantity.
    PerSku {
        /// Points for one unit of each product; a product that is missing gives none.
        #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, i64>))]
        table: BTreeMap<ProductId, i64>,
    },
    /// `points` once.
    PerPurchase {
        /// Given once for the purchase.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
        points: i64,
    },
}

/// A rule with the minimum that eligible lines must reach; otherwise it gives 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// The arithmetic.
    #[serde(flatten)]
    pub kind: RuleKind,
    /// Least amount over the eligible lines, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_amount_minor: Option<i64>,
    /// Least units over the eligible lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_units: Option<i64>,
}

/// A stamp card: at `need` units the reward is issued by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Threshold {
    /// Units that are consumed; 1 at least.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000))]
    pub need: i64,
    /// What is issued.
    pub reward_id: RewardId,
}

/// Where a campaign counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ShopScope {
    /// Every shop of the platform.
    #[default]
    All,
    /// Only these.
    Only(Vec<ShopId>),
}

/// The rules of one version. Immutable once published; a change is a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignRules {
    /// Points or stamps.
    pub unit: Unit,
    /// First local day, included.
    pub starts: CivilDate,
    /// Last local day, included.
    pub ends: CivilDate,
    /// Shops where it counts.
    #[serde(default)]
    pub shops: ShopScope,
    /// Participating products: 1 to 500 of the brand.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub products: Vec<ProductId>,
    /// Must a consumer join?
    #[serde(default)]
    pub enrolment: Enrolment,
    /// Smaller goes first where order shows.
    #[serde(default = "default_priority")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1000000))]
    pub priority: i64,
    /// 1 to 10 rules.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 10))]
    pub rules: Vec<Rule>,
    /// How they combine.
    #[serde(default)]
    pub combine: Combine,
    /// What happens at a number of units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// A campaign for adults refuses consumers who did not say that they are of age.
    #[serde(default)]
    pub adults_only: bool,
}

const fn default_priority() -> i64 {
    100
}

/// Why rules cannot be published. The code is the field's problem code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongRules {
    /// The campaign ends before it starts.
    #[error("the campaign ends before it starts")]
    EndsBeforeStart,
    /// No participating product, or more than 500.
    #[error("a campaign needs 1 to 500 products")]
    Products,
    /// No rule, or more than 10.
    #[error("a campaign needs 1 to 10 rules")]
    Rules,
    /// A step, a group of units, points or a threshold outside its bounds.
    #[error("a number of a rule is outside its bounds")]
    Number,
    /// A list of shops that is empty or longer than 5 000.
    #[error("a list of shops needs 1 to 5000 shops")]
    Shops,
}

impl WrongRules {
    /// Field and code for a problem.
    pub const fn field(self) -> (&'static str, &'static str) {
        match self {
            Self::EndsBeforeStart => ("ends", "loyalty.ends_before_start"),
            Self::Products => ("products", "loyalty.products_missing"),
            Self::Rules => ("rules", "loyalty.rules_missing"),
            Self::Number => ("rules", "loyalty.rule_number"),
            Self::Shops => ("shops", "loyalty.shops_missing"),
        }
    }
}

/// Largest number of points a rule may name; keeps every product inside `i64`.
pub const RULE_POINTS_MAX: i64 = 100_000;
/// Largest amount a rule may name, in minor units.
pub const RULE_AMOUNT_MAX_MINOR: i64 = 1_000_000_000_000;

impl CampaignRules {
    /// Bounds that do not need the database.
    pub fn check(&self) -> Result<(), WrongRules> {
        let points = |n: i64| (1..=RULE_POINTS_MAX).contains(&n);
        if self.ends < self.starts {
            return Err(WrongRules::EndsBeforeStart);
        }
        if self.products.is_empty() || self.products.len() > 500 {
            return Err(WrongRules::Products);
        }
        if self.rules.is_empty() || self.rules.len() > 10 {
            return Err(WrongRules::Rules);
        }
        if matches!(&self.shops, ShopScope::Only(shops) if shops.is_empty() || shops.len() > 5_000) {
            return Err(WrongRules::Shops);
        }
        let numbers_fit = self.rules.iter().all(|rule| {
            let arithmetic = match &rule.kind {
                RuleKind::PerAmount { step_minor, points: p, .. } => (1..=RULE_AMOUNT_MAX_MINOR).contains(step_minor) && points(*p),
                RuleKind::PerUnit { units, points: p } => points(*units) && points(*p),
                RuleKind::PerSku { table } => !table.is_empty() && table.len() <= 500 && table.values().all(|p| (0..=RULE_POINTS_MAX).contains(p)),
                RuleKind::PerPurchase { points: p } => points(*p),
            };
            let amount = rule.min_amount_minor.is_none_or(|n| (0..=RULE_AMOUNT_MAX_MINOR).contains(&n));
            arithmetic && amount && rule.min_units.is_none_or(|n| (0..=RULE_POINTS_MAX).contains(&n))
        });
        let threshold_fits = self.threshold.is_none_or(|t| (1..=1_000_000).contains(&t.need)) && (0..=1_000_000).contains(&self.priority);
        if numbers_fit && threshold_fits { Ok(()) } else { Err(WrongRules::Number) }
    }
}
