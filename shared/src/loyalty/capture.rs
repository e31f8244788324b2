//! What a tendero's phone signs: one sale, as canonical bytes.
//!
//! The phone serialises a [`Capture`] once, signs those bytes with the device's P-256 key (ECDSA, SHA-256, 64 bytes
//! r‖s) and posts them unchanged. The server verifies the bytes as received. The text is JSON in the canonical form of
//! RFC 8785: the fields below stand in alphabetical order, hold only integers, ASCII texts, booleans and lists, and
//! are written without spaces.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DeviceId, Gtin, MemberId, ShopId};

/// The version this build writes.
pub const CAPTURE_VERSION: u8 = 1;
/// Most lines in one purchase.
pub const LINES_MAX: usize = 100;
/// Most units in one line.
pub const QUANTITY_MAX: i64 = 9_999;
/// Highest unit price and discount in minor units: a thousand million pesos.
pub const PRICE_MAX_MINOR: i64 = 100_000_000_000;
/// Header with the device's id.
pub const DEVICE_HEADER: &str = "mostrador-device";
/// Header with the signature: base64url without padding, 64 bytes.
pub const SIGNATURE_HEADER: &str = "mostrador-signature";

/// One sale as the shop saw it. Field order is the canonical order: do not move a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capture {
    /// When the sale was confirmed, by the device's clock: milliseconds since 1970 UTC.
    pub captured_at_ms: i64,
    /// The text of the consumer's code, as read.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub card_code: String,
    /// Made on the phone for this sale; also the `Idempotency-Key`.
    pub client_purchase_id: Uuid,
    /// Counts this device's captures from 1 without gaps.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub counter: i64,
    /// Who signs.
    pub device_id: DeviceId,
    /// 1 to [`LINES_MAX`].
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub lines: Vec<CaptureLine>,
    /// Who stands at the counter.
    pub member_id: MemberId,
    /// Captured without network and sent later.
    pub offline: bool,
    /// SHA-256 of the previous capture's bytes, hexadecimal; 64 zeros for the first.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{64}$"))]
    pub previous_sha256: String,
    /// When the consumer's code was read, by the device's clock.
    pub scanned_at_ms: i64,
    /// Where.
    pub shop_id: ShopId,
    /// Server clock − device clock at their last contact, in milliseconds.
    pub skew_ms: i64,
    /// [`CAPTURE_VERSION`].
    pub version: u8,
}

/// One product of a sale. Field order is the canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureLine {
    /// Taken off the line, minor units, 0 to [`PRICE_MAX_MINOR`].
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub discount_minor: i64,
    /// The barcode, 14 digits.
    pub gtin: Gtin,
    /// 1 to [`QUANTITY_MAX`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 9999))]
    pub quantity: i64,
    /// Minor units, 0 to [`PRICE_MAX_MINOR`]; absent: the suggested price.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub unit_price_minor: Option<i64>,
}

impl Capture {
    /// The bytes to sign and to send.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // Only texts, integers, booleans and lists: serialising them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        Capture {
            captured_at_ms: 1_773_154_800_000,
            card_code: "Q1".into(),
            client_purchase_id: Uuid::from_u128(9),
            counter: 1,
            device_id: DeviceId::fixed(1),
            lines: vec![CaptureLine { discount_minor: 0, gtin: "7702004003508".parse().unwrap(), quantity: 2, unit_price_minor: None }],
            member_id: MemberId::fixed(2),
            offline: false,
            previous_sha256: "0".repeat(64),
            scanned_at_ms: 1_773_154_799_000,
            shop_id: ShopId::fixed(3),
            skew_ms: 0,
            version: CAPTURE_VERSION,
        }
    }

    #[test]
    fn canonical_bytes_have_sorted_keys_and_no_spaces() {
        let bytes = capture().canonical_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();

        // serde_json's map sorts its keys, so an equal text means that ours were sorted too.
        assert_eq!(serde_json::to_vec(&value).unwrap(), bytes);
        assert_eq!(serde_json::from_slice::<Capture>(&bytes).unwrap(), capture());
    }
}
