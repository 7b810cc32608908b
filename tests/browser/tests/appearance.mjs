// Every page in every state, as people see it: axe, no sideways scroll, nothing cut off or covered, targets large enough, pictures.
import { describe, test } from 'node:test';
import { accountStates } from '../lib/account_states.mjs';
import { inspect } from '../lib/inspect.mjs';
import { states } from '../lib/states.mjs';
import { withContext } from '../lib/world.mjs';

/** Those that share something in one list each, the others in as many as there are lanes. */
function lanes(all, width) {
  const chains = [...new Set(all.map(({ chain }) => chain).filter(Boolean))].map((name) => all.filter(({ chain }) => chain === name));
  const free = all.filter(({ chain }) => !chain);
  return [...chains, ...Array.from({ length: width }, (_, lane) => free.filter((_, index) => index % width === lane))];
}

describe('pages', { concurrency: 3 }, () => {
  for (const [index, lane] of lanes([...states, ...accountStates], 12).entries()) {
    describe(`lane ${index + 1}`, { concurrency: 1 }, () => {
      for (const { name, options = {}, rules, reach } of lane) {
        test(`page: ${name}`, () => withContext(options, async (context, page) => {
          await reach(page, context);
          await inspect(page, name, { rules });
        }));
      }
    });
  }
});
