//! Brings deliveries: the head of one consumer's line, then the next, until one fails.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use db::{Db, Tx, sql};
use identity::Keys;
use jobs::{JobError, Lane, NewJob, Registry};
use rand::Rng;
use reqwest::redirect::Policy;
use serde_json::json;
use shared::{
    ConsumerId, OrganisationId, Timestamp, WebhookAttemptId, WebhookDeliveryId, WebhookSubscriptionId,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use uuid::Uuid;

use crate::{
    Error,
    fan_out::wake,
    sign,
    subscription::{SEALED_FOR, disable_broken},
    target::{self, PublicOnly},
};

/// The job that looks at the head of a line.
pub(crate) const DELIVER: &str = "webhooks.deliver";
/// The job that looks at more lines of a subscription that was enabled.
const WAKE: &str = "webhooks.wake";
/// Lines that one run of it wakes.
const WOKEN_MAX: i64 = 100;
/// The job that sends one again because somebody asked.
pub(crate) const AGAIN: &str = "webhooks.again";
/// Waits between attempts, as Standard Webhooks recommends ("Deliverability and reliability"): three days in all.
const WAITS_MS: [i64; 9] =
    [5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS, 24 * HOUR_MS];
/// Tries before a delivery is given up and the next one of its consumer follows.
pub const ATTEMPTS_MAX: i64 = WAITS_MS.len() as i64 + 1;
/// A subscription of which every attempt has failed for so long is disabled.
pub const DISABLED_AFTER_MS: i64 = 5 * DAY_MS;
/// Longest wait that a receiver may ask for.
const ASKED_WAIT_MAX_MS: i64 = DAY_MS;
/// How long somebody may be bringing one before another tries.
const LEASE_MS: i64 = MINUTE_MS;
/// Deliveries that one run brings.
const RUN_MAX: usize = 20;
/// How long one run goes on bringing them, and the answer of the last one is waited for beyond it: shorter than any lease,
/// and a receiver that takes its time soon lets others pass.
const RUN_LASTS: Duration = Duration::from_secs(30);
/// How long a receiver may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Lines of one subscription that are brought beside each other: half of the places, so that others always have one.
const LINES_AT_ONCE: usize = jobs::SLOW_AT_ONCE / 2;
/// Lines that found no place are looked at again one after the other, at the pace at which places become free, so that many of
/// them cost no more than few.
const NO_PLACE_PACE: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_millis(2_500);
/// Soonest for the first of them, and latest for the last: a receiver that was slow may be quick again.
const NO_PLACE_SOONEST: Duration = Duration::from_millis(100);
const NO_PLACE_LATEST: Duration = Duration::from_secs(300);

/// Calls receivers.
pub struct Sender {
    client: reqwest::Client,
    keys: Keys,
    lax: bool,
    /// What this process brings to each subscription.
    places: Mutex<HashMap<WebhookSubscriptionId, Places>>,
}

/// Lines of one subscription.
struct Places {
    /// Since when each line that is being brought is.
    taken: Vec<Instant>,
    /// How long the last one took that ended.
    lasted: Duration,
    /// When the next one without a place is looked at.
    next: Instant,
}

impl Places {
    fn new(now: Instant) -> Self {
        Self { taken: Vec::new(), lasted: Duration::ZERO, next: now }
    }

    /// How long one more line waits that found none.
    fn wait(&mut self, now: Instant) -> Duration {
        let longest = self.taken.iter().map(|began| now.duration_since(*began)).chain([self.lasted]).max().unwrap_or_default();
        let pace = (longest / LINES_AT_ONCE as u32).clamp(*NO_PLACE_PACE.start(), *NO_PLACE_PACE.end());
        let at = self.next.max(now + NO_PLACE_SOONEST).min(now + NO_PLACE_LATEST);
        self.next = at + pace;
        at - now
    }
}

/// A line that is being brought.
struct Place<'a> {
    sender: &'a Sender,
    subscription: WebhookSubscriptionId,
    began: Instant,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.sender.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = places.get_mut(&self.subscription) {
            if let Some(mine) = of.taken.iter().position(|began| *began == self.began) {
                of.taken.swap_remove(mine);
            }
            of.lasted = self.began.elapsed();
            // Nobody waits any more: nothing has to be known of it.
            if of.taken.is_empty() && of.next <= Instant::now() {
                places.remove(&self.subscription);
            }
        }
    }
}

