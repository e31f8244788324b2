//! Barcodes that shops met and nobody knew.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{Gtin, ProposalId, catalogue::Proposal};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, propose)).routes(routes!(close))
}

/// What waits for a decision, oldest first. Operator only.
#[utoipa::path(get, path = "/product_proposals", operation_id = "listProductProposals", tag = "products", responses((status = 200, description = "At most 200.", body = Vec<Proposal>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Proposal>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(catalogue::proposal::list(&mut tx, &actor).await?))
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
async fn propose(Turn { actor, mut write, value }: Turn<NewProposal>) -> Result<Response, Refusal> {
    let NewProposal { gtin, name, price_minor } = value;
    let new = catalogue::proposal::NewProposal { gtin, name, price_minor, photo: None };
    let id = catalogue::proposal::propose(&mut write.tx, &actor, write.now, &new).await?;
    write.created(format!("/api/v1/product_proposals/{id}"), &MadeProposal { id }).await
}

/// Why it is dealt with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// For the audit: `product added`, `no product of anybody`.
    #[schema(min_length = 1, max_length = 200)]
    why: String,
}

/// Takes a proposal off the list, whether a product was made of it or not. Operator only.
#[utoipa::path(put, path = "/product_proposals/{id}/closing", operation_id = "closeProductProposal", tag = "products", params(("id" = ProposalId, Path)), request_body = Closing, responses((status = 204, description = "Off the list.")))]
async fn close(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ProposalId>,
    body: Body<Closing>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    catalogue::proposal::close(&mut tx, &actor, now, id, &body.value.why).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
