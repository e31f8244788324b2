//! Purchases: the door that a shop's phone and a partner's till share.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, OriginalUri, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::Response,
};
use data_encoding::BASE64URL_NOPAD;
use loyalty::purchase::Arrival;
use serde::{Deserialize, Serialize};
use shared::{
    DeviceId, Problem, PurchaseId, ShopId,
    loyalty::{
        Capture, Delivery, ImportPurchase, NewReturn, NewReview, PreviewPurchase, PurchaseAnswer, PurchaseReturn,
        capture::{DEVICE_HEADER, SIGNATURE_HEADER},
        queue::{BATCH_MAX, BATCH_VERSION, Batch, BatchAnswer, BatchItem, ItemAnswer},
        receipt::{ReceiptLink, ReceiptMessage},
    },
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Caller, Refusal,
    body::{Body, IDEMPOTENCY_HEADER, Id, idempotency_key, is_json, names_check_digit, parse},
    idempotency::{REPLAYED, Turn, answer},
    refusal::body_refused,
    telemetry,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(create_batch))
        .routes(routes!(preview))
        .routes(routes!(get))
        .routes(routes!(receipt))
        .routes(routes!(send_receipt))
        .routes(routes!(give_back))
        .routes(routes!(review))
}

/// A sale as a phone signed it, or as a partner's system reports it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the body; the handler keeps its bytes")]
enum NewPurchase {
    /// Signed by an enrolled phone: headers `mostrador-device` and `mostrador-signature`.
    Capture(Capture),
    /// With an API key of the scope `purchases:import`.
    Import(ImportPurchase),
}

/// Registers a sale and credits what it earns; the same sale again gives the first answer, byte by byte.
///
/// A phone sends a `Capture` in canonical JSON with `mostrador-device` and `mostrador-signature` (ECDSA P-256 with
/// SHA-256 over the body as sent, 64 bytes r‖s, base64url without padding); its `Idempotency-Key` is the capture's
/// `client_purchase_id`. A partner's system sends an `ImportPurchase` with an API key; its `external_id` is the key of
/// the sale. A purchase that is kept for review answers 201 with the status `held`.
#[utoipa::path(post, path = "/purchases", operation_id = "createPurchase", tag = "purchases", request_body = NewPurchase,
    params(("mostrador-device" = Option<DeviceId>, Header, description = "The phone that signs."),
           ("mostrador-signature" = Option<String>, Header, description = "Its signature over the body.")),
    security(("device" = []), ("key" = [])),
    responses((status = 201, description = "Registered, or registered before.", body = PurchaseAnswer)))]
async fn create(State(api): State<ApiState>, OriginalUri(uri): OriginalUri, request: Request) -> Result<Response, Refusal> {
    let registered = register(&api, uri.path(), request).await;
    match &registered {
        Ok(outcome) => telemetry::purchase(if outcome.replayed { "replayed" } else { "registered" }),
        Err(Refusal(problem)) => telemetry::purchase(&problem.code),
    }
    let outcome = registered?;
    let location = format!("/api/v1/purchases/{}", outcome.purchase);
    let mut response = answer(StatusCode::CREATED, Some(&location), outcome.bytes);
    if outcome.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn register(api: &ApiState, path: &str, request: Request) -> Result<loyalty::purchase::Outcome, Refusal> {
    // Cheap refusals first: nothing is read for somebody without a proof.
    let headers = &request.headers().clone();
    if let Some(device) = headers.get(DEVICE_HEADER) {
        let device: DeviceId = device.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(unknown_device)?;
        api.limits.device(device)?;
        let signature = signature(headers)?;
        captured(api, device, &signature, headers, &whole(request).await?).await
    } else {
        let caller = Caller::of(headers, path)?;
        if !matches!(caller, Caller::Key(_)) {
            return Err(if caller == Caller::Nobody { Problem::unauthorized() } else { Problem::forbidden() }.into());
        }
        caller.check(api)?;
        imported(api, &caller, &whole(request).await?).await
    }
}

async fn whole(request: Request) -> Result<Bytes, Refusal> {
    if !is_json(request.headers()) {
        return Err(Problem::new(415, "unsupported_media_type", "Send application/json.").into());
    }
    Ok(Bytes::from_request(request, &()).await.map_err(body_refused)?)
}

async fn captured(
    api: &ApiState,
    device: DeviceId,
    signature: &[u8],
    headers: &HeaderMap,
    body: &[u8],
) -> Result<loyalty::purchase::Outcome, Refusal> {
    taken(api, device, Arrival { body, signature, device_clock_ms: None }, Some(headers)).await
}

/// One sale of a phone in a transaction of its own. A refusal is written down too, so that the next sale follows it.
///
/// `headers` are those of a request that holds this sale alone: they must name it.
async fn taken(
    api: &ApiState,
    device: DeviceId,
    arrival: Arrival<'_>,
    headers: Option<&HeaderMap>,
) -> Result<loyalty::purchase::Outcome, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let device = identity::device::find_signing(&mut tx, device).await?.ok_or_else(unknown_device)?;
    let problem: Problem = match loyalty::purchase::register(&mut tx, &api.loyalty, now, &device, arrival).await {
        Ok(outcome) => {
            headers.map_or(Ok(()), |headers| names_its_sale(headers, arrival.body))?;
            tx.commit().await?;
            return Ok(outcome);
        }
        Err(loyalty::Error::BadCapture(detail)) if names_check_digit(&detail) => Problem::field("gtin", "check_digit", detail),
        Err(error) => error.into(),
    };
    drop(tx);
    if problem.status < 500 {
        let (mut tx, now) = api.begin().await?;
        loyalty::purchase::note_refusal(&mut tx, now, &device, arrival, &problem.code).await?;
        tx.commit().await?;
    }
    Err(problem.into())
}

