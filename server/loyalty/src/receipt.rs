//! Short receipts that anybody can verify: a link that names a purchase and proves that this installation wrote it.
//!
//! A token is the purchase's id and half of an HMAC-SHA-256 over it, 32 bytes in base64url. It needs no row and never ends;
//! whoever holds it reads the shop, the time, the units and the points, and nothing about a person. A forged token, one cut
//! short, one of another installation and one of no purchase are answered alike, after the same comparison.
//!
//! [`send`] brings the link to the buyer's own telephone, once for each purchase: the unique `dedupe_key` of its message.

use data_encoding::BASE64URL_NOPAD;
use db::{Tx, sql};
use identity::{
    Actor, audit,
    consent::{self, Purpose},
    reach,
};
use notifications::{Notice, Seal, Template};
use shared::{
    ConsumerId, LocalTime, PurchaseId, Timestamp,
    loyalty::{
        PurchaseStatus,
        campaign::Unit,
        receipt::{OwnReceipt, Receipt, ReceiptGain, ReceiptLink, ReceiptMessage, ReceiptTold},
    },
    time::DAY_MS,
};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{Error, Loyalty, dispute, purchase};

/// Bytes of the id, and of the proof after it: nobody finds 128 bits by trying.
const HALF: usize = 16;
/// What the installation's key is used for here.
const PURPOSE: &str = "receipt";

fn proof(loyalty: &Loyalty, purchase: PurchaseId) -> Vec<u8> {
    let mut mac = loyalty.keys.code_hash(PURPOSE, &purchase.to_string());
    mac.truncate(HALF);
    mac
}

/// The token of a purchase that whoever asks was allowed to see.
fn token(loyalty: &Loyalty, purchase: PurchaseId) -> String {
    BASE64URL_NOPAD.encode(&[purchase.0.as_bytes().as_slice(), &proof(loyalty, purchase)].concat())
}

/// The purchase that a token names, when this installation wrote it.
fn named_by(loyalty: &Loyalty, token: &str) -> Option<PurchaseId> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default();
    let mut whole = [0; 2 * HALF];
    // What is too short or too long is compared, too: it takes as long and matches nothing.
    let fits = bytes.len() == whole.len();
    if fits {
        whole.copy_from_slice(&bytes);
    }
    let (id, told) = whole.split_at(HALF);
    let purchase = PurchaseId(Uuid::from_slice(id).ok()?);
    let right = bool::from(proof(loyalty, purchase).ct_eq(told));
    (right && fits).then_some(purchase)
}

/// Where the receipt of a purchase is read: for its shop, its consumer, the operator, and the till that reported it.
pub async fn link(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, id: PurchaseId) -> Result<ReceiptLink, Error> {
    purchase::get(tx, actor, id).await?;
    let token = token(loyalty, id);
    Ok(ReceiptLink { path: format!("/r/{token}"), token })
}

/// How long after a purchase its receipt is worth a message.
const MESSAGE_MS: i64 = DAY_MS;

#[derive(sqlx::FromRow)]
struct Bought {
    person: ConsumerId,
    purchased_at: Timestamp,
    status: PurchaseStatus,
}

/// How receipts leave here.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// Where people reach us, without a slash at its end.
    pub public_url: &'a str,
    /// Texts that leave to telephones: [`notifications::Port::approved`].
    pub approved: &'a [&'static str],
}

/// Sends the receipt to the telephone of whoever bought, which nobody who asks for it is told: for the people of its shop,
/// its consumer and whoever works for the operator. One message for each purchase, whoever asks and however often.
pub async fn send(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: PurchaseId,
    way: Way<'_>,
) -> Result<ReceiptMessage, Error> {
    let path = link(tx, loyalty, actor, id).await?.path;
    if !matches!(actor, Actor::Member { .. } | Actor::Consumer { .. }) {
        actor.operates()?;
    }
    // Whoever leaves or takes a consent back meanwhile is waited for.
    purchase::lock_consumer(tx, id).await?;
    let told = |told| Ok(ReceiptMessage { told });
    let dedupe_key = format!("receipt {id}");
    if let Some(status) = notifications::told(tx, &dedupe_key).await? {
        return told(if status.is_lost() { ReceiptTold::Unreachable } else { ReceiptTold::Sent });
    }
    let bought: Bought = tx.query(BOUGHT).bind(id).one().await?;
    let valid_until = bought.purchased_at.plus_ms(MESSAGE_MS);
    if bought.status != PurchaseStatus::Accepted || valid_until <= now {
        return told(ReceiptTold::Closed);
    }
    let Some(reach) = reach::of(tx, &loyalty.keys, bought.person, Purpose::Notices, consent::PLATFORM).await? else {
        return told(ReceiptTold::Unreachable);
    };
    let mark = loyalty.keys.mark(&reach.phone.e164);
    if !way.approved.contains(&Template::Receipt.name())
        || notifications::stopped(tx, &mark, Template::Receipt.category(), reach.consent.at).await?
    {
        return told(ReceiptTold::Unreachable);
    }
    let notice = Notice {
        template: Template::Receipt,
        variables: vec![[way.public_url, &path].concat()],
        telephone: &reach.phone.e164,
        hint: &reach.phone.hint(),
        consent: Some(reach.consent),
        consumer: Some(bought.person),
        brand: None,
        time_zone: reach.phone.country.time_zone(),
        valid_until,
        dedupe_key: Some(dedupe_key),
    };
    notifications::notify(tx, now, &loyalty.keys, &notice).await?;
    audit::record(tx, actor, now, "receipt.sent", id, None, None, None).await?;
    told(ReceiptTold::Sent)
}

