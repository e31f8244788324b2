//! What was read, and what it can be.

use shared::barcode::{Gtin, Symbol, WrongGtin};

/// Where a text was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// 13 digits.
    Ean13,
    /// 8 digits.
    Ean8,
    /// 12 digits.
    UpcA,
    /// 8 digits, shortened from 12.
    UpcE,
    /// Any text: a card, a reward, an address.
    Qr,
    /// A reader that types, or a person: the symbol is unknown.
    Keyboard,
}

impl Format {
    /// The decoder's name for it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ean13" => Self::Ean13,
            "ean8" => Self::Ean8,
            "upca" => Self::UpcA,
            "upce" => Self::UpcE,
            "qr" => Self::Qr,
            _ => return None,
        })
    }

    /// Whether parts of other print can pass for it: few digits, and a check that sees nine in ten mistakes.
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Ean8 | Self::UpcE)
    }
}

/// One text that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Where it was read from.
    pub format: Format,
    /// Digits for products; for QR and keyboard what was there, without spaces around.
    pub text: String,
    /// Lines of the picture that agreed; 255 where an error correction or a keyboard vouches.
    pub quality: u8,
}

impl Read {
    /// What a reader or a person typed. The symbol's name that some readers send first (`]E0`, `]Q1`) is dropped.
    pub fn typed(text: &str) -> Self {
        let text = text.trim();
        let symbol = matches!(text.as_bytes(), [b']', letter, digit, ..] if letter.is_ascii_alphabetic() && digit.is_ascii_digit());
        let text = if symbol { &text[3..] } else { text };
        Self { format: Format::Keyboard, text: text.to_owned(), quality: u8::MAX }
    }

    /// The product's number, when this can only be one: `None` for QR and for typed text that is not all digits of a
    /// GTIN's length, `Some(Err(_))` when it looks like one and its check digit (or number system) is wrong.
    pub fn gtin(&self) -> Option<Result<Gtin, WrongGtin>> {
        let symbol = match self.format {
            Format::Ean13 => Symbol::Ean13,
            Format::Ean8 => Symbol::Ean8,
            Format::UpcA => Symbol::UpcA,
            Format::UpcE => Symbol::UpcE,
            Format::Qr => return None,
            Format::Keyboard => {
                return match Gtin::typed(&self.text) {
                    Err(WrongGtin::NotDigits | WrongGtin::Length(_)) => None,
                    other => Some(other),
                };
            }
        };
        Some(Gtin::of_symbol(symbol, &self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_barcode_is_a_product_and_a_qr_is_not() {
        let read = |format, text: &str| Read { format, text: text.to_owned(), quality: 3 };

        assert_eq!(read(Format::UpcE, "04252614").gtin(), Some(Gtin::parse("042100005264")));
        assert_eq!(read(Format::Ean13, "7801234567894").gtin(), Some(Gtin::parse("7801234567894")));
        assert_eq!(read(Format::Qr, "7801234567894").gtin(), None);
    }

    #[test]
    fn typed_digits_are_a_product_when_they_are_as_many_as_one_has() {
        assert_eq!(Read::typed(" ]E07801234567894\n").gtin(), Some(Gtin::parse("7801234567894")));
        assert_eq!(Read::typed("7801234567895").gtin(), Some(Err(WrongGtin::CheckDigit { expected: 4 })));
        assert_eq!(Read::typed("482913").gtin(), None, "six digits are a reward's code");
        assert_eq!(Read::typed("M1K7Q2W9ZX0Y3R5T8U1P4A6S9D2F5G8H1J4K7L").gtin(), None);
        assert_eq!(Read::typed("]é").text, "]é");
    }
}
