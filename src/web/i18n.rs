//! The languages we speak, and which one a person gets.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// More entries than any browser sends.
const MAX_RANGES: usize = 32;

/// A language we speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    #[default]
    En,
    PtBr,
    Es,
}

impl Locale {
    pub const ALL: [Self; 3] = [Self::En, Self::PtBr, Self::Es];

    /// BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::PtBr => "pt-BR",
            Self::Es => "es",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::PtBr => "Português (Brasil)",
            Self::Es => "Español",
        }
    }

    /// The direction of its script, as HTML's `dir` has it.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::En | Self::PtBr | Self::Es => "ltr",
        }
    }

    /// Ours for a BCP 47 tag, by its language alone: `pt` and `pt-PT` are served in Brazilian Portuguese, `es-419` in Spanish.
    #[must_use]
    pub fn matching(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| {
            let ours = locale.tag().split('-').next().unwrap_or_default();
            ours.eq_ignore_ascii_case(language)
        })
    }

    /// The best of ours by `Accept-Language` (RFC 9110 §12.5.4); none when the browser asks for none of ours.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let mut best: Option<(u16, Self)> = None;
        for (quality, tag) in lines.flat_map(|line| line.split(',')).take(MAX_RANGES).filter_map(parse_range) {
            // Among equals the first one is meant.
            if let Some(locale) = Self::matching(tag)
                && best.is_none_or(|(so_far, _)| quality > so_far)
            {
                best = Some((quality, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }
}

/// A language range with its weight in thousandths; none for `q=0` and for what cannot be read.
fn parse_range(text: &str) -> Option<(u16, &str)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next()?;
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => parse_quality(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
    };
    (quality > 0).then_some((quality, tag))
}

/// `0`, `0.7`, `0.333`, `1`, `1.000` (RFC 9110 §12.4.2), in thousandths.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepted(text: &str) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, text.parse().unwrap());
        Locale::accepted(&headers).map(Locale::tag)
    }

    #[test]
    fn the_weightiest_language_of_ours_wins() {
        assert_eq!(accepted("es;q=0.2, pt;q=0.9"), Some("pt-BR"));
        assert_eq!(accepted("de, es-419;q=0.9, en;q=0.8"), Some("es"));
        assert_eq!(accepted("pt-PT"), Some("pt-BR"));
        assert_eq!(accepted("EN-us"), Some("en"));
        assert_eq!(accepted("es, en"), Some("es"));
    }

    #[test]
    fn unknown_and_refused_languages_leave_the_choice_to_the_default() {
        for text in ["de, fr", "*", "", "es;q=0", "es;q=0.000", "es;q=2", "es;q=x", "es;q=0.1234", ";;;,,,"] {
            assert_eq!(accepted(text), None, "{text}");
        }
    }

    #[test]
    fn tags_match_by_language() {
        for (tag, expected) in [("pt", Some("pt-BR")), ("es_MX", Some("es")), ("en-GB-oxendict", Some("en")), ("eng", None), ("", None)] {
            assert_eq!(Locale::matching(tag).map(Locale::tag), expected, "{tag}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn no_header_is_too_strange(text in "[ -~]{0,200}") {
            let _ = accepted(&text);
        }
    }
}
