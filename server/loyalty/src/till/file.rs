//! A spreadsheet of a till's tickets: one row for each line, read as it streams by.
//!
//! Text or a workbook ([`workbook`]): UTF-8 with or without its mark, or Windows-1252; semicolon, comma or tab; decimal comma or point; `31/12/2026` or ISO.
//! A ticket whose lines are not all right is left out whole. The memory that a file needs does not grow with its rows but
//! for one hash a ticket.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use db::{Db, Tx, sql};
use identity::{Actor, audit};
use sha2::{Digest, Sha256};
use shared::{
    CivilDate, Country, Currency, ShopId, TillFileId, TillSourceId, Timestamp,
    till::{TICKET_LINES_MAX, TicketKind, TicketStatus, TillFileReport, TillLine, WrongTillRow},
};
use sqlx::types::Json;

use super::{
    source,
    ticket::{self, Parsed, ParsedLine},
    workbook,
};
use crate::{Error, Loyalty};

/// Largest file.
pub const FILE_MAX_BYTES: usize = 32 * 1024 * 1024;
/// Rows of one file.
pub const ROWS_MAX: i64 = 200_000;
/// Tickets of one transaction: others write in between.
const BATCH: usize = 200;
/// Wrong rows that are told.
const WRONG_MAX: usize = 100;

const COLUMNS: [&str; 14] = [
    "terminal_id",
    "ticket_id",
    "date",
    "time",
    "type",
    "barcode",
    "description",
    "quantity",
    "unit_price",
    "discount",
    "line_total",
    "payment_total",
    "original_ticket_id",
    "currency",
];
/// Without these nothing can be said.
const NEEDED: [&str; 7] = ["terminal_id", "ticket_id", "date", "time", "barcode", "quantity", "line_total"];

/// Looks at a file, or takes it. `path`: where the bytes are; `name`: what the sender calls them.
///
/// With `apply` each batch is a transaction of its own, and tickets that came before change nothing: a file that broke off
/// is simply sent again. The same bytes a second time answer what the first time did.
#[allow(clippy::too_many_arguments, reason = "a file, whose it is, and what is to be done with it")]
pub async fn run(
    db: &Db,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: TillSourceId,
    name: &str,
    path: &Path,
    apply: bool,
) -> Result<TillFileReport, Error> {
    actor.operates()?;
    let given = path.to_owned();
    // Unpacking takes its time, and other tasks of this thread would wait.
    let workbook =
        tokio::task::spawn_blocking(move || workbook::rows(&given)).await.map_err(|_| Error::BadFile("the file cannot be read"))??;
    let path = workbook.as_ref().map_or(path, |rows| rows.path());
    let file = Opened::new(path)?;
    if apply {
        // Nothing of a file counts that cannot be read to its end.
        let mut whole = Reading::new(Opened::new(path)?)?;
        while whole.next_row()?.is_some() {}
    }
    let mut tx = db.begin().await?;
    source::own(&mut tx, actor, id).await?;
    if let Some((_, Some(Json(report)))) = known(&mut tx, id, &file.sha256).await? {
        return Ok(TillFileReport { known_file: true, ..report });
    }
    let file_id = match (apply, known(&mut tx, id, &file.sha256).await?) {
        (false, _) => None,
        (true, Some((begun, _))) => Some(begun),
        (true, None) => Some(begin(&mut tx, actor, now, id, &file.sha256, name).await?),
    };
    tx.commit().await?;
    let mut reading = Reading::new(file)?;
    let mut terminals = Terminals::default();
    loop {
        let mut tx = db.begin().await?;
        let batch = reading.batch(&mut tx, id, &mut terminals).await?;
        let ended = batch.len() < BATCH;
        for parsed in batch {
            let apart = apply && ticket::takes_back(&mut tx, id, &parsed).await?;
            if apart {
                tx.commit().await?;
                tx = db.begin().await?;
            }
            write(&mut tx, loyalty, now, id, &parsed, apply, &mut reading.report).await?;
            if apart {
                tx.commit().await?;
                tx = db.begin().await?;
            }
        }
        if ended {
            if let Some(file) = file_id {
                reading.report.applied = true;
                tx.query(END).bind(Json(reading.report.clone())).bind(file).execute().await?;
                let after = serde_json::json!({ "rows": reading.report.rows, "tickets": reading.report.tickets, "sum_minor": reading.report.sum_minor });
                audit::record(&mut tx, actor, now, "till_file.applied", id, None, Some(after), Some(name)).await?;
            }
            tx.commit().await?;
            return Ok(reading.report);
        }
        tx.commit().await?;
    }
}

