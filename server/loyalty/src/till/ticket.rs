//! One ticket: read, kept once, and given its effect.

use db::{Tx, sql};
use identity::Actor;
use sha2::{Digest, Sha256};
use shared::{
    CivilDate, Currency, Gtin, PurchaseId, ShopId, TillSourceId, TillTicketId, Timestamp,
    loyalty::{
        AllLines, ImportLine, NewReturn, ReturnedLine, ReturnedLines,
        capture::{PRICE_MAX_MINOR, QUANTITY_MAX},
    },
    page::PAGE_SIZE_MAX,
    till::{TICKET_LINES_MAX, TicketKind, TicketStatus, TillLine, TillTicket, TillTransaction, UnmatchedItem},
    time::MINUTE_MS,
};

use super::{
    join, money,
    source::{self, NUMBER_MAX},
};
use crate::{Error, Loyalty, purchase};

/// Longest description that is kept, in characters.
const DESCRIPTION_MAX: usize = 120;
/// Refunds and voids of one sale.
const TAKEN_BACK_MAX: i64 = 50;

/// A ticket as understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What it says.
    pub kind: TicketKind,
    /// With its zeros.
    pub terminal_id: String,
    /// On the receipt.
    pub number: String,
    /// Of the sale, for a refund and a void.
    pub original: Option<String>,
    /// Of the shop.
    pub business_date: CivilDate,
    /// When.
    pub occurred_at: Timestamp,
    /// ISO 4217.
    pub currency: Currency,
    /// Minor units.
    pub total_minor: i64,
    /// What the till read of a card.
    pub card_code: Option<String>,
    /// In their order.
    pub lines: Vec<ParsedLine>,
}

/// A line as understood.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedLine {
    /// As scanned.
    pub barcode: String,
    /// A product's number, when the digits can be one.
    pub gtin: Option<Gtin>,
    /// What a spreadsheet would run has lost its first letter's power.
    pub description: String,
    /// Thousandths.
    pub quantity_milli: i64,
    /// Minor units.
    pub unit_price_minor: i64,
    /// Minor units.
    pub discount_minor: i64,
    /// Minor units.
    pub total_minor: i64,
}

impl ParsedLine {
    /// Reads one line. What cannot be read names its column.
    pub fn read(line: &TillLine, currency: Currency) -> Result<Self, Error> {
        let barcode = line.barcode.trim();
        if is_scientific(barcode) {
            return Err(Error::ScientificBarcode);
        }
        if barcode.chars().count() > 32 || barcode.chars().any(char::is_control) {
            return Err(Error::Field("barcode"));
        }
        let amount = |text: &str, field| money::minor(text, currency).filter(|minor| *minor <= PRICE_MAX_MINOR).ok_or(Error::Field(field));
        let optional = |text: &Option<String>, field| {
            text.as_deref().filter(|text| !text.trim().is_empty()).map(|text| amount(text, field)).transpose()
        };
        let quantity_milli =
            money::milli(&line.quantity).filter(|milli| (1..=QUANTITY_MAX * 1_000).contains(milli)).ok_or(Error::Field("quantity"))?;
        let total_minor = amount(&line.line_total, "line_total")?;
        let discount_minor = optional(&line.discount, "discount")?.unwrap_or(0);
        let gross = i128::from(total_minor) + i128::from(discount_minor);
        let each = i64::try_from((gross * 2_000 + i128::from(quantity_milli)) / (2 * i128::from(quantity_milli)))
            .map_err(|_| Error::Field("line_total"))?;
        Ok(Self {
            gtin: gtin(barcode),
            barcode: barcode.to_owned(),
            description: harmless(&line.description),
            quantity_milli,
            unit_price_minor: optional(&line.unit_price, "unit_price")?.unwrap_or(each),
            discount_minor,
            total_minor,
        })
    }

    /// Pieces of a product: what campaigns can count.
    fn pieces(&self) -> Option<(Gtin, i64)> {
        let whole = self.quantity_milli % 1_000 == 0;
        self.gtin.filter(|_| whole).map(|gtin| (gtin, self.quantity_milli / 1_000))
    }
}

/// `7,50103E+12`: a spreadsheet ate the digits, and nobody can say which they were.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(exponent.trim_start_matches(['+', '-'])) && digits(&mantissa.replace(['.', ','], ""))
}

