//! A brand's sales of one local day, read once from the purchases and kept packed.
//!
//! Reports fold over days instead of reading lines: a day of ten thousand purchases is a few hundred kilobytes and a
//! few hundred microseconds. What is kept is what the metrics' definitions ask of a sale, nothing added up: so late
//! sales, returns (restated on their purchase's own date), decisions about held purchases and claimed cards need no
//! rule of their own. Their verbs say which days changed (`sale_change`, in the same transaction), and those days are
//! read again. Who works at a shop is asked when a report is read, because it changes what every past day means.
//!
//! Invariants, beside those of every [kept day](crate::kept):
//! - a buyer of a brand has one number, for ever                 she gets it before a day that names her is kept

use std::collections::{BTreeMap, HashMap};

use db::{Db, Sql, Tx, sql};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use shared::{
    BrandId, CivilDate, ConsumerId, Country, Currency, OrganisationId, ProductId, PurchaseId, ShopId, Timestamp, loyalty::PurchaseStatus,
};
use uuid::Uuid;

use crate::{
    Error,
    kept::{Changes, DAYS_AT_ONCE, Pace, RUN_DAYS, SHOWN_MAX, SMALL, Waiting, of_source},
    scope::Scope,
};

/// Kept days that are read in one statement, at most: some hundred kilobytes each.
const KEPT_DAYS: i64 = 8;
/// Buyers who get their numbers in one transaction, at most: on SQLite purchases wait for it.
const NUMBERED_AT_ONCE: usize = 40;

/// One line of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub product: ProductId,
    pub quantity: i64,
    pub amount_minor: i64,
    pub returned: i64,
    pub returned_minor: i64,
    /// Paid with a reward: handed over, not sold.
    pub reward: bool,
}

impl Line {
    /// Net of what came back.
    pub fn units(&self) -> i64 {
        self.quantity - self.returned
    }
    /// Net of what came back.
    pub fn net_minor(&self) -> i64 {
        self.amount_minor - self.returned_minor
    }
}

/// A purchase with lines of the brand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale<'a> {
    pub date: CivilDate,
    /// Her number among the brand's buyers: small ones, so that what is known of each lies in a row.
    pub buyer: u32,
    /// She works at the shop: a sale without a buyer.
    pub own: bool,
    /// Somebody who is more than a card: she signed up and did not have herself forgotten.
    pub identified: bool,
    /// When she signed up.
    pub registered_at: Timestamp,
    /// Where she did.
    pub registered_shop: Option<ShopId>,
    pub country: Country,
    /// Only a card.
    pub anonymous: bool,
    pub shop: ShopId,
    pub accepted: bool,
    pub currency: Currency,
    pub at: Timestamp,
    pub received_at: Timestamp,
    lines: &'a [Line],
}

impl Sale<'_> {
    /// What counts as sold, also when all of it came back: the view `sold_line`.
    pub fn sold(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| self.accepted && !line.reward)
    }
    /// Lines that have something left: the view `valid_line`.
    pub fn valid(&self) -> impl Iterator<Item = &Line> {
        self.sold().filter(|line| line.units() > 0)
    }
    pub fn is_valid(&self) -> bool {
        self.valid().next().is_some()
    }
}

/// A day as it is kept. Names that come again and again are numbers.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Packed {
    shops: Vec<[u8; 16]>,
    products: Vec<[u8; 16]>,
    currencies: Vec<Currency>,
    countries: Vec<Country>,
    sales: Vec<PackedSale>,
    lines: Vec<PackedLine>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PackedSale {
    buyer: u32,
    registered_at: i64,
    registered_shop: Option<u32>,
    country: u32,
    anonymous: bool,
    shop: u32,
    accepted: bool,
    currency: u32,
    at: i64,
    delay_ms: i64,
    lines: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PackedLine {
    product: u32,
    quantity: i64,
    amount_minor: i64,
    returned: i64,
    returned_minor: i64,
    reward: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    business_date: CivilDate,
    purchase_id: PurchaseId,
    product_id: ProductId,
    quantity: i64,
    amount_minor: i64,
    returned_quantity: i64,
    returned_amount_minor: i64,
    reward_line: bool,
    shop_id: ShopId,
    consumer_id: ConsumerId,
    buyer: Option<i64>,
    status: PurchaseStatus,
    currency: Currency,
    purchased_at: Timestamp,
    received_at: Timestamp,
    registered_at: Timestamp,
    first_shop_id: Option<ShopId>,
    country: Country,
    anonymous: bool,
}

/// The number of a name; a new one gets the next.
fn number<T: PartialEq>(names: &mut Vec<T>, name: T) -> u32 {
    let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    });
    place as u32
}

