//! A statement that the organisation owes, and how it was settled.

use kit::{
    Banner, Button, Choice, DeskHead, Field, Form, IntoLight, Look, More, Sending, Skeleton, SkeletonKind, Tone, UiError, icon::path,
    payback, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CivilDate, Country, Page, PaymentId, format,
    loyalty::payback::{StatementDetail, StatementLine},
};

use crate::frame::Desk;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    detail: StatementDetail,
    lines: Page<StatementLine>,
    country: Country,
    /// May record payments.
    manages: bool,
    today: CivilDate,
    /// Names the payment that this page may record: sent twice it is one.
    payment: PaymentId,
}

/// `/b/statement?id=<id>&after=<cursor>&done=1`
#[component]
pub(crate) fn StatementPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let done = request::query("done").is_some();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_statement(id.clone(), after.clone()));
    view! {
        <Desk current="/b/payouts">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => shown(page, done, sending),
                    Err(error) => view! { <DeskHead title=t::payback_statement() /> {refused(&error, "/b/payouts")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(page: Shown, done: bool, sending: Sending) -> AnyView {
    let Shown { detail: StatementDetail { statement, payments }, lines, country, manages, today, payment } = page;
    let currency = statement.currency;
    let left = statement.left_minor();
    let record = (manages && left > 0).then(|| {
        let (id, payment) = (statement.id.to_string(), payment.to_string());
        view! {
            <section class="card stack" aria-labelledby="record">
                <h2 id="record" class="h3">{t::brand_payouts_record()}</h2>
                <p class="small muted">{t::brand_payouts_record_text()}</p>
                <Form action="/fn/brand/record_payment" sending fields=&["amount", "reference", "paid_date", "kind"]>
                    <input type="hidden" name="statement" value=id />
                    <input type="hidden" name="payment" value=payment />
                    <Choice id="kind" label=t::payback_paid_in() options=payback::payment_kinds() error=sending.error("kind") />
                    <Field id="amount" label=t::brand_payouts_amount_paid() help=t::brand_payouts_amount_help() inputmode="decimal" money=true required=true maxlength=20 suffix=currency.code() initial=format::money_field(left, currency) error=sending.error("amount") />
                    <Field id="reference" label=t::payback_reference() help=t::brand_payouts_reference_help() required=true maxlength=80 error=sending.error("reference") />
                    <Field id="paid_date" label=t::brand_payouts_date_paid() kind="date" required=true initial=today.to_string() error=sending.error("paid_date") />
                    <div class="row row--end"><Button submit=true look=Look::Key busy=sending.busy() icon=path::CHECK>{t::brand_payouts_record_save()}</Button></div>
                </Form>
            </section>
        }
    });
    let query = ["/b/statement?id=", &statement.id.to_string(), "&"].concat();
    view! {
        <DeskHead title=statement.shop_name.clone() crumbs=vec![(t::brand_payouts_title().into(), "/b/payouts".into())] />
        {done.then(|| view! { <Banner tone=Tone::Success note=true icon=path::CHECK>{t::brand_payouts_saved()}</Banner> })}
        <div class="panels panels--main panels--top">
            <div class="stack">
                <section class="card">{payback::statement_facts(&statement, country)}</section>
                <section class="card card--flush" aria-labelledby="lines">
                    <div class="panel__head"><h2 id="lines">{t::payback_lines_title()}</h2></div>
                    {payback::line_table(lines.items, currency, country)}
                    <More query cursor=lines.next_cursor />
                </section>
            </div>
            <div class="stack">
                {record}
                <section class="card stack stack--8" aria-labelledby="payments">
                    <h2 id="payments" class="h3">{t::payback_payments()}</h2>
                    {payback::payment_table(payments, currency, country)}
                </section>
            </div>
        </div>
    }
    .into_light()
}

/// One statement that the asker's organisation owes.
#[server(prefix = "/fn", endpoint = "brand/read_statement")]
pub async fn read_statement(statement: String, #[server(default)] after: String) -> Result<Shown, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let id = statement.parse().map_err(|_| shared::Problem::not_found())?;
    let detail = loyalty::payback::statement::get(&mut tx, &actor, id).await?;
    let lines = loyalty::payback::statement::lines(&mut tx, &actor, id, Some(after.as_str()).filter(|after| !after.is_empty()), 50).await?;
    let today = identity::shop::local_date(organisation.country.time_zone(), now);
    Ok(Shown { detail, lines, country: organisation.country, manages: actor.manages(organisation.id).is_ok(), today, payment: tx.new_id() })
}

/// Writes down how a statement was settled.
#[server(prefix = "/fn", endpoint = "brand/record_payment")]
pub async fn record_payment(
    statement: String,
    payment: String,
    kind: String,
    amount: String,
    reference: String,
    paid_date: String,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        loyalty::payback::{NewPayment, PaymentKind},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id: shared::StatementId = statement.parse().map_err(|_| Problem::not_found())?;
    let kind = match kind.as_str() {
        "product" => PaymentKind::Product,
        "credit_note" => PaymentKind::CreditNote,
        "money" => PaymentKind::Money,
        _ => {
            return Err(Problem::field("kind", "bad_field", "product, credit_note or money").into());
        }
    };
    let currency = loyalty::payback::statement::get(&mut tx, &actor, id).await?.statement.currency;
    let amount_minor = format::typed_money(&amount, currency).ok_or_else(|| Problem::field("amount", "bad_field", "an amount"))?;
    let paid_date = paid_date.parse().map_err(|_| Problem::field("paid_date", "bad_field", "a date"))?;
    let new = NewPayment { payment_id: Some(payment.parse().map_err(|_| Problem::not_found())?), kind, amount_minor, reference, paid_date };
    let settled = loyalty::payback::statement::settle(&mut tx, &actor, now, id, &new).await;
    settled.map_err(|error| match error {
        loyalty::Error::MoreThanOwed => UiError::from(Problem::field("amount", "loyalty.more_than_owed", "more than is left")),
        loyalty::Error::Field("amount_minor") => Problem::field("amount", "bad_field", "at least one").into(),
        other => other.into(),
    })?;
    tx.commit().await?;
    request::go(&format!("/b/statement?id={id}&done=1"));
    Ok(())
}
