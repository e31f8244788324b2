//! The rules in force: products and published campaigns, held in memory and watched by a number.
//!
//! A purchase needs every campaign of the platform; reading them each time would cost more than the purchase. The row
//! `epoch('rules')` changes in the transaction that changes a product or publishes a campaign, and every purchase
//! reads it with its device: an equal number means that the book in memory is the book in the database.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
};

use db::{Tx, sql};
use shared::{
    BrandId, CampaignId, CampaignVersionId, Currency, Gtin, OrganisationId, ProductId, RewardId, ShopId, Timestamp, WorldId,
    loyalty::{CampaignRules, campaign::ShopScope},
};
use sqlx::types::Json;

use crate::{
    Error,
    payback::incentive::{self, Pay},
};

/// The domain's state in one process: keys of the cards and the rules in force. Cheap to clone.
#[derive(Clone)]
pub struct Loyalty {
    pub(crate) keys: identity::Keys,
    pub(crate) velocity: crate::purchase::VelocityLimits,
    book: Arc<RwLock<Option<Arc<RuleBook>>>>,
    pub(crate) limits: crate::adjustment::Limits,
}

/// A product as purchases need it.
#[derive(Debug, Clone)]
pub struct KnownProduct {
    /// The product.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: Option<(OrganisationId, BrandId)>,
    /// Suggested prices, minor units, each with its money.
    pub prices: Vec<(Currency, i64)>,
}

impl KnownProduct {
    /// What is suggested where goods are sold in that money; a price in another one says nothing there.
    pub fn suggested_minor(&self, currency: Currency) -> Option<i64> {
        self.prices.iter().find(|(money, _)| *money == currency).map(|(_, minor)| *minor)
    }
}

/// A reward that a full card gives.
#[derive(Debug, Clone)]
pub struct LinkedReward {
    /// The reward.
    pub id: RewardId,
    /// Its name.
    pub name: String,
    /// How many one consumer can get.
    pub max_per_consumer: Option<i64>,
    /// It can run out.
    pub limited: bool,
}

/// One version of a campaign with its time in force.
#[derive(Debug, Clone)]
pub struct LiveVersion {
    /// The campaign.
    pub campaign: CampaignId,
    /// The version.
    pub version: CampaignVersionId,
    /// Its owner.
    pub tenant: OrganisationId,
    /// The brand that gives.
    pub brand: BrandId,
    /// Its name.
    pub brand_name: String,
    /// The campaign's name.
    pub name: String,
    /// The rules.
    pub rules: CampaignRules,
    /// In force from then, included.
    pub valid_from: Timestamp,
    /// Until then, excluded: when the next version starts.
    pub valid_until: Timestamp,
    /// What a full card gives.
    pub reward: Option<LinkedReward>,
    /// When it does not count: from (included), until (excluded).
    pub pauses: Arc<[(Timestamp, Timestamp)]>,
    /// It has a control group.
    pub has_holdouts: bool,
    /// What all consumers together were given is counted: some version has a limit on that.
    pub counts_all: bool,
    /// Shops that were fixed as its control: they earn nothing, so that others can be compared with them.
    pub controls: Arc<HashSet<ShopId>>,
    /// Neighbours reach a goal with it.
    pub has_goal: bool,
    /// Its books are closed.
    pub settled: bool,
    /// Of a sandbox's brand: which world it is of.
    pub world: Option<WorldId>,
}

/// A shop with what scopes ask of it.
#[derive(Debug, Clone)]
pub struct Place {
    shop: ShopId,
    world: Option<WorldId>,
    zone: String,
    distributor: Option<String>,
    /// Absent: nobody asks.
    currency: Option<Currency>,
}

impl Place {
    /// Reads what is asked by some campaign of the book, and nothing otherwise.
    pub(crate) async fn of(tx: &mut Tx, book: &RuleBook, shop: ShopId) -> Result<Self, Error> {
        let about = if book.asks_places { tx.query(PLACE).bind(shop).maybe::<(String, Option<String>, Currency)>().await? } else { None };
        let (zone, distributor, currency) = about.map_or_else(Default::default, |(zone, code, currency)| (zone, code, Some(currency)));
        Ok(Self { shop, world: book.world_of(shop), zone, distributor, currency })
    }
}

