// What people do: mostly waiting, for mails, for the next code, for something to be over. One process and one browser: the files below register their
// tests. Those of one group run side by side, the groups one after the other.
import { after } from 'node:test';
import { stopWorld } from './lib/world.mjs';
// Imported at once, not one after the other: the tests are over for the runner whenever none is left.
import './tests/journeys.mjs';
import './tests/consent_and_choice.mjs';
import './tests/logout.mjs';
import './tests/rows_password.mjs';
import './tests/rows_second_factor.mjs';
import './tests/rows_leaving.mjs';
import './tests/rows_ticketing.mjs';
import './tests/account_life.mjs';
import './tests/passkeys.mjs';
import './tests/navigation.mjs';
import './tests/expiry.mjs';
import './tests/keyboard.mjs';
import './tests/keyboard_account.mjs';
import './tests/weight.mjs';

after(stopWorld);
