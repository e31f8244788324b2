//! A copy of everything that the product knows of a person, for her and for whatever she wants to bring it to: one JSON
//! file with all of it, and the same tables as CSV.
//!
//! Of other people there is nothing in it: no name of whoever served her, no number that belongs to somebody else.

use std::io::{Cursor, Write};

use db::{Sql, Tx, sql};
use identity::{Actor, audit};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{
    CampaignId, CardId, CivilDate, ConsumerId, Country, Currency, DisputeId, EntryId, Gtin, PrivacyRequestId, PurchaseId, RewardInstanceId,
    Timestamp,
    loyalty::{PurchaseStatus, campaign::Unit, card_code::PublicCode},
    rights::{RequestKind, RequestStatus},
};

use crate::{Error, Loyalty};

/// Rows of each table, at most: years of purchases.
pub const ROWS_MAX: i64 = 50_000;
/// Where a spreadsheet begins to calculate.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
const README: &str = "Tus datos en Mostrador.\r\n\r\nmis_datos.json tiene todo, para otro programa.\r\nLos archivos .csv tienen lo mismo, una tabla cada uno, y se abren en una hoja de cálculo.\r\nLos montos van en centavos (en Chile, en pesos) y las horas en UTC.\r\n";

/// One table of the copy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Name of the table and of its file.
    pub name: &'static str,
    /// Objects, one for each row.
    pub rows: Vec<Value>,
    /// The names of its columns, in order.
    #[serde(skip)]
    columns: &'static [&'static str],
}

/// Everything about one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// When it was made.
    pub made_at: Timestamp,
    /// All tables; empty ones too, so that nobody wonders.
    pub parts: Vec<Part>,
}

