//! The conditions of a campaign in plain Spanish, made from the rules themselves, so that they cannot differ.

use shared::{Country, format, loyalty::{CampaignRules, Reward, Rule, RuleKind, campaign::{Basis, Combine, Enrolment, ShopScope, Unit}}};

/// What a full card gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prize<'a> {
    pub name: &'a str,
    /// There is an end to it.
    pub limited: bool,
}

impl<'a> Prize<'a> {
    pub(crate) fn of(reward: &'a Reward) -> Self {
        Self { name: &reward.name, limited: reward.stock_left.is_some() }
    }
}

/// The text for the consumer. `products` are the first names of the list; money is shown without its cents.
pub(crate) fn text(name: &str, rules: &CampaignRules, products: &[String], prize: Option<Prize<'_>>) -> String {
    let mut text = format!("{name}. Del {} al {}: ", format::date(rules.starts), format::date(rules.ends));
    let separator = if rules.combine == Combine::Max { "; o, si es más, " } else { "; además, " };
    text.push_str(&rules.rules.iter().map(|rule| sentence(rule, rules.unit)).collect::<Vec<_>>().join(separator));
    text.push_str(". Participan: ");
    text.push_str(&products.join(", "));
    if rules.products.len() > products.len() {
        text.push_str(&format!(" y {} productos más", rules.products.len() - products.len()));
    }
    text.push_str(". ");
    if let (Some(threshold), Some(Prize { name, limited })) = (rules.threshold, prize) {
        let end = if limited { ", hasta agotar existencias" } else { "" };
        text.push_str(&format!("Con {} te llevas: {name}{end}. Muestra el código del premio en la tienda. ", units(threshold.need, rules.unit)));
    }
    text.push_str(match &rules.shops {
        ShopScope::All => "Vale en todas las tiendas Mostrador. ",
        ShopScope::Only(_) => "Vale en las tiendas que participan. ",
    });
    if rules.enrolment == Enrolment::Required {
        text.push_str("Primero entra a la campaña; lo que compres antes no suma. ");
    }
    if rules.adults_only {
        text.push_str("Solo para mayores de edad. ");
    }
    text.push_str("Muestra tu tarjeta al pagar.");
    text
}

fn units(n: i64, unit: Unit) -> String {
    match (unit, n) {
        (Unit::Points, 1) => "1 punto".into(),
        (Unit::Points, n) => format!("{} puntos", format::integer(n, Country::Co)),
        (Unit::Stamps, 1) => "1 sello".into(),
        (Unit::Stamps, n) => format!("{} sellos", format::integer(n, Country::Co)),
    }
}

fn sentence(rule: &Rule, unit: Unit) -> String {
    let mut sentence = match &rule.kind {
        RuleKind::PerAmount { step_minor, points, basis } => {
            let of = if *basis == Basis::Line { " de cada producto" } else { "" };
            format!("por cada {}{of} recibes {}", pesos(*step_minor), units(*points, unit))
        }
        RuleKind::PerUnit { units: 1, points } => format!("por cada unidad recibes {}", units(*points, unit)),
        RuleKind::PerUnit { units: group, points } => format!("por cada {group} unidades recibes {}", units(*points, unit)),
        RuleKind::PerSku { .. } => format!("cada producto te da sus {}", if unit == Unit::Points { "puntos" } else { "sellos" }),
        RuleKind::PerPurchase { points } => format!("por cada compra recibes {}", units(*points, unit)),
    };
    if let Some(least) = rule.min_amount_minor {
        sentence.push_str(&format!(" si llevas {} o más", pesos(least)));
    }
    if let Some(least) = rule.min_units {
        sentence.push_str(&format!(" si llevas {least} unidades o más"));
    }
    sentence
}

/// Steps are in minor units of the shop's money; the text is for currencies with two decimals.
fn pesos(minor: i64) -> String {
    format::money(minor, shared::Currency::Cop, Country::Co)
}
