//! EAN and UPC from the edges of a line (GS1 General Specifications, section 5.2).
//!
//! A symbol is a fixed number of bars and gaps, so its end is known from its beginning by counting; the guards (bars
//! of one module) tell by how much bars are too wide; each digit has two bars and two gaps in seven modules. How far
//! a digit's widths are from each of the ten (or twenty) that there can be is its *cost*.

use crate::Format;

/// Fractions of a module in which widths are compared.
const MODULE: i32 = 64;
/// A digit that is farther from every known one is none.
const COST_ENOUGH: u32 = (3 * MODULE * MODULE / 2) as u32;
/// A digit must be this much nearer to one than to every other.
const COST_APART: u32 = (MODULE * MODULE / 8) as u32;

/// Widths of gap, bar, gap, bar of the digits 0 … 9 of set A, in modules. Set B is each in reverse, set C the same
/// with bars for gaps.
const WIDTHS: [[i32; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];
/// Which of the six left digits are of set B, the first in the highest bit, for the first digit of an EAN-13.
const FIRST_DIGIT: [u8; 10] =
    [0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101, 0b01_0110, 0b01_1010];
/// The same for the check digit of a UPC-E of number system 0; number system 1 has the opposite.
const CHECK_DIGIT: [u8; 10] =
    [0b11_1000, 0b11_0100, 0b11_0010, 0b11_0001, 0b10_1100, 0b10_0110, 0b10_0011, 0b10_1010, 0b10_1001, 0b10_0101];

/// The three shapes that symbols have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// EAN-13, and UPC-A as one that begins with zero.
    Thirteen,
    /// EAN-8.
    Eight,
    /// UPC-E.
    E,
}

impl Shape {
    const ALL: [Self; 3] = [Self::Thirteen, Self::Eight, Self::E];

    /// Digits before and after the middle guard.
    const fn digits(self) -> (usize, usize) {
        match self {
            Self::Thirteen => (6, 6),
            Self::Eight => (4, 4),
            Self::E => (6, 0),
        }
    }

    /// Bars and gaps, guards included.
    const fn runs(self) -> usize {
        match self {
            Self::Thirteen => 59,
            Self::Eight => 43,
            Self::E => 33,
        }
    }

    const fn modules(self) -> i32 {
        match self {
            Self::Thirteen => 95,
            Self::Eight => 67,
            Self::E => 51,
        }
    }

    /// Light on both sides, in modules. The standard asks for seven and more; labels are cut, and parts of other print
    /// pass for the short symbols.
    const fn quiet(self) -> i32 {
        match self {
            Self::Thirteen => 3,
            Self::Eight | Self::E => 5,
        }
    }

    /// The first run of each guard that is made of single modules, and how many runs it has.
    const fn guards(self) -> [(usize, usize); 3] {
        match self {
            Self::Thirteen => [(0, 3), (27, 5), (56, 3)],
            Self::Eight => [(0, 3), (19, 5), (40, 3)],
            Self::E => [(0, 3), (27, 6), (33, 0)],
        }
    }
}

/// What a digit costs as each of 0 … 9 of set A (or C), and of set B.
type Costs = [u32; 20];

/// The digits of a symbol on one line.
#[derive(Debug)]
pub(crate) struct Cells {
    shape: Shape,
    costs: Vec<Costs>,
}

/// All that the edges of a line (see [`crate::edges`]) can be: long symbols first. `width` is the line's end, in parts.
pub(crate) fn symbols(edges: &[i32], width: i32) -> impl Iterator<Item = Cells> {
    Shape::ALL.into_iter().flat_map(move |shape| {
        let last = (edges.len()).checked_sub(shape.runs() + 1);
        (0..last.map_or(0, |last| last + 1)).step_by(2).filter_map(move |first| cells(edges, width, first, shape))
    })
}

/// The symbol whose first bar begins at the edge `first`, when counting from there finds guards, digits and quiet
/// zones of the right widths.
fn cells(edges: &[i32], width: i32, first: usize, shape: Shape) -> Option<Cells> {
    let end = first + shape.runs();
    let symbol = &edges[first..=end];
    let length = symbol[shape.runs()] - symbol[0];
    let module = length / shape.modules();
    // The picture's own border is as good as paper: a label may be cut there.
    let before = if first == 0 { i32::MAX } else { symbol[0] - edges[first - 1] };
    let after = if end + 1 == edges.len() { i32::MAX } else { edges[end + 1] - symbol[shape.runs()] };
    let quiet = shape.quiet() * length / shape.modules();
    let room = symbol[0] > 0 && symbol[shape.runs()] < width;
    if module == 0 || !room || before < quiet || after < quiet {
        return None;
    }
    let run = |n: usize| symbol[n + 1] - symbol[n];
    let near = |width: i32, modules: i32| {
        let wanted = modules * length;
        (width * shape.modules() - wanted).abs() * 4 <= wanted
    };
    let (mut bars, mut gaps) = ((0, 0), (0, 0));
    for (start, count) in shape.guards().into_iter().filter(|(_, count)| *count > 0) {
        if !near(symbol[start + count] - symbol[start], count as i32) {
            return None;
        }
        for n in start..start + count {
            if run(n) * 2 > 5 * module + module / 2 {
                return None;
            }
            let sum = if n % 2 == 0 { &mut bars } else { &mut gaps };
            *sum = (sum.0 + run(n), sum.1 + 1);
        }
    }
    // Ink spreads and light eats: by this every bar is too wide, and every gap too narrow.
    let surplus = (bars.0 / bars.1 - gaps.0 / gaps.1) / 2;
    let (left, right) = shape.digits();
    let mut costs = Vec::with_capacity(left + right);
    for digit in 0..left + right {
        let start = if digit < left { 3 + 4 * digit } else { 3 + 4 * digit + 5 };
        let length = symbol[start + 4] - symbol[start];
        if !near(length, 7) {
            return None;
        }
        let widths = [0, 1, 2, 3].map(|n| {
            let even = run(start + n) + if (start + n) % 2 == 0 { -surplus } else { surplus };
            even * 7 * MODULE / length
        });
        costs.push(costs_of(widths));
    }
    Some(Cells { shape, costs })
}

