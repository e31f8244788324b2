//! What providers tell afterwards.

use db::{Db, both_databases, sql};
use notifications::{
    Notice, Rules, Seal, Status, Template, Told,
    providers::{sms, whatsapp_cloud},
    testing::{self, Twin},
};
use shared::{
    ConsumerId,
    time::{DAY_MS, MINUTE_MS},
};

use super::{ANA, CALLBACK, NOW, Office, Reversed, notice, notify, rows, states};

async fn tell(db: &Db, body: &[u8]) {
    let mut tx = db.begin().await.unwrap();
    let told = whatsapp_cloud::parse(body, NOW).unwrap();
    notifications::receive(&mut tx, NOW, &Reversed, "whatsapp", &told, &Rules::default()).await.unwrap();
    tx.commit().await.unwrap();
}

const WAMID: &str = "wamid.HBg000001";

sql! {
    OF_HER: "SELECT COUNT(CASE WHEN consumer_id = $1 OR person_key = $2 OR recipient_hint = '' AND (recipient_sealed IS NOT NULL OR body_sealed IS NOT NULL OR variables_sealed IS NOT NULL) THEN 1 END),
                    COUNT(CASE WHEN recipient_sealed IS NOT NULL AND recipient_hint <> '' AND status = 'waiting' THEN 1 END) FROM message";
}

both_databases! {
    async fn states_only_go_up_in_whatever_order_they_come(db: &Db) {
        let office = Office::open().await;
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;

        tell(db, &testing::whatsapp_statuses(&[(WAMID, "read", None)])).await;
        tell(db, &testing::whatsapp_statuses(&[(WAMID, "delivered", None), (WAMID, "sent", None)])).await;
        tell(db, &testing::whatsapp_statuses(&[(WAMID, "failed", Some(131_026))])).await;
        tell(db, &testing::whatsapp_statuses(&[(WAMID, "read", None)])).await;

        assert_eq!(states(db).await, [(Status::Read, None)]);
        assert!(!rows(db).await[0].kept);
    }

    async fn news_that_overtakes_our_own_writing_is_not_lost(db: &Db) {
        let office = Office::open().await;
        tell(db, &testing::whatsapp_statuses(&[(WAMID, "delivered", None)])).await;
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;

        assert_eq!(states(db).await, [(Status::Delivered, None)]);
    }

    async fn whoever_leaves_is_written_to_no_more_and_forgotten(db: &Db) {
        let office = Office::open().await;
        let ana = ConsumerId::fixed(7);
        // One left, a code that leads to her telephone only, and one that waits.
        notify(db, NOW, &Notice { consumer: Some(ana), ..notice(Template::Reward, ANA) }).await.unwrap();
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;
        notify(db, NOW, &Notice { consumer: Some(ana), ..notice(Template::Reward, ANA) }).await.unwrap();
        let beto = "+573001119999";
        notify(db, NOW, &Notice { consumer: Some(ConsumerId::fixed(8)), ..notice(Template::Reward, beto) }).await.unwrap();
        let took = office.took().len();

        let mut tx = db.begin().await.unwrap();
        notifications::forget(&mut tx, NOW, ana, Some(Reversed.mark(ANA))).await.unwrap();
        tx.commit().await.unwrap();
        let left: (i64, i64) = db.read().await.unwrap().query(OF_HER).bind(ana).bind(Reversed.mark(ANA)).one().await.unwrap();
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;

        assert_eq!(left, (0, 1), "nothing leads to her, and Beto's is what it was");
        assert_eq!(states(db).await[2], (Status::Cancelled, Some("deleted".into())));
        assert_eq!(office.took()[took..], [("whatsapp", beto[1..].to_owned())]);
    }

    async fn what_is_over_does_not_wait_for_ever(db: &Db) {
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        for (at, status, kept) in [(NOW.plus_ms(2 * DAY_MS), Status::Waiting, true), (NOW.plus_ms(3 * DAY_MS), Status::Refused, false)] {
            let mut tx = db.begin().await.unwrap();
            notifications::sweep(&mut tx, at).await.unwrap();
            tx.commit().await.unwrap();
            let row = &rows(db).await[0];
            assert_eq!((row.status, row.kept), (status, kept));
        }
    }

    async fn a_code_that_fails_afterwards_goes_by_sms_once(db: &Db) {
        let office = Office::open().await;
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;
        let failed = testing::whatsapp_statuses(&[(WAMID, "failed", Some(131_026))]);
        tell(db, &failed).await;
        tell(db, &failed).await;
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;

        assert_eq!(office.took(), [("whatsapp", ANA[1..].to_owned()), ("sms", ANA.to_owned())]);
    }

    async fn baja_by_whatsapp_is_heard(db: &Db) {
        let office = Office::open().await;
        tell(db, &testing::whatsapp_inbound(&ANA[1..], "Baja")).await;
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;

        assert_eq!(states(db).await, [(Status::Refused, Some("opted_out".into()))]);
    }
}

#[tokio::test]
async fn a_forged_signature_is_none() {
    let twin = Twin::start().await.unwrap();
    let (whatsapp, sms) = (twin.whatsapp().unwrap(), twin.sms(CALLBACK).unwrap());
    let body = testing::whatsapp_statuses(&[(WAMID, "failed", Some(131_026))]);
    let signature = testing::whatsapp_signature(&body);
    assert!(String::from_utf8_lossy(&body).contains("Fall\\u00f3"), "as Meta escapes it");

    assert!(whatsapp.verify(&signature, &body));
    assert!(!whatsapp.verify(&signature, &[&body[..], b" "].concat()));
    assert!(!whatsapp.verify(&signature[..40], &body));
    assert!(!whatsapp.verify("", &body));

    let fields = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    let owned = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let signature = testing::sms_signature(CALLBACK, &fields);
    assert!(sms.verify(&signature, CALLBACK, &owned));
    assert!(!sms.verify(&signature, "https://elsewhere.example", &owned));
    assert!(!sms.verify(&signature, CALLBACK, &owned[..1]));
    assert!(matches!(sms::parse(&owned, NOW), Told::Status { status: Status::Delivered, .. }));
}

#[tokio::test]
async fn the_handshake_wants_our_word() {
    let twin = Twin::start().await.unwrap();
    let whatsapp = twin.whatsapp().unwrap();

    assert_eq!(whatsapp.handshake("subscribe", testing::VERIFY_TOKEN, "42"), Some("42"));
    assert_eq!(whatsapp.handshake("subscribe", "other", "42"), None);
    assert_eq!(whatsapp.handshake("unsubscribe", testing::VERIFY_TOKEN, "42"), None);
}

#[test]
fn what_we_do_not_know_is_no_error() {
    let body = br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"account_update","value":{}},{"field":"messages","value":{"statuses":[{"id":"x","status":"warning"}]}}]}]}"#;

    let told = whatsapp_cloud::parse(body, NOW).unwrap();

    assert!(told.iter().all(|told| matches!(told, Told::Unknown(_))));
    assert_eq!(told.len(), 2);
    assert!(whatsapp_cloud::parse(b"no", NOW).is_none());
}
