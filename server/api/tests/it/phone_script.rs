//! A phone whose network, battery and clock fail as a list of random numbers says; a seed that failed fails again.
//!
//! The script knows the truth: when each sale was made, what the clock did meanwhile, what the disk lost. With it every
//! answer of the server is judged: a sale may be held or refused only for something that did happen to it, and one to
//! which nothing happened counts.

use std::{panic::AssertUnwindSafe, sync::Arc};

use api::ApiState;
use axum::{Router, http::StatusCode};
use db::{clock::Clock, sql};
use futures::FutureExt;
use identity::Actor;
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    ConsumerId, Timestamp,
    loyalty::{
        PurchaseAnswer,
        campaign::Unit,
        queue::{BatchAnswer, ChainEnd, Gain, ItemAnswer, QUEUE_AGE_MAX_MS, Room, Settled, Verdict, next_batch, room, settled},
    },
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    phone::{Basket, Disk, Phone, Sent, answer, market, post_batch, post_one},
    world::{NOW, Till, code_at},
};

const SEEDS: u64 = 1_000;
/// Scripts that run side by side, each with a clock of its own.
const LANES: u64 = 4;
/// A network is away for so long at most.
const AWAY_MAX_MS: i64 = 70 * HOUR_MS;
/// Above every small drift of a script and below every jump.
const JUMP_MS: i64 = 5 * MINUTE_MS;
/// Travel times bend the age of a sale by so much.
const TRAVEL_MS: i64 = 10 * SECOND_MS;

/// What happened to a sale in truth.
struct Sale {
    id: Uuid,
    card: usize,
    basket: Basket,
    counter: i64,
    /// In which of the clock's settings the difference that it carries was measured.
    measured: usize,
    /// The disk lost it.
    lost: bool,
    /// Its first answer, and how often the server said that it was new.
    told: Option<Settled>,
    purchase: Option<PurchaseAnswer>,
    fresh: u32,
}

/// How often what happened, over all seeds: a script in which nothing goes wrong proves nothing.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    accepted: u32,
    clock_suspect: u32,
    chain_gap: u32,
    qr_replay: u32,
    qr_stale: u32,
    too_old: u32,
    replayed: u32,
    twins: u32,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            clock_suspect: self.clock_suspect + other.clock_suspect,
            chain_gap: self.chain_gap + other.chain_gap,
            qr_replay: self.qr_replay + other.qr_replay,
            qr_stale: self.qr_stale + other.qr_stale,
            too_old: self.too_old + other.too_old,
            replayed: self.replayed + other.replayed,
            twins: self.twins + other.twins,
        }
    }
}

struct Script<'a> {
    state: &'a ApiState,
    router: &'a Router,
    rng: StdRng,
    phone: Phone,
    now: Timestamp,
    /// In which of the clock's settings the disk's difference was measured.
    measured: usize,
    /// Each setting of the device's clock against the true one, in order.
    clocks: Vec<i64>,
    away_since: Option<Timestamp>,
    /// Copies that the network still holds, and when they come out of it.
    delayed: Vec<(Timestamp, Sent)>,
    sales: Vec<Sale>,
    /// Days go by, most of them without network.
    long: bool,
    jumps: bool,
    small_jumps: u32,
    loses: bool,
    tally: Tally,
}

impl<'a> Script<'a> {
    async fn new(state: &'a ApiState, router: &'a Router, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let ahead_ms = if rng.random_bool(0.5) { 0 } else { rng.random_range(-72 * HOUR_MS..=72 * HOUR_MS) };
        state.clock.set(NOW);
        let phone = Phone::open(state, u32::try_from(seed).unwrap() * 2 + 10, ahead_ms).await;
        Self {
            state,
            router,
            phone,
            now: NOW,
            measured: 0,
            clocks: vec![ahead_ms],
            away_since: None,
            delayed: Vec::new(),
            sales: Vec::new(),
            long: rng.random_bool(0.35),
            jumps: rng.random_bool(0.4),
            small_jumps: 0,
            loses: rng.random_bool(0.15),
            tally: Tally::default(),
            rng,
        }
    }

