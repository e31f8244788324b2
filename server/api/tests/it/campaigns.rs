//! A campaign's way through the doors: two people, everything that is missing at once, and closed books.

use axum::http::{Method, StatusCode};
use db::both_databases;
use serde_json::{Value, json};
use shared::{CampaignId, identity::UserRole};

use crate::world::{Answer, NOW, Who, World, stamp_card};

/// A campaign of April, as the brand's own person drafts it.
async fn april(world: &World, change: impl FnOnce(&mut Value)) -> Answer {
    let mut new = serde_json::to_value(stamp_card(world.brand, world.cola, world.reward)).unwrap();
    (new["rules"]["starts"], new["rules"]["ends"]) = (json!("2026-04-01"), json!("2026-04-30"));
    change(&mut new);
    world.post(Who::Brand, "/api/v1/campaigns", &new).await
}

fn path(draft: &Answer, end: &str) -> String {
    format!("/api/v1/campaigns/{}{end}", draft.json()["id"].as_str().unwrap())
}

/// Fields and codes of a refusal.
fn missing(answer: &Answer) -> Vec<String> {
    answer.json()["fields"].as_array().unwrap().iter().map(|field| field["code"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn whoever_asks_for_a_review_does_not_publish(db: &Db) {
        let world = World::new(db).await;
        let draft = april(&world, |_| {}).await;
        let unasked = world.post(Who::Brand, &path(&draft, "/publication"), &json!({})).await;
        let asked = world.post(Who::Brand, &path(&draft, "/review"), &json!({ "note": "Abril" })).await;
        let alone = world.post(Who::Brand, &path(&draft, "/publication"), &json!({})).await;
        let back = world.send(world.request(Who::Brand, Method::DELETE, &path(&draft, "/review"), None)).await;
        // The operator's person is another one, too.
        world.post(Who::Brand, &path(&draft, "/review"), &json!({})).await;
        let published = world.post(Who::Operator, &path(&draft, "/publication"), &json!({})).await;

        assert_eq!((unasked.status, unasked.code().as_str()), (StatusCode::CONFLICT, "loyalty.review_missing"));
        assert_eq!((asked.status, &asked.json()["state"], &asked.json()["review"]["note"]), (StatusCode::CREATED, &json!("review"), &json!("Abril")));
        assert_eq!((alone.status, alone.code().as_str()), (StatusCode::CONFLICT, "loyalty.needs_second_person"));
        assert_eq!((back.status, &back.json()["state"]), (StatusCode::OK, &json!("draft")));
        assert_eq!((published.status, &published.json()["state"], &published.json()["version"]), (StatusCode::CREATED, &json!("scheduled"), &json!(1)));
    }

    async fn a_tiny_tenant_publishes_alone_when_the_operator_says_so(db: &Db) {
        let world = World::new(db).await;
        let draft = april(&world, |_| {}).await;
        let rule = format!("/api/v1/organisations/{}/publishing", world.tenant);
        let set = world.send(world.request(Who::Operator, Method::PUT, &rule, Some(&json!({ "one_person": true })))).await;
        let published = world.post(Who::Brand, &path(&draft, "/publication"), &json!({})).await;

        assert_eq!((set.status, published.status), (StatusCode::NO_CONTENT, StatusCode::CREATED));
    }

    async fn everything_that_is_missing_is_named(db: &Db) {
        let world = World::new(db).await;
        let luck = april(&world, |new| {
            new["rules"]["chance"] = json!({ "permit_number": "", "permit_from": "2026-04-01", "permit_until": "2026-04-10" });
            new["rules"]["starts"] = json!("2026-03-01");
        })
        .await;
        let gates = world.get(Who::BrandAnalyst, &path(&luck, "/gates")).await.json();
        let asked = world.post(Who::Brand, &path(&luck, "/review"), &json!({})).await;
        let wrong = april(&world, |new| {
            (new["rules"]["ends"], new["rules"]["products"]) = (json!("2026-03-01"), json!([]));
            new["rules"]["rules"] = json!([{ "kind": "per_amount", "step_minor": 0, "points": 1 }]);
        })
        .await;
        let before = world.get(Who::Brand, "/api/v1/campaigns").await.json()["items"].as_array().unwrap().len();

        let expected = ["loyalty.chance_refused", "loyalty.permit_missing", "loyalty.permit_dates_missing", "loyalty.starts_in_past"];
        assert_eq!((asked.status, asked.code().as_str(), missing(&asked)), (StatusCode::UNPROCESSABLE_ENTITY, "loyalty.cannot_publish", expected.map(str::to_owned).to_vec()));
        assert_eq!(gates["missing"].as_array().unwrap().len(), expected.len());
        assert!(gates["terms"].as_str().unwrap().contains("Ley 1480"));
        assert_eq!((wrong.status, missing(&wrong)), (StatusCode::UNPROCESSABLE_ENTITY, ["loyalty.ends_before_start", "loyalty.products_missing", "loyalty.rule_number"].map(str::to_owned).to_vec()));
        assert_eq!(before, 3, "a wrong draft is not kept");
    }

    async fn a_program_is_no_second_person(db: &Db) {
        let world = World::new(db).await;
        let draft = april(&world, |_| {}).await;
        world.post(Who::Brand, &path(&draft, "/review"), &json!({})).await;
        let key = world.post(Who::Brand, "/api/v1/api_keys", &json!({ "name": "ERP", "scopes": ["campaigns:write"] })).await.json();
        let mut request = world.request(Who::Nobody, Method::POST, &path(&draft, "/publication"), Some(&json!({})));
        let secret = format!("Bearer {}", key["secret"].as_str().unwrap());
        request.headers_mut().insert("authorization", secret.parse().unwrap());
        let refused = world.send(request).await;

        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "loyalty.needs_second_person"));
    }

    async fn a_colleague_publishes(db: &Db) {
        let world = World::new(db).await;
        let draft = april(&world, |_| {}).await;
        world.post(Who::Brand, &path(&draft, "/review"), &json!({})).await;
        let mut tx = world.state.db.begin().await.unwrap();
        let new = identity::user::NewUser { organisation: world.tenant, email: "sol@example.com", name: "Sol", role: UserRole::Manager, password_hash: "none".into() };
        let sol = identity::user::create(&mut tx, &identity::Actor::System, NOW, new).await.unwrap();
        let actor = identity::Actor::User { user: sol, tenant: world.tenant, kind: shared::identity::OrganisationKind::BrandOwner, role: UserRole::Manager, session: shared::SessionId::fixed(9) };
        let id: CampaignId = draft.json()["id"].as_str().unwrap().parse().unwrap();
        let published = loyalty::campaign::publish(&mut tx, &actor, NOW, id).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(published.version, 1);
    }
}
