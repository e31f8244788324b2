//! Campaigns: a draft that can be edited, and published versions that cannot.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, CampaignVersionId, ConsumerId, OrganisationId, Page, ProductId, RewardId, Timestamp,
    loyalty::{Campaign, CampaignRules, NewCampaign, CampaignState, ShopCampaign, Template, campaign::{Enrolment, RuleKind, ShopScope}},
    page::PAGE_SIZE_MAX,
};
use sqlx::types::Json;

use crate::{Error, Loyalty, purchase::caps, reward, rule_book::{self, LiveVersion}, terms::{self, Prize}};

/// Creates a draft: nobody earns yet.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewCampaign) -> Result<Campaign, Error> {
    let brand = reward::owned_brand(tx, actor, new.brand_id).await?;
    check(tx, new).await?;
    let id: CampaignId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(brand.organisation_id)
        .bind(new.brand_id)
        .bind(new.name.trim())
        .bind(new.template)
        .bind(linked_reward(&new.rules))
        .bind(Json(new.rules.clone()))
        .bind(actor.user().ok())
        .bind(now)
        .execute()
        .await?;
    audit::record(tx, actor, now, "campaign.created", id, None, None, None).await?;
    get(tx, actor, id).await
}

/// Changes a draft whole. A published campaign takes a new draft for its next version by the same verb.
pub async fn update_draft(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, new: &NewCampaign) -> Result<Campaign, Error> {
    let before = get(tx, actor, id).await?;
    actor.manages(before.organisation_id)?;
    if before.brand_id != new.brand_id {
        return Err(Error::Field("brand_id"));
    }
    if before.version > 0 && (linked_reward(&before.rules) != linked_reward(&new.rules) || before.rules.unit != new.rules.unit || before.name != new.name.trim()) {
        // Wallets, waiting rewards and terms of earlier versions hang on them.
        return Err(Error::AlreadyPublished);
    }
    check(tx, new).await?;
    tx.query(UPDATE_DRAFT).bind(new.name.trim()).bind(new.template).bind(linked_reward(&new.rules)).bind(Json(new.rules.clone())).bind(id).bind(before.organisation_id).execute().await?;
    audit::record(tx, actor, now, "campaign.edited", id, serde_json::to_value(&before.rules).ok(), serde_json::to_value(&new.rules).ok(), None).await?;
    get(tx, actor, id).await
}

/// Fixes the draft's rules as the next version, in force from now. The same draft twice is one version.
pub async fn publish(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let draft = get(tx, actor, id).await?;
    actor.manages(draft.organisation_id)?;
    tx.lock(id.lock_key()).await?;
    let (rules, last_version, published): (Json<CampaignRules>, i64, Option<Json<CampaignRules>>) = tx.query(DRAFT).bind(id).bind(draft.organisation_id).one().await?;
    if published.is_some_and(|published| published.0 == rules.0) {
        return get(tx, actor, id).await;
    }
    let as_new = NewCampaign { brand_id: draft.brand_id, name: draft.name.clone(), template: draft.template, rules: rules.0.clone() };
    check(tx, &as_new).await?;
    // A first version covers the whole of its dates; a later one must leave earlier purchases to their own.
    let valid_from = if last_version == 0 { Timestamp(0) } else { now };
    let version: CampaignVersionId = tx.new_id();
    let reward = match rules.0.threshold {
        Some(threshold) => Some(reward::get(tx, actor, threshold.reward_id).await?),
        None => None,
    };
    let terms = terms_of(tx, &draft.name, &rules.0, reward.as_ref().map(Prize::of)).await?;
    tx.query(INSERT_VERSION)
        .bind(version)
        .bind(id)
        .bind(draft.organisation_id)
        .bind(last_version + 1)
        .bind(Json(rules.0.clone()))
        .bind(terms)
        .bind(valid_from)
        .bind(actor.user().ok())
        .bind(now)
        .execute()
        .await?;
    // Shops that a campaign names take part in what the brand does from now on, if they did not before.
    if let ShopScope::Only(shops) = &rules.0.shops {
        for part in shops.chunks(identity::participation::SHOPS_MAX) {
            identity::participation::enrol(tx, actor, now, draft.brand_id, part).await?;
        }
    }
    if rules.0.caps.iter().any(|cap| cap.scope.is_shared()) {
        caps::begin_counting(tx, id).await?;
    }
    tx.query(SET_PUBLISHED).bind(last_version + 1).bind(id).bind(draft.organisation_id).execute().await?;
    rule_book::bump(tx, now).await?;
    audit::record(tx, actor, now, "campaign.published", id, None, serde_json::to_value(&rules.0).ok(), None).await?;
    get(tx, actor, id).await
}

