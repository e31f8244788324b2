//! The queue of purchases that are held, and the first of two people who decide.

use serde::{Deserialize, Serialize};

use super::HeldPurchase;

/// What is held, and how long it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewQueue {
    /// Those that wait longest first, at most 100.
    pub items: Vec<HeldPurchase>,
    /// All that wait.
    pub waiting: i64,
    /// Half of them wait longer than so.
    pub median_age_ms: i64,
}

/// Somebody approved what takes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstApproval {
    /// Who, by name.
    pub by: String,
    /// Why.
    pub reason: String,
    /// It was the one who asks: another person must.
    pub own: bool,
}
