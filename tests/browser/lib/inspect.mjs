// One page, looked at in every way: light, dark, phone, 320 px wide, 400 % zoom, forced colours.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { layout } from './layout.mjs';

const SCREENSHOTS = process.env.VESTIBULE_SCREENSHOTS;
if (SCREENSHOTS) await mkdir(SCREENSHOTS, { recursive: true });
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
// What can differ where the same elements stand in the same places in other colours.
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
// What can differ where the same elements stand elsewhere: what is hidden, and how close things are.
const places = { type: 'rule', values: ['color-contrast', 'target-size', 'scrollable-region-focusable', 'page-has-heading-one', 'landmark-one-main', 'region', 'link-name', 'button-name'] };

// Without movement, or a colour would be looked at on its way to another.
const usual = { colorScheme: 'light', forcedColors: 'none', reducedMotion: 'reduce' };
const desk = { width: 1200, height: 800 };
const phone = { width: 360, height: 640 };

const looks = [
  { name: 'light', viewport: desk, media: {}, picture: true, rules: everything },
  { name: 'dark', viewport: desk, media: { colorScheme: 'dark' }, rules: colours },
  { name: 'forced-colors', viewport: desk, media: { forcedColors: 'active' } },
  { name: 'phone', viewport: phone, media: {}, rules: everything, motion: true },
  { name: 'phone-dark', viewport: phone, media: { colorScheme: 'dark' }, picture: true, rules: colours },
  // WCAG 1.4.10: 1280x1024 at 400 %.
  { name: 'zoomed', viewport: { width: 320, height: 256 }, media: {}, rules: places },
  { name: 'tablet', viewport: { width: 768, height: 1024 }, media: {} },
];

/** `rules: false`: the same elements as on a page that axe has seen, with other words. */
export async function inspect(page, name, { rules = true } = {}) {
  const faults = [];
  faults.push(...(await structure(page)));
  for (const look of looks) {
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ ...usual, ...look.media });
    const found = [
      ...(await layout(page)), ...(look.media.forcedColors ? [] : await contrastOnBackdrop(page)),
      ...(look.motion ? await motion(page) : []), ...(rules && look.rules ? await axe(page, look.rules) : []),
    ];
    faults.push(...found.map((fault) => `${look.name}: ${fault}`));
    if (look.picture && SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}-${look.name}.png`), fullPage: true, animations: 'disabled', caret: 'hide' });
  }
  await page.setViewportSize({ width: 320, height: 640 });
  faults.push(...(await textSpacing(page)));
  assert.deepEqual(faults, []);
}

async function axe(page, rules) {
  // Once for each page; a reload would forget it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (runOnly) => (await globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] })).violations, rules);
  return violations.map(({ id, nodes }) => `axe ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
}

/** One h1, a title that starts with it, a language, and no two elements with one id. */
function structure(page) {
  return page.evaluate(() => {
    const faults = [];
    const headings = [...document.querySelectorAll('h1')];
    if (headings.length !== 1) faults.push(`${headings.length} h1`);
    const title = document.title.replace(/^[^:]+: /, '');
    if (!title.startsWith(headings[0]?.textContent.trim())) faults.push(`title ${document.title}`);
    if (!document.documentElement.lang || !document.documentElement.dir) faults.push('no lang or dir');
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    if (new Set(ids).size !== ids.length) faults.push(`ids repeated: ${ids}`);
    for (const element of document.querySelectorAll('[aria-describedby]')) {
      for (const id of element.getAttribute('aria-describedby').split(' ')) if (!document.getElementById(id)) faults.push(`describedby ${id}`);
    }
    if (document.querySelector('[style], style, script:not([src])')) faults.push('inline style or script');
    return faults;
  });
}

/** Text outside the card lies on a painted backdrop that axe does not look at: WCAG 1.4.3 against each colour it can have there. */
function contrastOnBackdrop(page) {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = (colour) => {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (colour) => {
      const [r, g, b] = rgb(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const root = getComputedStyle(document.documentElement);
    const backdrops = ['--page', '--arch-1', '--arch-2', '--arch-3', '--card'].map((name) => root.getPropertyValue(name).trim());
    const faults = [];
    for (const element of document.querySelectorAll('header a, footer a, footer span, footer p')) {
      const text = luminance(getComputedStyle(element).color);
      for (const backdrop of backdrops) {
        const ground = luminance(backdrop);
        const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)} on ${backdrop}: ${element.outerHTML.slice(0, 80)}`);
      }
    }
    return faults;
  });
}

/** WCAG 2.3.3: nothing moves for people who asked for that. */
function motion(page) {
  return page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((element) => ['transitionDuration', 'animationDuration'].some((property) => getComputedStyle(element)[property].split(', ').some((value) => parseFloat(value) > 0)))
    .map((element) => `moves: ${element.outerHTML.slice(0, 80)}`));
}

/** WCAG 1.4.12: wider text loses nothing. */
async function textSpacing(page) {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-block-end: 2em !important; }');
    document.adoptedStyleSheets = [sheet];
  });
  const faults = await layout(page);
  await page.evaluate(() => { document.adoptedStyleSheets = []; });
  return faults.map((fault) => `text spacing: ${fault}`);
}
