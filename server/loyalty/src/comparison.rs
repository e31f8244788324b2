//! A draft beside what is in force, subject by subject, for whoever has to publish it.

use std::collections::BTreeSet;

use db::{Tx, sql};
use identity::Actor;
use shared::{
    ProductId, ShopId,
    loyalty::{
        Campaign, CampaignRules, RuleKind,
        campaign::{Combine, Enrolment, ShopScope},
    },
};

use crate::{Error, gate, terms};

/// Shops that are named on each side; the others are counted.
const SHOPS_NAMED_MAX: usize = 200;

/// What a line of the comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// First and last day.
    Dates,
    /// What a purchase gives.
    Earning,
    /// Factors and what is added.
    Extras,
    /// What a full card needs.
    FullCard,
    /// Limits and the budget.
    Limits,
    /// From when and until when it can be used.
    Validity,
    /// What returns do.
    Returns,
    /// Where it counts.
    Shops,
    /// For whom.
    People,
}

/// A subject that changes. Nothing on one side: it was not there, or is not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What about.
    pub subject: Subject,
    /// In force.
    pub before: String,
    /// In the draft.
    pub after: String,
}

/// A product of one side or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChange {
    /// Its name.
    pub name: String,
    /// It takes part in what is in force.
    pub before: bool,
    /// It takes part in the draft.
    pub after: bool,
    /// What one unit gives in what is in force and in the draft, where products differ.
    pub points: Option<(i64, i64)>,
}

/// Everything that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Subjects that change; none before the first version.
    pub differences: Vec<Difference>,
    /// Named shops that join.
    pub shops_added: Vec<String>,
    /// Named shops that leave.
    pub shops_removed: Vec<String>,
    /// Those that leave first, then the draft's own.
    pub products: Vec<ProductChange>,
}

/// Compares a campaign's draft with what is in force, for whoever may read it.
pub async fn of(tx: &mut Tx, actor: &Actor, campaign: &Campaign) -> Result<Comparison, Error> {
    actor.reads(campaign.organisation_id)?;
    let before = campaign.published_rules.as_ref();
    let owner = gate::owner(tx, campaign.organisation_id, campaign.brand_id).await?;
    let names = names(tx, before.into_iter().chain([&campaign.rules])).await?;
    let mut found = Comparison { products: products(before, &campaign.rules, &names), ..Comparison::default() };
    if let Some(before) = before {
        let (old, new) = (subjects(before, &names, owner.country), subjects(&campaign.rules, &names, owner.country));
        found.differences = old
            .into_iter()
            .zip(new)
            .filter(|(old, new)| old.1 != new.1)
            .map(|(old, new)| Difference { subject: old.0, before: old.1, after: new.1 })
            .collect();
        let (old, new) = (named_shops(before), named_shops(&campaign.rules));
        found.shops_removed = shop_names(tx, old.difference(&new)).await?;
        found.shops_added = shop_names(tx, new.difference(&old)).await?;
    }
    Ok(found)
}

/// Every subject in words, in one order.
fn subjects(rules: &CampaignRules, names: &terms::Names, country: shared::Country) -> Vec<(Subject, String)> {
    let separator = if rules.combine == Combine::Max { "; o, si es más, " } else { "; además, " };
    let earning: Vec<String> = rules.rules.iter().map(|rule| terms::sentence(rule, rules, names, country)).collect();
    let extras: Vec<String> = terms::factors(rules).into_iter().chain(terms::bonuses(rules)).collect();
    let full = rules.threshold.map(|threshold| terms::units(threshold.need, rules.unit)).unwrap_or_default();
    let mut people = Vec::new();
    if rules.adults_only {
        people.push("Solo para mayores de edad.");
    }
    if rules.enrolment == Enrolment::Required {
        people.push("Cada persona entra primero a la campaña.");
    }
    vec![
        (Subject::Dates, format!("{} – {}", shared::format::date(rules.starts), shared::format::date(rules.ends))),
        (Subject::Earning, earning.join(separator)),
        (Subject::Extras, extras.join(" ")),
        (Subject::FullCard, full),
        (Subject::Limits, terms::limits(rules).join(" ")),
        (Subject::Validity, terms::times(rules)),
        (Subject::Returns, terms::returns(rules)),
        (Subject::Shops, terms::places(&rules.shops)),
        (Subject::People, people.join(" ")),
    ]
}

