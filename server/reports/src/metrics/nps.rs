//! Metric 8: whether shopkeepers would recommend (net promoter score).

use serde::Deserialize;
use shared::reports::metric::Nps;

use crate::exact::Exact;

/// Answers below which nothing but their number is told.
pub const ANSWERS_MIN: i64 = 10;

/// Answers of one wave, the last one of each shopkeeper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    scores: Vec<u8>,
    /// Shopkeepers who were asked, where it is known.
    #[serde(default)]
    asked: Option<i64>,
}

/// The score of a wave; `None` for an answer outside 0 to 10.
pub fn of(inputs: &Inputs) -> Option<Nps> {
    nps(&inputs.scores, inputs.asked)
}

/// (promoters − detractors) ÷ answers × 100, one decimal; hidden below [`ANSWERS_MIN`] answers.
pub fn nps(scores: &[u8], asked: Option<i64>) -> Option<Nps> {
    if scores.iter().any(|score| *score > 10) {
        return None;
    }
    let count = |which: fn(u8) -> bool| scores.iter().filter(|score| which(**score)).count() as i64;
    let (promoters, detractors, n) = (count(|score| score >= 9), count(|score| score <= 6), scores.len() as i64);
    let enough = n >= ANSWERS_MIN;
    let percent = |part, whole| Some(Exact::ratio(part, whole)?.percent()?.fixed(1));
    Some(Nps {
        promoters: enough.then_some(promoters),
        detractors: enough.then_some(detractors),
        n,
        nps: if enough { percent(promoters - detractors, n) } else { None },
        response_rate: asked.and_then(|asked| percent(n, asked)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promoters_minus_detractors() {
        let told = nps(&[10, 9, 9, 8, 7, 6, 10, 3, 9, 8], Some(25)).unwrap();

        assert_eq!((told.promoters, told.detractors, told.n, told.nps.as_deref()), (Some(5), Some(2), 10, Some("30.0")));
        assert_eq!(told.response_rate.as_deref(), Some("40.0"));
    }

    #[test]
    fn nine_answers_tell_only_that_they_are_nine() {
        let told = nps(&[10; 9], None).unwrap();

        assert_eq!((told.n, told.promoters, told.detractors, told.nps), (9, None, None, None));
        assert_eq!(nps(&[0; 12], None).unwrap().nps.as_deref(), Some("-100.0"));
        assert_eq!(nps(&[11], None), None);
    }
}
