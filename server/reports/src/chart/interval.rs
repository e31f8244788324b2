//! Estimates with their intervals over one scale: a line from end to end, a dot at the estimate, a diamond where there is
//! no interval.

use plotters::{
    coord::{
        cartesian::Cartesian2d,
        ranged1d::Ranged,
        types::{RangedCoordf64, RangedCoordi32},
    },
    element::{Circle, PathElement, Polygon},
    style::{Color, text_anchor::HPos},
};

use super::{
    NAME_CHARS_MAX, Words, around_zero, short,
    svg::{Ink, TEXT, picture, text},
};

const WIDTH: i32 = 340;
const ROW: i32 = 48;
/// Of one row, for its words.
const NAMES: i32 = 20;
/// At both ends, for the words of the scale.
const MARGIN: i32 = 24;
/// Below, for the scale.
const SCALE: i32 = TEXT + 8;
/// Marks of the scale, about.
const MARKS: usize = 5;

/// One estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// What it is.
    pub name: String,
    /// Where.
    pub at: f64,
    /// From where to where it may be.
    pub between: Option<(f64, f64)>,
    /// As the table writes it.
    pub shown: String,
}

/// The estimates from top to bottom over their scale in `unit`; `None` of nothing.
pub fn interval(words: Words<'_>, estimates: &[Estimate], unit: &str) -> Option<String> {
    if estimates.is_empty() {
        return None;
    }
    let bottom = ROW * i32::try_from(estimates.len()).ok()?;
    let range = around_zero(
        estimates.iter().flat_map(|one| [one.at, one.between.map_or(one.at, |ends| ends.0), one.between.map_or(one.at, |ends| ends.1)]),
    );
    // Marks closer than one to each other need a decimal to be told apart.
    let decimals = usize::from(range.end - range.start < MARKS as f64);
    let marks = RangedCoordf64::from(range.clone());
    picture(words, (WIDTH, bottom + SCALE), |area| {
        let scaled = area.apply_coord_spec(Cartesian2d::<RangedCoordf64, RangedCoordi32>::new(
            range.clone(),
            0..bottom,
            (MARGIN..WIDTH - MARGIN, 0..bottom),
        ));
        for mark in marks.key_points(MARKS) {
            let (x, _) = scaled.map_coordinate(&(mark, 0));
            // Not through the words above each estimate.
            for top in (0..bottom).step_by(ROW as usize) {
                scaled.draw(&PathElement::new(
                    vec![(mark, top + NAMES), (mark, top + ROW)],
                    if mark == 0.0 { Ink::Axis } else { Ink::Grid },
                ))?;
            }
            text(area, &format!("{mark:.decimals$}{unit}").replace('-', "−"), (x, bottom + SCALE / 2), Ink::Label, HPos::Center)?;
        }
        for (one, number) in estimates.iter().zip(0_i32..) {
            let (top, middle) = (number * ROW, number * ROW + ROW * 2 / 3);
            text(area, &short(&one.name, NAME_CHARS_MAX), (0, top + 10), Ink::Label, HPos::Left)?;
            text(area, &one.shown, (WIDTH, top + 10), Ink::Strong, HPos::Right)?;
            let (x, _) = scaled.map_coordinate(&(one.at, middle));
            match one.between {
                Some((low, high)) => {
                    scaled.draw(&PathElement::new(vec![(low, middle), (high, middle)], Ink::Two))?;
                    for end in [low, high] {
                        scaled.draw(&PathElement::new(vec![(end, middle - 6), (end, middle + 6)], Ink::Two))?;
                    }
                    area.draw(&Circle::new((x, middle), 6, Ink::Two.filled()))?;
                }
                None => area
                    .draw(&Polygon::new(vec![(x, middle - 7), (x + 7, middle), (x, middle + 7), (x - 7, middle)], Ink::Control.filled()))?,
            }
        }
        Ok(())
    })
}
