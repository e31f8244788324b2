//! What brands owe shops.

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{BrandId, Problem, ShopId, loyalty::Payable};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Query};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// What this brand owes: its organisation and the operator. Absent: what the shop is owed.
    brand_id: Option<BrandId>,
    /// Only to this shop: the operator; its owner when no brand is named. Both absent: the actor's own shop.
    shop_id: Option<ShopId>,
}

/// What is owed, largest first.
#[utoipa::path(get, path = "/payables", operation_id = "listPayables", tag = "payables", params(Of), responses((status = 200, description = "One row for each brand and shop.", body = Vec<Payable>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(of): Query<Of>) -> Result<Json<Vec<Payable>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let mut payables = match (of.brand_id, of.shop_id) {
        (Some(brand), _) => {
            // An unknown brand and somebody else's are the same answer.
            let owner = identity::organisation::find_brand(&mut tx, brand).await?.ok_or_else(Problem::not_found)?.organisation_id;
            loyalty::shop::payables_of_tenant(&mut tx, &actor, owner).await?
        }
        (None, Some(shop)) => loyalty::shop::payables_of_shop(&mut tx, &actor, shop).await?,
        (None, None) => loyalty::shop::payables(&mut tx, &actor).await?,
    };
    payables.retain(|payable| of.brand_id.is_none_or(|brand| payable.brand_id == brand) && of.shop_id.is_none_or(|shop| payable.shop_id == shop));
    Ok(Json(payables))
}
