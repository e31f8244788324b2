//! The decoder on photographs of real labels, and on drawn ones where no photograph is at hand.

use std::path::Path;

use frontend_decoder::{Format, Mode, PIXELS_MAX, Read, decode, decode_rgba};
use proptest::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use rxing::{BarcodeFormat, MultiFormatWriter, Writer};

/// A grey picture: bytes, width, height.
type Grey = (Vec<u8>, u32, u32);

fn photo(name: &str) -> Grey {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/photos").join(name);
    let grey = image::open(path).expect("the photograph is in the repository").to_luma8();
    let (width, height) = grey.dimensions();
    (grey.into_raw(), width, height)
}

const SCALE: u32 = 3;
const MARGIN: u32 = 40;

/// A label of 3 pixels per module, dark on light, with a margin.
fn drawn(format: Format, text: &str) -> Grey {
    let bars = |format| {
        let bars = MultiFormatWriter.encode(text, &format, 0, 0).expect("the text fits the symbol");
        painted(bars.width(), 40, |x, _| bars.get(x, 0))
    };
    match format {
        Format::Ean13 => bars(BarcodeFormat::EAN_13),
        Format::Ean8 => bars(BarcodeFormat::EAN_8),
        Format::UpcA => bars(BarcodeFormat::UPC_A),
        Format::UpcE => bars(BarcodeFormat::UPC_E),
        Format::Qr => {
            let qr = QrCode::encode_text(text, QrCodeEcc::Medium).expect("the text fits a QR");
            painted(qr.size() as u32, qr.size() as u32, |x, y| qr.get_module(x as i32, y as i32))
        }
    }
}

fn painted(columns: u32, rows: u32, dark: impl Fn(u32, u32) -> bool) -> Grey {
    let (width, height) = (columns * SCALE + 2 * MARGIN, rows * SCALE + 2 * MARGIN);
    let module = |at: u32, size: u32| at.checked_sub(MARGIN).map(|at| at / SCALE).filter(|&at| at < size);
    let pixel = |x: u32, y: u32| match (module(x, columns), module(y, rows)) {
        (Some(x), Some(y)) if dark(x, y) => 40,
        _ => 200,
    };
    ((0..width * height).map(|at| pixel(at % width, at / width)).collect(), width, height)
}

/// A quarter turn clockwise.
fn turned((luma, width, height): Grey) -> Grey {
    let turned = (0..width).flat_map(|x| (0..height).rev().map(move |y| (x, y))).map(|(x, y)| luma[(y * width + x) as usize]).collect();
    (turned, height, width)
}

/// What a camera of 640 × 480 sees of a label in the middle of a grey desk: `scale` pixels for each of the label's,
/// turned by `degrees`, through a lens that spreads every point over a square of `soft` pixels.
fn filmed((luma, width, height): &Grey, scale: f64, degrees: f64, soft: f64) -> Grey {
    const POINTS: [f64; 5] = [-0.4, -0.2, 0.0, 0.2, 0.4];
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (middle_x, middle_y) = (f64::from(*width) / 2.0, f64::from(*height) / 2.0);
    let at = |x: f64, y: f64| {
        let (x, y) = ((x - 320.0) / scale, (y - 240.0) / scale);
        let (x, y) = (x * cos + y * sin + middle_x, y * cos - x * sin + middle_y);
        let inside = x >= 0.0 && y >= 0.0 && x < f64::from(*width) && y < f64::from(*height);
        if inside { f64::from(luma[(y as u32 * width + x as u32) as usize]) } else { 110.0 }
    };
    let pixel = |x: u32, y: u32| {
        let points = POINTS.iter().flat_map(|dx| POINTS.iter().map(move |dy| (dx * soft, dy * soft)));
        (points.map(|(dx, dy)| at(f64::from(x) + 0.5 + dx, f64::from(y) + 0.5 + dy)).sum::<f64>() / 25.0) as u8
    };
    ((0..640 * 480).map(|at| pixel(at % 640, at / 640)).collect(), 640, 480)
}

/// The upper part of a label.
fn lower((luma, width, _): Grey, height: u32) -> Grey {
    (luma[..(width * height) as usize].to_vec(), width, height)
}

fn read((luma, width, height): &Grey, mode: Mode) -> Vec<(Format, String)> {
    decode(luma, *width, *height, mode).into_iter().map(|Read { format, text, .. }| (format, text)).collect()
}

