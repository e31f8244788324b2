//! A ticket for a reward: she chooses the shop where she fetches it, and the shop needs no network for that.

use kit::{
    Await, Button, Choice, Empty, ErrorState, Form, IntoLight, Look, PhoneHead, PhoneShell, Sending, Size, Skeleton, SkeletonKind, UiError,
    icon::path, locale, once, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    RewardInstanceId, ShopId,
    loyalty::{RewardInstance, ticket::TicketShop},
};

use crate::bar::Bar;

/// The reward, and where it can be fetched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TicketOffer {
    reward: RewardInstance,
    shops: Vec<TicketShop>,
}

/// `/c/ticket/<id>`
#[component]
pub(crate) fn TicketPage(
    /// The address.
    path: String,
) -> impl IntoView {
    let id = path.strip_prefix("/c/ticket/").unwrap_or_default().to_owned();
    let back = ["/c/reward/", &id].concat();
    let offer = once(move || read_ticket(id.clone()));
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_ticket_title() back /> }.into_light()
            bar=view! { <Bar current="/c/rewards" /> }.into_light()
        >
            <Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || offer.get().map(|offer| match offer {
                    Ok(offer) => choose(offer),
                    Err(error) if error.0.status < 500 => {
                        view! { <Empty title=t::consumer_ticket_title() text=locale::consumer_text(error.code()) icon=path::GIFT page=true /> }.into_light()
                    }
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/c/rewards" /> }.into_light(),
                })}
            </Await>
        </PhoneShell>
    }
}

fn choose(TicketOffer { reward, shops }: TicketOffer) -> AnyView {
    let Some(first) = shops.first().map(|shop| shop.id.to_string()) else {
        return view! { <Empty title=reward.name text=t::consumer_ticket_nowhere() icon=path::GIFT page=true /> }.into_light();
    };
    let sending = Sending::new().told_by(locale::consumer_text);
    let options = shops.into_iter().map(|shop| (shop.id.to_string(), [&shop.name, " · ", &shop.city].concat())).collect();
    view! {
        <section class="card card--pad stack" data-ticket-for=reward.id.to_string()>
            <h2>{reward.name}</h2>
            <p class="muted">{reward.brand_name}</p>
            <p>{t::consumer_ticket_lead()}</p>
            <Form action="/fn/consumer/take_ticket" sending fields=&["shop_id"]>
                <input type="hidden" name="reward" value=reward.id.to_string() />
                <Choice id="shop" label=t::consumer_ticket_shop() options chosen=first error=sending.error("shop_id") />
                <p class="banner banner--warning banner--note" data-binds>{t::consumer_ticket_binds()}</p>
                <Button submit=true wide=true look=Look::Key size=Size::Tall busy=sending.busy()>{t::consumer_ticket_take()}</Button>
            </Form>
        </section>
    }
    .into_light()
}

/// One of the asker's rewards, and where she can fetch it.
#[server(prefix = "/fn", endpoint = "consumer/read_ticket")]
pub async fn read_ticket(reward: String) -> Result<TicketOffer, UiError> {
    let (mut tx, actor, _) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/c/join");
    }
    actor.consumer()?;
    let id: RewardInstanceId = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let (reward, shops) = loyalty::ticket::shops(&mut tx, &actor, id).await?;
    Ok(TicketOffer { reward, shops })
}

/// Takes a ticket, and shows it.
#[server(prefix = "/fn", endpoint = "consumer/take_ticket")]
pub async fn take_ticket(reward: RewardInstanceId, shop: ShopId) -> Result<(), UiError> {
    let (mut tx, actor, now) = kit::request::begin().await?;
    let rules = kit::request::state::<loyalty::Loyalty>()?;
    let new = shared::loyalty::ticket::NewTicket { reward_instance_id: reward, shop_id: shop };
    loyalty::ticket::take(&mut tx, &rules, &actor, now, &new).await?;
    tx.commit().await?;
    kit::request::go(&["/c/reward/", &reward.to_string()].concat());
    Ok(())
}
