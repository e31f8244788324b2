//! Saved segments as the audience of a message.

use axum::{Json, extract::State, response::Response};
use shared::{
    AudienceMessageId,
    reports::audience::{ApprovedText, AudienceMessage, NewAudienceMessage},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Empty, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(texts)).routes(routes!(list, prepare)).routes(routes!(get)).routes(routes!(confirm))
}

/// The texts of promotions that the operator had approved.
#[utoipa::path(get, path = "/audience_texts", operation_id = "listAudienceTexts", tag = "messages", responses((status = 200, description = "Few.", body = Vec<ApprovedText>)))]
async fn texts(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ApprovedText>>, Refusal> {
    actor.reads(actor.tenant()?)?;
    Ok(Json(reports::audience::texts(&api.port.approved())))
}

/// The organisation's messages to audiences, newest first.
#[utoipa::path(get, path = "/audience_messages", operation_id = "listAudienceMessages", tag = "messages", responses((status = 200, description = "At most 50.", body = Vec<AudienceMessage>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<AudienceMessage>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(reports::audience::list(&mut tx, &actor).await?))
}

/// Prepares a message to a saved segment and counts whom it would reach. Nothing leaves before it is confirmed.
#[utoipa::path(post, path = "/audience_messages", operation_id = "prepareAudienceMessage", tag = "messages", request_body = NewAudienceMessage, responses((status = 201, description = "With the counts, hidden where they are small.", body = AudienceMessage)))]
async fn prepare(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewAudienceMessage>) -> Result<Response, Refusal> {
    let made = reports::audience::prepare(&mut write.tx, &actor, write.now, &value, &api.port.approved()).await?;
    write.created(format!("/api/v1/audience_messages/{}", made.id), &made).await
}

/// One of them, with what became of it.
#[utoipa::path(get, path = "/audience_messages/{id}", operation_id = "getAudienceMessage", tag = "messages", params(("id" = AudienceMessageId, Path)), responses((status = 200, description = "With its result.", body = AudienceMessage)))]
async fn get(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<AudienceMessageId>,
) -> Result<Json<AudienceMessage>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(reports::audience::get(&mut tx, &actor, id).await?))
}

/// Sends it to who is in the segment now and agreed to the brand's promotions; 409 for fewer than ten people. A second time
/// it changes nothing.
#[utoipa::path(post, path = "/audience_messages/{id}/confirmation", operation_id = "confirmAudienceMessage", tag = "messages", params(("id" = AudienceMessageId, Path)), request_body = Empty, responses((status = 201, description = "On its way.", body = AudienceMessage)))]
async fn confirm(Id(id): Id<AudienceMessageId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let confirmed = reports::audience::confirm(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/audience_messages/{id}"), &confirmed).await
}
