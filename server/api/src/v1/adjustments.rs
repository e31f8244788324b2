//! Corrections by a person of the operator, with a second one above a limit.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use loyalty::adjustment;
use shared::{
    AdjustmentId,
    loyalty::correction::{Adjustment, NewAdjustment, NewDecision},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Id, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, propose)).routes(routes!(decide))
}

/// Corrections, those that wait for a second person first.
#[utoipa::path(get, path = "/adjustments", operation_id = "listAdjustments", tag = "adjustments", responses((status = 200, description = "At most 100.", body = Vec<Adjustment>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Adjustment>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(adjustment::list(&mut tx, &actor).await?))
}

/// Proposes a correction: posted at once when it is small, else it waits for a second person. Never a key.
#[utoipa::path(post, path = "/adjustments", operation_id = "createAdjustment", tag = "adjustments", request_body = NewAdjustment, responses((status = 201, description = "Posted, or waiting.", body = Adjustment)))]
async fn propose(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewAdjustment>) -> Result<Response, Refusal> {
    let proposed = adjustment::propose(&mut write.tx, &api.loyalty, &actor, write.now, &value).await?;
    write.finish(StatusCode::CREATED, None, &proposed).await
}

/// A second person agrees, or does not.
#[utoipa::path(post, path = "/adjustments/{id}/decision", operation_id = "decideAdjustment", tag = "adjustments", params(("id" = AdjustmentId, Path)), request_body = NewDecision, responses((status = 201, description = "As it stands now.", body = Adjustment)))]
async fn decide(
    State(api): State<ApiState>,
    Id(id): Id<AdjustmentId>,
    Turn { actor, mut write, value }: Turn<NewDecision>,
) -> Result<Response, Refusal> {
    let decided = adjustment::decide(&mut write.tx, &api.loyalty, &actor, write.now, id, &value).await?;
    write.finish(StatusCode::CREATED, None, &decided).await
}