/// The number of a product. Leading zeros that were lost come back only where the check digit proves them.
fn gtin(barcode: &str) -> Option<Gtin> {
    if !barcode.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded = |length: usize| format!("{barcode:0>length$}").parse::<Gtin>().ok();
    match barcode.len() {
        8 | 12 | 13 | 14 => barcode.parse().ok(),
        9..=11 => padded(12),
        _ => None,
    }
}

/// What a spreadsheet would run when somebody opens an export begins with a quotation mark instead.
fn harmless(text: &str) -> String {
    let text: String = text.trim().chars().filter(|letter| !letter.is_control()).take(DESCRIPTION_MAX).collect();
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

pub(super) fn number(text: &str, field: &'static str) -> Result<String, Error> {
    let text = text.trim();
    let wrong =
        text.is_empty() || text.chars().count() > NUMBER_MAX || text.chars().any(char::is_control) || text.starts_with(['=', '+', '@']);
    if wrong { Err(Error::Field(field)) } else { Ok(text.to_owned()) }
}

/// Reads a ticket of the neutral feed.
pub fn parse(transaction: &TillTransaction) -> Result<Parsed, Error> {
    if transaction.lines.len() > TICKET_LINES_MAX {
        return Err(Error::Field("lines"));
    }
    let original = transaction.original_ticket_id.as_deref().map(|text| number(text, "original_ticket_id")).transpose()?;
    if original.is_some() == (transaction.kind == TicketKind::Sale) {
        return Err(Error::Field("original_ticket_id"));
    }
    let lines = transaction.lines.iter().map(|line| ParsedLine::read(line, transaction.currency)).collect::<Result<Vec<_>, _>>()?;
    Ok(Parsed {
        kind: transaction.kind,
        terminal_id: number(&transaction.terminal_id, "terminal_id")?,
        number: number(&transaction.ticket_id, "ticket_id")?,
        original,
        business_date: transaction.business_date,
        occurred_at: transaction.occurred_at,
        currency: transaction.currency,
        total_minor: money::minor(&transaction.total, transaction.currency)
            .filter(|minor| *minor <= PRICE_MAX_MINOR)
            .ok_or(Error::Field("total"))?,
        card_code: transaction.card_code.clone().filter(|code| !code.is_empty()),
        lines,
    })
}

impl Parsed {
    pub(super) fn external_id(&self) -> String {
        let kind = match self.kind {
            TicketKind::Sale => "sale",
            TicketKind::Refund => "refund",
            TicketKind::Void => "void",
        };
        // Numbers have no control characters.
        [&self.terminal_id, &self.business_date.to_string(), &self.number, kind].map(String::from).join("\u{1f}")
    }

    /// The same ticket in whatever clothes: what it says, not how it was written. A file says less than the feed: no card,
    /// no seconds, and descriptions of its own.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let head = (&self.external_id(), &self.original, self.occurred_at.0.div_euclid(MINUTE_MS), self.currency.code(), self.total_minor);
        hash.update(format!("{head:?}"));
        for line in &self.lines {
            let said = (&line.barcode, line.quantity_milli, line.total_minor);
            hash.update(format!("{said:?}\n"));
        }
        hash.finalize().into()
    }

    /// Totals that do not fit are accepted with a warning.
    pub(super) fn warning(&self) -> Option<&'static str> {
        let sum = self.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.total_minor));
        (!self.lines.is_empty() && sum.abs_diff(self.total_minor) > 1).then_some("total_mismatch")
    }
}

/// One terminal at a time: a ticket and its twin, a sale and its refund.
pub(super) fn lock_key(source: TillSourceId, terminal: &str) -> i64 {
    let hash = Sha256::digest(terminal);
    let mut last = [0; 8];
    last.copy_from_slice(&hash[24..]);
    source.lock_key() ^ i64::from_be_bytes(last)
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    id: TillTicketId,
    source_id: TillSourceId,
    terminal_id: String,
    ticket_number: String,
    kind: TicketKind,
    status: TicketStatus,
    shop_id: Option<ShopId>,
    business_date: CivilDate,
    occurred_at: Timestamp,
    total_minor: i64,
    currency: Currency,
    purchase_id: Option<PurchaseId>,
    original_number: Option<String>,
    warning: Option<String>,
    content_hash: Vec<u8>,
    received_at: Timestamp,
}

