// From the tap on «Escanear» to the first product in the basket, with a filmed label before the camera.
import { chromium as playwright, expect, test } from '@playwright/test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { ean13 } from '../support/film';
import { enrol, registerShop } from '../support/people';
import { start, type Server } from '../support/server';

/** Half of all first reads are there after this. */
const FIRST_READ_P50_MS = 900;
const TAPS = 21;
/** A product that every shop knows. */
const COLA = '7709001000011';
const [WIDTH, HEIGHT, MODULE] = [640, 480, 4];

/** A label before a desk, as Y4M. Chromium plays it over and over. */
function label(digits: string, file: string): void {
  const bars = [...ean13(digits)];
  const [left, top] = [130, 160];
  const grey = Buffer.alloc(WIDTH * HEIGHT, 160);
  for (let y = top - 20; y < top + 180; y++) grey.fill(235, y * WIDTH + left - 40, y * WIDTH + left + 95 * MODULE + 40);
  for (let y = top; y < top + 160; y++) bars.forEach((bar, i) => bar === '1' && grey.fill(20, y * WIDTH + left + i * MODULE, y * WIDTH + left + (i + 1) * MODULE));
  const frame = Buffer.concat([Buffer.from('FRAME\n'), grey, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F30:1 Ip A1:1 C420jpeg\n`), ...Array<Buffer>(30).fill(frame)]));
}

let server: Server;
let folder = '';
test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mostrador-bench-'));
  server = await start('sqlite');
});
test.afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('first read after the tap', async () => {
  const file = join(folder, 'label.y4m');
  label(COLA, file);
  const browser = await playwright.launch({
    executablePath: chromium,
    args: [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`],
  });
  const context = await browser.newContext({ viewport: { width: 360, height: 640 }, locale: 'es-CO', permissions: ['camera'] });
  // Both ends are told by the browser's own clock, which pages of one browser share.
  await context.addInitScript(() => {
    const now = () => performance.timeOrigin + performance.now();
    addEventListener('click', () => sessionStorage.setItem('tapped', String(now())), true);
    const marks: Record<string, number> = {};
    (window as unknown as { marks: Record<string, number> }).marks = marks;
    const seen = (name: string, selector: string) => { if (!(name in marks) && document.querySelector(selector)) marks[name] = now(); };
    new MutationObserver(() => {
      seen('alive', '[data-ready=true]');
      seen('camera', '.viewfinder__frame:not(.viewfinder__frame--off)');
      seen('read', '.viewfinder--read');
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await registerShop(page, server, '301 777 0009', 'Tienda La Palma');
  await enrol(page, server, 'Tienda La Palma');
  const taps: Record<string, number>[] = [];
  for (let n = 0; n < TAPS; n++) {
    await page.goto(`${server.url}/t/`);
    await page.waitForLoadState('networkidle');
    await page.locator('a[href="/t/scan"]').first().click();
    // A basket may outlive its page; the frame turns green for a read of this one.
    await page.locator('.viewfinder--read').waitFor();
    await expect(page.locator(`[data-gtin="0${COLA}"]`)).toBeVisible();
    taps.push(await page.evaluate(() => {
      const { marks } = window as unknown as { marks: Record<string, number> };
      const tapped = Number(sessionStorage.getItem('tapped'));
      return Object.fromEntries(Object.entries({ page: performance.timeOrigin, ...marks }).map(([name, at]) => [name, at - tapped]));
    }));
  }
  await browser.close();

  // The first visit also loads the page's files; shops have them kept.
  const quantile = (name: string, part: number) => {
    const sorted = taps.slice(1).map((tap) => tap[name]).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  };
  console.log(`milliseconds after the tap, ${TAPS - 1} visits: median, 95 % (the very first visit)`);
  for (const name of ['page', 'alive', 'camera', 'read']) console.log(`  ${name.padEnd(8)} ${quantile(name, 0.5).toFixed(0).padStart(6)} ${quantile(name, 0.95).toFixed(0).padStart(6)} ${(taps[0][name] ?? NaN).toFixed(0).padStart(8)}`);
  const p50 = quantile('read', 0.5);
  console.log(`${p50 <= FIRST_READ_P50_MS ? 'kept  ' : 'MISSED'}  first read after the tap: median ${p50.toFixed(0)} ms (at most ${FIRST_READ_P50_MS})`);
  expect(p50).toBeLessThanOrEqual(FIRST_READ_P50_MS);
});
