//! Rewards handed over by a shop.

use axum::{Json, extract::State, response::Response};
use axum::http::StatusCode;
use shared::{RewardInstanceId, loyalty::{Delivery, DeliveryPreview, NewDelivery, RewardInstance}};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(preview)).routes(routes!(undo))
}

/// Hands a reward over; the brand then owes the shop. The same reward at the same shop again changes nothing.
#[utoipa::path(post, path = "/deliveries", operation_id = "createDelivery", tag = "deliveries", request_body = NewDelivery, responses((status = 201, description = "Handed over.", body = Delivery)))]
async fn create(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewDelivery>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let delivery = loyalty::reward::deliver(&mut write.tx, &api.loyalty, &actor, write.now, &body.value).await?;
    write.created(format!("/api/v1/deliveries/{}", delivery.reward_instance_id), &delivery).await
}

/// `{}`.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Undo {}

/// A delivery was a mistake: the brand does not owe it any more, and the reward goes back to where it came from.
#[utoipa::path(post, path = "/deliveries/{id}/undo", operation_id = "undoDelivery", tag = "deliveries", params(("id" = RewardInstanceId, Path)), request_body = Undo, responses((status = 201, description = "Undone.", body = RewardInstance)))]
async fn undo(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<RewardInstanceId>, body: Body<Undo>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let undone = loyalty::reward::undo_delivery(&mut write.tx, &api.loyalty, &actor, write.now, id).await?;
    write.finish(StatusCode::CREATED, None, &undone).await
}

/// What a reward's code is, before the shop decides.
#[utoipa::path(post, path = "/deliveries/preview", operation_id = "previewDelivery", tag = "deliveries", request_body = NewDelivery, responses((status = 200, description = "Nothing changed.", body = DeliveryPreview)))]
async fn preview(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewDelivery>) -> Result<Json<DeliveryPreview>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::reward::preview_delivery(&mut tx, &actor, &body.value.code).await?))
}
