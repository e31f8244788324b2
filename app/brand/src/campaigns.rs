//! Campaigns of the organisation, one of them, and what people may do to it where it stands.

use kit::{
    Button, ButtonLink, Chip, Column, DeskHead, Empty, Field, IntoLight, Look, Size, Skeleton, SkeletonKind, Table, Tone, UiError,
    icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate, format,
    loyalty::{CampaignState, Template},
};

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
    state: CampaignState,
    /// The next version waits for a second person.
    in_review: bool,
}

impl Row {
    #[cfg(feature = "ssr")]
    pub(crate) fn of(campaign: shared::loyalty::Campaign) -> Self {
        // What is in force counts, not what somebody is writing.
        let rules = campaign.published_rules.as_ref().unwrap_or(&campaign.rules);
        let (starts, ends) = (rules.starts, rules.ends);
        Self {
            id: campaign.id.to_string(),
            name: campaign.name,
            template: campaign.template,
            starts,
            ends,
            version: campaign.version,
            state: campaign.state,
            in_review: campaign.review.is_some(),
        }
    }
}

/// What its mechanics are called.
pub(crate) fn template_name(template: Template) -> &'static str {
    match template {
        Template::StampCard => t::brand_campaign_template_stamps_name(),
        Template::VisitCard => t::brand_campaign_template_visits_name(),
        Template::DoubleDays => t::brand_campaign_template_double(),
        Template::PointsPerUnit => t::brand_campaign_template_units(),
        Template::PointsPerValue => t::brand_campaign_template_value(),
        Template::Custom => t::brand_campaign_template_custom(),
    }
}

fn state_chip(state: CampaignState) -> AnyView {
    let (tone, words) = match state {
        CampaignState::Draft => (Tone::Plain, t::common_state_draft()),
        CampaignState::Review => (Tone::Warning, t::common_state_held()),
        CampaignState::Scheduled => (Tone::Info, t::common_state_scheduled()),
        CampaignState::Active => (Tone::Success, t::common_state_active()),
        CampaignState::Paused => (Tone::Warning, t::common_state_paused()),
        CampaignState::Ended => (Tone::Plain, t::common_state_ended()),
        CampaignState::Settled => (Tone::Plain, t::brand_campaign_state_settled()),
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
                    <td data-label=t::brand_campaigns_state()>{state_chip(row.state)} {(row.in_review && row.version > 0).then(|| view! { " " <Chip tone=Tone::Warning table=true>{t::brand_campaign_version_in_review()}</Chip> })}</td>
                    <td data-label=t::brand_campaign_starts()>{format::date(row.starts)}</td>
                    <td data-label=t::brand_campaigns_ends()>{format::date(row.ends)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::brand_campaigns_name()),
        Column::text(t::brand_campaign_step_mechanic()),
        Column::text(t::brand_campaigns_state()),
        Column::text(t::brand_campaign_starts()),
        Column::text(t::brand_campaigns_ends()),
    ];
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
    /// Codes of what the draft misses, with the field of each.
    missing: Vec<(String, String)>,
    review: Option<Review>,
    /// One person may publish alone here.
    alone: bool,
    control: Option<ControlOf>,
    goal: crate::goal::GoalOf,
    products: Vec<String>,
    reward: Option<String>,
    reward_id: Option<String>,
    published: Option<String>,
    manages: bool,
}

/// The shops that go without the draft, so that its effect can be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlOf {
    /// Names of those that are proposed, chosen or fixed; none: there are too few shops.
    pub(crate) shops: Vec<String>,
    pub(crate) eligible: i64,
    pub(crate) chosen: bool,
    pub(crate) fixed: bool,
}

#[cfg(feature = "ssr")]
impl From<shared::loyalty::Control> for ControlOf {
    fn from(control: shared::loyalty::Control) -> Self {
        Self {
            shops: control.shops.into_iter().map(|shop| shop.name).collect(),
            eligible: control.eligible,
            chosen: control.chosen,
            fixed: control.fixed,
        }
    }
}

