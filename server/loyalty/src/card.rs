//! Cards: who stands behind a code, and the codes themselves.

use db::{Tx, sql};
use hmac::{Hmac, Mac};
use identity::{
    Actor,
    challenge::{self, VerifiedPhone},
    consumer::{self, NewConsumer},
    keys::random,
    session,
};
use sha2::Sha256;
use shared::{
    BrandId, CampaignId, CardId, CardKeyId, ConsumerId, Country, SessionId, ShopId, Timestamp,
    loyalty::{
        Balance, CampaignRules, CardCode, CardView, LateGain,
        campaign::Unit,
        card_code::{PublicCode, STEP_MS, printed_message, rotating_message, step_at, with_mac},
    },
    time::DAY_MS,
};
use sqlx::types::Json;
use subtle::ConstantTimeEq;

use crate::{Error, Loyalty, failed_code, level, purchase::LIVE_MAX_MS, reward};

/// Devices that may show one card at the same time.
pub const KEYS_MAX: usize = 3;
const SECRET_CONTEXT: &str = "card-key";
/// How far back a card's page tells of sales that a shop made without network.
const LATE_MS: i64 = 30 * DAY_MS;

/// Whoever stands behind a code.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub card: CardId,
    pub consumer: ConsumerId,
    pub blocked_at: Option<Timestamp>,
    pub adult: bool,
    /// The consumer works at the shop that asks.
    pub own_shop: bool,
    /// Codes of this card that failed at this shop a moment ago; see [`failed_code`].
    pub failures: i64,
    name: Option<String>,
    public_code: Vec<u8>,
}

impl Holder {
    /// `Ana · ••42`.
    pub(crate) fn label(&self) -> String {
        label(self.name.as_deref(), &self.public_code)
    }
}

impl Holder {
    /// For partners' systems, which have no counter at which somebody is greeted.
    pub(crate) fn without_name(self) -> Self {
        Self { name: None, ..self }
    }
}

/// How a shop may call a consumer: a first name and two digits of the card, never more.
pub(crate) fn label(name: Option<&str>, public_code: &[u8]) -> String {
    let first: String = name.and_then(|name| name.split_whitespace().next()).unwrap_or("Tarjeta").chars().take(12).collect();
    format!("{first} · {}", digits(public_code))
}

/// The same label without the name: `Tarjeta · ••42`.
pub(crate) fn nameless(label: &str) -> String {
    ["Tarjeta · ", label.rsplit(" · ").next().unwrap_or_default()].concat()
}

fn digits(public_code: &[u8]) -> String {
    public_code.try_into().map(|bytes| PublicCode(bytes).digits()).unwrap_or_default()
}

#[derive(sqlx::FromRow)]
struct HolderRow {
    card: CardId,
    consumer: ConsumerId,
    blocked_at: Option<Timestamp>,
    public_code: Vec<u8>,
    display_name: Option<String>,
    adult: bool,
    own_shop: bool,
    failures: i64,
    secret_sealed: Option<Vec<u8>>,
}

/// The holder of a code whose HMAC is right. Everything else is `None`: nobody learns whether a card exists.
/// `now` is for the failures of a moment ago, `read_at` for the keys of then.
///
/// A device's key that was revoked still explains a code that a shop read before: its sale may come days later.
pub(crate) async fn find_by_code(
    tx: &mut Tx,
    loyalty: &Loyalty,
    code: &CardCode,
    shop: ShopId,
    now: Timestamp,
    read_at: Timestamp,
) -> Result<Option<Holder>, Error> {
    let (card, mac, message) = match code {
        CardCode::Rotating { card, step, mac } => (card, mac, rotating_message(*card, *step)),
        CardCode::Printed { card, mac } => (card, mac, printed_message(*card)),
        CardCode::Reward(_) => return Ok(None),
    };
    let rows =
        tx.query(HOLDER_BY_CODE).bind(shop).bind(card.0.to_vec()).bind(read_at).bind(failed_code::since(now)).all::<HolderRow>().await?;
    let right = rows.into_iter().find(|row| {
        let secret = row.secret_sealed.as_deref().and_then(|sealed| loyalty.keys.open(SECRET_CONTEXT, sealed));
        secret.is_some_and(|secret| bool::from(code_mac(&secret, &message)[..8].ct_eq(mac)))
    });
    Ok(right.map(holder))
}

