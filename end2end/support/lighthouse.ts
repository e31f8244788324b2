// Lighthouse on a browser that runs already: what it is signed in to stays.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(__dirname, '../node_modules/.bin/lighthouse');

export interface Report {
  categories: Record<string, { score: number | null }>;
  audits: Record<string, { score: number | null; numericValue?: number; title: string; details?: { items?: { node?: { snippet?: string } }[] } }>;
  environment: { benchmarkIndex: number };
  runtimeError?: { code: string; message: string };
}

/** One visit by the mobile preset (slow 4G and a quarter of this machine's speed, simulated) to a page of the browser at this port. */
export async function lighthouse(url: string, port: number, category: 'accessibility' | 'performance'): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'mostrador-lighthouse-'));
  const file = join(folder, 'report.json');
  const arguments_ = [url, `--port=${port}`, `--only-categories=${category}`, ...(category === 'accessibility' ? ['--disable-storage-reset'] : []), '--output=json', `--output-path=${file}`, '--quiet'];
  const code = await new Promise((done) => spawn(program, arguments_, { stdio: ['ignore', 'ignore', 'inherit'] }).once('exit', done));
  try {
    if (code !== 0) throw new Error(`lighthouse ${url} ended with ${code}`);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    if (report.runtimeError) throw new Error(`${url}: ${report.runtimeError.message}`);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
