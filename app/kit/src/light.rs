//! Erasing views cheaply.
//!
//! `into_any` compiles a dozen functions for each view that it erases, and two of them cost a phone dear: an owned copy
//! of every attribute, and asynchronous hydration (which only lazy routes inside a view need), a state machine over
//! every node. [`light`] compiles three in the browser: build, rebuild, hydrate. On the server it is `into_any` without
//! the asynchronous hydration. Children of this crate's components are erased that way by themselves ([`Content`]).
//!
//! Do not put a lazy route inside: it would hydrate before its code is there.

use leptos::children::{ChildrenOptContainer, ToChildren};
use leptos::prelude::*;

/// Erases a view; see [`IntoLight`].
pub fn light(view: impl IntoView + 'static) -> AnyView {
    erased::light(view)
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

/// What is drawn on the server, and in a build for neither side.
#[cfg(any(feature = "ssr", not(feature = "hydrate")))]
mod erased {
    use leptos::prelude::*;
    use leptos::tachys::html::attribute::{Attribute, any_attribute::AnyAttribute};
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::ssr::StreamBuilder;
    use leptos::tachys::view::add_attr::AddAnyAttr;
    use leptos::tachys::view::{Position, PositionState, Render, RenderHtml};

    pub fn light(view: impl IntoView + 'static) -> AnyView {
        Light(view.into_view()).into_any()
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
}

/// What hydrates in the browser.
#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod erased {
    use std::any::{Any, TypeId};

    use leptos::prelude::*;
    use leptos::tachys::html::attribute::{Attribute, any_attribute::AnyAttribute};
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::renderer::{
        Rndr,
        types::{Element, Node, Placeholder},
    };
    use leptos::tachys::ssr::StreamBuilder;
    use leptos::tachys::view::add_attr::AddAnyAttr;
    use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};

    pub fn light(view: impl IntoView + 'static) -> AnyView {
        Light(Box::new(view)).into_any()
    }

    /// A view of any type, so that `into_any` is compiled once, for this one.
    struct Light(Box<dyn View>);

    /// What is compiled for each type.
    trait View: Send {
        fn type_id(&self) -> TypeId;
        fn build(self: Box<Self>) -> LightState;
        fn rebuild(self: Box<Self>, state: &mut dyn State);
        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> LightState;
    }

    /// What stands in the document, of any type.
    trait State: Mountable + Any {
        fn any(&mut self) -> &mut dyn Any;
    }

    impl<S: Mountable + Any> State for S {
        fn any(&mut self) -> &mut dyn Any {
            self
        }
    }

    struct LightState {
        type_id: TypeId,
        state: Box<dyn State>,
        /// Keeps the place of a view that draws nothing.
        placeholder: Option<Placeholder>,
    }

    impl<V: IntoView + 'static> View for V {
        fn type_id(&self) -> TypeId {
            TypeId::of::<V>()
        }

        fn build(self: Box<Self>) -> LightState {
            let state = Box::new(Render::build(*self));
            let placeholder = (!V::EXISTS).then(Rndr::create_placeholder);
            LightState { type_id: TypeId::of::<V>(), state, placeholder }
        }

        fn rebuild(self: Box<Self>, state: &mut dyn State) {
            if let Some(state) = state.any().downcast_mut::<<V as Render>::State>() {
                Render::rebuild(*self, state);
            }
        }

        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> LightState {
            let state = Box::new(RenderHtml::hydrate::<true>(*self, cursor, position));
            let placeholder = (!V::EXISTS).then(|| cursor.next_placeholder(position));
            LightState { type_id: TypeId::of::<V>(), state, placeholder }
        }
    }

    impl Render for Light {
        type State = LightState;

        fn build(self) -> LightState {
            self.0.build()
        }

        // As `AnyView` does it: a view of another type takes the place of the old one.
        fn rebuild(self, state: &mut LightState) {
            if View::type_id(&*self.0) == state.type_id {
                self.0.rebuild(&mut *state.state);
                return;
            }
            let mut new = self.0.build();
            match &mut state.placeholder {
                Some(placeholder) => {
                    placeholder.insert_before_this(&mut new);
                    placeholder.unmount();
                }
                None => {
                    state.insert_before_this(&mut new);
                }
            }
            state.unmount();
            *state = new;
        }
    }

    impl Mountable for LightState {
        fn unmount(&mut self) {
            self.state.unmount();
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.unmount();
            }
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.state.mount(parent, marker);
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.mount(parent, marker);
            }
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.state.insert_before_this(child)
                || self.placeholder.as_ref().is_some_and(|placeholder| placeholder.insert_before_this(child))
        }

        fn elements(&self) -> Vec<Element> {
            self.state.elements()
        }
    }

    // Attributes are spread on the `AnyView` around it, which never asks for this.
    impl AddAnyAttr for Light {
        type Output<SomeNewAttr: Attribute> = Self;

        fn add_any_attr<NewAttr: Attribute>(self, _attr: NewAttr) -> Self {
            self
        }
    }

    // There is nothing to draw as text in a browser.
    impl RenderHtml for Light {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        fn to_html_with_buf(
            self,
            _buf: &mut String,
            _position: &mut Position,
            _escape: bool,
            _mark_branches: bool,
            _extra_attrs: Vec<AnyAttribute>,
        ) {
        }

        fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
            self,
            _buf: &mut StreamBuilder,
            _position: &mut Position,
            _escape: bool,
            _mark_branches: bool,
            _extra_attrs: Vec<AnyAttribute>,
        ) {
        }

        fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> LightState {
            self.0.hydrate(cursor, position)
        }

        fn into_owned(self) -> Self {
            self
        }
    }
}
