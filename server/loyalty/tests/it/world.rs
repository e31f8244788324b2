//! A small known world: one brand, three products, a shop with an owner's signing phone, and a consumer with a card.

use db::{Db, sql};
use identity::{
    Actor, Keys, Persona, Phone, Scopes,
    challenge::VerifiedPhone,
    consent::Decision,
    consumer::NewConsumer,
    device, organisation,
    session::{self, Subject},
    shop,
};
use loyalty::{Loyalty, campaign, card, purchase, reward};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use secrecy::SecretBox;
use shared::{
    ApiKeyId, BrandId, CampaignId, ConsumerId, Country, Currency, DeviceId, Gtin, MemberId, OrganisationId, ProductId, RewardId, SessionId,
    ShopId, Timestamp, UserId,
    identity::{MemberRole, NewShop, OrganisationKind, UserRole},
    loyalty::{
        CampaignRules, Capture, ImportLine, ImportPurchase, NewCampaign, NewReward, PurchaseAnswer, Rule, RuleKind, Template,
        campaign::{Threshold, Unit},
        capture::{CAPTURE_VERSION, CaptureLine},
    },
};
use uuid::Uuid;

/// Tuesday 10 March 2026, 10:00 in Bogotá.
pub const NOW: Timestamp = Timestamp(1_773_154_800_000);
pub const COLA: &str = "7702004003508";
pub const GALLETA: &str = "7702025103805";
pub const PAN: &str = "7707000000018";

sql! {
    PRODUCT: "INSERT INTO product (id, gtin, tenant_id, brand_id, name, search_key, category, suggested_price_minor, currency, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $5, '', $6, 'COP', 0, 0)";
}

pub struct World {
    pub db: Db,
    pub loyalty: Loyalty,
    pub tenant: OrganisationId,
    pub brand: BrandId,
    pub manager: Actor,
    pub cola: ProductId,
    pub galleta: ProductId,
    pub shop: ShopId,
    pub member: MemberId,
    pub tendero: Actor,
    pub device: DeviceId,
    pair: EcdsaKeyPair,
    pub consumer: ConsumerId,
    pub ana: Actor,
    counter: std::sync::atomic::AtomicI64,
}

pub fn keys() -> Keys {
    Keys::new(&SecretBox::new(Box::new([1; 32])))
}
pub fn gtin(text: &str) -> Gtin {
    text.parse().unwrap()
}
pub fn phone(last: u32) -> VerifiedPhone {
    VerifiedPhone::trusted(&keys(), Phone::parse(Country::Co, &format!("300 123 {last:04}")).unwrap())
}

/// So much of a product, as a till tells it.
pub fn line(code: &str, quantity: i64) -> ImportLine {
    ImportLine { gtin: gtin(code), quantity, unit_price_minor: None, discount_minor: 0, reward_line: false }
}
/// What a till tells of a consumer whom it knows; `number` is the till's own.
pub fn sale(number: String, shop: ShopId, consumer: ConsumerId, at: Timestamp, lines: Vec<ImportLine>) -> ImportPurchase {
    ImportPurchase {
        external_id: number,
        shop_id: shop,
        consumer_id: Some(consumer),
        card_code: None,
        purchased_at: at,
        offline: false,
        lines,
    }
}

