//! Rewards of somebody whose card is on paper: a code that went to her telephone opens them.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use identity::Actor;
use loyalty::paper;
use serde::Deserialize;
use shared::{
    Problem, RewardInstanceId,
    loyalty::{
        Delivery,
        paper::{PaperCard, PaperCode},
    },
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::purchases::count_failure;
use crate::{ActorOf, ApiState, Refusal, body::Body, idempotency::Turn};

/// Characters of a card's code.
const CARD_CODE_MAX: usize = 60;
/// Characters around six digits.
const CODE_MAX: usize = 10;

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(look)).routes(routes!(send_code)).routes(routes!(deliver))
}

/// A card on paper that is shown at the counter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaperLook {
    /// As its QR says it, or as it is printed below.
    #[schema(min_length = 1, max_length = 60)]
    card_code: String,
}

/// Which of its rewards a code is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPaperCode {
    /// As its QR says it, or as it is printed below.
    #[schema(min_length = 1, max_length = 60)]
    card_code: String,
    /// One that waits for whoever holds the card.
    reward_instance_id: RewardInstanceId,
}

/// The code that she told the shop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPaperDelivery {
    /// As its QR says it, or as it is printed below.
    #[schema(min_length = 1, max_length = 60)]
    card_code: String,
    /// The reward that the code was sent for.
    reward_instance_id: RewardInstanceId,
    /// The six digits.
    #[schema(min_length = 1, max_length = 10)]
    code: String,
}

/// Which rewards wait for a card on paper, and whether a code can be sent. 409 for a card that is on a telephone.
#[utoipa::path(post, path = "/paper_cards/looks", operation_id = "lookAtPaperCard", tag = "deliveries", request_body = PaperLook, responses((status = 200, description = "Nothing changed.", body = PaperCard)))]
async fn look(State(api): State<ApiState>, ActorOf(actor): ActorOf, body: Body<PaperLook>) -> Result<Json<PaperCard>, Refusal> {
    let code = &body.value.card_code;
    actor.member()?;
    fits("card_code", code, CARD_CODE_MAX)?;
    let (mut tx, now) = api.read().await?;
    match paper::look(&mut tx, &api.loyalty, &actor, now, code).await {
        Ok(card) => Ok(Json(card)),
        Err(error) => {
            drop(tx);
            Err(refused(&api, &actor, code, error).await)
        }
    }
}

/// Sends a code to the telephone that was verified for the card; the one before is void.
///
/// It is good for this reward at this shop, for ten minutes and three tries; five can be sent in a day. 409 when nobody
/// verified a telephone: she claims the card on hers first.
#[utoipa::path(post, path = "/paper_cards/codes", operation_id = "createPaperCode", tag = "deliveries", request_body = NewPaperCode, responses((status = 201, description = "The code is on its way.", body = PaperCode)))]
async fn send_code(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewPaperCode>) -> Result<Response, Refusal> {
    let NewPaperCode { card_code, reward_instance_id } = value;
    actor.member()?;
    fits("card_code", &card_code, CARD_CODE_MAX)?;
    match paper::send_code(&mut write.tx, &api.loyalty, &actor, write.now, &card_code, reward_instance_id).await {
        Ok(sent) => write.finish(StatusCode::CREATED, None, &sent).await,
        Err(error) => {
            drop(write);
            Err(refused(&api, &actor, &card_code, error).await)
        }
    }
}

/// Hands the reward over when the code is right; the brand then owes the shop.
///
/// A wrong code is 422 `wrong_code` with `tries_left`; after the last one, and after ten minutes, 422 `code_expired`.
#[utoipa::path(post, path = "/paper_cards/deliveries", operation_id = "createPaperDelivery", tag = "deliveries", request_body = NewPaperDelivery, responses((status = 201, description = "Handed over.", body = Delivery)))]
async fn deliver(State(api): State<ApiState>, Turn { actor, mut write, value }: Turn<NewPaperDelivery>) -> Result<Response, Refusal> {
    let NewPaperDelivery { card_code, reward_instance_id, code } = value;
    actor.member()?;
    fits("card_code", &card_code, CARD_CODE_MAX)?;
    fits("code", &code, CODE_MAX)?;
    match paper::deliver(&mut write.tx, &api.loyalty, &actor, write.now, &card_code, reward_instance_id, &code).await {
        Ok(done) => write.created(format!("/api/v1/deliveries/{}", done.reward_instance_id), &done).await,
        Err(error @ loyalty::Error::Identity(identity::Error::WrongCode(_))) => {
            // The try is paid; as after every refusal, the request's key stays free.
            write.tx.commit().await?;
            Err(error.into())
        }
        Err(error) => {
            drop(write);
            Err(refused(&api, &actor, &card_code, error).await)
        }
    }
}

/// A card's code that no card answers to is counted against guessing.
async fn refused(api: &ApiState, actor: &Actor, card_code: &str, error: loyalty::Error) -> Refusal {
    let counted = match actor.member() {
        Ok((_, shop, _)) => count_failure(api, shop, Some(card_code), &error).await,
        Err(error) => Err(error.into()),
    };
    counted.err().unwrap_or_else(|| error.into())
}

/// 422 for nothing, and for more than the description allows.
fn fits(field: &'static str, text: &str, max: usize) -> Result<(), Problem> {
    match text.chars().count() {
        0 => Err(Problem::field(field, "bad_field", format!("{field} is empty"))),
        count if count > max => Err(Problem::field(field, "too_long", format!("{field} has {max} characters at most"))),
        _ => Ok(()),
    }
}
