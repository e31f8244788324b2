//! What must be there before a campaign reaches people: everything that is missing is told at once.
//!
//! Two kinds. Bounds of the rules hold for every draft that is stored. The legal gates hold for what is published: dates
//! that are still to come, terms, an end to what is given away, an age gate before goods for adults, a consent text for
//! every country of its shops, and no prize that luck decides.

use std::collections::BTreeSet;

use db::{Tx, sql};
use identity::{Actor, Scope, consent};
use shared::{
    BrandId, CivilDate, Country, OrganisationId, ProductId, ShopId, Timestamp,
    catalogue::for_adults,
    loyalty::{
        Campaign, CampaignRules, Gates, Missing, NewCampaign, Reward,
        campaign::{CapScope, RuleKind, ShopScope},
    },
};

use crate::{
    Error, campaign, goal, reward,
    terms::{self, Giver, Prize},
};

/// Longest name of a campaign, in characters.
const NAME_MAX: usize = 80;

/// Whose campaign it is, as gates and terms need it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Owner {
    pub organisation: String,
    pub brand: String,
    pub country: Country,
    /// One person may publish alone.
    pub one_person: bool,
    /// The last day on which the brand may publish.
    pub licensed_until: Option<CivilDate>,
}

pub(crate) async fn owner(tx: &mut Tx, tenant: OrganisationId, brand: BrandId) -> Result<Owner, Error> {
    tx.query(OWNER).bind(brand).bind(tenant).maybe().await?.ok_or(Error::NotFound)
}

/// Whether one person alone may publish for the owner of a campaign that was read.
pub async fn publishes_alone(tx: &mut Tx, campaign: &Campaign) -> Result<bool, Error> {
    Ok(owner(tx, campaign.organisation_id, campaign.brand_id).await?.one_person)
}

/// Seeds and sandboxes tell of a past that was, and of worked examples without an end.
pub(crate) fn plays(actor: &Actor) -> bool {
    *actor == Actor::System || actor.needs_scope(Scope::Sandbox).is_ok()
}

/// Everything that keeps rules from being stored: bounds, and things that are not the brand's.
pub(crate) async fn wrong(tx: &mut Tx, brand: BrandId, name: &str, rules: &CampaignRules) -> Result<Vec<Missing>, Error> {
    let mut wrong: Vec<Missing> = Vec::new();
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        wrong.push(Missing::new("name", "bad_field"));
    }
    wrong.extend(rules.wrongs().into_iter().map(|one| {
        let (field, code) = one.field();
        Missing::new(field, code)
    }));
    for product in products(rules) {
        let owner: Option<(Option<BrandId>,)> = tx.query(PRODUCT_BRAND).bind(product).maybe().await?;
        if owner.and_then(|(brand,)| brand) != Some(brand) {
            wrong.push(Missing::new("rules.products", "loyalty.foreign_product"));
            break;
        }
    }
    if let Some(linked) = campaign::linked_reward(rules)
        && !reward::belongs_to(tx, linked, brand).await?
    {
        wrong.push(Missing::new("rules.threshold", "loyalty.foreign_reward"));
    }
    for shop in named_shops(rules) {
        if identity::shop::get(tx, *shop).await.is_err() {
            wrong.push(Missing::new("rules.shops", "bad_field"));
            break;
        }
    }
    Ok(wrong)
}

/// Refuses what cannot even be stored.
pub(crate) async fn check(tx: &mut Tx, new: &NewCampaign) -> Result<(), Error> {
    let wrong = wrong(tx, new.brand_id, &new.name, &new.rules).await?;
    if wrong.is_empty() { Ok(()) } else { Err(Error::Wrong(wrong)) }
}

fn products(rules: &CampaignRules) -> BTreeSet<ProductId> {
    first_products(rules, usize::MAX)
}

/// Those with a number of points of their own, and the first of the others.
fn first_products(rules: &CampaignRules, most: usize) -> BTreeSet<ProductId> {
    let tables = rules.rules.iter().filter_map(|rule| if let RuleKind::PerSku { table } = &rule.kind { Some(table.keys()) } else { None });
    rules.products.iter().take(most).chain(tables.flatten()).copied().collect()
}

