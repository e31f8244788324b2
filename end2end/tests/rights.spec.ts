// Her data are hers: she withdraws a consent, takes a copy, and leaves; nothing of her old card opens any more.
import { expect, test, type Browser } from '@playwright/test';
import { clean, codeFor, signUp } from '../support/people';
import { ENGINES, ground, type Server } from '../support/server';

const TELEPHONE = '300 777 1234';
const phone = { viewport: { width: 360, height: 640 }, locale: 'es-CO', acceptDownloads: true };

for (const engine of ENGINES) {
  test.describe(engine, () => {
    let server: Server;
    let browser: Browser;
    ground(engine, (made) => ({ server, browser } = made));

    test('a consumer withdraws a consent, takes her data and leaves', async () => {
      const page = await (await browser.newContext(phone)).newPage();
      page.setDefaultTimeout(15_000);
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(`${error}`));
      await signUp(page, server, TELEPHONE, 'Marta');

      await test.step('a consent is one tap away from its opposite', async () => {
        await page.goto(`${server.url}/c/you`);
        await clean(page);
        await page.getByRole('button', { name: /^Dar permiso/ }).first().click();
        await expect(page.getByRole('button', { name: /^Retirar permiso/ }).first()).toBeVisible();
        await page.getByRole('button', { name: /^Retirar permiso/ }).first().click();
        await expect(page.getByText(/Sin permiso desde el/)).toBeVisible();
      });

      await test.step('she takes a copy of all of it', async () => {
        await page.goto(`${server.url}/c/privacy`);
        await clean(page);
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Descargar mis datos' }).click()]);
        expect(download.suggestedFilename()).toBe('mis_datos_mostrador.zip');
      });

      await test.step('what she asks has its day', async () => {
        await page.goto(`${server.url}/c/privacy`);
        await page.getByLabel('Cuéntanos').fill('Me llamo Marta Lucía');
        await page.getByRole('button', { name: 'Enviar', exact: true }).click();
        await expect(page.getByText(/Respondemos a más tardar el/)).toBeVisible();
      });

      await test.step('she leaves with a code to her own phone', async () => {
        await page.getByRole('link', { name: 'Borrar mi cuenta' }).click();
        await page.waitForURL(/c\/leave$/);
        await clean(page);
        await page.getByRole('button', { name: 'Seguir y recibir un código' }).click();
        await page.waitForURL(/leave\/code/);
        await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, '+573007771234'));
        await page.getByText('Sí, quiero borrar mi cuenta').click();
        await clean(page);
        await page.getByRole('button', { name: 'Borrar todo ahora' }).click();
        await page.waitForURL(/c\/left/);
        await expect(page.getByText('Listo, ya no estás')).toBeVisible();
      });

      await test.step('her card is gone, and her phone is a stranger', async () => {
        await page.goto(`${server.url}/c/you`);
        await page.waitForURL(/c\/join/);
        await page.getByLabel('Celular').fill(TELEPHONE);
        await page.getByRole('button', { name: 'Enviarme el código' }).click();
        await page.waitForURL(/join\/code/);
        await page.getByLabel('Código de 6 números').fill(await codeFor(page, server, '+573007771234'));
        await page.getByRole('button', { name: 'Seguir' }).click();
        // To the consent of somebody new, and not to a card that is found again.
        await page.waitForURL(/join\/consent/);
      });

      expect(errors).toEqual([]);
      await page.context().close();
    });
  });
}
