//! Units by day as one line. Scale and ticks are computed on the server; the drawing is the same on both sides.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Of the drawing, in its own units.
const WIDTH: i32 = 680;
const HEIGHT: i32 = 240;
const LEFT: i32 = 48;
const RIGHT: i32 = WIDTH - 56;
#[cfg(feature = "ssr")]
const TOP: i32 = 12;
const BOTTOM: i32 = HEIGHT - 26;

/// A line with its axes, in units of the drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayChart {
    /// Height and words of each grid line.
    grid: Vec<(i32, String)>,
    /// Position and words below.
    dates: Vec<(i32, String)>,
    /// Oldest first.
    points: Vec<(i32, i32)>,
    /// Of the newest day.
    last: String,
    /// The whole in one sentence.
    finding: String,
}

#[cfg(feature = "ssr")]
impl DayChart {
    /// From zero to the best day, with lines at round numbers.
    pub(crate) fn of(days: &[shared::reports::DaySales], country: shared::Country) -> Self {
        use kit::t;
        use plotters::coord::{ranged1d::Ranged, types::RangedCoordi64};
        use shared::format;
        let most = days.iter().map(|day| day.units).max().unwrap_or(0).max(1);
        let last_index = i64::try_from(days.len()).unwrap_or(i64::MAX).saturating_sub(1).max(1);
        let height = RangedCoordi64::from(0..most);
        let width = RangedCoordi64::from(0..last_index);
        let grid = height
            .key_points(4_usize)
            .into_iter()
            .map(|units| (height.map(&units, (BOTTOM, TOP)), format::integer(units, country)))
            .collect();
        let label = |index: i64| {
            usize::try_from(index)
                .ok()
                .and_then(|index| days.get(index))
                .map(|day| (width.map(&index, (LEFT, RIGHT)), format::day_month(day.date)))
        };
        let dates = width.key_points(7_usize).into_iter().filter_map(label).collect();
        let points = days
            .iter()
            .zip(0_i64..)
            .map(|(day, index)| (width.map(&index, (LEFT, RIGHT)), height.map(&day.units, (BOTTOM, TOP))))
            .collect();
        let best = days.iter().max_by_key(|day| day.units);
        let finding = best
            .map(|best| t::brand_chart_finding(&format::date(best.date), &format::integer(best.units, country)).to_string())
            .unwrap_or_default();
        Self { grid, dates, points, last: days.last().map(|day| format::integer(day.units, country)).unwrap_or_default(), finding }
    }
}

/// The drawing.
#[component]
pub(crate) fn Line(chart: DayChart) -> impl IntoView {
    let mut line = String::new();
    for (x, y) in &chart.points {
        line.push(if line.is_empty() { 'M' } else { 'L' });
        line.push_str(&x.to_string());
        line.push(' ');
        line.push_str(&y.to_string());
    }
    let area = chart.points.first().zip(chart.points.last()).map(|(first, last)| {
        [&line, "L", &last.0.to_string(), " ", &BOTTOM.to_string(), "L", &first.0.to_string(), " ", &BOTTOM.to_string(), "Z"].concat()
    });
    let grid = chart
        .grid
        .into_iter()
        .map(|(y, words)| {
            view! {
                <line class="chart__grid" x1=LEFT x2=RIGHT y1=y y2=y></line>
                <text x=LEFT - 8 y=y + 4 text-anchor="end">{words}</text>
            }
        })
        .collect::<Vec<_>>();
    let dates =
        chart.dates.into_iter().map(|(x, words)| view! { <text x=x y=HEIGHT - 4 text-anchor="middle">{words}</text> }).collect::<Vec<_>>();
    let end = chart.points.last().map(|(x, y)| {
        view! {
            <circle class="chart__dot--2" cx=*x cy=*y r="4"></circle>
            <text class="chart__strong" x=x + 10 y=y + 4>{chart.last}</text>
        }
    });
    view! {
        <svg class="chart" viewBox=["0 0 ", &WIDTH.to_string(), " ", &HEIGHT.to_string()].concat() role="img" aria-label=chart.finding>
            {grid}
            {dates}
            {area.map(|d| view! { <path class="chart__band--2" d=d></path> })}
            <path class="chart__line chart__line--2" d=line></path>
            {end}
        </svg>
    }
}
