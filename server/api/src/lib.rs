//! REST v1: what programs, tills and phones speak to; beside it the live news and the documentation.
//!
//! Words: a *door* is one operation; a *caller* is who a request says it is, an *actor* who the store found; a *refusal*
//! is an RFC 9457 problem.
//!
//! Invariants, each held by the named guard:
//! - every door refuses nobody, the wrong owner and the wrong role   the domain verb; the generated matrix in `tests/it`
//! - a creating POST with an `Idempotency-Key` has one effect          [`idempotency`], in the effect's own transaction
//! - every error is a problem                                         [`refusal`]; fallbacks and panics included
//! - a cookie alone never writes from another site                    [`origin`]
//!
//! Arrows: api → all domains. It knows axum and not Leptos; it holds no rule of the trade.

mod body;
mod caller;
mod events;
mod idempotency;
mod incoming;
pub mod limit;
mod openapi;
pub mod origin;
pub mod refusal;
pub mod telemetry;
mod v1;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use db::{Db, Tx, clock::Clock};
use shared::Timestamp;
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;

pub use caller::{ActorOf, Caller, PERSONA_HEADER};
pub use events::Streams;
pub use idempotency::sweep as sweep_idempotency_keys;
pub use limit::{LimitConfig, Limits};
pub use refusal::Refusal;
pub use v1::sandbox::CLOCK_SETTING;

/// Largest body of a door, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;
/// Largest file to import, in bytes.
pub const IMPORT_MAX_BYTES: usize = 2 * 1024 * 1024;

/// What the doors need.
#[derive(Clone)]
pub struct ApiState {
    /// The database.
    pub db: Db,
    /// The only clock.
    pub clock: Clock,
    /// Keys of hashes and seals.
    pub keys: identity::Keys,
    /// The rule book.
    pub loyalty: loyalty::Loyalty,
    /// Who may ask how often.
    pub limits: Arc<Limits>,
    /// Where messages leave: its providers also call us.
    pub port: Arc<notifications::Port>,
    /// By which rules they leave.
    pub message_rules: notifications::Rules,
    /// Where people reach us, without a slash at its end: links in messages begin with it.
    pub public_url: Arc<str>,
    /// The database was created as a sandbox: its doors exist.
    pub sandbox: bool,
    /// Turns true when the server ends: event streams end with it.
    pub stop: watch::Receiver<bool>,
    /// Open event streams of each session.
    pub streams: Streams,
}

impl ApiState {
    /// A transaction that may write, and the instant that counts for it.
    pub(crate) async fn begin(&self) -> Result<(Tx, Timestamp), Refusal> {
        Ok((self.db.begin().await?, self.clock.now()))
    }
    /// A transaction that sees one state.
    pub(crate) async fn read(&self) -> Result<(Tx, Timestamp), Refusal> {
        Ok((self.db.read().await?, self.clock.now()))
    }
    /// The same for a consumer's wallets: what time has done to them is written down first.
    pub(crate) async fn read_settled(&self, actor: &identity::Actor, consumer: shared::ConsumerId) -> Result<Tx, Refusal> {
        loyalty::settle::before_reading(&self.db, &self.loyalty, actor, consumer, self.clock.now()).await?;
        Ok(self.db.read().await?)
    }
}

/// All doors under `/api/v1`, their description and its page.
pub fn router(state: ApiState) -> Router {
    let (doors, described) = doors(state.sandbox).split_for_parts();
    let described = Arc::new(openapi::finish(described));
    // Layers run from the last to the first: count, then site, then address, then who goes last, then body.
    let doors = doors
        .nest("/incoming", incoming::router())
        .fallback(refusal::no_such_door)
        .method_not_allowed_fallback(refusal::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), reports_last))
        .layer(middleware::from_fn_with_state(state.clone(), limit::by_address))
        .layer(middleware::from_fn(origin::refuse_other_sites))
        .layer(middleware::from_fn(telemetry::measure))
        .with_state(state);
    Router::new()
        .route("/api/v1/openapi.json", get(move || std::future::ready(axum::Json(described.clone()))))
        .nest("/api/v1", doors)
        .merge(openapi::docs())
}

/// A report of a year must not hold up the counters: see [`db::last`].
async fn reports_last(State(state): State<ApiState>, request: Request, next: Next) -> Result<Response, Refusal> {
    if !request.uri().path().starts_with("/reports/") {
        return Ok(next.run(request).await);
    }
    Ok(db::last::run(&state.db, next.run(request)).await?)
}

fn doors(sandbox: bool) -> OpenApiRouter<ApiState> {
    v1::router(sandbox).merge(events::router())
}

/// What `/api/v1/openapi.json` gives, for tests and tools.
pub fn description(sandbox: bool) -> utoipa::openapi::OpenApi {
    openapi::finish(doors(sandbox).into_openapi())
}

/// Every statement of the crate, so that one test prepares them all on both databases.
pub fn statements() -> Vec<db::Sql> {
    [idempotency::STATEMENTS, v1::sandbox::STATEMENTS].concat()
}
