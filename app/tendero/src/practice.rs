//! The counter without consequences: the same screens, a card and goods that exist nowhere, and nothing behind them.
//!
//! Nothing here names the queue's writer, the phone's key or a server function: what is practised cannot become a sale.

use std::sync::atomic::{AtomicUsize, Ordering};

use kit::{Button, Icon, IntoLight, Look, icon::path, live, net::device_ms, t};
use leptos::prelude::*;
use scanner::{Cue, FrameState, play, unlock};
use shared::{
    BrandId, CampaignId, CampaignVersionId, Country, Currency, Gtin, MemberId, ProductId, PurchaseId, RewardId, RewardInstanceId, ShopId,
    Timestamp,
    catalogue::Product,
    loyalty::{Award, IssuedReward, PurchaseAnswer, PurchaseLine, PurchaseStatus, campaign::Unit, evaluation::Trace, queue::Gain},
};

use crate::{
    basket::Basket,
    scan::{Counter, Customer, Doors, State, counter_view, put_in, refuse, with_later},
};

/// Goods of a prefix that GS1 leaves to shops (200 to 299): no maker has them.
const GOODS: [(&str, kit::Words, &str, i64); 3] = [
    ("2000000000015", t::tendero_practice_drink, "drink", 250_000),
    ("2000000000022", t::tendero_practice_biscuit, "snack", 180_000),
    ("2000000000039", t::tendero_practice_soap, "soap", 320_000),
];
/// A stamp for each unit, and so many are a full card.
const NEED: i64 = 5;

static NOWHERE: Doors = Doors {
    card: |state, _| card(state),
    digits: |state, _| card(state),
    reward: |state, _, _| refuse(state, t::tendero_practice_no_reward()),
    // Whatever stands on the shelf serves to practise.
    unknown: |state, _, gtin| put_in(state, &product(gtin, t::tendero_practice_any(), "", 200_000)),
    confirm: |state, _| confirm(state),
};

/// `/t/practice`
#[component]
pub(crate) fn PracticePage() -> impl IntoView {
    let state = State::new(&NOWHERE);
    let counter = StoredValue::new(counter());
    let ready = RwSignal::new(false);
    kit::effect(move |first| {
        if first {
            ready.set(true);
        }
    });
    kit::effect(move |_| {
        let units = state.basket.with(Basket::count);
        state.estimate.set((units > 0).then_some(Gain { points: 0, stamps: units }));
    });
    let turn = AtomicUsize::new(0);
    let read_card = move |_| {
        unlock();
        card(state);
    };
    let read_product = move |_| {
        unlock();
        let (gtin, name, category, price) = GOODS[turn.fetch_add(1, Ordering::Relaxed) % GOODS.len()];
        if let Ok(gtin) = gtin.parse() {
            put_in(state, &product(gtin, name(), category, price));
        }
    };
    let keys = view! {
        <div class="practice__keys">
            <Button look=Look::Secondary icon=path::IDENTIFICATION_CARD on:click=read_card>{t::tendero_practice_card_action()}</Button>
            <Button look=Look::Secondary icon=path::BARCODE on:click=read_product>{t::tendero_practice_product_action()}</Button>
        </div>
    }
    .into_light();
    view! {
        <div class="practice" data-practice>
            <p class="practice__band" role="status">
                <Icon path=path::PROHIBIT size=22 /> <strong class="grow">{t::tendero_practice_banner()}</strong>
                <a class="link" href="/t/">{t::tendero_practice_end()}</a>
            </p>
            {counter_view(state, counter, ready, keys)}
        </div>
    }
}

/// A counter of no shop: it can look up its own goods and nothing else.
fn counter() -> Counter {
    let goods = GOODS.iter().filter_map(|(gtin, name, category, price)| Some(product(gtin.parse().ok()?, name(), category, *price)));
    Counter {
        shop: ShopId::fixed(0),
        member: MemberId::fixed(0),
        device: None,
        country: Country::Co,
        currency: Currency::Cop,
        products: goods.collect(),
        campaigns: String::new(),
        ticket_keys: Vec::new(),
        now: Timestamp(0),
    }
}

