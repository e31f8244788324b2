//! Tenants apart, to try everything with. Not the doors of [`super::sandbox`], which turn the clock of a whole installation.

use axum::{Json, extract::State, response::Response};
use shared::{
    OrganisationId,
    identity::{NewShop, Shop},
    sandbox::{NewSandbox, NewSandboxCard, ResetSandbox, Sandbox, SandboxCard},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Id, idempotency::Turn};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(add_shop))
        .routes(routes!(add_card))
        .routes(routes!(reset))
}

/// All sandboxes. Operator only.
#[utoipa::path(get, path = "/sandboxes", operation_id = "listSandboxes", tag = "sandboxes", responses((status = 200, description = "At most 100.", body = Vec<Sandbox>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Sandbox>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::sandbox::list(&mut tx, &actor).await?))
}

/// Opens a tenant apart: its brands, shops and cards meet only each other. Operator only.
#[utoipa::path(post, path = "/sandboxes", operation_id = "createSandbox", tag = "sandboxes", request_body = NewSandbox, responses((status = 201, description = "Opened.", body = Sandbox)))]
async fn create(Turn { actor, mut write, value: new }: Turn<NewSandbox>) -> Result<Response, Refusal> {
    let made = identity::sandbox::create(&mut write.tx, &actor, write.now, &new).await?;
    write.created(format!("/api/v1/sandboxes/{}", made.organisation_id), &made).await
}

/// A sandbox and how far its newest reset is.
#[utoipa::path(get, path = "/sandboxes/{id}", operation_id = "getSandbox", tag = "sandboxes", params(("id" = OrganisationId, Path)), responses((status = 200, description = "As it is.", body = Sandbox)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<OrganisationId>) -> Result<Json<Sandbox>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::sandbox::get(&mut tx, &actor, id).await?))
}

/// Adds a shop that only this sandbox knows, at most 20: keys of the sandbox with `purchases:import` report its sales.
#[utoipa::path(post, path = "/sandboxes/{id}/shops", operation_id = "createSandboxShop", tag = "sandboxes", params(("id" = OrganisationId, Path)), request_body = NewShop, responses((status = 201, description = "Added.", body = Shop)))]
async fn add_shop(Id(id): Id<OrganisationId>, Turn { actor, mut write, value: new }: Turn<NewShop>) -> Result<Response, Refusal> {
    let shop = identity::sandbox::add_shop(&mut write.tx, &actor, write.now, id, &new).await?;
    write.created(format!("/api/v1/shops/{}", shop.id), &shop).await
}

/// Adds a card that earns at the sandbox's shops, at most 500 until the next reset.
#[utoipa::path(post, path = "/sandboxes/{id}/cards", operation_id = "createSandboxCard", tag = "sandboxes", params(("id" = OrganisationId, Path)), request_body = NewSandboxCard, responses((status = 201, description = "Added.", body = SandboxCard)))]
async fn add_card(
    State(api): State<ApiState>,
    Id(id): Id<OrganisationId>,
    Turn { actor, mut write, value: new }: Turn<NewSandboxCard>,
) -> Result<Response, Refusal> {
    let made = loyalty::sandbox::add_card(&mut write.tx, &api.loyalty, &actor, write.now, id, new.adult).await?;
    write.created(format!("/api/v1/consumers/{}/balances", made.consumer_id), &made).await
}

/// Begins anew: brands of the same names without campaigns, rewards, balances, shops or sales. People, keys, products and
/// webhooks stay. What was before is closed at once and put away in pieces; its books are kept. 409 for a tenant that is no
/// sandbox, and while another reset is under way.
#[utoipa::path(post, path = "/sandboxes/{id}/resets", operation_id = "resetSandbox", tag = "sandboxes", params(("id" = OrganisationId, Path)), request_body = ResetSandbox, responses((status = 201, description = "Begun anew.", body = Sandbox)))]
async fn reset(Id(id): Id<OrganisationId>, Turn { actor, mut write, value: wanted }: Turn<ResetSandbox>) -> Result<Response, Refusal> {
    let sandbox = identity::sandbox::reset(&mut write.tx, &actor, write.now, id, &wanted.confirmation).await?;
    write.created(format!("/api/v1/sandboxes/{id}"), &sandbox).await
}
