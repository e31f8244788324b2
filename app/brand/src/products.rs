//! Products of the organisation's brands: what campaigns can name.

use kit::{
    Button, ButtonLink, Choice, Column, DeskHead, Empty, Field, Form, Icon, IntoLight, Look, ProductPicture, Search, Sending, Size,
    Skeleton, SkeletonKind, Table, UiError, categories, category_name, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, Currency, catalogue::Product, format, identity::Brand};

use crate::frame::Desk;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    products: Vec<Product>,
    /// The one that is edited.
    chosen: Option<Product>,
    brands: Vec<Brand>,
    /// What is suggested for the chosen one where goods are sold in dollars.
    dollars: Option<i64>,
    country: Country,
    manages: bool,
}

/// `/b/products?q=<words>`, with `&new=1` or `&id=<id>` the form.
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let words = request::query("q").unwrap_or_default();
    let id = request::query("id").unwrap_or_default();
    let adds = request::query("new").is_some();
    let asked = words.clone();
    let searched = !words.is_empty();
    let page = Resource::new(|| (), move |()| read_products(asked.clone(), id.clone()));
    view! {
        <Desk current="/b/products">
            <DeskHead title=t::brand_nav_products()>
                <Suspense>
                    {move || page.get().and_then(Result::ok).filter(|shelf| shelf.manages).map(|_| view! { <ButtonLink href="/b/products?new=1" look=Look::Key size=Size::Dense icon=path::PLUS>{t::backoffice_products_new()}</ButtonLink> })}
                </Suspense>
            </DeskHead>
            <Search action="/b/products" label=t::brand_products_search() words />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(shelf) => shown(shelf, adds, searched),
                    Err(error) => refused(&error, "/b/products"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(shelf: Shelf, adds: bool, searched: bool) -> AnyView {
    let Shelf { products, chosen, brands, dollars, country, manages } = shelf;
    let form = (manages && (adds || chosen.is_some())).then(|| view! { <Edit product=chosen brands dollars country /> });
    let list = if products.is_empty() {
        let (title, text) = if searched {
            (t::brand_products_none_title(), t::brand_products_none_text())
        } else {
            (t::brand_products_empty_title(), t::brand_products_empty_text())
        };
        view! { <Empty title text icon=path::BARCODE /> }.into_light()
    } else {
        let rows = products
            .into_iter()
            .map(|product| {
                let id = product.id.to_string();
                let category = category_name(&product.category);
                let price = product.suggested_price_minor.map(|minor| format::money(minor, product.currency, country));
                view! {
                    <tr>
                        <th scope="row"><span class="row row--12"><ProductPicture category=product.category size=40 /> {product.name}</span></th>
                        <td class="table__num" data-label=t::backoffice_products_gtin()>{product.gtin.short()}</td>
                        <td data-label=t::backoffice_products_brand()>{product.brand_name}</td>
                        <td data-label=t::backoffice_products_category()>{category}</td>
                        <td class="table__num" data-label=t::backoffice_products_price()>{price}</td>
                        <td>{manages.then(|| view! { <a class="link" href=["/b/products?id=", &id].concat()>{t::common_edit()}</a> })}</td>
                    </tr>
                }
            })
            .collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::backoffice_products_name()),
            Column::number(t::backoffice_products_gtin()),
            Column::text(t::backoffice_products_brand()),
            Column::text(t::backoffice_products_category()),
            Column::number(t::backoffice_products_price()),
            Column::hidden(t::common_edit()),
        ];
        view! {
            <section class="card card--flush">
                <Table caption=t::brand_nav_products() cards=true tall=true columns>{rows}</Table>
            </section>
        }
        .into_light()
    };
    view! { {form} {list} }.into_light()
}

