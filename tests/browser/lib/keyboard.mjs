// What a person without a mouse does and sees.
import assert from 'node:assert/strict';

export const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: element.id || element.getAttribute('aria-label') || element.textContent.trim(),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inView: box.top >= 0 && box.bottom <= innerHeight && box.width > 0,
    where: [box.top, box.bottom, innerHeight, scrollY, document.documentElement.scrollHeight],
  };
});

/** What has the focus, once it fits: the browser scrolls to it, and gives it to a new page's first field, a frame later. */
async function onceFocused(page, fits) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const now = await focused(page);
    if ((now.outlined && now.inView && fits(now)) || Date.now() > deadline) return now;
    await page.waitForTimeout(20);
  }
}

export async function assertFocus(page, name) {
  const now = await onceFocused(page, (one) => one.name === name);
  assert.equal(now.name, name);
  assert.ok(now.outlined, `no outline on ${name}`);
  assert.ok(now.inView, `${name} is out of view`);
}

export async function tabTo(page, name) {
  await page.keyboard.press('Tab');
  await assertFocus(page, name);
}

/** Presses Tab until `name` has the focus; everything on the way is visible and outlined. Returns the names on the way. */
export async function tabUntil(page, name, most = 25) {
  const seen = [];
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab');
    const now = await onceFocused(page, () => true);
    seen.push(now.name);
    assert.ok(now.outlined && now.inView, `${JSON.stringify(now)} on the way to ${name}`);
    if (now.name === name) return seen;
  }
  return assert.fail(`${name} is not among ${seen.join(', ')}`);
}

/** Presses a key and waits for the page that it leads to. */
export async function pressOnward(page, key = 'Enter') {
  await Promise.all([page.waitForNavigation({ waitUntil: 'domcontentloaded' }), page.keyboard.press(key)]);
  await page.locator('main h1, #result').first().waitFor();
}

/** The summary of what is wrong has the focus, and its link leads to the field. */
export async function followSummary(page, field) {
  await page.locator('[role=alert]:focus').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await assertFocus(page, field);
}
