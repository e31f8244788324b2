//! A saved segment as the audience of a message: who is in it, who of them may be written to, and what became of it.
//!
//! Invariants, each held by the named guard:
//! - nothing leaves without a second confirmation              `confirmed_at`, set once
//! - only who agreed to this brand's promotions is written to  `reach::of`, person by person, when her message is made
//! - nobody gets one message twice                             the message's unique `dedupe_key`
//! - a campaign is advertised while somebody can take part in it   [`running`], at the preparation, the confirmation, before
//!   each part is written, and when each message is about to leave ([`WhileItRuns`])
//! - an audience of few is not written to, and not counted     [`K_ANONYMITY`], at the preparation and at the confirmation
//!
//! The port of messages holds back what may not leave: after a STOP, beyond the daily limit, at night.

use db::{Tx, sql};
use identity::{Actor, Keys, audit, consent::Purpose, reach, shop};
use jobs::{JobError, Lane, NewJob, Registry};
use notifications::{Holds, Notice, Still, Template};
use serde_json::json;
use shared::{
    AudienceMessageId, BrandId, CampaignId, CivilDate, ConsumerId, Country, MessageId, OrganisationId, Timestamp,
    loyalty::{CampaignState, Standing},
    reports::{
        K_ANONYMITY,
        audience::{ApprovedText, AudienceMessage, AudienceResult, NewAudienceMessage},
        metric::{Cell, Segment},
    },
    time::DAY_MS,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Error,
    facts::{managed, reached},
    metrics::small_numbers::{alone, hide},
    segments,
};

/// The job that writes to the next part of an audience.
const WRITE: &str = "reports.write_to_audience";
/// People that one transaction writes to.
const PEOPLE_MAX: i64 = 200;
/// A promotion that did not leave within this is not worth it any more.
const VALID_MS: i64 = 3 * DAY_MS;
/// Messages of one list, at most.
const LIST_MAX: i64 = 50;

/// Puts the writing into a worker's registry.
pub fn register(registry: Registry, keys: Keys) -> Registry {
    registry.inside(WRITE, move |tx, now, job| {
        let keys = keys.clone();
        Box::pin(async move {
            let told = &job.payload.0;
            let id = told["audience_message_id"].as_str().and_then(|text| text.parse().ok());
            let after = told["after"].as_str().and_then(|text| text.parse().ok()).unwrap_or(ConsumerId(Uuid::nil()));
            let id = id.ok_or_else(|| JobError::Hopeless("no message".into()))?;
            write(tx, &keys, now, id, after).await.map_err(|error| match error {
                Error::Store(error) => JobError::Store(error),
                other => JobError::Retry(other.to_string()),
            })
        })
    })
}

/// The texts of promotions that the operator's providers approved.
pub fn texts(approved: &[&str]) -> Vec<ApprovedText> {
    let texts = Template::PROMOTIONS.into_iter().filter(|template| approved.contains(&template.name()));
    let names = ["{marca}".to_owned(), "{campaña}".to_owned()];
    texts
        .map(|template| ApprovedText {
            template: template.name().to_owned(),
            text: template.body(&names[..template.variables().min(names.len())]),
            needs_campaign: template.variables() > 1,
        })
        .collect()
}

