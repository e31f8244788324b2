//! The catalogue: a consumer has a reward held for her, and lets it go again or has it handed over.
//!
//! Points and one unit of the stock are taken when it is held; both come back when it lapses or she lets it go.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, CivilDate, ConsumerId, Country, OrganisationId, RewardId, RewardInstanceId, Timestamp,
    loyalty::{CatalogueReward, NewReservation, RewardAvailability, RewardInstance, campaign::Unit},
    time::MINUTE_MS,
};

use crate::{
    Error, Loyalty, card,
    ledger::{self, Depth},
    reward::{self, NewInstance},
    settle, ticket,
};

#[derive(sqlx::FromRow)]
struct Offer {
    tenant_id: OrganisationId,
    brand_id: BrandId,
    cost: Option<i64>,
    reserve_minutes: i64,
    max_per_consumer: Option<i64>,
    stock_initial: Option<i64>,
}

/// Holds a reward for a consumer: her points are taken and can be spent on nothing else until it lapses.
///
/// Refused in the order of the contract: a debt, no stock, too few points, too many of this reward.
pub async fn reserve(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, new: &NewReservation) -> Result<RewardInstance, Error> {
    let consumer = on_behalf(actor, new.consumer_id)?;
    let consumer = identity::consumer::living(tx, consumer).await?.ok_or(Error::UnknownCard)?;
    let offer: Offer = tx.query(OFFER).bind(new.reward_id).maybe().await?.ok_or(Error::NoSuchReward)?;
    let cost = offer.cost.ok_or(Error::NoSuchReward)?;
    let (availability, country) = reward::availability(tx, new.reward_id).await?;
    if !availability.on(identity::shop::local_date(country.time_zone(), now)) {
        return Err(Error::RewardNotHere);
    }
    let book = loyalty.current_book(tx).await?;
    let (mut account, mut cards) = settle::open(tx, &book, consumer, now, Depth::Due).await?;
    if card::is_blocked(tx, consumer).await? {
        return Err(Error::CardBlocked);
    }
    let place = account.wallets.iter().position(|wallet| wallet.unit == Unit::Points && wallet.brand == offer.brand_id);
    let holds = place.map(|place| account.wallets[place].now).unwrap_or_default();
    if holds.debt > 0 {
        return Err(Error::InDebt);
    }
    if offer.stock_initial.is_some() {
        settle::rivals_first(tx, &book, consumer, new.reward_id, now).await?;
    }
    if offer.stock_initial.is_some() && reward::units_left(tx, new.reward_id, now).await? < 1 {
        return Err(Error::OutOfStock);
    }
    let Some(place) = place.filter(|_| holds.available >= cost) else {
        return Err(Error::Insufficient);
    };
    let (given, last) = reward::count_given(tx, consumer, new.reward_id).await?;
    let here = cards.issued.iter().filter(|instance| instance.reward == new.reward_id).count() as i64;
    let lapsed = account.closed.iter().filter(|closed| closed.unit_of == Some(new.reward_id)).count() as i64;
    if offer.max_per_consumer.is_some_and(|max| given + here - lapsed >= max) {
        return Err(Error::RewardLimit);
    }
    if offer.stock_initial.is_some() && !reward::take_unit(tx, offer.tenant_id, new.reward_id, now).await? {
        return Err(Error::OutOfStock);
    }
    ledger::load_lots(tx, &mut account, place, Depth::Due).await?;
    let until = now.plus_ms(offer.reserve_minutes.saturating_mul(MINUTE_MS));
    let instance = NewInstance::reserved(tx, new.reward_id, consumer, &account.wallets[place], last + here + 1, now, until);
    let id = instance.id;
    account.reserve(place, id, new.reward_id, cost, now, until);
    cards.issued.push(instance);
    settle::close(tx, &account, &cards, now).await?;
    announce(tx, now, "loyalty.reward_reserved", consumer, id).await?;
    audit::record(tx, actor, now, "reward.reserved", id, None, None, None).await?;
    reward::one(tx, id).await
}

