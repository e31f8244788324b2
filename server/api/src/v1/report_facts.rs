//! What reports rest on and no sale tells: costs, assumptions, control shops, shopkeepers' answers.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, CampaignId, CostId,
    reports::{
        Arms, Assumptions, NewCost, NpsAnswer, SavedSegments,
        nps::{NpsQuestion, NpsSentence},
    },
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(add_cost))
        .routes(routes!(assume))
        .routes(routes!(assign))
        .routes(routes!(ask_nps, answer_nps))
        .routes(routes!(nps_sentences))
        .routes(routes!(save_segments))
}

/// A cost that was entered.
#[derive(Debug, Serialize, ToSchema)]
struct AddedCost {
    /// Its id.
    id: CostId,
}

/// Enters money that the brand spent. A wrong one is taken back by a negative amount.
#[utoipa::path(post, path = "/brands/{id}/costs", operation_id = "createBrandCost", tag = "reports", params(("id" = BrandId, Path)), request_body = NewCost, responses((status = 201, description = "Entered.", body = AddedCost)))]
async fn add_cost(Id(brand): Id<BrandId>, Turn { actor, mut write, value }: Turn<NewCost>) -> Result<Response, Refusal> {
    let id = reports::add_cost(&mut write.tx, &actor, write.now, brand, &value).await?;
    write.created(format!("/api/v1/brands/{brand}/costs/{id}"), &AddedCost { id }).await
}

/// Says what margin, redemption and cost of a point are from a day on.
#[utoipa::path(put, path = "/brands/{id}/assumptions", operation_id = "setBrandAssumptions", tag = "reports", params(("id" = BrandId, Path)), request_body = Assumptions, responses((status = 204, description = "They count from that day on.")))]
async fn assume(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(brand): Id<BrandId>,
    body: Body<Assumptions>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::assume(&mut tx, &actor, now, brand, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fixes which shops have a campaign and which are its control; 409 once it has begun.
#[utoipa::path(put, path = "/campaigns/{id}/arms", operation_id = "setCampaignArms", tag = "reports", params(("id" = CampaignId, Path)), request_body = Arms, responses((status = 204, description = "Fixed.")))]
async fn assign(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(campaign): Id<CampaignId>,
    body: Body<Arms>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::assign(&mut tx, &actor, now, campaign, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A shopkeeper or a consumer says how likely she is to recommend a brand's programme; in the same wave the last answer counts.
#[utoipa::path(post, path = "/nps_answers", operation_id = "answerNps", tag = "reports", request_body = NpsAnswer, responses((status = 204, description = "Counted.")))]
async fn answer_nps(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NpsAnswer>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::nps::answer(&mut tx, &actor, now, &body.value).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the asking shopkeeper or consumer is asked now; `null` most of the time.
#[utoipa::path(get, path = "/nps_answers", operation_id = "getNpsQuestion", tag = "reports", responses((status = 200, description = "At most once in 90 days.", body = Option<NpsQuestion>)))]
async fn ask_nps(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Option<NpsQuestion>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(reports::nps::question(&mut tx, &actor, now).await?))
}

/// Which round of questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wave {
    /// `2026-q1`; this quarter's when absent.
    #[param(min_length = 1, max_length = 40)]
    wave: Option<String>,
}

/// What people wrote beside their answers in a wave, without whose it is; nothing while few have answered.
#[utoipa::path(get, path = "/brands/{id}/nps_sentences", operation_id = "listNpsSentences", tag = "reports", params(("id" = BrandId, Path), Wave), responses((status = 200, description = "At most 200.", body = Vec<NpsSentence>)))]
async fn nps_sentences(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(brand): Id<BrandId>,
    Query(Wave { wave }): Query<Wave>,
) -> Result<Json<Vec<NpsSentence>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(reports::nps::sentences(&mut tx, &actor, now, brand, wave.as_deref()).await?))
}

/// Saves who is in which RFM segment now, under the segments' names: rules and audiences go by them until the next saving.
#[utoipa::path(put, path = "/brands/{id}/rfm_segments", operation_id = "saveRfmSegments", tag = "reports", params(("id" = BrandId, Path)), responses((status = 200, description = "Saved.", body = SavedSegments)))]
async fn save_segments(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(brand): Id<BrandId>,
) -> Result<Json<SavedSegments>, Refusal> {
    let (mut reading, now) = api.read().await?;
    let sorted = reports::sort_rfm(&mut reading, &actor, now, brand).await?;
    drop(reading);
    let (mut tx, _) = api.begin().await?;
    let saved = reports::save_rfm(&mut tx, &actor, &sorted).await?;
    tx.commit().await?;
    Ok(Json(saved))
}