/// From the widths of a digit's four runs, in fractions of a module, together seven modules.
fn costs_of(widths: [i32; 4]) -> Costs {
    let cost = |set: [i32; 4]| {
        let apart = |n: usize| widths[n] - set[n] * MODULE;
        let square = |n: i32| (n * n) as u32;
        // From an edge to the next of its kind is what blur and ink change least: it counts twice.
        let pairs = square(apart(0) + apart(1)) + square(apart(1) + apart(2)) + square(apart(2) + apart(3));
        let runs = (0..4).map(|n| square(apart(n))).sum::<u32>();
        pairs + runs / 2
    };
    let mut costs = [0; 20];
    for (digit, [a, b, c, d]) in WIDTHS.into_iter().enumerate() {
        costs[digit] = cost([a, b, c, d]);
        costs[digit + 10] = cost([d, c, b, a]);
    }
    costs
}

impl Cells {
    /// The text, when no digit is in doubt and the check digit is right.
    pub(crate) fn text(&self) -> Option<(Format, String)> {
        let (left, _) = self.shape.digits();
        let mut digits = Vec::with_capacity(13);
        let mut set_b = 0_u8;
        for (n, costs) in self.costs.iter().enumerate() {
            // To the right of the middle guard, and everywhere in EAN-8, there is one set only.
            let sets = if self.shape == Shape::Eight || n >= left { 10 } else { 20 };
            let best = (0..sets).min_by_key(|&at| costs[at])?;
            let second = (0..sets).filter(|&at| at != best).map(|at| costs[at]).min()?;
            if costs[best] > COST_ENOUGH || second - costs[best] < COST_APART {
                return None;
            }
            digits.push((best % 10) as u8);
            set_b = if n < left { set_b << 1 | u8::from(best >= 10) } else { set_b };
        }
        match self.shape {
            Shape::Thirteen => thirteen(set_b, &digits),
            Shape::Eight => Some((Format::Ean8, checked(&digits)?)),
            Shape::E => {
                let system = u8::from(!CHECK_DIGIT.contains(&set_b));
                let pattern = if system == 0 { set_b } else { !set_b & 0b11_1111 };
                let check = CHECK_DIGIT.iter().position(|&known| known == pattern)? as u8;
                checked(&expanded(system, &digits, check)?)?;
                digits.insert(0, system);
                digits.push(check);
                Some((Format::UpcE, printed(&digits)))
            }
        }
    }
}

/// The text of an EAN-13 from its twelve drawn digits, and which of the left ones are of set B.
fn thirteen(set_b: u8, twelve: &[u8]) -> Option<(Format, String)> {
    let first = FIRST_DIGIT.iter().position(|&pattern| pattern == set_b)?;
    let text = checked(&[&[first as u8], twelve].concat())?;
    // UPC-A is an EAN-13 whose first digit is zero; its twelve digits are what is printed.
    Some(text.strip_prefix('0').map_or_else(|| (Format::Ean13, text.clone()), |twelve| (Format::UpcA, twelve.to_owned())))
}

/// The twelve digits that a UPC-E stands for (section 5.2.2.4).
fn expanded(system: u8, six: &[u8], check: u8) -> Option<Vec<u8>> {
    let &[a, b, c, d, e, f] = six else {
        return None;
    };
    let ten = match f {
        0..=2 => [a, b, f, 0, 0, 0, 0, c, d, e],
        3 => [a, b, c, 0, 0, 0, 0, 0, d, e],
        4 => [a, b, c, d, 0, 0, 0, 0, 0, e],
        _ => [a, b, c, d, e, 0, 0, 0, 0, f],
    };
    Some([&[system], &ten[..], &[check]].concat())
}

