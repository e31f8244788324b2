//! Reports that come by e-mail: who subscribes whom to what, and when it is due.
//!
//! Invariants, each held by the named guard:
//! - a report goes only to people of the brand's own organisation      `People::pick`, and again when it is sent
//! - one occasion is sent once                                          `report_dispatch`'s key
//! - what was due while nothing ran is due once                         `enqueue_due` looks at the last due day alone

use db::{Tx, sql};
use identity::{Actor, Keys, audit};
use jobs::{Lane, NewJob};
use serde_json::json;
use shared::{
    BrandId, CampaignId, CivilDate, Country, OrganisationId, ReportScheduleId, Timestamp, UserId,
    reports::{
        metric::Metric,
        panel::Family,
        schedule::{AskedDispatch, Cadence, Dispatch, NewSchedule, RECIPIENTS_MAX, Recipient, Schedule},
    },
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Error, digest,
    facts::{managed, reached},
};

/// Schedules of one organisation, at most.
const SCHEDULES_MAX: i64 = 50;
/// Schedules that one look takes up.
const DUE_MAX: i64 = 100;
/// Between two due days of one schedule lie at most so many.
const APART_DAYS_MAX: i64 = 31;
/// People of one organisation whom a page offers.
const PEOPLE_MAX: i64 = 500;
/// What a link out of a schedule is sealed for.
const LEAVE: &str = "report leave";

/// Subscribes people of the brand's own organisation to its reports.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewSchedule) -> Result<Schedule, Error> {
    let tenant = managed(tx, actor, new.brand_id).await?;
    check(new)?;
    if let Some(campaign) = new.campaign_id {
        let known: Option<(i64,)> = tx.query(CAMPAIGN).bind(campaign).bind(new.brand_id).bind(tenant).maybe().await?;
        known.ok_or(Error::Parameter("campaign_id"))?;
    }
    tx.lock(tenant.lock_key()).await?;
    let (many,): (i64,) = tx.query(COUNT).bind(tenant).one().await?;
    if many >= SCHEDULES_MAX {
        return Err(Error::Parameter("brand_id"));
    }
    let (country,): (Country,) = tx.query(COUNTRY).bind(tenant).one().await?;
    let next_at = next_due(country.time_zone(), new.cadence, new.day, new.hour, now).ok_or(Error::Period)?;
    let id: ReportScheduleId = tx.new_id();
    let query = tx.query(INSERT).bind(id).bind(tenant).bind(new.brand_id).bind(new.campaign_id).bind(new.cadence).bind(new.day);
    query.bind(new.hour).bind(Json(new.panels.clone())).bind(now).bind(next_at).execute().await?;
    for user in &new.recipients {
        // No row: she is of another organisation, or may no longer log in.
        if tx.query(ADD).bind(id).bind(*user).bind(tenant).execute().await? == 0 {
            return Err(Error::Parameter("recipients"));
        }
    }
    audit::record(tx, actor, now, "report_schedule.created", id, None, serde_json::to_value(new).ok(), None).await?;
    get(tx, actor, id).await
}

fn check(new: &NewSchedule) -> Result<(), Error> {
    let mut panels: Vec<&Metric> = new.panels.iter().collect();
    panels.sort_unstable();
    panels.dedup();
    let of_campaign = |metric: &Metric| matches!(metric, Metric::UpliftDid | Metric::Roi);
    let mut people = new.recipients.clone();
    people.sort_unstable();
    people.dedup();
    for (name, fits) in [
        ("day", (1..=new.cadence.day_max()).contains(&new.day)),
        ("hour", (0..=23).contains(&new.hour)),
        ("panels", !panels.is_empty() && panels.len() == new.panels.len() && panels.iter().all(|one| Family::of_metric(**one).is_some())),
        ("campaign_id", new.campaign_id.is_some() || !panels.into_iter().any(of_campaign)),
        ("recipients", (1..=RECIPIENTS_MAX).contains(&people.len()) && people.len() == new.recipients.len()),
    ] {
        if !fits {
            return Err(Error::Parameter(name));
        }
    }
    Ok(())
}

/// The schedules of the actor's organisation, oldest first; at most 50.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Schedule>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    let mut all = Vec::new();
    for row in tx.query(LIST).bind(tenant).bind(SCHEDULES_MAX).all::<Row>().await? {
        all.push(whole(tx, row).await?);
    }
    Ok(all)
}

/// One of them.
pub async fn get(tx: &mut Tx, actor: &Actor, id: ReportScheduleId) -> Result<Schedule, Error> {
    let row = reached(tx, actor, GET, id.0, |row: &Row| row.tenant_id, Actor::reads).await?;
    whole(tx, row).await
}

