//! Reports: one page for each family, with period and campaign in its address.
//!
//! The server reads, words and draws everything ([`Panel`]); here it only gets its place.

use kit::{
    Banner, Button, ButtonLink, Chip, Choice, Column, DeskHead, ErrorState, Field, IntoLight, Look, SegLinks, Size, Skeleton, SkeletonKind,
    Table, Tone, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate,
    reports::{
        nps::NpsSentence,
        panel::{Family, Panel, PanelAct, PanelColumn},
    },
};

use crate::frame::Desk;

/// Address of the first page.
pub(crate) const HOME: &str = "/b/reports";

/// Everything of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Of the organisation: identity and name.
    brands: Vec<(String, String)>,
    /// The one that is counted.
    brand: String,
    /// Of that brand: identity and name.
    campaigns: Vec<(String, String)>,
    campaign: String,
    /// Both included.
    from: CivilDate,
    to: CivilDate,
    /// Periods that one tap chooses: words, first and last day.
    periods: Vec<(String, CivilDate, CivilDate)>,
    panels: Vec<Panel>,
    /// What people wrote beside their answers in the wave of the last day, where that is shown to whoever looks.
    voices: Option<Vec<NpsSentence>>,
    /// What is wrong with the period; then there are no panels.
    wrong: Option<String>,
    manages: bool,
}

fn name(family: Family) -> &'static str {
    match family {
        Family::Sales => t::brand_reports_sales(),
        Family::Shops => t::brand_reports_shops(),
        Family::Consumers => t::brand_reports_consumers(),
        Family::Campaign => t::brand_reports_campaign(),
        Family::Points => t::brand_reports_points(),
    }
}

