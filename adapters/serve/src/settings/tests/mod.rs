//! The sources together, as a program meets them.

mod answers;
mod precedence;
#[cfg(all(feature = "coroutine", feature = "evented"))]
mod servers;
mod table;

use std::ffi::OsString;
use std::fs;

use super::{Bad, Gathered, Overrides, ServerKind, Settings};

/// What a program is started with.
struct Start<'a> {
    program: Overrides,
    servers: &'a [ServerKind],
    args: &'a [&'a str],
    env: &'a [(&'a str, &'a str)],
    /// The text of `rgi.toml`, which `--config` names if there is one.
    file: Option<&'a str>,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Start {
            program: Overrides::default(),
            servers: ServerKind::COMPILED,
            args: &[],
            env: &[],
            file: None,
        }
    }
}

impl Start<'_> {
    fn gather(&self) -> Result<Gathered, Bad> {
        let folder = tempfile::tempdir().unwrap();
        let mut args = vec![OsString::from("/usr/bin/shop")];
        if let Some(text) = self.file {
            let path = folder.path().join("rgi.toml");
            fs::write(&path, text).unwrap();
            args.extend(["--config".into(), path.into_os_string()]);
        }
        args.extend(self.args.iter().map(OsString::from));
        let env = self
            .env
            .iter()
            .map(|(key, value)| (key.into(), value.into()));
        let gathered = Settings::gather(&self.program, self.servers, args, env, &[]);
        // The name of the folder is another one each time.
        let place = format!("{}/", folder.path().display());
        match gathered {
            Ok(Gathered::PrintConfig(text)) => Ok(Gathered::PrintConfig(text.replace(&place, ""))),
            Err(bad) => Err(Bad::new(bad.to_string().replace(&place, ""))),
            other => other,
        }
    }

    fn settings(&self) -> Settings {
        match self.gather() {
            Ok(Gathered::Run(settings, warnings)) => {
                assert_eq!(warnings, [""; 0]);
                settings
            }
            other => panic!("no run: {other:?}"),
        }
    }

    fn refused(&self) -> String {
        let bad = self.gather().unwrap_err().to_string();
        assert!(!bad.contains('\n'), "{bad}");
        bad
    }

    fn printed(&self) -> String {
        match self.gather() {
            Ok(Gathered::PrintConfig(text)) => text,
            other => panic!("no configuration: {other:?}"),
        }
    }
}
