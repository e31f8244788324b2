//! A small known world behind the router: two brand owners, two shops, two consumers, the operator, and their proofs.

use api::{ApiState, LimitConfig, Limits, Streams};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use db::{Db, clock::Clock, sql};
use identity::{
    Actor, Keys, Persona, Phone, Scopes,
    challenge::VerifiedPhone,
    consent::Decision,
    consumer::NewConsumer,
    session::{self, Subject},
    user::NewUser,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use secrecy::SecretBox;
use serde_json::{Value, json};
use shared::{
    ApiKeyId, BrandId, CampaignId, ConsumerId, Country, Currency, DeviceId, Gtin, MemberId, OrganisationId, ProductId, RewardId, SessionId,
    ShopId, Timestamp, UserId,
    catalogue::NewProduct,
    identity::{NewShop, OrganisationKind, UserRole},
    loyalty::{
        CampaignRules, Capture, NewCampaign, NewReward, Rule, RuleKind, Template,
        campaign::{Threshold, Unit},
        capture::{CAPTURE_VERSION, CaptureLine},
    },
};
use tower::ServiceExt;
use uuid::Uuid;

/// Tuesday 10 March 2026, 10:00 in Bogotá.
pub const NOW: Timestamp = Timestamp(1_773_154_800_000);
pub const COLA: &str = "07702004003508";
pub const JABON: &str = "07702025103805";

/// What a request proves itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Operator,
    OperatorAnalyst,
    Brand,
    BrandAnalyst,
    OtherBrand,
    Owner,
    Cashier,
    OtherShop,
    Ana,
    Luz,
    /// Every scope, the operator's.
    SandboxKey,
    /// `purchases:import` of the brand owner.
    ImportKey,
    /// `reports:read` of the other brand owner.
    OtherKey,
}

pub struct World {
    pub state: ApiState,
    pub router: Router,
    pub tenant: OrganisationId,
    pub brand: BrandId,
    pub other_brand: BrandId,
    pub cola: ProductId,
    pub jabon: ProductId,
    pub shop: ShopId,
    pub owner: MemberId,
    pub cashier: MemberId,
    pub device: DeviceId,
    pub ana: ConsumerId,
    pub analyst: UserId,
    pub import_key: ApiKeyId,
    pub reward: RewardId,
    pub campaign: CampaignId,
    pub draft: CampaignId,
    pair: EcdsaKeyPair,
    proofs: Vec<(Who, String)>,
    counter: std::sync::atomic::AtomicI64,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub fn keys() -> Keys {
    Keys::new(&SecretBox::new(Box::new([1; 32])))
}

fn phone(last: u32) -> VerifiedPhone {
    any_phone(1_230_000 + last)
}

/// One of ten million numbers; those from 1 230 000 on are the small world's.
fn any_phone(number: u32) -> VerifiedPhone {
    VerifiedPhone::trusted(&keys(), Phone::parse(Country::Co, &format!("300 {:03} {:04}", number / 10_000, number % 10_000)).unwrap())
}

fn new_shop(name: &str) -> NewShop {
    NewShop { city: "Bogotá".into(), ..NewShop::new(name, Country::Co) }
}

fn keypair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
}

/// A public key and its proof, base64url.
pub fn enrolment() -> Value {
    let pair = keypair();
    let public = pair.public_key().as_ref().to_vec();
    let proof = pair.sign(&SystemRandom::new(), &public).unwrap();
    json!({ "public_key": base64url(&public), "proof": base64url(proof.as_ref()), "name": "Android" })
}

/// A shop that opened for one test alone, with its owner's phone and three consumers without a name.
pub struct Till {
    pub shop: ShopId,
    pub owner: MemberId,
    pub device: DeviceId,
    pub cards: [ConsumerId; 3],
    pair: EcdsaKeyPair,
}

