//! Consent by purpose and controller, with its proof, and the texts that people agree to.
//!
//! Texts follow Ley 1581 of 2012 (Colombia), Ley 21.719 (Chile) and the Ley Federal de Protección de Datos Personales en
//! Posesión de los Particulares of 2025 (Mexico); counsel confirms them before a pilot.

use db::{Tx, sql};
use shared::{
    BrandId, ConsentId, ConsumerId, Country, Timestamp,
    rights::{ConsentDecision, ConsentState},
};

use crate::{Actor, Error, audit, consumer, organisation};

/// What data are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Purpose {
    /// The card itself: without it there is none.
    Card,
    /// Messages about points, rewards, expiry and receipts.
    Notices,
    /// Promotions of one brand.
    Promotions,
}

impl Purpose {
    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Notices => "notices",
            Self::Promotions => "promotions",
        }
    }
    /// Whether a STOP of this scope takes it back.
    fn stops_with(self, scope: notifications::OptOut) -> bool {
        match self {
            Self::Card => false,
            Self::Notices => scope == notifications::OptOut::All,
            Self::Promotions => true,
        }
    }
    /// From its name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Card, Self::Notices, Self::Promotions].into_iter().find(|purpose| purpose.name() == name)
    }
}

/// Decisions on whose messages a withdrawal reaches: what waits longer is older than any message may become.
const GIVEN_MAX: i64 = 100;

/// Who uses data for the platform's own purposes.
pub const PLATFORM: &str = "platform";

/// A text that people agree to.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Changes whenever a word does.
    pub version: &'static str,
    /// Plain words.
    pub body: &'static str,
}

/// The text of a country for the necessary purpose; optional ones are said on their switch.
pub const fn text(country: Country) -> Text {
    match country {
        Country::Co => Text {
            version: "co-2026-11",
            body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios. Puedes verlos, corregirlos, llevártelos o pedir que los borremos cuando quieras, y quejarte ante la Superintendencia de Industria y Comercio (Ley 1581 de 2012). No vendemos tus datos. Cada marca ve números sin tu nombre.",
        },
        Country::Cl => Text {
            version: "cl-2026-11",
            body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios. Puedes acceder a ellos, rectificarlos, suprimirlos, oponerte, bloquearlos o llevártelos cuando quieras, y reclamar ante la Agencia de Protección de Datos Personales (Ley 21.719). No vendemos tus datos. Cada marca ve números sin tu nombre.",
        },
        Country::Mx => Text {
            version: "mx-2026-11",
            body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios: es lo necesario. Los avisos y promociones son voluntarios. Puedes acceder, rectificar, cancelar u oponerte cuando quieras, y acudir a la Secretaría Anticorrupción y Buen Gobierno (LFPDPPP de 2025). No vendemos tus datos. Cada marca ve números sin tu nombre.",
        },
    }
}

/// A decision with its proof.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What for.
    pub purpose: Purpose,
    /// `platform`, or a brand's id.
    pub controller: String,
    /// Given or withdrawn.
    pub granted: bool,
    /// Which text was read.
    pub text_version: String,
    /// `web`, `whatsapp`, `shop`.
    pub channel: String,
    /// What the browser calls itself.
    pub device: String,
}

impl Decision {
    /// She agreed to have a card.
    pub fn for_the_card(text_version: &str, channel: &str, device: &str) -> Self {
        Self {
            purpose: Purpose::Card,
            controller: PLATFORM.to_owned(),
            granted: true,
            text_version: text_version.to_owned(),
            channel: channel.to_owned(),
            device: device.to_owned(),
        }
    }
}

/// The state of one purpose.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// Who asks.
    pub controller: String,
    /// Given or withdrawn.
    pub granted: bool,
    /// Which text was read.
    pub text_version: String,
    /// Since when.
    pub decided_at: Timestamp,
}

pub(crate) async fn record(tx: &mut Tx, consumer: ConsumerId, now: Timestamp, decision: &Decision) -> Result<(), Error> {
    let id: ConsentId = tx.new_id();
    let device: String = decision.device.chars().take(120).collect();
    tx.query(INSERT)
        .bind(id)
        .bind(consumer)
        .bind(decision.purpose)
        .bind(&decision.controller)
        .bind(decision.granted)
        .bind(&decision.text_version)
        .bind(&decision.channel)
        .bind(device)
        .bind(now)
        .execute()
        .await?;
    Ok(())
}

/// Gives or withdraws an optional consent: as easy one way as the other.
pub async fn decide(tx: &mut Tx, actor: &Actor, now: Timestamp, decision: &Decision) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    if decision.purpose == Purpose::Card {
        return Err(Error::Field("purpose"));
    }
    record(tx, consumer, now, decision).await?;
    if !decision.granted {
        cancel(tx, now, consumer, decision).await?;
    }
    Ok(())
}

/// Nothing leaves any more because of what she took back.
async fn cancel(tx: &mut Tx, now: Timestamp, consumer: ConsumerId, withdrawn: &Decision) -> Result<(), Error> {
    let given: Vec<(ConsentId,)> =
        tx.query(GIVEN).bind(consumer).bind(withdrawn.purpose).bind(&withdrawn.controller).bind(GIVEN_MAX).all().await?;
    for (consent,) in given {
        notifications::withdrawn(tx, now, consumer, consent).await?;
    }
    Ok(())
}

