//! Products by GTIN.

use serde::{Deserialize, Serialize};

use crate::{BrandId, Currency, Gtin, ProductId, ProposalId, Timestamp};

/// Categories that have a word and a drawing; the empty one is the rest.
pub const CATEGORIES: [&str; 9] = ["drink", "snack", "soap", "coffee", "dairy", "grain", "alcohol", "tobacco", ""];

/// Categories whose products are for adults alone.
pub const ADULT_CATEGORIES: [&str; 2] = ["alcohol", "tobacco"];

/// What people write for a category, without accents, beside its own word.
const SPELLINGS: [(&str, &[&str]); 8] = [
    ("drink", &["bebida", "bebidas", "gaseosa", "gaseosas", "refresco", "refrescos", "jugo", "jugos", "agua"]),
    ("snack", &["pasaboca", "pasabocas", "galleta", "galletas", "dulce", "dulces", "botana", "botanas", "confiteria"]),
    ("soap", &["aseo", "jabon", "jabones", "limpieza", "detergente"]),
    ("coffee", &["cafe"]),
    ("dairy", &["lacteo", "lacteos", "leche", "queso", "yogur"]),
    ("grain", &["grano", "granos", "abarrotes", "arroz", "otro", "otros"]),
    (
        "alcohol",
        &[
            "licor",
            "licores",
            "licores y cervezas",
            "cerveza",
            "cervezas",
            "vino",
            "vinos",
            "aguardiente",
            "ron",
            "whisky",
            "tequila",
            "mezcal",
            "pisco",
            "vodka",
            "beer",
            "wine",
            "spirits",
            "alcoholes",
            "alcoholic",
            "bebidas alcoholicas",
        ],
    ),
    ("tobacco", &["tabaco", "tabacos", "cigarrillo", "cigarrillos", "cigarro", "cigarros", "vape", "vapeador", "vapeadores", "cigarettes"]),
];

/// The category that somebody means; nothing where nobody can tell.
pub fn category(text: &str) -> Option<&'static str> {
    let text = plain(text);
    let own = CATEGORIES.into_iter().find(|word| *word == text);
    own.or_else(|| SPELLINGS.into_iter().find(|(_, spellings)| spellings.contains(&text.as_str())).map(|(word, _)| word))
}

fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        other => other,
    };
    text.trim().to_lowercase().chars().map(letter).collect()
}

/// Only adults may get points for it. Words from before categories were checked count by each of their parts.
pub fn for_adults(text: &str) -> bool {
    let adult = |text: &str| category(text).is_some_and(|word| ADULT_CATEGORIES.contains(&word));
    adult(text) || text.split(|letter: char| !letter.is_alphabetic()).any(adult)
}

/// A product of the master list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// The product.
    pub id: ProductId,
    /// Its barcode.
    pub gtin: Gtin,
    /// Its owner; absent for a product of nobody on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_id: Option<BrandId>,
    /// Its owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_name: Option<String>,
    /// Name with size, as people say it: `Cola Sierra 400 ml`.
    pub name: String,
    /// A word for the drawing: `drink`, `snack`, `soap`, `coffee`, `dairy`, `grain`, or empty.
    pub category: String,
    /// Suggested price of one, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_price_minor: Option<i64>,
    /// What the asking shop usually takes for one, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_price_minor: Option<i64>,
    /// Currency of the prices.
    pub currency: Currency,
}

/// A product to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewProduct {
    /// Its barcode.
    pub gtin: Gtin,
    /// Its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_id: Option<BrandId>,
    /// 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 120))]
    pub name: String,
    /// A word for the drawing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub category: String,
    /// Suggested price of one, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub suggested_price_minor: Option<i64>,
    /// Currency of the price.
    pub currency: Currency,
}

/// A suggested price in another money than the product's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OtherPrice {
    /// Which money: that of shops that sell in it.
    pub currency: Currency,
    /// Suggested price of one, minor units of that money.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100000000000_i64))]
    pub suggested_price_minor: i64,
}

/// Suggested prices in other moneys than the product's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OtherPrices {
    /// Each money once, and not the product's own. Shops that sell in another one are suggested none.
    #[cfg_attr(feature = "openapi", schema(max_items = 3))]
    pub prices: Vec<OtherPrice>,
}

/// What is in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pack {
    /// What it holds.
    pub unit_id: ProductId,
    /// Its barcode.
    pub unit_gtin: Gtin,
    /// Its name.
    pub unit_name: String,
    /// So many of it.
    pub units: i64,
    /// Units of the innermost product: 24 for a case of four six-packs.
    pub base_units: i64,
}

/// A product is so many of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPack {
    /// The barcode of what is in it.
    pub unit_gtin: Gtin,
    /// 2 to 1 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 2, maximum = 1000))]
    pub units: i64,
}

/// A barcode that a shop met and nobody knew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proposal {
    /// The proposal.
    pub id: ProposalId,
    /// The barcode.
    pub gtin: Gtin,
    /// What the shop calls it.
    pub name: String,
    /// What it costs there, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// Currency of the price: the shop's.
    pub currency: Currency,
    /// Where it was met.
    pub shop_name: String,
    /// When.
    pub proposed_at: Timestamp,
}

/// What became of one row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// Counted as a spreadsheet does: the heading is row 1.
    pub row: i64,
    /// The cells as read, in the import's column order.
    pub cells: Vec<String>,
    /// What would happen.
    pub outcome: ImportOutcome,
    /// Which column is wrong, 0-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<i64>,
    /// Stable code of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The row that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<i64>,
    /// The product as it was, in the same order; empty unless it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// What happens to one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ImportOutcome {
    /// A new product.
    Create,
    /// Something about it changes.
    Update,
    /// Exactly as it is already.
    Same,
    /// Left out.
    Wrong,
}

/// An import, checked or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// False: nothing was written.
    pub applied: bool,
    /// In file order.
    pub rows: Vec<ImportRow>,
}

impl ImportReport {
    /// How many rows have this outcome.
    pub fn count(&self, outcome: ImportOutcome) -> i64 {
        self.rows.iter().filter(|row| row.outcome == outcome).count() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_known_however_it_is_written() {
        assert_eq!(
            [" Alcohol ", "CERVEZAS", "Lácteos", "café", "", "tabaco"].map(category),
            ["alcohol", "alcohol", "dairy", "coffee", "", "tobacco"].map(Some)
        );
        assert_eq!(category("juguetes"), None);
        assert!(["alcohol", "Licores", "cerveza artesanal", "bebidas-alcohólicas/ron", "Tobacco"].into_iter().all(for_adults));
        assert!(!["drink", "", "aronia", "vinagre", "Jabón"].into_iter().any(for_adults));
        assert!(ADULT_CATEGORIES.into_iter().all(|word| CATEGORIES.contains(&word) && for_adults(word)));
    }
}
