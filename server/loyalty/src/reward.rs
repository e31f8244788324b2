//! Rewards: what a brand offers, what a consumer completed, and what a shop handed over.

use std::collections::HashSet;

use db::{Tx, sql};
use identity::{Actor, audit, keys::random};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, CampaignId, CivilDate, ConsumerId, Country, Currency, EntryId, OrganisationId, PurchaseId, RewardId, RewardInstanceId, ShopId,
    Timestamp, WalletId,
    loyalty::{
        CardCode, Delivery, DeliveryPreview, NewDelivery, NewReward, Reward, RewardAvailability, RewardInstance, RewardStatus,
        capture::PRICE_MAX_MINOR,
        card_code::PublicCode,
        ticket::{RewardTicket, SignedTicket, TICKET_GRACE_MS},
    },
};
use sqlx::types::Json;

use crate::{
    Error, Loyalty,
    account::{Owner, Wallet},
    card, goal,
    ledger::{self, Depth},
    rule_book, settle,
    shop_units::{self, Asked},
};

/// How long a reward is held where its owner says nothing.
pub const RESERVE_MINUTES: i64 = 10;
/// A week.
const RESERVE_MINUTES_MAX: i64 = 10_080;

/// Offers a reward.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewReward) -> Result<Reward, Error> {
    let brand = owned_brand(tx, actor, new.brand_id).await?;
    check(new)?;
    let id: RewardId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(brand.organisation_id)
        .bind(new.brand_id)
        .bind(new.name.trim())
        .bind(&new.category)
        .bind(new.unit_cost_minor)
        .bind(new.handling_fee_minor)
        .bind(new.currency)
        .bind(new.max_per_consumer)
        .bind(new.stock)
        .bind(new.cost)
        .bind(new.reserve_minutes.unwrap_or(RESERVE_MINUTES))
        .bind(now)
        .execute()
        .await?;
    if let Some(stock) = new.stock {
        tx.query(INSERT_STOCK).bind(id).bind(brand.organisation_id).bind(stock).execute().await?;
    }
    rule_book::bump(tx, now).await?;
    audit::record(tx, actor, now, "reward.created", id, None, None, None).await?;
    get(tx, actor, id).await
}

/// Bounds that do not need the database.
pub(crate) fn check(new: &NewReward) -> Result<(), Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    let prices = 0..=PRICE_MAX_MINOR;
    if !prices.contains(&new.unit_cost_minor) {
        return Err(Error::Field("unit_cost_minor"));
    }
    if !prices.contains(&new.handling_fee_minor) {
        return Err(Error::Field("handling_fee_minor"));
    }
    if new.stock.is_some_and(|stock| !(0..=1_000_000_000).contains(&stock)) {
        return Err(Error::Field("stock"));
    }
    if new.max_per_consumer.is_some_and(|max| !(1..=1_000_000).contains(&max)) {
        return Err(Error::Field("max_per_consumer"));
    }
    if new.cost.is_some_and(|cost| !(1..=1_000_000_000).contains(&cost)) {
        return Err(Error::Field("cost"));
    }
    if new.reserve_minutes.is_some_and(|minutes| !(1..=RESERVE_MINUTES_MAX).contains(&minutes)) {
        return Err(Error::Field("reserve_minutes"));
    }
    if new.category.chars().count() > 20 {
        return Err(Error::Field("category"));
    }
    Ok(())
}

/// The brand, if the actor may change what it gives.
pub(crate) async fn owned_brand(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<shared::identity::Brand, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let found = identity::organisation::find_brand(tx, brand).await?;
    // Whose brand it is must be asked before whether it exists is told.
    let brand = found.ok_or(Error::NotFound)?;
    actor.manages(brand.organisation_id)?;
    Ok(brand)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: RewardId,
    brand_id: BrandId,
    name: String,
    category: String,
    unit_cost_minor: i64,
    handling_fee_minor: i64,
    currency: Currency,
    stock_left: Option<i64>,
    max_per_consumer: Option<i64>,
    cost: Option<i64>,
    reserve_minutes: i64,
    available_from: Option<CivilDate>,
    available_until: Option<CivilDate>,
    shops: Json<Vec<ShopId>>,
}

impl From<Row> for Reward {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            brand_id: row.brand_id,
            name: row.name,
            category: row.category,
            unit_cost_minor: row.unit_cost_minor,
            handling_fee_minor: row.handling_fee_minor,
            currency: row.currency,
            stock_left: row.stock_left,
            max_per_consumer: row.max_per_consumer,
            cost: row.cost,
            reserve_minutes: row.reserve_minutes,
            availability: RewardAvailability { from: row.available_from, until: row.available_until, shops: row.shops.0 },
        }
    }
}

