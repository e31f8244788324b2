//! Statements: what a brand owes a shop for a closed period, and how it was settled.

use db::{Tx, sql};
use identity::{Actor, audit};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, CivilDate, Currency, EntryId, OrganisationId, Page, PaymentId, SettlementRunId, ShopId, StatementId, Timestamp,
    loyalty::payback::{NewPayment, Payment, PaymentKind, Statement, StatementDetail, StatementLine},
    page::PAGE_SIZE_MAX,
};
use uuid::Uuid;

use super::owed;
use crate::Error;

/// Longest reference, in characters.
const REFERENCE_MAX: usize = 80;

#[derive(sqlx::FromRow)]
struct Row {
    id: StatementId,
    run_id: SettlementRunId,
    tenant_id: OrganisationId,
    brand_id: BrandId,
    brand_name: String,
    brand_colour: String,
    shop_id: ShopId,
    shop_name: String,
    currency: Currency,
    from_date: CivilDate,
    through_date: CivilDate,
    lines: i64,
    amount_minor: i64,
    settled_minor: i64,
    closed_at: Timestamp,
}

impl From<Row> for Statement {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            run_id: row.run_id,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            brand_colour: row.brand_colour,
            shop_id: row.shop_id,
            shop_name: row.shop_name,
            currency: row.currency,
            from_date: row.from_date,
            through_date: row.through_date,
            lines: row.lines,
            amount_minor: row.amount_minor,
            settled_minor: row.settled_minor,
            state: Self::state_of(row.amount_minor, row.settled_minor),
            closed_at: row.closed_at,
        }
    }
}

/// Whose statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The actor's shop; its owner only.
    OwnShop,
    /// What the brands of a tenant owe.
    Tenant(OrganisationId),
    /// Of one closing; operator only.
    Run(SettlementRunId),
}

/// Statements, the newest first.
pub async fn list(tx: &mut Tx, actor: &Actor, of: Of, cursor: Option<&str>, limit: i64) -> Result<Page<Statement>, Error> {
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let before = match cursor {
        Some(text) => text.parse().map_err(|_| Error::Field("cursor"))?,
        None => StatementId(Uuid::max()),
    };
    let rows: Vec<Row> = match of {
        Of::OwnShop => {
            let (_, shop) = actor.owner()?;
            tx.query(OF_SHOP).bind(shop).bind(before).bind(limit + 1).all().await?
        }
        Of::Tenant(tenant) => {
            actor.reads(tenant)?;
            tx.query(OF_TENANT).bind(tenant).bind(before).bind(limit + 1).all().await?
        }
        Of::Run(run) => {
            actor.operator()?;
            tx.query(OF_RUN).bind(run).bind(before).bind(limit + 1).all().await?
        }
    };
    let mut items: Vec<Statement> = rows.into_iter().map(Statement::from).collect();
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Page { items, next_cursor })
}

/// The statement, if the actor may read it: the owner of its shop, the organisation that owes, and the operator.
async fn readable(tx: &mut Tx, actor: &Actor, id: StatementId) -> Result<Row, Error> {
    let mine = match actor {
        Actor::Anonymous => return Err(identity::Error::Unauthorized.into()),
        Actor::Consumer { .. } => return Err(identity::Error::Forbidden.into()),
        Actor::Member { .. } => Some(actor.owner()?.1),
        _ => None,
    };
    let row: Row = tx.query(ONE).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    match mine {
        Some(shop) if shop == row.shop_id => {}
        Some(_) => return Err(Error::NotFound),
        None => actor.reads(row.tenant_id)?,
    }
    Ok(row)
}

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    kind: PaymentKind,
    amount_minor: i64,
    reference: String,
    paid_date: CivilDate,
    recorded_at: Timestamp,
    recorded_by: String,
    person: Option<String>,
}

/// A statement with how it was settled.
pub async fn get(tx: &mut Tx, actor: &Actor, id: StatementId) -> Result<StatementDetail, Error> {
    let statement = readable(tx, actor, id).await?.into();
    let rows: Vec<PaymentRow> = tx.query(PAYMENTS).bind(id).all().await?;
    let payments = rows
        .into_iter()
        .map(|row| Payment {
            id: row.id,
            kind: row.kind,
            amount_minor: row.amount_minor,
            reference: row.reference,
            paid_date: row.paid_date,
            recorded_at: row.recorded_at,
            recorded_by: row.person.unwrap_or(row.recorded_by),
        })
        .collect();
    Ok(StatementDetail { statement, payments })
}

