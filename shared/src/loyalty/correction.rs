//! What somebody says is wrong, and what puts it right.
//!
//! A dispute is opened on one exact fact, once by each person, and closed by a reason or by an adjustment. An adjustment
//! is a new entry of the books, never a change of an old one.

use serde::{Deserialize, Serialize};

use crate::{AdjustmentId, BrandId, CampaignId, Currency, DisputeId, EntryId, LocalTime, PurchaseId, ShopId, Timestamp};

use super::{PurchaseAnswer, PurchaseStatus, campaign::Unit, payback::StatementLine};

/// A dispute should be closed within so many hours.
pub const TARGET_HOURS: i64 = 72;

/// What is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Subject {
    /// A purchase: the consumer's own, or one of the shop that is held or was rejected.
    Purchase(PurchaseId),
    /// A movement of the consumer's points.
    Movement(EntryId),
    /// A line of a statement of the shop.
    StatementLine(EntryId),
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Claim {
    /// "No me sumó."
    NotCounted,
    /// "Esto no es correcto."
    Wrong,
}

/// Opens a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDispute {
    /// The exact fact.
    pub subject: Subject,
    /// What is wrong with it.
    pub claim: Claim,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DisputeState {
    /// Nobody decided yet.
    Open,
    /// Whoever opened it was right.
    Upheld,
    /// With its reason.
    Refused,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dispute {
    /// Its identity.
    pub id: DisputeId,
    /// The exact fact.
    pub subject: Subject,
    /// What is wrong with it.
    pub claim: Claim,
    /// A shop opened it, not a consumer.
    pub by_shop: bool,
    /// Where it happened.
    pub shop_name: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it should be closed.
    pub due_at: Timestamp,
    /// Where it stands.
    pub state: DisputeState,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// When it was.
    pub resolved_at: Option<Timestamp>,
}

/// The cases that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisputeQueue {
    /// Oldest first; at most 100.
    pub items: Vec<Dispute>,
    /// All that wait.
    pub open: i64,
    /// Of them, older than the target.
    pub late: i64,
    /// Half of them wait longer.
    pub median_age_ms: i64,
}

/// A case with what explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisputeCase {
    /// The case.
    pub dispute: Dispute,
    /// The purchase behind it.
    pub purchase: Option<DisputedPurchase>,
    /// The movement.
    pub movement: Option<DisputedMovement>,
    /// The line of a statement.
    pub line: Option<DisputedLine>,
    /// What was proposed to put it right, oldest first.
    pub adjustments: Vec<Adjustment>,
}

/// A purchase with everything that its campaigns said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisputedPurchase {
    /// What the sender was told: lines, awards with their traces, and why a campaign gave nothing.
    pub answer: PurchaseAnswer,
    /// At the shop.
    pub local: LocalTime,
    /// Every campaign that could be put right for it.
    pub campaigns: Vec<CampaignName>,
}

/// A campaign and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CampaignName {
    /// Which.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
}

/// A movement of points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisputedMovement {
    /// The ledger's kind.
    pub kind: String,
    /// As whoever disputes it sees it: all of a reward that was paid in parts, and negative when it was taken.
    pub amount: i64,
    /// Points or stamps.
    pub unit: Unit,
    /// Of which campaign.
    pub campaign_name: String,
}

/// A line of a statement with its brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DisputedLine {
    /// Whose debt.
    pub shop_id: ShopId,
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// The shop's currency.
    pub currency: Currency,
    /// The line.
    pub line: StatementLine,
}

/// A case is refused with a reason, or upheld when what was wrong is right already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewResolution {
    /// A held purchase that was approved meanwhile. What needs an adjustment is upheld by it.
    pub upheld: bool,
    /// 1 to 200 characters: whoever opened the case reads it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub reason: String,
}

/// What is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AdjustmentTarget {
    /// The wallet that a campaign fills, for a purchase.
    Wallet {
        /// What is put right.
        purchase_id: PurchaseId,
        /// Whose points or stamps.
        campaign_id: CampaignId,
    },
    /// What a brand owes a shop, in the shop's currency.
    Shop {
        /// Who is owed.
        shop_id: ShopId,
        /// Who owes.
        brand_id: BrandId,
    },
}

/// Proposes a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAdjustment {
    /// Made by whoever asks, so that asking twice is one adjustment.
    #[serde(default)]
    pub adjustment_id: Option<AdjustmentId>,
    /// What is put right.
    pub target: AdjustmentTarget,
    /// Points, stamps or minor units; below zero takes away. Never 0.
    pub amount: i64,
    /// 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub reason: String,
    /// The case that it closes.
    #[serde(default)]
    pub dispute_id: Option<DisputeId>,
}

/// Where a correction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AdjustmentState {
    /// A second person must look at it.
    Waiting,
    /// In the books.
    Posted,
    /// A second person did not want it.
    Refused,
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Adjustment {
    /// Its identity.
    pub id: AdjustmentId,
    /// What is put right.
    pub target: AdjustmentTarget,
    /// The brand that gives or owes.
    pub brand_name: String,
    /// The campaign, or the shop.
    pub about: String,
    /// `points`, `stamps`, or a currency.
    pub unit: String,
    /// Signed.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// The case that it closes.
    pub dispute_id: Option<DisputeId>,
    /// Where it stands.
    pub state: AdjustmentState,
    /// By whom.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Timestamp,
    /// By whom.
    pub decided_by: Option<String>,
    /// The asker proposed it, so another person must decide.
    pub own: bool,
}

/// A second person looks at a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDecision {
    /// Into the books, or not.
    pub approve: bool,
    /// 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub reason: String,
}

/// A purchase of the consumer that gave nothing, so that she can say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnrewardedPurchase {
    /// Which.
    pub id: PurchaseId,
    /// Where.
    pub shop_name: String,
    /// At the shop.
    pub local: LocalTime,
    /// Minor units.
    pub total_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: PurchaseStatus,
    /// Her case, when she opened one.
    pub dispute: Option<DisputeState>,
    /// The limit because of which a campaign gave nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<super::campaign::CapScope>,
}
