//! EAN and UPC, on lines of the picture: which lines, how each is made sharp, and how many must agree.
//!
//! A single line lies now and then: a check digit lets one wrong line in ten through.

use crate::{
    Format, Read, areas,
    ean::{self, Cells},
    edges::{self, LEVELS, PARTS},
    picture::Picture,
};

/// Below this a line has not one pixel per module of the shortest symbol (UPC-E: 51 and its margins).
const WIDTH_MIN: usize = 57;
/// No camera's picture is wider, and places on longer lines would leave the numbers that they are told in.
const WIDTH_MAX: usize = 100_000;

/// Looks that every line gets …
const LOOKS_ALWAYS: usize = 2;
/// … and edges that they must have shown for more: UPC-E has 34.
const EDGES_MIN: usize = 30;
/// A slope of this many pixels down for each pixel along is 45 degrees.
const STEEP: i32 = 64;

/// A fair part of the middle.
pub(crate) fn fast(picture: &Picture<'_>) -> Option<Read> {
    const LOOKS: [Look; 2] = [Look::middle(3, 2, 3), Look::turns(3, 2)];
    Lines { picture, slope: 0, step: (picture.height / 24).max(1), lines_max: 23, looks: &LOOKS, worth: &[] }.read()
}

/// All of the picture, in several ways, then the same at right angles; after each, lines that rise and fall, for a
/// label that is held aslant is lower than it is wide.
pub(crate) fn thorough(picture: &Picture<'_>) -> Option<Read> {
    const LOOKS: [Look; 5] = [Look::turns(3, 2), Look::middle(3, 2, 3), Look::turns(9, 4), Look::turns(1, 0), Look::middle(1, 0, 3)];
    const LOOKS_ASLANT: [Look; 2] = [Look::turns(3, 2), Look::middle(3, 2, 3)];
    /// Enough to meet every label that is as high as a finger is wide.
    const LINES_ASLANT: usize = 20;
    /// About 24 degrees.
    const SLOPE: i32 = STEEP * 4 / 9;

    let all = |picture: &Picture<'_>| {
        let worth = areas::rows_with_bars(picture);
        let lines = |slope: i32, lines_max: usize, looks: &[Look]| {
            let worth = if slope == 0 { worth.as_slice() } else { &[] };
            Lines { picture, slope, step: (picture.height / lines_max).max(1), lines_max, looks, worth }.read()
        };
        if !worth.contains(&true) {
            return None;
        }
        lines(0, 64, &LOOKS).or_else(|| lines(SLOPE, LINES_ASLANT, &LOOKS_ASLANT)).or_else(|| lines(-SLOPE, LINES_ASLANT, &LOOKS_ASLANT))
    };
    all(picture).or_else(|| all(&picture.turned()))
}

/// One way of making a line bars and gaps.
struct Look {
    /// Rows that the line is the mean of: 1 keeps slanted bars sharp, more removes noise from upright ones.
    thickness: usize,
    /// How much the difference to both neighbours is enlarged, in quarters: 0 leaves it, 2 undoes a soft lens.
    sharpened: i32,
    /// `None` goes by turns, `Some(reach)` by the middle.
    reach: Option<usize>,
}

impl Look {
    const fn turns(thickness: usize, sharpened: i32) -> Self {
        Self { thickness, sharpened, reach: None }
    }

    const fn middle(thickness: usize, sharpened: i32, reach: usize) -> Self {
        Self { thickness, sharpened, reach: Some(reach) }
    }

    fn edges(&self, profile: &[i32]) -> Vec<i32> {
        let sharper = (self.sharpened > 0).then(|| sharpened(profile, self.sharpened));
        let profile = sharper.as_deref().unwrap_or(profile);
        self.reach.map_or_else(|| edges::by_turns(profile), |reach| edges::by_middle(profile, reach))
    }
}

/// The brightness along a line that is the mean of `thickness` rows, in parts of a level.
fn profile(picture: &Picture<'_>, y: usize, thickness: usize) -> Vec<i32> {
    let first = y.saturating_sub(thickness / 2);
    let last = (first + thickness).min(picture.height);
    let mut line = vec![0i32; picture.width];
    for row in first..last {
        for (sum, &pixel) in line.iter_mut().zip(picture.row(row)) {
            *sum += i32::from(pixel);
        }
    }
    let rows = (last - first).max(1) as i32;
    line.iter_mut().for_each(|sum| *sum = *sum * LEVELS / rows);
    line
}

/// The same along a line that passes the middle of row `y` and falls by `slope` of [`STEEP`] pixels for each pixel.
fn profile_aslant(picture: &Picture<'_>, y: usize, slope: i32, thickness: usize) -> Vec<i32> {
    let (middle, last) = (picture.width as i32 / 2, picture.height as i32 - 1);
    let first = y as i32 - thickness as i32 / 2;
    let at = |x: usize| {
        let fallen = (x as i32 - middle) * slope / STEEP;
        let sum: i32 = (0..thickness as i32).map(|row| i32::from(picture.row((first + row + fallen).clamp(0, last) as usize)[x])).sum();
        sum * LEVELS / thickness as i32
    };
    (0..picture.width).map(at).collect()
}

