//! Panels of what is owed in points.

use db::Tx;
use shared::reports::{
    metric::{Liability, Metric, Report},
    panel::Panel,
};

use super::{Shown, bars, chart_words, of, told};
use crate::{
    chart::{self, Ink, Row},
    exact::Exact,
    scope::Scope,
};

pub(super) async fn panels(tx: &mut Tx, scope: &Scope) -> Vec<Panel> {
    match crate::liability(tx, scope).await {
        Ok(report) => vec![rolled(scope, &report), used(scope, &report)],
        Err(error) => vec![told(Metric::Liability, Err(error))],
    }
}

/// Rows of the same table: what rolls forward, and what became of what was earned.
const ROLLED: usize = 8;

fn rolled(scope: &Scope, report: &Report<Liability>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    panel.title = "Pasivo de puntos".to_owned();
    panel.rows.truncate(ROLLED);
    panel.notes.clear();
    let still = [values.opening, values.earned, values.refunded, values.spent, values.expired, values.reversed, values.difference]
        .iter()
        .all(|points| *points == 0);
    if still {
        panel.instead = "La marca no tiene puntos vigentes ni los movió en este periodo.".to_owned();
        return panel;
    }
    panel.figure = shown.integer(values.closing);
    panel.unit = "puntos vigentes al cierre".to_owned();
    if values.difference != 0 {
        panel.notes.push(format!("La cuenta no cierra con los asientos por {} puntos. Avísanos.", shown.integer(values.difference)));
    }
    let mut at = 0;
    let mut all = vec![sum("Puntos al inicio", values.opening, &shown)];
    at += values.opening;
    for (name, change) in [
        ("Ganados", values.earned),
        ("Devueltos por premios deshechos", values.refunded),
        ("Gastados en premios", -values.spent),
        ("Vencidos", -values.expired),
        ("Reversados por devoluciones", -values.reversed),
    ] {
        let sign = if change > 0 { "+" } else { "" };
        all.push(Row {
            name: name.to_owned(),
            span: Some((near(at), near(at + change))),
            shown: format!("{sign}{}", shown.integer(change)),
            ink: if change < 0 { Ink::One } else { Ink::Two },
        });
        at += change;
    }
    all.push(sum("Puntos al cierre", values.closing, &shown));
    let finding = format!("De {} a {} puntos.", shown.integer(values.opening), shown.integer(values.closing));
    panel.chart = chart::rows(chart_words(&panel, &finding), &all).unwrap_or_default();
    panel
}

fn sum(name: &str, points: i64, shown: &Shown) -> Row {
    Row { name: name.to_owned(), span: Some((0.0, near(points))), shown: shown.integer(points), ink: Ink::Three }
}

#[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
fn near(points: i64) -> f64 {
    points as f64
}

fn used(scope: &Scope, report: &Report<Liability>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    panel.key = "redemption".to_owned();
    panel.title = "Redención, vencimiento y primer premio".to_owned();
    panel.rows = panel.rows.split_off(ROLLED.min(panel.rows.len()));
    match &values.redemption_rate {
        Some(rate) => {
            panel.figure = shown.percent(rate);
            panel.unit = "de los puntos ganados en el periodo ya se redimió".to_owned();
        }
        None if values.earned == 0 => panel.instead = "Nadie ganó puntos en este periodo.".to_owned(),
        None => panel.instead = format!("No se muestra: en el periodo ganaron puntos menos de {} personas.", report.k),
    }
    if values.days_to_first_reward.is_none() {
        panel.notes.push(format!("La mediana hasta el primer premio necesita al menos {} personas con premio en el periodo.", report.k));
    }
    let rate = |text: &Option<String>| text.as_deref().and_then(Exact::parse).map(Exact::nearly);
    let all = [("Redimido", &values.redemption_rate), ("Vencido sin usar", &values.breakage)];
    if all.iter().any(|(_, text)| text.is_some()) {
        let finding = format!("{} {}.", panel.figure, panel.unit);
        let words = |text: &Option<String>| text.as_deref().map_or_else(|| "—".to_owned(), |text| shown.percent(text));
        panel.chart = bars(
            &panel,
            &finding,
            all.into_iter().filter(|(_, text)| text.is_some()).map(|(name, text)| (name.to_owned(), rate(text), words(text))),
        );
    }
    panel
}
