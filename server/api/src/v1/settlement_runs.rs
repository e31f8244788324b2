//! The closing of periods.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::Actor;
use loyalty::payback::{
    settlement::{self, Piece},
    statement::{self, Of},
};
use reports::export::{self, Table};
use serde::Deserialize;
use shared::{
    BrandId, CivilDate, Problem, SettlementRunId,
    loyalty::payback::{NewSettlement, SettlementPreview, SettlementRun, Statement},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, close)).routes(routes!(preview)).routes(routes!(get)).routes(routes!(export_csv))
}

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Period {
    /// Absent: every brand.
    brand_id: Option<BrandId>,
    /// The last day.
    through_date: CivilDate,
}

/// Closings, the newest first. The operator.
#[utoipa::path(get, path = "/settlement_runs", operation_id = "listSettlementRuns", tag = "settlements", responses((status = 200, description = "At most 100.", body = Vec<SettlementRun>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<SettlementRun>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(settlement::runs(&mut tx, &actor).await?))
}

/// What closing would put on statements. The operator.
#[utoipa::path(get, path = "/settlement_runs/preview", operation_id = "previewSettlementRun", tag = "settlements", params(Period), responses((status = 200, description = "One row for each brand and currency; nothing changed.", body = Vec<SettlementPreview>)))]
async fn preview(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(period): Query<Period>,
) -> Result<Json<Vec<SettlementPreview>>, Refusal> {
    let (mut tx, now) = api.read().await?;
    let new = NewSettlement { brand_id: period.brand_id, through_date: period.through_date };
    Ok(Json(settlement::preview(&mut tx, &actor, now, &new).await?))
}

/// Closes a period: one statement for each shop and brand, which never changes. Closing again changes nothing.
///
/// Each brand is a transaction of its own. Where one fails, those before it stay closed, `detail` says how many runs there
/// are, and the same request goes on.
#[utoipa::path(post, path = "/settlement_runs", operation_id = "createSettlementRun", tag = "settlements", request_body = NewSettlement, responses((status = 201, description = "The runs that closed the period; none when nothing was owed.", body = Vec<SettlementRun>)))]
async fn close(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<NewSettlement>) -> Result<Response, Refusal> {
    let Body { value, request } = body;
    match idempotency::open(&api, &actor, request.clone()).await? {
        // Only whether it was answered: a brand's turn needs the writer.
        Ok(write) => drop(write),
        Err(known) => return Ok(known),
    }
    let mut made = Vec::new();
    let mut after = None;
    loop {
        match close_next(&api, &actor, &value, after).await {
            Ok(None) => break,
            Ok(Some(piece)) => {
                made.extend(piece.run);
                after = Some(piece.brand);
            }
            Err(refusal) => return Err(interrupted(refusal, made.len())),
        }
    }
    match idempotency::open(&api, &actor, request).await? {
        Ok(mut write) => {
            let runs = settlement::closed(&mut write.tx, &actor, &value, &made).await?;
            write.finish(StatusCode::CREATED, None, &runs).await
        }
        Err(known) => Ok(known),
    }
}

async fn close_next(api: &ApiState, actor: &Actor, new: &NewSettlement, after: Option<BrandId>) -> Result<Option<Piece>, Problem> {
    let mut tx = api.db.begin().await.map_err(loyalty::Error::from)?;
    let piece = settlement::close_next(&mut tx, actor, api.clock.now(), new, after).await?;
    tx.commit().await.map_err(loyalty::Error::from)?;
    Ok(piece)
}

/// What is closed stays closed.
fn interrupted(mut problem: Problem, made: usize) -> Refusal {
    if made > 0 {
        problem.detail = format!("{made} runs were made before this: {} The same request goes on.", problem.detail);
    }
    problem.into()
}

/// One closing.
#[utoipa::path(get, path = "/settlement_runs/{id}", operation_id = "getSettlementRun", tag = "settlements", params(("id" = SettlementRunId, Path)), responses((status = 200, description = "The closing.", body = SettlementRun)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<SettlementRunId>) -> Result<Json<SettlementRun>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(settlement::run(&mut tx, &actor, id).await?))
}

/// Statements that one file holds at most.
const FILE_ROWS_MAX: usize = 20_000;

/// The statements of a closing as a table for a spreadsheet.
#[utoipa::path(get, path = "/settlement_runs/{id}/statements.csv", operation_id = "exportSettlementRun", tag = "settlements", params(("id" = SettlementRunId, Path)), responses((status = 200, description = "One row for each statement, at most 20 000.", body = String, content_type = "text/csv")))]
async fn export_csv(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<SettlementRunId>) -> Result<Response, Refusal> {
    let (mut tx, _) = api.read().await?;
    settlement::run(&mut tx, &actor, id).await?;
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = statement::list(&mut tx, &actor, Of::Run(id), cursor.as_deref(), shared::page::PAGE_SIZE_MAX).await?;
        rows.extend(page.items.iter().map(row));
        cursor = page.next_cursor;
        if cursor.is_none() || rows.len() >= FILE_ROWS_MAX {
            break;
        }
    }
    let columns = ["statement", "brand", "shop_id", "shop", "currency", "from", "through", "lines", "amount", "settled", "left"]
        .map(str::to_owned)
        .to_vec();
    let mut response = export::csv(&Table { columns, rows }).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn row(statement: &Statement) -> Vec<String> {
    let money = |minor| statement.currency.major_text(minor);
    vec![
        statement.id.to_string(),
        statement.brand_name.clone(),
        statement.shop_id.to_string(),
        statement.shop_name.clone(),
        statement.currency.code().to_owned(),
        statement.from_date.to_string(),
        statement.through_date.to_string(),
        statement.lines.to_string(),
        money(statement.amount_minor),
        money(statement.settled_minor),
        money(statement.left_minor()),
    ]
}