/// Registers what a phone kept while it had no network: up to 20 sales, oldest first, each answered apart.
///
/// An item may also be a reward that the phone handed over by its ticket: canonical JSON of `captured_at_ms`, `counter`,
/// `delivery_id`, `device_id`, `member_id`, `previous_sha256`, `shop_id`, `skew_ms`, `ticket` and `version` (1), with a
/// number of the same chain. It is answered with `delivery` in the place of `purchase`.
///
/// The body is a `Batch` in JSON, signed as a whole like a single capture (`mostrador-device`, `mostrador-signature`);
/// each item carries its own signature over its own text. Every sale stands in a transaction of its own, so one that is
/// refused keeps no other from counting; each counts against the phone's rate. When the server itself fails it stops there: what it did not answer is sent
/// again. An empty batch asks only what the server knows of this phone.
#[utoipa::path(post, path = "/purchases/batch", operation_id = "createPurchaseBatch", tag = "purchases", request_body = Batch,
    params(("mostrador-device" = DeviceId, Header, description = "The phone that signs."),
           ("mostrador-signature" = String, Header, description = "Its signature over the body.")),
    security(("device" = [])),
    responses((status = 200, description = "One answer for each sale, in their order.", body = BatchAnswer)))]
async fn create_batch(State(api): State<ApiState>, request: Request) -> Result<Json<BatchAnswer>, Refusal> {
    let headers = request.headers().clone();
    let device: DeviceId = headers.get(DEVICE_HEADER).and_then(|value| value.to_str().ok()?.parse().ok()).ok_or_else(unknown_device)?;
    api.limits.device(device)?;
    let signature = signature(&headers)?;
    let body = whole(request).await?;
    let signing = {
        let (mut tx, _) = api.read().await?;
        identity::device::find_signing(&mut tx, device).await?.ok_or_else(unknown_device)?
    };
    if !identity::device::verify(&signing.public_key, &body, &signature) {
        return Err(unknown_device().into());
    }
    let batch: Batch = parse(&body)?;
    if batch.version != BATCH_VERSION || batch.device_id != device {
        return Err(Problem::field("version", "loyalty.bad_capture", "The batch is of another version or another phone.").into());
    }
    if batch.items.len() > BATCH_MAX {
        return Err(Problem::field("items", "bad_field", format!("At most {BATCH_MAX} sales in one batch.")).into());
    }
    api.limits.device_batch(device, batch.items.len())?;
    let mut items = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        let answer = one_of_batch(&api, device, &batch, item).await;
        let failed = answer.status >= 500;
        items.push(answer);
        if failed {
            break;
        }
    }
    let (mut tx, now) = api.read().await?;
    let known = loyalty::purchase::known(&mut tx, now, &signing).await?;
    Ok(Json(BatchAnswer { items, known, now }))
}

