//! Tills: who sends tickets, what came last, what nobody knows, and files.

use kit::{
    Banner, Button, Chip, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, Table, Tone,
    UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::{
    codec::{FromReq, IntoReq},
    request::{ClientReq, Req},
};
use shared::{
    Country, Problem, format,
    till::{TicketKind, TicketStatus, TillFileReport, TillSource, TillTicket, UnmatchedItem},
};

use crate::{frame::Desk, upload::FileForm};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tills {
    sources: Vec<TillSource>,
    /// With when they came, newest first.
    tickets: Vec<(TillTicket, String)>,
    items: Vec<UnmatchedItem>,
    /// The secret that was just made: shown this once.
    made: Option<String>,
    /// What the file that was just brought holds.
    report: Option<TillFileReport>,
    country: Country,
    operates: bool,
}

/// `/o/tills`, with `?made=<sealed>` a secret, or `?told=<sealed>` a report.
#[component]
pub(crate) fn TillsPage() -> impl IntoView {
    let (made, told) = (request::query("made").unwrap_or_default(), request::query("told").unwrap_or_default());
    let page = Resource::new(|| (), move |()| read_tills(made.clone(), told.clone()));
    view! {
        <Desk current="/o/tills" told=true>
            <DeskHead title=t::backoffice_tills_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(tills) => shown(tills),
                    Err(error) => refused(&error, "/o/tills"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(tills: Tills) -> AnyView {
    let Tills { sources, tickets, items, made, report, country, operates } = tills;
    let secret = made.map(|secret| {
        view! {
            <section class="card stack">
                <Banner note=true tone=Tone::Success icon=path::KEY>{t::backoffice_tills_once()}</Banner>
                <p class="secret" data-secret tabindex="0">{secret}</p>
            </section>
        }
    });
    let known: Vec<(String, String)> = sources.iter().map(|source| (source.id.to_string(), source.name.clone())).collect();
    let bringing = (operates && !known.is_empty()).then(|| view! { <BringFile sources=known /> });
    let adding = operates.then(|| view! { <NewSource /> });
    view! {
        {secret}
        {report.map(|report| report_view(report, country))}
        <section class="card card--flush" aria-labelledby="sources">
            <div class="panel__head"><h2 id="sources">{t::backoffice_tills_sources()}</h2></div>
            <div class="stack key-form">{source_table(sources, country)}{adding}</div>
        </section>
        {bringing}
        <section class="card card--flush" aria-labelledby="items">
            <div class="panel__head"><h2 id="items">{t::backoffice_tills_items()}</h2></div>
            {item_table(items, country)}
        </section>
        <section class="card card--flush" aria-labelledby="tickets">
            <div class="panel__head"><h2 id="tickets">{t::backoffice_tills_last()}</h2></div>
            {ticket_table(tickets, country)}
        </section>
    }
    .into_light()
}

#[component]
fn NewSource() -> impl IntoView {
    let sending = Sending::other();
    view! {
        <details>
            <summary class="btn btn--secondary btn--dense">{t::backoffice_tills_new()}</summary>
            <Form action="/fn/backoffice/create_till" sending fields=&["name"]>
                <Field id="name" label=t::backoffice_tills_name() maxlength=80 required=true error=sending.error("name") />
                <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::backoffice_tills_new()}</Button></div>
            </Form>
        </details>
    }
}

#[component]
fn BringFile(sources: Vec<(String, String)>) -> impl IntoView {
    let options = sources.into_iter().map(|(id, name)| view! { <option value=id>{name}</option> }).collect::<Vec<_>>();
    view! {
        <section class="card stack" aria-labelledby="bring">
            <h2 id="bring" class="h3">{t::backoffice_tills_file()}</h2>
            <p class="muted">{t::backoffice_tills_file_help()}</p>
            <form method="post" enctype="multipart/form-data" action="/fn/backoffice/bring_till_file" class="stack">
                <label class="field"><span class="field__label">{t::backoffice_tills_sources()}</span><select class="input" name="source">{options}</select></label>
                <label class="field"><span class="field__label">{t::backoffice_tills_choose()}</span><input class="input" type="file" name="file" accept=".csv,.xlsx,text/csv" required=true /></label>
                <label class="row row--12"><input class="check" type="checkbox" name="apply" value="yes" /> <span>{t::backoffice_tills_apply()}</span></label>
                <div><Button submit=true look=Look::Key size=Size::Dense icon=path::UPLOAD_SIMPLE>{t::backoffice_tills_send()}</Button></div>
            </form>
        </section>
    }
}

fn report_view(report: TillFileReport, country: Country) -> AnyView {
    let number = |value: i64| format::integer(value, country);
    let (tone, words) = match (report.known_file, report.applied) {
        (true, _) => (Tone::Warning, t::backoffice_tills_known_file()),
        (false, true) => (Tone::Success, t::backoffice_tills_applied()),
        (false, false) => (Tone::Info, t::backoffice_tills_looked()),
    };
    let facts = [
        (t::backoffice_tills_rows(), number(report.rows)),
        (t::backoffice_tills_tickets(), number(report.tickets)),
        (t::backoffice_tills_known(), number(report.known_tickets)),
        (t::backoffice_tills_joined(), number(report.joined)),
        (t::backoffice_tills_wrong(), number(report.wrong_tickets)),
        (t::backoffice_tills_sum(), format::money(report.sum_minor, country.currency(), country)),
    ];
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd class="num">{value}</dd> }).collect::<Vec<_>>();
    let wrong = report.wrong.into_iter().map(|wrong| view! { <li><span class="num">{wrong.row.to_string()}</span>" · "<code>{wrong.column}</code>" · "{why(&wrong.code)}</li> }).collect::<Vec<_>>();
    view! {
        <section class="card stack" aria-labelledby="report" data-report>
            <h2 id="report" class="sr-only">{t::backoffice_tills_file()}</h2>
            <Banner note=true tone icon=path::INFO>{words}</Banner>
            <dl class="facts">{facts}</dl>
            {(!wrong.is_empty()).then(|| view! { <ul class="stack stack--4 small">{wrong}</ul> })}
        </section>
    }
    .into_light()
}

fn why(code: &str) -> &'static str {
    match code {
        "loyalty.till_scientific_barcode" => t::backoffice_tills_why_scientific(),
        "loyalty.till_split_ticket" => t::backoffice_tills_why_split(),
        "loyalty.idempotency_conflict" => t::backoffice_tills_why_conflict(),
        _ => t::backoffice_tills_why_field(),
    }
}

