//! Rewards of the catalogue that are held for a consumer.

use axum::{extract::State, http::StatusCode, response::Response};
use shared::{
    RewardInstanceId,
    loyalty::{NewReservation, RewardInstance},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiState, Refusal,
    body::{Empty, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(release))
}

/// Holds a reward for a consumer: her points and one unit of the stock are taken until it is handed over or lapses.
#[utoipa::path(post, path = "/reservations", operation_id = "createReservation", tag = "reservations", request_body = NewReservation, responses((status = 201, description = "Held, with the code that a shop reads.", body = RewardInstance)))]
async fn create(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewReservation>) -> Result<Response, Refusal> {
    let held = loyalty::catalogue::reserve(&mut write.tx, &api.loyalty, &actor, write.now, &value).await?;
    write.finish(StatusCode::CREATED, None, &held).await
}

/// Lets a held reward go: points and unit come back.
#[utoipa::path(post, path = "/reservations/{id}/release", operation_id = "releaseReservation", tag = "reservations", params(("id" = RewardInstanceId, Path)), request_body = Empty, responses((status = 201, description = "Let go.", body = RewardInstance)))]
async fn release(
    State(api): State<ApiState>,
    Id(id): Id<RewardInstanceId>,
    Turn { actor, mut write, .. }: Turn<Empty>,
) -> Result<Response, Refusal> {
    let released = loyalty::catalogue::release(&mut write.tx, &api.loyalty, &actor, write.now, id).await?;
    write.finish(StatusCode::CREATED, None, &released).await
}
