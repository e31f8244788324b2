//! Live news.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use futures::StreamExt;
use tower::ServiceExt;

use crate::world::{Who, World};

async fn next(stream: &mut axum::body::BodyDataStream) -> String {
    let chunk = tokio::time::timeout(Duration::from_secs(5), stream.next()).await.expect("news in time").expect("an open stream").unwrap();
    String::from_utf8(chunk.to_vec()).unwrap()
}

async fn open(world: &World, who: Who, path: &str) -> axum::response::Response {
    world.router.clone().oneshot(world.request(who, Method::GET, path, None)).await.unwrap()
}

db::both_databases! {
    async fn a_sale_is_told_to_the_card_and_the_shop(db: &Db) {
        let world = World::new(db).await;
        let mut card = open(&world, Who::Ana, "/api/v1/events/card").await.into_body().into_data_stream();
        let mut shop = open(&world, Who::Owner, "/api/v1/events/shop").await.into_body().into_data_stream();
        assert!(next(&mut card).await.contains("retry"));
        assert!(next(&mut shop).await.contains("retry"));

        assert_eq!(world.sell(&world.capture().await).await.status, StatusCode::CREATED);

        assert!(next(&mut card).await.contains("event: changed"));
        assert!(next(&mut shop).await.contains("event: changed"));
    }

    async fn a_session_holds_three_streams_and_gives_them_back(db: &Db) {
        let world = World::new(db).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let response = open(&world, Who::Ana, "/api/v1/events/card").await;
            assert_eq!(response.status(), StatusCode::OK);
            held.push(response);
        }

        assert_eq!(open(&world, Who::Ana, "/api/v1/events/card").await.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(open(&world, Who::Luz, "/api/v1/events/card").await.status(), StatusCode::OK);
        held.pop();
        assert_eq!(open(&world, Who::Ana, "/api/v1/events/card").await.status(), StatusCode::OK);
    }
}
