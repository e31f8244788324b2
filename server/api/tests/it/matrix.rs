//! Every door × nobody, the wrong owner, the wrong role. The doors come from the description itself: one without a row
//! here fails the test, and so does a row without a door.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{COLA, NOW, Who::{self, *}, World, enrolment, stamp_card};

/// What is expected of one door.
struct Door {
    id: &'static str,
    /// Fills `{id}`, and the query.
    place: String,
    body: Option<Value>,
    /// Somebody who may: the answer is no refusal, so the row's request is a good one.
    may: Who,
    /// Of the right kind, and not theirs: 404. `None` where the door only ever shows one's own.
    stranger: Option<Who>,
    /// Of the wrong kind or role: 403. `None` where everybody with a proof may.
    wrong_role: Vec<Who>,
    /// What whoever may is told, when this world has nothing to do it to.
    told: Option<u16>,
}

fn door(id: &'static str, may: Who) -> Door {
    Door { id, place: String::new(), body: None, may, stranger: None, wrong_role: Vec::new(), told: None }
}

impl Door {
    fn at(mut self, id: impl ToString) -> Self {
        self.place = id.to_string();
        self
    }
    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
    fn stranger(mut self, who: Who) -> Self {
        self.stranger = Some(who);
        self
    }
    fn told(mut self, status: u16) -> Self {
        self.told = Some(status);
        self
    }
    fn wrong(mut self, who: impl IntoIterator<Item = Who>) -> Self {
        self.wrong_role.extend(who);
        self
    }
}

