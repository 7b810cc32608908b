//! What a password must not be made of: the words anybody would try first for this person and this service (NIST SP 800-63B-4 §3.1.1.2).

use super::patterns::fold;
use crate::config::Config;
use crate::organization::Policy;
use crate::store::users::Profile;

/// Least length where a second factor is required (NIST SP 800-63B-4 §3.1.1.2).
const MIN_WITH_SECOND_FACTOR: usize = 8;

/// Shorter words are part of too much.
const SHORTEST_WORD: usize = 4;

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Email,
    Name,
    Brand,
}

/// For whom a password is chosen.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) min_length: usize,
    /// Folded, longest first.
    words: Vec<(String, Source)>,
}

impl Context {
    /// For somebody of whom nothing is known yet.
    #[must_use]
    pub fn of_service(config: &Config) -> Self {
        let context = Self { min_length: config.password.min_length, words: Vec::new() };
        context.with(Source::Brand, &config.brand.name)
    }

    /// What holds for the person.
    #[must_use]
    pub fn under(mut self, policy: &Policy) -> Self {
        self.min_length = policy.password_min_length;
        if policy.second_factor_required {
            self.min_length = self.min_length.min(MIN_WITH_SECOND_FACTOR);
        }
        self
    }

    /// The person's address, whole and in parts.
    #[must_use]
    pub fn email(self, email: &str) -> Self {
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let labels = domain.rsplit_once('.').map_or("", |(labels, _)| labels);
        self.with(Source::Email, email).with(Source::Email, domain).with(Source::Email, local).with(Source::Email, labels)
    }

    /// The person's names.
    #[must_use]
    pub fn profile(self, profile: &Profile) -> Self {
        let names = [&profile.name, &profile.given_name, &profile.family_name, &profile.nickname, &profile.preferred_username];
        names.into_iter().flatten().fold(self, |context, name| context.with(Source::Name, name))
    }

    /// The application on whose behalf it is chosen.
    #[must_use]
    pub fn application(self, name: &str) -> Self {
        self.with(Source::Brand, name)
    }

    #[must_use]
    pub const fn min_length(&self) -> usize {
        self.min_length
    }

    /// Adds a text, whole without its spaces, and each word of it.
    fn with(mut self, source: Source, text: &str) -> Self {
        let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let parts = text.split(|c: char| !c.is_alphanumeric());
        for word in std::iter::once(squeezed.as_str()).chain(parts).map(fold) {
            if word.chars().count() >= SHORTEST_WORD && !self.words.iter().any(|(known, _)| *known == word) {
                self.words.push((word, source));
            }
        }
        self.words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        self
    }

    /// Whose words a password is made of, if hardly anything else is left in it: fewer than eight letters and digits.
    pub(super) fn makes_up(&self, password: &str) -> Option<Source> {
        let mut rest = fold(password);
        let mut blamed = None;
        for (word, source) in &self.words {
            if rest.contains(word.as_str()) {
                blamed = blamed.or(Some(*source));
                // A space, so that what stood on both sides does not become a word.
                rest = rest.replace(word.as_str(), " ");
            }
        }
        blamed.filter(|_| rest.chars().filter(|c| c.is_alphanumeric()).count() < MIN_WITH_SECOND_FACTOR)
    }

    /// For the estimate: dictionaries of this person's own.
    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(|(word, _)| word.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> Context {
        let mut config = Config::default();
        config.brand.name = "Acme Identity".to_owned();
        let profile = Profile { name: Some("Ana Souza Lima".to_owned()), ..Profile::default() };
        Context::of_service(&config).email("ana.souza@autotalk.example.com").profile(&profile)
    }

    #[test]
    fn a_password_made_of_the_persons_own_words_is_noticed() {
        for (password, source) in [
            ("ana.souza@autotalk.example.com", Source::Email),
            ("Ana.Souza@autotalk.example.com1", Source::Email),
            ("autotalk-2026!", Source::Email),
            ("4ut0t@lk-2026!", Source::Email),
            ("AnaSouzaLima2026", Source::Name),
            ("souza.lima.1990", Source::Email),
            ("AcmeIdentity!!!!", Source::Brand),
            ("identity1234567", Source::Brand),
        ] {
            assert_eq!(ana().makes_up(password), Some(source), "{password}");
        }
    }

    #[test]
    fn a_word_in_a_long_password_does_no_harm() {
        for password in ["souza prefers green bicycles", "we moved to identity street 12", "lima bean counting machine", "xk29vmq04tzb7w1"]
        {
            assert_eq!(ana().makes_up(password), None, "{password}");
        }
    }

    #[test]
    fn a_required_second_factor_lowers_the_least_length() {
        let policy = Policy::of_service(&Config::default());
        assert_eq!(ana().under(&policy).min_length(), 15);
        assert_eq!(ana().under(&Policy { second_factor_required: true, ..policy }).min_length(), 8);
    }
}
