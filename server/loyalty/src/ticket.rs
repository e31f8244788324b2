//! Tickets: a reward that is fetched at one shop, with its network or without.
//!
//! Taking one binds the reward to the shop for [`TICKET_MS`], and for [`TICKET_GRACE_MS`] more, in which a phone may still
//! send what it handed over in the last minute. Bound means: no other shop hands it over, nobody lets it go, no return
//! takes it back, and its points do not lapse. So nothing is handed over twice that the server did not say yes to, and
//! no points come back for what somebody has in her hands. A reward that is held lapses at the end of the grace as it
//! always does, from its own instant; one that a full card gave is free again.
//!
//! The key that signs is the installation's own, made once; its public half goes to the shops' phones with what they keep
//! for selling without network. Keys have numbers, so that another one can take over while tickets of the first are out;
//! there is no command yet that makes the second.

use db::{Db, Tx, sql};
use identity::{Actor, audit, device::SigningDevice};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use shared::{
    RewardInstanceId, SessionId, ShopId, Timestamp,
    loyalty::{
        Delivery, RewardInstance, RewardStatus,
        ticket::{DELIVERY_VERSION, NewTicket, SignedTicket, TICKET_GRACE_MS, TICKET_MS, Ticket, TicketDelivery, TicketKey, TicketShop},
    },
};

use crate::{
    Error, Loyalty, card,
    ledger::Depth,
    purchase::{
        AGE_MAX_MS, Arrival,
        receipt::{self, Link},
    },
    reward, settle, shop_units,
};

/// What the sealed half of a key is for.
const SEALED_FOR: &str = "ticket_key";
/// Keys that a phone is given: whoever changes them every day still reads the oldest ticket.
const KEYS_MAX: i64 = 4;
/// Shops that are offered.
const SHOPS_MAX: i64 = 50;

/// A key as the table keeps it.
#[derive(sqlx::FromRow)]
struct Key {
    number: i64,
    public_key: Vec<u8>,
    sealed: Vec<u8>,
}

/// The public halves of the keys whose tickets may be out, the newest first. Anybody may know them.
pub async fn keys(tx: &mut Tx) -> Result<Vec<TicketKey>, Error> {
    let rows: Vec<Key> = tx.query(KEYS).bind(KEYS_MAX).all().await?;
    let told = |key: Key| {
        Some(TicketKey { number: u8::try_from(key.number).ok()?, point: data_encoding::BASE64URL_NOPAD.encode(&key.public_key) })
    };
    Ok(rows.into_iter().filter_map(told).collect())
}

/// Makes the installation's key where there is none. A phone that meets its first ticket has then seen it already.
pub async fn prepare(db: &Db, loyalty: &Loyalty, now: Timestamp) -> Result<(), Error> {
    if !keys(&mut db.read().await?).await?.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    signing(&mut tx, loyalty, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The key that signs now, made at the first need.
async fn signing(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp) -> Result<(u8, EcdsaKeyPair), Error> {
    let mut key: Option<Key> = tx.query(KEYS).bind(1_i64).maybe().await?;
    if key.is_none() {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|_| Error::TicketKey)?;
        let sealed = loyalty.keys.seal(SEALED_FOR, document.as_ref());
        let public = opened(document.as_ref())?.public_key().as_ref().to_vec();
        // Somebody else may have made the first one at the same time: then that is the one.
        tx.query(INSERT_KEY).bind(public).bind(sealed).bind(now).execute().await?;
        key = tx.query(KEYS).bind(1_i64).maybe().await?;
    }
    let key = key.ok_or(Error::TicketKey)?;
    let document = loyalty.keys.open(SEALED_FOR, &key.sealed).ok_or(Error::TicketKey)?;
    Ok((u8::try_from(key.number).map_err(|_| Error::TicketKey)?, opened(&document)?))
}

fn opened(document: &[u8]) -> Result<EcdsaKeyPair, Error> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &SystemRandom::new()).map_err(|_| Error::TicketKey)
}

