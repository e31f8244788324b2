//! Tables that people bring from a spreadsheet: UTF-8 with or without a byte order mark, or Windows-1252; comma,
//! semicolon or tabulator; columns in any order, with or without accents.

use crate::search_key;

/// Largest file, in bytes.
pub const BYTES_MAX: usize = 2_000_000;

/// Why a file is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// More than [`BYTES_MAX`].
    #[error("the file is larger than 2 MB")]
    TooLarge,
    /// No first line, or one that cannot be read.
    #[error("the file has no heading")]
    NoHeading,
    /// A needed column is not in the heading.
    #[error("the column {0} is needed")]
    MissingColumn(&'static str),
    /// More rows than the file may have.
    #[error("the file has more than {0} rows")]
    TooManyRows(usize),
    /// A record that is none.
    #[error("a row cannot be read")]
    Unreadable,
}

/// What a file must look like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// In the order of a row's cells, as [`search_key`] writes them.
    pub columns: &'static [&'static str],
    /// The first so many of them are needed.
    pub needed: usize,
    /// Rows at most.
    pub rows_max: usize,
}

/// Rows with their number in the spreadsheet, cells in the order of the shape's columns. Empty rows are left out.
///
/// A spreadsheet counts the lines that the reader skips, and counts a cell of several lines once: neither the reader's
/// count of records nor its count of lines is the number that a person sees.
pub fn read(shape: &Shape, file: &[u8]) -> Result<Vec<(i64, Vec<String>)>, TableError> {
    if file.len() > BYTES_MAX {
        return Err(TableError::TooLarge);
    }
    let text = match std::str::from_utf8(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(file).0.into_owned(),
    };
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t', b','].into_iter().max_by_key(|mark| heading.bytes().filter(|byte| byte == mark).count()).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings: Vec<String> = reader.headers().map_err(|_| TableError::NoHeading)?.iter().map(search_key).collect();
    let places: Vec<Option<usize>> = shape.columns.iter().map(|column| headings.iter().position(|heading| heading == column)).collect();
    if let Some(missing) = places.iter().take(shape.needed).position(Option::is_none) {
        return Err(TableError::MissingColumn(shape.columns[missing]));
    }
    let mut number = 1 + empty_lines(&text, 0);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| TableError::Unreadable)?;
        number += 1 + empty_lines(&text, record.position().map_or(0, |start| start.byte() as usize));
        if rows.len() >= shape.rows_max {
            return Err(TableError::TooManyRows(shape.rows_max));
        }
        let cells: Vec<String> =
            places.iter().map(|place| place.and_then(|place| record.get(place)).unwrap_or_default().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((number, cells));
        }
    }
    Ok(rows)
}

/// Lines of nothing from where the reader began to look for a record. A line ends with `\r\n`, `\n` or `\r`, and the
/// reader may begin between the two letters of the first.
fn empty_lines(text: &str, from: usize) -> i64 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().skip(from).take_while(|(_, byte)| matches!(byte, b'\r' | b'\n'));
    ends.filter(|(at, byte)| **byte == b'\r' || !bytes[..*at].ends_with(b"\r")).count() as i64
}

/// The first cell that a spreadsheet would run when somebody opens a file with it.
pub fn formula(cells: &[String]) -> Option<usize> {
    // Numbers and telephones begin so too.
    let runs = |cell: &String| cell.starts_with(['=', '@']) || (cell.starts_with(['+', '-']) && cell.chars().any(char::is_alphabetic));
    cells.iter().position(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { columns: &["tienda", "unidades", "direccion"], needed: 2, rows_max: 3 };

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        let latin = b"Tienda;Direcci\xf3n;Unidades\r\nDon \xd1o;Calle;3\r\n";
        let marked = "\u{feff}tienda,unidades\n\nLa Esquina,4\n".as_bytes();

        assert_eq!(read(&SHAPE, latin).unwrap(), [(2, vec!["Don Ño".to_owned(), "3".to_owned(), "Calle".to_owned()])]);
        assert_eq!(read(&SHAPE, marked).unwrap(), [(3, vec!["La Esquina".to_owned(), "4".to_owned(), String::new()])]);
    }

    #[test]
    fn what_is_no_table_says_why() {
        assert_eq!(read(&SHAPE, b"tienda\nx\n"), Err(TableError::MissingColumn("unidades")));
        assert_eq!(read(&SHAPE, b"tienda,unidades\na,1\nb,1\nc,1\nd,1\n"), Err(TableError::TooManyRows(3)));
        assert_eq!(read(&SHAPE, &vec![b'a'; BYTES_MAX + 1]), Err(TableError::TooLarge));
    }

    #[test]
    fn a_formula_is_told_from_a_number() {
        let cells = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();

        assert_eq!(formula(&cells(&["x", "=1+1"])), Some(1));
        assert_eq!(formula(&cells(&["-A1"])), Some(0));
        assert_eq!(formula(&cells(&["-74.08", "+57 300 1234567", "a=b"])), None);
    }
}
