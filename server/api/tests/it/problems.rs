//! Every error is a problem of one shape.

use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::{Who, World};

db::both_databases! {
    async fn problems_look_like_this(db: &Db) {
        let world = World::new(db).await;

        let nobody = world.get(Who::Nobody, "/api/v1/shops").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        assert_eq!(nobody.header("content-type"), Some("application/problem+json"));
        assert_eq!(nobody.header("www-authenticate"), Some("Bearer realm=\"mostrador\""));
        assert_eq!(nobody.json(), json!({ "type": "urn:mostrador:problem:unauthorized", "title": "Unauthorized", "status": 401, "detail": "Log in, or send a valid key.", "code": "unauthorized" }));

        let missing = world.get(Who::SandboxKey, "/api/v1/nothing").await;
        assert_eq!(missing.json(), json!({ "type": "urn:mostrador:problem:not_found", "title": "Not Found", "status": 404, "detail": "Nothing lives at /nothing.", "code": "not_found" }));

        let wrong_method = world.send(world.request(Who::SandboxKey, Method::DELETE, "/api/v1/shops", None)).await;
        assert_eq!((wrong_method.status, wrong_method.code().as_str(), wrong_method.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", Some("GET,HEAD,POST")));

        let field = world.post(Who::Operator, "/api/v1/brands", &json!({ "organisation_id": world.tenant, "name": "Otra", "colour": "red" })).await;
        assert_eq!(field.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(field.json()["fields"][0]["field"], "colour");
    }

    async fn bodies_that_are_no_request_are_told_apart(db: &Db) {
        let world = World::new(db).await;
        let send = |kind: &'static str, body: &'static str| {
            let mut request = world.request(Who::Operator, Method::POST, "/api/v1/shops", Some(&json!(null)));
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
            *request.body_mut() = body.into();
            world.send(request)
        };

        assert_eq!((send("application/json", "{").await.status), StatusCode::BAD_REQUEST);
        assert_eq!((send("text/plain", "{}").await.status), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let unknown = send("application/json; charset=utf-8", r#"{"name":"X","country":"CO","colour":"red"}"#).await;
        assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_field"));
    }

    async fn a_door_takes_so_many_bytes_and_no_more(db: &Db) {
        let world = World::new(db).await;
        let mut request = world.request(Who::Operator, Method::POST, "/api/v1/shops", Some(&json!(null)));
        *request.body_mut() = vec![b' '; api::BODY_MAX_BYTES + 1].into();

        let answer = world.send(request).await;

        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"));
    }

    async fn another_site_cannot_write_with_a_cookie(db: &Db) {
        let world = World::new(db).await;
        let body = json!({ "name": "X", "country": "CO" });
        let mut from_elsewhere = world.request(Who::Operator, Method::POST, "/api/v1/shops", Some(&body));
        from_elsewhere.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());

        let refused = world.send(from_elsewhere).await;

        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "wrong_origin"));
        assert_eq!(world.post(Who::Operator, "/api/v1/shops", &body).await.status, StatusCode::CREATED);
    }

    async fn the_description_is_valid_json_of_openapi_3_1_with_a_problem_at_every_door(db: &Db) {
        let world = World::new(db).await;

        let api = world.get(Who::Nobody, "/api/v1/openapi.json").await.json();

        assert_eq!(api["openapi"], "3.1.0");
        for (path, item) in api["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                assert_eq!(operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"], "#/components/schemas/ProblemDetails", "{method} {path}");
            }
        }
        assert_eq!(world.get(Who::Nobody, "/api/docs/").await.status, StatusCode::OK);
    }
}
