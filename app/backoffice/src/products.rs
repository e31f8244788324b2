//! The master list of products: found, added, corrected.

use kit::{
    Banner, Button, ButtonLink, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, More, ProductPicture, Search, Sending, Size,
    Skeleton, SkeletonKind, Table, Tone, UiError, address, categories, category_name, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, Currency, Page, ProductId,
    catalogue::{Pack, Product},
    format,
};

use crate::frame::Desk;

/// A page of the list, and what its reader may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List {
    page: Page<Product>,
    country: Country,
    operates: bool,
    /// What is in those that are packs.
    packs: Vec<(ProductId, Pack)>,
}

/// `/o/products?q=<words>&after=<cursor>`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let words = request::query("q").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let asked = words.clone();
    let page = Resource::new(|| (), move |()| read_products(asked.clone(), after.clone()));
    view! {
        <Desk current="/o/products">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(list) => shown(list, &words),
                    Err(error) => view! { <DeskHead title=t::backoffice_products_title() /> {refused(&error, "/o/products")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(list: List, words: &str) -> AnyView {
    let actions = list.operates.then(|| {
        view! {
            <ButtonLink href="/o/import" look=Look::Plain size=Size::Dense icon=path::UPLOAD_SIMPLE>{t::backoffice_products_import()}</ButtonLink>
            <ButtonLink href="/o/product" look=Look::Key size=Size::Dense icon=path::PLUS>{t::backoffice_products_new()}</ButtonLink>
        }
    });
    view! {
        <DeskHead title=t::backoffice_products_title()>{actions}</DeskHead>
        <Search action="/o/products" label=t::backoffice_products_search() words=words.to_owned() />
        {table(list, words)}
    }
    .into_light()
}

fn table(list: List, words: &str) -> AnyView {
    let List { page, country, operates, packs } = list;
    if page.items.is_empty() {
        let (title, text) = if words.is_empty() {
            (t::backoffice_products_empty_title(), t::backoffice_products_empty_text())
        } else {
            (t::backoffice_search_none(), t::backoffice_search_none_text())
        };
        return view! { <section class="card"><Empty title text icon=path::BARCODE /></section> }.into_light();
    }
    let rows = page
        .items
        .into_iter()
        .map(|product| {
            let price = product.suggested_price_minor.map(|minor| format::money(minor, product.currency, country));
            let foreign = (product.currency != country.currency() && price.is_some()).then(|| view! { " " <span class="small muted">{product.currency.code()}</span> });
            let pack = packs.iter().find(|(id, _)| *id == product.id).map(|(_, pack)| {
                let words = t::backoffice_pack_short(&pack.unit_name, &format::integer(pack.units, country));
                view! { <span class="small muted">{words}</span> }
            });
            let name = if operates {
                view! { <a class="link" href=["/o/product?id=", &product.id.to_string()].concat()>{product.name}</a> }.into_light()
            } else {
                product.name.into_light()
            };
            view! {
                <tr>
                    <th scope="row"><span class="row"><ProductPicture category=product.category.clone() size=40 /> <span class="stack stack--4"><span>{name}</span>{pack}</span></span></th>
                    <td data-label=t::backoffice_products_gtin() class="num">{product.gtin.short()}</td>
                    <td data-label=t::backoffice_products_brand()>{product.brand_name}</td>
                    <td data-label=t::backoffice_products_category()>{category_name(&product.category)}</td>
                    <td data-label=t::backoffice_products_price() class="table__num">{price}{foreign}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_products_name()),
        Column::text(t::backoffice_products_gtin()),
        Column::text(t::backoffice_products_brand()),
        Column::text(t::backoffice_products_category()),
        Column::number(t::backoffice_products_price()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_products_title() cards=true tall=true columns>{rows}</Table>
            <More query=address("/o/products", &[("q", words)]) cursor=page.next_cursor />
        </section>
    }
    .into_light()
}

/// A product as its form holds it: texts, as somebody types them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub(crate) gtin: String,
    pub(crate) name: String,
    pub(crate) brand_id: String,
    pub(crate) category: String,
    pub(crate) price: String,
    pub(crate) currency: String,
}

impl Draft {
    #[cfg(feature = "ssr")]
    fn of(product: Product) -> Self {
        Self {
            gtin: product.gtin.short(),
            name: product.name,
            brand_id: product.brand_id.map(|id| id.to_string()).unwrap_or_default(),
            category: product.category,
            price: product.suggested_price_minor.map(|minor| shared::format::money_field(minor, product.currency)).unwrap_or_default(),
            currency: product.currency.code().to_owned(),
        }
    }

    /// What was typed, or which field of the form is wrong.
    #[cfg(feature = "ssr")]
    pub(crate) fn parse(self) -> Result<shared::catalogue::NewProduct, shared::Problem> {
        use shared::Problem;
        let gtin = shared::Gtin::typed(&self.gtin).map_err(|wrong| Problem::field("gtin", wrong.code(), wrong.to_string()))?;
        let brand_id = match self.brand_id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| Problem::field("brand_id", "no_such_brand", "Not a brand."))?),
        };
        let currency = currencies()
            .find(|currency| currency.code() == self.currency)
            .ok_or_else(|| Problem::field("currency", "unknown_currency", "Not a currency of ours."))?;
        let suggested_price_minor = match self.price.trim() {
            "" => None,
            text => {
                Some(shared::format::typed_money(text, currency).ok_or_else(|| Problem::field("price", "price_typed", "Not an amount."))?)
            }
        };
        Ok(shared::catalogue::NewProduct { gtin, brand_id, name: self.name, category: self.category, suggested_price_minor, currency })
    }
}

fn currencies() -> impl Iterator<Item = Currency> {
    [Currency::Cop, Currency::Clp, Currency::Mxn, Currency::Usd].into_iter()
}

/// Brands to choose from: id and name.
pub(crate) type Brands = Vec<(String, String)>;

/// The fields of a product. With `fixed` the barcode shows and cannot be changed.
pub(crate) fn fields(draft: Draft, brands: Brands, fixed: bool, sending: Sending) -> AnyView {
    let nobody = std::iter::once((String::new(), t::backoffice_products_no_brand().to_owned()));
    let categories = categories(&draft.category);
    let currencies = currencies().map(|currency| (currency.code().to_owned(), currency.code().to_owned())).collect();
    let gtin = if fixed {
        view! {
            <input type="hidden" name="gtin" value=draft.gtin.clone() />
            <dl class="facts facts--start"><dt>{t::backoffice_products_gtin()}</dt><dd>{draft.gtin}</dd></dl>
        }
        .into_light()
    } else {
        view! { <Field id="gtin" label=t::backoffice_products_gtin() help=t::backoffice_products_gtin_help() inputmode="numeric" initial=draft.gtin required=true maxlength=20 error=sending.error("gtin") /> }.into_light()
    };
    view! {
        {gtin}
        <Field id="name" label=t::backoffice_products_name() help=t::backoffice_products_name_help() initial=draft.name required=true maxlength=120 error=sending.error("name") />
        <div class="fields-2">
            <Choice id="brand_id" label=t::backoffice_products_brand() options=nobody.chain(brands).collect() chosen=draft.brand_id error=sending.error("brand_id") />
            <Choice id="category" label=t::backoffice_products_category() options=categories chosen=draft.category error=sending.error("category") />
        </div>
        <div class="fields-2">
            <Field id="price" label=t::backoffice_products_price() help=t::backoffice_products_price_help() inputmode="decimal" prefix="$" money=true optional=true initial=draft.price maxlength=16 error=sending.error("price") />
            <Choice id="currency" label=t::backoffice_products_currency() options=currencies chosen=draft.currency error=sending.error("currency") />
        </div>
    }
    .into_light()
}

/// Names of the fields that show their own error. A fixed barcode has none: what is wrong with it stands above the form.
pub(crate) const FIELDS: &[&str] = &["name", "brand_id", "category", "price", "currency"];
const NEW_FIELDS: &[&str] = &["gtin", "name", "brand_id", "category", "price", "currency"];

/// A product's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductSheet {
    draft: Draft,
    brands: Brands,
    pack: Option<Pack>,
    country: Country,
}

