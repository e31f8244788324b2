//! The queue of signed sales that waits on a shop's phone, and its way to the server.
//!
//! A phone writes every sale into its queue before it sends it, with network and without. What waits is sent oldest
//! first, at most [`BATCH_MAX`] at a time; each sale is answered apart, and only an answer takes it from the ones that
//! wait. A reward that is handed over by its ticket is one of them: it has a number of the same chain and goes the same
//! way. Here is the part of that which needs neither a browser nor a database: the browser keeps the entries in
//! IndexedDB, tests keep them in memory, and both ask the same functions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Delivery, PurchaseAnswer, PurchaseStatus, campaign::Unit};
use crate::{DeviceId, Problem, PurchaseId, Timestamp, time::HOUR_MS};

/// Most sales in one batch.
pub const BATCH_MAX: usize = 20;
/// Most sales that wait on one phone.
pub const QUEUE_MAX: usize = 50;
/// A sale older than this earns nothing any more.
pub const QUEUE_AGE_MAX_MS: i64 = 72 * HOUR_MS;
/// From so many on, or so old, the person is asked to look for a signal.
pub const QUEUE_SOON: usize = 40;
/// See [`QUEUE_SOON`].
pub const QUEUE_AGE_SOON_MS: i64 = 60 * HOUR_MS;
/// The version of [`Batch`] that this build writes.
pub const BATCH_VERSION: u8 = 1;

/// Sales of one phone in the order in which they were made. The phone signs these bytes as it signs each sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Batch {
    /// Who signs.
    pub device_id: DeviceId,
    /// Oldest first, 0 to [`BATCH_MAX`]; with none the phone asks what the server knows of it.
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub items: Vec<BatchItem>,
    /// The device's clock when it sends: milliseconds since 1970 UTC.
    pub sent_at_ms: i64,
    /// [`BATCH_VERSION`].
    pub version: u8,
}

/// One sale of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchItem {
    /// The canonical JSON of a `Capture` or of a delivery by ticket, exactly as it was signed.
    #[cfg_attr(feature = "openapi", schema(max_length = 12288))]
    pub capture: String,
    /// ECDSA P-256 with SHA-256 over it, 64 bytes r‖s, base64url without padding.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub signature: String,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    /// In the order of the batch. Shorter when the server had to stop: what is missing waits and is sent again.
    pub items: Vec<ItemAnswer>,
    /// What the server knows of this phone afterwards.
    pub known: KnownCaptures,
    /// The server's clock.
    pub now: Timestamp,
}

/// What became of one sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemAnswer {
    /// What a single request would have been answered: 201, or the problem's.
    pub status: u16,
    /// It was known before; nothing changed.
    pub replayed: bool,
    /// With 201: accepted or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<PurchaseAnswer>,
    /// With 201, of a reward that was handed over by its ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Otherwise: why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Which sales of a phone arrived, so that the phone can name what is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownCaptures {
    /// The highest number that arrived; 0 for none.
    pub last_counter: i64,
    /// SHA-256 of that sale's bytes, hexadecimal; 64 zeros for none.
    pub last_sha256: String,
    /// Numbers below the highest that never arrived, of the last four days; at most 100.
    pub missing: Vec<i64>,
}

/// The end of a phone's chain: the number and the hash that the next sale follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// Of the last sale; 0 before the first.
    pub counter: i64,
    /// Of its bytes, hexadecimal.
    pub sha256: String,
}

impl Default for ChainEnd {
    fn default() -> Self {
        Self { counter: 0, sha256: "0".repeat(64) }
    }
}

impl ChainEnd {
    /// Where a phone goes on whose chain is gone: after everything that the server knows and that it remembers to have
    /// numbered itself (`numbered`). What was lost in between then shows as a gap, never as a number used twice.
    pub fn after(known: &KnownCaptures, numbered: i64) -> Self {
        let counter = known.last_counter.max(numbered);
        if counter == 0 { Self::default() } else { Self { counter, sha256: known.last_sha256.clone() } }
    }
}

