//! Mobile numbers of the countries that the product serves, through the `phonenumber` crate's metadata (libphonenumber).

use phonenumber::{Mode, Type, country::Id};
use shared::Country;

use crate::Error;

/// A mobile number, in E.164.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// `+573001234567`.
    pub e164: String,
    /// Where it is at home.
    pub country: Country,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phone(…)")
    }
}

const fn region(country: Country) -> Id {
    match country {
        Country::Co => Id::CO,
        Country::Cl => Id::CL,
        Country::Mx => Id::MX,
    }
}

impl Phone {
    /// Reads what a person typed, with or without the country's prefix.
    pub fn parse(country: Country, text: &str) -> Result<Self, Error> {
        // Longer texts are no numbers, and the parser's work grows with them.
        let typed = Some(text).filter(|text| text.len() <= 40).ok_or(Error::InvalidPhone)?;
        let number = phonenumber::parse(Some(region(country)), typed).map_err(|_| Error::InvalidPhone)?;
        let mobile = matches!(number.number_type(&phonenumber::metadata::DATABASE), Type::Mobile | Type::FixedLineOrMobile);
        if !number.is_valid() || !mobile || number.country().id() != Some(region(country)) {
            return Err(Error::InvalidPhone);
        }
        Ok(Self { e164: number.format().mode(Mode::E164).to_string(), country })
    }
    /// `••67`.
    pub fn hint(&self) -> String {
        let digits = self.e164.len();
        format!("••{}", self.e164.get(digits.saturating_sub(2)..).unwrap_or_default())
    }
}

/// As people of the country write it: `300 123 4567`.
pub fn shown(phone: &Phone) -> String {
    let national = phonenumber::parse(None, &phone.e164)
        .map_or_else(|_| phone.e164.clone(), |number| number.format().mode(Mode::National).to_string());
    // The tables leave Colombia's last seven digits in one piece; nobody reads them so.
    let groups = national.split(' ').map(|group| match group.len() {
        7 if group.bytes().all(|byte| byte.is_ascii_digit()) => format!("{} {}", &group[..3], &group[3..]),
        _ => group.to_owned(),
    });
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobiles_of_each_country_are_read_as_people_type_them() {
        for (country, typed, e164) in [
            (Country::Co, "300 123 4567", "+573001234567"),
            (Country::Co, "+57 300 1234567", "+573001234567"),
            (Country::Cl, "9 8765 4321", "+56987654321"),
            (Country::Mx, "55 1234 5678", "+525512345678"),
        ] {
            assert_eq!(Phone::parse(country, typed).unwrap().e164, e164);
        }
    }

    #[test]
    fn a_number_is_shown_in_groups_that_people_read() {
        assert_eq!(shown(&Phone::parse(Country::Co, "3001234567").unwrap()), "300 123 4567");
    }

    #[test]
    fn anything_else_is_refused() {
        for typed in ["", "300 123", "hola", "+56 9 8765 4321", &"3".repeat(500), "601 123 4567"] {
            assert!(Phone::parse(Country::Co, typed).is_err(), "{typed}");
        }
    }
}
