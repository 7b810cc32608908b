// An authenticator in the browser, and what a person does with it.
import assert from 'node:assert/strict';
import { click, confirmIfAsked, fill, onward, openAccount } from './account.mjs';
import { assertPage } from './steps.mjs';
import { world } from './world.mjs';

const PASSKEYS = '/account/authentication/passkeys';

/** Chromium's virtual authenticator, for this page. Whoever sits there touches it at once, unless told to wait. */
export class Authenticator {
  static async of(context, page, { synced = false } = {}) {
    const session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const options = {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true, defaultBackupEligibility: synced, defaultBackupState: synced,
    };
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options });
    return Object.assign(new Authenticator(), { session, authenticatorId });
  }

  /** Whether the person touches it when asked. */
  touched(enabled) {
    return this.session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.authenticatorId, enabled });
  }

  /** Whether it knows its person. */
  verified(isUserVerified) {
    return this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.authenticatorId, isUserVerified });
  }

  async credentials() {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.authenticatorId })).credentials;
  }
}

/** The page with the passkeys. */
export async function openPasskeys(page, proof = {}) {
  await page.goto(`${world.issuer}${PASSKEYS}`);
  await confirmIfAsked(page, proof);
  await assertPage(page, PASSKEYS, 'Passkeys');
}

/** Adds the first passkey of somebody who has no second factor; at the page with all of them afterwards. */
export async function addFirstPasskey(page, email, name = 'My laptop') {
  await openAccount(page, email);
  await openPasskeys(page);
  await fill(page, 'Name of the passkey', name);
  await click(page, 'Add a passkey');
  await assertPage(page, '/account/authentication/recovery-codes');
  const codes = await page.locator('#recovery-codes code').allInnerTexts();
  assert.equal(codes.length, 10);
  await click(page, 'I have saved them');
  await openPasskeys(page);
  return codes;
}

/** The password, with a passkey at hand that nobody touches: at the question for it. */
export async function passwordAlone(page, authenticator, act) {
  await authenticator.touched(false);
  await onward(page, act);
  await assertPage(page, '/login/passkey', 'Use your passkey');
}
