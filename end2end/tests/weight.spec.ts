// What the fronts cost on the wire, counted in a real browser on the release site; and what every entry page owes to
// whoever cannot see it or has no scripts yet. Needs MOSTRADOR_RELEASE_SITE: `cargo xtask test` builds it once.
// Plain http on localhost: Chromium takes Brotli there, too. Bytes are the browser's own count, headers included.
import { chromium as playwright, expect, test, type BrowserContext, type CDPSession, type Page } from '@playwright/test';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { CONSOLES, INSIDE, OUTSIDE, PHONES, signInEverywhere } from '../support/entries';
import { lighthouse } from '../support/lighthouse';
import { enrol, registerShop } from '../support/people';
import { codeOf, consumer } from '../support/phone';
import { freePort, start, type Server } from '../support/server';

const site = process.env.MOSTRADOR_RELEASE_SITE;

/**
 * Bytes of scripts and modules until a page is interactive. What a page asks for after that is counted apart: the shop's
 * phone can sell before it comes (below), and the service worker keeps it for when there is no network.
 */
const CODE: Record<string, number> = { '/c/': 130_000, '/t/scan': 150_000, '/b/': 260_000, '/o/': 260_000 };
/** Bytes of code that comes later. */
const LATER = 100_000;
/** Bytes of what else a page loads. */
const OTHERS = { css: 30_000, font: 32_000, icon: 20_000 };
/** Bytes of the barcode decoder, which a worker loads after the page. */
const DECODER = 150_000;

const kind = (url: string): string => {
  const path = new URL(url).pathname;
  if (/decoder/.test(path)) return 'decoder';
  if (/\.(js|wasm)$/.test(path)) return 'code';
  if (/\.css$/.test(path)) return 'css';
  if (/\.woff2$/.test(path)) return 'font';
  if (/\.(png|svg|ico)$/.test(path)) return 'icon';
  return 'other';
};

/** What a visit loads, by kind, as the browser counts it on the wire. */
async function weigh(page: Page, url: string): Promise<Record<string, number>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const asked = new Map<string, { url: string; at: number }>();
  const loaded: { of: string; at: number; size: number; url: string }[] = [];
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ requestId, request, wallTime }) => asked.set(requestId, { url: request.url, at: wallTime * 1_000 }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const { url, at } = asked.get(requestId) ?? { url: 'http://nowhere/', at: 0 };
    loaded.push({ of: kind(url), at, size: encodedDataLength, url });
  });
  await page.goto(url);
  await interactive(page);
  const alive = await page.evaluate(() => performance.timeOrigin + performance.getEntriesByName('alive')[0].startTime);
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.waitForTimeout(1_000);
  await session.detach();
  const bytes: Record<string, number> = { code: 0, later: 0, css: 0, font: 0, icon: 0 };
  for (const { of, at, size } of loaded) {
    const when = of === 'code' && at > alive ? 'later' : of;
    bytes[when] = (bytes[when] ?? 0) + size;
  }
  const kept = await (await page.request.get(new URL('/service-worker.js', url).href)).text();
  const lost = loaded.filter(({ of, at, url }) => of === 'code' && at > alive && !kept.includes(new URL(url).pathname));
  expect(lost.map(({ url }) => url), 'what comes later is kept for when there is no network').toEqual([]);
  return bytes;
}

