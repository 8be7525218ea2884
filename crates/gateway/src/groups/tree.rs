//! A sorted map whose copies cost nothing: a B-tree whose nodes are shared until one of them changes.
//!
//! A scrape takes a copy and reads it for as long as it likes; a push changes its own. Only the nodes
//! on the way to what changed are then made anew, and only where a copy still needs the old ones.

mod edit;
mod walk;

pub(crate) use walk::Iter;

use std::borrow::Borrow;
use std::sync::Arc;

/// Entries of a node: few enough that making one anew costs about a microsecond.
const MOST: usize = 32;

/// The map. A clone is a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Tree<K, V> {
    root: Arc<Node<K, V>>,
    len: usize,
}

/// The keys of a branch are not above any key of their child, but for the first, which is not looked at.
#[derive(Debug, Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    Branch(Vec<(K, Arc<Self>)>),
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> Tree<K, V> {
    /// Entries held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The value of a key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(entries) => return Some(&entries[find(entries, key).ok()?].1),
                Node::Branch(children) => node = &*children.get(place(children, key))?.1,
            }
        }
    }

    /// The value of a key, to be changed.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        // What is not there needs no node made anew.
        self.get(key)?;
        let mut node = Arc::make_mut(&mut self.root);
        loop {
            match node {
                Node::Leaf(entries) => {
                    let at = find(entries, key).ok()?;
                    return Some(&mut entries[at].1);
                }
                Node::Branch(children) => {
                    let at = place(children, key);
                    node = Arc::make_mut(&mut children.get_mut(at)?.1);
                }
            }
        }
    }

    /// All entries in order.
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        Iter::all(&self.root, self.len)
    }

    /// Those whose key is not below `from`.
    pub(crate) fn iter_from<Q: Ord + ?Sized>(&self, from: &Q) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        Iter::from(&self.root, from)
    }

    /// Sets a value; the one that was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (before, right) = Arc::make_mut(&mut self.root).insert(key, value);
        if let Some((key, right)) = right {
            let left = std::mem::take(self);
            self.len = left.len;
            self.root = Arc::new(Node::Branch(vec![(key.clone(), left.root), (key, right)]));
        }
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes an entry out.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.get(key)?;
        let removed = Arc::make_mut(&mut self.root).remove(key)?;
        self.len -= 1;
        while let Node::Branch(children) = &*self.root
            && let [(_, only)] = children.as_slice()
        {
            self.root = Arc::clone(only);
        }
        Some(removed)
    }
}

fn find<K: Borrow<Q>, Q: Ord + ?Sized, T>(entries: &[(K, T)], key: &Q) -> Result<usize, usize> {
    entries.binary_search_by(|(held, _)| held.borrow().cmp(key))
}

/// The child that a key belongs to.
fn place<K: Borrow<Q>, Q: Ord + ?Sized, T>(children: &[(K, T)], key: &Q) -> usize {
    children.partition_point(|(first, _)| first.borrow() <= key).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Tree;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_tree_is_a_sorted_map_and_its_copies_stay_as_they_were(
            acts in prop::collection::vec((0..6_u8, 0..400_u32), 1..3_000),
        ) {
            let (mut tree, mut model) = (Tree::default(), BTreeMap::new());
            let mut copies = Vec::new();
            let mut next = 1_000_u32;
            for (act, key) in acts {
                match act {
                    0 | 1 => prop_assert_eq!(tree.insert(key, act), model.insert(key, act)),
                    // As groups come: each after all others.
                    2 => {
                        next += 1;
                        prop_assert_eq!(tree.insert(next, act), model.insert(next, act));
                    }
                    3 => prop_assert_eq!(tree.remove(&key), model.remove(&key)),
                    4 => {
                        let first = model.keys().copied().nth(key as usize);
                        if let Some(key) = first {
                            prop_assert_eq!(tree.remove(&key), model.remove(&key));
                        }
                    }
                    _ if key < 20 => copies.push((tree.clone(), model.clone())),
                    _ => {
                        if let Some(value) = tree.get_mut(&key) {
                            *value = act;
                        }
                        model.entry(key).and_modify(|value| *value = act);
                    }
                }
                prop_assert_eq!(tree.get(&key), model.get(&key));
                prop_assert_eq!(tree.iter_from(&key).next(), model.range(key..).next());
            }
            copies.push((tree, model));
            for (tree, model) in copies {
                prop_assert_eq!(tree.len(), model.len());
                prop_assert!(tree.iter().eq(&model));
                prop_assert!(tree.iter_from(&100).eq(model.range(100..)));
            }
        }
    }

    #[test]
    fn nodes_are_full_where_keys_rise_and_go_where_they_empty() {
        let mut tree = Tree::default();
        (0..3_200).for_each(|key| assert_eq!(tree.insert(key, ()), None));
        assert_eq!(tree.root.leaves(), 100);
        (0..3_200).filter(|key| key % 32 != 5).for_each(|key| assert_eq!(tree.remove(&key), Some(())));
        assert!(tree.len() == 100 && tree.root.leaves() < 20, "{}", tree.root.leaves());
        (0..3_200).filter(|key| key % 32 == 5).for_each(|key| assert_eq!(tree.remove(&key), Some(())));
        assert!(tree.len() == 0 && tree.iter().next().is_none() && tree.root.leaves() == 1);
    }
}
