//! Products on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod imports;
mod packs;

use catalogue::{Error, import, product, proposal};
use db::both_databases;
use identity::{Actor, organisation};
use shared::{
    Country, Currency, OrganisationId, SessionId, Timestamp, UserId,
    catalogue::{ImportOutcome, NewProduct, OtherPrice, OtherPrices},
    identity::{MemberRole, NewShop, OrganisationKind, UserRole},
};

const NOW: Timestamp = Timestamp(1_773_154_800_000);
const COLA: &str = "7702004003508";

fn operator() -> Actor {
    Actor::User {
        user: UserId::fixed(1),
        tenant: OrganisationId::fixed(1),
        kind: OrganisationKind::Operator,
        role: UserRole::Admin,
        session: SessionId::fixed(1),
    }
}
fn cola() -> NewProduct {
    NewProduct {
        gtin: COLA.parse().unwrap(),
        brand_id: None,
        name: "Cola Sierra 400 ml".into(),
        category: "drink".into(),
        suggested_price_minor: Some(250_000),
        currency: Currency::Cop,
    }
}
fn outcomes(report: &shared::catalogue::ImportReport) -> Vec<(ImportOutcome, Option<&str>)> {
    report.rows.iter().map(|row| (row.outcome, row.code.as_deref())).collect()
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in catalogue::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{error}: {}", sql.postgres));
        }
    }

    async fn a_shop_is_suggested_prices_in_its_own_money_or_none(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let made = product::create(&mut tx, &operator(), NOW, &cola()).await.unwrap();
        let keys = identity::Keys::new(&secrecy::SecretBox::new(Box::new([1; 32])));
        let owner_of = async |tx: &mut db::Tx, last: &str, country: Country| {
            let phone = identity::Phone::parse(Country::Co, &format!("300 123 {last}")).unwrap();
            let phone = identity::challenge::VerifiedPhone::trusted(&keys, phone);
            let new = NewShop::new("La Esquina", country);
            let (shop, member) = identity::shop::register(tx, NOW, &phone, &new, "Rosa").await.unwrap();
            Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(1) }
        };
        let pesos = owner_of(&mut tx, "0001", Country::Co).await;
        let dollars = owner_of(&mut tx, "0002", Country::Mx).await;
        tx.query(db::Sql::same("UPDATE shop SET currency = 'USD' WHERE currency = 'MXN'")).execute().await.unwrap();
        let shown = async |tx: &mut db::Tx, actor: &Actor| product::for_shop(tx, actor).await.unwrap().into_iter().map(|one| (one.suggested_price_minor, one.currency)).next().unwrap();
        let price = |currency, suggested_price_minor| OtherPrice { currency, suggested_price_minor };

        assert_eq!(shown(&mut tx, &pesos).await, (Some(250_000), Currency::Cop));
        assert_eq!(shown(&mut tx, &dollars).await, (None, Currency::Usd), "2 500 pesos are not 2 500 dollars");
        let set = OtherPrices { prices: vec![price(Currency::Usd, 75), price(Currency::Mxn, 1_500)] };
        let told = catalogue::price::set_others(&mut tx, &operator(), NOW, made.id, &set).await.unwrap();
        assert_eq!(told.prices, [price(Currency::Mxn, 1_500), price(Currency::Usd, 75)]);
        assert_eq!((shown(&mut tx, &pesos).await, shown(&mut tx, &dollars).await), ((Some(250_000), Currency::Cop), (Some(75), Currency::Usd)));
        for wrong in [vec![price(Currency::Cop, 1)], vec![price(Currency::Usd, 1), price(Currency::Usd, 2)], vec![price(Currency::Usd, -1)]] {
            let refused = catalogue::price::set_others(&mut tx, &operator(), NOW, made.id, &OtherPrices { prices: wrong }).await;
            assert!(matches!(refused, Err(Error::Field("prices"))));
        }
        // Its own price is in dollars from now on: that is the one.
        let moved = NewProduct { suggested_price_minor: Some(80), currency: Currency::Usd, ..cola() };
        product::update(&mut tx, &operator(), NOW, made.id, &moved).await.unwrap();
        assert_eq!((shown(&mut tx, &pesos).await, shown(&mut tx, &dollars).await), ((None, Currency::Cop), (Some(80), Currency::Usd)));
    }

    async fn a_barcode_is_one_product_and_its_change_is_noticed(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let made = product::create(&mut tx, &operator(), NOW, &cola()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(matches!(product::create(&mut tx, &operator(), NOW, &cola()).await, Err(Error::Taken)));
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let (before,): (i64,) = tx.query(db::Sql::same("SELECT value FROM epoch WHERE name = 'rules'")).one().await.unwrap();
        product::update(&mut tx, &operator(), NOW, made.id, &NewProduct { suggested_price_minor: Some(260_000), ..cola() }).await.unwrap();
        let (after,): (i64,) = tx.query(db::Sql::same("SELECT value FROM epoch WHERE name = 'rules'")).one().await.unwrap();
        let told = identity::audit::search(&mut tx, &operator(), "product.changed", "", None, 10).await.unwrap().items[0].event.clone();
        let found = product::list(&mut tx, &operator(), "SIERRA", None, 10).await.unwrap();
        let by_code = product::list(&mut tx, &operator(), "770200400", None, 10).await.unwrap();

        assert!(after > before);
        assert_eq!((found.items.len(), by_code.items.len(), found.items[0].suggested_price_minor), (1, 1, Some(260_000)));
        let mut before = told.before.unwrap();
        before["suggested_price_minor"] = 260_000.into();
        assert_eq!(Some(before), told.after, "the audit tells what changed and nothing else");
    }

    async fn a_code_of_one_shop_is_no_product_of_the_platform(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let weighed = product::create(&mut tx, &operator(), NOW, &NewProduct { gtin: "2000000000015".parse().unwrap(), ..cola() }).await;
        let report = import::run(&mut tx, &operator(), NOW, b"gtin,nombre\n2000000000015,Queso", true).await.unwrap();

        assert!(matches!(weighed, Err(Error::InStoreCode)));
        assert_eq!(outcomes(&report), [(ImportOutcome::Wrong, Some("catalogue.in_store_code"))]);
    }

    async fn only_the_operator_and_the_owner_write(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let org = organisation::create(&mut tx, &Actor::System, NOW, "Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let brand = organisation::create_brand(&mut tx, &Actor::System, NOW, org.id, "Cola Sierra", "#9F1239").await.unwrap();
        let person = |tenant, role| Actor::User { user: UserId::fixed(1), tenant, kind: OrganisationKind::BrandOwner, role, session: SessionId::fixed(1) };
        let stranger = OrganisationId::fixed(9);
        let key = |tenant| Actor::Key { key: shared::ApiKeyId::fixed(1), tenant, kind: OrganisationKind::BrandOwner, scopes: identity::Scopes::parse("products:write").unwrap() };
        let own = NewProduct { brand_id: Some(brand.id), ..cola() };

        assert!(matches!(product::create(&mut tx, &Actor::Anonymous, NOW, &own).await, Err(Error::Identity(identity::Error::Unauthorized))));
        assert!(matches!(product::create(&mut tx, &person(org.id, UserRole::Analyst), NOW, &own).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(product::create(&mut tx, &person(stranger, UserRole::Admin), NOW, &own).await, Err(Error::NotFound)));
        assert!(matches!(product::create(&mut tx, &person(org.id, UserRole::Admin), NOW, &cola()).await, Err(Error::NotFound)));
        assert!(matches!(product::create(&mut tx, &key(stranger), NOW, &own).await, Err(Error::NotFound)));
        assert!(matches!(product::create(&mut tx, &key(org.id), NOW, &cola()).await, Err(Error::NotFound)));
        let made = product::create(&mut tx, &person(org.id, UserRole::Manager), NOW, &own).await.unwrap();
        let renamed = NewProduct { name: "Cola Sierra 400".into(), ..own };
        assert!(product::update(&mut tx, &key(org.id), NOW, made.id, &renamed).await.is_ok());
        assert!(matches!(product::update(&mut tx, &person(stranger, UserRole::Admin), NOW, made.id, &renamed).await, Err(Error::NotFound)));
    }

    async fn a_category_is_one_of_ours_however_it_is_written(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let file = "gtin,nombre,categoria\n7702004003508,Cerveza Sierra,Cervezas\n7702025103805,Trompo,juguetes\n";
        let report = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();
        let beer = product::find_by_gtin(&mut tx, &operator(), &"7702004003508".parse().unwrap()).await.unwrap().unwrap();
        let refused = product::update(&mut tx, &operator(), NOW, beer.id, &NewProduct { gtin: beer.gtin, brand_id: None, name: beer.name.clone(), category: "juguetes".into(), suggested_price_minor: None, currency: beer.currency }).await;

        assert_eq!(report.rows.iter().map(|row| row.code.as_deref()).collect::<Vec<_>>(), [None, Some("catalogue.category")]);
        assert_eq!(beer.category, "alcohol");
        assert!(matches!(refused, Err(Error::Field("category"))));
    }

    async fn an_import_tells_each_row_and_changes_nothing_twice(db: &Db) {
        let file = "\u{feff}GTIN;Nombre;Marca;Categoría;Precio;Moneda\n7702004003508;Cola Sierra 400 ml;;drink;2500;COP\n7702004003509;Mala;;;100;COP\n7702025103805;=1+1;;;100;COP\n7702025103805;Galletas;Nadie;;100;COP\n7702004003508;Otra vez;;;100;COP\n";
        let mut tx = db.begin().await.unwrap();
        let checked = import::run(&mut tx, &operator(), NOW, file.as_bytes(), false).await.unwrap();
        let none = product::list(&mut tx, &operator(), "", None, 10).await.unwrap();
        let applied = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();
        let again = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();

        assert_eq!(outcomes(&checked), [
            (ImportOutcome::Create, None),
            (ImportOutcome::Wrong, Some("catalogue.check_digit")),
            (ImportOutcome::Wrong, Some("catalogue.formula")),
            (ImportOutcome::Wrong, Some("catalogue.unknown_brand")),
            (ImportOutcome::Wrong, Some("catalogue.duplicate_row")),
        ]);
        assert!(none.items.is_empty());
        assert_eq!((applied.rows[0].outcome, again.rows[0].outcome), (ImportOutcome::Create, ImportOutcome::Same));
    }

    async fn a_file_of_a_spreadsheet_in_windows_letters_is_read(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let report = import::run(&mut tx, &operator(), NOW, b"gtin,nombre\n7702004003508,Jab\xf3n Brisa\n", true).await.unwrap();
        let none = import::run(&mut tx, &operator(), NOW, b"codigo,texto\n1,2\n", true).await;

        assert_eq!(report.rows[0].cells[1], "Jabón Brisa");
        assert!(matches!(none, Err(Error::MissingColumn("gtin"))));
    }

    async fn a_kept_file_is_looked_at_mended_and_applied_once(db: &Db) {
        let file = b"gtin,nombre,precio\n\n7702004003508,Cola Sierra 400 ml,2.500\n7702025103806,Galletas,\"2,500\"\n";
        let mut tx = db.begin().await.unwrap();
        let analyst = Actor::User { user: UserId::fixed(2), tenant: OrganisationId::fixed(1), kind: OrganisationKind::Operator, role: UserRole::Analyst, session: SessionId::fixed(2) };
        let id = import::keep(&mut tx, &operator(), NOW, "noviembre.csv", file).await.unwrap();
        let before = import::check(&mut tx, &operator(), NOW, id).await.unwrap();
        let wrong = before.report.rows[1].clone();
        let none = product::list(&mut tx, &operator(), "", None, 10).await.unwrap();

        assert_eq!((before.name.as_str(), before.applied_at, none.items.len()), ("noviembre.csv", None, 0));
        assert_eq!((wrong.column, wrong.code.as_deref()), (Some(0), Some("catalogue.check_digit")));
        assert!(matches!(import::check(&mut tx, &analyst, NOW, id).await, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(import::apply(&mut tx, &analyst, NOW, id).await, Err(Error::Identity(identity::Error::Forbidden))));

        import::correct(&mut tx, &operator(), id, wrong.row, 0, " 7702025103805 ").await.unwrap();
        let mended = import::check(&mut tx, &operator(), NOW, id).await.unwrap().report;
        assert_eq!((mended.rows[0].row, mended.rows[1].row), (before.report.rows[0].row, wrong.row), "rows keep their numbers");
        assert_eq!(outcomes(&mended), [(ImportOutcome::Create, None), (ImportOutcome::Wrong, Some("catalogue.price"))], "2,500 may be two and a half");

        let first = import::apply(&mut tx, &operator(), NOW, id).await.unwrap();
        let second = import::apply(&mut tx, &operator(), NOW, id).await.unwrap();
        let after = import::check(&mut tx, &operator(), NOW.plus_ms(5), id).await.unwrap();
        assert_eq!((first.count(ImportOutcome::Create), &second), (1, &first));
        assert_eq!((after.applied_at, after.report), (Some(NOW), first));
        assert!(matches!(import::correct(&mut tx, &operator(), id, 2, 0, "1").await, Err(Error::Applied)));
        assert!(matches!(import::keep(&mut tx, &operator(), NOW, "x", b"gtin,nombre\n").await, Err(Error::BadFile(_))));
    }

    async fn an_accepted_proposal_is_a_product_and_answers_every_shop(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let keys = identity::Keys::new(&secrecy::SecretBox::new(Box::new([1; 32])));
        for (n, name) in ["La Esquina", "Don Luis"].into_iter().enumerate() {
            let phone = identity::challenge::VerifiedPhone::trusted(&keys, identity::Phone::parse(Country::Co, &format!("300123456{n}")).unwrap());
            let new_shop = NewShop { name: name.into(), country: Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
            let (shop, member) = identity::shop::register(&mut tx, NOW, &phone, &new_shop, "Rosa").await.unwrap();
            let rosa = Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(1) };
            let new = proposal::NewProposal { gtin: COLA.parse().unwrap(), name: "Cola".into(), price_minor: Some(250_000), photo: None };
            proposal::propose(&mut tx, &rosa, NOW, &new).await.unwrap();
        }
        let id = proposal::list(&mut tx, &operator()).await.unwrap()[0].id;

        let brand_user = Actor::User { user: UserId::fixed(1), tenant: OrganisationId::fixed(2), kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(1) };
        assert!(matches!(proposal::accept(&mut tx, &brand_user, NOW, id, &cola()).await, Err(Error::Identity(identity::Error::Forbidden))));
        let other = NewProduct { gtin: "7702025103805".parse().unwrap(), ..cola() };
        assert!(matches!(proposal::accept(&mut tx, &operator(), NOW, id, &other).await, Err(Error::Field("gtin"))));
        assert_eq!(proposal::count_open(&mut tx, &operator()).await.unwrap(), 2);
        assert!(matches!(proposal::close(&mut tx, &operator(), NOW, id, "  ").await, Err(Error::Field("why"))));
        let product = proposal::accept(&mut tx, &operator(), NOW, id, &cola()).await.unwrap();

        assert_eq!(product::find_by_gtin(&mut tx, &operator(), &cola().gtin).await.unwrap(), Some(product));
        assert_eq!(proposal::count_open(&mut tx, &operator()).await.unwrap(), 0);
        assert!(matches!(proposal::get(&mut tx, &operator(), id).await, Err(Error::NotFound)));
    }

    async fn a_shop_proposes_what_nobody_knows(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let keys = identity::Keys::new(&secrecy::SecretBox::new(Box::new([1; 32])));
        let phone = identity::challenge::VerifiedPhone::trusted(&keys, identity::Phone::parse(Country::Co, "3001234567").unwrap());
        let new_shop = NewShop { name: "La Esquina".into(), country: Country::Co, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None };
        let (shop, member) = identity::shop::register(&mut tx, NOW, &phone, &new_shop, "Rosa").await.unwrap();
        let rosa = Actor::Member { member, shop, role: MemberRole::Owner, device: None, session: SessionId::fixed(1) };
        let new = |name: &str| proposal::NewProposal { gtin: COLA.parse().unwrap(), name: name.into(), price_minor: Some(250_000), photo: None };
        let first = proposal::propose(&mut tx, &rosa, NOW, &new("Cola")).await.unwrap();
        let second = proposal::propose(&mut tx, &rosa, NOW, &new("Cola Sierra")).await.unwrap();
        let open = proposal::list(&mut tx, &operator()).await.unwrap();
        let as_shop = proposal::list(&mut tx, &rosa).await;
        proposal::close(&mut tx, &operator(), NOW, first, "creado").await.unwrap();

        assert_eq!((first, open.len(), open[0].name.as_str()), (second, 1, "Cola Sierra"));
        assert!(matches!(as_shop, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(proposal::list(&mut tx, &operator()).await.unwrap().is_empty());
    }
}
