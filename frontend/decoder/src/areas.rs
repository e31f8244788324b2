//! Where in a picture something small and busy stands: a QR of a few pixels per module is worth a magnifying glass,
//! and the whole picture is not.

use crate::picture::Picture;

/// Side of the squares that are judged, in pixels.
const SQUARE: usize = 16;
/// Of two pixels this far apart the difference is taken: noise is no larger for it, print that is blurred is.
const APART: usize = 2;
/// The mean difference across a square that is worth looking at, in levels of 255.
const BUSY_MIN: u32 = 8;
/// A square counts with this part of the busiest one, in eighths.
const BUSY_PART: u32 = 3;
/// Areas with less than this on a side (without margin) are specks, in squares.
const SIDE_MIN: usize = 2;

/// A rectangle of whole pixels inside its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// At most `most` areas that are busy both along and across, the busiest first, each with a margin of one square.
pub(crate) fn busy(picture: &Picture<'_>, most: usize) -> Vec<Area> {
    let (columns, rows) = (picture.width / SQUARE, picture.height / SQUARE);
    let mut levels: Vec<u32> = (0..columns * rows).map(|at| level(picture, at % columns * SQUARE, at / columns * SQUARE)).collect();
    let busiest = levels.iter().copied().max().unwrap_or(0);
    let enough = (busiest * BUSY_PART / 8).max(BUSY_MIN);
    let mut found: Vec<(u32, Area)> = Vec::new();
    for at in 0..levels.len() {
        if levels[at] >= enough {
            let (sum, [left, top, right, bottom]) = taken(&mut levels, columns, enough, at);
            if right - left + 1 >= SIDE_MIN && bottom - top + 1 >= SIDE_MIN {
                let (x, y) = (left.saturating_sub(1) * SQUARE, top.saturating_sub(1) * SQUARE);
                let (end_x, end_y) = (((right + 2) * SQUARE).min(picture.width), ((bottom + 2) * SQUARE).min(picture.height));
                found.push((sum, Area { x, y, width: end_x - x, height: end_y - y }));
            }
        }
    }
    found.sort_by_key(|(sum, _)| std::cmp::Reverse(*sum));
    found.into_iter().take(most).map(|(_, area)| area).collect()
}

/// Where there may be upright bars: for each row of the picture whether some squares there are clearly busier along
/// than across.
pub(crate) fn rows_with_bars(picture: &Picture<'_>) -> Vec<bool> {
    /// Squares side by side that the smallest readable symbol covers.
    const SQUARES_MIN: usize = 3;
    /// Fourths by which one direction outdoes the other: bars at 30 degrees by seven, in noise by less.
    const CLEARLY: u32 = 5;

    let columns = picture.width / SQUARE;
    let bars = |row: usize| {
        let squares = (0..columns).map(|column| differences(picture, column * SQUARE, row * SQUARE));
        squares.filter(|&(along, across)| along >= BUSY_MIN && 4 * along >= CLEARLY * across).count() >= SQUARES_MIN
    };
    let squares: Vec<bool> = (0..picture.height / SQUARE).map(bars).collect();
    // A rest that fills no square belongs to the last row; where there is none, nothing is known.
    let last = squares.len().saturating_sub(1);
    (0..picture.height).map(|y| squares.get((y / SQUARE).min(last)).is_none_or(|&bars| bars)).collect()
}

/// The lesser of the mean differences along and across: bars are busy in one direction only, print in both.
fn level(picture: &Picture<'_>, x: usize, y: usize) -> u32 {
    let (along, across) = differences(picture, x, y);
    along.min(across)
}

/// The mean differences along and across a square.
fn differences(picture: &Picture<'_>, x: usize, y: usize) -> (u32, u32) {
    let (mut along, mut across) = (0, 0);
    for row in (y..y + SQUARE - APART).step_by(2) {
        let (here, below) = (&picture.row(row)[x..x + SQUARE], &picture.row(row + APART)[x..x + SQUARE]);
        for column in (0..SQUARE - APART).step_by(2) {
            along += u32::from(here[column].abs_diff(here[column + APART]));
            across += u32::from(here[column].abs_diff(below[column]));
        }
    }
    let pairs = ((SQUARE - APART) / 2).pow(2) as u32;
    (along / pairs, across / pairs)
}

/// Takes a busy square and all that hang together with it out of `levels`: their sum, and the first and last column and row.
fn taken(levels: &mut [u32], columns: usize, enough: u32, first: usize) -> (u32, [usize; 4]) {
    let mut bounds = [usize::MAX, usize::MAX, 0, 0];
    let mut sum = 0;
    let mut waiting = vec![first];
    while let Some(at) = waiting.pop() {
        if levels[at] < enough {
            continue;
        }
        sum += std::mem::take(&mut levels[at]);
        let (x, y) = (at % columns, at / columns);
        bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
        waiting.extend((x > 0).then(|| at - 1));
        waiting.extend((x + 1 < columns).then_some(at + 1));
        waiting.extend(at.checked_sub(columns));
        waiting.extend(Some(at + columns).filter(|&below| below < levels.len()));
    }
    (sum, bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grey, with a board of 3 × 3 pixels at 200,100 … 280,180, and bars beside it.
    fn desk() -> Vec<u8> {
        let pixel = |x: usize, y: usize| match (x, y) {
            (200..280, 100..180) if (x / 3 + y / 3).is_multiple_of(2) => 30,
            (200..280, 100..180) => 200,
            (20..160, 100..180) if (x / 3).is_multiple_of(2) => 30,
            (20..160, 100..180) => 200,
            _ => 120,
        };
        (0..320 * 240).map(|at| pixel(at % 320, at / 320)).collect()
    }

    #[test]
    fn what_is_busy_in_both_directions_is_found_with_a_margin() {
        let luma = desk();
        let picture = Picture::of_luma(&luma, 320, 240).unwrap();

        let found = busy(&picture, 3);

        assert_eq!(found.len(), 1, "{found:?}: bars are busy in one direction only");
        let Area { x, y, width, height } = found[0];
        assert!(x <= 200 && y <= 100 && x + width >= 280 && y + height >= 180, "{found:?} holds all of it");
        assert!(width <= 160 && height <= 160, "{found:?} and little more");
    }

    #[test]
    fn rows_with_bars_are_those_of_the_bars() {
        let luma = desk();

        let rows = rows_with_bars(&Picture::of_luma(&luma, 320, 240).unwrap());

        assert_eq!(rows.len(), 240);
        assert!(rows[112..176].iter().all(|&bars| bars), "the bars, and not the board beside them");
        assert!(!rows[..96].iter().chain(&rows[192..]).any(|&bars| bars));
        assert_eq!(rows_with_bars(&Picture::of_luma(&[7; 30], 3, 10).unwrap()), [true; 10], "too small to tell");
    }

    #[test]
    fn an_even_picture_has_nothing_busy() {
        let picture = [120; 320 * 240];

        assert_eq!(busy(&Picture::of_luma(&picture, 320, 240).unwrap(), 3), []);
        assert_eq!(busy(&Picture::of_luma(&picture[..15 * 15], 15, 15).unwrap(), 3), [], "smaller than a square");
    }
}