/// Takes a ticket for a reward that waits, and binds it to the shop. The same shop again, while it is good: the same ticket.
///
/// For herself, the operator and a sandbox. It ends after [`TICKET_MS`], or with the last day on which the reward is
/// handed over. Refused while another ticket binds the reward ([`Error::TicketOut`]), and for what depends on what
/// neighbours buy ([`Error::NoTicket`]).
pub async fn take(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, new: &NewTicket) -> Result<RewardInstance, Error> {
    if actor.consumer().is_err() {
        actor.operates()?;
    }
    let id = new.reward_instance_id;
    let consumer = settle::lock_whose(tx, reward::WHOSE, id.0).await?.ok_or(Error::NotFound)?;
    card::may_see(actor, consumer)?;
    let book = loyalty.current_book(tx).await?;
    let (mut account, cards) = settle::open(tx, &book, consumer, now, Depth::Whole).await?;
    let found = reward::find_by_id(tx, id).await?;
    if !matches!(found.status, RewardStatus::Issued | RewardStatus::Reserved) {
        return Err(Error::NotDeliverable);
    }
    found.may_pay()?;
    if found.goal_id.is_some() {
        return Err(Error::NoTicket);
    }
    match found.bound_to(now) {
        Some(shop) if shop == new.shop_id && found.ticket_until.is_some_and(|until| now < until) => return reward::one(tx, id).await,
        Some(_) => return Err(Error::TicketOut),
        None => {}
    }
    let shop = identity::shop::get(tx, new.shop_id).await.map_err(|_| Error::Field("shop_id"))?;
    if !identity::sandbox::meet(tx, consumer, shop.id).await? {
        return Err(Error::Field("shop_id"));
    }
    if found.currency != shop.currency {
        return Err(Error::ForeignCurrency);
    }
    let (availability, _) = reward::availability(tx, found.reward_id).await?;
    if !availability.at(shop.id) || !availability.on(identity::shop::local_date(&shop.time_zone, now)) {
        return Err(Error::RewardNotHere);
    }
    shop_units::has_one(tx, found.reward_id, shop.id).await?;
    let day_after = availability.until.and_then(|last| last.plus_days(1));
    let last = day_after.map_or(Timestamp(i64::MAX), |day| identity::shop::start_of_day(&shop.time_zone, day));
    // A ticket has room for seconds.
    let until = Timestamp(now.plus_ms(TICKET_MS).min(last).0.div_euclid(1_000) * 1_000);
    let bound_until = until.plus_ms(TICKET_GRACE_MS);
    if found.status == RewardStatus::Reserved && !account.hold_until(id, bound_until) {
        return Err(Error::NotReserved);
    }
    let (number, pair) = signing(tx, loyalty, now).await?;
    let ticket = Ticket { key: number, shop: shop.id, code: found.code()?, until, name: found.reward_name.clone() };
    let signature = pair.sign(&SystemRandom::new(), &ticket.message()).map_err(|_| Error::TicketKey)?;
    let text = ticket.text(signature.as_ref().try_into().map_err(|_| Error::TicketKey)?);
    settle::close(tx, &account, &cards, now).await?;
    let rows = tx.query(TAKE).bind(text).bind(shop.id).bind(until).bind(bound_until).bind(id).bind(found.status).execute().await?;
    if rows == 0 {
        // It had lapsed by another clock, and its unit is somebody else's.
        return Err(Error::NotDeliverable);
    }
    tx.announce(format!("consumer:{consumer}"));
    audit::record(tx, actor, now, "reward.ticket_taken", id, None, Some(serde_json::json!({ "shop_id": shop.id })), None).await?;
    reward::one(tx, id).await
}

/// A ticket binds a reward that waits.
pub(crate) async fn binds(tx: &mut Tx, id: RewardInstanceId, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.query(BINDS).bind(id).bind(now.plus_ms(-TICKET_GRACE_MS)).one::<(bool,)>().await?.0)
}

/// Where the actor may fetch one of her rewards: shops where she bought, the last one first, then those that the reward
/// itself names; at most 50.
pub async fn shops(tx: &mut Tx, actor: &Actor, id: RewardInstanceId) -> Result<(RewardInstance, Vec<TicketShop>), Error> {
    let consumer = actor.consumer()?;
    let whose: Option<(shared::ConsumerId,)> = tx.query(reward::WHOSE).bind(id.0).maybe().await?;
    if whose != Some((consumer,)) {
        return Err(Error::NotFound);
    }
    let found = reward::find_by_id(tx, id).await?;
    if found.goal_id.is_some() {
        return Err(Error::NoTicket);
    }
    let (availability, _) = reward::availability(tx, found.reward_id).await?;
    let known: Vec<(ShopId, String, String, Timestamp)> =
        tx.query(SHOPS_OF).bind(consumer).bind(found.currency).bind(SHOPS_MAX).all().await?;
    let mut shops: Vec<TicketShop> =
        known.into_iter().filter(|(id, ..)| availability.at(*id)).map(|(id, name, city, _)| TicketShop { id, name, city }).collect();
    for named in &availability.shops {
        if shops.len() as i64 >= SHOPS_MAX || shops.iter().any(|shop| shop.id == *named) {
            continue;
        }
        let shop = identity::shop::get(tx, *named).await?;
        if shop.currency == found.currency {
            shops.push(TicketShop { id: shop.id, name: shop.name, city: shop.city });
        }
    }
    Ok((reward::one(tx, id).await?, shops))
}

