//! What a load needs to know of a world that is there already.

use db::{Db, Tx, sql};
use identity::session::{self, Subject};
use shared::{BrandId, CampaignId, CivilDate, ConsumerId, DeviceId, Gtin, MemberId, ShopId, Timestamp};

use crate::Error;

/// Who can be asked for, and what can be sold.
#[derive(Debug, Clone)]
pub struct Look {
    /// Brands, with their campaigns that can be measured.
    pub brands: Vec<(BrandId, Option<CampaignId>)>,
    /// Shops and their owners.
    pub shops: Vec<(ShopId, MemberId)>,
    /// What brands sell, with its price.
    pub goods: Vec<(Gtin, i64)>,
    /// Consumers with a card, spread over all of them.
    pub consumers: Vec<ConsumerId>,
    /// The last day with purchases.
    pub last_day: CivilDate,
}

/// Reads it; `consumers` of them.
pub async fn look(db: &Db, consumers: i64) -> Result<Look, Error> {
    let mut tx = db.read().await?;
    let (many,): (i64,) = tx.query(COUNT).one().await?;
    let rows: Vec<(ConsumerId,)> = tx.query(CONSUMERS).bind((many / consumers.max(1)).max(1)).bind(consumers).all().await?;
    let (last_day,): (CivilDate,) = tx.query(LAST_DAY).one().await?;
    Ok(Look {
        brands: tx.query(BRANDS).all().await?,
        shops: tx.query(SHOPS).all().await?,
        goods: tx.query(GOODS).all().await?,
        consumers: rows.into_iter().map(|(consumer,)| consumer).collect(),
        last_day,
    })
}

/// Changes of sales and points that reports have not read yet.
pub async fn unread_days(db: &Db) -> Result<i64, Error> {
    Ok(db.read().await?.query(UNREAD).one::<(i64,)>().await?.0)
}

/// A phone that was enrolled while nobody looked: its key is the measuring program's.
#[derive(Debug, Clone)]
pub struct SignedBy {
    /// As it signs.
    pub device: DeviceId,
    /// Where it stands.
    pub shop: ShopId,
    /// Whose it is.
    pub member: MemberId,
    /// P-256, 65 bytes uncompressed.
    pub public_key: Vec<u8>,
}

/// Enrols a phone at each of these shops.
pub async fn enrol_devices(db: &Db, now: Timestamp, at: &[(ShopId, MemberId, Vec<u8>)]) -> Result<Vec<SignedBy>, Error> {
    let mut tx: Tx = db.begin().await?;
    let mut enrolled = Vec::with_capacity(at.len());
    for (shop, member, public_key) in at {
        let device: DeviceId = tx.new_id();
        tx.query(ENROL).bind(device).bind(*shop).bind(*member).bind(public_key.clone()).bind("Laboratory").bind(now).execute().await?;
        enrolled.push(SignedBy { device, shop: *shop, member: *member, public_key: public_key.clone() });
    }
    tx.commit().await?;
    Ok(enrolled)
}

/// A session of a shop's person, and one of a consumer, for pages that only they see: their cookies' texts.
pub async fn open_sessions(
    db: &Db,
    now: Timestamp,
    shops: &[(ShopId, MemberId)],
    consumers: &[ConsumerId],
) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut tx: Tx = db.begin().await?;
    let (mut members, mut people) = (Vec::new(), Vec::new());
    for (shop, member) in shops {
        members.push(session::open(&mut tx, now, Subject::Member(*member, *shop)).await?.token);
    }
    for consumer in consumers {
        people.push(session::open(&mut tx, now, Subject::Consumer(*consumer)).await?.token);
    }
    tx.commit().await?;
    Ok((members, people))
}

sql! {
    BRANDS: "SELECT b.id, (SELECT a.campaign_id FROM campaign_arm a WHERE a.brand_id = b.id ORDER BY a.campaign_id LIMIT 1) FROM brand b ORDER BY b.id";

    SHOPS: "SELECT s.id, m.id FROM shop s JOIN shop_member m ON m.shop_id = s.id WHERE m.role = 'owner' ORDER BY s.id";

    GOODS: "SELECT gtin, COALESCE(suggested_price_minor, 100000) FROM product WHERE brand_id IS NOT NULL ORDER BY id";

    UNREAD: "SELECT (SELECT COUNT(*) FROM sale_change) + (SELECT COUNT(*) FROM points_change)";

    COUNT: "SELECT COUNT(*) FROM consumer";

    CONSUMERS: "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM consumer) c WHERE place % $1 = 0 ORDER BY id LIMIT $2";

    LAST_DAY: "SELECT MAX(business_date) FROM purchase_line";

    ENROL: "INSERT INTO device (id, shop_id, member_id, public_key, name, enrolled_at) VALUES ($1, $2, $3, $4, $5, $6)";
}
