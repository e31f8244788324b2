//! What the organisation owes to shops, how old it is, and the statements of closed periods.

use kit::{
    Chip, Column, DeskHead, Empty, IntoLight, More, Skeleton, SkeletonKind, StatTile, Table, Tiles, UiError, icon::path, payback, refused,
    request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, Page, format,
    loyalty::payback::{Owed, Statement},
};

use crate::frame::Desk;

/// Every debt, the largest first, and the statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Debts {
    owed: Vec<Owed>,
    statements: Page<Statement>,
    country: Country,
}

/// `/b/payouts?after=<cursor>`
#[component]
pub(crate) fn PayoutsPage() -> impl IntoView {
    let after = request::query("after").unwrap_or_default();
    let again = RwSignal::new(0_u32);
    let page = Resource::new(move || again.get(), move |_| read_payouts(after.clone()));
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
    let Debts { owed, statements, country } = debts;
    if owed.is_empty() {
        return view! { <Empty title=t::brand_payouts_empty_title() text=t::brand_payouts_empty_text() icon=path::HAND_COINS /> }
            .into_light();
    }
    let money = |minor, currency| format::money(minor, currency, country);
    // Shops of several countries are owed in several currencies, which do not add up.
    let mut totals: Vec<(shared::Currency, i64, i64)> = Vec::new();
    for one in &owed {
        match totals.iter_mut().find(|(currency, ..)| *currency == one.currency) {
            Some((_, amount, rewards)) => {
                (*amount, *rewards) = (amount.saturating_add(one.owed_minor()), rewards.saturating_add(one.rewards))
            }
            None => totals.push((one.currency, one.owed_minor(), one.rewards)),
        }
    }
    let several = totals.len() > 1;
    let tiles = totals
        .into_iter()
        .map(|(currency, amount, rewards)| view! { <StatTile label=t::brand_summary_owed() figure=money(amount, currency) unit=[currency.code(), " · ", &t::common_rewards_count(rewards, &format::integer(rewards, country))].concat() /> })
        .collect::<Vec<_>>();
    let rows = owed
        .into_iter()
        .map(|one| {
            let oldest = one.ageing.oldest.map(format::date);
            view! {
                <tr data-payable=one.shop_id.to_string()>
                    <th scope="row">{one.shop_name.clone()}</th>
                    <td data-label=t::backoffice_products_brand()>{one.brand_name.clone()}</td>
                    <td class="table__num" data-label=t::brand_payouts_rewards()>{format::integer(one.rewards, country)}</td>
                    <td class="table__num" data-label=t::brand_payouts_open()>{money(one.open_minor, one.currency)}</td>
                    <td class="table__num" data-label=t::brand_payouts_in_statement()>{money(one.in_statement_minor, one.currency)}</td>
                    <td class="table__num" data-label=t::brand_payouts_paid()>{money(one.paid_minor, one.currency)}</td>
                    <td class="nowrap" data-label=t::brand_payouts_oldest()>{oldest}</td>
                    <td class="table__num" data-label=t::brand_payouts_amount()>
                        {money(one.owed_minor(), one.currency)} {several.then(|| view! { " " <Chip table=true>{one.currency.code()}</Chip> })}
                    </td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_payouts_shop()),
        Column::text(t::backoffice_products_brand()),
        Column::number(t::brand_payouts_rewards()),
        Column::number(t::brand_payouts_open()),
        Column::number(t::brand_payouts_in_statement()),
        Column::number(t::brand_payouts_paid()),
        Column::text(t::brand_payouts_oldest()),
        Column::number(t::brand_payouts_amount()),
    ];
    let bills = if statements.items.is_empty() {
        view! { <Empty title=t::brand_payouts_no_statements_title() text=t::brand_payouts_no_statements_text() icon=path::RECEIPT /> }
            .into_light()
    } else {
        payback::statement_table(statements.items, "/b/statement?id=", country)
    };
    view! {
        <Tiles>{tiles}</Tiles>
        <section class="card card--flush" aria-labelledby="bills">
            <div class="panel__head"><h2 id="bills">{t::payback_statements()}</h2></div>
            {bills}
            <More query="/b/payouts?".to_owned() cursor=statements.next_cursor />
        </section>
        <section class="card card--flush" aria-labelledby="debts">
            <div class="panel__head"><h2 id="debts">{t::brand_payouts_amount()}</h2></div>
            <Table caption=t::brand_payouts_title() cards=true tall=true columns>{rows}</Table>
        </section>
    }
    .into_light()
}

/// What the actor's organisation owes.
#[server(prefix = "/fn", endpoint = "brand/read_payouts")]
pub async fn read_payouts(#[server(default)] after: String) -> Result<Debts, UiError> {
    use loyalty::payback::{
        owed,
        statement::{self, Of},
    };
    const STATEMENTS: i64 = 50;
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let owed = owed::of_tenant(&mut tx, &actor, organisation.id, now).await?;
    let statements =
        statement::list(&mut tx, &actor, Of::Tenant(organisation.id), Some(after.as_str()).filter(|after| !after.is_empty()), STATEMENTS)
            .await?;
    Ok(Debts { owed, statements, country: organisation.country })
}
