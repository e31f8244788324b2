//! EAN and UPC, on lines of the picture: which lines, how each is made sharp, and how many must agree.
//!
//! A single line lies now and then: a check digit lets one wrong line in ten through.

use crate::{
    Format, Read,
    ean::{self, Cells},
    edges::{self, LEVELS, PARTS},
    picture::Picture,
};

/// Below this a line has not one pixel per module of the shortest symbol (UPC-E: 51 and its margins).
const WIDTH_MIN: usize = 57;

/// A fair part of the middle.
pub(crate) fn fast(picture: &Picture<'_>) -> Option<Read> {
    const LOOKS: [Look; 2] = [Look::middle(3, 2, 3), Look::turns(3, 2)];
    Lines { picture, step: (picture.height / 24).max(1), lines_max: 23, looks: &LOOKS }.read()
}

/// All of the picture, in several ways, then the same at right angles.
pub(crate) fn thorough(picture: &Picture<'_>) -> Option<Read> {
    const LOOKS: [Look; 5] = [
        Look::turns(3, 2),
        Look::middle(3, 2, 3),
        Look::turns(9, 4),
        Look::turns(1, 0),
        Look::middle(1, 0, 3),
    ];
    let all = |picture: &Picture<'_>| Lines { picture, step: (picture.height / 64).max(1), lines_max: 64, looks: &LOOKS }.read();
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

/// The same with the difference to both neighbours enlarged by so many quarters.
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
    /// Rows from one line to the next.
    step: usize,
    lines_max: usize,
    looks: &'a [Look],
}

impl Lines<'_> {
    fn read(&self) -> Option<Read> {
        if self.picture.width < WIDTH_MIN {
            return None;
        }
        let mut votes = Votes::default();
        for y in self.rows() {
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
        self.looks.iter().find_map(|look| {
            let place = profiles.iter().position(|(thickness, _)| *thickness == look.thickness).unwrap_or_else(|| {
                profiles.push((look.thickness, profile(self.picture, y, look.thickness)));
                profiles.len() - 1
            });
            let edges = look.edges(&profiles[place].1);
            let end = self.picture.width as i32 * PARTS;
            let text = |cells: Cells| cells.text();
            ean::symbols(&edges, end).find_map(text).or_else(|| ean::symbols(&edges::mirrored(&edges, self.picture.width), end).find_map(text))
        })
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
