//! From an event of the outbox to one delivery for each subscription that wants it.

use db::{Tx, sql};
use jobs::{JobError, NewJob, Registry};
use loyalty::{Loyalty, told};
use serde_json::{Value, json};
use shared::{ConsumerId, EventId, OrganisationId, Timestamp, WebhookDeliveryId, WebhookSubscriptionId};
use sqlx::types::Json;

use crate::{Error, deliver::DELIVER};

/// The job that takes a consumer's events.
pub(crate) const FAN_OUT: &str = "webhooks.fan_out";
/// Events of one consumer that one run takes; another run takes the rest.
const EVENTS_MAX: i64 = 200;

pub(crate) fn register(registry: Registry, loyalty: Loyalty) -> Registry {
    let registry = told::TOPICS.into_iter().fold(registry, |registry, topic| registry.subscribe(topic, FAN_OUT));
    registry.inside(FAN_OUT, move |tx, now, job| {
        let loyalty = loyalty.clone();
        Box::pin(async move {
            let event: EventId =
                job.payload["event_id"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| JobError::Hopeless("no event".into()))?;
            fan_out(tx, &loyalty, now, event).await.map_err(|error| match error {
                Error::Store(error) => JobError::Store(error),
                other => JobError::Retry(other.to_string()),
            })
        })
    })
}

#[derive(sqlx::FromRow)]
struct Event {
    id: EventId,
    topic: String,
    payload: Json<Value>,
    created_at: Timestamp,
}

type Wish = (WebhookSubscriptionId, String, Timestamp);

/// Takes every event of the same consumer that nobody took, oldest first: two jobs cannot turn their order round.
async fn fan_out(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, event: EventId) -> Result<(), Error> {
    let (first,): (Option<Timestamp>,) = tx.query(FIRST).one().await?;
    let key: Option<(String,)> = tx.query(KEY).bind(event).maybe().await?;
    let (Some(first), Some((key,))) = (first, key) else {
        return Ok(());
    };
    let Ok(consumer) = key.parse::<ConsumerId>() else {
        return Ok(());
    };
    // Not the key of her wallets: a sale does not wait for this.
    tx.lock(consumer.lock_key() ^ 1).await?;
    let events = tx.query(UNTOLD).bind(key).bind(EVENTS_MAX).all::<Event>().await?;
    let (mut sequence,): (i64,) = tx.query(LAST).bind(consumer).one().await?;
    if events.len() as i64 == EVENTS_MAX {
        let job = NewJob { kind: FAN_OUT, lane: jobs::Lane::Quick, payload: json!({ "event_id": event }), run_at: now, dedupe_key: None };
        jobs::enqueue(tx, now, job).await?;
    }
    let mut woken: Vec<WebhookSubscriptionId> = Vec::new();
    for event in events {
        tx.query(TOLD).bind(event.id).bind(now).execute().await?;
        // Older than every subscription: nobody wants to hear of it.
        if event.created_at < first || !told::TOPICS.contains(&event.topic.as_str()) {
            continue;
        }
        for part in told::for_brands(tx, loyalty, &event.topic, &event.payload).await? {
            for (subscription, _, _) in wishes(tx, part.tenant, &event).await? {
                sequence += 1;
                let payload = json!({ "type": event.topic, "timestamp": told::minute(event.created_at), "data": part.data });
                let id: WebhookDeliveryId = tx.new_id();
                let bytes = serde_json::to_vec(&payload).unwrap_or_default();
                tx.query(INSERT)
                    .bind(id)
                    .bind(subscription)
                    .bind(part.tenant)
                    .bind(part.brand)
                    .bind(event.id)
                    .bind(consumer)
                    .bind(sequence)
                    .bind(event.topic.clone())
                    .bind(bytes)
                    .bind(now)
                    .bind(told::minute(event.created_at))
                    .execute()
                    .await?;
                woken.push(subscription);
            }
        }
    }
    woken.sort_unstable();
    woken.dedup();
    for subscription in woken {
        wake(tx, now, subscription, consumer).await?;
    }
    Ok(())
}

/// Subscriptions of a tenant that want this event and were made before it.
async fn wishes(tx: &mut Tx, tenant: OrganisationId, event: &Event) -> Result<Vec<Wish>, Error> {
    let all: Vec<Wish> = tx.query(WISHES).bind(tenant).bind(event.created_at).all().await?;
    Ok(all.into_iter().filter(|(_, types, _)| types.split(' ').any(|wanted| wanted == event.topic)).collect())
}

/// Somebody has to look at the head of this line.
pub(crate) async fn wake(tx: &mut Tx, at: Timestamp, subscription: WebhookSubscriptionId, consumer: ConsumerId) -> Result<(), db::Error> {
    let payload = json!({ "subscription_id": subscription, "consumer_id": consumer });
    jobs::enqueue(tx, at, NewJob { kind: DELIVER, lane: jobs::Lane::Slow, payload, run_at: at, dedupe_key: None }).await?;
    Ok(())
}

sql! {
    /// NULL: nobody wants to hear of anything.
    FIRST: "SELECT MIN(created_at) FROM webhook_subscription WHERE disabled_at IS NULL OR disabled_why <> 'asked'";

    KEY: "SELECT ordering_key FROM outbox_event WHERE id = $1";

    UNTOLD: "SELECT e.id, e.topic, e.payload, e.created_at FROM outbox_event e
             WHERE e.ordering_key = $1 AND NOT EXISTS (SELECT 1 FROM webhook_told t WHERE t.event_id = e.id) ORDER BY e.id LIMIT $2";

    TOLD: "INSERT INTO webhook_told (event_id, told_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    LAST: "SELECT CAST(COALESCE(MAX(sequence), 0) AS BIGINT) FROM webhook_delivery WHERE consumer_id = $1";

    /// One that fails still collects: once it is mended, nothing is missing. One that was switched off does not.
    WISHES: "SELECT id, event_types, created_at FROM webhook_subscription
             WHERE tenant_id = $1 AND created_at <= $2 AND (disabled_at IS NULL OR disabled_why <> 'asked') ORDER BY id LIMIT 50";

    INSERT: "INSERT INTO webhook_delivery (id, subscription_id, tenant_id, brand_id, event_id, consumer_id, sequence, event_type, payload, status, attempts,
                                           next_attempt_at, occurred_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, $10, $11, $10) ON CONFLICT (subscription_id, event_id, brand_id) DO NOTHING";
}
