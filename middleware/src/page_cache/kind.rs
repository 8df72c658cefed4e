//! What requests for a target differ in, so that one's response may say nothing of another's.

use http::{HeaderMap, HeaderName, header};

/// What a request has for which its response may be for it alone: credentials, cookies, conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(u8);

const AUTHORIZED: u8 = 1;
const COOKIE: u8 = 2;
const CONDITIONAL: u8 = 4;

/// What an application may answer with less than the page (RFC 9110 13 and 14).
const CONDITIONS: [HeaderName; 6] = [
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
];

impl Kind {
    pub(super) fn of(headers: &HeaderMap) -> Kind {
        let has = |name| headers.contains_key(name);
        let bit = |is_so, bit| if is_so { bit } else { 0 };
        Kind(
            bit(has(&header::AUTHORIZATION), AUTHORIZED)
                | bit(has(&header::COOKIE), COOKIE)
                | bit(CONDITIONS.iter().any(has), CONDITIONAL),
        )
    }

    /// Whether it has nothing of the sort.
    pub(super) fn is_plain(self) -> bool {
        self.0 == 0
    }

    pub(super) fn is_authorized(self) -> bool {
        self.0 & AUTHORIZED != 0
    }

    pub(super) fn has_cookie(self) -> bool {
        self.0 & COOKIE != 0
    }

    /// A number for those of this kind who ask for a target; of plain ones it is that of the target.
    pub(super) fn key(self, hash: u64) -> u64 {
        hash ^ u64::from(self.0)
    }
}