/// A line as it is read, with the clock of its shop.
#[derive(sqlx::FromRow)]
pub(crate) struct LineRow {
    entry_id: EntryId,
    kind: String,
    what: Option<String>,
    units: i64,
    unit_cost_minor: i64,
    handling_fee_minor: i64,
    amount_minor: i64,
    occurred_at: Timestamp,
    time_zone: String,
}

impl LineRow {
    pub(crate) fn told(self) -> StatementLine {
        StatementLine {
            entry_id: self.entry_id,
            kind: self.kind,
            what: self.what.unwrap_or_default(),
            units: self.units,
            unit_cost_minor: self.unit_cost_minor,
            handling_fee_minor: self.handling_fee_minor,
            amount_minor: self.amount_minor,
            local: identity::shop::local(&self.time_zone, self.occurred_at),
        }
    }
}

/// Its lines, oldest first.
pub async fn lines(tx: &mut Tx, actor: &Actor, id: StatementId, cursor: Option<&str>, limit: i64) -> Result<Page<StatementLine>, Error> {
    readable(tx, actor, id).await?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let after = match cursor {
        Some(text) => text.parse().map_err(|_| Error::Field("cursor"))?,
        None => EntryId(Uuid::nil()),
    };
    let mut rows: Vec<LineRow> = tx.query(LINES).bind(id).bind(after).bind(limit + 1).all().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| last.entry_id.to_string());
    Ok(Page { items: rows.into_iter().map(LineRow::told).collect(), next_cursor })
}

/// Records how a statement was settled, wholly or in part, never more than is left. The same payment twice is one. Who
/// manages the brand that owes, and the operator.
pub async fn settle(tx: &mut Tx, actor: &Actor, now: Timestamp, id: StatementId, new: &NewPayment) -> Result<StatementDetail, Error> {
    // Who may not at all is told so before anything is looked up.
    if !matches!(actor, Actor::User { .. } | Actor::Key { .. }) {
        actor.operates()?;
    }
    let found: Row = tx.query(ONE).bind(id).maybe().await?.ok_or(Error::NotFound)?;
    actor.manages(found.tenant_id)?;
    let reference = new.reference.trim();
    if reference.is_empty() || reference.chars().count() > REFERENCE_MAX || reference.chars().any(char::is_control) {
        return Err(Error::Field("reference"));
    }
    if new.kind == PaymentKind::Offset {
        return Err(Error::Field("kind"));
    }
    if new.paid_date > owed::today_anywhere(now) || new.paid_date < found.from_date {
        return Err(Error::Field("paid_date"));
    }
    tx.lock(found.brand_id.lock_key()).await?;
    let statement: Statement = tx.query(ONE).bind(id).one::<Row>().await?.into();
    let payment = new.payment_id.unwrap_or_else(|| tx.new_id());
    if let Some(known) = tx.query(FIND_PAYMENT).bind(payment).maybe::<(StatementId, PaymentKind, i64, String, CivilDate)>().await? {
        let same = known == (id, new.kind, new.amount_minor, reference.to_owned(), new.paid_date);
        return if same { get(tx, actor, id).await } else { Err(Error::IdempotencyConflict) };
    }
    if new.amount_minor < 1 {
        return Err(Error::Field("amount_minor"));
    }
    if new.amount_minor > statement.left_minor() {
        return Err(Error::MoreThanOwed);
    }
    insert_payment(tx, actor, now, payment, &found, (new.kind, new.amount_minor, reference, new.paid_date, None)).await?;
    let after = json!({ "kind": new.kind, "amount_minor": new.amount_minor, "reference": reference, "paid_date": new.paid_date });
    audit::record(tx, actor, now, "statement.settled", id, Some(json!({ "settled_minor": statement.settled_minor })), Some(after), None)
        .await?;
    let payload = json!({ "statement_id": id, "shop_id": found.shop_id, "brand_id": found.brand_id, "amount_minor": new.amount_minor, "left_minor": statement.left_minor() - new.amount_minor });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.statement_settled", key: found.shop_id.to_string(), payload }).await?;
    tx.announce(format!("shop:{}", found.shop_id));
    tx.announce(format!("brand:{}", found.brand_id));
    get(tx, actor, id).await
}

type NewRow<'a> = (PaymentKind, i64, &'a str, CivilDate, Option<StatementId>);

async fn insert_payment(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    id: PaymentId,
    statement: &Row,
    (kind, amount, reference, date, other): NewRow<'_>,
) -> Result<(), Error> {
    tx.query(INSERT_PAYMENT)
        .bind(id)
        .bind(statement.id)
        .bind(statement.tenant_id)
        .bind(statement.brand_id)
        .bind(statement.shop_id)
        .bind(kind)
        .bind(amount)
        .bind(reference.to_owned())
        .bind(date)
        .bind(other)
        .bind(now)
        .bind(actor.label())
        .bind(actor.user().ok())
        .execute()
        .await?;
    Ok(())
}

