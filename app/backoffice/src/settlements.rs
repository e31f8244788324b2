//! Closings of periods: totals before, confirmation, and the statements that they made.

use kit::{
    Button, ButtonLink, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, More, Sending, Size, Skeleton, SkeletonKind, Table,
    UiError, icon::path, payback, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate, Country, Page, format,
    loyalty::payback::{SettlementPreview, SettlementRun, Statement, StatementDetail, StatementLine},
};

use crate::frame::Desk;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settlements {
    brands: Vec<(String, String)>,
    brand: String,
    through: CivilDate,
    /// What closing would make, when somebody asked.
    preview: Option<Vec<SettlementPreview>>,
    runs: Vec<(SettlementRun, String)>,
    country: Country,
    operates: bool,
}

/// `/o/settlements?brand=<id>&through=<date>`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let brand = request::query("brand").unwrap_or_default();
    let through = request::query("through").unwrap_or_default();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_settlements(brand.clone(), through.clone()));
    view! {
        <Desk current="/o/settlements">
            <DeskHead title=t::backoffice_settlements_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => shown(page, sending),
                    Err(error) => refused(&error, "/o/settlements"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(page: Settlements, sending: Sending) -> AnyView {
    let Settlements { brands, brand, through, preview, runs, country, operates } = page;
    let mut options = vec![(String::new(), t::backoffice_settlements_all().to_owned())];
    options.extend(brands);
    let chosen = brand.clone();
    let preview = preview.map(|preview| previewed(preview, brand, through, country, operates, sending));
    view! {
        <section class="card stack" aria-labelledby="close">
            <h2 id="close" class="h3">{t::backoffice_settlements_close()}</h2>
            <form method="get" action="/o/settlements" class="filters">
                <Choice id="brand" label=t::backoffice_settlements_brand() options chosen />
                <Field id="through" label=t::backoffice_settlements_through() kind="date" required=true initial=through.to_string() />
                <Button submit=true look=Look::Secondary icon=path::EYE>{t::backoffice_settlements_look()}</Button>
            </form>
        </section>
        {preview}
        <section class="card card--flush" aria-labelledby="runs">
            <div class="panel__head"><h2 id="runs">{t::backoffice_settlements_runs()}</h2></div>
            {list(runs, country)}
        </section>
    }
    .into_light()
}

fn previewed(
    preview: Vec<SettlementPreview>,
    brand: String,
    through: CivilDate,
    country: Country,
    operates: bool,
    sending: Sending,
) -> AnyView {
    if preview.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_settlements_nothing_title() text=t::backoffice_settlements_nothing_text() icon=path::SEAL_CHECK /></section> }.into_light();
    }
    let rows = preview
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row">{row.brand_name}</th>
                    <td data-label=t::backoffice_settlements_shops() class="table__num">{format::integer(row.shops, country)}</td>
                    <td data-label=t::payback_lines() class="table__num">{format::integer(row.lines, country)}</td>
                    <td data-label=t::backoffice_settlements_from() class="nowrap">{format::date(row.from_date)}</td>
                    <td data-label=t::payback_amount() class="table__num" data-preview=row.amount_minor>{format::money(row.amount_minor, row.currency, country)} " " {row.currency.code()}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::payback_brand()),
        Column::number(t::backoffice_settlements_shops()),
        Column::number(t::payback_lines()),
        Column::text(t::backoffice_settlements_from()),
        Column::number(t::payback_amount()),
    ];
    let title = t::backoffice_settlements_preview(&format::date(through)).to_string();
    let confirm = operates.then(|| {
        view! {
            <div class="table-foot">
                <details class="confirm confirm--below">
                    <summary class="btn btn--key">{t::backoffice_settlements_close()}</summary>
                    <div class="confirm__card">
                        <p><b>{t::backoffice_settlements_confirm()}</b></p>
                        <p class="small">{t::backoffice_settlements_confirm_text()}</p>
                        <Form action="/fn/backoffice/close_period" sending>
                            <input type="hidden" name="brand" value=brand />
                            <input type="hidden" name="through" value=through.to_string() />
                            <Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::backoffice_settlements_do()}</Button>
                        </Form>
                    </div>
                </details>
            </div>
        }
    });
    view! {
        <section class="card card--flush" aria-labelledby="preview">
            <div class="panel__head"><h2 id="preview">{title}</h2></div>
            <Table caption=t::backoffice_settlements_close() cards=true columns>{rows}</Table>
            {confirm}
        </section>
    }
    .into_light()
}

