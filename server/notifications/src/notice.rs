//! Messages of the product to a person's telephone.

use db::{Tx, sql};
use shared::{BrandId, ConsentId, ConsumerId, MessageId, Timestamp};
use sqlx::types::Json;

use crate::{Category, Channel, Seal, Status, enqueue};

/// A text of the product. Its variables are numbered as in the provider's approved template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// The code.
    Code,
    /// Her name or nothing.
    Welcome,
    /// What she won, and of which brand.
    Reward,
    /// How many, which unit, of which brand, and the last day.
    Expiry,
    /// Of which brand, how many she has, and of which unit.
    Statement,
    /// A brand that she has not bought for a while.
    MissYou,
    /// A brand, to who buys it often.
    Thanks,
    /// A brand and its campaign.
    News,
    /// To a shop's owner: her shop, the month, what it earned, what is owed to it.
    ShopStatement,
    /// The code, for which reward, and at which shop she asked for it. By WhatsApp the code alone: its category takes nothing
    /// else.
    Redemption,
    /// Where her receipt is read. Not the name of the shop: whoever registers one chooses it.
    Receipt,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Code,
        Self::Welcome,
        Self::Reward,
        Self::Expiry,
        Self::Statement,
        Self::MissYou,
        Self::Thanks,
        Self::News,
        Self::ShopStatement,
        Self::Redemption,
        Self::Receipt,
    ];
    /// Those that a brand may send to an audience, where the operator's provider approved them.
    pub const PROMOTIONS: [Self; 3] = [Self::MissYou, Self::Thanks, Self::News];

    /// As in settings and statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Welcome => "welcome",
            Self::Reward => "reward",
            Self::Expiry => "expiry",
            Self::Statement => "statement",
            Self::MissYou => "miss_you",
            Self::Thanks => "thanks",
            Self::News => "news",
            Self::ShopStatement => "shop_statement",
            Self::Redemption => "redemption",
            Self::Receipt => "receipt",
        }
    }

    /// What it is for.
    pub const fn category(self) -> Category {
        match self {
            Self::Code | Self::Redemption => Category::Authentication,
            Self::Welcome | Self::Reward | Self::Expiry | Self::ShopStatement | Self::Receipt => Category::Utility,
            Self::Statement | Self::MissYou | Self::Thanks | Self::News => Category::Marketing,
        }
    }

    /// How many variables it has.
    pub const fn variables(self) -> usize {
        match self {
            Self::Code | Self::Welcome | Self::MissYou | Self::Thanks | Self::Receipt => 1,
            Self::Reward | Self::News => 2,
            Self::Statement | Self::Redemption => 3,
            Self::Expiry | Self::ShopStatement => 4,
        }
    }

    /// The whole text, for channels without approved templates.
    pub fn body(self, variables: &[String]) -> String {
        let variable = |place: usize| variables.get(place).map_or("", String::as_str);
        match self {
            Self::Code => format!("{} es tu código de Mostrador. Vence en 10 minutos. No lo compartas.", variable(0)),
            Self::Welcome => format!(
                "Hola {}, tu tarjeta Mostrador ya suma puntos. Muéstrala cada vez que compres. Escribe BAJA para no recibir avisos.",
                variable(0)
            ),
            Self::Reward => format!(
                "¡Ganaste {} de {}! Muestra tu tarjeta en la tienda para recibirlo. Escribe BAJA para no recibir avisos.",
                variable(0),
                variable(1)
            ),
            Self::Expiry => format!(
                "{} {} de {} vencen el {}. Úsalos antes. Escribe BAJA para no recibir avisos.",
                variable(0),
                variable(1),
                variable(2),
                variable(3)
            ),
            Self::ShopStatement => format!(
                "{}: en {} ganaste {} por premios e incentivos. Las marcas te deben {}. El detalle está en tu cuenta de Mostrador. Escribe BAJA para no recibir avisos.",
                variable(0),
                variable(1),
                variable(2),
                variable(3)
            ),
            Self::MissYou => {
                format!(
                    "{} te extraña. En tu próxima compra muestra tu tarjeta y sigue sumando. Escribe BAJA para no recibir promociones.",
                    variable(0)
                )
            }
            Self::Thanks => format!(
                "{} te da las gracias por comprar en tu tienda de siempre. Revisa tu tarjeta: tienes premios por alcanzar. Escribe BAJA para no recibir promociones.",
                variable(0)
            ),
            Self::News => format!(
                "{}: ya empezó {}. Muestra tu tarjeta en la tienda para participar. Escribe BAJA para no recibir promociones.",
                variable(0),
                variable(1)
            ),
            Self::Redemption => format!(
                "{} es el código para recibir {} en {}. Dilo solo si estás allí. Vence en 10 minutos.",
                variable(0),
                variable(1),
                variable(2)
            ),
            Self::Receipt => format!("Mostrador: el recibo de tu compra está en {} (escribe BAJA para no recibir avisos)", variable(0)),
            Self::Statement => format!("{}: tienes {} {}. Escribe BAJA para no recibir avisos.", variable(0), variable(1), variable(2)),
        }
    }
}

