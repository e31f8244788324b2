//! Barcodes that shops met and nobody knew.

use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    Gtin, Page, ProposalId,
    catalogue::{NewProduct, Product, Proposal},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, propose)).routes(routes!(decide))
}

/// What waits for a decision, oldest first. Operator only.
#[utoipa::path(get, path = "/product_proposals", operation_id = "listProductProposals", tag = "products", params(Part), responses((status = 200, description = "A page.", body = Page<Proposal>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(part): Query<Part>) -> Result<Json<Page<Proposal>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(catalogue::proposal::list(&mut tx, &actor, part.cursor(), part.limit()?).await?))
}

/// A barcode to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProposal {
    /// The barcode.
    gtin: Gtin,
    /// What the shop calls it, 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// What it costs there, minor units of the shop's currency.
    #[schema(minimum = 0, maximum = 100000000000_i64)]
    price_minor: Option<i64>,
}

/// What was proposed.
#[derive(Debug, Serialize, ToSchema)]
struct MadeProposal {
    /// The proposal.
    id: ProposalId,
}

/// Proposes a product. People of shops; the same barcode of the same shop again is the same proposal.
#[utoipa::path(post, path = "/product_proposals", operation_id = "createProductProposal", tag = "products", request_body = NewProposal, responses((status = 201, description = "Waits for a decision.", body = MadeProposal)))]
async fn propose(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewProposal>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let new = body.value;
    let id = catalogue::proposal::propose(&mut write.tx, &actor, write.now, &new.gtin, &new.name, new.price_minor, None).await?;
    write.created(format!("/api/v1/product_proposals/{id}"), &MadeProposal { id }).await
}

/// Accept with the product, or turn down without.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// The product to add, with the proposal's barcode; absent: turned down.
    product: Option<NewProduct>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    /// The product, when it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Product>,
}

/// Decides about a proposal. Operator only.
#[utoipa::path(post, path = "/product_proposals/{id}/decision", operation_id = "decideProductProposal", tag = "products", params(("id" = ProposalId, Path)), request_body = Decision, responses((status = 201, description = "Decided.", body = Decided)))]
async fn decide(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ProposalId>, body: Body<Decision>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let product = catalogue::proposal::decide(&mut write.tx, &actor, write.now, id, body.value.product.as_ref()).await?;
    let location = product.as_ref().map_or_else(|| "/api/v1/product_proposals".to_owned(), |product| format!("/api/v1/products/{}", product.id));
    write.created(location, &Decided { product }).await
}

