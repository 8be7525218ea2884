//! Entries put into nodes and taken out of them.

use std::borrow::Borrow;
use std::sync::Arc;

use super::{MOST, Node, find, place};

/// What came out of a node that was too full: its smallest key, and the node.
type Right<K, V> = Option<(K, Arc<Node<K, V>>)>;

impl<K: Ord + Clone, V: Clone> Node<K, V> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Branch(children) => children.len(),
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> (Option<V>, Right<K, V>) {
        match self {
            Self::Leaf(entries) => match find(entries, &key) {
                Ok(at) => (Some(std::mem::replace(&mut entries[at].1, value)), None),
                Err(at) => {
                    let right = put(entries, at, (key, value));
                    (None, right.map(|(key, entries)| (key, Arc::new(Self::Leaf(entries)))))
                }
            },
            Self::Branch(children) => {
                let at = place(children, &key);
                let (before, right) = Arc::make_mut(&mut children[at].1).insert(key, value);
                let right = right.and_then(|right| put(children, at + 1, right));
                (before, right.map(|(key, children)| (key, Arc::new(Self::Branch(children)))))
            }
        }
    }

    /// Takes an entry out; nodes that are nearly empty join their neighbours.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        match self {
            Self::Leaf(entries) => find(entries, key).ok().map(|at| entries.remove(at).1),
            Self::Branch(children) => {
                let at = place(children, key);
                let removed = Arc::make_mut(&mut children[at].1).remove(key)?;
                mend(children, at);
                Some(removed)
            }
        }
    }

    #[cfg(test)]
    pub(super) fn leaves(&self) -> usize {
        match self {
            Self::Leaf(_) => 1,
            Self::Branch(children) => children.iter().map(|(_, child)| child.leaves()).sum(),
        }
    }
}

/// Puts an entry into a node; what no longer fits.
fn put<K: Clone, T>(node: &mut Vec<(K, T)>, at: usize, entry: (K, T)) -> Option<(K, Vec<(K, T)>)> {
    if node.len() < MOST {
        if node.len() == node.capacity() {
            // A vector would take twice the room.
            node.reserve_exact((MOST - node.len()).min(8));
        }
        node.insert(at, entry);
        return None;
    }
    // Keys that rise leave full nodes behind.
    let middle = if at == MOST { MOST } else { MOST / 2 };
    let mut right = node.split_off(middle);
    if at >= middle && !(at == middle && middle < MOST) {
        right.insert(at - middle, entry);
    } else {
        node.insert(at, entry);
    }
    Some((right.first()?.0.clone(), right))
}

fn mend<K: Ord + Clone, V: Clone>(children: &mut Vec<(K, Arc<Node<K, V>>)>, at: usize) {
    let len = children[at].1.len();
    if len == 0 && children.len() > 1 {
        children.remove(at);
    } else if len < MOST / 4 {
        let fits = |left: &usize| {
            let pair = children.get(*left..*left + 2).unwrap_or_default();
            pair.len() == 2 && pair.iter().map(|(_, child)| child.len()).sum::<usize>() <= MOST * 3 / 4
        };
        if let Some(left) = [at.saturating_sub(1), at].into_iter().find(fits) {
            join(children, left);
        }
    }
}

/// Makes a child and the next one a single one.
fn join<K: Ord + Clone, V: Clone>(children: &mut Vec<(K, Arc<Node<K, V>>)>, left: usize) {
    let (first, right) = children.remove(left + 1);
    match (Arc::make_mut(&mut children[left].1), Arc::unwrap_or_clone(right)) {
        (Node::Leaf(left), Node::Leaf(right)) => left.extend(right),
        (Node::Branch(left), Node::Branch(mut right)) => {
            // Its key was not looked at, and now is.
            if let Some(child) = right.first_mut() {
                child.0 = first;
            }
            left.append(&mut right);
        }
        // All leaves are equally deep.
        _ => {}
    }
}