#[derive(sqlx::FromRow)]
struct Row {
    consumer_id: ConsumerId,
    shop_name: String,
    city: String,
    purchased_at: Timestamp,
    offset_seconds: i64,
    status: PurchaseStatus,
    units: i64,
    returned_units: i64,
}

#[derive(sqlx::FromRow)]
struct GainRow {
    brand_name: String,
    unit: Unit,
    amount: i64,
}

/// The receipt as it stands now, for whoever holds its token. The buyer is also told what she can say about it.
pub async fn read(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, token: &str) -> Result<Receipt, Error> {
    let id = named_by(loyalty, token).ok_or(Error::NotFound)?;
    let row: Row = tx.query(READ).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    // What is held or was rejected moved nothing.
    let gains: Vec<GainRow> = if row.status == PurchaseStatus::Accepted { tx.query(GAINS).bind(id).all().await? } else { Vec::new() };
    let mine = match actor.consumer() {
        Ok(consumer) if consumer == row.consumer_id => {
            let said: Option<(Option<bool>,)> = tx.query(SAID).bind(id).bind(actor.label()).maybe().await?;
            Some(OwnReceipt { purchase_id: id, dispute: said.map(|(upheld,)| dispute::state_of(upheld)) })
        }
        _ => None,
    };
    Ok(Receipt {
        shop_name: row.shop_name,
        city: row.city,
        local: LocalTime { at: row.purchased_at, offset_seconds: row.offset_seconds as i32 },
        status: row.status,
        units: row.units,
        returned_units: row.returned_units,
        gains: gains.into_iter().map(|GainRow { brand_name, unit, amount }| ReceiptGain { brand_name, unit, amount }).collect(),
        mine,
    })
}

sql! {
    /// Whoever asks was allowed to see it.
    BOUGHT: "SELECT COALESCE(c.merged_into, c.id) AS person, p.purchased_at, p.status
             FROM purchase p JOIN consumer c ON c.id = p.consumer_id WHERE p.id = $1";

    /// By the token's purchase: whoever holds the token was given it.
    READ: "SELECT p.consumer_id, s.name AS shop_name, s.city, p.purchased_at, p.offset_seconds, p.status,
                  CAST(COALESCE((SELECT SUM(l.quantity) FROM purchase_line l WHERE l.purchase_id = p.id), 0) AS BIGINT) AS units,
                  CAST(COALESCE((SELECT SUM(l.returned_quantity) FROM purchase_line l WHERE l.purchase_id = p.id), 0) AS BIGINT) AS returned_units
           FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    /// What was given, less what came back, with what was put right since.
    GAINS: "SELECT g.brand_name, g.unit, CAST(SUM(g.amount) AS BIGINT) AS amount FROM (
                SELECT b.name AS brand_name, e.unit AS unit, e.award AS amount FROM evaluation_now e JOIN brand b ON b.id = e.brand_id WHERE e.purchase_id = $1
                UNION ALL
                SELECT b.name, e.unit, -r.amount FROM award_reversal r JOIN evaluation e ON e.purchase_id = r.purchase_id AND e.campaign_id = r.campaign_id
                       JOIN brand b ON b.id = e.brand_id WHERE r.purchase_id = $1
                UNION ALL
                SELECT b.name, a.unit, a.amount FROM adjustment a JOIN adjustment_decision d ON d.adjustment_id = a.id JOIN brand b ON b.id = a.brand_id
                WHERE a.purchase_id = $1 AND d.posted AND a.unit IN ('points', 'stamps')
            ) g GROUP BY g.brand_name, g.unit HAVING SUM(g.amount) <> 0 ORDER BY g.brand_name, g.unit";

    SAID: "SELECT r.upheld FROM dispute d LEFT JOIN dispute_resolution r ON r.dispute_id = d.id
           WHERE d.subject = 'purchase' AND d.subject_id = $1 AND d.opened_by = $2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_whole_and_from_this_installation_alone() {
        let of = |secret: u8| Loyalty::new(identity::Keys::new(&secrecy::SecretBox::new(Box::new([secret; 32]))));
        let (ours, theirs) = (of(1), of(2));
        let purchase = PurchaseId::fixed(7);
        let good = token(&ours, purchase);
        let mut other_id = BASE64URL_NOPAD.decode(good.as_bytes()).unwrap();
        other_id[15] ^= 1;

        assert_eq!((good.len(), named_by(&ours, &good)), (43, Some(purchase)));
        for forged in [
            String::new(),
            good[..42].to_owned(),
            format!("{good}A"),
            good.to_lowercase(),
            token(&theirs, purchase),
            BASE64URL_NOPAD.encode(&other_id),
            BASE64URL_NOPAD.encode(&[0; 32]),
            "ñ".repeat(43),
        ] {
            assert_eq!(named_by(&ours, &forged), None, "{forged}");
        }
    }
}
