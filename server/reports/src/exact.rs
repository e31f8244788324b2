//! Exact numbers: fractions of integers, and the one place where a number is rounded, to be shown.
//!
//! A metric is computed without loss and becomes a decimal text at the end (contract, "Metric definitions": half away
//! from zero, only for display). A binary floating point number never appears, so the same data give the same digits on
//! every machine and engine.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Deserializer, de};

/// Digits before the point of a number that is read, at most.
const WHOLE_DIGITS_MAX: usize = 15;
/// Digits after the point of a number that is read, at most.
const DECIMALS_MAX: usize = 6;

/// A fraction in lowest terms; the denominator is positive.
///
/// Operations answer `None` where the result does not fit 128 bits or divides by zero: numbers of the trade stay far
/// below, and a number that somebody invents is refused, never wrapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A whole number.
    pub const fn whole(number: i64) -> Self {
        Self { numerator: number as i128, denominator: 1 }
    }
    /// A share of something; `None` of nothing.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        Self::reduced(numerator.into(), denominator.into())
    }
    /// Minor units as the major ones that people read.
    pub fn money(minor: i64, currency: shared::Currency) -> Self {
        Self::reduced(minor.into(), currency.minor_per_major().into()).unwrap_or(Self::ZERO)
    }
    fn reduced(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()).max(1) as i128 * denominator.signum();
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }
    /// Sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::reduced(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }
    /// Difference.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { numerator: other.numerator.checked_neg()?, ..other })
    }
    /// Product.
    pub fn times(self, other: Self) -> Option<Self> {
        // Each against the other's denominator first: the intermediate numbers stay small.
        let left = Self::reduced(self.numerator, other.denominator)?;
        let right = Self::reduced(other.numerator, self.denominator)?;
        Some(Self {
            numerator: left.numerator.checked_mul(right.numerator)?,
            denominator: left.denominator.checked_mul(right.denominator)?,
        })
    }
    /// Quotient; `None` by zero.
    pub fn over(self, other: Self) -> Option<Self> {
        self.times(Self::reduced(other.denominator, other.numerator)?)
    }
    /// Hundred times as much: a share as a percentage.
    pub fn percent(self) -> Option<Self> {
        self.times(Self::whole(100))
    }
    /// −1, 0 or 1.
    pub const fn sign(self) -> i128 {
        self.numerator.signum()
    }
    /// The text with exactly so many decimals, half away from zero: `2518.18`. **The only rounding of the reports.**
    pub fn fixed(self, decimals: u32) -> String {
        let unit = 10_u128.pow(decimals);
        let (size, denominator) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        // The whole part apart, so that only the rest is multiplied.
        let (whole, rest) = (size / denominator, size % denominator);
        let scaled = rest.saturating_mul(unit).saturating_mul(2).saturating_add(denominator) / denominator.saturating_mul(2);
        let (whole, fraction) = (whole + scaled / unit, scaled % unit);
        let sign = if self.numerator < 0 && (whole, fraction) != (0, 0) { "-" } else { "" };
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0width$}", width = decimals as usize) }
    }
    /// The text of an amount: two decimals, or none when they are zero: `27700`, `2518.18`.
    pub fn amount(self) -> String {
        let text = self.fixed(2);
        text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
    }
    /// About as much, for a place in a picture and nothing else.
    #[allow(clippy::cast_precision_loss, reason = "a picture has less places than this has digits")]
    pub fn nearly(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
    /// Reads `2500`, `-3.75`. `None` for exponents, separators, more than 15 digits before the point or 6 after it.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let lengths = (1..=WHOLE_DIGITS_MAX).contains(&whole.len()) && fraction.len() <= DECIMALS_MAX && !digits.ends_with('.');
        if !lengths || !numeric(whole) || !numeric(fraction) {
            return None;
        }
        let numerator: i128 = format!("{whole}{fraction}").parse().ok()?;
        Self::reduced(sign * numerator, 10_i128.pow(fraction.len() as u32))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        // Like long division: whole parts, then the reciprocals of the rests. It cannot overflow.
        let (mut a, mut b, mut reversed) = (*self, *other, false);
        loop {
            let whole = |x: Exact| (x.numerator.div_euclid(x.denominator), x.numerator.rem_euclid(x.denominator));
            let ((whole_a, rest_a), (whole_b, rest_b)) = (whole(a), whole(b));
            let order = whole_a.cmp(&whole_b).then_with(|| match (rest_a, rest_b) {
                (0, 0) => Ordering::Equal,
                (0, _) => Ordering::Less,
                (_, 0) => Ordering::Greater,
                _ => Ordering::Equal,
            });
            if order != Ordering::Equal || rest_a == 0 {
                return if reversed { order.reverse() } else { order };
            }
            (a, b) = (Self { numerator: a.denominator, denominator: rest_a }, Self { numerator: b.denominator, denominator: rest_b });
            reversed = !reversed;
        }
    }
}
impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}
impl From<i64> for Exact {
    fn from(number: i64) -> Self {
        Self::whole(number)
    }
}