impl World {
    pub async fn new(db: &Db) -> Self {
        let loyalty = Loyalty::new(keys());
        let mut tx = db.begin().await.unwrap();
        let org =
            organisation::create(&mut tx, &Actor::System, NOW, "Bebidas Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let brand = organisation::create_brand(&mut tx, &Actor::System, NOW, org.id, "Cola Sierra", "#9F1239").await.unwrap();
        let manager = Actor::User {
            user: UserId::fixed(1),
            tenant: org.id,
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Manager,
            session: SessionId::fixed(1),
        };
        let (cola, galleta) = (ProductId::fixed(1), ProductId::fixed(2));
        for (id, code, price) in [(cola, COLA, 250_000_i64), (galleta, GALLETA, 120_000)] {
            tx.query(PRODUCT).bind(id).bind(gtin(code)).bind(org.id).bind(brand.id).bind(code).bind(price).execute().await.unwrap();
        }
        tx.query(PRODUCT)
            .bind(ProductId::fixed(3))
            .bind(gtin(PAN))
            .bind(None::<OrganisationId>)
            .bind(None::<BrandId>)
            .bind("Pan")
            .bind(50_000_i64)
            .execute()
            .await
            .unwrap();
        let new_shop = NewShop { city: "Bogotá".into(), ..NewShop::new("La Esquina", Country::Co) };
        let (shop_id, member) = shop::register(&mut tx, NOW, &phone(1), &new_shop, "Rosa").await.unwrap();
        let opened = session::open(&mut tx, NOW, Subject::Member(member, shop_id)).await.unwrap();
        let tendero = session::resolve(&mut tx, NOW, Persona::Tendero, &opened.token).await.unwrap();
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let proof = pair.sign(&random, &public).unwrap();
        let device = device::enrol(&mut tx, &tendero, NOW, &public, proof.as_ref(), "Android").await.unwrap();
        let card = Decision::for_the_card("co", "web", "Android");
        let new = NewConsumer { name: Some("Ana".into()), adult: true, shop: None, consents: vec![card] };
        let (consumer, _) = card::sign_up(&mut tx, &loyalty, NOW, &phone(2), &new).await.unwrap();
        tx.commit().await.unwrap();
        let ana = Actor::Consumer { consumer, session: SessionId::fixed(2) };
        Self {
            db: db.clone(),
            loyalty,
            tenant: org.id,
            brand: brand.id,
            manager,
            cola,
            galleta,
            shop: shop_id,
            member,
            tendero,
            device,
            pair,
            consumer,
            ana,
            counter: 0.into(),
        }
    }

    pub fn rules(&self, unit: Unit, kind: RuleKind) -> CampaignRules {
        let rule = Rule { kind, min_amount_minor: None, min_units: None };
        CampaignRules::new(unit, "2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap(), vec![self.cola, self.galleta], vec![rule])
    }

    pub async fn publish(&self, rules: CampaignRules) -> CampaignId {
        let mut tx = self.db.begin().await.unwrap();
        let new = NewCampaign { brand_id: self.brand, name: "Lleva y gana".into(), template: Template::Custom, rules };
        let id = campaign::create(&mut tx, &self.manager, NOW, &new).await.unwrap().id;
        campaign::publish(&mut tx, &Actor::System, NOW, id).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn reward(&self, stock: Option<i64>) -> RewardId {
        self.reward_as("drink", stock).await
    }

    /// A hundred of something of that category.
    pub async fn reward_of(&self, category: &str) -> RewardId {
        self.reward_as(category, Some(100)).await
    }

    async fn reward_as(&self, category: &str, stock: Option<i64>) -> RewardId {
        self.reward_with(|new| (new.category, new.stock) = (category.into(), stock)).await
    }

    /// A cola, but for what is particular of this one.
    pub async fn reward_with(&self, particular: impl FnOnce(&mut NewReward)) -> RewardId {
        let mut new = NewReward {
            brand_id: self.brand,
            name: "1 Cola".into(),
            category: "drink".into(),
            unit_cost_minor: 250_000,
            handling_fee_minor: 20_000,
            currency: Currency::Cop,
            stock: None,
            max_per_consumer: None,
            cost: None,
            reserve_minutes: None,
        };
        particular(&mut new);
        let mut tx = self.db.begin().await.unwrap();
        let id = reward::create(&mut tx, &self.manager, NOW, &new).await.unwrap().id;
        tx.commit().await.unwrap();
        id
    }

    pub async fn stamps(&self, need: i64, stock: Option<i64>) -> CampaignId {
        let reward_id = self.reward(stock).await;
        let mut rules = self.rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        rules.threshold = Some(Threshold { need, reward_id });
        self.publish(rules).await
    }

    pub async fn code(&self, consumer: ConsumerId, at: Timestamp) -> String {
        card::code_at(&mut self.db.read().await.unwrap(), &self.loyalty, consumer, at).await.unwrap()
    }

    /// A capture as the phone would make it at `at`.
    pub async fn capture(&self, consumer: ConsumerId, at: Timestamp, lines: &[(&str, i64, Option<i64>)]) -> Capture {
        let counter = self.counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Capture {
            captured_at_ms: at.0,
            card_code: self.code(consumer, at).await,
            client_purchase_id: Uuid::from_u128(counter as u128),
            counter,
            device_id: self.device,
            lines: lines
                .iter()
                .map(|(code, quantity, price)| CaptureLine {
                    discount_minor: 0,
                    gtin: gtin(code),
                    quantity: *quantity,
                    unit_price_minor: *price,
                })
                .collect(),
            member_id: self.member,
            offline: false,
            previous_sha256: "0".repeat(64),
            scanned_at_ms: at.0,
            shop_id: self.shop,
            skew_ms: 0,
            version: CAPTURE_VERSION,
        }
    }

    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), bytes).unwrap().as_ref().to_vec()
    }

