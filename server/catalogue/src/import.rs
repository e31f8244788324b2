//! Products from a spreadsheet: checked row by row, written only when asked to, the same the second time.
//!
//! Columns, in any order, with or without accents: `gtin`, `nombre`, `marca`, `categoria`, `precio`, `moneda`. The file may
//! be UTF-8 with or without a byte order mark, or Windows-1252 as spreadsheets write it; comma, semicolon or tabulator.
//!
//! A person brings a file ([`keep`]), looks at what would happen ([`check`]), mends cells ([`correct`]) and applies it
//! ([`apply`]); a program does it in one step ([`run`]). A kept file, applied or not, stays for [`KEPT_MS`] at least, and
//! its report with it: the first [`keep`] after that forgets it, and when nobody brings another file it stays.

use std::collections::{HashMap, hash_map::Entry};

use db::{Tx, sql};
pub use identity::table::BYTES_MAX;
use identity::{
    Actor, audit, search_key,
    table::{self, Shape, TableError},
};
use shared::{
    BrandId, Currency, Gtin, ImportId, Timestamp,
    catalogue::{ImportOutcome, ImportReport, ImportRow, NewProduct, Product},
    format::typed_money,
    loyalty::capture::PRICE_MAX_MINOR,
    time::DAY_MS,
};
use sqlx::types::Json;

use crate::{
    Error,
    pack::{self, Packs},
    product,
};

/// Most rows of one file.
pub const ROWS_MAX: usize = 5_000;
/// How long a file is kept at least.
pub const KEPT_MS: i64 = 30 * DAY_MS;
/// In the order of a row's cells.
pub const COLUMNS: [&str; 8] = ["gtin", "nombre", "marca", "categoria", "precio", "moneda", "unidad", "unidades"];
const UNIT: i64 = 6;
const UNITS: i64 = 7;
/// Brands that are looked at in one statement.
const BRANDS_PAGE: i64 = 1_000;
/// Longest cell that is typed into a kept file, in characters.
const CELL_MAX: usize = 200;
const TOO_LARGE: Error = Error::BadFile("the file is larger than 2 MB");

/// A file that somebody brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The file.
    pub id: ImportId,
    /// What it is called.
    pub name: String,
    /// When its rows were written; absent: nothing was.
    pub applied_at: Option<Timestamp>,
    /// What would happen, or what did.
    pub report: ImportReport,
}

