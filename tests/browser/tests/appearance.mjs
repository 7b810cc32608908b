// Every page in every state, as people see it: axe, no sideways scroll, targets large enough, pictures.
import { test } from 'node:test';
import { inspect } from '../lib/inspect.mjs';
import { states } from '../lib/states.mjs';
import { withContext } from '../lib/world.mjs';

for (const { name, options = {}, reach } of states) {
  test(`page: ${name}`, () => withContext(options, async (context, page) => {
    await reach(page, context);
    await inspect(page, name);
  }));
}
