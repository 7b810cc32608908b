// The keyboard alone, in the pages that look after an account: reset, enrolment, recovery codes, My Account, deletion.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { link, mail, NEW_PASSWORD, scan } from '../lib/account.mjs';
import { assertFocus, followSummary, pressOnward, tabTo, tabUntil } from '../lib/keyboard.mjs';
import { assertPage, assertResult, start } from '../lib/steps.mjs';
import { PASSWORD, person, withContext, world } from '../lib/world.mjs';

const { autotalk, issuer } = world;

/** On a login page whose first field has the focus. */
async function logInByKeyboard(page, email, password = PASSWORD) {
  await assertFocus(page, 'identifier');
  await page.keyboard.type(email);
  await tabTo(page, 'password');
  await page.keyboard.type(password);
  await pressOnward(page);
}

for (const [look, options] of Object.entries({ desk: {}, phone: { viewport: { width: 360, height: 640 }, colorScheme: 'dark' } })) {
  test(`by keyboard: forgotten password, and back to the application (${look})`, () => withContext(options, async (context, page) => {
    const email = person(`keys-${look}`);
    await start(page, autotalk);
    await tabUntil(page, 'Forgot your password?');
    await pressOnward(page);
    await assertPage(page, '/password/reset');
    await assertFocus(page, 'identifier');
    await page.keyboard.type('nothing');
    await pressOnward(page);
    await followSummary(page, 'identifier');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(email);
    await pressOnward(page);
    await assertPage(page, '/password/reset/sent');
    await page.goto(link(await mail(email, /^Reset your/), '/password/reset/finish'));
    await tabUntil(page, 'new-password');
    await page.keyboard.type('passwordpassword');
    await tabTo(page, 'Show password');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('#new-password').getAttribute('type'), 'text');
    await tabTo(page, 'new-password-confirmation');
    await page.keyboard.type('passwordpassword');
    await pressOnward(page);
    await followSummary(page, 'new-password');
    await page.keyboard.type(NEW_PASSWORD);
    await tabUntil(page, 'new-password-confirmation');
    await page.keyboard.type(NEW_PASSWORD);
    await pressOnward(page);
    await assertPage(page, '/login');
    assert.equal(await page.locator('#identifier').inputValue(), email, 'the address need not be typed again');
    await assertFocus(page, 'password');
    await page.keyboard.type(NEW_PASSWORD);
    await pressOnward(page);
    await assertResult(page, autotalk, `signed in: ${email}`);
  }));

  test(`by keyboard: enrolment on the way to the application, and the recovery codes (${look})`, () => withContext(options, async (context, page) => {
    const email = person(`keys-member-${look}`);
    await start(page, autotalk);
    await logInByKeyboard(page, email);
    await assertPage(page, '/login/enroll');
    const phone = await scan(page);
    assert.deepEqual(await tabUntil(page, 'code'), ['Vestibule', 'Not you? Use another account', 'otpauth', 'code']);
    await page.keyboard.type('12');
    await pressOnward(page);
    await assertFocus(page, 'code');
    assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(await phone.code());
    await tabTo(page, 'code-submit');
    await pressOnward(page, 'Space');
    await assertPage(page, '/login/recovery-codes');
    assert.deepEqual(await tabUntil(page, 'codes-saved'), ['Vestibule', 'download', 'codes-saved']);
    await pressOnward(page);
    await assertResult(page, autotalk, `signed in: ${email}`);
  }));

  test(`by keyboard: change of password, profile, and the end of an account (${look})`, () => withContext(options, async (context, page) => {
    const email = person(`keys-leaving-${look}`);
    await page.goto(`${issuer}/account`);
    await logInByKeyboard(page, email);
    await assertPage(page, '/account');
    await page.goto(`${issuer}/account/profile`);
    const tabs = await tabUntil(page, 'Change password');
    assert.deepEqual(tabs.slice(-3), ['User Profile', 'Authentication', 'Change password']);
    await pressOnward(page);
    await assertPage(page, '/account/password');
    await tabUntil(page, 'new-password');
    await page.keyboard.type(NEW_PASSWORD);
    await tabUntil(page, 'new-password-confirmation');
    await page.keyboard.type('something else');
    await tabUntil(page, 'log-out-others');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('#log-out-others').isChecked(), false);
    await tabTo(page, 'password-submit');
    await pressOnward(page);
    await followSummary(page, 'new-password-confirmation');
    await page.goto(`${issuer}/account/profile`);
    await tabUntil(page, 'website', 40);
    await page.keyboard.type('none of these');
    await pressOnward(page);
    await followSummary(page, 'website');
    await page.goto(`${issuer}/account/delete`);
    const last = await tabUntil(page, 'Keep my account');
    assert.deepEqual(last.slice(-2), ['delete-submit', 'Keep my account']);
    await page.keyboard.press('Shift+Tab');
    await assertFocus(page, 'delete-submit');
    await pressOnward(page);
    await assertPage(page, '/account/delete/done', 'Your account is closed');
  }));
}
