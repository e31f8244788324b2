//! Products from a spreadsheet: checked row by row, written only when asked to, the same the second time.
//!
//! Columns, in any order, with or without accents: `gtin`, `nombre`, `marca`, `categoria`, `precio`, `moneda`. The file may
//! be UTF-8 with or without a byte order mark, or Windows-1252 as spreadsheets write it; comma, semicolon or tabulator.

use std::collections::HashMap;

use db::Tx;
use identity::{Actor, search_key};
use shared::{Currency, Gtin, Timestamp, catalogue::{ImportOutcome, ImportReport, ImportRow, NewProduct}};

use crate::{Error, product};

/// Most rows of one file.
pub const ROWS_MAX: usize = 5_000;
/// Largest file, in bytes.
pub const BYTES_MAX: usize = 2_000_000;
const COLUMNS: [&str; 6] = ["gtin", "nombre", "marca", "categoria", "precio", "moneda"];

/// Reads, checks and, with `apply`, writes all rows that are right. Rows that are wrong say why and are left out.
pub async fn run(tx: &mut Tx, actor: &Actor, now: Timestamp, file: &[u8], apply: bool) -> Result<ImportReport, Error> {
    actor.operates()?;
    let brands: HashMap<String, shared::BrandId> =
        identity::organisation::brands(tx, actor).await?.into_iter().map(|brand| (search_key(&brand.name), brand.id)).collect();
    let mut rows = Vec::new();
    let mut seen: HashMap<Gtin, i64> = HashMap::new();
    for (number, cells) in read(file)? {
        let mut row = ImportRow { row: number, cells, outcome: ImportOutcome::Wrong, column: None, code: None };
        match parse(&row.cells, &brands, &mut seen, number) {
            Err((column, code)) => {
                row.column = Some(column);
                row.code = Some(code.to_owned());
            }
            Ok(new) => row.outcome = settle(tx, actor, now, &new, apply).await?,
        }
        rows.push(row);
    }
    Ok(ImportReport { applied: apply, rows })
}

async fn settle(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewProduct, apply: bool) -> Result<ImportOutcome, Error> {
    match product::find_by_gtin(tx, actor, &new.gtin).await? {
        None => {
            if apply {
                product::create(tx, actor, now, new).await?;
            }
            Ok(ImportOutcome::Create)
        }
        Some(known) => {
            let same = known.name == new.name
                && known.brand_id == new.brand_id
                && known.category == new.category
                && known.suggested_price_minor == new.suggested_price_minor
                && known.currency == new.currency;
            if same {
                return Ok(ImportOutcome::Same);
            }
            if apply {
                product::update(tx, actor, now, known.id, new).await?;
            }
            Ok(ImportOutcome::Update)
        }
    }
}

/// Rows with their number in the spreadsheet, cells in the order of [`COLUMNS`].
fn read(file: &[u8]) -> Result<Vec<(i64, Vec<String>)>, Error> {
    if file.len() > BYTES_MAX {
        return Err(Error::BadFile("the file is larger than 2 MB"));
    }
    let text = match std::str::from_utf8(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(file).0.into_owned(),
    };
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t', b','].into_iter().max_by_key(|mark| heading.bytes().filter(|byte| byte == mark).count()).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings: Vec<String> = reader.headers().map_err(|_| Error::BadFile("the file has no heading"))?.iter().map(search_key).collect();
    let places: Vec<Option<usize>> = COLUMNS.iter().map(|column| headings.iter().position(|heading| heading == column)).collect();
    if places[0].is_none() || places[1].is_none() {
        return Err(Error::BadFile("the columns gtin and nombre are needed"));
    }
    let mut rows = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|_| Error::BadFile("a row cannot be read"))?;
        if rows.len() >= ROWS_MAX {
            return Err(Error::BadFile("the file has more than 5000 rows"));
        }
        let cells: Vec<String> = places.iter().map(|place| place.and_then(|place| record.get(place)).unwrap_or_default().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((i as i64 + 2, cells));
        }
    }
    Ok(rows)
}

type Refusal = (i64, &'static str);

fn parse(cells: &[String], brands: &HashMap<String, shared::BrandId>, seen: &mut HashMap<Gtin, i64>, row: i64) -> Result<NewProduct, Refusal> {
    let [gtin, name, brand, category, price, currency] = cells else { return Err((0, "catalogue.bad_row")) };
    // What a spreadsheet would run when somebody opens an export of it.
    if let Some(column) = cells.iter().position(|cell| cell.starts_with(['=', '+', '-', '@'])) {
        return Err((column as i64, "catalogue.formula"));
    }
    let gtin: Gtin = gtin.parse().map_err(|_| (0, "catalogue.check_digit"))?;
    if let Some(_first) = seen.insert(gtin.clone(), row) {
        return Err((0, "catalogue.duplicate_row"));
    }
    if name.is_empty() || name.chars().count() > product::NAME_MAX || name.contains(char::REPLACEMENT_CHARACTER) {
        return Err((1, "catalogue.name"));
    }
    let brand_id = if brand.is_empty() { None } else { Some(*brands.get(&search_key(brand)).ok_or((2, "catalogue.unknown_brand"))?) };
    if category.chars().count() > 20 {
        return Err((3, "catalogue.category"));
    }
    let currency = match currency.to_uppercase().as_str() {
        "" | "COP" => Currency::Cop,
        "CLP" => Currency::Clp,
        "MXN" => Currency::Mxn,
        "USD" => Currency::Usd,
        _ => return Err((5, "catalogue.currency")),
    };
    let suggested_price_minor = if price.is_empty() { None } else { Some(currency.parse_major(price).ok_or((4, "catalogue.price"))?) };
    Ok(NewProduct { gtin, brand_id, name: name.clone(), category: category.clone(), suggested_price_minor, currency })
}
