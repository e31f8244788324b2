//! Messages to people through one port: the sandbox, e-mail, WhatsApp and SMS.
//!
//! Words: a *message* is a text for one recipient on one channel; a *notice* is a message of the product to a person's
//! telephone, with what allows it; the *hint* is what a person may see of an address; *news* is what a provider tells of
//! a message afterwards.
//!
//! Invariants, each held by the named guard:
//! - a message exists exactly if the fact behind it does      same transaction
//! - the same news is told once                               unique `dedupe_key`
//! - a promotion leaves only while what it says holds       [`Still`], asked by `delivery::admit`
//! - nothing but a code leaves after a STOP, beyond the daily limit or at night   `delivery::admit`, under the person's lock
//! - a state never goes back                                  [`Status::rank`], compared in the UPDATE
//! - address and text are sealed while they wait, forgotten afterwards, and reach no log
//!
//! Arrows: notifications → jobs. It knows nothing of identity: the sealing is lent by the caller, and so is the consent.

mod delivery;
mod mail;
mod news;
mod notice;
mod port;
pub mod providers;
mod sandbox;
mod smtp;
#[cfg(feature = "testing")]
pub mod testing;

use db::{Tx, sql};
use jobs::NewJob;
use serde::Serialize;
use serde_json::json;
use shared::{MessageId, Timestamp};

pub use delivery::{DELIVER, Holds, Still, register, register_asking, register_with};
pub use mail::{NewMail, PARTS_MAX, Part, bundle, mail};
pub use news::{Inbound, OptOut, Told, forget, is_stop, opt_out, receive, stopped, stops, sweep, withdrawn};
pub use notice::{ConsentUsed, Notice, Template, notify, told};
pub use port::{Accepted, Outgoing, Port, Provider, Refused, Rules, Sending, World};
pub use providers::{
    sms::{Sms, SmsSettings},
    whatsapp_cloud::{WhatsappCloud, WhatsappSettings},
};
pub use sandbox::{SANDBOX_KEEPS_MS, SandboxMessage, sandbox};
pub use smtp::{Smtp, SmtpSettings};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Channel {
    /// To a telephone.
    Whatsapp,
    /// To a telephone.
    Sms,
    /// To an address.
    Email,
}

/// What a message is for: decides what it needs and when it may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Category {
    /// A code that the person asked for a moment ago: always.
    Authentication,
    /// About her own points and rewards.
    Utility,
    /// Promotions.
    Marketing,
    /// To people of organisations, by e-mail.
    Service,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// Here.
    Waiting,
    /// The provider has it.
    Accepted,
    /// It cannot be brought.
    Failed,
    /// On its way to the telephone.
    Sent,
    /// On the telephone.
    Delivered,
    /// Somebody saw it.
    Read,
    /// She wrote STOP while it waited.
    Cancelled,
    /// It was not allowed to leave; the reason says why.
    Refused,
}

impl Status {
    /// It will never be on the telephone.
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled | Self::Refused)
    }
    /// A state gives way only to one of a higher rank (WhatsApp Cloud API, "Status notifications may arrive out of order").
    pub const fn rank(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Accepted => 1,
            Self::Failed => 2,
            Self::Sent => 3,
            Self::Delivered => 4,
            Self::Read => 5,
            Self::Cancelled | Self::Refused => 9,
        }
    }
}

/// A message to send.
pub struct NewMessage<'a> {
    /// Which way.
    pub channel: Channel,
    /// Which text it is, for statistics.
    pub template: &'static str,
    /// Telephone in E.164, or e-mail address.
    pub recipient: &'a str,
    /// What a person may see of it.
    pub hint: &'a str,
    /// For e-mail.
    pub subject: &'a str,
    /// The text.
    pub body: &'a str,
}

/// Lent by whoever has the keys.
pub trait Seal: Send + Sync {
    /// Makes a text unreadable for whoever reads the database.
    fn seal(&self, text: &str) -> Vec<u8>;
    /// The text again; `None` for anything else.
    fn open(&self, sealed: &[u8]) -> Option<String>;
    /// Finds a telephone again without knowing it: a keyed hash of the number in E.164.
    fn mark(&self, telephone: &str) -> Vec<u8>;
}

/// Adds a message to somebody of an organisation, and its delivery, to the transaction.
pub async fn send(tx: &mut Tx, now: Timestamp, sealer: &dyn Seal, message: &NewMessage<'_>) -> Result<MessageId, db::Error> {
    let id: MessageId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(message.channel)
        .bind(message.template)
        .bind(sealer.seal(message.recipient))
        .bind(message.hint)
        .bind(message.subject)
        .bind(sealer.seal(message.body))
        .bind(now)
        .execute()
        .await?;
    enqueue(tx, now, id).await?;
    Ok(id)
}

async fn enqueue(tx: &mut Tx, now: Timestamp, id: MessageId) -> Result<(), db::Error> {
    jobs::enqueue(
        tx,
        now,
        NewJob { kind: DELIVER, lane: jobs::Lane::Quick, payload: json!({ "message_id": id }), run_at: now, dedupe_key: None },
    )
    .await?;
    Ok(())
}

/// What the advisory lock of a person is called.
fn lock_key(person_key: &[u8]) -> i64 {
    let mut last = [0; 8];
    if let Some(end) = person_key.last_chunk::<8>() {
        last = *end;
    }
    i64::from_be_bytes(last)
}

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    [STATEMENTS, delivery::STATEMENTS, mail::STATEMENTS, news::STATEMENTS, notice::STATEMENTS, sandbox::STATEMENTS].concat()
}

sql! {
    INSERT: "INSERT INTO message (id, channel, template, recipient_sealed, recipient_hint, subject, body_sealed, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8)";
}
