//! The metrics of a brand, one door each, and what each of them means.
//!
//! Doors read, hide and answer; nothing is computed here. Numbers leave as JSON or as a table of the same numbers.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use identity::{Actor, Scope as Right};
use reports::{Asked, Cohort, Scope, export};
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, CampaignId, CivilDate, Problem, Timestamp,
    reports::{
        K_ANONYMITY,
        explore::{Affinity, Cohorts, Registration, ShopStates, Zones},
        metric::{
            ActivePdv, Cac, Conversion, Definition, Frequency, Liability, Nps, Reach, Report, Rfm, Roi, SalesPerPli, ShopPerformance,
            Uplift,
        },
    },
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Query};

/// Largest number below which counts may be asked to be hidden.
const K_MAX: i64 = 1_000;

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(definitions))
        .routes(routes!(sales_per_pli))
        .routes(routes!(active_pdv))
        .routes(routes!(shop_states))
        .routes(routes!(shop_performance))
        .routes(routes!(reach))
        .routes(routes!(conversion))
        .routes(routes!(frequency))
        .routes(routes!(uplift_did))
        .routes(routes!(nps))
        .routes(routes!(cac))
        .routes(routes!(roi))
        .routes(routes!(rfm))
        .routes(routes!(liability))
        .routes(routes!(registration))
        .routes(routes!(cohorts))
        .routes(routes!(affinity))
        .routes(routes!(zones))
}

/// What every metric means, for the page that a number opens.
#[utoipa::path(get, path = "/reports", operation_id = "listReports", tag = "reports", responses((status = 200, description = "All metrics, in their order.", body = Vec<Definition>)))]
async fn definitions(ActorOf(actor): ActorOf) -> Result<Json<Vec<Definition>>, Refusal> {
    if actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    Ok(Json(reports::metrics::definitions::definitions()))
}

/// How the numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// With everything around them.
    Json,
    /// A table for a spreadsheet, as text.
    Csv,
    /// A table for a spreadsheet, as a workbook of Office Open XML.
    Xlsx,
}

