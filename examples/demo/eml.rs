//! Reads `.eml` files as Vestibule's `file` transport writes them: headers, a text part and an HTML part. Not a reader for other people's mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A message, decoded.
#[derive(Clone, Debug)]
pub struct Mail {
    /// In their order, unfolded, as they were sent.
    pub headers: Vec<(String, String)>,
    pub subject: String,
    /// `Ana Lima <ana@example.test>`, decoded.
    pub to: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// `None` for what is no message of two parts.
    pub fn parse(message: &str) -> Option<Self> {
        let (head, body) = message.split_once("\r\n\r\n")?;
        let headers = headers(head);
        let boundary = field(&headers, "content-type")?.split("boundary=\"").nth(1)?.split('"').next()?;
        let (delimiter, end) = (format!("--{boundary}\r\n"), format!("--{boundary}--"));
        let mut parts = body.split(&delimiter).skip(1);
        let mut next = || part(parts.next()?.split(&end).next()?);
        let (text, html) = (next()?, next()?);
        let (subject, to) = (words(field(&headers, "subject")?), words(field(&headers, "to")?));
        Some(Self { headers, subject, to, text, html })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// Every URL that stands alone on a line of the text.
    pub fn links(&self) -> Vec<String> {
        self.text.lines().filter(|line| line.starts_with("http") && line.contains('?')).map(str::to_owned).collect()
    }

    /// The digits on the first line of the text.
    pub fn code(&self) -> Option<String> {
        self.text.lines().next().filter(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
    }
}

fn headers(head: &str) -> Vec<(String, String)> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.split("\r\n").filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn field<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn part(part: &str) -> Option<String> {
    let (head, body) = part.split_once("\r\n\r\n")?;
    let bytes = match field(&headers(head), "content-transfer-encoding")? {
        "base64" => STANDARD.decode(body.replace("\r\n", "")).ok()?,
        "quoted-printable" => quoted(&body.replace("=\r\n", "")),
        _ => body.as_bytes().to_vec(),
    };
    Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

/// `=C3=A9` (RFC 2045 §6.7).
fn quoted(text: &str) -> Vec<u8> {
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
            }
            None => bytes.extend_from_slice(piece.as_bytes()),
        }
    }
    bytes
}

/// Encoded words (RFC 2047), and quotes around names.
fn words(value: &str) -> String {
    let mut out = String::new();
    let mut encoded_before = false;
    for word in value.split_inclusive(' ') {
        let inner = word.trim_end().trim_matches('"').strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
        let decoded = inner.and_then(|encoded| STANDARD.decode(encoded).ok());
        if let Some(bytes) = &decoded {
            // White space between two encoded words is not part of the text (§6.2).
            if encoded_before {
                out.truncate(out.trim_end().len());
            }
            out.push_str(&String::from_utf8_lossy(bytes));
            out.extend(word.ends_with(' ').then_some(' '));
        } else {
            out.push_str(word);
        }
        encoded_before = decoded.is_some();
    }
    out.trim().replace('"', "")
}
