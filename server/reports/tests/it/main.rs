//! Reports on both engines. The numbers are compared with the worked metric cases by the scenario player.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod audience;
mod claimed;
mod d1;
mod explore;
mod metrics;
mod schedule;

use db::both_databases;
use identity::{Actor, organisation, shop};
use shared::{
    Country, OrganisationId, SessionId, Timestamp, UserId,
    identity::{NewShop, OrganisationKind, UserRole},
};

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in reports::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{error}: {}", sql.postgres));
        }
    }

    async fn a_brand_without_sales_has_zeros_and_strangers_have_nothing(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let org = organisation::create(&mut tx, &Actor::System, Timestamp(1), "Sierra", OrganisationKind::BrandOwner, Country::Cl).await.unwrap();
        let brand = organisation::create_brand(&mut tx, &Actor::System, Timestamp(1), org.id, "Cola", "#9F1239").await.unwrap();
        let user = |tenant| Actor::User { user: UserId::fixed(1), tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Analyst, session: SessionId::fixed(1) };
        let (from, to) = ("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
        let mine = reports::summary(&mut tx, &user(org.id), Timestamp(1), brand.id, from, to).await.unwrap();
        let foreign = reports::summary(&mut tx, &user(OrganisationId::fixed(9)), Timestamp(1), brand.id, from, to).await;
        let backwards = reports::summary(&mut tx, &user(org.id), Timestamp(1), brand.id, to, from).await;

        assert_eq!((mine.units, mine.days.len(), mine.currency), (0, 31, shared::Currency::Clp));
        assert!(matches!(foreign, Err(reports::Error::Identity(identity::Error::NotFound))));
        assert!(matches!(backwards, Err(reports::Error::Period)));
    }

    async fn the_operator_counts_the_platform_and_nobody_else_does(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let user = |kind| Actor::User { user: UserId::fixed(1), tenant: OrganisationId::fixed(1), kind, role: UserRole::Analyst, session: SessionId::fixed(1) };
        for (name, at) in [("La Esquina", 1_000), ("Don Luis", 3_000)] {
            let new = NewShop { name: name.into(), country: Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
            shop::create(&mut tx, &Actor::System, Timestamp(at), &new).await.unwrap();
        }
        let counts = reports::platform(&mut tx, &user(OrganisationKind::Operator), Timestamp(2_000)).await.unwrap();
        let brand = reports::platform(&mut tx, &user(OrganisationKind::BrandOwner), Timestamp(2_000)).await;
        let nobody = reports::platform(&mut tx, &Actor::Anonymous, Timestamp(2_000)).await;

        assert_eq!((counts.shops, counts.new_shops, counts.held, counts.held_since), (2, 1, 0, None));
        assert!(matches!(brand, Err(reports::Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(nobody, Err(reports::Error::Identity(identity::Error::Unauthorized))));
    }
}
