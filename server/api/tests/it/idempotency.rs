//! One effect for each key.

use axum::http::{Method, StatusCode};
use serde_json::json;
use shared::time::DAY_MS;

use crate::world::{NOW, Who, World};

async fn shops(world: &World) -> usize {
    world.get(Who::Operator, "/api/v1/shops?limit=100").await.json()["items"].as_array().unwrap().len()
}

async fn create(world: &World, who: Who, key: &str, name: &str) -> crate::world::Answer {
    let mut request = world.request(who, Method::POST, "/api/v1/shops", Some(&json!({ "name": name, "country": "CO" })));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    world.send(request).await
}

db::both_databases! {
    async fn the_same_request_again_gets_the_same_bytes(db: &Db) {
        let world = World::new(db).await;
        let before = shops(&world).await;

        let first = create(&world, Who::Operator, "k1", "Uno").await;
        let again = create(&world, Who::Operator, "k1", "Uno").await;

        assert_eq!((first.status, first.header("idempotency-replayed")), (StatusCode::CREATED, None));
        assert_eq!((again.status, again.header("idempotency-replayed")), (StatusCode::CREATED, Some("true")));
        assert_eq!(again.bytes, first.bytes);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(shops(&world).await, before + 1);
    }

    async fn another_request_under_the_same_key_is_refused(db: &Db) {
        let world = World::new(db).await;
        create(&world, Who::Operator, "k1", "Uno").await;
        let before = shops(&world).await;

        let other = create(&world, Who::Operator, "k1", "Dos").await;

        assert_eq!((other.status, other.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_conflict"));
        assert_eq!(shops(&world).await, before);
    }

    async fn a_concurrent_twin_waits_and_gets_the_same_bytes(db: &Db) {
        let world = World::new(db).await;
        let before = shops(&world).await;

        let twins = futures::future::join_all((0..6).map(|_| create(&world, Who::Operator, "k1", "Uno"))).await;

        assert!(twins.iter().all(|twin| twin.status == StatusCode::CREATED && twin.bytes == twins[0].bytes));
        assert_eq!(twins.iter().filter(|twin| twin.header("idempotency-replayed").is_none()).count(), 1);
        assert_eq!(shops(&world).await, before + 1);
    }

    async fn a_key_belongs_to_whoever_used_it(db: &Db) {
        let world = World::new(db).await;
        let before = shops(&world).await;

        create(&world, Who::Operator, "k1", "Uno").await;
        let other = create(&world, Who::SandboxKey, "k1", "Uno").await;

        assert_eq!((other.status, other.header("idempotency-replayed")), (StatusCode::CREATED, None));
        assert_eq!(shops(&world).await, before + 2);
    }

    async fn a_refused_request_leaves_its_key_free(db: &Db) {
        let world = World::new(db).await;

        assert_eq!(create(&world, Who::Operator, "k1", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        assert_eq!(create(&world, Who::Operator, "k1", "Uno").await.status, StatusCode::CREATED);
    }

    async fn a_key_is_kept_for_thirty_days(db: &Db) {
        let world = World::new(db).await;
        create(&world, Who::SandboxKey, "k1", "Uno").await;

        world.state.clock.set(NOW.plus_ms(30 * DAY_MS - 1));
        assert_eq!(create(&world, Who::SandboxKey, "k1", "Uno").await.header("idempotency-replayed"), Some("true"));

        world.state.clock.set(NOW.plus_ms(30 * DAY_MS));
        let late = create(&world, Who::SandboxKey, "k1", "Dos").await;
        assert_eq!((late.status, late.header("idempotency-replayed")), (StatusCode::CREATED, None));
    }

    async fn a_secret_in_a_kept_answer_cannot_be_read_in_the_database(db: &Db) {
        let world = World::new(db).await;
        let mut request = world.request(Who::Brand, Method::POST, "/api/v1/api_keys", Some(&json!({ "name": "caja", "scopes": ["reports:read"] })));
        request.headers_mut().insert("idempotency-key", "k1".parse().unwrap());

        let made = world.send(request).await;

        let secret = made.json()["secret"].as_str().unwrap().to_owned();
        let kept: Vec<(Vec<u8>,)> = world.state.db.read().await.unwrap().query(db::Sql::same("SELECT body FROM idempotency_key")).all().await.unwrap();
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].0.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }

    async fn a_key_of_strange_characters_is_refused(db: &Db) {
        let world = World::new(db).await;

        assert_eq!(create(&world, Who::Operator, "a b", "Uno").await.code(), "bad_idempotency_key");
        assert_eq!(create(&world, Who::Operator, &"k".repeat(101), "Uno").await.code(), "bad_idempotency_key");
    }

    async fn a_sale_sent_again_gets_the_same_bytes_and_counts_once(db: &Db) {
        let world = World::new(db).await;
        let capture = world.capture().await;

        let twins = futures::future::join_all((0..4).map(|_| world.sell(&capture))).await;
        let import = world.import("F-1");
        let first = world.post(Who::ImportKey, "/api/v1/purchases", &import).await;
        let again = world.post(Who::ImportKey, "/api/v1/purchases", &import).await;

        assert!(twins.iter().all(|twin| twin.status == StatusCode::CREATED && twin.bytes == twins[0].bytes), "{:?}", twins.iter().map(|twin| (twin.status, twin.code())).collect::<Vec<_>>());
        assert_eq!(twins.iter().filter(|twin| twin.header("idempotency-replayed").is_none()).count(), 1);
        assert_eq!((first.status, &again.bytes), (StatusCode::CREATED, &first.bytes));
        assert_eq!(world.traces().await.0, 2);
    }
}
