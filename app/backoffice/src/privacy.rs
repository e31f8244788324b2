//! What people ask about their data, each with the day by which the law wants an answer.

use kit::{
    Button, Chip, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Radio, Sending, Skeleton, SkeletonKind, Table, Tone, UiError,
    icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate, Country, format,
    rights::{PrivacyRequest, RequestKind, RequestStatus, clock},
};

use crate::frame::Desk;

/// So few days before its last one a request is urgent.
const SOON_DAYS: i64 = 3;

/// What waits, and what was answered last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    waiting: Vec<Line>,
    answered: Vec<Line>,
}

/// One request, with the days of its own country.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    request: PrivacyRequest,
    asked: String,
    today: CivilDate,
}

fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => t::rights_kind_access(),
        RequestKind::Correction => t::rights_kind_correction(),
        RequestKind::Deletion => t::rights_kind_deletion(),
        RequestKind::Objection => t::rights_kind_objection(),
        RequestKind::Blocking => t::rights_kind_blocking(),
    }
}

fn state(line: &Line) -> AnyView {
    let (tone, words) = match line.request.status {
        RequestStatus::Done => (Tone::Success, t::backoffice_privacy_done()),
        RequestStatus::Refused => (Tone::Warning, t::backoffice_privacy_refused()),
        RequestStatus::Open => match line.request.due_date.days_since(line.today) {
            left if left < 0 => (Tone::Danger, t::backoffice_privacy_late()),
            left if left <= SOON_DAYS => (Tone::Warning, t::backoffice_privacy_soon()),
            _ => (Tone::Success, t::backoffice_privacy_in_time()),
        },
    };
    view! { <Chip tone table=true>{words}</Chip> }.into_light()
}

/// `/o/privacy`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_privacy());
    view! {
        <Desk current="/o/privacy">
            <DeskHead title=t::backoffice_privacy_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(requests) => view! {
                        <h2>{t::backoffice_privacy_waiting()}</h2>
                        {table(requests.waiting, t::backoffice_privacy_waiting(), t::backoffice_privacy_empty_title(), t::backoffice_privacy_empty_text())}
                        <h2>{t::backoffice_privacy_answered()}</h2>
                        {table(requests.answered, t::backoffice_privacy_answered(), t::backoffice_privacy_none_answered_title(), t::backoffice_privacy_none_answered_text())}
                    }
                    .into_light(),
                    Err(error) => refused(&error, "/o/privacy"),
                })}
            </Suspense>
            {clocks()}
        </Desk>
    }
}

fn table(lines: Vec<Line>, caption: &'static str, none: &'static str, none_text: &'static str) -> AnyView {
    if lines.is_empty() {
        return view! { <section class="card"><Empty title=none text=none_text icon=path::SEAL_CHECK /></section> }.into_light();
    }
    let rows = lines
        .into_iter()
        .map(|line| {
            let state = state(&line);
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/request?id=", &line.request.id.to_string()].concat()>{kind(line.request.kind)}</a></th>
                    <td data-label=t::backoffice_privacy_law()>{line.request.country.name()}</td>
                    <td data-label=t::backoffice_privacy_asked() class="nowrap">{line.asked}</td>
                    <td data-label=t::backoffice_privacy_due() class="nowrap">{format::date(line.request.due_date)}</td>
                    <td data-label=t::backoffice_privacy_state()>{state}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_privacy_kind()),
        Column::text(t::backoffice_privacy_law()),
        Column::text(t::backoffice_privacy_asked()),
        Column::text(t::backoffice_privacy_due()),
        Column::text(t::backoffice_privacy_state()),
    ];
    view! { <section class="card card--flush"><Table caption cards=true columns>{rows}</Table></section> }.into_light()
}

/// The table of the laws.
fn clocks() -> AnyView {
    let days = |country, kind| {
        let clock = clock(country, kind);
        let days = clock.days.to_string();
        if clock.business { t::backoffice_privacy_days_business(&days) } else { t::backoffice_privacy_days(&days) }
    };
    let rows = RequestKind::ALL
        .into_iter()
        .map(|asked| {
            let cells = Country::ALL
                .map(|country| view! { <td data-label=country.name()>{days(country, asked)}</td> })
                .into_iter()
                .collect::<Vec<_>>();
            view! { <tr><th scope="row">{kind(asked)}</th>{cells}</tr> }
        })
        .collect::<Vec<_>>();
    let columns = std::iter::once(Column::text(t::backoffice_privacy_kind()))
        .chain(Country::ALL.map(|country| Column::text(country.name())))
        .collect();
    view! {
        <h2>{t::backoffice_privacy_clocks()}</h2>
        <p class="muted">{t::backoffice_privacy_clocks_text()}</p>
        <section class="card card--flush"><Table caption=t::backoffice_privacy_clocks() cards=true columns>{rows}</Table></section>
    }
    .into_light()
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    line: Line,
    operates: bool,
    /// Her cards are blocked, as she asked.
    blocks: bool,
    /// What she is called; absent when she left.
    person: Option<String>,
}

