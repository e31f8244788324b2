// Every page of both consoles, at a desk and on a phone: no serious finding, nothing wider than the screen, no error.
import { chromium as playwright, expect, test } from '@playwright/test';
import { chromium, flags } from '../playwright.config';
import { clean, logIn } from '../support/people';
import { start, type Server } from '../support/server';

const consoles = [
  { address: '/b', email: 'laura@sierra.example', pages: ['/b/', '/b/reports', '/b/reports/shops', '/b/reports/consumers', '/b/reports/campaign', '/b/reports/points', '/b/campaigns', '/b/campaigns/new', '/b/campaigns/edit?template=stamp_card', '/b/campaigns/edit?template=points_per_value&name=&starts=2026-13-01&error=required', '/b/products', '/b/products?new=1', '/b/products?q=nada', '/b/payouts', '/b/account', '/b/nothing'] },
  { address: '/o', email: 'julian@mostrador.example', pages: ['/o/', '/o/shops', '/o/products', '/o/product', '/o/import', '/o/proposals', '/o/organisations', '/o/users', '/o/user', '/o/audit', '/o/account', '/o/nothing'] },
];
const screens = { desk: { width: 1440, height: 900 }, phone: { width: 360, height: 640 } };

test.describe('consoles', () => {
  let server: Server;
  test.beforeAll(async () => {
    server = await start('sqlite');
  });
  test.afterAll(async () => server.stop());

  for (const { address, email, pages } of consoles) {
    for (const [name, viewport] of Object.entries(screens)) {
      test(`${address} ${name}`, async () => {
        const browser = await playwright.launch({ executablePath: chromium, args: flags });
        const page = await (await browser.newContext({ viewport, locale: 'es-CO' })).newPage();
        const errors: string[] = [];
        page.on('pageerror', (error) => errors.push(String(error)));
        // What does not exist answers so, and Chromium writes that down for every page.
        const missing = `${server.url}${address}/nothing`;
        page.on('console', (message) => message.type() === 'error' && message.location().url !== missing && errors.push(message.text()));
        await logIn(page, `${server.url}${address}`, email);
        for (const path of pages) {
          await test.step(path, async () => {
            const answer = await page.goto(`${server.url}${path}`);
            expect(answer?.status(), path).toBe(path.endsWith('/nothing') ? 404 : 200);
            await expect(page.locator('#main :is(h1, h2, h3)').first()).toBeVisible();
            await clean(page);
            expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
          });
        }
        expect(errors).toEqual([]);
        await browser.close();
      });
    }
  }
});