macro_rules! rows { ($($(#[$doc:meta])* $name:ident { $($field:ident : $kind:ty),+ $(,)? })+) => { $(
    $(#[$doc])*
    #[derive(sqlx::FromRow, Serialize)]
    struct $name { $($field: $kind),+ }
    impl $name { const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+]; }
)+ } }

rows! {
    Consent { purpose: String, controller: String, granted: bool, text_version: String, channel: String, device: String, decided_at: Timestamp }
    Session { created_at: Timestamp, expires_at: Timestamp, ended_at: Option<Timestamp> }
    Purchase { id: PurchaseId, shop: String, purchased_at: Timestamp, local_date: CivilDate, status: PurchaseStatus, reason: Option<String>, total_minor: i64, currency: Currency, fully_returned: bool }
    Line { purchase_id: PurchaseId, gtin: Gtin, product: Option<String>, quantity: i64, unit_price_minor: i64, discount_minor: i64, amount_minor: i64, returned_quantity: i64 }
    Opinion { brand: String, wave: String, score: i64, answered_at: Timestamp }
    Award { purchase_id: PurchaseId, campaign: String, unit: Unit, amount: i64 }
    Balance { brand: String, campaign: Option<String>, unit: Unit, available: i64, pending: i64, reserved: i64, debt: i64 }
    Movement { id: EntryId, kind: String, brand: String, campaign: String, unit: Unit, amount: i64, from_account: String, to_account: String, occurred_at: Timestamp }
    Reward { id: RewardInstanceId, reward: String, brand: String, status: String, issued_at: Timestamp, delivered_at: Option<Timestamp>, delivered_shop: Option<String> }
    Message { channel: String, template: String, category: String, status: String, created_at: Timestamp, sent_at: Option<Timestamp> }
    Enrolment { campaign_id: CampaignId, campaign: String, enrolled_at: Timestamp }
    Segment { brand: String, segment: String, from_at: Timestamp, until_at: Timestamp }
    Disputed { id: DisputeId, about: String, about_id: uuid::Uuid, purchase_id: Option<PurchaseId>, claim: String, opened_at: Timestamp, resolved_at: Option<Timestamp>, upheld: Option<bool>, reason: Option<String> }
    Asked { id: PrivacyRequestId, kind: RequestKind, text: String, status: RequestStatus, asked_at: Timestamp, due_date: CivilDate, decided_at: Option<Timestamp>, answer: Option<String> }
}

#[derive(sqlx::FromRow)]
struct Person {
    id: ConsumerId,
    display_name: Option<String>,
    country: Country,
    adult: bool,
    created_at: Timestamp,
    first_shop: Option<String>,
    phone_sealed: Option<Vec<u8>>,
    verified_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct CardRow {
    id: CardId,
    public_code: Vec<u8>,
    kind: String,
    created_at: Timestamp,
    blocked_at: Option<Timestamp>,
}

async fn part<R>(
    tx: &mut Tx,
    consumer: ConsumerId,
    name: &'static str,
    columns: &'static [&'static str],
    statement: Sql,
) -> Result<Part, Error>
where
    R: Serialize + db::Record,
{
    let rows = tx.query(statement).bind(consumer).bind(ROWS_MAX).all::<R>().await?;
    let rows = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(|error| Error::File(error.to_string()))?;
    Ok(Part { name, rows, columns })
}

/// Everything that the product knows of the actor; that she asked is written down.
pub async fn export(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp) -> Result<Export, Error> {
    let consumer = actor.consumer()?;
    let person: Person = tx.query(PERSON).bind(consumer).maybe().await?.ok_or(Error::NotFound)?;
    let phone = person
        .phone_sealed
        .as_deref()
        .and_then(|sealed| loyalty.keys.open("phone", sealed))
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let herself = serde_json::json!({
        "id": person.id, "name": person.display_name, "phone": phone, "phone_verified_at": person.verified_at, "country": person.country,
        "adult": person.adult, "since": person.created_at, "signed_up_at_shop": person.first_shop,
    });
    let cards: Vec<CardRow> = tx.query(CARDS).bind(consumer).bind(ROWS_MAX).all().await?;
    let cards = cards
        .into_iter()
        .map(|row| {
            let digits = row.public_code.try_into().map(|bytes| PublicCode(bytes).digits()).unwrap_or_default();
            serde_json::json!({ "id": row.id, "digits": digits, "kind": row.kind, "created_at": row.created_at, "blocked_at": row.blocked_at })
        })
        .collect();
    let parts = vec![
        Part {
            name: "persona",
            rows: vec![herself],
            columns: &["id", "name", "phone", "phone_verified_at", "country", "adult", "since", "signed_up_at_shop"],
        },
        Part { name: "tarjetas", rows: cards, columns: &["id", "digits", "kind", "created_at", "blocked_at"] },
        part::<Consent>(tx, consumer, "permisos", Consent::COLUMNS, CONSENTS).await?,
        part::<Session>(tx, consumer, "sesiones", Session::COLUMNS, SESSIONS).await?,
        part::<Purchase>(tx, consumer, "compras", Purchase::COLUMNS, PURCHASES).await?,
        part::<Line>(tx, consumer, "productos_comprados", Line::COLUMNS, LINES).await?,
        part::<Award>(tx, consumer, "puntos_por_compra", Award::COLUMNS, AWARDS).await?,
        part::<Balance>(tx, consumer, "saldos", Balance::COLUMNS, BALANCES).await?,
        part::<Movement>(tx, consumer, "movimientos", Movement::COLUMNS, MOVEMENTS).await?,
        part::<Reward>(tx, consumer, "premios", Reward::COLUMNS, REWARDS).await?,
        part::<Message>(tx, consumer, "mensajes", Message::COLUMNS, MESSAGES).await?,
        part::<Enrolment>(tx, consumer, "campanas", Enrolment::COLUMNS, ENROLMENTS).await?,
        part::<Segment>(tx, consumer, "segmentos", Segment::COLUMNS, SEGMENTS).await?,
        part::<Opinion>(tx, consumer, "opiniones", Opinion::COLUMNS, OPINIONS).await?,
        part::<Disputed>(tx, consumer, "reclamos", Disputed::COLUMNS, DISPUTES).await?,
        part::<Asked>(tx, consumer, "solicitudes", Asked::COLUMNS, REQUESTS).await?,
    ];
    let id = identity::rights::note(tx, consumer, now, RequestKind::Access).await?;
    audit::record(tx, actor, now, "privacy.exported", id, None, None, None).await?;
    Ok(Export { made_at: now, parts })
}

/// The copy as a file: `mis_datos.json`, a CSV for each table, and what they are.
pub fn zip(export: &Export) -> Result<Vec<u8>, Error> {
    let broken = |error: &dyn std::fmt::Display| Error::File(error.to_string());
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut files = vec![("LEEME.txt".to_owned(), README.as_bytes().to_vec()), ("mis_datos.json".to_owned(), json(export)?)];
    for part in &export.parts {
        files.push((format!("{}.csv", part.name), csv(part)?));
    }
    for (name, bytes) in files {
        archive.start_file(name, options).map_err(|error| broken(&error))?;
        archive.write_all(&bytes).map_err(|error| broken(&error))?;
    }
    Ok(archive.finish().map_err(|error| broken(&error))?.into_inner())
}

fn json(export: &Export) -> Result<Vec<u8>, Error> {
    let mut all = Map::new();
    all.insert("made_at".to_owned(), serde_json::json!(export.made_at));
    for part in &export.parts {
        all.insert(part.name.to_owned(), Value::Array(part.rows.clone()));
    }
    serde_json::to_vec_pretty(&all).map_err(|error| Error::File(error.to_string()))
}

/// With a BOM, because spreadsheets take UTF-8 for Latin-1 without one, and without formulas (OWASP, *CSV Injection*).
fn csv(part: &Part) -> Result<Vec<u8>, Error> {
    let broken = |error: csv::Error| Error::File(error.to_string());
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(part.columns).map_err(broken)?;
    for row in &part.rows {
        writer.write_record(part.columns.iter().map(|column| cell(row.get(column)))).map_err(broken)?;
    }
    writer.into_inner().map_err(|error| Error::File(error.to_string()))
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.starts_with(FORMULA_STARTS) => format!("'{text}"),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

sql! {
    PERSON: "SELECT c.id, c.display_name, c.country, c.adult, c.created_at, s.name AS first_shop, t.phone_sealed, t.verified_at
             FROM consumer c LEFT JOIN contact t ON t.consumer_id = c.id LEFT JOIN shop s ON s.id = c.first_shop_id
             WHERE c.id = $1 AND c.deleted_at IS NULL";

    CARDS: "SELECT id, public_code, kind, created_at, blocked_at FROM card WHERE consumer_id = $1 ORDER BY created_at, id LIMIT $2";

    CONSENTS: "SELECT purpose, controller, granted, text_version, channel, device, decided_at FROM consent WHERE consumer_id = $1 ORDER BY decided_at, id LIMIT $2";

    SESSIONS: "SELECT created_at, expires_at, revoked_at AS ended_at FROM session WHERE subject_id = $1 AND persona = 'consumer' ORDER BY created_at, id LIMIT $2";

    PURCHASES: "SELECT p.id, s.name AS shop, p.purchased_at, p.business_date AS local_date, p.status, p.reason, p.total_minor, p.currency, p.fully_returned
                FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.consumer_id = $1 ORDER BY p.purchased_at, p.id LIMIT $2";

    LINES: "SELECT l.purchase_id, l.gtin, r.name AS product, l.quantity, l.unit_price_minor, l.discount_minor, l.amount_minor, l.returned_quantity
            FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id LEFT JOIN product r ON r.id = l.product_id
            WHERE p.consumer_id = $1 ORDER BY p.purchased_at, p.id, l.line LIMIT $2";

    AWARDS: "SELECT e.purchase_id, c.name AS campaign, e.unit, e.award AS amount
             FROM purchase p JOIN evaluation_now e ON e.purchase_id = p.id JOIN campaign c ON c.id = e.campaign_id
             WHERE p.consumer_id = $1 ORDER BY p.purchased_at, p.id, c.name LIMIT $2";

    BALANCES: "SELECT b.name AS brand, c.name AS campaign, w.unit, w.available, w.pending, w.reserved, w.debt
               FROM wallet w JOIN brand b ON b.id = w.brand_id LEFT JOIN campaign c ON c.id = w.campaign_id
               WHERE w.consumer_id = $1 ORDER BY b.name, w.id LIMIT $2";

    /// With those of the cards that she claimed: they were written while nobody owned them.
    MOVEMENTS: "SELECT e.id, e.kind, b.name AS brand, c.name AS campaign, w.unit, e.amount, e.debit_account AS from_account, e.credit_account AS to_account, e.occurred_at
                FROM ledger_entry e JOIN wallet w ON w.id = e.wallet_id JOIN brand b ON b.id = e.brand_id JOIN campaign c ON c.id = e.campaign_id
                WHERE e.consumer_id IN (SELECT id FROM consumer WHERE id = $1 OR merged_into = $1) ORDER BY e.recorded_at, e.id LIMIT $2";

    REWARDS: "SELECT i.id, r.name AS reward, b.name AS brand, i.status, i.issued_at, i.delivered_at, s.name AS delivered_shop
              FROM reward_instance i JOIN reward r ON r.id = i.reward_id JOIN brand b ON b.id = i.brand_id LEFT JOIN shop s ON s.id = i.delivered_shop_id
              WHERE i.consumer_id = $1 ORDER BY i.issued_at, i.id LIMIT $2";

    MESSAGES: "SELECT channel, template, category, status, created_at, sent_at FROM message WHERE consumer_id = $1 ORDER BY created_at, id LIMIT $2";

    ENROLMENTS: "SELECT e.campaign_id, c.name AS campaign, e.enrolled_at FROM campaign_enrolment e JOIN campaign c ON c.id = e.campaign_id
                 WHERE e.consumer_id = $1 ORDER BY e.enrolled_at, e.campaign_id LIMIT $2";

    SEGMENTS: "SELECT b.name AS brand, m.name AS segment, m.from_at, m.until_at FROM segment_member m JOIN brand b ON b.id = m.brand_id
               WHERE m.consumer_id = $1 ORDER BY m.from_at, m.name LIMIT $2";

    /// The sentence beside a score is nobody's.
    OPINIONS: "SELECT b.name AS brand, a.wave, a.score, a.answered_at FROM consumer_nps_answer a JOIN brand b ON b.id = a.brand_id
               WHERE a.consumer_id = $1 ORDER BY a.answered_at, b.name LIMIT $2";

    DISPUTES: "SELECT d.id, d.subject AS about, d.subject_id AS about_id, d.purchase_id, d.claim, d.opened_at, r.resolved_at, r.upheld, r.reason
               FROM dispute d LEFT JOIN dispute_resolution r ON r.dispute_id = d.id WHERE d.consumer_id = $1 ORDER BY d.opened_at, d.id LIMIT $2";

    REQUESTS: "SELECT id, kind, text, status, asked_at, due_date, decided_at, answer FROM privacy_request WHERE consumer_id = $1 ORDER BY asked_at, id LIMIT $2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_calculates_nothing_of_it() {
        let part = Part { name: "x", rows: vec![serde_json::json!({ "a": "=1+1", "b": -3, "c": null })], columns: &["a", "b", "c"] };

        assert_eq!(String::from_utf8(csv(&part).unwrap()).unwrap(), "\u{feff}a,b,c\r\n'=1+1,-3,\r\n");
    }
}