impl Row {
    fn shown(self, replayed: bool) -> TillTicket {
        TillTicket {
            id: self.id,
            source_id: self.source_id,
            terminal_id: self.terminal_id,
            ticket_id: self.ticket_number,
            kind: self.kind,
            status: self.status,
            shop_id: self.shop_id,
            occurred_at: self.occurred_at,
            total_minor: self.total_minor,
            currency: self.currency,
            purchase_id: self.purchase_id,
            warning: self.warning,
            replayed,
        }
    }
}

/// Keeps a ticket once, and does what it says. The source was authenticated.
pub async fn receive(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, source: TillSourceId, parsed: &Parsed) -> Result<TillTicket, Error> {
    tx.lock(lock_key(source, &parsed.terminal_id)).await?;
    let (external_id, hash) = (parsed.external_id(), parsed.hash());
    if let Some(known) = tx.query(BY_NAME).bind(source).bind(external_id.clone()).maybe::<Row>().await? {
        return if known.content_hash == hash { Ok(known.shown(true)) } else { Err(Error::IdempotencyConflict) };
    }
    let shop = source::shop_of(tx, source, &parsed.terminal_id).await?;
    let id: TillTicketId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(source)
        .bind(external_id)
        .bind(parsed.kind)
        .bind(parsed.terminal_id.clone())
        .bind(parsed.number.clone())
        .bind(parsed.original.clone())
        .bind(shop)
        .bind(parsed.business_date)
        .bind(parsed.occurred_at)
        .bind(parsed.currency)
        .bind(parsed.total_minor)
        .bind(hash.to_vec())
        .bind(TicketStatus::Unplaced)
        .bind(parsed.warning())
        .bind(now)
        .execute()
        .await?;
    for (number, line) in parsed.lines.iter().enumerate() {
        tx.query(INSERT_LINE)
            .bind(id)
            .bind(number as i64 + 1)
            .bind(line.barcode.clone())
            .bind(line.gtin)
            .bind(line.description.clone())
            .bind(line.quantity_milli)
            .bind(line.unit_price_minor)
            .bind(line.discount_minor)
            .bind(line.total_minor)
            .execute()
            .await?;
    }
    if shop.is_some() {
        settle(tx, loyalty, now, id, parsed.card_code.as_deref()).await?;
    }
    Ok(get(tx, id).await?.shown(false))
}

/// Whether a ticket of this name came before; and if so, whether it said the same.
pub(super) async fn known(tx: &mut Tx, source: TillSourceId, parsed: &Parsed) -> Result<Option<bool>, Error> {
    let known: Option<(Vec<u8>,)> = tx.query(HASH_OF).bind(source).bind(parsed.external_id()).maybe().await?;
    Ok(known.map(|(hash,)| hash == parsed.hash()))
}

async fn get(tx: &mut Tx, id: TillTicketId) -> Result<Row, Error> {
    Ok(tx.query(GET).bind(id).one().await?)
}

/// Tickets that waited for somebody to say where their terminal stands.
pub(super) async fn place(
    tx: &mut Tx,
    loyalty: &Loyalty,
    now: Timestamp,
    source: TillSourceId,
    terminal: &str,
    shop: ShopId,
    limit: i64,
) -> Result<(), Error> {
    let waiting: Vec<(TillTicketId,)> = tx.query(UNPLACED).bind(source).bind(terminal).bind(limit).all().await?;
    for (id,) in waiting {
        tx.query(SET_SHOP).bind(shop).bind(id).execute().await?;
        // A code of a card is of its half minute: what waited for days earns nothing by it.
        settle(tx, loyalty, now, id, None).await?;
    }
    Ok(())
}

