//! Short receipts: whoever holds the link reads what a purchase gave, and nobody's name.

use db::sql;
use identity::{Actor, consent};
use loyalty::{
    Error, Loyalty, dispute, purchase,
    receipt::{self, Way},
};
use secrecy::SecretBox;
use shared::{
    ConsumerId, PurchaseId, SessionId, ShopId, Timestamp,
    identity::MemberRole,
    loyalty::{
        AllLines, NewReturn, PurchaseStatus, ReturnedLines, RuleKind,
        campaign::{Basis, Unit},
        correction::{Claim, DisputeState, NewDispute, Subject},
        receipt::{Receipt, ReceiptGain, ReceiptTold},
    },
    rights::ConsentDecision,
    time::DAY_MS,
};

use crate::world::{COLA, NOW, World, line, sale};

async fn sold(world: &World) -> PurchaseId {
    world.publish(world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase })).await;
    world.buys(0, &[(COLA, 2, None)]).await.purchase_id
}

async fn bought(world: &World, minutes: i64) -> PurchaseId {
    world.buys(minutes, &[(COLA, 1, None)]).await.purchase_id
}

fn decision(granted: bool) -> ConsentDecision {
    ConsentDecision { purpose: "notices".into(), controller: consent::PLATFORM.into(), granted }
}

async fn notices(world: &World, at: Timestamp, granted: bool) {
    let mut tx = world.db.begin().await.unwrap();
    consent::set(&mut tx, &world.ana, at, &decision(granted), "web", "Android").await.unwrap();
    tx.commit().await.unwrap();
}

const WAY: Way<'_> = Way { public_url: "https://tienda.example", approved: &["receipt"] };

async fn told(world: &World, actor: &Actor, now: Timestamp, id: PurchaseId) -> ReceiptTold {
    let mut tx = world.db.begin().await.unwrap();
    let answer = receipt::send(&mut tx, &world.loyalty, actor, now, id, WAY).await.unwrap();
    tx.commit().await.unwrap();
    answer.told
}

sql! {
    HOLD: "UPDATE purchase SET status = 'held' WHERE id = $1";
    LOSE: "UPDATE message SET status = 'failed' WHERE dedupe_key = $1";
    SENT: "SELECT (SELECT COUNT(*) FROM message WHERE template = 'receipt'), (SELECT COUNT(*) FROM audit_event WHERE verb = 'receipt.sent')";
}

async fn token(world: &World, actor: &Actor, id: PurchaseId) -> Result<String, Error> {
    Ok(receipt::link(&mut world.db.read().await?, &world.loyalty, actor, id).await?.token)
}

async fn read(world: &World, actor: &Actor, token: &str) -> Result<Receipt, Error> {
    receipt::read(&mut world.db.read().await?, &world.loyalty, actor, token).await
}