impl Sender {
    /// `lax`: a sandbox may call its own machine.
    pub fn new(keys: Keys, lax: bool) -> Result<Self, String> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = reqwest::Client::builder()
            .timeout(ANSWER_MAX)
            .connect_timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .no_proxy()
            .user_agent("Mostrador-Webhooks/1");
        let builder = builder.https_only(!lax).dns_resolver(Arc::new(PublicOnly { lax }));
        Ok(Self { client: builder.build().map_err(|error| error.to_string())?, keys, lax, places: Mutex::default() })
    }

    /// A place for one more line of a subscription, or how long to wait for one.
    fn place(&self, subscription: WebhookSubscriptionId) -> Result<Place<'_>, i64> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let of = places.entry(subscription).or_insert_with(|| Places::new(now));
        if of.taken.len() < LINES_AT_ONCE {
            of.taken.push(now);
            return Ok(Place { sender: self, subscription, began: now });
        }
        Err(i64::try_from(of.wait(now).as_millis()).unwrap_or(i64::MAX))
    }
}

pub(crate) fn register(registry: Registry, sender: Arc<Sender>) -> Registry {
    let again = sender.clone();
    registry
        .outside(DELIVER, move |db, now, job| {
            let sender = sender.clone();
            Box::pin(async move {
                let id = |name: &str| job.payload[name].as_str().unwrap_or_default();
                match (id("subscription_id").parse(), id("consumer_id").parse()) {
                    (Ok(subscription), Ok(consumer)) => line(db, &sender, now, subscription, consumer).await,
                    _ => Err(JobError::Hopeless("no line".into())),
                }
            })
        })
        .inside(WAKE, |tx, now, job| {
            Box::pin(async move {
                let id = |name: &str| job.payload[name].as_str().unwrap_or_default();
                match (id("subscription_id").parse(), id("after").parse()) {
                    (Ok(subscription), Ok(after)) => wake_some(tx, now, subscription, after).await.map_err(store),
                    _ => Err(JobError::Hopeless("no lines".into())),
                }
            })
        })
        .outside(AGAIN, move |db, now, job| {
            let sender = again.clone();
            Box::pin(async move {
                let delivery = job.payload["delivery_id"]
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| JobError::Hopeless("no delivery".into()))?;
                once(db, &sender, now, delivery, job.payload["asked_by"].as_str().unwrap_or_default()).await
            })
        })
}

#[derive(sqlx::FromRow)]
struct Head {
    id: WebhookDeliveryId,
    subscription_id: WebhookSubscriptionId,
    tenant_id: OrganisationId,
    consumer_id: ConsumerId,
    status: String,
    payload: Vec<u8>,
    attempts: i64,
    next_attempt_at: Timestamp,
    leased_until: Option<Timestamp>,
    url: String,
    secret_sealed: Vec<u8>,
    previous_secret_sealed: Option<Vec<u8>>,
    previous_secret_until: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
}

/// What came of one attempt.
struct Answer {
    status: Option<i64>,
    error: Option<String>,
    duration_ms: i64,
    wait_ms: Option<i64>,
}

