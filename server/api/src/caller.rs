//! Who asks.
//!
//! A credential is found in this order, and only the first one counts:
//! 1. `Authorization: Bearer mk_…`: an API key.
//! 2. `Mostrador-Persona: consumer|tendero|brand|backoffice`: that persona's session cookie.
//! 3. The cookie of the persona that the address belongs to: `/me` and `/events/card` the consumer's; a shop's doors the
//!    tendero's; every other the brand's, else the backoffice's.
//!
//! A key that nobody knows is 401 at once; an unknown session is nobody, and the verb decides whether nobody may.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, header, request::Parts},
};
use db::Tx;
use identity::{Actor, Persona};
use shared::{Problem, Timestamp};

use crate::{ApiState, Refusal};

/// Chooses the session when a browser has several.
pub const PERSONA_HEADER: &str = "mostrador-persona";

/// What a request offers as proof, before anybody looked it up.
#[derive(Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nothing.
    Nobody,
    /// An API key's text.
    Key(String),
    /// A session's text.
    Session(Persona, String),
}

impl Caller {
    /// Reads the headers. An `Authorization` of another kind is refused rather than overlooked.
    pub fn of(headers: &HeaderMap, path: &str) -> Result<Self, Refusal> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let key = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return key.map(|(_, key)| Self::Key(key.trim().to_owned())).ok_or_else(|| Problem::unauthorized().into());
        }
        let session = |persona: Persona| Some(Self::Session(persona, cookie(headers, persona.cookie())?));
        let personas: &[Persona] = match headers.get(PERSONA_HEADER).map(|value| value.to_str().unwrap_or_default()) {
            Some("consumer") => &[Persona::Consumer],
            Some("tendero") => &[Persona::Tendero],
            Some("brand") => &[Persona::Brand],
            Some("backoffice") => &[Persona::Backoffice],
            Some(_) => {
                return Err(Problem::new(400, "bad_persona", "Mostrador-Persona is consumer, tendero, brand or backoffice.").into());
            }
            None => personas_of(path),
        };
        Ok(personas.iter().find_map(|persona| session(*persona)).unwrap_or(Self::Nobody))
    }

    /// Who that is.
    pub async fn resolve(&self, tx: &mut Tx, now: Timestamp) -> Result<Actor, Refusal> {
        match self {
            Self::Nobody => Ok(Actor::Anonymous),
            Self::Key(text) => Ok(identity::api_key::resolve(tx, now, text).await?),
            Self::Session(persona, token) => match identity::session::resolve(tx, now, *persona, token).await {
                Err(identity::Error::Unauthorized) => Ok(Actor::Anonymous),
                other => Ok(other?),
            },
        }
    }

    /// Counts it; nobody is counted by address alone.
    pub fn check(&self, api: &ApiState) -> Result<(), Refusal> {
        match self {
            Self::Nobody => Ok(()),
            Self::Key(text) | Self::Session(_, text) => Ok(api.limits.caller(text)?),
        }
    }
}

fn personas_of(path: &str) -> &'static [Persona] {
    let door = path.trim_start_matches("/api/v1/");
    let first = door.split('/').next().unwrap_or_default();
    match (first, door) {
        ("me", _) | (_, "events/card") => &[Persona::Consumer],
        ("purchases" | "deliveries" | "reward_incidents" | "devices" | "members" | "invitations", _) | (_, "events/shop") => {
            &[Persona::Tendero]
        }
        ("product_proposals" | "payables" | "products" | "shops" | "statements", _) => {
            &[Persona::Tendero, Persona::Brand, Persona::Backoffice]
        }
        ("disputes", _) => &[Persona::Backoffice, Persona::Tendero, Persona::Consumer],
        ("settlement_runs" | "adjustments", _) => &[Persona::Backoffice, Persona::Brand],
        _ => &[Persona::Brand, Persona::Backoffice],
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The caller, looked up: the extractor of every door that is not public on purpose.
pub struct ActorOf(pub Actor);

impl FromRequestParts<ApiState> for ActorOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Refusal> {
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |original| original.0.path()).to_owned();
        let caller = Caller::of(&parts.headers, &path)?;
        caller.check(api)?;
        if caller == Caller::Nobody {
            return Err(Problem::unauthorized().into());
        }
        let (mut tx, now) = api.read().await?;
        match caller.resolve(&mut tx, now).await? {
            Actor::Anonymous => Err(Problem::unauthorized().into()),
            actor => Ok(Self(actor)),
        }
    }
}
