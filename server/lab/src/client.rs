//! REST as a partner or a shop's phone speaks it: JSON, `Idempotency-Key`, RFC 9457 problems, signed captures.

use data_encoding::BASE64URL_NOPAD;
use reqwest::{Method, RequestBuilder, StatusCode, header, redirect::Policy};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    Country, DeviceId, MemberId, Problem, ShopId, Timestamp,
    loyalty::{
        Capture,
        capture::{CAPTURE_VERSION, CaptureLine, DEVICE_HEADER, SIGNATURE_HEADER},
    },
};
use uuid::Uuid;

/// Says that an answer is an earlier one.
const REPLAYED: &str = "idempotency-replayed";
/// Between two looks for a message that a job delivers.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(20);
/// Looks for a message, at most: ten seconds.
const LOOKS: usize = 500;

/// Why there is no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused, with a problem.
    #[error("{door} → {} {}: {}", problem.status, problem.code, problem.detail)]
    Refused {
        /// Method and path.
        door: String,
        /// What it said.
        problem: Box<Problem>,
    },
    /// The server answered something that nobody expected.
    #[error("{door} → {status}: {text}")]
    NotUnderstood {
        /// Method and path.
        door: String,
        /// The HTTP status.
        status: u16,
        /// What was wrong, or the body.
        text: String,
    },
    /// No answer came.
    #[error("{door}: {source}")]
    NoAnswer {
        /// Method and path.
        door: String,
        /// Why.
        source: reqwest::Error,
    },
}

impl Error {
    /// The problem's code, when the server refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => Some(&problem.code),
            Self::NotUnderstood { .. } | Self::NoAnswer { .. } => None,
        }
    }
}

/// An answer of success.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path that were asked.
    pub door: String,
    /// 200 to 299.
    pub status: u16,
    /// It is the answer to an earlier, equal request.
    pub replayed: bool,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body, understood.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes).map_err(|error| Error::NotUnderstood {
            door: self.door.clone(),
            status: self.status,
            text: error.to_string(),
        })
    }
}

#[derive(Debug, Clone)]
enum Proof {
    Nobody,
    Key(String),
    /// Persona and the text of its session.
    Session(&'static str, String),
}

/// Somebody who asks a server. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    proof: Proof,
}

impl Client {
    /// Nobody yet, at `http://host:port`.
    pub fn new(base: &str) -> Self {
        // The builder fails only without a TLS backend, and none is asked for.
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap_or_default();
        Self { http, base: base.to_owned(), proof: Proof::Nobody }
    }

    /// The same connections with an API key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { proof: Proof::Key(key.to_owned()), ..self.clone() }
    }

    /// The same connections with a session of `consumer`, `tendero`, `brand` or `backoffice`.
    pub fn with_session(&self, persona: &'static str, token: &str) -> Self {
        Self { proof: Proof::Session(persona, token.to_owned()), ..self.clone() }
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.send(Method::GET, path, None, None).await?.json()
    }

    /// Creates, without a key of idempotency.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        self.send(Method::POST, path, None, Some(encoded(body))).await?.json()
    }

    /// Creates once under `key`, however often it is asked.
    pub async fn post_once(&self, path: &str, key: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::POST, path, Some(key), Some(encoded(body))).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        self.send(Method::PUT, path, None, Some(encoded(body))).await
    }

    /// Any request; `body` is JSON already. `path` begins with `/api/v1/` or another root.
    pub async fn send(&self, method: Method, path: &str, key: Option<&str>, body: Option<Vec<u8>>) -> Result<Answer, Error> {
        let door = format!("{method} {path}");
        let mut request = self.request(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        answer(door, request).await
    }

    /// Opens something that goes on: a stream of events.
    pub async fn open(&self, path: &str) -> Result<reqwest::Response, Error> {
        let door = format!("GET {path}");
        let response = self.request(Method::GET, path).send().await.map_err(|source| Error::NoAnswer { door: door.clone(), source })?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(Error::NotUnderstood { door, status: status.as_u16(), text: response.text().await.unwrap_or_default() }),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.proof {
            Proof::Nobody => request,
            Proof::Key(key) => request.bearer_auth(key),
            // A page of ours would send the same: sessions are refused to other sites.
            Proof::Session(persona, token) => request
                .header(header::COOKIE, format!("__Host-mostrador-{persona}={token}"))
                .header("mostrador-persona", *persona)
                .header("sec-fetch-site", "same-origin"),
        }
    }

    /// Turns a controlled clock.
    pub async fn set_clock(&self, now: Timestamp) -> Result<(), Error> {
        self.put("/api/v1/sandbox/clock", &json!({ "now": now })).await.map(drop)
    }

    /// The text of a consumer's code at an instant (scope `sandbox`).
    pub async fn card_code(&self, consumer: shared::ConsumerId, at: Timestamp) -> Result<String, Error> {
        let made: Value = self.get(&format!("/api/v1/sandbox/consumers/{consumer}/card_code?at={at}")).await?;
        Ok(text(&made, "code"))
    }

    /// Submits one of the fronts' forms as a browser without scripts does. Returns where it leads and the session it gave.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<(String, Option<String>), Error> {
        let door = format!("POST {path}");
        let request = self.request(Method::POST, path).header(header::ACCEPT, "text/html").form(fields);
        let response = request.send().await.map_err(|source| Error::NoAnswer { door: door.clone(), source })?;
        let header_text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let location = header_text(header::LOCATION);
        let session = header_text(header::SET_COOKIE).split(';').next().and_then(|pair| Some(pair.split_once('=')?.1.to_owned()));
        let status = response.status();
        if status.is_redirection() && !location.contains("error=") {
            return Ok((location, session));
        }
        Err(Error::NotUnderstood {
            door,
            status: status.as_u16(),
            text: format!("{location} {}", response.text().await.unwrap_or_default()),
        })
    }
}

