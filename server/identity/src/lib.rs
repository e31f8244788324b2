//! Who somebody is and what they may do: consumers, people of shops, people of organisations, devices and keys.
//!
//! Words: a *persona* is one of the four fronts with a session; an *actor* is whoever asks for something; a *tenant* is
//! an organisation; a *challenge* is a one-time code that was sent; a *verified phone* is its result, good for one use.
//!
//! Invariants, each held by the named guard:
//! - a phone is one consumer and one member of a shop   unique keys on its keyed hash
//! - before consent only that hash and an expiry are kept   the phone travels sealed with the person's own form
//! - a secret is never stored readable   SHA-256 of random ones, keyed hashes of short ones, Argon2id of chosen ones
//! - a code, an invitation and a one-time password count once   conditional updates
//! - consents and the audit only grow    append-only tables
//! - a shop's registrations are counted once    in the sign-up's own transaction; [`registrations::verify`]
//!
//! Arrows: identity → jobs, notifications. It never decides what a purchase is worth.

mod actor;
pub mod api_key;
pub mod audit;
pub mod card_move;
pub mod challenge;
pub mod consent;
pub mod consumer;
pub mod dead_letter;
pub mod device;
mod error;
pub mod flash;
pub mod keys;
pub mod organisation;
pub mod participation;
mod phone;
pub mod reach;
pub mod registrations;
pub mod rights;
pub mod sandbox;
pub mod seal;
pub mod session;
pub mod shop;
pub mod shop_import;
pub mod staff;
pub mod table;
pub mod user;

pub use actor::{Actor, Persona, Scope, Scopes};
pub use error::{Error, store_problem};
pub use keys::Keys;
pub use phone::{Phone, shown as phone_shown};

/// Every statement of the crate, so that one test prepares them all on both databases.
pub fn statements() -> Vec<db::Sql> {
    [
        api_key::STATEMENTS,
        audit::STATEMENTS,
        card_move::STATEMENTS,
        challenge::STATEMENTS,
        consent::STATEMENTS,
        consumer::STATEMENTS,
        device::STATEMENTS,
        organisation::STATEMENTS,
        participation::STATEMENTS,
        reach::STATEMENTS,
        registrations::STATEMENTS,
        rights::STATEMENTS,
        sandbox::STATEMENTS,
        seal::STATEMENTS,
        session::STATEMENTS,
        shop::STATEMENTS,
        shop_import::STATEMENTS,
        staff::STATEMENTS,
        user::STATEMENTS,
    ]
    .concat()
}

/// Lower case without accents, for searches: `Peñón` is found by `penon`.
pub fn search_key(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'á' | 'à' | 'ä' | 'â' | 'ã' => 'a',
            'é' | 'è' | 'ë' | 'ê' => 'e',
            'í' | 'ì' | 'ï' | 'î' => 'i',
            'ó' | 'ò' | 'ö' | 'ô' | 'õ' => 'o',
            'ú' | 'ù' | 'ü' | 'û' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            other => other,
        })
        .collect()
}
