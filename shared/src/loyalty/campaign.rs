//! What a brand says: the rules of one version of a campaign.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::factor::{DayMinute, Factor};
use crate::{CivilDate, Currency, ProductId, RewardId, ShopId};

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

/// A factor on what the rules give, while its condition holds. Stamps are never multiplied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Multiplier {
    /// Its name within the campaign, as answers tell it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 40))]
    pub id: String,
    /// `"1.5"`: an exact decimal of four places at most.
    pub factor: Factor,
    /// Nothing: always.
    #[serde(default)]
    pub when: MultiplierWhen,
}

/// When a factor holds: all that is said must hold, on the clock of the shop at the instant of the purchase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MultiplierWhen {
    /// Days of the week, Monday 1 to Sunday 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dow: Option<Vec<u8>>,
    /// From that time of the day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DayMinute>,
    /// Until that time of the day, excluded; earlier than `from`: over midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DayMinute>,
    /// Members of this segment of the brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub segment: Option<String>,
}

/// How several factors that hold at once become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Stacking {
    /// Only the largest.
    #[default]
    Max,
    /// One after the other.
    Multiply,
    /// 1 + Σ (factor − 1).
    Add,
}

/// Points on top, added after multiplying, when the rules gave anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bonus {
    /// Its name within the campaign.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 40))]
    pub id: String,
    /// How many.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100000))]
    pub points: i64,
    /// Nothing: every time.
    #[serde(default)]
    pub when: BonusWhen,
}

/// When points are added on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BonusWhen {
    /// The consumer has no other purchase in this campaign that was not fully returned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_purchase: bool,
}

/// Over what a limit counts. The order is that in which limits are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CapScope {
    /// One purchase.
    Purchase,
    /// A consumer at one shop on one local day.
    ConsumerPdvDay,
    /// A consumer on one local day.
    ConsumerDay,
    /// A consumer in one ISO week.
    ConsumerWeek,
    /// A consumer in one month.
    ConsumerMonth,
    /// A consumer in the whole campaign.
    ConsumerCampaign,
    /// A shop on one local day.
    PdvDay,
    /// The whole campaign: its budget.
    Campaign,
}

impl CapScope {
    /// All of them, in the order in which they are applied.
    pub const ALL: [Self; 8] = [
        Self::Purchase,
        Self::ConsumerPdvDay,
        Self::ConsumerDay,
        Self::ConsumerWeek,
        Self::ConsumerMonth,
        Self::ConsumerCampaign,
        Self::PdvDay,
        Self::Campaign,
    ];

    /// Consumers share what is left of it, so it is counted under a lock of its own.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::PdvDay | Self::Campaign)
    }
}

/// What a limit does with an award that is larger than what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OnExceed {
    /// Gives what is left.
    #[default]
    Truncate,
    /// Gives nothing.
    Reject,
}

/// A limit on what is awarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cap {
    /// Over what it counts.
    pub scope: CapScope,
    /// Units, 0 at least.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1000000000000_i64))]
    pub max: i64,
    /// Truncate or reject.
    #[serde(default)]
    pub on_exceed: OnExceed,
}

/// Bounds within which a declared price counts, as factors of the suggested one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceGuard {
    /// A lower price counts as this one.
    pub low: Factor,
    /// A higher price counts as this one.
    pub high: Factor,
}

/// What becomes of points that are taken back and are not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Shortfall {
    /// The wallet owes them; later points repay first.
    #[default]
    Debt,
    /// The brand bears them.
    Waive,
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
    /// Those of a zone or of a distributor, whichever shops they are on the day of the purchase.
    Where(ShopGroup),
}

/// Shops by what is known about them: a shop belongs when its zone is named, or its distributor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopGroup {
    /// Parts of cities, as their shops write them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 200))]
    pub zones: Vec<String>,
    /// Codes that distributors give, whole or their beginning up to a dash: `D` names `D-014`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 200))]
    pub distributors: Vec<String>,
}

impl ShopGroup {
    /// Names of each kind, at most.
    pub const NAMES_MAX: usize = 200;
    /// Characters of one, at most.
    pub const NAME_MAX: usize = 80;

    /// Whether a shop belongs. Case and spaces around do not matter.
    pub fn holds(&self, zone: &str, distributor: Option<&str>) -> bool {
        let same = |one: &str, other: &str| !one.trim().is_empty() && one.trim().to_lowercase() == other.trim().to_lowercase();
        let named = |code: &str| {
            self.distributors.iter().any(|name| same(name, code) || code.split_once('-').is_some_and(|(head, _)| same(name, head)))
        };
        self.zones.iter().any(|name| same(name, zone)) || distributor.is_some_and(named)
    }
    fn fits(&self) -> bool {
        let names = || self.zones.iter().chain(&self.distributors);
        names().next().is_some()
            && self.zones.len() <= Self::NAMES_MAX
            && self.distributors.len() <= Self::NAMES_MAX
            && names().all(|name| name_fits(name, Self::NAME_MAX))
    }
}

