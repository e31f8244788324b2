//! Shops and their people.

use data_encoding::BASE32_NOPAD;
use db::{Tx, sql};
use shared::{
    CivilDate, Currency, InvitationId, LocalTime, MemberId, Page, ShopId, Timestamp,
    identity::{Member, MemberRole, NewShop, Shop},
    page::PAGE_SIZE_MAX,
    time::DAY_MS,
};

use crate::{Actor, Error, Keys, audit, challenge::VerifiedPhone, keys::random, search_key};

/// How long an invitation is good.
pub const INVITATION_MS: i64 = DAY_MS;
const NAME_MAX: usize = 80;

/// The clock on a shop's wall. An unknown zone cannot be stored, so it can only be UTC here by a damaged row.
pub fn local(time_zone: &str, at: Timestamp) -> LocalTime {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    LocalTime { at, offset_seconds: zone.to_offset(instant).seconds() }
}

/// The date on a shop's wall.
pub fn local_date(time_zone: &str, at: Timestamp) -> CivilDate {
    local(time_zone, at).date()
}

/// The first instant of a date on a shop's wall: midnight, or what follows it where the clock jumps over midnight.
pub fn start_of_day(time_zone: &str, date: CivilDate) -> Timestamp {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day = jiff::civil::Date::new(date.year(), date.month(), date.day()).ok().and_then(|day| day.to_zoned(zone).ok());
    day.and_then(|day| day.start_of_day().ok()).map_or(Timestamp(i64::MAX), |start| Timestamp(start.timestamp().as_millisecond()))
}

/// When the clock on a wall shows this hour of a date; an hour that is jumped over is the next one.
pub fn hour_of_day(time_zone: &str, date: CivilDate, hour: i64) -> Timestamp {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day = jiff::civil::Date::new(date.year(), date.month(), date.day());
    let hour = i8::try_from(hour.clamp(0, 23)).unwrap_or_default();
    let zoned = day.ok().and_then(|day| day.at(hour, 0, 0, 0).to_zoned(zone).ok());
    zoned.map_or(Timestamp(i64::MAX), |zoned| Timestamp(zoned.timestamp().as_millisecond()))
}

fn text(value: &str, field: &'static str, required: bool) -> Result<String, Error> {
    let value = value.trim();
    if (required && value.is_empty()) || value.chars().count() > NAME_MAX || value.chars().any(char::is_control) {
        return Err(Error::Field(field));
    }
    Ok(value.to_owned())
}

/// A shop registers itself: the person with the verified phone is its owner.
pub async fn register(tx: &mut Tx, now: Timestamp, phone: &VerifiedPhone, new: &NewShop, owner: &str) -> Result<(ShopId, MemberId), Error> {
    let shop = insert(tx, now, new).await?;
    let member = insert_member(tx, now, shop, phone, owner, MemberRole::Owner).await?;
    audit::append(tx, now, &format!("member {member}"), None, Some(shop), "shop.registered", &shop.to_string(), None, None, None).await?;
    Ok((shop, member))
}

/// The operator, or a sandbox, adds a shop without people.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewShop) -> Result<Shop, Error> {
    actor.operates()?;
    let shop = insert(tx, now, new).await?;
    audit::record(tx, actor, now, "shop.created", shop, None, None, None).await?;
    get(tx, shop).await
}

pub(crate) async fn insert(tx: &mut Tx, now: Timestamp, new: &NewShop) -> Result<ShopId, Error> {
    let name = text(&new.name, "name", true)?;
    let zone = new.time_zone.as_deref().unwrap_or(new.country.time_zone());
    if jiff::tz::TimeZone::get(zone).is_err() {
        return Err(Error::Field("time_zone"));
    }
    let city = text(&new.city, "city", false)?;
    let search = search_key(&format!("{name} {city}"));
    let shop: ShopId = tx.new_id();
    tx.query(INSERT)
        .bind(shop)
        .bind(name)
        .bind(search)
        .bind(new.country)
        .bind(new.country.currency())
        .bind(zone)
        .bind(city)
        .bind(text(&new.zone, "zone", false)?)
        .bind(new.distributor_code.as_deref().map(|code| text(code, "distributor_code", false)).transpose()?)
        .bind(now)
        .execute()
        .await?;
    Ok(shop)
}

/// Adds a person to a shop.
pub async fn insert_member(
    tx: &mut Tx,
    now: Timestamp,
    shop: ShopId,
    phone: &VerifiedPhone,
    name: &str,
    role: MemberRole,
) -> Result<MemberId, Error> {
    let member: MemberId = tx.new_id();
    let name = text(name, "person", true)?;
    tx.query(INSERT_MEMBER)
        .bind(member)
        .bind(shop)
        .bind(name)
        .bind(role)
        .bind(phone.hash.clone())
        .bind(phone.sealed.clone())
        .bind(now)
        .execute()
        .await
        .map_err(|error| match error {
            db::Error::Unique => Error::Taken("phone"),
            db::Error::ForeignKey => Error::NotFound,
            other => other.into(),
        })?;
    Ok(member)
}

#[derive(sqlx::FromRow)]
struct ShopRow {
    id: ShopId,
    name: String,
    country: shared::Country,
    currency: Currency,
    time_zone: String,
    city: String,
    zone: String,
    created_at: Timestamp,
}