/// Prepares a message and counts whom it would reach. Nothing leaves.
pub async fn prepare(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    new: &NewAudienceMessage,
    approved: &[&str],
) -> Result<AudienceMessage, Error> {
    let tenant = managed(tx, actor, new.brand_id).await?;
    let template = Template::PROMOTIONS.into_iter().find(|template| template.name() == new.template);
    let template = template.filter(|template| approved.contains(&template.name())).ok_or(Error::Parameter("template"))?;
    let (brand,): (String,) = tx.query(BRAND).bind(new.brand_id).bind(tenant).one().await?;
    let mut variables = vec![brand];
    match new.campaign_id {
        Some(campaign) if template.variables() > 1 => {
            variables.push(running(tx, (tenant, new.brand_id), campaign, now).await?.name);
        }
        // A text that speaks of none is not refused for it.
        _ => {}
    }
    if variables.len() != template.variables() {
        return Err(Error::Parameter("campaign_id"));
    }
    let name = segments::name(new.segment);
    let (members, reachable) = count(tx, new.brand_id, name, now).await?;
    let id: AudienceMessageId = tx.new_id();
    let query = tx.query(INSERT).bind(id).bind(tenant).bind(new.brand_id).bind(name).bind(template.name()).bind(new.campaign_id);
    query.bind(Json(variables)).bind(members).bind(reachable).bind(now).execute().await?;
    audit::record(tx, actor, now, "audience_message.prepared", id, None, serde_json::to_value(new).ok(), None).await?;
    get(tx, actor, id).await
}

/// Sends what was prepared to who is in the segment now. A second time it changes nothing.
pub async fn confirm(tx: &mut Tx, actor: &Actor, now: Timestamp, id: AudienceMessageId) -> Result<AudienceMessage, Error> {
    let row = find(tx, actor, id).await?;
    actor.manages(row.tenant_id)?;
    if row.confirmed_at.is_none() {
        let (_, reachable) = count(tx, row.brand_id, &row.segment, now).await?;
        if reachable < K_ANONYMITY {
            return Err(Error::FewPeople);
        }
        if let Some(campaign) = row.advertises() {
            running(tx, (row.tenant_id, row.brand_id), campaign, now).await?;
        }
        // No row: somebody else confirmed it at the same time.
        if tx.query(CONFIRM).bind(now).bind(id).bind(row.tenant_id).execute().await? == 1 {
            enqueue(tx, now, id, None).await?;
            audit::record(tx, actor, now, "audience_message.confirmed", id, None, None, None).await?;
        }
    }
    get(tx, actor, id).await
}

/// Messages of the actor's organisation, newest first; at most 50.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<AudienceMessage>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    let mut all = Vec::new();
    for row in tx.query(LIST).bind(tenant).bind(LIST_MAX).all::<Row>().await? {
        all.push(whole(tx, row).await?);
    }
    Ok(all)
}

/// One of them, and what became of it.
pub async fn get(tx: &mut Tx, actor: &Actor, id: AudienceMessageId) -> Result<AudienceMessage, Error> {
    let row = find(tx, actor, id).await?;
    whole(tx, row).await
}

async fn find(tx: &mut Tx, actor: &Actor, id: AudienceMessageId) -> Result<Row, Error> {
    reached(tx, actor, GET, id.0, |row: &Row| row.tenant_id, Actor::reads).await
}

/// Who is in a saved segment at an instant, and who of them agreed to the brand's promotions.
async fn count(tx: &mut Tx, brand: BrandId, segment: &str, at: Timestamp) -> Result<(i64, i64), Error> {
    let (members,): (i64,) = tx.query(MEMBERS).bind(brand).bind(segment).bind(at).one().await?;
    let (reachable,): (i64,) =
        tx.query(REACHABLE).bind(brand).bind(segment).bind(at).bind(Purpose::Promotions).bind(brand.to_string()).one().await?;
    Ok((members, reachable))
}

/// A campaign that a message may advertise.
struct Running {
    name: String,
    /// From then on nobody takes part in it.
    ends_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    name: String,
    state: Standing,
    country: Country,
    paused: bool,
    rules: Json<Dates>,
}

/// The part of a campaign's rules that says when it counts.
#[derive(serde::Deserialize)]
struct Dates {
    starts: CivilDate,
    ends: CivilDate,
}