fn doors(world: &World) -> Vec<Door> {
    let people = [Ana, Owner];
    let campaign = serde_json::to_value(stamp_card(world.brand, world.cola, world.reward)).unwrap();
    let product = |gtin: &str, name: &str| json!({ "gtin": gtin, "brand_id": world.brand, "name": name, "currency": "COP" });
    let reward = json!({ "brand_id": world.brand, "name": "Otro", "unit_cost_minor": 1, "handling_fee_minor": 1, "currency": "COP" });
    let basket = json!({ "lines": [{ "gtin": COLA, "quantity": 1 }] });
    vec![
        door("listOrganisations", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("createOrganisation", Operator).body(json!({ "name": "Nueva", "kind": "brand_owner", "country": "CO" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listBrands", Brand).wrong(people),
        door("createBrand", Operator).body(json!({ "organisation_id": world.tenant, "name": "Nueva", "colour": "#112233" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listShops", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("createShop", Operator).body(json!({ "name": "Nueva", "country": "CO" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        // Printed on the shop's own poster: everybody with a proof may read it.
        door("getShop", Ana).at(world.shop),
        door("listDevices", Owner).wrong([Cashier, Ana, Brand, SandboxKey]),
        door("enrolDevice", Cashier).body(enrolment()).wrong([Ana, Brand, SandboxKey]),
        door("revokeDevice", Owner).at(world.device).stranger(OtherShop).wrong([Cashier, Ana, Brand]),
        door("listMembers", Cashier).wrong([Ana, Brand, SandboxKey]),
        door("createInvitation", Owner).body(json!({})).wrong([Cashier, Ana, Brand]),
        door("listProducts", Brand),
        door("getProduct", Owner).at(world.cola),
        door("createProduct", Operator).body(product("7702535011119", "Nuevo")).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("updateProduct", Operator).at(world.cola).body(product(COLA, "Cola Sierra 400 ml")).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("importProducts", Operator).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("createProductProposal", Cashier).body(json!({ "gtin": "7707000000018", "name": "Pan" })).wrong([Ana, Brand, SandboxKey]),
        door("listProductProposals", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("closeProductProposal", Operator).at("prp_00000000000000000000000000000001").body(json!({ "why": "listo" })).wrong([Brand, OperatorAnalyst, Ana, Owner]).told(404),
        door("listCampaigns", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("getCampaign", BrandAnalyst).at(world.campaign).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("createCampaign", Brand).body(campaign.clone()).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("updateCampaign", Brand).at(world.draft).body(campaign).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("publishCampaign", Brand).at(world.draft).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listRewards", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("getReward", BrandAnalyst).at(world.reward).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("createReward", Brand).body(reward).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        // Without a device's signature only a key with the scope may; signatures have their own tests.
        door("createPurchase", ImportKey).body(world.import("M-1")).wrong([SandboxKey, OtherKey, Ana, Owner, Brand]),
        door("previewPurchase", Owner).body(basket).wrong([Ana, Brand]),
        door("getPurchase", Ana).at("{purchase}").stranger(Luz).wrong([]),
        door("previewDelivery", Owner).body(json!({ "code": "{code}" })).wrong([Ana, Brand]),
        door("createDelivery", Owner).body(json!({ "code": "{code}" })).wrong([Ana, Brand]),
        door("undoDelivery", Owner).at("{instance}").body(json!({})).stranger(OtherShop).wrong([Ana, Brand]),
        door("createReturn", Owner).at("{purchase}").body(json!({ "lines": "all" })).stranger(OtherShop).wrong([Ana, Brand]),
        door("reviewPurchase", Operator).at("{purchase}").body(json!({ "decision": "approve" })).wrong([OperatorAnalyst, Brand, Ana, Owner, ImportKey]).told(409),
        // A stamp card's reward has no price.
        door("createReservation", Ana).body(json!({ "reward_id": world.reward })).wrong([Owner, Brand, ImportKey]).told(404),
        door("releaseReservation", Ana).at("{instance}").body(json!({})).stranger(Luz).wrong([Owner, Brand, ImportKey]).told(409),
        door("pauseCampaign", Brand).at(world.campaign).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("resumeCampaign", Brand).at(world.campaign).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listPayables", Brand).at(format!("?brand_id={}", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("listConsumerBalances", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("listConsumerRewards", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("listConsumerMovements", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("getMyCard", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyMovements", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyRewards", Ana).wrong([Owner, Brand, SandboxKey]),
        door("createMyCardKey", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listApiKeys", Brand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("createApiKey", Brand).body(json!({ "name": "caja", "scopes": ["reports:read"] })).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listUsers", Brand).at(format!("?organisation_id={}", world.tenant)).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("createUser", Brand)
            .body(json!({ "organisation_id": world.tenant, "email": "nueva@example.com", "name": "Nueva", "role": "analyst", "password": "una clave muy larga" }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listAuditEvents", Brand).wrong([Ana, Owner, ImportKey]),
        door("getSummary", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-03-10", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("listReports", Owner).wrong([]),
        door("listBrandShops", BrandAnalyst).at(world.brand).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("enrolBrandShops", Brand).at(world.brand).body(json!({ "shop_ids": [world.shop] })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("answerNps", Cashier).body(json!({ "brand_id": world.brand, "wave": "2026-q1", "score": 9 })).stranger(OtherShop).wrong([Brand, Ana, ImportKey]),
        door("withdrawBrandShop", Brand).at(world.brand).body(json!({ "shop_id": world.shop })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("createBrandCost", Brand).at(world.brand).body(json!({ "kind": "media", "amount_minor": 100, "cost_date": "2026-03-02" })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("setBrandAssumptions", Brand)
            .at(world.brand)
            .body(json!({ "valid_from": "2026-03-01", "unit_margin_minor": 90_000, "expected_redemption_bp": 6_000, "thousand_points_minor": 500_000 }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("saveRfmSegments", Brand).at(world.brand).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("setCampaignArms", Brand).at("{later}").body(json!({ "treated": [world.shop], "control": ["{other_shop}"] })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getSalesPerPli", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getActivePdv", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getShopPerformance", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getReach", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getConversion", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getFrequency", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getUplift", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01&campaign_id={}", world.brand, world.campaign)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getNps", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getCac", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getRoi", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01&campaign_id={}", world.brand, world.campaign)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getRfm", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getLiability", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("listLedgerTotals", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("getSandboxClock", SandboxKey).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("setSandboxClock", SandboxKey).body(json!({ "now": NOW })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("createSandboxConsumer", SandboxKey).body(json!({ "country": "CO" })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("createSandboxEnrolment", SandboxKey).at(world.ana).body(json!({ "campaign_id": world.campaign })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("createSandboxHoldout", SandboxKey).at(world.ana).body(json!({ "campaign_id": world.campaign })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("createSandboxSegment", SandboxKey).at(world.ana).body(json!({ "brand_id": world.brand, "name": "vecinas" })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        // Ana's card is somebody's already.
        door("createSandboxClaim", SandboxKey).body(json!({ "from": world.ana, "into": world.ana })).wrong([Operator, Brand, Ana, Owner, ImportKey]).told(422),
        door("getSandboxCardCode", SandboxKey).at(world.ana).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("listSandboxMessages", SandboxKey).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("computeSandboxMetric", SandboxKey).at("nps").body(json!({ "scores": [10] })).wrong([Operator, Brand, Ana, Owner, ImportKey]),
        door("streamCardEvents", Ana).wrong([Owner, Brand, SandboxKey]),
        door("streamShopEvents", Cashier).wrong([Ana, Brand, SandboxKey]),
        door("streamBrandEvents", Brand).wrong([Ana, Owner, SandboxKey]),
        // Last: they take people and keys of this world away.
        door("revokeApiKey", Brand).at(world.import_key).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("disableUser", Brand).at(world.analyst).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner]),
        door("removeMember", Owner).at(world.cashier).stranger(OtherShop).wrong([Cashier, Ana, Brand]),
    ]
}

/// Method and path template of every door, by its id.
fn described() -> BTreeMap<String, (Method, String)> {
    let api = serde_json::to_value(api::description(true)).unwrap();
    let paths = api["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation)));
    operations
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            (id.to_owned(), (method.to_uppercase().parse().unwrap(), path.clone()))
        })
        .collect()
}

db::both_databases! {
    async fn every_door_refuses_nobody_strangers_and_wrong_roles(db: &Db) {
        let world = World::with_limits(db, api::LimitConfig { address: api::limit::Rate::per_second(5_000, 5_000), ..Default::default() }).await;
        let sold = world.sell(&world.capture().await).await;
        assert_eq!(sold.status, StatusCode::CREATED);
        let purchase = sold.json()["purchase_id"].as_str().unwrap().to_owned();
        let reward = world.get(Ana, "/api/v1/me/rewards").await.json()[0].clone();
        let (code, instance) = (reward["code"].as_str().unwrap().to_owned(), reward["id"].as_str().unwrap().to_owned());
        let (later, other_shop) = begins_later(&world).await;
        let mut described = described();
        let mut wrong = Vec::new();
        for door in doors(&world) {
            let Some((method, template)) = described.remove(door.id) else {
                wrong.push(format!("{}: no such door", door.id));
                continue;
            };
            let place = door.place.replace("{purchase}", &purchase).replace("{instance}", &instance).replace("{later}", &later);
            let path = if place.starts_with('?') { format!("/api/v1{template}{place}") } else { format!("/api/v1{}", template.replace("{id}", &place)) };
            let body = door.body.as_ref().map(|body| serde_json::from_str::<Value>(&body.to_string().replace("{code}", &code).replace("{other_shop}", &other_shop)).unwrap());
            let mut expected: Vec<(Who, u16)> = vec![(Nobody, 401)];
            expected.extend(door.stranger.map(|who| (who, 404)));
            expected.extend(door.wrong_role.iter().map(|who| (*who, 403)));
            for (who, status) in expected {
                let answer = status_of(&world, who, &method, &path, body.as_ref(), door.id).await;
                if answer != status {
                    wrong.push(format!("{} {method} {path} as {who:?}: {answer}, not {status}", door.id));
                }
            }
            let answer = status_of(&world, door.may, &method, &path, body.as_ref(), door.id).await;
            let done = door.told.map_or((200..300).contains(&answer), |told| answer == told);
            if !done {
                wrong.push(format!("{} {method} {path} as {:?}: {answer}, who may", door.id, door.may));
            }
        }
        // Only a phone's signature opens this one: no session and no key is a proof here.
        let Some((method, template)) = described.remove("createPurchaseBatch") else { panic!("no door for batches") };
        let body = json!({ "device_id": world.device, "items": [], "sent_at_ms": NOW.0, "version": 1 });
        for who in [Nobody, Ana, Owner, Cashier, OtherShop, Brand, Operator, ImportKey, SandboxKey] {
            let answer = status_of(&world, who, &method, &format!("/api/v1{template}"), Some(&body), "createPurchaseBatch").await;
            if answer != 401 {
                wrong.push(format!("createPurchaseBatch as {who:?}: {answer}, not 401"));
            }
        }
        wrong.extend(described.keys().map(|id| format!("{id}: a door without a row")));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// A campaign that has not begun, and a shop that could be its control.
async fn begins_later(world: &World) -> (String, String) {
    let mut new = stamp_card(world.brand, world.cola, world.reward);
    (new.rules.starts, new.rules.ends) = ("2026-05-01".parse().unwrap(), "2026-05-31".parse().unwrap());
    let shop = shared::identity::NewShop { name: "La Otra".into(), country: shared::Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
    let mut tx = world.state.db.begin().await.unwrap();
    let campaign = loyalty::campaign::create(&mut tx, &identity::Actor::System, NOW, &new).await.unwrap().id;
    let shop = identity::shop::create(&mut tx, &identity::Actor::System, NOW, &shop).await.unwrap().id;
    tx.commit().await.unwrap();
    (campaign.to_string(), shop.to_string())
}

async fn status_of(world: &World, who: Who, method: &Method, path: &str, body: Option<&Value>, id: &str) -> u16 {
    let mut request = world.request(who, method.clone(), path, body);
    if id == "importProducts" {
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = "gtin,nombre,marca,categoria,precio,moneda\n".into();
    }
    // Streams never end: the status is enough.
    tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap().status().as_u16()
}
