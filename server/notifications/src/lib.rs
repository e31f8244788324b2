//! Messages to people through one port: the sandbox and e-mail for now, WhatsApp and SMS by the same door later.
//!
//! Words: a *message* is a text for one recipient on one channel; the *hint* is what a person may see of an address.
//!
//! Invariants: a message exists exactly if the fact behind it does (same transaction); the address and the text are
//! sealed while they wait and forgotten when the message was delivered or given up; neither reaches a log.
//!
//! Arrows: notifications → jobs. It knows nothing of identity: the sealing is lent by the caller.

mod smtp;

use std::sync::Arc;

use db::{Db, Tx, sql};
use jobs::{JobError, NewJob, Registry};
use serde::Serialize;
use serde_json::json;
use shared::{MessageId, Timestamp, time::DAY_MS};

pub use smtp::{Smtp, SmtpSettings};

/// The job that delivers one message.
pub const DELIVER: &str = "notifications.deliver";
/// How long the sandbox keeps what it stands for.
pub const SANDBOX_KEEPS_MS: i64 = DAY_MS;

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
}

/// Where messages leave the product.
pub enum Port {
    /// A page shows them, and nobody is disturbed.
    Sandbox,
    /// E-mail leaves; other channels are refused until a provider is configured.
    Smtp(Box<Smtp>),
    /// Nothing is configured: every message becomes a dead letter that says so.
    Nothing,
}

/// Adds a message and its delivery to the transaction.
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
    jobs::enqueue(tx, now, NewJob { kind: DELIVER, payload: json!({ "message_id": id }), run_at: now, dedupe_key: None }).await?;
    Ok(id)
}

/// Puts the delivery into a worker's registry.
pub fn register(registry: Registry, port: Arc<Port>, sealer: Arc<dyn Seal>) -> Registry {
    registry.outside(DELIVER, move |db, now, job| {
        let (port, sealer) = (port.clone(), sealer.clone());
        Box::pin(async move {
            let id = job.payload["message_id"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| JobError::Hopeless("no message".into()))?;
            deliver(db, now, id, &port, sealer.as_ref()).await
        })
    })
}

#[derive(sqlx::FromRow)]
struct Waiting {
    channel: Channel,
    recipient_sealed: Option<Vec<u8>>,
    subject: String,
    body_sealed: Option<Vec<u8>>,
}

/// Reads, sends, records: no transaction is open while the world is asked.
async fn deliver(db: &Db, now: Timestamp, id: MessageId, port: &Port, sealer: &dyn Seal) -> Result<(), JobError> {
    let waiting = db.read().await?.query(WAITING).bind(id).maybe::<Waiting>().await?;
    // Already delivered: the job came twice.
    let Some(waiting) = waiting else { return Ok(()) };
    let open = |sealed: Option<Vec<u8>>| sealed.and_then(|sealed| sealer.open(&sealed));
    let (Some(recipient), Some(body)) = (open(waiting.recipient_sealed), open(waiting.body_sealed)) else {
        return Err(JobError::Hopeless("the message cannot be opened".into()));
    };
    if let Port::Smtp(smtp) = port
        && waiting.channel == Channel::Email
    {
        smtp.send(&recipient, &waiting.subject, &body, id).await?;
    }
    let mut tx = db.begin().await?;
    match (port, waiting.channel) {
        (Port::Sandbox, channel) => {
            tx.query(SANDBOX).bind(id).bind(channel).bind(&recipient).bind(&waiting.subject).bind(&body).bind(now).execute().await?;
            tx.query(SANDBOX_FORGET).bind(now.plus_ms(-SANDBOX_KEEPS_MS)).execute().await?;
        }
        (Port::Smtp(_), Channel::Email) => {}
        (Port::Smtp(_) | Port::Nothing, channel) => {
            drop(tx);
            return Err(JobError::Hopeless(format!("no provider is configured for {channel:?}")));
        }
    }
    tx.query(SENT).bind(now).bind(id).execute().await?;
    tx.commit().await?;
    Ok(())
}

/// What the sandbox delivered.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct SandboxMessage {
    /// The message.
    pub id: MessageId,
    /// Which way it would have gone.
    pub channel: Channel,
    /// To whom.
    pub recipient: String,
    /// For e-mail.
    pub subject: String,
    /// The text.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

/// The sandbox's messages, newest first; at most 100. Only for doors that the sandbox opens.
pub async fn sandbox(tx: &mut Tx) -> Result<Vec<SandboxMessage>, db::Error> {
    tx.query(SANDBOX_LIST).all().await
}

/// Every statement of the crate.
pub fn statements() -> Vec<db::Sql> {
    STATEMENTS.to_vec()
}

sql! {
    INSERT: "INSERT INTO message (id, channel, template, recipient_sealed, recipient_hint, subject, body_sealed, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8)";

    WAITING: "SELECT channel, recipient_sealed, subject, body_sealed FROM message WHERE id = $1 AND status = 'waiting'";

    SENT: "UPDATE message SET status = 'sent', sent_at = $1, recipient_sealed = NULL, body_sealed = NULL WHERE id = $2";

    SANDBOX: "INSERT INTO sandbox_message (id, channel, recipient, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    SANDBOX_FORGET: "DELETE FROM sandbox_message WHERE created_at < $1";

    SANDBOX_LIST: "SELECT id, channel, recipient, subject, body, created_at FROM sandbox_message ORDER BY created_at DESC, id DESC LIMIT 100";
}