type Known = (TillFileId, Option<Json<TillFileReport>>);

async fn known(tx: &mut Tx, id: TillSourceId, sha256: &[u8]) -> Result<Option<Known>, Error> {
    Ok(tx.query(KNOWN).bind(id).bind(sha256.to_vec()).maybe().await?)
}

async fn begin(tx: &mut Tx, actor: &Actor, now: Timestamp, id: TillSourceId, sha256: &[u8], name: &str) -> Result<TillFileId, Error> {
    let file: TillFileId = tx.new_id();
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(120).collect();
    tx.query(BEGIN).bind(file).bind(id).bind(sha256.to_vec()).bind(name).bind(actor.user().ok()).bind(now).execute().await.map_err(
        |error| match error {
            db::Error::Unique => Error::IdempotencyConflict,
            other => other.into(),
        },
    )?;
    Ok(file)
}

/// One ticket's part of the report, and its rows when the file is taken.
async fn write(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    id: TillSourceId,
    parsed: &Parsed,
    apply: bool,
    report: &mut TillFileReport,
) -> Result<(), Error> {
    let known = ticket::known(tx, id, parsed).await?;
    let (same, warning, joined) = match (known, apply) {
        (Some(false), _) => {
            reject(report, 0, "ticket_id", "loyalty.idempotency_conflict");
            return Ok(());
        }
        (Some(true), _) => (true, false, false),
        (None, false) => (false, parsed.warning().is_some(), false),
        (None, true) => {
            let taken = ticket::receive(tx, loyalty, now, id, parsed).await?;
            (taken.replayed, taken.warning.is_some(), taken.status == TicketStatus::Joined)
        }
    };
    report.tickets += 1;
    report.known_tickets += i64::from(same);
    report.warnings += i64::from(warning);
    report.joined += i64::from(joined);
    let sign = if parsed.kind == TicketKind::Sale { 1 } else { -1 };
    report.sum_minor = report.sum_minor.saturating_add(sign * parsed.total_minor);
    Ok(())
}

fn reject(report: &mut TillFileReport, row: i64, column: &str, code: &str) {
    report.wrong_tickets += 1;
    tell(report, row, column, code);
}

fn tell(report: &mut TillFileReport, row: i64, column: &str, code: &str) {
    if report.wrong.len() < WRONG_MAX {
        report.wrong.push(WrongTillRow { row, column: column.to_owned(), code: code.to_owned() });
    }
}

/// A file whose content was looked at once: its hash, and whether it is UTF-8.
struct Opened {
    file: File,
    sha256: [u8; 32],
    utf8: bool,
}

impl Opened {
    fn new(path: &Path) -> Result<Self, Error> {
        let unreadable = |_| Error::BadFile("the file cannot be read");
        let mut file = File::open(path).map_err(unreadable)?;
        let (mut hash, mut utf8, mut rest, mut bytes) = (Sha256::new(), true, Vec::new(), 0);
        let mut block = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut block).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            bytes += read;
            if bytes > FILE_MAX_BYTES {
                return Err(Error::BadFile("the file is larger than 32 MB"));
            }
            hash.update(&block[..read]);
            if utf8 {
                // A letter may be cut in two by the end of a block.
                rest.extend_from_slice(&block[..read]);
                match std::str::from_utf8(&rest) {
                    Ok(_) => rest.clear(),
                    Err(error) if error.error_len().is_none() => drop(rest.drain(..error.valid_up_to())),
                    Err(_) => utf8 = false,
                }
            }
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(Self { file, sha256: hash.finalize().into(), utf8: utf8 && rest.is_empty() })
    }
}

