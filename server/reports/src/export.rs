//! A report as a table for a spreadsheet: the numbers of the answer itself, so a file can never say something else.

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::reports::metric::Metric;

/// Lists whose members become rows; a report without one is a single row.
const ROWS: [&str; 7] = ["products", "shops", "segments", "weeks", "cohorts", "pairs", "zones"];
/// Between the names of a list that stands in one cell.
const BETWEEN: &str = " | ";
/// Where a spreadsheet begins to calculate.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a report is a list, even when there is one row in it.
pub(crate) const fn is_list(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::SalesPerPli
            | Metric::ShopPerformance
            | Metric::Rfm
            | Metric::Registration
            | Metric::Cohorts
            | Metric::Affinity
            | Metric::Zones
    )
}

/// Columns and rows of texts; an empty text is a hidden or absent number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns, as the answer calls its members.
    pub columns: Vec<String>,
    /// As long as `columns` each.
    pub rows: Vec<Vec<String>>,
}

/// The table of a report's values.
pub fn table(values: &impl Serialize) -> Table {
    // Through its own text: members keep the order in which they are declared.
    let node = serde_json::to_vec(values).ok().and_then(|text| serde_json::from_slice::<Node>(&text).ok()).unwrap_or(Node::Nothing);
    let Node::Members(members) = node else {
        return Table { columns: Vec::new(), rows: Vec::new() };
    };
    let list = members.iter().find_map(|(name, node)| match node {
        Node::Items(items) if ROWS.contains(&name.as_str()) => Some(items),
        _ => None,
    });
    let records: Vec<Vec<(String, String)>> = match list {
        Some(items) => items.iter().map(flat).collect(),
        None => vec![flat(&Node::Members(members))],
    };
    let mut columns: Vec<String> = Vec::new();
    for (name, _) in records.iter().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let cell = |record: &[(String, String)], column: &str| {
        record.iter().find(|(name, _)| name == column).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let rows = records.iter().map(|record| columns.iter().map(|column| cell(record, column)).collect()).collect();
    Table { columns, rows }
}

/// RFC 4180, with a BOM because spreadsheets take UTF-8 for Latin-1 without one, and without formulas.
pub fn csv(table: &Table) -> String {
    let mut text = String::from("\u{feff}");
    for row in std::iter::once(&table.columns).chain(&table.rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(&harmless(cell))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Office Open XML, one sheet. Numbers are numbers and texts are texts, so nothing is calculated; `None` only for more rows
/// or columns than a sheet has.
pub fn xlsx(table: &Table, sheet: &str) -> Option<Vec<u8>> {
    book(&[(sheet, table)])
}

/// The same with a sheet for each table. Names of sheets are those of [`sheet_name`], and differ.
pub fn book(sheets: &[(&str, &Table)]) -> Option<Vec<u8>> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (sheet, table) in sheets {
        let page = book.add_worksheet();
        page.set_name(*sheet).ok()?;
        page.set_freeze_panes(1, 0).ok()?;
        for (number, row) in (0_u32..).zip(std::iter::once(&table.columns).chain(&table.rows)) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell.parse::<f64>().ok().filter(|_| is_exact_in_a_sheet(cell)) {
                    Some(value) => page.write_number(number, column, value).ok()?,
                    None => page.write_string(number, column, fitting(cell)).ok()?,
                };
            }
        }
    }
    book.save_to_buffer().ok()
}

/// A title as a sheet may be called: 31 characters without what a formula would read as part of an address.
pub(crate) fn sheet_name(title: &str) -> String {
    let name: String = title.chars().filter(|letter| !"[]:*?/\\'".contains(*letter)).take(31).collect();
    if name.trim().is_empty() { "Reporte".to_owned() } else { name.trim().to_owned() }
}

/// A cell holds 32 767 characters (Excel, *Specifications and limits*). Of a longer list it names as many as fit and says how
/// many more there are: the file is not refused, and nobody takes it for the whole list.
fn fitting(cell: &str) -> std::borrow::Cow<'_, str> {
    /// UTF-16 units, as a spreadsheet counts.
    const CELL_MAX: usize = 32_767;
    /// For the last words.
    const ROOM: usize = 40;
    if cell.encode_utf16().count() <= CELL_MAX {
        return cell.into();
    }
    let names: Vec<&str> = cell.split(BETWEEN).collect();
    let (mut kept, mut length, mut shown) = (String::new(), 0, 0);
    for name in &names {
        let more = name.encode_utf16().count() + if shown == 0 { 0 } else { BETWEEN.len() };
        if length + more > CELL_MAX - ROOM {
            break;
        }
        if shown > 0 {
            kept.push_str(BETWEEN);
        }
        kept.push_str(name);
        (length, shown) = (length + more, shown + 1);
    }
    if shown == 0 {
        // One text without an end: its beginning.
        kept = cell
            .chars()
            .scan(0, |length, letter| {
                *length += letter.len_utf16();
                (*length <= CELL_MAX - ROOM).then_some(letter)
            })
            .collect();
        return format!("{kept}…").into();
    }
    format!("{kept}{BETWEEN}… y {} más", names.len() - shown).into()
}