/// What the actor agreed to: the newest decision of each purpose and controller. One that a STOP from her telephone came
/// after is not given any more, since then.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Consent>, Error> {
    let consumer = actor.consumer()?;
    let mut known: Vec<Consent> = tx.query(LIST).bind(consumer).all().await?;
    let telephone: Option<(Vec<u8>,)> = tx.query(TELEPHONE).bind(consumer).maybe().await?;
    let stops = match telephone {
        Some((mark,)) => notifications::stops(tx, &mark).await?,
        None => Vec::new(),
    };
    for consent in known.iter_mut().filter(|consent| consent.granted) {
        let stopped =
            stops.iter().filter(|(scope, at)| consent.decided_at <= *at && consent.purpose.stops_with(*scope)).map(|(_, at)| *at).max();
        if let Some(at) = stopped {
            (consent.granted, consent.decided_at) = (false, at);
        }
    }
    Ok(known)
}

/// Everything that the actor can decide about, decided or not: the card, notices, and the promotions of every brand whose
/// points or stamps she has or whom she ever answered.
pub async fn states(tx: &mut Tx, actor: &Actor) -> Result<Vec<ConsentState>, Error> {
    let consumer = actor.consumer()?;
    let known = list(tx, actor).await?;
    let mut brands: Vec<(BrandId, String)> = tx.query(BRANDS).bind(consumer).all().await?;
    for answered in known.iter().filter_map(|consent| consent.controller.parse::<BrandId>().ok()) {
        if !brands.iter().any(|(brand, _)| *brand == answered)
            && let Some(brand) = organisation::find_brand(tx, answered).await?
        {
            brands.push((brand.id, brand.name));
        }
    }
    let platform = [Purpose::Card, Purpose::Notices].map(|purpose| (purpose, PLATFORM.to_owned(), "Mostrador".to_owned()));
    let offered = platform.into_iter().chain(brands.into_iter().map(|(brand, name)| (Purpose::Promotions, brand.to_string(), name)));
    Ok(offered
        .map(|(purpose, controller, controller_name)| {
            let decided = known.iter().find(|consent| consent.purpose == purpose && consent.controller == controller);
            ConsentState {
                purpose: purpose.name().to_owned(),
                controller,
                controller_name,
                granted: decided.is_some_and(|consent| consent.granted),
                text_version: decided.map(|consent| consent.text_version.clone()),
                decided_at: decided.map(|consent| consent.decided_at),
            }
        })
        .collect())
}

/// One decision of the actor's about an optional purpose, with its proof: the text of her country, the channel, her
/// browser and the instant. The same decision again changes nothing.
pub async fn set(tx: &mut Tx, actor: &Actor, now: Timestamp, wanted: &ConsentDecision, channel: &str, device: &str) -> Result<(), Error> {
    let consumer = actor.consumer()?;
    let purpose = Purpose::from_name(&wanted.purpose).filter(|purpose| *purpose != Purpose::Card).ok_or(Error::Field("purpose"))?;
    let known_controller = match purpose {
        Purpose::Promotions => match wanted.controller.parse::<BrandId>() {
            Ok(brand) => organisation::find_brand(tx, brand).await?.is_some(),
            Err(_) => false,
        },
        _ => wanted.controller == PLATFORM,
    };
    if !known_controller {
        return Err(Error::Field("controller"));
    }
    tx.lock(consumer.lock_key()).await?;
    let known = list(tx, actor).await?;
    let now_granted = known.iter().any(|consent| consent.purpose == purpose && consent.controller == wanted.controller && consent.granted);
    if now_granted == wanted.granted {
        return Ok(());
    }
    let text_version = text(consumer::country(tx, consumer).await?).version.to_owned();
    let decision = Decision {
        purpose,
        controller: wanted.controller.clone(),
        granted: wanted.granted,
        text_version,
        channel: channel.to_owned(),
        device: device.to_owned(),
    };
    record(tx, consumer, now, &decision).await?;
    if !wanted.granted {
        cancel(tx, now, consumer, &decision).await?;
    }
    let verb = if wanted.granted { "consent.given" } else { "consent.withdrawn" };
    audit::record(
        tx,
        actor,
        now,
        verb,
        consumer,
        None,
        Some(serde_json::json!({ "purpose": wanted.purpose, "controller": wanted.controller })),
        None,
    )
    .await
}

sql! {
    INSERT: "INSERT INTO consent (id, consumer_id, purpose, controller, granted, text_version, channel, device, decided_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    LIST: "SELECT purpose, controller, granted, text_version, decided_at FROM consent c WHERE consumer_id = $1
             AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.consumer_id = c.consumer_id AND n.purpose = c.purpose AND n.controller = c.controller
                               AND (n.decided_at > c.decided_at OR (n.decided_at = c.decided_at AND n.id > c.id)))
           ORDER BY purpose, controller";

    TELEPHONE: "SELECT phone_hash FROM contact WHERE consumer_id = $1";

    GIVEN: "SELECT id FROM consent WHERE consumer_id = $1 AND purpose = $2 AND controller = $3 AND granted ORDER BY decided_at DESC, id DESC LIMIT $4";

    BRANDS: "SELECT b.id, b.name FROM brand b
             WHERE EXISTS (SELECT 1 FROM wallet w WHERE w.brand_id = b.id AND w.consumer_id = $1)
                OR EXISTS (SELECT 1 FROM campaign_enrolment e JOIN campaign m ON m.id = e.campaign_id WHERE m.brand_id = b.id AND e.consumer_id = $1)
             ORDER BY b.name, b.id LIMIT 200";
}