fn product(gtin: Gtin, name: &str, category: &str, price_minor: i64) -> Product {
    Product {
        id: ProductId::fixed(0),
        gtin,
        brand_id: None,
        brand_name: None,
        name: name.to_owned(),
        category: category.to_owned(),
        suggested_price_minor: Some(price_minor),
        usual_price_minor: None,
        currency: Currency::Cop,
    }
}

/// Whatever card it was: nobody is asked whose.
fn card(state: State) {
    play(Cue::CardRead);
    let label = t::tendero_practice_card().to_owned();
    state.frame.set(FrameState::Read);
    live::say(&t::tendero_scan_read_card(&label));
    state.pill.set(label.clone());
    state.customer.set(Some(Customer { code: String::new(), scanned_at_ms: device_ms(), label }));
}

fn confirm(state: State) {
    let Some(customer) = state.customer.get_untracked() else {
        return;
    };
    let answer = state.basket.with_untracked(|basket| answer(basket, customer.label, Timestamp(device_ms())));
    with_later(state, move |later| (later.result)(state, answer, true));
}

/// What a server would say: a stamp for each unit, and a reward for every full card.
fn answer(basket: &Basket, consumer_label: String, purchased_at: Timestamp) -> PurchaseAnswer {
    let stamps = basket.count();
    let lines = basket.lines.iter().map(|line| {
        let price = line.price_minor.unwrap_or(0);
        PurchaseLine {
            gtin: line.gtin,
            product_id: None,
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price_minor: price,
            discount_minor: 0,
            amount_minor: price.saturating_mul(line.quantity),
            participates: true,
        }
    });
    let brand_name = t::tendero_practice_brand().to_owned();
    let reward = IssuedReward {
        reward_instance_id: RewardInstanceId::fixed(0),
        reward_id: RewardId::fixed(0),
        name: t::tendero_practice_reward().to_owned(),
        brand_name: brand_name.clone(),
    };
    let award = Award {
        campaign_id: CampaignId::fixed(0),
        campaign_version_id: CampaignVersionId::fixed(0),
        campaign_name: t::tendero_practice_title().to_owned(),
        brand_id: BrandId::fixed(0),
        brand_name,
        unit: Unit::Stamps,
        amount: stamps,
        balance: if stamps >= NEED { NEED } else { stamps },
        need: Some(NEED),
        trace: Trace::default(),
    };
    PurchaseAnswer {
        purchase_id: PurchaseId::fixed(0),
        status: PurchaseStatus::Accepted,
        reason: None,
        consumer_label,
        total_minor: basket.total_minor(),
        currency: Currency::Cop,
        purchased_at,
        awards: vec![award],
        no_award: Vec::new(),
        lines: lines.collect(),
        rewards: if stamps >= NEED { vec![reward] } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goods_of_the_practice_can_be_read_and_belong_to_nobody() {
        let counter = counter();

        assert_eq!(counter.products.len(), GOODS.len());
        assert!(counter.products.iter().all(|product| product.gtin.short().starts_with("200") && product.brand_id.is_none()));
        assert_eq!(counter.device, None, "without a key nothing can be signed");
    }

    #[test]
    fn five_units_are_a_full_card() {
        let mut basket = Basket::default();
        counter().products.iter().for_each(|product| basket.add(product));
        let three = answer(&basket, "Tarjeta de práctica".into(), Timestamp(0));
        counter().products.iter().for_each(|product| basket.add(product));
        let six = answer(&basket, "Tarjeta de práctica".into(), Timestamp(0));

        assert_eq!((three.awards[0].amount, three.rewards.len()), (3, 0));
        assert_eq!((six.awards[0].amount, six.rewards.len()), (6, 1));
    }
}
