//! Six digits that a consumer reads aloud when her QR cannot be read.
//!
//! They stand for her card's code for a minute and once: the shop's phone gives them to the server and gets the code that
//! the card would show at that moment. From there the sale goes its usual way, so the phone learns no secret and a
//! digit-by-digit guess is stopped by [`failed_code`](crate::failed_code).

use db::{Tx, sql};
use identity::Actor;
use rand::Rng;
use shared::{CardDigitsId, ConsumerId, Timestamp, time::MINUTE_MS};

use crate::{Error, Loyalty, card, failed_code};

/// How long the digits can be typed.
pub const LIFE_MS: i64 = MINUTE_MS;
/// Tries to find digits that nobody else has now.
const DRAWS: usize = 20;

/// Digits on a consumer's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    /// Six of them.
    pub digits: String,
    /// Nobody takes them from then on.
    pub until: Timestamp,
}

/// New digits for the actor's card; those that she had and did not use end.
pub async fn dictate(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<Digits, Error> {
    let consumer = actor.consumer()?;
    tx.lock(consumer.lock_key()).await?;
    tx.query(FORGET).bind(now).bind(consumer).execute().await?;
    let until = now.plus_ms(LIFE_MS);
    for _ in 0..DRAWS {
        let digits = format!("{:06}", rand::rng().random_range(0..1_000_000_u32));
        let id: CardDigitsId = tx.new_id();
        if tx.query(INSERT).bind(id).bind(consumer).bind(hash(loyalty, &digits)).bind(until).bind(now).execute().await? == 1 {
            return Ok(Digits { digits, until });
        }
    }
    Err(Error::NoDigitsLeft)
}

/// The code of the card whose digits a shop typed. The same shop hears the same again: its first answer may be lost.
///
/// A wrong guess is counted, so the caller commits in any case.
pub async fn take(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, typed: &str) -> Result<String, Error> {
    let (_, shop, _) = actor.member()?;
    // Before the guess: those that come at once wait for each other's failure.
    tx.lock(shop.lock_key()).await?;
    if failed_code::count(tx, shop, failed_code::DIGITS, now).await? >= failed_code::MAX {
        return Err(Error::CodeLocked);
    }
    let taken: Option<(ConsumerId, Timestamp)> = tx.query(TAKE).bind(now).bind(shop).bind(hash(loyalty, typed)).maybe().await?;
    let Some((consumer, at)) = taken else {
        failed_code::add(tx, now, shop, failed_code::DIGITS).await?;
        return Err(Error::WrongDigits);
    };
    card::code_at(tx, loyalty, consumer, at).await
}

fn hash(loyalty: &Loyalty, digits: &str) -> Vec<u8> {
    loyalty.keys.code_hash("card-digits", digits)
}

sql! {
    /// What is over, and the consumer's own that nobody used.
    FORGET: "DELETE FROM card_digits WHERE expires_at <= $1 OR (consumer_id = $2 AND used_at IS NULL)";

    /// No row: somebody has these digits now.
    INSERT: "INSERT INTO card_digits (id, consumer_id, code_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

    TAKE: "UPDATE card_digits SET used_at = COALESCE(used_at, $1), used_by = $2
           WHERE code_hash = $3 AND expires_at > $1 AND (used_by IS NULL OR used_by = $2)
             AND EXISTS (SELECT 1 FROM consumer c WHERE c.id = card_digits.consumer_id AND c.deleted_at IS NULL)
           RETURNING consumer_id, used_at";
}
