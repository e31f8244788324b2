//! EAN and UPC, on lines of the picture.
//!
//! rxing reads one line of black and white; which lines, how they are made black and white, where on the line a code
//! may begin and how many lines must agree is decided here. A single line lies now and then: a check digit lets one
//! wrong line in ten through.

use rxing::{
    BarcodeFormat, DecodeHints,
    common::BitArray,
    oned::{EAN8Reader, EAN13Reader, UPCEANReader, UPCEReader},
};

use crate::{Format, Read, picture::Picture};

/// Below this a line has not one pixel per module of the shortest symbol (UPC-E: 51 and its margins).
const WIDTH_MIN: usize = 57;
/// Places on one line where a code is tried to begin. Print around a label looks like a beginning now and then.
const STARTS_MAX: usize = 12;
/// Samples per pixel of a line: an edge may lie between two pixels.
const FINE: usize = 4;
/// Samples whose extremes are taken together: eight pixels.
const BLOCK: usize = 8 * FINE;

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

/// One way of making a line black and white.
struct Look {
    /// Rows that the line is the mean of: 1 keeps slanted bars sharp, more removes noise from upright ones.
    thickness: usize,
    /// How much the difference to both neighbours is enlarged, in quarters: 0 leaves it, 2 undoes a soft lens.
    sharpened: i32,
    edges: Edges,
}

impl Look {
    const fn turns(thickness: usize, sharpened: i32) -> Self {
        Self { thickness, sharpened, edges: Edges::Turns }
    }
    const fn middle(thickness: usize, sharpened: i32, reach: usize) -> Self {
        Self { thickness, sharpened, edges: Edges::Middle { reach } }
    }
}

/// Where a bar ends.
enum Edges {
    /// Half way between a darkest and the next lightest place: a thin gap counts although blur keeps it grey.
    Turns,
    /// Half way between the darkest and the lightest of so many blocks to each side: steadier in noise.
    Middle { reach: usize },
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
        self.looks.iter().find_map(|look| {
            let mut bits = look.bits(&look.profile(self.picture, y))?;
            symbol(&bits).or_else(|| {
                bits.reverse();
                symbol(&bits)
            })
        })
    }
}

impl Look {
    /// The brightness along a line, times eight, twice as fine as the picture: an edge may lie between two pixels.
    fn profile(&self, picture: &Picture<'_>, y: usize) -> Vec<i32> {
        let first = y.saturating_sub(self.thickness / 2);
        let last = (first + self.thickness).min(picture.height);
        let mut line = vec![0i32; picture.width];
        for row in first..last {
            for (sum, &pixel) in line.iter_mut().zip(picture.row(row)) {
                *sum += i32::from(pixel);
            }
        }
        let scale = |sum: i32| sum * 8 / (last - first).max(1) as i32;
        let sharp = |x: usize| {
            let here = scale(line[x]);
            let around = scale(line[x.saturating_sub(1)]) + scale(line[(x + 1).min(line.len() - 1)]);
            here + (2 * here - around) * self.sharpened / 4
        };
        let mut fine = Vec::with_capacity(line.len() * FINE);
        let mut here = sharp(0);
        for x in 1..line.len() {
            let next = sharp(x);
            fine.extend((0..FINE as i32).map(|part| here + (next - here) * part / FINE as i32));
            here = next;
        }
        fine
    }

    /// `None` when the whole line is of one brightness.
    fn bits(&self, profile: &[i32]) -> Option<BitArray> {
        let mut bits = BitArray::with_size(profile.len());
        let any = match self.edges {
            Edges::Turns => by_turns(profile, &mut bits),
            Edges::Middle { reach } => by_middle(profile, reach, &mut bits),
        };
        any.then_some(bits)
    }
}

/// The darkest and the lightest sample of each block.
fn extremes(profile: &[i32]) -> Vec<(i32, i32)> {
    profile.chunks(BLOCK).map(|block| block.iter().fold((i32::MAX, i32::MIN), |(low, high), &p| (low.min(p), high.max(p)))).collect()
}

/// The darkest and the lightest of the blocks around one.
fn around(extremes: &[(i32, i32)], index: usize, reach: usize) -> (i32, i32) {
    let near = &extremes[index.saturating_sub(reach)..(index + reach + 1).min(extremes.len())];
    near.iter().fold((i32::MAX, i32::MIN), |(low, high), &(l, h)| (low.min(l), high.max(h)))
}

fn by_middle(profile: &[i32], reach: usize, bits: &mut BitArray) -> bool {
    /// Less contrast than this (of 255 × 8) is paper.
    const CONTRAST_MIN: i32 = 20 * 8;

    let extremes = extremes(profile);
    let mut any = false;
    for (index, block) in profile.chunks(BLOCK).enumerate() {
        let (low, high) = around(&extremes, index, reach);
        if high - low < CONTRAST_MIN {
            continue;
        }
        for (x, _) in block.iter().enumerate().filter(|&(_, &pixel)| pixel < (low + high) / 2) {
            bits.set(index * BLOCK + x);
            any = true;
        }
    }
    any
}

