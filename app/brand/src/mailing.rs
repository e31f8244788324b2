//! Reports by e-mail: what comes to whom, a new one, one now, and the way out of one.

use kit::{
    Banner, Button, ButtonLink, Chip, Choice, Column, DeskHead, Empty, Form, IntoLight, LiveRegions, Look, Sending, Size, Skeleton,
    SkeletonKind, Table, Tone, UiError,
    icon::{Wordmark, path},
    refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::frame::Desk;

/// Address of the page.
const HERE: &str = "/b/reports/schedule";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mailing {
    schedules: Vec<Planned>,
    /// Identity and name.
    brands: Vec<(String, String)>,
    /// Identity and name; the first is none.
    campaigns: Vec<(String, String)>,
    /// Code and name of each report.
    panels: Vec<(String, String)>,
    /// Identity, name and address of whom one may choose.
    people: Vec<(String, String, String)>,
    manages: bool,
}

/// A schedule in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    id: String,
    brand: String,
    when: String,
    panels: String,
    /// Name and address, and whether she left it.
    recipients: Vec<(String, String, bool)>,
    next: String,
    last: Option<String>,
    /// Whoever looks left it.
    left: bool,
}

/// `/b/reports/schedule`
#[component]
pub(crate) fn MailingPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_mailing());
    let done = request::query("done").map(|done| match done.as_str() {
        "sent" => t::brand_mailing_on_its_way(),
        "removed" => t::brand_mailing_removed(),
        "back" => t::brand_mailing_back(),
        _ => t::brand_mailing_made(),
    });
    view! {
        <Desk current=crate::panels::HOME told=true>
            <DeskHead title=t::brand_mailing_title()>
                <ButtonLink href=crate::panels::HOME look=Look::Secondary size=Size::Dense>{t::brand_mailing_reports()}</ButtonLink>
            </DeskHead>
            {done.map(|words| view! { <Banner tone=Tone::Success note=true icon=path::CHECK_CIRCLE_FILL>{words}</Banner> })}
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(mailing) => shown(mailing),
                    Err(error) => refused(&error, HERE),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(mailing: Mailing) -> AnyView {
    let Mailing { schedules, brands, campaigns, panels, people, manages } = mailing;
    let list = if schedules.is_empty() {
        view! { <Empty title=t::brand_mailing_empty_title() text=t::brand_mailing_empty_text() icon=path::CHART_LINE_UP /> }.into_light()
    } else {
        let rows = schedules.into_iter().map(|one| row(one, manages)).collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::brand_mailing_when()),
            Column::text(t::brand_mailing_what()),
            Column::text(t::brand_mailing_whom()),
            Column::text(t::brand_mailing_next()),
            Column::hidden(t::brand_mailing_change()),
        ];
        view! { <Table caption=t::brand_mailing_title() cards=true tall=true columns>{rows}</Table> }.into_light()
    };
    let new = manages.then(|| view! { <New brands campaigns panels people /> });
    view! {
        <section class="card card--flush" aria-labelledby="mailing">
            <div class="panel__head"><h2 id="mailing">{t::brand_mailing_planned()}</h2></div>
            <div class="stack key-form"><p class="small muted">{t::brand_mailing_how()}</p>{list}</div>
        </section>
        {new}
    }
    .into_light()
}

