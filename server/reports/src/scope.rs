//! Whose numbers, of which days, for whom: what every report checks before it reads.

use db::{Tx, sql};
use identity::Actor;
use shared::{
    BrandId, CivilDate, Country, Currency, OrganisationId, Timestamp,
    reports::{
        K_ANONYMITY,
        metric::{Metric, Report},
    },
    time::DAY_MS,
};

use crate::{Error, days};

/// Longest period, in days.
pub const DAYS_MAX: i64 = 366;
/// A shop of which nothing came for so long has probably something that did not arrive.
pub const SYNC_EXPECTED_WITHIN_MS: i64 = DAY_MS;

/// What is asked of every report.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Whose.
    pub brand: BrandId,
    /// First day at the shops, included.
    pub from: CivilDate,
    /// Last day, excluded.
    pub to: CivilDate,
    /// Windows and ages are judged at this instant.
    pub as_of: Timestamp,
    /// The clock: how old what is kept may be is judged by it.
    pub now: Timestamp,
    /// Counts of people below it are hidden. Who may ask for less than [`K_ANONYMITY`] is decided at the door.
    pub k: i64,
}

/// A period of a brand that the actor may read.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub(crate) brand: BrandId,
    pub(crate) tenant: OrganisationId,
    pub(crate) country: Country,
    pub(crate) currency: Currency,
    /// Shops have clocks of their own; facts without a shop go by that of the owner's country.
    pub(crate) time_zone: &'static str,
    pub(crate) from: CivilDate,
    pub(crate) to: CivilDate,
    pub(crate) as_of: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) k: i64,
}

impl Scope {
    /// Refuses strangers, and periods that are empty or longer than [`DAYS_MAX`].
    pub async fn open(tx: &mut Tx, actor: &Actor, asked: Asked) -> Result<Self, Error> {
        if *actor == Actor::Anonymous {
            return Err(identity::Error::Unauthorized.into());
        }
        let owner = identity::organisation::find_brand(tx, asked.brand).await?.ok_or(Error::NotFound)?;
        actor.reads(owner.organisation_id)?;
        Self::within(tx, owner.organisation_id, asked).await
    }

    /// For somebody who was let in already: of the brand's own organisation.
    pub(crate) async fn within(tx: &mut Tx, tenant: OrganisationId, asked: Asked) -> Result<Self, Error> {
        let Asked { brand, from, to, as_of, now, k } = asked;
        if !(1..=DAYS_MAX).contains(&to.days_since(from)) {
            return Err(Error::Period);
        }
        let (country,): (Country,) = tx.query(COUNTRY).bind(tenant).one().await?;
        Ok(Self {
            brand,
            tenant,
            country,
            currency: country.currency(),
            time_zone: country.time_zone(),
            from,
            to,
            as_of,
            now,
            k: k.clamp(1, K_ANONYMITY * 100),
        })
    }

    /// The period's first instant, for facts without a shop.
    pub(crate) fn start(&self) -> Timestamp {
        self.start_of(self.from)
    }
    /// The first instant after the period.
    pub(crate) fn end(&self) -> Timestamp {
        self.start_of(self.to)
    }
    pub(crate) fn start_of(&self, date: CivilDate) -> Timestamp {
        identity::shop::start_of_day(self.time_zone, date)
    }
    pub(crate) fn days(&self) -> i64 {
        self.to.days_since(self.from)
    }
    /// As many days before the period.
    pub(crate) fn before(&self) -> Result<CivilDate, Error> {
        self.from.plus_days(-self.days()).ok_or(Error::Period)
    }

    /// The numbers with what one must know to trust them.
    pub(crate) async fn report<T>(&self, tx: &mut Tx, metric: Metric, values: T) -> Result<Report<T>, Error> {
        let data_up_to = days::last_received_at(tx, self, self.from, self.to).await?;
        let since = self.end().min(self.as_of.plus_ms(-SYNC_EXPECTED_WITHIN_MS));
        let unsynced = tx.query(SHOPS_UNSYNCED).bind(self.brand).bind(self.tenant).bind(self.from).bind(self.to).bind(since);
        let (shops_unsynced,): (i64,) = unsynced.one().await?;
        Ok(Report {
            metric,
            brand_id: self.brand,
            from: self.from,
            to: self.to,
            as_of: self.as_of,
            currency: self.currency,
            k: self.k,
            data_up_to,
            shops_unsynced,
            values,
        })
    }
}

sql! {
    COUNTRY: "SELECT country FROM organisation WHERE id = $1";

    /// Looks at the brand's own lines alone: what a shop sold of others says nothing here.
    SHOPS_UNSYNCED: "SELECT COUNT(DISTINCT b.shop_id) FROM shop_brand b JOIN shop s ON s.id = b.shop_id
                     WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.enrolled_date < $4 AND (b.left_date IS NULL OR b.left_date >= $3) AND s.closed_at IS NULL
                       AND NOT EXISTS (SELECT 1 FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id
                                       WHERE p.shop_id = b.shop_id AND p.received_at >= $5 AND l.brand_id = $1 AND l.tenant_id = $2)";
}
