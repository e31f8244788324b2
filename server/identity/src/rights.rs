//! What people ask about their own data: each a row with the day by which the law wants an answer.
//!
//! What the product does by itself (a copy, a deletion) is a row too, done at once: the proof that it was.

use db::{Tx, sql};
use shared::{
    CivilDate, ConsumerId, Country, Page, PrivacyRequestId, Timestamp,
    page::PAGE_SIZE_MAX,
    rights::{NewPrivacyRequest, PrivacyAnswer, PrivacyRequest, RequestKind, RequestStatus, TEXT_MAX, clock},
    time::DAY_MS,
};

use crate::{Actor, Error, audit, consumer, shop};

/// Requests of one person in a day.
pub const PER_DAY: i64 = 10;

#[derive(sqlx::FromRow)]
struct Row {
    id: PrivacyRequestId,
    consumer_id: ConsumerId,
    country: Country,
    kind: RequestKind,
    text: String,
    status: RequestStatus,
    asked_at: Timestamp,
    due_date: CivilDate,
    decided_at: Option<Timestamp>,
    answer: Option<String>,
}

impl From<Row> for PrivacyRequest {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            consumer_id: row.consumer_id,
            country: row.country,
            kind: row.kind,
            text: row.text,
            status: row.status,
            asked_at: row.asked_at,
            due_date: row.due_date,
            decided_at: row.decided_at,
            answer: row.answer,
        }
    }
}

fn words(text: &str, field: &'static str) -> Result<String, Error> {
    let text = text.trim();
    let unreadable = |c: char| c.is_control() && c != '\n' && c != '\r';
    if text.is_empty() || text.chars().count() > TEXT_MAX || text.chars().any(unreadable) {
        return Err(Error::Field(field));
    }
    Ok(text.to_owned())
}

/// The actor asks something of the operator. Her clock begins.
pub async fn ask(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewPrivacyRequest) -> Result<PrivacyRequest, Error> {
    let consumer = actor.consumer()?;
    let text = words(&new.text, "text")?;
    tx.lock(consumer.lock_key()).await?;
    let id = insert(tx, consumer, now, new.kind, &text, None).await?;
    audit::record(tx, actor, now, "privacy.asked", id, None, Some(serde_json::json!({ "kind": new.kind })), None).await?;
    Ok(tx.query(FIND).bind(id).one::<Row>().await?.into())
}

/// Writes down that the product itself did what somebody asked.
pub async fn note(tx: &mut Tx, consumer: ConsumerId, now: Timestamp, kind: RequestKind) -> Result<PrivacyRequestId, Error> {
    insert(tx, consumer, now, kind, "", Some("system")).await
}

async fn insert(
    tx: &mut Tx,
    consumer: ConsumerId,
    now: Timestamp,
    kind: RequestKind,
    text: &str,
    done_by: Option<&str>,
) -> Result<PrivacyRequestId, Error> {
    let country = consumer::country(tx, consumer).await?;
    let (recent,): (i64,) = tx.query(RECENT).bind(consumer).bind(now.plus_ms(-DAY_MS)).one().await?;
    // Her leaving waits for nothing.
    if recent >= PER_DAY && kind != RequestKind::Deletion {
        return Err(Error::TooMany(3_600));
    }
    let due = clock(country, kind).due(shop::local_date(country.time_zone(), now));
    let id: PrivacyRequestId = tx.new_id();
    let status = if done_by.is_some() { RequestStatus::Done } else { RequestStatus::Open };
    tx.query(INSERT)
        .bind(id)
        .bind(consumer)
        .bind(country)
        .bind(kind)
        .bind(text)
        .bind(status)
        .bind(now)
        .bind(due)
        .bind(done_by.map(|_| now))
        .bind(done_by)
        .execute()
        .await?;
    Ok(id)
}

/// The actor's own, newest first; at most 50.
pub async fn mine(tx: &mut Tx, actor: &Actor) -> Result<Vec<PrivacyRequest>, Error> {
    Ok(tx.query(MINE).bind(actor.consumer()?).all::<Row>().await?.into_iter().map(PrivacyRequest::from).collect())
}

