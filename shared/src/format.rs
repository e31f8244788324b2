//! How numbers, money and dates are written for people: one formatter for server and phone, because two that
//! differ by a space break hydration. House rules: no space after the currency sign, a no-break space before %,
//! groups from four digits, `−` (U+2212) for negative numbers.

use crate::{CivilDate, Country, Currency, LocalTime};

const MINUS: char = '\u{2212}';
const NO_BREAK_SPACE: char = '\u{a0}';
const MONTHS: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const WEEKDAYS: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
/// Days of the week, Monday first.
pub const WEEKDAYS_LONG: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];

/// Separators of groups and decimals.
const fn separators(country: Country) -> (char, char) {
    match country {
        Country::Co | Country::Cl => ('.', ','),
        Country::Mx => (',', '.'),
    }
}

fn push_grouped(out: &mut String, digits: &str, separator: char) {
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
}

/// A whole number: `71.240`, `−3`.
pub fn integer(value: i64, country: Country) -> String {
    let mut out = String::new();
    if value < 0 {
        out.push(MINUS);
    }
    push_grouped(&mut out, &value.unsigned_abs().to_string(), separators(country).0);
    out
}

/// Money as people write it: `$2.500` in Colombia, `$1,234.50` in Mexico.
///
/// Minor units that people do not write are shown only when they are not zero, so that no amount is ever rounded.
pub fn money(minor: i64, currency: Currency, country: Country) -> String {
    let unit = currency.minor_per_major();
    let (groups, decimal) = separators(country);
    let (whole, rest) = ((minor / unit).unsigned_abs(), (minor % unit).unsigned_abs());
    let mut out = String::new();
    if minor < 0 {
        out.push(MINUS);
    }
    if currency == Currency::Usd {
        out.push_str("USD\u{a0}");
    } else {
        out.push('$');
    }
    push_grouped(&mut out, &whole.to_string(), groups);
    if rest != 0 || currency.shown_decimals() > 0 {
        let digits = rest.to_string();
        out.push(decimal);
        for _ in digits.len()..currency.exponent() as usize {
            out.push('0');
        }
        out.push_str(&digits);
    }
    out
}

/// Where a currency is at home; dollars are written as in Mexico.
const fn home(currency: Currency) -> Country {
    match currency {
        Currency::Cop => Country::Co,
        Currency::Clp => Country::Cl,
        Currency::Mxn | Currency::Usd => Country::Mx,
    }
}

/// Reads money as people of the currency's country type it: `2.500` and `$2.500` are 2 500 pesos of Colombia, `2500` is
/// that everywhere. The inverse of [`money_field`].
///
/// `None` for signs, letters, more than two decimals, and for groups that are not of three digits: `1.50` is a doubt in
/// Colombia, not a hundred and fifty, and `2,500` are thousands of another country, not two and a half.
pub fn typed_money(text: &str, currency: Currency) -> Option<i64> {
    let (group, decimal) = separators(home(currency));
    let text = text.trim().trim_start_matches('$').trim_start();
    let (whole, rest) = text.split_once(decimal).unwrap_or((text, "0"));
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default().to_owned();
    let mut plain = first.clone();
    for next in groups {
        if next.len() != 3 || !(1..=3).contains(&first.len()) {
            return None;
        }
        plain.push_str(next);
    }
    if matches!(rest.len(), 1 | 2) { currency.parse_major(&[&plain, ".", rest].concat()) } else { None }
}

/// Money as a field shows it, without its sign.
pub fn money_field(minor: i64, currency: Currency) -> String {
    money(minor, currency, home(currency)).trim_start_matches("USD\u{a0}").trim_start_matches('$').to_owned()
}

/// A percentage from basis points: `23,81 %` with two decimals, `41,2 %` with one; half away from zero.
pub fn percent(basis_points: i64, decimals: u32, country: Country) -> String {
    let step = 10_i64.pow(2 - decimals.min(2));
    let scaled = (basis_points.abs() + step / 2) / step;
    let unit = 10_i64.pow(decimals.min(2));
    let mut out = integer(if basis_points < 0 { -(scaled / unit) } else { scaled / unit }, country);
    if basis_points < 0 && scaled / unit == 0 {
        out.insert(0, MINUS);
    }
    if decimals > 0 {
        let digits = (scaled % unit).to_string();
        out.push(separators(country).1);
        for _ in digits.len()..decimals.min(2) as usize {
            out.push('0');
        }
        out.push_str(&digits);
    }
    out.push(NO_BREAK_SPACE);
    out.push('%');
    out
}

/// `20 nov`.
pub fn day_month(date: CivilDate) -> String {
    let mut out = date.day().to_string();
    out.push(' ');
    out.push_str(MONTHS[usize::from(date.month().unsigned_abs()) - 1]);
    out
}

/// `20 nov 2026`.
pub fn date(date: CivilDate) -> String {
    let mut out = day_month(date);
    out.push(' ');
    out.push_str(&date.year().to_string());
    out
}