    async fn run(mut self, seed: u64) -> Tally {
        let sales = self.rng.random_range(6..=10);
        for n in 1..=sales {
            let again = n > 1 && self.rng.random_bool(0.08);
            let pause = if again { 5 * SECOND_MS..=10 * SECOND_MS } else { self.pauses() };
            self.pass(pause).await;
            self.network_comes_and_goes();
            self.clock_jumps(0.25);
            self.disk_fails().await;
            if self.online() && self.rng.random_bool(0.3) {
                self.sync().await;
            }
            self.sell(n, again).await;
            if self.online() {
                for _ in 0..self.rng.random_range(1..=2) {
                    self.clock_jumps(0.05);
                    self.sync().await;
                }
            }
        }
        self.pass(self.pauses()).await;
        self.come_to_rest().await;
        self.books_are_right().await;
        if self.nothing_happened() {
            self.equals_an_online_twin(u32::try_from(seed).unwrap() * 2 + 11).await;
        }
        self.tally
    }

    fn pauses(&self) -> std::ops::RangeInclusive<i64> {
        if self.long { MINUTE_MS..=16 * HOUR_MS } else { 40 * SECOND_MS..=40 * MINUTE_MS }
    }

    fn online(&self) -> bool {
        self.away_since.is_none()
    }

    /// Time goes by; what the network held comes out of it in between.
    async fn pass(&mut self, range: std::ops::RangeInclusive<i64>) {
        let mut until = self.now.plus_ms(self.rng.random_range(range));
        if let Some(since) = self.away_since {
            until = until.min(since.plus_ms(AWAY_MAX_MS));
        }
        loop {
            let due =
                self.delayed.iter().enumerate().filter(|(_, (at, _))| *at <= until).min_by_key(|(_, (at, _))| *at).map(|(place, _)| place);
            let Some(place) = due else { break };
            let (at, sent) = self.delayed.remove(place);
            self.now = at.max(self.now);
            self.deliver(&sent).await;
        }
        self.now = until.max(self.now);
        if self.away_since.is_some_and(|since| self.now.since(since) >= AWAY_MAX_MS) {
            self.away_since = None;
        }
    }

    fn network_comes_and_goes(&mut self) {
        let (goes, comes) = if self.long { (0.7, 0.1) } else { (0.4, 0.3) };
        self.away_since = match self.away_since {
            None if self.rng.random_bool(goes) => Some(self.now),
            Some(_) if self.rng.random_bool(comes) => None,
            same => same,
        };
    }

    /// By days or by seconds; never by something in between, so that the script knows what the server must think.
    fn clock_jumps(&mut self, chance: f64) {
        if !self.jumps || !self.rng.random_bool(chance) {
            return;
        }
        let by = if self.small_jumps < 2 && self.rng.random_bool(0.3) {
            self.small_jumps += 1;
            self.rng.random_range(-12 * SECOND_MS..=12 * SECOND_MS)
        } else if self.rng.random_bool(0.4) {
            // Back to where it was at the last contact: what a person does who notices.
            self.clocks[self.measured] - self.phone.ahead_ms
        } else {
            self.rng.random_range(1..=432) * 10 * MINUTE_MS * if self.rng.random_bool(0.5) { 1 } else { -1 }
        };
        self.phone.ahead_ms += by;
        self.clocks.push(self.phone.ahead_ms);
    }

    /// Since the clocks were compared for a sale, the device's was more than five minutes elsewhere.
    fn jumped(&self, sale: &Sale) -> bool {
        let since = &self.clocks[sale.measured..];
        since.iter().any(|ahead| (ahead - since[0]).abs() > JUMP_MS)
    }

