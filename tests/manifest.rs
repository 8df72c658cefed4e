//! The dependencies that a guide names beside those of its package, for the tests of several packages.

use std::collections::BTreeSet;

use toml::{Table, Value};

const WORKSPACE: &str = include_str!("../Cargo.toml");

/// Each dependency of the guide's manifest is the package's, at its version and with its features. Where
/// the package goes without default ones, the guide may have those in place of names.
#[track_caller]
pub(crate) fn assert_kept(guide: &str, package: &str) {
    let [guide, package, workspace] = [guide, package, WORKSPACE].map(|it| {
        let table: Table = it.parse().unwrap();
        table
    });
    for kind in ["dependencies", "dev-dependencies"] {
        let Some(told) = guide.get(kind).and_then(Value::as_table) else {
            continue;
        };
        for (name, told) in told {
            let kept = &package[kind][name];
            let shared = &workspace["workspace"]["dependencies"][name];
            assert_eq!(version(told), version(shared), "{name}");
            let kept: BTreeSet<_> = features(kept).chain(features(shared)).collect();
            let told: BTreeSet<_> = features(told).collect();
            match shared.get("default-features") {
                Some(_) => assert!(told.is_subset(&kept), "{name}: {told:?}"),
                None => assert_eq!(told, kept, "{name}"),
            }
        }
    }
}

fn version(dependency: &Value) -> &str {
    let version = dependency.get("version").unwrap_or(dependency);
    version.as_str().unwrap()
}

fn features(dependency: &Value) -> impl Iterator<Item = &str> {
    let features = dependency.get("features").and_then(Value::as_array);
    features.into_iter().flatten().filter_map(Value::as_str)
}