/// What a ticket does whose shop is known.
async fn settle(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, id: TillTicketId, card_code: Option<&str>) -> Result<(), Error> {
    let ticket = get(tx, id).await?;
    let Some(shop) = ticket.shop_id else {
        return Ok(());
    };
    match (ticket.kind, card_code) {
        (TicketKind::Sale, Some(code)) => sell(tx, loyalty, now, &ticket, shop, code).await?,
        (TicketKind::Sale, None) => {
            // What it takes back at once needs its consumer's lock, and that one comes before the shop's, as in a capture.
            if !waiting_for(tx, &ticket).await?.is_empty()
                && let Some(purchase) = join::purchase_of(tx, shop, None, ticket.total_minor, ticket.occurred_at).await?
            {
                purchase::lock_consumer(tx, purchase).await?;
            }
            join::lock(tx, shop).await?;
            let purchase = join::purchase_of(tx, shop, None, ticket.total_minor, ticket.occurred_at).await?;
            let status = if purchase.is_some() { TicketStatus::Joined } else { TicketStatus::Recorded };
            end(tx, id, status, purchase, None).await?;
        }
        (TicketKind::Refund | TicketKind::Void, _) => {
            let original: Option<Row> = match &ticket.original_number {
                Some(number) => {
                    tx.query(ORIGINAL)
                        .bind(ticket.source_id)
                        .bind(ticket.terminal_id.clone())
                        .bind(number.clone())
                        .bind(ticket.business_date)
                        .maybe()
                        .await?
                }
                None => None,
            };
            match original {
                None => end(tx, id, TicketStatus::Waiting, None, None).await?,
                Some(original) => take_back(tx, loyalty, now, &original, &ticket).await?,
            }
            return Ok(());
        }
    }
    take_back_late(tx, loyalty, now, id).await
}

/// A ticket with a card earns like any other sale; when a phone captured it already, it is that purchase.
async fn sell(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, ticket: &Row, shop: ShopId, code: &str) -> Result<(), Error> {
    let lines: Vec<ParsedRow> = tx.query(LINES).bind(ticket.id).all().await?;
    let counted: Vec<ImportLine> = lines.iter().filter_map(ParsedRow::import).collect();
    let till = purchase::TillSale {
        source: format!("till:{}", ticket.source_id),
        key: ticket.id.to_string(),
        hash: &ticket.content_hash,
        shop,
        code,
        at: ticket.occurred_at,
        total_minor: ticket.total_minor,
        lines: counted,
    };
    match purchase::from_till(tx, loyalty, now, till).await {
        Ok((purchase, true)) => end(tx, ticket.id, TicketStatus::Joined, Some(purchase), None).await,
        Ok((purchase, false)) => end(tx, ticket.id, TicketStatus::Awarded, Some(purchase), None).await,
        Err(Error::Store(error)) => Err(error.into()),
        // The sale happened, whatever is wrong with its card.
        Err(error) => {
            let problem = shared::Problem::from(error);
            end(tx, ticket.id, TicketStatus::Recorded, None, Some(&problem.code)).await
        }
    }
}

async fn waiting_for(tx: &mut Tx, sale: &Row) -> Result<Vec<Row>, Error> {
    Ok(tx
        .query(TAKEN_BACK)
        .bind(sale.source_id)
        .bind(sale.terminal_id.clone())
        .bind(sale.ticket_number.clone())
        .bind(sale.business_date)
        .bind(TAKEN_BACK_MAX)
        .all()
        .await?)
}

/// Whether a ticket may take back what somebody earned: it needs her lock before any shop's, and a transaction of its own.
pub(super) async fn takes_back(tx: &mut Tx, source: TillSourceId, parsed: &Parsed) -> Result<bool, Error> {
    if parsed.kind != TicketKind::Sale {
        return Ok(true);
    }
    let waiting: Vec<Row> = tx
        .query(TAKEN_BACK)
        .bind(source)
        .bind(parsed.terminal_id.clone())
        .bind(parsed.number.clone())
        .bind(parsed.business_date)
        .bind(1_i64)
        .all()
        .await?;
    Ok(!waiting.is_empty())
}

/// Refunds and voids that came before their sale, or before it was known to be a purchase.
pub(super) async fn take_back_late(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, id: TillTicketId) -> Result<(), Error> {
    let sale = get(tx, id).await?;
    for refund in waiting_for(tx, &sale).await? {
        take_back(tx, loyalty, now, &sale, &refund).await?;
    }
    Ok(())
}

