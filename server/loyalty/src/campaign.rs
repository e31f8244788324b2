//! Campaigns: a draft that can be edited, versions that cannot, and the way from one to closed books.
//!
//! One person asks for a review and another one publishes ([`may_publish`]); the calendar begins and ends a campaign by
//! itself ([`CampaignState::of`]). Published rules are never edited: a later version begins at an instant, and earlier
//! purchases keep theirs.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, CampaignVersionId, ConsumerId, Country, OrganisationId, Page, ProductId, RewardId, ShopId, Timestamp, UserId,
    loyalty::{
        AskReview, Campaign, CampaignAct, CampaignRules, CampaignState, Gates, NewCampaign, Publication, ReviewAsked, ShopCampaign,
        Standing, Template,
        campaign::{Enrolment, ShopScope},
    },
    page::PAGE_SIZE_MAX,
    time::HOUR_MS,
};
use sqlx::types::Json;

use crate::{
    Error, Loyalty,
    gate::{self, Owner},
    purchase::{AGE_MAX_MS, caps, waited},
    reward,
    rule_book::{self, LiveVersion},
    terms::Prize,
};

/// Longest note for whoever reviews, in characters.
const NOTE_MAX: usize = 500;
/// When a day that is over in UTC is over everywhere on earth.
const WESTERNMOST_MS: i64 = 12 * HOUR_MS;

/// Creates a draft: nobody earns yet.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewCampaign) -> Result<Campaign, Error> {
    let brand = reward::owned_brand(tx, actor, new.brand_id).await?;
    gate::check(tx, new).await?;
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
    get(tx, actor, now, id).await
}

/// Changes a draft whole. A published campaign takes a new draft for its next version by the same verb. Whoever was asked
/// to review has to be asked again.
pub async fn update_draft(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, new: &NewCampaign) -> Result<Campaign, Error> {
    let before = managed(tx, actor, now, id).await?;
    if before.brand_id != new.brand_id {
        return Err(Error::Field("brand_id"));
    }
    draft_state(&before).after(CampaignAct::Edit, before.state).ok_or(Error::WrongState)?;
    if before.version > 0
        && (linked_reward(&before.rules) != linked_reward(&new.rules)
            || before.rules.unit != new.rules.unit
            || before.name != new.name.trim())
    {
        // Wallets, waiting rewards and terms of earlier versions hang on them.
        return Err(Error::AlreadyPublished);
    }
    gate::check(tx, new).await?;
    tx.query(UPDATE_DRAFT)
        .bind(new.name.trim())
        .bind(new.template)
        .bind(linked_reward(&new.rules))
        .bind(Json(new.rules.clone()))
        .bind(id)
        .bind(before.organisation_id)
        .execute()
        .await?;
    audit::record(
        tx,
        actor,
        now,
        "campaign.edited",
        id,
        serde_json::to_value(&before.rules).ok(),
        serde_json::to_value(&new.rules).ok(),
        None,
    )
    .await?;
    get(tx, actor, now, id).await
}

/// Asks another person to publish the draft. Refused with everything that is missing; asked again, the newer note counts.
pub async fn ask_review(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, ask: &AskReview) -> Result<Campaign, Error> {
    let campaign = managed(tx, actor, now, id).await?;
    let note = ask.note.trim();
    if note.chars().count() > NOTE_MAX || note.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(Error::Field("note"));
    }
    if nothing_new(&campaign) {
        return Err(Error::AlreadyPublished);
    }
    draft_state(&campaign).after(CampaignAct::AskReview, campaign.state).ok_or(Error::WrongState)?;
    let owner = gate::owner(tx, campaign.organisation_id, campaign.brand_id).await?;
    // Behind a program stands nobody who could be another person than the one who publishes.
    if !gate::plays(actor) && !owner.one_person {
        actor.user()?;
    }
    passes(gate::open(tx, actor, now, &campaign, &owner).await?)?;
    tx.query(ASK_REVIEW).bind(now).bind(actor.user().ok()).bind(note).bind(id).bind(campaign.organisation_id).execute().await?;
    audit::record(tx, actor, now, "campaign.review_asked", id, None, None, Some(note).filter(|note| !note.is_empty())).await?;
    tx.announce(format!("brand:{}", campaign.brand_id));
    get(tx, actor, now, id).await
}