/// The holder of a consumer's oldest card, for partners who know the consumer.
pub(crate) async fn find_by_consumer(tx: &mut Tx, consumer: ConsumerId, shop: ShopId) -> Result<Option<Holder>, Error> {
    Ok(tx.query(HOLDER_BY_CONSUMER).bind(shop).bind(consumer).maybe::<HolderRow>().await?.map(holder))
}

fn holder(row: HolderRow) -> Holder {
    Holder {
        card: row.card,
        consumer: row.consumer,
        blocked_at: row.blocked_at,
        adult: row.adult,
        own_shop: row.own_shop,
        failures: row.failures,
        name: row.display_name,
        public_code: row.public_code,
    }
}

fn code_mac(secret: &[u8], message: &str) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "RFC 2104 takes keys of any length")]
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

/// When a code was read at a door that answers at once: what the phone says, if it can be true, else now.
pub(crate) fn read_at(now: Timestamp, told: Timestamp, ago_max_ms: i64) -> Timestamp {
    if (-STEP_MS..=ago_max_ms).contains(&now.since(told)) { told } else { now }
}

/// Whose code the tendero just read, without using it up: the chip above the basket.
///
/// After [`Error::UnknownCard`] the caller counts the failure with [`failed_code::note`], in a transaction that writes.
pub async fn identify(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    code: &str,
    read_at: Timestamp,
) -> Result<String, Error> {
    let (_, shop, _) = actor.member()?;
    let code: CardCode = code.parse().map_err(|_| Error::UnknownCard)?;
    let read_at = self::read_at(now, read_at, LIVE_MAX_MS);
    let holder = find_live(tx, loyalty, &code, shop, now, read_at).await?;
    if holder.blocked_at.is_some() {
        return Err(Error::CardBlocked);
    }
    if let CardCode::Rotating { step, .. } = code
        && !shared::loyalty::card_code::ONLINE_WINDOW.contains(&step.saturating_sub(step_at(read_at)))
    {
        return Err(Error::QrStale);
    }
    Ok(holder.label())
}

/// The holder of a code that is read now. After too many failures nobody is, and a right code looks like a wrong one.
pub(crate) async fn find_live(
    tx: &mut Tx,
    loyalty: &Loyalty,
    code: &CardCode,
    shop: ShopId,
    now: Timestamp,
    read_at: Timestamp,
) -> Result<Holder, Error> {
    match find_by_code(tx, loyalty, code, shop, now, read_at).await? {
        Some(holder) if holder.failures >= failed_code::MAX => Err(Error::CodeLocked),
        Some(holder) => Ok(holder),
        None => Err(failed_code::refusal(tx, shop, code, now).await?),
    }
}

/// A secret that one device keeps; shown once.
pub struct NewCardKey {
    /// Which key.
    pub id: CardKeyId,
    /// 32 bytes for HMAC-SHA-256.
    pub secret: [u8; 32],
}

/// A consumer signs up: person, consents and card in one step.
pub async fn sign_up(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    phone: &VerifiedPhone,
    new: &NewConsumer,
) -> Result<(ConsumerId, CardId), Error> {
    let consumer = consumer::create(tx, now, phone, new).await?;
    let card = create(tx, loyalty, now, consumer, "digital").await?;
    crate::notice::welcome(tx, loyalty, now, consumer).await?;
    Ok((consumer, card))
}

/// Adds a card with its first key.
pub async fn create(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, consumer: ConsumerId, kind: &'static str) -> Result<CardId, Error> {
    let card: CardId = tx.new_id();
    tx.query(INSERT).bind(card).bind(random::<10>().to_vec()).bind(consumer).bind(kind).bind(now).execute().await?;
    add_key(tx, loyalty, now, card, None).await?;
    Ok(card)
}