/// A prize that luck decides. It is told so that it can be refused: this release gives no such prizes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chance {
    /// Of the authority that allows it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 80))]
    pub permit_number: String,
    /// First day of the permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_from: Option<CivilDate>,
    /// Last day of the permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_until: Option<CivilDate>,
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
    /// Factors: 20 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub multipliers: Vec<Multiplier>,
    /// How factors combine.
    #[serde(default, skip_serializing_if = "is_default")]
    pub multiplier_stacking: Stacking,
    /// Points on top: 10 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 10))]
    pub bonuses: Vec<Bonus>,
    /// Limits: 20 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub caps: Vec<Cap>,
    /// Of the brand's campaigns with the same name here, only the largest award stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub exclusive_group: Option<String>,
    /// Bounds of a declared price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_guard: Option<PriceGuard>,
    /// Days until what was earned can be used: from the start of that local day.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 3660))]
    pub hold_days: i64,
    /// Days for which what was earned can be used: until the end of that local day. Absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 3660))]
    pub valid_days: Option<i64>,
    /// When points that are taken back are gone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_shortfall: Shortfall,
    /// Luck decides who gets the reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
    /// Money of its amounts: only shops that sell in it take part. Absent: that of the owner's country, and nobody is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    /// A factor or an addition that cannot be: no name, a day that no week has, an hour window without length.
    #[error("a multiplier or a bonus is outside its bounds")]
    Extra,
    /// A limit below 0, or too many of them.
    #[error("a cap is outside its bounds")]
    Caps,
    /// The lower bound of a price is above the upper one.
    #[error("the price guard's lower bound is above its upper one")]
    PriceGuard,
    /// Days until points can be used, or for how long.
    #[error("days are 0 to 3660")]
    Days,
    /// The name of an exclusive group.
    #[error("the name of an exclusive group has 1 to 60 characters")]
    Group,
    /// The number of a permit.
    #[error("the number of a permit has 80 characters at most")]
    Chance,
}

fn name_fits(name: &str, longest: usize) -> bool {
    !name.trim().is_empty() && name.len() <= longest * 4 && name.chars().count() <= longest
}

impl Multiplier {
    fn fits(&self) -> bool {
        let when = &self.when;
        let days = when.dow.as_ref().is_none_or(|days| !days.is_empty() && days.iter().all(|day| (1..=7).contains(day)));
        name_fits(&self.id, 40)
            && days
            && (when.from.is_none() || when.from != when.to)
            && when.segment.as_deref().is_none_or(|name| name_fits(name, 60))
    }
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
            Self::Extra => ("multipliers", "loyalty.rule_number"),
            Self::Caps => ("caps", "loyalty.rule_number"),
            Self::PriceGuard => ("price_guard", "loyalty.price_guard"),
            Self::Days => ("valid_days", "loyalty.days"),
            Self::Group => ("exclusive_group", "loyalty.exclusive_group"),
            Self::Chance => ("chance.permit_number", "too_long"),
        }
    }
}

/// Largest number of points a rule may name; keeps every product inside `i64`.
pub const RULE_POINTS_MAX: i64 = 100_000;
/// Largest amount a rule may name, in minor units.
pub const RULE_AMOUNT_MAX_MINOR: i64 = 1_000_000_000_000;

impl CampaignRules {
    /// Rules with everything else as the contract has it where nothing is said.
    pub fn new(unit: Unit, starts: CivilDate, ends: CivilDate, products: Vec<ProductId>, rules: Vec<Rule>) -> Self {
        Self {
            unit,
            starts,
            ends,
            shops: ShopScope::All,
            products,
            enrolment: Enrolment::Auto,
            priority: default_priority(),
            rules,
            combine: Combine::Sum,
            threshold: None,
            adults_only: false,
            multipliers: Vec::new(),
            multiplier_stacking: Stacking::Max,
            bonuses: Vec::new(),
            caps: Vec::new(),
            exclusive_group: None,
            price_guard: None,
            hold_days: 0,
            valid_days: None,
            on_shortfall: Shortfall::Debt,
            chance: None,
            currency: None,
        }
    }