/// What a phone's signature covers, and its place in the phone's chain.
fn read(device: &SigningDevice, body: &[u8]) -> Result<(TicketDelivery, Link), Error> {
    let told: TicketDelivery = serde_json::from_slice(body).map_err(|error| Error::BadCapture(error.to_string()))?;
    let refuse = |why: &str| Err(Error::BadCapture(why.to_owned()));
    if told.version != DELIVERY_VERSION {
        return refuse("this version of delivery is not known");
    }
    if (told.device_id, told.shop_id, told.member_id) != (device.device, device.shop, device.member) {
        return refuse("device, shop and member do not belong together");
    }
    if told.counter < 1 || told.previous_sha256.len() != 64 || !told.previous_sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return refuse("the chain needs a counter from 1 and 64 hexadecimal digits");
    }
    let Some(claimed_at) = Timestamp::checked(told.captured_at_ms.saturating_add(told.skew_ms)) else {
        return refuse("an instant is outside the calendar");
    };
    let link = Link::new(told.counter, told.delivery_id, body, claimed_at);
    Ok((told, link))
}

/// What a phone handed over without network, as it signed it: delivered at that instant, and owed once.
///
/// `device` was authenticated in this transaction. The same delivery again is told again. Another delivery of the same
/// reward is [`Error::AlreadyDelivered`] or [`Error::DeliveredBefore`]; a ticket that names another shop, was over by the
/// phone's own clock, or was not signed here is refused; so is what comes more than 72 hours late, as a sale is. The
/// chain is written down and not judged: the ticket is the better witness. Who blocked her card or left after she took
/// the ticket is no reason either: the shop could not know, and the reward is gone.
pub async fn hand_over(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    device: &SigningDevice,
    arrival: Arrival<'_>,
) -> Result<Delivery, Error> {
    if !identity::device::verify(&device.public_key, arrival.body, arrival.signature) {
        return Err(Error::BadSignature);
    }
    let (told, link) = read(device, arrival.body)?;
    if device.revoked_at.is_some_and(|revoked_at| link.claimed_at >= revoked_at) {
        return Err(Error::DeviceRevoked);
    }
    let ticket = signed_here(tx, &told.ticket).await?;
    if ticket.shop != device.shop {
        return Err(Error::TicketElsewhere);
    }
    // Somebody may be first: what counts is what is there under the lock.
    let id = reward::find_coded(tx, ticket.code).await?.id;
    let consumer = settle::lock_whose(tx, reward::WHOSE, id.0).await?.ok_or(Error::NoSuchReward)?;
    let found = reward::find_coded(tx, ticket.code).await?;
    let before: Option<(Vec<u8>,)> = tx.query(BEFORE).bind(device.device).bind(told.delivery_id).maybe().await?;
    match before {
        Some((capture,)) if capture != arrival.body => return Err(Error::IdempotencyConflict),
        Some(_) if found.status == RewardStatus::Delivered && found.delivered_shop_id == Some(device.shop) => {
            return reward::delivery(tx, device.shop, found, true).await;
        }
        // It was undone meanwhile.
        Some(_) => return Err(Error::NotDeliverable),
        None => {}
    }
    if link.claimed_at >= ticket.until {
        return Err(Error::TicketOver);
    }
    if now.since(link.claimed_at) > AGE_MAX_MS {
        return Err(Error::TooOld);
    }
    // No clock is believed to run before the reward was given, or after what it told.
    let at = link.claimed_at.max(found.issued_at).min(now);
    let book = loyalty.current_book(tx).await?;
    let (mut account, cards) = settle::open(tx, &book, consumer, now, Depth::Whole).await?;
    match (found.status, found.delivered_shop_id) {
        (RewardStatus::Delivered, Some(shop)) if shop == device.shop => return Err(Error::DeliveredBefore),
        (RewardStatus::Delivered, _) => return Err(Error::AlreadyDelivered),
        // A later ticket took its place.
        _ if (found.ticket_shop_id, found.ticket_until) != (Some(ticket.shop), Some(ticket.until)) => return Err(Error::TicketOver),
        (RewardStatus::Issued, _) => {}
        (RewardStatus::Reserved, _) if account.spend(id, at) => {}
        _ => return Err(Error::NotDeliverable),
    }
    settle::close(tx, &account, &cards, now).await?;
    tx.query(INSERT_DELIVERY)
        .bind(device.device)
        .bind(told.delivery_id)
        .bind(found.tenant_id)
        .bind(device.shop)
        .bind(id)
        .bind(arrival.body.to_vec())
        .bind(arrival.signature.to_vec())
        .bind(link.claimed_at)
        .bind(now)
        .execute()
        .await?;
    // A clock that ran ahead is not believed, and the sale that follows is not too early by it.
    let link = if link.claimed_at > now { Link { claimed_at: found.issued_at, ..link } } else { link };
    receipt::write(tx, now, device.device, &link, None).await?;
    let shop = identity::shop::get(tx, device.shop).await?;
    reward::handed_over(tx, &who(device), now, found, &shop, Some(at)).await
}

