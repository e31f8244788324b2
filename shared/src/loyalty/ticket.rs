//! A ticket: the text inside the QR of a reward that is fetched at one shop, with its network or without.
//!
//! A consumer takes it while she has a network; the server signs which reward may be handed over where and until when,
//! so that a phone without network can check it by itself. What is handed over that way waits in the phone's queue like
//! a sale, as a [`TicketDelivery`].
//!
//! The text is `T1` and, in base 32 by RFC 4648 without padding, the message and its signature: one byte that names the
//! key, the shop (16), the reward's code (10), the end in seconds since 1970 (4), the reward's name (UTF-8, at most
//! [`NAME_BYTES_MAX`]), then ECDSA on P-256 with SHA-256 over `T1` and all of that, 64 bytes r‖s. Upper-case letters and
//! digits alone fill a QR's compact mode: a version 8 symbol at most, at level M.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{card_code::PublicCode, queue::QUEUE_AGE_MAX_MS};
use crate::{
    DeviceId, MemberId, RewardInstanceId, ShopId, Timestamp,
    time::{HOUR_MS, MINUTE_MS},
};

/// How long a ticket is good: a shop may hand the reward over until then.
pub const TICKET_MS: i64 = 24 * HOUR_MS;
/// How long after its end the reward stays bound: what a phone handed over in the last minute is taken that much later
/// at most, as a sale is, and some minutes are for clocks that differ.
pub const TICKET_GRACE_MS: i64 = QUEUE_AGE_MAX_MS + 5 * MINUTE_MS;
/// Bytes of the reward's name that stand in a ticket.
pub const NAME_BYTES_MAX: usize = 30;
/// Characters of the longest ticket.
pub const TICKET_CHARS_MAX: usize = 2 + ((HEAD + NAME_BYTES_MAX + SIGNATURE) * 8).div_ceil(5);
/// The version of [`TicketDelivery`] that this build writes.
pub const DELIVERY_VERSION: u8 = 1;

const MARK: &str = "T1";
/// Key, shop, code, end.
const HEAD: usize = 1 + 16 + 10 + 4;
const SIGNATURE: usize = 64;

/// What a ticket says, before any key has confirmed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Which key of the installation signs it.
    pub key: u8,
    /// Where the reward is handed over, and nowhere else.
    pub shop: ShopId,
    /// The reward's own code.
    pub code: PublicCode,
    /// Until then, excluded; a whole second.
    pub until: Timestamp,
    /// What it is, shortened.
    pub name: String,
}

/// Names no code: whoever reads a log could have the reward handed over.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({} until {})", self.shop, self.until.0)
    }
}

impl Ticket {
    /// The bytes that are signed.
    pub fn message(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MARK.len() + HEAD + NAME_BYTES_MAX);
        bytes.extend_from_slice(MARK.as_bytes());
        bytes.push(self.key);
        bytes.extend_from_slice(self.shop.0.as_bytes());
        bytes.extend_from_slice(&self.code.0);
        bytes.extend_from_slice(&u32::try_from(self.until.0 / 1_000).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(shortened(&self.name).as_bytes());
        bytes
    }

    /// The text of the QR; `signature` is r‖s over [`Self::message`].
    pub fn text(&self, signature: &[u8; SIGNATURE]) -> String {
        let mut bytes = self.message().split_off(MARK.len());
        bytes.extend_from_slice(signature);
        [MARK, &BASE32_NOPAD.encode(&bytes)].concat()
    }

    /// The reward's code as its own QR says it: `R1…`.
    pub fn reward_code(&self) -> String {
        ["R1", &BASE32_NOPAD.encode(&self.code.0)].concat()
    }
}

/// As much of a name as fits, whole characters.
fn shortened(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// A ticket with its signature, which nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTicket {
    /// What it says.
    pub ticket: Ticket,
    /// r‖s over [`Ticket::message`].
    pub signature: [u8; SIGNATURE],
}

/// The text is no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this text is no ticket")]
pub struct WrongTicket;

