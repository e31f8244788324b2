//! The contract's data set D1, and brands and sales beside it, written straight into the tables.

use db::{Sql, Tx};
use identity::{Actor, organisation, participation, shop};
use shared::{
    BrandId, CardId, CivilDate, ConsumerId, Country, OrganisationId, ProductId, PurchaseId, SessionId, ShopId, Timestamp, UserId,
    identity::{NewShop, OrganisationKind, UserRole},
};

/// Half past anything else: how long after the sale it arrived.
pub const SYNC_MS: i64 = 2_000;

/// An instant of Bogotá, which is five hours behind all year.
pub fn at(text: &str) -> Timestamp {
    format!("{text}-05:00").parse().unwrap()
}

pub struct Brand {
    pub id: BrandId,
    pub tenant: OrganisationId,
    pub products: Vec<ProductId>,
}

impl Brand {
    /// Somebody who may read.
    pub fn analyst(&self) -> Actor {
        Actor::User {
            user: UserId::fixed(1),
            tenant: self.tenant,
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Analyst,
            session: SessionId::fixed(1),
        }
    }
    /// Everybody's numbers, unhidden.
    pub fn march(&self) -> reports::Asked {
        self.asked("2026-03-01", "2026-04-01")
    }
    pub fn asked(&self, from: &str, to: &str) -> reports::Asked {
        reports::Asked {
            brand: self.id,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            as_of: at("2026-04-01T00:00:00"),
            now: at("2026-04-01T00:00:00"),
            k: 1,
        }
    }
}

/// A line: product, quantity, unit price in minor units, quantity that came back.
pub type Line = (ProductId, i64, i64, i64);

pub struct World {
    pub b1: Brand,
    pub b2: Brand,
    pub shops: Vec<ShopId>,
    /// C1 to C6.
    pub consumers: Vec<ConsumerId>,
    cards: Vec<CardId>,
    sales: i64,
}

impl World {
    /// D1 of the contract: B1 with COLA and GALL, B2 with JABON.
    pub async fn d1(tx: &mut Tx) -> Self {
        let b1 = brand(tx, "B1", &["COLA", "GALL"]).await;
        let b2 = brand(tx, "B2", &["JABON"]).await;
        let mut world = Self { b1, b2, shops: Vec::new(), consumers: Vec::new(), cards: Vec::new(), sales: 0 };
        for (name, enrolled) in
            [("P1", "2026-02-15"), ("P2", "2026-02-20"), ("P3", "2026-03-05"), ("P4", "2026-03-01"), ("P5", "2026-04-02")]
        {
            let enrolled = at(&format!("{enrolled}T00:00:00"));
            let new = NewShop {
                name: name.into(),
                country: Country::Co,
                time_zone: None,
                city: String::new(),
                zone: String::new(),
                distributor_code: None,
            };
            let shop = shop::create(tx, &Actor::System, enrolled, &new).await.unwrap().id;
            participation::enrol(tx, &Actor::System, enrolled, world.b1.id, &[shop]).await.unwrap();
            world.shops.push(shop);
        }
        for registered in ["2026-03-01", "2026-03-03", "2026-03-10", "2026-03-15", "2026-03-20", "2026-02-20"] {
            world.consumer(tx, at(&format!("{registered}T00:00:00"))).await;
        }
        let ([cola, gall], jabon) = ([world.b1.products[0], world.b1.products[1]], world.b2.products[0]);
        let sales: [(&str, usize, usize, &str, &[Line]); 11] = [
            ("2026-03-02T10:00:00", 0, 0, "accepted", &[(cola, 3, 250_000, 0)]),
            ("2026-03-05T10:00:00", 0, 1, "accepted", &[(gall, 2, 120_000, 0)]),
            ("2026-03-09T10:00:00", 1, 0, "accepted", &[(cola, 2, 260_000, 0)]),
            ("2026-03-12T10:00:00", 1, 2, "accepted", &[(cola, 1, 250_000, 0), (gall, 1, 120_000, 0)]),
            ("2026-03-16T10:00:00", 0, 0, "accepted", &[(gall, 4, 120_000, 0)]),
            ("2026-03-20T10:00:00", 2, 3, "accepted", &[(cola, 6, 250_000, 2)]),
            ("2026-03-20T10:05:00", 2, 3, "accepted", &[(jabon, 1, 480_000, 0)]),
            ("2026-03-25T09:00:00", 0, 1, "accepted", &[(cola, 1, 250_000, 0)]),
            ("2026-03-25T18:00:00", 0, 1, "accepted", &[(gall, 1, 120_000, 0)]),
            ("2026-03-28T10:00:00", 1, 5, "accepted", &[(cola, 2, 250_000, 2)]),
            ("2026-03-30T10:00:00", 0, 4, "held", &[(cola, 4, 250_000, 0)]),
        ];
        for (when, shop, consumer, status, lines) in sales {
            world.sell(tx, at(when), shop, consumer, status, lines).await;
        }
        world
    }

    /// Somebody with a verified telephone, who signed up at no shop.
    pub async fn consumer(&mut self, tx: &mut Tx, registered: Timestamp) -> usize {
        let (id, card): (ConsumerId, CardId) = (tx.new_id(), tx.new_id());
        tx.query(CONSUMER).bind(id).bind(registered).execute().await.unwrap();
        tx.query(CONTACT).bind(id).bind(phone(self.consumers.len())).bind(registered).execute().await.unwrap();
        tx.query(CARD).bind(card).bind(card.0.as_bytes().to_vec()).bind(id).bind(registered).execute().await.unwrap();
        self.consumers.push(id);
        self.cards.push(card);
        self.consumers.len() - 1
    }

