//! One card on another phone and in another browser, by forms without scripts.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use db::Db;

use crate::world::{Answer, NOW, Who, World};

/// The six digits that went to a phone.
async fn code_of(world: &World, db: &Db) -> String {
    let registry =
        notifications::register(jobs::Registry::default(), Arc::new(notifications::Port::Sandbox), Arc::new(world.app.keys.clone()));
    while jobs::run_due(db, &registry, NOW).await.unwrap() > 0 {}
    notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body[..6].to_owned()
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.header("location").unwrap_or_default().to_owned()
}

/// `name=value` of the session that an answer gave.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").and_then(|line| line.split(';').next()).unwrap_or_default().to_owned()
}

/// What the address carries under a name.
fn carried<'a>(location: &'a str, name: &str) -> &'a str {
    location.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

async fn page_as(world: &World, cookie: &str, path: &str) -> Answer {
    world.send(Request::get(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
}

async fn opens_the_card(world: &World, cookie: &str) -> bool {
    let page = page_as(world, cookie, "/c/").await;
    page.status == StatusCode::OK && page.text.contains("data-code=")
}

db::both_databases! {
    async fn a_known_phone_finds_its_card_and_the_old_one_stops_when_she_says_so(db: &Db) {
        let world = World::new(db).await;
        let old = world.cookie(Who::Consumer).unwrap();
        let started = location(&world.call(Who::Nobody, "/fn/consumer/start_code", "country=CO&phone=3001230010", true).await);
        let form = format!("sealed={}&code={}", carried(&started, "v"), code_of(&world, db).await);
        let verified = world.call(Who::Nobody, "/fn/consumer/verify_code", &form, true).await;
        let found = location(&verified);
        let page = world.page(Who::Nobody, &found).await;

        assert!(found.starts_with("/c/join/recover?v="), "{found}");
        assert_eq!(cookie(&verified), "", "no session before she says so");
        assert!(page.text.contains("Encontramos tu tarjeta ••") && page.text.contains("allá deja de funcionar") && page.text.contains("Usar en este celular"), "{}", page.text);
        assert!(opens_the_card(&world, &old).await, "looking ends nothing");

        let form = format!("sealed={}", carried(&found, "v"));
        let recovered = world.call(Who::Nobody, "/fn/consumer/recover", &form, true).await;
        let again = world.call(Who::Nobody, "/fn/consumer/recover", &form, true).await;

        assert_eq!(location(&recovered), "/c/");
        assert!(opens_the_card(&world, &cookie(&recovered)).await);
        assert!(!opens_the_card(&world, &old).await);
        assert_eq!(location(&page_as(&world, &old, "/c/").await), "/c/join/elsewhere", "it says why, and is not led to the sign-up");
        assert!(page_as(&world, &old, "/c/join/elsewhere").await.text.contains("Esta tarjeta se abrió en otro celular"));
        assert_eq!(location(&page_as(&world, "", "/c/").await), "/c/join");
        assert_eq!((location(&again).as_str(), cookie(&again).as_str()), ("/from?x=1&error=code_expired&field=code", ""));
    }

    async fn a_card_opens_in_the_installed_app_by_a_code_and_stays_open_in_the_browser(db: &Db) {
        let world = World::new(db).await;
        let old = world.cookie(Who::Consumer).unwrap();
        let offered = location(&world.call(Who::Consumer, "/fn/consumer/offer_move", "", true).await);
        let page = world.page(Who::Consumer, &offered).await;
        let code = page.text.split("data-move-code=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        let strangers = page_as(&world, &old.replace(|c: char| c.is_ascii_digit(), "0"), &offered).await;

        assert!(offered.starts_with("/c/you?move="), "{offered}");
        assert_eq!((code.len(), code.chars().nth(4)), (9, Some('-')), "{}", page.text);
        assert!(!strangers.text.contains(&code));

        let form = world.page(Who::Nobody, "/c/join/move").await;
        let wrong = world.call(Who::Nobody, "/fn/consumer/move_card", "code=ACDE-3467", true).await;
        let moved = world.call(Who::Nobody, "/fn/consumer/move_card", &format!("code={code}"), true).await;
        let again = world.call(Who::Nobody, "/fn/consumer/move_card", &format!("code={code}"), true).await;

        assert!(form.text.contains("action=\"/fn/consumer/move_card\""), "{}", form.text);
        assert_eq!(location(&wrong), "/from?x=1&error=wrong_code&field=code");
        assert_eq!(location(&moved), "/c/");
        assert!(opens_the_card(&world, &cookie(&moved)).await && opens_the_card(&world, &old).await);
        assert_eq!((location(&again).as_str(), cookie(&again).as_str()), ("/from?x=1&error=wrong_code&field=code", ""));
    }

    async fn moving_codes_are_guessed_slowly(db: &Db) {
        let world = World::slow(db).await;

        let guess = async || world.call(Who::Nobody, "/fn/consumer/move_card", "code=ACDE-3467", false).await.status.as_u16();

        assert_eq!([guess().await, guess().await, guess().await], [422, 422, 429]);
    }
}
