//! The rows behind a number of a report: as many as a page holds, the next ones, and all of them as a file.

use kit::{
    Banner, ButtonLink, DeskHead, Empty, IntoLight, Look, Size, Skeleton, SkeletonKind, Tone, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::reports::panel::PanelRows;

use crate::{
    frame::Desk,
    panels::{HOME, cells},
};

/// Rows, and where one came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    rows: PanelRows,
    /// The page of the panel.
    back: String,
    /// This page without its place: `?report=…&brand=…`.
    here: String,
}

/// `/b/reports/rows?report=shop_performance&brand=<id>&campaign=<id>&from=2026-03-01&to=2026-03-31&after=100`
#[component]
pub(crate) fn RowsPage() -> impl IntoView {
    let [report, brand, campaign, from, to, after] =
        ["report", "brand", "campaign", "from", "to", "after"].map(|name| request::query(name).unwrap_or_default());
    let page =
        Resource::new(|| (), move |()| read_rows(report.clone(), brand.clone(), campaign.clone(), from.clone(), to.clone(), after.clone()));
    view! {
        <Desk current=HOME told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(behind) => shown(behind),
                    Err(error) => view! { <DeskHead title=t::brand_reports_title() /> {refused(&error, HOME)} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(behind: Behind) -> AnyView {
    let Behind { rows: found, back, here } = behind;
    let PanelRows { title, freshness, unsynced, definition, notes, columns, rows, after, all, door } = found;
    let until = after + rows.len() as i64;
    let table = if rows.is_empty() {
        view! { <Empty title=t::brand_rows_empty_title() text=t::brand_rows_empty_text() icon=path::CHART_LINE_UP /> }.into_light()
    } else {
        let place = t::brand_rows_place(&all.to_string(), &(after + 1).to_string(), &until.to_string()).to_string();
        view! { <p class="small muted">{place}</p> {cells(title.clone(), columns, rows)} }.into_light()
    };
    let step = |words: &'static str, to: i64| {
        let href = [&here, "&after=", &to.to_string()].concat();
        view! { <ButtonLink href=href look=Look::Secondary size=Size::Dense>{words}</ButtonLink> }
    };
    let before = (after > 0).then(|| step(t::brand_rows_before(), (after - ROWS).max(0)));
    let next = (until < all).then(|| step(t::brand_rows_next(), until));
    let notes = notes.into_iter().map(|note| view! { <p class="small muted">{note}</p> }).collect::<Vec<_>>();
    let late =
        (!unsynced.is_empty()).then(|| view! { <Banner tone=Tone::Warning note=true icon=path::WARNING_CIRCLE_FILL>{unsynced}</Banner> });
    view! {
        <DeskHead title=title.clone()>
            <ButtonLink href=back look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
        </DeskHead>
        {late}
        <section class="card report">
            <p class="report__fresh">{freshness}</p>
            <p class="small">{definition}</p>
            {notes}
            {table}
            <p class="report__files">
                {before} {next}
                <a class="link" href=[&door, "&format=csv"].concat() download data-csv>{t::brand_reports_csv()}</a>
                <a class="link" href=[&door, "&format=xlsx"].concat() download data-xlsx>{t::brand_reports_xlsx()}</a>
            </p>
        </section>
    }
    .into_light()
}

/// Rows of a page.
const ROWS: i64 = 100;

/// Rows of one report from a place on.
#[server(prefix = "/fn", endpoint = "brand/read_rows")]
pub async fn read_rows(
    report: String,
    brand: String,
    #[server(default)] campaign: String,
    from: String,
    to: String,
    #[server(default)] after: String,
) -> Result<Behind, UiError> {
    use shared::{
        CivilDate, Problem,
        reports::{K_ANONYMITY, metric::Metric, panel::Family},
    };
    let (mut tx, actor, now) = request::read().await?;
    actor.reads(actor.tenant()?)?;
    let metric = Metric::ALL.into_iter().find(|metric| metric.id() == report).ok_or_else(Problem::not_found)?;
    let family = Family::of_metric(metric).ok_or_else(Problem::not_found)?;
    let (from, last): (CivilDate, CivilDate) =
        (from.parse().map_err(|_| Problem::not_found())?, to.parse().map_err(|_| Problem::not_found())?);
    let until = last.plus_days(1).ok_or_else(Problem::not_found)?;
    let brand = brand.parse().map_err(|_| Problem::not_found())?;
    let asked = reports::Asked { brand, from, to: until, as_of: now, now, k: K_ANONYMITY };
    let scope = reports::Scope::open(&mut tx, &actor, asked).await.map_err(Problem::from)?;
    let looking = reports::panel::Looking { campaign: campaign.parse().ok() };
    let after = after.parse().unwrap_or_default();
    let rows = reports::panel::rows(&mut tx, &scope, metric, looking, after).await.map_err(Problem::from)?;
    let query = format!("brand={brand}&campaign={campaign}&from={from}&to={last}");
    Ok(Behind { rows, back: format!("{HOME}{}?{query}", family.path()), here: format!("{HOME}/rows?report={}&{query}", metric.id()) })
}
