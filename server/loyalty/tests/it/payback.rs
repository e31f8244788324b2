//! Shops are paid back: periods, statements, and what was settled.

use db::{Db, both_databases};
use identity::Actor;
use loyalty::{
    Error,
    payback::{
        monthly, owed, settlement,
        statement::{self, Of},
    },
    reward,
};
use shared::{
    CivilDate, Currency, EntryId, OrganisationId, PaymentId, RewardInstanceId, SessionId, StatementId, Timestamp, UserId,
    identity::{MemberRole, OrganisationKind, UserRole},
    loyalty::{
        NewDelivery, RewardStatus,
        payback::{NewPayment, NewSettlement, PaymentKind, Statement, StatementState},
    },
    time::DAY_MS,
};

use crate::world::{self, COLA, NOW, World};

const OWED: db::Sql = db::Sql::same(
    "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, kind, units, amount_minor, currency, reason, occurred_at, business_date)
     VALUES ($1, $2, $3, $4, $5, 'correction', 0, 500, 'COP', 'Faltaba', $6, '2026-03-10')",
);

fn operator(role: UserRole) -> Actor {
    Actor::User {
        user: UserId::fixed(90),
        tenant: OrganisationId::fixed(90),
        kind: OrganisationKind::Operator,
        role,
        session: SessionId::fixed(90),
    }
}

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn through(text: &str) -> NewSettlement {
    NewSettlement { brand_id: None, through_date: day(text) }
}

fn money(amount_minor: i64) -> NewPayment {
    NewPayment { payment_id: None, kind: PaymentKind::Money, amount_minor, reference: "TRF 1".into(), paid_date: day("2026-03-10") }
}

/// So many rewards of Ana's are handed over by the shop.
async fn deliver(world: &World, at: Timestamp, many: i64) -> Vec<RewardInstanceId> {
    let minutes = at.since(NOW) / 60_000;
    world.buys(minutes, &[(COLA, many, None)]).await;
    let mut tx = world.db.begin().await.unwrap();
    let mut done = Vec::new();
    for given in reward::of_consumer(&mut tx, &world.ana, world.consumer).await.unwrap() {
        if given.status == RewardStatus::Issued {
            reward::deliver(&mut tx, &world.loyalty, &world.tendero, at, &NewDelivery { code: given.code.unwrap(), shop_id: None })
                .await
                .unwrap();
            done.push(given.id);
        }
    }
    tx.commit().await.unwrap();
    done
}

async fn close(db: &Db, now: Timestamp, date: &str) -> Vec<shared::loyalty::payback::SettlementRun> {
    let mut tx = db.begin().await.unwrap();
    let runs = settlement::close(&mut tx, &operator(UserRole::Manager), now, &through(date)).await.unwrap();
    tx.commit().await.unwrap();
    runs
}

async fn statements(world: &World) -> Vec<Statement> {
    statement::list(&mut world.db.read().await.unwrap(), &world.tendero, Of::OwnShop, None, 50).await.unwrap().items
}

async fn pay(world: &World, now: Timestamp, id: StatementId, new: &NewPayment) -> Result<shared::loyalty::payback::StatementDetail, Error> {
    let mut tx = world.db.begin().await?;
    let detail = statement::settle(&mut tx, &world.manager, now, id, new).await?;
    tx.commit().await?;
    Ok(detail)
}

