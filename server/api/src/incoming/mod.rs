//! What providers tell us. These addresses are theirs: no session and no key, only their signature over the bytes as they
//! came, and they are no part of the described interface.

mod messaging;

use axum::Router;

use crate::ApiState;

/// Every provider's address, below `/api/v1/incoming`.
pub(crate) fn router() -> Router<ApiState> {
    messaging::router()
}
