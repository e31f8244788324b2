// Lighthouse on a browser that runs already: what it is signed in to stays.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';

const program = join(__dirname, '../node_modules/.bin/lighthouse');

export interface Report {
  categories: Record<string, { score: number | null }>;
  audits: Record<string, { score: number | null; numericValue?: number; title: string; details?: { items?: { node?: { snippet?: string } }[] } }>;
  environment: { benchmarkIndex: number };
  finalDisplayedUrl: string;
  runtimeError?: { code: string; message: string };
}

/** Tries of one visit: now and then Lighthouse loses the start of its own trace (NO_NAVSTART), and says to run it again. */
const TRIES = 3;

/** One visit by the mobile preset (slow 4G and a quarter of this machine's speed, simulated) to a page of the browser at this port. */
export async function lighthouse(url: string, port: number, category: 'accessibility' | 'performance'): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'mostrador-lighthouse-'));
  const file = join(folder, 'report.json');
  // Storage that is reset includes the cache: speed is that of the first visit.
  const arguments_ = [url, `--port=${port}`, `--only-categories=${category}`, ...(category === 'accessibility' ? ['--disable-storage-reset'] : []), '--output=json', `--output-path=${file}`, '--quiet'];
  try {
    let code: unknown = 1;
    for (let tries = 0; code !== 0; tries++) {
      if (tries === TRIES) throw new Error(`lighthouse ${url} ended with ${code}`);
      code = await new Promise((done) => spawn(program, arguments_, { stdio: ['ignore', 'ignore', 'inherit'] }).once('exit', done));
    }
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    if (report.runtimeError) throw new Error(`${url}: ${report.runtimeError.message}`);
    if (report.finalDisplayedUrl !== url) throw new Error(`${url} led to ${report.finalDisplayedUrl}`);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A browser of nobody but Lighthouse, with what the profile is signed in to: Playwright's own ear on every tab disturbs the trace. */
export async function alone(profile: string, port: number): Promise<ChildProcess> {
  const child = spawn(chromium, [...flags, '--headless=new', '--password-store=basic', '--use-mock-keychain', '--lang=es-CO', `--user-data-dir=${profile}`, `--remote-debugging-port=${port}`, 'about:blank'], { stdio: 'ignore' });
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}/json/version`).then((answer) => answer.ok, () => false)); tries++) {
    if (tries > 100) throw new Error('Chromium does not listen');
    await new Promise((done) => setTimeout(done, 100));
  }
  return child;
}
