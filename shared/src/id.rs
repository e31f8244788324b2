//! Typed identities: a UUID (version 7) inside, `prefix_` and 32 hexadecimal digits outside.

/// Why a text is not the id that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with {0}_")]
pub struct WrongId(pub &'static str);

macro_rules! ids { ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => { $(
    $(#[$doc])*
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
    pub struct $name(pub uuid::Uuid);

    impl $name {
        /// The letters before the underscore.
        pub const PREFIX: &'static str = $prefix;
        /// A fixed id, older than any generated one: for tests and demonstrations.
        pub const fn fixed(n: u128) -> Self { Self(uuid::Uuid::from_u128(n)) }
        /// A number for `Tx::lock`: the last eight bytes, because the first ones are the clock.
        pub fn lock_key(&self) -> i64 {
            let mut last = [0; 8];
            last.copy_from_slice(&self.0.as_bytes()[8..]);
            i64::from_be_bytes(last)
        }
    }
    impl From<uuid::Uuid> for $name { fn from(id: uuid::Uuid) -> Self { Self(id) } }
    impl std::fmt::Display for $name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(concat!($prefix, "_"))?;
            std::fmt::Display::fmt(&self.0.simple(), f)
        }
    }
    impl std::fmt::Debug for $name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) }
    }
    impl std::str::FromStr for $name {
        type Err = WrongId;
        fn from_str(text: &str) -> Result<Self, WrongId> {
            text.strip_prefix(concat!($prefix, "_"))
                .filter(|hex| hex.len() == 32)
                .and_then(|hex| uuid::Uuid::try_parse(hex).ok())
                .map(Self)
                .ok_or(WrongId($prefix))
        }
    }
    impl serde::Serialize for $name {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> { to.collect_str(self) }
    }
    impl<'de> serde::Deserialize<'de> for $name {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = std::borrow::Cow::<str>::deserialize(from)?;
            text.parse().map_err(serde::de::Error::custom)
        }
    }
    #[cfg(feature = "openapi")]
    impl utoipa::PartialSchema for $name {
        fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
            utoipa::openapi::ObjectBuilder::new()
                .schema_type(utoipa::openapi::schema::Type::String)
                .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                .examples([serde_json::json!(concat!($prefix, "_00000000000000000000000000000001"))])
                .build()
                .into()
        }
    }
    #[cfg(feature = "openapi")]
    impl utoipa::ToSchema for $name {}
)+ } }

ids! {
    /// A tenant: a brand owner, or the operator of the platform.
    OrganisationId = "org";
    /// A brand of an organisation.
    BrandId = "bra";
    /// A product of the master list.
    ProductId = "pro";
    /// A barcode that a shop met and nobody knows yet.
    ProposalId = "prp";
    /// Money that a brand spent beside its rewards.
    CostId = "cos";
    /// A file of products that somebody brought, before and after it was applied.
    ImportId = "imp";
    /// A shop of the traditional channel.
    ShopId = "sho";
    /// A person who works at a shop.
    MemberId = "mem";
    /// A phone enrolled to sign captures.
    DeviceId = "dev";
    /// A consumer, known by a pseudonym.
    ConsumerId = "con";
    /// Pictures and files of an e-mail.
    MailBundleId = "mbu";
    /// A report that comes by e-mail.
    ReportScheduleId = "rsc";
    /// A message to an audience.
    AudienceMessageId = "aum";
    /// What one brand may call a consumer: no other brand knows her by it, and it leads to nobody.
    Pseudonym = "psn";
    /// A loyalty card.
    CardId = "car";
    /// A key that makes the rotating code of one card on one device.
    CardKeyId = "cke";
    /// A person of a brand owner or of the operator.
    UserId = "usr";
    /// A key for the REST interface.
    ApiKeyId = "key";
    /// A session of a person on a browser.
    SessionId = "ses";
    /// A code that takes a card into another browser.
    CardMoveId = "mov";
    /// Six digits that stand for a card for a minute.
    CardDigitsId = "dig";
    /// A code that no card answered to.
    CodeFailureId = "cof";
    /// A one-time code that was sent.
    ChallengeId = "otp";
    /// A consent that was given or withdrawn.
    ConsentId = "cns";
    /// A file of shops that somebody brought.
    ShopImportId = "shi";
    /// What a sandbox has between two resets.
    WorldId = "wld";
    /// A sandbox begins anew.
    SandboxResetId = "rst";
    /// A distributor's file that somebody brought.
    SellInFileId = "sif";
    /// Something that looks like fraud.
    AlertId = "alr";
    /// A shop whose sales of a brand wait.
    ShopHoldId = "hld";
    /// A right that a person used over her data.
    PrivacyRequestId = "prq";
    /// An invitation to work at a shop.
    InvitationId = "inv";
    /// A campaign.
    CampaignId = "cam";
    /// An immutable version of a campaign's rules.
    CampaignVersionId = "ver";
    /// A purchase.
    PurchaseId = "pur";
    /// A reward that a brand offers.
    RewardId = "rew";
    /// One reward given to one consumer.
    RewardInstanceId = "rin";
    /// A wallet: points of a brand, or stamps of a campaign, of one consumer.
    WalletId = "wal";
    /// Points or stamps that came together and expire together.
    LotId = "lot";
    /// A line of the ledger.
    EntryId = "ent";
    /// The closing of a period for one brand.
    SettlementRunId = "set";
    /// What a brand owes a shop for a closed period.
    StatementId = "sta";
    /// A correction by a person.
    AdjustmentId = "adj";
    /// Somebody says that something is wrong.
    DisputeId = "dis";
    /// What was recorded as the settling of a statement.
    PaymentId = "pay";
    /// A message to a person.
    MessageId = "msg";
    /// Somebody's wish to hear of events.
    WebhookSubscriptionId = "whs";
    /// One event for one subscription; the header `webhook-id`.
    WebhookDeliveryId = "whd";
    /// One try to bring it.
    WebhookAttemptId = "wha";
    /// A till, or a file of one, that reports sales.
    TillSourceId = "til";
    /// A sale as a till reported it.
    TillTicketId = "tic";
    /// A file of a till's sales.
    TillFileId = "tif";
    /// A line of the audit.
    AuditId = "aud";
    /// A job for later.
    JobId = "job";
    /// An event in the outbox.
    EventId = "evt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_what_it_writes_and_refuses_another_kind() {
        let id = PurchaseId::fixed(7);

        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("pur_zz".parse::<PurchaseId>(), Err(WrongId("pur")));
        assert_eq!(id.to_string().parse::<ShopId>(), Err(WrongId("sho")));
    }
}
