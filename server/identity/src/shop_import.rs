//! Shops from a spreadsheet: looked at row by row, written a hundred at a time, and taken back when it was the wrong file.
//!
//! Columns, in any order: `nombre`, `pais` (CO, CL, MX), and if known `ciudad`, `zona`, `latitud`, `longitud`, `codigo` (of the
//! distributor), `propietario`, `celular`, `zona_horaria`, `cajeros` (`Nico 300 111 2233 / Ana 300 555 6677`). The file holds telephones: it is kept sealed, and forgotten once
//! it was applied.

use std::collections::HashMap;

use db::{Tx, sql};
use shared::{
    Country, ShopId, ShopImportId, Timestamp,
    catalogue::{ImportOutcome, ImportReport, ImportRow},
    identity::{MemberRole, NewShop, ShopImport, ShopUndo},
    time::DAY_MS,
};
use sqlx::types::Json;

use crate::{
    Actor, Error, Keys, Phone, audit,
    challenge::VerifiedPhone,
    search_key, shop,
    table::{self, Shape, TableError},
};

/// Most rows of one file.
pub const ROWS_MAX: usize = 2_000;
/// Rows that one transaction writes.
pub const BATCH: usize = 100;
/// How long a file that nobody applied is kept.
pub const KEPT_MS: i64 = 30 * DAY_MS;
/// In the order of a row's cells.
pub const COLUMNS: [&str; 11] =
    ["nombre", "pais", "ciudad", "zona", "latitud", "longitud", "codigo", "propietario", "celular", "zona_horaria", "cajeros"];
/// Cashiers of one shop, at most.
pub const CASHIERS_MAX: usize = 5;
const SHAPE: Shape = Shape { columns: &COLUMNS, needed: 2, rows_max: ROWS_MAX };
const PHONE: usize = 8;
const CASHIERS: usize = 10;
const SEALED_FOR: &str = "shop-import";
const CODE_MAX: usize = 40;

/// A row that is right.
struct Row {
    new: NewShop,
    place: Option<(f64, f64)>,
    owner: Option<(String, Phone)>,
    cashiers: Vec<(String, Phone)>,
}

#[derive(sqlx::FromRow)]
struct Kept {
    name: String,
    file_sealed: Option<Vec<u8>>,
    total: i64,
    done: i64,
    report: Option<Json<ImportReport>>,
    applied_at: Option<Timestamp>,
    undone_at: Option<Timestamp>,
}

/// Keeps a file to look at; no shop is added yet.
pub async fn keep(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, name: &str, file: &[u8]) -> Result<ShopImportId, Error> {
    actor.operates()?;
    let rows = read(file)?;
    if rows.is_empty() {
        return Err(Error::Field("file"));
    }
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(80).collect();
    tx.query(FORGET).bind(now.plus_ms(-KEPT_MS)).execute().await?;
    let id: ShopImportId = tx.new_id();
    let name = if name.is_empty() { "tiendas.csv".to_owned() } else { name };
    tx.query(KEEP)
        .bind(id)
        .bind(name)
        .bind(keys.seal(SEALED_FOR, file))
        .bind(rows.len() as i64)
        .bind(actor.label())
        .bind(now)
        .execute()
        .await?;
    Ok(id)
}

fn read(file: &[u8]) -> Result<Vec<(i64, Vec<String>)>, Error> {
    table::read(&SHAPE, file).map_err(Error::BadTable)
}

async fn kept(tx: &mut Tx, actor: &Actor, id: ShopImportId) -> Result<Kept, Error> {
    actor.operates()?;
    tx.query(GET).bind(id).maybe::<Kept>().await?.ok_or(Error::NotFound)
}

fn rows_of(keys: &Keys, kept: &Kept) -> Result<Vec<(i64, Vec<String>)>, Error> {
    let file = kept.file_sealed.as_deref().and_then(|sealed| keys.open(SEALED_FOR, sealed)).ok_or(Error::NotFound)?;
    read(&file)
}

/// What a kept file would do, or what it did.
pub async fn check(tx: &mut Tx, keys: &Keys, actor: &Actor, id: ShopImportId) -> Result<ShopImport, Error> {
    let kept = kept(tx, actor, id).await?;
    let report = match &kept.report {
        Some(Json(report)) => report.clone(),
        None => {
            let mut seen = HashMap::new();
            let mut rows = Vec::with_capacity(kept.total as usize);
            for (number, cells) in rows_of(keys, &kept)? {
                rows.push(judge(tx, keys, number, cells, &mut seen).await?.0);
            }
            ImportReport { applied: false, rows }
        }
    };
    Ok(ShopImport {
        id,
        name: kept.name,
        total: kept.total,
        done: kept.done,
        applied_at: kept.applied_at,
        undone_at: kept.undone_at,
        report,
    })
}