fn row(one: Planned, manages: bool) -> AnyView {
    let post = |action: &'static str, words: &'static str, look: Look| {
        let id = one.id.clone();
        view! {
            <form method="post" action=action class="row">
                <input type="hidden" name="schedule" value=id />
                <Button submit=true look size=Size::Dense>{words}</Button>
            </form>
        }
    };
    let whom = one
        .recipients
        .iter()
        .map(|(name, email, left)| {
            let chip = left.then(|| view! { " " <Chip tone=Tone::Warning table=true>{t::brand_mailing_left()}</Chip> });
            view! { <p>{name.clone()} " " <span class="small muted">{email.clone()}</span>{chip}</p> }
        })
        .collect::<Vec<_>>();
    let back = one.left.then(|| post("/fn/brand/come_back_to_report", t::brand_mailing_come_back(), Look::Secondary));
    let change = manages.then(|| {
        let id = one.id.clone();
        view! {
            <div class="row row--8">
                {post("/fn/brand/send_report_now", t::brand_mailing_now(), Look::Secondary)}
                <details class="confirm">
                    <summary class="link">{t::brand_mailing_remove()}</summary>
                    <form method="post" action="/fn/brand/remove_report_schedule" class="confirm__card">
                        <input type="hidden" name="schedule" value=id />
                        <p><b>{t::brand_mailing_remove_title()}</b></p>
                        <Button submit=true look=Look::Danger size=Size::Dense>{t::brand_mailing_remove()}</Button>
                    </form>
                </details>
            </div>
        }
    });
    let last = one.last.map(|last| view! { <br /><span class="small muted">{last}</span> });
    view! {
        <tr data-schedule=one.id.clone()>
            <th scope="row">{one.when}<br /><span class="small muted">{one.brand}</span></th>
            <td data-label=t::brand_mailing_what()>{one.panels}</td>
            <td data-label=t::brand_mailing_whom()>{whom}</td>
            <td data-label=t::brand_mailing_next()>{one.next}{last}</td>
            <td>{back}{change}</td>
        </tr>
    }
    .into_light()
}

#[component]
fn New(
    brands: Vec<(String, String)>,
    campaigns: Vec<(String, String)>,
    panels: Vec<(String, String)>,
    people: Vec<(String, String, String)>,
) -> impl IntoView {
    let sending = Sending::other();
    let days = WEEKDAYS.iter().map(|(value, words)| ((*value).to_owned(), words().to_owned()));
    let dates = (1..=28).map(|day: i64| (["monthly-", &day.to_string()].concat(), t::brand_mailing_monthly(&day.to_string()).to_string()));
    let when = days.chain(dates).collect::<Vec<_>>();
    let hours = (0..24).map(|hour: i64| (hour.to_string(), format!("{hour:02}:00"))).collect::<Vec<_>>();
    let boxes = panels
        .into_iter()
        .enumerate()
        .map(|(place, (code, name))| {
            view! { <label class="row row--12"><input class="check" type="checkbox" name="panels[]" value=code checked={place < 4} /> <span>{name}</span></label> }
        })
        .collect::<Vec<_>>();
    let whom = people
        .into_iter()
        .map(|(id, name, email)| {
            view! { <label class="row row--12"><input class="check" type="checkbox" name="recipients[]" value=id /> <span>{name} " " <span class="small muted">{email}</span></span></label> }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="card stack" aria-labelledby="mailing-new">
            <h2 id="mailing-new">{t::brand_mailing_new()}</h2>
            <Form action="/fn/brand/create_report_schedule" sending fields=&["campaign"]>
                <div class="fields">
                    <Choice id="brand" label=t::brand_summary_brand() options=brands />
                    <Choice id="when" label=t::brand_mailing_when() options=when chosen="weekly-1" />
                    <Choice id="hour" label=t::brand_mailing_hour() options=hours chosen="7" />
                    <Choice id="campaign" label=t::brand_mailing_campaign() options=campaigns error=sending.error("campaign") />
                </div>
                <fieldset class="stack"><legend class="field__label">{t::brand_mailing_what()}</legend><div class="fields">{boxes}</div></fieldset>
                <fieldset class="stack"><legend class="field__label">{t::brand_mailing_whom()}</legend>{whom}</fieldset>
                <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::brand_mailing_create()}</Button></div>
            </Form>
        </section>
    }
}

/// Value and words of the weekly choices.
const WEEKDAYS: [(&str, kit::Words); 7] = [
    ("weekly-1", t::brand_mailing_monday),
    ("weekly-2", t::brand_mailing_tuesday),
    ("weekly-3", t::brand_mailing_wednesday),
    ("weekly-4", t::brand_mailing_thursday),
    ("weekly-5", t::brand_mailing_friday),
    ("weekly-6", t::brand_mailing_saturday),
    ("weekly-7", t::brand_mailing_sunday),
];

