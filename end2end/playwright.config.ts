import { defineConfig } from '@playwright/test';

// Debian's Chromium; no browser can be downloaded where the tests run.
export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export default defineConfig({
  testDir: 'tests',
  timeout: 300_000,
  workers: 1,
  retries: 0,
  reporter: [['line'], ['json']],
  use: { actionTimeout: 15_000, navigationTimeout: 15_000, launchOptions: { executablePath: chromium, args: flags }, viewport: { width: 360, height: 640 }, locale: 'es-CO' },
});
