//! Every error as RFC 9457 `application/problem+json`.

use std::any::Any;

use axum::{
    extract::rejection::{BytesRejection, FailedToBufferBody},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::{Problem, problem::FieldProblem};
use utoipa::ToSchema;

/// The media type of RFC 9457.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A door's error. Whatever becomes a [`Problem`] becomes a refusal with `?`.
#[derive(Debug)]
pub struct Refusal(pub Problem);

impl<E> From<E> for Refusal
where
    Problem: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The members of an error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Names the kind of problem: `urn:mostrador:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:mostrador:problem:loyalty.qr_stale")]
    kind: String,
    /// The words of the HTTP status.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// For the developer, in English. Changes without notice.
    detail: String,
    /// Stable: what a program decides by.
    #[schema(example = "loyalty.qr_stale")]
    code: String,
    /// Which inputs are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldProblem>,
    /// Names this occurrence; support finds its cause in the log by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// Seconds until another try may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
    /// How often the code that was wrong can still be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u32>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Problem { status, code, detail, fields, incident, retry_after_seconds, tries_left } = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let details = ProblemDetails {
            kind: format!("urn:mostrador:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            code,
            fields,
            instance: incident.map(|incident| format!("urn:mostrador:incident:{incident}")),
            retry_after_seconds,
            tries_left,
        };
        let mut response = (status, axum::Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"mostrador\""));
        }
        response
    }
}

/// A body that could not be taken: too large, or cut off.
pub(crate) fn body_refused(rejection: BytesRejection) -> Problem {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::new(413, "payload_too_large", "The body is larger than this door takes.")
        }
        other => Problem::new(400, "bad_request", other.body_text()),
    }
}

/// Nothing lives at this address.
pub async fn no_such_door(uri: Uri) -> Refusal {
    Refusal(Problem::new(404, "not_found", format!("Nothing lives at {}.", uri.path())))
}

/// The address exists, not for this method.
pub async fn method_not_allowed() -> Refusal {
    Refusal(Problem::new(405, "method_not_allowed", "The address does not know this method; see the header Allow."))
}

/// For `tower_http::catch_panic`: a mistake of ours is a problem, too, and the process goes on.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let cause = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(cause, "A request panicked");
    Refusal(Problem::new(500, "internal", "The server made a mistake.")).into_response()
}
