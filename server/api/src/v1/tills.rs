//! What tills report, and who they are.

use axum::{
    Json,
    body::{Body as Stream, Bytes},
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde::Deserialize;
use shared::{
    Page, Problem, TillSourceId,
    till::{MadeTillSource, NewTerminal, NewTillSource, TillFileReport, TillSource, TillTicket, TillTransaction, UnmatchedItem},
};
use tokio::io::AsyncWriteExt;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Id, Query, parse},
    idempotency::Turn,
    refusal::body_refused,
};

/// Names who signed.
const SOURCE_HEADER: &str = "mostrador-source";

pub(super) fn router() -> OpenApiRouter<ApiState> {
    let files = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(loyalty::till::FILE_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(transaction))
        .routes(routes!(list, create))
        .routes(routes!(place))
        .routes(routes!(tickets))
        .routes(routes!(unmatched))
        .merge(files)
}

/// A ticket of a till: sale, refund or void. Signed by the source as Standard Webhooks says (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature` with the source's secret), and named in `mostrador-source`.
///
/// The same ticket again answers what became of it, with 200. Tickets may come in any order and days later: a refund
/// waits for its sale. Without `card_code` a ticket earns nothing; with a capture of the same shop, total and five minutes
/// it is one purchase.
#[utoipa::path(post, path = "/pos/transactions", operation_id = "createTillTransaction", tag = "tills", request_body = TillTransaction,
    params(("mostrador-source" = TillSourceId, Header), ("webhook-id" = String, Header), ("webhook-timestamp" = String, Header), ("webhook-signature" = String, Header)),
    responses((status = 201, description = "Kept.", body = TillTicket), (status = 200, description = "It had come before.", body = TillTicket)))]
async fn transaction(State(api): State<ApiState>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Response, Refusal> {
    let body = body.map_err(body_refused)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Who is unknown and whose signature is wrong are told the same.
    let forged = || Problem::new(401, "bad_signature", "The source is unknown, or its signature does not match these bytes and this time.");
    let id: TillSourceId = header(SOURCE_HEADER).parse().map_err(|_| forged())?;
    // Whoever is not heard does not take the turn of somebody who writes.
    let (mut tx, now) = api.read().await?;
    let source = loyalty::till::find(&mut tx, &api.keys, id).await?.ok_or_else(forged)?;
    let genuine = ::webhooks::sign::verify(
        [source.secret.as_str()],
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
        &body,
        now,
    );
    if !genuine {
        return Err(forged().into());
    }
    drop(tx);
    let transaction: TillTransaction = parse(&body)?;
    let parsed = loyalty::till::parse(&transaction)?;
    let (mut tx, now) = api.begin().await?;
    let ticket = loyalty::till::receive(&mut tx, &api.loyalty, now, source.id, &parsed).await?;
    tx.commit().await?;
    let status = if ticket.replayed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(ticket)).into_response())
}

/// Sources of tickets, newest first. Operator only.
#[utoipa::path(get, path = "/till_sources", operation_id = "listTillSources", tag = "tills", responses((status = 200, description = "At most 100.", body = Vec<TillSource>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<TillSource>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::till::list(&mut tx, &actor).await?))
}

/// Adds a source. Operator only.
#[utoipa::path(post, path = "/till_sources", operation_id = "createTillSource", tag = "tills", request_body = NewTillSource, responses((status = 201, description = "The secret is shown this once.", body = MadeTillSource)))]
async fn create(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewTillSource>) -> Result<Response, Refusal> {
    let made = loyalty::till::create(&mut write.tx, &api.keys, &actor, write.now, &value, ::webhooks::sign::new_secret()).await?;
    write.created(format!("/api/v1/till_sources/{}", made.source.id), &made).await
}