fn source_table(sources: Vec<TillSource>, country: Country) -> AnyView {
    if sources.is_empty() {
        return view! { <Empty title=t::backoffice_tills_none_title() text=t::backoffice_tills_none_text() icon=path::RECEIPT /> }
            .into_light();
    }
    let rows = sources
        .into_iter()
        .map(|source| {
            view! {
                <tr>
                    <th scope="row">{source.name}<br /><code class="small muted">{source.id.to_string()}</code></th>
                    <td data-label=t::backoffice_tills_terminals() class="table__num">{format::integer(source.terminals, country)}</td>
                    <td data-label=t::backoffice_tills_tickets() class="table__num">{format::integer(source.tickets, country)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_tills_name()),
        Column::number(t::backoffice_tills_terminals()),
        Column::number(t::backoffice_tills_tickets()),
    ];
    view! { <Table caption=t::backoffice_tills_sources() cards=true columns>{rows}</Table> }.into_light()
}

fn item_table(items: Vec<UnmatchedItem>, country: Country) -> AnyView {
    if items.is_empty() {
        return view! { <Empty title=t::backoffice_tills_items_none_title() text=t::backoffice_tills_items_none_text() icon=path::SEAL_CHECK /> }.into_light();
    }
    let rows = items
        .into_iter()
        .map(|item| {
            view! {
                <tr>
                    <th scope="row"><code>{item.barcode}</code></th>
                    <td data-label=t::backoffice_tills_called()>{item.description}</td>
                    <td data-label=t::backoffice_tills_lines() class="table__num">{format::integer(item.lines, country)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_tills_barcode()),
        Column::text(t::backoffice_tills_called()),
        Column::number(t::backoffice_tills_lines()),
    ];
    view! { <Table caption=t::backoffice_tills_items() cards=true columns>{rows}</Table> }.into_light()
}

fn ticket_table(tickets: Vec<(TillTicket, String)>, country: Country) -> AnyView {
    if tickets.is_empty() {
        return view! { <Empty title=t::backoffice_tills_last_none_title() text=t::backoffice_tills_last_none_text() icon=path::CLOCK /> }
            .into_light();
    }
    let rows = tickets
        .into_iter()
        .map(|(ticket, at)| {
            let kind = match ticket.kind {
                TicketKind::Sale => t::backoffice_tills_sale(),
                TicketKind::Refund => t::backoffice_tills_refund(),
                TicketKind::Void => t::backoffice_tills_void(),
            };
            let (tone, status) = match ticket.status {
                TicketStatus::Recorded => (Tone::Plain, t::backoffice_tills_recorded()),
                TicketStatus::Joined => (Tone::Success, t::backoffice_tills_is_joined()),
                TicketStatus::Awarded => (Tone::Success, t::backoffice_tills_awarded()),
                TicketStatus::Returned => (Tone::Plain, t::backoffice_tills_returned()),
                TicketStatus::Waiting => (Tone::Warning, t::backoffice_tills_waiting()),
                TicketStatus::Unplaced => (Tone::Warning, t::backoffice_tills_unplaced()),
                TicketStatus::Held => (Tone::Danger, t::backoffice_tills_held()),
            };
            view! {
                <tr>
                    <th scope="row">{kind}" "{ticket.ticket_id}</th>
                    <td data-label=t::backoffice_tills_terminal()><code>{ticket.terminal_id}</code></td>
                    <td data-label=t::backoffice_tills_when() class="nowrap">{at}</td>
                    <td data-label=t::backoffice_tills_total() class="table__num">{format::money(ticket.total_minor, ticket.currency, country)}</td>
                    <td data-label=t::backoffice_tills_state()><Chip tone table=true>{status}</Chip></td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_tills_ticket()),
        Column::text(t::backoffice_tills_terminal()),
        Column::text(t::backoffice_tills_when()),
        Column::number(t::backoffice_tills_total()),
        Column::text(t::backoffice_tills_state()),
    ];
    view! { <Table caption=t::backoffice_tills_last() cards=true columns>{rows}</Table> }.into_light()
}

/// Sources, what came last, and what nobody knows.
#[server(prefix = "/fn", endpoint = "backoffice/read_tills")]
pub async fn read_tills(#[server(default)] made: String, #[server(default)] told: String) -> Result<Tills, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let sources = loyalty::till::list(&mut tx, &actor).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let tickets = loyalty::till::tickets(&mut tx, &actor, false, None, 30).await?.items;
    let items = loyalty::till::unmatched(&mut tx, &actor).await?;
    let keeper = request::state::<request::RequestContext>()?.app.keys;
    Ok(Tills {
        sources,
        tickets: tickets
            .into_iter()
            .map(|ticket| {
                let at = kit::when(country.time_zone(), now, ticket.occurred_at);
                (ticket, at)
            })
            .collect(),
        items,
        made: identity::flash::open(&keeper, &actor, now, &made),
        report: identity::flash::open(&keeper, &actor, now, &told).and_then(|text| serde_json::from_str(&text).ok()),
        country,
        operates: actor.operates().is_ok(),
    })
}

/// Adds a source; its secret is on the page that follows, once.
#[server(prefix = "/fn", endpoint = "backoffice/create_till")]
pub async fn create_till(name: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let keeper = request::state::<request::RequestContext>()?.app.keys;
    let made =
        loyalty::till::create(&mut tx, &keeper, &actor, now, &shared::till::NewTillSource { name }, webhooks::sign::new_secret()).await?;
    let word = identity::flash::seal(&keeper, &actor, now, &made.secret)?;
    tx.commit().await?;
    request::go(&format!("/o/tills?made={word}"));
    Ok(())
}

/// Wrong rows that a report takes along in its address.
#[cfg(feature = "ssr")]
const WRONG_SHOWN: usize = 8;

/// Looks at a file, or takes it; what it holds is on the page that follows.
#[server(prefix = "/fn", endpoint = "backoffice/bring_till_file", input = FileForm)]
pub async fn bring_till_file(source: String, name: String, apply: bool, file: Vec<u8>) -> Result<(), UiError> {
    let (tx, actor, now) = request::begin().await?;
    actor.operates()?;
    // It takes its own transactions, one for each batch.
    drop(tx);
    let source = source.parse().map_err(|_| Problem::not_found())?;
    let app = request::state::<request::RequestContext>()?.app;
    let rules = request::state::<loyalty::Loyalty>()?;
    let broken = |error: std::io::Error| Problem::new(500, "internal", error.to_string());
    let kept = tempfile::NamedTempFile::new().map_err(broken)?;
    std::fs::write(kept.path(), &file).map_err(broken)?;
    let mut report = loyalty::till::run(&app.db, &rules, &actor, now, source, &name, kept.path(), apply).await?;
    report.wrong.truncate(WRONG_SHOWN);
    let word = identity::flash::seal(&app.keys, &actor, now, &serde_json::to_string(&report).unwrap_or_default())?;
    request::go(&format!("/o/tills?told={word}"));
    Ok(())
}

impl<R: ClientReq<UiError>> IntoReq<FileForm, R, UiError> for BringTillFile {
    fn into_req(self, _path: &str, _accepts: &str) -> Result<R, UiError> {
        Err(UiError(Problem::new(501, "bad_request", "The browser posts this form, scripts do not.")))
    }
}

impl<R: Req<UiError> + Send + 'static> FromReq<FileForm, R, UiError> for BringTillFile {
    #[cfg(not(feature = "ssr"))]
    async fn from_req(_request: R) -> Result<Self, UiError> {
        Err(UiError(Problem::new(501, "bad_request", "Only the server reads requests.")))
    }

    #[cfg(feature = "ssr")]
    async fn from_req(request: R) -> Result<Self, UiError> {
        let no_file = || UiError(Problem::field("file", "missing", "The form has no file."));
        let boundary = request.to_content_type().and_then(|kind| multer::parse_boundary(kind).ok()).ok_or_else(no_file)?;
        let body = request.try_into_bytes().await?;
        let body = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut parts = multer::Multipart::new(body, boundary);
        let mut form = Self { source: String::new(), name: String::new(), apply: false, file: Vec::new() };
        while let Some(part) = parts.next_field().await.map_err(|_| no_file())? {
            match part.name() {
                Some("source") => form.source = part.text().await.map_err(|_| no_file())?,
                Some("apply") => form.apply = true,
                Some("file") => {
                    form.name = part.file_name().unwrap_or_default().to_owned();
                    form.file = part.bytes().await.map_err(|_| no_file())?.to_vec();
                }
                _ => {}
            }
        }
        if form.name.is_empty() && form.file.is_empty() { Err(no_file()) } else { Ok(form) }
    }
}
