//! How somebody may be told something: her telephone, and the decision of hers that allows it.

use db::{Tx, sql};
use notifications::ConsentUsed;
use shared::{ConsentId, ConsumerId, Country, Timestamp};

use crate::{Error, Keys, Phone, consent::Purpose};

/// A telephone that may be written to.
pub struct Reach {
    /// Hers.
    pub phone: Phone,
    /// How she wants to be called; empty: she did not say.
    pub name: String,
    /// What allows it: the newest decision, and it was given.
    pub consent: ConsentUsed,
}

#[derive(sqlx::FromRow)]
struct Row {
    phone_sealed: Vec<u8>,
    country: Country,
    display_name: Option<String>,
    consent_id: ConsentId,
    decided_at: Timestamp,
    granted: bool,
}

/// The telephone of somebody who agreed to this purpose of `controller` (`platform`, or a brand's id). `None`: she is
/// only a card, deleted, or did not agree.
pub async fn of(tx: &mut Tx, keys: &Keys, consumer: ConsumerId, purpose: Purpose, controller: &str) -> Result<Option<Reach>, Error> {
    let Some(row) = tx.query(NEWEST).bind(consumer).bind(purpose).bind(controller).maybe::<Row>().await? else {
        return Ok(None);
    };
    let e164 = keys.open("phone", &row.phone_sealed).and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(e164.filter(|_| row.granted).map(|e164| Reach {
        phone: Phone { e164, country: row.country },
        name: row.display_name.unwrap_or_default(),
        consent: ConsentUsed { id: row.consent_id, at: row.decided_at },
    }))
}

/// The telephone that was verified for somebody. `None`: she is only a card, or left.
pub async fn phone(tx: &mut Tx, keys: &Keys, consumer: ConsumerId) -> Result<Option<Phone>, Error> {
    let found: Option<(Vec<u8>, Country)> = tx.query(PHONE).bind(consumer).maybe().await?;
    Ok(found.and_then(|(sealed, country)| {
        let e164 = keys.open("phone", &sealed).and_then(|bytes| String::from_utf8(bytes).ok())?;
        Some(Phone { e164, country })
    }))
}

sql! {
    PHONE: "SELECT t.phone_sealed, c.country FROM contact t JOIN consumer c ON c.id = t.consumer_id WHERE c.id = $1 AND c.deleted_at IS NULL";

    NEWEST: "SELECT t.phone_sealed, c.country, c.display_name, s.id AS consent_id, s.decided_at, s.granted
             FROM contact t JOIN consumer c ON c.id = t.consumer_id JOIN consent s ON s.consumer_id = c.id
             WHERE c.id = $1 AND c.deleted_at IS NULL AND s.purpose = $2 AND s.controller = $3 ORDER BY s.decided_at DESC, s.id DESC LIMIT 1";
}
