//! Cards and what stands in them: chips, rows, tiles, brand letters, bars.

use leptos::prelude::*;

use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{Text, Tone, class_of};

/// A surface. `class` adds modifiers such as `card--flush` or `card--deep`.
#[component]
pub fn Card(
    /// Further classes.
    #[prop(optional)]
    class: &'static str,
    /// What it holds.
    children: Content,
) -> impl IntoView {
    view! { <div class=class_of("card", &[class])>{children.view()}</div> }
}

/// A small word with a tint; with an icon outside tables.
#[component]
pub fn Chip(
    /// Its tint.
    #[prop(optional)]
    tone: Tone,
    /// Says the same without colour.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// In a table: squarer, no icon needed.
    #[prop(optional)]
    table: bool,
    /// The word.
    children: Content,
) -> impl IntoView {
    let class = class_of("chip", &[tone.suffix(), if table { "--table" } else { "" }]);
    view! {
        <span class=class>
            {icon.map(|path| view! { <Icon path size=14 /> })}
            {children.view()}
        </span>
    }
}

/// A tinted round icon that leads a row.
#[component]
pub fn Disc(
    /// A constant of [`path`].
    icon: &'static str,
    /// Its tint.
    #[prop(optional)]
    tone: Tone,
) -> impl IntoView {
    view! { <span class=class_of("disc", &[tone.suffix()])><Icon path=icon size=20 /></span> }
}

/// A brand's letter on its own colour. The colour is data, so it is an SVG attribute, never a style.
#[component]
pub fn Avatar(
    /// The brand's name; its first letter shows.
    #[prop(into)]
    name: Text,
    /// `#rrggbb` as the brand chose it; empty or unreadable: ink.
    #[prop(into, optional)]
    colour: Text,
    /// 40, 34, 32 or 18 px.
    #[prop(default = 40)]
    size: u16,
) -> impl IntoView {
    let letter = name.chars().find(|c| c.is_ascii_alphanumeric() || *c >= 'À').map(upper).map(String::from).unwrap_or_default();
    let ink = ink_on(&colour);
    let fill = ink.map(|_| colour.into_owned());
    let class = class_of(
        "avatar",
        &[match size {
            34 => "--34",
            32 => "--32",
            18 => "--18",
            _ => "",
        }],
    );
    view! {
        <svg class=class viewBox="0 0 40 40" aria-hidden="true">
            <rect width="40" height="40" class=if ink.is_none() { "avatar--none" } else { "" } fill=fill></rect>
            <text x="20" y="26.5" class=if ink.is_none() { "avatar__letter--none" } else { "" } fill=ink>{letter}</text>
        </svg>
    }
}

/// A capital of the Latin letters in which names here are written; the tables for all scripts weigh 12 kB.
fn upper(letter: char) -> char {
    match letter {
        'à'..='ö' | 'ø'..='þ' => char::from_u32(u32::from(letter) - 32).unwrap_or(letter),
        _ => letter.to_ascii_uppercase(),
    }
}

/// Which of white and near-black reads better on a colour; `None` when it is not `#rrggbb`.
///
/// The limit is the relative luminance (WCAG 2.2) at which white and black contrast alike.
fn ink_on(colour: &str) -> Option<&'static str> {
    const EVEN: f32 = 0.179;
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    // A square stands for the sRGB curve: the two differ by less than the band in which both inks do.
    let part = |shift: u32| {
        let level = ((value >> shift) & 255) as f32 / 255.0;
        level * level
    };
    Some(if 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0) > EVEN { "black" } else { "white" })
}

/// What a bar counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BarTone {
    /// Progress towards something.
    #[default]
    Primary,
    /// Reached, or a shared goal.
    Success,
    /// Sending.
    Info,
    /// A plain quantity in a chart.
    Quantity,
    /// With campaign, or what needs attention.
    Campaign,
    /// A brand's own colour, `#rrggbb`.
    Data(String),
}

impl BarTone {
    fn class(&self) -> &'static str {
        match self {
            Self::Primary => "bar__fill",
            Self::Success => "bar__fill bar__fill--success",
            Self::Info => "bar__fill bar__fill--info",
            Self::Quantity => "bar__fill bar__fill--quantity",
            Self::Campaign => "bar__fill bar__fill--campaign",
            Self::Data(_) => "",
        }
    }
}

