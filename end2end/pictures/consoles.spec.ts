// The consoles at a desk, from the seeded demo world.
import { chromium as playwright, test, type Page } from '@playwright/test';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { logIn } from '../support/people';
import { start } from '../support/server';

const file = `gtin,nombre,marca,categoria,precio,moneda
7709001000011,Cola Sierra 400 ml,Cola Sierra,drink,2600,COP
7709001000097,Sierra Manzana 400 ml,Cola Sierra,drink,2500,COP
7709001000103,Sierra Uva 400 ml,Cola Sierra,drink,2500,COP
7709001000110,Sierra Toronja 400 ml,Cola Sierra,drink,dos mil,COP
7709001000127,,Cola Sierra,drink,2500,COP
7709001000134,Sierra Soda 1 L,Sierra Andina,drink,3900,COP
7709001000146,Sierra Tónica 300 ml,Cola Sierra,drink,2900,COP
`;

test('consoles', async () => {
  const server = await start('sqlite');
  const browser = await playwright.launch({ executablePath: chromium, args: flags });
  const open = async (colorScheme: 'light' | 'dark') => (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-CO', colorScheme })).newPage();
  const shoot = async (page: Page, name: string) => {
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: join(__dirname, `${name}.png`) });
  };
  for (const scheme of ['light', 'dark'] as const) {
    const end = scheme === 'dark' ? '-dark' : '';
    const brand = await open(scheme);
    await logIn(brand, `${server.url}/b`, 'laura@sierra.example');
    await shoot(brand, `brand-dashboard${end}`);
    await brand.goto(`${server.url}/b/campaigns/edit?template=stamp_card`);
    await brand.locator('#reward_name').fill('1 Cola 400 ml');
    await brand.locator('#reward_cost').fill('2.700');
    await brand.locator('#name').fill('Lleva 5, gana 1');
    for (const name of ['Cola Sierra 400 ml', 'Sierra Cero 400 ml', 'Sierra Limón 400 ml', 'Sierra Agua 600 ml']) await brand.locator('.pick', { hasText: name }).click();
    await brand.locator('#units').focus();
    await shoot(brand, `brand-campaign-builder${end}`);
    const office = await open(scheme);
    await logIn(office, `${server.url}/o`, 'julian@mostrador.example');
    await office.goto(`${server.url}/o/import`);
    await office.locator('input[type=file]').setInputFiles({ name: 'productos-sierra.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
    await office.getByRole('button', { name: 'Revisar archivo' }).click();
    await office.waitForURL(/import\?id=/);
    await shoot(office, `backoffice-import${end}`);
  }
  await browser.close();
  await server.stop();
});