/// `vie 20 nov`.
pub fn weekday_date(date: CivilDate) -> String {
    let mut out = String::from(WEEKDAYS[usize::from(date.weekday()) - 1]);
    out.push(' ');
    out.push_str(&day_month(date));
    out
}

/// `viernes`.
pub fn weekday(date: CivilDate) -> &'static str {
    WEEKDAYS_LONG[usize::from(date.weekday()) - 1]
}

/// `16:00`, by the shop's clock.
pub fn time(local: LocalTime) -> String {
    let (hour, minute) = local.hour_minute();
    let mut out = String::new();
    for (i, part) in [hour, minute].into_iter().enumerate() {
        if i > 0 {
            out.push(':');
        }
        if part < 10 {
            out.push('0');
        }
        out.push_str(&part.to_string());
    }
    out
}

/// A length of time in its two largest units: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub fn span(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1_000;
    let minutes = if seconds < 60 { 0 } else { (seconds + 30) / 60 };
    let hours = minutes / 60;
    let two = |large: u64, unit: &str, small: u64, of: &str| {
        let rest = if small == 0 { String::new() } else { [" ", &small.to_string(), "\u{a0}", of].concat() };
        [&large.to_string(), "\u{a0}", unit, &rest].concat()
    };
    match (minutes, hours) {
        (0, _) => two(seconds, "s", 0, ""),
        (_, 0) => two(minutes, "min", 0, ""),
        (_, 1..24) => two(hours, "h", minutes % 60, "min"),
        _ => two(hours / 24, "d", hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_money_follows_the_currency() {
        for (text, currency, minor) in [
            ("2500", Currency::Cop, Some(250_000)),
            ("$2.500", Currency::Cop, Some(250_000)),
            (" 1.250.000 ", Currency::Cop, Some(125_000_000)),
            ("2.500,5", Currency::Cop, Some(250_050)),
            ("1.50", Currency::Cop, None),
            ("2,500", Currency::Cop, None),
            ("1234.567", Currency::Cop, None),
            ("2,500", Currency::Mxn, Some(250_000)),
            ("3.75", Currency::Usd, Some(375)),
            ("1.190", Currency::Clp, Some(1_190)),
            ("1,5", Currency::Clp, None),
            ("-1", Currency::Cop, None),
            ("", Currency::Cop, None),
            ("mil", Currency::Cop, None),
            ("5,", Currency::Cop, None),
        ] {
            assert_eq!(typed_money(text, currency), minor, "{text}");
        }
        for (minor, currency, shown) in [
            (250_000, Currency::Cop, "2.500"),
            (250_050, Currency::Cop, "2.500,50"),
            (1_190, Currency::Clp, "1.190"),
            (375, Currency::Usd, "3.75"),
        ] {
            assert_eq!(money_field(minor, currency), shown);
            assert_eq!(typed_money(shown, currency), Some(minor));
        }
    }

    #[test]
    fn money_is_written_as_each_country_writes_it() {
        assert_eq!(money(250_000, Currency::Cop, Country::Co), "$2.500");
        assert_eq!(money(250_050, Currency::Cop, Country::Co), "$2.500,50");
        assert_eq!(money(24_990, Currency::Clp, Country::Cl), "$24.990");
        assert_eq!(money(123_450, Currency::Mxn, Country::Mx), "$1,234.50");
        assert_eq!(money(-123_450, Currency::Mxn, Country::Mx), "\u{2212}$1,234.50");
        assert_eq!(money(375, Currency::Usd, Country::Co), "USD\u{a0}3,75");
        assert_eq!(money(5, Currency::Mxn, Country::Mx), "$0.05");
    }

    #[test]
    fn percentages_round_half_away_from_zero() {
        assert_eq!(percent(2381, 2, Country::Co), "23,81\u{a0}%");
        assert_eq!(percent(4125, 1, Country::Co), "41,3\u{a0}%");
        assert_eq!(percent(-25, 1, Country::Mx), "\u{2212}0.3\u{a0}%");
        assert_eq!(percent(7500, 0, Country::Cl), "75\u{a0}%");
    }

    #[test]
    fn dates_are_short_and_never_ambiguous() {
        let day: CivilDate = "2026-11-20".parse().unwrap();

        assert_eq!(weekday_date(day), "vie 20 nov");
        assert_eq!(date(day), "20 nov 2026");
        assert_eq!(time(LocalTime { at: "2026-11-20T21:05:00Z".parse().unwrap(), offset_seconds: -18_000 }), "16:05");
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let span = |ms| super::span(ms).replace(NO_BREAK_SPACE, " ");

        assert_eq!(
            [span(40_999), span(-12 * 60_000 + 400), span(60 * 60_000 - 400), span(185 * 60_000), span(-52 * 3_600_000)],
            ["40 s", "12 min", "1 h", "3 h 5 min", "2 d 4 h"]
        );
    }
}