impl Till {
    /// `number` tells tills of one world apart: below 1 000 000.
    pub async fn open(state: &ApiState, number: u32) -> Self {
        let mut tx = state.db.begin().await.unwrap();
        let (shop, owner) =
            identity::shop::register(&mut tx, NOW, &any_phone(2_000_000 + number), &new_shop("El Faro"), "Rosa").await.unwrap();
        let pair = keypair();
        let public = pair.public_key().as_ref().to_vec();
        let proof = pair.sign(&SystemRandom::new(), &public).unwrap();
        let device = identity::device::enrol(&mut tx, &Self::actor(shop, owner), NOW, &public, proof.as_ref(), "Android").await.unwrap();
        let mut cards = [ConsumerId::fixed(0); 3];
        for card in &mut cards {
            *card = identity::consumer::anonymous(&mut tx, NOW, Country::Co, None).await.unwrap();
            loyalty::card::create(&mut tx, &state.loyalty, NOW, *card, "digital").await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { shop, owner, device, cards, pair }
    }

    fn actor(shop: ShopId, member: MemberId) -> Actor {
        Actor::Member { member, shop, role: shared::identity::MemberRole::Owner, device: None, session: SessionId::fixed(0) }
    }

    /// The owner takes the phone's right away.
    pub async fn revoke(&self, state: &ApiState, at: Timestamp) {
        let mut tx = state.db.begin().await.unwrap();
        identity::device::revoke(&mut tx, &Self::actor(self.shop, self.owner), at, self.device).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// 64 bytes r‖s, base64url.
    pub fn sign(&self, bytes: &[u8]) -> String {
        base64url(self.pair.sign(&SystemRandom::new(), bytes).unwrap().as_ref())
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, bytes: to_bytes(body, 10_000_000).await.unwrap().to_vec() }
}

pub async fn code_at(state: &ApiState, consumer: ConsumerId, at: Timestamp) -> String {
    let mut tx = state.db.read().await.unwrap();
    loyalty::card::code_at(&mut tx, &state.loyalty, consumer, at).await.unwrap()
}

pub fn base64url(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}

impl World {
    pub async fn new(db: &Db) -> Self {
        Self::with_limits(db, LimitConfig::default()).await
    }

    pub async fn with_limits(db: &Db, limits: LimitConfig) -> Self {
        let loyalty = loyalty::Loyalty::new(keys());
        let mut proofs = Vec::new();
        let mut tx = db.begin().await.unwrap();
        let system = Actor::System;
        let organisation = |name, kind| (name, kind);
        let mut organisations = Vec::new();
        for (name, kind) in [
            organisation("Mostrador", OrganisationKind::Operator),
            organisation("Sierra", OrganisationKind::BrandOwner),
            organisation("Brisa", OrganisationKind::BrandOwner),
        ] {
            organisations.push(identity::organisation::create(&mut tx, &system, NOW, name, kind, Country::Co).await.unwrap().id);
        }
        let [operator, tenant, other_tenant] = organisations[..] else { unreachable!() };
        let brand = identity::organisation::create_brand(&mut tx, &system, NOW, tenant, "Cola Sierra", "#9F1239").await.unwrap().id;
        let other_brand =
            identity::organisation::create_brand(&mut tx, &system, NOW, other_tenant, "Jabón Brisa", "#1D4ED8").await.unwrap().id;
        let mut analyst = UserId::fixed(0);
        for (who, email, organisation, kind, role) in [
            (Who::Operator, "op@example.com", operator, OrganisationKind::Operator, UserRole::Admin),
            (Who::OperatorAnalyst, "opa@example.com", operator, OrganisationKind::Operator, UserRole::Analyst),
            (Who::Brand, "ana@example.com", tenant, OrganisationKind::BrandOwner, UserRole::Admin),
            (Who::BrandAnalyst, "leo@example.com", tenant, OrganisationKind::BrandOwner, UserRole::Analyst),
            (Who::OtherBrand, "eva@example.com", other_tenant, OrganisationKind::BrandOwner, UserRole::Admin),
        ] {
            // Nobody logs in with a password here: hashing one costs more than the whole world.
            let new = NewUser { organisation, email, name: "Alguien", role, password_hash: "none".into() };
            let user = identity::user::create(&mut tx, &system, NOW, new).await.unwrap();
            if who == Who::BrandAnalyst {
                analyst = user;
            }
            proofs.push((who, session::open(&mut tx, NOW, Subject::User(user, organisation, kind)).await.unwrap().token));
        }
        let product = |gtin: &str, brand_id, name: &str| NewProduct {
            gtin: gtin.parse().unwrap(),
            brand_id: Some(brand_id),
            name: name.into(),
            category: String::new(),
            suggested_price_minor: Some(250_000),
            currency: Currency::Cop,
        };
        let cola = catalogue::product::create(&mut tx, &system, NOW, &product(COLA, brand, "Cola Sierra 400 ml")).await.unwrap().id;
        let jabon = catalogue::product::create(&mut tx, &system, NOW, &product(JABON, other_brand, "Jabón Brisa")).await.unwrap().id;
        let (shop, owner) = identity::shop::register(&mut tx, NOW, &phone(1), &new_shop("La Esquina"), "Rosa").await.unwrap();
        let cashier =
            identity::shop::insert_member(&mut tx, NOW, shop, &phone(2), "Iván", shared::identity::MemberRole::Cashier).await.unwrap();
        let (other_shop, other_owner) = identity::shop::register(&mut tx, NOW, &phone(3), &new_shop("El Faro"), "Nora").await.unwrap();
        for (who, member, at) in [(Who::Owner, owner, shop), (Who::Cashier, cashier, shop), (Who::OtherShop, other_owner, other_shop)] {
            proofs.push((who, session::open(&mut tx, NOW, Subject::Member(member, at)).await.unwrap().token));
        }
        let pair = keypair();
        let public = pair.public_key().as_ref().to_vec();
        let proof = pair.sign(&SystemRandom::new(), &public).unwrap();
        let rosa =
            session::resolve(&mut tx, NOW, Persona::Tendero, &proofs.iter().find(|(who, _)| *who == Who::Owner).unwrap().1).await.unwrap();
        let device = identity::device::enrol(&mut tx, &rosa, NOW, &public, proof.as_ref(), "Android").await.unwrap();
        let consent = Decision::for_the_card("co", "web", "Android");
        let mut consumers = Vec::new();
        for (who, name, last) in [(Who::Ana, "Ana", 10), (Who::Luz, "Luz", 11)] {
            let new = NewConsumer { name: Some(name.into()), adult: true, shop: None, consents: vec![consent.clone()] };
            let (consumer, _) = loyalty::card::sign_up(&mut tx, &loyalty, NOW, &phone(last), &new).await.unwrap();
            consumers.push(consumer);
            proofs.push((who, session::open(&mut tx, NOW, Subject::Consumer(consumer)).await.unwrap().token));
        }
        let mut import_key = ApiKeyId::fixed(0);
        for (who, organisation, scopes) in [
            (Who::SandboxKey, operator, "operator sandbox campaigns:write products:write reports:read"),
            (Who::ImportKey, tenant, "purchases:import"),
            (Who::OtherKey, other_tenant, "reports:read"),
        ] {
            let (key, secret) =
                identity::api_key::insert(&mut tx, NOW, organisation, None, "test", &Scopes::parse(scopes).unwrap(), None).await.unwrap();
            if who == Who::ImportKey {
                import_key = key.id;
            }
            proofs.push((who, secret));
        }
        let new = NewReward {
            brand_id: brand,
            name: "1 Cola".into(),
            category: "drink".into(),
            unit_cost_minor: 250_000,
            handling_fee_minor: 20_000,
            currency: Currency::Cop,
            stock: Some(10),
            max_per_consumer: None,
            cost: None,
            reserve_minutes: None,
        };
        let reward = loyalty::reward::create(&mut tx, &system, NOW, &new).await.unwrap().id;
        let new = stamp_card(brand, cola, reward);
        let campaign = loyalty::campaign::create(&mut tx, &system, NOW, &new).await.unwrap().id;
        loyalty::campaign::publish(&mut tx, &system, NOW, campaign).await.unwrap();
        let draft = loyalty::campaign::create(&mut tx, &system, NOW, &new).await.unwrap().id;
        tx.commit().await.unwrap();
        let stop = tokio::sync::watch::Sender::new(false);
        let state = ApiState {
            db: db.clone(),
            clock: Clock::controlled(NOW),
            keys: keys(),
            loyalty,
            limits: std::sync::Arc::new(Limits::new(&limits)),
            port: std::sync::Arc::new(notifications::Port::Sandbox),
            message_rules: notifications::Rules::default(),
            public_url: "https://tienda.example".into(),
            sandbox: true,
            stop: stop.subscribe(),
            streams: Streams::default(),
        };
        // The sender lives as long as the process: a closed channel would end the streams.
        std::mem::forget(stop);
        Self {
            router: api::router(state.clone()),
            state,
            tenant,
            brand,
            other_brand,
            cola,
            jabon,
            shop,
            owner,
            cashier,
            device,
            ana: consumers[0],
            analyst,
            import_key,
            reward,
            campaign,
            draft,
            pair,
            proofs,
            counter: 0.into(),
        }
    }

    fn proof(&self, who: Who) -> Option<(header::HeaderName, String)> {
        let secret = &self.proofs.iter().find(|(known, _)| *known == who)?.1;
        let cookie = |persona: Persona| (header::COOKIE, format!("{}={secret}", persona.cookie()));
        Some(match who {
            Who::Nobody => return None,
            Who::Operator | Who::OperatorAnalyst => cookie(Persona::Backoffice),
            Who::Brand | Who::BrandAnalyst | Who::OtherBrand => cookie(Persona::Brand),
            Who::Owner | Who::Cashier | Who::OtherShop => cookie(Persona::Tendero),
            Who::Ana | Who::Luz => cookie(Persona::Consumer),
            Who::SandboxKey | Who::ImportKey | Who::OtherKey => (header::AUTHORIZATION, format!("Bearer {secret}")),
        })
    }

    /// Names the session, because a door may look for another persona's by itself.
    const fn persona(who: Who) -> Option<&'static str> {
        match who {
            Who::Operator | Who::OperatorAnalyst => Some("backoffice"),
            Who::Brand | Who::BrandAnalyst | Who::OtherBrand => Some("brand"),
            Who::Owner | Who::Cashier | Who::OtherShop => Some("tendero"),
            Who::Ana | Who::Luz => Some("consumer"),
            Who::Nobody | Who::SandboxKey | Who::ImportKey | Who::OtherKey => None,
        }
    }

    pub fn request(&self, who: Who, method: Method, path: &str, body: Option<&Value>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
        if let Some((name, value)) = self.proof(who) {
            request = request.header(name, value);
        }
        if let Some(persona) = Self::persona(who) {
            request = request.header(api::PERSONA_HEADER, persona);
        }
        match body {
            None => request.body(Body::empty()).unwrap(),
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap(),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    pub async fn get(&self, who: Who, path: &str) -> Answer {
        self.send(self.request(who, Method::GET, path, None)).await
    }

    pub async fn post(&self, who: Who, path: &str, body: &Value) -> Answer {
        self.send(self.request(who, Method::POST, path, Some(body))).await
    }

    pub async fn code(&self, consumer: ConsumerId, at: Timestamp) -> String {
        code_at(&self.state, consumer, at).await
    }

    /// A capture of two colas for Ana, as the phone would make it now.
    pub async fn capture(&self) -> Capture {
        let counter = self.counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let gtin: Gtin = COLA.parse().unwrap();
        Capture {
            captured_at_ms: NOW.0,
            card_code: self.code(self.ana, NOW).await,
            client_purchase_id: Uuid::from_u128(counter as u128),
            counter,
            device_id: self.device,
            lines: vec![CaptureLine { discount_minor: 0, gtin, quantity: 2, unit_price_minor: None }],
            member_id: self.owner,
            offline: false,
            previous_sha256: "0".repeat(64),
            scanned_at_ms: NOW.0,
            shop_id: self.shop,
            skew_ms: 0,
            version: CAPTURE_VERSION,
        }
    }

    /// A card on paper that the owner's shop handed out, and the reward that waits for it.
    pub async fn on_paper(&self) -> (String, String) {
        let mut tx = self.state.db.begin().await.unwrap();
        let printed = loyalty::card::print(&mut tx, &self.state.loyalty, &Till::actor(self.shop, self.owner), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let sold = self.sell(&Capture { card_code: printed.code.clone(), ..self.capture().await }).await;
        assert_eq!(sold.status, StatusCode::CREATED);
        (printed.code, sold.json()["rewards"][0]["reward_instance_id"].as_str().unwrap().to_owned())
    }

    pub fn signed(&self, bytes: Vec<u8>, key: &str) -> Request<Body> {
        let signature = self.pair.sign(&SystemRandom::new(), &bytes).unwrap();
        Request::post("/api/v1/purchases")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .header("mostrador-device", self.device.to_string())
            .header("mostrador-signature", base64url(signature.as_ref()))
            .body(Body::from(bytes))
            .unwrap()
    }

    pub async fn sell(&self, capture: &Capture) -> Answer {
        self.send(self.signed(capture.canonical_bytes(), &capture.client_purchase_id.to_string())).await
    }

    pub fn import(&self, number: &str) -> Value {
        json!({ "external_id": number, "shop_id": self.shop, "consumer_id": self.ana, "purchased_at": NOW, "lines": [{ "gtin": COLA, "quantity": 2 }] })
    }

    /// Rows that a purchase leaves: nothing may change when one is refused.
    pub async fn traces(&self) -> (i64, i64, i64, i64) {
        self.state.db.read().await.unwrap().query(TRACES).one().await.unwrap()
    }
}

pub fn stamp_card(brand_id: BrandId, product: ProductId, reward_id: RewardId) -> NewCampaign {
    let rule = Rule { kind: RuleKind::PerUnit { units: 1, points: 1 }, min_amount_minor: None, min_units: None };
    let march = CampaignRules::new(Unit::Stamps, "2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap(), vec![product], vec![rule]);
    let rules = CampaignRules { threshold: Some(Threshold { need: 2, reward_id }), ..march };
    NewCampaign { brand_id, name: "Lleva y gana".into(), template: Template::StampCard, rules }
}

sql! {
    TRACES: "SELECT (SELECT COUNT(*) FROM purchase), (SELECT COUNT(*) FROM ledger_entry), (SELECT COUNT(*) FROM card_code_use), (SELECT COUNT(*) FROM idempotency_key)";
}
