//! Panels of what was sold.

use db::Tx;
use shared::reports::{
    explore::{Affinity, Zones},
    metric::{Metric, Report, SalesPerPli},
    panel::Panel,
};

use super::{Shown, bars, chart_words, of, place, told, words};
use crate::{
    chart::{self, Spot, Tile},
    exact::Exact,
    scope::Scope,
};

/// Places of the picture.
const TILES_MAX: usize = 18;

pub(super) async fn panels(tx: &mut Tx, scope: &Scope) -> Vec<Panel> {
    let sales = crate::sales_per_pli(tx, scope).await;
    let zones = crate::zones(tx, scope).await;
    let affinity = crate::affinity(tx, scope).await;
    vec![
        told(Metric::SalesPerPli, sales.map(|report| sales_per_pli(scope, &report))),
        told(Metric::Zones, zones.map(|report| by_zone(scope, &report))),
        told(Metric::Affinity, affinity.map(|report| together(scope, &report))),
    ]
}

fn sales_per_pli(scope: &Scope, report: &Report<SalesPerPli>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    if values.products.is_empty() {
        panel.instead = "No hubo ventas de la marca en este periodo.".to_owned();
        return panel;
    }
    panel.figure = shown.money(&values.net_amount);
    panel.unit = format!(
        "{} unidades · {} compras · compradores: {}",
        shown.integer(values.units),
        shown.integer(values.purchases),
        shown.people(values.buyers)
    );
    let finding = values
        .products
        .first()
        .map(|best| format!("El más vendido es {}, con {} unidades.", best.product, shown.integer(best.units)))
        .unwrap_or_default();
    panel.chart = bars(
        &panel,
        &finding,
        values
            .products
            .iter()
            .map(|line| (line.product.clone(), place(Some(line.units)), format!("{} unidades", shown.integer(line.units)))),
    );
    panel
}

fn by_zone(scope: &Scope, report: &Report<Zones>) -> Panel {
    let (shown, zones) = (Shown::of(scope), &report.values.zones);
    let mut panel = of(scope, report, "");
    let Some(best) = zones.first() else {
        panel.instead = "No hubo ventas de la marca en este periodo.".to_owned();
        return panel;
    };
    let name = |zone: &str| {
        if zone.is_empty() { words::NO_ZONE.to_owned() } else { zone.to_owned() }
    };
    panel.figure = shown.integer(zones.len() as i64);
    panel.unit = "municipios con ventas".to_owned();
    let finding = format!("Donde más se vendió es {}, con {} unidades.", name(&best.zone), shown.integer(best.units));
    let amount = |units: i64| format!("{} u.", shown.integer(units));
    let degrees = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    let spots: Vec<Spot> = zones
        .iter()
        .filter_map(|line| {
            let (latitude, longitude) = degrees(&line.latitude).zip(degrees(&line.longitude))?;
            Some(Spot { name: name(&line.zone), latitude, longitude, value: place(Some(line.units))?, shown: amount(line.units) })
        })
        .collect();
    // One bubble alone says nothing of where.
    if spots.len() > 1 {
        let (known, all) = (spots.len() as i64, zones.len() as i64);
        let without: i64 = zones.iter().filter(|line| line.latitude.is_none()).map(|line| line.units).sum();
        panel.chart = chart::map(chart_words(&panel, &finding), &spots).unwrap_or_default();
        panel.notes.push("Cada círculo está en el centro de las tiendas que vendieron; su área son las unidades.".to_owned());
        if known < all {
            panel.notes.push(format!(
                "No están en el mapa {} municipios sin ubicación de sus tiendas, con {}: están en la tabla.",
                shown.integer(all - known),
                amount(without)
            ));
        }
        return panel;
    }
    let tiles: Vec<Tile> = zones
        .iter()
        .take(TILES_MAX)
        .map(|line| Tile { name: name(&line.zone), value: place(Some(line.units)), shown: amount(line.units) })
        .collect();
    panel.chart = chart::tiles(chart_words(&panel, &finding), &tiles).unwrap_or_default();
    panel
}

fn together(scope: &Scope, report: &Report<Affinity>) -> Panel {
    let (shown, values) = (Shown::of(scope), &report.values);
    let mut panel = of(scope, report, "");
    let Some(first) = values.pairs.first() else {
        panel.instead = "En este periodo ninguna compra llevó dos productos de la marca.".to_owned();
        return panel;
    };
    let pair = |line: &shared::reports::explore::PairLine| format!("{} + {}", line.first, line.second);
    let lift = |text: &Option<String>| text.as_deref().and_then(Exact::parse).map(Exact::nearly);
    let words = |text: &Option<String>| text.as_deref().map_or_else(|| shown.hidden(), |text| format!("lift {}", shown.decimal(text)));
    match &first.support {
        Some(support) => {
            panel.figure = shown.percent(support);
            panel.unit = format!("de las compras llevan {}", pair(first));
        }
        None => panel.instead = format!("No se muestra: detrás de cada pareja hay menos de {} personas.", report.k),
    }
    let finding =
        format!("{} parejas de productos en {} compras.", shown.integer(values.pairs.len() as i64), shown.integer(values.baskets));
    panel.chart = bars(&panel, &finding, values.pairs.iter().map(|line| (pair(line), lift(&line.lift), words(&line.lift))));
    panel
}
