//! An installation with one person of each kind logged in.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use db::{Db, clock::Clock};
use identity::{
    Actor, Persona, Phone, Scopes,
    challenge::VerifiedPhone,
    consent::Decision,
    consumer::NewConsumer,
    session::{self, Subject},
    user::NewUser,
};
use loyalty::template::{Answers, Extras, Mechanic};
use server::{App, Config};
use shared::{
    ApiKeyId, BrandId, CampaignId, Country, Currency, ProductId, ShopId, Timestamp,
    catalogue::NewProduct,
    identity::{MemberRole, NewShop, OrganisationKind, UserRole},
};
use tower::ServiceExt;

/// Tuesday 10 March 2026, 10:00 in Bogotá.
pub const NOW: Timestamp = Timestamp(1_773_154_800_000);

/// Who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Consumer,
    Owner,
    Cashier,
    Brand,
    BrandAnalyst,
    /// Of another brand owner.
    OtherBrand,
    Operator,
    OperatorAnalyst,
}

impl Who {
    pub const ALL: [Self; 8] = [
        Self::Consumer,
        Self::Owner,
        Self::Cashier,
        Self::Brand,
        Self::BrandAnalyst,
        Self::OtherBrand,
        Self::Operator,
        Self::OperatorAnalyst,
    ];

    pub const fn persona(self) -> Option<Persona> {
        Some(match self {
            Self::Nobody => return None,
            Self::Consumer => Persona::Consumer,
            Self::Owner | Self::Cashier => Persona::Tendero,
            Self::Brand | Self::BrandAnalyst | Self::OtherBrand => Persona::Brand,
            Self::Operator | Self::OperatorAnalyst => Persona::Backoffice,
        })
    }
}

pub struct World {
    pub app: App,
    pub router: Router,
    tokens: Vec<(Who, String)>,
    /// Of [`Who::Brand`].
    pub brand: BrandId,
    /// Of its brand.
    pub product: ProductId,
    /// A draft of points for each unit of the product.
    pub campaign: CampaignId,
    /// Of its organisation.
    pub key: ApiKeyId,
    /// Of [`Who::Owner`].
    pub shop: ShopId,
}

/// The product's barcode.
pub const GTIN: &str = "7702004003508";

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// By how the body begins: an object, a part of a form with a file, or fields.
fn content_type(body: &str) -> &'static str {
    match body.as_bytes().first() {
        Some(b'{') => "application/json",
        Some(b'-') => "multipart/form-data; boundary=x",
        _ => "application/x-www-form-urlencoded",
    }
}

fn config(sandbox: bool) -> Config {
    let mut config = Config::defaults().unwrap();
    config.secret = Some("01".repeat(32).into());
    config.sandbox = sandbox;
    let often = api::limit::Rate::per_second(5_000, 5_000);
    (config.limits.address, config.limits.entrance) = (often, often);
    config
}

/// What `App::open` does with a database's purpose.
pub async fn settle(db: &Db, sandbox: bool, clock: server::ClockKind) -> anyhow::Result<Clock> {
    server::settle(db, &config(sandbox), clock).await
}

impl World {
    pub async fn new(db: &Db) -> Self {
        Self::with(db, config(true)).await
    }

    /// Somebody helps shops at this number.
    pub async fn with_help(db: &Db, number: &str) -> Self {
        Self::with(db, Config { help_whatsapp: number.into(), ..config(true) }).await
    }

    /// Two entrances in a minute.
    pub async fn slow(db: &Db) -> Self {
        let mut config = config(true);
        config.limits.entrance = api::limit::Rate::over(1, 60, 2);
        Self::with(db, config).await
    }

