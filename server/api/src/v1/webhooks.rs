//! Outgoing webhooks of the actor's organisation.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use shared::{
    Page, WebhookDeliveryId, WebhookSubscriptionId,
    webhook::{Delivery, MadeSubscription, NewSubscription, Subscription},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Part;
use crate::{
    ActorOf, ApiState, Refusal,
    body::{Empty, Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(send_again))
}

/// The organisation's subscriptions, newest first.
#[utoipa::path(get, path = "/webhook_subscriptions", operation_id = "listWebhookSubscriptions", tag = "webhooks", responses((status = 200, description = "At most 50.", body = Vec<Subscription>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Subscription>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(::webhooks::list(&mut tx, &actor).await?))
}

/// Subscribes an address to events, from now on. Administrators only. What arrives follows Standard Webhooks: verify
/// `webhook-signature` with the secret over `webhook-id.webhook-timestamp.body`, refuse old timestamps, and take the same
/// `webhook-id` once.
#[utoipa::path(post, path = "/webhook_subscriptions", operation_id = "createWebhookSubscription", tag = "webhooks", request_body = NewSubscription, responses((status = 201, description = "The secret is shown this once.", body = MadeSubscription)))]
async fn create(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewSubscription>) -> Result<Response, Refusal> {
    let made = ::webhooks::create(&mut write.tx, &api.keys, &actor, write.now, &value, api.sandbox).await?;
    write.created(format!("/api/v1/webhook_subscriptions/{}", made.subscription.id), &made).await
}

/// Stops a subscription; what waits stays. Administrators only.
#[utoipa::path(delete, path = "/webhook_subscriptions/{id}", operation_id = "disableWebhookSubscription", tag = "webhooks", params(("id" = WebhookSubscriptionId, Path)), responses((status = 204, description = "Stopped.")))]
async fn disable(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<WebhookSubscriptionId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    ::webhooks::disable(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a subscription again, with what waits. Administrators only.
#[utoipa::path(post, path = "/webhook_subscriptions/{id}/activations", operation_id = "enableWebhookSubscription", tag = "webhooks", params(("id" = WebhookSubscriptionId, Path)), request_body = Empty, responses((status = 201, description = "Started.", body = Subscription)))]
async fn enable(Id(id): Id<WebhookSubscriptionId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let enabled = ::webhooks::enable(&mut write.tx, &actor, write.now, id).await?;
    write.created(format!("/api/v1/webhook_subscriptions/{id}"), &enabled).await
}

/// Makes a new secret; the one before signs, too, for 24 hours. Administrators only.
#[utoipa::path(post, path = "/webhook_subscriptions/{id}/secrets", operation_id = "rotateWebhookSecret", tag = "webhooks", params(("id" = WebhookSubscriptionId, Path)), request_body = Empty, responses((status = 201, description = "The secret is shown this once.", body = MadeSubscription)))]
async fn rotate(
    State(api): State<ApiState>,
    Id(id): Id<WebhookSubscriptionId>,
    Turn { actor, mut write, .. }: Turn<Empty>,
) -> Result<Response, Refusal> {
    let made = ::webhooks::rotate(&mut write.tx, &api.keys, &actor, write.now, id).await?;
    write.created(format!("/api/v1/webhook_subscriptions/{id}"), &made).await
}

/// What a subscription was sent, newest first, with every attempt.
#[utoipa::path(get, path = "/webhook_subscriptions/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "webhooks", params(("id" = WebhookSubscriptionId, Path), Part), responses((status = 200, description = "A page.", body = Page<Delivery>)))]
async fn deliveries(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<WebhookSubscriptionId>,
    Query(part): Query<Part>,
) -> Result<Json<Page<Delivery>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(::webhooks::list_of(&mut tx, &actor, id, part.cursor(), part.limit()?).await?))
}

/// One of them, by the id that its receiver saw.
#[utoipa::path(get, path = "/webhook_deliveries/{id}", operation_id = "getWebhookDelivery", tag = "webhooks", params(("id" = WebhookDeliveryId, Path)), responses((status = 200, description = "With its attempts.", body = Delivery)))]
async fn delivery(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<WebhookDeliveryId>) -> Result<Json<Delivery>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(::webhooks::get(&mut tx, &actor, id).await?))
}

/// Sends one again with the same id and bytes, at once. Administrators only.
#[utoipa::path(post, path = "/webhook_deliveries/{id}/attempts", operation_id = "sendWebhookAgain", tag = "webhooks", params(("id" = WebhookDeliveryId, Path)), request_body = Empty, responses((status = 202, description = "On its way.", body = Delivery)))]
async fn send_again(Id(id): Id<WebhookDeliveryId>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let delivery = ::webhooks::send_again(&mut write.tx, &actor, write.now, id).await?;
    write.finish(StatusCode::ACCEPTED, None, &delivery).await
}
