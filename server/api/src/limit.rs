//! Who may ask how often: by network address for everybody, by caller for whoever has a credential, by phone for
//! captures. All limits answer 429 with `Retry-After`.
//!
//! The counters live in this process and are lost with it: they protect the server, they are no bookkeeping.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use serde::{Deserialize, Serialize};
use shared::{DeviceId, Problem};

use crate::{ApiState, Refusal};

/// Counters are swept of the idle after so many questions.
const SWEEP_EVERY: u32 = 4_096;

/// A steady rate and how much may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Requests that come back in `seconds`.
    pub requests: NonZeroU32,
    /// Over how long.
    pub seconds: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// So many each second, so many at once. Zero counts as one.
    pub const fn per_second(requests: u32, burst: u32) -> Self {
        Self::over(requests, 1, burst)
    }
    /// So many in so many seconds, so many at once. Zero counts as one.
    pub const fn over(requests: u32, seconds: u32, burst: u32) -> Self {
        const fn at_least_one(n: u32) -> NonZeroU32 {
            match NonZeroU32::new(n) {
                Some(n) => n,
                None => NonZeroU32::MIN,
            }
        }
        Self { requests: at_least_one(requests), seconds: at_least_one(seconds), burst: at_least_one(burst) }
    }
    fn quota(self) -> Quota {
        let each = std::time::Duration::from_secs(u64::from(self.seconds.get())) / self.requests.get();
        Quota::with_period(each).unwrap_or(Quota::per_second(self.requests)).allow_burst(self.burst)
    }
}

/// The limits of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitConfig {
    /// Every door but captures, by address.
    pub address: Rate,
    /// Every door, by credential.
    pub caller: Rate,
    /// Captures and imports, by address: a whole neighbourhood may share one.
    pub purchases_address: Rate,
    /// Captures, by phone.
    pub device: Rate,
    /// Logging in, codes, joining: by address.
    pub entrance: Rate,
    /// The address is read from `X-Forwarded-For`, because a proxy of ours stands in front.
    pub behind_proxy: bool,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            address: Rate::per_second(100, 300),
            caller: Rate::per_second(200, 400),
            purchases_address: Rate::per_second(5_000, 10_000),
            device: Rate::per_second(20, 40),
            entrance: Rate::over(120, 60, 60),
            behind_proxy: false,
        }
    }
}

struct Gate<K: Hash + Eq + Clone> {
    burst: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<K>,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Gate<K> {
    fn new(rate: Rate) -> Self {
        Self { burst: rate.burst, limiter: RateLimiter::keyed(rate.quota()), asked: AtomicU32::new(0) }
    }
    fn check(&self, key: &K) -> Result<(), Problem> {
        self.check_many(key, NonZeroU32::MIN)
    }
    /// Several at once, all or none; never more than the gate holds when it is full, or they would never pass.
    fn check_many(&self, key: &K, many: NonZeroU32) -> Result<(), Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        // Never more than the burst, so there is always an answer.
        let Ok(answer) = self.limiter.check_key_n(key, many.min(self.burst)) else {
            return Err(too_many(1));
        };
        answer.map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            too_many(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
        })
    }
}

fn too_many(seconds: u32) -> Problem {
    let mut problem = Problem::new(429, "too_many_requests", "Too many requests; wait as long as Retry-After says.");
    problem.retry_after_seconds = Some(seconds);
    problem
}

/// The counters.
pub struct Limits {
    address: Gate<IpAddr>,
    caller: Gate<u64>,
    purchases_address: Gate<IpAddr>,
    device: Gate<DeviceId>,
    entrance: Gate<IpAddr>,
    behind_proxy: bool,
    hasher: std::hash::RandomState,
}

impl Limits {
    /// All counters at zero.
    pub fn new(config: &LimitConfig) -> Self {
        Self {
            address: Gate::new(config.address),
            caller: Gate::new(config.caller),
            purchases_address: Gate::new(config.purchases_address),
            device: Gate::new(config.device),
            entrance: Gate::new(config.entrance),
            behind_proxy: config.behind_proxy,
            hasher: std::hash::RandomState::new(),
        }
    }

