//! The rule contract as pure functions: lines in, award and reasons out. Exact integers only.
//!
//! The order of steps and the words follow the contract of the worked scenarios: candidate checks, eligible lines,
//! rules, combination, factors, bonuses, caps, exclusive groups. What a database must count (what caps have given,
//! whether it is the first purchase) comes in as facts. [`again`] is the same evaluation for what remains after a return.

use serde::{Deserialize, Serialize};

use super::campaign::{
    Basis, CampaignRules, Cap, CapScope, Combine, Enrolment, Multiplier, OnExceed, PriceGuard, Rule, RuleKind, ShopScope, Stacking, Unit,
};
use super::factor::Factor;
use crate::{LocalTime, ProductId, ShopId, Timestamp};

/// One merged line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `None`: a product that nobody knows, which earns nothing.
    pub product: Option<ProductId>,
    /// 1 to 9 999 in one line; more after merging.
    pub quantity: i64,
    /// Minor units; a missing price has become the suggested one, or 0.
    pub unit_price_minor: i64,
    /// What the product's owner suggests, minor units: a price guard goes by it.
    pub suggested_price_minor: Option<i64>,
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
            m.product.is_some()
                && m.product == line.product
                && m.unit_price_minor == line.unit_price_minor
                && m.reward_line == line.reward_line
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
pub struct Facts<'a> {
    /// When it happened, on the clock of the shop.
    pub local: LocalTime,
    /// Where.
    pub shop: ShopId,
    /// The campaign was paused then.
    pub paused: bool,
    /// The consumer belongs to the campaign's control group.
    pub held_out: bool,
    /// The consumer works at this shop.
    pub own_shop: bool,
    /// The consumer said that she is of age.
    pub adult: bool,
    /// When the consumer joined this campaign.
    pub enrolled_at: Option<Timestamp>,
    /// Segments of the brand that she belonged to then.
    pub segments: &'a [String],
    /// She has no other purchase in this campaign that was not fully returned.
    pub first_purchase: bool,
    /// What the campaign has given, returns subtracted, in the windows of this purchase.
    pub used: Used,
}

/// What a campaign has given in each window that a cap can count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used([i64; CapScope::ALL.len()]);

impl Used {
    /// In one window.
    pub const fn of(&self, scope: CapScope) -> i64 {
        self.0[scope as usize]
    }
    /// More was given.
    pub const fn add(&mut self, scope: CapScope, amount: i64) {
        let used = &mut self.0[scope as usize];
        *used = used.saturating_add(amount);
    }
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
    /// Another campaign of its group gave more.
    ExcludedByGroup,
    /// Its books are closed.
    Settled,
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
            Self::ExcludedByGroup => "EXCLUDED_BY_GROUP",
            Self::Settled => "SETTLED",
        }
    }
}

/// Points or stamps of one campaign for one purchase, with the steps that led there.
///
/// It is also the frozen context of the purchase: which factors and bonuses counted and what each cap had left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trace {
    /// Units over the eligible lines.
    pub units: i64,
    /// Minor units over the eligible lines, within the price guard.
    pub amount_minor: i64,
    /// What each rule gave, in the version's order.
    pub rules: Vec<i64>,
    /// Factors whose condition held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<MatchedFactor>,
    /// Bonuses whose condition held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bonuses: Vec<MatchedBonus>,
    /// Caps in the order in which they were applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<AppliedCap>,
    /// What the campaign gives.
    pub award: i64,
}

/// A factor that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchedFactor {
    /// Its name in the rules.
    pub id: String,
    /// Its size.
    pub factor: Factor,
}

/// A bonus that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchedBonus {
    /// Its name in the rules.
    pub id: String,
    /// Its size.
    pub points: i64,
}

/// A cap as it stood at the purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppliedCap {
    /// Over what it counts.
    pub scope: CapScope,
    /// What was left of it.
    pub room: i64,
    /// Truncate or reject.
    pub on_exceed: OnExceed,
    /// What it let through.
    pub left: i64,
}

