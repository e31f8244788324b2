//! The short receipt of a purchase: what everybody may read who holds its link.

use serde::{Deserialize, Serialize};

use super::{PurchaseStatus, campaign::Unit, correction::DisputeState};
use crate::{LocalTime, PurchaseId};

/// What a purchase brought from one brand, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptGain {
    /// Whose points or stamps.
    pub brand_name: String,
    /// Which.
    pub unit: Unit,
    /// Without what was returned since.
    pub amount: i64,
}

/// Shop, time, units and points: no person, no card, no product and no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Where.
    pub shop_name: String,
    /// In which city; may be empty.
    pub city: String,
    /// When, by the shop's clock.
    pub local: LocalTime,
    /// Accepted, held for review or rejected.
    pub status: PurchaseStatus,
    /// Bought.
    pub units: i64,
    /// Of them came back.
    pub returned_units: i64,
    /// By brand; empty when it gave nothing, or nothing yet.
    pub gains: Vec<ReceiptGain>,
    /// Told only to whoever bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<OwnReceipt>,
}

/// What only the buyer sees on her receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnReceipt {
    /// The purchase, to say that something is wrong with it.
    pub purchase_id: PurchaseId,
    /// What became of what she said.
    pub dispute: Option<DisputeState>,
}

/// Where a receipt is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptLink {
    /// Names the purchase and proves that this server wrote it.
    pub token: String,
    /// The page's path: `/r/<token>`.
    pub path: String,
}

/// What becomes of a receipt that is wanted on the telephone of whoever bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptTold {
    /// It left, or waits to leave: by night for the morning. What finds no place in her day is dropped then.
    Sent,
    /// She has no telephone here, did not agree to notices or stopped them; no provider carries it; or it was dropped or
    /// could not be brought.
    Unreachable,
    /// Only an accepted purchase is told, for a day.
    Closed,
}

impl ReceiptTold {
    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unreachable => "unreachable",
            Self::Closed => "closed",
        }
    }
}

/// The answer to whoever wants it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptMessage {
    /// What became of it.
    pub told: ReceiptTold,
}
