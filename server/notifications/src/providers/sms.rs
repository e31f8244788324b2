//! SMS through a provider with the programmable messaging interface of Twilio ("Messages resource", "Message status
//! callbacks", "Validating requests").
//!
//! Decided by settings because operators differ and nobody has confirmed them: the sender for each country (Chile replaces
//! letters, Mexico uses short codes), and whether accents are taken away so that a text stays in the GSM alphabet (á, í, ó
//! and ú are not in it, and one of them makes 70 of the 160 letters). Many operators give no receipt: `sent` may be the
//! last that is ever heard.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::Sha1;
use shared::Timestamp;

use super::{client, retry_after_ms, unanswered};
use crate::{Accepted, Inbound, OptOut, Outgoing, Provider, Refused, Sending, Status, Told};

/// "Attempt to send to unsubscribed recipient".
pub const STOPPED: i64 = 21_610;

/// How to reach the account.
#[derive(Debug, Clone)]
pub struct SmsSettings {
    /// `https://api.twilio.com`, without a slash at the end.
    pub base_url: String,
    /// `AC…`.
    pub account_sid: String,
    /// Also signs what the callbacks get.
    pub auth_token: SecretString,
    /// Number, short code, name or `MG…` of a messaging service.
    pub sender: String,
    /// Senders by the beginning of the number: `"+56" = "…"`.
    pub senders: BTreeMap<String, String>,
    /// Keeps the text in the GSM alphabet.
    pub remove_accents: bool,
    /// Where the provider tells of a message: our own address.
    pub callback_url: String,
}

/// The account.
pub struct Sms {
    settings: SmsSettings,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Answer {
    sid: Option<String>,
    code: Option<i64>,
}

impl Sms {
    /// Checks the settings; connects with the first message.
    pub fn new(settings: SmsSettings) -> Result<Self, String> {
        if settings.account_sid.is_empty() || !settings.account_sid.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err("account_sid has letters and digits".into());
        }
        if settings.auth_token.expose_secret().is_empty() {
            return Err("auth_token cannot be empty".into());
        }
        Ok(Self { settings, client: client()? })
    }

    /// Where the provider calls us, as it was told.
    pub fn public_url(&self) -> &str {
        &self.settings.callback_url
    }

    fn sender(&self, to: &str) -> &str {
        let longest =
            self.settings.senders.iter().filter(|(prefix, _)| to.starts_with(prefix.as_str())).max_by_key(|(prefix, _)| prefix.len());
        longest.map_or(&self.settings.sender, |(_, sender)| sender)
    }

    /// `X-Twilio-Signature`: HMAC-SHA-1 over the address as they called it, and every field by name.
    pub fn verify(&self, header: &str, url: &str, fields: &[(String, String)]) -> bool {
        let Ok(told) = BASE64_STANDARD.decode(header) else {
            return false;
        };
        let Ok(mac) = <Hmac<Sha1> as Mac>::new_from_slice(self.settings.auth_token.expose_secret().as_bytes()) else {
            return false;
        };
        let mut sorted: Vec<_> = fields.iter().collect();
        sorted.sort();
        let mac = sorted.into_iter().fold(mac.chain_update(url), |mac, (name, value)| mac.chain_update(name).chain_update(value));
        mac.verify_slice(&told).is_ok()
    }

    async fn call(&self, message: &Outgoing<'_>) -> Result<Accepted, Refused> {
        let SmsSettings { base_url, account_sid, auth_token, remove_accents, callback_url, .. } = &self.settings;
        let sender = self.sender(message.to);
        let text = if *remove_accents { without_accents(message.body) } else { message.body.to_owned() };
        let from = if sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let form = [("To", message.to), (from, sender), ("Body", &text), ("StatusCallback", callback_url)];
        let request = self
            .client
            .post(format!("{base_url}/2010-04-01/Accounts/{account_sid}/Messages.json"))
            .basic_auth(account_sid, Some(auth_token.expose_secret()))
            .form(&form);
        let response = request.send().await.map_err(|error| unanswered(&error))?;
        let (status, wait_ms) = (response.status().as_u16(), retry_after_ms(&response));
        let bytes = response.bytes().await.map_err(|error| unanswered(&error))?;
        let answer: Option<Answer> = serde_json::from_slice(&bytes).ok();
        let code = answer.as_ref().and_then(|answer| answer.code);
        let why = format!("sms {}", code.unwrap_or(i64::from(status)));
        match (status, answer.and_then(|answer| answer.sid)) {
            (200..300, Some(sid)) => Ok(Accepted { provider_id: sid }),
            (200..300, None) | (504, _) => Err(Refused::Uncertain(why)),
            (429, _) => Err(Refused::Later { wait_ms, why }),
            (500.., _) => Err(Refused::Later { wait_ms, why }),
            (401 | 403 | 404, _) => Err(Refused::Broken(why)),
            _ if code == Some(STOPPED) => Err(Refused::OptedOut { scope: OptOut::All, why }),
            _ if code == Some(20_429) => Err(Refused::Later { wait_ms, why }),
            _ => Err(Refused::Undeliverable(why)),
        }
    }
}

impl Provider for Sms {
    fn name(&self) -> &'static str {
        "sms"
    }
    fn send<'a>(&'a self, message: &'a Outgoing<'a>, _: i64) -> Sending<'a> {
        Box::pin(self.call(message))
    }
}

/// What a verified callback tells: of a message, or from a person.
pub fn parse(fields: &[(String, String)], now: Timestamp) -> Told {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if let (Some(from), Some(body)) = (field("From"), field("Body")) {
        return Told::Inbound(Inbound { from: from.chars().take(20).collect(), text: body.chars().take(100).collect() });
    }
    let status = match field("MessageStatus") {
        Some("queued" | "accepted" | "scheduled" | "sending") => Status::Accepted,
        Some("sent") => Status::Sent,
        Some("delivered") => Status::Delivered,
        Some("read") => Status::Read,
        Some("undelivered" | "failed" | "canceled") => Status::Failed,
        other => return Told::Unknown(other.unwrap_or("nothing").chars().take(40).collect()),
    };
    match field("MessageSid") {
        Some(sid) => Told::Status {
            provider_id: sid.chars().take(200).collect(),
            status,
            at: now,
            code: field("ErrorCode").and_then(|code| code.parse().ok()),
        },
        None => Told::Unknown("no MessageSid".into()),
    }
}

/// Letters of the GSM alphabet where Spanish has others. `é`, `ñ`, `ü`, `¿` and `¡` are in it.
fn without_accents(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'á' => 'a',
            'í' => 'i',
            'ó' => 'o',
            'ú' => 'u',
            'Á' => 'A',
            'Í' => 'I',
            'Ó' => 'O',
            'Ú' => 'U',
            '“' | '”' | '«' | '»' => '"',
            '’' => '\'',
            '–' | '—' => '-',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_what_the_alphabet_has_stays() {
        assert_eq!(without_accents("¡Úsalos! Tú código: ñandú, café"), "¡Usalos! Tu codigo: ñandu, café");
    }
}