/// Where terminals stand, asked once each.
#[derive(Default)]
struct Terminals(std::collections::HashMap<String, Place>);

#[derive(Clone)]
struct Place {
    time_zone: String,
    currency: Currency,
}

impl Terminals {
    async fn of(&mut self, tx: &mut Tx, id: TillSourceId, terminal: &str) -> Result<Place, Error> {
        if let Some(place) = self.0.get(terminal) {
            return Ok(place.clone());
        }
        let shop: Option<ShopId> = source::shop_of(tx, id, terminal).await?;
        let place = match shop {
            Some(shop) => {
                let shop = identity::shop::get(tx, shop).await?;
                Place { time_zone: shop.time_zone, currency: shop.currency }
            }
            // Nobody knows where it stands: it waits, on the clock of the country where these tills are.
            None => Place { time_zone: Country::Mx.time_zone().to_owned(), currency: Country::Mx.currency() },
        };
        // A file names few terminals; one that names many forgets them.
        if self.0.len() > 10_000 {
            self.0.clear();
        }
        self.0.insert(terminal.to_owned(), place.clone());
        Ok(place)
    }
}

/// Rows of one ticket, one after the other.
struct Group {
    key: [String; 4],
    rows: Vec<(i64, Vec<String>)>,
}

struct Reading {
    reader: csv::Reader<BufReader<File>>,
    utf8: bool,
    places: [Option<usize>; COLUMNS.len()],
    record: csv::ByteRecord,
    /// The first row of the next ticket.
    ahead: Option<(i64, Vec<String>)>,
    /// A ticket is one block: a second one under its name is another file's mistake.
    seen: HashSet<[u8; 16]>,
    row: i64,
    report: TillFileReport,
}

impl Reading {
    fn new(opened: Opened) -> Result<Self, Error> {
        let Opened { mut file, utf8, .. } = opened;
        let mut head = vec![0; 4_096];
        let read = file.read(&mut head).map_err(|_| Error::BadFile("the file cannot be read"))?;
        head.truncate(read);
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let heading = head[mark..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let delimiter =
            [b';', b'\t', b','].into_iter().max_by_key(|mark| heading.iter().filter(|byte| *byte == mark).count()).unwrap_or(b',');
        file.seek(SeekFrom::Start(mark as u64)).map_err(|_| Error::BadFile("the file cannot be read"))?;
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(BufReader::new(file));
        let headings: Vec<String> = reader
            .byte_headers()
            .map_err(|_| Error::BadFile("the file has no heading"))?
            .iter()
            .map(|cell| identity::search_key(&decoded(cell, utf8)))
            .collect();
        let places = COLUMNS.map(|column| headings.iter().position(|heading| heading == column));
        if let Some(missing) =
            NEEDED.into_iter().find(|needed| COLUMNS.iter().zip(&places).any(|(column, place)| column == needed && place.is_none()))
        {
            return Err(Error::MissingColumn(missing));
        }
        Ok(Self {
            reader,
            utf8,
            places,
            record: csv::ByteRecord::new(),
            ahead: None,
            seen: HashSet::new(),
            row: 1,
            report: TillFileReport::default(),
        })
    }

    fn next_row(&mut self) -> Result<Option<(i64, Vec<String>)>, Error> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        loop {
            if !self.reader.read_byte_record(&mut self.record).map_err(|_| Error::BadFile("a row cannot be read"))? {
                return Ok(None);
            }
            self.row += 1;
            if self.record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            self.report.rows += 1;
            if self.report.rows > ROWS_MAX {
                return Err(Error::BadFile("the file has more than 200000 rows"));
            }
            let cells = self
                .places
                .iter()
                .map(|place| decoded(place.and_then(|place| self.record.get(place)).unwrap_or_default(), self.utf8))
                .collect();
            return Ok(Some((self.row, cells)));
        }
    }

