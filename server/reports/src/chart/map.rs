//! Places where they are: a bubble for each, as large as what was sold there. No borders that somebody could dispute, no
//! pictures of strangers: degrees give the frame, and a bar says how far things are apart.

use plotters::{
    element::{Circle, PathElement},
    style::{Color, text_anchor::HPos},
};

use super::{
    Words, short,
    svg::{Ink, picture, text},
};

const WIDTH: i32 = 340;
const HEIGHT_MIN: i32 = 200;
const HEIGHT_MAX: i32 = 420;
/// On every side, so that a large bubble at the edge is whole.
const MARGIN: f64 = 34.0;
/// Below, for the bar of the scale.
const FOOT: i32 = 28;
const RADIUS_MAX: f64 = 26.0;
const RADIUS_MIN: f64 = 4.0;
/// A letter is about as wide, a line as high.
const LETTER: f64 = 6.6;
const LINE: f64 = 15.0;
/// Characters of a place's name.
const CHARS_MAX: usize = 16;
/// Kilometres of one degree of latitude.
const DEGREE_KM: f64 = 111.2;
/// Smallest side of what is shown, in degrees: one place alone is not magnified beyond its streets.
const SPAN_MIN: f64 = 0.05;

/// One place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// Its name.
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How much: the area of its bubble.
    pub value: f64,
    /// As the table writes it.
    pub shown: String,
}

/// From degrees to units of the drawing. Over one country a plane is near enough: a degree of longitude is as long as it is
/// in the middle.
struct Plane {
    north: f64,
    west: f64,
    narrowing: f64,
    scale: f64,
    left: f64,
    top: f64,
    height: i32,
}

impl Plane {
    fn over(spots: &[Spot]) -> Option<Self> {
        let range = |of: fn(&Spot) -> f64| {
            let (low, high) = spots.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
            let (middle, half) = ((low + high) / 2.0, ((high - low) / 2.0).max(SPAN_MIN / 2.0));
            (middle - half, middle + half)
        };
        let ((south, north), (west, east)) = (range(|spot| spot.latitude), range(|spot| spot.longitude));
        let narrowing = ((south + north) / 2.0).to_radians().cos().max(0.1);
        let (wide, high) = ((east - west) * narrowing, north - south);
        let room = (f64::from(WIDTH) - 2.0 * MARGIN, f64::from(HEIGHT_MAX - FOOT) - 2.0 * MARGIN);
        let scale = (room.0 / wide).min(room.1 / high);
        let drawn = high * scale + 2.0 * MARGIN;
        let height = whole(drawn).clamp(HEIGHT_MIN - FOOT, HEIGHT_MAX - FOOT);
        let left = (f64::from(WIDTH) - wide * scale) / 2.0;
        let top = (f64::from(height) - high * scale) / 2.0;
        scale.is_finite().then_some(Self { north, west, narrowing, scale, left, top, height })
    }
    fn at(&self, latitude: f64, longitude: f64) -> (f64, f64) {
        (self.left + (longitude - self.west) * self.narrowing * self.scale, self.top + (self.north - latitude) * self.scale)
    }
    /// Units of the drawing for a kilometre.
    fn kilometre(&self) -> f64 {
        self.scale / DEGREE_KM
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a place in a picture")]
fn whole(at: f64) -> i32 {
    at.round().clamp(-10_000.0, 10_000.0) as i32
}

/// 1, 2 or 5 times a power of ten, not above `most`.
fn round_step(most: f64) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|step| *step <= most).unwrap_or(power)
}

/// The places on a plane, the largest with their names; `None` of nothing.
pub fn map(words: Words<'_>, spots: &[Spot]) -> Option<String> {
    if spots.is_empty() || spots.iter().any(|spot| !spot.latitude.is_finite() || !spot.longitude.is_finite() || spot.value < 0.0) {
        return None;
    }
    let plane = Plane::over(spots)?;
    let most = spots.iter().map(|spot| spot.value).fold(0.0, f64::max);
    let mut spots: Vec<&Spot> = spots.iter().collect();
    spots.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    let radius = |spot: &Spot| if most > 0.0 { ((spot.value / most).sqrt() * RADIUS_MAX).max(RADIUS_MIN) } else { RADIUS_MIN };
    picture(words, (WIDTH, plane.height + FOOT), |area| {
        degrees(area, &plane)?;
        for spot in &spots {
            let (x, y) = plane.at(spot.latitude, spot.longitude);
            area.draw(&Circle::new((whole(x), whole(y)), whole(radius(spot)), Ink::Bubble.filled()))?;
        }
        let mut taken: Vec<[f64; 4]> = Vec::new();
        for spot in &spots {
            let (x, y) = plane.at(spot.latitude, spot.longitude);
            let name = format!("{} · {}", short(&spot.name, CHARS_MAX), spot.shown);
            if let Some((place, anchor)) = beside((x, y), radius(spot), &name, plane.height, &mut taken) {
                text(area, &name, place, Ink::Strong, anchor)?;
            }
        }
        bar(area, &plane)
    })
}

