//! Rewards that are fetched at a shop without network: what a ticket binds, and what becomes of what phones handed over.

use std::sync::atomic::{AtomicI64, Ordering};

use db::{both_databases, sql};
use identity::{Actor, device, shop};
use loyalty::{Error, card, catalogue, purchase, reward, settle, shop_units, ticket};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use shared::{
    Country, DeviceId, MemberId, RewardId, RewardInstanceId, SessionId, ShopId, Timestamp, UserId,
    identity::{MemberRole, NewShop, OrganisationKind, UserRole},
    loyalty::{
        AllLines, Delivery, NewDelivery, NewReservation, NewReturn, PurchaseStatus, ReturnedLines, RewardAvailability, RewardInstance,
        RewardStatus, RuleKind,
        campaign::{Shortfall, Unit},
        counter::NewShopUnits,
        ticket::{DELIVERY_VERSION, NewTicket, SignedTicket, TICKET_GRACE_MS, TICKET_MS, TicketDelivery},
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use uuid::Uuid;

use crate::world::{COLA, NOW, World, phone};

sql! {
    BLOCK: "UPDATE card SET blocked_at = $1 WHERE consumer_id = $2";
}

/// A phone of a shop.
struct Phone {
    shop: ShopId,
    member: MemberId,
    device: DeviceId,
    pair: EcdsaKeyPair,
    counter: AtomicI64,
}

impl Phone {
    async fn of(world: &World, shop: ShopId, member: MemberId) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let proof = pair.sign(&random, &public).unwrap();
        let owner = Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(0) };
        let mut tx = world.db.begin().await.unwrap();
        let device = device::enrol(&mut tx, &owner, NOW, &public, proof.as_ref(), "Android").await.unwrap();
        tx.commit().await.unwrap();
        Self { shop, member, device, pair, counter: AtomicI64::new(0) }
    }

    /// Another shop's.
    async fn elsewhere(world: &World) -> Self {
        let mut tx = world.db.begin().await.unwrap();
        let new = NewShop { city: "Cali".into(), ..NewShop::new("La Palma", Country::Co) };
        let (shop, member) = shop::register(&mut tx, NOW, &phone(50), &new, "Luis").await.unwrap();
        tx.commit().await.unwrap();
        Self::of(world, shop, member).await
    }

    fn person(&self) -> Actor {
        Actor::Member { member: self.member, shop: self.shop, role: MemberRole::Cashier, device: None, session: SessionId::fixed(9) }
    }

    /// What it signs when it hands over at `at`.
    fn hands_over(&self, ticket: &str, at: Timestamp) -> Vec<u8> {
        let counter = self.counter.fetch_add(1, Ordering::SeqCst) + 1;
        let told = TicketDelivery {
            captured_at_ms: at.0,
            counter,
            delivery_id: Uuid::from_u128(counter as u128),
            device_id: self.device,
            member_id: self.member,
            previous_sha256: "0".repeat(64),
            shop_id: self.shop,
            skew_ms: 0,
            ticket: ticket.to_owned(),
            version: DELIVERY_VERSION,
        };
        told.canonical_bytes()
    }

    async fn sends(&self, world: &World, body: &[u8], now: Timestamp) -> Result<Delivery, Error> {
        let signature = self.pair.sign(&SystemRandom::new(), body).unwrap().as_ref().to_vec();
        let mut tx = world.db.begin().await?;
        let device = device::find_signing(&mut tx, self.device).await?.unwrap();
        let arrival = purchase::Arrival { body, signature: &signature, device_clock_ms: None };
        let told = ticket::hand_over(&mut tx, &world.loyalty, now, &device, arrival).await;
        if let Err(error) = told {
            drop(tx);
            let mut tx = world.db.begin().await?;
            ticket::note_refusal(&mut tx, now, &device, arrival, "loyalty.refused").await?;
            tx.commit().await?;
            return Err(error);
        }
        tx.commit().await?;
        told
    }
}

/// Ana with 20 points and a thermos for 15 that is held for her, and a phone of the shop where she bought.
struct Scene {
    world: World,
    phone: Phone,
    thermos: RewardId,
    held: RewardInstance,
}