db::both_databases! {
    async fn whoever_holds_a_receipt_reads_what_it_gave_and_nobodys_name(db: &Db) {
        let world = World::new(db).await;
        let id = sold(&world).await;

        let token = token(&world, &world.tendero, id).await.unwrap();
        let told = read(&world, &Actor::Anonymous, &token).await.unwrap();

        assert_eq!((told.shop_name.as_str(), told.units, told.returned_units, told.status), ("La Esquina", 2, 0, PurchaseStatus::Accepted));
        assert_eq!(told.gains, [ReceiptGain { brand_name: "Cola Sierra".into(), unit: Unit::Points, amount: 5 }]);
        assert_eq!(told.mine, None);
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains("Ana") && !text.contains(&world.consumer.to_string()) && !text.contains(&id.to_string()), "{text}");
        assert!(!token.contains(&id.0.simple().to_string()));
    }

    async fn only_who_may_see_a_purchase_gets_its_receipt(db: &Db) {
        let world = World::new(db).await;
        let id = sold(&world).await;
        let stranger = Actor::Consumer { consumer: ConsumerId::fixed(9), session: SessionId::fixed(9) };
        let elsewhere = Actor::Member { member: world.member, shop: ShopId::fixed(9), role: MemberRole::Owner, device: None, session: SessionId::fixed(8) };

        assert_eq!(token(&world, &world.ana, id).await.unwrap(), token(&world, &world.tendero, id).await.unwrap());
        for actor in [&stranger, &elsewhere] {
            assert!(matches!(token(&world, actor, id).await, Err(Error::NotFound)));
        }
        assert!(token(&world, &Actor::Anonymous, id).await.is_err());
        assert!(matches!(token(&world, &world.tendero, PurchaseId::fixed(9)).await, Err(Error::NotFound)));
    }

    async fn a_receipt_that_this_installation_did_not_write_is_none(db: &Db) {
        let world = World::new(db).await;
        let id = sold(&world).await;
        let good = token(&world, &world.ana, id).await.unwrap();
        let others = Loyalty::new(identity::Keys::new(&SecretBox::new(Box::new([9; 32]))));
        let foreign = receipt::link(&mut db.read().await.unwrap(), &others, &world.ana, id).await.unwrap().token;

        for forged in [foreign.as_str(), &good[..40], &format!("{good}AA"), "", "x", &"A".repeat(43)] {
            assert!(matches!(read(&world, &world.ana, forged).await, Err(Error::NotFound)), "{forged}");
        }
    }

    async fn the_buyer_says_from_there_that_it_is_wrong_and_a_return_shows(db: &Db) {
        let world = World::new(db).await;
        let id = sold(&world).await;
        let token = token(&world, &world.tendero, id).await.unwrap();
        let mine = read(&world, &world.ana, &token).await.unwrap().mine.unwrap();
        let mut tx = db.begin().await.unwrap();
        dispute::open(&mut tx, &world.ana, NOW, &NewDispute { subject: Subject::Purchase(mine.purchase_id), claim: Claim::NotCounted }).await.unwrap();
        let back = NewReturn { return_id: None, lines: ReturnedLines::All(AllLines::All), reason: None };
        purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW, id, &back).await.unwrap();
        tx.commit().await.unwrap();

        let after = read(&world, &world.ana, &token).await.unwrap();

        assert_eq!((mine.purchase_id, mine.dispute), (id, None));
        assert_eq!((after.returned_units, after.gains.len(), after.mine.unwrap().dispute), (2, 0, Some(DisputeState::Open)));
        assert_eq!(read(&world, &world.tendero, &token).await.unwrap().mine, None);
    }

    async fn a_receipt_is_one_message_of_a_purchase_that_counted_not_long_ago(db: &Db) {
        let world = World::new(db).await;
        let (first, held, lost, late) = (sold(&world).await, bought(&world, 60).await, bought(&world, 120).await, bought(&world, 180).await);
        let mut tx = db.begin().await.unwrap();
        tx.query(HOLD).bind(held).execute().await.unwrap();
        tx.commit().await.unwrap();

        let nobody_agreed = told(&world, &world.tendero, NOW, first).await;
        notices(&world, NOW, true).await;
        let (one, other) = tokio::join!(told(&world, &world.tendero, NOW, first), told(&world, &world.ana, NOW, first));
        let again = told(&world, &world.cashier(), NOW.plus_ms(30 * DAY_MS), first).await;
        let by_nobody = receipt::send(&mut db.begin().await.unwrap(), &world.loyalty, &world.tendero, NOW, lost, Way { approved: &["code"], ..WAY }).await.unwrap().told;
        let sent = told(&world, &world.tendero, NOW, lost).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(LOSE).bind(format!("receipt {lost}")).execute().await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!((nobody_agreed, by_nobody, sent), (ReceiptTold::Unreachable, ReceiptTold::Unreachable, ReceiptTold::Sent));
        assert_eq!([one, other, again], [ReceiptTold::Sent; 3]);
        assert_eq!(told(&world, &world.tendero, NOW, lost).await, ReceiptTold::Unreachable, "it could not be brought");
        assert_eq!(told(&world, &world.tendero, NOW, held).await, ReceiptTold::Closed);
        assert_eq!(told(&world, &world.tendero, NOW.plus_ms(2 * DAY_MS), late).await, ReceiptTold::Closed);
        let (messages, lines): (i64, i64) = db.read().await.unwrap().query(SENT).one().await.unwrap();
        assert_eq!((messages, lines), (2, 2));
    }

    async fn a_till_reads_its_sales_and_writes_to_nobody(db: &Db) {
        let world = World::new(db).await;
        notices(&world, NOW, true).await;
        let id = world.imports_sale(&sale("R-1".into(), world.shop, world.consumer, NOW, vec![line(COLA, 1)])).await.purchase_id;

        let till = world.till();
        assert!(token(&world, &till, id).await.is_ok());
        let refused = receipt::send(&mut db.begin().await.unwrap(), &world.loyalty, &till, NOW, id, WAY).await;
        assert!(matches!(refused, Err(Error::Identity(identity::Error::Forbidden))), "{refused:?}");
    }

    // On SQLite the only writer is waited for; on PostgreSQL the consumer's lock.
    async fn nothing_leaves_by_a_consent_that_is_taken_back_meanwhile(db: &Db) {
        let world = World::new(db).await;
        let id = sold(&world).await;
        notices(&world, NOW, true).await;
        let mut tx = db.begin().await.unwrap();
        consent::set(&mut tx, &world.ana, NOW.plus_ms(1), &decision(false), "web", "Android").await.unwrap();

        let (told, ()) = tokio::join!(told(&world, &world.tendero, NOW.plus_ms(2), id), async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            tx.commit().await.unwrap();
        });

        assert_eq!(told, ReceiptTold::Unreachable);
    }
}
