//! Exact small numbers of rules: factors and times of the day, as text on the wire.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal of four places, 0 to 1 000: `"1.5"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(i64);

impl Factor {
    /// How many parts make 1.
    pub const ONE_PARTS: i64 = 10_000;
    /// Changes nothing.
    pub const ONE: Self = Self(Self::ONE_PARTS);
    /// Doubles.
    pub const TWO: Self = Self(2 * Self::ONE_PARTS);
    const MAX_PARTS: i64 = 1_000 * Self::ONE_PARTS;

    /// Ten-thousandths.
    pub const fn parts(self) -> i64 {
        self.0
    }
}

/// Text that is no factor, or no time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal of four places from 0 to 1000, or a time as HH:MM")]
pub struct WrongNumber;

impl FromStr for Factor {
    type Err = WrongNumber;

    fn from_str(text: &str) -> Result<Self, WrongNumber> {
        let (whole, places) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 4 || places.len() > 4 || !digits(whole) || !digits(places) || text.ends_with('.') {
            return Err(WrongNumber);
        }
        let parts: i64 = format!("{whole}{places:0<4}").parse().map_err(|_| WrongNumber)?;
        if parts <= Self::MAX_PARTS { Ok(Self(parts)) } else { Err(WrongNumber) }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:04}", self.0 / Self::ONE_PARTS, self.0 % Self::ONE_PARTS);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A minute of a day, 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayMinute(u16);

impl DayMinute {
    /// Seconds since the day began.
    pub const fn second(self) -> u32 {
        self.0 as u32 * 60
    }
}

impl FromStr for DayMinute {
    type Err = WrongNumber;

    fn from_str(text: &str) -> Result<Self, WrongNumber> {
        let (hours, minutes) = text.split_once(':').ok_or(WrongNumber)?;
        if [hours, minutes].iter().any(|part| part.len() != 2 || !part.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(WrongNumber);
        }
        let (hours, minutes): (u16, u16) = (hours.parse().map_err(|_| WrongNumber)?, minutes.parse().map_err(|_| WrongNumber)?);
        let minute = hours * 60 + minutes;
        if minutes < 60 && minute <= 24 * 60 { Ok(Self(minute)) } else { Err(WrongNumber) }
    }
}

impl fmt::Display for DayMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

macro_rules! as_text {
    ($($name:ident, $schema:literal, $pattern:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).pattern(Some($pattern)).examples([$schema]).into()
            }
        }
        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )*};
}
as_text! {
    Factor, "1.5", r"^([0-9]{1,3}(\.[0-9]{1,4})?|1000(\.0{1,4})?)$";
    DayMinute, "16:00", "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_exact_and_bounded() {
        let parts = |text: &str| text.parse::<Factor>().map(Factor::parts);
        assert_eq!(
            (parts("1.5"), parts("0"), parts("2"), parts("0.0001"), parts("1000.0000")),
            (Ok(15_000), Ok(0), Ok(20_000), Ok(1), Ok(10_000_000))
        );
        for wrong in ["", ".5", "1.", "-1", "1.00001", "1000.1", "1e3", "+1", "１"] {
            assert_eq!(parts(wrong), Err(WrongNumber), "{wrong}");
        }
        assert_eq!(["1.50", "2", "0.25"].map(|text| text.parse::<Factor>().unwrap().to_string()), ["1.5", "2", "0.25"]);
    }

    #[test]
    fn a_day_has_twenty_four_hours() {
        let second = |text: &str| text.parse::<DayMinute>().map(DayMinute::second);
        assert_eq!((second("00:00"), second("16:30"), second("24:00")), (Ok(0), Ok(59_400), Ok(86_400)));
        for wrong in ["24:01", "7:00", "12:60", "1200", "ab:cd", ""] {
            assert_eq!(second(wrong), Err(WrongNumber), "{wrong}");
        }
    }
}
