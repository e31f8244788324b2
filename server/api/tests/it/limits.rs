//! Whoever asks too often is told when to come back.

use api::{LimitConfig, limit::Rate};
use axum::http::StatusCode;

use crate::world::{Who, World};

db::both_databases! {
    async fn a_caller_who_asks_too_often_waits(db: &Db) {
        let world = World::with_limits(db, LimitConfig { caller: Rate::over(1, 60, 3), ..LimitConfig::default() }).await;
        for _ in 0..3 {
            assert_eq!(world.get(Who::SandboxKey, "/api/v1/shops").await.status, StatusCode::OK);
        }

        let refused = world.get(Who::SandboxKey, "/api/v1/shops").await;

        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() <= 61);
        assert_eq!(world.get(Who::Operator, "/api/v1/shops").await.status, StatusCode::OK);
    }

    async fn an_address_that_asks_too_often_waits_but_the_neighbourhood_still_buys(db: &Db) {
        let world = World::with_limits(db, LimitConfig { address: Rate::over(1, 60, 2), ..LimitConfig::default() }).await;
        for _ in 0..2 {
            world.get(Who::Nobody, "/api/v1/shops").await;
        }

        assert_eq!(world.get(Who::SandboxKey, "/api/v1/shops").await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);
    }

    async fn a_phone_that_sends_too_often_waits(db: &Db) {
        let world = World::with_limits(db, LimitConfig { device: Rate::over(1, 60, 1), ..LimitConfig::default() }).await;
        let capture = world.capture().await;
        world.sell(&capture).await;

        let refused = world.sell(&capture).await;

        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.header("retry-after").is_some());
    }
}