const interactive = (page: Page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached', timeout: 30_000 });

test.describe('the release site', () => {
  test.skip(!site, 'MOSTRADOR_RELEASE_SITE is not set');
  let server: Server;
  let context: BrowserContext;
  let port = 0;
  const profile = mkdtempSync(join(tmpdir(), 'mostrador-weight-'));

  test.beforeAll(async () => {
    server = await start('sqlite', site);
    port = await freePort();
    // One profile on disk, so that Lighthouse's own tabs are signed in, too.
    context = await playwright.launchPersistentContext(profile, { executablePath: chromium, args: [...flags, `--remote-debugging-port=${port}`], viewport: { width: 360, height: 640 }, locale: 'es-CO' });
    const page = await context.newPage();
    await signInEverywhere(page, server);
    await page.close();
  });
  test.afterAll(async () => {
    await context?.close();
    await server?.stop();
    rmSync(profile, { recursive: true, force: true });
  });

  /** A browser that was never here, with the sessions of the one that was. */
  const stranger = async () => {
    const browser = await playwright.launch({ executablePath: chromium, args: flags });
    const visit = await browser.newContext({ storageState: await context.storageState({ indexedDB: true }), serviceWorkers: 'block', viewport: { width: 360, height: 640 }, locale: 'es-CO' });
    return { browser, page: await visit.newPage() };
  };

  for (const [path, most] of Object.entries(CODE)) {
    test(`${path} is light, and sends its code once`, async () => {
      const { browser, page } = await stranger();

      const first = await weigh(page, `${server.url}${path}`);
      const second = await weigh(page, `${server.url}${path}`);

      console.log(`${path}: ${JSON.stringify(first)}, again: ${JSON.stringify(second)}`);
      expect.soft(first.code, 'scripts and modules').toBeLessThanOrEqual(most);
      expect.soft(first.later, 'what comes later').toBeLessThanOrEqual(LATER);
      expect.soft(first.css, 'style').toBeLessThanOrEqual(OTHERS.css);
      expect.soft(first.font, 'fonts').toBeLessThanOrEqual(OTHERS.font);
      expect.soft(first.icon, 'icons').toBeLessThanOrEqual(OTHERS.icon);
      expect.soft(first.code, 'the code was counted').toBeGreaterThan(0);
      expect.soft(second.code + second.later, 'code of the second visit').toBe(0);
      await browser.close();
    });
  }

  test('a sale is confirmed and kept before anything else comes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mostrador-weight-'));
    const visit = await playwright.launchPersistentContext(folder, { executablePath: chromium, args: flags, viewport: { width: 360, height: 640 }, locale: 'es-CO', serviceWorkers: 'block' });
    const page = visit.pages()[0];
    await registerShop(page, server, '301 777 0909', 'Tienda Apurada');
    await enrol(page, server, 'Tienda Apurada');
    const code = await codeOf(server, await consumer(server));
    const stopped: string[] = [];
    await visit.route(/_split_/, (route) => {
      stopped.push(route.request().url());
      return route.abort();
    });

    await page.goto(`${server.url}/t/scan`);
    await page.locator('[data-ready=true]').waitFor();
    for (const text of [code, '7709001000011']) {
      // As a reader types: all at once.
      await page.evaluate((text) => [...text, 'Enter'].forEach((key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))), text);
    }
    await expect(page.locator('[data-customer]')).toHaveText(/••/);
    await expect(page.locator('[data-gtin]')).toBeVisible();
    await page.locator('[data-confirm]').click();

    await expect(page.locator('.viewfinder__text')).toHaveText('Guardada. Falta enviarla');
    await expect(page.locator('[data-gtin]')).toHaveCount(0);
    expect(stopped.length).toBeGreaterThan(0);
    await visit.unroute(/_split_/);
    await page.goto(`${server.url}/t/queue`);
    await expect(page.locator('[data-entry][data-state=accepted]')).toHaveCount(1, { timeout: 20_000 });
    await visit.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the decoder is light', async () => {
    const { entries } = JSON.parse(readFileSync(join(site ?? '', 'site.json'), 'utf8')) as { entries: Record<string, { js: string; wasm: string }> };
    let bytes = 0;
    for (const file of [entries.decoder.js, entries.decoder.wasm]) {
      const answer = await fetch(server.url + file, { headers: { 'accept-encoding': 'br' } });
      expect(answer.headers.get('content-encoding')).toBe('br');
      expect(answer.headers.get('cache-control')).toContain('immutable');
      bytes += Number(answer.headers.get('content-length'));
    }
    console.log(`decoder: ${bytes}`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(DECODER);
  });

  test('the card has its code before any script', async () => {
    const browser = await playwright.launch({ executablePath: chromium, args: flags });
    const page = await (await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() })).newPage();

    await page.goto(`${server.url}/c/`);

    await expect(page.getByRole('heading', { name: 'Hola, Ana' })).toBeVisible();
    expect(await page.locator('svg.qr path').first().getAttribute('d')).toMatch(/^M4 4h7v1h-7z/);
    await browser.close();
  });

  for (const path of [...CONSOLES, ...PHONES]) {
    test(`${path} comes alive from its piece of the code`, async () => {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));

      await page.goto(`${server.url}${path}`);
      await interactive(page);

      expect(new URL(page.url()).pathname).toBe(path.split('?')[0]);
      expect(errors).toEqual([]);
      await page.close();
    });
  }

  test('a piece arrives when a link leads to its page', async () => {
    const page = await context.newPage();
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${server.url}/b/`);
    await interactive(page);

    await page.getByRole('link', { name: 'Campañas' }).first().click();

    await page.waitForURL(/\/b\/campaigns/);
    await interactive(page);
    await page.close();
  });

  for (const path of [...OUTSIDE, ...INSIDE]) {
    test(`Lighthouse has nothing against ${path} for people who cannot see or point`, async () => {
      const report = await lighthouse(`${server.url}${path}`, port, 'accessibility');

      const wrong = Object.values(report.audits).filter((audit) => audit.score === 0).map((audit) => `${audit.title}: ${audit.details?.items?.map((item) => item.node?.snippet).join(' ')}`);
      expect(wrong).toEqual([]);
      expect(report.categories.accessibility.score).toBe(1);
    });
  }
});
