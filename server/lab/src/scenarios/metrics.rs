//! Metric cases: a data set is lived through the REST interface in the order of its instants, and then the reports are
//! read and compared; inputs go to the sandbox's door.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    CivilDate, ConsumerId, Country, PurchaseId, Timestamp,
    loyalty::{ImportLine, ImportPurchase},
    time::{DAY_MS, MINUTE_MS},
};

use super::{
    format::{File, Scenario},
    world::{World, minor},
};
use crate::client::{Client, text};

/// A purchase this far ahead of the server's clock is held: a minute more than is believed.
const HELD_AHEAD_MS: i64 = 6 * MINUTE_MS;
/// Goods whose day of return a data set does not tell come back a day after they were sold.
const RETURNED_AFTER_MS: i64 = DAY_MS;
/// Instants without an offset are Colombia's, where the clock never changes.
const OFFSET: &str = "-05:00";
/// Whose numbers are asked.
const BRAND: &str = "B1";
/// Products as the contract's scenarios own them, for files that have metric cases alone.
const OWNERS: [(&str, Option<&str>); 5] =
    [("COLA", Some(BRAND)), ("GALL", Some(BRAND)), ("AGUA", Some(BRAND)), ("JABON", Some("B2")), ("PAN", None)];

/// A metric case, word by word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "id")]
    _id: String,
    #[serde(default, rename = "title")]
    _title: String,
    #[serde(default, rename = "why")]
    _why: String,
    metric: String,
    dataset: Option<String>,
    inputs: Option<Value>,
    expect: Value,
    /// Of a report.
    brand: Option<String>,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
    k: Option<i64>,
    min_purchases: Option<i64>,
    window_days: Option<i64>,
    /// Registered at or after the first, before the second.
    cohort: Option<(String, String)>,
    /// The same in words.
    population: Option<String>,
}

