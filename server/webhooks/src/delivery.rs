//! What was sent, what came of it, and sending it again.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::NewJob;
use serde_json::json;
use shared::{
    BrandId, OrganisationId, Page, Timestamp, WebhookDeliveryId, WebhookSubscriptionId,
    page::PAGE_SIZE_MAX,
    webhook::{Attempt, Delivery},
};

use crate::{Error, deliver::AGAIN, subscription};

#[derive(sqlx::FromRow)]
struct Row {
    id: WebhookDeliveryId,
    subscription_id: WebhookSubscriptionId,
    brand_id: BrandId,
    event_type: String,
    status: String,
    occurred_at: Timestamp,
    next_attempt_at: Timestamp,
    payload: Vec<u8>,
    created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    attempted_at: Timestamp,
    duration_ms: i64,
    status: Option<i64>,
    error: Option<String>,
    asked_by: Option<String>,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Delivery, Error> {
    let mut attempts: Vec<AttemptRow> = tx.query(ATTEMPTS).bind(row.id).all().await?;
    attempts.reverse();
    let attempt = |row: AttemptRow| Attempt {
        at: row.attempted_at,
        duration_ms: row.duration_ms,
        status: row.status,
        error: row.error,
        again: row.asked_by.is_some(),
    };
    Ok(Delivery {
        id: row.id,
        subscription_id: row.subscription_id,
        brand_id: row.brand_id,
        event_type: row.event_type,
        next_attempt_at: (row.status == "waiting").then_some(row.next_attempt_at),
        status: row.status,
        occurred_at: row.occurred_at,
        attempts: attempts.into_iter().map(attempt).collect(),
        payload: serde_json::from_slice(&row.payload).unwrap_or_default(),
    })
}

/// What a subscription of the tenant was sent, newest first.
pub async fn list_of(
    tx: &mut Tx,
    actor: &Actor,
    id: WebhookSubscriptionId,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Delivery>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    subscription::find(tx, tenant, id).await?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = identity::audit::after(cursor)?;
    let mut rows =
        tx.query(LIST).bind(id).bind(tenant).bind(before).bind(WebhookDeliveryId(before_id)).bind(limit + 1).all::<Row>().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = rows.last().filter(|_| more).map(|last| identity::audit::cursor(last.created_at, last.id.0));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(whole(tx, row).await?);
    }
    Ok(Page { items, next_cursor })
}

/// One of them.
pub async fn get(tx: &mut Tx, actor: &Actor, id: WebhookDeliveryId) -> Result<Delivery, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    let row = find(tx, tenant, id).await?;
    whole(tx, row).await
}

async fn find(tx: &mut Tx, tenant: OrganisationId, id: WebhookDeliveryId) -> Result<Row, Error> {
    tx.query(GET).bind(id).bind(tenant).maybe().await?.ok_or(Error::NotFound)
}

/// Sends one again, with the same id and bytes, whatever became of it: at once, outside the line of its consumer.
pub async fn send_again(tx: &mut Tx, actor: &Actor, now: Timestamp, id: WebhookDeliveryId) -> Result<Delivery, Error> {
    let tenant = actor.tenant()?;
    actor.administers(tenant)?;
    let row = find(tx, tenant, id).await?;
    if tx.query(DISABLED).bind(row.subscription_id).maybe::<(i64,)>().await?.is_some() {
        return Err(Error::Disabled);
    }
    let payload = json!({ "delivery_id": id, "asked_by": actor.label() });
    jobs::enqueue(tx, now, NewJob { kind: AGAIN, lane: jobs::Lane::Slow, payload, run_at: now, dedupe_key: None }).await?;
    audit::record(tx, actor, now, "webhook.sent_again", id, None, None, None).await?;
    whole(tx, row).await
}

sql! {
    LIST: "SELECT id, subscription_id, brand_id, event_type, status, occurred_at, next_attempt_at, payload, created_at FROM webhook_delivery
           WHERE subscription_id = $1 AND tenant_id = $2 AND (created_at < $3 OR (created_at = $3 AND id < $4))
           ORDER BY created_at DESC, id DESC LIMIT $5";

    GET: "SELECT id, subscription_id, brand_id, event_type, status, occurred_at, next_attempt_at, payload, created_at FROM webhook_delivery WHERE id = $1 AND tenant_id = $2";

    DISABLED: "SELECT created_at FROM webhook_subscription WHERE id = $1 AND disabled_at IS NOT NULL";

    ATTEMPTS: "SELECT attempted_at, duration_ms, status, error, asked_by FROM webhook_attempt WHERE delivery_id = $1 ORDER BY attempted_at DESC, id DESC LIMIT 20";
}
