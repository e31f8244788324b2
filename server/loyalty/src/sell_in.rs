//! What distributors say that shops had and bought: the measure of what shops say that they sold.
//!
//! A CSV file with `tienda` (the distributor's code of the shop, or ours), `gtin`, `fecha`, `comprado` and, on the day on
//! which somebody counted, `inicial`. The same row again takes the place of the one before.

use std::collections::HashMap;

use db::{Tx, sql};
use identity::{
    Actor, audit,
    table::{self, Shape, TableError},
};
use shared::{
    BrandId, CivilDate, Gtin, OrganisationId, Problem, ProductId, SellInFileId, ShopId, Timestamp,
    loyalty::alert::{SellInReport, WrongRow},
};

use crate::Error;

/// Rows of one file, at most.
pub const ROWS_MAX: usize = 20_000;
/// Units of one row, at most.
const UNITS_MAX: i64 = 1_000_000;
/// Wrong rows that are told, at most.
pub(crate) const WRONG_MAX: usize = 500;
pub(crate) const SHAPE: Shape = Shape { columns: &["tienda", "gtin", "fecha", "comprado", "inicial"], needed: 4, rows_max: ROWS_MAX };

/// A product of one of the actor's tenants.
pub(crate) type Product = (ProductId, BrandId, OrganisationId);

pub(crate) struct Row {
    pub shop: ShopId,
    pub product: Product,
    pub day: CivilDate,
    pub bought: i64,
    /// `None`: nobody counted that day.
    pub counted: Option<i64>,
}

/// Reads a file and, with `apply`, writes the rows that are right. Who may change a tenant's campaigns may load what its
/// distributors say; the operator may for all.
pub async fn load(tx: &mut Tx, actor: &Actor, now: Timestamp, file: &[u8], apply: bool) -> Result<SellInReport, Error> {
    let tenant = whose(actor)?;
    let lines = table::read(&SHAPE, file).map_err(Error::BadTable)?;
    if lines.is_empty() {
        return Err(Error::Field("file"));
    }
    let mut report = SellInReport { applied: apply, rows: 0, wrong: Vec::new() };
    let mut shops: HashMap<String, Option<ShopId>> = HashMap::new();
    let mut products: HashMap<Gtin, Option<Product>> = HashMap::new();
    for (number, cells) in lines {
        match row(tx, tenant, &cells, &mut shops, &mut products).await? {
            Err((column, code)) => {
                if report.wrong.len() < WRONG_MAX {
                    report.wrong.push(WrongRow { row: number, column, code: code.to_owned() });
                }
            }
            Ok(row) => {
                report.rows += 1;
                if apply {
                    write(tx, now, &row, None).await?;
                }
            }
        }
    }
    if apply && report.rows > 0 {
        let subject = tenant.map_or_else(|| "platform".to_owned(), |tenant| tenant.to_string());
        audit::record(
            tx,
            actor,
            now,
            "sell_in.loaded",
            subject,
            None,
            Some(serde_json::json!({ "rows": report.rows, "wrong": report.wrong.len() })),
            None,
        )
        .await?;
    }
    Ok(report)
}

/// Whose products a file of the actor may speak of. `None`: everybody's.
pub(crate) fn whose(actor: &Actor) -> Result<Option<OrganisationId>, Error> {
    match actor.operates() {
        Ok(()) => Ok(None),
        Err(refusal) => {
            let tenant = actor.tenant().map_err(|_| refusal)?;
            actor.manages(tenant)?;
            Ok(Some(tenant))
        }
    }
}

