//! Sessions on the server: the cookie carries a random text, the table its hash.

use db::{Tx, sql};
use shared::{
    ConsumerId, DeviceId, MemberId, OrganisationId, SessionId, ShopId, Timestamp, UserId,
    identity::{MemberRole, OrganisationKind, UserRole},
    time::{DAY_MS, HOUR_MS},
};
use uuid::Uuid;

use crate::{
    Actor, Error, Persona, audit,
    keys::{secret_text, token_hash},
};

/// Whose session it will be.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// A consumer.
    Consumer(ConsumerId),
    /// Somebody of a shop.
    Member(MemberId, ShopId),
    /// Somebody of an organisation, on the front of its kind.
    User(UserId, OrganisationId, OrganisationKind),
}

/// A session that was opened; the text goes into the cookie and nowhere else.
pub struct Opened {
    /// Which front.
    pub persona: Persona,
    /// The cookie's value.
    pub token: String,
    /// Seconds until it ends.
    pub max_age_seconds: i64,
}

const fn lifetime_ms(persona: Persona) -> i64 {
    match persona {
        Persona::Consumer => 180 * DAY_MS,
        Persona::Tendero => 90 * DAY_MS,
        Persona::Brand | Persona::Backoffice => 12 * HOUR_MS,
    }
}

/// Opens a session.
pub async fn open(tx: &mut Tx, now: Timestamp, subject: Subject) -> Result<Opened, Error> {
    let (persona, id, tenant, shop): (_, Uuid, Option<OrganisationId>, Option<ShopId>) = match subject {
        Subject::Consumer(consumer) => (Persona::Consumer, consumer.0, None, None),
        Subject::Member(member, shop) => (Persona::Tendero, member.0, None, Some(shop)),
        Subject::User(user, tenant, OrganisationKind::BrandOwner) => (Persona::Brand, user.0, Some(tenant), None),
        Subject::User(user, tenant, OrganisationKind::Operator) => (Persona::Backoffice, user.0, Some(tenant), None),
    };
    let token = secret_text();
    let session: SessionId = tx.new_id();
    let lifetime = lifetime_ms(persona);
    tx.query(FORGET).bind(now.plus_ms(-30 * DAY_MS)).execute().await?;
    tx.query(INSERT)
        .bind(session)
        .bind(token_hash(&token))
        .bind(persona)
        .bind(id)
        .bind(tenant)
        .bind(shop)
        .bind(now)
        .bind(now.plus_ms(lifetime))
        .execute()
        .await?;
    Ok(Opened { persona, token, max_age_seconds: lifetime / 1_000 })
}

#[derive(sqlx::FromRow)]
struct Row {
    id: SessionId,
    subject_id: Uuid,
    device_id: Option<DeviceId>,
}

/// Whose session a cookie is. Anything unknown, over, closed, or of somebody who was removed is nobody's.
pub async fn resolve(tx: &mut Tx, now: Timestamp, persona: Persona, token: &str) -> Result<Actor, Error> {
    let Some(row) = tx.query(FIND).bind(token_hash(token)).bind(persona).bind(now).maybe::<Row>().await? else {
        return Ok(Actor::Anonymous);
    };
    let actor = match persona {
        Persona::Consumer => {
            let alive: Option<(ConsumerId,)> = tx.query(CONSUMER).bind(row.subject_id).maybe().await?;
            alive.map(|(consumer,)| Actor::Consumer { consumer, session: row.id })
        }
        Persona::Tendero => {
            let member: Option<(MemberId, ShopId, MemberRole)> = tx.query(MEMBER).bind(row.subject_id).maybe().await?;
            member.map(|(member, shop, role)| Actor::Member { member, shop, role, device: row.device_id, session: row.id })
        }
        Persona::Brand | Persona::Backoffice => {
            let user: Option<(UserId, OrganisationId, OrganisationKind, UserRole)> = tx.query(USER).bind(row.subject_id).maybe().await?;
            user.map(|(user, tenant, kind, role)| Actor::User { user, tenant, kind, role, session: row.id })
        }
    };
    Ok(actor.unwrap_or(Actor::Anonymous))
}

/// True for the cookie of a session that was ended elsewhere: whoever signs out here loses the cookie, too.
pub async fn ended_elsewhere(tx: &mut Tx, persona: Persona, token: &str) -> Result<bool, Error> {
    let closed: Option<(SessionId,)> = tx.query(CLOSED).bind(token_hash(token)).bind(persona).maybe().await?;
    Ok(closed.is_some())
}

/// Ends the actor's session. Nobody's session ends quietly, too.
pub async fn close(tx: &mut Tx, now: Timestamp, actor: &Actor) -> Result<(), Error> {
    if let Actor::Consumer { session, .. } | Actor::Member { session, .. } | Actor::User { session, .. } = actor {
        tx.query(CLOSE).bind(now).bind(*session).execute().await?;
    }
    Ok(())
}

/// Ends every session of a consumer, and the codes that would open one.
pub async fn close_all(tx: &mut Tx, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    tx.query(CLOSE_ALL).bind(now).bind(Persona::Consumer).bind(consumer).execute().await?;
    audit::append(tx, now, &format!("consumer {consumer}"), None, None, "sessions.closed", &consumer.to_string(), None, None, None).await?;
    crate::card_move::forget(tx, consumer).await
}

sql! {
    INSERT: "INSERT INTO session (id, token_hash, persona, subject_id, tenant_id, shop_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    FORGET: "DELETE FROM session WHERE expires_at < $1";

    FIND: "SELECT id, subject_id, device_id FROM session WHERE token_hash = $1 AND persona = $2 AND expires_at > $3 AND revoked_at IS NULL";

    CLOSED: "SELECT id FROM session WHERE token_hash = $1 AND persona = $2 AND revoked_at IS NOT NULL";

    CONSUMER: "SELECT id FROM consumer WHERE id = $1 AND deleted_at IS NULL";

    MEMBER: "SELECT id, shop_id, role FROM shop_member WHERE id = $1 AND removed_at IS NULL";

    USER: "SELECT u.id, u.tenant_id, o.kind, u.role FROM org_user u JOIN organisation o ON o.id = u.tenant_id WHERE u.id = $1 AND u.disabled_at IS NULL";

    CLOSE: "UPDATE session SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";

    CLOSE_ALL: "UPDATE session SET revoked_at = $1 WHERE persona = $2 AND subject_id = $3 AND revoked_at IS NULL";
}
