//! Names of the tables' columns, and how their cells are written for a country.

use shared::{Country, Currency, format, reports::metric::Metric};

use crate::{exact::Exact, scope::Scope};

/// Names of a list that stand in one cell.
const NAMES_MAX: usize = 20;

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is.
    Text,
    /// A word of ours for a code.
    Named,
    /// A whole number.
    Count,
    /// Of people: empty means hidden.
    People,
    /// Major units.
    Money,
    /// With its decimals.
    Percent,
    /// With its decimals.
    Decimal,
    /// Seconds.
    Seconds,
    /// A civil day.
    Day,
    /// `2026-03`.
    Month,
    /// Names joined by bars.
    Names,
    /// Two ends joined by a bar, percent.
    Ends,
}

/// The Spanish name of a column and how its cells are written; `None` for what is no business of a reader.
pub(super) fn column(metric: Metric, name: &str) -> Option<(&'static str, Kind)> {
    use Kind::*;
    let of_metric = match (metric, name) {
        (Metric::Cohorts, "active") => Some(("Compraron", People)),
        (Metric::Cohorts, "rate") => Some(("Parte de la cohorte", Percent)),
        (Metric::Cohorts, "consumers") => Some(("Se registraron", People)),
        (Metric::Affinity, "baskets") => Some(("Compras con los dos", People)),
        (Metric::Conversion, "registered") => Some(("Registrados por su cuenta", People)),
        (Metric::Conversion, "mature") => Some(("· con la ventana cumplida", People)),
        (Metric::Conversion, "immature") => Some(("· con la ventana abierta", People)),
        (Metric::Conversion, "converted") => Some(("· que compraron en la ventana", People)),
        (Metric::Conversion, "rate") => Some(("Conversión por su cuenta", Percent)),
        (Metric::ActivePdv, "rate") => Some(("Tasa de PDV activos", Percent)),
        (Metric::Frequency, "consumers") => Some(("Registrados", People)),
        (Metric::Frequency, "exposure_days") => Some(("Días de exposición", Decimal)),
        (Metric::Frequency, "per_30_days") => Some(("Días de compra cada 30 días, registrados", Decimal)),
        (Metric::Rfm, "net_amount") => Some(("Monto en 180 días", Money)),
        (Metric::Roi, "cost") => Some(("Costo de la campaña", Money)),
        (Metric::Cac, "cost") => Some(("Costo total", Money)),
        _ => None,
    };
    of_metric.or(match name {
        "product" => Some(("Producto", Text)),
        "shop" => Some(("Tienda", Text)),
        "units" => Some(("Unidades", Count)),
        "net_amount" => Some(("Monto neto", Money)),
        "purchases" => Some(("Compras", Count)),
        "buyers" => Some(("Compradores", People)),
        "avg_price" => Some(("Precio promedio", Money)),
        "gross_units" => Some(("Unidades brutas", Count)),
        "gross_amount" => Some(("Monto bruto", Money)),
        "eligible" => Some(("PDV inscritos", Count)),
        "active" => Some(("PDV activos", Count)),
        "min_purchases" => Some(("Compras mínimas para estar activo", Count)),
        "never_scanned" => Some(("Nunca han escaneado", Names)),
        "dormant" => Some(("Dormidas", Names)),
        "never_scanned_total" => Some(("Nunca han escaneado, en total", Count)),
        "dormant_total" => Some(("Dormidas, en total", Count)),
        "state" => Some(("Estado", Named)),
        "purchases_before" => Some(("Compras en el periodo anterior", Count)),
        "active_days" => Some(("Días activos", Count)),
        "first_registered" => Some(("Registrados allí", People)),
        "rewards_delivered" => Some(("Premios entregados", Count)),
        "held_share" => Some(("Retenidas o rechazadas", Percent)),
        "median_sync_seconds" => Some(("Demora mediana", Seconds)),
        "identified" => Some(("Identificados", People)),
        "anonymous" => Some(("Anónimos", People)),
        "identified_share" => Some(("Parte identificada", Percent)),
        "enrolled" => Some(("Inscritos en campañas vigentes", People)),
        "registrations" => Some(("Registros nuevos", People)),
        "registrations_per_shop_week" => Some(("Registros por PDV activo y semana", Decimal)),
        "window_days" => Some(("Ventana, en días", Count)),
        "assisted.registered" => Some(("Registrados dentro de una compra", People)),
        "assisted.mature" => Some(("· con la ventana cumplida, asistidos", People)),
        "assisted.immature" => Some(("· con la ventana abierta, asistidos", People)),
        "assisted.converted" => Some(("· con segunda compra en la ventana", People)),
        "assisted.rate" => Some(("Conversión de asistidos", Percent)),
        "headline_rate" => Some(("Conversión de todos", Percent)),
        "purchase_days" => Some(("Días de compra", People)),
        "buyers.consumers" => Some(("Compradores", People)),
        "buyers.exposure_days" => Some(("Días de exposición de compradores", Decimal)),
        "buyers.per_30_days" => Some(("Días de compra cada 30 días, compradores", Decimal)),
        "expected" => Some(("Unidades esperadas", Decimal)),
        "incremental" => Some(("Unidades incrementales", Decimal)),
        "uplift_pct" => Some(("Incremento", Percent)),
        "naive_pct" => Some(("Antes y después, sin control", Percent)),
        "interval_pct" => Some(("Intervalo del 90 %", Ends)),
        "promoters" => Some(("Promotores (9–10)", People)),
        "detractors" => Some(("Detractores (0–6)", People)),
        "n" => Some(("Respuestas", Count)),
        "nps" => Some(("NPS", Decimal)),
        "response_rate" => Some(("Tasa de respuesta", Percent)),
        "cac_registered" => Some(("Costo por registrado", Money)),
        "cac_qualified" => Some(("Costo por calificado", Money)),
        "registered" => Some(("Registrados", People)),
        "qualified" => Some(("Calificados", People)),
        "label" => Some(("Efecto", Named)),
        "incremental_margin" => Some(("Margen incremental", Money)),
        "roi_pct" => Some(("Retorno", Percent)),
        "break_even_units" => Some(("Unidades para recuperar el costo", Decimal)),
        "liability_open" => Some(("Pasivo al inicio", Money)),
        "liability_close" => Some(("Pasivo al cierre", Money)),
        "assumptions.points_open" => Some(("Puntos vigentes al inicio", Count)),
        "assumptions.points_close" => Some(("Puntos vigentes al cierre", Count)),
        "assumptions.expected_redemption_pct" => Some(("Redención esperada", Percent)),
        "assumptions.cost_per_point" => Some(("Costo por punto", Decimal)),
        "segment" => Some(("Segmento", Named)),
        "consumers" => Some(("Consumidores", People)),
        "share" => Some(("Parte del total", Percent)),
        "week_from" => Some(("Semana desde", Day)),
        "week_to" => Some(("Hasta", Day)),
        "active_shops" => Some(("PDV activos", Count)),
        "month" => Some(("Mes de registro", Month)),
        "months_since" => Some(("Meses después", Count)),
        "first" => Some(("Producto", Text)),
        "second" => Some(("Con", Text)),
        "support" => Some(("Soporte", Percent)),
        "confidence" => Some(("Confianza del primero", Percent)),
        "confidence_back" => Some(("Confianza del segundo", Percent)),
        "lift" => Some(("Lift", Decimal)),
        "zone" => Some(("Municipio", Named)),
        "opening" => Some(("Puntos al inicio", Count)),
        "earned" => Some(("Ganados", Count)),
        "refunded" => Some(("Devueltos por premios deshechos", Count)),
        "spent" => Some(("Gastados en premios", Count)),
        "expired" => Some(("Vencidos", Count)),
        "reversed" => Some(("Reversados por devoluciones", Count)),
        "closing" => Some(("Puntos al cierre", Count)),
        "difference" => Some(("Diferencia con los asientos", Count)),
        "redemption_rate" => Some(("Redención", Percent)),
        "breakage" => Some(("Vencimiento sin usar", Percent)),
        "days_to_first_reward" => Some(("Días hasta el primer premio, mediana", Decimal)),
        _ => None,
    })
}