    /// Bounds that do not need the database: the first that is not kept.
    pub fn check(&self) -> Result<(), WrongRules> {
        self.wrongs().first().map_or(Ok(()), |wrong| Err(*wrong))
    }

    /// Bounds that do not need the database: every one that is not kept.
    pub fn wrongs(&self) -> Vec<WrongRules> {
        let points = |n: i64| (1..=RULE_POINTS_MAX).contains(&n);
        let shops_fit = match &self.shops {
            ShopScope::All => true,
            ShopScope::Only(shops) => !shops.is_empty() && shops.len() <= 5_000,
            ShopScope::Where(group) => group.fits(),
        };
        let numbers_fit = self.rules.iter().all(|rule| {
            let arithmetic = match &rule.kind {
                RuleKind::PerAmount { step_minor, points: p, .. } => (1..=RULE_AMOUNT_MAX_MINOR).contains(step_minor) && points(*p),
                RuleKind::PerUnit { units, points: p } => points(*units) && points(*p),
                RuleKind::PerSku { table } => {
                    !table.is_empty() && table.len() <= 500 && table.values().all(|p| (0..=RULE_POINTS_MAX).contains(p))
                }
                RuleKind::PerPurchase { points: p } => points(*p),
            };
            let amount = rule.min_amount_minor.is_none_or(|n| (0..=RULE_AMOUNT_MAX_MINOR).contains(&n));
            arithmetic && amount && rule.min_units.is_none_or(|n| (0..=RULE_POINTS_MAX).contains(&n))
        });
        let days = |n: i64| (0..=3_660).contains(&n);
        let multipliers_fit = self.multipliers.len() <= 20 && self.multipliers.iter().all(Multiplier::fits);
        let bonuses_fit = self.bonuses.len() <= 10 && self.bonuses.iter().all(|bonus| points(bonus.points) && name_fits(&bonus.id, 40));
        let caps_fit = self.caps.len() <= 20 && self.caps.iter().all(|cap| (0..=RULE_AMOUNT_MAX_MINOR).contains(&cap.max));
        let exact =
            super::evaluation::combined(self.multiplier_stacking, self.multipliers.iter().map(|multiplier| multiplier.factor)).is_some();
        let threshold_fits = self.threshold.is_none_or(|t| (1..=1_000_000).contains(&t.need)) && (0..=1_000_000).contains(&self.priority);
        let checks = [
            (self.starts <= self.ends, WrongRules::EndsBeforeStart),
            (!self.products.is_empty() && self.products.len() <= 500, WrongRules::Products),
            (!self.rules.is_empty() && self.rules.len() <= 10, WrongRules::Rules),
            (shops_fit, WrongRules::Shops),
            (multipliers_fit && bonuses_fit && exact, WrongRules::Extra),
            (caps_fit, WrongRules::Caps),
            (self.price_guard.is_none_or(|guard| guard.low <= guard.high), WrongRules::PriceGuard),
            (days(self.hold_days) && self.valid_days.is_none_or(days), WrongRules::Days),
            (self.exclusive_group.as_deref().is_none_or(|name| name_fits(name, 60)), WrongRules::Group),
            (self.chance.as_ref().is_none_or(|chance| chance.permit_number.chars().count() <= 80), WrongRules::Chance),
            (numbers_fit && threshold_fits, WrongRules::Number),
        ];
        checks.into_iter().filter(|(fits, _)| !fits).map(|(_, wrong)| wrong).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let step = Rule {
            kind: RuleKind::PerAmount { step_minor: 0, points: 1, basis: Basis::Purchase },
            min_amount_minor: None,
            min_units: None,
        };
        let wrong = CampaignRules::new(Unit::Points, "2026-03-31".parse().unwrap(), "2026-03-01".parse().unwrap(), Vec::new(), vec![step]);

        assert_eq!(wrong.wrongs(), [WrongRules::EndsBeforeStart, WrongRules::Products, WrongRules::Number]);
        assert_eq!(wrong.check(), Err(WrongRules::EndsBeforeStart));
    }

    #[test]
    fn a_zone_or_a_distributor_names_its_shops() {
        let group = ShopGroup { zones: vec!["Chapinero".into()], distributors: vec!["D7".into(), "N-014".into()] };

        assert!(group.holds(" chapinero ", None) && group.holds("", Some("D7-001")) && group.holds("", Some("n-014")));
        assert!(!group.holds("", Some("D70-001")) && !group.holds("Usaquén", Some("N-015")) && !group.holds("", None));
        assert!(!ShopGroup { zones: vec![String::new()], distributors: Vec::new() }.holds("", None), "shops without a zone are no zone");
    }
}