/// Stops a campaign from now on: purchases that happened before still count, those that happen later earn nothing.
/// Paused already: nothing changes.
pub async fn pause(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = to_pause(tx, actor, id).await?;
    if tx.query(PAUSE).bind(id).bind(campaign.organisation_id).bind(now).execute().await? == 1 {
        rule_book::bump(tx, now).await?;
        audit::record(tx, actor, now, "campaign.paused", id, None, None, None).await?;
    }
    get(tx, actor, id).await
}

/// Lets a campaign go on from now on.
pub async fn resume(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = to_pause(tx, actor, id).await?;
    if tx.query(RESUME).bind(now).bind(id).bind(campaign.organisation_id).execute().await? == 1 {
        rule_book::bump(tx, now).await?;
        audit::record(tx, actor, now, "campaign.resumed", id, None, None, None).await?;
    }
    get(tx, actor, id).await
}

async fn to_pause(tx: &mut Tx, actor: &Actor, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = get(tx, actor, id).await?;
    actor.manages(campaign.organisation_id)?;
    tx.lock(id.lock_key()).await?;
    if campaign.state == CampaignState::Published { Ok(campaign) } else { Err(Error::NotFound) }
}

/// Puts a consumer into a campaign's control group: it gives her nothing, so that others can be compared with her.
pub async fn hold_out(tx: &mut Tx, now: Timestamp, campaign: CampaignId, consumer: ConsumerId) -> Result<(), Error> {
    tx.query(HOLD_OUT).bind(campaign).bind(consumer).bind(now).execute().await?;
    rule_book::bump(tx, now).await
}

/// Puts a consumer into a segment of a brand from an instant on.
pub async fn put_into_segment(tx: &mut Tx, at: Timestamp, brand: BrandId, name: &str, consumer: ConsumerId) -> Result<(), Error> {
    tx.query(PUT_INTO_SEGMENT).bind(brand).bind(name).bind(consumer).bind(at).execute().await?;
    Ok(())
}

/// The terms that a draft would be published with.
pub async fn preview_terms(tx: &mut Tx, actor: &Actor, new: &NewCampaign) -> Result<String, Error> {
    reward::owned_brand(tx, actor, new.brand_id).await?;
    check(tx, new).await?;
    let reward = match new.rules.threshold {
        Some(threshold) => Some(reward::get(tx, actor, threshold.reward_id).await?),
        None => None,
    };
    terms_of(tx, &new.name, &new.rules, reward.as_ref().map(Prize::of)).await
}

fn linked_reward(rules: &CampaignRules) -> Option<RewardId> {
    rules.threshold.map(|threshold| threshold.reward_id)
}

/// Bounds, and everything the rules name must belong to the brand.
pub(crate) async fn check(tx: &mut Tx, new: &NewCampaign) -> Result<(), Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    new.rules.check()?;
    let tables = new.rules.rules.iter().filter_map(|rule| if let RuleKind::PerSku { table } = &rule.kind { Some(table.keys()) } else { None });
    let mut products: Vec<ProductId> = new.rules.products.iter().chain(tables.flatten()).copied().collect();
    products.sort_unstable();
    products.dedup();
    for product in products {
        let owner: Option<(Option<BrandId>,)> = tx.query(PRODUCT_BRAND).bind(product).maybe().await?;
        if owner.and_then(|(brand,)| brand) != Some(new.brand_id) {
            return Err(Error::ForeignProduct);
        }
    }
    if let Some(reward) = linked_reward(&new.rules)
        && !reward::belongs_to(tx, reward, new.brand_id).await?
    {
        return Err(Error::ForeignReward);
    }
    if let ShopScope::Only(shops) = &new.rules.shops {
        for shop in shops {
            identity::shop::get(tx, *shop).await.map_err(|_| Error::Field("rules.shops"))?;
        }
    }
    Ok(())
}

