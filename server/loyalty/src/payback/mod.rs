//! How shops are paid back: what is owed since when, the closing of periods, statements, and how they were settled.
//!
//! Invariants, each held by the named guard:
//! - an entry stands on one statement at most     the brand's lock, then the primary key of `statement_line`
//! - a statement is the sum of its lines          both are written once from the same rows, and never change
//! - no more is settled than is owed              the brand's lock around [`statement::settle`]
//! - nothing is lost between periods              what is on no statement is open; `verify` adds both up

pub mod incentive;
pub mod monthly;
pub mod owed;
pub mod settlement;
pub mod statement;

/// Every statement of the module.
pub(crate) fn statements() -> Vec<db::Sql> {
    [
        incentive::STATEMENTS,
        monthly::STATEMENTS,
        owed::STATEMENTS,
        settlement::STATEMENTS,
        statement::STATEMENTS,
        &[settlement::lines_statement()],
    ]
    .concat()
}
