//! Events in order, each answer compared with what is expected, and what must hold after the last one.

use std::{collections::BTreeMap, fmt::Debug};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use shared::{
    PurchaseId, RewardId, RewardInstanceId,
    loyalty::{
        Balance, Delivery, ImportLine, ImportPurchase, LedgerTotal, NewDelivery, NewReservation, Payable, PurchaseAnswer, PurchaseReturn,
        PurchaseStatus, Reward, RewardInstance, campaign::Unit,
    },
};

use super::{
    format::{self, Amount, Event, Expect, Final, GivenReward},
    world::{CURRENCY, World, minor},
};
use crate::client::{Client, Error};

/// What the product answered, in the scenario's words.
#[derive(Debug, Default)]
struct Told {
    status: &'static str,
    reason: Option<String>,
    replayed: bool,
    awards: Vec<Amount>,
    no_award: BTreeMap<String, String>,
    reversed: Vec<Amount>,
}

/// What later events name: purchases, rewards that were held, and codes as the shops read them, because the server tells
/// none after the delivery.
#[derive(Debug, Default)]
pub struct Names {
    purchases: BTreeMap<String, PurchaseId>,
    reservations: BTreeMap<String, RewardInstanceId>,
    codes: BTreeMap<RewardInstanceId, String>,
}

/// Plays one event at its instant and compares the answer.
pub async fn event(client: &Client, world: &World, names: &mut Names, event: &Event) -> Result<()> {
    client.set_clock(event.received_at()).await?;
    let told = match event {
        Event::Purchase(purchase) => self::purchase(client, world, names, purchase).await?,
        Event::Return(back) => self::give_back(client, world, names, back).await?,
        Event::Reserve(reserve) => self::reserve(client, world, names, reserve).await?,
        Event::Release(release) => self::release(client, names, release).await?,
        Event::Deliver(deliver) => self::deliver(client, world, names, deliver).await?,
        Event::UndoDelivery(undo) => self::undo(client, world, names, undo).await?,
        Event::Claim(claim) => self::claim(client, world, claim).await?,
        Event::Review(review) => self::review(client, world, names, review).await?,
        Event::Advance(_) => Told { status: "ok", ..Told::default() },
    };
    compare(event.expect(), &told)
}

fn compare(expect: &Expect, told: &Told) -> Result<()> {
    if let Some(status) = &expect.status {
        let why = told.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        ensure!(status == told.status, "status is {}{why}, expected {status}", told.status);
    }
    if let Some(reason) = &expect.reason {
        equal("reason", told.reason.as_ref(), Some(reason))?;
    }
    if let Some(replayed) = expect.replayed {
        equal("replayed", told.replayed, replayed)?;
    }
    if let Some(awards) = &expect.awards {
        ensure!(&told.awards == awards, "awards are {}, expected {}", list(&told.awards), list(awards));
    }
    for (campaign, reason) in expect.no_award.iter().flatten() {
        // The product names the campaign, not the version that gave nothing.
        equal(&format!("no_award of {campaign}"), told.no_award.get(format::base(campaign)), Some(reason))?;
    }
    if let Some(reversed) = &expect.reversed {
        // A campaign that takes nothing back may be named or not.
        let some =
            |amounts: &[Amount]| amounts.iter().filter(|amount| amount.points.or(amount.stamps) != Some(0)).cloned().collect::<Vec<_>>();
        ensure!(some(&told.reversed) == some(reversed), "reversed are {}, expected {}", list(&told.reversed), list(reversed));
    }
    Ok(())
}

fn equal<T: PartialEq + Debug>(what: &str, is: T, expected: T) -> Result<()> {
    ensure!(is == expected, "{what} is {is:?}, expected {expected:?}");
    Ok(())
}