#[test]
fn photographs_of_labels_are_read() {
    for (name, format, text) in [
        ("ean13__ean13-3__04.png", Format::Ean13, "9780764544200"),
        ("ean13__ean13-3__34.png", Format::Ean13, "9780201310054"),
        ("ean13__ean13-4__04.png", Format::Ean13, "9780441014989"),
        ("ean13__ean13-4__09.png", Format::Ean13, "9780441014989"),
        ("ean8__ean8-1__1.png", Format::Ean8, "48512343"),
        ("ean8__ean8-1__6.png", Format::Ean8, "59001270"),
        ("ean8__cpp-ean8-1__3.png", Format::Ean8, "12345670"),
        ("upca__upca-2__24.png", Format::UpcA, "752050200137"),
        ("upca__upca-2__29.png", Format::UpcA, "752050200137"),
        ("upca__upca-3__17.png", Format::UpcA, "854818000116"),
        ("qrcode__qrcode-2__14.png", Format::Qr, "http://bbc.co.uk/programmes"),
        ("qrcode__qrcode-3__16.png", Format::Qr, "MECARD:N:Google 411,;TEL:18665881077;;"),
        ("qrcode__qrcode-6__10.png", Format::Qr, "1234567890"),
    ] {
        assert_eq!(read(&photo(name), Mode::Thorough), [(format, text.to_owned())], "{name}");
    }
}

#[test]
fn a_picture_without_a_code_gives_nothing() {
    for name in ["none__cpp-falsepositives-1__n245.png", "none__cpp-falsepositives-2__25.webp"] {
        assert_eq!(read(&photo(name), Mode::Thorough), [], "{name}");
    }
}

#[test]
fn every_symbol_is_read_in_one_fast_look() {
    for (format, text) in [
        (Format::Ean13, "7801234567894"),
        (Format::Ean8, "96385074"),
        (Format::UpcA, "042100005264"),
        (Format::UpcE, "04252614"),
        (Format::Qr, "M1K7Q2W9ZX0Y3R5T8U1P4A6S9D2F5G8H1J4K7L"),
    ] {
        let label = drawn(format, text);

        assert_eq!(read(&label, Mode::Fast), [(format, text.to_owned())], "{text}");
    }
}

#[test]
fn a_label_may_stand_on_its_head_or_hang_sideways() {
    let label = drawn(Format::Ean13, "7801234567894");
    let sideways = turned(label);
    let on_its_head = turned(sideways.clone());

    assert_eq!(read(&sideways, Mode::Thorough), [(Format::Ean13, "7801234567894".to_owned())]);
    assert_eq!(read(&on_its_head, Mode::Fast), [(Format::Ean13, "7801234567894".to_owned())]);
}

#[test]
fn a_low_label_may_be_held_aslant() {
    // No level line meets all of its bars.
    let label = lower(drawn(Format::Ean13, "7801234567894"), MARGIN + 90);

    for degrees in [-24.0, 24.0, 90.0 + 24.0, 180.0 - 24.0] {
        assert_eq!(
            read(&filmed(&label, 1.0, degrees, 1.2), Mode::Thorough),
            [(Format::Ean13, "7801234567894".to_owned())],
            "{degrees} degrees"
        );
    }
}

#[test]
fn a_soft_qr_of_less_than_two_pixels_per_module_is_read_in_one_fast_look() {
    let card = drawn(Format::Qr, "M1K7Q2W9ZX0Y3R5T8U1P4A6S9D2F5G8H1J4K7L");

    for degrees in [3.0, 17.0, 31.0, 40.0] {
        let filmed = filmed(&card, 1.8 / f64::from(SCALE), degrees, 2.0);

        assert_eq!(read(&filmed, Mode::Fast), [(Format::Qr, "M1K7Q2W9ZX0Y3R5T8U1P4A6S9D2F5G8H1J4K7L".to_owned())], "{degrees} degrees");
    }
}

#[test]
fn soft_bars_of_two_pixels_are_read_in_one_fast_look() {
    for (format, text) in
        [(Format::Ean13, "7801234567894"), (Format::Ean8, "96385074"), (Format::UpcA, "042100005264"), (Format::UpcE, "04252614")]
    {
        let filmed = filmed(&drawn(format, text), 2.0 / f64::from(SCALE), 7.0, 2.4);

        assert_eq!(read(&filmed, Mode::Fast), [(format, text.to_owned())], "{text}");
    }
}