/// The decision of hers that allows a message: its row is the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentUsed {
    /// Which.
    pub id: ConsentId,
    /// When she took it.
    pub at: Timestamp,
}

/// A message of the product to a person.
pub struct Notice<'a> {
    /// Which text.
    pub template: Template,
    /// What fills it.
    pub variables: Vec<String>,
    /// Telephone in E.164.
    pub telephone: &'a str,
    /// What a person may see of it.
    pub hint: &'a str,
    /// What allows it. Nothing but a code goes without.
    pub consent: Option<ConsentUsed>,
    /// Whose telephone, when she has a card.
    pub consumer: Option<ConsumerId>,
    /// Who has something to say to her.
    pub brand: Option<BrandId>,
    /// Of her country.
    pub time_zone: &'a str,
    /// Afterwards it would say something that is over.
    pub valid_until: Timestamp,
    /// The same news is one message.
    pub dedupe_key: Option<String>,
}

/// Adds a message and its delivery to the transaction. `None`: it exists already, or nothing allows it.
pub async fn notify(tx: &mut Tx, now: Timestamp, sealer: &dyn Seal, notice: &Notice<'_>) -> Result<Option<MessageId>, db::Error> {
    debug_assert_eq!(notice.variables.len(), notice.template.variables(), "a template is filled completely");
    let category = notice.template.category();
    if notice.consent.is_none() && category != Category::Authentication {
        return Ok(None);
    }
    let id: MessageId = tx.new_id();
    let variables = serde_json::to_string(&notice.variables).unwrap_or_default();
    let inserted = tx
        .query(INSERT)
        .bind(id)
        // Which provider brings it is decided when it leaves.
        .bind(Channel::Sms)
        .bind(notice.template.name())
        .bind(category)
        .bind(sealer.seal(notice.telephone))
        .bind(notice.hint)
        .bind(sealer.seal(&notice.template.body(&notice.variables)))
        .bind(sealer.seal(&variables))
        .bind(sealer.mark(notice.telephone))
        .bind(notice.consumer)
        .bind(notice.brand)
        .bind(notice.consent.map(|consent| consent.id))
        .bind(notice.consent.map(|consent| consent.at))
        .bind(notice.time_zone)
        .bind(notice.valid_until)
        .bind(notice.dedupe_key.clone())
        .bind(now)
        .execute()
        .await?;
    if inserted == 0 {
        return Ok(None);
    }
    enqueue(tx, now, id).await?;
    Ok(Some(id))
}

/// What became of the news that was told under this key. `None`: it was never told.
pub async fn told(tx: &mut Tx, dedupe_key: &str) -> Result<Option<Status>, db::Error> {
    Ok(tx.query(TOLD).bind(dedupe_key).maybe::<(Status,)>().await?.map(|(status,)| status))
}

/// The same news by another channel, in the transaction in which the first one failed.
pub(crate) async fn fall_back(tx: &mut Tx, now: Timestamp, failed: MessageId) -> Result<(), db::Error> {
    let id: MessageId = tx.new_id();
    if tx.query(FALL_BACK).bind(id).bind(failed).bind(now).execute().await? == 1 {
        enqueue(tx, now, id).await?;
    }
    Ok(())
}

/// What a template was filled with, as it was sealed.
pub(crate) fn variables(text: &str) -> Vec<String> {
    serde_json::from_str::<Json<Vec<String>>>(text).map(|Json(variables)| variables).unwrap_or_default()
}

sql! {
    INSERT: "INSERT INTO message (id, channel, template, category, recipient_sealed, recipient_hint, subject, body_sealed, variables_sealed, person_key,
                                  consumer_id, brand_id, consent_id, consent_at, time_zone, valid_until, dedupe_key, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'waiting', $17) ON CONFLICT DO NOTHING";

    TOLD: "SELECT status FROM message WHERE dedupe_key = $1";

    /// No row: its text is forgotten already, it is a fallback itself, or it has one.
    FALL_BACK: "INSERT INTO message (id, channel, template, category, recipient_sealed, recipient_hint, subject, body_sealed, variables_sealed, person_key,
                                     consumer_id, brand_id, consent_id, consent_at, time_zone, valid_until, fallback_of, status, created_at)
                SELECT $1, 'sms', template, category, recipient_sealed, recipient_hint, subject, body_sealed, variables_sealed, person_key,
                       consumer_id, brand_id, consent_id, consent_at, time_zone, valid_until, id, 'waiting', $3
                FROM message m WHERE m.id = $2 AND m.recipient_sealed IS NOT NULL AND m.fallback_of IS NULL AND m.valid_until > $3
                  AND NOT EXISTS (SELECT 1 FROM message f WHERE f.fallback_of = m.id)";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_says_all_its_variables_and_only_a_code_does_not_say_how_to_stop() {
        for template in Template::ALL {
            let variables: Vec<String> = (0..template.variables()).map(|place| format!("<{place}>")).collect();
            let body = template.body(&variables);

            assert!(variables.iter().all(|variable| body.contains(variable)), "{body}");
            assert_eq!(body.contains("BAJA"), !matches!(template, Template::Code | Template::Redemption), "{body}");
        }
    }
}