impl Scene {
    async fn new(db: &db::Db, stock: Option<i64>) -> Self {
        let world = World::new(db).await;
        let mut rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 });
        rules.on_shortfall = Shortfall::Debt;
        world.publish(rules).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let thermos = priced(&world, stock).await;
        let held = reserve(&world, thermos, &world.ana, NOW.plus_ms(MINUTE_MS)).await.unwrap();
        let phone = Phone::of(&world, world.shop, world.member).await;
        Self { world, phone, thermos, held }
    }

    async fn takes(&self, shop: ShopId, now: Timestamp) -> Result<RewardInstance, Error> {
        takes(&self.world, self.held.id, shop, now).await
    }

    /// For the phone's shop, two minutes after [`NOW`].
    async fn ticket(&self) -> String {
        self.takes(self.world.shop, NOW.plus_ms(2 * MINUTE_MS)).await.unwrap().ticket.unwrap().text
    }

    async fn releases(&self, now: Timestamp) -> Result<RewardInstance, Error> {
        let mut tx = self.world.db.begin().await?;
        let released = catalogue::release(&mut tx, &self.world.loyalty, &self.world.ana, now, self.held.id).await?;
        tx.commit().await?;
        Ok(released)
    }

    async fn delivers(&self, who: &Actor, code: &str, now: Timestamp) -> Result<Delivery, Error> {
        delivers(&self.world, who, code, now).await
    }

    /// Available and reserved, when time has done what it does by then.
    async fn points(&self, now: Timestamp) -> (i64, i64) {
        settle::consumer(&self.world.db, &self.world.loyalty, self.world.consumer, now).await.unwrap();
        let balances = card::balances(&mut self.world.db.read().await.unwrap(), &self.world.ana, self.world.consumer).await.unwrap();
        (balances[0].available, balances[0].reserved)
    }
}

async fn priced(world: &World, stock: Option<i64>) -> RewardId {
    world.reward_with(|new| (new.stock, new.cost) = (stock, Some(15))).await
}

async fn reserve(world: &World, reward_id: RewardId, who: &Actor, now: Timestamp) -> Result<RewardInstance, Error> {
    let mut tx = world.db.begin().await?;
    let held = catalogue::reserve(&mut tx, &world.loyalty, who, now, &NewReservation { reward_id, consumer_id: None }).await?;
    tx.commit().await?;
    Ok(held)
}

async fn takes(world: &World, id: RewardInstanceId, shop_id: ShopId, now: Timestamp) -> Result<RewardInstance, Error> {
    let mut tx = world.db.begin().await?;
    let new = NewTicket { reward_instance_id: id, shop_id };
    let taken = ticket::take(&mut tx, &world.loyalty, &world.ana, now, &new).await?;
    tx.commit().await?;
    Ok(taken)
}

async fn delivers(world: &World, who: &Actor, code: &str, now: Timestamp) -> Result<Delivery, Error> {
    let mut tx = world.db.begin().await?;
    let done = reward::deliver(&mut tx, &world.loyalty, who, now, &NewDelivery { code: code.into(), shop_id: None }).await?;
    tx.commit().await?;
    Ok(done)
}

