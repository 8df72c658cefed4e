//! How much of a connection of HTTP/2 is read at a time.

/// Frames that are read before others have their turn. hyper goes on as long as there are more, and a
/// client may send thousands with one write, each of which may cost an answer.
const FRAMES: usize = 256;

/// Bytes of a frame's head (RFC 9113 4.1).
const HEAD: usize = 9;

/// Counts frames as their bytes pass.
#[derive(Debug)]
pub(crate) struct Turn {
    frames: usize,
    /// The length in the head that is being read, and how many bytes of the head have passed.
    length: usize,
    head: usize,
    /// What is to come of the payload, or at first of the preface.
    left: usize,
}

impl Turn {
    /// Of a connection that begins with a preface of so many bytes.
    pub(crate) fn behind(preface: usize) -> Turn {
        Turn {
            frames: 0,
            length: 0,
            head: 0,
            left: preface,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.frames >= FRAMES
    }

    /// The next begins.
    pub(crate) fn end(&mut self) {
        self.frames = 0;
    }

    /// How many of these bytes, the next of the connection, are of this turn.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.is_over() {
            if self.left > 0 {
                let n = self.left.min(bytes.len() - at);
                self.left -= n;
                at += n;
                continue;
            }
            // The length comes first, in three bytes.
            if self.head < 3 {
                self.length = self.length << 8 | usize::from(bytes[at]);
            }
            self.head += 1;
            at += 1;
            if self.head == HEAD {
                self.left = std::mem::take(&mut self.length);
                self.head = 0;
                self.frames += 1;
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_so_many_frames_however_their_bytes_come() {
        let frame = [&[0, 0, 5, 0, 0, 0, 0, 0, 1][..], b"12345"].concat();
        let all = [&b"preface"[..], &frame.repeat(3 * FRAMES)].concat();
        for piece in [1, 2, 13, 14, 1000, all.len()] {
            let (mut turn, mut at, mut turns) = (Turn::behind(7), 0, 1);
            while at < all.len() {
                let to = all.len().min(at + piece);
                at += turn.pass(&all[at..to]);
                if turn.is_over() && at < all.len() {
                    turn.end();
                    turns += 1;
                }
            }
            // The last frame's payload comes behind its head, in a turn of its own.
            assert_eq!(turns, 4, "in pieces of {piece}");
        }
    }

    #[test]
    fn long_frames_pass_in_few_turns() {
        let frame = [&[0, 0x40, 0, 0, 0, 0, 0, 0, 1][..], &[b'x'; 0x4000]].concat();
        let mut turn = Turn::behind(0);
        let all = frame.repeat(100);
        assert_eq!(turn.pass(&all), all.len());
        assert!(!turn.is_over());
    }
}
