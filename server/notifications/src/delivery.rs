//! The job that brings one message: ask whether it may leave, hand it over, write down what came of it.

use std::{future::Future, pin::Pin, sync::Arc};

use db::{Db, Tx, sql};
use jobs::{JobError, Registry};
use shared::{
    MailBundleId, MessageId, Timestamp,
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    Category, Channel, Port, Refused, Rules, SandboxMessage, Seal, Status, Template, lock_key, mail, news, notice,
    port::{DAILY_MS, Outgoing, WAIT_MAX_MS, may_repeat},
    sandbox,
    smtp::Mail,
};

/// The job that delivers one message.
pub const DELIVER: &str = "notifications.deliver";

/// Puts the delivery into a worker's registry, with the usual rules.
pub fn register(registry: Registry, port: Arc<Port>, sealer: Arc<dyn Seal>) -> Registry {
    register_with(registry, port, Rules::default(), sealer)
}

/// Puts the delivery into a worker's registry.
pub fn register_with(registry: Registry, port: Arc<Port>, rules: Rules, sealer: Arc<dyn Seal>) -> Registry {
    register_asking(registry, port, rules, sealer, Arc::new(Always))
}

/// What [`Still::why_not`] gives.
pub type Holds<'a> = Pin<Box<dyn Future<Output = Result<Option<&'static str>, db::Error>> + Send + 'a>>;

/// Lent by whoever writes promotions: whether what one says still holds when it is about to leave, hours after it was
/// written.
pub trait Still: Send + Sync {
    /// Why it may not leave any more, in a word for its row; `None`: it holds. Asked in the transaction that lets it out.
    fn why_not<'a>(&'a self, tx: &'a mut Tx, now: Timestamp, id: MessageId) -> Holds<'a>;
}

/// Nobody writes promotions here.
struct Always;
impl Still for Always {
    fn why_not<'a>(&'a self, _: &'a mut Tx, _: Timestamp, _: MessageId) -> Holds<'a> {
        Box::pin(async { Ok(None) })
    }
}

/// The same; every promotion that is about to leave is asked of `still`.
pub fn register_asking(registry: Registry, port: Arc<Port>, rules: Rules, sealer: Arc<dyn Seal>, still: Arc<dyn Still>) -> Registry {
    registry.outside(DELIVER, move |db, now, job| {
        let (port, sealer, still) = (port.clone(), sealer.clone(), still.clone());
        Box::pin(async move {
            let id = job.payload["message_id"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| JobError::Hopeless("no message".into()))?;
            let admitted = admit(db, now, id, &rules, &port, still.as_ref()).await?;
            match admitted {
                Admitted::No => Ok(()),
                Admitted::At(later) => Err(JobError::Later { wait_ms: later.since(now), why: "the night of whoever gets it".into() }),
                Admitted::Now(waiting) => {
                    let brought =
                        bring(db, now, *waiting, job.attempts, &Way { port: &port, rules: &rules, sealer: sealer.as_ref() }).await;
                    // Whatever else went wrong, nothing left: it may be let out again.
                    if let Err(JobError::Retry(_) | JobError::Later { .. } | JobError::Hopeless(_)) = &brought {
                        let mut tx = db.begin().await?;
                        tx.query(STAYED).bind(id).execute().await?;
                        tx.commit().await?;
                    }
                    brought
                }
            }
        })
    })
}

struct Way<'a> {
    port: &'a Port,
    rules: &'a Rules,
    sealer: &'a dyn Seal,
}

#[derive(sqlx::FromRow)]
struct Waiting {
    id: MessageId,
    channel: Channel,
    template: String,
    category: Category,
    recipient_sealed: Option<Vec<u8>>,
    subject: String,
    body_sealed: Option<Vec<u8>>,
    variables_sealed: Option<Vec<u8>>,
    html_sealed: Option<Vec<u8>>,
    leave_url_sealed: Option<Vec<u8>>,
    bundle_id: Option<MailBundleId>,
    person_key: Option<Vec<u8>>,
    consent_at: Option<Timestamp>,
    time_zone: Option<String>,
    valid_until: Option<Timestamp>,
    fallback_of: Option<MessageId>,
    leaving_at: Option<Timestamp>,
}

