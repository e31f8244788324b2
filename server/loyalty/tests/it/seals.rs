//! What the database keeps is what was written: rows of ledgers and of the audit are sealed, and a changed one is found.

use db::{Db, Engine, Sql, sql};
use loyalty::{seal, verify};
use shared::loyalty::campaign::Unit;

use crate::{
    per_value,
    world::{COLA, NOW, World},
};

sql! {
    EARN: "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, kind, units, amount_minor, currency, reason, occurred_at, business_date)
           VALUES ($1, $2, $3, $4, $5, 'correction', 1, 500, 'COP', 'Faltaba', 0, '2026-03-10')";
    EARN_MORE: "UPDATE shop_entry SET amount_minor = 900 WHERE business_key = 'b'";
    SEAL_AND_EARN_MORE: "UPDATE shop_entry SET sequence = 99, seal = $1, amount_minor = 900";
    UNEARN: "DELETE FROM shop_entry";
    SEQUENCES: "SELECT sequence FROM ledger_entry ORDER BY sequence";
    CHANGE: "UPDATE ledger_entry SET amount = amount + 1 WHERE sequence = 1";
    UNSEAL: "UPDATE ledger_entry SET seal = NULL, sequence = NULL WHERE sequence = 1";
    GIVE_SEAL_AND_CHANGE: "UPDATE ledger_entry SET sequence = 99, seal = $1, amount = amount + 1";
    REMOVE_HEADS: "DELETE FROM seal_head WHERE book = 'ledger_entry'";
    REMOVE_LAST: "DELETE FROM ledger_entry WHERE sequence = (SELECT MAX(sequence) FROM ledger_entry)";
    REWRITE_AUDIT: "UPDATE audit_event SET why = 'no' WHERE sequence = 1";
    COLUMNS: { sqlite: "SELECT name FROM pragma_table_info($1)", postgres: "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = $1" };
    TRIGGER: { sqlite: "SELECT sql FROM sqlite_schema WHERE name = $1", postgres: "SELECT CAST($1 AS TEXT)" };
}

