//! Metric 1 from the lines of purchases.

use db::{Tx, sql};
use shared::reports::metric::{Metric, Report, SalesPerPli};

use crate::{Error, metrics::sales, scope::Scope};

/// Units, amounts and buyers of each product of the brand.
pub async fn sales_per_pli(tx: &mut Tx, scope: &Scope) -> Result<Report<SalesPerPli>, Error> {
    let Scope { brand, tenant, currency, from, to, .. } = *scope;
    let products = tx.query(PRODUCTS).bind(brand).bind(tenant).bind(from).bind(to).bind(currency).all::<sales::ProductSold>().await?;
    let all = tx.query(ALL).bind(brand).bind(tenant).bind(from).bind(to).bind(currency).one::<sales::Sold>().await?;
    let values = sales::sales_per_pli(&products, &all, currency, scope.k);
    scope.report(tx, Metric::SalesPerPli, values).await
}

sql! {
    /// What was returned whole is in the gross columns alone.
    PRODUCTS: "SELECT v.product_id, r.name, CAST(SUM(v.units) AS BIGINT) AS units, CAST(SUM(CASE WHEN v.currency = $5 THEN v.net_minor ELSE 0 END) AS BIGINT) AS net_minor,
                      COUNT(DISTINCT CASE WHEN v.units > 0 THEN v.purchase_id END) AS purchases,
                      COUNT(DISTINCT CASE WHEN v.units > 0 AND NOT v.own_shop THEN v.consumer_id END) AS buyers,
                      CAST(SUM(v.gross_units) AS BIGINT) AS gross_units, CAST(SUM(CASE WHEN v.currency = $5 THEN v.gross_minor ELSE 0 END) AS BIGINT) AS gross_minor
               FROM sold_line v JOIN product r ON r.id = v.product_id
               WHERE v.brand_id = $1 AND v.tenant_id = $2 AND v.business_date >= $3 AND v.business_date < $4
               GROUP BY v.product_id, r.name ORDER BY 3 DESC, 1 LIMIT 500";

    ALL: "SELECT CAST(COALESCE(SUM(units), 0) AS BIGINT) AS units, CAST(COALESCE(SUM(CASE WHEN currency = $5 THEN net_minor ELSE 0 END), 0) AS BIGINT) AS net_minor,
                 COUNT(DISTINCT purchase_id) AS purchases, COUNT(DISTINCT CASE WHEN NOT own_shop THEN consumer_id END) AS buyers
          FROM valid_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date < $4";
}
