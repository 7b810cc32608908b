//! Argument values.

use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

/// A value by its name in the specifications, such as `refresh_token` or `RS256`.
pub(super) fn named<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<Error>::new(text)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::clients::GrantType;

    #[test]
    fn names_are_those_of_the_specifications() {
        assert_eq!(named("client_credentials"), Ok(GrantType::ClientCredentials));
        assert!(named::<GrantType>("password").unwrap_err().contains("`authorization_code`"));
    }
}