/// The award of one campaign, or the first reason against it.
pub fn evaluate(rules: &CampaignRules, lines: &[Line], facts: &Facts<'_>) -> Result<Trace, NoAwardReason> {
    let eligible = eligible(rules, lines);
    candidate(rules, &eligible, facts)?;
    let factors = rules.multipliers.iter().filter(|multiplier| rules.unit == Unit::Points && holds(multiplier, facts));
    let bonuses = rules.bonuses.iter().filter(|bonus| !bonus.when.first_purchase || facts.first_purchase);
    let mut trace = Trace {
        factors: factors.map(|multiplier| MatchedFactor { id: multiplier.id.clone(), factor: multiplier.factor }).collect(),
        bonuses: bonuses.map(|bonus| MatchedBonus { id: bonus.id.clone(), points: bonus.points }).collect(),
        caps: rules.caps.iter().map(|cap| room(cap, facts)).collect(),
        ..Trace::default()
    };
    trace.caps.sort_by_key(|cap| cap.scope);
    work_out(rules, &eligible, &mut trace);
    Ok(trace)
}

/// What the campaign would have given for the lines that remain after a return, in the context that `then` froze.
pub fn again(rules: &CampaignRules, remaining: &[Line], then: &Trace) -> Trace {
    let mut trace = Trace { factors: then.factors.clone(), bonuses: then.bonuses.clone(), caps: then.caps.clone(), ..Trace::default() };
    work_out(rules, &eligible(rules, remaining), &mut trace);
    trace
}

/// Lines of participating products that were not paid with a reward, each at the price that counts.
fn eligible(rules: &CampaignRules, lines: &[Line]) -> Vec<Line> {
    let takes_part =
        |line: &&Line| line.quantity > 0 && !line.reward_line && line.product.is_some_and(|product| rules.products.contains(&product));
    lines.iter().filter(takes_part).map(|line| Line { unit_price_minor: guarded(line, rules.price_guard), ..line.clone() }).collect()
}

/// The price within the guard's bounds; a bound between two minor units is the one inside.
fn guarded(line: &Line, guard: Option<PriceGuard>) -> i64 {
    let (Some(guard), Some(suggested)) = (guard, line.suggested_price_minor) else {
        return line.unit_price_minor;
    };
    let parts = |factor: Factor| i128::from(suggested) * i128::from(factor.parts());
    let one = i128::from(Factor::ONE_PARTS);
    let (low, high) = ((parts(guard.low) + one - 1) / one, parts(guard.high) / one);
    i64::try_from(i128::from(line.unit_price_minor).max(low).min(high.max(low))).unwrap_or(i64::MAX)
}

fn candidate(rules: &CampaignRules, eligible: &[Line], facts: &Facts<'_>) -> Result<(), NoAwardReason> {
    // What is known about a shop beside its id, the caller has looked at.
    let in_scope = match &rules.shops {
        ShopScope::All | ShopScope::Where(_) => true,
        ShopScope::Only(shops) => shops.contains(&facts.shop),
    };
    let date = facts.local.date();
    let enrolled = rules.enrolment == Enrolment::Auto || facts.enrolled_at.is_some_and(|joined| joined <= facts.local.at);
    let checks = [
        (rules.starts <= date && date <= rules.ends, NoAwardReason::OutOfDates),
        (in_scope, NoAwardReason::PdvNotInCampaign),
        (!facts.paused, NoAwardReason::Paused),
        (!eligible.is_empty(), NoAwardReason::NoPli),
        (!facts.held_out, NoAwardReason::Holdout),
        (!facts.own_shop, NoAwardReason::SelfPdv),
        (!rules.adults_only || facts.adult, NoAwardReason::AgeGate),
        (enrolled, NoAwardReason::NotEnrolled),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(reason),
        None => Ok(()),
    }
}

