//! Shops of the platform.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use shared::{
    Currency, Page, ShopId,
    identity::{NewShop, Shop},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Search;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get)).routes(routes!(set_currency))
}

/// The money of a shop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShopCurrency {
    /// In which it sells and is paid.
    currency: Currency,
}

/// Shops, newest first. Operator only.
#[utoipa::path(get, path = "/shops", operation_id = "listShops", tag = "shops", params(Search), responses((status = 200, description = "A page.", body = Page<Shop>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(search): Query<Search>) -> Result<Json<Page<Shop>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let words = search.words()?.to_owned();
    let part = search.part();
    Ok(Json(identity::shop::list(&mut tx, &actor, &words, part.cursor(), part.limit()?).await?))
}

/// A shop. What it says is on the shop's own poster, so everybody with a session or key may read it.
#[utoipa::path(get, path = "/shops/{id}", operation_id = "getShop", tag = "shops", params(("id" = ShopId, Path)), responses((status = 200, description = "The shop.", body = Shop)))]
async fn get(State(api): State<ApiState>, ActorOf(_reader): ActorOf, Id(id): Id<ShopId>) -> Result<Json<Shop>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::shop::get(&mut tx, id).await?))
}

/// Adds a shop without people. Operator only.
#[utoipa::path(post, path = "/shops", operation_id = "createShop", tag = "shops", request_body = NewShop, responses((status = 201, description = "Added.", body = Shop)))]
async fn create(Turn { actor, mut write, value }: Turn<NewShop>) -> Result<Response, Refusal> {
    let shop = identity::shop::create(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/shops/{}", shop.id), &shop).await
}

/// Says in which money a shop sells; 409 once it sold something. Operator only.
#[utoipa::path(put, path = "/shops/{id}/currency", operation_id = "setShopCurrency", tag = "shops", params(("id" = ShopId, Path)), request_body = ShopCurrency, responses((status = 200, description = "The shop.", body = Shop)))]
async fn set_currency(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ShopId>,
    body: Body<ShopCurrency>,
) -> Result<Json<Shop>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let shop = loyalty::shop::set_currency(&mut tx, &actor, now, id, body.value.currency).await?;
    tx.commit().await?;
    Ok(Json(shop))
}
