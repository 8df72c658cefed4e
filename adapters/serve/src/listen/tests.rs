//! Listening as a program does it, in one process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::*;

fn open(bind: &str) -> Result<Sockets, String> {
    let bind = bind.parse().unwrap();
    Sockets::open(&[bind], 16, &Sockets::default()).map_err(|bad| bad.to_string())
}

fn refused(bind: &str) -> String {
    match open(bind) {
        Ok(sockets) => panic!("listens at {:?}", sockets),
        Err(text) => text,
    }
}

fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[test]
fn a_free_port_is_named() {
    let sockets = open("127.0.0.1:0").unwrap();
    let address = sockets.0[0].url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).unwrap();
}

#[test]
fn a_name_is_resolved() {
    let sockets = open("localhost:0").unwrap();
    let address = sockets.0[0].url.strip_prefix("http://").unwrap();
    let address: SocketAddr = address.parse().unwrap();
    assert!(address.ip().is_loopback());
}

#[test]
fn a_port_in_use_is_refused() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = other.local_addr().unwrap().to_string();
    assert!(
        refused(&bind).starts_with(&format!("cannot listen at {bind}: the address is in use; "))
    );
}

#[test]
fn an_address_of_another_machine_is_refused() {
    // RFC 5737: for documentation.
    let text = refused("192.0.2.1:0");
    assert!(text.contains("this machine has no such address"), "{text}");
}

#[test]
fn the_file_of_a_socket_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let sockets = open(&unix(&path)).unwrap();
    UnixStream::connect(&path).unwrap();
    drop(sockets);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_nobody_listens_at_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _sockets = open(&unix(&path)).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_that_somebody_listens_at_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let other = UnixListener::bind(&path).unwrap();
    assert!(refused(&unix(&path)).contains("the address is in use"));
    UnixStream::connect(&path).unwrap();
    other.accept().unwrap();
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    fs::write(&path, "precious").unwrap();
    assert!(refused(&unix(&path)).contains("a file is there that is no socket"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn the_file_of_another_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let sockets = open(&unix(&path)).unwrap();
    // The old one is kept, so that its inode is not given away again.
    fs::rename(&path, folder.path().join("old.sock")).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(sockets);
    assert!(path.exists());
}

#[test]
fn the_program_s_own_descriptors_are_not_taken() {
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = refused(&format!("fd:{}", own.as_raw_fd()));
    assert!(text.contains("was not inherited"), "{text}");
    own.local_addr().unwrap();
}

#[test]
fn a_closed_descriptor_is_refused() {
    let text = refused("fd:1000000");
    assert!(text.contains("the descriptor is not open"), "{text}");
}
