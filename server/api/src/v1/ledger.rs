//! The points ledger as an auditor sees it.

use axum::{Json, extract::State};
use shared::loyalty::LedgerTotal;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(totals))
}

/// Sums by kind of entry. Operator only.
#[utoipa::path(get, path = "/ledger/totals", operation_id = "listLedgerTotals", tag = "ledger", responses((status = 200, description = "One row for each kind.", body = Vec<LedgerTotal>)))]
async fn totals(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<LedgerTotal>>, Refusal> {
    actor.operator()?;
    loyalty::settle::everybody(&api.db, &api.loyalty, api.clock.now()).await?;
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::shop::ledger_totals(&mut tx, &actor).await?))
}
