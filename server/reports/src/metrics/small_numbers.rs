//! Metric 12: small numbers. A cell about consumers is hidden when somebody could be recognised in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::reports::metric::Cell;

/// The cells as they may be shown: those with 0 < n < `k` are hidden, and further ones, smallest first, until the hidden
/// ones are at least two and sum to `k`, because the total is known.
///
/// Nobody is in a cell of zero, so it stays and helps to hide nothing. `k` below 2 hides nothing.
pub fn hide(cells: &[i64], k: i64) -> Vec<Cell> {
    let too_small = |n: i64| 0 < n && n < k;
    let mut shown: Vec<Cell> = cells.iter().map(|n| Some(*n).filter(|n| !too_small(*n))).collect();
    let mut hidden: Vec<i64> = cells.iter().copied().filter(|n| too_small(*n)).collect();
    while !hidden.is_empty() && (hidden.len() < 2 || hidden.iter().sum::<i64>() < k) {
        let next = shown.iter_mut().filter(|cell| cell.is_some_and(|n| n > 0)).min_by_key(|cell| **cell);
        let Some(n) = next.and_then(Option::take) else {
            break;
        };
        hidden.push(n);
    }
    shown
}

/// One count that stands alone.
pub fn alone(n: i64, k: i64) -> Cell {
    hide(&[n], k)[0]
}

/// Cells of any names with their total.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    #[serde(default = "k_default")]
    k: i64,
    cells: BTreeMap<String, i64>,
    total: Option<i64>,
}

const fn k_default() -> i64 {
    shared::reports::K_ANONYMITY
}

/// People in one cell, at most: more than there are.
const PEOPLE_MAX: i64 = 1_000_000_000_000;
/// Cells of one table, at most.
const CELLS_MAX: usize = 1_000;

/// The cells under their names, and `total` where one was given; `None` beyond the bounds.
pub fn of(inputs: &Inputs) -> Option<BTreeMap<String, Cell>> {
    let bounded = |n: i64| (0..=PEOPLE_MAX).contains(&n);
    if inputs.cells.len() > CELLS_MAX || !inputs.cells.values().copied().chain(inputs.total).chain([inputs.k]).all(bounded) {
        return None;
    }
    let numbers: Vec<i64> = inputs.cells.values().copied().collect();
    let shown = hide(&numbers, inputs.k);
    let total = inputs.total.map(|total| ("total".to_owned(), alone(total, inputs.k)));
    Some(inputs.cells.keys().cloned().zip(shown).chain(total).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_small_cell_takes_the_next_one_along() {
        for (cells, shown) in [
            (vec![45, 12, 7, 30], vec![Some(45), None, None, Some(30)]),
            (vec![45, 12, 30], vec![Some(45), Some(12), Some(30)]),
            (vec![45, 9, 3], vec![Some(45), None, None]),
            (vec![45, 3, 4], vec![None, None, None]),
            (vec![45, 0, 7], vec![None, Some(0), None]),
            (vec![7], vec![None]),
            (vec![0, 0], vec![Some(0), Some(0)]),
            (vec![], vec![]),
        ] {
            assert_eq!(hide(&cells, 10), shown, "{cells:?}");
        }
        assert_eq!(hide(&[1, 2], 1), [Some(1), Some(2)]);
    }

    proptest! {
        #[test]
        fn what_the_total_leaves_over_is_never_a_small_group(cells in proptest::collection::vec(0_i64..60, 0..12), k in 1_i64..20) {
            let shown = hide(&cells, k);
            let hidden: Vec<i64> = cells.iter().zip(&shown).filter(|(_, shown)| shown.is_none()).map(|(n, _)| *n).collect();
            prop_assert!(shown.iter().flatten().all(|n| *n == 0 || *n >= k));
            prop_assert!(cells.iter().zip(&shown).all(|(n, shown)| shown.is_none_or(|shown| shown == *n)));
            let (total, rest) = (cells.iter().sum::<i64>(), hidden.iter().sum::<i64>());
            // Else everybody is hidden, and so is the total.
            prop_assert!(hidden.is_empty() || (hidden.len() >= 2 && rest >= k) || (rest == total));
        }
    }
}
