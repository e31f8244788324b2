//! A campaign while somebody types it: everything is text, and the page's address holds it.
//!
//! So a reload, a shared link and a refused post keep what was typed, with and without scripts.

use serde::{Deserialize, Serialize};

/// What the fields hold. Field names are those of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The campaign that is changed; empty: a new one.
    pub(crate) campaign: String,
    pub(crate) brand: String,
    /// `stamp_card`, `visit_card`, `points_per_unit`, `double_days`, `points_per_value`.
    pub(crate) template: String,
    pub(crate) name: String,
    pub(crate) starts: String,
    pub(crate) ends: String,
    pub(crate) products: Vec<String>,
    pub(crate) units: String,
    /// Or stamps.
    pub(crate) points: String,
    /// Money.
    pub(crate) step: String,
    pub(crate) need: String,
    /// Least value of a visit; empty: none.
    pub(crate) least: String,
    /// Days of the week with twice as many, Monday 1.
    pub(crate) days: Vec<String>,
    /// An existing one; empty: the next three make one.
    pub(crate) reward: String,
    pub(crate) reward_name: String,
    pub(crate) reward_cost: String,
    /// Empty: no end.
    pub(crate) reward_stock: String,
    /// With commas between; empty: everywhere.
    pub(crate) zones: String,
    /// With commas between.
    pub(crate) distributors: String,
    /// Units of the whole campaign; empty: no end.
    pub(crate) budget: String,
    /// `on`: only for adults.
    pub(crate) adults: String,
}

impl Draft {
    /// Its card fills with stamps.
    pub(crate) fn stamps(&self) -> bool {
        matches!(self.template.as_str(), "stamp_card" | "visit_card")
    }
    /// Something is said that few campaigns need.
    pub(crate) fn limited(&self) -> bool {
        [&self.zones, &self.distributors, &self.budget, &self.adults].into_iter().any(|text| !text.trim().is_empty())
    }
}

/// A field and the code of what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    pub(crate) field: String,
    pub(crate) code: String,
}

#[cfg(feature = "ssr")]
pub(crate) use server::{Scene, wrong_of};

#[cfg(feature = "ssr")]
mod server {
    use std::str::FromStr;

    use identity::Actor;
    use kit::UiError;
    use loyalty::template::{self, Answers, ChosenReward, Extras, Mechanic};
    use shared::{
        CivilDate, Country, Currency, Problem, Timestamp,
        catalogue::Product,
        format,
        identity::{Brand, Organisation},
        loyalty::{
            Campaign, NewReward, Reward, RuleKind, Template,
            campaign::{CapScope, ShopGroup, ShopScope},
        },
    };

    use super::{Draft, Wrong};

    /// Days that a new campaign lasts, until somebody says otherwise.
    const DAYS: i64 = 30;

    /// What a draft is about.
    pub(crate) struct Scene {
        pub(crate) draft: Draft,
        pub(crate) organisation: Organisation,
        /// The date at the organisation.
        today: CivilDate,
        pub(crate) brand: Brand,
        pub(crate) campaign: Option<Campaign>,
        /// Of the brand.
        pub(crate) products: Vec<Product>,
        /// Of the brand.
        pub(crate) rewards: Vec<Reward>,
        /// Where shops of the brand are.
        pub(crate) zones: Vec<String>,
    }

    impl Draft {
        /// From a page's query or a form's body. What cannot be read is empty.
        fn read(query: &str) -> Self {
            // Browsers write `[]` encoded, which the strict reading refuses.
            serde_qs::Config::new(2, false).deserialize_str(query).unwrap_or_default()
        }
        /// As a query.
        pub(crate) fn query(&self) -> String {
            serde_qs::to_string(self).unwrap_or_default()
        }
        /// Nothing was typed yet: what most campaigns begin with.
        fn begin(&mut self, today: CivilDate) {
            let text = |text: &str| text.to_owned();
            self.starts = today.to_string();
            self.ends = today.plus_days(DAYS - 1).unwrap_or(today).to_string();
            self.units = text("1");
            self.need = text("5");
            self.step = text("1000");
            self.points = text(if matches!(self.template.as_str(), "points_per_unit" | "double_days") { "10" } else { "1" });
            if self.template == "double_days" {
                self.days = vec![text("2")];
            }
        }
        /// What is stored.
        fn of(campaign: &Campaign, country: Country) -> Self {
            let mut draft = Self {
                campaign: campaign.id.to_string(),
                brand: campaign.brand_id.to_string(),
                name: campaign.name.clone(),
                starts: campaign.rules.starts.to_string(),
                ends: campaign.rules.ends.to_string(),
                products: campaign.rules.products.iter().map(ToString::to_string).collect(),
                template: match campaign.template {
                    Template::StampCard => "stamp_card",
                    Template::VisitCard => "visit_card",
                    Template::DoubleDays => "double_days",
                    Template::PointsPerUnit => "points_per_unit",
                    Template::PointsPerValue => "points_per_value",
                    Template::Custom => "",
                }
                .to_owned(),
                ..Self::default()
            };
            match campaign.rules.rules.first().map(|rule| &rule.kind) {
                Some(RuleKind::PerUnit { units, points }) => (draft.units, draft.points) = (units.to_string(), points.to_string()),
                Some(RuleKind::PerAmount { step_minor, points, .. }) => {
                    (draft.step, draft.points) = (format::money_field(*step_minor, country.currency()), points.to_string());
                }
                _ => {}
            }
            if let Some(least) = campaign.rules.rules.first().and_then(|rule| rule.min_amount_minor) {
                draft.least = format::money_field(least, country.currency());
            }
            if let Some(days) = template::double_days(&campaign.rules) {
                draft.days = days.iter().map(ToString::to_string).collect();
            }
            if let ShopScope::Where(group) = &campaign.rules.shops {
                (draft.zones, draft.distributors) = (group.zones.join(", "), group.distributors.join(", "));
            }
            if let Some(cap) = campaign.rules.caps.iter().find(|cap| cap.scope == CapScope::Campaign) {
                draft.budget = cap.max.to_string();
            }
            if campaign.rules.adults_only {
                draft.adults = "on".to_owned();
            }
            if let Some(threshold) = campaign.rules.threshold {
                (draft.need, draft.reward) = (threshold.need.to_string(), threshold.reward_id.to_string());
            }
            draft
        }
    }