/// A reward of a tenant that the actor may read.
pub async fn get(tx: &mut Tx, actor: &Actor, id: RewardId) -> Result<Reward, Error> {
    let tenant: Option<(OrganisationId,)> = if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    } else {
        tx.query(TENANT_OF).bind(id).maybe().await?
    };
    let (tenant,) = tenant.ok_or(Error::NotFound)?;
    actor.reads(tenant)?;
    Ok(tx.query(GET).bind(id).bind(tenant).one::<Row>().await?.into())
}

/// The same with what is left at this instant, when reservations have lapsed that nobody wrote down.
pub async fn get_at(tx: &mut Tx, actor: &Actor, now: Timestamp, id: RewardId) -> Result<Reward, Error> {
    let reward = get(tx, actor, id).await?;
    let stock_left = if reward.stock_left.is_some() { Some(units_left(tx, id, now).await?) } else { None };
    Ok(Reward { stock_left, ..reward })
}

/// Says on which days and at which shops a reward is handed over from now on; those that wait go by it, too. What was
/// published or given can only be handed over on more days and at more shops than was said.
pub async fn set_availability(tx: &mut Tx, actor: &Actor, now: Timestamp, id: RewardId, new: &RewardAvailability) -> Result<Reward, Error> {
    get(tx, actor, id).await?;
    let (tenant,): (OrganisationId,) = tx.query(TENANT_OF).bind(id).one().await?;
    actor.manages(tenant)?;
    // Two who change it at once are asked one after the other whether they take something away.
    tx.lock(id.lock_key()).await?;
    let before = get(tx, actor, id).await?;
    check_availability(tx, tenant, &before, new).await?;
    tx.query(SET_AVAILABILITY).bind(new.from).bind(new.until).bind(Json(new.shops.clone())).bind(id).bind(tenant).execute().await?;
    rule_book::bump(tx, now).await?;
    audit::record(
        tx,
        actor,
        now,
        "reward.availability_set",
        id,
        serde_json::to_value(&before.availability).ok(),
        serde_json::to_value(new).ok(),
        None,
    )
    .await?;
    get(tx, actor, id).await
}

/// Whether a reward of that tenant could be handed over so from now on.
pub(crate) async fn check_availability(
    tx: &mut Tx,
    tenant: OrganisationId,
    before: &Reward,
    new: &RewardAvailability,
) -> Result<(), Error> {
    if new.from.zip(new.until).is_some_and(|(from, until)| until < from) {
        return Err(Error::Field("until"));
    }
    if new.shops.len() > RewardAvailability::SHOPS_MAX {
        return Err(Error::Field("shops"));
    }
    if is_promised(tx, tenant, before.id).await? && !new.covers(&before.availability) {
        return Err(Error::RewardPromised);
    }
    // Those that hand it over already, and those that take part, are known; a list is long and the rest is short.
    let mut known: HashSet<ShopId> = before.availability.shops.iter().copied().collect();
    if new.shops.iter().any(|shop| !known.contains(shop)) {
        known.extend(identity::participation::ids(tx, before.brand_id, tenant).await?);
    }
    for shop in new.shops.iter().filter(|shop| !known.contains(shop)) {
        identity::shop::get(tx, *shop).await.map_err(|_| Error::Field("shops"))?;
    }
    Ok(())
}

/// A published campaign gives it, or somebody has one: it can be handed over on more days and at more shops, not on fewer.
pub async fn promised(tx: &mut Tx, actor: &Actor, id: RewardId) -> Result<bool, Error> {
    let brand = get(tx, actor, id).await?.brand_id;
    let brand = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?;
    is_promised(tx, brand.organisation_id, id).await
}

async fn is_promised(tx: &mut Tx, tenant: OrganisationId, id: RewardId) -> Result<bool, Error> {
    let (promised,): (bool,) = tx.query(PROMISED).bind(id).bind(tenant).one().await?;
    Ok(promised)
}

/// When and where a reward is handed over, with its owner's country.
pub(crate) async fn availability(tx: &mut Tx, id: RewardId) -> Result<(RewardAvailability, Country), Error> {
    let (from, until, shops, country): (Option<CivilDate>, Option<CivilDate>, Json<Vec<ShopId>>, Country) =
        tx.query(AVAILABILITY).bind(id).maybe().await?.ok_or(Error::NoSuchReward)?;
    Ok((RewardAvailability { from, until, shops: shops.0 }, country))
}

/// Longest list of rewards.
pub const LISTED_MAX: usize = 200;

/// Rewards of the actor's tenant with what is left of them at this instant, newest first; at most [`LISTED_MAX`].
pub async fn list(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<Reward>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    Ok(tx.query(LIST).bind(tenant).bind(now).all::<Row>().await?.into_iter().map(Reward::from).collect())
}

/// How many of a reward a consumer holds or was handed, and how many she was ever given. The caller holds her lock.
pub(crate) async fn count_given(tx: &mut Tx, consumer: ConsumerId, reward: RewardId) -> Result<(i64, i64), Error> {
    Ok(tx.query(COUNT_GIVEN).bind(consumer).bind(reward).one().await?)
}