/// Which shops go without it, and the choice while there is one.
pub(crate) fn control_card(id: &str, control: ControlOf, chooses: bool) -> AnyView {
    let ControlOf { shops, eligible, chosen, fixed } = control;
    let count = shops.len() as i64;
    if count == 0 {
        return view! { <section class="card stack" aria-labelledby="control"><h2 id="control">{t::brand_control_title()}</h2><p class="muted">{t::brand_control_few()}</p></section> }.into_light();
    }
    let says = match (fixed, chosen) {
        (true, true) => t::brand_control_fixed(),
        (true, false) => t::brand_control_none_fixed(),
        (false, true) => t::brand_control_chosen(),
        (false, false) => t::brand_control_proposed(),
    };
    let id = id.to_owned();
    let choice = (chooses && !fixed).then(|| {
        let (word, value) = if chosen { (t::brand_control_without(), "") } else { (t::brand_control_take(), "on") };
        view! {
            <form method="post" action="/fn/brand/choose_control">
                <input type="hidden" name="campaign" value=id />
                <input type="hidden" name="with" value=value />
                <Button submit=true look=Look::Secondary icon=path::TARGET>{word}</Button>
            </form>
        }
    });
    let names = (chosen || !fixed).then(|| view! { <details><summary>{t::brand_control_shops(&count.to_string(), &eligible.to_string())}</summary><p class="small">{shops.join(", ")}</p></details> });
    view! {
        <section class="card stack" aria-labelledby="control" data-control=if chosen { "chosen" } else { "open" }>
            <h2 id="control">{t::brand_control_title()}</h2>
            <p>{says}</p>
            {names}
            {choice}
        </section>
    }
    .into_light()
}

/// Somebody asked to have the draft published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    pub(crate) who: String,
    pub(crate) when: String,
    pub(crate) note: String,
    /// Whoever looks at the page asked.
    pub(crate) mine: bool,
}

#[cfg(feature = "ssr")]
impl Review {
    pub(crate) fn of(asked: &shared::loyalty::ReviewAsked, actor: &identity::Actor, zone: &str) -> Self {
        Self {
            who: asked.name.clone().unwrap_or_else(|| t::brand_campaign_review_program().to_owned()),
            when: format::date(identity::shop::local_date(zone, asked.asked_at)),
            note: asked.note.clone(),
            mine: asked.user_id.is_some() && actor.user().ok() == asked.user_id,
        }
    }
}

