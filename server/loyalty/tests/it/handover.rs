//! Changing when and where a reward is handed over: by list, zone and code, seen beside what holds, then confirmed.

use db::both_databases;
use identity::{Actor, participation, shop};
use loyalty::{
    Error,
    handover::{self, Choice},
    reward,
};
use shared::{
    Country, RewardId, SessionId, ShopId, UserId,
    identity::{NewShop, OrganisationKind, UserRole},
    loyalty::{
        CampaignRules, Reward, RewardAvailability, RuleKind,
        campaign::{Threshold, Unit},
    },
};

use crate::world::{NOW, World, phone};

/// Three shops that take part: two in Suba, one without a zone but with a code.
async fn shops(world: &World) -> [ShopId; 3] {
    let mut tx = world.db.begin().await.unwrap();
    let mut all = Vec::new();
    for (number, zone, code) in [(11, "Suba", None), (12, "Suba", None), (13, "", Some("D-13"))] {
        let base = NewShop::new(format!("Tienda {number}"), Country::Co);
        let new = NewShop { zone: zone.into(), distributor_code: code.map(str::to_owned), ..base };
        all.push(shop::register(&mut tx, NOW, &phone(number), &new, "Rosa").await.unwrap().0);
    }
    participation::enrol(&mut tx, &world.manager, NOW, world.brand, &all).await.unwrap();
    tx.commit().await.unwrap();
    all.try_into().unwrap()
}

async fn propose(world: &World, actor: &Actor, id: RewardId, choice: &Choice) -> Result<(), Error> {
    let mut tx = world.db.read().await?;
    let before = reward::get(&mut tx, actor, id).await?;
    let promised = reward::promised(&mut tx, actor, id).await?;
    let places = participation::places(&mut tx, actor, world.brand).await?;
    drop(tx);
    let chosen = handover::choose(&before, promised, &places, choice)?;
    let mut tx = world.db.begin().await?;
    handover::propose(&mut tx, actor, NOW, id, &chosen).await?;
    tx.commit().await?;
    Ok(())
}

async fn confirm(world: &World, actor: &Actor, id: RewardId) -> Result<Reward, Error> {
    let mut tx = world.db.begin().await?;
    let reward = handover::confirm(&mut tx, actor, NOW, id, NOW).await?;
    tx.commit().await?;
    Ok(reward)
}

async fn held(world: &World, id: RewardId) -> RewardAvailability {
    reward::get(&mut world.db.read().await.unwrap(), &world.manager, id).await.unwrap().availability
}

/// Somebody else of the same brand.
fn colleague(world: &World) -> Actor {
    Actor::User {
        user: UserId::fixed(2),
        tenant: world.tenant,
        kind: OrganisationKind::BrandOwner,
        role: UserRole::Manager,
        session: SessionId::fixed(9),
    }
}

