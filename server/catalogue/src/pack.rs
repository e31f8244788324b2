//! Packs: a barcode that stands for so many of another one.
//!
//! A six-pack is a product of its own: it is sold, priced and rewarded under its own barcode, and campaigns name it or do
//! not. What the relation says is how many units leave the shelf, which sell-in is compared with.
//!
//! Invariants, each held by the named guard:
//! - a pack and what is in it have one owner     `Packs::check`, and `product::update` refuses to part them
//! - no pack is in itself, and packs end         `Packs::check`: at most [`DEPTH_MAX`] relations one below the other
//! - the base is what the relations say          `write` is the only writer, and writes every base that changed

use std::collections::{BTreeMap, HashMap, HashSet};

use db::{Tx, sql};
use identity::{Actor, audit};
use serde_json::json;
use shared::{
    BrandId, Gtin, ProductId, Timestamp,
    catalogue::{NewPack, Pack},
};

use crate::{Error, product};

/// Units of one pack, at most.
pub const UNITS_MAX: i64 = 1_000;
/// Packs in packs: a pallet of cases of six-packs of bottles.
pub const DEPTH_MAX: usize = 3;
/// Relations that are looked at, at most.
const PACKS_MAX: i64 = 50_000;

/// Why something cannot be a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// 2 to [`UNITS_MAX`].
    #[error("a pack has 2 to 1000 units")]
    Units,
    /// Nobody knows what is in it.
    #[error("no product has the barcode of the unit")]
    UnknownUnit,
    /// Its unit is another brand's, or nobody's.
    #[error("a pack and its unit belong to one brand")]
    OtherBrand,
    /// It would be in itself.
    #[error("a pack cannot be in itself")]
    Cycle,
    /// More than [`DEPTH_MAX`].
    #[error("packs in packs go three deep at most")]
    TooDeep,
}

impl Wrong {
    /// Stable, for screens and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Units => "catalogue.pack_units",
            Self::UnknownUnit => "catalogue.pack_unknown_unit",
            Self::OtherBrand => "catalogue.pack_other_brand",
            Self::Cycle => "catalogue.pack_cycle",
            Self::TooDeep => "catalogue.pack_too_deep",
        }
    }
    /// The field that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::UnknownUnit | Self::OtherBrand | Self::Cycle | Self::TooDeep => "unit_gtin",
        }
    }
}

/// All relations, and the owners of what takes part: those of the list, and those that a file would make.
#[derive(Debug, Clone, Default)]
pub struct Packs {
    /// Ordered, so that what is found wrong does not depend on chance.
    links: BTreeMap<Gtin, (Gtin, i64)>,
    owners: HashMap<Gtin, Option<BrandId>>,
}

