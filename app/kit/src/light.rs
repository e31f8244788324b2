//! Erasing views without their asynchronous hydration.
//!
//! `into_any` keeps a pointer to each way a view can come alive, and `hydrate_async`, which only lazy routes need, is
//! a state machine over every node inside: measured at a quarter of a phone's code. [`light`] erases a view whose
//! asynchronous hydration is the synchronous one, so those machines are never compiled. Children of this crate's
//! components are erased that way by themselves ([`Content`]).
//!
//! Do not put a lazy route inside: it would hydrate before its code is there.

use leptos::children::{ChildrenOptContainer, ToChildren};
use leptos::prelude::*;
use leptos::tachys::html::attribute::{Attribute, any_attribute::AnyAttribute};
use leptos::tachys::hydration::Cursor;
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Position, PositionState, Render, RenderHtml};

/// Erases a view; see [`IntoLight`].
pub fn light(view: impl IntoView + 'static) -> AnyView {
    Light(view.into_view()).into_any()
}

/// `.into_light()` where a page would say `.into_any()`.
pub trait IntoLight {
    /// The view, erased by [`light`].
    fn into_light(self) -> AnyView;
}

impl<V: IntoView + 'static> IntoLight for V {
    fn into_light(self) -> AnyView {
        light(self)
    }
}

/// Children of a component, erased by [`light`].
pub struct Content(Box<dyn FnOnce() -> AnyView + Send>);

impl Content {
    /// The view.
    pub fn view(self) -> AnyView {
        (self.0)()
    }
}

impl<F, V> ToChildren<F> for Content
where
    F: FnOnce() -> V + Send + 'static,
    V: IntoView + 'static,
{
    fn to_children(children: F) -> Self {
        Self(Box::new(move || light(children())))
    }
}

/// A literal, which `view!` hands over without a closure.
impl<V> ToChildren<ChildrenOptContainer<V>> for Content
where
    V: IntoView + 'static,
{
    fn to_children(literal: ChildrenOptContainer<V>) -> Self {
        Self(Box::new(move || light(literal.0)))
    }
}

/// The same view; what it leaves out is the override of `hydrate_async`.
struct Light<T>(T);

impl<T: Render> Render for Light<T> {
    type State = T::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<T: AddAnyAttr> AddAnyAttr for Light<T> {
    type Output<SomeNewAttr: Attribute> = Light<T::Output<SomeNewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Light(self.0.add_any_attr(attr))
    }
}

impl<T: RenderHtml> RenderHtml for Light<T> {
    type AsyncOutput = T::AsyncOutput;
    type Owned = Light<T::Owned>;

    const MIN_LENGTH: usize = T::MIN_LENGTH;
    const EXISTS: bool = T::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.0.resolve().await
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) where
        Self: Sized,
    {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        Light(self.0.into_owned())
    }
}