/// What a sale earned leaves again. Without a purchase there is nothing to leave, until one is joined.
async fn take_back(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, sale: &Row, refund: &Row) -> Result<(), Error> {
    let Some(purchase) = sale.purchase_id else {
        return end(tx, refund.id, TicketStatus::Returned, None, None).await;
    };
    let lines = match refund.kind {
        TicketKind::Refund => {
            let lines: Vec<ParsedRow> = tx.query(LINES).bind(refund.id).all().await?;
            let some: Vec<ReturnedLine> =
                lines.iter().filter_map(ParsedRow::import).map(|line| ReturnedLine { gtin: line.gtin, quantity: line.quantity }).collect();
            if some.is_empty() {
                return end(tx, refund.id, TicketStatus::Returned, None, None).await;
            }
            ReturnedLines::Some(some)
        }
        TicketKind::Sale | TicketKind::Void => ReturnedLines::All(AllLines::All),
    };
    // Its own number: taken back once, however often it is told.
    let new = NewReturn { return_id: Some(refund.id.0), lines, reason: Some("till".into()) };
    match purchase::give_back(tx, loyalty, &Actor::System, now, purchase, &new).await {
        Ok(_) => end(tx, refund.id, TicketStatus::Returned, None, None).await,
        Err(Error::Store(error)) => Err(error.into()),
        Err(error) => {
            let problem = shared::Problem::from(error);
            end(tx, refund.id, TicketStatus::Held, None, Some(&problem.code)).await
        }
    }
}