impl FromStr for SignedTicket {
    type Err = WrongTicket;
    fn from_str(text: &str) -> Result<Self, WrongTicket> {
        let body = text.strip_prefix(MARK).filter(|_| text.len() <= TICKET_CHARS_MAX).ok_or(WrongTicket)?;
        let bytes = BASE32_NOPAD.decode(body.as_bytes()).map_err(|_| WrongTicket)?;
        let (message, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(WrongTicket)?;
        let (key, rest) = message.split_first().ok_or(WrongTicket)?;
        let (shop, rest) = rest.split_first_chunk::<16>().ok_or(WrongTicket)?;
        let (code, rest) = rest.split_first_chunk::<10>().ok_or(WrongTicket)?;
        let (until, name) = rest.split_first_chunk::<4>().ok_or(WrongTicket)?;
        let ticket = Ticket {
            key: *key,
            shop: ShopId(Uuid::from_bytes(*shop)),
            code: PublicCode(*code),
            until: Timestamp(i64::from(u32::from_be_bytes(*until)) * 1_000),
            name: String::from_utf8(name.to_vec()).map_err(|_| WrongTicket)?,
        };
        Ok(Self { ticket, signature: *signature })
    }
}

/// Whether a text can be a ticket at all: no other code begins so and is as long. Reading it is for later.
pub fn is_ticket(text: &str) -> bool {
    text.starts_with(MARK) && text.len() > (HEAD + SIGNATURE) * 8 / 5
}

/// The public half of a key that signs tickets, as a shop's phone keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketKey {
    /// Under which tickets name it.
    pub number: u8,
    /// The point, 65 bytes uncompressed, base64url without padding.
    pub point: String,
}

/// Why a phone without network does not hand over what a ticket promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHandOver {
    /// It is for another shop.
    Elsewhere,
    /// Its time is over.
    Over,
    /// This phone handed it over before.
    Before,
}

impl NoHandOver {
    /// In the words of the server's refusals.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Elsewhere => "TICKET_ELSEWHERE",
            Self::Over => "TICKET_OVER",
            Self::Before => "DELIVERED_BEFORE",
        }
    }
}

impl Ticket {
    /// Whether a shop may hand it over at `at`, once its signature was found to be good; `before` says of a code whether
    /// this phone handed it over already.
    pub fn good_at(&self, shop: ShopId, at: Timestamp, before: impl FnOnce(&str) -> bool) -> Result<(), NoHandOver> {
        match () {
            () if self.shop != shop => Err(NoHandOver::Elsewhere),
            () if at >= self.until => Err(NoHandOver::Over),
            () if before(&self.reward_code()) => Err(NoHandOver::Before),
            () => Ok(()),
        }
    }
}

/// A ticket that a consumer takes for one of her rewards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTicket {
    /// Which reward: one that is held for her, or that a full card gave.
    pub reward_instance_id: RewardInstanceId,
    /// Where she fetches it.
    pub shop_id: ShopId,
}

/// The ticket of a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewardTicket {
    /// What the shop scans, with network or without: `T1…`.
    pub text: String,
    /// Where.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// It is good until then.
    pub until: Timestamp,
    /// Until then the reward is handed over at that shop or nowhere, and nothing of it comes back.
    pub bound_until: Timestamp,
}

/// A shop where a reward can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketShop {
    /// Which.
    pub id: ShopId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub city: String,
}

/// What a phone signs when it hands a reward over without network. Field order is the canonical order: do not move a field.
///
/// It has a number of the same chain as the phone's sales, and travels in the same batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketDelivery {
    /// When it was handed over, by the device's clock: milliseconds since 1970 UTC.
    pub captured_at_ms: i64,
    /// Counts this device's captures from 1 without gaps.
    pub counter: i64,
    /// Made on the phone: the same one again is the same delivery.
    pub delivery_id: Uuid,
    /// Who signs.
    pub device_id: DeviceId,
    /// Who stands at the counter.
    pub member_id: MemberId,
    /// SHA-256 of the previous capture's bytes, hexadecimal; 64 zeros for the first.
    pub previous_sha256: String,
    /// Where.
    pub shop_id: ShopId,
    /// Server clock − device clock at their last contact, in milliseconds.
    pub skew_ms: i64,
    /// The ticket's text, as read.
    pub ticket: String,
    /// [`DELIVERY_VERSION`].
    pub version: u8,
}