fn products(before: Option<&CampaignRules>, after: &CampaignRules, names: &terms::Names) -> Vec<ProductChange> {
    let differ = |rules: &CampaignRules| rules.rules.iter().any(|rule| matches!(rule.kind, RuleKind::PerSku { .. }));
    let tables = differ(after) || before.is_some_and(differ);
    let one = |product: &ProductId| -> ProductChange {
        let in_force = before.filter(|rules| rules.products.contains(product));
        let drafted = Some(after).filter(|rules| rules.products.contains(product));
        let points = |rules: Option<&CampaignRules>| rules.map_or(0, |rules| points_of(rules, product));
        ProductChange {
            name: names.get(product).cloned().unwrap_or_default(),
            before: in_force.is_some(),
            after: drafted.is_some(),
            points: tables.then(|| (points(in_force), points(drafted))),
        }
    };
    let gone = before.into_iter().flat_map(|rules| &rules.products).filter(|product| !after.products.contains(product));
    gone.chain(&after.products).map(one).collect()
}

/// What tables give for one unit.
fn points_of(rules: &CampaignRules, product: &ProductId) -> i64 {
    let tables = rules.rules.iter().filter_map(|rule| if let RuleKind::PerSku { table } = &rule.kind { table.get(product) } else { None });
    if rules.combine == Combine::Max { tables.max().copied().unwrap_or(0) } else { tables.sum() }
}

fn named_shops(rules: &CampaignRules) -> BTreeSet<ShopId> {
    if let ShopScope::Only(shops) = &rules.shops { shops.iter().copied().collect() } else { BTreeSet::new() }
}

async fn shop_names(tx: &mut Tx, shops: impl Iterator<Item = &ShopId> + Send) -> Result<Vec<String>, Error> {
    let shops: Vec<ShopId> = shops.copied().collect();
    let mut names = Vec::new();
    for shop in shops.iter().take(SHOPS_NAMED_MAX) {
        names.extend(identity::shop::get(tx, *shop).await.ok().map(|shop| shop.name));
    }
    if shops.len() > SHOPS_NAMED_MAX {
        names.push(format!("+ {}", shops.len() - SHOPS_NAMED_MAX));
    }
    Ok(names)
}

async fn names(tx: &mut Tx, sides: impl Iterator<Item = &CampaignRules> + Send) -> Result<terms::Names, Error> {
    let products: BTreeSet<ProductId> = sides.flat_map(|rules| rules.products.iter().copied()).collect();
    let mut names = terms::Names::new();
    for product in products {
        names.extend(tx.query(PRODUCT_NAME).bind(product).maybe::<(String,)>().await?.map(|(name,)| (product, name)));
    }
    Ok(names)
}

sql! {
    PRODUCT_NAME: "SELECT name FROM product WHERE id = $1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::loyalty::{
        Rule,
        campaign::{Cap, CapScope, OnExceed, Unit},
    };

    fn rules(table: &[(u128, i64)]) -> CampaignRules {
        let table = table.iter().map(|(product, points)| (ProductId::fixed(*product), *points)).collect();
        let rule = Rule { kind: RuleKind::PerSku { table }, min_amount_minor: None, min_units: None };
        let products = vec![ProductId::fixed(1), ProductId::fixed(2)];
        CampaignRules::new(Unit::Points, "2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap(), products, vec![rule])
    }

    #[test]
    fn only_what_changes_is_told() {
        let names = terms::Names::from([(ProductId::fixed(1), "Cola".to_owned()), (ProductId::fixed(2), "Galleta".to_owned())]);
        let before = rules(&[(1, 5), (2, 2)]);
        let mut after = rules(&[(1, 7)]);
        after.products = vec![ProductId::fixed(1)];
        after.caps = vec![Cap { scope: CapScope::Campaign, max: 900, on_exceed: OnExceed::Truncate }];
        let changed: Vec<Subject> = subjects(&before, &names, shared::Country::Co)
            .into_iter()
            .zip(subjects(&after, &names, shared::Country::Co))
            .filter(|(old, new)| old != new)
            .map(|(old, _)| old.0)
            .collect();
        let told = products(Some(&before), &after, &names);

        assert_eq!(changed, [Subject::Earning, Subject::Limits]);
        assert_eq!(
            told,
            [
                ProductChange { name: "Galleta".into(), before: true, after: false, points: Some((2, 0)) },
                ProductChange { name: "Cola".into(), before: true, after: true, points: Some((5, 7)) },
            ]
        );
    }
}
