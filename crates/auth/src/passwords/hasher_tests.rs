use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::Salt;
use argon2::{Algorithm, Params, Version};

use super::*;
use crate::testing::Seeded;

fn hasher(limits: Limits) -> Hasher {
    Hasher::start(limits, Arc::new(Seeded::new(5))).unwrap()
}

fn one_thread() -> Hasher {
    hasher(Limits { threads: 1, waiting: 8, max_wait: Duration::from_secs(30) })
}

fn password(text: &str) -> Password {
    Password::given(text).unwrap()
}

/// A hash of other parameters, made without this module.
fn foreign(text: &str, algorithm: Algorithm, memory: u32) -> String {
    let argon = Argon2::new(algorithm, Version::V0x13, Params::new(memory, 1, 1, Some(HASH_BYTES)).unwrap());
    let mut output = [0; HASH_BYTES];
    argon.hash_password_into(text.as_bytes(), b"salt salt salt 1", &mut output).unwrap();
    let phc = parameters::write(&argon, b"salt salt salt 1", &output).unwrap();
    phc.replace("argon2id", algorithm.as_str())
}

#[tokio::test]
async fn argon2id_46_mib_and_only_the_right_password_matches() {
    let hasher = one_thread();
    let phc = hasher.hash(password("correct horse")).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{phc}");
    let verify = |text: &str| hasher.verify(password(text), Some(phc.clone()));
    assert_eq!(verify("correct horse").await.unwrap(), Verified { matches: true, rehash: None });
    for wrong in ["correct hors", "correct horse ", "Correct horse", ""] {
        assert_eq!(verify(wrong).await.unwrap(), Verified::default(), "{wrong}");
    }
}

#[tokio::test]
async fn equal_passwords_have_different_hashes() {
    let hasher = one_thread();
    let hash = || hasher.hash(password("correct horse"));
    assert_ne!(hash().await.unwrap(), hash().await.unwrap());
}

#[tokio::test]
async fn nothing_matches_for_an_unknown_user_or_an_unreadable_hash() {
    let hasher = one_thread();
    let too_costly = "$argon2id$v=19$m=4194304,t=9,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaA";
    for stored in [None, Some(""), Some("plain"), Some(too_costly)] {
        let verified = hasher.verify(password("plain"), stored.map(str::to_owned)).await.unwrap();
        assert_eq!(verified, Verified::default(), "{stored:?}");
    }
}

#[tokio::test]
async fn an_unknown_user_costs_the_work_of_a_hash() {
    let hasher = one_thread();
    let known = hasher.hash(password("correct horse")).await.unwrap();
    // The best of several attempts: other load on the machine only adds to them.
    let mut best = [Duration::MAX; 3];
    for _ in 0..7 {
        for (best, stored) in best.iter_mut().zip([Some(known.as_str()), None, Some("unreadable")]) {
            let begun = std::time::Instant::now();
            let verified = hasher.verify(password("battery staple"), stored.map(str::to_owned)).await.unwrap();
            *best = begun.elapsed().min(*best);
            assert_eq!(verified, Verified::default());
        }
    }
    let [wrong, unknown, unreadable] = best;
    assert!(wrong <= unknown * 2 && wrong <= unreadable * 2, "{wrong:?}, but {unknown:?} and {unreadable:?}");
}

#[tokio::test]
async fn a_weaker_hash_matches_and_brings_one_of_today() {
    let hasher = one_thread();
    for weaker in
        [foreign("correct horse", Algorithm::Argon2id, 1_024), foreign("correct horse", Algorithm::Argon2i, 47_104)]
    {
        let wrong = hasher.verify(password("battery staple"), Some(weaker.clone())).await.unwrap();
        assert_eq!(wrong, Verified::default());
        let verified = hasher.verify(password("correct horse"), Some(weaker)).await.unwrap();
        let rehash = verified.rehash.unwrap();
        assert!(verified.matches && rehash.starts_with("$argon2id$v=19$m=47104,"));
        let again = hasher.verify(password("correct horse"), Some(rehash)).await.unwrap();
        assert_eq!(again, Verified { matches: true, rehash: None });
    }
}

