//! Every door × nobody, the wrong owner, the wrong role. The doors come from the description itself: one without a row
//! here fails the test, and so does a row without a door.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{
    COLA, NOW,
    Who::{self, *},
    World, enrolment, stamp_card,
};

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
        door("setBrandLicence", Operator).at(world.brand).body(json!({ "until": null })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listShops", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("createShop", Operator).body(json!({ "name": "Nueva", "country": "CO" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("setShopCurrency", Operator).at(world.shop).body(json!({ "currency": "COP" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
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
        door("getPack", Owner).at(world.cola).wrong([Ana]).told(404),
        door("getProductPrices", Owner).at(world.cola).wrong([Ana]),
        door("setProductPrices", Operator).at(world.cola).body(json!({ "prices": [{ "currency": "USD", "suggested_price_minor": 125 }] })).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]),
        // Nobody packs a product into itself.
        door("setPack", Operator).at(world.cola).body(json!({ "unit_gtin": COLA, "units": 6 })).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]).told(422),
        door("removePack", Operator).at(world.cola).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("importProducts", Operator).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("createProductProposal", Cashier).body(json!({ "gtin": "7707000000018", "name": "Pan" })).wrong([Ana, Brand, SandboxKey]),
        door("listProductProposals", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("closeProductProposal", Operator).at("prp_00000000000000000000000000000001").body(json!({ "why": "listo" })).wrong([Brand, OperatorAnalyst, Ana, Owner]).told(404),
        door("listCampaigns", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("getCampaign", BrandAnalyst).at(world.campaign).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("createCampaign", Brand).body(campaign.clone()).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("updateCampaign", Brand).at(world.draft).body(campaign).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getCampaignGates", BrandAnalyst).at(world.draft).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        // It began before it was drafted, so that something is missing.
        door("askCampaignReview", Brand).at(world.draft).body(json!({ "note": "Marzo" })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]).told(422),
        door("sendCampaignBack", Brand).at(world.draft).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("settleCampaign", Brand).at(world.campaign).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]).told(409),
        door("simulateCampaign", BrandAnalyst).at(world.draft).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getCampaignControl", BrandAnalyst).at(world.draft).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("chooseCampaignControl", Brand).at("{later}").body(json!({ "with_control": false })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getCampaignShopGoal", BrandAnalyst).at(world.draft).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]).told(404),
        door("setCampaignShopGoal", Brand).at(world.draft).body(json!({ "target_units": 100, "consumers_min": 5, "per_consumer_max": 10, "reward_id": world.reward })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("clearCampaignShopGoal", Brand).at(world.draft).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getBrandLevels", BrandAnalyst).at(world.brand).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("setBrandLevels", Brand).at(world.brand).body(json!({ "second_points": 100, "third_points": 500 })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("clearBrandLevels", Brand).at(world.brand).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        // It was promised without an end.
        door("setRewardAvailability", Brand).at(world.reward).body(json!({ "until": "2026-12-31" })).told(409).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("setOrganisationPublishing", Operator).at(world.tenant).body(json!({ "one_person": false })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        // People publish what somebody else asked for: `campaigns` tells how.
        door("publishCampaign", SandboxKey).at(world.draft).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listRewards", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("getReward", BrandAnalyst).at(world.reward).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("createReward", Brand).body(reward).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        // Without a device's signature only a key with the scope may; signatures have their own tests.
        door("createPurchase", ImportKey).body(world.import("M-1")).wrong([SandboxKey, OtherKey, Ana, Owner, Brand]),
        door("previewPurchase", Owner).body(basket).wrong([Ana, Brand]),
        door("getPurchase", Ana).at("{purchase}").stranger(Luz).wrong([]),
        door("getPurchaseReceipt", Ana).at("{purchase}").stranger(Luz).wrong([]),
        door("sendPurchaseReceipt", Ana).at("{purchase}").stranger(Luz).wrong([OperatorAnalyst]),
        door("previewDelivery", Owner).body(json!({ "code": "{code}" })).wrong([Ana, Brand]),
        door("createRewardIncident", Cashier).body(json!({ "code": "{code}" })).wrong([Ana, Brand, ImportKey]),
        door("listRewardIncidents", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("listShopUnits", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("giveShopUnits", Brand).at(world.reward).body(json!({ "shop_id": world.shop, "units": 10 })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listIncentives", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("setCampaignIncentive", Brand)
            .at(world.campaign)
            .body(json!({ "currency": "COP", "per_unit_minor": 1000, "per_new_consumer_minor": 0, "day_max_minor": 100_000 }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("createDelivery", Owner).body(json!({ "code": "{code}" })).wrong([Ana, Brand]),
        // Anybody at a counter may be shown it; this one is on paper, and nobody verified a telephone for it.
        door("lookAtPaperCard", Cashier).body(json!({ "card_code": "{paper}" })).wrong([Ana, Brand, Operator, ImportKey]),
        door("createPaperCode", Cashier).body(json!({ "card_code": "{paper}", "reward_instance_id": "{on_paper}" })).told(409).wrong([Ana, Brand, Operator, ImportKey]),
        // The very reward, with another person's card.
        door("createPaperDelivery", Cashier)
            .body(json!({ "card_code": "{paper}", "reward_instance_id": "{instance}", "code": "000000" }))
            .told(404)
            .stranger(OtherShop)
            .wrong([Ana, Brand, Operator, ImportKey]),
        door("undoDelivery", Owner).at("{instance}").body(json!({})).stranger(OtherShop).wrong([Ana, Brand]),
        // The row before undid its delivery, and the one after takes it back.
        door("createRewardTicket", Ana).body(json!({ "reward_instance_id": "{instance}", "shop_id": world.shop })).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("createReturn", Owner).at("{purchase}").body(json!({ "lines": "all" })).stranger(OtherShop).wrong([Ana, Brand]),
        door("reviewPurchase", Operator).at("{purchase}").body(json!({ "decision": "approve" })).wrong([OperatorAnalyst, Brand, Ana, Owner, ImportKey]).told(409),
        // A stamp card's reward has no price.
        door("createReservation", Ana).body(json!({ "reward_id": world.reward })).wrong([Owner, Brand, ImportKey]).told(404),
        door("releaseReservation", Ana).at("{instance}").body(json!({})).stranger(Luz).wrong([Owner, Brand, ImportKey]).told(409),
        door("pauseCampaign", Brand).at(world.campaign).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("resumeCampaign", Brand).at(world.campaign).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listPayables", Brand).at(format!("?brand_id={}", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("listPayableAges", Brand).at(format!("?brand_id={}", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("listSettlementRuns", OperatorAnalyst).wrong([Brand, Ana, Owner, ImportKey]),
        door("previewSettlementRun", OperatorAnalyst).at("?through_date=2026-03-10").wrong([Brand, Ana, Owner, ImportKey]),
        door("createSettlementRun", Operator).body(json!({ "through_date": "2026-03-10" })).wrong([OperatorAnalyst, Brand, Ana, Owner, ImportKey]),
        door("getSettlementRun", OperatorAnalyst).at("{run}").wrong([Brand, Ana, Owner, ImportKey]),
        door("exportSettlementRun", OperatorAnalyst).at("{run}").wrong([Brand, Ana, Owner, ImportKey]),
        door("createDispute", Ana).body(json!({ "subject": { "purchase": "{purchase}" }, "claim": "not_counted" })).stranger(Luz).wrong([Brand, Operator, ImportKey]),
        door("listOwnDisputes", Ana).wrong([Brand, ImportKey]),
        door("listDisputes", OperatorAnalyst).wrong([Brand, Ana, Owner, ImportKey]),
        door("getDispute", OperatorAnalyst).at("dis_00000000000000000000000000000001").wrong([Brand, Ana, Owner, ImportKey]).told(404),
        door("resolveDispute", Operator)
            .at("dis_00000000000000000000000000000001")
            .body(json!({ "upheld": false, "reason": "No procede" }))
            .wrong([OperatorAnalyst, SandboxKey, Brand, Ana, Owner, ImportKey])
            .told(404),
        door("listAdjustments", OperatorAnalyst).wrong([Brand, Ana, Owner, ImportKey]),
        door("createAdjustment", Operator)
            .body(json!({ "target": { "wallet": { "purchase_id": "{purchase}", "campaign_id": world.campaign } }, "amount": 1, "reason": "Faltaba" }))
            .wrong([OperatorAnalyst, SandboxKey, Brand, Ana, Owner, ImportKey]),
        door("decideAdjustment", Operator)
            .at("adj_00000000000000000000000000000001")
            .body(json!({ "approve": true, "reason": "Revisado" }))
            .wrong([OperatorAnalyst, SandboxKey, Brand, Ana, Owner, ImportKey])
            .told(404),
        door("listStatements", Owner).wrong([Cashier, Ana, ImportKey]),
        door("getStatement", Owner).at("{statement}").stranger(OtherShop).wrong([Cashier, Ana, ImportKey]),
        door("listStatementLines", BrandAnalyst).at("{statement}").stranger(OtherBrand).wrong([Cashier, Ana, ImportKey]),
        door("createStatementPayment", Brand)
            .at("{statement}")
            .body(json!({ "kind": "money", "amount_minor": 1, "reference": "TRF 1", "paid_date": "2026-03-10" }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listConsumerBalances", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("listConsumerRewards", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("listConsumerMovements", Operator).at(world.ana).stranger(Luz).wrong([Owner, Brand, ImportKey]),
        door("getMyCard", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyMovements", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyShopGoals", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyLevels", Ana).wrong([Owner, Brand, SandboxKey]),
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
        door("answerNps", Cashier).body(json!({ "brand_id": world.brand, "wave": "2026-q1", "score": 9 })).stranger(OtherShop).wrong([Brand, ImportKey]),
        door("getNpsQuestion", Cashier).wrong([Brand, ImportKey]),
        door("listNpsSentences", Brand).at(world.brand).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
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
        door("getShopStates", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getShopPerformance", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getReach", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getConversion", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getFrequency", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getUplift", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01&campaign_id={}", world.brand, world.campaign)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getNps", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getCac", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getRoi", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01&campaign_id={}", world.brand, world.campaign)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getRfm", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getRegistration", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getCohorts", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getAffinity", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getZones", BrandAnalyst).at(format!("?brand_id={}&from=2026-03-01&to=2026-04-01", world.brand)).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
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
        door("listTillSources", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("createTillSource", Operator).body(json!({ "name": "T-Conecta" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("placeTerminal", Operator)
            .at("{till}")
            .body(json!({ "terminal_id": "0001", "shop_id": world.shop }))
            .wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("importTillFile", Operator).at("{till}").wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listTillTickets", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("listUnmatchedItems", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("getMonthlyAccount", Owner).wrong([Cashier, Ana, Brand, ImportKey]),
        door("setMonthlyAccount", Owner).body(json!({ "granted": true })).wrong([Cashier, Ana, Brand, ImportKey]),
        door("listAudienceTexts", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("listAudienceMessages", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("prepareAudienceMessage", Brand)
            .body(json!({ "brand_id": world.brand, "segment": "loyal", "template": "thanks" }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getAudienceMessage", BrandAnalyst).at("{audience}").stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        // Nobody is in its segment.
        door("confirmAudienceMessage", Brand).at("{audience}").body(json!({})).told(409).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listReportSchedules", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("createReportSchedule", Brand)
            .body(json!({ "brand_id": world.brand, "cadence": "weekly", "day": 1, "hour": 7, "panels": ["reach"], "recipients": [world.analyst] }))
            .stranger(OtherBrand)
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("getReportSchedule", BrandAnalyst).at("{schedule}").stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("sendReportNow", Brand).at("{schedule}").body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("removeReportSchedule", Brand).at("{schedule}").stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listWebhookSubscriptions", BrandAnalyst).wrong([Ana, Owner, ImportKey]),
        door("createWebhookSubscription", Brand)
            .body(json!({ "url": "https://example.com/hooks", "event_types": ["loyalty.reward_issued"] }))
            .wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listWebhookDeliveries", BrandAnalyst).at("{webhook}").stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("getWebhookDelivery", BrandAnalyst).at("{delivery}").stranger(OtherBrand).wrong([Ana, Owner, ImportKey]),
        door("sendWebhookAgain", Brand).at("{delivery}").body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("rotateWebhookSecret", Brand).at("{webhook}").body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("disableWebhookSubscription", Brand).at("{webhook}").stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("enableWebhookSubscription", Brand).at("{webhook}").body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]),
        door("listMyConsents", Ana).wrong([Owner, Brand, SandboxKey]),
        door("setMyConsent", Ana).body(json!({ "purpose": "notices", "controller": "platform", "granted": true })).wrong([Owner, Brand, SandboxKey]),
        door("exportMyData", Ana).wrong([Owner, Brand, SandboxKey]),
        door("listMyPrivacyRequests", Ana).wrong([Owner, Brand, SandboxKey]),
        door("createMyPrivacyRequest", Ana).body(json!({ "kind": "correction", "text": "Mi nombre" })).wrong([Owner, Brand, SandboxKey]),
        door("createMyDeletionCode", Ana).wrong([Owner, Brand, SandboxKey]),
        // Without the code that went to her phone nobody leaves.
        door("deleteMe", Ana).body(json!({ "confirmed": true })).wrong([Owner, Brand, SandboxKey]).told(422),
        // Nobody's paper, and a telephone without a card.
        door("claimPaperCard", Ana).body(json!({ "code": "S1NOTACARD" })).wrong([Owner, Brand, SandboxKey]).told(422),
        door("createMyPhoneCode", Ana).body(json!({ "country": "CO", "phone": "300 999 0000" })).wrong([Owner, Brand, SandboxKey]),
        door("joinMyOtherPhone", Ana).body(json!({ "sealed": "x", "code": "000000" })).wrong([Owner, Brand, SandboxKey]).told(422),
        door("createShopImport", Operator).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("getShopImport", Operator).at("{file}").wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("applyShopImport", Operator).at("{file}").wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("undoShopImport", Operator).at("{file}").wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listAlerts", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("listShopHolds", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        // Nothing looks like fraud in this world.
        door("dismissAlert", Operator).at("alr_00000000000000000000000000000001").body(json!({ "why": "Nada" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]).told(404),
        door("holdAlert", Operator).at("alr_00000000000000000000000000000001").body(json!({ "why": "Vende de más" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]).told(404),
        door("liftShopHold", Operator).at("hld_00000000000000000000000000000001").body(json!({ "why": "Nada" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]).told(404),
        door("importSellIn", Brand).wrong([BrandAnalyst, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("listSandboxes", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("createSandbox", Operator).body(json!({ "name": "Pruebas", "country": "CO" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        // This world's tenants are real.
        door("getSandbox", Operator).at(world.tenant).stranger(OtherBrand).wrong([Ana, Owner, ImportKey]).told(404),
        door("createSandboxShop", Brand).at(world.tenant).body(json!({ "name": "Prueba", "country": "CO" })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]).told(409),
        door("createSandboxCard", Brand).at(world.tenant).body(json!({})).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]).told(409),
        door("resetSandbox", Brand).at(world.tenant).body(json!({ "confirmation": "Bebidas Sierra" })).stranger(OtherBrand).wrong([BrandAnalyst, Ana, Owner, ImportKey]).told(409),
        door("listPrivacyRequests", Operator).wrong([Brand, Ana, Owner, ImportKey]),
        door("getPrivacyRequest", Operator).at("{asked}").wrong([Brand, Ana, Owner, ImportKey]),
        // It is no blocking that was granted.
        door("endBlocking", Operator).at("{asked}").told(404).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
        door("answerPrivacyRequest", Operator).at("{asked}").body(json!({ "done": true, "answer": "Listo" })).wrong([Brand, OperatorAnalyst, Ana, Owner, ImportKey]),
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
    let operations =
        paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation)));
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
        let webhook = subscribed(&world).await;
        let till = world.post(Operator, "/api/v1/till_sources", &json!({ "name": "Cajas" })).await.json()["source"]["id"].as_str().unwrap().to_owned();
        let sold = world.sell(&world.capture().await).await;
        assert_eq!(sold.status, StatusCode::CREATED);
        let delivery = told(&world, &webhook).await;
        let thanks = json!({ "brand_id": world.brand, "segment": "loyal", "template": "thanks" });
        let audience = world.post(Brand, "/api/v1/audience_messages", &thanks).await.json()["id"].as_str().unwrap().to_owned();
        let weekly = json!({ "brand_id": world.brand, "cadence": "weekly", "day": 1, "hour": 7, "panels": ["sales_per_pli"], "recipients": [world.analyst] });
        let schedule = world.post(Brand, "/api/v1/report_schedules", &weekly).await.json()["id"].as_str().unwrap().to_owned();
        let purchase = sold.json()["purchase_id"].as_str().unwrap().to_owned();
        let reward = world.get(Ana, "/api/v1/me/rewards").await.json()[0].clone();
        let (code, instance) = (reward["code"].as_str().unwrap().to_owned(), reward["id"].as_str().unwrap().to_owned());
        let (paper, on_paper) = world.on_paper().await;
        let (later, other_shop) = begins_later(&world).await;
        let (run, statement) = closed_period(&world).await;
        let file = shops_file(&world).await;
        let asked = world.post(Luz, "/api/v1/me/privacy_requests", &json!({ "kind": "correction", "text": "Me llamo Luz Marina" })).await.json()["id"].as_str().unwrap().to_owned();
        let mut described = described();
        let mut wrong = Vec::new();
        for door in doors(&world) {
            let Some((method, template)) = described.remove(door.id) else {
                wrong.push(format!("{}: no such door", door.id));
                continue;
            };
            let places = [("{purchase}", &purchase), ("{instance}", &instance), ("{later}", &later), ("{run}", &run), ("{statement}", &statement), ("{asked}", &asked), ("{file}", &file), ("{webhook}", &webhook), ("{delivery}", &delivery), ("{till}", &till), ("{schedule}", &schedule), ("{audience}", &audience)];
            let place = places.iter().fold(door.place.clone(), |place, (name, value)| place.replace(name, value));
            let path = if place.starts_with('?') { format!("/api/v1{template}{place}") } else { format!("/api/v1{}", template.replace("{id}", &place)) };
            let body = door.body.as_ref().map(|body| serde_json::from_str::<Value>(&body.to_string().replace("{code}", &code).replace("{other_shop}", &other_shop).replace("{purchase}", &purchase).replace("{paper}", &paper).replace("{on_paper}", &on_paper).replace("{instance}", &instance)).unwrap());
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
        // And only a till's signature this one.
        let Some((method, template)) = described.remove("createTillTransaction") else { panic!("no door for tills") };
        for who in [Nobody, Ana, Owner, Brand, Operator, ImportKey, SandboxKey] {
            let answer = status_of(&world, who, &method, &format!("/api/v1{template}"), Some(&json!({})), "createTillTransaction").await;
            if answer != 401 {
                wrong.push(format!("createTillTransaction as {who:?}: {answer}, not 401"));
            }
        }
        // A mail program has no session: the word of the link is the only proof.
        let Some((method, template)) = described.remove("leaveReportSchedule") else { panic!("no door out of reports") };
        for who in [Nobody, Brand, Operator, Ana] {
            let answer = status_of(&world, who, &method, &format!("/api/v1{template}?word=00ff"), None, "leaveReportSchedule").await;
            if answer != 404 {
                wrong.push(format!("leaveReportSchedule as {who:?}: {answer}, not 404"));
            }
        }
        wrong.extend(described.keys().map(|id| format!("{id}: a door without a row")));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// A subscription of the brand's at an address where nobody listens.
async fn subscribed(world: &World) -> String {
    let body = json!({ "url": "http://127.0.0.1:9/", "event_types": ["loyalty.purchase_registered"] });
    let made = world.post(Brand, "/api/v1/webhook_subscriptions", &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    made.json()["subscription"]["id"].as_str().unwrap().to_owned()
}

/// What it was sent.
async fn told(world: &World, webhook: &str) -> String {
    let sender = webhooks::Sender::new(world.state.keys.clone(), true).unwrap();
    let registry = webhooks::register(jobs::Registry::default(), std::sync::Arc::new(sender), world.state.loyalty.clone());
    while jobs::run_due(&world.state.db, &registry, NOW).await.unwrap() > 0 {}
    let sent = world.get(Brand, &format!("/api/v1/webhook_subscriptions/{webhook}/deliveries")).await.json();
    assert_eq!(
        (sent["items"][0]["status"].as_str(), sent["items"][0]["attempts"][0]["error"].as_str()),
        (Some("waiting"), Some("unreachable"))
    );
    sent["items"][0]["id"].as_str().unwrap().to_owned()
}

/// What leads to somebody: her id, her card's code, her phone, her name. Two digits of a card lead to nobody.
async fn leads_to_people(world: &World) -> Vec<String> {
    let code: shared::loyalty::CardCode = world.code(world.ana, NOW).await.parse().unwrap();
    let shared::loyalty::CardCode::Rotating { card, .. } = code else { panic!("a digital card rotates") };
    let hex = data_encoding::HEXLOWER.encode(&card.0);
    vec![world.ana.0.simple().to_string(), world.ana.0.to_string(), card.to_string(), hex, "3001230010".into(), "Ana".into()]
}

db::both_databases! {
    async fn no_door_tells_a_brand_who_somebody_is(db: &Db) {
        let world = World::with_limits(db, api::LimitConfig { address: api::limit::Rate::per_second(5_000, 5_000), ..Default::default() }).await;
        let sold = world.sell(&world.capture().await).await;
        assert_eq!(sold.status, StatusCode::CREATED);
        let imported = world.post(ImportKey, "/api/v1/purchases", &world.import("T-1")).await;
        assert_eq!(imported.status, StatusCode::CREATED);
        let purchase = sold.json()["purchase_id"].as_str().unwrap().to_owned();
        let (later, other_shop) = begins_later(&world).await;
        let secrets = leads_to_people(&world).await;
        let mut described = described();
        let mut told = Vec::new();
        let mut answered = 0;
        for door in doors(&world) {
            let Some((method, template)) = described.remove(door.id) else { continue };
            if method != Method::GET || door.id.starts_with("stream") {
                continue;
            }
            let place = door.place.replace("{purchase}", &purchase).replace("{later}", &later).replace("{other_shop}", &other_shop);
            let path = if place.starts_with('?') { format!("/api/v1{template}{place}") } else { format!("/api/v1{}", template.replace("{id}", &place)) };
            for who in [Brand, BrandAnalyst, OtherBrand, OtherKey, ImportKey] {
                for format in ["", "csv"] {
                    let path = match (format, path.contains('?')) {
                        ("", _) => path.clone(),
                        (_, true) => format!("{path}&format={format}"),
                        (_, false) => format!("{path}?format={format}"),
                    };
                    let answer = world.get(who, &path).await;
                    answered += usize::from(answer.status.is_success());
                    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
                    told.extend(secrets.iter().filter(|secret| text.contains(secret.as_str())).map(|secret| format!("{} {path} as {who:?} tells {secret}", door.id)));
                }
            }
        }
        let text = String::from_utf8_lossy(&imported.bytes).into_owned();
        told.extend(secrets.iter().filter(|secret| text.contains(secret.as_str())).map(|secret| format!("an import tells {secret}")));

        assert!(told.is_empty(), "\n{}", told.join("\n"));
        assert!(answered > 30, "{answered} answers looked at");
    }
}

const SHOPS: &str = "nombre,pais,ciudad\nEl Portal,CO,Cali\n";

/// A file of shops that waits to be applied.
async fn shops_file(world: &World) -> String {
    let mut request = world.request(Operator, Method::POST, "/api/v1/shop_imports", None);
    *request.body_mut() = SHOPS.into();
    world.send(request).await.json()["id"].as_str().unwrap().to_owned()
}

/// A campaign that has not begun, and a shop that could be its control.
async fn begins_later(world: &World) -> (String, String) {
    let mut new = stamp_card(world.brand, world.cola, world.reward);
    (new.rules.starts, new.rules.ends) = ("2026-05-01".parse().unwrap(), "2026-05-31".parse().unwrap());
    let shop = shared::identity::NewShop::new("La Otra", shared::Country::Co);
    let mut tx = world.state.db.begin().await.unwrap();
    let campaign = loyalty::campaign::create(&mut tx, &identity::Actor::System, NOW, &new).await.unwrap().id;
    let shop = identity::shop::create(&mut tx, &identity::Actor::System, NOW, &shop).await.unwrap().id;
    tx.commit().await.unwrap();
    (campaign.to_string(), shop.to_string())
}

/// A closing with one statement.
async fn closed_period(world: &World) -> (String, String) {
    use loyalty::payback::{
        settlement,
        statement::{self, Of},
    };
    let mut tx = world.state.db.begin().await.unwrap();
    let owed = db::Sql::same(
        "INSERT INTO shop_entry (id, business_key, shop_id, tenant_id, brand_id, kind, units, amount_minor, currency, reason, occurred_at, business_date)
         VALUES ($1, 'correction:1', $2, $3, $4, 'correction', 0, 1000, 'COP', 'Faltaba', $5, '2026-03-09')",
    );
    tx.query(owed).bind(shared::EntryId::fixed(1)).bind(world.shop).bind(world.tenant).bind(world.brand).bind(NOW).execute().await.unwrap();
    let period = shared::loyalty::payback::NewSettlement { brand_id: None, through_date: "2026-03-09".parse().unwrap() };
    let run = settlement::close(&mut tx, &identity::Actor::System, NOW, &period).await.unwrap().remove(0).id;
    let statement = statement::list(&mut tx, &identity::Actor::System, Of::Run(run), None, 1).await.unwrap().items.remove(0).id;
    tx.commit().await.unwrap();
    (run.to_string(), statement.to_string())
}

async fn status_of(world: &World, who: Who, method: &Method, path: &str, body: Option<&Value>, id: &str) -> u16 {
    let mut request = world.request(who, method.clone(), path, body);
    if id == "createShopImport" {
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = SHOPS.into();
    }
    if id == "importSellIn" {
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = "tienda,gtin,fecha,comprado\nX1,7702004003508,2026-03-01,10\n".into();
    }
    if id == "importTillFile" {
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = "terminal_id;ticket_id;date;time;barcode;quantity;line_total\n".into();
    }
    if id == "importProducts" {
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        *request.body_mut() = "gtin,nombre,marca,categoria,precio,moneda\n".into();
    }
    // Streams never end: the status is enough.
    tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap().status().as_u16()
}