fn list(items: &[impl ToString]) -> String {
    format!("[{}]", items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

async fn purchase(client: &Client, world: &World, names: &mut Names, event: &format::Purchase) -> Result<Told> {
    let consumer = world.consumer(&event.consumer);
    let card_code = match event.qr_at {
        // A stranger has no code to show: the till names her.
        Some(shown_at) if world.known(&event.consumer).is_ok() => Some(client.card_code(consumer, shown_at).await?),
        _ => None,
    };
    let sale = ImportPurchase {
        external_id: event.key.as_ref().unwrap_or(&event.id).clone(),
        shop_id: world.shop(&event.pdv)?,
        consumer_id: card_code.is_none().then_some(consumer),
        card_code,
        purchased_at: event.at,
        offline: event.offline,
        lines: event.lines.iter().map(|line| self::line(world, line)).collect::<Result<_>>()?,
    };
    let answer = match told(client.send(Method::POST, "/api/v1/purchases", None, Some(serde_json::to_vec(&sale)?)).await)? {
        Ok(answer) => answer,
        Err(rejected) => return Ok(rejected),
    };
    let purchase: PurchaseAnswer = answer.json()?;
    names.purchases.insert(event.id.clone(), purchase.purchase_id);
    if !purchase.rewards.is_empty() {
        // A return may take them back before any shop reads their codes.
        instance(client, world, names, "RI1").await?;
    }
    Ok(Told { replayed: answer.replayed, ..registered(world, purchase) })
}

fn registered(world: &World, purchase: PurchaseAnswer) -> Told {
    Told {
        status: match purchase.status {
            PurchaseStatus::Accepted => "accepted",
            PurchaseStatus::Held => "held",
            PurchaseStatus::Rejected => "rejected",
        },
        awards: purchase
            .awards
            .iter()
            .map(|award| amount(world.version_name(award.campaign_version_id), award.unit, award.amount))
            .collect(),
        no_award: purchase.no_award.iter().map(|none| (world.campaign_name(none.campaign_id), none.reason.code().to_owned())).collect(),
        reason: purchase.reason,
        ..Told::default()
    }
}

/// Asks under a key of the door's own, and whether the answer is an earlier one.
async fn once<T: DeserializeOwned>(client: &Client, door: &str, key: &str, body: &impl Serialize) -> Result<(T, bool), Error> {
    let name = door.rsplit('/').next().unwrap_or_default();
    let answer = client.post_once(door, &format!("{name}:{key}"), body).await?;
    Ok((answer.json()?, answer.replayed))
}

/// A scenario may name a purchase that never was.
fn purchase_of(names: &Names, of: &str) -> PurchaseId {
    names.purchases.get(of).copied().unwrap_or(PurchaseId::fixed(0))
}

async fn give_back(client: &Client, world: &World, names: &Names, event: &format::Return) -> Result<Told> {
    let lines = match &event.lines {
        format::ReturnedLines::All(_) => json!("all"),
        format::ReturnedLines::Some(lines) => {
            lines.iter().map(|line| Ok(json!({ "gtin": world.gtin(&line.product)?, "quantity": line.qty }))).collect::<Result<_>>()?
        }
    };
    let door = format!("/api/v1/purchases/{}/returns", purchase_of(names, &event.of));
    let key = event.key.as_ref().unwrap_or(&event.id);
    let (back, replayed) = match told(once::<PurchaseReturn>(client, &door, key, &json!({ "lines": lines })).await)? {
        Ok(answer) => answer,
        Err(rejected) => return Ok(rejected),
    };
    let reversed = back
        .reversed
        .iter()
        .map(|reversed| amount(world.version_name(reversed.campaign_version_id), reversed.unit, reversed.amount))
        .collect();
    Ok(Told { status: "accepted", replayed, reversed, ..Told::default() })
}

async fn reserve(client: &Client, world: &World, names: &mut Names, event: &format::Reserve) -> Result<Told> {
    // A reward or a person that the scenario never made is one that nobody made.
    let reward_id = world.reward(&event.reward).unwrap_or(RewardId::fixed(0));
    let new = NewReservation { reward_id, consumer_id: Some(world.consumer(&event.consumer)) };
    match told(once::<RewardInstance>(client, "/api/v1/reservations", &event.id, &new).await)? {
        Ok((held, replayed)) => {
            names.codes.extend(held.code.map(|code| (held.id, code)));
            names.reservations.insert(event.id.clone(), held.id);
            Ok(Told { status: "ok", replayed, ..Told::default() })
        }
        Err(rejected) => Ok(rejected),
    }
}

async fn release(client: &Client, names: &Names, event: &format::Of) -> Result<Told> {
    let Some(held) = names.reservations.get(&event.of) else {
        return Ok(rejected("NOT_RESERVED"));
    };
    match told(once::<RewardInstance>(client, &format!("/api/v1/reservations/{held}/release"), &event.id, &json!({})).await)? {
        Ok((_, replayed)) => Ok(Told { status: "ok", replayed, ..Told::default() }),
        Err(rejected) => Ok(rejected),
    }
}

fn rejected(reason: &str) -> Told {
    Told { status: "rejected", reason: Some(reason.to_owned()), ..Told::default() }
}

/// `RI1` is the first reward that was given by itself; anything else is the event that held one.
async fn instance(client: &Client, world: &World, names: &mut Names, of: &str) -> Result<Option<RewardInstanceId>> {
    let Some(number) = of.strip_prefix("RI").and_then(|number| number.parse::<usize>().ok()) else {
        return Ok(names.reservations.get(of).copied());
    };
    let held: Vec<RewardInstanceId> = names.reservations.values().copied().collect();
    let automatic: Vec<RewardInstance> =
        rewards(client, world).await?.into_iter().map(|(_, reward)| reward).filter(|reward| !held.contains(&reward.id)).collect();
    names.codes.extend(automatic.iter().filter_map(|reward| Some((reward.id, reward.code.clone()?))));
    Ok(number.checked_sub(1).and_then(|place| automatic.get(place)).map(|reward| reward.id))
}

async fn undo(client: &Client, world: &World, names: &mut Names, event: &format::Of) -> Result<Told> {
    let Some(instance) = instance(client, world, names, &event.of).await? else {
        return Ok(rejected("NO_SUCH_REWARD"));
    };
    match told(once::<RewardInstance>(client, &format!("/api/v1/deliveries/{instance}/undo"), &event.id, &json!({})).await)? {
        Ok((_, replayed)) => Ok(Told { status: "ok", replayed, ..Told::default() }),
        Err(rejected) => Ok(rejected),
    }
}

async fn claim(client: &Client, world: &World, event: &format::Claim) -> Result<Told> {
    let body = json!({ "from": world.consumer(&event.from), "into": world.consumer(&event.into) });
    match told(client.post::<serde_json::Value>("/api/v1/sandbox/claims", &body).await)? {
        Ok(claimed) => Ok(Told { status: "ok", replayed: claimed["replayed"] == json!(true), ..Told::default() }),
        Err(rejected) => Ok(rejected),
    }
}

async fn review(client: &Client, world: &World, names: &Names, event: &format::Review) -> Result<Told> {
    let door = format!("/api/v1/purchases/{}/review", purchase_of(names, &event.of));
    match told(once::<PurchaseAnswer>(client, &door, &event.id, &json!({ "decision": event.decision })).await)? {
        Ok((decided, replayed)) => Ok(Told { replayed, ..registered(world, decided) }),
        Err(rejected) => Ok(rejected),
    }
}

fn line(world: &World, line: &format::Line) -> Result<ImportLine> {
    Ok(ImportLine {
        gtin: world.gtin(&line.product)?,
        quantity: line.qty,
        unit_price_minor: line.unit_price.as_deref().map(minor).transpose()?,
        discount_minor: line.discount.as_deref().map_or(Ok(0), minor)?,
        reward_line: line.reward_line,
    })
}

fn amount(campaign: String, unit: Unit, amount: i64) -> Amount {
    match unit {
        Unit::Points => Amount { campaign, points: Some(amount), stamps: None },
        Unit::Stamps => Amount { campaign, points: None, stamps: Some(amount) },
    }
}

async fn deliver(client: &Client, world: &World, names: &mut Names, event: &format::Deliver) -> Result<Told> {
    let Some(instance) = instance(client, world, names, &event.of).await? else {
        return Ok(rejected("NO_SUCH_REWARD"));
    };
    let code = names.codes.get(&instance).cloned().with_context(|| format!("{} has no code", event.of))?;
    let new = NewDelivery { code, shop_id: Some(world.shop(&event.pdv)?) };
    match told(once::<Delivery>(client, "/api/v1/deliveries", &event.id, &new).await)? {
        Ok((delivery, replayed)) => Ok(Told { status: "ok", replayed: replayed || delivery.replayed, ..Told::default() }),
        Err(rejected) => Ok(rejected),
    }
}

/// A refusal of the trade is an answer; anything else is a failure of the case.
fn told<T>(answer: Result<T, Error>) -> Result<Result<T, Told>> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        // The same key with other content is told by the door itself.
        Err(error) => {
            match error.code().and_then(|code| code.strip_prefix("loyalty.").or((code == "idempotency_conflict").then_some(code))) {
                Some(reason) => Ok(Err(Told { status: "rejected", reason: Some(reason.to_uppercase()), ..Told::default() })),
                None => Err(error.into()),
            }
        }
    }
}

