//! Loyalty on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod alerts;
mod claims;
mod codes;
mod control;
mod correction;
mod counter;
mod forecast;
mod goals;
mod handover;
mod last;
mod life;
mod lives;
mod office;
mod paper;
mod payback;
mod receipts;
mod recovery;
mod replay;
mod rights;
mod sandbox;
mod seals;
mod tickets;
mod twins;
mod velocity;
mod waited;
mod whole;
mod world;

use db::both_databases;
use identity::{Actor, device};
use loyalty::{
    Error, campaign, card, history, purchase, reward, shop,
    template::{self, ChosenReward, Mechanic},
};
use sha2::{Digest, Sha256};
use shared::{
    Currency, OrganisationId, SessionId, ShopId, Timestamp, UserId,
    identity::{MemberRole, OrganisationKind, UserRole},
    loyalty::{
        AllLines, NewDelivery, NewReturn, NewReward, PreviewPurchase, PurchaseStatus, ReturnedLines, RewardStatus, RuleKind,
        campaign::{Basis, CampaignRules, Cap, CapScope, Enrolment, OnExceed, ShopGroup, ShopScope, Unit},
        evaluation::NoAwardReason,
    },
    time::{HOUR_MS, MINUTE_MS},
};
use world::{COLA, GALLETA, NOW, PAN, World};

