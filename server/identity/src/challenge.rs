//! One-time codes: until a person consents, the database holds a keyed hash of the phone and the code's expiry.
//!
//! The phone itself travels sealed in the person's own form: `start` gives a text that `verify` wants back, and `verify`
//! gives one that a sign-up or a log-in consumes once.

use db::{Tx, sql};
use notifications::{Notice, Template};
use rand::Rng;
use serde::{Deserialize, Serialize};
use shared::{
    ChallengeId, ConsumerId, Country, MemberId, ShopId, Timestamp,
    identity::MemberRole,
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
};
use subtle::ConstantTimeEq;

use crate::{Actor, Error, Keys, Phone, phone};

/// How long a code can be typed.
pub const CODE_MS: i64 = 10 * MINUTE_MS;
/// How long a verified phone can be used.
pub const VERIFIED_MS: i64 = 30 * MINUTE_MS;
/// Wrong tries of one code.
pub const TRIES: i64 = 3;
/// How long somebody waits for a code before another one is sent: messages need a moment.
pub const AGAIN_MS: i64 = 45 * SECOND_MS;
/// Codes for one phone in an hour.
pub const STARTS_PER_HOUR: i64 = 5;

/// What a form carries between its steps.
#[derive(Serialize, Deserialize)]
struct Carried {
    challenge: ChallengeId,
    e164: String,
    country: Country,
}

/// A code is on its way.
#[derive(Debug, Clone)]
pub struct Started {
    /// Goes into the next form, unreadable for everybody.
    pub sealed: String,
    /// The number as its country writes it.
    pub phone_shown: String,
}

/// Whom a phone belongs to already.
#[derive(Debug, Clone, Default)]
pub struct Existing {
    /// A consumer.
    pub consumer: Option<ConsumerId>,
    /// People of shops.
    pub members: Vec<ExistingMember>,
}

/// Somebody of a shop with this phone.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ExistingMember {
    /// The person.
    pub member_id: MemberId,
    /// The shop.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Owner or cashier.
    pub role: MemberRole,
}

/// The right code was typed.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Goes into the next form.
    pub sealed: String,
    /// Who has this phone already.
    pub existing: Existing,
}

/// A phone that was proven a moment ago; a value of this type was consumed and cannot be used again.
pub struct VerifiedPhone {
    /// The number.
    pub phone: Phone,
    /// Its keyed hash.
    pub hash: Vec<u8>,
    /// The number, sealed for its table.
    pub sealed: Vec<u8>,
}

impl VerifiedPhone {
    /// A phone whose owner is known by other means: seeds and sandbox only.
    pub fn trusted(keys: &Keys, phone: Phone) -> Self {
        Self { hash: keys.phone_hash(&phone.e164), sealed: keys.seal("phone", phone.e164.as_bytes()), phone }
    }
}

const FORM: &str = "challenge-form";

/// Sends a code of six digits.
pub async fn start(tx: &mut Tx, keys: &Keys, now: Timestamp, country: Country, typed: &str) -> Result<Started, Error> {
    send_code(tx, keys, now, Phone::parse(country, typed)?).await
}

/// Sends a code to the phone that the actor's card is bound to, for what must not be done with her session alone.
/// `None`: her card knows no phone.
pub async fn start_own(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp) -> Result<Option<Started>, Error> {
    let consumer = actor.consumer()?;
    let Some((sealed, country)) = tx.query(OWN_PHONE).bind(consumer).maybe::<(Vec<u8>, Country)>().await? else {
        return Ok(None);
    };
    let e164 = keys.open("phone", &sealed).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Error::InvalidPhone)?;
    send_code(tx, keys, now, Phone { e164, country }).await.map(Some)
}

/// The code that [`start_own`] sent was typed: it is used up. A wrong one costs a try, and the caller commits then too.
pub async fn use_own(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, sealed: &str, code: &str) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    // Somebody else's phone proves nothing here, and no try is spent on it.
    if consumer_of(tx, &keys.phone_hash(&carried(keys, sealed)?.e164)).await? != Some(consumer) {
        return Err(Error::CodeExpired);
    }
    let verified = verify(tx, keys, now, sealed, code).await?;
    consume(tx, keys, now, &verified.sealed).await?;
    Ok(())
}

