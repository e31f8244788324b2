//! From bytes to a sale: what can be refused before anything is looked up.

use identity::device::SigningDevice;
use sha2::{Digest, Sha256};
use shared::{
    OrganisationId, Timestamp,
    loyalty::{
        Capture, ImportLine, ImportPurchase,
        capture::{CAPTURE_VERSION, LINES_MAX, PRICE_MAX_MINOR, QUANTITY_MAX},
    },
};

use super::{
    Arrival, Buyer, CLOCK_SUSPECT, Evidence, Reporter, SCAN_TO_CONFIRM_MAX_MS, Sale, SellingShop,
    receipt::{CLOCK_JUMP_MS, Link, Standing},
    source_of,
};
use crate::Error;

/// The capture, and its place in the phone's chain.
pub(super) fn read(device: &SigningDevice, body: &[u8]) -> Result<(Capture, Link), Error> {
    let capture: Capture = serde_json::from_slice(body).map_err(|error| Error::BadCapture(error.to_string()))?;
    let refuse = |why: &str| Err(Error::BadCapture(why.to_owned()));
    if capture.version != CAPTURE_VERSION {
        return refuse("this version of capture is not known");
    }
    if (capture.device_id, capture.shop_id, capture.member_id) != (device.device, device.shop, device.member) {
        return refuse("device, shop and member do not belong together");
    }
    if capture.counter < 1 || capture.previous_sha256.len() != 64 || !capture.previous_sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return refuse("the chain needs a counter from 1 and 64 hexadecimal digits");
    }
    let Some(claimed_at) = corrected(&capture, capture.captured_at_ms) else {
        return refuse("an instant is outside the calendar");
    };
    let link = Link::new(capture.counter, capture.client_purchase_id, body, claimed_at);
    Ok((capture, link))
}

/// An instant of the device's clock by the server's.
fn corrected(capture: &Capture, device_ms: i64) -> Option<Timestamp> {
    Timestamp::checked(device_ms.saturating_add(capture.skew_ms))
}

pub(super) fn from_capture<'a>(
    device: &SigningDevice,
    capture: Capture,
    arrival: &Arrival<'a>,
    link: &Link,
    late: bool,
    standing: Standing,
) -> Result<Sale<'a>, Error> {
    let scanned_at =
        corrected(&capture, capture.scanned_at_ms).ok_or_else(|| Error::BadCapture("an instant is outside the calendar".to_owned()))?;
    // A clock that jumped between the two readings says nothing about the time between them; one that was set right by
    // some seconds can even put the reading after the confirmation.
    if matches!(standing, Standing::New(suspicion) if suspicion != Some(CLOCK_SUSPECT))
        && !(-CLOCK_JUMP_MS..=SCAN_TO_CONFIRM_MAX_MS).contains(&link.claimed_at.since(scanned_at))
    {
        return Err(Error::QrStale);
    }
    let lines: Vec<ImportLine> = capture
        .lines
        .into_iter()
        .map(|line| ImportLine {
            gtin: line.gtin,
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            discount_minor: line.discount_minor,
            reward_line: false,
        })
        .collect();
    let code = capture.card_code.parse().map_err(|_| Error::UnknownCard)?;
    let (source, source_key) = source_of(device.device, capture.client_purchase_id);
    Ok(Sale {
        source,
        source_key,
        content_hash: link.sha256,
        shop: SellingShop { id: device.shop, currency: device.currency, time_zone: device.time_zone.clone() },
        device: Some(device.device),
        member: Some(device.member),
        evidence: Some(Evidence { capture: arrival.body, signature: arrival.signature, counter: capture.counter }),
        claimed_at: link.claimed_at,
        buyer: Buyer::Code(code, scanned_at),
        offline: late,
        reporter: Reporter::Phone,
        suspicion: match standing {
            Standing::Answered => None,
            Standing::New(suspicion) => suspicion,
        },
        lines,
    })
}

pub(super) fn from_import(tenant: OrganisationId, shop: SellingShop, import: &ImportPurchase, body: &[u8]) -> Result<Sale<'static>, Error> {
    if import.external_id.is_empty() || import.external_id.chars().count() > 100 {
        return Err(Error::Field("external_id"));
    }
    let buyer = match (&import.card_code, import.consumer_id) {
        (Some(code), None) => Buyer::Code(code.parse().map_err(|_| Error::UnknownCard)?, import.purchased_at),
        (None, Some(consumer)) => Buyer::Known(consumer),
        _ => return Err(Error::Field("card_code")),
    };
    Ok(Sale {
        source: format!("key:{tenant}"),
        source_key: import.external_id.clone(),
        content_hash: Sha256::digest(body).into(),
        shop,
        device: None,
        member: None,
        evidence: None,
        claimed_at: import.purchased_at,
        buyer,
        offline: import.offline,
        reporter: Reporter::Other,
        suspicion: None,
        lines: import.lines.clone(),
    })
}

/// 1 to 100 lines, quantities 1 to 9 999, prices and discounts from 0.
pub(super) fn check_lines(lines: &[ImportLine]) -> Result<(), Error> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(Error::Field("lines"));
    }
    for (i, line) in lines.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(Error::BadQuantity(i));
        }
        let prices = 0..=PRICE_MAX_MINOR;
        if !line.unit_price_minor.is_none_or(|price| prices.contains(&price)) || !prices.contains(&line.discount_minor) {
            return Err(Error::BadPrice(i));
        }
    }
    Ok(())
}
