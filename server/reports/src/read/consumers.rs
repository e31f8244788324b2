//! Metrics 4, 5, 6 and 11: who bought, how soon, how often, how much.
//!
//! *Registered* for a brand is who signed up at one of its shops, or at no shop at all in a country where it has shops:
//! consumers belong to the platform, and nobody is asked for which brand she came.

use db::{Tx, sql};
use shared::{CampaignId, CivilDate, ConsumerId, Timestamp, reports::metric::{Conversion, Frequency, Metric, Reach, Report, Rfm, Segment}};

use crate::{Error, exact::Exact, metrics::{conversion, frequency, rfm, sales}, scope::Scope};

/// Longest window of a conversion, in days.
const WINDOW_DAYS_MAX: i64 = 365;
/// Campaigns of one brand in force at once that are looked at, at most: as many as [`ENROLLED`] has places.
const IN_FORCE_MAX: usize = 20;

/// Who signed up in [from, until).
#[derive(Debug, Clone, Copy)]
pub struct Cohort {
    /// Included.
    pub from: Timestamp,
    /// Excluded.
    pub until: Timestamp,
}

impl Scope {
    /// Who signed up in the report's own period, by the clock of the owner's country.
    pub fn cohort(&self) -> Cohort {
        Cohort { from: self.start(), until: self.end() }
    }
}

/// Distinct consumers who bought, and who they are.
pub async fn reach(tx: &mut Tx, scope: &Scope) -> Result<Report<Reach>, Error> {
    let Scope { brand, tenant, from, to, .. } = *scope;
    let (identified, anonymous): (i64, i64) = tx.query(BUYERS).bind(brand).bind(tenant).bind(from).bind(to).one().await?;
    let (active_shops,): (i64,) = tx.query(ACTIVE_SHOPS).bind(brand).bind(tenant).bind(from).bind(to).one().await?;
    let (registrations,): (i64,) = tx.query(REGISTRATIONS).bind(brand).bind(tenant).bind(scope.start()).bind(scope.end()).one().await?;
    let enrolled = enrolled(tx, scope).await?;
    let reached = sales::Reached { identified, anonymous, enrolled, registrations, active_shops, days: scope.days() };
    scope.report(tx, Metric::Reach, sales::reach(&reached, scope.k)).await
}

/// The part of published rules that says when they hold.
#[derive(serde::Deserialize)]
struct Dates {
    starts: CivilDate,
    ends: CivilDate,
}

/// Consumers who had joined a campaign that is in force on the period's last day.
async fn enrolled(tx: &mut Tx, scope: &Scope) -> Result<i64, Error> {
    let last = scope.to.plus_days(-1).ok_or(Error::Period)?;
    let versions: Vec<(CampaignId, sqlx::types::Json<Dates>)> = tx.query(VERSIONS).bind(scope.brand).bind(scope.tenant).bind(scope.end()).all().await?;
    let mut in_force: Vec<CampaignId> = Vec::new();
    let mut seen: Option<CampaignId> = None;
    for (campaign, dates) in versions {
        // The newest version of each comes first.
        if seen.replace(campaign) != Some(campaign) && (dates.starts..=dates.ends).contains(&last) {
            in_force.push(campaign);
        }
    }
    let Some(first) = in_force.first().copied() else { return Ok(0) };
    in_force.resize(IN_FORCE_MAX, first);
    let query = in_force.into_iter().fold(tx.query(ENROLLED).bind(scope.end()), |query, campaign| query.bind(campaign));
    let (enrolled,): (i64,) = query.one().await?;
    Ok(enrolled)
}

#[derive(sqlx::FromRow)]
struct RegisteredRow {
    at: Timestamp,
    first: Option<Timestamp>,
    second: Option<Timestamp>,
    first_where_registered: i64,
}

/// From the registration to the first purchase within `window_days` (1 to 365).
pub async fn conversion(tx: &mut Tx, scope: &Scope, cohort: Cohort, window_days: i64) -> Result<Report<Conversion>, Error> {
    if !(1..=WINDOW_DAYS_MAX).contains(&window_days) {
        return Err(Error::Parameter("window_days"));
    }
    let people = registered(tx, scope, cohort).await?;
    scope.report(tx, Metric::Conversion, conversion::conversion(&people, window_days, scope.as_of, scope.k)).await
}

