//! A picture as PNG, for e-mail: mail programs show neither SVG nor a style sheet.
//!
//! The colours are those of the tokens by day (`style/tokens.css`, section of charts), on white; the letters are Manrope's
//! (OFL 1.1, `public/fonts/OFL-manrope.txt`), cut to what the screens write.

use std::sync::{Arc, LazyLock};

use resvg::{tiny_skia, usvg};

/// Dots for each unit of the drawing: sharp on a phone.
const SCALE: f32 = 2.0;
/// Dots of one side, at most.
const SIDE_MAX: u32 = 4_000;

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../../fonts/manrope-500.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../fonts/manrope-700.ttf").to_vec());
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});
const FAMILY: &str = "Manrope";

/// The classes of [`super::svg`], as `style/chart.css` draws them.
const STYLE: &str = "
text { font-family: Manrope; font-weight: 500; fill: #3F4E5F; }
.chart__strong { fill: #0E1B2A; font-weight: 700; }
.chart__on-low { fill: #0E1B2A; }
.chart__on-high { fill: #FFFFFF; }
.chart__grid { stroke: #D5DCE4; stroke-width: 1; fill: none; }
.chart__axis { stroke: #6F7E8E; stroke-width: 1; fill: none; }
.chart__line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round; }
.chart__line--1 { stroke: #E4620A; }
.chart__line--2 { stroke: #0B86C4; }
.chart__line--3 { stroke: #242B52; }
.chart__line--control { stroke: #5F6F7F; stroke-dasharray: 6 5; }
.chart__bar--1 { fill: #E4620A; }
.chart__bar--2 { fill: #0B86C4; }
.chart__bar--3 { fill: #242B52; }
.chart__dot--control { fill: #5F6F7F; }
.chart__band { fill: #5F6F7F; opacity: 0.2; }
.chart__bubble { fill: #0B86C4; fill-opacity: 0.55; stroke: #0B86C4; stroke-width: 1; }
.heat--1 { fill: #EAF4FB; }
.heat--2 { fill: #C3E2F4; }
.heat--3 { fill: #86C5E8; }
.heat--4 { fill: #3E9FD3; }
.heat--5 { fill: #0B75AE; }
.heat--6 { fill: #07486E; }
.heat--hidden { fill: none; stroke: #6F7E8E; stroke-width: 1; stroke-dasharray: 4 3; }
";

/// A picture of this module as PNG; `None` for anything that is none.
pub fn png(svg: &str) -> Option<Vec<u8>> {
    let options = usvg::Options {
        font_family: FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        style_sheet: Some(STYLE.to_owned()),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).ok()?;
    let size = tree.size().to_int_size().scale_by(SCALE)?;
    if size.width() > SIDE_MAX || size.height() > SIDE_MAX {
        return None;
    }
    let mut dots = tiny_skia::Pixmap::new(size.width(), size.height())?;
    dots.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut dots.as_mut());
    dots.encode_png().ok()
}

/// What a picture says in one sentence: its description, as it stands in the markup.
pub(crate) fn said(svg: &str) -> &str {
    svg.split_once("<desc").and_then(|(_, rest)| rest.split_once('>')?.1.split_once("</desc>")).map_or("", |(said, _)| said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Ink, Row, Words, rows};

    #[test]
    fn a_picture_has_the_colours_of_the_page_and_its_words() {
        let row = Row { name: "Cola".into(), span: Some((0.0, 3.0)), shown: "3".into(), ink: Ink::Two };
        let svg = rows(Words { id: "x", title: "Ventas", finding: "La más vendida es \"Cola\"" }, &[row]).unwrap();
        let dots = tiny_skia::Pixmap::decode_png(&png(&svg).unwrap()).unwrap();
        let blue = dots.pixels().iter().filter(|dot| (dot.red(), dot.green(), dot.blue()) == (0x0B, 0x86, 0xC4)).count();
        let dark = dots.pixels().iter().filter(|dot| dot.red() < 0x60 && dot.green() < 0x70 && dot.blue() < 0x80).count();

        assert_eq!((dots.width(), dots.height()), (680, 76));
        assert!(blue > 5_000 && dark > 50, "{blue} of the bar, {dark} of the letters");
        assert_eq!(said(&svg), "La más vendida es &quot;Cola&quot;");
        assert_eq!(png("<p>"), None);
    }
}
