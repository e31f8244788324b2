//! Keys for programs of the actor's organisation.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use identity::Scopes;
use serde::{Deserialize, Serialize};
use shared::{ApiKeyId, Problem, Timestamp, identity::ApiKey};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Id, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// The organisation's keys, without their secrets. Administrators only.
#[utoipa::path(get, path = "/api_keys", operation_id = "listApiKeys", tag = "api_keys", responses((status = 200, description = "Newest first.", body = Vec<ApiKey>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ApiKey>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::api_key::list(&mut tx, &actor).await?))
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    /// What it is for, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// `campaigns:write`, `products:write`, `reports:read`; the operator's also `purchases:import`, `operator`, `sandbox`.
    #[schema(min_items = 1, max_items = 10)]
    scopes: Vec<String>,
    /// When it stops working by itself.
    expires_at: Option<Timestamp>,
}

/// A key and its secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct MadeApiKey {
    /// The key.
    #[serde(flatten)]
    key: ApiKey,
    /// For `Authorization: Bearer`.
    secret: String,
}

/// Makes a key. Administrators only.
#[utoipa::path(post, path = "/api_keys", operation_id = "createApiKey", tag = "api_keys", request_body = NewApiKey, responses((status = 201, description = "Made; the secret is shown this once.", body = MadeApiKey)))]
async fn create(Turn { actor, mut write, value: new }: Turn<NewApiKey>) -> Result<Response, Refusal> {
    let scopes = Scopes::parse(&new.scopes.join(" ")).ok_or_else(|| Problem::field("scopes", "bad_field", "unknown scope, or none"))?;
    let (key, secret) = identity::api_key::create(&mut write.tx, &actor, write.now, &new.name, &scopes, new.expires_at).await?;
    let location = format!("/api/v1/api_keys/{}", key.id);
    write.created(location, &MadeApiKey { key, secret }).await
}

/// Stops a key at once. Administrators only.
#[utoipa::path(delete, path = "/api_keys/{id}", operation_id = "revokeApiKey", tag = "api_keys", params(("id" = ApiKeyId, Path)), responses((status = 204, description = "Revoked.")))]
async fn revoke(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ApiKeyId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::api_key::revoke(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
