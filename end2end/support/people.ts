// What everybody does on a page.
import { expect, type Browser, type Page } from '@playwright/test';
import AxeBuilder from '@axe-core/playwright';
import type { Server } from './server';

/** Serious findings of axe, none. */
export async function clean(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  const serious = found.violations.filter((violation) => violation.impact === 'serious' || violation.impact === 'critical');
  expect(serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(', ')}`)).toEqual([]);
}

/** Somebody of a console, logged in. */
export async function logIn(page: Page, address: string, email: string): Promise<void> {
  await page.goto(`${address}/login`);
  await clean(page);
  await page.getByLabel('Correo').fill(email);
  await page.getByLabel('Contraseña', { exact: true }).fill('mostrador-demo');
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.waitForURL(`${address}/`);
}

/** The same without looking at the page, for one whose scripts are off. */
export async function enter(page: Page, address: string, email: string, password = 'mostrador-demo'): Promise<void> {
  await page.goto(`${address}/login`);
  await page.getByLabel('Correo').fill(email);
  await page.getByLabel('Contraseña').fill(password);
  await page.getByRole('button', { name: 'Entrar' }).click();
  await page.waitForURL(`${address}/`);
}

/** A page of somebody new, without scripts. */
export async function plain(browser: Browser, width: number, height: number): Promise<Page> {
  return (await browser.newContext({ viewport: { width, height }, locale: 'es-CO', javaScriptEnabled: false })).newPage();
}

/** Laura asks on her page of a draft, and Andrés reads it and publishes. The page is loaded again. */
export async function publishedByAnother(browser: Browser, server: Server, page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pedir revisión' }).click();
  await expect(page.getByText('Falta que otra persona de tu equipo la publique')).toBeVisible();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-CO' });
  const second = await context.newPage();
  await logIn(second, `${server.url}/b`, 'andres@sierra.example');
  await second.goto(page.url());
  await second.getByRole('link', { name: 'Revisar y publicar' }).click();
  await second.waitForURL(/campaign\/review/);
  await clean(second);
  await second.getByRole('button', { name: 'Publicar campaña' }).click();
  await second.waitForURL(/campaign\?id=/);
  await context.close();
  await page.reload();
}

/** The page's service worker has taken it over. */
export const controlled = (page: Page): Promise<void> => page.evaluate(async () => {
  await navigator.serviceWorker.ready;
  while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 50));
});

const told = new Map<string, string>();

/** The newest code that was sent to a telephone, once there is another one than the last that was asked for. */
export async function codeFor(page: Page, server: Server, telephone: string): Promise<string> {
  const whose = `${server.url} ${telephone}`;
  let code = '';
  await expect(async () => {
    const outbox = await (await page.request.get(`${server.url}/sandbox/outbox`, { headers: { accept: 'text/html' } })).text();
    const letter = outbox.slice(outbox.indexOf(telephone));
    code = outbox.includes(telephone) ? (/(\d{6}) es (?:tu|el) código/.exec(letter)?.[1] ?? '') : '';
    expect(code).not.toBe('');
    expect(code).not.toBe(told.get(whose));
  }).toPass({ timeout: 30_000 });
  told.set(whose, code);
  return code;
}

/** Somebody with a telephone that the seed knows, or a new one: the page stands after its code. */
export async function proven(page: Page, server: Server, door: string, telephone: string): Promise<void> {
  await page.goto(`${server.url}${door}`);
  await page.getByLabel('Celular').fill(telephone);
  await page.getByRole('button', { name: 'Enviarme el código' }).click();
  await page.waitForURL(/\/code/);
  await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, `+57${telephone.replace(/ /g, '')}`));
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/code'));
}

/** Whoever stands before `/c/join` says who she is; the page stands before her consent. */
export async function named(page: Page, server: Server, telephone: string, name: string): Promise<void> {
  await page.getByLabel('Celular').fill(telephone);
  await page.getByRole('button', { name: 'Enviarme el código' }).click();
  await page.waitForURL(/join\/code/);
  await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, `+57${telephone.replace(/ /g, '')}`));
  await page.getByLabel('¿Cómo te decimos?').fill(name);
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL(/join\/consent/);
}

/** She is of age and gives what must be given; the page stands on her card. */
export async function consents(page: Page): Promise<void> {
  await page.getByText('Sí, soy mayor').click();
  await page.getByRole('button', { name: 'Crear mi tarjeta' }).click();
  await page.waitForURL(/\/c\/$/);
}

/** A consumer signs up; the page stands on her card. */
export async function signUp(page: Page, server: Server, telephone: string, name: string): Promise<void> {
  await page.goto(`${server.url}/c/join`);
  await named(page, server, telephone, name);
  await consents(page);
  await expect(page.getByRole('heading', { name: `Hola, ${name}` })).toBeVisible();
}

/** A shop registers itself; the page stands where its phone makes a key. */
export async function registerShop(page: Page, server: Server, telephone: string, name: string): Promise<void> {
  await page.goto(`${server.url}/t/start`);
  await page.getByLabel('Celular').fill(telephone);
  await page.getByRole('button', { name: 'Enviarme el código' }).click();
  await page.waitForURL(/start\/code/);
  await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, `+57${telephone.replace(/ /g, '')}`));
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL(/start\/shop/);
  await page.getByLabel('Nombre de la tienda').fill(name);
  await page.getByLabel('Ciudad').fill('Cali');
  await page.locator('#owner').fill('Rosa');
  await page.getByRole('button', { name: 'Registrar tienda' }).click();
  await page.waitForURL(/start\/device/);
}

/** The shop's phone makes its key. */
export async function enrol(page: Page, server: Server, shop: string): Promise<void> {
  await page.goto(`${server.url}/t/start/device`);
  await page.locator('[data-ready=true]').waitFor();
  await page.getByRole('button', { name: 'Activar este celular' }).click();
  await page.waitForURL(/\/t\/$/);
  await expect(page.getByRole('heading', { name: shop })).toBeVisible();
}
