//! The tables that are written in bulk, with their columns.

use db::bulk::Table;

macro_rules! tables { ($($name:ident = $table:literal: $columns:literal;)+) => {
    $(pub(crate) static $name: Table = Table { name: $table, columns: $columns };)+
    /// All of them.
    pub(crate) static ALL: &[&Table] = &[$(&$name),+];
} }

tables! {
    SHOP = "shop": "id, name, search_key, country, currency, time_zone, city, zone, created_at";
    MEMBER = "shop_member": "id, shop_id, name, role, phone_hash, phone_sealed, created_at";
    SHOP_BRAND = "shop_brand": "brand_id, tenant_id, shop_id, enrolled_at, enrolled_date";
    ARM = "campaign_arm": "campaign_id, shop_id, tenant_id, brand_id, arm, assigned_at";
    ANSWER = "nps_answer": "brand_id, wave, member_id, tenant_id, shop_id, score, answered_at";
    COST = "brand_cost": "id, tenant_id, brand_id, campaign_id, kind, amount_minor, cost_date, note, created_at";
    ASSUMPTION = "brand_assumption": "brand_id, valid_from, tenant_id, unit_margin_minor, expected_redemption_bp, thousand_points_minor, created_at";
    CONSUMER = "consumer": "id, display_name, country, adult, anonymous, first_shop_id, created_at";
    CONTACT = "contact": "consumer_id, phone_hash, phone_sealed, verified_at";
    CONSENT = "consent": "id, consumer_id, purpose, controller, granted, text_version, channel, device, decided_at";
    CARD = "card": "id, public_code, consumer_id, kind, created_at";
    CARD_KEY = "card_key": "id, card_id, secret_sealed, created_at";
    ENROLMENT = "campaign_enrolment": "campaign_id, consumer_id, enrolled_at";
    PURCHASE = "purchase": "id, source, source_key, content_hash, basket_hash, shop_id, card_id, consumer_id, status, reason, offline, total_minor, currency, purchased_at, offset_seconds, business_date, received_at, answer, fully_returned, reviewed_at";
    LINE = "purchase_line": "purchase_id, line, gtin, product_id, brand_id, tenant_id, quantity, unit_price_minor, suggested_price_minor, discount_minor, amount_minor, reward_line, business_date, returned_quantity, returned_amount_minor";
    EVALUATION = "evaluation": "purchase_id, campaign_id, version_id, tenant_id, brand_id, consumer_id, unit, award, trace";
    WALLET = "wallet": "id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt, due_at";
    LOT = "lot": "id, wallet_id, campaign_id, purchase_id, shop_id, business_date, purchased_at, awarded, remaining, active, expired, reversed, available_at, expires_at, created_at";
    INSTANCE = "reward_instance": "id, reward_id, tenant_id, brand_id, campaign_id, consumer_id, wallet_id, purchase_id, code, sequence, status, issued_at, delivered_at, delivered_shop_id, reserved_until, automatic";
    ENTRY = "ledger_entry": "id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id, reward_instance_id, kind, debit_account, credit_account, amount, occurred_at, recorded_at";
    PAYABLE = "payable_entry": "id, business_key, shop_id, tenant_id, brand_id, reward_instance_id, kind, unit_cost_minor, handling_fee_minor, amount_minor, currency, occurred_at, business_date";
    CHANGE = "sale_change": "id, brand_id, business_date, changed_at";
    POINTS_CHANGE = "points_change": "id, brand_id, day, changed_at";
    CAP_USE = "cap_use": "campaign_id, shop_id, business_date, used";
    RETURN = "purchase_return": "id, purchase_id, content_hash, reason, returned_by, answer, returned_at, business_date";
    RETURN_LINE = "purchase_return_line": "return_id, purchase_id, line, quantity, amount_minor";
    REVERSAL = "award_reversal": "return_id, purchase_id, campaign_id, tenant_id, brand_id, amount";
}