/// Everybody's rewards in the order of their issue: an id is made when the reward is, and sorts so.
async fn rewards(client: &Client, world: &World) -> Result<Vec<(String, RewardInstance)>> {
    let mut all = Vec::new();
    for (name, consumer) in world.consumers() {
        let given: Vec<RewardInstance> = client.get(&format!("/api/v1/consumers/{consumer}/rewards")).await?;
        all.extend(given.into_iter().map(|reward| (name.to_owned(), reward)));
    }
    all.sort_by_key(|(_, reward)| reward.id);
    Ok(all)
}

/// Compares what holds after the last event.
pub async fn end(client: &Client, world: &World, end: &Final) -> Result<()> {
    for expected in &end.balances {
        balance(client, world, expected).await.with_context(|| format!("{} of {}", expected.wallet, expected.consumer))?;
    }
    if let Some(expected) = &end.rewards {
        let is: Vec<GivenReward> =
            rewards(client, world).await?.into_iter().map(|(consumer, reward)| given(world, consumer, &reward)).collect();
        ensure!(&is == expected, "rewards are {}, expected {}", list(&is), list(expected));
    }
    for expected in &end.stock {
        let reward: Reward = client.get(&format!("/api/v1/rewards/{}", world.reward(&expected.reward)?)).await?;
        equal(&format!("stock of {}", expected.reward), reward.stock_left, Some(expected.left))?;
    }
    for expected in &end.payables {
        let (brand, shop) = (world.brand(&expected.brand)?, world.shop(&expected.pdv)?);
        let owed: Vec<Payable> = client.get(&format!("/api/v1/payables?brand_id={brand}&shop_id={shop}")).await?;
        let owed = CURRENCY.major_text(owed.iter().map(|payable| payable.amount_minor).sum());
        equal(&format!("payable of {} to {}", expected.brand, expected.pdv), owed, CURRENCY.major_text(minor(&expected.amount)?))?;
    }
    if !end.ledger_totals.is_empty() {
        let totals: Vec<LedgerTotal> = client.get("/api/v1/ledger/totals").await?;
        for expected in &end.ledger_totals {
            let is = totals.iter().filter(|total| total.kind == expected.kind).map(|total| total.amount).sum();
            equal(&format!("ledger total of {}", expected.kind), is, expected.amount)?;
        }
    }
    Ok(())
}