impl From<ShopRow> for Shop {
    fn from(row: ShopRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            country: row.country,
            currency: row.currency,
            time_zone: row.time_zone,
            city: row.city,
            zone: row.zone,
            created_at: row.created_at,
        }
    }
}

/// A shop of the platform: its name and place are on its own poster, so they are no secret.
pub async fn get(tx: &mut Tx, shop: ShopId) -> Result<Shop, Error> {
    Ok(tx.query(GET).bind(shop).maybe::<ShopRow>().await?.ok_or(Error::NotFound)?.into())
}

/// Shops for the operator, newest first, whose name or city holds the words.
pub async fn list(tx: &mut Tx, actor: &Actor, words: &str, cursor: Option<&str>, limit: i64) -> Result<Page<Shop>, Error> {
    actor.operator()?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = crate::audit::after(cursor)?;
    let like = format!("%{}%", search_key(words).replace(['%', '_'], ""));
    let rows = tx.query(LIST).bind(like).bind(before).bind(ShopId(before_id)).bind(limit + 1).all::<ShopRow>().await?;
    let mut items: Vec<Shop> = rows.into_iter().map(Shop::from).collect();
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| crate::audit::cursor(last.created_at, last.id.0));
    Ok(Page { items, next_cursor })
}

/// The people of the actor's shop.
pub async fn members(tx: &mut Tx, actor: &Actor) -> Result<Vec<Member>, Error> {
    let (_, shop, _) = actor.member()?;
    let rows: Vec<(MemberId, String, MemberRole)> = tx.query(MEMBERS).bind(shop).all().await?;
    Ok(rows.into_iter().map(|(id, name, role)| Member { id, name, role }).collect())
}

/// An owner lets a cashier in: the code is shown once and good for a day.
pub async fn invite(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp) -> Result<String, Error> {
    let (member, shop) = actor.owner()?;
    let code = BASE32_NOPAD.encode(&random::<5>());
    let id: InvitationId = tx.new_id();
    tx.query(INVITE)
        .bind(id)
        .bind(shop)
        .bind(member)
        .bind(keys.code_hash("invitation", &code))
        .bind(now.plus_ms(INVITATION_MS))
        .bind(now)
        .execute()
        .await?;
    audit::record(tx, actor, now, "invitation.created", id, None, None, None).await?;
    Ok(code)
}

/// Somebody with an invitation joins as a cashier.
pub async fn join(
    tx: &mut Tx,
    keys: &Keys,
    now: Timestamp,
    code: &str,
    phone: &VerifiedPhone,
    name: &str,
) -> Result<(ShopId, MemberId), Error> {
    let hash = keys.code_hash("invitation", code.trim().to_uppercase().as_str());
    let (shop,): (ShopId,) = tx.query(USE_INVITATION).bind(now).bind(hash).maybe().await?.ok_or(Error::CodeExpired)?;
    let member = insert_member(tx, now, shop, phone, name, MemberRole::Cashier).await?;
    audit::append(tx, now, &format!("member {member}"), None, Some(shop), "member.joined", &member.to_string(), None, None, None).await?;
    Ok((shop, member))
}

/// An owner lets somebody go: their sessions end at once, their devices are revoked.
pub async fn remove_member(tx: &mut Tx, actor: &Actor, now: Timestamp, member: MemberId) -> Result<(), Error> {
    let (me, shop) = actor.owner()?;
    if me == member {
        return Err(Error::LastOwner);
    }
    if tx.query(REMOVE).bind(now).bind(member).bind(shop).execute().await? != 1 {
        return Err(Error::NotFound);
    }
    tx.query(REVOKE_DEVICES).bind(now).bind(me).bind(member).bind(shop).execute().await?;
    audit::record(tx, actor, now, "member.removed", member, None, None, None).await
}

sql! {
    INSERT: "INSERT INTO shop (id, name, search_key, country, currency, time_zone, city, zone, distributor_code, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    INSERT_MEMBER: "INSERT INTO shop_member (id, shop_id, name, role, phone_hash, phone_sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    GET: "SELECT id, name, country, currency, time_zone, city, zone, created_at FROM shop WHERE id = $1";

    LIST: "SELECT id, name, country, currency, time_zone, city, zone, created_at FROM shop
           WHERE search_key LIKE $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
           ORDER BY created_at DESC, id DESC LIMIT $4";

    MEMBERS: "SELECT id, name, role FROM shop_member WHERE shop_id = $1 AND removed_at IS NULL ORDER BY created_at, id LIMIT 100";

    INVITE: "INSERT INTO invitation (id, shop_id, invited_by, code_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)";

    /// No row: never given, over, or used already.
    USE_INVITATION: "UPDATE invitation SET used_at = $1 WHERE code_hash = $2 AND used_at IS NULL AND expires_at > $1 RETURNING shop_id";

    REMOVE: "UPDATE shop_member SET removed_at = $1 WHERE id = $2 AND shop_id = $3 AND role = 'cashier' AND removed_at IS NULL";

    REVOKE_DEVICES: "UPDATE device SET revoked_at = $1, revoked_by = $2 WHERE member_id = $3 AND shop_id = $4 AND revoked_at IS NULL";
}
