//! Bodies and addresses as the doors take them: parsed, or refused with a problem.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use shared::Problem;

use crate::{Refusal, refusal::body_refused};

/// Header of RFC draft "The Idempotency-Key HTTP Header Field".
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// Longest key, in characters.
pub const KEY_MAX: usize = 100;

/// A JSON body with what makes its request the same or another one.
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// What tells a retry from another request.
    pub request: RequestId,
}

/// `{}`: for a door whose address says everything.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// The sender's name for a request, and a hash of its content.
#[derive(Clone)]
pub struct RequestId {
    /// `Idempotency-Key`, when one was sent.
    pub key: Option<String>,
    /// SHA-256 of method, address and body.
    pub hash: [u8; 32],
}

impl RequestId {
    pub(crate) fn of(parts: &Parts, body: &[u8]) -> Result<Self, Refusal> {
        let mut hash = Sha256::new();
        // The address as the sender wrote it, not what is left of it inside a nested router.
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0);
        hash.update(parts.method.as_str());
        hash.update([0]);
        hash.update(uri.path_and_query().map_or("", |text| text.as_str()));
        hash.update([0]);
        hash.update(body);
        Ok(Self { key: idempotency_key(&parts.headers)?, hash: hash.finalize().into() })
    }
}

/// The `Idempotency-Key` of a request: 1 to [`KEY_MAX`] visible ASCII characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(IDEMPOTENCY_HEADER) else {
        return Ok(None);
    };
    let wrong = || Problem::new(400, "bad_idempotency_key", "Idempotency-Key has 1 to 100 visible ASCII characters.");
    let text = value.to_str().map_err(|_| wrong())?;
    let fits = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(Some(text.to_owned())) } else { Err(wrong().into()) }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(Problem::new(415, "unsupported_media_type", "Send application/json.").into());
        }
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await.map_err(body_refused)?;
        Ok(Self { value: parse(&bytes)?, request: RequestId::of(&parts, &bytes)? })
    }
}

/// `application/json`, with or without parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Text that is no JSON is 400; JSON that is not what the door takes is 422.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // Serde reads a list as a struct, field by field; no door takes one.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::new(422, "bad_field", "Expected an object.").into());
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let problem = match (error.is_data(), error.to_string()) {
            (true, detail) if names_check_digit(&detail) => Problem::field("gtin", "check_digit", detail),
            (true, detail) => Problem::new(422, "bad_field", detail),
            (false, detail) => Problem::new(400, "bad_request", detail),
        };
        problem.into()
    })
}

/// A mistyped barcode deserves its own words, and serde keeps of the error only its text.
pub fn names_check_digit(detail: &str) -> bool {
    detail.starts_with("the last digit should be")
}

/// An id in the address. One of another kind is as unknown as one of nothing.
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found().into())
    }
}

/// Query parameters.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let parsed = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        // Like a body that is JSON and not what the door takes.
        parsed.map(|query| Self(query.0)).map_err(|error| Problem::new(422, "bad_query", error.body_text()).into())
    }
}