/// `/b/campaign?id=<id>`, with `&confirm=pause` and its like before an act that people feel.
#[component]
pub(crate) fn CampaignPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let confirm = request::query("confirm").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_campaign(id.clone()));
    view! {
        <Desk current="/b/campaigns" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(detail) => shown(detail, &confirm),
                    Err(error) => view! { <DeskHead title=t::brand_campaigns_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// Where the builder corrects a field.
fn anchor(field: &str) -> &'static str {
    match field {
        "name" | "starts" | "ends" | "rules.starts" | "rules.ends" => "#dates",
        "rules.products" | "products" => "#products",
        "rules.threshold" | "rules.caps" | "caps" => "#reward",
        "rules.adults_only" | "rules.shops" | "shops" => "#more",
        _ => "#rules",
    }
}

/// What is missing, each with the way to where it is corrected.
pub(crate) fn gates(missing: Vec<(String, String)>, edit: Option<&str>) -> AnyView {
    let items = missing
        .into_iter()
        .map(|(field, code)| {
            let words = kit::error::message(&code);
            let text = match edit {
                Some(edit) => view! { <a class="link" href=[edit, anchor(&field)].concat()>{words}</a> }.into_light(),
                None => words.into_light(),
            };
            view! { <li data-missing=code>{text}</li> }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="card card--attention stack" aria-labelledby="missing">
            <h2 id="missing">{t::brand_campaign_missing_title()}</h2>
            <ul class="missing">{items}</ul>
        </section>
    }
    .into_light()
}

/// One act of the page as a form of its own.
pub(crate) fn act(action: &'static str, id: &str, look: Look, icon: &'static str, words: &'static str) -> AnyView {
    let id = id.to_owned();
    view! {
        <form method="post" action=action>
            <input type="hidden" name="campaign" value=id />
            <Button submit=true look icon>{words}</Button>
        </form>
    }
    .into_light()
}

/// Asks again before an act that people feel: what it does, the act, and the way back.
fn confirmation(id: &str, confirm: &str) -> Option<AnyView> {
    let (title, text, action, icon) = match confirm {
        "pause" => (t::brand_campaign_pause_title(), t::brand_campaign_pause_text(), "/fn/brand/pause_campaign", path::PAUSE),
        "resume" => (t::brand_campaign_resume_title(), t::brand_campaign_resume_text(), "/fn/brand/resume_campaign", path::PLAY),
        "settle" => (t::brand_campaign_settle_title(), t::brand_campaign_settle_text(), "/fn/brand/settle_campaign", path::SEAL_CHECK),
        _ => return None,
    };
    let back = ["/b/campaign?id=", id].concat();
    Some(
        view! {
            <section class="card card--attention stack" aria-labelledby="confirm">
                <h2 id="confirm">{title}</h2>
                <p>{text}</p>
                <div class="row">
                    {act(action, id, Look::Key, icon, title)}
                    <ButtonLink href=back look=Look::Link>{t::common_cancel()}</ButtonLink>
                </div>
            </section>
        }
        .into_light(),
    )
}

/// What the draft waits for: a correction, a request, or a second person.
fn next_step(detail: &Detail, edit: &str) -> Option<AnyView> {
    let Detail { row, draft_terms, missing, review, alone, manages, .. } = detail;
    if !manages || draft_terms.is_none() || row.state == CampaignState::Settled {
        return None;
    }
    if !missing.is_empty() {
        return Some(gates(missing.clone(), (row.template != Template::Custom).then_some(edit)));
    }
    let id = row.id.clone();
    let keep = edit.to_owned();
    let look = ["/b/campaign/review?id=", &id].concat();
    Some(match review {
        Some(review) => {
            let asked = t::brand_campaign_review_asked(&review.when, &review.who);
            let note = (!review.note.is_empty()).then(|| view! { <blockquote class="note">{review.note.clone()}</blockquote> });
            let way = if review.mine {
                view! { <p class="muted">{t::brand_campaign_review_waits()}</p> {act("/fn/brand/send_back", &id, Look::Secondary, path::ARROW_LEFT, t::brand_campaign_review_withdraw())} }.into_light()
            } else {
                view! { <div class="row"><ButtonLink href=look look=Look::Key icon=path::SEAL_CHECK>{t::brand_campaign_review_open()}</ButtonLink></div> }.into_light()
            };
            view! {
                <section class="card card--attention stack" aria-labelledby="review">
                    <h2 id="review">{t::brand_campaign_review_title()}</h2>
                    <p>{asked}</p>
                    {note}
                    {way}
                </section>
            }
            .into_light()
        }
        None => {
            let publish =
                alone.then(|| act("/fn/brand/publish_campaign", &id, Look::Secondary, path::SEAL_CHECK, t::brand_campaign_publish()));
            view! {
                <section class="card card--attention stack" aria-labelledby="ask">
                    <h2 id="ask">{t::brand_campaign_ask_title()}</h2>
                    <p>{t::brand_campaign_ask_text()}</p>
                    <form method="post" action="/fn/brand/ask_review" class="stack">
                        <input type="hidden" name="campaign" value=id />
                        <Field id="note" label=t::brand_campaign_ask_note() maxlength=500 optional=true />
                        <div class="row">
                            <Button submit=true look=Look::Key icon=path::USERS>{t::brand_campaign_ask_action()}</Button>
                            <ButtonLink href=keep look=Look::Link>{t::brand_campaign_publish_keep()}</ButtonLink>
                        </div>
                    </form>
                    {publish}
                </section>
            }
            .into_light()
        }
    })
}

fn shown(detail: Detail, confirm: &str) -> AnyView {
    let edit = ["/b/campaigns/edit?campaign=", &detail.row.id].concat();
    let next = next_step(&detail, &edit);
    let Detail { row, terms, draft_terms, control, goal, products, reward, reward_id, published, manages, .. } = detail;
    let chooses = manages && row.version == 0;
    let control = control.map(|control| control_card(&row.id, control, chooses));
    let goal = crate::goal::goal_card(&row.id, goal, chooses);
    let simulate = ["/b/campaign/simulation?id=", &row.id].concat();
    let editable = manages && row.template != Template::Custom && row.state != CampaignState::Settled;
    let asked = if manages { confirmation(&row.id, confirm) } else { None };
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into())];
    let in_force = published.map(|when| view! {
        <section class="card" aria-labelledby="terms">
            <div class="panel__head"><h2 id="terms">{t::brand_campaign_terms()}</h2><Chip tone=Tone::Success table=true>{t::brand_campaign_published()} " · " {when}</Chip></div>
            <p class="terms" data-terms>{terms}</p>
        </section>
    });
    let draft = draft_terms.map(|terms| view! {
        <section class="card" aria-labelledby="draft-terms">
            <div class="panel__head"><h2 id="draft-terms">{t::brand_campaign_terms_draft()}</h2><Chip table=true>{t::common_state_draft()}</Chip></div>
            <p class="terms" data-terms>{terms}</p>
        </section>
    });
    let facts = [
        (t::brand_campaign_step_mechanic(), template_name(row.template).to_owned()),
        (t::brand_campaign_starts(), format::date(row.starts)),
        (t::brand_campaign_ends(), format::date(row.ends)),
        (t::brand_campaign_step_products(), products.join(", ")),
    ];
    let facts = facts
        .into_iter()
        .chain(reward.map(|reward| (t::brand_campaign_reward(), reward)))
        .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
        .collect::<Vec<_>>();
    let handover = reward_id.map(|reward| {
        let href = ["/b/reward?id=", &reward, "&campaign=", &row.id].concat();
        view! { <ButtonLink href look=Look::Secondary size=Size::Dense icon=path::STOREFRONT>{t::brand_handover_open()}</ButtonLink> }
    });
    let to = |what: &str| ["/b/campaign?id=", &row.id, "&confirm=", what].concat();
    let way = match row.state {
        _ if !manages || !confirm.is_empty() => None,
        CampaignState::Scheduled | CampaignState::Active => Some((to("pause"), path::PAUSE, t::brand_campaign_pause())),
        CampaignState::Paused => Some((to("resume"), path::PLAY, t::brand_campaign_resume())),
        CampaignState::Ended => Some((to("settle"), path::SEAL_CHECK, t::brand_campaign_settle())),
        _ => None,
    };
    view! {
        <DeskHead title=row.name.clone() crumbs>
            {state_chip(row.state)}
            {(row.version > 0).then(|| view! { <Chip table=true>{t::brand_campaigns_version(row.version).to_string()}</Chip> })}
            {way.map(|(href, icon, words)| view! { <ButtonLink href look=Look::Secondary size=Size::Dense icon>{words}</ButtonLink> })}
            <ButtonLink href=simulate look=Look::Secondary size=Size::Dense icon=path::CHART_LINE_UP>{t::brand_simulation_open()}</ButtonLink>
            {editable.then(|| view! { <ButtonLink href=edit look=Look::Secondary size=Size::Dense icon=path::PENCIL_SIMPLE>{if row.version > 0 { t::brand_campaign_new_version() } else { t::common_edit() }}</ButtonLink> })}
        </DeskHead>
        {asked}
        {next}
        <div class="panels panels--main">
            <div class="stack">{in_force} {draft}</div>
            <div class="stack">
                <section class="card stack" aria-label=t::brand_campaign_step_rules()><dl class="facts">{facts}</dl>{handover}</section>
                {goal}
                {control}
            </div>
        </div>
    }
    .into_light()
}