async fn add_key(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, card: CardId, session: Option<SessionId>) -> Result<NewCardKey, Error> {
    let key = NewCardKey { id: tx.new_id(), secret: random() };
    tx.query(INSERT_KEY)
        .bind(key.id)
        .bind(card)
        .bind(loyalty.keys.seal(SECRET_CONTEXT, &key.secret))
        .bind(session)
        .bind(now)
        .execute()
        .await?;
    Ok(key)
}

/// A key for the actor's device. A session has one key: the one that it had before stops working. Beyond [`KEYS_MAX`]
/// devices the oldest one's stops too.
pub async fn new_key(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<NewCardKey, Error> {
    let (consumer, session) = session_of(actor)?;
    tx.lock(consumer.lock_key()).await?;
    let (card, ..) = mine(tx, consumer).await?;
    tx.query(REVOKE_SESSION_KEY).bind(now).bind(session).bind(card).execute().await?;
    let live: Vec<(CardKeyId,)> = tx.query(LIVE_KEYS).bind(card).all().await?;
    // The first key is the server's own: it draws the code for browsers without scripts.
    for (old,) in live.iter().skip(1).rev().skip(KEYS_MAX - 1) {
        tx.query(REVOKE_KEY).bind(now).bind(*old).bind(card).execute().await?;
    }
    add_key(tx, loyalty, now, card, Some(session)).await
}

/// Whoever signs out of a browser leaves no key of her card behind. Nobody leaves quietly, too.
pub async fn leave(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let Ok((consumer, session)) = session_of(actor) else {
        return Ok(());
    };
    let (card, ..) = mine(tx, consumer).await?;
    tx.query(REVOKE_SESSION_KEY).bind(now).bind(session).bind(card).execute().await?;
    Ok(())
}

fn session_of(actor: &Actor) -> Result<(ConsumerId, SessionId), Error> {
    match actor {
        Actor::Consumer { consumer, session } => Ok((*consumer, *session)),
        _ => Err(actor.consumer().err().map_or(Error::NotFound, Error::from)),
    }
}

/// The actor's own card, and its name in its codes.
pub async fn public_code(tx: &mut Tx, actor: &Actor) -> Result<(CardId, PublicCode), Error> {
    let (card, code) = mine(tx, actor.consumer()?).await?;
    Ok((card, code.try_into().map(PublicCode).map_err(|_| Error::UnknownCard)?))
}

/// A card that somebody with its owner's phone found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `••42`.
    pub label: String,
    /// Of its owner: how numbers are written.
    pub country: Country,
    /// What is on it, most urgent first.
    pub balances: Vec<Balance>,
}

/// The card behind a phone that was verified a moment ago; nothing changes, and the phone can still be used.
///
/// [`Error::NotFound`] when no consumer has this phone.
pub async fn find_again(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, sealed: &str) -> Result<Found, Error> {
    let consumer = challenge::look(tx, &loyalty.keys, now, sealed).await?.ok_or(Error::NotFound)?;
    let (_, public_code) = mine(tx, consumer).await?;
    let balances = balances(tx, &Actor::System, consumer).await?;
    let Person { country, .. } = tx.query(PERSON).bind(consumer).one().await?;
    Ok(Found { label: digits(&public_code), country, balances })
}

/// The owner of a verified phone takes her card onto this one: her other sessions end, and their devices' keys make no
/// code any more. The balances stay where they are. The caller opens the new session.
pub async fn recover(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, sealed: &str) -> Result<ConsumerId, Error> {
    let phone = challenge::consume(tx, &loyalty.keys, now, sealed).await?;
    let consumer = phone.consumer(tx).await?.ok_or(Error::NotFound)?;
    tx.lock(consumer.lock_key()).await?;
    session::close_all(tx, now, consumer).await?;
    tx.query(REVOKE_DEVICE_KEYS).bind(now).bind(consumer).execute().await?;
    Ok(consumer)
}