/// Takes one from the stock. False: none is left. A unit whose reservation has lapsed is taken over, whether or not that
/// was written down: its own consumer's lock is not needed for it.
pub(crate) async fn take_unit(tx: &mut Tx, tenant: OrganisationId, reward: RewardId, now: Timestamp) -> Result<bool, Error> {
    // Whoever was faster may have taken the row that was chosen, not the last one.
    for _ in 0..TRIES {
        if tx.query(TAKE_UNIT).bind(reward).bind(tenant).execute().await? == 1
            || tx.query(TAKE_OVER).bind(reward).bind(now).execute().await? == 1
        {
            return Ok(true);
        }
        if units_left(tx, reward, now).await? < 1 {
            break;
        }
    }
    Ok(false)
}

/// How often a unit is looked for that others race for.
const TRIES: usize = 8;

/// One goes back into the stock, if the reward has one.
pub(crate) async fn return_unit(tx: &mut Tx, reward: RewardId) -> Result<(), Error> {
    tx.query(RETURN_UNIT).bind(reward).execute().await?;
    Ok(())
}

/// How many are left now.
pub(crate) async fn units_left(tx: &mut Tx, reward: RewardId, now: Timestamp) -> Result<i64, Error> {
    let left: Option<(i64,)> = tx.query(UNITS_LEFT).bind(reward).bind(now).maybe().await?;
    Ok(left.map_or(i64::MAX, |(left,)| left))
}

/// A reward that a consumer is given.
#[derive(Debug, Clone)]
pub(crate) struct NewInstance {
    pub id: RewardInstanceId,
    pub reward: RewardId,
    tenant: OrganisationId,
    brand: BrandId,
    /// Whose card was full; a catalogue's reward belongs to the brand, not to one of its campaigns.
    campaign: Option<CampaignId>,
    consumer: ConsumerId,
    wallet: WalletId,
    purchase: Option<PurchaseId>,
    code: [u8; 10],
    sequence: i64,
    at: Timestamp,
    /// Held until then; given by itself when absent.
    reserved_until: Option<Timestamp>,
}

impl NewInstance {
    /// A full card gives it.
    pub(crate) fn automatic(
        tx: &mut Tx,
        reward: RewardId,
        owner: Owner,
        wallet: WalletId,
        purchase: Option<PurchaseId>,
        sequence: i64,
        at: Timestamp,
    ) -> Self {
        let Owner { tenant, brand, campaign, consumer } = owner;
        Self {
            id: tx.new_id(),
            reward,
            tenant,
            brand,
            campaign: Some(campaign),
            consumer,
            wallet,
            purchase,
            code: random(),
            sequence,
            at,
            reserved_until: None,
        }
    }
    pub(crate) const fn brand(&self) -> BrandId {
        self.brand
    }
    pub(crate) const fn at(&self) -> Timestamp {
        self.at
    }
    /// The consumer chose it.
    pub(crate) fn reserved(
        tx: &mut Tx,
        reward: RewardId,
        consumer: ConsumerId,
        wallet: &Wallet,
        sequence: i64,
        at: Timestamp,
        until: Timestamp,
    ) -> Self {
        let Wallet { tenant, brand, id: wallet, .. } = *wallet;
        Self {
            id: tx.new_id(),
            reward,
            tenant,
            brand,
            campaign: None,
            consumer,
            wallet,
            purchase: None,
            code: random(),
            sequence,
            at,
            reserved_until: Some(until),
        }
    }
    pub(crate) fn is_automatic(&self) -> bool {
        self.reserved_until.is_none()
    }
}