/// Gives a draft back to whoever asked. Not in review: nothing changes.
pub async fn send_back(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, why: &str) -> Result<Campaign, Error> {
    let campaign = managed(tx, actor, now, id).await?;
    if why.chars().count() > NOTE_MAX {
        return Err(Error::Field("why"));
    }
    if tx.query(SEND_BACK).bind(id).bind(campaign.organisation_id).execute().await? == 1 {
        audit::record(tx, actor, now, "campaign.sent_back", id, None, None, Some(why.trim()).filter(|why| !why.is_empty())).await?;
    }
    get(tx, actor, now, id).await
}

/// Something about a draft changed beside its rules: nobody waits for a review of what it says now.
pub(crate) async fn unasked(tx: &mut Tx, campaign: &Campaign) -> Result<(), Error> {
    tx.query(SEND_BACK).bind(campaign.id).bind(campaign.organisation_id).execute().await?;
    Ok(())
}

fn passes(gates: Gates) -> Result<String, Error> {
    if gates.missing.is_empty() { Ok(gates.terms) } else { Err(Error::Gates(gates.missing)) }
}

/// The draft beside the versions has a state of its own.
fn draft_state(campaign: &Campaign) -> CampaignState {
    match campaign.state {
        CampaignState::Settled => CampaignState::Settled,
        _ if campaign.review.is_some() => CampaignState::Review,
        _ => CampaignState::Draft,
    }
}

fn nothing_new(campaign: &Campaign) -> bool {
    campaign.newest_rules() == Some(&campaign.rules)
}

/// Two people: one asks, another publishes. A program is no person. Seeds and sandboxes play alone, and so may a tenant
/// of one person when the operator said so.
fn may_publish(actor: &Actor, owner: &Owner, campaign: &Campaign) -> Result<(), Error> {
    if gate::plays(actor) || owner.one_person {
        return Ok(());
    }
    let review = campaign.review.as_ref().ok_or(Error::ReviewMissing)?;
    match actor.user() {
        Ok(user) if review.user_id.is_some_and(|asked| asked != user) => Ok(()),
        _ => Err(Error::NeedsSecondPerson),
    }
}

/// Fixes the draft's rules as the next version, in force from now. The same draft twice is one version.
pub async fn publish(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    publish_as(tx, actor, now, id, &Publication::default()).await
}

/// The same, in force from an instant that is still to come. A first version covers the whole of its dates.
pub async fn publish_from(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: CampaignId,
    valid_from: Option<Timestamp>,
) -> Result<Campaign, Error> {
    publish_as(tx, actor, now, id, &Publication { valid_from, valid_until: None }).await
}

