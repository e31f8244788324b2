// Joining: alone in three screens and a minute, or with a card from the counter that knows nobody until she agrees herself.
import { expect, test, type Browser } from '@playwright/test';
import { clean, codeFor, consents, named } from '../support/people';
import { COLA, Phone } from '../support/phone';
import { picture } from '../support/pictures';
import { ground, type Server } from '../support/server';
import { countTaps, taps } from '../support/taps';

const screen = { viewport: { width: 360, height: 640 }, locale: 'es-CO' };
/** A thumb that is no typist's, milliseconds for a key. */
const KEY_MS = 250;

let server: Server;
let browser: Browser;
ground('sqlite', (made) => ({ server, browser } = made));

const outbox = async () => (await fetch(`${server.url}/sandbox/outbox`, { headers: { accept: 'text/html' } })).text();
/** To whom something was written, one for each letter. */
const readers = (page: string) => page.match(/\+\d{10,13}/g) ?? [];

test('she has her card after three screens and less than a minute', async () => {
  const context = await browser.newContext(screen);
  await countTaps(context);
  const page = await context.newPage();
  const screens = new Set<string>();
  page.on('framenavigated', (frame) => { if (frame === page.mainFrame() && /\/c\/join/.test(frame.url())) screens.add(new URL(frame.url()).pathname); });
  const since = Date.now();

  await page.goto(`${server.url}/c/join`);
  await page.getByLabel('Celular').click();
  await page.getByLabel('Celular').pressSequentially('3017770501', { delay: KEY_MS });
  const next = page.getByRole('button', { name: 'Enviarme el código' });
  await expect(next).toBeInViewport();
  await picture(page, 'join-1');
  await next.click();
  await page.waitForURL(/join\/code/);
  await page.getByLabel('Código de 6 números').pressSequentially(await codeFor(page, server, '+573017770501'), { delay: KEY_MS });
  await page.getByLabel('¿Cómo te decimos?').click();
  await page.getByLabel('¿Cómo te decimos?').pressSequentially('Ana', { delay: KEY_MS });
  await picture(page, 'join-2');
  await page.getByRole('button', { name: 'Seguir' }).click();
  await page.waitForURL(/join\/consent/);
  await page.getByText('Sí, soy mayor').click();
  await picture(page, 'join-3');
  await page.getByRole('button', { name: 'Crear mi tarjeta' }).click();
  await page.waitForURL(/\/c\/$/);
  await expect(page.getByRole('heading', { name: 'Hola, Ana' })).toBeVisible();

  const spent = Date.now() - since;
  console.log(`sign-up: ${screens.size} screens, ${await taps(page)} taps, ${spent} ms at ${KEY_MS} ms a key`);
  expect(screens.size).toBeLessThanOrEqual(3);
  expect(spent).toBeLessThan(60_000);
  await context.close();
});

test('a card from the counter knows nobody until she agrees on her own phone', async () => {
  const phone = await Phone.working(server, '301 777 0502', 'Tienda Anfitriona');
  let link = '';
  let code = '';
  await test.step('the shop hands out a card', async () => {
    await phone.page.goto(`${server.url}/t/more`);
    await phone.page.getByRole('button', { name: 'Dar tarjeta' }).click();
    await phone.page.waitForURL(/\/t\/card\?code=/);
    code = (await phone.page.locator('[data-code]').getAttribute('data-code'))!;
    link = await phone.page.getByText(/\/c\/claim\?card=/).innerText();
    await clean(phone.page);
    await picture(phone.page, 'card');
  });
  const before = await outbox();

  await test.step('it earns at once, for nobody', async () => {
    await phone.scan();
    await phone.fill(code, [COLA, COLA]);
    await expect(phone.page.locator('[data-customer]')).toHaveText(/^Tarjeta · ••/);
    await phone.confirm();
    await phone.page.locator('[data-result=Accepted]').waitFor();
    expect(readers(await outbox()), 'nobody is written to').toEqual(readers(before));
  });

  const hers = await (await browser.newContext(screen)).newPage();
  await test.step('her own phone asks her first', async () => {
    await hers.goto(link);
    await hers.waitForURL(/\/c\/join/);
    await named(hers, server, '301 777 0503', 'Luz');
    await expect(hers.getByText('Guardar mi tarjeta y mis compras')).toBeVisible();
    await picture(hers, 'consent');
    // Not yet: the same card still knows nobody at the counter.
    await phone.page.getByRole('button', { name: 'Siguiente cliente' }).click();
    await phone.page.locator('#typed').fill(code);
    await phone.page.locator('#typed').press('Enter');
    await expect(phone.page.locator('[data-customer]')).toHaveText(/^Tarjeta · ••/);
    // All that left was the code that she asked for.
    const letters = (await outbox()).split('+573017770503').length - before.split('+573017770503').length;
    expect(letters).toBe(1);
  });

  await test.step('what the card earned is hers once she confirms', async () => {
    await consents(hers);
    await expect(hers.getByRole('heading', { name: 'Hola, Luz' })).toBeVisible();
    await expect(hers.locator('[data-available="2"]').first()).toBeVisible();
    await picture(hers, 'hers');
    await phone.scan();
    await phone.fill(code, [COLA]);
    await expect(phone.page.locator('[data-customer]')).toHaveText(/Luz · ••/);
  });
  expect(phone.errors).toEqual([]);
  await phone.context.close();
  await hers.context().close();
});