/// A bar of `permille` of its width (more than 1000 is full). Without `label` it repeats words beside it and is hidden
/// from screen readers.
#[component]
pub fn Bar(
    /// Thousandths of the whole.
    #[prop(into)]
    permille: Signal<u32>,
    /// What it counts.
    #[prop(optional)]
    tone: BarTone,
    /// 10 px tall instead of 6.
    #[prop(optional)]
    tall: bool,
    /// What it measures.
    #[prop(optional, into)]
    label: Option<Text>,
) -> impl IntoView {
    let radius = if tall { "5" } else { "3" };
    let hidden = label.is_none();
    let class = tone.class();
    let fill = if let BarTone::Data(colour) = tone { Some(colour) } else { None };
    view! {
        <svg
            class=if tall { "bar bar--10" } else { "bar" }
            role=if hidden { "presentation" } else { "progressbar" }
            aria-hidden=hidden.then_some("true")
            aria-label=label
            aria-valuemin=(!hidden).then_some("0")
            aria-valuemax=(!hidden).then_some("100")
            aria-valuenow=move || (!hidden).then(|| (permille.get().min(1000) / 10).to_string())
        >
            <rect class="bar__track" width="100%" height="100%" rx=radius></rect>
            <rect class=class fill=fill width=move || percent(permille.get()) height="100%" rx=radius></rect>
        </svg>
    }
}

/// Thousandths as an SVG length.
pub(crate) fn percent(permille: u32) -> String {
    let permille = permille.min(1000);
    let mut out = (permille / 10).to_string();
    out.push('.');
    out.push_str(&(permille % 10).to_string());
    out.push('%');
    out
}

/// One row of a phone's list. With `href` the whole row is the link.
#[component]
pub fn ListRow(
    /// The thing's name.
    #[prop(into)]
    title: Text,
    /// One line of support.
    #[prop(optional, into)]
    text: Option<Text>,
    /// 36 to 44 px: [`Disc`], [`Avatar`], [`crate::ProductPicture`].
    #[prop(optional)]
    lead: Option<AnyView>,
    /// The number at the end, signed.
    #[prop(optional, into)]
    figure: Option<Text>,
    /// Its unit, below.
    #[prop(optional, into)]
    unit: Option<Text>,
    /// The figure is a gain.
    #[prop(optional)]
    gain: bool,
    /// Where the row leads.
    #[prop(optional, into)]
    href: Option<Text>,
    /// Chips below the text.
    #[prop(optional)]
    children: Option<Content>,
) -> AnyView {
    let trail = (figure.is_some() || unit.is_some()).then(|| {
        view! {
            <span class="list-row__trail">
                {figure.map(|figure| view! { <span class=if gain { "list-row__figure gain" } else { "list-row__figure" }>{figure}</span> })}
                {unit.map(|unit| view! { <span class="list-row__unit">{unit}</span> })}
            </span>
        }
    });
    let body = view! {
        {lead.map(|lead| view! { <span class="list-row__lead">{lead}</span> })}
        <span class="list-row__body">
            <span class="list-row__title">{title}</span>
            {text.map(|text| view! { <span class="list-row__text">{text}</span> })}
            {children.map(Content::view)}
        </span>
        {trail}
    };
    match href {
        Some(href) => view! { <a class="list-row list-row--link" href=href>{body}</a> }.into_light(),
        None => view! { <div class="list-row">{body}</div> }.into_light(),
    }
}

/// A section's title with its link.
#[component]
pub fn SectionHead(
    /// A plain noun.
    #[prop(into)]
    title: Text,
    /// Words and address of the link.
    #[prop(optional)]
    link: Option<(Text, Text)>,
) -> impl IntoView {
    view! {
        <div class="section-head">
            <h2>{title}</h2>
            {link.map(|(words, href)| view! { <a class="link" href=href>{words}</a> })}
        </div>
    }
}

/// Tiles side by side in one card.
#[component]
pub fn Tiles(
    /// [`StatTile`]s.
    children: Content,
) -> impl IntoView {
    view! { <div class="tiles">{children.view()}</div> }
}

