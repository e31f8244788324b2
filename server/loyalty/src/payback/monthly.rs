//! The month's account on the owner's telephone: what her shop earned by rewards and incentives, and what is still owed.
//!
//! She asks for it herself, and her decision is the proof that each message names. A month is told once.

use db::{Db, Tx, sql};
use identity::{Actor, Phone, audit};
use notifications::{ConsentUsed, Notice, Template};
use shared::{CivilDate, ConsentId, MemberId, ShopId, Timestamp, format, time::DAY_MS};

use super::owed;
use crate::{Error, Loyalty};

/// Which text she agreed to (`tendero-monthly-text`).
const TEXT_VERSION: &str = "1";
/// Owners that are read at once.
const OWNERS_MAX: i64 = 100;
/// Months are told in their first days: who asks for it later hears of the next one.
const DAYS_MAX: i8 = 5;
/// A message that did not leave within this is not worth it any more.
const VALID_MS: i64 = 5 * DAY_MS;

/// An owner wants the month's account on her telephone, or no more.
pub async fn decide(tx: &mut Tx, actor: &Actor, now: Timestamp, granted: bool, device: &str) -> Result<(), Error> {
    let (member, shop) = actor.owner()?;
    if wanted(tx, actor).await? == granted {
        return Ok(());
    }
    let id: ConsentId = tx.new_id();
    let device: String = device.chars().filter(|letter| !letter.is_control()).take(120).collect();
    tx.query(DECIDE).bind(id).bind(shop).bind(member).bind(granted).bind(TEXT_VERSION).bind(device).bind(now).execute().await?;
    audit::record(tx, actor, now, "shop.monthly_account", shop, None, Some(serde_json::json!({ "granted": granted })), None).await?;
    Ok(())
}

/// Whether the owner who asks gets it.
pub async fn wanted(tx: &mut Tx, actor: &Actor) -> Result<bool, Error> {
    let (member, _) = actor.owner()?;
    let newest: Option<(bool,)> = tx.query(NEWEST).bind(member).maybe().await?;
    Ok(newest.is_some_and(|(granted,)| granted))
}

#[derive(sqlx::FromRow)]
struct Owner {
    member_id: MemberId,
    shop_id: ShopId,
    phone_sealed: Vec<u8>,
    consent_id: ConsentId,
    decided_at: Timestamp,
}

/// Tells every owner who asked for it the month before, in the first days of a month. Answers how many were told.
pub async fn tell(db: &Db, loyalty: &Loyalty, now: Timestamp) -> Result<usize, Error> {
    let (mut told, mut after) = (0, MemberId(uuid::Uuid::nil()));
    loop {
        let owners: Vec<Owner> = db.read().await?.query(OWNERS).bind(after).bind(OWNERS_MAX).all().await?;
        let Some(last) = owners.last() else { return Ok(told) };
        after = last.member_id;
        for owner in &owners {
            match tell_one(db, loyalty, now, owner).await {
                Ok(one) => told += usize::from(one),
                // One shop must not keep all others from theirs; it is tried again with the next look.
                Err(error) => tracing::error!(%error, shop.id = %owner.shop_id, "The month could not be told to a shop"),
            }
        }
    }
}