enum Admitted {
    /// Not, or not any more: it is written down why.
    No,
    Now(Box<Waiting>),
    At(Timestamp),
}

/// Whether a message may leave now. From here on it counts for the day.
async fn admit(db: &Db, now: Timestamp, id: MessageId, rules: &Rules, port: &Port, still: &dyn Still) -> Result<Admitted, JobError> {
    let mut tx = db.begin().await?;
    // No row: already delivered, or cancelled; the job came twice.
    let Some(waiting) = tx.query(WAITING).bind(id).maybe::<Waiting>().await? else {
        return Ok(Admitted::No);
    };
    if waiting.category == Category::Service {
        return Ok(Admitted::Now(Box::new(waiting)));
    }
    let person = waiting.person_key.clone().unwrap_or_default();
    tx.lock(lock_key(&person)).await?;
    // What waited for the lock may have been cancelled by a STOP meanwhile, or let out.
    let Some(waiting) = tx.query(WAITING).bind(id).maybe::<Waiting>().await? else {
        return Ok(Admitted::No);
    };
    // Whoever let it out died before the answer was written down: it may be on her telephone.
    if waiting.leaving_at.is_some() && port.world().is_some() && !may_repeat(&waiting.template) {
        end(&mut tx, now, id, Status::Failed, Some("uncertain")).await?;
        tx.commit().await?;
        return Ok(Admitted::No);
    }
    let refused = if waiting.valid_until.is_some_and(|until| until <= now) {
        Some("expired")
    } else if waiting.category == Category::Authentication {
        None
    } else {
        match why_not(&mut tx, now, &waiting, &person, rules).await? {
            None if waiting.category == Category::Marketing => still.why_not(&mut tx, now, id).await?,
            reason => reason,
        }
    };
    if let Some(reason) = refused {
        end(&mut tx, now, id, Status::Refused, Some(reason)).await?;
        tx.commit().await?;
        metrics::counter!("messages_refused_total", "reason" => reason).increment(1);
        return Ok(Admitted::No);
    }
    if waiting.category != Category::Authentication
        && let Some(morning) = morning(now, waiting.time_zone.as_deref().unwrap_or("UTC"), rules)
    {
        return Ok(Admitted::At(morning));
    }
    // Cancelled meanwhile by a decision of hers, which does not wait for the lock.
    if tx.query(LEAVING).bind(now).bind(id).execute().await? == 0 {
        return Ok(Admitted::No);
    }
    tx.commit().await?;
    Ok(Admitted::Now(Box::new(waiting)))
}

/// What speaks against a message that is no code.
async fn why_not(tx: &mut Tx, now: Timestamp, waiting: &Waiting, person: &[u8], rules: &Rules) -> Result<Option<&'static str>, db::Error> {
    let Some(consent_at) = waiting.consent_at else {
        return Ok(Some("no_consent"));
    };
    if news::stopped(tx, person, waiting.category, consent_at).await? {
        return Ok(Some("opted_out"));
    }
    let (today,): (i64,) = tx.query(TODAY).bind(person.to_vec()).bind(now.plus_ms(-DAILY_MS)).bind(waiting.id).one().await?;
    // Shops send receipts whenever they want: the last place of a day is for what she won or what expires.
    let places = rules.daily_max - i64::from(waiting.template == Template::Receipt.name());
    Ok((today >= places).then_some("daily_limit"))
}

/// When the night of a zone ends; `None` by day.
fn morning(now: Timestamp, time_zone: &str, rules: &Rules) -> Option<Timestamp> {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone);
    let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
    let (from, until) = (rules.quiet_from_minute, rules.quiet_until_minute);
    let quiet = if from <= until { (from..until).contains(&minute) } else { minute >= from || minute < until };
    // A clock that is turned in between wakes the message an hour off, still in the morning or at the end of the night.
    quiet.then(|| now.plus_ms((until - minute).rem_euclid(DAY_MS / MINUTE_MS) * MINUTE_MS))
}

