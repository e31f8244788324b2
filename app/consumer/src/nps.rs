//! Would she recommend it? At most once a quarter, and easily passed.

use kit::{Ask, NpsCard, UiError, kept};
use leptos::prelude::*;
use shared::{BrandId, reports::nps::NpsQuestion};

/// The question, when there is one.
#[component]
pub(crate) fn Nps() -> impl IntoView {
    let question = kept(Ask { name: "consumer.nps", path: "/fn/consumer/read_nps", form: String::new() }, RwSignal::new(0), read_nps);
    view! { <NpsCard question action="/fn/consumer/answer_nps" /> }
}

/// What the asker is asked now.
#[server(prefix = "/fn", endpoint = "consumer/read_nps")]
pub async fn read_nps() -> Result<Option<NpsQuestion>, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    Ok(reports::nps::question(&mut tx, &actor, now).await?)
}

/// Her answer, and the sentence of whoever wants.
#[server(prefix = "/fn", endpoint = "consumer/answer_nps")]
pub async fn answer_nps(brand: BrandId, wave: String, score: i64, #[server(default)] sentence: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let answer = shared::reports::NpsAnswer { brand_id: brand, wave, score, sentence: Some(sentence) };
    reports::nps::answer(&mut tx, &actor, now, &answer).await?;
    tx.commit().await?;
    Ok(())
}