/// The same, and perhaps until another one, after which nothing counts before the next version.
pub async fn publish_as(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, when: &Publication) -> Result<Campaign, Error> {
    let Publication { valid_from, valid_until } = *when;
    managed(tx, actor, now, id).await?;
    tx.lock(rule_book::PUBLISHING).await?;
    tx.lock(id.lock_key()).await?;
    let campaign = get(tx, actor, now, id).await?;
    if nothing_new(&campaign) {
        return Ok(campaign);
    }
    let owner = gate::owner(tx, campaign.organisation_id, campaign.brand_id).await?;
    let rules = &campaign.rules;
    let terms = passes(gate::open(tx, actor, now, &campaign, &owner).await?)?;
    let state = draft_state(&campaign);
    let by_date = CampaignState::by_date(identity::shop::local_date(owner.country.time_zone(), now), rules.starts, rules.ends);
    if state.after(CampaignAct::Publish, by_date).is_none() && !(gate::plays(actor) && state != CampaignState::Settled) {
        return Err(Error::WrongState);
    }
    may_publish(actor, &owner, &campaign)?;
    // A first version covers the whole of its dates; a later one must leave earlier purchases to their own.
    let valid_from = match (campaign.version, valid_from) {
        (0, None) => Timestamp(0),
        (0, Some(from)) if gate::plays(actor) => from,
        (0, Some(_)) => return Err(Error::VersionOrder),
        (_, from) => from.unwrap_or(now),
    };
    // What begins after the last day would never count.
    let late = rules.ends < identity::shop::local_date(owner.country.time_zone(), valid_from);
    if campaign.version > 0 && (late || valid_from < now || campaign.valid_from.is_some_and(|before| valid_from <= before)) {
        return Err(Error::VersionOrder);
    }
    if valid_until.is_some_and(|until| until <= valid_from || until < now) {
        return Err(Error::VersionOrder);
    }
    let version: CampaignVersionId = tx.new_id();
    tx.query(INSERT_VERSION)
        .bind(version)
        .bind(id)
        .bind(campaign.organisation_id)
        .bind(campaign.version + 1)
        .bind(Json(rules.clone()))
        .bind(terms)
        .bind(valid_from)
        .bind(actor.user().ok())
        .bind(campaign.review.as_ref().and_then(|review| review.user_id))
        .bind(now)
        .bind(valid_until)
        .execute()
        .await?;
    // Shops that a campaign names take part in what the brand does from now on, if they did not before.
    if let ShopScope::Only(shops) = &rules.shops {
        for part in shops.chunks(identity::participation::SHOPS_MAX) {
            identity::participation::enrol(tx, actor, now, campaign.brand_id, part).await?;
        }
    }
    if rules.caps.iter().any(|cap| cap.scope.is_shared()) {
        caps::begin_counting(tx, id).await?;
    }
    tx.query(SET_PUBLISHED).bind(campaign.version + 1).bind(id).bind(campaign.organisation_id).execute().await?;
    if let Some(before) = campaign.newest_rules() {
        let newly: Vec<ProductId> = rules.products.iter().filter(|product| !before.products.contains(product)).copied().collect();
        waited::version_begins(tx, now, valid_from, &newly).await?;
    }
    rule_book::bump(tx, now).await?;
    audit::record(tx, actor, now, "campaign.published", id, None, serde_json::to_value(rules).ok(), None).await?;
    get(tx, actor, now, id).await
}

/// Stops a campaign from now on: purchases that happened before still count, those that happen later earn nothing.
/// Paused already: nothing changes.
pub async fn pause(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = to_pause(tx, actor, now, id, CampaignAct::Pause).await?;
    if tx.query(PAUSE).bind(id).bind(campaign.organisation_id).bind(now).execute().await? == 1 {
        rule_book::bump(tx, now).await?;
        audit::record(tx, actor, now, "campaign.paused", id, None, None, None).await?;
    }
    get(tx, actor, now, id).await
}

/// Lets a campaign go on from now on.
pub async fn resume(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = to_pause(tx, actor, now, id, CampaignAct::Resume).await?;
    if tx.query(RESUME).bind(now).bind(id).bind(campaign.organisation_id).execute().await? == 1 {
        rule_book::bump(tx, now).await?;
        audit::record(tx, actor, now, "campaign.resumed", id, None, None, None).await?;
    }
    get(tx, actor, now, id).await
}

async fn to_pause(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, act: CampaignAct) -> Result<Campaign, Error> {
    let campaign = managed(tx, actor, now, id).await?;
    tx.lock(id.lock_key()).await?;
    if campaign.version == 0 {
        // Nothing that is not published can be paused: to whoever asks, there is no such campaign yet.
        return Err(Error::NotFound);
    }
    campaign.state.after(act, CampaignState::Active).map(|_| campaign).ok_or(Error::WrongState)
}

