//! The statements of a purchase without the product around them: the rows that a run of the product has written, written
//! again through sqlx, with the reads that came before each.
//!
//! The texts are those of `loyalty::purchase`, `loyalty::changes`, `loyalty::ledger`, `loyalty::card`, `identity::device` and `jobs::outbox`.

use std::{
    collections::HashMap,
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};

/// Purchases that share a COMMIT.
const GROUP: usize = 16;

/// A value of a row, whatever it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

type Fields = Vec<(String, Value)>;

/// A statement with its values.
struct Statement {
    text: String,
    values: Vec<Value>,
    reads: bool,
}

/// Purchases as the product wrote them, in their order.
pub struct Recorded(Vec<Vec<Statement>>);

/// How fast the database alone was.
pub struct Replayed {
    pub per_second: f64,
    pub statements_per_purchase: f64,
}

impl Recorded {
    /// Reads what a run left behind.
    pub async fn read(database_url: &str) -> Result<Self> {
        let mut connection = open(database_url).await?;
        let written = Written::read(&mut connection).await?;
        let mut known = HashMap::new();
        let purchases = rows(&mut connection, "SELECT * FROM purchase ORDER BY id").await?;
        ensure!(!purchases.is_empty(), "a run of the product leaves purchases behind");
        let statements = purchases.iter().map(|purchase| written.statements(purchase, &mut known)).collect::<Result<_>>()?;
        connection.close().await?;
        Ok(Self(statements))
    }

    /// Writes everything into a database that holds what the product's did before; the first ones only warm it.
    pub async fn replay(&self, database_url: &str, warming: usize) -> Result<Replayed> {
        let mut connection = open(database_url).await?;
        let (first, measured) = self.0.split_at(warming.min(self.0.len()));
        write(&mut connection, first).await?;
        let began = Instant::now();
        write(&mut connection, measured).await?;
        let seconds = began.elapsed().as_secs_f64();
        connection.close().await?;
        let statements: usize = measured.iter().map(Vec::len).sum();
        Ok(Replayed { per_second: measured.len() as f64 / seconds, statements_per_purchase: statements as f64 / measured.len() as f64 })
    }
}

/// As the product opens its writing connection; what copies the log beside it there, nobody does here.
async fn open(database_url: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::from_str(database_url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(512)
        .pragma("journal_size_limit", "167772160")
        .pragma("wal_autocheckpoint", "32768")
        .pragma("cache_size", "-16384")
        .disable_statement_logging();
    Ok(options.connect().await?)
}

async fn write(connection: &mut SqliteConnection, purchases: &[Vec<Statement>]) -> Result<()> {
    for group in purchases.chunks(GROUP) {
        connection.execute("BEGIN IMMEDIATE").await?;
        for statement in group.iter().flatten() {
            let mut arguments = SqliteArguments::default();
            for value in &statement.values {
                value.bind(&mut arguments)?;
            }
            let query = sqlx::query_with(AssertSqlSafe(statement.text.as_str()), arguments);
            if statement.reads {
                query.fetch_all(&mut *connection).await.with_context(|| statement.text.clone())?;
            } else {
                query.execute(&mut *connection).await.with_context(|| statement.text.clone())?;
            }
        }
        connection.execute("COMMIT").await?;
    }
    Ok(())
}

impl Value {
    fn bind(&self, arguments: &mut SqliteArguments) -> Result<()> {
        use sqlx::Arguments;

        match self {
            Self::Null => arguments.add(None::<i64>),
            Self::Integer(number) => arguments.add(*number),
            Self::Text(text) => arguments.add(text.clone()),
            Self::Blob(bytes) => arguments.add(bytes.clone()),
        }
        .map_err(|error| anyhow::anyhow!(error))
    }

    fn number(&self) -> i64 {
        if let Self::Integer(number) = self { *number } else { 0 }
    }
}

async fn rows(connection: &mut SqliteConnection, text: &'static str) -> Result<Vec<Fields>> {
    sqlx::query(text).fetch_all(connection).await?.iter().map(fields).collect()
}

fn fields(row: &SqliteRow) -> Result<Fields> {
    let value = |place: usize| -> Result<Value> {
        let raw = row.try_get_raw(place)?;
        // SQLite reads NULL as an empty value of the column's type.
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "TEXT" => Value::Text(row.try_get(place)?),
            "BLOB" => Value::Blob(row.try_get(place)?),
            _ => Value::Integer(row.try_get(place)?),
        })
    };
    row.columns().iter().map(|column| Ok((column.name().to_owned(), value(column.ordinal())?))).collect()
}

