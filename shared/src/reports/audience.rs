//! A saved segment as the audience of a message.

use serde::{Deserialize, Serialize};

use super::metric::{Cell, Segment};
use crate::{AudienceMessageId, BrandId, CampaignId, Timestamp};

/// A text that the operator had approved for promotions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovedText {
    /// Its name.
    pub template: String,
    /// What it says, with the names of what fills it in braces.
    pub text: String,
    /// It speaks of a campaign, which must be chosen.
    pub needs_campaign: bool,
}

/// A message to prepare: nothing leaves before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAudienceMessage {
    /// Who writes.
    pub brand_id: BrandId,
    /// To whom, as the segments were saved last.
    pub segment: Segment,
    /// One of the approved texts.
    #[cfg_attr(feature = "openapi", schema(max_length = 40))]
    pub template: String,
    /// Of which it speaks: published, of the same brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
}

/// What became of the messages; `null`: too few people to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudienceResult {
    /// The provider has them.
    pub sent: Cell,
    /// They wait: it is night where they go, or they have not left yet.
    pub held: Cell,
    /// They could not be brought.
    pub failed: Cell,
    /// They were not allowed to leave: the daily limit, a STOP, a withdrawn consent, or they were over.
    pub refused: Cell,
}

/// A message to an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudienceMessage {
    /// Which.
    pub id: AudienceMessageId,
    /// Who writes.
    pub brand_id: BrandId,
    /// To whom.
    pub segment: Segment,
    /// Which text.
    pub template: String,
    /// The whole text, as it leaves.
    pub text: String,
    /// Who was in the segment when it was prepared; `null`: too few to show.
    pub members: Cell,
    /// Of them, who agreed to the brand's promotions; `null`: too few to show, and then nothing is sent.
    pub reachable: Cell,
    /// When it was prepared.
    pub created_at: Timestamp,
    /// When it was confirmed; absent: nothing has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Everybody has a message.
    pub done: bool,
    /// What became of them; absent before it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<AudienceResult>,
}
