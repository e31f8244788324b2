//! What people ask about their data, for the operator.

use axum::{Json, extract::State, http::StatusCode};
use shared::{
    Page, PrivacyRequestId,
    rights::{PrivacyAnswer, PrivacyRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(answer)).routes(routes!(unblock))
}

/// All requests, newest first, those that the product answered by itself among them. Operator only.
#[utoipa::path(get, path = "/privacy_requests", operation_id = "listPrivacyRequests", tag = "privacy", params(Part), responses((status = 200, description = "A page.", body = Page<PrivacyRequest>)))]
async fn list(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(part): Query<Part>,
) -> Result<Json<Page<PrivacyRequest>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::rights::list(&mut tx, &actor, part.cursor(), part.limit()?).await?))
}

/// One of them. Operator only.
#[utoipa::path(get, path = "/privacy_requests/{id}", operation_id = "getPrivacyRequest", tag = "privacy", params(("id" = PrivacyRequestId, Path)), responses((status = 200, description = "The request.", body = PrivacyRequest)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<PrivacyRequestId>) -> Result<Json<PrivacyRequest>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::rights::get(&mut tx, &actor, id).await?))
}

/// Answers one that is open; its person reads it. A blocking that is granted stops her card. Operator only.
#[utoipa::path(put, path = "/privacy_requests/{id}/answer", operation_id = "answerPrivacyRequest", tag = "privacy", params(("id" = PrivacyRequestId, Path)), request_body = PrivacyAnswer, responses((status = 200, description = "Answered.", body = PrivacyRequest)))]
async fn answer(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<PrivacyRequestId>,
    body: Body<PrivacyAnswer>,
) -> Result<Json<PrivacyRequest>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let request = loyalty::rights::decide(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(request))
}

/// Ends a blocking that was granted: her cards earn and pay again. Again: nothing more happens. Operator only.
#[utoipa::path(delete, path = "/privacy_requests/{id}/blocking", operation_id = "endBlocking", tag = "privacy", params(("id" = PrivacyRequestId, Path)), responses((status = 204, description = "Her cards are not blocked.")))]
async fn unblock(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<PrivacyRequestId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::rights::unblock(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
