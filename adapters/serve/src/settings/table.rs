//! The one table of options.

use super::kind::{Answer, Kind};
use super::option::{Group, OptionSpec, Preset};
use super::server::ServerKind;

/// Threads of a kind, at most.
pub(super) const MOST_THREADS: usize = 4096;

/// Worker processes, at most.
const MOST_PROCESSES: u64 = 1024;

const THREADS: std::ops::RangeInclusive<u64> = 1..=MOST_THREADS as u64;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Every option there is, the server first: it decides which of the others are honoured. The help
/// lists each group in this order.
pub(super) const OPTIONS: &[OptionSpec] = &[
    setting(
        "server",
        "NAME",
        Kind::Server(|settings| &mut settings.server),
        Preset::Server,
        Group::Concurrency,
        "The server to run on, one of those above.",
    ),
    setting(
        "bind",
        "ADDR",
        Kind::Binds(|settings| &mut settings.bind),
        Preset::Text("127.0.0.1:8000"),
        Group::Listen,
        "Address to listen at; repeat it for several. HOST:PORT (127.0.0.1:8000, [::1]:8000, \
         localhost:8000; port 0: any free one), unix:PATH for a Unix socket, or fd:N for a \
         listening socket inherited as descriptor N.",
    ),
    setting(
        "backlog",
        "N",
        Kind::Count(1..=1_000_000, |settings| &mut settings.backlog),
        Preset::Text("2048"),
        Group::Listen,
        "Connections that the system holds until they are accepted; it may hold fewer.",
    ),
    setting(
        "script-name",
        "PREFIX",
        Kind::Prefix(|settings| &mut settings.script_name),
        Preset::Empty("empty, none"),
        Group::Listen,
        "Path that the application is mounted under, such as /shop.",
    ),
    setting(
        "proxy-protocol",
        "[on|off|NETWORKS]",
        Kind::Proxies(|settings| &mut settings.proxy_protocol),
        Preset::Text("off"),
        Group::Listen,
        "Expect a header of the PROXY protocol, version 1 or 2, at the beginning of each \
         connection, and believe what it says of the client: with on, or without a value, whoever \
         connects, which nobody but the proxy should be able to; or proxies from these networks \
         (10.0.0.0/8,::1) and over Unix sockets, and close others.",
    ),
    setting(
        "processes",
        "N",
        Kind::Count(0..=MOST_PROCESSES, |settings| &mut settings.processes),
        Preset::Processes,
        Group::Concurrency,
        "Worker processes, each with the server and the application in it, under a master that \
         watches them. 0: none, the server runs in this process.",
    ),
    OptionSpec {
        on_server: Some(ServerKind::threads),
        ..of_threads(
            "threads",
            "N",
            Kind::Count(THREADS, |settings| &mut settings.threads),
            Preset::Threads,
            Group::Concurrency,
            "Threads of the server.",
        )
    },
    OptionSpec {
        servers: ServerKind::LIFTING,
        ..setting(
            "blocking-threads",
            "N",
            Kind::Count(THREADS, |settings| &mut settings.blocking_threads),
            Preset::Text("64"),
            Group::Concurrency,
            "Threads of the pool on which blocking applications run.",
        )
    },
    setting(
        "max-connections",
        "N",
        Kind::CountLimit(1..=16_777_216, |settings| &mut settings.max_connections),
        Preset::Text("16384"),
        Group::Concurrency,
        "Connections open at once; above it, accepting waits.",
    ),
    of_processes(
        "worker-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.worker_timeout),
        Preset::Text("30s"),
        "How long a worker may give no sign of life; then it is killed and replaced. A request \
         that takes long is no reason: --request-timeout bounds it.",
    ),
    of_processes(
        "max-requests",
        "N",
        Kind::CountLimit(1..=1_000_000_000, |settings| &mut settings.max_requests),
        Preset::Text("0"),
        "Requests after which a worker is replaced, for applications that leak. Another one \
         serves before it stops.",
    ),
    of_processes(
        "max-requests-jitter",
        "N",
        Kind::Count(0..=1_000_000_000, |settings| {
            &mut settings.max_requests_jitter
        }),
        Preset::Text("0"),
        "Requests that are added to --max-requests, at most, at random for each worker.",
    ),
    of_processes(
        "max-worker-lifetime",
        "TIME",
        Kind::Duration(|settings| &mut settings.max_worker_lifetime),
        Preset::Text("0"),
        "Age at which a worker is replaced, one after the other.",
    ),
    of_processes(
        "max-worker-memory",
        "SIZE",
        Kind::SizeLimit(MIB..=(1 << 20) * GIB, |settings| {
            &mut settings.max_worker_memory
        }),
        Preset::Text("0"),
        "Resident memory of a worker above which it is replaced.",
    ),
    of_processes(
        "pid-file",
        "FILE",
        Kind::Path(|settings| &mut settings.pid_file),
        Preset::Empty("empty, none"),
        "File that the process id of the master stands in while it runs.",
    ),
    of_processes(
        "user",
        "NAME",
        Kind::Name(|settings| &mut settings.user),
        Preset::Empty("empty, none"),
        "User that workers run as, by name or number; the master is started as root.",
    ),
    of_processes(
        "group",
        "NAME",
        Kind::Name(|settings| &mut settings.group),
        Preset::Empty("empty, none"),
        "Group that workers are in, by name or number; without it, that of --user.",
    ),
    setting(
        "header-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.header_timeout),
        Preset::Text("30s"),
        Group::Timeouts,
        "From the first byte of a request to the end of its head.",
    ),
    setting(
        "body-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.body_timeout),
        Preset::Text("30s"),
        Group::Timeouts,
        "Between two reads of a request body.",
    ),
    setting(
        "write-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.write_timeout),
        Preset::Text("30s"),
        Group::Timeouts,
        "How long a client may take nothing of its response.",
    ),
    setting(
        "keep-alive",
        "TIME",
        Kind::Duration(|settings| &mut settings.keep_alive),
        Preset::Text("60s"),
        Group::Timeouts,
        "How long a connection may idle between requests. 0: for ever.",
    ),
    of_threads(
        "queue-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.queue_timeout),
        Preset::Text("5s"),
        Group::Timeouts,
        "A request that waits longer than this for a free thread that may block is answered 503 \
         with Retry-After.",
    ),
    setting(
        "request-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.request_timeout),
        Preset::Text("0"),
        Group::Timeouts,
        "From the call of the application to the last byte of its response; then 503, or a cut \
         if the response has begun.",
    ),
    setting(
        "graceful-timeout",
        "TIME",
        Kind::Duration(|settings| &mut settings.graceful_timeout),
        Preset::Text("30s"),
        Group::Timeouts,
        "How long requests in flight may go on after the order to stop, or in a worker that is \
         replaced. 0: until they are done.",
    ),
    setting(
        "max-target",
        "SIZE",
        Kind::Size(64..=16 * MIB, |settings| &mut settings.max_target),
        Preset::Text("8k"),
        Group::Limits,
        "Request target (path and query), at most; no more than --max-head, which lowers the \
         default.",
    ),
    setting(
        "max-head",
        "SIZE",
        Kind::Size(KIB..=16 * MIB, |settings| &mut settings.max_head),
        Preset::Text("64k"),
        Group::Limits,
        "Request line and header fields together, at most.",
    ),
    setting(
        "max-headers",
        "N",
        Kind::Count(1..=10_000, |settings| &mut settings.max_headers),
        Preset::Text("100"),
        Group::Limits,
        "Header fields of a request, at most.",
    ),
    setting(
        "max-body",
        "SIZE",
        Kind::SizeLimit(1..=(1 << 20) * GIB, |settings| &mut settings.max_body),
        Preset::Text("1g"),
        Group::Limits,
        "Request body, at most.",
    ),
    setting(
        "buffer-body",
        "SIZE",
        Kind::Size(0..=GIB, |settings| &mut settings.buffer_body),
        Preset::Text("64k"),
        Group::Limits,
        "Of a request body, gathered before a thread is bound to the request that may block. 0: \
         nothing.",
    ),
    setting(
        "access-log",
        "FORMAT",
        Kind::Access(|settings| &mut settings.access_log),
        Preset::Text("off"),
        Group::Logs,
        "A line for each request that the application was called with, when it is over: combined \
         (Apache's and nginx's, for the tools that read that; in UTC), json (an object a line), \
         both with how it ended and how long it took, or off. What is refused before that, the \
         log has at its level debug.",
    ),
    setting(
        "access-log-file",
        "FILE",
        Kind::Path(|settings| &mut settings.access_log_file),
        Preset::Empty("standard output"),
        Group::Logs,
        "Append the access log to this file. To rotate a log, rename its file and send USR1: it \
         is opened anew, and no line is lost.",
    ),
    setting(
        "log-file",
        "FILE",
        Kind::Path(|settings| &mut settings.log_file),
        Preset::Empty("standard error"),
        Group::Logs,
        "Append the log to this file, which USR1 opens anew as well.",
    ),
    setting(
        "log-level",
        "LEVEL",
        Kind::Level(|settings| &mut settings.log_level),
        Preset::Text("info"),
        Group::Logs,
        "How much to log: error, warn, info or debug.",
    ),
    #[cfg(feature = "lint")]
    setting(
        "lint",
        "[on|off]",
        Kind::Switch(|settings| &mut settings.lint),
        // What costs little is worth it while a program is written.
        Preset::Text(if cfg!(debug_assertions) { "on" } else { "off" }),
        Group::Rest,
        "Check the application and the server while they run; the log says what is wrong, and by \
         which rule. Without a value: on. On by default in debug builds alone.",
    ),
    OptionSpec {
        name: "config",
        short: None,
        placeholder: "FILE",
        kind: Kind::ConfigFile,
        default: Preset::Nothing,
        group: Group::Rest,
        servers: ServerKind::COMPILED,
        of_processes: false,
        on_server: None,
        help: "Read settings from this TOML file: name = value, with the names above.",
    },
    answer(
        "print-config",
        None,
        Answer::PrintConfig,
        "Print the settings in force, each with where it comes from, as a file for --config, \
         and exit.",
    ),
    answer("help", Some('h'), Answer::Help, "Print this and exit."),
    answer(
        "version",
        Some('V'),
        Answer::Version,
        "Print the version and exit.",
    ),
];

/// A setting that every server honours.
const fn setting(
    name: &'static str,
    placeholder: &'static str,
    kind: Kind,
    default: Preset,
    group: Group,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        short: None,
        placeholder,
        kind,
        default,
        group,
        servers: ServerKind::COMPILED,
        of_processes: false,
        on_server: None,
        help,
    }
}

/// A setting of the master's and its workers'.
const fn of_processes(
    name: &'static str,
    placeholder: &'static str,
    kind: Kind,
    default: Preset,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        of_processes: true,
        ..setting(name, placeholder, kind, default, Group::Processes, help)
    }
}

/// A setting of threads.
const fn of_threads(
    name: &'static str,
    placeholder: &'static str,
    kind: Kind,
    default: Preset,
    group: Group,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        servers: ServerKind::OF_THREADS,
        ..setting(name, placeholder, kind, default, group, help)
    }
}

const fn answer(
    name: &'static str,
    short: Option<char>,
    answer: Answer,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        short,
        placeholder: "",
        kind: Kind::Answer(answer),
        default: Preset::Nothing,
        group: Group::Rest,
        servers: ServerKind::COMPILED,
        of_processes: false,
        on_server: None,
        help,
    }
}
