//! What a shop sees of its own day, and what brands owe it.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CivilDate, Currency, OrganisationId, ShopId, Timestamp,
    identity::{MemberRole, Shop},
    loyalty::{Payable, ShopDay, payback::Owed},
};

use crate::{Error, payback::owed, rule_book};

fn payable(owed: Owed) -> Payable {
    Payable {
        amount_minor: owed.owed_minor(),
        shop_id: owed.shop_id,
        shop_name: owed.shop_name,
        brand_id: owed.brand_id,
        brand_name: owed.brand_name,
        brand_colour: owed.brand_colour,
        currency: owed.currency,
        rewards: owed.rewards,
        since: owed.since,
    }
}

fn payable_list(owed: Vec<Owed>) -> Vec<Payable> {
    owed.into_iter().map(payable).collect()
}

/// The shop's day; a cashier sees no debts.
pub async fn day(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<ShopDay, Error> {
    let (_, shop, role) = actor.member()?;
    let shop = identity::shop::get(tx, shop).await?;
    let date: CivilDate = identity::shop::local_date(&shop.time_zone, now);
    let (purchases, total_minor): (i64, i64) = tx.query(DAY).bind(shop.id).bind(date).one().await?;
    let (deliveries,): (i64,) = tx.query(DELIVERIES).bind(shop.id).bind(date).one().await?;
    let payables = if role == MemberRole::Owner { payables(tx, actor, now).await? } else { Vec::new() };
    Ok(ShopDay { date, purchases, total_minor, deliveries, currency: shop.currency, payables })
}

/// The operator says in which money a shop sells; 409 once it sold something or was owed something.
pub async fn set_currency(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ShopId, currency: Currency) -> Result<Shop, Error> {
    actor.operates()?;
    let before = identity::shop::get(tx, id).await?;
    if before.currency == currency {
        return Ok(before);
    }
    if tx.query(SET_CURRENCY).bind(currency).bind(id).execute().await? == 0 {
        return Err(Error::WrongState);
    }
    rule_book::bump(tx, now).await?;
    let (was, is) = (serde_json::json!(before.currency), serde_json::json!(currency));
    audit::record(tx, actor, now, "shop.currency_set", id, Some(was), Some(is), None).await?;
    Ok(identity::shop::get(tx, id).await?)
}

/// What each brand owes the actor's shop and has not settled, largest first.
pub async fn payables(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Vec<Payable>, Error> {
    Ok(payable_list(owed::of_own_shop(tx, actor, now).await?))
}

/// What the brands of a tenant owe to each shop, largest first; at most 1 000.
pub async fn payables_of_tenant(tx: &mut Tx, actor: &Actor, tenant: OrganisationId, now: Timestamp) -> Result<Vec<Payable>, Error> {
    Ok(payable_list(owed::of_tenant(tx, actor, tenant, now).await?))
}

/// What one brand of a tenant owes to each shop, or to one of them, largest first; at most 1 000.
pub async fn payables_of_brand(
    tx: &mut Tx,
    actor: &Actor,
    brand: (OrganisationId, BrandId),
    shop: Option<ShopId>,
    now: Timestamp,
) -> Result<Vec<Payable>, Error> {
    Ok(payable_list(owed::of_brand(tx, actor, brand, shop, now).await?))
}

/// What is owed to one shop, for the operator and a sandbox.
pub async fn payables_of_shop(tx: &mut Tx, actor: &Actor, shop: ShopId, now: Timestamp) -> Result<Vec<Payable>, Error> {
    match actor {
        Actor::Member { shop: mine, .. } if *mine == shop => payables(tx, actor, now).await,
        Actor::Member { .. } => Err(Error::NotFound),
        _ => {
            actor.operator()?;
            Ok(payable_list(owed::of_shop(tx, shop, now).await?))
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
    /// No row: amounts of it are written down already.
    SET_CURRENCY: "UPDATE shop SET currency = $1 WHERE id = $2
                     AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.shop_id = $2) AND NOT EXISTS (SELECT 1 FROM owed_entry o WHERE o.shop_id = $2)";

    DAY: "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN status = 'accepted' THEN total_minor ELSE 0 END), 0) AS BIGINT)
          FROM purchase WHERE shop_id = $1 AND business_date = $2";

    DELIVERIES: "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'undo' THEN -1 ELSE 1 END), 0) AS BIGINT) FROM payable_entry WHERE shop_id = $1 AND business_date = $2";

    TOTALS: "SELECT kind, CAST(SUM(amount) AS BIGINT) FROM ledger_entry GROUP BY kind ORDER BY kind";
}
