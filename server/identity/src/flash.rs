//! A secret for the next page alone: a post that makes a key answers with a redirect, which carries no body.
//!
//! What travels in the address is sealed, opens only in the session that asked, and for ten minutes.

use shared::{SessionId, Timestamp, time::MINUTE_MS};

use crate::{Actor, Error, Keys};

const CONTEXT: &str = "identity.flash";
const LIFE_MS: i64 = 10 * MINUTE_MS;

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
}