/// A line with the difference of each pixel to both neighbours enlarged by so many quarters.
fn sharpened(profile: &[i32], quarters: i32) -> Vec<i32> {
    let sharp = |before: i32, here: i32, after: i32| here + (2 * here - before - after) * quarters / 4;
    let last = profile.len() - 1;
    let mut line = Vec::with_capacity(profile.len());
    line.push(sharp(profile[0], profile[0], profile[1.min(last)]));
    line.extend(profile.windows(3).map(|near| sharp(near[0], near[1], near[2])));
    line.push(sharp(profile[last.saturating_sub(1)], profile[last], profile[last]));
    line
}

/// Which lines to look at, and how.
struct Lines<'a> {
    picture: &'a Picture<'a>,
    /// How much they fall, of [`STEEP`].
    slope: i32,
    /// Rows from one line to the next.
    step: usize,
    lines_max: usize,
    looks: &'a [Look],
    /// For each row whether it is worth a look; empty when nobody knows.
    worth: &'a [bool],
}

impl Lines<'_> {
    fn read(&self) -> Option<Read> {
        if !(WIDTH_MIN..=WIDTH_MAX).contains(&self.picture.width) {
            return None;
        }
        let mut votes = Votes::default();
        for y in self.rows().filter(|&y| self.worth.get(y).is_none_or(|&worth| worth)) {
            let Some(seen) = self.line(y) else { continue };
            if let Some(read) = votes.add(seen, y) {
                return Some(read);
            }
            // The neighbours see the same bars through other noise; a wrong line rarely repeats its mistake.
            for near in [y + 2, y.wrapping_sub(2), y + 1, y.wrapping_sub(1), y + 4, y.wrapping_sub(4)] {
                if near < self.picture.height
                    && let Some(seen) = self.line(near)
                    && let Some(read) = votes.add(seen, near)
                {
                    return Some(read);
                }
            }
        }
        None
    }

    /// From the middle outward, above and below in turn.
    fn rows(&self) -> impl Iterator<Item = usize> {
        let (middle, height, step) = (self.picture.height / 2, self.picture.height, self.step);
        (0..self.lines_max).filter_map(move |n| {
            let away = n.div_ceil(2) * step;
            if n % 2 == 0 { middle.checked_add(away).filter(|&y| y < height) } else { middle.checked_sub(away) }
        })
    }

    fn line(&self, y: usize) -> Option<(Format, String)> {
        let mut profiles: Vec<(usize, Vec<i32>)> = Vec::new();
        let mut most_edges = 0;
        for (n, look) in self.looks.iter().enumerate() {
            if n >= LOOKS_ALWAYS && most_edges < EDGES_MIN {
                return None;
            }
            let place = profiles.iter().position(|(thickness, _)| *thickness == look.thickness).unwrap_or_else(|| {
                let line = match self.slope {
                    0 => profile(self.picture, y, look.thickness),
                    slope => profile_aslant(self.picture, y, slope, look.thickness),
                };
                profiles.push((look.thickness, line));
                profiles.len() - 1
            });
            let edges = look.edges(&profiles[place].1);
            most_edges = most_edges.max(edges.len());
            let end = self.picture.width as i32 * PARTS;
            let text = |cells: Cells| cells.text();
            let seen = ean::symbols(&edges, end).find_map(text);
            let seen = seen.or_else(|| ean::symbols(&edges::mirrored(&edges, self.picture.width), end).find_map(text));
            if seen.is_some() {
                return seen;
            }
        }
        None
    }
}

/// Texts seen so far, and the rows that gave them.
#[derive(Default)]
struct Votes(Vec<(Format, String, Vec<usize>)>);

impl Votes {
    /// The read, once enough different rows agree.
    fn add(&mut self, (format, text): (Format, String), row: usize) -> Option<Read> {
        let known = self.0.iter().position(|(f, t, _)| *f == format && *t == text);
        let place = known.unwrap_or_else(|| {
            self.0.push((format, text, Vec::new()));
            self.0.len() - 1
        });
        let (format, text, rows) = &mut self.0[place];
        if !rows.contains(&row) {
            rows.push(row);
        }
        let enough = rows.len() >= lines_needed(*format);
        enough.then(|| Read { format: *format, text: text.clone(), quality: rows.len().min(254) as u8 })
    }
}

/// Short symbols are imitated by parts of other print.
const fn lines_needed(format: Format) -> usize {
    match format {
        Format::Ean13 | Format::UpcA | Format::Qr => 3,
        Format::Ean8 | Format::UpcE => 4,
    }
}