    /// A sale vanishes from the disk, or the whole queue does and the chain begins again after what the server knows.
    async fn disk_fails(&mut self) {
        if !self.loses || !self.rng.random_bool(0.2) {
            return;
        }
        if self.rng.random_bool(0.6) {
            let waiting: Vec<Uuid> = self.phone.disk.entries.iter().filter(|entry| entry.waits()).map(|entry| entry.id).collect();
            if let Some(lost) = waiting.last() {
                self.loses_entries(&[*lost]);
            }
        } else if self.online() {
            let waiting: Vec<Uuid> = self.phone.disk.entries.iter().map(|entry| entry.id).collect();
            self.loses_entries(&waiting);
            self.phone.disk = Disk { numbered: self.phone.disk.numbered, ..Disk::default() };
            let sent = self.phone.seal(vec![], vec![], self.now);
            let answer = self.deliver(&sent).await;
            self.hear(&sent, &answer);
            self.phone.disk.chain = ChainEnd::after(&answer.known, self.phone.disk.numbered);
        }
    }

    fn loses_entries(&mut self, ids: &[Uuid]) {
        self.phone.disk.entries.retain(|entry| !ids.contains(&entry.id));
        self.sales.iter_mut().filter(|sale| ids.contains(&sale.id)).for_each(|sale| sale.lost = true);
    }

    async fn sell(&mut self, n: i64, again: bool) {
        let before = self.sales.last().filter(|last| again && self.now.since(last.basket.scanned_at) <= 45 * SECOND_MS);
        let (card, code) = match before {
            // A photo of the code that was just used.
            Some(last) => (last.card, last.basket.code.clone()),
            None => {
                let card = self.rng.random_range(0..3);
                (card, code_at(self.state, self.phone.till.cards[card], self.now).await)
            }
        };
        let scanned_at = self.now;
        let read_at_ms = self.phone.clock(scanned_at);
        self.clock_jumps(0.05);
        self.now = self.now.plus_ms(self.rng.random_range(2 * SECOND_MS..=20 * SECOND_MS));
        let id = Uuid::from_u128(u128::from(self.rng.random::<u64>()));
        let basket = Basket { code, scanned_at, confirmed_at: self.now, quantity: n, offline: !self.online() };
        let mut capture = self.phone.capture(id, &basket);
        capture.scanned_at_ms = read_at_ms;
        let expected = if next_batch(&self.phone.disk.entries, self.phone.till.device).is_empty() {
            Room::Free
        } else {
            room(&self.phone.disk.entries, capture.captured_at_ms)
        };
        assert_ne!(expected, Room::Full, "ten sales fill no queue");
        if self.rng.random_bool(0.06) {
            // Switched off before the write: the person saw no confirmation, the sale never happened.
            return;
        }
        self.phone.keep(&capture);
        self.sales.push(Sale {
            id,
            card,
            basket,
            counter: capture.counter,
            measured: self.measured,
            lost: false,
            told: None,
            purchase: None,
            fresh: 0,
        });
    }

    /// One try to send, with whatever goes wrong on the way.
    async fn sync(&mut self) {
        let sent = if self.rng.random_bool(0.08) { self.phone.seal(vec![], vec![], self.now) } else { self.phone.batch(self.now) };
        let travel = self.rng.random_range(0..=3 * SECOND_MS);
        // Where the network is away for days it is bad when it is there.
        let luck = if self.long && self.rng.random_bool(0.4) { 0 } else { self.rng.random_range(0..100) };
        match luck {
            // The request is lost, or held for a while; the phone gives up waiting.
            0..=14 => {
                if self.rng.random_bool(0.5) {
                    let held = self.rng.random_range(SECOND_MS..=2 * MINUTE_MS);
                    self.delayed.push((self.now.plus_ms(held), sent));
                }
                self.now = self.now.plus_ms(5 * SECOND_MS);
            }
            // The server did it; the answer is lost, or the phone is switched off before it wrote it down.
            15..=34 => {
                self.now = self.now.plus_ms(travel);
                self.deliver(&sent).await;
            }
            // The network delivers it twice.
            35..=44 => {
                self.now = self.now.plus_ms(travel);
                self.deliver(&sent).await;
                let answer = self.deliver(&sent).await;
                self.hear(&sent, &answer);
            }
            // A copy comes out of the network long after the answer was heard.
            45..=56 => {
                let answer = self.deliver(&sent).await;
                self.hear(&sent, &answer);
                let held = self.rng.random_range(MINUTE_MS..=30 * HOUR_MS);
                self.delayed.push((self.now.plus_ms(held), sent));
            }
            // Two tabs send at once, and both write down what they heard.
            57..=68 => {
                self.state.clock.set(self.now);
                let (one, two) =
                    futures::join!(post_batch(self.router, &self.phone.till, &sent), post_batch(self.router, &self.phone.till, &sent));
                let (one, two) = (answer(&one), answer(&two));
                self.judge_all(&sent, &one);
                self.judge_all(&sent, &two);
                self.hear(&sent, &one);
                self.hear(&sent, &two);
            }
            _ => {
                self.now = self.now.plus_ms(travel);
                let answer = self.deliver(&sent).await;
                self.now = self.now.plus_ms(self.rng.random_range(0..=2 * SECOND_MS));
                self.hear(&sent, &answer);
            }
        }
    }