/// Whether a consumer's own card is blocked.
pub(crate) async fn is_blocked(tx: &mut Tx, consumer: ConsumerId) -> Result<bool, Error> {
    let (blocked,): (bool,) = tx.query(IS_BLOCKED).bind(consumer).one().await?;
    Ok(blocked)
}

async fn mine(tx: &mut Tx, consumer: ConsumerId) -> Result<(CardId, Vec<u8>), Error> {
    tx.query(CARD_OF).bind(consumer).maybe().await?.ok_or(Error::NotFound)
}

/// The code of an instant, made with the server's own key of the card.
pub async fn code_at(tx: &mut Tx, loyalty: &Loyalty, consumer: ConsumerId, at: Timestamp) -> Result<String, Error> {
    let (public_code, sealed, kind): (Vec<u8>, Vec<u8>, String) =
        tx.query(OLDEST_KEY).bind(consumer).maybe().await?.ok_or(Error::NotFound)?;
    let secret = loyalty.keys.open(SECRET_CONTEXT, &sealed).ok_or(Error::UnknownCard)?;
    let card = PublicCode(public_code.try_into().map_err(|_| Error::UnknownCard)?);
    let message = if kind == "printed" { printed_message(card) } else { rotating_message(card, step_at(at)) };
    let mac = code_mac(&secret, &message);
    Ok(with_mac(message, &mac))
}

/// A card on paper.
#[derive(Debug, Clone)]
pub struct PrintedCard {
    /// What its QR says.
    pub code: String,
    /// `Tarjeta · ••42`.
    pub label: String,
}

