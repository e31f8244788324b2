//! Distributors' files on their way into the books.

use serde::{Deserialize, Serialize};

use super::alert::WrongRow;
use crate::{SellInFileId, Timestamp};

/// A file: what it would do, how far it is, or what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellInFile {
    /// The file.
    pub id: SellInFileId,
    /// What it is called.
    pub name: String,
    /// Its rows.
    pub total: i64,
    /// Rows that were looked at for good.
    pub done: i64,
    /// Rows that are right, or were written.
    pub right: i64,
    /// Rows that are left out, the first 500.
    pub wrong: Vec<WrongRow>,
    /// When all of it was written.
    pub applied_at: Option<Timestamp>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// When it was brought.
    pub created_at: Timestamp,
}
