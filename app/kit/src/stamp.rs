//! The stamp grid: done is filled, the next carries its number, the last is the gift.

use leptos::prelude::*;

use crate::icon::{Icon, path};
use crate::light::IntoLight;
use crate::{class_of, t};

/// Most stamps that are drawn one by one; a longer card shows a bar instead, in the page.
const STAMPS_MAX: u32 = 30;

/// One image that says *3 de 5 sellos*.
#[component]
pub fn StampGrid(
    /// How many are stamped.
    done: u32,
    /// How many the reward takes.
    goal: u32,
    /// How many of the done are new on this screen: they spring in.
    #[prop(optional)]
    fresh: u32,
    /// 24 px instead of 40.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let goal = goal.min(STAMPS_MAX);
    let done = done.min(goal);
    let modifier = if small {
        "--small"
    } else if goal < 5 {
        "--few"
    } else {
        ""
    };
    let (mark, gift) = if small { (13, 14) } else { (20, 22) };
    let stamps = (1..=goal)
        .map(|n| {
            let is_done = n <= done;
            let class = class_of(
                "stamp",
                &[
                    if is_done { "--done" } else { "" },
                    if n == goal { "--gift" } else { "" },
                    if is_done && n > done - fresh.min(done) { "--new" } else { "" },
                ],
            );
            let inner = if n == goal {
                view! { <Icon path=path::GIFT size=gift /> }.into_light()
            } else if is_done {
                view! { <Icon path=path::CHECK_FAT_FILL size=mark /> }.into_light()
            } else {
                n.to_string().into_light()
            };
            view! { <span class=class>{inner}</span> }
        })
        .collect::<Vec<_>>();
    view! {
        <div class=class_of("stamps", &[modifier]) role="img" aria-label=t::common_stamps_of(i64::from(done), i64::from(goal))>
            {stamps}
        </div>
    }
}
