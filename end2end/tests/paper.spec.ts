// A reward of somebody whose card is on paper: the code goes to her telephone, and what she says is typed at the counter.
import { expect, test, type Browser } from '@playwright/test';
import { clean, codeFor, consents, named } from '../support/people';
import { COLA, Phone } from '../support/phone';
import { picture } from '../support/pictures';
import { ground, type Server } from '../support/server';

const screen = { viewport: { width: 360, height: 640 }, locale: 'es-CO' };

let server: Server;
let browser: Browser;
ground('sqlite', (made) => ({ server, browser } = made));

test('the reward of a card on paper is handed over with the code from her telephone', async () => {
  const phone = await Phone.working(server, '301 777 0601', 'Tienda La Ceiba');
  const page = phone.page;
  let card = '';
  let link = '';
  await test.step('a card on paper is filled at the counter', async () => {
    await page.goto(`${server.url}/t/more`);
    await page.getByRole('button', { name: 'Dar tarjeta' }).click();
    await page.waitForURL(/\/t\/card\?code=/);
    card = (await page.locator('[data-code]').getAttribute('data-code'))!;
    link = await page.getByText(/\/c\/claim\?card=/).innerText();
    await phone.scan();
    await phone.fill(card, [COLA, COLA, COLA, COLA, COLA]);
    await phone.confirm();
    await page.locator('[data-result=Accepted]').waitFor();
  });

  await test.step('without a telephone its reward stays where it is', async () => {
    await page.goto(`${server.url}/t/paper`);
    await page.getByLabel('Código de la tarjeta').fill(card);
    await page.getByRole('button', { name: 'Ver sus premios' }).click();
    await page.waitForURL(/\/t\/paper\?card=/);
    await expect(page.locator('[data-waiting]').first()).toBeVisible();
    await expect(page.locator('[data-no-phone]')).toBeVisible();
    await expect(page.locator('[data-waiting] a')).toHaveCount(0);
    await clean(page);
    await picture(page, 'paper-no-telephone');
  });

  const hers = await (await browser.newContext(screen)).newPage();
  await test.step('she makes the card hers, with her telephone', async () => {
    await hers.goto(link);
    await hers.waitForURL(/\/c\/join/);
    await named(hers, server, '301 777 0602', 'Nidia');
    await consents(hers);
  });

  await test.step('the code goes to her telephone alone', async () => {
    await page.goto(`${server.url}/t/paper?card=${card}`);
    await expect(page.locator('[data-label]')).toHaveText(/Nidia/);
    await page.locator('[data-waiting] a').first().click();
    await page.waitForURL(/reward=/);
    await page.getByRole('button', { name: 'Enviar código' }).click();
    await page.waitForURL(/until=/);
    await expect(page.locator('[data-sent]')).toContainText('••02');
    await expect(page.locator('[data-countdown]')).toContainText('Vence en');
    await clean(page);
    await picture(page, 'paper-code');
  });

  await test.step('a wrong code says how many tries are left, and keeps the page', async () => {
    const right = await codeFor(page, server, '+573017770602');
    const wrong = right === '123456' ? '654321' : '123456';
    const deliver = page.getByRole('button', { name: 'Entregar' });
    await page.locator('#code').fill(wrong);
    await deliver.click();
    await expect(page.locator('#code-help')).toHaveText('Ese código no es. Te quedan 2 intentos.');
    await expect(page.locator('#code')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.locator('#code')).toBeFocused();
    await picture(page, 'paper-wrong');
    await page.locator('#code').fill(right);
    await deliver.click();
    await page.waitForURL(/done=/);
  });

  await test.step('the brand owes the shop, and nobody gets it twice', async () => {
    await expect(page.locator('[data-ended=owed]')).toContainText('te debe');
    await clean(page);
    await picture(page, 'paper-delivered');
    await page.goto(`${server.url}/t/paper?card=${card}`);
    await expect(page.getByText('Todavía no tiene premios')).toBeVisible();
    await hers.goto(`${server.url}/c/history`);
    await expect(hers.getByText(/^Ganaste /).first()).toBeVisible();
  });
  expect(phone.errors).toEqual([]);
  await phone.context.close();
  await hers.context().close();
});