impl Packs {
    async fn read(tx: &mut Tx) -> Result<Self, Error> {
        let rows: Vec<Link> = tx.query(LINKS).bind(PACKS_MAX).all().await?;
        let mut packs = Self::default();
        for Link { gtin, brand_id, unit_gtin, unit_brand_id, units } in rows {
            packs.links.insert(gtin, (unit_gtin, units));
            packs.owners.insert(gtin, brand_id);
            packs.owners.insert(unit_gtin, unit_brand_id);
        }
        Ok(packs)
    }
    /// What is in a pack, and how many.
    pub fn of(&self, pack: &Gtin) -> Option<(Gtin, i64)> {
        self.links.get(pack).copied()
    }
    /// The product is, or will be, this brand's.
    pub fn own(&mut self, product: Gtin, brand: Option<BrandId>) {
        self.owners.insert(product, brand);
    }
    /// The pack holds, or will hold, so many of the unit.
    pub fn link(&mut self, pack: Gtin, unit: Gtin, units: i64) {
        self.links.insert(pack, (unit, units));
    }
    fn unlink(&mut self, pack: &Gtin) {
        self.links.remove(pack);
    }
    /// The innermost unit, and how many of it.
    fn base(&self, product: Gtin) -> (Gtin, i64) {
        let mut at = (product, 1_i64);
        for _ in 0..=DEPTH_MAX {
            match self.links.get(&at.0) {
                Some((unit, units)) => at = (*unit, at.1.saturating_mul(*units)),
                None => break,
            }
        }
        at
    }
    /// Whether one relation can be, among all others.
    pub fn check(&self, pack: Gtin) -> Result<(), Wrong> {
        let Some((unit, units)) = self.of(&pack) else {
            return Ok(());
        };
        if !(2..=UNITS_MAX).contains(&units) {
            return Err(Wrong::Units);
        }
        let Some(unit_owner) = self.owners.get(&unit) else {
            return Err(Wrong::UnknownUnit);
        };
        let owner = self.owners.get(&pack).copied().flatten();
        if owner.is_none() || owner != *unit_owner {
            return Err(Wrong::OtherBrand);
        }
        let (below, looped) = self.depth_below(pack);
        if looped {
            return Err(Wrong::Cycle);
        }
        if below + self.depth_above(pack) > DEPTH_MAX {
            return Err(Wrong::TooDeep);
        }
        Ok(())
    }
    /// Everything that is a pack or is in one.
    pub fn tied(&self) -> HashSet<Gtin> {
        self.links.iter().flat_map(|(pack, (unit, _))| [*pack, *unit]).collect()
    }
    /// The same for the product and for every pack that it is in: a new owner parts what was together.
    pub fn check_around(&self, product: Gtin) -> Result<(), Wrong> {
        self.check(product)?;
        let above = self.links.iter().filter(|(_, (unit, _))| *unit == product).map(|(pack, _)| *pack);
        above.map(|pack| self.check(pack)).find(Result::is_err).unwrap_or(Ok(()))
    }
    /// Relations below a product, and whether they come back to it.
    fn depth_below(&self, product: Gtin) -> (usize, bool) {
        let (mut depth, mut at) = (0, product);
        while let Some((unit, _)) = self.links.get(&at) {
            depth += 1;
            if *unit == product || depth > self.links.len() {
                return (depth, true);
            }
            at = *unit;
        }
        (depth, false)
    }
    /// The longest way up from a product, as far as it matters.
    fn depth_above(&self, product: Gtin) -> usize {
        let mut level = vec![product];
        for depth in 0..=DEPTH_MAX {
            level = self.links.iter().filter(|(_, (unit, _))| level.contains(unit)).map(|(pack, _)| *pack).collect();
            if level.is_empty() {
                return depth;
            }
        }
        DEPTH_MAX + 1
    }
}

/// The relations as they are, when a file speaks of them.
pub(crate) async fn all(tx: &mut Tx) -> Result<Packs, Error> {
    Packs::read(tx).await
}

/// A product becomes a pack of another one, or holds more or fewer of it. Whoever may change the product may say so.
pub async fn set(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProductId, new: &NewPack) -> Result<Pack, Error> {
    let pack = product::owned(tx, actor, id).await?;
    lock(tx).await?;
    let mut packs = Packs::read(tx).await?;
    let before = packs.of(&pack.gtin);
    packs.own(pack.gtin, pack.brand_id);
    if let Some(unit) = product::find_by_gtin(tx, actor, &new.unit_gtin).await? {
        packs.own(unit.gtin, unit.brand_id);
    }
    packs.link(pack.gtin, new.unit_gtin, new.units);
    packs.check(pack.gtin).map_err(Error::Pack)?;
    if before != Some((new.unit_gtin, new.units)) {
        write(tx, now, &packs).await?;
        let told = |(unit, units): (Gtin, i64)| json!({ "unit_gtin": unit, "units": units });
        audit::record(tx, actor, now, "product.pack_set", id, before.map(told), Some(told((new.unit_gtin, new.units))), None).await?;
    }
    get(tx, actor, id).await?.ok_or(Error::NotFound)
}

/// A product is no pack any more. Again: nothing happens.
pub async fn remove(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProductId) -> Result<(), Error> {
    let pack = product::owned(tx, actor, id).await?;
    lock(tx).await?;
    let mut packs = Packs::read(tx).await?;
    let Some((unit, units)) = packs.of(&pack.gtin) else {
        return Ok(());
    };
    packs.unlink(&pack.gtin);
    write(tx, now, &packs).await?;
    let before = json!({ "unit_gtin": unit, "units": units });
    audit::record(tx, actor, now, "product.pack_removed", id, Some(before), None, None).await?;
    Ok(())
}