/// Each consumer of the cohort with her first two purchases until the report's instant.
pub(crate) async fn registered(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<Vec<conversion::Registered>, Error> {
    let query = tx.query(FIRST_PURCHASES).bind(scope.brand).bind(scope.tenant).bind(cohort.from).bind(cohort.until).bind(scope.as_of);
    let rows: Vec<RegisteredRow> = query.all().await?;
    let consumer = |row: RegisteredRow| conversion::Registered { at: row.at, first: row.first, second: row.second, first_where_registered: row.first_where_registered != 0 };
    Ok(rows.into_iter().map(consumer).collect())
}

/// Purchase-days of a cohort in the period, for thirty days of exposure.
pub async fn frequency(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<Report<Frequency>, Error> {
    let Scope { brand, tenant, from, to, .. } = *scope;
    let rows: Vec<(Timestamp, i64)> = tx.query(PURCHASE_DAYS).bind(brand).bind(tenant).bind(cohort.from).bind(cohort.until).bind(from).bind(to).bind(scope.as_of).all().await?;
    let people: Vec<frequency::Exposed> = rows.into_iter().map(|(at, purchase_days)| frequency::Exposed { at, purchase_days }).collect();
    let values = frequency::frequency(&people, scope.start(), scope.end().min(scope.as_of), scope.k);
    scope.report(tx, Metric::Frequency, values).await
}

#[derive(sqlx::FromRow)]
struct BoughtRow {
    consumer_id: ConsumerId,
    last: CivilDate,
    days: i64,
    net_minor: i64,
}

/// Segments of everybody who bought in the 180 days before the report's instant.
pub async fn rfm(tx: &mut Tx, scope: &Scope) -> Result<Report<Rfm>, Error> {
    let (today, rows) = bought(tx, scope).await?;
    let people: Vec<(i64, i64, i64)> = rows.iter().map(|row| (today.days_since(row.last), row.days, row.net_minor)).collect();
    scope.report(tx, Metric::Rfm, rfm::summary(&people, scope.currency, scope.k)).await
}

/// Who is in which segment. For the product itself (rules, audiences): no door shows it.
pub async fn rfm_members(tx: &mut Tx, scope: &Scope) -> Result<Vec<(ConsumerId, Segment)>, Error> {
    let (today, rows) = bought(tx, scope).await?;
    let behaviour = |row: &BoughtRow| (row.consumer_id, (today.days_since(row.last), row.days, Exact::money(row.net_minor, scope.currency)));
    Ok(rfm::members(&rows.iter().map(behaviour).collect::<Vec<_>>()))
}

async fn bought(tx: &mut Tx, scope: &Scope) -> Result<(CivilDate, Vec<BoughtRow>), Error> {
    let today = identity::shop::local_date(scope.time_zone, scope.as_of);
    let first = today.plus_days(-rfm::LOOKBACK_DAYS).ok_or(Error::Period)?;
    let rows = tx.query(BOUGHT).bind(scope.brand).bind(scope.tenant).bind(first).bind(scope.as_of).bind(scope.currency).all().await?;
    Ok((today, rows))
}

sql! {
    BUYERS: "WITH buyer AS (SELECT DISTINCT consumer_id FROM valid_line
                            WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 AND NOT own_shop)
             SELECT COUNT(t.consumer_id), COUNT(*) - COUNT(t.consumer_id) FROM buyer b LEFT JOIN contact t ON t.consumer_id = b.consumer_id";

    ACTIVE_SHOPS: "SELECT COUNT(DISTINCT shop_id) FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4";

    REGISTRATIONS: "SELECT COUNT(*) FROM consumer WHERE created_at >= $3 AND created_at < $4 AND NOT anonymous
                    AND first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)";

    VERSIONS: "SELECT c.id, v.rules FROM campaign c JOIN campaign_version v ON v.campaign_id = c.id AND v.tenant_id = c.tenant_id
               WHERE c.brand_id = $1 AND c.tenant_id = $2 AND v.valid_from < $3 ORDER BY c.created_at DESC, c.id, v.number DESC LIMIT 500";

    /// A list of fixed length, its first member repeated: one text for any number of campaigns.
    ENROLLED: "SELECT COUNT(DISTINCT consumer_id) FROM campaign_enrolment WHERE enrolled_at < $1
               AND campaign_id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";

    FIRST_PURCHASES: "WITH cohort AS (SELECT id, created_at, first_shop_id FROM consumer
                                      WHERE created_at >= $3 AND created_at < $4 AND NOT anonymous
                                        AND (first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                                             OR (first_shop_id IS NULL AND country IN (SELECT s.country FROM shop_brand b JOIN shop s ON s.id = b.shop_id WHERE b.brand_id = $1 AND b.tenant_id = $2)))),
                           bought AS (SELECT DISTINCT v.consumer_id, v.purchase_id, v.purchased_at, v.shop_id FROM cohort h JOIN valid_line v ON v.consumer_id = h.id
                                      WHERE v.brand_id = $1 AND v.tenant_id = $2 AND v.purchased_at <= $5 AND NOT v.own_shop),
                           placed AS (SELECT consumer_id, purchased_at, shop_id, ROW_NUMBER() OVER (PARTITION BY consumer_id ORDER BY purchased_at, purchase_id) AS place FROM bought)
                      SELECT h.created_at AS at, MIN(CASE WHEN p.place = 1 THEN p.purchased_at END) AS first, MIN(CASE WHEN p.place = 2 THEN p.purchased_at END) AS second,
                             CAST(COALESCE(MAX(CASE WHEN p.place = 1 AND p.shop_id = h.first_shop_id THEN 1 ELSE 0 END), 0) AS BIGINT) AS first_where_registered
                      FROM cohort h LEFT JOIN placed p ON p.consumer_id = h.id AND p.place <= 2 GROUP BY h.id, h.created_at";

    PURCHASE_DAYS: "WITH cohort AS (SELECT id, created_at FROM consumer
                                    WHERE created_at >= $3 AND created_at < $4 AND NOT anonymous
                                      AND (first_shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2)
                                           OR (first_shop_id IS NULL AND country IN (SELECT s.country FROM shop_brand b JOIN shop s ON s.id = b.shop_id WHERE b.brand_id = $1 AND b.tenant_id = $2)))),
                         days AS (SELECT h.id, COUNT(DISTINCT v.business_date) AS days FROM cohort h JOIN valid_line v ON v.consumer_id = h.id
                                  WHERE v.brand_id = $1 AND v.tenant_id = $2 AND v.business_date >= $5 AND v.business_date < $6
                                    AND v.purchased_at >= h.created_at AND v.purchased_at < $7 AND NOT v.own_shop GROUP BY h.id)
                    SELECT h.created_at, COALESCE(d.days, 0) FROM cohort h LEFT JOIN days d ON d.id = h.id";

    BOUGHT: "SELECT consumer_id, MAX(business_date) AS last, COUNT(DISTINCT business_date) AS days,
                    CAST(SUM(CASE WHEN currency = $5 THEN net_minor ELSE 0 END) AS BIGINT) AS net_minor
             FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND purchased_at < $4 AND NOT own_shop GROUP BY consumer_id";
}
