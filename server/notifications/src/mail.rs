//! E-mail with pictures and files to people of organisations.

use db::{Tx, sql};
use shared::{MailBundleId, MessageId, Timestamp, time::DAY_MS};

use crate::{Channel, Seal, enqueue};

/// Parts of one bundle, at most.
pub const PARTS_MAX: usize = 40;
/// Pictures and files of all that was sent are kept so long; what waits keeps its own.
const KEPT_MS: i64 = 2 * DAY_MS;

/// A picture in the text, or a file beside it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Part {
    /// As a file is called.
    pub name: String,
    /// How the text names the picture: `cid:…`. `None`: a file beside the text.
    pub content_id: Option<String>,
    /// `image/png`
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// An e-mail with a form.
pub struct NewMail<'a> {
    /// Which text it is, for statistics.
    pub template: &'static str,
    /// The address.
    pub recipient: &'a str,
    /// What a person may see of it.
    pub hint: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// For who reads without a form.
    pub text: &'a str,
    /// The same with a form; pictures are `cid:…`.
    pub html: &'a str,
    /// Where her mail program says that she wants no more of these (RFC 8058): takes a POST without a session.
    pub leave_url: Option<&'a str>,
    /// Its pictures and files.
    pub bundle: Option<MailBundleId>,
}

/// Keeps pictures and files for messages of the same transaction.
pub async fn bundle(tx: &mut Tx, now: Timestamp, parts: &[Part]) -> Result<MailBundleId, db::Error> {
    let id: MailBundleId = tx.new_id();
    for (place, part) in (0_i64..).zip(parts.iter().take(PARTS_MAX)) {
        let query = tx.query(PART).bind(id).bind(place).bind(part.name.clone()).bind(part.content_id.clone());
        query.bind(part.media_type.clone()).bind(part.content.clone()).bind(now).execute().await?;
    }
    Ok(id)
}

/// Adds an e-mail to somebody of an organisation, and its delivery, to the transaction.
pub async fn mail(tx: &mut Tx, now: Timestamp, sealer: &dyn Seal, mail: &NewMail<'_>) -> Result<MessageId, db::Error> {
    let id: MessageId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(Channel::Email)
        .bind(mail.template)
        .bind(sealer.seal(mail.recipient))
        .bind(mail.hint)
        .bind(mail.subject)
        .bind(sealer.seal(mail.text))
        .bind(sealer.seal(mail.html))
        .bind(mail.leave_url.map(|url| sealer.seal(url)))
        .bind(mail.bundle)
        .bind(now)
        .execute()
        .await?;
    enqueue(tx, now, id).await?;
    Ok(id)
}

/// The pictures and files of a message, in their order.
pub(crate) async fn parts(tx: &mut Tx, bundle: Option<MailBundleId>) -> Result<Vec<Part>, db::Error> {
    match bundle {
        None => Ok(Vec::new()),
        Some(bundle) => tx.query(PARTS).bind(bundle).all().await,
    }
}

/// Forgets what everybody has got.
pub(crate) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, db::Error> {
    tx.query(SWEEP).bind(now.plus_ms(-KEPT_MS)).execute().await
}

sql! {
    PART: "INSERT INTO mail_part (bundle_id, place, name, content_id, media_type, content, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    PARTS: "SELECT name, content_id, media_type, content FROM mail_part WHERE bundle_id = $1 ORDER BY place";

    INSERT: "INSERT INTO message (id, channel, template, recipient_sealed, recipient_hint, subject, body_sealed, html_sealed, leave_url_sealed, bundle_id, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11)";

    SWEEP: "DELETE FROM mail_part WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.bundle_id = mail_part.bundle_id AND m.status = 'waiting')";
}
