//! The master list of products.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::Response,
};
use shared::{
    Page, ProductId,
    catalogue::{ImportReport, NewPack, NewProduct, OtherPrices, Pack, Product},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{How, Search};
use crate::{
    ActorOf, ApiState, IMPORT_MAX_BYTES, Refusal,
    body::{Body, Id, Query},
    idempotency::Turn,
    refusal::body_refused,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    let imports = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(IMPORT_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update))
        .routes(routes!(get_prices, set_prices))
        .routes(routes!(get_pack, set_pack, remove_pack))
        .merge(imports)
}

/// Products, newest first: everybody with a session or key.
#[utoipa::path(get, path = "/products", operation_id = "listProducts", tag = "products", params(Search), responses((status = 200, description = "A page.", body = Page<Product>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(search): Query<Search>) -> Result<Json<Page<Product>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let words = search.words()?.to_owned();
    let part = search.part();
    Ok(Json(catalogue::product::list(&mut tx, &actor, &words, part.cursor(), part.limit()?).await?))
}

/// A product.
#[utoipa::path(get, path = "/products/{id}", operation_id = "getProduct", tag = "products", params(("id" = ProductId, Path)), responses((status = 200, description = "The product.", body = Product)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ProductId>) -> Result<Json<Product>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(catalogue::product::get(&mut tx, &actor, id).await?))
}

/// Adds a product. Operator, and keys with `products:write` for the own brands.
#[utoipa::path(post, path = "/products", operation_id = "createProduct", tag = "products", request_body = NewProduct, responses((status = 201, description = "Added.", body = Product)))]
async fn create(Turn { actor, mut write, value }: Turn<NewProduct>) -> Result<Response, Refusal> {
    let product = catalogue::product::create(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/products/{}", product.id), &product).await
}

/// Changes a product; its barcode stays.
#[utoipa::path(put, path = "/products/{id}", operation_id = "updateProduct", tag = "products", params(("id" = ProductId, Path)), request_body = NewProduct, responses((status = 200, description = "Changed.", body = Product)))]
async fn update(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ProductId>,
    body: Body<NewProduct>,
) -> Result<Json<Product>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let product = catalogue::product::update(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(product))
}

/// Suggested prices in other moneys than the product's own, for shops that sell in them.
#[utoipa::path(get, path = "/products/{id}/prices", operation_id = "getProductPrices", tag = "products", params(("id" = ProductId, Path)), responses((status = 200, description = "None of them: such shops are suggested no price.", body = OtherPrices)))]
async fn get_prices(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ProductId>) -> Result<Json<OtherPrices>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(catalogue::price::others(&mut tx, &actor, id).await?))
}

/// Replaces them. Operator, and keys with `products:write` for the own brands.
#[utoipa::path(put, path = "/products/{id}/prices", operation_id = "setProductPrices", tag = "products", params(("id" = ProductId, Path)), request_body = OtherPrices, responses((status = 200, description = "So they are.", body = OtherPrices)))]
async fn set_prices(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ProductId>,
    body: Body<OtherPrices>,
) -> Result<Json<OtherPrices>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let prices = catalogue::price::set_others(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(prices))
}

/// What is in a pack. 404: the product is none.
#[utoipa::path(get, path = "/products/{id}/pack", operation_id = "getPack", tag = "products", params(("id" = ProductId, Path)), responses((status = 200, description = "So many of another product.", body = Pack)))]
async fn get_pack(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ProductId>) -> Result<Json<Pack>, Refusal> {
    let (mut tx, _) = api.read().await?;
    let pack = catalogue::pack::get(&mut tx, &actor, id).await?.ok_or_else(shared::Problem::not_found)?;
    Ok(Json(pack))
}

/// Makes a product a pack of another one of the same brand: units are counted through packs, and rewards are not. Operator,
/// and keys with `products:write` for the own brands.
#[utoipa::path(put, path = "/products/{id}/pack", operation_id = "setPack", tag = "products", params(("id" = ProductId, Path)), request_body = NewPack, responses((status = 200, description = "So it is.", body = Pack)))]
async fn set_pack(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ProductId>,
    body: Body<NewPack>,
) -> Result<Json<Pack>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let pack = catalogue::pack::set(&mut tx, &actor, now, id, &body.value).await?;
    tx.commit().await?;
    Ok(Json(pack))
}

/// The product is no pack any more.
#[utoipa::path(delete, path = "/products/{id}/pack", operation_id = "removePack", tag = "products", params(("id" = ProductId, Path)), responses((status = 204, description = "It is none.")))]
async fn remove_pack(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ProductId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    catalogue::pack::remove(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks or applies a CSV file: `gtin,nombre,marca,categoria,precio,moneda`, and for packs `unidad,unidades`, at most 5 000 rows and 2 MB. Operator only.
///
/// UTF-8 or Latin-1; comma, semicolon or tab. The same file twice changes nothing the second time.
#[utoipa::path(post, path = "/products/imports", operation_id = "importProducts", tag = "products", params(How),
    request_body(content = String, content_type = "text/csv"), responses((status = 200, description = "What happened to each row.", body = ImportReport)))]
async fn import(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(how): Query<How>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<ImportReport>, Refusal> {
    let bytes = body.map_err(body_refused)?;
    let (mut tx, now) = how.open(&api).await?;
    let report = catalogue::import::run(&mut tx, &actor, now, &bytes, how.apply).await?;
    tx.commit().await?;
    Ok(Json(report))
}
