//! What brands owe shops.

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    BrandId, Problem, ShopId,
    loyalty::{Payable, payback::Owed},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Query};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(ageing))
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
    let (mut tx, now) = api.read().await?;
    let payables = match (of.brand_id, of.shop_id) {
        (Some(brand), shop) => {
            // An unknown brand and somebody else's are the same answer.
            let owner = identity::organisation::find_brand(&mut tx, brand).await?.ok_or_else(Problem::not_found)?.organisation_id;
            loyalty::shop::payables_of_brand(&mut tx, &actor, (owner, brand), shop, now).await?
        }
        (None, Some(shop)) => loyalty::shop::payables_of_shop(&mut tx, &actor, shop, now).await?,
        (None, None) => loyalty::shop::payables(&mut tx, &actor, now).await?,
    };
    Ok(Json(payables))
}

/// Whose debts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfBrand {
    /// What this brand owes: its organisation and the operator. Absent: what the actor's own shop is owed, for its owner.
    brand_id: Option<BrandId>,
}

/// What is owed, how much of it stands on statements, what was settled, and how old the rest is.
#[utoipa::path(get, path = "/payables/ageing", operation_id = "listPayableAges", tag = "payables", params(OfBrand), responses((status = 200, description = "One row for each shop, brand and currency, at most 1 000.", body = Vec<Owed>)))]
async fn ageing(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(of): Query<OfBrand>) -> Result<Json<Vec<Owed>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    let Some(brand) = of.brand_id else {
        return Ok(Json(loyalty::payback::owed::of_own_shop(&mut tx, &actor, now).await?));
    };
    // An unknown brand and somebody else's are the same answer.
    let owner = identity::organisation::find_brand(&mut tx, brand).await?.ok_or_else(Problem::not_found)?.organisation_id;
    Ok(Json(loyalty::payback::owed::of_brand(&mut tx, &actor, (owner, brand), None, now).await?))
}
