// Our decoder and zxing-wasm in one Chromium page on the same pictures: rates, misreads and times, beside each other.
//
//   SCANNER_CORPUS   folder with index.json and photographs (needed)
//   SCANNER_BURSTS   folder with bursts.json; the first frames of its bursts are timed, too
//   SCANNER_DECODER  folder with decoder.js and decoder_bg.wasm of a release build (needed)
import { expect, test } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const corpus = process.env.SCANNER_CORPUS ?? join(__dirname, '../../../shared/scanner');
const bursts = process.env.SCANNER_BURSTS ?? '';
const decoder = process.env.SCANNER_DECODER ?? join(__dirname, '../../target/decoder');
const zxing = join(__dirname, '../node_modules/zxing-wasm/dist');

/** 95 of 100 looks at a picture of 640 × 480 are done after this. */
const LOOK_P95_MS = 25;
/** Looks at each picture; the shortest counts, for the machine has other things to do. */
const LOOKS = 5;
/** Pictures before the measured ones, until the engine has compiled everything. */
const WARM_UP = 20;
const SYMBOLOGIES = ['ean13', 'ean8', 'upca', 'qrcode'];

interface Picture { file: string; url: string; symbology: string; truth: string; latin?: boolean }
interface Look { texts: string[]; ms: number }
type Looks = Record<string, Look[]>;

const KINDS: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.png': 'image/png', '.jpg': 'image/jpeg', '.webp': 'image/webp', '.gif': 'image/gif' };
const HOST = 'http://bench.example';
const FOLDERS: Record<string, string> = { corpus, bursts, decoder, zxing };

const normal = (text: string) => text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');

/** A UPC-A may come with the leading zero of its EAN-13, and the reverse. */
function same({ symbology, truth, latin }: Picture, text: string): boolean {
  const [read, wanted] = [normal(text), normal(truth)];
  if (read === wanted || (latin && Buffer.from(read, 'utf8').toString('latin1') === wanted)) return true;
  return /^(ean13|upca)$/.test(symbology) && (`0${read}` === wanted || read === `0${wanted}`);
}

const quantile = (numbers: number[], part: number) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(part * numbers.length))] ?? NaN;
const cell = (text: string | number, width: number) => String(text).padStart(width);

interface Row { read: number; wrong: number; n: number; rate: number; median: number; p95: number }

function score(pictures: Picture[], looks: Look[], symbology?: string): Row {
  const of = pictures.map((picture, at) => ({ picture, look: looks[at] })).filter(({ picture }) => (symbology ? picture.symbology === symbology : SYMBOLOGIES.includes(picture.symbology)));
  const read = of.filter(({ picture, look }) => look.texts.some((text) => same(picture, text))).length;
  const wrong = of.filter(({ picture, look }) => look.texts.length > 0 && !look.texts.some((text) => same(picture, text))).length;
  const times = of.map(({ look }) => look.ms);
  return { n: of.length, read, wrong, rate: read / of.length, median: quantile(times, 0.5), p95: quantile(times, 0.95) };
}

function table(title: string, pictures: Picture[], looks: Looks): void {
  console.log(`\n${title}`);
  console.log(`  ${''.padEnd(12)}${''.padEnd(18)}${cell('n', 5)}${cell('read', 6)}${cell('rate', 8)}${cell('misread', 9)}${cell('median ms', 11)}${cell('95 % ms', 9)}`);
  for (const symbology of [...SYMBOLOGIES, 'none', undefined]) {
    for (const [name, of] of Object.entries(looks)) {
      const row = score(pictures, of, symbology);
      if (row.n === 0) continue;
      const rate = symbology === 'none' ? '' : `${(100 * row.rate).toFixed(1)} %`;
      console.log(`  ${(symbology ?? 'all with code').padEnd(14)}${name.padEnd(16)}${cell(row.n, 5)}${cell(row.read, 6)}${cell(rate, 8)}${cell(row.wrong, 9)}${cell(row.median.toFixed(2), 11)}${cell(row.p95.toFixed(2), 9)}`);
    }
  }
}

