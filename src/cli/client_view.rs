//! A client as it is printed: its metadata by RFC 7591 names, and never a secret or its digest.

use serde_json::{Map, Value, json};

use super::moment::rfc3339;
use crate::store::clients::{Client, ClientSecret};

pub(super) fn view(client: &Client) -> Value {
    let secret = |secret: &ClientSecret| json!({ "created_at": rfc3339(secret.created_at), "expires_at": secret.expires_at.map(rfc3339) });
    let mut members = Map::from_iter([
        ("client_id".to_owned(), client.client_id.clone().into()),
        ("enabled".to_owned(), client.enabled.into()),
        ("managed".to_owned(), client.managed.into()),
        ("created_at".to_owned(), rfc3339(client.created_at).into()),
        ("updated_at".to_owned(), rfc3339(client.updated_at).into()),
        ("secrets".to_owned(), client.secrets.iter().map(secret).collect()),
    ]);
    if let Ok(Value::Object(metadata)) = serde_json::to_value(&client.metadata) {
        members.extend(metadata.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Value::Object(members)
}

/// One line per member.
pub(super) fn text(view: &Value) -> String {
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    let members = view.as_object().into_iter().flatten();
    members.map(|(name, value)| format!("{name:<36} {}", shown(value))).collect::<Vec<_>>().join("\n")
}
