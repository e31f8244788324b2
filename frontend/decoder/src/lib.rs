//! Reads barcodes in a grey picture: EAN-13, EAN-8, UPC-A, UPC-E and QR, what a shop counter meets.
//!
//! A module of its own, run in a Web Worker, so that the app's first load does not carry it and the camera's preview
//! stays smooth.
//!
//! - EAN and UPC are looked for on lines of the picture, from the middle outward, each made bars and gaps in two or
//!   more ways (`edges`) and read by counting (`ean`). A text counts when enough *different* lines gave it (three,
//!   four where the symbol is short). The thorough look adds lines at right angles and lines aslant.
//! - QR is looked for in the whole picture, made smaller when it is large, and in its busiest parts (`areas`) at twice
//!   their size: with two pixels per module, edges need to be found between them. Finding, sampling and error
//!   correction are rxing's.
//!
//! A *fast* pass fits every frame of a video; a *thorough* one is for some of them, and for a photograph. Nothing here
//! keeps anything between two pictures.
//!
//! Measured with `cargo xtask bench --only decoder` in Chromium beside zxing-wasm 3.1.4, on a server's core:
//!
//! | | this, fast | this, thorough | zxing-wasm, fast | zxing-wasm, harder |
//! |---|---|---|---|---|
//! | read of 88 photographs: EAN-13, EAN-8, UPC-A, QR | 78 % | 82 % | 67 % | 72 % |
//! | read of 200 drawn frames of a cheap phone, 640 × 480 | 98 % | 99.5 % | 70 % | 89 % |
//! | misread or invented | 0 | 0 | 0 | 1 |
//! | 95 % of looks at 640 × 480 take, in ms: photographs, frames | 2.5, 3.6 | 13, 4 | 3, 3 | 11, 17 |
//! | weight with Brotli, kB | 78 | | 321 | |
//!
//! What is not read in the photographs is mostly blur of more than a module: there bars leave no dent to count. To
//! compare the brightness with what each digit would look like through such a lens (Gallo and Manduchi, 2011) was
//! tried: it read none of them at their own size and two when enlarged, and took as long again as all the rest.
//!
//! Depends on nobody in the product. Never panics, whatever the bytes: a picture that is not what it says is empty.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

mod areas;
mod ean;
mod edges;
mod linear;
mod picture;
mod qr;

use picture::Picture;

/// The most pixels that are looked at (a photograph of 12 million and something); more is answered with nothing.
pub const PIXELS_MAX: usize = 16_000_000;

/// What kind of symbol a text was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// 13 digits.
    Ean13,
    /// 8 digits.
    Ean8,
    /// 12 digits.
    UpcA,
    /// 8 digits: number system, six visible ones, check digit; not expanded.
    UpcE,
    /// Any text.
    Qr,
}

impl Format {
    /// The name that crosses to the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ean13 => "ean13",
            Self::Ean8 => "ean8",
            Self::UpcA => "upca",
            Self::UpcE => "upce",
            Self::Qr => "qr",
        }
    }
}

/// A text found in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Where it was read from.
    pub format: Format,
    /// Digits with a right check digit, or what the QR carries.
    pub text: String,
    /// How many lines of the picture gave this text; 255 for QR, whose error correction vouches for it.
    pub quality: u8,
}

/// How much time a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Some two milliseconds at 640 × 480, in a browser on a server's core.
    Fast,
    /// The fast pass first; when it finds nothing, some five times as long again.
    Thorough,
}

/// Reads the codes of a grey picture: `width` × `height` bytes, 0 is black, rows from the top.
///
/// Empty when nothing is found, and when the number of bytes, a zero side or [`PIXELS_MAX`] say that it is no picture.
pub fn decode(luma: &[u8], width: u32, height: u32, mode: Mode) -> Vec<Read> {
    Picture::of_luma(luma, width as usize, height as usize).map(|picture| look(&picture, mode)).unwrap_or_default()
}

/// The same for four bytes per pixel (red, green, blue, anything), as a canvas gives them.
pub fn decode_rgba(rgba: &[u8], width: u32, height: u32, mode: Mode) -> Vec<Read> {
    Picture::of_rgba(rgba, width as usize, height as usize).map(|picture| look(&picture, mode)).unwrap_or_default()
}

fn look(picture: &Picture<'_>, mode: Mode) -> Vec<Read> {
    let found: Vec<Read> = linear::fast(picture).into_iter().chain(qr::fast(picture)).collect();
    if !found.is_empty() || mode == Mode::Fast {
        return found;
    }
    linear::thorough(picture).or_else(|| qr::thorough(picture)).into_iter().collect()
}

/// The page's door to [`decode`]: an array of `[format, text, quality]`.
#[wasm_bindgen(js_name = decodeLuma)]
pub fn decode_luma_for_page(luma: &[u8], width: u32, height: u32, thorough: bool) -> Array {
    for_page(decode(luma, width, height, mode(thorough)))
}

/// The page's door to [`decode_rgba`]: an array of `[format, text, quality]`.
#[wasm_bindgen(js_name = decodeRgba)]
pub fn decode_rgba_for_page(rgba: &[u8], width: u32, height: u32, thorough: bool) -> Array {
    for_page(decode_rgba(rgba, width, height, mode(thorough)))
}

const fn mode(thorough: bool) -> Mode {
    if thorough { Mode::Thorough } else { Mode::Fast }
}

fn for_page(reads: Vec<Read>) -> Array {
    let row = |read: Read| Array::of3(&JsString::from(read.format.name()), &JsString::from(read.text), &read.quality.into());
    reads.into_iter().map(row).collect()
}
