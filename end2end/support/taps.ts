// How often a finger touches the screen.
import type { BrowserContext, Page } from '@playwright/test';

/** Counts from now on, over pages. */
export async function countTaps(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => addEventListener('pointerdown', () => sessionStorage.setItem('taps', String(1 + Number(sessionStorage.getItem('taps') ?? 0))), true));
}

/** Touches of this tab since the count began. */
export const taps = (page: Page): Promise<number> => page.evaluate(() => Number(sessionStorage.getItem('taps') ?? 0));

/** The count begins anew. */
export const noTaps = (page: Page): Promise<void> => page.evaluate(() => sessionStorage.setItem('taps', '0'));