fn holds(multiplier: &Multiplier, facts: &Facts<'_>) -> bool {
    let when = &multiplier.when;
    let second = facts.local.second_of_day();
    let (from, to) = (when.from.map_or(0, |from| from.second()), when.to.map_or(86_400, |to| to.second()));
    let in_hours = if from < to { (from..to).contains(&second) } else { second >= from || second < to };
    let on_day = when.dow.as_ref().is_none_or(|days| days.contains(&facts.local.date().weekday()));
    in_hours && on_day && when.segment.as_ref().is_none_or(|segment| facts.segments.contains(segment))
}

fn room(cap: &Cap, facts: &Facts<'_>) -> AppliedCap {
    AppliedCap { scope: cap.scope, room: cap.max.saturating_sub(facts.used.of(cap.scope)).max(0), on_exceed: cap.on_exceed, left: 0 }
}

/// No purchase gives more in one campaign, whatever its factors: sums of awards stay inside `i64`.
pub const AWARD_MAX: i64 = 1_000_000_000_000;

/// Rules, combination, factors, bonuses and caps, in that order.
fn work_out(rules: &CampaignRules, eligible: &[Line], trace: &mut Trace) {
    trace.units = eligible.iter().fold(0_i64, |sum, line| sum.saturating_add(line.quantity));
    trace.amount_minor = eligible.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor()));
    trace.rules = rules
        .rules
        .iter()
        .map(|rule| if eligible.is_empty() { 0 } else { apply(rule, eligible, trace.units, trace.amount_minor) })
        .collect();
    let mut award = before_caps(rules, trace);
    for cap in &mut trace.caps {
        if award > cap.room {
            award = if cap.on_exceed == OnExceed::Truncate { cap.room } else { 0 };
        }
        cap.left = award;
    }
    trace.award = award.min(AWARD_MAX);
}

/// Factors as one exact fraction, then one floor.
fn multiplied(base: i64, stacking: Stacking, factors: &[MatchedFactor]) -> i64 {
    let (above, below) = combined(stacking, factors.iter().map(|matched| matched.factor)).unwrap_or((1, 1));
    // Neither part is above 10¹⁹, so the product fits.
    i64::try_from(i128::from(base) * above / below).unwrap_or(i64::MAX)
}

/// Several factors as one fraction; `None` when it takes more than 19 digits, which no published campaign does.
pub(super) fn combined(stacking: Stacking, factors: impl Iterator<Item = Factor> + Clone) -> Option<(i128, i128)> {
    const LONGEST: i128 = 10_i128.pow(19);
    let one = i128::from(Factor::ONE_PARTS);
    let mut parts = factors.map(|factor| i128::from(factor.parts()));
    match stacking {
        Stacking::Max => Some((parts.max().unwrap_or(one), one)),
        Stacking::Add => Some(((one + parts.map(|part| part - one).sum::<i128>()).max(0), one)),
        Stacking::Multiply => parts.try_fold((1, 1), |(above, below), part| {
            let (above, below) = reduced(above * part, below * one);
            (above <= LONGEST && below <= LONGEST).then_some((above, below))
        }),
    }
}

/// What rules, factors and bonuses came to.
fn before_caps(rules: &CampaignRules, trace: &Trace) -> i64 {
    let base = match rules.combine {
        Combine::Sum => trace.rules.iter().fold(0_i64, |sum, n| sum.saturating_add(*n)),
        Combine::Max => trace.rules.iter().copied().max().unwrap_or(0),
    };
    let award = multiplied(base, rules.multiplier_stacking, &trace.factors);
    if base > 0 { trace.bonuses.iter().fold(award, |sum, bonus| sum.saturating_add(bonus.points)) } else { award }
}

/// The limit that left the least of an award, if any took something of it.
pub fn cut_by(rules: &CampaignRules, trace: &Trace) -> Option<CapScope> {
    let mut award = before_caps(rules, trace);
    let mut cut = None;
    for cap in &trace.caps {
        if award > cap.room {
            (award, cut) = (if cap.on_exceed == OnExceed::Truncate { cap.room } else { 0 }, Some(cap.scope));
        }
    }
    cut
}

