//! What a page is called in the browser's tab, its history and a screen reader's first words.

use kit::t;

/// The name of the page at a path, when its address alone tells it; other pages go by the name of their front.
pub(crate) fn of(path: &str) -> Option<&'static str> {
    Some(match path.trim_end_matches('/') {
        "/c/join" | "/c/join/elsewhere" | "/c/left" => t::consumer_home_hello_nobody(),
        "/c/join/code" | "/t/start/code" => t::join_code_title(),
        "/c/join/consent" => t::join_consent_title(),
        "/c/join/recover" => t::recover_title(),
        "/c/join/move" => t::join_move_title(),
        "/c/code" => t::consumer_home_dictate(),
        "/c/history" => t::consumer_history_title(),
        "/c/rewards" => t::consumer_rewards_title(),
        "/c/claim" => t::claim_title(),
        "/c/unite" => t::unite_title(),
        "/c/privacy" => t::rights_title(),
        "/c/leave" | "/c/leave/code" => t::leave_title(),
        "/c/you" => t::consumer_you_title(),
        "/c/offline" | "/t/offline" => t::common_offline_now(),
        "/t/start" => t::tendero_start_title(),
        "/t/start/shop" => t::tendero_start_shop_title(),
        "/t/start/device" => t::tendero_device_title(),
        "/t/scan" => t::tendero_scan_title(),
        "/t/practice" => t::tendero_practice_title(),
        "/t/training" => t::tendero_training_title(),
        "/t/queue" => t::tendero_queue_title(),
        "/t/today" => t::tendero_today_title(),
        "/t/receipt" => t::receipt_title(),
        "/t/sale" => t::tendero_sale_title(),
        "/t/owed" => t::tendero_accounts_title(),
        "/t/statement" | "/b/statement" | "/o/statement" => t::payback_statement(),
        "/t/card" => t::tendero_card_printed_title(),
        "/t/more" => t::tendero_more_title(),
        "/b/login" => t::login_title_brand(),
        "/b" => t::brand_summary_title(),
        "/b/campaigns" | "/b/campaign" | "/b/campaigns/edit" => t::brand_campaigns_title(),
        "/b/campaigns/new" => t::brand_campaign_template_title(),
        "/b/campaign/simulation" => t::brand_simulation_title(),
        "/b/campaign/review" => t::brand_review_title(),
        "/b/rewards" => t::brand_rewards_title(),
        "/b/reward" => t::brand_handover_title(),
        "/b/reward/review" => t::brand_handover_review(),
        "/b/reports/schedule" => t::brand_mailing_title(),
        "/b/audiences" => t::brand_audience_title(),
        "/b/audience" => t::brand_audience_one(),
        "/b/products" => t::brand_nav_products(),
        "/b/payouts" => t::brand_payouts_title(),
        "/b/counter" => t::brand_counter_title(),
        "/b/webhooks" => t::brand_webhooks_title(),
        "/b/account" => t::brand_settings_title(),
        path if path.starts_with("/b/reports") => t::brand_reports_title(),
        "/o/login" => t::login_title_backoffice(),
        "/o" => t::backoffice_overview_title(),
        "/o/shops" | "/o/shop" => t::backoffice_shops_title(),
        "/o/shops/import" => t::backoffice_shops_import(),
        "/o/products" | "/o/product" => t::backoffice_products_title(),
        "/o/import" => t::backoffice_import_products(),
        "/o/proposals" | "/o/proposal" => t::backoffice_proposals_title(),
        "/o/reviews" | "/o/review" => t::backoffice_reviews_title(),
        "/o/disputes" | "/o/dispute" => t::backoffice_disputes_title(),
        "/o/settlements" | "/o/settlement" => t::backoffice_settlements_title(),
        "/o/alerts" => t::backoffice_alerts_title(),
        "/o/privacy" | "/o/request" => t::backoffice_privacy_title(),
        "/o/organisations" => t::backoffice_organisations_title(),
        "/o/sell-in" => t::backoffice_sell_in_title(),
        "/o/sandboxes" => t::backoffice_sandboxes_title(),
        "/o/tills" => t::backoffice_tills_title(),
        "/o/users" | "/o/user" => t::backoffice_users_title(),
        "/o/account" => t::backoffice_nav_account(),
        "/o/audit" => t::backoffice_audit_title(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_by_its_own_name_and_an_unknown_one_by_its_front() {
        assert_eq!(of("/c/history"), Some("Historial"));
        assert_eq!(of("/b/reports/shops"), Some("Reportes"));
        assert_eq!(of("/o/"), Some("Resumen"));
        assert_eq!(of("/c/reward/rin_1"), None);
    }
}
