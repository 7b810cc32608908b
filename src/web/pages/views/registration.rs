//! Registration, invitations, confirming an address.
