//! What a person may do with what the product knows of her.

use db::{Db, sql};
use identity::{
    Actor, Persona, consent, rights as asked,
    session::{self, Subject},
};
use loyalty::{Error, card, dispute, purchase, reward, rights};
use notifications::Port;
use shared::{
    Timestamp,
    loyalty::{
        NewDelivery, NewReview, PurchaseStatus, ReviewDecision,
        campaign::Unit,
        correction::{self, Claim, NewDispute},
    },
    rights::{ConsentDecision, Deletion, NewPrivacyRequest, PrivacyAnswer, RequestKind, RequestStatus},
};

use crate::{
    per_value,
    world::{COLA, NOW, World, keys, phone},
};

/// The six digits that the sandbox would show.
async fn code_of(db: &Db, now: Timestamp) -> String {
    let registry = notifications::register(jobs::Registry::default(), std::sync::Arc::new(Port::Sandbox), std::sync::Arc::new(keys()));
    while jobs::run_due(db, &registry, now).await.unwrap() > 0 {}
    notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body[..6].to_owned()
}

/// Ana in a browser of hers.
async fn signed_in(world: &World) -> (Actor, String) {
    let mut tx = world.db.begin().await.unwrap();
    let opened = session::open(&mut tx, NOW, Subject::Consumer(world.consumer)).await.unwrap();
    let actor = session::resolve(&mut tx, NOW, Persona::Consumer, &opened.token).await.unwrap();
    tx.commit().await.unwrap();
    (actor, opened.token)
}

