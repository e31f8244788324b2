// What waits for the operator's decision: a purchase that is held, one that takes two people, a complaint with its
// correction, and a barcode nobody knew. Each is decided with a reason, and stands in the audit. Without scripts, because
// forms must not need them.
import { chromium as playwright, expect, test, type Browser, type Page, type TestInfo } from '@playwright/test';
import { chromium, flags } from '../playwright.config';
import { enter, plain, proven } from '../support/people';
import { start, type Server } from '../support/server';

const COLA = '7709001000011';
const UNKNOWN = '7701234567897';

test.describe('review', () => {
  let server: Server;
  let browser: Browser;
  test.beforeAll(async () => {
    server = await start('sqlite');
    browser = await playwright.launch({ executablePath: chromium, args: flags });
  });
  test.afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  /** On a desk and on a phone; nothing hangs out of either. */
  const picture = async (page: Page, info: TestInfo, name: string) => {
    for (const [width, height] of [[1440, 900], [360, 640]]) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} at ${width}`).toBeLessThanOrEqual(0);
      await page.screenshot({ path: info.outputPath('pictures', `${name}-${width}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  };
  const program = { authorization: '' };
  const shop = async (page: Page): Promise<string> => (await (await page.request.get(`${server.url}/api/v1/shops?q=esquina`, { headers: program })).json()).items[0].id;
  let sales = 0;
  const sells = async (page: Page, buyer: object, units: number): Promise<{ purchase_id: string; status: string }> => {
    sales += 1;
    const data = { external_id: `R-${sales}`, shop_id: await shop(page), purchased_at: new Date().toISOString(), lines: [{ gtin: COLA, quantity: units }], ...buyer };
    const told = await page.request.post(`${server.url}/api/v1/purchases`, { headers: program, data });
    expect(told.status()).toBe(201);
    return told.json();
  };
  const somebody = async (page: Page): Promise<string> => {
    const made = await page.request.post(`${server.url}/api/v1/sandbox/consumers`, { headers: program, data: { name: 'Luz', country: 'CO' } });
    return (await made.json()).consumer_id;
  };
  const tile = (page: Page, words: string) => page.locator('.tile', { hasText: words }).locator('.tile__figure');

  test('what waits is decided with a reason, by two when it is large', async ({}, info) => {
    program.authorization = `Bearer ${server.key}`;
    const julian = await plain(browser, 1440, 900);
    await enter(julian, `${server.url}/o`, 'julian@mostrador.example');
    await julian.goto(`${server.url}/o/user`);
    await julian.getByLabel('Nombre').fill('Marta');
    await julian.getByLabel('Correo').fill('marta@mostrador.example');
    await julian.getByLabel('Organización').selectOption({ label: 'Mostrador' });
    await julian.getByLabel('Primera contraseña').fill('una frase bien larga');
    await julian.getByRole('button', { name: 'Agregar persona' }).click();
    await expect(julian.getByText('Ya puede entrar')).toBeVisible();

    const [luz, eva] = [await somebody(julian), await somebody(julian)];
    await sells(julian, { consumer_id: luz }, 1);
    const small = await sells(julian, { consumer_id: luz }, 1);
    await sells(julian, { consumer_id: eva }, 6);
    const large = await sells(julian, { consumer_id: eva }, 6);
    expect([small.status, large.status]).toEqual(['held', 'held']);

    await test.step('the queue says how many wait and for how long', async () => {
      await julian.goto(`${server.url}/o/reviews`);
      await expect(tile(julian, 'Espera a la mitad')).toBeVisible();
      expect(Number(await tile(julian, 'Esperan').innerText())).toBeGreaterThanOrEqual(2);
      await picture(julian, info, 'reviews');
    });

    await test.step('nothing is decided without a choice', async () => {
      await julian.goto(`${server.url}/o/review?id=${small.purchase_id}`);
      await julian.getByLabel('Motivo').fill('Vino dos veces');
      await julian.getByRole('button', { name: 'Guardar la decisión' }).click();
      await expect(julian.getByText('Elige una de las dos opciones.')).toBeVisible();
      await picture(julian, info, 'review');
    });

    await test.step('a small one is decided by one person', async () => {
      await julian.getByLabel('Motivo').fill('Vino dos veces');
      await julian.getByText('Aprobar: cuenta con su propia fecha').click();
      await julian.getByRole('button', { name: 'Guardar la decisión' }).click();
      await julian.waitForURL(/\/o\/reviews$/);
      await julian.goto(`${server.url}/o/review?id=${small.purchase_id}`);
      await expect(julian.getByText('Otra persona ya decidió')).toBeVisible();
    });

    const marta = await plain(browser, 1440, 900);
    await enter(marta, `${server.url}/o`, 'marta@mostrador.example', 'una frase bien larga');
    await test.step('a large one takes two', async () => {
      await julian.goto(`${server.url}/o/review?id=${large.purchase_id}`);
      await expect(julian.getByText('hacen falta dos')).toBeVisible();
      const approve = async (page: Page) => {
        await page.getByLabel('Motivo').fill('Son dos familias');
        await page.getByText('Aprobar: cuenta con su propia fecha').click();
        await page.getByRole('button', { name: 'Guardar la decisión' }).click();
      };
      await approve(julian);
      await expect(julian.getByText('Ya la aprobaste.')).toBeVisible();
      await approve(julian);
      await expect(julian.getByText('La propusiste tú')).toBeVisible();
      await marta.goto(`${server.url}/o/review?id=${large.purchase_id}`);
      await expect(marta.getByText('ya la aprobó: «Son dos familias»')).toBeVisible();
      await picture(marta, info, 'review-of-two');
      await approve(marta);
      await marta.waitForURL(/\/o\/reviews$/);
    });

    await test.step('a complaint is answered with a correction that another person approves', async () => {
      const card = await plain(browser, 360, 640);
      await proven(card, server, '/c/join', '300 555 1000');
      if (/recover/.test(card.url())) await card.locator('form[method=post] button').first().click();
      await card.waitForURL(/\/c\/$/);
      const mine: { code: string } = await (await card.request.get(`${server.url}/api/v1/me/card`)).json();
      const bought = await sells(julian, { card_code: mine.code }, 2);
      const complaint = await card.request.post(`${server.url}/api/v1/disputes`, { headers: { 'sec-fetch-site': 'same-origin' }, data: { subject: { purchase: bought.purchase_id }, claim: 'not_counted' } });
      expect(complaint.status()).toBe(201);

      await julian.goto(`${server.url}/o/disputes`);
      await expect(tile(julian, 'Espera a la mitad')).toBeVisible();
      await picture(julian, info, 'disputes');
      await julian.getByRole('link', { name: 'No me sumó' }).first().click();
      await julian.getByLabel('Cantidad').or(julian.getByLabel('Monto')).or(julian.locator('#amount')).first().fill('muchos');
      await julian.locator('#reason').fill('Faltaron sellos');
      await julian.getByRole('button', { name: 'Proponer la corrección' }).click();
      await expect(julian.getByText('Revisa este dato.')).toBeVisible();
      await picture(julian, info, 'dispute-refused');
      await julian.locator('#amount').fill('20');
      await julian.locator('#reason').fill('Faltaron sellos');
      await julian.getByRole('button', { name: 'Proponer la corrección' }).click();
      await julian.waitForURL(/\/o\/disputes$/);
      await expect(julian.getByText('Otra persona debe aprobarla')).toBeVisible();
      await marta.goto(`${server.url}/o/disputes`);
      await marta.locator('summary', { hasText: 'Tu decisión' }).first().click();
      await marta.locator('form[action="/fn/backoffice/decide_adjustment"] [name=why]').first().fill('Revisado');
      await marta.getByRole('button', { name: 'Aprobar', exact: true }).first().click();
      await expect(marta.getByText('Hecha').first()).toBeVisible();
      await picture(marta, info, 'corrections');
    });

    await test.step('a barcode nobody knew is closed with its reason', async () => {
      const owner = await plain(browser, 360, 640);
      await proven(owner, server, '/t/start', '300 555 0000');
      const met = await owner.request.post(`${server.url}/api/v1/product_proposals`, { headers: { 'sec-fetch-site': 'same-origin' }, data: { gtin: UNKNOWN, name: 'Gaseosa rara' } });
      expect(met.ok()).toBe(true);
      await julian.goto(`${server.url}/o/proposals`);
      await julian.getByRole('link', { name: 'Gaseosa rara' }).click();
      await picture(julian, info, 'proposal');
      await julian.getByLabel('Motivo').fill('No es de venta');
      await julian.getByRole('button', { name: 'Cerrar sin crear' }).click();
      await julian.waitForURL(/\/o\/proposals/);
      await expect(julian.getByRole('link', { name: 'Gaseosa rara' })).toHaveCount(0);
    });

    await test.step('every decision stands in the audit with its reason', async () => {
      for (const [subject, why] of [[small.purchase_id, 'Vino dos veces'], [large.purchase_id, 'Son dos familias']]) {
        await julian.goto(`${server.url}/o/audit?q=${subject}`);
        await expect(julian.getByText(why).first()).toBeVisible();
      }
      await picture(julian, info, 'audit');
    });

    await test.step('the other desks hold on a desk and on a phone', async () => {
      for (const path of ['alerts', 'privacy', 'shops/import', 'settlements', 'sell-in', 'sandboxes', 'organisations', 'products']) {
        await julian.goto(`${server.url}/o/${path}`);
        await expect(julian.getByRole('heading', { level: 1 })).toBeVisible();
        await picture(julian, info, path.replace('/', '-'));
      }
    });
  });
});
