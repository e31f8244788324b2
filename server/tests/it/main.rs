//! Pages, server functions and files of a whole installation, in process, on both databases.

#![allow(clippy::unwrap_used, reason = "in a test that is the report")]

mod functions;
mod moving;
mod pages;
mod paper;
mod world;

db::both_databases! {
    async fn a_database_keeps_its_purpose(db: &Db) {
        let world = world::World::new(db).await;
        let _ = &world.app;

        assert!(world::settle(db, false, server::ClockKind::System).await.is_ok());
        assert!(world::settle(db, false, server::ClockKind::Controlled).await.is_err());
        assert!(world::settle(db, true, server::ClockKind::System).await.is_err());
    }
}
