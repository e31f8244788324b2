//! A grey picture whose size is known to be true.

use std::borrow::Cow;

use rxing::Luma8LuminanceSource;

use crate::{PIXELS_MAX, areas::Area};

/// `width` × `height` bytes, neither side zero, at most [`PIXELS_MAX`].
pub(crate) struct Picture<'a> {
    luma: Cow<'a, [u8]>,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// What the QR pass looks at: more pixels cost time and read no more.
const AREA_USUAL: usize = 640 * 480;

impl<'a> Picture<'a> {
    pub(crate) fn of_luma(luma: &'a [u8], width: usize, height: usize) -> Option<Self> {
        let pixels = pixels(width, height)?;
        (luma.len() == pixels).then_some(Self { luma: Cow::Borrowed(luma), width, height })
    }

    pub(crate) fn of_rgba(rgba: &[u8], width: usize, height: usize) -> Option<Picture<'static>> {
        let pixels = pixels(width, height)?;
        if rgba.len() != pixels * 4 {
            return None;
        }
        // ITU-R BT.601 in 256ths: one multiplication per channel, no floats.
        let grey = |p: &[u8]| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8;
        let luma = rgba.chunks_exact(4).map(grey).collect();
        Some(Picture { luma: Cow::Owned(luma), width, height })
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.luma[y * self.width..(y + 1) * self.width]
    }

    /// Each pixel the mean of `by` × `by`; a rest at the right and the bottom is dropped. `None` when nothing is left.
    pub(crate) fn smaller(&self, by: usize) -> Option<Picture<'static>> {
        let (width, height) = (self.width / by, self.height / by);
        pixels(width, height)?;
        let mut luma = Vec::with_capacity(width * height);
        let mut sums = vec![0u32; width];
        for y in 0..height {
            sums.fill(0);
            for row in 0..by {
                for (sum, block) in sums.iter_mut().zip(self.row(y * by + row).chunks_exact(by)) {
                    *sum += block.iter().map(|&p| u32::from(p)).sum::<u32>();
                }
            }
            luma.extend(sums.iter().map(|sum| (sum / (by * by) as u32) as u8));
        }
        Some(Picture { luma: Cow::Owned(luma), width, height })
    }

    /// By how much to shrink so that about [`AREA_USUAL`] remains; 1 when it is small enough already.
    pub(crate) fn usual_factor(&self) -> usize {
        (1..).find(|by| self.width * self.height <= AREA_USUAL * by * by * 3 / 2).unwrap_or(1)
    }

    /// The middle part, half as wide and half as high.
    pub(crate) fn middle(&self) -> Option<Picture<'static>> {
        let (width, height) = (self.width / 2, self.height / 2);
        pixels(width, height)?;
        let left = self.width / 4;
        let luma = (0..height).flat_map(|y| self.row(self.height / 4 + y)[left..left + width].iter().copied()).collect();
        Some(Picture { luma: Cow::Owned(luma), width, height })
    }

    /// A part at twice its size, on cubic curves through the pixels: what is blurred keeps its edges where they were.
    /// `None` when the part is not inside, or too large to be looked at.
    pub(crate) fn magnified(&self, Area { x, y, width, height }: Area) -> Option<Picture<'static>> {
        pixels(2 * width, 2 * height)?;
        if x + width > self.width || y + height > self.height {
            return None;
        }
        let rows: Vec<Vec<i32>> = (y..y + height).map(|row| doubled(&self.row(row)[x..x + width])).collect();
        let mut luma = Vec::with_capacity(4 * width * height);
        let byte = |sum: i32| (sum / 16).clamp(0, 255) as u8;
        for (n, row) in rows.iter().enumerate() {
            luma.extend(row.iter().map(|&p| byte(p)));
            let (above, below, beyond) = (&rows[n.saturating_sub(1)], &rows[(n + 1).min(height - 1)], &rows[(n + 2).min(height - 1)]);
            luma.extend((0..2 * width).map(|at| byte((9 * (row[at] + below[at]) - above[at] - beyond[at]) / 16)));
        }
        Some(Picture { luma: Cow::Owned(luma), width: 2 * width, height: 2 * height })
    }

    /// Columns become rows: for a label that hangs sideways.
    pub(crate) fn turned(&self) -> Picture<'static> {
        let mut luma = vec![0; self.width * self.height];
        for y in 0..self.height {
            for (x, &pixel) in self.row(y).iter().enumerate() {
                luma[x * self.height + y] = pixel;
            }
        }
        Picture { luma: Cow::Owned(luma), width: self.height, height: self.width }
    }

    pub(crate) fn source(&self) -> Option<Luma8LuminanceSource> {
        Luma8LuminanceSource::new(self.luma.to_vec(), self.width as u32, self.height as u32).ok()
    }
}

/// Sixteen times the pixels of a line, and between each two of them what a cubic curve through four has half way.
fn doubled(line: &[u8]) -> Vec<i32> {
    let at = |x: usize| i32::from(line[x.min(line.len() - 1)]);
    (0..line.len()).flat_map(|x| [16 * at(x), 9 * (at(x) + at(x + 1)) - at(x.saturating_sub(1)) - at(x + 2)]).collect()
}

fn pixels(width: usize, height: usize) -> Option<usize> {
    width.checked_mul(height).filter(|pixels| (1..=PIXELS_MAX).contains(pixels))
}
