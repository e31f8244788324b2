//! Rewards of the catalogue that are held for a consumer, and tickets for those that wait.

use axum::{extract::State, http::StatusCode, response::Response};
use shared::{
    RewardInstanceId,
    loyalty::{NewReservation, RewardInstance, ticket::NewTicket},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiState, Refusal,
    body::{Empty, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(release)).routes(routes!(take_ticket))
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

/// Takes a ticket for a reward that waits: one shop may hand it over for a day, with its network or without.
///
/// Until the ticket's `bound_until` no other shop hands the reward over, it cannot be released, and its points do not come
/// back: a phone may have handed it over and not have sent that yet. The same shop again gives the same ticket.
#[utoipa::path(post, path = "/reward_tickets", operation_id = "createRewardTicket", tag = "reservations", request_body = NewTicket, responses((status = 201, description = "The reward with its ticket.", body = RewardInstance)))]
async fn take_ticket(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewTicket>) -> Result<Response, Refusal> {
    let bound = loyalty::ticket::take(&mut write.tx, &api.loyalty, &actor, write.now, &value).await?;
    write.finish(StatusCode::CREATED, None, &bound).await
}
