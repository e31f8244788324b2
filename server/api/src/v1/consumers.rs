//! A consumer's wallets, for the operator and a sandbox.

use axum::{Json, extract::State};
use shared::{
    ConsumerId, Page,
    loyalty::{Balance, Movement, RewardInstance},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Id, Query},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(balances)).routes(routes!(rewards)).routes(routes!(movements))
}

/// Wallets of a consumer. Operator only.
#[utoipa::path(get, path = "/consumers/{id}/balances", operation_id = "listConsumerBalances", tag = "consumers", params(("id" = ConsumerId, Path)), responses((status = 200, description = "Nearest to a reward first.", body = Vec<Balance>)))]
async fn balances(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ConsumerId>) -> Result<Json<Vec<Balance>>, Refusal> {
    let mut tx = api.read_settled(&actor, id).await?;
    Ok(Json(loyalty::card::balances(&mut tx, &actor, id).await?))
}

/// Rewards of a consumer. Operator only.
#[utoipa::path(get, path = "/consumers/{id}/rewards", operation_id = "listConsumerRewards", tag = "consumers", params(("id" = ConsumerId, Path)), responses((status = 200, description = "Newest first.", body = Vec<RewardInstance>)))]
async fn rewards(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
) -> Result<Json<Vec<RewardInstance>>, Refusal> {
    let mut tx = api.read_settled(&actor, id).await?;
    Ok(Json(loyalty::reward::of_consumer(&mut tx, &actor, id).await?))
}

/// History of a consumer, newest first. Operator only.
#[utoipa::path(get, path = "/consumers/{id}/movements", operation_id = "listConsumerMovements", tag = "consumers", params(("id" = ConsumerId, Path), Part), responses((status = 200, description = "A page.", body = Page<Movement>)))]
async fn movements(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
    Query(part): Query<Part>,
) -> Result<Json<Page<Movement>>, Refusal> {
    let mut tx = api.read_settled(&actor, id).await?;
    Ok(Json(loyalty::history::movements(&mut tx, &actor, id, loyalty::history::Which::All, part.cursor(), part.limit()?).await?))
}