/// Writes down that a delivery arrived and was refused with `code`, so that the phone's next sale follows it. In a
/// transaction of its own: the refusal undid the first. Nothing is written for bytes that the device did not sign.
pub async fn note_refusal(tx: &mut Tx, now: Timestamp, device: &SigningDevice, arrival: Arrival<'_>, code: &str) -> Result<(), Error> {
    if !identity::device::verify(&device.public_key, arrival.body, arrival.signature) {
        return Ok(());
    }
    match read(device, arrival.body) {
        Ok((_, link)) => receipt::write(tx, now, device.device, &link, Some(code)).await,
        Err(_) => Ok(()),
    }
}

/// Whoever's phone it is: the signature is the proof, and no session is behind it.
fn who(device: &SigningDevice) -> Actor {
    Actor::Member {
        member: device.member,
        shop: device.shop,
        role: device.role,
        device: Some(device.device),
        session: SessionId(uuid::Uuid::nil()),
    }
}

/// What a text says that one of this installation's keys signed.
async fn signed_here(tx: &mut Tx, text: &str) -> Result<Ticket, Error> {
    let SignedTicket { ticket, signature } = text.parse().map_err(|_| Error::BadTicket)?;
    let key: Option<Key> = tx.query(KEY).bind(i64::from(ticket.key)).maybe().await?;
    let good = key.is_some_and(|key| identity::device::verify(&key.public_key, &ticket.message(), &signature));
    if good { Ok(ticket) } else { Err(Error::BadTicket) }
}

sql! {
    KEYS: "SELECT number, public_key, sealed FROM ticket_key ORDER BY number DESC LIMIT $1";

    KEY: "SELECT number, public_key, sealed FROM ticket_key WHERE number = $1";

    INSERT_KEY: "INSERT INTO ticket_key (number, public_key, sealed, created_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING";

    TAKE: "UPDATE reward_instance SET ticket = $1, ticket_shop_id = $2, ticket_until = $3,
                  reserved_until = CASE WHEN status = 'reserved' AND reserved_until < $4 THEN $4 ELSE reserved_until END
           WHERE id = $5 AND status = $6 AND NOT unit_passed_on";

    BINDS: "SELECT EXISTS (SELECT 1 FROM reward_instance WHERE id = $1 AND ticket_until > $2 AND status IN ('issued', 'reserved'))";

    SHOPS_OF: "SELECT s.id, s.name, s.city, MAX(p.purchased_at) AS last_at FROM purchase p JOIN shop s ON s.id = p.shop_id
               WHERE p.consumer_id = $1 AND s.currency = $2 GROUP BY s.id, s.name, s.city ORDER BY last_at DESC, s.id LIMIT $3";

    BEFORE: "SELECT capture FROM ticket_delivery WHERE device_id = $1 AND delivery_id = $2";

    INSERT_DELIVERY: "INSERT INTO ticket_delivery (device_id, delivery_id, tenant_id, shop_id, reward_instance_id, capture, signature, claimed_at, received_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
}
