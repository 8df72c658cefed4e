//! From the settings of a run to what its server is told, whichever it is.

use std::sync::Arc;

use rgi_core::server::{Config, Log};

use crate::settings::Settings;

pub(crate) fn config(
    settings: &Settings,
    vars: Vec<(String, String)>,
    log: Arc<dyn Log>,
) -> Config {
    let mut config = Config::default();
    config.threads = settings.threads;
    config.blocking_threads = settings.blocking_threads;
    config.queue_timeout = settings.queue_timeout;
    config.max_connections = settings.max_connections;
    config.header_timeout = settings.header_timeout;
    config.body_timeout = settings.body_timeout;
    config.write_timeout = settings.write_timeout;
    config.keep_alive = settings.keep_alive;
    config.request_timeout = settings.request_timeout;
    config.graceful_timeout = settings.graceful_timeout;
    config.proxy_protocol.clone_from(&settings.proxy_protocol);
    config.buffer_body = settings.buffer_body;
    config.limits.target = settings.max_target;
    config.limits.head = settings.max_head;
    config.limits.headers = settings.max_headers;
    config.limits.body = settings.max_body.unwrap_or(0);
    config.script_name.clone_from(&settings.script_name);
    config.vars = vars;
    config.log = log;
    config
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rgi_core::server::{ProxyProtocol, Stderr};

    use super::*;

    #[test]
    fn every_setting_arrives() {
        let seconds = |n| Some(Duration::from_secs(n));
        let settings = Settings {
            threads: 1001,
            blocking_threads: 1002,
            queue_timeout: seconds(1003),
            max_connections: Some(1004),
            header_timeout: seconds(1005),
            body_timeout: seconds(1006),
            write_timeout: seconds(1007),
            keep_alive: seconds(1008),
            request_timeout: seconds(1009),
            graceful_timeout: seconds(1010),
            proxy_protocol: ProxyProtocol::On,
            buffer_body: 1011,
            max_target: 1012,
            max_head: 1013,
            max_headers: 1014,
            max_body: Some(1015),
            script_name: "/shop".to_owned(),
            ..Settings::default()
        };
        let vars = vec![("greeting".to_owned(), "Hello".to_owned())];
        let config = config(&settings, vars.clone(), Arc::new(Stderr));
        assert_eq!(config.threads, 1001);
        assert_eq!(config.blocking_threads, 1002);
        assert_eq!(config.queue_timeout, seconds(1003));
        assert_eq!(config.max_connections, Some(1004));
        assert_eq!(config.header_timeout, seconds(1005));
        assert_eq!(config.body_timeout, seconds(1006));
        assert_eq!(config.write_timeout, seconds(1007));
        assert_eq!(config.keep_alive, seconds(1008));
        assert_eq!(config.request_timeout, seconds(1009));
        assert_eq!(config.graceful_timeout, seconds(1010));
        assert_eq!(config.proxy_protocol, ProxyProtocol::On);
        assert_eq!(config.buffer_body, 1011);
        assert_eq!(config.limits.target, 1012);
        assert_eq!(config.limits.head, 1013);
        assert_eq!(config.limits.headers, 1014);
        assert_eq!(config.limits.body, 1015);
        assert_eq!(config.script_name, "/shop");
        assert_eq!(config.vars, vars);
    }

    #[test]
    fn no_limit_on_bodies_is_zero() {
        let settings = Settings {
            max_body: None,
            ..Settings::default()
        };
        let config = config(&settings, Vec::new(), Arc::new(Stderr));
        assert_eq!(config.limits.body, 0);
    }
}
