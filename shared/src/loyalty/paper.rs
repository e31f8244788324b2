//! Rewards of somebody whose card is on paper.

use serde::{Deserialize, Serialize};

use crate::{RewardInstanceId, Timestamp};

/// A reward that waits for whoever holds a card on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperReward {
    /// Which.
    pub id: RewardInstanceId,
    /// Its name.
    pub name: String,
    /// Who gives it.
    pub brand_name: String,
}

/// What a card on paper can have handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperCard {
    /// `Ana · ••42`.
    pub label: String,
    /// In the order in which they were given; at most 50.
    pub rewards: Vec<PaperReward>,
    /// A code can be sent: a telephone was verified for this card.
    pub has_phone: bool,
}

/// A code is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperCode {
    /// The end of the number: `••• 2233`.
    pub hint: String,
    /// Until then it can be typed.
    pub expires_at: Timestamp,
}
