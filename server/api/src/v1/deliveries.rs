//! Rewards handed over by a shop.

use axum::http::StatusCode;
use axum::{Json, extract::State, response::Response};
use shared::{
    RewardInstanceId,
    loyalty::{Delivery, DeliveryPreview, NewDelivery, RewardInstance},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Empty, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(preview)).routes(routes!(undo))
}

/// Hands a reward over; the brand then owes the shop. The same reward at the same shop again changes nothing.
#[utoipa::path(post, path = "/deliveries", operation_id = "createDelivery", tag = "deliveries", request_body = NewDelivery, responses((status = 201, description = "Handed over.", body = Delivery)))]
async fn create(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewDelivery>) -> Result<Response, Refusal> {
    let delivery = loyalty::reward::deliver(&mut write.tx, &api.loyalty, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/deliveries/{}", delivery.reward_instance_id), &delivery).await
}

/// A delivery was a mistake: the brand does not owe it any more, and the reward goes back to where it came from.
#[utoipa::path(post, path = "/deliveries/{id}/undo", operation_id = "undoDelivery", tag = "deliveries", params(("id" = RewardInstanceId, Path)), request_body = Empty, responses((status = 201, description = "Undone.", body = RewardInstance)))]
async fn undo(
    State(api): State<ApiState>,
    Id(id): Id<RewardInstanceId>,
    Turn { actor, mut write, .. }: Turn<Empty>,
) -> Result<Response, Refusal> {
    let undone = loyalty::reward::undo_delivery(&mut write.tx, &api.loyalty, &actor, write.now, id).await?;
    write.finish(StatusCode::CREATED, None, &undone).await
}

/// What a reward's code is, before the shop decides.
#[utoipa::path(post, path = "/deliveries/preview", operation_id = "previewDelivery", tag = "deliveries", request_body = NewDelivery, responses((status = 200, description = "Nothing changed.", body = DeliveryPreview)))]
async fn preview(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewDelivery>) -> Result<Json<DeliveryPreview>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::reward::preview_delivery(&mut tx, &actor, now, &body.value.code).await?))
}
