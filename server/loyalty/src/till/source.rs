//! Who sends tickets, and where its terminals stand. The operator's business.

use db::{Tx, sql};
use identity::{Actor, Keys, audit};
use shared::{
    OrganisationId, ShopId, TillSourceId, Timestamp,
    till::{MadeTillSource, NewTerminal, NewTillSource, TillSource},
};

use super::ticket;
use crate::{Error, Loyalty};

const SEALED_FOR: &str = "till";
/// Longest name of a source, in characters.
const NAME_MAX: usize = 80;
/// Longest number of a terminal or a ticket, in characters.
pub(super) const NUMBER_MAX: usize = 60;
/// Tickets of a terminal that find their place when somebody says where it stands; the rest with the next word.
const PLACED_MAX: i64 = 1_000;

/// A source that is known and sends.
pub struct Source {
    /// Which.
    pub id: TillSourceId,
    /// Signs what it sends.
    pub secret: String,
}

type Row = (TillSourceId, String, Timestamp, i64, i64);

fn shown((id, name, created_at, terminals, tickets): Row) -> TillSource {
    TillSource { id, name, created_at, terminals, tickets }
}

fn operating(actor: &Actor) -> Result<OrganisationId, Error> {
    actor.operates()?;
    Ok(actor.tenant()?)
}

/// Makes a source; its secret is told this once.
pub async fn create(
    tx: &mut Tx,
    keys: &Keys,
    actor: &Actor,
    now: Timestamp,
    new: &NewTillSource,
    secret: String,
) -> Result<MadeTillSource, Error> {
    let tenant = operating(actor)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    let id: TillSourceId = tx.new_id();
    tx.query(INSERT).bind(id).bind(tenant).bind(name).bind(keys.seal(SEALED_FOR, secret.as_bytes())).bind(now).execute().await?;
    audit::record(tx, actor, now, "till_source.created", id, None, None, None).await?;
    Ok(MadeTillSource { source: TillSource { id, name: name.to_owned(), created_at: now, terminals: 0, tickets: 0 }, secret })
}

/// All of them, newest first; at most 100.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<TillSource>, Error> {
    actor.operator()?;
    let tenant = actor.tenant()?;
    Ok(tx.query(LIST).bind(tenant).all::<Row>().await?.into_iter().map(shown).collect())
}

/// A source with its secret. `None`: unknown, or it sends no more.
pub async fn find(tx: &mut Tx, keys: &Keys, id: TillSourceId) -> Result<Option<Source>, Error> {
    let sealed: Option<(Vec<u8>,)> = tx.query(SECRET).bind(id).maybe().await?;
    let secret = sealed.and_then(|(sealed,)| keys.open(SEALED_FOR, &sealed)).and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(secret.map(|secret| Source { id, secret }))
}

/// The operator's source, for a file of it.
pub(super) async fn own(tx: &mut Tx, actor: &Actor, id: TillSourceId) -> Result<TillSource, Error> {
    let tenant = operating(actor)?;
    tx.query(OWN).bind(id).bind(tenant).maybe::<Row>().await?.map(shown).ok_or(Error::NotFound)
}

/// Says where a terminal stands; tickets that waited for it find their place.
pub async fn add_terminal(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    id: TillSourceId,
    new: &NewTerminal,
) -> Result<TillSource, Error> {
    own(tx, actor, id).await?;
    let terminal = new.terminal_id.trim();
    if terminal.is_empty() || terminal.chars().count() > NUMBER_MAX || terminal.chars().any(char::is_control) {
        return Err(Error::Field("terminal_id"));
    }
    let shop = identity::shop::get(tx, new.shop_id).await?;
    tx.lock(ticket::lock_key(id, terminal)).await?;
    tx.query(PLACE).bind(id).bind(terminal).bind(shop.id).bind(now).execute().await?;
    audit::record(
        tx,
        actor,
        now,
        "till_terminal.placed",
        id,
        None,
        Some(serde_json::json!({ "terminal_id": terminal, "shop_id": shop.id })),
        None,
    )
    .await?;
    ticket::place(tx, loyalty, now, id, terminal, shop.id, PLACED_MAX).await?;
    own(tx, actor, id).await
}

pub(super) async fn shop_of(tx: &mut Tx, id: TillSourceId, terminal: &str) -> Result<Option<ShopId>, Error> {
    Ok(tx.query(SHOP_OF).bind(id).bind(terminal).maybe::<(ShopId,)>().await?.map(|(shop,)| shop))
}

sql! {
    INSERT: "INSERT INTO till_source (id, tenant_id, name, secret_sealed, created_at) VALUES ($1, $2, $3, $4, $5)";

    LIST: "SELECT s.id, s.name, s.created_at, (SELECT COUNT(*) FROM till_terminal t WHERE t.source_id = s.id), (SELECT COUNT(*) FROM till_ticket t WHERE t.source_id = s.id)
           FROM till_source s WHERE s.tenant_id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT 100";

    OWN: "SELECT s.id, s.name, s.created_at, (SELECT COUNT(*) FROM till_terminal t WHERE t.source_id = s.id), (SELECT COUNT(*) FROM till_ticket t WHERE t.source_id = s.id)
          FROM till_source s WHERE s.id = $1 AND s.tenant_id = $2";

    SECRET: "SELECT secret_sealed FROM till_source WHERE id = $1 AND disabled_at IS NULL";

    PLACE: "INSERT INTO till_terminal (source_id, terminal_id, shop_id, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (source_id, terminal_id) DO UPDATE SET shop_id = excluded.shop_id";

    SHOP_OF: "SELECT shop_id FROM till_terminal WHERE source_id = $1 AND terminal_id = $2";
}
