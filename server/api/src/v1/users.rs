//! People of organisations.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use identity::user::NewUser;
use serde::{Deserialize, Serialize};
use shared::{
    OrganisationId, UserId,
    identity::{User, UserRole},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ActorOf, ApiState, Refusal,
    body::{Id, Query},
    idempotency::Turn,
};

pub(super) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(disable))
}

/// Whose people.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// Absent: the actor's own organisation.
    organisation_id: Option<OrganisationId>,
}

/// People of an organisation. Its administrators, and the operator's.
#[utoipa::path(get, path = "/users", operation_id = "listUsers", tag = "users", params(Of), responses((status = 200, description = "At most 500.", body = Vec<User>)))]
async fn list(State(api): State<ApiState>, ActorOf(actor): ActorOf, Query(of): Query<Of>) -> Result<Json<Vec<User>>, Refusal> {
    let organisation = match of.organisation_id {
        Some(organisation) => organisation,
        None => actor.tenant()?,
    };
    let (mut tx, _) = api.read().await?;
    Ok(Json(identity::user::list(&mut tx, &actor, organisation).await?))
}

/// Somebody to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    /// Of which organisation.
    organisation_id: OrganisationId,
    /// Address to log in with.
    #[schema(max_length = 200)]
    email: String,
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What they may do.
    role: UserRole,
    /// 12 characters at least.
    #[schema(min_length = 12, max_length = 200)]
    password: String,
}

/// Who was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedUser {
    /// The person.
    id: UserId,
}

/// Adds a person. Administrators of the organisation, and the operator's.
#[utoipa::path(post, path = "/users", operation_id = "createUser", tag = "users", request_body = NewPerson, responses((status = 201, description = "Added.", body = AddedUser)))]
async fn create(Turn { actor, mut write, value: new }: Turn<NewPerson>) -> Result<Response, Refusal> {
    actor.administers(new.organisation_id)?;
    // Before the transaction: it takes long on purpose, and an embedded database has one writer.
    let password_hash = identity::user::hash_password(&new.password).await?;
    let person = NewUser { organisation: new.organisation_id, email: &new.email, name: &new.name, role: new.role, password_hash };
    let id = identity::user::create(&mut write.tx, &actor, write.now, person).await?;
    write.created(format!("/api/v1/users/{id}"), &AddedUser { id }).await
}

/// Locks a person out, with all sessions. Administrators of the organisation, and the operator's.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "disableUser", tag = "users", params(("id" = UserId, Path)), responses((status = 204, description = "Locked out.")))]
async fn disable(State(api): State<ApiState>, ActorOf(actor): ActorOf, Id(id): Id<UserId>) -> Result<StatusCode, Refusal> {
    let (mut tx, now) = api.begin().await?;
    identity::user::disable(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
