//! What a page shows from the server: read while the page is rendered, and carried in the document.
//!
//! On the server these are Leptos's own resources and suspense. A phone's page finds its data in the document, so the
//! machinery for data that is still to come (a third of a small page's code) stays away from it: [`once`] decodes,
//! [`again`] decodes and fetches anew when it is told to, [`Await`] shows what is there. Both sides give out the same
//! number for each value, which is how a value finds its data: make them in the same order.

#[cfg(any(feature = "ssr", not(feature = "hydrate")))]
pub use server::{Await, Loaded, again, once};

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
pub use browser::{Await, Loaded, again, once};

#[cfg(any(feature = "ssr", not(feature = "hydrate")))]
mod server {
    use leptos::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};

    /// What the server read; `None` while it reads.
    pub type Loaded<T> = Resource<T>;

    /// Read once, for the document.
    pub fn once<T, F>(read: impl Fn() -> F + Send + Sync + 'static) -> Loaded<T>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Resource::new(|| (), move |()| read())
    }

    /// Read for the document, and again by the browser whenever `when` changes.
    pub fn again<T, F>(when: RwSignal<u32>, read: impl Fn() -> F + Send + Sync + 'static) -> Loaded<T>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Resource::new(move || when.get(), move |_| read())
    }

    /// Shows what was read; `fallback` stands in its place as long as it is being read.
    #[component]
    pub fn Await<C>(
        /// In its place.
        #[prop(into)]
        fallback: ViewFnOnce,
        /// A closure that reads a [`Loaded`].
        children: TypedChildren<C>,
    ) -> impl IntoView
    where
        C: IntoView + Send + 'static,
    {
        view! { <Transition fallback children /> }
    }
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod browser {
    use leptos::prelude::*;
    use serde::{Serialize, de::DeserializeOwned};

    /// What the server read.
    pub struct Loaded<T: 'static>(RwSignal<Option<T>>);

    impl<T> Clone for Loaded<T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Copy for Loaded<T> {}

    impl<T: Clone + Send + Sync + 'static> Loaded<T> {
        /// The newest value; `None` when the document carried none.
        pub fn get(&self) -> Option<T> {
            self.0.get()
        }
        /// Of what somebody else decoded.
        pub(crate) fn of(value: Option<T>) -> Self
        where
            T: Send + Sync,
        {
            Self(RwSignal::new(value))
        }
        /// Shows something newer.
        pub(crate) fn set(&self, value: Option<T>) {
            self.0.set(value);
        }
        /// The same without being told of a newer one.
        pub fn get_untracked(&self) -> Option<T> {
            self.0.get_untracked()
        }
    }

    /// The next value that the document carries.
    fn carried<T: DeserializeOwned>() -> Option<T> {
        let context = Owner::current_shared_context()?;
        let id = context.next_id();
        crate::json::read(&context.read_data(&id)?)
    }

    /// Read once, for the document: nothing is left to do here.
    pub fn once<T, F>(_read: impl Fn() -> F + Send + Sync + 'static) -> Loaded<T>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Loaded(RwSignal::new(carried()))
    }

    /// Read for the document, and again whenever `when` changes; an answer that was overtaken is dropped.
    pub fn again<T, F>(when: RwSignal<u32>, read: impl Fn() -> F + Send + Sync + 'static) -> Loaded<T>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let value = RwSignal::new(carried());
        crate::effect(move |first| {
            let asked = when.get();
            if first && value.with_untracked(Option::is_some) {
                return;
            }
            let answer = read();
            leptos::task::spawn_local(async move {
                let answer = answer.await;
                if when.try_get_untracked() == Some(asked) {
                    value.set(Some(answer));
                }
            });
        });
        Loaded(value)
    }

    /// Shows what was read.
    #[component]
    pub fn Await<F, C>(
        /// The document carries what was read, so this is the server's alone.
        fallback: F,
        /// A closure that reads a [`Loaded`].
        children: TypedChildren<C>,
    ) -> impl IntoView
    where
        F: 'static,
        C: IntoView + Send + 'static,
    {
        drop(fallback);
        // The suspense of the server's side has a number, too.
        if let Some(context) = Owner::current_shared_context() {
            let _ = context.next_id();
        }
        children.into_inner()()
    }
}
