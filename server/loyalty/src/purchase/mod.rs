//! Purchases: a shop tells that a consumer bought, and points follow.
//!
//! A sale comes from two doors: a capture that a shop's phone signed, or a record of a partner's till. Both become a
//! [`Sale`] and walk the same way: the first answer again if it is known, the checks of the contract in their order,
//! the evaluation, and one posting.

pub(crate) mod caps;
mod facts;
mod intake;
mod posting;
mod queries;
pub(crate) mod receipt;
mod returns;
mod review;
mod velocity;
pub mod waited;

use std::sync::Arc;

use db::Tx;
use identity::{Actor, device::SigningDevice};
use sha2::{Digest, Sha256};
use shared::{
    Currency, DeviceId, MemberId, Problem, PurchaseId, ShopId, Timestamp,
    loyalty::{
        CardCode, ImportLine, ImportPurchase, NoAward, PreviewPurchase, PurchaseAnswer, PurchaseLine, PurchaseStatus,
        card_code::{OFFLINE_WINDOW, ONLINE_WINDOW, step_at},
        evaluation::{Line, Trace, merge},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

use crate::{
    Error, Loyalty,
    card::{self, Holder},
    failed_code,
    full_card::Mode,
    payback::incentive,
    rule_book::{LiveVersion, RuleBook},
    till,
};
pub(crate) use queries::{LineRow, lock_consumer};
pub use queries::{get, of_shop};
use receipt::Standing;
pub use receipt::{CLOCK_JUMP_MS, LIVE_MAX_MS, known};
pub(crate) use returns::discount_share;
pub use returns::{VOID_MS, give_back, sold};
pub(crate) use review::reject_all_of;
pub use review::{decide, look, queue, waiting};
pub use velocity::VelocityLimits;

/// Purchases older than this are refused (contract, "Accepted age").
pub const AGE_MAX_MS: i64 = 72 * HOUR_MS;
/// A clock so far ahead is taken for the server's; further ahead, the purchase is held.
pub const AHEAD_MAX_MS: i64 = 5 * MINUTE_MS;
/// Nobody's clock is believed to be further ahead than this.
const AHEAD_KEPT_MS: i64 = 366 * DAY_MS;
/// The same basket of the same card at the same shop within this time is probably the same sale.
pub const DUPLICATE_WINDOW_MS: i64 = 120 * SECOND_MS;
/// How long a basket may wait between the reading of the card and the confirmation.
pub const SCAN_TO_CONFIRM_MAX_MS: i64 = 15 * MINUTE_MS;
/// The clock of whoever reported a sale cannot be right.
const CLOCK_SUSPECT: &str = "CLOCK_SUSPECT";
/// How far back a phone is told which of its sales are missing.
const QUEUE_WINDOW_MS: i64 = AGE_MAX_MS + DAY_MS;

/// All statements of the module.
pub(crate) const STATEMENTS: &[&[db::Sql]] = &[
    caps::STATEMENTS,
    facts::STATEMENTS,
    queries::STATEMENTS,
    posting::STATEMENTS,
    receipt::STATEMENTS,
    returns::STATEMENTS,
    review::STATEMENTS,
    velocity::STATEMENTS,
    waited::STATEMENTS,
];
/// Those whose length depends on a number of rows.
pub(crate) fn row_statements() -> [db::Sql; 2] {
    posting::row_statements()
}

/// What became of a registration.
#[derive(Debug)]
pub struct Outcome {
    /// [`PurchaseAnswer`] as JSON, byte by byte what the first sender was told.
    pub bytes: Vec<u8>,
    /// The purchase.
    pub purchase: PurchaseId,
    /// The same sale was known already; nothing changed.
    pub replayed: bool,
    /// Somebody else had reported the same sale: it is that purchase, and earned nothing more.
    pub joined: bool,
}

/// A sale, whoever reported it.
pub(crate) struct Sale<'a> {
    source: String,
    source_key: String,
    content_hash: [u8; 32],
    shop: SellingShop,
    device: Option<DeviceId>,
    member: Option<MemberId>,
    evidence: Option<Evidence<'a>>,
    /// By the corrected clock of whoever reported it.
    claimed_at: Timestamp,
    buyer: Buyer,
    offline: bool,
    /// Who saw it: a phone and a till may have seen the same one.
    reporter: Reporter,
    /// Known before anything is looked up: somebody must judge it, and its time cannot be trusted when the clock is why.
    suspicion: Option<&'static str>,
    lines: Vec<ImportLine>,
}

/// Who saw a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reporter {
    /// A shop's phone.
    Phone,
    /// A till, which knows what all lines came to.
    Till { total_minor: i64 },
    /// A partner's system, which answers for its own records.
    Other,
}