    fn hear(&mut self, sent: &Sent, answer: &BatchAnswer) {
        self.phone.hear(sent, answer, self.now);
        self.measured = self.clocks.len() - 1;
    }

    /// The server gets it now, whoever hears the answer.
    async fn deliver(&mut self, sent: &Sent) -> BatchAnswer {
        self.state.clock.set(self.now);
        let answer = answer(&post_batch(self.router, &self.phone.till, sent).await);
        self.judge_all(sent, &answer);
        answer
    }

    fn judge_all(&mut self, sent: &Sent, answer: &BatchAnswer) {
        assert_eq!(answer.items.len(), sent.ids.len(), "a server that works answers everything");
        for (id, item) in sent.ids.iter().zip(&answer.items) {
            let place = self.sales.iter().position(|sale| sale.id == *id).unwrap();
            self.judge(place, item);
        }
    }

    fn judge(&mut self, place: usize, item: &ItemAnswer) {
        let told = settled(item, 0).unwrap_or_else(|| panic!("no final answer: {item:?}"));
        let sale = &self.sales[place];
        if let Some(first) = &sale.told {
            assert_eq!(&told, first, "sale {} was told something else before", sale.counter);
        } else {
            self.explain(sale, &told);
        }
        if item.replayed {
            self.tally.replayed += 1;
        }
        let counted = match (told.verdict, told.code.as_deref()) {
            _ if sale.told.is_some() => None,
            (Verdict::Accepted, _) => Some(&mut self.tally.accepted),
            (_, Some("CLOCK_SUSPECT")) => Some(&mut self.tally.clock_suspect),
            (_, Some("CHAIN_GAP")) => Some(&mut self.tally.chain_gap),
            (_, Some("QR_REPLAY")) => Some(&mut self.tally.qr_replay),
            (_, Some("QR_STALE")) => Some(&mut self.tally.qr_stale),
            (_, Some("TOO_OLD")) => Some(&mut self.tally.too_old),
            _ => None,
        };
        if let Some(count) = counted {
            *count += 1;
        }
        let sale = &mut self.sales[place];
        sale.told = Some(told);
        if let Some(purchase) = &item.purchase {
            sale.fresh += u32::from(!item.replayed);
            sale.purchase = Some(purchase.clone());
        }
    }

    /// An answer is honest when what it says did happen; and what counts for nothing had a reason.
    fn explain(&self, sale: &Sale, told: &Settled) {
        let age_ms = self.now.since(sale.basket.confirmed_at);
        let jumped = self.jumped(sale);
        let shared = self.sales.iter().any(|other| other.id != sale.id && other.basket.code == sale.basket.code && other.told.is_some());
        let gap = self.sales.iter().any(|before| before.counter == sale.counter - 1 && before.lost);
        let why = format!(
            "sale {} of {:?}, {} h old: jumped {jumped}, code shared {shared}, gap {gap}, told {told:?}",
            sale.counter,
            sale.basket,
            age_ms as f64 / HOUR_MS as f64
        );
        let honest = match (told.verdict, told.code.as_deref()) {
            (Verdict::Accepted, None) => age_ms <= QUEUE_AGE_MAX_MS + TRAVEL_MS || jumped,
            (Verdict::Held, Some("CLOCK_SUSPECT")) => jumped,
            (Verdict::Held, Some("CHAIN_GAP")) => gap,
            (Verdict::Refused, Some("QR_REPLAY")) => shared,
            (Verdict::Refused, Some("QR_STALE")) => jumped,
            (Verdict::Refused, Some("TOO_OLD")) => age_ms > QUEUE_AGE_MAX_MS - TRAVEL_MS || jumped,
            _ => false,
        };
        assert!(honest, "not honest: {why}");
        if !jumped && !shared && !gap && age_ms < QUEUE_AGE_MAX_MS - TRAVEL_MS {
            assert_eq!(told.verdict, Verdict::Accepted, "nothing happened to it: {why}");
        }
    }

