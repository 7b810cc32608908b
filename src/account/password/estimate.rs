//! How easily a password is guessed, by zxcvbn's estimate, and what to tell the person about it.

use zxcvbn::Score;
use zxcvbn::feedback::{Suggestion, Warning};

/// The estimate's work grows with the square of the length and more; what comes after this many characters only makes a password stronger.
const LOOKED_AT: usize = 100;

/// Why a password is easy to guess and what would help, by the ids of their texts (`views::password::PasswordProblem`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weakness {
    pub warning: Option<&'static str>,
    pub advice: Vec<&'static str>,
}

/// `None` when it takes 10⁸ guesses or more: out of reach for whoever has to try passwords at a login page.
pub(super) fn weakness(password: &str, words: &[&str]) -> Option<Weakness> {
    let looked_at: String = password.chars().take(LOOKED_AT).collect();
    let estimate = zxcvbn::zxcvbn(&looked_at, words);
    if estimate.score() >= Score::Three {
        return None;
    }
    let feedback = estimate.feedback();
    let warning = feedback.and_then(zxcvbn::feedback::Feedback::warning).map(warning);
    let mut advice: Vec<_> =
        feedback.map(|feedback| feedback.suggestions().iter().copied().filter_map(advice_id).collect()).unwrap_or_default();
    advice.dedup();
    Some(Weakness { warning, advice })
}

const fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => "keyboard-row",
        Warning::ShortKeyboardPatternsAreEasyToGuess => "keyboard-pattern",
        Warning::RepeatsLikeAaaAreEasyToGuess => "repeats",
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => "repeated-words",
        Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword => "common",
        Warning::ThisIsSimilarToACommonlyUsedPassword => "similar-to-common",
        Warning::SequencesLikeAbcAreEasyToGuess => "sequence",
        Warning::RecentYearsAreEasyToGuess => "year",
        Warning::AWordByItselfIsEasyToGuess => "word",
        Warning::DatesAreOftenEasyToGuess => "date",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => "name",
    }
}

const fn advice_id(suggestion: Suggestion) -> Option<&'static str> {
    Some(match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => "few-words",
        Suggestion::AddAnotherWordOrTwo => "add-words",
        Suggestion::CapitalizationDoesntHelpVeryMuch | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => "capitals",
        Suggestion::ReversedWordsArentMuchHarderToGuess => "reversed",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => "substitutions",
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "keyboard-turns",
        Suggestion::AvoidRepeatedWordsAndCharacters => "no-repeats",
        Suggestion::AvoidSequences => "no-sequences",
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "no-dates",
        // Nobody here asked for any of them.
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::views::password::PasswordProblem;

    #[test]
    fn what_is_easily_guessed_is_told_why() {
        for password in ["password1234567", "qwertyuiopasdfgh", "qazwsxedcrfvtgby", "november20262026", "JenniferJennifer"] {
            let weakness = weakness(password, &[]).unwrap_or_else(|| panic!("{password} passes"));
            assert!(weakness.warning.is_none_or(|id| PasswordProblem::WARNINGS.contains(&id)), "{password}: {weakness:?}");
            assert!(weakness.advice.iter().all(|id| PasswordProblem::ADVICE.contains(id)), "{password}: {weakness:?}");
        }
    }

    #[test]
    fn passphrases_and_random_texts_pass() {
        for password in ["correct horse battery staple", "a long enough passphrase", "xk29vmq04tzb7w1", "ключ от квартиры где деньги"]
        {
            assert_eq!(weakness(password, &[]), None, "{password}");
        }
    }

    #[test]
    fn the_persons_own_words_count_as_known() {
        assert!(weakness("vestibulevestibule", &["vestibule"]).is_some());
    }
}
