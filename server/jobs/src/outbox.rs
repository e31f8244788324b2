//! What happened, for whoever wants to know: written with the fact, told afterwards, kept for replay.

use db::{Db, Tx, sql};
use serde_json::{Value, json};
use shared::{EventId, Timestamp};
use sqlx::types::Json;

use crate::{Error, Lane, NewJob, Registry, enqueue};

/// Events that one round turns into jobs.
const BATCH: i64 = 200;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// `domain.past_tense`.
    pub topic: &'static str,
    /// Events of one key are in order.
    pub key: String,
    /// What a subscriber needs to look the rest up.
    pub payload: Value,
}

/// Adds an event to the transaction.
pub async fn publish(tx: &mut Tx, now: Timestamp, event: NewEvent) -> Result<EventId, Error> {
    let id: EventId = tx.new_id();
    tx.query(PUBLISH).bind(id).bind(event.topic).bind(event.key).bind(Json(event.payload)).bind(now).execute().await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Waiting {
    id: EventId,
    topic: String,
    payload: Json<Value>,
}

/// Turns waiting events into one job for each subscriber. Returns how many events were told.
pub(crate) async fn dispatch(db: &Db, registry: &Registry, now: Timestamp) -> Result<usize, Error> {
    let mut tx = db.begin().await?;
    let events = tx.query(TAKE).bind(now).bind(BATCH).all::<Waiting>().await?;
    let told = events.len();
    for event in events {
        for kind in registry.subscribers(&event.topic) {
            let payload = json!({ "event_id": event.id, "data": event.payload.0 });
            enqueue(
                &mut tx,
                now,
                NewJob { kind, lane: Lane::Quick, payload, run_at: now, dedupe_key: Some(format!("{}:{kind}", event.id)) },
            )
            .await?;
        }
    }
    if told > 0 {
        tx.commit().await?;
    }
    Ok(told)
}

sql! {
    PUBLISH: "INSERT INTO outbox_event (id, topic, ordering_key, payload, created_at) VALUES ($1, $2, $3, $4, $5)";

    /// Two texts for the same reason as the claim of jobs.
    TAKE: {
        sqlite: "UPDATE outbox_event SET dispatched_at = $1
                 WHERE id IN (SELECT id FROM outbox_event WHERE dispatched_at IS NULL ORDER BY created_at, id LIMIT $2)
                 RETURNING id, topic, payload",
        postgres: "UPDATE outbox_event SET dispatched_at = $1
                   WHERE id IN (SELECT id FROM outbox_event WHERE dispatched_at IS NULL ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING id, topic, payload"
    };
}
