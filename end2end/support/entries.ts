// The entry pages of every front, and whoever may see them, from the seeded demo world.
import { expect, type Page } from '@playwright/test';
import { logIn } from './people';
import type { Server } from './server';

/** Without a session, and inside one. */
export const OUTSIDE = ['/', '/c/join', '/t/start', '/b/login', '/o/login'];
export const INSIDE = ['/c/', '/t/', '/t/scan', '/b/', '/o/'];

/** Every page of the consoles that needs nothing but a session. */
export const CONSOLES = ['/b/', '/b/reports', '/b/reports/consumers', '/b/campaigns', '/b/campaigns/new', '/b/campaigns/edit', '/b/products', '/b/payouts', '/b/account', '/o/', '/o/shops', '/o/products', '/o/import', '/o/proposals', '/o/organisations', '/o/users', '/o/account', '/o/audit'];

/** Every page of the phones that needs nothing but a session. */
export const PHONES = ['/c/', '/c/history', '/c/rewards', '/c/you', '/t/', '/t/scan', '/t/today', '/t/owed', '/t/card?code=S1AAAAAAAAAAAAAA', '/t/more'];

/** The newest code that was sent to a telephone. */
async function codeFor(page: Page, server: Server, telephone: string): Promise<string> {
  let code = '';
  await expect(async () => {
    const outbox = await (await page.request.get(`${server.url}/sandbox/outbox`, { headers: { accept: 'text/html' } })).text();
    code = outbox.includes(telephone) ? (/(\d{6}) es tu código/.exec(outbox.slice(outbox.indexOf(telephone)))?.[1] ?? '') : '';
    expect(code).not.toBe('');
  }).toPass({ timeout: 10_000 });
  return code;
}

/** One browser becomes a consumer, a shop with its phone, a brand and the operator: each has a cookie of its own. */
export async function signInEverywhere(page: Page, server: Server): Promise<void> {
  await page.goto(`${server.url}/c/join`);
  await page.getByLabel('Celular').fill('301 777 0001');
  await page.getByRole('button', { name: 'Enviarme el código' }).click();
  await page.waitForURL(/join\/code/);
  await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, '+573017770001'));
  await page.getByLabel('¿Cómo te decimos?').fill('Ana');
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL(/join\/consent/);
  await page.getByText('Sí, soy mayor').click();
  await page.getByRole('button', { name: 'Crear mi tarjeta' }).click();
  await page.waitForURL(/\/c\/$/);

  await page.goto(`${server.url}/t/start`);
  await page.getByLabel('Celular').fill('301 777 0002');
  await page.getByRole('button', { name: 'Enviarme el código' }).click();
  await page.waitForURL(/start\/code/);
  await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, '+573017770002'));
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL(/start\/shop/);
  await page.getByLabel('Nombre de la tienda').fill('Tienda La Palma');
  await page.getByLabel('Ciudad').fill('Cali');
  await page.locator('#owner').fill('Rosa');
  await page.getByRole('button', { name: 'Registrar tienda' }).click();
  await page.waitForURL(/start\/device/);
  await page.locator('[data-ready=true]').waitFor();
  await page.getByRole('button', { name: 'Activar este celular' }).click();
  await page.waitForURL(/\/t\/$/);

  await logIn(page, `${server.url}/b`, 'laura@sierra.example');
  await logIn(page, `${server.url}/o`, 'julian@mostrador.example');
}
