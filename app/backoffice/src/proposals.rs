//! Barcodes that shops met and nobody knew: made products, or closed with a reason.

use kit::{
    Button, ButtonLink, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Skeleton, SkeletonKind, Table, UiError, icon::path,
    refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, catalogue::Proposal, format};

use crate::{
    frame::Desk,
    products::{Brands, Draft, FIELDS, fields},
};

/// What waits, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// With when it came, by the operator's clock.
    items: Vec<(Proposal, String)>,
    country: Country,
}

/// `/o/proposals`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_proposals());
    view! {
        <Desk current="/o/proposals">
            <DeskHead title=t::backoffice_proposals_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(waiting) => table(waiting),
                    Err(error) => refused(&error, "/o/proposals"),
                })}
            </Suspense>
        </Desk>
    }
}

fn price(proposal: &Proposal, country: Country) -> Option<String> {
    proposal.price_minor.map(|minor| format::money(minor, proposal.currency, country))
}

fn table(waiting: Waiting) -> AnyView {
    let Waiting { items, country } = waiting;
    if items.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_proposals_empty_title() text=t::backoffice_proposals_empty_text() icon=path::SEAL_CHECK /></section> }.into_light();
    }
    let rows = items
        .into_iter()
        .map(|(proposal, when)| {
            let price = price(&proposal, country);
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/proposal?id=", &proposal.id.to_string()].concat()>{proposal.name}</a></th>
                    <td data-label=t::backoffice_products_gtin() class="num">{proposal.gtin.short()}</td>
                    <td data-label=t::backoffice_shops_name()>{proposal.shop_name}</td>
                    <td data-label=t::backoffice_proposals_price() class="table__num">{price}</td>
                    <td data-label=t::backoffice_audit_when() class="nowrap">{when}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_products_name()),
        Column::text(t::backoffice_products_gtin()),
        Column::text(t::backoffice_shops_name()),
        Column::number(t::backoffice_proposals_price()),
        Column::text(t::backoffice_audit_when()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_proposals_title() cards=true columns>{rows}</Table>
        </section>
    }
    .into_light()
}

/// One of them, ready to be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    proposal: Proposal,
    when: String,
    country: Country,
    draft: Draft,
    brands: Brands,
    /// Names of products that may be the same: id and name.
    alike: Vec<(String, String)>,
    operates: bool,
}