/// The campaign, when it counts or will; [`Error::NotRunning`] when it is over or paused.
async fn running(tx: &mut Tx, (tenant, brand): (OrganisationId, BrandId), campaign: CampaignId, now: Timestamp) -> Result<Running, Error> {
    let row: Option<CampaignRow> = tx.query(CAMPAIGN).bind(campaign).bind(brand).bind(tenant).bind(now).maybe().await?;
    let row = row.ok_or(Error::Parameter("campaign_id"))?;
    let zone = row.country.time_zone();
    let by_date = CampaignState::by_date(shop::local_date(zone, now), row.rules.starts, row.rules.ends);
    match CampaignState::of(row.state, false, row.paused, by_date) {
        CampaignState::Scheduled | CampaignState::Active => {}
        CampaignState::Draft | CampaignState::Review | CampaignState::Paused | CampaignState::Ended | CampaignState::Settled => {
            return Err(Error::NotRunning);
        }
    }
    let ends_at = row.rules.ends.plus_days(1).map_or(Timestamp(i64::MAX), |after| shop::start_of_day(zone, after));
    Ok(Running { name: row.name, ends_at })
}

/// What the night held back leaves in the morning only if its campaign still counts then: it may have been paused or ended
/// by somebody meanwhile.
pub struct WhileItRuns;

impl Still for WhileItRuns {
    fn why_not<'a>(&'a self, tx: &'a mut Tx, now: Timestamp, id: MessageId) -> Holds<'a> {
        Box::pin(async move {
            let Some(row) = tx.query(ADVERTISED).bind(id).maybe::<Advertised>().await? else {
                return Ok(None);
            };
            let Some(campaign) = row.campaign_id.filter(|_| row.variables.len() > 1) else {
                return Ok(None);
            };
            match running(tx, (row.tenant_id, row.brand_id), campaign, now).await {
                Ok(_) => Ok(None),
                Err(Error::Store(error)) => Err(error),
                Err(_) => Ok(Some("campaign_not_running")),
            }
        })
    }
}

/// What a written message is about.
#[derive(sqlx::FromRow)]
struct Advertised {
    tenant_id: OrganisationId,
    brand_id: BrandId,
    campaign_id: Option<CampaignId>,
    variables: Json<Vec<String>>,
}

async fn enqueue(tx: &mut Tx, now: Timestamp, id: AudienceMessageId, after: Option<ConsumerId>) -> Result<(), Error> {
    let payload = json!({ "audience_message_id": id, "after": after });
    jobs::enqueue(tx, now, NewJob { kind: WRITE, lane: Lane::Quick, payload, run_at: now, dedupe_key: None }).await?;
    Ok(())
}