/// What a device signed, kept as it came.
struct Evidence<'a> {
    capture: &'a [u8],
    signature: &'a [u8],
    counter: i64,
}

/// The shop as the evaluation needs it.
pub(crate) struct SellingShop {
    pub id: ShopId,
    pub currency: Currency,
    pub time_zone: String,
}

/// Under which name and number the sale of a phone is kept.
fn source_of(device: DeviceId, client_purchase_id: uuid::Uuid) -> (String, String) {
    (format!("device:{device}"), client_purchase_id.to_string())
}

/// How the buyer is named.
pub(crate) enum Buyer {
    /// A code, read at that instant.
    Code(CardCode, Timestamp),
    /// A partner knows the consumer.
    Known(shared::ConsumerId),
}

/// A sale as it came from a phone.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The bytes as received.
    pub body: &'a [u8],
    /// 64 bytes r‖s over them.
    pub signature: &'a [u8],
    /// What the phone's clock said when it sent, milliseconds since 1970, when it said so: it tells whether the clock
    /// still runs as it did when the sale was made. A batch says it under its signature; a single capture has no field
    /// for it, and what is not signed says nothing.
    pub device_clock_ms: Option<i64>,
}

/// Registers what a shop's phone signed, and credits what it earns; the same capture twice returns the first answer.
///
/// `device` was authenticated in this transaction. A sale that comes late is held when the phone's clock moved since it
/// was made, when it does not follow the one before, or when the phone's right was taken away after it was made.
pub async fn register(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    device: &SigningDevice,
    arrival: Arrival<'_>,
) -> Result<Outcome, Error> {
    if !identity::device::verify(&device.public_key, arrival.body, arrival.signature) {
        return Err(Error::BadSignature);
    }
    let (capture, link) = intake::read(device, arrival.body)?;
    if device.revoked_at.is_some_and(|revoked_at| link.claimed_at >= revoked_at) {
        return Err(Error::DeviceRevoked);
    }
    let late = is_late(now, &capture, &link);
    let mut standing = Standing::New(None);
    if late {
        tx.lock(device.device.lock_key()).await?;
        let clock_jumped = arrival
            .device_clock_ms
            .is_some_and(|clock| now.0.saturating_sub(clock).abs_diff(capture.skew_ms) > CLOCK_JUMP_MS.unsigned_abs());
        standing = receipt::standing(tx, now, device.device, &capture.previous_sha256, &link, clock_jumped).await?;
    }
    if let (Standing::New(None), Some(_)) = (standing, device.revoked_at) {
        standing = Standing::New(Some("DEVICE_REVOKED"));
    }
    let sale = intake::from_capture(device, capture, &arrival, &link, late, standing)?;
    let book = loyalty.book(tx, device.epoch).await?;
    let outcome = record(tx, loyalty, &book, now, sale).await?;
    if !outcome.replayed {
        receipt::write(tx, now, device.device, &link, None).await?;
    }
    Ok(outcome)
}

