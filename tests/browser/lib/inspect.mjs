// One page, looked at in every way: light, dark, phone, 320 px wide, forced colours, reduced motion.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';

const SCREENSHOTS = process.env.VESTIBULE_SCREENSHOTS;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const usual = { colorScheme: 'light', forcedColors: 'none', reducedMotion: 'no-preference' };
const desk = { width: 1200, height: 800 };
const phone = { width: 360, height: 640 };
const narrow = { width: 320, height: 640 };

// Where axe is left out, it would see the same elements in the same colours as in another look.
const looks = [
  { name: 'light', viewport: desk, media: {}, picture: true },
  { name: 'dark', viewport: desk, media: { colorScheme: 'dark' }, picture: true },
  { name: 'phone', viewport: phone, media: {}, picture: true },
  { name: 'phone-dark', viewport: phone, media: { colorScheme: 'dark' }, picture: true, axe: false },
  { name: 'narrow', viewport: narrow, media: {} },
  { name: 'forced-colors', viewport: desk, media: { forcedColors: 'active' } },
  { name: 'reduced-motion', viewport: phone, media: { reducedMotion: 'reduce' }, axe: false },
];

export async function inspect(page, name) {
  if (SCREENSHOTS) await mkdir(SCREENSHOTS, { recursive: true });
  const faults = [];
  faults.push(...(await structure(page)));
  for (const look of looks) {
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ ...usual, ...look.media });
    const found = [
      ...(await scroll(page)), ...(await targets(page)), ...(await contrastOnBackdrop(page)),
      ...(look.media.reducedMotion ? await motion(page) : []), ...(look.axe === false ? [] : await axe(page)),
    ];
    faults.push(...found.map((fault) => `${look.name}: ${fault}`));
    if (look.picture && SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}-${look.name}.png`), fullPage: true, animations: 'disabled', caret: 'hide' });
  }
  await page.setViewportSize(narrow);
  faults.push(...(await textSpacing(page)));
  assert.deepEqual(faults, []);
}

async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode(true).analyze();
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

/** WCAG 1.4.10. */
function scroll(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} > ${clientWidth}`] : [];
  });
}

/** WCAG 2.5.8, without the exception for links within a sentence. */
function targets(page) {
  return page.evaluate(() => {
    const faults = [];
    for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')) {
      if (!element.checkVisibility()) continue;
      const { width, height } = element.getBoundingClientRect();
      if (Math.min(width, height) < 24) faults.push(`target ${Math.round(width)}x${Math.round(height)}: ${element.outerHTML.slice(0, 80)}`);
    }
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
    return matchMedia('(forced-colors: active)').matches ? [] : faults;
  });
}

/** WCAG 2.3.3: nothing moves for people who asked for that. */
function motion(page) {
  return page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((element) => ['transitionDuration', 'animationDuration'].some((property) => getComputedStyle(element)[property].split(', ').some((value) => parseFloat(value) > 0)))
    .map((element) => `moves: ${element.outerHTML.slice(0, 80)}`));
}

/** WCAG 1.4.12: wider text loses nothing. */
function textSpacing(page) {
  return page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-block-end: 2em !important; }');
    document.adoptedStyleSheets = [sheet];
    const faults = [];
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push('text spacing: scrolls sideways');
    for (const element of document.querySelectorAll('button, a, h1, label')) {
      if (element.checkVisibility() && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'visible') faults.push(`text spacing cuts off ${element.outerHTML.slice(0, 80)}`);
    }
    document.adoptedStyleSheets = [];
    return faults;
  });
}
