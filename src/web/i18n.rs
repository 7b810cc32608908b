//! Languages: Fluent messages in `templates/locales/<tag>/*.ftl`.

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
}
