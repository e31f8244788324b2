//! Rebuilds every cached number from the facts and compares: balances, lots, awards, stock, debts to shops.

use db::{Db, Tx, sql};

use crate::{Error, seal};

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
    /// Rows that wait for their seal: how many of each book, and the first of them. A minute's worth is normal.
    pub unsealed: Vec<(&'static str, i64, Vec<uuid::Uuid>)>,
}

impl Report {
    /// Nothing differs.
    pub fn clean(&self) -> bool {
        self.findings.iter().all(|finding| finding.differences.is_empty())
    }
}

/// Reads one consistent state and checks all of it. That takes minutes where there are millions of rows: each step says in the log
/// that it begins.
pub async fn verify(db: &Db) -> Result<Report, Error> {
    let mut tx = db.read().await?;
    let mut report = Report { findings: accounts(&mut tx).await?, ..Report::default() };
    for (check, count, differences) in CHECKS {
        report.findings.push(run(&mut tx, check, *count, *differences).await?);
    }
    for (check, checked) in seal::check_all(&mut tx).await? {
        report.findings.push(Finding { check, rows: checked.rows, differences: checked.broken });
        if checked.unsealed > 0 {
            report.unsealed.push((check, checked.unsealed, checked.unsealed_rows));
        }
    }
    Ok(report)
}

async fn run(tx: &mut Tx, check: &'static str, count: db::Sql, differences: db::Sql) -> Result<Finding, Error> {
    tracing::info!("Checking {check}");
    let (rows,): (i64,) = tx.query(count).one().await?;
    let found: Vec<(uuid::Uuid, i64, i64)> = tx.query(differences).all().await?;
    let differences = found.into_iter().take(SHOWN_MAX).map(|(id, booked, rebuilt)| told(id, booked, rebuilt)).collect();
    Ok(Finding { check, rows, differences })
}

const CHECKS: &[(&str, db::Sql, db::Sql)] = &[
    ("lot = award − what was taken", COUNT_LOTS, LOTS),
    ("balance = lots", COUNT_WALLETS, BALANCE_OF_LOTS),
    ("reserved = rewards held", COUNT_WALLETS, HELD),
    ("award = entries of the purchase", COUNT_EVALUATIONS, AWARDS),
    ("lot's award − what returns took = net award", COUNT_LOTS, NET_AWARDS),
    ("correction = its entries", COUNT_ADJUSTMENTS, ADJUSTMENTS),
    ("budget = net awards", COUNT_CAPS, CAPS),
    ("stock = first stock − rewards given", COUNT_STOCK, STOCK),
    ("units at a shop = given − handed over", COUNT_SHOP_UNITS, SHOP_UNITS),
    ("a purchase pays its shop no less than nothing", COUNT_SHOP_ENTRIES, INCENTIVES),
    ("debt to shops = rewards delivered", COUNT_INSTANCES, PAYABLES),
    ("statement = its lines", COUNT_STATEMENTS, STATEMENT_LINES),
    ("line of a statement = entry of the books", COUNT_STATEMENT_LINES, LINE_ENTRIES),
    ("settled ≤ statement", COUNT_STATEMENTS, SETTLED),
    ("statements + open entries = debts to the shop", COUNT_SHOPS_OWED, CLOSED_AND_OPEN),
    ("goal of a shop = shares of its neighbours", COUNT_GOALS, GOALS),
    ("total = lines", COUNT_PURCHASES, TOTALS),
    ("returned lines = returns", COUNT_PURCHASES, RETURNS),
];

/// The four accounts of a wallet, in the order of [`ACCOUNTS`].
const ACCOUNT_CHECKS: [&str; 4] = ["available = entries", "pending = entries", "reserved = entries", "debt = entries"];

#[derive(sqlx::FromRow)]
struct Accounts {
    id: uuid::Uuid,
    available: i64,
    available_rebuilt: i64,
    pending: i64,
    pending_rebuilt: i64,
    reserved: i64,
    reserved_rebuilt: i64,
    debt: i64,
    debt_rebuilt: i64,
}

