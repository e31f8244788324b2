//! Shops from a spreadsheet: row by row, a hundred at a time, and back.

use db::{Db, sql};
use identity::{Actor, Error, shop, shop_import as import};
use shared::{ShopImportId, catalogue::ImportOutcome, identity::ShopImport};

use super::{NOW, keys, owner};

sql! {
    PLACES: "SELECT name, city, zone, distributor_code, latitude, time_zone FROM shop WHERE closed_at IS NULL ORDER BY name";
    OPEN: "SELECT COUNT(*) FROM shop WHERE closed_at IS NULL";
    PEOPLE: "SELECT COUNT(*) FROM shop_member WHERE removed_at IS NULL";
    ROLES: "SELECT name, role FROM shop_member ORDER BY name";
    FILES: "SELECT COUNT(*) FROM shop_import WHERE file_sealed IS NOT NULL";
    ENROL: "INSERT INTO device (id, shop_id, member_id, public_key, name, enrolled_at) SELECT $1, $2, id, $3, 'Android', 0 FROM shop_member ORDER BY created_at LIMIT 1";
    FIRST_ADDED: "SELECT shop_id FROM shop_import_row ORDER BY row_number LIMIT 1";
}

const FILE: &str = "\u{feff}Nombre;País;Ciudad;Zona;Latitud;Longitud;Código;Propietario;Celular;Zona_horaria\r\nDon Luis;CO;Bogotá;Suba;4,74;-74,08;D-1;Luis;300 123 0041;\r\nLa Ñapa;co;Cali;;;;D-2;;;America/Bogota\r\nSin país;XX;;;;;;;;\r\nLejos;CO;;;95;10;;;;\r\nSin teléfono;CO;;;;;;Ana;;\r\nMal teléfono;CO;;;;;;Ana;123;\r\nRepetida;CO;;;;;D-1;;;\r\n=1+1;CO;;;;;;;;\r\nReloj;CO;;;;;;;;Marte/Base\r\n";

async fn keep(db: &Db, file: &[u8]) -> Result<ShopImportId, Error> {
    let mut tx = db.begin().await.unwrap();
    let id = import::keep(&mut tx, &keys(), &Actor::System, NOW, "tiendas.csv", file).await?;
    tx.commit().await.unwrap();
    Ok(id)
}

async fn check(db: &Db, id: ShopImportId) -> ShopImport {
    import::check(&mut db.read().await.unwrap(), &keys(), &Actor::System, id).await.unwrap()
}

async fn some(db: &Db, id: ShopImportId) -> bool {
    let mut tx = db.begin().await.unwrap();
    let finished = import::apply_some(&mut tx, &keys(), &Actor::System, NOW, id).await.unwrap();
    tx.commit().await.unwrap();
    finished
}