/// Writes to the next people of an audience, in the order of their ids, and enqueues the rest.
async fn write(tx: &mut Tx, keys: &Keys, now: Timestamp, id: AudienceMessageId, after: ConsumerId) -> Result<(), Error> {
    let Some(row) = tx.query(GET).bind(id).maybe::<Row>().await? else { return Ok(()) };
    let (Some(at), Some(template)) = (row.confirmed_at, Template::PROMOTIONS.into_iter().find(|template| template.name() == row.template))
    else {
        return Ok(());
    };
    let mut valid_until = now.plus_ms(VALID_MS);
    if let Some(campaign) = row.advertises() {
        match running(tx, (row.tenant_id, row.brand_id), campaign, now).await {
            // What the night holds back may leave on a day on which it is over.
            Ok(campaign) => valid_until = valid_until.min(campaign.ends_at),
            // It ended or was paused since somebody confirmed: whoever has no message gets none.
            Err(Error::NotRunning) => {
                tx.query(DONE).bind(now).bind(id).bind(row.tenant_id).execute().await?;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    let people: Vec<(ConsumerId,)> =
        tx.query(NEXT).bind(row.brand_id).bind(row.segment.clone()).bind(at).bind(after).bind(PEOPLE_MAX).all().await?;
    for (person,) in &people {
        let Some(reach) = reach::of(tx, keys, *person, Purpose::Promotions, &row.brand_id.to_string()).await? else {
            continue;
        };
        let notice = Notice {
            template,
            variables: row.variables.0.clone(),
            telephone: &reach.phone.e164,
            hint: &reach.phone.hint(),
            consent: Some(reach.consent),
            consumer: Some(*person),
            brand: Some(row.brand_id),
            time_zone: reach.phone.country.time_zone(),
            valid_until,
            // By the name that only this brand has for her: when she leaves, it leads to nobody.
            dedupe_key: Some(format!("audience {id} {}", keys.pseudonym(row.brand_id, *person))),
        };
        if let Some(message) = notifications::notify(tx, now, keys, &notice).await? {
            tx.query(WRITTEN).bind(id).bind(message).execute().await?;
        }
    }
    match people.last().filter(|_| people.len() as i64 == PEOPLE_MAX) {
        Some((last,)) => enqueue(tx, now, id, Some(*last)).await,
        None => {
            tx.query(DONE).bind(now).bind(id).bind(row.tenant_id).execute().await?;
            Ok(())
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: AudienceMessageId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    segment: String,
    template: String,
    campaign_id: Option<CampaignId>,
    variables: Json<Vec<String>>,
    members: i64,
    reachable: i64,
    created_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    done_at: Option<Timestamp>,
}

impl Row {
    /// The campaign that its text speaks of.
    fn advertises(&self) -> Option<CampaignId> {
        self.campaign_id.filter(|_| self.variables.len() > 1)
    }
}

async fn whole(tx: &mut Tx, row: Row) -> Result<AudienceMessage, Error> {
    let segment = Segment::ALL.into_iter().find(|segment| segments::name(*segment) == row.segment).ok_or(Error::Bounds)?;
    let template = Template::ALL.into_iter().find(|template| template.name() == row.template).ok_or(Error::Bounds)?;
    let result = match row.confirmed_at {
        None => None,
        Some(_) => Some(result(tx, row.id, row.brand_id).await?),
    };
    let (members, reachable) = shown(row.members, row.reachable);
    Ok(AudienceMessage {
        id: row.id,
        brand_id: row.brand_id,
        segment,
        text: template.body(&row.variables.0),
        template: row.template,
        members,
        reachable,
        created_at: row.created_at,
        confirmed_at: row.confirmed_at,
        done: row.done_at.is_some(),
        result,
    })
}

/// Both counts, unless the difference would tell of few.
fn shown(members: i64, reachable: i64) -> (Cell, Cell) {
    let reached = alone(reachable, K_ANONYMITY);
    let others = alone(members - reachable, K_ANONYMITY);
    (alone(members, K_ANONYMITY).filter(|_| reached.is_some() && others.is_some()), reached)
}

async fn result(tx: &mut Tx, id: AudienceMessageId, brand: BrandId) -> Result<AudienceResult, Error> {
    let rows: Vec<(String, i64)> = tx.query(RESULT).bind(id).bind(brand).all().await?;
    let many = |of: &[&str]| rows.iter().filter(|(status, _)| of.contains(&status.as_str())).map(|(_, many)| many).sum::<i64>();
    let cells = hide(
        &[many(&["accepted", "sent", "delivered", "read"]), many(&["waiting"]), many(&["failed"]), many(&["refused", "cancelled"])],
        K_ANONYMITY,
    );
    let cell = |place: usize| cells.get(place).copied().flatten();
    Ok(AudienceResult { sent: cell(0), held: cell(1), failed: cell(2), refused: cell(3) })
}

sql! {
    BRAND: "SELECT name FROM brand WHERE id = $1 AND tenant_id = $2";

    /// With the rules of the version in force, or of the first one before that.
    CAMPAIGN: "SELECT c.name, c.state, o.country, v.rules,
                      EXISTS (SELECT 1 FROM campaign_pause p WHERE p.campaign_id = c.id AND p.paused_from <= $4 AND (p.paused_until IS NULL OR p.paused_until > $4)) AS paused
               FROM campaign c JOIN organisation o ON o.id = c.tenant_id
               JOIN campaign_version v ON v.campaign_id = c.id AND v.number = COALESCE((SELECT MAX(f.number) FROM campaign_version f WHERE f.campaign_id = c.id AND f.valid_from <= $4), 1)
               WHERE c.id = $1 AND c.brand_id = $2 AND c.tenant_id = $3 AND c.last_version > 0";

    MEMBERS: "SELECT COUNT(DISTINCT m.consumer_id) FROM segment_member m JOIN consumer c ON c.id = m.consumer_id
              WHERE m.brand_id = $1 AND m.name = $2 AND m.from_at <= $3 AND m.until_at > $3 AND c.deleted_at IS NULL";

    REACHABLE: "SELECT COUNT(DISTINCT m.consumer_id) FROM segment_member m JOIN consumer c ON c.id = m.consumer_id JOIN contact t ON t.consumer_id = c.id
                     JOIN consent s ON s.consumer_id = c.id AND s.purpose = $4 AND s.controller = $5
                WHERE m.brand_id = $1 AND m.name = $2 AND m.from_at <= $3 AND m.until_at > $3 AND c.deleted_at IS NULL AND s.granted
                  AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.consumer_id = s.consumer_id AND n.purpose = s.purpose AND n.controller = s.controller
                                  AND (n.decided_at > s.decided_at OR (n.decided_at = s.decided_at AND n.id > s.id)))";

    INSERT: "INSERT INTO audience_message (id, tenant_id, brand_id, segment, template, campaign_id, variables, members, reachable, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    CONFIRM: "UPDATE audience_message SET confirmed_at = $1 WHERE id = $2 AND tenant_id = $3 AND confirmed_at IS NULL";

    DONE: "UPDATE audience_message SET done_at = $1 WHERE id = $2 AND tenant_id = $3 AND done_at IS NULL";

    LIST: "SELECT id, tenant_id, brand_id, segment, template, campaign_id, variables, members, reachable, created_at, confirmed_at, done_at FROM audience_message
           WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";

    /// Its owner is compared by the caller, who may be the operator.
    GET: "SELECT id, tenant_id, brand_id, segment, template, campaign_id, variables, members, reachable, created_at, confirmed_at, done_at FROM audience_message WHERE id = $1";

    NEXT: "SELECT DISTINCT m.consumer_id FROM segment_member m JOIN consumer c ON c.id = m.consumer_id
           WHERE m.brand_id = $1 AND m.name = $2 AND m.from_at <= $3 AND m.until_at > $3 AND m.consumer_id > $4 AND c.deleted_at IS NULL ORDER BY m.consumer_id LIMIT $5";

    /// By its own name, which only its job knows: whose it is stands in the row.
    ADVERTISED: "SELECT a.tenant_id, a.brand_id, a.campaign_id, a.variables FROM audience_written w JOIN audience_message a ON a.id = w.audience_message_id WHERE w.message_id = $1";

    WRITTEN: "INSERT INTO audience_written (audience_message_id, message_id) VALUES ($1, $2)";

    RESULT: "SELECT m.status, COUNT(*) FROM audience_written w JOIN message m ON m.id = w.message_id WHERE w.audience_message_id = $1 AND m.brand_id = $2 GROUP BY m.status";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_reached_tells_nothing_of_the_few_who_are_not() {
        assert_eq!(shown(50, 30), (Some(50), Some(30)));
        assert_eq!(shown(50, 45), (None, Some(45)));
        assert_eq!(shown(50, 50), (Some(50), Some(50)));
        assert_eq!(shown(50, 4), (None, None));
        assert_eq!(shown(3, 0), (None, Some(0)));
    }

    #[test]
    fn only_what_was_approved_is_offered() {
        let all: Vec<&str> = Template::PROMOTIONS.iter().map(|template| template.name()).collect();

        assert_eq!(texts(&all).len(), 3);
        assert_eq!(
            texts(&["news", "code"]).iter().map(|text| (text.template.as_str(), text.needs_campaign)).collect::<Vec<_>>(),
            [("news", true)]
        );
    }
}