async fn balance(client: &Client, world: &World, expected: &format::Balance) -> Result<()> {
    let (owner, unit) = expected.wallet.split_once(':').context("a wallet is owner:unit")?;
    let (brand, campaign) = match unit {
        "points" => (Some(world.brand(owner)?), None),
        "stamps" => (None, Some(world.campaign(owner)?)),
        _ => bail!("{unit} is no unit"),
    };
    let wallets: Vec<Balance> = client.get(&format!("/api/v1/consumers/{}/balances", world.known(&expected.consumer)?)).await?;
    let wallet = wallets.iter().find(|wallet| wallet.campaign_id == campaign && brand.is_none_or(|brand| wallet.brand_id == brand));
    // A wallet that never held anything need not exist.
    let is = wallet.map_or([0; 4], |wallet| [wallet.available, wallet.pending, wallet.reserved, wallet.debt]);
    let expected = [expected.available, expected.pending, expected.reserved, expected.debt];
    equal("[available, pending, reserved, debt]", is, expected)
}

fn given(world: &World, consumer: String, reward: &RewardInstance) -> GivenReward {
    let status = json!(reward.status).as_str().unwrap_or_default().to_owned();
    GivenReward { reward: world.reward_name(reward.reward_id), consumer, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        Told {
            status: "accepted",
            awards: vec![amount("K1".into(), Unit::Points, 7)],
            no_award: [("K2".to_owned(), "NO_PLI".to_owned())].into(),
            ..Told::default()
        }
    }

    fn compared(expect: serde_json::Value) -> Result<()> {
        compare(&serde_json::from_value(expect)?, &told())
    }

    #[test]
    fn what_is_not_named_is_not_asked() {
        compared(json!({})).unwrap();
        compared(json!({ "status": "accepted", "awards": [{ "campaign": "K1", "points": 7 }], "no_award": { "K2@1": "NO_PLI" } })).unwrap();
    }

    #[test]
    fn awards_are_compared_exactly() {
        for awards in [
            json!([]),
            json!([{ "campaign": "K1", "points": 8 }]),
            json!([{ "campaign": "K1", "stamps": 7 }]),
            json!([{ "campaign": "K1@1", "points": 7 }]),
        ] {
            assert!(compared(json!({ "awards": awards })).is_err(), "{awards}");
        }
    }

    #[test]
    fn every_other_word_counts_too() {
        for expect in [
            json!({ "status": "held" }),
            json!({ "reason": "TOO_OLD" }),
            json!({ "replayed": true }),
            json!({ "no_award": { "K1": "NO_PLI" } }),
            json!({ "reversed": [{ "campaign": "K1", "points": 1 }] }),
        ] {
            assert!(compared(expect.clone()).is_err(), "{expect}");
        }
    }
}
