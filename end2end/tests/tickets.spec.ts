// A reward without signal: she takes a ticket while she has a network, a camera without one reads it, and the brand owes once.
import { chromium as playwright, expect, test } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { film } from '../support/film';
import { network } from '../support/network';
import { clean, controlled, enrol, registerShop, signUp } from '../support/people';
import { COLA, Phone, api } from '../support/phone';
import { ENGINES, serving, type Server } from '../support/server';

const phone = { viewport: { width: 360, height: 640 }, locale: 'es-CO' };

for (const engine of ENGINES) {
  test.describe(engine, () => {
    let server: Server;
    serving(engine, (made) => { server = made; });

    test('a reward is handed over without signal and owed once', async () => {
      const errors: string[] = [];
      const first = await playwright.launch({ executablePath: chromium, args: flags });
      const shopContext = await first.newContext(phone);
      const shop = await shopContext.newPage();
      await registerShop(shop, server, '301 777 0301', 'Tienda Sin Torre');
      const shops = await api<{ items: { id: string; name: string }[] }>(server, 'GET', '/shops?q=Torre&limit=100');
      const id = shops.items.find((one) => one.name === 'Tienda Sin Torre')!.id;
      const other = await Phone.working(server, '301 777 0303', 'Tienda Lejana');

      const card = await (await first.newContext(phone)).newPage();
      card.on('pageerror', (error) => errors.push(`consumer: ${error}`));
      let text = '';
      await test.step('she wins a reward and takes a ticket for the shop', async () => {
        await signUp(card, server, '301 777 0302', 'Ana');
        const shown = (await card.locator('[data-code]').getAttribute('data-code'))!;
        await api(server, 'POST', '/purchases', { external_id: `ticket-${engine}`, shop_id: id, card_code: shown, purchased_at: new Date().toISOString(), lines: [{ gtin: COLA, quantity: 6 }] });
        await card.goto(`${server.url}/c/rewards`);
        await card.getByRole('listitem').filter({ hasText: 'Listo para recoger' }).first().getByRole('link').click();
        await card.waitForURL(/\/c\/reward\//);
        await clean(card);
        await card.getByRole('link', { name: 'Recogerlo en una tienda sin señal' }).click();
        await card.waitForURL(/\/c\/ticket\//);
        await expect(card.locator('#shop')).toHaveValue(id);
        await expect(card.locator('[data-binds]')).toContainText('no lo puedes recoger en otra ni devolverlo');
        await clean(card);
        await card.getByRole('button', { name: 'Tomar el vale' }).click();
        await card.waitForURL(/\/c\/reward\//);
        await expect(card.getByText('Vale para Tienda Sin Torre hasta').first()).toBeVisible();
        text = (await card.locator('[data-ticket=true]').getAttribute('data-text'))!;
        expect(text).toMatch(/^T1[A-Z2-7]{150,200}$/);
        await clean(card);
      }, { timeout: 90_000 });

      const file = join(mkdtempSync(join(tmpdir(), 'mostrador-ticket-')), 'ticket.y4m');
      await test.step('her own phone shows it without signal', async () => {
        await controlled(card);
        await network(card.context(), false);
        await card.reload();
        await expect(card.locator('[data-ticket=true]')).toHaveAttribute('data-text', text);
        await film(card, [], file);
      }, { timeout: 45_000 });

      const second = await playwright.launch({
        executablePath: chromium,
        args: [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`],
      });
      const context = await second.newContext({ ...phone, permissions: ['camera'], storageState: await shopContext.storageState() });
      const till = await context.newPage();
      till.setDefaultTimeout(15_000);
      till.on('pageerror', (error) => errors.push(`till: ${error}`));
      await test.step('the shop loses its signal, and its camera reads the ticket', async () => {
        await enrol(till, server, 'Tienda Sin Torre');
        await till.goto(`${server.url}/t/scan`);
        await controlled(till);
        await till.locator('[data-reward]').waitFor({ timeout: 30_000 });
        await network(context, false);
        await till.getByRole('button', { name: 'Volver' }).click();
        await till.locator('[data-ticket]').waitFor({ timeout: 30_000 });
        await clean(till);
        await till.getByRole('button', { name: 'Entregar' }).click();
        await expect(till.locator('[data-ended=kept]')).toContainText('Queda guardado en este celular');
        await clean(till);
        await till.getByRole('button', { name: 'Siguiente cliente' }).click();
        await expect(till.locator('[data-alarm]')).toContainText('Tu tienda ya entregó este premio', { timeout: 30_000 });
        await till.goto(`${server.url}/t/queue`);
        await expect(till.locator('[data-entry][data-state=waiting]')).toContainText('Entregado sin señal');
        await clean(till);
      }, { timeout: 120_000 });

      await test.step('another shop without signal is told that it is not its own, and a forged one is no ticket', async () => {
        await other.network(false);
        await other.scan();
        await other.page.getByRole('button', { name: 'Escribir el código' }).click();
        for (const [code, words] of [[text, 'vale para otra tienda'], [`${text.slice(0, -5)}${text.at(-5) === 'A' ? 'B' : 'A'}${text.slice(-4)}`, 'no es de la plataforma']]) {
          await other.page.locator('#typed').fill(code);
          await other.page.locator('#typed').press('Enter');
          await expect(other.page.locator('[data-alarm]')).toContainText(words);
        }
        expect(await other.queue()).toEqual([]);
      }, { timeout: 60_000 });

      await test.step('the signal comes back: the brand owes it once', async () => {
        await network(context, true);
        await expect(till.locator('[data-entry][data-state=accepted]')).toContainText('La marca te debe', { timeout: 40_000 });
        await till.goto(`${server.url}/t/`);
        await expect(till.locator('[data-owed]')).not.toHaveAttribute('data-owed', '0');
        const owed = await till.locator('[data-owed]').getAttribute('data-owed');
        // The ticket is before the camera already: it is read before the page has rested, which here it never does.
        await till.addInitScript((rest) => {
          const timer = window.setTimeout;
          const rests = { many: 0 };
          Object.assign(window, { rests });
          window.setTimeout = ((act: TimerHandler, ms?: number) => (ms === rest ? (rests.many += 1) : timer(act, ms))) as typeof setTimeout;
        }, 200);
        await till.goto(`${server.url}/t/scan`);
        await till.getByRole('button', { name: 'Entregar' }).click({ timeout: 30_000 });
        expect(await till.evaluate(() => (window as unknown as { rests: { many: number } }).rests.many), 'REST of the page is another').toBeGreaterThan(0);
        await till.locator('[data-ended=owed]').waitFor();
        await till.goto(`${server.url}/t/`);
        await expect(till.locator('[data-owed]')).toHaveAttribute('data-owed', owed!);
        await network(card.context(), true);
        await card.goto(`${server.url}/c/rewards`);
        await expect(card.getByText(/Lo recibiste el/).first()).toBeVisible();
      }, { timeout: 90_000 });

      expect([...errors, ...other.errors]).toEqual([]);
      await other.context.close();
      await second.close();
      await first.close();
    });
  });
}