fn encoded(body: &impl Serialize) -> Vec<u8> {
    // Maps with text keys, lists, texts and numbers: serialising them cannot fail.
    serde_json::to_vec(body).unwrap_or_default()
}

async fn answer(door: String, request: RequestBuilder) -> Result<Answer, Error> {
    let no_answer = |source| Error::NoAnswer { door: door.clone(), source };
    let response = request.send().await.map_err(no_answer)?;
    let status = response.status();
    let replayed = response.headers().get(REPLAYED).is_some_and(|value| value == "true");
    let bytes = response.bytes().await.map_err(no_answer)?.to_vec();
    if status.is_success() {
        return Ok(Answer { door, status: status.as_u16(), replayed, bytes });
    }
    match serde_json::from_slice(&bytes) {
        Ok(problem) => Err(Error::Refused { door, problem: Box::new(problem) }),
        Err(_) => Err(Error::NotUnderstood { door, status: status.as_u16(), text: String::from_utf8_lossy(&bytes).into_owned() }),
    }
}

/// A text member of an answer; empty when there is none.
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// A capture, ready to be sent as often as one likes.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The canonical bytes.
    pub bytes: Vec<u8>,
    /// Base64url, 64 bytes.
    pub signature: String,
    /// The sale's own number, also the `Idempotency-Key`.
    pub client_purchase_id: Uuid,
    /// Who signed.
    pub device: DeviceId,
}

impl Signed {
    /// As it goes over a connection of HTTP/1.1, for whoever counts every microsecond.
    pub fn request(&self) -> Vec<u8> {
        let Self { bytes, signature, client_purchase_id, device } = self;
        let head = format!(
            "POST /api/v1/purchases HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             idempotency-key: {client_purchase_id}\r\n{DEVICE_HEADER}: {device}\r\n{SIGNATURE_HEADER}: {signature}\r\n\r\n",
            bytes.len()
        );
        [head.as_bytes(), bytes].concat()
    }

    /// Posts it. The same one again gets the first answer.
    pub async fn send(&self, client: &Client) -> Result<Answer, Error> {
        let request = client
            .http
            .post(format!("{}/api/v1/purchases", client.base))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", self.client_purchase_id.to_string())
            .header(DEVICE_HEADER, self.device.to_string())
            .header(SIGNATURE_HEADER, &self.signature)
            .body(self.bytes.clone());
        answer("POST /api/v1/purchases".to_owned(), request).await
    }
}

/// What a phone is told of a sale before it signs.
#[derive(Debug, Clone)]
pub struct Sale {
    /// The text of the consumer's code.
    pub card_code: String,
    /// When it was read.
    pub scanned_at: Timestamp,
    /// When the sale was confirmed.
    pub captured_at: Timestamp,
    /// Without network.
    pub offline: bool,
    /// What was bought.
    pub lines: Vec<CaptureLine>,
}

/// A shop's phone with its key in memory, and its chain of captures.
pub struct Device {
    /// As the server calls it.
    pub id: DeviceId,
    /// Where it stands.
    pub shop: ShopId,
    /// Whose it is.
    pub member: MemberId,
    /// The session of that person.
    pub session: String,
    pair: EcdsaKeyPair,
    random: SystemRandom,
    counter: i64,
    previous_sha256: String,
}