/// `/o/proposal?id=<id>`
#[component]
pub(crate) fn ProposalPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let closing = request::refusal().is_some_and(|refusal| refusal.is_about("why"));
    let (accept, close) = if closing { (Sending::other(), Sending::new()) } else { (Sending::new(), Sending::other()) };
    let page = Resource::new(|| (), move |()| read_proposal(id.clone()));
    view! {
        <Desk current="/o/proposals">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Lines count=6 /> }>
                {move || page.get().map(|page| match page {
                    Ok(case) => shown(case, accept, close),
                    Err(error) if error.code() == "not_found" => decided(),
                    Err(error) => view! { <DeskHead title=t::backoffice_proposals_title() /> {refused(&error, "/o/proposals")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// Somebody was faster, or it never was there.
fn decided() -> AnyView {
    view! {
        <DeskHead title=t::backoffice_proposals_title() />
        <section class="card">
            <Empty title=t::backoffice_proposals_decided_title() text=t::backoffice_proposals_decided_text() icon=path::SEAL_CHECK>
                <ButtonLink href="/o/proposals" look=Look::Secondary>{t::backoffice_proposals_next()}</ButtonLink>
            </Empty>
        </section>
    }
    .into_light()
}

fn shown(case: Case, accept: Sending, close: Sending) -> AnyView {
    let Case { proposal, when, country, draft, brands, alike, operates } = case;
    let id = proposal.id.to_string();
    let price = price(&proposal, country);
    let facts = [
        (t::backoffice_proposals_called(), Some(proposal.name.clone())),
        (t::backoffice_products_gtin(), Some(proposal.gtin.short())),
        (t::backoffice_shops_name(), Some(proposal.shop_name.clone())),
        (t::backoffice_proposals_price(), price),
        (t::backoffice_audit_when(), Some(when)),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
        .collect::<Vec<_>>();
    let alike = (!alike.is_empty()).then(|| {
        let items = alike.into_iter().map(|(id, name)| view! { <li><a class="link" href=["/o/product?id=", &id].concat()>{name}</a></li> }).collect::<Vec<_>>();
        view! { <section class="card stack stack--8" aria-labelledby="alike"><h2 id="alike" class="h3">{t::backoffice_proposals_alike()}</h2><ul class="stack stack--4">{items}</ul></section> }
    });
    let accepting = operates.then(|| {
        let id = id.clone();
        view! {
            <section class="card stack" aria-labelledby="accept">
                <h2 id="accept" class="h3">{t::backoffice_proposals_accept_title()}</h2>
                <Form action="/fn/backoffice/accept_proposal" sending=accept fields=FIELDS>
                    <input type="hidden" name="proposal" value=id />
                    {fields(draft, brands, true, accept)}
                    <div class="row row--end"><Button submit=true look=Look::Key busy=accept.busy() icon=path::CHECK>{t::backoffice_proposals_accept()}</Button></div>
                </Form>
            </section>
        }
    });
    let closing = operates.then(|| {
        view! {
            <section class="card stack" aria-labelledby="close">
                <h2 id="close" class="h3">{t::backoffice_proposals_close_title()}</h2>
                <Form action="/fn/backoffice/close_proposal" sending=close fields=&["why"]>
                    <input type="hidden" name="proposal" value=id />
                    <Field id="why" label=t::backoffice_proposals_why() help=t::backoffice_proposals_why_help() required=true maxlength=200 error=close.error("why") />
                    <div class="row row--end"><Button submit=true look=Look::DangerOutline busy=close.busy()>{t::backoffice_proposals_close()}</Button></div>
                </Form>
            </section>
        }
    });
    view! {
        <DeskHead title=proposal.name crumbs=vec![(t::backoffice_proposals_title().into(), "/o/proposals".into())] />
        <div class="panels panels--main panels--top">
            {accepting}
            <div class="stack">
                <section class="card"><dl class="facts">{facts}</dl></section>
                {alike}
                {closing}
            </div>
        </div>
    }
    .into_light()
}

/// What shops proposed and nobody decided, oldest first.
#[server(prefix = "/fn", endpoint = "backoffice/read_proposals")]
pub async fn read_proposals() -> Result<Waiting, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let items = catalogue::proposal::list(&mut tx, &actor).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let when = |at| kit::when(country.time_zone(), now, at);
    Ok(Waiting { items: items.into_iter().map(|proposal| (proposal.clone(), when(proposal.proposed_at))).collect(), country })
}

/// One of them.
#[server(prefix = "/fn", endpoint = "backoffice/read_proposal")]
pub async fn read_proposal(proposal: String) -> Result<Case, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let id = proposal.parse().map_err(|_| shared::Problem::not_found())?;
    let proposal = catalogue::proposal::get(&mut tx, &actor, id).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let first_word = proposal.name.split_whitespace().next().unwrap_or_default().to_owned();
    let alike = catalogue::product::list(&mut tx, &actor, &first_word, None, 5).await?;
    let draft = Draft {
        gtin: proposal.gtin.short(),
        name: proposal.name.clone(),
        price: proposal.price_minor.map(|minor| shared::format::money_field(minor, proposal.currency)).unwrap_or_default(),
        currency: proposal.currency.code().to_owned(),
        ..Draft::default()
    };
    Ok(Case {
        when: kit::when(country.time_zone(), now, proposal.proposed_at),
        country,
        draft,
        brands: crate::products::brands(&mut tx, &actor).await?,
        alike: alike.items.into_iter().map(|product| (product.id.to_string(), product.name)).collect(),
        operates: actor.operates().is_ok(),
        proposal,
    })
}

/// Makes a product of it.
#[allow(clippy::too_many_arguments, reason = "the fields of the form")]
#[server(prefix = "/fn", endpoint = "backoffice/accept_proposal")]
pub async fn accept_proposal(
    proposal: String,
    gtin: String,
    name: String,
    #[server(default)] brand_id: String,
    #[server(default)] category: String,
    #[server(default)] price: String,
    currency: String,
) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = proposal.parse().map_err(|_| shared::Problem::not_found())?;
    let new = Draft { gtin, name, brand_id, category, price, currency }.parse()?;
    let product = catalogue::proposal::accept(&mut tx, &actor, now, id, &new).await?;
    tx.commit().await?;
    request::go(&format!("/o/product?id={}&saved=yes", product.id));
    Ok(())
}

/// Takes it off the list, with a reason.
#[server(prefix = "/fn", endpoint = "backoffice/close_proposal")]
pub async fn close_proposal(proposal: String, why: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = proposal.parse().map_err(|_| shared::Problem::not_found())?;
    catalogue::proposal::close(&mut tx, &actor, now, id, &why).await?;
    tx.commit().await?;
    request::go("/o/proposals");
    Ok(())
}