    /// An ordinary request of an address.
    pub fn address(&self, from: IpAddr) -> Result<(), Problem> {
        self.address.check(&from)
    }
    /// A log-in, a code to send, a code to try: guessing must be slow.
    pub fn entrance(&self, from: IpAddr) -> Result<(), Problem> {
        self.entrance.check(&from)
    }
    /// A request with this credential; only a keyed hash of it is remembered.
    pub fn caller(&self, credential: &str) -> Result<(), Problem> {
        use std::hash::BuildHasher;
        self.caller.check(&self.hasher.hash_one(credential))
    }
    /// A capture of this phone.
    pub fn device(&self, device: DeviceId) -> Result<(), Problem> {
        self.device.check(&device)
    }
    /// The captures of a batch of this phone, beside the first, which [`Limits::device`] counted before they were read.
    pub fn device_batch(&self, device: DeviceId, captures: usize) -> Result<(), Problem> {
        let more = u32::try_from(captures).unwrap_or(u32::MAX).saturating_sub(1);
        NonZeroU32::new(more).map_or(Ok(()), |more| self.device.check_many(&device, more))
    }

    /// Where a request comes from: the peer, or what our proxy says of it. An IPv6 network of one household counts as one.
    pub fn origin(&self, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        // The last entry is the one our own proxy wrote; what stands before it is hearsay.
        let told = || headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
        let from = if self.behind_proxy { told().unwrap_or(peer) } else { peer };
        match from {
            IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            other => other.to_canonical(),
        }
    }
}

/// The first gate of every door.
pub(crate) async fn by_address(State(api): State<ApiState>, request: Request, next: Next) -> Response {
    let from = api.limits.origin(request.headers(), request.extensions());
    let capture = request.uri().path().ends_with("/purchases");
    let passed = if capture { api.limits.purchases_address.check(&from) } else { api.limits.address(from) };
    match passed {
        Ok(()) => next.run(request).await,
        Err(problem) => Refusal(problem).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_waits() {
        let limits = Limits::new(&LimitConfig { entrance: Rate::over(1, 60, 2), ..LimitConfig::default() });
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);

        assert!(limits.entrance(from).is_ok());
        assert!(limits.entrance(from).is_ok());
        let refused = limits.entrance(from).unwrap_err();

        assert_eq!(refused.status, 429);
        assert!(refused.retry_after_seconds.is_some_and(|seconds| (1..=61).contains(&seconds)));
    }

    #[test]
    fn a_batch_counts_as_many_as_it_holds() {
        let limits = |burst| Limits::new(&LimitConfig { device: Rate::over(1, 60, burst), ..LimitConfig::default() });
        let phone = DeviceId::fixed(1);
        let twenty = |limits: &Limits| limits.device(phone).and_then(|()| limits.device_batch(phone, 20));

        let usual = limits(40);
        assert!(twenty(&usual).is_ok());
        assert!(twenty(&usual).is_ok());
        assert_eq!(usual.device(phone).unwrap_err().status, 429);
        assert!(usual.device(DeviceId::fixed(2)).is_ok(), "another phone has its own count");

        let narrow = limits(10);
        assert!(narrow.device_batch(phone, 20).is_ok(), "a full gate lets one batch through, however small it is");
        assert_eq!(narrow.device(phone).unwrap_err().status, 429);
    }

    #[test]
    fn hearsay_about_the_address_counts_only_behind_our_proxy() {
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), "10.0.0.1, 203.0.113.9".parse().unwrap())]);
        let origin =
            |behind_proxy| Limits::new(&LimitConfig { behind_proxy, ..LimitConfig::default() }).origin(&headers, &Extensions::new());

        assert_eq!(origin(true).to_string(), "203.0.113.9");
        assert_eq!(origin(false).to_string(), "127.0.0.1");
    }
}