/// What she shows for her only reward.
async fn code_of_reward(world: &World) -> String {
    reward::of_consumer(&mut world.db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap().remove(0).code.unwrap()
}

async fn leave(world: &World, actor: &Actor) {
    let mut tx = world.db.begin().await.unwrap();
    let started = rights::start_deletion(&mut tx, &world.loyalty, actor, NOW).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(started.phone_hint, "••02");
    let code = code_of(&world.db, NOW).await;
    let mut tx = world.db.begin().await.unwrap();
    rights::delete(&mut tx, &world.loyalty, actor, NOW, &Deletion { sealed: Some(started.sealed), code: Some(code), confirmed: true })
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

sql! {
    LEFT_OF_HER: "SELECT (SELECT COUNT(*) FROM contact), (SELECT COUNT(*) FROM consent WHERE device <> ''), (SELECT COUNT(*) FROM consumer WHERE display_name IS NOT NULL),
                         (SELECT COUNT(*) FROM challenge), (SELECT COUNT(*) FROM session WHERE persona = 'consumer' AND revoked_at IS NULL),
                         (SELECT COUNT(*) FROM message WHERE recipient_hint <> '' OR person_key IS NOT NULL OR consumer_id IS NOT NULL)";
    PROOFS: "SELECT COUNT(*) FROM consent";
    ANSWERS: "SELECT answer FROM purchase";
    CHANGE_PROOF: "UPDATE consent SET granted = NOT granted, device = ''";
    DELETE_PROOF: "DELETE FROM consent";
}

db::both_databases! {
    async fn a_consent_is_withdrawn_as_easily_as_it_is_given_and_both_are_proven(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let promotions = |granted| ConsentDecision { purpose: "promotions".into(), controller: world.brand.to_string(), granted };
        let mut tx = db.begin().await.unwrap();
        let before = consent::states(&mut tx, &world.ana).await.unwrap();
        consent::set(&mut tx, &world.ana, NOW, &promotions(true), "web", "Android").await.unwrap();
        consent::set(&mut tx, &world.ana, NOW.plus_ms(1), &promotions(true), "web", "Android").await.unwrap();
        let given = consent::states(&mut tx, &world.ana).await.unwrap();
        consent::set(&mut tx, &world.ana, NOW.plus_ms(2), &promotions(false), "web", "Android").await.unwrap();
        let withdrawn = consent::states(&mut tx, &world.ana).await.unwrap();
        let (proofs,): (i64,) = tx.query(PROOFS).one().await.unwrap();
        tx.commit().await.unwrap();
        let granted = |states: &[shared::rights::ConsentState]| states.iter().map(|state| (state.purpose.clone(), state.controller_name.clone(), state.granted)).collect::<Vec<_>>();
        let row = |purpose: &str, name: &str, granted| (purpose.to_owned(), name.to_owned(), granted);

        assert_eq!(granted(&before), [row("card", "Mostrador", true), row("notices", "Mostrador", false), row("promotions", "Cola Sierra", false)]);
        assert_eq!(granted(&given)[2], row("promotions", "Cola Sierra", true));
        assert_eq!((given[2].text_version.as_deref(), given[2].decided_at), (Some("co-2026-11"), Some(NOW)));
        assert_eq!((withdrawn[2].granted, withdrawn[2].decided_at), (false, Some(NOW.plus_ms(2))));
        assert_eq!(proofs, 3);
        // She earns as before: nothing of it hangs on promotions.
        assert_eq!(world.buys(5, &[(COLA, 2, None)]).await.awards[0].amount, 5);
    }

    async fn a_decision_is_about_a_purpose_and_a_controller_that_exist(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        for (purpose, controller) in [("card", "platform"), ("notices", "bra_00000000000000000000000000000001"), ("promotions", "platform"), ("promotions", "bra_00000000000000000000000000000009"), ("other", "platform")] {
            let wanted = ConsentDecision { purpose: purpose.into(), controller: controller.into(), granted: true };
            assert!(matches!(consent::set(&mut tx, &world.ana, NOW, &wanted, "web", "").await, Err(identity::Error::Field(_))), "{purpose} {controller}");
        }
        let notices = ConsentDecision { purpose: "notices".into(), controller: "platform".into(), granted: true };
        assert!(matches!(consent::set(&mut tx, &world.tendero, NOW, &notices, "web", "").await, Err(identity::Error::Forbidden)));
    }

    async fn a_proof_of_consent_is_neither_changed_nor_deleted(db: &Db) {
        let _world = World::new(db).await;
        for statement in [CHANGE_PROOF, DELETE_PROOF] {
            let mut tx = db.begin().await.unwrap();
            assert!(matches!(tx.query(statement).execute().await, Err(db::Error::AppendOnly)));
        }
    }

    async fn a_copy_holds_all_of_her_and_nothing_of_anybody_else(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, Some(5)).await;
        let bought = world.buys(0, &[(COLA, 2, None)]).await.purchase_id;
        let mut tx = db.begin().await.unwrap();
        dispute::open(&mut tx, &world.ana, NOW, &NewDispute { subject: correction::Subject::Purchase(bought), claim: Claim::NotCounted }).await.unwrap();
        let export = rights::export(&mut tx, &world.loyalty, &world.ana, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let rows = |name: &str| export.parts.iter().find(|part| part.name == name).unwrap().rows.clone();
        let everything = serde_json::to_string(&export.parts).unwrap();
        let bytes = rights::zip(&export).unwrap();

        assert_eq!((rows("persona")[0]["name"].as_str(), rows("persona")[0]["phone"].as_str()), (Some("Ana"), Some("+573001230002")));
        assert_eq!((rows("compras").len(), rows("productos_comprados").len(), rows("premios").len(), rows("permisos").len(), rows("tarjetas").len()), (1, 1, 1, 1, 1));
        assert_eq!((rows("reclamos").len(), rows("reclamos")[0]["claim"].as_str(), rows("reclamos")[0]["resolved_at"].is_null()), (1, Some("not_counted"), true));
        assert!(!rows("movimientos").is_empty() && !rows("saldos").is_empty());
        // The owner's name and phone are not hers to take.
        assert!(!everything.contains("Rosa") && !everything.contains("3001230001"), "{everything}");
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        let mut tx = db.read().await.unwrap();
        let done = asked::mine(&mut tx, &world.ana).await.unwrap();
        assert_eq!((done[0].kind, done[0].status), (RequestKind::Access, RequestStatus::Done));
    }

    async fn somebody_else_takes_no_copy(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        for actor in [&world.tendero, &world.manager, &Actor::System] {
            assert!(matches!(rights::export(&mut tx, &world.loyalty, actor, NOW).await, Err(Error::Identity(identity::Error::Forbidden))));
        }
        assert!(matches!(rights::export(&mut tx, &world.loyalty, &Actor::Anonymous, NOW).await, Err(Error::Identity(identity::Error::Unauthorized))));
    }

    async fn who_leaves_is_nobody_and_the_books_stay_true(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, Some(5)).await;
        world.buys(0, &[(COLA, 3, None)]).await;
        let (ana, cookie) = signed_in(&world).await;
        let code = world.code(world.consumer, NOW.plus_ms(60_000)).await;
        leave(&world, &ana).await;
        let mut tx = db.read().await.unwrap();
        let left: (i64, i64, i64, i64, i64, i64) = tx.query(LEFT_OF_HER).one().await.unwrap();
        let (proofs,): (i64,) = tx.query(PROOFS).one().await.unwrap();
        let answers: Vec<(Vec<u8>,)> = tx.query(ANSWERS).all().await.unwrap();
        let session = session::resolve(&mut tx, NOW, Persona::Consumer, &cookie).await.unwrap();
        let identified = card::identify(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(60_000), &code, NOW.plus_ms(60_000)).await;
        drop(tx);

        assert_eq!(left, (0, 0, 0, 0, 0, 0));
        assert_eq!(proofs, 1);
        assert!(answers.iter().all(|(answer,)| !String::from_utf8_lossy(answer).contains("Ana")));
        assert_eq!(session, Actor::Anonymous);
        assert!(matches!(identified, Err(Error::UnknownCard)));
        world.clean().await;
    }

    async fn what_is_held_of_who_leaves_is_turned_down(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let twin = world.buys(1, &[(COLA, 2, None)]).await;
        assert_eq!(twin.status, PurchaseStatus::Held);
        let (ana, _) = signed_in(&world).await;
        leave(&world, &ana).await;
        let mut tx = db.begin().await.unwrap();
        let told = purchase::get(&mut tx, &Actor::System, twin.purchase_id).await.unwrap();
        let waiting = purchase::waiting(&mut tx, &Actor::System).await.unwrap();
        drop(tx);

        assert_eq!((told.status, told.reason.as_deref(), told.consumer_label.contains("Ana")), (PurchaseStatus::Rejected, Some("CONSUMER_DELETED"), false));
        assert!(waiting.is_empty());
        world.clean().await;
    }

    async fn what_was_still_held_of_somebody_gone_can_be_turned_down_and_not_approved(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let twin = world.buys(1, &[(COLA, 2, None)]).await;
        let mut tx = db.begin().await.unwrap();
        identity::consumer::erase(&mut tx, &Actor::System, NOW, world.consumer).await.unwrap();
        tx.commit().await.unwrap();
        let review = |decision| NewReview { decision, reason: None };
        let mut tx = db.begin().await.unwrap();
        let case = purchase::look(&mut tx, &world.loyalty, &Actor::System, NOW, twin.purchase_id).await.unwrap();
        let approved = purchase::decide(&mut tx, &world.loyalty, &Actor::System, NOW, twin.purchase_id, &review(ReviewDecision::Approve)).await;
        let rejected = purchase::decide(&mut tx, &world.loyalty, &Actor::System, NOW, twin.purchase_id, &review(ReviewDecision::Reject)).await.unwrap();
        tx.commit().await.unwrap();

        assert!(case.would_award.is_empty(), "{:?}", case.would_award);
        assert!(matches!(approved, Err(Error::UnknownCard)));
        assert_eq!(rejected.status, PurchaseStatus::Rejected);
        world.clean().await;
    }

    async fn her_phone_signs_up_again_as_somebody_new(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let (ana, _) = signed_in(&world).await;
        leave(&world, &ana).await;
        let given = consent::Decision::for_the_card("co", "web", "");
        let new = identity::consumer::NewConsumer { name: None, adult: true, shop: None, consents: vec![given] };
        let mut tx = db.begin().await.unwrap();
        let (again, _) = card::sign_up(&mut tx, &world.loyalty, NOW, &phone(2), &new).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let balances = card::balances(&mut tx, &Actor::System, again).await.unwrap();

        assert_ne!(again, world.consumer);
        assert!(balances.is_empty());
    }

    async fn without_the_code_or_her_word_nobody_leaves(db: &Db) {
        let world = World::new(db).await;
        let (ana, _) = signed_in(&world).await;
        let mut tx = db.begin().await.unwrap();
        let started = rights::start_deletion(&mut tx, &world.loyalty, &ana, NOW).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let right = code_of(db, NOW).await;
        let wrong = if right == "000000" { "111111" } else { "000000" };
        let try_with = |sealed: Option<&str>, code: Option<&str>, confirmed| Deletion { sealed: sealed.map(str::to_owned), code: code.map(str::to_owned), confirmed };
        for (wanted, code) in [
            (try_with(None, None, true), "loyalty.not_confirmed"),
            (try_with(Some(&started.sealed), Some(&right), false), "loyalty.not_confirmed"),
            (try_with(Some(&started.sealed), Some(wrong), true), "wrong_code"),
            (try_with(Some("x"), Some(&right), true), "code_expired"),
        ] {
            let mut tx = db.begin().await.unwrap();
            let refused: shared::Problem = rights::delete(&mut tx, &world.loyalty, &ana, NOW, &wanted).await.unwrap_err().into();
            tx.commit().await.unwrap();
            assert_eq!(refused.code, code);
        }
        world.publish(world.rules(Unit::Points, per_value())).await;
        assert_eq!(world.buys(3, &[(COLA, 2, None)]).await.awards[0].amount, 5);
    }

    async fn the_code_of_somebody_elses_phone_takes_nobody_away(db: &Db) {
        let world = World::new(db).await;
        let (ana, _) = signed_in(&world).await;
        let mut tx = db.begin().await.unwrap();
        let other = identity::challenge::start(&mut tx, &keys(), NOW, shared::Country::Co, "300 123 0009").await.unwrap();
        tx.commit().await.unwrap();
        let code = code_of(db, NOW).await;
        let mut tx = db.begin().await.unwrap();

        let refused = rights::delete(&mut tx, &world.loyalty, &ana, NOW, &Deletion { sealed: Some(other.sealed), code: Some(code), confirmed: true }).await;

        assert!(matches!(refused, Err(Error::Identity(identity::Error::CodeExpired))));
    }

    async fn a_blocking_that_is_granted_stops_the_card(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        let new = NewPrivacyRequest { kind: RequestKind::Blocking, text: "No usen mis datos mientras reviso".into() };
        let request = asked::ask(&mut tx, &world.ana, NOW, &new).await.unwrap();
        let waiting = asked::waiting(&mut tx, &Actor::System).await.unwrap();
        let answer = PrivacyAnswer { done: true, answer: "Listo".into() };
        let foreign = rights::decide(&mut tx, &world.manager, NOW, request.id, &answer).await;
        let decided = rights::decide(&mut tx, &Actor::System, NOW, request.id, &answer).await.unwrap();
        let again = rights::decide(&mut tx, &Actor::System, NOW, request.id, &answer).await;
        tx.commit().await.unwrap();
        let capture = world.capture(world.consumer, NOW, &[(COLA, 1, None)]).await;

        assert_eq!((request.due_date.to_string().as_str(), waiting.len()), ("2026-03-31", 1));
        assert!(matches!(foreign, Err(Error::Identity(identity::Error::Forbidden))));
        assert_eq!((decided.status, decided.answer.as_deref()), (RequestStatus::Done, Some("Listo")));
        assert!(matches!(again, Err(Error::Identity(identity::Error::Taken(_)))));
        assert!(matches!(world.post(NOW, &capture).await, Err(Error::CardBlocked)));
    }

    async fn a_blocked_card_pays_nothing_until_the_blocking_ends(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let code = code_of_reward(&world).await;
        let mut tx = db.begin().await.unwrap();
        let new = NewPrivacyRequest { kind: RequestKind::Blocking, text: "No usen mis datos mientras reviso".into() };
        let request = asked::ask(&mut tx, &world.ana, NOW, &new).await.unwrap();
        let early = rights::unblock(&mut tx, &Actor::System, NOW, request.id).await;
        rights::decide(&mut tx, &Actor::System, NOW, request.id, &PrivacyAnswer { done: true, answer: "Listo".into() }).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let looked = reward::preview_delivery(&mut tx, &world.tendero, NOW, &code).await;
        let handed = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code: code.clone(), shop_id: None }).await;
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let foreign = rights::unblock(&mut tx, &world.manager, NOW, request.id).await;
        rights::unblock(&mut tx, &Actor::System, NOW, request.id).await.unwrap();
        rights::unblock(&mut tx, &Actor::System, NOW, request.id).await.unwrap();
        reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code, shop_id: None }).await.unwrap();
        tx.commit().await.unwrap();

        assert!(matches!(early, Err(Error::NotFound)), "it was not granted yet");
        assert!(matches!(looked, Err(Error::CardBlocked)));
        assert!(matches!(handed, Err(Error::CardBlocked)));
        assert!(matches!(foreign, Err(Error::Identity(identity::Error::Forbidden))));
        world.buys(10, &[(COLA, 1, None)]).await;
        world.clean().await;
    }

    async fn a_reward_of_somebody_who_left_is_handed_to_nobody(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let code = code_of_reward(&world).await;
        let (ana, _) = signed_in(&world).await;
        leave(&world, &ana).await;
        let mut tx = db.begin().await.unwrap();
        let looked = reward::preview_delivery(&mut tx, &world.tendero, NOW, &code).await;
        let handed = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code, shop_id: None }).await;

        assert!(matches!(looked, Err(Error::NotDeliverable)));
        assert!(matches!(handed, Err(Error::NotDeliverable)));
    }
}
