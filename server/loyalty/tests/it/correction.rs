//! Disputes and corrections: the exact fact, a second person, and books that still add up.

use db::both_databases;
use identity::{Actor, organisation};
use loyalty::{
    Error, adjustment, dispute, history,
    payback::{
        owed, settlement,
        statement::{self, Of},
    },
    purchase,
};
use shared::{
    AdjustmentId, BrandId, CampaignId, DisputeId, PurchaseId, SessionId, ShopId, UserId,
    identity::{OrganisationKind, UserRole},
    loyalty::{
        AllLines, NewReturn, ReturnedLines, RuleKind,
        campaign::{Basis, Unit},
        correction::{
            Adjustment, AdjustmentState, AdjustmentTarget, Claim, DisputeState, NewAdjustment, NewDecision, NewDispute, NewResolution,
            Subject,
        },
        payback::NewSettlement,
    },
    time::HOUR_MS,
};

use crate::world::{COLA, NOW, PAN, World};

/// Two people of the operator, and the brand's points: one for each thousand.
struct Office {
    julian: Actor,
    marta: Actor,
    campaign: CampaignId,
}

impl Office {
    async fn new(world: &World) -> Self {
        let mut tx = world.db.begin().await.unwrap();
        let operator = organisation::create(&mut tx, &Actor::System, NOW, "Mostrador", OrganisationKind::Operator, shared::Country::Co)
            .await
            .unwrap()
            .id;
        tx.commit().await.unwrap();
        let person = |number| Actor::User {
            user: UserId::fixed(number),
            tenant: operator,
            kind: OrganisationKind::Operator,
            role: UserRole::Manager,
            session: SessionId::fixed(number),
        };
        let campaign =
            world.publish(world.rules(Unit::Points, RuleKind::PerAmount { step_minor: 100_000, points: 1, basis: Basis::Purchase })).await;
        Self { julian: person(91), marta: person(92), campaign }
    }

    fn wallet(&self, purchase_id: PurchaseId, amount: i64) -> NewAdjustment {
        NewAdjustment {
            adjustment_id: None,
            target: AdjustmentTarget::Wallet { purchase_id, campaign_id: self.campaign },
            amount,
            reason: "No sumó por un error".into(),
            dispute_id: None,
        }
    }
}

async fn propose(world: &World, actor: &Actor, new: &NewAdjustment) -> Result<Adjustment, Error> {
    let mut tx = world.db.begin().await?;
    let made = adjustment::propose(&mut tx, &world.loyalty, actor, NOW, new).await?;
    tx.commit().await?;
    Ok(made)
}

async fn decide(world: &World, actor: &Actor, id: AdjustmentId, approve: bool) -> Result<Adjustment, Error> {
    let mut tx = world.db.begin().await?;
    let decided = adjustment::decide(&mut tx, &world.loyalty, actor, NOW, id, &NewDecision { approve, reason: "Revisado".into() }).await?;
    tx.commit().await?;
    Ok(decided)
}

async fn dispute_by(world: &World, actor: &Actor, subject: Subject) -> Result<shared::loyalty::correction::Dispute, Error> {
    let mut tx = world.db.begin().await?;
    let opened = dispute::open(&mut tx, actor, NOW, &NewDispute { subject, claim: Claim::NotCounted }).await?;
    tx.commit().await?;
    Ok(opened)
}

