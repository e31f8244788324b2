//! Pages, server functions and files.

use std::{collections::HashSet, sync::OnceLock};

use app::{Front, Letter, document};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures::StreamExt;
use kit::{
    UiError,
    request::{RequestContext, TYPED_COOKIE, persona_of, refused_at, without_refusal},
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use server_fn::error::{SERVER_FN_ERROR_HEADER, ServerFnUrlError};
use shared::Problem;
use tower::{Layer, util::MapRequestLayer};
use tower_http::{compression::CompressionLayer, services::ServeDir};

use crate::{App, security};

/// Server functions that somebody without a session calls to get one, or that take a secret of a link: guessing must be slow.
const ENTRANCES: [&str; 11] = [
    "/log_in",
    "/log_in_with_totp",
    "/start_code",
    "/code_again",
    "/unite_again",
    "/verify_code",
    "/sign_up",
    "/join_shop",
    "/register_shop",
    "/move_card",
    "/read_receipt",
];
/// A file among the pages: what a worker loads comes from the service worker in whose part of the site the worker itself lies.
const DECODER_WORKER: &str = "/t/decoder-worker.js";
/// Where phones look for it that keep a build from before November 2026.
const OLD_DECODER_WORKER: &str = "/decoder-worker.js";
/// The query with which a service worker asks for a page as nobody sees it.
const SHELL: &str = "shell";
/// Bytes of a form whose fields are looked at when it is refused, at most: no form that people type is longer.
const TYPED_MAX_BYTES: usize = 16 * 1024;
/// Bytes of what a browser keeps of it, at most: a cookie holds 4,096 with its name and the seal.
const TYPED_KEPT_MAX_BYTES: usize = 2_400;
/// What a refused form never gives back, by its name or a part of it.
const SECRETS: [&str; 7] = ["password", "secret", "token", "sealed", "totp", "otp", "pin"];
/// The same for names that are a word of others.
const CODES: [&str; 5] = ["code", "codes", "invitation", "card", "key"];
/// Bytes of an error that a server function answers, at most.
const ERROR_MAX_BYTES: usize = 64 * 1024;
/// Bytes that are read and dropped after a body that is too large.
const DROPPED_MAX_BYTES: usize = 32 * 1024 * 1024;

pub(crate) fn router(app: App) -> Router {
    let pages = Router::new().route("/", get(page)).layer(CompressionLayer::new());
    let fronts = ["/c", "/t", "/b", "/o"].into_iter().fold(pages, |router, prefix| {
        // `/c`, `/c/` and everything below: the front itself knows its pages.
        router.route(prefix, get(page)).route(&format!("{prefix}/"), get(page)).route(&format!("{prefix}/{{*rest}}"), get(page))
    });
    let fronts = fronts.route("/r/{token}", get(page));
    let functions = Router::new()
        .route("/fn/{*name}", any(function))
        .layer(DefaultBodyLimit::max(api::IMPORT_MAX_BYTES + api::BODY_MAX_BYTES))
        .layer(middleware::from_fn(bounded))
        .layer(middleware::from_fn(api::origin::refuse_other_sites));
    let mut router = fronts.merge(functions).route("/service-worker.js", get(worker));
    if app.config.sandbox {
        router = router.route("/sandbox/outbox", get(outbox));
    }
    let router = router.layer(middleware::from_fn(api::telemetry::measure)).with_state(app.clone());
    let missing = Router::new().fallback(missing).with_state(app.clone());
    match &app.config.site {
        None => router.fallback_service(missing),
        Some(folder) => {
            let files =
                ServeDir::new(folder).precompressed_br().append_index_html_on_directories(false).call_fallback_on_method_not_allowed(false);
            let files = tower::ServiceBuilder::new().layer(middleware::from_fn(cached)).service(files.fallback(missing));
            let old = MapRequestLayer::new(|mut request: Request| {
                *request.uri_mut() = Uri::from_static(DECODER_WORKER);
                request
            });
            router
                .route_service(DECODER_WORKER, files.clone())
                .route_service(OLD_DECODER_WORKER, old.layer(files.clone()))
                .fallback_service(files)
        }
    }
}

/// What every page and server function gets as context.
fn provide(app: &App, path: &str, shell: bool) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let context = RequestContext { app: app.handle(), persona: persona_of(path), shell };
    let loyalty = app.loyalty.clone();
    move || {
        provide_context(context.clone());
        provide_context(loyalty.clone());
        if let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), leptos::nonce::use_nonce())
            && let Ok(policy) = HeaderValue::from_str(&security::page_policy(&nonce))
        {
            options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

async fn page(State(app): State<App>, request: Request) -> Response {
    match Front::of(request.uri().path()) {
        Some(front) => render(&app, front, request).await,
        None => missing(State(app), request).await,
    }
}

/// Nothing is here: a page for people, a problem for programs.
async fn missing(State(app): State<App>, request: Request) -> Response {
    if !wants_page(request.headers()) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return no_page(request.uri().clone()).await;
    }
    let mut response = render(&app, Front::Missing, request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn render(app: &App, front: Front, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let from = app.limits.origin(request.headers(), request.extensions());
    let guessed = matches!(front, Front::Receipt(_));
    if let Err(problem) = app.limits.address(from).and_then(|()| if guessed { app.limits.entrance(from) } else { Ok(()) }) {
        return api::Refusal(problem).into_response();
    }
    let site = app.site.clone();
    let render = leptos_axum::render_app_async_with_context(provide(app, &path, request.uri().query() == Some(SHELL)), {
        let path = path.clone();
        move || document(front.clone(), path.clone(), &site)
    });
    let mut response = render(request).await;
    let headers = response.headers_mut();
    // A page shows somebody's own things: no cache in between keeps it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

/// The fronts' service worker with the files and pages of this build.
async fn worker(State(app): State<App>, request: Request) -> Response {
    const SCRIPT: &str = include_str!("../../public/service-worker.js");
    // Everything whose name begins with the entry's: modules of single pages, pieces and snippets too.
    let front = |entry: &str, more: &[&str], pages: &[&str]| {
        let own = [format!("/pkg/{entry}"), "/fonts/".to_owned()];
        let mine = |path: &&String| {
            (own.iter().any(|start| path.starts_with(start)) && !path.ends_with(".br") && !path.ends_with(".txt"))
                || more.contains(&path.as_str())
        };
        let files: Vec<&String> = app.site.files.iter().map(|file| &file.path).filter(mine).collect();
        serde_json::json!({ "pages": pages, "files": files })
    };
    if app.site.files.is_empty() {
        return missing(State(app), request).await;
    }
    let decoder = app.site.entry("decoder").cloned().unwrap_or_default();
    let site = serde_json::json!({
        "build": app.site.build,
        "fronts": {
            "/c/": front("consumer", &["/manifest-consumer.webmanifest", "/icons/consumer-192.png"], app::OFFLINE_CONSUMER),
            "/t/": front("tendero", &["/manifest-tendero.webmanifest", "/icons/tendero-192.png", "/lessons/card.svg", "/lessons/products.svg", "/lessons/confirm.svg", "/lessons/offline.svg", "/lessons/reward.svg", DECODER_WORKER, &decoder.js, &decoder.wasm], app::OFFLINE_TENDERO),
        },
    });
    let script = SCRIPT.replacen("const SITE = null;", &format!("const SITE = {site};"), 1);
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, security::FILES),
    ];
    (headers, script).into_response()
}

async fn outbox(State(app): State<App>, request: Request) -> Response {
    let letters = async {
        let mut tx = app.db.read().await?;
        notifications::sandbox(&mut tx).await
    };
    match letters.await {
        Ok(letters) => {
            let letters = letters.into_iter().map(|message| Letter {
                channel: format!("{:?}", message.channel).to_lowercase(),
                recipient: message.recipient,
                subject: message.subject,
                body: message.body,
                at: message.created_at.to_string(),
            });
            render(&app, Front::Outbox(letters.collect()), request).await
        }
        Err(error) => api::Refusal::from(error).into_response(),
    }
}

async fn no_page(uri: Uri) -> Response {
    api::refusal::no_such_door(uri).await.into_response()
}

/// Server functions take their body whole: its size is checked before anything reads it.
async fn bounded(request: Request, next: Next) -> Response {
    let limit = if request.uri().path().contains("import") { api::IMPORT_MAX_BYTES + api::BODY_MAX_BYTES } else { api::BODY_MAX_BYTES };
    let (parts, body) = request.into_parts();
    match whole(body, limit).await {
        Some(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        None => {
            let problem = Problem::new(413, "payload_too_large", "The body is larger than this door takes.");
            if wants_page(&parts.headers) {
                see_other(&refused_at(&back_of(&parts.headers), &problem))
            } else {
                api::Refusal(problem).into_response()
            }
        }
    }
}

/// A body of at most `limit` bytes. What comes after them is read and dropped: a browser that is still sending would
/// show a broken connection instead of the answer.
async fn whole(body: Body, limit: usize) -> Option<Vec<u8>> {
    let (mut chunks, mut kept, mut seen) = (body.into_data_stream(), Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        seen += chunk.len();
        if seen > limit + DROPPED_MAX_BYTES {
            return None;
        }
        if seen <= limit {
            kept.extend_from_slice(&chunk);
        }
    }
    (seen <= limit).then_some(kept)
}

/// The page whose form this is.
fn back_of(headers: &HeaderMap) -> String {
    headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(path_of).unwrap_or_else(|| "/".to_owned())
}

fn known(path: &str, method: &Method) -> bool {
    static PATHS: OnceLock<HashSet<(&'static str, Method)>> = OnceLock::new();
    PATHS.get_or_init(|| server_fn::axum::server_fn_paths().collect()).iter().any(|(known, takes)| *known == path && takes == method)
}

async fn function(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if !known(&path, request.method()) {
        return no_page(request.uri().clone()).await;
    }
    let plain_form = wants_page(request.headers());
    let back = back_of(request.headers());
    let remembers =
        request.headers().get_all(header::COOKIE).iter().any(|line| line.to_str().is_ok_and(|line| line.contains(TYPED_COOKIE)));
    let (request, typed) = typed(request).await;
    let from = app.limits.origin(request.headers(), request.extensions());
    let entrance = ENTRANCES.iter().any(|name| path.ends_with(name));
    let passed = app.limits.address(from).and_then(|()| if entrance { app.limits.entrance(from) } else { Ok(()) });
    let response = match passed {
        Ok(()) => leptos_axum::handle_server_fns_with_context(provide(&app, &path, false), request).await.into_response(),
        Err(problem) if plain_form => return see_other(&refused_at(&back, &problem)),
        Err(problem) => return failed(problem),
    };
    if !plain_form {
        return as_call(response, &typed).await;
    }
    let (mut response, refused) = as_form(response, &back, &typed);
    let cookie = match refused {
        true => kept_of(&typed).map(|fields| remember(&app, &back, &fields)),
        false => remembers.then(|| format!("{TYPED_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")),
    };
    if let Some(line) = cookie.and_then(|line| HeaderValue::from_str(&line).ok()) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}

/// The fields of a form that was posted, and the request as it was. None of what is no form, or a long one.
async fn typed(request: Request) -> (Request, Vec<(String, String)>) {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return (request, Vec::new());
    }
    let (parts, body) = request.into_parts();
    // `bounded` holds the whole body already.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let fields = if bytes.len() <= TYPED_MAX_BYTES { serde_urlencoded::from_bytes(&bytes).unwrap_or_default() } else { Vec::new() };
    (Request::from_parts(parts, Body::from(bytes)), fields)
}

/// What of it may stand in the form again.
fn kept_of(typed: &[(String, String)]) -> Option<Vec<(String, String)>> {
    let secret = |name: &str| CODES.contains(&name) || SECRETS.iter().any(|part| name.contains(part));
    let kept: Vec<_> = typed.iter().filter(|(name, value)| !value.is_empty() && !secret(&name.to_ascii_lowercase())).cloned().collect();
    let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    (!kept.is_empty() && bytes <= TYPED_KEPT_MAX_BYTES).then_some(kept)
}

/// A cookie for the page that the form came from, alone and for a moment.
fn remember(app: &App, back: &str, fields: &[(String, String)]) -> String {
    use identity::flash::{TYPED_LIFE_MS, seal_typed};
    let path = back.split('?').next().unwrap_or_default();
    let word = seal_typed(&app.keys, app.clock.now(), path, fields);
    format!("{TYPED_COOKIE}={word}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", TYPED_LIFE_MS / 1_000)
}

/// A field that is not right because nothing stands in it is missing, and its form says that.
fn name_what_is_missing(problem: &mut Problem, typed: &[(String, String)]) {
    let Some(field) = problem.fields.first_mut().filter(|field| field.code.ends_with("bad_field")) else {
        return;
    };
    let mut values = typed.iter().filter(|(name, _)| *name == field.field).peekable();
    if values.peek().is_some() && values.all(|(_, value)| value.trim().is_empty()) {
        field.code = "field_missing".to_owned();
        problem.code = "field_missing".to_owned();
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Path and query alone: an answer never leads to another site.
fn path_of(address: &str) -> Option<String> {
    let path = address.parse::<Uri>().ok()?.path_and_query()?.as_str().to_owned();
    (path.starts_with('/') && !path.starts_with("//")).then_some(path)
}

fn see_other(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A form without scripts: on to the page that the function chose, or back to its own with the refusal in the address,
/// and then true.
fn as_form(mut response: Response, back: &str, typed: &[(String, String)]) -> (Response, bool) {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or(back).to_owned();
    let refused = location.split_once("__err=").map(|(_, rest)| rest.split('&').next().unwrap_or_default());
    let was_refused = refused.is_some();
    let to = match refused {
        Some(error) => {
            // Base64 in a query: only its padding is escaped.
            let UiError(mut problem) = ServerFnUrlError::<UiError>::decode_err(&error.replace("%3D", "="));
            name_what_is_missing(&mut problem, typed);
            log_failure(&problem);
            refused_at(back, &problem)
        }
        None if path_of(&location).as_deref() == Some(back) => without_refusal(back),
        None => path_of(&location).unwrap_or_else(|| "/".to_owned()),
    };
    let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    response = see_other(&to);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    (response, was_refused)
}

/// A call by script: the problem's own status instead of one for all.
async fn as_call(response: Response, typed: &[(String, String)]) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        return Response::from_parts(parts, body);
    }
    let mut bytes = to_bytes(body, ERROR_MAX_BYTES).await.unwrap_or_default();
    if let Ok(mut problem) = serde_json::from_slice::<Problem>(&bytes) {
        name_what_is_missing(&mut problem, typed);
        bytes = serde_json::to_vec(&problem).map_or(bytes, Into::into);
        log_failure(&problem);
        parts.status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(seconds) = problem.retry_after_seconds {
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// An error before the function ran, in the form that its caller reads.
fn failed(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = problem.retry_after_seconds;
    let mut response = (status, axum::Json(UiError(problem))).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A refusal is no failure; a failure is told once.
fn log_failure(problem: &Problem) {
    if problem.status >= 500 {
        tracing::warn!(code = problem.code, incident = problem.incident, "A server function failed: {}", problem.detail);
    }
}

/// Hashed names never change; fonts and icons hardly; everything else is asked for again and answered with 304.
async fn cached(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    // "Not modified" too: its policy takes the place of the one that was kept with the file.
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let rule = match path.split('/').nth(1) {
            Some("pkg") => "public, max-age=31536000, immutable",
            Some("fonts" | "icons") => "public, max-age=604800",
            _ => "public, max-age=0, must-revalidate",
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(rule));
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(security::FILES));
    }
    response
}
