//! Kept files that two people mend at once, and what a spreadsheet may hold.

use std::{pin::pin, time::Duration};

use db::Db;

use super::*;

/// Long enough for a statement that waits for nobody.
const WAITING: Duration = Duration::from_millis(150);
const TWO_ROWS: &[u8] = b"gtin,nombre\n7702004003508,Cola\n7702025103805,Galletas\n";

async fn kept(db: &Db, file: &[u8]) -> shared::ImportId {
    let mut tx = db.begin().await.unwrap();
    let id = import::keep(&mut tx, &operator(), NOW, "noviembre.csv", file).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn correct(db: &Db, id: shared::ImportId, row: i64, text: &str) -> Result<(), Error> {
    let mut tx = db.begin().await.unwrap();
    import::correct(&mut tx, &operator(), id, row, 1, text).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn names(db: &Db, id: shared::ImportId) -> Vec<String> {
    let mut tx = db.begin().await.unwrap();
    let kept = import::check(&mut tx, &operator(), NOW, id).await.unwrap();
    kept.report.rows.into_iter().map(|row| row.cells[1].clone()).collect()
}

// SQLite commits in groups: whoever waits for its turn must go on while the one before commits, so these are joined.
both_databases! {
    async fn two_people_mend_one_file_and_both_texts_stay(db: &Db) {
        let id = kept(db, TWO_ROWS).await;
        let mut first = db.begin().await.unwrap();
        import::correct(&mut first, &operator(), id, 2, 1, "Cola Sierra").await.unwrap();
        let mut second = pin!(correct(db, id, 3, "Galletas Luna"));

        assert!(tokio::time::timeout(WAITING, &mut second).await.is_err(), "the second waits for the first");
        let (first, second) = tokio::join!(first.commit(), second);
        first.unwrap();
        second.unwrap();

        assert_eq!(names(db, id).await, ["Cola Sierra", "Galletas Luna"]);
    }

    async fn a_correction_beside_apply_comes_before_it_or_is_refused(db: &Db) {
        let id = kept(db, TWO_ROWS).await;
        let mut applying = db.begin().await.unwrap();
        import::apply(&mut applying, &operator(), NOW, id).await.unwrap();
        let mut late = pin!(correct(db, id, 2, "Cola Sierra"));
        assert!(tokio::time::timeout(WAITING, &mut late).await.is_err(), "the correction waits for what is applied");
        let (applied, late) = tokio::join!(applying.commit(), late);
        applied.unwrap();
        assert!(matches!(late, Err(Error::Applied)));
        assert_eq!(names(db, id).await, ["Cola", "Galletas"]);

        let id = kept(db, TWO_ROWS).await;
        let mut correcting = db.begin().await.unwrap();
        import::correct(&mut correcting, &operator(), id, 2, 1, "Cola Sierra").await.unwrap();
        let mut applying = pin!(async {
            let mut tx = db.begin().await.unwrap();
            let report = import::apply(&mut tx, &operator(), NOW, id).await.unwrap();
            tx.commit().await.unwrap();
            report
        });
        assert!(tokio::time::timeout(WAITING, &mut applying).await.is_err(), "what is applied waits for the correction");
        let (corrected, report) = tokio::join!(correcting.commit(), applying);
        corrected.unwrap();
        assert_eq!(report.rows[0].cells[1], "Cola Sierra");
    }

    async fn a_name_of_two_brands_is_asked_about_and_no_brand_is_overlooked(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut tenants = Vec::new();
        for name in ["Sierra", "Llano"] {
            tenants.push(organisation::create(&mut tx, &Actor::System, NOW, name, OrganisationKind::BrandOwner, Country::Co).await.unwrap().id);
        }
        for (tenant, name) in [(tenants[0], "Brisa"), (tenants[1], "BRÍSA")] {
            organisation::create_brand(&mut tx, &Actor::System, NOW, tenant, name, "#9F1239").await.unwrap();
        }
        // More than one page of them, all older than the one that is asked for.
        for n in 0..1_010 {
            organisation::create_brand(&mut tx, &Actor::System, NOW, tenants[0], &format!("Marca {n}"), "#9F1239").await.unwrap();
        }
        let last = organisation::create_brand(&mut tx, &Actor::System, NOW.plus_ms(1), tenants[1], "Última", "#9F1239").await.unwrap();
        let file = "gtin,nombre,marca\n7702004003508,Jabón,brisa\n7702025103805,Galletas,Ultima\n";
        let report = import::run(&mut tx, &operator(), NOW, file.as_bytes(), true).await.unwrap();
        let cookies = product::find_by_gtin(&mut tx, &operator(), &"7702025103805".parse().unwrap()).await.unwrap().unwrap();

        assert_eq!(outcomes(&report), [(ImportOutcome::Wrong, Some("catalogue.ambiguous_brand")), (ImportOutcome::Create, None)]);
        assert_eq!((report.rows[0].column, cookies.brand_id), (Some(2), Some(last.id)));
    }

    async fn rows_have_the_numbers_of_the_spreadsheet(db: &Db) {
        // Rows 2, 4, 5 and 8; the cell of two lines is one row, a line of separators one that is empty.
        let lines = ["gtin,nombre,nota", "7702004003508,Cola,x", "", "7702025103805,Galletas,\"dos\u{0}lineas\"", "1,Mala,x", ",,", "", "2,Peor,x", ""];
        for end in ["\n", "\r\n", "\r"] {
            let file = lines.join(end).replace('\u{0}', end);
            let id = kept(db, file.as_bytes()).await;
            let mut tx = db.begin().await.unwrap();
            let numbers = |report: shared::catalogue::ImportReport| report.rows.iter().map(|row| (row.row, row.cells[1].clone())).collect::<Vec<_>>();
            let before = numbers(import::check(&mut tx, &operator(), NOW, id).await.unwrap().report);
            import::correct(&mut tx, &operator(), id, 4, 1, "Galletas Luna").await.unwrap();
            let after = numbers(import::check(&mut tx, &operator(), NOW, id).await.unwrap().report);
            let empty = import::correct(&mut tx, &operator(), id, 3, 1, "x").await;
            let headed = import::run(&mut tx, &operator(), NOW, [end, &file].concat().as_bytes(), false).await.unwrap();

            let named = |number: i64, name: &str| (number, name.to_owned());
            assert_eq!(before, [named(2, "Cola"), named(4, "Galletas"), named(5, "Mala"), named(8, "Peor")], "{end:?}");
            assert_eq!(after, [named(2, "Cola"), named(4, "Galletas Luna"), named(5, "Mala"), named(8, "Peor")], "{end:?}");
            assert!(matches!(empty, Err(Error::NotFound)));
            assert_eq!(numbers(headed)[3].0, 9, "{end:?}: a line above the heading counts");
        }
    }

    async fn a_mended_file_is_as_small_as_one_that_is_brought(db: &Db) {
        let mut file = b"gtin,nombre\n".to_vec();
        while file.len() < import::BYTES_MAX - 400 {
            file.extend_from_slice(format!("1,{}\n", "a".repeat(397)).as_bytes());
        }
        let id = kept(db, &file).await;

        assert!(matches!(correct(db, id, 2, "Cola").await, Err(Error::BadFile(_))), "six columns of so many rows are too much");
    }
}
