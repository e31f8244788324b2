//! Requests and answers of the loyalty doors.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    campaign::{CampaignRules, CapScope, Unit},
    evaluation::{NoAwardReason, Trace},
    life::{CampaignState, ReviewAsked, RewardAvailability},
    ticket::RewardTicket,
};
use crate::{
    BrandId, CampaignId, CampaignVersionId, CardId, CardKeyId, ConsumerId, Country, Currency, Gtin, LocalTime, MemberId, OrganisationId,
    ProductId, PurchaseId, RewardId, RewardInstanceId, ShopId, Timestamp,
};

/// What became of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PurchaseStatus {
    /// Counted.
    Accepted,
    /// Kept for a review; nothing was given yet.
    Held,
    /// Approved as a person's decision that it does not count.
    Rejected,
}

/// One line of a purchase that a partner's system reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportLine {
    /// The barcode.
    pub gtin: Gtin,
    /// 1 to 9 999.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 9999))]
    pub quantity: i64,
    /// Minor units of the shop's currency; absent: the suggested price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub unit_price_minor: Option<i64>,
    /// Minor units.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub discount_minor: i64,
    /// Paid with a reward.
    #[serde(default)]
    pub reward_line: bool,
}

/// A purchase that a partner's system reports with an API key (scope `purchases:import`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportPurchase {
    /// The partner's own number of this sale, unique for the key's organisation.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub external_id: String,
    /// Where.
    pub shop_id: ShopId,
    /// Who bought; or `card_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_id: Option<ConsumerId>,
    /// The text of the consumer's code as read at `scanned_at`; or `consumer_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub card_code: Option<String>,
    /// When it happened.
    pub purchased_at: Timestamp,
    /// Captured without network and sent later: the window of the code is wider.
    #[serde(default)]
    pub offline: bool,
    /// 1 to 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub lines: Vec<ImportLine>,
}

/// What a purchase earned in one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Award {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The version whose rules applied.
    pub campaign_version_id: CampaignVersionId,
    /// Its name.
    pub campaign_name: String,
    /// Whose wallet.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Points or stamps.
    pub unit: Unit,
    /// May be 0: the basket took part and reached no step.
    pub amount: i64,
    /// What the wallet holds afterwards.
    pub balance: i64,
    /// Units a full stamp card needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<i64>,
    /// How the amount came about.
    pub trace: Trace,
}

/// A campaign of a brand in the basket, or of this shop, that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoAward {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// Why.
    pub reason: NoAwardReason,
}

/// One line as the server understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurchaseLine {
    /// The barcode.
    pub gtin: Gtin,
    /// `None` when nobody knows it.
    pub product_id: Option<ProductId>,
    /// Name of the product, or its code.
    pub name: String,
    /// Units.
    pub quantity: i64,
    /// Price of one, minor units.
    pub unit_price_minor: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// Price × quantity − discount.
    pub amount_minor: i64,
    /// Whether any campaign counted it.
    pub participates: bool,
}

/// A reward that a purchase completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedReward {
    /// This one reward.
    pub reward_instance_id: RewardInstanceId,
    /// What it is.
    pub reward_id: RewardId,
    /// Its name.
    pub name: String,
    /// Who pays for it.
    pub brand_name: String,
}

/// The answer to a purchase: what was earned, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurchaseAnswer {
    /// The purchase. In a preview, an id that nobody knows.
    pub purchase_id: PurchaseId,
    /// Accepted or held.
    pub status: PurchaseStatus,
    /// Why it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How the shop may call the consumer: `Ana · ••42`. Nothing more is ever told.
    pub consumer_label: String,
    /// Sum of the lines, minor units.
    pub total_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// When it happened, by the corrected clock.
    pub purchased_at: Timestamp,
    /// In campaign order.
    pub awards: Vec<Award>,
    /// In campaign order.
    pub no_award: Vec<NoAward>,
    /// As merged.
    pub lines: Vec<PurchaseLine>,
    /// Completed by this purchase.
    pub rewards: Vec<IssuedReward>,
}

