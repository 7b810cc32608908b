// What a person does, in the words of the tests.
import assert from 'node:assert/strict';
import { ANA, PASSWORD, world } from './world.mjs';

/** Opens the application, which sends the browser to Vestibule. */
export function start(page, application, extra = {}, server = world.servers.main) {
  const query = new URLSearchParams({ issuer: server.origin, ...extra });
  return page.goto(`${application.origin}/start?${query}`);
}

/** A television set asks for its codes. */
export async function askAsDevice(server = world.servers.main) {
  const body = new URLSearchParams({ client_id: 'television', scope: 'openid email profile offline_access' });
  const answer = await fetch(`${server.origin}/device/authorize`, { method: 'POST', body });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** What it asks by and by: the error word, or `tokens`. */
export async function pollAsDevice(device, server = world.servers.main) {
  const grant = 'urn:ietf:params:oauth:grant-type:device_code';
  const body = new URLSearchParams({ client_id: 'television', grant_type: grant, device_code: device.device_code });
  const answer = await (await fetch(`${server.origin}/token`, { method: 'POST', body })).json();
  return answer.access_token ? 'tokens' : answer.error;
}

/** Types the code of a device. */
export async function enterCode(page, code, server = world.servers.main) {
  await page.goto(`${server.origin}/device`);
  await page.locator('#user-code').fill(code);
  await page.locator('#device-submit').click();
}

export async function fillIn(page, email = ANA, password = PASSWORD) {
  const identifier = page.locator('#identifier');
  if (await identifier.isEditable()) await identifier.fill(email);
  await page.locator('#password').fill(password);
}

export async function logIn(page, email = ANA, password = PASSWORD) {
  await fillIn(page, email, password);
  await page.locator('#login-submit').click();
}

export const path = (page) => new URL(page.url()).pathname;

/** The browser is at the application, and this came out: `signed in: ana@example.test`, or an error word. */
export async function assertResult(page, application, expected) {
  await page.locator('#result').waitFor();
  assert.equal(await page.locator('#result').innerText(), expected);
  assert.ok(page.url().startsWith(application.origin), page.url());
}

/** What the application knows of the person after a sign-in. */
export const detail = async (page) => JSON.parse(await page.locator('#detail').innerText());

export const heading = (page) => page.locator('h1').innerText();

export async function assertPage(page, expectedPath, expectedHeading) {
  await page.locator('main h1').waitFor();
  assert.equal(path(page), expectedPath);
  if (expectedHeading) assert.equal(await heading(page), expectedHeading);
}

export const cookieNames = async (context) => (await context.cookies()).map((cookie) => cookie.name).sort();
