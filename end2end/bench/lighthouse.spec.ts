// Lighthouse's mobile speed of the first page of each front, signed in: the median of five visits with an empty cache.
// Over plain http on localhost, so without the round trips of TLS; network and processor are Lighthouse's simulation of
// a slow phone, and `benchmarkIndex` says how fast the machine beneath it was (a phone of the middle: about 500 to 1000).
import { chromium as playwright, expect, test } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';
import { signInEverywhere } from '../support/entries';
import { freePort, start } from '../support/server';
import { alone, lighthouse, type Report } from '../support/lighthouse';

const VISITS = 5;
/** Lighthouse's score, and milliseconds until the largest thing is painted. */
const BOUNDS: Record<string, { score: number; lcp: number }> = {
  '/c/': { score: 95, lcp: 1_800 },
  '/t/scan': { score: 95, lcp: 1_800 },
  '/b/': { score: 85, lcp: Infinity },
};

const median = (all: number[]) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];

test('the first page of each front is fast on a slow phone', async () => {
  const server = await start('sqlite');
  const profile = mkdtempSync(join(tmpdir(), 'mostrador-lighthouse-'));
  const port = await freePort();
  const context = await playwright.launchPersistentContext(profile, { executablePath: chromium, args: flags, viewport: { width: 360, height: 640 }, locale: 'es-CO' });
  const page = await context.newPage();
  await signInEverywhere(page, server);
  await context.close();
  const browser = await alone(profile, port);
  const missed: string[] = [];
  for (const [path, bound] of Object.entries(BOUNDS)) {
    const reports: Report[] = [];
    for (let visit = 0; visit < VISITS; visit++) reports.push(await lighthouse(`${server.url}${path}`, port, 'performance'));
    const middle = (of: (report: Report) => number) => median(reports.map(of));
    const figure = (name: string) => Math.round(middle((report) => report.audits[name].numericValue ?? Infinity));
    const score = Math.round(middle((report) => report.categories.performance.score ?? 0) * 100);
    const lcp = figure('largest-contentful-paint');
    const index = middle((report) => report.environment.benchmarkIndex);
    console.log(`${path}  performance ${score} (bound ${bound.score})  LCP ${lcp} ms (bound ${bound.lcp})  FCP ${figure('first-contentful-paint')} ms  TBT ${figure('total-blocking-time')} ms  Speed Index ${figure('speed-index')} ms  benchmarkIndex ${index}`);
    if (score < bound.score) missed.push(`${path}: performance ${score} < ${bound.score}`);
    if (lcp > bound.lcp) missed.push(`${path}: LCP ${lcp} ms > ${bound.lcp} ms`);
  }
  await new Promise((done) => {
    browser.once('exit', done);
    browser.kill();
  });
  await server.stop();
  rmSync(profile, { recursive: true, force: true });
  expect(missed).toEqual([]);
});