/// Writes down that a sale arrived and was refused with `code`, in a transaction of its own: the refusal undid the first.
///
/// Nothing is written for bytes that the device did not sign, or that are no sale.
pub async fn note_refusal(tx: &mut Tx, now: Timestamp, device: &SigningDevice, arrival: Arrival<'_>, code: &str) -> Result<(), Error> {
    if !identity::device::verify(&device.public_key, arrival.body, arrival.signature) {
        return Ok(());
    }
    match intake::read(device, arrival.body) {
        Ok((capture, link)) => {
            receipt::write(tx, now, device.device, &link, Some(code)).await?;
            if code == "loyalty.unknown_card" && !is_late(now, &capture, &link) {
                failed_code::note(tx, now, device.shop, &capture.card_code).await?;
            }
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

/// A clock that is far ahead is looked at as one that is behind: neither made the sale live.
fn is_late(now: Timestamp, capture: &shared::loyalty::Capture, link: &receipt::Link) -> bool {
    capture.offline || now.since(link.claimed_at) > LIVE_MAX_MS || link.claimed_at.since(now) > AHEAD_MAX_MS
}

/// Registers what a partner's system reports (scope `purchases:import`); the same external id twice returns the first answer.
///
/// `body` are the bytes as received: they tell a retry from another sale under the same number.
pub async fn import(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    import: &ImportPurchase,
    body: &[u8],
) -> Result<Outcome, Error> {
    actor.needs_scope(identity::Scope::PurchasesImport)?;
    let tenant = actor.tenant()?;
    identity::sandbox::reaches(tx, actor, import.shop_id).await?;
    let shop = selling_shop(tx, import.shop_id).await?;
    let sale = intake::from_import(tenant, shop, import, body)?;
    let book = loyalty.current_book(tx).await?;
    record(tx, loyalty, &book, now, sale).await
}

/// What a basket would earn now, without any effect. The caller may give a read-only transaction; a failed code
/// ([`Error::UnknownCard`]) it counts afterwards in one that writes, with [`failed_code::note`].
pub async fn preview(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    shop: ShopId,
    basket: &PreviewPurchase,
) -> Result<PurchaseAnswer, Error> {
    actor.sells_for(shop)?;
    intake::check_lines(&basket.lines)?;
    identity::sandbox::reaches(tx, actor, shop).await?;
    let shop = selling_shop(tx, shop).await?;
    let book = loyalty.current_book(tx).await?;
    let holder = match basket.card_code.as_deref() {
        None => None,
        Some(text) => {
            let code: CardCode = text.parse().map_err(|_| Error::UnknownCard)?;
            let read_at = card::read_at(now, basket.scanned_at.unwrap_or(now), SCAN_TO_CONFIRM_MAX_MS);
            let found = card::find_live(tx, loyalty, &code, shop.id, now, read_at).await?;
            check_window(&code, read_at, false)?;
            Some(if matches!(actor, Actor::Key { .. }) { found.without_name() } else { found })
        }
    };
    let basket = Basket::new(&book, &shop, &basket.lines);
    let local = identity::shop::local(&shop.time_zone, now);
    let evaluated = facts::evaluate_all(tx, &book, Mode::Preview, &shop, local, holder.as_ref(), &basket).await?;
    let purchase = tx.new_id();
    let plan =
        posting::Plan::make(tx, &book, Mode::Preview, purchase, posting::Moment { shop: &shop, local, now }, holder.as_ref(), &evaluated)
            .await?;
    Ok(answer(purchase, PurchaseStatus::Accepted, None, holder.as_ref(), &shop, now, &basket, evaluated, plan.outcome))
}

/// The way of every sale. Order and words are the contract's.
async fn record(tx: &mut Tx, loyalty: &Loyalty, known: &Arc<RuleBook>, now: Timestamp, sale: Sale<'_>) -> Result<Outcome, Error> {
    // Where others write beside us, the rules could change between their reading and what they give.
    let steady = if tx.engine() == db::Engine::Postgres { Some(loyalty.steady_book(tx).await?) } else { None };
    let book = steady.as_ref().unwrap_or(known);
    let Some(holder) = buyer(tx, loyalty, now, &sale).await? else {
        // Only a retry of something already accepted may still be answered.
        return match queries::find_by_key(tx, &sale).await? {
            Some(known) => replay(known, &sale),
            None => Err(refusal(tx, now, &sale).await?),
        };
    };
    let basket = Basket::new(book, &sale.shop, &sale.lines);
    let at = happened_at(&sale, now);
    let known = queries::find_known(tx, &sale, &holder, &basket.hash(), at).await?;
    if let Some(same) = known.same_key {
        return replay(same, &sale);
    }
    intake::check_lines(&sale.lines)?;
    if holder.failures >= failed_code::MAX && !sale.offline {
        return Err(Error::CodeLocked);
    }
    let timeless = sale.suspicion == Some(CLOCK_SUSPECT);
    if now.since(sale.claimed_at) > AGE_MAX_MS && !timeless {
        return Err(Error::TooOld);
    }
    if holder.blocked_at.is_some() {
        return Err(Error::CardBlocked);
    }
    let tilled = match sale.reporter {
        Reporter::Other => false,
        Reporter::Phone | Reporter::Till { .. } => till::stands_in(tx, sale.shop.id).await?,
    };
    if tilled && let Some(outcome) = same_sale(tx, now, &sale, &holder, &basket, at).await? {
        return Ok(outcome);
    }
    let purchase: PurchaseId = tx.new_id();
    let mut held = sale.suspicion;
    if let Buyer::Code(code, scanned_at) = &sale.buyer {
        if !timeless {
            check_window(code, *scanned_at, sale.offline)?;
        }
        if let CardCode::Rotating { step, .. } = code
            && !queries::use_code(tx, &holder, *step, purchase).await?
        {
            // Two shops cannot both have seen it: which of them did, a person decides.
            if sale.device.is_none() || !sale.offline || queries::code_used_at(tx, &holder, *step).await? == Some(sale.shop.id) {
                return Err(Error::QrReplay);
            }
            held = held.or(Some("CODE_USED_ELSEWHERE"));
        }
    }
    let mut evidence = None;
    let held = if held.is_some() {
        held
    } else if sale.claimed_at.since(now) > AHEAD_MAX_MS {
        Some(CLOCK_SUSPECT)
    } else if known.twin_basket {
        Some("SUSPECTED_DUPLICATE")
    } else {
        evidence = velocity::suspicion(tx, &loyalty.velocity, &sale, &holder, &basket, at).await?;
        evidence.as_ref().map(shared::loyalty::suspicion::Evidence::reason)
    };
    let local = identity::shop::local(&sale.shop.time_zone, at);
    let evaluated = match held {
        Some(_) => Evaluated::default(),
        None => facts::evaluate_all(tx, book, Mode::Live, &sale.shop, local, Some(&holder), &basket).await?,
    };
    let plan =
        posting::Plan::make(tx, book, Mode::Live, purchase, posting::Moment { shop: &sale.shop, local, now }, Some(&holder), &evaluated)
            .await?;
    let status = if held.is_some() { PurchaseStatus::Held } else { PurchaseStatus::Accepted };
    let answer = answer(purchase, status, held, Some(&holder), &sale.shop, at, &basket, evaluated, plan.outcome.clone());
    let bytes = serde_json::to_vec(&answer).unwrap_or_default();
    let stored = posting::Stored { purchase, sale: &sale, holder: &holder, basket: &basket, answer: &answer, bytes: &bytes, local, now };
    posting::write(tx, &stored, plan).await?;
    if let Some(evidence) = &evidence {
        velocity::keep(tx, purchase, evidence).await?;
    }
    incentive::settle(tx, book, now, purchase).await?;
    if tilled && sale.reporter == Reporter::Phone {
        till::join_recorded(tx, loyalty, now, purchase, sale.shop.id, answer.total_minor, at).await?;
    }
    Ok(Outcome { bytes, purchase, replayed: false, joined: false })
}

/// A little ahead is the server's own time. A clock that is far ahead keeps what it said: a person judges it, and what is
/// approved counts at its own time. A phone whose clock was seen to jump said nothing that could be kept.
fn happened_at(sale: &Sale<'_>, now: Timestamp) -> Timestamp {
    if sale.suspicion.is_none() && sale.claimed_at.since(now) > AHEAD_MAX_MS {
        sale.claimed_at.min(now.plus_ms(AHEAD_KEPT_MS))
    } else {
        sale.claimed_at.min(now)
    }
}

/// A sale that its counterpart reported already: a phone's that a till knows, or a till's that a phone captured.
async fn same_sale(
    tx: &mut Tx,
    now: Timestamp,
    sale: &Sale<'_>,
    holder: &Holder,
    basket: &Basket,
    at: Timestamp,
) -> Result<Option<Outcome>, Error> {
    match sale.reporter {
        Reporter::Phone => {
            let capture = (sale.source.as_str(), sale.source_key.as_str(), sale.content_hash.as_slice());
            let Some(till::Twin { id, answer, content_hash }) =
                till::same_sale(tx, now, capture, sale.shop.id, holder.consumer, basket.total_minor(), at).await?
            else {
                return Ok(None);
            };
            // Joined before: only the same bytes are the same capture.
            let replayed = content_hash.is_some();
            if content_hash.is_some_and(|known| known != sale.content_hash) {
                return Err(Error::IdempotencyConflict);
            }
            Ok(Some(Outcome { bytes: answer, purchase: id, replayed, joined: true }))
        }
        Reporter::Till { total_minor } => {
            let found = till::purchase_of(tx, sale.shop.id, Some(holder.consumer), total_minor, at).await?;
            Ok(found.map(|purchase| Outcome { bytes: Vec::new(), purchase, replayed: false, joined: true }))
        }
        Reporter::Other => Ok(None),
    }
}

/// A till's sale that names a card.
pub(crate) struct TillSale<'a> {
    pub source: String,
    pub key: String,
    pub hash: &'a [u8],
    pub shop: ShopId,
    pub code: &'a str,
    pub at: Timestamp,
    /// What was paid, of all lines.
    pub total_minor: i64,
    /// Those that campaigns can count.
    pub lines: Vec<ImportLine>,
}

/// Registers what a till reports with a card; true: a phone had captured it, and it is that purchase.
pub(crate) async fn from_till(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, till: TillSale<'_>) -> Result<(PurchaseId, bool), Error> {
    let shop = selling_shop(tx, till.shop).await?;
    let code = till.code.parse().map_err(|_| Error::UnknownCard)?;
    let mut content_hash = [0; 32];
    if till.hash.len() == content_hash.len() {
        content_hash.copy_from_slice(till.hash);
    }
    let sale = Sale {
        source: till.source,
        source_key: till.key,
        content_hash,
        shop,
        device: None,
        member: None,
        evidence: None,
        claimed_at: till.at,
        buyer: Buyer::Code(code, till.at),
        offline: now.since(till.at) > LIVE_MAX_MS,
        suspicion: None,
        reporter: Reporter::Till { total_minor: till.total_minor },
        lines: till.lines,
    };
    let book = loyalty.current_book(tx).await?;
    let outcome = record(tx, loyalty, &book, now, sale).await?;
    Ok((outcome.purchase, outcome.joined))
}

/// Why nobody stands behind a sale's code.
async fn refusal(tx: &mut Tx, now: Timestamp, sale: &Sale<'_>) -> Result<Error, Error> {
    match &sale.buyer {
        Buyer::Code(code, _) if !sale.offline => failed_code::refusal(tx, sale.shop.id, code, now).await,
        _ => Ok(Error::UnknownCard),
    }
}

/// Whoever bought, with her lock. A claim may make the card somebody else's until we hold it.
async fn buyer(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, sale: &Sale<'_>) -> Result<Option<Holder>, Error> {
    loop {
        let holder = match &sale.buyer {
            Buyer::Code(code, read_at) => card::find_by_code(tx, loyalty, code, sale.shop.id, now, *read_at).await?,
            Buyer::Known(consumer) => card::find_by_consumer(tx, *consumer, sale.shop.id).await?,
        };
        let Some(holder) = holder else {
            return Ok(None);
        };
        tx.lock(holder.consumer.lock_key()).await?;
        // Where nobody waits for a lock, nobody changed anything meanwhile.
        if tx.engine() == db::Engine::Sqlite || identity::consumer::living(tx, holder.consumer).await? == Some(holder.consumer) {
            return Ok(Some(if sale.device.is_some() { holder } else { holder.without_name() }));
        }
    }
}

fn replay(known: queries::Known, sale: &Sale<'_>) -> Result<Outcome, Error> {
    if known.content_hash != sale.content_hash {
        return Err(Error::IdempotencyConflict);
    }
    Ok(Outcome { bytes: known.answer, purchase: known.id, replayed: true, joined: false })
}

/// A rotating code must be of the time at which it was read.
fn check_window(code: &CardCode, read_at: Timestamp, offline: bool) -> Result<(), Error> {
    let CardCode::Rotating { step, .. } = code else {
        return Ok(());
    };
    let window = if offline { OFFLINE_WINDOW } else { ONLINE_WINDOW };
    if window.contains(&step.saturating_sub(step_at(read_at))) { Ok(()) } else { Err(Error::QrStale) }
}

pub(crate) async fn selling_shop(tx: &mut Tx, shop: ShopId) -> Result<SellingShop, Error> {
    let shop = identity::shop::get(tx, shop).await?;
    Ok(SellingShop { id: shop.id, currency: shop.currency, time_zone: shop.time_zone })
}

/// The lines as understood and merged, beside the barcodes they came with.
pub(crate) struct Basket {
    lines: Vec<(Line, ImportLine, String)>,
    owners: Vec<Option<(shared::OrganisationId, shared::BrandId)>>,
}

impl Basket {
    fn new(book: &RuleBook, shop: &SellingShop, lines: &[ImportLine]) -> Self {
        let mut basket = Self { lines: Vec::with_capacity(lines.len()), owners: Vec::with_capacity(lines.len()) };
        for line in lines {
            let product = book.product(&line.gtin, shop.id);
            let suggested = product.and_then(|product| product.suggested_minor(shop.currency));
            let parsed = Line {
                product: product.map(|product| product.id),
                quantity: line.quantity,
                unit_price_minor: line.unit_price_minor.or(suggested).unwrap_or(0),
                suggested_price_minor: suggested,
                discount_minor: line.discount_minor,
                reward_line: line.reward_line,
            };
            let twin = basket.lines.iter_mut().find(|(known, raw, _)| {
                raw.gtin == line.gtin && known.unit_price_minor == parsed.unit_price_minor && known.reward_line == parsed.reward_line
            });
            match twin {
                // One rule for merging, here and in the evaluation.
                Some((known, _, _)) => {
                    if let Some(merged) = merge([known.clone(), Line { product: known.product, ..parsed.clone() }])
                        .into_iter()
                        .next()
                        .filter(|_| known.product.is_some())
                    {
                        *known = merged;
                    } else {
                        known.quantity = known.quantity.saturating_add(parsed.quantity);
                        known.discount_minor = known.discount_minor.saturating_add(parsed.discount_minor);
                    }
                }
                None => {
                    let name = product.map_or_else(|| line.gtin.short().to_string(), |product| product.name.clone());
                    basket.lines.push((parsed, line.clone(), name));
                    basket.owners.push(product.and_then(|product| product.owner));
                }
            }
        }
        basket
    }

    fn evaluation_lines(&self) -> Vec<Line> {
        self.lines.iter().map(|(line, ..)| line.clone()).collect()
    }

    fn total_minor(&self) -> i64 {
        self.lines.iter().fold(0_i64, |sum, (line, ..)| sum.saturating_add(line.amount_minor()))
    }

    /// Tells equal baskets: what was bought, at which price, whatever the order of the lines.
    fn hash(&self) -> [u8; 32] {
        let mut lines: Vec<_> = self
            .lines
            .iter()
            .map(|(line, raw, _)| {
                format!("{}|{}|{}|{}|{}\n", raw.gtin, line.quantity, line.unit_price_minor, line.discount_minor, line.reward_line)
            })
            .collect();
        lines.sort_unstable();
        Sha256::digest(lines.concat()).into()
    }

    fn brands(&self) -> impl Iterator<Item = shared::BrandId> + '_ {
        self.owners.iter().flatten().map(|(_, brand)| *brand)
    }
}

/// What the campaigns said.
#[derive(Default)]
pub(crate) struct Evaluated {
    awards: Vec<(LiveVersion, Trace)>,
    /// Those that lost within their group: they count as asked, and gave nothing.
    excluded: Vec<(LiveVersion, Trace)>,
    no_award: Vec<NoAward>,
}

#[allow(clippy::too_many_arguments, reason = "an answer is made of everything that is known")]
fn answer(
    purchase: PurchaseId,
    status: PurchaseStatus,
    reason: Option<&str>,
    holder: Option<&Holder>,
    shop: &SellingShop,
    at: Timestamp,
    basket: &Basket,
    evaluated: Evaluated,
    outcome: posting::PlanOutcome,
) -> PurchaseAnswer {
    let takes_part = |line: &Line| {
        !line.reward_line
            && line.product.is_some_and(|product| evaluated.awards.iter().any(|(version, _)| version.rules.products.contains(&product)))
    };
    let lines = basket
        .lines
        .iter()
        .map(|(line, raw, name)| PurchaseLine {
            gtin: raw.gtin,
            product_id: line.product,
            name: name.clone(),
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            discount_minor: line.discount_minor,
            amount_minor: line.amount_minor(),
            participates: takes_part(line),
        })
        .collect();
    PurchaseAnswer {
        purchase_id: purchase,
        status,
        reason: reason.map(str::to_owned),
        consumer_label: holder.map(Holder::label).unwrap_or_default(),
        total_minor: basket.total_minor(),
        currency: shop.currency,
        purchased_at: at,
        awards: outcome.awards,
        no_award: evaluated.no_award,
        lines,
        rewards: outcome.rewards,
    }
}

/// A rejection in the words of the contract, for batches and players: `loyalty.qr_stale` → `QR_STALE`.
pub fn contract_code(problem: &Problem) -> Option<String> {
    problem.code.strip_prefix("loyalty.").map(str::to_uppercase)
}

/// Nothing of a purchase can change after so long: late captures, and returns of the day after.
pub const SETTLES_AFTER_MS: i64 = 4 * DAY_MS;