/// Keeps a file to look at. It must be a table with the needed columns; nothing of it is written to the list.
pub async fn keep(tx: &mut Tx, actor: &Actor, now: Timestamp, name: &str, file: &[u8]) -> Result<ImportId, Error> {
    actor.operates()?;
    if read(file)?.is_empty() {
        return Err(Error::BadFile("the file has no rows"));
    }
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(80).collect();
    tx.query(FORGET).bind(now.plus_ms(-KEPT_MS)).execute().await?;
    let id: ImportId = tx.new_id();
    tx.query(KEEP)
        .bind(id)
        .bind(if name.is_empty() { "productos.csv".to_owned() } else { name })
        .bind(file.to_vec())
        .bind(actor.label())
        .bind(now)
        .execute()
        .await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Kept {
    name: String,
    file: Vec<u8>,
    applied_at: Option<Timestamp>,
    report: Option<Json<ImportReport>>,
}

async fn kept(tx: &mut Tx, actor: &Actor, id: ImportId) -> Result<Kept, Error> {
    actor.operates()?;
    tx.query(GET).bind(id).maybe::<Kept>().await?.ok_or(Error::NotFound)
}

/// What a kept file would do to the list as it is now; for an applied one, what it did.
pub async fn check(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ImportId) -> Result<Import, Error> {
    let Kept { name, file, applied_at, report } = kept(tx, actor, id).await?;
    let report = match report {
        Some(Json(report)) => report,
        None => run(tx, actor, now, &file, false).await?,
    };
    Ok(Import { id, name, applied_at, report })
}

/// Puts another text into one cell of a kept file; `row` as the report counts them, `column` in the order of [`COLUMNS`].
pub async fn correct(tx: &mut Tx, actor: &Actor, id: ImportId, row: i64, column: i64, text: &str) -> Result<(), Error> {
    actor.operates()?;
    // Before the file is read: who waited for another correction, or for `apply`, goes on from what that one left.
    tx.lock(id.lock_key()).await?;
    let Kept { file, applied_at, .. } = kept(tx, actor, id).await?;
    if applied_at.is_some() {
        return Err(Error::Applied);
    }
    if text.chars().count() > CELL_MAX || text.chars().any(char::is_control) {
        return Err(Error::Field("text"));
    }
    let mut rows = read(&file)?;
    let cells = rows.iter_mut().find(|(number, _)| *number == row).map(|(_, cells)| cells).ok_or(Error::NotFound)?;
    let cell = usize::try_from(column).ok().and_then(|column| cells.get_mut(column)).ok_or(Error::Field("column"))?;
    text.trim().clone_into(cell);
    let file = write(&rows)?;
    if file.len() > BYTES_MAX {
        return Err(TOO_LARGE);
    }
    one(tx.query(CORRECT).bind(file).bind(id).execute().await?)
}

/// Under the lock nobody else applies a file, but it may be forgotten meanwhile.
fn one(changed: u64) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Writes the right rows of a kept file. Once: later calls answer what the first one did.
pub async fn apply(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ImportId) -> Result<ImportReport, Error> {
    actor.operates()?;
    tx.lock(id.lock_key()).await?;
    let Kept { name, file, report, .. } = kept(tx, actor, id).await?;
    if let Some(Json(report)) = report {
        return Ok(report);
    }
    let report = run(tx, actor, now, &file, true).await?;
    one(tx.query(APPLIED).bind(now).bind(Json(report.clone())).bind(id).execute().await?)?;
    let counts = [
        ("created", ImportOutcome::Create),
        ("updated", ImportOutcome::Update),
        ("same", ImportOutcome::Same),
        ("wrong", ImportOutcome::Wrong),
    ]
    .map(|(name, outcome)| (name.to_owned(), serde_json::Value::from(report.count(outcome))));
    let after = serde_json::Value::Object(counts.into_iter().collect());
    audit::record(tx, actor, now, "products.imported", id, None, Some(after), Some(&name)).await?;
    Ok(report)
}

/// The same rows with the same numbers: lines that were empty stay, as one empty cell.
fn write(rows: &[(i64, Vec<String>)]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut next = 2;
    let mut put = |cells: &[String]| writer.write_record(cells).map_err(|_| Error::BadFile("the file cannot be written"));
    put(&COLUMNS.map(str::to_owned))?;
    for (number, cells) in rows {
        while next < *number {
            put(&[])?;
            next += 1;
        }
        put(cells)?;
        next += 1;
    }
    writer.into_inner().map_err(|_| Error::BadFile("the file cannot be written"))
}

/// Reads, checks and, with `apply`, writes all rows that are right. Rows that are wrong say why and are left out.
pub async fn run(tx: &mut Tx, actor: &Actor, now: Timestamp, file: &[u8], apply: bool) -> Result<ImportReport, Error> {
    actor.operates()?;
    let lines = read(file)?;
    let brands = brands(tx, &lines).await?;
    let mut seen: HashMap<Gtin, i64> = HashMap::new();
    let mut rows: Vec<(ImportRow, Option<Meant>)> = lines
        .into_iter()
        .map(|(number, cells)| {
            let row = ImportRow {
                row: number,
                cells,
                outcome: ImportOutcome::Wrong,
                column: None,
                code: None,
                same_as: None,
                before: Vec::new(),
            };
            match parse(&row.cells, &brands, &mut seen, number) {
                Err(Refusal { column, code, same_as }) => {
                    (ImportRow { column: Some(column), code: Some(code.to_owned()), same_as, ..row }, None)
                }
                Ok(meant) => (row, Some(meant)),
            }
        })
        .collect();
    if apply {
        pack::lock(tx).await?;
    }
    let known = pack::all(tx).await?;
    let packs = with_file(tx, actor, known.clone(), &mut rows).await?;
    for (row, meant) in &mut rows {
        if let Some(meant) = meant {
            (row.outcome, row.before) = settle(tx, actor, now, meant, &known, apply).await?;
        }
    }
    if apply && rows.iter().filter_map(|(_, meant)| meant.as_ref()).any(|meant| meant.pack.is_some()) {
        pack::write(tx, now, &packs).await?;
    }
    Ok(ImportReport { applied: apply, rows: rows.into_iter().map(|(row, _)| row).collect() })
}

/// The relations as they would be with the file. Rows whose relation cannot be become wrong and are left out, and so are
/// those that needed them.
async fn with_file(tx: &mut Tx, actor: &Actor, known: Packs, rows: &mut [(ImportRow, Option<Meant>)]) -> Result<Packs, Error> {
    let mut owners = HashMap::new();
    for (unit, _) in rows.iter().filter_map(|(_, meant)| meant.as_ref()?.pack) {
        if let Entry::Vacant(entry) = owners.entry(unit) {
            entry.insert(product::find_by_gtin(tx, actor, &unit).await?.map(|product| product.brand_id));
        }
    }
    loop {
        let mut packs = known.clone();
        for (gtin, owner) in owners.iter().filter_map(|(gtin, owner)| owner.map(|owner| (gtin, owner))) {
            packs.own(*gtin, owner);
        }
        for meant in rows.iter().filter_map(|(_, meant)| meant.as_ref()) {
            packs.own(meant.new.gtin, meant.new.brand_id);
            if let Some((unit, units)) = meant.pack {
                packs.link(meant.new.gtin, unit, units);
            }
        }
        let tied = packs.tied();
        let mut every = true;
        for (row, meant) in rows.iter_mut() {
            let Some(gtin) = meant.as_ref().map(|meant| meant.new.gtin).filter(|gtin| tied.contains(gtin)) else { continue };
            if let Err(wrong) = packs.check_around(gtin) {
                let of_row = meant.as_ref().is_some_and(|meant| meant.pack.is_some());
                row.column = Some(match wrong {
                    pack::Wrong::Units => UNITS,
                    _ if of_row => UNIT,
                    // Its brand would part it from its pack or its unit.
                    _ => 2,
                });
                row.code = Some(wrong.code().to_owned());
                *meant = None;
                every = false;
            }
        }
        if every {
            return Ok(packs);
        }
    }
}

/// What a row says when it is right.
struct Meant {
    new: NewProduct,
    /// It is a pack of so many of that.
    pack: Option<(Gtin, i64)>,
}

/// Whom a name of the file means.
enum Named {
    Nobody,
    One(BrandId),
    /// Brands of two tenants, or two of one: the file cannot say which.
    Several,
}

/// The brands behind the names of a file: every brand is looked at, whoever owns it, and only named ones are kept.
async fn brands(tx: &mut Tx, rows: &[(i64, Vec<String>)]) -> Result<HashMap<String, Named>, Error> {
    let mut named: HashMap<String, Named> = rows
        .iter()
        .filter_map(|(_, cells)| cells.get(2))
        .filter(|name| !name.is_empty())
        .map(|name| (search_key(name), Named::Nobody))
        .collect();
    let mut after = BrandId(uuid::Uuid::nil());
    while !named.is_empty() {
        let page: Vec<(BrandId, String)> = tx.query(BRANDS).bind(after).bind(BRANDS_PAGE).all().await?;
        for (id, name) in &page {
            if let Some(found) = named.get_mut(&search_key(name)) {
                *found = if matches!(found, Named::Nobody) { Named::One(*id) } else { Named::Several };
            }
        }
        match page.last() {
            Some((last, _)) if page.len() as i64 == BRANDS_PAGE => after = *last,
            _ => break,
        }
    }
    Ok(named)
}

/// What happens to a product, and how it was when it changes.
async fn settle(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    meant: &Meant,
    packs: &Packs,
    apply: bool,
) -> Result<(ImportOutcome, Vec<String>), Error> {
    let Meant { new, pack } = meant;
    match product::find_by_gtin(tx, actor, &new.gtin).await? {
        None => {
            if apply {
                product::create(tx, actor, now, new).await?;
            }
            Ok((ImportOutcome::Create, Vec::new()))
        }
        Some(known) => {
            let same = known.name == new.name
                && known.brand_id == new.brand_id
                && known.category == new.category
                && known.suggested_price_minor == new.suggested_price_minor
                && known.currency == new.currency;
            let before = packs.of(&new.gtin);
            if same && (pack.is_none() || *pack == before) {
                return Ok((ImportOutcome::Same, Vec::new()));
            }
            let cells = cells_of(&known, pack.and(before));
            if apply && !same {
                product::replace(tx, actor, now, known, new).await?;
            }
            Ok((ImportOutcome::Update, cells))
        }
    }
}

fn cells_of(known: &Product, pack: Option<(Gtin, i64)>) -> Vec<String> {
    let price = known.suggested_price_minor.map(|minor| known.currency.major_text(minor)).unwrap_or_default();
    vec![
        known.gtin.short(),
        known.name.clone(),
        known.brand_name.clone().unwrap_or_default(),
        known.category.clone(),
        price,
        known.currency.code().to_owned(),
        pack.map(|(unit, _)| unit.short()).unwrap_or_default(),
        pack.map(|(_, units)| units.to_string()).unwrap_or_default(),
    ]
}

/// Rows with their number in the spreadsheet, cells in the order of [`COLUMNS`].
fn read(file: &[u8]) -> Result<Vec<(i64, Vec<String>)>, Error> {
    table::read(&Shape { columns: &COLUMNS, needed: 2, rows_max: ROWS_MAX }, file).map_err(|error| match error {
        TableError::TooLarge => TOO_LARGE,
        TableError::NoHeading => Error::BadFile("the file has no heading"),
        TableError::MissingColumn(column) => Error::MissingColumn(column),
        TableError::TooManyRows(_) => Error::BadFile("the file has more than 5000 rows"),
        TableError::Unreadable => Error::BadFile("a row cannot be read"),
    })
}

/// Why a row is left out.
struct Refusal {
    column: i64,
    code: &'static str,
    same_as: Option<i64>,
}

fn parse(cells: &[String], brands: &HashMap<String, Named>, seen: &mut HashMap<Gtin, i64>, row: i64) -> Result<Meant, Refusal> {
    let wrong = |column: i64, code| Refusal { column, code, same_as: None };
    let [gtin, name, brand, category, price, currency, unit, units] = cells else {
        return Err(wrong(0, "catalogue.bad_row"));
    };
    // What a spreadsheet would run when somebody opens an export of it.
    if let Some(column) = cells.iter().position(|cell| cell.starts_with(['=', '+', '-', '@'])) {
        return Err(wrong(column as i64, "catalogue.formula"));
    }
    if gtin.is_empty() {
        return Err(wrong(0, "catalogue.no_gtin"));
    }
    let gtin = Gtin::typed(gtin).map_err(|error| wrong(0, error.code()))?;
    if gtin.is_in_store() {
        return Err(wrong(0, "catalogue.in_store_code"));
    }
    if let Some(first) = seen.insert(gtin, row) {
        seen.insert(gtin, first);
        return Err(Refusal { same_as: Some(first), ..wrong(0, "catalogue.duplicate_row") });
    }
    if name.contains(char::REPLACEMENT_CHARACTER) {
        return Err(wrong(1, "catalogue.letters"));
    }
    if name.is_empty() || name.chars().count() > product::NAME_MAX || name.chars().any(char::is_control) {
        return Err(wrong(1, "catalogue.name"));
    }
    let brand_id = match brands.get(&search_key(brand)) {
        _ if brand.is_empty() => None,
        Some(Named::One(id)) => Some(*id),
        Some(Named::Several) => return Err(wrong(2, "catalogue.ambiguous_brand")),
        Some(Named::Nobody) | None => return Err(wrong(2, "catalogue.unknown_brand")),
    };
    let category = shared::catalogue::category(category).ok_or_else(|| wrong(3, "catalogue.category"))?;
    let currency = match currency.to_uppercase().as_str() {
        "" | "COP" => Currency::Cop,
        "CLP" => Currency::Clp,
        "MXN" => Currency::Mxn,
        "USD" => Currency::Usd,
        _ => return Err(wrong(5, "catalogue.currency")),
    };
    let suggested_price_minor = if price.is_empty() {
        None
    } else {
        Some(typed_money(price, currency).filter(|minor| *minor <= PRICE_MAX_MINOR).ok_or_else(|| wrong(4, "catalogue.price"))?)
    };
    // Neither cell: the file says nothing about packs, and what is known stays.
    let pack = match (unit.as_str(), units.as_str()) {
        ("", "") => None,
        ("", _) => return Err(wrong(UNIT, "catalogue.pack_unknown_unit")),
        (unit, units) => {
            let unit = Gtin::typed(unit).map_err(|error| wrong(UNIT, error.code()))?;
            Some((unit, units.parse().map_err(|_| wrong(UNITS, "catalogue.pack_units"))?))
        }
    };
    let new = NewProduct { gtin, brand_id, name: name.clone(), category: category.to_owned(), suggested_price_minor, currency };
    Ok(Meant { new, pack })
}

sql! {
    KEEP: "INSERT INTO product_import (id, name, file, made_by, created_at) VALUES ($1, $2, $3, $4, $5)";

    FORGET: "DELETE FROM product_import WHERE created_at < $1";

    GET: "SELECT name, file, applied_at, report FROM product_import WHERE id = $1";

    CORRECT: "UPDATE product_import SET file = $1 WHERE id = $2 AND applied_at IS NULL";

    BRANDS: "SELECT id, name FROM brand WHERE id > $1 AND world_id IS NULL ORDER BY id LIMIT $2";

    APPLIED: "UPDATE product_import SET applied_at = $1, report = $2 WHERE id = $3 AND applied_at IS NULL";
}
