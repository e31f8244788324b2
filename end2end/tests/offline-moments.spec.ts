// What a phone says when its card moved, its clock is off, the camera fails, somebody else shares it, or it is full.
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { network } from '../support/network';
import { clean, codeFor, controlled, enrol, registerShop, signUp } from '../support/people';
import { BATCH, COLA, Phone, TEA, api, codeOf, consumer } from '../support/phone';
import { ground, type Server } from '../support/server';

/** Every clock of the page runs so much ahead. */
const ahead = (ms: number) => `{ const now = Date.now.bind(Date); const Real = Date; const by = ${ms};
  globalThis.Date = class extends Real { constructor(...all) { all.length ? super(...all) : super(now() + by); } static now() { return now() + by; } }; }`;

let server: Server;
let browser: Browser;
ground('sqlite', (made) => ({ server, browser } = made));

const errors: string[] = [];
test.afterEach(() => expect(errors.splice(0)).toEqual([]));

async function person(script?: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport: { width: 360, height: 640 }, locale: 'es-CO' });
  if (script) await context.addInitScript(script);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => errors.push(String(error)));
  return { context, page };
}

/** The card makes its codes itself. */
const ownCode = async (page: Page): Promise<string> => {
  await expect(async () => expect(await page.evaluate(() => new Promise((done) => {
    const opening = indexedDB.open('mostrador-consumer', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('key');
    opening.onsuccess = () => {
      const reading = opening.result.transaction('key').objectStore('key').get('card');
      reading.onsuccess = () => { opening.result.close(); done(Boolean(reading.result?.note)); };
    };
  }))).toBe(true)).toPass({ timeout: 10_000 });
  await page.waitForTimeout(1_200);
  return (await page.locator('[data-code]').getAttribute('data-code'))!;
};

const shopId = async (): Promise<string> => (await api<{ items: { id: string }[] }>(server, 'GET', '/shops?limit=1')).items[0].id;

const buys = async (code: string, id: string) => api<{ status: string }>(server, 'POST', '/purchases', {
  external_id: id, shop_id: await shopId(), card_code: code, purchased_at: new Date().toISOString(), lines: [{ gtin: COLA, quantity: 1 }],
});

/** Her card in one more browser. */
async function alsoOn(from: Page): Promise<{ context: BrowserContext; page: Page }> {
  await from.goto(`${server.url}/c/you`);
  await from.getByRole('button', { name: 'Pasar mi tarjeta a la app' }).click();
  const code = (await from.locator('[data-move-code]').getAttribute('data-move-code'))!;
  const other = await person();
  await other.page.goto(`${server.url}/c/join/move`);
  await other.page.locator('#code').fill(code);
  await other.page.locator('form[action="/fn/consumer/move_card"] button').click();
  await other.page.waitForURL(/\/c\/$/);
  await ownCode(other.page);
  return other;
}

test('a card on a fourth phone tells the first one, which takes its place back', async () => {
  const first = await person();
  await signUp(first.page, server, '301 777 0201', 'Ana');
  await ownCode(first.page);
  await controlled(first.page);
  // Opening a shop's poster while signed in forgets nothing.
  await first.page.goto(`${server.url}/c/join`);
  await first.page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await first.page.waitForTimeout(500);
  await network(first.context, false);
  await first.page.goto(`${server.url}/c/`);
  await expect(first.page.locator('[data-code]')).toHaveAttribute('data-code', /^Q1[A-Z2-7]{36}$/);
  await expect(first.page.getByRole('heading', { name: 'Hola, Ana' })).toBeVisible();
  await network(first.context, true);

  const others = [await alsoOn(first.page), await alsoOn(first.page), await alsoOn(first.page)];
  await first.page.goto(`${server.url}/c/`);
  const plate = first.page.locator('[data-plate=elsewhere]');
  await expect(plate).toContainText('Esta tarjeta se abrió en otro celular');
  await expect(first.page.locator('[data-code]')).toBeHidden();
  await clean(first.page);
  await network(first.context, false);
  await first.page.reload();
  await expect(plate, 'without network, too').toBeVisible();
  await network(first.context, true);
  await first.page.reload();
  await plate.getByRole('button', { name: 'Usar en este celular' }).click();
  await expect(plate).toBeHidden();
  await expect(first.page.locator('[data-code]')).toBeVisible();
  const after = await ownCode(first.page);
  expect((await buys(after, 'moments-after')).status).toBe('accepted');
  await first.page.reload();
  await first.page.waitForTimeout(1_500);
  await expect(plate).toHaveCount(0);

  // Somebody finds the card again with her number: every other phone hears that, and is not led to the sign-up.
  const fifth = await person();
  await fifth.page.goto(`${server.url}/c/join`);
  await fifth.page.getByLabel('Celular').fill('301 777 0201');
  await fifth.page.getByRole('button', { name: 'Enviarme el código' }).click();
  await fifth.page.waitForURL(/join\/code/);
  // Not the one that she signed up with.
  await expect(async () => expect((await (await fifth.page.request.get(`${server.url}/sandbox/outbox`, { headers: { accept: 'text/html' } })).text()).split('+573017770201').length).toBeGreaterThan(2)).toPass({ timeout: 10_000 });
  await fifth.page.getByLabel('Código de 6 números').fill(await codeFor(fifth.page, server, '+573017770201'));
  await fifth.page.getByRole('button', { name: 'Seguir' }).click();
  await fifth.page.getByRole('button', { name: 'Usar en este celular' }).click();
  await fifth.page.waitForURL(/\/c\/$/);
  await first.page.goto(`${server.url}/c/`);
  await first.page.waitForURL(/\/c\/join\/elsewhere$/);
  await expect(first.page.getByText('Esta tarjeta se abrió en otro celular')).toBeVisible();
  await clean(first.page);
  await first.page.getByRole('link', { name: 'Usar en este celular' }).click();
  await expect(first.page.getByLabel('Celular')).toBeVisible();
  for (const { context } of [first, fifth, ...others]) await context.close();
});

for (const [by, words] of [[12 * 60_000, 'Va 12 min adelantada'], [-185 * 60_000, 'Va 3 h 5 min atrasada']] as const) {
  test(`a clock that is off says by how much: ${words}`, async () => {
    const { context, page } = await person(ahead(by));
    await signUp(page, server, by > 0 ? '301 777 0202' : '301 777 0203', 'Luz');
    const plate = page.locator('[data-plate=clock]');
    await expect(async () => expect((await plate.innerText()).replaceAll('\u00a0', ' ')).toContain(words)).toPass({ timeout: 10_000 });
    await expect(page.locator('[data-code]')).toBeHidden();
    await plate.getByText('Cómo arreglarla').click();
    await expect(plate.getByText('activa la hora automática')).toBeVisible();
    await clean(page);
    const code = await ownCode(page);
    await plate.getByRole('button', { name: 'Mostrar mi código' }).click();
    await expect(page.locator('dialog .qr')).toBeVisible();
    await page.getByRole('button', { name: 'Listo' }).last().click();
    await plate.getByRole('link', { name: 'Dictar código' }).click();
    await expect(page.locator('[data-digits]')).toBeVisible();
    // It was made by the right time all the same. Last: news of a sale closes the code that is shown large.
    expect((await buys(code, `moments-clock-${by}`)).status).toBe('accepted');
    await context.close();
  });
}

test('a card asks for one key, however often its page is read meanwhile', async () => {
  const { context, page } = await person();
  await signUp(page, server, '301 777 0226', 'Eva');
  await ownCode(page);
  await controlled(page);
  // Her browser threw the key away.
  await page.evaluate(() => new Promise((done) => {
    const opening = indexedDB.open('mostrador-consumer', 1);
    opening.onsuccess = () => {
      const writing = opening.result.transaction('key', 'readwrite');
      writing.objectStore('key').delete('card');
      writing.oncomplete = () => { opening.result.close(); done(true); };
    };
  }));
  let [asked, read] = [0, 0];
  let answer = (): void => {};
  const answered = new Promise<void>((done) => { answer = done; });
  await page.route('**/fn/consumer/take_card_key', async (route) => {
    asked += 1;
    await answered;
    await route.continue();
  });
  page.on('response', (response) => { if (response.url().endsWith('/fn/consumer/read_card')) read += 1; });
  await page.reload();
  await expect.poll(() => asked, { timeout: 15_000 }).toBe(1);
  // Whoever comes back to the page reads the card again.
  const before = read;
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect.poll(() => read, { timeout: 15_000 }).toBeGreaterThan(before);
  await page.waitForTimeout(500);
  answer();
  expect((await buys(await ownCode(page), 'moments-one-key')).status).toBe('accepted');
  expect(asked).toBe(1);
  await context.close();
});

test('six digits open a sale once, and what came meanwhile is told', async () => {
  const ana = await person();
  await signUp(ana.page, server, '301 777 0204', 'Ana');
  await ownCode(ana.page);
  const phone = new Phone(server);
  // A phone that cannot vibrate flashes.
  await phone.on({ script: 'delete Navigator.prototype.vibrate;' });
  await phone.register('301 777 0205', 'Tienda La Voz');
  await phone.scan();
  await ana.page.getByRole('link', { name: /Dicta un código/ }).click();
  const digits = (await ana.page.locator('[data-digits]').getAttribute('data-digits'))!;
  expect(digits).toMatch(/^\d{6}$/);
  await expect(ana.page.locator('[data-digits]')).toHaveText(`${digits.slice(0, 3)} ${digits.slice(3)}`);
  await clean(ana.page);

  await phone.fill(digits, [COLA, COLA, COLA]);
  await expect(phone.page.locator('[data-customer]')).toHaveText(/^Ana · ••/);
  await phone.confirm();
  await expect(phone.page.locator('[data-result=Accepted]')).toHaveClass(/result--flash/);
  await phone.page.getByRole('button', { name: 'Siguiente cliente' }).click();
  await phone.page.locator('#typed').fill(digits === '111111' ? '222222' : '111111');
  await phone.page.locator('#typed').press('Enter');
  await expect(phone.page.locator('[data-alarm]')).toContainText('Ese código no sirve o ya venció');

  await ana.page.goto(`${server.url}/c/`);
  await expect(ana.page.locator('[data-away]')).toHaveCount(0);
  // The digits stood for the code of that half minute.
  const spent = await ownCode(ana.page);
  await expect(ana.page.locator('[data-code]')).not.toHaveAttribute('data-code', spent, { timeout: 40_000 });
  const code = await ownCode(ana.page);
  await ana.page.goto('about:blank');
  await phone.network(false);
  await phone.sellOffline(code, [TEA, COLA]);
  await phone.network(true);
  await expect(async () => expect((await phone.queue()).at(-1)?.state).toBe('accepted')).toPass({ timeout: 40_000 });
  await ana.page.goto(`${server.url}/c/`);
  await expect(ana.page.locator('[data-away]').first()).toContainText(/^Mientras no tenías señal: \+\d+ .+ en Tienda La Voz$/);
  await clean(ana.page);
  await ana.page.reload();
  await ana.page.waitForTimeout(1_500);
  await expect(ana.page.locator('[data-away]'), 'told once').toHaveCount(0);
  expect(phone.errors).toEqual([]);
  await phone.context.close();
  await ana.context.close();
});

test('two people on one phone see their own sales, and how many are the other\'s', async () => {
  const phone = await Phone.working(server, '301 777 0206', 'Tienda De Rosa');
  const people = await Promise.all(Array.from({ length: 4 }, () => consumer(server)));
  await phone.network(false);
  for (const id of people.slice(0, 3)) await phone.sellOffline(await codeOf(server, id), [COLA]);
  await phone.context.route(BATCH, (route) => route.abort());
  await phone.network(true);
  expect((await phone.queue()).map((one) => one.counter)).toEqual([1, 2, 3]);

  await phone.context.clearCookies();
  await registerShop(phone.page, server, '301 777 0207', 'Tienda De Luis');
  await enrol(phone.page, server, 'Tienda De Luis');
  expect(await phone.queue(), 'not hers to see').toEqual([]);
  await expect(phone.page.locator('[data-others="3"]')).toHaveText('3 ventas de otra persona esperan en este celular; se envían solas.');
  await expect(phone.page.getByText('3 de 50')).toBeVisible();
  await clean(phone.page);
  await phone.scan();
  await phone.network(false);
  await phone.sellOffline(await codeOf(server, people[3]), [TEA]);
  expect((await phone.queue()).map((one) => [one.counter, one.state])).toEqual([[1, 'waiting']]);
  await expect(phone.page.locator('.queue__count')).toHaveText('1');
  await expect(phone.page.getByText('4 de 50')).toBeVisible();

  await phone.context.unroute(BATCH);
  await phone.network(true);
  await expect(phone.page.locator('[data-waiting="0"]')).toBeVisible({ timeout: 40_000 });
  await expect(phone.page.locator('[data-others]')).toHaveCount(0);
  expect((await phone.queue()).map((one) => [one.counter, one.state])).toEqual([[1, 'accepted']]);
  const rosa = await api<{ items: { id: string; name: string }[] }>(server, 'GET', '/shops?q=Rosa&limit=100');
  expect(rosa.items.length).toBe(1);
  expect(phone.errors).toEqual([]);
  await phone.context.close();
});

test('a full phone offers its list for paper', async () => {
  const phone = await Phone.working(server, '301 777 0208', 'Tienda Repleta');
  await phone.network(false);
  await phone.sellOffline(await codeOf(server, await consumer(server)), [COLA, TEA]);
  // Forty-nine more, as if they had been sold.
  await phone.tamper((store, [row]) => {
    const entry = JSON.parse(row.json);
    for (let counter = 2; counter <= 50; counter++) {
      const id = crypto.randomUUID();
      store.put({ id, json: JSON.stringify({ ...entry, id, counter }) });
    }
  });
  expect((await phone.queue()).length).toBe(50);
  const paper = phone.page.locator('[data-paper="50"]');
  await expect(paper.getByRole('heading', { name: 'Anotar en papel' })).toBeVisible();
  await clean(phone.page);
  await phone.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await paper.getByRole('button', { name: 'Copiar' }).click();
  await expect(paper.getByText('Copiado.')).toBeVisible();
  const lines = (await phone.page.evaluate(() => navigator.clipboard.readText())).split('\n');
  expect(lines.length).toBe(50);
  expect(lines[0]).toMatch(/^Compra 1 · .+ · .*••\d\d · 2 productos · \$[\d.]+$/);
  await phone.page.emulateMedia({ media: 'print' });
  await expect(paper.locator('.paper')).toBeVisible();
  await expect(paper.locator('.paper__blank')).toHaveCount(20);
  await expect(phone.page.getByRole('heading', { name: 'Compras guardadas' })).toBeHidden();
  await phone.page.emulateMedia({ media: null });
  await expect(paper.locator('.paper')).toBeHidden();
  // The scanner still reads; the sale is refused and its basket stays.
  await phone.scan();
  await phone.fill(await codeOf(server, await consumer(server)), [TEA]);
  await phone.confirm();
  await expect(phone.page.locator('[data-alarm]')).toContainText('Anota en papel');
  await expect(phone.page.locator('[data-gtin]')).toHaveCount(1);
  await phone.context.close();
});
