//! A distributor's file: looked at row by row, written five hundred rows at a time, and taken back when it was the wrong one.
//!
//! What a row took the place of is kept beside it. Taking the file back puts that in its place again, but for rows that a
//! later file or program said otherwise: those stay as they are, and are counted.

use std::collections::HashMap;

use db::{Tx, sql};
use identity::{Actor, audit, table};
use serde_json::json;
use shared::{
    OrganisationId, ProductId, SellInFileId, ShopId, Timestamp,
    loyalty::{alert::WrongRow, sell_in_file::SellInFile},
    time::DAY_MS,
};
use sqlx::types::Json;

use crate::{
    Error,
    sell_in::{self, Row, SHAPE, WRONG_MAX},
};

/// Rows that one transaction writes or takes back.
pub const BATCH: usize = 500;
/// How long a file that nobody applied is kept.
pub const KEPT_MS: i64 = 30 * DAY_MS;
/// Files one over the other that are looked through.
const CHAIN_MAX: usize = 20;
/// Files that a list shows.
const LISTED: i64 = 50;

#[derive(sqlx::FromRow)]
struct Kept {
    id: SellInFileId,
    name: String,
    total: i64,
    done: i64,
    written: i64,
    wrong: Json<Vec<WrongRow>>,
    created_at: Timestamp,
    applied_at: Option<Timestamp>,
    undone_at: Option<Timestamp>,
}

impl Kept {
    fn told(self) -> SellInFile {
        SellInFile {
            id: self.id,
            name: self.name,
            total: self.total,
            done: self.done,
            right: self.written,
            wrong: self.wrong.0,
            applied_at: self.applied_at,
            undone_at: self.undone_at,
            created_at: self.created_at,
        }
    }
}

/// Keeps a file to look at; nothing of it is written yet.
pub async fn keep(tx: &mut Tx, actor: &Actor, now: Timestamp, name: &str, file: &[u8]) -> Result<SellInFileId, Error> {
    let tenant = sell_in::whose(actor)?;
    let rows = table::read(&SHAPE, file).map_err(Error::BadTable)?;
    if rows.is_empty() {
        return Err(Error::Field("file"));
    }
    tx.query(FORGET).bind(now.plus_ms(-KEPT_MS)).execute().await?;
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(80).collect();
    let id: SellInFileId = tx.new_id();
    tx.query(KEEP)
        .bind(id)
        .bind(tenant)
        .bind(if name.is_empty() { "inventario.csv".to_owned() } else { name })
        .bind(file.to_vec())
        .bind(rows.len() as i64)
        .bind(Json(Vec::<WrongRow>::new()))
        .bind(actor.label())
        .bind(now)
        .execute()
        .await?;
    Ok(id)
}

/// The newest files that the actor may see.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<SellInFile>, Error> {
    let tenant = sell_in::whose(actor)?;
    Ok(tx.query(LIST).bind(tenant).bind(LISTED).all::<Kept>().await?.into_iter().map(Kept::told).collect())
}

async fn find(tx: &mut Tx, actor: &Actor, id: SellInFileId) -> Result<(Kept, Option<OrganisationId>), Error> {
    let tenant = sell_in::whose(actor)?;
    let kept = tx.query(GET).bind(id).bind(tenant).maybe::<Kept>().await?.ok_or(Error::NotFound)?;
    Ok((kept, tenant))
}

async fn rows_of(tx: &mut Tx, id: SellInFileId) -> Result<Vec<(i64, Vec<String>)>, Error> {
    let (file,): (Vec<u8>,) = tx.query(FILE).bind(id).one().await?;
    table::read(&SHAPE, &file).map_err(Error::BadTable)
}

/// What a kept file would do, how far it is, or what it did.
pub async fn check(tx: &mut Tx, actor: &Actor, id: SellInFileId) -> Result<SellInFile, Error> {
    let (kept, tenant) = find(tx, actor, id).await?;
    if kept.done > 0 || kept.undone_at.is_some() {
        return Ok(kept.told());
    }
    let rows = rows_of(tx, id).await?;
    let (right, wrong) = judge(tx, tenant, &rows).await?;
    Ok(SellInFile { right: right.len() as i64, wrong, ..kept.told() })
}

