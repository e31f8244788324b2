//! Reports that come by e-mail: how often, which, to whom.

use serde::{Deserialize, Serialize};

use super::metric::Metric;
use crate::{BrandId, CampaignId, CivilDate, ReportScheduleId, Timestamp, UserId};

/// People who get one report, at most.
pub const RECIPIENTS_MAX: usize = 50;

/// How often a report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Cadence {
    /// On one day of the week, about the seven days before.
    Weekly,
    /// On one day of the month, about the month before.
    Monthly,
}

impl Cadence {
    /// The last day that may be chosen: a Sunday, or what every month has.
    pub const fn day_max(self) -> i64 {
        match self {
            Self::Weekly => 7,
            Self::Monthly => 28,
        }
    }
    /// Whether a report is due on a date, for the chosen day.
    pub fn falls_on(self, day: i64, date: CivilDate) -> bool {
        match self {
            Self::Weekly => i64::from(date.weekday()) == day,
            Self::Monthly => i64::from(date.day()) == day,
        }
    }
    /// What a report that is due on this date tells of: from a day, included, to a day, excluded.
    pub fn period(self, due: CivilDate) -> Option<(CivilDate, CivilDate)> {
        match self {
            Self::Weekly => Some((due.plus_days(-7)?, due)),
            Self::Monthly => {
                let first = CivilDate::new(due.year(), due.month(), 1)?;
                let last = first.plus_days(-1)?;
                Some((CivilDate::new(last.year(), last.month(), 1)?, first))
            }
        }
    }
}

/// A report to come by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSchedule {
    /// Whose numbers.
    pub brand_id: BrandId,
    /// How often.
    pub cadence: Cadence,
    /// Weekly: 1 is Monday, 7 is Sunday. Monthly: the day of the month, 1 to 28.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 28))]
    pub day: i64,
    /// From this hour of the brand's country, 0 to 23.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 23))]
    pub hour: i64,
    /// Which reports, in their order, 1 to 17. `uplift_did` and `roi` need a campaign.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 17))]
    pub panels: Vec<Metric>,
    /// For what is measured of one campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// People of the brand's own organisation, 1 to 50.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 50))]
    pub recipients: Vec<UserId>,
}

/// A person of the brand's organisation, as a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recipient {
    /// Who.
    pub user_id: UserId,
    /// Her name.
    pub name: String,
    /// Her address.
    pub email: String,
    /// She wanted no more of it: nobody but herself puts her back.
    pub left_at: Option<Timestamp>,
}

/// What was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dispatch {
    /// First day of its numbers.
    pub from_date: CivilDate,
    /// The day after the last.
    pub to_date: CivilDate,
    /// How many people it went to.
    pub recipients: i64,
    /// When.
    pub sent_at: Timestamp,
}

/// A report that comes by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Schedule {
    /// Which.
    pub id: ReportScheduleId,
    /// Whose numbers.
    pub brand_id: BrandId,
    /// How often.
    pub cadence: Cadence,
    /// Weekly: 1 is Monday. Monthly: the day of the month.
    pub day: i64,
    /// From this hour of the brand's country.
    pub hour: i64,
    /// Which reports.
    pub panels: Vec<Metric>,
    /// For what is measured of one campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// To whom.
    pub recipients: Vec<Recipient>,
    /// When it is due.
    pub next_at: Timestamp,
    /// What was sent last; absent: nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Dispatch>,
}

/// A report that somebody asked for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedDispatch {
    /// First day of its numbers.
    pub from_date: CivilDate,
    /// The day after the last.
    pub to_date: CivilDate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_report_tells_of_the_week_or_the_month_before() {
        assert_eq!(Cadence::Weekly.period(date("2026-03-02")), Some((date("2026-02-23"), date("2026-03-02"))));
        assert_eq!(Cadence::Monthly.period(date("2026-03-05")), Some((date("2026-02-01"), date("2026-03-01"))));
        assert_eq!(Cadence::Monthly.period(date("2026-01-28")), Some((date("2025-12-01"), date("2026-01-01"))));
    }

    #[test]
    fn a_week_begins_on_monday() {
        assert!(Cadence::Weekly.falls_on(1, date("2026-03-02")) && Cadence::Weekly.falls_on(7, date("2026-03-08")));
        assert!(Cadence::Monthly.falls_on(28, date("2026-02-28")) && !Cadence::Monthly.falls_on(28, date("2026-03-01")));
    }
}
