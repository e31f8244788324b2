//! A workbook of Office Open XML as the same rows that a text file has: what reads one reads the other, with the same limits
//! and the same words for what is wrong.
//!
//! A workbook is a ZIP archive: what it unpacks to is counted before anything of it is read. Its numbers are written as a
//! person sees them (15 digits, without an exponent), its days as `2026-03-10` and its hours as `10:01:00`. A formula is
//! what it gave when the workbook was saved; one that gave an error is a text that no column takes.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom, Write},
    path::Path,
};

use calamine::{DataRef, Reader, Xlsx};

use super::file::ROWS_MAX;
use crate::Error;

/// What every ZIP archive begins with.
const ZIP_MARK: [u8; 4] = *b"PK\x03\x04";
/// Bytes that an archive may unpack to.
const UNPACKED_MAX: u64 = 256 * 1024 * 1024;
/// Parts of an archive.
const PARTS_MAX: usize = 1_000;
/// Columns that are looked at.
const COLUMNS_MAX: u32 = 64;

/// The first sheet's rows as a text file, when the file is a workbook; `None` for any other.
pub(super) fn rows(path: &Path) -> Result<Option<tempfile::NamedTempFile>, Error> {
    let unreadable = |_: std::io::Error| Error::BadFile("the file cannot be read");
    let mut file = File::open(path).map_err(unreadable)?;
    let mut mark = [0; 4];
    if file.read_exact(&mut mark).is_err() || mark != ZIP_MARK {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    bounded(&file)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let broken = |_| Error::BadFile("the workbook cannot be read");
    let mut book: Xlsx<BufReader<File>> = Xlsx::new(BufReader::new(file)).map_err(broken)?;
    let sheet = book.sheet_names().first().cloned().ok_or(Error::BadFile("the workbook has no sheet"))?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(broken)?;
    let kept = tempfile::NamedTempFile::new().map_err(unreadable)?;
    let mut rows = Rows::new(csv::WriterBuilder::new().flexible(true).from_writer(kept.reopen().map_err(unreadable)?));
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        rows.cell(cell.get_position(), shown(cell.get_value()))?;
    }
    rows.end()?;
    Ok(Some(kept))
}

/// Unpacks everything into nothing: what an archive says of its sizes is not believed.
fn bounded(file: &File) -> Result<(), Error> {
    let broken = || Error::BadFile("the workbook cannot be read");
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| broken())?;
    if archive.len() > PARTS_MAX {
        return Err(Error::BadFile("the workbook has too many parts"));
    }
    let mut left = UNPACKED_MAX;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(|_| broken())?;
        let bytes = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(bytes).ok_or(Error::BadFile("the workbook unpacks to more than 256 MB"))?;
    }
    Ok(())
}

/// Cells come row by row; rows and cells of nothing are left out.
struct Rows<W: Write> {
    to: csv::Writer<W>,
    /// The row that is being filled, counted from 0.
    row: u32,
    cells: Vec<String>,
}

impl<W: Write> Rows<W> {
    fn new(to: csv::Writer<W>) -> Self {
        Self { to, row: 0, cells: Vec::new() }
    }

    fn cell(&mut self, (row, column): (u32, u32), text: String) -> Result<(), Error> {
        if i64::from(row) > ROWS_MAX {
            return Err(Error::BadFile("the file has more than 200000 rows"));
        }
        // A workbook may name cells in any order; programs that write them do not.
        if row < self.row {
            return Err(Error::BadFile("a row cannot be read"));
        }
        while self.row < row {
            self.close()?;
        }
        if column < COLUMNS_MAX {
            let column = usize::try_from(column).unwrap_or_default();
            if self.cells.len() <= column {
                self.cells.resize(column + 1, String::new());
            }
            self.cells[column] = text;
        }
        Ok(())
    }

    /// A row of nothing counts, too: the number of a row is that of the sheet.
    fn close(&mut self) -> Result<(), Error> {
        if self.cells.is_empty() {
            self.cells.push(String::new());
        }
        self.to.write_record(&self.cells).map_err(|_| Error::BadFile("the file cannot be read"))?;
        self.cells.clear();
        self.row += 1;
        Ok(())
    }

    fn end(mut self) -> Result<(), Error> {
        if !self.cells.is_empty() {
            self.close()?;
        }
        self.to.flush().map_err(|_| Error::BadFile("the file cannot be read"))
    }
}

/// As a person sees it.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => digits(*number),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let (date, time) = (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
            match at.as_f64() {
                whole if whole.fract() == 0.0 => date,
                part if (0.0..1.0).contains(&part) => time,
                _ => format!("{date} {time}"),
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => format!("{error:?}"),
    }
}

/// A spreadsheet keeps 15 digits: what it has more is the noise of its arithmetic. Rust writes no exponent.
fn digits(number: f64) -> String {
    format!("{number:.14e}").parse::<f64>().map_or_else(|_| String::new(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_a_person_sees_it() {
        assert_eq!(
            [7_702_004_003_508.0, 2_500.0, 0.1 + 0.2, -0.5, 1e16].map(digits),
            ["7702004003508", "2500", "0.3", "-0.5", "10000000000000000"]
        );
    }

    #[test]
    fn rows_of_nothing_keep_their_number() {
        let mut bytes = Vec::new();
        let mut rows = Rows::new(csv::WriterBuilder::new().flexible(true).from_writer(&mut bytes));
        rows.cell((0, 0), "a".into()).unwrap();
        rows.cell((0, 2), "c".into()).unwrap();
        rows.cell((2, 1), "x".into()).unwrap();
        assert!(rows.cell((1, 0), "back".into()).is_err());
        rows.end().unwrap();

        assert_eq!(String::from_utf8(bytes).unwrap(), "a,,c\n\"\"\n,x\n");
    }

    #[test]
    fn what_is_no_workbook_is_read_as_it_is_and_a_broken_one_says_so() {
        let file = |bytes: &[u8]| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            file
        };

        assert!(rows(file(b"terminal_id;ticket_id\n").path()).unwrap().is_none() && rows(file(b"").path()).unwrap().is_none());
        assert!(matches!(rows(file(b"PK\x03\x04 and nothing").path()), Err(Error::BadFile(_))));
    }
}