fn get<'a>(fields: &'a Fields, name: &str) -> Result<&'a Value> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value).with_context(|| format!("a row has no column {name}"))
}

fn values(fields: &Fields, names: &[&str]) -> Result<Vec<Value>> {
    names.iter().map(|name| get(fields, name).cloned()).collect()
}

/// Everything beside the purchases themselves, by purchase.
struct Written {
    lines: HashMap<Value, Vec<Fields>>,
    codes: HashMap<Value, Vec<Fields>>,
    lots: HashMap<Value, Vec<Fields>>,
    entries: HashMap<Value, Vec<Fields>>,
    evaluations: HashMap<Value, Vec<Fields>>,
    rewards: HashMap<Value, Vec<Fields>>,
    wallets: HashMap<Value, Vec<Fields>>,
    cards: HashMap<Value, Vec<Fields>>,
}

impl Written {
    async fn read(connection: &mut SqliteConnection) -> Result<Self> {
        Ok(Self {
            lines: by(rows(connection, "SELECT * FROM purchase_line ORDER BY purchase_id, line").await?, "purchase_id")?,
            codes: by(rows(connection, "SELECT * FROM card_code_use").await?, "purchase_id")?,
            lots: by(rows(connection, "SELECT * FROM lot ORDER BY id").await?, "purchase_id")?,
            entries: by(
                rows(
                    connection,
                    "SELECT e.*, COALESCE(e.purchase_id, i.purchase_id) AS because_of FROM ledger_entry e
                                  LEFT JOIN reward_instance i ON i.id = e.reward_instance_id ORDER BY e.id",
                )
                .await?,
                "because_of",
            )?,
            evaluations: by(rows(connection, "SELECT * FROM evaluation").await?, "purchase_id")?,
            rewards: by(rows(connection, "SELECT * FROM reward_instance ORDER BY id").await?, "purchase_id")?,
            wallets: by(rows(connection, "SELECT * FROM wallet").await?, "id")?,
            cards: by(rows(connection, "SELECT * FROM card").await?, "id")?,
        })
    }

    /// In the product's order. `known` holds the wallets that exist by now, with their balances.
    fn statements(&self, purchase: &Fields, known: &mut HashMap<Value, i64>) -> Result<Vec<Statement>> {
        let id = get(purchase, "id")?;
        let of = |rows: &HashMap<Value, Vec<Fields>>| rows.get(id).cloned().unwrap_or_default();
        let (lots, entries, rewards) = (of(&self.lots), of(&self.entries), of(&self.rewards));
        let mut statements = self.reads(purchase)?;
        statements.extend(insert_each(USE_CODE, &["card_id", "step", "purchase_id"], &of(&self.codes))?);
        statements.push(read(WALLETS, values(purchase, &["consumer_id"])?));
        for reward in &rewards {
            statements.push(read(COUNT_GIVEN, values(reward, &["consumer_id", "reward_id"])?));
            statements.push(read(OPEN_LOTS, vec![get(reward, "wallet_id")?.clone(), get(purchase, "purchased_at")?.clone()]));
        }
        statements.push(insert(PURCHASE, PURCHASE_COLUMNS, std::slice::from_ref(purchase), "")?);
        statements.push(insert(LINES, LINE_COLUMNS, &of(&self.lines), "")?);
        let (sales, points) = changes(purchase, &entries)?;
        statements.push(insert(SALE_CHANGE, &["id", "brand_id", "business_date", "changed_at"], &sales, "")?);
        statements.extend(self.wallet_statements(&lots, &entries, known)?);
        statements.extend(lot_statements(id, lots, &entries)?);
        statements.extend(insert_each(INSTANCE, INSTANCE_COLUMNS, &rewards)?);
        statements.push(insert(ENTRIES, ENTRY_COLUMNS, &entries, "")?);
        statements.push(insert(POINTS_CHANGE, &["id", "brand_id", "day", "changed_at"], &points, "")?);
        statements.push(insert(EVALUATIONS, EVALUATION_COLUMNS, &of(&self.evaluations), "")?);
        // The event's id is the rows' own: any sixteen bytes that nobody else has.
        statements.extend(rewards.iter().map(|reward| event(reward, "loyalty.reward_issued", purchase)).collect::<Result<Vec<_>>>()?);
        statements.push(event(purchase, "loyalty.purchase_registered", purchase)?);
        Ok(statements)
    }

