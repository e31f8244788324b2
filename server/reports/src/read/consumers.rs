//! Metrics 4, 5, 6 and 11: who bought, how soon, how often, how much.
//!
//! *Registered* for a brand is who signed up at one of its shops, or at no shop at all in a country where it has shops:
//! consumers belong to the platform, and nobody is asked for which brand she came.

use std::num::NonZeroU32;

use db::{Tx, sql};
use rustc_hash::FxHashSet;
use shared::{
    CampaignId, CivilDate, ConsumerId, Country, ShopId, Timestamp,
    reports::metric::{Conversion, Frequency, Metric, Reach, Report, Rfm, Segment},
    time::DAY_MS,
};

use super::{
    registered,
    tally::{Each, Set},
};
use crate::{
    Error,
    days::{self, Buyers, Line, Sale},
    exact::Exact,
    metrics::{conversion, frequency, rfm, sales},
    scope::Scope,
};

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

impl Cohort {
    pub(super) fn before(self, until: Timestamp) -> Self {
        Self { until: self.until.min(until), ..self }
    }
    pub(super) fn since(self, from: Timestamp) -> Self {
        Self { from: self.from.max(from), ..self }
    }
}

impl Scope {
    /// Who signed up in the report's own period, by the clock of the owner's country.
    pub fn cohort(&self) -> Cohort {
        Cohort { from: self.start(), until: self.end() }
    }
}

/// Distinct consumers who bought, and who they are.
pub async fn reach(tx: &mut Tx, scope: &Scope) -> Result<Report<Reach>, Error> {
    let Scope { from, to, .. } = *scope;
    let (mut buyers, mut identified) = (Set::default(), 0);
    let mut shops = FxHashSet::default();
    days::each(tx, scope, from, to, |sale| {
        if !sale.is_valid() {
            return;
        }
        shops.insert(sale.shop);
        if !sale.own && buyers.insert(sale.buyer) {
            identified += i64::from(sale.identified);
        }
    })
    .await?;
    let registrations = registered::by_shop(tx, scope, scope.cohort()).await?.into_values().sum();
    let enrolled = enrolled(tx, scope).await?;
    let anonymous = buyers.len() - identified;
    let reached = sales::Reached { identified, anonymous, enrolled, registrations, active_shops: shops.len() as i64, days: scope.days() };
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
    let versions: Vec<(CampaignId, sqlx::types::Json<Dates>)> =
        tx.query(VERSIONS).bind(scope.brand).bind(scope.tenant).bind(scope.end()).all().await?;
    let mut in_force: Vec<CampaignId> = Vec::new();
    let mut seen: Option<CampaignId> = None;
    for (campaign, dates) in versions {
        // The newest version of each comes first.
        if seen.replace(campaign) != Some(campaign) && (dates.starts..=dates.ends).contains(&last) {
            in_force.push(campaign);
        }
    }
    let Some(first) = in_force.first().copied() else {
        return Ok(0);
    };
    in_force.resize(IN_FORCE_MAX, first);
    let query = in_force.into_iter().fold(tx.query(ENROLLED).bind(scope.end()), |query, campaign| query.bind(campaign));
    let (enrolled,): (i64,) = query.one().await?;
    Ok(enrolled)
}

/// Who counts as registered for a brand.
pub(super) struct Registering {
    cohort: Cohort,
    shops: FxHashSet<ShopId>,
    countries: Vec<Country>,
}

