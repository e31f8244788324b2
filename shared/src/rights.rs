//! What a person may ask about her own data, and by when she must have her answer.
//!
//! Colombia: Ley 1581 of 2012, articles 14 (consultation) and 15 (claims). Chile: Ley 19.628 as changed by Ley 21.719,
//! article 11. Mexico: Ley Federal de Protección de Datos Personales en Posesión de los Particulares of 2025, the answer to
//! the rights of access, rectification, cancellation and opposition. Counsel confirms the table before a pilot.
//!
//! Business days are Monday to Friday. Holidays are not taken off, so the day that is shown is never later than the law's.

use serde::{Deserialize, Serialize};

use crate::{CivilDate, ConsumerId, Country, PrivacyRequestId, Timestamp};

/// Characters of a request or of its answer, at most.
pub const TEXT_MAX: usize = 1_000;

/// What she asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RequestKind {
    /// To have a copy of her data.
    Access,
    /// That something wrong is put right.
    Correction,
    /// That her data are erased.
    Deletion,
    /// That they are not used for something.
    Objection,
    /// That they are not used for anything while a claim is looked at.
    Blocking,
}

impl RequestKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Access, Self::Correction, Self::Deletion, Self::Objection, Self::Blocking];

    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Correction => "correction",
            Self::Deletion => "deletion",
            Self::Objection => "objection",
            Self::Blocking => "blocking",
        }
    }

    /// From its name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RequestStatus {
    /// The clock runs.
    Open,
    /// What she asked was done.
    Done,
    /// It was not, and the answer says why.
    Refused,
}

/// Days that a law leaves for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// How many.
    pub days: i64,
    /// Monday to Friday only.
    pub business: bool,
}

/// The clock of a country for a kind of request.
pub const fn clock(country: Country, kind: RequestKind) -> Clock {
    match (country, kind) {
        (Country::Co, RequestKind::Access) => Clock { days: 10, business: true },
        (Country::Co, _) => Clock { days: 15, business: true },
        (Country::Cl, RequestKind::Blocking) => Clock { days: 2, business: true },
        (Country::Cl, _) => Clock { days: 30, business: false },
        (Country::Mx, _) => Clock { days: 20, business: true },
    }
}

impl Clock {
    /// The last day for the answer to what was received on a day: counting begins on the next one.
    pub fn due(self, received: CivilDate) -> CivilDate {
        let mut day = received;
        let mut left = self.days;
        while left > 0 {
            // The calendar ends in the year 9999: there the clock stands still.
            let Some(next) = day.plus_days(1) else {
                return day;
            };
            day = next;
            if !self.business || day.weekday() <= 5 {
                left -= 1;
            }
        }
        day
    }
}

/// One purpose and who uses the data for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentState {
    /// `card`, `notices` or `promotions`.
    pub purpose: String,
    /// `platform`, or a brand's id.
    pub controller: String,
    /// Its name.
    pub controller_name: String,
    /// Given now.
    pub granted: bool,
    /// The text that was agreed to last; absent when nothing was ever decided.
    pub text_version: Option<String>,
    /// Since when it is as it is.
    pub decided_at: Option<Timestamp>,
}

/// A decision about one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentDecision {
    /// `notices` or `promotions`; the one for the card ends with the card.
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub purpose: String,
    /// `platform`, or a brand's id.
    #[cfg_attr(feature = "openapi", schema(max_length = 40))]
    pub controller: String,
    /// Given or withdrawn.
    pub granted: bool,
}

/// A request in her words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPrivacyRequest {
    /// What she asks.
    pub kind: RequestKind,
    /// In her words, 1 to 1 000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub text: String,
}

/// A right that somebody used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyRequest {
    /// The request.
    pub id: PrivacyRequestId,
    /// Whose: a number without a meaning once she has left.
    pub consumer_id: ConsumerId,
    /// Whose law counts.
    pub country: Country,
    /// What she asks.
    pub kind: RequestKind,
    /// In her words; empty for what she did by herself.
    pub text: String,
    /// How it stands.
    pub status: RequestStatus,
    /// When.
    pub asked_at: Timestamp,
    /// The last day for the answer.
    pub due_date: CivilDate,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// What she was told.
    pub answer: Option<String>,
}

/// What the operator says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyAnswer {
    /// What was asked was done; otherwise the answer says why not.
    pub done: bool,
    /// She reads it; 1 to 1 000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub answer: String,
}

/// A code for a deletion is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletionCode {
    /// Goes back with the code, unreadable for everybody.
    pub sealed: String,
    /// The last digits of the phone that it went to: `••67`.
    pub phone_hint: String,
}

/// She wants to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deletion {
    /// From the code's request; absent for a card without a phone.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub sealed: Option<String>,
    /// The six digits.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 10))]
    pub code: Option<String>,
    /// She knows what is lost.
    pub confirmed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_due_on_the_last_day_that_the_law_allows() {
        // 2026-03-10 is a Tuesday.
        for (country, kind, due) in [
            (Country::Co, RequestKind::Access, "2026-03-24"),
            (Country::Co, RequestKind::Correction, "2026-03-31"),
            (Country::Co, RequestKind::Deletion, "2026-03-31"),
            (Country::Cl, RequestKind::Blocking, "2026-03-12"),
            (Country::Cl, RequestKind::Correction, "2026-04-09"),
            (Country::Mx, RequestKind::Objection, "2026-04-07"),
        ] {
            assert_eq!(clock(country, kind).due("2026-03-10".parse().unwrap()).to_string(), due, "{country:?} {kind:?}");
        }
    }

    #[test]
    fn a_weekend_is_not_counted() {
        assert_eq!(Clock { days: 1, business: true }.due("2026-03-13".parse().unwrap()).to_string(), "2026-03-16");
        assert_eq!(Clock { days: 1, business: false }.due("2026-03-13".parse().unwrap()).to_string(), "2026-03-14");
    }
}