/// `/o/request?id=<id>`
#[component]
pub(crate) fn RequestPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_request(id.clone()));
    view! {
        <Desk current="/o/privacy">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Lines count=6 /> }>
                {move || page.get().map(|page| match page {
                    Ok(case) => shown(case, sending),
                    Err(error) => view! { <DeskHead title=t::backoffice_privacy_title() /> {refused(&error, "/o/privacy")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(case: Case, sending: Sending) -> AnyView {
    let Case { line, operates, blocks, person } = case;
    let chip = state(&line);
    let request = line.request;
    let mut facts = vec![
        (t::backoffice_privacy_law(), request.country.name().to_owned()),
        (t::backoffice_privacy_asked(), line.asked),
        (t::backoffice_privacy_due(), format::date(request.due_date)),
    ];
    if !request.text.is_empty() {
        facts.push((t::backoffice_privacy_words(), request.text.clone()));
    }
    if let Some(answer) = &request.answer {
        facts.push((t::backoffice_privacy_answer(), answer.clone()));
    }
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect::<Vec<_>>();
    let person = person.unwrap_or_else(|| t::backoffice_privacy_left().to_owned());
    let id = request.consumer_id.to_string();
    let who = view! { <dt>{t::backoffice_privacy_person()}</dt><dd>{person} <br /> <code class="ident">{id}</code></dd> };
    let id = request.id.to_string();
    let ending = (operates && blocks).then(|| {
        let id = id.clone();
        view! {
            <section class="card stack" aria-labelledby="ending">
                <h2 id="ending" class="h3">{t::backoffice_privacy_unblock()}</h2>
                <p class="muted">{t::backoffice_privacy_unblock_text()}</p>
                <form method="post" action="/fn/backoffice/end_blocking">
                    <input type="hidden" name="request" value=id />
                    <Button submit=true look=Look::Secondary>{t::backoffice_privacy_unblock()}</Button>
                </form>
            </section>
        }
    });
    let blocking = request.kind == RequestKind::Blocking;
    // Nothing is chosen for whoever answers: it changes what a card does.
    let chosen = RwSignal::new(kit::request::ticked("outcome").unwrap_or_default());
    let answering = (operates && request.status == RequestStatus::Open).then(|| {
        view! {
            <section class="card stack" aria-labelledby="answering">
                <h2 id="answering" class="h3">{t::backoffice_privacy_answer()}</h2>
                {blocking.then(|| view! { <p class="muted">{t::backoffice_privacy_blocking()}</p> })}
                <Form action="/fn/backoffice/answer_request" sending fields=&["answer"]>
                    <input type="hidden" name="request" value=id />
                    <Field id="answer" label=t::backoffice_privacy_answer() help=t::backoffice_privacy_answer_help() required=true maxlength=1000 error=sending.error("answer") />
                    <fieldset class="stack stack--8">
                        <legend class="sr-only">{t::backoffice_privacy_state()}</legend>
                        <Radio name="outcome" value="done" title=t::backoffice_privacy_outcome_done() chosen />
                        <Radio name="outcome" value="refused" title=t::backoffice_privacy_outcome_refused() chosen />
                    </fieldset>
                    <div class="row row--end"><Button submit=true look=Look::Key busy=sending.busy() icon=path::CHECK>{t::backoffice_privacy_send()}</Button></div>
                </Form>
            </section>
        }
    });
    view! {
        <DeskHead title=kind(request.kind) crumbs=vec![(t::backoffice_privacy_title().into(), "/o/privacy".into())]>{chip}</DeskHead>
        <div class="panels panels--main panels--top">
            <section class="card"><dl class="facts">{who} {facts}</dl></section>
            {answering}
            {ending}
        </div>
    }
    .into_light()
}

#[cfg(feature = "ssr")]
fn line(now: shared::Timestamp, request: PrivacyRequest) -> Line {
    let zone = request.country.time_zone();
    Line { asked: kit::when(zone, now, request.asked_at), today: identity::shop::local_date(zone, now), request }
}

/// What waits by urgency, and the last that were answered.
#[server(prefix = "/fn", endpoint = "backoffice/read_privacy")]
pub async fn read_privacy() -> Result<Requests, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let waiting = identity::rights::waiting(&mut tx, &actor).await?;
    let all = identity::rights::list(&mut tx, &actor, None, crate::ROWS).await?;
    Ok(Requests {
        waiting: waiting.into_iter().map(|request| line(now, request)).collect(),
        answered: all.items.into_iter().filter(|request| request.status != RequestStatus::Open).map(|request| line(now, request)).collect(),
    })
}

/// One of them.
#[server(prefix = "/fn", endpoint = "backoffice/read_request")]
pub async fn read_request(request: String) -> Result<Case, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    actor.operator()?;
    let id: shared::PrivacyRequestId = request.parse().map_err(|_| shared::Problem::not_found())?;
    let found = identity::rights::get(&mut tx, &actor, id).await?;
    let blocks = loyalty::rights::is_blocking(&mut tx, &actor, id).await?;
    let person = loyalty::rights::asker(&mut tx, &actor, id).await?;
    Ok(Case { line: line(now, found), operates: actor.operates().is_ok(), blocks, person })
}

/// Answers; the list follows.
#[server(prefix = "/fn", endpoint = "backoffice/answer_request")]
pub async fn answer_request(request: String, answer: String, #[server(default)] outcome: String) -> Result<(), UiError> {
    use shared::{Problem, rights::PrivacyAnswer};
    let (mut tx, actor, now) = kit::request::begin().await?;
    actor.operates()?;
    let id: shared::PrivacyRequestId = request.parse().map_err(|_| Problem::not_found())?;
    let done = match outcome.as_str() {
        "done" => true,
        "refused" => false,
        _ => return Err(Problem::field("outcome", "decision_missing", "done or refused").into()),
    };
    loyalty::rights::decide(&mut tx, &actor, now, id, &PrivacyAnswer { done, answer }).await?;
    tx.commit().await?;
    kit::request::go("/o/privacy");
    Ok(())
}

/// Her cards earn and pay again: she asked otherwise.
#[server(prefix = "/fn", endpoint = "backoffice/end_blocking")]
pub async fn end_blocking(request: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    actor.operates()?;
    let id: shared::PrivacyRequestId = request.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::rights::unblock(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    kit::request::go(&format!("/o/request?id={id}"));
    Ok(())
}
