//! Seals: every row of a book that only grows gets a number and a hash over itself and the row before it.
//!
//! A row that is changed, moved, taken out or put in later breaks its chain from there on, and [`check`] finds it. A job
//! seals what has no seal yet, a few rows in each transaction, after the fact: nobody who writes a row waits for another.
//! What has no seal is found by the missing number, never by its time, so that a transaction that ends late is sealed
//! late and never passed over.

use data_encoding::HEXLOWER;
use db::{Db, Sql, Tx, sql};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::{OrganisationId, ShopId, Timestamp};
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;

/// Chains that one run looks after at most.
const CHAINS_MAX: usize = 1_000;
/// Rows of one book that one run seals, more or less: whoever has a backlog of millions goes on selling meanwhile.
pub const RUN_MAX: u64 = 5_000;
/// Rows that a check reads at once.
const PAGE: i64 = 2_000;
/// Differences of one book that a check lists at most.
const SHOWN_MAX: usize = 20;

/// What a row of a book says, beside its `id`, `sequence` and `seal`.
pub trait Sealed: db::Record {
    /// All of it, column by column, as text.
    fn says(&self) -> Vec<Option<String>>;
}

/// A row of a book.
#[derive(sqlx::FromRow)]
struct Row<T> {
    id: Uuid,
    sequence: Option<i64>,
    seal: Option<Vec<u8>>,
    #[sqlx(flatten)]
    said: T,
}

/// How a book is read and sealed.
#[derive(Clone, Copy)]
pub struct Book {
    /// Its name: part of every hash.
    pub name: &'static str,
    /// The next chain after `$1` that has a row without a seal; `$2`: with the one of what belongs to nobody, which has no id.
    pub waiting: Sql,
    /// Rows of the chain `$1` without a seal, oldest first, `$3` of them; `$2`: of the chain of what belongs to nobody.
    pub unsealed: Sql,
    /// Gives a row its seal: number `$1`, hash `$2`, row `$3`, chain `$4`.
    pub seal: Sql,
    /// Rows of the chain `$1` behind the number `$2`, `$3` of them.
    pub sealed: Sql,
    /// Every chain that rows are sealed in, with how many there are.
    pub chains: Sql,
    /// How many rows have no seal.
    pub count: Sql,
    /// Some of them.
    pub listed: Sql,
}

/// How many rows one transaction seals, and one run.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    batch: i64,
    run_max: u64,
}

impl Pace {
    /// A few milliseconds of the embedded database's writer, for which a purchase waits.
    pub const BESIDE_SALES: Self = Self { batch: 50, run_max: RUN_MAX };
    /// Nobody else writes: what was written round the verbs.
    pub const ALONE: Self = Self { batch: 5_000, run_max: u64::MAX };
}

/// What a check found in one book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows whose seal was worked out again.
    pub rows: i64,
    /// What is wrong with them, the first [`SHOWN_MAX`].
    pub broken: Vec<String>,
    /// Rows that wait for a seal.
    pub unsealed: i64,
    /// The first [`SHOWN_MAX`] of them.
    pub unsealed_rows: Vec<Uuid>,
}

