//! What arrived from each phone: every sale that its signature proved, refused ones too; and every reward that it handed
//! over by a ticket, which has a number of the same chain.
//!
//! A phone numbers its sales without gaps and chains them by hash, so a sale that was lost, hidden or made on a copy of
//! the phone shows. For a sale that comes live the chain is only written down: its code is of this half minute and its
//! time is the server's. For one that comes late the chain is the only witness, and a gap is for a person to judge.

use db::{Tx, sql};
use identity::device::SigningDevice;
use sha2::{Digest, Sha256};
use shared::{DeviceId, Timestamp, loyalty::queue::KnownCaptures, time::MINUTE_MS};
use uuid::Uuid;

use super::{AHEAD_MAX_MS, CLOCK_SUSPECT, QUEUE_WINDOW_MS, source_of};
use crate::Error;

/// A sale that reaches the server later than this after it was made was not sent live.
pub const LIVE_MAX_MS: i64 = 2 * MINUTE_MS;
/// A clock that moved more than this between two contacts cannot vouch for the time of a sale.
pub const CLOCK_JUMP_MS: i64 = 5 * MINUTE_MS;
/// Missing numbers that are named, at most.
const MISSING_MAX: usize = 100;

/// A sale's place in its phone's chain.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub counter: i64,
    pub sha256: [u8; 32],
    pub claimed_at: Timestamp,
    pub client_purchase_id: Uuid,
}

impl Link {
    /// `id` is the sale's own; `body` are its bytes as received.
    pub(crate) fn new(counter: i64, id: Uuid, body: &[u8], claimed_at: Timestamp) -> Self {
        Self { counter, sha256: Sha256::digest(body).into(), claimed_at, client_purchase_id: id }
    }
}

#[derive(sqlx::FromRow)]
struct Neighbour {
    counter: i64,
    sha256: Vec<u8>,
    client_purchase_id: Uuid,
    claimed_at: Timestamp,
    refusal: Option<String>,
}

/// What is known of a late sale before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It arrived before and became a purchase: its first answer stands.
    Answered,
    /// New, and why it must be looked at before it counts: its clock, or its place in the chain.
    New(Option<&'static str>),
}

/// Whether a late sale arrived before, and if not, what speaks against it.
///
/// A sale that was refused before is refused again, for the same reason: what is decided of a sale does not depend on
/// when its bytes come again, though a code's window is wider for a late sale than for a live one.
/// The device's lock must be held: two batches of one phone would both see the same end of the chain.
pub(super) async fn standing(
    tx: &mut Tx,
    now: Timestamp,
    device: DeviceId,
    previous_sha256: &str,
    link: &Link,
    clock_jumped: bool,
) -> Result<Standing, Error> {
    let around: Vec<Neighbour> = tx.query(AROUND).bind(device).bind(link.counter).all().await?;
    if let Some(known) = around.iter().find(|known| known.counter == link.counter && known.sha256 == link.sha256) {
        // A live sale that was refused may have been taken when it came again: the purchase is the better witness.
        let (source, key) = source_of(device, known.client_purchase_id);
        let taken: Option<(Option<String>,)> = tx.query(HELD_FOR).bind(source).bind(key).maybe().await?;
        return match &known.refusal {
            None => Ok(Standing::Answered),
            Some(_) if taken.is_some() => Ok(Standing::Answered),
            Some(code) => Error::refused_before(code).map_or(Ok(Standing::New(None)), Err),
        };
    }
    let last = around.iter().max_by_key(|known| known.counter);
    let impossible = clock_jumped || link.claimed_at.since(now) > AHEAD_MAX_MS;
    if impossible || runs_back(tx, device, last, link).await? {
        return Ok(Standing::New(Some(CLOCK_SUSPECT)));
    }
    let follows = match last {
        None => link.counter == 1 && previous_sha256.bytes().all(|digit| digit == b'0'),
        Some(last) => link.counter == last.counter.saturating_add(1) && data_encoding::HEXLOWER.encode(&last.sha256) == previous_sha256,
    };
    Ok(Standing::New((!follows).then_some("CHAIN_GAP")))
}

/// A sale cannot be much older than the one before it, unless that one's own time was not believed.
async fn runs_back(tx: &mut Tx, device: DeviceId, last: Option<&Neighbour>, link: &Link) -> Result<bool, Error> {
    match last {
        Some(last) if last.refusal.is_none() && last.claimed_at.since(link.claimed_at) > CLOCK_JUMP_MS => {
            let (source, key) = source_of(device, last.client_purchase_id);
            let why: Option<(Option<String>,)> = tx.query(HELD_FOR).bind(source).bind(key).maybe().await?;
            Ok(why.is_none_or(|(why,)| why.as_deref() != Some(CLOCK_SUSPECT)))
        }
        _ => Ok(false),
    }
}

/// Writes down that a sale arrived; the same sale again changes nothing.
pub(crate) async fn write(tx: &mut Tx, now: Timestamp, device: DeviceId, link: &Link, refusal: Option<&str>) -> Result<(), Error> {
    tx.query(INSERT)
        .bind(device)
        .bind(link.counter)
        .bind(link.sha256.to_vec())
        .bind(link.client_purchase_id)
        .bind(link.claimed_at)
        .bind(refusal.map(str::to_owned))
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// What the server knows of a phone's sales; `device` was authenticated.
pub async fn known(tx: &mut Tx, now: Timestamp, device: &SigningDevice) -> Result<KnownCaptures, Error> {
    let rows: Vec<(i64, Vec<u8>)> = tx.query(KNOWN).bind(device.device).bind(now.plus_ms(-QUEUE_WINDOW_MS)).all().await?;
    let Some((last_counter, sha256)) = rows.first() else {
        return Ok(KnownCaptures { last_counter: 0, last_sha256: "0".repeat(64), missing: Vec::new() });
    };
    let gap = |pair: &[(i64, Vec<u8>)]| (pair[1].0 + 1..pair[0].0).rev().take(MISSING_MAX).collect::<Vec<_>>();
    let mut missing: Vec<i64> = rows.windows(2).flat_map(gap).take(MISSING_MAX).collect();
    missing.sort_unstable();
    Ok(KnownCaptures { last_counter: *last_counter, last_sha256: data_encoding::HEXLOWER.encode(sha256), missing })
}

sql! {
    /// The sale's own number, if it arrived before, and the end of the chain.
    AROUND: "SELECT counter, sha256, client_purchase_id, claimed_at, refusal FROM capture_receipt
             WHERE device_id = $1 AND (counter = $2 OR counter = (SELECT MAX(counter) FROM capture_receipt WHERE device_id = $1))";

    HELD_FOR: "SELECT reason FROM purchase WHERE source = $1 AND source_key = $2";

    INSERT: "INSERT INTO capture_receipt (device_id, counter, sha256, client_purchase_id, claimed_at, refusal, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";

    KNOWN: "SELECT counter, sha256 FROM capture_receipt
            WHERE device_id = $1 AND (received_at > $2 OR counter = (SELECT MAX(counter) FROM capture_receipt WHERE device_id = $1))
            ORDER BY counter DESC LIMIT 1000";
}
