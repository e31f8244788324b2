//! The error of every server function: a [`Problem`] on its way to a person.

use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};
use shared::Problem;

/// A refusal or failure as a screen shows it. Whatever becomes a [`Problem`] becomes a `UiError` with `?`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UiError(pub Problem);

impl UiError {
    /// The stable code, `loyalty.qr_stale`.
    pub fn code(&self) -> &str {
        &self.0.code
    }
    /// The first wrong field's name in the request, when it is about a field.
    pub fn field(&self) -> Option<&str> {
        self.0.fields.first().map(|field| field.field.as_str())
    }
    /// What to tell the person; the one for the unexpected when the code has no text of its own.
    pub fn message(&self) -> &'static str {
        message(&self.0.code)
    }
}

/// The text of a problem's code, as a page shows it.
pub fn message(code: &str) -> &'static str {
    crate::t::problem(code).or_else(|| crate::t::problem_desk(code)).unwrap_or_else(crate::t::problem_internal)
}

impl std::fmt::Display for UiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}
impl std::error::Error for UiError {}

/// `Problem: From<E>` lies beside every domain's error, so that this one line serves them all.
impl<E> From<E> for UiError
where
    Problem: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let detail = error.to_string();
        Self(match error {
            // No answer, or one that is not ours: a network in between, or none.
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Problem::new(503, "network", detail)
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Problem::new(400, "bad_request", detail),
            _ => Problem::new(500, "internal", detail),
        })
    }
}