impl LiveVersion {
    /// Paused at that instant.
    pub fn is_paused(&self, at: Timestamp) -> bool {
        self.pauses.iter().any(|(from, until)| *from <= at && at < *until)
    }
    /// What a list of shops does not say: the shop is of the same world, is no control, belongs to the zones and distributors
    /// that are named, and sells in the campaign's money.
    pub fn takes(&self, place: &Place) -> bool {
        let named = match &self.rules.shops {
            ShopScope::Where(group) => group.holds(&place.zone, place.distributor.as_deref()),
            ShopScope::All | ShopScope::Only(_) => true,
        };
        let paid = self.rules.currency.is_none_or(|currency| place.currency == Some(currency));
        named && paid && self.world == place.world && !self.controls.contains(&place.shop)
    }
}

/// Everything at one epoch.
#[derive(Debug)]
pub struct RuleBook {
    epoch: i64,
    products: HashMap<Gtin, KnownProduct>,
    /// Brands and shops of sandboxes that are open; everything else is real.
    brand_worlds: HashMap<BrandId, WorldId>,
    shop_worlds: HashMap<ShopId, WorldId>,
    versions: Vec<LiveVersion>,
    /// Some campaign goes by zones, distributors or money.
    asks_places: bool,
    /// Campaigns that have no version in force at some instant, with what they are called.
    gapped: Vec<(CampaignId, String)>,
    /// What campaigns pay shops.
    pub(crate) pays: Vec<Pay>,
}

impl RuleBook {
    /// The product behind a barcode at a shop: those of sandboxes are known in their own world alone, and there nothing that
    /// a real brand owns is.
    pub fn product(&self, gtin: &Gtin, shop: ShopId) -> Option<&KnownProduct> {
        let world = self.world_of(shop);
        self.products.get(gtin).filter(|product| product.owner.is_none_or(|(_, brand)| self.brand_worlds.get(&brand).copied() == world))
    }
    /// The sandbox's world that a shop is of.
    fn world_of(&self, shop: ShopId) -> Option<WorldId> {
        self.shop_worlds.get(&shop).copied()
    }
    /// Versions in force at an instant, by priority and then by campaign.
    pub fn in_force(&self, at: Timestamp) -> impl Iterator<Item = &LiveVersion> {
        self.versions.iter().filter(move |version| version.valid_from <= at && at < version.valid_until)
    }
    /// The version of one campaign in force at an instant, or the first one before there was any.
    pub fn latest(&self, campaign: CampaignId, at: Timestamp) -> Option<&LiveVersion> {
        let mine = || self.versions.iter().filter(move |version| version.campaign == campaign);
        mine()
            .filter(|version| version.valid_from <= at)
            .max_by_key(|version| version.valid_from)
            .or_else(|| mine().min_by_key(|version| version.valid_from))
    }
    /// Campaigns of which no version is in force at an instant.
    pub(crate) fn between_versions(&self, at: Timestamp) -> impl Iterator<Item = &(CampaignId, String)> {
        self.gapped.iter().filter(move |(campaign, _)| !self.in_force(at).any(|version| version.campaign == *campaign))
    }
    /// Every version whose full card gives that reward.
    pub(crate) fn giving(&self, reward: RewardId) -> impl Iterator<Item = &LiveVersion> {
        self.versions.iter().filter(move |version| version.reward.as_ref().is_some_and(|linked| linked.id == reward))
    }
    /// One version by its id.
    pub fn version(&self, id: CampaignVersionId) -> Option<&LiveVersion> {
        self.versions.iter().find(|version| version.version == id)
    }
}

impl Loyalty {
    /// The keys open the secrets of cards.
    pub fn new(keys: identity::Keys) -> Self {
        Self {
            keys,
            velocity: crate::purchase::VelocityLimits::default(),
            book: Arc::default(),
            limits: crate::adjustment::Limits::default(),
        }
    }

    /// With other limits on how many sales are too many.
    #[must_use]
    pub fn with_velocity(self, velocity: crate::purchase::VelocityLimits) -> Self {
        Self { velocity, ..self }
    }

    /// With other limits on what people may correct by themselves.
    #[must_use]
    pub fn with_limits(self, limits: crate::adjustment::Limits) -> Self {
        Self { limits, ..self }
    }

    /// The book of this epoch: from memory, or read once.
    pub async fn book(&self, tx: &mut Tx, epoch: i64) -> Result<Arc<RuleBook>, Error> {
        if let Some(book) = self.held().filter(|book| book.epoch == epoch) {
            return Ok(book);
        }
        let book = Arc::new(read(tx, epoch).await?);
        if let Ok(mut held) = self.book.write() {
            *held = Some(book.clone());
        }
        Ok(book)
    }

