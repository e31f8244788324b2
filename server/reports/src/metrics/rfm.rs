//! Metric 11: segments by recency, frequency and money.

use std::collections::BTreeMap;

use shared::{
    ConsumerId, Currency,
    reports::metric::{Rfm, Scored, Segment, SegmentLine},
};

use super::small_numbers::{alone, hide};
use crate::exact::Exact;

/// Days before the instant that are looked at.
pub const LOOKBACK_DAYS: i64 = 180;

/// One consumer: days since the last purchase-day, purchase-days, net amount.
pub type Behaviour = (i64, i64, Exact);

/// Named consumers, as the worked cases write them.
pub type Inputs = BTreeMap<String, Behaviour>;

/// The score and segment of each, under the same names.
pub fn of(inputs: &Inputs) -> BTreeMap<String, Scored> {
    let behaviours: Vec<Behaviour> = inputs.values().copied().collect();
    inputs.keys().cloned().zip(scores(&behaviours)).collect()
}

/// Score of each dimension = 1 + floor(5 × consumers strictly worse ÷ all): deterministic, and equals share a score.
///
/// Money of one currency: exact amounts, or its minor units.
pub fn scores<M: Ord + Copy>(people: &[(i64, i64, M)]) -> Vec<Scored> {
    let recent = rank(people, |one| one.0.saturating_neg());
    let often = rank(people, |one| one.1);
    let much = rank(people, |one| one.2);
    recent.into_iter().zip(often).zip(much).map(|((r, f), m)| Scored { score: [r, f, m], segment: segment(r, f) }).collect()
}

/// 1 to 5 for each, where more is better.
fn rank<M, T: Ord>(people: &[(i64, i64, M)], value: fn(&(i64, i64, M)) -> T) -> Vec<u8> {
    let mut sorted: Vec<T> = people.iter().map(value).collect();
    sorted.sort_unstable();
    // Where each further score begins: equals begin it together.
    let (mut begins, mut worse): (Vec<&T>, usize) = (Vec::with_capacity(5), 0);
    for equals in sorted.chunk_by(|a, b| a == b) {
        begins.extend(equals.first().into_iter().cycle().take((5 * worse / people.len()).saturating_sub(begins.len())));
        worse += equals.len();
    }
    people.iter().map(|one| 1 + begins.iter().filter(|begin| ***begin <= value(one)).count() as u8).collect()
}

/// The first rule that holds.
pub const fn segment(recency: u8, frequency: u8) -> Segment {
    match (recency, frequency) {
        (4.., 4..) => Segment::Champions,
        (3.., 3..) => Segment::Loyal,
        (4.., _) => Segment::NewOrPromising,
        (3, _) => Segment::NeedsAttention,
        (_, 4..) => Segment::CannotLose,
        (_, 3) => Segment::AtRisk,
        _ => Segment::Hibernating,
    }
}

/// Which consumer is in which segment: what a saved segment is filled with.
pub fn members(people: &[(ConsumerId, Behaviour)]) -> Vec<(ConsumerId, Segment)> {
    let behaviours: Vec<Behaviour> = people.iter().map(|(_, one)| *one).collect();
    people.iter().zip(scores(&behaviours)).map(|((consumer, _), scored)| (*consumer, scored.segment)).collect()
}

/// How many are in each segment and what they spent; small segments are hidden.
pub fn summary(people: &[(i64, i64, i64)], currency: Currency, k: i64) -> Rfm {
    let scored = scores(people);
    let of = |segment| scored.iter().zip(people).filter(move |(scored, _)| scored.segment == segment);
    let counts: Vec<i64> = Segment::ALL.iter().map(|segment| of(*segment).count() as i64).collect();
    let line = |(segment, consumers): (Segment, Option<i64>)| {
        let minor = of(segment).map(|(_, (_, _, minor))| *minor).sum();
        SegmentLine {
            segment,
            consumers,
            share: consumers.and_then(|n| Some(Exact::ratio(n, people.len() as i64)?.percent()?.fixed(1))),
            net_amount: consumers.map(|_| Exact::money(minor, currency).amount()),
        }
    };
    Rfm {
        lookback_days: LOOKBACK_DAYS,
        consumers: alone(people.len() as i64, k),
        segments: Segment::ALL.into_iter().zip(hide(&counts, k)).map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_consumers_of_the_contract() {
        use Segment::*;
        let people: [(i64, i64, i64); 10] = [
            (2, 9, 84_000),
            (5, 7, 52_000),
            (5, 3, 30_000),
            (12, 6, 61_000),
            (20, 1, 2_500),
            (33, 4, 41_000),
            (45, 8, 99_000),
            (60, 2, 9_000),
            (3, 1, 5_000),
            (80, 1, 2_400),
        ];
        let told: Vec<([u8; 3], Segment)> = scores(&people).into_iter().map(|one| (one.score, one.segment)).collect();

        assert_eq!(
            told,
            [
                ([5, 5, 5], Champions),
                ([4, 4, 4], Champions),
                ([4, 3, 3], Loyal),
                ([3, 4, 4], Loyal),
                ([3, 1, 1], NeedsAttention),
                ([2, 3, 3], AtRisk),
                ([2, 5, 5], CannotLose),
                ([1, 2, 2], Hibernating),
                ([5, 1, 2], NewOrPromising),
                ([1, 1, 1], Hibernating)
            ]
        );
    }

    #[test]
    fn small_segments_are_hidden_with_what_they_spent() {
        let told = summary(&[(1, 1, 100); 12], Currency::Cop, 10);
        let few = summary(&[(1, 1, 100); 3], Currency::Cop, 10);

        // Everybody is alike: nobody is worse than another.
        assert_eq!(
            told.segments[6],
            SegmentLine { segment: Segment::Hibernating, consumers: Some(12), share: Some("100.0".into()), net_amount: Some("12".into()) }
        );
        assert_eq!((few.consumers, few.segments[6].consumers, few.segments[6].net_amount.clone()), (None, None, None));
        assert_eq!(summary(&[], Currency::Cop, 10).consumers, Some(0));
    }

    proptest! {
        #[test]
        fn better_never_scores_lower(people in proptest::collection::vec((0_i64..180, 1_i64..40, 0_i64..1_000), 1..40)) {
            let scored = scores(&people.iter().map(|(r, f, m)| (*r, *f, Exact::from(*m))).collect::<Vec<_>>());
            for (a, x) in people.iter().zip(&scored) {
                prop_assert!(x.score.iter().all(|score| (1..=5).contains(score)));
                for (b, y) in people.iter().zip(&scored) {
                    prop_assert!(a.0 > b.0 || x.score[0] >= y.score[0]);
                    prop_assert!(a.1 < b.1 || x.score[1] >= y.score[1]);
                    prop_assert!(a.2 < b.2 || x.score[2] >= y.score[2]);
                }
            }
        }
    }
}
