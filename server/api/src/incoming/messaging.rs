//! WhatsApp and SMS: where messages stand, and what people answer.
//!
//! A delivery without the right signature is 401 and changes nothing. One that can be verified is always 200, known or
//! not: the provider would only send it again, for days.

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Query, State, rejection::BytesRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use notifications::{Told, providers};
use serde::Deserialize;
use shared::Problem;

use crate::{ApiState, Refusal, refusal::body_refused};

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/whatsapp", get(handshake).post(whatsapp)).route("/sms", post(sms))
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode", default)]
    mode: String,
    #[serde(rename = "hub.verify_token", default)]
    verify_token: String,
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
}

/// What is not configured does not exist.
fn absent() -> Refusal {
    Problem::not_found().into()
}

fn forged() -> Refusal {
    metrics::counter!("incoming_forged_total").increment(1);
    Problem::new(401, "bad_signature", "The signature does not match these bytes.").into()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn handshake(State(api): State<ApiState>, Query(asked): Query<Handshake>) -> Result<Response, Refusal> {
    let whatsapp = api.port.world().and_then(|world| world.whatsapp.as_ref()).ok_or_else(absent)?;
    match whatsapp.handshake(&asked.mode, &asked.verify_token, &asked.challenge) {
        Some(challenge) => Ok(challenge.to_owned().into_response()),
        None => Err(Problem::forbidden().into()),
    }
}

async fn whatsapp(State(api): State<ApiState>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<&'static str, Refusal> {
    let body = body.map_err(body_refused)?;
    let whatsapp = api.port.world().and_then(|world| world.whatsapp.as_ref()).ok_or_else(absent)?;
    if !whatsapp.verify(header(&headers, "x-hub-signature-256"), &body) {
        return Err(forged());
    }
    let told = providers::whatsapp_cloud::parse(&body, api.clock.now()).unwrap_or_else(|| vec![Told::Unknown("no JSON".into())]);
    write(&api, "whatsapp", &told).await
}

async fn sms(
    State(api): State<ApiState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<&'static str, Refusal> {
    let body = body.map_err(body_refused)?;
    let sms = api.port.world().and_then(|world| world.sms.as_ref()).ok_or_else(absent)?;
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).map_err(|_| forged())?;
    // They sign the address that they called: the public one, whatever a proxy made of it.
    let url = format!("{}{}", sms.public_url(), uri.query().map(|query| format!("?{query}")).unwrap_or_default());
    if !sms.verify(header(&headers, "x-twilio-signature"), &url, &fields) {
        return Err(forged());
    }
    let told = providers::sms::parse(&fields, api.clock.now());
    write(&api, "sms", &[told]).await
}

async fn write(api: &ApiState, provider: &'static str, told: &[Told]) -> Result<&'static str, Refusal> {
    let (mut tx, now) = api.begin().await?;
    notifications::receive(&mut tx, now, &api.keys, provider, told, &api.message_rules).await?;
    tx.commit().await?;
    Ok("")
}