/// `/b/reports/leave?word=…`: from an e-mail, without a session.
#[component]
pub(crate) fn LeavePage() -> impl IntoView {
    let word = request::query("word").unwrap_or_default();
    let body = match (request::query("done"), request::refusal()) {
        (Some(_), _) => view! { <p>{t::brand_leave_done()}</p> }.into_light(),
        (None, Some(_)) => {
            view! { <Banner tone=Tone::Danger note=true icon=path::WARNING_CIRCLE_FILL>{t::brand_leave_wrong()}</Banner> }.into_light()
        }
        (None, None) => view! {
            <p>{t::brand_leave_text()}</p>
            <form method="post" action="/fn/brand/leave_report" class="stack">
                <input type="hidden" name="word" value=word />
                <Button submit=true wide=true look=Look::Key size=Size::Tall>{t::brand_leave_action()}</Button>
            </form>
        }
        .into_light(),
    };
    view! {
        <LiveRegions />
        <main id="main" class="login">
            <div class="login__card">
                <a href="/" aria-label=t::common_brand()><Wordmark size=28 /></a>
                <h1>{t::brand_leave_title()}</h1>
                {body}
            </div>
        </main>
    }
}

/// What comes to whom, and what a new one may be made of.
#[server(prefix = "/fn", endpoint = "brand/read_mailing")]
pub async fn read_mailing() -> Result<Mailing, UiError> {
    use shared::reports::{metric::Metric, panel::Family, schedule::Cadence};
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let zone = organisation.country.time_zone();
    let manages = actor.manages(organisation.id).is_ok();
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let name = |metric: Metric| reports::metrics::definitions::definition(metric).name;
    let me = actor.user().ok();
    let schedules = reports::schedule::list(&mut tx, &actor).await.map_err(shared::Problem::from)?;
    let planned = schedules.into_iter().map(|one| {
        let day = match one.cadence {
            Cadence::Weekly => WEEKDAYS
                .iter()
                .find(|(value, _)| *value == ["weekly-", &one.day.to_string()].concat())
                .map_or_else(String::new, |(_, words)| words().to_owned()),
            Cadence::Monthly => t::brand_mailing_monthly(&one.day.to_string()).to_string(),
        };
        let last = one.last.map(|last| {
            let (at, people) = (kit::when(zone, now, last.sent_at), last.recipients.to_string());
            t::brand_mailing_last(&at, &people).to_string()
        });
        Planned {
            id: one.id.to_string(),
            brand: brands.iter().find(|brand| brand.id == one.brand_id).map(|brand| brand.name.clone()).unwrap_or_default(),
            when: format!("{day} {:02}:00", one.hour),
            panels: one.panels.into_iter().map(name).collect::<Vec<_>>().join(", "),
            left: one.recipients.iter().any(|person| Some(person.user_id) == me && person.left_at.is_some()),
            recipients: one.recipients.into_iter().map(|person| (person.name, person.email, person.left_at.is_some())).collect(),
            next: kit::when(zone, now, one.next_at),
            last,
        }
    });
    let planned: Vec<Planned> = planned.collect();
    let people = if manages { reports::schedule::people(&mut tx, &actor).await.map_err(shared::Problem::from)? } else { Vec::new() };
    let page = loyalty::campaign::list(&mut tx, &actor, now, None, 100).await?;
    let mut campaigns = vec![(String::new(), t::brand_reports_no_campaign().to_owned())];
    campaigns.extend(page.items.into_iter().map(|one| (one.id.to_string(), one.name)));
    // In the order of the pages.
    let panels =
        Family::ALL.into_iter().flat_map(|family| Metric::ALL.into_iter().filter(move |one| Family::of_metric(*one) == Some(family)));
    Ok(Mailing {
        schedules: planned,
        panels: panels.map(|metric| (metric.id().to_owned(), name(metric))).collect(),
        brands: brands.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        campaigns,
        people: people.into_iter().map(|one| (one.user_id.to_string(), one.name, one.email)).collect(),
        manages,
    })
}

