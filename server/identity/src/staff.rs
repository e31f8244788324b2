//! What the operator sees of a shop: its people and its phones. Telephone numbers stay sealed.

use db::{Tx, sql};
use shared::{
    MemberId, ShopId, Timestamp,
    identity::{Device, Member, MemberRole, Shop},
};

use crate::{Actor, Error, shop};

/// A shop with everybody and everything that captures for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Staffed {
    /// The shop.
    pub shop: Shop,
    /// Since when it takes no part any more.
    pub closed_at: Option<Timestamp>,
    /// At most 100, first come first.
    pub members: Vec<Member>,
    /// At most 100, newest first, revoked ones too.
    pub devices: Vec<Device>,
}

/// A shop, for the operator.
pub async fn of_shop(tx: &mut Tx, actor: &Actor, id: ShopId) -> Result<Staffed, Error> {
    actor.operator()?;
    let shop = shop::get(tx, id).await?;
    let (closed_at,): (Option<Timestamp>,) = tx.query(CLOSED).bind(id).one().await?;
    let members: Vec<(MemberId, String, MemberRole)> = tx.query(MEMBERS).bind(id).all().await?;
    let devices: Vec<Device> = tx.query(DEVICES).bind(id).all().await?;
    Ok(Staffed { shop, closed_at, members: members.into_iter().map(|(id, name, role)| Member { id, name, role }).collect(), devices })
}

sql! {
    CLOSED: "SELECT closed_at FROM shop WHERE id = $1";

    MEMBERS: "SELECT id, name, role FROM shop_member WHERE shop_id = $1 AND removed_at IS NULL ORDER BY created_at, id LIMIT 100";

    DEVICES: "SELECT d.id, d.member_id, m.name AS member_name, d.name, d.enrolled_at, d.revoked_at
              FROM device d JOIN shop_member m ON m.id = d.member_id WHERE d.shop_id = $1 ORDER BY d.enrolled_at DESC, d.id DESC LIMIT 100";
}