fn named_shops(rules: &CampaignRules) -> &[ShopId] {
    if let ShopScope::Only(shops) = &rules.shops { shops } else { &[] }
}

/// What a draft misses, for whoever may read it.
pub async fn look(tx: &mut Tx, actor: &Actor, now: Timestamp, campaign: &Campaign) -> Result<Gates, Error> {
    actor.reads(campaign.organisation_id)?;
    let owner = owner(tx, campaign.organisation_id, campaign.brand_id).await?;
    open(tx, actor, now, campaign, &owner).await
}

/// The same with the terms that would be published.
pub(crate) async fn open(tx: &mut Tx, actor: &Actor, now: Timestamp, campaign: &Campaign, owner: &Owner) -> Result<Gates, Error> {
    let rules = &campaign.rules;
    let mut missing = wrong(tx, campaign.brand_id, &campaign.name, rules).await?;
    let linked = match campaign::linked_reward(rules) {
        Some(id) if !missing.iter().any(|one| one.code == "loyalty.foreign_reward") => Some(reward::get(tx, actor, id).await?),
        _ => None,
    };
    let terms = terms_of(tx, Some(campaign), &campaign.name, rules, linked.as_ref().map(Prize::of), owner).await?;
    if terms.trim().is_empty() {
        missing.push(Missing::new("terms", "loyalty.terms_missing"));
    }
    missing.extend(chance(rules));
    let today = identity::shop::local_date(owner.country.time_zone(), now);
    if owner.licensed_until.is_some_and(|until| until < today) {
        missing.push(Missing::new("brand_id", "loyalty.licence_expired"));
    }
    if !plays(actor) {
        missing.extend(dates(rules, campaign.published_rules.as_ref(), today));
        missing.extend(ends(rules, linked.as_ref(), owner.country));
    }
    let categories: Vec<(String,)> = categories_of(tx, rules).await?;
    let goal = goal::of_campaign(tx, campaign.organisation_id, campaign.id).await?;
    // A shop is paid in its own money: what it hands over must be of it.
    let money = rules.currency.unwrap_or(owner.country.currency());
    if rules.currency.is_some() && linked.as_ref().is_some_and(|reward| reward.currency != money) {
        missing.push(Missing::new("rules.threshold", "loyalty.reward_currency"));
    }
    let shared_prize = match goal {
        Some((goal, _)) => Some(reward::get(tx, actor, goal.reward_id).await?),
        None => None,
    };
    if shared_prize.as_ref().is_some_and(|reward| reward.stock_left.is_none_or(|left| left < 1)) && !plays(actor) {
        missing.push(Missing::new("shop_goal", "loyalty.stock_missing"));
    }
    let prize = linked.iter().chain(&shared_prize).any(|reward| for_adults(&reward.category));
    if !rules.adults_only && (prize || categories.iter().any(|(category,)| for_adults(category))) {
        missing.push(Missing::new("rules.adults_only", "loyalty.age_gate_missing"));
    }
    for country in countries(tx, campaign, owner.country).await? {
        if consent::text(country).body.trim().is_empty() {
            missing.push(Missing::new("country", "loyalty.consent_text_missing"));
        }
    }
    Ok(Gates { missing, terms })
}

/// A prize that luck decides is refused in this release; what its permit lacks is told beside it.
fn chance(rules: &CampaignRules) -> Vec<Missing> {
    let Some(chance) = &rules.chance else {
        return Vec::new();
    };
    let mut missing = vec![Missing::new("rules.chance", "loyalty.chance_refused")];
    if chance.permit_number.trim().is_empty() {
        missing.push(Missing::new("rules.chance.permit_number", "loyalty.permit_missing"));
    }
    let covers = chance.permit_from.zip(chance.permit_until).is_some_and(|(from, until)| from <= rules.starts && rules.ends <= until);
    if !covers {
        missing.push(Missing::new("rules.chance.permit_from", "loyalty.permit_dates_missing"));
    }
    missing
}

