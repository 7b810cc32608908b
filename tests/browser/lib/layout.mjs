// What axe does not see: text cut off, things lying upon each other, things out of the window.

/** Faults of the layout at the present size of the window. */
export function layout(page) {
  return page.evaluate(() => {
    const faults = [];
    const name = (element) => element.outerHTML.replaceAll(/\s+/g, ' ').slice(0, 90);
    const shown = (element) => element.checkVisibility({ visibilityProperty: true });
    const { scrollWidth, clientWidth } = document.documentElement;
    // WCAG 1.4.10.
    if (scrollWidth > clientWidth) faults.push(`scrolls sideways: ${scrollWidth} > ${clientWidth}`);

    const controls = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter(shown);
    for (const element of controls) {
      const { width, height } = element.getBoundingClientRect();
      // WCAG 2.5.8, without the exception for links within a sentence.
      if (Math.min(width, height) < 24) faults.push(`target ${Math.round(width)}x${Math.round(height)}: ${name(element)}`);
    }

    const cuts = (style) => style !== 'visible';
    for (const element of document.body.querySelectorAll('*')) {
      // A text field scrolls, and an open list is the browser's.
      if (!shown(element) || element.closest('svg, input, textarea, select')) continue;
      const style = getComputedStyle(element);
      if (cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1) faults.push(`cut off sideways: ${name(element)}`);
      if (cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1) faults.push(`cut off below: ${name(element)}`);
    }

    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || !shown(element) || element.closest('svg, select, textarea, option')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) if (box.width > 1 && box.height > 1) texts.push({ box, element });
      for (const { 0: word, index } of node.data.matchAll(/(?<![^\s(])\p{L}{2,20}(?![^\s.,:;?!)])/gu)) {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const [first, ...rest] = range.getClientRects();
        if (rest.some((box) => box.top > first.top + first.height / 2)) faults.push(`a word in two lines: ${word} in ${name(element)}`);
      }
    }
    for (const { box, element } of texts) {
      if (box.left < -1 || box.right > clientWidth + 1) faults.push(`out of the window: ${name(element)}`);
      const holder = element.closest('button, .button, .tag, .card, .notice, .summary, a.brand');
      if (!holder) continue;
      const frame = holder.getBoundingClientRect();
      if (getComputedStyle(holder).display !== 'inline' && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) {
        faults.push(`sticks out of its frame: ${name(holder)}`);
      }
    }

    const crossing = (a, b, slack) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
    const related = (a, b) => a.contains(b) || b.contains(a);
    const labelled = (control, element) => [...(control.labels ?? [])].some((label) => label.contains(element));
    const boxes = controls.flatMap((element) => [...element.getClientRects()].map((box) => ({ box, element })));
    for (const [index, one] of boxes.entries()) {
      for (const two of boxes.slice(index + 1)) {
        if (!related(one.element, two.element) && crossing(one.box, two.box, 1)) faults.push(`overlap: ${name(one.element)} and ${name(two.element)}`);
      }
      for (const two of texts) {
        if (!related(one.element, two.element) && !labelled(one.element, two.element) && crossing(one.box, two.box, 2)) faults.push(`overlap: ${name(one.element)} and the text of ${name(two.element)}`);
      }
    }
    return [...new Set(faults)];
  });
}
