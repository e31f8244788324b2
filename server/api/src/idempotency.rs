//! One effect for each `Idempotency-Key`: the answer is kept in the transaction of the effect.
//!
//! The key's lock is taken before the key is looked up, so a concurrent twin waits for the first one's COMMIT and then
//! reads its answer. A request that was refused changed nothing and leaves no trace: its key stays free.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use db::{Tx, sql};
use identity::Actor;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use shared::{Problem, Timestamp, time::DAY_MS};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, RequestId},
};

/// How long an answer is kept.
const KEPT_MS: i64 = 30 * DAY_MS;
/// What the kept answers are sealed for.
const SEALED_FOR: &str = "idempotency";
/// Says that an answer is an earlier one.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A creating POST that nobody answered before: who asks, for what, and the transaction that keeps the answer. A
/// request that is here again is answered without its handler.
pub(crate) struct Turn<T> {
    pub actor: Actor,
    pub write: Write,
    pub value: T,
}

impl<T: DeserializeOwned + Send> FromRequest<ApiState> for Turn<T> {
    type Rejection = Response;

    async fn from_request(request: Request, api: &ApiState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let ActorOf(actor) = ActorOf::from_request_parts(&mut parts, api).await.map_err(Refusal::into_response)?;
        let Body { value, request } = Body::from_request(Request::from_parts(parts, body), api).await.map_err(Refusal::into_response)?;
        match open(api, &actor, request).await.map_err(Refusal::into_response)? {
            Ok(write) => Ok(Self { actor, write, value }),
            Err(known) => Err(known),
        }
    }
}

/// An open transaction that will keep its answer.
pub(crate) struct Write {
    pub tx: Tx,
    pub now: Timestamp,
    name: Option<Name>,
    keys: identity::Keys,
}

struct Name {
    owner: String,
    key: String,
    hash: [u8; 32],
}

#[derive(sqlx::FromRow)]
struct Kept {
    request_hash: Vec<u8>,
    status: i64,
    location: Option<String>,
    body: Vec<u8>,
}

/// Opens the transaction of a creating POST, or finds its answer. Without a key every request is a new one.
pub(crate) async fn open(api: &ApiState, actor: &Actor, request: RequestId) -> Result<Result<Write, Response>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let Some(key) = request.key else {
        return Ok(Ok(Write { tx, now, name: None, keys: api.keys.clone() }));
    };
    let owner = actor.label();
    tx.lock(lock_key(&owner, &key)).await?;
    let kept = tx.query(FIND).bind(owner.clone()).bind(key.clone()).bind(now).maybe::<Kept>().await?;
    match kept {
        None => Ok(Ok(Write { tx, now, name: Some(Name { owner, key, hash: request.hash }), keys: api.keys.clone() })),
        Some(kept) if kept.request_hash == request.hash => {
            let body =
                api.keys.open(SEALED_FOR, &kept.body).ok_or_else(|| Problem::new(500, "internal", "The kept answer cannot be opened."))?;
            let status = u16::try_from(kept.status).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
            let mut response = answer(status, kept.location.as_deref(), body);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(Err(response))
        }
        Some(_) => Err(conflict().into()),
    }
}

fn conflict() -> Problem {
    Problem::new(422, "idempotency_conflict", "This Idempotency-Key was used for another request.")
}

/// The last eight bytes of a hash: a number for the advisory lock.
fn lock_key(owner: &str, key: &str) -> i64 {
    let hash = Sha256::new().chain_update(owner).chain_update([0]).chain_update(key).finalize();
    let mut last = [0; 8];
    last.copy_from_slice(&hash[24..]);
    i64::from_be_bytes(last)
}

impl Write {
    /// 201 with the address of what was created.
    pub async fn created(self, location: String, value: &impl Serialize) -> Result<Response, Refusal> {
        self.finish(StatusCode::CREATED, Some(location), value).await
    }

    /// Keeps the answer with the effect, commits both, answers.
    pub async fn finish(mut self, status: StatusCode, location: Option<String>, value: &impl Serialize) -> Result<Response, Refusal> {
        let body = serde_json::to_vec(value).map_err(|error| Problem::new(500, "internal", error.to_string()))?;
        if let Some(Name { owner, key, hash }) = self.name {
            // Sealed: an answer may hold a secret that is shown once.
            let sealed = self.keys.seal(SEALED_FOR, &body);
            let kept = self
                .tx
                .query(KEEP)
                .bind(owner)
                .bind(key)
                .bind(hash.to_vec())
                .bind(i64::from(status.as_u16()))
                .bind(location.clone())
                .bind(sealed)
                .bind(self.now)
                .bind(self.now.plus_ms(KEPT_MS))
                .execute()
                .await?;
            if kept == 0 {
                return Err(conflict().into());
            }
        }
        self.tx.commit().await?;
        Ok(answer(status, location.as_deref(), body))
    }
}

/// A JSON answer from bytes that exist already.
pub(crate) fn answer(status: StatusCode, location: Option<&str>, body: Vec<u8>) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Forgets answers older than 30 days, at most a thousand; the caller commits. Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, db::Error> {
    tx.query(SWEEP).bind(now).execute().await
}

sql! {
    FIND: "SELECT request_hash, status, location, body FROM idempotency_key WHERE owner = $1 AND key = $2 AND expires_at > $3";

    /// An expired answer under the same key gives way.
    KEEP: "INSERT INTO idempotency_key (owner, key, request_hash, status, location, body, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (owner, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status, location = excluded.location,
               body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at
           WHERE idempotency_key.expires_at <= excluded.created_at";

    SWEEP: "DELETE FROM idempotency_key WHERE (owner, key) IN (SELECT owner, key FROM idempotency_key WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1000)";
}
