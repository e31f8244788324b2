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

/// The instants that have a date in every time zone; anything outside is a broken clock. The end is jiff's own: the last
/// hours of the year 9999 would already be another millennium somewhere.
const RANGE_MS: std::ops::RangeInclusive<i64> = 0..=253_402_207_200_999;

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
    /// Date and milliseconds since its midnight, both in UTC; the nearest end of the calendar for a broken clock.
    fn civil(self) -> (CivilDate, i64) {
        let ms = self.0.clamp(*RANGE_MS.start(), *RANGE_MS.end());
        (CivilDate { days: i32::try_from(ms / DAY_MS).unwrap_or_default() }, ms % DAY_MS)
    }
}
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, ms) = self.civil();
        let mut text = date.text();
        for (before, value, digits) in
            [('T', ms / HOUR_MS, 2), (':', ms / MINUTE_MS % 60, 2), (':', ms / SECOND_MS % 60, 2), ('.', ms % SECOND_MS, 3)]
        {
            text.push(before);
            push_digits(&mut text, value, digits);
        }
        text.push('Z');
        f.write_str(&text)
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
        if let Some(at) = own_instant(text) {
            return Ok(at);
        }
        // Others write instants in more ways. They write to the server, never to a phone, which has no room for this.
        #[cfg(not(target_arch = "wasm32"))]
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Self::checked(at.as_millisecond()).ok_or(WrongTime);
        }
        Err(WrongTime)
    }
}

/// Reads what `Display` writes, `2026-03-10T15:00:00.000Z`, and nothing else.
fn own_instant(text: &str) -> Option<Timestamp> {
    let &[ref date @ .., b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, b'Z'] = text.as_bytes() else {
        return None;
    };
    let date: CivilDate = std::str::from_utf8(date).ok()?.parse().ok()?;
    let mut ms = i64::from(date.days) * DAY_MS;
    for (part, unit_ms, less_than) in
        [(&[h1, h2][..], HOUR_MS, 24), (&[m1, m2], MINUTE_MS, 60), (&[s1, s2], SECOND_MS, 60), (&[f1, f2, f3], 1, 1_000)]
    {
        ms += digits(part).filter(|value| *value < less_than)? * unit_ms;
    }
    Timestamp::checked(ms)
}

/// The number that decimal digits alone write.
fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// At least so many digits of a number that is not negative.
fn push_digits(out: &mut String, value: i64, width: usize) {
    let text = value.to_string();
    for _ in text.len()..width {
        out.push('0');
    }
    out.push_str(&text);
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

/// A date of a calendar, without a place: `2026-03-10`, of the years 0 to 9999. Sorts as text and as a value alike.
///
/// A library's date weighs a sixth of a phone's code with its parsers and errors, and a phone only shows dates: the
/// calendar is the three functions below, and a test holds them against that library.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate {
    /// Since 1970-01-01.
    days: i32,
}

/// The ends of the calendar: 0000-01-01 and 9999-12-31.
const RANGE_DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

