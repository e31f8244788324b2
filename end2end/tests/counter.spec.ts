// The product's main job on real input: a camera reads a consumer's QR and two barcodes, and her open page shows it.
import { chromium as playwright, expect, test, type Page } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium, flags } from '../playwright.config';
import { film } from '../support/film';
import { available, start, type Engine, type Server } from '../support/server';

const COLA = '7709001000011';
const TEA = '7709001000073';
const patient = (page: Page) => { page.setDefaultTimeout(15_000); return page; };
const phone = { viewport: { width: 360, height: 640 }, locale: 'es-CO' };

/** The newest code that was sent to a telephone. */
async function codeFor(page: Page, server: Server, telephone: string): Promise<string> {
  let code = '';
  await expect(async () => {
    const outbox = await (await page.request.get(`${server.url}/sandbox/outbox`, { headers: { accept: 'text/html' } })).text();
    const letter = outbox.slice(outbox.indexOf(telephone));
    code = outbox.includes(telephone) ? (/(\d{6}) es tu código/.exec(letter)?.[1] ?? '') : '';
    expect(code).not.toBe('');
  }).toPass({ timeout: 10_000 });
  return code;
}

async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  const serious = found.violations.filter((violation) => violation.impact === 'serious' || violation.impact === 'critical');
  expect(serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(', ')}`)).toEqual([]);
}

for (const engine of ['sqlite', 'postgres'] as Engine[]) {
  test.describe(engine, () => {
    test.skip(!available(engine), 'TEST_POSTGRES_URL is not set');
    let server: Server;
    test.beforeAll(async () => {
      server = await start(engine);
    });
    test.afterAll(async () => server.stop());

    test('from a QR and two barcodes to stamps on a card', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mostrador-film-'));
      const first = await playwright.launch({ executablePath: chromium, args: flags });
      const errors: string[] = [];
      const card = await (await first.newContext(phone)).newPage();
      card.on('pageerror', (error) => errors.push(`consumer: ${error}`));

      await test.step('a consumer signs up in three screens', async () => {
        await card.goto(`${server.url}/c/join`);
        await clean(card);
        await card.getByLabel('Celular').fill('301 777 0001');
        await card.getByRole('button', { name: 'Enviarme el código' }).click();
        await card.waitForURL(/join\/code/);
        await clean(card);
        await card.getByLabel('Código de 6 números').fill(await codeFor(card, server, '+573017770001'));
        await card.getByLabel('¿Cómo te decimos?').fill('Ana');
        await card.getByRole('button', { name: 'Seguir' }).click();
        await card.waitForURL(/join\/consent/);
        await clean(card);
        await card.getByText('Sí, soy mayor').click();
        await card.getByRole('button', { name: 'Crear mi tarjeta' }).click();
        await card.waitForURL(/\/c\/$/);
        await expect(card.getByRole('heading', { name: 'Hola, Ana' })).toBeVisible();
        await clean(card);
      }, { timeout: 45_000 });

      const shopContext = await first.newContext(phone);
      const shop = await shopContext.newPage();
      shop.on('pageerror', (error) => errors.push(`shop: ${error}`));
      await test.step('a shopkeeper logs in', async () => {
        await shop.goto(`${server.url}/t/start`);
        await clean(shop);
        await shop.getByLabel('Celular').fill('300 555 0000');
        await shop.getByRole('button', { name: 'Enviarme el código' }).click();
        await shop.waitForURL(/start\/code/);
        await shop.getByLabel('Código de 6 números').fill(await codeFor(shop, server, '+573005550000'));
        await shop.getByRole('button', { name: 'Seguir' }).click();
        await shop.waitForURL(/start\/device/);
        await clean(shop);
      }, { timeout: 45_000 });

      // The film is read when the browser starts, and a code lives a minute and a half.
      const file = join(folder, 'counter.y4m');
      await card.reload();
      await film(card, [COLA, TEA], file);
      const second = await playwright.launch({
        executablePath: chromium,
        args: [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`],
      }, { timeout: 45_000 });
      const counter = patient(await (await second.newContext({ ...phone, permissions: ['camera'], storageState: await shopContext.storageState() })).newPage());
      counter.on('pageerror', (error) => errors.push(`counter: ${error}`));

      await test.step('the phone makes its key', async () => {
        await counter.goto(`${server.url}/t/start/device`);
        await counter.locator('[data-ready=true]').waitFor();
        await counter.getByRole('button', { name: 'Activar este celular' }).click();
        await counter.waitForURL(/\/t\/$/);
        await expect(counter.getByRole('heading', { name: 'Tienda La Esquina' })).toBeVisible();
        await clean(counter);
      }, { timeout: 45_000 });

      await test.step('the camera reads card and products', async () => {
        await counter.goto(`${server.url}/t/scan`);
        await expect(counter.locator('[data-customer]')).toHaveText(/Ana · ••/, { timeout: 30_000 });
        await expect(counter.locator(`[data-gtin="0${COLA}"]`)).toBeVisible({ timeout: 30_000 });
        await expect(counter.locator(`[data-gtin="0${TEA}"]`)).toBeVisible({ timeout: 30_000 });
        // The film shows each product again every few seconds, and each showing is one more.
        const quantities = counter.locator('[data-gtin] [role=spinbutton]');
        await expect(async () => {
          const counted = await quantities.evaluateAll((all) => all.map((one) => Number((one as HTMLInputElement).value || one.getAttribute('aria-valuenow') || one.textContent)));
          expect(counted.reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(5);
        }).toPass({ timeout: 60_000 });
        await expect(counter.locator('[data-estimate]')).toContainText('sellos', { timeout: 10_000 });
      }, { timeout: 45_000 });

      await test.step('the open card shows it within two seconds, without reload', async () => {
        await counter.locator('[data-confirm]').click({ timeout: 15_000 });
        await expect(counter.locator('[data-result=Accepted]')).toBeVisible({ timeout: 10_000 });
        const since = Date.now();
        await expect(card.locator('[data-wallet] [data-available]').first()).toBeVisible({ timeout: 2_000 });
        console.log(`${engine}: the card showed it after ${Date.now() - since} ms`);
        await expect(counter.getByText('Ganó 1 Cola Sierra 400 ml').first()).toBeVisible();
        await clean(counter);
      }, { timeout: 45_000 });

      await test.step('the full card gives a reward, and the shop hands it over by its code', async () => {
        await card.getByRole('link', { name: 'Mostrar el código' }).click();
        await card.waitForURL(/\/c\/reward\//);
        await clean(card);
        const code = (await card.locator('[data-code]').getAttribute('data-code')) ?? '';
        expect(code).toMatch(/^R1[A-Z2-7]{16}$/);
        await counter.getByRole('button', { name: 'Siguiente cliente' }).click();
        await counter.getByRole('button', { name: 'Escribir el código' }).click();
        await counter.getByLabel('Código de la tarjeta o del producto').fill(code);
        await counter.getByRole('button', { name: 'Leer' }).click();
        await counter.getByRole('button', { name: 'Entregar' }).click();
        await expect(counter.locator('[data-delivered]')).toContainText('Cola Sierra te debe');
        await counter.goto(`${server.url}/t/`);
        expect(Number(await counter.locator('[data-owed]').getAttribute('data-owed'))).toBeGreaterThan(0);
        await card.goto(`${server.url}/c/history`);
        await expect(card.getByText('Ganaste 1 Cola Sierra 400 ml').first()).toBeVisible();
        await clean(card);
      }, { timeout: 45_000 });

      expect(errors).toEqual([]);
      await second.close();
      await first.close();
    });
  });
}
