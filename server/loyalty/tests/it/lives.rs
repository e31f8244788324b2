//! Random lives of a consumer: whatever was written may arrive again, campaigns may stand in any order, and what all
//! comes back from leaves nothing.

use db::{Engine, testing::TestDb};
use identity::Actor;
use loyalty::{Error, card, catalogue, purchase, reward, settle, shop};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{
    PurchaseId, RewardId, RewardInstanceId, Timestamp,
    loyalty::{
        AllLines, CampaignRules, ImportPurchase, NewDelivery, NewReservation, NewReturn, NewReward, PurchaseAnswer, PurchaseStatus,
        ReturnedLine, ReturnedLines, RewardStatus, RuleKind,
        campaign::{Basis, Cap, CapScope, OnExceed, Threshold, Unit},
    },
    time::{DAY_MS, MINUTE_MS},
};
use uuid::Uuid;

use crate::world::{COLA, GALLETA, NOW, World, gtin, line, sale};

const SEEDS: u64 = 6;
const STEPS: usize = 36;

/// What happens, decided before anything does: the same life can be lived in two worlds.
#[derive(Debug, Clone, Copy)]
enum Step {
    Buy {
        colas: i64,
        galletas: i64,
    },
    /// So many colas of one of her purchases, or all of it.
    Return {
        which: usize,
        colas: Option<i64>,
    },
    Reserve,
    Release {
        which: usize,
    },
    Deliver {
        which: usize,
    },
    Undo {
        which: usize,
    },
}

/// A life: each step some time after the one before.
fn life(seed: u64) -> Vec<(i64, Step)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut steps = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        let which = random.random_range(0..STEPS);
        let step = match random.random_range(0..20) {
            0..=7 => Step::Buy { colas: random.random_range(1..6), galletas: random.random_range(0..4) },
            8..=10 => Step::Return { which, colas: random.random_bool(0.6).then(|| random.random_range(1..4)) },
            11..=13 => Step::Reserve,
            14 => Step::Release { which },
            15..=17 => Step::Deliver { which },
            _ => Step::Undo { which },
        };
        // Beyond the two minutes within which the same basket would be held.
        steps.push((random.random_range(3 * MINUTE_MS..DAY_MS), step));
    }
    steps
}

/// Somebody who lives it, and everything that she ever sent.
struct Living {
    world: World,
    gift: RewardId,
    now: Timestamp,
    bought: Vec<(ImportPurchase, PurchaseId)>,
    returned: Vec<(PurchaseId, NewReturn)>,
    handed_over: i64,
}

/// Everything of hers that anybody can see.
#[derive(Debug, PartialEq)]
struct Seen {
    wallets: Vec<(bool, [i64; 4])>,
    totals: Vec<(String, i64)>,
    rewards: Vec<RewardStatus>,
    owed_minor: i64,
}