impl CivilDate {
    /// `None` when the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years begin in March, so that the day which is sometimes missing is a year's last; 400 of them are an era
        // (Howard Hinnant, *chrono-compatible low-level date algorithms*, `days_from_civil`).
        let shifted = i32::from(year) - i32::from(month <= 2);
        let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
        let day_of_year = (153 * ((i32::from(month) + 9) % 12) + 2) / 5 + i32::from(day) - 1;
        let date = Self { days: era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468 };
        // The 31st of April has become the 1st of May.
        (date.day() == day).then_some(date)
    }
    /// Year, month and day (the inverse: `civil_from_days`).
    fn parts(self) -> (i16, i8, i8) {
        let days = self.days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i32::from(month <= 2);
        // Each fits: the constructors keep the calendar's ends.
        (year as i16, month as i8, day as i8)
    }
    /// 0 to 9999.
    pub fn year(self) -> i16 {
        self.parts().0
    }
    /// January is 1.
    pub fn month(self) -> i8 {
        self.parts().1
    }
    /// Of the month, from 1.
    pub fn day(self) -> i8 {
        self.parts().2
    }
    /// So many days later; `None` beyond the calendar.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let days = i64::from(self.days).checked_add(days).filter(|days| RANGE_DAYS.contains(days))?;
        Some(Self { days: i32::try_from(days).ok()? })
    }
    /// Days from `earlier` until this date; negative when it is the later one.
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.days as i64 - earlier.days as i64
    }
    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> u8 {
        // The first of January 1970 was a Thursday.
        (self.days + 3).rem_euclid(7) as u8 + 1
    }
    fn text(self) -> String {
        let (year, month, day) = self.parts();
        let mut text = String::new();
        push_digits(&mut text, year.into(), 4);
        for part in [month, day] {
            text.push('-');
            push_digits(&mut text, part.into(), 2);
        }
        text
    }
}
impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}
impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for CivilDate {
    type Err = WrongTime;
    fn from_str(text: &str) -> Result<Self, WrongTime> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(WrongTime);
        };
        let number = |bytes: &[u8]| digits(bytes).ok_or(WrongTime);
        let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        Self::new(year as i16, month as i8, day as i8).ok_or(WrongTime)
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
    fn civil(self) -> (CivilDate, i64) {
        self.at.plus_ms(i64::from(self.offset_seconds) * SECOND_MS).civil()
    }
    /// The date on the shop's wall.
    pub fn date(self) -> CivilDate {
        self.civil().0
    }
    /// Hours and minutes on the shop's wall.
    pub fn hour_minute(self) -> (u8, u8) {
        let minutes = self.second_of_day() / 60;
        ((minutes / 60) as u8, (minutes % 60) as u8)
    }
    /// Seconds since the shop's midnight, by the wall clock.
    pub fn second_of_day(self) -> u32 {
        (self.civil().1 / SECOND_MS) as u32
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{
        ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{KnownFormat, Type},
    };

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
    use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

    impl<DB: Database> Type<DB> for super::CivilDate
    where
        String: Type<DB>,
    {
        fn type_info() -> DB::TypeInfo {
            <String as Type<DB>>::type_info()
        }
        fn compatible(ty: &DB::TypeInfo) -> bool {
            <String as Type<DB>>::compatible(ty)
        }
    }
    impl<'q, DB: Database> Encode<'q, DB> for super::CivilDate
    where
        String: Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            self.to_string().encode(buffer)
        }
    }
    impl<'r, DB: Database> Decode<'r, DB> for super::CivilDate
    where
        String: Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(<String as Decode<'r, DB>>::decode(value)?.parse()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_without_an_end_is_written_as_the_last_one() {
        assert!(Timestamp(i64::MAX).to_string().starts_with("9999-12-30"), "{}", Timestamp(i64::MAX));
        assert_eq!(Timestamp(-1).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::checked(i64::MAX), None);
    }

    #[test]
    fn an_instant_is_rfc_3339_outside() {
        let at: Timestamp = "2026-03-10T10:00:00-05:00".parse().unwrap();

        assert_eq!(at.to_string(), "2026-03-10T15:00:00.000Z");
        assert_eq!(at.to_string().parse(), Ok(at));
        assert!("10/03/2026".parse::<Timestamp>().is_err());
        for nearly in [
            "2026-03-10T15:00:00.000",
            "2026-03-10T24:00:00.000Z",
            "2026-02-30T15:00:00.000Z",
            "2026-03-10T15-00-00.000Z",
            "2026-03-10T15:00:00.+00Z",
        ] {
            assert_eq!(own_instant(nearly), None, "{nearly}");
        }
    }

    proptest::proptest! {
        #[test]
        fn instants_are_written_as_the_library_writes_them(ms in RANGE_MS) {
            let known = jiff::Timestamp::from_millisecond(ms).unwrap();

            let text = Timestamp(ms).to_string();

            proptest::prop_assert_eq!(&text, &format!("{known:.3}"));
            proptest::prop_assert_eq!(own_instant(&text), Some(Timestamp(ms)));
        }
    }

    #[test]
    fn every_day_of_the_calendar_is_the_librarys() {
        let mut known = jiff::civil::date(0, 1, 1);
        for days in RANGE_DAYS {
            let date = CivilDate { days: i32::try_from(days).unwrap() };
            assert_eq!(date.parts(), (known.year(), known.month(), known.day()));
            assert_eq!(CivilDate::new(known.year(), known.month(), known.day()), Some(date));
            assert_eq!(i32::from(date.weekday()), i32::from(known.weekday().to_monday_one_offset()));
            known = known.tomorrow().unwrap_or(known);
        }
        let day = CivilDate::new(2026, 3, 10).unwrap();
        assert_eq!(day.to_string().parse(), Ok(day));
        assert_eq!((CivilDate::new(2026, 4, 31), CivilDate::new(2026, 2, 29), CivilDate::new(10_000, 1, 1)), (None, None, None));
        assert_eq!(CivilDate::new(9999, 12, 31).unwrap().plus_days(1), None);
        assert!("2026-3-10".parse::<CivilDate>().is_err());
    }

    #[test]
    fn a_shop_reads_its_own_wall_clock() {
        let local = LocalTime { at: "2026-03-11T03:30:00Z".parse().unwrap(), offset_seconds: -5 * 3600 };

        assert_eq!(local.date().to_string(), "2026-03-10");
        assert_eq!(local.hour_minute(), (22, 30));
        assert_eq!(local.date().weekday(), 2);
    }
}