async fn one_of_batch(api: &ApiState, device: DeviceId, batch: &Batch, item: &BatchItem) -> ItemAnswer {
    let signature = BASE64URL_NOPAD.decode(item.signature.as_bytes()).unwrap_or_default();
    let arrival = Arrival { body: item.capture.as_bytes(), signature: &signature, device_clock_ms: Some(batch.sent_at_ms) };
    if is_delivery(&item.capture) {
        return match handed_over(api, device, arrival).await {
            Ok(delivery) => {
                telemetry::purchase("delivered");
                let replayed = delivery.replayed;
                ItemAnswer { status: StatusCode::CREATED.as_u16(), replayed, purchase: None, delivery: Some(delivery), problem: None }
            }
            Err(Refusal(problem)) => {
                telemetry::purchase(&problem.code);
                refused(problem)
            }
        };
    }
    let answer = match taken(api, device, arrival, None).await {
        Ok(outcome) => match serde_json::from_slice(&outcome.bytes) {
            Ok(purchase) => {
                let (status, replayed) = (StatusCode::CREATED.as_u16(), outcome.replayed);
                ItemAnswer { status, replayed, purchase: Some(purchase), delivery: None, problem: None }
            }
            Err(_) => refused(Problem::new(500, "internal", "The stored answer cannot be read.")),
        },
        Err(Refusal(problem)) => refused(problem),
    };
    telemetry::purchase(match (&answer.problem, answer.replayed) {
        (Some(problem), _) => &problem.code,
        (None, true) => "replayed",
        (None, false) => "registered",
    });
    answer
}

fn refused(problem: Problem) -> ItemAnswer {
    ItemAnswer { status: problem.status, replayed: false, purchase: None, delivery: None, problem: Some(problem) }
}

/// No sale names a ticket.
fn is_delivery(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Ticketed {
        #[serde(rename = "ticket")]
        _ticket: serde::de::IgnoredAny,
    }
    serde_json::from_str::<Ticketed>(text).is_ok()
}

/// One reward that a phone handed over, in a transaction of its own. A refusal is written down too, so that the next sale
/// follows it.
async fn handed_over(api: &ApiState, device: DeviceId, arrival: Arrival<'_>) -> Result<Delivery, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let device = identity::device::find_signing(&mut tx, device).await?.ok_or_else(unknown_device)?;
    let problem: Problem = match loyalty::ticket::hand_over(&mut tx, &api.loyalty, now, &device, arrival).await {
        Ok(delivery) => {
            tx.commit().await?;
            return Ok(delivery);
        }
        Err(error) => error.into(),
    };
    drop(tx);
    if problem.status < 500 {
        let (mut tx, now) = api.begin().await?;
        loyalty::ticket::note_refusal(&mut tx, now, &device, arrival, &problem.code).await?;
        tx.commit().await?;
    }
    Err(problem.into())
}

/// The header is what proxies and queues look at: it must not say something else than what was signed.
fn names_its_sale(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Named {
        client_purchase_id: uuid::Uuid,
    }
    let Some(key) = idempotency_key(headers)? else {
        return Err(Problem::new(400, "idempotency_key_missing", format!("A capture needs {IDEMPOTENCY_HEADER}.")).into());
    };
    let named: Named = parse(body)?;
    if key.parse() == Ok(named.client_purchase_id) {
        Ok(())
    } else {
        Err(Problem::new(400, "bad_idempotency_key", "The key is not the capture's client_purchase_id.").into())
    }
}

async fn imported(api: &ApiState, caller: &Caller, body: &[u8]) -> Result<loyalty::purchase::Outcome, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let actor = caller.resolve(&mut tx, now).await?;
    actor.needs_scope(identity::Scope::PurchasesImport)?;
    let import: ImportPurchase = parse(body)?;
    match loyalty::purchase::import(&mut tx, &api.loyalty, &actor, now, &import, body).await {
        Ok(outcome) => {
            tx.commit().await?;
            Ok(outcome)
        }
        Err(error) => {
            drop(tx);
            let code = import.card_code.as_deref().filter(|_| !import.offline);
            count_failure(api, import.shop_id, code, &error).await?;
            Err(Problem::from(error).into())
        }
    }
}

/// A code that no card answered to is counted, in a transaction of its own: the refusal undid the first, or it only read.
pub(super) async fn count_failure(api: &ApiState, shop: ShopId, code: Option<&str>, error: &loyalty::Error) -> Result<(), Refusal> {
    if let (Some(code), loyalty::Error::UnknownCard) = (code, error) {
        let (mut tx, now) = api.begin().await?;
        loyalty::failed_code::note(&mut tx, now, shop, code).await.map_err(Problem::from)?;
        tx.commit().await?;
    }
    Ok(())
}

fn unknown_device() -> Problem {
    Problem::new(401, "loyalty.bad_signature", "Unknown device, or its signature does not match.")
}

fn signature(headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
    let decoded = headers.get(SIGNATURE_HEADER).and_then(|value| BASE64URL_NOPAD.decode(value.as_bytes()).ok());
    decoded.filter(|bytes| bytes.len() == 64).ok_or_else(unknown_device)
}

/// A basket at a shop.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "describes the body; the handler takes it apart in two steps")]
struct ShopBasket {
    /// Where; absent: the actor's own shop.
    shop_id: Option<ShopId>,
    /// The basket.
    #[serde(flatten)]
    basket: PreviewPurchase,
}

