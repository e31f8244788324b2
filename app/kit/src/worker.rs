//! The service worker of a front: opens its pages without network, and brings a new build in when nothing can be lost.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
export function register_worker(scope, idle) {
  if (!('serviceWorker' in navigator)) return;
  const worker = navigator.serviceWorker;
  let taken = Boolean(worker.controller);
  worker.addEventListener('controllerchange', () => { if (taken) location.reload(); taken = true; });
  const start = async () => {
    const registration = await worker.register('/service-worker.js', { scope, updateViaCache: 'none' });
    const offer = async () => { if (registration.waiting && await idle()) registration.waiting.postMessage('take over'); };
    setInterval(offer, 3000);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) registration.update().catch(() => {}); });
    setInterval(() => registration.update().catch(() => {}), 1800000);
  };
  // What the page itself needs comes first; without a worker everything works but the page without network.
  const later = () => setTimeout(() => start().catch(() => {}), 0);
  if (document.readyState === 'complete') later(); else addEventListener('load', later, { once: true });
}
export function persist_storage() {
  return navigator.storage && navigator.storage.persist ? navigator.storage.persist().catch(() => false) : Promise.resolve(false);
}
"#)]
extern "C" {
    fn register_worker(scope: &str, idle: &js_sys::Function);
    fn persist_storage() -> js_sys::Promise;
}

/// Registers the front's worker once the page is alive. `idle` answers whether the page may be loaded anew now: no sale is
/// in progress, and nothing that only this build understands waits to be sent.
///
/// On the server it does nothing.
pub fn register<F>(scope: &'static str, idle: impl Fn() -> F + 'static)
where
    F: Future<Output = bool> + 'static,
{
    let idle = send_wrapper::SendWrapper::new(std::rc::Rc::new(idle));
    crate::effect(move |first| {
        if !first {
            return;
        }
        leptos::server_fn::redirect::set_redirect_hook(|to| {
            let _ = window().location().set_href(to);
        })
        .ok();
        let idle = std::rc::Rc::clone(&idle);
        let ask = Closure::<dyn Fn() -> js_sys::Promise>::new(move || {
            let idle = idle();
            wasm_bindgen_futures::future_to_promise(async move { Ok(idle.await.into()) })
        });
        register_worker(scope, ask.as_ref().unchecked_ref());
        // It listens as long as the page lives.
        ask.forget();
    });
}

/// Asks the browser not to clear this origin's storage when the phone runs short; `false` when it does not promise.
pub async fn persist() -> bool {
    wasm_bindgen_futures::JsFuture::from(persist_storage()).await.is_ok_and(|kept| kept.is_truthy())
}