    fn next_group(&mut self) -> Result<Option<Group>, Error> {
        let Some(first) = self.next_row()? else {
            return Ok(None);
        };
        let key = |cells: &[String]| [0, 1, 2, 4].map(|place| cells[place].clone());
        let mut group = Group { key: key(&first.1), rows: vec![first] };
        while let Some(row) = self.next_row()? {
            if key(&row.1) != group.key {
                self.ahead = Some(row);
                break;
            }
            // Beyond what a ticket holds they are only counted.
            if group.rows.len() <= TICKET_LINES_MAX {
                group.rows.push(row);
            }
        }
        Ok(Some(group))
    }

    /// The next tickets that are right.
    async fn batch(&mut self, tx: &mut Tx, id: TillSourceId, terminals: &mut Terminals) -> Result<Vec<Parsed>, Error> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(group) = self.next_group()? else {
                break;
            };
            let first = group.rows.first().map_or(0, |(row, _)| *row);
            let hash = Sha256::digest(group.key.join("\u{1f}"));
            let mut name = [0; 16];
            name.copy_from_slice(&hash[..16]);
            if !self.seen.insert(name) {
                reject(&mut self.report, first, "ticket_id", "loyalty.till_split_ticket");
                continue;
            }
            let place = terminals.of(tx, id, &group.key[0]).await?;
            let mut wrong = Vec::new();
            match parse(&group, &place, &mut wrong) {
                Some(parsed) => batch.push(parsed),
                None => {
                    self.report.wrong_tickets += 1;
                    for (row, column, code) in wrong {
                        tell(&mut self.report, row, column, &code);
                    }
                }
            }
        }
        Ok(batch)
    }
}

fn decoded(cell: &[u8], utf8: bool) -> String {
    if utf8 { String::from_utf8_lossy(cell).into_owned() } else { encoding_rs::WINDOWS_1252.decode(cell).0.into_owned() }
}

