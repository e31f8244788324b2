//! The last reward, and everybody who wants it at once: a hundred races, each from its seed.

use db::{Config, Db, Engine, sql, testing::TestDb};
use futures::future::{BoxFuture, FutureExt, join_all};
use identity::Actor;
use loyalty::{Error, Loyalty, catalogue, purchase, reward};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use shared::{
    ConsumerId, RewardId, Timestamp,
    loyalty::{
        CampaignRules, NewDelivery, NewReservation, PurchaseAnswer, RewardInstance, RewardStatus, RuleKind,
        campaign::{Threshold, Unit},
    },
    time::MINUTE_MS,
};

use crate::world::{COLA, GALLETA, NOW, World, keys, line, sale};

const SEEDS: u64 = 100;
/// What a card needs, and what the catalogue asks for.
const NEED: i64 = 2;

sql! {
    RESTOCK: "UPDATE reward_stock SET units_left = units_left + 1 WHERE reward_id = $1";

    FIRST_STOCK: "UPDATE reward SET stock_initial = stock_initial + 1 WHERE id = $1";

    LEFT: "SELECT units_left FROM reward_stock WHERE reward_id = $1";

    GIVEN: "SELECT COUNT(*) FROM reward_instance WHERE reward_id = $1 AND status NOT IN ('lapsed', 'cancelled')";
}

/// How somebody tries to get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Her purchase fills a card.
    Card,
    /// She chooses it in the catalogue.
    Catalogue,
}

/// One counter or telephone: a connection of its own with rules of its own.
#[derive(Clone)]
struct Place {
    db: Db,
    loyalty: Loyalty,
}

struct Race {
    world: World,
    places: Vec<Place>,
    reward: RewardId,
}

impl Race {
    /// A reward that a full card of colas gives, and that points for biscuits buy; none of it is there yet.
    async fn begin(test: &TestDb) -> Self {
        let world = World::new(test.db()).await;
        let reward = world.reward_with(|new| (new.stock, new.cost, new.reserve_minutes) = (Some(0), Some(NEED), Some(10))).await;
        let one_each = RuleKind::PerUnit { units: 1, points: 1 };
        let colas = CampaignRules {
            threshold: Some(Threshold { need: NEED, reward_id: reward }),
            products: vec![world.cola],
            ..world.rules(Unit::Stamps, one_each.clone())
        };
        world.publish(colas).await;
        world.publish(CampaignRules { products: vec![world.galleta], ..world.rules(Unit::Points, one_each) }).await;
        let second = Db::open(&Config { readers: 2, pg_max_connections: 4, ..Config::new(test.url()) }).await.unwrap();
        let places = [world.db.clone(), second].map(|db| Place { db, loyalty: Loyalty::new(keys()) }).to_vec();
        Self { world, places, reward }
    }

    async fn one_more(&self) {
        let mut tx = self.world.db.begin().await.unwrap();
        for statement in [RESTOCK, FIRST_STOCK] {
            assert_eq!(tx.query(statement).bind(self.reward).execute().await.unwrap(), 1);
        }
        tx.commit().await.unwrap();
    }

    async fn number(&self, statement: db::Sql) -> i64 {
        self.world.db.read().await.unwrap().query(statement).bind(self.reward).one::<(i64,)>().await.unwrap().0
    }

    /// Whether it is hers now.
    async fn tries(&self, place: &Place, who: ConsumerId, way: Way, now: Timestamp) -> bool {
        match way {
            Way::Card => !self.buys(place, who, COLA, now).await.rewards.is_empty(),
            Way::Catalogue => match self.reserves(place, who, now).await {
                Ok(_) => true,
                Err(Error::OutOfStock) => false,
                Err(other) => panic!("{other:?}"),
            },
        }
    }

    async fn buys(&self, place: &Place, who: ConsumerId, product: &str, now: Timestamp) -> PurchaseAnswer {
        let sale = sale(format!("{who}:{product}"), self.world.shop, who, now, vec![line(product, NEED)]);
        let mut tx = place.db.begin().await.unwrap();
        let outcome = purchase::import(&mut tx, &place.loyalty, &self.world.till(), now, &sale, sale.external_id.as_bytes()).await.unwrap();
        tx.commit().await.unwrap();
        serde_json::from_slice(&outcome.bytes).unwrap()
    }

