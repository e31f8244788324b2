//! What stands for telephones in a demonstration: a page shows the messages.

use db::{Tx, sql};
use serde::Serialize;
use shared::{MessageId, Timestamp, time::DAY_MS};

use crate::Channel;

/// How long the sandbox keeps what it stands for.
pub const SANDBOX_KEEPS_MS: i64 = DAY_MS;

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

pub(crate) async fn show(tx: &mut Tx, now: Timestamp, message: &SandboxMessage) -> Result<(), db::Error> {
    tx.query(SANDBOX)
        .bind(message.id)
        .bind(message.channel)
        .bind(&message.recipient)
        .bind(&message.subject)
        .bind(&message.body)
        .bind(now)
        .execute()
        .await?;
    tx.query(SANDBOX_FORGET).bind(now.plus_ms(-SANDBOX_KEEPS_MS)).execute().await?;
    Ok(())
}

sql! {
    SANDBOX: "INSERT INTO sandbox_message (id, channel, recipient, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    SANDBOX_FORGET: "DELETE FROM sandbox_message WHERE created_at < $1";

    SANDBOX_LIST: "SELECT id, channel, recipient, subject, body, created_at FROM sandbox_message ORDER BY created_at DESC, id DESC LIMIT 100";
}