async fn end(
    tx: &mut Tx,
    id: TillTicketId,
    status: TicketStatus,
    purchase: Option<PurchaseId>,
    warning: Option<&str>,
) -> Result<(), Error> {
    tx.query(END).bind(status).bind(purchase).bind(warning.map(str::to_owned)).bind(id).execute().await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct ParsedRow {
    gtin: Option<Gtin>,
    quantity_milli: i64,
    unit_price_minor: i64,
    discount_minor: i64,
}

impl ParsedRow {
    fn import(&self) -> Option<ImportLine> {
        let line = ParsedLine {
            barcode: String::new(),
            gtin: self.gtin,
            description: String::new(),
            quantity_milli: self.quantity_milli,
            unit_price_minor: self.unit_price_minor,
            discount_minor: self.discount_minor,
            total_minor: 0,
        };
        line.pieces().map(|(gtin, quantity)| ImportLine {
            gtin,
            quantity,
            unit_price_minor: Some(self.unit_price_minor),
            discount_minor: self.discount_minor,
            reward_line: false,
        })
    }
}

/// What came last, newest first, or only what somebody must look at. Operator only.
pub async fn list(tx: &mut Tx, actor: &Actor, open: bool, cursor: Option<&str>, limit: i64) -> Result<shared::Page<TillTicket>, Error> {
    actor.operator()?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = identity::audit::after(cursor)?;
    let mut rows = tx.query(LIST).bind(!open).bind(before).bind(TillTicketId(before_id)).bind(limit + 1).all::<Row>().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = rows.last().filter(|_| more).map(|last| identity::audit::cursor(last.received_at, last.id.0));
    Ok(shared::Page { items: rows.into_iter().map(|row| row.shown(false)).collect(), next_cursor })
}

/// Barcodes that tills sell and nobody knows, the most sold first; at most 100. Operator only.
pub async fn unmatched(tx: &mut Tx, actor: &Actor) -> Result<Vec<UnmatchedItem>, Error> {
    actor.operator()?;
    let rows: Vec<(String, String, i64, Timestamp)> = tx.query(UNMATCHED).all().await?;
    Ok(rows.into_iter().map(|(barcode, description, lines, last_at)| UnmatchedItem { barcode, description, lines, last_at }).collect())
}

sql! {
    BY_NAME: "SELECT id, source_id, terminal_id, ticket_number, kind, status, shop_id, business_date, occurred_at, total_minor, currency, purchase_id, original_number,
                     warning, content_hash, received_at FROM till_ticket WHERE source_id = $1 AND external_id = $2";

    GET: "SELECT id, source_id, terminal_id, ticket_number, kind, status, shop_id, business_date, occurred_at, total_minor, currency, purchase_id, original_number,
                 warning, content_hash, received_at FROM till_ticket WHERE id = $1";

    HASH_OF: "SELECT content_hash FROM till_ticket WHERE source_id = $1 AND external_id = $2";

    INSERT: "INSERT INTO till_ticket (id, source_id, external_id, kind, terminal_id, ticket_number, original_number, shop_id, business_date, occurred_at, currency,
                                      total_minor, content_hash, status, warning, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

    INSERT_LINE: "INSERT INTO till_line (ticket_id, line, barcode, gtin, description, quantity_milli, unit_price_minor, discount_minor, total_minor)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    LINES: "SELECT gtin, quantity_milli, unit_price_minor, discount_minor FROM till_line WHERE ticket_id = $1 ORDER BY line";

    UNPLACED: "SELECT id FROM till_ticket WHERE source_id = $1 AND terminal_id = $2 AND status = 'unplaced' ORDER BY occurred_at, id LIMIT $3";

    SET_SHOP: "UPDATE till_ticket SET shop_id = $1 WHERE id = $2";

    /// Numbers restart: the latest sale of that number which is not after the refund's day.
    ORIGINAL: "SELECT id, source_id, terminal_id, ticket_number, kind, status, shop_id, business_date, occurred_at, total_minor, currency, purchase_id, original_number,
                      warning, content_hash, received_at FROM till_ticket
               WHERE source_id = $1 AND terminal_id = $2 AND ticket_number = $3 AND business_date <= $4 AND kind = 'sale' AND status <> 'unplaced'
               ORDER BY business_date DESC LIMIT 1";

    /// Of this sale, and not of a later one with the same number.
    TAKEN_BACK: "SELECT r.id, r.source_id, r.terminal_id, r.ticket_number, r.kind, r.status, r.shop_id, r.business_date, r.occurred_at, r.total_minor, r.currency, r.purchase_id,
                        r.original_number, r.warning, r.content_hash, r.received_at FROM till_ticket r
                 WHERE r.source_id = $1 AND r.terminal_id = $2 AND r.original_number = $3 AND r.business_date >= $4 AND r.status IN ('waiting', 'returned')
                   AND NOT EXISTS (SELECT 1 FROM till_ticket s WHERE s.source_id = r.source_id AND s.terminal_id = r.terminal_id AND s.ticket_number = r.original_number
                                     AND s.kind = 'sale' AND s.business_date > $4 AND s.business_date <= r.business_date)
                 ORDER BY r.occurred_at, r.id LIMIT $5";

    END: "UPDATE till_ticket SET status = $1, purchase_id = COALESCE($2, purchase_id), warning = COALESCE($3, warning) WHERE id = $4";

    LIST: "SELECT id, source_id, terminal_id, ticket_number, kind, status, shop_id, business_date, occurred_at, total_minor, currency, purchase_id, original_number,
                  warning, content_hash, received_at FROM till_ticket
           WHERE ($1 OR status IN ('waiting', 'unplaced', 'held') OR warning IS NOT NULL) AND (received_at < $2 OR (received_at = $2 AND id < $3))
           ORDER BY received_at DESC, id DESC LIMIT $4";

    UNMATCHED: "SELECT l.barcode, MAX(l.description), COUNT(*), MAX(t.occurred_at)
                FROM till_line l JOIN till_ticket t ON t.id = l.ticket_id
                WHERE l.barcode <> '' AND NOT EXISTS (SELECT 1 FROM product p WHERE p.gtin = l.gtin)
                GROUP BY l.barcode ORDER BY COUNT(*) DESC, l.barcode LIMIT 100";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(barcode: &str, description: &str) -> Result<ParsedLine, Error> {
        let line = TillLine {
            barcode: barcode.into(),
            description: description.into(),
            quantity: "2".into(),
            unit_price: None,
            discount: Some("1,00".into()),
            line_total: "4.999,00".into(),
        };
        ParsedLine::read(&line, Currency::Mxn)
    }

    #[test]
    fn a_barcode_that_a_spreadsheet_ate_is_refused_and_lost_zeros_come_back_when_proven() {
        for text in ["7,50103E+12", "7.50103e12", "7E12"] {
            assert!(matches!(line(text, ""), Err(Error::ScientificBarcode)), "{text}");
        }
        assert_eq!(line("7501031311309", "").unwrap().gtin, "7501031311309".parse().ok());
        // UPC-A 036000291452 without its zero.
        assert_eq!(line("36000291452", "").unwrap().gtin, "036000291452".parse().ok());
        assert_eq!(line("36000291453", "").unwrap().gtin, None, "no check digit proves it");
        assert_eq!(line("BOLSA", "").unwrap().gtin, None);
    }

    #[test]
    fn what_a_spreadsheet_would_run_loses_its_power() {
        assert_eq!(line("", "=cmd|' /C calc'!A0").unwrap().description, "'=cmd|' /C calc'!A0");
        assert_eq!(line("", "Pan @ 2").unwrap().description, "Pan @ 2");
    }

    #[test]
    fn a_price_that_is_not_told_is_what_remains_of_the_line() {
        let line = line("", "").unwrap();

        assert_eq!((line.quantity_milli, line.unit_price_minor, line.discount_minor, line.total_minor), (2_000, 250_000, 100, 499_900));
    }
}
