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
//! - published rules never change       `campaign_version` refuses updates
//! - the last reward is given once      conditional update of `reward_stock`
//! - a budget is not passed by one      the campaign's lock around `cap_use`
//! - a reward is handed over once       the consumer's lock, then a conditional update of its status
//! - time does what it does once        the consumer's lock; every verb brings her account up to now first ([`settle`])
//!
//! Arrows: loyalty → identity, jobs (outbox). Other domains hear of it through the events
//! `loyalty.purchase_registered`, `loyalty.reward_issued` and `loyalty.reward_delivered`.
//!
//! Start reading at [`purchase::register`]. This crate never talks to a provider, never reads the clock, and deletes
//! nothing but codes and failures that are over.

mod account;
pub mod campaign;
pub mod card;
pub mod catalogue;
pub mod claim;
pub mod dictation;
pub mod failed_code;
mod full_card;
pub mod history;
mod ledger;
pub mod purchase;
pub mod reward;
pub mod rule_book;
pub mod settle;
pub mod shop;
pub mod template;
mod terms;
pub mod verify;

mod error;

pub use error::Error;
pub use rule_book::Loyalty;

/// Every statement of the crate, so that one test prepares them all on both databases.
pub fn statements() -> Vec<db::Sql> {
    [campaign::STATEMENTS, card::STATEMENTS, catalogue::STATEMENTS, claim::STATEMENTS, dictation::STATEMENTS, failed_code::STATEMENTS, history::STATEMENTS, ledger::STATEMENTS, reward::STATEMENTS, rule_book::STATEMENTS, shop::STATEMENTS, template::STATEMENTS, verify::STATEMENTS, &purchase::STATEMENTS.concat(), &ledger::row_statements(), &purchase::row_statements()]
        .concat()
}
