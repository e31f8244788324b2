//! Metric 7: what a campaign sold, against shops that did not have it (difference in differences as a ratio).

use serde::Deserialize;
use shared::reports::metric::{NotMeasurable, Uplift};

use crate::exact::Exact;

/// Shops on a side, at least.
pub const SHOPS_MIN: usize = 10;
/// How often whole shops are drawn again for the interval.
const DRAWS: usize = 2_000;
/// Scale of the drawn shares while they are sorted: eight decimals.
const SCALE: i128 = 100_000_000;
/// Shops on a side, at most.
const SHOPS_MAX: usize = 5_000;
/// Units of one shop, at most: what is drawn stays far inside 128 bits.
const SHOP_UNITS_MAX: i64 = 1_000_000_000;
/// Units of one side, at most.
const UNITS_MAX: i64 = 1_000_000_000_000;

/// Units of one shop before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "(i64, i64)")]
pub struct ShopUnits {
    /// In the period before.
    pub before: i64,
    /// In the period of the campaign.
    pub after: i64,
}

impl From<(i64, i64)> for ShopUnits {
    fn from((before, after): (i64, i64)) -> Self {
        Self { before, after }
    }
}

/// Sums of both sides, or their shops.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    treated_pre: i64,
    treated_post: i64,
    control_pre: i64,
    control_post: i64,
    /// Shops behind the sums, where they are known.
    treated_shops: Option<usize>,
    control_shops: Option<usize>,
    pre_days: Option<i64>,
    post_days: Option<i64>,
    /// Instead of the sums: `[before, after]` of each shop.
    treated: Option<Vec<ShopUnits>>,
    control: Option<Vec<ShopUnits>>,
    seed: u64,
}

/// The uplift of sums, or of shops with its interval.
pub fn of(inputs: &Inputs) -> Option<Uplift> {
    if inputs.pre_days.zip(inputs.post_days).is_some_and(|(pre, post)| pre != post) {
        return Some(refused(NotMeasurable::PeriodsDiffer));
    }
    if let (Some(treated), Some(control)) = (&inputs.treated, &inputs.control) {
        return uplift(treated, control, inputs.seed);
    }
    if [inputs.treated_shops, inputs.control_shops].into_iter().flatten().any(|shops| shops < SHOPS_MIN) {
        return Some(refused(NotMeasurable::TooFewShops));
    }
    of_sums(Sums { tp: inputs.treated_pre, tq: inputs.treated_post, cp: inputs.control_pre, cq: inputs.control_post })
}

/// The uplift of treated shops against control shops over periods of equal length, with a 90 % interval.
///
/// `None` when there are too many shops, or their numbers are too large or negative. The same shops and seed give the same interval everywhere.
pub fn uplift(treated: &[ShopUnits], control: &[ShopUnits], seed: u64) -> Option<Uplift> {
    let bounded = |units: i64| (0..=SHOP_UNITS_MAX).contains(&units);
    if [treated, control].iter().any(|side| side.len() > SHOPS_MAX || !side.iter().all(|shop| bounded(shop.before) && bounded(shop.after)))
    {
        return None;
    }
    if treated.len() < SHOPS_MIN || control.len() < SHOPS_MIN {
        return Some(refused(NotMeasurable::TooFewShops));
    }
    let told = of_sums(Sums::of(treated.iter(), control.iter()))?;
    let interval_pct = if told.measurable { interval(treated, control, seed) } else { None };
    Some(Uplift { interval_pct, ..told })
}

/// Units of both sides before (p) and after (q), as the contract calls them.
#[derive(Debug, Clone, Copy)]
struct Sums {
    tp: i64,
    tq: i64,
    cp: i64,
    cq: i64,
}

impl Sums {
    fn of<'a>(treated: impl Iterator<Item = &'a ShopUnits>, control: impl Iterator<Item = &'a ShopUnits>) -> Self {
        let add = |(before, after): (i64, i64), shop: &ShopUnits| (before.saturating_add(shop.before), after.saturating_add(shop.after));
        let (tp, tq) = treated.fold((0, 0), add);
        let (cp, cq) = control.fold((0, 0), add);
        Self { tp, tq, cp, cq }
    }
    /// incremental ÷ expected = (Tq·Cp − Tp·Cq) ÷ (Tp·Cq), scaled and rounded down, for sorting. `None`: nothing expected.
    fn scaled(self) -> Option<i128> {
        let expected = i128::from(self.tp) * i128::from(self.cq);
        let sold = i128::from(self.tq) * i128::from(self.cp);
        (expected > 0).then(|| ((sold - expected) * SCALE).div_euclid(expected))
    }
}

fn of_sums(sums: Sums) -> Option<Uplift> {
    if [sums.tp, sums.tq, sums.cp, sums.cq].iter().any(|units| !(0..=UNITS_MAX).contains(units)) {
        return None;
    }
    if sums.cp == 0 {
        return Some(refused(NotMeasurable::NoControlSales));
    }
    let sold = Exact::whole(sums.tq);
    let expected = Exact::whole(sums.tp).times(Exact::ratio(sums.cq, sums.cp)?)?;
    if expected == Exact::ZERO {
        return Some(refused(if sums.tp == 0 { NotMeasurable::NoTreatedSales } else { NotMeasurable::NoControlSales }));
    }
    let incremental = sold.minus(expected)?;
    let naive = sold.over(sums.tp.into())?.minus(1.into())?;
    Some(Uplift {
        measurable: true,
        reason: None,
        expected: Some(expected.amount()),
        incremental: Some(incremental.amount()),
        uplift_pct: Some(incremental.over(expected)?.percent()?.fixed(2)),
        naive_pct: Some(naive.percent()?.fixed(2)),
        interval_pct: None,
    })
}

