//! How a shop is paid back: what brands owe it, statements of closed periods, and how those were settled.
//!
//! Amounts are minor units of the shop's currency. Nothing here moves money: a payment is what somebody recorded.

use serde::{Deserialize, Serialize};

use crate::{BrandId, CivilDate, Currency, EntryId, LocalTime, PaymentId, SettlementRunId, ShopId, StatementId, Timestamp};

/// Days after which a debt stands in the next column: up to 30, up to 60, up to 90, older.
pub const AGE_DAYS: [i64; 3] = [30, 60, 90];

/// What is owed by the age of its deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ageing {
    /// Handed over up to 30, 60 and 90 days ago, and before that.
    pub minor: [i64; 4],
    /// Of the oldest delivery that is not paid.
    pub oldest: Option<CivilDate>,
}

/// How old a debt is. What was paid, and what was taken back, settles the oldest first; more of it than there is to
/// settle leaves nothing.
pub fn age(entries: &[(CivilDate, i64)], paid_minor: i64, today: CivilDate) -> Ageing {
    let mut credit = paid_minor - entries.iter().map(|(_, minor)| (*minor).min(0)).sum::<i64>();
    let mut owed: Vec<(CivilDate, i64)> = entries.iter().copied().filter(|(_, minor)| *minor > 0).collect();
    owed.sort_unstable();
    let mut ageing = Ageing::default();
    for (date, minor) in owed {
        let settled = minor.min(credit.max(0));
        credit -= settled;
        let left = minor - settled;
        if left > 0 {
            let days = today.days_since(date);
            let column = AGE_DAYS.iter().position(|limit| days <= *limit).unwrap_or(AGE_DAYS.len());
            ageing.minor[column] += left;
            ageing.oldest = ageing.oldest.or(Some(date));
        }
    }
    ageing
}

/// What one brand owes one shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Owed {
    /// Who is owed.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// The shop's currency.
    pub currency: Currency,
    /// On no statement yet.
    pub open_minor: i64,
    /// On statements and not settled.
    pub in_statement_minor: i64,
    /// Settled, of all time.
    pub paid_minor: i64,
    /// Rewards behind what is not settled.
    pub rewards: i64,
    /// The first of what is not settled; of all time when everything is.
    pub since: Timestamp,
    /// What is not settled, by age.
    pub ageing: Ageing,
}

impl Owed {
    /// All that is not settled.
    pub fn owed_minor(&self) -> i64 {
        self.open_minor + self.in_statement_minor
    }
}

/// A period to close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSettlement {
    /// Absent: every brand.
    #[serde(default)]
    pub brand_id: Option<BrandId>,
    /// The last day, by each shop's calendar. Not in the future.
    pub through_date: CivilDate,
}

/// What closing would put on statements, by brand and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettlementPreview {
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Currencies never add up.
    pub currency: Currency,
    /// Shops with a line.
    pub shops: i64,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_minor: i64,
    /// The oldest line.
    pub from_date: CivilDate,
}

/// Money in one currency, and how much of it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettledAmount {
    /// Currencies never add up.
    pub currency: Currency,
    /// Of all statements.
    pub amount_minor: i64,
    /// Recorded as settled.
    pub settled_minor: i64,
}

/// A period that was closed for one brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettlementRun {
    /// Its identity.
    pub id: SettlementRunId,
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// The last day.
    pub through_date: CivilDate,
    /// One for each shop and currency.
    pub statements: i64,
    /// On all of them.
    pub lines: i64,
    /// One for each currency.
    pub totals: Vec<SettledAmount>,
    /// When.
    pub closed_at: Timestamp,
    /// By whom: the person's name, or the key.
    pub closed_by: String,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StatementState {
    /// Nothing was settled.
    Due,
    /// Part of it was.
    Partly,
    /// All of it was.
    Settled,
    /// More was taken back than added: set against the next statements.
    Credit,
}

/// What a brand owes a shop for a closed period. Never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statement {
    /// Its identity.
    pub id: StatementId,
    /// The closing that made it.
    pub run_id: SettlementRunId,
    /// Who owes.
    pub brand_id: BrandId,
    /// Its name.
    pub brand_name: String,
    /// Colour of the brand's square.
    pub brand_colour: String,
    /// Who is owed.
    pub shop_id: ShopId,
    /// Its name.
    pub shop_name: String,
    /// The shop's currency.
    pub currency: Currency,
    /// Of the oldest line.
    pub from_date: CivilDate,
    /// The last day of the period.
    pub through_date: CivilDate,
    /// How many.
    pub lines: i64,
    /// Their sum; below zero when more was taken back than added.
    pub amount_minor: i64,
    /// What was recorded as settled.
    pub settled_minor: i64,
    /// Where it stands.
    pub state: StatementState,
    /// When the period was closed.
    pub closed_at: Timestamp,
}

