//! Panels of how shops do.

use db::Tx;
use shared::reports::{
    metric::{ActivePdv, Metric, Nps, Report, ShopPerformance},
    panel::Panel,
};

use super::{Shown, bars, of, place, told};
use crate::{exact::Exact, metrics::nps::ANSWERS_MIN, scope::Scope};

pub(super) async fn panels(tx: &mut Tx, scope: &Scope) -> Vec<Panel> {
    let active = crate::active_pdv(tx, scope, 1).await;
    let performance = crate::shop_performance(tx, scope).await;
    let nps = crate::nps(tx, scope, None).await;
    vec![
        told(Metric::ActivePdv, active.map(|report| active_pdv(scope, &report))),
        told(Metric::ShopPerformance, performance.map(|report| shop_performance(scope, &report))),
        told(Metric::Nps, nps.map(|report| promoted(scope, &report))),
    ]
}

fn active_pdv(scope: &Scope, report: &Report<ActivePdv>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    let Some(rate) = &values.rate else {
        panel.instead = "Ninguna tienda está inscrita con la marca en este periodo.".to_owned();
        return panel;
    };
    panel.figure = shown.percent(rate);
    panel.unit = format!("{} de {} PDV inscritos", shown.integer(values.active), shown.integer(values.eligible));
    let all = [
        ("PDV inscritos", values.eligible),
        ("PDV activos", values.active),
        ("Nunca han escaneado", values.never_scanned_total),
        ("Dormidas", values.dormant_total),
    ];
    let unnamed = values.never_scanned_total - values.never_scanned.len() as i64 + values.dormant_total - values.dormant.len() as i64;
    if unnamed > 0 {
        panel.notes.push(format!(
            "La tabla nombra las primeras de cada lista: faltan {}. «Ver las filas» las tiene todas.",
            shown.integer(unnamed)
        ));
    }
    let finding = format!("{} de los PDV inscritos vendieron.", panel.figure);
    panel.chart = bars(&panel, &finding, all.map(|(name, count)| (name.to_owned(), place(Some(count)), shown.integer(count))));
    panel
}

fn shop_performance(scope: &Scope, report: &Report<ShopPerformance>) -> Panel {
    let (shown, shops) = (Shown::of(scope), &report.values.shops);
    let mut panel = of(scope, report, "");
    let selling: Vec<_> = shops.iter().filter(|shop| shop.purchases > 0).collect();
    if selling.is_empty() {
        panel.instead = "Ninguna tienda vendió la marca en este periodo.".to_owned();
        return panel;
    }
    panel.figure = shown.integer(selling.len() as i64);
    panel.unit = "tiendas con ventas".to_owned();
    let finding = selling
        .first()
        .map(|best| format!("La que más vendió es {}, con {}.", best.shop, shown.money(&best.net_amount)))
        .unwrap_or_default();
    let amount = |text: &str| Exact::parse(text).map(Exact::nearly);
    panel.chart =
        bars(&panel, &finding, selling.iter().map(|shop| (shop.shop.clone(), amount(&shop.net_amount), shown.money(&shop.net_amount))));
    panel
}

fn promoted(scope: &Scope, report: &Report<Nps>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    let (Some(nps), Some(promoters), Some(detractors)) = (&values.nps, values.promoters, values.detractors) else {
        panel.notes.clear();
        panel.instead = match values.n {
            0 => "Ningún tendero ha respondido en este periodo.".to_owned(),
            few => format!("No se muestra con menos de {ANSWERS_MIN} respuestas: hay {}.", shown.integer(few)),
        };
        return panel;
    };
    panel.figure = shown.decimal(nps);
    panel.unit = format!("de {} respuestas", shown.integer(values.n));
    let all = [("Promotores (9–10)", promoters), ("Neutros (7–8)", values.n - promoters - detractors), ("Detractores (0–6)", detractors)];
    let finding = format!("NPS de {}: {} promotores y {} detractores.", panel.figure, shown.integer(promoters), shown.integer(detractors));
    panel.chart = bars(&panel, &finding, all.map(|(name, count)| (name.to_owned(), place(Some(count)), shown.integer(count))));
    panel
}
