//! The month's account of a shop on its owner's telephone.

use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Body};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get, set))
}

/// Whether an owner wants it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MonthlyAccount {
    /// She does.
    granted: bool,
}

/// Whether the shop's month comes to the owner's telephone. Its owner only.
#[utoipa::path(get, path = "/me/monthly_account", operation_id = "getMonthlyAccount", tag = "shops", responses((status = 200, description = "Her newest decision.", body = MonthlyAccount)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<MonthlyAccount>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(MonthlyAccount { granted: loyalty::payback::monthly::wanted(&mut tx, &actor).await? }))
}

/// Asks for it, or ends it; the decision is kept as the proof of each message. Its owner only.
#[utoipa::path(put, path = "/me/monthly_account", operation_id = "setMonthlyAccount", tag = "shops", request_body = MonthlyAccount, responses((status = 200, description = "As she decided.", body = MonthlyAccount)))]
async fn set(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    body: Body<MonthlyAccount>,
) -> Result<Json<MonthlyAccount>, Refusal> {
    let device = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (mut tx, now) = api.begin().await?;
    loyalty::payback::monthly::decide(&mut tx, &actor, now, body.value.granted, device).await?;
    tx.commit().await?;
    Ok(Json(body.value))
}