/// Where a name fits without lying on another: right of its bubble, left of it, below or above.
fn beside((x, y): (f64, f64), radius: f64, name: &str, height: i32, taken: &mut Vec<[f64; 4]>) -> Option<((i32, i32), HPos)> {
    let width = f64::from(u16::try_from(name.chars().count()).unwrap_or(u16::MAX)) * LETTER;
    let (right, left) = (x + radius + 4.0, x - radius - 4.0);
    let places = [
        (right, y, HPos::Left, right),
        (left, y, HPos::Right, left - width),
        (x, y + radius + 9.0, HPos::Center, x - width / 2.0),
        (x, y - radius - 9.0, HPos::Center, x - width / 2.0),
    ];
    for (at, middle, anchor, begins) in places {
        let frame = [begins, middle - LINE / 2.0, begins + width, middle + LINE / 2.0];
        let inside = frame[0] >= 0.0 && frame[1] >= 0.0 && frame[2] <= f64::from(WIDTH) && frame[3] <= f64::from(height);
        let free = taken.iter().all(|other| frame[2] < other[0] || other[2] < frame[0] || frame[3] < other[1] || other[3] < frame[1]);
        if inside && free {
            taken.push(frame);
            return Some(((whole(at), whole(middle)), anchor));
        }
    }
    None
}

/// Meridians and parallels at round degrees.
fn degrees(area: &super::svg::Area<'_>, plane: &Plane) -> Result<(), super::svg::Failed> {
    let (wide, high) = (f64::from(WIDTH) / (plane.scale * plane.narrowing), f64::from(plane.height) / plane.scale);
    let step = round_step(wide.max(high) / 3.0);
    let (west, north) = (plane.west - plane.left / (plane.scale * plane.narrowing), plane.north + plane.top / plane.scale);
    let round = |first: f64, span: f64| {
        (0..12).map(move |number| (first / step).ceil() * step + f64::from(number) * step).take_while(move |at| *at <= first + span)
    };
    for longitude in round(west, wide) {
        let x = whole(plane.at(0.0, longitude).0);
        area.draw(&PathElement::new(vec![(x, 0), (x, plane.height)], Ink::Grid))?;
    }
    for latitude in round(north - high, high) {
        let y = whole(plane.at(latitude, 0.0).1);
        area.draw(&PathElement::new(vec![(0, y), (WIDTH, y)], Ink::Grid))?;
    }
    Ok(())
}

/// How long a round number of kilometres is.
fn bar(area: &super::svg::Area<'_>, plane: &Plane) -> Result<(), super::svg::Failed> {
    let kilometres = round_step(100.0 / plane.kilometre());
    let (length, y) = (whole(kilometres * plane.kilometre()), plane.height + 14);
    area.draw(&PathElement::new(vec![(1, y - 4), (1, y), (1 + length, y), (1 + length, y - 4)], Ink::Axis))?;
    let words = if kilometres < 1.0 { format!("{} m", whole(kilometres * 1_000.0)) } else { format!("{} km", whole(kilometres)) };
    text(area, &words, (length + 8, y - 1), Ink::Label, HPos::Left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'static> = Words { id: "x", title: "Ventas por municipio", finding: "Cali es la mayor" };

    fn spot(name: &str, latitude: f64, longitude: f64, value: f64) -> Spot {
        Spot { name: name.into(), latitude, longitude, value, shown: format!("{value} u.") }
    }
    fn circles(svg: &str) -> Vec<(i32, i32, i32)> {
        let of = |part: &str, name: &str| part.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap().parse().unwrap();
        svg.split("<circle").skip(1).map(|part| (of(part, "cx"), of(part, "cy"), of(part, "r"))).collect()
    }

    #[test]
    fn north_is_above_east_is_right_and_four_times_as_much_is_twice_as_wide() {
        let svg = map(WORDS, &[spot("Cali", 3.45, -76.53, 400.0), spot("Barranquilla", 10.96, -74.80, 100.0)]).unwrap();
        let [cali, barranquilla] = circles(&svg)[..] else { panic!("{svg}") };

        assert!(cali.0 < barranquilla.0 && cali.1 > barranquilla.1);
        assert_eq!((cali.2, barranquilla.2), (26, 13));
        assert!(svg.contains("Cali · 400 u.") && svg.contains(" km<"));
    }

    #[test]
    fn one_place_alone_and_places_on_one_spot_are_drawn() {
        for spots in [vec![spot("Cali", 3.45, -76.53, 1.0)], vec![spot("A", 3.45, -76.53, 0.0), spot("B", 3.45, -76.53, 0.0)]] {
            assert_eq!(circles(&map(WORDS, &spots).unwrap()).len(), spots.len());
        }
        assert_eq!(map(WORDS, &[]), None);
        assert_eq!(map(WORDS, &[spot("Cali", f64::NAN, -76.53, 1.0)]), None);
    }

    #[test]
    fn names_never_lie_on_each_other() {
        let near: Vec<Spot> = (0..30).map(|number| spot("Bogotá", 4.60 + f64::from(number) / 1_000.0, -74.08, f64::from(number))).collect();
        let svg = map(WORDS, &near).unwrap();

        // As many names as there is room for, and a bubble for everybody.
        assert!(svg.matches("Bogotá ·").count() < 30 && circles(&svg).len() == 30);
    }
}