/// Closes a campaign's books: no late sale and no return changes what it gave any more. Refused while late sales may
/// still come, or while held ones wait for a decision.
pub async fn settle(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    managed(tx, actor, now, id).await?;
    tx.lock(id.lock_key()).await?;
    let campaign = get(tx, actor, now, id).await?;
    campaign.state.after(CampaignAct::Settle, campaign.state).ok_or(Error::WrongState)?;
    if campaign.state == CampaignState::Settled {
        return Ok(campaign);
    }
    let rules = campaign.published_rules.as_ref().ok_or(Error::WrongState)?;
    if campaign.coming_rules.is_some() {
        return Err(Error::TooEarlyToSettle);
    }
    let over: Timestamp = rules.ends.plus_days(1).and_then(|day| format!("{day}T00:00:00Z").parse().ok()).ok_or(Error::WrongState)?;
    if now < over.plus_ms(WESTERNMOST_MS + AGE_MAX_MS) {
        return Err(Error::TooEarlyToSettle);
    }
    let waiting = tx.query(HELD).bind(campaign.brand_id).bind(campaign.organisation_id).bind(rules.starts).bind(rules.ends);
    if waiting.one::<(i64,)>().await?.0 > 0 {
        return Err(Error::HeldPurchasesWait);
    }
    tx.query(SETTLE).bind(now).bind(id).bind(campaign.organisation_id).execute().await?;
    rule_book::bump(tx, now).await?;
    audit::record(tx, actor, now, "campaign.settled", id, None, None, None).await?;
    get(tx, actor, now, id).await
}

/// A campaign that the actor may change; who may not is told so.
async fn managed(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = get(tx, actor, now, id).await?;
    actor.manages(campaign.organisation_id)?;
    Ok(campaign)
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

pub(crate) fn linked_reward(rules: &CampaignRules) -> Option<RewardId> {
    rules.threshold.map(|threshold| threshold.reward_id)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CampaignId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    name: String,
    template: Template,
    state: Standing,
    draft_rules: Json<CampaignRules>,
    last_version: i64,
    created_at: Timestamp,
    review_asked_at: Option<Timestamp>,
    review_asked_by: Option<UserId>,
    reviewer_name: Option<String>,
    review_note: String,
    country: Country,
    paused: bool,
    version_id: Option<CampaignVersionId>,
    terms: Option<String>,
    valid_from: Option<Timestamp>,
    published_at: Option<Timestamp>,
    /// Of the version in force.
    published_rules: Option<Json<CampaignRules>>,
    /// Of the newest version while it is another one.
    coming_rules: Option<Json<CampaignRules>>,
}

impl Row {
    /// As everybody sees it at that instant, on the clock of its owner's country.
    fn at(self, now: Timestamp) -> Campaign {
        let row = self;
        let rules = row.published_rules.as_ref().map_or(&row.draft_rules.0, |rules| &rules.0);
        let by_date = CampaignState::by_date(identity::shop::local_date(row.country.time_zone(), now), rules.starts, rules.ends);
        let state = CampaignState::of(row.state, row.review_asked_at.is_some(), row.paused, by_date);
        Campaign {
            id: row.id,
            organisation_id: row.tenant_id,
            brand_id: row.brand_id,
            name: row.name,
            template: row.template,
            state,
            review: row.review_asked_at.map(|asked_at| ReviewAsked {
                user_id: row.review_asked_by,
                name: row.reviewer_name,
                asked_at,
                note: row.review_note,
            }),
            version: row.last_version,
            version_id: row.version_id,
            rules: row.draft_rules.0,
            terms: row.terms.unwrap_or_default(),
            valid_from: row.valid_from.filter(|from| from.0 > 0),
            created_at: row.created_at,
            published_at: row.published_at,
            published_rules: row.published_rules.map(|rules| rules.0),
            coming_rules: row.coming_rules.map(|rules| rules.0),
        }
    }
}

/// A campaign of a tenant that the actor may read.
pub async fn get(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Campaign, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let row = tx.query(GET).bind(id).bind(now).maybe::<Row>().await?.ok_or(Error::NotFound)?;
    actor.reads(row.tenant_id)?;
    Ok(row.at(now))
}

/// The terms that the draft would get, for whoever reads it; what is wrong with it is told when it is published.
pub async fn draft_terms(tx: &mut Tx, actor: &Actor, campaign: &Campaign) -> Result<String, Error> {
    actor.reads(campaign.organisation_id)?;
    let reward = match campaign.rules.threshold {
        Some(threshold) => Some(reward::get(tx, actor, threshold.reward_id).await?),
        None => None,
    };
    let owner = gate::owner(tx, campaign.organisation_id, campaign.brand_id).await?;
    gate::terms_of(tx, Some(campaign), &campaign.name, &campaign.rules, reward.as_ref().map(Prize::of), &owner).await
}

/// Campaigns of the actor's tenant, newest first.
pub async fn list(tx: &mut Tx, actor: &Actor, now: Timestamp, cursor: Option<&str>, limit: i64) -> Result<Page<Campaign>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let rows = tx.query(LIST).bind(tenant).bind(before).bind(CampaignId(before_id)).bind(limit + 1).bind(now).all::<Row>().await?;
    let mut items: Vec<Campaign> = rows.into_iter().map(|row| row.at(now)).collect();
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
    let place = rule_book::Place::of(tx, &book, shop).await?;
    let here = |version: &LiveVersion| {
        version.takes(&place) && !matches!(&version.rules.shops, ShopScope::Only(shops) if !shops.contains(&shop)) && !version.settled
    };
    let told = |version: &LiveVersion| ShopCampaign {
        rules: CampaignRules { shops: ShopScope::All, ..version.rules.clone() },
        valid_from: version.valid_from,
        valid_until: version.valid_until,
    };
    Ok(book.in_force(now).filter(|version| here(version)).take(CAMPAIGNS_MAX).map(told).collect())
}

