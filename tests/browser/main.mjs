// One process, one browser, one test after the other: the files below register their tests.
import { after } from 'node:test';
import { stopWorld } from './lib/world.mjs';
// Imported at once, not one after the other: the tests are over for the runner whenever none is left.
import './tests/journeys.mjs';
import './tests/consent_and_choice.mjs';
import './tests/logout.mjs';
import './tests/account_security.mjs';
import './tests/account_without_scripts.mjs';
import './tests/passkeys.mjs';
import './tests/navigation.mjs';
import './tests/expiry.mjs';
import './tests/keyboard.mjs';
import './tests/weight.mjs';
import './tests/appearance.mjs';

after(stopWorld);
