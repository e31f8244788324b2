// The operator's work: a file of products, a person who leaves, a barcode nobody knew. Without scripts, because forms
// must not need them; the pages themselves are tried with scripts in consoles.spec.ts.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { clean, enter, logIn } from '../support/people';
import { ground, type Server } from '../support/server';

const FILE = [
  'gtin;nombre;marca;categoria;precio;moneda',
  '7709001000011;Cola Sierra 400 ml;Cola Sierra;drink;2600;COP',
  '7709001000103;Cola Sierra Limón 400 ml;Cola Siera;drink;2500;COP',
  '7709001000113;Cola Sierra Uva 400 ml;Cola Sierra;drink;2500;COP',
  '7709002000102;;Café Altura;coffee;9800;COP',
  '2000000000015;Queso campesino;;dairy;4000;COP',
  '7709004000100;Lenteja 500 g;;grain;3900;COP',
].join('\n');

test.describe('backoffice', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  ground('sqlite', (made) => ({ server, browser } = made));
  test.beforeEach(async ({}, info) => {
    const scripts = info.title.includes('with scripts');
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-CO', javaScriptEnabled: scripts })).newPage();
    await (scripts ? logIn : enter)(page, `${server.url}/o`, 'julian@mostrador.example');
  });
  test.afterEach(async () => page.context().close());

  const tile = (words: string) => page.locator('.tile', { hasText: words }).locator('.tile__figure');
  const bring = async (name: string, text: string) => {
    await page.goto(`${server.url}/o/import`);
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: 'Revisar archivo' }).click();
  };

  test('a file is looked at, mended and imported', async () => {
    await bring('otra.csv', 'a,b\n1,2');
    await expect(page.getByText('Al archivo le falta la columna gtin.')).toBeVisible();
    await bring('enorme.csv', 'gtin,nombre\n' + 'x'.repeat(10_000_000));
    await expect(page.getByText('Lo que enviaste es muy grande.')).toBeVisible();

    await bring('productos_nov.csv', FILE);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('productos_nov.csv');
    await expect(tile('listas para crear')).toHaveText('1');
    await expect(tile('con error')).toHaveText('4');
    await page.getByRole('button', { name: 'Usar Cola Sierra' }).click();
    await expect(page.getByText('La fila 3 ya está lista.')).toBeVisible();
    await page.getByLabel('Corregir Nombre de la fila 5').click();
    await page.getByRole('textbox', { name: 'Nombre' }).fill('Café Altura Tostado 250 g');
    await page.getByRole('button', { name: 'Guardar' }).click();
    await expect(tile('con error')).toHaveText('2');
    await page.getByRole('button', { name: 'Importar 4 productos' }).click();
    await expect(page.getByText('Listo: 3 creadas, 1 actualizadas, 2 fuera.')).toBeVisible();

    await page.goto(`${server.url}/o/products?q=tostado`);
    await expect(page.getByRole('row', { name: /Café Altura Tostado 250 g/ })).toBeVisible();
    await bring('productos_nov.csv', FILE.replace('Cola Siera', 'Cola Sierra'));
    await expect(tile('iguales')).toHaveText('3');
  });

  test('a product is added once, with a price that cannot be misread', async () => {
    const save = async (gtin: string, price: string) => {
      await page.goto(`${server.url}/o/product`);
      await page.getByLabel('Código de barras').fill(gtin);
      await page.getByLabel('Nombre').fill('Arroz 1 kg');
      await page.getByLabel('Precio sugerido').fill(price);
      await page.getByRole('button', { name: 'Guardar' }).click();
    };
    await save('7709004000125', '4200');
    await expect(page.locator('#gtin-help')).toContainText('el último no corresponde');
    await save('7709004000124', '4,200');
    await expect(page.locator('#price-help')).toContainText('Revisa el precio');
    await save('7709004000124', '4.200');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Arroz 1 kg');
    await save('7709004000124', '4200');
    await expect(page.locator('#gtin-help')).toContainText('ya está registrado');
  });

  test('somebody is added, and shut out after a second question', async () => {
    await page.goto(`${server.url}/o/user`);
    await page.getByLabel('Nombre').fill('Carla V.');
    await page.getByLabel('Correo').fill('carla@sierra.example');
    await page.getByLabel('Organización').selectOption('Bebidas Sierra');
    await page.getByLabel('Primera contraseña').fill('corta');
    await page.getByRole('button', { name: 'Agregar persona' }).click();
    await expect(page.locator('#password-help')).toContainText('al menos 12');
    await page.getByLabel('Nombre').fill('Carla V.');
    await page.getByLabel('Correo').fill('carla@sierra.example');
    await page.getByLabel('Organización').selectOption('Bebidas Sierra');
    await page.getByLabel('Primera contraseña').fill('una frase bien larga');
    await page.getByRole('button', { name: 'Agregar persona' }).click();
    await expect(page.getByText('Ya puede entrar')).toBeVisible();

    await page.getByRole('link', { name: 'Desactivar' }).click();
    await expect(page.getByRole('heading', { name: '¿Desactivar a Carla V.?' })).toBeVisible();
    await page.getByRole('button', { name: 'Desactivar' }).click();
    await expect(page.locator('.chip', { hasText: 'Desactivada' })).toBeVisible();
    await page.getByRole('link', { name: 'Ver su historia en la auditoría' }).click();
    await expect(page.getByRole('cell', { name: 'Desactivó a una persona' })).toBeVisible();
  });

  test('an organisation and its brand are added', async () => {
    await page.goto(`${server.url}/o/organisations`);
    const section = (title: string) => page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });
    await section('Nueva organización').getByLabel('Nombre').fill('Lácteos Norte');
    await page.getByRole('button', { name: 'Crear organización' }).click();
    await section('Nueva marca').getByLabel('Organización').selectOption('Lácteos Norte');
    await section('Nueva marca').getByLabel('Nombre').fill('Leche Norte');
    await page.getByRole('button', { name: 'Crear marca' }).click();
    await expect(page.getByRole('row', { name: /Lácteos Norte.*Leche Norte/ })).toBeVisible();
  });

  test('the preview of an import is clean with scripts', async () => {
    await bring('productos_nov.csv', FILE);
    await clean(page);
    await page.setViewportSize({ width: 360, height: 640 });
    await clean(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
