//! Consumers: a pseudonym of the platform, with a phone kept apart.

use db::{Tx, sql};
use shared::{ConsumerId, Country, ShopId, Timestamp};

use crate::{
    Actor, Error, audit,
    challenge::VerifiedPhone,
    consent::{self, Decision},
    registrations, rights, session,
};

/// Longest name that a consumer may choose, in characters.
pub const NAME_MAX: usize = 40;

/// What a consumer says of herself.
#[derive(Debug, Clone)]
pub struct NewConsumer {
    /// How she wants to be called.
    pub name: Option<String>,
    /// She says that she is of age.
    pub adult: bool,
    /// Where she signed up.
    pub shop: Option<ShopId>,
    /// Decisions with their proof; the one for the card must be among them, and given.
    pub consents: Vec<Decision>,
}

/// Creates the consumer with her phone and consents: the first moment at which anything personal is stored.
pub async fn create(tx: &mut Tx, now: Timestamp, phone: &VerifiedPhone, new: &NewConsumer) -> Result<ConsumerId, Error> {
    if !new.consents.iter().any(|decision| decision.purpose == consent::Purpose::Card && decision.granted) {
        return Err(Error::Field("consent"));
    }
    let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > NAME_MAX || name.chars().any(char::is_control)) {
        return Err(Error::Field("name"));
    }
    let consumer = insert(tx, now, name, phone.phone.country, new.adult, false, new.shop).await?;
    tx.query(INSERT_CONTACT).bind(consumer).bind(phone.hash.clone()).bind(phone.sealed.clone()).bind(now).execute().await.map_err(
        |error| match error {
            db::Error::Unique => Error::Taken("phone"),
            other => other.into(),
        },
    )?;
    for decision in &new.consents {
        consent::record(tx, consumer, now, decision).await?;
    }
    // Last: whoever signs up at the same shop waits for this row.
    if let Some(shop) = new.shop {
        registrations::note(tx, now, shop).await?;
    }
    Ok(consumer)
}

/// A consumer who is only a card: no phone, no name, no consent needed.
pub async fn anonymous(tx: &mut Tx, now: Timestamp, country: Country, shop: Option<ShopId>) -> Result<ConsumerId, Error> {
    insert(tx, now, None, country, false, true, shop).await
}

/// The person behind an id: herself, or whoever claimed the card that this was. `None`: nobody, or deleted.
pub async fn living(tx: &mut Tx, consumer: ConsumerId) -> Result<Option<ConsumerId>, Error> {
    Ok(tx.query(LIVING).bind(consumer).maybe::<(ConsumerId,)>().await?.map(|(person,)| person))
}

/// Where a consumer lives: how numbers are written for her.
pub async fn country(tx: &mut Tx, consumer: ConsumerId) -> Result<Country, Error> {
    Ok(tx.query(COUNTRY).bind(consumer).maybe::<(Country,)>().await?.ok_or(Error::NotFound)?.0)
}

/// A consumer who became part of another one: her telephone is nobody's, her log-ins end, her name is the other's.
pub async fn give_up(tx: &mut Tx, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    session::close_all(tx, now, consumer).await?;
    tx.query(FORGET_CONTACT).bind(consumer).execute().await?;
    tx.query(FORGET_NAME).bind(consumer).execute().await?;
    Ok(())
}

/// Takes everything from a consumer that says who she was: name, phone, what her browsers called themselves, her words to
/// the operator, what she was written. Her sessions end. Consents, purchases and points, and the shop where she signed up,
/// stay under an id that belongs to nobody any more: reports go by them. Her phone can sign up as somebody new. `false`:
/// she had left before.
pub async fn erase(tx: &mut Tx, actor: &Actor, now: Timestamp, consumer: ConsumerId) -> Result<bool, Error> {
    if tx.query(ERASE).bind(now).bind(consumer).execute().await? == 0 {
        return Ok(false);
    }
    session::close_all(tx, now, consumer).await?;
    let contact: Option<(Vec<u8>,)> = tx.query(PHONE).bind(consumer).maybe().await?;
    notifications::forget(tx, now, consumer, contact.map(|(mark,)| mark)).await?;
    tx.query(FORGET_CODES).bind(consumer).execute().await?;
    tx.query(FORGET_CONTACT).bind(consumer).execute().await?;
    tx.query(FORGET_BROWSERS).bind(consumer).execute().await?;
    rights::forget(tx, now, consumer).await?;
    audit::record(tx, actor, now, "consumer.deleted", consumer, None, None, None).await?;
    Ok(true)
}

async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    name: Option<&str>,
    country: Country,
    adult: bool,
    anonymous: bool,
    shop: Option<ShopId>,
) -> Result<ConsumerId, Error> {
    let consumer: ConsumerId = tx.new_id();
    tx.query(INSERT).bind(consumer).bind(name).bind(country).bind(adult).bind(anonymous).bind(shop).bind(now).execute().await.map_err(
        |error| match error {
            db::Error::ForeignKey => Error::Field("shop"),
            other => other.into(),
        },
    )?;
    Ok(consumer)
}

sql! {
    INSERT: "INSERT INTO consumer (id, display_name, country, adult, anonymous, first_shop_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    COUNTRY: "SELECT country FROM consumer WHERE id = $1";

    LIVING: "SELECT COALESCE(merged_into, id) AS person FROM consumer WHERE id = $1 AND deleted_at IS NULL";

    /// With the anonymous cards that she had claimed.
    ERASE: "UPDATE consumer SET display_name = NULL, deleted_at = $1 WHERE (id = $2 OR merged_into = $2) AND deleted_at IS NULL";

    PHONE: "SELECT phone_hash FROM contact WHERE consumer_id = $1";

    FORGET_CODES: "DELETE FROM challenge WHERE phone_hash = (SELECT phone_hash FROM contact WHERE consumer_id = $1)";

    FORGET_NAME: "UPDATE consumer SET display_name = NULL WHERE id = $1";

    FORGET_CONTACT: "DELETE FROM contact WHERE consumer_id = $1";

    /// The one change that the table allows.
    FORGET_BROWSERS: "UPDATE consent SET device = '' WHERE consumer_id = $1";

    INSERT_CONTACT: "INSERT INTO contact (consumer_id, phone_hash, phone_sealed, verified_at) VALUES ($1, $2, $3, $4)";
}
