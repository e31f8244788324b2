//! Whoever asks for something.

use shared::{
    ApiKeyId, ConsumerId, DeviceId, MemberId, OrganisationId, SessionId, ShopId, UserId,
    identity::{MemberRole, OrganisationKind, UserRole},
};

use crate::Error;

/// One of the fronts that people log in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Persona {
    /// The card.
    Consumer,
    /// The scanner.
    Tendero,
    /// The brand's console.
    Brand,
    /// The operator's console.
    Backoffice,
}

impl Persona {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Consumer, Self::Tendero, Self::Brand, Self::Backoffice];

    /// One cookie name for each: browsers force the path of `__Host-` cookies to `/`.
    pub const fn cookie(self) -> &'static str {
        match self {
            Self::Consumer => "__Host-mostrador-consumer",
            Self::Tendero => "__Host-mostrador-tendero",
            Self::Brand => "__Host-mostrador-brand",
            Self::Backoffice => "__Host-mostrador-backoffice",
        }
    }
    /// Where somebody logs in.
    pub const fn door(self) -> &'static str {
        match self {
            Self::Consumer => "/c/join",
            Self::Tendero => "/t/start",
            Self::Brand => "/b/login",
            Self::Backoffice => "/o/login",
        }
    }
    /// Where its pages are.
    pub const fn home(self) -> &'static str {
        match self {
            Self::Consumer => "/c/",
            Self::Tendero => "/t/",
            Self::Brand => "/b/",
            Self::Backoffice => "/o/",
        }
    }
}

/// What a key for the REST interface may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Report purchases of other systems.
    PurchasesImport,
    /// Create and publish campaigns and rewards.
    CampaignsWrite,
    /// Add and change products.
    ProductsWrite,
    /// Read reports, campaigns, products and payables of the tenant.
    ReportsRead,
    /// Everything that the operator's people may do.
    Operator,
    /// Play with clock, consumers and cards where a database was created for it.
    Sandbox,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::PurchasesImport, Self::CampaignsWrite, Self::ProductsWrite, Self::ReportsRead, Self::Operator, Self::Sandbox];

    /// As written in a key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PurchasesImport => "purchases:import",
            Self::CampaignsWrite => "campaigns:write",
            Self::ProductsWrite => "products:write",
            Self::ReportsRead => "reports:read",
            Self::Operator => "operator",
            Self::Sandbox => "sandbox",
        }
    }
}

/// The scopes of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// From names separated by spaces; `None` for an unknown one or none at all.
    pub fn parse(text: &str) -> Option<Self> {
        let scopes: Option<Vec<_>> =
            text.split_whitespace().map(|name| Scope::ALL.into_iter().find(|scope| scope.name() == name)).collect();
        scopes.filter(|scopes| !scopes.is_empty()).map(Self)
    }
    /// Is it among them?
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|scope| scope.name().to_owned()).collect()
    }
}

/// Whoever asks. Authorization starts from it in the first lines of every verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is logged in.
    Anonymous,
    /// A consumer.
    Consumer {
        /// Who.
        consumer: ConsumerId,
        /// By which session.
        session: SessionId,
    },
    /// Somebody who works at a shop.
    Member {
        /// Who.
        member: MemberId,
        /// Where.
        shop: ShopId,
        /// Owner or cashier.
        role: MemberRole,
        /// The enrolled phone of the session.
        device: Option<DeviceId>,
        /// By which session.
        session: SessionId,
    },
    /// Somebody of an organisation.
    User {
        /// Who.
        user: UserId,
        /// Of which organisation.
        tenant: OrganisationId,
        /// What it is.
        kind: OrganisationKind,
        /// What they may do.
        role: UserRole,
        /// By which session.
        session: SessionId,
    },
    /// A program of an organisation.
    Key {
        /// Which key.
        key: ApiKeyId,
        /// Of which organisation.
        tenant: OrganisationId,
        /// What it is.
        kind: OrganisationKind,
        /// What it may do.
        scopes: Scopes,
    },
    /// The product itself: seeds and jobs.
    System,
}