    /// The network is there, and nothing fails any more.
    async fn come_to_rest(&mut self) {
        self.away_since = None;
        for (_, sent) in std::mem::take(&mut self.delayed) {
            self.deliver(&sent).await;
        }
        for _ in 0..2 {
            let sent = self.phone.batch(self.now);
            let answer = self.deliver(&sent).await;
            self.hear(&sent, &answer);
        }
    }

    async fn books_are_right(&self) {
        for entry in &self.phone.disk.entries {
            let sale = self.sales.iter().find(|sale| sale.id == entry.id).unwrap();
            let told = entry.settled.clone().map(|settled| Settled { at_ms: 0, ..settled });
            assert!(told.is_some(), "sale {} is lost", sale.counter);
            assert_eq!(told, sale.told, "the phone wrote down something else of sale {}", sale.counter);
        }
        let kept = self.sales.iter().filter(|sale| !sale.lost).count();
        assert_eq!(self.phone.disk.entries.len(), kept);

        let mut rows: Vec<(String, String, Option<String>)> =
            self.state.db.read().await.unwrap().query(PURCHASES).bind(self.phone.till.shop).all().await.unwrap();
        let mut expected: Vec<(String, String, Option<String>)> = self
            .sales
            .iter()
            .filter_map(|sale| match sale.told.as_ref()?.verdict {
                Verdict::Accepted => Some((sale.id.to_string(), "accepted".to_owned(), None)),
                Verdict::Held => Some((sale.id.to_string(), "held".to_owned(), sale.told.as_ref()?.code.clone())),
                Verdict::Refused => None,
            })
            .collect();
        rows.sort();
        expected.sort();
        assert_eq!(rows, expected, "a purchase for each sale that was answered with one, and no other");
        assert!(self.sales.iter().all(|sale| sale.fresh == u32::from(sale.purchase.is_some())), "a sale is new once");

        for (card, consumer) in self.phone.till.cards.iter().enumerate() {
            let accepted = self
                .sales
                .iter()
                .filter(|sale| sale.card == card && sale.told.as_ref().is_some_and(|told| told.verdict == Verdict::Accepted));
            let gain = accepted
                .filter_map(|sale| sale.purchase.as_ref())
                .map(Gain::of)
                .fold(Gain::default(), |sum, gain| sum.plus(Unit::Points, gain.points).plus(Unit::Stamps, gain.stamps));
            let (points, stamps, rewards) = wallets(self.state, *consumer).await;
            assert_eq!((points, stamps + 7 * rewards), (gain.points, gain.stamps), "the wallet of card {card}");
        }

        self.state.clock.set(self.now);
        let sent = self.phone.seal(vec![], vec![], self.now);
        let known = answer(&post_batch(self.router, &self.phone.till, &sent).await).known;
        let arrived: Vec<i64> = self.sales.iter().filter(|sale| sale.told.is_some()).map(|sale| sale.counter).collect();
        let last = arrived.iter().copied().max().unwrap_or(0);
        assert_eq!(known.last_counter, last);
        let lost = |n: &i64| self.sales.iter().any(|sale| sale.counter == *n && sale.lost);
        assert!(known.missing.iter().all(lost), "only what the disk lost is missing: {:?}", known.missing);
    }