/// Hands a message over: no transaction is open while the world is asked.
async fn bring(db: &Db, now: Timestamp, waiting: Waiting, attempt: i64, way: &Way<'_>) -> Result<(), JobError> {
    let open = |sealed: &Option<Vec<u8>>| sealed.as_ref().and_then(|sealed| way.sealer.open(sealed));
    let (Some(recipient), Some(body)) = (open(&waiting.recipient_sealed), open(&waiting.body_sealed)) else {
        return Err(JobError::Hopeless("the message cannot be opened".into()));
    };
    match way.port {
        Port::Sandbox => {
            let shown = SandboxMessage {
                id: waiting.id,
                channel: waiting.channel,
                recipient,
                subject: waiting.subject.clone(),
                body,
                created_at: now,
            };
            let mut tx = db.begin().await?;
            sandbox::show(&mut tx, now, &shown).await?;
            end(&mut tx, now, waiting.id, Status::Sent, None).await?;
            tx.commit().await?;
            Ok(())
        }
        Port::Nothing => Err(JobError::Hopeless(format!("no provider is configured for {:?}", waiting.channel))),
        Port::World(world) if waiting.channel == Channel::Email => {
            let Some(smtp) = &world.email else {
                return Err(JobError::Hopeless("no provider is configured for Email".into()));
            };
            let (html, leave_url) = (open(&waiting.html_sealed), open(&waiting.leave_url_sealed));
            let mut tx = db.read().await?;
            let parts = mail::parts(&mut tx, waiting.bundle_id).await?;
            drop(tx);
            let mail = Mail {
                id: waiting.id,
                to: &recipient,
                subject: &waiting.subject,
                text: &body,
                html: html.as_deref(),
                leave_url: leave_url.as_deref(),
                parts,
            };
            smtp.send(mail).await?;
            let mut tx = db.begin().await?;
            end(&mut tx, now, waiting.id, Status::Sent, None).await?;
            tx.commit().await?;
            Ok(())
        }
        Port::World(world) => {
            let Some((provider, channel)) = world.telephone(&waiting.template, waiting.fallback_of.is_some()) else {
                return Err(JobError::Hopeless(format!("no provider is configured for {:?}", waiting.channel)));
            };
            let variables = open(&waiting.variables_sealed).map(|text| notice::variables(&text)).unwrap_or_default();
            let outgoing = Outgoing {
                id: waiting.id,
                to: &recipient,
                template: &waiting.template,
                category: waiting.category,
                variables: &variables,
                body: &body,
            };
            let told = provider.send(&outgoing, attempt).await;
            let mut tx = db.begin().await?;
            let after = match told {
                Ok(accepted) => {
                    tx.query(ACCEPTED)
                        .bind(channel)
                        .bind(provider.name())
                        .bind(accepted.provider_id.clone())
                        .bind(now)
                        .bind(waiting.id)
                        .execute()
                        .await?;
                    // A fast provider tells of it before we have written its number down.
                    news::catch_up(&mut tx, now, provider.name(), &accepted.provider_id, way.rules).await?;
                    forget_unless_it_may_fall_back(&mut tx, &waiting, channel, way).await?;
                    Ok(())
                }
                Err(refused) => settle(&mut tx, now, &waiting, channel, refused, way).await?,
            };
            tx.commit().await?;
            metrics::counter!("messages_handed_over_total", "provider" => provider.name(), "outcome" => if after.is_ok() { "ended" } else { "again" }).increment(1);
            after
        }
    }
}

/// The text stays only while another channel may need it.
async fn forget_unless_it_may_fall_back(tx: &mut Tx, waiting: &Waiting, channel: Channel, way: &Way<'_>) -> Result<(), db::Error> {
    if !may_fall_back(waiting, channel, way) {
        tx.query(FORGET).bind(waiting.id).execute().await?;
    }
    Ok(())
}

fn may_fall_back(waiting: &Waiting, channel: Channel, way: &Way<'_>) -> bool {
    channel == Channel::Whatsapp
        && waiting.category == Category::Authentication
        && way.rules.codes_fall_back
        && way.port.world().is_some_and(|world| world.sms.is_some())
}