/// The same for names of which there are many.
#[derive(Default)]
struct Numbers(HashMap<[u8; 16], u32>);

impl Numbers {
    fn of(&mut self, names: &mut Vec<[u8; 16]>, id: Uuid) -> u32 {
        *self.0.entry(id.into_bytes()).or_insert_with(|| {
            names.push(id.into_bytes());
            names.len() as u32 - 1
        })
    }
}

impl Packed {
    /// Rows of one purchase follow each other. Whoever has no number gets one from `number_of`.
    fn of(rows: &[Row], mut number_of: impl FnMut(ConsumerId) -> u32) -> Self {
        let mut packed = Self::default();
        let mut shops = Numbers::default();
        let mut last: Option<PurchaseId> = None;
        for row in rows {
            if last.replace(row.purchase_id) != Some(row.purchase_id) {
                packed.sales.push(PackedSale {
                    buyer: row.buyer.and_then(|number| u32::try_from(number).ok()).unwrap_or_else(|| number_of(row.consumer_id)),
                    registered_at: row.registered_at.0,
                    registered_shop: row.first_shop_id.map(|shop| shops.of(&mut packed.shops, shop.0)),
                    country: number(&mut packed.countries, row.country),
                    anonymous: row.anonymous,
                    shop: shops.of(&mut packed.shops, row.shop_id.0),
                    accepted: row.status == PurchaseStatus::Accepted,
                    currency: number(&mut packed.currencies, row.currency),
                    at: row.purchased_at.0,
                    delay_ms: row.received_at.since(row.purchased_at),
                    lines: 0,
                });
            }
            packed.lines.push(PackedLine {
                product: number(&mut packed.products, row.product_id.0.into_bytes()),
                quantity: row.quantity,
                amount_minor: row.amount_minor,
                returned: row.returned_quantity,
                returned_minor: row.returned_amount_minor,
                reward: row.reward_line,
            });
            if let Some(sale) = packed.sales.last_mut() {
                sale.lines += 1;
            }
        }
        packed
    }

