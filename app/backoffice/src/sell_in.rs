//! What distributors sold to shops: uploaded, looked at, written, and taken back when it was the wrong file.

use kit::{
    Banner, Button, ButtonLink, Column, DeskHead, Empty, Icon, IntoLight, Look, Size, Skeleton, SkeletonKind, StatTile, Table, Tiles, Tone,
    UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format, loyalty::alert::WrongRow, loyalty::sell_in_file::SellInFile};

use crate::{
    frame::Desk,
    import::{DownloadLink, FileField, data_url},
    upload::FileForm,
};

/// Wrong rows that the page shows.
#[cfg(feature = "ssr")]
const ROWS: usize = 200;

/// What an empty spreadsheet looks like, with two rows as an example.
const TEMPLATE: &str = "tienda,gtin,fecha,comprado,inicial\nD-001,7709001000011,2026-11-02,24,10\nD-001,7709001000011,2026-11-09,12,\n";

/// The files, or one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Files {
    files: Vec<(SellInFile, String)>,
    country: Country,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    file: SellInFile,
    /// Rows that were taken back but for later files.
    replaced: i64,
    country: Country,
}

/// `/o/sell-in`, and `/o/sell-in?id=<id>` to look at a file.
#[component]
pub(crate) fn SellInPage() -> impl IntoView {
    match request::query("id") {
        None => view! { <UploadPage /> }.into_light(),
        Some(id) => view! { <PreviewPage id /> }.into_light(),
    }
}

fn crumbs() -> Vec<(kit::Text, kit::Text)> {
    vec![(t::backoffice_sell_in_title().into(), "/o/sell-in".into())]
}

#[component]
fn UploadPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_sell_ins());
    view! {
        <Desk current="/o/alerts" told=true>
            <DeskHead title=t::backoffice_sell_in_title() crumbs=vec![(t::backoffice_nav_alerts().into(), "/o/alerts".into())]>
                <DownloadLink href=data_url(TEMPLATE) name="inventario.csv" words=t::backoffice_import_template() />
            </DeskHead>
            <p class="muted">{t::backoffice_sell_in_what()}</p>
            <form method="post" enctype="multipart/form-data" action="/fn/backoffice/import_sell_in" class="stack">
                <FileField limits=t::backoffice_sell_in_limits() />
                <p class="muted">{t::backoffice_sell_in_columns()}</p>
                <div class="row row--end"><Button submit=true look=Look::Key>{t::backoffice_import_check()}</Button></div>
            </form>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(files) => list(files),
                    Err(error) => refused(&error, "/o/sell-in"),
                })}
            </Suspense>
        </Desk>
    }
}

fn standing(file: &SellInFile) -> &'static str {
    match (file.undone_at, file.applied_at) {
        (Some(_), _) => t::backoffice_sell_in_state_undone(),
        (None, Some(_)) => t::backoffice_sell_in_state_done(),
        (None, None) if file.done > 0 => t::backoffice_sell_in_state_half(),
        (None, None) => t::backoffice_sell_in_state_kept(),
    }
}

fn list(page: Files) -> AnyView {
    let Files { files, country } = page;
    if files.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_sell_in_empty_title() text=t::backoffice_sell_in_empty_text() icon=path::UPLOAD_SIMPLE /></section> }.into_light();
    }
    let rows = files
        .into_iter()
        .map(|(file, when)| {
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/sell-in?id=", &file.id.to_string()].concat()>{file.name.clone()}</a></th>
                    <td data-label=t::backoffice_import_read() class="table__num">{format::integer(file.total, country)}</td>
                    <td data-label=t::payback_state()>{standing(&file)}</td>
                    <td data-label=t::backoffice_reviews_since() class="nowrap">{when}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_sell_in_file()),
        Column::number(t::backoffice_import_read()),
        Column::text(t::payback_state()),
        Column::text(t::backoffice_reviews_since()),
    ];
    view! { <section class="card card--flush"><Table caption=t::backoffice_sell_in_title() cards=true columns>{rows}</Table></section> }
        .into_light()
}