/// What a basket would earn now, without any effect.
#[utoipa::path(post, path = "/purchases/preview", operation_id = "previewPurchase", tag = "purchases", request_body = ShopBasket, responses((status = 200, description = "Nothing changed; the purchase's id is nobody's.", body = PurchaseAnswer)))]
async fn preview(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    body: Body<serde_json::Value>,
) -> Result<Json<PurchaseAnswer>, Refusal> {
    // Two steps: serde cannot both flatten and refuse unknown fields.
    let mut value = body.value;
    let named = value.as_object_mut().and_then(|object| object.remove("shop_id")).filter(|value| !value.is_null());
    let named: Option<ShopId> =
        named.map(serde_json::from_value).transpose().map_err(|error| Problem::field("shop_id", "bad_field", error.to_string()))?;
    let basket: PreviewPurchase = serde_json::from_value(value).map_err(|error| Problem::new(422, "bad_field", error.to_string()))?;
    let shop = match named {
        Some(shop) => shop,
        None => actor.member()?.1,
    };
    let (mut tx, now) = api.read().await?;
    let told = loyalty::purchase::preview(&mut tx, &api.loyalty, &actor, now, shop, &basket).await;
    drop(tx);
    if let Err(error) = &told {
        count_failure(&api, shop, basket.card_code.as_deref(), error).await?;
    }
    Ok(Json(told?))
}

/// A purchase as its first sender was told: for the shop, the consumer, the partner that sent it and the operator.
#[utoipa::path(get, path = "/purchases/{id}", operation_id = "getPurchase", tag = "purchases", params(("id" = PurchaseId, Path)), responses((status = 200, description = "The purchase.", body = PurchaseAnswer)))]
async fn get(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<PurchaseId>) -> Result<Json<PurchaseAnswer>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::purchase::get(&mut tx, &actor, id).await?))
}

/// Where the short receipt of a purchase is read without a log-in: for its shop, its consumer, and the till that reported it.
#[utoipa::path(get, path = "/purchases/{id}/receipt", operation_id = "getPurchaseReceipt", tag = "purchases", params(("id" = PurchaseId, Path)), responses((status = 200, description = "The page's token and path.", body = ReceiptLink)))]
async fn receipt(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<PurchaseId>) -> Result<Json<ReceiptLink>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(loyalty::receipt::link(&mut tx, &api.loyalty, &actor, id).await?))
}

/// Sends the receipt to the telephone of whoever bought, if she agreed to notices; the number stays unknown to whoever asks.
/// Asked again it is the same message. For the people of its shop, its consumer and the operator.
#[utoipa::path(put, path = "/purchases/{id}/receipt/message", operation_id = "sendPurchaseReceipt", tag = "purchases", params(("id" = PurchaseId, Path)), responses((status = 200, description = "What becomes of it.", body = ReceiptMessage)))]
async fn send_receipt(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<PurchaseId>,
) -> Result<Json<ReceiptMessage>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let way = loyalty::receipt::Way { public_url: &api.public_url, approved: &api.port.approved() };
    let told = loyalty::receipt::send(&mut tx, &api.loyalty, &actor, now, id, way).await?;
    tx.commit().await?;
    Ok(Json(told))
}

/// Takes goods back: what each campaign would not have given for what remains leaves the consumer's wallets.
#[utoipa::path(post, path = "/purchases/{id}/returns", operation_id = "createReturn", tag = "purchases", params(("id" = PurchaseId, Path)), request_body = NewReturn, responses((status = 201, description = "Taken back.", body = PurchaseReturn)))]
async fn give_back(
    State(api): State<ApiState>,
    Id(id): Id<PurchaseId>,
    Turn { actor, mut write, value }: Turn<NewReturn>,
) -> Result<Response, Refusal> {
    let returned = loyalty::purchase::give_back(&mut write.tx, &api.loyalty, &actor, write.now, id, &value).await?;
    write.created(format!("/api/v1/purchases/{id}"), &returned).await
}

/// Decides about a purchase that is held. Approved, it counts with its own time. Operator only.
#[utoipa::path(post, path = "/purchases/{id}/review", operation_id = "reviewPurchase", tag = "purchases", params(("id" = PurchaseId, Path)), request_body = NewReview, responses((status = 201, description = "Decided.", body = PurchaseAnswer)))]
async fn review(
    State(api): State<ApiState>,
    Id(id): Id<PurchaseId>,
    Turn { actor, mut write, value }: Turn<NewReview>,
) -> Result<Response, Refusal> {
    let decided = loyalty::purchase::decide(&mut write.tx, &api.loyalty, &actor, write.now, id, &value).await?;
    write.created(format!("/api/v1/purchases/{id}"), &decided).await
}
