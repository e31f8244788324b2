//! The contract's longer ways: points that wait and expire, returns, the catalogue, reviews, claims, budgets.

use db::both_databases;
use identity::Actor;
use loyalty::{Error, campaign, card, catalogue, claim, history, purchase, reward, settle};
use shared::{
    ConsumerId, Country, RewardId, Timestamp,
    loyalty::{
        AllLines, CampaignRules, NewCampaign, NewDelivery, NewReservation, NewReturn, NewReview, PurchaseAnswer, PurchaseReturn,
        PurchaseStatus, ReturnedLine, ReturnedLines, ReviewDecision, RewardInstance, RewardStatus, RuleKind, Template,
        campaign::{Bonus, BonusWhen, Cap, CapScope, Multiplier, MultiplierWhen, OnExceed, Shortfall, Threshold, Unit},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::world::{COLA, GALLETA, NOW, World, gtin, line, sale};

/// 10 points for each unit.
fn ten_each(world: &World) -> CampaignRules {
    world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 })
}

impl World {
    async fn settled(&self, now: Timestamp) -> Vec<[i64; 4]> {
        settle::consumer(&self.db, &self.loyalty, self.consumer, now).await.unwrap();
        let balances = card::balances(&mut self.db.read().await.unwrap(), &self.ana, self.consumer).await.unwrap();
        balances.into_iter().map(|balance| [balance.available, balance.pending, balance.reserved, balance.debt]).collect()
    }

    async fn priced(&self, cost: i64, stock: Option<i64>) -> RewardId {
        self.reward_with(|new| (new.stock, new.max_per_consumer, new.cost) = (stock, Some(2), Some(cost))).await
    }