fn printed(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The digits as text when the last is the check digit of the others (section 7.9).
fn checked(digits: &[u8]) -> Option<String> {
    let sum: u32 = digits.iter().rev().enumerate().map(|(n, &digit)| u32::from(digit) * if n % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10).then(|| printed(digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::edges::{PARTS, mirrored};

    /// Widths of bars and gaps in modules, from the first bar to the last.
    fn runs_of(shape: Shape, digits: &[u8], set_b: u8) -> Vec<i32> {
        let (left, right) = shape.digits();
        let mut runs = vec![1, 1, 1];
        for (n, &digit) in digits.iter().enumerate() {
            let mut widths = WIDTHS[usize::from(digit)];
            if n < left && set_b >> (left - 1 - n) & 1 == 1 {
                widths.reverse();
            }
            if n == left {
                runs.extend([1; 5]);
            }
            runs.extend(widths);
        }
        runs.extend(if right > 0 { vec![1; 3] } else { vec![1; 6] });
        runs
    }

    /// Edges of a line with a margin, `module` parts of a pixel per module, each bar `surplus` parts too wide.
    fn edges(runs: &[i32], module: i32, surplus: i32) -> (Vec<i32>, i32) {
        let mut at = 12 * module;
        let mut edges = vec![at - surplus / 2];
        for (n, run) in runs.iter().enumerate() {
            at += run * module;
            edges.push(if n % 2 == 0 { at + surplus / 2 } else { at - surplus / 2 });
        }
        (edges, at + 12 * module)
    }

    fn check_digit(digits: &[u8]) -> u8 {
        let sum: u32 = digits.iter().rev().enumerate().map(|(n, &digit)| u32::from(digit) * if n % 2 == 0 { 3 } else { 1 }).sum();
        ((10 - sum % 10) % 10) as u8
    }

    fn read((edges, width): &(Vec<i32>, i32)) -> Option<(Format, String)> {
        symbols(edges, *width).find_map(|cells| cells.text())
    }

    fn runs_of_thirteen(text: &[u8]) -> Vec<i32> {
        runs_of(Shape::Thirteen, &text[1..], FIRST_DIGIT[usize::from(text[0])])
    }

    fn digits(count: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0_u8..10, count).prop_map(|mut digits| {
            digits.push(check_digit(&digits));
            digits
        })
    }

    proptest! {
        #[test]
        fn every_number_of_thirteen_digits_is_read_with_bars_too_wide_or_too_narrow(text in digits(12), surplus in -12_i32..=12) {
            let wanted = printed(&text);
            let wanted = wanted.strip_prefix('0').map_or((Format::Ean13, wanted.clone()), |twelve| (Format::UpcA, twelve.to_owned()));

            prop_assert_eq!(read(&edges(&runs_of_thirteen(&text), 2 * PARTS, surplus)), Some(wanted));
        }

        #[test]
        fn every_number_of_eight_digits_is_read_from_both_ends(text in digits(7)) {
            let (line, width) = edges(&runs_of(Shape::Eight, &text, 0), 2 * PARTS, 4);
            let reversed = mirrored(&line, (width / PARTS) as usize);

            prop_assert_eq!(read(&(line, width)), Some((Format::Ean8, printed(&text))));
            prop_assert!(read(&(reversed.clone(), width)).is_none_or(|(format, _)| format != Format::Ean8));
            prop_assert_eq!(read(&(mirrored(&reversed, (width / PARTS) as usize), width)), Some((Format::Ean8, printed(&text))));
        }

        #[test]
        fn every_short_number_is_read(system in 0_u8..2, six in prop::collection::vec(0_u8..10, 6)) {
            let check = check_digit(&expanded(system, &six, 0).unwrap()[..11]);
            let set_b = CHECK_DIGIT[usize::from(check)] ^ if system == 0 { 0 } else { 0b11_1111 };
            let wanted = printed(&[&[system], &six[..], &[check]].concat());

            prop_assert_eq!(read(&edges(&runs_of(Shape::E, &six, set_b), 2 * PARTS, 0)), Some((Format::UpcE, wanted)));
        }

        #[test]
        fn no_edges_panic(mut edges in prop::collection::vec(0_i32..10_000, 0..140)) {
            edges.sort_unstable();

            prop_assert!(symbols(&edges, 10_000).filter_map(|cells| cells.text()).all(|(_, text)| !text.is_empty()));
        }
    }

    const TEXT: [u8; 13] = [7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4];

    #[test]
    fn a_wrong_check_digit_is_no_read() {
        let mut wrong = TEXT;
        wrong[12] = 5;

        assert_eq!(read(&edges(&runs_of_thirteen(&wrong), 2 * PARTS, 0)), None);
    }

    #[test]
    fn print_that_goes_on_is_no_quiet_zone() {
        for (runs, quiet) in [(runs_of_thirteen(&TEXT), 3), (runs_of(Shape::Eight, &[9, 6, 3, 8, 5, 0, 7, 4], 0), 5)] {
            for (gap, read_too) in [(quiet - 1, false), (quiet, true)] {
                let (mut line, width) = edges(&runs, 2 * PARTS, 0);
                let last = line[line.len() - 1];
                line.extend([last + gap * 2 * PARTS, last + (gap + 2) * 2 * PARTS]);

                assert_eq!(read(&(line, width + 10 * PARTS)).is_some(), read_too, "{gap} modules of paper");
            }
        }
    }
}
