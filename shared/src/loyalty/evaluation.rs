//! The rule contract as pure functions: lines in, award and reasons out. Exact integers only.
//!
//! The order of steps and the words follow the contract of the worked scenarios: candidate checks, eligible lines,
//! rules, combination. What a database must count (caps, holds, first purchase) comes in as facts.

use serde::{Deserialize, Serialize};

use super::campaign::{Basis, CampaignRules, Combine, Enrolment, Rule, RuleKind, ShopScope};
use crate::{CivilDate, ProductId, ShopId, Timestamp};

/// One merged line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `None`: a product that nobody knows, which earns nothing.
    pub product: Option<ProductId>,
    /// 1 to 9 999 in one line; more after merging.
    pub quantity: i64,
    /// Minor units; a missing price has become the suggested one, or 0.
    pub unit_price_minor: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// Paid with a reward: never eligible.
    pub reward_line: bool,
}

impl Line {
    /// Price × quantity − discount, never below 0; stops at the end of `i64` rather than wrapping.
    pub fn amount_minor(&self) -> i64 {
        self.unit_price_minor.saturating_mul(self.quantity).saturating_sub(self.discount_minor).max(0)
    }
}

/// Lines with the same product, price and reward flag become one; quantities and discounts add. First-seen order.
///
/// Unknown products merge with nobody: they carry no name to compare.
pub fn merge(lines: impl IntoIterator<Item = Line>) -> Vec<Line> {
    let mut merged: Vec<Line> = Vec::new();
    for line in lines {
        let same = |m: &&mut Line| {
            m.product.is_some() && m.product == line.product && m.unit_price_minor == line.unit_price_minor && m.reward_line == line.reward_line
        };
        match merged.iter_mut().find(same) {
            Some(into) => {
                into.quantity = into.quantity.saturating_add(line.quantity);
                into.discount_minor = into.discount_minor.saturating_add(line.discount_minor);
            }
            None => merged.push(line),
        }
    }
    merged
}

/// What is known about the purchase, apart from its lines.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Date at the shop when the purchase happened.
    pub local_date: CivilDate,
    /// When it happened.
    pub at: Timestamp,
    /// Where.
    pub shop: ShopId,
    /// The consumer works at this shop.
    pub own_shop: bool,
    /// The consumer said that she is of age.
    pub adult: bool,
    /// When the consumer joined this campaign.
    pub enrolled_at: Option<Timestamp>,
}

/// Why a campaign gave nothing: the contract's codes, in the order they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NoAwardReason {
    /// Outside the campaign's dates.
    OutOfDates,
    /// This shop does not take part.
    PdvNotInCampaign,
    /// Paused at that instant.
    Paused,
    /// Nothing in the basket takes part.
    NoPli,
    /// The consumer belongs to the control group.
    Holdout,
    /// The consumer works at this shop.
    SelfPdv,
    /// For adults only.
    AgeGate,
    /// Not joined, or joined later.
    NotEnrolled,
}

impl NoAwardReason {
    /// The code as the contract writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfDates => "OUT_OF_DATES",
            Self::PdvNotInCampaign => "PDV_NOT_IN_CAMPAIGN",
            Self::Paused => "PAUSED",
            Self::NoPli => "NO_PLI",
            Self::Holdout => "HOLDOUT",
            Self::SelfPdv => "SELF_PDV",
            Self::AgeGate => "AGE_GATE",
            Self::NotEnrolled => "NOT_ENROLLED",
        }
    }
}

/// Points or stamps of one campaign for one purchase, with the steps that led there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trace {
    /// Units over the eligible lines.
    pub units: i64,
    /// Minor units over the eligible lines.
    pub amount_minor: i64,
    /// What each rule gave, in the version's order.
    pub rules: Vec<i64>,
    /// What the campaign gives.
    pub award: i64,
}

/// The award of one campaign, or the first reason against it.
pub fn evaluate(rules: &CampaignRules, lines: &[Line], facts: &Facts) -> Result<Trace, NoAwardReason> {
    let eligible: Vec<&Line> = lines
        .iter()
        .filter(|line| !line.reward_line && line.product.is_some_and(|product| rules.products.contains(&product)))
        .collect();
    candidate(rules, &eligible, facts)?;
    let units = eligible.iter().fold(0_i64, |sum, line| sum.saturating_add(line.quantity));
    let amount_minor = eligible.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor()));
    let given: Vec<i64> = rules.rules.iter().map(|rule| apply(rule, &eligible, units, amount_minor)).collect();
    let award = match rules.combine {
        Combine::Sum => given.iter().fold(0_i64, |sum, n| sum.saturating_add(*n)),
        Combine::Max => given.iter().copied().max().unwrap_or(0),
    };
    Ok(Trace { units, amount_minor, rules: given, award })
}

