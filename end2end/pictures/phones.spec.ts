// The phones without signal: the tendero's queue, a sale in progress and one that is kept, the consumer's card.
import { test, type Page } from '@playwright/test';
import { join } from 'node:path';
import { codeFor } from '../support/people';
import { Phone, codeOf, consumer } from '../support/phone';
import { start } from '../support/server';

const [COLA, TEA, WATER] = ['7709001000011', '7709001000073', '7709001000042'];

test('phones', async () => {
  const server = await start('sqlite');
  const phone = new Phone(server);
  await phone.on({ scale: 2 });
  const shoot = async (page: Page, name: string) => {
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(__dirname, `${name}.png`) });
  };
  await phone.register('301 777 0201', 'Tienda La Esquina');
  await phone.scan();
  const people = await Promise.all(Array.from({ length: 6 }, () => consumer(server)));
  const codes = await Promise.all(people.map((id) => codeOf(server, id)));
  await phone.network(false);
  for (const [n, code] of codes.slice(0, 4).entries()) await phone.sellOffline(code, [COLA, TEA, ...(n % 2 ? [COLA] : [])]);
  await phone.network(true);
  await phone.page.goto(`${server.url}/t/queue`);
  await phone.page.locator('[data-waiting="0"]').waitFor({ timeout: 40_000 });
  await phone.network(false);
  await phone.scan();
  // The same code once more, which the server will not take; the rest waits.
  await phone.sellOffline(codes[1], [TEA]);
  await phone.network(true);
  await phone.page.goto(`${server.url}/t/queue`);
  await phone.page.locator('[data-state=refused]').waitFor({ timeout: 40_000 });
  await phone.network(false);
  await phone.scan();
  await phone.fill(codes[4], [COLA, COLA, TEA]);
  await phone.page.getByRole('button', { name: 'Escribir el código' }).click();
  await shoot(phone.page, 'tendero-scan-offline');
  await phone.confirm();
  await phone.page.locator('[data-result=Saved]').waitFor();
  await shoot(phone.page, 'tendero-saved');
  await phone.page.getByRole('button', { name: 'Siguiente cliente' }).click();
  await phone.sellOffline(codes[5], [WATER, COLA]);
  await phone.queue();
  await shoot(phone.page, 'tendero-queue');

  await phone.network(true);
  const card = await phone.context.newPage();
  await card.goto(`${server.url}/c/join`);
  await card.getByLabel('Celular').fill('300 555 1000');
  await card.getByRole('button', { name: 'Enviarme el código' }).click();
  await card.waitForURL(/join\/code/);
  await card.getByLabel('Código de 6 números').fill(await codeFor(card, server, '+573005551000'));
  await card.getByRole('button', { name: 'Seguir' }).click();
  await card.waitForURL(/\/c\/(join\/recover.*)?$/);
  if (card.url().includes('recover')) await card.getByRole('button', { name: 'Usar en este celular' }).click();
  await card.waitForURL(/\/c\/$/);
  await card.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 50));
  });
  await card.waitForTimeout(1_000);
  await phone.network(false);
  await card.reload();
  await card.locator('[data-code^=Q1]').waitFor();
  await shoot(card, 'consumer-offline');
  await phone.context.close();
  await server.stop();
});
