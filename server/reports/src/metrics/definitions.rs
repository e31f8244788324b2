//! What each metric means, in the words of the page that a number opens.

use shared::reports::metric::{Definition, Metric};

/// All of them, in the contract's order.
pub fn definitions() -> Vec<Definition> {
    Metric::ALL.into_iter().map(definition).collect()
}

/// One of them.
pub fn definition(id: Metric) -> Definition {
    let (name, definition, formula) = words(id);
    let number = Metric::ALL.iter().zip(1..).find(|(metric, _)| **metric == id).map_or(0, |(_, number)| number);
    Definition { id, number, name: name.to_owned(), definition: definition.to_owned(), formula: formula.to_owned() }
}

/// Name, paragraph, formula.
const fn words(metric: Metric) -> (&'static str, &'static str, &'static str) {
    match metric {
        Metric::SalesPerPli => (
            "Ventas por PLI",
            "Unidades, monto neto, compras y compradores de cada producto de la marca en el periodo. Solo cuentan compras aceptadas; lo devuelto se descuenta en la fecha de la compra original, con su parte del descuento. Las ventas brutas, con lo devuelto, van en columnas aparte y nunca se llaman ventas.",
            "units = Σ cantidad; net_amount = Σ (precio × cantidad − descuento); purchases = compras distintas; buyers = consumidores distintos; avg_price = net_amount ÷ units",
        ),
        Metric::ActivePdv => (
            "PDV activos",
            "De las tiendas inscritas con la marca en algún momento del periodo, cuántas tuvieron al menos el mínimo de compras con un producto de la marca. Se muestran aparte las que nunca han escaneado (más de 14 días inscritas y ninguna compra aceptada de la marca) y las dormidas (activas en el periodo anterior y no en este).",
            "rate = active ÷ eligible × 100",
        ),
        Metric::ShopPerformance => (
            "Desempeño por tienda",
            "Una fila por tienda: compras, unidades, monto neto, compradores, días activos, consumidores que se registraron allí, premios entregados, parte de las capturas retenidas o rechazadas y demora mediana de sincronización.",
            "held_share = (retenidas + rechazadas) ÷ recibidas × 100; median_sync_seconds = mediana de (recibida − compra)",
        ),
        Metric::Reach => (
            "Consumidores alcanzados",
            "Consumidores distintos con al menos una línea válida en el periodo. Aparte: identificados (celular verificado), anónimos (solo tarjeta) e inscritos en una campaña vigente al cierre. Quien trabaja en la tienda donde compra no cuenta como alcanzado.",
            "buyers = identified + anonymous; identified_share = identified ÷ buyers × 100; registrations_per_shop_week = registros ÷ (PDV activos × semanas)",
        ),
        Metric::Conversion => (
            "Conversión de registro a primera compra",
            "De quienes se registraron en el periodo y ya completaron la ventana de días (maduros), cuántos hicieron su primera compra válida dentro de ella. Los inmaduros siempre se muestran. Los registros hechos por la tienda dentro de una compra convierten por construcción: van aparte y cuentan por su segunda compra.",
            "rate = converted ÷ mature × 100; convertido: registro ≤ primera compra < registro + window_days",
        ),
        Metric::Frequency => (
            "Frecuencia después del registro",
            "Días de compra por cada 30 días de exposición. Un día de compra es una pareja distinta de consumidor y fecha local: dos tiquetes el mismo día son uno. La exposición empieza con el registro. Se muestra para todos los registrados y solo para compradores.",
            "exposure_days = Σ (fin − máx(desde, registro)); per_30_days = purchase_days ÷ exposure_days × 30",
        ),
        Metric::UpliftDid => (
            "Incremento de ventas con control",
            "Unidades de las tiendas con campaña comparadas con lo que se esperaba de ellas según tiendas de control elegidas antes del lanzamiento. No se publica si el control no vendió antes, si hay menos de 10 tiendas por lado o si los periodos tienen distinta duración. El intervalo del 90 % sale de volver a sortear tiendas completas.",
            "expected = Tp × Cq ÷ Cp; incremental = Tq − expected; uplift_pct = incremental ÷ expected × 100",
        ),
        Metric::Nps => (
            "NPS de tenderos",
            "Qué tan dispuestos están los tenderos a recomendar, de 0 a 10, con una respuesta por tendero y ola (la última). Con menos de 10 respuestas solo se dice cuántas hay.",
            "nps = (promotores 9–10 − detractores 0–6) ÷ respuestas × 100",
        ),
        Metric::Cac => (
            "Costo por consumidor",
            "Lo que costó ganar consumidores en el periodo (premios de bienvenida al costo, mensajes, incentivos de registro al tendero y medios) dividido por los registrados y por los calificados, que son quienes hicieron su primera compra válida en 30 días.",
            "cac_registered = cost ÷ registered; cac_qualified = cost ÷ qualified",
        ),
        Metric::Roi => (
            "Retorno de la campaña",
            "Margen de las unidades incrementales contra todo lo que costó la campaña: premios entregados con su manejo, cambio del pasivo por puntos, mensajes, tarifa de la plataforma e incentivos. Sin control el número se rotula «no incremental» y el retorno no se muestra.",
            "roi_pct = (incremental_margin − cost) ÷ cost × 100; break_even_units = cost ÷ margen unitario; pasivo = puntos vigentes × redención esperada × costo por punto",
        ),
        Metric::Rfm => (
            "Segmentos RFM",
            "Clasifica a los compradores de los últimos 180 días por recencia, frecuencia y monto. El puntaje de cada dimensión depende de cuántos consumidores son estrictamente peores; los empates comparten puntaje.",
            "puntaje = 1 + ⌊5 × (estrictamente peores) ÷ n⌋; segmento por (R, F), primera regla que se cumpla",
        ),
        Metric::KAnonymity => (
            "Números pequeños",
            "Toda celda sobre consumidores con menos de 10 personas se oculta, y con ella otras, de menor a mayor, hasta que las ocultas sean al menos dos y sumen 10: así el total no la delata. Vale en pantalla, exportación y API.",
            "oculta si 0 < n < k",
        ),
        Metric::Registration => (
            "Registro de consumidores",
            "Semana a semana (siete días desde el primero del periodo): qué parte de los compradores está identificada con un celular verificado y cuántos consumidores nuevos se registran en tiendas de la marca por cada PDV activo.",
            "identified_share = identified ÷ (identified + anonymous) × 100; registrations_per_shop_week = registrations ÷ (active_shops × días ÷ 7)",
        ),
        Metric::Cohorts => (
            "Cohortes por mes de registro",
            "De quienes se registraron en cada mes, qué parte compró la marca en ese mismo mes y en cada mes calendario siguiente. Se muestran los meses que toca el periodo. El mes en curso va incompleto. Una celda se oculta si quienes compraron, o quienes no, son menos de 10.",
            "rate = active ÷ consumers × 100; months_since = meses calendario desde el registro",
        ),
        Metric::Affinity => (
            "Productos que se compran juntos",
            "Parejas de productos de la marca en una misma compra; los de otras marcas no se miran. Soporte es la parte de las compras que lleva los dos; confianza, la parte de las compras con uno que también lleva el otro; lift, cuántas veces más juntos que por azar: más de 1 es afinidad. Una pareja con menos de 10 consumidores se oculta entera.",
            "support = baskets ÷ compras × 100; confidence = baskets ÷ compras con el primero × 100; lift = baskets × compras ÷ (con el primero × con el segundo)",
        ),
        Metric::Zones => (
            "Ventas por zona",
            "Ventas de la marca según el municipio de la tienda donde se hicieron: tiendas que vendieron, compras, unidades, monto neto y compradores. Quien compró en dos municipios es comprador en los dos.",
            "units = Σ cantidad; share = unidades de la zona ÷ unidades de todas × 100",
        ),
        Metric::Liability => (
            "Pasivo de puntos, redención y vencimiento",
            "Puntos vigentes de la marca de un cierre al siguiente. La cuenta debe cerrar con lo que dicen los asientos; la diferencia se muestra y debe ser cero. Además: parte redimida y parte vencida de lo ganado en el periodo, y mediana de días hasta el primer premio.",
            "closing = opening + earned + refunded − spent − expired − reversed; redemption_rate = gastados ÷ (ganados − reversados) × 100",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_says_what_it_is() {
        let all = definitions();

        assert_eq!((all.len(), all[12].number), (17, 13));
        assert!(all.iter().all(|one| !one.name.is_empty() && one.definition.len() > 80 && !one.formula.is_empty()));
    }
}
