//! One card on several phones, and on a new one.

use db::{Db, both_databases, sql};
use hmac::{Hmac, Mac};
use identity::{
    Actor, Persona, challenge,
    session::{self, Subject},
};
use loyalty::{
    Error,
    card::{self, NewCardKey},
};
use sha2::{Digest, Sha256};
use shared::{
    CardKeyId, Country, SessionId, Timestamp,
    loyalty::{
        CardCode, PurchaseStatus,
        campaign::Unit,
        card_code::{PublicCode, rotating_message, step_at, with_mac},
    },
    time::{HOUR_MS, MINUTE_MS},
};

use crate::{
    per_value,
    world::{COLA, NOW, World, keys},
};

sql! {
    TYPED: "UPDATE challenge SET verified_at = $1, expires_at = $2 WHERE verified_at IS NULL";

    LIVE: "SELECT COUNT(*) FROM card_key WHERE revoked_at IS NULL";
}

/// What a form carries after the right code for Ana's phone was typed.
async fn proven(db: &Db, typed: &str) -> String {
    let mut tx = db.begin().await.unwrap();
    let started = challenge::start(&mut tx, &keys(), NOW, Country::Co, typed).await.unwrap();
    tx.query(TYPED).bind(NOW).bind(NOW.plus_ms(challenge::VERIFIED_MS)).execute().await.unwrap();
    tx.commit().await.unwrap();
    started.sealed
}

const ANAS_PHONE: &str = "300 123 0002";

/// Of Ana's browser number `session`.
async fn key_of(world: &World, session: u128, at: Timestamp) -> NewCardKey {
    let mut tx = world.db.begin().await.unwrap();
    let key = card::new_key(&mut tx, &world.loyalty, &ana(world, session), at).await.unwrap();
    tx.commit().await.unwrap();
    key
}

async fn new_key(world: &World, at: Timestamp) -> NewCardKey {
    key_of(world, 2, at).await
}

fn ana(world: &World, session: u128) -> Actor {
    Actor::Consumer { consumer: world.consumer, session: SessionId::fixed(session) }
}

/// The key that the card's page names in Ana's browser number `session`.
async fn named(world: &World, session: u128, at: Timestamp) -> Option<CardKeyId> {
    card::view(&mut world.db.read().await.unwrap(), &world.loyalty, &ana(world, session), at).await.unwrap().key
}

/// The code that a phone with this key shows.
async fn shown(world: &World, key: &NewCardKey, at: Timestamp) -> String {
    let CardCode::Rotating { card, .. } = world.code(world.consumer, at).await.parse().unwrap() else { unreachable!() };
    let message = rotating_message(PublicCode(card.0), step_at(at));
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key.secret).unwrap();
    mac.update(message.as_bytes());
    let mac = mac.finalize().into_bytes();
    with_mac(message, &mac)
}

async fn reads(world: &World, code: &str, at: Timestamp) -> Result<String, Error> {
    let mut tx = world.db.read().await.unwrap();
    card::identify(&mut tx, &world.loyalty, &world.tendero, at, code, at).await
}

async fn recover(world: &World, at: Timestamp, sealed: &str) -> Result<shared::ConsumerId, Error> {
    let mut tx = world.db.begin().await.unwrap();
    let consumer = card::recover(&mut tx, &world.loyalty, at, sealed).await?;
    tx.commit().await.unwrap();
    Ok(consumer)
}

