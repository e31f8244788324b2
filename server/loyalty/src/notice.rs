//! What a consumer is told on her telephone by itself: that she won a reward, and that something of hers expires in a week.
//!
//! Somebody without a telephone, or who did not agree to notices, is told nothing, and that is no error. What is told
//! once is never told again: a reward has one message, and so has what expires in a wallet on one instant.

use std::time::Duration;

use db::{Db, Tx, sql};
use identity::{consent::Purpose, reach};
use jobs::{JobError, Registry};
use notifications::{Notice, Template};
use shared::{BrandId, ConsumerId, RewardInstanceId, Timestamp, WalletId, format, loyalty::campaign::Unit, time::DAY_MS};
use uuid::Uuid;

use crate::{Error, Loyalty};

const TELL_REWARD: &str = "loyalty.tell_reward";
/// How long before it expires something is told.
pub const EXPIRY_TOLD_MS: i64 = 7 * DAY_MS;
/// A message about a reward that did not leave within this is not worth it any more.
const REWARD_NEWS_MS: i64 = 2 * DAY_MS;
/// Wallets that are looked for at once.
const WALLETS_MAX: i64 = 200;
/// Wallets that are told in one transaction: on SQLite sales wait for it.
const TOLD_AT_ONCE: usize = 10;
/// Between two such transactions. A day's points of a whole city expire on one midnight, and nobody hurries to hear of it.
const BREATH: Duration = Duration::from_millis(50);
/// Notices are the platform's, of whatever brand they speak.
const CONTROLLER: &str = "platform";

/// Puts the messages into a worker's registry.
pub fn register(registry: Registry, loyalty: Loyalty) -> Registry {
    registry.subscribe("loyalty.reward_issued", TELL_REWARD).inside(TELL_REWARD, move |tx, now, job| {
        let loyalty = loyalty.clone();
        Box::pin(async move {
            let instance = job.payload["data"]["reward_instance_id"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| JobError::Hopeless("no reward".into()))?;
            reward(tx, &loyalty, now, instance).await.map_err(|error| match error {
                Error::Store(error) => JobError::Store(error),
                other => JobError::Retry(other.to_string()),
            })
        })
    })
}

#[derive(sqlx::FromRow)]
struct Won {
    person: ConsumerId,
    brand_id: BrandId,
    reward_name: String,
    brand_name: String,
}

