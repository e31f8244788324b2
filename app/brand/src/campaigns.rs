//! Campaigns of the organisation, one of them, and its publication.

use kit::{Button, ButtonLink, Chip, Column, DeskHead, Empty, IntoLight, Look, Size, Skeleton, SkeletonKind, Table, Tone, UiError, icon::path, refused, request, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{CivilDate, format, loyalty::Template};

use crate::frame::Desk;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    id: String,
    name: String,
    template: Template,
    starts: CivilDate,
    ends: CivilDate,
    version: i64,
    stage: Stage,
}

/// Where a campaign stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Draft,
    Scheduled,
    Active,
    Ended,
}

impl Row {
    #[cfg(feature = "ssr")]
    pub(crate) fn of(campaign: shared::loyalty::Campaign, today: CivilDate) -> Self {
        use shared::loyalty::CampaignState;
        // What is in force counts, not what somebody is writing.
        let rules = campaign.published_rules.as_ref().unwrap_or(&campaign.rules);
        let (starts, ends) = (rules.starts, rules.ends);
        let stage = match campaign.state {
            CampaignState::Draft => Stage::Draft,
            CampaignState::Published if today < starts => Stage::Scheduled,
            CampaignState::Published if today > ends => Stage::Ended,
            CampaignState::Published => Stage::Active,
        };
        Self { id: campaign.id.to_string(), name: campaign.name, template: campaign.template, starts, ends, version: campaign.version, stage }
    }
}

/// What its mechanics are called.
pub(crate) fn template_name(template: Template) -> &'static str {
    match template {
        Template::StampCard => t::brand_campaign_template_stamps_name(),
        Template::PointsPerUnit => t::brand_campaign_template_units(),
        Template::PointsPerValue => t::brand_campaign_template_value(),
        Template::Custom => t::brand_campaign_template_custom(),
    }
}

fn stage_chip(stage: Stage) -> AnyView {
    let (tone, words) = match stage {
        Stage::Draft => (Tone::Plain, t::common_state_draft()),
        Stage::Scheduled => (Tone::Info, t::common_state_scheduled()),
        Stage::Active => (Tone::Success, t::common_state_active()),
        Stage::Ended => (Tone::Plain, t::common_state_ended()),
    };
    view! { <Chip tone table=true>{words}</Chip> }.into_light()
}