impl Registering {
    pub async fn read(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<Self, Error> {
        let rows: Vec<(ShopId, Country)> = tx.query(SHOPS).bind(scope.brand).bind(scope.tenant).all().await?;
        let mut countries: Vec<Country> = Vec::new();
        for (_, country) in &rows {
            if !countries.contains(country) {
                countries.push(*country);
            }
        }
        Ok(Self { cohort, shops: rows.into_iter().map(|(shop, _)| shop).collect(), countries })
    }

    /// Whom [`registered`] counts.
    pub fn has(&self, sale: &Sale<'_>) -> bool {
        let in_time = sale.registered_at >= self.cohort.from && sale.registered_at < self.cohort.until && !sale.anonymous;
        in_time && sale.registered_shop.map_or_else(|| self.countries.contains(&sale.country), |shop| self.shops.contains(&shop))
    }
}

/// From the registration to the first purchase within `window_days` (1 to 365).
pub async fn conversion(tx: &mut Tx, scope: &Scope, cohort: Cohort, window_days: i64) -> Result<Report<Conversion>, Error> {
    if !(1..=WINDOW_DAYS_MAX).contains(&window_days) {
        return Err(Error::Parameter("window_days"));
    }
    let people = bought_of(tx, scope, cohort).await?;
    // Nobody is read who never bought: of those only their number counts, and whether their window is over.
    let over = scope.as_of.plus_ms(1 - window_days * DAY_MS);
    let mature = registered::count(tx, scope, cohort.before(over)).await?;
    let registered = mature + registered::count(tx, scope, cohort.since(over)).await?;
    let everybody = conversion::Everybody { registered, mature };
    scope.report(tx, Metric::Conversion, conversion::conversion(people, everybody, window_days, scope.as_of, scope.k)).await
}

/// Two purchases of a consumer, the first ones.
struct FirstTwo {
    at: Timestamp,
    first: Timestamp,
    first_where_registered: bool,
    second: Option<Timestamp>,
}

/// Each consumer of the cohort who bought, with her first two purchases until the report's instant.
pub(crate) async fn bought_of(
    tx: &mut Tx,
    scope: &Scope,
    cohort: Cohort,
) -> Result<impl Iterator<Item = conversion::Registered> + use<>, Error> {
    let registering = Registering::read(tx, scope, cohort).await?;
    let to = after(scope)?;
    let from = days::first_day(tx, scope, to).await?;
    let mut bought: Each<FirstTwo> = Each::default();
    days::each(tx, scope, from, to, |sale| {
        if sale.at > scope.as_of || sale.own || !registering.has(sale) || !sale.is_valid() {
            return;
        }
        let first_where_registered = sale.registered_shop == Some(sale.shop);
        match bought.of(sale.buyer) {
            new @ None => *new = Some(FirstTwo { at: sale.registered_at, first: sale.at, first_where_registered, second: None }),
            // Shops in two zones: a later date may hold an earlier instant.
            Some(two) if sale.at < two.first => {
                two.second = Some(std::mem::replace(&mut two.first, sale.at));
                two.first_where_registered = first_where_registered;
            }
            Some(two) => two.second = Some(two.second.map_or(sale.at, |second| second.min(sale.at))),
        }
    })
    .await?;
    let registered = |(_, two): (u32, FirstTwo)| conversion::Registered {
        at: two.at,
        first: Some(two.first),
        second: two.second,
        first_where_registered: two.first_where_registered,
    };
    Ok(bought.known().map(registered))
}

/// The first date of which nobody has bought yet at the report's instant, in whatever zone.
pub(super) fn after(scope: &Scope) -> Result<CivilDate, Error> {
    identity::shop::local_date("UTC", scope.as_of).plus_days(2).ok_or(Error::Period)
}

/// Purchase-days of a cohort in the period, for thirty days of exposure.
pub async fn frequency(tx: &mut Tx, scope: &Scope, cohort: Cohort) -> Result<Report<Frequency>, Error> {
    let registering = Registering::read(tx, scope, cohort).await?;
    let mut days_of: Each<(Timestamp, CivilDate, NonZeroU32)> = Each::default();
    days::each(tx, scope, scope.from, scope.to, |sale| {
        if sale.own || sale.at < sale.registered_at || sale.at >= scope.as_of || !registering.has(sale) || !sale.is_valid() {
            return;
        }
        let (_, last, days) = days_of.of(sale.buyer).get_or_insert((sale.registered_at, sale.date, NonZeroU32::MIN));
        if std::mem::replace(last, sale.date) != sale.date {
            *days = days.saturating_add(1);
        }
    })
    .await?;
    let (from, end) = (scope.start(), scope.end().min(scope.as_of));
    let people = days_of.known().map(|(_, (at, _, days))| frequency::Exposed { at, purchase_days: i64::from(days.get()) });
    let everybody = registered::exposed(tx, scope, cohort, end).await?;
    let values = frequency::frequency(people, everybody, from, end, scope.k);
    scope.report(tx, Metric::Frequency, values).await
}

/// Of half a million buyers: a count that is never zero has room for nobody.
struct Bought {
    last: CivilDate,
    days: NonZeroU32,
    net_minor: i64,
}

impl Bought {
    fn days(&self) -> i64 {
        i64::from(self.days.get())
    }
}

/// Segments of everybody who bought in the 180 days before the report's instant.
pub async fn rfm(tx: &mut Tx, scope: &Scope) -> Result<Report<Rfm>, Error> {
    let mut buyers = Buyers::read(tx, scope).await?;
    let (today, rows) = bought(tx, scope, &mut buyers).await?;
    let mut people = Vec::with_capacity(rows.many());
    people.extend(rows.known().map(|(_, row)| (today.days_since(row.last), row.days(), row.net_minor)));
    scope.report(tx, Metric::Rfm, rfm::summary(&people, scope.currency, scope.k)).await
}

/// Who is in which segment. For the product itself (rules, audiences): no door shows it.
pub async fn rfm_members(tx: &mut Tx, scope: &Scope) -> Result<Vec<(ConsumerId, Segment)>, Error> {
    let mut buyers = Buyers::read(tx, scope).await?;
    let (today, rows) = bought(tx, scope, &mut buyers).await?;
    let ids = buyers.ids(tx, scope).await?;
    let behaviour = |(number, row): (u32, Bought)| {
        Some((*ids.get(&number)?, (today.days_since(row.last), row.days(), Exact::money(row.net_minor, scope.currency))))
    };
    Ok(rfm::members(&rows.known().filter_map(behaviour).collect::<Vec<_>>()))
}

async fn bought(tx: &mut Tx, scope: &Scope, buyers: &mut Buyers) -> Result<(CivilDate, Each<Bought>), Error> {
    let today = identity::shop::local_date(scope.time_zone, scope.as_of);
    let first = today.plus_days(-rfm::LOOKBACK_DAYS).ok_or(Error::Period)?;
    let mut bought: Each<Bought> = Each::default();
    let fold = |sale: &Sale<'_>| {
        if sale.own || sale.at >= scope.as_of || !sale.is_valid() {
            return;
        }
        let one = bought.of(sale.buyer).get_or_insert(Bought { last: sale.date, days: NonZeroU32::MIN, net_minor: 0 });
        if std::mem::replace(&mut one.last, sale.date) != sale.date {
            one.days = one.days.saturating_add(1);
        }
        if sale.currency == scope.currency {
            one.net_minor += sale.valid().map(Line::net_minor).sum::<i64>();
        }
    };
    buyers.each(tx, scope, first, after(scope)?, fold).await?;
    Ok((today, bought))
}

sql! {
    SHOPS: "SELECT b.shop_id, s.country FROM shop_brand b JOIN shop s ON s.id = b.shop_id WHERE b.brand_id = $1 AND b.tenant_id = $2";

    VERSIONS: "SELECT c.id, v.rules FROM campaign c JOIN campaign_version v ON v.campaign_id = c.id AND v.tenant_id = c.tenant_id
               WHERE c.brand_id = $1 AND c.tenant_id = $2 AND v.valid_from < $3 ORDER BY c.created_at DESC, c.id, v.number DESC LIMIT 500";

    /// A list of fixed length, its first member repeated: one text for any number of campaigns.
    ENROLLED: "SELECT COUNT(DISTINCT consumer_id) FROM campaign_enrolment WHERE enrolled_at < $1
               AND campaign_id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
}
