//! Codes printed on products: GTINs, their check digit and their one normal form.
//!
//! Words: a *GTIN* is the number that GS1 gives to a trade item, of 8, 12, 13 or 14 digits; its *normal form* has 14,
//! padded with zeros on the left, and is what is stored and compared. A *symbol* is how the number was printed; UPC-E
//! prints a shortened GTIN-12 and must be expanded first.
//!
//! Obeys GS1 General Specifications, sections 1.4 (company prefixes), 5.2 (EAN/UPC symbols) and 7.9 (check digit).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of a trade item with a verified check digit; shows itself as 14 digits.
///
/// Zero (`00000000000000`) has a right check digit and names nothing, so it is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

/// How a number was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// EAN-13: 13 digits.
    Ean13,
    /// EAN-8: 8 digits, a number of its own and not a shortened EAN-13.
    Ean8,
    /// UPC-A: 12 digits; some readers send 13 with a zero in front.
    UpcA,
    /// UPC-E: 8 digits (number system, six visible ones, check digit), shortened from 12.
    UpcE,
    /// ITF-14 and other carriers of 14 digits.
    Itf14,
}

/// Why a text is not a GTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongGtin {
    /// Something else than the digits 0–9.
    #[error("a product code has digits only")]
    NotDigits,
    /// Digits, but not as many as this symbol (or any GTIN) has.
    #[error("a product code has 8, 12, 13 or 14 digits, not {0}")]
    Length(usize),
    /// Most often a digit typed wrongly or two swapped.
    #[error("the last digit should be {expected}")]
    CheckDigit {
        /// The check digit that the other digits ask for, 0–9.
        expected: u8,
    },
    /// Only zeros, or a UPC-E of a number system other than 0 and 1.
    #[error("this number is never given to a product")]
    NotAssigned,
}

impl WrongGtin {
    /// A problem's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CheckDigit { .. } => "catalogue.check_digit",
            _ => "catalogue.bad_gtin",
        }
    }
}

impl Gtin {
    /// Reads 8, 12, 13 or 14 digits, as they stand under EAN-8, UPC-A, EAN-13 and on cases.
    ///
    /// Eight digits are taken for EAN-8; for a read UPC-E use [`Gtin::of_symbol`], for a typed one [`Gtin::typed`].
    pub fn parse(digits: &str) -> Result<Self, WrongGtin> {
        only_digits(digits)?;
        if !matches!(digits.len(), 8 | 12 | 13 | 14) {
            return Err(WrongGtin::Length(digits.len()));
        }
        Self::checked(value(digits))
    }

    /// Reads what a scanner gave for a known symbol: the length must fit it, UPC-E is expanded.
    pub fn of_symbol(symbol: Symbol, digits: &str) -> Result<Self, WrongGtin> {
        only_digits(digits)?;
        let fits = match symbol {
            Symbol::Ean13 => digits.len() == 13,
            Symbol::Ean8 | Symbol::UpcE => digits.len() == 8,
            Symbol::UpcA => digits.len() == 12 || digits.len() == 13 && digits.starts_with('0'),
            Symbol::Itf14 => digits.len() == 14,
        };
        match (fits, symbol) {
            (false, _) => Err(WrongGtin::Length(digits.len())),
            (true, Symbol::UpcE) => Self::checked(expand_upc_e(digits).ok_or(WrongGtin::NotAssigned)?),
            (true, _) => Self::checked(value(digits)),
        }
    }

    /// Reads what a person typed: spaces and hyphens are dropped, and eight digits that are no EAN-8 may be a UPC-E.
    ///
    /// Where both readings have a right check digit EAN-8 wins: it is what the trade prints here.
    pub fn typed(text: &str) -> Result<Self, WrongGtin> {
        // Anything longer than a GTIN with generous spacing is not worth copying.
        if text.len() > 64 {
            return Err(WrongGtin::Length(text.len()));
        }
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        Self::parse(&digits).or_else(|as_ean8| match digits.len() {
            8 => Self::of_symbol(Symbol::UpcE, &digits).map_err(|_| as_ean8),
            _ => Err(as_ean8),
        })
    }

    fn checked(number: u64) -> Result<Self, WrongGtin> {
        if number == 0 {
            return Err(WrongGtin::NotAssigned);
        }
        let expected = check_digit(number / 10);
        if number % 10 == u64::from(expected) { Ok(Self(number)) } else { Err(WrongGtin::CheckDigit { expected }) }
    }

    /// The digits that people see under the bars: 8, 12, 13 or 14 of them.
    ///
    /// The leading zeros decide: GS1 gives no GTIN-12 that would look like eight digits, nor a GTIN-13 like twelve.
    pub fn short(&self) -> String {
        let length = match self.0 {
            0..=99_999_999 => 8,
            100_000_000..=999_999_999_999 => 12,
            1_000_000_000_000..=9_999_999_999_999 => 13,
            _ => 14,
        };
        format!("{:0length$}", self.0)
    }