/// Campaigns of the actor's organisation, newest first.
#[server(prefix = "/fn", endpoint = "brand/read_campaigns")]
pub async fn read_campaigns(#[server(default)] cursor: String) -> Result<List, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let page = loyalty::campaign::list(&mut tx, &actor, now, Some(cursor.as_str()).filter(|cursor| !cursor.is_empty()), 50).await?;
    Ok(List {
        rows: page.items.into_iter().map(Row::of).collect(),
        next_cursor: page.next_cursor,
        manages: actor.manages(organisation.id).is_ok(),
    })
}

/// One of them.
#[server(prefix = "/fn", endpoint = "brand/read_campaign")]
pub async fn read_campaign(campaign: String) -> Result<Detail, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let zone = organisation.country.time_zone();
    let campaign = loyalty::campaign::get(&mut tx, &actor, now, id).await?;
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
    let reward_id = campaign.rules.threshold.map(|threshold| threshold.reward_id.to_string());
    let published = campaign.published_at.map(|at| format::date(identity::shop::local_date(zone, at)));
    let manages = actor.manages(campaign.organisation_id).is_ok();
    let draft_terms = match campaign.newest_rules() {
        Some(newest) if *newest == campaign.rules => None,
        _ => Some(loyalty::campaign::draft_terms(&mut tx, &actor, &campaign).await?),
    };
    let terms = campaign.terms.clone();
    let missing = if draft_terms.is_some() { loyalty::gate::look(&mut tx, &actor, now, &campaign).await?.missing } else { Vec::new() };
    let missing = missing.into_iter().map(|one| (one.field, one.code)).collect();
    let review = campaign.review.as_ref().map(|asked| Review::of(asked, &actor, zone));
    let alone = loyalty::gate::publishes_alone(&mut tx, &campaign).await?;
    let control = Some(loyalty::control::look(&mut tx, &actor, now, id).await?.into());
    let goal = crate::goal::goal_of(&mut tx, &actor, now, &campaign, organisation.country).await?;
    Ok(Detail {
        control,
        goal,
        row: Row::of(campaign),
        terms,
        draft_terms,
        missing,
        review,
        alone,
        products,
        reward,
        reward_id,
        published,
        manages,
    })
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

