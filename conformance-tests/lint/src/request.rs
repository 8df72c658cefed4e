//! The server's side: whether an environ is well-formed.

use http::{Method, Version, header};
use rgi_core::Environ;
use rgi_core::server::Scheme;
use rgi_core::server::syntax::authority;

use crate::exchange::Exchange;

/// Looks at all that an environ says.
pub(crate) fn check(environ: &Environ, exchange: &Exchange) {
    target(environ, exchange);
    path(environ, exchange);
    headers(environ, exchange);
    facts(environ, exchange);
}

/// What stands before the path of an absolute target.
fn authority_of(target: &str) -> Option<usize> {
    let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
        let front = target.get(..scheme.len())?;
        front.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })?;
    let end = target[rest..]
        .find(['/', '?'])
        .unwrap_or(target.len() - rest);
    Some(rest + end)
}

fn target(environ: &Environ, exchange: &Exchange) {
    let (target, method) = (environ.target(), environ.method());
    let is_origin = target.starts_with('/');
    let is_absolute = authority_of(target).is_some();
    let is_asterisk = target == "*" && *method == Method::OPTIONS;
    // HTTP/2 has a CONNECT with a path (RFC 8441 4).
    let connects = *method == Method::CONNECT && environ.version() < Version::HTTP_2;
    let is_well = match connects {
        true => !is_origin && !is_absolute,
        false => is_origin || is_absolute || is_asterisk || *method == Method::CONNECT,
    };
    if !is_well
        || !target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        exchange.found(
            "environ-target",
            236,
            format!("{target:?} is no target of {method}"),
            "targets are paths beginning with a slash, http URIs, `*` of OPTIONS, authorities of CONNECT",
        );
        return;
    }
    let query = match is_origin || is_absolute {
        true => target.split_once('?').map(|(_, query)| query),
        false => None,
    };
    if environ.query() != query {
        exchange.found(
            "environ-target",
            129,
            format!("the query of {target:?} is {:?}", environ.query()),
            "it is what stands behind the first question mark, and none without one",
        );
    }
}

fn path(environ: &Environ, exchange: &Exchange) {
    let target = environ.target();
    let (script_name, path_info) = (environ.script_name(), environ.path_info());
    let start = match target.starts_with('/') {
        true => Some(0),
        false => authority_of(target),
    };
    let path = start.map_or("", |start| {
        let rest = &target[start..];
        rest.split('?').next().unwrap_or(rest)
    });
    if path.strip_prefix(script_name) != Some(path_info) {
        exchange.found(
            "environ-path",
            130,
            format!("{script_name:?} and {path_info:?} are not the path of {target:?}"),
            "put together they are that path, byte for byte",
        );
    }
    let script_is_well =
        script_name.is_empty() || script_name.starts_with('/') && !script_name.ends_with('/');
    if !script_is_well || !(path_info.is_empty() || path_info.starts_with('/')) {
        exchange.found(
            "environ-path",
            131,
            format!("the path is split into {script_name:?} and {path_info:?}"),
            "it is split where a segment ends",
        );
    }
}

fn headers(environ: &Environ, exchange: &Exchange) {
    const OF_THE_CONNECTION: [&str; 6] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    let headers = environ.headers();
    for name in OF_THE_CONNECTION {
        if headers.contains_key(name) {
            exchange.found(
                "environ-headers",
                102,
                format!("the application is shown the field {name}"),
                "fields of the connection are the server's",
            );
        }
    }
    for (name, value) in headers {
        if value.as_bytes().trim_ascii() != value.as_bytes() {
            exchange.found(
                "environ-headers",
                136,
                format!("the value of {name} has white space around it: {value:?}"),
                "a value is what stands between",
            );
        }
    }
    host(environ, exchange);
}

fn host(environ: &Environ, exchange: &Exchange) {
    if environ.version() < Version::HTTP_11 {
        return;
    }
    let mut values = environ.headers().get_all(header::HOST).iter();
    let happened = match (values.next(), values.count()) {
        (Some(value), 0) => match authority(value.as_bytes()) {
            Ok(_) => return,
            Err(_) => format!("Host is {value:?}, which is no host and port"),
        },
        (first, more) => format!(
            "there are {} fields Host",
            more + usize::from(first.is_some())
        ),
    };
    exchange.found(
        "environ-headers",
        234,
        happened,
        "a request has one that is valid; another is refused",
    );
}

fn facts(environ: &Environ, exchange: &Exchange) {
    let info = environ.server();
    if info.run_once && (info.multithread || info.reentrant) {
        exchange.found(
            "facts-contradict",
            220,
            "`run_once` beside `multithread` or `reentrant`",
            "an application that is called once is not called twice at the same time",
        );
    }
    let has_tls = environ.connection().tls.is_some();
    if has_tls && environ.scheme() == Scheme::Http {
        exchange.found(
            "facts-contradict",
            220,
            "facts of TLS, and the scheme http",
            "a connection with TLS has the scheme https",
        );
    }
}
