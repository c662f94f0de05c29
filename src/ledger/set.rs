//! Active members: a stream or a value counts as long as it was last seen less than `idle` ago.
//!
//! Of a member only a keyed hash is kept, its time in seconds, and who brought it. A set has a lower bound of when its
//! oldest member was seen, so that it is looked through at most once a second, and only when something may have expired.

use super::{
    register::Page,
    room::{GROUP, MEMBER, Room, Rooms, TEXT, Table, shrink},
    seconds,
    taken::Place,
};

/// How many members may be active at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// So many, those for whom places are kept included.
    pub max: usize,
    /// So many of these places are not for everyone (see [`Book::overflow`](super::Book::overflow)).
    pub kept: usize,
    /// A member not seen for longer than so many seconds no longer counts.
    pub idle: u32,
}

/// What was said of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Whether it is active: it was, or there was a place for it.
    pub within: bool,
    /// Whether its set is the one that all further values of `per` share.
    pub shared: bool,
}

/// The values of `per` that have a set of their own, for each tenant; all others share one.
pub const MOST_PER: usize = 1000;

/// Streams of a set that are shown: those that came last.
pub const SHOWN: usize = 20;

/// A longer text is not kept.
const LONGEST_SHOWN: usize = 2048;

/// The key of the set that values of `per` share.
const SHARED: u64 = 0;

/// The sets of a cap, by value of `per`.
#[derive(Default)]
pub(super) struct Sets {
    groups: Table<Group>,
}

/// A set.
#[derive(Default)]
pub(super) struct Group {
    /// The value of `per`, where there was room to keep it.
    pub(super) per: Option<Box<[u8]>>,
    pub(super) members: Table<Member>,
    /// Texts of members.
    pub(super) shown: Vec<(u64, Box<[u8]>)>,
    /// How often one was turned away.
    pub(super) over: u64,
    /// As it was last asked.
    pub(super) bound: Option<Bound>,
    /// No member was last seen before this second.
    oldest: u32,
}

/// Somebody who counts.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// When it was last seen, in seconds since 1970.
    last: u32,
    /// Who brought it, as long as nobody else has seen it; else 0.
    ticket: u32,
}

/// How much a member wants a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// It counts where it is turned away.
    First,
    /// Another was turned away before, and counted.
    Second,
    /// It takes one in any case.
    Last,
}

/// Who asks, and for what.
pub(super) struct Ask<'a> {
    /// The set.
    pub(super) group: u64,
    /// The value that it is for, to be shown.
    pub(super) per: &'a [u8],
    pub(super) member: u64,
    /// Shown, where it is not empty.
    pub(super) text: &'a [u8],
    pub(super) bound: Bound,
    pub(super) want: Want,
    pub(super) ticket: u32,
    pub(super) now: i64,
}

impl Sets {
    /// Asks for a member; gives its place too where it is new.
    pub(super) fn ask(&mut self, account: u64, ask: &Ask<'_>, rooms: &Rooms) -> (Seat, Option<Place>) {
        let own =
            self.groups.contains_key(&ask.group) || (self.groups.len() < MOST_PER && rooms.things.take_half(GROUP));
        let id = if own { ask.group } else { SHARED };
        let group = self.groups.entry(id).or_insert_with(|| {
            let text = Some(ask.per).filter(|per| own && keeps(per, &rooms.texts));
            Group { per: text.map(Box::from), ..Group::default() }
        });
        let (within, is_new) = group.ask(ask, rooms);
        let place = is_new.then_some(Place { account, group: id, member: ask.member });
        (Seat { within, shared: !own }, place)
    }

    /// Takes a member out that nobody but this one has seen.
    pub(super) fn give_back(&mut self, place: &Place, ticket: u32, rooms: &Rooms) {
        let Some(group) = self.groups.get_mut(&place.group) else { return };
        if group.members.get(&place.member).is_some_and(|member| member.ticket == ticket) {
            group.members.remove(&place.member);
            rooms.things.free(MEMBER);
            group.forget_texts(&rooms.texts);
        }
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (bool, &Group)> {
        self.groups.iter().map(|(id, group)| (*id == SHARED, group))
    }
}

impl Page for Sets {
    fn sweep(&mut self, now: i64, rooms: &Rooms) {
        let now = seconds(now);
        self.groups.retain(|id, group| {
            group.expire(now, rooms);
            let stays = !group.members.is_empty();
            if !stays {
                // That which all share came with the account.
                rooms.things.free(if *id == SHARED { 0 } else { GROUP });
                rooms.texts.free(group.per.take().map_or(0, |per| TEXT + per.len()));
            }
            stays
        });
        shrink(&mut self.groups);
    }

    fn is_idle(&self, _: i64) -> bool {
        self.groups.is_empty()
    }
}

impl Group {
    /// Whether the member is active, and whether it was not before.
    fn ask(&mut self, ask: &Ask<'_>, rooms: &Rooms) -> (bool, bool) {
        self.bound = Some(ask.bound);
        let now = seconds(ask.now);
        // What has expired is gone before anybody is asked after, also the one that is asked for.
        self.expire(now, rooms);
        if let Some(member) = self.members.get_mut(&ask.member) {
            member.last = member.last.max(now);
            if member.ticket != ask.ticket {
                member.ticket = 0;
            }
            return (true, false);
        }
        let places = match ask.want {
            Want::First | Want::Second => ask.bound.max.saturating_sub(ask.bound.kept),
            Want::Last => usize::MAX,
        };
        if self.members.len() >= places || !rooms.things.take(MEMBER) {
            self.over += u64::from(ask.want == Want::First);
            return (ask.want == Want::Last, false);
        }
        if self.members.is_empty() {
            self.oldest = now;
        }
        self.oldest = self.oldest.min(now);
        self.members.insert(ask.member, Member { last: now, ticket: ask.ticket });
        self.show(ask, &rooms.texts);
        (true, true)
    }

    fn show(&mut self, ask: &Ask<'_>, texts: &Room) {
        if ask.text.is_empty() || !keeps(ask.text, texts) {
            return;
        }
        if self.shown.len() == SHOWN {
            let (_, text) = self.shown.remove(0);
            texts.free(TEXT + text.len());
        }
        self.shown.push((ask.member, ask.text.into()));
    }

    fn expire(&mut self, now: u32, rooms: &Rooms) {
        let Some(bound) = self.bound else { return };
        let ended = |last: u32| now.saturating_sub(last) > bound.idle;
        if !ended(self.oldest) {
            return;
        }
        let before = self.members.len();
        self.oldest = now;
        self.members.retain(|_, member| {
            let stays = !ended(member.last);
            if stays {
                self.oldest = self.oldest.min(member.last);
            }
            stays
        });
        rooms.things.free((before - self.members.len()) * MEMBER);
        if self.members.len() < before {
            shrink(&mut self.members);
            self.forget_texts(&rooms.texts);
        }
    }

    /// Forgets the texts of those who are no members any more.
    fn forget_texts(&mut self, texts: &Room) {
        self.shown.retain(|(member, text)| {
            let stays = self.members.contains_key(member);
            if !stays {
                texts.free(TEXT + text.len());
            }
            stays
        });
    }
}

/// Takes room for a text.
fn keeps(text: &[u8], texts: &Room) -> bool {
    text.len() <= LONGEST_SHOWN && texts.take(TEXT + text.len())
}