    async fn reserves(&self, place: &Place, who: ConsumerId, now: Timestamp) -> Result<RewardInstance, Error> {
        let mut tx = place.db.begin().await.unwrap();
        let new = NewReservation { reward_id: self.reward, consumer_id: Some(who) };
        let held = catalogue::reserve(&mut tx, &place.loyalty, &Actor::System, now, &new).await?;
        tx.commit().await.unwrap();
        Ok(held)
    }

    /// Hands over what she holds: nothing of this race is left for the next one.
    async fn hands_over(&self, who: ConsumerId, now: Timestamp) {
        let all = reward::of_consumer(&mut self.world.db.read().await.unwrap(), &Actor::System, who).await.unwrap();
        let held = all.into_iter().find(|given| matches!(given.status, RewardStatus::Issued | RewardStatus::Reserved)).unwrap();
        let mut tx = self.world.db.begin().await.unwrap();
        let new = NewDelivery { code: held.code.unwrap(), shop_id: None };
        reward::deliver(&mut tx, &self.world.loyalty, &self.world.tendero, now, &new).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn run(&self, seed: u64, start: Timestamp) {
        let mut random = StdRng::seed_from_u64(seed);
        let size = random.random_range(3..=5);
        let crowd = self.world.crowd(size).await;
        let mut racers: Vec<(ConsumerId, Way, usize, Timestamp)> = Vec::new();
        for who in crowd {
            let way = if random.random_bool(0.5) { Way::Card } else { Way::Catalogue };
            if way == Way::Catalogue {
                self.buys(&self.places[0], who, GALLETA, start).await;
            }
            let at = start.plus_ms(20 * MINUTE_MS + random.random_range(0..MINUTE_MS));
            racers.push((who, way, random.random_range(0..self.places.len()), at));
        }
        self.one_more().await;
        // In some races it is still written down for somebody who did not come for it in time.
        let asked = racers.iter().find(|(_, way, ..)| *way == Way::Catalogue).map(|(who, ..)| *who);
        if let Some(who) = asked.filter(|_| random.random_bool(0.4)) {
            self.reserves(&self.places[1], who, start.plus_ms(MINUTE_MS)).await.unwrap();
        }
        let before = self.number(GIVEN).await - i64::from(self.number(LEFT).await == 0);
        racers.shuffle(&mut random);
        let attempts: Vec<BoxFuture<'_, bool>> = racers
            .iter()
            .map(|(who, way, place, at)| {
                // Some hesitate: not all ask for their turn in the order of the list.
                let patience = random.random_range(0..6);
                async move {
                    for _ in 0..patience {
                        tokio::task::yield_now().await;
                    }
                    self.tries(&self.places[*place], *who, *way, *at).await
                }
                .boxed()
            })
            .collect();
        let won = join_all(attempts).await;

        let winners: Vec<ConsumerId> = racers.iter().zip(&won).filter(|(_, won)| **won).map(|((who, ..), _)| *who).collect();
        assert_eq!(winners.len(), 1, "seed {seed}: {racers:?} {won:?}");
        self.hands_over(winners[0], start.plus_ms(22 * MINUTE_MS)).await;
        loyalty::settle::everybody(&self.world.db, &self.world.loyalty, start.plus_ms(25 * MINUTE_MS)).await.unwrap();
        assert_eq!((self.number(GIVEN).await - before, self.number(LEFT).await), (1, 0), "seed {seed}");
    }
}

async fn the_last_reward_is_given_once_in_a_hundred_races(engine: Engine) {
    let Some(test) = TestDb::open(engine).await else { return };
    let race = Race::begin(&test).await;
    for seed in 0..SEEDS {
        race.run(seed, NOW.plus_ms(seed as i64 * 40 * MINUTE_MS)).await;
    }
    race.world.clean().await;
    for place in race.places {
        place.db.close().await;
    }
    test.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    the_last_reward_is_given_once_in_a_hundred_races(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    the_last_reward_is_given_once_in_a_hundred_races(Engine::Postgres).await;
}
