//! The closing of a period: everything that a brand owes until then and that stands on no statement yet is written on
//! one statement for each shop and currency. What comes later, also what is taken back, goes to the next one.

use db::{Sql, Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, CivilDate, Currency, EntryId, OrganisationId, SettlementRunId, ShopId, StatementId, Timestamp,
    loyalty::payback::{NewSettlement, SettledAmount, SettlementPreview, SettlementRun},
};

use super::{owed, statement};
use crate::{Error, ledger::ROWS_MAX};

/// Lines that one run takes at most; what is left goes into a further run of the same closing.
const LINES_MAX: i64 = 20_000;
/// Runs that a list shows.
const RUNS_MAX: i64 = 100;

#[derive(sqlx::FromRow)]
struct PreviewRow {
    brand_id: BrandId,
    brand_name: String,
    currency: Currency,
    shops: i64,
    lines: i64,
    amount_minor: i64,
    from_date: CivilDate,
}

/// What closing would put on statements, by brand and currency. Operator only.
pub async fn preview(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewSettlement) -> Result<Vec<SettlementPreview>, Error> {
    actor.operator()?;
    check(now, new)?;
    let rows: Vec<PreviewRow> = match new.brand_id {
        Some(brand) => tx.query(PREVIEW_OF_BRAND).bind(new.through_date).bind(brand).all().await?,
        None => tx.query(PREVIEW).bind(new.through_date).all().await?,
    };
    let told = |row: PreviewRow| SettlementPreview {
        brand_id: row.brand_id,
        brand_name: row.brand_name,
        currency: row.currency,
        shops: row.shops,
        lines: row.lines,
        amount_minor: row.amount_minor,
        from_date: row.from_date,
    };
    Ok(rows.into_iter().map(told).collect())
}

fn check(now: Timestamp, new: &NewSettlement) -> Result<(), Error> {
    if new.through_date > owed::today_anywhere(now) { Err(Error::Field("through_date")) } else { Ok(()) }
}

/// Closes a period for a brand, or for every brand that owes something. Asked again when nothing is left to close, it
/// answers with the runs that closed it. The operator, but not its analysts.
pub async fn close(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewSettlement) -> Result<Vec<SettlementRun>, Error> {
    let mut made = Vec::new();
    let mut after = None;
    while let Some(piece) = close_next(tx, actor, now, new, after).await? {
        made.extend(piece.run);
        after = Some(piece.brand);
    }
    closed(tx, actor, new, &made).await
}

/// One transaction's part of a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Whose; the next piece is this brand's again, or the one's after it.
    pub brand: BrandId,
    /// The run that it made. `None`: nothing was left of this brand.
    pub run: Option<SettlementRunId>,
}

/// The next piece of a closing, at most [`LINES_MAX`] entries of one brand; `None` when every brand had its turn. A brand is
/// asked again until nothing is left of it, so that whoever is interrupted, or asks twice, goes on where it stopped.
pub async fn close_next(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    new: &NewSettlement,
    after: Option<BrandId>,
) -> Result<Option<Piece>, Error> {
    actor.operates()?;
    check(now, new)?;
    if let Some(only) = new.brand_id {
        identity::organisation::find_brand(tx, only).await?.ok_or(Error::Field("brand_id"))?;
    }
    let from = after.unwrap_or(BrandId::fixed(0));
    let next: Option<(BrandId, OrganisationId)> = tx.query(NEXT_BRAND).bind(new.through_date).bind(from).bind(new.brand_id).maybe().await?;
    let Some((brand, tenant)) = next else {
        return Ok(None);
    };
    // Two who close at once take turns here; the second one finds nothing left.
    tx.lock(brand.lock_key()).await?;
    let run = close_brand(tx, actor, now, (brand, tenant), new.through_date).await?;
    Ok(Some(Piece { brand, run }))
}

/// What a closing answers: the runs that it made, or those that had closed the period before.
pub async fn closed(tx: &mut Tx, actor: &Actor, new: &NewSettlement, made: &[SettlementRunId]) -> Result<Vec<SettlementRun>, Error> {
    actor.operator()?;
    let runs = runs_through(tx, new.brand_id, new.through_date).await?;
    Ok(if made.is_empty() { runs } else { runs.into_iter().filter(|run| made.contains(&run.id)).collect() })
}

#[derive(sqlx::FromRow)]
struct OpenEntry {
    id: EntryId,
    shop_id: ShopId,
    currency: Currency,
    kind: String,
    amount_minor: i64,
    occurred_at: Timestamp,
    business_date: CivilDate,
}