/// Writes the next [`BATCH`] rows; `true` when none is left. Whoever is interrupted goes on where it stopped, and two who
/// do it at once write every row once.
pub async fn apply_some(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, id: ShopImportId) -> Result<bool, Error> {
    actor.operates()?;
    tx.lock(id.lock_key()).await?;
    let kept = kept(tx, actor, id).await?;
    if kept.applied_at.is_some() || kept.undone_at.is_some() {
        return Ok(true);
    }
    let rows = rows_of(keys, &kept)?;
    let mut seen = HashMap::new();
    let mut told = match kept.report {
        Some(Json(report)) => report.rows,
        None => Vec::new(),
    };
    let done = usize::try_from(kept.done).unwrap_or_default();
    // What the rows before said counts for this one: a code stands once in a file.
    for (number, cells) in rows.iter().take(done) {
        note(&mut seen, *number, cells);
    }
    for (number, cells) in rows.iter().skip(done).take(BATCH) {
        let (mut row, right) = judge(tx, keys, *number, cells.clone(), &mut seen).await?;
        if let Some(right) = right.filter(|_| row.outcome == ImportOutcome::Create) {
            let added = add(tx, keys, actor, now, &right).await?;
            tx.query(ADDED).bind(id).bind(*number).bind(added).execute().await?;
        }
        for column in [PHONE, CASHIERS] {
            if let Some(phones) = row.cells.get_mut(column).filter(|phones| !phones.is_empty()) {
                "••".clone_into(phones);
            }
        }
        told.push(row);
    }
    let done = (done + BATCH).min(rows.len());
    let finished = done == rows.len();
    let report = ImportReport { applied: finished, rows: told };
    let created = report.count(ImportOutcome::Create);
    tx.query(PROGRESS).bind(done as i64).bind(Json(report)).bind(finished.then_some(now)).bind(id).execute().await?;
    if finished {
        tx.query(FORGET_FILE).bind(id).execute().await?;
        audit::record(tx, actor, now, "shops.imported", id, None, Some(serde_json::json!({ "created": created })), Some(&kept.name))
            .await?;
    }
    Ok(finished)
}

/// Closes the shops that a file added and nobody used yet; their people can no longer log in there. Shops that sold
/// something, or whose phones were enrolled, stay, and are counted.
pub async fn undo(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ShopImportId) -> Result<ShopUndo, Error> {
    actor.operates()?;
    tx.lock(id.lock_key()).await?;
    let kept = kept(tx, actor, id).await?;
    let (added,): (i64,) = tx.query(COUNT_ADDED).bind(id).one().await?;
    if kept.undone_at.is_none() {
        tx.query(REMOVE_PEOPLE).bind(now).bind(id).execute().await?;
        tx.query(CLOSE).bind(now).bind(id).execute().await?;
        tx.query(UNDONE).bind(now).bind(id).execute().await?;
        tx.query(FORGET_FILE).bind(id).execute().await?;
        audit::record(tx, actor, now, "shops.import_undone", id, None, None, Some(&kept.name)).await?;
    }
    let (closed,): (i64,) = tx.query(COUNT_CLOSED).bind(id).one().await?;
    Ok(ShopUndo { closed, kept: added - closed })
}

type Seen = HashMap<String, i64>;

/// What tells one shop of a file from another: the distributor's code, else name, place and telephone.
fn named(cells: &[String]) -> String {
    let cell = |at: usize| cells.get(at).map(String::as_str).unwrap_or_default();
    if cell(6).is_empty() { search_key(&[cell(0), cell(1), cell(2), cell(3), cell(PHONE)].join("\n")) } else { format!("code {}", cell(6)) }
}

fn note(seen: &mut Seen, number: i64, cells: &[String]) -> Option<i64> {
    let first = *seen.entry(named(cells)).or_insert(number);
    (first != number).then_some(first)
}