    impl Scene {
        /// A draft with everything that its words may name. Only of the actor's own organisation.
        pub(crate) async fn load(tx: &mut db::Tx, actor: &Actor, now: Timestamp, query: &str) -> Result<Self, UiError> {
            let fresh = !query.split('&').any(|pair| pair.starts_with("starts="));
            Self::made(tx, actor, now, Draft::read(query), fresh).await
        }
        /// A whole draft, as a form posts it.
        pub(crate) async fn of(tx: &mut db::Tx, actor: &Actor, now: Timestamp, draft: Draft) -> Result<Self, UiError> {
            Self::made(tx, actor, now, draft, false).await
        }
        /// `fresh`: nothing was typed yet, so that it begins with what is stored, or with what most campaigns have.
        async fn made(tx: &mut db::Tx, actor: &Actor, now: Timestamp, mut draft: Draft, fresh: bool) -> Result<Self, UiError> {
            let organisation = identity::organisation::own(tx, actor).await?;
            actor.manages(organisation.id)?;
            let campaign = match draft.campaign.as_str() {
                "" => None,
                id => Some(loyalty::campaign::get(tx, actor, now, id.parse().map_err(|_| Problem::not_found())?).await?),
            };
            let today = identity::shop::local_date(organisation.country.time_zone(), now);
            match campaign.as_ref().filter(|_| fresh) {
                Some(campaign) => draft = Draft::of(campaign, organisation.country),
                None if fresh => draft.begin(today),
                None => {}
            }
            let brands = identity::organisation::brands(tx, actor).await?;
            let brand = brands
                .iter()
                .find(|brand| brand.id.to_string() == draft.brand)
                .or(brands.first())
                .cloned()
                .ok_or_else(Problem::not_found)?;
            draft.brand = brand.id.to_string();
            let products =
                catalogue::product::of_tenant(tx, actor).await?.into_iter().filter(|product| product.brand_id == Some(brand.id)).collect();
            let rewards = loyalty::reward::list(tx, actor, now).await?.into_iter().filter(|reward| reward.brand_id == brand.id).collect();
            let zones = identity::participation::zones(tx, actor, brand.id).await?;
            Ok(Self { draft, organisation, today, brand, campaign, products, rewards, zones })
        }

        /// The draft as answers, or everything that is wrong with it.
        pub(crate) fn answers(&self) -> Result<Answers, Vec<Wrong>> {
            let Draft { campaign, template, name, starts, ends, products, units, points, step, need, least, .. } = &self.draft;
            let mut form = Form { wrong: Vec::new() };
            if name.trim().is_empty() {
                form.refuse("name", "required");
            }
            let currency = self.organisation.country.currency();
            let (starts, ends) = (form.date("starts", starts, self.today), form.date("ends", ends, self.today));
            let chosen = products.iter().filter_map(|id| id.parse().ok()).collect::<Vec<_>>();
            if chosen.is_empty() {
                form.refuse("products", "loyalty.products_missing");
            }
            let mechanic = match template.as_str() {
                "points_per_unit" => Mechanic::PointsPerUnit { units: form.number("units", units), points: form.number("points", points) },
                "double_days" => {
                    let mut days: Vec<u8> = self.draft.days.iter().filter_map(|day| day.parse().ok()).collect();
                    days.sort_unstable();
                    days.dedup();
                    if days.is_empty() {
                        form.refuse("days", "required");
                    }
                    Mechanic::DoubleDays { units: form.number("units", units), points: form.number("points", points), days }
                }
                "points_per_value" => {
                    Mechanic::PointsPerValue { step_minor: form.money("step", step, 1, currency), points: form.number("points", points) }
                }
                "stamp_card" => {
                    let (units, stamps, need) = (form.number("units", units), form.number("points", points), form.number("need", need));
                    Mechanic::StampCard { units, stamps, need, reward: self.reward(&mut form, &chosen, currency) }
                }
                "visit_card" => {
                    let least_minor = if least.trim().is_empty() { 0 } else { form.money("least", least, 0, currency) };
                    let need = form.number("need", need);
                    Mechanic::VisitCard { least_minor, need, reward: self.reward(&mut form, &chosen, currency) }
                }
                _ => {
                    form.refuse("template", "loyalty.custom_rules");
                    Mechanic::PointsPerUnit { units: 1, points: 1 }
                }
            };
            let extras = self.extras(&mut form);
            if !form.wrong.is_empty() {
                return Err(form.wrong);
            }
            Ok(Answers {
                campaign: campaign.parse().ok(),
                brand_id: self.brand.id,
                name: name.clone(),
                starts,
                ends,
                products: chosen,
                mechanic,
                extras,
            })
        }

