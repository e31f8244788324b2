//! Numbers for operators: how many requests, how long they took, what became of purchases.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

/// Counts a request under its route, never under its address: an address holds ids.
pub async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!("http_requests_total", "route" => route.clone(), "method" => method.clone(), "status" => status).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route, "method" => method).record(started.elapsed().as_secs_f64());
    response
}

/// Counts a purchase by what became of it: `accepted`, `held`, `replayed`, or the problem's code.
pub(crate) fn purchase(outcome: &str) {
    metrics::counter!("purchases_total", "outcome" => outcome.to_owned()).increment(1);
}