/// One row: what becomes of it, and what it says when that is right.
async fn judge(tx: &mut Tx, keys: &Keys, number: i64, cells: Vec<String>, seen: &mut Seen) -> Result<(ImportRow, Option<Row>), Error> {
    let twin = note(seen, number, &cells);
    let wrong = |cells: Vec<String>, column: usize, code: &str| ImportRow {
        row: number,
        cells,
        outcome: ImportOutcome::Wrong,
        column: Some(column as i64),
        code: Some(code.to_owned()),
        same_as: None,
        before: Vec::new(),
    };
    let parsed = match parse(&cells) {
        Ok(row) => row,
        Err((column, code)) => return Ok((wrong(cells, column, code), None)),
    };
    if let Some(first) = twin {
        return Ok((ImportRow { same_as: Some(first), ..wrong(cells, 0, "catalogue.duplicate_row") }, None));
    }
    let known = match &parsed.new.distributor_code {
        Some(code) => tx.query(BY_CODE).bind(code.clone()).maybe::<(ShopId, String)>().await?,
        None => {
            let key = search_key(&format!("{} {}", parsed.new.name, parsed.new.city));
            let phone = parsed.owner.as_ref().map(|(_, phone)| keys.phone_hash(&phone.e164));
            tx.query(BY_NAME)
                .bind(key)
                .bind(parsed.new.country)
                .bind(parsed.new.zone.clone())
                .bind(phone.is_some())
                .bind(phone)
                .maybe()
                .await?
        }
    };
    let outcome = match known {
        None => ImportOutcome::Create,
        Some((_, name)) if name == parsed.new.name => ImportOutcome::Same,
        // A code of the distributor's means one shop.
        Some(_) => return Ok((wrong(cells, 6, "shop.code_taken"), None)),
    };
    Ok((ImportRow { row: number, cells, outcome, column: None, code: None, same_as: None, before: Vec::new() }, Some(parsed)))
}

fn parse(cells: &[String]) -> Result<Row, (usize, &'static str)> {
    let [name, country, city, zone, latitude, longitude, code, owner, phone, time_zone, cashiers] = cells else {
        return Err((0, "bad_field"));
    };
    if let Some(column) = table::formula(cells) {
        return Err((column, "catalogue.formula"));
    }
    let fits = |text: &String, max: usize| {
        text.chars().count() <= max && !text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
    };
    if name.is_empty() || !fits(name, 80) {
        return Err((0, "bad_name"));
    }
    let country = Country::from_code(&country.to_uppercase()).ok_or((1, "shop.country"))?;
    if let Some((column, _)) = [(2, city), (3, zone), (7, owner)].into_iter().find(|(_, text)| !fits(text, 80)) {
        return Err((column, "too_long"));
    }
    let degrees = |text: &String, max: f64| text.replace(',', ".").parse::<f64>().ok().filter(|value| value.abs() <= max);
    let place = match (latitude.is_empty(), longitude.is_empty()) {
        (true, true) => None,
        _ => Some((degrees(latitude, 90.0).ok_or((4, "shop.place"))?, degrees(longitude, 180.0).ok_or((5, "shop.place"))?)),
    };
    if !fits(code, CODE_MAX) {
        return Err((6, "too_long"));
    }
    if !time_zone.is_empty() && jiff::tz::TimeZone::get(time_zone).is_err() {
        return Err((9, "shop.time_zone"));
    }
    let owner = match (owner.is_empty(), phone.is_empty()) {
        (true, true) => None,
        (true, false) => return Err((7, "required")),
        (false, true) => return Err((PHONE, "required")),
        (false, false) => Some((owner.clone(), Phone::parse(country, phone).map_err(|_| (PHONE, "invalid_phone"))?)),
    };
    let cashiers = cashiers_of(country, cashiers, owner.as_ref())?;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let new = NewShop {
        name: name.clone(),
        country,
        time_zone: some(time_zone),
        city: city.clone(),
        zone: zone.clone(),
        distributor_code: some(code),
    };
    Ok(Row { new, place, owner, cashiers })
}

/// `Nico 300 111 2233 / Ana 300 555 6677`: a name, then the digits of a telephone. Nobody works at one shop twice.
fn cashiers_of(country: Country, cell: &str, owner: Option<&(String, Phone)>) -> Result<Vec<(String, Phone)>, (usize, &'static str)> {
    let wrong = |code| Err((CASHIERS, code));
    let mut cashiers: Vec<(String, Phone)> = Vec::new();
    for one in cell.split('/').map(str::trim).filter(|one| !one.is_empty()) {
        let Some(at) = one.find(|letter: char| letter.is_ascii_digit() || letter == '+') else {
            return wrong("shop.cashiers");
        };
        let (name, digits) = one.split_at(at);
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 80 {
            return wrong("shop.cashiers");
        }
        let Ok(phone) = Phone::parse(country, digits) else {
            return wrong("invalid_phone");
        };
        let known = cashiers.iter().map(|(_, phone)| phone).chain(owner.map(|(_, phone)| phone)).any(|known| known.e164 == phone.e164);
        if known || cashiers.len() == CASHIERS_MAX {
            return wrong("shop.cashiers");
        }
        cashiers.push((name.to_owned(), phone));
    }
    // Without an owner nobody could let them go.
    if !cashiers.is_empty() && owner.is_none() { Err((7, "required")) } else { Ok(cashiers) }
}

