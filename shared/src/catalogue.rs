//! Products by GTIN.

use serde::{Deserialize, Serialize};

use crate::{BrandId, Currency, Gtin, ProductId, ProposalId, Timestamp};

/// A product of the master list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// The product.
    pub id: ProductId,
    /// Its barcode.
    pub gtin: Gtin,
    /// Its owner; absent for a product of nobody on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_id: Option<BrandId>,
    /// Its owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_name: Option<String>,
    /// Name with size, as people say it: `Cola Sierra 400 ml`.
    pub name: String,
    /// A word for the drawing: `drink`, `snack`, `soap`, `coffee`, `dairy`, `grain`, or empty.
    pub category: String,
    /// Suggested price of one, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_price_minor: Option<i64>,
    /// Currency of the price.
    pub currency: Currency,
}

/// A product to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewProduct {
    /// Its barcode.
    pub gtin: Gtin,
    /// Its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_id: Option<BrandId>,
    /// 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 120))]
    pub name: String,
    /// A word for the drawing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub category: String,
    /// Suggested price of one, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub suggested_price_minor: Option<i64>,
    /// Currency of the price.
    pub currency: Currency,
}

/// A barcode that a shop met and nobody knew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proposal {
    /// The proposal.
    pub id: ProposalId,
    /// The barcode.
    pub gtin: Gtin,
    /// What the shop calls it.
    pub name: String,
    /// What it costs there, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// Currency of the price: the shop's.
    pub currency: Currency,
    /// Where it was met.
    pub shop_name: String,
    /// When.
    pub proposed_at: Timestamp,
}

/// What became of one row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// Counted as a spreadsheet does: the heading is row 1.
    pub row: i64,
    /// The cells as read, in the import's column order.
    pub cells: Vec<String>,
    /// What would happen.
    pub outcome: ImportOutcome,
    /// Which column is wrong, 0-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// Stable code of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The row that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<i64>,
    /// The product as it was, in the same order; empty unless it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// What happens to one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ImportOutcome {
    /// A new product.
    Create,
    /// Something about it changes.
    Update,
    /// Exactly as it is already.
    Same,
    /// Left out.
    Wrong,
}

/// An import, checked or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// False: nothing was written.
    pub applied: bool,
    /// In file order.
    pub rows: Vec<ImportRow>,
}

impl ImportReport {
    /// How many rows have this outcome.
    pub fn count(&self, outcome: ImportOutcome) -> i64 {
        self.rows.iter().filter(|row| row.outcome == outcome).count() as i64
    }
}
