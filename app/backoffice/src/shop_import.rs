//! Shops from a spreadsheet: uploaded, looked at, added, and taken back when it was the wrong file.

use kit::{
    Banner, Button, Chip, Column, DeskHead, Empty, Icon, IntoLight, Look, Skeleton, SkeletonKind, StatTile, Table, Tiles, Tone, UiError,
    icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country,
    catalogue::{ImportOutcome, ImportRow},
    format,
};

use crate::{
    filled,
    frame::Desk,
    import::{DownloadLink, FileField, data_url, explained},
    upload::FileForm,
};

/// Rows that the page shows: wrong ones first, then the others.
#[cfg(feature = "ssr")]
const ROWS: usize = 200;

/// What an empty spreadsheet looks like, with one row that says all and one that says the least.
const TEMPLATE: &str = "nombre,pais,ciudad,zona,latitud,longitud,codigo,propietario,celular,zona_horaria,cajeros\nLa Esquina,CO,Bogotá,Chapinero,4.65,-74.08,D-001,Rosa,300 555 0101,,Nico 300 555 0102 / Ana 300 555 0103\nDon Luis,CO,,,,,,,,,\n";

/// A kept file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    id: String,
    name: String,
    total: i64,
    done: i64,
    new: i64,
    same: i64,
    wrong: i64,
    rows: Vec<ImportRow>,
    applied: bool,
    undone: bool,
    country: Country,
}

/// `/o/shops/import`, and `/o/shops/import?id=<id>` to look at a file.
#[component]
pub(crate) fn ImportPage() -> impl IntoView {
    match request::query("id") {
        None => view! { <UploadPage /> }.into_light(),
        Some(id) => view! { <PreviewPage id /> }.into_light(),
    }
}

fn crumbs() -> Vec<(kit::Text, kit::Text)> {
    vec![(t::backoffice_shops_title().into(), "/o/shops".into())]
}

#[component]
fn UploadPage() -> impl IntoView {
    let columns = [
        ("nombre", t::backoffice_shops_import_column_name()),
        ("pais", t::backoffice_shops_import_column_country()),
        ("ciudad", t::backoffice_shops_import_column_city()),
        ("zona", t::backoffice_shops_import_column_zone()),
        ("latitud, longitud", t::backoffice_shops_import_column_place()),
        ("codigo", t::backoffice_shops_import_column_code()),
        ("propietario", t::backoffice_shops_import_column_owner()),
        ("celular", t::backoffice_shops_import_column_phone()),
        ("zona_horaria", t::backoffice_shops_import_column_clock()),
        ("cajeros", t::backoffice_shops_import_column_cashiers()),
    ];
    view! {
        <Desk current="/o/shops" told=true>
            <DeskHead title=t::backoffice_shops_import() crumbs=crumbs()>
                <DownloadLink href=data_url(TEMPLATE) name="tiendas.csv" words=t::backoffice_import_template() />
            </DeskHead>
            <div class="panels panels--main panels--top">
                <form method="post" enctype="multipart/form-data" action="/fn/backoffice/import_shops" class="stack">
                    <FileField limits=t::backoffice_shops_import_limits() />
                    <div class="row row--end"><Button submit=true look=Look::Key>{t::backoffice_import_check()}</Button></div>
                </form>
                {explained(&columns)}
            </div>
        </Desk>
    }
}

