// The static page's service worker: keeps the page, so that it opens offline. Whoever writes the page puts two lines
// above this: VERSION, a digest of all files, and FILES, by name each one's as browsers check it (integrity).

const CACHE = `${registration.scope} ${VERSION}`;

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
addEventListener("fetch", (event) => event.request.method === "GET" && event.respondWith(answer(event.request)));

// All of this very version or nothing, and from now on, whatever is open.
async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(Object.entries(FILES).map(([name, integrity]) => new Request(name, { integrity, cache: "no-cache" })));
  await skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${registration.scope} `) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

// The web server first: a newer page counts at once, and so does whatever else is put up at this address.
async function answer(request) {
  try {
    return await fetch(request, { cache: "no-cache" });
  } catch (error) {
    const kept = await (await caches.open(CACHE)).match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
