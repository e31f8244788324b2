//! Rewards that wait, and the code that a shop scans.

use kit::{Ask, Avatar, ButtonLink, Empty, IntoLight, ListRow, Look, PhoneHead, PhoneShell, QrCard, SkeletonKind, UiError, icon::path, kept, kept_view, t};
use leptos::prelude::*;
use shared::loyalty::{RewardInstance, RewardStatus};

use crate::bar::Bar;

/// `/c/rewards`
#[component]
pub(crate) fn RewardsPage() -> impl IntoView {
    let rewards = kept(Ask { name: "consumer.rewards", path: "/fn/consumer/read_rewards", form: String::new() }, RwSignal::new(0), read_rewards);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_rewards_title() /> }.into_light()
            bar=view! { <Bar current="/c/rewards" /> }.into_light()
        >
            {kept_view(rewards, "/c/rewards", SkeletonKind::Rows, list)}
        </PhoneShell>
    }
}

fn list(rewards: Vec<RewardInstance>) -> AnyView {
    if rewards.is_empty() {
        return view! {
            <Empty title=t::consumer_rewards_empty_title() text=t::consumer_rewards_empty_text() icon=path::GIFT>
                <ButtonLink href="/c/" look=Look::Key>{t::consumer_rewards_empty_action()}</ButtonLink>
            </Empty>
        }
        .into_light();
    }
    let rows = rewards
        .into_iter()
        .rev()
        .map(|reward| {
            let waits = reward.status == RewardStatus::Issued;
            let text = if waits { t::consumer_rewards_ready() } else { t::consumer_reward_done_title() };
            let href = ["/c/reward/", &reward.id.to_string()].concat();
            let lead = view! { <Avatar name=reward.brand_name.clone() colour=reward.brand_colour.clone() /> }.into_light();
            view! { <li><ListRow title=reward.name text=[&reward.brand_name, " · ", text].concat() lead href /></li> }
        })
        .collect::<Vec<_>>();
    view! { <ul class="card">{rows}</ul> }.into_light()
}

/// `/c/reward/<id>`, and the answer for every other address of the front.
#[component]
pub(crate) fn RewardCodePage(
    /// The address.
    path: String,
) -> impl IntoView {
    let id = path.strip_prefix("/c/reward/").map(str::to_owned);
    let rewards = kept(Ask { name: "consumer.rewards", path: "/fn/consumer/read_rewards", form: String::new() }, RwSignal::new(0), read_rewards);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::consumer_reward_code_title() back="/c/rewards" /> }.into_light()
            bar=view! { <Bar current="/c/rewards" /> }.into_light()
        >
            {kept_view(rewards, "/c/rewards", SkeletonKind::Cards, move |rewards| {
                match rewards.into_iter().find(|reward| id.as_deref() == Some(reward.id.to_string().as_str())) {
                    Some(reward) => one(reward),
                    None => view! { <Empty title=t::common_not_found_title() text=t::consumer_rewards_empty_text() page=true /> }.into_light(),
                }
            })}
        </PhoneShell>
    }
}

fn one(reward: RewardInstance) -> AnyView {
    match reward.code {
        Some(code) => view! {
            <div data-code=code.clone()>
                <QrCard text=Signal::stored(code.clone()) label=t::consumer_reward_code_label()>
                    <div class="qr-card__foot">
                        <div>
                            <p class="qr-card__name">{reward.name}</p>
                            <p class="small muted">{reward.brand_name}" · "{t::consumer_reward_code_no_limit()}</p>
                        </div>
                    </div>
                </QrCard>
            </div>
            <p class="small center mono">{code}</p>
        }
        .into_light(),
        None => view! { <Empty title=t::consumer_reward_done_title() text=reward.name icon=path::GIFT page=true /> }.into_light(),
    }
}

/// The asker's rewards, oldest first.
#[server(prefix = "/fn", endpoint = "consumer/read_rewards")]
pub async fn read_rewards() -> Result<Vec<RewardInstance>, UiError> {
    let (mut tx, actor, _) = crate::read_settled().await?;
    let consumer = actor.consumer()?;
    Ok(loyalty::reward::of_consumer(&mut tx, &actor, consumer).await?)
}

/// `/c/offline`: for the pages that need the server.
#[component]
pub(crate) fn OfflinePage() -> impl IntoView {
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::common_offline_now() back="/c/" /> }.into_light()
            bar=view! { <Bar current="" /> }.into_light()
        >
            <Empty title=t::common_offline_page_title() text=t::consumer_offline_page_text() icon=path::WIFI_SLASH page=true>
                <ButtonLink href="/c/" look=Look::Key>{t::consumer_rewards_empty_action()}</ButtonLink>
            </Empty>
        </PhoneShell>
    }
}
