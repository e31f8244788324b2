//! Which shops take part in what a brand does.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shared::{BrandId, ShopId, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, enrol)).routes(routes!(withdraw))
}

/// A shop that takes part.
#[derive(Debug, Serialize, ToSchema)]
struct BrandShop {
    /// The shop.
    shop_id: ShopId,
    /// Its name.
    name: String,
    /// Since when.
    enrolled_at: Timestamp,
}

/// Shops that take part now, by name; at most 1 000.
#[utoipa::path(get, path = "/brands/{id}/shops", operation_id = "listBrandShops", tag = "organisations", params(("id" = BrandId, Path)), responses((status = 200, description = "Shops.", body = Vec<BrandShop>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<BrandId>) -> Result<Json<Vec<BrandShop>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let shops = identity::participation::list(&mut tx, &actor, id).await?;
    Ok(Json(shops.into_iter().map(|shop| BrandShop { shop_id: shop.shop_id, name: shop.name, enrolled_at: shop.enrolled_at }).collect()))
}

/// Shops that begin to take part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBrandShops {
    /// 1 to 500; those that take part already stay as they are.
    #[schema(min_items = 1, max_items = 500)]
    shop_ids: Vec<ShopId>,
}

/// How many began.
#[derive(Debug, Serialize, ToSchema)]
struct BrandShopsBegan {
    /// Those that did not take part before.
    began: u64,
}

/// Shops take part from now on. The same request again changes nothing.
#[utoipa::path(post, path = "/brands/{id}/shops", operation_id = "enrolBrandShops", tag = "organisations", params(("id" = BrandId, Path)), request_body = NewBrandShops, responses((status = 200, description = "They take part.", body = BrandShopsBegan)))]
async fn enrol(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<BrandId>,
    body: Body<NewBrandShops>,
) -> Result<Json<BrandShopsBegan>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let began = identity::participation::enrol(&mut tx, &actor, now, id, &body.value.shop_ids).await?;
    tx.commit().await?;
    Ok(Json(BrandShopsBegan { began }))
}

/// A shop that takes part no longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShopWithdrawal {
    /// Which.
    shop_id: ShopId,
}

/// A shop takes part no longer; 404 when it does not.
#[utoipa::path(post, path = "/brands/{id}/shop_withdrawals", operation_id = "withdrawBrandShop", tag = "organisations", params(("id" = BrandId, Path)), request_body = ShopWithdrawal, responses((status = 204, description = "It takes part no longer.")))]
async fn withdraw(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<BrandId>,
    body: Body<ShopWithdrawal>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::participation::withdraw(&mut tx, &actor, now, id, body.value.shop_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
