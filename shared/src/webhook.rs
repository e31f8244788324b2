//! Outgoing webhooks on the wire: subscriptions, deliveries and attempts.

use serde::{Deserialize, Serialize};

use crate::{BrandId, Timestamp, WebhookDeliveryId, WebhookSubscriptionId};

/// What can be heard of.
pub const EVENT_TYPES: [&str; 6] = [
    "loyalty.purchase_registered",
    "loyalty.purchase_returned",
    "loyalty.reward_issued",
    "loyalty.reward_delivered",
    "loyalty.delivery_undone",
    "loyalty.points_expired",
];

/// Somebody wants to hear of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSubscription {
    /// `https://…`, at most 500 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500, example = "https://example.com/hooks"))]
    pub url: String,
    /// At least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 6, example = json!(["loyalty.reward_issued"])))]
    pub event_types: Vec<String>,
}

/// A subscription, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subscription {
    /// The subscription.
    pub id: WebhookSubscriptionId,
    /// Where to.
    pub url: String,
    /// Of what.
    pub event_types: Vec<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// Every attempt since then failed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub failing_since: Option<Timestamp>,
    /// Nothing is sent any more.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub disabled_at: Option<Timestamp>,
    /// Why: `asked`, `gone` or `failing`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub disabled_why: Option<String>,
    /// What waits for it.
    pub waiting: i64,
}

/// A subscription with a secret, told this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// `whsec_…`: verifies what arrives (Standard Webhooks).
    pub secret: String,
}

/// An event on its way to a subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The header `webhook-id`.
    pub id: WebhookDeliveryId,
    /// For whom.
    pub subscription_id: WebhookSubscriptionId,
    /// Of which brand.
    pub brand_id: BrandId,
    /// What kind.
    pub event_type: String,
    /// `waiting`, `delivered` or `given_up`.
    pub status: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it is tried again, while it waits.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub next_attempt_at: Option<Timestamp>,
    /// Tries so far, oldest first; at most the last 20.
    pub attempts: Vec<Attempt>,
    /// Exactly what was signed.
    pub payload: serde_json::Value,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
    /// Of HTTP; absent: no answer.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub status: Option<i64>,
    /// Why it failed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub error: Option<String>,
    /// Somebody asked for it.
    pub again: bool,
}
