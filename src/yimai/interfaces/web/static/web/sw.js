// The page shell without a server: our own files, and the bench's last seen pages for the person who saw them (docs/offline.md).
// The server puts `const VERSION` and `const SHELL` (the offline pages' addresses) before this.
"use strict";
const FILES = "yimai-files";
const OFFLINE = `yimai-offline-${VERSION}`;
const PAGES = "yimai-pages";
const PERSON = "/-/person";
const MOST_PAGES = 60;
const MOST_FILES = 150;
const LONGEST = 12 * 3600 * 1000;
const FRESH = 15 * 60 * 1000; // a form kept ahead is not asked for again so soon
const MOST_AHEAD = 20;
const PATIENCE = 5000; // milliseconds until a kept page is shown instead of one that does not come

const assetsIn = (html) => [...html.matchAll(/(?:src|href|data-(?:worker|detector|wasm))="(\/static\/[^"]+)"/g)].map((found) => found[1]);

const trim = async (name, most) => {
  const cache = await caches.open(name);
  const known = (await cache.keys()).filter((request) => !request.url.endsWith(PERSON));
  for (const request of known.slice(0, Math.max(0, known.length - most))) await cache.delete(request);
};

const keepFiles = async (addresses) => {
  const cache = await caches.open(FILES);
  for (const address of new Set(addresses)) {
    if (!(await cache.match(address))) await cache.add(address).catch(() => {});
  }
  await trim(FILES, MOST_FILES);
};

const keepShell = async () => {
  const cache = await caches.open(OFFLINE);
  for (const address of SHELL) {
    const response = await fetch(address, { credentials: "omit", cache: "no-store" });
    if (!response.ok) throw new Error(address);
    await keepFiles(assetsIn(await response.clone().text()));
    await cache.put(address, response);
  }
};

/** Keep a page for the person its header names; another person's pages go. */
const keepPage = async (request, response) => {
  const person = response.headers.get("Yimai-Keep");
  if (!person || response.status !== 200 || response.redirected) return;
  const known = await (await caches.open(PAGES)).match(PERSON);
  if (known && (await known.text()) !== person) await caches.delete(PAGES);
  const cache = await caches.open(PAGES);
  await cache.put(PERSON, new Response(person));
  const headers = new Headers(response.headers);
  headers.set("Yimai-Seen", String(Date.now()));
  await cache.delete(request, { ignoreVary: true });
  await cache.put(request.url, new Response(await response.blob(), { status: 200, headers }));
  await trim(PAGES, MOST_PAGES);
};

const keptPage = async (request) => {
  const cache = await caches.open(PAGES);
  const found = await cache.match(request.url, { ignoreVary: true });
  if (!found) return null;
  if (Date.now() - Number(found.headers.get("Yimai-Seen")) <= LONGEST) return found;
  await cache.delete(request.url);
  return null;
};

/** Keep the forms a page leads to before anybody opens them, one after the other: the tablet may be offline by then. */
const keepAhead = async (addresses) => {
  for (const address of addresses.slice(0, MOST_AHEAD)) {
    const request = new Request(address);
    const kept = await keptPage(request);
    if (kept && Date.now() - Number(kept.headers.get("Yimai-Seen")) < FRESH) continue;
    const response = await fetch(request).catch(() => null);
    if (!response) return;
    await keepPage(request, response);
  }
};

const offlinePage = async (request) => {
  const cache = await caches.open(OFFLINE);
  const language = new URL(request.url).pathname.split("/")[1];
  const address = SHELL.find((each) => each.startsWith(`/${language}/`)) || SHELL[0];
  return (await cache.match(address)) || Response.error();
};

const page = async (event) => {
  const { request } = event;
  const asked = fetch(request);
  event.waitUntil(asked.then((response) => keepPage(request, response.clone())).catch(() => {}));
  const kept = await keptPage(request);
  const late = new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE));
  try {
    const response = await (kept ? Promise.race([asked, late]) : asked);
    if (response && !(kept && [502, 503, 504].includes(response.status))) return response;
  } catch {
    // no network
  }
  return kept || offlinePage(request);
};

const file = async (event) => {
  const found = await caches.match(event.request, { cacheName: FILES });
  if (found) return found;
  const response = await fetch(event.request);
  if (response.ok && new URL(event.request.url).search) {
    const copy = response.clone();
    event.waitUntil(caches.open(FILES).then((cache) => cache.put(event.request, copy)));
  }
  return response;
};

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("yimai-offline-") && name !== OFFLINE) await caches.delete(name);
  }
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (address.pathname.startsWith("/static/")) event.respondWith(file(event));
});

self.addEventListener("message", (event) => {
  const { forget, page: shown, assets, keeps } = event.data;
  if (forget) event.waitUntil(caches.delete(PAGES));
  if (assets) event.waitUntil(keepFiles(assets));
  if (keeps) event.waitUntil(keepAhead(keeps));
  if (shown) {
    const request = new Request(shown);
    event.waitUntil(keptPage(request).then((kept) => kept || fetch(request).then((response) => keepPage(request, response), () => {})));
  }
});
