//! Where messages leave the product, and by which rules.

use std::{future::Future, pin::Pin};

use shared::{
    MessageId,
    time::{DAY_MS, SECOND_MS},
};

use crate::{Category, Channel, OptOut, Sms, Smtp, Template, WhatsappCloud};

/// Where messages leave the product.
pub enum Port {
    /// A page shows them, and nobody is disturbed.
    Sandbox,
    /// They leave by what is configured; other channels are refused.
    World(Box<World>),
    /// Nothing is configured: every message becomes a dead letter that says so.
    Nothing,
}

/// The providers of an installation.
#[derive(Default)]
pub struct World {
    /// E-mail.
    pub email: Option<Smtp>,
    /// Comes first for telephones.
    pub whatsapp: Option<WhatsappCloud>,
    /// Where WhatsApp is not configured, and for codes that it could not bring.
    pub sms: Option<Sms>,
}

impl World {
    /// By which provider a message to a telephone goes. A fallback goes by SMS, and so does a text that has no approved
    /// template.
    pub(crate) fn telephone(&self, template: &str, fallback: bool) -> Option<(&dyn Provider, Channel)> {
        let whatsapp = self.whatsapp.as_ref().filter(|whatsapp| !fallback && whatsapp.knows(template));
        whatsapp
            .map(|provider| (provider as &dyn Provider, Channel::Whatsapp))
            .or_else(|| self.sms.as_ref().map(|provider| (provider as &dyn Provider, Channel::Sms)))
    }
}

impl Port {
    /// Names of the texts that leave to telephones here: those that the operator had approved, or all where none must be.
    pub fn approved(&self) -> Vec<&'static str> {
        let names = Template::ALL.into_iter().map(Template::name);
        match self {
            Self::Sandbox => names.collect(),
            Self::World(world) => names.filter(|name| world.telephone(name, false).is_some()).collect(),
            Self::Nothing => Vec::new(),
        }
    }
    /// The providers, when there are any.
    pub fn world(&self) -> Option<&World> {
        if let Self::World(world) = self { Some(world) } else { None }
    }
}

/// When messages may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Messages that one person gets in 24 hours, of all brands together; codes do not count, and the last one is no receipt.
    pub daily_max: i64,
    /// From this minute of her day nothing but codes leaves.
    pub quiet_from_minute: i64,
    /// Until this minute.
    pub quiet_until_minute: i64,
    /// A code that WhatsApp cannot bring goes by SMS.
    pub codes_fall_back: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { daily_max: 3, quiet_from_minute: 21 * 60, quiet_until_minute: 8 * 60, codes_fall_back: true }
    }
}

/// How long the daily limit looks back.
pub(crate) const DAILY_MS: i64 = DAY_MS;
/// Longest wait that a provider may ask for.
pub(crate) const WAIT_MAX_MS: i64 = 3_600 * SECOND_MS;

/// What a provider is given.
pub struct Outgoing<'a> {
    /// Ours.
    pub id: MessageId,
    /// Telephone in E.164.
    pub to: &'a str,
    /// Which text.
    pub template: &'a str,
    /// What for.
    pub category: Category,
    /// What fills an approved template.
    pub variables: &'a [String],
    /// The whole text.
    pub body: &'a str,
}

/// The provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its name for the message.
    pub provider_id: String,
}

/// Why it has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Nothing left, and another try may succeed; after so many milliseconds, when the provider says or its rule does.
    Later {
        /// How long.
        wait_ms: Option<i64>,
        /// For the operator.
        why: String,
    },
    /// It may have left: no provider here has a key that makes a repetition harmless.
    Uncertain(String),
    /// Not to this person by this channel.
    Undeliverable(String),
    /// This person wants none of these.
    OptedOut {
        /// Of which.
        scope: OptOut,
        /// How the provider says so.
        why: String,
    },
    /// No message leaves, or none of this text, until somebody mends it.
    Broken(String),
}

/// What [`Provider::send`] gives.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Accepted, Refused>> + Send + 'a>>;

/// A way to telephones.
pub trait Provider: Send + Sync {
    /// Names its messages in the database.
    fn name(&self) -> &'static str;
    /// Hands one message over. `attempt` counts from 1.
    fn send<'a>(&'a self, message: &'a Outgoing<'a>, attempt: i64) -> Sending<'a>;
}

/// Texts whose repetition harms nobody may be sent again when nobody knows whether they left.
pub(crate) fn may_repeat(template: &str) -> bool {
    [Template::Code, Template::Redemption].iter().any(|code| code.name() == template)
}