/// What is over cannot begin; a later version keeps the first day of the one in force.
fn dates(rules: &CampaignRules, published: Option<&CampaignRules>, today: CivilDate) -> Vec<Missing> {
    let mut missing = Vec::new();
    if rules.starts < today && published.is_none_or(|published| published.starts != rules.starts) {
        missing.push(Missing::new("rules.starts", "loyalty.starts_in_past"));
    }
    if rules.ends < today {
        missing.push(Missing::new("rules.ends", "loyalty.ends_in_past"));
    }
    missing
}

/// What a full card gives must have an end that somebody can pay for: so many rewards, or so many units. Mexico wants
/// the number of rewards said (Ley Federal de Protección al Consumidor, art. 48).
fn ends(rules: &CampaignRules, linked: Option<&Reward>, country: Country) -> Vec<Missing> {
    let Some(reward) = linked else {
        return Vec::new();
    };
    let budget = rules.caps.iter().any(|cap| cap.scope == CapScope::Campaign);
    match reward.stock_left {
        Some(0) => vec![Missing::new("rules.threshold", "loyalty.stock_missing")],
        None if country == Country::Mx => {
            vec![Missing::new("rules.threshold", "loyalty.stock_missing")]
        }
        None if !budget => vec![Missing::new("rules.caps", "loyalty.budget_missing")],
        _ => Vec::new(),
    }
}

async fn categories_of(tx: &mut Tx, rules: &CampaignRules) -> Result<Vec<(String,)>, Error> {
    let mut categories = Vec::new();
    for product in products(rules) {
        categories.extend(tx.query(CATEGORY).bind(product).maybe::<(String,)>().await?);
    }
    Ok(categories)
}

/// Where the campaign reaches people: at home, and in the countries of its shops.
async fn countries(tx: &mut Tx, campaign: &Campaign, home: Country) -> Result<Vec<Country>, Error> {
    let mut countries: Vec<Country> = match &campaign.rules.shops {
        ShopScope::Only(shops) => {
            let mut found = Vec::new();
            for shop in shops {
                found.extend(identity::shop::get(tx, *shop).await.ok().map(|shop| shop.country));
            }
            found
        }
        _ => tx
            .query(COUNTRIES)
            .bind(campaign.brand_id)
            .bind(campaign.organisation_id)
            .all::<(Country,)>()
            .await?
            .into_iter()
            .map(|(country,)| country)
            .collect(),
    };
    countries.push(home);
    countries.sort_by_key(|country| country.code());
    countries.dedup();
    Ok(countries)
}

/// What the consumer will read. `campaign` is the one that is there already, with its goal.
pub(crate) async fn terms_of(
    tx: &mut Tx,
    campaign: Option<&Campaign>,
    name: &str,
    rules: &CampaignRules,
    prize: Option<Prize<'_>>,
    owner: &Owner,
) -> Result<String, Error> {
    let mut names = terms::Names::new();
    for product in first_products(rules, terms::NAMED_MAX) {
        names.extend(tx.query(PRODUCT_NAME).bind(product).maybe::<(String,)>().await?.map(|(name,)| (product, name)));
    }
    let giver = Giver { organisation: &owner.organisation, brand: &owner.brand, country: owner.country };
    let goal = match campaign {
        Some(campaign) => goal::of_campaign(tx, campaign.organisation_id, campaign.id).await?,
        None => None,
    };
    Ok(terms::text(name, rules, &names, prize, goal.as_ref(), giver))
}

