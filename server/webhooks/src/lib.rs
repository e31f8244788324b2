//! Outgoing webhooks: what a brand wants to hear of, brought to an address of hers (Standard Webhooks 1.0).
//!
//! Words: a *subscription* is somebody's wish to hear of some events; a *delivery* is one event for one subscription; an
//! *attempt* is one try to bring it.
//!
//! Invariants, each held by the named guard:
//! - an event becomes one delivery for each subscription and brand   unique (subscription, event, brand), under the consumer's key
//! - events of one consumer are told in their order                  only the head of the line is ever leased
//! - a delivery that fails holds back that consumer's later ones     the head stays until it was brought or given up
//! - whoever gets one twice sees the same `webhook-id` and bytes     both are of the delivery's row
//! - nothing private is reached                                      [`target`]: the address is looked at after it was resolved
//! - a tenant hears of its own brands                                `loyalty::told` makes the payload, brand by brand
//!
//! Arrows: webhooks → loyalty (what an event says to a brand), identity, jobs (whose outbox it reads). Nobody waits for it.

mod deliver;
mod delivery;
mod error;
mod fan_out;
pub mod sign;
mod subscription;
mod target;

use std::sync::Arc;

use jobs::Registry;

pub use deliver::{ATTEMPTS_MAX, DISABLED_AFTER_MS, Sender};
pub use delivery::{get, list_of, send_again};
pub use error::Error;
pub use subscription::{SUBSCRIPTIONS_MAX, create, disable, enable, list, rotate};

/// Puts the jobs into a worker's registry.
pub fn register(registry: Registry, sender: Arc<Sender>, loyalty: loyalty::Loyalty) -> Registry {
    deliver::register(fan_out::register(registry, loyalty), sender)
}

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    [deliver::STATEMENTS, delivery::STATEMENTS, fan_out::STATEMENTS, subscription::STATEMENTS].concat()
}
