//! Decimal text as tills and spreadsheets write it: comma or point, with or without groups.

use shared::Currency;

/// Longest number, in characters.
const NUMBER_MAX: usize = 24;

/// `1234.50`, `1.234,50`, `1,234.50`, `1234,5` → whole digits and decimal digits.
///
/// One mark alone before exactly three digits is a group when `groups` says that three decimals make no sense.
fn parts(text: &str, groups: bool) -> Option<(String, String)> {
    let text = text.trim().trim_start_matches('$').trim();
    if text.is_empty() || text.len() > NUMBER_MAX || !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return None;
    }
    let Some(mark) = text.rfind(['.', ',']) else {
        return Some((text.to_owned(), String::new()));
    };
    let (whole, rest) = (&text[..mark], &text[mark + 1..]);
    let marks = |mark: char| text.matches(mark).count();
    let only = text[mark..].chars().next().map_or(0, marks) == text.matches(['.', ',']).count();
    let repeated = text[mark..].chars().next().is_some_and(|mark| marks(mark) > 1);
    let grouped = |whole: &str| {
        let mut parts = whole.split(['.', ',']);
        let first = parts.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3)
    };
    if only && rest.len() == 3 && (repeated || groups) && grouped(text) {
        return Some((text.replace(['.', ','], ""), String::new()));
    }
    let plain = !whole.contains(['.', ',']);
    // A second mark of the same kind after the decimals is nothing.
    if repeated || whole.is_empty() || !(plain || grouped(whole)) {
        return None;
    }
    Some((whole.replace(['.', ','], ""), rest.to_owned()))
}

/// An amount in minor units.
pub(super) fn minor(text: &str, currency: Currency) -> Option<i64> {
    let (whole, decimals) = parts(text, true)?;
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { currency.parse_major(&whole) } else { currency.parse_major(&format!("{whole}.{decimals}")) }
}

/// A quantity in thousandths.
pub(super) fn milli(text: &str) -> Option<i64> {
    let (whole, decimals) = parts(text, false)?;
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > 3 {
        return None;
    }
    let thousandths: i64 = format!("{decimals:0<3}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_spreadsheets_write_them() {
        for (text, expected) in [
            ("2500", Some(250_000)),
            ("2500.00", Some(250_000)),
            ("2500,5", Some(250_050)),
            ("1.234,50", Some(123_450)),
            ("1,234.50", Some(123_450)),
            ("1.250", Some(125_000)),
            ("1.250.000", Some(125_000_000)),
            ("$ 12.000", Some(1_200_000)),
            ("", None),
            ("-5", None),
            ("1.2.3", None),
            ("12,34,56", None),
            ("1e3", None),
            ("=1+1", None),
            ("999999999999999999999", None),
        ] {
            assert_eq!(minor(text, Currency::Mxn), expected, "{text}");
        }
        for (text, expected) in
            [("2", Some(2_000)), ("0.350", Some(350)), ("0,35", Some(350)), ("1.5", Some(1_500)), ("0.0005", None), ("dos", None)]
        {
            assert_eq!(milli(text), expected, "{text}");
        }
    }
}