/// How a figure moved; the arrow and the sign carry it, the colour repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Signed and with unit: `8,4 %`.
    pub amount: Text,
    /// Against what: `vs. 4 sem.`.
    pub against: Text,
    /// Down instead of up.
    pub down: bool,
}

/// One figure with its label.
#[component]
pub fn StatTile(
    /// What it counts.
    #[prop(into)]
    label: Text,
    /// The number as people write it.
    #[prop(into)]
    figure: Text,
    /// Small, after or below the figure.
    #[prop(optional, into)]
    unit: Option<Text>,
    /// Unit below the figure, as on phones.
    #[prop(optional)]
    unit_below: bool,
    /// How it moved.
    #[prop(optional)]
    change: Option<Change>,
    /// Its tint: success, info or danger colour the figure.
    #[prop(optional)]
    tone: Tone,
    /// Points of the small line, oldest first.
    #[prop(optional)]
    spark: Vec<f64>,
) -> impl IntoView {
    let has_spark = spark.len() > 1;
    let (after, below) = if unit_below { (None, unit) } else { (unit, None) };
    view! {
        <div class=class_of("tile", &[tone.suffix(), if has_spark { "--spark" } else { "" }])>
            <span class="tile__label">{label}</span>
            <span class="tile__figure">{figure} {after.map(|unit| view! { " " <span class="tile__unit">{unit}</span> })}</span>
            {below.map(|unit| view! { <span class="tile__unit">{unit}</span> })}
            {change
                .map(|change| {
                    let (class, path) = if change.down {
                        ("row tile__change--down", path::ARROW_DOWN_RIGHT)
                    } else {
                        ("row tile__change--up", path::ARROW_UP_RIGHT)
                    };
                    view! {
                        <span class="tile__change">
                            <span class=class><Icon path size=12 /> {change.amount}</span>
                            {change.against}
                        </span>
                    }
                })}
            {has_spark.then(|| view! { <span class="tile__spark"><Spark points=spark /></span> })}
        </div>
    }
}

/// A line of 72 × 26 without axes; the figure beside it says the number.
#[component]
pub fn Spark(
    /// At least two, oldest first.
    points: Vec<f64>,
) -> impl IntoView {
    let (line, x, y) = spark_path(&points);
    view! {
        <svg class="spark" viewBox="0 0 72 26" aria-hidden="true">
            <path d=line></path>
            <circle cx=x cy=y r="3"></circle>
        </svg>
    }
}

/// The line and its last point, in tenths so that server and browser write the same digits.
fn spark_path(points: &[f64]) -> (String, String, String) {
    let low = points.iter().copied().fold(f64::INFINITY, f64::min);
    let high = points.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let steps = points.len().saturating_sub(1).max(1) as f64;
    let mut line = String::new();
    let (mut x, mut y) = (String::from("0"), String::from("13"));
    for (index, point) in points.iter().enumerate() {
        x = tenths(3.0 + 66.0 * index as f64 / steps);
        y = tenths(23.0 - 20.0 * (point - low) / span);
        line.push(if index == 0 { 'M' } else { 'L' });
        line.push_str(&x);
        line.push(' ');
        line.push_str(&y);
    }
    (line, x, y)
}

fn tenths(value: f64) -> String {
    let value = (value * 10.0).round() as i64;
    let mut out = (value / 10).to_string();
    if value % 10 != 0 {
        out.push('.');
        out.push_str(&(value % 10).to_string());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_on_a_brand_colour_are_readable() {
        assert_eq!(ink_on("#9F1239"), Some("white"));
        assert_eq!(ink_on("#FACC15"), Some("black"));
        assert_eq!(ink_on("red"), None);
        assert_eq!(ink_on(""), None);
    }

    #[test]
    fn capitals_are_those_of_names() {
        assert_eq!(['a', 'ñ', 'é', 'Z', '7', 'ÿ', '中'].map(upper), ['A', 'Ñ', 'É', 'Z', '7', 'ÿ', '中']);
    }

    #[test]
    fn a_bar_never_overflows() {
        assert_eq!(percent(0), "0.0%");
        assert_eq!(percent(645), "64.5%");
        assert_eq!(percent(4_000), "100.0%");
    }

    #[test]
    fn a_flat_line_is_drawn_at_the_bottom() {
        assert_eq!(spark_path(&[4.0, 4.0]).0, "M3 23L69 23");
    }
}
