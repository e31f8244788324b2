//! People, shops and organisations as the screens and the REST interface see them.

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, BrandId, Country, Currency, DeviceId, MemberId, OrganisationId, ShopId, Timestamp, UserId};

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OrganisationKind {
    /// Owns brands.
    BrandOwner,
    /// Runs the platform.
    Operator,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organisation {
    /// The organisation.
    pub id: OrganisationId,
    /// What it is.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// Where it is at home.
    pub country: Country,
}

/// A brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Brand {
    /// The brand.
    pub id: BrandId,
    /// Its owner.
    pub organisation_id: OrganisationId,
    /// Its name.
    pub name: String,
    /// Colour of its square, `#rrggbb`.
    pub colour: String,
    /// The last day on which it may publish campaigns; absent: without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licensed_until: Option<crate::CivilDate>,
}

/// Until when a brand may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Licence {
    /// The last day, by the calendar of its owner's country; absent: without an end.
    #[serde(default)]
    pub until: Option<crate::CivilDate>,
}

/// What a person of an organisation may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UserRole {
    /// Everything of the organisation.
    Admin,
    /// Campaigns and rewards.
    Manager,
    /// Reads only.
    Analyst,
}

/// What a person of a shop may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MemberRole {
    /// Sees what brands owe, invites cashiers, revokes phones.
    Owner,
    /// Captures purchases and hands over rewards.
    Cashier,
}

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shop {
    /// The shop.
    pub id: ShopId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub country: Country,
    /// Money it sells in.
    pub currency: Currency,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// City or municipality.
    pub city: String,
    /// Part of the city; may be empty.
    pub zone: String,
    /// When it joined.
    pub created_at: Timestamp,
}

/// A shop to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewShop {
    /// 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
    /// Where it is.
    pub country: Country,
    /// IANA name; absent: the capital's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 60))]
    pub time_zone: Option<String>,
    /// City or municipality, up to 80 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 80))]
    pub city: String,
    /// Part of the city, up to 80 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 80))]
    pub zone: String,
    /// What its distributor calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 40))]
    pub distributor_code: Option<String>,
}

impl NewShop {
    /// A shop of which nothing else is known.
    pub fn new(name: impl Into<String>, country: Country) -> Self {
        Self { name: name.into(), country, time_zone: None, city: String::new(), zone: String::new(), distributor_code: None }
    }
}

/// Someone who works at a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The person.
    pub id: MemberId,
    /// How the shop calls the person.
    pub name: String,
    /// Owner or cashier.
    pub role: MemberRole,
}

/// A phone that signs captures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// The phone.
    pub id: DeviceId,
    /// Whose.
    pub member_id: MemberId,
    /// Their name.
    pub member_name: String,
    /// What it calls itself: `Android · Chrome`.
    pub name: String,
    /// When its key was made.
    pub enrolled_at: Timestamp,
    /// From then on its captures are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A person of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The person.
    pub id: UserId,
    /// Of which organisation.
    pub organisation_id: OrganisationId,
    /// Address to log in with.
    pub email: String,
    /// Name on screens.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
    /// A second factor is on.
    pub totp: bool,
    /// Since when they may no longer log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// A key for the REST interface, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// The key.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// Its first characters, to recognise it.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When somebody stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// Who: `user usr_…`, `member mem_…`, `system`.
    pub actor: String,
    /// Did what, past tense: `campaign.published`.
    pub verb: String,
    /// To what.
    pub subject: String,
    /// How it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub before: Option<serde_json::Value>,
    /// How it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub after: Option<serde_json::Value>,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A file of shops: what it would do, how far it is, or what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopImport {
    /// The file.
    pub id: crate::ShopImportId,
    /// What it is called.
    pub name: String,
    /// Its rows.
    pub total: i64,
    /// Of them, those that were written or left out.
    pub done: i64,
    /// When the last one was.
    pub applied_at: Option<Timestamp>,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// Row by row; while it is under way, of those that are done.
    pub report: crate::catalogue::ImportReport,
}

/// What became of the shops that a file had added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopUndo {
    /// Nobody had used them.
    pub closed: i64,
    /// They sold, or their phones were enrolled: they stay.
    pub kept: i64,
}
