//! Reports on both engines. The numbers are compared with the worked metric cases by the scenario player.

use db::{Db, both_databases};
use identity::{Actor, organisation};
use shared::{Country, OrganisationId, SessionId, Timestamp, UserId, identity::{OrganisationKind, UserRole}};

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
        let mine = reports::summary(&mut tx, &user(org.id), brand.id, from, to).await.unwrap();
        let foreign = reports::summary(&mut tx, &user(OrganisationId::fixed(9)), brand.id, from, to).await;
        let backwards = reports::summary(&mut tx, &user(org.id), brand.id, to, from).await;

        assert_eq!((mine.units, mine.days.len(), mine.currency), (0, 31, shared::Currency::Clp));
        assert!(matches!(foreign, Err(reports::Error::Identity(identity::Error::NotFound))));
        assert!(matches!(backwards, Err(reports::Error::Period)));
    }
}
