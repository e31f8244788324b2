//! Reports as people read them: the big number, its picture, the table behind both, and what one must know to trust them.
//!
//! A page and a message show the same panels. The table is that of the file ([`crate::export::table`]), written for the
//! brand's country; the picture gets its texts from the same formatter, so the three cannot say different things.

mod campaign;
mod consumers;
mod points;
mod sales;
mod shops;
mod words;

use db::{Db, Tx};
use identity::Actor;
use serde::Serialize;
use shared::{
    CampaignId, format,
    reports::{
        metric::{Metric, Report},
        panel::{Family, Panel, PanelColumn, PanelRows},
    },
};

use crate::{Asked, Error, chart, export, metrics::definitions, scope::Scope};
pub use words::segment as segment_name;
use words::{Kind, Shown};

/// Rows of a table on a page; the file has all of them.
const ROWS_MAX: usize = 100;
/// Bars of a picture.
const BARS_MAX: usize = 12;

/// What the panels of one family look at besides the period.
#[derive(Debug, Clone, Copy, Default)]
pub struct Looking {
    /// For what is measured of one campaign.
    pub campaign: Option<CampaignId>,
}

/// The panels of one page, where they hold nobody up: see [`db::last`].
pub async fn board(db: &Db, actor: &Actor, asked: Asked, which: Family, looking: Looking) -> Result<Vec<Panel>, Error> {
    let (own, actor) = (db.clone(), actor.clone());
    let work = async move {
        let mut tx = own.read().await?;
        let scope = Scope::open(&mut tx, &actor, asked).await?;
        Ok(family(&mut tx, &scope, which, looking).await)
    };
    db::last::run(db, work).await?
}

/// The panels of one page, each by itself: one that fails says so and leaves the others alone.
pub async fn family(tx: &mut Tx, scope: &Scope, family: Family, looking: Looking) -> Vec<Panel> {
    match family {
        Family::Sales => sales::panels(tx, scope).await,
        Family::Shops => shops::panels(tx, scope).await,
        Family::Consumers => consumers::panels(tx, scope).await,
        Family::Campaign => campaign::panels(tx, scope, looking).await,
        Family::Points => points::panels(tx, scope).await,
    }
}

/// The rows behind a metric's numbers from a place on, as many as a page holds; the place is that of the report's own order.
pub async fn rows(tx: &mut Tx, scope: &Scope, metric: Metric, looking: Looking, after: usize) -> Result<PanelRows, Error> {
    let (panel, list) = match metric {
        // Its numbers count shops: the rows are the shops.
        Metric::ActivePdv => {
            let report = crate::shop_states(tx, scope).await?;
            let panel = of(scope, &report, "");
            let door = panel.door.replacen("/active_pdv?", "/shop_states?", 1);
            (Panel { door, title: "Estado de cada PDV".to_owned(), ..panel }, true)
        }
        _ => {
            let family = family(tx, scope, Family::of_metric(metric).ok_or(Error::NotFound)?, looking).await;
            let panel = family.into_iter().find(|panel| panel.key == metric.id()).ok_or(Error::NotFound)?;
            if let Some(code) = panel.failed {
                return Err(Error::Unread(code));
            }
            (panel, export::is_list(metric))
        }
    };
    let all = panel.table.len().saturating_sub(1);
    if !list {
        let Panel { title, freshness, unsynced, definition, notes, columns, rows, door, .. } = panel;
        let all = rows.len() as i64;
        return Ok(PanelRows { title, freshness, unsynced, definition, notes, columns, rows, after: 0, all, door });
    }
    let mut raw = panel.table.into_iter();
    let columns = raw.next().unwrap_or_default();
    let part = export::Table { columns, rows: raw.skip(after).take(ROWS_MAX).collect() };
    let (columns, rows, _, _) = listed(metric, &part, &Shown::of(scope));
    let Panel { title, freshness, unsynced, definition, notes, door, .. } = panel;
    Ok(PanelRows { title, freshness, unsynced, definition, notes, columns, rows, after: after as i64, all: all as i64, door })
}

/// A panel, or what is shown in its place.
fn told(metric: Metric, panel: Result<Panel, Error>) -> Panel {
    panel.unwrap_or_else(|error| {
        let problem = shared::Problem::from(error);
        tracing::warn!(report = metric.id(), code = %problem.code, "A report was not read: {}", problem.detail);
        Panel { failed: Some(problem.code), ..headed(metric) }
    })
}

/// The words of a metric around nothing.
fn headed(metric: Metric) -> Panel {
    let definition = definitions::definition(metric);
    Panel {
        key: metric.id().to_owned(),
        title: definition.name,
        definition: definition.definition,
        formula: definition.formula,
        ..Panel::default()
    }
}