    /// Who signed, whose card it is, and whether the sale is known.
    fn reads(&self, purchase: &Fields) -> Result<Vec<Statement>> {
        let card = self.cards.get(get(purchase, "card_id")?).and_then(|cards| cards.first()).context("a purchase has a card")?;
        let at = get(purchase, "purchased_at")?.number();
        let mut known = values(purchase, &["source", "source_key", "consumer_id"])?;
        known.extend([Value::Integer(at - 120_000), Value::Integer(at + 120_000)]);
        known.extend(values(purchase, &["shop_id", "card_id", "basket_hash"])?);
        Ok(vec![
            read(FIND_SIGNING, values(purchase, &["device_id"])?),
            read(HOLDER_BY_CODE, vec![get(purchase, "shop_id")?.clone(), get(card, "public_code")?.clone()]),
            read(FIND_KNOWN, known),
        ])
    }

    /// One statement for wallets that are new or gain, one for each that pays for a reward.
    fn wallet_statements(&self, lots: &[Fields], entries: &[Fields], known: &mut HashMap<Value, i64>) -> Result<Vec<Statement>> {
        let (mut gaining, mut paying) = (Vec::new(), Vec::new());
        for lot in lots {
            let id = get(lot, "wallet_id")?;
            let mut wallet = self.wallets.get(id).and_then(|wallets| wallets.first()).cloned().context("a lot has a wallet")?;
            let paid: i64 = entries.iter().filter(|entry| get(entry, "wallet_id").ok() == Some(id)).map(paid).sum();
            let change = get(lot, "awarded")?.number() - paid;
            let new = !known.contains_key(id);
            *known.entry(id.clone()).or_default() += change;
            set(&mut wallet, "available", Value::Integer(change));
            if new || change > 0 { gaining.push(wallet) } else { paying.push(wallet) }
        }
        let mut statements = vec![insert(WALLET, WALLET_COLUMNS, &gaining, ADD_TO_KNOWN)?];
        for wallet in paying {
            let change = get(&wallet, "available")?.number();
            let mut bound = vec![Value::Integer(-change)];
            bound.extend(values(&wallet, &["id", "consumer_id"])?);
            statements.push(Statement { text: TAKE_FROM_WALLET.to_owned(), values: bound, reads: false });
        }
        Ok(statements)
    }
}

/// Days of which reports tell something else now. They are taken away again, so they are made from what was earned.
fn changes(purchase: &Fields, entries: &[Fields]) -> Result<(Vec<Fields>, Vec<Fields>)> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    let (mut sales, mut points) = (Vec::new(), Vec::new());
    for entry in entries.iter().filter(|entry| get(entry, "kind").is_ok_and(|kind| *kind == Value::Text("EARN".to_owned()))) {
        let row = |name: &str, when: Value| -> Result<Fields> {
            let named = |name: &str, value: Value| (name.to_owned(), value);
            Ok(vec![
                named("id", get(entry, "id")?.clone()),
                named("brand_id", get(entry, "brand_id")?.clone()),
                named(name, when),
                named("changed_at", get(purchase, "received_at")?.clone()),
            ])
        };
        sales.push(row("business_date", get(purchase, "business_date")?.clone())?);
        points.push(row("day", Value::Integer(get(entry, "occurred_at")?.number() / DAY_MS))?);
    }
    Ok((sales, points))
}

/// What an entry takes out of its wallet.
fn paid(entry: &Fields) -> i64 {
    let issue = get(entry, "kind").is_ok_and(|kind| *kind == Value::Text("REWARD_ISSUE".to_owned()));
    if issue { get(entry, "amount").map_or(0, Value::number) } else { 0 }
}

