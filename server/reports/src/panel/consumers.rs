//! Panels of who buys, how soon and how often.

use db::Tx;
use shared::{
    format,
    reports::{
        explore::{Cohorts, Registration},
        metric::{Conversion, Frequency, Metric, Reach, Report, Rfm},
        panel::{Panel, PanelAct},
    },
};

use super::{Shown, bars, chart_words, of, place, told, words};
use crate::{
    chart::{self, GridRow, Point},
    exact::Exact,
    scope::Scope,
};

/// Days from the registration that a first purchase may take.
const WINDOW_DAYS: i64 = 14;

pub(super) async fn panels(tx: &mut Tx, scope: &Scope) -> Vec<Panel> {
    let reach = crate::reach(tx, scope).await;
    let registration = crate::registration(tx, scope).await;
    let cohorts = crate::cohorts(tx, scope).await;
    let conversion = crate::conversion(tx, scope, scope.cohort(), WINDOW_DAYS).await;
    let frequency = crate::frequency(tx, scope, scope.cohort()).await;
    let rfm = crate::rfm(tx, scope).await;
    vec![
        told(Metric::Reach, reach.map(|report| reached(scope, &report))),
        told(Metric::Registration, registration.map(|report| by_week(scope, &report))),
        told(Metric::Conversion, conversion.map(|report| converted(scope, &report))),
        told(Metric::Frequency, frequency.map(|report| often(scope, &report))),
        told(Metric::Cohorts, cohorts.map(|report| by_month(scope, &report))),
        told(Metric::Rfm, rfm.map(|report| segments(scope, &report))),
    ]
}

fn reached(scope: &Scope, report: &Report<Reach>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    panel.figure = shown.people(values.buyers);
    panel.unit = match &values.identified_share {
        Some(share) => format!("compradores · {} identificados", shown.percent(share)),
        None => "compradores".to_owned(),
    };
    let all = [
        ("Compradores", values.buyers),
        ("Identificados", values.identified),
        ("Anónimos", values.anonymous),
        ("Inscritos en campañas vigentes", values.enrolled),
        ("Registros nuevos", values.registrations),
    ];
    let finding = format!("Compradores: {}.", panel.figure);
    panel.chart = bars(&panel, &finding, all.map(|(name, count)| (name.to_owned(), place(count), shown.people(count))));
    panel
}

fn converted(scope: &Scope, report: &Report<Conversion>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, &format!("&window_days={WINDOW_DAYS}"));
    panel.unit = format!("compraron en los {WINDOW_DAYS} días después de registrarse");
    if values.own.registered == Some(0) && values.assisted.registered == Some(0) {
        panel.instead = "Nadie se registró en este periodo.".to_owned();
        return panel;
    }
    match &values.headline_rate {
        Some(rate) => panel.figure = shown.percent(rate),
        None => panel.instead = "No se muestra todavía: hay muy pocas personas con la ventana cumplida.".to_owned(),
    }
    let all = [
        ("Por su cuenta: registrados", values.own.registered),
        ("Por su cuenta: ventana cumplida", values.own.mature),
        ("Por su cuenta: compraron", values.own.converted),
        ("Dentro de una compra: registrados", values.assisted.registered),
        ("Dentro de una compra: volvieron", values.assisted.converted),
    ];
    let finding = if panel.figure.is_empty() { panel.instead.clone() } else { format!("{} {}.", panel.figure, panel.unit) };
    panel.chart = bars(&panel, &finding, all.map(|(name, count)| (name.to_owned(), place(count), shown.people(count))));
    panel
}

fn often(scope: &Scope, report: &Report<Frequency>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    let each = [("Todos los registrados", &values.registered), ("Solo compradores", &values.buyers)];
    if values.registered.consumers == Some(0) {
        panel.instead = "Nadie se registró en este periodo.".to_owned();
        return panel;
    }
    match &values.registered.per_30_days {
        Some(often) => panel.figure = shown.decimal(&Exact::parse(often).map_or_else(|| often.clone(), |often| often.fixed(2))),
        None => panel.instead = format!("No se muestra: hay menos de {} personas detrás.", report.k),
    }
    panel.unit = "días de compra cada 30 días".to_owned();
    let rate = |text: &Option<String>| text.as_deref().and_then(Exact::parse).map(Exact::nearly);
    let words = |text: &Option<String>| text.as_deref().map_or_else(|| shown.hidden(), |text| shown.decimal(text));
    let finding = if panel.figure.is_empty() { panel.instead.clone() } else { format!("{} {}.", panel.figure, panel.unit) };
    panel.chart = bars(&panel, &finding, each.map(|(name, group)| (name.to_owned(), rate(&group.per_30_days), words(&group.per_30_days))));
    panel
}

