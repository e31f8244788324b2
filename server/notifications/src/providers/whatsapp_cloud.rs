//! WhatsApp Business Platform, Cloud API: sending approved templates, and its webhook.
//!
//! Follows "Send messages", "Webhooks" and "Error codes" of developers.facebook.com. Decided by settings because it is
//! not confirmed for an installation or changes over time: the version of the Graph API (each lives about two years), the
//! address, the language of each template (`es` and `es_CL` are different ones), the names of the approved templates, and
//! whether the template of codes has the copy button of the authentication category.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::{Timestamp, time::SECOND_MS};
use subtle::ConstantTimeEq;

use super::{client, retry_after_ms, unanswered};
use crate::{Accepted, Category, Inbound, OptOut, Outgoing, Provider, Refused, Sending, Status, Told};

/// "User opted out of marketing messages".
pub const OPTED_OUT: i64 = 131_050;
/// The pair rate comes back in powers of four seconds.
const PAIR_BASE: i64 = 4;

/// How to reach the account.
#[derive(Debug, Clone)]
pub struct WhatsappSettings {
    /// `https://graph.facebook.com`, without a slash at the end.
    pub base_url: String,
    /// `v23.0`.
    pub api_version: String,
    /// Who sends.
    pub phone_number_id: String,
    /// Of a system user.
    pub access_token: SecretString,
    /// Signs what the webhook gets.
    pub app_secret: SecretString,
    /// Chosen by us, shown in the webhook's handshake.
    pub verify_token: SecretString,
    /// Language of the templates, exactly as approved.
    pub language: String,
    /// Our names of texts → the names that were approved. A text without one does not go by WhatsApp.
    pub templates: BTreeMap<String, String>,
    /// The template of codes has the button that copies the code.
    pub code_button: bool,
}

/// The account.
pub struct WhatsappCloud {
    settings: WhatsappSettings,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    messages: Vec<AnswerMessage>,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerMessage {
    id: String,
}

#[derive(Deserialize)]
struct AnswerError {
    code: i64,
}

impl WhatsappCloud {
    /// Checks the settings; connects with the first message.
    pub fn new(settings: WhatsappSettings) -> Result<Self, String> {
        for (name, text) in
            [("phone_number_id", &settings.phone_number_id), ("language", &settings.language), ("api_version", &settings.api_version)]
        {
            if text.is_empty() || !text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_')) {
                return Err(format!("{name} has letters, digits, dots and underscores"));
            }
        }
        if settings.app_secret.expose_secret().is_empty() || settings.verify_token.expose_secret().is_empty() {
            return Err("app_secret and verify_token cannot be empty".into());
        }
        Ok(Self { settings, client: client()? })
    }

    /// An approved template stands for this text.
    pub fn knows(&self, template: &str) -> bool {
        self.settings.templates.contains_key(template)
    }

    /// The handshake: the challenge, when the word is ours.
    pub fn handshake<'a>(&self, mode: &str, verify_token: &str, challenge: &'a str) -> Option<&'a str> {
        let ours = verify_token.as_bytes().ct_eq(self.settings.verify_token.expose_secret().as_bytes());
        (mode == "subscribe" && bool::from(ours)).then_some(challenge)
    }

    /// `X-Hub-Signature-256` over the bytes as they came: a body that was parsed and written again has another one.
    pub fn verify(&self, header: &str, body: &[u8]) -> bool {
        let Some(told) = header.strip_prefix("sha256=").and_then(|hex| data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok())
        else {
            return false;
        };
        let Ok(mac) = <Hmac<Sha256> as Mac>::new_from_slice(self.settings.app_secret.expose_secret().as_bytes()) else {
            return false;
        };
        mac.chain_update(body).verify_slice(&told).is_ok()
    }

    fn body(&self, message: &Outgoing<'_>) -> Value {
        // A template of the authentication category takes the code and nothing else: what it is for and where, Meta's own
        // words leave out. Our texts of that category begin with the code.
        let taken = if message.category == Category::Authentication { 1 } else { message.variables.len() };
        let parameters: Vec<Value> = message.variables.iter().take(taken).map(|text| json!({ "type": "text", "text": text })).collect();
        let mut components = vec![json!({ "type": "body", "parameters": parameters })];
        if message.category == Category::Authentication && self.settings.code_button {
            components.push(json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": message.variables.first() }] }));
        }
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to.trim_start_matches('+'),
            "type": "template",
            "template": {
                "name": self.settings.templates.get(message.template),
                "language": { "code": self.settings.language },
                "components": components,
            },
        })
    }

    async fn call(&self, message: &Outgoing<'_>, attempt: i64) -> Result<Accepted, Refused> {
        let WhatsappSettings { base_url, api_version, phone_number_id, access_token, .. } = &self.settings;
        let request = self
            .client
            .post(format!("{base_url}/{api_version}/{phone_number_id}/messages"))
            .bearer_auth(access_token.expose_secret())
            .json(&self.body(message));
        let response = request.send().await.map_err(|error| unanswered(&error))?;
        let (status, wait_ms) = (response.status().as_u16(), retry_after_ms(&response));
        let bytes = response.bytes().await.map_err(|error| unanswered(&error))?;
        let answer: Option<Answer> = serde_json::from_slice(&bytes).ok();
        match answer {
            Some(Answer { error: Some(error), .. }) => Err(refused(error.code, wait_ms, attempt)),
            Some(Answer { mut messages, error: None }) if (200..300).contains(&status) && !messages.is_empty() => {
                Ok(Accepted { provider_id: messages.swap_remove(0).id })
            }
            _ if status == 429 => Err(Refused::Later { wait_ms, why: "WhatsApp: 429".into() }),
            // Accepted by somebody, and we do not know under which number; or a gateway gave up waiting.
            _ if (200..300).contains(&status) || status == 504 => Err(Refused::Uncertain(format!("WhatsApp: {status} without a number"))),
            _ if status >= 500 => Err(Refused::Later { wait_ms, why: format!("WhatsApp: {status}") }),
            _ => Err(Refused::Broken(format!("WhatsApp: {status}"))),
        }
    }
}

