//! People and phones of the actor's own shop.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use shared::{
    DeviceId, MemberId, Problem,
    identity::{Device, Member},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Empty, Id},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(devices, enrol))
        .routes(routes!(revoke))
        .routes(routes!(members))
        .routes(routes!(remove))
        .routes(routes!(invite))
}

/// The shop's phones. Owner only.
#[utoipa::path(get, path = "/devices", operation_id = "listDevices", tag = "shop", responses((status = 200, description = "Newest first.", body = Vec<Device>)))]
async fn devices(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Device>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::device::list(&mut tx, &actor).await?))
}

/// The phone of this session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDevice {
    /// P-256, 65 bytes uncompressed, base64url without padding.
    #[schema(min_length = 87, max_length = 87, pattern = "^[A-Za-z0-9_-]+$")]
    public_key: String,
    /// The key's signature over itself, 64 bytes r‖s, base64url without padding.
    #[schema(min_length = 86, max_length = 86, pattern = "^[A-Za-z0-9_-]+$")]
    proof: String,
    /// What the phone calls itself.
    #[schema(max_length = 80)]
    name: String,
}

/// What a phone needs to know of itself.
#[derive(Debug, Serialize, ToSchema)]
struct EnrolledDevice {
    /// Goes into every capture.
    id: DeviceId,
}

/// Enrols the phone of this session: from then on its signature is the member's.
#[utoipa::path(post, path = "/devices", operation_id = "enrolDevice", tag = "shop", request_body = NewDevice, responses((status = 201, description = "Enrolled.", body = EnrolledDevice)))]
async fn enrol(Turn { actor, mut write, value: new }: Turn<NewDevice>) -> Result<Response, Refusal> {
    let bytes = |field: &'static str, text: &str| {
        BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Problem::field(field, "bad_field", "base64url without padding"))
    };
    let (key, proof) = (bytes("public_key", &new.public_key)?, bytes("proof", &new.proof)?);
    let id = identity::device::enrol(&mut write.tx, &actor, write.now, &key, &proof, &new.name).await?;
    write.created(format!("/api/v1/devices/{id}"), &EnrolledDevice { id }).await
}

/// Revokes a phone: nothing it signs counts any more. Owner only.
#[utoipa::path(delete, path = "/devices/{id}", operation_id = "revokeDevice", tag = "shop", params(("id" = DeviceId, Path)), responses((status = 204, description = "Revoked.")))]
async fn revoke(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<DeviceId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::device::revoke(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The shop's people.
#[utoipa::path(get, path = "/members", operation_id = "listMembers", tag = "shop", responses((status = 200, description = "Owners first.", body = Vec<Member>)))]
async fn members(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Json<Vec<Member>>, Refusal> {
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::shop::members(&mut tx, &actor).await?))
}

/// Removes a cashier with sessions and phones. Owner only.
#[utoipa::path(delete, path = "/members/{id}", operation_id = "removeMember", tag = "shop", params(("id" = MemberId, Path)), responses((status = 204, description = "Removed.")))]
async fn remove(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<MemberId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::shop::remove_member(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A way in for a cashier.
#[derive(Debug, Serialize, ToSchema)]
struct Invitation {
    /// To be typed or scanned by the cashier, once.
    code: String,
}

/// Invites a cashier. Owner only.
#[utoipa::path(post, path = "/invitations", operation_id = "createInvitation", tag = "shop", request_body = Empty, responses((status = 201, description = "The code is shown this once.", body = Invitation)))]
async fn invite(State(api): State<ApiState>, Turn { actor, mut write, .. }: Turn<Empty>) -> Result<Response, Refusal> {
    let code = identity::shop::invite(&mut write.tx, &api.keys, &actor, write.now).await?;
    write.created("/api/v1/members".to_owned(), &Invitation { code }).await
}
