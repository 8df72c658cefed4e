//! [`Output`] by itself: a queue of bytes, however they were put in and are taken out.

use std::collections::VecDeque;
use std::io::IoSlice;

use proptest::prelude::*;
use rgi_core::Bytes;
use rgi_http1::Output;

use crate::server::{drain, region, send};

#[derive(Clone, Debug)]
enum Step {
    Small(usize),
    Data(usize),
    File(usize),
    Send(usize),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..100_usize).prop_map(Step::Small),
        2 => (0..40_000_usize).prop_map(Step::Small),
        2 => (0..16_500_usize).prop_map(Step::Data),
        2 => (16_380..40_000_usize).prop_map(Step::Data),
        1 => (0..5_000_usize).prop_map(Step::File),
        4 => (1..200_usize).prop_map(Step::Send),
        6 => (1..60_000_usize).prop_map(Step::Send),
        1 => Just(Step::Send(usize::MAX)),
    ]
}

/// Mostly ends with what is left, rarely with a clear in between.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = prop_oneof![60 => step(), 1 => Just(Step::Clear)];
    prop::collection::vec(any, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_goes_in_comes_out(steps in steps()) {
        let mut output = Output::new();
        let mut model = VecDeque::new();
        let mut salt = 0_usize;
        for step in steps {
            // No two blocks look alike.
            let mut bytes = |len: usize| -> Vec<u8> {
                salt += 7;
                (0..len).map(|n| ((n + salt) % 251) as u8).collect()
            };
            match step {
                Step::Small(len) => {
                    let bytes = bytes(len);
                    output.small(|out| out.extend_from_slice(&bytes));
                    model.extend(bytes);
                }
                Step::Data(len) => {
                    let bytes = bytes(len);
                    output.data(Bytes::from(bytes.clone()));
                    model.extend(bytes);
                }
                Step::File(len) => {
                    let bytes = bytes(len);
                    output.region(region(&bytes));
                    model.extend(bytes);
                }
                Step::Send(_) if output.is_empty() => {}
                Step::Send(most) => {
                    let mut wire = Vec::new();
                    send(&mut output, most, &mut wire);
                    prop_assert!(model.drain(..wire.len()).eq(wire));
                }
                Step::Clear => {
                    output.clear();
                    model.clear();
                }
            }
            prop_assert_eq!(output.len(), model.len() as u64);
        }
        prop_assert!(model == drain(&mut output, &[5000, 1, 70_000]));
        prop_assert_eq!(output.len(), 0);
    }
}

#[test]
fn one_piece_or_none() {
    let mut output = Output::new();
    assert_eq!(output.single(), Some(&b""[..]));
    output.small(|out| out.extend_from_slice(b"head"));
    output.data(Bytes::from_static(&[b'x'; 16 * 1024]));
    assert_eq!(output.single().map(<[u8]>::len), Some(4 + 16 * 1024));
    let large = Bytes::from_static(&[b'y'; 16 * 1024 + 1]);
    output.data(large.clone());
    assert_eq!(output.single(), None);
    let mut slices = [IoSlice::new(&[]); 3];
    assert_eq!(output.slices(&mut slices), 2);
    assert_eq!(
        slices[1].as_ptr(),
        large.as_ptr(),
        "a large block is not copied"
    );
    assert_eq!(output.slices(&mut []), 0);
}

#[test]
fn slices_end_before_a_file() {
    let mut output = Output::new();
    output.small(|out| out.extend_from_slice(b"1"));
    output.region(region(b"23"));
    output.small(|out| out.extend_from_slice(b"4"));
    let mut slices = [IoSlice::new(&[]); 3];
    assert!(output.file().is_none());
    assert_eq!(output.slices(&mut slices), 1);
    assert_eq!(&*slices[0], b"1");
    output.advance(1);
    assert_eq!(output.slices(&mut [IoSlice::new(&[]); 3]), 0);
    assert_eq!(output.file().map(|file| file.len()), Some(2));
    output.file_sent(1);
    assert_eq!(output.file().map(|file| file.len()), Some(1));
    // Of more than there is, all.
    output.file_sent(9);
    assert!(output.file().is_none());
    assert_eq!((output.len(), output.single()), (1, Some(&b"4"[..])));
    // Without a file in front it says nothing.
    output.file_sent(1);
    assert_eq!(output.len(), 1);
}

#[test]
fn an_empty_part_of_a_file_is_nothing() {
    let mut output = Output::new();
    output.region(region(b""));
    assert!(output.is_empty() && output.file().is_none());
}

#[test]
#[should_panic(expected = "no more is sent than there was")]
fn no_more_is_sent_than_there_was() {
    let mut output = Output::new();
    output.small(|out| out.push(b'1'));
    output.advance(2);
}

#[test]
#[should_panic(expected = "`file_sent`")]
fn a_files_bytes_are_not_advanced_over() {
    let mut output = Output::new();
    output.region(region(b"12"));
    output.advance(1);
}

#[test]
#[should_panic(expected = "only appends")]
fn small_only_appends() {
    let mut output = Output::new();
    output.small(|out| out.extend_from_slice(b"12"));
    output.small(Vec::clear);
}
