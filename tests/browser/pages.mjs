// How every page looks: mostly computing, so it has a process, servers and a browser of its own and runs while main.mjs waits.
import { after } from 'node:test';
import { stopWorld } from './lib/world.mjs';
import './tests/appearance.mjs';

after(stopWorld);