/// The list as a table; empty, it says how to begin.
pub(crate) fn table(rows: Vec<Row>, manages: bool) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Empty title=t::brand_campaigns_empty_title() text=t::brand_campaigns_empty_text() icon=path::MEGAPHONE_SIMPLE>
                {manages.then(|| view! { <ButtonLink href="/b/campaigns/new" look=Look::Secondary size=Size::Dense>{t::brand_campaigns_new()}</ButtonLink> })}
            </Empty>
        }
        .into_light();
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/b/campaign?id=", &row.id].concat()>{row.name}</a></th>
                    <td data-label=t::brand_campaign_step_mechanic()>{template_name(row.template)}</td>
                    <td data-label=t::brand_campaigns_state()>{stage_chip(row.stage)}</td>
                    <td data-label=t::brand_campaign_starts()>{format::date(row.starts)}</td>
                    <td data-label=t::brand_campaigns_ends()>{format::date(row.ends)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![Column::text(t::brand_campaigns_name()), Column::text(t::brand_campaign_step_mechanic()), Column::text(t::brand_campaigns_state()), Column::text(t::brand_campaign_starts()), Column::text(t::brand_campaigns_ends())];
    view! {
        <Table caption=t::brand_campaigns_title() cards=true tall=true columns>{rows}</Table>
    }
    .into_light()
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List {
    rows: Vec<Row>,
    next_cursor: Option<String>,
    manages: bool,
}

/// `/b/campaigns?cursor=<cursor>`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let cursor = request::query("cursor").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_campaigns(cursor.clone()));
    view! {
        <Desk current="/b/campaigns">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(list) => {
                        let more = list.next_cursor.map(|cursor| view! { <div class="table-foot"><a class="link" href=["/b/campaigns?cursor=", &cursor].concat()>{t::common_load_more()}</a></div> });
                        let manages = list.manages;
                        view! {
                            <DeskHead title=t::brand_campaigns_title()>
                                {manages.then(|| view! { <ButtonLink href="/b/campaigns/new" look=Look::Key size=Size::Dense icon=path::PLUS>{t::brand_campaigns_new()}</ButtonLink> })}
                            </DeskHead>
                            <section class="card card--flush">{table(list.rows, manages)} {more}</section>
                        }
                        .into_light()
                    }
                    Err(error) => view! { <DeskHead title=t::brand_campaigns_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// One campaign as its page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    row: Row,
    /// In force; empty before the first version.
    terms: String,
    /// Of the draft, when it says something else.
    draft_terms: Option<String>,
    products: Vec<String>,
    reward: Option<String>,
    published: Option<String>,
    manages: bool,
}

/// `/b/campaign?id=<id>`
#[component]
pub(crate) fn CampaignPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_campaign(id.clone()));
    view! {
        <Desk current="/b/campaigns" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(detail) => shown(detail),
                    Err(error) => view! { <DeskHead title=t::brand_campaigns_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(detail: Detail) -> AnyView {
    let Detail { row, terms, draft_terms, products, reward, published, manages } = detail;
    let edit = ["/b/campaigns/edit?campaign=", &row.id].concat();
    let editable = manages && row.template != Template::Custom;
    let keep = edit.clone();
    let asks = manages && draft_terms.is_some();
    let title = t::brand_campaign_publish_title(&row.name).to_string();
    let id = row.id.clone();
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into())];
    let in_force = published.map(|when| view! {
        <section class="card" aria-labelledby="terms">
            <div class="panel__head"><h2 id="terms">{t::brand_campaign_terms()}</h2><Chip tone=Tone::Success table=true>{t::brand_campaign_published()} " · " {when}</Chip></div>
            <p data-terms>{terms}</p>
        </section>
    });
    let draft = draft_terms.map(|terms| view! {
        <section class="card" aria-labelledby="draft-terms">
            <div class="panel__head"><h2 id="draft-terms">{t::brand_campaign_terms_draft()}</h2><Chip table=true>{t::common_state_draft()}</Chip></div>
            <p data-terms>{terms}</p>
        </section>
    });
    let facts = [
        (t::brand_campaign_step_mechanic(), template_name(row.template).to_owned()),
        (t::brand_campaign_starts(), format::weekday_date(row.starts)),
        (t::brand_campaign_ends(), format::weekday_date(row.ends)),
        (t::brand_campaign_step_products(), products.join(", ")),
    ];
    let facts = facts.into_iter().chain(reward.map(|reward| (t::brand_campaign_reward(), reward))).map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect::<Vec<_>>();
    view! {
        <DeskHead title=row.name.clone() crumbs>
            {stage_chip(row.stage)}
            {(row.version > 0).then(|| view! { <Chip table=true>{t::brand_campaigns_version(row.version).to_string()}</Chip> })}
            {editable.then(|| view! { <ButtonLink href=edit.clone() look=Look::Secondary size=Size::Dense icon=path::PENCIL_SIMPLE>{if row.version > 0 { t::brand_campaign_new_version() } else { t::common_edit() }}</ButtonLink> })}
        </DeskHead>
        {asks.then(|| view! {
            <section class="card card--attention stack" aria-labelledby="publish">
                <h2 id="publish">{title}</h2>
                <p>{t::brand_campaign_publish_text()}</p>
                <form method="post" action="/fn/brand/publish_campaign" class="row">
                    <input type="hidden" name="campaign" value=id />
                    <Button submit=true look=Look::Key icon=path::SEAL_CHECK>{t::brand_campaign_publish()}</Button>
                    {editable.then(|| view! { <ButtonLink href=keep look=Look::Link>{t::brand_campaign_publish_keep()}</ButtonLink> })}
                </form>
            </section>
        })}
        <div class="panels panels--main">
            <div class="stack">{in_force} {draft}</div>
            <section class="card" aria-label=t::brand_campaign_step_rules()><dl class="facts">{facts}</dl></section>
        </div>
    }
    .into_light()
}

/// Campaigns of the actor's organisation, newest first.
#[server(prefix = "/fn", endpoint = "brand/read_campaigns")]
pub async fn read_campaigns(#[server(default)] cursor: String) -> Result<List, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let today = identity::shop::local_date(organisation.country.time_zone(), now);
    let page = loyalty::campaign::list(&mut tx, &actor, Some(cursor.as_str()).filter(|cursor| !cursor.is_empty()), 50).await?;
    Ok(List { rows: page.items.into_iter().map(|campaign| Row::of(campaign, today)).collect(), next_cursor: page.next_cursor, manages: actor.manages(organisation.id).is_ok() })
}

/// One of them.
#[server(prefix = "/fn", endpoint = "brand/read_campaign")]
pub async fn read_campaign(campaign: String) -> Result<Detail, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let zone = organisation.country.time_zone();
    let campaign = loyalty::campaign::get(&mut tx, &actor, id).await?;
    let mut products = Vec::new();
    for product in &campaign.rules.products {
        products.push(catalogue::product::get(&mut tx, &actor, *product).await?.name);
    }
    let reward = match campaign.rules.threshold {
        Some(threshold) => {
            let reward = loyalty::reward::get(&mut tx, &actor, threshold.reward_id).await?;
            let left = reward.stock_left.map(|left| t::brand_reward_left(&format::integer(left, organisation.country)).to_string());
            let pays = format::money(reward.unit_cost_minor + reward.handling_fee_minor, reward.currency, organisation.country);
            Some([reward.name, t::brand_reward_pays(&pays).to_string()].into_iter().chain(left).collect::<Vec<_>>().join(" · "))
        }
        None => None,
    };
    let published = campaign.published_at.map(|at| format::date(identity::shop::local_date(zone, at)));
    let manages = actor.manages(campaign.organisation_id).is_ok();
    let draft_terms = match campaign.published_rules.as_ref() {
        Some(published) if *published == campaign.rules => None,
        _ => Some(loyalty::campaign::draft_terms(&mut tx, &actor, &campaign).await?),
    };
    let terms = campaign.terms.clone();
    Ok(Detail { row: Row::of(campaign, identity::shop::local_date(zone, now)), terms, draft_terms, products, reward, published, manages })
}

/// Fixes the draft as the next version. Again changes nothing.
#[server(prefix = "/fn", endpoint = "brand/publish_campaign")]
pub async fn publish_campaign(campaign: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let published = loyalty::campaign::publish(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&format!("/b/campaign?id={}", published.id));
    Ok(())
}
