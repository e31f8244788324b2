//! What a shop sees of its own day, and what brands owe it.

use db::{Tx, sql};
use identity::Actor;
use shared::{BrandId, CivilDate, Currency, OrganisationId, ShopId, Timestamp, identity::MemberRole, loyalty::{Payable, ShopDay}};

use crate::Error;

#[derive(sqlx::FromRow)]
struct PayableRow {
    shop_id: ShopId,
    shop_name: String,
    brand_id: BrandId,
    brand_name: String,
    brand_colour: String,
    amount_minor: i64,
    currency: Currency,
    rewards: i64,
    since: Timestamp,
}

impl From<PayableRow> for Payable {
    fn from(row: PayableRow) -> Self {
        Self {
            shop_id: row.shop_id,
            shop_name: row.shop_name,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            amount_minor: row.amount_minor,
            currency: row.currency,
            rewards: row.rewards,
            since: row.since,
        }
    }
}

/// The shop's day; a cashier sees no debts.
pub async fn day(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<ShopDay, Error> {
    let (_, shop, role) = actor.member()?;
    let shop = identity::shop::get(tx, shop).await?;
    let date: CivilDate = identity::shop::local_date(&shop.time_zone, now);
    let (purchases, total_minor): (i64, i64) = tx.query(DAY).bind(shop.id).bind(date).one().await?;
    let (deliveries,): (i64,) = tx.query(DELIVERIES).bind(shop.id).bind(date).one().await?;
    let payables = if role == MemberRole::Owner { payables(tx, actor).await? } else { Vec::new() };
    Ok(ShopDay { date, purchases, total_minor, deliveries, currency: shop.currency, payables })
}

/// What each brand owes the actor's shop, largest first.
pub async fn payables(tx: &mut Tx, actor: &Actor) -> Result<Vec<Payable>, Error> {
    let (_, shop) = actor.owner()?;
    Ok(tx.query(OF_SHOP).bind(shop).all::<PayableRow>().await?.into_iter().map(Payable::from).collect())
}

/// What the brands of a tenant owe to each shop, largest first; at most 1 000.
pub async fn payables_of_tenant(tx: &mut Tx, actor: &Actor, tenant: OrganisationId) -> Result<Vec<Payable>, Error> {
    actor.reads(tenant)?;
    Ok(tx.query(OF_TENANT).bind(tenant).all::<PayableRow>().await?.into_iter().map(Payable::from).collect())
}

/// What is owed to one shop, for the operator and a sandbox.
pub async fn payables_of_shop(tx: &mut Tx, actor: &Actor, shop: ShopId) -> Result<Vec<Payable>, Error> {
    match actor {
        Actor::Member { shop: mine, .. } if *mine == shop => payables(tx, actor).await,
        Actor::Member { .. } => Err(Error::NotFound),
        _ => {
            actor.operator()?;
            Ok(tx.query(OF_SHOP).bind(shop).all::<PayableRow>().await?.into_iter().map(Payable::from).collect())
        }
    }
}

/// Sums of the points ledger by kind, for an auditor of the operator.
pub async fn ledger_totals(tx: &mut Tx, actor: &Actor) -> Result<Vec<shared::loyalty::LedgerTotal>, Error> {
    actor.operator()?;
    let rows: Vec<(String, i64)> = tx.query(TOTALS).all().await?;
    Ok(rows.into_iter().map(|(kind, amount)| shared::loyalty::LedgerTotal { kind, amount }).collect())
}

sql! {
    DAY: "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN status = 'accepted' THEN total_minor ELSE 0 END), 0) AS BIGINT)
          FROM purchase WHERE shop_id = $1 AND business_date = $2";

    DELIVERIES: "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'undo' THEN -1 ELSE 1 END), 0) AS BIGINT) FROM payable_entry WHERE shop_id = $1 AND business_date = $2";

    OF_SHOP: "SELECT p.shop_id, s.name AS shop_name, p.brand_id, b.name AS brand_name, b.colour AS brand_colour,
                     CAST(SUM(p.amount_minor) AS BIGINT) AS amount_minor, p.currency, CAST(SUM(CASE WHEN p.amount_minor < 0 THEN -1 ELSE 1 END) AS BIGINT) AS rewards, MIN(p.occurred_at) AS since
              FROM payable_entry p JOIN brand b ON b.id = p.brand_id JOIN shop s ON s.id = p.shop_id
              WHERE p.shop_id = $1
              GROUP BY p.shop_id, s.name, p.brand_id, b.name, b.colour, p.currency
              ORDER BY amount_minor DESC, p.brand_id";

    OF_TENANT: "SELECT p.shop_id, s.name AS shop_name, p.brand_id, b.name AS brand_name, b.colour AS brand_colour,
                       CAST(SUM(p.amount_minor) AS BIGINT) AS amount_minor, p.currency, CAST(SUM(CASE WHEN p.amount_minor < 0 THEN -1 ELSE 1 END) AS BIGINT) AS rewards, MIN(p.occurred_at) AS since
                FROM payable_entry p JOIN brand b ON b.id = p.brand_id JOIN shop s ON s.id = p.shop_id
                WHERE p.tenant_id = $1
                GROUP BY p.shop_id, s.name, p.brand_id, b.name, b.colour, p.currency
                ORDER BY amount_minor DESC, p.shop_id, p.brand_id
                LIMIT 1000";

    TOTALS: "SELECT kind, CAST(SUM(amount) AS BIGINT) FROM ledger_entry GROUP BY kind ORDER BY kind";
}
