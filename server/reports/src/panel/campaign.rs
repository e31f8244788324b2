//! Panels of what a campaign did and what it cost.

use db::Tx;
use shared::reports::{
    metric::{Cac, Causality, Metric, NotMeasurable, Report, Roi, Uplift},
    panel::Panel,
};

use super::{Looking, Shown, bars, chart_words, headed, of, told};
use crate::{
    chart::{self, Estimate},
    exact::Exact,
    scope::Scope,
};

pub(super) async fn panels(tx: &mut Tx, scope: &Scope, looking: Looking) -> Vec<Panel> {
    let cac = crate::cac(tx, scope).await;
    let cac = told(Metric::Cac, cac.map(|report| each(scope, &report)));
    let Some(campaign) = looking.campaign else {
        let choose = |metric| Panel { instead: "Elige una campaña arriba para medirla.".to_owned(), ..headed(metric) };
        return vec![choose(Metric::UpliftDid), choose(Metric::Roi), cac];
    };
    let more = format!("&campaign_id={campaign}");
    let uplift = crate::uplift_did(tx, scope, campaign).await;
    let roi = crate::roi(tx, scope, campaign).await;
    vec![
        told(Metric::UpliftDid, uplift.map(|report| lifted(scope, &report, &more))),
        told(Metric::Roi, roi.map(|report| returned(scope, &report, &more))),
        cac,
    ]
}

fn reason(reason: NotMeasurable) -> &'static str {
    match reason {
        NotMeasurable::NoControlSales => "las tiendas de control no vendieron antes: no hay con qué esperar nada",
        NotMeasurable::TooFewShops => "hay menos de 10 tiendas por lado",
        NotMeasurable::PeriodsDiffer => "los periodos comparados duran distinto",
        NotMeasurable::NoTreatedSales => "las tiendas con campaña no vendieron antes",
        NotMeasurable::NoControl => "no se fijaron tiendas de control antes de que empezara el periodo",
    }
}

fn number(text: &str) -> Option<f64> {
    Exact::parse(text).map(Exact::nearly)
}

fn lifted(scope: &Scope, report: &Report<Uplift>, more: &str) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, more);
    let (Some(pct), Some(at)) = (&values.uplift_pct, values.uplift_pct.as_deref().and_then(number)) else {
        panel.instead = format!("No medible: {}.", values.reason.map_or("faltan datos", reason));
        panel.rows.clear();
        return panel;
    };
    panel.figure = shown.percent(pct);
    panel.unit = match &values.interval_pct {
        Some([low, high]) => format!("de incremento; con 90 % de confianza, entre {} y {}", shown.percent(low), shown.percent(high)),
        None => "de incremento".to_owned(),
    };
    let between = values.interval_pct.as_ref().and_then(|[low, high]| number(low).zip(number(high)));
    let mut all = vec![Estimate { name: "Incremento con control".to_owned(), at, between, shown: panel.figure.clone() }];
    if let Some((naive, at)) = values.naive_pct.as_deref().and_then(|text| Some((text, number(text)?))) {
        all.push(Estimate { name: "Antes y después, sin control".to_owned(), at, between: None, shown: shown.percent(naive) });
        panel.notes.push("La cifra sin control no es un efecto: se muestra para no confundirla.".to_owned());
    }
    let finding = format!("{} {}.", panel.figure, panel.unit);
    panel.chart = chart::interval(chart_words(&panel, &finding), &all, "\u{a0}%").unwrap_or_default();
    panel
}

fn returned(scope: &Scope, report: &Report<Roi>, more: &str) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, more);
    match (&values.roi_pct, values.label) {
        (Some(roi), _) => {
            panel.figure = shown.percent(roi);
            panel.unit = "de retorno".to_owned();
        }
        (None, Causality::NotIncremental) => {
            panel.instead =
                "No incremental: sin tiendas de control no se sabe qué se habría vendido igual, así que no hay retorno que mostrar."
                    .to_owned()
        }
        (None, Causality::Incremental) => panel.instead = "Sin costos en el periodo no hay retorno que calcular.".to_owned(),
    }
    if values.assumptions.is_some() {
        panel.notes.push("El pasivo usa la redención esperada y el costo por punto que la marca declaró; está en la tabla.".to_owned());
    }
    let mut all = vec![("Costo de la campaña", values.cost.as_str())];
    if let Some(margin) = &values.incremental_margin {
        all.insert(0, ("Margen incremental", margin.as_str()));
    }
    let finding = format!("Costo de {}.", shown.money(&values.cost));
    panel.chart = bars(&panel, &finding, all.into_iter().map(|(name, text)| (name.to_owned(), number(text), shown.money(text))));
    panel
}

fn each(scope: &Scope, report: &Report<Cac>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    match &values.cac_qualified {
        Some(cost) => panel.figure = shown.money(cost),
        None if values.registered == Some(0) => panel.instead = "Nadie se registró en este periodo.".to_owned(),
        None if values.qualified == Some(0) => panel.instead = "Nadie de los registrados ha comprado todavía.".to_owned(),
        None => panel.instead = format!("No se muestra: hay menos de {} personas detrás.", report.k),
    }
    panel.unit = "por consumidor calificado".to_owned();
    let words = |text: &Option<String>| text.as_deref().map_or_else(|| shown.hidden(), |text| shown.money(text));
    let all = [("Por registrado", &values.cac_registered), ("Por calificado", &values.cac_qualified)];
    if all.iter().any(|(_, text)| text.is_some()) {
        let finding = format!("Costo total de {}.", shown.money(&values.cost));
        panel.chart = bars(&panel, &finding, all.map(|(name, text)| (name.to_owned(), text.as_deref().and_then(number), words(text))));
    }
    panel
}
