//! Products from a spreadsheet: uploaded, looked at, mended cell by cell, then applied.

use kit::{
    Banner, Button, ButtonLink, Chip, Column, DeskFoot, DeskHead, Empty, Icon, IntoLight, Look, SegLinks, Size, Skeleton, SkeletonKind,
    StatTile, Table, Tiles, Tone, UiError, escaped, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country,
    catalogue::{ImportOutcome, ImportRow},
    format,
};

use crate::{filled, frame::Desk, upload::FileForm};

/// Rows of the preview that a page shows.
#[cfg(feature = "ssr")]
const ROWS: usize = 50;

/// What an empty spreadsheet looks like, with two rows as an example.
const TEMPLATE: &str = "gtin,nombre,marca,categoria,precio,moneda,unidad,unidades\n7709001000011,Cola Sierra 400 ml,Cola Sierra,bebidas,2500,COP,,\n7709001000028,Cola Sierra 400 ml x 6,Cola Sierra,bebidas,14000,COP,7709001000011,6\n";

/// Which rows of a file a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// Left out.
    Wrong,
    /// Different from the list.
    Changed,
    /// Not in the list yet.
    New,
    /// As in the list.
    Same,
    /// Every row.
    All,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Wrong, Self::Changed, Self::New, Self::Same, Self::All];

    const fn key(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Same => "same",
            Self::All => "all",
        }
    }
    #[cfg(feature = "ssr")]
    const fn outcome(self) -> Option<ImportOutcome> {
        match self {
            Self::Wrong => Some(ImportOutcome::Wrong),
            Self::Changed => Some(ImportOutcome::Update),
            Self::New => Some(ImportOutcome::Create),
            Self::Same => Some(ImportOutcome::Same),
            Self::All => None,
        }
    }
}

/// How many rows have which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    all: i64,
    new: i64,
    changed: i64,
    same: i64,
    wrong: i64,
}

impl Counts {
    const fn of(self, tab: Tab) -> i64 {
        match tab {
            Tab::Wrong => self.wrong,
            Tab::Changed => self.changed,
            Tab::New => self.new,
            Tab::Same => self.same,
            Tab::All => self.all,
        }
    }
}

/// One row as the preview shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    row: ImportRow,
    /// A text that would be right in the wrong cell.
    suggested: Option<String>,
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    id: String,
    name: String,
    applied: bool,
    counts: Counts,
    tab: Tab,
    lines: Vec<Line>,
    /// The first row of the following page.
    next: Option<usize>,
    /// Names of the brands, for cells of that column.
    brands: Vec<String>,
    /// The wrong rows as a file; empty without any.
    wrong_file: String,
    /// The row that was mended last is right now.
    mended: bool,
    country: Country,
    operates: bool,
}

/// `/o/import` to bring a file, `/o/import?id=<id>&tab=wrong&from=50` to look at it.
#[component]
pub(crate) fn ImportPage() -> impl IntoView {
    match request::query("id") {
        None => view! { <UploadPage /> }.into_light(),
        Some(id) => view! { <PreviewPage id /> }.into_light(),
    }
}

fn crumbs(last: bool) -> Vec<(kit::Text, kit::Text)> {
    let products = (t::backoffice_products_title().into(), "/o/products".into());
    if last { vec![products, (t::backoffice_import_title().into(), "/o/import".into())] } else { vec![products] }
}