    async fn reserve(&self, reward_id: RewardId, now: Timestamp) -> Result<RewardInstance, Error> {
        let mut tx = self.db.begin().await?;
        let held = catalogue::reserve(&mut tx, &self.loyalty, &self.ana, now, &NewReservation { reward_id, consumer_id: None }).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn deliver(&self, code: &str, now: Timestamp) -> Result<shared::loyalty::Delivery, Error> {
        let mut tx = self.db.begin().await?;
        let delivery =
            reward::deliver(&mut tx, &self.loyalty, &self.tendero, now, &NewDelivery { code: code.into(), shop_id: None }).await?;
        tx.commit().await?;
        Ok(delivery)
    }

    async fn undo(&self, instance: &RewardInstance, now: Timestamp) -> Result<RewardInstance, Error> {
        let mut tx = self.db.begin().await?;
        let undone = reward::undo_delivery(&mut tx, &self.loyalty, &self.tendero, now, instance.id).await?;
        tx.commit().await?;
        Ok(undone)
    }

    async fn give_back(&self, purchase: shared::PurchaseId, lines: ReturnedLines, now: Timestamp) -> Result<PurchaseReturn, Error> {
        self.give_back_as(purchase, NewReturn { return_id: None, lines, reason: Some("Producto dañado".into()) }, now).await
    }

    async fn give_back_as(&self, purchase: shared::PurchaseId, new: NewReturn, now: Timestamp) -> Result<PurchaseReturn, Error> {
        let mut tx = self.db.begin().await?;
        let returned = purchase::give_back(&mut tx, &self.loyalty, &self.tendero, now, purchase, &new).await?;
        tx.commit().await?;
        Ok(returned)
    }

    async fn rewards(&self) -> Vec<RewardStatus> {
        reward::of_consumer(&mut self.db.read().await.unwrap(), &self.ana, self.consumer)
            .await
            .unwrap()
            .into_iter()
            .map(|given| given.status)
            .collect()
    }

    /// So many cards that nobody owns.
    pub async fn crowd(&self, size: usize) -> Vec<ConsumerId> {
        let mut tx = self.db.begin().await.unwrap();
        let mut crowd = Vec::new();
        for _ in 0..size {
            let consumer = identity::consumer::anonymous(&mut tx, NOW, Country::Co, None).await.unwrap();
            card::create(&mut tx, &self.loyalty, NOW, consumer, "printed").await.unwrap();
            crowd.push(consumer);
        }
        tx.commit().await.unwrap();
        crowd
    }

    /// A till reports so many colas of a consumer.
    pub async fn imports(&self, consumer: ConsumerId, quantity: i64) -> PurchaseAnswer {
        let mut tx = self.db.begin().await.unwrap();
        let answer = self.imports_in(&mut tx, consumer, quantity).await;
        tx.commit().await.unwrap();
        answer
    }

    async fn imports_in(&self, tx: &mut db::Tx, consumer: ConsumerId, quantity: i64) -> PurchaseAnswer {
        self.imports_of(tx, consumer, quantity, NOW).await
    }

    async fn imports_of(&self, tx: &mut db::Tx, consumer: ConsumerId, quantity: i64, purchased_at: Timestamp) -> PurchaseAnswer {
        let sale = sale(consumer.to_string(), self.shop, consumer, purchased_at, vec![line(COLA, quantity)]);
        let outcome = purchase::import(tx, &self.loyalty, &self.till(), NOW, &sale, sale.external_id.as_bytes()).await.unwrap();
        serde_json::from_slice(&outcome.bytes).unwrap()
    }

    async fn total(&self, kind: &str) -> i64 {
        let totals = loyalty::shop::ledger_totals(&mut self.db.read().await.unwrap(), &Actor::System).await.unwrap();
        totals.into_iter().find(|total| total.kind == kind).map_or(0, |total| total.amount)
    }
}

fn some(quantity: i64) -> ReturnedLines {
    ReturnedLines::Some(vec![ReturnedLine { gtin: gtin(COLA), quantity }])
}
const ALL: ReturnedLines = ReturnedLines::All(AllLines::All);

both_databases! {
    async fn points_wait_until_the_shops_day_begins_and_expire_when_theirs_ends(db: &Db) {
        let world = World::new(db).await;
        world.publish(CampaignRules { hold_days: 1, valid_days: Some(2), ..ten_each(&world) }).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let dates = |now: Timestamp| { let world = &world; async move {
            let coming = history::coming(&mut db.read().await.unwrap(), &world.ana, now, world.consumer).await.unwrap();
            coming.into_iter().map(|next| (next.activates, next.date.to_string(), next.amount)).collect::<Vec<_>>()
        }};
        assert_eq!(dates(NOW).await, [(true, "2026-03-11".to_owned(), 20)]);
        // 10 March 10:00 in Bogotá is 14 hours before the 11th begins.
        assert_eq!(world.settled(NOW.plus_ms(14 * HOUR_MS - 1)).await, [[0, 20, 0, 0]]);
        assert_eq!(world.settled(NOW.plus_ms(14 * HOUR_MS)).await, [[20, 0, 0, 0]]);
        assert_eq!(dates(NOW.plus_ms(14 * HOUR_MS)).await, [(false, "2026-03-12".to_owned(), 20)]);
        assert_eq!(world.settled(NOW.plus_ms(14 * HOUR_MS + 2 * DAY_MS - 1)).await, [[20, 0, 0, 0]]);
        assert_eq!(world.settled(NOW.plus_ms(14 * HOUR_MS + 2 * DAY_MS)).await, [[0, 0, 0, 0]]);
        assert_eq!((world.total("ACTIVATE").await, world.total("EXPIRE").await), (20, 20));
        world.clean().await;
    }

    async fn nobody_needs_to_run_for_time_to_count(db: &Db) {
        let world = World::new(db).await;
        world.publish(CampaignRules { valid_days: Some(0), ..ten_each(&world) }).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        // A day later the next purchase finds the old points gone, before it adds its own.
        let answer = world.buys(24 * 60, &[(COLA, 1, None)]).await;
        assert_eq!(answer.awards[0].balance, 10);
        assert_eq!(world.total("EXPIRE").await, 20);
        world.clean().await;
    }

    async fn a_full_card_is_given_when_its_stamps_become_active(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(Some(1)).await;
        let stamps = world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        world.publish(CampaignRules { hold_days: 1, threshold: Some(shared::loyalty::campaign::Threshold { need: 3, reward_id }), ..stamps }).await;
        world.buys(0, &[(COLA, 7, None)]).await;
        assert!(world.rewards().await.is_empty());
        assert_eq!(world.settled(NOW.plus_ms(DAY_MS)).await, [[4, 0, 0, 0]], "one in stock: the rest is kept");
        assert_eq!(world.rewards().await, [RewardStatus::Issued]);
        world.clean().await;
    }

    async fn a_reservation_lapses_by_itself_and_gives_everything_back(db: &Db) {
        let world = World::new(db).await;
        world.publish(ten_each(&world)).await;
        let termo = world.priced(15, Some(1)).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let held = world.reserve(termo, NOW).await.unwrap();
        assert_eq!((held.status, held.reserved_until), (RewardStatus::Reserved, Some(NOW.plus_ms(10 * MINUTE_MS))));
        assert!(matches!(world.reserve(termo, NOW).await, Err(Error::OutOfStock)));
        assert_eq!(world.settled(NOW.plus_ms(10 * MINUTE_MS - 1)).await, [[5, 0, 15, 0]]);
        assert!(matches!(world.deliver(held.code.as_deref().unwrap(), NOW.plus_ms(10 * MINUTE_MS)).await, Err(Error::NotDeliverable)));
        assert_eq!(world.settled(NOW.plus_ms(10 * MINUTE_MS)).await, [[20, 0, 0, 0]]);
        let mut tx = db.read().await.unwrap();
        assert_eq!(reward::get_at(&mut tx, &world.manager, NOW.plus_ms(10 * MINUTE_MS), termo).await.unwrap().stock_left, Some(1));
        drop(tx);
        assert!(matches!(world.reserve(world.priced(21, None).await, NOW).await, Err(Error::Insufficient)));
        world.clean().await;
    }

    async fn a_delivery_is_owed_once_and_taken_back_whole(db: &Db) {
        let world = World::new(db).await;
        world.publish(CampaignRules { valid_days: Some(0), ..ten_each(&world) }).await;
        let termo = world.priced(15, Some(3)).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let held = world.reserve(termo, NOW.plus_ms(MINUTE_MS)).await.unwrap();
        let code = held.code.clone().unwrap();
        let first = world.deliver(&code, NOW.plus_ms(2 * MINUTE_MS)).await.unwrap();
        let again = world.deliver(&code, NOW.plus_ms(3 * MINUTE_MS)).await.unwrap();
        assert_eq!((first.replayed, again.replayed, again.owed_total_minor), (false, true, 270_000));
        assert_eq!(world.settled(NOW.plus_ms(4 * MINUTE_MS)).await, [[5, 0, 0, 0]]);
        // Two days later its points are over: they come back and expire at once.
        let undone = world.undo(&held, NOW.plus_ms(2 * DAY_MS)).await.unwrap();
        assert_eq!(undone.status, RewardStatus::Cancelled);
        assert!(matches!(world.undo(&held, NOW.plus_ms(2 * DAY_MS)).await, Err(Error::NotDelivered)));
        assert_eq!(world.settled(NOW.plus_ms(2 * DAY_MS)).await, [[0, 0, 0, 0]]);
        assert_eq!((world.total("SPEND").await, world.total("REFUND").await, world.total("EXPIRE").await), (15, 15, 20));
        world.clean().await;
    }

    async fn a_return_is_worked_out_as_it_was_then(db: &Db) {
        let world = World::new(db).await;
        let welcome = Bonus { id: "b".into(), points: 5, when: BonusWhen { first_purchase: true } };
        world.publish(CampaignRules { bonuses: vec![welcome], ..ten_each(&world) }).await;
        let first = world.buys(0, &[(COLA, 3, None), (GALLETA, 1, None)]).await;
        assert_eq!(first.awards[0].amount, 45);
        let back = world.give_back(first.purchase_id, some(1), NOW.plus_ms(HOUR_MS)).await.unwrap();
        assert_eq!((back.reversed[0].amount, back.fully_returned), (10, false));
        assert!(matches!(world.give_back(first.purchase_id, some(3), NOW.plus_ms(HOUR_MS)).await, Err(Error::ReturnExceedsPurchase)));
        assert!(matches!(world.give_back(first.purchase_id, some(0), NOW.plus_ms(HOUR_MS)).await, Err(Error::BadQuantity(0))));
        let rest = world.give_back(first.purchase_id, ALL, NOW.plus_ms(2 * HOUR_MS)).await.unwrap();
        assert_eq!((rest.reversed[0].amount, rest.fully_returned), (35, true));
        assert!(matches!(world.give_back(first.purchase_id, ALL, NOW.plus_ms(2 * HOUR_MS)).await, Err(Error::ReturnExceedsPurchase)));
        // Nothing of the first is left: the next one is the first again.
        assert_eq!(world.buys(180, &[(COLA, 1, None)]).await.awards[0].amount, 15);
        assert_eq!(world.settled(NOW.plus_ms(4 * HOUR_MS)).await, [[15, 0, 0, 0]]);
        world.clean().await;
    }

    async fn a_sale_of_a_moment_ago_needs_no_reason_and_the_same_return_is_one(db: &Db) {
        let world = World::new(db).await;
        world.publish(ten_each(&world)).await;
        let sold = world.buys(0, &[(COLA, 3, None)]).await;
        let silent = |return_id: u128, quantity| NewReturn { return_id: Some(uuid::Uuid::from_u128(return_id)), lines: some(quantity), reason: None };
        let late = NOW.plus_ms(10 * MINUTE_MS + 1);
        assert!(matches!(world.give_back_as(sold.purchase_id, silent(1, 1), late).await, Err(Error::Field("reason"))));
        let first = world.give_back_as(sold.purchase_id, silent(2, 1), NOW.plus_ms(10 * MINUTE_MS)).await.unwrap();
        assert_eq!(world.give_back_as(sold.purchase_id, silent(2, 1), late).await.unwrap(), first);
        assert!(matches!(world.give_back_as(sold.purchase_id, silent(2, 2), late).await, Err(Error::IdempotencyConflict)));
        let shown = purchase::sold(&mut db.read().await.unwrap(), &world.tendero, sold.purchase_id).await.unwrap();
        assert_eq!((shown.returned, shown.fully_returned, shown.void_until), (vec![1], false, NOW.plus_ms(10 * MINUTE_MS)));
        assert_eq!(world.settled(late).await, [[20, 0, 0, 0]]);
        world.clean().await;
    }

    async fn what_is_spent_is_taken_from_others_then_from_a_reward_and_then_owed(db: &Db) {
        let world = World::new(db).await;
        let campaign = world.stamps(3, Some(5)).await;
        let first = world.buys(0, &[(COLA, 4, None)]).await;
        assert_eq!(first.awards[0].campaign_id, campaign);
        assert_eq!((world.rewards().await, world.available().await), (vec![RewardStatus::Issued], vec![1]));
        let back = world.give_back(first.purchase_id, some(2), NOW.plus_ms(HOUR_MS)).await.unwrap();
        assert_eq!(back.reversed[0].amount, 2);
        assert_eq!((world.rewards().await, world.available().await), (vec![RewardStatus::Cancelled], vec![2]), "one from the card, the other after the reward was undone");
        let rest = world.give_back(first.purchase_id, ALL, NOW.plus_ms(HOUR_MS)).await.unwrap();
        assert_eq!((rest.reversed[0].amount, world.available().await), (2, vec![0]));
        world.clean().await;

        // Handed over already: a debt, which the next stamps repay.
        let second = world.buys(120, &[(COLA, 3, None)]).await;
        let code = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap().into_iter().find_map(|given| given.code).unwrap();
        world.deliver(&code, NOW.plus_ms(121 * MINUTE_MS)).await.unwrap();
        world.give_back(second.purchase_id, ALL, NOW.plus_ms(122 * MINUTE_MS)).await.unwrap();
        assert_eq!(world.settled(NOW.plus_ms(123 * MINUTE_MS)).await, [[0, 0, 0, 3]]);
        world.buys(130, &[(COLA, 2, None)]).await;
        assert_eq!(world.settled(NOW.plus_ms(131 * MINUTE_MS)).await, [[0, 0, 0, 1]]);
        world.buys(140, &[(COLA, 2, None)]).await;
        assert_eq!(world.settled(NOW.plus_ms(141 * MINUTE_MS)).await, [[1, 0, 0, 0]]);
        assert_eq!((world.total("DEBT").await, world.total("DEBT_REPAY").await), (3, 3));
        world.clean().await;
    }

    async fn a_brand_may_bear_what_is_missing(db: &Db) {
        let world = World::new(db).await;
        world.publish(CampaignRules { on_shortfall: Shortfall::Waive, ..ten_each(&world) }).await;
        let termo = world.priced(15, None).await;
        let bought = world.buys(0, &[(COLA, 2, None)]).await;
        let held = world.reserve(termo, NOW).await.unwrap();
        world.deliver(&held.code.unwrap(), NOW).await.unwrap();
        world.give_back(bought.purchase_id, ALL, NOW.plus_ms(MINUTE_MS)).await.unwrap();
        assert_eq!((world.settled(NOW.plus_ms(MINUTE_MS)).await, world.total("WAIVE").await), (vec![[0, 0, 0, 0]], 15));
        world.clean().await;
    }

    async fn what_is_held_counts_when_somebody_says_so(db: &Db) {
        let world = World::new(db).await;
        world.publish(ten_each(&world)).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let twin = world.buys(1, &[(COLA, 2, None)]).await;
        assert_eq!((twin.status, twin.reason.as_deref()), (PurchaseStatus::Held, Some("SUSPECTED_DUPLICATE")));
        let decide = |actor: Actor, id, decision| { let world = &world; async move {
            let mut tx = db.begin().await.unwrap();
            let told = purchase::decide(&mut tx, &world.loyalty, &actor, NOW.plus_ms(DAY_MS), id, &NewReview { decision, reason: Some("Se repitió la compra".into()) }).await;
            if told.is_ok() { tx.commit().await.unwrap(); }
            told
        }};
        let mut tx = db.read().await.unwrap();
        let waiting = purchase::waiting(&mut tx, &Actor::System).await.unwrap();
        assert_eq!(waiting.iter().map(|held| (held.id, held.reason.as_str())).collect::<Vec<_>>(), [(twin.purchase_id, "SUSPECTED_DUPLICATE")]);
        let case = purchase::look(&mut tx, &world.loyalty, &Actor::System, NOW.plus_ms(DAY_MS), twin.purchase_id).await.unwrap();
        assert_eq!((case.would_award[0].amount, case.nearby.len(), case.nearby[0].same_basket), (20, 1, true));
        assert!(purchase::waiting(&mut tx, &world.manager).await.is_err());
        drop(tx);
        assert!(decide(world.manager.clone(), twin.purchase_id, ReviewDecision::Approve).await.is_err(), "a brand does not decide about shops");
        let told = decide(Actor::System, twin.purchase_id, ReviewDecision::Approve).await.unwrap();
        assert_eq!((told.status, told.awards[0].amount, told.purchased_at), (PurchaseStatus::Accepted, 20, twin.purchased_at));
        assert!(matches!(decide(Actor::System, twin.purchase_id, ReviewDecision::Reject).await, Err(Error::NotHeld)));
        assert!(matches!(purchase::look(&mut db.read().await.unwrap(), &world.loyalty, &Actor::System, NOW, twin.purchase_id).await, Err(Error::NotHeld)));
        let third = world.buys(2, &[(COLA, 2, None)]).await;
        assert_eq!(decide(Actor::System, third.purchase_id, ReviewDecision::Reject).await.unwrap().status, PurchaseStatus::Rejected);
        assert!(matches!(world.give_back(third.purchase_id, ALL, NOW.plus_ms(DAY_MS)).await, Err(Error::NoSuchPurchase)));
        assert_eq!(world.settled(NOW.plus_ms(DAY_MS)).await, [[40, 0, 0, 0]]);
        world.clean().await;
    }

    async fn a_claimed_card_brings_everything_and_keeps_working(db: &Db) {
        let world = World::new(db).await;
        world.stamps(3, None).await;
        let mut tx = db.begin().await.unwrap();
        let printed = card::print(&mut tx, &world.loyalty, &world.tendero, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let by_paper = |minutes: i64, quantity| { let (world, code) = (&world, printed.code.clone()); async move {
            let at = NOW.plus_ms(minutes * MINUTE_MS);
            let mut capture = world.capture(world.consumer, at, &[(COLA, quantity, None)]).await;
            capture.card_code = code;
            world.post(at, &capture).await.unwrap().0
        }};
        by_paper(0, 2).await;
        world.buys(5, &[(COLA, 2, None)]).await;
        let (anonymous,): (ConsumerId,) = db.read().await.unwrap().query(db::Sql::same("SELECT id FROM consumer WHERE anonymous")).one().await.unwrap();
        let claims = |from, into| { let world = &world; async move {
            let mut tx = db.begin().await.unwrap();
            let claimed = claim::claim(&mut tx, &world.loyalty, &world.ana, NOW.plus_ms(HOUR_MS), from, into).await;
            if claimed.is_ok() { tx.commit().await.unwrap(); }
            claimed
        }};
        assert!(claims(anonymous, world.consumer).await.unwrap());
        assert!(!claims(anonymous, world.consumer).await.unwrap());
        assert!(matches!(claims(world.consumer, anonymous).await, Err(Error::UnknownCard)));
        assert_eq!((world.rewards().await, world.available().await), (vec![RewardStatus::Issued], vec![1]), "two and two are four");
        assert_eq!((world.total("TRANSFER_OUT").await, world.total("TRANSFER_IN").await), (2, 2));
        assert_eq!(by_paper(90, 1).await.awards[0].balance, 2);
        world.clean().await;
    }

    async fn two_hundred_parallel_purchases_never_pass_a_budget_by_one(db: &Db) {
        let world = World::new(db).await;
        let budget = Cap { scope: CapScope::Campaign, max: 995, on_exceed: OnExceed::Truncate };
        let day = Cap { scope: CapScope::PdvDay, max: 990, on_exceed: OnExceed::Truncate };
        world.publish(CampaignRules { caps: vec![budget, day], ..ten_each(&world) }).await;
        let crowd = world.crowd(200).await;
        let answers = futures::future::join_all(crowd.iter().map(|consumer| world.imports(*consumer, 1))).await;
        let given: i64 = answers.into_iter().flat_map(|answer| answer.awards).map(|award| award.amount).sum();
        assert_eq!(given, 990);
        world.clean().await;
    }

    async fn who_filled_her_card_before_has_the_last_reward_though_nobody_looked(db: &Db) {
        let world = World::new(db).await;
        let gift = world.priced(10, Some(1)).await;
        let tomorrow = CampaignRules { hold_days: 1, products: vec![world.cola], threshold: Some(Threshold { need: 2, reward_id: gift }), ..world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 }) };
        world.publish(tomorrow).await;
        world.publish(CampaignRules { products: vec![world.galleta], ..ten_each(&world) }).await;
        let other = world.crowd(1).await[0];
        world.imports(other, 2).await;
        world.buys(0, &[(GALLETA, 1, None)]).await;

        // The other's stamps became hers at midnight, and with them the only unit.
        assert!(matches!(world.reserve(gift, NOW.plus_ms(DAY_MS)).await, Err(Error::OutOfStock)));
        let theirs = reward::of_consumer(&mut db.read().await.unwrap(), &Actor::System, other).await.unwrap();
        let midnight = shared::CivilDate::new(2026, 3, 11).unwrap();
        // A refusal writes nothing; whoever looks finds it all the same.
        assert!(theirs.is_empty());
        settle::everybody(db, &world.loyalty, NOW.plus_ms(DAY_MS)).await.unwrap();
        let theirs = reward::of_consumer(&mut db.read().await.unwrap(), &Actor::System, other).await.unwrap();
        assert_eq!((theirs.len(), theirs[0].issued_at), (1, identity::shop::start_of_day("America/Bogota", midnight)));
        world.clean().await;
    }

