// Pictures that a journey keeps, in the output folder of its test.
import { test, type Page } from '@playwright/test';

/** What the screen shows now, under `pictures/` of the running test's output. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: test.info().outputPath('pictures', `${name}.png`) });
}
