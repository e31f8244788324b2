//! A line of the picture as the places where bars begin and end.

/// Places are told in these parts of a pixel: an edge lies between two pixels, and how grey they are says where.
pub(crate) const PARTS: i32 = 16;
/// Brightness is told in these parts of a level of 255.
pub(crate) const LEVELS: i32 = 8;

/// Pixels whose extremes are taken together.
const BLOCK: usize = 8;

/// The darkest and the lightest of each block.
fn extremes(profile: &[i32]) -> Vec<(i32, i32)> {
    profile.chunks(BLOCK).map(|block| block.iter().fold((i32::MAX, i32::MIN), |(low, high), &p| (low.min(p), high.max(p)))).collect()
}

/// The darkest and the lightest of the blocks around each one.
fn around(profile: &[i32], reach: usize) -> Vec<(i32, i32)> {
    let extremes = extremes(profile);
    let near = |index: usize| &extremes[index.saturating_sub(reach)..(index + reach + 1).min(extremes.len())];
    (0..extremes.len())
        .map(|index| near(index).iter().fold((i32::MAX, i32::MIN), |(low, high), &(l, h)| (low.min(l), high.max(h))))
        .collect()
}

/// Where between the pixels `at` and `at + 1` the line passes `level`, which lies between theirs.
fn passed(profile: &[i32], at: usize, level: i32) -> i32 {
    let (here, next) = (profile[at], profile[at + 1]);
    at as i32 * PARTS + if here == next { 0 } else { (level - here) * PARTS / (next - here) }
}

/// Edges half way between a darkest and the next lightest place: a thin gap counts although blur keeps it grey.
///
/// Beginnings and ends of bars in turn, the first a beginning, as many of both.
pub(crate) fn by_turns(profile: &[i32]) -> Vec<i32> {
    /// Less than this is noise of the sensor.
    const RISE_MIN: i32 = 8 * LEVELS;
    /// Less than this part of the contrast around is noise of the print.
    const RISE_PART: i32 = 6;

    let mut edges = Vec::with_capacity(128);
    let around = around(profile, 2);
    let enough = |x: usize| ((around[x / BLOCK].1 - around[x / BLOCK].0) / RISE_PART).max(RISE_MIN);
    let edge = |turn: usize, farthest: usize, falling: bool| {
        let half = (profile[turn] + profile[farthest]) / 2;
        let past_half = |at: &usize| {
            if falling { profile[*at + 1] < half } else { profile[*at + 1] > half }
        };
        (turn..farthest).find(past_half).map_or(turn as i32 * PARTS, |at| passed(profile, at, half))
    };
    // Where the line turned last, and its farthest place since: the next turn, once the line has come back enough.
    let (mut turn, mut farthest, mut falling) = (0, 0, true);
    for x in 1..profile.len() {
        let farther = if falling { profile[x] <= profile[farthest] } else { profile[x] >= profile[farthest] };
        if farther {
            farthest = x;
        } else if (profile[x] - profile[farthest]).abs() >= enough(x) {
            edges.push(edge(turn, farthest, falling));
            (turn, farthest, falling) = (farthest, x, !falling);
        }
    }
    // The last bar may end so near to the picture's end that the line never comes back.
    if !falling && turn < farthest && (profile[turn] - profile[farthest]).abs() >= enough(farthest) {
        edges.push(edge(turn, farthest, falling));
    }
    edges.truncate(edges.len() / 2 * 2);
    edges
}

/// Edges half way between the darkest and the lightest of `reach` blocks to each side: steadier in noise.
///
/// As [`by_turns`].
pub(crate) fn by_middle(profile: &[i32], reach: usize) -> Vec<i32> {
    /// Less contrast than this is paper.
    const CONTRAST_MIN: i32 = 20 * LEVELS;

    let around = around(profile, reach);
    let middle = |x: usize| match around[x / BLOCK] {
        (low, high) if high - low < CONTRAST_MIN => i32::MIN,
        (low, high) => (low + high) / 2,
    };
    let mut edges = Vec::with_capacity(128);
    let mut dark = profile.first().is_some_and(|&p| p < middle(0));
    edges.extend(dark.then_some(0));
    for x in 1..profile.len() {
        let level = middle(x);
        if (profile[x] < level) != dark {
            dark = !dark;
            // Where the level itself jumps, the pixel before may be on the same side of it.
            let between = (profile[x - 1] < level) != (profile[x] < level) && level != i32::MIN;
            edges.push(if between { passed(profile, x - 1, level) } else { x as i32 * PARTS });
        }
    }
    edges.truncate(edges.len() / 2 * 2);
    edges
}

/// The same line from its other end.
pub(crate) fn mirrored(edges: &[i32], width: usize) -> Vec<i32> {
    edges.iter().rev().map(|edge| width as i32 * PARTS - edge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of light and dark in turn, in pixels, light first.
    fn line(runs: &[usize]) -> Vec<i32> {
        runs.iter()
            .enumerate()
            .flat_map(|(n, &run)| std::iter::repeat_n(if n % 2 == 0 { 200 * LEVELS } else { 40 * LEVELS }, run))
            .collect()
    }

    fn widths(edges: &[i32]) -> Vec<i32> {
        edges.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    fn bars_are_found_as_wide_as_they_are() {
        let bars = line(&[20, 3, 3, 6, 9, 3, 20]);

        assert_eq!(widths(&by_turns(&bars)), [3, 3, 6, 9, 3].map(|pixels| pixels * PARTS));
        assert_eq!(widths(&by_middle(&bars, 3)), [3, 3, 6, 9, 3].map(|pixels| pixels * PARTS));
    }

    #[test]
    fn an_edge_lies_between_two_pixels() {
        let grey = [vec![200 * LEVELS; 12], vec![120 * LEVELS], vec![40 * LEVELS; 4], vec![200 * LEVELS; 12]].concat();

        // Half of the grey pixel is bar; an edge between two pixels of full contrast lies half way between their middles.
        assert_eq!(by_turns(&grey), [12 * PARTS, 16 * PARTS + PARTS / 2]);
    }

    #[test]
    fn a_grey_gap_between_blurred_bars_counts_by_turns() {
        let blurred: Vec<i32> =
            [200, 200, 200, 200, 120, 50, 90, 110, 90, 50, 120, 200, 200, 200, 200].iter().map(|p| p * LEVELS).collect();

        assert_eq!(by_turns(&blurred).len(), 4);
        assert_eq!(by_middle(&blurred, 3).len(), 2);
    }

    #[test]
    fn a_bar_that_begins_or_ends_with_the_line_is_no_half_bar() {
        for edges in [by_turns(&line(&[0, 5, 20])), by_middle(&line(&[0, 5, 20]), 3)] {
            assert_eq!((edges.len(), edges[0]), (2, 0));
        }
        for edges in [by_turns(&line(&[20, 5])), by_middle(&line(&[20, 5]), 3)] {
            assert_eq!(edges, []);
        }
        assert_eq!(by_turns(&[]), []);
        assert_eq!(by_middle(&[], 3), []);
        assert_eq!(by_turns(&[7; 100]), []);
    }

    #[test]
    fn the_other_end_sees_the_same_bars_in_reverse() {
        let edges = by_turns(&line(&[20, 3, 3, 6, 9, 3, 20]));

        let mirrored = mirrored(&edges, 64);

        assert_eq!(widths(&mirrored), [3, 9, 6, 3, 3].map(|pixels| pixels * PARTS));
    }
}
