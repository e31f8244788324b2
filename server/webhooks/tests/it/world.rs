//! Two brand owners, a shop, two consumers, a till's key, and a receiver that does what it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use db::Db;
use identity::{Actor, Keys, Phone, Scopes, challenge::VerifiedPhone, consent::Decision, consumer::NewConsumer, organisation, shop};
use loyalty::{Loyalty, card, purchase};
use secrecy::SecretBox;
use serde_json::{Value, json};
use shared::{
    ApiKeyId, ConsumerId, Country, Currency, OrganisationId, PurchaseId, SessionId, ShopId, Timestamp, UserId,
    catalogue::NewProduct,
    identity::{NewShop, OrganisationKind, UserRole},
    webhook::{EVENT_TYPES, MadeSubscription, NewSubscription, Subscription},
};
use webhooks::{Sender, sign};

/// Tuesday 10 March 2026, 10:00 in Bogotá.
pub const NOW: Timestamp = Timestamp(1_773_154_800_000);
pub const COLA: &str = "07702004003508";
pub const JABON: &str = "07702025103805";

pub fn keys() -> Keys {
    Keys::new(&SecretBox::new(Box::new([1; 32])))
}

pub struct World {
    pub db: Db,
    pub loyalty: Loyalty,
    pub sierra: Actor,
    pub brisa: Actor,
    pub till: Actor,
    pub shop: ShopId,
    pub ana: ConsumerId,
    pub luz: ConsumerId,
}

fn administrator(tenant: OrganisationId) -> Actor {
    // No row of a person: whoever made a subscription is only remembered.
    Actor::User { user: UserId::fixed(1), tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(1) }
}

fn for_the_card() -> Decision {
    Decision::for_the_card("co", "web", "Android")
}

impl World {
    pub async fn new(db: &Db) -> Self {
        let loyalty = Loyalty::new(keys());
        let mut tx = db.begin().await.unwrap();
        let mut owners = Vec::new();
        for (name, brand, gtin) in [("Sierra", "Cola Sierra", COLA), ("Brisa", "Jabón Brisa", JABON)] {
            let organisation =
                organisation::create(&mut tx, &Actor::System, NOW, name, OrganisationKind::BrandOwner, Country::Co).await.unwrap();
            let brand = organisation::create_brand(&mut tx, &Actor::System, NOW, organisation.id, brand, "#9F1239").await.unwrap();
            let new = NewProduct {
                gtin: gtin.parse().unwrap(),
                brand_id: Some(brand.id),
                name: gtin.into(),
                category: String::new(),
                suggested_price_minor: Some(250_000),
                currency: Currency::Cop,
            };
            catalogue::product::create(&mut tx, &Actor::System, NOW, &new).await.unwrap();
            owners.push(organisation.id);
        }
        let phone = |last: u32| VerifiedPhone::trusted(&keys(), Phone::parse(Country::Co, &format!("300 123 {last:04}")).unwrap());
        let new = NewShop { city: "Bogotá".into(), ..NewShop::new("La Esquina", Country::Co) };
        let (shop, _) = shop::register(&mut tx, NOW, &phone(1), &new, "Rosa").await.unwrap();
        let consent = for_the_card();
        let mut people = Vec::new();
        for (name, last) in [("Ana", 2), ("Luz", 3)] {
            let new = NewConsumer { name: Some(name.into()), adult: true, shop: None, consents: vec![consent.clone()] };
            people.push(card::sign_up(&mut tx, &loyalty, NOW, &phone(last), &new).await.unwrap().0);
        }
        tx.commit().await.unwrap();
        let till = Actor::Key {
            key: ApiKeyId::fixed(1),
            tenant: owners[0],
            kind: OrganisationKind::BrandOwner,
            scopes: Scopes::parse("purchases:import").unwrap(),
        };
        Self {
            db: db.clone(),
            loyalty,
            sierra: administrator(owners[0]),
            brisa: administrator(owners[1]),
            till,
            shop,
            ana: people[0],
            luz: people[1],
        }
    }

    /// As many consumers more.
    pub async fn people(&self, many: usize) -> Vec<ConsumerId> {
        let mut tx = self.db.begin().await.unwrap();
        let mut people = Vec::new();
        for last in 0..many {
            let phone = Phone::parse(Country::Co, &format!("300 124 {last:04}")).unwrap();
            let new = NewConsumer { name: None, adult: true, shop: None, consents: vec![for_the_card()] };
            let phone = VerifiedPhone::trusted(&keys(), phone);
            let (consumer, ..) = card::sign_up(&mut tx, &self.loyalty, NOW, &phone, &new).await.unwrap();
            people.push(consumer);
        }
        tx.commit().await.unwrap();
        people
    }

    pub async fn subscribe(&self, actor: &Actor, receiver: &Receiver) -> MadeSubscription {
        self.subscribe_at(NOW, actor, receiver).await
    }