/// The consumer joins a campaign that asks for it; again changes nothing, not even since when.
pub async fn enrol(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    let (version, rules): (CampaignVersionId, Json<CampaignRules>) =
        tx.query(IN_FORCE).bind(id).bind(now).bind(consumer).maybe().await?.ok_or(Error::NotFound)?;
    if rules.enrolment != Enrolment::Required {
        return Err(Error::NotJoinable);
    }
    tx.query(ENROL).bind(id).bind(consumer).bind(now).bind(Some(version)).execute().await?;
    tx.announce(format!("consumer:{consumer}"));
    Ok(())
}

/// Joins somebody at a known instant: sandboxes and [`enrol`].
pub async fn enrol_at(tx: &mut Tx, campaign: CampaignId, consumer: ConsumerId, at: Timestamp) -> Result<(), Error> {
    tx.query(ENROL).bind(campaign).bind(consumer).bind(at).bind(None::<CampaignVersionId>).execute().await?;
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
    /// Its owner's country or one of the brand's shops is where she lives.
    near: bool,
    home: Country,
}

/// Campaigns that run on a day where the consumer lives, for her pages; at most 50.
///
/// A campaign runs in the country of its owner and in those of the brand's shops; one for named shops only in theirs.
pub async fn open_for(tx: &mut Tx, actor: &Actor, now: Timestamp, today: shared::CivilDate) -> Result<Vec<OpenCampaign>, Error> {
    const OPEN_MAX: usize = 50;
    let mut rows = tx.query(OPEN).bind(actor.consumer()?).bind(now).all::<OpenRow>().await?;
    rows.retain(|row| row.rules.starts <= today && today <= row.rules.ends);
    let mut here = Vec::new();
    for row in rows {
        let reaches = match &row.rules.shops {
            ShopScope::Only(shops) => reaches(tx, shops, row.home).await?,
            _ => row.near,
        };
        if reaches {
            here.push(row);
        }
        if here.len() == OPEN_MAX {
            break;
        }
    }
    Ok(here
        .into_iter()
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

/// Is one of the shops in that country?
async fn reaches(tx: &mut Tx, shops: &[ShopId], country: Country) -> Result<bool, Error> {
    for shop in shops {
        if tx.query(SHOP_COUNTRY).bind(*shop).maybe::<(Country,)>().await? == Some((country,)) {
            return Ok(true);
        }
    }
    Ok(false)
}

sql! {
    PAUSE: "INSERT INTO campaign_pause (campaign_id, tenant_id, paused_from)
            SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM campaign_pause WHERE campaign_id = $1 AND (paused_until IS NULL OR paused_from = $3))";

    RESUME: "UPDATE campaign_pause SET paused_until = $1 WHERE campaign_id = $2 AND tenant_id = $3 AND paused_until IS NULL";

    HOLD_OUT: "INSERT INTO campaign_holdout (campaign_id, consumer_id, assigned_at) VALUES ($1, $2, $3) ON CONFLICT (campaign_id, consumer_id) DO NOTHING";

    PUT_INTO_SEGMENT: "INSERT INTO segment_member (brand_id, name, consumer_id, from_at) VALUES ($1, $2, $3, $4) ON CONFLICT (brand_id, name, consumer_id, from_at) DO NOTHING";

    INSERT: "INSERT INTO campaign (id, tenant_id, brand_id, name, template, reward_id, state, draft_rules, last_version, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, 0, $8, $9)";

    /// Nobody waits for a review of what it says now.
    UPDATE_DRAFT: "UPDATE campaign SET name = $1, template = $2, reward_id = $3, draft_rules = $4, review_asked_at = NULL, review_asked_by = NULL, review_note = ''
                   WHERE id = $5 AND tenant_id = $6";

    ASK_REVIEW: "UPDATE campaign SET review_asked_at = $1, review_asked_by = $2, review_note = $3 WHERE id = $4 AND tenant_id = $5";

    /// No row: nobody waited for it.
    SEND_BACK: "UPDATE campaign SET review_asked_at = NULL, review_asked_by = NULL WHERE id = $1 AND tenant_id = $2 AND review_asked_at IS NOT NULL";

    SETTLE: "UPDATE campaign SET state = 'settled', settled_at = $1 WHERE id = $2 AND tenant_id = $3";

    HELD: "SELECT COUNT(*) FROM purchase p WHERE p.status = 'held' AND p.business_date >= $3 AND p.business_date <= $4
             AND EXISTS (SELECT 1 FROM purchase_line l WHERE l.purchase_id = p.id AND l.brand_id = $1 AND l.tenant_id = $2)";

    /// A sandbox's is joined by its own consumers alone.
    IN_FORCE: "SELECT v.id, v.rules FROM campaign_version v JOIN campaign c ON c.id = v.campaign_id JOIN brand b ON b.id = c.brand_id
               WHERE v.campaign_id = $1 AND v.valid_from <= $2 AND (v.valid_until IS NULL OR v.valid_until > $2) AND c.state = 'published'
                 AND (SELECT w.world_id FROM sandbox_consumer w WHERE w.consumer_id = $3) IS NOT DISTINCT FROM b.world_id AND b.closed_at IS NULL ORDER BY v.number DESC LIMIT 1";

    INSERT_VERSION: "INSERT INTO campaign_version (id, campaign_id, tenant_id, number, rules, terms, valid_from, published_by, asked_by, published_at, valid_until)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    SET_PUBLISHED: "UPDATE campaign SET state = 'published', last_version = $1, review_asked_at = NULL, review_asked_by = NULL, review_note = '' WHERE id = $2 AND tenant_id = $3";

    GET: "SELECT c.id, c.tenant_id, c.brand_id, c.name, c.template, c.state, c.draft_rules, c.last_version, c.created_at,
                 c.review_asked_at, c.review_asked_by, u.name AS reviewer_name, c.review_note, o.country,
                 EXISTS (SELECT 1 FROM campaign_pause p WHERE p.campaign_id = c.id AND p.paused_from <= $2 AND (p.paused_until IS NULL OR p.paused_until > $2)) AS paused,
                 n.id AS version_id, v.terms, n.valid_from, n.published_at, v.rules AS published_rules,
                 CASE WHEN n.number > v.number THEN n.rules END AS coming_rules
          FROM campaign c JOIN organisation o ON o.id = c.tenant_id
          LEFT JOIN org_user u ON u.id = c.review_asked_by
          LEFT JOIN campaign_version n ON n.campaign_id = c.id AND n.number = c.last_version
          LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = COALESCE((SELECT MAX(f.number) FROM campaign_version f WHERE f.campaign_id = c.id AND f.valid_from <= $2), 1)
          WHERE c.id = $1";

    LIST: "SELECT c.id, c.tenant_id, c.brand_id, c.name, c.template, c.state, c.draft_rules, c.last_version, c.created_at,
                 c.review_asked_at, c.review_asked_by, u.name AS reviewer_name, c.review_note, o.country,
                 EXISTS (SELECT 1 FROM campaign_pause p WHERE p.campaign_id = c.id AND p.paused_from <= $5 AND (p.paused_until IS NULL OR p.paused_until > $5)) AS paused,
                 n.id AS version_id, v.terms, n.valid_from, n.published_at, v.rules AS published_rules,
                 CASE WHEN n.number > v.number THEN n.rules END AS coming_rules
          FROM campaign c JOIN organisation o ON o.id = c.tenant_id JOIN brand b ON b.id = c.brand_id
          LEFT JOIN org_user u ON u.id = c.review_asked_by
          LEFT JOIN campaign_version n ON n.campaign_id = c.id AND n.number = c.last_version
          LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = COALESCE((SELECT MAX(f.number) FROM campaign_version f WHERE f.campaign_id = c.id AND f.valid_from <= $5), 1)
           WHERE c.tenant_id = $1 AND b.closed_at IS NULL AND (c.created_at < $2 OR (c.created_at = $2 AND c.id < $3))
           ORDER BY c.created_at DESC, c.id DESC LIMIT $4";

    ENROL: "INSERT INTO campaign_enrolment (campaign_id, consumer_id, enrolled_at, version_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

    OPEN: "SELECT c.id, c.name, b.name AS brand_name, b.colour AS brand_colour, v.terms, v.rules,
                  EXISTS (SELECT 1 FROM campaign_enrolment e WHERE e.campaign_id = c.id AND e.consumer_id = $1) AS joined,
                  n.country AS home,
                  (o.country = n.country OR EXISTS (SELECT 1 FROM shop_brand l JOIN shop s ON s.id = l.shop_id
                                                    WHERE l.brand_id = b.id AND l.tenant_id = b.tenant_id AND l.left_at IS NULL AND s.country = n.country)) AS near
           FROM campaign c
           JOIN consumer n ON n.id = $1
           JOIN organisation o ON o.id = c.tenant_id
           JOIN campaign_version v ON v.campaign_id = c.id AND v.number = (SELECT MAX(f.number) FROM campaign_version f WHERE f.campaign_id = c.id AND f.valid_from <= $2)
           JOIN brand b ON b.id = c.brand_id
           WHERE (v.valid_until IS NULL OR v.valid_until > $2) AND (SELECT w.world_id FROM sandbox_consumer w WHERE w.consumer_id = $1) IS NOT DISTINCT FROM b.world_id AND b.closed_at IS NULL
           ORDER BY c.created_at DESC, c.id DESC LIMIT 500";

    SHOP_COUNTRY: "SELECT country FROM shop WHERE id = $1";
}