async fn give_all_back(world: &World, purchase_id: PurchaseId) {
    let mut tx = world.db.begin().await.unwrap();
    purchase::give_back(
        &mut tx,
        &world.loyalty,
        &world.tendero,
        NOW,
        purchase_id,
        &NewReturn { return_id: None, lines: ReturnedLines::All(AllLines::All), reason: None },
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_small_correction_is_posted_at_once_and_a_large_one_by_a_second_person(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        let small = propose(&world, &office.julian, &office.wallet(bought, 5)).await.unwrap();
        assert_eq!((small.state, small.unit.as_str(), world.available().await), (AdjustmentState::Posted, "points", vec![15]));

        let large = propose(&world, &office.julian, &office.wallet(bought, 150)).await.unwrap();
        assert_eq!((large.state, large.own, world.available().await), (AdjustmentState::Waiting, true, vec![15]));
        assert!(matches!(decide(&world, &office.julian, large.id, true).await, Err(Error::OwnProposal)));
        assert_eq!(decide(&world, &office.marta, large.id, true).await.unwrap().state, AdjustmentState::Posted);
        assert_eq!(world.available().await, [165]);
        assert!(matches!(decide(&world, &office.marta, large.id, true).await, Err(Error::AlreadyDecided)));

        let unwanted = propose(&world, &office.julian, &office.wallet(bought, -150)).await.unwrap();
        assert_eq!(decide(&world, &office.marta, unwanted.id, false).await.unwrap().state, AdjustmentState::Refused);
        assert_eq!(world.available().await, [165]);
        world.clean().await;
    }

    async fn a_persons_day_has_a_limit_and_the_same_correction_is_one(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        let first = NewAdjustment { adjustment_id: Some(AdjustmentId::fixed(1)), ..office.wallet(bought, 100) };
        let made = propose(&world, &office.julian, &first).await.unwrap();
        assert_eq!(propose(&world, &office.julian, &first).await.unwrap(), made);
        assert!(matches!(propose(&world, &office.julian, &NewAdjustment { amount: 99, ..first }).await, Err(Error::IdempotencyConflict)));
        assert_eq!(world.available().await, [110]);

        // 1 900 are left of her 2 000: up and down alike, but not what was refused.
        let refused = propose(&world, &office.julian, &office.wallet(bought, 1_900)).await.unwrap();
        assert!(matches!(propose(&world, &office.julian, &office.wallet(bought, -1)).await, Err(Error::AdjustmentLimit)));
        assert!(propose(&world, &office.marta, &office.wallet(bought, -1)).await.is_ok());
        decide(&world, &office.marta, refused.id, false).await.unwrap();
        assert!(propose(&world, &office.julian, &office.wallet(bought, -1)).await.is_ok());
        world.clean().await;
    }

    async fn proposals_at_once_never_pass_the_limit_of_a_day(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        let new = office.wallet(bought, 900);
        let done = futures::future::join_all((0..6).map(|_| propose(&world, &office.julian, &new))).await;

        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 2);
        world.clean().await;
    }

    async fn two_who_approve_at_once_post_one(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        let large = propose(&world, &office.julian, &office.wallet(bought, 150)).await.unwrap();
        let done = futures::future::join_all((0..6).map(|_| decide(&world, &office.marta, large.id, true))).await;

        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
        assert_eq!(world.available().await, [160]);
        world.clean().await;
    }

    async fn what_is_taken_and_not_there_becomes_a_debt(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        propose(&world, &office.julian, &office.wallet(bought, -25)).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let wallet = loyalty::card::balances(&mut tx, &world.ana, world.consumer).await.unwrap().remove(0);
        drop(tx);

        assert_eq!((wallet.available, wallet.debt), (0, 15));
        world.clean().await;
    }

    async fn a_return_takes_nothing_twice_and_leaves_a_correction_alone(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        // The award was taken away by hand before the goods came back.
        let first = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        propose(&world, &office.julian, &office.wallet(first, -10)).await.unwrap();
        give_all_back(&world, first).await;
        let mut tx = db.read().await.unwrap();
        let wallet = loyalty::card::balances(&mut tx, &world.ana, world.consumer).await.unwrap().remove(0);
        drop(tx);
        assert_eq!((wallet.available, wallet.debt), (0, 0));
        // A correction upward is no award of the purchase.
        let second = world.buys(10, &[(COLA, 4, None)]).await.purchase_id;
        propose(&world, &office.julian, &office.wallet(second, 7)).await.unwrap();
        give_all_back(&world, second).await;
        assert_eq!(world.available().await, [7]);
        world.clean().await;
    }

    async fn a_purchase_that_gave_nothing_is_disputed_and_put_right(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(PAN, 4, None)]).await.purchase_id;
        let silent = dispute::unrewarded(&mut db.read().await.unwrap(), &world.ana, NOW).await.unwrap();
        assert_eq!((silent.len(), silent[0].id, silent[0].dispute), (1, bought, None));

        let case = dispute_by(&world, &world.ana, Subject::Purchase(bought)).await.unwrap();
        let again = dispute_by(&world, &world.ana, Subject::Purchase(bought)).await.unwrap();
        assert_eq!(again, case, "one case for each fact and person");
        let late = NOW.plus_ms(73 * HOUR_MS);
        let queue = dispute::queue(&mut db.read().await.unwrap(), &office.marta, late).await.unwrap();
        assert_eq!((queue.open, queue.late, queue.median_age_ms, queue.items.len()), (1, 1, 73 * HOUR_MS, 1));
        let looked = dispute::look(&mut db.read().await.unwrap(), &office.marta, case.id).await.unwrap();
        let trace = looked.purchase.unwrap();
        assert_eq!((trace.answer.purchase_id, trace.answer.lines.len(), trace.campaigns[0].id), (bought, 1, office.campaign));

        let closing = NewAdjustment { dispute_id: Some(case.id), ..office.wallet(bought, 150) };
        let waiting = propose(&world, &office.julian, &closing).await.unwrap();
        assert_eq!(dispute::own(&mut db.read().await.unwrap(), &world.ana).await.unwrap()[0].state, DisputeState::Open);
        decide(&world, &office.marta, waiting.id, true).await.unwrap();
        let mine = dispute::own(&mut db.read().await.unwrap(), &world.ana).await.unwrap();
        let movements = history::movements(&mut db.read().await.unwrap(), &world.ana, world.consumer, history::Which::All, None, 10).await.unwrap();
        assert_eq!((mine[0].state, mine[0].reason.as_deref()), (DisputeState::Upheld, Some("No sumó por un error")));
        assert_eq!((movements.items[0].amount, movements.items[0].because.as_slice()), (150, ["No sumó por un error".to_owned()].as_slice()));
        assert_eq!(dispute::queue(&mut db.read().await.unwrap(), &office.marta, late).await.unwrap().open, 0);
        assert!(matches!(propose(&world, &office.julian, &NewAdjustment { dispute_id: Some(case.id), ..office.wallet(bought, 1) }).await, Err(Error::AlreadyDecided)));
        assert_eq!(world.available().await, [150]);
        world.clean().await;
    }

    async fn a_refused_case_has_its_reason_and_changes_nothing(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        world.buys(0, &[(COLA, 4, None)]).await;
        let movements = history::movements(&mut db.read().await.unwrap(), &world.ana, world.consumer, history::Which::All, None, 10).await.unwrap();
        let entry = movements.items[0].id.unwrap();
        let case = dispute_by(&world, &world.ana, Subject::Movement(entry)).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let no = NewResolution { upheld: false, reason: "El tope del día era 10".into() };
        let refused = dispute::resolve(&mut tx, &office.julian, NOW, case.id, &no).await.unwrap();
        let twice = dispute::resolve(&mut tx, &office.marta, NOW, case.id, &no).await;
        tx.commit().await.unwrap();
        let movements = history::movements(&mut db.read().await.unwrap(), &world.ana, world.consumer, history::Which::All, None, 10).await.unwrap();

        assert_eq!((refused.state, refused.reason.as_deref()), (DisputeState::Refused, Some("El tope del día era 10")));
        assert!(matches!(twice, Err(Error::AlreadyDecided)));
        assert_eq!(movements.items[0].dispute, Some(DisputeState::Refused));
        assert_eq!(world.available().await, [10]);
    }

    async fn a_reward_paid_from_two_purchases_is_disputed_as_one_movement(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        world.stamps(5, None).await;
        world.buys(0, &[(COLA, 3, None)]).await;
        world.buys(10, &[(COLA, 2, None)]).await;
        let used = history::movements(&mut db.read().await.unwrap(), &world.ana, world.consumer, history::Which::Used, None, 1).await.unwrap();
        assert_eq!((used.items.len(), used.items[0].amount, used.next_cursor.as_deref()), (1, -5, None), "whole, however short the page");
        let case = dispute_by(&world, &world.ana, Subject::Movement(used.items[0].id.unwrap())).await.unwrap();
        let looked = dispute::look(&mut db.read().await.unwrap(), &office.marta, case.id).await.unwrap().movement.unwrap();

        assert_eq!((looked.kind.as_str(), looked.amount, looked.unit), ("REWARD_ISSUE", -5, Unit::Stamps));
    }

    async fn what_was_earned_and_what_was_used_are_asked_for_apart(db: &Db) {
        let world = World::new(db).await;
        world.stamps(2, None).await;
        for minutes in [0, 10, 20, 30] {
            world.buys(minutes, &[(COLA, 1, None)]).await;
        }
        let world = &world;
        let told = |which| async move {
            let (mut amounts, mut cursor) = (Vec::new(), None);
            loop {
                let page = history::movements(&mut db.read().await.unwrap(), &world.ana, world.consumer, which, cursor.as_deref(), 2).await.unwrap();
                amounts.extend(page.items.iter().map(|movement| movement.amount));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return amounts;
                }
            }
        };

        assert_eq!(told(history::Which::Used).await, [-2, -2]);
        assert_eq!(told(history::Which::Earned).await, [1, 1, 1, 1]);
        assert_eq!(told(history::Which::All).await.len(), 6);
    }

    async fn a_line_of_a_statement_is_disputed_and_corrected_on_the_next(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let target = AdjustmentTarget::Shop { shop_id: world.shop, brand_id: world.brand };
        let owe = NewAdjustment { adjustment_id: None, target, amount: 500_000, reason: "Faltó un premio".into(), dispute_id: None };
        propose(&world, &office.julian, &owe).await.unwrap();
        let close = || async {
            let mut tx = db.begin().await.unwrap();
            settlement::close(&mut tx, &office.julian, NOW, &NewSettlement { brand_id: None, through_date: "2026-03-10".parse().unwrap() }).await.unwrap();
            tx.commit().await.unwrap();
        };
        close().await;
        let mut tx = db.read().await.unwrap();
        let bill = statement::list(&mut tx, &world.tendero, Of::OwnShop, None, 9).await.unwrap().items.remove(0);
        let line = statement::lines(&mut tx, &world.tendero, bill.id, None, 9).await.unwrap().items.remove(0);
        drop(tx);
        assert_eq!((line.kind.as_str(), line.what.as_str(), line.amount_minor), ("correction", "Faltó un premio", 500_000));
        assert!(matches!(dispute_by(&world, &world.cashier(), Subject::StatementLine(line.entry_id)).await, Err(Error::Identity(identity::Error::Forbidden))));

        let case = dispute_by(&world, &world.tendero, Subject::StatementLine(line.entry_id)).await.unwrap();
        let looked = dispute::look(&mut db.read().await.unwrap(), &office.julian, case.id).await.unwrap();
        assert_eq!(looked.line.map(|line| (line.shop_id, line.brand_id)), Some((world.shop, world.brand)));
        let more = NewAdjustment { amount: 20_000, reason: "Eran dos".into(), dispute_id: Some(case.id), ..owe };
        assert_eq!(propose(&world, &office.julian, &more).await.unwrap().state, AdjustmentState::Posted);
        let open = owed::of_own_shop(&mut db.read().await.unwrap(), &world.tendero, NOW).await.unwrap();
        assert_eq!((open[0].in_statement_minor, open[0].open_minor), (500_000, 20_000));
        close().await;
        world.clean().await;
    }

    async fn whoever_has_no_part_in_it_opens_and_decides_nothing(db: &Db) {
        let world = World::new(db).await;
        let office = Office::new(&world).await;
        let bought = world.buys(0, &[(COLA, 4, None)]).await.purchase_id;
        let luz = Actor::Consumer { consumer: shared::ConsumerId::fixed(77), session: SessionId::fixed(77) };
        let rosa = world.tendero.clone();
        assert!(matches!(dispute_by(&world, &luz, Subject::Purchase(bought)).await, Err(Error::NotFound)));
        assert!(matches!(dispute_by(&world, &rosa, Subject::Purchase(bought)).await, Err(Error::Field("subject"))), "a sale that counted is taken back, not disputed");
        assert!(matches!(dispute_by(&world, &world.manager, Subject::Purchase(bought)).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(propose(&world, &world.manager, &office.wallet(bought, 1)).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(propose(&world, &Actor::System, &office.wallet(bought, 1)).await, Err(Error::Identity(_))));
        for (wrong, field) in [(office.wallet(bought, 0), "amount"), (NewAdjustment { reason: "  ".into(), ..office.wallet(bought, 1) }, "reason")] {
            assert!(matches!(propose(&world, &office.julian, &wrong).await, Err(Error::Field(told)) if told == field));
        }
        let nowhere = NewAdjustment { target: AdjustmentTarget::Shop { shop_id: ShopId::fixed(9), brand_id: BrandId::fixed(9) }, ..office.wallet(bought, 1) };
        assert!(matches!(propose(&world, &office.julian, &nowhere).await, Err(Error::Field("brand_id"))));
        assert!(matches!(dispute::look(&mut db.read().await.unwrap(), &office.julian, DisputeId::fixed(1)).await, Err(Error::NotFound)));
        assert_eq!(world.available().await, [10]);
    }
}
