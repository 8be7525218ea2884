//! Bodies stay within their caps, packed or not, with a length or without.

use std::convert::Infallible;

use service::body::{self, BodyError};
use service::negotiate;

fn chunks(
    parts: &'static [&'static [u8]],
) -> impl futures_util::Stream<Item = Result<&'static [u8], Infallible>> {
    futures_util::stream::iter(parts.iter().map(|part| Ok(*part)))
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_at_the_cap() {
    assert_eq!(body::read(chunks(&[b"abc", b"de"]), 5).await.unwrap(), "abcde");
    assert_eq!(body::read(chunks(&[b"abc", b"def"]), 5).await, Err(BodyError::TooLarge(5)));
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_in_time() {
    let (short, minute) = (std::time::Duration::from_millis(20), std::time::Duration::from_mins(1));
    let stalled = futures_util::StreamExt::chain(chunks(&[b"abc"]), futures_util::stream::pending());
    assert_eq!(body::read_within(stalled, 5, short).await, Err(BodyError::Slow(short)));
    assert_eq!(body::read_within(chunks(&[b"abc"]), 5, minute).await.unwrap(), "abc");
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = negotiate::gzip(&vec![0; 8 << 20]);
    assert!(bomb.len() < 64 << 10);
    assert_eq!(body::gunzip(&bomb, 1 << 20), Err(BodyError::UnpacksTooLarge(1 << 20)));
    let joined = [negotiate::gzip(b"a"), negotiate::gzip(b"b")].concat();
    assert_eq!(body::gunzip(&joined, 2).unwrap(), "ab");
    assert!(matches!(body::gunzip(b"no gzip", 100), Err(BodyError::Broken(_))));
    assert!(matches!(body::gunzip(&joined[..joined.len() - 3], 100), Err(BodyError::Broken(_))));
}

#[tokio::test]
async fn a_client_starts_where_there_are_no_ca_files() {
    // With the system's roots this fails in an image without any.
    let second = std::time::Duration::from_secs(1);
    assert!(service::client::builder(second, second, false).build().is_ok());
}