#[component]
fn PreviewPage(
    /// Of the kept file.
    id: String,
) -> impl IntoView {
    let page = Resource::new(|| (), move |()| read_shop_import(id.clone()));
    view! {
        <Desk current="/o/shops" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows count=8 /> }>
                {move || page.get().map(|page| match page {
                    Ok(preview) => shown(preview),
                    Err(error) => view! { <DeskHead title=t::backoffice_shops_import() crumbs=crumbs() /> {refused(&error, "/o/shops/import")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(preview: Preview) -> AnyView {
    let Preview { id, name, total, done, new, same, wrong, rows, applied, undone, country } = preview;
    let count = move |count| format::integer(count, country);
    let told = if undone {
        Some(t::backoffice_shops_import_undone().to_owned())
    } else if applied {
        Some(t::backoffice_shops_import_done(&count(new), &count(wrong)))
    } else if done > 0 {
        Some(t::backoffice_shops_import_progress(&count(done), &count(total)))
    } else {
        None
    };
    let told = told.map(|words| view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL>{words}</Banner> });
    let apply = (!applied && !undone && new > 0)
        .then(|| step("/fn/backoffice/apply_shop_import", id.clone(), t::backoffice_shops_import_apply(&count(new)), Look::Key));
    let undo = (done > 0 && !undone).then(|| {
        view! {
            <details>
                <summary class="btn btn--dense">{t::backoffice_shops_import_undo()}</summary>
                <p class="small">{t::backoffice_shops_import_undo_text()}</p>
                {step("/fn/backoffice/undo_shop_import", id.clone(), t::backoffice_shops_import_undo().to_owned(), Look::DangerOutline)}
            </details>
        }
    });
    view! {
        <DeskHead title=name crumbs=crumbs() />
        {told}
        <Tiles>
            <StatTile label=t::backoffice_import_read() figure=count(total) />
            <StatTile label=t::backoffice_import_ready() figure=count(new) tone=Tone::Success />
            <StatTile label=t::backoffice_import_same() figure=count(same) />
            <StatTile label=t::backoffice_import_wrong() figure=count(wrong) tone=Tone::Danger />
        </Tiles>
        <div class="row row--between row--wrap">{apply} {undo}</div>
        <section class="card card--flush">{table(rows)}</section>
    }
    .into_light()
}

fn step(action: &'static str, id: String, words: String, look: Look) -> AnyView {
    view! {
        <form method="post" action=action>
            <input type="hidden" name="import" value=id />
            <Button submit=true look>{words}</Button>
        </form>
    }
    .into_light()
}

fn table(rows: Vec<ImportRow>) -> AnyView {
    if rows.is_empty() {
        return view! { <Empty title=t::backoffice_import_none_title() text=t::backoffice_import_none_text() icon=path::SEAL_CHECK /> }
            .into_light();
    }
    let labels = [t::backoffice_shops_name(), t::backoffice_shops_country(), t::backoffice_shops_city(), t::backoffice_shops_zone()];
    let rows = rows
        .into_iter()
        .map(|row| {
            let what = match row.outcome {
                ImportOutcome::Create => {
                    view! { <Chip tone=Tone::Success table=true>{t::backoffice_import_fate_new()}</Chip> }.into_light()
                }
                ImportOutcome::Update | ImportOutcome::Same => {
                    view! { <Chip table=true>{t::backoffice_import_fate_same()}</Chip> }.into_light()
                }
                ImportOutcome::Wrong => {
                    let why = why(row.column, row.code.as_deref().unwrap_or_default(), row.same_as);
                    view! { <span class="table__why"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> <span>{why}</span></span> }
                        .into_light()
                }
            };
            let cells = labels
                .into_iter()
                .zip(row.cells)
                .map(|(label, cell)| view! { <td data-label=label>{filled(&cell)}</td> })
                .collect::<Vec<_>>();
            view! { <tr><th scope="row">{row.row}</th>{cells}<td data-label=t::backoffice_import_what()>{what}</td></tr> }
        })
        .collect::<Vec<_>>();
    let columns =
        std::iter::once(t::backoffice_import_row()).chain(labels).chain([t::backoffice_import_what()]).map(Column::text).collect();
    view! { <Table caption=t::backoffice_shops_import() cards=true columns>{rows}</Table> }.into_light()
}

/// Which column, and what is wrong with it.
fn why(column: Option<i64>, code: &str, same_as: Option<i64>) -> String {
    const COLUMNS: [&str; 11] =
        ["nombre", "pais", "ciudad", "zona", "latitud", "longitud", "codigo", "propietario", "celular", "zona_horaria", "cajeros"];
    let column = column.and_then(|column| usize::try_from(column).ok()).and_then(|column| COLUMNS.get(column)).copied().unwrap_or_default();
    let words = match (code, same_as) {
        (_, Some(row)) => t::backoffice_shops_import_twin(&row.to_string()),
        ("shop.country", _) => t::backoffice_shops_import_country().to_owned(),
        ("shop.place", _) => t::backoffice_shops_import_place().to_owned(),
        ("shop.time_zone", _) => t::backoffice_shops_import_clock().to_owned(),
        ("shop.code_taken", _) => t::backoffice_shops_import_taken().to_owned(),
        ("catalogue.formula", _) => t::backoffice_shops_import_formula().to_owned(),
        (code, _) => kit::locale::shop_text(code).to_owned(),
    };
    [column, ": ", &words].concat()
}

/// What a kept file would do, or did: wrong rows first.
#[server(prefix = "/fn", endpoint = "backoffice/read_shop_import")]
pub async fn read_shop_import(import: String) -> Result<Preview, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operates()?;
    let id = import.parse().map_err(|_| shared::Problem::not_found())?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let kept = identity::shop_import::check(&mut tx, &keys, &actor, id).await?;
    let count = |outcome| kept.report.count(outcome);
    let (new, same, wrong) = (count(ImportOutcome::Create), count(ImportOutcome::Same), count(ImportOutcome::Wrong));
    let mut rows = kept.report.rows;
    rows.sort_by_key(|row| row.outcome != ImportOutcome::Wrong);
    rows.truncate(ROWS);
    Ok(Preview {
        id: id.to_string(),
        name: kept.name,
        total: kept.total,
        done: kept.done,
        new,
        same,
        wrong,
        rows,
        applied: kept.applied_at.is_some(),
        undone: kept.undone_at.is_some(),
        country,
    })
}

/// Keeps a file to look at.
#[server(prefix = "/fn", endpoint = "backoffice/import_shops", input = FileForm)]
pub async fn import_shops(name: String, file: Vec<u8>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let keys = request::state::<request::RequestContext>()?.app.keys;
    let id = identity::shop_import::keep(&mut tx, &keys, &actor, now, &name, &file).await?;
    tx.commit().await?;
    request::go(&format!("/o/shops/import?id={id}"));
    Ok(())
}

/// Adds the shops, a hundred rows in each transaction: whoever opens the page meanwhile sees how far it is.
#[server(prefix = "/fn", endpoint = "backoffice/apply_shop_import")]
pub async fn apply_shop_import(import: String) -> Result<(), UiError> {
    let id = import.parse().map_err(|_| shared::Problem::not_found());
    let keys = request::state::<request::RequestContext>()?.app.keys;
    loop {
        let (mut tx, actor, now) = request::begin().await?;
        actor.operates()?;
        let finished = identity::shop_import::apply_some(&mut tx, &keys, &actor, now, id.clone()?).await?;
        tx.commit().await?;
        if finished {
            break;
        }
    }
    request::go(&format!("/o/shops/import?id={import}"));
    Ok(())
}

/// Closes the shops that nobody used yet.
#[server(prefix = "/fn", endpoint = "backoffice/undo_shop_import")]
pub async fn undo_shop_import(import: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = import.parse().map_err(|_| shared::Problem::not_found())?;
    identity::shop_import::undo(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&format!("/o/shops/import?id={import}"));
    Ok(())
}
