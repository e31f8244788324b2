//! The conditions of a campaign in plain Spanish, made from the rules themselves, so that they cannot differ.
//!
//! One line for each thing that a person asks: when and how she earns, with what, how much at most, until when it can be
//! used, what she gets and how she claims it, where, and who watches over it in her country.

use std::collections::BTreeMap;

use shared::{
    Country, ProductId, format,
    loyalty::{
        CampaignRules, Reward, Rule, RuleKind, ShopGoal,
        campaign::{Basis, Cap, CapScope, Combine, Enrolment, Multiplier, OnExceed, ShopScope, Shortfall, Stacking, Unit},
        factor::Factor,
        life::RewardAvailability,
    },
};

/// What a full card gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prize<'a> {
    pub name: &'a str,
    /// How many there are; absent: no end.
    pub stock: Option<i64>,
    pub max_per_consumer: Option<i64>,
    pub availability: Option<&'a RewardAvailability>,
}

impl<'a> Prize<'a> {
    pub(crate) fn of(reward: &'a Reward) -> Self {
        Self {
            name: &reward.name,
            stock: reward.stock_left,
            max_per_consumer: reward.max_per_consumer,
            availability: Some(&reward.availability),
        }
    }
}

/// Who gives, and under whose law.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Giver<'a> {
    pub organisation: &'a str,
    pub brand: &'a str,
    pub country: Country,
}

/// Products that a readable sentence names at most.
pub(crate) const NAMED_MAX: usize = 6;

/// Names of products: the first of the campaign's list, and those whose points differ.
pub(crate) type Names = BTreeMap<ProductId, String>;

/// The text for the consumer, a line for each subject.
pub(crate) fn text(
    name: &str,
    rules: &CampaignRules,
    products: &Names,
    prize: Option<Prize<'_>>,
    goal: Option<&(ShopGoal, String)>,
    giver: Giver<'_>,
) -> String {
    let separator = if rules.combine == Combine::Max { "; o, si es más, " } else { "; además, " };
    let earns = rules.rules.iter().map(|rule| sentence(rule, rules, products, giver.country)).collect::<Vec<_>>().join(separator);
    let mut lines = vec![format!("{name}. Del {} al {}: {earns}.", format::date(rules.starts), format::date(rules.ends))];
    lines.extend(factors(rules));
    lines.extend(bonuses(rules));
    lines.push(participants(rules, products));
    lines.extend(prizes(rules, prize, giver));
    lines.extend(goal.map(|(goal, reward)| together(goal, reward)));
    lines.extend(limits(rules));
    lines.push(times(rules));
    lines.push(returns(rules));
    lines.push(places(&rules.shops));
    if let Some(currency) = rules.currency.filter(|currency| *currency != giver.country.currency()) {
        lines.push(format!("Solo en tiendas que venden en {}.", currency.code()));
    }
    if rules.enrolment == Enrolment::Required {
        lines.push("Primero entra a la campaña; lo que compres antes no suma.".into());
    }
    if rules.adults_only {
        lines.push("Solo para mayores de edad.".into());
    }
    lines.push("Muestra tu tarjeta al pagar. Participar no cuesta nada y no depende de la suerte: quien cumple, gana.".into());
    lines.push(law(giver));
    lines.join("\n")
}

pub(crate) fn units(n: i64, unit: Unit) -> String {
    match (unit, n) {
        (Unit::Points, 1) => "1 punto".into(),
        (Unit::Points, n) => format!("{} puntos", format::integer(n, Country::Co)),
        (Unit::Stamps, 1) => "1 sello".into(),
        (Unit::Stamps, n) => format!("{} sellos", format::integer(n, Country::Co)),
    }
}

const fn word(unit: Unit) -> &'static str {
    match unit {
        Unit::Points => "puntos",
        Unit::Stamps => "sellos",
    }
}