sql! {
    OWNER: "SELECT o.name AS organisation, b.name AS brand, o.country, o.one_person_publishes AS one_person, b.licensed_until
            FROM brand b JOIN organisation o ON o.id = b.tenant_id WHERE b.id = $1 AND b.tenant_id = $2 AND b.closed_at IS NULL";

    PRODUCT_BRAND: "SELECT brand_id FROM product WHERE id = $1";

    PRODUCT_NAME: "SELECT name FROM product WHERE id = $1";

    CATEGORY: "SELECT category FROM product WHERE id = $1";

    COUNTRIES: "SELECT DISTINCT s.country FROM shop_brand b JOIN shop s ON s.id = b.shop_id WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL";
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        Currency, RewardId,
        loyalty::{
            Rule,
            campaign::{Cap, Chance, OnExceed, Threshold, Unit},
            life::RewardAvailability,
        },
    };

    fn rules() -> CampaignRules {
        let rule = Rule { kind: RuleKind::PerUnit { units: 1, points: 1 }, min_amount_minor: None, min_units: None };
        let march = CampaignRules::new(
            Unit::Stamps,
            "2026-03-10".parse().unwrap(),
            "2026-03-31".parse().unwrap(),
            vec![ProductId::fixed(1)],
            vec![rule],
        );
        CampaignRules { threshold: Some(Threshold { need: 5, reward_id: RewardId::fixed(1) }), ..march }
    }
    fn reward(stock_left: Option<i64>) -> Reward {
        Reward {
            id: RewardId::fixed(1),
            brand_id: BrandId::fixed(1),
            name: "1 Cola".into(),
            category: String::new(),
            unit_cost_minor: 1,
            handling_fee_minor: 0,
            currency: Currency::Cop,
            stock_left,
            max_per_consumer: None,
            cost: None,
            reserve_minutes: 10,
            availability: RewardAvailability::default(),
        }
    }
    fn codes(missing: Vec<Missing>) -> Vec<String> {
        missing.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn luck_is_refused_even_with_a_permit() {
        let permit =
            Chance { permit_number: "CJ-1".into(), permit_from: "2026-03-01".parse().ok(), permit_until: "2026-04-01".parse().ok() };
        let with = |chance| codes(chance_of(chance));
        let late = Chance { permit_until: "2026-03-20".parse().ok(), ..permit.clone() };

        assert_eq!(with(Chance::default()), ["loyalty.chance_refused", "loyalty.permit_missing", "loyalty.permit_dates_missing"]);
        assert_eq!(with(late), ["loyalty.chance_refused", "loyalty.permit_dates_missing"]);
        assert_eq!(with(permit), ["loyalty.chance_refused"]);
    }
    fn chance_of(chance: Chance) -> Vec<Missing> {
        super::chance(&CampaignRules { chance: Some(chance), ..rules() })
    }

    #[test]
    fn what_is_over_cannot_begin() {
        let on = |today: &str, published: Option<&CampaignRules>| codes(dates(&rules(), published, today.parse().unwrap()));

        assert!(on("2026-03-10", None).is_empty());
        assert_eq!(on("2026-03-11", None), ["loyalty.starts_in_past"]);
        assert!(on("2026-03-11", Some(&rules())).is_empty(), "a later version of what runs");
        assert_eq!(on("2026-04-01", None), ["loyalty.starts_in_past", "loyalty.ends_in_past"]);
    }

    #[test]
    fn what_is_given_away_has_an_end() {
        let mut budget = rules();
        budget.caps = vec![Cap { scope: CapScope::Campaign, max: 1_000, on_exceed: OnExceed::Truncate }];
        let of = |rules: &CampaignRules, stock, country| codes(ends(rules, Some(&reward(stock)), country));

        assert!(of(&rules(), Some(10), Country::Co).is_empty() && of(&budget, None, Country::Co).is_empty());
        assert_eq!(of(&rules(), None, Country::Co), ["loyalty.budget_missing"]);
        assert_eq!(of(&budget, None, Country::Mx), ["loyalty.stock_missing"]);
        assert_eq!(of(&rules(), Some(0), Country::Cl), ["loyalty.stock_missing"]);
        assert!(ends(&rules(), None, Country::Co).is_empty(), "points of a brand end with its catalogue");
    }

    #[test]
    fn every_country_has_a_consent_text() {
        assert!(Country::ALL.into_iter().all(|country| !consent::text(country).body.is_empty()));
    }
}
