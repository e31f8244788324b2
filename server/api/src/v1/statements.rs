//! Statements: what a brand owes a shop for a closed period, and how it was settled.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use identity::Actor;
use loyalty::payback::statement::{self, Of};
use serde::Deserialize;
use shared::{
    Page, SettlementRunId, StatementId,
    loyalty::payback::{NewPayment, Statement, StatementDetail, StatementLine},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(lines)).routes(routes!(settle))
}

/// Which statements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of this closing: the operator. Absent: of the actor's own shop, or what the actor's organisation owes.
    run_id: Option<SettlementRunId>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// Statements, the newest first: of a shop its owner, of what brands owe their organisation.
#[utoipa::path(get, path = "/statements", operation_id = "listStatements", tag = "statements", params(Which), responses((status = 200, description = "A page.", body = Page<Statement>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(which): Query<Which>) -> Result<Json<Page<Statement>>, Refusal> {
    let of = match (which.run_id, &actor) {
        (Some(run), _) => Of::Run(run),
        (None, Actor::Member { .. }) => Of::OwnShop,
        (None, _) => Of::Tenant(actor.tenant()?),
    };
    let part = Part { cursor: which.cursor, limit: which.limit };
    let (mut tx, _) = api.read().await?;
    Ok(Json(statement::list(&mut tx, &actor, of, part.cursor(), part.limit()?).await?))
}

/// A statement with how it was settled.
#[utoipa::path(get, path = "/statements/{id}", operation_id = "getStatement", tag = "statements", params(("id" = StatementId, Path)), responses((status = 200, description = "The statement.", body = StatementDetail)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<StatementId>) -> Result<Json<StatementDetail>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(statement::get(&mut tx, &actor, id).await?))
}

/// Its lines: each delivery, what was taken back, incentives and corrections.
#[utoipa::path(get, path = "/statements/{id}/lines", operation_id = "listStatementLines", tag = "statements", params(("id" = StatementId, Path), Part), responses((status = 200, description = "A page, the oldest first.", body = Page<StatementLine>)))]
async fn lines(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<StatementId>,
    Query(part): Query<Part>,
) -> Result<Json<Page<StatementLine>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(statement::lines(&mut tx, &actor, id, part.cursor(), part.limit()?).await?))
}

/// Records how a statement was settled, wholly or in part, never more than is left: nothing is paid here.
#[utoipa::path(post, path = "/statements/{id}/payments", operation_id = "createStatementPayment", tag = "statements", params(("id" = StatementId, Path)), request_body = NewPayment, responses((status = 201, description = "The statement as it stands now.", body = StatementDetail)))]
async fn settle(Id(id): Id<StatementId>, Turn { actor, mut write, value }: Turn<NewPayment>) -> Result<Response, Refusal> {
    let detail = statement::settle(&mut write.tx, &actor, write.now, id, &value).await?;
    write.finish(StatusCode::CREATED, None, &detail).await
}