pub(crate) async fn insert_instance(tx: &mut Tx, instance: &NewInstance) -> Result<(), Error> {
    let status = if instance.is_automatic() { RewardStatus::Issued } else { RewardStatus::Reserved };
    tx.query(INSERT_INSTANCE)
        .bind(instance.id)
        .bind(instance.reward)
        .bind(instance.tenant)
        .bind(instance.brand)
        .bind(instance.campaign)
        .bind(instance.consumer)
        .bind(instance.wallet)
        .bind(instance.purchase)
        .bind(instance.code.to_vec())
        .bind(instance.sequence)
        .bind(status)
        .bind(instance.at)
        .bind(instance.reserved_until)
        .bind(instance.is_automatic())
        .execute()
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct InstanceRow {
    id: RewardInstanceId,
    reward_id: RewardId,
    name: String,
    category: String,
    brand_name: String,
    brand_colour: String,
    status: RewardStatus,
    code: Vec<u8>,
    issued_at: Timestamp,
    delivered_at: Option<Timestamp>,
    reserved_until: Option<Timestamp>,
    goal_id: Option<CampaignId>,
    ticket: Option<String>,
    ticket_shop_id: Option<ShopId>,
    ticket_shop_name: Option<String>,
    ticket_until: Option<Timestamp>,
}

impl InstanceRow {
    fn waits(&self) -> bool {
        matches!(self.status, RewardStatus::Issued | RewardStatus::Reserved)
    }
    fn ticket(&self) -> Option<RewardTicket> {
        match (&self.ticket, self.ticket_shop_id, &self.ticket_shop_name, self.ticket_until) {
            (Some(text), Some(shop_id), Some(shop_name), Some(until)) if self.waits() => Some(RewardTicket {
                text: text.clone(),
                shop_id,
                shop_name: shop_name.clone(),
                until,
                bound_until: until.plus_ms(TICKET_GRACE_MS),
            }),
            _ => None,
        }
    }
}

impl From<InstanceRow> for RewardInstance {
    fn from(row: InstanceRow) -> Self {
        Self {
            ticket: row.ticket(),
            code: row.waits().then(|| code_text(&row.code)),
            id: row.id,
            reward_id: row.reward_id,
            name: row.name,
            category: row.category,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            status: row.status,
            issued_at: row.issued_at,
            delivered_at: row.delivered_at,
            reserved_until: row.reserved_until.filter(|_| row.status == RewardStatus::Reserved),
            goal_id: row.goal_id,
        }
    }
}

/// Rewards of a consumer in the order in which they were given: for herself, the operator and a sandbox. At most 200:
/// those that wait, then the newest of the others.
pub async fn of_consumer(tx: &mut Tx, actor: &Actor, consumer: ConsumerId) -> Result<Vec<RewardInstance>, Error> {
    card::may_see(actor, consumer)?;
    let mut rows = tx.query(OF_CONSUMER).bind(consumer).all::<InstanceRow>().await?;
    rows.sort_by_key(|row| (row.issued_at, row.id));
    Ok(rows.into_iter().map(RewardInstance::from).collect())
}

/// One of them, for a verb that may know it.
pub(crate) async fn one(tx: &mut Tx, id: RewardInstanceId) -> Result<RewardInstance, Error> {
    Ok(tx.query(ONE).bind(id).maybe::<InstanceRow>().await?.ok_or(Error::NoSuchReward)?.into())
}

fn code_text(code: &[u8]) -> String {
    let code: [u8; 10] = code.try_into().unwrap_or_default();
    format!("R1{}", PublicCode(code))
}

#[derive(sqlx::FromRow)]
pub(crate) struct Deliverable {
    pub id: RewardInstanceId,
    pub reward_id: RewardId,
    pub tenant_id: OrganisationId,
    brand_id: BrandId,
    brand_name: String,
    pub reward_name: String,
    category: String,
    unit_cost_minor: i64,
    handling_fee_minor: i64,
    pub currency: Currency,
    pub status: RewardStatus,
    automatic: bool,
    wallet_id: WalletId,
    pub consumer_id: ConsumerId,
    display_name: Option<String>,
    public_code: Vec<u8>,
    pub issued_at: Timestamp,
    delivered_at: Option<Timestamp>,
    pub delivered_shop_id: Option<ShopId>,
    deleted_at: Option<Timestamp>,
    blocked_at: Option<Timestamp>,
    code: Vec<u8>,
    pub ticket_shop_id: Option<ShopId>,
    pub ticket_until: Option<Timestamp>,
    pub goal_id: Option<CampaignId>,
}

impl Deliverable {
    pub(crate) fn code(&self) -> Result<PublicCode, Error> {
        self.code.as_slice().try_into().map(PublicCode).map_err(|_| Error::NoSuchReward)
    }
    /// The shop to which a ticket binds it now.
    pub(crate) fn bound_to(&self, now: Timestamp) -> Option<ShopId> {
        self.ticket_shop_id.filter(|_| self.ticket_until.is_some_and(|until| now < until.plus_ms(TICKET_GRACE_MS)))
    }
    /// What is left of somebody who left is nobody's, and a card that is blocked pays nothing.
    pub(crate) const fn may_pay(&self) -> Result<(), Error> {
        match (self.deleted_at, self.blocked_at) {
            (Some(_), _) => Err(Error::NotDeliverable),
            (None, Some(_)) => Err(Error::CardBlocked),
            (None, None) => Ok(()),
        }
    }
}

/// By its own code, or by a ticket's: whoever has the network asks it whether the ticket is good.
async fn find(tx: &mut Tx, code: &str) -> Result<Deliverable, Error> {
    let text = code.trim();
    let code = match (text.parse(), text.parse::<SignedTicket>()) {
        (Ok(CardCode::Reward(code)), _) => code,
        (_, Ok(signed)) => signed.ticket.code,
        _ => return Err(Error::NoSuchReward),
    };
    find_coded(tx, code).await
}

pub(crate) async fn find_coded(tx: &mut Tx, code: PublicCode) -> Result<Deliverable, Error> {
    tx.query(FIND).bind(code.0.to_vec()).maybe().await?.ok_or(Error::NoSuchReward)
}

/// What somebody asks for, for a shop that has none.
pub(crate) async fn asked_for(tx: &mut Tx, code: &str) -> Result<Asked, Error> {
    let found = find(tx, code).await?;
    Ok(Asked {
        reward: found.reward_id,
        reward_name: found.reward_name,
        tenant: found.tenant_id,
        brand: found.brand_id,
        brand_name: found.brand_name,
        status: found.status,
    })
}

/// What somebody shows to have it handed over.
pub(crate) async fn code_of(tx: &mut Tx, id: RewardInstanceId) -> Result<String, Error> {
    let (code,): (Vec<u8>,) = tx.query(CODE_OF).bind(id).maybe().await?.ok_or(Error::NoSuchReward)?;
    Ok(code_text(&code))
}

pub(crate) async fn find_by_id(tx: &mut Tx, id: RewardInstanceId) -> Result<Deliverable, Error> {
    let code = code_of(tx, id).await?;
    find(tx, &code).await
}

/// The same with its consumer's lock.
async fn find_locked(tx: &mut Tx, code: &str) -> Result<Deliverable, Error> {
    let id = find(tx, code).await?.id;
    settle::lock_whose(tx, WHOSE, id.0).await?;
    find(tx, code).await
}

/// What a reward's code or ticket stands for, before the shop decides.
pub async fn preview_delivery(tx: &mut Tx, actor: &Actor, now: Timestamp, code: &str) -> Result<DeliveryPreview, Error> {
    let (_, shop, _) = actor.member()?;
    let found = find(tx, code).await?;
    // What was handed over may be looked at.
    if found.status != RewardStatus::Delivered {
        found.may_pay()?;
        if found.bound_to(now).is_some_and(|bound| bound != shop) {
            return Err(Error::TicketElsewhere);
        }
    }
    Ok(DeliveryPreview {
        reward_instance_id: found.id,
        consumer_label: card::label(found.display_name.as_deref(), &found.public_code),
        reward_name: found.reward_name,
        category: found.category,
        brand_name: found.brand_name,
        owed_minor: found.unit_cost_minor + found.handling_fee_minor,
        currency: found.currency,
        status: found.status,
    })
}

/// The shop of a delivery: the member's own, or one that a key names.
fn delivering_shop(actor: &Actor, named: Option<ShopId>) -> Result<ShopId, Error> {
    match (actor, named) {
        (Actor::Member { shop, .. }, None) => Ok(*shop),
        (_, Some(shop)) => {
            actor.sells_for(shop)?;
            Ok(shop)
        }
        (Actor::Key { .. }, None) => Err(Error::Field("shop_id")),
        (_, None) => Err(actor.member().map_or_else(Error::from, |_| Error::NotFound)),
    }
}

/// The shop hands a reward over, and the brand owes it cost and handling. A repetition at the same shop changes nothing.
pub async fn deliver(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, new: &NewDelivery) -> Result<Delivery, Error> {
    let shop = delivering_shop(actor, new.shop_id)?;
    let shop = identity::shop::get(tx, shop).await?;
    // Someone may have been first: what counts is what is there under the lock. A goal that is not reached any more
    // gives nothing.
    let consumer = find_locked(tx, &new.code).await?.consumer_id;
    goal::bring_up(tx, consumer, now).await?;
    let mut found = find(tx, &new.code).await?;
    if matches!(actor, Actor::Key { .. }) {
        // A partner's system has no counter at which somebody is greeted.
        found.display_name = None;
    }
    let book = loyalty.current_book(tx).await?;
    let (mut account, cards) = settle::open(tx, &book, found.consumer_id, now, Depth::Whole).await?;
    if !identity::sandbox::meet(tx, found.consumer_id, shop.id).await? {
        return Err(Error::NoSuchReward);
    }
    if found.currency != shop.currency {
        return Err(Error::ForeignCurrency);
    }
    match (found.status, found.delivered_shop_id) {
        (RewardStatus::Delivered, Some(place)) if place == shop.id => {
            return delivery(tx, shop.id, found, true).await;
        }
        (RewardStatus::Delivered, _) => return Err(Error::AlreadyDelivered),
        // Its phones may have handed it over already.
        _ if found.bound_to(now).is_some_and(|bound| bound != shop.id) => return Err(Error::TicketElsewhere),
        (RewardStatus::Issued, _) => {}
        // It may have lapsed a moment ago.
        (RewardStatus::Reserved, _) if account.spend(found.id, now) => {}
        _ => return Err(Error::NotDeliverable),
    }
    found.may_pay()?;
    let (availability, _) = availability(tx, found.reward_id).await?;
    if !availability.at(shop.id) || !availability.on(identity::shop::local_date(&shop.time_zone, now)) {
        return Err(Error::RewardNotHere);
    }
    settle::close(tx, &account, &cards, now).await?;
    handed_over(tx, actor, now, found, &shop, None).await
}

/// Writes down that a shop handed over what its consumer's account has paid for: now, or at `told_at`, of which the server
/// hears only now. Her lock is held.
pub(crate) async fn handed_over(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    found: Deliverable,
    shop: &shared::identity::Shop,
    told_at: Option<Timestamp>,
) -> Result<Delivery, Error> {
    let at = told_at.unwrap_or(now);
    let rows = tx.query(DELIVER).bind(at).bind(shop.id).bind(found.id).bind(found.status).execute().await?;
    if rows == 0 {
        // It had lapsed by another clock, and its unit is somebody else's.
        return Err(Error::NotDeliverable);
    }
    match shop_units::hand_over(tx, actor, now, (found.reward_id, shop.id, found.tenant_id), found.id).await {
        // By the time that the server hears of it no counted unit may be left; the shop had one all the same.
        Err(Error::NoneAtShop) if told_at.is_some() => {}
        done => done?,
    }
    owe(tx, &found, shop, at, Sign::Owed).await?;
    let payload = json!({ "reward_instance_id": found.id, "shop_id": shop.id });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.reward_delivered", key: found.consumer_id.to_string(), payload }).await?;
    audit::record(tx, actor, now, "reward.delivered", found.id, None, None, None).await?;
    announce(tx, &found, shop.id);
    delivery(tx, shop.id, Deliverable { delivered_at: Some(at), ..found }, false).await
}

/// A delivery was a mistake: the brand does not owe it any more. A reward of the catalogue gives its points back with
/// their own expiry, and its unit; one of a full card waits to be handed over again.
pub async fn undo_delivery(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: RewardInstanceId,
) -> Result<RewardInstance, Error> {
    // A shop's own, or the operator's business; who may not is told so before anything is looked up.
    let mine = match actor {
        Actor::Member { shop, .. } => Some(*shop),
        _ => {
            actor.operates()?;
            None
        }
    };
    let code = code_of(tx, id).await?;
    let found = find_locked(tx, &code).await?;
    if mine.is_some() && found.delivered_shop_id != mine {
        return Err(Error::NoSuchReward);
    }
    let book = loyalty.current_book(tx).await?;
    let (mut account, mut cards) = settle::open(tx, &book, found.consumer_id, now, Depth::Whole).await?;
    let (RewardStatus::Delivered, Some(shop)) = (found.status, found.delivered_shop_id) else {
        return Err(Error::NotDelivered);
    };
    let shop = identity::shop::get(tx, shop).await?;
    if !found.automatic {
        let parts = ledger::parts_of(tx, id).await?;
        let place = account.refund(id, found.wallet_id, &parts, now);
        return_unit(tx, found.reward_id).await?;
        settle::fill(tx, &book, &mut account, &mut cards, place, None, now).await?;
    }
    settle::close(tx, &account, &cards, now).await?;
    let status = if found.automatic { RewardStatus::Issued } else { RewardStatus::Cancelled };
    tx.query(UNDO).bind(status).bind(id).execute().await?;
    shop_units::take_back(tx, actor, now, (found.reward_id, shop.id, found.tenant_id), id).await?;
    owe(tx, &found, &shop, now, Sign::TakenBack).await?;
    let payload = json!({ "reward_instance_id": id, "shop_id": shop.id });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.delivery_undone", key: found.consumer_id.to_string(), payload }).await?;
    audit::record(tx, actor, now, "reward.delivery_undone", id, None, None, None).await?;
    announce(tx, &found, shop.id);
    one(tx, id).await
}

fn announce(tx: &mut Tx, found: &Deliverable, shop: ShopId) {
    tx.announce(format!("consumer:{}", found.consumer_id));
    tx.announce(format!("shop:{shop}"));
    tx.announce(format!("brand:{}", found.brand_id));
}

/// Whether a brand owes, or does not any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Owed,
    TakenBack,
}

