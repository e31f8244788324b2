//! What looks like fraud, as the operator reads it.

use serde::{Deserialize, Serialize};

use crate::{AlertId, BrandId, ShopHoldId, ShopId, Timestamp};

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlertFacts {
    /// One card has too much of what a shop's sales gave.
    CardShare {
        /// `Tarjeta · ••42`.
        card: String,
        /// What that card got there.
        points: i64,
        /// What all cards got there.
        of_points: i64,
        /// Its sales there.
        purchases: i64,
    },
    /// Too many sales follow the one before within seconds.
    FastCaptures {
        /// So many did.
        fast: i64,
        /// Of so many.
        captures: i64,
    },
    /// More was sold than the shop can have had.
    AboveSellIn {
        /// Which.
        product: String,
        /// What the shop had when the window began.
        opening: i64,
        /// What it bought in the window.
        bought: i64,
        /// What it says that it sold.
        sold: i64,
    },
    /// Prices far from the suggested one.
    DeclaredPrice {
        /// Lines with such a price.
        out_of_range: i64,
        /// Of so many with a suggested one.
        lines: i64,
    },
}

/// Something for a person to judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    /// The alert.
    pub id: AlertId,
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Whose products, when it is about one brand's.
    pub brand_id: Option<BrandId>,
    /// That brand's name.
    pub brand_name: Option<String>,
    /// What was seen.
    pub facts: AlertFacts,
    /// When it was seen first.
    pub first_seen_at: Timestamp,
    /// When it still was so.
    pub last_seen_at: Timestamp,
}

/// A shop whose sales of a brand wait for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopHold {
    /// The hold.
    pub id: ShopHoldId,
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// The brand.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// In the words of whoever decided.
    pub why: String,
    /// Since when.
    pub held_at: Timestamp,
}

/// Why somebody decided so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Because {
    /// For the audit, 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub why: String,
}

/// What became of a distributor's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SellInReport {
    /// False: nothing was written.
    pub applied: bool,
    /// Rows that are right.
    pub rows: i64,
    /// Rows that are not, and were left out; at most 500 are told.
    pub wrong: Vec<WrongRow>,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrongRow {
    /// As the spreadsheet counts.
    pub row: i64,
    /// Which column, from 0.
    pub column: i64,
    /// Stable code.
    pub code: String,
}