/// The shop hands out a card that earns at once and knows nobody.
pub async fn print(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<PrintedCard, Error> {
    let (_, shop, _) = actor.member()?;
    let country = identity::shop::get(tx, shop).await?.country;
    let consumer = consumer::anonymous(tx, now, country, Some(shop)).await?;
    create(tx, loyalty, now, consumer, "printed").await?;
    let (_, public_code) = mine(tx, consumer).await?;
    let code = code_at(tx, loyalty, consumer, now).await?;
    Ok(PrintedCard { code, label: label(None, &public_code) })
}

#[derive(sqlx::FromRow)]
struct Person {
    display_name: Option<String>,
    country: Country,
}

/// Everything that the consumer's card page shows.
pub async fn view(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<CardView, Error> {
    let (consumer, session) = session_of(actor)?;
    let (card_id, public_code) = mine(tx, consumer).await?;
    let person: Person = tx.query(PERSON).bind(consumer).one().await?;
    let code = code_at(tx, loyalty, consumer, now).await?;
    let key: Option<(CardKeyId,)> = tx.query(SESSION_KEY).bind(card_id).bind(session).maybe().await?;
    let mut balances = balances(tx, actor, consumer).await?;
    let levels = level::of_consumer(tx, actor, now).await?;
    for balance in balances.iter_mut().filter(|balance| balance.unit == Unit::Points) {
        balance.level = levels.iter().find(|level| level.brand_id == balance.brand_id).map(|level| level.level);
    }
    let rewards = reward::of_consumer(tx, actor, consumer).await?;
    let late = tx.query(LATE).bind(consumer).bind(now.plus_ms(-LATE_MS)).all::<LateRow>().await?;
    let late = late
        .into_iter()
        .map(|row| LateGain { shop_name: row.shop_name, received_at: row.received_at, unit: row.unit, amount: row.amount })
        .collect();
    Ok(CardView {
        card_id,
        name: person.display_name,
        label: digits(&public_code),
        country: person.country,
        code,
        code_at: now,
        key: key.map(|(key,)| key),
        balances,
        rewards,
        late,
    })
}

#[derive(sqlx::FromRow)]
struct LateRow {
    shop_name: String,
    received_at: Timestamp,
    unit: Unit,
    amount: i64,
}

#[derive(sqlx::FromRow)]
struct BalanceRow {
    brand_id: BrandId,
    brand_name: String,
    brand_colour: String,
    campaign_id: Option<CampaignId>,
    campaign_name: Option<String>,
    rules: Option<Json<CampaignRules>>,
    reward_name: Option<String>,
    unit: Unit,
    available: i64,
    pending: i64,
    reserved: i64,
    debt: i64,
}

/// The wallets of a consumer: for herself, the operator and a sandbox.
pub async fn balances(tx: &mut Tx, actor: &Actor, consumer: ConsumerId) -> Result<Vec<Balance>, Error> {
    may_see(actor, consumer)?;
    let rows = tx.query(BALANCES).bind(consumer).all::<BalanceRow>().await?;
    let mut balances: Vec<Balance> = rows
        .into_iter()
        .map(|row| Balance {
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            campaign_id: row.campaign_id,
            campaign_name: row.campaign_name,
            unit: row.unit,
            available: row.available,
            pending: row.pending,
            reserved: row.reserved,
            debt: row.debt,
            need: row.rules.and_then(|rules| rules.0.threshold).map(|threshold| threshold.need),
            reward_name: row.reward_name,
            level: None,
        })
        .collect();
    balances.sort_by_key(|balance| balance.need.map_or(i64::MAX, |need| need - balance.available));
    Ok(balances)
}

/// Her own, or the operator's and a sandbox's business.
pub(crate) fn may_see(actor: &Actor, consumer: ConsumerId) -> Result<(), Error> {
    match actor {
        Actor::Consumer { consumer: me, .. } if *me == consumer => Ok(()),
        Actor::Consumer { .. } => Err(Error::NotFound),
        _ => Ok(actor.operator()?),
    }
}

sql! {
    /// A card of a sandbox is unknown at real shops, a real one at a sandbox's, and one of a closed world everywhere.
    HOLDER_BY_CODE: "SELECT c.id AS card, c.consumer_id AS consumer, c.blocked_at, c.public_code, n.display_name, n.adult, k.secret_sealed,
                            (SELECT COUNT(*) FROM code_failure f WHERE f.shop_id = $1 AND f.subject = $2 AND f.failed_at > $4) AS failures,
                            EXISTS (SELECT 1 FROM contact t JOIN shop_member m ON m.phone_hash = t.phone_hash
                                    WHERE t.consumer_id = c.consumer_id AND m.shop_id = $1 AND m.removed_at IS NULL) AS own_shop
                     FROM card c
                     JOIN consumer n ON n.id = c.consumer_id
                     JOIN card_key k ON k.card_id = c.id AND (k.revoked_at IS NULL OR k.revoked_at > $3)
                     WHERE c.public_code = $2 AND n.deleted_at IS NULL
                       AND (SELECT w.world_id FROM sandbox_consumer w WHERE w.consumer_id = c.consumer_id) IS NOT DISTINCT FROM (SELECT s.world_id FROM sandbox_shop s WHERE s.shop_id = $1)
                       AND NOT EXISTS (SELECT 1 FROM sandbox_consumer w JOIN sandbox_world o ON o.id = w.world_id WHERE w.consumer_id = c.consumer_id AND o.closed_at IS NOT NULL)";

    HOLDER_BY_CONSUMER: "SELECT c.id AS card, c.consumer_id AS consumer, c.blocked_at, c.public_code, n.display_name, n.adult, c.public_code AS secret_sealed, CAST(0 AS BIGINT) AS failures,
                                EXISTS (SELECT 1 FROM contact t JOIN shop_member m ON m.phone_hash = t.phone_hash
                                        WHERE t.consumer_id = c.consumer_id AND m.shop_id = $1 AND m.removed_at IS NULL) AS own_shop
                         FROM card c
                         JOIN consumer n ON n.id = c.consumer_id
                         WHERE c.consumer_id = (SELECT COALESCE(merged_into, id) FROM consumer WHERE id = $2) AND n.deleted_at IS NULL
                       AND (SELECT w.world_id FROM sandbox_consumer w WHERE w.consumer_id = c.consumer_id) IS NOT DISTINCT FROM (SELECT s.world_id FROM sandbox_shop s WHERE s.shop_id = $1)
                       AND NOT EXISTS (SELECT 1 FROM sandbox_consumer w JOIN sandbox_world o ON o.id = w.world_id WHERE w.consumer_id = c.consumer_id AND o.closed_at IS NOT NULL)
                         ORDER BY CASE WHEN c.claimed_from = $2 THEN 0 WHEN c.claimed_from IS NULL THEN 1 ELSE 2 END, c.created_at, c.id LIMIT 1";

    INSERT: "INSERT INTO card (id, public_code, consumer_id, kind, created_at) VALUES ($1, $2, $3, $4, $5)";

    INSERT_KEY: "INSERT INTO card_key (id, card_id, secret_sealed, session_id, created_at) VALUES ($1, $2, $3, $4, $5)";

    SESSION_KEY: "SELECT id FROM card_key WHERE card_id = $1 AND session_id = $2 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1";

    REVOKE_SESSION_KEY: "UPDATE card_key SET revoked_at = $1 WHERE session_id = $2 AND card_id = $3 AND revoked_at IS NULL";

    LIVE_KEYS: "SELECT id FROM card_key WHERE card_id = $1 AND revoked_at IS NULL ORDER BY created_at, id";

    REVOKE_KEY: "UPDATE card_key SET revoked_at = $1 WHERE id = $2 AND card_id = $3 AND revoked_at IS NULL";

    /// All but each card's first, which is the server's own.
    REVOKE_DEVICE_KEYS: "UPDATE card_key SET revoked_at = $1
                         WHERE revoked_at IS NULL AND card_id IN (SELECT id FROM card WHERE consumer_id = $2)
                           AND EXISTS (SELECT 1 FROM card_key f WHERE f.card_id = card_key.card_id
                                       AND (f.created_at < card_key.created_at OR (f.created_at = card_key.created_at AND f.id < card_key.id)))";

    /// Her own, not one that she claimed.
    CARD_OF: "SELECT id, public_code FROM card WHERE consumer_id = $1 ORDER BY CASE WHEN claimed_from IS NULL THEN 0 ELSE 1 END, created_at, id LIMIT 1";

    IS_BLOCKED: "SELECT EXISTS (SELECT 1 FROM card WHERE consumer_id = $1 AND blocked_at IS NOT NULL)";

    OLDEST_KEY: "SELECT c.public_code, k.secret_sealed, c.kind FROM card c JOIN card_key k ON k.card_id = c.id
                 WHERE c.consumer_id = (SELECT COALESCE(merged_into, id) FROM consumer WHERE id = $1) AND k.revoked_at IS NULL
                 ORDER BY CASE WHEN c.claimed_from = $1 THEN 0 WHEN c.claimed_from IS NULL THEN 1 ELSE 2 END, c.created_at, c.id, k.created_at, k.id LIMIT 1";

    /// What sales brought that reached the server after they were made.
    LATE: "SELECT s.name AS shop_name, p.received_at, e.unit, CAST(SUM(e.award) AS BIGINT) AS amount
           FROM purchase p JOIN shop s ON s.id = p.shop_id JOIN evaluation e ON e.purchase_id = p.id AND e.consumer_id = p.consumer_id
           WHERE p.consumer_id = $1 AND p.purchased_at > $2 AND p.offline AND p.status = 'accepted' AND e.award > 0
           GROUP BY s.name, p.received_at, e.unit
           ORDER BY p.received_at DESC, s.name, e.unit LIMIT 20";

    PERSON: "SELECT display_name, country FROM consumer WHERE id = $1";

    BALANCES: "SELECT w.brand_id, b.name AS brand_name, b.colour AS brand_colour, w.campaign_id, c.name AS campaign_name, v.rules, r.name AS reward_name,
                      w.unit, w.available, w.pending, w.reserved, w.debt
               FROM wallet w
               JOIN brand b ON b.id = w.brand_id
               LEFT JOIN campaign c ON c.id = w.campaign_id
               LEFT JOIN campaign_version v ON v.campaign_id = c.id AND v.number = c.last_version
               LEFT JOIN reward r ON r.id = c.reward_id
               WHERE w.consumer_id = $1
               ORDER BY b.name, w.id";
}