/// One row of what a brand owes a shop. A reward can be handed over again after its delivery was undone, so rows are counted.
async fn owe(tx: &mut Tx, found: &Deliverable, shop: &shared::identity::Shop, now: Timestamp, sign: Sign) -> Result<(), Error> {
    let (rows,): (i64,) = tx.query(COUNT_OWED).bind(found.id).one().await?;
    let (kind, factor) = if sign == Sign::Owed { ("delivery", 1) } else { ("undo", -1) };
    let id: EntryId = tx.new_id();
    tx.query(OWE)
        .bind(id)
        .bind(format!("{kind}:{}:{rows}", found.id))
        .bind(shop.id)
        .bind(found.tenant_id)
        .bind(found.brand_id)
        .bind(found.id)
        .bind(kind)
        .bind(found.unit_cost_minor)
        .bind(found.handling_fee_minor)
        .bind(factor * (found.unit_cost_minor + found.handling_fee_minor))
        .bind(found.currency)
        .bind(now)
        .bind(identity::shop::local_date(&shop.time_zone, now))
        .execute()
        .await?;
    Ok(())
}

/// What the actor's shop handed over, told again. Another shop's is unknown.
pub async fn delivered(tx: &mut Tx, actor: &Actor, id: RewardInstanceId) -> Result<Delivery, Error> {
    let (_, shop, _) = actor.member()?;
    let code = code_of(tx, id).await?;
    let found = find(tx, &code).await?;
    if found.status != RewardStatus::Delivered || found.delivered_shop_id != Some(shop) {
        return Err(Error::NoSuchReward);
    }
    delivery(tx, shop, found, true).await
}