/// Both divided by what divides both.
fn reduced(above: i128, below: i128) -> (i128, i128) {
    let (mut a, mut b) = (above, below);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (above / a, below / a)
}

fn apply(rule: &Rule, eligible: &[Line], units: i64, amount_minor: i64) -> i64 {
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

/// One campaign among those that an exclusive group compares.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a, B, C> {
    /// Brands never exclude each other.
    pub brand: B,
    /// Its group, when it has one.
    pub group: Option<&'a str>,
    /// What it gives, after its caps.
    pub award: i64,
    /// The smaller one wins a tie, and then the smaller campaign.
    pub priority: i64,
    /// The campaign.
    pub campaign: C,
}

/// Which campaigns lose against another one of their group. The order of the contenders changes nothing.
pub fn excluded<B: PartialEq, C: Ord>(contenders: &[Contender<'_, B, C>]) -> Vec<bool> {
    let beats = |other: &Contender<'_, B, C>, one: &Contender<'_, B, C>| {
        let same_group = other.brand == one.brand && other.group.is_some() && other.group == one.group;
        same_group && (one.award, other.priority, &other.campaign) < (other.award, one.priority, &one.campaign)
    };
    contenders.iter().map(|one| contenders.iter().any(|other| beats(other, one))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loyalty::campaign::WrongRules;

    const COLA: ProductId = ProductId::fixed(1);
    const GALLETA: ProductId = ProductId::fixed(2);
    const AGUA: ProductId = ProductId::fixed(3);
    const PAN: ProductId = ProductId::fixed(4);

    fn line(product: ProductId, quantity: i64, unit_price_minor: i64) -> Line {
        Line { product: Some(product), quantity, unit_price_minor, suggested_price_minor: None, discount_minor: 0, reward_line: false }
    }
    fn rules(kind: RuleKind) -> CampaignRules {
        let rule = Rule { kind, min_amount_minor: None, min_units: None };
        CampaignRules::new(
            Unit::Points,
            "2026-03-01".parse().unwrap(),
            "2026-03-31".parse().unwrap(),
            vec![COLA, GALLETA, AGUA],
            vec![rule],
        )
    }
    /// Tuesday 10 March 2026 in Bogotá, at that time of the day.
    fn at(time: &str) -> LocalTime {
        LocalTime { at: format!("2026-03-10T{time}-05:00").parse().unwrap(), offset_seconds: -5 * 3_600 }
    }
    fn facts() -> Facts<'static> {
        Facts {
            local: at("10:00:00"),
            shop: ShopId::fixed(1),
            paused: false,
            held_out: false,
            own_shop: false,
            adult: true,
            enrolled_at: None,
            segments: &[],
            first_purchase: false,
            used: Used::default(),
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
        let late = Facts { local: LocalTime { at: "2026-04-01T05:00:00Z".parse().unwrap(), ..facts().local }, ..facts() };
        let elsewhere = Facts { shop: ShopId::fixed(9), ..facts() };
        let paused = Facts { paused: true, held_out: true, ..facts() };
        let held_out = Facts { held_out: true, own_shop: true, ..facts() };
        let owner = Facts { own_shop: true, adult: false, ..facts() };
        let minor = Facts { adult: false, ..facts() };

        assert_eq!(evaluate(&strict, &basket, &late), Err(NoAwardReason::OutOfDates));
        assert_eq!(evaluate(&strict, &basket, &elsewhere), Err(NoAwardReason::PdvNotInCampaign));
        assert_eq!(evaluate(&strict, &basket, &paused), Err(NoAwardReason::Paused));
        assert_eq!(evaluate(&strict, &[line(PAN, 1, 1)], &held_out), Err(NoAwardReason::NoPli));
        assert_eq!(evaluate(&strict, &basket, &held_out), Err(NoAwardReason::Holdout));
        assert_eq!(evaluate(&strict, &basket, &owner), Err(NoAwardReason::SelfPdv));
        assert_eq!(evaluate(&strict, &basket, &minor), Err(NoAwardReason::AgeGate));
        assert_eq!(evaluate(&strict, &basket, &facts()), Err(NoAwardReason::NotEnrolled));
        assert_eq!(evaluate(&strict, &basket, &Facts { enrolled_at: Some(facts().local.at), ..facts() }).map(|t| t.award), Ok(1));
    }

    #[test]
    fn equal_lines_merge_and_a_discount_never_goes_below_zero() {
        let mut discounted = line(COLA, 1, 250_000);
        discounted.discount_minor = 900_000;
        let merged = merge([line(COLA, 2, 250_000), line(GALLETA, 1, 120_000), discounted]);

        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].quantity, merged[0].amount_minor()), (3, 0));
    }

    fn multiplier(id: &str, factor: &str, when: &str) -> Multiplier {
        Multiplier { id: id.into(), factor: factor.parse().unwrap(), when: serde_json::from_str(when).unwrap() }
    }
    fn given(rules: &CampaignRules, time: &str) -> i64 {
        evaluate(rules, &[line(COLA, 1, 250_000)], &Facts { local: at(time), ..facts() }).unwrap().award
    }

    #[test]
    fn hours_include_their_start_and_exclude_their_end() {
        let mut double = rules(RuleKind::PerUnit { units: 1, points: 10 });
        double.multipliers = vec![multiplier("m1", "2", r#"{"dow":[2],"from":"16:00","to":"18:00"}"#)];
        assert_eq!(["15:59:59", "16:00:00", "17:59:59", "18:00:00"].map(|time| given(&double, time)), [10, 20, 20, 10]);

        double.multipliers = vec![multiplier("m1", "2", r#"{"from":"22:00","to":"06:00"}"#)];
        assert_eq!(["21:59:59", "22:00:00", "05:59:59", "06:00:00"].map(|time| given(&double, time)), [10, 20, 20, 10]);

        double.unit = Unit::Stamps;
        assert_eq!(given(&double, "23:00:00"), 10, "stamps are never multiplied");
    }

    #[test]
    fn factors_stack_as_the_campaign_says_and_floor_once() {
        let mut points = rules(RuleKind::PerUnit { units: 1, points: 7 });
        points.multipliers =
            vec![multiplier("a", "1.5", "{}"), multiplier("b", "1.1", "{}"), multiplier("c", "3", r#"{"segment":"gold"}"#)];
        let awards = [Stacking::Max, Stacking::Multiply, Stacking::Add].map(|stacking| {
            points.multiplier_stacking = stacking;
            award(&points, &[line(COLA, 1, 1)])
        });
        assert_eq!(awards, [10, 11, 11], "10.5, 11.55 and 11.2");

        points.multiplier_stacking = Stacking::Multiply;
        points.multipliers = (0..4).map(|n| multiplier(&n.to_string(), "1000", "{}")).collect();
        assert_eq!((points.check(), award(&points, &[line(COLA, 9_999_999, 1)])), (Ok(()), AWARD_MAX));
        points.multipliers = (0..7).map(|n| multiplier(&n.to_string(), "1.0001", "{}")).collect();
        assert_eq!(points.check(), Err(WrongRules::Extra), "more digits than a number has");
        let gold = ["gold".to_owned()];
        points.multipliers = vec![multiplier("c", "3", r#"{"segment":"gold"}"#)];
        assert_eq!(evaluate(&points, &[line(COLA, 1, 1)], &Facts { segments: &gold, ..facts() }).unwrap().award, 21);
    }

    #[test]
    fn a_bonus_needs_a_base_and_comes_after_the_factor() {
        let mut welcome = rules(RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase });
        welcome.multipliers = vec![multiplier("m", "2", "{}")];
        welcome.bonuses = vec![serde_json::from_str(r#"{"id":"b","points":5,"when":{"first_purchase":true}}"#).unwrap()];
        let first = Facts { first_purchase: true, ..facts() };
        let gives = |price, facts: &Facts<'_>| evaluate(&welcome, &[line(COLA, 1, price)], facts).unwrap().award;
        assert_eq!([gives(300_000, &first), gives(99_999, &first), gives(300_000, &facts())], [11, 0, 6]);
    }

    #[test]
    fn caps_apply_in_their_own_order_whatever_the_rules_say() {
        let mut capped = rules(RuleKind::PerUnit { units: 1, points: 8 });
        let cap = |scope, max, on_exceed| Cap { scope, max, on_exceed };
        capped.caps = vec![cap(CapScope::ConsumerDay, 10, OnExceed::Truncate), cap(CapScope::Purchase, 6, OnExceed::Truncate)];
        let mut used = Used::default();
        used.add(CapScope::ConsumerDay, 8);
        let trace = evaluate(&capped, &[line(COLA, 1, 1)], &Facts { used, ..facts() }).unwrap();
        assert_eq!(trace.award, 2);
        assert_eq!(
            trace.caps.iter().map(|cap| (cap.scope, cap.room, cap.left)).collect::<Vec<_>>(),
            [(CapScope::Purchase, 6, 6), (CapScope::ConsumerDay, 2, 2)]
        );

        capped.caps = vec![cap(CapScope::ConsumerDay, 10, OnExceed::Reject)];
        assert_eq!(evaluate(&capped, &[line(COLA, 1, 1)], &Facts { used, ..facts() }).unwrap().award, 0);
    }

    #[test]
    fn a_price_outside_the_guard_counts_as_its_bound() {
        let mut guarded = rules(RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase });
        guarded.price_guard = Some(PriceGuard { low: "0.8".parse().unwrap(), high: "1.2".parse().unwrap() });
        let gives = |price| award(&guarded, &[Line { suggested_price_minor: Some(1_000_000), ..line(COLA, 1, price) }]);
        assert_eq!([gives(100), gives(900_000), gives(9_900_000)], [8, 9, 12]);
    }

    #[test]
    fn a_return_is_worked_out_with_what_the_purchase_had() {
        let mut campaign = rules(RuleKind::PerUnit { units: 1, points: 10 });
        campaign.multipliers = vec![multiplier("m", "2", r#"{"from":"09:00","to":"11:00"}"#)];
        campaign.bonuses = vec![serde_json::from_str(r#"{"id":"b","points":5,"when":{"first_purchase":true}}"#).unwrap()];
        campaign.caps = vec![Cap { scope: CapScope::ConsumerDay, max: 50, on_exceed: OnExceed::Truncate }];
        let mut used = Used::default();
        used.add(CapScope::ConsumerDay, 10);
        let then = evaluate(&campaign, &[line(COLA, 3, 1)], &Facts { first_purchase: true, used, ..facts() }).unwrap();
        let left = |quantity| again(&campaign, &[line(COLA, quantity, 1)], &then).award;
        assert_eq!((then.award, left(2), left(1), left(0)), (40, 40, 25, 0), "65 and 45 do not fit into 40");
        let visit = rules(RuleKind::PerPurchase { points: 3 });
        let then = evaluate(&visit, &[line(COLA, 1, 1)], &facts()).unwrap();
        assert_eq!(again(&visit, &[line(COLA, 0, 1), line(PAN, 1, 1)], &then).award, 0, "nothing that takes part is left");
    }

    #[test]
    fn only_the_largest_of_a_group_stays() {
        let one = |brand: u8, group, award, priority, campaign: u8| Contender { brand, group, award, priority, campaign };
        let group = Some("g");
        let contenders = [
            one(1, group, 5, 100, 1),
            one(1, group, 7, 100, 2),
            one(1, group, 7, 50, 3),
            one(1, None, 1, 1, 4),
            one(2, group, 1, 100, 5),
            one(1, Some("h"), 0, 1, 6),
            one(1, Some("h"), 0, 1, 7),
        ];
        assert_eq!(excluded(&contenders), [true, true, false, false, false, false, true]);
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
