//! A product's picture: the catalogue's, or a flat drawing of its category on a soft tint, never a grey box.

use leptos::prelude::*;
use shared::catalogue::CATEGORIES;

use crate::t;

/// The categories that have a drawing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drawing {
    /// A bottle.
    Drink,
    /// A packet of biscuits.
    Snack,
    /// A bar of soap.
    Soap,
    /// A jar of coffee.
    Coffee,
    /// A carton of milk.
    Dairy,
    /// A sack.
    #[default]
    Grain,
}

impl Drawing {
    /// From the catalogue's word; what it does not know is a sack.
    pub fn of(category: &str) -> Self {
        match category {
            "drink" | "alcohol" => Self::Drink,
            "snack" => Self::Snack,
            "soap" => Self::Soap,
            "coffee" => Self::Coffee,
            "dairy" => Self::Dairy,
            _ => Self::Grain,
        }
    }
}

/// What a category is called; an imported word that has no name of ours stays as it is.
pub fn category_name(category: &str) -> String {
    match category {
        "drink" => t::category_drink(),
        "snack" => t::category_snack(),
        "soap" => t::category_soap(),
        "coffee" => t::category_coffee(),
        "dairy" => t::category_dairy(),
        "grain" => t::category_grain(),
        "alcohol" => t::category_alcohol(),
        "tobacco" => t::category_tobacco(),
        "" => t::category_other(),
        other => return other.to_owned(),
    }
    .to_owned()
}

/// All categories to choose from, by word and name; a word that has no name of ours is one of them while it is chosen.
pub fn categories(chosen: &str) -> Vec<(String, String)> {
    let own = (!CATEGORIES.contains(&chosen)).then_some(chosen);
    CATEGORIES.into_iter().chain(own).map(|category| (category.to_owned(), category_name(category))).collect()
}

/// The drawing of a category, decorative: the product's name stands beside it.
#[component]
pub fn ProductPicture(
    /// The catalogue's word: `drink`, `snack`, `soap`, `coffee`, `dairy`, `grain`.
    #[prop(into)]
    category: String,
    /// 44, 40 or 64 px.
    #[prop(default = 44)]
    size: u16,
) -> impl IntoView {
    let class = match size {
        40 => "picture picture--40",
        64 => "picture picture--64",
        _ => "picture",
    };
    // One string per drawing weighs a tenth of the same shapes as view nodes.
    let shapes = match Drawing::of(&category) {
        Drawing::Drink => DRINK,
        Drawing::Snack => SNACK,
        Drawing::Soap => SOAP,
        Drawing::Coffee => COFFEE,
        Drawing::Dairy => DAIRY,
        Drawing::Grain => GRAIN,
    };
    view! { <svg class=class viewBox="0 0 44 44" aria-hidden="true" inner_html=shapes></svg> }
}

const DRINK: &str = r#"<path class="art-drink-bg" d="M0 0h44v44H0z"/><path class="art-drink-2" d="M19 5h6v4h-6z"/><path class="art-drink" d="M19.5 9h5v4.5c0 1.6 3.5 3 3.5 6.5v17a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2V20c0-3.5 3.5-4.9 3.5-6.500z"/><path class="art-drink-2" d="M16 22h12v9H16z"/><path class="art-line" d="M17.5 27.200c1.5-1.6 3-1.6 4.5-.4s3 1.2 4.5-.4"/>"#;
const SNACK: &str = r#"<path class="art-snack-bg" d="M0 0h44v44H0z"/><path class="art-snack-2" d="m8 11 4 3v16l-4 3zM36 11l-4 3v16l4 3z"/><path class="art-snack" d="M11 12h22v20H11z"/><circle class="art-snack-3" cx="22" cy="22" r="7.5"/><circle class="art-snack-2" cx="19.5" cy="20" r="1.3"/><circle class="art-snack-2" cx="24.2" cy="19.3" r="1.2"/><circle class="art-snack-2" cx="21" cy="24.8" r="1.3"/><circle class="art-snack-2" cx="25.2" cy="23.8" r="1.2"/>"#;
const SOAP: &str = r#"<path class="art-soap-bg" d="M0 0h44v44H0z"/><circle class="art-ring" cx="24" cy="9" r="1.7"/><circle class="art-ring" cx="29.5" cy="11" r="2.3"/><path class="art-soap-2" d="M7 19a3 3 0 0 1 3-3h24a3 3 0 0 1 3 3v4H7z"/><path class="art-soap" d="M7 21h30v9a4 4 0 0 1-4 4H11a4 4 0 0 1-4-4z"/><path class="art-line" d="M16 28.400c2-2 4-2 6-.4s4 1.6 6-.4"/>"#;
const COFFEE: &str = r#"<path class="art-coffee-bg" d="M0 0h44v44H0z"/><path class="art-coffee-2" d="M14 9h16v5H14z"/><path class="art-coffee" d="M13 14h18l1.5 4v15a3 3 0 0 1-3 3h-15a3 3 0 0 1-3-3V18z"/><path class="art-white" d="M15 20h14v11H15z"/><path class="art-coffee" d="m17 29 4-6 2.3 3.3 1.4-1.8 2.3 4.500z"/>"#;
const DAIRY: &str = r#"<path class="art-dairy-bg" d="M0 0h44v44H0z"/><path class="art-dairy-2" d="M16 7h12v3H16z"/><path class="art-dairy" d="M16 10h12l3 6v19a2 2 0 0 1-2 2H15a2 2 0 0 1-2-2V16z"/><path class="art-white" d="M13 19h18v11H13z"/><path class="art-dairy" d="M22 20.500c2 2.5 3 3.8 3 5a3 3 0 0 1-6 0c0-1.2 1-2.5 3-5z"/>"#;
const GRAIN: &str = r#"<path class="art-grain-bg" d="M0 0h44v44H0z"/><path class="art-grain-2" d="M16 8h12l-2.5 5h-7z"/><path class="art-grain" d="M18.5 13h7c4 3.5 6.5 8 6.5 14.5 0 5.5-2.5 8.5-6 8.500h-8c-3.5 0-6-3-6-8.500C12 21 14.5 16.5 18.5 13z"/><path class="art-white" d="M22 20c2.4 2 3.6 4 3.6 6.200S24.2 30 22 31.500c-2.2-1.5-3.6-3.1-3.6-5.300S19.6 22 22 20z"/>"#;
