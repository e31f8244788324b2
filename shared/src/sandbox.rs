//! Sandboxes: tenants that try everything, apart from everybody's shops, cards and sales.

use serde::{Deserialize, Serialize};

use crate::{CardId, ConsumerId, Country, OrganisationId, Timestamp};

/// Brands of one sandbox at most.
pub const BRANDS_MAX: i64 = 10;
/// Shops of one sandbox at most.
pub const SHOPS_MAX: i64 = 20;
/// Cards of one sandbox at most, until it is reset.
pub const CARDS_MAX: i64 = 500;

/// A sandbox to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSandbox {
    /// 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
    /// Where it is at home.
    pub country: Country,
}

/// A tenant apart, and what it has since it was opened or reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sandbox {
    /// The tenant.
    pub organisation_id: OrganisationId,
    /// Its name: what somebody types to reset it.
    pub name: String,
    /// Where it is at home.
    pub country: Country,
    /// 1, and one more with each reset.
    pub generation: i64,
    /// Since when it is as it is.
    pub opened_at: Timestamp,
    /// Brands that are open.
    pub brands: i64,
    /// Shops that are open.
    pub shops: i64,
    /// Cards that earn.
    pub cards: i64,
    /// The newest reset.
    pub reset: Option<SandboxReset>,
}

/// How far the newest reset is. The sandbox can be used from its first moment; what was before is put away meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxReset {
    /// When somebody asked.
    pub requested_at: Timestamp,
    /// Cards, products and shops that are done.
    pub done: i64,
    /// Of so many.
    pub total: i64,
    /// Absent: it is under way.
    pub finished_at: Option<Timestamp>,
}

/// Whoever resets a sandbox types its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetSandbox {
    /// The sandbox's name, letter by letter.
    #[cfg_attr(feature = "openapi", schema(max_length = 80))]
    pub confirmation: String,
}

/// A card to try with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSandboxCard {
    /// Whether its holder is of age; absent: she is.
    #[serde(default = "yes")]
    pub adult: bool,
}

const fn yes() -> bool {
    true
}

/// A card that earns at the sandbox's own shops, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxCard {
    /// Whose it is: what a till names.
    pub consumer_id: ConsumerId,
    /// The card.
    pub card_id: CardId,
}
