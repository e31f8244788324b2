//! Who did what, to what, and why: append-only.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use db::{Tx, sql};
use serde_json::Value;
use shared::{AuditId, MemberId, OrganisationId, Page, ShopId, Timestamp, UserId, identity::AuditEvent, page::PAGE_SIZE_MAX};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Actor, Error};

/// Adds a line for what the actor did.
#[allow(clippy::too_many_arguments, reason = "the columns of the audit")]
pub async fn record(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    verb: &str,
    subject: impl std::fmt::Display,
    before: Option<Value>,
    after: Option<Value>,
    why: Option<&str>,
) -> Result<(), Error> {
    let shop = actor.member().ok().map(|(_, shop, _)| shop);
    append(tx, now, &actor.label(), actor.tenant().ok(), shop, verb, &subject.to_string(), before, after, why).await
}

#[allow(clippy::too_many_arguments, reason = "the columns of the audit")]
pub(crate) async fn append(
    tx: &mut Tx,
    now: Timestamp,
    actor: &str,
    tenant: Option<OrganisationId>,
    shop: Option<ShopId>,
    verb: &str,
    subject: &str,
    before: Option<Value>,
    after: Option<Value>,
    why: Option<&str>,
) -> Result<(), Error> {
    let id: AuditId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(now)
        .bind(actor)
        .bind(tenant)
        .bind(shop)
        .bind(verb)
        .bind(subject)
        .bind(before.map(Json))
        .bind(after.map(Json))
        .bind(why)
        .execute()
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AuditId,
    at: Timestamp,
    actor: String,
    verb: String,
    subject: String,
    before_state: Option<Json<Value>>,
    after_state: Option<Json<Value>>,
    why: Option<String>,
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self {
            at: row.at,
            actor: row.actor,
            verb: row.verb,
            subject: row.subject,
            before: row.before_state.map(|state| state.0),
            after: row.after_state.map(|state| state.0),
            why: row.why,
        }
    }
}

/// A line with the name of whoever did it, when it was a person who still has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The line.
    pub event: AuditEvent,
    /// The person's name.
    pub name: Option<String>,
}

/// The whole audit for the operator, newest first: lines whose verb begins with `area` (`product.`, or empty) and whose
/// person, thing or reason holds the words.
pub async fn search(
    tx: &mut Tx,
    actor: &Actor,
    area: &str,
    words: &str,
    cursor_text: Option<&str>,
    limit: i64,
) -> Result<Page<Signed>, Error> {
    actor.operator()?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = after(cursor_text)?;
    let plain = |text: &str| text.trim().to_lowercase().replace(['%', '\\'], "");
    let (area, words) = (format!("{}%", plain(area)), format!("%{}%", plain(words)));
    let mut rows: Vec<Row> = tx.query(SEARCH).bind(area).bind(words).bind(before).bind(AuditId(before_id)).bind(limit + 1).all().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor(last.at, last.id.0));
    let mut names: HashMap<String, Option<String>> = HashMap::new();
    for row in &rows {
        if !names.contains_key(&row.actor) {
            names.insert(row.actor.clone(), name_of(tx, &row.actor).await?);
        }
    }
    let items = rows.into_iter().map(|row| Signed { name: names.get(&row.actor).cloned().flatten(), event: row.into() }).collect();
    Ok(Page { items, next_cursor })
}

/// The name behind an actor's label. Consumers stay pseudonyms.
async fn name_of(tx: &mut Tx, label: &str) -> Result<Option<String>, Error> {
    let found: Option<(String,)> = match label.split_once(' ') {
        Some(("user", id)) => match id.parse::<UserId>() {
            Ok(user) => tx.query(USER_NAME).bind(user).maybe().await?,
            Err(_) => None,
        },
        Some(("member", id)) => match id.parse::<MemberId>() {
            Ok(member) => tx.query(MEMBER_NAME).bind(member).maybe().await?,
            Err(_) => None,
        },
        _ => None,
    };
    Ok(found.map(|(name,)| name))
}

/// The audit, newest first: all of it for the operator, a tenant's own part for its administrators.
pub async fn list(tx: &mut Tx, actor: &Actor, cursor_text: Option<&str>, limit: i64) -> Result<Page<AuditEvent>, Error> {
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = after(cursor_text)?;
    let rows: Vec<Row> = if actor.operator().is_ok() {
        tx.query(LIST_ALL).bind(before).bind(AuditId(before_id)).bind(limit + 1).all().await?
    } else {
        let tenant = actor.tenant()?;
        actor.administers(tenant)?;
        tx.query(LIST).bind(tenant).bind(before).bind(AuditId(before_id)).bind(limit + 1).all().await?
    };
    let more = rows.len() as i64 > limit;
    let next_cursor = rows.get(limit as usize - 1).filter(|_| more).map(|last| cursor(last.at, last.id.0));
    let items = rows.into_iter().take(limit as usize).map(AuditEvent::from).collect();
    Ok(Page { items, next_cursor })
}

/// A place in a list that is ordered by instant and id, newest first: opaque outside.
pub fn cursor(at: Timestamp, id: Uuid) -> String {
    let mut bytes = at.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    BASE64URL_NOPAD.encode(&bytes)
}

/// Where a page begins: behind everything newer, or at the top.
pub fn after(cursor: Option<&str>) -> Result<(Timestamp, Uuid), Error> {
    let Some(text) = cursor.filter(|text| !text.is_empty()) else {
        return Ok((Timestamp(i64::MAX), Uuid::max()));
    };
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Error::Field("cursor"))?;
    let (at, id) = bytes.split_first_chunk::<8>().ok_or(Error::Field("cursor"))?;
    Ok((Timestamp(i64::from_be_bytes(*at)), Uuid::from_slice(id).map_err(|_| Error::Field("cursor"))?))
}

sql! {
    INSERT: "INSERT INTO audit_event (id, at, actor, tenant_id, shop_id, verb, subject, before_state, after_state, why)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    LIST_ALL: "SELECT id, at, actor, verb, subject, before_state, after_state, why FROM audit_event
               WHERE at < $1 OR (at = $1 AND id < $2) ORDER BY at DESC, id DESC LIMIT $3";

    SEARCH: "SELECT id, at, actor, verb, subject, before_state, after_state, why FROM audit_event
             WHERE verb LIKE $1 AND (LOWER(actor) LIKE $2 OR LOWER(subject) LIKE $2 OR LOWER(COALESCE(why, '')) LIKE $2)
               AND (at < $3 OR (at = $3 AND id < $4)) ORDER BY at DESC, id DESC LIMIT $5";

    USER_NAME: "SELECT name FROM org_user WHERE id = $1";

    MEMBER_NAME: "SELECT name FROM shop_member WHERE id = $1";

    LIST: "SELECT id, at, actor, verb, subject, before_state, after_state, why FROM audit_event
           WHERE tenant_id = $1 AND (at < $2 OR (at = $2 AND id < $3)) ORDER BY at DESC, id DESC LIMIT $4";
}
