// Makes the pictures of the consoles again: npx playwright test --config pictures.config.ts
import base from './playwright.config';

export default { ...base, testDir: 'pictures', reporter: [['line']] };