    async fn the_limit_that_cut_an_award_is_told(db: &Db) {
        let world = World::new(db).await;
        let caps = [(CapScope::Purchase, 25), (CapScope::ConsumerDay, 30)].map(|(scope, max)| Cap { scope, max, on_exceed: OnExceed::Truncate });
        world.publish(CampaignRules { caps: caps.to_vec(), ..ten_each(&world) }).await;
        for (minutes, colas) in [(0, 1), (10, 2), (20, 1)] {
            world.buys(minutes, &[(COLA, colas, None)]).await;
        }
        let mut tx = db.read().await.unwrap();
        let page = history::movements(&mut tx, &world.ana, world.consumer, history::Which::All, None, 25).await.unwrap();
        let told: Vec<_> = page.items.iter().rev().map(|movement| (movement.amount, movement.limit)).collect();
        let silent = loyalty::dispute::unrewarded(&mut tx, &world.ana, NOW.plus_ms(HOUR_MS)).await.unwrap();

        assert_eq!(told, [(10, None), (20, None)]);
        assert_eq!((silent.len(), silent[0].limit), (1, Some(CapScope::ConsumerDay)));
        drop(tx);
        let more = world.buys(24 * 60, &[(COLA, 3, None)]).await;
        assert_eq!(more.awards[0].amount, 25);
        let mut tx = db.read().await.unwrap();
        let page = history::movements(&mut tx, &world.ana, world.consumer, history::Which::All, None, 1).await.unwrap();
        assert_eq!((page.items[0].amount, page.items[0].limit), (25, Some(CapScope::Purchase)));
    }

