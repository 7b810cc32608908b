// One process, one browser, one test after the other: the files below register their tests.
import { after } from 'node:test';
import { stopWorld } from './lib/world.mjs';

after(stopWorld);

await import('./tests/journeys.mjs');
await import('./tests/consent_and_choice.mjs');
await import('./tests/logout.mjs');
await import('./tests/navigation.mjs');
await import('./tests/expiry.mjs');
await import('./tests/keyboard.mjs');
await import('./tests/weight.mjs');
await import('./tests/appearance.mjs');