/// Where a shop entered no municipality.
pub(super) const NO_ZONE: &str = "Sin municipio";

/// `2026-03` as `mar 2026`.
pub(super) fn month(text: &str) -> String {
    let first = format!("{text}-01").parse().ok().map(format::date);
    first.and_then(|date| Some(date.split_once(' ')?.1.to_owned())).unwrap_or_else(|| text.to_owned())
}

/// Our word for a code of an answer.
fn named(code: &str) -> &str {
    match code {
        "champions" => "Campeones",
        "loyal" => "Leales",
        "new_or_promising" => "Nuevos o prometedores",
        "needs_attention" => "Por atender",
        "cannot_lose" => "No perder",
        "at_risk" => "En riesgo",
        "hibernating" => "Dormidos",
        "active" => "Activa",
        "dormant" => "Dormida",
        "never_scanned" => "Nunca ha escaneado",
        "without_sales" => "Sin ventas",
        "incremental" => "Incremental, con control",
        "not_incremental" => "No incremental: sin control",
        other => other,
    }
}

/// How numbers are written for the brand's country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) country: Country,
    pub(super) currency: Currency,
    pub(super) k: i64,
}

impl Shown {
    pub(super) fn of(scope: &Scope) -> Self {
        Self { country: scope.country, currency: scope.currency, k: scope.k }
    }
    pub(super) fn integer(&self, number: i64) -> String {
        format::integer(number, self.country)
    }
    /// A count of people, or that it is hidden.
    pub(super) fn people(&self, count: Option<i64>) -> String {
        count.map_or_else(|| self.hidden(), |count| self.integer(count))
    }
    pub(super) fn hidden(&self) -> String {
        format!("oculto (menos de {})", self.k)
    }
    /// A text of major units, as an amount of money.
    pub(super) fn money(&self, text: &str) -> String {
        let minor = Exact::parse(text)
            .and_then(|amount| amount.times(self.currency.minor_per_major().into()))
            .and_then(|minor| minor.fixed(0).parse().ok());
        minor.map_or_else(|| text.to_owned(), |minor| format::money(minor, self.currency, self.country))
    }
    /// `23.81` as `23,81 %`.
    pub(super) fn percent(&self, text: &str) -> String {
        format!("{}\u{a0}%", self.decimal(text))
    }
    /// `1234.5` as `1.234,5`.
    pub(super) fn decimal(&self, text: &str) -> String {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let negative = whole.starts_with('-');
        let Ok(number) = whole.parse::<i64>() else {
            return text.to_owned();
        };
        let mut out = self.integer(number);
        if negative && number == 0 {
            out.insert(0, '\u{2212}');
        }
        if !fraction.is_empty() {
            out.push(if self.country == Country::Mx { '.' } else { ',' });
            out.push_str(fraction);
        }
        out
    }
    /// A cell of the file; `hides`: beside it a count of people is hidden, and what is absent is absent for that.
    pub(super) fn cell(&self, kind: Kind, text: &str, hides: bool) -> String {
        if text.is_empty() {
            return match kind {
                Kind::People => self.hidden(),
                Kind::Money | Kind::Percent | Kind::Decimal if hides => self.hidden(),
                Kind::Names => "Ninguna".to_owned(),
                Kind::Named => NO_ZONE.to_owned(),
                _ => "—".to_owned(),
            };
        }
        match kind {
            Kind::Text => text.to_owned(),
            Kind::Named => named(text).to_owned(),
            Kind::Day => text.parse().map_or_else(|_| text.to_owned(), format::date),
            Kind::Month => month(text),
            Kind::Count | Kind::People | Kind::Decimal => self.decimal(text),
            Kind::Money => self.money(text),
            Kind::Percent => self.percent(text),
            Kind::Seconds => text.parse::<i64>().map_or_else(|_| text.to_owned(), |seconds| format::span(seconds.saturating_mul(1_000))),
            Kind::Names => self.names(text),
            Kind::Ends => text.split(" | ").map(|end| self.percent(end)).collect::<Vec<_>>().join(" a "),
        }
    }
    fn names(&self, text: &str) -> String {
        let names: Vec<&str> = text.split(" | ").collect();
        let mut out = names.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
        if names.len() > NAMES_MAX {
            out.push_str(&format!(" y {} más", self.integer((names.len() - NAMES_MAX) as i64)));
        }
        out
    }
}

/// The word of a segment.
pub fn segment(segment: shared::reports::metric::Segment) -> &'static str {
    named(crate::segments::name(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_the_country() {
        let (co, mx) = (
            Shown { country: Country::Co, currency: Currency::Cop, k: 10 },
            Shown { country: Country::Mx, currency: Currency::Mxn, k: 10 },
        );

        assert_eq!(
            (co.decimal("1234.50"), mx.decimal("1234.50"), co.decimal("-0.5"), co.decimal("-1200")),
            ("1.234,50".into(), "1,234.50".into(), "−0,5".into(), "−1.200".into())
        );
        assert_eq!(
            (co.money("2518.18"), co.money("27700"), co.percent("75.0")),
            ("$2.518,18".into(), "$27.700".into(), "75,0\u{a0}%".into())
        );
        assert_eq!(
            (co.cell(Kind::People, "", false), co.cell(Kind::Percent, "", true), co.cell(Kind::Percent, "", false)),
            ("oculto (menos de 10)".into(), "oculto (menos de 10)".into(), "—".into())
        );
        assert_eq!(co.cell(Kind::Ends, "-3.10 | 12.00", false), "−3,10\u{a0}% a 12,00\u{a0}%");
    }
}