both_databases! {
    async fn a_card_works_on_three_phones_and_a_fourth_ends_the_oldest(db: &Db) {
        let world = World::new(db).await;
        let mut keys = Vec::new();
        for n in 0..4 {
            keys.push(key_of(&world, 2 + u128::try_from(n).unwrap(), NOW.plus_ms(n)).await);
        }

        let at = NOW.plus_ms(HOUR_MS);
        assert!(matches!(reads(&world, &shown(&world, &keys[0], at).await, at).await, Err(Error::UnknownCard)));
        for key in &keys[1..] {
            assert!(reads(&world, &shown(&world, key, at).await, at).await.is_ok());
        }
        assert!(reads(&world, &world.code(world.consumer, at).await, at).await.is_ok(), "the server draws the code for browsers without scripts");
        let (live,): (i64,) = db.read().await.unwrap().query(LIVE).one().await.unwrap();
        assert_eq!(live as usize, 1 + card::KEYS_MAX);
        assert_eq!(named(&world, 2, at).await, None, "the first phone hears that its key is dead");
        for (n, key) in keys.iter().enumerate().skip(1) {
            assert_eq!(named(&world, 2 + n as u128, at).await, Some(key.id));
        }
    }

    async fn a_browser_that_takes_a_key_again_pushes_out_nobody_else(db: &Db) {
        let world = World::new(db).await;
        let (first, second) = (key_of(&world, 2, NOW).await, key_of(&world, 3, NOW).await);
        let mut again = Vec::new();
        for n in 1..=5 {
            again.push(key_of(&world, 2, NOW.plus_ms(n)).await);
        }

        let at = NOW.plus_ms(HOUR_MS);
        assert_eq!(named(&world, 2, at).await, Some(again[4].id));
        assert!(matches!(reads(&world, &shown(&world, &first, at).await, at).await, Err(Error::UnknownCard)));
        for key in [&second, &again[4]] {
            assert!(reads(&world, &shown(&world, key, at).await, at).await.is_ok());
        }

        let mut tx = db.begin().await.unwrap();
        card::leave(&mut tx, &ana(&world, 2), at).await.unwrap();
        card::leave(&mut tx, &Actor::Anonymous, at).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((named(&world, 2, at).await, named(&world, 3, at).await), (None, Some(second.id)), "who signs out leaves no key behind");
    }

    async fn a_card_found_again_keeps_its_balances_and_leaves_the_old_phone(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 4, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let old_session = session::open(&mut tx, NOW, Subject::Consumer(world.consumer)).await.unwrap();
        tx.commit().await.unwrap();
        let old_key = new_key(&world, NOW).await;
        let at = NOW.plus_ms(20 * MINUTE_MS);
        let before = world.available().await;
        assert!(reads(&world, &shown(&world, &old_key, at).await, at).await.is_ok());

        let sealed = proven(db, ANAS_PHONE).await;
        let found = card::find_again(&mut db.read().await.unwrap(), &world.loyalty, NOW, &sealed).await.unwrap();
        let recovered = recover(&world, at, &sealed).await.unwrap();

        assert!(found.label.starts_with("••"));
        assert_eq!(found.balances.iter().map(|balance| balance.available).collect::<Vec<_>>(), before);
        assert_eq!((recovered, world.available().await), (world.consumer, before));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(session::resolve(&mut tx, at, Persona::Consumer, &old_session.token).await.unwrap(), Actor::Anonymous);
        drop(tx);
        assert!(matches!(reads(&world, &shown(&world, &old_key, at).await, at).await, Err(Error::UnknownCard)), "at once");
        let new_key = new_key(&world, at).await;
        assert!(reads(&world, &shown(&world, &new_key, at).await, at).await.is_ok());
        assert!(reads(&world, &world.code(world.consumer, at).await, at).await.is_ok());
        world.clean().await;
    }

    async fn a_proven_phone_finds_its_own_card_once(db: &Db) {
        let world = World::new(db).await;
        let mine = proven(db, ANAS_PHONE).await;
        let strangers = proven(db, "300 123 9999").await;

        assert!(matches!(card::find_again(&mut db.read().await.unwrap(), &world.loyalty, NOW, &strangers).await, Err(Error::NotFound)));
        assert!(matches!(recover(&world, NOW, &strangers).await, Err(Error::NotFound)));
        assert!(recover(&world, NOW, &mine).await.is_ok());
        assert!(matches!(recover(&world, NOW, &mine).await, Err(Error::Identity(identity::Error::CodeExpired))));
        assert!(matches!(card::find_again(&mut db.read().await.unwrap(), &world.loyalty, NOW, "x").await, Err(Error::Identity(identity::Error::CodeExpired))));
    }

    async fn what_a_shop_read_from_the_old_phone_before_still_counts(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let old_key = new_key(&world, NOW).await;
        let (read, left, late) = (NOW.plus_ms(MINUTE_MS), NOW.plus_ms(10 * MINUTE_MS), NOW.plus_ms(20 * MINUTE_MS));
        let mut sale = world.capture(world.consumer, read, &[(COLA, 2, None)]).await;
        sale.card_code = shown(&world, &old_key, read).await;
        sale.offline = true;
        let mut after = world.capture(world.consumer, late, &[(COLA, 4, None)]).await;
        after.card_code = shown(&world, &old_key, late).await;
        after.offline = true;
        after.previous_sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(sale.canonical_bytes()));
        let sealed = proven(db, ANAS_PHONE).await;
        recover(&world, left, &sealed).await.unwrap();

        assert_eq!(world.post(NOW.plus_ms(3 * HOUR_MS), &sale).await.unwrap().0.status, PurchaseStatus::Accepted);
        assert!(matches!(world.post(NOW.plus_ms(3 * HOUR_MS), &after).await, Err(Error::UnknownCard)));
        assert_eq!(world.available().await, [5]);
    }
}
