//! The basket: pure, so that it is tested without a browser.

use serde::{Deserialize, Serialize};
use shared::{Currency, Gtin, catalogue::Product, loyalty::ImportLine};

/// One product of the sale in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub gtin: Gtin,
    pub name: String,
    pub category: String,
    pub quantity: i64,
    pub price_minor: Option<i64>,
    /// Nobody knows the barcode yet.
    pub unknown: bool,
}

/// A sale in progress, in the order of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basket {
    pub lines: Vec<Line>,
}

impl Basket {
    /// One more of a product.
    pub(crate) fn add(&mut self, product: &Product) {
        self.add_line(Line {
            gtin: product.gtin,
            name: product.name.clone(),
            category: product.category.clone(),
            quantity: 1,
            price_minor: product.usual_price_minor.or(product.suggested_price_minor),
            unknown: false,
        });
    }
    pub(crate) fn add_line(&mut self, line: Line) {
        match self.lines.iter_mut().find(|known| known.gtin == line.gtin) {
            Some(known) => known.quantity = (known.quantity + line.quantity).min(9_999),
            None => self.lines.push(line),
        }
    }
    pub(crate) fn total_minor(&self) -> i64 {
        self.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.price_minor.unwrap_or(0).saturating_mul(line.quantity)))
    }
    pub(crate) fn count(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
    pub(crate) fn import_lines(&self) -> Vec<ImportLine> {
        self.lines
            .iter()
            .map(|line| ImportLine {
                gtin: line.gtin,
                quantity: line.quantity,
                unit_price_minor: line.price_minor,
                discount_minor: 0,
                reward_line: false,
            })
            .collect()
    }
}

/// What a person types as a price, in major units with or without separators; `None` when it is no price.
pub(crate) fn typed_price(text: &str, currency: Currency) -> Option<i64> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != '$').collect();
    // What stands before one or two last digits parts the cents, whichever of both it is: «1,25» and «1.25».
    let (whole, cents) = match plain.rfind(['.', ',']).filter(|at| plain.len() - at <= 3) {
        Some(at) => (&plain[..at], &plain[at + 1..]),
        None => (plain.as_str(), ""),
    };
    let known = currency.shown_decimals() > 0 || cents.bytes().all(|digit| digit == b'0');
    known.then(|| currency.parse_major(&[&whole.replace(['.', ','], ""), ".", cents].concat()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ProductId;

    fn cola() -> Product {
        Product {
            id: ProductId::fixed(1),
            gtin: "7702004003508".parse().unwrap(),
            brand_id: None,
            brand_name: None,
            name: "Cola Sierra 400 ml".into(),
            category: "drink".into(),
            suggested_price_minor: Some(250_000),
            usual_price_minor: None,
            currency: Currency::Cop,
        }
    }

    #[test]
    fn the_same_product_again_is_one_more() {
        let mut basket = Basket::default();
        basket.add(&cola());
        basket.add(&cola());

        assert_eq!((basket.lines.len(), basket.count(), basket.total_minor()), (1, 2, 500_000));
    }

    #[test]
    fn the_shops_own_price_is_proposed_before_the_suggested_one() {
        let mut basket = Basket::default();
        basket.add(&Product { usual_price_minor: Some(270_000), ..cola() });

        assert_eq!(basket.lines[0].price_minor, Some(270_000));
    }

    #[test]
    fn prices_are_read_as_people_type_them() {
        assert_eq!(typed_price("$2.500", Currency::Cop), Some(250_000));
        assert_eq!(typed_price("2.500,00", Currency::Cop), Some(250_000));
        assert_eq!(typed_price("2,5", Currency::Cop), None);
        assert_eq!(typed_price("24 990", Currency::Clp), Some(24_990));
        assert_eq!(typed_price("1,234.50", Currency::Mxn), Some(123_450));
        for text in ["1,25", "1.25", "$ 1,25"] {
            assert_eq!(typed_price(text, Currency::Usd), Some(125), "{text}");
        }
        assert_eq!(typed_price("1,5", Currency::Usd), Some(150));
        assert_eq!(typed_price("1.234", Currency::Usd), Some(123_400));
        assert_eq!(typed_price("1.234,50", Currency::Usd), Some(123_450));
        assert_eq!(typed_price("-1", Currency::Cop), None);
        assert_eq!(typed_price("mucho", Currency::Cop), None);
    }
}
