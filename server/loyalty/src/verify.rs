//! Rebuilds every cached number from the facts and compares: balances, lots, awards, stock, debts to shops.

use db::{Db, Tx, sql};

use crate::Error;

/// Differences that one check lists at most.
const SHOWN_MAX: usize = 20;

/// One check of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was compared.
    pub check: &'static str,
    /// Rows that were compared.
    pub rows: i64,
    /// Rows that differ, the first [`SHOWN_MAX`] of them: id, booked, rebuilt.
    pub differences: Vec<String>,
}

/// What a rebuild found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One for each check.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Nothing differs.
    pub fn clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.differences.is_empty())
    }
}

/// Reads one consistent state and checks all of it.
pub async fn verify(db: &Db) -> Result<Report, Error> {
    let mut tx = db.read().await?;
    let mut report = Report::default();
    for (check, count, differences) in CHECKS {
        report.findings.push(run(&mut tx, check, *count, *differences).await?);
    }
    Ok(report)
}

async fn run(tx: &mut Tx, check: &'static str, count: db::Sql, differences: db::Sql) -> Result<Finding, Error> {
    let (rows,): (i64,) = tx.query(count).one().await?;
    let found: Vec<(uuid::Uuid, i64, i64)> = tx.query(differences).all().await?;
    let differences = found.into_iter().take(SHOWN_MAX).map(|(id, booked, rebuilt)| format!("{id}: booked {booked}, rebuilt {rebuilt}")).collect();
    Ok(Finding { check, rows, differences })
}

const CHECKS: &[(&str, db::Sql, db::Sql)] = &[
    ("available = entries", COUNT_WALLETS, AVAILABLE),
    ("pending = entries", COUNT_WALLETS, PENDING),
    ("reserved = entries", COUNT_WALLETS, RESERVED),
    ("debt = entries", COUNT_WALLETS, DEBT),
    ("lot = award − what was taken", COUNT_LOTS, LOTS),
    ("balance = lots", COUNT_WALLETS, BALANCE_OF_LOTS),
    ("reserved = rewards held", COUNT_WALLETS, HELD),
    ("award = entries of the purchase", COUNT_EVALUATIONS, AWARDS),
    ("lot's award − what returns took = net award", COUNT_LOTS, NET_AWARDS),
    ("budget = net awards", COUNT_CAPS, CAPS),
    ("stock = first stock − rewards given", COUNT_STOCK, STOCK),
    ("debt to shops = rewards delivered", COUNT_INSTANCES, PAYABLES),
    ("total = lines", COUNT_PURCHASES, TOTALS),
    ("returned lines = returns", COUNT_PURCHASES, RETURNS),
];

