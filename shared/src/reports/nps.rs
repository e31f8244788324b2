//! Asking people whether they would recommend a brand's programme.

use serde::{Deserialize, Serialize};

use crate::BrandId;

/// Somebody was asked so recently that she is left alone, in days.
pub const NPS_EVERY_DAYS: i64 = 90;
/// Letters of the sentence that may go with an answer.
pub const NPS_SENTENCE_MAX: usize = 200;

/// The question for whoever asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NpsQuestion {
    /// About whose programme.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// The round of questions: `2026-q1`.
    pub wave: String,
}

/// A sentence that came with an answer. Whose it is nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NpsSentence {
    /// `shop` or `consumer`.
    pub asked: String,
    /// 0 to 10.
    pub score: i64,
    /// What was written.
    pub sentence: String,
}
