// A browser made of fetch and a cookie jar: follows redirects, fills in the first form of a page.

export class Browser {
  #cookies = new Map();

  async #request(url, form) {
    const headers = { accept: 'text/html' };
    if (this.#cookies.size) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const init = { redirect: 'manual', headers };
    if (form) {
      headers.origin = new URL(url).origin;
      Object.assign(init, { method: 'POST', body: new URLSearchParams(form) });
    }
    const answer = await fetch(url, init);
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1)];
      if (value === '' || attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute))) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  /** Follows redirects until they leave the issuer. Answers `{ left: URL }` or the page `{ url, status, text }`. */
  async open(url, form) {
    const home = new URL(url).origin;
    for (let hops = 0; hops < 12; hops++) {
      const answer = await this.#request(url, form);
      if (answer.status < 300 || answer.status > 399) return { url, status: answer.status, text: await answer.text() };
      await answer.body?.cancel();
      const next = new URL(answer.headers.get('location'), url);
      if (next.origin !== home) return { left: next };
      [url, form] = [next.href, undefined];
    }
    throw new Error(`too many redirects at ${url}`);
  }

  /** Submits the first form of a page with its own values and the given ones. */
  async submit(page, fields) {
    const form = /<form\b[^>]*>([\s\S]*?)<\/form>/i.exec(page.text);
    if (!form) throw new Error(`no form on ${page.url}: ${page.status} ${page.text.slice(0, 500)}`);
    const values = {};
    for (const [input] of form[1].matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(input, 'name');
      if (name) values[name] = attribute(input, 'value') ?? '';
    }
    const action = new URL(attribute(form[0].slice(0, form[0].indexOf('>') + 1), 'action') ?? '', page.url);
    return this.open(action.href, { ...values, ...fields });
  }
}

function attribute(tag, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag);
  return found?.[1].replace(/&(amp|lt|gt|quot|#x27|#39|#x2f|#x3d);/gi, (_, entity) => ENTITIES[entity.toLowerCase()]);
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'", '#x2f': '/', '#x3d': '=' };
