//! Statements on a desk: the brand that owes and the operator read the same one.

use leptos::prelude::*;
use shared::{
    Country, Currency, format,
    loyalty::payback::{Payment, PaymentKind, Statement, StatementLine, StatementState},
};

use crate::light::IntoLight;
use crate::{Chip, Column, Table, Tone, t};

/// What a line of a statement is for.
pub fn line_kind(kind: &str) -> &'static str {
    match kind {
        "delivery" => t::payback_line_delivery(),
        "undo" => t::payback_line_undo(),
        "unit" => t::payback_line_unit(),
        "new_consumer" => t::payback_line_new_consumer(),
        "return" => t::payback_line_return(),
        _ => t::payback_line_correction(),
    }
}

/// In what a statement was settled.
pub fn payment_kind(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::Product => t::payback_paid_product(),
        PaymentKind::CreditNote => t::payback_paid_credit_note(),
        PaymentKind::Money => t::payback_paid_money(),
        PaymentKind::Offset => t::payback_paid_offset(),
    }
}

/// The kinds that somebody can record, as a form names them.
pub fn payment_kinds() -> Vec<(String, String)> {
    [("money", PaymentKind::Money), ("product", PaymentKind::Product), ("credit_note", PaymentKind::CreditNote)]
        .into_iter()
        .map(|(value, kind)| (value.to_owned(), payment_kind(kind).to_owned()))
        .collect()
}

/// Where a statement stands, in words and tint.
pub fn statement_state(state: StatementState) -> (&'static str, Tone) {
    match state {
        StatementState::Due => (t::payback_state_due(), Tone::Warning),
        StatementState::Partly => (t::payback_state_partly(), Tone::Info),
        StatementState::Settled => (t::payback_state_settled(), Tone::Success),
        StatementState::Credit => (t::payback_state_credit(), Tone::Plain),
    }
}

/// `1–15 mar`, from the oldest line to the last day.
pub fn statement_period(statement: &Statement) -> String {
    [&format::day_month(statement.from_date), " – ", &format::date(statement.through_date)].concat()
}

/// Statements as rows of a desk's table; `href` ends before the id.
pub fn statement_table(statements: Vec<Statement>, href: &'static str, country: Country) -> AnyView {
    let rows = statements
        .into_iter()
        .map(|one| {
            let period = statement_period(&one);
            let (state, tone) = statement_state(one.state);
            let money = |minor| format::money(minor, one.currency, country);
            let left = money(one.left_minor());
            view! {
                <tr data-statement=one.id.to_string()>
                    <th scope="row"><a class="link" href=[href, &one.id.to_string()].concat()>{one.shop_name}</a></th>
                    <td data-label=t::payback_brand()>{one.brand_name}</td>
                    <td data-label=t::payback_period() class="nowrap">{period}</td>
                    <td data-label=t::payback_lines() class="table__num">{format::integer(one.lines, country)}</td>
                    <td data-label=t::payback_amount() class="table__num">{money(one.amount_minor)} " " {other(one.currency, country)}</td>
                    <td data-label=t::payback_left() class="table__num">{left}</td>
                    <td data-label=t::payback_state()><Chip tone table=true>{state}</Chip></td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::payback_shop()),
        Column::text(t::payback_brand()),
        Column::text(t::payback_period()),
        Column::number(t::payback_lines()),
        Column::number(t::payback_amount()),
        Column::number(t::payback_left()),
        Column::text(t::payback_state()),
    ];
    view! { <Table caption=t::payback_statements() cards=true tall=true columns>{rows}</Table> }.into_light()
}

/// A currency that is not the reader's own is named.
fn other(currency: Currency, country: Country) -> Option<AnyView> {
    (currency != country.currency()).then(|| view! { <Chip table=true>{currency.code()}</Chip> }.into_light())
}

/// What a statement is, as a list of facts.
pub fn statement_facts(statement: &Statement, country: Country) -> AnyView {
    let money = |minor| format::money(minor, statement.currency, country);
    let (state, tone) = statement_state(statement.state);
    view! {
        <dl class="facts">
            <dt>{t::payback_brand()}</dt><dd>{statement.brand_name.clone()}</dd>
            <dt>{t::payback_period()}</dt><dd>{statement_period(statement)}</dd>
            <dt>{t::payback_amount()}</dt><dd>{money(statement.amount_minor)} " " {other(statement.currency, country)}</dd>
            <dt>{t::payback_settled()}</dt><dd>{money(statement.settled_minor)}</dd>
            <dt>{t::payback_left()}</dt><dd data-left=statement.left_minor()>{money(statement.left_minor())}</dd>
            <dt>{t::payback_state()}</dt><dd><Chip tone>{state}</Chip></dd>
        </dl>
    }
    .into_light()
}

/// How it was settled, with who recorded it.
pub fn payment_table(payments: Vec<Payment>, currency: Currency, country: Country) -> AnyView {
    if payments.is_empty() {
        return view! { <p class="muted">{t::payback_payments_none()}</p> }.into_light();
    }
    let rows = payments
        .into_iter()
        .map(|payment| {
            view! {
                <tr>
                    <th scope="row">{payment_kind(payment.kind)}</th>
                    <td data-label=t::payback_reference()>{(!payment.reference.is_empty()).then_some(payment.reference)}</td>
                    <td data-label=t::payback_date() class="nowrap">{format::date(payment.paid_date)}</td>
                    <td data-label=t::payback_recorded_by()>{payment.recorded_by}</td>
                    <td data-label=t::payback_amount() class="table__num">{format::money(payment.amount_minor, currency, country)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::payback_paid_in()),
        Column::text(t::payback_reference()),
        Column::text(t::payback_date()),
        Column::text(t::payback_recorded_by()),
        Column::number(t::payback_amount()),
    ];
    view! { <Table caption=t::payback_payments() cards=true columns>{rows}</Table> }.into_light()
}

/// Its lines: each delivery and everything else.
pub fn line_table(lines: Vec<StatementLine>, currency: Currency, country: Country) -> AnyView {
    let money = move |minor| format::money(minor, currency, country);
    let rows = lines
        .into_iter()
        .map(|line| {
            let when = [&format::date(line.local.date()), " ", &format::time(line.local)].concat();
            let parts = (line.unit_cost_minor + line.handling_fee_minor > 0)
                .then(|| [&money(line.unit_cost_minor), " + ", &money(line.handling_fee_minor)].concat());
            view! {
                <tr>
                    <th scope="row">{line.what}</th>
                    <td data-label=t::payback_line_for()>{line_kind(&line.kind)}</td>
                    <td data-label=t::payback_date() class="nowrap">{when}</td>
                    <td data-label=t::payback_parts() class="table__num">{parts}</td>
                    <td data-label=t::payback_amount() class="table__num">{money(line.amount_minor)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::payback_line()),
        Column::text(t::payback_line_for()),
        Column::text(t::payback_date()),
        Column::number(t::payback_parts()),
        Column::number(t::payback_amount()),
    ];
    view! { <Table caption=t::payback_lines_title() cards=true columns>{rows}</Table> }.into_light()
}
