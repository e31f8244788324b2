//! A secret for the next page alone: a post that makes a key answers with a redirect, which carries no body.
//!
//! What travels in the address is sealed, opens only in the session that asked, and for ten minutes. What somebody typed
//! into a form that was refused comes back the same way, in a cookie instead of the address: nothing typed is ever part of
//! an address.

use shared::{SessionId, Timestamp, time::MINUTE_MS};

use crate::{Actor, Error, Keys};

const CONTEXT: &str = "identity.flash";
const LIFE_MS: i64 = 10 * MINUTE_MS;

const TYPED: &str = "identity.typed";
/// How long a refused form remembers what was typed into it.
pub const TYPED_LIFE_MS: i64 = 2 * MINUTE_MS;

fn session(actor: &Actor) -> Result<SessionId, Error> {
    match actor {
        Actor::User { session, .. } | Actor::Consumer { session, .. } => Ok(*session),
        _ => Err(Error::Unauthorized),
    }
}

/// The text as a word for an address.
pub fn seal(keys: &Keys, actor: &Actor, now: Timestamp, text: &str) -> Result<String, Error> {
    let until = now.plus_ms(LIFE_MS).0;
    Ok(keys.seal_text(CONTEXT, format!("{}\n{until}\n{text}", session(actor)?).as_bytes()))
}

/// The text of a word. `None`: of another session, over, or nothing of ours.
pub fn open(keys: &Keys, actor: &Actor, now: Timestamp, word: &str) -> Option<String> {
    let plain = String::from_utf8(keys.open_text(CONTEXT, word)?).ok()?;
    let mut parts = plain.splitn(3, '\n');
    let mine = parts.next()? == session(actor).ok()?.to_string();
    let fresh = parts.next()?.parse::<i64>().is_ok_and(|until| now.0 <= until);
    parts.next().filter(|_| mine && fresh).map(str::to_owned)
}

/// What was typed into a form of the page at `path`, names and values, as a word for a cookie.
pub fn seal_typed(keys: &Keys, now: Timestamp, path: &str, fields: &[(String, String)]) -> String {
    let told = (now.plus_ms(TYPED_LIFE_MS).0, path, fields);
    keys.seal_text(TYPED, &serde_json::to_vec(&told).unwrap_or_default())
}

/// What such a word says for the page at `path`; nothing for another page, later, or of a word that is not ours.
pub fn open_typed(keys: &Keys, now: Timestamp, path: &str, word: &str) -> Vec<(String, String)> {
    let plain = keys.open_text(TYPED, word).unwrap_or_default();
    match serde_json::from_slice::<(i64, String, Vec<(String, String)>)>(&plain) {
        Ok((until, whose, fields)) if whose == path && now.0 <= until => fields,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretBox;
    use shared::{
        OrganisationId, UserId,
        identity::{OrganisationKind, UserRole},
    };

    use super::*;

    #[test]
    fn a_secret_opens_in_its_session_for_ten_minutes() {
        let keys = Keys::new(&SecretBox::new(Box::new([1; 32])));
        let laura = |session| Actor::User {
            user: UserId::fixed(1),
            tenant: OrganisationId::fixed(1),
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Admin,
            session: SessionId::fixed(session),
        };
        let now = Timestamp(1_000);
        let word = seal(&keys, &laura(1), now, "mk_1\n2").unwrap();

        assert_eq!(open(&keys, &laura(1), now.plus_ms(LIFE_MS), &word).as_deref(), Some("mk_1\n2"));
        assert_eq!(open(&keys, &laura(1), now.plus_ms(LIFE_MS + 1), &word), None);
        assert_eq!(open(&keys, &laura(2), now, &word), None);
        assert_eq!(open(&keys, &laura(1), now, "x"), None);
        assert!(matches!(seal(&keys, &Actor::Anonymous, now, ""), Err(Error::Unauthorized)));
    }

    #[test]
    fn what_was_typed_comes_back_to_its_page_for_two_minutes() {
        let keys = Keys::new(&SecretBox::new(Box::new([1; 32])));
        let now = Timestamp(1_000);
        let fields = [("phone".to_owned(), "300 12".to_owned())];
        let word = seal_typed(&keys, now, "/c/join", &fields);

        assert_eq!(open_typed(&keys, now.plus_ms(TYPED_LIFE_MS), "/c/join", &word), fields);
        assert_eq!(open_typed(&keys, now.plus_ms(TYPED_LIFE_MS + 1), "/c/join", &word), []);
        assert_eq!(open_typed(&keys, now, "/t/start", &word), []);
        assert_eq!(open_typed(&keys, now, "/c/join", "x"), []);
    }
}
