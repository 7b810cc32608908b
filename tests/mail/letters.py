"""What every mail promises, read with Python's email package."""

import email.utils
import html.parser
import re

from service import check

SHOWN = re.compile(r"\S+")


class Page(html.parser.HTMLParser):
    """The visible words, the links and everything that would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.words, self.links, self.fetched, self.attributes, self._hidden = [], [], [], {}, 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.attributes.setdefault(tag, attributes)
        self._hidden += tag in ("style", "title")
        if tag == "a":
            self.links.append(attributes["href"])
        if tag in ("img", "script", "link", "iframe", "object", "form", "video", "audio", "base") or "src" in attributes or "background" in attributes:
            self.fetched.append(tag)

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self._hidden:
            self.words += SHOWN.findall(data)


def parts(message):
    check(message.get_content_type() == "multipart/alternative", "content type", message.get_content_type())
    text, page = message.iter_parts()
    check(text.get_content_type() == "text/plain" and page.get_content_type() == "text/html", "parts", text.get_content_type())
    return text.get_content().replace("\r\n", "\n"), page.get_content()


def inspect(received, address, issuer, locale):
    """Checks one mail; its subject."""
    message = received.message
    subject = message["Subject"]
    check(not message.defects, "defects", message.defects, subject)
    check(len(received.bytes) <= 20 * 1024, subject, "has", len(received.bytes), "bytes")
    check(max(len(line) for line in received.bytes.split(b"\r\n")) <= 998, "RFC 5322 §2.1.1: a line is too long", subject)
    check(b"\n" not in received.bytes.replace(b"\r\n", b""), "a bare line feed", subject)
    headers(message, received, address)
    text, page = parts(message)
    shown = Page(page)
    check(not shown.fetched and "url(" not in page and "@import" not in page, "remote content", shown.fetched, subject)
    for element in ("html", "body"):
        check(shown.attributes[element].get("lang") == locale and shown.attributes[element].get("dir") == "ltr", "lang and dir", subject)
    check(len(shown.links) <= 1, "links", shown.links)
    for link in shown.links:
        check(link.startswith(f"{issuer}/") and link in text.splitlines(), "a link elsewhere or not in the text", link, subject)
        check(issuer.split("://")[1] in shown.words, "the host of the link is not shown", subject)
    said = set(SHOWN.findall(text))
    host = issuer.split("://")[1]
    missing = [word for word in shown.words if word not in said and f"{word}:" not in said and word not in (host, "at", "em", "en")]
    check(not missing, "only in the HTML part:", missing, subject)
    return subject


def headers(message, received, address):
    sender = email.utils.parseaddr(message["From"])
    check(sender == ("Acme ID", "no-reply@id.example.com") and received.sender == sender[1], "From", message["From"], received.sender)
    check(email.utils.parseaddr(message["To"])[1] == address and received.recipients == [address], "To", message["To"])
    check(message["Reply-To"] == "help@id.example.com", "Reply-To", message["Reply-To"])
    check(message["Auto-Submitted"] == "auto-generated" and message["X-Auto-Response-Suppress"] == "All", "automatic", message.items())
    check(re.fullmatch(r"<[0-9a-f]{32}@id\.example\.com>", message["Message-ID"]), "Message-ID", message["Message-ID"])
    check(email.utils.parsedate_to_datetime(message["Date"]) is not None, "Date", message["Date"])
    check(message["List-Unsubscribe"] is None, "one does not unsubscribe from security mail")
    check(len(message.get_all("To")) == 1 and message["Bcc"] is None and message["Cc"] is None, "recipients", message.items())