/// One run. `None`: nothing is open. The caller holds the brand's lock.
async fn close_brand(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    (brand, tenant): (BrandId, OrganisationId),
    through: CivilDate,
) -> Result<Option<SettlementRunId>, Error> {
    let entries: Vec<OpenEntry> = tx.query(OPEN).bind(brand).bind(tenant).bind(through).bind(LINES_MAX).all().await?;
    if entries.is_empty() {
        return Ok(None);
    }
    let groups: Vec<&[OpenEntry]> =
        entries.chunk_by(|left, right| (left.shop_id, left.currency) == (right.shop_id, right.currency)).collect();
    let run: SettlementRunId = tx.new_id();
    let lines = entries.len() as i64;
    tx.query(INSERT_RUN)
        .bind(run)
        .bind(tenant)
        .bind(brand)
        .bind(through)
        .bind(groups.len() as i64)
        .bind(lines)
        .bind(now)
        .bind(actor.label())
        .bind(actor.user().ok())
        .execute()
        .await?;
    for group in &groups {
        make(tx, now, (run, brand, tenant), through, group).await?;
    }
    for group in &groups {
        if let Some(first) = group.first() {
            statement::offset(tx, actor, now, brand, first.shop_id, first.currency).await?;
        }
    }
    let after = json!({ "brand_id": brand, "through_date": through, "statements": groups.len(), "lines": lines });
    audit::record(tx, actor, now, "settlement.closed", run, None, Some(after), None).await?;
    tx.announce(format!("brand:{brand}"));
    Ok(Some(run))
}

/// One statement of one shop and currency, with exactly these lines.
async fn make(
    tx: &mut Tx,
    now: Timestamp,
    (run, brand, tenant): (SettlementRunId, BrandId, OrganisationId),
    through: CivilDate,
    entries: &[OpenEntry],
) -> Result<(), Error> {
    let Some(first) = entries.first() else {
        return Ok(());
    };
    let id: StatementId = tx.new_id();
    let amount: i64 = entries.iter().map(|entry| entry.amount_minor).sum();
    tx.query(INSERT_STATEMENT)
        .bind(id)
        .bind(run)
        .bind(tenant)
        .bind(brand)
        .bind(first.shop_id)
        .bind(first.currency)
        .bind(first.business_date)
        .bind(through)
        .bind(entries.len() as i64)
        .bind(amount)
        .bind(now)
        .execute()
        .await?;
    for part in entries.chunks(ROWS_MAX) {
        let mut query = tx.query(INSERT_LINES.with_rows(LINE_COLUMNS, part.len()));
        for entry in part {
            query = query
                .bind(entry.id)
                .bind(id)
                .bind(entry.kind.clone())
                .bind(entry.amount_minor)
                .bind(entry.occurred_at)
                .bind(entry.business_date);
        }
        query.execute().await?;
    }
    let payload = json!({ "statement_id": id, "shop_id": first.shop_id, "brand_id": brand, "amount_minor": amount, "currency": first.currency, "through_date": through });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.statement_closed", key: first.shop_id.to_string(), payload }).await?;
    tx.announce(format!("shop:{}", first.shop_id));
    Ok(())
}

#[derive(sqlx::FromRow)]
struct RunRow {
    id: SettlementRunId,
    brand_id: BrandId,
    brand_name: String,
    through_date: CivilDate,
    statements: i64,
    lines: i64,
    closed_at: Timestamp,
    closed_by: String,
    person: Option<String>,
}

/// Closings, the newest first; at most [`RUNS_MAX`]. Operator only.
pub async fn runs(tx: &mut Tx, actor: &Actor) -> Result<Vec<SettlementRun>, Error> {
    actor.operator()?;
    let rows = tx.query(RUNS).bind(RUNS_MAX).all().await?;
    told(tx, rows).await
}

/// One of them. Operator only.
pub async fn run(tx: &mut Tx, actor: &Actor, id: SettlementRunId) -> Result<SettlementRun, Error> {
    actor.operator()?;
    let rows = tx.query(RUN).bind(id).all().await?;
    told(tx, rows).await?.pop().ok_or(Error::NotFound)
}

async fn runs_through(tx: &mut Tx, brand: Option<BrandId>, through: CivilDate) -> Result<Vec<SettlementRun>, Error> {
    let rows = tx.query(RUNS_THROUGH).bind(through).bind(RUNS_MAX).bind(brand).all::<RunRow>().await?;
    told(tx, rows).await
}

