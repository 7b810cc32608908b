// The keyboard alone: order, visible focus, no trap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFocus, focused, tabTo, tabUntil } from '../lib/keyboard.mjs';
import { assertPage, assertResult, start } from '../lib/steps.mjs';
import { ANA, BO, PASSWORD, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer } = world;

for (const [look, options] of Object.entries({ light: {}, dark: { colorScheme: 'dark' }, phone: { viewport: { width: 360, height: 640 } } })) {
  test(`sign in and consent by keyboard, focus always visible (${look})`, () => withContext(options, async (context, page) => {
    await start(page, ticketing, { prompt: 'consent' });
    await assertFocus(page, 'identifier');
    await page.keyboard.type(BO);
    await tabTo(page, 'password');
    await page.keyboard.type(PASSWORD);
    await tabTo(page, 'Show password');
    await page.keyboard.press('Space');
    await tabTo(page, 'Forgot your password?');
    await tabTo(page, 'login-submit');
    await page.keyboard.press('Enter');
    await assertPage(page, '/consent');
    assert.deepEqual(await tabUntil(page, 'consent-allow'), ['Vestibule', 'Not you? Use another account', 'consent-allow']);
    await page.keyboard.press('Enter');
    await assertResult(page, ticketing, `signed in: ${BO}`);
  }));
}

test('Enter in the password field sends the form', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await page.keyboard.type(ANA);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('Tab goes through the whole page and out again', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/`);
  const seen = [];
  for (let presses = 0; presses < 15; presses += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (seen.includes(now.name) || now.name.length > 60) break;
    assert.ok(now.outlined, `no outline on ${now.name}`);
    seen.push(now.name);
  }
  assert.deepEqual(seen, ['Vestibule', 'My Account', 'Discovery document', 'Signing keys', 'Português (Brasil)', 'Español'].filter((name) => seen.includes(name)));
  assert.ok(seen.length >= 5, seen.join(', '));
}));

test('a focused control looks different from one that is not', () => withContext({}, async (context, page) => {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${issuer}/login`);
    for (const selector of ['#identifier', '#password', 'button.show', '#login-submit', 'footer a >> nth=0', '.brand']) {
      const control = page.locator(selector);
      const shot = async () => {
        const box = await control.boundingBox();
        return page.screenshot({ caret: 'hide', clip: { x: box.x - 8, y: box.y - 8, width: box.width + 16, height: box.height + 16 } });
      };
      await page.evaluate(() => document.activeElement.blur());
      const before = await shot();
      await page.keyboard.press('Tab');
      await control.focus();
      assert.ok(!before.equals(await shot()), `${selector} (${colorScheme})`);
    }
  }
}));