/// Sets statements on which more was taken back than added against the oldest ones that are not settled. The caller
/// holds the brand's lock.
pub(super) async fn offset(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    brand: BrandId,
    shop: ShopId,
    currency: Currency,
) -> Result<(), Error> {
    let unsettled: Vec<Row> = tx.query(UNSETTLED).bind(brand).bind(shop).bind(currency).all().await?;
    let (mut credits, mut debts) = unsettled
        .into_iter()
        .map(|row| {
            let left = row.amount_minor - row.settled_minor;
            (row, left)
        })
        .partition::<Vec<(Row, i64)>, _>(|(_, left)| *left < 0);
    let (mut credit, mut debt) = (0, 0);
    while credit < credits.len() && debt < debts.len() {
        let amount = credits[credit].1.abs().min(debts[debt].1);
        for (one, other, signed) in [(&debts[debt].0, &credits[credit].0, amount), (&credits[credit].0, &debts[debt].0, -amount)] {
            let id = tx.new_id();
            insert_payment(tx, actor, now, id, one, (PaymentKind::Offset, signed, "", other.through_date, Some(other.id))).await?;
        }
        credits[credit].1 += amount;
        debts[debt].1 -= amount;
        credit += usize::from(credits[credit].1 == 0);
        debt += usize::from(debts[debt].1 == 0);
    }
    Ok(())
}

sql! {
    OF_SHOP: "SELECT id, run_id, tenant_id, brand_id, brand_name, brand_colour, shop_id, shop_name, currency, from_date, through_date, lines, amount_minor, settled_minor, closed_at
              FROM statement_now WHERE shop_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

    OF_TENANT: "SELECT id, run_id, tenant_id, brand_id, brand_name, brand_colour, shop_id, shop_name, currency, from_date, through_date, lines, amount_minor, settled_minor, closed_at
                FROM statement_now WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

    OF_RUN: "SELECT id, run_id, tenant_id, brand_id, brand_name, brand_colour, shop_id, shop_name, currency, from_date, through_date, lines, amount_minor, settled_minor, closed_at
             FROM statement_now WHERE run_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

    ONE: "SELECT id, run_id, tenant_id, brand_id, brand_name, brand_colour, shop_id, shop_name, currency, from_date, through_date, lines, amount_minor, settled_minor, closed_at
          FROM statement_now WHERE id = $1";

    UNSETTLED: "SELECT id, run_id, tenant_id, brand_id, brand_name, brand_colour, shop_id, shop_name, currency, from_date, through_date, lines, amount_minor, settled_minor, closed_at
                FROM statement_now WHERE brand_id = $1 AND shop_id = $2 AND currency = $3 AND amount_minor <> settled_minor ORDER BY id";

    PAYMENTS: "SELECT p.id, p.kind, p.amount_minor, p.reference, p.paid_date, p.recorded_at, p.recorded_by, u.name AS person
               FROM statement_payment p LEFT JOIN org_user u ON u.id = p.recorded_user WHERE p.statement_id = $1 ORDER BY p.id LIMIT 200";

    FIND_PAYMENT: "SELECT statement_id, kind, amount_minor, reference, paid_date FROM statement_payment WHERE id = $1";

    INSERT_PAYMENT: "INSERT INTO statement_payment (id, statement_id, tenant_id, brand_id, shop_id, kind, amount_minor, reference, paid_date, other_statement_id, recorded_at, recorded_by, recorded_user)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    LINES: "SELECT l.entry_id, l.kind, COALESCE(r.name, x.reason, c.name) AS what, COALESCE(x.units, 1) AS units, COALESCE(p.unit_cost_minor, 0) AS unit_cost_minor,
                   COALESCE(p.handling_fee_minor, 0) AS handling_fee_minor, l.amount_minor, l.occurred_at, h.time_zone
            FROM statement_line l
            JOIN statement s ON s.id = l.statement_id
            JOIN shop h ON h.id = s.shop_id
            LEFT JOIN payable_entry p ON p.id = l.entry_id
            LEFT JOIN reward_instance i ON i.id = p.reward_instance_id
            LEFT JOIN reward r ON r.id = i.reward_id
            LEFT JOIN shop_entry x ON x.id = l.entry_id
            LEFT JOIN campaign c ON c.id = x.campaign_id
            WHERE l.statement_id = $1 AND l.entry_id > $2 ORDER BY l.entry_id LIMIT $3";
}
