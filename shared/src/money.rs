//! Money as integers of minor units, and the countries that the product serves.

use serde::{Deserialize, Serialize};

/// A currency by ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "UPPERCASE"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Currency {
    /// Colombian peso: two decimals by ISO 4217, none in daily life.
    Cop,
    /// Chilean peso: no decimals.
    Clp,
    /// Mexican peso.
    Mxn,
    /// United States dollar.
    Usd,
}

impl Currency {
    /// Digits after the point by ISO 4217: what one minor unit is.
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Clp => 0,
            Self::Cop | Self::Mxn | Self::Usd => 2,
        }
    }
    /// Digits that people write.
    pub const fn shown_decimals(self) -> u32 {
        match self {
            Self::Clp | Self::Cop => 0,
            Self::Mxn | Self::Usd => 2,
        }
    }
    /// The three letters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cop => "COP",
            Self::Clp => "CLP",
            Self::Mxn => "MXN",
            Self::Usd => "USD",
        }
    }
    /// Minor units in one major unit.
    pub const fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }
    /// Reads a decimal text in major units, as partners write it: `"2500"`, `"3.75"`.
    ///
    /// `None` for signs, exponents, separators, too many decimals, or more than 15 digits.
    pub fn parse_major(self, text: &str) -> Option<i64> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let exponent = self.exponent() as usize;
        let (kept, rest) = fraction.split_at_checked(exponent).unwrap_or((fraction, ""));
        if whole.is_empty() || whole.len() > 13 || !digits(whole) || !digits(fraction) || rest.bytes().any(|b| b != b'0') {
            return None;
        }
        let mut minor: i64 = whole.parse::<i64>().ok()?.checked_mul(self.minor_per_major())?;
        if !kept.is_empty() {
            minor = minor.checked_add(kept.parse::<i64>().ok()? * 10_i64.pow((exponent - kept.len()) as u32))?;
        }
        Some(minor)
    }
    /// The decimal text in major units: the inverse of [`Currency::parse_major`].
    pub fn major_text(self, minor: i64) -> String {
        let unit = self.minor_per_major();
        let sign = if minor < 0 { "-" } else { "" };
        let (whole, rest) = ((minor / unit).unsigned_abs(), (minor % unit).unsigned_abs());
        if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0width$}", width = self.exponent() as usize) }
    }
}

/// A country that the product serves, by ISO 3166.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "UPPERCASE"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Country {
    /// Colombia.
    Co,
    /// Chile.
    Cl,
    /// Mexico.
    Mx,
}

impl Country {
    /// All of them, in the order people choose from.
    pub const ALL: [Country; 3] = [Self::Co, Self::Cl, Self::Mx];
    /// The money of its shops.
    pub const fn currency(self) -> Currency {
        match self {
            Self::Co => Currency::Cop,
            Self::Cl => Currency::Clp,
            Self::Mx => Currency::Mxn,
        }
    }
    /// The time zone of its capital: what a new shop gets until it says otherwise.
    pub const fn time_zone(self) -> &'static str {
        match self {
            Self::Co => "America/Bogota",
            Self::Cl => "America/Santiago",
            Self::Mx => "America/Mexico_City",
        }
    }
    /// The prefix of its telephone numbers.
    pub const fn calling_code(self) -> &'static str {
        match self {
            Self::Co => "+57",
            Self::Cl => "+56",
            Self::Mx => "+52",
        }
    }
    /// Two letters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Co => "CO",
            Self::Cl => "CL",
            Self::Mx => "MX",
        }
    }
    /// Its name on Spanish screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Co => "Colombia",
            Self::Cl => "Chile",
            Self::Mx => "México",
        }
    }
    /// The country of two letters, upper case.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code() == code)
    }
    /// `lang` of a page for this country.
    pub const fn language(self) -> &'static str {
        match self {
            Self::Co => "es-CO",
            Self::Cl => "es-CL",
            Self::Mx => "es-MX",
        }
    }
}

/// An amount with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_text_is_read_exactly() {
        for (currency, text, minor) in [
            (Currency::Cop, "2500", Some(250_000)),
            (Currency::Usd, "3.75", Some(375)),
            (Currency::Usd, "3.7", Some(370)),
            (Currency::Clp, "24990", Some(24_990)),
            (Currency::Clp, "24990.00", Some(24_990)),
            (Currency::Clp, "1.5", None),
            (Currency::Usd, "0.001", None),
            (Currency::Usd, "-1", None),
            (Currency::Usd, "1e3", None),
            (Currency::Usd, "", None),
        ] {
            assert_eq!(currency.parse_major(text), minor, "{text}");
        }
        assert_eq!(Currency::Usd.major_text(375), "3.75");
        assert_eq!(Currency::Cop.major_text(250_000), "2500");
    }
}