db::both_databases! {
    async fn every_row_says_what_becomes_of_it_and_nothing_is_written_before(db: &Db) {
        let id = keep(db, FILE.as_bytes()).await.unwrap();
        let seen = check(db, id).await;
        let (open,): (i64,) = db.read().await.unwrap().query(OPEN).one().await.unwrap();
        let wrong: Vec<_> = seen.report.rows.iter().filter(|row| row.outcome == ImportOutcome::Wrong).map(|row| (row.row, row.column.unwrap(), row.code.clone().unwrap(), row.same_as)).collect();
        let told = |row, column, code: &str, same| (row, column, code.to_owned(), same);

        assert_eq!((open, seen.total, seen.done, seen.report.count(ImportOutcome::Create)), (0, 9, 0, 2));
        assert_eq!(wrong, [
            told(4, 1, "shop.country", None), told(5, 4, "shop.place", None), told(6, 8, "required", None), told(7, 8, "invalid_phone", None),
            told(8, 0, "catalogue.duplicate_row", Some(2)), told(9, 0, "catalogue.formula", None), told(10, 9, "shop.time_zone", None),
        ]);
    }

    async fn right_rows_become_shops_with_their_place_and_owner_and_the_file_is_forgotten(db: &Db) {
        let id = keep(db, FILE.as_bytes()).await.unwrap();
        assert!(some(db, id).await);
        assert!(some(db, id).await);
        let done = check(db, id).await;
        let again = check(db, keep(db, FILE.as_bytes()).await.unwrap()).await;
        let mut tx = db.read().await.unwrap();
        let shops = tx.query(PLACES).all::<(String, String, String, Option<String>, Option<f64>, String)>().await.unwrap();
        let (people,): (i64,) = tx.query(PEOPLE).one().await.unwrap();
        let (files,): (i64,) = tx.query(FILES).one().await.unwrap();
        let row = |name: &str, city: &str, zone: &str, code: &str, latitude| (name.to_owned(), city.to_owned(), zone.to_owned(), Some(code.to_owned()), latitude, "America/Bogota".to_owned());

        assert_eq!(shops, [row("Don Luis", "Bogotá", "Suba", "D-1", Some(4.74)), row("La Ñapa", "Cali", "", "D-2", None)]);
        assert_eq!((people, done.done, done.applied_at), (1, 9, Some(NOW)));
        // Only the second file, which nobody applied, still holds telephones.
        assert_eq!(files, 1);
        assert!(done.report.rows.iter().all(|row| row.cells[8].is_empty() || row.cells[8] == "••"));
        assert_eq!((again.report.count(ImportOutcome::Same), again.report.count(ImportOutcome::Create)), (2, 0));
    }

    async fn cashiers_come_with_their_shop_and_nobody_works_there_twice(db: &Db) {
        let file = "nombre,pais,propietario,celular,cajeros\nUna,CO,Luis,300 123 0041,Nico 300 111 2233 / Ana María +57 300 555 6677\nDos,CO,Rosa,300 123 0042,Nico\nTres,CO,Rosa,300 123 0042,Rosa 300 123 0042\nCuatro,CO,,,Nico 300 111 2233\nCinco,CO,Rosa,300 123 0042,Nico 123\n";
        let id = keep(db, file.as_bytes()).await.unwrap();
        let seen = check(db, id).await;
        assert!(some(db, id).await);
        let done = check(db, id).await;
        let mut tx = db.read().await.unwrap();
        let roles: Vec<(String, String)> = tx.query(ROLES).all().await.unwrap();

        let wrong: Vec<_> = seen.report.rows.iter().filter_map(|row| Some((row.row, row.column?, row.code.clone()?))).collect();
        assert_eq!(wrong, [(3, 10, "shop.cashiers".to_owned()), (4, 10, "shop.cashiers".to_owned()), (5, 7, "required".to_owned()), (6, 10, "invalid_phone".to_owned())]);
        assert_eq!(roles, [("Ana María".to_owned(), "cashier".to_owned()), ("Luis".to_owned(), "owner".to_owned()), ("Nico".to_owned(), "cashier".to_owned())]);
        assert!(done.report.rows.iter().all(|row| row.cells[10].is_empty() || row.cells[10] == "••"), "telephones are forgotten");
    }

    async fn five_hundred_rows_are_written_a_hundred_at_a_time_and_go_on_where_they_stopped(db: &Db) {
        let file: String = std::iter::once("nombre,pais,codigo\n".to_owned()).chain((0..500).map(|n| format!("Tienda {n},CO,D-{n}\n"))).collect();
        let id = keep(db, file.as_bytes()).await.unwrap();
        let mut steps = Vec::new();
        while !some(db, id).await {
            steps.push(check(db, id).await.done);
        }
        let (open,): (i64,) = db.read().await.unwrap().query(OPEN).one().await.unwrap();

        assert_eq!(steps, [100, 200, 300, 400]);
        assert_eq!((open, check(db, id).await.report.count(ImportOutcome::Create)), (500, 500));
    }

    async fn the_wrong_file_is_taken_back_but_for_shops_that_somebody_used(db: &Db) {
        let (_, _) = owner(db, 1).await;
        let id = keep(db, b"nombre,pais,codigo\nUna,CO,D-1\nDos,CO,D-2\nTres,CO,D-3\n").await.unwrap();
        some(db, id).await;
        let mut tx = db.begin().await.unwrap();
        let (used,): (shared::ShopId,) = tx.query(FIRST_ADDED).one().await.unwrap();
        let used = shop::get(&mut tx, used).await.unwrap();
        tx.query(ENROL).bind(uuid::Uuid::from_u128(1)).bind(used.id).bind(vec![4_u8; 65]).execute().await.unwrap();
        let undone = import::undo(&mut tx, &Actor::System, NOW, id).await.unwrap();
        let again = import::undo(&mut tx, &Actor::System, NOW, id).await.unwrap();
        tx.commit().await.unwrap();
        let (open,): (i64,) = db.read().await.unwrap().query(OPEN).one().await.unwrap();

        assert_eq!((undone.closed, undone.kept), (2, 1));
        assert_eq!(again, undone);
        assert_eq!((open, used.name.as_str()), (2, "Una"));
    }

    async fn what_is_no_table_of_shops_is_refused_whole(db: &Db) {
        let much: String = std::iter::once("nombre,pais\n".to_owned()).chain((0..100_000).map(|n| format!("T{n},CO\n"))).collect();
        for (file, code) in [(b"nombre\nx\n".to_vec(), "missing_column"), (b"nombre,pais\n".to_vec(), "bad_field"), (much.into_bytes(), "file_too_large")] {
            let refused: shared::Problem = keep(db, &file).await.unwrap_err().into();
            assert_eq!(refused.code, code);
        }
        let named: shared::Problem = keep(db, b"nombre;ciudad\nx;y\n").await.unwrap_err().into();
        assert_eq!(named.fields[0].field, "pais");
    }
}
