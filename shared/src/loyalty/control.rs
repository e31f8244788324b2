//! Shops that go without a campaign, so that the others can be compared with them.

use serde::{Deserialize, Serialize};

use crate::ShopId;

/// A control, proposed or fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Control {
    /// The shops; none: there are too few to measure anything.
    pub shops: Vec<ControlShop>,
    /// Shops that the campaign reaches, these among them.
    pub eligible: i64,
    /// Units of the brand that the control sold in eight weeks.
    pub control_units: i64,
    /// Units that all others sold.
    pub other_units: i64,
    /// The draft has it; otherwise it is only proposed.
    pub chosen: bool,
    /// The campaign was published: nothing of it changes any more.
    pub fixed: bool,
}

/// One shop of a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ControlShop {
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub name: String,
    /// Units of the brand in eight weeks.
    pub units: i64,
}

/// Whether a draft takes the control that is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ControlChoice {
    /// It does; otherwise it goes without one, and its effect cannot be measured.
    pub with_control: bool,
}
