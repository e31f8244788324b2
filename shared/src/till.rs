//! What tills report, on the wire: the neutral feed and what became of it.

use serde::{Deserialize, Serialize};

use crate::{CivilDate, Currency, PurchaseId, ShopId, TillSourceId, TillTicketId, Timestamp};

/// Lines of one ticket.
pub const TICKET_LINES_MAX: usize = 200;

/// What a ticket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
pub enum TicketKind {
    /// Goods left.
    Sale,
    /// Some came back.
    Refund,
    /// It never happened.
    Void,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
pub enum TicketStatus {
    /// A record, which earns nothing by itself.
    Recorded,
    /// The same sale as a purchase that a phone captured.
    Joined,
    /// It named a card and became a purchase.
    Awarded,
    /// Taken back; or a refund or void that took its sale back.
    Returned,
    /// A refund or void whose sale has not come yet.
    Waiting,
    /// Nobody knows in which shop its terminal stands.
    Unplaced,
    /// What it says cannot be done by itself: somebody must look.
    Held,
}

/// A line of a till's ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TillLine {
    /// As scanned; an unknown one is kept and waits.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 32))]
    pub barcode: String,
    /// What the till calls it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 120))]
    pub description: String,
    /// Decimal text with up to three places: `2`, `0.350`.
    #[cfg_attr(feature = "openapi", schema(example = "2"))]
    pub quantity: String,
    /// Decimal text in the ticket's currency.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "2500.00"))]
    pub unit_price: Option<String>,
    /// Decimal text.
    #[serde(default)]
    pub discount: Option<String>,
    /// Decimal text: what was paid for the line.
    #[cfg_attr(feature = "openapi", schema(example = "5000.00"))]
    pub line_total: String,
}

/// A ticket of a till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TillTransaction {
    /// As printed on the voucher, with its zeros.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub terminal_id: String,
    /// The number on the receipt; may restart every day.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub ticket_id: String,
    /// A closing after midnight belongs to the day before.
    pub business_date: CivilDate,
    /// When.
    pub occurred_at: Timestamp,
    /// What it says.
    #[serde(rename = "type")]
    pub kind: TicketKind,
    /// For a refund and a void: the number of the sale.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 60))]
    pub original_ticket_id: Option<String>,
    /// ISO 4217.
    pub currency: Currency,
    /// Decimal text.
    #[cfg_attr(feature = "openapi", schema(example = "5000.00"))]
    pub total: String,
    /// The consumer's code, when the till read one: then the sale earns.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub card_code: Option<String>,
    /// Empty when the terminal only takes payments.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 200))]
    pub lines: Vec<TillLine>,
}

/// What became of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TillTicket {
    /// Ours.
    pub id: TillTicketId,
    /// Who sent it.
    pub source_id: TillSourceId,
    /// Which till.
    pub terminal_id: String,
    /// Its number.
    pub ticket_id: String,
    /// What it says.
    #[serde(rename = "type")]
    pub kind: TicketKind,
    /// What became of it.
    pub status: TicketStatus,
    /// Where.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub shop_id: Option<ShopId>,
    /// When.
    pub occurred_at: Timestamp,
    /// Minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The purchase that it is, joined or awarded.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub purchase_id: Option<PurchaseId>,
    /// What does not fit, and did not stop it: `total_mismatch`, or why it is held.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub warning: Option<String>,
    /// The same ticket had come before; nothing changed.
    pub replayed: bool,
}

/// A source of tickets to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTillSource {
    /// 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
}

/// A source of tickets, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TillSource {
    /// The source; goes into the header `mostrador-source`.
    pub id: TillSourceId,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Terminals whose shop is known.
    pub terminals: i64,
    /// Tickets so far.
    pub tickets: i64,
}

/// A source with its secret, told this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeTillSource {
    /// The source.
    pub source: TillSource,
    /// `whsec_…`: signs what it sends (Standard Webhooks).
    pub secret: String,
}

/// Where a terminal stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTerminal {
    /// As printed on the voucher.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub terminal_id: String,
    /// In which shop.
    pub shop_id: ShopId,
}

/// A barcode that tills sell and nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnmatchedItem {
    /// As scanned.
    pub barcode: String,
    /// What a till calls it.
    pub description: String,
    /// Lines with it.
    pub lines: i64,
    /// The last one.
    pub last_at: Timestamp,
}

/// What a file holds, or what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TillFileReport {
    /// It was written; false: only looked at.
    pub applied: bool,
    /// The same bytes were applied before; nothing changed.
    pub known_file: bool,
    /// Lines of the table, without its heading.
    pub rows: i64,
    /// Tickets that are right.
    pub tickets: i64,
    /// Of them, those that had come before.
    pub known_tickets: i64,
    /// Of them, those that are the same sale as a purchase.
    pub joined: i64,
    /// Of them, those with a warning.
    pub warnings: i64,
    /// Tickets left out, because one of their lines is wrong.
    pub wrong_tickets: i64,
    /// What sales come to, minor units of the source's currency: refunds and voids taken off.
    pub sum_minor: i64,
    /// The first wrong lines, at most 100.
    pub wrong: Vec<WrongTillRow>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrongTillRow {
    /// In the spreadsheet, from 2.
    pub row: i64,
    /// Which column.
    pub column: String,
    /// Stable.
    pub code: String,
}