async fn told(tx: &mut Tx, rows: Vec<RunRow>) -> Result<Vec<SettlementRun>, Error> {
    let mut runs = Vec::with_capacity(rows.len());
    for row in rows {
        let totals: Vec<(Currency, i64, i64)> = tx.query(TOTALS).bind(row.id).all().await?;
        runs.push(SettlementRun {
            id: row.id,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            through_date: row.through_date,
            statements: row.statements,
            lines: row.lines,
            totals: totals
                .into_iter()
                .map(|(currency, amount_minor, settled_minor)| SettledAmount { currency, amount_minor, settled_minor })
                .collect(),
            closed_at: row.closed_at,
            closed_by: row.person.unwrap_or(row.closed_by),
        });
    }
    Ok(runs)
}

const LINE_COLUMNS: usize = 6;
const INSERT_LINES: Sql =
    Sql::same("INSERT INTO statement_line (entry_id, statement_id, kind, amount_minor, occurred_at, business_date) VALUES");

/// The statement that writes several rows, with two of them.
pub(super) fn lines_statement() -> Sql {
    INSERT_LINES.with_rows(LINE_COLUMNS, 2)
}

sql! {
    PREVIEW: "SELECT e.brand_id, b.name AS brand_name, e.currency, COUNT(DISTINCT e.shop_id) AS shops, COUNT(*) AS lines, CAST(SUM(e.amount_minor) AS BIGINT) AS amount_minor,
                     MIN(e.business_date) AS from_date
              FROM owed_entry e JOIN brand b ON b.id = e.brand_id
              WHERE e.business_date <= $1 AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
              GROUP BY e.brand_id, b.name, e.currency ORDER BY b.name, e.brand_id, e.currency";

    PREVIEW_OF_BRAND: "SELECT e.brand_id, b.name AS brand_name, e.currency, COUNT(DISTINCT e.shop_id) AS shops, COUNT(*) AS lines, CAST(SUM(e.amount_minor) AS BIGINT) AS amount_minor,
                              MIN(e.business_date) AS from_date
                       FROM owed_entry e JOIN brand b ON b.id = e.brand_id
                       WHERE e.business_date <= $1 AND e.brand_id = $2 AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
                       GROUP BY e.brand_id, b.name, e.currency ORDER BY e.currency";

    /// The one before may have more than one run takes.
    NEXT_BRAND: "SELECT e.brand_id, e.tenant_id FROM owed_entry e
                 WHERE e.business_date <= $1 AND e.brand_id >= $2 AND e.brand_id = COALESCE($3, e.brand_id)
                   AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
                 ORDER BY e.brand_id LIMIT 1";

    OPEN: "SELECT e.id, e.shop_id, e.currency, e.kind, e.amount_minor, e.occurred_at, e.business_date FROM owed_entry e
           WHERE e.brand_id = $1 AND e.tenant_id = $2 AND e.business_date <= $3 AND NOT EXISTS (SELECT 1 FROM statement_line l WHERE l.entry_id = e.id)
           ORDER BY e.shop_id, e.currency, e.business_date, e.id LIMIT $4";

    INSERT_RUN: "INSERT INTO settlement_run (id, tenant_id, brand_id, through_date, statements, lines, closed_at, closed_by, closed_user) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    INSERT_STATEMENT: "INSERT INTO statement (id, run_id, tenant_id, brand_id, shop_id, currency, from_date, through_date, lines, amount_minor, closed_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    RUNS: "SELECT r.id, r.brand_id, b.name AS brand_name, r.through_date, r.statements, r.lines, r.closed_at, r.closed_by, u.name AS person
           FROM settlement_run r JOIN brand b ON b.id = r.brand_id LEFT JOIN org_user u ON u.id = r.closed_user ORDER BY r.id DESC LIMIT $1";

    RUN: "SELECT r.id, r.brand_id, b.name AS brand_name, r.through_date, r.statements, r.lines, r.closed_at, r.closed_by, u.name AS person
          FROM settlement_run r JOIN brand b ON b.id = r.brand_id LEFT JOIN org_user u ON u.id = r.closed_user WHERE r.id = $1";

    RUNS_THROUGH: "SELECT r.id, r.brand_id, b.name AS brand_name, r.through_date, r.statements, r.lines, r.closed_at, r.closed_by, u.name AS person
                   FROM settlement_run r JOIN brand b ON b.id = r.brand_id LEFT JOIN org_user u ON u.id = r.closed_user
                   WHERE r.through_date = $1 AND r.brand_id = COALESCE($3, r.brand_id) ORDER BY r.id DESC LIMIT $2";

    TOTALS: "SELECT currency, CAST(SUM(amount_minor) AS BIGINT), CAST(SUM(settled_minor) AS BIGINT) FROM statement_now WHERE run_id = $1 GROUP BY currency ORDER BY currency";
}