/// What a purchase would earn, or earned, added up over campaigns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// Points of all brands.
    pub points: i64,
    /// Stamps of all cards.
    pub stamps: i64,
}

impl Gain {
    /// Of an answer.
    pub fn of(answer: &PurchaseAnswer) -> Self {
        answer.awards.iter().fold(Self::default(), |sum, award| sum.plus(award.unit, award.amount))
    }
    /// With so much more.
    #[must_use]
    pub fn plus(mut self, unit: Unit, amount: i64) -> Self {
        match unit {
            Unit::Points => self.points = self.points.saturating_add(amount),
            Unit::Stamps => self.stamps = self.stamps.saturating_add(amount),
        }
        self
    }
}

/// One sale on the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The sale's own id.
    pub id: Uuid,
    /// Who signed.
    pub device_id: DeviceId,
    /// Its number in the chain.
    pub counter: i64,
    /// The signed text.
    pub capture: String,
    /// Its signature.
    pub signature: String,
    /// By the device's clock, milliseconds since 1970.
    pub captured_at_ms: i64,
    /// How the shop calls the consumer: `Ana · ••42`.
    #[serde(default)]
    pub label: String,
    /// Sum of the lines, minor units; of a reward, what its brand owes for it, once the server has said so.
    #[serde(default)]
    pub total_minor: i64,
    /// Units in the basket.
    #[serde(default)]
    pub units: i64,
    /// What the phone expected, when it could.
    #[serde(default)]
    pub estimate: Option<Gain>,
    /// No sale, but a reward that was handed over: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<String>,
    /// What became of it; absent while it waits.
    #[serde(default)]
    pub settled: Option<Settled>,
}

/// The server's word on a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// When the phone heard it, by the device's clock.
    pub at_ms: i64,
    /// In one word.
    pub verdict: Verdict,
    /// Why it is held or refused: `QR_STALE`.
    #[serde(default)]
    pub code: Option<String>,
    /// What it earned.
    #[serde(default)]
    pub gain: Gain,
    /// Under which id the server keeps it.
    #[serde(default)]
    pub purchase_id: Option<PurchaseId>,
    /// The person has looked at it.
    #[serde(default)]
    pub seen: bool,
}

/// What became of a sale, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Accepted,
    /// Somebody looks at it before it counts.
    Held,
    /// It does not count.
    Refused,
}

impl Entry {
    /// Not answered yet.
    pub fn waits(&self) -> bool {
        self.settled.is_none()
    }
    /// Answered in a way that the person should see, and has not.
    pub fn needs_eye(&self) -> bool {
        self.settled.as_ref().is_some_and(|settled| settled.verdict != Verdict::Accepted && !settled.seen)
    }
}

/// Who looks at a phone's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The phone does not remember who signed in: a build before this one did not write it down.
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// Whoever signs with this key.
    Person(DeviceId),
}

impl Viewer {
    /// Is this sale hers? With one person's sales on the phone an unknown viewer is that person.
    pub fn sees(self, entry: &Entry, all: &[Entry]) -> bool {
        match self {
            Self::Person(device) => entry.device_id == device,
            Self::Nobody => false,
            Self::Unknown => all.iter().all(|other| other.device_id == entry.device_id),
        }
    }
}

/// What is sent next for a phone: the oldest that wait, at most [`BATCH_MAX`].
pub fn next_batch(entries: &[Entry], device: DeviceId) -> Vec<&Entry> {
    let mut waiting: Vec<&Entry> = entries.iter().filter(|entry| entry.waits() && entry.device_id == device).collect();
    waiting.sort_by_key(|entry| entry.counter);
    waiting.truncate(BATCH_MAX);
    waiting
}

