//! Packs: one owner, no circles, and units that are counted through them.

use catalogue::pack::{self, Wrong};
use shared::{BrandId, ProductId, catalogue::NewPack};

use super::*;

const UNIT: &str = "7702004003508";
const SIX: &str = "7702025103805";
const CASE: &str = "7707000000018";

async fn brand(tx: &mut db::Tx, name: &str) -> (OrganisationId, BrandId) {
    let tenant = organisation::create(tx, &Actor::System, NOW, name, OrganisationKind::BrandOwner, Country::Co).await.unwrap().id;
    (tenant, organisation::create_brand(tx, &Actor::System, NOW, tenant, name, "#9F1239").await.unwrap().id)
}

async fn product(tx: &mut db::Tx, gtin: &str, brand: Option<BrandId>) -> ProductId {
    let new = NewProduct { gtin: gtin.parse().unwrap(), brand_id: brand, name: gtin.into(), ..cola() };
    product::create(tx, &operator(), NOW, &new).await.unwrap().id
}

fn of(gtin: &str, units: i64) -> NewPack {
    NewPack { unit_gtin: gtin.parse().unwrap(), units }
}

both_databases! {
    async fn a_case_of_six_packs_is_so_many_bottles(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (_, sierra) = brand(&mut tx, "Sierra").await;
        let unit = product(&mut tx, UNIT, Some(sierra)).await;
        let six = product(&mut tx, SIX, Some(sierra)).await;
        let case = product(&mut tx, CASE, Some(sierra)).await;

        pack::set(&mut tx, &operator(), NOW, case, &of(SIX, 4)).await.unwrap();
        let alone = pack::get(&mut tx, &operator(), case).await.unwrap().unwrap();
        pack::set(&mut tx, &operator(), NOW, six, &of(UNIT, 6)).await.unwrap();
        let filled = pack::get(&mut tx, &operator(), case).await.unwrap().unwrap();
        let circle = pack::set(&mut tx, &operator(), NOW, unit, &of(CASE, 2)).await;
        pack::remove(&mut tx, &operator(), NOW, six).await.unwrap();
        pack::remove(&mut tx, &operator(), NOW, six).await.unwrap();
        let emptied = pack::get(&mut tx, &operator(), case).await.unwrap().unwrap();

        assert_eq!([alone.base_units, filled.base_units, emptied.base_units], [4, 24, 4]);
        assert!(matches!(circle, Err(Error::Pack(Wrong::Cycle))));
        assert_eq!(pack::get(&mut tx, &operator(), six).await.unwrap(), None);
    }

    async fn a_pack_and_its_unit_have_one_owner_and_keep_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let (_, sierra) = brand(&mut tx, "Sierra").await;
        let (tenant, llano) = brand(&mut tx, "Llano").await;
        let unit = product(&mut tx, UNIT, Some(sierra)).await;
        let six = product(&mut tx, SIX, Some(sierra)).await;
        let foreign = product(&mut tx, CASE, Some(llano)).await;
        let stranger = Actor::User { tenant, kind: OrganisationKind::BrandOwner, user: UserId::fixed(2), role: UserRole::Manager, session: SessionId::fixed(2) };

        let other = pack::set(&mut tx, &operator(), NOW, foreign, &of(UNIT, 6)).await;
        let hidden = pack::set(&mut tx, &stranger, NOW, six, &of(UNIT, 6)).await;
        pack::set(&mut tx, &operator(), NOW, six, &of(UNIT, 6)).await.unwrap();
        let parted = product::update(&mut tx, &operator(), NOW, unit, &NewProduct { gtin: UNIT.parse().unwrap(), brand_id: Some(llano), ..cola() }).await;

        assert!(matches!(other, Err(Error::Pack(Wrong::OtherBrand))));
        assert!(matches!(hidden, Err(Error::NotFound)));
        assert!(matches!(parted, Err(Error::Field("brand_id"))));
    }

    async fn a_file_says_packs_in_any_order_and_twice_changes_nothing(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        brand(&mut tx, "Sierra").await;
        let file = "gtin,nombre,marca,unidad,unidades\n7702025103805,Seis,Sierra,7702004003508,6\n7702004003508,Una,Sierra,,\n";
        let circle = "gtin,nombre,marca,unidad,unidades\n7702004003508,Una,Sierra,7702025103805,2\n7707000000018,Caja,Sierra,7702004003508,0\n7707000000025,Nada,Sierra,7709999999991,3\n";

        let dry = import::run(&mut tx, &operator(), NOW, file.as_bytes(), false).await.unwrap();
        let done = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();
        let again = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();
        let silent = import::run(&mut tx, &operator(), NOW, b"gtin,nombre,marca\n7702025103805,Seis,Sierra\n", true).await.unwrap();
        let wrong = import::run(&mut tx, &operator(), NOW, circle.as_bytes(), true).await.unwrap();
        let six = product::find_by_gtin(&mut tx, &operator(), &SIX.parse().unwrap()).await.unwrap().unwrap();
        let kept = pack::get(&mut tx, &operator(), six.id).await.unwrap().unwrap();

        assert_eq!(outcomes(&dry), [(ImportOutcome::Create, None), (ImportOutcome::Create, None)]);
        assert_eq!(outcomes(&done), outcomes(&dry));
        assert_eq!(outcomes(&again), [(ImportOutcome::Same, None), (ImportOutcome::Same, None)]);
        assert_eq!(outcomes(&silent), [(ImportOutcome::Same, None)]);
        let codes: Vec<_> = wrong.rows.iter().map(|row| row.code.as_deref().unwrap_or_default()).collect();
        assert_eq!(codes, ["catalogue.pack_cycle", "catalogue.pack_units", "catalogue.pack_unknown_unit"]);
        assert_eq!((kept.units, kept.base_units), (6, 6));
    }
}