pub(crate) type Wrong = (i64, &'static str);

pub(crate) async fn row(
    tx: &mut Tx,
    tenant: Option<OrganisationId>,
    cells: &[String],
    shops: &mut HashMap<String, Option<ShopId>>,
    products: &mut HashMap<Gtin, Option<Product>>,
) -> Result<Result<Row, Wrong>, Error> {
    let [code, gtin, day, bought, opening] = cells else {
        return Ok(Err((0, "sell_in.bad_row")));
    };
    if let Some(column) = table::formula(cells) {
        return Ok(Err((column as i64, "catalogue.formula")));
    }
    let shop = match shops.get(code) {
        Some(known) => *known,
        None => {
            let found = find_shop(tx, code).await?;
            shops.insert(code.clone(), found);
            found
        }
    };
    let Some(shop) = shop else {
        return Ok(Err((0, "sell_in.no_such_shop")));
    };
    let gtin = match Gtin::typed(gtin) {
        Ok(gtin) => gtin,
        Err(error) => return Ok(Err((1, error.code()))),
    };
    let product = match products.get(&gtin) {
        Some(known) => *known,
        None => {
            let found: Option<Product> = tx.query(PRODUCT).bind(gtin).maybe().await?;
            products.insert(gtin, found);
            found
        }
    };
    // Another tenant's product is as unknown as one of nobody.
    let Some(product) = product.filter(|(_, _, owner)| tenant.is_none_or(|tenant| tenant == *owner)) else {
        return Ok(Err((1, "sell_in.no_such_product")));
    };
    let Ok(day) = day.parse::<CivilDate>() else {
        return Ok(Err((2, "bad_date")));
    };
    let units = |text: &str| text.parse::<i64>().ok().filter(|units| (0..=UNITS_MAX).contains(units));
    let Some(bought) = units(bought) else {
        return Ok(Err((3, "bad_quantity")));
    };
    let counted = match opening.as_str() {
        "" => None,
        told => match units(told) {
            Some(counted) => Some(counted),
            None => return Ok(Err((4, "bad_quantity"))),
        },
    };
    Ok(Ok(Row { shop, product, day, bought, counted }))
}

/// By the distributor's code when only one shop has it, or by ours.
async fn find_shop(tx: &mut Tx, code: &str) -> Result<Option<ShopId>, Error> {
    if let Ok(shop) = code.parse::<ShopId>() {
        return Ok(identity::shop::get(tx, shop).await.is_ok().then_some(shop));
    }
    let found: Vec<(ShopId,)> = tx.query(SHOP).bind(code).all().await?;
    Ok(if let [(shop,)] = found[..] { Some(shop) } else { None })
}

pub(crate) async fn write(tx: &mut Tx, now: Timestamp, row: &Row, file: Option<SellInFileId>) -> Result<(), Error> {
    let (product, brand, tenant) = row.product;
    tx.query(LOAD)
        .bind(tenant)
        .bind(brand)
        .bind(row.shop)
        .bind(product)
        .bind(row.day)
        .bind(row.counted.unwrap_or(0))
        .bind(row.bought)
        .bind(now)
        .bind(row.counted)
        .bind(file)
        .execute()
        .await?;
    Ok(())
}

/// How the world hears that a file is no table.
pub(crate) fn problem(error: TableError) -> Problem {
    let (field, code) = match error {
        TableError::TooLarge | TableError::TooManyRows(_) => ("file", "file_too_large"),
        TableError::MissingColumn(column) => (column, "missing_column"),
        TableError::NoHeading | TableError::Unreadable => ("file", "unreadable_table"),
    };
    Problem::field(field, code, error.to_string())
}

sql! {
    SHOP: "SELECT id FROM shop WHERE distributor_code = $1 AND closed_at IS NULL ORDER BY id LIMIT 2";

    PRODUCT: "SELECT id, brand_id, tenant_id FROM product WHERE gtin = $1 AND brand_id IS NOT NULL AND tenant_id IS NOT NULL";

    LOAD: "INSERT INTO sell_in (tenant_id, brand_id, shop_id, product_id, day, opening, bought, loaded_at, counted, file_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT (shop_id, product_id, day) DO UPDATE SET tenant_id = excluded.tenant_id, brand_id = excluded.brand_id, opening = excluded.opening,
               bought = excluded.bought, loaded_at = excluded.loaded_at, counted = excluded.counted, file_id = excluded.file_id";
}