impl Answer {
    fn is_good(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The line of one consumer at one subscription, from its head.
async fn line(db: &Db, sender: &Sender, now: Timestamp, subscription: WebhookSubscriptionId, consumer: ConsumerId) -> Result<(), JobError> {
    let _place = match sender.place(subscription) {
        Ok(place) => place,
        // A job of its own, so that waiting for a place is no try that failed.
        Err(wait_ms) => {
            // Another look may have brought it meanwhile, or left it for a later try: then there is nothing to wait for.
            let head = db.read().await?.query(HEAD).bind(subscription).bind(consumer).maybe::<Head>().await?;
            if head.is_none_or(|head| head.disabled_at.is_some() || head.next_attempt_at > now) {
                return Ok(());
            }
            let mut tx = db.begin().await?;
            wake(&mut tx, now.plus_ms(wait_ms), subscription, consumer).await?;
            tx.commit().await?;
            return Ok(());
        }
    };
    let began = Instant::now();
    for _ in 0..RUN_MAX {
        if began.elapsed() >= RUN_LASTS {
            break;
        }
        let mut tx = db.begin().await?;
        let Some(head) = tx.query(HEAD).bind(subscription).bind(consumer).maybe::<Head>().await? else {
            return Ok(());
        };
        // A later try has its own job; a disabled subscription is woken when it is enabled.
        if head.disabled_at.is_some() || head.next_attempt_at > now {
            return Ok(());
        }
        if let Some(until) = head.leased_until.filter(|until| *until > now) {
            return Err(JobError::Later { wait_ms: until.since(now), why: "somebody is bringing it".into() });
        }
        if tx.query(LEASE).bind(now.plus_ms(LEASE_MS)).bind(head.id).bind(now).execute().await? == 0 {
            return Ok(());
        }
        tx.commit().await?;
        let answer = call(sender, now, &head).await;
        let mut tx = db.begin().await?;
        let goes_on = record(&mut tx, now, &head, &answer, None).await.map_err(store)?;
        tx.commit().await?;
        if !goes_on {
            return Ok(());
        }
    }
    // Others want to be served, too.
    let mut tx = db.begin().await?;
    wake(&mut tx, now, subscription, consumer).await?;
    tx.commit().await?;
    Ok(())
}

/// One that somebody wants to be sent again: it has no place in the line.
async fn once(db: &Db, sender: &Sender, now: Timestamp, delivery: WebhookDeliveryId, asked_by: &str) -> Result<(), JobError> {
    let Some(head) = db.read().await?.query(ONE).bind(delivery).maybe::<Head>().await? else {
        return Ok(());
    };
    // Disabled since somebody asked.
    if head.disabled_at.is_some() {
        return Ok(());
    }
    let answer = call(sender, now, &head).await;
    let mut tx = db.begin().await?;
    record(&mut tx, now, &head, &answer, Some(asked_by)).await.map_err(store)?;
    tx.commit().await?;
    Ok(())
}

fn store(error: Error) -> JobError {
    match error {
        Error::Store(error) => JobError::Store(error),
        other => JobError::Retry(other.to_string()),
    }
}

async fn call(sender: &Sender, now: Timestamp, head: &Head) -> Answer {
    let began = Instant::now();
    let told = post(sender, now, head).await;
    let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let answer = match told {
        Ok((status, wait_ms)) if (200..300).contains(&status) => Answer { status: Some(status), error: None, duration_ms, wait_ms },
        Ok((status, wait_ms)) => Answer { status: Some(status), error: Some("status".into()), duration_ms, wait_ms },
        Err(error) => Answer { status: None, error: Some(error), duration_ms, wait_ms: None },
    };
    metrics::counter!("webhook_attempts_total", "outcome" => if answer.is_good() { "delivered" } else { "failed" }).increment(1);
    answer
}

async fn post(sender: &Sender, now: Timestamp, head: &Head) -> Result<(i64, Option<i64>), String> {
    // Looked at again: what was allowed when it was typed may not be any more.
    let url = target::check(&head.url, sender.lax).map_err(|error| error.to_string())?;
    let open = |sealed: &[u8]| sender.keys.open(SEALED_FOR, sealed).and_then(|bytes| String::from_utf8(bytes).ok());
    let previous = head.previous_secret_sealed.as_deref().filter(|_| head.previous_secret_until.is_some_and(|until| until > now));
    let secrets: Vec<String> = std::iter::once(head.secret_sealed.as_slice()).chain(previous).filter_map(open).collect();
    if secrets.is_empty() {
        return Err("the secret cannot be opened".into());
    }
    let id = head.id.to_string();
    let signature = sign::header(secrets.iter().map(String::as_str), &id, now, &head.payload);
    let request = sender
        .client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", (now.0 / SECOND_MS).to_string())
        .header("webhook-signature", signature)
        .body(head.payload.clone());
    // The body of the answer is nobody's business.
    let response = request.send().await.map_err(|error| reason(&error).to_owned())?;
    let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse::<i64>().ok());
    Ok((i64::from(response.status().as_u16()), wait.map(|seconds| seconds.clamp(0, ASKED_WAIT_MAX_MS / SECOND_MS) * SECOND_MS)))
}

/// A word for the page; what the network says may name machines of ours.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "unreachable"
    } else {
        "broken_off"
    }
}