/// A sheet keeps 15 digits of a number; what has more is written as a text, whole.
fn is_exact_in_a_sheet(cell: &str) -> bool {
    crate::exact::Exact::parse(cell).is_some() && cell.bytes().filter(u8::is_ascii_digit).count() <= 15
}

/// A text that a spreadsheet would calculate gets an apostrophe before it (OWASP, *CSV Injection*); a number stays one.
fn harmless(cell: &str) -> String {
    let number = crate::exact::Exact::parse(cell).is_some();
    if !number && cell.starts_with(FORMULA_STARTS) { format!("'{cell}") } else { cell.to_owned() }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', ';', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// Names joined by points, texts as they are read.
fn flat(node: &Node) -> Vec<(String, String)> {
    fn walk(name: &str, node: &Node, into: &mut Vec<(String, String)>) {
        match node {
            Node::Members(members) => members.iter().for_each(|(member, node)| {
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                walk(&name, node, into);
            }),
            other => into.push((name.to_owned(), other.text())),
        }
    }
    let mut cells = Vec::new();
    walk("", node, &mut cells);
    cells
}

/// JSON whose objects keep their order.
enum Node {
    Nothing,
    Text(String),
    Items(Vec<Node>),
    Members(Vec<(String, Node)>),
}

impl Node {
    /// A list in one cell: the names in it, or its texts.
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Items(items) => items.iter().map(Self::text).collect::<Vec<_>>().join(BETWEEN),
            Self::Members(members) => members.iter().find(|(name, _)| name == "name").map(|(_, node)| node.text()).unwrap_or_default(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Node;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Text(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Node::Items(all))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Node::Members(all))
            }
        }
        from.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        ShopId,
        reports::metric::{ActivePdv, NamedShop, Rfm, Segment, SegmentLine},
    };

    use super::*;

    #[test]
    fn rows_are_the_members_of_the_list_in_their_order() {
        let line = |segment, consumers| SegmentLine { segment, consumers, share: None, net_amount: Some("-1.50".into()) };
        let rfm = Rfm {
            lookback_days: 180,
            consumers: Some(40),
            segments: vec![line(Segment::Champions, Some(40)), line(Segment::AtRisk, None)],
        };

        assert_eq!(csv(&table(&rfm)), "\u{feff}segment,consumers,share,net_amount\r\nchampions,40,,-1.50\r\nat_risk,,,-1.50\r\n");
    }

    #[test]
    fn a_sheet_has_the_same_cells() {
        let table = Table {
            columns: vec!["shop".into(), "net_amount".into()],
            rows: vec![vec!["=1+1".into(), "18400.50".into()], vec!["P2".into(), String::new()]],
        };
        let book = xlsx(&table, "shop_performance").unwrap();

        // A ZIP archive; what is in it is the library's business.
        assert_eq!(&book[..2], b"PK");
        assert!(
            is_exact_in_a_sheet("18400.50")
                && is_exact_in_a_sheet("-3")
                && !is_exact_in_a_sheet("1234567890123456")
                && !is_exact_in_a_sheet("1e3")
        );
    }

    #[test]
    fn a_list_that_is_longer_than_a_cell_says_how_many_are_missing() {
        let names: Vec<String> = (0..3_000).map(|number| format!("Tienda La Esquina {number:04}")).collect();
        let cell = fitting(&names.join(BETWEEN)).into_owned();
        let shown = cell.split(BETWEEN).count() - 1;
        let table = Table { columns: vec!["dormant".into()], rows: vec![vec![names.join(BETWEEN)], vec!["ñ".repeat(40_000)]] };

        assert!(cell.encode_utf16().count() <= 32_767 && cell.ends_with(&format!(" | … y {} más", 3_000 - shown)), "{shown}");
        assert_eq!(fitting("La Esquina | Don Luis"), "La Esquina | Don Luis");
        assert_eq!(&xlsx(&table, "active_pdv").unwrap()[..2], b"PK");
        assert_eq!((sheet_name("Ventas / PDV: [Todo el periodo completo]").chars().count(), sheet_name("?").as_str()), (31, "Reporte"));
    }

    #[test]
    fn a_name_is_never_a_formula() {
        let shop = |name: &str| NamedShop { shop_id: ShopId::fixed(1), name: name.into() };
        let active = ActivePdv {
            eligible: 4,
            active: 3,
            rate: Some("75.0".into()),
            min_purchases: 1,
            never_scanned: vec![shop("=1+1"), shop("\"La, 5\"")],
            dormant: vec![],
            never_scanned_total: 2,
            dormant_total: 0,
        };

        assert_eq!(
            csv(&table(&active)),
            "\u{feff}eligible,active,rate,min_purchases,never_scanned,dormant,never_scanned_total,dormant_total\r\n4,3,75.0,1,\"'=1+1 | \"\"La, 5\"\"\",,2,0\r\n"
        );
    }
}