    /// The clock was always equally wrong, the disk kept everything, and all arrived in time.
    fn nothing_happened(&self) -> bool {
        self.clocks.len() == 1
            && !self
                .sales
                .iter()
                .any(|sale| sale.lost || matches!(sale.told.as_ref().and_then(|told| told.code.as_deref()), Some("TOO_OLD")))
    }

    /// The same sales, each posted when it was made, by another phone of another shop.
    async fn equals_an_online_twin(&mut self, number: u32) {
        let twin = Phone::open(self.state, number, 0).await;
        for sale in &self.sales {
            // The code of the same half minute of the twin's card; it tells a photo of a used code from a new one.
            let first = self
                .sales
                .iter()
                .find(|other| other.basket.code == sale.basket.code)
                .map_or(sale.basket.scanned_at, |first| first.basket.scanned_at);
            let code = code_at(self.state, twin.till.cards[sale.card], first).await;
            let mut capture = twin.capture(sale.id, &Basket { code, offline: false, ..sale.basket.clone() });
            capture.counter = sale.counter;
            self.state.clock.set(sale.basket.confirmed_at);
            let told = post_one(self.router, &twin.till, &capture).await;
            let expected = if sale.purchase.is_some() { StatusCode::CREATED } else { StatusCode::CONFLICT };
            assert_eq!(told.status, expected, "the twin of sale {}: {}", sale.counter, String::from_utf8_lossy(&told.bytes));
        }
        assert_eq!(
            all_wallets(self.state, &self.phone.till).await,
            all_wallets(self.state, &twin.till).await,
            "the online twin has other balances"
        );
        self.tally.twins += 1;
    }
}

/// Points, stamps of the card that is not full, rewards.
async fn wallets(state: &ApiState, consumer: ConsumerId) -> (i64, i64, i64) {
    let mut tx = state.db.read().await.unwrap();
    let balances = loyalty::card::balances(&mut tx, &Actor::System, consumer).await.unwrap();
    let rewards = loyalty::reward::of_consumer(&mut tx, &Actor::System, consumer).await.unwrap();
    let sum = |unit| balances.iter().filter(|balance| balance.unit == unit).map(|balance| balance.available).sum();
    assert!(balances.iter().all(|balance| balance.debt == 0 && balance.pending == 0));
    (sum(Unit::Points), sum(Unit::Stamps), i64::try_from(rewards.len()).unwrap())
}

async fn all_wallets(state: &ApiState, till: &Till) -> Vec<(i64, i64, i64)> {
    let mut all = Vec::new();
    for card in till.cards {
        all.push(wallets(state, card).await);
    }
    all
}

sql! {
    PURCHASES: "SELECT source_key, status, reason FROM purchase WHERE shop_id = $1";
}

/// Every so many-th seed, with a clock of its own; the first that fails is named.
async fn lane(state: ApiState, router: Router, first: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in (first..SEEDS).step_by(usize::try_from(LANES).unwrap()) {
        let script = AssertUnwindSafe(async { Script::new(&state, &router, seed).await.run(seed).await });
        tally = tally.plus(script.catch_unwind().await.unwrap_or_else(|_| panic!("seed {seed} failed")));
    }
    tally
}

db::both_databases! {
    async fn whatever_happens_to_a_phone_no_sale_is_lost_or_doubled(db: &Db) {
        let world = Arc::new(market(db).await);
        let mut lanes = JoinSet::new();
        for first in 0..LANES {
            let state = ApiState { clock: Clock::controlled(NOW), ..world.state.clone() };
            let router = api::router(state.clone());
            lanes.spawn(lane(state, router, first));
        }
        let tally = lanes.join_all().await.into_iter().fold(Tally::default(), Tally::plus);

        let report = loyalty::verify::verify(db).await.unwrap();
        assert!(report.clean(), "{report:?}");
        println!("{tally:?}");
        let each = [tally.accepted, tally.clock_suspect, tally.chain_gap, tally.qr_replay, tally.qr_stale, tally.too_old, tally.replayed];
        assert!(each.iter().all(|count| *count >= 10) && tally.twins >= 200, "the script misses something: {tally:?}");
    }
}