/// New lots with what they keep, and earlier ones that pay.
fn lot_statements(purchase: &Value, mut lots: Vec<Fields>, entries: &[Fields]) -> Result<Vec<Statement>> {
    let mut taken = Vec::new();
    for lot in &mut lots {
        let kept = get(lot, "awarded")?.clone();
        set(lot, "remaining", kept);
    }
    for entry in entries.iter().filter(|entry| paid(entry) > 0) {
        let id = get(entry, "lot_id")?;
        match lots.iter_mut().find(|lot| get(lot, "id").ok() == Some(id)) {
            Some(fresh) => {
                let kept = get(fresh, "remaining")?.number() - paid(entry);
                set(fresh, "remaining", Value::Integer(kept));
            }
            None => taken.push(Statement {
                text: TAKE_FROM_LOT.to_owned(),
                values: vec![Value::Integer(paid(entry)), id.clone(), get(entry, "wallet_id")?.clone()],
                reads: false,
            }),
        }
    }
    ensure!(!lots.is_empty(), "every purchase earns: {purchase:?}");
    let mut statements = vec![insert(LOT, LOT_COLUMNS, &lots, "")?];
    statements.extend(taken);
    Ok(statements)
}

fn event(of: &Fields, topic: &str, purchase: &Fields) -> Result<Statement> {
    let values = vec![
        get(of, "id")?.clone(),
        Value::Text(topic.to_owned()),
        get(purchase, "source_key")?.clone(),
        Value::Text(r#"{"purchase_id":"pur_00000000000000000000000000000000","shop_id":"sho_00000000000000000000000000000000","status":"accepted"}"#.to_owned()),
        get(purchase, "received_at")?.clone(),
    ];
    Ok(Statement { text: PUBLISH.to_owned(), values, reads: false })
}

fn by(rows: Vec<Fields>, name: &str) -> Result<HashMap<Value, Vec<Fields>>> {
    let mut groups: HashMap<Value, Vec<Fields>> = HashMap::new();
    for row in rows {
        groups.entry(get(&row, name)?.clone()).or_default().push(row);
    }
    Ok(groups)
}

fn set(fields: &mut Fields, name: &str, to: Value) {
    if let Some((_, value)) = fields.iter_mut().find(|(known, _)| known == name) {
        *value = to;
    }
}

fn read(text: &str, values: Vec<Value>) -> Statement {
    Statement { text: text.to_owned(), values, reads: true }
}

/// Every row in one statement, as the product writes a table.
fn insert(table: &str, columns: &[&str], rows: &[Fields], then: &str) -> Result<Statement> {
    let row = |number: usize| {
        format!("({})", (1..=columns.len()).map(|column| format!("${}", number * columns.len() + column)).collect::<Vec<_>>().join(", "))
    };
    let places: Vec<String> = (0..rows.len()).map(row).collect();
    let text = format!("INSERT INTO {table} ({}) VALUES {} {then}", columns.join(", "), places.join(", "));
    let values = rows.iter().map(|row| values(row, columns)).collect::<Result<Vec<_>>>()?.concat();
    Ok(Statement { text, values, reads: false })
}

fn insert_each(table: &str, columns: &[&str], rows: &[Fields]) -> Result<Vec<Statement>> {
    rows.iter().map(|row| insert(table, columns, std::slice::from_ref(row), "")).collect()
}

const FIND_SIGNING: &str =
    "SELECT d.id AS device, d.member_id AS member, d.shop_id AS shop, m.role, d.public_key, s.currency, s.time_zone, d.revoked_at,
           (SELECT value FROM epoch WHERE name = 'rules') AS epoch
    FROM device d JOIN shop_member m ON m.id = d.member_id JOIN shop s ON s.id = d.shop_id
    WHERE d.id = $1";

const HOLDER_BY_CODE: &str =
    "SELECT c.id AS card, c.consumer_id AS consumer, c.blocked_at, c.public_code, n.display_name, n.adult, k.secret_sealed,
           EXISTS (SELECT 1 FROM contact t JOIN shop_member m ON m.phone_hash = t.phone_hash
                   WHERE t.consumer_id = c.consumer_id AND m.shop_id = $1 AND m.removed_at IS NULL) AS own_shop
    FROM card c
    JOIN consumer n ON n.id = c.consumer_id
    JOIN card_key k ON k.card_id = c.id AND k.revoked_at IS NULL
    WHERE c.public_code = $2 AND n.deleted_at IS NULL";

const FIND_KNOWN: &str = "SELECT id, content_hash, answer, TRUE AS same_key FROM purchase WHERE source = $1 AND source_key = $2
    UNION ALL
    SELECT id, content_hash, answer, FALSE AS same_key FROM purchase
    WHERE consumer_id = $3 AND purchased_at BETWEEN $4 AND $5 AND shop_id = $6 AND card_id = $7 AND basket_hash = $8
      AND status IN ('accepted', 'held') AND NOT (source = $1 AND source_key = $2)";

const WALLETS: &str = "SELECT id, scope_id, available FROM wallet WHERE consumer_id = $1";
const COUNT_GIVEN: &str = "SELECT COUNT(*) FROM reward_instance WHERE consumer_id = $1 AND reward_id = $2";
const OPEN_LOTS: &str = "SELECT l.id, l.remaining FROM lot l JOIN purchase p ON p.id = l.purchase_id
    WHERE l.wallet_id = $1 AND l.remaining > 0 AND l.expires_at > $2
    ORDER BY l.expires_at, p.purchased_at, l.created_at, l.id";
const ADD_TO_KNOWN: &str = "ON CONFLICT (id) DO UPDATE SET available = wallet.available + excluded.available";
const TAKE_FROM_WALLET: &str = "UPDATE wallet SET available = available - $1 WHERE id = $2 AND consumer_id = $3 AND available >= $1";
const TAKE_FROM_LOT: &str = "UPDATE lot SET remaining = remaining - $1 WHERE id = $2 AND wallet_id = $3 AND remaining >= $1";
const PUBLISH: &str = "INSERT INTO outbox_event (id, topic, ordering_key, payload, created_at) VALUES ($1, $2, $3, $4, $5)";

const USE_CODE: &str = "card_code_use";
const PURCHASE: &str = "purchase";
const PURCHASE_COLUMNS: &[&str] = &[
    "id",
    "source",
    "source_key",
    "content_hash",
    "basket_hash",
    "shop_id",
    "device_id",
    "member_id",
    "card_id",
    "consumer_id",
    "status",
    "reason",
    "offline",
    "total_minor",
    "currency",
    "purchased_at",
    "offset_seconds",
    "business_date",
    "received_at",
    "answer",
    "capture",
    "signature",
    "counter",
];
const LINES: &str = "purchase_line";
const LINE_COLUMNS: &[&str] = &[
    "purchase_id",
    "line",
    "gtin",
    "product_id",
    "brand_id",
    "tenant_id",
    "quantity",
    "unit_price_minor",
    "discount_minor",
    "amount_minor",
    "reward_line",
    "business_date",
];
const WALLET: &str = "wallet";
const WALLET_COLUMNS: &[&str] =
    &["id", "consumer_id", "tenant_id", "brand_id", "campaign_id", "scope_id", "unit", "available", "pending", "reserved", "debt"];
const LOT: &str = "lot";
const LOT_COLUMNS: &[&str] =
    &["id", "wallet_id", "campaign_id", "purchase_id", "awarded", "remaining", "available_at", "expires_at", "created_at"];
const INSTANCE: &str = "reward_instance";
const INSTANCE_COLUMNS: &[&str] = &[
    "id",
    "reward_id",
    "tenant_id",
    "brand_id",
    "campaign_id",
    "consumer_id",
    "wallet_id",
    "purchase_id",
    "code",
    "sequence",
    "status",
    "issued_at",
];
const ENTRIES: &str = "ledger_entry";
const ENTRY_COLUMNS: &[&str] = &[
    "id",
    "business_key",
    "tenant_id",
    "brand_id",
    "consumer_id",
    "wallet_id",
    "campaign_id",
    "lot_id",
    "purchase_id",
    "reward_instance_id",
    "kind",
    "debit_account",
    "credit_account",
    "amount",
    "occurred_at",
    "recorded_at",
];
const SALE_CHANGE: &str = "sale_change";
const POINTS_CHANGE: &str = "points_change";
const EVALUATIONS: &str = "evaluation";
const EVALUATION_COLUMNS: &[&str] =
    &["purchase_id", "campaign_id", "version_id", "tenant_id", "brand_id", "consumer_id", "unit", "award", "trace"];
