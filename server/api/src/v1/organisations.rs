//! Tenants.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use shared::{
    Country, OrganisationId,
    identity::{Organisation, OrganisationKind},
    loyalty::PublishingRule,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(set_publishing))
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
async fn create(Turn { actor, mut write, value: new }: Turn<NewOrganisation>) -> Result<Response, Refusal> {
    let organisation = identity::organisation::create(&mut write.tx, &actor, write.now, &new.name, new.kind, new.country).await?;
    write.created(format!("/api/v1/organisations/{}", organisation.id), &organisation).await
}

/// Lets one person alone publish campaigns for a tenant, or asks for two again. Operator only.
#[utoipa::path(put, path = "/organisations/{id}/publishing", operation_id = "setOrganisationPublishing", tag = "organisations", params(("id" = OrganisationId, Path)), request_body = PublishingRule, responses((status = 204, description = "From now on.")))]
async fn set_publishing(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<OrganisationId>,
    body: Body<PublishingRule>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::organisation::set_publishing(&mut tx, &actor, now, id, body.value.one_person).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