/// A campaign of a shop, as its phone needs it to estimate what a basket earns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopCampaign {
    /// The rules in force.
    pub rules: CampaignRules,
    /// From then, included.
    pub valid_from: Timestamp,
    /// Until then, excluded.
    pub valid_until: Timestamp,
}

/// A basket whose result is asked for without effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewPurchase {
    /// The text of the consumer's code, as read; absent before the card was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub card_code: Option<String>,
    /// When the code was read, by the device's clock corrected by its skew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
    /// 1 to 100.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub lines: Vec<ImportLine>,
}

/// A wallet of one consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Balance {
    /// Whose points.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Colour of the brand's square, `#rrggbb`.
    pub brand_colour: String,
    /// The stamp card's campaign; absent for points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// Name of the stamp card's campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_name: Option<String>,
    /// Points or stamps.
    pub unit: Unit,
    /// Can be used now.
    pub available: i64,
    /// Becomes available later.
    pub pending: i64,
    /// Held for a reservation.
    pub reserved: i64,
    /// Owed.
    pub debt: i64,
    /// Units of a full stamp card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<i64>,
    /// What a full stamp card gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_name: Option<String>,
    /// Her level at the brand, 1 to 3, on her own card; absent: the brand has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
}

/// State of a reward given to a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RewardStatus {
    /// Waits to be handed over.
    Issued,
    /// Held for minutes after the consumer chose it.
    Reserved,
    /// Handed over by a shop.
    Delivered,
    /// Nobody came in time.
    Lapsed,
    /// Taken back.
    Cancelled,
}

/// A reward of one consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewardInstance {
    /// This one.
    pub id: RewardInstanceId,
    /// What it is.
    pub reward_id: RewardId,
    /// Its name.
    pub name: String,
    /// A word for the drawing: see the catalogue's categories.
    pub category: String,
    /// Who pays for it.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// Its state.
    pub status: RewardStatus,
    /// What the shop scans; absent once delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When it was completed.
    pub issued_at: Timestamp,
    /// When a shop handed it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// It is held until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<Timestamp>,
    /// The campaign whose goal a shop's neighbours reached together; such a reward has no ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_id: Option<CampaignId>,
    /// For one shop, with network or without; while it waits, and until somebody takes another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<RewardTicket>,
}

/// A reward of the catalogue that is to be held for a consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewReservation {
    /// Which.
    pub reward_id: RewardId,
    /// For whom; the consumer herself names nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_id: Option<ConsumerId>,
}

/// A reward that a consumer can choose for her points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueReward {
    /// Which.
    pub reward_id: RewardId,
    /// Its name.
    pub name: String,
    /// A word for the drawing.
    pub category: String,
    /// Who gives it.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// Points.
    pub cost: i64,
    /// Points that she can use now.
    pub have: i64,
    /// Her wallet owes points: nothing can be chosen until they are repaid.
    pub in_debt: bool,
    /// How many are left; absent: no end.
    pub stock_left: Option<i64>,
    /// How long it is held for her.
    pub reserve_minutes: i64,
}

/// Goods that come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewReturn {
    /// Made by whoever asks: the same one again is the same return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_id: Option<Uuid>,
    /// Which goods.
    pub lines: ReturnedLines,
    /// Why, in somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub reason: Option<String>,
}

/// Everything that is left of a purchase, or some of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReturnedLines {
    /// `"all"`.
    All(AllLines),
    /// Some: 1 to 100.
    Some(Vec<ReturnedLine>),
}

/// `"all"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AllLines {
    /// `"all"`.
    All,
}

/// Units of one product that come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnedLine {
    /// The barcode.
    pub gtin: Gtin,
    /// 1 to what was bought.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999900))]
    pub quantity: i64,
}

