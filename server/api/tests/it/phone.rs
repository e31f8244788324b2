//! A shop's phone as the browser is one: a queue on a disk, a key, a clock of its own, and now and then a network.
//!
//! The disk holds only what was committed; what to send, what an answer means and where the chain ends are asked of
//! the same functions in `shared` that the browser asks.

use api::{ApiState, LimitConfig, limit::Rate};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use db::Db;
use sha2::{Digest, Sha256};
use shared::{
    Currency, Problem, Timestamp,
    loyalty::{
        CampaignRules, Capture, NewCampaign, NewReward, Rule, RuleKind, Template,
        campaign::{Threshold, Unit},
        capture::{CAPTURE_VERSION, CaptureLine},
        queue::{
            BATCH_VERSION, Batch, BatchAnswer, BatchItem, ChainEnd, Entry, ItemAnswer, KnownCaptures, Settled, Verdict, next_batch, settle,
            settled,
        },
        ticket::{DELIVERY_VERSION, TicketDelivery},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use uuid::Uuid;

use crate::world::{Answer, JABON, NOW, Till, World, code_at, send};

/// What survives when the phone is switched off at any moment.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    pub entries: Vec<Entry>,
    pub chain: ChainEnd,
    /// The last number that was given, kept apart from the chain.
    pub numbered: i64,
    /// Server clock − own clock at the last contact.
    pub skew_ms: i64,
}

pub struct Phone {
    pub till: Till,
    pub disk: Disk,
    /// Own clock − true time.
    pub ahead_ms: i64,
}

/// Signed bytes on their way.
#[derive(Debug, Clone)]
pub struct Sent {
    pub ids: Vec<Uuid>,
    pub bytes: Vec<u8>,
    pub signature: String,
}

/// What is sold: instants are true ones.
#[derive(Debug, Clone)]
pub struct Basket {
    pub code: String,
    pub scanned_at: Timestamp,
    pub confirmed_at: Timestamp,
    pub quantity: i64,
    pub offline: bool,
}

impl Phone {
    /// Enrolled at [`NOW`], with a clock that is so far ahead.
    pub async fn open(state: &ApiState, number: u32, ahead_ms: i64) -> Self {
        Self { till: Till::open(state, number).await, disk: Disk { skew_ms: -ahead_ms, ..Disk::default() }, ahead_ms }
    }

    pub fn clock(&self, at: Timestamp) -> i64 {
        at.0 + self.ahead_ms
    }

    /// The sale in memory, not on the disk yet.
    pub fn capture(&self, id: Uuid, basket: &Basket) -> Capture {
        Capture {
            captured_at_ms: self.clock(basket.confirmed_at),
            card_code: basket.code.clone(),
            client_purchase_id: id,
            counter: self.disk.chain.counter + 1,
            device_id: self.till.device,
            lines: vec![CaptureLine { discount_minor: 0, gtin: JABON.parse().unwrap(), quantity: basket.quantity, unit_price_minor: None }],
            member_id: self.till.owner,
            offline: basket.offline,
            previous_sha256: self.disk.chain.sha256.clone(),
            scanned_at_ms: self.clock(basket.scanned_at),
            shop_id: self.till.shop,
            skew_ms: self.disk.skew_ms,
            version: CAPTURE_VERSION,
        }
    }

    /// One write: the sale, and the chain that ends with it.
    pub fn keep(&mut self, capture: &Capture) {
        let bytes = capture.canonical_bytes();
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        self.disk.entries.push(Entry {
            id: capture.client_purchase_id,
            device_id: capture.device_id,
            counter: capture.counter,
            signature: self.till.sign(&bytes),
            capture: String::from_utf8(bytes).unwrap(),
            captured_at_ms: capture.captured_at_ms,
            label: String::new(),
            total_minor: 0,
            units: 1,
            estimate: None,
            reward: None,
            settled: None,
        });
        self.disk.chain = ChainEnd { counter: capture.counter, sha256 };
        self.disk.numbered = capture.counter;
    }

    /// The same for a reward that is handed over by its ticket.
    pub fn keep_delivery(&mut self, id: Uuid, ticket: &str, at: Timestamp) {
        let told = TicketDelivery {
            captured_at_ms: self.clock(at),
            counter: self.disk.chain.counter + 1,
            delivery_id: id,
            device_id: self.till.device,
            member_id: self.till.owner,
            previous_sha256: self.disk.chain.sha256.clone(),
            shop_id: self.till.shop,
            skew_ms: self.disk.skew_ms,
            ticket: ticket.to_owned(),
            version: DELIVERY_VERSION,
        };
        let bytes = told.canonical_bytes();
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        self.disk.entries.push(Entry {
            id,
            device_id: told.device_id,
            counter: told.counter,
            signature: self.till.sign(&bytes),
            capture: String::from_utf8(bytes).unwrap(),
            captured_at_ms: told.captured_at_ms,
            label: "Termo".into(),
            total_minor: 0,
            units: 0,
            estimate: None,
            reward: Some("R1".into()),
            settled: None,
        });
        self.disk.chain = ChainEnd { counter: told.counter, sha256 };
        self.disk.numbered = told.counter;
    }

    /// What is sent next; with nothing that waits, the question what the server knows.
    pub fn batch(&self, at: Timestamp) -> Sent {
        let items = next_batch(&self.disk.entries, self.till.device);
        self.seal(items.iter().map(|entry| entry.id).collect(), items.iter().map(|entry| item(entry)).collect(), at)
    }

    pub fn seal(&self, ids: Vec<Uuid>, items: Vec<BatchItem>, at: Timestamp) -> Sent {
        let batch = Batch { device_id: self.till.device, items, sent_at_ms: self.clock(at), version: BATCH_VERSION };
        let bytes = serde_json::to_vec(&batch).unwrap();
        Sent { ids, signature: self.till.sign(&bytes), bytes }
    }

    /// One write: the answers, and the clock's difference.
    pub fn hear(&mut self, sent: &Sent, answer: &BatchAnswer, at: Timestamp) {
        let clock = self.clock(at);
        settle(&mut self.disk.entries, &sent.ids, answer, clock);
        self.disk.skew_ms = answer.now.0 - clock;
    }
}

pub fn item(entry: &Entry) -> BatchItem {
    BatchItem { capture: entry.capture.clone(), signature: entry.signature.clone() }
}

pub async fn post_batch(router: &Router, till: &Till, sent: &Sent) -> Answer {
    let request = Request::post("/api/v1/purchases/batch")
        .header(header::CONTENT_TYPE, "application/json")
        .header("mostrador-device", till.device.to_string())
        .header("mostrador-signature", &sent.signature)
        .body(Body::from(sent.bytes.clone()))
        .unwrap();
    send(router, request).await
}

pub async fn post_one(router: &Router, till: &Till, capture: &Capture) -> Answer {
    let bytes = capture.canonical_bytes();
    let request = Request::post("/api/v1/purchases")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", capture.client_purchase_id.to_string())
        .header("mostrador-device", till.device.to_string())
        .header("mostrador-signature", till.sign(&bytes))
        .body(Body::from(bytes))
        .unwrap();
    send(router, request).await
}

pub fn answer(answer: &Answer) -> BatchAnswer {
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
    serde_json::from_slice(&answer.bytes).unwrap()
}

/// A world whose limits no script reaches. The soap gives points from the first day and stamps from the second on.
pub async fn market(db: &Db) -> World {
    let often = Rate::per_second(100_000, 100_000);
    let world = World::with_limits(
        db,
        LimitConfig { address: often, caller: often, purchases_address: often, device: often, ..LimitConfig::default() },
    )
    .await;
    let mut tx = db.begin().await.unwrap();
    let system = identity::Actor::System;
    let new = NewReward {
        brand_id: world.other_brand,
        name: "1 Jabón".into(),
        category: String::new(),
        unit_cost_minor: 100,
        handling_fee_minor: 10,
        currency: Currency::Cop,
        stock: None,
        max_per_consumer: None,
        cost: None,
        reserve_minutes: None,
    };
    let reward_id = loyalty::reward::create(&mut tx, &system, NOW, &new).await.unwrap().id;
    for (name, unit, starts, threshold) in
        [("Puntos", Unit::Points, "2026-03-01", None), ("Sellos", Unit::Stamps, "2026-03-11", Some(Threshold { need: 7, reward_id }))]
    {
        let rule = Rule { kind: RuleKind::PerUnit { units: 1, points: 1 }, min_amount_minor: None, min_units: None };
        let rules = CampaignRules {
            threshold,
            ..CampaignRules::new(unit, starts.parse().unwrap(), "2026-03-31".parse().unwrap(), vec![world.jabon], vec![rule])
        };
        let new = NewCampaign { brand_id: world.other_brand, name: name.into(), template: Template::Custom, rules };
        let campaign = loyalty::campaign::create(&mut tx, &system, NOW, &new).await.unwrap().id;
        loyalty::campaign::publish(&mut tx, &system, NOW, campaign).await.unwrap();
    }
    tx.commit().await.unwrap();
    world
}

/// One phone in a small world, for a case at a time.
struct Case {
    world: World,
    phone: Phone,
    shops: u32,
}

impl Case {
    async fn new(db: &Db) -> Self {
        let world = market(db).await;
        let phone = Phone::open(&world.state, 1, 0).await;
        Self { world, phone, shops: 1 }
    }

    /// Another phone of another shop, in the same world.
    async fn next(&mut self, ahead_ms: i64) {
        self.world.state.clock.set(NOW);
        self.shops += 1;
        self.phone = Phone::open(&self.world.state, self.shops, ahead_ms).await;
    }

    /// Asks what the server knows, when the clock stands where it stands.
    async fn posts_nothing(&self) -> BatchAnswer {
        let sent = self.phone.seal(vec![], vec![], self.world.state.clock.now());
        answer(&post_batch(&self.world.router, &self.phone.till, &sent).await)
    }

    /// The first card buys so long after [`NOW`], without network.
    async fn sells(&mut self, after_ms: i64) -> Uuid {
        let code = code_at(&self.world.state, self.phone.till.cards[0], NOW.plus_ms(after_ms)).await;
        self.sells_with(code, after_ms)
    }

    fn sells_with(&mut self, code: String, after_ms: i64) -> Uuid {
        let at = NOW.plus_ms(after_ms);
        let n = self.phone.disk.numbered + 1;
        let basket = Basket { code, scanned_at: at, confirmed_at: at, quantity: n, offline: true };
        let id = Uuid::from_u128(n as u128);
        let capture = self.phone.capture(id, &basket);
        self.phone.keep(&capture);
        id
    }

    /// Sends what waits; the disk stays as it is.
    async fn posts(&self, after_ms: i64) -> BatchAnswer {
        self.world.state.clock.set(NOW.plus_ms(after_ms));
        let sent = self.phone.batch(NOW.plus_ms(after_ms));
        answer(&post_batch(&self.world.router, &self.phone.till, &sent).await)
    }

    /// Sends what waits and hears the answer.
    async fn syncs(&mut self, after_ms: i64) -> BatchAnswer {
        let sent = self.phone.batch(NOW.plus_ms(after_ms));
        let answer = self.posts(after_ms).await;
        self.phone.hear(&sent, &answer, NOW.plus_ms(after_ms));
        answer
    }

    async fn points(&self, card: usize) -> i64 {
        let mut tx = self.world.state.db.read().await.unwrap();
        let balances = loyalty::card::balances(&mut tx, &identity::Actor::System, self.phone.till.cards[card]).await.unwrap();
        balances.iter().filter(|balance| balance.unit == Unit::Points).map(|balance| balance.available).sum()
    }
}

/// `accepted`, or the word and why.
fn told(answers: &BatchAnswer) -> Vec<String> {
    answers.items.iter().map(word).collect()
}

fn word(item: &ItemAnswer) -> String {
    match settled(item, 0) {
        None => format!("again {}", item.status),
        Some(Settled { verdict: Verdict::Accepted, .. }) => "accepted".to_owned(),
        Some(Settled { verdict, code, .. }) => format!("{verdict:?} {}", code.unwrap_or_default()).to_lowercase(),
    }
}

db::both_databases! {
    async fn sales_without_network_count_when_they_arrive(db: &Db) {
        let mut case = Case::new(db).await;
        for hour in 1..=3 {
            case.sells(hour * HOUR_MS).await;
        }

        let answers = case.syncs(70 * HOUR_MS).await;

        assert_eq!(told(&answers), ["accepted"; 3]);
        assert_eq!(answers.known, KnownCaptures { last_counter: 3, last_sha256: case.phone.disk.chain.sha256.clone(), missing: vec![] });
        assert_eq!(case.points(0).await, 1 + 2 + 3);
    }

    async fn a_missing_number_is_named_and_the_sale_after_it_is_held(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        let lost = case.sells(2 * HOUR_MS).await;
        case.sells(3 * HOUR_MS).await;
        case.sells(4 * HOUR_MS).await;
        case.phone.disk.entries.retain(|entry| entry.id != lost);

        let answers = case.syncs(5 * HOUR_MS).await;

        assert_eq!(told(&answers), ["accepted", "held chain_gap", "accepted"]);
        assert_eq!((answers.known.last_counter, answers.known.missing), (4, vec![2]));
        assert_eq!(case.points(0).await, 1 + 4);
    }

    async fn two_sales_under_one_number_do_not_both_count(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        let copy = case.phone.disk.clone();
        case.sells(2 * HOUR_MS).await;
        let first = case.syncs(4 * HOUR_MS).await;
        // A copy of the phone goes on from the same place.
        let forked = Disk { skew_ms: case.phone.disk.skew_ms, ..copy };
        case.phone.disk = forked;
        case.phone.disk.entries.clear();
        let code = code_at(&case.world.state, case.phone.till.cards[1], NOW.plus_ms(3 * HOUR_MS)).await;
        let at = NOW.plus_ms(3 * HOUR_MS);
        let capture = case.phone.capture(Uuid::from_u128(99), &Basket { code, scanned_at: at, confirmed_at: at, quantity: 9, offline: true });
        case.phone.keep(&capture);
        let fork = case.syncs(5 * HOUR_MS).await;

        assert_eq!(told(&first), ["accepted", "accepted"]);
        assert_eq!(told(&fork), ["held chain_gap"]);
        assert_eq!(case.points(1).await, 0);
    }

    async fn a_clock_that_is_always_wrong_loses_nothing(db: &Db) {
        let mut case = Case::new(db).await;
        for ahead_ms in [3 * DAY_MS, -3 * DAY_MS] {
            case.next(ahead_ms).await;
            case.sells(HOUR_MS).await;
            case.sells(2 * HOUR_MS).await;

            let answers = case.syncs(3 * HOUR_MS).await;

            assert_eq!(told(&answers), ["accepted", "accepted"], "{ahead_ms}");
            assert_eq!(answers.items[1].purchase.as_ref().map(|purchase| purchase.purchased_at), Some(NOW.plus_ms(2 * HOUR_MS)));
        }
    }

    async fn a_clock_that_jumps_without_network_vouches_for_nothing(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        case.phone.ahead_ms = 6 * MINUTE_MS;
        case.sells(2 * HOUR_MS).await;

        let answers = case.syncs(3 * HOUR_MS).await;

        assert_eq!(told(&answers), ["held clock_suspect"; 2]);
        assert_eq!(case.points(0).await, 0);
    }

    async fn a_clock_that_drifts_a_little_is_believed(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        case.phone.ahead_ms = 4 * MINUTE_MS;
        case.sells(2 * HOUR_MS).await;

        assert_eq!(told(&case.syncs(3 * HOUR_MS).await), ["accepted"; 2]);
    }

    async fn a_clock_that_jumped_there_and_back_spoils_only_what_was_sold_in_between(db: &Db) {
        let mut case = Case::new(db).await;
        for away_ms in [3 * DAY_MS, -3 * DAY_MS] {
            case.next(0).await;
            case.sells(HOUR_MS).await;
            case.phone.ahead_ms = away_ms;
            case.sells(2 * HOUR_MS).await;
            case.phone.ahead_ms = 0;
            case.sells(3 * HOUR_MS).await;

            let answers = case.syncs(4 * HOUR_MS).await;

            assert_eq!(told(&answers), ["accepted", "held clock_suspect", "accepted"], "{away_ms}");
        }
    }

    async fn the_stretch_after_a_wrong_clock_is_believed_again(db: &Db) {
        let mut case = Case::new(db).await;
        case.phone.ahead_ms = 3 * DAY_MS;
        case.sells(HOUR_MS).await;
        let wrong = case.syncs(2 * HOUR_MS).await;
        case.sells(3 * HOUR_MS).await;
        let right = case.syncs(4 * HOUR_MS).await;

        assert_eq!(told(&wrong), ["held clock_suspect"]);
        assert_eq!(told(&right), ["accepted"]);
    }

    async fn a_live_sale_of_a_clock_that_ran_ahead_is_held_and_not_refused(db: &Db) {
        let mut case = Case::new(db).await;
        case.phone.ahead_ms = DAY_MS;
        let at = NOW.plus_ms(HOUR_MS);
        let code = code_at(&case.world.state, case.phone.till.cards[0], at).await;
        let capture = case.phone.capture(Uuid::from_u128(1), &Basket { code, scanned_at: at, confirmed_at: at, quantity: 1, offline: false });
        case.phone.keep(&capture);

        assert_eq!(told(&case.syncs(HOUR_MS).await), ["held clock_suspect"]);
    }

    async fn a_clock_that_is_set_right_between_reading_and_confirming_costs_no_sale(db: &Db) {
        let mut case = Case::new(db).await;
        let at = NOW.plus_ms(HOUR_MS);
        let code = code_at(&case.world.state, case.phone.till.cards[0], at).await;
        let mut capture = case.phone.capture(Uuid::from_u128(1), &Basket { code, scanned_at: at, confirmed_at: at, quantity: 1, offline: true });
        capture.scanned_at_ms += 20 * SECOND_MS;
        case.phone.keep(&capture);

        assert_eq!(told(&case.syncs(2 * HOUR_MS).await), ["accepted"]);
    }

    async fn a_sale_held_for_its_clock_gets_the_same_answer_again(db: &Db) {
        let mut case = Case::new(db).await;
        let at = NOW.plus_ms(HOUR_MS);
        let code = code_at(&case.world.state, case.phone.till.cards[0], at).await;
        let mut capture = case.phone.capture(Uuid::from_u128(1), &Basket { code, scanned_at: at, confirmed_at: at, quantity: 1, offline: true });
        // The clock jumped between the reading of the card and the confirmation.
        capture.captured_at_ms += DAY_MS;
        case.phone.keep(&capture);

        assert_eq!(told(&case.posts(2 * HOUR_MS).await), ["held clock_suspect"]);
        assert_eq!(told(&case.posts(3 * HOUR_MS).await), ["held clock_suspect"]);
    }

    async fn what_a_revoked_phone_sold_before_is_held_and_after_is_refused(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        case.sells(3 * HOUR_MS).await;
        case.phone.till.revoke(&case.world.state, NOW.plus_ms(2 * HOUR_MS)).await;

        let answers = case.syncs(4 * HOUR_MS).await;

        assert_eq!(told(&answers), ["held device_revoked", "refused device_revoked"]);
        assert_eq!(answers.items[1].problem.as_ref().map(|problem| (problem.status, problem.code.as_str())), Some((403, "loyalty.device_revoked")));
        assert_eq!(case.points(0).await, 0);
    }

    async fn a_code_that_opened_a_purchase_elsewhere_is_for_a_person_to_judge(db: &Db) {
        let mut case = Case::new(db).await;
        let elsewhere = Phone::open(&case.world.state, 2, 0).await;
        let at = NOW.plus_ms(HOUR_MS);
        let code = code_at(&case.world.state, case.phone.till.cards[0], at).await;
        case.world.state.clock.set(at);
        let live = elsewhere.capture(Uuid::from_u128(50), &Basket { code: code.clone(), scanned_at: at, confirmed_at: at, quantity: 5, offline: false });
        let live = post_one(&case.world.router, &elsewhere.till, &live).await;
        case.sells_with(code, HOUR_MS);
        case.sells(2 * HOUR_MS).await;

        let answers = case.syncs(3 * HOUR_MS).await;

        assert_eq!(live.json()["status"], "accepted");
        assert_eq!(told(&answers), ["held code_used_elsewhere", "accepted"]);
        assert_eq!(case.points(0).await, 5 + 2);
    }

    async fn a_code_used_twice_at_one_shop_is_refused_and_the_next_sale_counts(db: &Db) {
        let mut case = Case::new(db).await;
        let code = code_at(&case.world.state, case.phone.till.cards[0], NOW.plus_ms(HOUR_MS)).await;
        case.sells_with(code.clone(), HOUR_MS);
        case.sells_with(code, HOUR_MS + 20 * SECOND_MS);
        case.sells(2 * HOUR_MS).await;

        let answers = case.syncs(3 * HOUR_MS).await;

        assert_eq!(told(&answers), ["accepted", "refused qr_replay", "accepted"]);
        assert_eq!(case.points(0).await, 1 + 3);
    }

    async fn what_was_refused_stays_refused_however_late_it_comes_again(db: &Db) {
        let mut case = Case::new(db).await;
        let at = NOW.plus_ms(HOUR_MS);
        let stale = code_at(&case.world.state, case.phone.till.cards[0], at.plus_ms(-2 * MINUTE_MS)).await;
        let capture = case.phone.capture(Uuid::from_u128(1), &Basket { code: stale, scanned_at: at, confirmed_at: at, quantity: 1, offline: false });
        case.phone.keep(&capture);
        let live = case.posts(HOUR_MS).await;
        let late = case.posts(HOUR_MS + 3 * MINUTE_MS).await;

        assert_eq!(told(&live), ["refused qr_stale"]);
        assert_eq!(told(&late), ["refused qr_stale"], "the wide window is for what was never looked at");
        assert_eq!(case.points(0).await, 0);
    }

    async fn twenty_one_sales_at_once_are_refused_whole(db: &Db) {
        let mut case = Case::new(db).await;
        for n in 1..=21 {
            case.sells(n * MINUTE_MS).await;
        }
        case.world.state.clock.set(NOW.plus_ms(HOUR_MS));
        let before = case.world.traces().await;
        let items = case.phone.disk.entries.iter().map(item).collect();
        let sent = case.phone.seal(vec![], items, NOW.plus_ms(HOUR_MS));
        let refused = post_batch(&case.world.router, &case.phone.till, &sent).await;

        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_field"));
        assert_eq!(case.world.traces().await, before);
        assert_eq!(case.syncs(HOUR_MS).await.items.len(), 20, "the queue itself sends twenty");
        assert_eq!(case.syncs(HOUR_MS).await.items.len(), 1);
    }

    async fn a_batch_that_the_phone_did_not_sign_changes_nothing(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        case.world.state.clock.set(NOW.plus_ms(2 * HOUR_MS));
        let before = case.world.traces().await;
        let mut sent = case.phone.batch(NOW.plus_ms(2 * HOUR_MS));
        sent.signature = case.phone.till.sign(b"something else");
        let refused = post_batch(&case.world.router, &case.phone.till, &sent).await;

        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNAUTHORIZED, "loyalty.bad_signature"));
        assert_eq!(case.world.traces().await, before);
        let nothing: KnownCaptures = case.posts_nothing().await.known;
        assert_eq!((nothing.last_counter, nothing.last_sha256), (0, "0".repeat(64)));
    }

    async fn a_sale_that_the_phone_did_not_sign_keeps_no_other_from_counting(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        let forged = case.sells(2 * HOUR_MS).await;
        case.phone.disk.entries.iter_mut().filter(|entry| entry.id == forged).for_each(|entry| entry.signature = case.phone.till.sign(b"something else"));
        case.sells(3 * HOUR_MS).await;

        let answers = case.syncs(4 * HOUR_MS).await;

        assert_eq!(answers.items.iter().map(|item| item.status).collect::<Vec<_>>(), [201, 401, 201]);
        // What was not signed never arrived: the number is missing, and a person looks at the sale after it.
        assert_eq!(told(&answers), ["accepted", "refused bad_signature", "held chain_gap"]);
        assert_eq!(answers.known.missing, [2]);
    }

    async fn a_sale_that_the_phone_did_not_sign_is_as_if_it_never_came(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(HOUR_MS).await;
        let before = case.phone.disk.clone();
        case.sells(2 * HOUR_MS).await;
        case.phone.disk.entries[1].signature = case.phone.till.sign(b"something else");
        let answers = case.syncs(4 * HOUR_MS).await;
        // The phone sells on from the last one that it did sign.
        case.phone.disk.chain = before.chain;
        case.sells(5 * HOUR_MS).await;

        assert_eq!(told(&answers), ["accepted", "refused bad_signature"]);
        assert_eq!(answers.known, KnownCaptures { last_counter: 1, ..answers.known.clone() });
        assert_eq!(told(&case.syncs(6 * HOUR_MS).await), ["accepted"]);
    }

    async fn an_empty_batch_tells_what_is_known(db: &Db) {
        let mut case = Case::new(db).await;
        let nothing = case.posts_nothing().await;
        case.sells(HOUR_MS).await;
        case.syncs(2 * HOUR_MS).await;
        let one = case.posts_nothing().await;

        assert_eq!((nothing.items.len(), nothing.known), (0, KnownCaptures { last_counter: 0, last_sha256: "0".repeat(64), missing: vec![] }));
        assert_eq!((one.items.len(), one.known), (0, KnownCaptures { last_counter: 1, last_sha256: case.phone.disk.chain.sha256.clone(), missing: vec![] }));
    }

    async fn a_whole_batch_again_gets_the_same_answers(db: &Db) {
        let mut case = Case::new(db).await;
        let code = code_at(&case.world.state, case.phone.till.cards[0], NOW.plus_ms(HOUR_MS)).await;
        case.sells_with(code.clone(), HOUR_MS);
        case.sells_with(code, HOUR_MS + 20 * SECOND_MS);
        case.sells(2 * HOUR_MS).await;

        let first = case.posts(3 * HOUR_MS).await;
        let before = case.world.traces().await;
        // Later, and with another clock: what was decided stands.
        case.phone.ahead_ms = DAY_MS;
        let again = case.posts(100 * HOUR_MS).await;

        assert_eq!(told(&first), ["accepted", "refused qr_replay", "accepted"]);
        let replayed = |answers: &BatchAnswer| answers.items.iter().map(|item| item.replayed).collect::<Vec<_>>();
        assert_eq!((replayed(&first), replayed(&again)), (vec![false; 3], vec![true, false, true]));
        for (first, again) in first.items.iter().zip(&again.items) {
            let code = |problem: &Problem| (problem.status, problem.code.clone());
            assert_eq!((first.status, &first.purchase), (again.status, &again.purchase));
            assert_eq!(first.problem.as_ref().map(code), again.problem.as_ref().map(code));
        }
        assert_eq!(case.world.traces().await, before);
    }

    async fn a_sale_older_than_three_days_is_refused(db: &Db) {
        let mut case = Case::new(db).await;
        case.sells(0).await;
        case.sells(2 * HOUR_MS).await;

        assert_eq!(told(&case.syncs(73 * HOUR_MS).await), ["refused too_old", "accepted"]);
    }
}