/// What an answer means for a sale; `None` when it must be sent again (the server was busy or broken).
pub fn settled(answer: &ItemAnswer, now_ms: i64) -> Option<Settled> {
    let settled = |verdict, code, gain, purchase_id| Settled { at_ms: now_ms, verdict, code, gain, purchase_id, seen: false };
    match (&answer.purchase, &answer.problem) {
        (None, None) if answer.delivery.is_some() => Some(settled(Verdict::Accepted, None, Gain::default(), None)),
        (Some(purchase), _) if purchase.status == PurchaseStatus::Accepted => {
            Some(settled(Verdict::Accepted, None, Gain::of(purchase), Some(purchase.purchase_id)))
        }
        (Some(purchase), _) => Some(settled(Verdict::Held, purchase.reason.clone(), Gain::default(), Some(purchase.purchase_id))),
        (None, Some(problem)) if answer.status != 429 && answer.status < 500 => {
            Some(settled(Verdict::Refused, Some(problem.code.rsplit('.').next().unwrap_or_default().to_uppercase()), Gain::default(), None))
        }
        _ => None,
    }
}

/// Writes the answers of a batch onto the sales that were sent, by their place; returns the ids of those that changed.
pub fn settle(entries: &mut [Entry], sent: &[Uuid], answer: &BatchAnswer, now_ms: i64) -> Vec<Uuid> {
    let mut changed = Vec::new();
    for (id, answer) in sent.iter().zip(&answer.items) {
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == *id && entry.waits())
            && let Some(settled) = settled(answer, now_ms)
        {
            entry.settled = Some(settled);
            if let Some(delivery) = &answer.delivery {
                entry.total_minor = delivery.owed_minor;
            }
            changed.push(*id);
        }
    }
    changed
}

/// How much the queue still takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// As always.
    Free,
    /// Look for a signal today.
    Soon,
    /// Nothing more: what is sold now goes on paper.
    Full,
}

/// How full the queue is at an instant of the device's clock.
pub fn room(entries: &[Entry], now_ms: i64) -> Room {
    let waiting = entries.iter().filter(|entry| entry.waits()).count();
    let oldest = entries.iter().filter(|entry| entry.waits()).map(|entry| now_ms.saturating_sub(entry.captured_at_ms)).max().unwrap_or(0);
    match waiting {
        QUEUE_MAX.. => Room::Full,
        QUEUE_SOON.. => Room::Soon,
        _ if oldest >= QUEUE_AGE_SOON_MS => Room::Soon,
        _ => Room::Free,
    }
}

