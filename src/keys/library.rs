//! OpenSSL below josekit, as it was built into this program.

use super::KeyError;

/// Refuses a library without threads: it has no locks, so two requests at once corrupt its memory, and the process dies of it sooner or later.
///
/// OpenSSL's configuration drops threads without a word when it finds `-static` among the flags, and a whole build with
/// `-C target-feature=+crt-static` gives it that flag (`helm/image/build` says how it is done instead).
///
/// # Errors
/// [`KeyError::WithoutThreads`].
pub(super) fn check() -> Result<(), KeyError> {
    if !cfg!(target_os = "linux") || has_threads(openssl::version::c_flags()) { Ok(()) } else { Err(KeyError::WithoutThreads) }
}

/// By the flags it says it was compiled with. A library that does not tell is believed.
fn has_threads(flags: &str) -> bool {
    let told = flags.strip_prefix("compiler: ").filter(|told| told.contains(" -"));
    told.is_none_or(|told| told.split_whitespace().any(|flag| flag == "-pthread" || flag.starts_with("-D_REENTRANT")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_this_program_has_threads_and_says_so() {
        assert!(openssl::version::c_flags().contains(" -"), "{}", openssl::version::c_flags());
        check().unwrap();
    }

    #[test]
    fn a_library_without_threads_is_known_by_its_flags() {
        assert!(has_threads("compiler: gcc -fPIC -pthread -m64 -Wall -O3"));
        assert!(!has_threads("compiler: cc -m64 -Wall -O3 -static -DOPENSSL_BUILDING_OPENSSL"));
        assert!(has_threads("compiler: information not available"));
    }
}
