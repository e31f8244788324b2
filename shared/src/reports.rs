//! What a brand sees of its own sales.

pub mod metric;

use serde::{Deserialize, Serialize};

use crate::{CivilDate, Currency, ProductId, Timestamp};

/// Fewest consumers behind a number that a brand may see; smaller cells are hidden.
pub const K_ANONYMITY: i64 = 10;

/// A count of consumers, or the word that it is too small to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Count {
    /// 0, or [`K_ANONYMITY`] at least.
    Known(i64),
    /// Between 1 and 9.
    TooFew,
}

impl Count {
    /// Applies the rule of small numbers.
    pub const fn of(n: i64) -> Self {
        if n > 0 && n < K_ANONYMITY { Self::TooFew } else { Self::Known(n) }
    }
}

/// Sales of one product: valid lines of accepted purchases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductSales {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub name: String,
    /// Units.
    pub units: i64,
    /// Minor units.
    pub net_amount_minor: i64,
    /// Distinct purchases.
    pub purchases: i64,
    /// Distinct consumers.
    pub buyers: Count,
}

/// A day of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DaySales {
    /// The date at the shops.
    pub date: CivilDate,
    /// Units.
    pub units: i64,
}

/// The brand's first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// First day, included.
    pub from: CivilDate,
    /// Last day, included.
    pub to: CivilDate,
    /// The newest purchase that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_until: Option<Timestamp>,
    /// Money of the amounts.
    pub currency: Currency,
    /// Minor units.
    pub net_amount_minor: i64,
    /// The same before, over as many days.
    pub net_amount_before_minor: i64,
    /// Units.
    pub units: i64,
    /// Units before.
    pub units_before: i64,
    /// Shops with a purchase.
    pub active_shops: i64,
    /// Shops on the platform.
    pub eligible_shops: i64,
    /// Distinct consumers.
    pub buyers: Count,
    /// Rewards handed over.
    pub rewards_delivered: i64,
    /// What the brand owes to shops, minor units.
    pub owed_minor: i64,
    /// Most sold first.
    pub products: Vec<ProductSales>,
    /// One for each day.
    pub days: Vec<DaySales>,
}