    pub async fn subscribe_at(&self, now: Timestamp, actor: &Actor, receiver: &Receiver) -> MadeSubscription {
        let mut tx = self.db.begin().await.unwrap();
        let new = NewSubscription { url: receiver.url.clone(), event_types: EVENT_TYPES.map(str::to_owned).to_vec() };
        let made = webhooks::create(&mut tx, &keys(), actor, now, &new, true).await.unwrap();
        tx.commit().await.unwrap();
        made
    }

    pub async fn state(&self, actor: &Actor) -> Subscription {
        webhooks::list(&mut self.db.read().await.unwrap(), actor).await.unwrap().remove(0)
    }

    /// Somebody with a card.
    pub async fn somebody(&self) -> ConsumerId {
        let mut tx = self.db.begin().await.unwrap();
        let consumer = identity::consumer::anonymous(&mut tx, NOW, shared::Country::Co, None).await.unwrap();
        loyalty::card::create(&mut tx, &self.loyalty, NOW, consumer, "printed").await.unwrap();
        tx.commit().await.unwrap();
        consumer
    }

    pub async fn buys(&self, who: ConsumerId, number: &str, lines: &[(&str, i64)]) -> PurchaseId {
        self.buys_at(NOW, who, number, lines).await
    }

    pub async fn buys_at(&self, now: Timestamp, who: ConsumerId, number: &str, lines: &[(&str, i64)]) -> PurchaseId {
        let lines: Vec<Value> = lines.iter().map(|(gtin, quantity)| json!({ "gtin": gtin, "quantity": quantity })).collect();
        let body = json!({ "external_id": number, "shop_id": self.shop, "consumer_id": who, "purchased_at": now, "lines": lines });
        let mut tx = self.db.begin().await.unwrap();
        let import = serde_json::from_value(body.clone()).unwrap();
        let sold = purchase::import(&mut tx, &self.loyalty, &self.till, now, &import, body.to_string().as_bytes()).await.unwrap();
        tx.commit().await.unwrap();
        sold.purchase
    }

    pub async fn gives_back(&self, bought: PurchaseId, gtin: &str, quantity: i64) {
        let mut tx = self.db.begin().await.unwrap();
        let new = serde_json::from_value(json!({ "lines": [{ "gtin": gtin, "quantity": quantity }] })).unwrap();
        purchase::give_back(&mut tx, &self.loyalty, &self.till, NOW, bought, &new).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// The worker.
pub struct Office {
    db: Db,
    registry: jobs::Registry,
}

impl Office {
    pub fn open(world: &World) -> Self {
        let sender = Arc::new(Sender::new(keys(), true).unwrap());
        Self { db: world.db.clone(), registry: webhooks::register(jobs::Registry::default(), sender, world.loyalty.clone()) }
    }
    /// Both lanes by the machine's clock, until the answer is dropped.
    pub fn open_all_day(&self) -> tokio::task::JoinSet<()> {
        let mut lanes = tokio::task::JoinSet::new();
        for lane in [jobs::Lane::Quick, jobs::Lane::Slow] {
            let (db, registry) = (self.db.clone(), self.registry.clone());
            lanes.spawn(async move {
                let (_stop, stopped) = tokio::sync::watch::channel(false);
                jobs::run(db, registry, db::clock::Clock::System, lane, stopped).await;
            });
        }
        lanes
    }
    pub async fn work(&self, now: Timestamp) {
        while jobs::run_due(&self.db, &self.registry, now).await.unwrap() > 0 {}
    }
}

/// One thing that arrived.
#[derive(Debug, Clone)]
pub struct Got {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    pub fn verified_by(&self, secret: &str, now: Timestamp) -> bool {
        sign::verify([secret], &self.id, &self.timestamp, &self.signature, &self.body, now)
    }
}

#[derive(Default)]
struct Inner {
    got: Vec<Got>,
    answers: VecDeque<u16>,
    hold: bool,
}

#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Mutex<Inner>>,
    pub url: String,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { inner: Arc::default(), url: format!("http://{}/hooks", listener.local_addr().unwrap()) };
        let router = Router::new().route("/hooks", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }
    pub fn then(&self, answers: impl IntoIterator<Item = u16>) {
        self.inner.lock().unwrap().answers.extend(answers);
    }
    /// Everything is well from now on.
    pub fn forget(&self) {
        *self.inner.lock().unwrap() = Inner::default();
    }
    pub fn hold(&self, hold: bool) {
        self.inner.lock().unwrap().hold = hold;
    }
    pub fn got(&self) -> Vec<Got> {
        self.inner.lock().unwrap().got.clone()
    }
    /// Until so many arrived.
    pub async fn has(&self, many: usize) {
        while self.got().len() < many {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    /// Of the first line of each, in the order in which they arrived.
    pub fn quantities(&self) -> Vec<i64> {
        self.got().iter().map(|got| got.json()["data"]["lines"][0]["quantity"].as_i64().unwrap()).collect()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let got = Got {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: body.to_vec(),
    };
    let (answer, hold) = {
        let mut inner = receiver.inner.lock().unwrap();
        inner.got.push(got);
        (inner.answers.pop_front().unwrap_or(200), inner.hold)
    };
    if hold {
        std::future::pending::<()>().await;
    }
    StatusCode::from_u16(answer).unwrap()
}
