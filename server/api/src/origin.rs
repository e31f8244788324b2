//! Requests that change something and prove themselves by a cookie must come from our own pages.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::{Problem, loyalty::capture::SIGNATURE_HEADER};

use crate::Refusal;

/// Refuses what another site makes a browser send.
///
/// Keys and device signatures are exempt: another site cannot make a browser add those headers. `Sec-Fetch-Site` decides
/// when it is there, `Origin` against `Host` otherwise. A cookie with neither is no browser of the last years: refused.
pub async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let exempt = reads || headers.contains_key(header::AUTHORIZATION) || headers.contains_key(SIGNATURE_HEADER);
    if exempt || from_here(headers, request.uri()) {
        next.run(request).await
    } else {
        Refusal(Problem::new(403, "wrong_origin", "Requests with a session must come from our own pages.")).into_response()
    }
}

fn from_here(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let host = text(header::HOST).or(uri.authority().map(|authority| authority.as_str()));
    match text(header::ORIGIN) {
        Some(origin) => origin.split_once("://").map(|(_, rest)| rest) == host,
        None => !headers.contains_key(header::COOKIE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        from_here(&headers, &Uri::from_static("/x"))
    }

    #[test]
    fn only_our_own_pages_write_with_a_cookie() {
        assert!(asks(&[("cookie", "a=b"), ("sec-fetch-site", "same-origin")]));
        assert!(asks(&[("cookie", "a=b"), ("origin", "https://mostrador.example"), ("host", "mostrador.example")]));
        assert!(asks(&[]));

        assert!(!asks(&[("cookie", "a=b"), ("sec-fetch-site", "same-site")]));
        assert!(!asks(&[
            ("cookie", "a=b"),
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://mostrador.example"),
            ("host", "mostrador.example")
        ]));
        assert!(!asks(&[("cookie", "a=b"), ("origin", "https://evil.example"), ("host", "mostrador.example")]));
        assert!(!asks(&[("cookie", "a=b"), ("origin", "null"), ("host", "mostrador.example")]));
        assert!(!asks(&[("cookie", "a=b")]));
    }
}