/// What a return took back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurchaseReturn {
    /// The return.
    pub return_id: Uuid,
    /// Of which purchase.
    pub purchase_id: PurchaseId,
    /// Always accepted: what cannot be returned is refused.
    pub status: PurchaseStatus,
    /// Nothing of the purchase is left.
    pub fully_returned: bool,
    /// What came back in this return.
    pub lines: Vec<ReturnedLine>,
    /// Value of what came back, minor units, without its part of the discounts.
    pub amount_minor: i64,
    /// What each campaign takes back, in campaign order; 0 where the award stays as it was.
    pub reversed: Vec<Reversed>,
    /// When.
    pub returned_at: Timestamp,
}

/// A purchase on the shop's own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldPurchase {
    /// As it is now.
    pub answer: PurchaseAnswer,
    /// Units that came back, for each of its lines.
    pub returned: Vec<i64>,
    /// Nothing is left of it.
    pub fully_returned: bool,
    /// Until then the shop takes it back without saying why.
    pub void_until: Timestamp,
}

/// What one campaign takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reversed {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The version whose rules had applied.
    pub campaign_version_id: CampaignVersionId,
    /// Its name.
    pub campaign_name: String,
    /// Whose wallet.
    pub brand_id: BrandId,
    /// Points or stamps.
    pub unit: Unit,
    /// How many.
    pub amount: i64,
    /// Why the award stays although something came back: the campaign's books are closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoAwardReason>,
}

/// A purchase that is held, in a reviewer's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPurchase {
    /// The purchase.
    pub id: PurchaseId,
    /// Where.
    pub shop_name: String,
    /// When it happened, on the shop's wall.
    pub local: LocalTime,
    /// Since when it waits.
    pub received_at: Timestamp,
    /// Why: `SUSPECTED_DUPLICATE`, `CLOCK_SUSPECT`, …
    pub reason: String,
    /// `Ana · ••42`.
    pub consumer_label: String,
    /// Minor units.
    pub total_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// Captured without network.
    pub offline: bool,
}

/// Everything that a reviewer is told of a purchase that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewCase {
    /// The purchase.
    pub purchase: HeldPurchase,
    /// What was seen, when that is more than the reason says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<super::suspicion::Evidence>,
    /// What was bought.
    pub lines: Vec<PurchaseLine>,
    /// What approving it would give now.
    pub would_award: Vec<Award>,
    /// Other purchases of the same consumer within half an hour, before and after.
    pub nearby: Vec<NearbyPurchase>,
    /// It gives more than one person may give alone.
    #[serde(default)]
    pub takes_two: bool,
    /// The first of the two, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<super::review_queue::FirstApproval>,
}

/// Another purchase of the same consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearbyPurchase {
    /// Where.
    pub shop_name: String,
    /// When, on the shop's wall.
    pub local: LocalTime,
    /// Minor units.
    pub total_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// What became of it.
    pub status: PurchaseStatus,
    /// The very same basket.
    pub same_basket: bool,
}

/// What a reviewer decides about a purchase that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewReview {
    /// Approve or reject.
    pub decision: ReviewDecision,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub reason: Option<String>,
}

/// Whether a purchase that is held counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReviewDecision {
    /// It counts, with its own time.
    Approve,
    /// It does not.
    Reject,
}

/// A movement of the consumer's history, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Movement {
    /// The entry of the ledger, which can be disputed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<crate::EntryId>,
    /// The consumer's case about it, when she opened one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<super::correction::DisputeState>,
    /// Where and when, on the shop's wall.
    pub local: LocalTime,
    /// Ledger kind: `EARN`, `REWARD_ISSUE`, …
    pub kind: String,
    /// Signed: what the wallet gained.
    pub amount: i64,
    /// Points or stamps.
    pub unit: Unit,
    /// Whose wallet.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// The campaign's name.
    pub campaign_name: String,
    /// The shop, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_name: Option<String>,
    /// The reward, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_name: Option<String>,
    /// The participating lines behind it: `2 × Cola Sierra 400 ml`.
    pub because: Vec<String>,
    /// Its campaign's limit that took something of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<CapScope>,
}

