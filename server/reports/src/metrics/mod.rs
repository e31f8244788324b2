//! The metrics as pure functions: no database, no clock, no floating point. Reports, the sandbox's worked cases and a
//! simulation of a campaign use the same ones.

pub mod affinity;
pub mod cac;
pub mod cohorts;
pub mod conversion;
pub mod definitions;
pub mod frequency;
pub mod liability;
pub mod nps;
pub mod registration;
pub mod rfm;
pub mod roi;
pub mod sales;
pub mod shops;
pub mod small_numbers;
pub mod uplift;
pub mod zones;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::reports::metric::Metric;

/// Why worked inputs have no answer.
#[derive(Debug, thiserror::Error)]
pub enum WrongInputs {
    /// This metric reads sales, and has no inputs of its own.
    #[error("this metric is read from sales: it takes no inputs")]
    ReadsSales,
    /// A member is missing, unknown or of the wrong kind.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// Too large, negative where nothing negative can be, or an answer outside its scale.
    #[error("a number is outside its bounds")]
    Bounds,
}

/// Computes a metric of given inputs: the function that the report itself calls.
pub fn from_inputs(metric: Metric, inputs: Value) -> Result<Value, WrongInputs> {
    // Worked cases have no consumers to protect; the rule of small numbers has its own case.
    const NOBODY_TO_HIDE: i64 = 1;
    match metric {
        Metric::UpliftDid => answer(inputs, uplift::of),
        Metric::Nps => answer(inputs, nps::of),
        Metric::Cac => answer(inputs, |inputs| cac::cac(inputs, NOBODY_TO_HIDE)),
        Metric::Roi => answer(inputs, roi::of),
        Metric::Rfm => answer(inputs, |inputs| Some(rfm::of(inputs))),
        Metric::KAnonymity => answer(inputs, small_numbers::of),
        Metric::Liability => answer(inputs, liability::of),
        Metric::SalesPerPli
        | Metric::ActivePdv
        | Metric::ShopPerformance
        | Metric::Reach
        | Metric::Conversion
        | Metric::Frequency
        | Metric::Registration
        | Metric::Cohorts
        | Metric::Affinity
        | Metric::Zones => Err(WrongInputs::ReadsSales),
    }
}

fn answer<I: DeserializeOwned, O: Serialize>(inputs: Value, compute: impl Fn(&I) -> Option<O>) -> Result<Value, WrongInputs> {
    let inputs: I = serde_json::from_value(inputs)?;
    let told = compute(&inputs).ok_or(WrongInputs::Bounds)?;
    Ok(serde_json::to_value(told)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn worked_cases_are_answered_in_their_own_words() {
        let uplift =
            from_inputs(Metric::UpliftDid, json!({ "treated_pre": 1200, "treated_post": 1560, "control_pre": 1000, "control_post": 1050 }))
                .unwrap();
        let cells =
            from_inputs(Metric::KAnonymity, json!({ "k": 10, "cells": { "a": 45, "b": 12, "c": 7, "d": 30 }, "total": 94 })).unwrap();
        let closed = from_inputs(
            Metric::Liability,
            json!({ "opening": 1000, "earned": 500, "refunded": 0, "spent": 300, "expired": 100, "reversed": 50 }),
        )
        .unwrap();

        assert_eq!((&uplift["uplift_pct"], &uplift["naive_pct"]), (&json!("23.81"), &json!("30.00")));
        assert_eq!(cells, json!({ "a": 45, "b": null, "c": null, "d": 30, "total": 94 }));
        assert_eq!(closed, json!({ "closing": 1050 }));
    }

    #[test]
    fn wrong_inputs_are_refused() {
        for (metric, inputs) in [
            (Metric::Reach, json!({})),
            (Metric::Nps, json!({ "scores": [11] })),
            (Metric::Nps, json!({ "scores": [10], "colour": 1 })),
            (Metric::Cac, json!({ "welcome_cost": 1.5 })),
            (Metric::UpliftDid, json!({ "treated_pre": -1, "control_pre": 1 })),
            (Metric::UpliftDid, json!({ "treated": vec![[i64::MAX, 1]; 10], "control": vec![[1, 1]; 10] })),
            (Metric::KAnonymity, json!({ "cells": { "a": i64::MAX, "b": 1 } })),
            (Metric::KAnonymity, json!({ "cells": { "a": -1 } })),
            (Metric::Liability, json!({ "opening": i64::MAX, "earned": 1 })),
            (Metric::Rfm, json!([])),
        ] {
            assert!(from_inputs(metric, inputs.clone()).is_err(), "{metric:?} {inputs}");
        }
    }
}
