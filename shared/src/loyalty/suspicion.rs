//! Why a purchase is held although nothing in it is wrong: what a reviewer reads.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whose sales are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Of one card, wherever it bought.
    Card,
    /// Of one person at a shop.
    Cashier,
    /// Of one phone of a shop.
    Device,
    /// Of the whole shop.
    Shop,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// More sales than people make.
    Velocity {
        /// Of whom.
        of: Counted,
        /// Sales in the window before this one.
        count: i64,
        /// As many are allowed.
        limit: i64,
        /// How long the window is.
        window_minutes: i64,
    },
    /// The card was somewhere else a moment ago, or a moment later.
    Movement {
        /// The other shop.
        shop_name: String,
        /// When it was there.
        at: Timestamp,
        /// As the crow flies.
        distance_meters: i64,
        /// Between the two sales.
        seconds: i64,
        /// What that comes to; 0: both at the same instant.
        kmh: i64,
    },
    /// Somebody decided that this shop's sales of a brand wait.
    OnHold {
        /// In their words.
        why: String,
    },
}

impl Evidence {
    /// The reason of the purchase.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Velocity { of: Counted::Card, .. } => "VELOCITY_CARD",
            Self::Velocity { of: Counted::Cashier, .. } => "VELOCITY_CASHIER",
            Self::Velocity { of: Counted::Device, .. } => "VELOCITY_DEVICE",
            Self::Velocity { of: Counted::Shop, .. } => "VELOCITY_SHOP",
            Self::Movement { .. } => "IMPOSSIBLE_MOVEMENT",
            Self::OnHold { .. } => "SHOP_ON_HOLD",
        }
    }
}
