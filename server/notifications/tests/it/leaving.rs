//! What leaves, by which provider, and what may not leave.

use db::both_databases;
use notifications::{Rules, Status, Template, testing::Does};
use shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

use super::{ANA, NOW, Office, Reversed, notice, notify, rows, states};

const LUZ: &str = "+573009999999";

both_databases! {
    async fn a_code_goes_by_whatsapp_as_its_template_asks(db: &Db) {
        let office = Office::open().await;
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;

        let taken = office.twin.taken();
        assert_eq!((taken.len(), taken[0].provider, taken[0].to.as_str()), (1, "whatsapp", "573001234567"));
        let template = &taken[0].body["template"];
        assert_eq!((template["name"].as_str(), template["language"]["code"].as_str()), (Some("mostrador_code"), Some("es")));
        assert_eq!(template["components"][0]["parameters"][0]["text"], "v0");
        assert_eq!(template["components"][1]["sub_type"], "url");
        let row = &rows(db).await[0];
        assert_eq!((row.status, row.provider_id.as_deref()), (Status::Accepted, Some("wamid.HBg000001")));
    }

    async fn a_template_of_codes_takes_the_code_alone(db: &Db) {
        let office = Office::open().await;
        for template in [Template::Redemption, Template::Reward] {
            notify(db, NOW, &notice(template, ANA)).await.unwrap();
        }
        office.work(db, NOW).await;

        let mut taken: Vec<_> = office.twin.taken().into_iter().map(|taken| taken.body["template"].clone()).collect();
        taken.sort_by_key(|template| template["name"].to_string());
        let components: Vec<_> = taken.into_iter().map(|template| template["components"].clone()).collect();
        let texts = |place: usize| components[place][0]["parameters"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(0), ["v0"], "an authentication template has one variable");
        assert_eq!(components[0][1]["parameters"][0]["text"], "v0");
        assert_eq!((texts(1).len(), components[1].as_array().unwrap().len()), (2, 1));
    }

    async fn whoever_has_no_whatsapp_gets_the_code_by_sms(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Refuse(400, Some(131_026), None)]);
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;

        assert_eq!(office.took(), [("sms", ANA.to_owned())]);
        let sent = office.twin.taken()[0].body["Body"].as_str().unwrap().to_owned();
        assert_eq!(sent, "v0 es tu codigo de Mostrador. Vence en 10 minutos. No lo compartas.");
        assert_eq!(states(db).await, [(Status::Failed, Some("whatsapp 131026".into())), (Status::Accepted, None)]);
    }

    async fn a_reward_is_not_repeated_by_sms(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Refuse(400, Some(131_026), None)]);
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;

        assert_eq!(office.took(), []);
        assert_eq!(states(db).await, [(Status::Failed, Some("whatsapp 131026".into()))]);
        assert!(!rows(db).await[0].kept, "the text is forgotten");
    }

    async fn the_pair_rate_is_waited_for_and_other_limits_come_back(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Refuse(400, Some(131_056), None), Does::Refuse(429, Some(130_429), Some(90))]);
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;
        office.work(db, NOW.plus_ms(3 * SECOND_MS)).await;
        assert_eq!(office.twin.asked(), 1, "four seconds for one person");
        office.work(db, NOW.plus_ms(4 * SECOND_MS)).await;
        office.work(db, NOW.plus_ms(93 * SECOND_MS)).await;
        assert_eq!(office.twin.asked(), 2, "as long as Retry-After says");
        office.work(db, NOW.plus_ms(95 * SECOND_MS)).await;

        assert_eq!(office.took().len(), 1);
        assert_eq!(states(db).await, [(Status::Accepted, None)]);
    }

    async fn a_refused_template_stops_for_an_operator_and_goes_once_it_is_mended(db: &Db) {
        let office = Office::with(false, Rules::default()).await;
        office.twin.then([Does::Refuse(400, Some(132_015), None)]);
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;
        let dead = jobs::dead(&mut db.read().await.unwrap()).await.unwrap();
        assert_eq!(dead[0].last_error, "whatsapp 132015");
        assert_eq!(states(db).await, [(Status::Waiting, None)]);

        let mut tx = db.begin().await.unwrap();
        jobs::retry_dead(&mut tx, NOW, None).await.unwrap();
        tx.commit().await.unwrap();
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;

        assert_eq!(states(db).await, [(Status::Accepted, None)]);
    }

    async fn an_answer_that_cannot_be_read_repeats_a_code_and_nothing_else(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Garble]);
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;
        office.work(db, NOW.plus_ms(HOUR_MS)).await;
        assert_eq!(states(db).await, [(Status::Failed, Some("uncertain".into()))]);
        assert_eq!(office.took().len(), 1, "it may have left: nobody gets it twice");

        office.twin.then([Does::Garble]);
        notify(db, NOW, &notice(Template::Code, LUZ)).await.unwrap();
        office.work(db, NOW).await;
        office.work(db, NOW.plus_ms(8 * MINUTE_MS)).await;

        assert_eq!(office.took().len(), 3);
        assert_eq!(states(db).await[1].0, Status::Accepted);
    }

    async fn a_worker_that_dies_while_the_provider_has_it_repeats_a_code_and_nothing_else(db: &Db) {
        for (template, sent) in [(Template::Reward, 1), (Template::Code, 2)] {
            let office = Office::open().await;
            office.twin.then([Does::Hang]);
            notify(db, NOW, &notice(template, ANA)).await.unwrap();
            // The future is dropped where it waits for the answer.
            tokio::select! {
                () = office.work(db, NOW) => panic!("the provider does not answer"),
                () = async { while office.twin.asked() == 0 { tokio::task::yield_now().await } } => {}
            }
            office.work(db, NOW.plus_ms(2 * MINUTE_MS)).await;
            office.work(db, NOW.plus_ms(HOUR_MS)).await;

            assert_eq!(office.twin.asked(), sent, "{template:?}");
        }
        assert_eq!(states(db).await, [(Status::Failed, Some("uncertain".into())), (Status::Accepted, None)]);
        assert!(!rows(db).await[0].kept);
    }

    async fn a_reward_that_was_refused_for_now_leaves_later(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Refuse(429, Some(130_429), Some(90))]);
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW).await;
        office.work(db, NOW.plus_ms(2 * MINUTE_MS)).await;

        assert_eq!(states(db).await, [(Status::Accepted, None)]);
    }

    async fn an_old_code_does_not_leave(db: &Db) {
        let office = Office::open().await;
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW.plus_ms(10 * MINUTE_MS)).await;

        assert_eq!(office.took(), []);
        assert_eq!(states(db).await, [(Status::Refused, Some("expired".into()))]);
    }

    async fn a_fourth_message_of_a_day_does_not_leave_and_a_code_does(db: &Db) {
        let office = Office::open().await;
        for _ in 0..4 {
            notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        }
        notify(db, NOW, &notice(Template::Reward, LUZ)).await.unwrap();
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;
        notify(db, NOW.plus_ms(DAY_MS), &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW.plus_ms(DAY_MS)).await;

        let refused = states(db).await.into_iter().filter(|state| *state == (Status::Refused, Some("daily_limit".into()))).count();
        assert_eq!(refused, 1);
        let to_ana = office.took().into_iter().filter(|(_, to)| *to == ANA[1..]).count();
        assert_eq!(to_ana, 3 + 1 + 1, "three, the code, and one of the next day");
    }

    async fn the_last_place_of_a_day_is_not_for_a_receipt(db: &Db) {
        let office = Office::open().await;
        for template in [Template::Receipt, Template::Receipt, Template::Receipt, Template::Reward, Template::Reward] {
            notify(db, NOW, &notice(template, ANA)).await.unwrap();
            office.work(db, NOW).await;
        }

        let refused = || (Status::Refused, Some("daily_limit".to_owned()));
        let left = || (Status::Accepted, None);
        assert_eq!(states(db).await, [left(), left(), refused(), left(), refused()]);
    }

    async fn by_night_only_codes_leave(db: &Db) {
        let night = NOW.plus_ms(13 * HOUR_MS);
        let office = Office::open().await;
        notify(db, night, &notice(Template::Reward, ANA)).await.unwrap();
        let mut code = notice(Template::Code, ANA);
        code.valid_until = night.plus_ms(10 * MINUTE_MS);
        notify(db, night, &code).await.unwrap();
        office.work(db, night).await;
        assert_eq!(office.took().len(), 1);
        office.work(db, NOW.plus_ms(22 * HOUR_MS - MINUTE_MS)).await;
        assert_eq!(office.took().len(), 1);
        office.work(db, NOW.plus_ms(22 * HOUR_MS)).await;

        assert_eq!(office.took().len(), 2, "at eight in the morning of Bogotá");
    }

    async fn nothing_but_a_code_goes_without_a_consent(db: &Db) {
        let mut reward = notice(Template::Reward, ANA);
        reward.consent = None;
        let mut statement = notice(Template::Statement, ANA);
        statement.consent = None;

        assert_eq!(notify(db, NOW, &reward).await, None);
        assert_eq!(notify(db, NOW, &statement).await, None);
        assert!(rows(db).await.is_empty());
    }

    async fn the_same_news_is_one_message(db: &Db) {
        let mut reward = notice(Template::Reward, ANA);
        reward.dedupe_key = Some("reward rin_1".into());

        assert!(notify(db, NOW, &reward).await.is_some());
        assert!(notify(db, NOW, &reward).await.is_none());
    }

    async fn a_stop_cancels_what_waits_and_a_later_consent_counts_again(db: &Db) {
        let office = Office::open().await;
        let night = NOW.plus_ms(13 * HOUR_MS);
        notify(db, night, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, night).await;
        let mut tx = db.begin().await.unwrap();
        notifications::opt_out(&mut tx, night, &Reversed, ANA, "whatsapp").await.unwrap();
        tx.commit().await.unwrap();
        let morning = NOW.plus_ms(DAY_MS);
        notify(db, morning, &notice(Template::Reward, ANA)).await.unwrap();
        notify(db, morning, &notice(Template::Reward, LUZ)).await.unwrap();
        let mut code = notice(Template::Code, ANA);
        code.valid_until = morning.plus_ms(10 * MINUTE_MS);
        notify(db, morning, &code).await.unwrap();
        office.work(db, morning).await;
        assert_eq!(states(db).await[..2], [(Status::Cancelled, Some("opted_out".into())), (Status::Refused, Some("opted_out".into()))]);
        assert_eq!(office.took().len(), 2, "Luz's, and the code that Ana asks for");

        let mut again = notice(Template::Reward, ANA);
        again.consent = again.consent.map(|consent| notifications::ConsentUsed { at: morning, ..consent });
        notify(db, morning, &again).await.unwrap();
        office.work(db, morning.plus_ms(MINUTE_MS)).await;

        assert_eq!(office.took().len(), 3);
    }

    async fn who_stopped_promotions_still_hears_of_her_rewards(db: &Db) {
        let office = Office::open().await;
        office.twin.then([Does::Refuse(400, Some(131_050), None)]);
        notify(db, NOW, &notice(Template::Statement, ANA)).await.unwrap();
        office.work(db, NOW).await;
        notify(db, NOW, &notice(Template::Statement, ANA)).await.unwrap();
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;

        let refused = (Status::Refused, Some("opted_out".into()));
        assert_eq!(states(db).await, [refused.clone(), refused, (Status::Accepted, None)]);
        assert_eq!(office.twin.asked(), 2);
    }

    async fn a_stop_of_promotions_does_not_weaken_an_earlier_stop_of_everything(db: &Db) {
        let office = Office::open().await;
        let mut tx = db.begin().await.unwrap();
        notifications::opt_out(&mut tx, NOW, &Reversed, ANA, "whatsapp").await.unwrap();
        tx.commit().await.unwrap();
        // She agrees to promotions again, and stops these at WhatsApp.
        let mut statement = notice(Template::Statement, ANA);
        statement.consent = statement.consent.map(|consent| notifications::ConsentUsed { at: NOW.plus_ms(MINUTE_MS), ..consent });
        office.twin.then([Does::Refuse(400, Some(131_050), None)]);
        notify(db, NOW, &statement).await.unwrap();
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW.plus_ms(2 * MINUTE_MS)).await;

        let refused = (Status::Refused, Some("opted_out".into()));
        assert_eq!(states(db).await, [refused.clone(), refused]);
        assert_eq!(office.twin.asked(), 1);
    }

    async fn who_stopped_the_sms_is_remembered(db: &Db) {
        let office = Office::open().await;
        // By WhatsApp it cannot be brought, and SMS says that she wrote STOP.
        office.twin.then([Does::Refuse(400, Some(131_026), None), Does::Refuse(400, Some(21_610), None)]);
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        office.work(db, NOW).await;
        notify(db, NOW, &notice(Template::Reward, ANA)).await.unwrap();
        office.work(db, NOW.plus_ms(MINUTE_MS)).await;

        assert_eq!(states(db).await[1..], [(Status::Refused, Some("opted_out".into())), (Status::Refused, Some("opted_out".into()))]);
        assert_eq!(office.twin.asked(), 2);
    }
}
