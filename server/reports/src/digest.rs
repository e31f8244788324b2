//! The e-mail of a schedule: the panels of the pages, with their pictures as PNG, their tables and the same numbers as a
//! workbook.
//!
//! What is read, drawn and written is each a step of its own: nothing is drawn while the database waits.

use db::Db;
use identity::Keys;
use jobs::{JobError, Registry};
use notifications::{NewMail, Part};
use shared::{
    CivilDate, ReportScheduleId, Timestamp, format,
    reports::{
        K_ANONYMITY,
        metric::Metric,
        panel::{Family, Panel},
    },
};

use crate::{
    Asked, Error,
    chart::{self, escaped},
    export, panel, schedule,
    scope::Scope,
};

/// The job that makes and sends one.
pub const SEND: &str = "reports.send_schedule";
/// Rows of one table in the text; the workbook has all of them.
const ROWS_MAX: usize = 12;
/// Media type of Office Open XML's workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Puts the sending into a worker's registry. `public_url`: where people reach this installation.
pub fn register(registry: Registry, keys: Keys, public_url: String) -> Registry {
    registry.outside(SEND, move |db, now, job| {
        let (keys, public_url) = (keys.clone(), public_url.clone());
        Box::pin(async move {
            let told = &job.payload.0;
            let field = |name: &str| told[name].as_str().unwrap_or_default();
            let (Ok(id), Ok(from), Ok(to)) = (field("schedule_id").parse(), field("from").parse(), field("to").parse()) else {
                return Err(JobError::Hopeless("no schedule".into()));
            };
            let occasion = Occasion { id, name: field("occasion").to_owned(), period: (from, to) };
            send(db, &keys, &public_url, now, &occasion).await.map_err(|error| match error {
                Error::Store(error) => JobError::Store(error),
                other => JobError::Retry(other.to_string()),
            })
        })
    })
}

struct Occasion {
    id: ReportScheduleId,
    name: String,
    period: (CivilDate, CivilDate),
}

