//! Documents and their headers, and forms without scripts.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use crate::world::{NOW, Who, World};

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

    async fn what_was_typed_stands_in_the_form_again_and_no_secret_does(db: &Db) {
        let world = World::new(db).await;
        let from = async |page: &str, function: &str, form: &str| {
            let request = Request::post(function)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ACCEPT, "text/html,*/*;q=0.8")
                .header(header::REFERER, format!("http://mostrador.example{page}"))
                .header("sec-fetch-site", "same-origin");
            let answer = world.send(request.body(Body::from(form.to_owned())).unwrap()).await;
            let cookie = answer.header("set-cookie").map(|line| line.split(';').next().unwrap_or_default().to_owned());
            (answer.header("location").unwrap_or_default().to_owned(), cookie)
        };
        let look = async |path: &str, cookie: Option<&str>| {
            let request = Request::get(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie.unwrap_or_default());
            world.send(request.body(Body::empty()).unwrap()).await.text
        };

        let (back, cookie) = from("/c/join?s=x", "/fn/consumer/start_code", "country=CL&phone=1234567&shop=x").await;
        let cookie = cookie.unwrap();
        assert!(cookie.starts_with("__Host-mostrador-typed=") && !cookie.contains("1234567"), "{cookie}");
        assert!(!back.contains("1234567"), "nothing typed is part of an address: {back}");
        let page = look(&back, Some(&cookie)).await;
        let field = page.split("<input").find(|part| part.contains("id=\"phone\"")).unwrap();
        assert!(field.contains("value=\"1234567\"") && field.contains("autofocus") && field.contains("aria-invalid=\"true\""), "{field}");
        assert!(page.contains("value=\"CL\" selected"), "{page}");
        assert!(!look(&back, None).await.contains("1234567"));
        assert!(!look("/c/join", Some(&cookie)).await.contains("1234567"), "without a refusal it is over");
        assert!(!look("/t/start?error=invalid_phone&field=phone", Some(&cookie)).await.contains("1234567"), "another page knows nothing");

        let (back, cookie) = from("/b/login", "/fn/brand/log_in", "email=ana%40example.com&password=wrong-horse-7").await;
        let page = look(&back, cookie.as_deref()).await;
        assert!(page.contains("value=\"ana@example.com\"") && !page.contains("wrong-horse-7"), "{page}");
        let (_, cookie) = from("/c/join/code?v=x", "/fn/consumer/verify_code", "sealed=x&code=123456").await;
        assert_eq!(cookie, None, "a code alone is nothing to keep");
    }

    async fn an_empty_field_is_missing_not_wrong(db: &Db) {
        let world = World::new(db).await;
        let form = world.call(Who::Consumer, "/fn/consumer/ask_rights", "kind=correction&text=+", true).await;
        let script = world.call(Who::Consumer, "/fn/consumer/ask_rights", "kind=correction&text=+", false).await;
        let wrong = world.call(Who::Consumer, "/fn/consumer/ask_rights", &format!("kind=correction&text={}", "x".repeat(5_000)), false).await;
        let page = world.page(Who::Consumer, "/c/privacy?error=field_missing&field=text").await.text;

        assert_eq!(form.header("location"), Some("/from?x=1&error=field_missing&field=text"));
        assert!(script.text.contains("\"code\":\"field_missing\""), "{}", script.text);
        assert!(!wrong.text.contains("field_missing"), "{}", wrong.text);
        assert!(page.contains("Falta este dato."), "{page}");
    }

    async fn another_code_is_sent_after_a_wait_that_is_shown(db: &Db) {
        let world = World::new(db).await;
        let started = world.call(Who::Nobody, "/fn/consumer/start_code", "country=CO&phone=3001234567&shop=sho_1", true).await;
        let first = started.header("location").unwrap().to_owned();
        let sealed = first.split("v=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let again = async || world.call(Who::Nobody, "/fn/consumer/code_again", &format!("sealed={sealed}&shop=sho_1"), true).await.header("location").unwrap().to_owned();

        let page = world.page(Who::Nobody, &first).await.text;
        assert!(page.contains("data-wait=\"45\"") && page.contains("en 45 segundos puedes pedir otro"), "{page}");
        assert_eq!(again().await, "/from?x=1&error=code_too_soon");
        world.app.clock.set(NOW.plus_ms(identity::challenge::AGAIN_MS));
        assert!(world.page(Who::Nobody, &first).await.text.contains("Si no te llegó, pide otro."));
        let second = again().await;
        assert!(second.starts_with("/c/join/code?v=") && second.ends_with("&s=sho_1") && second.contains("&p=") && second != first, "{second}");
        let left = world.page(Who::Nobody, &format!("{second}&error=wrong_code&field=code&tries=2")).await.text;
        assert!(left.contains("Te quedan 2 intentos") && left.contains("autofocus"), "{left}");
    }

    async fn a_page_without_the_step_before_leads_to_it(db: &Db) {
        let world = World::new(db).await;
        for (who, path, before) in [
            (Who::Nobody, "/c/join/code", "/c/join"),
            (Who::Nobody, "/c/join/consent", "/c/join"),
            (Who::Nobody, "/c/join/recover", "/c/join"),
            (Who::Consumer, "/c/leave/code", "/c/leave"),
            (Who::Nobody, "/t/start/code", "/t/start"),
            (Who::Nobody, "/t/start/shop", "/t/start"),
            (Who::Owner, "/t/card", "/t/more"),
        ] {
            let answer = world.page(who, path).await;
            assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some(before)), "{path}");
        }
        assert_eq!(world.page(Who::Consumer, "/c/leave/code?phone=none").await.status, StatusCode::OK);
    }

    async fn what_is_not_there_says_so_by_its_status(db: &Db) {
        let world = World::new(db).await;
        let nobodys = "00000000000000000000000000000999";
        for (who, path) in [
            (Who::Consumer, "/c/nada".to_owned()),
            (Who::Consumer, format!("/c/reward/rin_{nobodys}")),
            (Who::Owner, "/t/nada".to_owned()),
            (Who::Owner, format!("/t/sale?id=pur_{nobodys}")),
            (Who::Brand, "/b/nada".to_owned()),
            (Who::Brand, format!("/b/campaign?id=cam_{nobodys}")),
            (Who::Brand, "/b/campaign?id=x".to_owned()),
            (Who::Operator, "/o/nada".to_owned()),
            (Who::Operator, format!("/o/shop?id=sho_{nobodys}")),
            (Who::Operator, format!("/o/dispute?id=dis_{nobodys}")),
            (Who::Operator, format!("/o/request?id=prq_{nobodys}")),
            (Who::Operator, format!("/o/user?id=usr_{nobodys}")),
            (Who::Operator, format!("/o/product?id=pro_{nobodys}")),
        ] {
            let page = world.page(who, &path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            assert!(page.text.starts_with("<!DOCTYPE html>"));
        }
        // Whoever is not logged in is led there first, and a page that a phone keeps is a page.
        assert_eq!(world.page(Who::Nobody, "/o/nada").await.status, StatusCode::SEE_OTHER);
        assert_eq!(world.page(Who::Nobody, "/c/reward/any?shell").await.status, StatusCode::OK);
    }

    async fn the_rail_counts_what_waits_and_the_audit_calls_things_by_name(db: &Db) {
        let world = World::new(db).await;
        let asked = world.call(Who::Consumer, "/fn/consumer/ask_rights", "kind=correction&text=Me+llamo+Ana+Luz", true).await;
        assert_eq!(asked.header("location"), Some("/c/privacy"));

        let audit = world.page(Who::Operator, "/o/audit").await.text;
        let list = world.page(Who::Operator, "/o/privacy").await.text;
        let id = list.split("/o/request?id=").nth(1).unwrap().get(..36).unwrap();
        let request = world.page(Who::Operator, &format!("/o/request?id={id}")).await.text;

        assert!(audit.contains("rail__count") && audit.contains("por atender"), "{audit}");
        assert!(audit.contains("Marzo") && audit.contains(&world.campaign.to_string()), "the campaign's name, and its id: {audit}");
        assert!(request.contains("Ana · ••") && request.contains("con_"), "{request}");
    }

    async fn a_file_that_lacks_a_column_is_told_which(db: &Db) {
        let world = World::new(db).await;
        let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\r\nnombre;ciudad\nDon Luis;Cali\r\n--x--\r\n";
        let refused = world.call(Who::Operator, "/fn/backoffice/import_shops", file, true).await;
        let page = world.page(Who::Operator, "/o/shops/import?error=missing_column&field=pais").await.text;

        assert_eq!(refused.header("location"), Some("/from?x=1&error=missing_column&field=pais"));
        assert!(page.contains("le falta la columna pais") && page.contains("download=\"tiendas.csv\""), "{page}");
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
        assert_eq!(nonsense, "/from?x=1&error=missing_column&field=gtin");
        assert!(looked.contains("nov.csv") && looked.contains("Usar Cola Sierra"), "{looked}");
        assert_eq!((mended, applied), (format!("/o/import?id={id}&row=2"), format!("/o/import?id={id}")));
        assert!(products.contains("7702004003508") && !products.contains("Agua"), "{products}");
    }

    async fn a_reward_is_given_more_shops_without_scripts(db: &Db) {
        let world = World::new(db).await;
        let empty = world.page(Who::Brand, "/b/rewards").await.text;
        let mut tx = db.begin().await.unwrap();
        let system = identity::Actor::System;
        let new = shared::loyalty::NewReward {
            brand_id: world.brand, name: "Vaso Sierra".into(), category: "drink".into(), unit_cost_minor: 100, handling_fee_minor: 0,
            currency: shared::Currency::Cop, stock: Some(40), max_per_consumer: Some(2), cost: Some(10), reserve_minutes: None,
        };
        let id = loyalty::reward::create(&mut tx, &system, crate::world::NOW, &new).await.unwrap().id;
        let north = shared::identity::NewShop { zone: "Suba".into(), distributor_code: Some("D-7".into()), ..shared::identity::NewShop::new("Tienda Suba", shared::Country::Co) };
        let keys = &world.app.keys;
        let phone = identity::challenge::VerifiedPhone::trusted(keys, identity::Phone::parse(shared::Country::Co, "300 123 0099").unwrap());
        let (suba, _) = identity::shop::register(&mut tx, crate::world::NOW, &phone, &north, "Luz").await.unwrap();
        identity::participation::enrol(&mut tx, &system, crate::world::NOW, world.brand, &[world.shop, suba]).await.unwrap();
        tx.commit().await.unwrap();
        let post = async |path: &str, form: &str| world.call(Who::Brand, path, form, true).await.header("location").unwrap_or_default().to_owned();

        let list = world.page(Who::Brand, "/b/rewards").await.text;
        let form = world.page(Who::Brand, &format!("/b/reward?id={id}")).await.text;
        let analyst = world.page(Who::BrandAnalyst, &format!("/b/reward?id={id}")).await.text;
        let nothing = post("/fn/brand/save_handover", &format!("reward={id}&places=some")).await;
        let wrong = post("/fn/brand/save_handover", &format!("reward={id}&places=all&from=2026-04-02&until=2026-04-01")).await;
        let review = post("/fn/brand/save_handover", &format!("reward={id}&places=some&until=2026-04-30&zones%5B%5D=Suba&codes=D-7%0AD-8")).await;
        let compared = world.page(Who::Brand, &review).await.text;
        let still = world.page(Who::Brand, &format!("/b/reward?id={id}")).await.text;
        let shown: String = compared.split_once("name=\"shown\" value=\"").unwrap().1.chars().take_while(char::is_ascii_digit).collect();
        let other = post("/fn/brand/confirm_handover", &format!("reward={id}&shown=1")).await;
        let saved = post("/fn/brand/confirm_handover", &format!("reward={id}&shown={shown}")).await;
        let told = world.page(Who::Brand, &saved).await.text;
        let stranger = world.page(Who::OtherBrand, &format!("/b/reward?id={id}")).await.text;

        assert!(empty.contains("Aún no hay premios"), "{empty}");
        assert!(list.contains("Vaso Sierra") && list.contains(">40<") && list.contains("Todas las tiendas") && list.contains("Cualquier día"), "{list}");
        assert!(form.contains("name=\"zones[]\"") && form.contains("Tienda Suba") && form.contains("type=\"date\""), "{form}");
        assert!(analyst.contains("Vaso Sierra") && !analyst.contains("save_handover"));
        assert_eq!(nothing, "/from?x=1&error=bad_field&field=shops");
        assert_eq!(wrong, "/from?x=1&error=bad_field&field=until");
        assert_eq!(review, format!("/b/reward/review?id={id}"));
        assert!(compared.contains("Hasta el 30 abr 2026") && compared.contains("1 tienda") && compared.contains("D-8"), "{compared}");
        assert!(still.contains("Cualquier día"), "nothing changes before it is confirmed");
        assert_eq!(other, "/from?x=1&error=loyalty.handover_changed", "another page showed another change");
        assert_eq!(saved, format!("/b/reward?id={id}&saved=1"));
        assert!(told.contains("Guardado") && told.contains("Hasta el 30 abr 2026") && told.contains("1 tienda"), "{told}");
        assert!(!stranger.contains("Vaso Sierra"));
    }

    async fn what_people_wrote_stands_below_the_panels_for_who_manages(db: &Db) {
        let world = World::new(db).await;
        let mut tx = db.begin().await.unwrap();
        let (tenant, said) = (identity::organisation::find_brand(&mut tx, world.brand).await.unwrap().unwrap().organisation_id, "Me gusta el vaso");
        let write = db::Sql::same("INSERT INTO nps_sentence (id, brand_id, tenant_id, wave, asked, score, sentence) VALUES ($1, $2, $3, '2026-q1', 'consumer', 9, $4)");
        tx.query(write).bind(shared::ConsumerId::fixed(1).0).bind(world.brand).bind(tenant).bind(said).execute().await.unwrap();
        let answered = db::Sql::same("INSERT INTO consumer_nps_answer (brand_id, wave, consumer_id, tenant_id, score, answered_at) VALUES ($1, '2026-q1', $2, $3, 9, $4)");
        let person = db::Sql::same("INSERT INTO consumer (id, country, adult, anonymous, created_at) VALUES ($1, 'CO', $3, $4, $2)");
        for n in 0..10 {
            if n == 9 {
                tx.commit().await.unwrap();
                let few = world.page(Who::Brand, "/b/reports/shops?from=2026-03-01&to=2026-03-31").await.text;
                assert!(few.contains("Lo que escribieron") && !few.contains(said), "{few}");
                tx = db.begin().await.unwrap();
            }
            let id = shared::ConsumerId::fixed(500 + n);
            tx.query(person).bind(id).bind(crate::world::NOW).bind(true).bind(false).execute().await.unwrap();
            tx.query(answered).bind(world.brand).bind(id).bind(tenant).bind(crate::world::NOW).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        let shops = "/b/reports/shops?from=2026-03-01&to=2026-03-31";

        assert!(world.page(Who::Brand, shops).await.text.contains(said));
        assert!(!world.page(Who::BrandAnalyst, shops).await.text.contains(said));
        assert!(!world.page(Who::Brand, "/b/reports/shops?from=2025-10-01&to=2025-12-31").await.text.contains(said), "another quarter's");
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
