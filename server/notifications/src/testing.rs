//! Twins of the providers: they speak the documented protocols on an address of this machine, do what a script says, and
//! remember what they were given. For tests, and for playing a pilot without telephones.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use crate::{Sms, SmsSettings, WhatsappCloud, WhatsappSettings};

/// Secrets that the twins and their settings share.
pub const APP_SECRET: &str = "app-secret";
/// The word of the webhook's handshake.
pub const VERIFY_TOKEN: &str = "verify-token";
/// Of the WhatsApp account.
pub const ACCESS_TOKEN: &str = "access-token";
/// Of the SMS account.
pub const AUTH_TOKEN: &str = "auth-token";
const PHONE_NUMBER_ID: &str = "106540352242922";
const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";

/// What a twin does with the next message.
#[derive(Debug, Clone)]
pub enum Does {
    /// Answers with this status, error code and seconds of `Retry-After`.
    Refuse(u16, Option<i64>, Option<u32>),
    /// Takes it and never answers.
    Hang,
    /// Takes it and answers with something that is no JSON.
    Garble,
}

/// A message that a twin took.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// `whatsapp` or `sms`.
    pub provider: &'static str,
    /// The number that it was given.
    pub provider_id: String,
    /// Digits, as they came.
    pub to: String,
    /// The JSON or the fields.
    pub body: Value,
}

#[derive(Default)]
struct Inner {
    script: VecDeque<Does>,
    taken: Vec<Taken>,
    asked: usize,
}

/// WhatsApp Cloud and an SMS provider, on one address.
#[derive(Clone)]
pub struct Twin {
    inner: Arc<Mutex<Inner>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Twin {
    /// Listens on a free port of this machine until the process ends.
    pub async fn start() -> std::io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens on this address until the process ends.
    pub async fn listen(on: SocketAddr) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(on).await?;
        let twin = Self { inner: Arc::default(), address: listener.local_addr()? };
        let router = Router::new()
            .route("/{version}/{number}/messages", post(whatsapp))
            .route("/2010-04-01/Accounts/{account}/Messages.json", post(sms))
            .route("/script", post(script).get(taken))
            .with_state(twin.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(twin)
    }

    fn locked<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next messages meet this, in this order; afterwards all are taken.
    pub fn then(&self, does: impl IntoIterator<Item = Does>) {
        self.locked(|inner| inner.script.extend(does));
    }

    /// What was taken, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.locked(|inner| inner.taken.clone())
    }

    /// How often somebody asked, whatever came of it.
    pub fn asked(&self) -> usize {
        self.locked(|inner| inner.asked)
    }

    /// Settings that lead here.
    pub fn whatsapp_settings(&self) -> WhatsappSettings {
        WhatsappSettings {
            base_url: format!("http://{}", self.address),
            api_version: "v23.0".into(),
            phone_number_id: PHONE_NUMBER_ID.into(),
            access_token: ACCESS_TOKEN.into(),
            app_secret: APP_SECRET.into(),
            verify_token: VERIFY_TOKEN.into(),
            language: "es".into(),
            templates: crate::Template::ALL
                .into_iter()
                .map(|template| (template.name().to_owned(), format!("mostrador_{}", template.name())))
                .collect(),
            code_button: true,
        }
    }

    /// Settings that lead here.
    pub fn sms_settings(&self, callback_url: &str) -> SmsSettings {
        SmsSettings {
            base_url: format!("http://{}", self.address),
            account_sid: ACCOUNT_SID.into(),
            auth_token: AUTH_TOKEN.into(),
            sender: "Mostrador".into(),
            senders: BTreeMap::from([("+56".into(), "+56911111111".into())]),
            remove_accents: true,
            callback_url: callback_url.into(),
        }
    }

    /// An account here.
    pub fn whatsapp(&self) -> Option<WhatsappCloud> {
        WhatsappCloud::new(self.whatsapp_settings()).ok()
    }

    /// An account here.
    pub fn sms(&self, callback_url: &str) -> Option<Sms> {
        Sms::new(self.sms_settings(callback_url)).ok()
    }