/// What a refusal makes of a message, and of its job.
async fn settle(
    tx: &mut Tx,
    now: Timestamp,
    waiting: &Waiting,
    channel: Channel,
    refused: Refused,
    way: &Way<'_>,
) -> Result<Result<(), JobError>, db::Error> {
    let id = waiting.id;
    match refused {
        Refused::Later { wait_ms: Some(wait_ms), why } => Ok(Err(JobError::Later { wait_ms: wait_ms.clamp(0, WAIT_MAX_MS), why })),
        Refused::Later { wait_ms: None, why } => Ok(Err(JobError::Retry(why))),
        Refused::Uncertain(why) if may_repeat(&waiting.template) => Ok(Err(JobError::Retry(why))),
        Refused::Uncertain(_) => {
            end(tx, now, id, Status::Failed, Some("uncertain")).await?;
            Ok(Ok(()))
        }
        Refused::Undeliverable(why) => {
            if may_fall_back(waiting, channel, way) {
                notice::fall_back(tx, now, id).await?;
            }
            end(tx, now, id, Status::Failed, Some(&why)).await?;
            Ok(Ok(()))
        }
        Refused::OptedOut { scope, why } => {
            end(tx, now, id, Status::Refused, Some("opted_out")).await?;
            if let Some(person) = &waiting.person_key {
                news::write_opt_out(tx, now, person, scope, &why).await?;
            }
            Ok(Ok(()))
        }
        // It stays and waits: once somebody mended it, the dead letter is given a new life.
        Refused::Broken(why) => Ok(Err(JobError::Hopeless(why))),
    }
}

/// A last state of ours, and the text is forgotten.
pub(crate) async fn end(tx: &mut Tx, now: Timestamp, id: MessageId, status: Status, reason: Option<&str>) -> Result<(), db::Error> {
    tx.query(END).bind(status).bind(reason.map(str::to_owned)).bind(now).bind(id).execute().await?;
    tx.query(FORGET).bind(id).execute().await?;
    Ok(())
}

sql! {
    WAITING: "SELECT id, channel, template, category, recipient_sealed, subject, body_sealed, variables_sealed, html_sealed, leave_url_sealed, bundle_id, person_key, consent_at, time_zone, valid_until, fallback_of, leaving_at
              FROM message WHERE id = $1 AND status = 'waiting'";

    TODAY: "SELECT COUNT(*) FROM message WHERE person_key = $1 AND leaving_at > $2 AND id <> $3 AND category <> 'authentication' AND status <> 'failed'";

    LEAVING: "UPDATE message SET leaving_at = $1 WHERE id = $2 AND status = 'waiting'";

    STAYED: "UPDATE message SET leaving_at = NULL WHERE id = $1 AND status = 'waiting'";

    ACCEPTED: "UPDATE message SET status = 'accepted', channel = $1, provider = $2, provider_id = $3, sent_at = $4, status_at = $4 WHERE id = $5 AND status = 'waiting'";

    END: "UPDATE message SET status = $1, reason = $2, status_at = $3, sent_at = CASE WHEN $1 = 'sent' THEN $3 ELSE sent_at END WHERE id = $4 AND status = 'waiting'";

    FORGET: "UPDATE message SET recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL, html_sealed = NULL, leave_url_sealed = NULL WHERE id = $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_of_bogota_ends_at_eight() {
        let rules = Rules::default();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();

        assert_eq!(morning(at("2026-03-10T15:00:00Z"), "America/Bogota", &rules), None);
        assert_eq!(morning(at("2026-03-11T02:30:00Z"), "America/Bogota", &rules), Some(at("2026-03-11T13:00:00Z")));
        assert_eq!(morning(at("2026-03-11T12:59:00Z"), "America/Bogota", &rules), Some(at("2026-03-11T13:00:00Z")));
        assert_eq!(morning(at("2026-03-11T13:00:00Z"), "America/Bogota", &rules), None);
    }
}
