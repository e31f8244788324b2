//! A shop that had no network for two days, and its twin that always had: the same ledgers in the end.

use db::{Engine, sql, testing::TestDb};
use loyalty::{card, settle, verify};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};
use shared::{
    CampaignId, ConsumerId, Timestamp,
    loyalty::{
        CampaignRules, Capture, NewReward, RuleKind,
        campaign::{Basis, Cap, CapScope, OnExceed, Threshold, Unit},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

use crate::world::{COLA, GALLETA, NOW, PAN, World, phone};

const SEEDS: u64 = 3;
const NEIGHBOURS: u32 = 6;
const AWAY_MS: i64 = 2 * DAY_MS;

sql! {
    /// Of each sale's points what became of them, by the time of the sale: what a late one gives is available at once when
    /// its waiting time is over, and a reward is issued when the sale that fills the card arrives.
    ENTRIES: "SELECT e.consumer_id, e.campaign_id, e.kind, e.amount, p.purchased_at
              FROM ledger_entry e JOIN lot l ON l.id = e.lot_id JOIN purchase p ON p.id = l.purchase_id WHERE e.kind <> 'ACTIVATE'";

    ACCOUNTS: "SELECT consumer_id, campaign_id, available, pending, reserved, debt FROM wallet";

    STATES: "SELECT consumer_id, purchased_at, status, reason FROM purchase";

    LOTS: "SELECT available_at, expires_at, awarded, remaining FROM lot";
}

/// What one buys, and how long after the neighbour before.
struct Sale {
    after_ms: i64,
    who: usize,
    lines: Vec<(&'static str, i64, Option<i64>)>,
}

fn sales(seed: u64) -> Vec<Sale> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut sales = Vec::new();
    let mut rest = AWAY_MS;
    loop {
        // Some come twice within the two minutes after which the same basket is no longer suspicious.
        let after_ms = random.random_range(20 * SECOND_MS..70 * MINUTE_MS);
        rest -= after_ms;
        if rest <= 0 {
            return sales;
        }
        let mut lines = Vec::new();
        for (code, most) in [(COLA, 5), (GALLETA, 4), (PAN, 2)] {
            let quantity = random.random_range(0..=most);
            if quantity > 0 {
                lines.push((code, quantity, random.random_bool(0.2).then(|| random.random_range(900..3_000) * 100)));
            }
        }
        if !lines.is_empty() {
            sales.push(Sale { after_ms, who: random.random_range(0..NEIGHBOURS as usize), lines });
        }
    }
}

/// A shop, its neighbours and what its brand promises.
struct Shop {
    world: World,
    campaigns: Vec<CampaignId>,
    people: Vec<ConsumerId>,
}

impl Shop {
    async fn open(test: &TestDb) -> Self {
        let world = World::new(test.db()).await;
        let (full, few) = (world.reward(Some(100)).await, world.reward(Some(4)).await);
        let once = {
            let mut tx = world.db.begin().await.unwrap();
            let mut new: NewReward = serde_json::from_value(serde_json::json!({
                "brand_id": world.brand, "name": "Vaso", "category": "gift", "unit_cost_minor": 300_000, "handling_fee_minor": 10_000, "currency": "COP",
            }))
            .unwrap();
            (new.stock, new.max_per_consumer) = (Some(100), Some(1));
            let id = loyalty::reward::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
            tx.commit().await.unwrap();
            id
        };
        let caps = |caps: &[(CapScope, i64, OnExceed)]| {
            caps.iter().map(|(scope, max, on_exceed)| Cap { scope: *scope, max: *max, on_exceed: *on_exceed }).collect()
        };
        let units = RuleKind::PerUnit { units: 1, points: 7 };
        let stamp = RuleKind::PerUnit { units: 1, points: 1 };
        let value = RuleKind::PerAmount { step_minor: 50_000, points: 1, basis: Basis::Purchase };
        let rows = [
            CampaignRules {
                exclusive_group: Some("puntos".into()),
                valid_days: Some(1),
                caps: caps(&[(CapScope::ConsumerDay, 60, OnExceed::Truncate), (CapScope::Campaign, 900, OnExceed::Reject)]),
                ..world.rules(Unit::Points, units)
            },
            CampaignRules { exclusive_group: Some("puntos".into()), hold_days: 1, ..world.rules(Unit::Points, value) },
            CampaignRules { threshold: Some(Threshold { need: 6, reward_id: full }), ..world.rules(Unit::Stamps, stamp.clone()) },
            CampaignRules { threshold: Some(Threshold { need: 9, reward_id: few }), ..world.rules(Unit::Stamps, stamp.clone()) },
            CampaignRules { threshold: Some(Threshold { need: 5, reward_id: once }), ..world.rules(Unit::Stamps, stamp) },
        ];
        let mut campaigns = Vec::new();
        for (place, rules) in rows.into_iter().enumerate() {
            campaigns.push(world.publish(CampaignRules { priority: place as i64 + 1, ..rules }).await);
        }
        let mut people = vec![world.consumer];
        for last in 1..NEIGHBOURS {
            let mut tx = world.db.begin().await.unwrap();
            let new = identity::consumer::NewConsumer {
                name: Some("Vecina".into()),
                adult: true,
                shop: Some(world.shop),
                consents: vec![card_consent()],
            };
            people.push(card::sign_up(&mut tx, &world.loyalty, NOW, &phone(20 + last), &new).await.unwrap().0);
            tx.commit().await.unwrap();
        }
        Self { world, campaigns, people }
    }

    /// The ledger, what became of each sale and of each lot: who and which by their places, because ids differ.
    async fn seen(&self, now: Timestamp) -> Seen {
        for consumer in &self.people {
            settle::consumer(&self.world.db, &self.world.loyalty, *consumer, now).await.unwrap();
        }
        let mut tx = self.world.db.read().await.unwrap();
        let who = |id: ConsumerId| self.people.iter().position(|known| *known == id).unwrap();
        let which = |id: CampaignId| self.campaigns.iter().position(|known| *known == id).unwrap();
        let rows: Vec<(ConsumerId, CampaignId, String, i64, Timestamp)> = tx.query(ENTRIES).all().await.unwrap();
        let mut entries: Vec<Entry> =
            rows.into_iter().map(|(consumer, campaign, kind, amount, at)| (at, who(consumer), which(campaign), kind, amount)).collect();
        entries.sort();
        let rows: Vec<(ConsumerId, Timestamp, String, Option<String>)> = tx.query(STATES).all().await.unwrap();
        let mut sales: Vec<_> = rows.into_iter().map(|(consumer, at, status, reason)| (at, who(consumer), status, reason)).collect();
        sales.sort();
        let mut lots: Vec<(Timestamp, Timestamp, i64, i64)> = tx.query(LOTS).all().await.unwrap();
        lots.sort();
        let rows: Vec<(ConsumerId, Option<CampaignId>, i64, i64, i64, i64)> = tx.query(ACCOUNTS).all().await.unwrap();
        let mut wallets: Vec<_> = rows
            .into_iter()
            .map(|(consumer, campaign, available, pending, reserved, debt)| {
                (who(consumer), campaign.map(which), [available, pending, reserved, debt])
            })
            .collect();
        wallets.sort();
        Seen { entries, sales, lots, wallets }
    }
}

/// Of which sale, whose, of which campaign, of what kind, how much.
type Entry = (Timestamp, usize, usize, String, i64);

#[derive(Debug, PartialEq)]
struct Seen {
    entries: Vec<Entry>,
    sales: Vec<(Timestamp, usize, String, Option<String>)>,
    lots: Vec<(Timestamp, Timestamp, i64, i64)>,
    wallets: Vec<(usize, Option<usize>, [i64; 4])>,
}

/// What either has that the other has not.
fn only<'a, T: PartialEq>(one: &'a [T], other: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
    const SHOWN: usize = 5;
    let missing = |of: &'a [T], from: &[T]| of.iter().filter(|it| !from.contains(it)).take(SHOWN).collect();
    (missing(one, other), missing(other, one))
}

fn card_consent() -> identity::consent::Decision {
    identity::consent::Decision::for_the_card("co", "web", "Android")
}

async fn what_a_shop_kept_for_two_days_gives_what_it_would_have_given(engine: Engine) {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..SEEDS {
        let (Some(first), Some(second)) = (TestDb::open(engine).await, TestDb::open(engine).await) else {
            return;
        };
        let (online, offline) = (Shop::open(&first).await, Shop::open(&second).await);
        let (mut at, mut kept): (Timestamp, Vec<Capture>) = (NOW.plus_ms(HOUR_MS), Vec::new());
        for sale in sales(seed) {
            at = at.plus_ms(sale.after_ms);
            let capture = online.world.capture(online.people[sale.who], at, &sale.lines).await;
            online.world.post(at, &capture).await.unwrap();
            let mut capture = offline.world.capture(offline.people[sale.who], at, &sale.lines).await;
            capture.offline = true;
            // Late sales follow one another.
            if let Some(before) = kept.last() {
                capture.previous_sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(before.canonical_bytes()));
            }
            kept.push(capture);
        }
        let back = NOW.plus_ms(HOUR_MS + AWAY_MS + MINUTE_MS);
        for capture in &kept {
            offline.world.post(back, capture).await.unwrap();
            let (_, replayed) = offline.world.post(back, capture).await.unwrap();
            assert!(replayed);
        }

        for later in [0, 3 * DAY_MS] {
            let (one, other) = (online.seen(back.plus_ms(later)).await, offline.seen(back.plus_ms(later)).await);
            assert_eq!(only(&one.sales, &other.sales), (vec![], vec![]), "seed {seed}");
            assert_eq!(only(&one.entries, &other.entries), (vec![], vec![]), "seed {seed}");
            assert_eq!(one, other, "seed {seed}");
            kinds.extend(one.entries.into_iter().map(|entry| entry.3));
        }
        for shop in [&online, &offline] {
            let report = verify::verify(&shop.world.db).await.unwrap();
            assert!(report.clean(), "{report:?}");
        }
        first.close().await;
        second.close().await;
    }
    for kind in ["EARN", "EXPIRE", "REWARD_ISSUE"] {
        assert!(kinds.contains(kind), "no life of these has a {kind}: {kinds:?}");
    }
}

crate::lives::on_both!(what_a_shop_kept_for_two_days_gives_what_it_would_have_given);
