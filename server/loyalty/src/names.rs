//! What ids are called, for the operator who reads them in a list: nobody knows a campaign by its number.
//!
//! Consumers are left out: in the audit they stay pseudonyms.

use std::collections::BTreeMap;

use db::{Sql, Tx, sql};
use identity::Actor;
use uuid::Uuid;

use crate::Error;

/// Ids that are looked up at once, at most.
pub const NAMES_MAX: usize = 300;

/// The names of those of the ids that are called something, by id. The operator's alone; see [`NAMES_MAX`].
pub async fn of(tx: &mut Tx, actor: &Actor, ids: impl IntoIterator<Item = String>) -> Result<BTreeMap<String, String>, Error> {
    actor.operator()?;
    let mut names = BTreeMap::new();
    let mut asked: Vec<String> = ids.into_iter().collect();
    asked.sort();
    asked.dedup();
    for id in asked.into_iter().take(NAMES_MAX) {
        let Some((statement, uuid)) = parsed(&id) else { continue };
        if let Some((name,)) = tx.query(statement).bind(uuid).maybe::<(String,)>().await? {
            names.insert(id, name);
        }
    }
    Ok(names)
}

/// Which table knows it.
fn parsed(id: &str) -> Option<(Sql, Uuid)> {
    let (kind, hex) = id.split_once('_').filter(|(_, hex)| hex.len() == 32)?;
    let statement = match kind {
        "org" => ORGANISATION,
        "bra" => BRAND,
        "pro" => PRODUCT,
        "sho" => SHOP,
        "mem" => MEMBER,
        "dev" => DEVICE,
        "usr" => USER,
        "key" => KEY,
        "cam" => CAMPAIGN,
        "ver" => VERSION,
        "rew" => REWARD,
        "rin" => INSTANCE,
        "pur" => PURCHASE,
        "sta" => STATEMENT,
        "whs" => WEBHOOK,
        _ => return None,
    };
    Some((statement, Uuid::try_parse(hex).ok()?))
}

sql! {
    ORGANISATION: "SELECT name FROM organisation WHERE id = $1";

    BRAND: "SELECT name FROM brand WHERE id = $1";

    PRODUCT: "SELECT name FROM product WHERE id = $1";

    SHOP: "SELECT name FROM shop WHERE id = $1";

    MEMBER: "SELECT m.name || ' · ' || s.name FROM shop_member m JOIN shop s ON s.id = m.shop_id WHERE m.id = $1";

    DEVICE: "SELECT s.name FROM device d JOIN shop s ON s.id = d.shop_id WHERE d.id = $1";

    USER: "SELECT name FROM org_user WHERE id = $1";

    KEY: "SELECT name FROM api_key WHERE id = $1";

    CAMPAIGN: "SELECT name FROM campaign WHERE id = $1";

    VERSION: "SELECT c.name FROM campaign_version v JOIN campaign c ON c.id = v.campaign_id WHERE v.id = $1";

    REWARD: "SELECT name FROM reward WHERE id = $1";

    INSTANCE: "SELECT r.name FROM reward_instance i JOIN reward r ON r.id = i.reward_id WHERE i.id = $1";

    /// Where it was.
    PURCHASE: "SELECT s.name FROM purchase p JOIN shop s ON s.id = p.shop_id WHERE p.id = $1";

    STATEMENT: "SELECT b.name || ' · ' || h.name FROM statement s JOIN brand b ON b.id = s.brand_id JOIN shop h ON h.id = s.shop_id WHERE s.id = $1";

    WEBHOOK: "SELECT url FROM webhook_subscription WHERE id = $1";
}