fn candidate(rules: &CampaignRules, eligible: &[&Line], facts: &Facts) -> Result<(), NoAwardReason> {
    let in_scope = match &rules.shops {
        ShopScope::All => true,
        ShopScope::Only(shops) => shops.contains(&facts.shop),
    };
    let enrolled = rules.enrolment == Enrolment::Auto || facts.enrolled_at.is_some_and(|joined| joined <= facts.at);
    let checks = [
        (rules.starts <= facts.local_date && facts.local_date <= rules.ends, NoAwardReason::OutOfDates),
        (in_scope, NoAwardReason::PdvNotInCampaign),
        (!eligible.is_empty(), NoAwardReason::NoPli),
        (!facts.own_shop, NoAwardReason::SelfPdv),
        (!rules.adults_only || facts.adult, NoAwardReason::AgeGate),
        (enrolled, NoAwardReason::NotEnrolled),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(reason),
        None => Ok(()),
    }
}

fn apply(rule: &Rule, eligible: &[&Line], units: i64, amount_minor: i64) -> i64 {
    if rule.min_amount_minor.is_some_and(|least| amount_minor < least) || rule.min_units.is_some_and(|least| units < least) {
        return 0;
    }
    match &rule.kind {
        RuleKind::PerAmount { step_minor, points, basis: Basis::Purchase } => steps(amount_minor, *step_minor).saturating_mul(*points),
        RuleKind::PerAmount { step_minor, points, basis: Basis::Line } => {
            eligible.iter().fold(0_i64, |sum, line| sum.saturating_add(steps(line.amount_minor(), *step_minor).saturating_mul(*points)))
        }
        RuleKind::PerUnit { units: group, points } => steps(units, *group).saturating_mul(*points),
        RuleKind::PerSku { table } => eligible.iter().fold(0_i64, |sum, line| {
            let each = line.product.and_then(|product| table.get(&product)).copied().unwrap_or(0);
            sum.saturating_add(each.saturating_mul(line.quantity))
        }),
        RuleKind::PerPurchase { points } => *points,
    }
}