    fn take(&self, provider: &'static str, prefix: &str, to: String, body: Value) -> Result<Taken, Option<Does>> {
        self.locked(|inner| {
            inner.asked += 1;
            let does = inner.script.pop_front();
            if let Some(does @ Does::Refuse(..)) = does {
                return Err(Some(does));
            }
            let taken = Taken { provider, provider_id: format!("{prefix}{:06}", inner.taken.len() + 1), to, body };
            inner.taken.push(taken.clone());
            does.map_or(Ok(taken), |does| Err(Some(does)))
        })
    }
}

async fn did(does: Option<Does>, error: impl Fn(Option<i64>) -> Value) -> Response {
    match does {
        Some(Does::Refuse(status, code, retry_after)) => {
            let mut response =
                (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(error(code))).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
        Some(Does::Garble) | None => (StatusCode::OK, "<html>").into_response(),
        Some(Does::Hang) => {
            // Longer than any client waits.
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

async fn whatsapp(
    State(twin): State<Twin>,
    Path((version, number)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let refuse = |status: StatusCode, code: i64| {
        (status, Json(json!({ "error": { "message": "(#) refused", "type": "OAuthException", "code": code, "fbtrace_id": "A" } })))
            .into_response()
    };
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&format!("Bearer {ACCESS_TOKEN}")) {
        return refuse(StatusCode::UNAUTHORIZED, 190);
    }
    let to = body["to"].as_str().unwrap_or_default().to_owned();
    let right = version.starts_with('v')
        && number == PHONE_NUMBER_ID
        && body["messaging_product"] == "whatsapp"
        && body["recipient_type"] == "individual"
        && !to.is_empty()
        && to.bytes().all(|digit| digit.is_ascii_digit());
    if !right {
        return refuse(StatusCode::BAD_REQUEST, 100);
    }
    // "Template name does not exist in the translation": language and name must match exactly.
    if body["type"] != "template"
        || body["template"]["language"]["code"] != "es"
        || !body["template"]["name"].as_str().unwrap_or_default().starts_with("mostrador_")
    {
        return refuse(StatusCode::NOT_FOUND, 132_001);
    }
    match twin.take("whatsapp", "wamid.HBg", to.clone(), body) {
        Ok(taken) => Json(json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": to, "wa_id": to }],
            "messages": [{ "id": taken.provider_id, "message_status": "accepted" }],
        }))
        .into_response(),
        Err(does) => {
            did(does, |code| json!({ "error": { "message": "(#) refused", "type": "OAuthException", "code": code, "fbtrace_id": "A" } }))
                .await
        }
    }
}

async fn sms(
    State(twin): State<Twin>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let refuse = |status: StatusCode, code: i64| {
        (status, Json(json!({ "code": code, "message": "refused", "status": status.as_u16() }))).into_response()
    };
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}")));
    if account != ACCOUNT_SID || headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&basic) {
        return refuse(StatusCode::UNAUTHORIZED, 20_003);
    }
    let to = fields.get("To").cloned().unwrap_or_default();
    if !to.starts_with('+') || !fields.contains_key("Body") {
        return refuse(StatusCode::BAD_REQUEST, 21_211);
    }
    match twin.take("sms", "SM", to, json!(fields)) {
        Ok(taken) => (StatusCode::CREATED, Json(json!({ "sid": taken.provider_id, "status": "queued" }))).into_response(),
        Err(does) => did(does, |code| json!({ "code": code, "message": "refused" })).await,
    }
}

/// `{"refuse": [status, code, seconds]}`, `{"hang": true}` or `{"garble": true}`.
async fn script(State(twin): State<Twin>, Json(step): Json<Value>) -> StatusCode {
    let number = |place: usize| step["refuse"][place].as_i64();
    let does = if step["hang"] == true {
        Does::Hang
    } else if step["garble"] == true {
        Does::Garble
    } else {
        Does::Refuse(
            number(0).and_then(|status| u16::try_from(status).ok()).unwrap_or(500),
            number(1),
            number(2).and_then(|seconds| u32::try_from(seconds).ok()),
        )
    };
    twin.then([does]);
    StatusCode::NO_CONTENT
}

async fn taken(State(twin): State<Twin>) -> Json<Value> {
    let shown = |taken: Taken| json!({ "provider": taken.provider, "provider_id": taken.provider_id, "to": taken.to, "body": taken.body });
    Json(twin.taken().into_iter().map(shown).collect())
}