/// What the consumer will read.
pub(crate) async fn terms_of(tx: &mut Tx, name: &str, rules: &CampaignRules, prize: Option<Prize<'_>>) -> Result<String, Error> {
    let mut products = Vec::new();
    // A readable sentence names at most six.
    for product in rules.products.iter().take(6) {
        products.extend(tx.query(PRODUCT_NAME).bind(*product).maybe::<(String,)>().await?.map(|(name,)| name));
    }
    Ok(terms::text(name, rules, &products, prize))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CampaignId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    name: String,
    template: Template,
    state: CampaignState,
    draft_rules: Json<CampaignRules>,
    last_version: i64,
    created_at: Timestamp,
    version_id: Option<CampaignVersionId>,
    terms: Option<String>,
    published_at: Option<Timestamp>,
    published_rules: Option<Json<CampaignRules>>,
}

impl From<Row> for Campaign {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            organisation_id: row.tenant_id,
            brand_id: row.brand_id,
            name: row.name,
            template: row.template,
            state: row.state,
            version: row.last_version,
            version_id: row.version_id,
            rules: row.draft_rules.0,
            terms: row.terms.unwrap_or_default(),
            created_at: row.created_at,
            published_at: row.published_at,
            published_rules: row.published_rules.map(|rules| rules.0),
        }
    }
}

/// A campaign of a tenant that the actor may read.
pub async fn get(tx: &mut Tx, actor: &Actor, id: CampaignId) -> Result<Campaign, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let row = tx.query(GET).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?;
    actor.reads(row.tenant_id)?;
    Ok(row.into())
}

/// The terms that the draft would get, for whoever reads it; what is wrong with it is told when it is published.
pub async fn draft_terms(tx: &mut Tx, actor: &Actor, campaign: &Campaign) -> Result<String, Error> {
    actor.reads(campaign.organisation_id)?;
    let reward = match campaign.rules.threshold {
        Some(threshold) => Some(reward::get(tx, actor, threshold.reward_id).await?),
        None => None,
    };
    terms_of(tx, &campaign.name, &campaign.rules, reward.as_ref().map(Prize::of)).await
}

/// Campaigns of the actor's tenant, newest first.
pub async fn list(tx: &mut Tx, actor: &Actor, cursor: Option<&str>, limit: i64) -> Result<Page<Campaign>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let rows = tx.query(LIST).bind(tenant).bind(before).bind(CampaignId(before_id)).bind(limit + 1).all::<Row>().await?;
    let mut items: Vec<Campaign> = rows.into_iter().map(Campaign::from).collect();
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| audit::cursor(last.created_at, last.id.0));
    Ok(Page { items, next_cursor })
}