/// Ends a schedule. What is on its way still arrives.
pub async fn remove(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ReportScheduleId) -> Result<(), Error> {
    let row = changeable(tx, actor, id).await?;
    if tx.query(REMOVE).bind(now).bind(id).bind(row.tenant_id).execute().await? == 1 {
        audit::record(tx, actor, now, "report_schedule.removed", id, None, None, None).await?;
    }
    Ok(())
}

/// Sends the last whole week or month now, beside what is due.
pub async fn send_now(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ReportScheduleId) -> Result<AskedDispatch, Error> {
    let row = changeable(tx, actor, id).await?;
    let (country,): (Country,) = tx.query(COUNTRY).bind(row.tenant_id).one().await?;
    let today = identity::shop::local_date(country.time_zone(), now);
    let (from, to) = row.cadence.period(today).ok_or(Error::Period)?;
    let asked: Uuid = tx.new_id();
    enqueue(tx, now, id, &format!("asked {}", asked.simple()), (from, to)).await?;
    audit::record(tx, actor, now, "report_schedule.sent_now", id, None, None, None).await?;
    Ok(AskedDispatch { from_date: from, to_date: to })
}

async fn changeable(tx: &mut Tx, actor: &Actor, id: ReportScheduleId) -> Result<Row, Error> {
    reached(tx, actor, GET, id.0, |row: &Row| row.tenant_id, Actor::manages).await
}

/// Whom the actor's organisation may send its reports to: its own people.
pub async fn people(tx: &mut Tx, actor: &Actor) -> Result<Vec<Recipient>, Error> {
    let tenant = actor.tenant()?;
    actor.manages(tenant)?;
    Ok(tx.query(PEOPLE).bind(tenant).bind(PEOPLE_MAX).all().await?)
}

/// The word of a link by which a recipient wants no more: whoever has it needs no session, and it says nothing else.
pub(crate) fn leave_word(keys: &Keys, schedule: ReportScheduleId, user: UserId) -> String {
    let mut plain = schedule.0.as_bytes().to_vec();
    plain.extend_from_slice(user.0.as_bytes());
    keys.seal(LEAVE, &plain).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Somebody of whom a word of ours says that she wants no more of a report.
#[derive(Debug, Clone, Copy)]
pub struct Leaver {
    schedule: ReportScheduleId,
    user: UserId,
}

/// Who holds this word. [`Error::NotFound`]: it is none of ours. Asked before anything is opened for writing, because
/// everybody may call.
pub fn leaver(keys: &Keys, word: &str) -> Result<Leaver, Error> {
    let (schedule, user) = opened(keys, word).ok_or(Error::NotFound)?;
    Ok(Leaver { schedule, user })
}

/// She wants no more of it. Repeating it changes nothing. Public on purpose: the word is the proof.
pub async fn leave(tx: &mut Tx, now: Timestamp, Leaver { schedule, user }: Leaver) -> Result<(), Error> {
    tx.query(LEFT).bind(now).bind(schedule).bind(user).execute().await?;
    Ok(())
}

fn opened(keys: &Keys, word: &str) -> Option<(ReportScheduleId, UserId)> {
    /// A sealed pair of identities is shorter.
    const WORD_MAX: usize = 400;
    if word.len() > WORD_MAX || !word.is_ascii() {
        return None;
    }
    let sealed: Option<Vec<u8>> =
        (0..word.len()).step_by(2).map(|at| word.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok())).collect();
    let plain = keys.open(LEAVE, &sealed?)?;
    let (schedule, user) = plain.split_at_checked(16)?;
    Some((ReportScheduleId(Uuid::from_slice(schedule).ok()?), UserId(Uuid::from_slice(user).ok()?)))
}

/// She herself wants it again.
pub async fn come_back(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ReportScheduleId) -> Result<(), Error> {
    let (tenant, user) = (actor.tenant()?, actor.user()?);
    actor.reads(tenant)?;
    if tx.query(BACK).bind(id).bind(user).bind(tenant).execute().await? == 0 {
        return Err(Error::NotFound);
    }
    audit::record(tx, actor, now, "report_schedule.came_back", id, None, None, None).await?;
    Ok(())
}

/// Whether anything is due.
pub async fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, Error> {
    Ok(!tx.query(DUE).bind(now).bind(1_i64).all::<Row>().await?.is_empty())
}