/// What neighbours do together.
fn together(goal: &ShopGoal, reward: &str) -> String {
    let whole = |n: i64| format::integer(n, Country::Co);
    format!(
        "Meta de tu tienda: cuando {} vecinos o más junten {} unidades en una misma tienda (de cada persona cuentan hasta {}), cada participante recibe una vez: {reward}. Hasta agotar existencias; lo que se devuelve se resta.",
        whole(goal.consumers_min),
        whole(goal.target_units),
        whole(goal.per_consumer_max)
    )
}

/// What one unit of each product gives, most first: those that take part and give something.
fn each_product(table: &BTreeMap<ProductId, i64>, rules: &CampaignRules, names: &Names) -> String {
    let mut by_points: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (product, points) in table.iter().filter(|(product, points)| **points > 0 && rules.products.contains(product)) {
        by_points.entry(*points).or_default().extend(names.get(product).cloned());
    }
    let groups: Vec<String> = by_points
        .into_iter()
        .rev()
        .map(|(points, mut products)| {
            products.sort_unstable();
            format!("{} por cada unidad de {}", units(points, rules.unit), listed(&products))
        })
        .collect();
    if groups.is_empty() { format!("recibes los {} de cada producto", word(rules.unit)) } else { format!("recibes {}", groups.join("; ")) }
}

pub(crate) fn sentence(rule: &Rule, rules: &CampaignRules, names: &Names, country: Country) -> String {
    let unit = rules.unit;
    let money = |minor| format::money(minor, rules.currency.unwrap_or(country.currency()), country);
    let mut sentence = match &rule.kind {
        RuleKind::PerAmount { step_minor, points, basis } => {
            let of = if *basis == Basis::Line { " de cada producto" } else { "" };
            format!("por cada {}{of} recibes {}", money(*step_minor), units(*points, unit))
        }
        RuleKind::PerUnit { units: 1, points } => {
            format!("por cada unidad recibes {}", units(*points, unit))
        }
        RuleKind::PerUnit { units: group, points } => format!("por cada {group} unidades recibes {}", units(*points, unit)),
        RuleKind::PerSku { table } => each_product(table, rules, names),
        RuleKind::PerPurchase { points } => {
            format!("por cada compra recibes {}", units(*points, unit))
        }
    };
    if let Some(least) = rule.min_amount_minor {
        sentence.push_str(&format!(" si llevas {} o más", money(least)));
    }
    if let Some(least) = rule.min_units {
        sentence.push_str(&format!(" si llevas {least} unidades o más"));
    }
    sentence
}

const DAYS: [&str; 7] = ["los lunes", "los martes", "los miércoles", "los jueves", "los viernes", "los sábados", "los domingos"];

/// `a, b y c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} y {last}", head.join(", ")),
    }
}

fn decimal(factor: Factor) -> String {
    factor.to_string().replace('.', ",")
}

fn when(multiplier: &Multiplier) -> String {
    let when = &multiplier.when;
    let mut parts = Vec::new();
    if let Some(days) = &when.dow {
        let names: Vec<String> =
            days.iter().filter_map(|day| DAYS.get(usize::from(*day).wrapping_sub(1))).map(|name| (*name).to_owned()).collect();
        parts.push(listed(&names));
    }
    match (when.from, when.to) {
        (Some(from), Some(to)) => parts.push(format!("de {from} a {to}")),
        (Some(from), None) => parts.push(format!("desde las {from}")),
        (None, Some(to)) => parts.push(format!("hasta las {to}")),
        (None, None) => {}
    }
    if let Some(segment) = &when.segment {
        parts.push(format!("para quienes están en el grupo «{segment}»"));
    }
    if parts.is_empty() { "siempre".into() } else { parts.join(" ") }
}

pub(crate) fn factors(rules: &CampaignRules) -> Option<String> {
    if rules.unit == Unit::Stamps || rules.multipliers.is_empty() {
        return None;
    }
    let each: Vec<String> =
        rules.multipliers.iter().map(|multiplier| format!("por {} {}", decimal(multiplier.factor), when(multiplier))).collect();
    let several = match rules.multiplier_stacking {
        _ if each.len() < 2 => "",
        Stacking::Max => " Si coinciden varios, cuenta solo el mayor.",
        Stacking::Multiply => " Si coinciden varios, se multiplican entre sí.",
        Stacking::Add => " Si coinciden varios, se suman sus aumentos.",
    };
    Some(format!("Tus puntos se multiplican {}.{several}", listed(&each)))
}

