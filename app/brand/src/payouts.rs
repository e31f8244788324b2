//! What the organisation owes to shops for rewards that were handed over.

use kit::{Chip, Column, DeskHead, Empty, IntoLight, Skeleton, SkeletonKind, StatTile, Table, Tiles, UiError, icon::path, refused, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format, loyalty::Payable};

use crate::frame::Desk;

/// Every debt, the largest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Debts {
    payables: Vec<Payable>,
    country: Country,
}

/// `/b/payouts`
#[component]
pub(crate) fn PayoutsPage() -> impl IntoView {
    let again = RwSignal::new(0_u32);
    let page = Resource::new(move || again.get(), |_| read_payouts());
    #[cfg(feature = "hydrate")]
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            kit::live::follow("/api/v1/events/brand", again);
        }
    });
    view! {
        <Desk current="/b/payouts">
            <DeskHead title=t::brand_payouts_title() />
            <Transition fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(debts) => shown(debts),
                    Err(error) => refused(&error, "/b/payouts"),
                })}
            </Transition>
        </Desk>
    }
}

fn shown(debts: Debts) -> AnyView {
    let Debts { payables, country } = debts;
    if payables.is_empty() {
        return view! { <Empty title=t::brand_payouts_empty_title() text=t::brand_payouts_empty_text() icon=path::HAND_COINS /> }.into_light();
    }
    let money = |minor, currency| format::money(minor, currency, country);
    // Shops of several countries are owed in several currencies, which do not add up.
    let mut totals: Vec<(shared::Currency, i64, i64)> = Vec::new();
    for payable in &payables {
        match totals.iter_mut().find(|(currency, ..)| *currency == payable.currency) {
            Some((_, amount, rewards)) => (*amount, *rewards) = (amount.saturating_add(payable.amount_minor), rewards.saturating_add(payable.rewards)),
            None => totals.push((payable.currency, payable.amount_minor, payable.rewards)),
        }
    }
    let several = totals.len() > 1;
    let tiles = totals
        .into_iter()
        .map(|(currency, amount, rewards)| view! { <StatTile label=t::brand_summary_owed() figure=money(amount, currency) unit=[currency.code(), " · ", &t::common_rewards_count(rewards, &format::integer(rewards, country))].concat() /> })
        .collect::<Vec<_>>();
    let rows = payables
        .into_iter()
        .map(|payable| {
            view! {
                <tr data-payable=payable.shop_id.to_string()>
                    <th scope="row">{payable.shop_name}</th>
                    <td data-label=t::backoffice_products_brand()>{payable.brand_name}</td>
                    <td class="table__num" data-label=t::brand_payouts_rewards()>{format::integer(payable.rewards, country)}</td>
                    <td class="table__num" data-label=t::brand_payouts_amount()>
                        {money(payable.amount_minor, payable.currency)} {several.then(|| view! { " " <Chip table=true>{payable.currency.code()}</Chip> })}
                    </td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![Column::text(t::brand_payouts_shop()), Column::text(t::backoffice_products_brand()), Column::number(t::brand_payouts_rewards()), Column::number(t::brand_payouts_amount())];
    view! {
        <Tiles>{tiles}</Tiles>
        <section class="card card--flush">
            <Table caption=t::brand_payouts_title() cards=true tall=true columns>{rows}</Table>
        </section>
    }
    .into_light()
}

/// What the actor's organisation owes.
#[server(prefix = "/fn", endpoint = "brand/read_payouts")]
pub async fn read_payouts() -> Result<Debts, UiError> {
    let (mut tx, actor, _) = kit::request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let payables = loyalty::shop::payables_of_tenant(&mut tx, &actor, organisation.id).await?;
    Ok(Debts { payables, country: organisation.country })
}
