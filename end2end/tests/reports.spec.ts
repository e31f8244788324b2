// A brand's analyst reads her reports: she chooses a period, and what a page says is what its file says. Without scripts
// too: nothing of a report needs them.
import { inflateRawSync } from 'node:zlib';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { clean, logIn } from '../support/people';
import { ground, type Server } from '../support/server';

const FAMILIES = ['', '/shops', '/consumers', '/campaign', '/points'];

/** As the page writes a number of the file: `27700` is `$27.700`, an empty cell of people is hidden. */
const digits = (text: string) => text.replace(/[^0-9,\u2212-]/g, '').replace('\u2212', '-').replace(',', '.');

/** The rows of a file; names in it have no line ends. */
function rows(csv: string): string[][] {
  const lines = csv.replace(/^\uFEFF/, '').trim().split('\r\n');
  return lines.map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((cell) => (cell[1] ?? cell[2] ?? '').replace(/""/g, '"')));
}

/** A file of a ZIP archive (PKWARE APPNOTE, 4.3.12 and 4.3.7). */
function unzipped(archive: Buffer, name: string): string {
  for (let at = archive.readUInt32LE(archive.lastIndexOf('PK\x05\x06') + 16); archive.readUInt32LE(at) === 0x02014b50; ) {
    const [method, size, names, extra, note, offset] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20), ...[28, 30, 32].map((place) => archive.readUInt16LE(at + place)), archive.readUInt32LE(at + 42)];
    if (archive.toString('utf8', at + 46, at + 46 + names) === name) {
      const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
      const packed = archive.subarray(start, start + size);
      return (method === 0 ? packed : inflateRawSync(packed)).toString('utf8');
    }
    at += 46 + names + extra + note;
  }
  throw new Error(`${name} is not in the archive`);
}

/** The cells of a workbook's only sheet, as texts. */
function cells(book: Buffer): string[][] {
  const texts = [...unzipped(book, 'xl/sharedStrings.xml').matchAll(/<si><t[^>]*>([^<]*)<\/t><\/si>|<si><t[^>]*\/><\/si>/g)].map((text) => text[1] ?? '');
  const lines = [...unzipped(book, 'xl/worksheets/sheet1.xml').matchAll(/<row [^>]*>(.*?)<\/row>/gs)];
  return lines.map(([, line]) => [...line.matchAll(/<c [^>]*?(t="s")?><v>([^<]*)<\/v><\/c>/g)].map(([, text, value]) => (text ? texts[Number(value)] : value)));
}