#[tokio::test]
async fn a_larger_hash_from_elsewhere_is_as_good() {
    let hasher = one_thread();
    let larger = foreign("correct horse", Algorithm::Argon2id, 65_536);
    let verified = hasher.verify(password("correct horse"), Some(larger)).await.unwrap();
    assert_eq!(verified, Verified { matches: true, rehash: None });
    // The memory it left behind is larger than what the next one takes.
    let phc = hasher.hash(password("another")).await.unwrap();
    assert!(hasher.verify(password("another"), Some(phc)).await.unwrap().matches);
}

#[tokio::test]
async fn published_vectors_are_met() {
    // The first of argon2's own test programme for Argon2id, version 19 (P-H-C/phc-winner-argon2, src/test.c).
    let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let verified = one_thread().verify(password("password"), Some(phc.to_owned())).await.unwrap();
    assert!(verified.matches);
    assert_eq!(Salt::new(b"somesalt").unwrap().to_string(), "c29tZXNhbHQ");
}

#[tokio::test]
async fn the_queue_is_bounded_and_has_a_deadline() {
    let hasher = hasher(Limits { threads: 1, waiting: 2, max_wait: Duration::from_millis(1) });
    let hash = || hasher.hash(password("correct horse"));
    // All four begin before any ends: one is served, two exceed the deadline, and one exceeds the queue.
    let answers = tokio::join!(hash(), hash(), hash(), hash());
    assert!(answers.0.is_ok());
    assert_eq!([answers.1, answers.2, answers.3], [Err(Busy), Err(Busy), Err(Busy)]);
    // The refused request left no trace.
    assert!(hash().await.is_ok());
}

#[tokio::test]
async fn whoever_stops_waiting_frees_the_place() {
    let hasher = hasher(Limits { threads: 1, waiting: 1, max_wait: Duration::from_secs(30) });
    let hash = || hasher.hash(password("correct horse"));
    for _ in 0..3 {
        let served = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.hash(password("correct horse")).await }
        });
        tokio::task::yield_now().await;
        {
            let mut waiting = Box::pin(hash());
            assert!(futures_poll(waiting.as_mut()).await.is_none());
            assert_eq!(hash().await, Err(Busy));
        }
        let mut waiting = Box::pin(hash());
        assert!(futures_poll(waiting.as_mut()).await.is_none());
        served.await.unwrap().unwrap();
        waiting.await.unwrap();
    }
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut future).poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn no_more_is_hashed_at_once_than_there_are_threads() {
    let hasher = hasher(Limits { threads: 2, waiting: 64, max_wait: Duration::from_mins(1) });
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let jobs: Vec<_> = (0..16)
        .map(|_| {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                hasher
                    .in_turn(move |_| {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        for _ in 0..1_000 {
                            std::thread::yield_now();
                        }
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
            })
        })
        .collect();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn a_job_that_panics_takes_no_thread_along() {
    let hasher = one_thread();
    for _ in 0..3 {
        let result = hasher.in_turn::<()>(|_| std::panic::panic_any("a defect")).await;
        assert_eq!(result, Err(Busy));
    }
    assert!(hasher.hash(password("correct horse")).await.is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_threads_give_way_to_those_that_answer() {
    let stat = || std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let hashing = one_thread().in_turn(move |_| stat()).await.unwrap();
    // proc(5): the name in parentheses, then the third field and on; niceness is the nineteenth.
    let niceness = |stat: &str| stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse::<i32>().unwrap();
    assert!(hashing.contains("(hashing-0)"), "{hashing}");
    assert_eq!(niceness(&hashing), 19);
    assert!(niceness(&stat()) < 19);
}