/// Rows that are right, and why others are not, the first of those.
async fn judge(tx: &mut Tx, tenant: Option<OrganisationId>, rows: &[(i64, Vec<String>)]) -> Result<(Vec<Row>, Vec<WrongRow>), Error> {
    let (mut shops, mut products) = (HashMap::new(), HashMap::new());
    let (mut right, mut wrong) = (Vec::with_capacity(rows.len()), Vec::new());
    for (number, cells) in rows {
        match sell_in::row(tx, tenant, cells, &mut shops, &mut products).await? {
            Ok(row) => right.push(row),
            Err((column, code)) if wrong.len() < WRONG_MAX => wrong.push(WrongRow { row: *number, column, code: code.to_owned() }),
            Err(_) => {}
        }
    }
    Ok((right, wrong))
}

/// A kept file whose rows were read.
pub struct Opened {
    id: SellInFileId,
    rows: Vec<(i64, Vec<String>)>,
}

/// Reads the rows of a kept file once, before somebody writes them part after part: among the readers, because a large file
/// takes its time and what was kept never changes.
pub async fn open(tx: &mut Tx, actor: &Actor, id: SellInFileId) -> Result<Opened, Error> {
    find(tx, actor, id).await?;
    Ok(Opened { id, rows: rows_of(tx, id).await? })
}

/// Writes the next [`BATCH`] rows; `true` when none is left. Whoever is interrupted goes on where it stopped, and two who do it
/// at once write every row once.
pub async fn apply_some(tx: &mut Tx, actor: &Actor, now: Timestamp, file: &Opened) -> Result<bool, Error> {
    sell_in::whose(actor)?;
    let Opened { id, rows } = file;
    let id = *id;
    tx.lock(id.lock_key()).await?;
    let (kept, tenant) = find(tx, actor, id).await?;
    if kept.applied_at.is_some() || kept.undone_at.is_some() {
        return Ok(true);
    }
    let from = usize::try_from(kept.done).unwrap_or_default().min(rows.len());
    let until = (from + BATCH).min(rows.len());
    let (right, more) = judge(tx, tenant, &rows[from..until]).await?;
    for row in &right {
        // Of a row that stands twice in the file the first one knows what was before.
        tx.query(NOTE_BEFORE).bind(id).bind(row.shop).bind(row.product.0).bind(row.day).execute().await?;
        sell_in::write(tx, now, row, Some(id)).await?;
    }
    let mut wrong = kept.wrong.0;
    wrong.extend(more);
    wrong.truncate(WRONG_MAX);
    let finished = until == rows.len();
    tx.query(PROGRESS)
        .bind(until as i64)
        .bind(kept.written + right.len() as i64)
        .bind(Json(wrong.clone()))
        .bind(finished.then_some(now))
        .bind(id)
        .execute()
        .await?;
    if finished {
        let after = json!({ "rows": kept.written + right.len() as i64, "wrong": wrong.len() });
        audit::record(tx, actor, now, "sell_in.loaded", id, None, Some(after), Some(&kept.name)).await?;
    }
    Ok(finished)
}

/// Takes the next [`BATCH`] rows back; `true` when none is left. Of a file that is half written, too.
pub async fn undo_some(tx: &mut Tx, actor: &Actor, now: Timestamp, id: SellInFileId) -> Result<bool, Error> {
    sell_in::whose(actor)?;
    tx.lock(id.lock_key()).await?;
    let (kept, _) = find(tx, actor, id).await?;
    if kept.undone_at.is_none() {
        // Nothing of it is written any more, whoever was applying it.
        tx.query(UNDONE).bind(now).bind(id).execute().await?;
        audit::record(tx, actor, now, "sell_in.undone", id, None, None, Some(&kept.name)).await?;
    }
    let rows: Vec<Before> = tx.query(OWN_ROWS).bind(id).bind(BATCH as i64).all().await?;
    let finished = rows.len() < BATCH;
    for row in rows {
        let row = before_all_undone(tx, row).await?;
        match row.before_bought.zip(row.before_opening) {
            None => {
                tx.query(TAKE_OUT).bind(row.shop_id).bind(row.product_id).bind(row.day).bind(id).execute().await?;
            }
            Some((bought, opening)) => {
                tx.query(PUT_BACK)
                    .bind(opening)
                    .bind(bought)
                    .bind(row.before_counted)
                    .bind(row.before_file_id)
                    .bind(row.shop_id)
                    .bind(row.product_id)
                    .bind(row.day)
                    .bind(id)
                    .execute()
                    .await?;
            }
        }
    }
    Ok(finished)
}

