//! Cursor pages of the REST interface.

use serde::{Deserialize, Serialize};

/// One page of a list; `next_cursor` goes back as `?cursor=` for the following one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// At most as many as asked for, 100 at most.
    pub items: Vec<T>,
    /// Absent on the last page. Opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Rows a page has when nothing is said, and at most.
pub const PAGE_SIZE_DEFAULT: i64 = 25;
/// The most rows a page can have.
pub const PAGE_SIZE_MAX: i64 = 100;
