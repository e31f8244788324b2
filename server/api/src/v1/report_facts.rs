//! What reports rest on and no sale tells: costs, assumptions, control shops, shopkeepers' answers.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use shared::{BrandId, CampaignId, CostId, reports::{Arms, Assumptions, NewCost, NpsAnswer, SavedSegments}};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(add_cost)).routes(routes!(assume)).routes(routes!(assign)).routes(routes!(answer_nps)).routes(routes!(save_segments))
}

/// A cost that was entered.
#[derive(Debug, Serialize, ToSchema)]
struct AddedCost {
    /// Its id.
    id: CostId,
}

/// Enters money that the brand spent. A wrong one is taken back by a negative amount.
#[utoipa::path(post, path = "/brands/{id}/costs", operation_id = "createBrandCost", tag = "reports", params(("id" = BrandId, Path)), request_body = NewCost, responses((status = 201, description = "Entered.", body = AddedCost)))]
async fn add_cost(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(brand): Id<BrandId>, body: Body<NewCost>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let id = reports::add_cost(&mut write.tx, &actor, write.now, brand, &body.value).await?;
    write.created(format!("/api/v1/brands/{brand}/costs/{id}"), &AddedCost { id }).await
}

/// Says what margin, redemption and cost of a point are from a day on.
#[utoipa::path(put, path = "/brands/{id}/assumptions", operation_id = "setBrandAssumptions", tag = "reports", params(("id" = BrandId, Path)), request_body = Assumptions, responses((status = 204, description = "They count from that day on.")))]
async fn assume(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(brand): Id<BrandId>, body: Body<Assumptions>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::assume(&mut tx, &actor, now, brand, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fixes which shops have a campaign and which are its control; 409 once it has begun.
#[utoipa::path(put, path = "/campaigns/{id}/arms", operation_id = "setCampaignArms", tag = "reports", params(("id" = CampaignId, Path)), request_body = Arms, responses((status = 204, description = "Fixed.")))]
async fn assign(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(campaign): Id<CampaignId>, body: Body<Arms>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::assign(&mut tx, &actor, now, campaign, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A shopkeeper says how likely she is to recommend a brand's programme; in the same wave the last answer counts.
#[utoipa::path(post, path = "/nps_answers", operation_id = "answerNps", tag = "reports", request_body = NpsAnswer, responses((status = 204, description = "Counted.")))]
async fn answer_nps(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NpsAnswer>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::answer_nps(&mut tx, &actor, now, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Saves who is in which RFM segment now, under the segments' names: rules and audiences go by them until the next saving.
#[utoipa::path(put, path = "/brands/{id}/rfm_segments", operation_id = "saveRfmSegments", tag = "reports", params(("id" = BrandId, Path)), responses((status = 200, description = "Saved.", body = SavedSegments)))]
async fn save_segments(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(brand): Id<BrandId>) -> Result<Json<SavedSegments>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let saved = reports::save_rfm(&mut tx, &actor, now, brand).await?;
    tx.commit().await?;
    Ok(Json(saved))
}
