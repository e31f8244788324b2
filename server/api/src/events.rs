//! Live news for open pages: "something of yours changed, look again".
//!
//! Server-sent events (WHATWG HTML, section 9.2). A stream carries no data of its own, so a lost or repeated event does
//! no harm. It ends with the server, and after [`STREAM_MAX`] so that a revoked session cannot listen on; the browser
//! comes back by itself.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, stream};
use identity::Actor;
use shared::{Problem, SessionId};
use tokio_stream::wrappers::{BroadcastStream, WatchStream};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ActorOf, ApiState, Refusal};

/// Streams that one session may hold open.
const STREAMS_MAX: usize = 3;
/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream may last.
const STREAM_MAX: Duration = Duration::from_secs(15 * 60);

/// How many streams each session holds open.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<SessionId, usize>>>);

/// One open stream; gives its place back when it ends.
struct Place {
    streams: Streams,
    session: SessionId,
}

impl Streams {
    fn take(&self, session: SessionId) -> Option<Place> {
        let mut open = self.0.lock().ok()?;
        let count = open.entry(session).or_default();
        if *count >= STREAMS_MAX {
            return None;
        }
        *count += 1;
        Some(Place { streams: self.clone(), session })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(mut open) = self.streams.0.lock()
            && let Some(count) = open.get_mut(&self.session)
        {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.session);
            }
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(card)).routes(routes!(shop)).routes(routes!(brand))
}

/// Changes of the consumer's card.
#[utoipa::path(get, path = "/events/card", operation_id = "streamCardEvents", tag = "events", responses((status = 200, description = "Events `changed` without data.", content_type = "text/event-stream", body = String)))]
async fn card(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let consumer = actor.consumer()?;
    listen(&api, &actor, vec![format!("consumer:{consumer}")])
}

/// Changes of the shop's day.
#[utoipa::path(get, path = "/events/shop", operation_id = "streamShopEvents", tag = "events", responses((status = 200, description = "Events `changed` without data.", content_type = "text/event-stream", body = String)))]
async fn shop(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let (_, shop, _) = actor.member()?;
    listen(&api, &actor, vec![format!("shop:{shop}")])
}

/// Changes of any brand of the organisation.
#[utoipa::path(get, path = "/events/brand", operation_id = "streamBrandEvents", tag = "events", responses((status = 200, description = "Events `changed` without data.", content_type = "text/event-stream", body = String)))]
async fn brand(State(api): State<ApiState>, ActorOf(actor): ActorOf) -> Result<Response, Refusal> {
    let (mut tx, _) = api.read().await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    listen(&api, &actor, brands.iter().map(|brand| format!("brand:{}", brand.id)).collect())
}

fn listen(api: &ApiState, actor: &Actor, topics: Vec<String>) -> Result<Response, Refusal> {
    let session = match actor {
        Actor::Consumer { session, .. } | Actor::Member { session, .. } | Actor::User { session, .. } => *session,
        Actor::Anonymous | Actor::Key { .. } | Actor::System => {
            return Err(Problem::forbidden().into());
        }
    };
    let Some(place) = api.streams.take(session) else {
        let mut problem = Problem::new(429, "too_many_streams", "A session may hold three event streams open.");
        problem.retry_after_seconds = Some(5);
        return Err(problem.into());
    };
    let news = BroadcastStream::new(api.db.subscribe()).filter_map(move |told| {
        // Whoever was too slow has missed something: it may have been theirs.
        let mine = told.map_or(true, |topic| topics.iter().any(|mine| **mine == *topic));
        let _held = &place;
        std::future::ready(mine.then(|| Ok(Event::default().event("changed").data("1"))))
    });
    Ok(Sse::new(until_stopped(api, news)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn until_stopped(
    api: &ApiState,
    news: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let stopped = WatchStream::new(api.stop.clone()).filter(|stop| std::future::ready(*stop)).into_future();
    let hello = stream::once(std::future::ready(Ok(Event::default().comment("open").retry(Duration::from_secs(2)))));
    let end = futures::future::select(Box::pin(stopped), Box::pin(tokio::time::sleep(STREAM_MAX)));
    hello.chain(news).take_until(end)
}
