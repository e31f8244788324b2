//! Codes that fail, codes that are read aloud, and the time at which a code was read.

use db::{both_databases, sql};
use identity::Actor;
use loyalty::{Error, card, dictation, failed_code, purchase};
use shared::{
    Problem, ShopId, Timestamp,
    loyalty::{ImportLine, PreviewPurchase, campaign::Unit},
    time::{DAY_MS, MINUTE_MS, SECOND_MS},
};

use crate::{
    per_value,
    world::{COLA, NOW, World, gtin},
};

sql! {
    REVOKE: "UPDATE card_key SET revoked_at = $1";

    LOCKS: "SELECT COUNT(*) FROM audit_event WHERE verb = 'card.codes_locked'";
}

async fn reads(world: &World, now: Timestamp, code: &str, read_at: Timestamp) -> Result<String, Error> {
    card::identify(&mut world.db.read().await.unwrap(), &world.loyalty, &world.tendero, now, code, read_at).await
}

async fn fails(world: &World, now: Timestamp, shop: ShopId, code: &str) {
    let mut tx = world.db.begin().await.unwrap();
    failed_code::note(&mut tx, now, shop, code).await.unwrap();
    tx.commit().await.unwrap();
}

/// The same code with another proof.
fn forged(code: &str) -> String {
    // The last of 13 characters holds four bits only: the one before it changes the proof for certain.
    let (head, tail) = code.split_at(code.len() - 2);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    [head, other, &tail[1..]].concat()
}

async fn dictates(world: &World, actor: &Actor, now: Timestamp) -> dictation::Digits {
    let mut tx = world.db.begin().await.unwrap();
    let digits = dictation::dictate(&mut tx, &world.loyalty, actor, now).await.unwrap();
    tx.commit().await.unwrap();
    digits
}

async fn takes(world: &World, actor: &Actor, now: Timestamp, digits: &str) -> Result<String, Error> {
    let mut tx = world.db.begin().await.unwrap();
    let code = dictation::take(&mut tx, &world.loyalty, actor, now, digits).await;
    tx.commit().await.unwrap();
    code
}

fn basket(code: String, scanned_at: Timestamp) -> PreviewPurchase {
    let line = ImportLine { gtin: gtin(COLA), quantity: 1, unit_price_minor: None, discount_minor: 0, reward_line: false };
    PreviewPurchase { card_code: Some(code), scanned_at: Some(scanned_at), lines: vec![line] }
}

async fn previews(world: &World, now: Timestamp, basket: &PreviewPurchase) -> Result<i64, Error> {
    let mut tx = world.db.read().await.unwrap();
    Ok(purchase::preview(&mut tx, &world.loyalty, &world.tendero, now, world.shop, basket)
        .await?
        .awards
        .iter()
        .map(|award| award.amount)
        .sum())
}

