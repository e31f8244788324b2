//! The rules in force: products and published campaigns, held in memory and watched by a number.
//!
//! A purchase needs every campaign of the platform; reading them each time would cost more than the purchase. The row
//! `epoch('rules')` changes in the transaction that changes a product or publishes a campaign, and every purchase
//! reads it with its device: an equal number means that the book in memory is the book in the database.

use std::{collections::{HashMap, HashSet}, sync::{Arc, RwLock}};

use db::{Tx, sql};
use shared::{
    BrandId, CampaignId, CampaignVersionId, Gtin, OrganisationId, ProductId, RewardId, Timestamp,
    loyalty::CampaignRules,
};
use sqlx::types::Json;

use crate::Error;

/// The domain's state in one process: keys of the cards and the rules in force. Cheap to clone.
#[derive(Clone)]
pub struct Loyalty {
    pub(crate) keys: identity::Keys,
    book: Arc<RwLock<Option<Arc<RuleBook>>>>,
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
    /// Suggested price, minor units.
    pub suggested_price_minor: Option<i64>,
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
}

impl LiveVersion {
    /// Paused at that instant.
    pub fn is_paused(&self, at: Timestamp) -> bool {
        self.pauses.iter().any(|(from, until)| *from <= at && at < *until)
    }
}

/// Everything at one epoch.
#[derive(Debug)]
pub struct RuleBook {
    epoch: i64,
    products: HashMap<Gtin, KnownProduct>,
    versions: Vec<LiveVersion>,
}

impl RuleBook {
    /// The product behind a barcode.
    pub fn product(&self, gtin: &Gtin) -> Option<&KnownProduct> {
        self.products.get(gtin)
    }
    /// Versions in force at an instant, by priority and then by campaign.
    pub fn in_force(&self, at: Timestamp) -> impl Iterator<Item = &LiveVersion> {
        self.versions.iter().filter(move |version| version.valid_from <= at && at < version.valid_until)
    }
    /// The version of one campaign in force at an instant, or the first one before there was any.
    pub fn latest(&self, campaign: CampaignId, at: Timestamp) -> Option<&LiveVersion> {
        let mine = || self.versions.iter().filter(move |version| version.campaign == campaign);
        mine().filter(|version| version.valid_from <= at).max_by_key(|version| version.valid_from).or_else(|| mine().min_by_key(|version| version.valid_from))
    }
    /// One version by its id.
    pub fn version(&self, id: CampaignVersionId) -> Option<&LiveVersion> {
        self.versions.iter().find(|version| version.version == id)
    }
}

impl Loyalty {
    /// The keys open the secrets of cards.
    pub fn new(keys: identity::Keys) -> Self {
        Self { keys, book: Arc::default() }
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

    /// The book of now, for callers that did not read the epoch along the way.
    pub async fn current_book(&self, tx: &mut Tx) -> Result<Arc<RuleBook>, Error> {
        let (epoch,): (i64,) = tx.query(EPOCH).one().await?;
        self.book(tx, epoch).await
    }

    fn held(&self) -> Option<Arc<RuleBook>> {
        self.book.read().ok().and_then(|held| held.clone())
    }
}

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
    let counted: HashSet<CampaignId> = rows.iter().filter(|row| row.rules.caps.iter().any(|cap| cap.scope.is_shared())).map(|row| row.campaign_id).collect();
    let rewards: HashMap<RewardId, RewardRow> = rewards.into_iter().map(|reward| (reward.id, reward)).collect();
    let products = products
        .into_iter()
        .map(|row| {
            let owner = row.tenant_id.zip(row.brand_id);
            (row.gtin, KnownProduct { id: row.id, name: row.name, owner, suggested_price_minor: row.suggested_price_minor })
        })
        .collect();
    // Rows come by campaign, newest version first: each version ends where the one before it in the list begins.
    let mut versions: Vec<LiveVersion> = Vec::with_capacity(rows.len());
    for row in rows {
        let valid_until = match versions.last() {
            Some(newer) if newer.campaign == row.campaign_id => newer.valid_from,
            _ => Timestamp(i64::MAX),
        };
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
        });
    }
    versions.sort_by_key(|version| (version.rules.priority, version.campaign));
    Ok(RuleBook { epoch, products, versions })
}

sql! {
    EPOCH: "SELECT value FROM epoch WHERE name = 'rules'";

    /// At least the clock, and always another number than before.
    BUMP: "UPDATE epoch SET value = CASE WHEN value >= $1 THEN value + 1 ELSE $1 END WHERE name = 'rules'";

    PRODUCTS: "SELECT gtin, id, name, tenant_id, brand_id, suggested_price_minor FROM product";

    VERSIONS: "SELECT v.campaign_id, v.id AS version_id, c.tenant_id, c.brand_id, b.name AS brand_name, c.name, v.rules, v.valid_from
               FROM campaign_version v
               JOIN campaign c ON c.id = v.campaign_id
               JOIN brand b ON b.id = c.brand_id
               ORDER BY v.campaign_id, v.number DESC";

    PAUSES: "SELECT campaign_id, paused_from, paused_until FROM campaign_pause";

    HELD_OUT: "SELECT DISTINCT campaign_id FROM campaign_holdout";

    REWARDS: "SELECT id, name, max_per_consumer, stock_initial FROM reward";
}