/// Writes an attempt down and what follows from it. True: the line goes on.
async fn record(tx: &mut Tx, now: Timestamp, head: &Head, answer: &Answer, asked_by: Option<&str>) -> Result<bool, Error> {
    let id: WebhookAttemptId = tx.new_id();
    tx.query(ATTEMPT)
        .bind(id)
        .bind(head.id)
        .bind(head.tenant_id)
        .bind(now)
        .bind(answer.duration_ms)
        .bind(answer.status)
        .bind(answer.error.clone())
        .bind(asked_by.map(str::to_owned))
        .execute()
        .await?;
    if answer.is_good() {
        tx.query(END).bind("delivered").bind(now).bind(head.id).execute().await?;
        tx.query(WELL).bind(head.subscription_id).execute().await?;
        if asked_by.is_some() && head.status == "waiting" {
            wake(tx, now, head.subscription_id, head.consumer_id).await?;
        }
        return Ok(true);
    }
    if asked_by.is_some() {
        return Ok(false);
    }
    let (since,): (Timestamp,) = tx.query(ILL).bind(now).bind(head.subscription_id).one().await?;
    // "410 Gone: the consumer should disable the endpoint and stop sending messages."
    if answer.status == Some(410) {
        disable_broken(tx, now, head.subscription_id, head.tenant_id, "gone").await?;
    } else if now.since(since) >= DISABLED_AFTER_MS {
        disable_broken(tx, now, head.subscription_id, head.tenant_id, "failing").await?;
    }
    if head.attempts + 1 >= ATTEMPTS_MAX {
        tx.query(END).bind("given_up").bind(now).bind(head.id).execute().await?;
        return Ok(true);
    }
    let wait = wait_ms(head.attempts).max(answer.wait_ms.unwrap_or(0));
    let next = now.plus_ms(wait);
    tx.query(POSTPONE).bind(next).bind(head.id).execute().await?;
    wake(tx, next, head.subscription_id, head.consumer_id).await?;
    Ok(false)
}

/// After so many tries; a tenth more or less, so that what failed together does not come back together.
fn wait_ms(attempts: i64) -> i64 {
    let wait = usize::try_from(attempts).ok().and_then(|place| WAITS_MS.get(place)).copied().unwrap_or(DAY_MS);
    rand::rng().random_range(wait..=wait + wait / 10)
}

/// Every line of a subscription is looked at again.
pub(crate) async fn wake_all(tx: &mut Tx, now: Timestamp, subscription: WebhookSubscriptionId) -> Result<(), Error> {
    tx.query(DUE_NOW).bind(now).bind(subscription).execute().await?;
    wake_some(tx, now, subscription, ConsumerId(Uuid::nil())).await
}