    /// Every sale of the day, in the order in which they happened. A row that is damaged refuses the report.
    fn each(&self, date: CivilDate, known: &Buyers, lines: &mut Vec<Line>, fold: &mut impl FnMut(&Sale<'_>)) -> Result<(), Error> {
        let shop = |number: u32| self.shops.get(number as usize).map(|id| ShopId(Uuid::from_bytes(*id)));
        let mut rest = self.lines.as_slice();
        for sale in &self.sales {
            let (mine, others) = rest.split_at_checked(sale.lines as usize).ok_or(Error::Bounds)?;
            rest = others;
            lines.clear();
            for line in mine {
                let product = self.products.get(line.product as usize).ok_or(Error::Bounds)?;
                let product = ProductId(Uuid::from_bytes(*product));
                lines.push(Line {
                    product,
                    quantity: line.quantity,
                    amount_minor: line.amount_minor,
                    returned: line.returned,
                    returned_minor: line.returned_minor,
                    reward: line.reward,
                });
            }
            let at = Timestamp(sale.at);
            let place = shop(sale.shop).ok_or(Error::Bounds)?;
            fold(&Sale {
                date,
                buyer: sale.buyer,
                own: known.staff.contains(&(sale.buyer, place)),
                identified: !sale.anonymous && !known.forgotten.contains(&sale.buyer),
                registered_at: Timestamp(sale.registered_at),
                registered_shop: sale.registered_shop.and_then(shop),
                country: *self.countries.get(sale.country as usize).ok_or(Error::Bounds)?,
                anonymous: sale.anonymous,
                shop: place,
                accepted: sale.accepted,
                currency: *self.currencies.get(sale.currency as usize).ok_or(Error::Bounds)?,
                at,
                received_at: at.plus_ms(sale.delay_ms),
                lines,
            });
        }
        Ok(())
    }

    /// What was kept, in the place of the day before: a year of days asks for memory a few times, not a few times a day.
    fn fill(&mut self, kept: &[u8]) -> Result<(), Error> {
        let rest = fill(&mut self.shops, kept)?;
        let rest = fill(&mut self.products, rest)?;
        let rest = fill(&mut self.currencies, rest)?;
        let rest = fill(&mut self.countries, rest)?;
        let rest = fill(&mut self.sales, rest)?;
        fill(&mut self.lines, rest).map(|_| ())
    }

    fn last_received_at(&self, date: CivilDate) -> Result<Option<Timestamp>, Error> {
        let mut last = None;
        self.each(date, &Buyers::default(), &mut Vec::new(), &mut |sale| {
            if sale.is_valid() {
                last = last.max(Some(sale.received_at));
            }
        })?;
        Ok(last)
    }
}

/// Where the sales of a period come from; last day excluded.
enum Piece {
    /// At most [`KEPT_DAYS`] of them.
    Kept {
        from: CivilDate,
        to: CivilDate,
        last_received_at: Option<Timestamp>,
    },
    Purchases {
        from: CivilDate,
        to: CivilDate,
    },
}

#[derive(sqlx::FromRow)]
struct KeptRow {
    business_date: CivilDate,
    purchases: i64,
    last_received_at: Option<Timestamp>,
}

/// What is kept of a period and may be used.
async fn pieces(tx: &mut Tx, scope: &Scope, from: CivilDate, to: CivilDate) -> Result<Vec<Piece>, Error> {
    let kept: Vec<KeptRow> = tx.query(KEPT).bind(scope.brand).bind(scope.tenant).bind(from).bind(to).all().await?;
    let changed: Vec<(CivilDate, Timestamp, Timestamp)> = tx.query(CHANGED).bind(scope.brand).bind(from).bind(to).all().await?;
    let changed: BTreeMap<CivilDate, Waiting> =
        changed.into_iter().map(|(date, oldest, newest)| (date, Waiting { oldest, newest })).collect();
    let usable = |row: &KeptRow| changed.get(&row.business_date).is_none_or(|waiting| waiting.may_wait(scope.now) && row.purchases > SMALL);
    let mut pieces = Vec::new();
    let mut next = from;
    for row in kept.into_iter().filter(usable) {
        let date = row.business_date;
        runs(&mut pieces, next, date);
        next = date.plus_days(1).ok_or(Error::Period)?;
        match pieces.last_mut() {
            Some(Piece::Kept { from, to, last_received_at }) if *to == date && from.plus_days(KEPT_DAYS) > Some(date) => {
                *to = next;
                *last_received_at = (*last_received_at).max(row.last_received_at);
            }
            _ => pieces.push(Piece::Kept { from: date, to: next, last_received_at: row.last_received_at }),
        }
    }
    runs(&mut pieces, next, to);
    Ok(pieces)
}

/// Days that are not kept, in runs of a bounded length. The first run may be long when nothing was sold in it.
fn runs(pieces: &mut Vec<Piece>, mut from: CivilDate, to: CivilDate) {
    while from < to {
        // The calendar ends before some run would.
        let end = from.plus_days(RUN_DAYS).map_or(to, |end| end.min(to));
        pieces.push(Piece::Purchases { from, to: end });
        from = end;
    }
}

/// The numbers of a brand's buyers, as one reader sees them. Whoever bought only on days that are not kept yet gets a number
/// that lasts as long as the reading.
#[derive(Default)]
pub(crate) struct Buyers {
    /// Who works where.
    staff: FxHashSet<(u32, ShopId)>,
    /// Whoever had herself forgotten is only a card again.
    forgotten: FxHashSet<u32>,
    passing: FxHashMap<ConsumerId, u32>,
    next: u32,
    /// Of people without a number, until they get one.
    staff_ids: Vec<(ConsumerId, ShopId)>,
    forgotten_ids: FxHashSet<ConsumerId>,
}

impl Buyers {
    pub async fn read(tx: &mut Tx, scope: &Scope) -> Result<Self, Error> {
        let mut known = Self::default();
        let last: Option<(i64,)> = tx.query(LAST_NUMBER).bind(scope.brand).bind(scope.tenant).maybe().await?;
        known.next = last.and_then(|(last,)| u32::try_from(last + 1).ok()).unwrap_or_default();
        let staff: Vec<(ConsumerId, ShopId, Option<i64>)> = tx.query(STAFF).bind(scope.brand).bind(scope.tenant).all().await?;
        for (consumer, shop, number) in staff {
            match number.and_then(|number| u32::try_from(number).ok()) {
                Some(number) => drop(known.staff.insert((number, shop))),
                None => known.staff_ids.push((consumer, shop)),
            }
        }
        let forgotten: Vec<(ConsumerId, Option<i64>)> = tx.query(FORGOTTEN).bind(scope.brand).bind(scope.tenant).all().await?;
        for (consumer, number) in forgotten {
            match number.and_then(|number| u32::try_from(number).ok()) {
                Some(number) => drop(known.forgotten.insert(number)),
                None => drop(known.forgotten_ids.insert(consumer)),
            }
        }
        Ok(known)
    }