/// The whole ticket, or every row that is wrong.
fn parse(group: &Group, place: &Place, wrong: &mut Vec<(i64, &'static str, String)>) -> Option<Parsed> {
    let (first, head) = group.rows.first()?;
    let cell = |place: usize| head.get(place).map(String::as_str).unwrap_or_default();
    let mut refuse = |row: i64, column: &'static str, code: &str| wrong.push((row, column, code.to_owned()));
    if group.rows.len() > TICKET_LINES_MAX {
        refuse(*first, "ticket_id", "loyalty.till_long_ticket");
    }
    let kind = match cell(4).to_lowercase().as_str() {
        "" | "sale" | "venta" => Some(TicketKind::Sale),
        "refund" | "devolucion" | "devolución" => Some(TicketKind::Refund),
        "void" | "anulacion" | "anulación" | "cancelacion" | "cancelación" => Some(TicketKind::Void),
        _ => None,
    };
    let date = date(cell(2));
    let at = date.and_then(|date| instant(date, cell(3), &place.time_zone));
    for (right, column) in [(kind.is_some(), "type"), (date.is_some(), "date"), (at.is_some() || date.is_none(), "time")] {
        if !right {
            refuse(*first, column, "bad_field");
        }
    }
    let currency = match cell(13).to_uppercase().as_str() {
        "" => Some(place.currency),
        "COP" => Some(Currency::Cop),
        "CLP" => Some(Currency::Clp),
        "MXN" => Some(Currency::Mxn),
        "USD" => Some(Currency::Usd),
        _ => {
            refuse(*first, "currency", "bad_field");
            None
        }
    };
    let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut lines = Vec::with_capacity(group.rows.len());
    for (row, cells) in &group.rows {
        let text = |place: usize| cells.get(place).cloned().unwrap_or_default();
        let line = TillLine {
            barcode: text(5),
            description: text(6),
            quantity: text(7),
            unit_price: optional(&text(8)),
            discount: optional(&text(9)),
            line_total: text(10),
        };
        match ParsedLine::read(&line, currency.unwrap_or(place.currency)) {
            Ok(line) => lines.push(line),
            Err(Error::Field(column)) => refuse(*row, column, "bad_field"),
            Err(error) => refuse(*row, "barcode", &shared::Problem::from(error).code),
        }
    }
    let sum = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.total_minor));
    let total = match optional(cell(11)) {
        None => Some(sum),
        Some(text) => super::money::minor(&text, currency.unwrap_or(place.currency)),
    };
    if total.is_none() {
        refuse(*first, "payment_total", "bad_field");
    }
    let original = optional(cell(12));
    if original.is_none() && kind.is_some_and(|kind| kind != TicketKind::Sale) {
        refuse(*first, "original_ticket_id", "bad_field");
    }
    let mut named = |place: usize, column: &'static str| {
        let name = ticket::number(cell(place), column);
        if name.is_err() {
            refuse(*first, column, "bad_field");
        }
        name.ok()
    };
    let (terminal_id, number) = (named(0, "terminal_id"), named(1, "ticket_id"));
    if !wrong.is_empty() {
        return None;
    }
    Some(Parsed {
        kind: kind?,
        terminal_id: terminal_id?,
        number: number?,
        original: original.filter(|_| kind != Some(TicketKind::Sale)),
        business_date: date?,
        occurred_at: at?,
        currency: currency?,
        total_minor: total?,
        card_code: None,
        lines,
    })
}

/// `31/12/2026`, `31-12-2026` or `2026-12-31`.
fn date(text: &str) -> Option<CivilDate> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let [day, month, year] = parts[..] else {
        return None;
    };
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let right = digits(day, 1..=2) && digits(month, 1..=2) && digits(year, 4..=4);
    if right { format!("{year}-{month:0>2}-{day:0>2}").parse().ok() } else { None }
}

/// `9:05` or `09:05:30` of that day, on the wall of the shop.
fn instant(date: CivilDate, time: &str, time_zone: &str) -> Option<Timestamp> {
    let mut parts = time.split(':').map(|part| part.parse::<i64>().ok().filter(|_| (1..=2).contains(&part.len())));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().map_or(Some(0), |second| second)?);
    let in_day = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second) && parts.next().is_none();
    // From the day's start: on the two days of a year when clocks are turned, an hour off.
    in_day.then(|| identity::shop::start_of_day(time_zone, date).plus_ms(((hour * 60 + minute) * 60 + second) * 1_000))
}

sql! {
    KNOWN: "SELECT id, report FROM till_file WHERE source_id = $1 AND sha256 = $2";

    BEGIN: "INSERT INTO till_file (id, source_id, sha256, name, made_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)";

    END: "UPDATE till_file SET report = $1 WHERE id = $2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_shops_write_them() {
        for (text, expected) in [
            ("31/12/2026", Some("2026-12-31")),
            ("1/2/2026", Some("2026-02-01")),
            ("2026-02-01", Some("2026-02-01")),
            ("30/02/2026", None),
            ("12/31/2026", None),
            ("1/2/26", None),
            ("hoy", None),
        ] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
        let nine: Timestamp = "2026-03-10T15:05:00Z".parse().unwrap();
        assert_eq!(instant("2026-03-10".parse().unwrap(), "9:05", "America/Mexico_City"), Some(nine));
        assert_eq!(instant("2026-03-10".parse().unwrap(), "24:00", "America/Mexico_City"), None);
    }
}
