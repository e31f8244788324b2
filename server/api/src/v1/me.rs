//! The consumer's own card.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use shared::{
    CardKeyId, Page, Timestamp,
    loyalty::{CardView, Movement, RewardInstance},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{ActorOf, ApiState, Refusal, body::Query, idempotency::answer};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(card)).routes(routes!(movements)).routes(routes!(rewards)).routes(routes!(new_key))
}

/// Card, code of now, wallets and rewards.
#[utoipa::path(get, path = "/me/card", operation_id = "getMyCard", tag = "me", responses((status = 200, description = "The card.", body = CardView)))]
async fn card(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<CardView>, Refusal> {
    let mut tx = api.read_settled(&actor, actor.consumer()?).await?;
    let now = api.clock.now();
    Ok(Json(loyalty::card::view(&mut tx, &api.loyalty, &actor, now).await?))
}

/// Own history, newest first, with the reason of every movement.
#[utoipa::path(get, path = "/me/movements", operation_id = "listMyMovements", tag = "me", params(Part), responses((status = 200, description = "A page.", body = Page<Movement>)))]
async fn movements(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Query(part): Query<Part>,
) -> Result<Json<Page<Movement>>, Refusal> {
    let consumer = actor.consumer()?;
    let mut tx = api.read_settled(&actor, consumer).await?;
    Ok(Json(loyalty::history::movements(&mut tx, &actor, consumer, loyalty::history::Which::All, part.cursor(), part.limit()?).await?))
}

/// Own rewards, newest first.
#[utoipa::path(get, path = "/me/rewards", operation_id = "listMyRewards", tag = "me", responses((status = 200, description = "With their codes.", body = Vec<RewardInstance>)))]
async fn rewards(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<RewardInstance>>, Refusal> {
    let consumer = actor.consumer()?;
    let mut tx = api.read_settled(&actor, consumer).await?;
    Ok(Json(loyalty::reward::of_consumer(&mut tx, &actor, consumer).await?))
}

/// A secret with which one browser makes the card's codes by itself.
#[derive(Serialize, ToSchema)]
struct MadeCardKey {
    /// Which key.
    id: CardKeyId,
    /// For HMAC-SHA-256: 32 bytes, base64url without padding. To be imported as not extractable, and forgotten.
    secret: String,
    /// The server's clock, so that the browser knows how wrong its own is.
    now: Timestamp,
}

/// Makes a key for this browser; a card has three at most. Not repeatable: a secret is told once.
#[utoipa::path(post, path = "/me/card/keys", operation_id = "createMyCardKey", tag = "me", responses((status = 200, description = "The secret is told this once.", body = MadeCardKey)))]
async fn new_key(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let made = loyalty::card::new_key(&mut tx, &api.loyalty, &actor, now).await?;
    tx.commit().await?;
    let told = MadeCardKey { id: made.id, secret: BASE64URL_NOPAD.encode(&made.secret), now };
    let body = serde_json::to_vec(&told).map_err(|error| shared::Problem::new(500, "internal", error.to_string()))?;
    Ok(answer(StatusCode::OK, None, body))
}