pub(crate) fn bonuses(rules: &CampaignRules) -> Option<String> {
    let each: Vec<String> = rules
        .bonuses
        .iter()
        .map(|bonus| {
            let when = if bonus.when.first_purchase { "en tu primera compra de la campaña" } else { "en cada compra que suma" };
            format!("{} más {when}", units(bonus.points, rules.unit))
        })
        .collect();
    (!each.is_empty()).then(|| format!("Recibes {}.", listed(&each)))
}

fn participants(rules: &CampaignRules, names: &Names) -> String {
    let products: Vec<String> = rules.products.iter().take(NAMED_MAX).filter_map(|product| names.get(product).cloned()).collect();
    let more = rules.products.len().saturating_sub(products.len());
    let rest = if more > 0 {
        if more == 1 { " y 1 producto más".to_owned() } else { format!(" y {more} productos más") }
    } else {
        String::new()
    };
    format!("Participan: {}{rest}.", products.join(", "))
}

fn prizes(rules: &CampaignRules, prize: Option<Prize<'_>>, giver: Giver<'_>) -> Vec<String> {
    let (Some(threshold), Some(prize)) = (rules.threshold, prize) else {
        return if rules.unit == Unit::Points {
            vec![format!("Cambia tus puntos por los premios que {} ofrece en tu app.", giver.brand)]
        } else {
            Vec::new()
        };
    };
    let mut lines = vec![format!(
        "Con {} te llevas: {}. El premio aparece solo en tu app; muestra su código en la tienda y lo recibes.",
        units(threshold.need, rules.unit),
        prize.name
    )];
    if let Some(stock) = prize.stock {
        lines.push(format!(
            "Hay {} premios, hasta agotar existencias; si se acaban, tus {} siguen guardados.",
            format::integer(stock, Country::Co),
            word(rules.unit)
        ));
    }
    if let Some(most) = prize.max_per_consumer {
        lines.push(format!("Máximo {most} por persona."));
    }
    if let Some(availability) = prize.availability {
        match (availability.from, availability.until) {
            (Some(from), Some(until)) => lines.push(format!("El premio se entrega del {} al {}.", format::date(from), format::date(until))),
            (Some(from), None) => lines.push(format!("El premio se entrega desde el {}.", format::date(from))),
            (None, Some(until)) => lines.push(format!("El premio se entrega hasta el {}.", format::date(until))),
            (None, None) => {}
        }
        if !availability.shops.is_empty() {
            lines.push(format!("Lo entregan {} tiendas.", availability.shops.len()));
        }
    }
    lines
}

fn limit(cap: &Cap, unit: Unit) -> String {
    let over = match cap.scope {
        CapScope::Purchase => "por compra",
        CapScope::ConsumerPdvDay => "por persona, tienda y día",
        CapScope::ConsumerDay => "por persona y día",
        CapScope::ConsumerWeek => "por persona y semana (de lunes a domingo)",
        CapScope::ConsumerMonth => "por persona y mes",
        CapScope::ConsumerCampaign => "por persona en toda la campaña",
        CapScope::PdvDay => "por tienda y día, entre todos",
        CapScope::Campaign => "en toda la campaña, entre todos",
    };
    let whole = if cap.on_exceed == OnExceed::Reject { " (la compra que se pasa no suma)" } else { "" };
    format!("{} {over}{whole}", units(cap.max, unit))
}

