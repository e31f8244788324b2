//! Rows against columns, darker where the share is larger: cohorts.

use plotters::{
    element::Rectangle,
    style::{Color, text_anchor::HPos},
};

use super::{
    Words, short,
    svg::{Ink, picture, text},
    tiles::{heat, on},
};

/// For the names of the rows.
const NAMES: i32 = 84;
const WIDTH: i32 = 520;
const HEIGHT: i32 = 30;
const GAP: i32 = 3;
/// A single column is not wider than this.
const CELL_MAX: i32 = 96;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// At the left.
    pub name: String,
    /// Share from 0 to 1 and its text; an empty text is no cell at all, `None` a hidden one.
    pub cells: Vec<Option<(f64, String)>>,
}

/// The rows under the names of the columns; `hidden` is written where there are too few people. `None` of nothing.
pub fn grid(words: Words<'_>, columns: &[String], rows: &[GridRow], hidden: &str) -> Option<String> {
    let (across, down) = (i32::try_from(columns.len()).ok()?, i32::try_from(rows.len()).ok()?);
    if across == 0 || down == 0 {
        return None;
    }
    let width = ((WIDTH - NAMES) / across - GAP).min(CELL_MAX);
    picture(words, (WIDTH, (down + 1) * (HEIGHT + GAP)), |area| {
        let left = |column: i32| NAMES + column * (width + GAP);
        for (name, column) in columns.iter().zip(0_i32..) {
            text(area, name, (left(column) + width / 2, HEIGHT / 2), Ink::Label, HPos::Center)?;
        }
        for (row, number) in rows.iter().zip(1_i32..) {
            let top = number * (HEIGHT + GAP);
            text(area, &short(&row.name, 12), (0, top + HEIGHT / 2), Ink::Label, HPos::Left)?;
            for (cell, column) in row.cells.iter().zip(0_i32..) {
                let (fill, ink, words) = match cell {
                    Some((_, words)) if words.is_empty() => continue,
                    Some((share, words)) => (Ink::Heat(heat(*share, 1.0)), on(heat(*share, 1.0)), words.as_str()),
                    None => (Ink::Hidden, Ink::Label, hidden),
                };
                area.draw(&Rectangle::new([(left(column), top), (left(column) + width, top + HEIGHT)], fill.filled()))?;
                text(area, words, (left(column) + width / 2, top + HEIGHT / 2), ink, HPos::Center)?;
            }
        }
        Ok(())
    })
}