impl Actor {
    /// How the audit and idempotency keys call it.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".into(),
            Self::Consumer { consumer, .. } => format!("consumer {consumer}"),
            Self::Member { member, .. } => format!("member {member}"),
            Self::User { user, .. } => format!("user {user}"),
            Self::Key { key, .. } => format!("key {key}"),
            Self::System => "system".into(),
        }
    }
    /// The refusal for somebody who is not the right kind of person.
    fn refused<T>(&self) -> Result<T, Error> {
        Err(if *self == Self::Anonymous { Error::Unauthorized } else { Error::Forbidden })
    }
    /// The consumer.
    pub fn consumer(&self) -> Result<ConsumerId, Error> {
        if let Self::Consumer { consumer, .. } = self { Ok(*consumer) } else { self.refused() }
    }
    /// The member, with shop and role.
    pub fn member(&self) -> Result<(MemberId, ShopId, MemberRole), Error> {
        if let Self::Member { member, shop, role, .. } = self { Ok((*member, *shop, *role)) } else { self.refused() }
    }
    /// The owner of a shop.
    pub fn owner(&self) -> Result<(MemberId, ShopId), Error> {
        match self.member()? {
            (member, shop, MemberRole::Owner) => Ok((member, shop)),
            _ => Err(Error::Forbidden),
        }
    }
    /// May ask for this shop's baskets and deliveries: its people, and keys that report purchases.
    pub fn sells_for(&self, shop: ShopId) -> Result<(), Error> {
        match self {
            Self::Member { shop: mine, .. } if *mine == shop => Ok(()),
            Self::Member { .. } => Err(Error::NotFound),
            Self::Key { .. } => self.needs_scope(Scope::PurchasesImport),
            _ => self.refused(),
        }
    }
    /// The organisation.
    pub fn tenant(&self) -> Result<OrganisationId, Error> {
        match self {
            Self::User { tenant, .. } | Self::Key { tenant, .. } => Ok(*tenant),
            _ => self.refused(),
        }
    }
    /// The person of an organisation.
    pub fn user(&self) -> Result<UserId, Error> {
        if let Self::User { user, .. } = self { Ok(*user) } else { self.refused() }
    }
    /// A key with this scope.
    pub fn needs_scope(&self, scope: Scope) -> Result<(), Error> {
        match self {
            Self::Key { scopes, .. } if scopes.has(scope) => Ok(()),
            _ => self.refused(),
        }
    }
    /// The operator: its people, and its keys with the scope.
    pub fn operator(&self) -> Result<(), Error> {
        match self {
            Self::System | Self::User { kind: OrganisationKind::Operator, .. } => Ok(()),
            Self::Key { kind: OrganisationKind::Operator, scopes, .. } if scopes.has(Scope::Operator) || scopes.has(Scope::Sandbox) => {
                Ok(())
            }
            _ => self.refused(),
        }
    }
    /// The operator, but for changes: its analysts only read.
    pub fn operates(&self) -> Result<(), Error> {
        self.operator()?;
        match self {
            Self::User { role: UserRole::Analyst, .. } => Err(Error::Forbidden),
            _ => Ok(()),
        }
    }
    /// May read what belongs to a tenant.
    pub fn reads(&self, tenant: OrganisationId) -> Result<(), Error> {
        if self.operator().is_ok() {
            return Ok(());
        }
        match self {
            Self::User { tenant: mine, .. } if *mine == tenant => Ok(()),
            Self::Key { tenant: mine, scopes, .. } if *mine == tenant => {
                if scopes.has(Scope::ReportsRead) || scopes.has(Scope::CampaignsWrite) { Ok(()) } else { Err(Error::Forbidden) }
            }
            Self::User { .. } | Self::Key { .. } => Err(Error::NotFound),
            _ => self.refused(),
        }
    }
    /// May change campaigns and rewards of a tenant.
    pub fn manages(&self, tenant: OrganisationId) -> Result<(), Error> {
        if self.operates().is_ok() {
            return Ok(());
        }
        match self {
            Self::User { tenant: mine, role, .. } if *mine == tenant => {
                if *role == UserRole::Analyst {
                    Err(Error::Forbidden)
                } else {
                    Ok(())
                }
            }
            Self::Key { tenant: mine, scopes, .. } if *mine == tenant => {
                if scopes.has(Scope::CampaignsWrite) {
                    Ok(())
                } else {
                    Err(Error::Forbidden)
                }
            }
            Self::User { .. } | Self::Key { .. } => Err(Error::NotFound),
            _ => self.refused(),
        }
    }
    /// May change people of every tenant: the operator's administrators.
    pub fn administers_platform(&self) -> Result<(), Error> {
        match self {
            Self::System | Self::User { kind: OrganisationKind::Operator, role: UserRole::Admin, .. } => Ok(()),
            _ => self.refused(),
        }
    }
    /// May change people and keys of a tenant. Never a key.
    pub fn administers(&self, tenant: OrganisationId) -> Result<(), Error> {
        match self {
            _ if self.administers_platform().is_ok() => Ok(()),
            Self::User { tenant: mine, .. } if *mine != tenant => Err(Error::NotFound),
            Self::User { role: UserRole::Admin, .. } => Ok(()),
            _ => self.refused(),
        }
    }
}