/// What time will do to a consumer's points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coming {
    /// They can be used from that day; false: until that day, included.
    pub activates: bool,
    /// On the calendar of where she lives.
    pub date: crate::CivilDate,
    /// How many.
    pub amount: i64,
    /// Points or stamps.
    pub unit: Unit,
    /// Whose.
    pub brand_name: String,
    /// The campaign of stamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_name: Option<String>,
}

/// Everything that the card page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardView {
    /// The card.
    pub card_id: CardId,
    /// How the consumer wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Two last digits that the shop also sees.
    pub label: String,
    /// Where the consumer lives.
    pub country: Country,
    /// The code of now.
    pub code: String,
    /// When `code` was made, by the server.
    pub code_at: Timestamp,
    /// The key that makes codes in this session's browser; absent: it has none, or another phone took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CardKeyId>,
    /// Wallets and stamp cards, nearest to a reward first.
    pub balances: Vec<Balance>,
    /// Rewards that wait.
    pub rewards: Vec<RewardInstance>,
    /// What sales brought that a shop made without network, newest first; of the last 30 days, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateGain>,
}

/// What a sale brought that reached the server after it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LateGain {
    /// Where.
    pub shop_name: String,
    /// When it reached the server.
    pub received_at: Timestamp,
    /// Points or stamps.
    pub unit: Unit,
    /// How many.
    pub amount: i64,
}

/// What the shop gets back when it hands over a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The reward.
    pub reward_instance_id: RewardInstanceId,
    /// Its name.
    pub reward_name: String,
    /// Who owes the shop.
    pub brand_name: String,
    /// `Ana · ••42`.
    pub consumer_label: String,
    /// Cost and handling, minor units.
    pub owed_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// What this brand now owes this shop in all.
    pub owed_total_minor: i64,
    /// This shop had already handed it over; nothing changed.
    pub replayed: bool,
    /// When it was handed over.
    pub delivered_at: Timestamp,
}

/// A reward code read by a shop, before it decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryPreview {
    /// The reward.
    pub reward_instance_id: RewardInstanceId,
    /// Its name.
    pub reward_name: String,
    /// A word for the drawing.
    pub category: String,
    /// Who owes the shop.
    pub brand_name: String,
    /// `Ana · ••42`.
    pub consumer_label: String,
    /// Cost and handling, minor units.
    pub owed_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// Its state now.
    pub status: RewardStatus,
}

/// The body of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDelivery {
    /// The text of the reward's code, or of its ticket, as read.
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub code: String,
    /// The shop that hands over; needed with an API key, taken from the session otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<ShopId>,
}

/// What one brand owes one shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payable {
    /// Who is owed.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// Minor units.
    pub amount_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// Rewards behind it.
    pub rewards: i64,
    /// The oldest of them.
    pub since: Timestamp,
}

/// A purchase in a shop's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopPurchase {
    /// The purchase.
    pub id: PurchaseId,
    /// When, on the shop's wall.
    pub local: LocalTime,
    /// `Ana · ••42`.
    pub consumer_label: String,
    /// Minor units.
    pub total_minor: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// Accepted or held.
    pub status: PurchaseStatus,
    /// Why it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Points in all.
    pub points: i64,
    /// Stamps in all.
    pub stamps: i64,
    /// Who captured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<MemberId>,
}

/// The shop's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopDay {
    /// The date at the shop.
    pub date: crate::CivilDate,
    /// Accepted and held today.
    pub purchases: i64,
    /// Minor units, accepted purchases of today.
    pub total_minor: i64,
    /// Rewards handed over today.
    pub deliveries: i64,
    /// The shop's currency.
    pub currency: Currency,
    /// What brands owe, largest first; empty for a cashier.
    pub payables: Vec<Payable>,
}

