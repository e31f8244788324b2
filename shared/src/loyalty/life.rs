//! Where a campaign stands: what people did to it, and what the calendar did.
//!
//! What is written is a [`Standing`], pauses and dates; the [`CampaignState`] that everybody sees follows from them at any
//! instant, so that nothing has to run for a campaign to begin or to end.

use serde::{Deserialize, Serialize};

use crate::{CivilDate, ShopId, Timestamp, UserId};

/// What was written down about a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standing {
    /// No version was ever published.
    Draft,
    /// There is a version.
    Published,
    /// Its books are closed.
    Settled,
}

/// Where a campaign stands at an instant, on the clock of its owner's country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CampaignState {
    /// Can still be edited; nobody earns.
    Draft,
    /// Somebody asked another person to publish it.
    Review,
    /// Rules are fixed and its first day is still to come.
    Scheduled,
    /// It counts.
    Active,
    /// Purchases of now earn nothing.
    Paused,
    /// Its last day is over; late sales of 72 hours and returns still count.
    Ended,
    /// Its books are closed: nothing changes any more.
    Settled,
}

/// What people do to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CampaignAct {
    /// Changes the draft.
    Edit,
    /// Asks another person to publish.
    AskReview,
    /// Gives it back to whoever asked.
    SendBack,
    /// Fixes the rules.
    Publish,
    /// Stops it from now on.
    Pause,
    /// Lets it go on.
    Resume,
    /// Closes its books.
    Settle,
}

impl CampaignState {
    /// What the dates alone say of a published campaign.
    pub fn by_date(today: CivilDate, starts: CivilDate, ends: CivilDate) -> Self {
        if today < starts {
            Self::Scheduled
        } else if today <= ends {
            Self::Active
        } else {
            Self::Ended
        }
    }

    /// What everybody sees: `by_date` is what the dates say today.
    pub fn of(standing: Standing, in_review: bool, paused: bool, by_date: Self) -> Self {
        match standing {
            Standing::Draft if in_review => Self::Review,
            Standing::Draft => Self::Draft,
            Standing::Settled => Self::Settled,
            // A pause has nothing left to stop.
            Standing::Published if paused && by_date != Self::Ended => Self::Paused,
            Standing::Published => by_date,
        }
    }

    /// The state after an act, or nothing where the act has no place. What has happened already may happen again.
    pub fn after(self, act: CampaignAct, by_date: Self) -> Option<Self> {
        use CampaignAct::*;
        match (self, act) {
            (Self::Draft | Self::Review, Edit) | (Self::Review, SendBack) => Some(Self::Draft),
            (Self::Draft | Self::Review, AskReview) => Some(Self::Review),
            (Self::Draft | Self::Review, Publish) if by_date != Self::Ended => Some(by_date),
            (Self::Scheduled | Self::Active | Self::Paused, Pause) => Some(Self::Paused),
            (Self::Scheduled | Self::Active | Self::Paused, Resume) => Some(by_date),
            (Self::Ended | Self::Settled, Settle) => Some(Self::Settled),
            _ => None,
        }
    }
}

/// Somebody asked for a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewAsked {
    /// Who; absent: a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Her name, as colleagues know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When.
    pub asked_at: Timestamp,
    /// What she said about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Asks another person to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskReview {
    /// For the colleague, up to 500 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 500))]
    pub note: String,
}

/// How a draft is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Publication {
    /// From when a later version counts; absent: from now. A first version covers its dates; only a sandbox says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when it counts, excluded; absent: until the next version begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// Whether one person alone may publish for a tenant: the operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishingRule {
    /// One person may; otherwise a second one must.
    pub one_person: bool,
}

/// What keeps a draft from being published. Everything that is missing is told at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Missing {
    /// Where, in the words of the request.
    pub field: String,
    /// Stable code, same vocabulary as a problem's.
    pub code: String,
}

impl Missing {
    /// One of them.
    pub fn new(field: &str, code: &str) -> Self {
        Self { field: field.to_owned(), code: code.to_owned() }
    }
}

/// Whether a campaign could be published, and what its terms would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gates {
    /// Nothing here: it can be published.
    pub missing: Vec<Missing>,
    /// Text for the consumer.
    pub terms: String,
}

/// When and where a reward is handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewardAvailability {
    /// First local day, included; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CivilDate>,
    /// Last local day, included; absent: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<CivilDate>,
    /// Only these shops hand it over; empty: all of them. At most 5 000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 5000))]
    pub shops: Vec<ShopId>,
}

impl RewardAvailability {
    /// Longest list of shops.
    pub const SHOPS_MAX: usize = 5_000;

    /// On that local day.
    pub fn on(&self, date: CivilDate) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }
    /// At that shop.
    pub fn at(&self, shop: ShopId) -> bool {
        self.shops.is_empty() || self.shops.contains(&shop)
    }
    /// On every day and at every shop of another one.
    pub fn covers(&self, other: &Self) -> bool {
        let begins = self.from.is_none_or(|from| other.from.is_some_and(|earlier| from <= earlier));
        let ends = self.until.is_none_or(|until| other.until.is_some_and(|later| later <= until));
        let shops = self.shops.is_empty() || !other.shops.is_empty() && other.shops.iter().all(|shop| self.shops.contains(shop));
        begins && ends && shops
    }
}

#[cfg(test)]
mod tests {
    use super::{CampaignAct::*, CampaignState::*, *};

    fn date(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn dates_alone_begin_and_end_a_campaign() {
        let on = |today: &str| CampaignState::by_date(date(today), date("2026-03-01"), date("2026-03-31"));

        assert_eq!(["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"].map(on), [Scheduled, Active, Active, Ended]);
        assert_eq!(CampaignState::of(Standing::Published, false, true, Active), Paused);
        assert_eq!(CampaignState::of(Standing::Published, true, true, Ended), Ended, "a pause has nothing left to stop");
        assert_eq!(CampaignState::of(Standing::Draft, true, false, Active), Review);
        assert_eq!(CampaignState::of(Standing::Settled, false, false, Ended), Settled);
    }

    #[test]
    fn every_act_has_its_place() {
        let acts = [Edit, AskReview, SendBack, Publish, Pause, Resume, Settle];
        let from = |state: CampaignState, by_date| acts.map(|act| state.after(act, by_date));

        assert_eq!(from(Draft, Active), [Some(Draft), Some(Review), None, Some(Active), None, None, None]);
        assert_eq!(from(Review, Scheduled), [Some(Draft), Some(Review), Some(Draft), Some(Scheduled), None, None, None]);
        assert_eq!(from(Draft, Ended)[3], None, "what is over cannot begin");
        assert_eq!(from(Active, Active), [None, None, None, None, Some(Paused), Some(Active), None]);
        assert_eq!(from(Paused, Scheduled), [None, None, None, None, Some(Paused), Some(Scheduled), None]);
        assert_eq!(from(Ended, Ended), [None, None, None, None, None, None, Some(Settled)]);
        assert_eq!(from(Settled, Ended), [None, None, None, None, None, None, Some(Settled)]);
    }

    #[test]
    fn a_reward_has_its_days_and_shops() {
        let spring = RewardAvailability { from: Some(date("2026-03-01")), until: Some(date("2026-03-31")), shops: vec![ShopId::fixed(1)] };

        assert!(spring.on(date("2026-03-31")) && !spring.on(date("2026-04-01")) && !spring.on(date("2026-02-28")));
        assert!(spring.at(ShopId::fixed(1)) && !spring.at(ShopId::fixed(2)) && RewardAvailability::default().at(ShopId::fixed(2)));
    }
}
