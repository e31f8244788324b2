//! What providers tell us over HTTP: verified over the bytes as they came, and nothing else is believed.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use db::{Db, sql};
use notifications::{
    Port, World as Providers,
    testing::{self, Twin},
};

use crate::world::{Answer, World, send};

const CALLBACK: &str = "https://mostrador.example/api/v1/incoming/sms";

async fn with_telephones(db: &Db) -> (World, axum::Router) {
    let world = World::new(db).await;
    let twin = Twin::start().await.unwrap();
    let providers = Providers { email: None, whatsapp: twin.whatsapp(), sms: twin.sms(CALLBACK) };
    let state = api::ApiState { port: Arc::new(Port::World(Box::new(providers))), ..world.state.clone() };
    (world, api::router(state))
}

async fn whatsapp(router: &axum::Router, body: &[u8], signature: &str) -> Answer {
    let request =
        Request::post("/api/v1/incoming/whatsapp").header("content-type", "application/json").header("x-hub-signature-256", signature);
    send(router, request.body(Body::from(body.to_vec())).unwrap()).await
}

async fn sms(router: &axum::Router, fields: &[(&str, &str)], signature: &str) -> Answer {
    let request = Request::post("/api/v1/incoming/sms")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature);
    let body = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).collect::<Vec<_>>().join("&");
    send(router, request.body(Body::from(body)).unwrap()).await
}

async fn counts(db: &Db) -> (i64, i64) {
    db.read().await.unwrap().query(COUNTS).one().await.unwrap()
}

sql! {
    COUNTS: "SELECT (SELECT COUNT(*) FROM message_news), (SELECT COUNT(*) FROM opt_out)";
}

db::both_databases! {
    async fn a_forged_delivery_changes_nothing_and_a_repeated_one_counts_once(db: &Db) {
        let (_world, router) = with_telephones(db).await;
        let body = testing::whatsapp_statuses(&[("wamid.1", "delivered", None), ("wamid.1", "sent", None)]);

        assert_eq!(whatsapp(&router, &body, "sha256=00").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(whatsapp(&router, &[&body[..], b"\n"].concat(), &testing::whatsapp_signature(&body)).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(counts(db).await, (0, 0));
        for _ in 0..2 {
            assert_eq!(whatsapp(&router, &body, &testing::whatsapp_signature(&body)).await.status, StatusCode::OK);
        }
        assert_eq!(counts(db).await, (2, 0));
    }

    async fn a_stop_is_heard_by_both_channels(db: &Db) {
        let (_world, router) = with_telephones(db).await;
        let body = testing::whatsapp_inbound("573001234567", "STOP");
        let fields = [("From", "+573009999999"), ("Body", "baja"), ("MessageSid", "SM9")];

        assert_eq!(whatsapp(&router, &body, &testing::whatsapp_signature(&body)).await.status, StatusCode::OK);
        assert_eq!(sms(&router, &fields, "AAAA").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(counts(db).await, (0, 1));
        assert_eq!(sms(&router, &fields, &testing::sms_signature(CALLBACK, &fields)).await.status, StatusCode::OK);
        assert_eq!(counts(db).await, (0, 2));
    }

    async fn the_handshake_answers_the_challenge_as_plain_text(db: &Db) {
        let (world, router) = with_telephones(db).await;
        let ask = |word: &str| Request::get(format!("/api/v1/incoming/whatsapp?hub.mode=subscribe&hub.verify_token={word}&hub.challenge=1158201444")).body(Body::empty()).unwrap();

        let right = send(&router, ask(testing::VERIFY_TOKEN)).await;
        assert_eq!((right.status, right.bytes.as_slice()), (StatusCode::OK, &b"1158201444"[..]));
        assert_eq!(send(&router, ask("guess")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(world.send(ask(testing::VERIFY_TOKEN)).await.status, StatusCode::NOT_FOUND, "no such provider here");
    }
}
