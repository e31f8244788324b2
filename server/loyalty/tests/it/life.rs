//! A campaign's way from a draft to closed books.

use db::{both_databases, sql};
use identity::{Actor, Scopes};
use loyalty::{Error, campaign, gate, purchase, reward};
use shared::{
    ApiKeyId, CampaignId, CivilDate, ProductId, SessionId, Timestamp, UserId,
    identity::{OrganisationKind, UserRole},
    loyalty::{
        AllLines, AskReview, Campaign, CampaignRules, CampaignState, NewCampaign, NewDelivery, NewReturn, PurchaseStatus, ReturnedLines,
        RewardAvailability, RuleKind, Template,
        campaign::{Chance, Enrolment, ShopGroup, ShopScope, Threshold, Unit},
        evaluation::NoAwardReason,
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::world::{COLA, NOW, World};

sql! {
    ADULT: "UPDATE product SET category = 'alcohol' WHERE id = $1";
    BEER: "UPDATE product SET category = 'Cervezas' WHERE id = $1";
    ZONE: "UPDATE shop SET zone = 'Chapinero', distributor_code = 'D7-001' WHERE id = $1";
}

fn date(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// The day after NOW and two weeks more: what people may publish.
fn coming(world: &World) -> CampaignRules {
    CampaignRules {
        starts: date("2026-03-11"),
        ends: date("2026-03-25"),
        ..world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 10 })
    }
}

impl World {
    fn colleague(&self) -> Actor {
        Actor::User {
            user: UserId::fixed(2),
            tenant: self.tenant,
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Manager,
            session: SessionId::fixed(9),
        }
    }
    fn program(&self, scopes: &str) -> Actor {
        Actor::Key {
            key: ApiKeyId::fixed(1),
            tenant: self.tenant,
            kind: OrganisationKind::BrandOwner,
            scopes: Scopes::parse(scopes).unwrap(),
        }
    }
    async fn draft(&self, rules: CampaignRules) -> CampaignId {
        let mut tx = self.db.begin().await.unwrap();
        let new = NewCampaign { brand_id: self.brand, name: "Lleva y gana".into(), template: Template::Custom, rules };
        let id = campaign::create(&mut tx, &self.manager, NOW, &new).await.unwrap().id;
        tx.commit().await.unwrap();
        id
    }
    async fn ask(&self, id: CampaignId) -> Result<Campaign, Error> {
        let mut tx = self.db.begin().await.unwrap();
        let asked = campaign::ask_review(&mut tx, &self.manager, NOW, id, &AskReview { note: "Para marzo".into() }).await?;
        tx.commit().await?;
        Ok(asked)
    }
    async fn publish_as(&self, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
        let mut tx = self.db.begin().await.unwrap();
        let published = campaign::publish(&mut tx, actor, now, id).await?;
        tx.commit().await?;
        Ok(published)
    }
    async fn state_at(&self, id: CampaignId, now: Timestamp) -> CampaignState {
        campaign::get(&mut self.db.read().await.unwrap(), &self.manager, now, id).await.unwrap().state
    }
    async fn settle(&self, id: CampaignId, now: Timestamp) -> Result<Campaign, Error> {
        let mut tx = self.db.begin().await.unwrap();
        let settled = campaign::settle(&mut tx, &self.manager, now, id).await?;
        tx.commit().await?;
        Ok(settled)
    }
}

/// Codes of everything that a refusal names.
fn named(refused: Result<Campaign, Error>) -> Vec<String> {
    match refused {
        Err(Error::Gates(missing) | Error::Wrong(missing)) => missing.into_iter().map(|one| one.code).collect(),
        other => panic!("{other:?}"),
    }
}

both_databases! {
    async fn one_person_asks_and_another_publishes(db: &Db) {
        let world = World::new(db).await;
        let id = world.draft(coming(&world)).await;

        assert!(matches!(world.publish_as(&world.colleague(), NOW, id).await, Err(Error::ReviewMissing)));
        let program = campaign::ask_review(&mut db.begin().await.unwrap(), &world.program("campaigns:write"), NOW, id, &AskReview::default()).await;
        assert!(matches!(program, Err(Error::Identity(_))), "whoever made its key could publish alone: {program:?}");
        let asked = world.ask(id).await.unwrap();
        assert_eq!((asked.state, asked.review.as_ref().map(|review| review.note.as_str())), (CampaignState::Review, Some("Para marzo")));
        assert!(matches!(world.publish_as(&world.manager, NOW, id).await, Err(Error::NeedsSecondPerson)));
        assert!(matches!(world.publish_as(&world.program("campaigns:write"), NOW, id).await, Err(Error::NeedsSecondPerson)));
        let published = world.publish_as(&world.colleague(), NOW, id).await.unwrap();
        assert_eq!((published.state, published.version, published.review), (CampaignState::Scheduled, 1, None));
        assert!(matches!(world.ask(id).await, Err(Error::AlreadyPublished)), "nothing of it is new");
    }

    async fn whoever_edits_a_draft_in_review_has_to_ask_again(db: &Db) {
        let world = World::new(db).await;
        let id = world.draft(coming(&world)).await;
        world.ask(id).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let rules = CampaignRules { ends: date("2026-03-28"), ..coming(&world) };
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules };
        campaign::update_draft(&mut tx, &world.colleague(), NOW, id, &new).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(world.state_at(id, NOW).await, CampaignState::Draft);
        assert!(matches!(world.publish_as(&world.colleague(), NOW, id).await, Err(Error::ReviewMissing)));
    }

    async fn two_colleagues_who_publish_at_once_make_one_version(db: &Db) {
        let world = World::new(db).await;
        let id = world.draft(coming(&world)).await;
        world.ask(id).await.unwrap();
        let colleague = world.colleague();
        let both = futures::future::join_all((0..2).map(|_| world.publish_as(&colleague, NOW, id))).await;

        assert!(both.into_iter().all(|one| one.unwrap().version == 1));
    }

    async fn a_tenant_of_one_person_publishes_alone_when_the_operator_says_so(db: &Db) {
        let world = World::new(db).await;
        let id = world.draft(coming(&world)).await;
        let mut tx = db.begin().await.unwrap();
        let refused = identity::organisation::set_publishing(&mut tx, &world.manager, NOW, world.tenant, true).await;
        assert!(matches!(refused, Err(identity::Error::Forbidden)));
        identity::organisation::set_publishing(&mut tx, &Actor::System, NOW, world.tenant, true).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(world.publish_as(&world.manager, NOW, id).await.unwrap().version, 1);
    }

    async fn everything_that_is_missing_is_told_at_once(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(None).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(ADULT).bind(world.cola).execute().await.unwrap();
        tx.commit().await.unwrap();
        let bad = CampaignRules {
            unit: Unit::Stamps,
            starts: date("2026-03-01"),
            ends: date("2026-03-09"),
            threshold: Some(Threshold { need: 5, reward_id }),
            chance: Some(Chance::default()),
            ..coming(&world)
        };
        let id = world.draft(bad).await;
        let all = ["loyalty.chance_refused", "loyalty.permit_missing", "loyalty.permit_dates_missing", "loyalty.starts_in_past", "loyalty.ends_in_past", "loyalty.budget_missing", "loyalty.age_gate_missing"];
        let mut tx = db.read().await.unwrap();
        let draft = campaign::get(&mut tx, &world.manager, NOW, id).await.unwrap();
        let gates = gate::look(&mut tx, &world.manager, NOW, &draft).await.unwrap();
        drop(tx);

        assert_eq!(named(world.ask(id).await), all);
        assert_eq!(gates.missing.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), all);
        // A sandbox plays in the past and without an end; luck and adults it does not play.
        assert_eq!(named(world.publish_as(&world.program("campaigns:write sandbox"), NOW, id).await), ["loyalty.chance_refused", "loyalty.permit_missing", "loyalty.permit_dates_missing", "loyalty.age_gate_missing"]);
        assert_eq!(world.state_at(id, NOW).await, CampaignState::Draft);
    }

    async fn a_prize_for_adults_needs_the_age_gate_however_it_is_written(db: &Db) {
        let world = World::new(db).await;
        let mut prizes = Vec::new();
        for category in ["Licores", "cerveza artesanal", "gift"] {
            let reward_id = world.reward_of(category).await;
            let stamps = CampaignRules { unit: Unit::Stamps, threshold: Some(Threshold { need: 5, reward_id }), ..coming(&world) };
            let id = world.draft(stamps).await;
            prizes.push(world.ask(id).await.is_ok());
        }
        let mut tx = db.begin().await.unwrap();
        tx.query(BEER).bind(world.cola).execute().await.unwrap();
        tx.commit().await.unwrap();
        let id = world.draft(coming(&world)).await;

        assert_eq!(prizes, [false, false, true]);
        assert_eq!(named(world.ask(id).await), ["loyalty.age_gate_missing"]);
        assert!(world.ask(world.draft(CampaignRules { adults_only: true, ..coming(&world) }).await).await.is_ok());
    }

    async fn dollars_are_counted_by_their_cents(db: &Db) {
        let world = World::new(db).await;
        let shared_usd = shared::Currency::Usd;
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(loyalty::shop::set_currency(&mut tx, &world.manager, NOW, world.shop, shared_usd).await, Err(Error::Identity(_))));
        assert_eq!(loyalty::shop::set_currency(&mut tx, &Actor::System, NOW, world.shop, shared_usd).await.unwrap().currency, shared_usd);
        tx.commit().await.unwrap();
        let cheap = |new: &mut shared::loyalty::NewReward| {
            (new.unit_cost_minor, new.handling_fee_minor, new.currency, new.stock) = (125, 5, shared_usd, Some(9));
        };
        let reward_id = world.reward_with(cheap).await;
        let pesos = world.reward(Some(5)).await;
        // A point for each 3.75, and a stamp for each sale from 1.10 on.
        let value = RuleKind::PerAmount { step_minor: 375, points: 1, basis: Default::default() };
        let dollars = CampaignRules { currency: Some(shared_usd), ..world.rules(Unit::Points, value) };
        let mut card = CampaignRules { unit: Unit::Stamps, threshold: Some(Threshold { need: 2, reward_id }), ..dollars.clone() };
        card.rules = vec![shared::loyalty::Rule { kind: RuleKind::PerPurchase { points: 1 }, min_amount_minor: Some(110), min_units: None }];
        let other = CampaignRules { currency: Some(shared::Currency::Cop), ..dollars.clone() };
        let wrong = world.draft(CampaignRules { starts: date("2026-03-11"), threshold: Some(Threshold { need: 2, reward_id: pesos }), ..card.clone() }).await;
        assert_eq!(named(world.ask(wrong).await), ["loyalty.reward_currency"]);
        let (points, stamps, cop) = (world.publish(dollars).await, world.publish(card).await, world.publish(other).await);
        let sold = world.buys(0, &[(COLA, 3, Some(124))]).await;
        let more = world.buys(5, &[(COLA, 3, Some(125)), (crate::world::GALLETA, 1, Some(374))]).await;
        let of = |answer: &shared::loyalty::PurchaseAnswer, id: CampaignId| answer.awards.iter().find(|award| award.campaign_id == id).map(|award| award.amount);
        let terms = campaign::get(&mut db.read().await.unwrap(), &world.manager, NOW, points).await.unwrap().terms;

        assert_eq!((sold.total_minor, of(&sold, points), of(&sold, stamps), of(&sold, cop)), (372, Some(0), Some(1), None));
        assert_eq!((more.total_minor, of(&more, points), of(&more, stamps)), (749, Some(1), Some(1)));
        assert!(more.no_award.iter().any(|none| none.campaign_id == cop && none.reason == NoAwardReason::PdvNotInCampaign));
        assert!(terms.contains("3,75") && terms.contains("Solo en tiendas que venden en USD."), "{terms}");
        let code = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap()[0].code.clone().unwrap();
        let mut tx = db.begin().await.unwrap();
        let handed = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW.plus_ms(HOUR_MS), &NewDelivery { code, shop_id: None }).await.unwrap();
        assert!(matches!(loyalty::shop::set_currency(&mut tx, &Actor::System, NOW, world.shop, shared::Currency::Cop).await, Err(Error::WrongState)));
        tx.commit().await.unwrap();

        assert_eq!((handed.owed_minor, handed.owed_total_minor, handed.currency), (130, 130, shared_usd));
        world.clean().await;
    }

    async fn a_price_in_pesos_says_nothing_where_goods_are_sold_in_dollars(db: &Db) {
        let world = World::new(db).await;
        let usd = shared::Currency::Usd;
        let mut tx = db.begin().await.unwrap();
        loyalty::shop::set_currency(&mut tx, &Actor::System, NOW, world.shop, usd).await.unwrap();
        tx.commit().await.unwrap();
        let value = RuleKind::PerAmount { step_minor: 100, points: 1, basis: Default::default() };
        let guard = shared::loyalty::campaign::PriceGuard { low: "0.5".parse().unwrap(), high: "2".parse().unwrap() };
        world.publish(CampaignRules { currency: Some(usd), price_guard: Some(guard), ..world.rules(Unit::Points, value) }).await;
        let unpriced = world.buys(0, &[(COLA, 2, None)]).await;
        let priced = world.buys(5, &[(COLA, 2, Some(300))]).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(IN_DOLLARS).bind(world.cola).execute().await.unwrap();
        tx.query(NOTICED).execute().await.unwrap();
        tx.commit().await.unwrap();
        let suggested = world.buys(10, &[(COLA, 2, None)]).await;
        let guarded = world.buys(15, &[(COLA, 2, Some(300))]).await;
        let gave = |answer: &shared::loyalty::PurchaseAnswer| answer.awards.iter().map(|award| award.amount).sum::<i64>();

        assert_eq!((unpriced.total_minor, gave(&unpriced)), (0, 0), "250 000 of pesos are no 250 000 cents");
        assert_eq!((priced.total_minor, gave(&priced)), (600, 6), "what pesos suggest guards no price in dollars");
        assert_eq!((suggested.total_minor, gave(&suggested)), (200, 2));
        assert_eq!((guarded.total_minor, gave(&guarded)), (600, 4), "twice what is suggested in dollars is the most that counts");
    }

    async fn what_cannot_be_stored_is_told_at_once_too(db: &Db) {
        let world = World::new(db).await;
        let wrong = CampaignRules {
            ends: date("2026-03-01"),
            products: Vec::new(),
            rules: vec![shared::loyalty::Rule { kind: RuleKind::PerAmount { step_minor: 0, points: 1, basis: Default::default() }, min_amount_minor: None, min_units: None }],
            ..coming(&world)
        };
        let new = NewCampaign { brand_id: world.brand, name: String::new(), template: Template::Custom, rules: wrong };
        let mut tx = db.begin().await.unwrap();
        let refused = campaign::create(&mut tx, &world.manager, NOW, &new).await;
        let foreign = NewCampaign { name: "Otra".into(), rules: CampaignRules { products: vec![ProductId::fixed(3)], ..coming(&world) }, ..new };

        assert_eq!(named(refused), ["bad_field", "loyalty.ends_before_start", "loyalty.products_missing", "loyalty.rule_number"]);
        assert_eq!(named(campaign::create(&mut tx, &world.manager, NOW, &foreign).await), ["loyalty.foreign_product"]);
        assert!(campaign::list(&mut tx, &world.manager, NOW, None, 10).await.unwrap().items.is_empty());
    }

    async fn the_calendar_begins_and_ends_a_campaign_by_itself(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(coming(&world)).await;
        // 11 March begins at 05:00 UTC in Bogotá.
        let begins: Timestamp = "2026-03-11T05:00:00Z".parse().unwrap();
        let ends: Timestamp = "2026-03-26T05:00:00Z".parse().unwrap();
        let mut seen = Vec::new();
        for at in [begins.plus_ms(-1), begins, ends.plus_ms(-1), ends] {
            seen.push(world.state_at(id, at).await);
        }
        let mut tx = db.begin().await.unwrap();
        let paused = campaign::pause(&mut tx, &world.manager, begins, id).await.unwrap().state;
        let resumed = campaign::resume(&mut tx, &world.manager, begins.plus_ms(HOUR_MS), id).await.unwrap().state;

        assert_eq!(seen, [CampaignState::Scheduled, CampaignState::Active, CampaignState::Active, CampaignState::Ended]);
        assert_eq!((paused, resumed), (CampaignState::Paused, CampaignState::Active));
        assert!(matches!(campaign::pause(&mut tx, &world.manager, ends, id).await, Err(Error::WrongState)));
    }

    async fn late_sales_and_returns_count_until_the_books_are_closed(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(CampaignRules { starts: date("2026-03-01"), ends: date("2026-03-10"), ..coming(&world) }).await;
        let sold = world.buys(0, &[(COLA, 2, None)]).await;
        // What a phone without a signal sold on the last day, and sends two days later.
        let late = world.capture(world.consumer, NOW.plus_ms(HOUR_MS), &[(COLA, 1, None)]).await;
        let late = world.post(NOW.plus_ms(50 * HOUR_MS), &late).await.unwrap().0;
        let over = NOW.plus_ms(5 * DAY_MS);
        let back = |purchase, units: i64, now| {
            let lines = ReturnedLines::Some(vec![shared::loyalty::ReturnedLine { gtin: COLA.parse().unwrap(), quantity: units }]);
            let new = NewReturn { return_id: None, lines, reason: Some("Dañado".into()) };
            let world = &world;
            async move {
                let mut tx = world.db.begin().await.unwrap();
                let returned = purchase::give_back(&mut tx, &world.loyalty, &world.tendero, now, purchase, &new).await.unwrap();
                tx.commit().await.unwrap();
                (returned.reversed[0].amount, returned.reversed[0].reason)
            }
        };
        let _ = AllLines::All;

        assert!(late.status == PurchaseStatus::Held || late.awards[0].amount == 10);
        assert!(matches!(world.settle(id, NOW.plus_ms(2 * DAY_MS)).await, Err(Error::TooEarlyToSettle)));
        assert_eq!(back(sold.purchase_id, 1, over).await, (10, None));
        if late.status == PurchaseStatus::Held {
            assert!(matches!(world.settle(id, over).await, Err(Error::HeldPurchasesWait)));
            let mut tx = db.begin().await.unwrap();
            let reject = shared::loyalty::NewReview { decision: shared::loyalty::ReviewDecision::Reject, reason: Some("No".into()) };
            purchase::decide(&mut tx, &world.loyalty, &Actor::System, over, late.purchase_id, &reject).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(world.settle(id, over).await.unwrap().state, CampaignState::Settled);
        assert_eq!(back(sold.purchase_id, 1, over).await, (0, Some(NoAwardReason::Settled)));
        assert_eq!(world.settle(id, over).await.unwrap().state, CampaignState::Settled, "closed once");
        world.clean().await;
    }

    async fn nothing_counts_for_closed_books(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(CampaignRules { starts: date("2026-03-01"), ends: date("2026-03-10"), ..coming(&world) }).await;
        world.settle(id, NOW.plus_ms(6 * DAY_MS)).await.unwrap();
        // By the clock of the test this is before: a sale of the campaign's days that somebody approves afterwards.
        let answer = world.buys(0, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: coming(&world) };

        assert_eq!(answer.no_award[0].reason, NoAwardReason::Settled);
        assert!(matches!(campaign::update_draft(&mut tx, &world.manager, NOW, id, &new).await, Err(Error::WrongState)));
        assert!(matches!(campaign::resume(&mut tx, &world.manager, NOW, id).await, Err(Error::WrongState)));
    }

    async fn a_later_version_begins_at_its_instant(db: &Db) {
        let world = World::new(db).await;
        let id = world.publish(world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 })).await;
        let mut tx = db.begin().await.unwrap();
        let five = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 5 }) };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &five).await.unwrap();
        let past = campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(NOW.plus_ms(-1))).await;
        let tomorrow = NOW.plus_ms(DAY_MS);
        let second = campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(tomorrow)).await.unwrap();
        let seven = NewCampaign { rules: world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 7 }), ..five };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &seven).await.unwrap();
        let crossing = campaign::publish(&mut tx, &Actor::System, NOW, id).await;
        tx.commit().await.unwrap();

        assert!(matches!((past, crossing), (Err(Error::VersionOrder), Err(Error::VersionOrder))));
        assert_eq!((second.version, second.valid_from), (2, Some(tomorrow)));
        let (today, later) = (world.buys(0, &[(COLA, 1, None)]).await, world.buys(24 * 60, &[(COLA, 1, None)]).await);
        assert_eq!((today.awards[0].amount, later.awards[0].amount), (1, 5));
    }

    async fn between_two_versions_nothing_counts(db: &Db) {
        let world = World::new(db).await;
        let two = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 2 });
        let id = world.draft(two.clone()).await;
        let hour = |hours: i64| NOW.plus_ms(hours * 3_600_000);
        let mut tx = db.begin().await.unwrap();
        let until = |hours| shared::loyalty::Publication { valid_from: None, valid_until: Some(hour(hours)) };
        assert!(matches!(campaign::publish_as(&mut tx, &Actor::System, NOW, id, &until(-1)).await, Err(Error::VersionOrder)));
        campaign::publish_as(&mut tx, &Actor::System, NOW, id, &until(1)).await.unwrap();
        let new = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: CampaignRules { priority: 7, ..two } };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &new).await.unwrap();
        campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(hour(2))).await.unwrap();
        tx.commit().await.unwrap();
        let first = world.buys(59, &[(COLA, 1, None)]).await;
        let between = world.buys(60, &[(COLA, 1, None), (crate::world::PAN, 1, None)]).await;
        let last = world.buys(119, &[(COLA, 2, None)]).await;
        let second = world.buys(120, &[(COLA, 3, None)]).await;

        assert_eq!((first.awards[0].amount, second.awards[0].amount), (2, 6));
        for none in [between, last] {
            assert!(none.awards.is_empty());
            assert_eq!((none.no_award[0].campaign_id, none.no_award[0].reason), (id, shared::loyalty::evaluation::NoAwardReason::OutOfDates));
        }
    }

    async fn shops_of_a_zone_or_a_distributor_take_part(db: &Db) {
        let world = World::new(db).await;
        let group = |zones: &[&str], distributors: &[&str]| ShopScope::Where(ShopGroup { zones: zones.iter().map(|name| (*name).into()).collect(), distributors: distributors.iter().map(|name| (*name).into()).collect() });
        let rules = world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
        let zone = world.publish(CampaignRules { shops: group(&["chapinero"], &[]), ..rules.clone() }).await;
        let distributor = world.publish(CampaignRules { shops: group(&[], &["D7"]), ..rules.clone() }).await;
        let elsewhere = world.publish(CampaignRules { shops: group(&["Usaquén"], &["D8"]), ..rules }).await;
        let before = world.buys(0, &[(COLA, 1, None)]).await;
        let mut tx = db.begin().await.unwrap();
        tx.query(ZONE).bind(world.shop).execute().await.unwrap();
        tx.commit().await.unwrap();
        let after = world.buys(5, &[(COLA, 1, None)]).await;
        let mut gave: Vec<CampaignId> = after.awards.iter().map(|award| award.campaign_id).collect();
        gave.sort_unstable();
        let mut expected = [zone, distributor];
        expected.sort_unstable();
        let estimates = campaign::of_shop(&mut db.read().await.unwrap(), &world.loyalty, &world.tendero, NOW).await.unwrap();

        assert!(before.awards.is_empty() && before.no_award.iter().all(|none| none.reason == NoAwardReason::PdvNotInCampaign));
        assert_eq!(gave, expected);
        assert_eq!((after.no_award[0].campaign_id, after.no_award[0].reason), (elsewhere, NoAwardReason::PdvNotInCampaign));
        assert_eq!(estimates.len(), 2, "the phone is told of its own");
    }

    async fn a_reward_is_handed_over_on_its_days_and_at_its_shops(db: &Db) {
        let world = World::new(db).await;
        let reward_id = world.reward(Some(5)).await;
        let limit = |availability: RewardAvailability| { let world = &world; async move {
            let mut tx = world.db.begin().await.unwrap();
            let set = reward::set_availability(&mut tx, &world.manager, NOW, reward_id, &availability).await?;
            tx.commit().await?;
            Ok::<_, Error>(set)
        }};
        limit(RewardAvailability { from: Some(date("2026-03-11")), until: Some(date("2026-03-12")), shops: vec![world.shop] }).await.unwrap();
        let rules = world.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        world.publish(CampaignRules { threshold: Some(Threshold { need: 1, reward_id }), ..rules }).await;
        world.buys(0, &[(COLA, 1, None)]).await;
        let code = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap()[0].code.clone().unwrap();
        let deliver = || { let (world, code) = (&world, code.clone()); async move {
            let mut tx = world.db.begin().await.unwrap();
            let handed = reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code, shop_id: None }).await;
            if handed.is_ok() { tx.commit().await.unwrap(); }
            handed.map(|handed| handed.replayed)
        }};

        assert!(matches!(deliver().await, Err(Error::RewardNotHere)), "its days have not begun");
        let promised = RewardAvailability { from: Some(date("2026-03-10")), until: Some(date("2026-03-12")), shops: vec![world.shop] };
        for fewer in [RewardAvailability { until: Some(date("2026-03-11")), ..promised.clone() }, RewardAvailability { from: Some(date("2026-03-12")), ..promised.clone() }] {
            assert!(matches!(limit(fewer).await, Err(Error::RewardPromised)));
        }
        let elsewhere = RewardAvailability { shops: vec![world.shop, shared::ShopId::fixed(77)], ..promised.clone() };
        assert!(matches!(limit(elsewhere).await, Err(Error::Field("shops"))));
        let spring = promised;
        assert_eq!(limit(spring.clone()).await.unwrap().availability, spring);
        assert!(!deliver().await.unwrap());
    }

    async fn she_joins_under_the_terms_that_are_in_force(db: &Db) {
        let world = World::new(db).await;
        let rules = CampaignRules { enrolment: Enrolment::Required, ..world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 }) };
        let id = world.publish(rules.clone()).await;
        let mut tx = db.begin().await.unwrap();
        let more = NewCampaign { brand_id: world.brand, name: "Lleva y gana".into(), template: Template::Custom, rules: CampaignRules { valid_days: Some(30), ..rules } };
        campaign::update_draft(&mut tx, &world.manager, NOW, id, &more).await.unwrap();
        campaign::publish_from(&mut tx, &Actor::System, NOW, id, Some(NOW.plus_ms(DAY_MS))).await.unwrap();
        let open = campaign::open_for(&mut tx, &world.ana, NOW, date("2026-03-10")).await.unwrap();
        campaign::enrol(&mut tx, &world.ana, NOW, id).await.unwrap();
        let (number,): (i64,) = tx.query(JOINED).bind(world.consumer).one().await.unwrap();

        assert!(open[0].joinable && open[0].terms.contains("no vence"), "{}", open[0].terms);
        assert_eq!(number, 1);
    }

    async fn nobody_is_offered_what_runs_in_another_country(db: &Db) {
        let world = World::new(db).await;
        let points = || world.rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 1 });
        let everywhere = world.publish(points()).await;
        let mut tx = db.begin().await.unwrap();
        let shop = |name: &'static str, country, last| (shared::identity::NewShop::new(name, country), crate::world::phone(last));
        let ((here, one), (there, two)) = (shop("Don Luis", shared::Country::Co, 21), shop("Doña Inés", shared::Country::Cl, 22));
        let (bogota, _) = identity::shop::register(&mut tx, NOW, &one, &here, "Luis").await.unwrap();
        let (santiago, _) = identity::shop::register(&mut tx, NOW, &two, &there, "Inés").await.unwrap();
        let card = identity::consent::Decision::for_the_card("cl", "web", "Android");
        let new = identity::consumer::NewConsumer { name: Some("Paz".into()), adult: true, shop: None, consents: vec![card] };
        let phone = identity::challenge::VerifiedPhone::trusted(&crate::world::keys(), identity::Phone::parse(shared::Country::Cl, "9 6123 4567").unwrap());
        let (paz, _) = loyalty::card::sign_up(&mut tx, &world.loyalty, NOW, &phone, &new).await.unwrap();
        tx.commit().await.unwrap();
        let paz = Actor::Consumer { consumer: paz, session: shared::SessionId::fixed(40) };
        let offered = |who: &Actor| { let who = who.clone(); async move {
            let open = campaign::open_for(&mut db.read().await.unwrap(), &who, NOW, date("2026-03-10")).await.unwrap();
            open.into_iter().map(|open| open.id).collect::<std::collections::BTreeSet<_>>()
        }};
        assert_eq!(offered(&world.ana).await, [everywhere].into());
        assert_eq!(offered(&paz).await, [].into(), "the brand is Colombian and has no shop in Chile");

        let only = |shops: Vec<shared::ShopId>| world.publish(CampaignRules { shops: ShopScope::Only(shops), ..points() });
        let (chilean, both) = (only(vec![santiago]).await, only(vec![santiago, bogota]).await);

        assert_eq!(offered(&world.ana).await, [everywhere, both].into());
        assert_eq!(offered(&paz).await, [everywhere, chilean, both].into(), "now the brand has a shop there");
    }
}

const IN_DOLLARS: db::Sql =
    db::Sql::same("INSERT INTO product_price (product_id, currency, suggested_price_minor) VALUES ($1, 'USD', 100)");
const NOTICED: db::Sql = db::Sql::same("UPDATE epoch SET value = value + 1 WHERE name = 'rules'");
const JOINED: db::Sql =
    db::Sql::same("SELECT v.number FROM campaign_enrolment e JOIN campaign_version v ON v.id = e.version_id WHERE e.consumer_id = $1");
