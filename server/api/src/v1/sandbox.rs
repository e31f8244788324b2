//! Doors that exist only where a database was created as a sandbox: they turn the clock and make people and cards
//! without codes, so that scenarios can be played through the real verbs. Keys with the scope `sandbox` only.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use db::{Tx, sql};
use identity::{
    Phone, Scope,
    challenge::VerifiedPhone,
    consent::{self, Decision},
    consumer::NewConsumer,
};
use notifications::SandboxMessage;
use serde::{Deserialize, Serialize};
use shared::{BrandId, CampaignId, CardId, ConsumerId, Country, Problem, ShopId, Timestamp, identity::MemberRole, reports::metric::Metric};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Body, Id, Query},
    idempotency::Turn,
};

/// Name of the setting that keeps a controlled clock over a restart.
pub const CLOCK_SETTING: &str = "clock_now";

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(get_clock, set_clock))
        .routes(routes!(create_consumer))
        .routes(routes!(enrol))
        .routes(routes!(hold_out))
        .routes(routes!(put_into_segment))
        .routes(routes!(claim))
        .routes(routes!(card_code))
        .routes(routes!(messages))
        .routes(routes!(metric))
}

/// The server's clock.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClockReading {
    /// The present instant.
    now: Timestamp,
}

/// What the clock says.
#[utoipa::path(get, path = "/sandbox/clock", operation_id = "getSandboxClock", tag = "sandbox", responses((status = 200, description = "The present instant.", body = ClockReading)))]
async fn get_clock(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<ClockReading>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    Ok(Json(ClockReading { now: api.clock.now() }))
}

/// Sets the clock. 409 when the server uses the machine's.
#[utoipa::path(put, path = "/sandbox/clock", operation_id = "setSandboxClock", tag = "sandbox", request_body = ClockReading, responses((status = 200, description = "Set.", body = ClockReading)))]
async fn set_clock(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<ClockReading>) -> Result<Json<ClockReading>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let to = body.value.now;
    let mut tx = api.db.begin().await?;
    tx.query(KEEP_CLOCK).bind(CLOCK_SETTING).bind(to.to_string()).execute().await?;
    if !api.clock.set(to) {
        return Err(Problem::new(409, "clock_not_controlled", "This server runs on the machine's clock.").into());
    }
    tx.commit().await?;
    Ok(Json(ClockReading { now: to }))
}

/// A consumer without a telephone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxConsumer {
    /// How she wants to be called.
    #[schema(max_length = 40)]
    name: Option<String>,
    /// Where she lives.
    country: Country,
    /// Only a printed card, no person.
    #[serde(default)]
    anonymous: bool,
    /// She says that she is of age.
    #[serde(default = "yes")]
    adult: bool,
    /// She also works at this shop: her own purchases there earn nothing.
    works_at: Option<ShopId>,
}

const fn yes() -> bool {
    true
}

/// Who was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeConsumer {
    /// The consumer.
    consumer_id: ConsumerId,
    /// Her card.
    card_id: CardId,
}

/// Makes a consumer with a card.
#[utoipa::path(post, path = "/sandbox/consumers", operation_id = "createSandboxConsumer", tag = "sandbox", request_body = SandboxConsumer, responses((status = 201, description = "Made.", body = MadeConsumer)))]
async fn create_consumer(
    State(api): State<ApiState>,
    Turn { actor, mut write, value: new }: Turn<SandboxConsumer>,
) -> Result<Response, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let made = if new.anonymous {
        anonymous(&api, &mut write.tx, write.now, &new).await?
    } else {
        person(&api, &mut write.tx, write.now, &new).await?
    };
    write.created(format!("/api/v1/consumers/{}/balances", made.consumer_id), &made).await
}

async fn anonymous(api: &ApiState, tx: &mut Tx, now: Timestamp, new: &SandboxConsumer) -> Result<MadeConsumer, Refusal> {
    let consumer_id = identity::consumer::anonymous(tx, now, new.country, None).await?;
    let card_id = loyalty::card::create(tx, &api.loyalty, now, consumer_id, "printed").await?;
    Ok(MadeConsumer { consumer_id, card_id })
}

