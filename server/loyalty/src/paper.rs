//! Rewards for whoever has her card on paper only.
//!
//! Paper can be copied, so it opens no reward by itself: a code goes to the telephone that was verified for the card, and
//! she tells it to the shop that asked. The code is good for one reward at one shop, for ten minutes and three tries. It is
//! no code to sign in with: the shop hears it.

use db::{Tx, sql};
use identity::Actor;
use notifications::{Notice, Template};
use rand::Rng;
use shared::{
    ConsumerId, RewardInstanceId, ShopId, Timestamp,
    loyalty::{
        CardCode, Delivery, NewDelivery, RewardStatus,
        paper::{PaperCard, PaperCode, PaperReward},
    },
    time::{DAY_MS, MINUTE_MS},
};
use subtle::ConstantTimeEq;

use crate::{Error, Loyalty, card, reward, settle};

/// How long a code can be typed.
pub const CODE_MS: i64 = 10 * MINUTE_MS;
/// Wrong tries of one code.
pub const TRIES: i64 = 3;
/// Codes for one reward in a day.
pub const CODES_PER_DAY: i64 = 5;
/// Rewards that are told.
const REWARDS_MAX: usize = 50;

/// What waits for a card on paper, for the shop where it is shown.
pub async fn look(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, code: &str) -> Result<PaperCard, Error> {
    let (consumer, label, _) = holder(tx, loyalty, actor, now, code).await?;
    let all = reward::of_consumer(tx, &Actor::System, consumer).await?;
    let rewards = all
        .into_iter()
        .filter(|given| matches!(given.status, RewardStatus::Issued | RewardStatus::Reserved))
        .filter(|given| given.reserved_until.is_none_or(|until| now < until))
        .map(|given| PaperReward { id: given.id, name: given.name, brand_name: given.brand_name })
        .take(REWARDS_MAX)
        .collect();
    let has_phone = identity::reach::phone(tx, &loyalty.keys, consumer).await?.is_some();
    Ok(PaperCard { label, rewards, has_phone })
}

/// Sends the code for one of them; the one before is void. [`Error::NoPhone`]: nobody verified a telephone for this card.
/// [`Error::CodesSpent`] after [`CODES_PER_DAY`].
pub async fn send_code(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    code: &str,
    instance: RewardInstanceId,
) -> Result<PaperCode, Error> {
    let (consumer, _, shop) = holder(tx, loyalty, actor, now, code).await?;
    let waiting = mine(tx, consumer, instance).await?;
    let Some(phone) = identity::reach::phone(tx, &loyalty.keys, consumer).await? else {
        return Err(Error::NoPhone);
    };
    let digits = format!("{:06}", rand::rng().random_range(0..1_000_000));
    let expires_at = now.plus_ms(CODE_MS);
    let rows = tx
        .query(KEEP)
        .bind(instance)
        .bind(shop)
        .bind(loyalty.keys.code_hash(&about(instance, shop), &digits))
        .bind(TRIES)
        .bind(now)
        .bind(expires_at)
        .bind(now.plus_ms(-DAY_MS))
        .bind(CODES_PER_DAY)
        .execute()
        .await?;
    if rows == 0 {
        return Err(Error::CodesSpent);
    }
    let shop_name = identity::shop::get(tx, shop).await?.name;
    let hint = phone.hint();
    let notice = Notice {
        template: Template::Redemption,
        variables: vec![digits, waiting, shop_name],
        telephone: &phone.e164,
        hint: &hint,
        // She stands at the counter and asks for it.
        consent: None,
        consumer: Some(consumer),
        brand: None,
        time_zone: phone.country.time_zone(),
        valid_until: expires_at,
        dedupe_key: None,
    };
    notifications::notify(tx, now, &loyalty.keys, &notice).await?;
    Ok(PaperCode { hint, expires_at })
}

/// Hands the reward over when the code is right. A wrong one costs a try: the caller commits in that case too.
pub async fn deliver(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    code: &str,
    instance: RewardInstanceId,
    digits: &str,
) -> Result<Delivery, Error> {
    let (consumer, _, shop) = holder(tx, loyalty, actor, now, code).await?;
    mine(tx, consumer, instance).await?;
    let row: Option<(Vec<u8>, i64)> = tx.query(TRY).bind(instance).bind(shop).bind(now).maybe().await?;
    let (expected, left) = row.ok_or(identity::Error::CodeExpired)?;
    let typed = loyalty.keys.code_hash(&about(instance, shop), digits.trim());
    if !bool::from(expected.ct_eq(&typed)) {
        return Err(identity::Error::WrongCode(left).into());
    }
    tx.query(USED).bind(instance).execute().await?;
    let code = reward::code_of(tx, instance).await?;
    reward::deliver(tx, loyalty, actor, now, &NewDelivery { code, shop_id: None }).await
}

/// Whose card on paper it is, and where it is shown. A code of a telephone needs no other one: its reward has its own.
async fn holder(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, code: &str) -> Result<(ConsumerId, String, ShopId), Error> {
    let (_, shop, _) = actor.member()?;
    let code: CardCode = code.trim().parse().map_err(|_| Error::UnknownCard)?;
    if !matches!(code, CardCode::Printed { .. }) {
        return Err(Error::NotOnPaper);
    }
    let holder = card::find_live(tx, loyalty, &code, shop, now, now).await?;
    if holder.blocked_at.is_some() {
        return Err(Error::CardBlocked);
    }
    Ok((holder.consumer, holder.label(), shop))
}

/// The name of a reward of hers that waits, with her lock.
async fn mine(tx: &mut Tx, consumer: ConsumerId, instance: RewardInstanceId) -> Result<String, Error> {
    if settle::lock_whose(tx, reward::WHOSE, instance.0).await? != Some(consumer) {
        return Err(Error::NoSuchReward);
    }
    Ok(reward::one(tx, instance).await?.name)
}

/// What a code is about: another shop or another reward makes another hash of the same digits.
fn about(instance: RewardInstanceId, shop: ShopId) -> String {
    format!("redemption:{instance}:{shop}")
}

sql! {
    /// No row: enough codes were sent for it today.
    KEEP: "INSERT INTO redemption_code (reward_instance_id, shop_id, code_hash, tries_left, sent, first_sent_at, expires_at) VALUES ($1, $2, $3, $4, 1, $5, $6)
           ON CONFLICT (reward_instance_id) DO UPDATE SET shop_id = excluded.shop_id, code_hash = excluded.code_hash, tries_left = excluded.tries_left,
               sent = CASE WHEN redemption_code.first_sent_at > $7 THEN redemption_code.sent + 1 ELSE 1 END,
               first_sent_at = CASE WHEN redemption_code.first_sent_at > $7 THEN redemption_code.first_sent_at ELSE excluded.first_sent_at END,
               expires_at = excluded.expires_at
           WHERE redemption_code.first_sent_at <= $7 OR redemption_code.sent < $8";

    /// Pays before anything is compared: guesses that come at once cannot all see the last try.
    TRY: "UPDATE redemption_code SET tries_left = tries_left - 1 WHERE reward_instance_id = $1 AND shop_id = $2 AND expires_at > $3 AND tries_left > 0
          RETURNING code_hash, tries_left";

    USED: "UPDATE redemption_code SET tries_left = 0 WHERE reward_instance_id = $1";
}
