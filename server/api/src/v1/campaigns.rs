//! Campaigns: a draft can be edited, publishing makes an immutable version.

use axum::{Json, extract::State, response::Response};
use shared::{
    CampaignId, Page,
    loyalty::{Campaign, NewCampaign},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update)).routes(routes!(publish)).routes(routes!(pause)).routes(routes!(resume))
}

/// The organisation's campaigns, newest first; the operator sees everybody's.
#[utoipa::path(get, path = "/campaigns", operation_id = "listCampaigns", tag = "campaigns", params(Part), responses((status = 200, description = "A page.", body = Page<Campaign>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(part): Query<Part>) -> Result<Json<Page<Campaign>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::campaign::list(&mut tx, &actor, part.cursor(), part.limit()?).await?))
}

/// A campaign with the rules of its newest version.
#[utoipa::path(get, path = "/campaigns/{id}", operation_id = "getCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), responses((status = 200, description = "The campaign.", body = Campaign)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>) -> Result<Json<Campaign>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::campaign::get(&mut tx, &actor, id).await?))
}

/// Creates a draft. Nobody earns yet.
#[utoipa::path(post, path = "/campaigns", operation_id = "createCampaign", tag = "campaigns", request_body = NewCampaign, responses((status = 201, description = "A draft.", body = Campaign)))]
async fn create(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewCampaign>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let campaign = loyalty::campaign::create(&mut write.tx, &actor, write.now, &body.value).await?;
    write.created(format!("/api/v1/campaigns/{}", campaign.id), &campaign).await
}

/// Replaces a draft.
#[utoipa::path(put, path = "/campaigns/{id}", operation_id = "updateCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = NewCampaign, responses((status = 200, description = "The new draft.", body = Campaign)))]
async fn update(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>, body: Body<NewCampaign>) -> Result<Json<Campaign>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let campaign = loyalty::campaign::update_draft(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(campaign))
}

/// Publishes the draft: its rules are fixed and count on their dates.
#[utoipa::path(post, path = "/campaigns/{id}/publication", operation_id = "publishCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Publication, responses((status = 201, description = "Published.", body = Campaign)))]
async fn publish(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>, body: Body<Publication>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let campaign = loyalty::campaign::publish(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Stops a campaign from now on. Purchases that happened before still count.
#[utoipa::path(post, path = "/campaigns/{id}/pause", operation_id = "pauseCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Publication, responses((status = 201, description = "Paused.", body = Campaign)))]
async fn pause(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>, body: Body<Publication>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let campaign = loyalty::campaign::pause(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// Lets a paused campaign go on from now on.
#[utoipa::path(post, path = "/campaigns/{id}/resumption", operation_id = "resumeCampaign", tag = "campaigns", params(("id" = CampaignId, Path)), request_body = Publication, responses((status = 201, description = "It counts again.", body = Campaign)))]
async fn resume(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<CampaignId>, body: Body<Publication>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let campaign = loyalty::campaign::resume(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/campaigns/{id}"), &campaign).await
}

/// `{}`.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Publication {}