#[component]
fn Edit(product: Option<Product>, brands: Vec<Brand>, dollars: Option<i64>, country: Country) -> impl IntoView {
    let sending = Sending::new();
    let title = if product.is_some() { t::brand_products_edit() } else { t::backoffice_products_new() };
    let currency = product.as_ref().map_or(country.currency(), |product| product.currency);
    let (id, gtin, name, category, price, brand) = match product {
        Some(product) => {
            let price = product.suggested_price_minor.map(|minor| format::money_field(minor, product.currency));
            (product.id.to_string(), product.gtin.short(), product.name, product.category, price.unwrap_or_default(), product.brand_id)
        }
        None => (String::new(), String::new(), String::new(), "drink".to_owned(), String::new(), None),
    };
    let known = !id.is_empty();
    let dollars = dollars.map(|minor| format::money_field(minor, Currency::Usd)).unwrap_or_default();
    let prefix = if currency == country.currency() { "$" } else { currency.code() };
    let in_dollars = (currency != Currency::Usd).then(|| {
        view! { <Field id="price_usd" label=t::brand_products_price_usd() initial=dollars prefix="USD" money=true inputmode="decimal" optional=true help=t::brand_products_price_usd_help() error=sending.error("price_usd") /> }
    });
    let brands = brands.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let brand = brand.map(|brand| brand.to_string()).unwrap_or_default();
    let gtin_field = if known {
        view! { <input type="hidden" name="gtin" value=gtin.clone() /> <p class="row row--12"><Icon path=path::BARCODE size=20 /> <b class="nums">{gtin}</b></p> }.into_light()
    } else {
        view! { <Field id="gtin" label=t::backoffice_products_gtin() inputmode="numeric" maxlength=14 required=true help=t::brand_products_gtin_help() error=sending.error("gtin") /> }.into_light()
    };
    view! {
        <section class="card" aria-labelledby="edit">
            <div class="panel__head"><h2 id="edit">{title}</h2></div>
            <Form action="/fn/brand/save_product" sending fields=&["gtin", "name", "price", "price_usd"]>
                <input type="hidden" name="id" value=id />
                {gtin_field}
                <div class="fields">
                    <Field id="name" label=t::backoffice_products_name() initial=name maxlength=120 required=true help=t::brand_products_name_help() error=sending.error("name") />
                    <Field id="price" label=t::backoffice_products_price() initial=price prefix=prefix money=true inputmode="decimal" optional=true error=sending.error("price") />
                    {in_dollars}
                    <Choice id="category" label=t::backoffice_products_category() options=categories(&category) chosen=category.clone() />
                    <Choice id="brand" label=t::backoffice_products_brand() options=brands chosen=brand />
                </div>
                <div class="row row--12">
                    <Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::common_save()}</Button>
                    <ButtonLink href="/b/products" look=Look::Plain size=Size::Dense>{t::common_cancel()}</ButtonLink>
                </div>
            </Form>
        </section>
    }
}

/// Products of the actor's organisation whose name or barcode holds the words.
#[server(prefix = "/fn", endpoint = "brand/read_products")]
pub async fn read_products(#[server(default)] words: String, #[server(default)] id: String) -> Result<Shelf, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let mut products = catalogue::product::of_tenant(&mut tx, &actor).await?;
    let chosen = products.iter().find(|product| product.id.to_string() == id).cloned();
    let dollars = match &chosen {
        Some(product) => catalogue::price::others(&mut tx, &actor, product.id).await?.prices,
        None => Vec::new(),
    };
    let dollars = dollars.iter().find(|price| price.currency == Currency::Usd).map(|price| price.suggested_price_minor);
    let key = identity::search_key(&words);
    let key = key.trim();
    products.retain(|product| identity::search_key(&product.name).contains(key) || product.gtin.to_string().contains(key));
    Ok(Shelf { products, chosen, brands, dollars, country: organisation.country, manages: actor.manages(organisation.id).is_ok() })
}

/// Adds a product, or changes the one of `id`.
#[server(prefix = "/fn", endpoint = "brand/save_product")]
pub async fn save_product(
    #[server(default)] id: String,
    gtin: String,
    name: String,
    #[server(default)] price: String,
    // Absent: a form of before, which says nothing about it.
    #[server(default)] price_usd: Option<String>,
    #[server(default)] category: String,
    #[server(default)] brand: String,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        catalogue::{NewProduct, OtherPrice},
    };
    let (mut tx, actor, now) = request::begin().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    actor.manages(organisation.id)?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let brand = brands.iter().find(|one| one.id.to_string() == brand).or(brands.first()).ok_or_else(Problem::not_found)?;
    let known = match id.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Problem::not_found())?),
    };
    // A product keeps its own money, whichever its country's is.
    let currency = match known {
        None => organisation.country.currency(),
        Some(id) => catalogue::product::get(&mut tx, &actor, id).await?.currency,
    };
    let typed = |text: &str, currency, field: &'static str| match text.trim() {
        "" => Ok(None),
        text => {
            format::typed_money(text, currency).map(Some).ok_or_else(|| Problem::field(field, "price_typed", "Not an amount of money."))
        }
    };
    let price = typed(&price, currency, "price")?;
    let dollars = price_usd.map(|text| typed(&text, Currency::Usd, "price_usd")).transpose()?;
    let gtin = shared::Gtin::typed(&gtin).map_err(|wrong| Problem::field("gtin", wrong.code(), wrong.to_string()))?;
    let new = NewProduct { gtin, brand_id: Some(brand.id), name, category, suggested_price_minor: price, currency };
    let saved = match known {
        None => catalogue::product::create(&mut tx, &actor, now, &new).await?,
        Some(id) => catalogue::product::update(&mut tx, &actor, now, id, &new).await?,
    };
    if let Some(dollars) = dollars.filter(|_| currency != Currency::Usd) {
        let mut others = catalogue::price::others(&mut tx, &actor, saved.id).await?;
        others.prices.retain(|price| price.currency != Currency::Usd);
        others.prices.extend(dollars.map(|minor| OtherPrice { currency: Currency::Usd, suggested_price_minor: minor }));
        catalogue::price::set_others(&mut tx, &actor, now, saved.id, &others).await?;
    }
    tx.commit().await?;
    request::go("/b/products");
    Ok(())
}