/// What a shop is told of what it handed over.
pub(crate) async fn delivery(tx: &mut Tx, shop: ShopId, found: Deliverable, replayed: bool) -> Result<Delivery, Error> {
    let (owed_total_minor,): (i64,) = tx.query(OWED_TOTAL).bind(shop).bind(found.brand_id).one().await?;
    Ok(Delivery {
        reward_instance_id: found.id,
        consumer_label: card::label(found.display_name.as_deref(), &found.public_code),
        reward_name: found.reward_name,
        brand_name: found.brand_name,
        owed_minor: found.unit_cost_minor + found.handling_fee_minor,
        currency: found.currency,
        owed_total_minor,
        replayed,
        delivered_at: found.delivered_at.unwrap_or_default(),
    })
}

/// Is it the brand's own reward?
pub(crate) async fn belongs_to(tx: &mut Tx, reward: RewardId, brand: BrandId) -> Result<bool, Error> {
    let found: Option<(BrandId,)> = tx.query(BRAND_OF).bind(reward).maybe().await?;
    Ok(found.is_some_and(|(owner,)| owner == brand))
}

sql! {
    INSERT: "INSERT INTO reward (id, tenant_id, brand_id, name, category, unit_cost_minor, handling_fee_minor, currency, max_per_consumer, stock_initial,
                                  cost, reserve_minutes, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    INSERT_STOCK: "INSERT INTO reward_stock (reward_id, tenant_id, units_left) VALUES ($1, $2, $3)";

    SET_AVAILABILITY: "UPDATE reward SET available_from = $1, available_until = $2, shops = $3 WHERE id = $4 AND tenant_id = $5";

    AVAILABILITY: "SELECT r.available_from, r.available_until, r.shops, o.country FROM reward r JOIN organisation o ON o.id = r.tenant_id WHERE r.id = $1";

    TENANT_OF: "SELECT tenant_id FROM reward WHERE id = $1";

    /// A published campaign gives it, or somebody has one.
    PROMISED: "SELECT EXISTS (SELECT 1 FROM campaign c WHERE c.reward_id = $1 AND c.tenant_id = $2 AND c.last_version > 0)
                   OR EXISTS (SELECT 1 FROM campaign_goal g JOIN campaign c ON c.id = g.campaign_id WHERE g.reward_id = $1 AND g.tenant_id = $2 AND c.last_version > 0)
                   OR EXISTS (SELECT 1 FROM reward_instance i WHERE i.reward_id = $1 AND i.tenant_id = $2)";

    BRAND_OF: "SELECT brand_id FROM reward WHERE id = $1";

    GET: "SELECT r.id, r.brand_id, r.name, r.category, r.unit_cost_minor, r.handling_fee_minor, r.currency, s.units_left AS stock_left, r.max_per_consumer, r.cost, r.reserve_minutes, r.available_from, r.available_until, r.shops
          FROM reward r LEFT JOIN reward_stock s ON s.reward_id = r.id WHERE r.id = $1 AND r.tenant_id = $2";

    LIST: "SELECT r.id, r.brand_id, r.name, r.category, r.unit_cost_minor, r.handling_fee_minor, r.currency,
                  s.units_left + (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status = 'reserved' AND i.reserved_until <= $2 AND NOT i.unit_passed_on) AS stock_left,
                  r.max_per_consumer, r.cost, r.reserve_minutes, r.available_from, r.available_until, r.shops
           FROM reward r LEFT JOIN reward_stock s ON s.reward_id = r.id JOIN brand b ON b.id = r.brand_id WHERE r.tenant_id = $1 AND b.closed_at IS NULL ORDER BY r.created_at DESC, r.id DESC LIMIT 200";

    COUNT_GIVEN: "SELECT COUNT(CASE WHEN status NOT IN ('lapsed', 'cancelled') THEN 1 END), COALESCE(MAX(sequence), 0)
                  FROM reward_instance WHERE consumer_id = $1 AND reward_id = $2";

    /// No row: the last one is gone.
    TAKE_UNIT: "UPDATE reward_stock SET units_left = units_left - 1 WHERE reward_id = $1 AND tenant_id = $2 AND units_left >= 1";

    TAKE_OVER: "UPDATE reward_instance SET unit_passed_on = TRUE
                WHERE id = (SELECT id FROM reward_instance WHERE reward_id = $1 AND status = 'reserved' AND reserved_until <= $2 AND NOT unit_passed_on
                            ORDER BY reserved_until, id LIMIT 1)
                  AND status = 'reserved' AND reserved_until <= $2 AND NOT unit_passed_on";

    RETURN_UNIT: "UPDATE reward_stock SET units_left = units_left + 1 WHERE reward_id = $1";

    UNITS_LEFT: "SELECT CAST(s.units_left + (SELECT COUNT(*) FROM reward_instance i
                                             WHERE i.reward_id = s.reward_id AND i.status = 'reserved' AND i.reserved_until <= $2 AND NOT i.unit_passed_on) AS BIGINT)
                 FROM reward_stock s WHERE s.reward_id = $1";

    INSERT_INSTANCE: "INSERT INTO reward_instance (id, reward_id, tenant_id, brand_id, campaign_id, consumer_id, wallet_id, purchase_id, code, sequence, status, issued_at,
                                                   reserved_until, automatic)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

    OF_CONSUMER: "SELECT i.id, i.reward_id, r.name, r.category, b.name AS brand_name, b.colour AS brand_colour, i.status, i.code, i.issued_at, i.delivered_at, i.reserved_until,
                  i.goal_id, i.ticket, i.ticket_shop_id, p.name AS ticket_shop_name, i.ticket_until
                  FROM reward_instance i JOIN reward r ON r.id = i.reward_id JOIN brand b ON b.id = i.brand_id LEFT JOIN shop p ON p.id = i.ticket_shop_id
                  WHERE i.consumer_id = $1
                  ORDER BY CASE WHEN i.status IN ('issued', 'reserved') THEN 0 ELSE 1 END, i.issued_at DESC, i.id DESC LIMIT 200";

    ONE: "SELECT i.id, i.reward_id, r.name, r.category, b.name AS brand_name, b.colour AS brand_colour, i.status, i.code, i.issued_at, i.delivered_at, i.reserved_until,
                  i.goal_id, i.ticket, i.ticket_shop_id, p.name AS ticket_shop_name, i.ticket_until
          FROM reward_instance i JOIN reward r ON r.id = i.reward_id JOIN brand b ON b.id = i.brand_id LEFT JOIN shop p ON p.id = i.ticket_shop_id
          WHERE i.id = $1";

    FIND: "SELECT i.id, i.reward_id, i.tenant_id, i.brand_id, b.name AS brand_name, r.name AS reward_name, r.category, r.unit_cost_minor, r.handling_fee_minor, r.currency,
                  i.status, i.automatic, i.wallet_id, i.consumer_id, n.display_name, c.public_code, i.issued_at, i.delivered_at, i.delivered_shop_id,
                  n.deleted_at, c.blocked_at, i.code, i.ticket_shop_id, i.ticket_until, i.goal_id
           FROM reward_instance i
           JOIN reward r ON r.id = i.reward_id
           JOIN brand b ON b.id = i.brand_id
           JOIN consumer n ON n.id = i.consumer_id
           JOIN card c ON c.consumer_id = n.id
           WHERE i.code = $1 ORDER BY CASE WHEN c.claimed_from IS NULL THEN 0 ELSE 1 END, c.created_at, c.id LIMIT 1";

    WHOSE: "SELECT consumer_id FROM reward_instance WHERE id = $1";

    CODE_OF: "SELECT code FROM reward_instance WHERE id = $1";

    DELIVER: "UPDATE reward_instance SET status = 'delivered', delivered_at = $1, delivered_shop_id = $2 WHERE id = $3 AND status = $4 AND NOT unit_passed_on";

    UNDO: "UPDATE reward_instance SET status = $1, delivered_at = NULL WHERE id = $2 AND status = 'delivered'";

    COUNT_OWED: "SELECT COUNT(*) FROM payable_entry WHERE reward_instance_id = $1";

    OWE: "INSERT INTO payable_entry (id, business_key, shop_id, tenant_id, brand_id, reward_instance_id, kind, unit_cost_minor, handling_fee_minor,
                                     amount_minor, currency, occurred_at, business_date)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    OWED_TOTAL: "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT)
                        - CAST((SELECT COALESCE(SUM(amount_minor), 0) FROM statement_payment WHERE shop_id = $1 AND brand_id = $2) AS BIGINT)
                 FROM owed_entry WHERE shop_id = $1 AND brand_id = $2";
}