async fn person(api: &ApiState, tx: &mut Tx, now: Timestamp, new: &SandboxConsumer) -> Result<MadeConsumer, Refusal> {
    let phone = VerifiedPhone::trusted(&api.keys, invented_phone(new.country)?);
    let consent = Decision::for_the_card(consent::text(new.country).version, "sandbox", "sandbox");
    let consumer = NewConsumer { name: new.name.clone(), adult: new.adult, shop: None, consents: vec![consent] };
    let (consumer_id, card_id) = loyalty::card::sign_up(tx, &api.loyalty, now, &phone, &consumer).await?;
    if let Some(shop) = new.works_at {
        identity::shop::get(tx, shop).await?;
        identity::shop::insert_member(tx, now, shop, &phone, new.name.as_deref().unwrap_or("Sandbox"), MemberRole::Cashier).await?;
    }
    Ok(MadeConsumer { consumer_id, card_id })
}

/// A number of the country's mobile range. Nobody is ever called: a sandbox has no way to telephones.
fn invented_phone(country: Country) -> Result<Phone, Problem> {
    let range = match country {
        Country::Co => "300",
        Country::Cl => "96",
        Country::Mx => "55",
    };
    let digits = match country {
        Country::Co => 7,
        Country::Cl => 7,
        Country::Mx => 8,
    };
    let invented = || {
        let number = u64::from_be_bytes(identity::keys::random::<8>()) % 10_u64.pow(digits);
        Phone::parse(country, &format!("{range}{number:0width$}", width = digits as usize)).ok()
    };
    (0..50).find_map(|_| invented()).ok_or_else(|| Problem::new(500, "internal", "No valid number could be invented."))
}

/// A consumer joins a campaign at an instant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxEnrolment {
    /// Which campaign.
    campaign_id: CampaignId,
    /// When; absent: now.
    at: Option<Timestamp>,
}

/// Joins a campaign on behalf of a consumer.
#[utoipa::path(post, path = "/sandbox/consumers/{id}/enrolments", operation_id = "createSandboxEnrolment", tag = "sandbox", params(("id" = ConsumerId, Path)), request_body = SandboxEnrolment, responses((status = 204, description = "Joined.")))]
async fn enrol(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
    body: Body<SandboxEnrolment>,
) -> Result<StatusCode, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let (mut tx, now) = api.begin().await?;
    loyalty::campaign::enrol_at(&mut tx, body.value.campaign_id, id, body.value.at.unwrap_or(now)).await.map_err(nobodys)?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A campaign whose control group somebody joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxHoldout {
    /// Which campaign.
    campaign_id: CampaignId,
}

/// Puts a consumer into a campaign's control group.
#[utoipa::path(post, path = "/sandbox/consumers/{id}/holdouts", operation_id = "createSandboxHoldout", tag = "sandbox", params(("id" = ConsumerId, Path)), request_body = SandboxHoldout, responses((status = 204, description = "Held out.")))]
async fn hold_out(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
    body: Body<SandboxHoldout>,
) -> Result<StatusCode, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let (mut tx, now) = api.begin().await?;
    loyalty::campaign::hold_out(&mut tx, now, body.value.campaign_id, id).await.map_err(nobodys)?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A segment that somebody joins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxSegment {
    /// Whose segment.
    brand_id: BrandId,
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// Puts a consumer into a segment of a brand from now on.
#[utoipa::path(post, path = "/sandbox/consumers/{id}/segments", operation_id = "createSandboxSegment", tag = "sandbox", params(("id" = ConsumerId, Path)), request_body = SandboxSegment, responses((status = 204, description = "She belongs to it.")))]
async fn put_into_segment(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
    body: Body<SandboxSegment>,
) -> Result<StatusCode, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let SandboxSegment { brand_id, name } = body.value;
    if name.trim().is_empty() || name.chars().count() > 60 {
        return Err(Problem::field("name", "bad_field", "1 to 60 characters").into());
    }
    let (mut tx, now) = api.begin().await?;
    loyalty::campaign::put_into_segment(&mut tx, now, brand_id, &name, id).await.map_err(nobodys)?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose card becomes whose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SandboxClaim {
    /// A card that nobody owns.
    from: ConsumerId,
    /// Who owns it from now on.
    into: ConsumerId,
}

/// Whether anything moved.
#[derive(Debug, Serialize, ToSchema)]
struct Claimed {
    /// It was hers already: nothing moved.
    replayed: bool,
}

/// Claims a card on behalf of a consumer.
#[utoipa::path(post, path = "/sandbox/claims", operation_id = "createSandboxClaim", tag = "sandbox", request_body = SandboxClaim, responses((status = 200, description = "Hers.", body = Claimed)))]
async fn claim(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<SandboxClaim>) -> Result<Json<Claimed>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let (mut tx, now) = api.begin().await?;
    let moved = loyalty::claim::claim(&mut tx, &api.loyalty, &actor, now, body.value.from, body.value.into).await?;
    tx.commit().await?;
    Ok(Json(Claimed { replayed: !moved }))
}