/// What every door asks, and what one of them asks besides.
macro_rules! asked {
    ($($name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty),* })+) => { $(
        /// Whose numbers, of which days.
        #[derive(Debug, Deserialize, IntoParams)]
        #[into_params(parameter_in = Query)]
        struct $name {
            /// The brand.
            brand_id: BrandId,
            /// First day at the shops, included.
            from: CivilDate,
            /// Last day, excluded; 1 to 366 days after `from`.
            to: CivilDate,
            /// Windows and ages are judged at this instant; absent: now.
            as_of: Option<Timestamp>,
            /// Counts of people below it are hidden; absent: 10. Less only with the scope `sandbox`, where there is a sandbox.
            #[param(minimum = 1, maximum = 1000)]
            k: Option<i64>,
            /// Absent: what the request accepts; JSON when it names no table.
            format: Option<Format>,
            $($(#[$doc])* $field: $kind,)*
        }
        impl $name {
            fn asked(&self, api: &ApiState, actor: &Actor, now: Timestamp) -> Result<Asked, Problem> {
                Ok(Asked { brand: self.brand_id, from: self.from, to: self.to, as_of: self.as_of.unwrap_or(now), now, k: smallest(api, actor, self.k)? })
            }
        }
    )+ };
}

asked! {
    Sales {}
    Active {
        /// Purchases that make a shop active, 1 to 1 000; absent: 1.
        #[param(minimum = 1, maximum = 1000)]
        min_purchases: Option<i64>
    }
    Shops {}
    Reached {}
    Converting {
        /// Days from the registration, 1 to 365; absent: 14.
        #[param(minimum = 1, maximum = 365)]
        window_days: Option<i64>,
        /// Registered at or after this instant; absent: the period's beginning.
        cohort_from: Option<Timestamp>,
        /// Registered before this instant; absent: the period's end.
        cohort_to: Option<Timestamp>
    }
    Often {
        /// Registered at or after this instant; absent: the period's beginning.
        cohort_from: Option<Timestamp>,
        /// Registered before this instant; absent: the period's end.
        cohort_to: Option<Timestamp>
    }
    Lifted {
        /// The campaign.
        campaign_id: CampaignId
    }
    Promoted {
        /// Round of questions; absent: the newest that was answered in the period.
        #[param(min_length = 1, max_length = 40)]
        wave: Option<String>
    }
    Costing {}
    Returned {
        /// The campaign.
        campaign_id: CampaignId
    }
    Segmented {}
    Owed {}
    Registering {}
    Returning {}
    Together {}
    Placed {}
}

/// The rule of small numbers cannot be asked away: below ten only a key of the sandbox may go, where there is a sandbox.
fn smallest(api: &ApiState, actor: &Actor, k: Option<i64>) -> Result<i64, Problem> {
    let k = k.unwrap_or(K_ANONYMITY);
    let least = if api.sandbox && actor.needs_scope(Right::Sandbox).is_ok() { 1 } else { K_ANONYMITY };
    if (least..=K_MAX).contains(&k) { Ok(k) } else { Err(Problem::field("k", "bad_field", format!("k is {least} to {K_MAX}"))) }
}

/// Who signed up in the period, unless other instants are asked for.
fn cohort(scope: &Scope, from: Option<Timestamp>, until: Option<Timestamp>) -> Cohort {
    let period = scope.cohort();
    Cohort { from: from.unwrap_or(period.from), until: until.unwrap_or(period.until) }
}

/// Media type of Office Open XML's workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The report as JSON or as a table.
fn written<T: Serialize>(report: Report<T>, headers: &HeaderMap, format: Option<Format>) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |kind: &str| accepted.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == kind));
    let asked = if accepts("text/csv") {
        Format::Csv
    } else if accepts(XLSX) {
        Format::Xlsx
    } else {
        Format::Json
    };
    let (body, kind, ending) = match format.unwrap_or(asked) {
        Format::Json => return Json(report).into_response(),
        Format::Csv => (export::csv(&export::table(&report.values)).into_bytes(), "text/csv; charset=utf-8", "csv"),
        Format::Xlsx => match export::xlsx(&export::table(&report.values), report.metric.id()) {
            Some(book) => (book, XLSX, "xlsx"),
            None => {
                return Refusal::from(Problem::new(422, "reports.bounds", "This report has more rows than a sheet.")).into_response();
            }
        },
    };
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Letters, digits and dashes: always a header's value.
    if let Ok(name) =
        HeaderValue::from_str(&format!("attachment; filename=\"{}_{}_{}.{ending}\"", report.metric.id(), report.from, report.to))
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Units, amounts and buyers of each product.
#[utoipa::path(get, path = "/reports/sales_per_pli", operation_id = "getSalesPerPli", tag = "reports", params(Sales), responses((status = 200, description = "The numbers.", content((Report<SalesPerPli> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn sales_per_pli(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Sales>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::sales_per_pli(&mut tx, &scope).await?, &headers, asked.format))
}

/// How many of the shops that take part sold.
#[utoipa::path(get, path = "/reports/active_pdv", operation_id = "getActivePdv", tag = "reports", params(Active), responses((status = 200, description = "The numbers.", content((Report<ActivePdv> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn active_pdv(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Active>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::active_pdv(&mut tx, &scope, asked.min_purchases.unwrap_or(1)).await?, &headers, asked.format))
}

/// The rows behind the active shops: each that takes part, and how it does.
#[utoipa::path(get, path = "/reports/shop_states", operation_id = "getShopStates", tag = "reports", params(Shops), responses((status = 200, description = "The rows.", content((Report<ShopStates> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn shop_states(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Shops>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::shop_states(&mut tx, &scope).await?, &headers, asked.format))
}

/// One row for each shop.
#[utoipa::path(get, path = "/reports/shop_performance", operation_id = "getShopPerformance", tag = "reports", params(Shops), responses((status = 200, description = "The numbers.", content((Report<ShopPerformance> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn shop_performance(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Shops>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::shop_performance(&mut tx, &scope).await?, &headers, asked.format))
}

/// How many consumers bought, and who they are.
#[utoipa::path(get, path = "/reports/reach", operation_id = "getReach", tag = "reports", params(Reached), responses((status = 200, description = "The numbers.", content((Report<Reach> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn reach(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Reached>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::reach(&mut tx, &scope).await?, &headers, asked.format))
}

/// From the registration to the first purchase; the period is that of the registrations.
#[utoipa::path(get, path = "/reports/conversion", operation_id = "getConversion", tag = "reports", params(Converting), responses((status = 200, description = "The numbers.", content((Report<Conversion> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn conversion(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Converting>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(
        reports::conversion(&mut tx, &scope, cohort(&scope, asked.cohort_from, asked.cohort_to), asked.window_days.unwrap_or(14)).await?,
        &headers,
        asked.format,
    ))
}

