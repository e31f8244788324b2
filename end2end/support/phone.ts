// A shop's phone that can lose its network, be killed, and come back: one Chromium on one folder.
import { chromium as playwright, expect, type BrowserContext, type Page } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { network } from './network';
import { enrol, registerShop } from './people';
import type { Server } from './server';

/** Products of the seed. */
export const COLA = '7709001000011';
export const TEA = '7709001000073';
/** Where sales leave. */
export const BATCH = '**/api/v1/purchases/batch';

export class Phone {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mostrador-phone-'));
  context!: BrowserContext;
  page!: Page;
  readonly errors: string[] = [];
  private offline = false;

  constructor(readonly server: Server) {}

  /** The phone of a new shop, with its camera open. */
  static async working(server: Server, telephone: string, shop: string, how: { script?: string; scale?: number } = {}): Promise<Phone> {
    const phone = new Phone(server);
    await phone.on(how);
    await phone.register(telephone, shop);
    await phone.scan();
    return phone;
  }

  /** Switches the phone on. */
  async on({ script, scale = 1 }: { script?: string; scale?: number } = {}): Promise<void> {
    this.context = await playwright.launchPersistentContext(this.folder, { executablePath: chromium, args: flags, viewport: { width: 360, height: 640 }, deviceScaleFactor: scale, locale: 'es-CO' });
    if (script) await this.context.addInitScript(script);
    await network(this.context, !this.offline);
    this.page = this.context.pages()[0] ?? await this.context.newPage();
    this.page.setDefaultTimeout(15_000);
    this.page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  /** The battery falls out: no page is told. */
  async kill(): Promise<void> {
    const closed = new Promise((done) => this.context.once('close', done));
    spawnSync('pkill', ['-9', '-f', this.folder]);
    await closed;
  }

  /** Somebody changes what the phone keeps, behind the back of its page. `change` runs there and sees nothing of here. */
  async tamper(change: (store: IDBObjectStore, rows: { id: string; json: string }[]) => void): Promise<void> {
    await this.page.evaluate(`new Promise((done) => {
      const opening = indexedDB.open('mostrador-tendero');
      opening.onsuccess = () => {
        const transaction = opening.result.transaction('capture', 'readwrite');
        const store = transaction.objectStore('capture');
        const all = store.getAll();
        all.onsuccess = () => (${change})(store, all.result);
        transaction.oncomplete = () => { opening.result.close(); done(); };
      };
    })`);
  }

  /** How many sales are answered from now on; ask it after they were. A phone also tries while its network is still away. */
  counting(): () => number {
    let answered = 0;
    this.context.on('response', (response) => {
      if (response.url().endsWith(BATCH.slice(2))) answered += JSON.parse(response.request().postData() ?? '{}').items.length;
    });
    return () => answered;
  }

  /** What became of the sales of this phone, once there is nothing left to send. */
  async settled(states: string[]): Promise<void> {
    await expect(async () => expect((await this.queue()).map((one) => one.state)).toEqual(states)).toPass({ timeout: 40_000 });
  }

  async network(up: boolean): Promise<void> {
    this.offline = !up;
    await network(this.context, up);
  }

  /** Registers shop and phone, and waits until its pages open without network. */
  async register(telephone: string, shop: string): Promise<void> {
    await registerShop(this.page, this.server, telephone, shop);
    await enrol(this.page, this.server, shop);
    await this.worker();
  }

  /** The service worker has taken over. */
  async worker(): Promise<void> {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 50));
    });
  }

  async scan(): Promise<void> {
    await this.page.goto(`${this.server.url}/t/scan`);
    await this.page.locator('[data-ready=true]').waitFor();
  }

  /** Types a card and products, as a tendero without a camera does. */
  async fill(card: string, products: string[]): Promise<void> {
    if (!await this.page.locator('#typed').isVisible()) await this.page.getByRole('button', { name: 'Escribir el código' }).click();
    for (const code of [card, ...products]) {
      await this.page.locator('#typed').fill(code);
      await this.page.locator('#typed').press('Enter');
    }
    await expect(this.page.locator('[data-customer]')).toHaveText(/••/);
    await expect(this.page.locator('[data-gtin]').first()).toBeVisible();
  }

  confirm = () => this.page.locator('[data-confirm]').click();

  /** One sale without network, up to the screen that says that it is safe. */
  async sellOffline(card: string, products: string[]): Promise<void> {
    await this.fill(card, products);
    await this.confirm();
    await this.page.locator('[data-result=Saved]').waitFor();
    await this.page.getByRole('button', { name: 'Siguiente cliente' }).click();
  }

  /** The list of sales: number and state, oldest first. */
  async queue(): Promise<{ counter: number; state: string; reason: string | null }[]> {
    await this.page.goto(`${this.server.url}/t/queue`);
    // Before that the page says what nobody sold: the list is on the phone.
    await this.page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
    await this.page.locator('[data-queue], .empty').first().waitFor();
    const rows = await this.page.locator('[data-entry]').evaluateAll((all) => all.map((one) => ({
      counter: Number(one.getAttribute('data-counter')), state: one.getAttribute('data-state') ?? '', reason: one.getAttribute('data-reason'),
    })));
    return rows.sort((a, b) => a.counter - b.counter);
  }
}

/** A door of the REST interface, with the operator's key. */
export async function api<T>(server: Server, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json() as T;
}

/** A consumer with a card. */
export const consumer = async (server: Server): Promise<string> => (await api<{ consumer_id: string }>(server, 'POST', '/sandbox/consumers', { country: 'CO' })).consumer_id;

/** The code that her card shows now. */
export const codeOf = async (server: Server, id: string): Promise<string> => (await api<{ code: string }>(server, 'GET', `/sandbox/consumers/${id}/card_code`)).code;

/** What her wallets hold, in an order that does not depend on ids. */
export async function wallets(server: Server, id: string): Promise<string[]> {
  const all = await api<{ brand_name: string; campaign_name?: string; unit: string; available: number }[]>(server, 'GET', `/consumers/${id}/balances`);
  return all.map((wallet) => `${wallet.brand_name} ${wallet.campaign_name ?? ''} ${wallet.unit} ${wallet.available}`).sort();
}
