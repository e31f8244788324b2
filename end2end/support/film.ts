// A film for Chromium's fake camera: the QR that stands on a page, then EAN-13 labels, over and over.
import { openSync, writeSync, closeSync } from 'node:fs';
import type { Page } from '@playwright/test';

const WIDTH = 640;
const HEIGHT = 480;
const PER_PICTURE = 15;

const LEFT_ODD = ['0001101', '0011001', '0010011', '0111101', '0100011', '0110001', '0101111', '0111011', '0110111', '0001011'];
const PARITY = ['LLLLLL', 'LLGLGG', 'LLGGLG', 'LLGGGL', 'LGLLGG', 'LGGLLG', 'LGGGLL', 'LGLGLG', 'LGLGGL', 'LGGLGL'];
const flip = (bits: string) => [...bits].map((bit) => (bit === '1' ? '0' : '1')).join('');
const turn = (bits: string) => [...bits].reverse().join('');

/** The 95 modules of an EAN-13 (GS1 General Specifications, section 5.2). */
export function ean13(digits: string): string {
  const parity = PARITY[Number(digits[0])];
  const left = [...digits.slice(1, 7)].map((digit, i) => (parity[i] === 'L' ? LEFT_ODD[Number(digit)] : turn(flip(LEFT_ODD[Number(digit)]))));
  const right = [...digits.slice(7)].map((digit) => flip(LEFT_ODD[Number(digit)]));
  return `101${left.join('')}01010${right.join('')}101`;
}

/** Grey pictures: of the QR on the page, and of each label. */
async function pictures(page: Page, labels: string[]): Promise<Buffer[]> {
  // A page that opens from the phone makes its code when it is alive.
  await page.waitForFunction(() => document.querySelector('svg.qr path')?.getAttribute('d'));
  const drawn = await page.evaluate(
    async ({ width, height, labels }) => {
      const canvas = document.createElement('canvas');
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext('2d')!;
      const clear = () => {
        context.fillStyle = '#d8d8d8';
        context.fillRect(0, 0, width, height);
      };
      const grey = () => {
        const { data } = context.getImageData(0, 0, width, height);
        let text = '';
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
        return btoa(text);
      };
      const made: string[] = [];
      const svg = document.querySelector<SVGSVGElement>('svg.qr')!;
      const modules = Number(svg.getAttribute('viewBox')!.split(' ')[2]);
      clear();
      context.save();
      context.translate(155, 75);
      context.scale(330 / modules, 330 / modules);
      context.fillStyle = 'white';
      context.fillRect(0, 0, modules, modules);
      context.fillStyle = 'black';
      context.fill(new Path2D(svg.querySelector('path')!.getAttribute('d')!));
      context.restore();
      made.push(grey());
      for (const modules of labels) {
        clear();
        context.fillStyle = 'white';
        context.fillRect(100, 140, 440, 200);
        context.fillStyle = 'black';
        [...modules].forEach((module, i) => module === '1' && context.fillRect(130 + i * 4, 160, 4, 160));
        made.push(grey());
      }
      return made;
    },
    { width: WIDTH, height: HEIGHT, labels },
  );
  return drawn.map((text) => Buffer.from(text, 'base64'));
}

/** Writes the film as Y4M: the page's QR and one label for each barcode. */
export async function film(page: Page, barcodes: string[], file: string): Promise<void> {
  const frames = await pictures(page, barcodes.map(ean13));
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const out = openSync(file, 'w');
  writeSync(out, `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  for (const frame of frames) {
    for (let n = 0; n < PER_PICTURE; n++) {
      writeSync(out, 'FRAME\n');
      writeSync(out, frame);
      writeSync(out, colour);
    }
  }
  closeSync(out);
}