async fn add(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, row: &Row) -> Result<ShopId, Error> {
    let added = shop::create(tx, actor, now, &row.new).await?.id;
    if let Some((latitude, longitude)) = row.place {
        tx.query(PLACE).bind(latitude).bind(longitude).bind(added).execute().await?;
    }
    if let Some((name, phone)) = &row.owner {
        // The operator vouches for the number; a code proves it at the first log-in.
        shop::insert_member(tx, now, added, &VerifiedPhone::trusted(keys, phone.clone()), name, MemberRole::Owner).await?;
    }
    for (name, phone) in &row.cashiers {
        shop::insert_member(tx, now, added, &VerifiedPhone::trusted(keys, phone.clone()), name, MemberRole::Cashier).await?;
    }
    Ok(added)
}

/// How the world hears that a file is no table.
pub(crate) fn table_problem(error: TableError) -> shared::Problem {
    let (field, code) = match error {
        TableError::TooLarge | TableError::TooManyRows(_) => ("file", "file_too_large"),
        // Named, so that nobody has to compare headings.
        TableError::MissingColumn(column) => (column, "missing_column"),
        TableError::NoHeading | TableError::Unreadable => ("file", "unreadable_table"),
    };
    shared::Problem::field(field, code, error.to_string())
}

sql! {
    KEEP: "INSERT INTO shop_import (id, name, file_sealed, total, done, made_by, created_at) VALUES ($1, $2, $3, $4, 0, $5, $6)";

    /// Nobody applied it, and the telephones in it are of no use to anybody.
    FORGET: "DELETE FROM shop_import WHERE created_at < $1 AND done = 0 AND applied_at IS NULL AND undone_at IS NULL";

    FORGET_FILE: "UPDATE shop_import SET file_sealed = NULL WHERE id = $1";

    GET: "SELECT name, file_sealed, total, done, report, applied_at, undone_at FROM shop_import WHERE id = $1";

    PROGRESS: "UPDATE shop_import SET done = $1, report = $2, applied_at = $3 WHERE id = $4";

    ADDED: "INSERT INTO shop_import_row (import_id, row_number, shop_id) VALUES ($1, $2, $3)";

    BY_CODE: "SELECT id, name FROM shop WHERE distributor_code = $1 AND closed_at IS NULL ORDER BY created_at, id LIMIT 1";

    BY_NAME: "SELECT s.id, s.name FROM shop s WHERE s.search_key = $1 AND s.country = $2 AND s.zone = $3 AND s.closed_at IS NULL
                AND (NOT $4 OR EXISTS (SELECT 1 FROM shop_member m WHERE m.shop_id = s.id AND m.phone_hash = $5 AND m.removed_at IS NULL))
              ORDER BY s.created_at, s.id LIMIT 1";

    PLACE: "UPDATE shop SET latitude = $1, longitude = $2 WHERE id = $3";

    COUNT_ADDED: "SELECT COUNT(*) FROM shop_import_row WHERE import_id = $1";

    COUNT_CLOSED: "SELECT COUNT(*) FROM shop_import_row r JOIN shop s ON s.id = r.shop_id WHERE r.import_id = $1 AND s.closed_at IS NOT NULL";

    REMOVE_PEOPLE: "UPDATE shop_member SET removed_at = $1
                    WHERE removed_at IS NULL AND shop_id IN (SELECT r.shop_id FROM shop_import_row r WHERE r.import_id = $2
                        AND NOT EXISTS (SELECT 1 FROM device d WHERE d.shop_id = r.shop_id) AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.shop_id = r.shop_id))";

    CLOSE: "UPDATE shop SET closed_at = $1, distributor_code = NULL
            WHERE closed_at IS NULL AND id IN (SELECT r.shop_id FROM shop_import_row r WHERE r.import_id = $2
                AND NOT EXISTS (SELECT 1 FROM device d WHERE d.shop_id = r.shop_id) AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.shop_id = r.shop_id))";

    UNDONE: "UPDATE shop_import SET undone_at = $1 WHERE id = $2";
}