/// All four accounts of every wallet against one pass over the ledger.
async fn accounts(tx: &mut Tx) -> Result<Vec<Finding>, Error> {
    tracing::info!("Checking {}", ACCOUNT_CHECKS.join(", "));
    let (rows,): (i64,) = tx.query(COUNT_WALLETS).one().await?;
    let mut findings = ACCOUNT_CHECKS.map(|check| Finding { check, rows, differences: Vec::new() });
    for wallet in tx.query(ACCOUNTS).all::<Accounts>().await? {
        let sides = [
            (wallet.available, wallet.available_rebuilt),
            (wallet.pending, wallet.pending_rebuilt),
            (wallet.reserved, wallet.reserved_rebuilt),
            (wallet.debt, wallet.debt_rebuilt),
        ];
        for (finding, (booked, rebuilt)) in findings.iter_mut().zip(sides) {
            if booked != rebuilt && finding.differences.len() < SHOWN_MAX {
                finding.differences.push(told(wallet.id, booked, rebuilt));
            }
        }
    }
    Ok(findings.into())
}

fn told(id: uuid::Uuid, booked: i64, rebuilt: i64) -> String {
    format!("{id}: booked {booked}, rebuilt {rebuilt}")
}

sql! {
    /// Debt is the brand's claim on the consumer: it grows where the others shrink. Grouped once: four passes over millions of
    /// entries were most of a check.
    ACCOUNTS: "SELECT w.id, w.available, CAST(COALESCE(r.available, 0) AS BIGINT) AS available_rebuilt, w.pending, CAST(COALESCE(r.pending, 0) AS BIGINT) AS pending_rebuilt, w.reserved, CAST(COALESCE(r.reserved, 0) AS BIGINT) AS reserved_rebuilt, w.debt, CAST(COALESCE(r.debt, 0) AS BIGINT) AS debt_rebuilt
               FROM wallet w
               LEFT JOIN (SELECT wallet_id, SUM(CASE WHEN credit_account = 'available' THEN amount WHEN debit_account = 'available' THEN -amount ELSE 0 END) AS available,
                            SUM(CASE WHEN credit_account = 'pending' THEN amount WHEN debit_account = 'pending' THEN -amount ELSE 0 END) AS pending,
                            SUM(CASE WHEN credit_account = 'reserved' THEN amount WHEN debit_account = 'reserved' THEN -amount ELSE 0 END) AS reserved,
                            SUM(CASE WHEN debit_account = 'debt' THEN amount WHEN credit_account = 'debt' THEN -amount ELSE 0 END) AS debt
                          FROM ledger_entry GROUP BY wallet_id) r ON r.wallet_id = w.id
               WHERE w.available <> COALESCE(r.available, 0) OR w.pending <> COALESCE(r.pending, 0) OR w.reserved <> COALESCE(r.reserved, 0) OR w.debt <> COALESCE(r.debt, 0)
               ORDER BY w.id";

    COUNT_WALLETS: "SELECT COUNT(*) FROM wallet";

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

    /// Lots of one award: more than one when lines of the purchase waited for their product.
    NET_AWARDS: "SELECT n.purchase_id, n.awarded - n.reversed AS booked, CAST(n.awarded - n.returned AS BIGINT) AS rebuilt
                 FROM (SELECT l.purchase_id, CAST(SUM(l.awarded) AS BIGINT) AS awarded, CAST(SUM(l.reversed) AS BIGINT) AS reversed,
                              COALESCE((SELECT SUM(r.amount) FROM award_reversal r WHERE r.purchase_id = l.purchase_id AND r.campaign_id = l.campaign_id), 0) AS returned
                       FROM lot l WHERE l.adjustment_id IS NULL GROUP BY l.purchase_id, l.campaign_id) AS n
                 WHERE n.reversed <> n.returned";

    COUNT_CAPS: "SELECT COUNT(*) FROM cap_use";

    /// A campaign's row and a shop's rows of a day apart, each against one pass over the lots: a join that asks for either
    /// looks at all lots of a campaign for every shop and day.
    CAPS: "SELECT u.campaign_id, u.used, CAST(COALESCE(n.net, 0) AS BIGINT) AS rebuilt
           FROM cap_use u
           LEFT JOIN (SELECT campaign_id, SUM(awarded - reversed) AS net FROM lot WHERE adjustment_id IS NULL AND campaign_id IN (SELECT campaign_id FROM cap_use) GROUP BY campaign_id) n ON n.campaign_id = u.campaign_id
           WHERE u.business_date = '' AND u.used <> COALESCE(n.net, 0)
           UNION ALL
           SELECT u.campaign_id, u.used, CAST(COALESCE(n.net, 0) AS BIGINT) AS rebuilt
           FROM cap_use u
           LEFT JOIN (SELECT campaign_id, shop_id, business_date, SUM(awarded - reversed) AS net FROM lot WHERE adjustment_id IS NULL AND campaign_id IN (SELECT campaign_id FROM cap_use) GROUP BY campaign_id, shop_id, business_date) n
                ON n.campaign_id = u.campaign_id AND n.shop_id = u.shop_id AND n.business_date = u.business_date
           WHERE u.business_date <> '' AND u.used <> COALESCE(n.net, 0)";

    COUNT_EVALUATIONS: "SELECT COUNT(*) FROM evaluation";

    AWARDS: "SELECT v.purchase_id, v.award, CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS rebuilt
             FROM evaluation_now v LEFT JOIN ledger_entry e ON e.purchase_id = v.purchase_id AND e.campaign_id = v.campaign_id AND e.kind = 'EARN'
             GROUP BY v.purchase_id, v.campaign_id, v.award
             HAVING v.award <> COALESCE(SUM(e.amount), 0)";

    COUNT_STOCK: "SELECT COUNT(*) FROM reward_stock";

    STOCK: "SELECT r.id, s.units_left, CAST(r.stock_initial - (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status NOT IN ('lapsed', 'cancelled') AND NOT i.unit_passed_on) AS BIGINT) AS rebuilt
            FROM reward r JOIN reward_stock s ON s.reward_id = r.id
            WHERE s.units_left <> r.stock_initial - (SELECT COUNT(*) FROM reward_instance i WHERE i.reward_id = r.id AND i.status NOT IN ('lapsed', 'cancelled') AND NOT i.unit_passed_on)";

    COUNT_GOALS: "SELECT COUNT(*) FROM shop_goal";

    GOALS: "SELECT p.shop_id, p.units AS booked, CAST(COALESCE(SUM(h.counted), 0) AS BIGINT) AS rebuilt FROM shop_goal p
            LEFT JOIN shop_goal_share h ON h.campaign_id = p.campaign_id AND h.shop_id = p.shop_id
            GROUP BY p.campaign_id, p.shop_id, p.units, p.consumers
            HAVING p.units <> COALESCE(SUM(h.counted), 0) OR p.consumers <> COUNT(CASE WHEN h.counted > 0 THEN 1 END)";

    COUNT_INSTANCES: "SELECT COUNT(*) FROM reward_instance";

    PAYABLES: "SELECT i.id, CAST(COALESCE(SUM(p.amount_minor), 0) AS BIGINT) AS booked,
                      CASE WHEN i.status = 'delivered' THEN r.unit_cost_minor + r.handling_fee_minor ELSE 0 END AS rebuilt
               FROM reward_instance i
               JOIN reward r ON r.id = i.reward_id
               LEFT JOIN payable_entry p ON p.reward_instance_id = i.id
               GROUP BY i.id, i.status, r.unit_cost_minor, r.handling_fee_minor
               HAVING COALESCE(SUM(p.amount_minor), 0) <> CASE WHEN i.status = 'delivered' THEN r.unit_cost_minor + r.handling_fee_minor ELSE 0 END";

    COUNT_SHOP_UNITS: "SELECT COUNT(*) FROM reward_shop_stock";

    SHOP_UNITS: "SELECT k.reward_id, k.units_left AS booked, CAST(COALESCE(SUM(e.units), 0) AS BIGINT) AS rebuilt
                 FROM reward_shop_stock k LEFT JOIN reward_shop_stock_entry e ON e.reward_id = k.reward_id AND e.shop_id = k.shop_id
                 GROUP BY k.reward_id, k.shop_id, k.units_left
                 HAVING k.units_left <> COALESCE(SUM(e.units), 0)";

    COUNT_SHOP_ENTRIES: "SELECT COUNT(*) FROM shop_entry";

    /// And nothing at all when all of it came back.
    INCENTIVES: "SELECT e.purchase_id, CAST(SUM(e.amount_minor) AS BIGINT) AS booked, CAST(0 AS BIGINT) AS rebuilt
                 FROM shop_entry e JOIN purchase p ON p.id = e.purchase_id
                 GROUP BY e.purchase_id, e.campaign_id, p.fully_returned
                 HAVING SUM(e.amount_minor) < 0 OR (p.fully_returned AND SUM(e.amount_minor) <> 0)";

    COUNT_ADJUSTMENTS: "SELECT COUNT(*) FROM adjustment";

    /// What was not posted has no entry; what was has moved exactly its amount. Rewards that it undid are not its own.
    ADJUSTMENTS: "SELECT a.id, CASE WHEN d.posted THEN ABS(a.amount) ELSE 0 END AS booked,
                         CAST(COALESCE((SELECT SUM(e.amount) FROM ledger_entry e WHERE e.adjustment_id = a.id AND e.kind IN ('EARN', 'REVERSE', 'DEBT', 'WAIVE')), 0) AS BIGINT)
                         + CAST(COALESCE((SELECT SUM(ABS(x.amount_minor)) FROM shop_entry x WHERE x.kind = 'correction' AND a.shop_id IS NOT NULL AND x.id = d.entry_id), 0) AS BIGINT) AS rebuilt
                  FROM adjustment a LEFT JOIN adjustment_decision d ON d.adjustment_id = a.id
                  WHERE CASE WHEN d.posted THEN ABS(a.amount) ELSE 0 END
                        <> COALESCE((SELECT SUM(e.amount) FROM ledger_entry e WHERE e.adjustment_id = a.id AND e.kind IN ('EARN', 'REVERSE', 'DEBT', 'WAIVE')), 0)
                           + COALESCE((SELECT SUM(ABS(x.amount_minor)) FROM shop_entry x WHERE x.kind = 'correction' AND a.shop_id IS NOT NULL AND x.id = d.entry_id), 0)";

    COUNT_STATEMENTS: "SELECT COUNT(*) FROM statement";

    STATEMENT_LINES: "SELECT s.id, s.amount_minor AS booked, CAST(COALESCE(SUM(l.amount_minor), 0) AS BIGINT) AS rebuilt
                      FROM statement s LEFT JOIN statement_line l ON l.statement_id = s.id
                      GROUP BY s.id, s.amount_minor, s.lines
                      HAVING s.amount_minor <> COALESCE(SUM(l.amount_minor), 0) OR s.lines <> COUNT(l.entry_id)";

    COUNT_STATEMENT_LINES: "SELECT COUNT(*) FROM statement_line";

    /// The same entry with the same amount, of the statement's own shop, brand and currency, within its period.
    LINE_ENTRIES: "SELECT l.entry_id, l.amount_minor AS booked, COALESCE(p.amount_minor, x.amount_minor, 0) AS rebuilt
                   FROM statement_line l JOIN statement s ON s.id = l.statement_id
                   LEFT JOIN payable_entry p ON p.id = l.entry_id AND p.shop_id = s.shop_id AND p.brand_id = s.brand_id AND p.currency = s.currency AND p.business_date <= s.through_date
                   LEFT JOIN shop_entry x ON x.id = l.entry_id AND x.shop_id = s.shop_id AND x.brand_id = s.brand_id AND x.currency = s.currency AND x.business_date <= s.through_date
                   WHERE COALESCE(p.amount_minor, x.amount_minor, 0) <> l.amount_minor";

    /// Never more, and nothing of a credit but what was set against another statement.
    SETTLED: "SELECT id, settled_minor AS booked, amount_minor AS rebuilt FROM statement_now
              WHERE CASE WHEN amount_minor < 0 THEN settled_minor < amount_minor OR settled_minor > 0 ELSE settled_minor > amount_minor OR settled_minor < 0 END";

    COUNT_SHOPS_OWED: "SELECT COUNT(DISTINCT shop_id) FROM owed_entry";

    CLOSED_AND_OPEN: "SELECT shop_id, closed + open_ AS booked, owed AS rebuilt
                      FROM (SELECT e.shop_id, CAST(SUM(e.amount_minor) AS BIGINT) AS owed,
                                   CAST(SUM(CASE WHEN l.entry_id IS NULL THEN e.amount_minor ELSE 0 END) AS BIGINT) AS open_,
                                   CAST((SELECT COALESCE(SUM(s.amount_minor), 0) FROM statement s WHERE s.shop_id = e.shop_id) AS BIGINT) AS closed
                            FROM owed_entry e LEFT JOIN statement_line l ON l.entry_id = e.id
                            GROUP BY e.shop_id) AS sums
                      WHERE closed + open_ <> owed";

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
