//! Every server function × nobody and the wrong role. The functions come from the register that the macro fills: one
//! without a row here fails the test, and so does a row without a function.

use std::collections::BTreeSet;

use crate::world::{
    GTIN,
    Who::{self, *},
    World,
};

/// What is expected of one server function.
struct Function {
    /// Below `/fn/`.
    name: &'static str,
    /// Its arguments, urlencoded or JSON: well-formed, so that what refuses is the verb.
    form: &'static str,
    access: Access,
}

enum Access {
    /// On purpose: it is how somebody gets a session, or it says nothing about anybody.
    Public,
    /// Sessions of its persona that may not: 403. Nobody: 401.
    Refuses(&'static [Who]),
}

use Access::{Public, Refuses};

const fn function(name: &'static str, form: &'static str, access: Access) -> Function {
    Function { name, form, access }
}

/// A file as a browser sends it.
const IMPORT: &str = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"p.csv\"\r\nContent-Type: text/csv\r\n\r\ngtin,nombre\n7702004003508,Cola\n\r\n--x--\r\n";

const FUNCTIONS: &[Function] = &[
    function("consumer/start_code", "country=CO&phone=3001234567", Public),
    function("consumer/code_again", "sealed=x", Public),
    function("consumer/verify_code", "sealed=x&code=000000", Public),
    function("consumer/sign_up", "sealed=x&adult=yes", Public),
    function("consumer/read_recovery", "sealed=x", Public),
    function("consumer/recover", "sealed=x", Public),
    function("consumer/move_card", "code=ACDE-3467", Public),
    function("consumer/offer_move", "", Refuses(&[])),
    function("consumer/read_move", "made=x", Refuses(&[])),
    function("consumer/read_card", "", Refuses(&[])),
    function("consumer/is_signed_in", "", Public),
    function("consumer/dictate", "", Refuses(&[])),
    function("consumer/take_card_key", "", Refuses(&[])),
    function("consumer/movements", "", Refuses(&[])),
    function("consumer/read_coming", "", Refuses(&[])),
    function("consumer/read_unrewarded", "", Refuses(&[])),
    function("consumer/dispute", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    // The token is the proof.
    function("consumer/read_nps", "", Refuses(&[])),
    function("consumer/answer_nps", "brand=bra_00000000000000000000000000000001&wave=2026-q1&score=9", Refuses(&[])),
    function("consumer/read_receipt", "token=x", Public),
    function("consumer/read_rewards", "", Refuses(&[])),
    function("consumer/reserve", "reward=rew_00000000000000000000000000000001", Refuses(&[])),
    function("consumer/release", "reservation=rin_00000000000000000000000000000001", Refuses(&[])),
    function("consumer/read_ticket", "reward=rin_00000000000000000000000000000001", Refuses(&[])),
    function("consumer/take_ticket", "reward=rin_00000000000000000000000000000001&shop=sho_00000000000000000000000000000001", Refuses(&[])),
    function("consumer/read_you", "", Refuses(&[])),
    function("consumer/read_claim", "card=S1", Public),
    function("consumer/claim_card", "code=S1", Refuses(&[])),
    function("consumer/start_uniting", "country=CO&phone=3009990000", Refuses(&[])),
    function("consumer/unite", "sealed=x&code=000000", Refuses(&[])),
    function("consumer/decide_consent", "purpose=notices&controller=platform&granted=true", Refuses(&[])),
    function("consumer/read_rights", "", Refuses(&[])),
    function("consumer/ask_rights", "kind=correction&text=Mi+nombre", Refuses(&[])),
    function("consumer/read_leaving", "", Refuses(&[])),
    function("consumer/unite_again", "sealed=x", Refuses(&[])),
    function("consumer/start_leaving", "", Refuses(&[])),
    function("consumer/leave", "confirmed=on", Refuses(&[])),
    function("consumer/enrol", "campaign=cam_00000000000000000000000000000001", Refuses(&[])),
    // Ends the session of whoever has one; without one there is nothing to end.
    function("consumer/log_out", "", Public),
    function("tendero/code_again", "sealed=x", Public),
    function("tendero/start_code", "country=CO&phone=3001234567", Public),
    function("tendero/verify_code", "sealed=x&code=000000", Public),
    function("tendero/register_shop", "sealed=x&shop=Tienda&owner=Rosa", Public),
    function("tendero/join_shop", "sealed=x&invitation=AAAA&person=Rosa", Public),
    function("tendero/log_out", "", Public),
    function("tendero/read_member", "", Refuses(&[])),
    function("tendero/enrol_device", "public_key=BA&proof=AA&name=Android", Refuses(&[])),
    function("tendero/read_home", "", Refuses(&[])),
    function("tendero/read_sale", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    function(
        "tendero/give_back",
        "purchase=pur_00000000000000000000000000000001&return_id=00000000-0000-0000-0000-000000000001&all=yes",
        Refuses(&[]),
    ),
    // A cashier is told that she is one, and nothing else.
    function("tendero/read_owed", "", Refuses(&[])),
    function("tendero/read_statement", "statement=sta_00000000000000000000000000000001", Refuses(&[Cashier])),
    function("tendero/dispute", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    function("tendero/read_nps", "", Refuses(&[])),
    function("tendero/answer_nps", "brand=bra_00000000000000000000000000000001&wave=2026-q1&score=9", Refuses(&[])),
    function("tendero/read_receipt", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    function("tendero/send_receipt", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    function("tendero/decide_monthly", "granted=true", Refuses(&[Cashier])),
    function("tendero/read_today", "", Refuses(&[])),
    function("tendero/read_more", "", Refuses(&[])),
    function("tendero/read_counter", "", Refuses(&[])),
    function("tendero/invite", "", Refuses(&[Cashier])),
    function("tendero/revoke_device", "device=dev_00000000000000000000000000000001", Refuses(&[Cashier])),
    function("tendero/print_card", "", Refuses(&[])),
    function("tendero/identify", r#"{"code":"Q1","read_at":"2026-03-10T15:00:00Z"}"#, Refuses(&[])),
    function("tendero/take_digits", r#"{"digits":"000000"}"#, Refuses(&[])),
    function("tendero/preview", r#"{"basket":{"lines":[{"gtin":"7702004003508","quantity":1}]}}"#, Refuses(&[])),
    function("tendero/look_at_reward", r#"{"code":"R1"}"#, Refuses(&[])),
    function("tendero/report_none", r#"{"code":"R1"}"#, Refuses(&[])),
    function("tendero/read_paper", "card=S1", Refuses(&[])),
    function("tendero/read_paper_delivery", "reward=rin_00000000000000000000000000000001", Refuses(&[])),
    function("tendero/send_paper_code", "card=S1&reward=rin_00000000000000000000000000000001", Refuses(&[])),
    function("tendero/deliver_on_paper", "card=S1&reward=rin_00000000000000000000000000000001&code=000000", Refuses(&[])),
    function("tendero/deliver_reward", r#"{"code":"R1"}"#, Refuses(&[])),
    function("brand/log_in", "email=laura%40sierra.example&password=x", Public),
    function("brand/log_in_with_totp", "note=x&totp=000000", Public),
    function("brand/log_out", "", Public),
    function("brand/read_frame", "", Refuses(&[])),
    function("brand/read_overview", "days=28", Refuses(&[])),
    function("brand/read_reports", "from=2026-03-01&to=2026-03-31", Refuses(&[])),
    function("brand/save_segments", "brand=bra_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/read_campaigns", "", Refuses(&[])),
    function("brand/read_campaign", "campaign=cam_00000000000000000000000000000001", Refuses(&[])),
    function("brand/publish_campaign", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/read_review", "campaign=cam_00000000000000000000000000000001", Refuses(&[])),
    function("brand/read_rewards", "", Refuses(&[])),
    function("brand/read_handover", "reward=rew_00000000000000000000000000000001", Refuses(&[])),
    function("brand/save_handover", "reward=rew_00000000000000000000000000000001&from=2026-03-01", Refuses(&[BrandAnalyst])),
    function("brand/read_handover_change", "reward=rew_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/confirm_handover", "reward=rew_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function(
        "brand/set_goal",
        "campaign=cam_00000000000000000000000000000001&target_units=100&consumers_min=5&per_consumer_max=10&goal_reward=rew_00000000000000000000000000000001",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/clear_goal", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function(
        "brand/set_levels",
        "levels_brand=bra_00000000000000000000000000000001&second_points=100&third_points=500",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/clear_levels", "brand=bra_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/simulate", "campaign=cam_00000000000000000000000000000001&weeks=4", Refuses(&[])),
    function("brand/choose_control", "campaign=cam_00000000000000000000000000000001&with=on", Refuses(&[BrandAnalyst])),
    function("brand/ask_review", "campaign=cam_00000000000000000000000000000001&note=Marzo", Refuses(&[BrandAnalyst])),
    function("brand/send_back", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/pause_campaign", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/resume_campaign", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/settle_campaign", "campaign=cam_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/read_builder", "query=template%3Dstamp_card", Refuses(&[BrandAnalyst])),
    function("brand/look_at_draft", "query=template%3Dstamp_card", Refuses(&[BrandAnalyst])),
    function("brand/save_campaign", "template=stamp_card&name=Lleva+5", Refuses(&[BrandAnalyst])),
    function("brand/read_products", "", Refuses(&[])),
    function("brand/save_product", "gtin=7702004003508&name=Cola", Refuses(&[BrandAnalyst])),
    function("brand/read_payouts", "", Refuses(&[])),
    function("brand/read_counter", "", Refuses(&[])),
    function(
        "brand/set_incentive",
        "campaign=cam_00000000000000000000000000000001&per_unit=1&per_new=1&day_max=1",
        Refuses(&[BrandAnalyst]),
    ),
    function(
        "brand/give_units",
        "reward=rew_00000000000000000000000000000001&shop=sho_00000000000000000000000000000001&units=1",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/read_statement", "statement=sta_00000000000000000000000000000001", Refuses(&[])),
    function(
        "brand/record_payment",
        "statement=sta_00000000000000000000000000000001&payment=pay_00000000000000000000000000000001&kind=money&amount=1&reference=x&paid_date=2026-03-10",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/read_account", "", Refuses(&[])),
    function("brand/create_key", "key_name=ERP&days=30&scopes%5B%5D=reports%3Aread", Refuses(&[BrandAnalyst])),
    function("brand/revoke_key", "key=key_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/read_rows", "report=reach&brand=bra_00000000000000000000000000000001&from=2026-03-01&to=2026-03-31", Refuses(&[])),
    function("brand/read_audiences", "", Refuses(&[])),
    function("brand/read_audience", "id=aum_00000000000000000000000000000001", Refuses(&[])),
    function(
        "brand/prepare_audience",
        "brand=bra_00000000000000000000000000000001&segment=loyal&template=thanks",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/confirm_audience", "message=aum_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/read_mailing", "", Refuses(&[])),
    function(
        "brand/create_report_schedule",
        "brand=bra_00000000000000000000000000000001&when=weekly-1&hour=7&panels%5B%5D=reach&recipients%5B%5D=usr_00000000000000000000000000000001",
        Refuses(&[BrandAnalyst]),
    ),
    function("brand/send_report_now", "schedule=rsc_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/remove_report_schedule", "schedule=rsc_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/come_back_to_report", "schedule=rsc_00000000000000000000000000000001", Refuses(&[])),
    // A link of an e-mail: its word is the proof.
    function("brand/leave_report", "word=00ff", Public),
    function("brand/read_webhooks", "", Refuses(&[])),
    function("brand/create_webhook", "url=https%3A%2F%2Fexample.com&events%5B%5D=loyalty.reward_issued", Refuses(&[BrandAnalyst])),
    function("brand/rotate_webhook", "subscription=whs_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/disable_webhook", "subscription=whs_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/enable_webhook", "subscription=whs_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/resend_webhook", "delivery=whd_00000000000000000000000000000001", Refuses(&[BrandAnalyst])),
    function("brand/begin_totp", "", Refuses(&[])),
    function("brand/confirm_totp", "totp=000000", Refuses(&[])),
    function("backoffice/read_account", "", Refuses(&[])),
    function("backoffice/begin_totp", "", Refuses(&[])),
    function("backoffice/confirm_totp", "totp=000000", Refuses(&[])),
    function("tendero/propose_product", r#"{"gtin":"7707000000018","name":"Pan","price_minor":null}"#, Refuses(&[])),
    function("backoffice/log_in", "email=julian%40mostrador.example&password=x", Public),
    function("backoffice/log_in_with_totp", "note=x&totp=000000", Public),
    function("backoffice/log_out", "", Public),
    function("backoffice/read_frame", "", Refuses(&[])),
    function("backoffice/read_overview", "", Refuses(&[])),
    function("backoffice/retry_dead_jobs", "", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_shops", "words=luis", Refuses(&[])),
    function("backoffice/read_shop", "shop=sho_00000000000000000000000000000001", Refuses(&[])),
    function("backoffice/read_products", "words=cola", Refuses(&[])),
    function("backoffice/read_product", "", Refuses(&[OperatorAnalyst])),
    function("backoffice/save_product", "gtin=7702004003508&name=Cola&currency=COP", Refuses(&[OperatorAnalyst])),
    function("backoffice/import_products", IMPORT, Refuses(&[OperatorAnalyst])),
    function("backoffice/read_import", "import=imp_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/correct_import", "import=imp_00000000000000000000000000000001&row=2&column=0&text=x", Refuses(&[OperatorAnalyst])),
    function("backoffice/apply_import", "import=imp_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/import_shops", IMPORT, Refuses(&[OperatorAnalyst])),
    function("backoffice/read_shop_import", "import=shi_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/apply_shop_import", "import=shi_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/undo_shop_import", "import=shi_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_alerts", "", Refuses(&[])),
    function("backoffice/dismiss_alert", "alert=alr_00000000000000000000000000000001&why=Nada", Refuses(&[OperatorAnalyst])),
    function("backoffice/hold_alert", "alert=alr_00000000000000000000000000000001&why=Nada", Refuses(&[OperatorAnalyst])),
    function("backoffice/lift_hold", "hold=hld_00000000000000000000000000000001&why=Nada", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_privacy", "", Refuses(&[])),
    function("backoffice/read_request", "request=prq_00000000000000000000000000000001", Refuses(&[])),
    function(
        "backoffice/answer_request",
        "request=prq_00000000000000000000000000000001&answer=Listo&outcome=done",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/read_reviews", "", Refuses(&[])),
    function("backoffice/read_disputes", "", Refuses(&[])),
    function("backoffice/read_dispute", "dispute=dis_00000000000000000000000000000001", Refuses(&[])),
    function(
        "backoffice/resolve_dispute",
        "dispute=dis_00000000000000000000000000000001&decision=refuse&why=No",
        Refuses(&[OperatorAnalyst]),
    ),
    function(
        "backoffice/adjust",
        "dispute=dis_00000000000000000000000000000001&adjustment=adj_00000000000000000000000000000001&purchase=pur_00000000000000000000000000000001&campaign=cam_00000000000000000000000000000001&amount=5&reason=No",
        Refuses(&[OperatorAnalyst]),
    ),
    function(
        "backoffice/decide_adjustment",
        "adjustment=adj_00000000000000000000000000000001&decision=approve&why=No",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/read_settlements", "through=2026-03-10", Refuses(&[])),
    function("backoffice/read_settlement", "run=set_00000000000000000000000000000001", Refuses(&[])),
    function("backoffice/read_statement", "statement=sta_00000000000000000000000000000001", Refuses(&[])),
    function("backoffice/close_period", "through=2026-03-10", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_proposals", "", Refuses(&[])),
    function("backoffice/read_proposal", "proposal=prp_00000000000000000000000000000001", Refuses(&[])),
    function(
        "backoffice/accept_proposal",
        "proposal=prp_00000000000000000000000000000001&gtin=7702004003508&name=Cola&currency=COP",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/read_review", "purchase=pur_00000000000000000000000000000001", Refuses(&[])),
    function(
        "backoffice/decide_review",
        "purchase=pur_00000000000000000000000000000001&decision=approve&why=No",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/close_proposal", "proposal=prp_00000000000000000000000000000001&why=No", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_organisations", "", Refuses(&[])),
    function(
        "backoffice/save_pack",
        "product=pro_00000000000000000000000000000001&unit_gtin=7702004003508&units=6",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/remove_pack", "product=pro_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_sell_ins", "", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_sell_in", "file=sif_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/import_sell_in", IMPORT, Refuses(&[OperatorAnalyst])),
    function("backoffice/apply_sell_in", "file=sif_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/undo_sell_in", "file=sif_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/set_publishing", "organisation=org_00000000000000000000000000000001&one_person=no", Refuses(&[OperatorAnalyst])),
    function("backoffice/set_licence", "brand=bra_00000000000000000000000000000001&until=2026-12-31", Refuses(&[OperatorAnalyst])),
    function("backoffice/end_blocking", "request=prq_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_sandboxes", "", Refuses(&[])),
    function("backoffice/create_sandbox", "name=Pruebas&country=CO", Refuses(&[OperatorAnalyst])),
    function("backoffice/reset_sandbox", "sandbox=org_00000000000000000000000000000001&confirmation=x", Refuses(&[OperatorAnalyst])),
    function("backoffice/create_organisation", "name=Norte&country=CO", Refuses(&[OperatorAnalyst])),
    function(
        "backoffice/create_brand",
        "organisation=org_00000000000000000000000000000001&brand_name=Cola&colour=%239F1239",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/read_users", "", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_user", "", Refuses(&[OperatorAnalyst])),
    function(
        "backoffice/create_user",
        "name=Leo&email=leo%40norte.example&organisation=org_00000000000000000000000000000001&role=analyst&password=doce-letras-o-mas",
        Refuses(&[OperatorAnalyst]),
    ),
    function("backoffice/disable_user", "user=usr_00000000000000000000000000000001", Refuses(&[OperatorAnalyst])),
    function("backoffice/read_tills", "", Refuses(&[])),
    function("backoffice/create_till", "name=Cajas", Refuses(&[OperatorAnalyst])),
    function("backoffice/bring_till_file", IMPORT, Refuses(&[OperatorAnalyst])),
    function("backoffice/read_audit", "area=user.", Refuses(&[])),
];

db::both_databases! {
    async fn every_server_function_refuses_nobody_and_wrong_roles(db: &Db) {
        let world = World::new(db).await;
        let mut registered: BTreeSet<String> = server_fn::axum::server_fn_paths().map(|(path, _)| path.trim_start_matches("/fn/").to_owned()).collect();
        let mut wrong = Vec::new();
        for row in FUNCTIONS {
            if !registered.remove(row.name) {
                wrong.push(format!("{}: no such function", row.name));
                continue;
            }
            let path = format!("/fn/{}", row.name);
            // Without somebody who may, a door that refuses everybody would look well guarded.
            let allowed = |roles: &[Who]| Who::ALL.into_iter().find(|who| who.persona() == kit::request::persona_of(&path) && !roles.contains(who)).map(|who| (who, None));
            let expected: Vec<(Who, Option<u16>)> = match row.access {
                Public => vec![(Nobody, None)],
                // A session of another persona is nobody here: its cookie has another name.
                Refuses(roles) => {
                    let strangers = Who::ALL.into_iter().filter(|who| who.persona() != kit::request::persona_of(&path)).map(|who| (who, Some(401)));
                    std::iter::once((Nobody, Some(401))).chain(strangers).chain(roles.iter().map(|who| (*who, Some(403)))).chain(allowed(roles)).collect()
                }
            };
            for (who, status) in expected {
                let answer = world.call(who, &path, row.form, false).await;
                let told = answer.status.as_u16();
                let fits = match status {
                    Some(status) => told == status,
                    // A wrong password is 401 too, but it is no closed door.
                    None => told < 500 && told != 403 && !answer.text.contains("\"code\":\"unauthorized\""),
                };
                if !fits {
                    wrong.push(format!("{path} as {who:?}: {told}, expected {status:?}: {}", answer.text));
                }
            }
        }
        wrong.extend(registered.into_iter().map(|path| format!("{path}: a function without a row")));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
    async fn things_of_another_brand_are_unknown(db: &Db) {
        let world = World::new(db).await;
        let World { brand, product, campaign, key, .. } = &world;
        // Two people publish here; what one alone may, the operator says.
        let mut tx = db.begin().await.unwrap();
        let tenant = identity::organisation::find_brand(&mut tx, *brand).await.unwrap().unwrap().organisation_id;
        identity::organisation::set_publishing(&mut tx, &identity::Actor::System, crate::world::NOW, tenant, true).await.unwrap();
        tx.commit().await.unwrap();
        let answers = format!("template=points_per_unit&name=Marzo&starts=2026-03-31&ends=2026-03-31&units=1&points=7&products%5B%5D={product}");
        // The last one takes the key away: for its owner, too, everything before must have worked.
        let doors = [
            ("read_overview", format!("brand={brand}&days=28")),
            ("read_campaign", format!("campaign={campaign}")),
            ("read_builder", format!("query=campaign%3D{campaign}")),
            ("look_at_draft", format!("query=campaign%3D{campaign}")),
            ("save_campaign", format!("campaign={campaign}&{answers}")),
            ("read_review", format!("campaign={campaign}")),
            ("simulate", format!("campaign={campaign}&weeks=4")),
            ("choose_control", format!("campaign={campaign}")),
            ("ask_review", format!("campaign={campaign}&note=Marzo")),
            ("send_back", format!("campaign={campaign}")),
            ("publish_campaign", format!("campaign={campaign}")),
            ("pause_campaign", format!("campaign={campaign}")),
            ("resume_campaign", format!("campaign={campaign}")),
            ("save_product", format!("id={product}&gtin={GTIN}&name=Cola&brand={brand}")),
            ("revoke_key", format!("key={key}")),
        ];
        for (door, form) in doors {
            let path = format!("/fn/brand/{door}");
            let other = world.call(Who::OtherBrand, &path, &form, false).await;
            assert_eq!(other.status.as_u16(), 404, "{path} as another brand: {}", other.text);
            let own = world.call(Who::Brand, &path, &form, false).await;
            assert!(own.status.as_u16() < 400, "{path} as its owner: {} {}", own.status, own.text);
        }
        let mut tx = db.read().await.unwrap();
        let saved = loyalty::campaign::get(&mut tx, &identity::Actor::System, crate::world::NOW, *campaign).await.unwrap();
        assert_eq!((saved.name.as_str(), saved.version), ("Marzo", 1));
    }
}
