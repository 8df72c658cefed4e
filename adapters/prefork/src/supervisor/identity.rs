//! Whom workers run as.

use std::ffi::CString;
use std::io;

use nix::unistd::{Gid, Group, Uid, User, initgroups, setgid, setgroups, setuid};

/// A user and a group that workers become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    user: Option<(String, Uid, Gid)>,
    group: Option<Gid>,
}

impl Identity {
    /// Looks up a user and a group, by name or number. A user without a group is in its own.
    ///
    /// # Errors
    ///
    /// One line: which of the two this system does not know, or that this process may not become
    /// them.
    pub fn find(user: Option<&str>, group: Option<&str>) -> Result<Identity, String> {
        let user = user.map(find_user).transpose()?;
        let group = group.map(find_group).transpose()?;
        let identity = Identity { user, group };
        if !Uid::effective().is_root() && !identity.is_own() {
            return Err(
                "only root may start workers as another user or group: start as root, or leave \
                 --user and --group out"
                    .to_owned(),
            );
        }
        Ok(identity)
    }

    /// The user's id, if one was named.
    pub fn uid(&self) -> Option<u32> {
        self.user.as_ref().map(|(_, uid, _)| uid.as_raw())
    }

    /// The group's id, if one was named, or else that of the user's own group.
    pub fn gid(&self) -> Option<u32> {
        let own = self.user.as_ref().map(|(_, _, gid)| *gid);
        self.group.or(own).map(Gid::as_raw)
    }

    fn is_own(&self) -> bool {
        let user = self.user.as_ref();
        user.is_none_or(|(_, uid, _)| *uid == Uid::effective())
            && self.group.is_none_or(|gid| gid == Gid::effective())
    }

    /// Becomes them, for good. To be called while the process has one thread.
    pub(super) fn assume(&self) -> io::Result<()> {
        if self.is_own() {
            return Ok(());
        }
        let own = self.user.as_ref().map(|(_, _, gid)| *gid);
        if let Some(gid) = self.group.or(own) {
            match &self.user {
                Some((name, ..)) => initgroups(&CString::new(name.as_str())?, gid)?,
                None => setgroups(&[gid])?,
            }
            setgid(gid)?;
        }
        if let Some((_, uid, _)) = &self.user {
            setuid(*uid)?;
        }
        Ok(())
    }
}

fn find_user(text: &str) -> Result<(String, Uid, Gid), String> {
    let found = match text.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(text),
    };
    match found {
        Ok(Some(user)) => Ok((user.name, user.uid, user.gid)),
        Ok(None) => Err(format!("this system has no user {text:?}")),
        Err(error) => Err(format!("the user {text:?} cannot be looked up: {error}")),
    }
}

fn find_group(text: &str) -> Result<Gid, String> {
    let found = match text.parse() {
        Ok(number) => Group::from_gid(Gid::from_raw(number)),
        Err(_) => Group::from_name(text),
    };
    match found {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(format!("this system has no group {text:?}")),
        Err(error) => Err(format!("the group {text:?} cannot be looked up: {error}")),
    }
}
