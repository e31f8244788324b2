//! Documents and their headers, and forms without scripts.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::{Who, World};

db::both_databases! {
    async fn a_page_names_its_nonce_and_lets_nothing_else_run(db: &Db) {
        let world = World::new(db).await;

        let page = world.page(Who::Nobody, "/").await;

        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.starts_with("<!DOCTYPE html><html lang=\"es\""));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self' 'nonce-") && policy.contains("style-src 'self';") && !policy.contains("unsafe-inline"));
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(page.text.split("<script").skip(1).all(|script| script.contains(&format!("nonce=\"{nonce}\""))));
        assert_ne!(policy, world.page(Who::Nobody, "/").await.header("content-security-policy").unwrap());
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("permissions-policy").map(|value| value.contains("camera=(self)")), Some(true));
        assert!(!page.text.contains(" style=\""));
    }

    async fn every_front_answers_with_or_without_a_session(db: &Db) {
        let world = World::new(db).await;

        for (path, who) in [("/c/", Who::Consumer), ("/t/", Who::Owner), ("/b/", Who::Brand), ("/o/", Who::Operator)] {
            let mine = world.page(who, path).await;
            assert_eq!(mine.status, StatusCode::OK, "{path} as {who:?}: {}", mine.header("location").unwrap_or_default());
            let nobodys = world.page(Who::Nobody, path).await;
            assert!(matches!(nobodys.status, StatusCode::OK | StatusCode::SEE_OTHER), "{path}: {}", nobodys.status);
        }
    }

    async fn an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(db: &Db) {
        let world = World::new(db).await;

        let page = world.page(Who::Nobody, "/nada").await;
        let problem = world.send(Request::get("/nada").body(Body::empty()).unwrap()).await;

        assert_eq!((page.status, page.text.starts_with("<!DOCTYPE html>")), (StatusCode::NOT_FOUND, true));
        assert_eq!((problem.status, problem.header("content-type")), (StatusCode::NOT_FOUND, Some("application/problem+json")));
    }

    async fn a_receipt_that_nobody_wrote_is_answered_alike(db: &Db) {
        let world = World::new(db).await;
        let body = |text: &str| text[text.find("<main").unwrap()..].split("</main>").next().unwrap().to_owned();
        let mut told = Vec::new();
        for token in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%C3%B1"] {
            for who in [Who::Nobody, Who::Consumer] {
                let page = world.page(who, &format!("/r/{token}")).await;
                assert_eq!(page.status, StatusCode::NOT_FOUND);
                assert!(!page.text.contains("<script type=\"module\""));
                told.push(body(&page.text));
            }
        }

        assert!(told[0].contains("Ese recibo no existe"), "{}", told[0]);
        assert!(told.iter().all(|one| *one == told[0]));
    }

    async fn receipts_are_guessed_slowly(db: &Db) {
        let world = World::slow(db).await;
        for _ in 0..2 {
            assert_eq!(world.page(Who::Nobody, "/r/x").await.status, StatusCode::NOT_FOUND);
        }

        assert_eq!(world.page(Who::Nobody, "/r/x").await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(world.call(Who::Nobody, "/fn/consumer/read_receipt", "token=x", false).await.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn without_a_number_a_page_says_whom_to_ask(db: &Db) {
        let page = World::new(db).await.page(Who::Owner, "/t/more").await.text;

        assert!(!page.contains("wa.me") && page.contains("data-help=\"ninguno\"") && page.contains("tu distribuidor o tu asesor"), "{page}");
    }

    async fn the_help_of_a_shop_is_a_message_that_is_already_written(db: &Db) {
        let with = World::with_help(db, "573005550000").await.page(Who::Owner, "/t/more").await.text;

        assert!(with.contains("https://wa.me/573005550000?text=Hola") && with.contains("%2Ft%2Fmore") && with.contains("data-help-number=\"573005550000\""), "{with}");
    }

    async fn practice_and_lessons_open_for_nobody_and_ask_nothing(db: &Db) {
        let world = World::new(db).await;

        let practice = world.page(Who::Nobody, "/t/practice").await;
        let lessons = world.page(Who::Nobody, "/t/training").await;

        assert_eq!((practice.status, lessons.status), (StatusCode::OK, StatusCode::OK));
        assert!(practice.text.contains("Práctica: nada se guarda"));
        assert_eq!(lessons.text.matches("data-lesson=").count(), 5);
    }

    async fn a_refused_form_comes_back_to_its_page_with_the_reason(db: &Db) {
        let world = World::new(db).await;

        let form = world.call(Who::Nobody, "/fn/consumer/start_code", "country=CO&phone=12", true).await;
        let script = world.call(Who::Nobody, "/fn/consumer/start_code", "country=CO&phone=12", false).await;

        assert_eq!((form.status, form.header("location")), (StatusCode::SEE_OTHER, Some("/from?x=1&error=invalid_phone&field=phone")));
        assert_eq!(script.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(script.text.contains("\"code\":\"invalid_phone\""));
    }

    async fn an_accepted_form_goes_on(db: &Db) {
        let world = World::new(db).await;

        let form = world.call(Who::Nobody, "/fn/consumer/start_code", "country=CO&phone=3001234567", true).await;

        assert_eq!(form.status, StatusCode::SEE_OTHER);
        assert!(form.header("location").is_some_and(|to| to.starts_with("/c/")), "{:?}", form.header("location"));
    }

    async fn another_site_cannot_call_a_server_function(db: &Db) {
        let world = World::new(db).await;
        let request = Request::post("/fn/consumer/log_out")
            .header(header::COOKIE, world.cookie(Who::Consumer).unwrap())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .body(Body::empty())
            .unwrap();

        assert_eq!(world.send(request).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_form_of_ten_megabytes_is_refused(db: &Db) {
        let world = World::new(db).await;

        let answer = world.call(Who::Nobody, "/fn/consumer/start_code", &"x".repeat(10_000_000), false).await;

        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn a_file_too_large_comes_back_to_its_form(db: &Db) {
        let world = World::new(db).await;
        let file = format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.csv\"\r\n\r\n{}\r\n--x--\r\n", "x".repeat(10_000_000));

        let answer = world.call(Who::Operator, "/fn/backoffice/import_products", &file, true).await;

        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/from?x=1&error=payload_too_large")));
    }

    async fn a_file_is_uploaded_looked_at_mended_and_applied_without_scripts(db: &Db) {
        let world = World::new(db).await;
        let post = async |path: &str, form: &str| world.call(Who::Operator, path, form, true).await.header("location").unwrap_or_default().to_owned();
        let file = |name: &str, rows: &str| format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{rows}\r\n--x--\r\n");

        let nothing = post("/fn/backoffice/import_products", &file("", "")).await;
        let nonsense = post("/fn/backoffice/import_products", &file("p.csv", "a,b\n1,2")).await;
        let preview = post("/fn/backoffice/import_products", &file("nov.csv", "gtin,nombre,marca\n7702004003508,Cola,Cola Siera\n7702004003516,Agua,")).await;
        let id = preview.strip_prefix("/o/import?id=").unwrap().to_owned();
        let looked = world.page(Who::Operator, &preview).await.text;
        let mended = post("/fn/backoffice/correct_import", &format!("import={id}&row=2&column=2&text=Cola+Sierra")).await;
        let applied = post("/fn/backoffice/apply_import", &format!("import={id}")).await;
        let products = world.page(Who::Operator, "/o/products").await.text;

        assert_eq!(nothing, "/from?x=1&error=missing&field=file");
        assert_eq!(nonsense, "/from?x=1&error=catalogue.bad_file&field=file");
        assert!(looked.contains("nov.csv") && looked.contains("Usar Cola Sierra"), "{looked}");
        assert_eq!((mended, applied), (format!("/o/import?id={id}&row=2"), format!("/o/import?id={id}")));
        assert!(products.contains("7702004003508") && !products.contains("Agua"), "{products}");
    }

    async fn the_process_tells_how_it_is(db: &Db) {
        let world = World::new(db).await;
        let get = |path: &'static str| world.send(Request::get(path).body(Body::empty()).unwrap());

        assert_eq!(get("/healthz").await.status, StatusCode::OK);
        assert_eq!(get("/readyz").await.status, StatusCode::OK);
        world.page(Who::Nobody, "/").await;
        let numbers = get("/metrics").await;
        assert!(numbers.text.contains("http_requests_total{route=\"/\",method=\"GET\",status=\"200\"}"), "{}", numbers.text);
        world.app.stop.send_replace(true);
        assert_eq!(get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
