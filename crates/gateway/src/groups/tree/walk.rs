//! A walk over a tree in order.

use std::borrow::Borrow;
use std::slice;
use std::sync::Arc;

use super::{Node, find, place};

type Children<'a, K, V> = slice::Iter<'a, (K, Arc<Node<K, V>>)>;

/// The entries from some key on.
#[derive(Debug)]
pub(crate) struct Iter<'a, K, V> {
    above: Vec<Children<'a, K, V>>,
    leaf: slice::Iter<'a, (K, V)>,
    /// How many are left, where that is known.
    left: usize,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn all(root: &'a Node<K, V>, len: usize) -> Self {
        let mut iter = Self { above: Vec::new(), leaf: [].iter(), left: len };
        iter.descend(root);
        iter
    }

    pub(super) fn from<Q: Ord + ?Sized>(root: &'a Node<K, V>, from: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        let mut above = Vec::new();
        let mut node = root;
        loop {
            match node {
                Node::Leaf(entries) => {
                    let at = find(entries, from).unwrap_or_else(|at| at);
                    return Self { above, leaf: entries[at..].iter(), left: 0 };
                }
                Node::Branch(children) => {
                    let at = place(children, from);
                    above.push(children[at + 1..].iter());
                    node = &children[at].1;
                }
            }
        }
    }

    fn descend(&mut self, mut node: &'a Node<K, V>) {
        loop {
            match node {
                Node::Leaf(entries) => {
                    self.leaf = entries.iter();
                    return;
                }
                Node::Branch(children) => {
                    let mut children = children.iter();
                    let Some((_, first)) = children.next() else { return };
                    self.above.push(children);
                    node = first;
                }
            }
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.leaf.next() {
                self.left = self.left.saturating_sub(1);
                return Some((key, value));
            }
            match self.above.last_mut()?.next() {
                Some((_, node)) => self.descend(node),
                None => drop(self.above.pop()),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, None)
    }
}