#[component]
fn UploadPage() -> impl IntoView {
    let columns = [
        ("gtin", t::backoffice_products_gtin_help()),
        ("nombre", t::backoffice_products_name_help()),
        ("marca", t::backoffice_import_column_brand()),
        ("categoria", t::backoffice_import_column_category()),
        ("precio", t::backoffice_products_price_help()),
        ("moneda", "COP, CLP, MXN, USD"),
        ("unidad", t::backoffice_pack_column_unit()),
        ("unidades", t::backoffice_pack_column_units()),
    ];
    view! {
        <Desk current="/o/products" told=true>
            <DeskHead title=t::backoffice_import_products() crumbs=crumbs(false)>
                <DownloadLink href=data_url(TEMPLATE) name="productos.csv" words=t::backoffice_import_template() />
            </DeskHead>
            <div class="panels panels--main panels--top">
                <form method="post" enctype="multipart/form-data" action="/fn/backoffice/import_products" class="stack">
                    <FileField limits=t::backoffice_import_limits() />
                    <div class="row row--between row--wrap">
                        <span class="muted">{t::backoffice_import_note()}</span>
                        <Button submit=true look=Look::Key>{t::backoffice_import_check()}</Button>
                    </div>
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
    let tab = request::query("tab").unwrap_or_default();
    let from = request::query("from").and_then(|from| from.parse::<usize>().ok()).unwrap_or(0);
    let row = request::query("row").and_then(|row| row.parse::<i64>().ok());
    let page = Resource::new(|| (), move |()| read_import(id.clone(), tab.clone(), from, row.unwrap_or(0)));
    view! {
        <Desk current="/o/products" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows count=8 /> }>
                {move || page.get().map(|page| match page {
                    Ok(preview) => shown(preview, row),
                    Err(error) => view! { <DeskHead title=t::backoffice_import_products() crumbs=crumbs(false) /> {refused(&error, "/o/import")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

/// Where a file is dropped or chosen.
#[component]
pub(crate) fn FileField(
    /// How large it may be.
    limits: &'static str,
) -> impl IntoView {
    view! {
        <label class="drop drop--file">
            <Icon path=path::UPLOAD_SIMPLE size=26 />
            <b>{t::backoffice_import_choose()}</b>
            <span class="small muted">{limits}</span>
            <input type="file" name="file" accept=".csv,text/csv,text/plain,text/tab-separated-values" required />
        </label>
    }
}

/// The columns of a file, each with what stands in it.
pub(crate) fn explained(columns: &[(&'static str, &'static str)]) -> impl IntoView + use<> {
    let columns = columns.iter().map(|&(name, words)| view! { <dt><code>{name}</code></dt><dd>{words}</dd> }).collect::<Vec<_>>();
    view! {
        <section class="card stack stack--8" aria-labelledby="columns">
            <h2 id="columns" class="h3">{t::backoffice_import_columns()}</h2>
            <dl class="facts facts--start facts--plain">{columns}</dl>
        </section>
    }
}

/// A file that the page itself carries.
#[component]
pub(crate) fn DownloadLink(
    /// From [`data_url`].
    href: String,
    /// What the file is called.
    #[prop(into)]
    name: String,
    /// The words.
    words: &'static str,
) -> impl IntoView {
    view! { <a class="btn btn--plain btn--dense" href=href download=name><Icon path=path::DOWNLOAD_SIMPLE size=16 /> {words}</a> }
}

/// With the mark by which spreadsheets know UTF-8.
pub(crate) fn data_url(text: &str) -> String {
    ["data:text/csv;charset=utf-8,%EF%BB%BF", &escaped(text)].concat()
}

fn shown(preview: Preview, row: Option<i64>) -> AnyView {
    let Preview { id, name, applied, counts, tab, lines, next, brands, wrong_file, mended, country, operates } = preview;
    let count = move |count| format::integer(count, country);
    let here = ["/o/import?id=", &id].concat();
    let tabs = Tab::ALL
        .into_iter()
        .filter(|one| matches!(one, Tab::All) || counts.of(*one) > 0)
        .map(|one| {
            let shown = count(counts.of(one));
            let words = match one {
                Tab::Wrong => t::backoffice_import_tab_wrong(&shown),
                Tab::Changed => t::backoffice_import_tab_changed(&shown),
                Tab::New => t::backoffice_import_tab_new(&shown),
                Tab::Same => t::backoffice_import_tab_same(&shown),
                Tab::All => t::backoffice_import_tab_all().to_owned(),
            };
            ([&here, "&tab=", one.key()].concat().into(), words.into(), one == tab)
        })
        .collect();
    let writes = counts.new + counts.changed;
    let told = row.filter(|_| mended).map(
        |row| view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL>{t::backoffice_import_mended(row).to_string()}</Banner> },
    );
    let result = applied.then(|| {
        let end = view! { <a class="link" href="/o/products">{t::backoffice_import_see()}</a> }.into_light();
        view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL end>{t::backoffice_import_result(&count(counts.new), &count(counts.wrong), &count(counts.changed)).to_string()}</Banner> }
    });
    let errors = (!wrong_file.is_empty()).then(
        || view! { <DownloadLink href=data_url(&wrong_file) name=["errores_", &name].concat() words=t::backoffice_import_errors_file() /> },
    );
    let mendable = operates && !applied;
    let more = next.map(|next| view! { <div class="table-foot"><a class="link" href=[&here, "&tab=", tab.key(), "&from=", &next.to_string()].concat()>{t::common_load_more()}</a></div> });
    let foot = (!applied).then(|| {
        let id = id.clone();
        view! {
            <DeskFoot note=t::backoffice_import_rest(counts.wrong, &count(counts.wrong))>
                <ButtonLink href="/o/products" look=Look::Secondary>{t::common_cancel()}</ButtonLink>
                {(operates && writes > 0).then(|| view! {
                    <form method="post" action="/fn/backoffice/apply_import">
                        <input type="hidden" name="import" value=id />
                        <Button submit=true look=Look::Key>{t::backoffice_import_action_products(writes, &count(writes)).to_string()}</Button>
                    </form>
                })}
            </DeskFoot>
        }
    });
    view! {
        <DeskHead title=name crumbs=crumbs(true)>
            <ButtonLink href="/o/import" look=Look::Plain size=Size::Dense icon=path::ARROWS_CLOCKWISE>{t::backoffice_import_change()}</ButtonLink>
            {errors}
        </DeskHead>
        {result}
        {told}
        <Tiles>
            <StatTile label=t::backoffice_import_read() figure=count(counts.all) />
            <StatTile label=if applied { t::backoffice_import_created() } else { t::backoffice_import_ready() } figure=count(counts.new) tone=Tone::Success />
            <StatTile label=if applied { t::backoffice_import_updated() } else { t::backoffice_import_exists() } figure=count(counts.changed) tone=Tone::Info />
            <StatTile label=t::backoffice_import_same() figure=count(counts.same) />
            <StatTile label=t::backoffice_import_wrong() figure=count(counts.wrong) tone=Tone::Danger />
        </Tiles>
        {shares(counts)}
        <div class="row row--between row--wrap">
            <SegLinks label=t::common_filter() links=tabs />
            {mendable.then(|| view! { <span class="small muted">{if counts.wrong > 0 { t::backoffice_import_mend_note() } else { t::backoffice_import_note() }}</span> })}
        </div>
        <section class="card card--flush">
            {table(&id, lines, &brands, mendable)}
            {more}
        </section>
        {foot}
    }
    .into_light()
}

/// What becomes of the file as one bar; the tiles above say the same in numbers.
fn shares(counts: Counts) -> AnyView {
    let whole = counts.all.max(1);
    let mut at = 0;
    let parts = [
        ("bar__fill bar__fill--success", counts.new),
        ("bar__fill bar__fill--info", counts.changed),
        ("bar__fill bar__fill--danger", counts.wrong),
    ]
    .map(|(class, count)| {
        let (x, width) = (tenths(at, whole), tenths(count, whole));
        at += count;
        view! { <rect class=class x=x width=width height="100%"></rect> }
    });
    view! { <svg class="bar bar--10" aria-hidden="true"><rect class="bar__track" width="100%" height="100%"></rect>{parts.into_iter().collect::<Vec<_>>()}</svg> }.into_light()
}

/// A part of a whole as an SVG length, in tenths of a percent so that server and browser write the same digits.
fn tenths(part: i64, whole: i64) -> String {
    let permille = part.saturating_mul(1_000) / whole;
    [&(permille / 10).to_string(), ".", &(permille % 10).to_string(), "%"].concat()
}

fn table(id: &str, lines: Vec<Line>, brands: &[String], mendable: bool) -> AnyView {
    if lines.is_empty() {
        return view! { <Empty title=t::backoffice_import_none_title() text=t::backoffice_import_none_text() icon=path::SEAL_CHECK /> }
            .into_light();
    }
    let rows = lines.into_iter().map(|line| table_row(id, line, brands, mendable)).collect::<Vec<_>>();
    let columns = std::iter::once(t::backoffice_import_row()).chain(labels()).chain([t::backoffice_import_what()]).map(Column::text);
    let columns = columns.chain(mendable.then(|| Column::hidden(t::common_edit()))).collect();
    view! { <Table caption=t::backoffice_import_products() cards=true columns>{rows}</Table> }.into_light()
}

/// Of the columns, in the order of a row's cells.
fn labels() -> [&'static str; 8] {
    [
        t::backoffice_products_gtin(),
        t::backoffice_products_name(),
        t::backoffice_products_brand(),
        t::backoffice_products_category(),
        t::backoffice_products_price(),
        t::backoffice_products_currency(),
        t::backoffice_pack_unit(),
        t::backoffice_pack_units(),
    ]
}

fn table_row(id: &str, line: Line, brands: &[String], mendable: bool) -> AnyView {
    let Line { row: ImportRow { row, cells, outcome, column, code, same_as, before }, suggested } = line;
    let wrong = column.and_then(|column| usize::try_from(column).ok());
    let marked = |index: usize, text: &str| {
        if wrong == Some(index) {
            let text = if text.is_empty() { t::backoffice_import_empty().to_owned() } else { text.to_owned() };
            return view! { <span class="table__bad">{text}</span> }.into_light();
        }
        match before.get(index).filter(|old| old.as_str() != text) {
            // Spelled as it will be, and how it was.
            Some(old) => {
                let old = if old.is_empty() { t::backoffice_import_empty().to_owned() } else { old.clone() };
                view! { <span class="was"><b>{text.to_owned()}</b> <del>{old}</del></span> }.into_light()
            }
            None => filled(text).into_light(),
        }
    };
    let tds = labels()
        .into_iter()
        .zip(&cells)
        .enumerate()
        .map(|(index, (label, cell))| view! { <td data-label=label>{marked(index, cell)}</td> })
        .collect::<Vec<_>>();
    let what = match outcome {
        ImportOutcome::Create => view! { <Chip tone=Tone::Success table=true>{t::backoffice_import_fate_new()}</Chip> }.into_light(),
        ImportOutcome::Update => view! { <Chip tone=Tone::Info table=true>{t::backoffice_import_fate_changed()}</Chip> }.into_light(),
        ImportOutcome::Same => view! { <Chip table=true>{t::backoffice_import_fate_same()}</Chip> }.into_light(),
        ImportOutcome::Wrong => {
            let why = reason(code.as_deref().unwrap_or_default(), same_as);
            view! { <span class="table__why"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> <span>{why}</span></span> }.into_light()
        }
    };
    let mend = mendable.then(|| {
        let form = wrong.map(|index| mend_form(id, row, index, cells.get(index).cloned().unwrap_or_default(), suggested, brands));
        view! { <td class="table__act">{form}</td> }
    });
    view! { <tr id=["row-", &row.to_string()].concat()><th scope="row" class="num" data-label=t::backoffice_import_row()>{row.to_string()}</th>{tds}<td data-label=t::backoffice_import_what()>{what}</td>{mend}</tr> }.into_light()
}

/// Why a row is left out.
fn reason(code: &str, same_as: Option<i64>) -> String {
    let words = match code.rsplit('.').next().unwrap_or_default() {
        "check_digit" => t::backoffice_import_error_check_digit(),
        "bad_gtin" => t::backoffice_import_error_gtin(),
        "in_store_code" => t::backoffice_import_error_in_store(),
        "no_gtin" => t::backoffice_import_error_no_code(),
        "name" => t::backoffice_import_error_name(),
        "unknown_brand" => t::backoffice_import_error_brand(),
        "ambiguous_brand" => t::problem_desk_ambiguous_brand(),
        "category" => t::backoffice_import_error_category(),
        "price" => t::backoffice_import_error_price(),
        "currency" => t::backoffice_import_error_currency(),
        "letters" => t::backoffice_import_error_letters(),
        "formula" => t::backoffice_import_error_formula(),
        "bad_row" => t::backoffice_import_error_columns(),
        "pack_units" => t::problem_desk_pack_units(),
        "pack_unknown_unit" => t::problem_desk_pack_unknown_unit(),
        "pack_other_brand" => t::problem_desk_pack_other_brand(),
        "pack_cycle" => t::problem_desk_pack_cycle(),
        "pack_too_deep" => t::problem_desk_pack_too_deep(),
        "duplicate_row" => {
            return t::backoffice_import_error_repeated(&same_as.unwrap_or_default().to_string());
        }
        _ => t::problem_bad_field(),
    };
    words.to_owned()
}

/// The button of a wrong cell: its suggestion in one press, or any text.
fn mend_form(id: &str, row: i64, column: usize, cell: String, suggested: Option<String>, brands: &[String]) -> AnyView {
    let label = labels().get(column).copied().unwrap_or_default();
    let number = row.to_string();
    let address = move |id: String, number: String| {
        view! {
            <input type="hidden" name="import" value=id />
            <input type="hidden" name="row" value=number />
            <input type="hidden" name="column" value=column.to_string() />
        }
    };
    let pencil = suggested.is_some();
    let suggestion = suggested.map(|text| {
        let words = t::backoffice_import_use(&text).to_string();
        view! {
            <form method="post" action="/fn/backoffice/correct_import">
                {address(id.to_owned(), number.clone())}
                <input type="hidden" name="text" value=text />
                <Button submit=true size=Size::Dense>{words}</Button>
            </form>
        }
    });
    let input = if column == 2 && !brands.is_empty() {
        let options = brands.iter().map(|brand| view! { <option value=brand.clone()>{brand.clone()}</option> }).collect::<Vec<_>>();
        view! { <select name="text" class="mend__text" aria-label=label><option value="">{t::backoffice_products_no_brand()}</option>{options}</select> }.into_light()
    } else {
        view! { <input type="text" name="text" class="mend__text" value=cell maxlength="200" autocomplete="off" aria-label=label /> }
            .into_light()
    };
    view! {
        <div class="mend">
            {suggestion}
            <details>
                <summary class="btn btn--dense" aria-label=t::backoffice_import_mend_row(label, &number).to_string()>
                    {if pencil { view! { <Icon path=path::PENCIL_SIMPLE size=16 /> }.into_light() } else { t::common_edit().into_light() }}
                </summary>
                <form method="post" action="/fn/backoffice/correct_import" class="mend__form">
                    {address(id.to_owned(), number)}
                    {input}
                    <Button submit=true look=Look::Secondary size=Size::Dense>{t::common_save()}</Button>
                </form>
            </details>
        </div>
    }
    .into_light()
}

/// The closest of some names, when it is close: two letters of ten may differ.
#[cfg(feature = "ssr")]
fn closest<'a>(text: &str, names: &'a [String]) -> Option<&'a String> {
    let key = |text: &str| -> Vec<char> { text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect() };
    let typed = key(text);
    let (distance, name) = names.iter().map(|name| (distance(&typed, &key(name)), name)).min_by_key(|(distance, _)| *distance)?;
    (distance * 5 <= typed.len()).then_some(name)
}

/// How many letters one must add, drop or change (Levenshtein).
#[cfg(feature = "ssr")]
fn distance(from: &[char], to: &[char]) -> usize {
    let mut line: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut line[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let cost = (diagonal + usize::from(a != b)).min(line[j] + 1).min(line[j + 1] + 1);
            diagonal = std::mem::replace(&mut line[j + 1], cost);
        }
    }
    line[to.len()]
}

/// What a person probably meant; they decide.
#[cfg(feature = "ssr")]
fn suggest(row: &ImportRow, brands: &[String]) -> Option<String> {
    let cell = row.cells.get(usize::try_from(row.column?).ok()?)?;
    match row.code.as_deref()?.rsplit('.').next()? {
        "unknown_brand" => closest(cell, brands).cloned(),
        // `$2.500` and `2,500`: marks of thousands, most probably.
        "price" => {
            let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
            let plain = cell.chars().all(|letter| letter.is_ascii_digit() || "$., ".contains(letter));
            (plain && cell.matches(['.', ',']).count() <= 2 && cell.rsplit(['.', ',']).next().is_some_and(|last| last.trim().len() == 3))
                .then_some(digits)
                .filter(|digits| !digits.is_empty())
        }
        _ => None,
    }
}

/// The wrong rows as a file to mend elsewhere: the reason stands in a further column, which an import ignores.
#[cfg(feature = "ssr")]
fn wrong_file(rows: &[ImportRow]) -> String {
    // A spreadsheet would run what begins like a formula.
    let harmless = |text: &str| {
        if text.starts_with(['=', '+', '-', '@']) { ["'", text].concat() } else { text.to_owned() }
    };
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let heading = catalogue::import::COLUMNS.map(str::to_owned).into_iter().chain(["motivo".to_owned()]).collect();
    let wrong = rows.iter().filter(|row| row.outcome == ImportOutcome::Wrong);
    let rows = wrong.map(|row| {
        let why = reason(row.code.as_deref().unwrap_or_default(), row.same_as);
        row.cells.iter().map(String::as_str).chain([why.as_str()]).map(harmless).collect::<Vec<_>>()
    });
    let mut rows = rows.peekable();
    let heading: Option<Vec<String>> = rows.peek().map(|_| heading);
    for record in heading.into_iter().chain(rows) {
        // Into memory: writing cannot fail.
        let _ = out.write_record(record);
    }
    out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A kept file as it would change the list now, or as it did; of its rows, those of a tab from some place on.
#[server(prefix = "/fn", endpoint = "backoffice/read_import")]
pub async fn read_import(
    import: String,
    #[server(default)] tab: String,
    #[server(default)] from: usize,
    #[server(default)] row: i64,
) -> Result<Preview, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operates()?;
    let id = import.parse().map_err(|_| shared::Problem::not_found())?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let brands: Vec<String> = identity::organisation::brands(&mut tx, &actor).await?.into_iter().map(|brand| brand.name).collect();
    let kept = catalogue::import::check(&mut tx, &actor, now, id).await?;
    let report = kept.report;
    let counts = Counts {
        all: report.rows.len() as i64,
        new: report.count(ImportOutcome::Create),
        changed: report.count(ImportOutcome::Update),
        same: report.count(ImportOutcome::Same),
        wrong: report.count(ImportOutcome::Wrong),
    };
    // Whoever did not choose sees what needs them first.
    let tab = Tab::ALL
        .into_iter()
        .find(|one| one.key() == tab)
        .or_else(|| Tab::ALL.into_iter().find(|one| counts.of(*one) > 0))
        .unwrap_or(Tab::All);
    let mended = report.rows.iter().any(|one| one.row == row && one.outcome != ImportOutcome::Wrong);
    let wrong_file = wrong_file(&report.rows);
    let mut rows = report.rows.into_iter().filter(|one| tab.outcome().is_none_or(|outcome| one.outcome == outcome)).skip(from);
    let lines = rows.by_ref().take(ROWS).map(|row| Line { suggested: suggest(&row, &brands), row }).collect();
    let next = rows.next().map(|_| from + ROWS);
    Ok(Preview {
        id: id.to_string(),
        name: kept.name,
        applied: kept.applied_at.is_some(),
        counts,
        tab,
        lines,
        next,
        brands,
        wrong_file,
        mended,
        country,
        operates: actor.operates().is_ok(),
    })
}

/// Keeps a file to look at.
#[server(prefix = "/fn", endpoint = "backoffice/import_products", input = FileForm)]
pub async fn import_products(name: String, file: Vec<u8>) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let id = catalogue::import::keep(&mut tx, &actor, now, &name, &file).await?;
    tx.commit().await?;
    request::go(&format!("/o/import?id={id}"));
    Ok(())
}

/// Puts another text into a cell.
#[server(prefix = "/fn", endpoint = "backoffice/correct_import")]
pub async fn correct_import(import: String, row: i64, column: i64, #[server(default)] text: String) -> Result<(), UiError> {
    let (mut tx, actor, _) = request::begin().await?;
    actor.operates()?;
    let id = import.parse().map_err(|_| shared::Problem::not_found())?;
    catalogue::import::correct(&mut tx, &actor, id, row, column, &text).await?;
    tx.commit().await?;
    request::go(&format!("/o/import?id={id}&row={row}"));
    Ok(())
}

/// Writes the right rows to the list, once.
#[server(prefix = "/fn", endpoint = "backoffice/apply_import")]
pub async fn apply_import(import: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = import.parse().map_err(|_| shared::Problem::not_found())?;
    catalogue::import::apply(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&format!("/o/import?id={id}"));
    Ok(())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn row(column: i64, code: &str, text: &str) -> ImportRow {
        let mut cells = vec![String::new(); 8];
        cells[column as usize] = text.to_owned();
        ImportRow {
            row: 2,
            cells,
            outcome: ImportOutcome::Wrong,
            column: Some(column),
            code: Some(code.to_owned()),
            same_as: None,
            before: Vec::new(),
        }
    }

    #[test]
    fn a_suggestion_is_made_only_when_it_is_close() {
        let brands = ["Cola Sierra".to_owned(), "Café Alba".to_owned()];
        let cases = [
            (2, "catalogue.unknown_brand", "Cola Siera", Some("Cola Sierra")),
            (2, "catalogue.unknown_brand", "cafe alba", Some("Café Alba")),
            (2, "catalogue.unknown_brand", "Otra", None),
            (4, "catalogue.price", "$2.500", Some("2500")),
            (4, "catalogue.price", "12,500", Some("12500")),
            (4, "catalogue.price", "dos mil", None),
            (4, "catalogue.price", "2.50.1", None),
            (0, "catalogue.check_digit", "7709001000012", None),
        ];
        for (column, code, text, expected) in cases {
            assert_eq!(suggest(&row(column, code, text), &brands).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_file_of_wrong_rows_runs_nothing_in_a_spreadsheet() {
        let file = wrong_file(&[row(1, "catalogue.formula", "=HYPERLINK(\"x\")")]);

        assert!(file.lines().nth(1).is_some_and(|line| line.starts_with(",\"'=HYPERLINK(\"\"x\"\")\",")), "{file}");
        assert_eq!(wrong_file(&[]), "");
    }
}