/// Two who change relations at once take turns: a cycle needs both of them.
pub(crate) async fn lock(tx: &mut Tx) -> Result<(), Error> {
    tx.lock(LOCK).await?;
    Ok(())
}

/// Makes the table what the relations say; only rows that differ are written. The caller holds the lock and checked them.
pub(crate) async fn write(tx: &mut Tx, now: Timestamp, packs: &Packs) -> Result<(), Error> {
    let stored: Vec<Stored> = tx.query(STORED).bind(PACKS_MAX).all().await?;
    for row in stored.iter().filter(|row| !packs.links.contains_key(&row.gtin)) {
        tx.query(DELETE).bind(row.gtin).execute().await?;
    }
    let stored: HashMap<Gtin, &Stored> = stored.iter().map(|row| (row.gtin, row)).collect();
    for (pack, (unit, units)) in &packs.links {
        let (base, base_units) = packs.base(*pack);
        let same = stored
            .get(pack)
            .is_some_and(|row| (row.unit_gtin, row.units, row.base_gtin, row.base_units) == (*unit, *units, base, base_units));
        if !same {
            tx.query(WRITE).bind(*pack).bind(*unit).bind(*units).bind(base).bind(base_units).bind(now).execute().await?;
        }
    }
    Ok(())
}

/// What is in a product. `None`: it is no pack.
pub async fn get(tx: &mut Tx, actor: &Actor, id: ProductId) -> Result<Option<Pack>, Error> {
    product::get(tx, actor, id).await?;
    Ok(tx.query(GET).bind(id).maybe::<Row>().await?.map(|row| row.pack()))
}

/// Packs with what is in them, for lists of products; at most 5 000.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<(ProductId, Pack)>, Error> {
    actor.operator()?;
    Ok(tx.query(LIST).all::<Row>().await?.into_iter().map(|row| (row.pack_id, row.pack())).collect())
}

/// A product that is a pack, or is in one, keeps its owner: they would belong to two brands.
pub(crate) async fn is_tied(tx: &mut Tx, id: ProductId) -> Result<bool, Error> {
    Ok(tx.query(TIED).bind(id).one::<(bool,)>().await?.0)
}

#[derive(sqlx::FromRow)]
struct Link {
    gtin: Gtin,
    brand_id: Option<BrandId>,
    unit_gtin: Gtin,
    unit_brand_id: Option<BrandId>,
    units: i64,
}

#[derive(sqlx::FromRow)]
struct Stored {
    gtin: Gtin,
    unit_gtin: Gtin,
    units: i64,
    base_gtin: Gtin,
    base_units: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    pack_id: ProductId,
    unit_id: ProductId,
    unit_gtin: Gtin,
    unit_name: String,
    units: i64,
    base_units: i64,
}

impl Row {
    fn pack(self) -> Pack {
        let Self { pack_id: _, unit_id, unit_gtin, unit_name, units, base_units } = self;
        Pack { unit_id, unit_gtin, unit_name, units, base_units }
    }
}

/// One for all relations.
const LOCK: i64 = 0x7061_636b;

