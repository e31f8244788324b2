//! Tenants.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use shared::{
    Country,
    identity::{Organisation, OrganisationKind},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::Body,
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// A tenant to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrganisation {
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What it is.
    kind: OrganisationKind,
    /// Where it is at home.
    country: Country,
}

/// All tenants. Operator only.
#[utoipa::path(get, path = "/organisations", operation_id = "listOrganisations", tag = "organisations", responses((status = 200, description = "At most 500.", body = Vec<Organisation>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Organisation>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::organisation::list(&mut tx, &actor).await?))
}

/// Adds a tenant. Operator only.
#[utoipa::path(post, path = "/organisations", operation_id = "createOrganisation", tag = "organisations", request_body = NewOrganisation, responses((status = 201, description = "Added.", body = Organisation)))]
async fn create(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewOrganisation>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let new = body.value;
    let organisation = identity::organisation::create(&mut write.tx, &actor, write.now, &new.name, new.kind, new.country).await?;
    write.created(format!("/api/v1/organisations/{}", organisation.id), &organisation).await
}
