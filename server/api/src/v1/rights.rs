//! What a consumer may do with her own data: see and change her consents, take a copy, ask, leave.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::rights::{ConsentDecision, ConsentState, Deletion, DeletionCode, NewPrivacyRequest, PrivacyRequest};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Body, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(consents, decide))
        .routes(routes!(export))
        .routes(routes!(requests, ask))
        .routes(routes!(code))
        .routes(routes!(delete))
}

/// Every purpose and controller, with the text that was agreed to and since when.
#[utoipa::path(get, path = "/me/consents", operation_id = "listMyConsents", tag = "me", responses((status = 200, description = "Given, withdrawn or never decided.", body = Vec<ConsentState>)))]
async fn consents(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ConsentState>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::consent::states(&mut tx, &actor).await?))
}

/// Gives or withdraws an optional consent, at once. What one earns never depends on it.
#[utoipa::path(put, path = "/me/consents", operation_id = "setMyConsent", tag = "me", request_body = ConsentDecision, responses((status = 204, description = "It is so now.")))]
async fn decide(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    body: Body<ConsentDecision>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let device = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    identity::consent::set(&mut tx, &actor, now, &body.value, "api", device).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A copy of everything that is known of the actor: JSON and CSV in a ZIP. That it was asked for is written down.
#[utoipa::path(post, path = "/me/export", operation_id = "exportMyData", tag = "me", responses((status = 200, description = "The file.", content_type = "application/zip", body = Vec<u8>)))]
async fn export(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let export = loyalty::rights::export(&mut tx, &api.loyalty, &actor, now).await?;
    tx.commit().await?;
    let bytes = loyalty::rights::zip(&export)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"mis_datos_mostrador.zip\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bytes).into_response())
}

/// Own requests, newest first, each with the day by which the law wants an answer.
#[utoipa::path(get, path = "/me/privacy_requests", operation_id = "listMyPrivacyRequests", tag = "me", responses((status = 200, description = "At most 50.", body = Vec<PrivacyRequest>)))]
async fn requests(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<PrivacyRequest>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::rights::mine(&mut tx, &actor).await?))
}

/// Asks the operator for a correction, a blocking or whatever else the law gives.
#[utoipa::path(post, path = "/me/privacy_requests", operation_id = "createMyPrivacyRequest", tag = "me", request_body = NewPrivacyRequest, responses((status = 201, description = "The clock runs.", body = PrivacyRequest)))]
async fn ask(Turn { actor, mut write, value }: Turn<NewPrivacyRequest>) -> Result<Response, Refusal> {
    let request = identity::rights::ask(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/privacy_requests/{}", request.id), &request).await
}

/// Sends a code to the card's own phone: a deletion needs it.
#[utoipa::path(post, path = "/me/deletion_codes", operation_id = "createMyDeletionCode", tag = "me", responses(
    (status = 200, description = "The code is on its way.", body = DeletionCode),
    (status = 204, description = "The card knows no phone, and a deletion needs no code."),
))]
async fn code(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let code = loyalty::rights::start_deletion(&mut tx, &api.loyalty, &actor, now).await?;
    tx.commit().await?;
    Ok(code.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |code| Json(code).into_response()))
}

/// Erases who the actor is, for good: contact, name, log-ins. The card stops, what is in it is lost, and the books keep
/// rows of nobody.
#[utoipa::path(post, path = "/me/deletion", operation_id = "deleteMe", tag = "me", request_body = Deletion, responses((status = 204, description = "She is gone.")))]
async fn delete(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<Deletion>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let left = loyalty::rights::delete(&mut tx, &api.loyalty, &actor, now, &body.value).await;
    // A wrong code is counted.
    tx.commit().await?;
    left?;
    Ok(StatusCode::NO_CONTENT)
}