/// Asks a colleague to publish.
#[server(prefix = "/fn", endpoint = "brand/ask_review")]
pub async fn ask_review(campaign: String, #[server(default)] note: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::campaign::ask_review(&mut tx, &actor, now, id, &shared::loyalty::AskReview { note }).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Gives the draft back to whoever asked, or takes one's own request back.
#[server(prefix = "/fn", endpoint = "brand/send_back")]
pub async fn send_back(campaign: String, #[server(default)] why: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::campaign::send_back(&mut tx, &actor, now, id, &why).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Takes the control that is proposed, or goes without one.
#[server(prefix = "/fn", endpoint = "brand/choose_control")]
pub async fn choose_control(campaign: String, #[server(default)] with: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::control::choose(&mut tx, &actor, now, id, !with.is_empty()).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Purchases from now on earn nothing.
#[server(prefix = "/fn", endpoint = "brand/pause_campaign")]
pub async fn pause_campaign(campaign: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::campaign::pause(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Purchases from now on earn again.
#[server(prefix = "/fn", endpoint = "brand/resume_campaign")]
pub async fn resume_campaign(campaign: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::campaign::resume(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}

/// Closes the books of a campaign that ended.
#[server(prefix = "/fn", endpoint = "brand/settle_campaign")]
pub async fn settle_campaign(campaign: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::campaign::settle(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&["/b/campaign?id=", &campaign].concat());
    Ok(())
}
