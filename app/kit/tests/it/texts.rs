use kit::{locale, t};

#[test]
fn spanish_counts_one_and_many() {
    assert_eq!(t::tendero_result_points("Ana", 1), "punto para Ana");
    assert_eq!(t::tendero_result_points("Ana", 7), "puntos para Ana");
    assert_eq!(t::tendero_result_missing(1), "Falta 1");
    assert_eq!(t::tendero_result_missing(3), "Faltan 3");
    assert_eq!(t::tendero_scan_basket(0), "Sin productos");
    assert_eq!(t::tendero_scan_basket(4), "4 productos");
}

#[test]
fn a_text_without_parameters_costs_nothing() {
    let text: &'static str = t::consumer_home_title();

    assert_eq!(text, "Tarjeta");
}

#[test]
fn a_code_finds_its_text_however_it_is_written() {
    assert_eq!(t::reason_shop("QR_STALE"), Some("Este código venció. Pídele uno nuevo."));
    assert_eq!(t::reason_shop("loyalty.qr_stale"), t::reason_shop("QR_STALE"));
    assert_eq!(t::problem("loyalty.bad_qty"), Some(t::problem_bad_qty()));
    assert_eq!(t::problem("loyalty.qr_stale"), t::reason_shop("QR_STALE"));
    assert_eq!(t::problem("no_such_code_at_all"), None);
}

#[test]
fn an_unknown_code_still_says_what_is_safe() {
    assert_eq!(locale::shop_text("loyalty.brand_new"), t::problem_internal());
    assert_eq!(locale::consumer_text("loyalty.brand_new"), t::problem_internal());
}

/// `loyalty_scenarios.md`: the codes that the contract names.
const CONTRACT: &[&str] = &[
    "IDEMPOTENCY_CONFLICT",
    "UNKNOWN_CARD",
    "BAD_QTY",
    "TOO_OLD",
    "QR_STALE",
    "QR_REPLAY",
    "NO_SUCH_PURCHASE",
    "RETURN_EXCEEDS_PURCHASE",
    "NOT_HELD",
    "IN_DEBT",
    "OUT_OF_STOCK",
    "INSUFFICIENT",
    "REWARD_LIMIT",
    "NOT_RESERVED",
    "NO_SUCH_REWARD",
    "NOT_DELIVERABLE",
    "ALREADY_DELIVERED",
    "NOT_DELIVERED",
    "OUT_OF_DATES",
    "PDV_NOT_IN_CAMPAIGN",
    "PAUSED",
    "NO_PLI",
    "HOLDOUT",
    "SELF_PDV",
    "AGE_GATE",
    "NOT_ENROLLED",
    "EXCLUDED_BY_GROUP",
    "CLOCK_SUSPECT",
    "SUSPECTED_DUPLICATE",
];

#[test]
fn every_reason_of_the_contract_is_told_to_shop_and_consumer() {
    for code in CONTRACT {
        assert!(t::reason_shop(code).is_some(), "{code} for the shop");
        assert!(t::reason_consumer(code).is_some(), "{code} for the consumer");
    }
}

#[test]
fn the_file_is_ordered_by_area_and_speaks_without_shouting() {
    let source = include_str!("../../locales/es.ftl");
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        assert!(!line.contains('!') && !line.contains('¡'), "no exclamation marks: {line}");
        assert!(!line.contains("por favor"), "{line}");
    }
}