    /// Whether the number means something inside one shop or chain only (GS1 prefixes 020–029, 040–049 and 200–299,
    /// and the same two ranges of eight digits).
    ///
    /// Such a number never leaves the shop that made it: two shops may print it on different things.
    pub fn is_in_store(&self) -> bool {
        if self.0 < 100_000_000 {
            return matches!(self.0 / 10_000_000, 0 | 2);
        }
        matches!(self.prefix(), 20..=29 | 40..=49 | 200..=299)
    }

    /// The first three digits of the number as 13 digits: which GS1 office gave it, *not* where the product is from.
    ///
    /// For eight digits it is the prefix of those eight.
    pub fn prefix(&self) -> u16 {
        let three = if self.0 < 100_000_000 { self.0 / 100_000 } else { self.0 % 10_000_000_000_000 / 10_000_000_000 };
        three as u16
    }

    /// The packing level of 14 digits: 0 is the unit, 1–8 are other quantities of it with a GTIN of their own, 9 is
    /// sold by measure.
    pub fn packing_level(&self) -> u8 {
        (self.0 / 10_000_000_000_000) as u8
    }
}

/// The digit that completes `body` (the number without its check digit): weights 3, 1, 3, 1 … from the right.
///
/// The same rule serves GTIN, GLN and SSCC. It does not see two neighbours swapped that differ by five.
pub const fn check_digit(body: u64) -> u8 {
    let (mut rest, mut weight, mut sum) = (body, 3, 0);
    while rest > 0 {
        sum += rest % 10 * weight;
        rest /= 10;
        weight = 4 - weight;
    }
    ((10 - sum % 10) % 10) as u8
}

/// The twelve digits that eight of UPC-E stand for; `None` outside number systems 0 and 1.
fn expand_upc_e(digits: &str) -> Option<u64> {
    let number = value(digits);
    let (system, six, check) = (number / 10_000_000, number / 10 % 1_000_000, number % 10);
    let (maker, item) = match six % 10 {
        last @ 0..=2 => (six / 10_000 * 1_000 + last * 100, six / 10 % 1_000),
        3 => (six / 1_000 * 100, six / 10 % 100),
        4 => (six / 100 * 10, six / 10 % 10),
        last => (six / 10, last),
    };
    (system < 2).then_some(((system * 100_000 + maker) * 100_000 + item) * 10 + check)
}

fn only_digits(text: &str) -> Result<(), WrongGtin> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { Ok(()) } else { Err(WrongGtin::NotDigits) }
}