/// The mechanics that a brand chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Template {
    /// Points for each so many units.
    PointsPerUnit,
    /// Points for each so much money.
    PointsPerValue,
    /// Stamps, and a reward when the card is full.
    StampCard,
    /// A stamp for each visit, and a reward when the card is full.
    VisitCard,
    /// Points for each so many units, twice as many on some days of the week.
    DoubleDays,
    /// Written rule by rule.
    Custom,
}

/// A campaign to create: still a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCampaign {
    /// The brand that gives.
    pub brand_id: BrandId,
    /// 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
    /// The mechanics it started from.
    pub template: Template,
    /// The rules.
    pub rules: CampaignRules,
}

/// A campaign as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Campaign {
    /// The campaign.
    pub id: CampaignId,
    /// The organisation that owns it; nothing assumes that it is a brand owner.
    pub organisation_id: OrganisationId,
    /// The brand that gives.
    pub brand_id: BrandId,
    /// Its name.
    pub name: String,
    /// The mechanics it started from.
    pub template: Template,
    /// Where it stands now.
    pub state: CampaignState,
    /// Somebody asked to have the draft published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewAsked>,
    /// The newest version: 0 is the draft, published ones count from 1.
    pub version: i64,
    /// The newest version's id, once published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<CampaignVersionId>,
    /// The draft: what was published last, or what the next publication will fix.
    pub rules: CampaignRules,
    /// What is in force, once published: before a first version's time that version's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_rules: Option<CampaignRules>,
    /// The newest version's rules while its time is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coming_rules: Option<CampaignRules>,
    /// Text for the consumer, generated from what is in force; empty before the first version.
    pub terms: String,
    /// From when the newest version counts, when it is not the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the newest version was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
}

impl Campaign {
    /// The newest version's rules, in force or not yet.
    pub const fn newest_rules(&self) -> Option<&CampaignRules> {
        if self.coming_rules.is_some() { self.coming_rules.as_ref() } else { self.published_rules.as_ref() }
    }
}

/// A reward to offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewReward {
    /// Who pays.
    pub brand_id: BrandId,
    /// 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
    /// A word for the drawing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub category: String,
    /// What the shop gets back for one, minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub unit_cost_minor: i64,
    /// What the shop gets for its trouble, minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub handling_fee_minor: i64,
    /// Currency of both.
    pub currency: Currency,
    /// How many can be given; absent: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1000000000))]
    pub stock: Option<i64>,
    /// How many one consumer can get; absent: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000))]
    pub max_per_consumer: Option<i64>,
    /// Price in points of the brand, for the catalogue; absent: only full cards give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000000000))]
    pub cost: Option<i64>,
    /// How long it is held for a consumer who chose it; absent: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10080))]
    pub reserve_minutes: Option<i64>,
}

/// A reward as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reward {
    /// The reward.
    pub id: RewardId,
    /// Who pays.
    pub brand_id: BrandId,
    /// Its name.
    pub name: String,
    /// A word for the drawing.
    pub category: String,
    /// Minor units.
    pub unit_cost_minor: i64,
    /// Minor units.
    pub handling_fee_minor: i64,
    /// Currency of both.
    pub currency: Currency,
    /// How many are left; absent: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_left: Option<i64>,
    /// How many one consumer can get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_consumer: Option<i64>,
    /// Price in points of the brand, for the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<i64>,
    /// How many minutes it is held for a consumer who chose it.
    pub reserve_minutes: i64,
    /// When and where it is handed over, when that is limited.
    #[serde(default)]
    pub availability: RewardAvailability,
}

/// A ledger line as an auditor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerTotal {
    /// Ledger kind.
    pub kind: String,
    /// Sum of its amounts.
    pub amount: i64,
}

/// The id that a phone gave to a sale, for answers in a batch.
pub type ClientPurchaseId = Uuid;
