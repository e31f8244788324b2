//! Campaigns: a draft can be edited, another person publishes it, and what is published never changes.

use axum::{Json, extract::State, response::Response};
use shared::{
    CampaignId, Page,
    loyalty::{AskReview, Campaign, Control, ControlChoice, Gates, NewCampaign, Publication, Simulation},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Empty, Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update))
        .routes(routes!(gates))
        .routes(routes!(ask_review, send_back))
        .routes(routes!(publish))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(settle))
        .routes(routes!(simulate))
        .routes(routes!(control, choose_control))
}

/// The organisation's campaigns, newest first; the operator sees everybody's.
#[utoipa::path(get, path = "/campaigns", operation_id = "listCampaigns", tag = "campaigns", params(Part), responses((status = 200, description = "A page.", body = Page<Campaign>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(part): Query<Part>) -> Result<Json<Page<Campaign>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::campaign::list(&mut tx, &actor, now, part.cursor(), part.limit()?).await?))
}

/// A campaign with the rules of its newest version.
#[utoipa::path(get, path = "/campaigns/{id}", operation_id = "getCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "The campaign.", body = Campaign)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<Campaign>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::campaign::get(&mut tx, &actor, now, id).await?))
}

/// Creates a draft. Nobody earns yet.
#[utoipa::path(post, path = "/campaigns", operation_id = "createCampaign", tag = "campaigns", request_body = NewCampaign, responses((status = 201, description = "A draft.", body = Campaign)))]
async fn create(Turn { actor, mut write, value }: Turn<NewCampaign>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::create(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/campaigns/{}", campaign.id), &campaign).await
}

/// Replaces a draft. Whoever was asked to review it has to be asked again.
#[utoipa::path(put, path = "/campaigns/{id}", operation_id = "updateCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = NewCampaign, responses((status = 200, description = "The new draft.", body = Campaign)))]
async fn update(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<CampaignId>,
    body: Body<NewCampaign>,
) -> Result<Json<Campaign>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let campaign = loyalty::campaign::update_draft(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(campaign))
}

/// What keeps the draft from being published, all at once, and the terms that it would have.
#[utoipa::path(get, path = "/campaigns/{id}/gates", operation_id = "getCampaignGates", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "Nothing missing: it can be published.", body = Gates)))]
async fn gates(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<Gates>, Refusal> {
    let (mut tx, now) = api.read().await?;
    let campaign = loyalty::campaign::get(&mut tx, &actor, now, id).await?;
    Ok(Json(loyalty::gate::look(&mut tx, &actor, now, &campaign).await?))
}

/// Asks another person to publish the draft. 422 with everything that is missing.
#[utoipa::path(post, path = "/campaigns/{id}/review", operation_id = "askCampaignReview", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = AskReview, responses((status = 201, description = "Asked.", body = Campaign)))]
async fn ask_review(Id(id): Id<CampaignId>, Turn { actor, mut write, value }: Turn<AskReview>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::ask_review(&mut write.tx, &actor, write.now, id, &value).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Gives the draft back to whoever asked for the review.
#[utoipa::path(delete, path = "/campaigns/{id}/review", operation_id = "sendCampaignBack", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "A draft again.", body = Campaign)))]
async fn send_back(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<Campaign>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let campaign = loyalty::campaign::send_back(&mut tx, &actor, now, id, "").await?;
    tx.commit().await?;
    Ok(Json(campaign))
}

/// Publishes what another person asked to be reviewed: its rules are fixed and count on their dates. A later version
/// begins now, or at the instant that is named.
#[utoipa::path(post, path = "/campaigns/{id}/publication", operation_id = "publishCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Publication, responses((status = 201, description = "Published.", body = Campaign)))]
async fn publish(Id(id): Id<CampaignId>, Turn { actor, mut write, value }: Turn<Publication>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::publish_as(&mut write.tx, &actor, write.now, id, &value).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Stops a campaign from now on. Purchases that happened before still count.
#[utoipa::path(post, path = "/campaigns/{id}/pause", operation_id = "pauseCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Empty, responses((status = 201, description = "Paused.", body = Campaign)))]
async fn pause(Id(id): Id<CampaignId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::pause(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Lets a paused campaign go on from now on.
#[utoipa::path(post, path = "/campaigns/{id}/resumption", operation_id = "resumeCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Empty, responses((status = 201, description = "It counts again.", body = Campaign)))]
async fn resume(Id(id): Id<CampaignId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::resume(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Closes the books of a campaign that ended: late sales and returns change nothing of it any more.
#[utoipa::path(post, path = "/campaigns/{id}/settlement", operation_id = "settleCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Empty, responses((status = 201, description = "Settled.", body = Campaign)))]
async fn settle(Id(id): Id<CampaignId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let campaign = loyalty::campaign::settle(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// How far a replay looks back.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Weeks {
    /// 1 to 26; absent: 8.
    #[param(minimum = 1, maximum = 26)]
    weeks: Option<i64>,
}

/// What the draft would have given in the brand's own last weeks, and what its own dates will probably bring. Writes nothing.
#[utoipa::path(get, path = "/campaigns/{id}/simulation", operation_id = "simulateCampaign", tag = "campaigns", params(("id" = CampaignId, Path), Weeks), responses((status = 200, description = "A replay and a forecast.", body = Simulation)))]
async fn simulate(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<CampaignId>,
    Query(asked): Query<Weeks>,
) -> Result<Json<Simulation>, Refusal> {
    let (mut tx, now) = api.read().await?;
    let campaign = loyalty::campaign::get(&mut tx, &actor, now, id).await?;
    let points = reports::point_cost(&mut tx, &actor, campaign.brand_id, campaign.rules.starts).await?;
    let points = points.map(|(thousand_points_minor, expected_redemption_bp)| loyalty::replay::PointCost {
        thousand_points_minor,
        expected_redemption_bp,
    });
    Ok(Json(loyalty::replay::simulate(&mut tx, &actor, now, id, asked.weeks.unwrap_or(8), points).await?))
}

/// Shops that would go without the draft so that its effect can be measured, or those of a published campaign.
#[utoipa::path(get, path = "/campaigns/{id}/control", operation_id = "getCampaignControl", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "Proposed, chosen or fixed.", body = Control)))]
async fn control(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<Control>, Refusal> {
    let (mut tx, now) = api.read().await?;
    Ok(Json(loyalty::control::look(&mut tx, &actor, now, id).await?))
}

/// Takes the proposal as the draft's control, or goes without one; 409 once the campaign was published.
#[utoipa::path(put, path = "/campaigns/{id}/control", operation_id = "chooseCampaignControl", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = ControlChoice, responses((status = 200, description = "Chosen until the publication fixes it.", body = Control)))]
async fn choose_control(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<CampaignId>,
    body: Body<ControlChoice>,
) -> Result<Json<Control>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let control = loyalty::control::choose(&mut tx, &actor, now, id, body.value.with_control).await?;
    tx.commit().await?;
    Ok(Json(control))
}
