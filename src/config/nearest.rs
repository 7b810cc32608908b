//! The known name a mistyped one was probably meant to be.

/// The candidate with the smallest edit distance, when it is close enough to be a slip rather than another word.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
    let (distance, best) = known.into_iter().map(|candidate| (close(candidate), candidate)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 + best.len() / 4).then_some(best)
}

/// The sentence that goes with an unknown name.
#[must_use]
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(best) => format!("Did you mean `{best}`?"),
        None => "Remove it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_known_name() {
        assert_eq!(nearest("lisen", ["listen", "public_url"]), Some("listen"));
        assert_eq!(nearest("PUBLIC-URL", ["listen", "public_url"]), Some("public_url"));
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("transport", ["listen", "idle"]), None);
        assert_eq!(suggestion("transport", ["idle"]), "Remove it.");
    }
}