/// Enqueues what is due, and says when it is due again, in one transaction. Returns how many.
pub async fn enqueue_due(tx: &mut Tx, now: Timestamp) -> Result<usize, Error> {
    let due: Vec<Row> = tx.query(DUE).bind(now).bind(DUE_MAX).all().await?;
    let mut enqueued = 0;
    for row in due {
        let (country,): (Country,) = tx.query(COUNTRY).bind(row.tenant_id).one().await?;
        let zone = country.time_zone();
        let (Some(next), Some(day)) =
            (next_due(zone, row.cadence, row.day, row.hour, now), last_due(zone, row.cadence, row.day, row.hour, now))
        else {
            continue;
        };
        // Nobody else took it up meanwhile.
        if tx.query(TAKE).bind(next).bind(row.id).bind(row.next_at).execute().await? == 0 {
            continue;
        }
        let period = row.cadence.period(day).ok_or(Error::Period)?;
        enqueue(tx, now, row.id, &day.to_string(), period).await?;
        enqueued += 1;
    }
    Ok(enqueued)
}

async fn enqueue(tx: &mut Tx, now: Timestamp, id: ReportScheduleId, occasion: &str, period: (CivilDate, CivilDate)) -> Result<(), Error> {
    let payload = json!({ "schedule_id": id, "occasion": occasion, "from": period.0, "to": period.1 });
    let job = NewJob { kind: digest::SEND, lane: Lane::Slow, payload, run_at: now, dedupe_key: None };
    jobs::enqueue(tx, now, job).await?;
    Ok(())
}

/// The first due instant after `now`.
fn next_due(zone: &str, cadence: Cadence, day: i64, hour: i64, now: Timestamp) -> Option<Timestamp> {
    let today = identity::shop::local_date(zone, now);
    (0..=APART_DAYS_MAX)
        .filter_map(|later| today.plus_days(later))
        .filter(|date| cadence.falls_on(day, *date))
        .map(|date| identity::shop::hour_of_day(zone, date, hour))
        .find(|at| *at > now)
}

/// The day of the last due instant that is not after `now`.
fn last_due(zone: &str, cadence: Cadence, day: i64, hour: i64, now: Timestamp) -> Option<CivilDate> {
    let today = identity::shop::local_date(zone, now);
    (0..=APART_DAYS_MAX)
        .filter_map(|earlier| today.plus_days(-earlier))
        .find(|date| cadence.falls_on(day, *date) && identity::shop::hour_of_day(zone, *date, hour) <= now)
}

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: ReportScheduleId,
    pub(crate) tenant_id: OrganisationId,
    pub(crate) brand_id: BrandId,
    pub(crate) campaign_id: Option<CampaignId>,
    pub(crate) cadence: Cadence,
    day: i64,
    hour: i64,
    pub(crate) panels: Json<Vec<Metric>>,
    next_at: Timestamp,
}

async fn whole(tx: &mut Tx, row: Row) -> Result<Schedule, Error> {
    let recipients = tx.query(RECIPIENTS).bind(row.id).bind(row.tenant_id).all::<Recipient>().await?;
    let last = tx.query(LAST).bind(row.id).bind(row.tenant_id).maybe::<Dispatch>().await?;
    let Row { id, brand_id, campaign_id, cadence, day, hour, panels: Json(panels), next_at, .. } = row;
    Ok(Schedule { id, brand_id, cadence, day, hour, panels, campaign_id, recipients, next_at, last })
}

/// A schedule that still stands; for the job, which asks on behalf of nobody.
pub(crate) async fn standing(tx: &mut Tx, id: ReportScheduleId) -> Result<Option<Row>, Error> {
    Ok(tx.query(GET).bind(id).maybe().await?)
}

/// Who gets it now: those who left it and those who left the organisation do not.
pub(crate) async fn readers(tx: &mut Tx, row: &Row) -> Result<Vec<Recipient>, Error> {
    let all = tx.query(RECIPIENTS).bind(row.id).bind(row.tenant_id).all::<Recipient>().await?;
    Ok(all.into_iter().filter(|one| one.left_at.is_none()).collect())
}

/// Notes that an occasion was sent. False: it was already.
pub(crate) async fn note(
    tx: &mut Tx,
    now: Timestamp,
    row: &Row,
    occasion: &str,
    period: (CivilDate, CivilDate),
    to: usize,
) -> Result<bool, Error> {
    let query = tx.query(DISPATCH).bind(row.id).bind(occasion).bind(row.tenant_id).bind(period.0).bind(period.1).bind(to as i64).bind(now);
    Ok(query.execute().await? == 1)
}

/// Whether an occasion was sent.
pub(crate) async fn noted(tx: &mut Tx, id: ReportScheduleId, occasion: &str) -> Result<bool, Error> {
    let known: Option<(i64,)> = tx.query(DISPATCHED).bind(id).bind(occasion).maybe().await?;
    Ok(known.is_some())
}