/// Callers have checked: at most 14 digits, nothing else.
fn value(digits: &str) -> u64 {
    digits.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Gtin {
    type Err = WrongGtin;
    fn from_str(text: &str) -> Result<Self, WrongGtin> {
        Self::parse(text)
    }
}

impl Serialize for Gtin {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gtin {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Gtin {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("GTIN of 8, 12, 13 or 14 digits with a right check digit; answers carry 14."))
            .pattern(Some("^([0-9]{8}|[0-9]{12,14})$"))
            .examples([serde_json::json!("07801234567894")])
            .build()
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Gtin {}

/// Text of 14 digits in both engines. A stored number is checked again when it is read.
#[cfg(feature = "sqlx")]
mod column {
    use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

    use super::Gtin;

    impl<DB: Database> Type<DB> for Gtin
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

    impl<'q, DB: Database> Encode<'q, DB> for Gtin
    where
        String: Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            self.to_string().encode(buf)
        }
    }

    impl<'r, DB: Database> Decode<'r, DB> for Gtin
    where
        &'r str: Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(<&str as Decode<'r, DB>>::decode(value)?.parse()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_right_code_becomes_fourteen_digits() {
        for (code, normal) in [
            ("7801234567894", "07801234567894"),
            ("7701234567897", "07701234567897"),
            ("7710000000018", "07710000000018"),
            ("7501031311309", "07501031311309"),
            ("7791234567898", "07791234567898"),
            ("7891234567895", "07891234567895"),
            ("042100005264", "00042100005264"),
            ("0042100005264", "00042100005264"),
            ("96385074", "00000096385074"),
            ("17801234567891", "17801234567891"),
        ] {
            assert_eq!(Gtin::parse(code).map(|gtin| gtin.to_string()), Ok(normal.to_owned()), "{code}");
        }
    }

    #[test]
    fn a_wrong_check_digit_says_which_one_was_expected() {
        for (code, expected) in [
            ("7801234567895", 4),
            ("7801234567893", 4),
            ("7501031311304", 9),
            ("4006381333934", 1),
            ("5901234123475", 1),
            ("5901234132457", 9),
        ] {
            assert_eq!(Gtin::parse(code), Err(WrongGtin::CheckDigit { expected }), "{code}");
        }
    }

    #[test]
    fn what_is_no_code_is_told_apart() {
        for (text, wrong) in [
            ("", WrongGtin::Length(0)),
            ("123", WrongGtin::Length(3)),
            ("78012345678", WrongGtin::Length(11)),
            ("178012345678912", WrongGtin::Length(15)),
            ("78012345678a4", WrongGtin::NotDigits),
            ("-801234567894", WrongGtin::NotDigits),
            ("٧٨٠١٢٣٤", WrongGtin::NotDigits),
            ("0000000000000", WrongGtin::NotAssigned),
        ] {
            assert_eq!(Gtin::parse(text), Err(wrong), "{text}");
        }
    }

    #[test]
    fn upc_e_is_expanded_by_its_last_visible_digit() {
        for (short, long) in [
            ("04252614", "042100005264"),
            ("01200003", "012000000003"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
            ("01234565", "012345000065"),
            ("01234596", "012345000096"),
        ] {
            assert_eq!(Gtin::of_symbol(Symbol::UpcE, short).map(|gtin| gtin.short()), Ok(long.to_owned()), "{short}");
        }
        assert_eq!(Gtin::of_symbol(Symbol::UpcE, "24252614"), Err(WrongGtin::NotAssigned));
        assert_eq!(Gtin::of_symbol(Symbol::UpcE, "04252615"), Err(WrongGtin::CheckDigit { expected: 4 }));
    }

    #[test]
    fn a_symbol_has_its_own_length() {
        assert_eq!(Gtin::of_symbol(Symbol::Ean13, "042100005264"), Err(WrongGtin::Length(12)));
        assert_eq!(Gtin::of_symbol(Symbol::UpcA, "7801234567894"), Err(WrongGtin::Length(13)));
        assert_eq!(Gtin::of_symbol(Symbol::UpcA, "0042100005264"), Gtin::parse("042100005264"));
        assert_eq!(Gtin::of_symbol(Symbol::Ean8, "96385074"), Gtin::parse("96385074"));
    }

    #[test]
    fn a_typed_code_may_have_spaces_and_may_be_upc_e() {
        assert_eq!(Gtin::typed(" 7 801234-567894 "), Gtin::parse("7801234567894"));
        assert_eq!(Gtin::typed("04252614"), Gtin::parse("042100005264"));
        assert_eq!(Gtin::typed("96385075"), Err(WrongGtin::CheckDigit { expected: 4 }));
        assert_eq!(Gtin::typed(&"7 ".repeat(1_000)), Err(WrongGtin::Length(2_000)));
    }

    #[test]
    fn the_short_form_is_what_stands_under_the_bars() {
        for code in ["96385074", "042100005264", "7801234567894", "17801234567891"] {
            assert_eq!(Gtin::parse(code).map(|gtin| gtin.short()), Ok(code.to_owned()));
        }
    }

    #[test]
    fn an_in_store_number_is_known_by_its_prefix() {
        for (code, in_store) in
            [("2004713002144", true), ("7801234567894", false), ("042100005264", false), ("96385074", false), ("20000004", true)]
        {
            let body = value(&code[..code.len() - 1]);
            let gtin = Gtin::checked(body * 10 + u64::from(check_digit(body)));
            assert_eq!(gtin.map(|gtin| gtin.is_in_store()), Ok(in_store), "{code}");
        }
        let upc = |body: u64| Gtin::checked(body * 10 + u64::from(check_digit(body))).map(|gtin| gtin.is_in_store());
        assert_eq!(upc(21_234_567_890), Ok(true), "variable weight in a UPC");
        assert_eq!(upc(41_234_567_890), Ok(true), "company-internal UPC");
        assert_eq!(upc(31_234_567_890), Ok(false), "pharmacy");
    }

    #[test]
    fn a_case_is_not_its_unit() {
        let unit = Gtin::parse("7801234567894").map(|gtin| (gtin.packing_level(), gtin.prefix()));
        let case = Gtin::parse("17801234567891").map(|gtin| (gtin.packing_level(), gtin.prefix()));

        assert_eq!(unit, Ok((0, 780)));
        assert_eq!(case, Ok((1, 780)));
    }

    #[test]
    fn json_carries_fourteen_digits_and_reads_any_length() {
        let gtin: Gtin = serde_json::from_str("\"7801234567894\"").unwrap();

        assert_eq!(serde_json::to_string(&gtin).unwrap(), "\"07801234567894\"");
        assert!(serde_json::from_str::<Gtin>("\"7801234567895\"").is_err());
        assert!(serde_json::from_str::<Gtin>("7801234567894").is_err());
    }

    proptest! {
        #[test]
        fn every_single_wrong_digit_is_seen(body in 1u64..9_999_999_999_999, place in 0u32..14, change in 1u64..10) {
            let number = body * 10 + u64::from(check_digit(body));
            let unit = 10u64.pow(place);
            let digit = number / unit % 10;
            let wrong = number - digit * unit + (digit + change) % 10 * unit;

            let (right, wrong) = (Gtin::parse(&format!("{number:014}")), Gtin::parse(&format!("{wrong:014}")));

            prop_assert!(right.is_ok());
            prop_assert!(wrong.is_err());
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_read_again(text in ".{0,20}") {
            if let Ok(gtin) = Gtin::typed(&text) {
                prop_assert_eq!(Gtin::parse(&gtin.to_string()), Ok(gtin));
                prop_assert_eq!(Gtin::parse(&gtin.short()), Ok(gtin));
            }
            for symbol in [Symbol::Ean13, Symbol::Ean8, Symbol::UpcA, Symbol::UpcE, Symbol::Itf14] {
                let _ = Gtin::of_symbol(symbol, &text);
            }
        }
    }
}