#[test]
fn a_large_photograph_is_read_too() {
    let (luma, width, height) = drawn(Format::Qr, "HTTPS://MOSTRADOR.EXAMPLE/T/1");
    let (wide, high) = (width * 12, height * 12);
    let large = (0..wide * high).map(|at| luma[(at / wide / 12 * width + at % wide / 12) as usize]).collect();

    assert_eq!(read(&(large, wide, high), Mode::Fast), [(Format::Qr, "HTTPS://MOSTRADOR.EXAMPLE/T/1".to_owned())]);
}

#[test]
fn more_lines_that_agree_mean_a_better_read() {
    let (luma, width, height) = drawn(Format::UpcE, "04252614");
    let quality = |reads: Vec<Read>| reads.into_iter().map(|read| read.quality).max();

    assert!(quality(decode(&luma, width, height, Mode::Fast)) >= Some(4));
}

#[test]
fn colours_are_read_as_their_brightness() {
    let (luma, width, height) = drawn(Format::Ean13, "7801234567894");
    let blue_on_yellow: Vec<u8> = luma.iter().flat_map(|&p| if p < 100 { [20, 20, 160, 255] } else { [250, 240, 120, 255] }).collect();

    let reads = decode_rgba(&blue_on_yellow, width, height, Mode::Fast);

    assert_eq!(reads.first().map(|read| read.text.as_str()), Some("7801234567894"));
}

#[test]
fn what_is_no_picture_is_empty() {
    let (luma, width, height) = drawn(Format::Ean13, "7801234567894");

    for (bytes, width, height) in [
        (&luma[..], 0, height),
        (&luma[..], width, 0),
        (&luma[1..], width, height),
        (&luma[..], width + 1, height),
        (&luma[..], u32::MAX, u32::MAX),
        (&[][..], 0, 0),
        (&[7][..], 1, 1),
    ] {
        assert_eq!(decode(bytes, width, height, Mode::Thorough), [], "{width} x {height}");
        assert_eq!(decode_rgba(bytes, width, height, Mode::Thorough), [], "{width} x {height}");
    }
    let too_many = vec![255; PIXELS_MAX + 4_000];
    assert_eq!(decode(&too_many, 4_000, too_many.len() as u32 / 4_000, Mode::Thorough), []);
}

#[test]
fn the_widest_and_the_highest_picture_are_looked_at_without_harm() {
    // As many bars as EAN-13 has, the first of them nearly as long as the picture.
    let bar = |x: u32, width: u32| match x.checked_sub(width / 6) {
        Some(x) if x < width / 6 * 4 => true,
        Some(x) => ((x - width / 6 * 4) / 3) % 2 == 1 && (x - width / 6 * 4) / 3 < 58,
        None => false,
    };

    for (width, height) in [(3_000_000, 1), (90_000, 4), (12, 30_000)] {
        let luma: Vec<u8> = (0..width * height).map(|at| if bar(at % width, width) { 20 } else { 230 }).collect();

        assert_eq!(decode(&luma, width, height, Mode::Thorough), [], "{width} x {height}");
    }
}

/// Noise of large grains: it makes runs that look like bars and finder patterns far more often than single pixels do.
fn grains(width: u32, height: u32, grain: u32, seeds: &[u8]) -> Vec<u8> {
    let at = |x: u32, y: u32| seeds[((x / grain * 31 + y / grain * 17) as usize) % seeds.len()];
    (0..width * height).map(|n| at(n % width, n / width)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_picture_panics(width in 1u32..140, height in 1u32..100, grain in 1u32..9, seeds in prop::collection::vec(any::<u8>(), 1..400)) {
        let luma = grains(width, height, grain, &seeds);

        decode(&luma, width, height, Mode::Thorough);
    }

    #[test]
    fn no_damage_to_a_label_panics_or_invents_a_check_digit(cut in 0u32..80, seeds in prop::collection::vec(any::<u8>(), 1..60), part in 0usize..4) {
        let (format, text) = [(Format::Qr, "MOSTRADOR 0123456789"), (Format::Ean13, "7801234567894"),
            (Format::Ean8, "96385074"), (Format::UpcE, "04252614")][part];
        let (mut luma, width, height) = drawn(format, text);
        for (n, seed) in seeds.iter().enumerate() {
            let at = (n * 7919 + usize::from(*seed) * 131) % luma.len();
            let end = (at + 9).min(luma.len());
            luma[at..end].fill(*seed);
        }
        let rows = height - cut.min(height - 1);

        let reads = decode(&luma[..(width * rows) as usize], width, rows, Mode::Thorough);

        prop_assert!(reads.iter().all(|read| read.format == Format::Qr || read.text.bytes().all(|b| b.is_ascii_digit())));
    }
}