sql! {
    CAMPAIGN: "SELECT last_version FROM campaign WHERE id = $1 AND brand_id = $2 AND tenant_id = $3";

    COUNTRY: "SELECT country FROM organisation WHERE id = $1";

    COUNT: "SELECT COUNT(*) FROM report_schedule WHERE tenant_id = $1 AND removed_at IS NULL";

    INSERT: "INSERT INTO report_schedule (id, tenant_id, brand_id, campaign_id, cadence, day, hour, panels, created_at, next_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    ADD: "INSERT INTO report_recipient (schedule_id, user_id, tenant_id) SELECT $1, u.id, u.tenant_id FROM org_user u WHERE u.id = $2 AND u.tenant_id = $3 AND u.disabled_at IS NULL";

    LIST: "SELECT id, tenant_id, brand_id, campaign_id, cadence, day, hour, panels, next_at FROM report_schedule
           WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY created_at, id LIMIT $2";

    /// Its owner is compared by the caller, who may be the operator.
    GET: "SELECT id, tenant_id, brand_id, campaign_id, cadence, day, hour, panels, next_at FROM report_schedule WHERE id = $1 AND removed_at IS NULL";

    RECIPIENTS: "SELECT u.id AS user_id, u.name, u.email, r.left_at FROM report_recipient r JOIN org_user u ON u.id = r.user_id AND u.tenant_id = r.tenant_id
                 WHERE r.schedule_id = $1 AND r.tenant_id = $2 AND u.disabled_at IS NULL ORDER BY u.name, u.id";

    LAST: "SELECT from_date, to_date, recipients, sent_at FROM report_dispatch WHERE schedule_id = $1 AND tenant_id = $2 ORDER BY sent_at DESC, occasion DESC LIMIT 1";

    REMOVE: "UPDATE report_schedule SET removed_at = $1 WHERE id = $2 AND tenant_id = $3 AND removed_at IS NULL";

    PEOPLE: "SELECT id AS user_id, name, email, disabled_at AS left_at FROM org_user WHERE tenant_id = $1 AND disabled_at IS NULL ORDER BY name, id LIMIT $2";

    LEFT: "UPDATE report_recipient SET left_at = $1 WHERE schedule_id = $2 AND user_id = $3 AND left_at IS NULL";

    BACK: "UPDATE report_recipient SET left_at = NULL WHERE schedule_id = $1 AND user_id = $2 AND tenant_id = $3";

    DUE: "SELECT id, tenant_id, brand_id, campaign_id, cadence, day, hour, panels, next_at FROM report_schedule
          WHERE next_at <= $1 AND removed_at IS NULL ORDER BY next_at, id LIMIT $2";

    /// No row: somebody else took it up.
    TAKE: "UPDATE report_schedule SET next_at = $1 WHERE id = $2 AND next_at = $3 AND removed_at IS NULL";

    DISPATCH: "INSERT INTO report_dispatch (schedule_id, occasion, tenant_id, from_date, to_date, recipients, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";

    DISPATCHED: "SELECT recipients FROM report_dispatch WHERE schedule_id = $1 AND occasion = $2";
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOGOTA: &str = "America/Bogota";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_weekly_report_is_due_at_its_hour_of_the_country() {
        let now = at("2026-03-02T11:59:00Z"); // Monday 06:59 in Bogotá

        assert_eq!(next_due(BOGOTA, Cadence::Weekly, 1, 7, now), Some(at("2026-03-02T12:00:00Z")));
        assert_eq!(next_due(BOGOTA, Cadence::Weekly, 1, 7, at("2026-03-02T12:00:00Z")), Some(at("2026-03-09T12:00:00Z")));
        assert_eq!(last_due(BOGOTA, Cadence::Weekly, 1, 7, now), "2026-02-23".parse().ok());
        assert_eq!(last_due(BOGOTA, Cadence::Weekly, 1, 7, at("2026-03-02T12:00:00Z")), "2026-03-02".parse().ok());
    }

    #[test]
    fn an_hour_that_is_jumped_over_is_the_next_one() {
        // In Santiago the clock went from 23:59:59 on 5 September 2026 to 01:00 on the 6th, a Sunday.
        assert_eq!(next_due("America/Santiago", Cadence::Weekly, 7, 0, at("2026-09-05T12:00:00Z")), Some(at("2026-09-06T04:00:00Z")));
    }

    #[test]
    fn every_month_has_its_day() {
        assert_eq!(next_due(BOGOTA, Cadence::Monthly, 28, 7, at("2026-01-28T12:00:00Z")), Some(at("2026-02-28T12:00:00Z")));
    }
}