    async fn with(db: &Db, config: Config) -> Self {
        settle(db, false, server::ClockKind::System).await.unwrap();
        let app = App::on(db.clone(), config, Clock::controlled(NOW)).unwrap();
        let phone = |last: u32| VerifiedPhone::trusted(&app.keys, Phone::parse(Country::Co, &format!("300 123 {last:04}")).unwrap());
        let mut tokens = Vec::new();
        let mut tx = db.begin().await.unwrap();
        let mut tenants = Vec::new();
        for (name, kind) in
            [("Mostrador", OrganisationKind::Operator), ("Sierra", OrganisationKind::BrandOwner), ("Norte", OrganisationKind::BrandOwner)]
        {
            tenants.push(identity::organisation::create(&mut tx, &Actor::System, NOW, name, kind, Country::Co).await.unwrap().id);
        }
        let [operator, tenant, other] = tenants[..] else { unreachable!() };
        let brand = identity::organisation::create_brand(&mut tx, &Actor::System, NOW, tenant, "Cola Sierra", "#9F1239").await.unwrap().id;
        identity::organisation::create_brand(&mut tx, &Actor::System, NOW, other, "Galletas Norte", "#075985").await.unwrap();
        for (who, email, organisation, kind, role) in [
            (Who::Operator, "op@example.com", operator, OrganisationKind::Operator, UserRole::Admin),
            (Who::OperatorAnalyst, "opa@example.com", operator, OrganisationKind::Operator, UserRole::Analyst),
            (Who::Brand, "ana@example.com", tenant, OrganisationKind::BrandOwner, UserRole::Admin),
            (Who::BrandAnalyst, "leo@example.com", tenant, OrganisationKind::BrandOwner, UserRole::Analyst),
            (Who::OtherBrand, "ines@example.com", other, OrganisationKind::BrandOwner, UserRole::Admin),
        ] {
            let new = NewUser { organisation, email, name: "Alguien", role, password_hash: "none".into() };
            let user = identity::user::create(&mut tx, &Actor::System, NOW, new).await.unwrap();
            tokens.push((who, session::open(&mut tx, NOW, Subject::User(user, organisation, kind)).await.unwrap().token));
        }
        let new = NewShop { city: "Bogotá".into(), ..NewShop::new("La Esquina", Country::Co) };
        let (shop, owner) = identity::shop::register(&mut tx, NOW, &phone(1), &new, "Rosa").await.unwrap();
        let cashier = identity::shop::insert_member(&mut tx, NOW, shop, &phone(2), "Iván", MemberRole::Cashier).await.unwrap();
        for (who, member) in [(Who::Owner, owner), (Who::Cashier, cashier)] {
            tokens.push((who, session::open(&mut tx, NOW, Subject::Member(member, shop)).await.unwrap().token));
        }
        let consent = Decision::for_the_card("co", "web", "Android");
        let new = NewConsumer { name: Some("Ana".into()), adult: true, shop: None, consents: vec![consent] };
        let (consumer, _) = loyalty::card::sign_up(&mut tx, &app.loyalty, NOW, &phone(10), &new).await.unwrap();
        tokens.push((Who::Consumer, session::open(&mut tx, NOW, Subject::Consumer(consumer)).await.unwrap().token));
        let new = NewProduct {
            gtin: GTIN.parse().unwrap(),
            brand_id: Some(brand),
            name: "Cola Sierra 400 ml".into(),
            category: "drink".into(),
            suggested_price_minor: Some(250_000),
            currency: Currency::Cop,
        };
        let product = catalogue::product::create(&mut tx, &Actor::System, NOW, &new).await.unwrap().id;
        let answers = Answers {
            campaign: None,
            brand_id: brand,
            name: "Marzo".into(),
            starts: "2026-03-01".parse().unwrap(),
            ends: "2026-03-31".parse().unwrap(),
            products: vec![product],
            mechanic: Mechanic::PointsPerUnit { units: 1, points: 5 },
            extras: Extras::default(),
        };
        let campaign = loyalty::template::save(&mut tx, &Actor::System, NOW, &answers).await.unwrap().id;
        let (key, _) =
            identity::api_key::insert(&mut tx, NOW, tenant, None, "ERP", &Scopes::parse("reports:read").unwrap(), None).await.unwrap();
        tx.commit().await.unwrap();
        Self { router: server::router(app.clone()), app, tokens, brand, product, campaign, key: key.id, shop }
    }

    pub fn cookie(&self, who: Who) -> Option<String> {
        let token = &self.tokens.iter().find(|(known, _)| *known == who)?.1;
        Some(format!("{}={token}", who.persona()?.cookie()))
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10_000_000).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A page as a browser asks for it.
    pub async fn page(&self, who: Who, path: &str) -> Answer {
        let mut request = Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8");
        if let Some(cookie) = self.cookie(who) {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A server function, called by script (`page` false) or by a plain form of the page at `/from?x=1`.
    pub async fn call(&self, who: Who, path: &str, form: &str, page: bool) -> Answer {
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, content_type(form))
            .header(header::ACCEPT, if page { "text/html,*/*;q=0.8" } else { "application/json" })
            .header(header::REFERER, "http://mostrador.example/from?x=1")
            .header("sec-fetch-site", "same-origin");
        if let Some(cookie) = self.cookie(who) {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}
