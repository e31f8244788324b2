//! A small pilot on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod lives;

use db::both_databases;
use identity::Keys;
use pilot::{Plan, look, seed};
use secrecy::SecretBox;
use shared::Timestamp;

/// 21 November 2026, 15:00 in Bogotá.
const NOW: Timestamp = Timestamp(1_795_291_200_000);

fn keys() -> Keys {
    Keys::new(&SecretBox::new(Box::new([1; 32])))
}

both_databases! {
    async fn whatever_happened_days_that_are_kept_tell_what_the_purchases_tell(db: &Db) {
        lives::play(db, 1).await;
    }

    async fn what_is_written_in_bulk_is_what_the_books_would_say(db: &Db) {
        let made = seed(db, &keys(), Plan { scale: 0.002, seed: 7, until: NOW }).await.unwrap();

        let report = loyalty::verify::verify(db).await.unwrap();
        let wrong: Vec<_> = report.findings.iter().filter(|finding| !finding.differences.is_empty()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let (many, wrong) = identity::registrations::verify(db).await.unwrap();
        assert!(many > 200 && wrong.is_empty(), "{many} {wrong:#?}");
        let idle: Vec<&str> = report.findings.iter().filter(|finding| finding.rows == 0).map(|finding| finding.check).collect();
        // Nobody was paid, corrected or given units yet, no campaign has a goal for shops, and a job seals.
        let later = |check: &str| ["statement", "seals", "correction", "units at a shop", "a purchase pays its shop", "goal of a shop"].iter().any(|of| check.contains(of));
        assert!(idle.iter().all(|check| later(check)), "every other check had something to compare: {idle:?}");
        assert!((made.shops, made.consumers) == (22, 2_000) && made.purchases > 3_000 && made.entries > made.purchases * 2 && made.rewards > 100, "{made:?}");
    }

    async fn nothing_is_written_over_a_world(db: &Db) {
        let plan = Plan { scale: 0.0001, seed: 7, until: NOW };
        seed(db, &keys(), plan).await.unwrap();

        assert!(matches!(seed(db, &keys(), plan).await, Err(pilot::Error::NotEmpty)));
        let seen = look(db, 50).await.unwrap();
        assert_eq!((seen.brands.len(), seen.shops.len(), seen.consumers.len(), seen.last_day.to_string().as_str()), (6, 20, 50, "2026-11-20"));
    }
}
