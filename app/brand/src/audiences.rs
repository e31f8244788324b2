//! Messages to saved segments: preparing one, seeing whom it reaches, confirming it, and what became of it.

use kit::{
    Banner, Button, ButtonLink, Chip, Choice, Column, DeskHead, Empty, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind,
    StatTile, Table, Tiles, Tone, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::frame::Desk;

/// Address of the list.
const HERE: &str = "/b/audiences";

/// What the list shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audiences {
    messages: Vec<Line>,
    /// Identity and name.
    brands: Vec<(String, String)>,
    /// Code and name.
    segments: Vec<(String, String)>,
    /// Name and words.
    texts: Vec<(String, String)>,
    /// Identity and name; the first is none.
    campaigns: Vec<(String, String)>,
    manages: bool,
}

/// A message in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    id: String,
    segment: String,
    brand: String,
    text: String,
    members: String,
    reachable: String,
    /// So few that nothing may be sent.
    few: bool,
    prepared: String,
    confirmed: Option<String>,
    done: bool,
    /// Sent, held, failed, refused.
    result: Option<[String; 4]>,
    manages: bool,
}

/// `/b/audiences`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_audiences());
    view! {
        <Desk current="/b/audiences" told=true>
            <DeskHead title=t::brand_audience_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(audiences) => shown(audiences),
                    Err(error) => refused(&error, HERE),
                })}
            </Suspense>
        </Desk>
    }
}

fn state(line: &Line) -> AnyView {
    match (&line.confirmed, line.done) {
        (None, _) => view! { <Chip table=true>{t::brand_audience_prepared()}</Chip> }.into_light(),
        (Some(_), false) => view! { <Chip tone=Tone::Warning table=true>{t::brand_audience_sending()}</Chip> }.into_light(),
        (Some(_), true) => view! { <Chip tone=Tone::Success table=true>{t::brand_audience_sent()}</Chip> }.into_light(),
    }
}

fn shown(audiences: Audiences) -> AnyView {
    let Audiences { messages, brands, segments, texts, campaigns, manages } = audiences;
    let list = if messages.is_empty() {
        view! { <Empty title=t::brand_audience_empty_title() text=t::brand_audience_empty_text() icon=path::MEGAPHONE_SIMPLE /> }
            .into_light()
    } else {
        let rows = messages
            .into_iter()
            .map(|line| {
                let state = state(&line);
                view! {
                    <tr>
                        <th scope="row"><a class="link" href=["/b/audience?id=", &line.id].concat()>{line.segment}</a><br /><span class="small muted">{line.brand}</span></th>
                        <td data-label=t::brand_audience_text()>{line.text}</td>
                        <td data-label=t::brand_audience_reachable() class="table__num">{line.reachable}</td>
                        <td data-label=t::brand_audience_state()>{state}<br /><span class="small muted">{line.confirmed.unwrap_or(line.prepared)}</span></td>
                    </tr>
                }
            })
            .collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::brand_audience_segment()),
            Column::text(t::brand_audience_text()),
            Column::number(t::brand_audience_reachable()),
            Column::text(t::brand_audience_state()),
        ];
        view! { <Table caption=t::brand_audience_title() cards=true columns>{rows}</Table> }.into_light()
    };
    let new = if !manages {
        ().into_light()
    } else if texts.is_empty() {
        view! { <Banner tone=Tone::Warning note=true icon=path::WARNING_CIRCLE_FILL>{t::brand_audience_no_texts()}</Banner> }.into_light()
    } else if segments.is_empty() {
        view! {
            <section class="card">
                <Empty title=t::brand_audience_unsaved_title() text=t::brand_audience_unsaved_text() icon=path::USERS>
                    <ButtonLink href="/b/reports/consumers" look=Look::Key size=Size::Dense>{t::brand_audience_unsaved_action()}</ButtonLink>
                </Empty>
            </section>
        }
        .into_light()
    } else {
        view! { <New brands segments texts campaigns /> }.into_light()
    };
    view! {
        {new}
        <section class="card card--flush" aria-labelledby="audiences">
            <div class="panel__head"><h2 id="audiences">{t::brand_audience_list()}</h2></div>
            <div class="stack key-form">{list}</div>
        </section>
    }
    .into_light()
}