/// Either the consumer or what she should join is nobody's.
fn nobodys(error: loyalty::Error) -> Refusal {
    match error {
        loyalty::Error::Store(db::Error::ForeignKey) => Problem::not_found().into(),
        other => other.into(),
    }
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AtInstant {
    /// Absent: now.
    at: Option<Timestamp>,
}

/// The text of a card's QR.
#[derive(Debug, Serialize, ToSchema)]
struct CardCodeText {
    /// As a camera would read it.
    code: String,
    /// When it is right.
    at: Timestamp,
}

/// The code that a consumer's card shows at an instant.
#[utoipa::path(get, path = "/sandbox/consumers/{id}/card_code", operation_id = "getSandboxCardCode", tag = "sandbox", params(("id" = ConsumerId, Path), AtInstant), responses((status = 200, description = "The code.", body = CardCodeText)))]
async fn card_code(
    State(api): State<ApiState>,
    ActorOf(actor): ActorOf,
    Id(id): Id<ConsumerId>,
    Query(when): Query<AtInstant>,
) -> Result<Json<CardCodeText>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let (mut tx, now) = api.read().await?;
    let at = when.at.unwrap_or(now);
    Ok(Json(CardCodeText { code: loyalty::card::code_at(&mut tx, &api.loyalty, id, at).await?, at }))
}

/// A message that nobody got.
#[derive(Debug, Serialize, ToSchema)]
struct Message {
    /// `whatsapp`, `sms` or `email`.
    #[schema(value_type = String)]
    channel: notifications::Channel,
    /// Telephone or address.
    recipient: String,
    /// For e-mail.
    subject: String,
    /// The text.
    body: String,
    /// When.
    created_at: Timestamp,
}

impl From<SandboxMessage> for Message {
    fn from(message: SandboxMessage) -> Self {
        let SandboxMessage { id: _, channel, recipient, subject, body, created_at } = message;
        Self { channel, recipient, subject, body, created_at }
    }
}

/// What would have been sent, newest first; at most 100.
#[utoipa::path(get, path = "/sandbox/messages", operation_id = "listSandboxMessages", tag = "sandbox", responses((status = 200, description = "Messages.", body = Vec<Message>)))]
async fn messages(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Message>>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let (mut tx, _) = api.read().await?;
    Ok(Json(notifications::sandbox(&mut tx).await?.into_iter().map(Message::from).collect()))
}

/// Computes a metric of given inputs, with the very function that the report uses. Metrics that are read from sales take none.
#[utoipa::path(post, path = "/sandbox/metrics/{id}", operation_id = "computeSandboxMetric", tag = "sandbox", params(("id" = Metric, Path)), request_body = serde_json::Value, responses((status = 200, description = "The numbers.", body = serde_json::Value)))]
async fn metric(
    ActorOf(actor): ActorOf,
    Id(metric): Id<Metric>,
    body: Body<serde_json::Value>,
) -> Result<Json<serde_json::Value>, Refusal> {
    actor.needs_scope(Scope::Sandbox)?;
    let told = reports::metrics::from_inputs(metric, body.value);
    Ok(Json(told.map_err(|error| Problem::new(422, "bad_field", error.to_string()))?))
}

sql! {
    KEEP_CLOCK: "INSERT INTO instance_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}
