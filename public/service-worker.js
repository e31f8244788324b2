// Keeps one build of one front on the phone: its pages as nobody sees them, and their files. The server fills SITE in.
//
// Registered once for each front; everything that is fetched for a build is kept or dropped as one set. Personal data
// never comes through here: pages are asked for without cookies, and calls to the server are left alone.

const SITE = null; /* filled in by the server: {build, fronts: {scope: {pages, files}}} */

const scope = new URL(self.registration.scope).pathname;
const { pages, files } = SITE.fronts[scope];
const prefix = `mostrador ${scope} `;
const set = prefix + SITE.build;

// `/c/history/` is `/c/history`; `/c/reward/*` stands for every address below.
const named = (path) => {
  const plain = path.endsWith('/') && path !== scope ? path.slice(0, -1) : path;
  return pages.find((page) => page === plain || (page.endsWith('*') && plain.startsWith(page.slice(0, -1))));
};

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(set);
    const keep = async (path, address, options) => {
      const answer = await fetch(address, options);
      if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
      await cache.put(path, answer);
    };
    // A set that is not whole is no set: one failure and this build waits for the next try.
    await Promise.all([
      ...pages.map((path) => keep(path, `${path.replace('*', 'any')}?shell`, { credentials: 'omit', cache: 'no-store' })),
      ...files.map((path) => keep(path, path, {})),
    ]);
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(prefix) && name !== set).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});

const kept = async (path) => (await caches.open(set)).match(path);

const page = async (event, url) => {
  const path = named(url.pathname);
  // At once from the phone; what is personal the page asks for itself.
  if (path && url.search === '') {
    const answer = await kept(path);
    if (answer) return answer;
  }
  try {
    return await fetch(event.request);
  } catch (error) {
    if (path) {
      const answer = await kept(path);
      if (answer) return answer;
    }
    // At its own address: a page comes alive as what its address says.
    return Response.redirect(`${scope}offline`);
  }
};

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin || event.request.method !== 'GET') return;
  if (event.request.mode === 'navigate') {
    event.respondWith(page(event, url));
  } else if (files.includes(url.pathname)) {
    event.respondWith(kept(url.pathname).then((answer) => answer || fetch(event.request)));
  }
});