/// `/b/reports/<family>?brand=<id>&campaign=<id>&from=2026-03-01&to=2026-03-31`
#[component]
pub(crate) fn ReportsPage(
    /// Which page.
    family: Family,
) -> impl IntoView {
    let [brand, campaign, from, to] = ["brand", "campaign", "from", "to"].map(|name| request::query(name).unwrap_or_default());
    let page =
        Resource::new(|| (), move |()| read_reports(family.path().to_owned(), brand.clone(), campaign.clone(), from.clone(), to.clone()));
    view! {
        <Desk current=HOME told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(board) => shown(family, board),
                    Err(error) => view! { <DeskHead title=t::brand_reports_title() /> {refused(&error, HOME)} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn address(family: Family, board: &Board, from: CivilDate, to: CivilDate) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    let campaign = if board.campaign.is_empty() { String::new() } else { ["&campaign=", &board.campaign].concat() };
    [HOME, family.path(), "?brand=", &board.brand, &campaign, "&from=", &from, "&to=", &to].concat()
}

fn shown(family: Family, board: Board) -> AnyView {
    let families =
        Family::ALL.map(|other| (address(other, &board, board.from, board.to).into(), name(other).into(), other == family)).to_vec();
    let periods = board
        .periods
        .iter()
        .map(|(words, from, to)| (address(family, &board, *from, *to).into(), words.clone().into(), (*from, *to) == (board.from, board.to)))
        .collect();
    let mut campaigns = vec![(String::new(), t::brand_reports_no_campaign().to_owned())];
    campaigns.extend(board.campaigns.iter().cloned());
    let (brand, manages) = (board.brand.clone(), board.manages);
    let behind = {
        let (from, to) = (board.from.to_string(), board.to.to_string());
        ["&brand=", &board.brand, "&campaign=", &board.campaign, "&from=", &from, "&to=", &to].concat()
    };
    let several = board.brands.len() > 1;
    let saved = request::query("saved").is_some();
    let choices = if several {
        view! { <Choice id="brand" label=t::brand_summary_brand() options=board.brands.clone() chosen=board.brand.clone() /> }.into_light()
    } else {
        view! { <input type="hidden" name="brand" value=board.brand.clone() /> }.into_light()
    };
    let voices = board.voices.map(said);
    let wrong = board.wrong.clone();
    let error = Signal::stored(wrong.clone());
    let panels = match wrong {
        Some(_) => ().into_light(),
        None => {
            // Two columns that keep their panels: one that opens never moves another to the other side.
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for (place, panel) in board.panels.into_iter().enumerate() {
                let column = if place % 2 == 0 { &mut left } else { &mut right };
                column.push(panel_view(panel, &brand, &behind, manages));
            }
            view! { <div class="panels panels--2 panels--top"><div class="panels">{left}</div><div class="panels">{right}</div></div> }
                .into_light()
        }
    };
    view! {
        <DeskHead title=t::brand_reports_title()>
            <ButtonLink href="/b/reports/schedule" look=Look::Secondary size=Size::Dense>{t::brand_mailing_open()}</ButtonLink>
            <SegLinks label=t::brand_summary_period() links=periods />
        </DeskHead>
        {saved.then(|| view! { <Banner tone=Tone::Success note=true icon=path::CHECK_CIRCLE_FILL>{t::brand_reports_saved()}</Banner> })}
        <SegLinks label=t::brand_reports_pages() links=families />
        <form method="get" action=[HOME, family.path()].concat() class="filters">
            {choices}
            <Field id="from" label=t::brand_reports_from() kind="date" initial=board.from.to_string() required=true />
            <Field id="to" label=t::brand_reports_to() kind="date" initial=board.to.to_string() required=true error />
            <Choice id="campaign" label=t::brand_reports_for_campaign() options=campaigns chosen=board.campaign />
            <Button submit=true look=Look::Secondary size=Size::Dense>{t::brand_reports_show()}</Button>
        </form>
        {panels}
        {voices}
    }
    .into_light()
}

/// What shopkeepers and consumers wrote, without whose it is. Below ten answers of their kind the door says nothing of them.
fn said(voices: Vec<NpsSentence>) -> AnyView {
    let none = voices.is_empty().then(|| view! { <p class="muted">{t::brand_voices_none()}</p> });
    let (consumers, shops): (Vec<_>, Vec<_>) = voices.into_iter().partition(|voice| voice.asked == "consumer");
    let consumers = spoken("consumer", t::brand_voices_consumers(), consumers);
    let shops = spoken("shop", t::brand_voices_shops(), shops);
    view! {
        <section class="card stack" aria-labelledby="voices">
            <div class="panel__head"><h2 id="voices">{t::brand_voices_title()}</h2></div>
            <p class="small muted">{t::brand_voices_text()}</p>
            {none} {consumers} {shops}
        </section>
    }
    .into_light()
}

fn spoken(asked: &'static str, title: &'static str, voices: Vec<NpsSentence>) -> Option<AnyView> {
    if voices.is_empty() {
        return None;
    }
    let lines = voices
        .into_iter()
        .map(|NpsSentence { score, sentence, .. }| {
            view! { <li class="row row--12"><Chip table=true>{score.to_string()}</Chip> <q>{sentence}</q></li> }
        })
        .collect::<Vec<_>>();
    Some(view! { <h3>{title}</h3> <ul class="stack stack--8" data-voices=asked>{lines}</ul> }.into_light())
}

/// Reports whose numbers have more rows than a panel shows.
///
/// The others open their definition alone, because what would be behind their number is no row that a brand may see or that
/// exists:
/// - `reach`, `conversion`, `frequency`, `cac`: their rows are people. A brand is told of people only as counts of ten and
///   more, so there is no list of them, whatever their number.
/// - `nps`: its rows are answers of shopkeepers; a score beside a shop would tell whose it is. What they wrote stands below the
///   panels without whose it is.
/// - `uplift_did`: an estimate over all shops of both sides together; no shop has an uplift of its own.
/// - `roi`, `liability`: sums of a few lines, all of which the panel's own table shows.
const WITH_ROWS: [&str; 8] = ["sales_per_pli", "zones", "affinity", "active_pdv", "shop_performance", "registration", "cohorts", "rfm"];

fn panel_view(panel: Panel, brand: &str, behind: &str, manages: bool) -> AnyView {
    let Panel {
        key,
        title,
        figure,
        unit,
        instead,
        notes,
        chart,
        wide,
        columns,
        rows,
        rows_left,
        freshness,
        unsynced,
        definition,
        formula,
        door,
        act,
        failed,
        ..
    } = panel;
    let heading = ["report-", &key].concat();
    let named = heading.clone();
    let body = match failed {
        Some(code) => view! { <ErrorState code href=HOME /> }.into_light(),
        None => {
            let number = match (figure.is_empty(), instead.is_empty()) {
                (false, _) => {
                    view! { <p class="report__number"><b class="report__figure" data-figure>{figure}</b> " " <span>{unit}</span></p> }
                        .into_light()
                }
                (true, false) => view! { <p class="not-measurable">{instead}</p> }.into_light(),
                (true, true) => ().into_light(),
            };
            let picture = (!chart.is_empty()).then(|| {
                let class = if wide { "chart-scroll" } else { "report__chart" };
                if wide {
                    view! { <div class=class tabindex="0" role="region" aria-label=title.clone() inner_html=chart></div> }.into_light()
                } else {
                    view! { <div class=class inner_html=chart></div> }.into_light()
                }
            });
            let notes = notes.into_iter().map(|note| view! { <p class="small muted">{note}</p> }).collect::<Vec<_>>();
            view! { {number} {picture} {notes} {table(title.clone(), columns, rows, rows_left)} }.into_light()
        }
    };
    let unsynced = (!unsynced.is_empty()).then(|| view! { <span class="report__late">{unsynced}</span> });
    let rows_link = WITH_ROWS.contains(&key.as_str()).then(|| {
        let href = [HOME, "/rows?report=", &key, behind].concat();
        view! { <a class="link" href=href data-rows>{t::brand_rows_open()}</a> }
    });
    let files = (!door.is_empty()).then(|| {
        view! {
            {rows_link}
            <a class="link" href=[&door, "&format=csv"].concat() download data-csv>{t::brand_reports_csv()}</a>
            <a class="link" href=[&door, "&format=xlsx"].concat() download data-xlsx>{t::brand_reports_xlsx()}</a>
        }
    });
    let act = act.filter(|_| manages).map(|PanelAct::SaveSegments| {
        view! {
            <form method="post" action="/fn/brand/save_segments" class="row">
                <input type="hidden" name="brand" value=brand.to_owned() />
                <Button submit=true look=Look::Secondary size=Size::Dense>{t::brand_reports_save_segments()}</Button>
            </form>
        }
    });
    view! {
        <section class="card report" aria-labelledby=named data-report=key>
            <div class="panel__head"><h2 id=heading>{title}</h2></div>
            <p class="report__fresh">{freshness} " " {unsynced}</p>
            {body}
            <details class="report__more">
                <summary class="link">{t::brand_reports_definition()}</summary>
                <p>{definition}</p>
                <p class="ident">{formula}</p>
            </details>
            <p class="report__files">{files}</p>
            {act}
        </section>
    }
    .into_light()
}

/// The numbers of the picture, for whoever distrusts it or cannot see it.
fn table(title: String, columns: Vec<PanelColumn>, rows: Vec<Vec<String>>, rows_left: i64) -> AnyView {
    if rows.is_empty() {
        return ().into_light();
    }
    let left =
        (rows_left > 0).then(|| view! { <p class="small muted">{t::brand_reports_rows_left(&rows_left.to_string()).to_string()}</p> });
    view! {
        <details class="report__more">
            <summary class="link">{t::brand_chart_as_table()}</summary>
            {cells(title, columns, rows)}
            {left}
        </details>
    }
    .into_light()
}

/// Rows whose first cell names them.
pub(crate) fn cells(title: String, columns: Vec<PanelColumn>, rows: Vec<Vec<String>>) -> AnyView {
    let numbers: Vec<bool> = columns.iter().map(|column| column.number).collect();
    let heads = columns
        .into_iter()
        .map(|column| if column.number { Column::number(column.words) } else { Column::text(column.words) })
        .collect::<Vec<_>>();
    let rows = rows
        .into_iter()
        .map(|row| {
            let mut cells = row.into_iter();
            let first = cells.next().unwrap_or_default();
            let cells = cells
                .zip(numbers.iter().skip(1))
                .map(|(cell, number)| view! { <td class=if *number { "table__num" } else { "" }>{cell}</td> })
                .collect::<Vec<_>>();
            view! { <tr><th scope="row">{first}</th>{cells}</tr> }
        })
        .collect::<Vec<_>>();
    view! { <Table caption=title columns=heads sticky=true>{rows}</Table> }.into_light()
}

/// The reports of one page; without a period, of the last four weeks.
#[server(prefix = "/fn", endpoint = "brand/read_reports")]
pub async fn read_reports(
    #[server(default)] family: String,
    #[server(default)] brand: String,
    #[server(default)] campaign: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
) -> Result<Board, UiError> {
    use shared::{Problem, reports::K_ANONYMITY};
    /// Periods that one tap chooses, in days.
    const PERIODS: [i64; 3] = [7, 28, 90];
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let chosen = brands
        .iter()
        .find(|one| one.id.to_string() == brand)
        .or(brands.first().filter(|_| brand.is_empty()))
        .ok_or_else(Problem::not_found)?
        .id;
    let family = Family::of(&family).ok_or_else(Problem::not_found)?;
    let today = identity::shop::local_date(organisation.country.time_zone(), now);
    let days_ago = |days: i64| today.plus_days(1 - days).unwrap_or(today);
    let first = from.parse().unwrap_or_else(|_| days_ago(PERIODS[1]));
    let last: CivilDate = to.parse().unwrap_or(today);
    let page = loyalty::campaign::list(&mut tx, &actor, now, None, 100).await?;
    let running = page.items.iter().filter(|one| one.brand_id == chosen).find(|one| one.id.to_string() == campaign).map(|one| {
        let rules = one.published_rules.as_ref().unwrap_or(&one.rules);
        (rules.starts, rules.ends)
    });
    let campaigns: Vec<(String, String)> =
        page.items.into_iter().filter(|one| one.brand_id == chosen).map(|one| (one.id.to_string(), one.name)).collect();
    let campaign = campaigns.iter().find(|(id, _)| *id == campaign).map(|(id, _)| id.clone()).unwrap_or_default();
    let mut periods: Vec<(String, CivilDate, CivilDate)> =
        PERIODS.into_iter().map(|days| (t::common_days_count(days).to_string(), days_ago(days), today)).collect();
    // What a campaign did is asked of its own days; of a longer one, of as many as a report may have.
    periods.extend(running.filter(|(starts, _)| *starts <= today).map(|(starts, ends)| {
        let last = ends.min(today);
        let first = last.plus_days(1 - reports::DAYS_MAX).map_or(starts, |earliest| earliest.max(starts));
        (t::brand_reports_campaign_days().to_owned(), first, last)
    }));
    let looking = reports::panel::Looking { campaign: campaign.parse().ok() };
    let until = last.plus_days(1).ok_or_else(Problem::not_found)?;
    let asked = reports::Asked { brand: chosen, from: first, to: until, as_of: now, now, k: K_ANONYMITY };
    // What is held here would be held as long as they take.
    drop(tx);
    let (panels, wrong) = match reports::panel::board(&request::db()?, &actor, asked, family, looking).await {
        Ok(panels) => (panels, None),
        Err(error @ reports::Error::Period) => (Vec::new(), Some(UiError::from(Problem::from(error)).message().to_owned())),
        Err(error) => return Err(Problem::from(error).into()),
    };
    // Only who manages is told what people wrote, and only beside the number that it belongs to.
    let voices = if family == Family::Shops && wrong.is_none() && actor.manages(organisation.id).is_ok() {
        let wave = reports::nps::wave_of(last.min(today));
        let (mut tx, ..) = request::read().await?;
        Some(reports::nps::sentences(&mut tx, &actor, now, chosen, Some(&wave)).await.map_err(Problem::from)?)
    } else {
        None
    };
    Ok(Board {
        voices,
        brands: brands.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        brand: chosen.to_string(),
        campaigns,
        campaign,
        from: first,
        to: last,
        periods,
        panels,
        wrong,
        manages: actor.manages(organisation.id).is_ok(),
    })
}

/// Saves who is in which segment now; rules and audiences go by it from then on.
#[server(prefix = "/fn", endpoint = "brand/save_segments")]
pub async fn save_segments(brand: String) -> Result<(), UiError> {
    let (mut reading, actor, now) = request::read().await?;
    actor.manages(actor.tenant()?)?;
    let brand = brand.parse().map_err(|_| shared::Problem::not_found())?;
    let sorted = reports::sort_rfm(&mut reading, &actor, now, brand).await.map_err(shared::Problem::from)?;
    drop(reading);
    let mut tx = request::db()?.begin().await.map_err(loyalty::Error::from)?;
    reports::save_rfm(&mut tx, &actor, &sorted).await.map_err(shared::Problem::from)?;
    tx.commit().await?;
    request::go(&format!("{HOME}/consumers?brand={brand}&saved=1"));
    Ok(())
}
