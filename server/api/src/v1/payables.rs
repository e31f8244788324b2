//! What brands owe shops.

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{BrandId, ShopId, loyalty::Payable};
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
    /// What this brand owes: its organisation and the operator. Absent: what the actor's own shop is owed, its owner only.
    brand_id: Option<BrandId>,
    /// Only to this shop.
    shop_id: Option<ShopId>,
}

/// What is owed, largest first.
#[utoipa::path(get, path = "/payables", operation_id = "listPayables", tag = "payables", params(Of), responses((status = 200, description = "One row for each brand and shop.", body = Vec<Payable>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(of): Query<Of>) -> Result<Json<Vec<Payable>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let mut payables = match of.brand_id {
        Some(brand) => loyalty::shop::payables_of_brand(&mut tx, &actor, brand).await?,
        None => loyalty::shop::payables(&mut tx, &actor).await?,
    };
    if let Some(shop) = of.shop_id {
        payables.retain(|payable| payable.shop_id == shop);
    }
    Ok(Json(payables))
}
