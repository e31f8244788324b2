//! The question behind metric 8: who is asked, how often, and what she answers.
//!
//! A shopkeeper is asked about a brand whose programme her shop takes part in, a consumer about one that gave her
//! something; each at most once in [`NPS_EVERY_DAYS`] days, about whichever she was asked longest ago. A sentence is kept
//! beside the score of nobody, and told to the brand only when enough people answered.

use db::{Tx, sql};
use identity::Actor;
use shared::{
    BrandId, CivilDate, LocalTime, Timestamp,
    reports::{
        NpsAnswer,
        nps::{NPS_EVERY_DAYS, NPS_SENTENCE_MAX, NpsQuestion, NpsSentence},
    },
    time::DAY_MS,
};
use uuid::Uuid;

use crate::{Error, facts::managed, metrics::nps::ANSWERS_MIN};

/// Sentences that are told at once.
const SENTENCES_MAX: i64 = 200;

/// The quarter in which somebody is asked.
fn wave(now: Timestamp) -> String {
    wave_of(LocalTime { at: now, offset_seconds: 0 }.date())
}

/// The name of the wave of a day.
pub fn wave_of(date: CivilDate) -> String {
    format!("{}-q{}", date.year(), (date.month() + 2) / 3)
}

/// An answer that was begun before midnight of a quarter's last day may come the next day.
const LATE_MS: i64 = DAY_MS;

/// Whether somebody may answer it now: the wave in which people are asked, or that of a moment ago.
fn is_asked(named: &str, now: Timestamp) -> bool {
    named == wave(now) || named == wave(now.plus_ms(-LATE_MS))
}

/// What the asker is asked now; `None` most of the time.
pub async fn question(tx: &mut Tx, actor: &Actor, now: Timestamp) -> Result<Option<NpsQuestion>, Error> {
    let since = now.plus_ms(-NPS_EVERY_DAYS * DAY_MS);
    let brand: Option<(BrandId, String)> = match actor {
        Actor::Member { member, shop, .. } => tx.query(FOR_MEMBER).bind(*shop).bind(*member).bind(since).maybe().await?,
        Actor::Consumer { consumer, .. } => tx.query(FOR_CONSUMER).bind(*consumer).bind(since).maybe().await?,
        Actor::Anonymous => return Err(identity::Error::Unauthorized.into()),
        _ => return Err(identity::Error::Forbidden.into()),
    };
    Ok(brand.map(|(brand_id, brand_name)| NpsQuestion { brand_id, brand_name, wave: wave(now) }))
}

/// The name of a wave: 1 to 40 characters.
pub(crate) fn named(wave: &str) -> Result<&str, Error> {
    if (1..=40).contains(&wave.chars().count()) { Ok(wave) } else { Err(Error::Parameter("wave")) }
}

/// Somebody answers; in the same wave the last answer counts. Not found where she has nothing to do with the brand;
/// [`Error::WaveNotAsked`] for a wave in which nobody is asked now, by the server's clock: what was answered then stands.
pub async fn answer(tx: &mut Tx, actor: &Actor, now: Timestamp, answer: &NpsAnswer) -> Result<(), Error> {
    if !matches!(actor, Actor::Consumer { .. }) {
        actor.member()?;
    }
    let wave = named(answer.wave.trim())?;
    if !(0..=10).contains(&answer.score) {
        return Err(Error::Parameter("score"));
    }
    let sentence = answer.sentence.as_deref().map(str::trim).filter(|sentence| !sentence.is_empty());
    if sentence.is_some_and(|sentence| sentence.chars().count() > NPS_SENTENCE_MAX || sentence.chars().any(|c| c.is_control() && c != '\n'))
    {
        return Err(Error::Parameter("sentence"));
    }
    if !is_asked(wave, now) {
        return Err(Error::WaveNotAsked);
    }
    let (asked, counted, first) = match actor {
        Actor::Consumer { consumer, .. } => {
            let before: (bool,) = tx.query(CONSUMER_ANSWERED).bind(answer.brand_id).bind(wave).bind(*consumer).one().await?;
            let query = tx.query(CONSUMER_ANSWER).bind(answer.brand_id).bind(wave).bind(*consumer).bind(answer.score).bind(now);
            ("consumer", query.execute().await?, !before.0)
        }
        _ => {
            let (member, shop, _) = actor.member()?;
            let before: (bool,) = tx.query(MEMBER_ANSWERED).bind(answer.brand_id).bind(wave).bind(member).one().await?;
            let query = tx.query(MEMBER_ANSWER).bind(answer.brand_id).bind(wave).bind(member).bind(shop).bind(answer.score).bind(now);
            ("shop", query.execute().await?, !before.0)
        }
    };
    if counted != 1 {
        return Err(Error::NotFound);
    }
    // The same answer sent twice is one sentence: whose the first was, nobody could tell any more.
    if let (Some(sentence), true) = (sentence, first) {
        let id: Uuid = tx.new_id();
        let query = tx.query(KEEP).bind(id).bind(answer.brand_id).bind(wave).bind(asked).bind(answer.score);
        query.bind(sentence.to_owned()).execute().await?;
    }
    Ok(())
}