/// What the webhook gets for these states of messages, as Meta writes it: letters beyond ASCII are escaped.
pub fn whatsapp_statuses(statuses: &[(&str, &str, Option<i64>)]) -> Vec<u8> {
    let statuses: Vec<Value> = statuses
        .iter()
        .map(|(id, status, code)| {
            let errors: Vec<Value> = code.iter().map(|code| json!({ "code": code, "title": "Falló" })).collect();
            json!({ "id": id, "status": status, "timestamp": "1773154800", "recipient_id": "573001234567", "errors": errors })
        })
        .collect();
    envelope(json!({ "messaging_product": "whatsapp", "metadata": { "phone_number_id": PHONE_NUMBER_ID }, "statuses": statuses }))
}

/// What the webhook gets when somebody writes.
pub fn whatsapp_inbound(from: &str, text: &str) -> Vec<u8> {
    envelope(json!({
        "messaging_product": "whatsapp",
        "metadata": { "phone_number_id": PHONE_NUMBER_ID },
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": from }],
        "messages": [{ "from": from, "id": "wamid.IN1", "timestamp": "1773154800", "type": "text", "text": { "body": text } }],
    }))
}

fn envelope(value: Value) -> Vec<u8> {
    let body =
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
            .to_string();
    body.chars()
        .map(|letter| if letter.is_ascii() { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) })
        .collect::<String>()
        .into_bytes()
}

/// `X-Hub-Signature-256` of a body.
pub fn whatsapp_signature(body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(APP_SECRET.as_bytes()).map(|mac| mac.chain_update(body).finalize().into_bytes());
    format!("sha256={}", mac.map(|mac| data_encoding::HEXLOWER.encode(&mac)).unwrap_or_default())
}

/// `X-Twilio-Signature` of fields sent to an address.
pub fn sms_signature(url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let text: String = std::iter::once(url.to_owned()).chain(sorted.into_iter().map(|(name, value)| format!("{name}{value}"))).collect();
    let mac = <Hmac<Sha1> as Mac>::new_from_slice(AUTH_TOKEN.as_bytes()).map(|mac| mac.chain_update(text).finalize().into_bytes());
    mac.map(|mac| BASE64_STANDARD.encode(mac)).unwrap_or_default()
}

/// A mail server: takes every message (RFC 5321), and remembers it as it came.
#[derive(Clone)]
pub struct MailTwin {
    taken: Arc<Mutex<Vec<MailTaken>>>,
    address: SocketAddr,
}

/// An e-mail that the twin took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTaken {
    /// Of the envelope.
    pub to: String,
    /// Headers and body (RFC 5322), without the dots of the transport.
    pub message: String,
}

impl MailTwin {
    /// Listens on a free port of this machine until the process ends.
    pub async fn start() -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let twin = Self { taken: Arc::default(), address: listener.local_addr()? };
        let taking = twin.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let twin = taking.clone();
                tokio::spawn(async move { twin.serve(stream).await });
            }
        });
        Ok(twin)
    }

    /// A way to it.
    pub fn smtp(&self) -> Option<crate::Smtp> {
        crate::Smtp::plain(&self.address.ip().to_string(), self.address.port(), "Mostrador <hola@mostrador.example>").ok()
    }

    /// What was taken, oldest first.
    pub fn taken(&self) -> Vec<MailTaken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn serve(&self, stream: tokio::net::TcpStream) -> std::io::Result<()> {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        let mut to = String::new();
        writing.write_all(b"220 twin\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let answer: &[u8] = match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => b"250-twin\r\n250 8BITMIME\r\n",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    b"250 OK\r\n"
                }
                "DATA" => {
                    writing.write_all(b"354 go on\r\n").await?;
                    let mut message = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        message.push_str(line.strip_prefix('.').unwrap_or(&line));
                        message.push_str("\r\n");
                    }
                    self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(MailTaken { to: to.clone(), message });
                    b"250 OK\r\n"
                }
                "QUIT" => {
                    writing.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => b"250 OK\r\n",
            };
            writing.write_all(answer).await?;
        }
        Ok(())
    }
}