pub(crate) fn limits(rules: &CampaignRules) -> Vec<String> {
    let mut caps = rules.caps.clone();
    caps.sort_by_key(|cap| cap.scope);
    let each: Vec<String> = caps.iter().map(|cap| limit(cap, rules.unit)).collect();
    let mut lines = Vec::new();
    if !each.is_empty() {
        lines.push(format!("Máximo: {}.", each.join("; ")));
    }
    if let Some(guard) = rules.price_guard {
        lines.push(format!("El precio de cada producto cuenta entre {} y {} veces el sugerido.", decimal(guard.low), decimal(guard.high)));
    }
    if rules.exclusive_group.is_some() {
        lines.push("Si otra campaña de la marca compite con esta, solo cuenta la que más te da.".into());
    }
    lines
}

pub(crate) fn times(rules: &CampaignRules) -> String {
    let days = |n: i64| {
        if n == 1 { "1 día".to_owned() } else { format!("{} días", format::integer(n, Country::Co)) }
    };
    let usable = match rules.hold_days {
        0 => "Lo que ganas se puede usar de inmediato".to_owned(),
        n => format!("Lo que ganas se puede usar {} después de la compra", days(n)),
    };
    match rules.valid_days {
        None => format!("{usable} y no vence."),
        Some(0) => format!("{usable} y vence el mismo día de la compra."),
        Some(n) => format!("{usable} y vence {} después de la compra.", days(n)),
    }
}

pub(crate) fn returns(rules: &CampaignRules) -> String {
    let word = word(rules.unit);
    match rules.on_shortfall {
        Shortfall::Debt => format!("Si devuelves un producto, se descuentan sus {word}; los que ya usaste se cubren con los próximos."),
        Shortfall::Waive => {
            format!("Si devuelves un producto, se descuentan sus {word} que aún tengas.")
        }
    }
}

pub(crate) fn places(shops: &ShopScope) -> String {
    match shops {
        ShopScope::All => "Vale en las tiendas Mostrador que participan con la marca.".into(),
        ShopScope::Only(shops) => format!("Vale en las {} tiendas que participan; tu app te dice cuáles.", shops.len()),
        ShopScope::Where(group) => {
            let mut parts = Vec::new();
            if !group.zones.is_empty() {
                parts.push(format!("las tiendas de {}", listed(&group.zones)));
            }
            if !group.distributors.is_empty() {
                parts.push(format!("las que atiende {}", listed(&group.distributors)));
            }
            format!("Vale en {}.", listed(&parts))
        }
    }
}