/// Sends another code to the phone of a form that was sent one, after [`AGAIN_MS`]; the earlier code goes on counting.
pub async fn again(tx: &mut Tx, keys: &Keys, now: Timestamp, sealed: &str) -> Result<Started, Error> {
    must_wait(tx, keys, now, sealed).await?;
    let Carried { e164, country, .. } = carried(keys, sealed)?;
    send_code(tx, keys, now, Phone { e164, country }).await
}

/// [`Error::TooSoon`] as long as the code of a form may still be on its way.
pub async fn must_wait(tx: &mut Tx, keys: &Keys, now: Timestamp, sealed: &str) -> Result<(), Error> {
    let sent: Option<(Timestamp,)> = tx.query(SENT).bind(carried(keys, sealed)?.challenge).maybe().await?;
    let left_ms = sent.map_or(0, |(sent,)| sent.plus_ms(AGAIN_MS).since(now));
    if left_ms <= 0 {
        return Ok(());
    }
    Err(Error::TooSoon(u32::try_from((left_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(u32::MAX)))
}

async fn send_code(tx: &mut Tx, keys: &Keys, now: Timestamp, phone: Phone) -> Result<Started, Error> {
    let hash = keys.phone_hash(&phone.e164);
    tx.query(FORGET).bind(now.plus_ms(-24 * HOUR_MS)).execute().await?;
    let (recent,): (i64,) = tx.query(RECENT).bind(hash.clone()).bind(now.plus_ms(-HOUR_MS)).one().await?;
    if recent >= STARTS_PER_HOUR {
        return Err(Error::TooMany(3_600));
    }
    let challenge: ChallengeId = tx.new_id();
    let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
    let code_hash = keys.code_hash(&challenge.to_string(), &code);
    tx.query(INSERT).bind(challenge).bind(hash).bind(code_hash).bind(TRIES).bind(now.plus_ms(CODE_MS)).bind(now).execute().await?;
    let notice = Notice {
        template: Template::Code,
        variables: vec![code],
        telephone: &phone.e164,
        hint: &phone.hint(),
        // She asks for it herself.
        consent: None,
        consumer: None,
        brand: None,
        time_zone: phone.country.time_zone(),
        valid_until: now.plus_ms(CODE_MS),
        dedupe_key: None,
    };
    notifications::notify(tx, now, keys, &notice).await?;
    let shown = phone::shown(&phone);
    let country = phone.country;
    Ok(Started { sealed: carry(keys, &Carried { challenge, e164: phone.e164, country }), phone_shown: shown })
}

/// Compares a code. A wrong one costs a try: the caller commits in that case too, see [`Error::WrongCode`].
pub async fn verify(tx: &mut Tx, keys: &Keys, now: Timestamp, sealed: &str, code: &str) -> Result<Verified, Error> {
    let carried = carried(keys, sealed)?;
    let row: Option<(Vec<u8>, i64)> = tx.query(TRY).bind(carried.challenge).bind(now).maybe().await?;
    let (expected, left) = row.ok_or(Error::CodeExpired)?;
    let typed = keys.code_hash(&carried.challenge.to_string(), code.trim());
    if !bool::from(expected.ct_eq(&typed)) {
        return Err(Error::WrongCode(left));
    }
    tx.query(RIGHT).bind(now).bind(now.plus_ms(VERIFIED_MS)).bind(carried.challenge).execute().await?;
    let hash = keys.phone_hash(&carried.e164);
    let consumer = consumer_of(tx, &hash).await?;
    let members = tx.query(MEMBERS_OF).bind(hash).all().await?;
    Ok(Verified { sealed: carry(keys, &carried), existing: Existing { consumer, members } })
}

/// Whose phone was verified a moment ago, as long as it is not used. `None`: nobody's yet.
pub async fn look(tx: &mut Tx, keys: &Keys, now: Timestamp, sealed: &str) -> Result<Option<ConsumerId>, Error> {
    let carried = carried(keys, sealed)?;
    let open: Option<(i64,)> = tx.query(VERIFIED).bind(carried.challenge).bind(now).maybe().await?;
    open.ok_or(Error::CodeExpired)?;
    consumer_of(tx, &keys.phone_hash(&carried.e164)).await
}

/// The consumer with a phone of this hash.
async fn consumer_of(tx: &mut Tx, hash: &[u8]) -> Result<Option<ConsumerId>, Error> {
    Ok(tx.query(CONSUMER_OF).bind(hash.to_vec()).maybe::<(ConsumerId,)>().await?.map(|(id,)| id))
}

impl VerifiedPhone {
    /// Who has it already.
    pub async fn consumer(&self, tx: &mut Tx) -> Result<Option<ConsumerId>, Error> {
        consumer_of(tx, &self.hash).await
    }
}

/// Uses a verified phone, once.
pub async fn consume(tx: &mut Tx, keys: &Keys, now: Timestamp, sealed: &str) -> Result<VerifiedPhone, Error> {
    let carried = carried(keys, sealed)?;
    if tx.query(CONSUME).bind(now).bind(carried.challenge).execute().await? != 1 {
        return Err(Error::CodeExpired);
    }
    Ok(VerifiedPhone::trusted(keys, Phone { e164: carried.e164, country: carried.country }))
}

fn carry(keys: &Keys, carried: &Carried) -> String {
    keys.seal_text(FORM, &serde_json::to_vec(carried).unwrap_or_default())
}
fn carried(keys: &Keys, sealed: &str) -> Result<Carried, Error> {
    let plain = keys.open_text(FORM, sealed).ok_or(Error::CodeExpired)?;
    serde_json::from_slice(&plain).map_err(|_| Error::CodeExpired)
}

sql! {
    RECENT: "SELECT COUNT(*) FROM challenge WHERE phone_hash = $1 AND created_at > $2";

    SENT: "SELECT created_at FROM challenge WHERE id = $1";

    OWN_PHONE: "SELECT t.phone_sealed, c.country FROM contact t JOIN consumer c ON c.id = t.consumer_id WHERE c.id = $1 AND c.deleted_at IS NULL";

    FORGET: "DELETE FROM challenge WHERE expires_at < $1";

    INSERT: "INSERT INTO challenge (id, phone_hash, code_hash, purpose, attempts_left, expires_at, created_at) VALUES ($1, $2, $3, 'phone', $4, $5, $6)";

    /// Pays before anything is compared: guesses that come at once cannot all see the last try.
    TRY: "UPDATE challenge SET attempts_left = attempts_left - 1 WHERE id = $1 AND expires_at > $2 AND attempts_left > 0 AND verified_at IS NULL
          RETURNING code_hash, attempts_left";

    RIGHT: "UPDATE challenge SET verified_at = $1, expires_at = $2 WHERE id = $3";

    VERIFIED: "SELECT verified_at FROM challenge WHERE id = $1 AND verified_at IS NOT NULL AND used_at IS NULL AND expires_at > $2";

    /// No row: never verified, over, or used already.
    CONSUME: "UPDATE challenge SET used_at = $1 WHERE id = $2 AND verified_at IS NOT NULL AND used_at IS NULL AND expires_at > $1";

    CONSUMER_OF: "SELECT t.consumer_id FROM contact t JOIN consumer c ON c.id = t.consumer_id WHERE t.phone_hash = $1 AND c.deleted_at IS NULL";

    MEMBERS_OF: "SELECT m.id AS member_id, m.shop_id, s.name AS shop_name, m.role FROM shop_member m JOIN shop s ON s.id = m.shop_id
                 WHERE m.phone_hash = $1 AND m.removed_at IS NULL ORDER BY m.created_at, m.id";
}
