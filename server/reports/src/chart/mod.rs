//! Pictures of reports: SVG made on the server, without a script and without a style of its own.
//!
//! plotters places and draws; [`svg`] is its backend, which writes classes of the style sheet where others write colours,
//! so that a chart follows the page's tokens, by day and by night. Every value is written beside its shape: nobody needs
//! the colours to read it. What a picture shows is what its caller's table says: it gets texts and places, and computes
//! neither.

mod grid;
mod interval;
mod line;
mod map;
mod png;
mod rows;
mod svg;
mod tiles;

pub use grid::{GridRow, grid};
pub use interval::{Estimate, interval};
pub use line::{Point, line};
pub use map::{Spot, map};
pub use png::png;
pub(crate) use png::said;
pub use rows::{Row, rows};
pub use svg::Ink;
pub(crate) use svg::escaped;
pub use tiles::{Tile, tiles};

/// What a picture is called and what it says, for whoever does not see it.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Unique on the page: letters, digits and underscores.
    pub id: &'a str,
    /// Its name.
    pub title: &'a str,
    /// The finding in one sentence.
    pub finding: &'a str,
}

/// Characters of a name that fit into a row.
const NAME_CHARS_MAX: usize = 34;

/// A name as far as there is room for it; the whole one stands in the table.
fn short(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(most.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// A range that begins or ends at zero and is never empty: lengths can then be compared.
fn around_zero(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) =
        values.filter(|value| value.is_finite()).fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    if low == high { 0.0..1.0 } else { low..high }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { id: "x", title: "Ventas <b>", finding: "\"COLA\" & más" };

    /// Text between tags, in order.
    fn texts(svg: &str) -> Vec<String> {
        svg.split("<text").skip(1).filter_map(|part| Some(part.split_once('>')?.1.split_once("</text>")?.0.to_owned())).collect()
    }

    fn all() -> Vec<String> {
        let row = |name: &str, to, shown: &str| Row { name: name.into(), span: Some((0.0, to)), shown: shown.into(), ink: Ink::Two };
        let hidden = Row { name: "Pocos".into(), span: None, shown: "oculto".into(), ink: Ink::Two };
        vec![
            rows(WORDS, &[row("<script>", 27.0, "27.700"), row("GALL", -9.6, "−9.600"), hidden]).unwrap(),
            interval(
                WORDS,
                &[
                    Estimate { name: "Incremento".into(), at: 23.81, between: Some((12.5, 31.0)), shown: "23,81 %".into() },
                    Estimate { name: "Antes".into(), at: 30.0, between: None, shown: "30,00 %".into() },
                ],
                "%",
            )
            .unwrap(),
            tiles(
                WORDS,
                &[
                    Tile { name: "Cali".into(), value: Some(3.0), shown: "3".into() },
                    Tile { name: "Neiva".into(), value: None, shown: "oculto".into() },
                ],
            )
            .unwrap(),
            grid(
                WORDS,
                &["0".into(), "1".into()],
                &[GridRow { name: "mar 2026".into(), cells: vec![Some((0.8, "80,0".into())), None] }],
                "oculto",
            )
            .unwrap(),
            line(
                WORDS,
                &[
                    Point { name: "1 mar".into(), value: Some(2.0), shown: "2".into() },
                    Point { name: "8 mar".into(), value: None, shown: "oculto".into() },
                    Point { name: "15 mar".into(), value: Some(5.0), shown: "5".into() },
                ],
                |height| format!("a {height}"),
            )
            .unwrap(),
        ]
    }

    #[test]
    fn a_row_says_its_name_and_its_number() {
        assert_eq!(texts(&all()[0]), ["&lt;script&gt;", "27.700", "GALL", "−9.600", "Pocos", "oculto"]);
    }

    #[test]
    fn the_lines_of_a_grid_say_how_high_they_are() {
        let heights: Vec<_> = texts(&all()[4]).into_iter().filter(|text| text.starts_with("a ")).collect();

        assert!(heights.len() > 2 && heights[0] == "a 0", "{heights:?}");
    }

    #[test]
    fn every_picture_has_a_role_a_title_and_a_finding_and_no_style() {
        for svg in all() {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
            assert!(svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"x-t x-d\""));
            assert!(svg.contains("<title id=\"x-t\">Ventas &lt;b&gt;</title><desc id=\"x-d\">&quot;COLA&quot; &amp; más</desc>"));
            assert!(!svg.contains("style=") && !svg.contains("<script") && !svg.contains('#') && !svg.contains("rgb"), "{svg}");
        }
    }

    #[test]
    fn the_same_numbers_are_the_same_picture() {
        assert_eq!(all(), all());
    }

    #[test]
    fn what_does_not_fit_is_shortened_and_nothing_is_drawn_of_nothing() {
        assert_eq!(short("Gaseosa de naranja con sabor a cola 400 ml", 12), "Gaseosa de…");
        assert_eq!((rows(WORDS, &[]), line(WORDS, &[], |_| String::new()), tiles(WORDS, &[])), (None, None, None));
        assert_eq!(around_zero([].into_iter()), 0.0..1.0);
        assert_eq!(around_zero([3.0, f64::NAN, -2.0].into_iter()), -2.0..3.0);
    }
}
