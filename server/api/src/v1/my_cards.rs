//! More of what is hers: a card on paper, and another telephone.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shared::{Country, rights::DeletionCode};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal, body::Body};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(claim)).routes(routes!(code)).routes(routes!(join))
}

/// The code on a card of paper.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardOnPaper {
    /// As its QR says it, or as it is printed below.
    #[schema(min_length = 1, max_length = 60)]
    code: String,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
struct Claimed {
    /// False: it was hers already.
    claimed: bool,
}

/// Makes a card on paper the actor's: every lot keeps its own expiry, and the card goes on working. Again: nothing happens.
#[utoipa::path(put, path = "/me/paper_card", operation_id = "claimPaperCard", tag = "me", request_body = CardOnPaper, responses((status = 200, description = "It is hers.", body = Claimed)))]
async fn claim(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<CardOnPaper>) -> Result<Json<Claimed>, Refusal> {
    let (mut tx, now) = api.begin().await?;
    let claimed = loyalty::claim::by_code(&mut tx, &api.loyalty, &actor, now, &body.value.code).await?;
    tx.commit().await?;
    Ok(Json(Claimed { claimed }))
}

/// Another telephone of the actor's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OtherPhone {
    /// Where the number is at home.
    country: Country,
    /// With or without the country's prefix.
    #[schema(min_length = 1, max_length = 40)]
    phone: String,
}

/// Sends a code to another telephone that the actor says is hers.
#[utoipa::path(post, path = "/me/phone_codes", operation_id = "createMyPhoneCode", tag = "me", request_body = OtherPhone, responses((status = 200, description = "The code is on its way.", body = DeletionCode)))]
async fn code(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<OtherPhone>) -> Result<Json<DeletionCode>, Refusal> {
    actor.consumer()?;
    let (mut tx, now) = api.begin().await?;
    let started = identity::challenge::start(&mut tx, &api.keys, now, body.value.country, &body.value.phone).await?;
    tx.commit().await?;
    Ok(Json(DeletionCode { sealed: started.sealed, phone_hint: started.phone_shown }))
}

/// The code that came to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProvenPhone {
    /// From the code's request.
    #[schema(max_length = 1000)]
    sealed: String,
    /// The six digits.
    #[schema(max_length = 10)]
    code: String,
}

/// Makes one person of two: what belonged to the other telephone becomes the actor's, and its card an alias of hers.
#[utoipa::path(put, path = "/me/other_phone", operation_id = "joinMyOtherPhone", tag = "me", request_body = ProvenPhone, responses((status = 204, description = "One person.")))]
async fn join(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<ProvenPhone>) -> Result<StatusCode, Refusal> {
    actor.consumer()?;
    let (mut tx, now) = api.begin().await?;
    match loyalty::claim::join_phones(&mut tx, &api.loyalty, &actor, now, &body.value.sealed, &body.value.code).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(StatusCode::NO_CONTENT)
        }
        Err(error) => {
            // A wrong code is counted; nothing else of a refusal stays.
            if matches!(error, loyalty::Error::Identity(identity::Error::WrongCode(_))) {
                tx.commit().await?;
            }
            Err(error.into())
        }
    }
}
