//! Why a verb refused, and how the world is told.

use shared::Problem;

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such thing, or not yours.
    #[error("no such thing, or not yours")]
    NotFound,
    /// Not an address that is called: no `https`, a name and password in it, or a private network.
    #[error("the address is not called: {0}")]
    BadUrl(&'static str),
    /// No such kind of event, or none at all.
    #[error("unknown event types, or none")]
    BadEventTypes,
    /// A tenant has at most so many.
    #[error("a tenant has at most {0} subscriptions")]
    TooMany(i64),
    /// Nothing is sent to a subscription that is disabled.
    #[error("the subscription is disabled")]
    Disabled,
    /// Who asks may not, or is nobody.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// What an event says could not be put together.
    #[error(transparent)]
    Loyalty(#[from] loyalty::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Problem::not_found(),
            Error::BadUrl(_) => Problem::field("url", "webhooks.bad_url", detail),
            Error::BadEventTypes => Problem::field("event_types", "webhooks.bad_event_types", detail),
            Error::TooMany(_) => Problem::new(409, "webhooks.too_many", detail),
            Error::Disabled => Problem::new(409, "webhooks.disabled", detail),
            Error::Identity(error) => error.into(),
            Error::Loyalty(error) => error.into(),
            Error::Store(error) => identity::store_problem(&error),
        }
    }
}
