//! People, sessions, devices and keys on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod shop_imports;

use db::{Db, both_databases};
use identity::{
    Actor, Error, Keys, Persona, Phone, Scope, Scopes, api_key, audit, card_move,
    challenge::{self, VerifiedPhone},
    consent::{self, Decision},
    consumer::{self, NewConsumer},
    dead_letter, device, organisation, registrations,
    session::{self, Subject},
    shop, staff,
    user::{self, LogIn},
};
use notifications::Port;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use secrecy::SecretBox;
use shared::{
    Country, SessionId, ShopId, Timestamp, UserId,
    identity::{MemberRole, NewShop, OrganisationKind, UserRole},
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

const NOW: Timestamp = Timestamp(1_773_154_800_000);

fn keys() -> Keys {
    Keys::new(&SecretBox::new(Box::new([1; 32])))
}
fn phone(last: u32) -> VerifiedPhone {
    VerifiedPhone::trusted(&keys(), Phone::parse(Country::Co, &format!("300 123 {last:04}")).unwrap())
}
fn new_shop(name: &str) -> NewShop {
    NewShop { city: "Bogotá".into(), ..NewShop::new(name, Country::Co) }
}
fn for_the_card() -> Decision {
    Decision::for_the_card(consent::text(Country::Co).version, "web", "Android")
}
fn new_consumer() -> NewConsumer {
    NewConsumer { name: Some("Ana".into()), adult: true, shop: None, consents: vec![for_the_card()] }
}
async fn owner(db: &Db, last: u32) -> (Actor, ShopId) {
    let mut tx = db.begin().await.unwrap();
    let (shop, member) = shop::register(&mut tx, NOW, &phone(last), &new_shop("La Esquina"), "Rosa").await.unwrap();
    let opened = session::open(&mut tx, NOW, Subject::Member(member, shop)).await.unwrap();
    let actor = session::resolve(&mut tx, NOW, Persona::Tendero, &opened.token).await.unwrap();
    tx.commit().await.unwrap();
    (actor, shop)
}
/// A consumer with a session, and its cookie.
async fn signed_in(db: &Db, last: u32) -> (shared::ConsumerId, Actor, String) {
    let mut tx = db.begin().await.unwrap();
    let consumer = consumer::create(&mut tx, NOW, &phone(last), &new_consumer()).await.unwrap();
    let opened = session::open(&mut tx, NOW, Subject::Consumer(consumer)).await.unwrap();
    let actor = session::resolve(&mut tx, NOW, Persona::Consumer, &opened.token).await.unwrap();
    tx.commit().await.unwrap();
    (consumer, actor, opened.token)
}
fn point() -> (Vec<u8>, Vec<u8>) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let proof = pair.sign(&random, &public).unwrap().as_ref().to_vec();
    (public, proof)
}
/// The six digits that the sandbox would show.
async fn code_of(db: &Db) -> String {
    let registry = notifications::register(jobs::Registry::default(), std::sync::Arc::new(Port::Sandbox), std::sync::Arc::new(keys()));
    while jobs::run_due(db, &registry, NOW).await.unwrap() > 0 {}
    notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap()[0].body[..6].to_owned()
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in identity::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{error}: {}", sql.postgres));
        }
    }

    async fn a_person_signs_up_with_the_code_that_was_sent(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let started = challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        tx.commit().await.unwrap();
        let code = code_of(db).await;
        let mut tx = db.begin().await.unwrap();
        let verified = challenge::verify(&mut tx, &keys(), NOW, &started.sealed, &code).await.unwrap();
        let phone = challenge::consume(&mut tx, &keys(), NOW, &verified.sealed).await.unwrap();
        let consumer = consumer::create(&mut tx, NOW, &phone, &new_consumer()).await.unwrap();
        let opened = session::open(&mut tx, NOW, Subject::Consumer(consumer)).await.unwrap();
        let actor = session::resolve(&mut tx, NOW, Persona::Consumer, &opened.token).await.unwrap();
        let again = challenge::consume(&mut tx, &keys(), NOW, &verified.sealed).await;

        assert_eq!(verified.existing.consumer, None);
        assert_eq!(actor.consumer().unwrap(), consumer);
        assert!(matches!(again, Err(Error::CodeExpired)), "a verified phone is used once");
        assert!(consent::list(&mut tx, &actor).await.unwrap()[0].granted);
    }

    async fn a_code_dies_after_three_wrong_tries_and_after_ten_minutes(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let started = challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        for left in [2, 1, 0] {
            let wrong = challenge::verify(&mut tx, &keys(), NOW, &started.sealed, "no").await;
            assert!(matches!(wrong, Err(Error::WrongCode(n)) if n == left), "{:?}", wrong.err());
        }
        let spent = challenge::verify(&mut tx, &keys(), NOW, &started.sealed, "no").await;
        let other = challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        let late = challenge::verify(&mut tx, &keys(), NOW.plus_ms(10 * MINUTE_MS), &other.sealed, "no").await;
        let forged = challenge::verify(&mut tx, &keys(), NOW, "AAAA", "no").await;

        assert!(matches!((spent, late, forged), (Err(Error::CodeExpired), Err(Error::CodeExpired), Err(Error::CodeExpired))));
    }

    async fn guesses_that_come_at_once_are_counted_too(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let started = challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        tx.commit().await.unwrap();
        let guess = || async {
            let mut tx = db.begin().await.unwrap();
            let told = challenge::verify(&mut tx, &keys(), NOW, &started.sealed, "no").await;
            tx.commit().await.unwrap();
            matches!(told, Err(Error::WrongCode(_)))
        };

        let compared = futures::future::join_all((0..12).map(|_| guess())).await;

        assert_eq!(compared.iter().filter(|compared| **compared).count() as i64, challenge::TRIES);
    }

    async fn codes_for_one_phone_are_limited(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for _ in 0..challenge::STARTS_PER_HOUR {
            challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        }

        assert!(matches!(challenge::start(&mut tx, &keys(), NOW, Country::Co, "3001234567").await, Err(Error::TooMany(_))));
        assert!(challenge::start(&mut tx, &keys(), NOW.plus_ms(2 * HOUR_MS), Country::Co, "3001234567").await.is_ok());
    }

    async fn a_phone_is_one_consumer_and_no_consent_is_no_consumer(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let without = consumer::create(&mut tx, NOW, &phone(1), &NewConsumer { consents: Vec::new(), ..new_consumer() }).await;
        assert!(matches!(without, Err(Error::Field("consent"))));
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        consumer::create(&mut tx, NOW, &phone(1), &new_consumer()).await.unwrap();

        assert!(matches!(consumer::create(&mut tx, NOW, &phone(1), &new_consumer()).await, Err(Error::Taken("phone"))));
    }

    async fn who_signs_up_at_a_shop_is_counted_there_once(db: &Db) {
        let ((_, esquina), (_, faro)) = (owner(db, 1).await, owner(db, 2).await);
        let sign_up = |last: u32, at: Timestamp, shop: Option<ShopId>| async move {
            let mut tx = db.begin().await.unwrap();
            consumer::create(&mut tx, at, &phone(last), &NewConsumer { shop, ..new_consumer() }).await.unwrap();
            tx.commit().await.unwrap();
        };
        futures::future::join_all((10..18).map(|last| sign_up(last, NOW.plus_ms(i64::from(last)), Some(esquina)))).await;
        sign_up(18, NOW.plus_ms(DAY_MS), Some(esquina)).await;
        sign_up(19, NOW, Some(faro)).await;
        sign_up(20, NOW, None).await;
        let mut tx = db.begin().await.unwrap();
        consumer::anonymous(&mut tx, NOW, Country::Co, Some(faro)).await.unwrap();
        tx.commit().await.unwrap();
        let counted = async || {
            let mut rows: Vec<(ShopId, i64)> = db.read().await.unwrap().query(db::Sql::same("SELECT shop_id, many FROM shop_registration ORDER BY many DESC, day, shop_id")).all().await.unwrap();
            rows.sort_by_key(|(shop, many)| (*shop != esquina, -many));
            rows
        };

        let mut tx = db.begin().await.unwrap();
        let taken = consumer::create(&mut tx, NOW, &phone(19), &NewConsumer { shop: Some(faro), ..new_consumer() }).await;
        assert!(matches!(taken, Err(Error::Taken("phone"))));
        drop(tx);

        assert_eq!(counted().await, [(esquina, 8), (esquina, 1), (faro, 1)]);
        assert_eq!(registrations::verify(db).await.unwrap(), (3, Vec::new()));

        for wrong in ["UPDATE shop_registration SET after_midnight_ms = after_midnight_ms + 1 WHERE many = 8", "UPDATE shop_registration SET many = many + 1 WHERE many = 8", "UPDATE consumer SET created_at = created_at + 86400000 WHERE first_shop_id IS NOT NULL AND created_at > 1773200000000"] {
            let mut tx = db.begin().await.unwrap();
            assert_eq!(tx.query(db::Sql::same(wrong)).execute().await.unwrap(), 1);
            tx.commit().await.unwrap();
        }
        let (day, ms) = (NOW.0 / DAY_MS, NOW.0 % DAY_MS);
        let (rows, told) = registrations::verify(db).await.unwrap();
        let line = |day: i64, kept: (i64, i64), counted: (i64, i64)| format!("{esquina} day {day}: kept {} ({} ms after midnight), counted {} ({} ms)", kept.0, kept.1, counted.0, counted.1);
        let eight = 8 * ms + (10..18).sum::<i64>();
        assert_eq!((rows, told), (3, vec![line(day, (9, eight + 1), (8, eight)), line(day + 1, (1, ms), (0, 0)), line(day + 2, (0, 0), (1, ms))]));

        let mut tx = db.begin().await.unwrap();
        registrations::rebuild(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counted().await, [(esquina, 8), (esquina, 1), (faro, 1)]);
        assert_eq!(registrations::verify(db).await.unwrap(), (3, Vec::new()));
    }

    async fn a_session_ends_and_belongs_to_one_front(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let consumer = consumer::create(&mut tx, NOW, &phone(1), &new_consumer()).await.unwrap();
        let opened = session::open(&mut tx, NOW, Subject::Consumer(consumer)).await.unwrap();
        let elsewhere = session::resolve(&mut tx, NOW, Persona::Tendero, &opened.token).await.unwrap();
        let later = session::resolve(&mut tx, NOW.plus_ms(181 * DAY_MS), Persona::Consumer, &opened.token).await.unwrap();
        let mine = session::resolve(&mut tx, NOW, Persona::Consumer, &opened.token).await.unwrap();
        session::close(&mut tx, NOW, &mine).await.unwrap();
        let closed = session::resolve(&mut tx, NOW, Persona::Consumer, &opened.token).await.unwrap();

        assert_eq!((elsewhere, later, closed), (Actor::Anonymous, Actor::Anonymous, Actor::Anonymous));
        assert!(mine.consumer().is_ok());
    }

    async fn a_card_moves_into_another_browser_once(db: &Db) {
        let (ana, luz) = (signed_in(db, 1).await, signed_in(db, 2).await);
        let mut tx = db.begin().await.unwrap();
        let before = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap();
        let code = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap();
        let other = card_move::offer(&mut tx, &keys(), &luz.1, NOW).await.unwrap();
        let superseded = card_move::take(&mut tx, &keys(), NOW, &before).await;
        let moved = card_move::take(&mut tx, &keys(), NOW.plus_ms(10 * MINUTE_MS - 1), &code.to_lowercase().replace('-', " ")).await;
        let again = card_move::take(&mut tx, &keys(), NOW, &code).await;
        let late = card_move::take(&mut tx, &keys(), NOW.plus_ms(10 * MINUTE_MS), &other).await;
        let nobody = card_move::offer(&mut tx, &keys(), &Actor::Anonymous, NOW).await;

        assert_eq!((code.len(), code.chars().nth(4)), (9, Some('-')));
        assert_eq!(moved.unwrap(), ana.0);
        assert!(matches!((superseded, again, late), (Err(Error::UnknownCode), Err(Error::UnknownCode), Err(Error::UnknownCode))));
        assert!(matches!(nobody, Err(Error::Unauthorized)));
    }

    async fn a_moving_code_is_guessed_at_five_times_at_most(db: &Db) {
        let (ana, luz) = (signed_in(db, 1).await, signed_in(db, 2).await);
        let mut tx = db.begin().await.unwrap();
        let code = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap();
        let other = card_move::offer(&mut tx, &keys(), &luz.1, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let wrong = |code: &str| [&code[..5], if code.ends_with("3467") { "7643" } else { "3467" }].concat();
        let guess = |typed: String| async move {
            let mut tx = db.begin().await.unwrap();
            let taken = card_move::take(&mut tx, &keys(), NOW, &typed).await;
            tx.commit().await.unwrap();
            taken
        };

        for _ in 1..card_move::TRIES {
            assert!(matches!(guess(wrong(&other)).await, Err(Error::UnknownCode)));
        }
        assert_eq!(guess(other).await.unwrap(), luz.0, "the last try is still one");
        // All at once, and the right one too late.
        futures::future::join_all((0..card_move::TRIES).map(|_| guess(wrong(&code)))).await;
        assert!(matches!(guess(code).await, Err(Error::UnknownCode)));
    }

    async fn two_browsers_with_one_code_do_not_both_get_the_card(db: &Db) {
        let ana = signed_in(db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let code = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let take = || async {
            let mut tx = db.begin().await.unwrap();
            let taken = card_move::take(&mut tx, &keys(), NOW, &code).await;
            tx.commit().await.unwrap();
            taken.is_ok()
        };

        let taken = futures::future::join_all((0..4).map(|_| take())).await;

        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    }

    async fn the_database_does_not_know_a_moving_code(db: &Db) {
        let ana = signed_in(db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let code = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap().replace('-', "");
        let kept: Vec<(Vec<u8>, Vec<u8>)> = tx.query(db::Sql::same("SELECT half_hash, code_hash FROM card_move")).all().await.unwrap();

        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].0.len(), kept[0].1.len()), (32, 32));
        assert_ne!(kept[0].1, <sha2::Sha256 as sha2::Digest>::digest(code.as_bytes()).to_vec(), "eight characters could be guessed from a plain hash");
    }

    async fn all_sessions_of_one_consumer_end_and_nobody_elses(db: &Db) {
        let (ana, luz) = (signed_in(db, 1).await, signed_in(db, 2).await);
        let mut tx = db.begin().await.unwrap();
        let second = session::open(&mut tx, NOW, Subject::Consumer(ana.0)).await.unwrap();
        let code = card_move::offer(&mut tx, &keys(), &ana.1, NOW).await.unwrap();
        session::close_all(&mut tx, NOW, ana.0).await.unwrap();
        let mut whose = Vec::new();
        for token in [&ana.2, &second.token, &luz.2] {
            whose.push(session::resolve(&mut tx, NOW, Persona::Consumer, token).await.unwrap());
        }

        assert_eq!(whose, [Actor::Anonymous, Actor::Anonymous, luz.1]);
        assert!(matches!(card_move::take(&mut tx, &keys(), NOW, &code).await, Err(Error::UnknownCode)), "a code that was not used opens nothing");
        let deeds: Vec<(String, String)> = tx.query(db::Sql::same("SELECT actor, verb FROM audit_event WHERE verb = 'sessions.closed'")).all().await.unwrap();
        assert_eq!(deeds, [(format!("consumer {}", ana.0), "sessions.closed".to_owned())]);
    }

    async fn a_verified_phone_tells_whose_it_is_until_it_is_used(db: &Db) {
        let ana = signed_in(db, 4567).await;
        let mut tx = db.begin().await.unwrap();
        let started = challenge::start(&mut tx, &keys(), NOW, Country::Co, "300 123 4567").await.unwrap();
        tx.commit().await.unwrap();
        let code = code_of(db).await;
        let mut tx = db.begin().await.unwrap();
        let unproven = challenge::look(&mut tx, &keys(), NOW, &started.sealed).await;
        let verified = challenge::verify(&mut tx, &keys(), NOW, &started.sealed, &code).await.unwrap();
        let whose = challenge::look(&mut tx, &keys(), NOW, &verified.sealed).await.unwrap();
        let late = challenge::look(&mut tx, &keys(), NOW.plus_ms(challenge::VERIFIED_MS), &verified.sealed).await;
        let phone = challenge::consume(&mut tx, &keys(), NOW, &verified.sealed).await.unwrap();
        let used = challenge::look(&mut tx, &keys(), NOW, &verified.sealed).await;

        assert_eq!((whose, phone.consumer(&mut tx).await.unwrap()), (Some(ana.0), Some(ana.0)));
        assert!(matches!((unproven, late, used), (Err(Error::CodeExpired), Err(Error::CodeExpired), Err(Error::CodeExpired))));
    }

    async fn a_device_is_enrolled_with_proof_and_revoked_by_its_owner_only(db: &Db) {
        let (rosa, shop) = owner(db, 1).await;
        let (luis, _) = owner(db, 2).await;
        let (public, proof) = point();
        let mut tx = db.begin().await.unwrap();
        let without_proof = device::enrol(&mut tx, &rosa, NOW, &public, &[0; 64], "x").await;
        let id = device::enrol(&mut tx, &rosa, NOW, &public, &proof, "Android").await.unwrap();
        let again = device::enrol(&mut tx, &rosa, NOW, &public, &proof, "Android").await.unwrap();
        let foreign = device::revoke(&mut tx, &luis, NOW, id).await;
        let nobody = device::revoke(&mut tx, &Actor::Anonymous, NOW, id).await;
        let before = device::find_signing(&mut tx, id).await.unwrap().unwrap();
        device::revoke(&mut tx, &rosa, NOW, id).await.unwrap();
        let after = device::find_signing(&mut tx, id).await.unwrap().unwrap();

        assert!(matches!((without_proof, foreign, nobody), (Err(Error::BadPublicKey), Err(Error::NotFound), Err(Error::Unauthorized))));
        assert_eq!((id, before.shop, before.revoked_at, after.revoked_at), (again, shop, None, Some(NOW)));
        assert_eq!((before.role, before.epoch), (MemberRole::Owner, 1));
    }

    async fn a_cashier_joins_once_and_sees_no_owners_verbs(db: &Db) {
        let (rosa, shop_id) = owner(db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let code = shop::invite(&mut tx, &keys(), &rosa, NOW).await.unwrap();
        let (joined, member) = shop::join(&mut tx, &keys(), NOW, &code.to_lowercase(), &phone(3), "Marta").await.unwrap();
        let twice = shop::join(&mut tx, &keys(), NOW, &code, &phone(4), "Iván").await;
        let marta = Actor::Member { member, shop: shop_id, role: MemberRole::Cashier, device: None, session: SessionId::fixed(1) };
        let invited = shop::invite(&mut tx, &keys(), &marta, NOW).await;
        shop::remove_member(&mut tx, &rosa, NOW, member).await.unwrap();

        assert_eq!(joined, shop_id);
        assert!(matches!((twice, invited), (Err(Error::CodeExpired), Err(Error::Forbidden))));
        assert_eq!(shop::members(&mut tx, &rosa).await.unwrap().len(), 1);
    }

    async fn a_user_logs_in_on_her_own_front_with_a_second_factor_once(db: &Db) {
        let hash = user::hash_password("una clave larga").await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let org = organisation::create(&mut tx, &Actor::System, NOW, "Bebidas Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let new = user::NewUser { organisation: org.id, email: "laura@sierra.example", name: "Laura", role: UserRole::Admin, password_hash: hash };
        let id = user::create(&mut tx, &Actor::System, NOW, new).await.unwrap();
        tx.commit().await.unwrap();
        let log_in = |persona, password: &'static str| async move { user::log_in(db, &keys(), NOW, persona, " Laura@Sierra.example ", password).await };
        let Ok(LogIn::Open(opened)) = log_in(Persona::Brand, "una clave larga").await else { panic!("no session") };
        assert!(matches!(log_in(Persona::Brand, "otra clave larga").await, Err(Error::InvalidCredentials)));
        assert!(matches!(log_in(Persona::Backoffice, "una clave larga").await, Err(Error::InvalidCredentials)));

        let mut tx = db.begin().await.unwrap();
        let laura = session::resolve(&mut tx, NOW, Persona::Brand, &opened.token).await.unwrap();
        assert!(matches!(laura, Actor::User { user, .. } if user == id));
        let secret = user::begin_totp(&mut tx, &keys(), &laura).await.unwrap().secret;
        assert_eq!(user::pending_totp(&mut tx, &keys(), &laura).await.unwrap().map(|pending| pending.secret).as_ref(), Some(&secret));
        let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, totp_rs::Secret::Encoded(secret).to_bytes().unwrap(), None, "x".into()).unwrap();
        let at = |ms: i64| totp.generate((NOW.0 + ms).unsigned_abs() / 1_000);
        user::confirm_totp(&mut tx, &keys(), &laura, NOW, &at(0)).await.unwrap();
        tx.commit().await.unwrap();

        let Ok(LogIn::NeedsTotp(note)) = log_in(Persona::Brand, "una clave larga").await else { panic!("the second factor was not asked") };
        let second = |persona, now: Timestamp, note: String, typed: String| async move { user::log_in_with_totp(db, &keys(), now, persona, &note, &typed).await };
        assert!(matches!(second(Persona::Brand, NOW, note.clone(), at(0)).await, Err(Error::WrongTotp)), "used when it was confirmed");
        assert!(matches!(second(Persona::Brand, NOW, "x".into(), at(30_000)).await, Err(Error::CodeExpired)), "a note of somebody else's making");
        assert!(matches!(second(Persona::Backoffice, NOW, note.clone(), at(30_000)).await, Err(Error::CodeExpired)), "the other console");
        assert!(matches!(second(Persona::Brand, NOW.plus_ms(6 * 60_000), note.clone(), at(360_000)).await, Err(Error::CodeExpired)));
        assert!(second(Persona::Brand, NOW, note, at(30_000)).await.is_ok());
    }

    async fn the_operator_finds_people_and_nobody_else_does(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let own = organisation::create(&mut tx, &Actor::System, NOW, "Mostrador", OrganisationKind::Operator, Country::Co).await.unwrap();
        let sierra = organisation::create(&mut tx, &Actor::System, NOW, "Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let mut ids = Vec::new();
        for (n, (organisation, email, name)) in [(own.id, "julian@mostrador.example", "Julián"), (sierra.id, "laura@sierra.example", "Laura"), (sierra.id, "leo@sierra.example", "Leo")].into_iter().enumerate() {
            let new = user::NewUser { organisation, email, name, role: UserRole::Admin, password_hash: "none".into() };
            ids.push(user::create(&mut tx, &Actor::System, NOW.plus_ms(n as i64), new).await.unwrap());
        }
        let person = |user, tenant, kind, role| Actor::User { user, tenant, kind, role, session: SessionId::fixed(1) };
        let julian = person(ids[0], own.id, OrganisationKind::Operator, UserRole::Admin);
        let analyst = person(UserId::fixed(9), own.id, OrganisationKind::Operator, UserRole::Analyst);
        let laura = person(ids[1], sierra.id, OrganisationKind::BrandOwner, UserRole::Admin);

        let first = user::search(&mut tx, &julian, "SIERRA", None, 1).await.unwrap();
        let rest = user::search(&mut tx, &julian, "sierra", first.next_cursor.as_deref(), 1).await.unwrap();
        assert_eq!([&first, &rest].map(|page| (page.items[0].0.name.as_str(), page.items[0].1.as_str())), [("Leo", "Sierra"), ("Laura", "Sierra")]);
        assert_eq!(rest.next_cursor, None);
        for other in [&analyst, &laura] {
            assert!(matches!(user::search(&mut tx, other, "", None, 10).await, Err(Error::Forbidden)));
        }
        assert!(matches!(user::search(&mut tx, &Actor::Anonymous, "", None, 10).await, Err(Error::Unauthorized)));
        assert_eq!(user::get(&mut tx, &julian, ids[2]).await.unwrap(), (first.items[0].0.clone(), "Sierra".to_owned()));
        assert!(matches!(user::get(&mut tx, &julian, UserId::fixed(9)).await, Err(Error::NotFound)));
        assert!(matches!(user::get(&mut tx, &analyst, ids[2]).await, Err(Error::Forbidden)));

        assert!(matches!(user::disable(&mut tx, &julian, NOW, ids[0]).await, Err(Error::Oneself)));
        user::disable(&mut tx, &julian, NOW.plus_ms(10), ids[2]).await.unwrap();
        user::disable(&mut tx, &julian, NOW.plus_ms(11), ids[2]).await.unwrap();
        let lines = audit::search(&mut tx, &analyst, "user.", &ids[2].to_string(), None, 10).await.unwrap().items;
        assert_eq!(lines.iter().map(|line| (line.event.verb.as_str(), line.name.as_deref())).collect::<Vec<_>>(), [("user.disabled", Some("Julián")), ("user.created", None)]);
        assert!(matches!(audit::search(&mut tx, &laura, "", "", None, 10).await, Err(Error::Forbidden)));
    }

    async fn the_operator_sees_a_shops_people_and_phones(db: &Db) {
        let (rosa, shop) = owner(db, 1).await;
        let mut tx = db.begin().await.unwrap();
        let (public, proof) = point();
        device::enrol(&mut tx, &rosa, NOW, &public, &proof, "Android").await.unwrap();
        let analyst = Actor::User { user: UserId::fixed(9), tenant: shared::OrganisationId::fixed(1), kind: OrganisationKind::Operator, role: UserRole::Analyst, session: SessionId::fixed(1) };
        let staffed = staff::of_shop(&mut tx, &analyst, shop).await.unwrap();

        assert_eq!((staffed.shop.id, staffed.members.len(), staffed.devices.len(), staffed.closed_at), (shop, 1, 1, None));
        assert!(matches!(staff::of_shop(&mut tx, &rosa, shop).await, Err(Error::Forbidden)));
        assert!(matches!(staff::of_shop(&mut tx, &analyst, ShopId::fixed(5)).await, Err(Error::NotFound)));
        assert!(matches!(dead_letter::list(&mut tx, &rosa).await, Err(Error::Forbidden)));
        assert!(matches!(dead_letter::retry(&mut tx, &analyst, NOW).await, Err(Error::Forbidden)));
        assert!(dead_letter::list(&mut tx, &analyst).await.unwrap().is_empty());
    }

    async fn a_key_is_shown_once_scoped_and_revoked(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let org = organisation::create(&mut tx, &Actor::System, NOW, "Bebidas Sierra", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let other = organisation::create(&mut tx, &Actor::System, NOW, "Café Altura", OrganisationKind::BrandOwner, Country::Co).await.unwrap();
        let admin = |tenant| Actor::User { user: UserId::fixed(1), tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(1) };
        let analyst = Actor::User { user: UserId::fixed(1), tenant: org.id, kind: OrganisationKind::BrandOwner, role: UserRole::Analyst, session: SessionId::fixed(1) };
        let scopes = Scopes::parse("purchases:import").unwrap();
        let too_much = api_key::create(&mut tx, &admin(org.id), NOW, "caja", &Scopes::parse("operator").unwrap(), None).await;
        let not_admin = api_key::create(&mut tx, &analyst, NOW, "caja", &scopes, None).await;
        let (key, secret) = api_key::insert(&mut tx, NOW, org.id, None, "caja", &scopes, Some(NOW.plus_ms(DAY_MS))).await.unwrap();
        let actor = api_key::resolve(&mut tx, NOW, &secret).await.unwrap();
        let over = api_key::resolve(&mut tx, NOW.plus_ms(2 * DAY_MS), &secret).await;
        let foreign = api_key::revoke(&mut tx, &admin(other.id), NOW, key.id).await;
        api_key::revoke(&mut tx, &admin(org.id), NOW, key.id).await.unwrap();

        assert!(matches!((too_much, not_admin), (Err(Error::Forbidden), Err(Error::Forbidden))));
        assert!(actor.needs_scope(Scope::PurchasesImport).is_ok() && actor.manages(org.id).is_err());
        assert!(matches!((over, foreign), (Err(Error::Unauthorized), Err(Error::NotFound))));
        assert!(api_key::resolve(&mut tx, NOW, &secret).await.is_err());
        assert_eq!(api_key::list(&mut tx, &admin(org.id)).await.unwrap().len(), 1);
        assert!(api_key::list(&mut tx, &admin(other.id)).await.unwrap().is_empty());
    }
}
