// One Chromium for the whole run, and a watch over everything its pages do.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

// Generous: the machine may be busy. Nothing is tried twice.
const PATIENCE = 60_000;

let launched;
export function browser() {
  launched ??= chromium.launch({
    executablePath: process.env.CHROMIUM,
    timeout: 180_000,
    args: [
      '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--no-first-run', '--disable-quic',
    ],
  });
  return launched;
}

export async function closeBrowser() {
  if (launched) await (await launched).close();
}

export async function openContext(options, knownOrigins) {
  const context = await (await browser()).newContext({ locale: 'en-GB', viewport: { width: 1200, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  context.setDefaultNavigationTimeout(PATIENCE);
  return { context, watch: new Watch(context, knownOrigins) };
}

/** Console errors (violations of the content security policy are among them), script errors, requests to somebody else. */
class Watch {
  constructor(context, knownOrigins) {
    this.faults = [];
    const fault = (text) => this.faults.push(text);
    context.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type()) || isStatusOfDocument(message)) return;
      fault(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => fault(`script error: ${error.error()}`));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && !knownOrigins.has(url.origin)) fault(`request to ${request.url()}`);
    });
    context.on('requestfailed', (request) => {
      // A navigation that another one replaced.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') fault(`failed: ${request.url()} ${request.failure()?.errorText}`);
    });
  }

  assertClean() {
    assert.deepEqual(this.faults, []);
  }
}

/** Chromium reports the status of an error page as an error of the console; the page itself is fine. */
function isStatusOfDocument(message) {
  return /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())
    && !new URL(message.location().url).pathname.startsWith('/static/');
}
