//! The ways to telephones, each as its provider documents it.

pub mod sms;
pub mod whatsapp_cloud;

use std::time::Duration;

use crate::Refused;

/// How long a provider may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How long it may take to be reached.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// The client that providers are called with: TLS, no redirects.
fn client() -> Result<reqwest::Client, String> {
    // Only the first one of a process counts.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(ANSWER_MAX)
        .connect_timeout(CONNECT_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| error.to_string())
}

/// A call without an answer: whether anything left depends on whether somebody was reached.
fn unanswered(error: &reqwest::Error) -> Refused {
    if error.is_connect() {
        Refused::Later { wait_ms: None, why: "the provider cannot be reached".into() }
    } else {
        Refused::Uncertain("the provider was reached and did not answer".into())
    }
}

/// `Retry-After` in seconds, as milliseconds.
fn retry_after_ms(response: &reqwest::Response) -> Option<i64> {
    let seconds: i64 = response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.clamp(0, 3_600) * 1_000)
}
