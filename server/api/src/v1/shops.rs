//! Shops of the platform.

use axum::{Json, extract::State, response::Response};
use shared::{
    Page, ShopId,
    identity::{NewShop, Shop},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Search;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::{self, Turn},
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get))
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
async fn create(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewShop>) -> Result<Response, Refusal> {
    let mut write = match idempotency::open(&api, &actor, body.request).await? {
        Turn::Mine(write) => write,
        Turn::Known(answer) => return Ok(answer),
    };
    let shop = identity::shop::create(&mut write.tx, &actor, write.now, &body.value).await?;
    write.created(format!("/api/v1/shops/{}", shop.id), &shop).await
}
