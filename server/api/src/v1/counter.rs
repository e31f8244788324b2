//! At the counter: rewards that shops have none of, units that brands gave them, and what campaigns pay shops.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use loyalty::{payback::incentive, shop_units};
use shared::{
    CampaignId, RewardId,
    loyalty::counter::{Incentive, Incident, IncidentCount, NewIncentive, NewIncident, NewShopUnits, ShopUnits},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Id, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(incidents, report_none))
        .routes(routes!(units))
        .routes(routes!(give))
        .routes(routes!(incentives))
        .routes(routes!(set_incentive))
}

/// Where rewards of the organisation were missing in the last 30 days.
#[utoipa::path(get, path = "/reward_incidents", operation_id = "listRewardIncidents", tag = "rewards", responses((status = 200, description = "The most often first, at most 200.", body = Vec<IncidentCount>)))]
async fn incidents(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<IncidentCount>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    let tenant = actor.tenant()?;
    Ok(Json(shop_units::incidents(&mut tx, &actor, tenant, now).await?))
}

/// The shop has none of a reward: it stays valid elsewhere, and the brand is told once a day.
#[utoipa::path(post, path = "/reward_incidents", operation_id = "createRewardIncident", tag = "rewards", request_body = NewIncident, responses((status = 201, description = "The brand knows.", body = Incident)))]
async fn report_none(Turn { actor, mut write, value }: Turn<NewIncident>) -> Result<Response, Refusal> {
    let told = shop_units::report_none(&mut write.tx, &actor, write.now, &value).await?;
    write.finish(StatusCode::CREATED, None, &told).await
}

/// Units of the organisation's rewards at shops.
#[utoipa::path(get, path = "/shop_units", operation_id = "listShopUnits", tag = "rewards", responses((status = 200, description = "What runs out first at the top, at most 500.", body = Vec<ShopUnits>)))]
async fn units(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ShopUnits>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let tenant = actor.tenant()?;
    Ok(Json(shop_units::of_tenant(&mut tx, &actor, tenant).await?))
}

/// Gives a shop units of a reward, or takes some back. A shop that was never given any has as many as it needs.
#[utoipa::path(post, path = "/rewards/{id}/shop_units", operation_id = "giveShopUnits", tag = "rewards", params(("id" = RewardId, Path)), request_body = NewShopUnits, responses((status = 201, description = "What is there now.", body = ShopUnits)))]
async fn give(Id(id): Id<RewardId>, Turn { actor, mut write, value }: Turn<NewShopUnits>) -> Result<Response, Refusal> {
    let units = shop_units::give(&mut write.tx, &actor, write.now, id, &value).await?;
    write.finish(StatusCode::CREATED, None, &units).await
}

/// What the organisation's campaigns pay shops now.
#[utoipa::path(get, path = "/incentives", operation_id = "listIncentives", tag = "campaigns", responses((status = 200, description = "One row for each campaign that pays or paid.", body = Vec<Incentive>)))]
async fn incentives(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Incentive>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let tenant = actor.tenant()?;
    Ok(Json(incentive::of_tenant(&mut tx, &actor, tenant).await?))
}

/// Sets what a campaign pays shops for purchases from now on.
#[utoipa::path(post, path = "/campaigns/{id}/incentive", operation_id = "setCampaignIncentive", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = NewIncentive, responses((status = 201, description = "In force from now on.", body = Incentive)))]
async fn set_incentive(Id(id): Id<CampaignId>, Turn { actor, mut write, value }: Turn<NewIncentive>) -> Result<Response, Refusal> {
    let incentive = incentive::set(&mut write.tx, &actor, write.now, id, &value).await?;
    write.finish(StatusCode::CREATED, None, &incentive).await
}