    fn number(&mut self, consumer: ConsumerId) -> u32 {
        if let Some(number) = self.passing.get(&consumer) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        self.passing.insert(consumer, number);
        self.staff.extend(self.staff_ids.iter().filter(|(known, _)| *known == consumer).map(|(_, shop)| (number, *shop)));
        if self.forgotten_ids.contains(&consumer) {
            self.forgotten.insert(number);
        }
        number
    }

    /// Every sale of the brand in [from, to), day after day, in the order in which they happened.
    pub async fn each(
        &mut self,
        tx: &mut Tx,
        scope: &Scope,
        from: CivilDate,
        to: CivilDate,
        mut fold: impl FnMut(&Sale<'_>),
    ) -> Result<(), Error> {
        let (mut packed, mut lines) = (Packed::default(), Vec::new());
        for piece in pieces(tx, scope, from, to).await? {
            match piece {
                Piece::Kept { from, to, .. } => {
                    let kept: Vec<(CivilDate, Vec<u8>)> =
                        tx.query(SALES).bind(scope.brand).bind(scope.tenant).bind(from).bind(to).all().await?;
                    for (date, kept) in kept {
                        packed.fill(&kept)?;
                        packed.each(date, self, &mut lines, &mut fold)?;
                    }
                }
                Piece::Purchases { from, to } => {
                    let rows: Vec<Row> = tx.query(PURCHASES).bind(scope.brand).bind(scope.tenant).bind(from).bind(to).all().await?;
                    for day in rows.chunk_by(|a, b| a.business_date == b.business_date) {
                        if let Some(first) = day.first() {
                            let packed = Packed::of(day, |consumer| self.number(consumer));
                            packed.each(first.business_date, self, &mut lines, &mut fold)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Who they are, for the product itself: no door shows it.
    pub async fn ids(&self, tx: &mut Tx, scope: &Scope) -> Result<FxHashMap<u32, ConsumerId>, Error> {
        let kept: Vec<(ConsumerId, i64)> = tx.query(BUYERS).bind(scope.brand).bind(scope.tenant).all().await?;
        let kept = kept.into_iter().filter_map(|(consumer, number)| Some((u32::try_from(number).ok()?, consumer)));
        Ok(kept.chain(self.passing.iter().map(|(consumer, number)| (*number, *consumer))).collect())
    }
}

/// Every sale of the brand in [from, to), day after day, in the order in which they happened.
pub(crate) async fn each(tx: &mut Tx, scope: &Scope, from: CivilDate, to: CivilDate, fold: impl FnMut(&Sale<'_>)) -> Result<(), Error> {
    Buyers::read(tx, scope).await?.each(tx, scope, from, to, fold).await
}

/// When the newest valid sale of a period arrived, as far as [`each`] sees it.
pub(crate) async fn last_received_at(tx: &mut Tx, scope: &Scope, from: CivilDate, to: CivilDate) -> Result<Option<Timestamp>, Error> {
    let mut last = None;
    for piece in pieces(tx, scope, from, to).await? {
        last = last.max(match piece {
            Piece::Kept { last_received_at, .. } => last_received_at,
            Piece::Purchases { from, to } => {
                tx.query(LAST_RECEIVED).bind(scope.brand).bind(scope.tenant).bind(from).bind(to).one::<(Option<Timestamp>,)>().await?.0
            }
        });
    }
    Ok(last)
}

/// The first day of which the brand sold anything; the day asked about when there is none before it.
pub(crate) async fn first_day(tx: &mut Tx, scope: &Scope, before: CivilDate) -> Result<CivilDate, Error> {
    let (first,): (Option<CivilDate>,) = tx.query(FIRST_DAY).bind(scope.brand).one().await?;
    Ok(first.map_or(before, |first| first.min(before)))
}

/// A list as postcard writes it, how many and then each; and the bytes after it.
fn fill<'a, T: Deserialize<'a>>(items: &mut Vec<T>, kept: &'a [u8]) -> Result<&'a [u8], Error> {
    let (many, mut rest) = postcard::take_from_bytes::<u64>(kept).map_err(|_| Error::Bounds)?;
    items.clear();
    for _ in 0..many {
        let (item, others) = postcard::take_from_bytes(rest).map_err(|_| Error::Bounds)?;
        items.push(item);
        rest = others;
    }
    Ok(rest)
}

/// Reads days again of which something changed, those that wait longest first. Returns how many there were; when these are
/// [`DAYS_AT_ONCE`], more may wait.
pub async fn refresh(db: &Db, now: Timestamp, pace: Pace) -> Result<usize, Error> {
    let waiting: Vec<(BrandId, CivilDate)> = db.read().await?.query(WAITING).bind(DAYS_AT_ONCE as i64).all().await?;
    pace.each(waiting, |brand, date| keep(db, now, brand, date)).await
}

/// Keeps a day as it is now, unless somebody else began after us, and keeps it.
async fn keep(db: &Db, now: Timestamp, brand: BrandId, date: CivilDate) -> Result<(), Error> {
    let Some(taken) = CHANGES.take(db, brand, date).await? else {
        return Ok(());
    };
    let Some((tenant, mut rows)) = of_source(db, brand, move |tx, tenant| Box::pin(read(tx, brand, tenant, date))).await? else {
        return Ok(());
    };
    let new = rows.iter().filter(|row| row.buyer.is_none()).map(|row| row.consumer_id).collect();
    let given = give_numbers(db, brand, tenant, new).await?;
    for row in rows.iter_mut().filter(|row| row.buyer.is_none()) {
        row.buyer = Some(*given.get(&row.consumer_id).ok_or(Error::Bounds)?);
    }
    // Nobody has the last of all numbers.
    let packed = Packed::of(&rows, |_| u32::MAX);
    let bytes = postcard::to_stdvec(&packed).map_err(|_| Error::Bounds)?;
    let last = packed.last_received_at(date)?;
    let Some(mut tx) = taken.forget(db).await? else {
        return Ok(());
    };
    tx.query(KEEP).bind(brand).bind(tenant).bind(date).bind(packed.sales.len() as i64).bind(last).bind(bytes).bind(now).execute().await?;
    tx.commit().await?;
    Ok(())
}

async fn read(tx: &mut Tx, brand: BrandId, tenant: OrganisationId, date: CivilDate) -> Result<Vec<Row>, Error> {
    let tomorrow = date.plus_days(1).ok_or(Error::Period)?;
    Ok(tx.query(PURCHASES).bind(brand).bind(tenant).bind(date).bind(tomorrow).all().await?)
}

/// A number for each buyer who has none. Numbers that two workers give at once would collide, so they wait for each other.
async fn give_numbers(
    db: &Db,
    brand: BrandId,
    tenant: OrganisationId,
    mut new: Vec<ConsumerId>,
) -> Result<FxHashMap<ConsumerId, i64>, Error> {
    new.sort_unstable();
    new.dedup();
    let mut given = FxHashMap::default();
    for batch in new.chunks(NUMBERED_AT_ONCE) {
        let mut tx = db.begin().await?;
        tx.lock(brand.lock_key()).await?;
        let last: Option<(i64,)> = tx.query(LAST_NUMBER).bind(brand).bind(tenant).maybe().await?;
        let first = last.map_or(0, |(last,)| last + 1);
        let rows = (first..).zip(batch);
        let query = rows.fold(tx.query(numbering(batch.len())), |query, (number, consumer)| {
            query.bind(brand).bind(tenant).bind(*consumer).bind(number)
        });
        given.extend(query.all::<(ConsumerId, i64)>().await?);
        tx.commit().await?;
    }
    Ok(given)
}

/// Numbers so many buyers, and tells every one's number; who has one keeps it.
pub(crate) fn numbering(rows: usize) -> Sql {
    const KEPT: &str = "ON CONFLICT (brand_id, consumer_id) DO UPDATE SET number = report_buyer.number RETURNING consumer_id, number";
    NUMBER.with_rows_then(4, rows, KEPT)
}

const NUMBER: Sql = Sql::same("INSERT INTO report_buyer (brand_id, tenant_id, consumer_id, number) VALUES");

/// Reads all kept days of which nothing changed from the purchases: how many there are, and the first of those that differ.
pub async fn verify(db: &Db) -> Result<(i64, Vec<String>), Error> {
    let mut tx = db.read().await?;
    let days: Vec<(BrandId, OrganisationId, CivilDate)> = tx.query(UNCHANGED).all().await?;
    let (mut differ, mut packed) = (Vec::new(), Packed::default());
    for (brand, tenant, date) in &days {
        let (_, kept): (CivilDate, Vec<u8>) =
            tx.query(SALES).bind(*brand).bind(*tenant).bind(*date).bind(date.plus_days(1).ok_or(Error::Period)?).one().await?;
        let rows = read(&mut tx, *brand, *tenant, *date).await?;
        // Nobody has the last of all numbers.
        packed.fill(&kept)?;
        if packed != Packed::of(&rows, |_| u32::MAX) && differ.len() < SHOWN_MAX {
            differ.push(format!("{brand} {date}"));
        }
    }
    Ok((days.len() as i64, differ))
}

const CHANGES: Changes = Changes { take: TAKE, forget: FORGET };

sql! {
    KEPT: "SELECT business_date, purchases, last_received_at FROM report_day WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 ORDER BY business_date";

    CHANGED: "SELECT business_date, MIN(changed_at), MAX(changed_at) FROM sale_change WHERE brand_id = $1 AND business_date >= $2 AND business_date < $3 GROUP BY business_date";

    SALES: "SELECT business_date, sales FROM report_day WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4 ORDER BY business_date";

    PURCHASES: "SELECT l.business_date, l.purchase_id, l.product_id, l.quantity, l.amount_minor, l.returned_quantity, l.returned_amount_minor, l.reward_line,
                       p.shop_id, p.consumer_id, r.number AS buyer, p.status, p.currency, p.purchased_at, p.received_at,
                       n.created_at AS registered_at, n.first_shop_id, n.country, n.anonymous
                FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id JOIN consumer n ON n.id = p.consumer_id
                     LEFT JOIN report_buyer r ON r.brand_id = l.brand_id AND r.tenant_id = l.tenant_id AND r.consumer_id = p.consumer_id
                WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date < $4 AND l.product_id IS NOT NULL
                ORDER BY l.business_date, p.purchased_at, l.purchase_id, l.line";

    LAST_RECEIVED: "SELECT MAX(received_at) FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4";

    FIRST_DAY: "SELECT MIN(business_date) FROM purchase_line WHERE brand_id = $1";

    STAFF: "SELECT t.consumer_id, m.shop_id, r.number FROM shop_member m JOIN contact t ON t.phone_hash = m.phone_hash
                 LEFT JOIN report_buyer r ON r.brand_id = $1 AND r.tenant_id = $2 AND r.consumer_id = t.consumer_id
            WHERE m.removed_at IS NULL";

    /// Few.
    FORGOTTEN: "SELECT c.id, r.number FROM consumer c LEFT JOIN contact t ON t.consumer_id = c.id
                     LEFT JOIN report_buyer r ON r.brand_id = $1 AND r.tenant_id = $2 AND r.consumer_id = c.id
                WHERE c.deleted_at IS NOT NULL AND t.consumer_id IS NULL";

    LAST_NUMBER: "SELECT number FROM report_buyer WHERE brand_id = $1 AND tenant_id = $2 ORDER BY number DESC LIMIT 1";

    BUYERS: "SELECT consumer_id, number FROM report_buyer WHERE brand_id = $1 AND tenant_id = $2";

    WAITING: "SELECT brand_id, business_date FROM sale_change GROUP BY brand_id, business_date ORDER BY MIN(changed_at), brand_id, business_date LIMIT $1";

    TAKE: "UPDATE sale_change SET taken = $1 WHERE brand_id = $2 AND business_date = $3";

    FORGET: "DELETE FROM sale_change WHERE brand_id = $1 AND business_date = $2 AND taken = $3";

    KEEP: "INSERT INTO report_day (brand_id, tenant_id, business_date, purchases, last_received_at, sales, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (brand_id, business_date) DO UPDATE SET purchases = excluded.purchases, last_received_at = excluded.last_received_at,
                sales = excluded.sales, read_at = excluded.read_at";

    UNCHANGED: "SELECT d.brand_id, d.tenant_id, d.business_date FROM report_day d
                WHERE NOT EXISTS (SELECT 1 FROM sale_change c WHERE c.brand_id = d.brand_id AND c.business_date = d.business_date)
                ORDER BY d.brand_id, d.business_date";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

    use shared::identity::OrganisationKind;

    use super::*;

    sql! {
        KEPT_DAYS: "SELECT (SELECT COUNT(*) FROM report_day), (SELECT COUNT(*) FROM report_points)";
    }

    #[test]
    fn a_day_is_read_in_the_place_of_another_and_damage_is_told() {
        let sale = |buyer| PackedSale {
            buyer,
            registered_at: 1_773_154_800_000,
            registered_shop: (buyer == 1).then_some(0),
            country: 0,
            anonymous: buyer == 2,
            shop: 0,
            accepted: true,
            currency: 0,
            at: 1_773_158_400_000,
            delay_ms: 40,
            lines: 1,
        };
        let line =
            |product| PackedLine { product, quantity: 2, amount_minor: 500_000, returned: 0, returned_minor: 0, reward: product == 1 };
        let day = |many: u32| Packed {
            shops: vec![[7; 16]],
            products: vec![[8; 16], [9; 16]],
            currencies: vec![Currency::Cop],
            countries: vec![Country::Co],
            sales: (0..many).map(sale).collect(),
            lines: (0..many).map(|number| line(number % 2)).collect(),
        };
        let kept = postcard::to_stdvec(&day(3)).unwrap();
        let mut read = Packed::default();

        for other in [day(9), day(0), day(3)] {
            read.fill(&postcard::to_stdvec(&other).unwrap()).unwrap();
            assert_eq!(read, other);
        }
        for end in 0..kept.len() {
            assert!(read.fill(&kept[..end]).is_err(), "{end} of {} bytes", kept.len());
        }
    }

    db::both_databases! {
        async fn who_comes_to_a_day_that_another_has_kept_writes_nothing(db: &Db) {
            let now = Timestamp(1_773_154_800_000);
            let mut tx = db.begin().await.unwrap();
            let owner = identity::organisation::create(&mut tx, &identity::Actor::System, now, "Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
            let brand = identity::organisation::create_brand(&mut tx, &identity::Actor::System, now, owner.id, "Cola Sierra", "#9F1239").await.unwrap();
            tx.commit().await.unwrap();

            // Seen among the waiting ones; its change is gone when its turn comes.
            keep(db, now, brand.id, "2026-03-10".parse().unwrap()).await.unwrap();
            crate::points::keep(db, now, brand.id, 20_522).await.unwrap();

            assert_eq!(db.read().await.unwrap().query(KEPT_DAYS).one::<(i64, i64)>().await.unwrap(), (0, 0));
        }
    }
}
