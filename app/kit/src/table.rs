//! Pieces of a desk table; rows are written by the page, because they are its words.

use leptos::prelude::*;

use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{Text, class_of};

/// The head of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    words: Text,
    look: ColumnLook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnLook {
    Text,
    Number,
    Hidden,
}

impl Column {
    /// Words, at the left.
    pub fn text(words: impl Into<Text>) -> Self {
        Self { words: words.into(), look: ColumnLook::Text }
    }
    /// Numbers, at the right.
    pub fn number(words: impl Into<Text>) -> Self {
        Self { words: words.into(), look: ColumnLook::Number }
    }
    /// Buttons, whose head only a screen reader tells.
    pub fn hidden(words: impl Into<Text>) -> Self {
        Self { words: words.into(), look: ColumnLook::Hidden }
    }
    fn head(self) -> AnyView {
        match self.look {
            ColumnLook::Text => view! { <th scope="col">{self.words}</th> }.into_light(),
            ColumnLook::Number => view! { <th scope="col" class="table__num">{self.words}</th> }.into_light(),
            ColumnLook::Hidden => view! { <th scope="col"><span class="sr-only">{self.words}</span></th> }.into_light(),
        }
    }
}

/// A real `<table>` in its scrolling card; its children are the rows.
///
/// Cells with numbers take the class `table__num`; with `cards` every cell takes `data-label`, which a phone shows.
#[component]
pub fn Table(
    /// What it lists, for a screen reader.
    #[prop(into)]
    caption: Text,
    /// From left to right.
    columns: Vec<Column>,
    /// Rows become cards on a phone.
    #[prop(optional)]
    cards: bool,
    /// The first column stays in sight.
    #[prop(optional)]
    sticky: bool,
    /// Rows of 52 px.
    #[prop(optional)]
    tall: bool,
    /// The rows.
    children: Content,
) -> impl IntoView {
    let class =
        class_of("table", &[if cards { "--cards" } else { "" }, if sticky { "--sticky" } else { "" }, if tall { "--tall" } else { "" }]);
    let name = caption.clone();
    let heads = columns.into_iter().map(Column::head).collect::<Vec<_>>();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=name>
            <table class=class>
                <caption class="sr-only">{caption}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{children.view()}</tbody>
            </table>
        </div>
    }
}

/// How a column is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sorted {
    /// By another column.
    #[default]
    No,
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

/// A column head that sorts, as a link: the order lives in the address.
#[component]
pub fn SortHead(
    /// The column's name.
    #[prop(into)]
    words: Text,
    /// The page in the other order.
    #[prop(into)]
    href: Text,
    /// Its order now.
    #[prop(optional)]
    sorted: Sorted,
    /// Numbers stand at the right.
    #[prop(optional)]
    number: bool,
) -> impl IntoView {
    let (aria, arrow) = match sorted {
        Sorted::No => ("none", None),
        Sorted::Up => ("ascending", Some(path::ARROW_UP)),
        Sorted::Down => ("descending", Some(path::ARROW_DOWN)),
    };
    view! {
        <th scope="col" aria-sort=aria class=if number { "table__num" } else { "" }>
            <a class="table__sort" href=href>{words} {arrow.map(|path| view! { <Icon path size=12 /> })}</a>
        </th>
    }
}