#[component]
fn New(
    brands: Vec<(String, String)>,
    segments: Vec<(String, String)>,
    texts: Vec<(String, String)>,
    campaigns: Vec<(String, String)>,
) -> impl IntoView {
    let sending = Sending::other();
    let texts = texts
        .into_iter()
        .enumerate()
        .map(|(place, (name, words))| {
            view! { <label class="row row--12"><input class="radio" type="radio" name="template" value=name checked={place == 0} required=true /> <span>{words}</span></label> }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="card stack" aria-labelledby="audience-new">
            <h2 id="audience-new">{t::brand_audience_new()}</h2>
            <p class="small muted">{t::brand_audience_how()}</p>
            <Form action="/fn/brand/prepare_audience" sending fields=&["campaign"]>
                <div class="fields">
                    <Choice id="brand" label=t::brand_summary_brand() options=brands />
                    <Choice id="segment" label=t::brand_audience_segment() options=segments />
                    <Choice id="campaign" label=t::brand_audience_campaign() options=campaigns error=sending.error("campaign") />
                </div>
                <fieldset class="stack"><legend class="field__label">{t::brand_audience_text()}</legend>{texts}</fieldset>
                <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::brand_audience_prepare()}</Button></div>
            </Form>
        </section>
    }
}

/// `/b/audience?id=aum_…`
#[component]
pub(crate) fn OnePage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_audience(id.clone()));
    view! {
        <Desk current="/b/audiences" told=true>
            <DeskHead title=t::brand_audience_one()>
                <ButtonLink href=HERE look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
            </DeskHead>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(line) => one(line),
                    Err(error) => refused(&error, HERE),
                })}
            </Suspense>
        </Desk>
    }
}

fn one(line: Line) -> AnyView {
    let chip = state(&line);
    let Line { id, segment, brand, text, members, reachable, few, prepared, confirmed, result, manages, .. } = line;
    let question = t::brand_audience_confirm_title(&reachable).to_string();
    let act = match result {
        Some(figures) => told(figures),
        None if few => {
            view! { <Banner tone=Tone::Warning note=true icon=path::WARNING_CIRCLE_FILL>{t::brand_audience_few()}</Banner> }.into_light()
        }
        None if manages => view! {
            <section class="card stack">
                <p><b>{question}</b></p>
                <p class="small">{t::brand_audience_confirm_text()}</p>
                <form method="post" action="/fn/brand/confirm_audience" class="row row--8">
                    <input type="hidden" name="message" value=id />
                    <Button submit=true look=Look::Key size=Size::Dense>{t::brand_audience_confirm()}</Button>
                    <ButtonLink href=HERE look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
                </form>
            </section>
        }
        .into_light(),
        None => ().into_light(),
    };
    let confirmed = confirmed.map(|at| view! { <p class="small muted">{t::brand_audience_confirmed_at(&at).to_string()}</p> });
    view! {
        <section class="card stack">
            <h2>{segment} " · " {brand}</h2>
            <p>{chip}</p>
            <blockquote class="card card--pad">{text}</blockquote>
            <p class="small muted">{prepared}</p>
            {confirmed}
        </section>
        <Tiles>
            <StatTile label=t::brand_audience_members() figure=members />
            <StatTile label=t::brand_audience_reachable() figure=reachable />
        </Tiles>
        {act}
    }
    .into_light()
}

/// What became of the messages.
fn told([sent, held, failed, refused]: [String; 4]) -> AnyView {
    view! {
        <section class="stack" aria-labelledby="result">
            <h2 id="result">{t::brand_audience_result()}</h2>
            <Tiles>
                <StatTile label=t::brand_audience_delivered() figure=sent />
                <StatTile label=t::brand_audience_held() figure=held />
                <StatTile label=t::brand_audience_failed() figure=failed />
                <StatTile label=t::brand_audience_refused() figure=refused />
            </Tiles>
            <p class="small muted">{t::brand_audience_result_how()}</p>
        </section>
    }
    .into_light()
}

#[cfg(feature = "ssr")]
fn line(
    message: shared::reports::audience::AudienceMessage,
    brands: &[shared::identity::Brand],
    manages: bool,
    country: shared::Country,
    now: shared::Timestamp,
) -> Line {
    let zone = country.time_zone();
    let people =
        |count: Option<i64>| count.map_or_else(|| t::brand_audience_hidden().to_owned(), |count| shared::format::integer(count, country));
    Line {
        id: message.id.to_string(),
        segment: reports::panel::segment_name(message.segment).to_owned(),
        brand: brands.iter().find(|brand| brand.id == message.brand_id).map(|brand| brand.name.clone()).unwrap_or_default(),
        text: message.text,
        members: people(message.members),
        reachable: people(message.reachable),
        few: message.reachable.is_none_or(|count| count == 0),
        prepared: t::brand_audience_prepared_at(&kit::when(zone, now, message.created_at)).to_string(),
        confirmed: message.confirmed_at.map(|at| kit::when(zone, now, at)),
        done: message.done,
        result: message.result.map(|result| [result.sent, result.held, result.failed, result.refused].map(people)),
        manages,
    }
}

