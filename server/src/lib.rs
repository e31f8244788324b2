//! The server: pages, server functions, REST, files and jobs of one installation in one process.
//!
//! [`App::open`] builds everything once; [`router`] makes the HTTP side of it, which tests use without a socket. The
//! binary `mostrador` in `main.rs` is the command line around both. Nothing of the trade is decided here.

pub mod config;
mod instance;
mod operations;
mod pages;
mod security;
pub mod seed;
mod serve;
mod work;

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use db::{Db, clock::Clock};
use kit::request::{AppHandle, Site};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

pub use config::Config;
pub use instance::{ClockKind, settle};
pub use operations::{add_key, add_user, backup, restore, retry_jobs, verify};
pub use serve::{Listen, serve};
pub use work::{registry, work, work_until_signal};

/// One installation, opened. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What was decided for it.
    pub config: Arc<Config>,
    /// The database, migrated.
    pub db: Db,
    /// Keys of hashes and seals.
    pub keys: identity::Keys,
    /// The only clock.
    pub clock: Clock,
    /// The rule book.
    pub loyalty: loyalty::Loyalty,
    /// Where messages leave.
    pub port: Arc<notifications::Port>,
    /// Files for the browsers.
    pub site: Arc<Site>,
    /// Who may ask how often.
    pub limits: Arc<api::Limits>,
    /// Numbers for operators.
    pub numbers: PrometheusHandle,
    /// Set to true to end: event streams, worker, then the listeners.
    pub stop: watch::Sender<bool>,
}

impl App {
    /// Opens and migrates the database, and refuses one that was created for another purpose.
    pub async fn open(config: Config, clock: ClockKind) -> anyhow::Result<Self> {
        Self::of(instance::open(&config.database()).await?, config, clock).await
    }

    /// The same where there must be an installation already.
    pub async fn existing(config: Config, clock: ClockKind) -> anyhow::Result<Self> {
        Self::of(instance::existing(&config.database()).await?, config, clock).await
    }

    async fn of(db: Db, config: Config, clock: ClockKind) -> anyhow::Result<Self> {
        db.migrate().await.context("The tables cannot be brought to the newest version")?;
        let clock = instance::settle(&db, &config, clock).await?;
        Self::on(db, config, clock)
    }

    /// An installation on a database that is open and migrated already.
    pub fn on(db: Db, config: Config, clock: Clock) -> anyhow::Result<Self> {
        let keys = identity::Keys::new(&config.master()?);
        let site = match &config.site {
            None => Site::default(),
            Some(folder) => serde_json::from_slice(&std::fs::read(folder.join("site.json"))?).context("site.json cannot be read")?,
        };
        Ok(Self {
            loyalty: loyalty::Loyalty::new(keys.clone()).with_velocity(config.velocity).with_limits(config.adjustments),
            limits: Arc::new(api::Limits::new(&config.limits)),
            numbers: numbers()?,
            port: Arc::new(config.port()?),
            stop: watch::Sender::new(false),
            site: Arc::new(site),
            config: Arc::new(config),
            clock,
            keys,
            db,
        })
    }

    fn api(&self) -> api::ApiState {
        api::ApiState {
            db: self.db.clone(),
            clock: self.clock.clone(),
            keys: self.keys.clone(),
            loyalty: self.loyalty.clone(),
            limits: self.limits.clone(),
            port: self.port.clone(),
            message_rules: self.config.messages.rules(),
            public_url: self.config.public_url.as_str().into(),
            sandbox: self.config.sandbox,
            stop: self.stop.subscribe(),
            streams: api::Streams::default(),
        }
    }

    fn handle(&self) -> AppHandle {
        AppHandle {
            db: self.db.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            sandbox: self.config.sandbox,
            site: self.site.clone(),
            public_url: self.config.public_url.as_str().into(),
            help_whatsapp: self.config.help_whatsapp.as_str().into(),
            approved: self.port.approved().into(),
        }
    }
}

/// The recorder belongs to the process: tests open several installations in one.
fn numbers() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: std::sync::Mutex<Option<PrometheusHandle>> = std::sync::Mutex::new(None);
    let mut handle = HANDLE.lock().map_err(|_| anyhow::anyhow!("the recorder is broken"))?;
    if let Some(handle) = &*handle {
        return Ok(handle.clone());
    }
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
    let made = metrics_exporter_prometheus::PrometheusBuilder::new().set_buckets(&buckets)?.install_recorder()?;
    *handle = Some(made.clone());
    Ok(made)
}

/// Everything over HTTP: REST, pages, server functions, files, health.
pub fn router(app: App) -> Router {
    // Rendering spawns on it. Only the first router of a process finds none.
    let _ = any_spawner::Executor::init_tokio();
    let request_id = HeaderName::from_static("x-request-id");
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
            // The path without its query: a query may hold what a person typed.
            tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
        })
        .on_request(())
        .on_response(tower_http::trace::DefaultOnResponse::new().level(tracing::Level::DEBUG))
        .on_failure(tower_http::trace::DefaultOnFailure::new().level(tracing::Level::WARN));
    let operations = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(numbers_page))
        .with_state(app.clone());
    api::router(app.api())
        .merge(operations)
        .merge(pages::router(app.clone()))
        .layer(CatchPanicLayer::custom(api::refusal::panicked))
        .layer(middleware::from_fn_with_state(app.config.public_url.starts_with("https://"), security::headers))
        .layer(trace)
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok"
}

/// The process can do its work: its database answers, and it is not about to end.
async fn readyz(State(app): State<App>) -> Response {
    let ready = !*app.stop.borrow() && app.db.read().await.is_ok();
    if ready { "ok".into_response() } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response() }
}

async fn numbers_page(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.numbers.render()).into_response()
}