async fn send(db: &Db, keys: &Keys, public_url: &str, now: Timestamp, occasion: &Occasion) -> Result<(), Error> {
    let mut tx = db.read().await?;
    // Removed meanwhile, or sent by whoever had this job before.
    let Some(row) = schedule::standing(&mut tx, occasion.id).await? else { return Ok(()) };
    if schedule::noted(&mut tx, occasion.id, &occasion.name).await? {
        return Ok(());
    }
    let Some(brand) = identity::organisation::find_brand(&mut tx, row.brand_id).await? else { return Ok(()) };
    let (from, to) = occasion.period;
    let asked = Asked { brand: row.brand_id, from, to, as_of: now, now, k: K_ANONYMITY };
    let scope = Scope::within(&mut tx, row.tenant_id, asked).await?;
    let mut panels = Vec::new();
    let looking = panel::Looking { campaign: row.campaign_id };
    for family in Family::ALL {
        let wanted: Vec<&Metric> = row.panels.iter().filter(|metric| Family::of_metric(**metric) == Some(family)).collect();
        if !wanted.is_empty() {
            let all = panel::family(&mut tx, &scope, family, looking).await;
            panels.extend(all.into_iter().filter(|panel| wanted.iter().any(|metric| shows(panel, **metric))).map(|panel| (family, panel)));
        }
    }
    drop(tx);
    // A report with a hole goes to nobody: it is read again.
    if let Some(code) = panels.iter().find_map(|(_, panel)| panel.failed.clone()) {
        return Err(Error::Unread(code));
    }
    let place = |panel: &Panel| row.panels.iter().position(|metric| shows(panel, *metric));
    panels.sort_by_key(|(_, panel)| place(panel));
    let console = |family: Family| {
        let campaign = row.campaign_id.map(|id| format!("&campaign={id}")).unwrap_or_default();
        let last = to.plus_days(-1).unwrap_or(to);
        format!("{public_url}/b/reports{}?brand={}{campaign}&from={from}&to={last}", family.path(), row.brand_id)
    };
    let links: Vec<String> = panels.iter().map(|(family, _)| console(*family)).collect();
    let subject = format!("{}: reporte del {} al {}", brand.name, format::date(from), format::date(to.plus_days(-1).unwrap_or(to)));
    let panels: Vec<Panel> = panels.into_iter().map(|(_, panel)| panel).collect();
    let named = subject.clone();
    // Drawing takes its time, and other tasks of this thread would wait.
    let made = tokio::task::spawn_blocking(move || Made::of(&named, &panels, &links)).await;
    let made = made.map_err(|_| Error::Bounds)?;
    let mut tx = db.begin().await?;
    let readers = schedule::readers(&mut tx, &row).await?;
    if !schedule::note(&mut tx, now, &row, &occasion.name, occasion.period, readers.len()).await? {
        return Ok(());
    }
    if readers.is_empty() {
        tx.commit().await?;
        return Ok(());
    }
    let file = format!("{}_{from}_{}.xlsx", file_name(&brand.name), to.plus_days(-1).unwrap_or(to));
    let mut parts = made.pictures;
    parts.extend(made.book.map(|content| Part { name: file, content_id: None, media_type: XLSX.to_owned(), content }));
    let bundle = notifications::bundle(&mut tx, now, &parts).await?;
    for reader in readers {
        let word = schedule::leave_word(keys, row.id, reader.user_id);
        let page = format!("{public_url}/b/reports/leave?word={word}");
        let one_click = format!("{public_url}/api/v1/report_departures?word={word}");
        let mail = NewMail {
            template: "scheduled_report",
            recipient: &reader.email,
            hint: &hint(&reader.email),
            subject: &subject,
            text: &format!("{}\n--\n{}\nNo recibir más este reporte: {page}\n", made.text, why(&brand.name)),
            html: &made.html.replace(FOOT, &foot(&brand.name, &page, public_url)),
            leave_url: Some(&one_click),
            bundle: Some(bundle),
        };
        notifications::mail(&mut tx, now, keys, &mail).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether a panel is of a metric: the points' one has two.
fn shows(panel: &Panel, metric: Metric) -> bool {
    panel.key == metric.id() || (metric == Metric::Liability && panel.key == "redemption")
}

fn hint(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    format!("{}…@{domain}", name.chars().next().unwrap_or('…'))
}

fn file_name(brand: &str) -> String {
    let safe: String = brand.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect();
    if safe.trim_matches('_').is_empty() { "reporte".to_owned() } else { safe }
}

fn why(brand: &str) -> String {
    format!("Recibes este reporte porque tu equipo de {brand} te lo programó en Mostrador.")
}

/// Where the foot of each reader goes.
const FOOT: &str = "<!--foot-->";

/// Everything but what is each reader's own.
struct Made {
    text: String,
    html: String,
    pictures: Vec<Part>,
    book: Option<Vec<u8>>,
}

impl Made {
    fn of(subject: &str, panels: &[Panel], links: &[String]) -> Self {
        let (mut text, mut sections, mut pictures) = (format!("{subject}\n"), String::new(), Vec::new());
        for (panel, link) in panels.iter().zip(links) {
            let content_id = format!("{}@mostrador", panel.key);
            let picture = chart::png(&panel.chart);
            sections.push_str(&section(panel, link, picture.is_some().then_some(&content_id)));
            text.push_str(&plain(panel, link));
            pictures.extend(picture.map(|content| Part {
                name: format!("{}.png", panel.key),
                content_id: Some(content_id),
                media_type: "image/png".to_owned(),
                content,
            }));
        }
        Self { text, html: page(subject, &sections), pictures, book: book(panels) }
    }
}

/// The tables of the panels, one sheet each; two panels of one report share it.
fn book(panels: &[Panel]) -> Option<Vec<u8>> {
    let mut sheets: Vec<(String, export::Table)> = Vec::new();
    let mut doors = Vec::new();
    for panel in panels.iter().filter(|panel| !panel.table.is_empty()) {
        if doors.contains(&&panel.door) {
            continue;
        }
        doors.push(&panel.door);
        let mut rows = panel.table.iter().cloned();
        let columns = rows.next().unwrap_or_default();
        sheets.push((export::sheet_name(&panel.title), export::Table { columns, rows: rows.collect() }));
    }
    let all: Vec<(&str, &export::Table)> = sheets.iter().map(|(name, table)| (name.as_str(), table)).collect();
    if all.is_empty() { None } else { export::book(&all) }
}

/// A panel for who reads without a form.
fn plain(panel: &Panel, link: &str) -> String {
    let mut text = format!("\n{}\n{} {}\n", panel.title.to_uppercase(), panel.freshness, panel.unsynced);
    if panel.failed.is_some() {
        text.push_str("No se pudo leer este reporte.\n");
    }
    for line in [format!("{} {}", panel.figure, panel.unit), panel.instead.clone()] {
        if !line.trim().is_empty() {
            text.push_str(&format!("{}\n", line.trim()));
        }
    }
    for row in panel.rows.iter().take(ROWS_MAX) {
        text.push_str(&format!("  {}\n", row.join(" | ")));
    }
    if let Some(left) = left(panel) {
        text.push_str(&format!("  {left}\n"));
    }
    for note in &panel.notes {
        text.push_str(&format!("{note}\n"));
    }
    text.push_str(&format!("Qué significa: {}\nVer en la consola: {link}\n", panel.definition));
    text
}

fn left(panel: &Panel) -> Option<String> {
    let more = panel.rows.len().saturating_sub(ROWS_MAX) as i64 + panel.rows_left;
    (more > 0).then(|| format!("Y {more} filas más en el Excel adjunto."))
}

/// Inline styles: mail programs drop others.
const TEXT: &str = "font-family:Manrope,Segoe UI,Helvetica,Arial,sans-serif;color:#0E1B2A;";
const SMALL: &str = "font-size:13px;line-height:18px;color:#3F4E5F;margin:0 0 8px;";

fn page(subject: &str, sections: &str) -> String {
    let subject = escaped(subject);
    format!(
        "<!doctype html><html lang=\"es\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light\"><title>{subject}</title></head>\
         <body style=\"margin:0;background:#F3F6F9;{TEXT}\"><div style=\"max-width:640px;margin:0 auto;padding:16px;\">\
         <h1 style=\"font-size:22px;line-height:28px;margin:8px 0 16px;\">{subject}</h1>{sections}{FOOT}</div></body></html>"
    )
}

fn section(panel: &Panel, link: &str, picture: Option<&String>) -> String {
    let mut html = format!(
        "<div style=\"background:#FFFFFF;border:1px solid #D5DCE4;border-radius:12px;padding:16px;margin:0 0 16px;\"><h2 style=\"font-size:17px;line-height:22px;margin:0 0 4px;\">{}</h2>",
        escaped(&panel.title)
    );
    let late =
        if panel.unsynced.is_empty() { String::new() } else { format!(" <b style=\"color:#8A4B00;\">{}</b>", escaped(&panel.unsynced)) };
    html.push_str(&format!("<p style=\"{SMALL}\">{}{late}</p>", escaped(&panel.freshness)));
    if panel.failed.is_some() {
        html.push_str("<p>No se pudo leer este reporte. Ábrelo en la consola.</p>");
    } else if !panel.figure.is_empty() {
        html.push_str(&format!(
            "<p style=\"margin:0 0 8px;\"><b style=\"font-size:26px;line-height:32px;\">{}</b> {}</p>",
            escaped(&panel.figure),
            escaped(&panel.unit)
        ));
    } else if !panel.instead.is_empty() {
        html.push_str(&format!("<p style=\"margin:0 0 8px;\">{}</p>", escaped(&panel.instead)));
    }
    if let Some(content_id) = picture {
        let (width, said) = (if panel.wide { 520 } else { 400 }, chart::said(&panel.chart));
        html.push_str(&format!(
            "<img src=\"cid:{content_id}\" alt=\"{said}\" width=\"{width}\" style=\"display:block;width:100%;max-width:{width}px;height:auto;margin:0 0 12px;\">"
        ));
    }
    html.push_str(&table(panel));
    for note in &panel.notes {
        html.push_str(&format!("<p style=\"{SMALL}\">{}</p>", escaped(note)));
    }
    html.push_str(&format!(
        "<p style=\"{SMALL}\"><b>Qué significa:</b> {}</p><p style=\"margin:0;\"><a href=\"{}\" style=\"color:#07486E;\">Ver en la consola</a></p></div>",
        escaped(&panel.definition),
        escaped(link)
    ));
    html
}

fn table(panel: &Panel) -> String {
    if panel.rows.is_empty() {
        return String::new();
    }
    let align = |place: usize| if panel.columns.get(place).is_some_and(|column| column.number) { "right" } else { "left" };
    let cell = |tag: &str, place: usize, text: &str| {
        let scope = if tag == "th" { " scope=\"col\"" } else { "" };
        format!(
            "<{tag}{scope} style=\"text-align:{};padding:4px 8px 4px 0;border-bottom:1px solid #D5DCE4;\">{}</{tag}>",
            align(place),
            escaped(text)
        )
    };
    let heads: String = panel.columns.iter().enumerate().map(|(place, column)| cell("th", place, &column.words)).collect();
    let rows: String = panel
        .rows
        .iter()
        .take(ROWS_MAX)
        .map(|row| format!("<tr>{}</tr>", row.iter().enumerate().map(|(place, text)| cell("td", place, text)).collect::<String>()))
        .collect();
    let left = left(panel).map(|left| format!("<p style=\"{SMALL}\">{left}</p>")).unwrap_or_default();
    format!(
        "<div style=\"overflow-x:auto;\"><table style=\"border-collapse:collapse;font-size:13px;line-height:18px;width:100%;margin:0 0 8px;\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{left}"
    )
}

fn foot(brand: &str, leave: &str, public_url: &str) -> String {
    format!(
        "<p style=\"{SMALL}\">{} <a href=\"{}\" style=\"color:#07486E;\">No recibir más este reporte</a> · <a href=\"{}/b/reports/schedule\" style=\"color:#07486E;\">Cambiar la programación</a></p>",
        escaped(&why(brand)),
        escaped(leave),
        escaped(public_url)
    )
}
