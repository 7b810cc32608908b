// What a page costs over the wire.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from '../lib/steps.mjs';
import { withContext, world } from '../lib/world.mjs';

/** Requests and bytes, as the browser's network stack counts them. */
async function measure(context, page, load) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const urls = new Map();
  let bytes = 0;
  const counted = [];
  session.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? '';
    // Nothing came over the wire for what the memory cache had: the logo is the page's icon too.
    if (!url.startsWith(world.issuer) || encodedDataLength === 0) return;
    bytes += encodedDataLength;
    counted.push(`${new URL(url).pathname} ${encodedDataLength}`);
  });
  await load();
  await page.waitForLoadState('networkidle');
  return { bytes, counted };
}

for (const [name, options] of Object.entries({ 'with scripts': {}, 'without scripts': { javaScriptEnabled: false } })) {
  test(`the login page is at most 20 KB in at most 4 requests, cold (${name})`, () => withContext(options, async (context, page) => {
    const { bytes, counted } = await measure(context, page, () => start(page, world.autotalk));
    console.log(`# login, cold: ${bytes} bytes; ${counted.join(', ')}`);
    assert.ok(counted.length >= 3, 'the measurement saw the page');
    assert.ok(counted.length <= 4, counted.join('\n'));
    assert.ok(bytes <= 20 * 1024, `${bytes} bytes`);
  }));
}

test('a second page costs one request', () => withContext({}, async (context, page) => {
  await start(page, world.autotalk);
  await page.waitForLoadState('networkidle');
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const fromNetwork = [];
  session.on('Network.responseReceived', ({ response }) => { if (!response.fromDiskCache) fromNetwork.push(new URL(response.url).pathname); });
  const fromCache = [];
  session.on('Network.requestServedFromCache', ({ requestId }) => fromCache.push(requestId));
  await page.goto(`${world.issuer}/login`);
  await page.waitForLoadState('networkidle');
  assert.equal(fromNetwork.length - fromCache.length, 1, fromNetwork.join(' '));
}));