/// What happened, for metrics to be read from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dataset {
    #[serde(default)]
    note: String,
    brand: Option<String>,
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
    #[serde(default)]
    products: Vec<DataProduct>,
    pdvs: Vec<DataPdv>,
    consumers: Vec<DataConsumer>,
    #[serde(default)]
    claims: Vec<DataClaim>,
    purchases: Vec<DataPurchase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataProduct {
    id: String,
    brand: Option<String>,
    srp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataPdv {
    id: String,
    tz: Option<String>,
    enrolled: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataConsumer {
    id: String,
    registered: Option<String>,
    works_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataClaim {
    #[serde(alias = "card")]
    from: String,
    #[serde(alias = "consumer")]
    into: String,
    at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataPurchase {
    id: String,
    at: String,
    received_at: Option<String>,
    pdv: String,
    consumer: String,
    status: String,
    /// Product, quantity, unit price, discount.
    lines: Vec<(String, i64, String, String)>,
    /// Product and quantity.
    #[serde(default)]
    returned: Vec<(String, i64)>,
    returned_at: Option<String>,
}

/// Something of the data set at its instant; equal ones stay in this order.
#[derive(Debug, Clone, Copy)]
enum Fact<'d> {
    Enrolled(&'d DataPdv),
    Registered(&'d DataConsumer),
    Bought(&'d DataPurchase),
    Returned(&'d DataPurchase),
    Claimed(&'d DataClaim),
}

/// Plays a case on a fresh installation.
pub async fn play(client: &Client, file: &File, case: &Value) -> Result<()> {
    let case: Case = serde_json::from_value(case.clone())?;
    match (&case.dataset, &case.inputs) {
        (None, Some(inputs)) => {
            let told: Value = match client.post(&format!("/api/v1/sandbox/metrics/{}", case.metric), inputs).await {
                Err(error) if error.code() == Some("not_found") => {
                    bail!("the product has no metric {}", case.metric)
                }
                other => other?,
            };
            within("", &case.expect, &told)
        }
        (Some(name), None) => {
            let dataset = file.metric_datasets.get(name).with_context(|| format!("the file has no data set {name}"))?;
            let dataset: Dataset = serde_json::from_value(dataset.clone()).context("data set")?;
            let world = live(client, file, &dataset).await?;
            let report: Value = client.get(&address(&world, &dataset, &case)?).await?;
            compare(&case, &report["values"])
        }
        _ => bail!("a metric case names a data set or has inputs"),
    }
}

/// An instant of the file; without an offset it is Colombia's.
fn instant(text: &str) -> Result<Timestamp> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00") };
    whole.parse().or_else(|_| format!("{whole}{OFFSET}").parse()).with_context(|| format!("{text:?} is no instant"))
}

/// Everything that happened, in order.
fn timeline(dataset: &Dataset) -> Result<Vec<(Timestamp, Fact<'_>)>> {
    let mut facts = Vec::new();
    for pdv in &dataset.pdvs {
        ensure!(pdv.tz.as_deref().is_none_or(|tz| tz == Country::Co.time_zone()), "{}: a data set's instants are Colombia's", pdv.id);
        if let Some(enrolled) = &pdv.enrolled {
            facts.push((instant(enrolled)?, Fact::Enrolled(pdv)));
        }
    }
    // Cards without a day of registration were there from the beginning.
    let first =
        dataset.purchases.iter().map(|purchase| instant(&purchase.at)).collect::<Result<Vec<_>>>()?.into_iter().min().unwrap_or_default();
    for consumer in &dataset.consumers {
        let at = consumer.registered.as_deref().map_or(Ok(first), instant)?;
        facts.push((at, Fact::Registered(consumer)));
    }
    for purchase in &dataset.purchases {
        let at = instant(purchase.received_at.as_ref().unwrap_or(&purchase.at))?;
        facts.push((at, Fact::Bought(purchase)));
        if !purchase.returned.is_empty() {
            let back = purchase.returned_at.as_deref().map_or(Ok(at.plus_ms(RETURNED_AFTER_MS)), instant)?;
            facts.push((back, Fact::Returned(purchase)));
        }
    }
    let last = facts.iter().map(|(at, _)| *at).max().unwrap_or_default();
    for claim in &dataset.claims {
        facts.push((claim.at.as_deref().map_or(Ok(last), instant)?, Fact::Claimed(claim)));
    }
    facts.sort_by_key(|(at, _)| *at);
    Ok(facts)
}

/// Shops, brands and products before anything happens, then every fact at its instant.
async fn live(client: &Client, file: &File, dataset: &Dataset) -> Result<World> {
    let facts = timeline(dataset)?;
    let (first, _) = facts.first().context("nothing happens in the data set")?;
    let world = World::make(client, &setup(file, dataset, *first)?).await.context("setup")?;
    let mut names = Names::default();
    let brand = world.brand(dataset.brand.as_deref().unwrap_or(BRAND))?;
    for (at, fact) in &facts {
        client.set_clock(*at).await?;
        match fact {
            Fact::Enrolled(pdv) => {
                let shops = json!({ "shop_ids": [world.shop(&pdv.id)?] });
                client.post::<Value>(&format!("/api/v1/brands/{brand}/shops"), &shops).await.map(drop)?;
            }
            Fact::Registered(consumer) => names.register(client, &world, consumer).await.with_context(|| consumer.id.clone())?,
            Fact::Bought(purchase) => names.buy(client, &world, purchase, *at).await.with_context(|| purchase.id.clone())?,
            Fact::Returned(purchase) => {
                names.give_back(client, &world, purchase).await.with_context(|| format!("return of {}", purchase.id))?
            }
            Fact::Claimed(claim) => {
                let body = json!({ "from": names.consumer(&claim.from)?, "into": names.consumer(&claim.into)? });
                client
                    .post::<Value>("/api/v1/sandbox/claims", &body)
                    .await
                    .map(drop)
                    .with_context(|| format!("claim of {}", claim.from))?;
            }
        }
    }
    Ok(world)
}

/// The places and goods of the data set as a scenario without people, whose first event is the data set's.
fn setup(file: &File, dataset: &Dataset, first: Timestamp) -> Result<Scenario> {
    let pdvs: Vec<Value> = dataset.pdvs.iter().map(|pdv| json!({ "id": pdv.id, "tz": Country::Co.time_zone() })).collect();
    let mut products: BTreeMap<String, Value> =
        OWNERS.iter().map(|(id, brand)| ((*id).to_owned(), json!({ "id": id, "brand": brand, "srp": null }))).collect();
    for known in file.scenarios.iter().filter_map(|scenario| scenario["setup"]["products"].as_array()).flatten() {
        products.insert(text(known, "id"), json!({ "id": known["id"], "brand": known["brand"], "srp": null }));
    }
    for named in &dataset.products {
        products.insert(named.id.clone(), json!({ "id": named.id, "brand": named.brand, "srp": named.srp }));
    }
    for (product, ..) in dataset.purchases.iter().flat_map(|purchase| &purchase.lines) {
        ensure!(products.contains_key(product), "nobody says whose product {product} is");
    }
    let products: Vec<Value> = products.into_values().collect();
    let scenario = json!({ "id": "data set", "setup": { "pdvs": pdvs, "products": products }, "events": [{ "id": "first", "type": "advance", "at": first }] });
    Ok(serde_json::from_value(scenario)?)
}

/// What the server called people and purchases of the data set.
#[derive(Default)]
struct Names {
    consumers: BTreeMap<String, ConsumerId>,
    purchases: BTreeMap<String, PurchaseId>,
}

impl Names {
    fn consumer(&self, name: &str) -> Result<ConsumerId> {
        self.consumers.get(name).copied().with_context(|| format!("nobody is called {name} yet"))
    }

    async fn register(&mut self, client: &Client, world: &World, consumer: &DataConsumer) -> Result<()> {
        let works_at = consumer.works_at.as_deref().map(|pdv| world.shop(pdv)).transpose()?;
        let new = json!({ "name": consumer.id, "country": Country::Co, "anonymous": consumer.id.starts_with('A'), "adult": true, "works_at": works_at });
        let made: Value = client.post("/api/v1/sandbox/consumers", &new).await?;
        self.consumers.insert(consumer.id.clone(), text(&made, "consumer_id").parse()?);
        Ok(())
    }

    async fn buy(&mut self, client: &Client, world: &World, purchase: &DataPurchase, clock: Timestamp) -> Result<()> {
        let at = instant(&purchase.at)?;
        let line = |(product, quantity, price, discount): &(String, i64, String, String)| {
            Ok(ImportLine {
                gtin: world.gtin(product)?,
                quantity: *quantity,
                unit_price_minor: Some(minor(price)?),
                discount_minor: minor(discount)?,
                reward_line: false,
            })
        };
        let sale = ImportPurchase {
            external_id: purchase.id.clone(),
            shop_id: world.shop(&purchase.pdv)?,
            consumer_id: Some(self.consumer(&purchase.consumer)?),
            card_code: None,
            // A clock that is ahead holds a purchase and is then taken for the server's.
            purchased_at: if purchase.status == "accepted" { at } else { clock.plus_ms(HELD_AHEAD_MS) },
            offline: false,
            lines: purchase.lines.iter().map(line).collect::<Result<_>>()?,
        };
        let answer: Value = client.post("/api/v1/purchases", &sale).await?;
        let id: PurchaseId = text(&answer, "purchase_id").parse()?;
        self.purchases.insert(purchase.id.clone(), id);
        let mut status = text(&answer, "status");
        if purchase.status == "rejected" {
            let reviewed =
                client.post_once(&format!("/api/v1/purchases/{id}/review"), &purchase.id, &json!({ "decision": "reject" })).await?;
            status = text(&reviewed.json()?, "status");
        }
        ensure!(status == purchase.status, "status is {status}, expected {}", purchase.status);
        Ok(())
    }

    async fn give_back(&self, client: &Client, world: &World, purchase: &DataPurchase) -> Result<()> {
        let id = self.purchases.get(&purchase.id).with_context(|| format!("there is no purchase {}", purchase.id))?;
        let lines = purchase
            .returned
            .iter()
            .map(|(product, quantity)| Ok(json!({ "gtin": world.gtin(product)?, "quantity": quantity })))
            .collect::<Result<Vec<_>>>()?;
        client
            .post_once(&format!("/api/v1/purchases/{id}/returns"), &format!("{}-return", purchase.id), &json!({ "lines": lines }))
            .await
            .map(drop)?;
        Ok(())
    }
}

/// The report's address. What neither case nor data set says of the period is read from the data set's note: a whole
/// calendar month before its `as_of`.
fn address(world: &World, dataset: &Dataset, case: &Case) -> Result<String> {
    let noted = dataset
        .note
        .split_once("as_of ")
        .and_then(|(_, rest)| rest.split([' ', ',', ';']).next())
        .map(|text| text.trim_end_matches('.').to_owned());
    let as_of = case.as_of.clone().or(dataset.as_of.clone()).or(noted).context("the data set does not say as of when")?;
    let day = |text: &str| text.get(..10).unwrap_or(text).parse::<CivilDate>().with_context(|| format!("{text:?} has no date"));
    let to = case.to.as_ref().or(dataset.to.as_ref()).map_or_else(|| day(&as_of), |text| day(text))?;
    let from = match case.from.as_ref().or(dataset.from.as_ref()) {
        Some(text) => day(text)?,
        None => to.plus_days(-1).and_then(|last| CivilDate::new(last.year(), last.month(), 1)).context("a period begins on a date")?,
    };
    let brand = world.brand(case.brand.as_deref().or(dataset.brand.as_deref()).unwrap_or(BRAND))?;
    let mut address = format!(
        "/api/v1/reports/{}?brand_id={brand}&from={from}&to={to}&as_of={}&k={}",
        case.metric,
        instant(&as_of)?,
        case.k.unwrap_or(1)
    );
    for (name, value) in [("min_purchases", case.min_purchases), ("window_days", case.window_days)] {
        if let Some(value) = value {
            address.push_str(&format!("&{name}={value}"));
        }
    }
    if let Some((from, until)) = cohort(case, to)? {
        address.push_str(&format!("&cohort_from={from}&cohort_to={until}"));
    }
    Ok(address)
}

/// Who is looked at, when it is not who registered in the report's own period.
fn cohort(case: &Case, to: CivilDate) -> Result<Option<(Timestamp, Timestamp)>> {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    if let Some((from, until)) = &case.cohort {
        return Ok(Some((instant(from)?, instant(until)?)));
    }
    let Some(words) = &case.population else {
        return Ok(None);
    };
    if words == "registered" || words == "all registered" {
        return Ok(Some((Timestamp(0), instant(&to.to_string())?)));
    }
    let month = words.strip_prefix("registered in ").and_then(|name| (1..).zip(MONTHS).find(|(_, month)| *month == name));
    let (month, _) = month.with_context(|| format!("{words:?} is no population that the product knows"))?;
    let year = to.plus_days(-1).context("a year")?.year();
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let edges = CivilDate::new(year, month, 1).zip(CivilDate::new(next.0, next.1, 1)).context("a month of the calendar")?;
    Ok(Some((instant(&edges.0.to_string())?, instant(&edges.1.to_string())?)))
}

/// Every expected field. Rows are found by the name of their product or shop, and there are no others.
fn compare(case: &Case, values: &Value) -> Result<()> {
    let Some(expected) = case.expect.as_array() else {
        return within("", &case.expect, values);
    };
    let (list, name, names) = match case.metric.as_str() {
        "sales_per_pli" => ("products", "product", ["product", "product"]),
        "shop_performance" => ("shops", "shop", ["shop", "pdv"]),
        "rfm" => ("segments", "segment", ["segment", "segment"]),
        other => bail!("{other} has no rows"),
    };
    let rows = values[list].as_array().context("the report has no rows")?;
    let sold: Vec<&Value> = rows.iter().filter(|row| row["units"] != json!(0)).collect();
    ensure!(
        case.metric != "sales_per_pli" || sold.len() == expected.len(),
        "{} products were sold, expected {}",
        sold.len(),
        expected.len()
    );
    for wanted in expected {
        let called = names.iter().find_map(|key| wanted[*key].as_str()).context("a row has a name")?;
        let row = rows.iter().find(|row| row[name] == called).with_context(|| format!("the report has no {called}"))?;
        let mut wanted = wanted.clone();
        if let Some(fields) = wanted.as_object_mut() {
            fields.retain(|key, _| !names.contains(&key.as_str()));
        }
        within(called, &wanted, row)?;
    }
    Ok(())
}

/// Each expected member is there and equal; the product may tell more. Lists are equal as they are.
fn within(place: &str, expected: &Value, told: &Value) -> Result<()> {
    match (expected, told) {
        (Value::Object(expected), Value::Object(told)) => {
            for (name, expected) in expected {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                within(&place, expected, told.get(name).with_context(|| format!("{place} is not told"))?)?;
            }
            Ok(())
        }
        _ => {
            ensure!(expected == told, "{place} is {told}, expected {expected}");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset() -> Dataset {
        serde_json::from_value(json!({
            "note": "Period = March 2026, as_of 2026-04-01T00:00:00-05:00. All times -05:00.",
            "pdvs": [{ "id": "P1", "enrolled": "2026-02-15" }],
            "consumers": [{ "id": "C1", "registered": "2026-03-01T00:00:00" }, { "id": "A1" }],
            "claims": [{ "from": "A1", "into": "C1" }],
            "purchases": [{ "id": "T1", "at": "2026-03-02T10:00:00", "pdv": "P1", "consumer": "C1", "status": "accepted", "lines": [["COLA", 3, "2500", "0"]], "returned": [["COLA", 1]] }],
        }))
        .unwrap()
    }

    #[test]
    fn facts_happen_in_the_order_of_their_instants() {
        let dataset = dataset();
        let order: Vec<String> = timeline(&dataset)
            .unwrap()
            .iter()
            .map(|(at, fact)| format!("{at} {}", format!("{fact:?}").split('(').next().unwrap()))
            .collect();

        assert_eq!(
            order,
            [
                "2026-02-15T05:00:00.000Z Enrolled",
                "2026-03-01T05:00:00.000Z Registered",
                "2026-03-02T15:00:00.000Z Registered",
                "2026-03-02T15:00:00.000Z Bought",
                "2026-03-03T15:00:00.000Z Returned",
                "2026-03-03T15:00:00.000Z Claimed"
            ]
        );
    }

    #[test]
    fn a_population_is_a_month_or_everybody() {
        let case = |words: &str| {
            serde_json::from_value::<Case>(
                json!({ "id": "EM06", "metric": "frequency", "dataset": "D1", "population": words, "expect": {} }),
            )
            .unwrap()
        };
        let to: CivilDate = "2026-04-01".parse().unwrap();
        let told = |words: &str| cohort(&case(words), to).map(|edges| edges.map(|(from, until)| format!("{from} {until}")));

        assert_eq!(told("registered in March").unwrap().unwrap(), "2026-03-01T05:00:00.000Z 2026-04-01T05:00:00.000Z");
        assert_eq!(told("registered").unwrap().unwrap(), "1970-01-01T00:00:00.000Z 2026-04-01T05:00:00.000Z");
        assert!(told("people with hats").is_err());
    }

    #[test]
    fn every_expected_field_is_compared_and_rows_are_found_by_name() {
        let told = json!({ "products": [{ "product": "GALL", "units": 8, "more": 1 }, { "product": "COLA", "units": 11 }, { "product": "AGUA", "units": 0 }] });
        let case = |expect: Value| {
            serde_json::from_value::<Case>(json!({ "id": "EM01", "metric": "sales_per_pli", "dataset": "D1", "expect": expect })).unwrap()
        };

        compare(&case(json!([{ "product": "COLA", "units": 11 }, { "product": "GALL", "units": 8 }])), &told).unwrap();
        for (expect, said) in [
            (json!([{ "product": "COLA", "units": 12 }, { "product": "GALL", "units": 8 }]), "COLA.units is 11, expected 12"),
            (json!([{ "product": "COLA", "units": 11 }]), "2 products were sold, expected 1"),
            (json!([{ "product": "COLA", "units": 11 }, { "product": "GALL", "buyers": 3 }]), "GALL.buyers is not told"),
        ] {
            assert_eq!(compare(&case(expect), &told).unwrap_err().to_string(), said);
        }
        assert!(serde_json::from_value::<Case>(json!({ "id": "E", "metric": "nps", "colour": 1, "expect": {} })).is_err());
    }
}