/// `/o/product` to add one, `/o/product?id=<id>` to correct it.
#[component]
pub(crate) fn ProductPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let saved = request::query("saved").is_some();
    // A refusal comes back in the address: its field says which of the two forms it was.
    let of_pack = request::refusal().is_some_and(|refusal| PACK_FIELDS.iter().any(|field| refusal.is_about(field)));
    let (sending, packing) = if of_pack { (Sending::other(), Sending::new()) } else { (Sending::new(), Sending::other()) };
    let asked = id.clone();
    let page = Resource::new(|| (), move |()| read_product(asked.clone()));
    view! {
        <Desk current="/o/products">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Lines count=6 /> }>
                {move || page.get().map(|page| match page {
                    Ok(sheet) => form(id.clone(), sheet, saved, sending, packing),
                    Err(error) => view! { <DeskHead title=t::backoffice_products_title() /> {refused(&error, "/o/products")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn form(id: String, sheet: ProductSheet, saved: bool, sending: Sending, packing: Sending) -> AnyView {
    let known = !id.is_empty();
    let title = if known { sheet.draft.name.clone().into() } else { kit::Text::from(t::backoffice_products_new()) };
    let history =
        known.then(|| view! { <p><a class="link" href=address("/o/audit", &[("q", &id)])>{t::backoffice_audit_of_this()}</a></p> });
    let pack = known.then(|| pack_form(id.clone(), sheet.pack, sheet.country, packing));
    view! {
        <DeskHead title crumbs=vec![(t::backoffice_products_title().into(), "/o/products".into())] />
        {saved.then(|| view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL>{t::common_saved()}</Banner> })}
        <section class="card narrow">
            <Form action="/fn/backoffice/save_product" sending fields=if known { FIELDS } else { NEW_FIELDS }>
                <input type="hidden" name="product" value=id />
                {fields(sheet.draft, sheet.brands, known, sending)}
                <div class="row row--end">
                    <ButtonLink href="/o/products" look=Look::Link>{t::common_cancel()}</ButtonLink>
                    <Button submit=true look=Look::Key busy=sending.busy()>{t::common_save()}</Button>
                </div>
            </Form>
        </section>
        {pack}
        {history}
    }
    .into_light()
}

const PACK_FIELDS: &[&str] = &["unit_gtin", "units"];

fn pack_form(id: String, pack: Option<Pack>, country: Country, sending: Sending) -> AnyView {
    let (unit, units) = pack.as_ref().map_or_else(Default::default, |pack| (pack.unit_gtin.short(), pack.units.to_string()));
    let told = pack.as_ref().map(|pack| {
        let now = t::backoffice_pack_now(&pack.unit_name, &format::integer(pack.units, country));
        let base =
            (pack.base_units != pack.units).then(|| [" ", &t::backoffice_pack_base(&format::integer(pack.base_units, country))].concat());
        view! { <p>{now} {base}</p> }
    });
    let none = pack.is_some().then(|| {
        view! {
            <form method="post" action="/fn/backoffice/remove_pack">
                <input type="hidden" name="product" value=id.clone() />
                <Button submit=true look=Look::Link>{t::backoffice_pack_none()}</Button>
            </form>
        }
    });
    view! {
        <section class="card narrow stack" aria-labelledby="pack">
            <h2 id="pack" class="h3">{t::backoffice_pack_title()}</h2>
            <p class="small muted">{t::backoffice_pack_what()}</p>
            {told}
            <Form action="/fn/backoffice/save_pack" sending fields=PACK_FIELDS>
                <input type="hidden" name="product" value=id.clone() />
                <div class="fields-2">
                    <Field id="unit_gtin" label=t::backoffice_pack_unit() inputmode="numeric" initial=unit required=true maxlength=20 error=sending.error("unit_gtin") />
                    <Field id="units" label=t::backoffice_pack_units() inputmode="numeric" initial=units required=true maxlength=5 error=sending.error("units") />
                </div>
                <div class="row row--end"><Button submit=true look=Look::Secondary busy=sending.busy()>{t::backoffice_pack_save()}</Button></div>
            </Form>
            {none}
        </section>
    }
    .into_light()
}

/// All brands, to choose from.
#[cfg(feature = "ssr")]
pub(crate) async fn brands(tx: &mut db::Tx, actor: &identity::Actor) -> Result<Brands, UiError> {
    Ok(identity::organisation::brands(tx, actor).await?.into_iter().map(|brand| (brand.id.to_string(), brand.name)).collect())
}

/// Products, newest first, whose name holds the words or whose barcode holds the digits.
#[server(prefix = "/fn", endpoint = "backoffice/read_products")]
pub async fn read_products(#[server(default)] words: String, #[server(default)] after: String) -> Result<List, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operator()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let page = catalogue::product::list(&mut tx, &actor, &words, Some(&after), crate::ROWS).await?;
    let mut packs = catalogue::pack::list(&mut tx, &actor).await?;
    packs.retain(|(pack, _)| page.items.iter().any(|product| product.id == *pack));
    Ok(List { page, country, operates: actor.operates().is_ok(), packs })
}

/// One of them; without an id, what a new one needs.
#[server(prefix = "/fn", endpoint = "backoffice/read_product")]
pub async fn read_product(#[server(default)] product: String) -> Result<ProductSheet, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    actor.operates()?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    let (draft, pack) = if product.is_empty() {
        let currency = country.currency();
        (Draft { currency: currency.code().to_owned(), category: "drink".to_owned(), ..Draft::default() }, None)
    } else {
        let id = product.parse().map_err(|_| shared::Problem::not_found())?;
        (Draft::of(catalogue::product::get(&mut tx, &actor, id).await?), catalogue::pack::get(&mut tx, &actor, id).await?)
    };
    Ok(ProductSheet { draft, brands: brands(&mut tx, &actor).await?, pack, country })
}

/// Adds a product, or replaces everything but its barcode.
#[allow(clippy::too_many_arguments, reason = "the fields of the form")]
#[server(prefix = "/fn", endpoint = "backoffice/save_product")]
pub async fn save_product(
    #[server(default)] product: String,
    gtin: String,
    name: String,
    #[server(default)] brand_id: String,
    #[server(default)] category: String,
    #[server(default)] price: String,
    currency: String,
) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let new = Draft { gtin, name, brand_id, category, price, currency }.parse()?;
    let saved = if product.is_empty() {
        catalogue::product::create(&mut tx, &actor, now, &new).await?
    } else {
        let id = product.parse().map_err(|_| shared::Problem::not_found())?;
        catalogue::product::update(&mut tx, &actor, now, id, &new).await?
    };
    tx.commit().await?;
    request::go(&format!("/o/product?id={}&saved=yes", saved.id));
    Ok(())
}

/// The product is so many of another one.
#[server(prefix = "/fn", endpoint = "backoffice/save_pack")]
pub async fn save_pack(product: String, unit_gtin: String, units: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = product.parse().map_err(|_| shared::Problem::not_found())?;
    let unit_gtin =
        shared::Gtin::typed(&unit_gtin).map_err(|wrong| shared::Problem::field("unit_gtin", wrong.code(), wrong.to_string()))?;
    let wrong = catalogue::pack::Wrong::Units;
    let units = units.trim().parse().map_err(|_| shared::Problem::field(wrong.field(), wrong.code(), wrong.to_string()))?;
    catalogue::pack::set(&mut tx, &actor, now, id, &shared::catalogue::NewPack { unit_gtin, units }).await?;
    tx.commit().await?;
    request::go(&format!("/o/product?id={id}&saved=yes"));
    Ok(())
}

/// It is no pack any more.
#[server(prefix = "/fn", endpoint = "backoffice/remove_pack")]
pub async fn remove_pack(product: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = product.parse().map_err(|_| shared::Problem::not_found())?;
    catalogue::pack::remove(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&format!("/o/product?id={id}&saved=yes"));
    Ok(())
}