/// Floor of a division whose divisor was checked when the rules were published.
fn steps(value: i64, step: i64) -> i64 {
    value.checked_div(step).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loyalty::campaign::Unit;

    const COLA: ProductId = ProductId::fixed(1);
    const GALLETA: ProductId = ProductId::fixed(2);
    const AGUA: ProductId = ProductId::fixed(3);
    const PAN: ProductId = ProductId::fixed(4);

    fn line(product: ProductId, quantity: i64, unit_price_minor: i64) -> Line {
        Line { product: Some(product), quantity, unit_price_minor, discount_minor: 0, reward_line: false }
    }
    fn rules(kind: RuleKind) -> CampaignRules {
        CampaignRules {
            unit: Unit::Points,
            starts: "2026-03-01".parse().unwrap(),
            ends: "2026-03-31".parse().unwrap(),
            shops: ShopScope::All,
            products: vec![COLA, GALLETA, AGUA],
            enrolment: Enrolment::Auto,
            priority: 100,
            rules: vec![Rule { kind, min_amount_minor: None, min_units: None }],
            combine: Combine::Sum,
            threshold: None,
            adults_only: false,
        }
    }
    fn facts() -> Facts {
        Facts {
            local_date: "2026-03-10".parse().unwrap(),
            at: "2026-03-10T15:00:00Z".parse().unwrap(),
            shop: ShopId::fixed(1),
            own_shop: false,
            adult: true,
            enrolled_at: None,
        }
    }
    fn award(rules: &CampaignRules, lines: &[Line]) -> i64 {
        evaluate(rules, lines, &facts()).unwrap().award
    }

    #[test]
    fn points_per_value_floor_on_the_purchase_total() {
        let per_purchase = rules(RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase });
        let per_line = rules(RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Line });
        let basket = [line(COLA, 3, 250_000), line(GALLETA, 1, 180_000)];

        assert_eq!(award(&per_purchase, &basket[..1]), 7);
        assert_eq!(award(&per_purchase, &basket), 9);
        assert_eq!(award(&per_line, &basket), 8);
    }

    #[test]
    fn products_outside_the_list_are_ignored() {
        let mut per_unit = rules(RuleKind::PerUnit { units: 1, points: 5 });
        per_unit.products = vec![COLA];

        assert_eq!(award(&per_unit, &[line(COLA, 4, 250_000), line(PAN, 6, 50_000)]), 20);
        assert_eq!(evaluate(&per_unit, &[line(PAN, 6, 50_000)], &facts()), Err(NoAwardReason::NoPli));
    }

    #[test]
    fn a_table_gives_each_product_its_points() {
        let table = rules(RuleKind::PerSku { table: [(COLA, 5), (GALLETA, 2)].into() });

        assert_eq!(award(&table, &[line(COLA, 2, 1), line(GALLETA, 3, 1), line(AGUA, 1, 1)]), 16);
    }

    #[test]
    fn a_minimum_that_is_met_exactly_counts() {
        let mut visit = rules(RuleKind::PerPurchase { points: 1 });
        visit.rules[0].min_amount_minor = Some(500_000);

        assert_eq!(award(&visit, &[line(COLA, 1, 490_000)]), 0);
        assert_eq!(award(&visit, &[line(COLA, 2, 250_000)]), 1);
    }

    #[test]
    fn the_first_failing_check_is_the_reason() {
        let mut strict = rules(RuleKind::PerPurchase { points: 1 });
        strict.enrolment = Enrolment::Required;
        strict.adults_only = true;
        strict.shops = ShopScope::Only(vec![ShopId::fixed(1)]);
        let basket = [line(COLA, 1, 1)];
        let late = Facts { local_date: "2026-04-01".parse().unwrap(), ..facts() };
        let elsewhere = Facts { shop: ShopId::fixed(9), ..facts() };
        let owner = Facts { own_shop: true, adult: false, ..facts() };
        let minor = Facts { adult: false, ..facts() };

        assert_eq!(evaluate(&strict, &basket, &late), Err(NoAwardReason::OutOfDates));
        assert_eq!(evaluate(&strict, &basket, &elsewhere), Err(NoAwardReason::PdvNotInCampaign));
        assert_eq!(evaluate(&strict, &basket, &owner), Err(NoAwardReason::SelfPdv));
        assert_eq!(evaluate(&strict, &basket, &minor), Err(NoAwardReason::AgeGate));
        assert_eq!(evaluate(&strict, &basket, &facts()), Err(NoAwardReason::NotEnrolled));
        assert_eq!(evaluate(&strict, &basket, &Facts { enrolled_at: Some(facts().at), ..facts() }).map(|t| t.award), Ok(1));
    }

    #[test]
    fn equal_lines_merge_and_a_discount_never_goes_below_zero() {
        let mut discounted = line(COLA, 1, 250_000);
        discounted.discount_minor = 900_000;
        let merged = merge([line(COLA, 2, 250_000), line(GALLETA, 1, 120_000), discounted]);

        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].quantity, merged[0].amount_minor()), (3, 0));
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_lines_changes_nothing(mut basket in proptest::collection::vec((1_u128..5, 1_i64..50, 0_i64..500_000), 1..12)) {
            let per_amount = rules(RuleKind::PerAmount { step_minor: 100_000, points: 3, basis: Basis::Purchase });
            let lines = |basket: &[(u128, i64, i64)]| merge(basket.iter().map(|(p, q, price)| line(ProductId::fixed(*p), *q, *price)));
            let forwards = evaluate(&per_amount, &lines(&basket), &facts());
            basket.reverse();
            proptest::prop_assert_eq!(forwards, evaluate(&per_amount, &lines(&basket), &facts()));
        }

        #[test]
        fn no_basket_overflows(quantity in 1_i64..=i64::MAX, price in 0_i64..=i64::MAX) {
            let per_unit = rules(RuleKind::PerUnit { units: 1, points: 100_000 });
            proptest::prop_assert!(award(&per_unit, &[line(COLA, quantity, price)]) >= 0);
        }
    }
}