sql! {
    COUNT_WALLETS: "SELECT COUNT(*) FROM wallet";

    AVAILABLE: "SELECT w.id, w.available,
                      CAST(COALESCE(SUM(CASE WHEN e.credit_account = 'available' THEN e.amount WHEN e.debit_account = 'available' THEN -e.amount ELSE 0 END), 0) AS BIGINT) AS rebuilt
               FROM wallet w LEFT JOIN ledger_entry e ON e.wallet_id = w.id
               GROUP BY w.id, w.available
               HAVING w.available <> COALESCE(SUM(CASE WHEN e.credit_account = 'available' THEN e.amount WHEN e.debit_account = 'available' THEN -e.amount ELSE 0 END), 0)";

    PENDING: "SELECT w.id, w.pending,
                      CAST(COALESCE(SUM(CASE WHEN e.credit_account = 'pending' THEN e.amount WHEN e.debit_account = 'pending' THEN -e.amount ELSE 0 END), 0) AS BIGINT) AS rebuilt
               FROM wallet w LEFT JOIN ledger_entry e ON e.wallet_id = w.id
               GROUP BY w.id, w.pending
               HAVING w.pending <> COALESCE(SUM(CASE WHEN e.credit_account = 'pending' THEN e.amount WHEN e.debit_account = 'pending' THEN -e.amount ELSE 0 END), 0)";

    RESERVED: "SELECT w.id, w.reserved,
                      CAST(COALESCE(SUM(CASE WHEN e.credit_account = 'reserved' THEN e.amount WHEN e.debit_account = 'reserved' THEN -e.amount ELSE 0 END), 0) AS BIGINT) AS rebuilt
               FROM wallet w LEFT JOIN ledger_entry e ON e.wallet_id = w.id
               GROUP BY w.id, w.reserved
               HAVING w.reserved <> COALESCE(SUM(CASE WHEN e.credit_account = 'reserved' THEN e.amount WHEN e.debit_account = 'reserved' THEN -e.amount ELSE 0 END), 0)";

    /// The brand's claim on the consumer: it grows where the others shrink.
    DEBT: "SELECT w.id, w.debt,
                      CAST(COALESCE(SUM(CASE WHEN e.debit_account = 'debt' THEN e.amount WHEN e.credit_account = 'debt' THEN -e.amount ELSE 0 END), 0) AS BIGINT) AS rebuilt
               FROM wallet w LEFT JOIN ledger_entry e ON e.wallet_id = w.id
               GROUP BY w.id, w.debt
               HAVING w.debt <> COALESCE(SUM(CASE WHEN e.debit_account = 'debt' THEN e.amount WHEN e.credit_account = 'debt' THEN -e.amount ELSE 0 END), 0)";

    COUNT_LOTS: "SELECT COUNT(*) FROM lot";

    /// Only what goes in or comes out; between pending and available nothing changes.
    LOTS: "SELECT l.id, l.remaining, CAST(COALESCE(SUM(CASE WHEN e.credit_account IN ('available', 'pending') THEN e.amount ELSE 0 END - CASE WHEN e.debit_account IN ('available', 'pending') THEN e.amount ELSE 0 END), 0) AS BIGINT) AS rebuilt
           FROM lot l LEFT JOIN ledger_entry e ON e.lot_id = l.id
           GROUP BY l.id, l.remaining
           HAVING l.remaining <> COALESCE(SUM(CASE WHEN e.credit_account IN ('available', 'pending') THEN e.amount ELSE 0 END - CASE WHEN e.debit_account IN ('available', 'pending') THEN e.amount ELSE 0 END), 0)";

    BALANCE_OF_LOTS: "SELECT w.id, w.available + w.pending AS booked, CAST(COALESCE(SUM(l.remaining), 0) AS BIGINT) AS rebuilt
                      FROM wallet w LEFT JOIN lot l ON l.wallet_id = w.id
                      GROUP BY w.id, w.available, w.pending
                      HAVING w.available + w.pending <> COALESCE(SUM(l.remaining), 0)";

    HELD: "SELECT w.id, w.reserved AS booked, CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS rebuilt
           FROM wallet w
           LEFT JOIN reward_instance i ON i.wallet_id = w.id AND i.status = 'reserved'
           LEFT JOIN ledger_entry e ON e.reward_instance_id = i.id AND e.kind = 'RESERVE'
           GROUP BY w.id, w.reserved
           HAVING w.reserved <> COALESCE(SUM(e.amount), 0)";

    NET_AWARDS: "SELECT l.id, l.awarded - l.reversed AS booked,
                        CAST(l.awarded - COALESCE((SELECT SUM(r.amount) FROM award_reversal r WHERE r.purchase_id = l.purchase_id AND r.campaign_id = l.campaign_id), 0) AS BIGINT) AS rebuilt
                 FROM lot l
                 WHERE l.reversed <> COALESCE((SELECT SUM(r.amount) FROM award_reversal r WHERE r.purchase_id = l.purchase_id AND r.campaign_id = l.campaign_id), 0)";

    COUNT_CAPS: "SELECT COUNT(*) FROM cap_use";

    CAPS: "SELECT u.campaign_id, u.used, CAST(COALESCE(SUM(l.awarded - l.reversed), 0) AS BIGINT) AS rebuilt
           FROM cap_use u
           LEFT JOIN lot l ON l.campaign_id = u.campaign_id AND (u.business_date = '' OR (l.business_date = u.business_date AND l.shop_id = u.shop_id))
           GROUP BY u.campaign_id, u.shop_id, u.business_date, u.used
           HAVING u.used <> COALESCE(SUM(l.awarded - l.reversed), 0)";

    COUNT_EVALUATIONS: "SELECT COUNT(*) FROM evaluation";

    AWARDS: "SELECT v.purchase_id, v.award, CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS rebuilt
             FROM evaluation v LEFT JOIN ledger_entry e ON e.purchase_id = v.purchase_id AND e.campaign_id = v.campaign_id AND e.kind = 'EARN'
             GROUP BY v.purchase_id, v.campaign_id, v.award
             HAVING v.award <> COALESCE(SUM(e.amount), 0)";

    COUNT_STOCK: "SELECT COUNT(*) FROM reward_stock";

    STOCK: "SELECT r.id, s.units_left, CAST(r.stock_initial - (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status NOT IN ('lapsed', 'cancelled') AND NOT i.unit_passed_on) AS BIGINT) AS rebuilt
            FROM reward r JOIN reward_stock s ON s.reward_id = r.id
            WHERE s.units_left <> r.stock_initial - (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status NOT IN ('lapsed', 'cancelled') AND NOT i.unit_passed_on)";

    COUNT_INSTANCES: "SELECT COUNT(*) FROM reward_instance";

    PAYABLES: "SELECT i.id, CAST(COALESCE(SUM(p.amount_minor), 0) AS BIGINT) AS booked,
                      CASE WHEN i.status = 'delivered' THEN r.unit_cost_minor + r.handling_fee_minor ELSE 0 END AS rebuilt
               FROM reward_instance i
               JOIN reward r ON r.id = i.reward_id
               LEFT JOIN payable_entry p ON p.reward_instance_id = i.id
               GROUP BY i.id, i.status, r.unit_cost_minor, r.handling_fee_minor
               HAVING COALESCE(SUM(p.amount_minor), 0) <> CASE WHEN i.status = 'delivered' THEN r.unit_cost_minor + r.handling_fee_minor ELSE 0 END";

    COUNT_PURCHASES: "SELECT COUNT(*) FROM purchase";

    TOTALS: "SELECT p.id, p.total_minor, CAST(COALESCE(SUM(l.amount_minor), 0) AS BIGINT) AS rebuilt
             FROM purchase p LEFT JOIN purchase_line l ON l.purchase_id = p.id
             GROUP BY p.id, p.total_minor
             HAVING p.total_minor <> COALESCE(SUM(l.amount_minor), 0)";

    RETURNS: "SELECT l.purchase_id, l.returned_quantity, CAST(COALESCE(SUM(r.quantity), 0) AS BIGINT) AS rebuilt
              FROM purchase_line l LEFT JOIN purchase_return_line r ON r.purchase_id = l.purchase_id AND r.line = l.line
              GROUP BY l.purchase_id, l.line, l.returned_quantity
              HAVING l.returned_quantity <> COALESCE(SUM(r.quantity), 0)";
}