fn segments(scope: &Scope, report: &Report<Rfm>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    panel.act = Some(PanelAct::SaveSegments);
    if values.consumers == Some(0) {
        panel.instead = "Nadie compró en los últimos 180 días.".to_owned();
        return panel;
    }
    panel.figure = shown.people(values.consumers);
    panel.unit = format!("compradores de los últimos {} días", values.lookback_days);
    let finding = values
        .segments
        .iter()
        .max_by_key(|line| line.consumers)
        .map(|line| format!("El segmento más grande es {}: {}.", words::segment(line.segment), shown.people(line.consumers)))
        .unwrap_or_default();
    panel.chart = bars(
        &panel,
        &finding,
        values.segments.iter().map(|line| (words::segment(line.segment).to_owned(), place(line.consumers), shown.people(line.consumers))),
    );
    panel
}

fn by_week(scope: &Scope, report: &Report<Registration>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    match &values.registrations_per_shop_week {
        Some(rate) => {
            panel.figure = shown.decimal(rate);
            panel.unit = "registros por PDV activo y semana".to_owned();
        }
        None => panel.instead = "No se muestra: muy pocos registros, o ninguna tienda activa.".to_owned(),
    }
    let points: Vec<Point> = values
        .weeks
        .iter()
        .map(|week| Point {
            name: format::day_month(week.week_from),
            value: place(week.registrations),
            shown: week.registrations.map_or_else(|| "oculto".to_owned(), |count| shown.integer(count)),
        })
        .collect();
    let finding = match &values.identified_share {
        Some(share) => format!("Registros nuevos por semana; {} de los compradores están identificados.", shown.percent(share)),
        None => "Registros nuevos por semana.".to_owned(),
    };
    panel.notes.insert(
        0,
        format!(
            "La línea muestra los registros nuevos de cada semana; un recuadro punteado, una semana oculta. Compradores identificados en el periodo: {}.",
            values.identified_share.as_deref().map_or_else(|| "no se muestra".to_owned(), |share| shown.percent(share))
        ),
    );
    panel.wide = true;
    // People are whole: a line between two of them has no number.
    let scale = |height: f64| if height.fract() == 0.0 { shown.integer(height as i64) } else { String::new() };
    panel.chart = chart::line(chart_words(&panel, &finding), &points, scale).unwrap_or_default();
    panel
}

fn by_month(scope: &Scope, report: &Report<Cohorts>) -> Panel {
    let (shown, lines) = (Shown::of(scope), &report.values.cohorts);
    let mut panel = of(scope, report, "");
    if lines.iter().all(|line| line.consumers == Some(0)) {
        panel.instead = "Nadie se registró en los meses de este periodo.".to_owned();
        return panel;
    }
    let last = lines.iter().map(|line| line.months_since).max().unwrap_or_default();
    let columns: Vec<String> = (0..=last).map(|since| since.to_string()).collect();
    let mut rows: Vec<(String, GridRow)> = Vec::new();
    for line in lines {
        if rows.last().is_none_or(|(month, _)| *month != line.month) {
            rows.push((line.month.clone(), GridRow { name: words::month(&line.month), cells: Vec::new() }));
        }
        let share = line.rate.as_deref().and_then(|text| Some((Exact::parse(text)?.nearly() / 100.0, shown.percent(text))));
        // Nobody signed up: there is no share, and nothing is hidden either.
        let cell = if line.consumers == Some(0) { Some((0.0, String::new())) } else { share };
        if let Some((_, row)) = rows.last_mut() {
            row.cells.push(cell);
        }
    }
    let newest = lines.iter().filter(|line| line.months_since == 1).filter_map(|line| Some((line, line.rate.as_deref()?))).next_back();
    match newest {
        Some((line, rate)) => {
            panel.figure = shown.percent(rate);
            panel.unit = format!("de quienes se registraron en {} compraron al mes siguiente", words::month(&line.month));
        }
        None => panel.instead = "Todavía no hay un mes siguiente que se pueda mostrar.".to_owned(),
    }
    let finding = format!("{} meses de registro, y qué parte compró en cada mes después.", rows.len());
    let rows: Vec<GridRow> = rows.into_iter().map(|(_, row)| row).collect();
    panel.notes.insert(0, "Filas: mes de registro. Columnas: meses después.".to_owned());
    panel.wide = true;
    panel.chart = chart::grid(chart_words(&panel, &finding), &columns, &rows, "oculto").unwrap_or_default();
    panel
}
