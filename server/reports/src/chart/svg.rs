//! plotters' backend: shapes as SVG elements, each with a class of the style sheet instead of a colour.

use std::{convert::Infallible, fmt::Write};

use plotters::{
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::Text,
    style::{
        Color, IntoFont, RGBAColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::Words;

/// Size of names and numbers, in units of the drawing.
pub(super) const TEXT: i32 = 13;

/// What a shape is drawn with: a role of the style sheet, never a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Lines behind the data.
    Grid,
    /// The line of zero.
    Axis,
    /// Names.
    Label,
    /// Numbers.
    Strong,
    /// What takes away, in a sum.
    One,
    /// What is counted.
    Two,
    /// Where a sum begins and ends.
    Three,
    /// What is compared with.
    Control,
    /// From few to many: 1 to 6.
    Heat(u8),
    /// On a light step of heat.
    OnLow,
    /// On a dark one.
    OnHigh,
    /// Too few to show.
    Hidden,
    /// A place of a map.
    Bubble,
}

impl Ink {
    const PLAIN: [Self; 12] = [
        Self::Grid,
        Self::Axis,
        Self::Label,
        Self::Strong,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Control,
        Self::OnLow,
        Self::OnHigh,
        Self::Hidden,
        Self::Bubble,
    ];
    /// Of the steps of heat, after [`Self::PLAIN`].
    const HEAT_FROM: u8 = 100;

    /// plotters carries colours: the number of the ink travels as one.
    fn number(self) -> u8 {
        match self {
            Self::Heat(step) => Self::HEAT_FROM + step.clamp(1, 6),
            plain => Self::PLAIN.iter().zip(0..).find(|(one, _)| **one == plain).map_or(0, |(_, number)| number),
        }
    }
    fn of(number: u8) -> Self {
        match number.checked_sub(Self::HEAT_FROM) {
            Some(step) => Self::Heat(step),
            None => Self::PLAIN.get(usize::from(number)).copied().unwrap_or(Self::Label),
        }
    }
    /// Of an area.
    const fn filled_class(self) -> &'static str {
        match self {
            Self::One => "chart__bar--1",
            Self::Two => "chart__bar--2",
            Self::Three => "chart__bar--3",
            Self::Control => "chart__dot--control",
            Self::Heat(1) => "heat heat--1",
            Self::Heat(2) => "heat heat--2",
            Self::Heat(3) => "heat heat--3",
            Self::Heat(4) => "heat heat--4",
            Self::Heat(5) => "heat heat--5",
            Self::Heat(_) => "heat heat--6",
            Self::Hidden => "heat heat--hidden",
            Self::Bubble => "chart__bubble",
            Self::Grid | Self::Axis | Self::Label | Self::Strong | Self::OnLow | Self::OnHigh => "chart__band",
        }
    }
    /// Of a line.
    const fn line_class(self) -> &'static str {
        match self {
            Self::Grid => "chart__grid",
            Self::One => "chart__line chart__line--1",
            Self::Two => "chart__line chart__line--2",
            Self::Three => "chart__line chart__line--3",
            Self::Control => "chart__line chart__line--control",
            Self::Axis | Self::Label | Self::Strong | Self::Heat(_) | Self::OnLow | Self::OnHigh | Self::Hidden | Self::Bubble => {
                "chart__axis"
            }
        }
    }
    /// Of a text; the plain one needs none.
    const fn text_class(self) -> &'static str {
        match self {
            Self::Strong => "chart__strong",
            Self::OnLow => "chart__on-low",
            Self::OnHigh => "chart__on-high",
            _ => "",
        }
    }
}

impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        RGBAColor(self.number(), 0, 0, 1.0).to_backend_color()
    }
}

fn ink(colour: BackendColor) -> Ink {
    Ink::of(colour.rgb.0)
}

/// The backend: appends elements to a text.
pub(super) struct Svg<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

/// Writing to a text cannot fail.
type Drawn = Result<(), DrawingErrorKind<Infallible>>;
/// Where it can still be said that something was not drawn: plotters' own errors.
pub(super) type Failed = DrawingAreaErrorKind<Infallible>;
/// In units of the drawing.
pub(super) type Area<'a> = DrawingArea<Svg<'a>, Shift>;

impl Svg<'_> {
    fn push(&mut self, element: std::fmt::Arguments<'_>) -> Drawn {
        // A text takes whatever fits into memory.
        let _ = self.out.write_fmt(element);
        Ok(())
    }
    fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
        path.into_iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }
    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }
    fn present(&mut self) -> Drawn {
        Ok(())
    }
    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.push(format_args!("<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\"/>", ink(colour).filled_class()))
    }
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.push(format_args!(
            "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            ink(style.color()).line_class(),
            from.0,
            from.1,
            to.0,
            to.1
        ))
    }
    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, _fill: bool) -> Drawn {
        let (x, y, width, height) = (a.0.min(b.0), a.1.min(b.1), (b.0 - a.0).abs(), (b.1 - a.1).abs());
        self.push(format_args!(
            "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>",
            ink(style.color()).filled_class()
        ))
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.push(format_args!("<polyline class=\"{}\" points=\"{}\"/>", ink(style.color()).line_class(), Self::points(path)))
    }
    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        self.push(format_args!("<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>", ink(style.color()).filled_class()))
    }
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.push(format_args!("<polygon class=\"{}\" points=\"{}\"/>", ink(style.color()).filled_class(), Self::points(path)))
    }
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let Pos { h_pos, v_pos } = style.anchor();
        let anchor = match h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // From the given place to the line on which letters stand, in hundredths of their size.
        let drop = match v_pos {
            VPos::Top => 80,
            VPos::Center => 35,
            VPos::Bottom => 0,
        };
        let size = style.size() as i32;
        let class = match ink(style.color()).text_class() {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        self.push(format_args!(
            "<text{class} x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>",
            y + size * drop / 100,
            escaped(text)
        ))
    }
}

/// A whole picture: `draw` gets the area, and what it draws is inside. `None` where plotters refused.
pub(super) fn picture(words: Words<'_>, (width, height): (i32, i32), draw: impl FnOnce(&Area<'_>) -> Result<(), Failed>) -> Option<String> {
    let mut body = String::new();
    {
        let svg = Svg { out: &mut body, size: (width.unsigned_abs(), height.unsigned_abs()) };
        draw(&svg.into_drawing_area()).ok()?;
    }
    let Words { id, title, finding } = words;
    let (title, finding) = (escaped(title), escaped(finding));
    Some(format!(
        "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{finding}</desc>{body}</svg>"
    ))
}

/// A text at a place of the drawing.
pub(super) fn text(area: &Area<'_>, words: &str, at: (i32, i32), ink: Ink, h_pos: HPos) -> Result<(), Failed> {
    let style = TextStyle::from(("sans-serif", TEXT).into_font()).color(&ink).pos(Pos::new(h_pos, VPos::Center));
    area.draw(&Text::new(words.to_owned(), at, style))
}

/// Text inside an element: what would end it, and what no document may hold, is not in it.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
