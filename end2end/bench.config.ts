// Figures, not rules: npx playwright test --config bench.config.ts (cargo xtask bench gives it what it needs).
import base from './playwright.config';

export default { ...base, testDir: 'bench', timeout: 1_200_000, reporter: [['list']] };
