//! Brands of a tenant.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use shared::{
    BrandId, OrganisationId,
    identity::{Brand, Licence},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(set_licence))
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
async fn create(Turn { actor, mut write, value: new }: Turn<NewBrand>) -> Result<Response, Refusal> {
    let brand = identity::organisation::create_brand(&mut write.tx, &actor, write.now, new.organisation_id, &new.name, &new.colour).await?;
    write.created(format!("/api/v1/brands/{}", brand.id), &brand).await
}

/// Says until when a brand may publish campaigns. What runs goes on, and what was earned stays. Operator only.
#[utoipa::path(put, path = "/brands/{id}/licence", operation_id = "setBrandLicence", tag = "organisations", params(("id" = BrandId, Path)), request_body = Licence, responses((status = 200, description = "From now on.", body = Brand)))]
async fn set_licence(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<BrandId>,
    body: Body<Licence>,
) -> Result<Json<Brand>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let brand = identity::organisation::set_licence(&mut tx, &actor, now, id, body.value).await?;
    tx.commit().await?;
    Ok(Json(brand))
}
