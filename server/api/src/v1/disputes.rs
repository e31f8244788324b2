//! Disputes: somebody says that one exact fact is wrong.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use loyalty::dispute;
use shared::{
    DisputeId,
    loyalty::correction::{Dispute, DisputeCase, DisputeQueue, NewDispute, NewResolution},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Id, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(queue, open)).routes(routes!(own)).routes(routes!(look)).routes(routes!(resolve))
}

/// The cases that wait. The operator.
#[utoipa::path(get, path = "/disputes", operation_id = "listDisputes", tag = "disputes", responses((status = 200, description = "Oldest first, with how long they wait.", body = DisputeQueue)))]
async fn queue(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<DisputeQueue>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(dispute::queue(&mut tx, &actor, now).await?))
}

/// Opens a case on one exact fact: once for each person. The consumer about what is hers, a shop about its captures and statements.
#[utoipa::path(post, path = "/disputes", operation_id = "createDispute", tag = "disputes", request_body = NewDispute, responses((status = 201, description = "The case.", body = Dispute)))]
async fn open(Turn { actor, mut write, value }: Turn<NewDispute>) -> Result<Response, Refusal> {
    let opened = dispute::open(&mut write.tx, &actor, write.now, &value).await?;
    write.finish(StatusCode::CREATED, None, &opened).await
}

/// The cases of the asking consumer or shop.
#[utoipa::path(get, path = "/disputes/own", operation_id = "listOwnDisputes", tag = "disputes", responses((status = 200, description = "Newest first, at most 50.", body = Vec<Dispute>)))]
async fn own(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Dispute>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(dispute::own(&mut tx, &actor).await?))
}

/// A case with what explains it. The operator.
#[utoipa::path(get, path = "/disputes/{id}", operation_id = "getDispute", tag = "disputes", params(("id" = DisputeId, Path)), responses((status = 200, description = "The case.", body = DisputeCase)))]
async fn look(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<DisputeId>) -> Result<Json<DisputeCase>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(dispute::look(&mut tx, &actor, id).await?))
}

/// Closes a case with a reason. What needs an adjustment is closed by it.
#[utoipa::path(post, path = "/disputes/{id}/resolution", operation_id = "resolveDispute", tag = "disputes", params(("id" = DisputeId, Path)), request_body = NewResolution, responses((status = 201, description = "The case, closed.", body = Dispute)))]
async fn resolve(Id(id): Id<DisputeId>, Turn { actor, mut write, value }: Turn<NewResolution>) -> Result<Response, Refusal> {
    let closed = dispute::resolve(&mut write.tx, &actor, write.now, id, &value).await?;
    write.finish(StatusCode::CREATED, None, &closed).await
}