impl Device {
    /// Registers a new shop through the tendero's own forms, with the code from the sandbox's outbox, and enrols a phone.
    ///
    /// `operator` holds the laboratory's key; `shop_name` and `phone` are nobody's yet.
    pub async fn of_new_shop(operator: &Client, country: Country, shop_name: &str, phone: &str) -> Result<Self, Error> {
        let visitor = Client { proof: Proof::Nobody, ..operator.clone() };
        let (next, _) = visitor.form("/fn/tendero/start_code", &[("country", country.code()), ("phone", phone)]).await?;
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let code = sent_code(operator, &digits).await?;
        let (next, _) = visitor
            .form("/fn/tendero/verify_code", &[("sealed", &parameter(&next, "v")), ("country", country.code()), ("code", &code)])
            .await?;
        let fields = [
            ("sealed", parameter(&next, "v")),
            ("country", country.code().to_owned()),
            ("shop", shop_name.to_owned()),
            ("city", "Bogotá".to_owned()),
            ("owner", "Rosa".to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (next, session) = visitor.form("/fn/tendero/register_shop", &fields).await?;
        let session = session.ok_or_else(|| Error::NotUnderstood {
            door: "POST /fn/tendero/register_shop".into(),
            status: 303,
            text: format!("no session; it leads to {next}"),
        })?;
        let member = operator.with_session("tendero", &session);
        Self::enrol(&member, &session, found_shop(operator, shop_name).await?).await
    }

    /// Makes a key and enrols it for the person of this session.
    pub async fn enrol(member: &Client, session: &str, shop: ShopId) -> Result<Self, Error> {
        let random = SystemRandom::new();
        let pair = keypair(&random).map_err(|text| Error::NotUnderstood { door: "a P-256 key".into(), status: 0, text })?;
        let public = pair.public_key().as_ref().to_vec();
        let proof = sign(&pair, &random, &public);
        let body = json!({ "public_key": BASE64URL_NOPAD.encode(&public), "proof": proof, "name": "Laboratory" });
        let enrolled: Value = member.post("/api/v1/devices", &body).await?;
        let people: Vec<shared::identity::Member> = member.get("/api/v1/members").await?;
        let wrong = |what: &str| Error::NotUnderstood { door: "POST /api/v1/devices".into(), status: 201, text: what.to_owned() };
        Ok(Self {
            id: text(&enrolled, "id").parse().map_err(|_| wrong("no device in the answer"))?,
            shop,
            member: people.first().ok_or_else(|| wrong("the shop has nobody"))?.id,
            session: session.to_owned(),
            pair,
            random,
            counter: 0,
            previous_sha256: "0".repeat(64),
        })
    }

    /// A phone that nobody enrolled yet, and its public key.
    pub fn unknown(shop: ShopId, member: MemberId) -> Result<(Self, Vec<u8>), Error> {
        let random = SystemRandom::new();
        let pair = keypair(&random).map_err(|text| Error::NotUnderstood { door: "a P-256 key".into(), status: 0, text })?;
        let public = pair.public_key().as_ref().to_vec();
        let device = Self {
            id: DeviceId::fixed(0),
            shop,
            member,
            session: String::new(),
            pair,
            random,
            counter: 0,
            previous_sha256: "0".repeat(64),
        };
        Ok((device, public))
    }

    /// Signs the next capture of the chain.
    pub fn sign(&mut self, sale: Sale) -> Signed {
        self.counter += 1;
        #[allow(clippy::disallowed_methods, reason = "a phone numbers its own sales")]
        let client_purchase_id = Uuid::now_v7();
        let capture = Capture {
            captured_at_ms: sale.captured_at.0,
            card_code: sale.card_code,
            client_purchase_id,
            counter: self.counter,
            device_id: self.id,
            lines: sale.lines,
            member_id: self.member,
            offline: sale.offline,
            previous_sha256: std::mem::take(&mut self.previous_sha256),
            scanned_at_ms: sale.scanned_at.0,
            shop_id: self.shop,
            skew_ms: 0,
            version: CAPTURE_VERSION,
        };
        let bytes = capture.canonical_bytes();
        self.previous_sha256 = data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, &bytes).as_ref());
        Signed { signature: sign(&self.pair, &self.random, &bytes), client_purchase_id: capture.client_purchase_id, device: self.id, bytes }
    }
}

fn keypair(random: &SystemRandom) -> Result<EcdsaKeyPair, String> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).map_err(|error| error.to_string())?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), random).map_err(|error| error.to_string())
}

/// An empty text when the machine has no randomness: the server refuses it.
fn sign(pair: &EcdsaKeyPair, random: &SystemRandom, bytes: &[u8]) -> String {
    pair.sign(random, bytes).map(|signature| BASE64URL_NOPAD.encode(signature.as_ref())).unwrap_or_default()
}

/// A parameter of an address that the server made: its values need no decoding.
fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}

/// The six digits that would have gone to this telephone; a job brings them there.
async fn sent_code(operator: &Client, digits: &str) -> Result<String, Error> {
    for _ in 0..LOOKS {
        let messages: Vec<Value> = operator.get("/api/v1/sandbox/messages").await?;
        if let Some(message) = messages.iter().find(|message| text(message, "recipient").ends_with(digits)) {
            return Ok(text(message, "body").chars().take(6).collect());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Error::NotUnderstood {
        door: "GET /api/v1/sandbox/messages".into(),
        status: StatusCode::OK.as_u16(),
        text: format!("no code for {digits}"),
    })
}

async fn found_shop(operator: &Client, name: &str) -> Result<ShopId, Error> {
    let door = "/api/v1/shops";
    let page: Value = operator.send(Method::GET, &format!("{door}?q={}&limit=100", name.replace(' ', "%20")), None, None).await?.json()?;
    let shop = page["items"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|shop| text(shop, "name") == name)
        .and_then(|shop| text(shop, "id").parse().ok());
    shop.ok_or_else(|| Error::NotUnderstood { door: format!("GET {door}"), status: 200, text: format!("no shop {name}") })
}