/// Messages to audiences, and what a new one may be made of.
#[server(prefix = "/fn", endpoint = "brand/read_audiences")]
pub async fn read_audiences() -> Result<Audiences, UiError> {
    use shared::reports::metric::Segment;
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let manages = actor.manages(organisation.id).is_ok();
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let messages = reports::audience::list(&mut tx, &actor).await.map_err(shared::Problem::from)?;
    let page = loyalty::campaign::list(&mut tx, &actor, now, None, 100).await?;
    let mut campaigns = vec![(String::new(), t::brand_reports_no_campaign().to_owned())];
    campaigns.extend(page.items.into_iter().filter(|one| one.published_rules.is_some()).map(|one| (one.id.to_string(), one.name)));
    let approved = request::state::<request::RequestContext>()?.app.approved;
    // Every one of them: a message goes to whoever is in a saved segment, and to nobody of one that was never saved.
    let mut saved = Vec::new();
    for brand in &brands {
        saved.extend(reports::saved_segments(&mut tx, &actor, now, brand.id).await.map_err(shared::Problem::from)?);
    }
    // What the text will say instead of these is chosen above it.
    let brand = match brands.as_slice() {
        [only] => only.name.clone(),
        _ => t::brand_audience_text_brand().to_owned(),
    };
    let as_read = |text: String| text.replace("{marca}", &brand).replace("{campaña}", t::brand_audience_text_campaign());
    Ok(Audiences {
        messages: messages.into_iter().map(|message| line(message, &brands, manages, organisation.country, now)).collect(),
        segments: Segment::ALL
            .into_iter()
            .filter(|one| saved.contains(one))
            .map(|one| (reports::segment_code(one).to_owned(), reports::panel::segment_name(one).to_owned()))
            .collect(),
        texts: reports::audience::texts(&approved).into_iter().map(|text| (text.template, as_read(text.text))).collect(),
        brands: brands.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        campaigns,
        manages,
    })
}

/// One of them, and what became of it.
#[server(prefix = "/fn", endpoint = "brand/read_audience")]
pub async fn read_audience(id: String) -> Result<Line, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let id = id.parse().map_err(|_| shared::Problem::not_found())?;
    let message = reports::audience::get(&mut tx, &actor, id).await.map_err(shared::Problem::from)?;
    Ok(line(message, &brands, actor.manages(organisation.id).is_ok(), organisation.country, now))
}

/// Prepares a message: nothing leaves before it is confirmed on its page.
#[server(prefix = "/fn", endpoint = "brand/prepare_audience")]
pub async fn prepare_audience(
    brand: String,
    segment: String,
    template: String,
    #[server(default)] campaign: String,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        reports::{audience::NewAudienceMessage, metric::Segment},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let segment = Segment::ALL.into_iter().find(|one| reports::segment_code(*one) == segment);
    let new = NewAudienceMessage {
        brand_id: brand.parse().map_err(|_| Problem::not_found())?,
        segment: segment.ok_or_else(|| Problem::field("segment", "bad_field", "This is none of the segments."))?,
        template,
        campaign_id: if campaign.is_empty() { None } else { Some(campaign.parse().map_err(|_| Problem::not_found())?) },
    };
    let approved = request::state::<request::RequestContext>()?.app.approved;
    let made = reports::audience::prepare(&mut tx, &actor, now, &new, &approved).await.map_err(|error| match error {
        reports::Error::Parameter("campaign_id") => {
            Problem::field("campaign", "reports.text_needs_campaign", "This text speaks of a campaign.")
        }
        other => Problem::from(other),
    })?;
    tx.commit().await?;
    request::go(&format!("/b/audience?id={}", made.id));
    Ok(())
}

/// Sends what was prepared.
#[server(prefix = "/fn", endpoint = "brand/confirm_audience")]
pub async fn confirm_audience(message: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = message.parse().map_err(|_| shared::Problem::not_found())?;
    reports::audience::confirm(&mut tx, &actor, now, id).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go(&format!("/b/audience?id={id}"));
    Ok(())
}
