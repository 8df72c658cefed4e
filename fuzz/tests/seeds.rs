//! What is checked in for the fuzzer to begin with, past findings among it, passes.

use std::fs;
use std::path::Path;

#[test]
fn every_seed_passes() {
    for (target, run) in rgi_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(target);
        let seeds = fs::read_dir(&folder).expect("each target has seeds");
        let mut count = 0;
        for seed in seeds {
            let path = seed.expect("a folder that can be read").path();
            println!("{}", path.display());
            run(&fs::read(&path).expect("a seed that can be read"));
            count += 1;
        }
        assert!(count > 0, "{target} has no seeds");
    }
}
