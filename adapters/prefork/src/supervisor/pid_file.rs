//! The file that says which process is the master.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// A file with this process's id. Dropped, it is removed, unless another process has taken it over.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the file, in one step for whoever reads it. What a dead process left is replaced.
    ///
    /// # Errors
    ///
    /// What the system says, and that it names another process that lives: only one that it is the
    /// successor of, `heir_of`, may be replaced.
    pub(super) fn write(path: &Path, heir_of: Option<u32>) -> io::Result<PidFile> {
        let path = std::path::absolute(path)?;
        if let Some(other) = read(&path)
            && other != process::id()
            && Some(other) != heir_of
            && Path::new(&format!("/proc/{other}")).exists()
        {
            return Err(io::Error::other(format!(
                "process {other} lives; stop it first, or give another file"
            )));
        }
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}", process::id()));
        fs::write(&beside, format!("{}\n", process::id()))?;
        fs::rename(&beside, &path).inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })?;
        Ok(PidFile { path })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if read(&self.path) == Some(process::id()) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn read(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_while_its_process_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pid");
        fs::write(&path, "no number").unwrap();
        let file = PidFile::write(&path, None).unwrap();
        assert_eq!(read(&path), Some(process::id()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn it_is_left_to_who_took_it_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pid");
        let file = PidFile::write(&path, None).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(read(&path), Some(1));
        let refused = PidFile::write(&path, None).unwrap_err().to_string();
        assert!(refused.starts_with("process 1 lives; "), "{refused}");
        drop(PidFile::write(&path, Some(1)).unwrap());
        assert!(!path.exists());
    }
}