#[component]
fn PreviewPage(
    /// Of the kept file.
    id: String,
) -> impl IntoView {
    let page = Resource::new(|| (), move |()| read_sell_in(id.clone()));
    view! {
        <Desk current="/o/alerts" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows count=8 /> }>
                {move || page.get().map(|page| match page {
                    Ok(preview) => shown(preview),
                    Err(error) => view! { <DeskHead title=t::backoffice_sell_in_title() crumbs=crumbs() /> {refused(&error, "/o/sell-in")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(preview: Preview) -> AnyView {
    let Preview { file, replaced, country } = preview;
    let count = move |count| format::integer(count, country);
    let (id, left_out) = (file.id.to_string(), if file.done > 0 { file.done - file.right } else { file.total - file.right });
    let told = if file.undone_at.is_some() {
        Some(t::backoffice_sell_in_undone(&count(replaced)).to_string())
    } else if file.applied_at.is_some() {
        Some(t::backoffice_sell_in_done(&count(file.right), &count(left_out)).to_string())
    } else if file.done > 0 {
        Some(t::backoffice_shops_import_progress(&count(file.done), &count(file.total)).to_string())
    } else {
        None
    };
    let told = told.map(|words| view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL>{words}</Banner> });
    let open = file.applied_at.is_none() && file.undone_at.is_none();
    let apply = (open && file.right > 0).then(|| {
        let words = if file.done > 0 {
            t::backoffice_sell_in_go_on().to_owned()
        } else {
            t::backoffice_sell_in_apply(&count(file.right)).to_string()
        };
        step("/fn/backoffice/apply_sell_in", id.clone(), words, Look::Key)
    });
    let undo = (file.done > 0 && file.undone_at.is_none()).then(|| {
        view! {
            <details>
                <summary class="btn btn--dense">{t::backoffice_sell_in_undo()}</summary>
                <p class="small">{t::backoffice_sell_in_undo_text()}</p>
                {step("/fn/backoffice/undo_sell_in", id.clone(), t::backoffice_sell_in_undo().to_owned(), Look::DangerOutline)}
            </details>
        }
    });
    view! {
        <DeskHead title=file.name crumbs=crumbs()>
            <ButtonLink href="/o/sell-in" look=Look::Plain size=Size::Dense icon=path::ARROWS_CLOCKWISE>{t::backoffice_import_change()}</ButtonLink>
        </DeskHead>
        {told}
        <Tiles>
            <StatTile label=t::backoffice_import_read() figure=count(file.total) />
            <StatTile label=t::backoffice_import_ready() figure=count(file.right) tone=Tone::Success />
            <StatTile label=t::backoffice_import_wrong() figure=count(left_out) tone=Tone::Danger />
        </Tiles>
        <div class="row row--between row--wrap">{apply} {undo}</div>
        <section class="card card--flush">{wrongs(file.wrong)}</section>
    }
    .into_light()
}

fn step(action: &'static str, id: String, words: String, look: Look) -> AnyView {
    view! {
        <form method="post" action=action>
            <input type="hidden" name="file" value=id />
            <Button submit=true look>{words}</Button>
        </form>
    }
    .into_light()
}

fn wrongs(wrong: Vec<WrongRow>) -> AnyView {
    if wrong.is_empty() {
        return view! { <Empty title=t::backoffice_sell_in_right_title() text=t::backoffice_sell_in_right_text() icon=path::SEAL_CHECK /> }
            .into_light();
    }
    let rows = wrong
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row" class="num">{row.row.to_string()}</th>
                    <td data-label=t::backoffice_sell_in_column()>{column(row.column)}</td>
                    <td data-label=t::backoffice_import_what()><span class="table__why"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> <span>{why(&row.code)}</span></span></td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_import_row()),
        Column::text(t::backoffice_sell_in_column()),
        Column::text(t::backoffice_import_what()),
    ];
    view! { <Table caption=t::backoffice_import_wrong() cards=true columns>{rows}</Table> }.into_light()
}

fn column(column: i64) -> &'static str {
    const COLUMNS: [&str; 5] = ["tienda", "gtin", "fecha", "comprado", "inicial"];
    usize::try_from(column).ok().and_then(|column| COLUMNS.get(column)).copied().unwrap_or_default()
}

fn why(code: &str) -> &'static str {
    match code {
        "sell_in.no_such_shop" => t::backoffice_sell_in_no_shop(),
        "sell_in.no_such_product" => t::backoffice_sell_in_no_product(),
        "bad_quantity" => t::backoffice_sell_in_units(),
        "bad_date" => t::backoffice_sell_in_date(),
        code => kit::locale::shop_text(code),
    }
}

/// The files that were brought, newest first.
#[server(prefix = "/fn", endpoint = "backoffice/read_sell_ins")]
pub async fn read_sell_ins() -> Result<Files, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operates()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let files = loyalty::sell_in_file::list(&mut tx, &actor).await?;
    Ok(Files {
        files: files.into_iter().map(|file| (file.clone(), kit::when(country.time_zone(), now, file.created_at))).collect(),
        country,
    })
}

/// What a kept file would do, or did.
#[server(prefix = "/fn", endpoint = "backoffice/read_sell_in")]
pub async fn read_sell_in(file: String) -> Result<Preview, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operates()?;
    let id = file.parse().map_err(|_| shared::Problem::not_found())?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let mut file = loyalty::sell_in_file::check(&mut tx, &actor, id).await?;
    file.wrong.truncate(ROWS);
    let replaced = loyalty::sell_in_file::replaced(&mut tx, &actor, id).await?;
    Ok(Preview { file, replaced, country })
}

/// Keeps a file to look at.
#[server(prefix = "/fn", endpoint = "backoffice/import_sell_in", input = FileForm)]
pub async fn import_sell_in(name: String, file: Vec<u8>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = loyalty::sell_in_file::keep(&mut tx, &actor, now, &name, &file).await?;
    tx.commit().await?;
    request::go(&format!("/o/sell-in?id={id}"));
    Ok(())
}

/// Writes the rows, five hundred in each transaction: whoever opens the page meanwhile sees how far it is.
#[server(prefix = "/fn", endpoint = "backoffice/apply_sell_in")]
pub async fn apply_sell_in(file: String) -> Result<(), UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operates()?;
    let id = file.parse().map_err(|_| shared::Problem::not_found())?;
    let opened = loyalty::sell_in_file::open(&mut tx, &actor, id).await?;
    drop(tx);
    loop {
        let (mut tx, actor, now) = request::begin().await?;
        actor.operates()?;
        let finished = loyalty::sell_in_file::apply_some(&mut tx, &actor, now, &opened).await?;
        tx.commit().await?;
        if finished {
            break;
        }
    }
    request::go(&format!("/o/sell-in?id={file}"));
    Ok(())
}

/// Takes a file back, five hundred rows in each transaction.
#[server(prefix = "/fn", endpoint = "backoffice/undo_sell_in")]
pub async fn undo_sell_in(file: String) -> Result<(), UiError> {
    let id = file.parse().map_err(|_| shared::Problem::not_found());
    loop {
        let (mut tx, actor, now) = request::begin().await?;
        actor.operates()?;
        let finished = loyalty::sell_in_file::undo_some(&mut tx, &actor, now, id.clone()?).await?;
        tx.commit().await?;
        if finished {
            break;
        }
    }
    request::go(&format!("/o/sell-in?id={file}"));
    Ok(())
}
