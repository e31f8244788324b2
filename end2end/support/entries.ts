// The entry pages of every front, and whoever may see them, from the seeded demo world.
import type { Page } from '@playwright/test';
import { enrol, logIn, registerShop, signUp } from './people';
import type { Server } from './server';

/** Without a session, and inside one. */
export const OUTSIDE = ['/', '/c/join', '/t/start', '/b/login', '/o/login'];
export const INSIDE = ['/c/', '/t/', '/t/scan', '/b/', '/o/'];

/** Every page of the consoles that needs nothing but a session. */
export const CONSOLES = ['/b/', '/b/reports', '/b/reports/consumers', '/b/campaigns', '/b/campaigns/new', '/b/campaigns/edit', '/b/products', '/b/payouts', '/b/account', '/o/', '/o/shops', '/o/products', '/o/import', '/o/proposals', '/o/organisations', '/o/users', '/o/account', '/o/audit'];

/** Every page of the phones that needs nothing but a session. */
export const PHONES = ['/c/', '/c/history', '/c/rewards', '/c/you', '/t/', '/t/scan', '/t/today', '/t/owed', '/t/card?code=S1AAAAAAAAAAAAAA', '/t/more'];

/** One browser becomes a consumer, a shop with its phone, a brand and the operator: each has a cookie of its own. */
export async function signInEverywhere(page: Page, server: Server): Promise<void> {
  await signUp(page, server, '301 777 0001', 'Ana');
  await registerShop(page, server, '301 777 0002', 'Tienda La Palma');
  await enrol(page, server, 'Tienda La Palma');
  await logIn(page, `${server.url}/b`, 'laura@sierra.example');
  await logIn(page, `${server.url}/o`, 'julian@mostrador.example');
}