sql! {
    LINKS: "SELECT p.gtin, p.brand_id, u.gtin AS unit_gtin, u.brand_id AS unit_brand_id, k.units
            FROM product_pack k JOIN product p ON p.id = k.pack_id JOIN product u ON u.id = k.unit_id ORDER BY k.pack_id LIMIT $1";

    STORED: "SELECT p.gtin, u.gtin AS unit_gtin, k.units, b.gtin AS base_gtin, k.base_units
             FROM product_pack k JOIN product p ON p.id = k.pack_id JOIN product u ON u.id = k.unit_id JOIN product b ON b.id = k.base_id
             ORDER BY k.pack_id LIMIT $1";

    WRITE: "INSERT INTO product_pack (pack_id, unit_id, units, base_id, base_units, set_at)
            SELECT p.id, u.id, $3, b.id, $5, $6 FROM product p, product u, product b WHERE p.gtin = $1 AND u.gtin = $2 AND b.gtin = $4
            ON CONFLICT (pack_id) DO UPDATE SET unit_id = excluded.unit_id, units = excluded.units, base_id = excluded.base_id,
                base_units = excluded.base_units, set_at = excluded.set_at";

    DELETE: "DELETE FROM product_pack WHERE pack_id = (SELECT id FROM product WHERE gtin = $1)";

    GET: "SELECT k.pack_id, k.unit_id, u.gtin AS unit_gtin, u.name AS unit_name, k.units, k.base_units
          FROM product_pack k JOIN product u ON u.id = k.unit_id WHERE k.pack_id = $1";

    LIST: "SELECT k.pack_id, k.unit_id, u.gtin AS unit_gtin, u.name AS unit_name, k.units, k.base_units
           FROM product_pack k JOIN product u ON u.id = k.unit_id ORDER BY k.pack_id LIMIT 5000";

    TIED: "SELECT EXISTS (SELECT 1 FROM product_pack WHERE pack_id = $1 OR unit_id = $1)";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gtin(number: u64) -> Gtin {
        let body = 770_000_000_000 + number;
        let sum: u64 = (0..12).map(|place| body / 10_u64.pow(place) % 10 * if place % 2 == 0 { 3 } else { 1 }).sum();
        format!("{body}{}", (10 - sum % 10) % 10).parse().unwrap()
    }

    fn brand(number: u128) -> Option<BrandId> {
        Some(BrandId::fixed(number))
    }

    fn packs(links: &[(u64, u64, i64)]) -> Packs {
        let mut packs = Packs::default();
        for (pack, unit, units) in links {
            packs.own(gtin(*pack), brand(1));
            packs.own(gtin(*unit), brand(1));
            packs.link(gtin(*pack), gtin(*unit), *units);
        }
        packs
    }

    #[test]
    fn a_case_of_six_packs_has_four_times_six_units() {
        let packs = packs(&[(6, 1, 6), (24, 6, 4)]);

        assert_eq!(packs.check(gtin(24)), Ok(()));
        assert_eq!(packs.base(gtin(24)), (gtin(1), 24));
        assert_eq!(packs.base(gtin(1)), (gtin(1), 1));
    }

    #[test]
    fn what_cannot_be_a_pack_says_why() {
        let mut strangers = packs(&[(6, 1, 6)]);
        strangers.own(gtin(1), brand(2));
        let mut unknown = packs(&[(6, 1, 6)]);
        unknown.link(gtin(6), gtin(9), 6);

        assert_eq!(packs(&[(6, 1, 1)]).check(gtin(6)), Err(Wrong::Units));
        assert_eq!(packs(&[(6, 1, 1_001)]).check(gtin(6)), Err(Wrong::Units));
        assert_eq!(strangers.check(gtin(6)), Err(Wrong::OtherBrand));
        assert_eq!(unknown.check(gtin(6)), Err(Wrong::UnknownUnit));
        assert_eq!(packs(&[(6, 6, 6)]).check(gtin(6)), Err(Wrong::Cycle));
        assert_eq!(packs(&[(6, 1, 6), (1, 6, 6)]).check(gtin(1)), Err(Wrong::Cycle));
        assert_eq!(packs(&[(2, 1, 2), (3, 2, 2), (4, 3, 2)]).check(gtin(2)), Ok(()));
        assert_eq!(packs(&[(2, 1, 2), (3, 2, 2), (4, 3, 2), (5, 4, 2)]).check(gtin(3)), Err(Wrong::TooDeep));
    }

    proptest! {
        /// Whatever is said in whatever order: relations that were let in one by one never come back to themselves.
        #[test]
        fn relations_that_are_let_in_end(links in prop::collection::vec((0_u64..8, 0_u64..8, 2_i64..5), 0..40)) {
            let mut known = Packs::default();
            for number in 0..8 {
                known.own(gtin(number), brand(1));
            }
            for (pack, unit, units) in links {
                let mut next = known.clone();
                next.link(gtin(pack), gtin(unit), units);
                if next.check(gtin(pack)).is_ok() {
                    known = next;
                }
            }
            for number in 0..8 {
                let (depth, looped) = known.depth_below(gtin(number));
                prop_assert!(!looped && depth <= DEPTH_MAX);
            }
        }
    }
}