impl Statement {
    /// Where a statement with these amounts stands.
    pub const fn state_of(amount_minor: i64, settled_minor: i64) -> StatementState {
        match (amount_minor - settled_minor, settled_minor) {
            (0, _) => StatementState::Settled,
            (..0, _) => StatementState::Credit,
            (_, 0) => StatementState::Due,
            _ => StatementState::Partly,
        }
    }
    /// What is left to settle.
    pub const fn left_minor(&self) -> i64 {
        self.amount_minor - self.settled_minor
    }
}

/// One line: exactly one thing that the shop is owed for, or owes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementLine {
    /// The entry of the books behind it.
    pub entry_id: EntryId,
    /// `delivery`, `undo`, `unit`, `new_consumer`, `return` or `correction`.
    pub kind: String,
    /// The reward, the campaign, or why it was corrected.
    pub what: String,
    /// Rewards, or units sold.
    pub units: i64,
    /// What the reward costs the shop; 0 for the other kinds.
    pub unit_cost_minor: i64,
    /// For handing it over; 0 for the other kinds.
    pub handling_fee_minor: i64,
    /// Signed.
    pub amount_minor: i64,
    /// At the shop.
    pub local: LocalTime,
}

/// How somebody settled a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PaymentKind {
    /// Goods.
    Product,
    /// A credit note of the distributor.
    CreditNote,
    /// Money.
    Money,
    /// Set against a statement on which more was taken back than added: by closing a period only.
    Offset,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    /// Its identity.
    pub id: PaymentId,
    /// In what.
    pub kind: PaymentKind,
    /// Below zero only for an offset of a credit.
    pub amount_minor: i64,
    /// Number of the invoice, the note or the transfer.
    pub reference: String,
    /// When the shop got it.
    pub paid_date: CivilDate,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom: the person's name, or the key.
    pub recorded_by: String,
}

/// How a statement was settled, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPayment {
    /// Made by whoever asks, so that asking twice is one payment.
    #[serde(default)]
    pub payment_id: Option<PaymentId>,
    /// Goods, a credit note or money.
    pub kind: PaymentKind,
    /// Not more than is left to settle.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub amount_minor: i64,
    /// Number of the invoice, the note or the transfer.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub reference: String,
    /// When the shop got it. Not in the future.
    pub paid_date: CivilDate,
}

/// A statement with how it was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementDetail {
    /// The statement.
    pub statement: Statement,
    /// Oldest first; at most 200.
    pub payments: Vec<Payment>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(days_ago: i64) -> CivilDate {
        CivilDate::new(2026, 6, 30).unwrap().plus_days(-days_ago).unwrap()
    }

    #[test]
    fn what_is_paid_settles_the_oldest_first() {
        let entries = [(day(100), 50), (day(31), 40), (day(30), 30), (day(0), 20), (day(5), -60)];

        assert_eq!(age(&entries, 0, day(0)), Ageing { minor: [50, 30, 0, 0], oldest: Some(day(31)) });
        assert_eq!(age(&entries, 35, day(0)), Ageing { minor: [45, 0, 0, 0], oldest: Some(day(30)) });
        assert_eq!(age(&entries, 80, day(0)), Ageing::default());
        assert_eq!(age(&entries[..2], 10, day(0)), Ageing { minor: [0, 40, 0, 40], oldest: Some(day(100)) });
        assert_eq!(age(&[(day(1), 5)], 99, day(0)), Ageing::default());
    }

    proptest! {
        #[test]
        fn the_columns_add_up_to_what_is_owed(entries in proptest::collection::vec((0_i64..200, -100_i64..100), 0..40), paid in 0_i64..500) {
            let entries: Vec<_> = entries.into_iter().map(|(days, minor)| (day(days), minor)).collect();
            let owed = entries.iter().map(|(_, minor)| minor).sum::<i64>() - paid;
            let ageing = age(&entries, paid, day(0));

            prop_assert_eq!(ageing.minor.iter().sum::<i64>(), owed.max(0));
            prop_assert_eq!(ageing.oldest.is_some(), owed > 0);
        }
    }

    #[test]
    fn a_statement_stands_where_its_amounts_say() {
        for (amount, settled, state) in [
            (100, 0, StatementState::Due),
            (100, 40, StatementState::Partly),
            (100, 100, StatementState::Settled),
            (0, 0, StatementState::Settled),
            (-30, 0, StatementState::Credit),
            (-30, -30, StatementState::Settled),
        ] {
            assert_eq!(Statement::state_of(amount, settled), state);
        }
    }
}