fn per_value() -> RuleKind {
    RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase }
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in loyalty::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{error}: {}", sql.postgres));
        }
    }

    async fn a_purchase_earns_points_for_its_value(db: &Db) {
        let world = World::new(db).await;
        let points = world.publish(world.rules(Unit::Points, per_value())).await;
        let answer = world.buys(0, &[(COLA, 3, Some(250_000)), (PAN, 6, Some(50_000))]).await;

        assert_eq!((answer.status, answer.total_minor, answer.awards.len()), (PurchaseStatus::Accepted, 1_050_000, 1));
        assert_eq!((answer.awards[0].campaign_id, answer.awards[0].amount, answer.awards[0].balance), (points, 7, 7));
        assert!(answer.lines[0].participates && !answer.lines[1].participates);
        assert!(answer.consumer_label.starts_with("Ana · ••"));
        assert_eq!(world.available().await, [7]);
        world.clean().await;
    }

    async fn the_same_capture_twice_is_answered_the_same_and_counts_once(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let capture = world.capture(world.consumer, NOW, &[(COLA, 3, None)]).await;
        let first = world.post(NOW, &capture).await.unwrap();
        let late = world.post(NOW.plus_ms(80 * HOUR_MS), &capture).await.unwrap();
        let mut other = capture.clone();
        other.lines[0].quantity = 4;

        assert_eq!((first.1, late.1), (false, true));
        assert_eq!(first.0, late.0);
        assert!(matches!(world.post(NOW, &other).await, Err(Error::IdempotencyConflict)));
        assert_eq!(world.available().await, [7]);
    }

    async fn twenty_parallel_retries_are_one_purchase(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let capture = world.capture(world.consumer, NOW, &[(COLA, 3, None)]).await;
        let answers = futures::future::join_all((0..20).map(|_| world.post(NOW, &capture))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();

        assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1);
        assert!(answers.iter().all(|(answer, _)| *answer == answers[0].0));
        assert_eq!(world.available().await, [7]);
        world.clean().await;
    }

    async fn the_same_answers_make_one_draft_and_one_reward(db: &Db) {
        let world = World::new(db).await;
        let rules = world.rules(Unit::Points, per_value());
        let new_reward = NewReward { brand_id: world.brand, name: "Una Cola".into(), category: "drink".into(), unit_cost_minor: 250_000, handling_fee_minor: 0, currency: Currency::Cop, stock: None, max_per_consumer: None, cost: None, reserve_minutes: None };
        let answers = template::Answers {
            campaign: None,
            brand_id: world.brand,
            name: "Lleva 5, gana 1".into(),
            starts: rules.starts,
            ends: rules.ends,
            products: rules.products.clone(),
            mechanic: Mechanic::StampCard { units: 1, stamps: 1, need: 5, reward: ChosenReward::New(new_reward) },
            extras: template::Extras::default(),
        };
        let preview = template::preview(&mut db.read().await.unwrap(), &world.manager, NOW, &answers).await.unwrap();
        assert!(preview.terms.contains("Con 5 sellos te llevas: Una Cola"), "{}", preview.terms);
        let save = |answers: template::Answers| { let manager = world.manager.clone(); async move {
            let mut tx = db.begin().await.unwrap();
            let saved = template::save(&mut tx, &manager, NOW, &answers).await;
            if saved.is_ok() { tx.commit().await.unwrap(); }
            saved
        }};
        let drafts: Vec<_> = futures::future::join_all((0..4).map(|_| save(answers.clone()))).await.into_iter().map(|saved| saved.unwrap().id).collect();
        assert!(drafts.iter().all(|id| *id == drafts[0]));
        let mut tx = db.begin().await.unwrap();
        assert_eq!((campaign::list(&mut tx, &world.manager, NOW, None, 10).await.unwrap().items.len(), reward::list(&mut tx, &world.manager, NOW).await.unwrap().len()), (1, 1));
        drop(tx);

        let renamed = template::Answers { campaign: Some(drafts[0]), name: "Lleva 5 más".into(), ..answers.clone() };
        assert_eq!(save(renamed.clone()).await.unwrap().name, "Lleva 5 más");
        let mut tx = db.begin().await.unwrap();
        let published = campaign::publish(&mut tx, &Actor::System, NOW, drafts[0]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(published.published_rules.as_ref(), Some(&published.rules));
        let later = template::Answers { ends: rules.ends.plus_days(30).unwrap(), ..renamed.clone() };
        let draft = save(later.clone()).await.unwrap();
        assert_eq!((draft.rules.ends, draft.published_rules.unwrap().ends), (later.ends, rules.ends));
        assert!(matches!(save(template::Answers { name: "Otro nombre".into(), ..renamed }).await, Err(Error::AlreadyPublished)));
        assert!(matches!(save(template::Answers { products: Vec::new(), ..answers.clone() }).await, Err(Error::Wrong(_))));

        // What another program wrote would lose part of itself.
        let custom = world.publish(world.rules(Unit::Points, per_value())).await;
        assert!(matches!(save(template::Answers { campaign: Some(custom), ..answers }).await, Err(Error::CustomRules)));
    }

    async fn five_mechanics_are_written_by_few_answers_and_read_again(db: &Db) {
        let world = World::new(db).await;
        let rules = world.rules(Unit::Points, per_value());
        let card = || ChosenReward::New(NewReward { brand_id: world.brand, name: "Una Cola".into(), category: "drink".into(), unit_cost_minor: 250_000, handling_fee_minor: 0, currency: Currency::Cop, stock: Some(50), max_per_consumer: None, cost: None, reserve_minutes: None });
        let mechanics = [
            (Mechanic::StampCard { units: 1, stamps: 1, need: 5, reward: card() }, "por cada unidad recibes 1 sello"),
            (Mechanic::VisitCard { least_minor: 500_000, need: 5, reward: card() }, "por cada compra recibes 1 sello si llevas $5.000 o más"),
            (Mechanic::PointsPerUnit { units: 1, points: 10 }, "por cada unidad recibes 10 puntos"),
            (Mechanic::DoubleDays { units: 1, points: 10, days: vec![2, 6] }, "por 2 los martes y los sábados"),
            (Mechanic::PointsPerValue { step_minor: 100_000, points: 1 }, "por cada $1.000 recibes 1 punto"),
        ];
        for (number, (mechanic, words)) in mechanics.into_iter().enumerate() {
            let answers = template::Answers {
                campaign: None,
                brand_id: world.brand,
                name: format!("Campaña {number}"),
                starts: rules.starts,
                ends: rules.ends,
                products: rules.products.clone(),
                mechanic,
                extras: template::Extras::default(),
            };
            let limited = template::Extras { places: ShopGroup { zones: vec!["Chapinero".into()], distributors: vec!["D7".into()] }, budget: Some(900), adults_only: true };
            let mut tx = db.begin().await.unwrap();
            let saved = template::save(&mut tx, &world.manager, NOW, &answers).await.unwrap();
            let terms = campaign::draft_terms(&mut tx, &world.manager, &saved).await.unwrap().replace('\u{a0}', " ");
            let narrow = template::save(&mut tx, &world.manager, NOW, &template::Answers { campaign: Some(saved.id), extras: limited, ..answers.clone() }).await.unwrap().rules;
            let wide = template::save(&mut tx, &world.manager, NOW, &template::Answers { campaign: Some(saved.id), ..answers }).await.unwrap().rules;
            tx.commit().await.unwrap();

            assert!(terms.contains(words), "{words}: {terms}");
            assert_eq!(wide, saved.rules, "what was limited is opened again");
            assert!(narrow.adults_only && matches!(&narrow.shops, ShopScope::Where(group) if group.zones == ["Chapinero"]));
            assert_eq!(narrow.caps.iter().map(|cap| (cap.scope, cap.max)).collect::<Vec<_>>(), [(CapScope::Campaign, 900)]);
        }
    }

    async fn a_full_card_gives_a_reward_and_keeps_the_rest(db: &Db) {
        let world = World::new(db).await;
        world.stamps(3, Some(100)).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let second = world.buys(5, &[(COLA, 5, None)]).await;
        let mut tx = db.read().await.unwrap();
        let rewards = reward::of_consumer(&mut tx, &world.ana, world.consumer).await.unwrap();
        let page = history::movements(&mut tx, &world.ana, world.consumer, history::Which::All, None, 25).await.unwrap();
        drop(tx);

        assert_eq!((second.rewards.len(), second.awards[0].balance), (2, 1));
        assert_eq!(rewards.iter().filter(|given| given.status == RewardStatus::Issued).count(), 2);
        assert_eq!(page.items.iter().map(|movement| movement.amount).sum::<i64>(), 1);
        assert!(page.items.iter().any(|movement| movement.because == ["5 × 7702004003508"]));
        world.clean().await;
    }

    async fn the_last_reward_is_given_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, Some(1)).await;
        let mut captures = Vec::new();
        for minute in 0..8 {
            captures.push(world.capture(world.consumer, NOW.plus_ms(minute * 3 * MINUTE_MS), &[(COLA, 1, None)]).await);
        }
        let answers = futures::future::join_all(captures.iter().map(|capture| world.post(Timestamp(capture.captured_at_ms), capture))).await;
        let given: usize = answers.into_iter().map(|answer| answer.unwrap().0.rewards.len()).sum();

        assert_eq!(given, 1);
        assert_eq!(world.available().await, [7]);
        world.clean().await;
    }

    async fn a_reward_is_handed_over_once_and_the_brand_owes_the_shop(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let code = reward::of_consumer(&mut tx, &world.ana, world.consumer).await.unwrap()[0].code.clone().unwrap();
        let new = NewDelivery { code: code.clone(), shop_id: None };
        let preview = reward::preview_delivery(&mut tx, &world.tendero, NOW, &code).await.unwrap();
        let done = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &new).await.unwrap();
        let again = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &new).await.unwrap();
        let owed = shop::payables(&mut tx, &world.tendero, NOW).await.unwrap();
        let by_cashier = shop::payables(&mut tx, &world.cashier(), NOW).await;
        let of_brand = shop::payables_of_tenant(&mut tx, &world.manager, world.tenant, NOW).await.unwrap();
        let day = shop::day(&mut tx, &world.cashier(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let other = shared::identity::NewShop::new("Don Luis", shared::Country::Co);
        let (elsewhere, member) = identity::shop::register(&mut tx, NOW, &world::phone(9), &other, "Luis").await.unwrap();
        let luis = Actor::Member { member, shop: elsewhere, role: MemberRole::Owner, device: None, session: SessionId::fixed(4) };
        let twice = reward::deliver(&mut tx, &world.loyalty, &luis, NOW, &new).await;

        assert_eq!((preview.owed_minor, done.owed_total_minor, done.replayed, again.replayed), (270_000, 270_000, false, true));
        assert_eq!((owed[0].amount_minor, owed[0].rewards, of_brand.len()), (270_000, 1, 1));
        assert!(matches!(by_cashier, Err(Error::Identity(identity::Error::Forbidden))));
        assert_eq!((day.purchases, day.deliveries, day.payables.len()), (1, 1, 0));
        assert!(matches!(twice, Err(Error::AlreadyDelivered)));
        drop(tx);
        world.clean().await;
    }

    async fn parallel_deliveries_owe_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let code = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap()[0].code.clone().unwrap();
        let deliver = || async {
            let mut tx = db.begin().await.unwrap();
            let done = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code: code.clone(), shop_id: None }).await.unwrap();
            tx.commit().await.unwrap();
            done.replayed
        };
        let replays = futures::future::join_all((0..8).map(|_| deliver())).await;

        assert_eq!(replays.into_iter().filter(|replayed| !replayed).count(), 1);
        world.clean().await;
    }

    async fn what_is_wrong_with_a_capture_is_told_and_changes_nothing(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let good = world.capture(world.consumer, NOW, &[(COLA, 1, None)]).await;
        let with = |change: &dyn Fn(&mut shared::loyalty::Capture)| { let mut capture = good.clone(); change(&mut capture); capture };

        for (capture, code) in [
            (with(&|c| c.lines[0].quantity = 0), "loyalty.bad_qty"),
            (with(&|c| c.lines[0].quantity = 1_000_000_000), "loyalty.bad_qty"),
            (with(&|c| c.lines[0].unit_price_minor = Some(-1)), "loyalty.bad_price"),
            (with(&|c| c.lines.clear()), "bad_field"),
            (with(&|c| c.card_code = "Q1".into()), "loyalty.unknown_card"),
            (with(&|c| { c.card_code.replace_range(37.., "A"); c.card_code.replace_range(30..37, "AAAAAAA") }), "loyalty.unknown_card"),
            (with(&|c| { c.captured_at_ms += 10 * MINUTE_MS; c.scanned_at_ms += 10 * MINUTE_MS }), "loyalty.qr_stale"),
            (with(&|c| c.scanned_at_ms -= 20 * MINUTE_MS), "loyalty.qr_stale"),
            (with(&|c| c.shop_id = ShopId::fixed(9)), "loyalty.bad_capture"),
            (with(&|c| c.version = 9), "loyalty.bad_capture"),
        ] {
            let refused: shared::Problem = world.post(NOW.plus_ms(12 * MINUTE_MS), &capture).await.expect_err(code).into();
            assert_eq!(refused.code, code);
        }
        let too_old = world.post(NOW.plus_ms(73 * HOUR_MS), &good).await;
        let forged = world.post_bytes(NOW, &good.canonical_bytes(), &[0; 64]).await;
        assert!(matches!((too_old, forged), (Err(Error::TooOld), Err(Error::BadSignature))));
        assert!(world.available().await.is_empty());
        world.post(NOW, &good).await.unwrap();
    }

    async fn a_shop_is_proposed_what_it_usually_takes(db: &Db) {
        let world = World::new(db).await;
        let usual = |after_ms: i64| { let world = &world; async move {
            let mut tx = world.db.read().await.unwrap();
            loyalty::price::usual(&mut tx, &world.tendero, NOW.plus_ms(after_ms)).await.unwrap()
        }};
        assert!(usual(0).await.is_empty());
        for (minutes, price) in [(0, 240_000), (5, 260_000), (10, 260_000), (15, 2_600_000)] {
            world.buys(minutes, &[(COLA, 1, Some(price))]).await;
        }
        // The same again is held, and what came back says nothing.
        world.buys(16, &[(COLA, 1, Some(2_600_000))]).await;
        let void = world.buys(17, &[(GALLETA, 1, Some(1))]).await;
        let mut tx = db.begin().await.unwrap();
        let all = shared::loyalty::NewReturn { return_id: None, lines: shared::loyalty::ReturnedLines::All(shared::loyalty::AllLines::All), reason: None };
        purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(18 * MINUTE_MS), void.purchase_id, &all).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(usual(HOUR_MS).await.into_iter().collect::<Vec<_>>(), [(world.cola, 260_000)]);
        assert!(usual(40 * 24 * HOUR_MS).await.is_empty(), "old prices say nothing");
    }

    async fn a_code_opens_one_purchase(db: &Db) {
        let world = World::new(db).await;
        let first = world.capture(world.consumer, NOW, &[(COLA, 1, None)]).await;
        let second = world.capture(world.consumer, NOW, &[(GALLETA, 1, None)]).await;
        world.post(NOW, &first).await.unwrap();

        assert!(matches!(world.post(NOW, &second).await, Err(Error::QrReplay)));
    }

    async fn the_same_basket_within_two_minutes_is_held(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let twin = world.buys(2, &[(COLA, 1, None)]).await;
        let later = world.buys(5, &[(COLA, 1, None)]).await;

        assert_eq!((twin.status, twin.reason.as_deref(), twin.awards.len()), (PurchaseStatus::Held, Some("SUSPECTED_DUPLICATE"), 0));
        assert_eq!(later.status, PurchaseStatus::Accepted);
        assert_eq!(world.available().await, [4]);
    }

    async fn a_clock_that_is_ahead_is_clamped_or_held(db: &Db) {
        let world = World::new(db).await;
        let little = world.capture(world.consumer, NOW.plus_ms(4 * MINUTE_MS), &[(COLA, 1, None)]).await;
        let much = world.capture(world.consumer, NOW.plus_ms(6 * MINUTE_MS), &[(GALLETA, 1, None)]).await;
        let little = world.post(NOW, &little).await.unwrap().0;
        let much = world.post(NOW, &much).await.unwrap().0;

        assert_eq!((little.status, little.purchased_at), (PurchaseStatus::Accepted, NOW));
        assert_eq!((much.status, much.reason.as_deref()), (PurchaseStatus::Held, Some("CLOCK_SUSPECT")));
    }

    async fn a_revoked_device_and_a_blocked_door_earn_nothing(db: &Db) {
        let world = World::new(db).await;
        let capture = world.capture(world.consumer, NOW, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        device::revoke(&mut tx, &world.tendero, NOW, world.device).await.unwrap();
        tx.commit().await.unwrap();

        assert!(matches!(world.post(NOW, &capture).await, Err(Error::DeviceRevoked)));
    }

    async fn joining_counts_from_its_own_instant(db: &Db) {
        let world = World::new(db).await;
        let mut rules = world.rules(Unit::Points, per_value());
        rules.enrolment = Enrolment::Required;
        let id = world.publish(rules).await;
        let before = world.buys(0, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        campaign::enrol(&mut tx, &world.ana, NOW.plus_ms(MINUTE_MS), id).await.unwrap();
        tx.commit().await.unwrap();
        let after = world.buys(5, &[(COLA, 1, None)]).await;

        assert_eq!(before.no_award[0].reason, NoAwardReason::NotEnrolled);
        assert_eq!(after.awards[0].amount, 2);
    }

    async fn who_works_at_the_shop_earns_nothing_there(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let mut tx = db.begin().await.unwrap();
        identity::shop::insert_member(&mut tx, NOW, world.shop, &world::phone(2), "Ana", MemberRole::Cashier).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(world.buys(0, &[(COLA, 1, None)]).await.no_award[0].reason, NoAwardReason::SelfPdv);
    }

    async fn a_printed_card_earns_at_once(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        let mut tx = db.begin().await.unwrap();
        let printed = card::print(&mut tx, &world.loyalty, &world.tendero, NOW).await.unwrap();
        let label = card::identify(&mut tx, &world.loyalty, &world.tendero, NOW, &printed.code, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut capture = world.capture(world.consumer, NOW, &[(COLA, 2, None)]).await;
        capture.card_code = printed.code;
        let answer = world.post(NOW, &capture).await.unwrap().0;

        assert!(label.starts_with("Tarjeta · ••"));
        assert_eq!(answer.awards[0].amount, 5);
    }

    async fn a_preview_tells_the_same_and_changes_nothing(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, Some(1)).await;
        let lines = vec![shared::loyalty::ImportLine { gtin: world::gtin(COLA), quantity: 5, unit_price_minor: None, discount_minor: 0, reward_line: false }];
        let basket = PreviewPurchase { card_code: Some(world.code(world.consumer, NOW).await), scanned_at: Some(NOW), lines };
        let foreign = Actor::Member { member: world.member, shop: ShopId::fixed(7), role: MemberRole::Owner, device: None, session: SessionId::fixed(1) };
        let mut tx = db.read().await.unwrap();
        let preview = purchase::preview(&mut tx, &world.loyalty, &world.tendero, NOW, world.shop, &basket).await.unwrap();
        let refused = purchase::preview(&mut tx, &world.loyalty, &foreign, NOW, world.shop, &basket).await;
        drop(tx);
        assert!(world.available().await.is_empty());
        assert!(matches!(refused, Err(Error::Identity(identity::Error::NotFound))));
        let real = world.buys(0, &[(COLA, 5, None)]).await;

        assert_eq!(preview.awards[0].amount, real.awards[0].amount);
        world.clean().await;
    }

    async fn a_published_version_stays_and_the_next_one_starts_later(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(world.rules(Unit::Points, per_value())).await;
        let mut tx = db.begin().await.unwrap();
        let published = campaign::get(&mut tx, &world.manager, NOW, id).await.unwrap();
        let again = campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
        let double = shared::loyalty::NewCampaign {
            brand_id: world.brand,
            name: published.name.clone(),
            template: published.template,
            rules: world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 100_000, points: 2, basis: Basis::Purchase }),
        };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &double).await.unwrap();
        let second = campaign::publish(&mut tx, &Actor::System, NOW.plus_ms(HOUR_MS), id).await.unwrap();
        tx.commit().await.unwrap();
        let early = world.capture(world.consumer, NOW, &[(COLA, 2, None)]).await;
        let mut late = world.capture(world.consumer, NOW.plus_ms(2 * HOUR_MS), &[(COLA, 2, None)]).await;
        // Late sales follow one another.
        late.previous_sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(early.canonical_bytes()));
        let early = world.post(NOW.plus_ms(3 * HOUR_MS), &early).await.unwrap().0;
        let late = world.post(NOW.plus_ms(3 * HOUR_MS), &late).await.unwrap().0;

        assert_eq!((again.version, second.version), (1, 2));
        assert_eq!((early.awards[0].amount, late.awards[0].amount), (5, 10));
        assert!(second.terms.contains("por cada $1.000 recibes 2 puntos"), "{}", second.terms);
    }

    async fn another_tenant_sees_and_changes_nothing(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(world.rules(Unit::Points, per_value())).await;
        let stranger = Actor::User { user: UserId::fixed(9), tenant: OrganisationId::fixed(9), kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(9) };
        let analyst = Actor::User { user: UserId::fixed(9), tenant: world.tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Analyst, session: SessionId::fixed(9) };
        let mut tx = db.begin().await.unwrap();

        assert!(matches!(campaign::get(&mut tx, &stranger, NOW, id).await, Err(Error::Identity(identity::Error::NotFound))));
        assert!(matches!(campaign::publish(&mut tx, &analyst, NOW, id).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(campaign::get(&mut tx, &Actor::Anonymous, NOW, id).await, Err(Error::Identity(identity::Error::Unauthorized))));
        assert!(matches!(card::balances(&mut tx, &stranger, world.consumer).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(campaign::list(&mut tx, &stranger, NOW, None, 25).await.unwrap().items.is_empty());
    }

    async fn verify_sees_a_number_that_was_tampered_with(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        world.clean().await;
        let mut tx = db.begin().await.unwrap();
        tx.query(db::Sql::same("UPDATE wallet SET available = available + 1")).execute().await.unwrap();
        let ledger = tx.query(db::Sql::same("DELETE FROM ledger_entry")).execute().await;
        assert!(matches!(ledger, Err(db::Error::AppendOnly)));
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        tx.query(db::Sql::same("UPDATE wallet SET available = available + 1")).execute().await.unwrap();
        tx.commit().await.unwrap();

        assert!(!loyalty::verify::verify(db).await.unwrap().clean());
    }

    async fn verify_sees_a_budget_that_was_tampered_with(db: &Db) {
        let world = World::new(db).await;
        let caps = [CapScope::Campaign, CapScope::PdvDay].map(|scope| Cap { scope, max: 900, on_exceed: OnExceed::Truncate });
        let ten_each = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 });
        let campaign = world.publish(CampaignRules { caps: caps.to_vec(), ..ten_each }).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let returned = world.buys(1, &[(COLA, 5, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let all = NewReturn { return_id: None, lines: ReturnedLines::All(AllLines::All), reason: None };
        purchase::give_back(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(2 * MINUTE_MS), returned.purchase_id, &all).await.unwrap();
        tx.commit().await.unwrap();
        world.buys(24 * 60, &[(COLA, 3, None)]).await;
        world.clean().await;

        for tamper in ["UPDATE cap_use SET used = used + 1 WHERE business_date = ''", "UPDATE cap_use SET used = used + 2 WHERE business_date = '2026-03-10'"] {
            let mut tx = db.begin().await.unwrap();
            assert_eq!(tx.query(db::Sql::same(tamper)).execute().await.unwrap(), 1);
            tx.commit().await.unwrap();
        }

        let report = loyalty::verify::verify(db).await.unwrap();
        let wrong: Vec<String> = report.findings.into_iter().flat_map(|finding| finding.differences.into_iter().map(move |difference| format!("{}: {difference}", finding.check))).collect();
        let said = |booked: i64, rebuilt: i64| format!("budget = net awards: {}: booked {booked}, rebuilt {rebuilt}", campaign.0);
        assert_eq!(wrong, [said(51, 50), said(22, 20)]);
    }

    async fn a_shops_list_shows_its_own_day(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        world.buys(0, &[(COLA, 2, None)]).await;
        let mut tx = db.read().await.unwrap();
        let list = purchase::of_shop(&mut tx, &world.tendero, "2026-03-10".parse().unwrap()).await.unwrap();
        let tomorrow = purchase::of_shop(&mut tx, &world.tendero, "2026-03-11".parse().unwrap()).await.unwrap();

        assert_eq!((list.len(), list[0].points, tomorrow.len()), (1, 5, 0));
    }
}