/// What the list can forget: sales answered more than three days ago that nobody still has to look at.
pub fn outlived(entries: &[Entry], now_ms: i64) -> Vec<Uuid> {
    let old = |entry: &&Entry| {
        entry.settled.as_ref().is_some_and(|settled| now_ms.saturating_sub(settled.at_ms) > QUEUE_AGE_MAX_MS) && !entry.needs_eye()
    };
    entries.iter().filter(old).map(|entry| entry.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(counter: i64, settled: bool) -> Entry {
        let verdict = Settled { at_ms: 0, verdict: Verdict::Accepted, code: None, gain: Gain::default(), purchase_id: None, seen: false };
        Entry {
            id: Uuid::from_u128(counter as u128),
            device_id: DeviceId::fixed(1),
            counter,
            capture: String::new(),
            signature: String::new(),
            captured_at_ms: 0,
            label: String::new(),
            total_minor: 0,
            units: 1,
            estimate: None,
            reward: None,
            settled: settled.then_some(verdict),
        }
    }

    fn answer(status: u16, code: &str) -> ItemAnswer {
        ItemAnswer { status, replayed: false, purchase: None, delivery: None, problem: Some(Problem::new(status, code, "")) }
    }

    #[test]
    fn the_oldest_that_wait_go_first_and_at_most_twenty() {
        let mut entries: Vec<Entry> = (1..=30).rev().map(|n| entry(n, n == 1)).collect();
        entries.push(Entry { device_id: DeviceId::fixed(2), ..entry(99, false) });

        let batch: Vec<i64> = next_batch(&entries, DeviceId::fixed(1)).iter().map(|entry| entry.counter).collect();

        assert_eq!(batch, (2..=21).collect::<Vec<_>>());
    }

    #[test]
    fn only_a_final_answer_settles_a_sale() {
        let mut entries = vec![entry(1, false), entry(2, false), entry(3, false)];
        let sent: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        let told = BatchAnswer {
            items: vec![answer(422, "loyalty.qr_stale"), answer(503, "unavailable")],
            known: KnownCaptures::default(),
            now: Timestamp(0),
        };

        let changed = settle(&mut entries, &sent, &told, 7);

        assert_eq!(changed, [entries[0].id], "the second is tried again, the third was not reached");
        assert_eq!(
            entries[0].settled.as_ref().map(|settled| (settled.verdict, settled.code.as_deref())),
            Some((Verdict::Refused, Some("QR_STALE")))
        );
        assert!(entries[0].needs_eye() && entries[1].waits() && entries[2].waits());
    }

    #[test]
    fn a_reward_that_was_handed_over_says_what_is_owed_for_it() {
        let mut entries = vec![Entry { reward: Some("R1".into()), ..entry(1, false) }];
        let sent = [entries[0].id];
        let delivery = Delivery {
            reward_instance_id: crate::RewardInstanceId::fixed(1),
            reward_name: "Termo".into(),
            brand_name: "Sierra".into(),
            consumer_label: "Ana".into(),
            owed_minor: 270_000,
            currency: crate::Currency::Cop,
            owed_total_minor: 540_000,
            replayed: false,
            delivered_at: Timestamp(0),
        };
        let item = ItemAnswer { status: 201, replayed: false, purchase: None, delivery: Some(delivery), problem: None };

        settle(&mut entries, &sent, &BatchAnswer { items: vec![item], known: KnownCaptures::default(), now: Timestamp(0) }, 7);

        assert_eq!(entries[0].settled.as_ref().map(|settled| settled.verdict), Some(Verdict::Accepted));
        assert_eq!(entries[0].total_minor, 270_000);
    }

    #[test]
    fn each_sees_her_own_sales() {
        let (rosa, luis) = (DeviceId::fixed(1), DeviceId::fixed(2));
        let both = [entry(1, false), Entry { device_id: luis, ..entry(2, false) }];
        let sees = |viewer: Viewer, all: &[Entry]| {
            all.iter().filter(|entry| viewer.sees(entry, all)).map(|entry| entry.counter).collect::<Vec<_>>()
        };

        assert_eq!((sees(Viewer::Person(rosa), &both), sees(Viewer::Person(luis), &both)), (vec![1], vec![2]));
        assert_eq!(
            (sees(Viewer::Nobody, &both), sees(Viewer::Unknown, &both), sees(Viewer::Unknown, &both[..1])),
            (vec![], vec![], vec![1])
        );
    }

    #[test]
    fn a_full_queue_says_so_before_it_is_full() {
        let queue = |n: i64| (1..=n).map(|n| entry(n, false)).collect::<Vec<_>>();

        assert_eq!(room(&queue(39), 0), Room::Free);
        assert_eq!(room(&queue(40), 0), Room::Soon);
        assert_eq!(room(&queue(1), 60 * HOUR_MS), Room::Soon);
        assert_eq!(room(&queue(50), 0), Room::Full);
    }

    #[test]
    fn a_lost_chain_goes_on_after_everything_that_was_numbered() {
        let known = KnownCaptures { last_counter: 6, last_sha256: "a".repeat(64), missing: vec![] };

        assert_eq!(ChainEnd::after(&known, 10).counter, 10);
        assert_eq!(ChainEnd::after(&known, 3).counter, 6);
        assert_eq!(ChainEnd::after(&KnownCaptures::default(), 0), ChainEnd::default());
    }

    #[test]
    fn what_somebody_must_look_at_is_not_forgotten() {
        let mut refused = entry(1, true);
        if let Some(settled) = &mut refused.settled {
            settled.verdict = Verdict::Refused;
        }
        let entries = [refused, entry(2, true), entry(3, false)];

        assert_eq!(outlived(&entries, QUEUE_AGE_MAX_MS + 1), [entries[1].id]);
    }
}