async fn given(world: &World) -> Vec<RewardInstance> {
    reward::of_consumer(&mut world.db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap()
}

async fn returns_all(world: &World, id: shared::PurchaseId, now: Timestamp) {
    let mut tx = world.db.begin().await.unwrap();
    let new = NewReturn { return_id: None, lines: ReturnedLines::All(AllLines::All), reason: Some("Producto dañado".into()) };
    purchase::give_back(&mut tx, &world.loyalty, &world.tendero, now, id, &new).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_reward_handed_over_without_network_is_delivered_at_its_instant_and_owed_once(db: &Db) {
        let scene = Scene::new(db, Some(5)).await;
        let taken = scene.takes(scene.world.shop, NOW.plus_ms(2 * MINUTE_MS)).await.unwrap();
        let shown = taken.ticket.unwrap();
        let read: SignedTicket = shown.text.parse().unwrap();
        let until = NOW.plus_ms(2 * MINUTE_MS + TICKET_MS);
        assert_eq!((read.ticket.shop, read.ticket.until, read.ticket.name.as_str()), (scene.world.shop, until, "1 Cola"));
        assert_eq!((shown.shop_name.as_str(), shown.until, shown.bound_until), ("La Esquina", until, until.plus_ms(TICKET_GRACE_MS)));
        assert_eq!(taken.reserved_until, Some(until.plus_ms(TICKET_GRACE_MS)));
        let keys = ticket::keys(&mut db.read().await.unwrap()).await.unwrap();
        let point = data_encoding::BASE64URL_NOPAD.decode(keys[0].point.as_bytes()).unwrap();
        assert!(device::verify(&point, &read.ticket.message(), &read.signature), "a phone can check it by itself");

        let (at, now) = (NOW.plus_ms(HOUR_MS), NOW.plus_ms(50 * HOUR_MS));
        let body = scene.phone.hands_over(&shown.text, at);
        let first = scene.phone.sends(&scene.world, &body, now).await.unwrap();
        let again = scene.phone.sends(&scene.world, &body, now.plus_ms(HOUR_MS)).await.unwrap();

        assert_eq!((first.delivered_at, first.owed_minor, first.owed_total_minor, first.replayed), (at, 270_000, 270_000, false));
        assert_eq!(again, Delivery { replayed: true, ..first });
        assert_eq!(scene.points(now).await, (5, 0));
        let told = given(&scene.world).await;
        assert_eq!((told[0].status, told[0].delivered_at, &told[0].ticket), (RewardStatus::Delivered, Some(at), &None));
        scene.world.clean().await;
    }

    async fn another_shop_hands_over_nothing_that_a_ticket_binds(db: &Db) {
        let scene = Scene::new(db, None).await;
        let other = Phone::elsewhere(&scene.world).await;
        let text = scene.ticket().await;
        let code = scene.held.code.clone().unwrap();
        let now = NOW.plus_ms(HOUR_MS);

        assert!(matches!(scene.delivers(&other.person(), &code, now).await, Err(Error::TicketElsewhere)));
        assert!(matches!(scene.delivers(&other.person(), &text, now).await, Err(Error::TicketElsewhere)));
        let mut tx = db.read().await.unwrap();
        assert!(matches!(reward::preview_delivery(&mut tx, &other.person(), now, &text).await, Err(Error::TicketElsewhere)), "told before it looks for one");
        assert!(reward::preview_delivery(&mut tx, &scene.world.tendero, now, &text).await.is_ok());
        drop(tx);
        let body = other.hands_over(&text, now);
        assert!(matches!(other.sends(&scene.world, &body, now).await, Err(Error::TicketElsewhere)));
        let late = NOW.plus_ms(TICKET_MS + TICKET_GRACE_MS);
        assert!(matches!(scene.delivers(&other.person(), &code, late).await, Err(Error::TicketElsewhere)), "a phone may still send it");

        assert_eq!(scene.delivers(&scene.world.tendero, &text, now).await.unwrap().owed_total_minor, 270_000, "with the network the ticket is as good");
        scene.world.clean().await;
    }

    async fn two_phones_of_one_shop_are_paid_for_one(db: &Db) {
        let scene = Scene::new(db, None).await;
        let second = Phone::of(&scene.world, scene.world.shop, scene.world.member).await;
        let text = scene.ticket().await;
        let (early, late) = (scene.phone.hands_over(&text, NOW.plus_ms(HOUR_MS)), second.hands_over(&text, NOW.plus_ms(2 * HOUR_MS)));
        let now = NOW.plus_ms(5 * HOUR_MS);

        second.sends(&scene.world, &late, now).await.unwrap();
        assert!(matches!(scene.phone.sends(&scene.world, &early, now).await, Err(Error::DeliveredBefore)));
        assert_eq!(scene.delivers(&scene.world.tendero, &text, now).await.unwrap().owed_total_minor, 270_000, "owed once");
        let known = {
            let mut tx = db.read().await.unwrap();
            let device = device::find_signing(&mut tx, scene.phone.device).await.unwrap().unwrap();
            purchase::known(&mut tx, now, &device).await.unwrap()
        };
        assert_eq!((known.last_counter, known.missing), (1, vec![]), "what was refused is no gap in the chain");
        scene.world.clean().await;
    }

    async fn what_was_handed_over_after_the_end_or_comes_too_late_is_refused(db: &Db) {
        let scene = Scene::new(db, None).await;
        let text = scene.ticket().await;
        let until = NOW.plus_ms(2 * MINUTE_MS + TICKET_MS);

        let over = scene.phone.hands_over(&text, until);
        assert!(matches!(scene.phone.sends(&scene.world, &over, until.plus_ms(HOUR_MS)).await, Err(Error::TicketOver)));
        let early = scene.phone.hands_over(&text, NOW.plus_ms(HOUR_MS));
        assert!(matches!(scene.phone.sends(&scene.world, &early, NOW.plus_ms(73 * HOUR_MS + 1)).await, Err(Error::TooOld)));
        // In its last second, and sent as late as a sale may be.
        let last = scene.phone.hands_over(&text, until.plus_ms(-1_000));
        assert!(scene.phone.sends(&scene.world, &last, until.plus_ms(-1_000 + purchase::AGE_MAX_MS)).await.is_ok());
        scene.world.clean().await;
    }

    async fn a_bound_reward_is_not_let_go_and_lapses_after_the_grace_once(db: &Db) {
        let scene = Scene::new(db, Some(1)).await;
        scene.ticket().await;
        let bound_until = NOW.plus_ms(2 * MINUTE_MS + TICKET_MS + TICKET_GRACE_MS);

        assert!(matches!(scene.releases(NOW.plus_ms(HOUR_MS)).await, Err(Error::TicketOut)));
        assert!(matches!(scene.releases(bound_until.plus_ms(-1)).await, Err(Error::TicketOut)));
        assert_eq!(scene.points(bound_until.plus_ms(-1)).await, (5, 15));
        assert!(matches!(reserve(&scene.world, scene.thermos, &scene.world.ana, bound_until.plus_ms(-1)).await, Err(Error::OutOfStock)));
        scene.world.clean().await;

        assert_eq!(scene.points(bound_until).await, (20, 0), "the points are back, without anybody's doing");
        assert_eq!(scene.points(bound_until.plus_ms(DAY_MS)).await, (20, 0));
        assert!(matches!(scene.releases(bound_until).await, Err(Error::NotReserved)));
        assert_eq!(given(&scene.world).await[0].status, RewardStatus::Lapsed);
        assert!(reserve(&scene.world, scene.thermos, &scene.world.ana, bound_until).await.is_ok(), "and so is the unit");
        scene.world.clean().await;
    }

    async fn a_week_that_was_promised_is_not_shortened_by_a_ticket(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 })).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let thermos = world.reward_with(|new| (new.stock, new.cost, new.reserve_minutes) = (Some(1), Some(15), Some(7 * 24 * 60))).await;
        let held = reserve(&world, thermos, &world.ana, NOW.plus_ms(MINUTE_MS)).await.unwrap();
        let phone = Phone::of(&world, world.shop, world.member).await;
        let scene = Scene { world, phone, thermos, held };

        let bound = scene.takes(scene.world.shop, NOW.plus_ms(2 * MINUTE_MS)).await.unwrap();
        // The grace of the ticket is over, and she buys again.
        scene.world.buys(5 * 24 * 60, &[(COLA, 2, None)]).await;

        assert_eq!(bound.reserved_until, scene.held.reserved_until);
        assert_eq!(scene.points(NOW.plus_ms(6 * DAY_MS)).await, (25, 15));
        assert_eq!(scene.points(NOW.plus_ms(8 * DAY_MS)).await, (40, 0));
        scene.world.clean().await;
    }

    async fn a_ticket_that_was_not_signed_here_opens_nothing(db: &Db) {
        let scene = Scene::new(db, None).await;
        let text = scene.ticket().await;
        let now = NOW.plus_ms(HOUR_MS);
        let mut longer: SignedTicket = text.parse().unwrap();
        longer.ticket.until = longer.ticket.until.plus_ms(DAY_MS);
        let mut unknown: SignedTicket = text.parse().unwrap();
        unknown.ticket.key = 9;
        for forged in [longer.ticket.text(&longer.signature), unknown.ticket.text(&unknown.signature), "T1AAAA".to_owned(), scene.held.code.clone().unwrap()] {
            let body = scene.phone.hands_over(&forged, now);
            assert!(matches!(scene.phone.sends(&scene.world, &body, now).await, Err(Error::BadTicket)), "{forged}");
        }
        let other = Phone::of(&scene.world, scene.world.shop, scene.world.member).await;
        let body = scene.phone.hands_over(&text, now);
        assert!(matches!(other.sends(&scene.world, &body, now).await, Err(Error::BadCapture(_))), "signed by another phone");
        scene.world.clean().await;
    }

    async fn a_ticket_ends_with_the_rewards_last_day_and_what_it_gave_is_owed_later(db: &Db) {
        let scene = Scene::new(db, None).await;
        let mut tx = db.begin().await.unwrap();
        let days = RewardAvailability { from: None, until: Some("2026-03-10".parse().unwrap()), shops: vec![] };
        // It was promised for longer; nobody but a test takes that back.
        assert!(matches!(reward::set_availability(&mut tx, &scene.world.manager, NOW, scene.thermos, &days).await, Err(Error::RewardPromised)));
        drop(tx);
        let lunch = priced(&scene.world, None).await;
        let mut tx = db.begin().await.unwrap();
        reward::set_availability(&mut tx, &scene.world.manager, NOW, lunch, &days).await.unwrap();
        tx.commit().await.unwrap();
        scene.releases(NOW.plus_ms(2 * MINUTE_MS)).await.unwrap();
        let held = reserve(&scene.world, lunch, &scene.world.ana, NOW.plus_ms(3 * MINUTE_MS)).await.unwrap();
        let shown = takes(&scene.world, held.id, scene.world.shop, NOW.plus_ms(4 * MINUTE_MS)).await.unwrap().ticket.unwrap();
        assert_eq!(shown.until, NOW.plus_ms(14 * HOUR_MS), "midnight in Bogotá");

        let next_day = NOW.plus_ms(20 * HOUR_MS);
        let body = scene.phone.hands_over(&shown.text, NOW.plus_ms(9 * HOUR_MS));
        assert!(matches!(scene.delivers(&scene.world.tendero, &shown.text, next_day).await, Err(Error::RewardNotHere)));
        assert_eq!(scene.phone.sends(&scene.world, &body, next_day).await.unwrap().owed_minor, 270_000);
        scene.world.clean().await;
    }

    async fn a_return_takes_nothing_back_that_may_be_in_her_hands(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, Some(3)).await;
        let phone = Phone::of(&world, world.shop, world.member).await;
        let bought = world.buys(0, &[(COLA, 2, None)]).await;
        let id = bought.rewards[0].reward_instance_id;
        let shown = takes(&world, id, world.shop, NOW.plus_ms(MINUTE_MS)).await.unwrap().ticket.unwrap();
        let body = phone.hands_over(&shown.text, NOW.plus_ms(2 * MINUTE_MS));

        returns_all(&world, bought.purchase_id, NOW.plus_ms(3 * MINUTE_MS)).await;
        assert_eq!(given(&world).await[0].status, RewardStatus::Issued);
        assert_eq!(phone.sends(&world, &body, NOW.plus_ms(HOUR_MS)).await.unwrap().owed_minor, 270_000);
        world.clean().await;
    }

    async fn a_full_cards_reward_is_free_again_after_the_grace(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, None).await;
        let other = Phone::elsewhere(&world).await;
        let bought = world.buys(0, &[(COLA, 2, None)]).await;
        let id = bought.rewards[0].reward_instance_id;
        let first = takes(&world, id, world.shop, NOW.plus_ms(MINUTE_MS)).await.unwrap().ticket.unwrap();
        let bound_until = first.bound_until;

        let same = takes(&world, id, world.shop, NOW.plus_ms(2 * MINUTE_MS)).await.unwrap().ticket.unwrap();
        assert_eq!(same, first, "the same ticket again");
        assert!(matches!(takes(&world, id, other.shop, NOW.plus_ms(2 * MINUTE_MS)).await, Err(Error::TicketOut)));
        assert!(matches!(takes(&world, id, world.shop, first.until).await, Err(Error::TicketOut)), "another one waits for the phones, too");

        let second = takes(&world, id, other.shop, bound_until).await.unwrap().ticket.unwrap();
        assert_ne!(second.text, first.text);
        let body = other.hands_over(&second.text, bound_until.plus_ms(HOUR_MS));
        assert_eq!(other.sends(&world, &body, bound_until.plus_ms(2 * HOUR_MS)).await.unwrap().owed_minor, 270_000);
        world.clean().await;
    }

    async fn a_card_that_was_blocked_meanwhile_does_not_leave_the_shop_unpaid(db: &Db) {
        let scene = Scene::new(db, None).await;
        let text = scene.ticket().await;
        let body = scene.phone.hands_over(&text, NOW.plus_ms(HOUR_MS));
        let mut tx = db.begin().await.unwrap();
        tx.query(BLOCK).bind(NOW.plus_ms(30 * MINUTE_MS)).bind(scene.world.consumer).execute().await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(scene.delivers(&scene.world.tendero, &text, NOW.plus_ms(2 * HOUR_MS)).await, Err(Error::CardBlocked)));

        assert_eq!(scene.phone.sends(&scene.world, &body, NOW.plus_ms(3 * HOUR_MS)).await.unwrap().owed_minor, 270_000);
        scene.world.clean().await;
    }

    async fn counted_units_are_asked_for_when_the_ticket_is_taken(db: &Db) {
        let scene = Scene::new(db, None).await;
        let give = |units| { let scene = &scene; async move {
            let mut tx = scene.world.db.begin().await.unwrap();
            let new = NewShopUnits { shop_id: scene.world.shop, units };
            shop_units::give(&mut tx, &scene.world.manager, NOW, scene.thermos, &new).await.unwrap();
            tx.commit().await.unwrap();
        }};
        give(1).await;
        give(-1).await;
        assert!(matches!(scene.takes(scene.world.shop, NOW.plus_ms(2 * MINUTE_MS)).await, Err(Error::NoneAtShop)));

        give(1).await;
        let text = scene.ticket().await;
        give(-1).await;
        let body = scene.phone.hands_over(&text, NOW.plus_ms(HOUR_MS));
        assert_eq!(scene.phone.sends(&scene.world, &body, NOW.plus_ms(2 * HOUR_MS)).await.unwrap().owed_minor, 270_000, "it had one all the same");
        scene.world.clean().await;
    }

    async fn a_ticket_is_hers_alone_to_take_and_offers_the_shops_where_she_bought(db: &Db) {
        let scene = Scene::new(db, None).await;
        let other = Phone::elsewhere(&scene.world).await;
        let mut tx = db.read().await.unwrap();
        let (reward, shops) = ticket::shops(&mut tx, &scene.world.ana, scene.held.id).await.unwrap();
        assert_eq!((reward.id, shops.len(), shops[0].id, shops[0].city.as_str()), (scene.held.id, 1, scene.world.shop, "Bogotá"));
        let luz = Actor::Consumer { consumer: scene.world.crowd(1).await[0], session: SessionId::fixed(5) };
        assert!(matches!(ticket::shops(&mut tx, &luz, scene.held.id).await, Err(Error::NotFound)));
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let new = NewTicket { reward_instance_id: scene.held.id, shop_id: scene.world.shop };
        assert!(ticket::take(&mut tx, &scene.world.loyalty, &luz, NOW, &new).await.is_err());
        assert!(ticket::take(&mut tx, &scene.world.loyalty, &scene.world.tendero, NOW, &new).await.is_err());
        let reads = Actor::User {
            user: UserId::fixed(8),
            tenant: scene.world.tenant,
            kind: OrganisationKind::Operator,
            role: UserRole::Analyst,
            session: SessionId::fixed(8),
        };
        for told in [
            ticket::take(&mut tx, &scene.world.loyalty, &reads, NOW, &new).await,
            catalogue::release(&mut tx, &scene.world.loyalty, &reads, NOW, scene.held.id).await,
        ] {
            assert!(matches!(told, Err(Error::Identity(identity::Error::Forbidden))), "who only reads: {told:?}");
        }
        drop(tx);
        assert!(matches!(scene.takes(ShopId::fixed(404), NOW.plus_ms(2 * MINUTE_MS)).await, Err(Error::Field("shop_id"))));
        assert!(matches!(scene.takes(other.shop, NOW.plus_ms(12 * MINUTE_MS)).await, Err(Error::NotReserved)), "it had lapsed");
    }

    async fn a_sale_after_a_delivery_follows_it(db: &Db) {
        let scene = Scene::new(db, None).await;
        let text = scene.ticket().await;
        // Its clock ran ahead, and is put right before the sale.
        let body = scene.phone.hands_over(&text, NOW.plus_ms(20 * HOUR_MS));
        scene.phone.sends(&scene.world, &body, NOW.plus_ms(2 * HOUR_MS)).await.unwrap();

        let mut capture = scene.world.capture(scene.world.consumer, NOW.plus_ms(90 * MINUTE_MS), &[(COLA, 1, None)]).await;
        capture.device_id = scene.phone.device;
        capture.counter = 2;
        capture.offline = true;
        capture.previous_sha256 = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&body));
        let bytes = capture.canonical_bytes();
        let signature = scene.phone.pair.sign(&SystemRandom::new(), &bytes).unwrap().as_ref().to_vec();
        let mut tx = db.begin().await.unwrap();
        let device = device::find_signing(&mut tx, scene.phone.device).await.unwrap().unwrap();
        let arrival = purchase::Arrival { body: &bytes, signature: &signature, device_clock_ms: None };
        let outcome = purchase::register(&mut tx, &scene.world.loyalty, NOW.plus_ms(2 * HOUR_MS), &device, arrival).await.unwrap();
        let answer: shared::loyalty::PurchaseAnswer = serde_json::from_slice(&outcome.bytes).unwrap();
        assert_eq!((answer.status, answer.reason), (PurchaseStatus::Accepted, None), "no gap");
    }
}