/// Subscribes people to reports. `when`: `weekly-1` to `weekly-7`, `monthly-1` to `monthly-28`.
#[server(prefix = "/fn", endpoint = "brand/create_report_schedule")]
pub async fn create_report_schedule(
    brand: String,
    when: String,
    hour: String,
    #[server(default)] campaign: String,
    #[server(default)] panels: Vec<String>,
    #[server(default)] recipients: Vec<String>,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        reports::{
            metric::Metric,
            schedule::{Cadence, NewSchedule},
        },
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let wrong = |field: &'static str| Problem::field(field, "bad_field", "This is none of the choices.");
    let (cadence, day) = match when.split_once('-') {
        Some(("weekly", day)) => (Cadence::Weekly, day),
        Some(("monthly", day)) => (Cadence::Monthly, day),
        _ => return Err(wrong("when").into()),
    };
    let known = |code: &String| Metric::ALL.into_iter().find(|metric| metric.id() == code);
    let new = NewSchedule {
        brand_id: brand.parse().map_err(|_| Problem::not_found())?,
        cadence,
        day: day.parse().map_err(|_| wrong("when"))?,
        hour: hour.parse().map_err(|_| wrong("hour"))?,
        panels: panels.iter().map(known).collect::<Option<_>>().ok_or_else(|| wrong("panels"))?,
        campaign_id: if campaign.is_empty() { None } else { Some(campaign.parse().map_err(|_| Problem::not_found())?) },
        recipients: recipients.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| wrong("recipients"))?,
    };
    reports::schedule::create(&mut tx, &actor, now, &new).await.map_err(|error| match error {
        reports::Error::Parameter("panels") => Problem::field("panels", "reports.no_panels", "At least one report."),
        reports::Error::Parameter("recipients") => Problem::field("recipients", "reports.no_recipients", "At least one person."),
        reports::Error::Parameter("campaign_id") => {
            Problem::field("campaign", "reports.needs_campaign", "These reports are of a campaign.")
        }
        other => Problem::from(other),
    })?;
    tx.commit().await?;
    request::go(&[HERE, "?done=made"].concat());
    Ok(())
}

#[cfg(feature = "ssr")]
fn named(schedule: &str) -> Result<shared::ReportScheduleId, UiError> {
    Ok(schedule.parse().map_err(|_| shared::Problem::not_found())?)
}

/// Sends the last whole week or month now.
#[server(prefix = "/fn", endpoint = "brand/send_report_now")]
pub async fn send_report_now(schedule: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    reports::schedule::send_now(&mut tx, &actor, now, named(&schedule)?).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go(&[HERE, "?done=sent"].concat());
    Ok(())
}

/// Ends a schedule.
#[server(prefix = "/fn", endpoint = "brand/remove_report_schedule")]
pub async fn remove_report_schedule(schedule: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    reports::schedule::remove(&mut tx, &actor, now, named(&schedule)?).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go(&[HERE, "?done=removed"].concat());
    Ok(())
}

/// Whoever left a report wants it again.
#[server(prefix = "/fn", endpoint = "brand/come_back_to_report")]
pub async fn come_back_to_report(schedule: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    reports::schedule::come_back(&mut tx, &actor, now, named(&schedule)?).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go(&[HERE, "?done=back"].concat());
    Ok(())
}

/// From an e-mail, without a session: the word is the proof.
#[server(prefix = "/fn", endpoint = "brand/leave_report")]
pub async fn leave_report(word: String) -> Result<(), UiError> {
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let leaver = reports::schedule::leaver(&keys, &word).map_err(shared::Problem::from)?;
    let (mut tx, _, now) = request::begin().await?;
    reports::schedule::leave(&mut tx, now, leaver).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go("/b/reports/leave?done=1");
    Ok(())
}