both_databases! {
    async fn a_closed_period_is_one_statement_of_exactly_its_deliveries(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 2).await;
        let preview = settlement::preview(&mut db.read().await.unwrap(), &operator(UserRole::Analyst), NOW, &through("2026-03-10")).await.unwrap();
        let runs = close(db, NOW, "2026-03-10").await;
        let again = close(db, NOW.plus_ms(60_000), "2026-03-10").await;
        let mine = statements(&world).await;
        let mut tx = db.read().await.unwrap();
        let lines = statement::lines(&mut tx, &world.tendero, mine[0].id, None, 50).await.unwrap().items;
        let owed = owed::of_own_shop(&mut tx, &world.tendero, NOW).await.unwrap();
        let all = statement::list(&mut tx, &operator(UserRole::Analyst), Of::Run(runs[0].id), None, 50).await.unwrap();

        assert_eq!((preview.len(), preview[0].shops, preview[0].lines, preview[0].amount_minor), (1, 1, 2, 540_000));
        assert_eq!((runs.len(), runs[0].statements, runs[0].lines, runs[0].totals[0].amount_minor), (1, 1, 2, 540_000));
        assert_eq!(again, runs, "closing again changes nothing");
        assert_eq!((mine.len(), mine[0].amount_minor, mine[0].lines, mine[0].state), (1, 540_000, 2, StatementState::Due));
        assert_eq!(all.items, mine);
        assert!(lines.iter().all(|line| (line.kind.as_str(), line.what.as_str(), line.unit_cost_minor, line.handling_fee_minor, line.amount_minor) == ("delivery", "1 Cola", 250_000, 20_000, 270_000)));
        assert_eq!((owed[0].open_minor, owed[0].in_statement_minor, owed[0].paid_minor, owed[0].rewards), (0, 540_000, 0, 2));
        assert_eq!((owed[0].ageing.minor, owed[0].ageing.oldest), ([540_000, 0, 0, 0], Some(day("2026-03-10"))));
        drop(tx);
        world.clean().await;
    }

    async fn what_is_taken_back_later_stands_on_the_next_statement(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        let first = deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        let later = NOW.plus_ms(DAY_MS);
        let mut tx = db.begin().await.unwrap();
        reward::undo_delivery(&mut tx, &world.loyalty, &world.tendero, later, first[0]).await.unwrap();
        tx.commit().await.unwrap();
        let open = owed::of_own_shop(&mut db.read().await.unwrap(), &world.tendero, later).await.unwrap();
        let run = close(db, later, "2026-03-11").await;
        let both = statements(&world).await;
        let owed = owed::of_own_shop(&mut db.read().await.unwrap(), &world.tendero, later).await.unwrap();
        let unpayable = pay(&world, later, both[1].id, &money(1)).await;

        assert_eq!((open[0].open_minor, open[0].in_statement_minor, open[0].owed_minor()), (-270_000, 270_000, 0));
        assert_eq!(run[0].totals[0].amount_minor, -270_000);
        assert_eq!(both.iter().map(|one| (one.amount_minor, one.settled_minor, one.state)).collect::<Vec<_>>(), [(-270_000, -270_000, StatementState::Settled), (270_000, 270_000, StatementState::Settled)]);
        assert_eq!((owed[0].owed_minor(), owed[0].paid_minor, owed[0].ageing.minor), (0, 0, [0; 4]));
        assert!(matches!(unpayable, Err(Error::MoreThanOwed)));
        world.clean().await;
    }

    async fn a_credit_is_set_against_later_statements(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        let first = deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        let bill = statements(&world).await[0].clone();
        pay(&world, NOW, bill.id, &money(270_000)).await.unwrap();
        let later = NOW.plus_ms(DAY_MS);
        let mut tx = db.begin().await.unwrap();
        reward::undo_delivery(&mut tx, &world.loyalty, &world.tendero, later, first[0]).await.unwrap();
        tx.commit().await.unwrap();
        close(db, later, "2026-03-11").await;
        let credit = statements(&world).await[0].clone();
        // What was taken back is handed over again, and one more.
        let last = later.plus_ms(DAY_MS);
        deliver(&world, last, 1).await;
        close(db, last, "2026-03-12").await;
        let next = statements(&world).await[0].clone();
        let owed = owed::of_own_shop(&mut db.read().await.unwrap(), &world.tendero, last).await.unwrap();

        assert_eq!((credit.state, credit.left_minor()), (StatementState::Credit, -270_000));
        assert_eq!((next.amount_minor, next.settled_minor, next.state), (540_000, 270_000, StatementState::Partly));
        assert_eq!((owed[0].owed_minor(), owed[0].paid_minor), (270_000, 540_000 - 270_000));
        world.clean().await;
    }

    async fn a_statement_is_settled_in_parts_and_never_beyond_what_is_owed(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        let id = statements(&world).await[0].id;
        let note = NewPayment { payment_id: Some(PaymentId::fixed(1)), kind: PaymentKind::CreditNote, amount_minor: 100_000, reference: " NC-77 ".into(), paid_date: day("2026-03-10") };

        let part = pay(&world, NOW, id, &note).await.unwrap();
        let twice = pay(&world, NOW, id, &note).await.unwrap();
        assert_eq!((part.statement.settled_minor, part.statement.state, part.payments.len(), part.payments[0].reference.as_str()), (100_000, StatementState::Partly, 1, "NC-77"));
        assert_eq!(twice, part);
        let other = NewPayment { amount_minor: 1, ..note.clone() };
        assert!(matches!(pay(&world, NOW, id, &other).await, Err(Error::IdempotencyConflict)));
        for (wrong, field) in [
            (NewPayment { amount_minor: 0, ..money(1) }, "amount_minor"),
            (NewPayment { reference: " ".into(), ..money(1) }, "reference"),
            (NewPayment { kind: PaymentKind::Offset, ..money(1) }, "kind"),
            (NewPayment { paid_date: day("2026-03-20"), ..money(1) }, "paid_date"),
            (NewPayment { paid_date: day("2026-03-09"), ..money(1) }, "paid_date"),
        ] {
            assert!(matches!(pay(&world, NOW, id, &wrong).await, Err(Error::Field(told)) if told == field), "{field}");
        }
        assert!(matches!(pay(&world, NOW, id, &money(170_001)).await, Err(Error::MoreThanOwed)));
        let goods = NewPayment { kind: PaymentKind::Product, ..money(170_000) };
        let all = pay(&world, NOW, id, &goods).await.unwrap();
        assert_eq!((all.statement.state, all.payments.len()), (StatementState::Settled, 2));
        assert!(matches!(pay(&world, NOW, id, &money(1)).await, Err(Error::MoreThanOwed)));
        let owed = owed::of_own_shop(&mut db.read().await.unwrap(), &world.tendero, NOW).await.unwrap();
        assert_eq!((owed[0].owed_minor(), owed[0].paid_minor), (0, 270_000));
        world.clean().await;
    }

    async fn parallel_payments_never_pass_the_statement(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        let id = statements(&world).await[0].id;
        let hundred = money(100_000);
        let done = futures::future::join_all((0..8).map(|_| pay(&world, NOW, id, &hundred))).await;

        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 2);
        assert!(done.iter().all(|done| done.is_ok() || matches!(done, Err(Error::MoreThanOwed))));
        world.clean().await;
    }

    async fn two_who_close_at_once_make_one_statement(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 3).await;
        let runs = futures::future::join_all((0..6).map(|_| close(db, NOW, "2026-03-10"))).await;

        assert!(runs.iter().all(|run| *run == runs[0]));
        assert_eq!(statements(&world).await.iter().map(|one| (one.lines, one.amount_minor)).collect::<Vec<_>>(), [(3, 810_000)]);
        world.clean().await;
    }

    async fn deliveries_during_a_closing_are_counted_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        world.buys(0, &[(COLA, 6, None)]).await;
        let codes: Vec<String> = reward::of_consumer(&mut db.read().await.unwrap(), &world.ana, world.consumer).await.unwrap().into_iter().filter_map(|given| given.code).collect();
        let handing = futures::future::join_all(codes.iter().map(|code| async {
            let mut tx = db.begin().await.unwrap();
            reward::deliver(&mut tx, &world.loyalty, &world.tendero, NOW, &NewDelivery { code: code.clone(), shop_id: None }).await.unwrap();
            tx.commit().await.unwrap();
        }));
        let closing = futures::future::join_all((0..4).map(|_| close(db, NOW, "2026-03-10")));
        futures::future::join(handing, closing).await;
        close(db, NOW.plus_ms(1), "2026-03-10").await;

        assert_eq!(statements(&world).await.iter().map(|one| one.amount_minor).sum::<i64>(), 6 * 270_000);
        world.clean().await;
    }

    async fn who_may_not_sees_and_does_nothing(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        let id = statements(&world).await[0].id;
        let mut tx = db.begin().await.unwrap();
        let new = shared::identity::NewShop { name: "Don Luis".into(), country: shared::Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
        let (shop, member) = identity::shop::register(&mut tx, NOW, &world::phone(9), &new, "Luis").await.unwrap();
        let luis = Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(4) };
        let other = Actor::User { user: UserId::fixed(7), tenant: OrganisationId::fixed(7), kind: OrganisationKind::BrandOwner, role: UserRole::Manager, session: SessionId::fixed(7) };
        let analyst = Actor::User { user: UserId::fixed(8), tenant: world.tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Analyst, session: SessionId::fixed(8) };
        let forbidden = |error: Error| matches!(error, Error::Identity(identity::Error::Forbidden));
        let unknown = |error: Error| matches!(error, Error::NotFound | Error::Identity(identity::Error::NotFound));

        assert!(forbidden(statement::get(&mut tx, &world.cashier(), id).await.unwrap_err()));
        assert!(forbidden(statement::lines(&mut tx, &world.ana, id, None, 9).await.unwrap_err()));
        assert!(forbidden(statement::list(&mut tx, &world.cashier(), Of::OwnShop, None, 9).await.unwrap_err()));
        assert!(forbidden(owed::of_own_shop(&mut tx, &world.cashier(), NOW).await.unwrap_err()));
        assert!(unknown(statement::get(&mut tx, &luis, id).await.unwrap_err()));
        assert!(unknown(statement::get(&mut tx, &other, id).await.unwrap_err()));
        assert!(unknown(statement::list(&mut tx, &other, Of::Tenant(world.tenant), None, 9).await.unwrap_err()));
        assert!(unknown(statement::settle(&mut tx, &other, NOW, id, &money(1)).await.unwrap_err()));
        assert!(forbidden(statement::settle(&mut tx, &world.tendero, NOW, id, &money(1)).await.unwrap_err()));
        assert!(forbidden(statement::settle(&mut tx, &analyst, NOW, id, &money(1)).await.unwrap_err()));
        assert!(forbidden(settlement::close(&mut tx, &world.manager, NOW, &through("2026-03-10")).await.unwrap_err()));
        assert!(forbidden(settlement::close(&mut tx, &operator(UserRole::Analyst), NOW, &through("2026-03-10")).await.unwrap_err()));
        assert!(forbidden(settlement::runs(&mut tx, &world.manager).await.unwrap_err()));
        assert!(matches!(settlement::close(&mut tx, &operator(UserRole::Manager), NOW, &through("2026-03-12")).await, Err(Error::Field("through_date"))));
        assert!(statement::get(&mut tx, &analyst, id).await.is_ok());
    }

    async fn a_statement_cannot_be_changed(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 1).await;
        close(db, NOW, "2026-03-10").await;
        pay(&world, NOW, statements(&world).await[0].id, &money(5)).await.unwrap();
        for change in [
            db::Sql::same("UPDATE statement SET amount_minor = 0"),
            db::Sql::same("DELETE FROM statement_line"),
            db::Sql::same("UPDATE statement_payment SET amount_minor = 1"),
            db::Sql::same("DELETE FROM settlement_run"),
        ] {
            let mut tx = db.begin().await.unwrap();
            assert!(tx.query(change).execute().await.is_err(), "{}", change.postgres);
        }
    }

    async fn currencies_of_one_shop_never_add_up(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 1).await;
        let mut tx = db.begin().await.unwrap();
        let owed = db::Sql::same(
            "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, kind, units, amount_minor, currency, reason, occurred_at, business_date)
             VALUES ($1, 'correction:1', $2, $3, $4, 'correction', 0, 500, 'USD', 'Faltaba', $5, '2026-03-10')",
        );
        tx.query(owed).bind(EntryId::fixed(1)).bind(world.shop).bind(world.tenant).bind(world.brand).bind(NOW).execute().await.unwrap();
        tx.commit().await.unwrap();
        let runs = close(db, NOW, "2026-03-10").await;
        let mut tx = db.read().await.unwrap();
        let owed = owed::of_own_shop(&mut tx, &world.tendero, NOW).await.unwrap();
        drop(tx);

        assert_eq!(runs[0].totals.iter().map(|total| (total.currency, total.amount_minor)).collect::<Vec<_>>(), [(Currency::Cop, 270_000), (Currency::Usd, 500)]);
        assert_eq!(statements(&world).await.iter().map(|one| (one.currency, one.amount_minor)).collect::<Vec<_>>(), [(Currency::Usd, 500), (Currency::Cop, 270_000)]);
        assert_eq!(owed.iter().map(|owed| (owed.currency, owed.owed_minor())).collect::<Vec<_>>(), [(Currency::Cop, 270_000), (Currency::Usd, 500)]);
        world.clean().await;
    }

    async fn an_owner_who_asked_for_it_is_told_her_month_once(db: &Db) {
        let world = World::new(db).await;
        world.stamps(1, None).await;
        deliver(&world, NOW, 2).await;
        let april = "2026-04-01T15:00:00Z".parse::<Timestamp>().unwrap();
        let cashier = match world.tendero.clone() {
            Actor::Member { member, shop, device, session, .. } => Actor::Member { member, shop, role: MemberRole::Cashier, device, session },
            other => panic!("{other:?}"),
        };
        assert_eq!(monthly::tell(db, &world.loyalty, april).await.unwrap(), 0, "nobody asked");
        let mut tx = db.begin().await.unwrap();
        let refused = monthly::decide(&mut tx, &cashier, NOW, true, "Android").await;
        monthly::decide(&mut tx, &world.tendero, NOW, true, "Android").await.unwrap();
        monthly::decide(&mut tx, &world.tendero, NOW, true, "Android").await.unwrap();
        let wanted = monthly::wanted(&mut tx, &world.tendero).await.unwrap();
        tx.commit().await.unwrap();

        let late = monthly::tell(db, &world.loyalty, "2026-03-20T15:00:00Z".parse().unwrap()).await.unwrap();
        let told = monthly::tell(db, &world.loyalty, april).await.unwrap();
        let again = monthly::tell(db, &world.loyalty, april.plus_ms(DAY_MS)).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        monthly::decide(&mut tx, &world.tendero, april, false, "Android").await.unwrap();
        tx.commit().await.unwrap();
        let may = monthly::tell(db, &world.loyalty, "2026-05-01T15:00:00Z".parse().unwrap()).await.unwrap();
        let registry = notifications::register(jobs::Registry::default(), std::sync::Arc::new(notifications::Port::Sandbox), std::sync::Arc::new(world::keys()));
        while jobs::run_due(db, &registry, april).await.unwrap() > 0 {}
        let shown: Vec<String> = notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap().into_iter().map(|message| message.body).filter(|body| body.contains("marzo de 2026")).collect();

        assert!(matches!(refused, Err(Error::Identity(identity::Error::Forbidden))) && wanted);
        assert_eq!((late, told, again, may, shown.len()), (0, 1, 0, 0, 1));
        assert!(shown[0].contains("ganaste $5.400 ") && shown[0].contains("te deben $5.400."), "{}", shown[0]);
    }

    async fn one_shop_that_cannot_be_told_keeps_no_other_from_its_month(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        let new = shared::identity::NewShop { name: "Don Luis".into(), country: shared::Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
        let (shop, member) = identity::shop::register(&mut tx, NOW, &world::phone(9), &new, "Luis").await.unwrap();
        let luis = Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(4) };
        for owner in [&world.tendero, &luis] {
            monthly::decide(&mut tx, owner, NOW, true, "Android").await.unwrap();
        }
        for (number, shop) in [(1, world.shop), (2, shop)] {
            tx.query(OWED).bind(EntryId::fixed(number)).bind(number.to_string()).bind(shop).bind(world.tenant).bind(world.brand).bind(NOW).execute().await.unwrap();
        }
        // A row that nothing of ours writes.
        tx.query(db::Sql::same("UPDATE shop SET country = 'damaged' WHERE id = $1")).bind(world.shop).execute().await.unwrap();
        tx.commit().await.unwrap();
        let april = "2026-04-01T15:00:00Z".parse::<Timestamp>().unwrap();

        assert_eq!(monthly::tell(db, &world.loyalty, april).await.unwrap(), 1);
        assert_eq!(monthly::tell(db, &world.loyalty, april).await.unwrap(), 0);
    }
}
