// A shop is paid back: it hands a reward over, the operator closes the period, the brand records how it paid, and the
// owner reads all of it; somebody who only sells there reads none of it. Without scripts, because forms must not need them.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { enter, plain, proven } from '../support/people';
import { ground, type Server } from '../support/server';

test.describe('payback', () => {
  let server: Server;
  let browser: Browser;
  ground('sqlite', (made) => ({ server, browser } = made));

  const desk = () => plain(browser, 1440, 900);
  const phone = () => plain(browser, 360, 640);

  const owed = async (page: Page) => {
    await page.goto(`${server.url}/t/owed`);
    return Number(await page.locator('[data-owed]').getAttribute('data-owed'));
  };

  test('a period is closed, paid and read', async () => {
    const owner = await phone();
    await proven(owner, server, '/t/start', '300 555 0000');
    const before = await owed(owner);

    const card = await phone();
    await proven(card, server, '/c/join', '300 555 1000');
    if (/recover/.test(card.url())) await card.locator('form[method=post] button').first().click();
    await card.waitForURL(/\/c\/$/);
    const waiting = async () => {
      const rewards: { code?: string }[] = await (await card.request.get(`${server.url}/api/v1/me/rewards`)).json();
      return rewards.find((reward) => reward.code)?.code;
    };
    if (!(await waiting())) {
      await card.goto(`${server.url}/c/rewards`);
      await card.locator('form[action="/fn/consumer/reserve"] button').first().click();
    }
    const code = await waiting();
    const handed = await owner.request.post(`${server.url}/api/v1/deliveries`, { headers: { 'sec-fetch-site': 'same-origin' }, data: { code } });
    expect(handed.status()).toBe(201);
    const delivery: { owed_minor: number; brand_name: string } = await handed.json();
    expect(await owed(owner)).toBe(before + delivery.owed_minor);

    const operator = await desk();
    await enter(operator, `${server.url}/o`, 'julian@mostrador.example');
    await operator.goto(`${server.url}/o/settlements`);
    await operator.getByRole('button', { name: 'Ver totales' }).click();
    await expect(operator.locator('[data-preview]').first()).toBeVisible();
    await operator.locator('summary', { hasText: 'Cerrar un periodo' }).click();
    await operator.getByRole('button', { name: 'Cerrar y hacer los extractos' }).click();
    await operator.goto(`${server.url}/o/settlements`);
    await expect(operator.locator('[data-run]').first()).toBeVisible();
    await operator.getByRole('button', { name: 'Ver totales' }).click();
    await expect(operator.getByText('Nada por cerrar')).toBeVisible();

    // Nothing is owed more or less than before; it stands on a statement now.
    expect(await owed(owner)).toBe(before + delivery.owed_minor);
    await owner.getByRole('link', { name: new RegExp(delivery.brand_name) }).first().click();
    await owner.waitForURL(/\/t\/statement\?id=/);
    const statement = new URL(owner.url()).searchParams.get('id');
    const left = Number(await owner.locator('[data-left]').getAttribute('data-left'));
    expect(left).toBeGreaterThan(0);
    await expect(owner.locator('[data-lines] li').first()).toBeVisible();

    const brand = await desk();
    await enter(brand, `${server.url}/b`, 'laura@sierra.example');
    await brand.goto(`${server.url}/b/payouts`);
    await brand.locator(`[data-statement="${statement}"] a`).click();
    await brand.getByLabel('Cómo').selectOption('credit_note');
    await brand.getByLabel('Referencia').fill('NC-1042');
    await brand.getByRole('button', { name: 'Guardar el pago' }).click();
    await expect(brand.getByText('El pago quedó registrado.')).toBeVisible();
    await expect(brand.locator('[data-left]')).toHaveAttribute('data-left', '0');

    await owner.reload();
    await expect(owner.locator('[data-left]')).toHaveAttribute('data-left', '0');
    await expect(owner.locator('[data-payments]')).toContainText('NC-1042');
    expect(await owed(owner)).toBe(before + delivery.owed_minor - left);

    await owner.goto(`${server.url}/t/more`);
    await owner.locator('form[action="/fn/tendero/invite"] button').click();
    const invitation = await owner.locator('[data-invitation]').innerText();
    const cashier = await phone();
    await proven(cashier, server, '/t/start', '301 888 0001');
    const join = cashier.locator('form[action="/fn/tendero/join_shop"]');
    await join.locator('[name=invitation]').fill(invitation);
    await join.locator('[name=person]').fill('Nico');
    await join.locator('button').click();
    await cashier.waitForURL((url) => !url.pathname.endsWith('/shop'));
    await cashier.goto(`${server.url}/t/owed`);
    await expect(cashier.getByText('Solo el dueño ve las cuentas.')).toBeVisible();
    await expect(cashier.locator('[data-owed], [data-brand]')).toHaveCount(0);
    await cashier.goto(`${server.url}/t/statement?id=${statement}`);
    await expect(cashier.locator('[data-left], [data-lines]')).toHaveCount(0);
    expect((await cashier.request.get(`${server.url}/api/v1/statements/${statement}`, { headers: { 'mostrador-persona': 'tendero' } })).status()).toBe(403);
  });
});
