//! Goals that neighbours reach together, and levels of a brand's consumers.

use axum::{Json, extract::State, http::StatusCode};
use shared::{
    BrandId, CampaignId,
    loyalty::{BrandLevels, ConsumerLevel, NeighbourGoal, ShopGoal, ShopGoalProgress},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(goal, set_goal, clear_goal))
        .routes(routes!(levels, set_levels, clear_levels))
        .routes(routes!(my_goals))
        .routes(routes!(my_levels))
}

/// What the neighbours of each shop have to buy together, and how far they are. 404: the campaign has no goal.
#[utoipa::path(get, path = "/campaigns/{id}/shop_goal", operation_id = "getCampaignShopGoal", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "The goal with its shops.", body = ShopGoalProgress)))]
async fn goal(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<ShopGoalProgress>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::goal::progress(&mut tx, &actor, now, id).await?))
}

/// Sets the goal of a draft; 409 once the campaign was published.
#[utoipa::path(put, path = "/campaigns/{id}/shop_goal", operation_id = "setCampaignShopGoal", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = ShopGoal, responses((status = 200, description = "Part of the draft.", body = ShopGoalProgress)))]
async fn set_goal(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<CampaignId>,
    body: Body<ShopGoal>,
) -> Result<Json<ShopGoalProgress>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let set = loyalty::goal::set(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(set))
}

/// Takes the goal of a draft away; 409 once the campaign was published.
#[utoipa::path(delete, path = "/campaigns/{id}/shop_goal", operation_id = "clearCampaignShopGoal", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 204, description = "There is none.")))]
async fn clear_goal(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::goal::clear(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From how many points on the brand's levels are reached; null: it has none.
#[utoipa::path(get, path = "/brands/{id}/levels", operation_id = "getBrandLevels", tag = "organisations", params(("id" = BrandId, Path)), responses((status = 200, description = "The levels, or null.", body = Option<BrandLevels>)))]
async fn levels(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<BrandId>) -> Result<Json<Option<BrandLevels>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::level::of_brand(&mut tx, &actor, id).await?))
}

/// Switches the brand's levels on. They change nothing of what anybody earns.
#[utoipa::path(put, path = "/brands/{id}/levels", operation_id = "setBrandLevels", tag = "organisations", params(("id" = BrandId, Path)), request_body = BrandLevels, responses((status = 200, description = "The levels.", body = BrandLevels)))]
async fn set_levels(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<BrandId>,
    body: Body<BrandLevels>,
) -> Result<Json<BrandLevels>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let levels = loyalty::level::set(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(levels))
}

/// Switches the brand's levels off.
#[utoipa::path(delete, path = "/brands/{id}/levels", operation_id = "clearBrandLevels", tag = "organisations", params(("id" = BrandId, Path)), responses((status = 204, description = "It has none.")))]
async fn clear_levels(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<BrandId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::level::clear(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goals that the consumer's neighbours and she are reaching together.
#[utoipa::path(get, path = "/me/shop_goals", operation_id = "listMyShopGoals", tag = "me", responses((status = 200, description = "The nearest first.", body = Vec<NeighbourGoal>)))]
async fn my_goals(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<NeighbourGoal>>, Refusal> {
    actor.consumer()?;
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::goal::of_consumer(&mut tx, &actor).await?))
}

/// The consumer's level at every brand that has levels.
#[utoipa::path(get, path = "/me/levels", operation_id = "listMyLevels", tag = "me", responses((status = 200, description = "In order of the brand's name.", body = Vec<ConsumerLevel>)))]
async fn my_levels(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ConsumerLevel>>, Refusal> {
    actor.consumer()?;
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::level::of_consumer(&mut tx, &actor, now).await?))
}