/// What was written in a wave (this quarter's when none is named), in no order; nothing of shopkeepers
/// or of consumers below [`ANSWERS_MIN`] answers of their own, so that nobody is guessed.
pub async fn sentences(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    brand: BrandId,
    asked_in: Option<&str>,
) -> Result<Vec<NpsSentence>, Error> {
    let tenant = managed(tx, actor, brand).await?;
    let wave = asked_in.map(named).transpose()?.map_or_else(|| wave(now), str::to_owned);
    let (shops, consumers): (i64, i64) = tx.query(ANSWERS).bind(brand).bind(wave.clone()).bind(tenant).one().await?;
    let enough = |asked: &str| (if asked == "shop" { shops } else { consumers }) >= ANSWERS_MIN;
    let rows: Vec<(String, i64, String)> =
        tx.query(SENTENCES).bind(brand).bind(wave.clone()).bind(tenant).bind(SENTENCES_MAX).all().await?;
    Ok(rows
        .into_iter()
        .filter(|(asked, ..)| enough(asked))
        .map(|(asked, score, sentence)| NpsSentence { asked, score, sentence })
        .collect())
}

sql! {
    /// After a first sale, and not again too soon.
    FOR_MEMBER: "SELECT b.id, b.name FROM shop_brand s JOIN brand b ON b.id = s.brand_id
                 WHERE s.shop_id = $1 AND s.left_at IS NULL AND EXISTS (SELECT 1 FROM purchase p WHERE p.shop_id = $1)
                   AND NOT EXISTS (SELECT 1 FROM nps_answer a WHERE a.member_id = $2 AND a.answered_at > $3)
                 ORDER BY (SELECT COALESCE(MAX(a.answered_at), 0) FROM nps_answer a WHERE a.member_id = $2 AND a.brand_id = b.id), b.id LIMIT 1";

    FOR_CONSUMER: "SELECT b.id, b.name FROM brand b
                   WHERE EXISTS (SELECT 1 FROM wallet w WHERE w.consumer_id = $1 AND w.brand_id = b.id)
                     AND NOT EXISTS (SELECT 1 FROM consumer_nps_answer a WHERE a.consumer_id = $1 AND a.answered_at > $2)
                   ORDER BY (SELECT COALESCE(MAX(a.answered_at), 0) FROM consumer_nps_answer a WHERE a.consumer_id = $1 AND a.brand_id = b.id), b.id LIMIT 1";

    MEMBER_ANSWERED: "SELECT EXISTS (SELECT 1 FROM nps_answer WHERE brand_id = $1 AND wave = $2 AND member_id = $3)";

    CONSUMER_ANSWERED: "SELECT EXISTS (SELECT 1 FROM consumer_nps_answer WHERE brand_id = $1 AND wave = $2 AND consumer_id = $3)";

    /// No row: the shop takes no part.
    MEMBER_ANSWER: "INSERT INTO nps_answer (brand_id, wave, member_id, tenant_id, shop_id, score, answered_at)
                    SELECT b.brand_id, $2, $3, b.tenant_id, b.shop_id, $5, $6 FROM shop_brand b WHERE b.brand_id = $1 AND b.shop_id = $4 AND b.left_at IS NULL
                    ON CONFLICT (brand_id, wave, member_id) DO UPDATE SET score = excluded.score, answered_at = excluded.answered_at";

    /// No row: the brand never gave her anything.
    CONSUMER_ANSWER: "INSERT INTO consumer_nps_answer (brand_id, wave, consumer_id, tenant_id, score, answered_at)
                      SELECT b.id, $2, $3, b.tenant_id, $4, $5 FROM brand b WHERE b.id = $1 AND EXISTS (SELECT 1 FROM wallet w WHERE w.consumer_id = $3 AND w.brand_id = b.id)
                      ON CONFLICT (brand_id, wave, consumer_id) DO UPDATE SET score = excluded.score, answered_at = excluded.answered_at";

    KEEP: "INSERT INTO nps_sentence (id, brand_id, tenant_id, wave, asked, score, sentence) SELECT $1, b.id, b.tenant_id, $3, $4, $5, $6 FROM brand b WHERE b.id = $2";

    ANSWERS: "SELECT (SELECT COUNT(*) FROM nps_answer WHERE brand_id = $1 AND wave = $2 AND tenant_id = $3), (SELECT COUNT(*) FROM consumer_nps_answer WHERE brand_id = $1 AND wave = $2 AND tenant_id = $3)";

    /// By the text: the order in which people wrote says nothing either.
    SENTENCES: "SELECT asked, score, sentence FROM nps_sentence WHERE brand_id = $1 AND wave = $2 AND tenant_id = $3 ORDER BY sentence, id LIMIT $4";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_a_quarter() {
        let of = |text: &str| wave(text.parse().unwrap());

        assert_eq!(of("2026-01-01T00:00:00Z"), "2026-q1");
        assert_eq!(of("2026-03-31T23:00:00Z"), "2026-q1");
        assert_eq!(of("2026-04-01T00:00:00Z"), "2026-q2");
        assert_eq!(of("2026-12-31T00:00:00Z"), "2026-q4");
    }

    #[test]
    fn only_the_wave_of_now_can_be_answered_and_that_of_yesterday() {
        let asked = |wave, at: &str| is_asked(wave, at.parse().unwrap());

        assert!(asked("2026-q1", "2026-03-31T23:59:00Z") && asked("2026-q1", "2026-04-01T20:00:00Z"));
        assert!(!asked("2026-q1", "2026-04-02T00:00:00Z") && asked("2026-q2", "2026-04-01T00:00:00Z"));
        assert!(!asked("2026-q2", "2026-03-31T23:59:00Z") && !asked("marzo", "2026-03-31T00:00:00Z"));
    }
}
