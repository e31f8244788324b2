//! Which language the reader wants, and the small pieces that the compiled texts of [`crate::t`] use.

use std::borrow::Cow;

/// A language of the screens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Locale {
    /// Neutral Latin-American Spanish, the complete one.
    #[default]
    Es,
    /// English.
    En,
    /// Portuguese of Brazil.
    Pt,
}

/// The language of this request or page: what was given as context, else Spanish.
///
/// The texts ask it only when a second language file exists, so that one language costs nothing.
pub fn current() -> Locale {
    leptos::prelude::use_context::<Locale>().unwrap_or_default()
}

/// Writing a parameter into a text without the formatting machinery, which weighs more than the texts.
pub(crate) trait Push {
    /// Appends it.
    fn push(self, out: &mut String);
}

impl Push for &str {
    fn push(self, out: &mut String) {
        out.push_str(self);
    }
}

/// Plain digits with the house's minus. Numbers that may reach four digits are grouped by country, which only
/// `shared::format` knows: give those as text.
impl Push for i64 {
    fn push(self, out: &mut String) {
        if self < 0 {
            out.push('\u{2212}');
        }
        out.push_str(&self.unsigned_abs().to_string());
    }
}

/// `loyalty.qr_stale`, `QR_STALE` → `qr_stale`.
pub(crate) fn bare(code: &str) -> Cow<'_, str> {
    let last = code.rsplit('.').next().unwrap_or(code);
    if last.bytes().any(|byte| byte.is_ascii_uppercase()) { last.to_ascii_lowercase().into() } else { last.into() }
}

/// The word that follows an amount of points or stamps: `punto`, `puntos`, `sello`, `sellos`.
pub fn unit(unit: shared::loyalty::campaign::Unit, amount: i64) -> String {
    match unit {
        shared::loyalty::campaign::Unit::Points => crate::t::common_points(amount.abs()),
        shared::loyalty::campaign::Unit::Stamps => crate::t::common_stamps(amount.abs()),
    }
}

/// The sentence for a tendero or cashier: the reason's own text, else the general one, else the one for the unexpected.
pub fn shop_text(code: &str) -> &'static str {
    crate::t::reason_shop(code).or_else(|| crate::t::problem(code)).unwrap_or_else(crate::t::problem_internal)
}

/// The sentence for a consumer, found like [`shop_text`].
pub fn consumer_text(code: &str) -> &'static str {
    crate::t::reason_consumer(code).or_else(|| crate::t::problem(code)).unwrap_or_else(crate::t::problem_internal)
}