/// What is said instead of a number that would be invented.
pub fn refused(reason: NotMeasurable) -> Uplift {
    Uplift {
        measurable: false,
        reason: Some(reason),
        expected: None,
        incremental: None,
        uplift_pct: None,
        naive_pct: None,
        interval_pct: None,
    }
}

/// Exact units beyond the expected ones, for whoever computes on; `None` where the uplift is not measurable.
pub fn incremental(treated: &[ShopUnits], control: &[ShopUnits]) -> Option<Exact> {
    if treated.len() < SHOPS_MIN || control.len() < SHOPS_MIN {
        return None;
    }
    let sums = Sums::of(treated.iter(), control.iter());
    let expected = Exact::whole(sums.tp).times(Exact::ratio(sums.cq, sums.cp)?)?;
    if expected == Exact::ZERO { None } else { Exact::whole(sums.tq).minus(expected) }
}

/// The 5th and 95th of a hundred parts of the uplifts of shops drawn with replacement (percentile bootstrap over whole
/// shops: a shop's purchases belong together, so drawing purchases would promise too much).
fn interval(treated: &[ShopUnits], control: &[ShopUnits], seed: u64) -> Option<[String; 2]> {
    let mut random = SplitMix64(seed);
    let mut drawn: Vec<i128> = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let again = |side: &[ShopUnits], random: &mut SplitMix64| -> Vec<ShopUnits> {
            side.iter().map(|_| side[random.below(side.len())]).collect()
        };
        let (treated, control) = (again(treated, &mut random), again(control, &mut random));
        drawn.extend(Sums::of(treated.iter(), control.iter()).scaled());
    }
    drawn.sort_unstable();
    let percentile = |percent: usize| {
        let place = (drawn.len() * percent / 100).min(drawn.len().checked_sub(1)?);
        let scaled = i64::try_from(*drawn.get(place)?).ok()?;
        Some(Exact::ratio(scaled, i64::try_from(SCALE).ok()?)?.percent()?.fixed(2))
    };
    Some([percentile(5)?, percentile(95)?])
}

/// Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators* (2014). Ten lines whose numbers never change with
/// a library's version: an interval that was published can be computed again.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// 0 to `bound` − 1; the bias is below `bound` ÷ 2⁶⁴.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(tp: i64, tq: i64, cp: i64, cq: i64) -> Uplift {
        of_sums(Sums { tp, tq, cp, cq }).unwrap()
    }
    /// So many shops around the worked sums, a little different from each other.
    fn side(shops: i64, before: i64, after: i64) -> Vec<ShopUnits> {
        (0..shops).map(|shop| ShopUnits { before: before / shops + shop % 3 - 1, after: after / shops + shop % 5 - 2 }).collect()
    }

    #[test]
    fn the_control_shops_say_what_was_to_be_expected() {
        let told = sums(1_200, 1_560, 1_000, 1_050);

        assert_eq!((told.expected.as_deref(), told.incremental.as_deref()), (Some("1260"), Some("300")));
        assert_eq!((told.uplift_pct.as_deref(), told.naive_pct.as_deref()), (Some("23.81"), Some("30.00")));
    }

    #[test]
    fn a_fall_is_told_as_one() {
        let told = sums(100, 80, 100, 120);

        assert_eq!(
            (told.incremental.as_deref(), told.uplift_pct.as_deref(), told.naive_pct.as_deref()),
            (Some("-40"), Some("-33.33"), Some("-20.00"))
        );
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        let few = uplift(&side(9, 900, 1_000), &side(12, 900, 900), 1).unwrap();
        let lengths = of(&Inputs { control_pre: 1, pre_days: Some(28), post_days: Some(31), ..Inputs::default() }).unwrap();

        assert_eq!(sums(10, 10, 0, 10).reason, Some(NotMeasurable::NoControlSales));
        assert_eq!(sums(10, 10, 10, 0).reason, Some(NotMeasurable::NoControlSales));
        assert_eq!(sums(0, 10, 10, 10).reason, Some(NotMeasurable::NoTreatedSales));
        assert_eq!((few.measurable, few.reason, few.uplift_pct), (false, Some(NotMeasurable::TooFewShops), None));
        assert_eq!(lengths.reason, Some(NotMeasurable::PeriodsDiffer));
        assert!(of_sums(Sums { tp: -1, tq: 1, cp: 1, cq: 1 }).is_none());
    }

    #[test]
    fn the_interval_holds_the_estimate_and_is_the_same_again() {
        let (treated, control) = (side(30, 12_000, 15_600), side(30, 10_000, 10_500));
        let told = uplift(&treated, &control, 7).unwrap();
        let number = |text: &str| Exact::parse(text).unwrap();
        let [low, high] = told.interval_pct.clone().unwrap();
        let middle = number(&told.uplift_pct.clone().unwrap());

        assert!(number(&low) < middle && middle < number(&high), "{low} {middle:?} {high}");
        assert_eq!(uplift(&treated, &control, 7).unwrap(), told);
        assert_ne!(uplift(&treated, &control, 8).unwrap().interval_pct, told.interval_pct);
    }

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = SplitMix64(1_234_567);

        assert_eq!(
            [random.next(), random.next(), random.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
