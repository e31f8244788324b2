//! What providers tell: where a message stands, and what people answer.

use db::{Tx, sql};
use shared::{ConsentId, ConsumerId, MessageId, Timestamp, time::DAY_MS};

use crate::{Category, Channel, Rules, Seal, Status, lock_key, mail, notice};

/// News that one delivery of a provider may hold; the rest is not ours.
pub const NEWS_MAX: usize = 1_000;
/// How long news of messages that we do not know is kept, and a text that another channel might still need.
const KEPT_MS: i64 = DAY_MS;

/// One thing that a provider told, already verified and parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A message is somewhere else.
    Status {
        /// The provider's name for it.
        provider_id: String,
        /// Where it is.
        status: Status,
        /// By the provider's clock.
        at: Timestamp,
        /// Why it failed.
        code: Option<i64>,
    },
    /// Somebody wrote to us.
    Inbound(Inbound),
    /// An approved text is paused, disabled or was refused: somebody must look.
    Template {
        /// Its name at the provider.
        name: String,
        /// What became of it.
        state: String,
    },
    /// Kept count of, never an error.
    Unknown(String),
}

/// Somebody wrote to us. The text itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// In E.164.
    pub from: String,
    /// What.
    pub text: String,
}

impl std::fmt::Debug for Inbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inbound(…)")
    }
}

/// Of which messages somebody wants no more. A code that she asks for comes all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum OptOut {
    /// Of none.
    All,
    /// Promotions; what is about her own points still comes.
    Marketing,
}

impl OptOut {
    /// Whether a message of this category may not leave.
    pub fn covers(self, category: Category) -> bool {
        match category {
            Category::Marketing => true,
            Category::Utility => self == Self::All,
            Category::Authentication | Category::Service => false,
        }
    }
}

/// Of which messages this person wants no more, and since when: at most one of each scope.
pub async fn stops(tx: &mut Tx, person_key: &[u8]) -> Result<Vec<(OptOut, Timestamp)>, db::Error> {
    tx.query(STOPS).bind(person_key.to_vec()).all().await
}

/// Whether she wanted no more messages of this kind after the decision that allows one.
pub async fn stopped(tx: &mut Tx, person_key: &[u8], category: Category, decided_at: Timestamp) -> Result<bool, db::Error> {
    Ok(stops(tx, person_key).await?.iter().any(|(scope, at)| decided_at <= *at && scope.covers(category)))
}

/// She took a decision back: what waits because of it does not leave. Returns how many messages.
pub async fn withdrawn(tx: &mut Tx, now: Timestamp, consumer: ConsumerId, consent: ConsentId) -> Result<u64, db::Error> {
    tx.query(WITHDRAW).bind(now).bind(consumer).bind(consent).execute().await
}

/// Writes down what a provider told. The same again, and in another order, comes to the same.
pub async fn receive(
    tx: &mut Tx,
    now: Timestamp,
    sealer: &dyn Seal,
    provider: &'static str,
    told: &[Told],
    rules: &Rules,
) -> Result<(), db::Error> {
    for told in told.iter().take(NEWS_MAX) {
        let kind = match told {
            Told::Status { provider_id, status, at, code } => {
                let new = tx.query(KEEP).bind(provider).bind(provider_id).bind(*status).bind(*code).bind(*at).bind(now).execute().await?;
                if new == 1 {
                    apply(tx, now, provider, provider_id, &[News { status: *status, code: *code }], rules).await?;
                }
                "status"
            }
            Told::Inbound(inbound) => {
                if is_stop(&inbound.text) {
                    opt_out(tx, now, sealer, &inbound.from, provider).await?;
                }
                "inbound"
            }
            Told::Template { name, state } => {
                tracing::warn!(provider, template = name, state, "The provider says that template {name} is {state}");
                "template"
            }
            Told::Unknown(field) => {
                tracing::debug!(provider, field, "The provider told something that is not for us");
                "unknown"
            }
        };
        metrics::counter!("message_news_total", "provider" => provider, "kind" => kind).increment(1);
    }
    Ok(())
}