both_databases! {
    async fn shops_are_chosen_by_list_zone_and_code_and_nothing_changes_unconfirmed(db: &Db) {
        let world = World::new(db).await;
        let [first, second, coded] = shops(&world).await;
        let id = world.reward(Some(5)).await;
        let choice = Choice {
            until: Some("2026-04-30".parse().unwrap()),
            zones: vec!["Suba".into()],
            codes: vec!["D-13".into(), "D-99".into()],
            ..Choice::default()
        };
        propose(&world, &world.manager, id, &choice).await.unwrap();
        let change = handover::proposed(&mut db.read().await.unwrap(), &world.manager, id).await.unwrap().unwrap();

        assert_eq!(held(&world, id).await, RewardAvailability::default(), "nobody confirmed it");
        assert_eq!((change.after.shops.clone(), change.unknown.clone()), (vec![first, second, coded], vec!["D-99".to_owned()]));
        assert!(!change.is_nothing() && change.added().is_empty(), "from every shop to some, none begins");
        assert!(handover::proposed(&mut db.read().await.unwrap(), &colleague(&world), id).await.unwrap().is_none(), "it is hers");

        let other_page = handover::confirm(&mut world.db.begin().await.unwrap(), &world.manager, NOW, id, NOW.plus_ms(-1)).await;
        assert!(matches!(other_page, Err(Error::HandoverChanged)), "a page that showed another change");
        let changed = confirm(&world, &world.manager, id).await.unwrap();
        assert_eq!(changed.availability, change.after);
        assert_eq!(confirm(&world, &world.manager, id).await.unwrap(), changed, "twice is once");
        assert!(handover::proposed(&mut db.read().await.unwrap(), &world.manager, id).await.unwrap().is_none());

        // The same in another order is no change, and fewer are named.
        propose(&world, &world.manager, id, &Choice { shops: vec![coded, second, first], ..choice.clone() }).await.unwrap();
        assert!(handover::proposed(&mut db.read().await.unwrap(), &world.manager, id).await.unwrap().unwrap().is_nothing());
        propose(&world, &world.manager, id, &Choice { shops: vec![first], zones: vec![], codes: vec![], ..choice }).await.unwrap();
        let fewer = handover::proposed(&mut db.read().await.unwrap(), &world.manager, id).await.unwrap().unwrap();
        assert_eq!((fewer.added(), fewer.removed()), (vec![], vec![second, coded]));
    }

    async fn what_was_promised_stays_and_only_grows(db: &Db) {
        let world = World::new(db).await;
        let [first, second, coded] = shops(&world).await;
        let id = world.reward(Some(5)).await;
        let until = Some("2026-03-31".parse().unwrap());
        propose(&world, &world.manager, id, &Choice { until, shops: vec![first], ..Choice::default() }).await.unwrap();
        confirm(&world, &world.manager, id).await.unwrap();
        let rules = world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        world.publish(CampaignRules { threshold: Some(Threshold { need: 1, reward_id: id }), ..rules }).await;

        propose(&world, &world.manager, id, &Choice { until, codes: vec!["D-13".into()], ..Choice::default() }).await.unwrap();
        assert_eq!(confirm(&world, &world.manager, id).await.unwrap().availability.shops, [first, coded], "the promised one stays");
        let sooner = Choice { until: Some("2026-03-30".parse().unwrap()), shops: vec![second], ..Choice::default() };
        assert!(matches!(propose(&world, &world.manager, id, &sooner).await, Err(Error::RewardPromised)));
        propose(&world, &world.manager, id, &Choice { everywhere: true, ..Choice::default() }).await.unwrap();
        assert_eq!(confirm(&world, &world.manager, id).await.unwrap().availability, RewardAvailability::default());
    }

    async fn what_somebody_else_changed_meanwhile_is_shown_anew(db: &Db) {
        let world = World::new(db).await;
        let [first, second, _] = shops(&world).await;
        let id = world.reward(Some(5)).await;
        let other = colleague(&world);
        propose(&world, &world.manager, id, &Choice { shops: vec![first], ..Choice::default() }).await.unwrap();
        propose(&world, &other, id, &Choice { shops: vec![second], ..Choice::default() }).await.unwrap();
        confirm(&world, &other, id).await.unwrap();

        assert!(matches!(confirm(&world, &world.manager, id).await, Err(Error::HandoverChanged)));
        assert_eq!(held(&world, id).await.shops, [second]);
    }

    async fn nobodys_choice_and_strangers_rewards(db: &Db) {
        let world = World::new(db).await;
        shops(&world).await;
        let id = world.reward(None).await;
        let stranger = Actor::User {
            user: UserId::fixed(3),
            tenant: shared::OrganisationId::fixed(77),
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Admin,
            session: SessionId::fixed(8),
        };
        let analyst = Actor::User {
            user: UserId::fixed(4),
            tenant: world.tenant,
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Analyst,
            session: SessionId::fixed(7),
        };

        assert!(matches!(propose(&world, &world.manager, id, &Choice::default()).await, Err(Error::Field("shops"))), "no shop is not every shop");
        let wrong = Choice { codes: vec!["D-99".into()], ..Choice::default() };
        assert!(matches!(propose(&world, &world.manager, id, &wrong).await, Err(Error::Field("codes"))));
        assert!(matches!(confirm(&world, &world.manager, id).await, Err(Error::NotFound)));
        for (who, not_there) in [(&stranger, true), (&analyst, false)] {
            let told = confirm(&world, who, id).await.unwrap_err();
            assert_eq!(shared::Problem::from(told).status, if not_there { 404 } else { 403 });
        }
    }
}