fn hash(book: &str, chain: Uuid, before: &[u8], sequence: i64, row: &Row<impl Sealed>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(book.as_bytes());
    hash.update(chain.as_bytes());
    hash.update(before);
    hash.update(sequence.to_be_bytes());
    hash.update(row.id.as_bytes());
    for text in row.said.says() {
        // Lengths before texts: what moves from one column into the next is another row.
        match text {
            None => hash.update([0]),
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
    }
    hash.finalize().into()
}

/// A number for the lock under which one chain grows.
fn lock_key(book: &str, chain: Uuid) -> i64 {
    let hash = Sha256::new().chain_update("seal").chain_update(book).chain_update(chain.as_bytes()).finalize();
    let mut last = [0; 8];
    last.copy_from_slice(&hash[24..]);
    i64::from_be_bytes(last)
}

/// Seals what waits in one book. Returns how many rows it was.
pub async fn seal<T: Sealed>(db: &Db, book: &Book, now: Timestamp, pace: Pace) -> Result<u64, Error> {
    let mut sealed = 0;
    let mut after: Option<Uuid> = None;
    for _ in 0..CHAINS_MAX {
        let from = after.unwrap_or(Uuid::nil());
        let next: Option<(Option<Uuid>,)> = db.read().await?.query(book.waiting).bind(from).bind(after.is_none()).maybe().await?;
        let Some((chain,)) = next else {
            return Ok(sealed);
        };
        let chain = chain.unwrap_or(Uuid::nil());
        loop {
            let rows = match seal_some::<T>(db, book, chain, now, pace.batch).await {
                Ok(rows) => rows,
                // A chain that cannot go on stops no other.
                Err(error) => {
                    tracing::error!(book = book.name, %chain, %error, "a chain cannot be sealed");
                    break;
                }
            };
            sealed += rows;
            if sealed >= pace.run_max {
                return Ok(sealed);
            }
            if rows < pace.batch as u64 {
                break;
            }
        }
        after = Some(chain);
    }
    Ok(sealed)
}

async fn seal_some<T: Sealed>(db: &Db, book: &Book, chain: Uuid, now: Timestamp, batch: i64) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    tx.lock(lock_key(book.name, chain)).await?;
    let rows: Vec<Row<T>> = tx.query(book.unsealed).bind(chain).bind(chain.is_nil()).bind(batch).all().await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let (mut sequence, mut before) = head(&mut tx, book, chain).await?.unwrap_or((0, Vec::new()));
    for row in &rows {
        sequence += 1;
        before = hash(book.name, chain, &before, sequence, row).to_vec();
        let given = tx.query(book.seal).bind(sequence).bind(before.clone()).bind(row.id).bind(chain).execute().await?;
        // Nobody else seals under the lock of the chain: the row was changed from outside, and the others are left as they were.
        if given != 1 {
            return Err(Error::Taken("a row of the chain"));
        }
    }
    tx.query(GROW).bind(book.name).bind(chain).bind(sequence).bind(before).bind(now).execute().await?;
    tx.commit().await?;
    Ok(rows.len() as u64)
}

async fn head(tx: &mut Tx, book: &Book, chain: Uuid) -> Result<Option<(i64, Vec<u8>)>, Error> {
    Ok(tx.query(HEAD).bind(book.name).bind(chain).maybe().await?)
}

/// Works every seal of a book out again.
pub async fn check<T: Sealed>(tx: &mut Tx, book: &Book) -> Result<Checked, Error> {
    tracing::info!("Checking the seals of {}", book.name);
    let mut found = Checked::default();
    let broken = |text: String, found: &mut Checked| {
        if found.broken.len() < SHOWN_MAX {
            found.broken.push(text);
        }
    };
    let heads: Vec<(Uuid, i64, Vec<u8>)> = tx.query(HEADS).bind(book.name).all().await?;
    // Whoever takes a head away hides its chain; whoever numbers a row below the first one hides the row.
    let in_rows: Vec<(Uuid, i64)> = tx.query(book.chains).all().await?;
    for (chain, rows) in in_rows {
        match heads.iter().find(|(known, ..)| *known == chain) {
            None => broken(format!("the chain {chain} has {rows} sealed rows and no end that is known"), &mut found),
            Some((_, last, _)) if *last < rows => broken(format!("the chain {chain} has {rows} sealed rows instead of {last}"), &mut found),
            Some(_) => {}
        }
    }
    for (chain, last, head) in heads {
        let (mut sequence, mut before) = (0_i64, Vec::new());
        loop {
            let rows: Vec<Row<T>> = tx.query(book.sealed).bind(chain).bind(sequence).bind(PAGE).all().await?;
            for row in &rows {
                found.rows += 1;
                let Some((number, seal)) = row.sequence.zip(row.seal.as_deref()) else {
                    continue;
                };
                if number != sequence + 1 {
                    broken(format!("{}: number {number} follows {sequence} in the chain {chain}", row.id), &mut found);
                }
                let expected = hash(book.name, chain, &before, number, row);
                if expected.as_slice() != seal {
                    broken(
                        format!("{}: number {number} of the chain {chain} says something else than when it was sealed", row.id),
                        &mut found,
                    );
                }
                // From the seal as it stands: one wrong row is told once, not with everything behind it.
                before = seal.to_vec();
                sequence = number;
            }
            if (rows.len() as i64) < PAGE {
                break;
            }
        }
        if (sequence, before.as_slice()) != (last, head.as_slice()) {
            broken(
                format!("the chain {chain} ends at {sequence}, {} instead of {last}, {}", HEXLOWER.encode(&before), HEXLOWER.encode(&head)),
                &mut found,
            );
        }
    }
    (found.unsealed,) = tx.query(book.count).one().await?;
    let listed: Vec<(Uuid,)> = tx.query(book.listed).bind(SHOWN_MAX as i64).all().await?;
    found.unsealed_rows = listed.into_iter().map(|(id,)| id).collect();
    Ok(found)
}

