// A shop without signal: twenty sales, a phone that dies twice, a network that loses answers, and a new build in between.
import { chromium as playwright, expect, test } from '@playwright/test';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { network } from '../support/network';
import { clean, controlled, signUp } from '../support/people';
import { BATCH, COLA, Phone, TEA, api, codeOf, consumer, wallets } from '../support/phone';
import { ENGINES, serving, site, start, type Server } from '../support/server';

/** Different baskets, so that no sale looks like the one before. */
const basket = (n: number) => [COLA, TEA, ...(n % 2 ? [COLA] : []), ...(n % 3 ? [TEA] : [])];

for (const engine of ENGINES) {
  test.describe(engine, () => {
    let server: Server;
    serving(engine, (made) => { server = made; });

    test('twenty sales without network arrive once, in order, and as they would have online', async () => {
      const phone = await Phone.working(server, '301 777 0101', 'Tienda Sin Señal');
      const shop = (await api<{ items: { id: string; name: string }[] }>(server, 'GET', '/shops?q=Sin&limit=100')).items.find((one) => one.name === 'Tienda Sin Señal')!.id;
      const people = await Promise.all(Array.from({ length: 19 }, () => consumer(server)));
      const twins = await Promise.all(people.map(() => consumer(server)));
      const sold: { who: number; products: string[]; at: string }[] = [];

      await phone.network(false);
      const codes = await Promise.all(people.map((id) => codeOf(server, id)));
      const sell = async (who: number, products: string[]) => {
        sold.push({ who, products, at: new Date().toISOString() });
        await phone.sellOffline(codes[who], products);
      };
      await test.step('sales, and the phone dies between two of them', async () => {
        for (let n = 0; n < 8; n++) await sell(n, basket(n));
        await expect(phone.page.locator('.banner', { hasText: 'Sin internet. Todo se guarda aquí.' })).toBeVisible();
        await phone.kill();
        await phone.on();
        await phone.scan();
        for (let n = 8; n < 13; n++) await sell(n, basket(n));
      }, { timeout: 120_000 });

      await test.step('the phone dies in the middle of a write', async () => {
        await phone.fill(codes[13], basket(13));
        const at = new Date().toISOString();
        const pressed = phone.confirm().catch(() => undefined);
        await new Promise((done) => setTimeout(done, 15));
        await phone.kill();
        await pressed;
        await phone.on();
        const there = (await phone.queue()).length;
        // Either the sale was written, or nothing of it was: then the basket is still there and it is confirmed again.
        expect([13, 14]).toContain(there);
        console.log(`${engine}: killed while writing: ${there === 14 ? 'written' : 'not written'}`);
        await phone.scan();
        sold.push({ who: 13, products: basket(13), at });
        if (there === 13) {
          if (!await phone.page.locator('[data-gtin]').first().isVisible()) await phone.fill(codes[13], basket(13));
          await phone.confirm();
          await phone.page.locator('[data-result=Saved]').waitFor();
          await phone.page.getByRole('button', { name: 'Siguiente cliente' }).click();
        } else {
          await expect(phone.page.locator('[data-gtin]'), 'the basket of a sale that was written is not offered again').toHaveCount(0);
        }
      }, { timeout: 60_000 });

      await test.step('one code twice', async () => {
        for (let n = 14; n < 19; n++) await sell(n, basket(n));
        await phone.sellOffline(codes[3], [TEA, TEA, TEA]);
        const waiting = await phone.queue();
        expect(waiting.map((one) => one.counter)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
        expect(new Set(waiting.map((one) => one.state))).toEqual(new Set(['waiting']));
        await expect(phone.page.getByText('20 de 50')).toBeVisible();
        await clean(phone.page);
      }, { timeout: 60_000 });

      await test.step('the network comes back, loses one answer and delays another', async () => {
        let asked = 0;
        await phone.context.route(BATCH, async (route) => {
          const turn = ++asked;
          const answer = await route.fetch();
          if (turn === 1) return route.abort();
          if (turn === 2) {
            await new Promise((done) => setTimeout(done, 16_000));
            return route.fulfill({ response: answer }).catch(() => undefined);
          }
          return route.fulfill({ response: answer });
        });
        await phone.network(true);
        await expect(phone.page.locator('[data-waiting="0"]')).toBeVisible({ timeout: 90_000 });
        expect(asked).toBeGreaterThanOrEqual(3);
        const list = await phone.queue();
        expect(list.map((one) => one.state)).toEqual([...Array(19).fill('accepted'), 'refused']);
        expect(list[19].reason).toBe('QR_REPLAY');
        await expect(phone.page.getByText('Ese código ya sumó en otra compra.')).toBeVisible();
        await clean(phone.page);
      }, { timeout: 120_000 });

      await test.step('the same as an online twin', async () => {
        for (const [n, sale] of sold.entries()) {
          const count = (gtin: string) => sale.products.filter((one) => one === gtin).length;
          const lines = [COLA, TEA].filter((gtin) => count(gtin) > 0).map((gtin) => ({ gtin, quantity: count(gtin) }));
          await api(server, 'POST', '/purchases', { external_id: `twin-${n}`, shop_id: shop, consumer_id: twins[sale.who], purchased_at: sale.at, lines });
        }
        for (const [n, id] of people.entries()) expect(await wallets(server, id), `consumer ${n}`).toEqual(await wallets(server, twins[n]));
        expect((await wallets(server, people[0])).length).toBeGreaterThan(0);
      }, { timeout: 60_000 });
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    });

    test('a consumer without network shows a code that counts', async () => {
      const browser = await playwright.launch({ executablePath: chromium, args: flags });
      const context = await browser.newContext({ viewport: { width: 360, height: 640 }, locale: 'es-CO' });
      const card = await context.newPage();
      const errors: string[] = [];
      card.on('pageerror', (error) => errors.push(String(error)));
      await signUp(card, server, '301 777 0111', 'Ana');
      await controlled(card);

      await network(context, false);
      await card.reload();
      await expect(card.getByRole('heading', { name: 'Hola, Ana' })).toBeVisible();
      await expect(card.getByText(/Ves lo guardado/)).toBeVisible();
      const code = card.locator('[data-code]');
      await expect(code).toHaveAttribute('data-code', /^Q1[A-Z2-7]{36}$/);
      await expect(card.locator('.qr__ink').first()).toHaveAttribute('d', /.{200,}/);
      const shown = (await code.getAttribute('data-code'))!;
      await clean(card);
      await card.goto(`${server.url}/c/history`);
      await expect(card.getByRole('heading', { name: 'Historial' })).toBeVisible();
      await card.goto(`${server.url}/c/you`);
      await expect(card.getByText('Esta página necesita señal')).toBeVisible();

      // What a shop would have read counts. A partner's system is told no name.
      const shop = (await api<{ items: { id: string }[] }>(server, 'GET', '/shops?limit=1')).items[0].id;
      const told = await api<{ status: string; consumer_label: string }>(server, 'POST', '/purchases', {
        external_id: `offline-${engine}`, shop_id: shop, card_code: shown, purchased_at: new Date().toISOString(), lines: [{ gtin: COLA, quantity: 1 }],
      });
      expect(told).toMatchObject({ status: 'accepted', consumer_label: expect.stringMatching(/^Tarjeta · ••/) });
      expect(errors).toEqual([]);
      await browser.close();
    });
  });
}

test.describe('a shop\'s phone', () => {
  let server: Server;
  test.beforeAll(async () => { server = await start('sqlite'); });
  test.afterAll(async () => server.stop());

  test('a new build waits for thirty unsent sales', async () => {
    const phone = await Phone.working(server, '301 777 0102', 'Tienda Nueva');
    const people = await Promise.all(Array.from({ length: 30 }, () => consumer(server)));
    await phone.network(false);
    const codes = await Promise.all(people.map((id) => codeOf(server, id)));
    for (const [n, code] of codes.entries()) await phone.sellOffline(code, basket(n));
    expect((await phone.queue()).length).toBe(30);

    // The same files under another build's name.
    const next = join(mkdtempSync(join(tmpdir(), 'mostrador-site-')), 'site');
    cpSync(site, next, { recursive: true });
    const description = JSON.parse(readFileSync(join(next, 'site.json'), 'utf8'));
    description.build = 'next-build';
    writeFileSync(join(next, 'site.json'), JSON.stringify(description));
    await server.restart(next);

    let open = () => {};
    const opened = new Promise<void>((done) => { open = done; });
    await phone.context.route(BATCH, async (route) => { await opened; await route.continue(); });
    const builds = () => phone.page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('mostrador /t/')));
    await phone.network(true);
    await phone.page.goto(`${server.url}/t/queue`);
    await phone.page.evaluate(async () => (await navigator.serviceWorker.getRegistration('/t/'))?.update());
    await expect(async () => expect(await builds()).toHaveLength(2)).toPass({ timeout: 20_000 });
    await phone.page.waitForTimeout(4_000);
    expect(await phone.page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration('/t/'))?.waiting)), 'the new build waits').toBe(true);
    open();
    await expect(async () => expect(await builds()).toEqual(['mostrador /t/ next-build'])).toPass({ timeout: 40_000 });
    const list = await phone.queue();
    expect(list.map((one) => one.state)).toEqual(Array(30).fill('accepted'));
    expect(phone.errors).toEqual([]);
    await phone.context.close();
  });

  test('a phone that cannot keep says so and loses nothing', async () => {
    const phone = await Phone.working(server, '301 777 0103', 'Tienda Llena');
    const [first, second] = await Promise.all([consumer(server), consumer(server)]);
    await phone.network(false);
    await phone.sellOffline(await codeOf(server, first), [COLA]);
    const devtools = await phone.context.newCDPSession(phone.page);
    await phone.page.evaluate(() => {
      const put = IDBObjectStore.prototype.put;
      Object.assign(window, { allow: () => { IDBObjectStore.prototype.put = put; } });
      IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };
    });
    await phone.fill(await codeOf(server, second), [TEA]);
    await phone.confirm();
    await expect(phone.page.locator('[data-alarm]')).toContainText('Este celular no deja guardar');
    await expect(phone.page.locator(`[data-gtin="0${TEA}"]`)).toBeVisible();
    await phone.page.evaluate(() => (window as unknown as { allow(): void }).allow());
    await phone.confirm();
    await phone.page.locator('[data-result=Saved]').waitFor();
    await devtools.detach();
    await phone.network(true);
    await phone.settled(['accepted', 'accepted']);
    await phone.context.close();
  });

  test('two tabs and an ended session lose and double nothing', async () => {
    const phone = await Phone.working(server, '301 777 0106', 'Tienda Doble');
    const people = await Promise.all(Array.from({ length: 6 }, () => consumer(server)));
    await phone.network(false);
    const codes = await Promise.all(people.map((id) => codeOf(server, id)));
    const first = phone.page;
    const second = await phone.context.newPage();
    for (const [n, code] of codes.entries()) {
      phone.page = n % 2 ? second : first;
      await phone.page.bringToFront();
      await phone.scan();
      await phone.sellOffline(code, basket(n));
    }
    expect((await phone.queue()).map((one) => one.counter)).toEqual([1, 2, 3, 4, 5, 6]);
    // Whoever logged out, or was logged out, has no cookie any more: the phone's signature is enough.
    await phone.context.clearCookies();
    const sent = phone.counting();
    await phone.network(true);
    // Neither tab is left: one that is left while it sends loses the answer, and sends again.
    phone.page = await phone.context.newPage();
    await phone.settled(Array(6).fill('accepted'));
    expect(sent(), 'one tab sends').toBe(6);
    expect(phone.errors).toEqual([]);
    await phone.context.close();
  });

  test('two tabs that both stay open number one after the other', async () => {
    const phone = await Phone.working(server, '301 777 0107', 'Tienda Doble Dos');
    const people = await Promise.all(Array.from({ length: 6 }, () => consumer(server)));
    const first = phone.page;
    const second = await phone.context.newPage();
    phone.page = second;
    second.setDefaultTimeout(15_000);
    await phone.scan();
    await phone.network(false);
    const codes = await Promise.all(people.map((id) => codeOf(server, id)));
    for (const [n, code] of codes.entries()) {
      phone.page = n % 2 ? second : first;
      await phone.page.bringToFront();
      await phone.sellOffline(code, basket(n));
    }
    // Both at once: whoever comes second waits for the number.
    const [left, right] = await Promise.all([codeOf(server, await consumer(server)), codeOf(server, await consumer(server))]);
    for (const [page, code] of [[first, left], [second, right]] as const) {
      phone.page = page;
      await page.bringToFront();
      await phone.fill(code, [COLA]);
    }
    await Promise.all([first, second].map((page) => page.locator('[data-confirm]').click()));
    await Promise.all([first, second].map((page) => page.locator('[data-result=Saved]').waitFor()));
    const sent = phone.counting();
    await phone.network(true);
    // Neither tab is left, as before.
    phone.page = await phone.context.newPage();
    await expect(async () => expect((await phone.queue()).map((one) => [one.counter, one.state])).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [n, 'accepted']))).toPass({ timeout: 40_000 });
    expect(sent(), 'one tab sends').toBe(8);
    expect(phone.errors).toEqual([]);
    await phone.context.close();
  });

  test('sales that the phone lost are named', async () => {
    const phone = await Phone.working(server, '301 777 0104', 'Tienda Borrada');
    const people = await Promise.all(Array.from({ length: 5 }, () => consumer(server)));
    await phone.network(false);
    for (const [n, id] of people.slice(0, 4).entries()) await phone.sellOffline(await codeOf(server, id), basket(n));
    // Somebody, or the browser, clears a part of the store: the second and the last sale.
    await phone.tamper((store, rows) => {
      for (const row of rows) if ([2, 4].includes(JSON.parse(row.json).counter)) store.delete(row.id);
    });
    await phone.network(true);
    const list = async () => (await phone.queue()).map((one) => [one.counter, one.state, one.reason]);
    await expect(async () => expect(await list()).toEqual([[1, 'accepted', null], [3, 'held', 'CHAIN_GAP']])).toPass({ timeout: 40_000 });
    await expect(phone.page.locator('[data-lost]')).toHaveAttribute('data-lost', '2, 4');
    await clean(phone.page);
    // What can be done about it stands beside the sale.
    await phone.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await expect(phone.page.getByRole('tab', { name: 'Revisar 1' })).toBeVisible();
    const gap = phone.page.locator('[data-reason=CHAIN_GAP]');
    await gap.getByRole('button', { name: 'Buscar en este celular' }).click();
    await expect(gap.getByText('Este celular no tiene la número 2, 4.')).toBeVisible();
    await gap.getByRole('button', { name: 'Avisar' }).click();
    await expect(gap.getByText('Copiado. Pégalo en un mensaje.')).toBeVisible();
    expect(await phone.page.evaluate(() => navigator.clipboard.readText())).toMatch(/^Compra 3 · .+ · .*••\d\d · \d productos? · \$[\d.]+ · CHAIN_GAP$/);
    await gap.getByRole('button', { name: 'Entendido' }).click();
    await expect(phone.page.getByRole('tab', { name: 'Revisar', exact: true })).toBeVisible();
    await expect(gap.getByRole('button')).toHaveCount(0);
    // The next sale goes on after them.
    await phone.scan();
    await phone.fill(await codeOf(server, people[4]), [COLA]);
    await phone.confirm();
    await phone.page.locator('[data-result]').waitFor();
    await expect(async () => expect((await phone.queue()).at(-1)).toMatchObject({ counter: 5, state: 'accepted' })).toPass({ timeout: 20_000 });
    await phone.context.close();
  });

  test('a clock three days off, a sale of an older build, and a phone that lost its right', async () => {
    const phone = new Phone(server);
    const days = 3 * 24 * 3_600_000;
    await phone.on({ script: `{ const now = Date.now.bind(Date); const Real = Date; Date.now = () => now() - ${days};
      globalThis.Date = class extends Real { constructor(...all) { all.length ? super(...all) : super(Date.now()); } static now() { return now() - ${days}; } }; }` });
    await phone.register('301 777 0105', 'Tienda Atrasada');
    await phone.scan();
    const people = await Promise.all(Array.from({ length: 4 }, () => consumer(server)));
    await phone.network(false);
    for (const [n, id] of people.slice(0, 2).entries()) await phone.sellOffline(await codeOf(server, id), basket(n));
    // The build before kept the signed bytes as they are.
    await phone.tamper((store, rows) => {
      for (const row of rows) {
        const entry = JSON.parse(row.json);
        store.put({ id: entry.id, device: entry.device_id, counter: entry.counter, signature: entry.signature, bytes: new TextEncoder().encode(entry.capture) });
      }
    });
    await phone.network(true);
    await phone.settled(['accepted', 'accepted']);

    await phone.network(false);
    await phone.scan();
    await phone.sellOffline(await codeOf(server, people[2]), [TEA, TEA]);
    await phone.context.route(BATCH, (route) => route.abort());
    await phone.network(true);
    await phone.page.goto(`${server.url}/t/more`);
    await phone.page.locator('summary').first().click();
    await phone.page.locator('form[action="/fn/tendero/revoke_device"] button').first().click();
    await phone.page.waitForURL(/\/t\/more/);
    await phone.context.unroute(BATCH);
    await phone.network(false);
    await phone.scan();
    await phone.sellOffline(await codeOf(server, people[3]), [COLA, COLA]);
    await phone.network(true);
    const list = async () => (await phone.queue()).slice(2).map((one) => [one.state, one.reason]);
    await expect(async () => expect(await list()).toEqual([['held', 'DEVICE_REVOKED'], ['refused', 'DEVICE_REVOKED']])).toPass({ timeout: 40_000 });
    await expect(phone.page.getByText('Este celular ya no está autorizado').first()).toBeVisible();
    await phone.context.close();
  });
});
