//! `[outbound]`: calls this service makes, such as back-channel logout.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::types::{CidrList, Span};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Private, loopback and link-local ranges that may be called all the same: relying parties in a cluster live on private addresses. These, and whatever else
    /// is listed, may be called by `http` too; all other addresses by `https` alone, since anybody on the way could read and change what is sent.
    pub allowed_networks: CidrList,
    /// PEM file of certificate authorities trusted beside the public ones.
    pub extra_ca_file: Option<PathBuf>,
    /// A call not answered by then has failed.
    pub timeout: Span,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { allowed_networks: CidrList::default(), extra_ca_file: None, timeout: Span::secs(5) }
    }
}
