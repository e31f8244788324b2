//! What a basket would earn, as far as the phone can know without the server: no balances, no consumer, no caps.

use kit::{json, net::device_ms};
use leptos::prelude::*;
use serde::Serialize;
use shared::{
    LocalTime, ShopId, Timestamp,
    catalogue::Product,
    loyalty::{
        PreviewPurchase, PurchaseAnswer, ShopCampaign,
        evaluation::{Facts, Line, Used, evaluate, merge},
        queue::Gain,
    },
};

use crate::{
    basket::Basket,
    scan::{Counter, State},
};

/// The parameter of `preview`.
#[derive(Serialize)]
struct Previewed {
    basket: PreviewPurchase,
}

/// What the basket would earn: at once by the phone's own rules, and 300 ms after the last change as the server says.
pub(crate) fn follows(state: State, counter: StoredValue<Counter>) {
    let turn = StoredValue::new(0_u32);
    let campaigns = StoredValue::new((String::new(), Vec::<ShopCampaign>::new()));
    kit::effect(move |_| {
        let basket = state.basket.get();
        let customer = state.customer.get();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        if basket.lines.is_empty() {
            state.estimate.set(None);
            return;
        }
        let now_ms = device_ms();
        let at = Timestamp(now_ms + state.skew_ms.get_untracked());
        let own = counter.with_value(|counter| {
            if campaigns.with_value(|(text, _)| *text != counter.campaigns) {
                campaigns.set_value((counter.campaigns.clone(), json::read(&counter.campaigns).unwrap_or_default()));
            }
            campaigns.with_value(|(_, campaigns)| estimate(campaigns, &counter.products, &basket, counter.shop, kit::net::on_the_wall(at)))
        });
        state.estimate.set(Some(own));
        if !state.online.get_untracked() {
            return;
        }
        set_timeout(
            move || {
                if turn.try_get_value() != Some(mine) {
                    return;
                }
                let skew = state.skew_ms.get_untracked();
                let scanned_at = customer.as_ref().map(|customer| Timestamp(customer.scanned_at_ms + skew));
                let basket =
                    PreviewPurchase { card_code: customer.map(|customer| customer.code), scanned_at, lines: basket.import_lines() };
                leptos::task::spawn_local(async move {
                    let body = json::written(&Previewed { basket });
                    if let Ok(answer) = kit::ask::<PurchaseAnswer>("/fn/tendero/preview", &body).await
                        && turn.try_get_value() == Some(mine)
                    {
                        state.estimate.set(Some(Gain::of(&answer)));
                    }
                });
            },
            std::time::Duration::from_millis(300),
        );
    });
}

/// The sum over the campaigns that the phone knows; a promise of nothing.
pub(crate) fn estimate(campaigns: &[ShopCampaign], products: &[Product], basket: &Basket, shop: ShopId, local: LocalTime) -> Gain {
    let lines = merge(basket.lines.iter().map(|line| Line {
        product: products.iter().find(|product| product.gtin == line.gtin).map(|product| product.id),
        quantity: line.quantity,
        unit_price_minor: line.price_minor.unwrap_or(0),
        suggested_price_minor: products.iter().find(|product| product.gtin == line.gtin).and_then(|product| product.suggested_price_minor),
        discount_minor: 0,
        reward_line: false,
    }));
    // Who works here, who is of age, who joined and what was given before, only the server knows: whoever it may be, she
    // is taken to be a customer who was here before.
    let facts = Facts {
        local,
        shop,
        paused: false,
        held_out: false,
        own_shop: false,
        adult: true,
        enrolled_at: None,
        segments: &[],
        first_purchase: false,
        used: Used::default(),
    };
    let at = local.at;
    campaigns
        .iter()
        .filter(|campaign| campaign.valid_from <= at && at < campaign.valid_until)
        .filter_map(|campaign| Some((campaign.rules.unit, evaluate(&campaign.rules, &lines, &facts).ok()?.award)))
        .fold(Gain::default(), |sum, (unit, award)| sum.plus(unit, award))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basket::Line as BasketLine;
    use shared::{
        Currency, ProductId,
        loyalty::{CampaignRules, Rule, RuleKind, campaign::Unit},
    };

    #[test]
    fn the_phone_estimates_with_the_rules_of_the_server() {
        let gtin: shared::Gtin = "7702004003508".parse().unwrap();
        let product = Product {
            id: ProductId::fixed(1),
            gtin,
            brand_id: None,
            brand_name: None,
            name: "Cola".into(),
            category: String::new(),
            suggested_price_minor: None,
            usual_price_minor: None,
            currency: Currency::Cop,
        };
        let rules = |unit, kind| {
            let rule = Rule { kind, min_amount_minor: None, min_units: None };
            CampaignRules::new(unit, "2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap(), vec![product.id], vec![rule])
        };
        let campaign = |unit, kind| ShopCampaign { rules: rules(unit, kind), valid_from: Timestamp(0), valid_until: Timestamp(i64::MAX) };
        let campaigns = [
            campaign(Unit::Stamps, RuleKind::PerUnit { units: 1, points: 1 }),
            campaign(Unit::Points, RuleKind::PerPurchase { points: 7 }),
        ];
        let mut basket = Basket::default();
        basket.add_line(BasketLine {
            gtin,
            name: "Cola".into(),
            category: String::new(),
            quantity: 3,
            price_minor: Some(250_000),
            unknown: false,
        });
        let on = |date: &str| {
            let local = LocalTime { at: format!("{date}T12:00:00Z").parse().unwrap(), offset_seconds: -5 * 3_600 };
            estimate(&campaigns, std::slice::from_ref(&product), &basket, ShopId::fixed(1), local)
        };

        assert_eq!(on("2026-03-10"), Gain { points: 7, stamps: 3 });
        assert_eq!(on("2026-04-01"), Gain::default(), "outside its dates a campaign gives nothing");
    }
}