/// The rules in force at the actor's shop, for its phone's estimates; other shops are not named. At most 200.
pub async fn of_shop(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<Vec<ShopCampaign>, Error> {
    const CAMPAIGNS_MAX: usize = 200;
    let (_, shop, _) = actor.member()?;
    let book = loyalty.current_book(tx).await?;
    let here = |rules: &CampaignRules| match &rules.shops {
        ShopScope::All => true,
        ShopScope::Only(shops) => shops.contains(&shop),
    };
    let told = |version: &LiveVersion| ShopCampaign {
        rules: CampaignRules { shops: ShopScope::All, ..version.rules.clone() },
        valid_from: version.valid_from,
        valid_until: version.valid_until,
    };
    Ok(book.in_force(now).filter(|version| here(&version.rules)).take(CAMPAIGNS_MAX).map(told).collect())
}

/// The consumer joins a campaign that asks for it; again changes nothing, not even since when.
pub async fn enrol(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    let row = tx.query(GET).bind(id).maybe::<Row>().await?.filter(|row| row.state == CampaignState::Published).ok_or(Error::NotFound)?;
    if row.draft_rules.0.enrolment != Enrolment::Required {
        return Err(Error::NotJoinable);
    }
    enrol_at(tx, id, consumer, now).await?;
    tx.announce(format!("consumer:{consumer}"));
    Ok(())
}

/// Joins somebody at a known instant: sandboxes and [`enrol`].
pub async fn enrol_at(tx: &mut Tx, campaign: CampaignId, consumer: ConsumerId, at: Timestamp) -> Result<(), Error> {
    tx.query(ENROL).bind(campaign).bind(consumer).bind(at).execute().await?;
    Ok(())
}

/// A campaign as consumers see it.
#[derive(Debug, Clone)]
pub struct OpenCampaign {
    /// The campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Who gives.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// The conditions.
    pub terms: String,
    /// Its rules, for pictures.
    pub rules: CampaignRules,
    /// She must join, and has not.
    pub joinable: bool,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: CampaignId,
    name: String,
    brand_name: String,
    brand_colour: String,
    terms: String,
    rules: Json<CampaignRules>,
    joined: bool,
}

/// Campaigns that run on a day, for the consumer's pages; at most 50.
pub async fn open_for(tx: &mut Tx, actor: &Actor, today: shared::CivilDate) -> Result<Vec<OpenCampaign>, Error> {
    let rows = tx.query(OPEN).bind(actor.consumer()?).all::<OpenRow>().await?;
    let runs = |rules: &CampaignRules| rules.starts <= today && today <= rules.ends;
    Ok(rows
        .into_iter()
        .filter(|row| runs(&row.rules.0))
        .take(50)
        .map(|row| OpenCampaign {
            id: row.id,
            name: row.name,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            terms: row.terms,
            joinable: row.rules.0.enrolment == Enrolment::Required && !row.joined,
            rules: row.rules.0,
        })
        .collect())
}

sql! {
    PAUSE: "INSERT INTO campaign_pause (campaign_id, tenant_id, paused_from)
            SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM campaign_pause WHERE campaign_id = $1 AND (paused_until IS NULL OR paused_from = $3))";

    RESUME: "UPDATE campaign_pause SET paused_until = $1 WHERE campaign_id = $2 AND tenant_id = $3 AND paused_until IS NULL";

    HOLD_OUT: "INSERT INTO campaign_holdout (campaign_id, consumer_id, assigned_at) VALUES ($1, $2, $3) ON CONFLICT (campaign_id, consumer_id) DO NOTHING";

    PUT_INTO_SEGMENT: "INSERT INTO segment_member (brand_id, name, consumer_id, from_at) VALUES ($1, $2, $3, $4) ON CONFLICT (brand_id, name, consumer_id, from_at) DO NOTHING";

    INSERT: "INSERT INTO campaign (id, tenant_id, brand_id, name, template, reward_id, state, draft_rules, last_version, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, 0, $8, $9)";

    UPDATE_DRAFT: "UPDATE campaign SET name = $1, template = $2, reward_id = $3, draft_rules = $4 WHERE id = $5 AND tenant_id = $6";

    DRAFT: "SELECT c.draft_rules, c.last_version, v.rules FROM campaign c
            LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = c.last_version
            WHERE c.id = $1 AND c.tenant_id = $2";

    INSERT_VERSION: "INSERT INTO campaign_version (id, campaign_id, tenant_id, number, rules, terms, valid_from, published_by, published_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    SET_PUBLISHED: "UPDATE campaign SET state = 'published', last_version = $1 WHERE id = $2 AND tenant_id = $3";

    PRODUCT_BRAND: "SELECT brand_id FROM product WHERE id = $1";

    PRODUCT_NAME: "SELECT name FROM product WHERE id = $1";

    GET: "SELECT c.id, c.tenant_id, c.brand_id, c.name, c.template, c.state, c.draft_rules, c.last_version, c.created_at,
                 v.id AS version_id, v.terms, v.published_at, v.rules AS published_rules
          FROM campaign c LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = c.last_version
          WHERE c.id = $1";

    LIST: "SELECT c.id, c.tenant_id, c.brand_id, c.name, c.template, c.state, c.draft_rules, c.last_version, c.created_at,
                  v.id AS version_id, v.terms, v.published_at, v.rules AS published_rules
           FROM campaign c LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = c.last_version
           WHERE c.tenant_id = $1 AND (c.created_at < $2 OR (c.created_at = $2 AND c.id < $3))
           ORDER BY c.created_at DESC, c.id DESC LIMIT $4";

    ENROL: "INSERT INTO campaign_enrolment (campaign_id, consumer_id, enrolled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    OPEN: "SELECT c.id, c.name, b.name AS brand_name, b.colour AS brand_colour, v.terms, v.rules,
                  EXISTS (SELECT 1 FROM campaign_enrolment e WHERE e.campaign_id = c.id AND e.consumer_id = $1) AS joined
           FROM campaign c
           JOIN campaign_version v ON v.campaign_id = c.id AND v.number = c.last_version
           JOIN brand b ON b.id = c.brand_id
           ORDER BY c.created_at DESC, c.id DESC LIMIT 500";
}