/// Sums by currency, side by side.
fn totals(run: &SettlementRun, country: Country) -> String {
    run.totals
        .iter()
        .map(|total| [&format::money(total.amount_minor, total.currency, country), " ", total.currency.code()].concat())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn list(runs: Vec<(SettlementRun, String)>, country: Country) -> AnyView {
    if runs.is_empty() {
        return view! { <Empty title=t::backoffice_settlements_none_title() text=t::backoffice_settlements_none_text() icon=path::HAND_COINS /> }.into_light();
    }
    let rows = runs
        .into_iter()
        .map(|(run, when)| {
            let total = totals(&run, country);
            view! {
                <tr data-run=run.id.to_string()>
                    <th scope="row"><a class="link" href=["/o/settlement?id=", &run.id.to_string()].concat()>{run.brand_name}</a></th>
                    <td data-label=t::backoffice_settlements_through() class="nowrap">{format::date(run.through_date)}</td>
                    <td data-label=t::backoffice_settlements_statements() class="table__num">{format::integer(run.statements, country)}</td>
                    <td data-label=t::payback_lines() class="table__num">{format::integer(run.lines, country)}</td>
                    <td data-label=t::payback_amount() class="table__num">{total}</td>
                    <td data-label=t::backoffice_settlements_who()>{run.closed_by}</td>
                    <td data-label=t::backoffice_settlements_when() class="nowrap">{when}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::payback_brand()),
        Column::text(t::backoffice_settlements_through()),
        Column::number(t::backoffice_settlements_statements()),
        Column::number(t::payback_lines()),
        Column::number(t::payback_amount()),
        Column::text(t::backoffice_settlements_who()),
        Column::text(t::backoffice_settlements_when()),
    ];
    view! { <Table caption=t::backoffice_settlements_runs() cards=true tall=true columns>{rows}</Table> }.into_light()
}

/// One closing with a page of its statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    run: SettlementRun,
    statements: Page<Statement>,
    country: Country,
}

/// `/o/settlement?id=<id>&after=<cursor>`
#[component]
pub(crate) fn RunPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_settlement(id.clone(), after.clone()));
    view! {
        <Desk current="/o/settlements">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(Run { run, statements, country }) => {
                        let title = t::backoffice_settlements_run(&run.brand_name, &format::date(run.through_date)).to_string();
                        let file = ["/api/v1/settlement_runs/", &run.id.to_string(), "/statements.csv"].concat();
                        let query = ["/o/settlement?id=", &run.id.to_string(), "&"].concat();
                        view! {
                            <DeskHead title as_of=totals(&run, country) crumbs=vec![(t::backoffice_settlements_title().into(), "/o/settlements".into())]>
                                <ButtonLink href=file look=Look::Secondary size=Size::Dense icon=path::DOWNLOAD_SIMPLE>{t::backoffice_settlements_csv()}</ButtonLink>
                            </DeskHead>
                            <section class="card card--flush">
                                {payback::statement_table(statements.items, "/o/statement?id=", country)}
                                <More query cursor=statements.next_cursor />
                            </section>
                        }.into_light()
                    }
                    Err(error) => view! { <DeskHead title=t::backoffice_settlements_title() /> {refused(&error, "/o/settlements")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// One statement with its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    detail: StatementDetail,
    lines: Page<StatementLine>,
    country: Country,
}

/// `/o/statement?id=<id>&after=<cursor>`
#[component]
pub(crate) fn StatementPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_statement(id.clone(), after.clone()));
    view! {
        <Desk current="/o/settlements">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(shown) => one(shown),
                    Err(error) => view! { <DeskHead title=t::payback_statement() /> {refused(&error, "/o/settlements")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn one(shown: Shown) -> AnyView {
    let Shown { detail: StatementDetail { statement, payments }, lines, country } = shown;
    let crumbs = vec![
        (t::backoffice_settlements_title().into(), "/o/settlements".into()),
        (statement.brand_name.clone().into(), ["/o/settlement?id=", &statement.run_id.to_string()].concat().into()),
    ];
    let query = ["/o/statement?id=", &statement.id.to_string(), "&"].concat();
    view! {
        <DeskHead title=statement.shop_name.clone() crumbs />
        <div class="panels panels--main panels--top">
            <section class="card card--flush" aria-labelledby="lines">
                <div class="panel__head"><h2 id="lines">{t::payback_lines_title()}</h2></div>
                {payback::line_table(lines.items, statement.currency, country)}
                <More query cursor=lines.next_cursor />
            </section>
            <div class="stack">
                <section class="card">{payback::statement_facts(&statement, country)}</section>
                <section class="card stack stack--8" aria-labelledby="payments">
                    <h2 id="payments" class="h3">{t::payback_payments()}</h2>
                    {payback::payment_table(payments, statement.currency, country)}
                </section>
            </div>
        </div>
    }
    .into_light()
}

/// Closings, and what one would make.
#[server(prefix = "/fn", endpoint = "backoffice/read_settlements")]
pub async fn read_settlements(#[server(default)] brand: String, #[server(default)] through: String) -> Result<Settlements, UiError> {
    use loyalty::payback::settlement;
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let asked = !through.is_empty();
    let through = through.parse().unwrap_or_else(|_| identity::shop::local_date(country.time_zone(), now));
    let preview = if asked {
        let period = shared::loyalty::payback::NewSettlement { brand_id: brand.parse().ok(), through_date: through };
        Some(settlement::preview(&mut tx, &actor, now, &period).await?)
    } else {
        None
    };
    let runs = settlement::runs(&mut tx, &actor).await?;
    Ok(Settlements {
        brands: brands.into_iter().map(|brand| (brand.id.to_string(), brand.name)).collect(),
        brand,
        through,
        preview,
        runs: runs
            .into_iter()
            .map(|run| {
                let when = kit::when(country.time_zone(), now, run.closed_at);
                (run, when)
            })
            .collect(),
        country,
        operates: actor.operates().is_ok(),
    })
}

/// Closes a period; its closing follows, or the list when there were several.
#[server(prefix = "/fn", endpoint = "backoffice/close_period")]
pub async fn close_period(#[server(default)] brand: String, through: String) -> Result<(), UiError> {
    use shared::{Problem, loyalty::payback::NewSettlement};
    let brand_id = match brand.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Problem::field("brand", "bad_field", "a brand"))?),
    };
    let through_date = through.parse().map_err(|_| Problem::field("through", "bad_field", "a date"))?;
    let new = NewSettlement { brand_id, through_date };
    let mut made = Vec::new();
    let mut after = None;
    // Each brand by itself: what is closed stays closed, and pressing again goes on.
    loop {
        let (mut tx, actor, now) = request::begin().await?;
        actor.operates()?;
        let Some(piece) = loyalty::payback::settlement::close_next(&mut tx, &actor, now, &new, after).await? else {
            break;
        };
        tx.commit().await?;
        made.extend(piece.run);
        after = Some(piece.brand);
    }
    let (mut tx, actor, _) = request::read().await?;
    let runs = loyalty::payback::settlement::closed(&mut tx, &actor, &new, &made).await?;
    match runs.as_slice() {
        [run] => request::go(&format!("/o/settlement?id={}", run.id)),
        _ => request::go("/o/settlements"),
    }
    Ok(())
}

/// One closing.
#[server(prefix = "/fn", endpoint = "backoffice/read_settlement")]
pub async fn read_settlement(run: String, #[server(default)] after: String) -> Result<Run, UiError> {
    use loyalty::payback::{
        settlement,
        statement::{self, Of},
    };
    let (mut tx, actor, _) = request::read().await?;
    actor.operator()?;
    let id = run.parse().map_err(|_| shared::Problem::not_found())?;
    let run = settlement::run(&mut tx, &actor, id).await?;
    let statements =
        statement::list(&mut tx, &actor, Of::Run(id), Some(after.as_str()).filter(|after| !after.is_empty()), crate::ROWS).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    Ok(Run { run, statements, country })
}

/// One statement.
#[server(prefix = "/fn", endpoint = "backoffice/read_statement")]
pub async fn read_statement(statement: String, #[server(default)] after: String) -> Result<Shown, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operator()?;
    let id = statement.parse().map_err(|_| shared::Problem::not_found())?;
    let detail = loyalty::payback::statement::get(&mut tx, &actor, id).await?;
    let lines =
        loyalty::payback::statement::lines(&mut tx, &actor, id, Some(after.as_str()).filter(|after| !after.is_empty()), crate::ROWS)
            .await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    Ok(Shown { detail, lines, country })
}