        /// What a full card gives: one that is offered already, or a new one.
        fn reward(&self, form: &mut Form, chosen: &[shared::ProductId], currency: Currency) -> ChosenReward {
            let Draft { reward, reward_name, reward_cost, reward_stock, .. } = &self.draft;
            if let Ok(id) = reward.parse() {
                return ChosenReward::Existing(id);
            }
            if reward_name.trim().is_empty() {
                form.refuse("reward_name", "required");
            }
            let unit_cost_minor = form.money("reward_cost", reward_cost, 0, currency);
            let stock = if reward_stock.trim().is_empty() { None } else { Some(form.number("reward_stock", reward_stock)) };
            // The drawing of what takes part is the best guess at what is given.
            let of = self.products.iter().find(|product| chosen.contains(&product.id));
            ChosenReward::New(NewReward {
                brand_id: self.brand.id,
                name: reward_name.trim().to_owned(),
                category: of.map(|product| product.category.clone()).unwrap_or_default(),
                unit_cost_minor,
                handling_fee_minor: 0,
                currency,
                stock,
                max_per_consumer: None,
                cost: None,
                reserve_minutes: None,
            })
        }

        /// What few campaigns need.
        fn extras(&self, form: &mut Form) -> Extras {
            let names = |text: &str| -> Vec<String> {
                text.split([',', ';', '\n']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
            };
            let places = ShopGroup { zones: names(&self.draft.zones), distributors: names(&self.draft.distributors) };
            for (field, names) in [("zones", &places.zones), ("distributors", &places.distributors)] {
                if names.len() > ShopGroup::NAMES_MAX || names.iter().any(|name| name.chars().count() > ShopGroup::NAME_MAX) {
                    form.refuse(field, "too_long");
                }
            }
            let budget = if self.draft.budget.trim().is_empty() { None } else { Some(form.number("budget", &self.draft.budget)) };
            Extras { places, budget, adults_only: !self.draft.adults.is_empty() }
        }
    }

    /// Collects what is wrong, so that a person corrects everything at once.
    struct Form {
        wrong: Vec<Wrong>,
    }

    impl Form {
        fn refuse(&mut self, field: &str, code: &str) {
            self.wrong.push(Wrong { field: field.to_owned(), code: code.to_owned() });
        }
        fn number(&mut self, field: &str, text: &str) -> i64 {
            let text = text.trim();
            match i64::from_str(text) {
                Ok(number) if (1..=1_000_000_000).contains(&number) => number,
                _ => {
                    self.refuse(field, if text.is_empty() { "required" } else { "out_of_range" });
                    1
                }
            }
        }
        fn money(&mut self, field: &str, text: &str, least: i64, currency: Currency) -> i64 {
            match format::typed_money(text, currency) {
                Some(minor) if minor >= least => minor,
                _ => {
                    self.refuse(field, if text.trim().is_empty() { "required" } else { "out_of_range" });
                    least
                }
            }
        }
        fn date(&mut self, field: &str, text: &str, instead: CivilDate) -> CivilDate {
            text.parse().unwrap_or_else(|_| {
                self.refuse(field, if text.is_empty() { "required" } else { "bad_date" });
                instead
            })
        }
    }

    /// The form's field behind a refusal of the domain.
    pub(crate) fn wrong_of(error: loyalty::Error) -> Result<Vec<Wrong>, UiError> {
        let problem = Problem::from(error);
        if problem.status >= 500 || matches!(problem.status, 401 | 403 | 404) {
            return Err(UiError(problem));
        }
        let field = problem.fields.first().map(|field| field.field.as_str()).unwrap_or_default();
        let own = match field {
            "rules" => "points",
            "rules.products" => "products",
            "rules.threshold" => "reward",
            "unit_cost_minor" => "reward_cost",
            "stock" => "reward_stock",
            "rules.shops" => "zones",
            "rules.caps" => "budget",
            other => other,
        };
        Ok(vec![Wrong { field: own.to_owned(), code: problem.code }])
    }
}