/// The account is added up among the readers; the one writer is only asked to note it.
async fn tell_one(db: &Db, loyalty: &Loyalty, now: Timestamp, owner: &Owner) -> Result<bool, Error> {
    let mut tx = db.read().await?;
    let shop = identity::shop::get(&mut tx, owner.shop_id).await?;
    let today = identity::shop::local_date(&shop.time_zone, now);
    let Some((first, end)) = month_before(today).filter(|_| today.day() <= DAYS_MAX) else { return Ok(false) };
    let month: String = first.to_string().chars().take(7).collect();
    if tx.query(IS_TOLD).bind(owner.member_id).bind(month.clone()).maybe::<(i64,)>().await?.is_some() {
        return Ok(false);
    }
    let (earned,): (i64,) = tx.query(EARNED).bind(owner.shop_id).bind(shop.currency).bind(first).bind(end).one().await?;
    let open: i64 = owed::of_shop(&mut tx, owner.shop_id, now)
        .await?
        .iter()
        .filter(|owed| owed.currency == shop.currency)
        .map(|owed| owed.owed_minor())
        .sum();
    drop(tx);
    let mut tx = db.begin().await?;
    // First the row: two workers meet its key, and one of them tells.
    if tx.query(TELL).bind(owner.member_id).bind(month.clone()).bind(now).execute().await? == 0 {
        return Ok(false);
    }
    let e164 = loyalty.keys.open("phone", &owner.phone_sealed).and_then(|bytes| String::from_utf8(bytes).ok());
    // Nothing happened, or nobody can be reached: that is told by nothing.
    let Some(e164) = e164.filter(|_| earned != 0 || open != 0) else {
        tx.commit().await?;
        return Ok(false);
    };
    let phone = Phone { e164, country: shop.country };
    let money = |minor| format::money(minor, shop.currency, shop.country);
    let notice = Notice {
        template: Template::ShopStatement,
        variables: vec![shop.name, words(first), money(earned), money(open)],
        telephone: &phone.e164,
        hint: &phone.hint(),
        consent: Some(ConsentUsed { id: owner.consent_id, at: owner.decided_at }),
        consumer: None,
        brand: None,
        time_zone: &shop.time_zone,
        valid_until: now.plus_ms(VALID_MS),
        dedupe_key: Some(format!("shop_statement {} {month}", owner.member_id)),
    };
    let message = notifications::notify(&mut tx, now, &loyalty.keys, &notice).await?;
    tx.commit().await?;
    Ok(message.is_some())
}

/// First day of the month before, and of this one.
fn month_before(today: CivilDate) -> Option<(CivilDate, CivilDate)> {
    let end = CivilDate::new(today.year(), today.month(), 1)?;
    let last = end.plus_days(-1)?;
    Some((CivilDate::new(last.year(), last.month(), 1)?, end))
}

/// `febrero de 2026`
fn words(first: CivilDate) -> String {
    const MONTHS: [&str; 12] =
        ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
    let month = usize::try_from(first.month()).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied().unwrap_or_default();
    format!("{month} de {}", first.year())
}

sql! {
    DECIDE: "INSERT INTO statement_consent (id, shop_id, member_id, granted, text_version, device, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    NEWEST: "SELECT granted FROM statement_consent WHERE member_id = $1 ORDER BY decided_at DESC, id DESC LIMIT 1";

    /// Owners whose newest decision is that they want it. Somebody of every shop: this is the platform's own work.
    OWNERS: "SELECT m.id AS member_id, m.shop_id, m.phone_sealed, c.id AS consent_id, c.decided_at
             FROM statement_consent c JOIN shop_member m ON m.id = c.member_id JOIN shop s ON s.id = m.shop_id
             WHERE c.granted AND m.id > $1 AND m.role = 'owner' AND m.removed_at IS NULL AND s.closed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM statement_consent n WHERE n.member_id = c.member_id AND (n.decided_at > c.decided_at OR (n.decided_at = c.decided_at AND n.id > c.id)))
             ORDER BY m.id LIMIT $2";

    IS_TOLD: "SELECT CAST(1 AS BIGINT) FROM statement_told WHERE member_id = $1 AND month = $2";

    TELL: "INSERT INTO statement_told (member_id, month, told_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    EARNED: "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM owed_entry WHERE shop_id = $1 AND currency = $2 AND business_date >= $3 AND business_date < $4";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_january_the_month_before_is_december() {
        let (first, end) = month_before("2026-01-03".parse().unwrap()).unwrap();

        assert_eq!(
            (first.to_string().as_str(), end.to_string().as_str(), words(first).as_str()),
            ("2025-12-01", "2026-01-01", "diciembre de 2025")
        );
    }
}
