// A campaign's life: from a template over a simulation to publication by a second person, a pause, and back.
import { chromium as playwright, expect, test, type Page } from '@playwright/test';
import { chromium, flags } from '../playwright.config';
import { clean, logIn, publishedByAnother } from '../support/people';
import { api, COLA, consumer } from '../support/phone';
import { start, type Server } from '../support/server';

const screens = [{ width: 1440, height: 900 }, { width: 360, height: 640 }];

test.describe('campaign', () => {
  let server: Server;
  test.beforeAll(async () => {
    server = await start('sqlite');
  });
  test.afterAll(async () => server.stop());

  test('two people publish what one prepared and simulated', async () => {
    const browser = await playwright.launch({ executablePath: chromium, args: flags });
    const page = await (await browser.newContext({ viewport: screens[0], locale: 'es-CO' })).newPage();
    page.setDefaultTimeout(20_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await logIn(page, `${server.url}/b`, 'laura@sierra.example');

    const pictured = async (on: Page, name: string) => {
      for (const viewport of screens) {
        await on.setViewportSize(viewport);
        await on.screenshot({ path: test.info().outputPath(`${name}-${viewport.width}.png`), fullPage: true });
        expect(await on.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} at ${viewport.width}`).toBeLessThanOrEqual(0);
      }
      await on.setViewportSize(screens[0]!);
    };

    await test.step('five mechanics are ready, each with ten answers at most', async () => {
      await page.goto(`${server.url}/b/campaigns/new`);
      await expect(page.locator('.templates a')).toHaveCount(5);
      await pictured(page, '01-templates');
      for (const href of await page.locator('.templates a').evaluateAll((all) => all.map((one) => one.getAttribute('href')!))) {
        await page.goto(`${server.url}${href}`);
        // A list of products is one answer, and so are the days; what is behind the disclosure nobody has to open.
        const asked = await page.locator('#builder :is(input:not([type=hidden]), select)').evaluateAll((all) => {
          const open = all.filter((one) => !one.closest('details:not([open])') && (one as HTMLElement).offsetParent !== null);
          return [...new Set(open.map((one) => one.getAttribute('name')))];
        });
        expect(asked.length, `${href}: ${asked.join(', ')}`).toBeLessThanOrEqual(10);
        await clean(page);
      }
      await pictured(page, '02-builder');
    });

    await test.step('everything that is missing is told at once, with the way to correct it', async () => {
      await page.goto(`${server.url}/b/campaigns/new`);
      await page.getByRole('link', { name: /Lleva 5, gana 1/ }).click();
      await page.getByText('Cola Sierra 400 ml').first().click();
      await page.getByLabel('Nombre del premio').fill('Una cola');
      await page.getByLabel('Lo que le pagas a la tienda por cada uno').fill('2.500');
      await page.getByLabel('Nombre de la campaña').fill('Cola de mayo');
      await page.getByRole('button', { name: 'Guardar y revisar' }).click();
      await page.waitForURL(/campaign\?id=/);
      await expect(page.locator('[data-missing="loyalty.budget_missing"]')).toBeVisible();
      await clean(page);
    });

    await test.step('a draft that passes is simulated', async () => {
      await page.goto(`${server.url}/b/campaigns/new`);
      await page.getByRole('link', { name: /^Puntos por unidad/ }).click();
      await page.getByText('Cola Sierra 400 ml').first().click();
      await page.getByLabel('Nombre de la campaña').fill('Puntos de mayo');
      await page.getByRole('button', { name: 'Guardar y revisar' }).click();
      await page.waitForURL(/campaign\?id=/);
      const draft = page.url();
      await page.getByRole('link', { name: 'Simular' }).click();
      for (const viewport of screens) {
        await page.setViewportSize(viewport);
        await expect(page.locator('[data-forecast]')).toBeVisible();
        expect(Number(await page.locator('[data-forecast]').getAttribute('data-forecast'))).toBeGreaterThan(0);
        await clean(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      }
      await pictured(page, '03-simulation');
      await page.goto(draft);
      await pictured(page, '04-draft');
    });

    await test.step('whoever asks does not publish; a colleague does', async () => {
      await publishedByAnother(browser, server, page);
      await expect(page.getByText('Versión 1')).toBeVisible();
      await expect(page.getByText('Activa', { exact: true })).toBeVisible();
      await clean(page);
      await pictured(page, '05-published');
    });

    await test.step('a sale earns in it, and the report shows the sale', async () => {
      const campaign = page.url();
      const units = async () => {
        await page.goto(`${server.url}/b/reports`);
        const file = await page.request.get(`${server.url}${await page.locator('[data-report=sales_per_pli] [data-csv]').getAttribute('href')}`);
        const row = (await file.text()).split('\r\n').find((line) => line.includes('Cola Sierra 400 ml'));
        return row ?? '';
      };
      const before = await units();
      const shops = await api<{ items: { id: string; country: string }[] }>(server, 'GET', '/shops?limit=100');
      const shop = shops.items.find((one) => one.country === 'CO')!.id;
      const sold = await api<{ status: string; awards: { campaign_name: string; amount: number }[] }>(server, 'POST', '/purchases', {
        external_id: crypto.randomUUID(), shop_id: shop, consumer_id: await consumer(server), purchased_at: new Date().toISOString(), lines: [{ gtin: COLA, quantity: 3, unit_price_minor: 250_000 }],
      });
      expect(sold.status).toBe('accepted');
      expect(sold.awards.find((award) => award.campaign_name === 'Puntos de mayo')?.amount).toBe(30);
      await expect.poll(units, { timeout: 30_000 }).not.toBe(before);
      await pictured(page, '06-report');
      await page.goto(campaign);
    });

    await test.step('a later version shows what changes', async () => {
      const campaign = page.url();
      await page.getByRole('link', { name: 'Nueva versión' }).click();
      await page.getByText('Más opciones').click();
      await page.getByLabel('Solo en estas zonas').fill('Chapinero');
      await page.getByLabel('Máximo de puntos en toda la campaña').fill('5000');
      await page.getByRole('button', { name: 'Guardar y revisar' }).click();
      await page.waitForURL(/campaign\?id=/);
      await page.goto(campaign.replace('/campaign?', '/campaign/review?'));
      await expect(page.locator('[data-difference="Tiendas"]')).toContainText('Chapinero');
      await expect(page.locator('[data-difference="Límites"]')).toContainText('5.000');
      await clean(page);
      await pictured(page, '07-review');
      await page.goto(campaign);
    });

    await test.step('a pause asks first, and is undone', async () => {
      await page.getByRole('link', { name: 'Pausar' }).click();
      await page.getByRole('button', { name: 'Pausar la campaña' }).click();
      await expect(page.getByText('Pausada', { exact: true })).toBeVisible();
      await page.getByRole('link', { name: 'Reanudar' }).click();
      await page.getByRole('button', { name: 'Reanudar la campaña' }).click();
      await expect(page.getByText('Activa', { exact: true })).toBeVisible();
    });

    expect(errors).toEqual([]);
    await browser.close();
  });
});