/// A line of the audit, as it is sealed.
#[derive(sqlx::FromRow)]
pub struct AuditRow {
    at: Timestamp,
    actor: String,
    tenant_id: Option<OrganisationId>,
    shop_id: Option<ShopId>,
    verb: String,
    subject: String,
    before_state: Option<Json<Value>>,
    after_state: Option<Json<Value>>,
    why: Option<String>,
}

impl Sealed for AuditRow {
    fn says(&self) -> Vec<Option<String>> {
        let state = |state: &Option<Json<Value>>| state.as_ref().map(|state| sorted(&state.0));
        vec![
            Some(self.at.0.to_string()),
            Some(self.actor.clone()),
            self.tenant_id.map(|id| id.to_string()),
            self.shop_id.map(|id| id.to_string()),
            Some(self.verb.clone()),
            Some(self.subject.clone()),
            state(&self.before_state),
            state(&self.after_state),
            self.why.clone(),
        ]
    }
}

/// JSON whose members are in the order of their names: PostgreSQL keeps no other.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            let members: Vec<String> = names
                .into_iter()
                .map(|name| format!("{}:{}", Value::String(name.clone()), members.get(name).map(sorted).unwrap_or_default()))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The audit, a chain for each tenant and one for what belongs to none.
pub const AUDIT: Book = Book {
    name: "audit_event",
    waiting: WAITING,
    unsealed: UNSEALED,
    seal: SEAL,
    sealed: SEALED,
    chains: CHAINS,
    count: COUNT,
    listed: LISTED,
};

sql! {
    HEAD: "SELECT sequence, seal FROM seal_head WHERE book = $1 AND chain_id = $2";

    HEADS: "SELECT chain_id, sequence, seal FROM seal_head WHERE book = $1 ORDER BY chain_id";

    GROW: "INSERT INTO seal_head (book, chain_id, sequence, seal, sealed_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (book, chain_id) DO UPDATE SET sequence = excluded.sequence, seal = excluded.seal, sealed_at = excluded.sealed_at";

    /// What belongs to no tenant comes first.
    WAITING: "SELECT tenant_id FROM audit_event WHERE sequence IS NULL AND (tenant_id > $1 OR ($2 AND tenant_id IS NULL)) ORDER BY tenant_id NULLS FIRST LIMIT 1";

    UNSEALED: "SELECT id, at, actor, tenant_id, shop_id, verb, subject, before_state, after_state, why, sequence, seal FROM audit_event
               WHERE sequence IS NULL AND (tenant_id = $1 OR ($2 AND tenant_id IS NULL)) ORDER BY at, id LIMIT $3";

    SEAL: "UPDATE audit_event SET sequence = $1, seal = $2, chain_id = $4 WHERE id = $3 AND sequence IS NULL";

    SEALED: "SELECT id, at, actor, tenant_id, shop_id, verb, subject, before_state, after_state, why, sequence, seal FROM audit_event
             WHERE chain_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

    CHAINS: "SELECT chain_id, COUNT(*) FROM audit_event WHERE sequence IS NOT NULL AND chain_id IS NOT NULL GROUP BY chain_id ORDER BY chain_id";

    COUNT: "SELECT COUNT(*) FROM audit_event WHERE sequence IS NULL";

    LISTED: "SELECT id FROM audit_event WHERE sequence IS NULL ORDER BY id LIMIT $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_is_no_part_of_a_seal() {
        let one: Value = serde_json::from_str(r#"{"b":[{"y":1,"x":null}],"a":"é"}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a":"é","b":[{"x":null,"y":1}]}"#).unwrap();

        assert_eq!(sorted(&one), sorted(&two));
        assert_eq!(sorted(&one), r#"{"a":"é","b":[{"x":null,"y":1}]}"#);
    }
}