impl TicketDelivery {
    /// The bytes to sign and to send.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // Only texts and integers: serialising them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket {
            key: 1,
            shop: ShopId::fixed(7),
            code: PublicCode([9; 10]),
            until: Timestamp(1_773_154_800_000),
            name: "Un té de la casa".into(),
        }
    }

    #[test]
    fn a_ticket_reads_what_it_writes_in_the_qr_alphabet() {
        let text = ticket().text(&[3; 64]);

        assert!(text.len() <= TICKET_CHARS_MAX && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{text}");
        let read: SignedTicket = text.parse().unwrap();
        assert_eq!((read.ticket.clone(), read.signature), (ticket(), [3; 64]));
        assert_eq!(read.ticket.reward_code().parse(), Ok(crate::loyalty::CardCode::Reward(PublicCode([9; 10]))));
        assert!(is_ticket(&text) && !is_ticket("T1") && !is_ticket(&text[1..]));
        assert!(is_ticket(&Ticket { name: String::new(), ..ticket() }.text(&[3; 64])));
        assert!(text.parse::<crate::loyalty::CardCode>().is_err(), "no other code of ours looks like it");
    }

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let long = Ticket { name: "ñ".repeat(40), ..ticket() };
        let text = long.text(&[0; 64]);

        assert_eq!((text.len(), TICKET_CHARS_MAX), (202, 202));
        assert_eq!(text.parse::<SignedTicket>().unwrap().ticket.name, "ñ".repeat(15));
        let odd = Ticket { name: ["a", &"ñ".repeat(40)].concat(), ..ticket() };
        assert_eq!(odd.text(&[0; 64]).parse::<SignedTicket>().unwrap().ticket.name.chars().count(), 15);
    }

    #[test]
    fn a_shop_hands_over_its_own_ticket_in_time_and_once() {
        let (ticket, at) = (ticket(), Timestamp(1_773_154_799_999));

        assert_eq!(ticket.good_at(ShopId::fixed(7), at, |_| false), Ok(()));
        assert_eq!(ticket.good_at(ShopId::fixed(8), at, |_| false), Err(NoHandOver::Elsewhere));
        assert_eq!(ticket.good_at(ShopId::fixed(7), at.plus_ms(1), |_| false), Err(NoHandOver::Over));
        assert_eq!(ticket.good_at(ShopId::fixed(7), at, |code| code == ticket.reward_code()), Err(NoHandOver::Before));
    }

    #[test]
    fn what_a_phone_signs_has_sorted_keys() {
        let delivery = TicketDelivery {
            captured_at_ms: 1,
            counter: 1,
            delivery_id: Uuid::from_u128(9),
            device_id: DeviceId::fixed(1),
            member_id: MemberId::fixed(2),
            previous_sha256: "0".repeat(64),
            shop_id: ShopId::fixed(3),
            skew_ms: 0,
            ticket: "T1".into(),
            version: DELIVERY_VERSION,
        };
        let bytes = delivery.canonical_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();

        assert_eq!(serde_json::to_vec(&value).unwrap(), bytes);
        assert_eq!(serde_json::from_slice::<TicketDelivery>(&bytes).unwrap(), delivery);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".*", body in proptest::collection::vec(proptest::num::u8::ANY, 0..140)) {
            let _ = text.parse::<SignedTicket>();
            let _ = ["T1", &BASE32_NOPAD.encode(&body)].concat().parse::<SignedTicket>();
        }

        #[test]
        fn one_changed_byte_of_the_message_changes_what_is_signed(at in 0_usize..31, by in 1_u8..) {
            let text = ticket().text(&[3; 64]);
            let mut bytes = BASE32_NOPAD.decode(&text.as_bytes()[2..]).unwrap();
            bytes[at] ^= by;
            let other: SignedTicket = ["T1", &BASE32_NOPAD.encode(&bytes)].concat().parse().unwrap();
            proptest::prop_assert_ne!(other.ticket.message(), ticket().message());
        }
    }
}