test('photographs and drawn frames', async ({ page }) => {
  test.skip(!existsSync(join(corpus, 'index.json')), `no photographs in ${corpus}`);
  await page.route(`${HOST}/**`, (route) => {
    const [, folder, ...rest] = new URL(route.request().url()).pathname.split('/');
    if (!folder) return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>bench</title>' });
    const path = join(FOLDERS[folder], ...rest.map(decodeURIComponent));
    return route.fulfill({ contentType: KINDS[extname(path)] ?? 'application/octet-stream', body: readFileSync(path) });
  });
  await page.goto(`${HOST}/`);
  await page.addScriptTag({ url: `${HOST}/zxing/iife/reader/index.js` });

  const index: Array<{ file: string; symbology: string; truth: string | null; truth_encoding?: string }> = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8'));
  const photographs: Picture[] = index
    .filter(({ symbology }) => symbology === 'none' || SYMBOLOGIES.includes(symbology))
    .map(({ file, symbology, truth, truth_encoding }) => ({ file, url: `/corpus/${file}`, symbology, truth: truth ?? '', latin: truth_encoding?.startsWith('latin-1') }));
  const drawn: Picture[] = bursts
    ? (JSON.parse(readFileSync(join(bursts, 'bursts.json'), 'utf8')) as Array<{ symbology: string; truth: string; frames: string[] }>).map(({ symbology, truth, frames }) => ({ file: frames[0], url: `/bursts/${frames[0]}`, symbology, truth }))
    : [];

  /** Every decoder on every picture: as it is, or fitted into a frame of 640 × 480. */
  const look = (pictures: Picture[], fitted: boolean): Promise<Looks> => page.evaluate(
    async ({ host, urls, fitted, looks, warmUp }) => {
      type Glue = { default(from: { module_or_path: string }): Promise<unknown>; decodeRgba(bytes: Uint8Array, width: number, height: number, thorough: boolean): [string, string, number][] };
      type Zxing = { prepareZXingModule(of: unknown): Promise<unknown>; readBarcodes(of: ImageData, how: unknown): Promise<{ text: string; isValid: boolean }[]> };
      const script = `${host}/decoder/decoder.js`;
      const glue: Glue = await import(script);
      await glue.default({ module_or_path: `${host}/decoder/decoder_bg.wasm` });
      const { ZXingWASM } = window as unknown as { ZXingWASM: Zxing };
      await ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => `${host}/zxing/reader/zxing_reader.wasm` }, fireImmediately: true });

      const ours = (thorough: boolean) => async (of: ImageData) => glue.decodeRgba(new Uint8Array(of.data.buffer), of.width, of.height, thorough).map(([, text]) => text);
      const formats = ['EAN13', 'EAN8', 'UPCA', 'UPCE', 'QRCode'];
      const theirs = (harder: boolean) => async (of: ImageData) => (await ZXingWASM.readBarcodes(of, { formats, maxNumberOfSymbols: 4, textMode: 'Plain', tryHarder: harder, tryRotate: harder, tryInvert: harder, tryDownscale: true })).map(({ text }) => text);
      const decoders: Record<string, (of: ImageData) => Promise<string[]>> = { 'ours fast': ours(false), 'ours thorough': ours(true), 'zxing fast': theirs(false), 'zxing harder': theirs(true) };

      const pixels = async (url: string): Promise<ImageData> => {
        const bitmap = await createImageBitmap(await (await fetch(host + url)).blob(), { colorSpaceConversion: 'none' });
        const [width, height] = fitted ? [640, 480] : [bitmap.width, bitmap.height];
        const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
        // Transparent is paper; around a fitted photograph is the grey of a desk.
        context.fillStyle = fitted ? '#777' : '#fff';
        context.fillRect(0, 0, width, height);
        const scale = Math.min(width / bitmap.width, height / bitmap.height);
        const [wide, high] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
        const [left, top] = [(width - wide) >> 1, (height - high) >> 1];
        context.fillStyle = '#fff';
        context.fillRect(left, top, wide, high);
        context.drawImage(bitmap, left, top, wide, high);
        return context.getImageData(0, 0, width, height);
      };

      const found: Record<string, { texts: string[]; ms: number }[]> = Object.fromEntries(Object.keys(decoders).map((name) => [name, []]));
      for (const url of urls.slice(0, warmUp)) {
        const of = await pixels(url);
        for (const decode of Object.values(decoders)) await decode(of);
      }
      for (const url of urls) {
        const of = await pixels(url);
        for (const [name, decode] of Object.entries(decoders)) {
          const times: number[] = [];
          let texts: string[] = [];
          for (let n = 0; n < looks; n++) {
            const start = performance.now();
            texts = await decode(of);
            times.push(performance.now() - start);
          }
          found[name].push({ texts, ms: Math.min(...times) });
        }
      }
      return found;
    },
    { host: HOST, urls: pictures.map(({ url }) => url), fitted, looks: LOOKS, warmUp: WARM_UP },
  );

  const missed: string[] = [];
  const bound = (text: string, kept: boolean) => {
    console.log(`${kept ? 'kept  ' : 'MISSED'}  ${text}`);
    if (!kept) missed.push(text);
  };

  const asTheyAre = await look(photographs, false);
  table('photographs as they are', photographs, asTheyAre);
  if (process.env.SCANNER_VERBOSE) {
    photographs.forEach((picture, at) => {
      const { texts } = asTheyAre['ours thorough'][at];
      if (picture.symbology === 'none' ? texts.length : !texts.some((text) => same(picture, text))) console.log(`  ${picture.file} ${picture.truth}: ${JSON.stringify(texts)}`);
    });
  }
  const frames = await look(photographs, true);
  table('photographs in a frame of 640 × 480', photographs, frames);
  const labels = drawn.length > 0 ? await look(drawn, false) : {};
  if (drawn.length > 0) table('drawn frames of 640 × 480, the first of each burst', drawn, labels);

  console.log('');
  const [ours, fast, harder] = ['ours thorough', 'zxing fast', 'zxing harder'].map((name) => score(photographs, asTheyAre[name]));
  const none = (name: string) => score(photographs, asTheyAre[name], 'none').wrong;
  bound(`rate on photographs: ${ours.read} of ${ours.n}, ${(ours.rate / fast.rate).toFixed(3)} of zxing fast, ${(ours.rate / harder.rate).toFixed(3)} of zxing harder (at least 1 of fast)`, ours.rate >= fast.rate);
  for (const symbology of SYMBOLOGIES) {
    const [mine, theirs] = ['ours thorough', 'zxing fast'].map((name) => score(photographs, asTheyAre[name], symbology));
    bound(`${symbology}: ${mine.read} of ${mine.n}, zxing fast ${theirs.read}`, mine.read >= theirs.read);
  }
  bound(`misread and invented: ${ours.wrong + none('ours thorough')}, zxing fast ${fast.wrong + none('zxing fast')}`, ours.wrong + none('ours thorough') <= fast.wrong + none('zxing fast'));
  // The plan of a phone that is fast enough looks thoroughly at every second frame.
  const sizes: Array<[string, Looks]> = [['photographs', frames], ['drawn frames', labels]];
  for (const [name, looks] of sizes.filter(([, looks]) => 'ours fast' in looks)) {
    const [quick, slow] = ['ours fast', 'ours thorough'].map((of) => looks[of].map(({ ms }) => ms));
    const p95 = quantile([...quick, ...slow], 0.95);
    bound(`${name} at 640 × 480: 95 % of looks within ${p95.toFixed(1)} ms (fast ${quantile(quick, 0.95).toFixed(1)}, thorough ${quantile(slow, 0.95).toFixed(1)}; at most ${LOOK_P95_MS})`, p95 <= LOOK_P95_MS);
  }
  expect(missed).toEqual([]);
});