    async fn a_list_of_rewards_knows_what_has_lapsed(db: &Db) {
        let world = World::new(db).await;
        world.publish(ten_each(&world)).await;
        let gift = world.priced(10, Some(1)).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        world.reserve(gift, NOW).await.unwrap();
        let left = |after_ms: i64| { let world = &world; async move {
            reward::list(&mut world.db.read().await.unwrap(), &world.manager, NOW.plus_ms(after_ms)).await.unwrap()[0].stock_left
        }};

        assert_eq!((left(9 * MINUTE_MS).await, left(10 * MINUTE_MS).await), (Some(0), Some(1)));
    }

    async fn a_budget_that_begins_later_counts_what_was_on_its_way(db: &Db) {
        let world = World::new(db).await;
        let campaign = world.publish(ten_each(&world)).await;
        let crowd = world.crowd(2).await;
        let mut on_its_way = db.begin().await.unwrap();
        world.imports_in(&mut on_its_way, crowd[0], 3).await;
        let publishing = async {
            let mut tx = db.begin().await.unwrap();
            let budget = Cap { scope: CapScope::Campaign, max: 50, on_exceed: OnExceed::Truncate };
            let rules = CampaignRules { caps: vec![budget], ..ten_each(&world) };
            let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules };
            campaign::update_draft(&mut tx, &world.manager, NOW, campaign, &new).await.unwrap();
            campaign::publish(&mut tx, &Actor::System, NOW, campaign).await.unwrap();
            tx.commit().await.unwrap();
        };
        let ending = async {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            on_its_way.commit().await.unwrap();
        };
        futures::join!(publishing, ending);

