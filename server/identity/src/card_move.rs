//! A consumer takes her card into another browser of the same phone: the app on the home screen keeps its own cookies.
//!
//! The signed-in browser shows a code of eight characters; the other one types it and gets a session. A code is good
//! for ten minutes and once, and a new one ends the one before. The table holds keyed hashes: of the whole code, and of
//! its first half, which finds the row that pays for a wrong guess at the second.

use db::{Tx, sql};
use rand::Rng;
use shared::{
    CardMoveId, ConsumerId, Timestamp,
    time::{DAY_MS, MINUTE_MS},
};
use subtle::ConstantTimeEq;

use crate::{Actor, Error, Keys};

/// How long a code can be typed.
pub const CODE_MS: i64 = 10 * MINUTE_MS;
/// Wrong second halves to one first half.
pub const TRIES: i64 = 5;
/// Letters and digits that nobody mistakes for another: no 0 O, 1 I L, 2 Z, 5 S, 8 B.
const ALPHABET: &[u8; 25] = b"34679ACDEFGHJKMNPQRTUVWXY";
/// 25⁸ codes: 37 bits.
const LENGTH: usize = 8;
const HALF: usize = LENGTH / 2;

/// A code for the actor's other browser, as it is read aloud: `ACDE-3467`.
pub async fn offer(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp) -> Result<String, Error> {
    let consumer = actor.consumer()?;
    let code = new_code();
    tx.lock(consumer.lock_key()).await?;
    let (half, whole) = hashes(keys, &code);
    forget(tx, consumer).await?;
    tx.query(FORGET_OLD).bind(now.plus_ms(-DAY_MS)).execute().await?;
    let id: CardMoveId = tx.new_id();
    tx.query(INSERT).bind(id).bind(consumer).bind(half).bind(whole).bind(TRIES).bind(now.plus_ms(CODE_MS)).bind(now).execute().await?;
    Ok([&code[..HALF], "-", &code[HALF..]].concat())
}

/// Whose card a typed code moves; the code is used up. Case, spaces and hyphens do not matter.
///
/// Who knows the first half pays a try before the second is compared: the caller commits in any case. Nobody learns
/// which half was wrong.
pub async fn take(tx: &mut Tx, keys: &Keys, now: Timestamp, typed: &str) -> Result<ConsumerId, Error> {
    let code = normalised(typed).ok_or(Error::UnknownCode)?;
    let (half, whole) = hashes(keys, &code);
    let tried: Vec<Row> = tx.query(TRY).bind(half).bind(now).all().await?;
    let right = tried.into_iter().find(|row| bool::from(row.code_hash.ct_eq(&whole)));
    let right = right.ok_or(Error::UnknownCode)?;
    if tx.query(USE).bind(now).bind(right.id).execute().await? == 1 { Ok(right.consumer_id) } else { Err(Error::UnknownCode) }
}

/// Codes of a consumer that were not used open nothing any more.
pub async fn forget(tx: &mut Tx, consumer: ConsumerId) -> Result<(), Error> {
    tx.query(FORGET).bind(consumer).execute().await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CardMoveId,
    consumer_id: ConsumerId,
    code_hash: Vec<u8>,
}

fn new_code() -> String {
    let mut random = rand::rng();
    (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// What was typed as eight characters of the alphabet. `None`: it cannot be a code.
fn normalised(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

/// Of the first half, and of all of it.
fn hashes(keys: &Keys, code: &str) -> (Vec<u8>, Vec<u8>) {
    (keys.code_hash("card-move-half", &code[..HALF]), keys.code_hash("card-move", code))
}

sql! {
    FORGET: "DELETE FROM card_move WHERE consumer_id = $1 AND used_at IS NULL";

    FORGET_OLD: "DELETE FROM card_move WHERE expires_at < $1";

    INSERT: "INSERT INTO card_move (id, consumer_id, half_hash, code_hash, attempts_left, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    /// Pays before anything is compared: guesses that come at once cannot all see the last try.
    TRY: "UPDATE card_move SET attempts_left = attempts_left - 1
          WHERE half_hash = $1 AND expires_at > $2 AND attempts_left > 0 AND used_at IS NULL
            AND EXISTS (SELECT 1 FROM consumer c WHERE c.id = card_move.consumer_id AND c.deleted_at IS NULL)
          RETURNING id, consumer_id, code_hash";

    /// No row: somebody was faster.
    USE: "UPDATE card_move SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND expires_at > $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_typed_as_it_is_read() {
        assert_eq!(normalised(" acde-3467 ").as_deref(), Some("ACDE3467"));
        assert_eq!(normalised("ACDE 3467").as_deref(), Some("ACDE3467"));
        for wrong in ["", "ACDE346", "ACDE34677", "ACDE346O", "ÁCDE3467", "acde_3467"] {
            assert_eq!(normalised(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_new_code_is_one_that_can_be_typed() {
        let codes: Vec<String> = (0..100).map(|_| new_code()).collect();

        assert!(codes.iter().all(|code| normalised(code).as_ref() == Some(code)));
        assert_ne!(codes[0], codes[1]);
    }
}