/// Lets a reward go that is held: points and unit come back. Again: [`Error::NotReserved`]. Not while a ticket binds it.
pub async fn release(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, id: RewardInstanceId) -> Result<RewardInstance, Error> {
    if actor.consumer().is_err() {
        actor.operates()?;
    }
    let consumer = settle::lock_whose(tx, reward::WHOSE, id.0).await?.ok_or(Error::NotFound)?;
    card::may_see(actor, consumer)?;
    let book = loyalty.current_book(tx).await?;
    let (mut account, mut cards) = settle::open(tx, &book, consumer, now, Depth::Whole).await?;
    if ticket::binds(tx, id, now).await? {
        return Err(Error::TicketOut);
    }
    let place = account.release(id, now).ok_or(Error::NotReserved)?;
    settle::fill(tx, &book, &mut account, &mut cards, place, None, now).await?;
    settle::close(tx, &account, &cards, now).await?;
    announce(tx, now, "loyalty.reward_released", consumer, id).await?;
    audit::record(tx, actor, now, "reward.released", id, None, None, None).await?;
    reward::one(tx, id).await
}

/// Herself, or somebody whom the operator or a sandbox names.
fn on_behalf(actor: &Actor, named: Option<ConsumerId>) -> Result<ConsumerId, Error> {
    match (actor, named) {
        (Actor::Consumer { consumer, .. }, None) => Ok(*consumer),
        (_, Some(consumer)) => {
            card::may_see(actor, consumer)?;
            Ok(consumer)
        }
        (_, None) => Ok(actor.consumer()?),
    }
}

async fn announce(tx: &mut Tx, now: Timestamp, topic: &'static str, consumer: ConsumerId, instance: RewardInstanceId) -> Result<(), Error> {
    outbox::publish(tx, now, NewEvent { topic, key: consumer.to_string(), payload: json!({ "reward_instance_id": instance }) }).await?;
    tx.announce(format!("consumer:{consumer}"));
    Ok(())
}

#[derive(sqlx::FromRow)]
struct OfferRow {
    id: RewardId,
    name: String,
    category: String,
    brand_name: String,
    brand_colour: String,
    cost: i64,
    have: i64,
    debt: i64,
    stock_left: Option<i64>,
    reserve_minutes: i64,
    available_from: Option<CivilDate>,
    available_until: Option<CivilDate>,
    country: Country,
}

/// What brands whose points she has offer for them, what is nearest first; at most 100.
pub async fn offers(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<CatalogueReward>, Error> {
    let mut rows: Vec<OfferRow> = tx.query(OFFERS).bind(actor.consumer()?).bind(now).all().await?;
    rows.retain(|row| {
        let availability = RewardAvailability { from: row.available_from, until: row.available_until, shops: Vec::new() };
        row.stock_left.is_none_or(|left| left > 0) && availability.on(identity::shop::local_date(row.country.time_zone(), now))
    });
    rows.sort_by_key(|row| ((row.cost - row.have).max(0), row.cost, row.id));
    Ok(rows
        .into_iter()
        .map(|row| CatalogueReward {
            reward_id: row.id,
            name: row.name,
            category: row.category,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            cost: row.cost,
            have: row.have,
            in_debt: row.debt > 0,
            stock_left: row.stock_left,
            reserve_minutes: row.reserve_minutes,
        })
        .collect())
}

sql! {
    OFFER: "SELECT tenant_id, brand_id, cost, reserve_minutes, max_per_consumer, stock_initial FROM reward WHERE id = $1";

    OFFERS: "SELECT r.id, r.name, r.category, b.name AS brand_name, b.colour AS brand_colour, r.cost, w.available AS have, w.debt, r.reserve_minutes,
                    r.available_from, r.available_until, o.country,
                    s.units_left + (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status = 'reserved' AND i.reserved_until <= $2 AND NOT i.unit_passed_on) AS stock_left
             FROM wallet w
             JOIN reward r ON r.brand_id = w.brand_id AND r.cost IS NOT NULL
             JOIN brand b ON b.id = r.brand_id
             JOIN organisation o ON o.id = r.tenant_id
             LEFT JOIN reward_stock s ON s.reward_id = r.id
             WHERE w.consumer_id = $1 AND w.unit = 'points'
             ORDER BY r.cost, r.id LIMIT 100";
}