        let second = world.imports(crowd[1], 3).await;
        assert_eq!(second.awards[0].amount, 20);
        world.clean().await;
    }

    async fn a_sale_of_a_clock_ahead_counts_at_its_own_time_once_approved(db: &Db) {
        let world = World::new(db).await;
        let noon = MultiplierWhen { from: Some("10:30".parse().unwrap()), to: Some("11:30".parse().unwrap()), ..MultiplierWhen::default() };
        let double = Multiplier { id: "doble".into(), factor: "2".parse().unwrap(), when: noon };
        world.publish(CampaignRules { multipliers: vec![double], ..ten_each(&world) }).await;
        let other = world.crowd(1).await[0];
        let mut tx = db.begin().await.unwrap();
        let held = world.imports_of(&mut tx, other, 1, NOW.plus_ms(HOUR_MS)).await;
        tx.commit().await.unwrap();
        assert_eq!((held.status, held.reason.as_deref()), (PurchaseStatus::Held, Some("CLOCK_SUSPECT")));
        let mut tx = db.begin().await.unwrap();
        let approve = NewReview { decision: ReviewDecision::Approve, reason: None };
        let told = purchase::decide(&mut tx, &world.loyalty, &Actor::System, NOW.plus_ms(2 * HOUR_MS), held.purchase_id, &approve).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!((told.purchased_at, told.awards[0].amount), (NOW.plus_ms(HOUR_MS), 20));
        world.clean().await;
    }

    async fn the_last_reward_is_given_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, Some(3)).await;
        let crowd = world.crowd(40).await;
        let answers = futures::future::join_all(crowd.iter().map(|consumer| world.imports(*consumer, 2))).await;
        assert_eq!(answers.iter().map(|answer| answer.rewards.len()).sum::<usize>(), 3);
        world.clean().await;
    }
}