/// What a file had replaced may have been taken back, too, while this one stood over it: what was before both is put back.
async fn before_all_undone(tx: &mut Tx, mut row: Before) -> Result<Before, Error> {
    for _ in 0..CHAIN_MAX {
        let Some(file) = row.before_file_id else { break };
        match tx.query(BEFORE_OF_UNDONE).bind(file).bind(row.shop_id).bind(row.product_id).bind(row.day).maybe().await? {
            Some(before) => row = before,
            None => break,
        }
    }
    Ok(row)
}

/// Rows of a file that was taken back and that a later one had replaced: they stay.
pub async fn replaced(tx: &mut Tx, actor: &Actor, id: SellInFileId) -> Result<i64, Error> {
    find(tx, actor, id).await?;
    Ok(tx.query(REPLACED).bind(id).one::<(i64,)>().await?.0)
}

#[derive(sqlx::FromRow)]
struct Before {
    shop_id: ShopId,
    product_id: ProductId,
    day: shared::CivilDate,
    before_opening: Option<i64>,
    before_bought: Option<i64>,
    before_counted: Option<i64>,
    before_file_id: Option<SellInFileId>,
}

sql! {
    KEEP: "INSERT INTO sell_in_file (id, tenant_id, name, file, total, done, written, wrong, made_by, created_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8)";

    FORGET: "DELETE FROM sell_in_file WHERE created_at < $1 AND done = 0 AND applied_at IS NULL AND undone_at IS NULL";

    /// The operator sees all of them.
    GET: "SELECT id, name, total, done, written, wrong, created_at, applied_at, undone_at FROM sell_in_file WHERE id = $1 AND COALESCE(tenant_id, id) = COALESCE($2, tenant_id, id)";

    LIST: "SELECT id, name, total, done, written, wrong, created_at, applied_at, undone_at FROM sell_in_file WHERE COALESCE(tenant_id, id) = COALESCE($1, tenant_id, id)
           ORDER BY created_at DESC, id DESC LIMIT $2";

    FILE: "SELECT file FROM sell_in_file WHERE id = $1";

    NOTE_BEFORE: "INSERT INTO sell_in_file_row (file_id, shop_id, product_id, day, before_opening, before_bought, before_counted, before_file_id)
                  SELECT f.id, s.id, r.id, $4, b.opening, b.bought, b.counted, b.file_id
                  FROM sell_in_file f JOIN shop s ON s.id = $2 JOIN product r ON r.id = $3
                  LEFT JOIN sell_in b ON b.shop_id = $2 AND b.product_id = $3 AND b.day = $4
                  WHERE f.id = $1 ON CONFLICT (file_id, shop_id, product_id, day) DO NOTHING";

    PROGRESS: "UPDATE sell_in_file SET done = $1, written = $2, wrong = $3, applied_at = $4 WHERE id = $5";

    UNDONE: "UPDATE sell_in_file SET undone_at = $1 WHERE id = $2";

    /// What still says what this file said.
    OWN_ROWS: "SELECT r.shop_id, r.product_id, r.day, r.before_opening, r.before_bought, r.before_counted, r.before_file_id
               FROM sell_in_file_row r JOIN sell_in i ON i.shop_id = r.shop_id AND i.product_id = r.product_id AND i.day = r.day
               WHERE r.file_id = $1 AND i.file_id = $1 ORDER BY r.shop_id, r.product_id, r.day LIMIT $2";

    BEFORE_OF_UNDONE: "SELECT r.shop_id, r.product_id, r.day, r.before_opening, r.before_bought, r.before_counted, r.before_file_id
                       FROM sell_in_file_row r JOIN sell_in_file f ON f.id = r.file_id
                       WHERE f.id = $1 AND f.undone_at IS NOT NULL AND r.shop_id = $2 AND r.product_id = $3 AND r.day = $4";

    TAKE_OUT: "DELETE FROM sell_in WHERE shop_id = $1 AND product_id = $2 AND day = $3 AND file_id = $4";

    PUT_BACK: "UPDATE sell_in SET opening = $1, bought = $2, counted = $3, file_id = $4 WHERE shop_id = $5 AND product_id = $6 AND day = $7 AND file_id = $8";

    REPLACED: "SELECT COUNT(*) FROM sell_in_file_row r JOIN sell_in_file f ON f.id = r.file_id JOIN sell_in i ON i.shop_id = r.shop_id AND i.product_id = r.product_id AND i.day = r.day
               WHERE r.file_id = $1 AND f.undone_at IS NOT NULL AND i.loaded_at > COALESCE(f.applied_at, f.created_at)";
}
