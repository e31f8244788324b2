//! Instants, civil dates and the local time of a shop.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01 UTC. Outside the database it is RFC 3339 text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct Timestamp(pub i64);

/// One second, minute, hour and day in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Twenty-four hours in milliseconds; a civil day may be shorter or longer.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The instants that dates of four-digit years can name; anything outside is a broken clock.
const RANGE_MS: std::ops::RangeInclusive<i64> = 0..=253_402_300_799_999;

impl Timestamp {
    /// Later (or, with a negative number, earlier) by so many milliseconds; stops at the ends of `i64`.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// Milliseconds from `earlier` until this instant.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
    /// `None` outside the years 1970–9999.
    pub fn checked(ms: i64) -> Option<Self> {
        RANGE_MS.contains(&ms).then_some(Self(ms))
    }
    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0.clamp(*RANGE_MS.start(), *RANGE_MS.end())).unwrap_or_default()
    }
}
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.jiff())
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Timestamp {
    type Err = WrongTime;
    fn from_str(text: &str) -> Result<Self, WrongTime> {
        let at: jiff::Timestamp = text.parse().map_err(|_| WrongTime)?;
        Self::checked(at.as_millisecond()).ok_or(WrongTime)
    }
}
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is no RFC 3339 instant, or no ISO 8601 date, between 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an RFC 3339 instant or an ISO 8601 date")]
pub struct WrongTime;

/// A date of a calendar, without a place: `2026-03-10`. Sorts as text and as a value alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(pub jiff::civil::Date);

impl CivilDate {
    /// `None` when the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }
    /// So many days later; `None` beyond the calendar.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        self.0.checked_add(jiff::SignedDuration::from_hours(days.checked_mul(24)?)).ok().map(Self)
    }
    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_one_offset() as u8
    }
}
impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl FromStr for CivilDate {
    type Err = WrongTime;
    fn from_str(text: &str) -> Result<Self, WrongTime> {
        if text.len() != 10 {
            return Err(WrongTime);
        }
        text.parse().map(Self).map_err(|_| WrongTime)
    }
}
impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An instant with the offset that a shop's clock had then: enough to show it without a time-zone table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocalTime {
    /// The instant.
    pub at: Timestamp,
    /// Seconds east of UTC.
    pub offset_seconds: i32,
}

impl LocalTime {
    fn civil(self) -> jiff::civil::DateTime {
        let shifted = self.at.plus_ms(i64::from(self.offset_seconds) * SECOND_MS);
        jiff::tz::Offset::UTC.to_datetime(shifted.jiff())
    }
    /// The date on the shop's wall.
    pub fn date(self) -> CivilDate {
        CivilDate(self.civil().date())
    }
    /// Hours and minutes on the shop's wall.
    pub fn hour_minute(self) -> (u8, u8) {
        let time = self.civil().time();
        (time.hour().unsigned_abs(), time.minute().unsigned_abs())
    }
    /// Seconds since the shop's midnight, by the wall clock.
    pub fn second_of_day(self) -> u32 {
        let time = self.civil().time();
        u32::from(time.hour().unsigned_abs()) * 3600 + u32::from(time.minute().unsigned_abs()) * 60 + u32::from(time.second().unsigned_abs())
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::{KnownFormat, Type}};

    impl utoipa::PartialSchema for super::Timestamp {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).build().into()
        }
    }
    impl utoipa::ToSchema for super::Timestamp {}
    impl utoipa::PartialSchema for super::CivilDate {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).build().into()
        }
    }
    impl utoipa::ToSchema for super::CivilDate {}
}

/// `CivilDate` as a TEXT column on both databases.
#[cfg(feature = "sqlx")]
mod column {
    use sqlx::{Decode, Encode, Type, Database, encode::IsNull, error::BoxDynError};

    impl<DB: Database> Type<DB> for super::CivilDate where String: Type<DB> {
        fn type_info() -> DB::TypeInfo { <String as Type<DB>>::type_info() }
        fn compatible(ty: &DB::TypeInfo) -> bool { <String as Type<DB>>::compatible(ty) }
    }
    impl<'q, DB: Database> Encode<'q, DB> for super::CivilDate where String: Encode<'q, DB> {
        fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            self.to_string().encode(buffer)
        }
    }
    impl<'r, DB: Database> Decode<'r, DB> for super::CivilDate where String: Decode<'r, DB> {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(<String as Decode<'r, DB>>::decode(value)?.parse()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_rfc_3339_outside() {
        let at: Timestamp = "2026-03-10T10:00:00-05:00".parse().unwrap();

        assert_eq!(at.to_string(), "2026-03-10T15:00:00.000Z");
        assert_eq!(at.to_string().parse(), Ok(at));
        assert!("10/03/2026".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_shop_reads_its_own_wall_clock() {
        let local = LocalTime { at: "2026-03-11T03:30:00Z".parse().unwrap(), offset_seconds: -5 * 3600 };

        assert_eq!(local.date().to_string(), "2026-03-10");
        assert_eq!(local.hour_minute(), (22, 30));
        assert_eq!(local.date().weekday(), 2);
    }
}
