//! Control shops: proposed from what was sold, fixed by the publication, and without the campaign.

use db::both_databases;
use identity::{Actor, shop};
use loyalty::{Error, campaign, control};
use shared::{
    Country,
    identity::NewShop,
    loyalty::{NewCampaign, PurchaseStatus, RuleKind, Template, campaign::Unit, evaluation::NoAwardReason},
};

use crate::world::{COLA, NOW, World};

/// Shops that take part in what the brand does, the world's own among them.
async fn many(world: &World, count: usize) {
    let mut tx = world.db.begin().await.unwrap();
    let mut shops = vec![world.shop];
    for number in 1..count {
        let new = NewShop::new(format!("Tienda {number}"), Country::Co);
        shops.push(shop::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id);
    }
    identity::participation::enrol(&mut tx, &Actor::System, NOW, world.brand, &shops).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn control_shops_are_fixed_by_the_publication_and_earn_nothing(db: &Db) {
        let world = World::new(db).await;
        many(&world, 20).await;
        let mut tx = db.begin().await.unwrap();
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 }) };
        let id = campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;
        let proposed = control::look(&mut tx, &world.manager, NOW, id).await.unwrap();
        let chosen = control::choose(&mut tx, &world.manager, NOW, id, true).await.unwrap();
        campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
        let later = control::choose(&mut tx, &world.manager, NOW, id, false).await;
        let fixed = control::look(&mut tx, &world.manager, NOW, id).await.unwrap();
        tx.commit().await.unwrap();
        let answer = world.buys(0, &[(COLA, 1, None)]).await;
        let mine = fixed.shops.iter().any(|one| one.shop_id == world.shop);

        assert_eq!((proposed.eligible, proposed.shops.len(), proposed.chosen), (20, 10, false));
        assert!(chosen.chosen && fixed.fixed);
        let ids = |control: &shared::loyalty::Control| { let mut ids: Vec<_> = control.shops.iter().map(|one| one.shop_id).collect(); ids.sort_unstable(); ids };
        assert_eq!(ids(&fixed), ids(&proposed));
        assert!(matches!(later, Err(Error::ControlFixed)));
        assert_eq!(answer.status, PurchaseStatus::Accepted);
        assert_eq!(answer.awards.is_empty(), mine);
        if mine {
            assert_eq!(answer.no_award[0].reason, NoAwardReason::PdvNotInCampaign);
        }
    }

    async fn few_shops_have_no_control(db: &Db) {
        let world = World::new(db).await;
        many(&world, 19).await;
        let mut tx = db.begin().await.unwrap();
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 }) };
        let id = campaign::create(&mut tx, &world.manager, NOW, &new).await.unwrap().id;

        assert!(control::look(&mut tx, &world.manager, NOW, id).await.unwrap().shops.is_empty());
        assert!(matches!(control::choose(&mut tx, &world.manager, NOW, id, true).await, Err(Error::TooFewShops)));
    }
}