/// By the code, never by the text ("Error codes").
fn refused(code: i64, wait_ms: Option<i64>, attempt: i64) -> Refused {
    let why = format!("whatsapp {code}");
    match code {
        // One person: 4ⁿ seconds.
        131_056 => Refused::Later {
            wait_ms: wait_ms
                .or_else(|| PAIR_BASE.checked_pow(u32::try_from(attempt).unwrap_or(1).min(5)).map(|seconds| seconds * SECOND_MS)),
            why,
        },
        4 | 80_007 | 130_429 | 1 | 2 | 131_000 | 131_016 => Refused::Later { wait_ms, why },
        // 131049 and 130472: Meta decides for this person, and nothing is tried again.
        131_026 | 131_047 | 131_049 | 130_472 | 131_051 | 131_052 | 131_053 | 100 | 131_008 | 131_009 | 131_021 => {
            Refused::Undeliverable(why)
        }
        OPTED_OUT => Refused::OptedOut { scope: OptOut::Marketing, why },
        // Templates, account, payment, token: an operator has to look.
        _ => Refused::Broken(why),
    }
}

impl Provider for WhatsappCloud {
    fn name(&self) -> &'static str {
        "whatsapp"
    }
    fn send<'a>(&'a self, message: &'a Outgoing<'a>, attempt: i64) -> Sending<'a> {
        Box::pin(self.call(message, attempt))
    }
}

#[derive(Deserialize)]
struct Delivery {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    field: String,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct StatusNews {
    id: String,
    status: String,
    #[serde(default)]
    timestamp: Value,
    #[serde(default)]
    errors: Vec<AnswerError>,
}

/// What a verified delivery of the webhook tells. One may hold many entries; what we do not know is counted, not refused.
pub fn parse(body: &[u8], now: Timestamp) -> Option<Vec<Told>> {
    let delivery: Delivery = serde_json::from_slice(body).ok()?;
    let changes = delivery.entry.into_iter().flat_map(|entry| entry.changes);
    Some(changes.flat_map(|change| told(change, now)).collect())
}

fn told(change: Change, now: Timestamp) -> Vec<Told> {
    match change.field.as_str() {
        "messages" => {
            let list = |name: &str| change.value[name].as_array().cloned().unwrap_or_default();
            let statuses = list("statuses").into_iter().map(|status| status_of(status, now));
            let inbound = list("messages").into_iter().map(|message| inbound_of(&message));
            statuses.chain(inbound).collect()
        }
        "message_template_status_update" => {
            let text = |name: &str| change.value[name].as_str().unwrap_or_default().to_owned();
            vec![Told::Template { name: text("message_template_name"), state: text("event") }]
        }
        other => vec![Told::Unknown(other.chars().take(40).collect())],
    }
}

fn status_of(status: Value, now: Timestamp) -> Told {
    let Ok(news) = serde_json::from_value::<StatusNews>(status) else {
        return Told::Unknown("status".into());
    };
    let state = match news.status.as_str() {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        "failed" => Status::Failed,
        _ => return Told::Unknown(news.status.chars().take(40).collect()),
    };
    // Seconds since 1970, as text.
    let seconds = news.timestamp.as_str().and_then(|text| text.parse::<i64>().ok()).or_else(|| news.timestamp.as_i64());
    let at = seconds.and_then(|seconds| Timestamp::checked(seconds.saturating_mul(SECOND_MS))).unwrap_or(now);
    Told::Status { provider_id: news.id.chars().take(200).collect(), status: state, at, code: news.errors.first().map(|error| error.code) }
}

fn inbound_of(message: &Value) -> Told {
    // A tap on a reply button of a template says its text elsewhere.
    let text = message["text"]["body"].as_str().or_else(|| message["button"]["text"].as_str()).unwrap_or_default();
    match message["from"].as_str() {
        Some(from) => Told::Inbound(Inbound {
            from: format!("+{}", from.trim_start_matches('+').chars().take(20).collect::<String>()),
            text: text.chars().take(100).collect(),
        }),
        None => Told::Unknown("message".into()),
    }
}
