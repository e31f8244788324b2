//! QR codes, anywhere in the picture.

use rxing::{
    Binarizer,
    common::{DetectorRXingResult, GlobalHistogramBinarizer, HybridBinarizer},
    qrcode::cpp_port::{
        decoder::Decode,
        detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR},
    },
};

use crate::{Format, Read, areas, picture::Picture};

/// QR needs a finder pattern of seven modules; rxing's detectors index around it without looking at tiny pictures.
const SIDE_MIN: usize = 21;
/// Combinations of three finder patterns that are tried: print full of squares makes hundreds.
const TRIPLES_MAX: usize = 40;

/// Busy parts of a picture that are magnified.
const AREAS_MAX: usize = 3;
/// What a fast look can afford to magnify, in pixels.
const AREA_SMALL: usize = 176 * 176;
/// A larger part has pixels enough for each module, in pixels.
const AREA_MAX: usize = 280 * 280;

/// One look at the usual size, and one at the busiest part magnified when that is small.
pub(crate) fn fast(picture: &Picture<'_>) -> Option<Read> {
    let smaller = usual(picture);
    let usual = smaller.as_ref().unwrap_or(picture);
    at_threshold(usual, Threshold::Local).or_else(|| magnified(usual, 1, AREA_SMALL))
}

/// Where the fast look has found nothing: more and larger busy parts magnified, one threshold for the whole picture,
/// half size, and the middle of a large picture in full detail.
pub(crate) fn thorough(picture: &Picture<'_>) -> Option<Read> {
    let smaller = usual(picture);
    let usual = smaller.as_ref().unwrap_or(picture);
    magnified(usual, AREAS_MAX, AREA_MAX)
        .or_else(|| at_threshold(usual, Threshold::One))
        .or_else(|| at_threshold(&usual.smaller(2)?, Threshold::Local))
        .or_else(|| if smaller.is_some() { at_threshold(&picture.middle()?, Threshold::Local) } else { None })
}

/// A large picture at the usual size; `None` when it is small enough as it is.
fn usual(picture: &Picture<'_>) -> Option<Picture<'static>> {
    Some(picture.usual_factor()).filter(|&by| by > 1).and_then(|by| picture.smaller(by))
}

/// What is small and busy, at twice its size: with two pixels per module an edge needs to be found between them.
fn magnified(picture: &Picture<'_>, most: usize, pixels_max: usize) -> Option<Read> {
    let mut small = areas::busy(picture, most).into_iter().filter(|area| area.width * area.height <= pixels_max);
    small.find_map(|area| at_threshold(&picture.magnified(area)?, Threshold::Local))
}

/// How black is told from white.
enum Threshold {
    /// By the neighbourhood: shadows and light from one side.
    Local,
    /// The same everywhere: clean prints and screens, where the neighbourhood misleads.
    One,
}

fn at_threshold(picture: &Picture<'_>, threshold: Threshold) -> Option<Read> {
    if picture.width < SIDE_MIN || picture.height < SIDE_MIN {
        return None;
    }
    let source = picture.source()?;
    match threshold {
        Threshold::Local => read(&HybridBinarizer::new(source)),
        Threshold::One => read(&GlobalHistogramBinarizer::new(source)),
    }
}

fn read<B: Binarizer>(binarizer: &B) -> Option<Read> {
    let matrix = binarizer.get_black_matrix().ok()?;
    // Every third row: between small modules fewer rows miss finder patterns, and finding costs less than blackening.
    let mut finders = FindFinderPatterns(matrix, true, 0);
    let triples = GenerateFinderPatternSets(&mut finders);
    triples.iter().take(TRIPLES_MAX).find_map(|triple| {
        let symbol = SampleQR(matrix, triple).ok()?;
        let content = Decode(symbol.getBits()).ok().filter(|content| content.isValid())?;
        let text = text(content.content().bytes()).filter(|text| !text.is_empty());
        text.map(|text| Read { format: Format::Qr, text, quality: u8::MAX })
    })
}

/// The bytes as text: UTF-8, or what older printers write; `None` when it would have to be guessed.
///
/// rxing's own conversion is left out of this build (its tables are as heavy as the decoder), and it panics there.
/// Our codes are plain letters and digits; an address in yet another character set is nothing that a counter can use,
/// and wrong letters would be worse than none.
fn text(bytes: &[u8]) -> Option<String> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    let runs = || bytes.split(u8::is_ascii).map(<[u8]>::len);
    if runs().all(|run| run <= 1) {
        // ISO 8859-1, the standard's own: letters with accents stand alone between plain ones.
        return Some(bytes.iter().map(|&byte| char::from(byte)).collect());
    }
    let katakana = |byte: u8| matches!(byte, 0xA1..=0xDF);
    if bytes.iter().all(|&byte| byte.is_ascii() || katakana(byte)) && runs().any(|run| run >= 3) {
        // JIS X 0201: one byte for each half-width sign, in the order that Unicode has, too.
        let sign = |&byte: &u8| {
            if katakana(byte) { char::from_u32(0xFF61 + u32::from(byte - 0xA1)) } else { Some(char::from(byte)) }
        };
        return bytes.iter().map(sign).collect();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_in_the_sets_that_printers_use() {
        assert_eq!(text(b"M1K7Q2"), Some("M1K7Q2".to_owned()));
        assert_eq!(text("Peña".as_bytes()), Some("Peña".to_owned()));
        assert_eq!(text(b"Pe\xF1a"), Some("Peña".to_owned()));
        assert_eq!(text(b"*\xC3\xDE\xBB\xDE\xB2\xDDQR*"), Some("*ﾃﾞｻﾞｲﾝQR*".to_owned()));
    }

    #[test]
    fn what_would_have_to_be_guessed_is_no_text() {
        assert_eq!(text(b"AD:SUB:\xB0\xA2;;"), None, "a sign of two bytes, in which set?");
    }
}
