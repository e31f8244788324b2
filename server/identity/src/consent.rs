//! Consent by purpose and controller, with its proof, and the texts that people agree to.
//!
//! Texts follow Ley 1581 of 2012 (Colombia), Ley 21.719 (Chile) and the Ley Federal de Protección de Datos Personales en
//! Posesión de los Particulares of 2025 (Mexico); counsel confirms them before a pilot.

use db::{Tx, sql};
use shared::{ConsentId, ConsumerId, Country, Timestamp};

use crate::{Actor, Error};

/// What data are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Purpose {
    /// The card itself: without it there is none.
    Card,
    /// Messages about points, rewards and expiry.
    Notices,
    /// Promotions of one brand.
    Promotions,
}

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
        Country::Co => Text { version: "co-2026-11", body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios. Puedes verlos, corregirlos, llevártelos o pedir que los borremos cuando quieras, y quejarte ante la Superintendencia de Industria y Comercio (Ley 1581 de 2012). No vendemos tus datos. Cada marca ve números sin tu nombre." },
        Country::Cl => Text { version: "cl-2026-11", body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios. Puedes acceder a ellos, rectificarlos, suprimirlos, oponerte, bloquearlos o llevártelos cuando quieras, y reclamar ante la Agencia de Protección de Datos Personales (Ley 21.719). No vendemos tus datos. Cada marca ve números sin tu nombre." },
        Country::Mx => Text { version: "mx-2026-11", body: "Mostrador guarda tu número de celular y tus compras con la tarjeta para sumar tus puntos y entregarte premios: es lo necesario. Los avisos y promociones son voluntarios. Puedes acceder, rectificar, cancelar u oponerte cuando quieras, y acudir a la Secretaría Anticorrupción y Buen Gobierno (LFPDPPP de 2025). No vendemos tus datos. Cada marca ve números sin tu nombre." },
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

/// The state of one purpose.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// Who asks.
    pub controller: String,
    /// Given or withdrawn.
    pub granted: bool,
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
    record(tx, consumer, now, decision).await
}

/// What the actor agreed to: the newest decision of each purpose and controller.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Consent>, Error> {
    Ok(tx.query(LIST).bind(actor.consumer()?).all().await?)
}

sql! {
    INSERT: "INSERT INTO consent (id, consumer_id, purpose, controller, granted, text_version, channel, device, decided_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    LIST: "SELECT purpose, controller, granted, decided_at FROM consent c WHERE consumer_id = $1
             AND NOT EXISTS (SELECT 1 FROM consent n WHERE n.consumer_id = c.consumer_id AND n.purpose = c.purpose AND n.controller = c.controller
                               AND (n.decided_at > c.decided_at OR (n.decided_at = c.decided_at AND n.id > c.id)))
           ORDER BY purpose, controller";
}