/// Says in which shop a terminal stands; tickets that waited for it find their place. Operator only.
#[utoipa::path(post, path = "/till_sources/{id}/terminals", operation_id = "placeTerminal", tag = "tills", params(("id" = TillSourceId, Path)), request_body = NewTerminal, responses((status = 201, description = "Placed.", body = TillSource)))]
async fn place(
    State(api): State<ApiState>,
    Id(id): Id<TillSourceId>,
    Turn { actor, mut write, value }: Turn<NewTerminal>,
) -> Result<Response, Refusal> {
    let source = loyalty::till::add_terminal(&mut write.tx, &api.loyalty, &actor, write.now, id, &value).await?;
    write.created(format!("/api/v1/till_sources/{id}"), &source).await
}

/// Check or do.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// False: only the report, nothing is written.
    #[serde(default)]
    apply: bool,
    /// What the file is called.
    #[serde(default)]
    #[param(max_length = 120)]
    name: String,
}

/// Checks or takes a file of tickets, CSV or XLSX (its first sheet), one row for each line, at most 200 000 rows and 32 MB.
/// Operator only.
///
/// Columns `terminal_id;ticket_id;date;time;type;barcode;description;quantity;unit_price;discount;line_total;payment_total;original_ticket_id;currency`,
/// of which `type`, `description`, prices, `payment_total`, `original_ticket_id` and `currency` may be missing. The same
/// file twice changes nothing.
#[utoipa::path(post, path = "/till_sources/{id}/files", operation_id = "importTillFile", tag = "tills", params(("id" = TillSourceId, Path), How),
    request_body(content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), responses((status = 200, description = "What the file holds, or what became of it.", body = TillFileReport)))]
async fn import(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<TillSourceId>,
    Query(how): Query<How>,
    body: Stream,
) -> Result<Json<TillFileReport>, Refusal> {
    // Whoever may not is told so before a byte is kept.
    actor.operates()?;
    let file = kept(body).await?;
    let report = loyalty::till::run(&api.db, &api.loyalty, &actor, api.clock.now(), id, &how.name, file.path(), how.apply).await?;
    Ok(Json(report))
}

/// The bytes on disk, block by block: memory does not grow with the file. They go away with the value.
async fn kept(body: Stream) -> Result<tempfile::NamedTempFile, Refusal> {
    let broken = |error: std::io::Error| Problem::new(500, "internal", error.to_string());
    let file = tempfile::NamedTempFile::new().map_err(broken)?;
    let mut to = tokio::fs::File::from_std(file.reopen().map_err(broken)?);
    let (mut blocks, mut bytes) = (body.into_data_stream(), 0);
    while let Some(block) = blocks.next().await {
        let block = block.map_err(|error| Problem::new(400, "bad_request", error.to_string()))?;
        bytes += block.len();
        if bytes > loyalty::till::FILE_MAX_BYTES {
            return Err(Problem::new(413, "payload_too_large", "The body is larger than this door takes.").into());
        }
        to.write_all(&block).await.map_err(broken)?;
    }
    to.flush().await.map_err(broken)?;
    Ok(file)
}

/// Which tickets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only what somebody must look at: without a place, without their sale, held, or with a warning.
    #[serde(default)]
    open: bool,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// Tickets, newest first. Operator only.
#[utoipa::path(get, path = "/till_tickets", operation_id = "listTillTickets", tag = "tills", params(Which), responses((status = 200, description = "A page.", body = Page<TillTicket>)))]
async fn tickets(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(which): Query<Which>,
) -> Result<Json<Page<TillTicket>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let part = Part { cursor: which.cursor, limit: which.limit };
    Ok(Json(loyalty::till::tickets(&mut tx, &actor, which.open, part.cursor(), part.limit()?).await?))
}

/// Barcodes that tills sell and nobody knows, the most sold first. Operator only.
#[utoipa::path(get, path = "/unmatched_items", operation_id = "listUnmatchedItems", tag = "tills", responses((status = 200, description = "At most 100.", body = Vec<UnmatchedItem>)))]
async fn unmatched(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<UnmatchedItem>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::till::unmatched(&mut tx, &actor).await?))
}
