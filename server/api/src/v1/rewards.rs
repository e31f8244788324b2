//! Rewards that brands offer.

use axum::{Json, extract::State, response::Response};
use shared::{
    RewardId,
    loyalty::{NewReward, Reward, RewardAvailability},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get)).routes(routes!(set_availability))
}

/// The organisation's rewards, newest first.
#[utoipa::path(get, path = "/rewards", operation_id = "listRewards", tag = "rewards", responses((status = 200, description = "At most 200.", body = Vec<Reward>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Reward>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::reward::list(&mut tx, &actor, now).await?))
}

/// A reward, with how many are left.
#[utoipa::path(get, path = "/rewards/{id}", operation_id = "getReward", tag = "rewards", params(("id" = RewardId, Path)), responses((status = 200, description = "The reward.", body = Reward)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<RewardId>) -> Result<Json<Reward>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::reward::get_at(&mut tx, &actor, now, id).await?))
}

/// Adds a reward.
#[utoipa::path(post, path = "/rewards", operation_id = "createReward", tag = "rewards", request_body = NewReward, responses((status = 201, description = "Added.", body = Reward)))]
async fn create(Turn { actor, mut write, value }: Turn<NewReward>) -> Result<Response, Refusal> {
    let reward = loyalty::reward::create(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/rewards/{}", reward.id), &reward).await
}

/// Says on which days and at which shops a reward is handed over from now on.
#[utoipa::path(put, path = "/rewards/{id}/availability", operation_id = "setRewardAvailability", tag = "rewards", params(("id" = RewardId, Path)), request_body = RewardAvailability, responses((status = 200, description = "The reward.", body = Reward)))]
async fn set_availability(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<RewardId>,
    body: Body<RewardAvailability>,
) -> Result<Json<Reward>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let reward = loyalty::reward::set_availability(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(reward))
}
