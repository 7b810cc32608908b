//! "User Profile".

use serde::Serialize;

use super::account::Done;
use crate::web::pages::Page;

/// Time zones to choose from: the places most people know theirs by.
pub const ZONES: [&str; 40] = [
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Lima",
    "America/Los_Angeles",
    "America/Manaus",
    "America/Mexico_City",
    "America/New_York",
    "America/Noronha",
    "America/Phoenix",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
    "Pacific/Auckland",
];

/// What a person may say about themselves. Empty: nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProfileFields {
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub nickname: String,
    pub locale: String,
    pub zoneinfo: String,
    pub phone_number: String,
    pub picture: String,
    pub website: String,
}

/// `GET /account/profile`. Posts there: `csrf_token` and the names of [`ProfileFields`].
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    pub csrf_token: String,
    pub email: String,
    pub email_verified: bool,
    pub fields: ProfileFields,
    /// Names of the fields that are wrong; texts: `profile-error-<kind of field>`.
    pub errors: Vec<&'static str>,
    pub zones: Vec<&'static str>,
    pub done: Option<Done>,
}

impl Default for ProfilePage {
    fn default() -> Self {
        Self {
            csrf_token: String::new(),
            email: String::new(),
            email_verified: false,
            fields: ProfileFields::default(),
            errors: Vec::new(),
            zones: ZONES.to_vec(),
            done: None,
        }
    }
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "pages/account_profile.html";

    fn here(&self) -> Option<String> {
        Some("/account/profile".to_owned())
    }
}