fn by_turns(profile: &[i32], bits: &mut BitArray) -> bool {
    /// Less than this (of 255 × 8) is noise of the sensor.
    const RISE_MIN: i32 = 8 * 8;
    /// Less than this part of the contrast around is noise of the print.
    const RISE_PART: i32 = 6;

    let extremes = extremes(profile);
    // Where the line turned last, and its farthest place since: the next turn, once the line has come back enough.
    let (mut turn, mut farthest, mut falling) = (0, 0, true);
    let mut bar_from = None;
    let mut any = false;
    for x in 1..profile.len() {
        let farther = if falling { profile[x] <= profile[farthest] } else { profile[x] >= profile[farthest] };
        if farther {
            farthest = x;
            continue;
        }
        let (low, high) = around(&extremes, x / BLOCK, 2);
        if (profile[x] - profile[farthest]).abs() < ((high - low) / RISE_PART).max(RISE_MIN) {
            continue;
        }
        let half = (profile[turn] + profile[farthest]) / 2;
        let past_half = |at: &usize| if falling { profile[*at] < half } else { profile[*at] > half };
        let edge = (turn..farthest).find(past_half).unwrap_or(farthest);
        if falling {
            bar_from = Some(edge);
        } else if let Some(from) = bar_from.take() {
            (from..edge).for_each(|at| bits.set(at));
            any = true;
        }
        (turn, farthest, falling) = (farthest, x, !falling);
    }
    any
}

/// The first symbol of a line that reads well from one of its possible beginnings.
fn symbol(bits: &BitArray) -> Option<(Format, String)> {
    let mut from = 0;
    for _ in 0..STARTS_MAX {
        let start = guard(bits, from)?;
        let quiet = (2 * start[0]).checked_sub(start[1]);
        if quiet.is_some_and(|quiet| bits.isRange(quiet, start[0], false).unwrap_or(false)) {
            let found = digits(bits, start).or_else(|| {
                let even = evened(bits, start[0])?;
                // The guard has moved by less than a bar; it is found again from its quiet zone.
                digits(&even, guard(&even, quiet?)?)
            });
            if found.is_some() {
                return found;
            }
        }
        // The next beginning may share a bar with this one.
        from = bits.getNextUnset(bits.getNextSet(start[0]));
    }
    None
}

/// The next bar, gap and bar of one width: from where to where.
fn guard(bits: &BitArray, from: usize) -> Option<[usize; 2]> {
    EAN13Reader.findGuardPatternWithCounters(bits, from, false, &[1, 1, 1], &mut [0; 3]).ok()
}

fn digits(bits: &BitArray, start: [usize; 2]) -> Option<(Format, String)> {
    let hints = DecodeHints::default();
    let read = EAN13Reader
        .decodeRowWithGuardRange(0, bits, &start, &hints)
        .or_else(|_| EAN8Reader.decodeRowWithGuardRange(0, bits, &start, &hints))
        .or_else(|_| UPCEReader.decodeRowWithGuardRange(0, bits, &start, &hints))
        .ok()?;
    named(read.getBarcodeFormat(), read.getText())
}

/// The line with bars as wide as they were meant: ink spreads, light eats. The first two bars and the gap between
/// them are one module each, so they tell by how much. `None` when they are even already.
fn evened(bits: &BitArray, first: usize) -> Option<BitArray> {
    let gap = bits.getNextUnset(first);
    let second = bits.getNextSet(gap);
    let end = bits.getNextUnset(second);
    let (bars, twice_gap) = (gap - first + end - second, 2 * (second - gap));
    let surplus = (bars as isize - twice_gap as isize) / 4;
    if surplus == 0 {
        return None;
    }
    let size = bits.get_size();
    let (left, right) = (surplus / 2, surplus - surplus / 2);
    let mut even = BitArray::with_size(size);
    let mut from = bits.getNextSet(0);
    while from < size {
        let to = bits.getNextUnset(from);
        let (even_from, even_to) = (from.saturating_add_signed(left), to.saturating_add_signed(-right).min(size));
        // A bar thinner than what is taken off stays as one sample.
        (even_from.min(even_to.max(1) - 1)..even_to.max(1)).for_each(|at| even.set(at));
        from = bits.getNextSet(to);
    }
    Some(even)
}

fn named(format: &BarcodeFormat, text: &str) -> Option<(Format, String)> {
    Some(match format {
        // UPC-A is an EAN-13 whose first digit is zero; its twelve digits are what is printed.
        BarcodeFormat::EAN_13 => match text.strip_prefix('0') {
            Some(twelve) => (Format::UpcA, twelve.to_owned()),
            None => (Format::Ean13, text.to_owned()),
        },
        BarcodeFormat::EAN_8 => (Format::Ean8, text.to_owned()),
        BarcodeFormat::UPC_E => (Format::UpcE, text.to_owned()),
        _ => return None,
    })
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