    /// The book that stays true until the end of the transaction: no version that begins to count what a campaign gives to
    /// everybody is published meanwhile.
    pub(crate) async fn steady_book(&self, tx: &mut Tx) -> Result<Arc<RuleBook>, Error> {
        tx.lock_shared(PUBLISHING).await?;
        self.current_book(tx).await
    }

    /// The book of now, for callers that did not read the epoch along the way.
    pub async fn current_book(&self, tx: &mut Tx) -> Result<Arc<RuleBook>, Error> {
        let (epoch,): (i64,) = tx.query(EPOCH).one().await?;
        self.book(tx, epoch).await
    }

    fn held(&self) -> Option<Arc<RuleBook>> {
        self.book.read().ok().and_then(|held| held.clone())
    }
}

/// Whoever publishes holds it alone, whoever gives by the rules beside others: what a campaign gave before it had a limit is
/// counted when nobody is on the way with what it gives by the rules before.
pub(crate) const PUBLISHING: i64 = 0x7075_626c_6973_6821;

/// Tells every process that products or campaigns changed. The value never repeats, even when a change is undone with
/// its group and made again: it is at least the clock.
pub(crate) async fn bump(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    tx.query(BUMP).bind(now).execute().await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct ProductRow {
    gtin: Gtin,
    id: ProductId,
    name: String,
    tenant_id: Option<OrganisationId>,
    brand_id: Option<BrandId>,
    suggested_price_minor: Option<i64>,
    currency: Currency,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    campaign_id: CampaignId,
    version_id: CampaignVersionId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    brand_name: String,
    name: String,
    rules: Json<CampaignRules>,
    valid_from: Timestamp,
    valid_until: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    world_id: Option<WorldId>,
    closed_at: Option<Timestamp>,
    has_goal: bool,
}

#[derive(sqlx::FromRow)]
struct RewardRow {
    id: RewardId,
    name: String,
    max_per_consumer: Option<i64>,
    stock_initial: Option<i64>,
}

async fn read(tx: &mut Tx, epoch: i64) -> Result<RuleBook, Error> {
    let products = tx.query(PRODUCTS).all::<ProductRow>().await?;
    let rows = tx.query(VERSIONS).all::<VersionRow>().await?;
    let rewards = tx.query(REWARDS).all::<RewardRow>().await?;
    let mut pauses: HashMap<CampaignId, Vec<(Timestamp, Timestamp)>> = HashMap::new();
    for (campaign, from, until) in tx.query(PAUSES).all::<(CampaignId, Timestamp, Option<Timestamp>)>().await? {
        pauses.entry(campaign).or_default().push((from, until.unwrap_or(Timestamp(i64::MAX))));
    }
    let held_out: HashSet<CampaignId> = tx.query(HELD_OUT).all::<(CampaignId,)>().await?.into_iter().map(|(campaign,)| campaign).collect();
    let counted: HashSet<CampaignId> =
        rows.iter().filter(|row| row.rules.caps.iter().any(|cap| cap.scope.is_shared())).map(|row| row.campaign_id).collect();
    let mut controls: HashMap<CampaignId, HashSet<ShopId>> = HashMap::new();
    for (campaign, shop) in tx.query(CONTROLS).all::<(CampaignId, ShopId)>().await? {
        controls.entry(campaign).or_default().insert(shop);
    }
    let controls: HashMap<CampaignId, Arc<HashSet<ShopId>>> =
        controls.into_iter().map(|(campaign, shops)| (campaign, Arc::new(shops))).collect();
    let rewards: HashMap<RewardId, RewardRow> = rewards.into_iter().map(|reward| (reward.id, reward)).collect();
    let mut others: HashMap<ProductId, Vec<(Currency, i64)>> = HashMap::new();
    for (product, currency, minor) in tx.query(PRICES).all::<(ProductId, Currency, i64)>().await? {
        others.entry(product).or_default().push((currency, minor));
    }
    let products = products
        .into_iter()
        .map(|row| {
            let owner = row.tenant_id.zip(row.brand_id);
            let mut prices = others.remove(&row.id).unwrap_or_default();
            prices.extend(row.suggested_price_minor.map(|minor| (row.currency, minor)));
            (row.gtin, KnownProduct { id: row.id, name: row.name, owner, prices })
        })
        .collect();
    // Those with an end of their own, or a beginning: at some instant they have no version. A sandbox's are its own business.
    let limited: HashSet<CampaignId> = rows
        .iter()
        .filter(|row| row.world_id.is_none() && (row.valid_until.is_some() || row.valid_from.0 > 0))
        .map(|row| row.campaign_id)
        .collect();
    // Rows come by campaign, newest version first: each version ends where the one before it in the list begins.
    let mut versions: Vec<LiveVersion> = Vec::with_capacity(rows.len());
    for row in rows {
        let valid_until = match versions.last() {
            Some(newer) if newer.campaign == row.campaign_id => newer.valid_from,
            // A brand of a closed world gives nothing more.
            _ => row.closed_at.unwrap_or(Timestamp(i64::MAX)),
        };
        let valid_until = row.valid_until.map_or(valid_until, |until| until.min(valid_until));
        let reward = row.rules.threshold.and_then(|threshold| rewards.get(&threshold.reward_id)).map(|reward| LinkedReward {
            id: reward.id,
            name: reward.name.clone(),
            max_per_consumer: reward.max_per_consumer,
            limited: reward.stock_initial.is_some(),
        });
        versions.push(LiveVersion {
            campaign: row.campaign_id,
            version: row.version_id,
            tenant: row.tenant_id,
            brand: row.brand_id,
            brand_name: row.brand_name,
            name: row.name,
            rules: row.rules.0,
            valid_from: row.valid_from,
            valid_until,
            reward,
            pauses: pauses.get(&row.campaign_id).map(Vec::as_slice).unwrap_or_default().into(),
            has_holdouts: held_out.contains(&row.campaign_id),
            counts_all: counted.contains(&row.campaign_id),
            controls: controls.get(&row.campaign_id).cloned().unwrap_or_default(),
            has_goal: row.has_goal,
            settled: row.settled_at.is_some(),
            world: row.world_id,
        });
    }
    versions.sort_by_key(|version| (version.rules.priority, version.campaign));
    let asks_places = versions.iter().any(|version| matches!(version.rules.shops, ShopScope::Where(_)) || version.rules.currency.is_some());
    let pays = incentive::all(tx).await?;
    let brand_worlds = tx.query(BRAND_WORLDS).all::<(BrandId, WorldId)>().await?.into_iter().collect();
    let shop_worlds = tx.query(SHOP_WORLDS).all::<(ShopId, WorldId)>().await?.into_iter().collect();
    let mut gapped: Vec<(CampaignId, String)> = Vec::new();
    for version in versions.iter().filter(|version| limited.contains(&version.campaign)) {
        if !gapped.iter().any(|(campaign, _)| *campaign == version.campaign) {
            gapped.push((version.campaign, version.name.clone()));
        }
    }
    Ok(RuleBook { epoch, products, brand_worlds, shop_worlds, versions, asks_places, gapped, pays })
}

sql! {
    EPOCH: "SELECT value FROM epoch WHERE name = 'rules'";

    /// At least the clock, and always another number than before.
    BUMP: "UPDATE epoch SET value = CASE WHEN value >= $1 THEN value + 1 ELSE $1 END WHERE name = 'rules'";

    PRODUCTS: "SELECT gtin, id, name, tenant_id, brand_id, suggested_price_minor, currency FROM product";

    PRICES: "SELECT product_id, currency, suggested_price_minor FROM product_price";

    VERSIONS: "SELECT v.campaign_id, v.id AS version_id, c.tenant_id, c.brand_id, b.name AS brand_name, c.name, v.rules, v.valid_from, v.valid_until, c.settled_at, b.world_id, b.closed_at,
                      EXISTS (SELECT 1 FROM campaign_goal g WHERE g.campaign_id = v.campaign_id) AS has_goal
               FROM campaign_version v
               JOIN campaign c ON c.id = v.campaign_id
               JOIN brand b ON b.id = c.brand_id
               ORDER BY v.campaign_id, v.number DESC";

    /// With those that are closed: their products are moved after a while, and are nobody's at a real shop until then.
    BRAND_WORLDS: "SELECT id, world_id FROM brand WHERE world_id IS NOT NULL";

    /// With those of worlds that are closed: a shop that was made to try something never becomes a real one.
    SHOP_WORLDS: "SELECT shop_id, world_id FROM sandbox_shop";

    PAUSES: "SELECT campaign_id, paused_from, paused_until FROM campaign_pause";

    CONTROLS: "SELECT campaign_id, shop_id FROM campaign_arm WHERE arm = 'control'";

    PLACE: "SELECT zone, distributor_code, currency FROM shop WHERE id = $1";

    HELD_OUT: "SELECT DISTINCT campaign_id FROM campaign_holdout";

    REWARDS: "SELECT id, name, max_per_consumer, stock_initial FROM reward";
}
