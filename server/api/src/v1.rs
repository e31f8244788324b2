//! Version 1: one file for each resource. Every door extracts, calls one verb of a domain, commits and answers.

mod adjustments;
mod alerts;
mod audience_messages;
mod audit_events;
mod brands;
mod campaigns;
mod consumers;
mod counter;
mod deliveries;
mod disputes;
mod goals;
mod keys;
mod ledger;
mod me;
mod metrics;
mod monthly_account;
mod my_cards;
mod organisations;
mod paper_cards;
mod participation;
mod payables;
mod privacy_requests;
mod products;
mod proposals;
mod purchases;
mod report_facts;
mod report_schedules;
mod reports;
mod reservations;
mod rewards;
mod rights;
pub mod sandbox;
mod sandboxes;
mod settlement_runs;
mod shop_imports;
mod shop_staff;
mod shops;
mod statements;
mod tills;
mod users;
mod webhooks;

use db::Tx;
use serde::Deserialize;
use shared::{Timestamp, page::PAGE_SIZE_DEFAULT};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use crate::{ApiState, Refusal};

/// Every door; the sandbox's only where there is one.
pub(crate) fn router(with_sandbox: bool) -> OpenApiRouter<ApiState> {
    let resources = [
        adjustments::router(),
        alerts::router(),
        audience_messages::router(),
        audit_events::router(),
        brands::router(),
        campaigns::router(),
        consumers::router(),
        counter::router(),
        deliveries::router(),
        disputes::router(),
        goals::router(),
        keys::router(),
        ledger::router(),
        me::router(),
        metrics::router(),
        monthly_account::router(),
        my_cards::router(),
        organisations::router(),
        paper_cards::router(),
        participation::router(),
        payables::router(),
        products::router(),
        privacy_requests::router(),
        proposals::router(),
        purchases::router(),
        report_facts::router(),
        report_schedules::router(),
        reports::router(),
        reservations::router(),
        rewards::router(),
        rights::router(),
        sandboxes::router(),
        settlement_runs::router(),
        shop_imports::router(),
        shop_staff::router(),
        shops::router(),
        statements::router(),
        tills::router(),
        users::router(),
        webhooks::router(),
    ];
    let router = resources.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge);
    if with_sandbox { router.merge(sandbox::router()) } else { router }
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl Part {
    fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
    /// 422 outside 1 to 100.
    fn limit(&self) -> Result<i64, shared::Problem> {
        let limit = self.limit.unwrap_or(PAGE_SIZE_DEFAULT);
        if (1..=shared::page::PAGE_SIZE_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(shared::Problem::field("limit", "bad_field", "limit is 1 to 100"))
        }
    }
}

/// Check or do.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// False: only the report, nothing is written.
    #[serde(default)]
    apply: bool,
}

impl How {
    /// A transaction that may write only when something is to be done.
    async fn open(&self, api: &ApiState) -> Result<(Tx, Timestamp), Refusal> {
        if self.apply { api.begin().await } else { api.read().await }
    }
}

/// Which part of a list, and words it must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Words of the name, without regard to accents.
    #[param(max_length = 80)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

impl Search {
    /// 422 beyond 80 characters.
    fn words(&self) -> Result<&str, shared::Problem> {
        let words = self.q.as_deref().unwrap_or_default();
        if words.chars().count() <= 80 { Ok(words) } else { Err(shared::Problem::field("q", "too_long", "q has 80 characters at most")) }
    }
    fn part(self) -> Part {
        Part { cursor: self.cursor, limit: self.limit }
    }
}