/// Whom one turns to, and under which law: Colombia, Ley 1480 of 2011, art. 33; Chile, Ley 19.496, art. 35; Mexico, Ley
/// Federal de Protección al Consumidor, arts. 46 to 48. Counsel confirms the words before a pilot.
fn law(giver: Giver<'_>) -> String {
    let organisation = giver.organisation;
    match giver.country {
        Country::Co => format!(
            "Promoción de {organisation} en Colombia, según la Ley 1480 de 2011. Si algo no se cumple, escribe a la marca o acude a la Superintendencia de Industria y Comercio."
        ),
        Country::Cl => format!(
            "Promoción de {organisation} en Chile, según la Ley 19.496. Si algo no se cumple, escribe a la marca o acude al SERNAC."
        ),
        Country::Mx => format!(
            "Promoción de {organisation} en México, según la Ley Federal de Protección al Consumidor. Si algo no se cumple, escribe a la marca o acude a la PROFECO."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        RewardId,
        loyalty::campaign::{Bonus, BonusWhen, MultiplierWhen, PriceGuard, Threshold},
    };

    const SIERRA: Giver<'_> = Giver { organisation: "Bebidas Sierra", brand: "Cola Sierra", country: Country::Co };

    fn rules(unit: Unit, kind: RuleKind) -> CampaignRules {
        let rule = Rule { kind, min_amount_minor: None, min_units: None };
        CampaignRules::new(
            unit,
            "2026-03-01".parse().unwrap(),
            "2026-03-31".parse().unwrap(),
            vec![ProductId::fixed(1), ProductId::fixed(2)],
            vec![rule],
        )
    }
    fn of(rules: &CampaignRules, prize: Option<Prize<'_>>) -> String {
        text("Marzo", rules, &names(), prize, None, SIERRA)
    }
    fn names() -> Names {
        [(ProductId::fixed(1), "Cola 400".to_owned()), (ProductId::fixed(2), "Cola 1 L".to_owned())].into()
    }

    #[test]
    fn what_each_product_gives_is_said_of_each() {
        let table = [(ProductId::fixed(1), 2), (ProductId::fixed(2), 5), (ProductId::fixed(9), 7)].into();
        let told = of(&rules(Unit::Points, RuleKind::PerSku { table }), None);
        let same = [(ProductId::fixed(1), 1), (ProductId::fixed(2), 1)].into();

        assert!(told.contains("recibes 5 puntos por cada unidad de Cola 1 L; 2 puntos por cada unidad de Cola 400."), "{told}");
        assert!(
            of(&rules(Unit::Stamps, RuleKind::PerSku { table: same }), None).contains("1 sello por cada unidad de Cola 1 L y Cola 400")
        );
    }

    #[test]
    fn every_limit_is_said_in_words() {
        let mut all = rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 5 });
        all.caps = CapScope::ALL.map(|scope| Cap { scope, max: 10, on_exceed: OnExceed::Truncate }).to_vec();
        all.caps[7] = Cap { scope: CapScope::Campaign, max: 100_000, on_exceed: OnExceed::Reject };
        (all.hold_days, all.valid_days, all.adults_only) = (2, Some(180), true);
        all.price_guard = Some(PriceGuard { low: "0.8".parse().unwrap(), high: "1.2".parse().unwrap() });
        let told = of(&all, None);

        for words in [
            "10 puntos por compra",
            "por persona, tienda y día",
            "por persona y día",
            "por persona y semana",
            "por persona y mes",
            "por persona en toda la campaña",
            "por tienda y día, entre todos",
            "100.000 puntos en toda la campaña, entre todos (la compra que se pasa no suma)",
            "se puede usar 2 días después de la compra y vence 180 días después",
            "entre 0,8 y 1,2 veces el sugerido",
            "Solo para mayores de edad",
            "Ley 1480 de 2011",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    #[test]
    fn the_prize_is_said_with_its_number_its_days_and_how_to_claim_it() {
        let mut card = rules(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 });
        card.threshold = Some(Threshold { need: 5, reward_id: RewardId::fixed(1) });
        let availability = RewardAvailability { until: Some("2026-04-30".parse().unwrap()), ..RewardAvailability::default() };
        let told =
            of(&card, Some(Prize { name: "1 Cola", stock: Some(500), max_per_consumer: Some(3), availability: Some(&availability) }));

        for words in [
            "Con 5 sellos te llevas: 1 Cola",
            "muestra su código en la tienda",
            "Hay 500 premios",
            "Máximo 3 por persona",
            "se entrega hasta el",
            "y no vence",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    #[test]
    fn factors_and_bonuses_are_said_with_their_hours() {
        let mut double = rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 5 });
        let when = MultiplierWhen { dow: Some(vec![2, 4]), from: "16:00".parse().ok(), to: "18:00".parse().ok(), segment: None };
        double.multipliers = vec![Multiplier { id: "m".into(), factor: "1.5".parse().unwrap(), when }];
        double.bonuses = vec![Bonus { id: "b".into(), points: 20, when: BonusWhen { first_purchase: true } }];
        let told = of(&double, None);

        assert!(told.contains("por 1,5 los martes y los jueves de 16:00 a 18:00"), "{told}");
        assert!(told.contains("20 puntos más en tu primera compra"), "{told}");
    }

    #[test]
    fn each_country_has_its_own_law() {
        let plain = rules(Unit::Points, RuleKind::PerUnit { units: 1, points: 5 });
        let of = |country| text("Marzo", &plain, &Names::new(), None, None, Giver { country, ..SIERRA });

        assert!(of(Country::Cl).contains("SERNAC") && of(Country::Mx).contains("PROFECO") && of(Country::Co).contains("Superintendencia"));
    }
}
