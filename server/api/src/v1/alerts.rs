//! What looks like fraud, and what distributors say.

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use shared::{
    AlertId, ShopHoldId,
    loyalty::alert::{Alert, Because, SellInReport, ShopHold},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::How;
use crate::{
    ActorOf, ApiState, IMPORT_MAX_BYTES, Refusal,
    body::{Body, Id, Query},
    refusal::body_refused,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    let files = OpenApiRouter::new().routes(routes!(load)).layer(DefaultBodyLimit::max(IMPORT_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(dismiss))
        .routes(routes!(hold))
        .routes(routes!(holds))
        .routes(routes!(lift))
        .merge(files)
}

/// What nobody judged yet, seen last first. Operator only.
#[utoipa::path(get, path = "/alerts", operation_id = "listAlerts", tag = "fraud", responses((status = 200, description = "At most 200.", body = Vec<Alert>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Alert>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::alert::waiting(&mut tx, &actor).await?))
}

/// Says that nothing is wrong there, and why; a week long it is not told again. Operator only.
#[utoipa::path(put, path = "/alerts/{id}/dismissal", operation_id = "dismissAlert", tag = "fraud", params(("id" = AlertId, Path)), request_body = Because, responses((status = 204, description = "Off the list.")))]
async fn dismiss(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<AlertId>,
    body: Body<Because>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::alert::dismiss(&mut tx, &actor, now, id, &body.value.why).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Holds what the alert's shop sells of its brand from now on. Operator only.
#[utoipa::path(put, path = "/alerts/{id}/hold", operation_id = "holdAlert", tag = "fraud", params(("id" = AlertId, Path)), request_body = Because, responses((status = 204, description = "Sales wait for a reviewer.")))]
async fn hold(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<AlertId>,
    body: Body<Because>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::alert::hold(&mut tx, &actor, now, id, &body.value.why).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shops whose sales of a brand wait. Operator only.
#[utoipa::path(get, path = "/shop_holds", operation_id = "listShopHolds", tag = "fraud", responses((status = 200, description = "At most 200.", body = Vec<ShopHold>)))]
async fn holds(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<ShopHold>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::alert::holds(&mut tx, &actor).await?))
}

/// Lets a shop's sales count again. Operator only.
#[utoipa::path(put, path = "/shop_holds/{id}/lifting", operation_id = "liftShopHold", tag = "fraud", params(("id" = ShopHoldId, Path)), request_body = Because, responses((status = 204, description = "Sales count.")))]
async fn lift(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ShopHoldId>,
    body: Body<Because>,
) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    loyalty::alert::lift(&mut tx, &actor, now, id, &body.value.why).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Loads what distributors say that shops had and bought: `tienda,gtin,fecha,comprado,inicial`, at most 20 000 rows and 2 MB.
///
/// For products of the actor's own brands. The same row twice changes nothing the second time.
#[utoipa::path(post, path = "/sell_in/imports", operation_id = "importSellIn", tag = "fraud", params(How),
    request_body(content = String, content_type = "text/csv"), responses((status = 200, description = "What became of the rows.", body = SellInReport)))]
async fn load(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(how): Query<How>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<SellInReport>, Refusal> {
    let bytes = body.map_err(body_refused)?;
    let (mut tx, now) = how.open(&api).await?;
    let report = loyalty::sell_in::load(&mut tx, &actor, now, &bytes, how.apply).await?;
    tx.commit().await?;
    Ok(Json(report))
}
