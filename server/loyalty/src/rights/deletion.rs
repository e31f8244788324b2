//! The way out: everything that says who she was goes, and the books stay true.
//!
//! Her points stay in the ledger under an id that leads to nobody: rows of a ledger are never changed, and what brands owe
//! shops rests on them. Her card answers to no code any more, her log-ins end, and her phone may sign up as somebody new.

use db::{Tx, sql};
use identity::{Actor, challenge};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    ConsumerId, PurchaseId, Timestamp,
    loyalty::PurchaseAnswer,
    rights::{Deletion, DeletionCode, RequestKind},
};

use crate::{Error, Loyalty, card, purchase};

/// Purchases that are looked at in one go.
const BATCH: i64 = 500;
/// What a shop reads instead of a name.
const NOBODY: &str = "Tarjeta · ••";

/// Sends a code to the phone of the actor's card. `None`: the card knows no phone, and none is needed.
pub async fn start_deletion(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<Option<DeletionCode>, Error> {
    let started = challenge::start_own(tx, &loyalty.keys, actor, now).await?;
    Ok(started.map(|started| DeletionCode { phone_hint: hint(&started.phone_shown), sealed: started.sealed }))
}

/// `••67`.
fn hint(shown: &str) -> String {
    let digits: Vec<char> = shown.chars().filter(char::is_ascii_digit).collect();
    let last: String = digits.iter().skip(digits.len().saturating_sub(2)).collect();
    ["••", &last].concat()
}

/// The actor leaves for good. A wrong code costs a try: the caller commits then too.
pub async fn delete(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, wanted: &Deletion) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    if !wanted.confirmed {
        return Err(Error::NotConfirmed);
    }
    let (has_phone,): (bool,) = tx.query(HAS_PHONE).bind(consumer).one().await?;
    if has_phone {
        let (Some(sealed), Some(code)) = (wanted.sealed.as_deref(), wanted.code.as_deref()) else {
            return Err(Error::NotConfirmed);
        };
        challenge::use_own(tx, &loyalty.keys, actor, now, sealed, code).await?;
    }
    end(tx, loyalty, actor, now, consumer).await
}

/// Whoever asked for it: nothing leads to this consumer any more, and her card answers to no code.
pub(crate) async fn end(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    tx.lock(consumer.lock_key()).await?;
    purchase::reject_all_of(tx, loyalty, actor, now, consumer).await?;
    card::leave(tx, actor, now).await?;
    forget_labels(tx, consumer).await?;
    for statement in [END_KEYS, BLOCK_CARDS, END_SEGMENTS] {
        tx.query(statement).bind(now).bind(consumer).execute().await?;
    }
    for statement in [FORGET_DIGITS, FORGET_OPINIONS] {
        tx.query(statement).bind(consumer).execute().await?;
    }
    identity::rights::note(tx, consumer, now, RequestKind::Deletion).await?;
    identity::consumer::erase(tx, actor, now, consumer).await?;
    outbox::publish(
        tx,
        now,
        NewEvent { topic: "loyalty.consumer_deleted", key: consumer.to_string(), payload: json!({ "consumer_id": consumer }) },
    )
    .await?;
    tx.announce(format!("consumer:{consumer}"));
    Ok(())
}

/// What shops were answered holds how she wanted to be called.
async fn forget_labels(tx: &mut Tx, consumer: ConsumerId) -> Result<(), Error> {
    let mut after = PurchaseId::fixed(0);
    loop {
        let rows: Vec<(PurchaseId, Vec<u8>, Option<Vec<u8>>)> = tx.query(ANSWERS).bind(consumer).bind(after).bind(BATCH).all().await?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for (purchase, answer, reviewed) in rows {
            tx.query(FORGET_LABEL)
                .bind(without_label(&answer))
                .bind(reviewed.map(|bytes| without_label(&bytes)))
                .bind(purchase)
                .execute()
                .await?;
        }
    }
}

fn without_label(bytes: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<PurchaseAnswer>(bytes) {
        Ok(answer) => serde_json::to_vec(&PurchaseAnswer { consumer_label: NOBODY.to_owned(), ..answer }).unwrap_or_default(),
        // Not readable is not personal either, and must not keep her here.
        Err(_) => bytes.to_vec(),
    }
}

sql! {
    HAS_PHONE: "SELECT EXISTS (SELECT 1 FROM contact WHERE consumer_id = $1)";

    ANSWERS: "SELECT id, answer, review_answer FROM purchase WHERE consumer_id = $1 AND id > $2 ORDER BY id LIMIT $3";

    FORGET_LABEL: "UPDATE purchase SET answer = $1, review_answer = $2 WHERE id = $3";

    END_KEYS: "UPDATE card_key SET revoked_at = $1 WHERE revoked_at IS NULL AND card_id IN (SELECT id FROM card WHERE consumer_id = $2)";

    BLOCK_CARDS: "UPDATE card SET blocked_at = $1 WHERE consumer_id = $2 AND blocked_at IS NULL";

    /// What brands concluded about her ends with her.
    END_SEGMENTS: "UPDATE segment_member SET until_at = $1 WHERE consumer_id = $2 AND until_at > $1 AND from_at < $1";

    FORGET_DIGITS: "DELETE FROM card_digits WHERE consumer_id = $1";

    FORGET_OPINIONS: "DELETE FROM consumer_nps_answer WHERE consumer_id = $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_phone_two_digits_are_told() {
        assert_eq!(hint("300 1234567"), "••67");
        assert_eq!(hint(""), "••");
    }
}
