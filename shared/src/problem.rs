//! The error answer that crosses the wire: RFC 9457 problem details with a stable code.

use serde::{Deserialize, Serialize};

/// An error for a person and a program alike (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// Stable and machine-readable, `area.what` (`loyalty.qr_stale`); the key of the translated text.
    pub code: String,
    /// For the developer who reads the log, in English; screens show the text of `code` instead.
    pub detail: String,
    /// Which inputs are wrong, when it is about inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// What support needs to find the cause in the log; present on internal errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Seconds until another try may succeed; the same number as the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// How often the code that was wrong can still be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
}

/// One wrong input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Its name in the request: `lines[2].quantity`.
    pub field: String,
    /// Stable code, same vocabulary as [`Problem::code`].
    pub code: String,
}

impl Problem {
    /// A problem without fields.
    pub fn new(status: u16, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            fields: Vec::new(),
            incident: None,
            retry_after_seconds: None,
            tries_left: None,
        }
    }
    /// One wrong field: 422.
    pub fn field(field: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let mut problem = Self::new(422, code.clone(), detail);
        problem.fields.push(FieldProblem { field: field.into(), code });
        problem
    }
    /// Also hides what one may not know exists.
    pub fn not_found() -> Self {
        Self::new(404, "not_found", "No such thing, or not yours to see.")
    }
    /// Nobody is logged in, or the key is unknown.
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Log in, or send a valid key.")
    }
    /// Logged in, but this role may not.
    pub fn forbidden() -> Self {
        Self::new(403, "forbidden", "This role may not do that.")
    }
}