both_databases! {
    async fn five_failed_codes_lock_a_card_at_a_shop_for_ten_minutes(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let right = world.code(world.consumer, NOW).await;
        let wrong = forged(&right);
        for n in 0..failed_code::MAX {
            assert!(reads(&world, NOW, &right, NOW).await.is_ok(), "after {n} failures");
            assert!(matches!(reads(&world, NOW, &wrong, NOW).await, Err(Error::UnknownCard)));
            fails(&world, NOW, world.shop, &wrong).await;
        }

        let at = NOW.plus_ms(9 * MINUTE_MS);
        let right = world.code(world.consumer, at).await;
        assert!(matches!(reads(&world, at, &right, at).await, Err(Error::CodeLocked)));
        assert!(matches!(reads(&world, at, &forged(&right), at).await, Err(Error::CodeLocked)), "a wrong one looks the same");
        assert!(matches!(previews(&world, at, &basket(right.clone(), at)).await, Err(Error::CodeLocked)));
        let sale = world.capture(world.consumer, at, &[(COLA, 1, None)]).await;
        let refused = world.post(at, &sale).await.unwrap_err();
        assert!(matches!(refused, Error::CodeLocked));
        let problem = Problem::from(refused);
        assert_eq!((problem.status, problem.retry_after_seconds), (429, Some(600)), "the phone keeps the sale and sends it again");
        let (locks,): (i64,) = db.read().await.unwrap().query(LOCKS).one().await.unwrap();
        assert_eq!(locks, 1, "whoever looks after fraud hears of it once");

        let later = NOW.plus_ms(10 * MINUTE_MS);
        assert!(world.post(later, &sale).await.is_ok(), "the same sale, when the lock is over");
        let right = world.code(world.consumer, later).await;
        assert!(reads(&world, later, &right, later).await.is_ok());
        world.clean().await;
    }

    async fn a_lock_is_for_one_card_at_one_shop_and_live_sales_alone(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let mut tx = db.begin().await.unwrap();
        let printed = card::print(&mut tx, &world.loyalty, &world.tendero, NOW).await.unwrap();
        let new = shared::identity::NewShop { city: "Cali".into(), ..shared::identity::NewShop::new("La Otra", shared::Country::Co) };
        let (other, _) = identity::shop::register(&mut tx, NOW, &crate::world::phone(9), &new, "Luz").await.unwrap();
        tx.commit().await.unwrap();
        let right = world.code(world.consumer, NOW).await;
        for _ in 0..failed_code::MAX {
            fails(&world, NOW, other, &forged(&right)).await;
        }
        assert!(reads(&world, NOW, &right, NOW).await.is_ok(), "another shop's failures");
        for _ in 0..failed_code::MAX {
            fails(&world, NOW, world.shop, &forged(&right)).await;
            fails(&world, NOW, world.shop, "no code at all").await;
        }
        assert!(matches!(reads(&world, NOW, &right, NOW).await, Err(Error::CodeLocked)));
        assert!(reads(&world, NOW, &printed.code, NOW).await.is_ok(), "another card");
        let mut kept = world.capture(world.consumer, NOW, &[(COLA, 2, None)]).await;
        kept.offline = true;
        assert!(world.post(NOW.plus_ms(3 * MINUTE_MS), &kept).await.is_ok(), "its phone could not have heard of the lock");
        world.clean().await;
    }

    async fn a_live_sale_with_a_forged_code_counts_as_a_failure(db: &Db) {
        let world = World::new(db).await;
        for n in 0..=failed_code::MAX {
            let at = NOW.plus_ms(n * SECOND_MS);
            let mut sale = world.capture(world.consumer, at, &[(COLA, 1, None)]).await;
            sale.card_code = forged(&sale.card_code);
            let bytes = sale.canonical_bytes();
            let signature = world.sign(&bytes);
            let problem = Problem::from(world.post_bytes(at, &bytes, &signature).await.unwrap_err());
            assert_eq!(problem.code, if n < failed_code::MAX { "loyalty.unknown_card" } else { "loyalty.code_locked" });
            let mut tx = db.begin().await.unwrap();
            let device = identity::device::find_signing(&mut tx, world.device).await.unwrap().unwrap();
            let arrival = purchase::Arrival { body: &bytes, signature: &signature, device_clock_ms: None };
            purchase::note_refusal(&mut tx, at, &device, arrival, &problem.code).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn a_code_is_as_old_as_it_is_whatever_the_phone_says(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let code = world.code(world.consumer, NOW).await;

        for late in [10 * MINUTE_MS, DAY_MS] {
            let now = NOW.plus_ms(late);
            assert!(matches!(reads(&world, now, &code, NOW).await, Err(Error::QrStale)), "a screenshot with its own time beside it");
        }
        let now = NOW.plus_ms(20 * MINUTE_MS);
        assert!(matches!(previews(&world, now, &basket(code.clone(), NOW)).await, Err(Error::QrStale)));
        let tomorrow = world.code(world.consumer, NOW.plus_ms(DAY_MS)).await;
        assert!(matches!(reads(&world, NOW, &tomorrow, NOW.plus_ms(DAY_MS)).await, Err(Error::QrStale)));

        assert!(reads(&world, NOW.plus_ms(MINUTE_MS), &code, NOW).await.is_ok(), "an answer may take a minute");
        assert!(reads(&world, NOW, &code, NOW.plus_ms(3 * DAY_MS)).await.is_ok(), "a clock three days off is not believed");
        assert_eq!(previews(&world, NOW.plus_ms(14 * MINUTE_MS), &basket(code, NOW)).await.unwrap(), 2, "a basket takes its time");
    }

    async fn a_key_that_another_phone_pushed_out_reads_no_better_with_an_old_time(db: &Db) {
        let world = World::new(db).await;
        let now = NOW.plus_ms(10 * MINUTE_MS);
        let code = world.code(world.consumer, NOW).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(REVOKE).bind(NOW.plus_ms(MINUTE_MS)).execute().await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(reads(&world, now, &code, NOW).await, Err(Error::UnknownCard)));
    }

    async fn six_digits_stand_for_the_card_once_and_for_a_minute(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let old = dictates(&world, &world.ana, NOW).await;
        let told = dictates(&world, &world.ana, NOW).await;
        assert!(told.digits.len() == 6 && told.digits.bytes().all(|digit| digit.is_ascii_digit()));
        assert_eq!(told.until, NOW.plus_ms(MINUTE_MS));
        if old != told {
            assert!(matches!(takes(&world, &world.tendero, NOW, &old.digits).await, Err(Error::WrongDigits)), "only the newest");
        }

        let at = NOW.plus_ms(40 * SECOND_MS);
        let code = takes(&world, &world.tendero, at, &told.digits).await.unwrap();
        assert_eq!(code, world.code(world.consumer, at).await);
        assert_eq!(takes(&world, &world.tendero, at.plus_ms(15 * SECOND_MS), &told.digits).await.unwrap(), code, "the first answer was lost");
        let stranger = Actor::Member { member: world.member, shop: ShopId::fixed(77), role: shared::identity::MemberRole::Owner, device: None, session: shared::SessionId::fixed(9) };
        assert!(matches!(dictation::take(&mut db.begin().await.unwrap(), &world.loyalty, &stranger, at, &told.digits).await, Err(Error::WrongDigits | Error::Store(_))), "another shop");
        let mut sale = world.capture(world.consumer, at, &[(COLA, 4, None)]).await;
        sale.card_code = code;
        assert!(world.post(at, &sale).await.is_ok());

        let told = dictates(&world, &world.ana, at).await;
        assert!(matches!(takes(&world, &world.tendero, told.until, &told.digits).await, Err(Error::WrongDigits)), "too late");
        world.clean().await;
    }

    async fn who_guesses_digits_is_stopped(db: &Db) {
        let world = World::new(db).await;
        let told = dictates(&world, &world.ana, NOW).await;
        let wrong = if told.digits == "123456" { "654321" } else { "123456" };
        for _ in 0..failed_code::MAX {
            assert!(matches!(takes(&world, &world.tendero, NOW, wrong).await, Err(Error::WrongDigits)));
        }
        assert!(matches!(takes(&world, &world.tendero, NOW, &told.digits).await, Err(Error::CodeLocked)));
        let later = NOW.plus_ms(failed_code::WINDOW_MS);
        let told = dictates(&world, &world.ana, later).await;
        assert!(takes(&world, &world.tendero, later, &told.digits).await.is_ok());
        assert!(matches!(dictation::dictate(&mut db.begin().await.unwrap(), &world.loyalty, &world.tendero, NOW).await, Err(Error::Identity(_))));
        assert!(matches!(takes(&world, &world.ana, NOW, "123456").await, Err(Error::Identity(_))));
    }

    async fn a_card_tells_what_sales_without_network_brought(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let mut kept = world.capture(world.consumer, NOW.plus_ms(5 * MINUTE_MS), &[(COLA, 2, None)]).await;
        kept.offline = true;
        let now = NOW.plus_ms(60 * MINUTE_MS);
        world.post(now, &kept).await.unwrap();
        world.buys(61, &[(COLA, 4, None)]).await;
        let now = now.plus_ms(2 * MINUTE_MS);

        let late = card::view(&mut db.read().await.unwrap(), &world.loyalty, &world.ana, now).await.unwrap().late;

        assert_eq!(late.iter().map(|gain| (gain.shop_name.as_str(), gain.received_at, gain.unit, gain.amount)).collect::<Vec<_>>(), [("La Esquina", NOW.plus_ms(60 * MINUTE_MS), Unit::Points, 5)]);
    }
}