/// Everything that every panel has: words, freshness, table and file.
fn of<T: Serialize>(scope: &Scope, report: &Report<T>, more: &str) -> Panel {
    let shown = Shown::of(scope);
    let metric = report.metric;
    let freshness = match report.data_up_to {
        Some(at) => {
            let local = identity::shop::local(scope.time_zone, at);
            format!("Datos hasta {} {}", format::date(local.date()), format::time(local))
        }
        None => "Sin ventas en el periodo".to_owned(),
    };
    let unsynced = match report.shops_unsynced {
        0 => String::new(),
        1 => "1 tienda no ha sincronizado: pueden faltar ventas.".to_owned(),
        many => format!("{} tiendas no han sincronizado: pueden faltar ventas.", shown.integer(many)),
    };
    let table = export::table(&report.values);
    let (columns, rows, rows_left, hides) = written(metric, &table, &shown);
    let mut notes = Vec::new();
    if hides {
        notes.push(format!("Oculto: hay menos de {} personas detrás de la cifra, o mostrarla dejaría calcular otra oculta.", report.k));
    }
    let raw = std::iter::once(table.columns).chain(table.rows).collect();
    let door = format!("/api/v1/reports/{}?brand_id={}&from={}&to={}{more}", metric.id(), report.brand_id, report.from, report.to);
    Panel { freshness, unsynced, columns, rows, rows_left, notes, door, table: raw, ..headed(metric) }
}

/// A table in the words and digits of the page: columns, rows, how many more rows there are, whether a cell is hidden.
type Written = (Vec<PanelColumn>, Vec<Vec<String>>, i64, bool);

/// The file's columns that a reader has a use for.
fn known(metric: Metric, table: &export::Table) -> Vec<(usize, &'static str, Kind)> {
    let names = table.columns.iter().enumerate();
    names.filter_map(|(place, name)| words::column(metric, name).map(|(words, kind)| (place, words, kind))).collect()
}

fn cells(known: &[(usize, &'static str, Kind)], row: &[String], shown: &Shown) -> (Vec<String>, bool) {
    let of = |place: usize| row.get(place).map(String::as_str).unwrap_or_default();
    let hides = known.iter().any(|(place, _, kind)| *kind == Kind::People && of(*place).is_empty());
    (known.iter().map(|(place, _, kind)| shown.cell(*kind, of(*place), hides)).collect(), hides)
}

fn written(metric: Metric, table: &export::Table, shown: &Shown) -> Written {
    // A report of one record is read from top to bottom.
    if let [row] = table.rows.as_slice()
        && !export::is_list(metric)
    {
        let known = known(metric, table);
        let (cells, hides) = cells(&known, row, shown);
        let columns = vec![PanelColumn { words: "Indicador".into(), number: false }, PanelColumn { words: "Valor".into(), number: true }];
        return (columns, known.iter().zip(cells).map(|((_, words, _), cell)| vec![(*words).to_owned(), cell]).collect(), 0, hides);
    }
    listed(metric, table, shown)
}

fn listed(metric: Metric, table: &export::Table, shown: &Shown) -> Written {
    let known = known(metric, table);
    let columns = known
        .iter()
        .map(|(_, words, kind)| PanelColumn {
            words: (*words).to_owned(),
            number: !matches!(kind, Kind::Text | Kind::Named | Kind::Day | Kind::Month),
        })
        .collect();
    let (rows, hides): (Vec<Vec<String>>, Vec<bool>) = table.rows.iter().take(ROWS_MAX).map(|row| cells(&known, row, shown)).unzip();
    let left = table.rows.len().saturating_sub(ROWS_MAX) as i64;
    (columns, rows, left, hides.into_iter().any(|hides| hides))
}

/// Bars from zero, most first, as many as fit.
fn bars(panel: &Panel, finding: &str, all: impl IntoIterator<Item = (String, Option<f64>, String)>) -> String {
    let rows: Vec<chart::Row> = all
        .into_iter()
        .take(BARS_MAX)
        .map(|(name, value, shown)| chart::Row { name, span: value.map(|value| (0.0, value)), shown, ink: chart::Ink::Two })
        .collect();
    chart::rows(chart_words(panel, finding), &rows).unwrap_or_default()
}

fn chart_words<'a>(panel: &'a Panel, finding: &'a str) -> chart::Words<'a> {
    chart::Words { id: &panel.key, title: &panel.title, finding }
}

/// Where a number of people stands in a picture: nowhere when it is hidden.
#[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
fn place(count: Option<i64>) -> Option<f64> {
    count.map(|count| count as f64)
}

#[cfg(test)]
mod tests {
    use shared::{
        Currency, ShopId,
        reports::metric::{ShopLine, ShopPerformance},
    };

    use super::*;

    fn shown() -> Shown {
        Shown { country: shared::Country::Co, currency: Currency::Cop, k: 10 }
    }

    #[test]
    fn a_table_reads_as_its_file_does() {
        let line = |name: &str, buyers| ShopLine {
            shop_id: ShopId::fixed(1),
            shop: name.into(),
            purchases: 1_205,
            units: 11,
            net_amount: "18400.50".into(),
            buyers,
            active_days: 4,
            first_registered: Some(0),
            rewards_delivered: 3,
            held_share: Some("16.7".into()),
            median_sync_seconds: None,
        };
        let performance = ShopPerformance { shops: vec![line("P1", Some(12)), line("=1+1", None)] };
        let (columns, rows, left, hides) = written(Metric::ShopPerformance, &export::table(&performance), &shown());

        assert_eq!((columns[0].words.as_str(), columns[0].number, columns[1].number), ("Tienda", false, true));
        assert_eq!(rows[0], ["P1", "1.205", "11", "$18.400,50", "12", "4", "0", "3", "16,7\u{a0}%", "—"]);
        assert_eq!((rows[1][0].as_str(), rows[1][4].as_str()), ("=1+1", "oculto (menos de 10)"));
        assert_eq!((left, hides), (0, true));
    }
}
