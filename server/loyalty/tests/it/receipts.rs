//! Short receipts: whoever holds the link reads what a purchase gave, and nobody's name.

use identity::Actor;
use loyalty::{Error, Loyalty, dispute, purchase, receipt};
use secrecy::SecretBox;
use shared::{
    ConsumerId, PurchaseId, SessionId, ShopId,
    identity::MemberRole,
    loyalty::{
        AllLines, NewReturn, PurchaseStatus, ReturnedLines, RuleKind,
        campaign::{Basis, Unit},
        correction::{Claim, DisputeState, NewDispute, Subject},
        receipt::{Receipt, ReceiptGain},
    },
};

use crate::world::{COLA, NOW, World};

async fn sold(world: &World) -> PurchaseId {
    world.publish(world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase })).await;
    world.buys(0, &[(COLA, 2, None)]).await.purchase_id
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
}
