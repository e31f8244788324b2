// What everybody does on a page.
import { expect, type Page } from '@playwright/test';
import AxeBuilder from '@axe-core/playwright';

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