    pub async fn post(&self, now: Timestamp, capture: &Capture) -> Result<(PurchaseAnswer, bool), loyalty::Error> {
        let bytes = capture.canonical_bytes();
        self.post_bytes(now, &bytes, &self.sign(&bytes)).await
    }

    pub async fn post_bytes(&self, now: Timestamp, bytes: &[u8], signature: &[u8]) -> Result<(PurchaseAnswer, bool), loyalty::Error> {
        let mut tx = self.db.begin().await?;
        let device = device::find_signing(&mut tx, self.device).await?.unwrap();
        let outcome =
            purchase::register(&mut tx, &self.loyalty, now, &device, purchase::Arrival { body: bytes, signature, device_clock_ms: None })
                .await?;
        tx.commit().await?;
        Ok((serde_json::from_slice(&outcome.bytes).unwrap(), outcome.replayed))
    }

    /// A purchase of Ana's, `minutes` after [`NOW`].
    pub async fn buys(&self, minutes: i64, lines: &[(&str, i64, Option<i64>)]) -> PurchaseAnswer {
        let at = NOW.plus_ms(minutes * 60_000);
        let capture = self.capture(self.consumer, at, lines).await;
        self.post(at, &capture).await.unwrap().0
    }

    /// The key of the brand's tills.
    pub fn till(&self) -> Actor {
        Actor::Key {
            key: ApiKeyId::fixed(1),
            tenant: self.tenant,
            kind: OrganisationKind::BrandOwner,
            scopes: Scopes::parse("purchases:import").unwrap(),
        }
    }

    /// A till reports a sale at the instant of it.
    pub async fn imports_sale(&self, sale: &ImportPurchase) -> PurchaseAnswer {
        let mut tx = self.db.begin().await.unwrap();
        let body = sale.external_id.as_bytes();
        let outcome = purchase::import(&mut tx, &self.loyalty, &self.till(), sale.purchased_at, sale, body).await.unwrap();
        tx.commit().await.unwrap();
        serde_json::from_slice(&outcome.bytes).unwrap()
    }

    pub async fn available(&self) -> Vec<i64> {
        let mut tx = self.db.read().await.unwrap();
        card::balances(&mut tx, &self.ana, self.consumer).await.unwrap().into_iter().map(|balance| balance.available).collect()
    }

    pub fn cashier(&self) -> Actor {
        Actor::Member { member: self.member, shop: self.shop, role: MemberRole::Cashier, device: None, session: SessionId::fixed(3) }
    }

    pub async fn clean(&self) {
        let report = loyalty::verify::verify(&self.db).await.unwrap();
        assert!(report.clean(), "{report:?}");
    }
}