test.describe('reports', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  ground('sqlite', (made) => ({ server, browser } = made));
  test.beforeEach(async () => {
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-CO' })).newPage();
    await logIn(page, `${server.url}/b`, 'laura@sierra.example');
  });
  test.afterEach(async () => page.context().close());

  test('what a page says is what its file says', async () => {
    await page.goto(`${server.url}/b/reports`);
    const [from, to] = await Promise.all(['Desde', 'Hasta'].map((label) => page.getByLabel(label).inputValue()));
    const earlier = new Date(Date.parse(from) - 14 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('Desde').fill(earlier);
    await page.getByRole('button', { name: 'Ver', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.get('from') === earlier && url.searchParams.get('to') === to);

    const panel = page.locator('[data-report=sales_per_pli]');
    const file = await page.request.get(`${server.url}${await panel.locator('[data-csv]').getAttribute('href')}`);
    const [, ...sold] = rows(await file.text());
    await panel.getByText('Ver como tabla').click();
    const shown = await panel.locator('tbody tr').evaluateAll((lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent ?? '')));

    expect(sold.length).toBeGreaterThan(0);
    // The file begins with the product's identity, which nobody reads.
    const comparable = sold.map(([, name, ...numbers]) => [name, ...numbers.map((number) => (number === '' ? 'oculto' : number.replace(/\.00$/, '')))]);
    expect(shown.map(([name, ...numbers]) => [name, ...numbers.map((number) => (number.startsWith('oculto') ? 'oculto' : digits(number)))])).toEqual(comparable);
    // The workbook has the same, without what is empty and without zeros that a number does not need.
    const book = await page.request.get(`${server.url}${await panel.locator('[data-xlsx]').getAttribute('href')}`);
    const plain = (cell: string) => (/^-?[0-9.]+$/.test(cell) ? String(Number(cell)) : cell);
    expect(cells(await book.body()).slice(1).map((line) => line.filter(Boolean))).toEqual(sold.map((line) => line.filter(Boolean).map(plain)));
    // And the picture has the numbers of the table.
    const chart = await panel.locator('svg').textContent();
    for (const [name, units] of shown.slice(0, 5)) {
      expect(chart).toContain(units);
      expect(chart).toContain(name.slice(0, 20));
    }
    await panel.getByText('Qué significa').click();
    await expect(panel.getByText('Solo cuentan compras aceptadas')).toBeVisible();
    await expect(panel.getByText(/^Datos hasta/)).toBeVisible();
  });

  test('every panel is there, and every page is clean', async () => {
    const panels: string[] = [];
    for (const viewport of [{ width: 1440, height: 900 }, { width: 360, height: 640 }]) {
      await page.setViewportSize(viewport);
      for (const family of FAMILIES) {
        await page.goto(`${server.url}/b/reports${family}`);
        await expect(page.getByRole('heading', { name: 'Reportes' })).toBeVisible();
        await expect(page.locator('[data-report]').first()).toBeVisible();
        await clean(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), family).toBeLessThanOrEqual(0);
        panels.push(...(await page.locator('[data-report]').evaluateAll((all) => all.map((one) => one.getAttribute('data-report') ?? ''))));
        expect(await page.getByRole('alert').count(), family).toBe(0);
      }
    }
    expect([...new Set(panels)].sort()).toEqual(
      ['active_pdv', 'affinity', 'cac', 'cohorts', 'conversion', 'frequency', 'liability', 'nps', 'reach', 'redemption', 'registration', 'rfm', 'roi', 'sales_per_pli', 'shop_performance', 'uplift_did', 'zones'],
    );
  });

  test('a wrong period is told at its field, and an old one is empty', async () => {
    await page.goto(`${server.url}/b/reports?from=2026-03-10&to=2026-03-01`);
    await expect(page.getByText('la fecha final no puede ser anterior')).toBeVisible();
    await expect(page.getByLabel('Desde')).toHaveValue('2026-03-10');
    await page.goto(`${server.url}/b/reports?from=2001-03-01&to=2001-03-10`);
    await expect(page.getByText('No hubo ventas de la marca en este periodo.').first()).toBeVisible();
    await expect(page.getByText('Sin ventas en el periodo').first()).toBeVisible();
    await clean(page);
  });

  test('an effect without control shops is not measurable', async () => {
    await page.goto(`${server.url}/b/reports/campaign`);
    await expect(page.locator('[data-report=uplift_did]').getByText('Elige una campaña')).toBeVisible();
    await page.locator('#campaign').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Ver', exact: true }).click();
    await expect(page.locator('[data-report=uplift_did]').getByText(/No medible: no se fijaron tiendas de control/)).toBeVisible();
    await expect(page.locator('[data-report=roi]').getByText(/No incremental/).first()).toBeVisible();
  });

  test('segments are saved, and only then somebody is written to', async () => {
    await page.goto(`${server.url}/b/audiences`);
    await expect(page.getByText('Aún no has guardado segmentos')).toBeVisible();
    await page.getByRole('link', { name: 'Ver los segmentos' }).click();
    await page.waitForURL(/reports\/consumers/);
    await page.getByRole('button', { name: 'Guardar segmentos' }).click();
    await expect(page.getByText('Segmentos guardados')).toBeVisible();
    await page.goto(`${server.url}/b/audiences`);
    await expect(page.getByLabel('Segmento').locator('option').first()).toBeAttached();
    await expect(page.getByText('{marca}')).toHaveCount(0);
  });
});
