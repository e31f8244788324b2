//! What a brand sees of its own sales.

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{BrandId, CivilDate, Problem, reports::Summary};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Query};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(summary))
}

/// Which brand, which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Days {
    /// The brand.
    brand_id: BrandId,
    /// First day at the shops, included.
    from: CivilDate,
    /// Last day, included; at most 366 days.
    to: CivilDate,
}

/// The brand's numbers between two days; counts of few people are hidden.
#[utoipa::path(get, path = "/reports/summary", operation_id = "getSummary", tag = "reports", params(Days), responses((status = 200, description = "The numbers.", body = Summary)))]
async fn summary(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(days): Query<Days>) -> Result<Json<Summary>, Refusal> {
    let last = days.from.plus_days(366);
    if days.to < days.from || last.is_none_or(|last| days.to >= last) {
        return Err(Problem::field("to", "bad_field", "to is 0 to 365 days after from").into());
    }
    let (mut tx, now) = api.read().await?;
    Ok(Json(reports::summary(&mut tx, &actor, now, days.brand_id, days.from, days.to).await?))
}
