//! One tile for each place, darker where more was sold: a map without borders that everybody could dispute.

use plotters::{
    element::Rectangle,
    style::{Color, text_anchor::HPos},
};

use super::{
    Words, short,
    svg::{Ink, picture, text},
};

const WIDTH: i32 = 340;
const COLUMNS: i32 = 3;
const GAP: i32 = 6;
const HEIGHT: i32 = 56;
/// Characters of a place's name.
const CHARS_MAX: usize = 13;

/// One place.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// How much; `None`: too few people to show.
    pub value: Option<f64>,
    /// As the table writes it.
    pub shown: String,
}

/// From 1 to 6, by the share of the largest.
pub(super) fn heat(value: f64, most: f64) -> u8 {
    let step = if most > 0.0 { (value / most * 6.0).ceil() } else { 1.0 };
    step.clamp(1.0, 6.0) as u8
}

/// Dark tiles take light letters.
pub(super) const fn on(step: u8) -> Ink {
    if step >= 5 { Ink::OnHigh } else { Ink::OnLow }
}

/// The places from left to right; `None` of nothing.
pub fn tiles(words: Words<'_>, tiles: &[Tile]) -> Option<String> {
    if tiles.is_empty() {
        return None;
    }
    let lines = i32::try_from(tiles.len()).ok()?.div_euclid(COLUMNS) + i32::from(!tiles.len().is_multiple_of(COLUMNS as usize));
    let most = tiles.iter().filter_map(|tile| tile.value).fold(0.0, f64::max);
    let width = (WIDTH - GAP * (COLUMNS - 1)) / COLUMNS;
    picture(words, (WIDTH, lines * (HEIGHT + GAP) - GAP), |area| {
        for (tile, number) in tiles.iter().zip(0_i32..) {
            let (x, y) = (number % COLUMNS * (width + GAP), number / COLUMNS * (HEIGHT + GAP));
            let (fill, ink) = match tile.value {
                Some(value) => (Ink::Heat(heat(value, most)), on(heat(value, most))),
                None => (Ink::Hidden, Ink::Label),
            };
            area.draw(&Rectangle::new([(x, y), (x + width, y + HEIGHT)], fill.filled()))?;
            text(area, &short(&tile.name, CHARS_MAX), (x + 10, y + 18), ink, HPos::Left)?;
            text(area, &tile.shown, (x + 10, y + 38), ink, HPos::Left)?;
        }
        Ok(())
    })
}
