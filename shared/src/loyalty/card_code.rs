//! The text inside the consumer's QR.
//!
//! A rotating code is `Q1` + card (16) + step (7) + code (13): 38 upper-case alphanumerics, which fill a version-2
//! symbol at level M. A printed card is `S1` + card (16) + code (13). A reward is `R1` + 16. All parts are base 32 by
//! RFC 4648 without padding. The code is HMAC-SHA-256 over everything before it, cut to 64 bits: whoever saw a
//! card cannot make its next code.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;

use crate::Timestamp;

/// Length of a step in milliseconds.
pub const STEP_MS: i64 = 30_000;
/// Steps that are accepted online: two older, one newer.
pub const ONLINE_WINDOW: std::ops::RangeInclusive<i64> = -2..=1;
/// Steps that are accepted for a capture made without network.
pub const OFFLINE_WINDOW: std::ops::RangeInclusive<i64> = -10..=10;

/// Ten random bytes that name a card to the world; base 32 outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicCode(pub [u8; 10]);

impl fmt::Display for PublicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0))
    }
}
impl PublicCode {
    /// `••42`: the two digits by which shop and consumer recognise a card.
    pub fn digits(&self) -> String {
        let number = self.0.iter().fold(0_u32, |sum, byte| (sum * 31 + u32::from(*byte)) % 100);
        ["••", if number < 10 { "0" } else { "" }, &number.to_string()].concat()
    }
}
impl fmt::Debug for PublicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicCode(…)")
    }
}
impl FromStr for PublicCode {
    type Err = WrongCardCode;
    fn from_str(text: &str) -> Result<Self, WrongCardCode> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).map_err(|_| WrongCardCode)?;
        bytes.try_into().map(Self).map_err(|_| WrongCardCode)
    }
}

/// A parsed code: what it claims, before any key has confirmed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CardCode {
    /// From a phone, changes every 30 seconds.
    Rotating {
        /// The card.
        card: PublicCode,
        /// Which half minute since 1970.
        step: i64,
        /// The truncated HMAC.
        mac: [u8; 8],
    },
    /// From paper, never changes.
    Printed {
        /// The card.
        card: PublicCode,
        /// The truncated HMAC.
        mac: [u8; 8],
    },
    /// A reward that waits to be handed over.
    Reward(PublicCode),
}

/// The text is none of our codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this text is no card or reward code")]
pub struct WrongCardCode;

/// The half minute of an instant.
pub const fn step_at(at: Timestamp) -> i64 {
    at.0.div_euclid(STEP_MS)
}

/// Seven base-32 characters of a step: 35 bits, enough until the year 34 000.
fn step_text(step: i64) -> String {
    // 35 bits are no whole number of bytes: they stand at the left end of five.
    let bits = (step as u64 & 0x7_ffff_ffff) << 5;
    let mut text = BASE32_NOPAD.encode(&bits.to_be_bytes()[3..]);
    text.truncate(7);
    text
}
fn step_value(text: &str) -> Option<i64> {
    let mut padded = String::from(text);
    padded.push('A');
    let bytes = BASE32_NOPAD.decode(padded.as_bytes()).ok()?;
    let mut all = [0; 8];
    all.get_mut(3..)?.copy_from_slice(bytes.get(..5)?);
    Some((u64::from_be_bytes(all) >> 5) as i64)
}

/// What the HMAC of a rotating code covers: the first 25 characters of the code itself.
pub fn rotating_message(card: PublicCode, step: i64) -> String {
    let mut text = String::from("Q1");
    text.push_str(&BASE32_NOPAD.encode(&card.0));
    text.push_str(&step_text(step));
    text
}
/// What the HMAC of a printed code covers: its first 18 characters.
pub fn printed_message(card: PublicCode) -> String {
    let mut text = String::from("S1");
    text.push_str(&BASE32_NOPAD.encode(&card.0));
    text
}
/// The whole code, from its message and the HMAC (8 bytes at least; the first 8 are used).
pub fn with_mac(mut message: String, mac: &[u8]) -> String {
    message.push_str(&BASE32_NOPAD.encode(mac.get(..8).unwrap_or_default()));
    message
}

impl FromStr for CardCode {
    type Err = WrongCardCode;
    fn from_str(text: &str) -> Result<Self, WrongCardCode> {
        if !text.is_ascii() {
            return Err(WrongCardCode);
        }
        let mac = |part: &str| -> Result<[u8; 8], WrongCardCode> {
            BASE32_NOPAD.decode(part.as_bytes()).ok().and_then(|b| b.try_into().ok()).ok_or(WrongCardCode)
        };
        match (text.get(..2), text.len()) {
            (Some("Q1"), 38) => Ok(Self::Rotating {
                card: text[2..18].parse()?,
                step: step_value(&text[18..25]).ok_or(WrongCardCode)?,
                mac: mac(&text[25..])?,
            }),
            (Some("S1"), 31) => Ok(Self::Printed { card: text[2..18].parse()?, mac: mac(&text[18..])? }),
            (Some("R1"), 18) => Ok(Self::Reward(text[2..].parse()?)),
            _ => Err(WrongCardCode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotating_code_has_38_characters_of_the_qr_alphabet() {
        let card = PublicCode([7; 10]);
        let text = with_mac(rotating_message(card, 59_105_160), &[9; 32]);

        assert_eq!(text.len(), 38);
        assert!(text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
        assert_eq!(text.parse(), Ok(CardCode::Rotating { card, step: 59_105_160, mac: [9; 8] }));
    }

    #[test]
    fn every_other_text_is_refused() {
        for text in [
            "",
            "Q1",
            "7702004003508",
            "Q1aaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAAAA",
            "https://example.com/a/b/c/d/e/f/g/hijk",
            "Ñ1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(text.parse::<CardCode>(), Err(WrongCardCode), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_code_reads_what_it_writes(card: [u8; 10], step in 0_i64..(1 << 35), mac: [u8; 8]) {
            let card = PublicCode(card);
            proptest::prop_assert_eq!(with_mac(rotating_message(card, step), &mac).parse(), Ok(CardCode::Rotating { card, step, mac }));
            proptest::prop_assert_eq!(with_mac(printed_message(card), &mac).parse(), Ok(CardCode::Printed { card, mac }));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<CardCode>();
        }
    }
}
