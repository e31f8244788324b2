//! A line over time, with a dot at each known value and a gap where there are too few people.

use plotters::{
    coord::{
        cartesian::Cartesian2d,
        ranged1d::Ranged,
        types::{RangedCoordf64, RangedCoordi32},
    },
    element::{Circle, PathElement, Rectangle},
    style::{Color, text_anchor::HPos},
};

use super::{
    Words, around_zero,
    svg::{Ink, TEXT, picture, text},
};

const WIDTH: i32 = 520;
const HEIGHT: i32 = 200;
/// Above, for the number of the highest point.
const TOP: i32 = 24;
/// Before, for the numbers of the grid and half of the first name.
const BEFORE: i32 = 56;
/// Behind, for half of the last name.
const BEHIND: i32 = 28;
/// Between a number of the grid and its line.
const APART: i32 = 8;
/// Below, for the names.
const NAMES: i32 = TEXT + 10;
/// Names that fit below.
const NAMES_MAX: usize = 8;
/// Half as wide as what stands for a hidden value.
const GAP: i32 = 7;
/// Numbers that fit beside their dots.
const NUMBERS_MAX: usize = 14;

/// One moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When.
    pub name: String,
    /// How much; `None`: too few people to show.
    pub value: Option<f64>,
    /// As the table writes it.
    pub shown: String,
}

/// The moments from left to right, evenly; `None` of nothing. `scale` writes the number of a line of the grid as the table
/// would; a line for which it writes nothing has none.
pub fn line(words: Words<'_>, points: &[Point], scale: impl Fn(f64) -> String) -> Option<String> {
    if points.is_empty() {
        return None;
    }
    let last = (i32::try_from(points.len()).ok()? - 1).max(1);
    let range = around_zero(points.iter().filter_map(|point| point.value));
    let bottom = HEIGHT - NAMES;
    let grid = RangedCoordf64::from(range.clone());
    picture(words, (WIDTH, HEIGHT), |area| {
        let scaled = area.apply_coord_spec(Cartesian2d::<RangedCoordi32, RangedCoordf64>::new(
            0..last,
            range.clone(),
            (BEFORE..WIDTH - BEHIND, bottom..TOP),
        ));
        for height in grid.key_points(4_usize) {
            scaled.draw(&PathElement::new(vec![(0, height), (last, height)], Ink::Grid))?;
            let (x, y) = scaled.map_coordinate(&(0, height));
            text(area, &scale(height), (x - APART, y), Ink::Label, HPos::Right)?;
        }
        for known in points.iter().zip(0_i32..).collect::<Vec<_>>().split(|(point, _)| point.value.is_none()) {
            let path: Vec<(i32, f64)> = known.iter().filter_map(|(point, number)| Some((*number, point.value?))).collect();
            if path.len() > 1 {
                scaled.draw(&PathElement::new(path.clone(), Ink::Two))?;
            }
            for at in path {
                scaled.draw(&Circle::new(at, 4, Ink::Two.filled()))?;
            }
        }
        let every = points.len().div_ceil(NAMES_MAX).max(1);
        for (number, point) in points.iter().enumerate() {
            let (x, y) = scaled.map_coordinate(&(i32::try_from(number).unwrap_or(last), point.value.unwrap_or(range.start)));
            if number % every == 0 {
                text(area, &point.name, (x, HEIGHT - TEXT / 2), Ink::Label, HPos::Center)?;
            }
            match point.value {
                None => area.draw(&Rectangle::new([(x - GAP, TOP), (x + GAP, bottom)], Ink::Hidden.filled()))?,
                Some(_) if points.len() <= NUMBERS_MAX => text(area, &point.shown, (x, y - 12), Ink::Strong, HPos::Center)?,
                Some(_) => {}
            }
        }
        Ok(())
    })
}