/// The next lines, and a job for those that are left.
async fn wake_some(tx: &mut Tx, now: Timestamp, subscription: WebhookSubscriptionId, after: ConsumerId) -> Result<(), Error> {
    let lines: Vec<(ConsumerId,)> = tx.query(LINES).bind(subscription).bind(after).bind(WOKEN_MAX).all().await?;
    for (consumer,) in &lines {
        wake(tx, now, subscription, *consumer).await?;
    }
    if let Some((last,)) = lines.last()
        && lines.len() as i64 == WOKEN_MAX
    {
        let job = NewJob {
            kind: WAKE,
            lane: Lane::Quick,
            payload: json!({ "subscription_id": subscription, "after": last }),
            run_at: now,
            dedupe_key: None,
        };
        jobs::enqueue(tx, now, job).await?;
    }
    Ok(())
}

sql! {
    HEAD: "SELECT d.id, d.subscription_id, d.tenant_id, d.consumer_id, d.status, d.payload, d.attempts, d.next_attempt_at, d.leased_until,
                  s.url, s.secret_sealed, s.previous_secret_sealed, s.previous_secret_until, s.disabled_at
           FROM webhook_delivery d JOIN webhook_subscription s ON s.id = d.subscription_id
           WHERE d.subscription_id = $1 AND d.consumer_id = $2 AND d.status = 'waiting' ORDER BY d.sequence LIMIT 1";

    ONE: "SELECT d.id, d.subscription_id, d.tenant_id, d.consumer_id, d.status, d.payload, d.attempts, d.next_attempt_at, d.leased_until,
                 s.url, s.secret_sealed, s.previous_secret_sealed, s.previous_secret_until, s.disabled_at
          FROM webhook_delivery d JOIN webhook_subscription s ON s.id = d.subscription_id WHERE d.id = $1";

    LEASE: "UPDATE webhook_delivery SET leased_until = $1 WHERE id = $2 AND status = 'waiting' AND (leased_until IS NULL OR leased_until <= $3)";

    ATTEMPT: "INSERT INTO webhook_attempt (id, delivery_id, tenant_id, attempted_at, duration_ms, status, error, asked_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    END: "UPDATE webhook_delivery SET status = $1, ended_at = $2, attempts = attempts + 1, leased_until = NULL WHERE id = $3 AND status <> 'delivered'";

    POSTPONE: "UPDATE webhook_delivery SET attempts = attempts + 1, next_attempt_at = $1, leased_until = NULL WHERE id = $2 AND status = 'waiting'";

    WELL: "UPDATE webhook_subscription SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";

    ILL: "UPDATE webhook_subscription SET failing_since = COALESCE(failing_since, $1) WHERE id = $2 RETURNING failing_since";

    DUE_NOW: "UPDATE webhook_delivery SET next_attempt_at = $1 WHERE subscription_id = $2 AND status = 'waiting'";

    LINES: "SELECT DISTINCT consumer_id FROM webhook_delivery WHERE subscription_id = $1 AND status = 'waiting' AND consumer_id > $2 ORDER BY consumer_id LIMIT $3";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_without_a_place_cost_no_more_than_few() {
        let now = Instant::now();
        let waits = |began: Duration| {
            let mut places = Places::new(now);
            places.taken = vec![now.checked_sub(began).unwrap_or(now); LINES_AT_ONCE];
            (0..1_000).map(|_| places.wait(now)).collect::<Vec<_>>()
        };
        let (quick, slow) = (waits(Duration::ZERO), waits(Duration::from_secs(20)));

        assert_eq!((quick[0], slow[0]), (NO_PLACE_SOONEST, NO_PLACE_SOONEST));
        assert!(quick.iter().filter(|wait| **wait < Duration::from_secs(1)).count() <= 100, "one after the other");
        assert!(slow.iter().filter(|wait| **wait < Duration::from_secs(10)).count() <= 5, "at the pace of the receiver");
        assert!(slow.iter().all(|wait| *wait <= NO_PLACE_LATEST));
    }

    #[test]
    fn waits_grow_and_end_after_three_days() {
        let all: i64 = (0..ATTEMPTS_MAX - 1).map(wait_ms).sum();

        assert!((3 * DAY_MS..4 * DAY_MS).contains(&all));
        assert!((0..50).all(|_| wait_ms(0) < wait_ms(1)));
    }
}
