// A shopkeeper learns, practises without consequences, sells with her camera in few taps, takes a sale back and is paid.
import { chromium as playwright, expect, test, type Browser, type Page } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { film } from '../support/film';
import { network } from '../support/network';
import { clean, logIn, proven, signUp } from '../support/people';
import { COLA, Phone, TEA } from '../support/phone';
import { picture } from '../support/pictures';
import { ground, type Server } from '../support/server';
import { countTaps, noTaps, taps } from '../support/taps';

const HELP = '573005550000';
const WATER = '7709001000059';
const screen = { viewport: { width: 360, height: 640 }, locale: 'es-CO' };

let server: Server;
let browser: Browser;
ground('sqlite', (made) => ({ server, browser } = made), { MOSTRADOR_HELP_WHATSAPP: HELP });

/** The day's sales of the page's shop, as the server keeps them. */
const sold = async (page: Page) => (await page.request.post(`${server.url}/fn/tendero/read_today`, { headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }, data: '' })).json() as Promise<unknown[]>;

test('five cards teach, by pressing and by swiping', async () => {
  const page = await (await browser.newContext(screen)).newPage();
  await page.goto(`${server.url}/t/training`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await clean(page);
  await expect(page.locator('[data-lesson]')).toHaveCount(5);
  for (let number = 1; number <= 5; number++) {
    const card = page.locator(`[data-lesson="${number}"]`);
    await expect(card).toBeInViewport({ ratio: 0.9 });
    expect(await card.locator('img').evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    await picture(page, `training-${number}`);
    if (number < 5) await card.getByRole('link', { name: 'Siguiente' }).click();
  }
  await page.locator('.lessons').evaluate((row) => row.scrollBy({ left: -row.clientWidth, behavior: 'instant' }));
  await expect(page.locator('[data-lesson="4"]')).toBeInViewport({ ratio: 0.9 });
  await page.locator('[data-lesson="5"]').getByRole('link', { name: 'Practicar' }).click();
  await page.waitForURL(/\/t\/practice$/);
  await page.context().close();
});

test('what is practised is nobody\'s purchase, with and without network', async () => {
  const phone = await Phone.working(server, '301 777 0401', 'Tienda Aprendiz');
  const { page } = phone;
  const before = await sold(page);
  const counted = phone.counting();
  const asked: string[] = [];
  phone.context.on('request', (request) => { if (request.method() !== 'GET') asked.push(`${request.url()} ${request.postData() ?? ''}`); });

  const practise = async (name: string) => {
    await page.goto(`${server.url}/t/practice`);
    await page.locator('[data-ready=true]').waitFor();
    await expect(page.getByText('Práctica: nada se guarda')).toBeVisible();
    await page.getByRole('button', { name: 'Leer tarjeta' }).click();
    await expect(page.locator('[data-customer]')).toHaveText('Tarjeta de práctica');
    for (let n = 0; n < 3; n++) await page.getByRole('button', { name: 'Leer producto' }).click();
    await expect(page.locator('[data-gtin]')).toHaveCount(3);
    await expect(page.locator('[data-estimate]')).toContainText('3 sellos');
    await clean(page);
    await picture(page, `practice-${name}`);
    await page.locator('[data-confirm]').click();
    await expect(page.locator('[data-result=Accepted] [data-figure]')).toHaveText('+3');
    await expect(page.getByText('Práctica: nada se guarda')).toBeVisible();
    await expect(page.locator('[data-receipt]')).toHaveCount(0);
    await clean(page);
    await picture(page, `practice-result-${name}`);
    await page.getByRole('button', { name: 'Siguiente cliente' }).click();
    await expect(page.locator('[data-gtin]')).toHaveCount(0);
  };
  await practise('online');
  // A real barcode, a real card's digits and a reward's code do as little.
  await page.getByRole('button', { name: 'Escribir el código' }).click();
  for (const code of [COLA, '123456', 'R1ABCDEFGHIJKLMNOP']) {
    await page.locator('#typed').fill(code);
    await page.locator('#typed').press('Enter');
  }
  await expect(page.locator('[data-customer]')).toHaveText('Tarjeta de práctica');
  await expect(page.locator('[data-alarm]')).toContainText('Es un premio de verdad');
  await phone.network(false);
  await practise('offline');
  await phone.network(true);

  expect(await phone.queue()).toEqual([]);
  expect(counted()).toBe(0);
  const trade = asked.filter((line) => !/read_(counter|nps|home|today|owed)|is_signed_in/.test(line));
  expect(trade, 'nothing was sent').toEqual([]);
  expect(await sold(page)).toEqual(before);
  expect(before).toEqual([]);
  expect(phone.errors).toEqual([]);
  await phone.context.close();
});

test('help opens a message with the code and the page', async () => {
  const phone = await Phone.working(server, '301 777 0402', 'Tienda Que Pregunta');
  const { page } = phone;
  await page.getByRole('button', { name: 'Escribir el código' }).click();
  await page.locator('#typed').fill('222222');
  await page.locator('#typed').press('Enter');
  await expect(page.locator('[data-alarm]')).toBeVisible();
  const help = page.locator('[data-help]');
  const code = await help.getAttribute('data-help');
  expect(code).not.toBe('ninguno');
  const link = new URL((await help.getAttribute('href'))!);
  expect(link.href.startsWith(`https://wa.me/${HELP}?text=`)).toBe(true);
  expect(link.searchParams.get('text')).toBe(`Hola, necesito ayuda con Mostrador. Código: ${code}. Página: /t/scan`);
  await picture(page, 'help');
  await clean(page);
  for (const path of ['/t/', '/t/more']) {
    await page.goto(`${server.url}${path}`);
    await expect(page.locator('[data-help]').first()).toHaveAttribute('href', new RegExp(encodeURIComponent(`Página: ${path}`).replace(/[()]/g, '.')));
  }
  await phone.context.close();
});

test('a shopkeeper trains, captures, voids, is paid', async () => {
  const context = await browser.newContext(screen);
  await countTaps(context);
  const owner = await context.newPage();
  owner.setDefaultTimeout(15_000);
  const errors: string[] = [];
  await proven(owner, server, '/t/start', '300 555 0000');
  await owner.goto(`${server.url}/t/`);

  await test.step('trains', async () => {
    await owner.getByRole('link', { name: /Aprende en 5 tarjetas/ }).click();
    await owner.waitForURL(/\/t\/training$/);
    for (let n = 1; n < 5; n++) await owner.locator(`[data-lesson="${n}"]`).getByRole('link', { name: 'Siguiente' }).click();
    await owner.locator('[data-lesson="5"]').getByRole('link', { name: 'Practicar' }).click();
    await owner.locator('[data-ready=true]').waitFor();
    await owner.getByRole('button', { name: 'Leer tarjeta' }).click();
    await owner.getByRole('button', { name: 'Leer producto' }).click();
    await owner.locator('[data-confirm]').click();
    await expect(owner.locator('[data-result=Accepted]')).toBeVisible();
  });

  // Her customer's card and three labels, before the camera of a second browser.
  const card = await (await browser.newContext(screen)).newPage();
  await signUp(card, server, '301 777 0404', 'Ana');
  const file = join(mkdtempSync(join(tmpdir(), 'mostrador-film-')), 'counter.y4m');
  await card.reload();
  await film(card, [COLA, TEA, WATER], file);
  const camera = await playwright.launch({ executablePath: chromium, args: [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`] });
  const counting = await camera.newContext({ ...screen, permissions: ['camera'], storageState: await context.storageState() });
  await countTaps(counting);
  const counter = await counting.newPage();
  counter.setDefaultTimeout(20_000);
  counter.on('pageerror', (error) => errors.push(String(error)));

  await test.step('captures three items in at most six taps', async () => {
    await counter.goto(`${server.url}/t/start/device`);
    await counter.locator('[data-ready=true]').waitFor();
    await counter.getByRole('button', { name: 'Activar este celular' }).click();
    await counter.waitForURL(/\/t\/$/);
    await counter.getByRole('link', { name: 'Escanear' }).first().click();
    await counter.waitForURL(/\/t\/scan$/);
    await counter.locator('[data-ready=true]').waitFor();
    await noTaps(counter);
    const since = Date.now();
    await expect(counter.locator('[data-customer]')).toHaveText(/Ana · ••/, { timeout: 30_000 });
    await expect(counter.locator('[data-gtin]')).toHaveCount(3, { timeout: 30_000 });
    await picture(counter, 'captured');
    await counter.locator('[data-confirm]').click();
    await expect(counter.locator('[data-result=Accepted]')).toBeVisible({ timeout: 10_000 });
    const touched = await taps(counter);
    console.log(`three items: ${touched} taps, ${Date.now() - since} ms from open camera to result`);
    expect(touched).toBeGreaterThan(0);
    expect(touched).toBeLessThanOrEqual(6);
    await clean(counter);
    await picture(counter, 'result');
  }, { timeout: 90_000 });

  await test.step('the receipt of the sale is true for everybody, and hers to dispute', async () => {
    await counter.locator('[data-receipt]').click();
    await counter.waitForURL(/\/t\/receipt\?id=/);
    const address = (await counter.locator('[data-receipt]').getAttribute('data-receipt'))!;
    await clean(counter);
    await picture(counter, 'receipt-qr');
    await counter.getByRole('button', { name: 'Enviar a su celular' }).click();
    await expect(counter.getByText('No se lo pudimos mandar')).toBeVisible();
    await clean(counter);
    await picture(counter, 'receipt-unreachable');
    await card.goto(`${server.url}/c/you`);
    await card.getByRole('button', { name: /^Dar permiso/ }).first().click();
    await expect(card.getByRole('button', { name: /^Retirar permiso/ }).first()).toBeVisible();
    await counter.getByRole('button', { name: 'Enviar a su celular' }).click();
    await expect(counter.getByText('Se lo mandamos a su celular')).toBeVisible();
    await clean(counter);
    await picture(counter, 'receipt-sent');
    const stranger = await (await browser.newContext(screen)).newPage();
    await stranger.goto(address);
    await expect(stranger.getByText('Este recibo es auténtico')).toBeVisible();
    await expect(stranger.locator('[data-gain]').first()).toBeVisible();
    await expect(stranger.getByText('Ana')).toHaveCount(0);
    await expect(stranger.getByRole('button', { name: 'No me sumó' })).toHaveCount(0);
    await clean(stranger);
    await picture(stranger, 'receipt');
    expect((await stranger.goto(`${address.slice(0, -2)}xx`))?.status()).toBe(404);
    await expect(stranger.getByText('Ese recibo no existe')).toBeVisible();
    await stranger.context().close();
    await card.goto(address);
    await card.getByRole('button', { name: 'No me sumó' }).click();
    await card.waitForURL(/\/c\/history\?disputed=1/);
    await card.goto(address);
    await expect(card.getByRole('button', { name: 'No me sumó' })).toHaveCount(0);
  });

  await test.step('voids the sale', async () => {
    await counter.goto(`${server.url}/t/today`);
    await counter.getByRole('link', { name: /Ana · ••/ }).first().click();
    await counter.waitForURL(/\/t\/sale\?id=/);
    await counter.getByRole('button', { name: 'Anular toda la venta' }).click();
    await counter.waitForURL(/done=/);
    await expect(counter.getByText(/Esta venta ya se devolvió completa/)).toBeVisible();
    await clean(counter);
    await picture(counter, 'voided');
  });
  await camera.close();

  await test.step('says whether she would recommend it, once', async () => {
    await owner.goto(`${server.url}/t/today`);
    const question = owner.locator('[data-nps=asked]');
    await expect(question).toBeVisible();
    await question.getByText('9', { exact: true }).click();
    await clean(owner);
    await picture(owner, 'nps');
    await network(context, false);
    await question.getByRole('button', { name: 'Enviar' }).click();
    await expect(owner.locator('[data-nps=waits]')).toBeVisible();
    await network(context, true);
    const [answer] = await Promise.all([owner.waitForResponse(/answer_nps/), owner.reload()]);
    expect(answer.status()).toBe(200);
    await owner.goto(`${server.url}/t/today`);
    await owner.locator('html[data-hydrated]').waitFor({ state: 'attached' });
    await expect(owner.locator('[data-nps]')).toHaveCount(0);
  });

  await test.step('is paid', async () => {
    const owed = async () => {
      await owner.goto(`${server.url}/t/owed`);
      return Number(await owner.locator('[data-owed]').getAttribute('data-owed'));
    };
    const before = await owed();
    const winner = await (await browser.newContext(screen)).newPage();
    await proven(winner, server, '/c/join', '300 555 1000');
    if (/recover/.test(winner.url())) await winner.locator('form[method=post] button').first().click();
    await winner.waitForURL(/\/c\/$/);
    const waiting = async () => (await (await winner.request.get(`${server.url}/api/v1/me/rewards`)).json() as { code?: string }[]).find((reward) => reward.code)?.code;
    if (!await waiting()) {
      await winner.goto(`${server.url}/c/rewards`);
      await winner.locator('form[action="/fn/consumer/reserve"] button').first().click();
      await expect(async () => expect(await waiting()).toBeTruthy()).toPass({ timeout: 10_000 });
    }
    const handed = await owner.request.post(`${server.url}/api/v1/deliveries`, { headers: { 'sec-fetch-site': 'same-origin' }, data: { code: await waiting() } });
    expect(handed.status()).toBe(201);
    const delivery: { owed_minor: number; brand_name: string } = await handed.json();
    await expect(async () => expect(await owed()).toBe(before + delivery.owed_minor)).toPass({ timeout: 10_000 });

    const desk = async (front: string, email: string) => {
      const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-CO' })).newPage();
      await logIn(page, `${server.url}${front}`, email);
      return page;
    };
    const operator = await desk('/o', 'julian@mostrador.example');
    await operator.goto(`${server.url}/o/settlements`);
    await operator.getByRole('button', { name: 'Ver totales' }).click();
    await expect(operator.locator('[data-preview]').first()).toBeVisible();
    await operator.locator('summary', { hasText: 'Cerrar un periodo' }).click();
    await operator.getByRole('button', { name: 'Cerrar y hacer los extractos' }).click();
    // Going away at once would break the closing off.
    await operator.waitForURL(/\/o\/(settlements$|settlement\?id=)/);
    await operator.goto(`${server.url}/o/settlements`);
    await expect(operator.locator('[data-run]').first()).toBeVisible();
    await owner.goto(`${server.url}/t/owed`);
    await owner.getByRole('link', { name: new RegExp(delivery.brand_name) }).first().click();
    await owner.waitForURL(/\/t\/statement\?id=/);
    const statement = new URL(owner.url()).searchParams.get('id');
    await clean(owner);
    await picture(owner, 'statement');
    const brand = await desk('/b', 'laura@sierra.example');
    await brand.goto(`${server.url}/b/payouts`);
    await brand.locator(`[data-statement="${statement}"] a`).click();
    await brand.getByLabel('Cómo').selectOption('credit_note');
    await brand.getByLabel('Referencia').fill('NC-1042');
    await brand.getByRole('button', { name: 'Guardar el pago' }).click();
    await expect(brand.getByText('El pago quedó registrado.')).toBeVisible();
    await owner.reload();
    await expect(owner.locator('[data-left]')).toHaveAttribute('data-left', '0');
    await expect(owner.locator('[data-payments]')).toContainText('NC-1042');
    await picture(owner, 'paid');
  }, { timeout: 90_000 });
  expect(errors).toEqual([]);
});

test('a phone without a Spanish voice counts instead of speaking', async () => {
  const phone = new Phone(server);
  await phone.on({ script: `
    speechSynthesis.getVoices = () => [];
    globalThis.felt = [];
    navigator.vibrate = (pattern) => { felt.push([].concat(pattern)); return true; };
  ` });
  const { page } = phone;
  await page.goto(`${server.url}/t/practice`);
  await page.locator('[data-ready=true]').waitFor();
  await page.getByRole('button', { name: 'Leer tarjeta' }).click();
  for (let n = 0; n < 12; n++) await page.getByRole('button', { name: 'Leer producto' }).click();
  await page.locator('[data-confirm]').click();
  await expect(page.locator('[data-figure]')).toHaveText('+12');
  // One long for the ten, two short for the ones; each is followed by its silence.
  await expect(async () => {
    const last: number[] = await page.evaluate(() => (globalThis as unknown as { felt: number[][] }).felt.at(-1)!);
    expect(last.filter((_, place) => place % 2 === 0).map((ms) => ms > 200)).toEqual([true, false, false]);
  }).toPass({ timeout: 5_000 });
  expect(phone.errors).toEqual([]);
  await phone.context.close();
});
