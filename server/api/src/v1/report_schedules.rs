//! Reports that come by e-mail.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use shared::{
    ReportScheduleId,
    reports::schedule::{AskedDispatch, NewSchedule, Schedule},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Empty, Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, remove)).routes(routes!(send_now)).routes(routes!(leave))
}

/// The organisation's reports by e-mail, oldest first.
#[utoipa::path(get, path = "/report_schedules", operation_id = "listReportSchedules", tag = "reports", responses((status = 200, description = "At most 50.", body = Vec<Schedule>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Schedule>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(reports::schedule::list(&mut tx, &actor).await?))
}

/// Subscribes people of the organisation to reports of a brand. Each e-mail tells of the last whole week or month, with the
/// rule of small numbers of the screen, the pictures in it and the same numbers as a workbook.
#[utoipa::path(post, path = "/report_schedules", operation_id = "createReportSchedule", tag = "reports", request_body = NewSchedule, responses((status = 201, description = "It comes from now on.", body = Schedule)))]
async fn create(Turn { actor, mut write, value }: Turn<NewSchedule>) -> Result<Response, Refusal> {
    let schedule = reports::schedule::create(&mut write.tx, &actor, write.now, &value).await?;
    write.created(format!("/api/v1/report_schedules/{}", schedule.id), &schedule).await
}

/// One of them.
#[utoipa::path(get, path = "/report_schedules/{id}", operation_id = "getReportSchedule", tag = "reports", params(("id" = ReportScheduleId, Path)), responses((status = 200, description = "With what was sent last.", body = Schedule)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ReportScheduleId>) -> Result<Json<Schedule>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(reports::schedule::get(&mut tx, &actor, id).await?))
}

/// Ends it. What is on its way still arrives.
#[utoipa::path(delete, path = "/report_schedules/{id}", operation_id = "removeReportSchedule", tag = "reports", params(("id" = ReportScheduleId, Path)), responses((status = 204, description = "It comes no more.")))]
async fn remove(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<ReportScheduleId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    reports::schedule::remove(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the last whole week or month now, beside what is due.
#[utoipa::path(post, path = "/report_schedules/{id}/dispatches", operation_id = "sendReportNow", tag = "reports", params(("id" = ReportScheduleId, Path)), request_body = Empty, responses((status = 202, description = "On its way.", body = AskedDispatch)))]
async fn send_now(Id(id): Id<ReportScheduleId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let asked = reports::schedule::send_now(&mut write.tx, &actor, write.now, id).await?;
    write.finish(StatusCode::ACCEPTED, None, &asked).await
}

/// The word of a link.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Leaving {
    /// As the e-mail has it.
    #[param(max_length = 400)]
    word: String,
}

/// Its reader wants no more of a report (RFC 8058, *One-Click*). Public on purpose: her mail program asks, without a session;
/// the word is the proof. Repeating it changes nothing.
#[utoipa::path(post, path = "/report_departures", operation_id = "leaveReportSchedule", tag = "reports", params(Leaving), responses((status = 204, description = "It comes to her no more.")), security(()))]
async fn leave(State(api): State<ApiState>, Query(asked): Query<Leaving>) -> Result<StatusCode, Refusal> {
    let leaver = reports::schedule::leaver(&api.keys, &asked.word)?;
    let (mut tx, now) = api.begin().await?;
    reports::schedule::leave(&mut tx, now, leaver).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