/// What only somebody who owns the database can do.
async fn drop_guards(db: &Db) {
    let guards: &[&'static str] = match db.engine() {
        Engine::Sqlite => {
            &["DROP TRIGGER ledger_entry_no_update", "DROP TRIGGER ledger_entry_no_delete", "DROP TRIGGER audit_event_no_update"]
        }
        Engine::Postgres => &[
            "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
            "DROP TRIGGER ledger_entry_no_delete ON ledger_entry",
            "DROP TRIGGER audit_event_append_only ON audit_event",
        ],
    };
    for guard in guards {
        let mut tx = db.begin().await.unwrap();
        tx.query(Sql::same(guard)).execute().await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn run(db: &Db, statement: Sql) {
    let mut tx = db.begin().await.unwrap();
    tx.query(statement).execute().await.unwrap();
    tx.commit().await.unwrap();
}

async fn broken(db: &Db, check: &str) -> Vec<String> {
    verify::verify(db).await.unwrap().findings.into_iter().find(|finding| finding.check == check).unwrap().differences
}

async fn sealed_world(db: &Db) -> World {
    let world = World::new(db).await;
    world.publish(world.rules(Unit::Points, per_value())).await;
    for minutes in [0, 5, 10] {
        world.buys(minutes, &[(COLA, 2, None)]).await;
    }
    seal::all(db, NOW).await.unwrap();
    world
}

db::both_databases! {
    async fn every_row_gets_a_number_and_the_books_are_clean(db: &Db) {
        let world = sealed_world(db).await;
        let report = verify::verify(db).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let numbers: Vec<(i64,)> = tx.query(SEQUENCES).all().await.unwrap();
        drop(tx);

        assert_eq!(numbers.iter().map(|(number,)| *number).collect::<Vec<_>>(), (1..=numbers.len() as i64).collect::<Vec<_>>());
        assert!(numbers.len() >= 3);
        assert!(report.clean() && report.unsealed.is_empty(), "{report:?}");
        assert_eq!(seal::all(db, NOW).await.unwrap(), 0);
        world.clean().await;
    }

    async fn what_comes_later_is_listed_until_it_is_sealed_behind_the_others(db: &Db) {
        let world = sealed_world(db).await;
        world.buys(20, &[(COLA, 2, None)]).await;
        let waiting = verify::verify(db).await.unwrap();
        let sealed = seal::all(db, NOW).await.unwrap();
        let after = verify::verify(db).await.unwrap();

        assert!(waiting.clean());
        assert_eq!((waiting.unsealed[0].0, waiting.unsealed[0].1), ("seals of the ledger", 1));
        assert_eq!(waiting.unsealed[0].2.len(), 1);
        assert!(sealed >= 1);
        assert!(after.clean() && after.unsealed.is_empty(), "{after:?}");
    }

    /// A transaction that was open while others were sealed has older times than they do.
    async fn a_row_that_is_committed_late_is_not_passed_over(db: &Db) {
        if db.engine() == Engine::Sqlite {
            return;
        }
        let world = sealed_world(db).await;
        let capture = world.capture(world.consumer, NOW.plus_ms(30 * 60_000), &[(COLA, 2, None)]).await;
        let bytes = capture.canonical_bytes();
        let mut late = db.begin().await.unwrap();
        let device = identity::device::find_signing(&mut late, world.device).await.unwrap().unwrap();
        let signature = world.sign(&bytes);
        loyalty::purchase::register(&mut late, &world.loyalty, NOW.plus_ms(30 * 60_000), &device, loyalty::purchase::Arrival { body: &bytes, signature: &signature, device_clock_ms: None }).await.unwrap();
        let other = world.crowd(1).await[0];
        world.imports_at(other, world.shop, NOW.plus_ms(31 * 60_000), COLA).await;
        seal::all(db, NOW).await.unwrap();
        late.commit().await.unwrap();
        let waiting = verify::verify(db).await.unwrap().unsealed;
        seal::all(db, NOW).await.unwrap();
        let report = verify::verify(db).await.unwrap();

        assert_eq!(waiting[0].1, 1);
        assert!(report.clean() && report.unsealed.is_empty(), "{report:?}");
    }

    async fn two_who_seal_at_once_make_one_chain(db: &Db) {
        let world = World::new(db).await;
        world.publish(world.rules(Unit::Points, per_value())).await;
        for minutes in [0, 5, 10, 15] {
            world.buys(minutes, &[(COLA, 2, None)]).await;
        }
        let sealed = futures::future::join_all((0..3).map(|_| seal::all(db, NOW))).await;

        assert!(sealed.iter().all(Result::is_ok), "{sealed:?}");
        let report = verify::verify(db).await.unwrap();
        assert!(report.clean() && report.unsealed.is_empty(), "{report:?}");
    }

    async fn the_database_lets_a_seal_pass_and_nothing_else(db: &Db) {
        let world = sealed_world(db).await;
        world.buys(20, &[(COLA, 2, None)]).await;
        for statement in [CHANGE, UNSEAL, REMOVE_LAST] {
            let mut tx = db.begin().await.unwrap();
            assert!(matches!(tx.query(statement).execute().await, Err(db::Error::AppendOnly)), "{}", statement.sqlite);
        }
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(tx.query(GIVE_SEAL_AND_CHANGE).bind(vec![0_u8; 32]).execute().await, Err(db::Error::AppendOnly)));
    }

    /// A column that the guard does not compare could be changed together with the seal.
    async fn the_guard_compares_every_column(db: &Db) {
        let mut tx = db.read().await.unwrap();
        for (table, seals) in [("ledger_entry", &["sequence", "seal"][..]), ("payable_entry", &["sequence", "seal"]), ("audit_event", &["chain_id", "sequence", "seal"])] {
            let columns: Vec<(String,)> = tx.query(COLUMNS).bind(table).all().await.unwrap();
            let (guard,): (String,) = tx.query(TRIGGER).bind(format!("{table}_no_update")).one().await.unwrap();
            assert!(columns.len() > 5);
            for (column,) in columns.iter().filter(|(column,)| !seals.contains(&column.as_str())) {
                // PostgreSQL compares whole rows.
                assert!(db.engine() == Engine::Postgres || guard.contains(&format!("NEW.{column} IS OLD.{column}")), "{table}.{column}");
            }
        }
    }

    async fn a_changed_row_is_found(db: &Db) {
        let _world = sealed_world(db).await;
        drop_guards(db).await;
        run(db, CHANGE).await;
        let found = broken(db, "seals of the ledger").await;

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("number 1 of the chain"), "{found:?}");
        assert!(broken(db, "seals of the audit").await.is_empty());
    }

    async fn a_row_that_was_cut_off_is_missed(db: &Db) {
        let _world = sealed_world(db).await;
        drop_guards(db).await;
        run(db, REMOVE_LAST).await;

        assert!(broken(db, "seals of the ledger").await[0].contains("ends at"));
    }

    async fn a_chain_whose_end_was_taken_away_is_told_and_stops_no_other(db: &Db) {
        let world = sealed_world(db).await;
        run(db, REMOVE_HEADS).await;
        let found = broken(db, "seals of the ledger").await;
        // Behind a chain that nobody can go on with, other books are sealed as before.
        world.buys(20, &[(COLA, 2, None)]).await;
        seal::all(db, NOW.plus_ms(1)).await.unwrap();
        let waiting = verify::verify(db).await.unwrap().unsealed;

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("no end that is known"), "{found:?}");
        assert_eq!(waiting.iter().map(|(check, many, _)| (*check, *many)).collect::<Vec<_>>(), [("seals of the ledger", 1)]);
    }

    async fn a_line_of_the_audit_that_was_rewritten_is_found(db: &Db) {
        let _world = sealed_world(db).await;
        drop_guards(db).await;
        run(db, REWRITE_AUDIT).await;

        assert!(!broken(db, "seals of the audit").await.is_empty());
        assert!(broken(db, "seals of the ledger").await.is_empty());
    }
    async fn what_shops_earn_is_sealed_like_what_they_are_owed(db: &Db) {
        let world = sealed_world(db).await;
        let mut tx = db.begin().await.unwrap();
        for (n, key) in [(1_u128, "a"), (2, "b")] {
            tx.query(EARN).bind(shared::EntryId::fixed(n)).bind(key).bind(world.shop).bind(world.tenant).bind(world.brand).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(seal::all(db, NOW).await.unwrap(), 2);
        world.clean().await;
        for guarded in [SEAL_AND_EARN_MORE, UNEARN] {
            let mut tx = db.begin().await.unwrap();
            let query = tx.query(guarded);
            let query = if guarded.sqlite == UNEARN.sqlite { query } else { query.bind(vec![1_u8]) };
            assert!(matches!(query.execute().await, Err(db::Error::AppendOnly)));
        }
        let guard = match db.engine() {
            Engine::Sqlite => "DROP TRIGGER shop_entry_no_update",
            Engine::Postgres => "DROP TRIGGER shop_entry_append_only ON shop_entry",
        };
        run(db, Sql::same(guard)).await;
        run(db, EARN_MORE).await;

        let found = broken(db, "seals of what shops earn").await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("says something else"), "{found:?}");
    }
}