/// What waits for an answer, the most urgent first; at most 200. Operator only.
pub async fn waiting(tx: &mut Tx, actor: &Actor) -> Result<Vec<PrivacyRequest>, Error> {
    actor.operator()?;
    Ok(tx.query(WAITING).all::<Row>().await?.into_iter().map(PrivacyRequest::from).collect())
}

/// All of them, newest first. Operator only.
pub async fn list(tx: &mut Tx, actor: &Actor, cursor: Option<&str>, limit: i64) -> Result<Page<PrivacyRequest>, Error> {
    actor.operator()?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let rows = tx.query(LIST).bind(before).bind(PrivacyRequestId(before_id)).bind(limit + 1).all::<Row>().await?;
    let mut items: Vec<PrivacyRequest> = rows.into_iter().map(PrivacyRequest::from).collect();
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| audit::cursor(last.asked_at, last.id.0));
    Ok(Page { items, next_cursor })
}

/// One of them. Operator only.
pub async fn get(tx: &mut Tx, actor: &Actor, id: PrivacyRequestId) -> Result<PrivacyRequest, Error> {
    actor.operator()?;
    Ok(tx.query(FIND).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?.into())
}

/// Answers one that is open; she reads the answer. What it means for her card is `loyalty`'s.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: PrivacyRequestId,
    answer: &PrivacyAnswer,
) -> Result<PrivacyRequest, Error> {
    actor.operates()?;
    let text = words(&answer.answer, "answer")?;
    let status = if answer.done { RequestStatus::Done } else { RequestStatus::Refused };
    let rows = tx.query(DECIDE).bind(status).bind(now).bind(actor.label()).bind(&text).bind(id).execute().await?;
    let request = get(tx, actor, id).await?;
    if rows != 1 {
        return Err(Error::Taken("request"));
    }
    audit::record(
        tx,
        actor,
        now,
        "privacy.answered",
        id,
        None,
        Some(serde_json::json!({ "status": request.status, "kind": request.kind })),
        None,
    )
    .await?;
    Ok(request)
}

/// Her words go with her; that she asked stays. What is still open is answered by her leaving.
pub(crate) async fn forget(tx: &mut Tx, now: Timestamp, consumer: ConsumerId) -> Result<(), Error> {
    tx.query(CLOSE).bind(now).bind(consumer).execute().await?;
    tx.query(FORGET).bind(consumer).execute().await?;
    Ok(())
}

sql! {
    RECENT: "SELECT COUNT(*) FROM privacy_request WHERE consumer_id = $1 AND asked_at > $2";

    INSERT: "INSERT INTO privacy_request (id, consumer_id, country, kind, text, status, asked_at, due_date, decided_at, decided_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    MINE: "SELECT id, consumer_id, country, kind, text, status, asked_at, due_date, decided_at, answer FROM privacy_request
           WHERE consumer_id = $1 ORDER BY asked_at DESC, id DESC LIMIT 50";

    WAITING: "SELECT id, consumer_id, country, kind, text, status, asked_at, due_date, decided_at, answer FROM privacy_request
              WHERE status = 'open' ORDER BY due_date, id LIMIT 200";

    LIST: "SELECT id, consumer_id, country, kind, text, status, asked_at, due_date, decided_at, answer FROM privacy_request
           WHERE asked_at < $1 OR (asked_at = $1 AND id < $2) ORDER BY asked_at DESC, id DESC LIMIT $3";

    FIND: "SELECT id, consumer_id, country, kind, text, status, asked_at, due_date, decided_at, answer FROM privacy_request WHERE id = $1";

    DECIDE: "UPDATE privacy_request SET status = $1, decided_at = $2, decided_by = $3, answer = $4 WHERE id = $5 AND status = 'open'";

    CLOSE: "UPDATE privacy_request SET status = 'done', decided_at = $1, decided_by = 'system' WHERE consumer_id = $2 AND status = 'open'";

    FORGET: "UPDATE privacy_request SET text = '', answer = NULL WHERE consumer_id = $1";
}
