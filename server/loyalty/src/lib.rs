//! Loyalty: cards, campaigns, purchases, points and stamps, rewards, and what brands owe shops.
//!
//! Words: a *capture* is what a shop's phone signed; a *purchase* is what the platform made of it; an *award* is what
//! one campaign gave for it; a *wallet* holds points of a brand or stamps of a campaign; a *lot* is what came together
//! and expires together; a *payable* is what a brand owes a shop for a reward that was handed over.
//!
//! Invariants, each held by the named guard:
//! - a purchase earns once              the consumer's lock, then unique (source, source_key)
//! - a card's half minute opens one purchase   primary key of `card_code_use`
//! - a balance equals its entries       `ledger::Posting` is the only writer of entries, wallets and lots; `verify` rebuilds
//! - a row of a ledger stays as it was   append-only tables, and seals that [`verify`] works out again ([`seal`])
//! - published rules never change       `campaign_version` refuses updates
//! - the last reward is given once      conditional update of `reward_stock`
//! - a budget is not passed by one      the campaign's lock around `cap_use`
//! - a ticket's reward stays bound      `reserved_until` and `ticket_until`, asked wherever it could go elsewhere
//! - a reward is handed over once       the consumer's lock, then a conditional update of its status
//! - sums follow the sales            `changes`, in the transaction of the sale
//! - a correction is posted once          primary key of `adjustment_decision`
//! - an entry is on one statement          the brand's lock, then the primary key of `statement_line`
//! - time does what it does once        the consumer's lock; every verb brings her account up to now first ([`settle`])
//!
//! Arrows: loyalty → identity, jobs (outbox). Other domains hear of it through the events
//! named in [`told::TOPICS`]; what of them a brand may know, [`told`] says.
//!
//! Start reading at [`purchase::register`]. This crate never talks to a provider, never reads the clock, and deletes
//! nothing but codes and failures that are over.

mod account;
pub mod adjustment;
pub mod alert;
pub mod campaign;
pub mod card;
pub mod catalogue;
mod changes;
pub mod claim;
pub mod comparison;
pub mod control;
pub mod dictation;
pub mod dispute;
pub mod failed_code;
mod full_card;
pub mod gate;
pub mod goal;
pub mod handover;
pub mod history;
mod ledger;
pub mod level;
pub mod names;
pub mod notice;
pub mod paper;
pub mod payback;
pub mod price;
pub mod purchase;
pub mod receipt;
pub mod replay;
pub mod reward;
pub mod rights;
pub mod rule_book;
pub mod sandbox;
pub mod seal;
pub mod sell_in;
pub mod sell_in_file;
pub mod settle;
pub mod shop;
pub mod shop_units;
pub mod template;
mod terms;
pub mod ticket;
pub mod till;
pub mod told;
pub mod verify;
mod waiting;

mod error;

pub use error::Error;
pub use rule_book::Loyalty;
pub use waiting::{Waiting, reviews as reviews_waiting, waiting};

/// Every statement of the crate, so that one test prepares them all on both databases.
pub fn statements() -> Vec<db::Sql> {
    [
        adjustment::STATEMENTS,
        alert::STATEMENTS,
        campaign::STATEMENTS,
        card::STATEMENTS,
        catalogue::STATEMENTS,
        changes::STATEMENTS,
        claim::STATEMENTS,
        comparison::STATEMENTS,
        control::STATEMENTS,
        dictation::STATEMENTS,
        dispute::STATEMENTS,
        failed_code::STATEMENTS,
        gate::STATEMENTS,
        goal::STATEMENTS,
        handover::STATEMENTS,
        history::STATEMENTS,
        ledger::STATEMENTS,
        level::STATEMENTS,
        names::STATEMENTS,
        receipt::STATEMENTS,
        replay::STATEMENTS,
        replay::read::STATEMENTS,
        reward::STATEMENTS,
        rule_book::STATEMENTS,
        sandbox::STATEMENTS,
        seal::STATEMENTS,
        sell_in::STATEMENTS,
        sell_in_file::STATEMENTS,
        settle::STATEMENTS,
        shop::STATEMENTS,
        shop_units::STATEMENTS,
        template::STATEMENTS,
        ticket::STATEMENTS,
        told::STATEMENTS,
        verify::STATEMENTS,
        waiting::STATEMENTS,
        &payback::statements(),
        notice::STATEMENTS,
        paper::STATEMENTS,
        price::STATEMENTS,
        &till::statements(),
        &purchase::STATEMENTS.concat(),
        &changes::row_statements(),
        &ledger::row_statements(),
        &purchase::row_statements(),
        &rights::ALL.concat(),
    ]
    .concat()
}