async fn reward(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, instance: RewardInstanceId) -> Result<(), Error> {
    // No row: it was handed over or taken back before anybody could tell her.
    let Some(won) = tx.query(WON).bind(instance).maybe::<Won>().await? else {
        return Ok(());
    };
    let Some(reach) = reach::of(tx, &loyalty.keys, won.person, Purpose::Notices, CONTROLLER).await? else {
        return Ok(());
    };
    let notice = Notice {
        template: Template::Reward,
        variables: vec![won.reward_name, won.brand_name],
        telephone: &reach.phone.e164,
        hint: &reach.phone.hint(),
        consent: Some(reach.consent),
        consumer: Some(won.person),
        brand: Some(won.brand_id),
        time_zone: reach.phone.country.time_zone(),
        valid_until: now.plus_ms(REWARD_NEWS_MS),
        dedupe_key: Some(format!("reward {instance}")),
    };
    notifications::notify(tx, now, &loyalty.keys, &notice).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Expiring {
    wallet_id: WalletId,
    person: ConsumerId,
    brand_id: BrandId,
    brand_name: String,
    unit: Unit,
    expires_at: Timestamp,
    amount: i64,
}

/// Tells everybody what expires within a week, each thing once. Answers how many wallets were told.
///
/// Whom to tell is read beside whoever sells, page after page in the order of an index; only a page's own rows are written
/// in a transaction.
pub async fn tell_expiring(db: &Db, loyalty: &Loyalty, now: Timestamp) -> Result<usize, Error> {
    let mut told = 0;
    let (mut instant, mut wallet) = (now, WalletId(Uuid::max()));
    loop {
        let mut tx = db.read().await?;
        let page: Vec<Expiring> =
            tx.query(EXPIRING).bind(instant).bind(wallet).bind(now.plus_ms(EXPIRY_TOLD_MS)).bind(WALLETS_MAX).all().await?;
        drop(tx);
        let Some(last) = page.last() else {
            return Ok(told);
        };
        (instant, wallet) = (last.expires_at, last.wallet_id);
        for some in page.chunks(TOLD_AT_ONCE) {
            let mut tx = db.begin().await?;
            for expiring in some {
                tell_one(&mut tx, loyalty, now, expiring).await?;
            }
            tx.commit().await?;
            tokio::time::sleep(BREATH).await;
        }
        told += page.len();
    }
}

async fn tell_one(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, expiring: &Expiring) -> Result<(), Error> {
    // First the row: two workers meet its key, and one of them tells.
    if tx.query(TOLD).bind(expiring.wallet_id).bind(expiring.expires_at).bind(now).execute().await? == 0 {
        return Ok(());
    }
    let Some(reach) = reach::of(tx, &loyalty.keys, expiring.person, Purpose::Notices, CONTROLLER).await? else {
        return Ok(());
    };
    let country = reach.phone.country;
    let unit = if expiring.unit == Unit::Points { "puntos" } else { "sellos" };
    // It ends with the day before: the last on which it can be used.
    let last = identity::shop::local_date(country.time_zone(), expiring.expires_at.plus_ms(-1));
    let notice = Notice {
        template: Template::Expiry,
        variables: vec![format::integer(expiring.amount, country), unit.into(), expiring.brand_name.clone(), format::date(last)],
        telephone: &reach.phone.e164,
        hint: &reach.phone.hint(),
        consent: Some(reach.consent),
        consumer: Some(expiring.person),
        brand: Some(expiring.brand_id),
        time_zone: country.time_zone(),
        valid_until: expiring.expires_at,
        dedupe_key: Some(format!("expiry {} {}", expiring.wallet_id, expiring.expires_at.0)),
    };
    notifications::notify(tx, now, &loyalty.keys, &notice).await?;
    Ok(())
}

/// Says hello to somebody who just signed up and wants notices.
pub(crate) async fn welcome(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    let Some(reach) = reach::of(tx, &loyalty.keys, consumer, Purpose::Notices, CONTROLLER).await? else {
        return Ok(());
    };
    let name = if reach.name.is_empty() { "vecina o vecino".to_owned() } else { reach.name.clone() };
    let notice = Notice {
        template: Template::Welcome,
        variables: vec![name],
        telephone: &reach.phone.e164,
        hint: &reach.phone.hint(),
        consent: Some(reach.consent),
        consumer: Some(consumer),
        brand: None,
        time_zone: reach.phone.country.time_zone(),
        valid_until: now.plus_ms(DAY_MS),
        dedupe_key: Some(format!("welcome {consumer}")),
    };
    notifications::notify(tx, now, &loyalty.keys, &notice).await?;
    Ok(())
}

sql! {
    WON: "SELECT COALESCE(c.merged_into, c.id) AS person, i.brand_id, r.name AS reward_name, b.name AS brand_name
          FROM reward_instance i JOIN reward r ON r.id = i.reward_id JOIN brand b ON b.id = i.brand_id JOIN consumer c ON c.id = i.consumer_id
          WHERE i.id = $1 AND i.status = 'issued'";

    /// What never expires is no part of the index, and has to be left out in its words.
    EXPIRING: "SELECT w.id AS wallet_id, w.consumer_id AS person, w.brand_id, b.name AS brand_name, w.unit, l.expires_at, l.amount
               FROM (SELECT expires_at, wallet_id, CAST(SUM(remaining) AS BIGINT) AS amount FROM lot
                     WHERE remaining > 0 AND expires_at < 9223372036854775807 AND (expires_at, wallet_id) > ($1, $2) AND expires_at <= $3
                       AND NOT EXISTS (SELECT 1 FROM expiry_told t WHERE t.wallet_id = lot.wallet_id AND t.expires_at = lot.expires_at)
                     GROUP BY expires_at, wallet_id ORDER BY expires_at, wallet_id LIMIT $4) l
                    JOIN wallet w ON w.id = l.wallet_id JOIN brand b ON b.id = w.brand_id
               ORDER BY l.expires_at, l.wallet_id";

    TOLD: "INSERT INTO expiry_told (wallet_id, expires_at, told_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
}
