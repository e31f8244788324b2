//! Loyalty: purchases, campaigns, points and stamps, as both sides see them.
//!
//! The rule contract is applied by [`evaluation`]; the phone uses it for an estimate, the server for the ledger.

pub mod campaign;
pub mod capture;
pub mod card_code;
pub mod evaluation;
pub mod factor;
pub mod queue;
mod wire;

pub use campaign::{CampaignRules, Rule, RuleKind};
pub use capture::Capture;
pub use card_code::CardCode;
pub use wire::*;
