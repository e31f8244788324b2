//! Products of the organisation's brands: what campaigns can name.

use kit::{Button, ButtonLink, DeskHead, Empty, ErrorState, Field, Form, Icon, IntoLight, Look, ProductPicture, Sending, Size, Skeleton, SkeletonKind, Table, UiError, icon::path, request, t};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, catalogue::Product, format, identity::Brand};

use crate::frame::Desk;

/// Words of the catalogue's drawings, and what they are called.
fn categories() -> [(&'static str, &'static str); 7] {
    [
        ("drink", t::backoffice_category_drink()),
        ("snack", t::backoffice_category_snack()),
        ("soap", t::backoffice_category_soap()),
        ("coffee", t::backoffice_category_coffee()),
        ("dairy", t::backoffice_category_dairy()),
        ("grain", t::backoffice_category_grain()),
        ("", t::backoffice_category_other()),
    ]
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    products: Vec<Product>,
    /// The one that is edited.
    chosen: Option<Product>,
    brands: Vec<Brand>,
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
            <form method="get" action="/b/products" role="search" class="filters">
                <Field id="q" label=t::brand_products_search() kind="search" inputmode="search" initial=words maxlength=80 />
                <Button submit=true look=Look::Plain icon=path::MAGNIFYING_GLASS>{t::common_search()}</Button>
            </form>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(shelf) => shown(shelf, adds, searched),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/b/products" /> }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(shelf: Shelf, adds: bool, searched: bool) -> AnyView {
    let Shelf { products, chosen, brands, country, manages } = shelf;
    let form = (manages && (adds || chosen.is_some())).then(|| view! { <Edit product=chosen brands /> });
    let list = if products.is_empty() {
        let (title, text) = if searched { (t::brand_products_none_title(), t::brand_products_none_text()) } else { (t::brand_products_empty_title(), t::brand_products_empty_text()) };
        view! { <Empty title text icon=path::BARCODE /> }.into_light()
    } else {
        let rows = products
            .into_iter()
            .map(|product| {
                let id = product.id.to_string();
                let category = categories().into_iter().find(|(word, _)| *word == product.category).map_or_else(t::backoffice_category_other, |(_, name)| name);
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
        view! {
            <section class="card card--flush">
                <Table caption=t::brand_nav_products() cards=true tall=true>
                    <thead>
                        <tr>
                            <th scope="col">{t::backoffice_products_name()}</th>
                            <th scope="col" class="table__num">{t::backoffice_products_gtin()}</th>
                            <th scope="col">{t::backoffice_products_brand()}</th>
                            <th scope="col">{t::backoffice_products_category()}</th>
                            <th scope="col" class="table__num">{t::backoffice_products_price()}</th>
                            <th scope="col"><span class="sr-only">{t::common_edit()}</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
            </section>
        }
        .into_light()
    };
    view! { {form} {list} }.into_light()
}

#[component]
fn Edit(product: Option<Product>, brands: Vec<Brand>) -> impl IntoView {
    let sending = Sending::new();
    let title = if product.is_some() { t::brand_products_edit() } else { t::backoffice_products_new() };
    let (id, gtin, name, category, price, brand) = match product {
        Some(product) => {
            let price = product.suggested_price_minor.map(|minor| format::money_field(minor, product.currency));
            (product.id.to_string(), product.gtin.short(), product.name, product.category, price.unwrap_or_default(), product.brand_id)
        }
        None => (String::new(), String::new(), String::new(), "drink".to_owned(), String::new(), None),
    };
    let known = !id.is_empty();
    let options = categories().into_iter().map(|(word, words)| view! { <option value=word selected={word == category}>{words}</option> }).collect::<Vec<_>>();
    let brand_options = brands.into_iter().map(|one| view! { <option value=one.id.to_string() selected={Some(one.id) == brand}>{one.name}</option> }).collect::<Vec<_>>();
    let gtin_field = if known {
        view! { <input type="hidden" name="gtin" value=gtin.clone() /> <p class="row row--12"><Icon path=path::BARCODE size=20 /> <b class="nums">{gtin}</b></p> }.into_light()
    } else {
        view! { <Field id="gtin" label=t::backoffice_products_gtin() inputmode="numeric" maxlength=14 required=true help=t::brand_products_gtin_help() error=sending.error("gtin") /> }.into_light()
    };
    view! {
        <section class="card" aria-labelledby="edit">
            <div class="panel__head"><h2 id="edit">{title}</h2></div>
            <Form action="/fn/brand/save_product" sending fields=&["gtin", "name", "price"]>
                <input type="hidden" name="id" value=id />
                {gtin_field}
                <div class="fields">
                    <Field id="name" label=t::backoffice_products_name() initial=name maxlength=120 required=true help=t::brand_products_name_help() error=sending.error("name") />
                    <Field id="price" label=t::backoffice_products_price() initial=price prefix="$" money=true inputmode="decimal" optional=true error=sending.error("price") />
                    <Field id="category" label=t::backoffice_products_category()><select id="category" name="category" class="field__input">{options}</select></Field>
                    <Field id="brand" label=t::backoffice_products_brand()><select id="brand" name="brand" class="field__input">{brand_options}</select></Field>
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
    let key = identity::search_key(&words);
    let key = key.trim();
    products.retain(|product| identity::search_key(&product.name).contains(key) || product.gtin.to_string().contains(key));
    Ok(Shelf { products, chosen, brands, country: organisation.country, manages: actor.manages(organisation.id).is_ok() })
}

/// Adds a product, or changes the one of `id`.
#[server(prefix = "/fn", endpoint = "brand/save_product")]
pub async fn save_product(#[server(default)] id: String, gtin: String, name: String, #[server(default)] price: String, #[server(default)] category: String, #[server(default)] brand: String) -> Result<(), UiError> {
    use shared::{Problem, catalogue::NewProduct};
    let (mut tx, actor, now) = request::begin().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    actor.manages(organisation.id)?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let brand = brands.iter().find(|one| one.id.to_string() == brand).or(brands.first()).ok_or_else(Problem::not_found)?;
    let currency = organisation.country.currency();
    let price = match price.trim() {
        "" => None,
        price => Some(format::typed_money(price, currency).ok_or_else(|| Problem::field("price", "price_typed", "Not an amount of money."))?),
    };
    let gtin = shared::Gtin::typed(&gtin).map_err(|error| {
        let code = if matches!(error, shared::barcode::WrongGtin::CheckDigit { .. }) { "catalogue.check_digit" } else { "catalogue.bad_gtin" };
        Problem::field("gtin", code, error.to_string())
    })?;
    let new = NewProduct { gtin, brand_id: Some(brand.id), name, category, suggested_price_minor: price, currency };
    match id.as_str() {
        "" => catalogue::product::create(&mut tx, &actor, now, &new).await?,
        id => catalogue::product::update(&mut tx, &actor, now, id.parse().map_err(|_| Problem::not_found())?, &new).await?,
    };
    tx.commit().await?;
    request::go("/b/products");
    Ok(())
}
