//! Metric 16: which products of the brand are bought together.

use shared::{
    ProductId,
    reports::explore::{Affinity, PairLine},
};

use super::small_numbers::alone;
use crate::exact::Exact;

/// Two products in one purchase, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairSold {
    /// One of them.
    pub first_id: ProductId,
    /// Its name.
    pub first: String,
    /// The other.
    pub second_id: ProductId,
    /// Its name.
    pub second: String,
    /// Purchases with both.
    pub together: i64,
    /// Distinct consumers of those, who do not work where they bought.
    pub consumers: i64,
    /// Purchases with the first.
    pub with_first: i64,
    /// Purchases with the second.
    pub with_second: i64,
}

/// support = both ÷ all; confidence = both ÷ those with one; lift = both × all ÷ (those with one × those with the other).
///
/// Counts of purchases tell few people as well as counts of people do: they are hidden together.
pub fn affinity(pairs: &[PairSold], baskets: i64, k: i64) -> Affinity {
    let line = |pair: &PairSold| {
        let consumers = alone(pair.consumers, k);
        let shown = |number: Option<Exact>, decimals| number.filter(|_| consumers.is_some()).map(|number| number.fixed(decimals));
        let percent = |whole| Exact::ratio(pair.together, whole).and_then(Exact::percent);
        let chance = Exact::whole(pair.with_first).times(pair.with_second.into());
        let lift = chance.and_then(|chance| Exact::whole(pair.together).times(baskets.into())?.over(chance));
        PairLine {
            first_id: pair.first_id,
            first: pair.first.clone(),
            second_id: pair.second_id,
            second: pair.second.clone(),
            consumers,
            baskets: consumers.map(|_| pair.together),
            support: shown(percent(baskets), 1),
            confidence: shown(percent(pair.with_first), 1),
            confidence_back: shown(percent(pair.with_second), 1),
            lift: shown(lift, 2),
        }
    };
    let mut lines: Vec<PairLine> = pairs.iter().map(line).collect();
    // The order of hidden ones would tell which is larger: by name.
    lines.sort_by(|a, b| (b.baskets, &a.first, &a.second).cmp(&(a.baskets, &b.first, &b.second)));
    Affinity { pairs: lines, baskets }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(first: &str, together: i64, consumers: i64) -> PairSold {
        PairSold {
            first_id: ProductId::fixed(1),
            first: first.into(),
            second_id: ProductId::fixed(2),
            second: "GALL".into(),
            together,
            consumers,
            with_first: 50,
            with_second: 40,
        }
    }

    #[test]
    fn together_is_compared_with_chance() {
        let told = affinity(&[pair("COLA", 30, 20)], 100, 10);
        let line = &told.pairs[0];

        assert_eq!(
            (line.support.as_deref(), line.confidence.as_deref(), line.confidence_back.as_deref(), line.lift.as_deref()),
            (Some("30.0"), Some("60.0"), Some("75.0"), Some("1.50"))
        );
        assert_eq!((line.baskets, line.consumers), (Some(30), Some(20)));
    }

    #[test]
    fn a_pair_of_few_people_tells_nothing_but_its_names() {
        let told = affinity(&[pair("B", 90, 3), pair("A", 8, 2), pair("COLA", 30, 20)], 100, 10);

        assert_eq!(told.pairs.iter().map(|line| line.first.as_str()).collect::<Vec<_>>(), ["COLA", "A", "B"]);
        assert_eq!(
            (told.pairs[2].consumers, told.pairs[2].baskets, told.pairs[2].lift.as_deref(), told.pairs[2].support.as_deref()),
            (None, None, None, None)
        );
    }
}