/// STOP, BAJA, ALTO and PARAR, alone, however written.
pub fn is_stop(text: &str) -> bool {
    let word: String = text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).take(8).collect();
    matches!(word.as_str(), "STOP" | "BAJA" | "ALTO" | "PARAR")
}

/// From now on only codes that she asks for reach this telephone; what waits is cancelled.
pub async fn opt_out(tx: &mut Tx, now: Timestamp, sealer: &dyn Seal, telephone: &str, source: &str) -> Result<(), db::Error> {
    let mut numbers = vec![telephone.to_owned()];
    numbers.extend(twin_number(telephone));
    for number in numbers {
        write_opt_out(tx, now, &sealer.mark(&number), OptOut::All, source).await?;
    }
    Ok(())
}

/// WhatsApp writes Mexican mobiles with a 1 and Argentine ones with a 9 after the country's prefix; people and SMS do not.
fn twin_number(telephone: &str) -> Option<String> {
    for (with, without) in [("+521", "+52"), ("+549", "+54")] {
        if let Some(rest) = telephone.strip_prefix(with).filter(|rest| rest.len() == 10) {
            return Some(format!("{without}{rest}"));
        }
    }
    None
}

pub(crate) async fn write_opt_out(tx: &mut Tx, now: Timestamp, person: &[u8], scope: OptOut, source: &str) -> Result<(), db::Error> {
    // A message that is about to leave is asked under the same lock.
    tx.lock(lock_key(person)).await?;
    tx.query(OPT_OUT).bind(person.to_vec()).bind(scope).bind(source).bind(now).execute().await?;
    tx.query(CANCEL).bind(now).bind(person.to_vec()).bind(scope).execute().await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct News {
    status: Status,
    code: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Known {
    id: MessageId,
    channel: Channel,
    category: Category,
    person_key: Option<Vec<u8>>,
}

/// What was told of a message before its number was written down.
pub(crate) async fn catch_up(
    tx: &mut Tx,
    now: Timestamp,
    provider: &'static str,
    provider_id: &str,
    rules: &Rules,
) -> Result<(), db::Error> {
    let news: Vec<News> = tx.query(EARLIER).bind(provider).bind(provider_id).all().await?;
    apply(tx, now, provider, provider_id, &news, rules).await
}

async fn apply(
    tx: &mut Tx,
    now: Timestamp,
    provider: &'static str,
    provider_id: &str,
    news: &[News],
    rules: &Rules,
) -> Result<(), db::Error> {
    let Some(known) = tx.query(KNOWN).bind(provider).bind(provider_id).maybe::<Known>().await? else {
        return Ok(());
    };
    for News { status, code } in news {
        let reason = code.map(|code| format!("{provider} {code}"));
        let moved = tx.query(MOVE).bind(*status).bind(reason).bind(now).bind(status.rank()).bind(known.id).execute().await?;
        if moved == 0 {
            continue;
        }
        match status {
            Status::Failed if known.category == Category::Authentication && known.channel == Channel::Whatsapp && rules.codes_fall_back => {
                notice::fall_back(tx, now, known.id).await?;
                tx.query(FORGET).bind(known.id).execute().await?;
            }
            Status::Failed => {
                let scope = match *code {
                    Some(crate::providers::whatsapp_cloud::OPTED_OUT) => Some(OptOut::Marketing),
                    Some(crate::providers::sms::STOPPED) => Some(OptOut::All),
                    _ => None,
                };
                if let (Some(scope), Some(person)) = (scope, &known.person_key) {
                    write_opt_out(tx, now, person, scope, provider).await?;
                }
            }
            Status::Delivered | Status::Read => {
                tx.query(FORGET).bind(known.id).execute().await?;
            }
            Status::Waiting | Status::Accepted | Status::Sent | Status::Cancelled | Status::Refused => {}
        }
    }
    Ok(())
}

/// Whoever leaves is written to no more, and nothing leads from what she was written to her: `mark` finds what went to
/// her telephone, codes too.
pub async fn forget(tx: &mut Tx, now: Timestamp, consumer: ConsumerId, mark: Option<Vec<u8>>) -> Result<(), db::Error> {
    tx.query(FORGET_PERSON).bind(now).bind(consumer).bind(mark).execute().await?;
    Ok(())
}

/// Ends what would say something that is over, forgets texts that no other channel will need, and news of messages that
/// are not ours. Returns how many.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, db::Error> {
    let over = tx.query(END_OLD).bind(now).execute().await?;
    let before = now.plus_ms(-KEPT_MS);
    let texts = tx.query(FORGET_OLD).bind(before).execute().await?;
    let news = tx.query(FORGET_NEWS).bind(now.plus_ms(-30 * KEPT_MS)).execute().await?;
    let parts = mail::sweep(tx, now).await?;
    Ok(over + texts + news + parts)
}

sql! {
    KEEP: "INSERT INTO message_news (provider, provider_id, status, code, told_at, received_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";

    EARLIER: "SELECT status, code FROM message_news WHERE provider = $1 AND provider_id = $2 ORDER BY told_at, status";

    KNOWN: "SELECT id, channel, category, person_key FROM message WHERE provider = $1 AND provider_id = $2";

    /// Only upwards, see `Status::rank`.
    MOVE: "UPDATE message SET status = $1, reason = $2, status_at = $3
           WHERE id = $5 AND $4 > CASE status WHEN 'waiting' THEN 0 WHEN 'accepted' THEN 1 WHEN 'failed' THEN 2 WHEN 'sent' THEN 3 WHEN 'delivered' THEN 4 WHEN 'read' THEN 5 ELSE 9 END";

    OPT_OUT: "INSERT INTO opt_out (person_key, scope, source, opted_out_at) VALUES ($1, $2, $3, $4)
              ON CONFLICT (person_key, scope) DO UPDATE SET source = excluded.source, opted_out_at = excluded.opted_out_at";

    CANCEL: "UPDATE message SET status = 'cancelled', reason = 'opted_out', status_at = $1, recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL
             WHERE person_key = $2 AND status = 'waiting' AND (category = 'marketing' OR ($3 = 'all' AND category = 'utility'))";

    STOPS: "SELECT scope, opted_out_at FROM opt_out WHERE person_key = $1";

    WITHDRAW: "UPDATE message SET status = 'cancelled', reason = 'withdrawn', status_at = $1, recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL
               WHERE consumer_id = $2 AND consent_id = $3 AND status = 'waiting' AND category IN ('utility', 'marketing')";

    FORGET: "UPDATE message SET recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL WHERE id = $1";

    FORGET_OLD: "UPDATE message SET recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL, html_sealed = NULL, leave_url_sealed = NULL
                 WHERE created_at < $1 AND recipient_sealed IS NOT NULL AND status <> 'waiting'";

    FORGET_PERSON: "UPDATE message SET status_at = CASE WHEN status = 'waiting' THEN $1 ELSE status_at END, reason = CASE WHEN status = 'waiting' THEN 'deleted' ELSE reason END,
                           status = CASE WHEN status = 'waiting' THEN 'cancelled' ELSE status END,
                           recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL, recipient_hint = '', person_key = NULL, consumer_id = NULL
                    WHERE consumer_id = $2 OR person_key = $3";

    END_OLD: "UPDATE message SET status = 'refused', reason = 'expired', status_at = $1, recipient_sealed = NULL, body_sealed = NULL, variables_sealed = NULL
              WHERE status = 'waiting' AND valid_until <= $1 AND recipient_sealed IS NOT NULL";

    FORGET_NEWS: "DELETE FROM message_news WHERE received_at < $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_one_word_however_it_is_written() {
        for text in ["STOP", " baja.", "Alto!", "p a r a r"] {
            assert!(is_stop(text), "{text}");
        }
        for text in ["", "bajar", "no quiero la baja", "gracias", "stop por favor"] {
            assert!(!is_stop(text), "{text}");
        }
    }

    #[test]
    fn a_mexican_number_of_whatsapp_is_also_the_one_that_people_write() {
        assert_eq!(twin_number("+5215512345678").as_deref(), Some("+525512345678"));
        assert_eq!(twin_number("+525512345678"), None);
        assert_eq!(twin_number("+573001234567"), None);
    }
}
