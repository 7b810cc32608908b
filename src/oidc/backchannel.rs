//! backchannel
