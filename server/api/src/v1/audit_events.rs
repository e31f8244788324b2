//! Who did what.

use axum::{Json, extract::State};
use shared::{Page, identity::AuditEvent};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{ActorOf, ApiState, Refusal, body::Query};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The audit of the actor's organisation, newest first; the operator sees everybody's.
#[utoipa::path(get, path = "/audit_events", operation_id = "listAuditEvents", tag = "audit", params(Part), responses((status = 200, description = "A page.", body = Page<AuditEvent>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(part): Query<Part>) -> Result<Json<Page<AuditEvent>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::audit::list(&mut tx, &actor, part.cursor(), part.limit()?).await?))
}
