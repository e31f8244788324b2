//! Loyalty: purchases, campaigns, points and stamps, as both sides see them.
//!
//! The rule contract is applied by [`evaluation`]; the phone uses it for an estimate, the server for the ledger.

pub mod alert;
pub mod campaign;
pub mod capture;
pub mod card_code;
pub mod control;
pub mod correction;
pub mod counter;
pub mod evaluation;
pub mod factor;
pub mod goal;
pub mod life;
pub mod paper;
pub mod payback;
pub mod queue;
pub mod receipt;
pub mod review_queue;
pub mod sell_in_file;
pub mod simulation;
pub mod suspicion;
pub mod ticket;
mod wire;

pub use campaign::{CampaignRules, Rule, RuleKind};
pub use capture::Capture;
pub use card_code::CardCode;
pub use control::{Control, ControlChoice, ControlShop};
pub use goal::{BrandLevels, ConsumerLevel, NeighbourGoal, ShopGoal, ShopGoalProgress, ShopOfGoal};
pub use life::{
    AskReview, CampaignAct, CampaignState, Gates, Missing, Publication, PublishingRule, ReviewAsked, RewardAvailability, Standing,
};
pub use simulation::{ConsumersWith, Forecast, SimulatedWeek, Simulation};
pub use wire::*;