impl Living {
    async fn begin(test: &TestDb, backwards: bool) -> Self {
        let world = World::new(test.db()).await;
        let full = world.reward(Some(3)).await;
        let particular = |new: &mut NewReward| {
            (new.unit_cost_minor, new.handling_fee_minor, new.stock) = (400_000, 30_000, Some(8));
            (new.cost, new.reserve_minutes) = (Some(25), Some(3 * 24 * 60));
        };
        let gift = world.reward_with(particular).await;
        let ends = "2026-12-31".parse().unwrap();
        let units = CampaignRules {
            priority: 1,
            ends,
            exclusive_group: Some("puntos".into()),
            valid_days: Some(9),
            caps: vec![Cap { scope: CapScope::ConsumerDay, max: 40, on_exceed: OnExceed::Truncate }],
            ..world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 7 })
        };
        let value = CampaignRules {
            priority: 2,
            ends,
            exclusive_group: Some("puntos".into()),
            hold_days: 1,
            ..world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 50_000, points: 1, basis: Basis::Purchase })
        };
        let stamps = CampaignRules {
            priority: 3,
            ends,
            threshold: Some(Threshold { need: 6, reward_id: full }),
            ..world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 })
        };
        let mut rows = vec![units, value, stamps];
        if backwards {
            rows.reverse();
        }
        for rules in rows {
            world.publish(rules).await;
        }
        Self { world, gift, now: NOW, bought: Vec::new(), returned: Vec::new(), handed_over: 0 }
    }

    async fn sends(&self, sale: &ImportPurchase) -> (PurchaseAnswer, bool) {
        let mut tx = self.world.db.begin().await.unwrap();
        let bytes = serde_json::to_vec(sale).unwrap();
        let outcome = purchase::import(&mut tx, &self.world.loyalty, &self.world.till(), self.now, sale, &bytes).await.unwrap();
        tx.commit().await.unwrap();
        (serde_json::from_slice(&outcome.bytes).unwrap(), outcome.replayed)
    }

    async fn gives_back(&self, purchase: PurchaseId, new: &NewReturn) -> Result<(), Error> {
        let mut tx = self.world.db.begin().await?;
        purchase::give_back(&mut tx, &self.world.loyalty, &self.world.tendero, self.now, purchase, new).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn does(&mut self, after: i64, step: Step) {
        self.now = self.now.plus_ms(after);
        let world = &self.world;
        match step {
            Step::Buy { colas, galletas } => {
                let lines = [(COLA, colas), (GALLETA, galletas)]
                    .into_iter()
                    .filter(|(_, quantity)| *quantity > 0)
                    .map(|(code, quantity)| line(code, quantity))
                    .collect();
                let sale = sale(format!("ticket-{}", self.bought.len()), world.shop, world.consumer, self.now, lines);
                let (answer, replayed) = self.sends(&sale).await;
                assert_eq!((answer.status, replayed), (PurchaseStatus::Accepted, false));
                self.bought.push((sale, answer.purchase_id));
            }
            Step::Return { which, colas } if !self.bought.is_empty() => {
                let lines = colas.map_or(ReturnedLines::All(AllLines::All), |quantity| {
                    ReturnedLines::Some(vec![ReturnedLine { gtin: gtin(COLA), quantity }])
                });
                let id = Uuid::from_u128(u128::try_from(self.returned.len()).unwrap() + 1);
                let (purchase, new) =
                    (self.bought[which % self.bought.len()].1, NewReturn { return_id: Some(id), lines, reason: Some("No era".into()) });
                match self.gives_back(purchase, &new).await {
                    Ok(()) => self.returned.push((purchase, new)),
                    Err(Error::ReturnExceedsPurchase) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            Step::Reserve => {
                let mut tx = world.db.begin().await.unwrap();
                match catalogue::reserve(
                    &mut tx,
                    &world.loyalty,
                    &world.ana,
                    self.now,
                    &NewReservation { reward_id: self.gift, consumer_id: None },
                )
                .await
                {
                    Ok(_) => tx.commit().await.unwrap(),
                    Err(Error::InDebt | Error::OutOfStock | Error::Insufficient) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            Step::Release { which } => {
                if let Some(id) = self.one_of(which, RewardStatus::Reserved).await.map(|(id, _)| id) {
                    let mut tx = self.world.db.begin().await.unwrap();
                    catalogue::release(&mut tx, &self.world.loyalty, &self.world.ana, self.now, id).await.unwrap();
                    tx.commit().await.unwrap();
                }
            }
            Step::Deliver { which } => {
                let status = if which % 2 == 0 { RewardStatus::Reserved } else { RewardStatus::Issued };
                if let Some((_, Some(code))) = self.one_of(which, status).await {
                    let mut tx = self.world.db.begin().await.unwrap();
                    let delivery =
                        reward::deliver(&mut tx, &self.world.loyalty, &self.world.tendero, self.now, &NewDelivery { code, shop_id: None })
                            .await
                            .unwrap();
                    tx.commit().await.unwrap();
                    self.handed_over += delivery.owed_minor;
                }
            }
            Step::Undo { which } => {
                if let Some((id, _)) = self.one_of(which, RewardStatus::Delivered).await {
                    let before = self.owed().await;
                    let mut tx = self.world.db.begin().await.unwrap();
                    reward::undo_delivery(&mut tx, &self.world.loyalty, &self.world.tendero, self.now, id).await.unwrap();
                    tx.commit().await.unwrap();
                    self.handed_over -= before - self.owed().await;
                }
            }
            Step::Return { .. } => {}
        }
    }

    /// One of her rewards in that state, by the order in which she got them.
    async fn one_of(&self, which: usize, status: RewardStatus) -> Option<(RewardInstanceId, Option<String>)> {
        settle::consumer(&self.world.db, &self.world.loyalty, self.world.consumer, self.now).await.unwrap();
        let all = reward::of_consumer(&mut self.world.db.read().await.unwrap(), &self.world.ana, self.world.consumer).await.unwrap();
        let fitting: Vec<_> = all.into_iter().filter(|given| given.status == status).collect();
        fitting.get(which.checked_rem(fitting.len())?).map(|given| (given.id, given.code.clone()))
    }

    async fn owed(&self) -> i64 {
        let payables =
            shop::payables_of_shop(&mut self.world.db.read().await.unwrap(), &Actor::System, self.world.shop, self.now).await.unwrap();
        payables.into_iter().map(|payable| payable.amount_minor).sum()
    }

    async fn seen(&self) -> Seen {
        settle::consumer(&self.world.db, &self.world.loyalty, self.world.consumer, self.now).await.unwrap();
        let mut tx = self.world.db.read().await.unwrap();
        let balances = card::balances(&mut tx, &self.world.ana, self.world.consumer).await.unwrap();
        let mut wallets: Vec<_> =
            balances.iter().map(|one| (one.unit == Unit::Stamps, [one.available, one.pending, one.reserved, one.debt])).collect();
        wallets.sort_unstable();
        let mut totals: Vec<_> =
            shop::ledger_totals(&mut tx, &Actor::System).await.unwrap().into_iter().map(|total| (total.kind, total.amount)).collect();
        totals.sort_unstable();
        let rewards = reward::of_consumer(&mut tx, &self.world.ana, self.world.consumer)
            .await
            .unwrap()
            .into_iter()
            .map(|given| given.status)
            .collect();
        drop(tx);
        Seen { wallets, totals, rewards, owed_minor: self.owed().await }
    }

    /// Everything that was ever sent is sent once more.
    async fn sends_all_again(&self) {
        for (sale, purchase) in &self.bought {
            let (answer, replayed) = self.sends(sale).await;
            assert_eq!((answer.purchase_id, replayed), (*purchase, true));
        }
        for (purchase, new) in &self.returned {
            self.gives_back(*purchase, new).await.unwrap();
        }
    }
}

async fn what_arrives_again_changes_nothing(engine: Engine) {
    for seed in 0..SEEDS {
        let (Some(once), Some(often)) = (TestDb::open(engine).await, TestDb::open(engine).await) else {
            return;
        };
        let (mut one, mut other) = (Living::begin(&once, false).await, Living::begin(&often, false).await);
        for (place, (after, step)) in life(seed).into_iter().enumerate() {
            one.does(after, step).await;
            other.does(after, step).await;
            if place % 5 == 4 {
                let before = other.seen().await;
                other.sends_all_again().await;
                assert_eq!(other.seen().await, before, "seed {seed}, after step {place}");
            }
        }
        assert_eq!(one.seen().await, other.seen().await, "seed {seed}");
        other.world.clean().await;
        once.close().await;
        often.close().await;
    }
}

async fn the_order_of_campaigns_does_not_matter(engine: Engine) {
    for seed in 100..100 + SEEDS {
        let (Some(forwards), Some(backwards)) = (TestDb::open(engine).await, TestDb::open(engine).await) else {
            return;
        };
        let (mut one, mut other) = (Living::begin(&forwards, false).await, Living::begin(&backwards, true).await);
        for (after, step) in life(seed) {
            one.does(after, step).await;
            other.does(after, step).await;
            assert_eq!(one.seen().await, other.seen().await, "seed {seed}, {step:?}");
        }
        forwards.close().await;
        backwards.close().await;
    }
}

async fn what_all_comes_back_from_leaves_nothing(engine: Engine) {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 200..200 + SEEDS {
        let Some(test) = TestDb::open(engine).await else {
            return;
        };
        let mut one = Living::begin(&test, false).await;
        for (after, step) in life(seed) {
            one.does(after, step).await;
            assert_eq!(one.owed().await, one.handed_over, "what is owed is what was handed over: seed {seed}, {step:?}");
        }
        // What is held comes back first.
        while let Some((id, _)) = one.one_of(0, RewardStatus::Reserved).await {
            let mut tx = one.world.db.begin().await.unwrap();
            catalogue::release(&mut tx, &one.world.loyalty, &one.world.ana, one.now, id).await.unwrap();
            tx.commit().await.unwrap();
        }
        for (place, (_, purchase)) in one.bought.clone().into_iter().enumerate() {
            let new = NewReturn {
                return_id: Some(Uuid::from_u128(1_000 + place as u128)),
                lines: ReturnedLines::All(AllLines::All),
                reason: Some("Todo".into()),
            };
            match one.gives_back(purchase, &new).await {
                Ok(()) | Err(Error::ReturnExceedsPurchase) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let seen = one.seen().await;
        for (stamps, [available, pending, reserved, debt]) in &seen.wallets {
            assert_eq!((*available, *pending, *reserved), (0, 0, 0), "seed {seed}, stamps {stamps}");
            let spent = seen.rewards.contains(&RewardStatus::Delivered);
            // Points that a return looked for in vain while they were held may have expired when they came back.
            let expired: i64 = seen.totals.iter().filter(|(kind, _)| kind == "EXPIRE").map(|(_, amount)| *amount).sum();
            assert!(spent || *debt <= expired, "a debt of {debt} without anything that was handed over or expired: seed {seed}");
        }
        assert!(!seen.rewards.contains(&RewardStatus::Issued), "a reward that nobody paid for: seed {seed}");
        kinds.extend(seen.totals.into_iter().filter(|(_, amount)| *amount > 0).map(|(kind, _)| kind));
        one.world.clean().await;
        test.close().await;
    }
    for kind in ["ACTIVATE", "DEBT", "EARN", "EXPIRE", "REFUND", "RELEASE", "RESERVE", "REVERSE", "REWARD_CANCEL", "REWARD_ISSUE", "SPEND"]
    {
        assert!(kinds.contains(kind), "no life of these has a {kind}: {kinds:?}");
    }
}

macro_rules! on_both {
    ($($name:ident),+) => { $(
        mod $name {
            use db::Engine;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        }
    )+ };
}
pub(crate) use on_both;

on_both!(what_arrives_again_changes_nothing, the_order_of_campaigns_does_not_matter, what_all_comes_back_from_leaves_nothing);
