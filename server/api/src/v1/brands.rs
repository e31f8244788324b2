//! Brands of a tenant.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use shared::{OrganisationId, identity::Brand};
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

/// A brand to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBrand {
    /// Its owner.
    organisation_id: OrganisationId,
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Colour of its square.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    colour: String,
}

/// The tenant's brands; all of them for the operator.
#[utoipa::path(get, path = "/brands", operation_id = "listBrands", tag = "organisations", responses((status = 200, description = "In order of name.", body = Vec<Brand>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Brand>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::organisation::brands(&mut tx, &actor).await?))
}

/// Adds a brand. Operator only.
#[utoipa::path(post, path = "/brands", operation_id = "createBrand", tag = "organisations", request_body = NewBrand, responses((status = 201, description = "Added.", body = Brand)))]
async fn create(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewBrand>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let new = body.value;
    let brand = identity::organisation::create_brand(&mut write.tx, &actor, write.now, new.organisation_id, &new.name, &new.colour).await?;
    write.created(format!("/api/v1/brands/{}", brand.id), &brand).await
}