/// From a whole number, or from the text of a decimal one: a JSON number with a point has no exact value in most readers.
impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = Exact;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or the text of a decimal one such as \"3.75\"")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Exact, E> {
                Exact::parse(&number.to_string()).ok_or_else(|| E::custom("this number is too large"))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Exact, E> {
                Exact::parse(&number.to_string()).ok_or_else(|| E::custom("this number is too large"))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Exact, E> {
                Exact::parse(text).ok_or_else(|| {
                    E::custom(format!("{text:?} is no decimal number of at most {WHOLE_DIGITS_MAX} digits and {DECIMALS_MAX} decimals"))
                })
            }
        }
        from.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (numerator, denominator, decimals, shown) in [
            (27_700, 11, 2, "2518.18"),
            (9_600, 8, 2, "1200.00"),
            (3, 4, 1, "0.8"),
            (-3, 4, 1, "-0.8"),
            (25, 1_000, 2, "0.03"),
            (-25, 1_000, 2, "-0.03"),
            (-1, 1_000, 2, "0.00"),
            (5, 2, 0, "3"),
            (-5, 2, 0, "-3"),
            (1_999, 1_000, 2, "2.00"),
            (0, 7, 1, "0.0"),
        ] {
            assert_eq!(Exact::ratio(numerator, denominator).unwrap().fixed(decimals), shown, "{numerator}/{denominator}");
        }
    }

    #[test]
    fn an_amount_has_two_decimals_or_none() {
        for (text, shown) in [("27700", "27700"), ("3.75", "3.75"), ("3.5", "3.50"), ("2.999", "3"), ("-1.10", "-1.10")] {
            assert_eq!(exact(text).amount(), shown);
        }
        assert_eq!(Exact::money(375, shared::Currency::Usd).amount(), "3.75");
        assert_eq!(Exact::money(24_990, shared::Currency::Clp).amount(), "24990");
    }

    #[test]
    fn what_is_no_decimal_number_is_not_read() {
        for text in ["", "-", ".5", "5.", "1e3", "1,5", "+1", "--1", " 1", "1.1234567", "1234567890123456", "0x1", "1.-5", "∞"] {
            assert_eq!(Exact::parse(text), None, "{text}");
        }
        assert!(serde_json::from_str::<Exact>("2.5").is_err());
        assert_eq!(serde_json::from_str::<Exact>("\"2.5\"").unwrap(), Exact::ratio(5, 2).unwrap());
        assert_eq!(serde_json::from_str::<Exact>("-7").unwrap(), Exact::whole(-7));
    }

    #[test]
    fn what_does_not_fit_is_nothing_and_never_wraps() {
        let large = exact("999999999999999");
        let square = large.times(large).unwrap();
        assert_eq!(square.times(square), None);
        assert_eq!(Exact::whole(1).over(Exact::ZERO), None);
    }

    proptest! {
        #[test]
        fn arithmetic_keeps_its_laws(a in -9_999_999_i64..9_999_999, b in 1_i64..9_999, c in -9_999_999_i64..9_999_999, d in 1_i64..9_999) {
            let (x, y) = (Exact::ratio(a, b).unwrap(), Exact::ratio(c, d).unwrap());
            prop_assert_eq!(x.plus(y), y.plus(x));
            prop_assert_eq!(x.plus(y).unwrap().minus(y), Some(x));
            prop_assert_eq!(x.times(y), y.times(x));
            if c != 0 {
                prop_assert_eq!(x.times(y).unwrap().over(y), Some(x));
            }
            prop_assert_eq!(x.cmp(&y), (i128::from(a) * i128::from(d)).cmp(&(i128::from(c) * i128::from(b))));
        }

        #[test]
        fn a_shown_number_is_within_half_a_unit(a in -9_999_999_i64..9_999_999, b in 1_i64..9_999, decimals in 0_u32..5) {
            let exact = Exact::ratio(a, b).unwrap();
            let shown = Exact::parse(&exact.fixed(decimals)).unwrap();
            let half = Exact::ratio(1, 2 * 10_i64.pow(decimals)).unwrap();
            let distance = shown.minus(exact).unwrap();
            prop_assert!(distance <= half && Exact::ZERO.minus(distance).unwrap() <= half);
        }
    }
}