    /// A further shop.
    pub async fn more_shops(&mut self, tx: &mut Tx, number: usize) -> usize {
        let new = NewShop {
            name: format!("S{number}"),
            country: Country::Co,
            time_zone: None,
            city: String::new(),
            zone: String::new(),
            distributor_code: None,
        };
        self.shops.push(shop::create(tx, &Actor::System, at("2026-02-01T00:00:00"), &new).await.unwrap().id);
        self.shops.len() - 1
    }

    /// A consumer starts to work at a shop.
    pub async fn hire(&self, tx: &mut Tx, consumer: usize, shop: usize) {
        let member: shared::MemberId = tx.new_id();
        tx.query(MEMBER).bind(member).bind(self.shops[shop]).bind(phone(consumer)).execute().await.unwrap();
    }

    pub async fn sell(&mut self, tx: &mut Tx, when: Timestamp, shop: usize, consumer: usize, status: &str, lines: &[Line]) {
        self.sales += 1;
        let id: PurchaseId = tx.new_id();
        let date = shop::local_date("America/Bogota", when);
        let total: i64 = lines.iter().map(|(_, quantity, price, _)| quantity * price).sum();
        tx.query(PURCHASE)
            .bind(id)
            .bind(self.sales.to_string())
            .bind(self.shops[shop])
            .bind(self.cards[consumer])
            .bind(self.consumers[consumer])
            .bind(status)
            .bind(total)
            .bind(when)
            .bind(date)
            .bind(when.plus_ms(SYNC_MS))
            .bind(false)
            .bind(Vec::new())
            .execute()
            .await
            .unwrap();
        for (number, line) in (1_i64..).zip(lines) {
            self.line(tx, id, number, *line, date).await;
        }
    }

    async fn line(&self, tx: &mut Tx, purchase: PurchaseId, number: i64, (product, quantity, price, returned): Line, date: CivilDate) {
        let owner = if self.b2.products.contains(&product) { &self.b2 } else { &self.b1 };
        tx.query(LINE)
            .bind(purchase)
            .bind(number)
            .bind(product)
            .bind(owner.id)
            .bind(owner.tenant)
            .bind(quantity)
            .bind(price)
            .bind(quantity * price)
            .bind(false)
            .bind(date)
            .bind(returned)
            .bind(returned * price)
            .execute()
            .await
            .unwrap();
    }
}

fn phone(consumer: usize) -> Vec<u8> {
    format!("phone {consumer}").into_bytes()
}

async fn brand(tx: &mut Tx, name: &str, products: &[&str]) -> Brand {
    let org = organisation::create(tx, &Actor::System, Timestamp(1), name, OrganisationKind::BrandOwner, Country::Co).await.unwrap();
    let id = organisation::create_brand(tx, &Actor::System, Timestamp(1), org.id, name, "#9F1239").await.unwrap().id;
    let mut brand = Brand { id, tenant: org.id, products: Vec::new() };
    for name in products {
        let product: ProductId = tx.new_id();
        tx.query(PRODUCT).bind(product).bind(product.to_string()).bind(org.id).bind(id).bind(*name).execute().await.unwrap();
        brand.products.push(product);
    }
    brand
}

const PRODUCT: Sql = Sql::same(
    "INSERT INTO product (id, gtin, tenant_id, brand_id, name, search_key, category, currency, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, '', '', 'COP', 1, 1)",
);
const CONSUMER: Sql = Sql::each(
    "INSERT INTO consumer (id, country, adult, anonymous, created_at) VALUES ($1, 'CO', 1, 0, $2)",
    "INSERT INTO consumer (id, country, adult, anonymous, created_at) VALUES ($1, 'CO', TRUE, FALSE, $2)",
);
const CONTACT: Sql = Sql::same("INSERT INTO contact (consumer_id, phone_hash, phone_sealed, verified_at) VALUES ($1, $2, $2, $3)");
const CARD: Sql = Sql::same("INSERT INTO card (id, public_code, consumer_id, kind, created_at) VALUES ($1, $2, $3, 'digital', $4)");
const MEMBER: Sql = Sql::same(
    "INSERT INTO shop_member (id, shop_id, name, role, phone_hash, phone_sealed, created_at) VALUES ($1, $2, 'Rosa', 'cashier', $3, $3, 1)",
);
const PURCHASE: Sql = Sql::same(
    "INSERT INTO purchase (id, source, source_key, content_hash, basket_hash, shop_id, card_id, consumer_id, status, offline, total_minor, currency, purchased_at, offset_seconds, business_date, received_at, answer)
     VALUES ($1, 'test', $2, $12, $12, $3, $4, $5, $6, $11, $7, 'COP', $8, -18000, $9, $10, $12)",
);
const LINE: Sql = Sql::same(
    "INSERT INTO purchase_line (purchase_id, line, gtin, product_id, brand_id, tenant_id, quantity, unit_price_minor, discount_minor, amount_minor, reward_line, business_date, returned_quantity, returned_amount_minor)
     VALUES ($1, $2, '', $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12)",
);
