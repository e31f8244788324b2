//! Horizontal bars, one below another, each with its name and number above it; with spans that begin where the one before
//! ended it is a roll-forward (waterfall).

use plotters::{
    coord::{
        cartesian::Cartesian2d,
        types::{RangedCoordf64, RangedCoordi32},
    },
    element::{PathElement, Rectangle},
    style::{Color, text_anchor::HPos},
};

use super::{
    Words, around_zero, short,
    svg::{Ink, picture, text},
};

/// Units of the drawing: as wide as a phone.
const WIDTH: i32 = 340;
/// Of one row, with its name.
const ROW: i32 = 38;
/// From the row's beginning to its bar.
const BAR_TOP: i32 = 20;
const BAR: i32 = 10;

/// A letter is about as wide.
const LETTER: i32 = 7;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// At the left.
    pub name: String,
    /// From where to where; `None`: too few people to show.
    pub span: Option<(f64, f64)>,
    /// The number as the table writes it.
    pub shown: String,
    /// What it is drawn with.
    pub ink: Ink,
}

/// The rows from top to bottom; `None` of nothing.
pub fn rows(words: Words<'_>, rows: &[Row]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let height = ROW * i32::try_from(rows.len()).ok()?;
    let range = around_zero(rows.iter().filter_map(|row| row.span).flat_map(|(from, to)| [from, to]));
    picture(words, (WIDTH, height), |area| {
        let scaled =
            area.apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordi32>::new(range.clone(), 0..height, (0..WIDTH, 0..height)));
        if range.start < 0.0 {
            scaled.draw(&PathElement::new(vec![(0.0, 0), (0.0, height)], Ink::Axis))?;
        }
        let mut before: Option<(f64, i32)> = None;
        for (row, number) in rows.iter().zip(0_i32..) {
            let top = number * ROW;
            let room = WIDTH / LETTER - i32::try_from(row.shown.chars().count()).unwrap_or_default() - 1;
            text(area, &short(&row.name, usize::try_from(room).unwrap_or_default()), (0, top + 10), Ink::Label, HPos::Left)?;
            text(area, &row.shown, (WIDTH, top + 10), Ink::Strong, HPos::Right)?;
            match row.span {
                None => area.draw(&Rectangle::new([(0, top + BAR_TOP), (WIDTH, top + BAR_TOP + BAR)], Ink::Hidden.filled()))?,
                Some((from, to)) => {
                    // A sum that goes on where the last one ended shows where that was.
                    if let Some((end, bottom)) = before.filter(|(end, _)| *end == from && from != 0.0) {
                        scaled.draw(&PathElement::new(vec![(end, bottom), (end, top + 2)], Ink::Axis))?;
                    }
                    scaled.draw(&Rectangle::new([(from, top + BAR_TOP), (to, top + BAR_TOP + BAR)], row.ink.filled()))?;
                    before = Some((to, top + BAR_TOP + BAR));
                }
            }
        }
        Ok(())
    })
}
