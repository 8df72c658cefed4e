//! The pieces that stacks are made of, each set so that it changes as little as it can, and what it
//! changes all the same.

use std::fmt;
use std::time::Duration;

use rgi_core::{AppExt, BoxApp, EditHead, Error, FieldName, Head, Middleware, app_fn};
use rgi_middleware::cookies::Key;
use rgi_middleware::{
    AccessLog, BodyLimit, Cascade, Catch, Compression, ConcurrencyLimit, Conditional, Cookies,
    Cors, Decompression, Forwarded, HeadFromGet, Health, Hosts, Metrics, Mount, PageCache, Range,
    RateLimit, RequestId, Router, SecurityHeaders, Sessions, StaticFiles, Timeout, Tracing,
    page_cache,
};

use crate::credentials::all_let_in;
use crate::listener::listen;

/// A middleware around any application.
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    pub(crate) wrap: fn(BoxApp) -> BoxApp,
    /// Fields that it adds to responses.
    pub(crate) adds: &'static [&'static str],
    /// Cases of the suite that are about what it changes.
    pub(crate) changes: &'static [&'static str],
    /// Cases that it changes now and then, or with others.
    pub(crate) may_change: &'static [&'static str],
}

impl Piece {
    /// Whether a case may fail behind it.
    pub(crate) fn explains(&self, case: &str) -> bool {
        self.changes.contains(&case) || self.may_change.contains(&case)
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const PIECE: Piece = Piece {
    name: "",
    wrap: |app| app,
    adds: &[],
    changes: &[],
    may_change: &[],
};

/// No case takes as long.
const LONG: Duration = Duration::from_secs(600);

/// No case asks as often, as many at once, or for as much.
const MANY: u32 = 1_000_000;

pub(crate) const PIECES: &[Piece] = &[
    Piece {
        name: "access-log",
        wrap: |app| with(app, AccessLog::json(|_: &[u8]| {})),
        ..PIECE
    },
    Piece {
        name: "auth",
        wrap: all_let_in,
        ..PIECE
    },
    Piece {
        name: "body-limit",
        wrap: |app| with(app, BodyLimit::new(1 << 40)),
        ..PIECE
    },
    Piece {
        name: "cascade",
        wrap: |app| {
            with(
                app,
                Cascade::to(app_fn(|_, s| s.start(404.try_into().unwrap()).empty())),
            )
        },
        changes: &[
            "response_arrives_as_it_was_made",
            "status_is_sent_as_it_was_set",
        ],
        // Where catch, inside of it, answers an error of status 404.
        may_change: &["error_brings_fields_of_its_answer"],
        ..PIECE
    },
    Piece {
        name: "catch",
        wrap: |app| with(app, Catch::plain()),
        changes: &[
            "body_is_dropped_on_every_path",
            "body_of_head_is_dropped_unasked",
            "failure_behind_hints_is_a_status",
            "failure_of_head_has_no_body",
            "hooks_run_whatever_happened",
            "outcomes_tell_how_it_ended",
            "panic_is_caught",
            "start_alone_sends_nothing",
            "unused_token_is_500",
        ],
        ..PIECE
    },
    Piece {
        name: "compression",
        wrap: |app| with(app, Compression::new()),
        // On each 304, whose 200 may have been compressed.
        adds: &["vary"],
        ..PIECE
    },
    Piece {
        name: "concurrency-limit",
        wrap: |app| with(app, ConcurrencyLimit::new(MANY as usize)),
        ..PIECE
    },
    Piece {
        name: "concurrency-queue",
        wrap: |app| {
            let limit = ConcurrencyLimit::new(MANY as usize);
            with(app, limit.waiting(MANY as usize, LONG))
        },
        ..PIECE
    },
    Piece {
        name: "conditional",
        wrap: |app| with(app, Conditional::new().without_tags()),
        ..PIECE
    },
    Piece {
        name: "conditional-tags",
        wrap: |app| with(app, Conditional::new()),
        adds: &["etag"],
        // There the application has one.
        changes: &[
            "not_modified_has_no_body",
            "response_arrives_as_it_was_made",
        ],
        ..PIECE
    },
    Piece {
        name: "cookies",
        wrap: |app| with(app, Cookies::new()),
        ..PIECE
    },
    Piece {
        name: "cors",
        wrap: |app| with(app, Cors::any()),
        adds: &["access-control-allow-origin"],
        ..PIECE
    },
    Piece {
        name: "decompression",
        wrap: |app| with(app, Decompression::new(1 << 40)),
        ..PIECE
    },
    Piece {
        name: "forwarded",
        wrap: |app| with(app, Forwarded::new(["192.0.2.1"]).expect("an address")),
        ..PIECE
    },
    Piece {
        name: "head",
        wrap: |app| with(app, HeadFromGet::new()),
        ..PIECE
    },
    Piece {
        name: "health",
        wrap: |app| with(app, Health::new()),
        ..PIECE
    },
    Piece {
        name: "hosts",
        wrap: |app| {
            Hosts::new()
                .fallback(app)
                .build()
                .expect("no host is odd")
                .erased()
        },
        ..PIECE
    },
    Piece {
        name: "metrics",
        wrap: |app| with(app, Metrics::new().by_route()),
        ..PIECE
    },
    Piece {
        name: "mount",
        wrap: |app| app.clone().with(Mount::at("/of/no/case")).or(app).erased(),
        ..PIECE
    },
    Piece {
        name: "page-cache",
        wrap: |app| with(app, PageCache::new(page_cache::Memory::new(1 << 20))),
        ..PIECE
    },
    Piece {
        name: "range",
        wrap: |app| with(app, Range::new()),
        adds: &["accept-ranges"],
        ..PIECE
    },
    Piece {
        name: "rate-limit",
        wrap: |app| with(app, RateLimit::new(MANY, Duration::from_secs(1))),
        ..PIECE
    },
    Piece {
        name: "request-id",
        wrap: |app| with(app, RequestId::new()),
        adds: &["x-request-id"],
        changes: &[
            "authority_stands_as_host",
            "fields_past_their_limit_are_431",
            "hop_by_hop_fields_stay_with_the_server",
        ],
        ..PIECE
    },
    Piece {
        name: "router",
        wrap: |app| {
            Router::new()
                .fallback(app)
                .build()
                .expect("no pattern is odd")
                .erased()
        },
        ..PIECE
    },
    Piece {
        name: "security-headers",
        wrap: |app| with(app, SecurityHeaders::new()),
        adds: &[
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "strict-transport-security",
            "cross-origin-resource-policy",
            "content-security-policy",
            "permissions-policy",
        ],
        ..PIECE
    },
    Piece {
        name: "sessions",
        wrap: |app| with(app, Sessions::in_cookie(Key::from(&[7; 64]))),
        ..PIECE
    },
    Piece {
        name: "static-files",
        // No case asks for a file that is there.
        wrap: |app| {
            let files = StaticFiles::new(concat!(env!("CARGO_MANIFEST_DIR"), "/site"));
            let files = files.expect("the directory of this package");
            files.without_index().with(Cascade::to(app)).erased()
        },
        // A name that the system has not cached is looked up on the pool, which has one thread there.
        may_change: &[
            "client_that_leaves_frees_its_thread",
            "pool_without_a_free_thread_is_503",
            "slow_bodies_hold_no_thread",
        ],
        ..PIECE
    },
    Piece {
        name: "timeout",
        wrap: |app| with(app, Timeout::new(LONG)),
        ..PIECE
    },
    Piece {
        name: "tracing",
        wrap: |app| {
            listen();
            with(app, Tracing::new())
        },
        ..PIECE
    },
];

/// A stack, the first outermost, and around it what takes the fields off again that it adds.
pub(crate) fn stack(
    pieces: &[&'static Piece],
) -> impl Fn(BoxApp) -> BoxApp + Send + Sync + 'static {
    let pieces = pieces.to_vec();
    move |app| {
        let app = pieces
            .iter()
            .rev()
            .fold(app, |app, piece| (piece.wrap)(app));
        let names = pieces.iter().flat_map(|piece| piece.adds);
        let added: Vec<_> = names.map(|name| FieldName::from_static(name)).collect();
        match added.is_empty() {
            true => app,
            false => app.map_start(TakeOff(added)).erased(),
        }
    }
}

/// Takes fields off whatever is answered.
#[derive(Clone)]
struct TakeOff(Vec<FieldName>);

impl EditHead for TakeOff {
    fn edit(&mut self, head: &mut Head) {
        for name in &self.0 {
            head.remove(name);
        }
    }

    fn edit_error(&mut self, error: &mut Error) {
        self.edit(error.head_mut());
    }
}

fn with<M>(app: BoxApp, middleware: M) -> BoxApp
where
    M: Middleware<BoxApp>,
    M::App: Send + Sync + 'static,
    <M::App as rgi_core::App>::Body: Send + 'static,
{
    middleware.wrap(app).erased()
}