/// Purchase-days in thirty days of who is registered.
#[utoipa::path(get, path = "/reports/frequency", operation_id = "getFrequency", tag = "reports", params(Often), responses((status = 200, description = "The numbers.", content((Report<Frequency> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn frequency(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Often>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::frequency(&mut tx, &scope, cohort(&scope, asked.cohort_from, asked.cohort_to)).await?, &headers, asked.format))
}

/// What a campaign sold beyond what its control shops let expect; before it, as many days are compared.
#[utoipa::path(get, path = "/reports/uplift_did", operation_id = "getUplift", tag = "reports", params(Lifted), responses((status = 200, description = "The numbers.", content((Report<Uplift> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn uplift_did(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Lifted>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::uplift_did(&mut tx, &scope, asked.campaign_id).await?, &headers, asked.format))
}

/// Whether shopkeepers would recommend.
#[utoipa::path(get, path = "/reports/nps", operation_id = "getNps", tag = "reports", params(Promoted), responses((status = 200, description = "The numbers.", content((Report<Nps> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn nps(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Promoted>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::nps(&mut tx, &scope, asked.wave.as_deref()).await?, &headers, asked.format))
}

/// What a new consumer cost.
#[utoipa::path(get, path = "/reports/cac", operation_id = "getCac", tag = "reports", params(Costing), responses((status = 200, description = "The numbers.", content((Report<Cac> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn cac(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Costing>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::cac(&mut tx, &scope).await?, &headers, asked.format))
}

/// What a campaign gave back.
#[utoipa::path(get, path = "/reports/roi", operation_id = "getRoi", tag = "reports", params(Returned), responses((status = 200, description = "The numbers.", content((Report<Roi> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn roi(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Returned>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::roi(&mut tx, &scope, asked.campaign_id).await?, &headers, asked.format))
}

/// Segments of who bought in the 180 days before `as_of`; the period has no effect on them.
#[utoipa::path(get, path = "/reports/rfm", operation_id = "getRfm", tag = "reports", params(Segmented), responses((status = 200, description = "The numbers.", content((Report<Rfm> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn rfm(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Segmented>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::rfm(&mut tx, &scope).await?, &headers, asked.format))
}

/// Points of the brand from opening to closing, and what became of them.
#[utoipa::path(get, path = "/reports/liability", operation_id = "getLiability", tag = "reports", params(Owed), responses((status = 200, description = "The numbers.", content((Report<Liability> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn liability(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Owed>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::liability(&mut tx, &scope).await?, &headers, asked.format))
}

/// Week by week, how many buyers are known and how many consumers sign up.
#[utoipa::path(get, path = "/reports/registration", operation_id = "getRegistration", tag = "reports", params(Registering), responses((status = 200, description = "The numbers.", content((Report<Registration> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn registration(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Registering>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::registration(&mut tx, &scope).await?, &headers, asked.format))
}

/// Who comes back, by the month of her registration; months that the period touches.
#[utoipa::path(get, path = "/reports/cohorts", operation_id = "getCohorts", tag = "reports", params(Returning), responses((status = 200, description = "The numbers.", content((Report<Cohorts> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn cohorts(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Returning>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::cohorts(&mut tx, &scope).await?, &headers, asked.format))
}

/// Which products of the brand are bought together.
#[utoipa::path(get, path = "/reports/affinity", operation_id = "getAffinity", tag = "reports", params(Together), responses((status = 200, description = "The numbers.", content((Report<Affinity> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn affinity(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Together>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::affinity(&mut tx, &scope).await?, &headers, asked.format))
}

/// Sales by the municipality of the shop.
#[utoipa::path(get, path = "/reports/zones", operation_id = "getZones", tag = "reports", params(Placed), responses((status = 200, description = "The numbers.", content((Report<Zones> = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn zones(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    headers: HeaderMap,
    Query(asked): Query<Placed>,
) -> Result<Response, Refusal> {
    let (mut tx, now) = api.read().await?;
    let scope = Scope::open(&mut tx, &actor, asked.asked(&api, &actor, now)?).await?;
    Ok(written(reports::zones(&mut tx, &scope).await?, &headers, asked.format))
}
