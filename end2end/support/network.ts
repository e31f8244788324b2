// A phone's signal.
import type { BrowserContext, Route } from '@playwright/test';

const cut = (route: Route): Promise<void> => route.abort('internetdisconnected');

/** Takes a phone's signal away, or gives it back.
 *
 * Emulation alone is not enough: Chromium 148 forgets for a service worker that it is offline as soon as a page under it
 * is opened anew, and the worker asks the server (Playwright 1.65). So nothing that the phone's pages and workers ask
 * for gets through, but what a route added later answers itself; the emulation stays for what `navigator.onLine` and its
 * events say. */
export async function network(context: BrowserContext, up: boolean): Promise<void> {
  await context.unroute('**/*', cut);
  if (!up) await context.route('**/*', cut);
  await context.setOffline(!up);
}
