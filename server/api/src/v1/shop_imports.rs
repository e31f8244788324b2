//! Shops from a spreadsheet.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::{
    ShopImportId,
    identity::{ShopImport, ShopUndo},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, IMPORT_MAX_BYTES, Refusal, body::Id, refusal::body_refused};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    let files = OpenApiRouter::new().routes(routes!(keep)).layer(DefaultBodyLimit::max(IMPORT_MAX_BYTES));
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(apply)).routes(routes!(undo)).merge(files)
}

/// Keeps a file and tells what it would do: `nombre,pais` and if known `ciudad,zona,latitud,longitud,codigo,propietario,celular,zona_horaria,cajeros`,
/// at most 2 000 rows and 2 MB. No shop is added yet. Operator only.
#[utoipa::path(post, path = "/shop_imports", operation_id = "createShopImport", tag = "shops",
    request_body(content = String, content_type = "text/csv"), responses((status = 201, description = "What would happen to each row.", body = ShopImport)))]
async fn keep(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Refusal> {
    let bytes = body.map_err(body_refused)?;
    let (mut tx, now) = api.begin().await?;
    let id = identity::shop_import::keep(&mut tx, &api.keys, &actor, now, "", &bytes).await?;
    let import = identity::shop_import::check(&mut tx, &api.keys, &actor, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/shop_imports/{id}"))], Json(import)).into_response())
}

/// A kept file: what it would do, how far it is, or what it did. Operator only.
#[utoipa::path(get, path = "/shop_imports/{id}", operation_id = "getShopImport", tag = "shops", params(("id" = ShopImportId, Path)), responses((status = 200, description = "With a row for each of its rows.", body = ShopImport)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ShopImportId>) -> Result<Json<ShopImport>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::shop_import::check(&mut tx, &api.keys, &actor, id).await?))
}

/// Adds the shops of a kept file, a hundred rows in each transaction. Again: it goes on where it stopped. Operator only.
#[utoipa::path(put, path = "/shop_imports/{id}/application", operation_id = "applyShopImport", tag = "shops", params(("id" = ShopImportId, Path)), responses((status = 200, description = "What it did.", body = ShopImport)))]
async fn apply(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ShopImportId>) -> Result<Json<ShopImport>, Refusal> {
    loop {
        let (mut tx, now) = api.begin().await?;
        let finished = identity::shop_import::apply_some(&mut tx, &api.keys, &actor, now, id).await?;
        tx.commit().await?;
        if finished {
            break;
        }
    }
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::shop_import::check(&mut tx, &api.keys, &actor, id).await?))
}

/// Closes the shops that the file added and nobody used yet. Operator only.
#[utoipa::path(put, path = "/shop_imports/{id}/undoing", operation_id = "undoShopImport", tag = "shops", params(("id" = ShopImportId, Path)), responses((status = 200, description = "How many were closed, and how many had been used.", body = ShopUndo)))]
async fn undo(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ShopImportId>) -> Result<Json<ShopUndo>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let undone = identity::shop_import::undo(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(Json(undone))
}
