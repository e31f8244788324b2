//! What can go wrong in loyalty, and how the world is told.

use shared::{
    Problem,
    loyalty::{Missing, campaign::WrongRules},
    problem::FieldProblem,
};

/// Why a loyalty verb refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not a capture of a known version.
    #[error("the capture cannot be read: {0}")]
    BadCapture(String),
    /// The signature does not belong to these bytes and this device.
    #[error("the signature does not match")]
    BadSignature,
    /// The device may not sign any more.
    #[error("the device was revoked")]
    DeviceRevoked,
    /// A line's quantity is outside 1 to 9 999, or there are no lines, or too many.
    #[error("line {0} has a quantity outside its bounds")]
    BadQuantity(usize),
    /// A price or discount is negative or absurd.
    #[error("line {0} has a price outside its bounds")]
    BadPrice(usize),
    /// No card answers to this code. Never says whether the card exists.
    #[error("no card answers to this code")]
    UnknownCard,
    /// Too many codes of this card failed at this shop, or too many six digits did: nothing is said of this one.
    #[error("too many codes failed here; wait some minutes")]
    CodeLocked,
    /// As many codes were sent for a reward as can be in a day.
    #[error("as many codes were sent for this reward as can be in a day")]
    CodesSpent,
    /// These six digits stand for no card, or do no more.
    #[error("these digits stand for no card")]
    WrongDigits,
    /// Every number of six digits that was drawn is on somebody's screen.
    #[error("no digits are free")]
    NoDigitsLeft,
    /// What cannot be taken back has to be confirmed.
    #[error("a deletion is confirmed, with the code that was sent")]
    NotConfirmed,
    /// A file is no table.
    #[error(transparent)]
    BadTable(identity::table::TableError),
    /// A file could not be put together.
    #[error("the file could not be made: {0}")]
    File(String),
    /// No telephone was verified for the card.
    #[error("no telephone was verified for this card")]
    NoPhone,
    /// A card that is on a telephone shows its rewards there.
    #[error("this card is on a telephone, where its rewards have their own codes")]
    NotOnPaper,
    /// The card was blocked.
    #[error("the card is blocked")]
    CardBlocked,
    /// The rotating code is too old or too new.
    #[error("the code is outside its window")]
    QrStale,
    /// The code already opened another purchase.
    #[error("the code already opened another purchase")]
    QrReplay,
    /// The purchase is older than 72 hours.
    #[error("the purchase is older than 72 hours")]
    TooOld,
    /// The same key came with other content.
    #[error("the same key came with other content")]
    IdempotencyConflict,
    /// No such thing, or not yours.
    #[error("no such thing, or not yours")]
    NotFound,
    /// A draft cannot be stored as it is; every reason.
    #[error("the campaign cannot be stored: {}", told(.0))]
    Wrong(Vec<Missing>),
    /// A campaign cannot be published as it is; every reason.
    #[error("the campaign cannot be published: {}", told(.0))]
    Gates(Vec<Missing>),
    /// Nobody asked for the review that comes before.
    #[error("somebody must ask for a review first")]
    ReviewMissing,
    /// Whoever asks for a review does not publish.
    #[error("another person must publish it")]
    NeedsSecondPerson,
    /// The act has no place in the campaign's state.
    #[error("that cannot be done to the campaign now")]
    WrongState,
    /// A version begins after the one before it, and not in the past.
    #[error("a version begins after the one before it, and not in the past")]
    VersionOrder,
    /// Late sales may still come.
    #[error("late sales may still come")]
    TooEarlyToSettle,
    /// Held purchases of the campaign wait for a decision.
    #[error("held purchases of the campaign wait for a decision")]
    HeldPurchasesWait,
    /// A published campaign's control never changes.
    #[error("the control shops were fixed by the publication")]
    ControlFixed,
    /// Fewer days or shops than were promised.
    #[error("the reward was promised: it can be had on more days and at more shops, not on fewer")]
    RewardPromised,
    /// What was shown as before is not so any more.
    #[error("somebody else changed when and where the reward is handed over")]
    HandoverChanged,
    /// A control needs ten shops on each side.
    #[error("a control needs ten shops on each side")]
    TooFewShops,
    /// The reward is not handed over on that day, or not at that shop.
    #[error("the reward is not handed over here and now")]
    RewardNotHere,
    /// A published campaign cannot be edited.
    #[error("the campaign is published")]
    AlreadyPublished,
    /// A name is empty or too long, or an amount outside its bounds.
    #[error("the field {0} is outside its bounds")]
    Field(&'static str),
    /// The campaign has no enrolment to join.
    #[error("the campaign cannot be joined")]
    NotJoinable,
    /// The rules were not written by a template, so its answers cannot change them.
    #[error("these rules are changed through the interface that made them")]
    CustomRules,
    /// No reward answers to this code.
    #[error("no reward answers to this code")]
    NoSuchReward,
    /// The reward cannot be handed over in its state.
    #[error("the reward cannot be handed over")]
    NotDeliverable,
    /// Another shop handed it over.
    #[error("another shop handed the reward over")]
    AlreadyDelivered,
    /// A phone without network handed over what had been handed over at its own shop.
    #[error("this shop had handed the reward over before")]
    DeliveredBefore,
    /// A ticket binds the reward to a shop.
    #[error("a ticket binds the reward to a shop")]
    TicketOut,
    /// The ticket is for another shop.
    #[error("the ticket is for another shop")]
    TicketElsewhere,
    /// The ticket's time was over, or another one took its place.
    #[error("the ticket's time was over")]
    TicketOver,
    /// The text is no ticket, or was not signed here.
    #[error("the text is no ticket that was signed here")]
    BadTicket,
    /// The key for tickets cannot be made or opened.
    #[error("the key for tickets cannot be used")]
    TicketKey,
    /// What depends on what neighbours buy is handed over with the network.
    #[error("there are no tickets for this reward")]
    NoTicket,
    /// No shop handed this reward over, or not this one.
    #[error("the reward was not handed over here")]
    NotDelivered,
    /// The wallet owes points.
    #[error("the wallet owes points")]
    InDebt,
    /// None of this reward is left.
    #[error("none of this reward is left")]
    OutOfStock,
    /// The wallet does not hold enough points.
    #[error("the wallet does not hold enough points")]
    Insufficient,
    /// The consumer has had as many of this reward as one can get.
    #[error("the consumer has had as many as one can get")]
    RewardLimit,
    /// Nothing is held under this reservation.
    #[error("nothing is held under this reservation")]
    NotReserved,
    /// No such purchase, or not yours, or it does not count.
    #[error("no such purchase, or it does not count")]
    NoSuchPurchase,
    /// More would come back than was bought.
    #[error("more would come back than was bought")]
    ReturnExceedsPurchase,
    /// The purchase does not wait for a decision.
    #[error("the purchase does not wait for a decision")]
    NotHeld,
    /// The reward is paid in another currency than the shop sells in.
    #[error("the reward is paid in another currency")]
    ForeignCurrency,
    /// The shop was given units of this reward, and the last one is gone.
    #[error("the shop has none of this reward left")]
    NoneAtShop,
    /// Nobody decides about what she proposed herself.
    #[error("another person must decide about this")]
    OwnProposal,
    /// Somebody decided already.
    #[error("this was decided already")]
    AlreadyDecided,
    /// The person proposed as much as one may in a day.
    #[error("a person can correct so much in a day")]
    AdjustmentLimit,
    /// More would be settled than is owed.
    #[error("more would be settled than is owed")]
    MoreThanOwed,
    /// A spreadsheet made a power of ten of a barcode.
    #[error("the barcode is a power of ten: nobody can say which digits it had")]
    ScientificBarcode,
    /// The file is no table of tickets.
    #[error("the file cannot be read: {0}")]
    BadFile(&'static str),
    /// A table of tickets has this column.
    #[error("the column {0} is missing")]
    MissingColumn(&'static str),
    /// A card shows at most so many phones.
    #[error("the card is already on too many devices")]
    TooManyDevices,
    /// Who asks may not, or is nobody.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

impl Error {
    /// The refusal of a sale whose reason could have changed since; the others are found again by looking again.
    pub(crate) fn refused_before(code: &str) -> Option<Self> {
        Some(match code {
            "loyalty.unknown_card" => Self::UnknownCard,
            "loyalty.card_blocked" => Self::CardBlocked,
            "loyalty.qr_stale" => Self::QrStale,
            "loyalty.qr_replay" => Self::QrReplay,
            "loyalty.too_old" => Self::TooOld,
            _ => return None,
        })
    }
}

/// For the log: which fields, by which codes.
fn told(missing: &[Missing]) -> String {
    missing.iter().map(|one| format!("{} ({})", one.field, one.code)).collect::<Vec<_>>().join(", ")
}

/// One refusal with all its fields.
fn several(code: &str, missing: Vec<Missing>, detail: String) -> Problem {
    let mut problem = Problem::new(422, code, detail);
    problem.fields = missing.into_iter().map(|one| FieldProblem { field: one.field, code: one.code }).collect();
    problem
}

impl From<WrongRules> for Error {
    fn from(wrong: WrongRules) -> Self {
        let (field, code) = wrong.field();
        Self::Wrong(vec![Missing::new(field, code)])
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::BadCapture(_) => Problem::new(400, "loyalty.bad_capture", detail),
            Error::BadSignature => Problem::new(401, "loyalty.bad_signature", detail),
            Error::DeviceRevoked => Problem::new(403, "loyalty.device_revoked", detail),
            Error::BadQuantity(line) => Problem::field(format!("lines[{line}].quantity"), "loyalty.bad_qty", detail),
            Error::BadPrice(line) => Problem::field(format!("lines[{line}].unit_price_minor"), "loyalty.bad_price", detail),
            Error::UnknownCard => Problem::new(422, "loyalty.unknown_card", detail),
            Error::NotConfirmed => Problem::field("confirmed", "loyalty.not_confirmed", detail),
            Error::BadTable(error) => crate::sell_in::problem(error),
            Error::File(_) => Problem::new(500, "internal", detail),
            Error::CodeLocked => {
                let mut problem = Problem::new(429, "loyalty.code_locked", detail);
                problem.retry_after_seconds = u32::try_from(crate::failed_code::WINDOW_MS / 1_000).ok();
                problem
            }
            Error::CodesSpent => Problem::new(429, "loyalty.codes_spent", detail),
            Error::WrongDigits => Problem::new(422, "loyalty.wrong_digits", detail),
            Error::NoDigitsLeft => Problem::new(503, "unavailable", detail),
            Error::NoPhone => Problem::new(409, "loyalty.no_phone", detail),
            Error::NotOnPaper => Problem::new(409, "loyalty.not_on_paper", detail),
            Error::CardBlocked => Problem::new(422, "loyalty.card_blocked", detail),
            Error::QrStale => Problem::new(422, "loyalty.qr_stale", detail),
            Error::QrReplay => Problem::new(409, "loyalty.qr_replay", detail),
            Error::TooOld => Problem::new(422, "loyalty.too_old", detail),
            Error::IdempotencyConflict => Problem::new(422, "loyalty.idempotency_conflict", detail),
            Error::NotFound => Problem::not_found(),
            Error::Wrong(missing) => {
                let code = missing.first().map_or("bad_field", |one| one.code.as_str()).to_owned();
                several(&code, missing, detail)
            }
            Error::Gates(missing) => several("loyalty.cannot_publish", missing, detail),
            Error::ReviewMissing => Problem::new(409, "loyalty.review_missing", detail),
            Error::NeedsSecondPerson => Problem::new(409, "loyalty.needs_second_person", detail),
            Error::WrongState => Problem::new(409, "loyalty.wrong_state", detail),
            Error::VersionOrder => Problem::field("valid_from", "loyalty.version_order", detail),
            Error::TooEarlyToSettle => Problem::new(409, "loyalty.too_early_to_settle", detail),
            Error::HeldPurchasesWait => Problem::new(409, "loyalty.held_purchases_wait", detail),
            Error::ControlFixed => Problem::new(409, "loyalty.control_fixed", detail),
            Error::RewardPromised => Problem::new(409, "loyalty.reward_promised", detail),
            Error::HandoverChanged => Problem::new(409, "loyalty.handover_changed", detail),
            Error::TooFewShops => Problem::new(409, "loyalty.too_few_shops", detail),
            Error::RewardNotHere => Problem::new(409, "loyalty.reward_not_here", detail),
            Error::AlreadyPublished => Problem::new(409, "loyalty.already_published", detail),
            Error::Field(field) => Problem::field(field, "bad_field", detail),
            Error::NotJoinable => Problem::new(409, "loyalty.not_joinable", detail),
            Error::CustomRules => Problem::new(409, "loyalty.custom_rules", detail),
            Error::NoSuchReward => Problem::new(404, "loyalty.no_such_reward", detail),
            Error::NotDeliverable => Problem::new(409, "loyalty.not_deliverable", detail),
            Error::AlreadyDelivered => Problem::new(409, "loyalty.already_delivered", detail),
            Error::DeliveredBefore => Problem::new(409, "loyalty.delivered_before", detail),
            Error::TicketOut => Problem::new(409, "loyalty.ticket_out", detail),
            Error::TicketElsewhere => Problem::new(409, "loyalty.ticket_elsewhere", detail),
            Error::TicketOver => Problem::new(409, "loyalty.ticket_over", detail),
            Error::BadTicket => Problem::new(422, "loyalty.bad_ticket", detail),
            Error::TicketKey => Problem::new(500, "internal", detail),
            Error::NoTicket => Problem::new(409, "loyalty.no_ticket", detail),
            Error::NotDelivered => Problem::new(409, "loyalty.not_delivered", detail),
            Error::InDebt => Problem::new(409, "loyalty.in_debt", detail),
            Error::OutOfStock => Problem::new(409, "loyalty.out_of_stock", detail),
            Error::Insufficient => Problem::new(409, "loyalty.insufficient", detail),
            Error::RewardLimit => Problem::new(409, "loyalty.reward_limit", detail),
            Error::NotReserved => Problem::new(409, "loyalty.not_reserved", detail),
            Error::NoSuchPurchase => Problem::new(404, "loyalty.no_such_purchase", detail),
            Error::ReturnExceedsPurchase => Problem::new(409, "loyalty.return_exceeds_purchase", detail),
            Error::NotHeld => Problem::new(409, "loyalty.not_held", detail),
            Error::ForeignCurrency => Problem::new(409, "loyalty.foreign_currency", detail),
            Error::NoneAtShop => Problem::new(409, "loyalty.none_at_shop", detail),
            Error::OwnProposal => Problem::new(403, "loyalty.own_proposal", detail),
            Error::AlreadyDecided => Problem::new(409, "loyalty.already_decided", detail),
            Error::AdjustmentLimit => Problem::new(409, "loyalty.adjustment_limit", detail),
            Error::MoreThanOwed => Problem::new(409, "loyalty.more_than_owed", detail),
            Error::ScientificBarcode => Problem::field("barcode", "loyalty.till_scientific_barcode", detail),
            Error::BadFile(_) => Problem::field("file", "loyalty.till_bad_file", detail),
            Error::MissingColumn(column) => Problem::field(column, "loyalty.till_missing_column", detail),
            Error::TooManyDevices => Problem::new(409, "loyalty.too_many_devices", detail),
            Error::Identity(error) => error.into(),
            Error::Store(error) => identity::store_problem(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_back_by_its_own_code() {
        for error in [Error::UnknownCard, Error::CardBlocked, Error::QrStale, Error::QrReplay, Error::TooOld] {
            let code = Problem::from(error).code;
            let again = Error::refused_before(&code).map(Problem::from).map(|problem| problem.code);
            assert_eq!(again, Some(code));
        }
        assert!(Error::refused_before("loyalty.bad_qty").is_none(), "that is seen again by looking again");
    }
}
